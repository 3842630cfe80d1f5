// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// What crowtty tells its user: one line each on standard output, with the time since the start,
// and now and then an error on standard error.

#ifndef CROWTTY_LOG_H
#define CROWTTY_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)
#define NEVER UINT64_MAX

// For lines that are about no port in particular.
#define NO_PORT (-1)

typedef struct log {
    const char *line_name; // "UART" or " TCP"
    bool verbose;
    bool colour;
    bool json; // nothing but objects: lines are left out, text becomes one
    uint64_t start;
} log_t;

// Nanoseconds on a clock that only goes forward.
uint64_t now_ns(void);

// Milliseconds from `now` until a point in time, rounded up, as poll wants it: -1 for NEVER.
int ms_until(uint64_t deadline, uint64_t now);

// line_name is what carries the mux, in four characters.
void log_init(log_t *log, const char *line_name, bool verbose);

// Category is at most four characters: CONN, MUX (to the target), DMUX (from it), KEYB, TEXT.
void log_line(const log_t *log, int port, const char *category, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

// Text that a target sent, without its end of line. Control characters are shown as \xNN, so that
// a target cannot play with the terminal.
void log_text(const log_t *log, const uint8_t *text, size_t len);

// Lines are gathered until this is called. False if standard output is gone.
bool log_flush(void);

// One line on standard error.
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
