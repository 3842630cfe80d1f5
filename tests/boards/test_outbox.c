// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The outbox: order, what a disconnect does, and what is dropped when it is full.

#include "outbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static outbox_t box;

static int fresh(void **state) {
    (void)state;
    memset(&box, 0, sizeof box);
    return 0;
}

static void put(const char *text, size_t len) {
    outbox_put(&box, (const uint8_t *)text, len);
}

// Take up to `most` bytes and check that they are the beginning of `expected`.
static size_t take(const char *expected, size_t most) {
    const uint8_t *data = NULL;
    size_t len = outbox_peek(&box, &data);
    len = (len < most) ? len : most;
    assert_memory_equal(data, expected, len);
    outbox_taken(&box, len);
    return len;
}

static void nothing_comes_out_of_an_empty_one(void **state) {
    (void)state;
    assert_int_equal(outbox_pending(&box), 0);
    assert_int_equal(outbox_room(&box), OUTBOX_SIZE);
    assert_int_equal(take("", 100), 0);
    outbox_rewind(&box);
    assert_int_equal(take("", 100), 0);
}

static void bytes_come_out_as_they_went_in(void **state) {
    (void)state;
    put("one\0two", 8);
    assert_int_equal(outbox_pending(&box), 8);
    assert_int_equal(take("one\0two", 2), 2);
    put("three", 6);
    assert_int_equal(take("e\0two", 100), 6);
    assert_int_equal(take("three", 100), 6);
    assert_int_equal(outbox_pending(&box), 0);
}

static void a_cut_frame_is_sent_again_whole(void **state) {
    (void)state;
    put("one\0two\0three", 14);
    assert_int_equal(take("one\0tw", 6), 6);
    outbox_rewind(&box);
    assert_int_equal(take("two\0three", 4), 4);
    outbox_rewind(&box); // between frames: nothing was cut
    assert_int_equal(take("three", 6), 6);
    outbox_rewind(&box);
    assert_int_equal(outbox_pending(&box), 0);
}

static void a_frame_stays_whole_at_the_end_of_a_chunk(void **state) {
    (void)state;
    static char frames[OUTBOX_CHUNK + 500];
    memset(frames, 'x', sizeof frames);
    frames[OUTBOX_CHUNK - 100] = '\0'; // the second frame is across the end of the first chunk
    frames[sizeof frames - 1] = '\0';
    put(frames, sizeof frames);
    const size_t first = take(frames, sizeof frames);
    assert_int_equal(first, OUTBOX_CHUNK - 99);
    assert_int_equal(take(frames + first, 200), 200);
    outbox_rewind(&box);
    assert_int_equal(take(frames + first, sizeof frames), sizeof frames - first);
}

static void what_is_no_frame_goes_as_it_is(void **state) {
    (void)state;
    put("text", 4);
    assert_int_equal(take("text", 100), 4);
    assert_int_equal(outbox_pending(&box), 0);
}

static void the_oldest_frames_are_dropped_when_it_is_full(void **state) {
    (void)state;
    char frame[16];
    const unsigned count = OUTBOX_SIZE / 8 + 100; // each is 8 bytes, so the ring wraps
    for (unsigned i = 0; i < count; i++) {
        (void)snprintf(frame, sizeof frame, "%07u", i);
        put(frame, 8);
    }
    assert_int_equal(box.dropped, 100);
    assert_int_equal(outbox_room(&box), 0);
    for (unsigned i = 100; i < count; i++) {
        (void)snprintf(frame, sizeof frame, "%07u", i);
        assert_int_equal(take(frame, 8), 8);
    }
    assert_int_equal(outbox_pending(&box), 0);
}

static void what_is_on_its_way_is_never_dropped(void **state) {
    (void)state;
    static char rest[OUTBOX_SIZE];
    memset(rest, 'y', sizeof rest);
    rest[sizeof rest - 1] = '\0';
    put("begun", 6);
    assert_int_equal(take("beg", 3), 3);
    put("dropped", 8);
    put(rest, sizeof rest);
    assert_int_equal(box.dropped, 1);
    outbox_rewind(&box);
    assert_int_equal(take("begun", 6), 6);
    assert_int_equal(take(rest, 5), 5);
}

// Random use against a plain record of what went in. A client that leaves may get a frame twice,
// but the frames that the last byte of was taken make up the record.
static void any_use_delivers_every_frame_in_order(void **state) {
    (void)state;
    unsigned next_in = 0;
    unsigned next_out = 0;
    char current[64];
    size_t at = 0;
    srand(5);
    for (int step = 0; step < 200000; step++) {
        const int what = rand() % 8;
        const uint8_t *data = NULL;
        if (what < 3 && outbox_room(&box) > 64) {
            const int len = snprintf(current, sizeof current, "%u%.*s", next_in++, rand() % 40,
                                     "........................................");
            put(current, (size_t)len + 1);
            continue;
        }
        size_t len = outbox_peek(&box, &data);
        len = (len == 0) ? 0 : (size_t)rand() % len % 50 + 1;
        for (size_t i = 0; i < len; i++) {
            if (at == 0) {
                assert_int_equal(strtoul((const char *)data + i, NULL, 10), next_out);
            }
            at = (data[i] == 0) ? 0 : at + 1;
            next_out += (data[i] == 0) ? 1 : 0;
        }
        outbox_taken(&box, len);
        if (what == 7) {
            outbox_rewind(&box);
            at = 0;
        }
    }
    assert_true(next_out > 10000);
    assert_int_equal(box.dropped, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing_comes_out_of_an_empty_one, fresh),
        cmocka_unit_test_setup(bytes_come_out_as_they_went_in, fresh),
        cmocka_unit_test_setup(a_cut_frame_is_sent_again_whole, fresh),
        cmocka_unit_test_setup(a_frame_stays_whole_at_the_end_of_a_chunk, fresh),
        cmocka_unit_test_setup(what_is_no_frame_goes_as_it_is, fresh),
        cmocka_unit_test_setup(the_oldest_frames_are_dropped_when_it_is_full, fresh),
        cmocka_unit_test_setup(what_is_on_its_way_is_never_dropped, fresh),
        cmocka_unit_test_setup(any_use_delivers_every_frame_in_order, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
