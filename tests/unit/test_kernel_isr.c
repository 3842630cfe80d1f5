// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Waking from interrupt handlers, at the places where it could go wrong: while the task is ready,
// woken, being polled, being dropped, ended, or spawned again. The handlers are called by hand
// here; test_wake_preemption.c lets real ones loose.

#include "test_kernel.h"
#include "test_port.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void isr_wake(mn_task_t *task) {
    mn_isr_enter(task->kernel);
    mn_task_wake(task);
    mn_isr_exit(task->kernel);
}

static mn_status_t note(test_task_t *self) {
    test_note("%s", self->task.name);
    return MN_PENDING;
}

// Tasks "a", "b" and "c", which have been polled once and wait.
static void spawn_three(test_kernel_t *tk, test_task_t tasks[3]) {
    static const char *const names[] = {"a", "b", "c"};
    for (unsigned i = 0; i < 3; i++) {
        test_task_spawn(tk, &tasks[i], names[i], note, NULL);
    }
    test_kernel_run(tk);
    (void)test_notes();
}

static void tasks_run_in_the_order_in_which_interrupts_woke_them(void **state) {
    test_kernel_t *tk = *state;
    test_task_t tasks[3] = {0};
    spawn_three(tk, tasks);
    isr_wake(&tasks[2].task);
    isr_wake(&tasks[0].task);
    isr_wake(&tasks[2].task);
    isr_wake(&tasks[1].task);
    isr_wake(&tasks[0].task);
    mn_tick_report_t report = mn_kernel_tick(&tk->kernel);
    assert_string_equal(test_notes(), "cab");
    assert_int_equal(report.polled, 3);
    assert_int_equal(report.woken_external, 3);
    assert_int_equal(report.woken_internal, 0);
    assert_false(report.has_remaining);
    assert_false(mn_kernel_has_work(&tk->kernel));
}

// The idle contract: after a tick that left nothing, an interrupt's wake shows before the sleep.
static void a_wake_before_the_board_sleeps_is_seen(void **state) {
    test_kernel_t *tk = *state;
    test_task_t tasks[3] = {0};
    spawn_three(tk, tasks);
    assert_false(mn_kernel_tick(&tk->kernel).has_remaining);
    uint32_t section = mn_port_irq_save();
    assert_false(mn_kernel_has_work(&tk->kernel));
    mn_port_irq_restore(section);
    isr_wake(&tasks[1].task);
    section = mn_port_irq_save();
    assert_true(mn_kernel_has_work(&tk->kernel));
    mn_port_irq_restore(section);
    assert_int_equal(mn_kernel_tick(&tk->kernel).polled, 1);
}

// Woken by a task and by an interrupt, in either order: one poll.
static void wakes_of_both_kinds_coalesce(void **state) {
    test_kernel_t *tk = *state;
    test_task_t tasks[3] = {0};
    spawn_three(tk, tasks);
    isr_wake(&tasks[0].task);
    mn_task_wake(&tasks[0].task);
    mn_task_wake(&tasks[1].task);
    isr_wake(&tasks[1].task);
    mn_tick_report_t report = mn_kernel_tick(&tk->kernel);
    assert_int_equal(report.polled, 2);
    assert_int_equal(report.woken_external, 2);
    assert_int_equal(mn_task_wakes(&tasks[0].task), 1);
    assert_int_equal(mn_task_wakes(&tasks[1].task), 1);
}

static mn_status_t interrupted_once(test_task_t *self) {
    test_note("%s", self->task.name);
    if (self->count++ == 0) {
        isr_wake(self->context);
    }
    return MN_PENDING;
}

static void a_wake_during_the_own_poll_is_kept(void **state) {
    test_kernel_t *tk = *state;
    test_task_t task = {0};
    test_task_spawn(tk, &task, "t", interrupted_once, &task.task);
    mn_tick_report_t report = mn_kernel_tick(&tk->kernel);
    assert_string_equal(test_notes(), "tt");
    assert_int_equal(report.polled, 2);
    // It did not wake itself: the interrupt only happened to come in its poll.
    assert_int_equal(report.woken_internal, 0);
    assert_int_equal(report.woken_external, 1);
}

// Woken during another's poll: after those that were ready, in the same tick.
static void a_wake_during_another_poll_joins_the_end_of_the_queue(void **state) {
    test_kernel_t *tk = *state;
    test_task_t tasks[3] = {0};
    spawn_three(tk, tasks);
    test_task_t interrupted = {0};
    test_task_spawn(tk, &interrupted, "i", interrupted_once, &tasks[0].task);
    mn_task_wake(&tasks[1].task);
    mn_task_wake(&tasks[2].task);
    mn_kernel_tick(&tk->kernel);
    assert_string_equal(test_notes(), "ibca");
}

// ---------------------------------------------------------------------------------------------
// The end of a task

static mn_status_t interrupted_and_finished(test_task_t *self) {
    isr_wake(&self->task);
    test_note("%s", self->task.name);
    return MN_OK;
}

static void interrupted_in_drop(test_task_t *self) {
    isr_wake(&self->task);
    isr_wake(self->context);
}

// A task that an interrupt wakes in its last poll or while it is being dropped is not polled again,
// and the kernel forgets it; another one that is woken at the same moment is not forgotten.
static void wakes_around_the_end_do_nothing(void **state) {
    test_kernel_t *tk = *state;
    test_task_t tasks[3] = {0};
    test_task_t ending = {.on_drop = interrupted_in_drop};
    spawn_three(tk, tasks);
    test_task_spawn(tk, &ending, "e", interrupted_and_finished, &tasks[0].task);
    mn_tick_report_t report = mn_kernel_tick(&tk->kernel);
    assert_string_equal(test_notes(), "ea");
    assert_int_equal(report.completed, 1);
    assert_int_equal(mn_task_state(&ending.task), MN_TASK_ENDED);
    assert_null(ending.task.inbox_next);
    assert_false(mn_kernel_has_work(&tk->kernel));
}

static void a_canceled_task_is_not_woken(void **state) {
    test_kernel_t *tk = *state;
    test_task_t tasks[3] = {0};
    spawn_three(tk, tasks);
    isr_wake(&tasks[0].task);
    isr_wake(&tasks[1].task);
    mn_cancel(&tasks[0].task);
    isr_wake(&tasks[0].task);
    mn_tick_report_t report = mn_kernel_tick(&tk->kernel);
    assert_string_equal(test_notes(), "b");
    assert_int_equal(report.completed, 1);
    assert_int_equal(mn_task_state(&tasks[0].task), MN_TASK_ENDED);
    isr_wake(&tasks[0].task);
    assert_false(mn_kernel_has_work(&tk->kernel));
    // Its storage may be freed at once: nothing refers to it.
    isr_wake(&tasks[2].task);
    mn_cancel_now(&tasks[2].task);
    assert_null(tasks[2].task.inbox_next);
    assert_false(mn_kernel_has_work(&tk->kernel) && tk->kernel.inbox != NULL);
}

// A driver may keep waking a task that has ended. When the task is spawned again, the wakes of its
// former life must not tear the others out of the inbox.
static void spawning_a_task_again_loses_nobody_elses_wake(void **state) {
    test_kernel_t *tk = *state;
    test_task_t tasks[3] = {0};
    spawn_three(tk, tasks);
    test_task_cancel(tk, &tasks[1]);
    isr_wake(&tasks[0].task);
    isr_wake(&tasks[1].task);
    isr_wake(&tasks[2].task);
    test_task_spawn(tk, &tasks[1], "B", note, NULL);
    isr_wake(&tasks[1].task);
    assert_int_equal(mn_kernel_tick(&tk->kernel).polled, 3);
    assert_string_equal(test_notes(), "Bac");
}

// ---------------------------------------------------------------------------------------------
// The context marker

static void nest(mn_kernel_t *kernel, unsigned depth) {
    for (unsigned i = 0; i < depth; i++) {
        mn_isr_enter(kernel);
    }
}

static void handlers_nest_up_to_255_deep(void **state) {
    test_kernel_t *tk = *state;
    test_task_t tasks[3] = {0};
    spawn_three(tk, tasks);
    assert_false(mn_in_isr(&tk->kernel));
    EXPECT_PANIC(nest(&tk->kernel, 256), "isr_depth");
    EXPECT_PANIC(mn_isr_exit(&tk->kernel), "isr_depth");
    nest(&tk->kernel, 255);
    for (unsigned i = 0; i < 255; i++) {
        assert_true(mn_in_isr(&tk->kernel));
        mn_task_wake(&tasks[2 - i % 3].task);
        mn_isr_exit(&tk->kernel);
    }
    assert_false(mn_in_isr(&tk->kernel));
    mn_kernel_tick(&tk->kernel);
    assert_string_equal(test_notes(), "cba");
}

static void an_interrupt_belongs_to_one_kernel(void **state) {
    test_kernel_t *tk = *state;
    test_kernel_t other;
    test_kernel_init(&other, NULL, 0);
    mn_isr_enter(&other.kernel);
    assert_true(mn_in_isr(&other.kernel));
    assert_false(mn_in_isr(&tk->kernel));
    mn_isr_exit(&other.kernel);
    test_kernel_end(&other);
}

#define TEST(function) \
    cmocka_unit_test_setup_teardown(function, test_kernel_setup, test_kernel_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(tasks_run_in_the_order_in_which_interrupts_woke_them),
        TEST(a_wake_before_the_board_sleeps_is_seen),
        TEST(wakes_of_both_kinds_coalesce),
        TEST(a_wake_during_the_own_poll_is_kept),
        TEST(a_wake_during_another_poll_joins_the_end_of_the_queue),
        TEST(wakes_around_the_end_do_nothing),
        TEST(a_canceled_task_is_not_woken),
        TEST(spawning_a_task_again_loses_nobody_elses_wake),
        TEST(handlers_nest_up_to_255_deep),
        TEST(an_interrupt_belongs_to_one_kernel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
