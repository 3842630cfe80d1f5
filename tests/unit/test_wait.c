// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Wait cell and wait queue: no wake is lost, none is had twice, whoever comes first is served
// first, and who leaves hands on what it was given.

#include "test_kernel.h"
#include "test_port.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { WAITERS = 5 };

typedef struct fixture {
    test_kernel_t tk;
    test_task_t tasks[WAITERS]; // passive: the test calls the operations in their names
    mn_wait_cell_t cell;
    mn_wait_queue_t queue;
} fixture_t;

static fixture_t f;

static int setup(void **state) {
    (void)state;
    memset(&f, 0, sizeof(f));
    test_kernel_init(&f.tk, NULL, 0);
    for (unsigned i = 0; i < WAITERS; i++) {
        test_task_spawn(&f.tk, &f.tasks[i], "waiter", NULL, NULL);
    }
    mn_wait_queue_init(&f.queue);
    test_kernel_run(&f.tk);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    for (unsigned i = 0; i < WAITERS; i++) {
        mn_wait_cell_cancel(&f.cell, &f.tasks[i].task);
        mn_cancel_now(&f.tasks[i].task);
    }
    test_kernel_end(&f.tk);
    return 0;
}

static bool woken(unsigned i) {
    return test_task_woken(&f.tk, &f.tasks[i]);
}

// ---------------------------------------------------------------------------------------------
// Wait cell

static mn_status_t cell_wait(unsigned i) {
    return mn_wait_cell_wait(&f.cell, &f.tasks[i].task);
}

static void a_cell_wakes_its_waiter_once(void **state) {
    (void)state;
    assert_int_equal(cell_wait(0), MN_PENDING);
    assert_int_equal(cell_wait(0), MN_PENDING);
    assert_false(woken(0));
    mn_wait_cell_wake(&f.cell);
    assert_true(woken(0));
    assert_int_equal(cell_wait(0), MN_OK);
    assert_int_equal(f.tasks[0].task.waits, 0);
    assert_int_equal(cell_wait(0), MN_PENDING);
    assert_false(woken(0));
}

// Before anybody waits, a wake is remembered; a second one adds nothing.
static void a_cell_remembers_one_wake(void **state) {
    (void)state;
    mn_wait_cell_wake(&f.cell);
    mn_wait_cell_wake(&f.cell);
    assert_int_equal(cell_wait(0), MN_OK);
    assert_int_equal(f.tasks[0].task.waits, 0);
    assert_int_equal(cell_wait(0), MN_PENDING);
    assert_false(woken(0));
}

static void the_second_waiter_takes_the_firsts_place(void **state) {
    (void)state;
    assert_int_equal(cell_wait(0), MN_PENDING);
    assert_int_equal(cell_wait(1), MN_PENDING);
    assert_true(woken(0));
    assert_int_equal(f.tasks[0].task.waits, 0);
    mn_wait_cell_wake(&f.cell);
    const uint32_t polls = f.tasks[0].task.polls;
    assert_true(woken(1));
    assert_int_equal(f.tasks[0].task.polls, polls);
    assert_int_equal(cell_wait(1), MN_OK);
}

// Register, then look: the wake between the two must arrive, and it does at every later wake too.
static void a_registered_task_hears_every_wake(void **state) {
    (void)state;
    mn_wait_cell_register(&f.cell, &f.tasks[0].task);
    mn_wait_cell_register(&f.cell, &f.tasks[0].task);
    assert_int_equal(f.tasks[0].task.waits, 1);
    for (int i = 0; i < 3; i++) {
        mn_wait_cell_wake(&f.cell);
        assert_true(woken(0));
    }
    mn_wait_cell_cancel(&f.cell, &f.tasks[0].task);
    mn_wait_cell_wake(&f.cell);
    assert_false(woken(0));
}

// The first task goes after the second has taken its place: the second still hears the wake.
static void withdrawing_a_replaced_waiter_leaves_the_new_one(void **state) {
    (void)state;
    assert_int_equal(cell_wait(0), MN_PENDING);
    assert_int_equal(cell_wait(1), MN_PENDING);
    assert_true(woken(0));
    mn_wait_cell_cancel(&f.cell, &f.tasks[0].task);
    mn_wait_cell_wake(&f.cell);
    assert_true(woken(1));
    assert_int_equal(cell_wait(1), MN_OK);
}

static void a_withdrawn_waiter_leaves_the_wake_to_the_next(void **state) {
    (void)state;
    assert_int_equal(cell_wait(0), MN_PENDING);
    mn_wait_cell_cancel(&f.cell, &f.tasks[0].task);
    mn_wait_cell_cancel(&f.cell, &f.tasks[0].task);
    assert_int_equal(f.tasks[0].task.waits, 0);
    mn_wait_cell_wake(&f.cell);
    assert_false(woken(0));
    assert_int_equal(cell_wait(1), MN_OK);
    // Withdrawn between the wake and the look.
    assert_int_equal(cell_wait(0), MN_PENDING);
    mn_wait_cell_wake(&f.cell);
    mn_wait_cell_cancel(&f.cell, &f.tasks[0].task);
    assert_int_equal(cell_wait(1), MN_OK);
}

static void a_closed_cell_stays_closed(void **state) {
    (void)state;
    assert_int_equal(cell_wait(0), MN_PENDING);
    mn_wait_cell_close(&f.cell);
    assert_true(woken(0));
    assert_int_equal(cell_wait(0), MN_ECLOSED);
    assert_int_equal(f.tasks[0].task.waits, 0);
    assert_int_equal(cell_wait(1), MN_ECLOSED);
    mn_wait_cell_wake(&f.cell);
    assert_int_equal(cell_wait(1), MN_ECLOSED);
}

static void an_interrupt_may_wake_and_close_a_cell(void **state) {
    (void)state;
    assert_int_equal(cell_wait(0), MN_PENDING);
    mn_isr_enter(&f.tk.kernel);
    mn_wait_cell_wake(&f.cell);
    mn_isr_exit(&f.tk.kernel);
    assert_true(woken(0));
    assert_int_equal(cell_wait(0), MN_OK);
    assert_int_equal(cell_wait(0), MN_PENDING);
    mn_isr_enter(&f.tk.kernel);
    mn_wait_cell_close(&f.cell);
    mn_isr_exit(&f.tk.kernel);
    assert_true(woken(0));
    assert_int_equal(cell_wait(0), MN_ECLOSED);
}

// ---------------------------------------------------------------------------------------------
// Wait queue

static mn_status_t queue_wait(unsigned i) {
    return mn_wait_queue_wait(&f.queue, &f.tasks[i].wait, &f.tasks[i].task);
}

static void all_wait(unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(queue_wait(i), MN_PENDING);
    }
}

// Which of the first `count` waiters are through: digit i of the answer is 1.
static void assert_through(unsigned count, const char *expected) {
    for (unsigned i = 0; i < count; i++) {
        const mn_status_t status = queue_wait(i);
        assert_int_equal(status, expected[i] == '1' ? MN_OK : MN_PENDING);
    }
}

static void a_queue_wakes_its_waiters_in_order(void **state) {
    (void)state;
    all_wait(4);
    test_kernel_run(&f.tk);
    for (unsigned i = 0; i < 4; i++) {
        mn_wait_queue_wake_one(&f.queue);
        assert_true(woken(i));
        for (unsigned k = i + 1; k < 4; k++) {
            assert_int_equal(queue_wait(k), MN_PENDING);
        }
        assert_int_equal(queue_wait(i), MN_OK);
        assert_int_equal(f.tasks[i].task.waits, 0);
    }
}

// Polls for other reasons neither lose a waiter's place nor move it to the end.
static void a_spurious_poll_keeps_the_place(void **state) {
    (void)state;
    all_wait(2);
    assert_int_equal(queue_wait(0), MN_PENDING);
    mn_wait_queue_wake_one(&f.queue);
    assert_through(2, "10");
}

static void a_queue_remembers_one_wake(void **state) {
    (void)state;
    mn_wait_queue_wake_one(&f.queue);
    mn_wait_queue_wake_one(&f.queue);
    assert_int_equal(queue_wait(0), MN_OK);
    assert_int_equal(queue_wait(0), MN_PENDING);
}

// What was granted to the first cannot be had by one who comes along before it runs.
static void a_newcomer_does_not_overtake(void **state) {
    (void)state;
    all_wait(1);
    mn_wait_queue_wake_one(&f.queue);
    assert_int_equal(queue_wait(1), MN_PENDING);
    assert_through(2, "10");
}

static void waking_all_wakes_those_who_wait_now(void **state) {
    (void)state;
    all_wait(3);
    mn_wait_queue_wake_all(&f.queue);
    assert_int_equal(test_kernel_run(&f.tk).polled, 3);
    assert_int_equal(queue_wait(3), MN_PENDING);
    assert_through(4, "1110");
    // Without waiters it leaves nothing behind.
    mn_wait_cancel(&f.tasks[3].wait);
    mn_wait_queue_wake_all(&f.queue);
    assert_int_equal(queue_wait(0), MN_PENDING);
}

static void a_closed_queue_turns_everybody_away(void **state) {
    (void)state;
    all_wait(3);
    mn_wait_queue_wake_one(&f.queue);
    mn_wait_queue_close(&f.queue);
    assert_int_equal(test_kernel_run(&f.tk).polled, 3);
    // Who had been woken before it closed was woken.
    assert_int_equal(queue_wait(0), MN_OK);
    assert_int_equal(queue_wait(1), MN_ECLOSED);
    mn_wait_cancel(&f.tasks[2].wait);
    assert_int_equal(queue_wait(3), MN_ECLOSED);
    mn_wait_queue_wake_one(&f.queue);
    assert_int_equal(queue_wait(3), MN_ECLOSED);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(f.tasks[i].task.waits, 0);
    }
}

static void leaving_the_queue_leaves_the_others_in_order(void **state) {
    (void)state;
    for (unsigned victim = 0; victim < 4; victim++) {
        all_wait(4);
        mn_wait_cancel(&f.tasks[victim].wait);
        mn_wait_cancel(&f.tasks[victim].wait);
        for (unsigned i = 0; i < 4; i++) {
            if (i != victim) {
                mn_wait_queue_wake_one(&f.queue);
                assert_int_equal(queue_wait(i), MN_OK);
            }
        }
        mn_wait_queue_wake_one(&f.queue);
        assert_int_equal(queue_wait(victim), MN_OK);
    }
}

// A wake that was given to a waiter who leaves goes to the next, or is remembered if there is none.
static void a_wake_that_was_not_taken_is_handed_on(void **state) {
    (void)state;
    all_wait(3);
    mn_wait_queue_wake_one(&f.queue);
    mn_wait_cancel(&f.tasks[0].wait);
    assert_true(woken(1));
    mn_wait_cancel(&f.tasks[1].wait);
    assert_true(woken(2));
    mn_wait_cancel(&f.tasks[2].wait);
    assert_int_equal(queue_wait(4), MN_OK);
    // Being woken with all the others is nothing that could be handed on.
    all_wait(2);
    mn_wait_queue_wake_all(&f.queue);
    mn_wait_cancel(&f.tasks[0].wait);
    mn_wait_cancel(&f.tasks[1].wait);
    assert_int_equal(queue_wait(2), MN_PENDING);
}

// The same through the end of a task, which is how it happens in real life.
static void a_canceled_task_hands_its_wake_on(void **state) {
    (void)state;
    all_wait(2);
    mn_wait_queue_wake_one(&f.queue);
    test_task_cancel(&f.tk, &f.tasks[0]);
    assert_int_equal(queue_wait(1), MN_OK);
}

static void a_wait_serves_one_queue_at_a_time(void **state) {
    (void)state;
    mn_wait_queue_t other;
    mn_wait_queue_init(&other);
    all_wait(1);
    EXPECT_PANIC(mn_wait_queue_wait(&other, &f.tasks[0].wait, &f.tasks[0].task), "queue");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_cell_wakes_its_waiter_once),
        TEST(a_cell_remembers_one_wake),
        TEST(the_second_waiter_takes_the_firsts_place),
        TEST(a_registered_task_hears_every_wake),
        TEST(withdrawing_a_replaced_waiter_leaves_the_new_one),
        TEST(a_withdrawn_waiter_leaves_the_wake_to_the_next),
        TEST(a_closed_cell_stays_closed),
        TEST(an_interrupt_may_wake_and_close_a_cell),
        TEST(a_queue_wakes_its_waiters_in_order),
        TEST(a_spurious_poll_keeps_the_place),
        TEST(a_queue_remembers_one_wake),
        TEST(a_newcomer_does_not_overtake),
        TEST(waking_all_wakes_those_who_wait_now),
        TEST(a_closed_queue_turns_everybody_away),
        TEST(leaving_the_queue_leaves_the_others_in_order),
        TEST(a_wake_that_was_not_taken_is_handed_on),
        TEST(a_canceled_task_hands_its_wake_on),
        TEST(a_wait_serves_one_queue_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
