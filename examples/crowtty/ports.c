// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "ports.h"

#include <mnemos/sermux.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// What came while nobody followed is kept up to this size.
#define BACKLOG_LIMIT ((size_t)64 * 1024)

// A follower that is this far behind is let go.
#define FOLLOWER_LIMIT ((size_t)1024 * 1024)

// What a follower sends goes on in frames of this payload at most. Targets take a frame whole or
// not at all, so that short ones are lost less often.
#define FRAME_PAYLOAD 128

#define RETRY_ACCEPT NS_PER_S

// The mux ports that carry plain bytes.
typedef enum port_kind { STREAM, MESSAGES } port_kind_t;

typedef struct known_port {
    uint16_t number;
    const char *name;
    port_kind_t kind;
} known_port_t;

static const known_port_t KNOWN_PORTS[] = {
#define KNOWN_PORT(identifier, number, name, direction, kind, meaning) {number, name, kind},
    MN_SERMUX_PORT_LIST(KNOWN_PORT)
#undef KNOWN_PORT
};
#define KNOWN_PORT_COUNT (sizeof KNOWN_PORTS / sizeof KNOWN_PORTS[0])
_Static_assert(KNOWN_PORT_COUNT <= PORTS_MAX, "PORTS_MAX is too low");

unsigned ports_highest(void) {
    unsigned highest = 0;
    for (size_t i = 0; i < KNOWN_PORT_COUNT; i++) {
        if (KNOWN_PORTS[i].kind == STREAM && KNOWN_PORTS[i].number > highest) {
            highest = KNOWN_PORTS[i].number;
        }
    }
    return highest;
}

void ports_init(ports_t *ports, const log_t *log, uint16_t base) {
    memset(ports, 0, sizeof *ports);
    ports->log = log;
    ports->base = base;
    for (size_t i = 0; i < KNOWN_PORT_COUNT; i++) {
        if (KNOWN_PORTS[i].kind == STREAM) {
            port_t *port = &ports->port[ports->count++];
            port->number = KNOWN_PORTS[i].number;
            port->name = KNOWN_PORTS[i].name;
            port->listener = -1;
            queue_init(&port->backlog, BACKLOG_LIMIT);
        }
    }
    for (size_t i = 0; i < FOLLOWERS_MAX; i++) {
        ports->follower[i].fd = -1;
        queue_init(&ports->follower[i].out, FOLLOWER_LIMIT);
    }
}

static void close_file(int *fd) {
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

void ports_close(ports_t *ports) {
    for (size_t i = 0; i < FOLLOWERS_MAX; i++) {
        close_file(&ports->follower[i].fd);
        queue_clear(&ports->follower[i].out);
    }
    for (size_t i = 0; i < ports->count; i++) {
        close_file(&ports->port[i].listener);
        queue_clear(&ports->port[i].backlog);
    }
}

static unsigned tcp_port(const ports_t *ports, const port_t *port) {
    return (unsigned)ports->base + port->number;
}

// Returns a listening socket on this computer's own address, or -1 with errno.
static int listen_on(unsigned number) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0) {
        return -1;
    }
    // A port that was in use a moment ago may still have connections that are fading.
    const int on = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)number),
        .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)},
    };
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 16) < 0 ||
        fcntl(fd, F_SETFL, O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

size_t ports_listen(ports_t *ports) {
    size_t bound = 0;
    for (size_t i = 0; i < ports->count; i++) {
        port_t *port = &ports->port[i];
        unsigned number = tcp_port(ports, port);
        port->listener = listen_on(number);
        if (port->listener < 0) {
            complain("%s (mux port %u) cannot be followed at 127.0.0.1:%u: %s", port->name,
                     port->number, number, strerror(errno));
            continue;
        }
        log_line(ports->log, port->number, "CONN", "%s (mux port %u) on 127.0.0.1:%u", port->name,
                 port->number, number);
        bound++;
    }
    return bound;
}

// The place of a mux port in the table, or the number of ports if it is not mapped.
static size_t find_port(const ports_t *ports, uint16_t number) {
    size_t i = 0;
    while (i < ports->count && ports->port[i].number != number) {
        i++;
    }
    return i;
}

bool ports_has(const ports_t *ports, uint16_t number) {
    return find_port(ports, number) < ports->count;
}

static void let_go(const ports_t *ports, follower_t *follower, const char *why) {
    port_t *port = follower->port;
    log_line(ports->log, port->number, "CONN", "host disconnected from port %u (:%u): %s",
             tcp_port(ports, port), port->number, why);
    close_file(&follower->fd);
    queue_clear(&follower->out);
    port->followers--;
}

void ports_deliver(ports_t *ports, uint16_t number, const uint8_t *data, size_t len) {
    size_t place = find_port(ports, number);
    if (place == ports->count) {
        return;
    }
    port_t *port = &ports->port[place];
    if (port->followers == 0) {
        port->dropped += queue_put_newest(&port->backlog, data, len);
        return;
    }
    for (size_t i = 0; i < FOLLOWERS_MAX; i++) {
        follower_t *follower = &ports->follower[i];
        if (follower->fd >= 0 && follower->port == port && !queue_put(&follower->out, data, len)) {
            let_go(ports, follower, "it does not read what it is sent");
        }
    }
}

void ports_prepare(const ports_t *ports, struct pollfd *slots, bool may_read, uint64_t now) {
    for (size_t i = 0; i < PORTS_MAX; i++) {
        const port_t *port = &ports->port[i];
        bool ready = i < ports->count && now >= port->accept_after;
        slots[i] = (struct pollfd){.fd = ready ? port->listener : -1, .events = POLLIN};
    }
    for (size_t i = 0; i < FOLLOWERS_MAX; i++) {
        const follower_t *follower = &ports->follower[i];
        struct pollfd *slot = &slots[PORTS_MAX + i];
        *slot = (struct pollfd){.fd = follower->fd};
        slot->events = (short)((may_read ? POLLIN : 0) | (follower->out.len > 0 ? POLLOUT : 0));
    }
}

uint64_t ports_deadline(const ports_t *ports) {
    uint64_t deadline = NEVER;
    for (size_t i = 0; i < ports->count; i++) {
        uint64_t after = ports->port[i].accept_after;
        if (after > 0 && after < deadline) {
            deadline = after;
        }
    }
    return deadline;
}

// Gives a new follower what came while there was none.
static void hand_over_backlog(const ports_t *ports, follower_t *follower) {
    port_t *port = follower->port;
    if (port->backlog.len > 0) {
        (void)queue_put(&follower->out, queue_front(&port->backlog), port->backlog.len);
    }
    queue_clear(&port->backlog);
    if (port->dropped > 0 && ports->log->verbose) {
        log_line(ports->log, port->number, "CONN",
                 "%" PRIu64 " older bytes were dropped while nobody followed", port->dropped);
    }
    port->dropped = 0;
}

static void take_in(ports_t *ports, port_t *port, int fd) {
    follower_t *follower = NULL;
    for (size_t i = 0; i < FOLLOWERS_MAX && follower == NULL; i++) {
        follower = ports->follower[i].fd < 0 ? &ports->follower[i] : NULL;
    }
    if (follower == NULL || fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ||
        fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
        log_line(ports->log, port->number, "CONN", "refused a host at port %u (:%u): too many",
                 tcp_port(ports, port), port->number);
        close(fd);
        return;
    }
    // What a target prints should show at once. It works without, too.
    const int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    follower->fd = fd;
    follower->port = port;
    port->followers++;
    log_line(ports->log, port->number, "CONN", "host connected to port %u (:%u)",
             tcp_port(ports, port), port->number);
    hand_over_backlog(ports, follower);
}

static void accept_one(ports_t *ports, port_t *port, uint64_t now) {
    int fd = accept(port->listener, NULL, NULL);
    if (fd >= 0) {
        take_in(ports, port, fd);
    } else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR && errno != ECONNABORTED) {
        // Out of files, most likely. Without a pause this would be tried over and over.
        log_line(ports->log, port->number, "CONN", "cannot accept a host: %s", strerror(errno));
        port->accept_after = now + RETRY_ACCEPT;
    }
}

static void read_follower(const ports_t *ports, follower_t *follower, wire_t *wire) {
    uint8_t data[4096];
    ssize_t n = read(follower->fd, data, sizeof data);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
        return;
    }
    if (n <= 0) {
        let_go(ports, follower, n < 0 ? strerror(errno) : "it hung up");
        return;
    }
    for (size_t at = 0; at < (size_t)n; at += FRAME_PAYLOAD) {
        size_t left = (size_t)n - at;
        wire_send(wire, follower->port->number, data + at,
                  left < FRAME_PAYLOAD ? left : FRAME_PAYLOAD);
    }
}

void ports_step(ports_t *ports, const struct pollfd *slots, wire_t *wire, uint64_t now) {
    // Before new followers take the places of old ones, so that each slot is for its follower.
    for (size_t i = 0; i < FOLLOWERS_MAX; i++) {
        follower_t *follower = &ports->follower[i];
        const struct pollfd *slot = &slots[PORTS_MAX + i];
        // An error has to be read even if nothing else should be, or it would show for ever.
        if (follower->fd >= 0 && follower->fd == slot->fd && (slot->revents & ~POLLOUT) != 0) {
            read_follower(ports, follower, wire);
        }
    }
    for (size_t i = 0; i < ports->count; i++) {
        port_t *port = &ports->port[i];
        if (now >= port->accept_after) {
            port->accept_after = 0;
        }
        if (slots[i].fd >= 0 && slots[i].revents != 0) {
            accept_one(ports, port, now);
        }
    }
}

void ports_flush(ports_t *ports) {
    for (size_t i = 0; i < FOLLOWERS_MAX; i++) {
        follower_t *follower = &ports->follower[i];
        while (follower->fd >= 0 && follower->out.len > 0) {
            ssize_t n = write(follower->fd, queue_front(&follower->out), follower->out.len);
            if (n < 0) {
                if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
                    let_go(ports, follower, strerror(errno));
                }
                break;
            }
            queue_drop(&follower->out, (size_t)n);
        }
    }
}
