// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// What the kernel's files share with one another and with the modules above.

#ifndef MNEMOS_KERNEL_PRIVATE_H
#define MNEMOS_KERNEL_PRIVATE_H

#include <mnemos/kernel.h>

// States of an mn_wait_t.
enum {
    MN__WAIT_IDLE = 0, // linked nowhere
    MN__WAIT_QUEUED,   // on the queue `on`
    MN__WAIT_GRANTED,  // it was given a unit of the queue `on`
    MN__WAIT_WOKEN,    // woken with all the others; there is nothing to hand on
    MN__WAIT_CLOSED,   // the queue was closed while it was on it
    MN__WAIT_JOINING,  // registered as the joiner of the task `on`
};

// How mn_task_t.state is made up.
enum {
    MN__TASK_STATE = 0x03,    // mn_task_state_t
    MN__TASK_HEAP = 0x10,     // the storage is from the kernel's heap
    MN__TASK_DETACHED = 0x20, // give the storage back at the end
};

// Puts a fresh task on the run queue.
void mn__task_start(mn_kernel_t *kernel, mn_task_t *task);

// Fires or moves at most `budget` timers that are due at `now`.
void mn__wheel_turn(mn__wheel_t *wheel, uint64_t now, uint32_t budget);

// A tick before which no timer fires; MN_NEVER if none is pending. May be earlier than the first
// deadline: then turning the wheel brings it closer.
uint64_t mn__wheel_next(const mn__wheel_t *wheel);

// Makes a wait idle without handing anything on: its queue is going away.
void mn__wait_forget(mn_wait_t *wait);

// Takes a unit if one is free, without a call.
static inline bool mn__semaphore_take_free(mn_semaphore_t *semaphore) {
    const bool any = semaphore->queue.units != 0;
    semaphore->queue.units -= any;
    return any;
}

// mn_semaphore_release() without a call where nobody waits.
static inline void mn__semaphore_give(mn_semaphore_t *semaphore) {
    if (mn_list_is_empty(&semaphore->queue.waiters) && semaphore->queue.units != UINT32_MAX) {
        semaphore->queue.units++;
    } else {
        mn_semaphore_release(semaphore);
    }
}

// Bookkeeping of waits that refer to a task, so that a forgotten one is noticed when it ends.
static inline void mn__task_hold(mn_task_t *task) {
    task->waits++;
    MN_ASSERT(task->waits != 0);
}

static inline void mn__task_unhold(mn_task_t *task) {
    MN_ASSERT(task->waits != 0);
    task->waits--;
}

#endif
