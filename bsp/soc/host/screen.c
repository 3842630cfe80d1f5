// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "screen.h"

#include <mnemos/assert.h>
#include <stdio.h>
#include <string.h>

static const char prompt[] = "> ";

// Room that text leaves for drawing the typed line.
#define RESERVE (4U * LINE_EDITOR_DRAWN_MAX)

// Where in an escape sequence a program's text is.
enum { OUTSIDE, AFTER_ESC, IN_SEQUENCE };

static void put(screen_t *s, const char *bytes, size_t len) {
    MN_ASSERT(len <= SCREEN_SIZE - s->len);
    memcpy(&s->out[s->len], bytes, len);
    s->len += len;
}

static void put_text(screen_t *s, const char *text) {
    put(s, text, strlen(text));
}

size_t screen_room(const screen_t *s) {
    const size_t used = s->len + RESERVE;
    // A line break may be added before every byte.
    return (used < SCREEN_SIZE) ? (SCREEN_SIZE - used) / 2 : 0;
}

// Back to where the text ended.
static void hide(screen_t *s) {
    put_text(s, "\r\x1b[K");
    if (s->below) {
        char back[32];
        const int len = snprintf(back, sizeof back, "\x1b[A\x1b[%zuC", s->column);
        put(s, back, (size_t)len);
    }
    s->typed_shown = false;
    s->below = false;
}

static void draw(screen_t *s) {
    if (!s->typed_shown && s->column > 0) {
        put_text(s, "\n");
        s->below = true;
    }
    s->len += line_editor_draw(s->editor, prompt, s->columns, &s->out[s->len]);
    s->typed_shown = true;
    s->stale = false;
}

void screen_show_typed(screen_t *s, bool shown) {
    if (s->editor == NULL || SCREEN_SIZE - s->len < RESERVE / 2) {
        return;
    }
    if (shown && (s->stale || !s->typed_shown)) {
        draw(s);
    } else if (!shown && s->typed_shown) {
        hide(s);
    }
}

void screen_finish_typed(screen_t *s, const char *after) {
    if (SCREEN_SIZE - s->len >= RESERVE / 2) {
        draw(s);
        if (s->editor->len > s->editor->cursor) {
            line_editor_t end = *s->editor;
            end.cursor = end.len;
            s->len += line_editor_draw(&end, prompt, s->columns, &s->out[s->len]);
        }
        put_text(s, after);
        put_text(s, "\n");
    }
    s->typed_shown = false;
    s->below = false;
    s->column = 0;
}

void screen_clear(screen_t *s) {
    if (SCREEN_SIZE - s->len >= RESERVE / 2) {
        put_text(s, "\x1b[H\x1b[2J");
        s->typed_shown = false;
        s->below = false;
        s->column = 0;
    }
}

void screen_written(screen_t *s, size_t len) {
    memmove(s->out, &s->out[len], s->len - len);
    s->len -= len;
}

// Columns that a byte of a program's text takes; sequences that move the cursor elsewhere are the
// program's affair.
static size_t columns_of(screen_t *s, uint8_t byte) {
    const uint8_t where = s->escape;
    if (byte == 0x1B) {
        s->escape = AFTER_ESC;
    } else if (where == AFTER_ESC && byte == '[') {
        s->escape = IN_SEQUENCE;
    } else if (where != OUTSIDE) {
        s->escape = (where == IN_SEQUENCE && byte < 0x40) ? IN_SEQUENCE : OUTSIDE;
    } else if (byte >= ' ' && byte != 0x7F && (byte & 0xC0U) != 0x80U) {
        return 1;
    }
    return 0;
}

static void put_byte(screen_t *s, char byte) {
    if (byte == '\n' || byte == '\r') {
        s->column = 0;
    } else if (byte == '\b') {
        s->column -= (s->column > 0) ? 1 : 0;
    } else if (byte == '\t') {
        s->column = (s->column / 8 + 1) * 8;
        s->column = (s->column < s->columns) ? s->column : s->columns - 1;
    } else if (columns_of(s, (uint8_t)byte) != 0) {
        if (s->column >= s->columns) {
            put(s, "\n", 1);
            s->column = 0;
        }
        s->column++;
    }
    put(s, &byte, 1);
}

void screen_text(screen_t *s, const char *text, size_t len) {
    if (s->editor == NULL) {
        put(s, text, len);
        return;
    }
    if (s->typed_shown) {
        hide(s);
    }
    for (size_t i = 0; i < len; i++) {
        put_byte(s, text[i]);
    }
}
