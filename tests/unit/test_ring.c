// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The byte ring, its operations that do not wait: where grants are, what is readable, what every
// refusal says. Each is also compared with a model, over many random operations.

#include "test_kernel.h"
#include "test_port.h"

#include <mnemos/ring.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAX_CAPACITY 255U

static uint8_t buffer[MAX_CAPACITY];
static mn_ring_t ring;

// --- one line for one step ---

static void fresh(size_t capacity) {
    memset(buffer, 0, sizeof(buffer));
    mn_ring_init(&ring, buffer, capacity);
}

// Write exactly `len` bytes.
static mn_status_t write_exactly(size_t len) {
    mn_span_t span = {0};
    mn_status_t status = mn_ring_grant(&ring, len, &span);
    if (status == MN_OK) {
        assert_int_equal(span.len, len);
        mn_ring_commit(&ring, len);
    }
    return status;
}

// Write at most `len` bytes; returns how many, or the error.
static int write_max(size_t len) {
    mn_span_t span = {0};
    mn_status_t status = mn_ring_grant_max(&ring, len, &span);
    if (status == MN_OK) {
        mn_ring_commit(&ring, span.len);
    }
    return (status == MN_OK) ? (int)span.len : (int)status;
}

// Read, and release at most `used` bytes; returns how many were seen, or the error.
static int read_some(size_t used) {
    mn_span_t span = {0};
    mn_status_t status = mn_ring_read(&ring, &span);
    if (status == MN_OK) {
        mn_ring_release(&ring, used);
    }
    return (status == MN_OK) ? (int)span.len : (int)status;
}

static int read_all(void) {
    return read_some(SIZE_MAX);
}

// Where the next write grant of `len` bytes begins; it is abandoned.
static size_t next_start(size_t len) {
    mn_span_t span = {0};
    assert_int_equal(mn_ring_grant(&ring, len, &span), MN_OK);
    mn_ring_commit(&ring, 0);
    return (size_t)(span.data - buffer);
}

// An empty ring whose next byte is written at `index`.
static void fresh_at(size_t capacity, size_t index) {
    fresh(capacity);
    if (index != 0) {
        assert_int_equal(write_exactly(index), MN_OK);
        assert_int_equal(read_all(), (int)index);
    }
}

// --- sequences ---
// Most are known from an older ring of this kind. That one left a byte free after a wrap and could
// not start again at the beginning when it was empty; where ours does better, a comment says so.

static void all_of_the_capacity_is_usable_at_any_time(void **state) {
    (void)state;
    fresh(8);
    assert_int_equal(write_exactly(8), MN_OK);
    assert_int_equal(write_exactly(1), MN_EFULL);
    assert_int_equal(read_all(), 8);
    // Refused by the older ring, which after that served 7.
    assert_int_equal(write_exactly(8), MN_OK);
    assert_int_equal(write_exactly(4), MN_EFULL);
    assert_int_equal(read_all(), 8);
    assert_int_equal(read_all(), MN_EEMPTY);
}

static void a_grant_that_does_not_fit_at_the_end_is_at_the_beginning(void **state) {
    (void)state;
    fresh(8);
    assert_int_equal(write_exactly(5), MN_OK);
    assert_int_equal(read_all(), 5);
    assert_int_equal(next_start(4), 0);
    assert_int_equal(write_exactly(4), MN_OK);
    assert_int_equal(read_all(), 4);
    assert_int_equal(read_all(), MN_EEMPTY);
}

static void a_grant_that_fits_at_the_end_is_at_the_end(void **state) {
    (void)state;
    fresh_at(8, 5);
    // The older ring refused 5 bytes here, because they did not fit before index 5 with one free.
    assert_int_equal(next_start(5), 0);
    assert_int_equal(next_start(3), 5);
    assert_int_equal(write_exactly(3), MN_OK);
    // 4 in the older ring.
    assert_int_equal(write_max(99), 5);
    assert_int_equal(write_max(99), MN_EFULL);
}

static void what_is_contiguous_is_read_at_once_and_the_rest_next(void **state) {
    (void)state;
    fresh(8);
    assert_int_equal(write_exactly(6), MN_OK);
    assert_int_equal(read_some(2), 6);
    assert_int_equal(write_max(9), 2);
    // 1 in the older ring.
    assert_int_equal(write_max(9), 2);
    assert_int_equal(write_max(9), MN_EFULL);
    assert_int_equal(read_all(), 6); // 4 that remained and 2 new ones
    assert_int_equal(read_all(), 2);
    assert_int_equal(read_all(), MN_EEMPTY);
}

static void the_end_is_used_up_before_the_beginning(void **state) {
    (void)state;
    fresh_at(10, 8);
    assert_int_equal(write_max(9), 2);
    // 7 in the older ring.
    assert_int_equal(write_max(9), 8);
    assert_int_equal(write_max(1), MN_EFULL);
    assert_int_equal(read_all(), 2);
    assert_int_equal(read_all(), 8);
    assert_int_equal(read_all(), MN_EEMPTY);
}

static void a_skipped_tail_is_not_read(void **state) {
    (void)state;
    fresh_at(10, 8);
    assert_int_equal(write_exactly(4), MN_OK); // 2 at the end are skipped
    assert_int_equal(read_all(), 4);
    assert_int_equal(read_all(), MN_EEMPTY);
    // With data before the tail, the reader stops where it begins.
    fresh(10);
    assert_int_equal(write_exactly(8), MN_OK);
    assert_int_equal(read_some(6), 8);
    assert_int_equal(write_exactly(4), MN_OK);
    assert_int_equal(read_all(), 2);
    assert_int_equal(read_all(), 4);
    assert_int_equal(read_all(), MN_EEMPTY);
}

// The reader has used up what was before the wrap, and has not looked again since. The tail behind
// it is free.
static void a_reader_that_stands_at_the_wrap_is_in_nobodys_way(void **state) {
    (void)state;
    fresh(10);
    assert_int_equal(write_exactly(8), MN_OK);
    assert_int_equal(read_some(4), 8);
    assert_int_equal(write_exactly(3), MN_OK); // at 0
    assert_int_equal(read_some(4), 4);         // up to the wrap at 8
    assert_int_equal(next_start(7), 3);
    assert_int_equal(write_exactly(7), MN_OK);
    assert_int_equal(write_exactly(1), MN_EFULL);
    assert_int_equal(read_all(), 10);
}

static void nothing_is_written_and_read_as_nothing(void **state) {
    (void)state;
    fresh(4);
    assert_int_equal(write_exactly(0), MN_OK);
    assert_int_equal(write_max(0), 0);
    assert_int_equal(read_all(), MN_EEMPTY);
    assert_int_equal(write_exactly(4), MN_OK);
    assert_int_equal(write_exactly(0), MN_OK);
    assert_int_equal(write_max(0), MN_EFULL);
    assert_int_equal(read_all(), 4);
}

static void a_ring_of_one_byte_goes_round(void **state) {
    (void)state;
    fresh(1);
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal((i & 1) != 0 ? write_exactly(1) == MN_OK : write_max(9), 1);
        assert_int_equal(write_exactly(1), MN_EFULL);
        assert_int_equal(write_max(1), MN_EFULL);
        assert_int_equal(read_some(0), 1);
        assert_int_equal(read_all(), 1);
        assert_int_equal(read_all(), MN_EEMPTY);
    }
}

static void an_empty_ring_serves_every_length_at_every_position(void **state) {
    (void)state;
    for (size_t capacity = 1; capacity <= 33; capacity++) {
        for (size_t index = 0; index <= capacity; index++) {
            for (size_t len = 1; len <= capacity; len++) {
                fresh_at(capacity, index);
                assert_int_equal(write_exactly(len), MN_OK);
                assert_int_equal(read_all(), (int)len);
                assert_int_equal(read_all(), MN_EEMPTY);
            }
        }
    }
}

static void more_than_the_capacity_is_too_big_in_any_state(void **state) {
    (void)state;
    fresh(8);
    assert_int_equal(write_exactly(9), MN_ETOOBIG);
    assert_int_equal(write_exactly(SIZE_MAX), MN_ETOOBIG);
    assert_int_equal(write_max(SIZE_MAX), 8);
    assert_int_equal(write_exactly(9), MN_ETOOBIG);
}

// --- partial use ---

static void a_part_of_a_grant_is_committed(void **state) {
    (void)state;
    fresh(8);
    mn_span_t span = {0};
    assert_int_equal(mn_ring_grant(&ring, 6, &span), MN_OK);
    memcpy(span.data, "abcdef", 6);
    mn_ring_commit(&ring, 2);
    assert_int_equal(mn_ring_read(&ring, &span), MN_OK);
    assert_int_equal(span.len, 2);
    assert_memory_equal(span.data, "ab", 2);
    mn_ring_release(&ring, 1);
    assert_int_equal(mn_ring_read(&ring, &span), MN_OK);
    assert_int_equal(span.len, 1);
    assert_memory_equal(span.data, "b", 1);
    mn_ring_release(&ring, 1);
    // More than was granted is all of it.
    assert_int_equal(mn_ring_grant(&ring, 3, &span), MN_OK);
    mn_ring_commit(&ring, 99);
    assert_int_equal(read_some(99), 3);
    assert_int_equal(read_all(), MN_EEMPTY);
}

// The older ring went back to the beginning also when nothing was committed, and lost the tail.
static void an_abandoned_grant_changes_nothing(void **state) {
    (void)state;
    fresh_at(8, 6);
    assert_int_equal(next_start(2), 6);
    assert_int_equal(next_start(3), 0);
    assert_int_equal(next_start(2), 6);
    assert_int_equal(read_all(), MN_EEMPTY);
    assert_int_equal(write_exactly(2), MN_OK);
    assert_int_equal(read_some(0), 2);
    assert_int_equal(read_some(0), 2);
    assert_int_equal(read_all(), 2);
}

static void a_wrapped_grant_may_be_committed_in_part(void **state) {
    (void)state;
    fresh_at(8, 6);
    mn_span_t span = {0};
    assert_int_equal(mn_ring_grant(&ring, 8, &span), MN_OK);
    assert_ptr_equal(span.data, buffer);
    memcpy(span.data, "x", 1);
    mn_ring_commit(&ring, 1);
    assert_int_equal(mn_ring_read(&ring, &span), MN_OK);
    assert_int_equal(span.len, 1);
    assert_int_equal(span.data[0], 'x');
    mn_ring_release(&ring, 1);
    assert_int_equal(next_start(7), 1);
}

static void the_reader_may_change_what_it_reads(void **state) {
    (void)state;
    fresh(4);
    assert_int_equal(write_exactly(2), MN_OK);
    mn_span_t span = {0};
    assert_int_equal(mn_ring_read(&ring, &span), MN_OK);
    span.data[1] = 'q';
    mn_ring_release(&ring, 1);
    assert_int_equal(mn_ring_read(&ring, &span), MN_OK);
    assert_int_equal(span.data[0], 'q');
    mn_ring_release(&ring, 1);
}

// --- one grant at a time ---

static void a_second_write_grant_is_refused(void **state) {
    (void)state;
    fresh(8);
    mn_span_t span = {0};
    mn_span_t other = {.data = buffer + 3, .len = 42};
    assert_int_equal(mn_ring_grant(&ring, 2, &span), MN_OK);
    assert_int_equal(mn_ring_grant(&ring, 1, &other), MN_EBUSY);
    assert_int_equal(mn_ring_grant_max(&ring, 1, &other), MN_EBUSY);
    assert_int_equal(mn_ring_write(&ring, "z", 1), MN_EBUSY);
    assert_ptr_equal(other.data, buffer + 3);
    assert_int_equal(other.len, 42);
    mn_ring_commit(&ring, 0);
    assert_int_equal(read_all(), MN_EEMPTY);
    assert_int_equal(write_exactly(8), MN_OK);
}

static void a_second_read_grant_is_refused(void **state) {
    (void)state;
    fresh(8);
    assert_int_equal(write_exactly(4), MN_OK);
    mn_span_t span = {0};
    assert_int_equal(mn_ring_read(&ring, &span), MN_OK);
    assert_int_equal(mn_ring_read(&ring, &span), MN_EBUSY);
    mn_ring_release(&ring, 0);
    assert_int_equal(read_all(), 4);
}

static void what_is_being_read_is_not_granted_to_the_writer(void **state) {
    (void)state;
    fresh(4);
    assert_int_equal(write_exactly(4), MN_OK);
    mn_span_t span = {0};
    assert_int_equal(mn_ring_read(&ring, &span), MN_OK);
    assert_int_equal(write_exactly(1), MN_EFULL);
    mn_ring_release(&ring, 3);
    assert_int_equal(write_exactly(3), MN_OK);
    assert_int_equal(write_exactly(1), MN_EFULL);
}

static void committing_and_releasing_need_a_grant(void **state) {
    (void)state;
    fresh(4);
    EXPECT_PANIC(mn_ring_commit(&ring, 0), "write_live");
    EXPECT_PANIC(mn_ring_release(&ring, 0), "read_live");
    assert_int_equal(write_exactly(1), MN_OK);
    EXPECT_PANIC(mn_ring_commit(&ring, 1), "write_live");
    EXPECT_PANIC(mn_ring_init(&ring, buffer, 0), "capacity");
    EXPECT_PANIC(mn_ring_init(&ring, buffer, SIZE_MAX), "capacity");
}

static void canceling_abandons_the_grants(void **state) {
    (void)state;
    fresh(4);
    mn_span_t span = {0};
    assert_int_equal(mn_ring_grant(&ring, 4, &span), MN_OK);
    mn_ring_cancel_writer(&ring);
    assert_int_equal(read_all(), MN_EEMPTY);
    assert_int_equal(write_exactly(4), MN_OK);
    assert_int_equal(mn_ring_read(&ring, &span), MN_OK);
    mn_ring_cancel_reader(&ring);
    assert_int_equal(read_all(), 4);
    mn_ring_cancel_writer(&ring);
    mn_ring_cancel_reader(&ring);
    assert_int_equal(write_exactly(4), MN_OK);
}

// --- closing ---

static void after_the_writer_has_closed_the_rest_is_read(void **state) {
    (void)state;
    fresh(8);
    assert_int_equal(write_exactly(6), MN_OK);
    assert_int_equal(read_some(5), 6);
    assert_int_equal(write_exactly(2), MN_OK);
    assert_int_equal(write_exactly(2), MN_OK);
    mn_ring_close_writer(&ring);
    mn_ring_close_writer(&ring);
    assert_int_equal(write_exactly(1), MN_ECLOSED);
    assert_int_equal(write_exactly(99), MN_ECLOSED);
    assert_int_equal(write_max(1), MN_ECLOSED);
    assert_int_equal(mn_ring_write(&ring, "z", 1), MN_ECLOSED);
    assert_int_equal(read_some(1), 3);
    assert_int_equal(read_all(), 2);
    assert_int_equal(read_all(), 2);
    assert_int_equal(read_all(), MN_ECLOSED);
    assert_int_equal(read_all(), MN_ECLOSED);
}

static void after_the_reader_has_closed_nothing_is_written_or_read(void **state) {
    (void)state;
    fresh(8);
    assert_int_equal(write_exactly(3), MN_OK);
    mn_ring_close_reader(&ring);
    mn_ring_close_reader(&ring);
    assert_int_equal(write_exactly(1), MN_ECLOSED);
    assert_int_equal(write_max(1), MN_ECLOSED);
    assert_int_equal(read_all(), MN_ECLOSED);
}

// Somebody else may close a side whose owner is at work and finishes what it does.
static void a_grant_outlives_the_closing_of_its_side(void **state) {
    (void)state;
    fresh(8);
    mn_span_t span = {0};
    assert_int_equal(write_exactly(2), MN_OK);
    assert_int_equal(mn_ring_grant(&ring, 2, &span), MN_OK);
    mn_ring_close_writer(&ring);
    mn_ring_commit(&ring, 2); // discarded
    assert_int_equal(read_all(), 2);
    assert_int_equal(read_all(), MN_ECLOSED);

    fresh(8);
    assert_int_equal(write_exactly(2), MN_OK);
    assert_int_equal(mn_ring_read(&ring, &span), MN_OK);
    mn_ring_close_reader(&ring);
    mn_ring_release(&ring, 1);
    assert_int_equal(read_all(), MN_ECLOSED);
}

static void a_writer_that_loses_its_reader_may_still_commit(void **state) {
    (void)state;
    fresh(8);
    mn_span_t span = {0};
    assert_int_equal(mn_ring_grant(&ring, 2, &span), MN_OK);
    mn_ring_close_reader(&ring);
    mn_ring_commit(&ring, 2);
    assert_int_equal(mn_ring_grant(&ring, 2, &span), MN_ECLOSED);
}

// --- copying in ---

static void bytes_are_copied_in_around_the_wrap(void **state) {
    (void)state;
    fresh_at(8, 5);
    assert_int_equal(mn_ring_write(&ring, "abcdefgh", 8), MN_OK);
    assert_int_equal(mn_ring_write(&ring, "i", 1), MN_EFULL);
    assert_memory_equal(buffer, "defghabc", 8);
    assert_int_equal(read_some(2), 3);
    assert_int_equal(mn_ring_write(&ring, "ijk", 3), MN_EFULL); // nothing of it
    assert_int_equal(mn_ring_write(&ring, "", 0), MN_OK);
    assert_int_equal(read_all(), 1);
    assert_int_equal(mn_ring_write(&ring, "ijk", 3), MN_OK);
    assert_memory_equal(buffer, "defghijk", 8);
    assert_int_equal(read_all(), 8);
    assert_int_equal(mn_ring_write(&ring, "123456789", 9), MN_ETOOBIG);
    assert_int_equal(read_all(), MN_EEMPTY);
}

// --- memory ---

static void a_ring_from_the_heap(void **state) {
    test_kernel_t *tk = *state;
    static mn_heap_owner_t owner = {.name = "ring"};
    mn_ring_t *made = &ring;
    assert_int_equal(mn_ring_new(&tk->kernel, &owner, 0, &made), MN_EINVAL);
    assert_null(made);
    assert_int_equal(mn_ring_new(&tk->kernel, &owner, SIZE_MAX, &made), MN_ETOOBIG);
    assert_int_equal(mn_ring_new(&tk->kernel, &owner, SIZE_MAX / 2 + 1, &made), MN_ETOOBIG);
    assert_int_equal(mn_ring_new(&tk->kernel, &owner, SIZE_MAX / 2, &made), MN_ETOOBIG);
    assert_int_equal(mn_ring_new(&tk->kernel, &owner, TEST_KERNEL_HEAP, &made), MN_ETOOBIG);
    assert_null(made);
    const size_t before = test_kernel_heap_in_use(tk);
    assert_int_equal(mn_ring_new(&tk->kernel, &owner, 100, &made), MN_OK);
    assert_int_equal(made->capacity, 100);
    uint8_t bytes[100];
    memset(bytes, 0x5a, sizeof(bytes));
    assert_int_equal(mn_ring_write(made, bytes, sizeof(bytes)), MN_OK);
    mn_ring_delete(&tk->kernel, made);
    assert_int_equal(test_kernel_heap_in_use(tk), before);
}

static void a_ring_for_which_there_is_no_memory(void **state) {
    test_kernel_t *tk = *state;
    static mn_heap_owner_t owner = {.name = "ring", .quota = 64};
    mn_ring_t *made = &ring;
    assert_int_equal(mn_ring_new(&tk->kernel, &owner, 100, &made), MN_EQUOTA);
    assert_null(made);
    owner.quota = 0;
    void *rest = NULL;
    assert_int_equal(mn_alloc(&tk->kernel, &owner, TEST_KERNEL_HEAP / 8 * 7, 0, &rest), MN_OK);
    assert_int_equal(mn_ring_new(&tk->kernel, &owner, TEST_KERNEL_HEAP / 8, &made), MN_ENOMEM);
    assert_null(made);
    assert_int_equal(mn_free(&tk->kernel, rest), MN_OK);
    assert_int_equal(mn_ring_new(&tk->kernel, &owner, TEST_KERNEL_HEAP / 8, &made), MN_OK);
    mn_ring_delete(&tk->kernel, made);
}

static void two_rings_make_both_ends_of_a_duplex(void **state) {
    (void)state;
    mn_ring_t back;
    mn_duplex_t a = {.tx = &ring, .rx = &back};
    mn_duplex_t b = mn_duplex_other(a);
    assert_ptr_equal(b.tx, &back);
    assert_ptr_equal(b.rx, &ring);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_the_capacity_is_usable_at_any_time),
        cmocka_unit_test(a_grant_that_does_not_fit_at_the_end_is_at_the_beginning),
        cmocka_unit_test(a_grant_that_fits_at_the_end_is_at_the_end),
        cmocka_unit_test(what_is_contiguous_is_read_at_once_and_the_rest_next),
        cmocka_unit_test(the_end_is_used_up_before_the_beginning),
        cmocka_unit_test(a_skipped_tail_is_not_read),
        cmocka_unit_test(a_reader_that_stands_at_the_wrap_is_in_nobodys_way),
        cmocka_unit_test(nothing_is_written_and_read_as_nothing),
        cmocka_unit_test(a_ring_of_one_byte_goes_round),
        cmocka_unit_test(an_empty_ring_serves_every_length_at_every_position),
        cmocka_unit_test(more_than_the_capacity_is_too_big_in_any_state),
        cmocka_unit_test(a_part_of_a_grant_is_committed),
        cmocka_unit_test(an_abandoned_grant_changes_nothing),
        cmocka_unit_test(a_wrapped_grant_may_be_committed_in_part),
        cmocka_unit_test(the_reader_may_change_what_it_reads),
        cmocka_unit_test(a_second_write_grant_is_refused),
        cmocka_unit_test(a_second_read_grant_is_refused),
        cmocka_unit_test(what_is_being_read_is_not_granted_to_the_writer),
        cmocka_unit_test(committing_and_releasing_need_a_grant),
        cmocka_unit_test(canceling_abandons_the_grants),
        cmocka_unit_test(after_the_writer_has_closed_the_rest_is_read),
        cmocka_unit_test(after_the_reader_has_closed_nothing_is_written_or_read),
        cmocka_unit_test(a_grant_outlives_the_closing_of_its_side),
        cmocka_unit_test(a_writer_that_loses_its_reader_may_still_commit),
        cmocka_unit_test(bytes_are_copied_in_around_the_wrap),
        cmocka_unit_test_setup_teardown(a_ring_from_the_heap, test_kernel_setup,
                                        test_kernel_teardown),
        cmocka_unit_test_setup_teardown(a_ring_for_which_there_is_no_memory, test_kernel_setup,
                                        test_kernel_teardown),
        cmocka_unit_test(two_rings_make_both_ends_of_a_duplex),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
