// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup cobs COBS
/// @brief Consistent Overhead Byte Stuffing: bytes rewritten so that none of them is zero.
///
/// What has been encoded contains no zero byte, so that a zero can mark the end of a message on a
/// byte stream. The cost is one byte, and one more for every 254 bytes. Neither direction adds or
/// expects the terminating zero; that is the business of the framing above.
///
/// The encoded form is a chain of groups: a code byte *c* and *c* - 1 bytes of data. A code below
/// 255 stands for a zero after its data, except in the last group. When the data ends with a full
/// group of 254 bytes, the encoder still closes it with an empty group (a single 01); a decoder
/// accepts the message with and without.
///
/// ~~~{.c}
/// uint8_t wire[MN_COBS_ENCODED_MAX(3)];
/// size_t n = mn_cobs_encode(wire, (const uint8_t[]){0x11, 0x00, 0x22}, 3); // 02 11 02 22
/// ~~~
///
/// Nothing here keeps state between calls, allocates or asserts: a caller hands over pointers that
/// are valid for the stated lengths. A pointer may be NULL where its length is 0.
/// @{

#ifndef MNEMOS_COBS_H
#define MNEMOS_COBS_H

#include <stddef.h>
#include <stdint.h>

#include <mnemos/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/// @brief The most bytes that @p len bytes of data can take once encoded. A constant expression if
/// @p len is one.
#define MN_COBS_ENCODED_MAX(len) ((len) + (len) / 254u + 1u)

/// @brief An encoding under way, for data that is not in one piece.
typedef struct mn_cobs_encoder {
    uint8_t *out;  ///< private: start of the output
    uint8_t *code; ///< private: where the code of the open group goes
    uint8_t *next; ///< private: where the next byte goes
} mn_cobs_encoder_t;

/// @brief Start encoding.
/// @param[out] encoder set up for ::mn_cobs_encoder_add
/// @param[out] out room for ::MN_COBS_ENCODED_MAX of the sum of all lengths that will be added
/// @isr_ok
void mn_cobs_encoder_begin(mn_cobs_encoder_t *encoder, uint8_t *out);

/// @brief Append @p len bytes of data to the message.
/// @param[in,out] encoder begun
/// @param[in] data does not overlap the output
/// @param[in] len bytes in @p data, may be 0
/// @isr_ok
void mn_cobs_encoder_add(mn_cobs_encoder_t *encoder, const void *data, size_t len);

/// @brief Finish the message.
/// @param[in,out] encoder begun; has to be begun again before further use
/// @return bytes written to the output, without a terminator
/// @isr_ok
size_t mn_cobs_encoder_end(mn_cobs_encoder_t *encoder);

/// @brief Encode a message that is in one piece.
/// @param[out] out room for ::MN_COBS_ENCODED_MAX(@p len) bytes, not overlapping @p in
/// @param[in] in the data
/// @param[in] len bytes in @p in, may be 0
/// @return bytes written, at least 1
/// @isr_ok
size_t mn_cobs_encode(uint8_t *out, const void *in, size_t len);

/// @brief Check an encoded message, and tell how long its data is.
/// @param[in] in encoded bytes, without the terminator
/// @param[in] len bytes in @p in
/// @param[out] out_len bytes that decoding yields; only written on success
/// @retval MN_OK the message is well formed
/// @retval MN_EBADFRAME it is empty, contains a zero, or ends in the middle of a group
/// @isr_ok
mn_status_t mn_cobs_decoded_size(const uint8_t *in, size_t len, size_t *out_len);

/// @brief Decode a message. Nothing is written unless all of it can be decoded.
/// @param[out] out where the data goes: @p in itself to decode in place, or any buffer that does
/// not overlap it
/// @param[in] size bytes of room in @p out; @p len - 1 is always enough
/// @param[in] in encoded bytes, without the terminator
/// @param[in] len bytes in @p in
/// @param[out] out_len bytes of data; only written on success
/// @retval MN_OK decoded
/// @retval MN_EBADFRAME it is empty, contains a zero, or ends in the middle of a group
/// @retval MN_ETOOBIG the data is longer than @p size
/// @isr_ok
mn_status_t mn_cobs_decode(uint8_t *out, size_t size, const uint8_t *in, size_t len,
                           size_t *out_len);

#ifdef __cplusplus
}
#endif

#endif
/// @}
