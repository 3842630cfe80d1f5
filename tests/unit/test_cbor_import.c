// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The imported CBOR library: it links, and its streaming half writes and reads the examples of
// RFC 8949, appendix A.

#include <mnemos/util.h>

#include <cbor.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

typedef struct example {
    uint64_t value;
    size_t length;
    uint8_t bytes[9];
} example_t;

static const example_t uints[] = {
    {0, 1, {0x00}},
    {10, 1, {0x0a}},
    {23, 1, {0x17}},
    {24, 2, {0x18, 0x18}},
    {100, 2, {0x18, 0x64}},
    {1000, 3, {0x19, 0x03, 0xe8}},
    {1000000, 5, {0x1a, 0x00, 0x0f, 0x42, 0x40}},
    {1000000000000, 9, {0x1b, 0x00, 0x00, 0x00, 0xe8, 0xd4, 0xa5, 0x10, 0x00}},
    {UINT64_MAX, 9, {0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
};

// What a decoder has seen.
typedef struct seen {
    unsigned events;
    unsigned arrays;
    uint64_t sum; // of all integers
    size_t text_length;
    float real;
} seen_t;

static void on_uint8(void *context, uint8_t value) {
    seen_t *seen = context;
    seen->events++;
    seen->sum += value;
}

static void on_uint16(void *context, uint16_t value) {
    seen_t *seen = context;
    seen->events++;
    seen->sum += value;
}

static void on_uint32(void *context, uint32_t value) {
    seen_t *seen = context;
    seen->events++;
    seen->sum += value;
}

static void on_uint64(void *context, uint64_t value) {
    seen_t *seen = context;
    seen->events++;
    seen->sum += value;
}

static void on_array(void *context, size_t size) {
    seen_t *seen = context;
    (void)size;
    seen->events++;
    seen->arrays++;
}

static void on_string(void *context, cbor_data data, size_t length) {
    seen_t *seen = context;
    (void)data;
    seen->events++;
    seen->text_length += length;
}

static void on_float2(void *context, float value) {
    seen_t *seen = context;
    seen->events++;
    seen->real = value;
}

static struct cbor_callbacks callbacks(void) {
    struct cbor_callbacks table = cbor_empty_callbacks;
    table.uint8 = on_uint8;
    table.uint16 = on_uint16;
    table.uint32 = on_uint32;
    table.uint64 = on_uint64;
    table.array_start = on_array;
    table.string = on_string;
    table.float2 = on_float2;
    return table;
}

// Decode all of `bytes`, item by item.
static seen_t decode(const uint8_t *bytes, size_t length) {
    seen_t seen = {0};
    struct cbor_callbacks table = callbacks();
    for (size_t at = 0; at < length;) {
        struct cbor_decoder_result result =
            cbor_stream_decode(bytes + at, length - at, &table, &seen);
        assert_int_equal(result.status, CBOR_DECODER_FINISHED);
        assert_true(result.read > 0);
        at += result.read;
    }
    return seen;
}

static void integers_are_written_as_in_the_rfc(void **state) {
    (void)state;
    for (size_t i = 0; i < MN_COUNT_OF(uints); i++) {
        uint8_t out[16];
        size_t length = cbor_encode_uint(uints[i].value, out, sizeof out);
        assert_int_equal(length, uints[i].length);
        assert_memory_equal(out, uints[i].bytes, length);
    }
}

static void a_buffer_that_is_too_small_is_left_alone(void **state) {
    (void)state;
    uint8_t out[9];
    memset(out, 0xee, sizeof out);
    assert_int_equal(cbor_encode_uint(UINT64_MAX, out, 8), 0);
    assert_int_equal(cbor_encode_uint(0, out, 0), 0);
    for (size_t i = 0; i < sizeof out; i++) {
        assert_int_equal(out[i], 0xee);
    }
}

static void integers_are_read_as_in_the_rfc(void **state) {
    (void)state;
    for (size_t i = 0; i < MN_COUNT_OF(uints); i++) {
        seen_t seen = decode(uints[i].bytes, uints[i].length);
        assert_int_equal(seen.events, 1);
        assert_true(seen.sum == uints[i].value);
    }
}

// [1, [2, 3], [4, 5]], then "IETF", then 1.5 as a half-precision number.
static void nested_arrays_texts_and_half_floats_are_read(void **state) {
    (void)state;
    static const uint8_t bytes[] = {0x83, 0x01, 0x82, 0x02, 0x03, 0x82, 0x04, 0x05,
                                    0x64, 'I',  'E',  'T',  'F',  0xf9, 0x3e, 0x00};
    seen_t seen = decode(bytes, sizeof bytes);
    assert_int_equal(seen.arrays, 3);
    assert_int_equal(seen.sum, 1 + 2 + 3 + 4 + 5);
    assert_int_equal(seen.text_length, 4);
    assert_true(seen.real > 1.4f && seen.real < 1.6f);
    assert_int_equal(seen.events, 3 + 5 + 1 + 1);
}

static void half_an_item_asks_for_more(void **state) {
    (void)state;
    struct cbor_callbacks table = callbacks();
    for (size_t i = 0; i < MN_COUNT_OF(uints); i++) {
        for (size_t length = 0; length < uints[i].length; length++) {
            seen_t seen = {0};
            struct cbor_decoder_result result =
                cbor_stream_decode(uints[i].bytes, length, &table, &seen);
            assert_int_equal(result.status, CBOR_DECODER_NEDATA);
            assert_int_equal(result.read, 0);
            assert_int_equal(seen.events, 0);
        }
    }
}

// 0x1c is reserved: an integer with an additional information of 28.
static void a_reserved_first_byte_is_an_error(void **state) {
    (void)state;
    static const uint8_t reserved[] = {0x1c};
    struct cbor_callbacks table = callbacks();
    seen_t seen = {0};
    struct cbor_decoder_result result = cbor_stream_decode(reserved, 1, &table, &seen);
    assert_int_equal(result.status, CBOR_DECODER_ERROR);
    assert_int_equal(seen.events, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_written_as_in_the_rfc),
        cmocka_unit_test(a_buffer_that_is_too_small_is_left_alone),
        cmocka_unit_test(integers_are_read_as_in_the_rfc),
        cmocka_unit_test(nested_arrays_texts_and_half_floats_are_read),
        cmocka_unit_test(half_an_item_asks_for_more),
        cmocka_unit_test(a_reserved_first_byte_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
