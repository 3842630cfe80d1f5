// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// What the writer of a poll function relies on: it continues exactly where it waited, a corrupted
// resume point stops the system, and a limit on a wait is kept.

#include "test_kernel.h"
#include "test_port.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define NAP(self) mn_sleep(&(self)->timer, &(self)->task, 10)

// ---------------------------------------------------------------------------------------------
// Resuming

// clang-format off
static mn_status_t three_waits_on_a_line(test_task_t *self) {
    MN_BEGIN(&self->task);
    MN_AWAIT(self->status, NAP(self)); test_note("a"); MN_AWAIT(self->status, NAP(self)); test_note("b"); MN_YIELD(); test_note("c");
    MN_END();
}
// clang-format on

static void waits_on_one_line_are_different_places(void **state) {
    test_kernel_t *tk = *state;
    test_task_t task = {0};
    test_task_spawn(tk, &task, "line", three_waits_on_a_line, NULL);
    test_kernel_run(tk);
    assert_string_equal(test_notes(), "");
    test_kernel_advance(tk, 10);
    assert_string_equal(test_notes(), "a");
    test_kernel_advance(tk, 10);
    assert_string_equal(test_notes(), "bc");
    assert_int_equal(mn_task_result(&task.task), MN_OK);
    assert_int_equal(task.task.polls, 4);
}

// Locals are assigned again after each wait; what lives across it is in the task. The branches not
// taken hold waits too, so a wrong jump would be seen.
static mn_status_t nested(test_task_t *self) {
    MN_BEGIN(&self->task);
    for (self->count = 0; self->count < 4; self->count++) {
        if (self->count % 2 == 0) {
            unsigned before = self->count * 10;
            test_note("%u", before);
            MN_AWAIT(self->status, NAP(self));
            before = self->count * 10 + 1;
            test_note("-%u ", before);
        } else {
            while (self->count == 1) {
                do {
                    MN_YIELD();
                    test_note("y ");
                } while (self->count != 1);
                break;
            }
            if (self->count == 100) {
                MN_AWAIT(self->status, NAP(self));
                test_note("never");
            } else if (self->count == 3) {
                MN_AWAIT(self->status, NAP(self));
                test_note("three ");
                continue;
            }
        }
    }
    test_note("end");
    MN_END();
}

static void waits_inside_control_flow_continue_in_place(void **state) {
    test_kernel_t *tk = *state;
    test_task_t task = {0};
    test_task_spawn(tk, &task, "nested", nested, NULL);
    assert_int_equal(test_kernel_run_to_end(tk, &task.task), MN_OK);
    assert_string_equal(test_notes(), "0-1 y 20-21 three end");
    assert_int_equal(tk->now, 30);
}

static mn_status_t answer(test_task_t *self) {
    self->count++;
    return (self->count < 3) ? MN_PENDING : MN_EREJECTED;
}

static mn_status_t await_answer(test_task_t *self) {
    MN_BEGIN(&self->task);
    test_note("once ");
    MN_AWAIT(self->status, answer(self));
    test_note("%s", mn_status_name(self->status));
    MN_END();
}

// The operation is evaluated on every poll, what is before it only once.
static void an_operation_is_called_until_it_answers(void **state) {
    test_kernel_t *tk = *state;
    test_task_t task = {0};
    test_task_spawn(tk, &task, "await", await_answer, NULL);
    for (unsigned poll = 1; poll <= 3; poll++) {
        test_kernel_run(tk);
        assert_int_equal(task.count, poll);
        mn_task_wake(&task.task);
    }
    assert_string_equal(test_notes(), "once MN_EREJECTED");
}

static mn_status_t yield_thrice(test_task_t *self) {
    MN_BEGIN(&self->task);
    for (self->count = 0; self->count < 3; self->count++) {
        test_note("%s", self->task.name);
        MN_YIELD();
    }
    MN_END();
}

static void a_yield_lets_every_other_ready_task_run_once(void **state) {
    test_kernel_t *tk = *state;
    test_task_t tasks[3] = {0};
    test_task_spawn(tk, &tasks[0], "a", yield_thrice, NULL);
    test_task_spawn(tk, &tasks[1], "b", yield_thrice, NULL);
    test_task_spawn(tk, &tasks[2], "c", yield_thrice, NULL);
    test_kernel_run(tk);
    assert_string_equal(test_notes(), "abcabcabc");
}

// A poll function without any wait is fine, and may end in the middle.
static mn_status_t return_early(test_task_t *self) {
    MN_BEGIN(&self->task);
    if (self->context != NULL) {
        return MN_EIO;
    }
    MN_END();
}

static void a_poll_function_may_return_from_the_middle(void **state) {
    test_kernel_t *tk = *state;
    test_task_t task = {0};
    test_task_spawn(tk, &task, "early", return_early, &task);
    assert_int_equal(test_kernel_run_to_end(tk, &task.task), MN_EIO);
    test_task_spawn(tk, &task, "early", return_early, NULL);
    assert_int_equal(test_kernel_run_to_end(tk, &task.task), MN_OK);
}

// ---------------------------------------------------------------------------------------------
// Corruption

static void resume_at(test_kernel_t *tk, test_task_t *task, unsigned point) {
    task->task.resume = (uint16_t)point;
    mn_task_wake(&task->task);
    test_kernel_run(tk);
}

// Valid points are few and low; anything else traps, even without assertions, and names the task.
static void a_stray_resume_point_stops_the_system(void **state) {
    test_kernel_t *tk = *state;
    static const unsigned stray[] = {4, 5, 255, 256, 0x7FFF, 0x8000, 0xFFFF};
    test_task_t task = {0};
    test_task_spawn(tk, &task, "victim", three_waits_on_a_line, NULL);
    test_kernel_run(tk);
    for (size_t i = 0; i < MN_COUNT_OF(stray); i++) {
        EXPECT_PANIC_ALWAYS(resume_at(tk, &task, stray[i]), "resume point");
        assert_string_equal(test_panic()->task, "victim");
    }
    // The points of the function itself are 1 to 3; so no value is let through by accident.
    task.task.resume = 3;
    mn_task_wake(&task.task);
    mn_timer_cancel(&task.timer);
    assert_int_equal(test_kernel_run_to_end(tk, &task.task), MN_OK);
    assert_string_equal(test_notes(), "c");
}

// ---------------------------------------------------------------------------------------------
// Limits

static mn_semaphore_t unit;

static void withdraw(test_task_t *self) {
    self->count++;
    mn_wait_cancel(&self->wait);
}

static mn_status_t acquire_within(test_task_t *self) {
    const uint64_t *limit = self->context;
    MN_BEGIN(&self->task);
    MN_AWAIT_FOR(self->status, &self->timer, *limit,
                 mn_semaphore_acquire(&unit, &self->wait, &self->task), withdraw(self));
    test_note("%s %u", mn_status_name(self->status), (unsigned)mn_now(self->task.kernel));
    MN_AWAIT(self->status, mn_sleep(&self->timer, &self->task, 5));
    MN_END();
}

static void start_limited(test_kernel_t *tk, test_task_t *task, uint64_t *limit) {
    mn_semaphore_init(&unit, 0);
    test_task_spawn(tk, task, "limited", acquire_within, limit);
    test_kernel_run(tk);
    assert_string_equal(test_notes(), "");
}

static void an_answer_within_the_limit_wins(void **state) {
    test_kernel_t *tk = *state;
    test_task_t task = {0};
    uint64_t limit = 100;
    start_limited(tk, &task, &limit);
    test_kernel_advance(tk, 99);
    mn_semaphore_release(&unit);
    test_kernel_run(tk);
    assert_string_equal(test_notes(), "MN_OK 99");
    assert_int_equal(task.count, 0);
    // The limit's timer is idle again: the same object serves the next wait, and only that.
    assert_int_equal(test_kernel_run_to_end(tk, &task.task), MN_OK);
    assert_int_equal(tk->now, 104);
}

static void the_limit_ends_the_wait_and_withdraws_once(void **state) {
    test_kernel_t *tk = *state;
    test_task_t task = {0};
    uint64_t limit = 100;
    start_limited(tk, &task, &limit);
    test_kernel_advance(tk, 99);
    assert_string_equal(test_notes(), "");
    test_kernel_advance(tk, 1);
    assert_string_equal(test_notes(), "MN_ETIMEDOUT 100");
    assert_int_equal(task.count, 1);
    assert_int_equal(test_kernel_run_to_end(tk, &task.task), MN_OK);
    assert_int_equal(tk->now, 105);
}

// Both at once: time decides. The unit that had been granted already is not lost.
static void a_passed_limit_beats_an_answer(void **state) {
    test_kernel_t *tk = *state;
    test_task_t task = {0};
    uint64_t limit = 100;
    start_limited(tk, &task, &limit);
    mn_semaphore_release(&unit);
    tk->now = 100;
    test_kernel_run(tk);
    assert_string_equal(test_notes(), "MN_ETIMEDOUT 100");
    assert_int_equal(task.count, 1);
    assert_int_equal(mn_semaphore_try_acquire(&unit), MN_OK);
    assert_int_equal(mn_semaphore_try_acquire(&unit), MN_EBUSY);
    assert_int_equal(test_kernel_run_to_end(tk, &task.task), MN_OK);
}

// "For ever" is a limit that must not wrap around into the past.
static void a_limit_may_be_for_ever(void **state) {
    test_kernel_t *tk = *state;
    test_task_t task = {0};
    uint64_t limit = MN_NEVER;
    tk->now = 1000;
    start_limited(tk, &task, &limit);
    test_kernel_advance(tk, 1000000);
    assert_string_equal(test_notes(), "");
    mn_semaphore_release(&unit);
    test_kernel_run(tk);
    assert_string_equal(test_notes(), "MN_OK 1001000");
    assert_int_equal(test_kernel_run_to_end(tk, &task.task), MN_OK);
}

static void a_canceled_limited_wait_leaves_nothing_behind(void **state) {
    test_kernel_t *tk = *state;
    test_task_t task = {0};
    uint64_t limit = 100;
    start_limited(tk, &task, &limit);
    test_task_cancel(tk, &task);
    assert_int_equal(test_kernel_run(tk).next_deadline, MN_NEVER);
    mn_semaphore_release(&unit);
    assert_int_equal(mn_semaphore_try_acquire(&unit), MN_OK);
}

#define TEST(function) \
    cmocka_unit_test_setup_teardown(function, test_kernel_setup, test_kernel_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(waits_on_one_line_are_different_places),
        TEST(waits_inside_control_flow_continue_in_place),
        TEST(an_operation_is_called_until_it_answers),
        TEST(a_yield_lets_every_other_ready_task_run_once),
        TEST(a_poll_function_may_return_from_the_middle),
        TEST(a_stray_resume_point_stops_the_system),
        TEST(an_answer_within_the_limit_wins),
        TEST(the_limit_ends_the_wait_and_withdraws_once),
        TEST(a_passed_limit_beats_an_answer),
        TEST(a_limit_may_be_for_ever),
        TEST(a_canceled_limited_wait_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
