// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The promises of a timer, one at a time: not early, in order, as far away as one likes, stopped in
// any state. test_timer_model.c puts them all together at random.

#include "test_kernel.h"
#include "test_port.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define SMALL_BUDGET        \
    &(mn_kernel_config_t) { \
        .max_polls = 2      \
    }

static mn_status_t note_if_fired(test_task_t *self) {
    if (mn_timer_fired(&self->timer)) {
        test_note("%s", self->task.name);
        mn_timer_cancel(&self->timer);
    }
    return MN_PENDING;
}

static void cancel_all(test_kernel_t *tk) {
    const mn_task_t *task;
    while ((task = mn_kernel_next_task(&tk->kernel, NULL)) != NULL) {
        mn_cancel_now((mn_task_t *)(uintptr_t)task);
    }
    assert_true(mn_kernel_tick(&tk->kernel).next_deadline == MN_NEVER);
}

static void start(test_task_t *task, uint64_t deadline) {
    mn_timer_start(&task->timer, &task->task, deadline);
}

// ---------------------------------------------------------------------------------------------
// When

// Distances around every place where the wheel changes its mind, from several points in time.
static const uint64_t distances[] = {1,
                                     2,
                                     31,
                                     32,
                                     33,
                                     1023,
                                     1024,
                                     1025,
                                     32767,
                                     32768,
                                     (UINT64_C(1) << 30) - 1,
                                     UINT64_C(1) << 30,
                                     (UINT64_C(1) << 35) - 1,
                                     UINT64_C(1) << 35,
                                     (UINT64_C(1) << 35) + 1,
                                     (UINT64_C(1) << 36) + 17,
                                     (UINT64_C(1) << 39) + 4321};
static const uint64_t starts[] = {0,
                                  1,
                                  31,
                                  1000,
                                  (UINT64_C(1) << 35) - 1,
                                  UINT64_C(1) << 35,
                                  UINT64_MAX / 2 - 1,
                                  UINT64_MAX / 2 + 1,
                                  UINT64_MAX - (UINT64_C(1) << 40)};

static void check_exact(uint64_t now, uint64_t distance) {
    test_kernel_t tk;
    test_task_t task = {0};
    test_kernel_init(&tk, NULL, now);
    test_task_spawn(&tk, &task, "x", note_if_fired, NULL);
    test_kernel_run(&tk);
    start(&task, now + distance);
    mn_tick_report_t report = test_kernel_advance(&tk, distance - 1);
    assert_int_equal(report.timers_fired, 0);
    assert_string_equal(test_notes(), "");
    assert_true(report.next_deadline == now + distance);
    report = test_kernel_advance(&tk, 1);
    assert_int_equal(report.timers_fired, 1);
    assert_string_equal(test_notes(), "x");
    cancel_all(&tk);
    test_kernel_end(&tk);
}

static void a_timer_fires_at_its_tick_and_not_before(void **state) {
    (void)state;
    for (size_t i = 0; i < MN_COUNT_OF(starts); i++) {
        for (size_t k = 0; k < MN_COUNT_OF(distances); k++) {
            check_exact(starts[i], distances[k]);
        }
    }
}

// The clock jumps over the deadline, as it does when a poll takes long: late, but once.
static void a_timer_that_was_jumped_over_fires_once(void **state) {
    (void)state;
    for (size_t k = 0; k < MN_COUNT_OF(distances); k++) {
        test_kernel_t tk;
        test_task_t task = {0};
        test_kernel_init(&tk, NULL, 5);
        test_task_spawn(&tk, &task, "x", note_if_fired, NULL);
        start(&task, 5 + distances[k]);
        test_kernel_run(&tk);
        tk.now = 5 + distances[k] * 2 + 1000;
        test_kernel_run(&tk);
        test_kernel_advance(&tk, 100000);
        assert_string_equal(test_notes(), "x");
        cancel_all(&tk);
        test_kernel_end(&tk);
    }
}

static void a_deadline_in_the_past_fires_at_the_next_tick(void **state) {
    test_kernel_t *tk = *state;
    test_task_t task = {0};
    tk->now = 5000;
    test_task_spawn(tk, &task, "x", note_if_fired, NULL);
    test_kernel_run(tk);
    static const uint64_t past[] = {0, 1, 4999, 5000};
    for (size_t i = 0; i < MN_COUNT_OF(past); i++) {
        start(&task, past[i]);
        assert_false(mn_timer_fired(&task.timer));
        assert_int_equal(mn_kernel_tick(&tk->kernel).timers_fired, 1);
        assert_string_equal(test_notes(), "x");
    }
    cancel_all(tk);
}

// ---------------------------------------------------------------------------------------------
// Order

static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};

// One deadline, each timer started nearer to it than the one before, so that each enters the wheel
// at another level; with few steps in a tick, some are started while others are on their way down.
static void check_equal_deadlines(const mn_kernel_config_t *config, uint64_t deadline) {
    test_kernel_t tk;
    test_task_t tasks[8] = {0};
    test_kernel_init(&tk, config, 3);
    for (unsigned i = 0; i < 8; i++) {
        test_task_spawn(&tk, &tasks[i], names[i], note_if_fired, NULL);
    }
    test_kernel_run(&tk);
    for (unsigned i = 0; i < 8; i++) {
        start(&tasks[i], deadline);
        tk.now += (deadline - tk.now) - (deadline - tk.now) / 20;
        mn_kernel_tick(&tk.kernel);
    }
    tk.now = deadline;
    test_kernel_run(&tk);
    assert_string_equal(test_notes(), "abcdefgh");
    cancel_all(&tk);
    test_kernel_end(&tk);
}

static void equal_deadlines_fire_in_the_order_of_starting(void **state) {
    (void)state;
    static const uint64_t deadlines[] = {10, 100, 1024, 40000, 1u << 20, UINT64_C(1) << 37};
    for (size_t i = 0; i < MN_COUNT_OF(deadlines); i++) {
        check_equal_deadlines(NULL, deadlines[i]);
        check_equal_deadlines(SMALL_BUDGET, deadlines[i]);
    }
}

static void a_started_timer_is_moved_and_goes_to_the_end(void **state) {
    test_kernel_t *tk = *state;
    test_task_t tasks[3] = {0};
    for (unsigned i = 0; i < 3; i++) {
        test_task_spawn(tk, &tasks[i], names[i], note_if_fired, NULL);
        start(&tasks[i], 100);
    }
    start(&tasks[0], 100);
    start(&tasks[1], 200000);
    test_kernel_advance(tk, 100);
    assert_string_equal(test_notes(), "ca");
    start(&tasks[1], 150);
    assert_int_equal(test_kernel_advance(tk, 1000000).timers_fired, 1);
    assert_string_equal(test_notes(), "b");
    cancel_all(tk);
}

// ---------------------------------------------------------------------------------------------
// Bounds

// One tick handles no more than it may, says that it is not done, and loses nothing.
static void a_tick_fires_a_bounded_number_of_timers(void **state) {
    (void)state;
    test_kernel_t tk;
    test_task_t tasks[7] = {0};
    test_kernel_init(&tk, SMALL_BUDGET, 0);
    for (unsigned i = 0; i < 7; i++) {
        test_task_spawn(&tk, &tasks[i], names[i], note_if_fired, NULL);
        start(&tasks[i], 40);
    }
    test_kernel_run(&tk);
    tk.now = 40;
    mn_tick_report_t report;
    unsigned ticks = 0;
    do {
        report = mn_kernel_tick(&tk.kernel);
        assert_in_range(report.timers_fired, 0, 2);
        ticks++;
    } while (report.has_remaining);
    assert_string_equal(test_notes(), "abcdefg");
    assert_in_range(ticks, 4, 8); // each timer moves once and fires once, two in a tick
    cancel_all(&tk);
    test_kernel_end(&tk);
}

static mn_status_t restart_for_ever(test_task_t *self) {
    const uint64_t now = mn_now(self->task.kernel);
    mn_timer_start(&self->timer, &self->task, now + 1 + self->count++ % 40);
    mn_task_wake(&self->task);
    return MN_PENDING;
}

// Tasks that start timers as fast as ticks can handle them do not stop time for the others.
static void busy_timers_do_not_starve_the_rest(void **state) {
    (void)state;
    test_kernel_t tk;
    test_task_t busy[6] = {0};
    test_task_t patient = {0};
    test_kernel_init(&tk, SMALL_BUDGET, 0);
    for (unsigned i = 0; i < 6; i++) {
        test_task_spawn(&tk, &busy[i], "busy", restart_for_ever, NULL);
    }
    test_task_spawn(&tk, &patient, "x", note_if_fired, NULL);
    start(&patient, 1000);
    for (unsigned i = 0; i < 1200; i++) {
        mn_kernel_tick(&tk.kernel);
        tk.now++;
    }
    assert_string_equal(test_notes(), "x");
    cancel_all(&tk);
    test_kernel_end(&tk);
}

#define TEST(function) \
    cmocka_unit_test_setup_teardown(function, test_kernel_setup, test_kernel_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_timer_fires_at_its_tick_and_not_before),
        cmocka_unit_test(a_timer_that_was_jumped_over_fires_once),
        TEST(a_deadline_in_the_past_fires_at_the_next_tick),
        cmocka_unit_test(equal_deadlines_fire_in_the_order_of_starting),
        TEST(a_started_timer_is_moved_and_goes_to_the_end),
        cmocka_unit_test(a_tick_fires_a_bounded_number_of_timers),
        cmocka_unit_test(busy_timers_do_not_starve_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
