// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The mux ports that are plain byte streams, each as a TCP port on this computer. All programs
// that follow a port receive what comes from it; what any of them sends goes to the target.

#ifndef CROWTTY_PORTS_H
#define CROWTTY_PORTS_H

#include "log.h"
#include "queue.h"
#include "wire.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PORTS_MAX 16
#define FOLLOWERS_MAX 64
#define PORTS_SLOTS (PORTS_MAX + FOLLOWERS_MAX)

typedef struct port {
    uint16_t number;
    const char *name;
    int listener;          // -1 if it could not be bound
    uint64_t accept_after; // when to accept again, after running out of files
    size_t followers;
    queue_t backlog;  // what came while nobody followed
    uint64_t dropped; // bytes that the backlog had no room for
} port_t;

typedef struct follower {
    int fd; // -1 if this place is free
    port_t *port;
    queue_t out;
} follower_t;

typedef struct ports {
    const log_t *log;
    uint16_t base; // mux port n is TCP port base + n
    size_t count;
    port_t port[PORTS_MAX];
    follower_t follower[FOLLOWERS_MAX];
} ports_t;

// The highest mux port that is mapped.
unsigned ports_highest(void);

void ports_init(ports_t *ports, const log_t *log, uint16_t base);
void ports_close(ports_t *ports);

// Binds the TCP ports and tells about each. Returns how many could be bound.
size_t ports_listen(ports_t *ports);

// Whether the mux port is one that is mapped.
bool ports_has(const ports_t *ports, uint16_t number);

// Hands what came for a mapped port to its followers, or keeps it for the next one.
void ports_deliver(ports_t *ports, uint16_t number, const uint8_t *data, size_t len);

// What to wait for, in PORTS_SLOTS slots. Followers are only read if their bytes can go on.
void ports_prepare(const ports_t *ports, struct pollfd *slots, bool may_read, uint64_t now);

// When ports_step wants to be called even if nothing happens.
uint64_t ports_deadline(const ports_t *ports);

// Does what is due: accepts followers, reads what they send, notices that they leave.
void ports_step(ports_t *ports, const struct pollfd *slots, wire_t *wire, uint64_t now);

// Writes what the followers take.
void ports_flush(ports_t *ports);

#endif
