// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#define MN_TRACE_TARGET "kernel"

#include "heap_lists.h"
#include "private.h"
#include <mnemos/memory.h>

static size_t alignment(size_t align) {
    return (align == 0) ? MN_HEAP_ALIGN : align;
}

static mn_status_t allocate(mn_kernel_t *kernel, mn_heap_owner_t *owner, size_t size, size_t align,
                            void **memory) {
    *memory = NULL;
    if (!mn_list_is_empty(&kernel->memory_waiters)) {
        const mn_status_t why = mn__heap_prospect(&kernel->heap, owner, size, alignment(align));
        return mn__heap_refuse(&kernel->heap, owner, why);
    }
    return mn_heap_alloc(&kernel->heap, owner, size, alignment(align), memory);
}

// A request that waits, or goes on waiting, was not refused: it is no failure.
static mn_status_t not_refused(mn_heap_t *heap, mn_heap_owner_t *owner) {
    heap->failures--;
    owner->failures--;
    return MN_PENDING;
}

mn_status_t mn_alloc(mn_kernel_t *kernel, mn_heap_owner_t *owner, size_t size, size_t align,
                     void **memory) {
    const mn_status_t status = allocate(kernel, owner, size, align, memory);
    if (status != MN_OK) {
        mn_warn("no memory", "owner", owner->name, "size", size, "reason", mn_status_name(status));
    }
    return status;
}

// Hand memory to the waiters in order until one cannot be served now. One that has become
// impossible, because its owner's quota was used up meanwhile, is told so and holds up nobody.
static void serve(mn_kernel_t *kernel) {
    for (mn_list_t *node = mn_list_first(&kernel->memory_waiters); node != NULL;
         node = mn_list_first(&kernel->memory_waiters)) {
        mn_memory_wait_t *wait = MN_CONTAINER_OF(node, mn_memory_wait_t, link);
        wait->outcome =
            mn_heap_alloc(&kernel->heap, wait->owner, wait->size, wait->align, &wait->memory);
        if (wait->outcome == MN_ENOMEM) {
            (void)not_refused(&kernel->heap, wait->owner);
            return;
        }
        mn_list_remove(&wait->link);
        mn_task_wake(wait->task);
    }
}

static mn_status_t take_outcome(mn_memory_wait_t *wait, void **memory) {
    *memory = wait->memory;
    wait->memory = NULL;
    mn__task_unhold(wait->task);
    wait->task = NULL;
    return wait->outcome;
}

mn_status_t mn_alloc_wait(mn_memory_wait_t *wait, mn_task_t *task, mn_heap_owner_t *owner,
                          size_t size, size_t align, void **memory) {
    mn_kernel_t *kernel = task->kernel;
    if (mn_list_is_linked(&wait->link)) {
        return MN_PENDING;
    }
    if (wait->task != NULL) {
        return take_outcome(wait, memory);
    }
    mn_status_t status = allocate(kernel, owner, size, align, memory);
    if (status != MN_ENOMEM) {
        return status;
    }
    *wait =
        (mn_memory_wait_t){.task = task, .owner = owner, .size = size, .align = alignment(align)};
    mn__task_hold(task);
    mn_list_push_back(&kernel->memory_waiters, &wait->link);
    return not_refused(&kernel->heap, owner);
}

void mn_alloc_cancel(mn_memory_wait_t *wait) {
    if (wait->task == NULL) {
        return;
    }
    mn_kernel_t *kernel = wait->task->kernel;
    mn_list_remove(&wait->link);
    void *unused = NULL;
    if (take_outcome(wait, &unused) == MN_OK && unused != NULL) {
        mn_status_t status = mn_free(kernel, unused);
        MN_ASSERT(status == MN_OK);
    }
    serve(kernel); // it may have been the one that held up the others
}

mn_status_t mn_free(mn_kernel_t *kernel, void *memory) {
    mn_status_t status = mn_heap_free(&kernel->heap, memory);
    if (status == MN_OK) {
        serve(kernel);
    }
    return status;
}
