// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup uuid UUIDs
/// @brief The 128-bit names of services.
///
/// A UUID is sixteen bytes, kept in the order in which its text form shows them.
///
/// ~~~{.c}
/// static const mn_uuid_t SERIAL_MUX = MN_UUID(0x54c983fa, 0x736f, 0x4223, 0xb90d, 0xc4360a308647);
/// // "54c983fa-736f-4223-b90d-c4360a308647"
/// ~~~
/// @{

#ifndef MNEMOS_UUID_H
#define MNEMOS_UUID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mnemos/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/// @brief Characters of a UUID's text form, without the terminating NUL.
#define MN_UUID_TEXT_LEN 36u

/// @brief A UUID.
typedef struct mn_uuid {
    uint8_t bytes[16]; ///< in the order of the text form
} mn_uuid_t;

/// @brief Static initialiser: the five groups of the text form as numbers of 32, 16, 16, 16 and 48
/// bits.
#define MN_UUID(a32, b16, c16, d16, e48)                                               \
    {                                                                                  \
        {                                                                              \
            MN__UUID_BYTE(a32, 24), MN__UUID_BYTE(a32, 16), MN__UUID_BYTE(a32, 8),     \
                MN__UUID_BYTE(a32, 0), MN__UUID_BYTE(b16, 8), MN__UUID_BYTE(b16, 0),   \
                MN__UUID_BYTE(c16, 8), MN__UUID_BYTE(c16, 0), MN__UUID_BYTE(d16, 8),   \
                MN__UUID_BYTE(d16, 0), MN__UUID_BYTE(e48, 40), MN__UUID_BYTE(e48, 32), \
                MN__UUID_BYTE(e48, 24), MN__UUID_BYTE(e48, 16), MN__UUID_BYTE(e48, 8), \
                MN__UUID_BYTE(e48, 0)                                                  \
        }                                                                              \
    }

/// @cond private
#define MN__UUID_BYTE(value, shift) (uint8_t)(((uint64_t)(value) >> (shift)) & 0xffu)
/// @endcond

/// @brief Whether two UUIDs are the same.
/// @param[in] a one
/// @param[in] b the other
/// @return true if all sixteen bytes are equal
/// @isr_ok
bool mn_uuid_equal(const mn_uuid_t *a, const mn_uuid_t *b);

/// @brief Write the text form: 36 characters, lower-case, hyphenated, and a NUL.
/// @param[in] uuid what to write
/// @param[out] text room for ::MN_UUID_TEXT_LEN + 1 characters
/// @isr_ok
void mn_uuid_format(const mn_uuid_t *uuid, char text[MN_UUID_TEXT_LEN + 1]);

/// @brief Read the text form. Upper-case digits are accepted, braces and blanks are not.
/// @param[out] uuid only written on success
/// @param[in] text need not end with a NUL
/// @param[in] len characters in @p text
/// @retval MN_OK read
/// @retval MN_EINVAL @p len is not 36, a hyphen is not in its place, or another character is not a
/// hexadecimal digit
/// @isr_ok
mn_status_t mn_uuid_parse(mn_uuid_t *uuid, const char *text, size_t len);

#ifdef __cplusplus
}
#endif

#endif
/// @}
