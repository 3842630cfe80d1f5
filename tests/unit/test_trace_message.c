// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The messages of the trace port, both ways, against vectors that an independent CBOR encoder made;
// and bytes that are no messages.

#include "trace_vectors.h"

#include <mnemos/cobs.h>
#include <mnemos/trace_request.h>

static void every_vector_of_a_target_is_read(void **state) {
    (void)state;
    trace_vectors_t vectors;
    mn_trace_decoder_t decoder = {0};
    uint32_t read = 0;
    vectors_read(&vectors);
    for (size_t i = 0; i < vectors.count; i++) {
        const trace_vector_t *vector = &vectors.vector[i];
        if (vector->from_host) {
            continue;
        }
        mn_trace_message_t message;
        size_t used = 0;
        // Cut in two: what is cut off comes with the next call.
        const size_t half = vector->frame_len / 2;
        assert_int_equal(mn_trace_decoder_feed(&decoder, vector->frame, half, &used, &message),
                         MN_PENDING);
        assert_int_equal(used, half);
        assert_int_equal(mn_trace_decoder_feed(&decoder, vector->frame + half,
                                               vector->frame_len - half, &used, &message),
                         MN_OK);
        assert_int_equal(used, vector->frame_len - half);
        read++;
    }
    assert_int_equal(decoder.counters.messages, read);
    assert_int_equal(decoder.counters.bad, 0);
}

static mn_trace_message_t read_vector(const char *name) {
    trace_vectors_t vectors;
    vectors_read(&vectors);
    const trace_vector_t *vector = vector_named(&vectors, name);
    mn_trace_message_t message;
    static uint8_t bytes[VECTOR_BYTES]; // texts in the message refer to it
    memcpy(bytes, vector->cbor, vector->cbor_len);
    const mn_cspan_t span = {.data = bytes, .len = vector->cbor_len};
    assert_int_equal(mn_trace_message_read(span, &message), MN_OK);
    return message;
}

static void assert_text(mn_cspan_t text, const char *expected) {
    assert_int_equal(text.len, strlen(expected));
    assert_memory_equal(text.data, expected, text.len);
}

static void what_a_message_says_is_found(void **state) {
    (void)state;
    mn_trace_message_t message = read_vector("heartbeat with rules");
    assert_int_equal(message.kind, MN_TRACE_HEARTBEAT);
    assert_int_equal(message.heartbeat.session, 7);
    assert_int_equal(message.heartbeat.time, 1000);
    assert_int_equal(message.heartbeat.rate, 1000000);
    assert_int_equal(mn_trace_level_of(&message.heartbeat.levels, "kernel::heap"), MN_TRACE_TRACE);
    assert_int_equal(mn_trace_level_of(&message.heartbeat.levels, "network"), MN_TRACE_OFF);
    assert_int_equal(mn_trace_level_of(&message.heartbeat.levels, "mux"), MN_TRACE_INFO);
    message = read_vector("site of an event");
    assert_int_equal(message.kind, MN_TRACE_SITE);
    assert_text(message.site.target, "demo");
    assert_text(message.site.name, "hello");
    assert_text(message.site.file, "src/demo.c");
    assert_int_equal(message.site.line, 42);
    assert_text(message.site.fields[0], "answer");
    message = read_vector("event of all types");
    assert_int_equal(message.kind, MN_TRACE_RECORD);
    assert_int_equal(message.count, 6);
    assert_int_equal(message.values[0].integer, -1);
    assert_int_equal(message.values[1].type, MN_TRACE_BOOL);
    assert_int_equal(message.values[2].number, 4294967296);
    assert_int_equal(message.values[3].integer, -5000000000);
    assert_float_equal(message.values[4].real, 1.5, 0.0);
    assert_text(message.values[5].text, "text");
}

static void requests_are_written_and_read_as_in_the_vectors(void **state) {
    (void)state;
    static const struct {
        const char *name;
        mn_trace_request_t request;
    } cases[] = {
        {"set level", {.kind = MN_TRACE_SET_LEVEL, .level = MN_TRACE_DEBUG}},
        {"set target", {.kind = MN_TRACE_SET_TARGET, .level = MN_TRACE_TRACE, .prefix = "kernel"}},
        {"remove target", {.kind = MN_TRACE_SET_TARGET, .remove = true, .prefix = "kernel"}},
        {"resend", {.kind = MN_TRACE_RESEND}},
        {"ping", {.kind = MN_TRACE_PING, .token = 77}},
    };
    trace_vectors_t vectors;
    vectors_read(&vectors);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const trace_vector_t *vector = vector_named(&vectors, cases[i].name);
        uint8_t frame[MN_TRACE_REQUEST_FRAME_MAX];
        assert_int_equal(mn_trace_request_write(&cases[i].request, frame), vector->frame_len);
        assert_memory_equal(frame, vector->frame, vector->frame_len);
        mn_trace_request_t request;
        const mn_cspan_t bytes = {.data = vector->cbor, .len = vector->cbor_len};
        assert_int_equal(mn_trace_request_read(bytes, &request), MN_OK);
        assert_int_equal(request.kind, cases[i].request.kind);
        assert_int_equal(request.level, cases[i].request.level);
        assert_int_equal(request.token, cases[i].request.token);
        assert_true(request.remove == cases[i].request.remove);
        assert_string_equal(request.prefix, cases[i].request.prefix);
    }
}

// Cut off anywhere, and with something behind, it is refused whole.
static void a_message_is_exactly_its_bytes(void **state) {
    (void)state;
    trace_vectors_t vectors = {0};
    vectors_read(&vectors);
    for (size_t i = 0; i < vectors.count; i++) {
        trace_vector_t *vector = &vectors.vector[i];
        mn_trace_message_t message;
        mn_trace_request_t request;
        for (size_t len = 0; len <= vector->cbor_len + 1; len++) {
            vector->cbor[vector->cbor_len] = 0xf6; // null
            const mn_cspan_t bytes = {.data = vector->cbor, .len = len};
            const mn_status_t status = vector->from_host ? mn_trace_request_read(bytes, &request)
                                                         : mn_trace_message_read(bytes, &message);
            // A record or the name of a context may be shorter than it was.
            const bool may_be_short = !vector->from_host && len < vector->cbor_len && len > 1;
            if (len == vector->cbor_len) {
                assert_int_equal(status, MN_OK);
            } else if (!may_be_short) {
                assert_int_equal(status, MN_EBADFRAME);
            }
        }
    }
}

static void what_is_no_message_is_counted_and_skipped(void **state) {
    (void)state;
    static const uint8_t bytes[] = {
        0x02, 0xff, 0x00,       // "break" alone
        0x05, 0x01, 0x00,       // COBS that ends too early
        0x02, 0x60, 0x00,       // a text first
        0x02, 0x26, 0x00,       // a kind that does not exist
        0x03, 0x25, 0x18, 0x00, // a number that is cut off
        0x00, 0x00,             // nothing at all is not counted
        0x03, 0x25, 0x05, 0x00, // a pong
    };
    mn_trace_decoder_t decoder = {0};
    mn_trace_message_t message = {0};
    size_t at = 0;
    size_t used = 0;
    unsigned bad = 0;
    mn_status_t status = MN_EBADFRAME;
    while (status == MN_EBADFRAME) {
        status = mn_trace_decoder_feed(&decoder, bytes + at, sizeof bytes - at, &used, &message);
        bad += (status == MN_EBADFRAME) ? 1U : 0U;
        at += used;
    }
    assert_int_equal(status, MN_OK);
    assert_int_equal(bad, 5);
    assert_int_equal(decoder.counters.bad, 5);
    assert_int_equal(message.kind, MN_TRACE_PONG);
    assert_int_equal(message.id, 5);
    assert_int_equal(at, sizeof bytes);
}

static void an_overlong_message_is_skipped_to_its_end(void **state) {
    (void)state;
    uint8_t bytes[2000];
    memset(bytes, 1, sizeof bytes);
    mn_trace_decoder_t decoder = {0};
    mn_trace_message_t message;
    size_t used = 0;
    assert_int_equal(mn_trace_decoder_feed(&decoder, bytes, sizeof bytes, &used, &message),
                     MN_PENDING);
    const uint8_t rest[] = {0x00, 0x03, 0x25, 0x05, 0x00};
    assert_int_equal(mn_trace_decoder_feed(&decoder, rest, sizeof rest, &used, &message),
                     MN_ETOOBIG);
    assert_int_equal(used, 1);
    assert_int_equal(mn_trace_decoder_feed(&decoder, rest + 1, sizeof rest - 1, &used, &message),
                     MN_OK);
    assert_int_equal(decoder.counters.overlong, 1);
}

static void levels_are_read_as_people_write_them(void **state) {
    (void)state;
    mn_trace_levels_t levels;
    assert_int_equal(mn_trace_levels_read("info,kernel=debug,registry", &levels), MN_OK);
    assert_int_equal(levels.level, MN_TRACE_INFO);
    assert_int_equal(levels.count, 2);
    assert_int_equal(mn_trace_level_of(&levels, "kernel"), MN_TRACE_DEBUG);
    assert_int_equal(mn_trace_level_of(&levels, "registry::x"), MN_TRACE_TRACE);
    assert_int_equal(mn_trace_level_of(&levels, "kern"), MN_TRACE_INFO);
    assert_int_equal(mn_trace_level_max(&levels), MN_TRACE_TRACE);
    // The longest prefix counts, wherever it stands.
    assert_int_equal(mn_trace_levels_read("a::b=4,a=1,WARN", &levels), MN_OK);
    assert_int_equal(mn_trace_level_of(&levels, "a::b"), MN_TRACE_DEBUG);
    assert_int_equal(mn_trace_level_of(&levels, "a::c"), MN_TRACE_ERROR);
    assert_int_equal(mn_trace_level_of(&levels, "z"), MN_TRACE_WARN);
    assert_int_equal(mn_trace_levels_read("kernel=error", &levels), MN_OK);
    assert_int_equal(levels.level, MN_TRACE_OFF);
    static const char *const wrong[] = {
        "", ",", "info,", "a=", "=info", "a=loud", "a=6", "123456789012345678901234=info"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(mn_trace_levels_read(wrong[i], &levels), MN_EINVAL);
    }
    assert_int_equal(mn_trace_levels_read("a,b,c,d,e,f,g,h", &levels), MN_OK);
    assert_int_equal(mn_trace_levels_read("a,b,c,d,e,f,g,h,i", &levels), MN_EFULL);
    assert_int_equal(mn_trace_levels_remove(&levels, "c"), MN_OK);
    assert_int_equal(mn_trace_levels_remove(&levels, "c"), MN_ENOTFOUND);
    assert_int_equal(levels.count, 7);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector_of_a_target_is_read),
        cmocka_unit_test(what_a_message_says_is_found),
        cmocka_unit_test(requests_are_written_and_read_as_in_the_vectors),
        cmocka_unit_test(a_message_is_exactly_its_bytes),
        cmocka_unit_test(what_is_no_message_is_counted_and_skipped),
        cmocka_unit_test(an_overlong_message_is_skipped_to_its_end),
        cmocka_unit_test(levels_are_read_as_people_write_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
