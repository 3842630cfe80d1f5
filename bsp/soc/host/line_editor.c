// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "line_editor.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>

#define CTRL(letter) ((letter)&0x1F)

enum { ESC = 0x1B, DEL = 0x7F };

// Where in an escape sequence the next byte is.
enum { OUTSIDE, AFTER_ESC, IN_CSI, AFTER_SS3 };

// --- characters ---

static bool continues(char byte) {
    return ((uint8_t)byte & 0xC0U) == 0x80U;
}

static size_t next(const line_editor_t *e, size_t at) {
    if (at < e->len) {
        at++;
    }
    while (at < e->len && continues(e->text[at])) {
        at++;
    }
    return at;
}

static size_t previous(const line_editor_t *e, size_t at) {
    while (at > 0) {
        at--;
        if (!continues(e->text[at])) {
            break;
        }
    }
    return at;
}

size_t line_editor_width(const char *text, size_t len, size_t *bytes) {
    const uint8_t lead = (uint8_t)text[0];
    const size_t expected = (lead >= 0xF0U) ? 4 : (lead >= 0xE0U) ? 3 : (lead >= 0xC0U) ? 2 : 1;
    uint32_t code = (expected == 1) ? lead : lead & (0x7FU >> expected);
    *bytes = 1;
    while (*bytes < len && *bytes < expected && continues(text[*bytes])) {
        code = code << 6U | ((uint8_t)text[*bytes] & 0x3FU);
        (*bytes)++;
    }
    const int width = (*bytes == expected) ? wcwidth((wchar_t)code) : 1;
    return (width < 0) ? 1 : (size_t)width;
}

// --- changing the line ---

static void erase(line_editor_t *e, size_t from, size_t to) {
    memmove(&e->text[from], &e->text[to], e->len - to);
    e->len -= to - from;
    e->cursor = from;
}

static void insert(line_editor_t *e, char byte) {
    if (e->len < LINE_EDITOR_MAX) {
        memmove(&e->text[e->cursor + 1], &e->text[e->cursor], e->len - e->cursor);
        e->text[e->cursor++] = byte;
        e->len++;
    }
}

static void erase_word(line_editor_t *e) {
    size_t from = e->cursor;
    while (from > 0 && e->text[from - 1] == ' ') {
        from--;
    }
    while (from > 0 && e->text[from - 1] != ' ') {
        from--;
    }
    erase(e, from, e->cursor);
}

// Exchange the characters on both sides of the cursor, and step over them.
static void transpose(line_editor_t *e) {
    const size_t middle = (e->cursor == e->len) ? previous(e, e->cursor) : e->cursor;
    const size_t from = previous(e, middle);
    const size_t to = next(e, middle);
    char left[8];
    const size_t left_len = middle - from;
    if (middle == 0 || middle == to || left_len > sizeof left) {
        return;
    }
    memcpy(left, &e->text[from], left_len);
    memmove(&e->text[from], &e->text[middle], to - middle);
    memcpy(&e->text[to - left_len], left, left_len);
    e->cursor = to;
}

// --- history ---

static char *remembered(line_editor_t *e, size_t back) {
    return e->history[(e->history_count - back) % LINE_EDITOR_HISTORY];
}

static void remember(line_editor_t *e) {
    e->text[e->len] = '\0';
    const bool blank = strspn(e->text, " ") == e->len;
    const bool again = e->history_count > 0 && strcmp(remembered(e, 1), e->text) == 0;
    if (!blank && !again) {
        memcpy(remembered(e, 0), e->text, e->len + 1);
        e->history_count++;
    }
}

// Show the line entered `back` lines ago; 0 is the new one.
static void recall(line_editor_t *e, size_t back) {
    const size_t kept =
        (e->history_count < LINE_EDITOR_HISTORY) ? e->history_count : LINE_EDITOR_HISTORY;
    if (back > kept) {
        return;
    }
    if (e->recalled == 0) {
        e->text[e->len] = '\0';
        memcpy(e->draft, e->text, e->len + 1);
    }
    const char *line = (back == 0) ? e->draft : remembered(e, back);
    e->len = strlen(line);
    memcpy(e->text, line, e->len);
    e->cursor = e->len;
    e->recalled = back;
}

size_t line_editor_take(line_editor_t *e, char *line) {
    const size_t len = e->len;
    memcpy(line, e->text, len);
    remember(e);
    line_editor_reset(e);
    return len;
}

void line_editor_reset(line_editor_t *e) {
    e->len = 0;
    e->cursor = 0;
    e->recalled = 0;
}

// --- keys ---

static void older(line_editor_t *e) {
    recall(e, e->recalled + 1);
}

static void newer(line_editor_t *e) {
    if (e->recalled > 0) {
        recall(e, e->recalled - 1);
    }
}

// The last byte of an escape sequence says which key it is; for `~`, the number before it.
static void escape_key(line_editor_t *e, char last) {
    const char key = (last == '~') ? e->escape_number : last;
    switch (key) {
    case 'A':
        older(e);
        break;
    case 'B':
        newer(e);
        break;
    case 'C':
        e->cursor = next(e, e->cursor);
        break;
    case 'D':
        e->cursor = previous(e, e->cursor);
        break;
    case 'H':
    case '1':
    case '7':
        e->cursor = 0;
        break;
    case 'F':
    case '4':
    case '8':
        e->cursor = e->len;
        break;
    case '3':
        erase(e, e->cursor, next(e, e->cursor));
        break;
    default:
        break;
    }
}

// Sequences of unknown keys are read to their end and ignored.
static void escape_byte(line_editor_t *e, uint8_t byte) {
    const uint8_t where = e->escape;
    e->escape = OUTSIDE;
    if (byte == ESC) {
        e->escape = AFTER_ESC;
    } else if (where == AFTER_ESC && byte == '[') {
        e->escape = IN_CSI;
        e->escape_number = '\0';
    } else if (where == AFTER_ESC && byte == 'O') {
        e->escape = AFTER_SS3;
    } else if (where == IN_CSI && byte >= 0x20 && byte < 0x40) {
        // Two digits are a function key; after a semicolon come Shift and the like.
        e->escape_number = (e->escape_number == '\0') ? (char)byte
                           : (byte == ';')            ? e->escape_number
                                                      : '?';
        e->escape = IN_CSI;
    } else if (where != AFTER_ESC) {
        escape_key(e, (char)byte);
    }
}

static void control_key(line_editor_t *e, uint8_t byte) {
    switch (byte) {
    case CTRL('A'):
        e->cursor = 0;
        break;
    case CTRL('B'):
        e->cursor = previous(e, e->cursor);
        break;
    case CTRL('D'):
        erase(e, e->cursor, next(e, e->cursor));
        break;
    case CTRL('E'):
        e->cursor = e->len;
        break;
    case CTRL('F'):
        e->cursor = next(e, e->cursor);
        break;
    case CTRL('H'):
    case DEL:
        erase(e, previous(e, e->cursor), e->cursor);
        break;
    case CTRL('I'):
        insert(e, ' ');
        break;
    case CTRL('K'):
        e->len = e->cursor;
        break;
    case CTRL('N'):
        newer(e);
        break;
    case CTRL('P'):
        older(e);
        break;
    case CTRL('T'):
        transpose(e);
        break;
    case CTRL('U'):
        erase(e, 0, e->cursor);
        break;
    case CTRL('W'):
        erase_word(e);
        break;
    case ESC:
        e->escape = AFTER_ESC;
        break;
    default:
        break;
    }
}

// What the screen and the board have to know about.
static line_event_t event_of(const line_editor_t *e, uint8_t byte) {
    switch (byte) {
    case '\r':
    case '\n':
        return LINE_DONE;
    case CTRL('C'):
        return LINE_INTERRUPT;
    case CTRL('D'):
        return (e->len == 0) ? LINE_END : LINE_NOTHING;
    case CTRL('L'):
        return LINE_CLEAR;
    case CTRL('Z'):
        return LINE_SUSPEND;
    default:
        return LINE_NOTHING;
    }
}

line_event_t line_editor_key(line_editor_t *e, uint8_t byte) {
    const bool pair = e->after_return && byte == '\n';
    e->after_return = (byte == '\r');
    if (pair) {
        return LINE_NOTHING;
    }
    line_event_t event = event_of(e, byte);
    if (event != LINE_NOTHING) {
        e->escape = OUTSIDE; // a lone Escape before it meant nothing
    } else if (e->escape != OUTSIDE) {
        escape_byte(e, byte);
    } else if (byte < ' ' || byte == DEL) {
        control_key(e, byte);
    } else {
        insert(e, (char)byte);
    }
    return event;
}

// --- drawing ---

static size_t width_of(const line_editor_t *e, size_t from, size_t to) {
    size_t columns = 0;
    while (from < to) {
        size_t bytes = 0;
        columns += line_editor_width(&e->text[from], e->len - from, &bytes);
        from += bytes;
    }
    return columns;
}

// Copy what fits in `room` columns. A byte that would disturb the screen is shown as a question
// mark.
static size_t draw_text(const line_editor_t *e, size_t from, size_t room, char *out) {
    size_t n = 0;
    while (from < e->len) {
        size_t bytes = 0;
        const size_t columns = line_editor_width(&e->text[from], e->len - from, &bytes);
        if (columns > room) {
            break;
        }
        if (bytes == 1 && (uint8_t)e->text[from] >= 0x80U) {
            out[n++] = '?';
        } else {
            memcpy(&out[n], &e->text[from], bytes);
            n += bytes;
        }
        room -= columns;
        from += bytes;
    }
    return n;
}

size_t line_editor_draw(const line_editor_t *e, const char *prompt, size_t columns, char *out) {
    const size_t before = strlen(prompt);
    // The last column stays free: a cursor behind it would be in the next row.
    const size_t room = (columns > before + 2) ? columns - before - 1 : 1;
    size_t from = 0;
    while (width_of(e, from, e->cursor) > room) {
        from = next(e, from);
    }
    size_t n = 0;
    out[n++] = '\r';
    memcpy(&out[n], prompt, before);
    n += before;
    n += draw_text(e, from, room, &out[n]);
    memcpy(&out[n], "\x1b[K\r", 4);
    n += 4;
    const size_t column = before + width_of(e, from, e->cursor);
    if (column > 0) {
        n += (size_t)snprintf(&out[n], 16, "\x1b[%zuC", column);
    }
    return n;
}
