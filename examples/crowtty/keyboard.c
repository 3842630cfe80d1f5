// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "keyboard.h"

#include <mnemos/sermux.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

_Static_assert(MN_SERMUX_ENCODED_MAX(KEYBOARD_LINE_MAX) <= MN_SERMUX_FRAME_DEFAULT,
               "a line must fit in a frame");

void keyboard_init(keyboard_t *keyboard, const log_t *log, uint16_t port) {
    *keyboard = (keyboard_t){.log = log, .port = port};
}

void keyboard_start(keyboard_t *keyboard) {
    keyboard->open = true;
    log_line(keyboard->log, NO_PORT, "KEYB", "pseudo-keyboard (mux port %u) reads standard input",
             keyboard->port);
}

void keyboard_prepare(const keyboard_t *keyboard, struct pollfd *slot, bool may_read) {
    bool read_it = keyboard->open && may_read;
    *slot = (struct pollfd){.fd = read_it ? STDIN_FILENO : -1, .events = POLLIN};
}

static void send_line(keyboard_t *keyboard, wire_t *wire) {
    wire_send(wire, keyboard->port, keyboard->line, keyboard->len);
    keyboard->len = 0;
}

static void type(keyboard_t *keyboard, const uint8_t *data, size_t len, wire_t *wire) {
    for (size_t i = 0; i < len; i++) {
        keyboard->line[keyboard->len++] = data[i];
        if (data[i] == '\n' || keyboard->len == KEYBOARD_LINE_MAX) {
            send_line(keyboard, wire);
        }
    }
}

void keyboard_step(keyboard_t *keyboard, const struct pollfd *slot, wire_t *wire) {
    if (slot->fd < 0 || slot->revents == 0) {
        return;
    }
    uint8_t data[4096];
    ssize_t n = read(STDIN_FILENO, data, sizeof data);
    if (n > 0) {
        type(keyboard, data, (size_t)n, wire);
        return;
    }
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
        return;
    }
    send_line(keyboard, wire);
    keyboard->open = false;
    log_line(keyboard->log, NO_PORT, "KEYB", "end of standard input%s%s", n < 0 ? ": " : "",
             n < 0 ? strerror(errno) : "");
}
