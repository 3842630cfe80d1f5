// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The executor: the run queue, waking, and the tick.
//
// The run queue is a singly linked list that belongs to task context. An interrupt must not touch
// it, so it pushes the task onto the inbox, a stack with a link of its own; every poll is preceded
// by a look at the inbox. The links are not NULL exactly while a task is queued. Because both are
// cleared before the poll, a wake during a poll is kept.

#define MN_TRACE_TARGET "kernel"

#include "../base/ambient.h"
#include "private.h"
#include <mnemos/memory.h>
#include <mnemos/port.h>
#include <string.h>

// The last task of the run queue and of the inbox points here, so that its link is not NULL either.
#define END(kernel) ((mn_task_t *)(void *)(kernel))

static const char *running_task_name(const void *kernel) {
    const mn_kernel_t *self = kernel;
    return (self->current == NULL) ? NULL : self->current->name;
}

mn_status_t mn_kernel_init(mn_kernel_t *kernel, const mn_kernel_config_t *config) {
    if (config->now == NULL || config->tick_hz == 0) {
        return MN_EINVAL;
    }
    memset(kernel, 0, sizeof(*kernel));
    kernel->config = *config;
    if (kernel->config.max_polls == 0) {
        kernel->config.max_polls = MN_DEFAULT_MAX_POLLS;
    }
    kernel->run_first = END(kernel);
    kernel->run_end = &kernel->run_first;
    kernel->task_owner.name = "tasks";
    mn_list_init(&kernel->tasks);
    mn_list_init(&kernel->memory_waiters);
    kernel->wheel.elapsed = mn_now(kernel);
    const mn_status_t status = mn_heap_init(&kernel->heap, config->heap, config->heap_size);
    return (status == MN_OK) ? MN_OK : MN_ENOMEM;
}

// ---------------------------------------------------------------------------------------------
// Waking

static void run_queue_push(mn_kernel_t *kernel, mn_task_t *task) {
    task->run_next = END(kernel);
    *kernel->run_end = task;
    kernel->run_end = &task->run_next;
}

static mn_task_t *run_queue_pop(mn_kernel_t *kernel) {
    mn_task_t *first = kernel->run_first;
    if (first == END(kernel)) {
        return NULL;
    }
    kernel->run_first = first->run_next;
    if (kernel->run_first == END(kernel)) {
        kernel->run_end = &kernel->run_first;
    }
    first->run_next = NULL;
    return first;
}

static void run_queue_remove(mn_kernel_t *kernel, mn_task_t *task) {
    mn_task_t **link = &kernel->run_first;
    while (*link != task) {
        link = &(*link)->run_next;
    }
    *link = task->run_next;
    if (kernel->run_end == &task->run_next) {
        kernel->run_end = link;
    }
    task->run_next = NULL;
}

static bool is_live(const mn_task_t *task) {
    return (task->state & MN__TASK_STATE) == MN_TASK_LIVE;
}

// Only a live task enters the inbox: the storage of an ended one may be used again or freed while
// the inbox still refers to it. (Kept out of line, so that waking from a task stays short.)
__attribute__((noinline)) static void wake_from_isr(mn_kernel_t *kernel, mn_task_t *task) {
    uint32_t state = mn_port_irq_save();
    if (task->inbox_next == NULL && is_live(task)) {
        mn_task_t *first = kernel->inbox;
        task->inbox_next = (first == NULL) ? END(kernel) : first;
        kernel->inbox = task;
    }
    mn_port_irq_restore(state);
}

void mn_task_wake(mn_task_t *task) {
    mn_kernel_t *kernel = task->kernel;
    if (kernel->isr_depth != 0) {
        wake_from_isr(kernel, task);
    } else if (task->run_next == NULL && is_live(task)) {
        kernel->wakes++;
        run_queue_push(kernel, task);
    }
}

mn_status_t mn__task_yield(mn_task_t *task) {
    if (task->run_next == NULL) {
        task->kernel->wakes++;
        run_queue_push(task->kernel, task);
    }
    return MN_PENDING;
}

void mn__task_start(mn_kernel_t *kernel, mn_task_t *task) {
    mn_list_push_back(&kernel->tasks, &task->all);
    kernel->spawned++;
    run_queue_push(kernel, task);
}

// Move what interrupts have woken to the run queue, oldest first.
//
// Only detaching the stack needs interrupts held back: as long as a task's inbox_next is not NULL
// an interrupt that wakes it again leaves it alone, because it is going to be polled anyway.
static void drain_inbox(mn_kernel_t *kernel) {
    uint32_t state = mn_port_irq_save();
    mn_task_t *newest = kernel->inbox;
    kernel->inbox = NULL;
    mn_port_irq_restore(state);

    mn_task_t *oldest = END(kernel);
    while (newest != NULL && newest != END(kernel)) {
        mn_task_t *next = newest->inbox_next;
        newest->inbox_next = oldest;
        oldest = newest;
        newest = next;
    }
    while (oldest != END(kernel)) {
        mn_task_t *task = oldest;
        oldest = task->inbox_next;
        task->inbox_next = NULL;
        mn_task_wake(task);
    }
}

// ---------------------------------------------------------------------------------------------
// The end of a task

// The last step, once no queue refers to the task: tell the joiner, give the storage back.
static void finish(mn_kernel_t *kernel, mn_task_t *task) {
    uint8_t flags = task->state;
    task->state = (uint8_t)((flags & ~MN__TASK_STATE) | MN_TASK_ENDED);
    mn_list_remove(&task->all);
    kernel->completed++;
    if (task->joiner != NULL) {
        mn_task_wake(task->joiner->task);
    } else if ((flags & MN__TASK_DETACHED) != 0) {
        mn_task_release(task);
    }
}

static void note_end(const mn_task_t *task, mn_status_t result) {
    if (result == MN_OK || result == MN_ECANCELED) {
        mn_debug("task ended", "task", task->name, "result", mn_status_name(result));
    } else {
        mn_warn("task failed", "task", task->name, "result", mn_status_name(result));
    }
}

// Drop what the task owns and note its result. If it was woken it is still on the run queue, and is
// finished when it comes up there. It cannot stay in the inbox: interrupts do not put it there once
// it is ending, and what they did before is drained here.
static void end(mn_kernel_t *kernel, mn_task_t *task, mn_status_t result) {
    task->state = (uint8_t)((task->state & ~MN__TASK_STATE) | MN_TASK_ENDING);
    task->resume = (uint16_t)result;
    if (task->type->drop != NULL) {
        task->type->drop(task);
    }
    note_end(task, result);
    if (task->waits != 0) {
        mn_panic("a task ended with a wait still linked; its drop function must cancel it",
                 task->name, 0);
    }
    if (task->inbox_next != NULL) {
        drain_inbox(kernel);
    }
}

void mn_cancel(mn_task_t *task) {
    mn_kernel_t *kernel = task->kernel;
    if (mn_task_state(task) != MN_TASK_LIVE) {
        return;
    }
    MN_ASSERT(kernel->current != task);
    end(kernel, task, MN_ECANCELED);
    if (task->run_next == NULL) {
        run_queue_push(kernel, task);
    }
}

void mn_cancel_now(mn_task_t *task) {
    MN_ASSERT((task->state & MN__TASK_DETACHED) == 0);
    if (mn_task_state(task) == MN_TASK_NEW || mn_task_state(task) == MN_TASK_ENDED) {
        return;
    }
    mn_cancel(task);
    MN_ASSERT(task->run_next != NULL); // it is not in the middle of its own drop function
    run_queue_remove(task->kernel, task);
    finish(task->kernel, task);
}

// ---------------------------------------------------------------------------------------------
// The tick

// Count the time from `mark` until now as busy; now becomes the mark.
static uint64_t note_busy(mn_kernel_t *kernel, uint64_t *mark) {
    const uint64_t now = mn_now(kernel);
    const uint64_t ticks = now - *mark;
    kernel->busy += ticks;
    *mark = now;
    return ticks;
}

static void note_duration(mn_kernel_t *kernel, mn_task_t *task, uint64_t ticks) {
    task->run_ticks += (uint32_t)ticks;
    if (ticks > task->longest_poll) {
        task->longest_poll = (ticks > UINT32_MAX) ? UINT32_MAX : (uint32_t)ticks;
    }
    if (ticks > kernel->stall.longest_poll || kernel->stall.task == NULL) {
        kernel->stall.longest_poll = ticks;
        kernel->stall.task = task->name;
    }
    if (kernel->config.stall_ticks != 0 && ticks >= kernel->config.stall_ticks) {
        kernel->stall.stalls++;
        mn_warn("poll took too long", "task", task->name, "ticks", ticks);
        if (kernel->config.on_stall != NULL) {
            kernel->config.on_stall(kernel, task, ticks);
        }
    }
}

static mn_status_t poll_traced(mn_task_t *task) {
    mn_trace_span_t slice = {0};
    MN__TRACE_ENTER(MN_TRACE_SLICE, MN_TRACE_TRACE, &slice, "poll");
    const mn_status_t result = task->type->poll(task);
    mn_trace_exit(&slice);
    return result;
}

// Poll once. `mark` is the time at which the poll begins, or NULL if polls are not timed; it
// becomes the time at which the next one can begin. The duration is noted before the task ends,
// because its storage may go with it.
static void poll_task(mn_kernel_t *kernel, mn_task_t *task, mn_tick_report_t *report,
                      uint64_t *mark) {
    kernel->current = task;
    task->polls++;
    const mn_status_t result =
        MN_TRACE_ENABLED(MN_TRACE_TRACE) ? poll_traced(task) : task->type->poll(task);
    if (task->run_next != NULL) {
        report->woken_internal++;
    }
    if (mark != NULL) {
        note_duration(kernel, task, note_busy(kernel, mark));
    }
    if (result == MN_PENDING) {
        kernel->current = NULL;
        return;
    }
    end(kernel, task, result);
    kernel->current = NULL;
    if (task->run_next == NULL) {
        finish(kernel, task);
    }
    if (mark != NULL) {
        (void)note_busy(kernel, mark);
    }
}

// `mark` is when the tick began.
static void poll_ready(mn_kernel_t *kernel, mn_tick_report_t *report, uint32_t budget,
                       uint64_t mark) {
    const bool timed = kernel->config.time_polls;
    if (timed) {
        (void)note_busy(kernel, &mark);
    }
    for (; budget != 0; budget--) {
        if (kernel->inbox != NULL) {
            drain_inbox(kernel);
        }
        mn_task_t *task = run_queue_pop(kernel);
        if (task == NULL) {
            break;
        }
        if (!is_live(task)) {
            finish(kernel, task);
            continue;
        }
        report->polled++;
        poll_task(kernel, task, report, timed ? &mark : NULL);
    }
}

mn_tick_report_t mn_kernel_tick(mn_kernel_t *kernel) {
    MN_ASSERT(kernel->current == NULL && kernel->isr_depth == 0);
    const mn__ambient_t outer = mn__ambient;
    if (outer.kernel != kernel) {
        mn__ambient_set(kernel, running_task_name, kernel->trace);
    }
    mn_tick_report_t report = {0};

    const uint64_t now = mn_now(kernel);
    mn__wheel_turn(&kernel->wheel, now, kernel->config.max_polls);
    poll_ready(kernel, &report, kernel->config.max_polls, now);

    report.spawned = kernel->spawned;
    report.completed = kernel->completed;
    report.woken_external = kernel->wakes - report.woken_internal;
    report.timers_fired = kernel->wheel.fired;
    kernel->spawned = 0;
    kernel->completed = 0;
    kernel->wakes = 0;
    kernel->wheel.fired = 0;
    report.next_deadline = mn__wheel_next(&kernel->wheel);
    const bool due = report.next_deadline <= now && report.next_deadline != MN_NEVER;
    report.has_remaining = due || mn_kernel_has_work(kernel);
    if (outer.kernel != kernel) {
        mn__ambient_set(outer.kernel, outer.task_name, outer.trace);
    }
    return report;
}

bool mn_kernel_has_work(const mn_kernel_t *kernel) {
    return kernel->run_first != END(kernel) || kernel->inbox != NULL;
}

mn_kernel_t *mn_kernel_current(void) {
    return mn__ambient.kernel;
}

mn_kernel_t *mn_kernel_make_current(mn_kernel_t *kernel) {
    mn_kernel_t *previous = mn__ambient.kernel;
    mn__ambient_set(kernel, running_task_name, (kernel == NULL) ? NULL : kernel->trace);
    return previous;
}

uint64_t mn_kernel_busy(const mn_kernel_t *kernel) {
    return kernel->busy;
}

mn_stall_report_t mn_kernel_stall(const mn_kernel_t *kernel) {
    return kernel->stall;
}

// ---------------------------------------------------------------------------------------------
// Interrupts

// A handler makes its kernel current for as long as it runs. Handlers may be interrupted by others:
// between the look and the copy the other one could have become what is copied.
static void borrow_ambient(mn_kernel_t *kernel) {
    const uint32_t state = mn_port_irq_save();
    if (mn__ambient.kernel != kernel) {
        kernel->interrupted = mn__ambient;
        kernel->has_interrupted = true;
        mn__ambient_set(kernel, running_task_name, kernel->trace);
    }
    mn_port_irq_restore(state);
}

static void give_ambient_back(mn_kernel_t *kernel) {
    const uint32_t state = mn_port_irq_save();
    if (kernel->has_interrupted && kernel->isr_depth == 0) {
        const mn__ambient_t *outer = &kernel->interrupted;
        kernel->has_interrupted = false;
        mn__ambient_set(outer->kernel, outer->task_name, outer->trace);
    }
    mn_port_irq_restore(state);
}

void mn_isr_enter(mn_kernel_t *kernel) {
    kernel->isr_depth++;
    MN_ASSERT(kernel->isr_depth != 0);
    if (mn__ambient.kernel != kernel) {
        borrow_ambient(kernel);
    }
}

void mn_isr_exit(mn_kernel_t *kernel) {
    MN_ASSERT(kernel->isr_depth != 0);
    kernel->isr_depth--;
    if (kernel->has_interrupted) {
        give_ambient_back(kernel);
    }
}

bool mn_in_isr(const mn_kernel_t *kernel) {
    return kernel->isr_depth != 0;
}
