// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The one-shot: one answer for one arming, whichever half goes first, and interrupts that answer
// while tasks give up.

#include "test_kernel.h"
#include "test_port.h"
#include "test_step.h"

#include <mnemos/oneshot.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static uint32_t value;
static mn_oneshot_t oneshot;
static test_task_t receiver; // a task that only waits

static void cancel_oneshot(test_task_t *self) {
    (void)self;
    mn_oneshot_cancel(&oneshot);
}

static int setup(void **state) {
    test_kernel_setup(state);
    value = 0;
    mn_oneshot_init(&oneshot, &value, sizeof(value));
    receiver = (test_task_t){.on_drop = cancel_oneshot};
    test_task_spawn(*state, &receiver, "receiver", NULL, NULL);
    test_kernel_run(*state);
    return 0;
}

static int teardown(void **state) {
    if (mn_task_state(&receiver.task) == MN_TASK_LIVE) {
        test_task_cancel(*state, &receiver);
    }
    return test_kernel_teardown(state);
}

static mn_status_t receive(void) {
    return mn_oneshot_receive(&oneshot, &receiver.task);
}

static mn_status_t send(mn_oneshot_sender_t *sender, uint32_t answer) {
    return mn_oneshot_send(sender, &answer);
}

// --- one after the other ---

static void without_a_sender_there_is_no_answer(void **state) {
    assert_int_equal(receive(), MN_EDROPPED);
    assert_int_equal(receive(), MN_EDROPPED);
    assert_false(test_task_woken(*state, &receiver));
}

static void there_is_one_sender_at_a_time(void **state) {
    (void)state;
    mn_oneshot_sender_t sender = {0};
    mn_oneshot_sender_t second = {0};
    assert_int_equal(mn_oneshot_arm(&oneshot, &sender), MN_OK);
    assert_int_equal(mn_oneshot_arm(&oneshot, &second), MN_EBUSY);
    assert_int_equal(send(&second, 1), MN_ECLOSED);
    mn_oneshot_drop(&second);
    assert_int_equal(send(&sender, 7), MN_OK);
    assert_int_equal(receive(), MN_OK);
    assert_int_equal(value, 7);
    assert_int_equal(receive(), MN_EDROPPED);
}

static void a_sender_answers_once(void **state) {
    (void)state;
    mn_oneshot_sender_t sender = {0};
    assert_int_equal(send(&sender, 1), MN_ECLOSED);
    assert_int_equal(mn_oneshot_arm(&oneshot, &sender), MN_OK);
    assert_int_equal(send(&sender, 2), MN_OK);
    assert_int_equal(send(&sender, 3), MN_ECLOSED);
    mn_oneshot_drop(&sender); // used up: nothing happens
    assert_int_equal(receive(), MN_OK);
    assert_int_equal(value, 2);
}

static void a_used_sender_can_be_armed_again(void **state) {
    (void)state;
    mn_oneshot_sender_t sender = {0};
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(mn_oneshot_arm(&oneshot, &sender), MN_OK);
        assert_int_equal(send(&sender, i), MN_OK);
        assert_int_equal(receive(), MN_OK);
        assert_int_equal(value, i);
    }
    mn_oneshot_t other;
    mn_oneshot_init(&other, &value, sizeof(value));
    assert_int_equal(mn_oneshot_arm(&other, &sender), MN_OK);
    EXPECT_PANIC(mn_oneshot_arm(&oneshot, &sender), "receiver");
    mn_oneshot_drop(&sender);
}

static void a_dropped_sender_leaves_no_answer(void **state) {
    (void)state;
    mn_oneshot_sender_t sender = {0};
    assert_int_equal(mn_oneshot_arm(&oneshot, &sender), MN_OK);
    mn_oneshot_drop(&sender);
    mn_oneshot_drop(&sender);
    assert_int_equal(receive(), MN_EDROPPED);
    assert_int_equal(mn_oneshot_arm(&oneshot, &sender), MN_OK);
    assert_int_equal(send(&sender, 1), MN_OK);
    assert_int_equal(receive(), MN_OK);
}

static void an_unread_answer_is_discarded_by_arming(void **state) {
    (void)state;
    mn_oneshot_sender_t first = {0};
    mn_oneshot_sender_t second = {0};
    assert_int_equal(mn_oneshot_arm(&oneshot, &first), MN_OK);
    assert_int_equal(send(&first, 1), MN_OK);
    assert_int_equal(mn_oneshot_arm(&oneshot, &second), MN_OK);
    assert_int_equal(receive(), MN_PENDING);
    assert_int_equal(send(&second, 2), MN_OK);
    assert_int_equal(receive(), MN_OK);
    assert_int_equal(value, 2);
}

static void an_answer_waits_until_it_is_read(void **state) {
    test_kernel_t *tk = *state;
    mn_oneshot_sender_t sender = {0};
    assert_int_equal(mn_oneshot_arm(&oneshot, &sender), MN_OK);
    assert_int_equal(send(&sender, 5), MN_OK);
    assert_false(test_task_woken(tk, &receiver));
    assert_int_equal(receive(), MN_OK);
    assert_int_equal(value, 5);
}

// Of any size, also none: then the answer is that there was one.
static void an_answer_may_be_empty(void **state) {
    (void)state;
    mn_oneshot_t empty;
    mn_oneshot_sender_t sender = {0};
    mn_oneshot_init(&empty, NULL, 0);
    assert_int_equal(mn_oneshot_arm(&empty, &sender), MN_OK);
    assert_int_equal(mn_oneshot_receive(&empty, &receiver.task), MN_PENDING);
    assert_int_equal(mn_oneshot_send(&sender, NULL), MN_OK);
    assert_int_equal(mn_oneshot_receive(&empty, &receiver.task), MN_OK);
    assert_int_equal(mn_oneshot_receive(&empty, &receiver.task), MN_EDROPPED);
}

// --- waiting ---

static void the_receiver_waits_for_the_answer(void **state) {
    test_kernel_t *tk = *state;
    mn_oneshot_sender_t sender = {0};
    assert_int_equal(mn_oneshot_arm(&oneshot, &sender), MN_OK);
    assert_int_equal(receive(), MN_PENDING);
    assert_int_equal(receive(), MN_PENDING);
    assert_false(test_task_woken(tk, &receiver));
    assert_int_equal(send(&sender, 9), MN_OK);
    assert_true(test_task_woken(tk, &receiver));
    assert_int_equal(receive(), MN_OK);
    assert_int_equal(value, 9);
}

static void a_waiting_receiver_learns_that_the_sender_was_dropped(void **state) {
    test_kernel_t *tk = *state;
    mn_oneshot_sender_t sender = {0};
    assert_int_equal(mn_oneshot_arm(&oneshot, &sender), MN_OK);
    assert_int_equal(receive(), MN_PENDING);
    mn_oneshot_drop(&sender);
    assert_true(test_task_woken(tk, &receiver));
    assert_int_equal(receive(), MN_EDROPPED);
}

static test_kernel_t *interrupted;
static mn_oneshot_sender_t shared_sender; // used by the interrupt
static mn_status_t interrupt_status;

static void answer_from_interrupt(void) {
    mn_isr_enter(&interrupted->kernel);
    interrupt_status = send(&shared_sender, 0xabcd1234);
    mn_isr_exit(&interrupted->kernel);
}

static void drop_from_interrupt(void) {
    mn_isr_enter(&interrupted->kernel);
    mn_oneshot_drop(&shared_sender);
    mn_isr_exit(&interrupted->kernel);
}

static void an_interrupt_answers(void **state) {
    interrupted = *state;
    assert_int_equal(mn_oneshot_arm(&oneshot, &shared_sender), MN_OK);
    assert_int_equal(receive(), MN_PENDING);
    test_irq_install(answer_from_interrupt);
    test_irq_raise();
    test_irq_remove();
    assert_int_equal(interrupt_status, MN_OK);
    assert_true(test_task_woken(interrupted, &receiver));
    assert_int_equal(receive(), MN_OK);
    assert_int_equal(value, 0xabcd1234);
}

static void an_interrupt_drops_its_sender(void **state) {
    interrupted = *state;
    assert_int_equal(mn_oneshot_arm(&oneshot, &shared_sender), MN_OK);
    assert_int_equal(receive(), MN_PENDING);
    test_irq_install(drop_from_interrupt);
    test_irq_raise();
    test_irq_remove();
    assert_true(test_task_woken(interrupted, &receiver));
    assert_int_equal(receive(), MN_EDROPPED);
}

// --- canceling ---

// Somebody who gave up need not wait for the late answer before asking again.
static void a_canceled_receiver_is_armed_again_at_once(void **state) {
    test_kernel_t *tk = *state;
    mn_oneshot_sender_t late = {0};
    mn_oneshot_sender_t second = {0};
    assert_int_equal(mn_oneshot_arm(&oneshot, &late), MN_OK);
    assert_int_equal(receive(), MN_PENDING);
    mn_oneshot_cancel(&oneshot);
    assert_int_equal(receive(), MN_EDROPPED);
    assert_int_equal(mn_oneshot_arm(&oneshot, &second), MN_OK);
    assert_int_equal(receive(), MN_PENDING);
    assert_int_equal(send(&late, 1), MN_ECLOSED);
    assert_false(test_task_woken(tk, &receiver));
    assert_int_equal(receive(), MN_PENDING);
    assert_int_equal(send(&second, 2), MN_OK);
    assert_int_equal(receive(), MN_OK);
    assert_int_equal(value, 2);
    // The late sender is free for other uses.
    assert_int_equal(mn_oneshot_arm(&oneshot, &late), MN_OK);
    mn_oneshot_drop(&late);
}

static void a_late_drop_disturbs_nobody(void **state) {
    (void)state;
    mn_oneshot_sender_t late = {0};
    mn_oneshot_sender_t second = {0};
    assert_int_equal(mn_oneshot_arm(&oneshot, &late), MN_OK);
    mn_oneshot_cancel(&oneshot);
    assert_int_equal(mn_oneshot_arm(&oneshot, &second), MN_OK);
    mn_oneshot_drop(&late);
    assert_int_equal(receive(), MN_PENDING);
    assert_int_equal(send(&second, 2), MN_OK);
    assert_int_equal(receive(), MN_OK);
}

static void canceling_is_possible_in_every_state(void **state) {
    (void)state;
    mn_oneshot_sender_t sender = {0};
    mn_oneshot_cancel(&oneshot); // idle
    mn_oneshot_cancel(&oneshot);
    assert_int_equal(mn_oneshot_arm(&oneshot, &sender), MN_OK);
    mn_oneshot_cancel(&oneshot); // armed
    assert_int_equal(mn_oneshot_arm(&oneshot, &sender), MN_OK);
    assert_int_equal(receive(), MN_PENDING);
    mn_oneshot_cancel(&oneshot); // waiting
    assert_int_equal(mn_oneshot_arm(&oneshot, &sender), MN_OK);
    assert_int_equal(send(&sender, 4), MN_OK);
    mn_oneshot_cancel(&oneshot); // answered
    assert_int_equal(receive(), MN_EDROPPED);
    assert_int_equal(mn_oneshot_arm(&oneshot, &sender), MN_OK);
    assert_int_equal(receive(), MN_PENDING);
    assert_int_equal(send(&sender, 4), MN_OK);
    mn_oneshot_cancel(&oneshot); // answered and woken
    assert_int_equal(receive(), MN_EDROPPED);
}

static void a_task_goes_at_any_moment(void **state) {
    test_kernel_t *tk = *state;
    for (unsigned moment = 0; moment < 4; moment++) {
        mn_oneshot_sender_t sender = {0};
        if (moment >= 1) {
            assert_int_equal(mn_oneshot_arm(&oneshot, &sender), MN_OK);
        }
        if (moment >= 2) {
            assert_int_equal(receive(), MN_PENDING);
        }
        if (moment >= 3) {
            assert_int_equal(send(&sender, 1), MN_OK);
        }
        test_task_cancel(tk, &receiver);
        value = 99;
        assert_int_equal(send(&sender, 2), MN_ECLOSED);
        assert_int_equal(value, 99);
        test_task_spawn(tk, &receiver, "receiver", NULL, NULL);
        test_kernel_run(tk);
    }
}

// The memory of either half may go when that half has gone.
static void neither_half_is_touched_after_it_has_gone(void **state) {
    test_kernel_t *tk = *state;
    void *memory = NULL;
    static mn_heap_owner_t owner = {.name = "halves"};
    assert_int_equal(mn_alloc(&tk->kernel, &owner, sizeof(mn_oneshot_t), 0, &memory), MN_OK);
    mn_oneshot_t *made = memory;
    mn_oneshot_sender_t sender = {0};
    mn_oneshot_init(made, &value, sizeof(value));
    assert_int_equal(mn_oneshot_arm(made, &sender), MN_OK);
    mn_oneshot_cancel(made);
    memset(made, 0xa5, sizeof(*made));
    assert_int_equal(send(&sender, 1), MN_ECLOSED);
    mn_oneshot_drop(&sender);
    for (size_t i = 0; i < sizeof(*made); i++) {
        assert_int_equal(((uint8_t *)memory)[i], 0xa5);
    }
    assert_int_equal(mn_free(&tk->kernel, memory), MN_OK);

    mn_oneshot_sender_t gone = {0};
    assert_int_equal(mn_oneshot_arm(&oneshot, &gone), MN_OK);
    assert_int_equal(send(&gone, 1), MN_OK);
    memset(&gone, 0xa5, sizeof(gone));
    mn_oneshot_cancel(&oneshot);
    for (size_t i = 0; i < sizeof(gone); i++) {
        assert_int_equal(((uint8_t *)&gone)[i], 0xa5);
    }
}

// --- moving ---

static void a_sender_moves_with_its_receiver(void **state) {
    test_kernel_t *tk = *state;
    mn_oneshot_sender_t here = {0};
    mn_oneshot_sender_t there = {0};
    assert_int_equal(mn_oneshot_arm(&oneshot, &here), MN_OK);
    assert_int_equal(receive(), MN_PENDING);
    mn_oneshot_move(&there, &here);
    assert_false(test_task_woken(tk, &receiver));
    mn_oneshot_drop(&here);
    assert_int_equal(send(&here, 1), MN_ECLOSED);
    assert_int_equal(receive(), MN_PENDING);
    assert_int_equal(send(&there, 2), MN_OK);
    assert_true(test_task_woken(tk, &receiver));
    assert_int_equal(receive(), MN_OK);
    assert_int_equal(value, 2);
}

static void a_moved_sender_is_found_by_canceling(void **state) {
    (void)state;
    mn_oneshot_sender_t here = {0};
    mn_oneshot_sender_t there = {0};
    assert_int_equal(mn_oneshot_arm(&oneshot, &here), MN_OK);
    mn_oneshot_move(&there, &here);
    mn_oneshot_cancel(&oneshot);
    assert_int_equal(send(&there, 2), MN_ECLOSED);
    // An unarmed one moves as what it is.
    mn_oneshot_move(&here, &there);
    assert_int_equal(send(&here, 2), MN_ECLOSED);
    assert_int_equal(mn_oneshot_arm(&oneshot, &here), MN_OK);
    EXPECT_PANIC(mn_oneshot_move(&here, &there), "receiver");
    mn_oneshot_drop(&here);
}

// --- an interrupt answers after any instruction ---

static mn_oneshot_sender_t other_place;
static mn_status_t task_status;

static void op_receive(void *arg) {
    (void)arg;
    task_status = receive();
}

static void op_drop(void *arg) {
    (void)arg;
    mn_oneshot_drop(&shared_sender);
}

static void op_send(void *arg) {
    (void)arg;
    task_status = send(&shared_sender, 0x5678);
}

static void op_move(void *arg) {
    (void)arg;
    mn_oneshot_move(&other_place, &shared_sender);
}

static void op_cancel(void *arg) {
    (void)arg;
    mn_oneshot_cancel(&oneshot);
}

// Sets up, runs the operation with an interrupt after n instructions, and takes the receiver to its
// end. Returns whether the interrupt came.
static bool step(test_kernel_t *tk, unsigned n, void (*operation)(void *arg)) {
    task_status = MN_EINVAL;
    interrupt_status = MN_EINVAL;
    value = 0;
    shared_sender = (mn_oneshot_sender_t){0};
    other_place = (mn_oneshot_sender_t){0};
    mn_oneshot_cancel(&oneshot);
    assert_int_equal(mn_oneshot_arm(&oneshot, &shared_sender), MN_OK);
    if (operation != op_receive) {
        assert_int_equal(receive(), MN_PENDING);
    }
    test_kernel_run(tk);
    return test_step(n, operation, NULL);
}

// The receiver has its answer, or has been woken to get it.
static void check_answer(test_kernel_t *tk, uint32_t answer) {
    assert_true(test_task_woken(tk, &receiver));
    assert_int_equal(receive(), MN_OK);
    assert_int_equal(value, answer);
}

static void an_interrupt_answers_while_the_task_receives(void **state) {
    for (unsigned n = 0; step(*state, n, op_receive); n++) {
        assert_int_equal(interrupt_status, MN_OK);
        if (task_status == MN_PENDING) {
            check_answer(*state, 0xabcd1234);
        } else {
            assert_int_equal(task_status, MN_OK);
            assert_int_equal(value, 0xabcd1234);
        }
    }
}

static void an_interrupt_answers_while_the_task_drops(void **state) {
    for (unsigned n = 0; step(*state, n, op_drop); n++) {
        if (interrupt_status == MN_OK) {
            check_answer(*state, 0xabcd1234);
        } else {
            assert_int_equal(interrupt_status, MN_ECLOSED);
            assert_true(test_task_woken(*state, &receiver));
            assert_int_equal(receive(), MN_EDROPPED);
        }
    }
}

static void an_interrupt_answers_while_the_task_answers(void **state) {
    for (unsigned n = 0; step(*state, n, op_send); n++) {
        assert_int_not_equal(interrupt_status == MN_OK, task_status == MN_OK);
        check_answer(*state, (task_status == MN_OK) ? 0x5678 : 0xabcd1234);
    }
}

static void an_interrupt_answers_while_the_task_moves_the_sender(void **state) {
    for (unsigned n = 0; step(*state, n, op_move); n++) {
        if (interrupt_status != MN_OK) { // too late for the old place
            assert_int_equal(send(&other_place, 0xabcd1234), MN_OK);
        }
        check_answer(*state, 0xabcd1234);
        assert_int_equal(send(&other_place, 1), MN_ECLOSED);
    }
}

static void an_interrupt_answers_while_the_task_gives_up(void **state) {
    for (unsigned n = 0; step(*state, n, op_cancel); n++) {
        assert_int_equal(receive(), MN_EDROPPED);
        assert_int_equal(send(&shared_sender, 1), MN_ECLOSED);
        assert_int_equal(mn_oneshot_arm(&oneshot, &shared_sender), MN_OK);
        mn_oneshot_drop(&shared_sender);
    }
}

static int setup_steps(void **state) {
    setup(state);
    interrupted = *state;
    test_irq_install(answer_from_interrupt);
    return 0;
}

static int teardown_steps(void **state) {
    test_irq_remove();
    return teardown(state);
}

#define ONESHOT_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define STEP_TEST(test) cmocka_unit_test_setup_teardown(test, setup_steps, teardown_steps)

int main(void) {
    const struct CMUnitTest tests[] = {
        ONESHOT_TEST(without_a_sender_there_is_no_answer),
        ONESHOT_TEST(there_is_one_sender_at_a_time),
        ONESHOT_TEST(a_sender_answers_once),
        ONESHOT_TEST(a_used_sender_can_be_armed_again),
        ONESHOT_TEST(a_dropped_sender_leaves_no_answer),
        ONESHOT_TEST(an_unread_answer_is_discarded_by_arming),
        ONESHOT_TEST(an_answer_waits_until_it_is_read),
        ONESHOT_TEST(an_answer_may_be_empty),
        ONESHOT_TEST(the_receiver_waits_for_the_answer),
        ONESHOT_TEST(a_waiting_receiver_learns_that_the_sender_was_dropped),
        ONESHOT_TEST(an_interrupt_answers),
        ONESHOT_TEST(an_interrupt_drops_its_sender),
        ONESHOT_TEST(a_canceled_receiver_is_armed_again_at_once),
        ONESHOT_TEST(a_late_drop_disturbs_nobody),
        ONESHOT_TEST(canceling_is_possible_in_every_state),
        ONESHOT_TEST(a_task_goes_at_any_moment),
        ONESHOT_TEST(neither_half_is_touched_after_it_has_gone),
        ONESHOT_TEST(a_sender_moves_with_its_receiver),
        ONESHOT_TEST(a_moved_sender_is_found_by_canceling),
    };
    const struct CMUnitTest steps[] = {
        STEP_TEST(an_interrupt_answers_while_the_task_receives),
        STEP_TEST(an_interrupt_answers_while_the_task_drops),
        STEP_TEST(an_interrupt_answers_while_the_task_answers),
        STEP_TEST(an_interrupt_answers_while_the_task_moves_the_sender),
        STEP_TEST(an_interrupt_answers_while_the_task_gives_up),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (test_step_works()) {
        failed += cmocka_run_group_tests(steps, NULL, NULL);
    }
    return failed;
}
