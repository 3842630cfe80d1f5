// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup kernel Kernel
/// @brief Setting up, spawning tasks, running them, and idling.
///
/// The kernel is a struct of the caller's, and everything it knows hangs off it; two kernels can
/// live in one program. The board fills in an ::mn_kernel_config_t, spawns tasks, and then loops:
///
/// @code
/// for (;;) {
///     mn_tick_report_t report = mn_kernel_tick(&kernel);
///     if (!report.has_remaining) {
///         uint32_t state = mn_port_irq_save();
///         if (!mn_kernel_has_work(&kernel)) {
///             board_sleep_until(report.next_deadline); // returns with an interrupt pending
///         }
///         mn_port_irq_restore(state);
///     }
/// }
/// @endcode
///
/// **Idle contract.** When a tick leaves nothing to do, the board may sleep until an interrupt or
/// until ::mn_tick_report_t::next_deadline. ::mn_kernel_has_work must be asked with interrupts held
/// back, and the sleep must end on an interrupt that is pending but held back (as `wfi` and
/// `ppoll` do); then no wake is ever lost.
///
/// **Interrupts** call ::mn_isr_enter first and ::mn_isr_exit last. In between, functions marked
/// `isr_ok` may be called; they only ever wake.
/// @{

#ifndef MNEMOS_KERNEL_H
#define MNEMOS_KERNEL_H

#include <mnemos/heap.h>
#include <mnemos/list.h>
#include <mnemos/status.h>
#include <mnemos/task.h>
#include <mnemos/timer.h>
#include <mnemos/tracepoint.h>
#include <mnemos/wait.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// @brief Value of a deadline that never comes.
#define MN_NEVER UINT64_MAX

/// @brief Polls per tick unless the configuration says otherwise.
#define MN_DEFAULT_MAX_POLLS 256U

/// @brief What the board gives to the kernel.
typedef struct mn_kernel_config {
    void *heap;       ///< memory for the heap; the kernel's until the program ends
    size_t heap_size; ///< its size in bytes
    /// The clock: ticks since some start, never going back.
    uint64_t (*now)(void *context);
    void *clock_context;  ///< handed to @ref now
    uint32_t tick_hz;     ///< clock ticks per second, 1 to 2^32 - 1
    uint32_t max_polls;   ///< polls, and timers handled, in one tick; 0 for ::MN_DEFAULT_MAX_POLLS
    bool time_polls;      ///< read the clock around every poll, to know where the time goes
    uint64_t stall_ticks; ///< a poll this long or longer is reported to @ref on_stall; 0: none is
    /// Called after a poll that took too long, in task context; may be NULL.
    void (*on_stall)(mn_kernel_t *kernel, const mn_task_t *task, uint64_t ticks);
} mn_kernel_config_t;

/// @brief What one tick did.
typedef struct mn_tick_report {
    uint32_t polled;         ///< polls
    uint32_t completed;      ///< tasks that ended
    uint32_t spawned;        ///< tasks spawned since the previous tick
    uint32_t woken_internal; ///< tasks that woke themselves during their own poll in this tick
    uint32_t woken_external; ///< all other wakes since the previous tick
    uint32_t timers_fired;   ///< timers that fired since the previous tick
    bool has_remaining;      ///< tasks are ready or timers are due: tick again before sleeping
    uint64_t next_deadline;  ///< no timer fires before this tick; ::MN_NEVER if none is pending
} mn_tick_report_t;

/// @brief What the stall detector saw.
typedef struct mn_stall_report {
    const char *task;      ///< name of the task with the longest poll, NULL before the first poll
    uint64_t longest_poll; ///< its length in clock ticks
    uint32_t stalls;       ///< polls that reached ::mn_kernel_config_t::stall_ticks
} mn_stall_report_t;

/// @brief A kernel. The fields are private.
struct mn_kernel {
    mn_kernel_config_t config;  ///< @private
    mn_task_t *run_first;       ///< @private run queue
    mn_task_t **run_end;        ///< @private where the next task is linked in
    mn_task_t *volatile inbox;  ///< @private tasks woken by interrupts, newest first
    mn_task_t *current;         ///< @private the task being polled
    volatile uint8_t isr_depth; ///< @private
    uint32_t wakes;             ///< @private since the last tick
    uint32_t spawned;           ///< @private since the last tick
    uint32_t completed;         ///< @private since the last tick
    mn_list_t tasks;            ///< @private every task that has not ended
    mn__wheel_t wheel;          ///< @private
    mn_heap_t heap;             ///< @private
    mn_list_t memory_waiters;   ///< @private longest waiting first
    mn_heap_owner_t task_owner; ///< @private heap use of tasks
    mn_stall_report_t stall;    ///< @private
    uint64_t busy;              ///< @private ticks of the clock
    mn_trace_sink_t *trace;     ///< @private where trace points go; NULL: nowhere
    mn__ambient_t interrupted;  ///< @private what was current when an interrupt came
    bool has_interrupted;       ///< @private
};

/// @brief Set up a kernel. Nothing runs until ::mn_kernel_tick.
/// @param[out] kernel storage for the kernel
/// @param[in] config copied; the memory it names is taken over
/// @retval MN_OK ready
/// @retval MN_EINVAL there is no clock, or `tick_hz` is 0
/// @retval MN_ENOMEM the heap memory is too small to manage
mn_status_t mn_kernel_init(mn_kernel_t *kernel, const mn_kernel_config_t *config);

/// @brief Fire due timers and poll ready tasks in order, each at most `max_polls` times in all.
///
/// Tasks that become ready during the tick join the end of the queue and are polled in the same
/// tick if the bound allows.
/// @param[in,out] kernel the kernel
/// @return what was done, and whether and until when the board may sleep
/// @pre not called from a task of the same kernel, nor from an interrupt
mn_tick_report_t mn_kernel_tick(mn_kernel_t *kernel);

/// @brief Whether a tick would poll a task now. For the idle loop, with interrupts held back.
/// @param[in] kernel the kernel
/// @return true if a task is ready
/// @isr_ok
bool mn_kernel_has_work(const mn_kernel_t *kernel);

/// @brief Spawn a task in the caller's storage; it is polled in order after those already ready.
/// @param[in,out] kernel the kernel
/// @param[in,out] task new or ended
/// @param[in] type what the task does; must outlive the task
/// @param[in] name name of this task, static text; NULL takes the type's
/// @task_only or before the first tick
void mn_spawn(mn_kernel_t *kernel, mn_task_t *task, const mn_task_type_t *type, const char *name);

/// @brief Spawn a task in zeroed storage from the kernel's heap.
///
/// The caller fills in the rest of the struct before it returns to the kernel; the task is not
/// polled before that. Give the storage back with ::mn_join, ::mn_task_release or
/// ::mn_task_detach.
/// @param[in,out] kernel the kernel
/// @param[in] size bytes of the task's struct, whose first member is its ::mn_task_t
/// @param[in] type what the task does
/// @param[in] name name of this task, static text; NULL takes the type's
/// @param[out] task the new task
/// @retval MN_OK spawned
/// @retval MN_ENOMEM no memory now
/// @retval MN_ETOOBIG more than the heap can ever give
/// @task_only or before the first tick
mn_status_t mn_spawn_new(mn_kernel_t *kernel, size_t size, const mn_task_type_t *type,
                         const char *name, mn_task_t **task);

/// @brief Wait until @p task ends, take its result, and give back storage from ::mn_spawn_new.
/// @param[in,out] task the task; one joiner at a time
/// @param[in,out] wait the joiner's wait, idle at the first call
/// @param[in,out] joiner the calling task
/// @param[out] result what the task ended with
/// @retval MN_OK it has ended; a task from the heap no longer exists
/// @retval MN_EBUSY somebody else is joining it, or has been told of its end and did not look yet
/// @retval MN_PENDING not yet
/// @task_only @may_wait
mn_status_t mn_join(mn_task_t *task, mn_wait_t *wait, mn_task_t *joiner, mn_status_t *result);

/// @brief End @p task now: its drop function runs before this returns, its result is
/// ::MN_ECANCELED, and joiners learn of it in the next tick. An ended task is left alone.
/// @param[in,out] task the task
/// @pre @p task is not the one being polled (it returns instead)
/// @task_only
void mn_cancel(mn_task_t *task);

/// @brief ::mn_cancel after which the task has ended, so that its storage can be given back.
///
/// Takes time proportional to the number of ready tasks. A task that was never spawned, or has
/// ended, is left alone.
/// @param[in,out] task the task
/// @pre @p task is not the one being polled and is not detached
/// @task_only
void mn_cancel_now(mn_task_t *task);

/// @brief Let a task from ::mn_spawn_new give its storage back by itself when it ends. If it has
/// ended already it is given back now, or as soon as its joiner has taken the result or has left.
/// @param[in,out] task live or ended
/// @task_only
void mn_task_detach(mn_task_t *task);

/// @brief Give back the storage of an ended task from ::mn_spawn_new.
/// @param[in,out] task the task
/// @pre the task has ended and nobody is joining it
/// @task_only
void mn_task_release(mn_task_t *task);

/// @brief The task after @p previous in the kernel's list of tasks that have not ended.
/// @param[in] kernel the kernel
/// @param[in] previous NULL for the first
/// @return NULL at the end
/// @task_only
const mn_task_t *mn_kernel_next_task(const mn_kernel_t *kernel, const mn_task_t *previous);

/// @brief The longest poll so far and whose it was. All zero unless `time_polls` is on.
/// @param[in] kernel the kernel
/// @return the figures now
/// @task_only
mn_stall_report_t mn_kernel_stall(const mn_kernel_t *kernel);

/// @brief The time spent in ::mn_kernel_tick so far; the rest was idle, or outside the kernel. 0
/// unless `time_polls` is on.
/// @param[in] kernel the kernel
/// @return clock ticks, up to the beginning of the poll that asks
/// @task_only
uint64_t mn_kernel_busy(const mn_kernel_t *kernel);

/// @brief Mark the beginning of an interrupt handler. Nests up to 255 deep.
/// @param[in,out] kernel the kernel whose tasks the handler wakes
/// @isr_ok
void mn_isr_enter(mn_kernel_t *kernel);

/// @brief Mark the end of an interrupt handler.
/// @param[in,out] kernel the kernel
/// @isr_ok
void mn_isr_exit(mn_kernel_t *kernel);

/// @brief Whether an interrupt handler is running.
/// @param[in] kernel the kernel
/// @return true between ::mn_isr_enter and ::mn_isr_exit
/// @isr_ok
bool mn_in_isr(const mn_kernel_t *kernel);

/// @brief The current kernel: whose tick or interrupt handler is running, otherwise the one that
/// ::mn_kernel_make_current has named.
/// @return the innermost one, if a task of one kernel ticks another; NULL if there is none
/// @isr_ok
mn_kernel_t *mn_kernel_current(void);

/// @brief Make @p kernel the current one also outside its ticks, so that trace points and panics
/// find it. A board does this once after ::mn_kernel_init; it also makes ticks and interrupts
/// cheaper.
/// @param[in] kernel a kernel that is set up, or NULL for none
/// @return the one that was current before
/// @task_only or outside a tick
mn_kernel_t *mn_kernel_make_current(mn_kernel_t *kernel);

#ifdef __cplusplus
}
#endif

#endif
/// @}
