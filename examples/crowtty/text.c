// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "text.h"

#include <string.h>

static bool is_continuation(uint8_t byte) {
    return (byte & 0xc0u) == 0x80u;
}

// Bytes of the character that starts with this byte; 0 if none can.
static size_t character_len(uint8_t first) {
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xc2 && first < 0xe0) {
        return 2;
    }
    if (first >= 0xe0 && first < 0xf0) {
        return 3;
    }
    return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

static bool is_control(uint8_t byte) {
    static const char ALLOWED[] = "\a\b\t\n\v\f\r\x1b";
    return byte == 0 || byte == 0x7f || (byte < 0x20 && strchr(ALLOWED, byte) == NULL);
}

// Overlong forms, surrogates, what is beyond Unicode, and the control characters from 0x80 to 0x9f
// show in the first two bytes.
static bool is_bad_pair(uint8_t first, uint8_t second) {
    return (first == 0xc2 && second < 0xa0) || (first == 0xe0 && second < 0xa0) ||
           (first == 0xed && second >= 0xa0) || (first == 0xf0 && second < 0x90) ||
           (first == 0xf4 && second >= 0x90);
}

bool text_is_printable(const uint8_t *data, size_t len, bool more_may_follow) {
    size_t at = 0;
    while (at < len) {
        size_t n = character_len(data[at]);
        if (n == 0 || is_control(data[at])) {
            return false;
        }
        for (size_t i = 1; i < n; i++) {
            if (at + i == len) {
                return more_may_follow;
            }
            if (!is_continuation(data[at + i]) || (i == 1 && is_bad_pair(data[at], data[at + 1]))) {
                return false;
            }
        }
        at += n;
    }
    return true;
}

void text_init(text_t *text, const log_t *log) {
    text->log = log;
    text->len = 0;
}

// Shows a full line buffer, up to the start of a character that may not be complete.
static void show_piece(text_t *text) {
    size_t end = text->len;
    while (end > text->len - 4 && is_continuation(text->line[end - 1])) {
        end--;
    }
    if (character_len(text->line[end - 1]) > 1) {
        end--;
    }
    log_text(text->log, text->line, end);
    text->len -= end;
    memmove(text->line, text->line + end, text->len);
}

void text_add(text_t *text, const uint8_t *data, size_t len) {
    for (size_t i = 0; i < len; i++) {
        if (data[i] == '\n') {
            if (text->len > 0 && text->line[text->len - 1] == '\r') {
                text->len--;
            }
            log_text(text->log, text->line, text->len);
            text->len = 0;
            continue;
        }
        if (text->len == TEXT_LINE_MAX) {
            show_piece(text);
        }
        text->line[text->len++] = data[i];
    }
}

void text_end_line(text_t *text) {
    if (text->len > 0) {
        text_add(text, (const uint8_t *)"\n", 1);
    }
}
