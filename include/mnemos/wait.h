// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup wait Wait primitives
/// @brief Wait cell, wait queue, semaphore and mutex.
///
/// Two families:
/// - An ::mn_wait_cell_t holds one waiter and may be woken from an interrupt handler. It is what
///   rings and drivers use.
/// - An ::mn_wait_queue_t holds any number of waiters in the order in which they came; semaphore
///   and mutex are built on it. It belongs to task context. Each waiter brings an ::mn_wait_t,
///   which lives in the waiting task's struct.
///
/// What a queue grants is handed to the longest waiting task and cannot be snatched by another.
/// ::mn_wait_cancel withdraws a waiter at any time; if it had already been granted something that
/// it did not take yet, that goes to the next in line, so cancellation never loses a wake, a unit
/// or a lock.
///
/// **First of several.** Call the operations one after the other in one poll; the first that is not
/// ::MN_PENDING wins; cancel the others:
/// @code
/// static mn_status_t line_or_stop(shell_t *self, mn_task_t *task)
/// {
///     mn_status_t status = mn_wait_queue_wait(self->stop, &self->stop_wait, task);
///     self->stopped = (status != MN_PENDING);
///     if (!self->stopped) {
///         status = mn_ring_read_wait(self->input, task, &self->span);
///     }
///     return status;
/// }
/// …
/// MN_AWAIT(status, line_or_stop(self, task));
/// mn_wait_cancel(&self->stop_wait);
/// @endcode
/// @{

#ifndef MNEMOS_WAIT_H
#define MNEMOS_WAIT_H

#include <mnemos/list.h>
#include <mnemos/status.h>
#include <mnemos/task.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// ---------------------------------------------------------------------------------------------
// Wait cell

/// @brief A place for one waiter. Zero-initialise it.
///
/// A wake without a waiter is remembered once. A second waiter takes the first one's place and
/// the first is woken (it sees a spurious poll).
typedef struct mn_wait_cell {
    mn_task_t *volatile task; ///< @private
    volatile bool notified;   ///< @private a wake that nobody has taken yet
    volatile bool closed;     ///< @private
} mn_wait_cell_t;

/// @brief Wait until the cell is woken.
/// @param[in,out] cell the cell
/// @param[in,out] task the calling task
/// @retval MN_OK a wake came, possibly before this call
/// @retval MN_ECLOSED the cell was closed
/// @retval MN_PENDING not yet
/// @task_only @may_wait
mn_status_t mn_wait_cell_wait(mn_wait_cell_t *cell, mn_task_t *task);

/// @brief Wake @p task at every following wake, without waiting for one.
///
/// For operations that look at some state: register, then look. A wake that comes between the two
/// is not lost.
/// @param[in,out] cell the cell
/// @param[in,out] task the calling task
/// @task_only
void mn_wait_cell_register(mn_wait_cell_t *cell, mn_task_t *task);

/// @brief Withdraw @p task's wait. Another task that has taken its place stays, and so does a
/// remembered wake.
/// @param[in,out] cell the cell
/// @param[in] task the task that no longer waits
/// @task_only
void mn_wait_cell_cancel(mn_wait_cell_t *cell, const mn_task_t *task);

/// @cond INTERNAL
// Withdraw whoever waits: for cells that only one task can wait on.
void mn__wait_cell_clear(mn_wait_cell_t *cell);
/// @endcond

/// @brief Wake the waiter, or remember the wake.
/// @param[in,out] cell the cell
/// @isr_ok
void mn_wait_cell_wake(mn_wait_cell_t *cell);

/// @brief End the waiting: this and every later wait answers ::MN_ECLOSED.
/// @param[in,out] cell the cell
/// @isr_ok
void mn_wait_cell_close(mn_wait_cell_t *cell);

// ---------------------------------------------------------------------------------------------
// Wait queue

/// @brief Any number of waiters, first come, first served. Initialise with ::mn_wait_queue_init.
typedef struct mn_wait_queue {
    mn_list_t waiters; ///< @private
    uint32_t units;    ///< @private grants that nobody has taken
    uint8_t kind;      ///< @private what a unit is
    bool closed;       ///< @private
} mn_wait_queue_t;

/// @brief One waiter's place in a queue. Zero-initialise it.
typedef struct mn_wait {
    mn_list_t link;  ///< @private
    mn_task_t *task; ///< @private
    void *on;        ///< @private the queue, or the task that is being joined
    uint8_t state;   ///< @private
} mn_wait_t;

/// @brief Make @p queue empty and open.
/// @param[out] queue the queue
void mn_wait_queue_init(mn_wait_queue_t *queue);

/// @brief Wait for a wake. The place in the queue is taken by the first call.
/// @param[in,out] queue the queue
/// @param[in,out] wait this waiter's place; idle at the first call
/// @param[in,out] task the calling task
/// @retval MN_OK a wake came, or one was remembered by ::mn_wait_queue_wake_one
/// @retval MN_ECLOSED the queue was closed
/// @retval MN_PENDING not yet
/// @task_only @may_wait
mn_status_t mn_wait_queue_wait(mn_wait_queue_t *queue, mn_wait_t *wait, mn_task_t *task);

/// @brief Wake the waiter that came first; with no waiter, remember one wake.
/// @param[in,out] queue the queue
/// @task_only
void mn_wait_queue_wake_one(mn_wait_queue_t *queue);

/// @brief Wake every waiter that is in the queue now. Not remembered for later ones.
///
/// Takes time proportional to the number of waiters.
/// @param[in,out] queue the queue
/// @task_only
void mn_wait_queue_wake_all(mn_wait_queue_t *queue);

/// @brief Close: every present and future wait answers ::MN_ECLOSED.
///
/// Takes time proportional to the number of waiters.
/// @param[in,out] queue the queue
/// @task_only
void mn_wait_queue_close(mn_wait_queue_t *queue);

/// @brief Withdraw a waiter from whatever queue, semaphore or mutex it waits for. Does nothing if
/// it is idle. What it had been granted but had not taken goes to the next waiter.
/// @param[in,out] wait waiting, granted or idle
/// @task_only
void mn_wait_cancel(mn_wait_t *wait);

// ---------------------------------------------------------------------------------------------
// Semaphore and mutex

/// @brief A counting semaphore. Initialise with ::mn_semaphore_init.
typedef struct mn_semaphore {
    mn_wait_queue_t queue; ///< @private
} mn_semaphore_t;

/// @brief Make a semaphore with @p units free units.
/// @param[out] semaphore the semaphore
/// @param[in] units units that are free
void mn_semaphore_init(mn_semaphore_t *semaphore, uint32_t units);

/// @brief Take a unit, waiting for one in order of arrival.
/// @param[in,out] semaphore the semaphore
/// @param[in,out] wait this waiter's place; idle at the first call
/// @param[in,out] task the calling task
/// @retval MN_OK the caller has a unit
/// @retval MN_PENDING none is free for this caller yet
/// @task_only @may_wait
mn_status_t mn_semaphore_acquire(mn_semaphore_t *semaphore, mn_wait_t *wait, mn_task_t *task);

/// @brief Take a unit if one is free.
/// @param[in,out] semaphore the semaphore
/// @retval MN_OK the caller has a unit
/// @retval MN_EBUSY none is free
/// @task_only
mn_status_t mn_semaphore_try_acquire(mn_semaphore_t *semaphore);

/// @brief Give a unit back, to the longest waiting task if there is one.
/// @param[in,out] semaphore the semaphore
/// @task_only
void mn_semaphore_release(mn_semaphore_t *semaphore);

/// @brief A lock that is handed on in order of arrival. Initialise with ::mn_mutex_init.
typedef struct mn_mutex {
    mn_semaphore_t semaphore; ///< @private
} mn_mutex_t;

/// @brief Make an unlocked mutex.
/// @param[out] mutex the mutex
void mn_mutex_init(mn_mutex_t *mutex);

/// @brief Lock, waiting in order of arrival.
/// @param[in,out] mutex the mutex
/// @param[in,out] wait this waiter's place; idle at the first call
/// @param[in,out] task the calling task
/// @retval MN_OK the caller holds the lock
/// @retval MN_PENDING somebody else does
/// @task_only @may_wait
mn_status_t mn_mutex_lock(mn_mutex_t *mutex, mn_wait_t *wait, mn_task_t *task);

/// @brief Lock if nobody holds the lock.
/// @param[in,out] mutex the mutex
/// @retval MN_OK the caller holds the lock
/// @retval MN_EBUSY somebody else does
/// @task_only
mn_status_t mn_mutex_try_lock(mn_mutex_t *mutex);

/// @brief Unlock. Unlocking a mutex that is not locked stops the system.
/// @param[in,out] mutex locked by the caller
/// @task_only
void mn_mutex_unlock(mn_mutex_t *mutex);

#ifdef __cplusplus
}
#endif

#endif
/// @}
