// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup crc Checksums
/// @brief Cyclic redundancy checks of 32, 16 and 7 bits.
///
/// Each function continues a checksum over further bytes, so that data need not be in one piece:
/// start with the named initial value, and hand each result to the next call.
///
/// ~~~{.c}
/// uint32_t crc = mn_crc32(MN_CRC32_INIT, header, sizeof header);
/// crc = mn_crc32(crc, body, body_len);
/// ~~~
///
/// They work four bits at a time with tables of sixteen entries, 112 bytes in all.
/// @{

#ifndef MNEMOS_CRC_H
#define MNEMOS_CRC_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// @brief Initial value of ::mn_crc32.
#define MN_CRC32_INIT 0u

/// @brief Initial value of ::mn_crc16 for CRC-16/CCITT-FALSE.
#define MN_CRC16_CCITT_FALSE_INIT 0xffffu

/// @brief Initial value of ::mn_crc16 for CRC-16/XMODEM, which SD cards use for data blocks.
#define MN_CRC16_XMODEM_INIT 0u

/// @brief Initial value of ::mn_crc7.
#define MN_CRC7_INIT 0u

/// @brief The CRC-32 of IEEE 802.3, gzip and PNG: reflected polynomial 0x04c11db7, inverted before
/// and after. The nine characters `123456789` yield 0xcbf43926.
/// @param[in] crc ::MN_CRC32_INIT, or the result for the bytes before
/// @param[in] data bytes to add; may be NULL only if @p len is 0
/// @param[in] len bytes in @p data
/// @return the checksum so far
/// @isr_ok
uint32_t mn_crc32(uint32_t crc, const void *data, size_t len);

/// @brief A CRC-16 with polynomial 0x1021, most significant bit first, not inverted. The initial
/// value selects the variant; `123456789` yields 0x29b1 (CCITT-FALSE) or 0x31c3 (XMODEM).
/// @param[in] crc an initial value from above, or the result for the bytes before
/// @param[in] data bytes to add; may be NULL only if @p len is 0
/// @param[in] len bytes in @p data
/// @return the checksum so far
/// @isr_ok
uint16_t mn_crc16(uint16_t crc, const void *data, size_t len);

/// @brief The CRC-7 of SD and MMC commands: polynomial 0x09, most significant bit first.
/// `123456789` yields 0x75.
/// @param[in] crc ::MN_CRC7_INIT, or the result for the bytes before; below 128
/// @param[in] data bytes to add; may be NULL only if @p len is 0
/// @param[in] len bytes in @p data
/// @return the checksum so far, in the lower seven bits. The last byte of an SD command is this
/// value shifted left by one, with the lowest bit set.
/// @isr_ok
uint8_t mn_crc7(uint8_t crc, const void *data, size_t len);

#ifdef __cplusplus
}
#endif

#endif
/// @}
