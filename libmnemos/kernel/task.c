// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Spawning, joining and looking at tasks. Running them is kernel.c's part.

#define MN_TRACE_TARGET "kernel"

#include "private.h"
#include <mnemos/memory.h>
#include <string.h>

void mn_spawn(mn_kernel_t *kernel, mn_task_t *task, const mn_task_type_t *type, const char *name) {
    MN_ASSERT(mn_task_state(task) == MN_TASK_NEW || mn_task_state(task) == MN_TASK_ENDED);
    MN_ASSERT(task->joiner == NULL); // it has not taken the result of the former life yet
    const uint8_t storage = task->state & MN__TASK_HEAP;
    task->type = type;
    task->kernel = kernel;
    task->resume = 0;
    task->name = (name != NULL) ? name : type->name;
    task->polls = 0;
    task->longest_poll = 0;
    task->run_ticks = 0;
    // Last, because an interrupt may wake a task from its former life: from here on that counts.
    // All other fields are zero in a new task and have become so again in an ended one.
    __atomic_store_n(&task->state, (uint8_t)(storage | MN_TASK_LIVE), __ATOMIC_RELEASE);
    mn__task_start(kernel, task);
    if (kernel->trace != NULL) {
        kernel->trace->task = kernel->trace; // another task may have lived at this address
    }
    mn_debug("task spawned", "task", task->name);
}

mn_status_t mn_spawn_new(mn_kernel_t *kernel, size_t size, const mn_task_type_t *type,
                         const char *name, mn_task_t **task) {
    MN_ASSERT(size >= sizeof(mn_task_t));
    void *memory = NULL;
    mn_status_t status = mn_alloc(kernel, &kernel->task_owner, size, 0, &memory);
    if (status != MN_OK) {
        return status;
    }
    memset(memory, 0, size);
    *task = memory;
    (*task)->state = MN__TASK_HEAP;
    mn_spawn(kernel, *task, type, name);
    return MN_OK;
}

mn_task_state_t mn_task_state(const mn_task_t *task) {
    return (mn_task_state_t)(task->state & MN__TASK_STATE);
}

uint32_t mn_task_wakes(const mn_task_t *task) {
    // Each poll but the first answers a wake, and so will the one that the task is queued for.
    const uint32_t polls = task->polls + ((task->run_next != NULL) ? 1 : 0);
    return (polls == 0) ? 0 : polls - 1;
}

mn_status_t mn_task_result(const mn_task_t *task) {
    return (mn_task_state(task) == MN_TASK_ENDED) ? (mn_status_t)(int16_t)task->resume : MN_PENDING;
}

mn_status_t mn_join(mn_task_t *task, mn_wait_t *wait, mn_task_t *joiner, mn_status_t *result) {
    MN_ASSERT(mn_task_state(task) != MN_TASK_NEW);
    if (task->joiner != NULL && task->joiner != wait) {
        return MN_EBUSY;
    }
    if (mn_task_state(task) == MN_TASK_ENDED) {
        *result = mn_task_result(task);
        task->state &= (uint8_t)~MN__TASK_DETACHED; // it is given back here
        mn_wait_cancel(wait);
        if ((task->state & MN__TASK_HEAP) != 0) {
            mn_task_release(task);
        }
        return MN_OK;
    }
    if (task->joiner == NULL) {
        MN_ASSERT(wait->state == MN__WAIT_IDLE);
        wait->task = joiner;
        wait->on = task;
        wait->state = MN__WAIT_JOINING;
        task->joiner = wait;
        mn__task_hold(joiner);
    }
    return MN_PENDING;
}

void mn_task_detach(mn_task_t *task) {
    MN_ASSERT((task->state & MN__TASK_HEAP) != 0);
    if (mn_task_state(task) == MN_TASK_ENDED && task->joiner == NULL) {
        mn_task_release(task);
    } else {
        task->state |= MN__TASK_DETACHED;
    }
}

void mn_task_release(mn_task_t *task) {
    MN_ASSERT(mn_task_state(task) == MN_TASK_ENDED && (task->state & MN__TASK_HEAP) != 0);
    MN_ASSERT(task->joiner == NULL);
    mn_status_t status = mn_free(task->kernel, task);
    MN_ASSERT(status == MN_OK);
}

const mn_task_t *mn_kernel_next_task(const mn_kernel_t *kernel, const mn_task_t *previous) {
    const mn_list_t *node = (previous == NULL) ? &kernel->tasks : (const mn_list_t *)&previous->all;
    node = mn_list_next(&kernel->tasks, node);
    return (node == NULL) ? NULL : MN_CONTAINER_OF(node, mn_task_t, all);
}

_Noreturn void mn__task_bad_resume(const mn_task_t *task) {
    mn_panic("a task's resume point belongs to no wait of its poll function", task->name,
             task->resume);
}
