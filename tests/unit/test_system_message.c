// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The messages of the status port against vectors that another encoder has made, and against what
// is none of them.

#include <mnemos/system_message.h>

// cmocka needs these before it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <mnemos/cobs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct bytes {
    uint8_t data[256];
    size_t len;
} bytes_t;

static mn_cspan_t span(const bytes_t *bytes) {
    return (mn_cspan_t){.data = bytes->data, .len = bytes->len};
}

// The message of that name, from the file of vectors.
static bytes_t vector(const char *name) {
    FILE *file = fopen(MNEMOS_TEST_DIR "/status_vectors.txt", "r");
    assert_non_null(file);
    char line[512];
    char found[32];
    char hex[256];
    bytes_t bytes = {0};
    while (fgets(line, sizeof line, file) != NULL && bytes.len == 0) {
        if (sscanf(line, "%31s %255s", found, hex) == 2 && strcmp(found, name) == 0) {
            for (; hex[2 * bytes.len] != '\0'; bytes.len++) {
                const char digits[] = {hex[2 * bytes.len], hex[2 * bytes.len + 1], '\0'};
                bytes.data[bytes.len] = (uint8_t)strtoul(digits, NULL, 16);
            }
        }
    }
    (void)fclose(file);
    assert_true(bytes.len != 0);
    return bytes;
}

// What a frame carries.
static bytes_t unpack(const uint8_t *frame, size_t len) {
    bytes_t bytes;
    assert_true(len != 0 && memchr(frame, 0, len) == frame + len - 1);
    assert_int_equal(mn_cobs_decode(bytes.data, sizeof bytes.data, frame, len - 1, &bytes.len),
                     MN_OK);
    return bytes;
}

#define NAMED(text) \
    { .data = (const uint8_t *)(text), .len = sizeof(text) - 1 }
#define U32 UINT32_MAX
#define U64 UINT64_MAX

static const struct {
    const char *name;
    mn_system_row_t row;
} rows[] = {
    {"header",
     {MN_SYSTEM_HEADER, {.header = {1, 7, 123456789012, 1000000, 123456000000, 23456, true, 250}}}},
    {"header_least", {MN_SYSTEM_HEADER, {.header = {1, 1, 0, 1, 0, 0, false, 0}}}},
    {"header_most", {MN_SYSTEM_HEADER, {.header = {1, U64, U64, U64, U64, U64, true, U64}}}},
    {"heap", {MN_SYSTEM_HEAP, {.heap = {8388000, 70000, 80000, 8200000, 123, 4, 5}}}},
    {"owner", {MN_SYSTEM_OWNER, {.owner = {NAMED("tasks"), 4096, 5000, 10, 2, 8192}}}},
    {"owner_most",
     {MN_SYSTEM_OWNER,
      {.owner = {NAMED("an owner's name of 31 character"), U64, U64, U64, U64, U64}}}},
    {"task", {MN_SYSTEM_TASK, {.task = {0xFFFFF000U, NAMED("forth-0"), 0, 1000, 999, 65536, 300}}}},
    {"task_most",
     {MN_SYSTEM_TASK,
      {.task = {U32,
                NAMED("\u00E9\u00E9\u00E9\u00E9\u00E9\u00E9\u00E9\u00E9\u00E9"
                      "\u00E9\u00E9\u00E9\u00E9\u00E9\u00E9x"),
                3, U32, U32, U32, U32}}}},
    {"stall", {MN_SYSTEM_STALL, {.stall = {NAMED("forth-1"), 70000, 3}}}},
    {"stall_none", {MN_SYSTEM_STALL, {.stall = {NAMED(""), 0, 0}}}},
    {"service",
     {MN_SYSTEM_SERVICE,
      {.service = {NAMED("serial mux"), MN_UUID(0x54c983fa, 0x736f, 0x4223, 0xb90d, 0xc4360a308647),
                   true, 0, 1, 4}}}},
    {"service_plain",
     {MN_SYSTEM_SERVICE,
      {.service = {NAMED("user"), MN_UUID(0x00010203, 0x0405, 0x0607, 0x0809, 0x0a0b0c0d0e0f),
                   false, 0, 0, 0}}}},
    {"line", {MN_SYSTEM_LINE, {.line = {1, 2, 3, 4, 5, 6, 7, 8}}}},
    {"port", {MN_SYSTEM_PORT, {.port = {65535, 10, 300, 70000}}}},
    {"drops", {MN_SYSTEM_DROPS, {.drops = {1, 2, 3, 4}}}},
    {"trailer", {MN_SYSTEM_TRAILER, {.trailer = {7, 42, 1}}}},
};

static const struct {
    const char *name;
    mn_system_request_t request;
} requests[] = {
    {"once", {MN_SYSTEM_ONCE, 0}},
    {"every", {MN_SYSTEM_EVERY, 1000}},
    {"every_longest", {MN_SYSTEM_EVERY, U32}},
    {"stop", {MN_SYSTEM_STOP, 0}},
};

static void rows_are_written_as_the_vectors_say(void **state) {
    (void)state;
    for (size_t i = 0; i < MN_COUNT_OF(rows); i++) {
        uint8_t frame[MN_SYSTEM_FRAME_MAX] = {0};
        const size_t len = mn_system_row_write(&rows[i].row, frame);
        assert_true(len <= sizeof frame);
        const bytes_t expected = vector(rows[i].name);
        const bytes_t got = unpack(frame, len);
        assert_int_equal(got.len, expected.len);
        assert_memory_equal(got.data, expected.data, got.len);
    }
}

// Written again, what was read gives the same bytes: nothing got lost.
static void rows_are_read(void **state) {
    (void)state;
    for (size_t i = 0; i < MN_COUNT_OF(rows); i++) {
        uint8_t frame[MN_SYSTEM_FRAME_MAX] = {0};
        const bytes_t bytes = vector(rows[i].name);
        mn_system_row_t row;
        assert_int_equal(mn_system_row_read(span(&bytes), &row), MN_OK);
        assert_int_equal(row.kind, rows[i].row.kind);
        const bytes_t again = unpack(frame, mn_system_row_write(&row, frame));
        assert_int_equal(again.len, bytes.len);
        assert_memory_equal(again.data, bytes.data, bytes.len);
    }
    const bytes_t bytes = vector("task");
    mn_system_row_t row;
    assert_int_equal(mn_system_row_read(span(&bytes), &row), MN_OK);
    assert_int_equal(row.task.id, 0xFFFFF000U);
    assert_int_equal(row.task.name.len, 7);
    assert_int_equal(row.task.run_ticks, 65536);
}

static void requests_are_written_and_read(void **state) {
    (void)state;
    for (size_t i = 0; i < MN_COUNT_OF(requests); i++) {
        uint8_t frame[MN_SYSTEM_REQUEST_FRAME_MAX];
        const size_t len = mn_system_request_write(&requests[i].request, frame);
        assert_true(len <= sizeof frame);
        const bytes_t expected = vector(requests[i].name);
        const bytes_t got = unpack(frame, len);
        assert_int_equal(got.len, expected.len);
        assert_memory_equal(got.data, expected.data, got.len);
        mn_system_request_t request;
        assert_int_equal(mn_system_request_read(span(&got), &request), MN_OK);
        assert_int_equal(request.kind, requests[i].request.kind);
        assert_int_equal(request.interval_ms, requests[i].request.interval_ms);
    }
}

static void check_not_a_row(const bytes_t *bytes) {
    // Of exactly this size, so that a sanitizer sees a read beyond it.
    uint8_t *copy = malloc(bytes->len + (bytes->len == 0));
    assert_non_null(copy);
    memcpy(copy, bytes->data, bytes->len);
    mn_system_row_t row;
    assert_int_equal(mn_system_row_read((mn_cspan_t){copy, bytes->len}, &row), MN_EBADFRAME);
    free(copy);
}

static void nothing_shorter_or_longer_is_a_row(void **state) {
    (void)state;
    for (size_t i = 0; i < MN_COUNT_OF(rows); i++) {
        bytes_t bytes = vector(rows[i].name);
        const size_t len = bytes.len;
        for (bytes.len = 0; bytes.len < len; bytes.len++) {
            check_not_a_row(&bytes);
        }
        bytes.len = len + 1;
        bytes.data[len] = 0;
        check_not_a_row(&bytes);
        bytes.data[0]++; // counted, too
        check_not_a_row(&bytes);
    }
}

static void values_out_of_range_are_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "820a00",                                   // an unknown kind
        "822000",                                   // a negative one
        "a0",                                       // no array
        "890001010000000000f400",                   // too long
        "8900010100000000f400",                     // rate 0
        "89000101000100000000",                     // the flag is a number
        "8803016178040000000000",                   // state 4
        "88031b00000001000000006178000000000000",   // the number of a task is too large
        "85071a00010000000000",                     // the number of a port, likewise
        "8405020000",                               // a name that is a number
        "8305617840",                               // no bytes in the UUID
        "83056178500102",                           // too few
        "840541784f0102030405060708090a0b0c0d0e0f", // a name that is bytes
        // a name that is too long
        "8702782020202020202020202020202020202020202020202020202020202020202020200000000000",
    };
    for (size_t i = 0; i < MN_COUNT_OF(bad); i++) {
        bytes_t bytes = {.len = strlen(bad[i]) / 2};
        for (size_t at = 0; at < bytes.len; at++) {
            const char digits[] = {bad[i][2 * at], bad[i][2 * at + 1], '\0'};
            bytes.data[at] = (uint8_t)strtoul(digits, NULL, 16);
        }
        check_not_a_row(&bytes);
    }
}

static void another_version_is_told_from_nonsense(void **state) {
    (void)state;
    static const uint8_t other[] = {0x83, 0x00, 0x02, 0xA1, 0x01, 0x02};
    mn_system_row_t row;
    assert_int_equal(mn_system_row_read((mn_cspan_t){other, sizeof other}, &row), MN_OK);
    assert_int_equal(row.kind, MN_SYSTEM_HEADER);
    assert_int_equal(row.header.version, 2);
}

static void names_that_are_too_long_are_cut_between_characters(void **state) {
    (void)state;
    static const char euros[] =
        "\u20AC\u20AC\u20AC\u20AC\u20AC\u20AC\u20AC\u20AC\u20AC\u20AC\u20AC";
    mn_system_row_t row = {MN_SYSTEM_STALL, {.stall = {NAMED(euros), 1, 2}}};
    uint8_t frame[MN_SYSTEM_FRAME_MAX] = {0};
    const bytes_t bytes = unpack(frame, mn_system_row_write(&row, frame));
    assert_int_equal(mn_system_row_read(span(&bytes), &row), MN_OK);
    assert_int_equal(row.stall.task.len, 30);
    assert_memory_equal(row.stall.task.data, euros, 30);
}

// However the stream is cut, and whatever is between the messages.
static void a_stream_is_taken_apart(void **state) {
    (void)state;
    uint8_t stream[2048];
    size_t len = 0;
    for (size_t i = 0; i < MN_COUNT_OF(rows); i++) {
        static const uint8_t noise[] = "\x00\x05"
                                       "ab\x00"
                                       "nonsense\x00\x00";
        memcpy(stream + len, noise, sizeof noise - 1);
        len += sizeof noise - 1;
        if (i == 3) {
            memset(stream + len, 'x', 300);
            stream[len + 300] = 0;
            len += 301;
        }
        len += mn_system_row_write(&rows[i].row, stream + len);
    }
    for (size_t step = 1; step < 150; step++) {
        mn_system_decoder_t decoder = {0};
        size_t found = 0;
        for (size_t at = 0; at < len;) {
            size_t used = 0;
            mn_system_row_t row;
            const size_t piece = (step < len - at) ? step : len - at;
            if (mn_system_decoder_feed(&decoder, stream + at, piece, &used, &row) == MN_OK) {
                assert_int_equal(row.kind, rows[found++].row.kind);
            }
            assert_true(used <= piece);
            at += used;
        }
        assert_int_equal(found, MN_COUNT_OF(rows));
        assert_int_equal(decoder.counters.rows, found);
        assert_int_equal(decoder.counters.bad, 2 * found);
        assert_int_equal(decoder.counters.overlong, 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_written_as_the_vectors_say),
        cmocka_unit_test(rows_are_read),
        cmocka_unit_test(requests_are_written_and_read),
        cmocka_unit_test(nothing_shorter_or_longer_is_a_row),
        cmocka_unit_test(values_out_of_range_are_refused),
        cmocka_unit_test(another_version_is_told_from_nonsense),
        cmocka_unit_test(names_that_are_too_long_are_cut_between_characters),
        cmocka_unit_test(a_stream_is_taken_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
