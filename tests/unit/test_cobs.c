// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// COBS: the examples of its definition, the borders of a full group, every malformed message, and
// the round trip of random data against an encoder written the obvious way.

#include <mnemos/cobs.h>
#include <mnemos/util.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GUARD 0xa5

static uint32_t random_next(uint32_t *seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 16;
}

// One byte at a time, as COBS is defined.
static size_t obvious_encode(uint8_t *out, const uint8_t *in, size_t len) {
    size_t code_at = 0;
    size_t n = 1;
    for (size_t i = 0; i < len; i++) {
        if (in[i] != 0) {
            out[n++] = in[i];
        }
        if (in[i] == 0 || n - code_at == 255) {
            out[code_at] = (uint8_t)(n - code_at);
            code_at = n++;
        }
    }
    out[code_at] = (uint8_t)(n - code_at);
    return n;
}

// Checks a round trip, in place and not, in buffers of exactly the documented size.
static void check_round_trip(const uint8_t *data, size_t len) {
    size_t max = MN_COBS_ENCODED_MAX(len);
    uint8_t *wire = malloc(max);
    uint8_t *expected = malloc(max);
    assert_non_null(wire);
    assert_non_null(expected);
    size_t n = mn_cobs_encode(wire, data, len);
    assert_true(n >= 1 && n <= max);
    assert_int_equal(n, obvious_encode(expected, data, len));
    assert_memory_equal(wire, expected, n);
    assert_null(memchr(wire, 0, n));

    size_t size = 9999;
    assert_int_equal(mn_cobs_decoded_size(wire, n, &size), MN_OK);
    assert_int_equal(size, len);
    uint8_t *out = malloc(len + 1);
    assert_non_null(out);
    out[len] = GUARD;
    assert_int_equal(mn_cobs_decode(out, len, wire, n, &size), MN_OK);
    assert_int_equal(size, len);
    assert_memory_equal(out, data, len);
    assert_int_equal(out[len], GUARD);

    assert_int_equal(mn_cobs_decode(wire, n, wire, n, &size), MN_OK);
    assert_int_equal(size, len);
    assert_memory_equal(wire, data, len);
    free(out);
    free(expected);
    free(wire);
}

typedef struct example {
    size_t len;
    uint8_t data[8];
    size_t wire_len;
    uint8_t wire[8];
} example_t;

// The examples of the article that introduced COBS, as its readers quote them.
static void examples_of_the_definition(void **state) {
    (void)state;
    static const example_t examples[] = {
        {0, {0}, 1, {0x01}},
        {1, {0x00}, 2, {0x01, 0x01}},
        {2, {0x00, 0x00}, 3, {0x01, 0x01, 0x01}},
        {3, {0x00, 0x11, 0x00}, 4, {0x01, 0x02, 0x11, 0x01}},
        {4, {0x11, 0x22, 0x00, 0x33}, 5, {0x03, 0x11, 0x22, 0x02, 0x33}},
        {4, {0x11, 0x22, 0x33, 0x44}, 5, {0x05, 0x11, 0x22, 0x33, 0x44}},
        {4, {0x11, 0x00, 0x00, 0x00}, 5, {0x02, 0x11, 0x01, 0x01, 0x01}},
    };
    for (size_t i = 0; i < MN_COUNT_OF(examples); i++) {
        uint8_t wire[MN_COBS_ENCODED_MAX(8)];
        size_t n = mn_cobs_encode(wire, examples[i].data, examples[i].len);
        assert_int_equal(n, examples[i].wire_len);
        assert_memory_equal(wire, examples[i].wire, n);
        check_round_trip(examples[i].data, examples[i].len);
    }
}

static void lengths_around_full_groups(void **state) {
    (void)state;
    uint8_t data[1024];
    for (size_t len = 0; len <= sizeof data; len++) {
        memset(data, 0x41, sizeof data);
        check_round_trip(data, len);
        if (len > 0) {
            // A zero last, first, and everywhere.
            data[len - 1] = 0;
            check_round_trip(data, len);
            data[0] = 0;
            check_round_trip(data, len);
            memset(data, 0, len);
            check_round_trip(data, len);
        }
    }
}

static void a_zero_at_every_place(void **state) {
    (void)state;
    uint8_t data[600];
    for (size_t at = 0; at < sizeof data; at++) {
        memset(data, 0xff, sizeof data);
        data[at] = 0;
        check_round_trip(data, sizeof data);
    }
}

static void random_data_of_every_density(void **state) {
    (void)state;
    uint32_t seed = 7;
    static const uint32_t one_zero_in[] = {1, 2, 5, 30, 250, 256, 1000, 65536};
    uint8_t data[1500];
    for (int round = 0; round < 2000; round++) {
        uint32_t density = one_zero_in[(size_t)round % MN_COUNT_OF(one_zero_in)];
        size_t len = random_next(&seed) % (sizeof data + 1);
        for (size_t i = 0; i < len; i++) {
            bool zero = random_next(&seed) % density == 0;
            data[i] = zero ? 0 : (uint8_t)(1 + random_next(&seed) % 255);
        }
        check_round_trip(data, len);
    }
}

static void the_macro_is_reached_and_never_exceeded(void **state) {
    (void)state;
    static uint8_t data[2048];
    static uint8_t wire[MN_COBS_ENCODED_MAX(sizeof data)];
    memset(data, 1, sizeof data);
    for (size_t len = 0; len <= sizeof data; len++) {
        assert_int_equal(mn_cobs_encode(wire, data, len), MN_COBS_ENCODED_MAX(len));
    }
}

static void pieces_make_the_same_message(void **state) {
    (void)state;
    uint32_t seed = 99;
    uint8_t data[700];
    uint8_t whole[MN_COBS_ENCODED_MAX(sizeof data)];
    uint8_t pieces[MN_COBS_ENCODED_MAX(sizeof data)];
    for (int round = 0; round < 500; round++) {
        for (size_t i = 0; i < sizeof data; i++) {
            data[i] = random_next(&seed) % 300 == 0 ? 0 : 7;
        }
        size_t expected = mn_cobs_encode(whole, data, sizeof data);
        mn_cobs_encoder_t encoder;
        mn_cobs_encoder_begin(&encoder, pieces);
        size_t at = 0;
        while (at < sizeof data) {
            size_t len = random_next(&seed) % 300;
            len = len < sizeof data - at ? len : sizeof data - at;
            mn_cobs_encoder_add(&encoder, data + at, len);
            at += len;
        }
        mn_cobs_encoder_add(&encoder, NULL, 0);
        assert_int_equal(mn_cobs_encoder_end(&encoder), expected);
        assert_memory_equal(pieces, whole, expected);
    }
}

// Other encoders leave out the empty group after a full one that ends the message.
static void full_last_group_is_accepted_with_and_without_its_end(void **state) {
    (void)state;
    uint8_t wire[256];
    uint8_t out[256];
    size_t len;
    memset(wire, 0x41, sizeof wire);
    wire[0] = 0xff;
    wire[255] = 0x01;
    assert_int_equal(mn_cobs_decode(out, sizeof out, wire, 256, &len), MN_OK);
    assert_int_equal(len, 254);
    assert_int_equal(mn_cobs_decode(out, sizeof out, wire, 255, &len), MN_OK);
    assert_int_equal(len, 254);
}

static void malformed_messages_are_refused_and_change_nothing(void **state) {
    (void)state;
    static const example_t bad[] = {
        {.wire_len = 0},
        {.wire_len = 1, .wire = {0x00}},
        {.wire_len = 1, .wire = {0x02}},
        {.wire_len = 2, .wire = {0x03, 0x11}},
        {.wire_len = 3, .wire = {0x02, 0x11, 0x00}},
        {.wire_len = 3, .wire = {0x03, 0x00, 0x11}},
        {.wire_len = 3, .wire = {0x03, 0x11, 0x00}},
        {.wire_len = 4, .wire = {0x02, 0x11, 0x00, 0x01}},
        {.wire_len = 3, .wire = {0x02, 0x11, 0x02}},
        {.wire_len = 4, .wire = {0xff, 0x11, 0x22, 0x33}},
        {.wire_len = 4, .wire = {0x01, 0x01, 0x01, 0xff}},
    };
    for (size_t i = 0; i < MN_COUNT_OF(bad); i++) {
        uint8_t wire[8];
        uint8_t out[8];
        memcpy(wire, bad[i].wire, sizeof wire);
        memset(out, GUARD, sizeof out);
        size_t len = 1234;
        size_t n = bad[i].wire_len;
        assert_int_equal(mn_cobs_decoded_size(wire, n, &len), MN_EBADFRAME);
        assert_int_equal(mn_cobs_decode(out, sizeof out, wire, n, &len), MN_EBADFRAME);
        assert_int_equal(mn_cobs_decode(wire, sizeof wire, wire, n, &len), MN_EBADFRAME);
        assert_int_equal(len, 1234);
        assert_memory_equal(wire, bad[i].wire, sizeof wire);
        for (size_t k = 0; k < sizeof out; k++) {
            assert_int_equal(out[k], GUARD);
        }
    }
    size_t len = 0;
    assert_int_equal(mn_cobs_decoded_size(NULL, 0, &len), MN_EBADFRAME);
}

static void every_cut_message_is_refused_or_shorter(void **state) {
    (void)state;
    uint8_t data[520];
    uint8_t wire[MN_COBS_ENCODED_MAX(sizeof data)];
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = i % 100 == 0 ? 0 : 9;
    }
    size_t n = mn_cobs_encode(wire, data, sizeof data);
    for (size_t cut = 0; cut < n; cut++) {
        // An exactly sized copy, so that the sanitizer sees any read beyond.
        uint8_t *copy = malloc(cut + 1);
        assert_non_null(copy);
        uint8_t *in = copy + 1;
        memcpy(in, wire, cut);
        size_t len = 0;
        mn_status_t status = mn_cobs_decode(in, cut, in, cut, &len);
        assert_true(status == MN_EBADFRAME || (status == MN_OK && len < sizeof data));
        free(copy);
    }
}

static void too_little_room_is_refused_and_changes_nothing(void **state) {
    (void)state;
    static const uint8_t wire[] = {0x03, 0x11, 0x22, 0x02, 0x33};
    uint8_t out[4];
    size_t len = 77;
    for (size_t size = 0; size < 4; size++) {
        memset(out, GUARD, sizeof out);
        assert_int_equal(mn_cobs_decode(out, size, wire, sizeof wire, &len), MN_ETOOBIG);
        assert_int_equal(len, 77);
        assert_int_equal(out[0], GUARD);
    }
    assert_int_equal(mn_cobs_decode(out, 4, wire, sizeof wire, &len), MN_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_of_the_definition),
        cmocka_unit_test(lengths_around_full_groups),
        cmocka_unit_test(a_zero_at_every_place),
        cmocka_unit_test(random_data_of_every_density),
        cmocka_unit_test(the_macro_is_reached_and_never_exceeded),
        cmocka_unit_test(pieces_make_the_same_message),
        cmocka_unit_test(full_last_group_is_accepted_with_and_without_its_end),
        cmocka_unit_test(malformed_messages_are_refused_and_change_nothing),
        cmocka_unit_test(every_cut_message_is_refused_or_shorter),
        cmocka_unit_test(too_little_room_is_refused_and_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
