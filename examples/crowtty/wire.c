// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "wire.h"

#include "dial.h"

#include <mnemos/sermux.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIRST_BACKOFF (100 * NS_PER_MS)
#define LAST_BACKOFF (5 * NS_PER_S)
#define CONNECT_TIME (10 * NS_PER_S)

// A connection that lasted this long was a good one: its loss starts with the first wait again.
#define GOOD_TIME (2 * NS_PER_S)

// Enough to keep a line busy, and little enough that what is typed does not wait for long.
#define QUEUE_ENOUGH 4096
#define QUEUE_LIMIT ((size_t)4 * 1024 * 1024)

bool wire_init(wire_t *wire, const log_t *log, const options_t *options) {
    *wire = (wire_t){.log = log, .options = options, .fd = -1, .backoff = FIRST_BACKOFF};
    queue_init(&wire->out, QUEUE_LIMIT);
    if (options->serial_path != NULL) {
        snprintf(wire->name, sizeof wire->name, "%.250s", options->serial_path);
        return true;
    }
    bool colons = strchr(options->host, ':') != NULL;
    snprintf(wire->name, sizeof wire->name, colons ? "[%s]:%s" : "%s:%s", options->host,
             options->port);
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    int error = getaddrinfo(options->host, options->port, &hints, &wire->addresses);
    if (error != 0) {
        complain("failed to connect to %s: %s", wire->name, gai_strerror(error));
        return false;
    }
    return true;
}

void wire_close(wire_t *wire) {
    if (wire->fd >= 0) {
        close(wire->fd);
        wire->fd = -1;
    }
    if (wire->addresses != NULL) {
        freeaddrinfo(wire->addresses);
        wire->addresses = NULL;
    }
    queue_clear(&wire->out);
}

void wire_prepare(const wire_t *wire, struct pollfd *slot) {
    *slot = (struct pollfd){.fd = wire->fd};
    if (wire->state == WIRE_CONNECTING) {
        slot->events = POLLOUT;
    } else if (wire->state == WIRE_UP) {
        bool waiting = !wire->greeted || wire->out.len > wire->sent;
        slot->events = waiting ? POLLIN | POLLOUT : POLLIN;
    }
}

uint64_t wire_deadline(const wire_t *wire) {
    return wire->state == WIRE_UP ? NEVER : wire->deadline;
}

static void hang_up(wire_t *wire, uint64_t now) {
    if (wire->fd >= 0) {
        close(wire->fd);
        wire->fd = -1;
    }
    wire->state = WIRE_DOWN;
    wire->deadline = now + wire->backoff;
    wire->backoff = wire->backoff * 2 < LAST_BACKOFF ? wire->backoff * 2 : LAST_BACKOFF;
    // A frame that has not left completely leaves again from its start.
    wire->sent = 0;
}

static void lose(wire_t *wire, int error, uint64_t now) {
    log_line(wire->log, NO_PORT, "CONN", "lost %s (%s), trying to connect again", wire->name,
             error != 0 ? strerror(error) : "closed by the other side");
    if (now >= wire->up_since + GOOD_TIME) {
        wire->backoff = FIRST_BACKOFF;
    }
    hang_up(wire, now);
}

// The attempt has failed for good, or until the next.
static wire_event_t fail(wire_t *wire, int error, uint64_t now) {
    if (!wire->was_up) {
        complain("failed to connect to %s: %s", wire->name, strerror(error));
        return WIRE_FAILED;
    }
    if (wire->log->verbose) {
        log_line(wire->log, NO_PORT, "CONN", "no connection to %s: %s", wire->name,
                 strerror(error));
    }
    hang_up(wire, now);
    return WIRE_NOTHING;
}

static wire_event_t come_up(wire_t *wire, uint64_t now) {
    wire->state = WIRE_UP;
    wire->was_up = true;
    wire->greeted = false;
    wire->up_since = now;
    log_line(wire->log, NO_PORT, "CONN", "connected to %s", wire->name);
    return WIRE_CAME_UP;
}

// Tries this address, and those after it while they fail at once.
static wire_event_t try_addresses(wire_t *wire, struct addrinfo *address, int error, uint64_t now) {
    for (; address != NULL; address = address->ai_next) {
        wire->fd = dial_tcp(address);
        if (wire->fd >= 0) {
            wire->address = address;
            wire->state = WIRE_CONNECTING;
            wire->deadline = now + CONNECT_TIME;
            return WIRE_NOTHING;
        }
        error = errno;
    }
    return fail(wire, error, now);
}

static wire_event_t dial(wire_t *wire, uint64_t now) {
    if (wire->options->serial_path == NULL) {
        return try_addresses(wire, wire->addresses, EADDRNOTAVAIL, now);
    }
    wire->fd = dial_serial(wire->options->serial_path, wire->options->baud);
    return wire->fd >= 0 ? come_up(wire, now) : fail(wire, errno, now);
}

static wire_event_t connecting(wire_t *wire, short revents, uint64_t now) {
    int error = ETIMEDOUT;
    if (revents != 0) {
        error = dial_tcp_outcome(wire->fd);
        if (error == 0) {
            return come_up(wire, now);
        }
    } else if (now < wire->deadline) {
        return WIRE_NOTHING;
    }
    close(wire->fd);
    wire->fd = -1;
    return try_addresses(wire, wire->address->ai_next, error, now);
}

wire_event_t wire_step(wire_t *wire, const struct pollfd *slot, uint64_t now) {
    if (wire->state == WIRE_DOWN) {
        return now >= wire->deadline ? dial(wire, now) : WIRE_NOTHING;
    }
    short revents = slot->fd == wire->fd ? slot->revents : 0;
    if (wire->state == WIRE_CONNECTING) {
        return connecting(wire, revents, now);
    }
    // Errors and hang-ups show when reading, after what had come before them.
    return (revents & ~POLLOUT) != 0 ? WIRE_READABLE : WIRE_NOTHING;
}

ssize_t wire_read(wire_t *wire, uint8_t *data, size_t size, uint64_t now) {
    ssize_t n = read(wire->fd, data, size);
    if (n > 0) {
        return n;
    }
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
        return 0;
    }
    lose(wire, n < 0 ? errno : 0, now);
    return -1;
}

bool wire_wants_more(const wire_t *wire) {
    return wire->state == WIRE_UP && wire->out.len < QUEUE_ENOUGH;
}

void wire_send(wire_t *wire, uint16_t port, const uint8_t *data, size_t len) {
    uint8_t frame[MN_SERMUX_FRAME_DEFAULT];
    const size_t most = mn_sermux_payload_max(sizeof frame);
    while (len > 0) {
        size_t piece = len < most ? len : most;
        size_t n = 0;
        // Neither can fail: a piece is what fits, and input stops long before the limit.
        if (mn_sermux_encode(frame, sizeof frame, port, data, piece, &n) != MN_OK ||
            !queue_put(&wire->out, frame, n)) {
            log_line(wire->log, port, "MUX", "ERR! out of memory, %zu bytes are lost", len);
            return;
        }
        if (wire->log->verbose) {
            log_line(wire->log, port, "MUX", "%zu bytes", piece);
        }
        data += piece;
        len -= piece;
    }
}

// Forgets the frames that have left completely.
static void drop_sent(wire_t *wire) {
    const uint8_t *out = queue_front(&wire->out);
    size_t whole = wire->sent;
    while (whole > 0 && out[whole - 1] != 0) {
        whole--;
    }
    queue_drop(&wire->out, whole);
    wire->sent -= whole;
}

// Writes some bytes: how many, 0 if the line takes none now, -1 if it was lost.
static ssize_t write_some(wire_t *wire, const uint8_t *data, size_t len, uint64_t now) {
    ssize_t n = write(wire->fd, data, len);
    if (n > 0) {
        return n;
    }
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
        return 0;
    }
    lose(wire, n < 0 ? errno : EIO, now);
    return -1;
}

bool wire_flush(wire_t *wire, uint64_t now) {
    if (wire->state != WIRE_UP) {
        return true;
    }
    ssize_t n = 1;
    if (!wire->greeted) {
        // What the target has received so far, perhaps half a frame from the client before us,
        // ends here.
        static const uint8_t END = 0;
        n = write_some(wire, &END, 1, now);
        wire->greeted = n > 0;
    }
    while (n > 0 && wire->out.len > wire->sent) {
        const uint8_t *rest = queue_front(&wire->out) + wire->sent;
        n = write_some(wire, rest, wire->out.len - wire->sent, now);
        if (n > 0) {
            wire->sent += (size_t)n;
            drop_sent(wire);
        }
    }
    return n >= 0;
}
