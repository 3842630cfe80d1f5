// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup timer Timers
/// @brief Sleeping, deadlines and timeouts on the kernel's 64-bit clock.
///
/// Time is counted in ticks of the clock that the board gave to the kernel; ::mn_ms and its
/// siblings convert. A timer never fires early; it fires at the first ::mn_kernel_tick at or after
/// its deadline. Timers with equal deadlines fire in the order in which they were started.
///
/// Timers are kept in a hierarchical wheel (Varghese and Lauck, "Hashed and Hierarchical Timing
/// Wheels", 1987) of 7 levels of 32 slots: starting and canceling take constant time however many
/// timers there are, and a timer is moved at most 7 times before it fires. Deadlines further away
/// than 2^35 ticks wait on a list that is looked through once every 2^35 ticks.
///
/// An ::mn_timer_t belongs to the task that uses it, is zero-initialised, and must not go away
/// while it is started: a drop function calls ::mn_timer_cancel.
/// @{

#ifndef MNEMOS_TIMER_H
#define MNEMOS_TIMER_H

#include <mnemos/status.h>
#include <mnemos/task.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// @brief One pending deadline of one task. Zero-initialise it.
typedef struct mn_timer {
    uint64_t deadline;     ///< read-only: clock tick at which it fires
    struct mn_timer *next; ///< @private
    struct mn_timer *prev; ///< @private
    mn_task_t *task;       ///< @private woken when it fires
    uint8_t state;         ///< @private
    uint8_t slot;          ///< @private list it is on
} mn_timer_t;

/// @cond INTERNAL
#define MN__WHEEL_LEVELS 7
#define MN__WHEEL_SLOTS 32

typedef struct mn__wheel {
    uint64_t elapsed; // every timer due at or before this tick has fired or is on `due`
    uint32_t occupied[MN__WHEEL_LEVELS];
    mn_timer_t *slots[MN__WHEEL_LEVELS * MN__WHEEL_SLOTS];
    mn_timer_t *far; // beyond the top level's window
    mn_timer_t *due; // being fired or moved to a lower level
    uint32_t fired;  // since the last report
} mn__wheel_t;
/// @endcond

/// @brief Start @p timer: wake @p task at @p deadline. A started timer is moved.
/// @param[in,out] timer zero-initialised or used before
/// @param[in,out] task the task to wake
/// @param[in] deadline clock tick; one that has passed fires at the next tick of the kernel
/// @task_only
void mn_timer_start(mn_timer_t *timer, mn_task_t *task, uint64_t deadline);

/// @brief Whether the timer was started and has fired.
/// @param[in] timer the timer
/// @return true if so, until it is started again or canceled
/// @task_only
bool mn_timer_fired(const mn_timer_t *timer);

/// @brief Stop the timer, whatever its state; it can be used again.
/// @param[in,out] timer the timer
/// @task_only
void mn_timer_cancel(mn_timer_t *timer);

/// @brief Sleep for @p ticks, counted from the first call.
/// @param[in,out] timer this sleep's timer; idle at the first call
/// @param[in,out] task the calling task
/// @param[in] ticks how long; 0 does not wait
/// @retval MN_OK the time has passed
/// @retval MN_PENDING not yet
/// @task_only @may_wait
mn_status_t mn_sleep(mn_timer_t *timer, mn_task_t *task, uint64_t ticks);

/// @brief Sleep until clock tick @p deadline.
/// @param[in,out] timer this sleep's timer; idle at the first call
/// @param[in,out] task the calling task
/// @param[in] deadline clock tick; one that has passed does not wait
/// @retval MN_OK the time has come
/// @retval MN_PENDING not yet
/// @task_only @may_wait
mn_status_t mn_sleep_until(mn_timer_t *timer, mn_task_t *task, uint64_t deadline);

/// @brief The kernel's clock, in ticks.
/// @param[in] kernel the kernel
/// @return ticks since the clock's start
/// @isr_ok if the board's clock is
uint64_t mn_now(const mn_kernel_t *kernel);

/// @brief Ticks in @p milliseconds, rounded down.
/// @param[in] kernel whose clock counts
/// @param[in] milliseconds how long
/// @return ticks
uint64_t mn_ms(const mn_kernel_t *kernel, uint32_t milliseconds);

/// @brief Ticks in @p microseconds, rounded down.
/// @param[in] kernel whose clock counts
/// @param[in] microseconds how long
/// @return ticks
uint64_t mn_us(const mn_kernel_t *kernel, uint32_t microseconds);

/// @brief Ticks in @p seconds.
/// @param[in] kernel whose clock counts
/// @param[in] seconds how long
/// @return ticks
uint64_t mn_seconds(const mn_kernel_t *kernel, uint32_t seconds);

/// @cond INTERNAL
// The clock tick that is `ticks` from now, MN_NEVER at the latest.
uint64_t mn__ticks_from_now(const mn_kernel_t *kernel, uint64_t ticks);

#define MN__AWAIT_FOR(n, status, timer, ticks, operation, cancel)                         \
    do {                                                                                  \
        mn_timer_start((timer), mn__self, mn__ticks_from_now(mn__self->kernel, (ticks))); \
        mn__self->resume = (uint16_t)(n);                                                 \
        __attribute__((fallthrough));                                                     \
        MN__RESUME_HERE(n) : if (mn_timer_fired(timer)) {                                 \
            (cancel);                                                                     \
            (status) = MN_ETIMEDOUT;                                                      \
        }                                                                                 \
        else {                                                                            \
            (status) = (operation);                                                       \
            if ((status) == MN_PENDING) {                                                 \
                return MN_PENDING;                                                        \
            }                                                                             \
        }                                                                                 \
        mn_timer_cancel(timer);                                                           \
    } while (0)
/// @endcond

/// @brief ::MN_AWAIT with a limit: ::MN_ETIMEDOUT after @p ticks.
///
/// On every poll the timer is looked at first: once it has fired the operation is canceled, even if
/// it would succeed in the same poll.
/// @param[out] status lvalue that takes the operation's answer or ::MN_ETIMEDOUT
/// @param[in,out] timer pointer to an idle ::mn_timer_t in the task's struct
/// @param[in] ticks the limit, counted from here; ::MN_NEVER for none
/// @param[in] operation as in ::MN_AWAIT
/// @param[in] cancel an expression that withdraws @p operation
#define MN_AWAIT_FOR(status, timer, ticks, operation, cancel) \
    MN__AWAIT_FOR(__COUNTER__ - mn__first_resume, status, timer, ticks, operation, cancel)

#ifdef __cplusplus
}
#endif

#endif
/// @}
