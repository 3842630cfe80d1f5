// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Short lines of text, put together without printf: what does not fit is cut off.

#ifndef MNEMOS_SERVICES_TEXT_H
#define MNEMOS_SERVICES_TEXT_H

#include <stddef.h>
#include <stdint.h>

typedef struct mn__text {
    char *start;
    size_t size;
    size_t len;
} mn__text_t;

static inline void mn__text_add(mn__text_t *text, const char *string) {
    while (*string != '\0' && text->len < text->size) {
        text->start[text->len++] = *string++;
    }
}

static inline void mn__text_add_number(mn__text_t *text, uint32_t number) {
    char digits[11];
    size_t at = sizeof(digits) - 1;
    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + number % 10U);
        number /= 10U;
    } while (number != 0);
    mn__text_add(text, &digits[at]);
}

#endif
