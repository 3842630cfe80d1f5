// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The byte ring against a model, over many random operations. The model is a queue of bytes, each
// with the place in the buffer where it was written; from that it follows where the next grant must
// be, how long it may be, and whether there is one at all.

#include <mnemos/ring.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define MAX_CAPACITY 255U
#define OPERATIONS 200000U

typedef struct model {
    size_t capacity;
    uint8_t bytes[MAX_CAPACITY]; // the queue, oldest first
    size_t places[MAX_CAPACITY];
    size_t count;
    bool taken[MAX_CAPACITY]; // which places are in the queue
    size_t next;              // the place after the last byte written
    mn_span_t writing;        // live grants; data is NULL if there is none
    mn_span_t reading;
    bool writer_closed;
    bool reader_closed;
} model_t;

static uint8_t buffer[MAX_CAPACITY];
static mn_ring_t ring;
static model_t model;
static uint32_t random_state;

static uint32_t next_random(uint32_t below) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state % below;
}

static void start_again(size_t capacity) {
    model = (model_t){.capacity = capacity};
    mn_ring_init(&ring, buffer, capacity);
}

// Free places in a row from `place` on.
static size_t free_run(size_t place) {
    size_t end = place;
    while (end < model.capacity && !model.taken[end]) {
        end++;
    }
    return end - place;
}

// What is free after the last byte written, and at the beginning if nothing is in between.
static size_t room_here(void) {
    return free_run(model.next);
}

static size_t room_at_front(void) {
    return (model.next + room_here() == model.capacity) ? free_run(0) : 0;
}

static mn_status_t refused_to_writer(void) {
    if (model.writer_closed || model.reader_closed) {
        return MN_ECLOSED;
    }
    return (model.writing.data != NULL) ? MN_EBUSY : MN_OK;
}

static void check_write_grant(mn_status_t expected, size_t start, size_t len, mn_status_t status,
                              mn_span_t span) {
    assert_int_equal(status, expected);
    if (status == MN_OK) {
        assert_ptr_equal(span.data, buffer + start);
        assert_int_equal(span.len, len);
        model.writing = span;
    }
}

static void grant_exact(void) {
    const size_t len = next_random((uint32_t)model.capacity + 3);
    mn_status_t expected = refused_to_writer();
    size_t start = model.next;
    if (expected == MN_OK && len > model.capacity) {
        expected = MN_ETOOBIG;
    } else if (expected == MN_OK && len > room_here()) {
        expected = (len <= room_at_front()) ? MN_OK : MN_EFULL;
        start = 0;
    }
    mn_span_t span = {0};
    mn_status_t status = mn_ring_grant(&ring, len, &span);
    check_write_grant(expected, start, len, status, span);
}

static void grant_max(void) {
    const size_t len = 1 + next_random((uint32_t)model.capacity + 3);
    mn_status_t expected = refused_to_writer();
    size_t start = model.next;
    size_t room = room_here();
    if (room == 0) {
        start = 0;
        room = room_at_front();
    }
    if (expected == MN_OK && room == 0) {
        expected = MN_EFULL;
    }
    mn_span_t span = {0};
    mn_status_t status = mn_ring_grant_max(&ring, len, &span);
    check_write_grant(expected, start, (len < room) ? len : room, status, span);
}

static void append(size_t place, uint8_t byte) {
    assert_false(model.taken[place]);
    model.taken[place] = true;
    model.places[model.count] = place;
    model.bytes[model.count] = byte;
    model.count++;
    model.next = place + 1;
}

static void commit(void) {
    mn_span_t span = model.writing;
    if (span.data == NULL) {
        return;
    }
    model.writing = (mn_span_t){0};
    for (size_t i = 0; i < span.len; i++) {
        span.data[i] = (uint8_t)next_random(256);
    }
    size_t used = (next_random(3) == 0) ? next_random((uint32_t)span.len + 3) : span.len;
    mn_ring_commit(&ring, used);
    used = (used < span.len) ? used : span.len;
    for (size_t i = 0; i < used && !model.writer_closed; i++) {
        append((size_t)(span.data - buffer) + i, span.data[i]);
    }
}

static void write_bytes(void) {
    uint8_t bytes[MAX_CAPACITY + 3];
    const size_t len = next_random((uint32_t)model.capacity + 3);
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)next_random(256);
    }
    const size_t room = (model.count == 0) ? model.capacity : room_here() + room_at_front();
    mn_status_t expected = refused_to_writer();
    if (expected == MN_OK && len > room) {
        expected = (len > model.capacity) ? MN_ETOOBIG : MN_EFULL;
    }
    assert_int_equal(mn_ring_write(&ring, bytes, len), expected);
    for (size_t i = 0; i < len && expected == MN_OK; i++) {
        append((model.next == model.capacity) ? 0 : model.next, bytes[i]);
    }
}

// Everything contiguous from the oldest byte on.
static size_t readable(void) {
    size_t len = 0;
    while (len < model.count && model.places[len] == model.places[0] + len) {
        len++;
    }
    return len;
}

static mn_status_t refused_to_reader(void) {
    if (model.reader_closed) {
        return MN_ECLOSED;
    }
    if (model.reading.data != NULL) {
        return MN_EBUSY;
    }
    if (model.count == 0) {
        return model.writer_closed ? MN_ECLOSED : MN_EEMPTY;
    }
    return MN_OK;
}

static void read_bytes(void) {
    const mn_status_t expected = refused_to_reader();
    mn_span_t span = {0};
    assert_int_equal(mn_ring_read(&ring, &span), expected);
    if (expected == MN_OK) {
        assert_int_equal(span.len, readable());
        assert_ptr_equal(span.data, buffer + model.places[0]);
        assert_memory_equal(span.data, model.bytes, span.len);
        model.reading = span;
    }
}

static void release(void) {
    mn_span_t span = model.reading;
    if (span.data == NULL) {
        return;
    }
    assert_memory_equal(span.data, model.bytes, span.len); // the writer has not touched them
    size_t used = (next_random(3) == 0) ? next_random((uint32_t)span.len + 3) : span.len;
    mn_ring_release(&ring, used);
    model.reading = (mn_span_t){0};
    used = (used < span.len) ? used : span.len;
    for (size_t i = 0; i < used; i++) {
        model.taken[model.places[i]] = false;
    }
    model.count -= used;
    memmove(model.bytes, model.bytes + used, model.count);
    memmove(model.places, model.places + used, model.count * sizeof(model.places[0]));
}

// Rarely: from then on the ring soon comes to its end, and another one begins.
static void close_one_side(void) {
    const uint32_t which = next_random(200);
    if (which == 0) {
        mn_ring_close_writer(&ring);
        model.writer_closed = true;
    } else if (which == 1) {
        mn_ring_close_reader(&ring);
        model.reader_closed = true;
    } else if (which < 10 && (model.writer_closed || model.reader_closed)) {
        start_again(model.capacity);
    }
}

static void cancel_one_side(void) {
    const uint32_t which = next_random(10);
    if (which == 0) {
        mn_ring_cancel_writer(&ring);
        model.writing = (mn_span_t){0};
    } else if (which == 1) {
        mn_ring_cancel_reader(&ring);
        model.reading = (mn_span_t){0};
    }
}

static void a_ring_does_what_the_model_does(size_t capacity) {
    static void (*const operations[])(void) = {
        grant_exact, grant_exact, grant_max, commit,  commit,         commit,          read_bytes,
        read_bytes,  read_bytes,  release,   release, close_one_side, cancel_one_side, write_bytes,
    };
    random_state = 0x1234567U + (uint32_t)capacity;
    start_again(capacity);
    for (unsigned i = 0; i < OPERATIONS; i++) {
        operations[next_random(MN_COUNT_OF(operations))]();
    }
}

static void small_rings(void **state) {
    (void)state;
    a_ring_does_what_the_model_does(1);
    a_ring_does_what_the_model_does(2);
    a_ring_does_what_the_model_does(3);
    a_ring_does_what_the_model_does(8);
}

static void larger_rings(void **state) {
    (void)state;
    a_ring_does_what_the_model_does(33);
    a_ring_does_what_the_model_does(MAX_CAPACITY);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_rings),
        cmocka_unit_test(larger_rings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
