// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Checksums: the published check values, known messages of the protocols that use them, and that
// data may come in pieces.

#include <mnemos/crc.h>
#include <mnemos/util.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

// The catalogue of parametrised CRC algorithms gives the checksum of these nine characters.
static const char CHECK[] = "123456789";

static void check_values_are_those_of_the_catalogue(void **state) {
    (void)state;
    assert_int_equal(mn_crc32(MN_CRC32_INIT, CHECK, 9), 0xcbf43926);
    assert_int_equal(mn_crc16(MN_CRC16_CCITT_FALSE_INIT, CHECK, 9), 0x29b1);
    assert_int_equal(mn_crc16(MN_CRC16_XMODEM_INIT, CHECK, 9), 0x31c3);
    assert_int_equal(mn_crc7(MN_CRC7_INIT, CHECK, 9), 0x75);
}

// From the SD specification: the commands and the response that it shows with their checksums, and
// a block of 512 bytes of 0xff.
static void sd_card_examples(void **state) {
    (void)state;
    static const uint8_t cmd0[] = {0x40, 0, 0, 0, 0};
    static const uint8_t cmd17[] = {0x51, 0, 0, 0, 0};
    static const uint8_t response17[] = {0x11, 0, 0, 0x09, 0};
    assert_int_equal(mn_crc7(MN_CRC7_INIT, cmd0, sizeof cmd0), 0x4a);
    assert_int_equal(mn_crc7(MN_CRC7_INIT, cmd17, sizeof cmd17), 0x2a);
    assert_int_equal(mn_crc7(MN_CRC7_INIT, response17, sizeof response17), 0x33);
    uint8_t block[512];
    memset(block, 0xff, sizeof block);
    assert_int_equal(mn_crc16(MN_CRC16_XMODEM_INIT, block, sizeof block), 0x7fa1);
}

static void no_data_changes_nothing(void **state) {
    (void)state;
    assert_int_equal(mn_crc32(0x12345678, NULL, 0), 0x12345678);
    assert_int_equal(mn_crc16(0x1234, NULL, 0), 0x1234);
    assert_int_equal(mn_crc7(0x55, NULL, 0), 0x55);
}

static void data_may_come_in_pieces(void **state) {
    (void)state;
    for (size_t cut = 0; cut <= 9; cut++) {
        const char *rest = CHECK + cut;
        size_t left = 9 - cut;
        assert_int_equal(mn_crc32(mn_crc32(MN_CRC32_INIT, CHECK, cut), rest, left), 0xcbf43926);
        uint16_t sum = mn_crc16(MN_CRC16_CCITT_FALSE_INIT, CHECK, cut);
        assert_int_equal(mn_crc16(sum, rest, left), 0x29b1);
        assert_int_equal(mn_crc7(mn_crc7(MN_CRC7_INIT, CHECK, cut), rest, left), 0x75);
    }
}

// A checksum of n bits finds every change of a single bit; this also visits every table entry.
static void every_flipped_bit_is_found(void **state) {
    (void)state;
    uint8_t data[32];
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(i * 37u + 11u);
    }
    uint32_t crc32 = mn_crc32(MN_CRC32_INIT, data, sizeof data);
    uint16_t crc16 = mn_crc16(MN_CRC16_CCITT_FALSE_INIT, data, sizeof data);
    uint8_t crc7 = mn_crc7(MN_CRC7_INIT, data, sizeof data);
    for (size_t bit = 0; bit < 8 * sizeof data; bit++) {
        data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        assert_true(mn_crc32(MN_CRC32_INIT, data, sizeof data) != crc32);
        assert_true(mn_crc16(MN_CRC16_CCITT_FALSE_INIT, data, sizeof data) != crc16);
        assert_true(mn_crc7(MN_CRC7_INIT, data, sizeof data) != crc7);
        data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_values_are_those_of_the_catalogue),
        cmocka_unit_test(sd_card_examples),
        cmocka_unit_test(no_data_changes_nothing),
        cmocka_unit_test(data_may_come_in_pieces),
        cmocka_unit_test(every_flipped_bit_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
