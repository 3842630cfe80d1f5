// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The line to the target. It is opened once at the start, and opened again, with growing patience,
// whenever it is lost. Frames wait here until the line has taken them whole.

#ifndef CROWTTY_WIRE_H
#define CROWTTY_WIRE_H

#include "log.h"
#include "options.h"
#include "queue.h"

#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef enum wire_state { WIRE_DOWN, WIRE_CONNECTING, WIRE_UP } wire_state_t;

typedef enum wire_event {
    WIRE_NOTHING,  // nothing for the caller to do
    WIRE_CAME_UP,  // connected
    WIRE_READABLE, // call wire_read
    WIRE_FAILED,   // the first attempt failed, which has been told on standard error
} wire_event_t;

typedef struct wire {
    const log_t *log;
    const options_t *options;
    char name[300];
    struct addrinfo *addresses; // of a TCP target
    struct addrinfo *address;   // the one that is tried
    wire_state_t state;
    int fd;
    bool was_up;       // at least once
    uint64_t deadline; // of an attempt, or for the next one
    uint64_t up_since;
    uint64_t backoff; // wait before the next attempt
    bool greeted;     // the zero byte that starts a connection has left
    queue_t out;      // whole frames, from the first that has not left completely
    size_t sent;      // bytes at the front of out that have left
} wire_t;

// False if the target's address makes no sense, which has been told on standard error.
bool wire_init(wire_t *wire, const log_t *log, const options_t *options);

void wire_close(wire_t *wire);

// What to wait for.
void wire_prepare(const wire_t *wire, struct pollfd *slot);
uint64_t wire_deadline(const wire_t *wire);

// Does what is due: opens the line, sees whether it came up, or notices its loss.
wire_event_t wire_step(wire_t *wire, const struct pollfd *slot, uint64_t now);

// Reads what has come: bytes, 0 if nothing has, -1 if the line was lost.
ssize_t wire_read(wire_t *wire, uint8_t *data, size_t size, uint64_t now);

// Whether more frames should be made now. If not, input should wait where it is.
bool wire_wants_more(const wire_t *wire);

// Queues the payload for a mux port, in as many frames as it takes.
void wire_send(wire_t *wire, uint16_t port, const uint8_t *data, size_t len);

// Writes what the line takes. False if it was lost.
bool wire_flush(wire_t *wire, uint64_t now);

#endif
