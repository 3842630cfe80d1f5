// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @brief A line that is being typed, with history.
///
/// It is fed byte by byte and never waits for one: this computer's whole board is a single thread,
/// and the usual line editing libraries stop in the middle of a key that sends several bytes (a
/// lone Escape is enough) until the rest comes.
///
/// Keys: arrows, Home, End, Delete, Backspace; Ctrl-A B D E F H K L N P T U W. Text is UTF-8.

#ifndef LINE_EDITOR_H
#define LINE_EDITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINE_EDITOR_MAX 1023 ///< bytes in a line
#define LINE_EDITOR_HISTORY 64

/// @brief What a byte led to.
typedef enum line_event {
    LINE_NOTHING,   ///< the line may have changed
    LINE_DONE,      ///< the line is complete; take it with line_editor_take()
    LINE_INTERRUPT, ///< Ctrl-C
    LINE_END,       ///< Ctrl-D on an empty line
    LINE_SUSPEND,   ///< Ctrl-Z
    LINE_CLEAR,     ///< Ctrl-L: the screen is to be cleared
} line_event_t;

/// @brief An editor. Zero-initialise it. Fields are for reading.
typedef struct line_editor {
    char text[LINE_EDITOR_MAX + 1]; ///< the line; no zero at its end
    size_t len;                     ///< bytes of it
    size_t cursor;                  ///< the byte it is on, 0 to len

    char history[LINE_EDITOR_HISTORY][LINE_EDITOR_MAX + 1];
    size_t history_count;            ///< lines entered, of which the last are kept
    size_t recalled;                 ///< how many lines back the text is from; 0: a new line
    char draft[LINE_EDITOR_MAX + 1]; ///< the new line, while an old one is shown
    uint8_t escape;                  ///< where in an escape sequence
    char escape_number;              ///< its parameter
    bool after_return;               ///< a line feed now belongs to the return before it
} line_editor_t;

/// @brief Take one byte from the keyboard.
line_event_t line_editor_key(line_editor_t *editor, uint8_t byte);

/// @brief Take the line, without an end of line: it goes to the history, and the editor is empty.
/// @param[in,out] editor the editor
/// @param[out] line room for LINE_EDITOR_MAX bytes
/// @return bytes in the line
size_t line_editor_take(line_editor_t *editor, char *line);

/// @brief Forget the line.
void line_editor_reset(line_editor_t *editor);

/// @brief Draw the line in one row, from the current cursor row on, leaving the cursor where it
/// belongs. Shows the part around the cursor if the row is too short.
/// @param[in] editor the editor
/// @param[in] prompt what stands before it, ASCII
/// @param[in] columns width of the screen
/// @param[out] out room for LINE_EDITOR_DRAWN_MAX bytes
/// @return bytes written
size_t line_editor_draw(const line_editor_t *editor, const char *prompt, size_t columns, char *out);

/// @brief Most bytes that line_editor_draw() writes, with a prompt of up to 32.
#define LINE_EDITOR_DRAWN_MAX (LINE_EDITOR_MAX + 96)

/// @brief Columns that the UTF-8 character at @p text takes, and its length in bytes. A byte that
/// is no character, or cannot be seen, takes one.
size_t line_editor_width(const char *text, size_t len, size_t *bytes);

#endif
