// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @brief What the terminal shows: text as it arrives, and below it the line that is being typed.
///
/// Only collects the bytes; the terminal writes them when its descriptor takes them.

#ifndef SCREEN_H
#define SCREEN_H

#include "line_editor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCREEN_SIZE 32768U

/// @brief A screen. Zero-initialise it, and set the first two fields.
typedef struct screen {
    const line_editor_t *editor; ///< NULL where nobody types: text passes unchanged
    size_t columns;              ///< width; may be set anew at any time

    bool stale; ///< set it when the typed line has changed

    size_t column;    ///< read-only: where the text has got to in its row
    uint8_t escape;   ///< private: where in an escape sequence the text is
    bool typed_shown; ///< private: the typed line can be seen
    bool below;       ///< private: it is a row below unfinished text
    size_t len;       ///< private
    char out[SCREEN_SIZE];
} screen_t;

/// @brief Bytes of text for which there certainly is room.
size_t screen_room(const screen_t *screen);

/// @brief Show text. The typed line makes room for it; show it again with screen_show_typed().
/// @pre @p len is at most screen_room()
void screen_text(screen_t *screen, const char *text, size_t len);

/// @brief Show the typed line as it is now, or hide it.
void screen_show_typed(screen_t *screen, bool shown);

/// @brief Leave the typed line where it is, as text, and continue below it.
/// @param[in,out] screen the screen
/// @param[in] after text behind it, for example `^C`
void screen_finish_typed(screen_t *screen, const char *after);

/// @brief Clear the screen; only the typed line stays.
void screen_clear(screen_t *screen);

/// @brief The first @p len bytes of what is to be written have been written.
void screen_written(screen_t *screen, size_t len);

#endif
