// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "test_kernel.h"
#include "test_port.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAX_POLLS 1000000U

static char notes[2][4096];
static unsigned notes_turn;
static size_t notes_len;

// ---------------------------------------------------------------------------------------------
// Setting up

static uint64_t read_clock(void *context) {
    test_kernel_t *tk = context;
    const uint64_t now = tk->now;
    tk->now += tk->clock_step;
    return now;
}

void test_kernel_init(test_kernel_t *tk, const mn_kernel_config_t *config, uint64_t now) {
    memset(tk, 0, sizeof(*tk));
    mn_kernel_config_t used = (config != NULL) ? *config : (mn_kernel_config_t){0};
    if (used.heap_size == 0) {
        used.heap_size = TEST_KERNEL_HEAP;
    }
    if (used.tick_hz == 0) {
        used.tick_hz = TEST_KERNEL_HZ;
    }
    tk->heap = malloc(used.heap_size);
    assert_non_null(tk->heap);
    tk->now = now;
    used.heap = tk->heap;
    used.now = read_clock;
    used.clock_context = tk;
    assert_int_equal(mn_kernel_init(&tk->kernel, &used), MN_OK);
    (void)test_notes();
}

void test_kernel_end(test_kernel_t *tk) {
    assert_int_equal(mn_heap_check(&tk->kernel.heap), MN_OK);
    free(tk->heap);
    tk->heap = NULL;
}

int test_kernel_setup(void **state) {
    test_kernel_t *tk = malloc(sizeof(*tk));
    assert_non_null(tk);
    test_kernel_init(tk, NULL, 0);
    *state = tk;
    return 0;
}

int test_kernel_teardown(void **state) {
    test_kernel_end(*state);
    free(*state);
    return 0;
}

size_t test_kernel_heap_in_use(const test_kernel_t *tk) {
    mn_heap_stats_t stats;
    mn_heap_stats(&tk->kernel.heap, &stats);
    return stats.in_use;
}

// ---------------------------------------------------------------------------------------------
// Running

static void add(mn_tick_report_t *sum, const mn_tick_report_t *report) {
    sum->polled += report->polled;
    sum->completed += report->completed;
    sum->spawned += report->spawned;
    sum->woken_internal += report->woken_internal;
    sum->woken_external += report->woken_external;
    sum->timers_fired += report->timers_fired;
    sum->has_remaining = report->has_remaining;
    sum->next_deadline = report->next_deadline;
}

mn_tick_report_t test_kernel_run(test_kernel_t *tk) {
    mn_tick_report_t sum = {0};
    do {
        mn_tick_report_t report = mn_kernel_tick(&tk->kernel);
        assert_false(test_irq_masked());
        add(&sum, &report);
        if (sum.polled > MAX_POLLS) {
            fail_msg("the kernel does not come to rest");
        }
    } while (sum.has_remaining);
    return sum;
}

mn_tick_report_t test_kernel_advance(test_kernel_t *tk, uint64_t ticks) {
    const uint64_t end = tk->now + ticks;
    mn_tick_report_t sum = test_kernel_run(tk);
    while (tk->now < end) {
        tk->now = (sum.next_deadline < end) ? sum.next_deadline : end;
        mn_tick_report_t report = test_kernel_run(tk);
        add(&sum, &report);
    }
    return sum;
}

mn_status_t test_kernel_run_to_end(test_kernel_t *tk, const mn_task_t *task) {
    mn_tick_report_t report = test_kernel_run(tk);
    while (mn_task_state(task) != MN_TASK_ENDED) {
        if (report.next_deadline == MN_NEVER) {
            fail_msg("task %s waits for ever", task->name);
        }
        tk->now = report.next_deadline;
        report = test_kernel_run(tk);
    }
    return mn_task_result(task);
}

// ---------------------------------------------------------------------------------------------
// Tasks

static mn_status_t poll_step(mn_task_t *task) {
    test_task_t *self = MN_CONTAINER_OF(task, test_task_t, task);
    return (self->step != NULL) ? self->step(self) : MN_PENDING;
}

static void drop(mn_task_t *task) {
    test_task_t *self = MN_CONTAINER_OF(task, test_task_t, task);
    self->drops++;
    if (self->on_drop != NULL) {
        self->on_drop(self);
    }
    mn_wait_cancel(&self->wait);
    mn_timer_cancel(&self->timer);
    mn_alloc_cancel(&self->memory);
}

const mn_task_type_t test_task_type = {"test", poll_step, drop};

void test_task_spawn(test_kernel_t *tk, test_task_t *task, const char *name,
                     mn_status_t (*step)(test_task_t *self), void *context) {
    *task = (test_task_t){.step = step, .context = context, .on_drop = task->on_drop};
    mn_spawn(&tk->kernel, &task->task, &test_task_type, name);
}

bool test_task_woken(test_kernel_t *tk, const test_task_t *task) {
    const uint32_t before = task->task.polls;
    test_kernel_run(tk);
    return task->task.polls != before;
}

void test_task_cancel(test_kernel_t *tk, test_task_t *task) {
    mn_cancel(&task->task);
    assert_int_equal(task->drops, 1);
    test_kernel_run(tk);
    assert_int_equal(task->drops, 1);
    assert_int_equal(mn_task_state(&task->task), MN_TASK_ENDED);
    assert_int_equal(mn_task_result(&task->task), MN_ECANCELED);
}

// ---------------------------------------------------------------------------------------------
// Notes

void test_note(const char *format, ...) {
    char *text = notes[notes_turn];
    const size_t room = sizeof(notes[0]) - notes_len;
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(text + notes_len, room, format, arguments);
    va_end(arguments);
    assert_in_range(length, 0, room - 1);
    notes_len += (size_t)length;
}

const char *test_notes(void) {
    const char *text = notes[notes_turn];
    notes_turn ^= 1;
    notes[notes_turn][0] = '\0';
    notes_len = 0;
    return text;
}
