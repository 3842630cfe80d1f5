// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The executor: what a tick runs, in which order, what it reports, and when the board may sleep.

#include "test_kernel.h"
#include "test_port.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

// ---------------------------------------------------------------------------------------------
// Steps: what a task does in one poll

static mn_status_t finish(test_task_t *self) {
    test_note("%s", self->task.name);
    return MN_OK;
}

static mn_status_t note_and_wait(test_task_t *self) {
    test_note("%s", self->task.name);
    return MN_PENDING;
}

static mn_status_t wake_self_for_ever(test_task_t *self) {
    self->count++;
    mn_task_wake(&self->task);
    mn_task_wake(&self->task);
    return MN_PENDING;
}

static mn_status_t spawn_another(test_task_t *self) {
    test_note("%s", self->task.name);
    mn_spawn(self->task.kernel, self->context, &test_task_type, "new");
    return MN_OK;
}

static mn_status_t wake_another(test_task_t *self) {
    test_note("%s", self->task.name);
    mn_task_wake(self->context);
    return MN_PENDING;
}

// ---------------------------------------------------------------------------------------------
// Ticks

static void assert_report(mn_tick_report_t got, mn_tick_report_t want) {
    assert_int_equal(got.polled, want.polled);
    assert_int_equal(got.completed, want.completed);
    assert_int_equal(got.spawned, want.spawned);
    assert_int_equal(got.woken_internal, want.woken_internal);
    assert_int_equal(got.woken_external, want.woken_external);
    assert_int_equal(got.timers_fired, want.timers_fired);
    assert_int_equal(got.has_remaining, want.has_remaining);
    assert_true(got.next_deadline == want.next_deadline);
}

static void a_tick_with_nothing_to_do_does_nothing(void **state) {
    test_kernel_t *tk = *state;
    assert_false(mn_kernel_has_work(&tk->kernel));
    assert_report(mn_kernel_tick(&tk->kernel), (mn_tick_report_t){.next_deadline = MN_NEVER});
}

static void tasks_run_in_the_order_of_spawning_and_not_before_the_tick(void **state) {
    test_kernel_t *tk = *state;
    test_task_t tasks[3] = {0};
    test_task_spawn(tk, &tasks[0], "a", finish, NULL);
    test_task_spawn(tk, &tasks[1], "b", note_and_wait, NULL);
    test_task_spawn(tk, &tasks[2], "c", finish, NULL);
    assert_string_equal(test_notes(), "");
    assert_true(mn_kernel_has_work(&tk->kernel));
    assert_report(
        mn_kernel_tick(&tk->kernel),
        (mn_tick_report_t){.polled = 3, .completed = 2, .spawned = 3, .next_deadline = MN_NEVER});
    assert_string_equal(test_notes(), "abc");
    assert_false(mn_kernel_has_work(&tk->kernel));
    assert_report(mn_kernel_tick(&tk->kernel), (mn_tick_report_t){.next_deadline = MN_NEVER});
    test_task_cancel(tk, &tasks[1]);
}

static void check_bound(uint32_t configured, uint32_t bound) {
    test_kernel_t tk;
    test_task_t task = {0};
    test_kernel_init(&tk, &(mn_kernel_config_t){.max_polls = configured}, 0);
    test_task_spawn(&tk, &task, "restless", wake_self_for_ever, NULL);
    assert_report(mn_kernel_tick(&tk.kernel), (mn_tick_report_t){.polled = bound,
                                                                 .spawned = 1,
                                                                 .woken_internal = bound,
                                                                 .has_remaining = true,
                                                                 .next_deadline = MN_NEVER});
    assert_int_equal(task.count, bound);
    assert_true(mn_kernel_has_work(&tk.kernel));
    test_task_cancel(&tk, &task);
    assert_int_equal(task.count, bound);
    test_kernel_end(&tk);
}

// A task that always wakes itself is polled exactly as often as the configuration allows.
static void a_tick_is_bounded(void **state) {
    (void)state;
    check_bound(0, MN_DEFAULT_MAX_POLLS);
    assert_int_equal(MN_DEFAULT_MAX_POLLS, 256);
    check_bound(1, 1);
    check_bound(1000, 1000);
}

// Exactly the bound, one less and one more.
static void a_tick_at_the_bound_says_whether_anything_is_left(void **state) {
    (void)state;
    for (unsigned count = 4; count <= 6; count++) {
        test_kernel_t tk;
        test_task_t tasks[6] = {0};
        test_kernel_init(&tk, &(mn_kernel_config_t){.max_polls = 5}, 0);
        for (unsigned i = 0; i < count; i++) {
            test_task_spawn(&tk, &tasks[i], "t", finish, NULL);
        }
        mn_tick_report_t report = mn_kernel_tick(&tk.kernel);
        assert_int_equal(report.polled, count < 5 ? count : 5);
        assert_int_equal(report.has_remaining, count == 6);
        test_kernel_run(&tk);
        test_kernel_end(&tk);
    }
}

// A task spawned during a tick is polled in that tick, after those that were ready before it.
static void a_task_spawned_in_a_tick_joins_the_end_of_the_queue(void **state) {
    test_kernel_t *tk = *state;
    test_task_t first = {0};
    test_task_t second = {0};
    test_task_t late = {.step = finish};
    test_task_spawn(tk, &first, "a", spawn_another, &late);
    test_task_spawn(tk, &second, "b", finish, NULL);
    assert_report(
        mn_kernel_tick(&tk->kernel),
        (mn_tick_report_t){.polled = 3, .completed = 3, .spawned = 3, .next_deadline = MN_NEVER});
    assert_string_equal(test_notes(), "abnew");
}

// Woken in the order c, a, b: polled in that order.
static void woken_tasks_run_in_the_order_of_the_wakes(void **state) {
    test_kernel_t *tk = *state;
    test_task_t tasks[3] = {0};
    test_task_spawn(tk, &tasks[0], "a", note_and_wait, NULL);
    test_task_spawn(tk, &tasks[1], "b", note_and_wait, NULL);
    test_task_spawn(tk, &tasks[2], "c", note_and_wait, NULL);
    test_kernel_run(tk);
    (void)test_notes();
    static const unsigned order[] = {2, 0, 2, 1, 0, 0};
    for (size_t i = 0; i < MN_COUNT_OF(order); i++) {
        mn_task_wake(&tasks[order[i]].task);
    }
    assert_report(mn_kernel_tick(&tk->kernel),
                  (mn_tick_report_t){.polled = 3, .woken_external = 3, .next_deadline = MN_NEVER});
    assert_string_equal(test_notes(), "cab");
    // Six wakes, of which three were coalesced.
    assert_int_equal(mn_task_wakes(&tasks[0].task) + mn_task_wakes(&tasks[1].task) +
                         mn_task_wakes(&tasks[2].task),
                     3);
}

static mn_status_t wake_self_and_finish(test_task_t *self) {
    mn_task_wake(&self->task);
    return MN_OK;
}

// Waking oneself is internal also in the poll that ends the task; the wake then does nothing.
static void a_task_that_wakes_itself_and_ends_is_not_polled_again(void **state) {
    test_kernel_t *tk = *state;
    test_task_t task = {0};
    test_task_spawn(tk, &task, "t", wake_self_and_finish, NULL);
    assert_report(test_kernel_run(tk), (mn_tick_report_t){.polled = 1,
                                                          .completed = 1,
                                                          .spawned = 1,
                                                          .woken_internal = 1,
                                                          .next_deadline = MN_NEVER});
    assert_int_equal(mn_task_state(&task.task), MN_TASK_ENDED);
    assert_int_equal(task.drops, 1);
}

static void a_wake_between_tasks_is_external(void **state) {
    test_kernel_t *tk = *state;
    test_task_t waiter = {0};
    test_task_t waker = {0};
    test_task_spawn(tk, &waiter, "w", note_and_wait, NULL);
    test_task_spawn(tk, &waker, "x", wake_another, &waiter.task);
    assert_report(mn_kernel_tick(&tk->kernel),
                  (mn_tick_report_t){
                      .polled = 3, .spawned = 2, .woken_external = 1, .next_deadline = MN_NEVER});
    assert_string_equal(test_notes(), "wxw");
}

static void waking_an_ended_task_does_nothing(void **state) {
    test_kernel_t *tk = *state;
    test_task_t task = {0};
    test_task_spawn(tk, &task, "t", finish, NULL);
    test_kernel_run(tk);
    mn_task_wake(&task.task);
    mn_isr_enter(&tk->kernel);
    mn_task_wake(&task.task);
    mn_isr_exit(&tk->kernel);
    assert_false(mn_kernel_has_work(&tk->kernel));
    assert_int_equal(test_kernel_run(tk).polled, 0);
    assert_string_equal(test_notes(), "t");
}

// ---------------------------------------------------------------------------------------------
// The clock and the end of a tick

static mn_status_t nap(test_task_t *self) {
    return mn_sleep(&self->timer, &self->task, 10);
}

// The board may sleep until the deadline, and then a tick has work although no task was ready.
static void the_report_tells_until_when_to_sleep(void **state) {
    test_kernel_t *tk = *state;
    test_task_t task = {0};
    tk->now = 7;
    test_task_spawn(tk, &task, "t", nap, NULL);
    assert_report(mn_kernel_tick(&tk->kernel),
                  (mn_tick_report_t){.polled = 1, .spawned = 1, .next_deadline = 17});
    tk->now = 16;
    assert_report(mn_kernel_tick(&tk->kernel), (mn_tick_report_t){.next_deadline = 17});
    tk->now = 17;
    assert_report(mn_kernel_tick(&tk->kernel), (mn_tick_report_t){.polled = 1,
                                                                  .completed = 1,
                                                                  .woken_external = 1,
                                                                  .timers_fired = 1,
                                                                  .next_deadline = MN_NEVER});
}

// ---------------------------------------------------------------------------------------------
// Several kernels, and misuse

static mn_status_t tick_another(test_task_t *self) {
    test_kernel_t *other = self->context;
    assert_ptr_equal(mn_kernel_current(), self->task.kernel);
    test_note("[");
    mn_kernel_tick(&other->kernel);
    test_note("]");
    assert_ptr_equal(mn_kernel_current(), self->task.kernel);
    mn_task_wake(&self->task);
    return (++self->count < 3) ? MN_PENDING : MN_OK;
}

static mn_status_t nap_and_note(test_task_t *self) {
    assert_ptr_equal(mn_kernel_current(), self->task.kernel);
    test_note("%s", self->task.name);
    mn_task_wake(&self->task);
    return MN_PENDING;
}

// A kernel can be ticked by another one's task, and each keeps to its own queue, clock and bound.
static void kernels_do_not_mix(void **state) {
    test_kernel_t *outer = *state;
    test_kernel_t inner;
    test_task_t ticker = {0};
    test_task_t inside = {0};
    test_kernel_init(&inner, &(mn_kernel_config_t){.max_polls = 2}, 0);
    test_task_spawn(&inner, &inside, "i", nap_and_note, NULL);
    test_task_spawn(outer, &ticker, "ticker", tick_another, &inner);
    assert_null(mn_kernel_current());
    assert_int_equal(test_kernel_run_to_end(outer, &ticker.task), MN_OK);
    assert_null(mn_kernel_current());
    assert_string_equal(test_notes(), "[ii][ii][ii]");
    assert_int_equal(inside.task.polls, 6);
    test_task_cancel(&inner, &inside);
    test_kernel_end(&inner);
}

static mn_status_t tick_own_kernel(test_task_t *self) {
    mn_kernel_tick(self->task.kernel);
    return MN_OK;
}

static void drop_that_ticks(test_task_t *self) {
    mn_kernel_tick(self->task.kernel);
}

static void a_kernel_is_not_ticked_by_its_own_tasks_or_interrupts(void **state) {
    test_kernel_t *tk = *state;
    test_task_t task = {0};
    test_task_spawn(tk, &task, "recursive", tick_own_kernel, NULL);
    EXPECT_PANIC(mn_kernel_tick(&tk->kernel), "current == NULL");
    assert_true(!MN_CFG_ASSERT || strcmp(test_panic()->task, "recursive") == 0);
    task.step = finish;
    task.on_drop = drop_that_ticks;
    EXPECT_PANIC(mn_kernel_tick(&tk->kernel), "current == NULL");
    mn_isr_enter(&tk->kernel);
    EXPECT_PANIC(mn_kernel_tick(&tk->kernel), "isr_depth");
    mn_isr_exit(&tk->kernel);
}

static uint64_t no_time(void *context) {
    (void)context;
    return 0;
}

static void a_bad_configuration_is_refused(void **state) {
    (void)state;
    static uint8_t memory[8192];
    mn_kernel_t kernel;
    mn_kernel_config_t config = {
        .heap = memory, .heap_size = sizeof(memory), .now = no_time, .tick_hz = 1};
    assert_int_equal(mn_kernel_init(&kernel, &config), MN_OK);
    config.tick_hz = 0;
    assert_int_equal(mn_kernel_init(&kernel, &config), MN_EINVAL);
    config.tick_hz = 1;
    config.now = NULL;
    assert_int_equal(mn_kernel_init(&kernel, &config), MN_EINVAL);
    config.now = no_time;
    config.heap_size = 16;
    assert_int_equal(mn_kernel_init(&kernel, &config), MN_ENOMEM);
    config.heap = NULL;
    assert_int_equal(mn_kernel_init(&kernel, &config), MN_ENOMEM);
}

#define TEST(function) \
    cmocka_unit_test_setup_teardown(function, test_kernel_setup, test_kernel_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_tick_with_nothing_to_do_does_nothing),
        TEST(tasks_run_in_the_order_of_spawning_and_not_before_the_tick),
        cmocka_unit_test(a_tick_is_bounded),
        cmocka_unit_test(a_tick_at_the_bound_says_whether_anything_is_left),
        TEST(a_task_spawned_in_a_tick_joins_the_end_of_the_queue),
        TEST(woken_tasks_run_in_the_order_of_the_wakes),
        TEST(a_task_that_wakes_itself_and_ends_is_not_polled_again),
        TEST(a_wake_between_tasks_is_external),
        TEST(waking_an_ended_task_does_nothing),
        TEST(the_report_tells_until_when_to_sleep),
        TEST(kernels_do_not_mix),
        TEST(a_kernel_is_not_ticked_by_its_own_tasks_or_interrupts),
        cmocka_unit_test(a_bad_configuration_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
