// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Where the time goes: the stall detector names the longest poll, and each task and the kernel know
// how long they ran.

#include "test_kernel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static mn_status_t take_ticks(test_task_t *self) {
    test_kernel_t *tk = self->context;
    tk->now += self->count;
    return MN_PENDING;
}

static void poll_for(test_kernel_t *tk, test_task_t *task, unsigned ticks) {
    task->count = ticks;
    mn_task_wake(&task->task);
    test_kernel_run(tk);
}

static void note_stall(mn_kernel_t *kernel, const mn_task_t *task, uint64_t ticks) {
    assert_ptr_equal(task->kernel, kernel);
    assert_int_equal(mn_task_state(task), MN_TASK_LIVE);
    test_note("%s stalled for %u;", task->name, (unsigned)ticks);
}

// The longest poll is found and named, and only polls that reach the limit are reported. What
// happens between polls, here on the clock's own account, is nobody's.
static void a_stall_is_measured_and_named(void **state) {
    (void)state;
    test_kernel_t tk;
    test_task_t tasks[2] = {0};
    test_kernel_init(
        &tk, &(mn_kernel_config_t){.time_polls = true, .stall_ticks = 50, .on_stall = note_stall},
        1000);
    assert_null(mn_kernel_stall(&tk.kernel).task);
    test_task_spawn(&tk, &tasks[0], "quick", take_ticks, &tk);
    test_task_spawn(&tk, &tasks[1], "slow", take_ticks, &tk);
    test_kernel_run(&tk);
    tk.now += 100000;
    poll_for(&tk, &tasks[0], 30);
    assert_string_equal(mn_kernel_stall(&tk.kernel).task, "quick");
    poll_for(&tk, &tasks[1], 49);
    assert_string_equal(test_notes(), "");
    poll_for(&tk, &tasks[1], 50);
    poll_for(&tk, &tasks[1], 70);
    assert_string_equal(test_notes(), "slow stalled for 50;slow stalled for 70;");
    poll_for(&tk, &tasks[1], 1);
    assert_int_equal(tasks[0].task.longest_poll, 30);
    assert_int_equal(tasks[1].task.longest_poll, 70);
    assert_string_equal(mn_kernel_stall(&tk.kernel).task, "slow");
    assert_int_equal(mn_kernel_stall(&tk.kernel).longest_poll, 70);
    assert_int_equal(mn_kernel_stall(&tk.kernel).stalls, 2);
    test_kernel_end(&tk);
}

// All time that passes in a tick is busy, the time between ticks is not; each task has its own
// part.
static void time_is_counted_where_it_goes(void **state) {
    (void)state;
    for (unsigned timed = 0; timed < 2; timed++) {
        test_kernel_t tk;
        test_task_t tasks[2] = {0};
        test_kernel_init(&tk, &(mn_kernel_config_t){.time_polls = timed != 0}, 7);
        test_task_spawn(&tk, &tasks[0], "a", take_ticks, &tk);
        test_task_spawn(&tk, &tasks[1], "b", take_ticks, &tk);
        test_kernel_run(&tk);
        for (unsigned i = 0; i < 3; i++) {
            tk.now += 1000;
            poll_for(&tk, &tasks[0], 20);
            poll_for(&tk, &tasks[1], 3);
        }
        assert_int_equal(tasks[0].task.run_ticks, timed * 60);
        assert_int_equal(tasks[1].task.run_ticks, timed * 9);
        assert_int_equal(mn_kernel_busy(&tk.kernel), timed * 69);
        tk.clock_step = 1; // a look at the clock takes a tick, also where no task is polled
        mn_kernel_tick(&tk.kernel);
        assert_int_equal(mn_kernel_busy(&tk.kernel), timed * 70);
        test_kernel_end(&tk);
    }
}

static mn_status_t detach_and_finish(test_task_t *self) {
    test_kernel_t *tk = self->context;
    mn_task_detach(&self->task);
    tk->now += 5;
    return MN_OK;
}

// A task whose storage goes with it, decided in its last poll: what was measured about it must not
// be looked for afterwards.
static void a_timed_task_may_vanish_in_its_poll(void **state) {
    (void)state;
    test_kernel_t tk;
    test_kernel_init(
        &tk, &(mn_kernel_config_t){.time_polls = true, .stall_ticks = 5, .on_stall = note_stall},
        0);
    mn_task_t *task = NULL;
    assert_int_equal(mn_spawn_new(&tk.kernel, sizeof(test_task_t), &test_task_type, "brief", &task),
                     MN_OK);
    test_task_t *self = MN_CONTAINER_OF(task, test_task_t, task);
    self->step = detach_and_finish;
    self->context = &tk;
    test_kernel_run(&tk);
    assert_int_equal(test_kernel_heap_in_use(&tk), 0);
    assert_string_equal(test_notes(), "brief stalled for 5;");
    assert_string_equal(mn_kernel_stall(&tk.kernel).task, "brief");
    test_kernel_end(&tk);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stall_is_measured_and_named),
        cmocka_unit_test(time_is_counted_where_it_goes),
        cmocka_unit_test(a_timed_task_may_vanish_in_its_poll),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
