// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup task Tasks
/// @brief Stackless cooperative tasks: what they are, how they end, how they are written.
///
/// A task is a struct of the caller's that contains an ::mn_task_t. Its poll function runs until
/// the task is finished or would wait; all that must live across a wait is kept in the struct,
/// because a task has no stack of its own.
///
/// **Waiting.** An operation that can wait is called again, with the same arguments, on every poll
/// until it answers something other than ::MN_PENDING. ::MN_PENDING means that it has arranged for
/// the task to be woken. Between polls it keeps what it needs in an object of the caller's (an
/// ::mn_wait_t, an ::mn_timer_t, a client …).
///
/// **Waking** is intrusive, cannot fail, coalesces (many wakes before a poll make one poll) and may
/// come from an interrupt handler. A wake during a task's own poll makes it run once more.
///
/// **Lifetime.** A task moves through these states, and the memory rules follow from them:
/// 1. *new*: zero-initialised, or ended. The struct is the caller's.
/// 2. *live*: from ::mn_spawn until its poll returned something other than ::MN_PENDING or it was
///    canceled. The struct must not move or go away. A canceled task is *ending* until the kernel
///    meets it in the next tick; ::mn_cancel_now does not wait for that.
/// 3. *ended*: the result can be read with ::mn_task_result; the kernel no longer refers to it.
///    A static task may be spawned again; a task from ::mn_spawn_new is given back by ::mn_join,
///    by ::mn_task_release, or on its own when it was detached.
///
/// **Dropping.** When a task ends, whichever way, its type's drop function is called exactly once,
/// before anybody learns of the end. It cancels the task's waits and gives back what the task
/// owns. A wait that is still linked afterwards is a bug in the drop function and stops the system.
///
/// @code
/// typedef struct blinker {
///     mn_task_t task;
///     mn_timer_t timer;
/// } blinker_t;
///
/// static mn_status_t blinker_poll(mn_task_t *task)
/// {
///     blinker_t *self = MN_CONTAINER_OF(task, blinker_t, task);
///     mn_status_t status;
///     MN_BEGIN(task);
///     for (;;) {
///         led_toggle();
///         MN_AWAIT(status, mn_sleep(&self->timer, task, mn_ms(task->kernel, 250)));
///     }
///     MN_END();
/// }
///
/// static void blinker_drop(mn_task_t *task)
/// {
///     mn_timer_cancel(&MN_CONTAINER_OF(task, blinker_t, task)->timer);
/// }
///
/// static const mn_task_type_t blinker_type = {"blinker", blinker_poll, blinker_drop};
/// @endcode
/// @{

#ifndef MNEMOS_TASK_H
#define MNEMOS_TASK_H

#include <mnemos/assert.h>
#include <mnemos/list.h>
#include <mnemos/status.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mn_kernel mn_kernel_t;
typedef struct mn_task mn_task_t;
struct mn_wait;

/// @brief What all tasks of one kind share; usually `static const`.
typedef struct mn_task_type {
    const char *name; ///< shown for tasks that were spawned without a name of their own
    /// Run until finished or waiting: ::MN_PENDING to be polled again after a wake, anything else
    /// to end with that result.
    mn_status_t (*poll)(mn_task_t *task);
    /// Cancel the task's waits and give back what it owns; NULL if there is nothing.
    void (*drop)(mn_task_t *task);
} mn_task_type_t;

/// @brief Where a task is in its life.
typedef enum mn_task_state {
    MN_TASK_NEW = 0, ///< never spawned
    MN_TASK_LIVE,    ///< running, ready or waiting
    MN_TASK_ENDING,  ///< dropped; leaves the run queue at its next turn
    MN_TASK_ENDED,   ///< the result is there
} mn_task_state_t;

/// @brief The kernel's part of a task. Zero-initialise it; use the functions to look at it.
struct mn_task {
    const mn_task_type_t *type;     ///< read-only
    mn_kernel_t *kernel;            ///< read-only: the kernel it was spawned on
    mn_task_t *run_next;            ///< @private not NULL while on the run queue
    mn_task_t *volatile inbox_next; ///< @private not NULL while woken by an interrupt
    struct mn_wait *joiner;         ///< @private who waits for the end
    uint16_t resume;        ///< @private resume point of MN_BEGIN; after the end, the result
    volatile uint8_t state; ///< @private ::mn_task_state_t and flags; interrupts read it
    uint8_t waits;          ///< @private number of waits that refer to this task

    const char *name;      ///< read-only: name of this task, never NULL once spawned
    mn_list_t all;         ///< @private link in the kernel's list of tasks
    uint32_t polls;        ///< read-only: number of polls
    uint32_t longest_poll; ///< read-only: longest poll in clock ticks (see ::mn_kernel_config_t)
    uint32_t run_ticks;    ///< read-only: clock ticks spent in polls, likewise; wraps
};

/// @brief Make @p task run at the kernel's next opportunity. Waking an ended task does nothing.
/// @param[in,out] task a task that has been spawned
/// @isr_ok between ::mn_isr_enter and ::mn_isr_exit
void mn_task_wake(mn_task_t *task);

/// @brief Where the task is in its life.
/// @param[in] task the task
/// @return its state
/// @isr_ok
mn_task_state_t mn_task_state(const mn_task_t *task);

/// @brief How often the task was woken, not counting wakes that were coalesced.
/// @param[in] task the task
/// @return wakes that the kernel has answered with a poll, or is about to; wraps
/// @task_only
uint32_t mn_task_wakes(const mn_task_t *task);

/// @brief The result of an ended task.
/// @param[in] task the task
/// @return what its poll function returned, ::MN_ECANCELED if it was canceled, ::MN_PENDING if it
/// has not ended
/// @task_only
mn_status_t mn_task_result(const mn_task_t *task);

/// @cond INTERNAL
_Noreturn void mn__task_bad_resume(const mn_task_t *task);

// Wake a task in its own poll, which means that it is live and no interrupt is running.
mn_status_t mn__task_yield(mn_task_t *task);

#define MN__RESUME_HERE(n) \
    case (n):              \
    case (unsigned long long)(n) | 0x100000000ULL

#define MN__AWAIT(n, status, operation)              \
    do {                                             \
        mn__self->resume = (uint16_t)(n);            \
        __attribute__((fallthrough));                \
        MN__RESUME_HERE(n) : (status) = (operation); \
        if ((status) == MN_PENDING) {                \
            return MN_PENDING;                       \
        }                                            \
    } while (0)

#define MN__YIELD(n)                      \
    do {                                  \
        mn__self->resume = (uint16_t)(n); \
        return mn__task_yield(mn__self);  \
        MN__RESUME_HERE(n) :;             \
    } while (0)
/// @endcond

/// @brief Begin the resumable part of a poll function.
///
/// Between ::MN_BEGIN and ::MN_END a poll function reads as straight-line code and continues after
/// the wait at which it returned. Local variables do not survive a wait: assign them again after
/// it, or keep them in the task's struct. ::MN_AWAIT may be used any number of times, also several
/// times on one line and inside `if`, `for`, `while` and blocks, but not inside a `switch` of your
/// own: that does not compile (unless the switch is on a 64-bit value, which cannot be detected).
///
/// The resume point is kept in the task. A value that no wait of this function could have stored
/// (a corrupted task) stops the system.
/// @param[in,out] self the ::mn_task_t of this poll function
#define MN_BEGIN(self)                              \
    mn_task_t *const mn__self = (self);             \
    enum { mn__first_resume = __COUNTER__ };        \
    switch ((unsigned long long)mn__self->resume) { \
    case 0:

/// @brief Wait until @p operation answers, and keep the answer.
/// @param[out] status lvalue of type ::mn_status_t that takes the answer, never ::MN_PENDING
/// @param[in] operation an expression that is evaluated on every poll until it is not ::MN_PENDING
#define MN_AWAIT(status, operation) MN__AWAIT(__COUNTER__ - mn__first_resume, status, operation)

/// @brief Let every other ready task run once, then continue.
#define MN_YIELD() MN__YIELD(__COUNTER__ - mn__first_resume)

/// @brief End the resumable part; reaching it ends the task with ::MN_OK.
#define MN_END()                       \
    break;                             \
    default:                           \
        mn__task_bad_resume(mn__self); \
        }                              \
        return MN_OK

#ifdef __cplusplus
}
#endif

#endif
/// @}
