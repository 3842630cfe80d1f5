// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// UUIDs: the initialiser, the text form both ways, and what is not a UUID.

#include <mnemos/util.h>
#include <mnemos/uuid.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char TEXT[] = "54c983fa-736f-4223-b90d-c4360a308647";
static const mn_uuid_t UUID = MN_UUID(0x54c983fa, 0x736f, 0x4223, 0xb90d, 0xc4360a308647);

static void bytes_are_in_the_order_of_the_text(void **state) {
    (void)state;
    static const uint8_t expected[16] = {0x54, 0xc9, 0x83, 0xfa, 0x73, 0x6f, 0x42, 0x23,
                                         0xb9, 0x0d, 0xc4, 0x36, 0x0a, 0x30, 0x86, 0x47};
    assert_memory_equal(UUID.bytes, expected, sizeof expected);
}

static void format_writes_lower_case_and_a_nul(void **state) {
    (void)state;
    char text[MN_UUID_TEXT_LEN + 2];
    memset(text, '#', sizeof text);
    mn_uuid_format(&UUID, text);
    assert_string_equal(text, TEXT);
    assert_int_equal(text[MN_UUID_TEXT_LEN + 1], '#');
}

static void parse_reads_both_cases(void **state) {
    (void)state;
    mn_uuid_t uuid;
    assert_int_equal(mn_uuid_parse(&uuid, TEXT, strlen(TEXT)), MN_OK);
    assert_true(mn_uuid_equal(&uuid, &UUID));
    static const char upper[] = "54C983FA-736F-4223-B90D-C4360A308647";
    memset(&uuid, 0, sizeof uuid);
    assert_int_equal(mn_uuid_parse(&uuid, upper, strlen(upper)), MN_OK);
    assert_true(mn_uuid_equal(&uuid, &UUID));
}

static void parse_refuses_every_damaged_character(void **state) {
    (void)state;
    static const char bad[] = {'g', 'G', '/', ':', '@', '`', ' ', '\0', '\x80', '{'};
    const mn_uuid_t untouched = UUID;
    for (size_t at = 0; at < MN_UUID_TEXT_LEN; at++) {
        for (size_t i = 0; i < sizeof bad; i++) {
            char text[sizeof TEXT];
            memcpy(text, TEXT, sizeof text);
            text[at] = bad[i];
            mn_uuid_t uuid = untouched;
            assert_int_equal(mn_uuid_parse(&uuid, text, MN_UUID_TEXT_LEN), MN_EINVAL);
            assert_true(mn_uuid_equal(&uuid, &untouched));
        }
    }
}

static void parse_refuses_hyphens_out_of_place(void **state) {
    (void)state;
    mn_uuid_t uuid;
    static const char *const bad[] = {
        "54c983f-a736f-4223-b90d-c4360a308647", // moved
        "54c983fa0736f-4223-b90d-c4360a308647", // replaced by a digit
        "------------------------------------",
    };
    for (size_t i = 0; i < MN_COUNT_OF(bad); i++) {
        assert_int_equal(mn_uuid_parse(&uuid, bad[i], strlen(bad[i])), MN_EINVAL);
    }
}

static void parse_refuses_every_other_length(void **state) {
    (void)state;
    char text[2 * sizeof TEXT] = "";
    memcpy(text, TEXT, MN_UUID_TEXT_LEN);
    memset(text + MN_UUID_TEXT_LEN, '0', sizeof text - MN_UUID_TEXT_LEN);
    mn_uuid_t uuid;
    for (size_t len = 0; len < sizeof text; len++) {
        mn_status_t expected = len == MN_UUID_TEXT_LEN ? MN_OK : MN_EINVAL;
        assert_int_equal(mn_uuid_parse(&uuid, text, len), expected);
    }
}

static void every_byte_counts_for_equality(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof UUID.bytes; i++) {
        mn_uuid_t other = UUID;
        assert_true(mn_uuid_equal(&other, &UUID));
        other.bytes[i] ^= 1u;
        assert_false(mn_uuid_equal(&other, &UUID));
    }
}

static void text_and_back_is_the_same(void **state) {
    (void)state;
    uint32_t seed = 1;
    for (int round = 0; round < 1000; round++) {
        mn_uuid_t uuid;
        mn_uuid_t again;
        char text[MN_UUID_TEXT_LEN + 1];
        for (size_t i = 0; i < sizeof uuid.bytes; i++) {
            seed = seed * 1664525u + 1013904223u;
            uuid.bytes[i] = (uint8_t)(seed >> 24);
        }
        mn_uuid_format(&uuid, text);
        assert_int_equal(mn_uuid_parse(&again, text, strlen(text)), MN_OK);
        assert_true(mn_uuid_equal(&uuid, &again));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_in_the_order_of_the_text),
        cmocka_unit_test(format_writes_lower_case_and_a_nul),
        cmocka_unit_test(parse_reads_both_cases),
        cmocka_unit_test(parse_refuses_every_damaged_character),
        cmocka_unit_test(parse_refuses_hyphens_out_of_place),
        cmocka_unit_test(parse_refuses_every_other_length),
        cmocka_unit_test(every_byte_counts_for_equality),
        cmocka_unit_test(text_and_back_is_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
