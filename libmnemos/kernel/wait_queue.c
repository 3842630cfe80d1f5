// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Wait queue, semaphore and mutex are one mechanism: `units` that are handed to waiters in order of
// arrival. They differ in how many units may be left over when nobody waits.

#include "private.h"
#include <mnemos/wait.h>

enum {
    KIND_QUEUE = 0, // a unit is a remembered wake: at most one
    KIND_SEMAPHORE, // any number
    KIND_MUTEX,     // a unit is the lock: at most one, and giving back a second one is a bug
};

static void init(mn_wait_queue_t *queue, uint8_t kind, uint32_t units) {
    mn_list_init(&queue->waiters);
    queue->units = units;
    queue->kind = kind;
    queue->closed = false;
}

// Take `wait` off the queue and let its task find out why.
static void resolve(mn_wait_t *wait, uint8_t state) {
    mn_list_remove(&wait->link);
    wait->state = state;
    mn_task_wake(wait->task);
}

static mn_wait_t *first_waiter(const mn_wait_queue_t *queue) {
    mn_list_t *node = mn_list_first(&queue->waiters);
    return (node == NULL) ? NULL : MN_CONTAINER_OF(node, mn_wait_t, link);
}

static void give_unit(mn_wait_queue_t *queue) {
    mn_wait_t *first = first_waiter(queue);
    if (first != NULL) {
        resolve(first, MN__WAIT_GRANTED);
    } else if (queue->kind == KIND_SEMAPHORE) {
        MN_ASSERT(queue->units != UINT32_MAX);
        queue->units++;
    } else {
        MN_ASSERT(queue->kind != KIND_MUTEX || queue->units == 0);
        queue->units = 1;
    }
}

static mn_status_t try_take(mn_wait_queue_t *queue) {
    if (queue->units == 0) {
        return MN_EBUSY;
    }
    queue->units--;
    return MN_OK;
}

// The first call takes a unit or joins the queue; later ones look at what became of it. An idle
// wait holds nothing, a granted or closed one is made idle here.
static mn_status_t take(mn_wait_queue_t *queue, mn_wait_t *wait, mn_task_t *task) {
    const uint8_t state = wait->state;
    MN_ASSERT(state == MN__WAIT_IDLE || wait->on == queue);
    if (state == MN__WAIT_QUEUED) {
        return MN_PENDING;
    }
    if (state != MN__WAIT_IDLE) {
        wait->state = MN__WAIT_IDLE;
        mn__task_unhold(wait->task);
        return (state == MN__WAIT_CLOSED) ? MN_ECLOSED : MN_OK;
    }
    if (queue->closed) {
        return MN_ECLOSED;
    }
    if (try_take(queue) == MN_OK) {
        return MN_OK;
    }
    wait->task = task;
    wait->on = queue;
    wait->state = MN__WAIT_QUEUED;
    mn__task_hold(task);
    mn_list_push_back(&queue->waiters, &wait->link);
    return MN_PENDING;
}

// The joiner leaves. What it leaves behind may have ended, with nobody else to give it back.
static void leave(mn_task_t *joined) {
    joined->joiner = NULL;
    if (mn_task_state(joined) == MN_TASK_ENDED && (joined->state & MN__TASK_DETACHED) != 0) {
        mn_task_release(joined);
    }
}

void mn_wait_cancel(mn_wait_t *wait) {
    const uint8_t state = wait->state;
    if (state == MN__WAIT_IDLE) {
        return;
    }
    wait->state = MN__WAIT_IDLE;
    mn__task_unhold(wait->task);
    if (state == MN__WAIT_JOINING) {
        leave(wait->on);
    } else if (state == MN__WAIT_QUEUED) {
        mn_list_remove(&wait->link);
    } else if (state == MN__WAIT_GRANTED) {
        give_unit(wait->on);
    }
}

void mn__wait_forget(mn_wait_t *wait) {
    if (wait->state != MN__WAIT_IDLE) {
        mn_list_remove(&wait->link);
        wait->state = MN__WAIT_IDLE;
        mn__task_unhold(wait->task);
    }
}

// ---------------------------------------------------------------------------------------------
// Wait queue

void mn_wait_queue_init(mn_wait_queue_t *queue) {
    init(queue, KIND_QUEUE, 0);
}

mn_status_t mn_wait_queue_wait(mn_wait_queue_t *queue, mn_wait_t *wait, mn_task_t *task) {
    return take(queue, wait, task);
}

void mn_wait_queue_wake_one(mn_wait_queue_t *queue) {
    give_unit(queue);
}

static void resolve_all(mn_wait_queue_t *queue, uint8_t state) {
    for (mn_wait_t *wait = first_waiter(queue); wait != NULL; wait = first_waiter(queue)) {
        resolve(wait, state);
    }
}

void mn_wait_queue_wake_all(mn_wait_queue_t *queue) {
    resolve_all(queue, MN__WAIT_WOKEN);
}

void mn_wait_queue_close(mn_wait_queue_t *queue) {
    queue->closed = true;
    resolve_all(queue, MN__WAIT_CLOSED);
}

// ---------------------------------------------------------------------------------------------
// Semaphore and mutex

void mn_semaphore_init(mn_semaphore_t *semaphore, uint32_t units) {
    init(&semaphore->queue, KIND_SEMAPHORE, units);
}

mn_status_t mn_semaphore_acquire(mn_semaphore_t *semaphore, mn_wait_t *wait, mn_task_t *task) {
    return take(&semaphore->queue, wait, task);
}

mn_status_t mn_semaphore_try_acquire(mn_semaphore_t *semaphore) {
    return try_take(&semaphore->queue);
}

void mn_semaphore_release(mn_semaphore_t *semaphore) {
    give_unit(&semaphore->queue);
}

void mn_mutex_init(mn_mutex_t *mutex) {
    init(&mutex->semaphore.queue, KIND_MUTEX, 1);
}

mn_status_t mn_mutex_lock(mn_mutex_t *mutex, mn_wait_t *wait, mn_task_t *task) {
    return take(&mutex->semaphore.queue, wait, task);
}

mn_status_t mn_mutex_try_lock(mn_mutex_t *mutex) {
    return try_take(&mutex->semaphore.queue);
}

void mn_mutex_unlock(mn_mutex_t *mutex) {
    give_unit(&mutex->semaphore.queue);
}
