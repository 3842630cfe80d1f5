// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Sleeping, the conversion of times to ticks, and stopping a timer in each state that it can be in.

#include "test_kernel.h"
#include "test_port.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

// ---------------------------------------------------------------------------------------------
// Sleeping

static mn_status_t sleep_for_context(test_task_t *self) {
    const uint64_t *ticks = self->context;
    return mn_sleep(&self->timer, &self->task, *ticks);
}

static mn_status_t sleep_until_context(test_task_t *self) {
    const uint64_t *deadline = self->context;
    return mn_sleep_until(&self->timer, &self->task, *deadline);
}

static uint64_t time_to_end(test_kernel_t *tk, mn_status_t (*step)(test_task_t *self),
                            uint64_t argument) {
    test_task_t task = {0};
    const uint64_t begin = tk->now;
    test_task_spawn(tk, &task, "sleeper", step, &argument);
    assert_int_equal(test_kernel_run_to_end(tk, &task.task), MN_OK);
    return tk->now - begin;
}

static void a_sleep_takes_its_time(void **state) {
    test_kernel_t *tk = *state;
    tk->now = 12345;
    static const uint64_t lengths[] = {0, 1, 31, 32, 33, 250000, UINT64_C(1) << 36};
    for (size_t i = 0; i < MN_COUNT_OF(lengths); i++) {
        assert_true(time_to_end(tk, sleep_for_context, lengths[i]) == lengths[i]);
    }
    const uint64_t now = tk->now;
    assert_true(time_to_end(tk, sleep_until_context, now - 1) == 0);
    assert_true(time_to_end(tk, sleep_until_context, now) == 0);
    assert_true(time_to_end(tk, sleep_until_context, now + 1) == 1);
    assert_true(time_to_end(tk, sleep_until_context, now + 77777) == 77776);
}

// Woken for other reasons on the way, a sleeper goes on sleeping until the first call's deadline.
static void a_spurious_poll_does_not_end_or_stretch_a_sleep(void **state) {
    test_kernel_t *tk = *state;
    uint64_t length = 1000;
    test_task_t task = {0};
    test_task_spawn(tk, &task, "sleeper", sleep_for_context, &length);
    for (unsigned i = 0; i < 10; i++) {
        mn_task_wake(&task.task);
        test_kernel_advance(tk, 99);
    }
    assert_int_equal(mn_task_state(&task.task), MN_TASK_LIVE);
    test_kernel_advance(tk, 10);
    assert_int_equal(mn_task_state(&task.task), MN_TASK_ENDED);
    assert_int_equal(tk->now, 1000);
}

static void check_hours(uint32_t hz, uint64_t start, uint32_t hours) {
    test_kernel_t tk;
    test_kernel_init(&tk, &(mn_kernel_config_t){.tick_hz = hz}, start);
    const uint64_t ticks = mn_seconds(&tk.kernel, hours * 3600);
    assert_true(ticks == (uint64_t)hz * 3600 * hours);
    assert_true(time_to_end(&tk, sleep_for_context, ticks) == ticks);
    test_kernel_end(&tk);
}

// A 32-bit count of ticks would wrap after 72 minutes at 1 MHz and after 24 at 3 MHz; the wheel's
// own range ends after about ten and three hours.
static void a_sleep_may_last_for_hours(void **state) {
    (void)state;
    static const uint64_t starts[] = {0, UINT32_MAX - 5U, UINT64_MAX / 2 - 1000};
    static const uint32_t hours[] = {1, 2, 9, 10, 24, 24 * 365};
    for (size_t i = 0; i < MN_COUNT_OF(starts); i++) {
        for (size_t k = 0; k < MN_COUNT_OF(hours); k++) {
            check_hours(1000000, starts[i], hours[k]);
            check_hours(3000000, starts[i], hours[k]);
        }
    }
}

static void a_sleep_for_ever_does_not_wrap(void **state) {
    test_kernel_t *tk = *state;
    static const uint64_t lengths[] = {MN_NEVER, MN_NEVER - 1, MN_NEVER - 5000, UINT64_MAX / 2 + 1};
    tk->now = UINT64_MAX / 2;
    for (size_t i = 0; i < MN_COUNT_OF(lengths); i++) {
        test_task_t task = {0};
        uint64_t length = lengths[i];
        test_task_spawn(tk, &task, "sleeper", sleep_for_context, &length);
        test_kernel_advance(tk, UINT64_C(1) << 38);
        assert_int_equal(mn_task_state(&task.task), MN_TASK_LIVE);
        mn_cancel_now(&task.task);
    }
}

// At the very end of the clock nothing overflows either.
static void the_last_ticks_of_the_clock_work(void **state) {
    (void)state;
    test_kernel_t tk;
    test_kernel_init(&tk, NULL, UINT64_MAX - 100000);
    assert_int_equal(time_to_end(&tk, sleep_for_context, 99000), 99000);
    test_task_t task = {0};
    uint64_t length = 5000;
    test_task_spawn(&tk, &task, "sleeper", sleep_for_context, &length);
    test_kernel_run(&tk);
    tk.now = UINT64_MAX;
    test_kernel_run(&tk);
    assert_int_equal(mn_task_state(&task.task), MN_TASK_LIVE);
    mn_cancel_now(&task.task);
    test_kernel_end(&tk);
}

// ---------------------------------------------------------------------------------------------
// Stopping

static void check_nothing_pending(test_kernel_t *tk) {
    mn_tick_report_t report = test_kernel_run(tk);
    assert_int_equal(report.timers_fired, 0);
    assert_true(report.next_deadline == MN_NEVER);
}

static void a_timer_is_stopped_in_every_state(void **state) {
    test_kernel_t *tk = *state;
    test_task_t task = {0};
    test_task_spawn(tk, &task, "t", NULL, NULL);
    check_nothing_pending(tk);
    mn_timer_cancel(&task.timer); // never started
    mn_timer_cancel(&task.timer);
    for (unsigned bits = 0; bits < 64; bits++) { // on each level, and beyond the highest
        mn_timer_start(&task.timer, &task.task, tk->now + (UINT64_C(1) << bits));
        mn_timer_cancel(&task.timer);
        mn_timer_cancel(&task.timer);
        assert_false(mn_timer_fired(&task.timer));
        check_nothing_pending(tk);
    }
    mn_timer_start(&task.timer, &task.task, 1); // fired
    test_kernel_advance(tk, 5);
    assert_true(mn_timer_fired(&task.timer));
    mn_timer_cancel(&task.timer);
    assert_false(mn_timer_fired(&task.timer));
    assert_int_equal(task.task.waits, 0);
    mn_cancel_now(&task.task);
}

// With one step in a tick the ring of timers that are due stands half taken apart: the first, a
// middle, the last, and the only one left are stopped, and the others still come, once each.
static void check_stopped_while_due(unsigned ticks, unsigned victim) {
    test_kernel_t tk;
    test_task_t tasks[5] = {0};
    test_kernel_init(&tk, &(mn_kernel_config_t){.max_polls = 1}, 0);
    for (unsigned i = 0; i < 5; i++) {
        test_task_spawn(&tk, &tasks[i], "t", NULL, NULL);
    }
    test_kernel_run(&tk);
    for (unsigned i = 0; i < 5; i++) {
        mn_timer_start(&tasks[i].timer, &tasks[i].task, 64 + (uint64_t)i / 2);
    }
    tk.now = 66;
    for (unsigned i = 0; i < ticks; i++) {
        mn_kernel_tick(&tk.kernel);
    }
    mn_timer_cancel(&tasks[victim].timer);
    test_kernel_run(&tk);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(mn_timer_fired(&tasks[i].timer), i != victim);
        assert_int_equal(tasks[i].task.waits, 0);
    }
    check_nothing_pending(&tk);
    test_kernel_end(&tk);
}

static void a_timer_is_stopped_while_it_is_due(void **state) {
    (void)state;
    for (unsigned ticks = 0; ticks < 14; ticks++) {
        for (unsigned victim = 0; victim < 5; victim++) {
            check_stopped_while_due(ticks, victim);
        }
    }
}

// The deadline came, but the task ended before it ran.
static void a_fired_timer_of_an_ended_task_is_forgotten(void **state) {
    test_kernel_t *tk = *state;
    test_task_t tasks[2] = {0};
    uint64_t length = 10;
    test_task_spawn(tk, &tasks[0], "a", sleep_for_context, &length);
    test_task_spawn(tk, &tasks[1], "b", sleep_for_context, &length);
    test_kernel_run(tk);
    mn_cancel(&tasks[0].task);
    tk->now = 10;
    mn_cancel_now(&tasks[1].task);
    check_nothing_pending(tk);
}

// ---------------------------------------------------------------------------------------------
// Conversion

static void times_are_rounded_down_to_ticks(void **state) {
    (void)state;
    static const struct {
        uint32_t hz, amount;
        uint64_t us, ms, s;
    } cases[] = {
        {1, 999, 0, 0, 999},
        {1, 1000, 0, 1, 1000},
        {32768, 1, 0, 32, 32768},
        {32768, 1000, 32, 32768, 32768000},
        {1000000, 7, 7, 7000, 7000000},
        {3000000, 333333, 999999, 999999000, 999999000000},
        {UINT32_MAX, UINT32_MAX, UINT64_C(18446744065119), UINT64_C(18446744065119617),
         UINT64_C(18446744065119617025)},
    };
    for (size_t i = 0; i < MN_COUNT_OF(cases); i++) {
        test_kernel_t tk;
        test_kernel_init(&tk, &(mn_kernel_config_t){.tick_hz = cases[i].hz}, 0);
        assert_true(mn_us(&tk.kernel, cases[i].amount) == cases[i].us);
        assert_true(mn_ms(&tk.kernel, cases[i].amount) == cases[i].ms);
        assert_true(mn_seconds(&tk.kernel, cases[i].amount) == cases[i].s);
        test_kernel_end(&tk);
    }
}

#define TEST(function) \
    cmocka_unit_test_setup_teardown(function, test_kernel_setup, test_kernel_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_sleep_takes_its_time),
        TEST(a_spurious_poll_does_not_end_or_stretch_a_sleep),
        cmocka_unit_test(a_sleep_may_last_for_hours),
        TEST(a_sleep_for_ever_does_not_wrap),
        cmocka_unit_test(the_last_ticks_of_the_clock_work),
        TEST(a_timer_is_stopped_in_every_state),
        cmocka_unit_test(a_timer_is_stopped_while_it_is_due),
        TEST(a_fired_timer_of_an_ended_task_is_forgotten),
        cmocka_unit_test(times_are_rounded_down_to_ticks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
