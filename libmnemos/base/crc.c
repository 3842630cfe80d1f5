// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include <mnemos/crc.h>

// Entry n of each table is the remainder of the four bits n, followed by zeros.

static const uint32_t CRC32_TABLE[16] = {
    0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
    0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
};

static const uint16_t CRC16_TABLE[16] = {
    0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50a5, 0x60c6, 0x70e7,
    0x8108, 0x9129, 0xa14a, 0xb16b, 0xc18c, 0xd1ad, 0xe1ce, 0xf1ef,
};

// The seven bits are kept at the top of the byte, as for the wider checksums.
static const uint8_t CRC7_TABLE[16] = {
    0x00, 0x12, 0x24, 0x36, 0x48, 0x5a, 0x6c, 0x7e, 0x90, 0x82, 0xb4, 0xa6, 0xd8, 0xca, 0xfc, 0xee,
};

uint32_t mn_crc32(uint32_t crc, const void *data, size_t len) {
    const uint8_t *in = data;
    crc = ~crc;
    for (size_t i = 0; i < len; i++) {
        crc ^= in[i];
        crc = (crc >> 4) ^ CRC32_TABLE[crc & 15u];
        crc = (crc >> 4) ^ CRC32_TABLE[crc & 15u];
    }
    return ~crc;
}

uint16_t mn_crc16(uint16_t crc, const void *data, size_t len) {
    const uint8_t *in = data;
    uint32_t sum = crc;
    for (size_t i = 0; i < len; i++) {
        sum ^= (uint32_t)in[i] << 8;
        sum = ((sum << 4) & 0xffffu) ^ CRC16_TABLE[sum >> 12];
        sum = ((sum << 4) & 0xffffu) ^ CRC16_TABLE[sum >> 12];
    }
    return (uint16_t)sum;
}

uint8_t mn_crc7(uint8_t crc, const void *data, size_t len) {
    const uint8_t *in = data;
    uint32_t sum = (uint32_t)(crc & 0x7fu) << 1;
    for (size_t i = 0; i < len; i++) {
        sum ^= in[i];
        sum = ((sum << 4) & 0xffu) ^ CRC7_TABLE[sum >> 4];
        sum = ((sum << 4) & 0xffu) ^ CRC7_TABLE[sum >> 4];
    }
    return (uint8_t)(sum >> 1);
}
