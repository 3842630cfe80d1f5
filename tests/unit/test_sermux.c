// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Serial mux frames: the limits of encoder and decoder, and the incremental decoder against every
// way in which a stream can be cut or damaged. The conformance vectors have a test of their own.

#include <mnemos/sermux.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t SMALLEST[] = {0x01, 0x01, 0x02, 0x21, 0x00}; // port 0, "!"

static uint32_t random_next(uint32_t *seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 16;
}

static void assert_frame(const mn_sermux_frame_t *frame, uint16_t port, const void *payload,
                         size_t len) {
    assert_int_equal(frame->port, port);
    assert_int_equal(frame->payload.len, len);
    assert_memory_equal(frame->payload.data, payload, len);
}

// Feeds all bytes and expects exactly this frame from them, at their end.
static void expect_frame(mn_sermux_decoder_t *decoder, const uint8_t *data, size_t len,
                         uint16_t port, const void *payload, size_t payload_len) {
    size_t used = 0;
    mn_sermux_frame_t frame;
    assert_int_equal(mn_sermux_decoder_feed(decoder, data, len, &used, &frame), MN_OK);
    assert_int_equal(used, len);
    assert_frame(&frame, port, payload, payload_len);
}

static void expect_pending(mn_sermux_decoder_t *decoder, const uint8_t *data, size_t len) {
    size_t used = 99999;
    mn_sermux_frame_t frame;
    assert_int_equal(mn_sermux_decoder_feed(decoder, data, len, &used, &frame), MN_PENDING);
    assert_int_equal(used, len);
}

static void room_to_encode_is_stated_exactly(void **state) {
    (void)state;
    static const size_t known[][2] = {
        {0, 4},     {1, 5},     {2, 6},     {3, 7},     {64, 68},   {128, 132}, {250, 254},
        {251, 255}, {252, 257}, {253, 258}, {254, 259}, {255, 260}, {256, 261}, {505, 510},
        {506, 512}, {507, 513}, {508, 514}, {510, 516}, {512, 518},
    };
    static uint8_t payload[512];
    static uint8_t out[520];
    for (size_t i = 0; i < MN_COUNT_OF(known); i++) {
        size_t len = known[i][0];
        size_t n = 0;
        assert_int_equal(mn_sermux_encoded_max(len), known[i][1]);
        assert_int_equal(mn_sermux_encode(out, known[i][1], 9, payload, len, &n), MN_OK);
        assert_int_equal(mn_sermux_encode(out, known[i][1] - 1, 9, payload, len, &n), MN_ETOOBIG);
        assert_int_equal(mn_sermux_encode(out, 0, 9, payload, len, &n), MN_ETOOBIG);
    }
    size_t n;
    assert_int_equal(mn_sermux_encode(out, sizeof out, 9, payload, SIZE_MAX, &n), MN_ETOOBIG);
    assert_int_equal(mn_sermux_encode(out, sizeof out, 9, payload, SIZE_MAX - 2, &n), MN_ETOOBIG);
}

static void longest_payload_is_the_inverse_of_the_room(void **state) {
    (void)state;
    assert_int_equal(mn_sermux_payload_max(512), 506);
    for (size_t frame = 0; frame < 2000; frame++) {
        size_t len = mn_sermux_payload_max(frame);
        assert_true(len == 0 || mn_sermux_encoded_max(len) <= frame);
        assert_true(mn_sermux_encoded_max(len + 1) > frame);
    }
}

static void round_trip_of_any_port_and_payload(void **state) {
    (void)state;
    uint32_t seed = 3;
    uint8_t payload[800];
    for (int round = 0; round < 3000; round++) {
        uint16_t port = (uint16_t)random_next(&seed);
        port = round % 3 == 0 ? (uint16_t)(port % 16) : port;
        size_t len = 1 + random_next(&seed) % sizeof payload;
        uint32_t density = round % 2 == 0 ? 4 : 500;
        for (size_t i = 0; i < len; i++) {
            payload[i] = random_next(&seed) % density == 0 ? 0 : (uint8_t)random_next(&seed);
        }
        size_t size = mn_sermux_encoded_max(len);
        uint8_t *wire = malloc(size);
        assert_non_null(wire);
        size_t n = 0;
        assert_int_equal(mn_sermux_encode(wire, size, port, payload, len, &n), MN_OK);
        assert_true(n <= size);
        assert_ptr_equal(memchr(wire, 0, n), wire + n - 1);
        mn_sermux_frame_t frame;
        assert_int_equal(mn_sermux_decode(wire, n, &frame), MN_OK);
        assert_frame(&frame, port, payload, len);
        free(wire);
    }
}

static void failed_decode_changes_nothing(void **state) {
    (void)state;
    static const uint8_t bad[][6] = {
        {0x64, 0x02, 0x03, 0x00},       // a code past the end
        {0x01, 0x01, 0x01, 0x00},       // no payload
        {0x02, 0x03, 0x01, 0x00},       // no payload on port 3
        {0x01, 0x02, 0x07, 0x05, 0x01}, // right at first, a code past the end later
        {0x00, 0x01, 0x02},             // nothing before the terminator
    };
    static const mn_status_t expected[] = {MN_EBADFRAME, MN_EEMPTY, MN_EEMPTY, MN_EBADFRAME,
                                           MN_EEMPTY};
    for (size_t i = 0; i < MN_COUNT_OF(bad); i++) {
        uint8_t data[6];
        memcpy(data, bad[i], sizeof data);
        mn_sermux_frame_t frame = {.port = 4711};
        assert_int_equal(mn_sermux_decode(data, sizeof data, &frame), expected[i]);
        assert_memory_equal(data, bad[i], sizeof data);
        assert_int_equal(frame.port, 4711);
    }
    mn_sermux_frame_t frame;
    assert_int_equal(mn_sermux_decode(NULL, 0, &frame), MN_EEMPTY);
}

static void a_limit_without_room_for_a_frame_is_refused(void **state) {
    (void)state;
    uint8_t buffer[MN_SERMUX_FRAME_MIN];
    mn_sermux_decoder_t decoder;
    for (size_t max = 0; max < MN_SERMUX_FRAME_MIN; max++) {
        assert_int_equal(mn_sermux_decoder_init(&decoder, buffer, max), MN_EINVAL);
    }
    assert_int_equal(mn_sermux_decoder_init(&decoder, buffer, MN_SERMUX_FRAME_MIN), MN_OK);
    expect_frame(&decoder, SMALLEST, sizeof SMALLEST, 0, "!", 1);
}

static void several_frames_in_one_input_come_in_order(void **state) {
    (void)state;
    static const uint8_t stream[] = {0x01, 0x01, 0x02, 0x21, 0x00, 0x02, 0x0a, 0x03, 0x6f,
                                     0x6b, 0x00, 0x01, 0x01, 0x01, 0x01, 0x00, 0x01, 0x01};
    uint8_t buffer[64];
    mn_sermux_decoder_t decoder;
    assert_int_equal(mn_sermux_decoder_init(&decoder, buffer, sizeof buffer), MN_OK);
    size_t used;
    mn_sermux_frame_t frame;
    const uint8_t *at = stream;
    const uint8_t *end = stream + sizeof stream;
    assert_int_equal(mn_sermux_decoder_feed(&decoder, at, (size_t)(end - at), &used, &frame),
                     MN_OK);
    assert_int_equal(used, 5);
    assert_frame(&frame, 0, "!", 1);
    at += used;
    assert_int_equal(mn_sermux_decoder_feed(&decoder, at, (size_t)(end - at), &used, &frame),
                     MN_OK);
    assert_int_equal(used, 6);
    assert_frame(&frame, 10, "ok", 2);
    at += used;
    assert_int_equal(mn_sermux_decoder_feed(&decoder, at, (size_t)(end - at), &used, &frame),
                     MN_OK);
    assert_frame(&frame, 0, "\0", 1);
    at += used;
    expect_pending(&decoder, at, (size_t)(end - at));
    assert_int_equal(mn_sermux_decoder_pending(&decoder).len, 2);
    expect_frame(&decoder, SMALLEST + 2, 3, 0, "!", 1);
    assert_int_equal(decoder.counters.frames, 4);
}

static void byte_by_byte_is_the_same(void **state) {
    (void)state;
    uint8_t buffer[16];
    mn_sermux_decoder_t decoder;
    assert_int_equal(mn_sermux_decoder_init(&decoder, buffer, sizeof buffer), MN_OK);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i + 1 < sizeof SMALLEST; i++) {
            expect_pending(&decoder, SMALLEST + i, 1);
            expect_pending(&decoder, NULL, 0);
            assert_int_equal(mn_sermux_decoder_pending(&decoder).len, i + 1);
        }
        expect_frame(&decoder, SMALLEST + 4, 1, 0, "!", 1);
    }
}

// A zero between frames flushes; it is counted, but it is neither a frame nor an error.
static void a_lone_terminator_is_only_counted(void **state) {
    (void)state;
    uint8_t buffer[16];
    mn_sermux_decoder_t decoder;
    assert_int_equal(mn_sermux_decoder_init(&decoder, buffer, sizeof buffer), MN_OK);
    static const uint8_t zeros[3] = {0};
    expect_pending(&decoder, zeros, sizeof zeros);
    expect_frame(&decoder, SMALLEST, sizeof SMALLEST, 0, "!", 1);
    assert_int_equal(decoder.counters.empty, 3);
    assert_int_equal(decoder.counters.too_short, 0);
}

static void malformed_frames_are_told_counted_and_shown(void **state) {
    (void)state;
    static const uint8_t text[] = "panic: at the disco"; // with its NUL
    static const uint8_t empty[] = {0x02, 0x03, 0x01, 0x00};
    uint8_t buffer[64];
    mn_sermux_decoder_t decoder;
    assert_int_equal(mn_sermux_decoder_init(&decoder, buffer, sizeof buffer), MN_OK);
    for (size_t cut = 0; cut < sizeof text; cut++) {
        expect_pending(&decoder, text, cut);
        size_t used;
        mn_sermux_frame_t frame;
        assert_int_equal(
            mn_sermux_decoder_feed(&decoder, text + cut, sizeof text - cut, &used, &frame),
            MN_EBADFRAME);
        assert_int_equal(used, sizeof text - cut);
        assert_frame(&frame, 0, text, sizeof text - 1);
    }
    assert_int_equal(decoder.counters.bad_cobs, sizeof text);

    size_t used;
    mn_sermux_frame_t frame;
    assert_int_equal(mn_sermux_decoder_feed(&decoder, empty, sizeof empty, &used, &frame),
                     MN_EBADFRAME);
    assert_frame(&frame, 0, empty, 3);
    assert_int_equal(decoder.counters.too_short, 1);
    assert_int_equal(decoder.counters.bad_cobs, sizeof text);
    expect_frame(&decoder, SMALLEST, sizeof SMALLEST, 0, "!", 1);
}

// A frame of payload_len bytes 0x41, whose size on the wire is known.
static size_t make_frame(uint8_t *wire, size_t size, size_t payload_len) {
    uint8_t payload[600];
    memset(payload, 0x41, sizeof payload);
    size_t n = 0;
    assert_int_equal(mn_sermux_encode(wire, size, 5, payload, payload_len, &n), MN_OK);
    return n;
}

static void a_frame_of_exactly_the_limit_is_accepted_one_more_is_not(void **state) {
    (void)state;
    uint8_t wire[600];
    size_t n = make_frame(wire, sizeof wire, 500);
    for (size_t cut = 0; cut < n; cut++) {
        uint8_t *buffer = malloc(n);
        assert_non_null(buffer);
        mn_sermux_decoder_t decoder;
        size_t used;
        mn_sermux_frame_t frame;
        assert_int_equal(mn_sermux_decoder_init(&decoder, buffer, n), MN_OK);
        expect_pending(&decoder, wire, cut);
        assert_int_equal(mn_sermux_decoder_feed(&decoder, wire + cut, n - cut, &used, &frame),
                         MN_OK);
        assert_int_equal(frame.payload.len, 500);

        assert_int_equal(mn_sermux_decoder_init(&decoder, buffer, n - 1), MN_OK);
        size_t at = 0;
        mn_status_t status = mn_sermux_decoder_feed(&decoder, wire, cut, &used, &frame);
        if (status == MN_PENDING) {
            at = cut;
            status = mn_sermux_decoder_feed(&decoder, wire + at, n - at, &used, &frame);
        }
        assert_int_equal(status, MN_ETOOBIG);
        assert_frame(&frame, 0, wire, n - 1);
        at += used;
        assert_int_equal(at, n - 1); // reported before the terminator is seen
        expect_pending(&decoder, wire + at, n - at);
        expect_frame(&decoder, SMALLEST, sizeof SMALLEST, 0, "!", 1);
        assert_int_equal(decoder.counters.overlong, 1);
        assert_int_equal(decoder.counters.empty, 0);
        free(buffer);
    }
}

// What follows in an overlong frame must never be taken for a frame, even if it looks like one.
static void the_tail_of_an_overlong_frame_is_skipped(void **state) {
    (void)state;
    uint8_t buffer[64];
    mn_sermux_decoder_t decoder;
    assert_int_equal(mn_sermux_decoder_init(&decoder, buffer, sizeof buffer), MN_OK);
    int too_big = 0;
    for (int i = 0; i < 100; i++) {
        size_t used;
        mn_sermux_frame_t frame;
        mn_status_t status = mn_sermux_decoder_feed(&decoder, SMALLEST, 4, &used, &frame);
        too_big += status == MN_ETOOBIG;
        assert_true(status == MN_ETOOBIG || status == MN_PENDING);
        assert_int_equal(used, 4);
    }
    assert_int_equal(too_big, 1);
    assert_int_equal(mn_sermux_decoder_pending(&decoder).len, 0);
    // The tail is a well-formed frame, but belongs to the overlong one.
    expect_pending(&decoder, SMALLEST, sizeof SMALLEST);
    expect_frame(&decoder, SMALLEST, sizeof SMALLEST, 0, "!", 1);
    assert_int_equal(decoder.counters.frames, 1);
    assert_int_equal(decoder.counters.overlong, 1);
}

static void reset_forgets_what_was_begun(void **state) {
    (void)state;
    uint8_t buffer[16];
    mn_sermux_decoder_t decoder;
    assert_int_equal(mn_sermux_decoder_init(&decoder, buffer, sizeof buffer), MN_OK);
    expect_pending(&decoder, SMALLEST, 3);
    mn_sermux_decoder_reset(&decoder);
    expect_frame(&decoder, SMALLEST, sizeof SMALLEST, 0, "!", 1);
    uint8_t junk[20];
    memset(junk, 0x41, sizeof junk);
    size_t used;
    mn_sermux_frame_t frame;
    assert_int_equal(mn_sermux_decoder_feed(&decoder, junk, sizeof junk, &used, &frame),
                     MN_ETOOBIG);
    mn_sermux_decoder_reset(&decoder);
    expect_frame(&decoder, SMALLEST, sizeof SMALLEST, 0, "!", 1);
    assert_int_equal(decoder.counters.frames, 2);
}

// Runs a stream through a decoder in pieces, and sums up all that it reports.
typedef struct outcome {
    mn_sermux_counters_t counters;
    uint32_t digest;
} outcome_t;

static outcome_t run_stream(const uint8_t *data, size_t len, size_t first, size_t step,
                            size_t max_frame) {
    uint8_t *buffer = malloc(max_frame);
    assert_non_null(buffer);
    mn_sermux_decoder_t decoder;
    assert_int_equal(mn_sermux_decoder_init(&decoder, buffer, max_frame), MN_OK);
    uint32_t digest = 0;
    size_t at = 0;
    size_t end = first < len ? first : len;
    while (at < len) {
        size_t used = 0;
        mn_sermux_frame_t frame;
        mn_status_t status = mn_sermux_decoder_feed(&decoder, data + at, end - at, &used, &frame);
        at += used;
        if (status == MN_PENDING) {
            assert_int_equal(at, end);
            end = step < len - end ? end + step : len;
            continue;
        }
        digest = digest * 31 + (uint32_t)status * 7 + frame.port;
        for (size_t i = 0; i < frame.payload.len; i++) {
            digest = digest * 31 + frame.payload.data[i];
        }
    }
    free(buffer);
    return (outcome_t){decoder.counters, digest};
}

// Valid, damaged, overlong and empty frames, and noise.
static size_t make_stream(uint8_t *data, size_t size, uint32_t *seed) {
    size_t n = 0;
    while (size - n > 80) {
        uint8_t payload[60];
        size_t len = 1 + random_next(seed) % sizeof payload;
        for (size_t i = 0; i < len; i++) {
            payload[i] = (uint8_t)(random_next(seed) % 4);
        }
        size_t used = 0;
        assert_int_equal(mn_sermux_encode(data + n, size - n, (uint16_t)(random_next(seed) % 3),
                                          payload, len, &used),
                         MN_OK);
        if (random_next(seed) % 4 == 0) {
            data[n + random_next(seed) % used] = (uint8_t)random_next(seed);
        }
        n += used;
        if (random_next(seed) % 8 == 0) {
            data[n++] = 0;
        }
    }
    return n;
}

static void any_cut_gives_the_same_as_one_piece(void **state) {
    (void)state;
    uint32_t seed = 17;
    uint8_t data[700];
    for (int round = 0; round < 20; round++) {
        size_t len = make_stream(data, sizeof data, &seed);
        outcome_t whole = run_stream(data, len, len, len, 48);
        for (size_t cut = 0; cut < len; cut++) {
            outcome_t cut_once = run_stream(data, len, cut, len, 48);
            assert_memory_equal(&cut_once, &whole, sizeof whole);
        }
        for (size_t step = 1; step < 70; step++) {
            outcome_t cut_often = run_stream(data, len, step, step, 48);
            assert_memory_equal(&cut_often, &whole, sizeof whole);
        }
    }
}

// After any noise, the frame that follows the next terminator is delivered.
static void noise_costs_nothing_after_the_next_terminator(void **state) {
    (void)state;
    uint32_t seed = 23;
    uint8_t buffer[512];
    uint8_t noise[3000];
    mn_sermux_decoder_t decoder;
    assert_int_equal(mn_sermux_decoder_init(&decoder, buffer, sizeof buffer), MN_OK);
    for (int round = 0; round < 500; round++) {
        size_t len = random_next(&seed) % sizeof noise;
        uint32_t density = round % 2 == 0 ? 256 : 5000;
        for (size_t i = 0; i < len; i++) {
            noise[i] =
                random_next(&seed) % density == 0 ? 0 : (uint8_t)(1 + random_next(&seed) % 255);
        }
        noise[len] = 0;
        size_t at = 0;
        while (at <= len) {
            size_t used;
            mn_sermux_frame_t frame;
            (void)mn_sermux_decoder_feed(&decoder, noise + at, len + 1 - at, &used, &frame);
            at += used;
        }
        expect_frame(&decoder, SMALLEST, sizeof SMALLEST, 0, "!", 1);
    }
    assert_true(decoder.counters.bad_cobs > 0);
    assert_true(decoder.counters.overlong > 0);
}

static void port_numbers_are_those_on_the_wire(void **state) {
    (void)state;
    assert_int_equal(MN_SERMUX_LOOPBACK, 0);
    assert_int_equal(MN_SERMUX_HELLO, 1);
    assert_int_equal(MN_SERMUX_KEYBOARD, 2);
    assert_int_equal(MN_SERMUX_TRACE, 3);
    assert_int_equal(MN_SERMUX_STATUS, 4);
    assert_int_equal(MN_SERMUX_USER, 5);
    assert_int_equal(MN_SERMUX_FORTH0, 10);
    assert_int_equal(MN_SERMUX_FORTH3, 13);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(room_to_encode_is_stated_exactly),
        cmocka_unit_test(longest_payload_is_the_inverse_of_the_room),
        cmocka_unit_test(round_trip_of_any_port_and_payload),
        cmocka_unit_test(failed_decode_changes_nothing),
        cmocka_unit_test(a_limit_without_room_for_a_frame_is_refused),
        cmocka_unit_test(several_frames_in_one_input_come_in_order),
        cmocka_unit_test(byte_by_byte_is_the_same),
        cmocka_unit_test(a_lone_terminator_is_only_counted),
        cmocka_unit_test(malformed_frames_are_told_counted_and_shown),
        cmocka_unit_test(a_frame_of_exactly_the_limit_is_accepted_one_more_is_not),
        cmocka_unit_test(the_tail_of_an_overlong_frame_is_skipped),
        cmocka_unit_test(reset_forgets_what_was_begun),
        cmocka_unit_test(any_cut_gives_the_same_as_one_piece),
        cmocka_unit_test(noise_costs_nothing_after_the_next_terminator),
        cmocka_unit_test(port_numbers_are_those_on_the_wire),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
