// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Standard input as the target's keyboard: each line becomes a frame.

#ifndef CROWTTY_KEYBOARD_H
#define CROWTTY_KEYBOARD_H

#include "log.h"
#include "wire.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Longer lines are sent in pieces, each of which fits in one frame.
#define KEYBOARD_LINE_MAX 500

typedef struct keyboard {
    const log_t *log;
    uint16_t port; // mux port
    bool open;
    size_t len;
    uint8_t line[KEYBOARD_LINE_MAX];
} keyboard_t;

void keyboard_init(keyboard_t *keyboard, const log_t *log, uint16_t port);

// Starts to read.
void keyboard_start(keyboard_t *keyboard);

// What to wait for. Nothing is read unless it can go on.
void keyboard_prepare(const keyboard_t *keyboard, struct pollfd *slot, bool may_read);

void keyboard_step(keyboard_t *keyboard, const struct pollfd *slot, wire_t *wire);

#endif
