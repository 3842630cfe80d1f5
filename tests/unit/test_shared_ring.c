// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// A ring with many writing tasks: one at a time from grant to commit, in order of arrival, and
// nobody keeps the ring who has gone.

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
#define WRITERS 4U

static uint8_t buffer[CAPACITY];
static mn_ring_t ring;
static mn_shared_ring_t shared;
static mn_ring_writer_t writers[WRITERS];
static test_task_t tasks[WRITERS]; // tasks that only wait, one for each writer
static mn_span_t span;

static void cancel_writer(test_task_t *self) {
    mn_shared_ring_cancel(&shared, &writers[self - tasks]);
}

static int setup(void **state) {
    test_kernel_setup(state);
    mn_ring_init(&ring, buffer, CAPACITY);
    mn_shared_ring_init(&shared, &ring);
    memset(writers, 0, sizeof(writers));
    memset(tasks, 0, sizeof(tasks));
    for (size_t i = 0; i < WRITERS; i++) {
        tasks[i].on_drop = cancel_writer;
        test_task_spawn(*state, &tasks[i], "writer", NULL, NULL);
    }
    test_kernel_run(*state);
    return 0;
}

// The tasks end without having anything of the ring any more, which the kernel checks; and then
// the ring is free.
static int teardown(void **state) {
    for (size_t i = 0; i < WRITERS; i++) {
        if (mn_task_state(&tasks[i].task) == MN_TASK_LIVE) {
            test_task_cancel(*state, &tasks[i]);
        }
    }
    assert_int_equal(mn_mutex_try_lock(&shared.mutex), MN_OK);
    return test_kernel_teardown(state);
}

static mn_status_t grant_wait(size_t who, size_t len) {
    return mn_shared_ring_grant_wait(&shared, &writers[who], &tasks[who].task, len, &span);
}

static mn_status_t grant(size_t who, size_t len) {
    return mn_shared_ring_grant(&shared, &writers[who], len, &span);
}

static void commit(size_t who, size_t len) {
    memset(span.data, (int)('a' + who), len);
    mn_shared_ring_commit(&shared, &writers[who], len);
}

// Checks what is readable, all in one piece, and releases it.
static void expect(const char *text) {
    mn_span_t bytes = {0};
    assert_int_equal(mn_ring_read(&ring, &bytes), MN_OK);
    assert_int_equal(bytes.len, strlen(text));
    assert_memory_equal(bytes.data, text, bytes.len);
    mn_ring_release(&ring, bytes.len);
}

static void one_writer_does_not_wait(void **state) {
    assert_int_equal(grant_wait(0, 3), MN_OK);
    assert_int_equal(span.len, 3);
    commit(0, 2);
    assert_int_equal(grant(0, 6), MN_OK);
    commit(0, 1);
    assert_false(test_task_woken(*state, &tasks[0]));
    expect("aaa");
}

static void the_ring_is_one_writers_from_grant_to_commit(void **state) {
    test_kernel_t *tk = *state;
    assert_int_equal(grant_wait(0, 2), MN_OK);
    mn_span_t first = span;
    assert_int_equal(grant_wait(1, 2), MN_PENDING);
    assert_int_equal(grant(2, 1), MN_EBUSY);
    assert_int_equal(grant(0, 1), MN_EBUSY);
    assert_false(test_task_woken(tk, &tasks[1]));
    span = first;
    commit(0, 2);
    assert_true(test_task_woken(tk, &tasks[1]));
    assert_int_equal(grant(2, 1), MN_EBUSY); // the ring is writer 1's already
    assert_int_equal(grant_wait(1, 2), MN_OK);
    assert_int_equal(grant(2, 1), MN_EBUSY);
    commit(1, 1);
    assert_int_equal(grant(2, 1), MN_OK);
    commit(2, 1);
    expect("aabc");
}

static void writers_are_served_in_order_of_arrival(void **state) {
    test_kernel_t *tk = *state;
    static const size_t order[WRITERS] = {2, 0, 3, 1};
    assert_int_equal(grant_wait(2, 1), MN_OK);
    for (size_t i = 1; i < WRITERS; i++) {
        mn_span_t granted = span;
        assert_int_equal(grant_wait(order[i], 1), MN_PENDING);
        span = granted;
    }
    for (size_t i = 0; i < WRITERS; i++) {
        if (i != 0) {
            assert_true(test_task_woken(tk, &tasks[order[i]]));
            assert_int_equal(grant_wait(order[i], 1), MN_OK);
        }
        // Who comes again goes to the end of the line.
        commit(order[i], 1);
        assert_int_equal(grant(order[i], 1), (i + 1 < WRITERS) ? MN_EBUSY : MN_OK);
    }
    commit(order[WRITERS - 1], 0);
    expect("cadb");
}

static void the_first_in_line_waits_for_room_before_the_others(void **state) {
    test_kernel_t *tk = *state;
    assert_int_equal(mn_ring_write(&ring, "--------", CAPACITY), MN_OK);
    assert_int_equal(grant_wait(0, 5), MN_PENDING); // waits for room
    assert_int_equal(grant_wait(1, 1), MN_PENDING); // waits for writer 0, though less would do
    mn_span_t bytes = {0};
    assert_int_equal(mn_ring_read(&ring, &bytes), MN_OK);
    mn_ring_release(&ring, 4);
    assert_true(test_task_woken(tk, &tasks[0]));
    assert_int_equal(grant_wait(0, 5), MN_PENDING);
    assert_int_equal(grant_wait(1, 1), MN_PENDING);
    assert_int_equal(mn_ring_read(&ring, &bytes), MN_OK);
    mn_ring_release(&ring, 4);
    assert_true(test_task_woken(tk, &tasks[0]));
    assert_int_equal(grant_wait(0, 5), MN_OK);
    commit(0, 5);
    assert_true(test_task_woken(tk, &tasks[1]));
    assert_int_equal(grant_wait(1, 1), MN_OK);
    commit(1, 1);
    expect("aaaaab");
}

static void a_refused_grant_gives_the_ring_on(void **state) {
    test_kernel_t *tk = *state;
    assert_int_equal(grant_wait(0, CAPACITY + 1), MN_ETOOBIG);
    assert_int_equal(grant(0, CAPACITY + 1), MN_ETOOBIG);
    assert_int_equal(grant(0, CAPACITY), MN_OK);
    mn_span_t granted = span;
    assert_int_equal(grant_wait(1, CAPACITY + 1), MN_PENDING); // in line like everybody
    assert_int_equal(grant_wait(2, 1), MN_PENDING);
    span = granted;
    commit(0, CAPACITY);
    assert_true(test_task_woken(tk, &tasks[1]));
    assert_int_equal(grant_wait(1, CAPACITY + 1), MN_ETOOBIG);
    assert_true(test_task_woken(tk, &tasks[2]));
    assert_int_equal(grant_wait(2, 1), MN_PENDING); // for room
    mn_shared_ring_cancel(&shared, &writers[2]);
    assert_int_equal(grant(3, 1), MN_EFULL);
    assert_int_equal(grant(3, 1), MN_EFULL);
    expect("aaaaaaaa");
    assert_int_equal(grant(3, 1), MN_OK);
    commit(3, 1);
    expect("d");
}

static void a_commit_needs_a_grant(void **state) {
    (void)state;
    EXPECT_PANIC(mn_shared_ring_commit(&shared, &writers[0], 0), "owns");
    assert_int_equal(grant(0, 1), MN_OK);
    EXPECT_PANIC(mn_shared_ring_commit(&shared, &writers[1], 0), "owns");
    EXPECT_PANIC(grant_wait(0, 1), "write_live");
    commit(0, 0);
}

// --- canceling, in every state ---

static void canceling_an_idle_writer_does_nothing(void **state) {
    (void)state;
    mn_shared_ring_cancel(&shared, &writers[0]);
    assert_int_equal(grant(1, 1), MN_OK);
    mn_shared_ring_cancel(&shared, &writers[0]);
    commit(1, 1);
    mn_shared_ring_cancel(&shared, &writers[1]);
    expect("b");
}

static void canceling_in_the_line_leaves_the_line(void **state) {
    test_kernel_t *tk = *state;
    assert_int_equal(grant_wait(0, 1), MN_OK);
    mn_span_t granted = span;
    assert_int_equal(grant_wait(1, 1), MN_PENDING);
    assert_int_equal(grant_wait(2, 1), MN_PENDING);
    mn_shared_ring_cancel(&shared, &writers[1]);
    span = granted;
    commit(0, 1);
    assert_false(test_task_woken(tk, &tasks[1]));
    assert_int_equal(grant_wait(2, 1), MN_OK);
    commit(2, 1);
    expect("ac");
}

static void canceling_after_the_turn_has_come_gives_it_on(void **state) {
    test_kernel_t *tk = *state;
    assert_int_equal(grant_wait(0, 1), MN_OK);
    mn_span_t granted = span;
    assert_int_equal(grant_wait(1, 1), MN_PENDING);
    assert_int_equal(grant_wait(2, 1), MN_PENDING);
    span = granted;
    commit(0, 1); // writer 1 has its turn and has not been polled
    mn_shared_ring_cancel(&shared, &writers[1]);
    assert_true(test_task_woken(tk, &tasks[2]));
    assert_int_equal(grant_wait(2, 1), MN_OK);
    commit(2, 1);
    expect("ac");
}

static void canceling_while_waiting_for_room_gives_the_ring_on(void **state) {
    test_kernel_t *tk = *state;
    assert_int_equal(mn_ring_write(&ring, "-------", CAPACITY - 1), MN_OK);
    assert_int_equal(grant_wait(0, 2), MN_PENDING);
    assert_int_equal(grant_wait(1, 1), MN_PENDING);
    mn_shared_ring_cancel(&shared, &writers[0]);
    assert_true(test_task_woken(tk, &tasks[1]));
    assert_int_equal(grant_wait(1, 1), MN_OK);
    commit(1, 1);
    const uint32_t polls = tasks[0].task.polls;
    expect("-------b");
    test_kernel_run(tk);
    assert_int_equal(tasks[0].task.polls, polls);
}

static void canceling_a_grant_abandons_it(void **state) {
    test_kernel_t *tk = *state;
    assert_int_equal(grant_wait(0, 4), MN_OK);
    memcpy(span.data, "lost", 4);
    assert_int_equal(grant_wait(1, 1), MN_PENDING);
    mn_shared_ring_cancel(&shared, &writers[0]);
    assert_true(test_task_woken(tk, &tasks[1]));
    assert_int_equal(grant_wait(1, 1), MN_OK);
    commit(1, 1);
    expect("b");
}

// The same when the whole task goes, by its drop function.
static void a_task_goes_at_any_moment(void **state) {
    test_kernel_t *tk = *state;
    for (unsigned moment = 0; moment < 4; moment++) {
        mn_ring_init(&ring, buffer, CAPACITY);
        if (moment == 0) { // waits for the other one
            assert_int_equal(grant_wait(1, 1), MN_OK);
            assert_int_equal(grant_wait(0, 1), MN_PENDING);
        } else if (moment == 1) { // has its turn, not polled
            assert_int_equal(grant_wait(1, 1), MN_OK);
            mn_span_t granted = span;
            assert_int_equal(grant_wait(0, 1), MN_PENDING);
            span = granted;
            commit(1, 0);
        } else if (moment == 2) { // waits for room
            assert_int_equal(mn_ring_write(&ring, "--------", CAPACITY), MN_OK);
            assert_int_equal(grant_wait(0, 1), MN_PENDING);
        } else { // holds a grant
            assert_int_equal(grant_wait(0, 1), MN_OK);
        }
        test_task_cancel(tk, &tasks[0]);
        mn_shared_ring_cancel(&shared, &writers[1]);
        assert_int_equal(grant(2, 1), (moment == 2) ? MN_EFULL : MN_OK);
        mn_shared_ring_cancel(&shared, &writers[2]);
        test_task_spawn(tk, &tasks[0], "writer", NULL, NULL);
        test_kernel_run(tk);
    }
}

// --- closing ---

static void everybody_in_line_learns_that_the_reader_has_gone(void **state) {
    test_kernel_t *tk = *state;
    assert_int_equal(mn_ring_write(&ring, "--------", CAPACITY), MN_OK);
    for (size_t i = 0; i < WRITERS; i++) {
        assert_int_equal(grant_wait(i, 1), MN_PENDING);
    }
    mn_ring_close_reader(&ring);
    for (size_t i = 0; i < WRITERS; i++) {
        assert_true(test_task_woken(tk, &tasks[i]));
        assert_int_equal(grant_wait(i, 1), MN_ECLOSED);
    }
    assert_int_equal(grant(0, 1), MN_ECLOSED);
}

static void the_writing_side_closes_while_writers_are_at_work(void **state) {
    test_kernel_t *tk = *state;
    assert_int_equal(grant_wait(0, 1), MN_OK);
    mn_span_t granted = span;
    assert_int_equal(grant_wait(1, 1), MN_PENDING);
    mn_ring_close_writer(&ring);
    span = granted;
    commit(0, 1); // discarded
    assert_true(test_task_woken(tk, &tasks[1]));
    assert_int_equal(grant_wait(1, 1), MN_ECLOSED);
    mn_span_t bytes = {0};
    assert_int_equal(mn_ring_read(&ring, &bytes), MN_ECLOSED);
}

static void the_writing_side_closes_while_a_writer_waits_for_room(void **state) {
    assert_int_equal(mn_ring_write(&ring, "--------", CAPACITY), MN_OK);
    assert_int_equal(grant_wait(0, 1), MN_PENDING);
    mn_ring_close_writer(&ring);
    assert_true(test_task_woken(*state, &tasks[0]));
    assert_int_equal(grant_wait(0, 1), MN_ECLOSED);
    expect("--------");
}

// --- many tasks at work ---

#define MESSAGES 500U
#define MESSAGE 5U // bytes

static mn_status_t write_messages(test_task_t *self) {
    mn_ring_writer_t *writer = self->context;
    mn_span_t room = {0};
    MN_BEGIN(&self->task);
    while (self->count < MESSAGES) {
        MN_AWAIT(self->status,
                 mn_shared_ring_grant_wait(&shared, writer, &self->task, MESSAGE, &room));
        assert_int_equal(self->status, MN_OK);
        memset(room.data, (int)(writer - writers), MESSAGE);
        self->count++;
        mn_shared_ring_commit(&shared, writer, MESSAGE);
    }
    MN_END();
}

// Messages are whole, and all writers get as far.
static mn_status_t read_messages(test_task_t *self) {
    unsigned *seen = self->context;
    mn_span_t bytes = {0};
    MN_BEGIN(&self->task);
    while (self->count < WRITERS * MESSAGES) {
        MN_AWAIT(self->status, mn_ring_read_wait(&ring, &self->task, &bytes));
        assert_int_equal(bytes.len % MESSAGE, 0);
        const uint8_t who = bytes.data[0];
        for (size_t i = 0; i < MESSAGE; i++) {
            assert_int_equal(bytes.data[i], who);
        }
        seen[who]++;
        self->count++;
        // The first writer may go twice before the others have come.
        assert_in_range(seen[who] + 1, self->count / WRITERS, self->count / WRITERS + 3);
        mn_ring_release(&ring, MESSAGE);
    }
    MN_END();
}

static void many_writers_share_fairly(void **state) {
    test_kernel_t *tk = *state;
    static test_task_t at_work[WRITERS];
    static test_task_t reader;
    unsigned seen[WRITERS] = {0};
    for (size_t i = 0; i < WRITERS; i++) {
        test_task_spawn(tk, &at_work[i], "at work", write_messages, &writers[i]);
    }
    test_task_spawn(tk, &reader, "reader", read_messages, seen);
    assert_int_equal(test_kernel_run_to_end(tk, &reader.task), MN_OK);
    for (size_t i = 0; i < WRITERS; i++) {
        assert_int_equal(seen[i], MESSAGES);
    }
}

#define SHARED_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        SHARED_TEST(one_writer_does_not_wait),
        SHARED_TEST(the_ring_is_one_writers_from_grant_to_commit),
        SHARED_TEST(writers_are_served_in_order_of_arrival),
        SHARED_TEST(the_first_in_line_waits_for_room_before_the_others),
        SHARED_TEST(a_refused_grant_gives_the_ring_on),
        SHARED_TEST(a_commit_needs_a_grant),
        SHARED_TEST(canceling_an_idle_writer_does_nothing),
        SHARED_TEST(canceling_in_the_line_leaves_the_line),
        SHARED_TEST(canceling_after_the_turn_has_come_gives_it_on),
        SHARED_TEST(canceling_while_waiting_for_room_gives_the_ring_on),
        SHARED_TEST(canceling_a_grant_abandons_it),
        SHARED_TEST(a_task_goes_at_any_moment),
        SHARED_TEST(everybody_in_line_learns_that_the_reader_has_gone),
        SHARED_TEST(the_writing_side_closes_while_writers_are_at_work),
        SHARED_TEST(the_writing_side_closes_while_a_writer_waits_for_room),
        SHARED_TEST(many_writers_share_fairly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
