// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Opens what carries the mux: a TCP connection, or a serial line.

#ifndef CROWTTY_DIAL_H
#define CROWTTY_DIAL_H

#include <stdbool.h>
#include <stdint.h>

#include <netdb.h>

// Begins to connect to one address. Returns a file descriptor that becomes writable when the
// outcome is known, or -1 with errno.
int dial_tcp(const struct addrinfo *address);

// The outcome of dial_tcp: 0, or an errno value.
int dial_tcp_outcome(int fd);

// Opens a serial line, raw and without flow control. Returns a file descriptor, or -1 with errno.
int dial_serial(const char *path, uint32_t baud);

// Whether serial lines can have this speed here.
bool dial_knows_baud(uint32_t baud);

#endif
