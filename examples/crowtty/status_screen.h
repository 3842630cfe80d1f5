// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// A page of lines that is drawn again and again in the same place of the terminal.

#ifndef CROWTTY_STATUS_SCREEN_H
#define CROWTTY_STATUS_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

// Takes the terminal: keys are not shown and come at once. False if there is none.
bool screen_open(void);

// Gives it back as it was. Does nothing if it was not taken.
void screen_close(void);

// Draws as much of the page as fits.
void screen_draw(const char *page, size_t len);

// Where keys come from, -1 if from nowhere.
int screen_keys(void);

// Reads what was typed. True if it means to end.
bool screen_wants_end(void);

#endif
