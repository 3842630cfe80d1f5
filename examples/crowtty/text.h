// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Plain text that a target sends outside of the mux: boot messages, panics.

#ifndef CROWTTY_TEXT_H
#define CROWTTY_TEXT_H

#include "log.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Longer lines are shown in pieces.
#define TEXT_LINE_MAX 1024

typedef struct text {
    const log_t *log;
    size_t len; // bytes of the line that has begun
    uint8_t line[TEXT_LINE_MAX];
} text_t;

// Whether these bytes are what a person would call text: UTF-8 without control characters other
// than those that terminals are commonly sent. If more may follow, a character that is cut off at
// the end is fine.
bool text_is_printable(const uint8_t *data, size_t len, bool more_may_follow);

void text_init(text_t *text, const log_t *log);

// Shows the lines that are complete and keeps the rest.
void text_add(text_t *text, const uint8_t *data, size_t len);

// Shows the line that has begun, if any.
void text_end_line(text_t *text);

#endif
