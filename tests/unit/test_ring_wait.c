// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The waiting operations of the byte ring: who is woken by what, and cancellation at every moment.

#include "test_kernel.h"
#include "test_port.h"

#include <mnemos/ring.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define CAPACITY 8U

static uint8_t buffer[CAPACITY];
static mn_ring_t ring;
static test_task_t writer; // tasks that only wait; the test calls the operations in their name
static test_task_t reader;
static mn_span_t span;

static void cancel_both_sides(test_task_t *self) {
    (void)self;
    mn_ring_cancel_reader(&ring);
    mn_ring_cancel_writer(&ring);
}

static int setup(void **state) {
    test_kernel_setup(state);
    mn_ring_init(&ring, buffer, CAPACITY);
    writer = (test_task_t){.on_drop = cancel_both_sides};
    reader = (test_task_t){.on_drop = cancel_both_sides};
    test_task_spawn(*state, &writer, "writer", NULL, NULL);
    test_task_spawn(*state, &reader, "reader", NULL, NULL);
    test_kernel_run(*state);
    span = (mn_span_t){0};
    return 0;
}

// Both tasks end without having anything of the ring any more, which the kernel checks.
static int teardown(void **state) {
    if (mn_task_state(&writer.task) == MN_TASK_LIVE) {
        test_task_cancel(*state, &writer);
    }
    if (mn_task_state(&reader.task) == MN_TASK_LIVE) {
        test_task_cancel(*state, &reader);
    }
    return test_kernel_teardown(state);
}

static mn_status_t read_wait(void) {
    return mn_ring_read_wait(&ring, &reader.task, &span);
}

static mn_status_t grant_wait(size_t len) {
    return mn_ring_grant_wait(&ring, &writer.task, len, &span);
}

static mn_status_t grant_max_wait(size_t len) {
    return mn_ring_grant_max_wait(&ring, &writer.task, len, &span);
}

static void put(size_t len) {
    static const uint8_t bytes[CAPACITY] = "abcdefgh";
    assert_int_equal(mn_ring_write(&ring, bytes, len), MN_OK);
}

static void take(size_t len) {
    mn_span_t taken = {0};
    assert_int_equal(mn_ring_read(&ring, &taken), MN_OK);
    mn_ring_release(&ring, len);
}

// --- waiting and waking ---

static void what_can_be_had_does_not_wait(void **state) {
    test_kernel_t *tk = *state;
    assert_int_equal(grant_wait(3), MN_OK);
    mn_ring_commit(&ring, 3);
    assert_int_equal(grant_max_wait(99), MN_OK);
    assert_int_equal(span.len, CAPACITY - 3);
    mn_ring_commit(&ring, 99);
    assert_int_equal(read_wait(), MN_OK);
    assert_int_equal(span.len, CAPACITY);
    mn_ring_release(&ring, 99);
    assert_false(test_task_woken(tk, &writer));
    assert_false(test_task_woken(tk, &reader));
}

static void a_reader_waits_for_a_commit(void **state) {
    test_kernel_t *tk = *state;
    assert_int_equal(read_wait(), MN_PENDING);
    assert_int_equal(read_wait(), MN_PENDING);
    assert_false(test_task_woken(tk, &reader));
    put(2);
    assert_true(test_task_woken(tk, &reader));
    assert_int_equal(read_wait(), MN_OK);
    assert_int_equal(span.len, 2);
    mn_ring_release(&ring, 2);
    put(1); // nobody waits now
    assert_false(test_task_woken(tk, &reader));
}

static void abandoning_a_grant_wakes_no_reader(void **state) {
    test_kernel_t *tk = *state;
    assert_int_equal(read_wait(), MN_PENDING);
    assert_int_equal(mn_ring_grant(&ring, 3, &span), MN_OK);
    assert_false(test_task_woken(tk, &reader));
    mn_ring_commit(&ring, 0);
    assert_false(test_task_woken(tk, &reader));
}

static void a_writer_waits_until_there_is_room_for_all(void **state) {
    test_kernel_t *tk = *state;
    put(CAPACITY);
    assert_int_equal(grant_wait(3), MN_PENDING);
    assert_false(test_task_woken(tk, &writer));
    take(0);
    assert_false(test_task_woken(tk, &writer));
    take(2);
    assert_true(test_task_woken(tk, &writer));
    assert_int_equal(grant_wait(3), MN_PENDING);
    take(1);
    assert_true(test_task_woken(tk, &writer));
    assert_int_equal(grant_wait(3), MN_OK);
    assert_int_equal(span.len, 3);
    mn_ring_commit(&ring, 3);
    take(1);
    assert_false(test_task_woken(tk, &writer));
}

static void a_writer_waits_for_any_room(void **state) {
    test_kernel_t *tk = *state;
    put(CAPACITY);
    assert_int_equal(grant_max_wait(3), MN_PENDING);
    take(1);
    assert_true(test_task_woken(tk, &writer));
    assert_int_equal(grant_max_wait(3), MN_OK);
    assert_int_equal(span.len, 1);
    mn_ring_commit(&ring, 0);
}

// In the older ring this one could wait for ever.
static void the_largest_grant_is_served_when_the_reader_has_caught_up(void **state) {
    test_kernel_t *tk = *state;
    put(5);
    take(2);
    assert_int_equal(grant_wait(CAPACITY), MN_PENDING);
    take(2);
    assert_true(test_task_woken(tk, &writer));
    assert_int_equal(grant_wait(CAPACITY), MN_PENDING);
    take(1);
    assert_true(test_task_woken(tk, &writer));
    assert_int_equal(grant_wait(CAPACITY), MN_OK);
    mn_ring_commit(&ring, CAPACITY);
    assert_int_equal(read_wait(), MN_OK);
    assert_int_equal(span.len, CAPACITY);
}

static void what_never_can_be_had_does_not_wait(void **state) {
    test_kernel_t *tk = *state;
    put(CAPACITY);
    assert_int_equal(grant_wait(CAPACITY + 1), MN_ETOOBIG);
    take(CAPACITY);
    assert_int_equal(mn_ring_grant(&ring, 1, &span), MN_OK);
    assert_int_equal(grant_wait(1), MN_EBUSY);
    assert_int_equal(grant_max_wait(1), MN_EBUSY);
    mn_ring_commit(&ring, 1);
    assert_int_equal(mn_ring_read(&ring, &span), MN_OK);
    assert_int_equal(read_wait(), MN_EBUSY);
    mn_ring_release(&ring, 1);
    assert_false(test_task_woken(tk, &writer));
    assert_false(test_task_woken(tk, &reader));
}

// --- closing ---

static void a_waiting_reader_learns_that_the_writer_has_closed(void **state) {
    assert_int_equal(read_wait(), MN_PENDING);
    mn_ring_close_writer(&ring);
    assert_true(test_task_woken(*state, &reader));
    assert_int_equal(read_wait(), MN_ECLOSED);
    assert_int_equal(read_wait(), MN_ECLOSED);
}

static void a_waiting_reader_gets_what_was_committed_before_the_close(void **state) {
    assert_int_equal(read_wait(), MN_PENDING);
    put(1);
    mn_ring_close_writer(&ring);
    assert_true(test_task_woken(*state, &reader));
    assert_int_equal(read_wait(), MN_OK);
    mn_ring_release(&ring, 1);
    assert_int_equal(read_wait(), MN_ECLOSED);
}

static void a_waiting_writer_learns_that_the_reader_has_closed(void **state) {
    put(CAPACITY);
    assert_int_equal(grant_wait(1), MN_PENDING);
    mn_ring_close_reader(&ring);
    assert_true(test_task_woken(*state, &writer));
    assert_int_equal(grant_wait(1), MN_ECLOSED);
    assert_int_equal(grant_max_wait(1), MN_ECLOSED);
}

static void a_task_learns_that_somebody_closed_its_own_side(void **state) {
    assert_int_equal(read_wait(), MN_PENDING);
    mn_ring_close_reader(&ring);
    assert_true(test_task_woken(*state, &reader));
    assert_int_equal(read_wait(), MN_ECLOSED);

    mn_ring_init(&ring, buffer, CAPACITY);
    put(CAPACITY);
    assert_int_equal(grant_max_wait(1), MN_PENDING);
    mn_ring_close_writer(&ring);
    assert_true(test_task_woken(*state, &writer));
    assert_int_equal(grant_max_wait(1), MN_ECLOSED);
}

// --- canceling ---

static void a_canceled_reader_is_not_woken(void **state) {
    mn_ring_cancel_reader(&ring);
    assert_int_equal(read_wait(), MN_PENDING);
    mn_ring_cancel_reader(&ring);
    put(1);
    assert_false(test_task_woken(*state, &reader));
    assert_int_equal(read_wait(), MN_OK);
    mn_ring_cancel_reader(&ring);
    assert_int_equal(read_wait(), MN_OK);
    mn_ring_release(&ring, 1);
}

static void a_canceled_writer_is_not_woken(void **state) {
    mn_ring_cancel_writer(&ring);
    put(CAPACITY);
    assert_int_equal(grant_wait(2), MN_PENDING);
    mn_ring_cancel_writer(&ring);
    take(2);
    assert_false(test_task_woken(*state, &writer));
    assert_int_equal(grant_wait(2), MN_OK);
    mn_ring_cancel_writer(&ring);
    assert_int_equal(grant_max_wait(9), MN_OK);
    assert_int_equal(span.len, 2);
    mn_ring_cancel_writer(&ring);
    take(CAPACITY - 2);
    assert_int_equal(mn_ring_read(&ring, &span), MN_EEMPTY);
}

// Canceling one side leaves the other side's wait alone.
static void sides_are_canceled_one_by_one(void **state) {
    assert_int_equal(read_wait(), MN_PENDING);
    mn_ring_cancel_writer(&ring);
    put(CAPACITY);
    assert_true(test_task_woken(*state, &reader));
    assert_int_equal(grant_wait(1), MN_PENDING);
    mn_ring_cancel_reader(&ring);
    take(1);
    assert_true(test_task_woken(*state, &writer));
}

// A task is canceled: its drop function withdraws it, whatever it was doing.
static void a_task_goes_at_any_moment(void **state) {
    test_kernel_t *tk = *state;
    for (unsigned moment = 0; moment < 3; moment++) {
        mn_ring_init(&ring, buffer, CAPACITY);
        assert_int_equal(read_wait(), MN_PENDING);
        if (moment >= 1) {
            put(3); // woken, not polled yet
        }
        if (moment >= 2) {
            assert_int_equal(read_wait(), MN_OK);
        }
        test_task_cancel(tk, &reader);
        test_task_spawn(tk, &reader, "reader", NULL, NULL);
        assert_true(test_task_woken(tk, &reader)); // polled once, as every new task
        put(1);
        assert_false(test_task_woken(tk, &reader));
        assert_int_equal(read_wait(), MN_OK);
        assert_int_equal(span.len, (moment == 0) ? 1 : 4);
        mn_ring_release(&ring, 4);
    }
    for (unsigned moment = 0; moment < 3; moment++) {
        mn_ring_init(&ring, buffer, CAPACITY);
        put(CAPACITY);
        assert_int_equal(grant_wait(2), MN_PENDING);
        if (moment >= 1) {
            take(2);
        }
        if (moment >= 2) {
            assert_int_equal(grant_wait(2), MN_OK);
        }
        test_task_cancel(tk, &writer);
        test_task_spawn(tk, &writer, "writer", NULL, NULL);
        assert_true(test_task_woken(tk, &writer));
        assert_int_equal(grant_wait(2), (moment == 0) ? MN_PENDING : MN_OK);
        mn_ring_cancel_writer(&ring);
    }
}

// Reading with a time limit.
static mn_status_t read_or_time_out(test_task_t *self) {
    mn_span_t read = {0};
    mn_status_t status = mn_ring_read_wait(&ring, &self->task, &read);
    if (status == MN_PENDING && mn_sleep(&self->timer, &self->task, 100) == MN_OK) {
        mn_ring_cancel_reader(&ring);
        return MN_ETIMEDOUT;
    }
    if (status == MN_OK) {
        mn_timer_cancel(&self->timer);
        mn_ring_release(&ring, read.len);
    }
    return status;
}

static void a_wait_is_given_up_after_a_time(void **state) {
    test_kernel_t *tk = *state;
    test_task_t task = {.on_drop = cancel_both_sides};
    test_task_spawn(tk, &task, "impatient", read_or_time_out, NULL);
    assert_int_equal(test_kernel_run_to_end(tk, &task.task), MN_ETIMEDOUT);
    assert_int_equal(tk->now, 100);
    put(1);
    test_task_spawn(tk, &task, "impatient", read_or_time_out, NULL);
    assert_int_equal(test_kernel_run_to_end(tk, &task.task), MN_OK);
    assert_int_equal(tk->now, 100);
    test_task_spawn(tk, &task, "impatient", read_or_time_out, NULL);
    test_kernel_advance(tk, 99);
    put(1);
    assert_int_equal(test_kernel_run_to_end(tk, &task.task), MN_OK);
}

// --- two tasks ---

#define STREAM 10000U

static uint8_t byte_at(unsigned n) {
    return (uint8_t)(n * 7U + (n >> 8));
}

// Lengths from 1 to the capacity, exact and not.
static mn_status_t write_stream(test_task_t *self) {
    mn_span_t room = {0};
    MN_BEGIN(&self->task);
    while (self->count < STREAM) {
        if (self->count % 3 == 0) {
            MN_AWAIT(self->status, mn_ring_grant_max_wait(&ring, &self->task, 5, &room));
        } else {
            MN_AWAIT(self->status,
                     mn_ring_grant_wait(&ring, &self->task, 1 + self->count % CAPACITY, &room));
        }
        assert_int_equal(self->status, MN_OK);
        for (size_t i = 0; i < room.len; i++) {
            room.data[i] = byte_at(self->count + (unsigned)i);
        }
        self->count += (unsigned)room.len;
        mn_ring_commit(&ring, room.len);
    }
    mn_ring_close_writer(&ring);
    MN_END();
}

static mn_status_t read_stream(test_task_t *self) {
    mn_span_t bytes = {0};
    MN_BEGIN(&self->task);
    for (;;) {
        MN_AWAIT(self->status, mn_ring_read_wait(&ring, &self->task, &bytes));
        if (self->status != MN_OK) {
            break;
        }
        for (size_t i = 0; i < bytes.len; i++) {
            assert_int_equal(bytes.data[i], byte_at(self->count + (unsigned)i));
        }
        bytes.len = 1 + bytes.len / 2;
        self->count += (unsigned)bytes.len;
        mn_ring_release(&ring, bytes.len);
    }
    assert_int_equal(self->status, MN_ECLOSED);
    MN_END();
}

static void two_tasks_pass_a_stream(void **state) {
    test_kernel_t *tk = *state;
    test_task_t from = {.on_drop = NULL};
    test_task_t to = {.on_drop = NULL};
    test_task_spawn(tk, &to, "to", read_stream, NULL);
    test_task_spawn(tk, &from, "from", write_stream, NULL);
    assert_int_equal(test_kernel_run_to_end(tk, &to.task), MN_OK);
    assert_int_equal(mn_task_result(&from.task), MN_OK);
    assert_true(to.count >= STREAM);
    assert_int_equal(to.count, from.count);
}

#define RING_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        RING_TEST(what_can_be_had_does_not_wait),
        RING_TEST(a_reader_waits_for_a_commit),
        RING_TEST(abandoning_a_grant_wakes_no_reader),
        RING_TEST(a_writer_waits_until_there_is_room_for_all),
        RING_TEST(a_writer_waits_for_any_room),
        RING_TEST(the_largest_grant_is_served_when_the_reader_has_caught_up),
        RING_TEST(what_never_can_be_had_does_not_wait),
        RING_TEST(a_waiting_reader_learns_that_the_writer_has_closed),
        RING_TEST(a_waiting_reader_gets_what_was_committed_before_the_close),
        RING_TEST(a_waiting_writer_learns_that_the_reader_has_closed),
        RING_TEST(a_task_learns_that_somebody_closed_its_own_side),
        RING_TEST(a_canceled_reader_is_not_woken),
        RING_TEST(a_canceled_writer_is_not_woken),
        RING_TEST(sides_are_canceled_one_by_one),
        RING_TEST(a_task_goes_at_any_moment),
        RING_TEST(a_wait_is_given_up_after_a_time),
        RING_TEST(two_tasks_pass_a_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
