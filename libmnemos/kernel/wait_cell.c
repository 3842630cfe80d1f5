// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The waiter is entered and removed in task context only; an interrupt reads it. `notified` is set
// by the waker before it looks for a waiter, and read by the waiter after it has entered itself, so
// one of the two always sees the other.

#include "private.h"
#include <mnemos/wait.h>
#include <stdatomic.h>

void mn_wait_cell_register(mn_wait_cell_t *cell, mn_task_t *task) {
    mn_task_t *previous = cell->task;
    if (previous == task) {
        return;
    }
    cell->task = task;
    atomic_signal_fence(memory_order_seq_cst); // entered before the caller looks
    mn__task_hold(task);
    if (previous != NULL) {
        mn__task_unhold(previous);
        mn_task_wake(previous);
    }
}

void mn__wait_cell_clear(mn_wait_cell_t *cell) {
    mn_task_t *task = cell->task;
    if (task != NULL) {
        cell->task = NULL;
        mn__task_unhold(task);
    }
}

void mn_wait_cell_cancel(mn_wait_cell_t *cell, const mn_task_t *task) {
    if (cell->task == task) {
        mn__wait_cell_clear(cell);
    }
}

mn_status_t mn_wait_cell_wait(mn_wait_cell_t *cell, mn_task_t *task) {
    mn_wait_cell_register(cell, task);
    if (cell->closed) {
        mn__wait_cell_clear(cell);
        return MN_ECLOSED;
    }
    if (!cell->notified) {
        return MN_PENDING;
    }
    cell->notified = false;
    mn__wait_cell_clear(cell);
    return MN_OK;
}

// Atomic, because a ring between two threads wakes from both, though nobody waits there.
void mn_wait_cell_wake(mn_wait_cell_t *cell) {
    __atomic_store_n(&cell->notified, true, __ATOMIC_RELAXED);
    atomic_signal_fence(memory_order_seq_cst); // set before a waiter is looked for
    mn_task_t *task = cell->task;
    if (task != NULL) {
        mn_task_wake(task);
    }
}

void mn_wait_cell_close(mn_wait_cell_t *cell) {
    cell->closed = true;
    mn_wait_cell_wake(cell);
}
