// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include <mnemos/uuid.h>

#include <string.h>

// Whether a hyphen stands before this byte in the text form.
static bool hyphen_before(size_t byte) {
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

static int digit_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

bool mn_uuid_equal(const mn_uuid_t *a, const mn_uuid_t *b) {
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

void mn_uuid_format(const mn_uuid_t *uuid, char text[MN_UUID_TEXT_LEN + 1]) {
    static const char DIGITS[] = "0123456789abcdef";
    for (size_t i = 0; i < sizeof uuid->bytes; i++) {
        if (hyphen_before(i)) {
            *text++ = '-';
        }
        *text++ = DIGITS[uuid->bytes[i] >> 4];
        *text++ = DIGITS[uuid->bytes[i] & 15u];
    }
    *text = '\0';
}

mn_status_t mn_uuid_parse(mn_uuid_t *uuid, const char *text, size_t len) {
    if (len != MN_UUID_TEXT_LEN) {
        return MN_EINVAL;
    }
    mn_uuid_t parsed;
    for (size_t i = 0; i < sizeof parsed.bytes; i++) {
        if (hyphen_before(i) && *text++ != '-') {
            return MN_EINVAL;
        }
        int high = digit_value(*text++);
        int low = digit_value(*text++);
        if (high < 0 || low < 0) {
            return MN_EINVAL;
        }
        parsed.bytes[i] = (uint8_t)(high * 16 + low);
    }
    *uuid = parsed;
    return MN_OK;
}
