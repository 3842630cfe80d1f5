// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#define _GNU_SOURCE // POLLRDHUP: the client has closed, although there is more to read

#include "uart.h"

#include "listen.h"

#include <errno.h>
#include <mnemos/trace.h>
#include <mnemos/util.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MS (HOST_TICK_HZ / 1000U)

#define STALLED_AFTER (1000U * MS) // a client that takes nothing this long is as good as gone
#define FRAME_PATIENCE (250U * MS) // how long the terminal waits for the end of a client's frame
#define PANIC_PATIENCE 500         // milliseconds for a last report
#define PANIC_LINE_MAX 100         // see below

// Text between frames has a zero before and behind it, and is shorter than its first letter's code
// is high, so that no receiver takes it for a frame.
static const char refusal[] = "\0melpomene: another client has this port\r\n";
#define DROPPED_FORM "%cmelpomene: %u frames dropped while nobody took them\r\n"

// --- connecting ---

// End a frame that a client has left unfinished, so that it does not spoil the next one.
// False: there is no room for that at the moment.
static bool end_cut_frame(host_uart_t *u) {
    if (u->in_frame && mn_ring_write(&u->received, "", 1) == MN_OK) {
        u->in_frame = false;
    }
    return !u->in_frame;
}

static void disconnect(host_uart_t *u) {
    (void)close(u->client);
    u->client = -1;
    u->leaving = false;
    u->broken = false;
    u->skipping = false;
    outbox_rewind(&u->outbox);
}

static void refuse(host_uart_t *u, int fd) {
    if (u->refused >= 0) {
        (void)close(u->refused);
    }
    // Closed when the client has closed, or when the next one is refused: at once, the text could
    // be lost.
    (void)send(fd, refusal, sizeof refusal, MSG_NOSIGNAL);
    (void)shutdown(fd, SHUT_WR);
    u->refused = fd;
}

// Who comes while the last client's bytes are still being read waits, and is not refused.
static bool may_accept(const host_uart_t *u) {
    return (u->client < 0) ? !u->in_frame : !u->leaving;
}

// The client may have left after it was last looked at, but before the next one came.
static void look_whether_client_leaves(host_uart_t *u) {
    struct pollfd client = {.fd = u->client, .events = POLLRDHUP};
    u->leaving = u->client >= 0 && poll(&client, 1, 0) > 0;
}

static void connect_client(host_uart_t *u, int fd) {
    const int on = 1;
    // What the socket has taken is lost if the client goes, so it takes no more than it must.
    const int buffer = 16384;
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    u->client = fd;
    u->last_taken = host_now(NULL);
    const uint32_t dropped = u->outbox.dropped - u->reported;
    if (dropped != 0) {
        char text[80];
        const int len = snprintf(text, sizeof text, DROPPED_FORM, 0, (unsigned)dropped);
        if (send(fd, text, (size_t)len + 1, MSG_NOSIGNAL) == len + 1) {
            u->reported = u->outbox.dropped;
        }
    }
}

static void accept_client(host_uart_t *u) {
    look_whether_client_leaves(u);
    const int fd = may_accept(u) ? accept(u->socket, NULL, NULL) : -1;
    if (fd < 0) {
        return;
    }
    host_set_nonblocking(fd);
    if (u->client < 0) {
        connect_client(u, fd);
    } else {
        refuse(u, fd);
    }
}

static void watch_refused(host_uart_t *u) {
    uint8_t ignored[256];
    const ssize_t n = recv(u->refused, ignored, sizeof ignored, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        (void)close(u->refused);
        u->refused = -1;
    }
}

// --- from the client to the kernel ---

// Take from the client what may go into the ring now. False: nothing more at the moment.
static bool receive_some(host_uart_t *u) {
    mn_span_t room;
    if (mn_ring_grant_max(&u->received, HOST_UART_RING, &room) != MN_OK) {
        return false;
    }
    // Where the end of a frame matters, look before taking: bytes behind it stay in the socket.
    const bool to_frame_end = u->skipping || u->turn_wanted != 0;
    ssize_t n = recv(u->client, room.data, room.len, to_frame_end ? MSG_PEEK : 0);
    if (n <= 0) {
        mn_ring_commit(&u->received, 0);
        if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
            disconnect(u);
        }
        return false;
    }
    size_t used = (size_t)n;
    if (to_frame_end) {
        const uint8_t *end = memchr(room.data, 0, used);
        used = (end != NULL) ? (size_t)(end - room.data) + 1 : used;
        n = recv(u->client, room.data, used, 0);
        used = (n > 0) ? (size_t)n : 0;
    }
    const bool at_end = used > 0 && room.data[used - 1] == 0;
    mn_ring_commit(&u->received, u->skipping ? 0 : used);
    u->in_frame = !u->skipping && !at_end;
    u->skipping = u->skipping && !at_end;
    return u->turn_wanted == 0 || u->in_frame;
}

bool host_uart_inject(host_uart_t *u, const uint8_t *frame, size_t len) {
    if (u->in_frame) {
        const uint64_t now = host_now(NULL);
        if (u->turn_wanted == 0) {
            u->turn_wanted = now;
        }
        const bool too_long = now - u->turn_wanted >= FRAME_PATIENCE;
        if ((u->client >= 0 && !too_long) || !end_cut_frame(u)) {
            return false;
        }
        u->skipping = u->client >= 0;
    }
    if (mn_ring_write(&u->received, frame, len) != MN_OK) {
        return false;
    }
    u->turn_wanted = 0;
    return true;
}

// --- from the kernel to the client ---

static bool client_takes(const host_uart_t *u) {
    return u->client >= 0 && !u->broken && host_now(NULL) - u->last_taken < STALLED_AFTER;
}

// Whether `len` bytes that the kernel sends can be taken over now.
static bool may_collect(const host_uart_t *u, size_t len) {
    if (u->listener.heard == NULL) {
        // They wait in the ring until there is somebody to take them.
        return u->client >= 0 && outbox_pending(&u->outbox) < OUTBOX_CHUNK;
    }
    return u->listener.room(u->listener.context) >= len &&
           (outbox_room(&u->outbox) >= len || !client_takes(u));
}

static void collect(host_uart_t *u) {
    mn_span_t bytes;
    while (mn_ring_read(&u->to_send, &bytes) == MN_OK) {
        if (!may_collect(u, bytes.len)) {
            mn_ring_release(&u->to_send, 0);
            return;
        }
        outbox_put(&u->outbox, bytes.data, bytes.len);
        if (u->listener.heard != NULL) {
            u->listener.heard(u->listener.context, bytes.data, bytes.len);
        }
        mn_ring_release(&u->to_send, bytes.len);
    }
}

bool host_uart_all_heard(host_uart_t *u) {
    mn_span_t bytes;
    if (mn_ring_read(&u->to_send, &bytes) != MN_OK) {
        return true;
    }
    mn_ring_release(&u->to_send, 0);
    return false;
}

// False: the client takes no more at the moment.
static bool send_some(host_uart_t *u) {
    const uint8_t *data = NULL;
    const size_t len = outbox_peek(&u->outbox, &data);
    if (u->broken || len == 0) {
        return false;
    }
    const ssize_t n = send(u->client, data, len, MSG_NOSIGNAL);
    if (n > 0) {
        outbox_taken(&u->outbox, (size_t)n);
        u->last_taken = host_now(NULL);
        return true;
    }
    // What the client sent before it left is still read; the end of that disconnects.
    u->broken = n < 0 && errno != EAGAIN && errno != EINTR;
    return false;
}

static void transmit(host_uart_t *u) {
    collect(u);
    while (u->client >= 0 && send_some(u)) {
        collect(u);
    }
}

// --- the device ---

// What prepare() and service() agree on; -1 is ignored by poll.
enum { FD_SOCKET, FD_CLIENT, FD_REFUSED, FD_COUNT };

static bool has_room(host_uart_t *u) {
    mn_span_t room;
    if (mn_ring_grant_max(&u->received, 1, &room) != MN_OK) {
        return false;
    }
    mn_ring_commit(&u->received, 0);
    return true;
}

// When to be serviced although nothing has come in: at once if there is something to collect.
static uint64_t look_again(host_uart_t *u) {
    mn_span_t bytes;
    uint64_t when = MN_NEVER;
    if (u->in_frame && u->turn_wanted != 0) {
        when = u->turn_wanted + FRAME_PATIENCE;
    }
    if (mn_ring_read(&u->to_send, &bytes) == MN_OK) {
        mn_ring_release(&u->to_send, 0);
        const uint64_t stalled = u->last_taken + STALLED_AFTER;
        const uint64_t then = may_collect(u, bytes.len) ? 0 : client_takes(u) ? stalled : MN_NEVER;
        when = (then < when) ? then : when;
    }
    return when;
}

static size_t uart_prepare(host_device_t *device, struct pollfd *fds, uint64_t *deadline) {
    host_uart_t *u = MN_CONTAINER_OF(device, host_uart_t, device);
    unsigned events = u->leaving ? 0U : POLLRDHUP;
    events |= has_room(u) ? POLLIN : 0U;
    events |= (outbox_pending(&u->outbox) > 0 && !u->broken) ? POLLOUT : 0U;
    // Without an event to wait for, the end of the connection alone would be reported for ever.
    fds[FD_CLIENT] = (struct pollfd){.fd = events ? u->client : -1, .events = (short)events};
    fds[FD_SOCKET] = (struct pollfd){.fd = may_accept(u) ? u->socket : -1, .events = POLLIN};
    fds[FD_REFUSED] = (struct pollfd){.fd = u->refused, .events = POLLIN};
    const uint64_t again = look_again(u);
    *deadline = (again < *deadline) ? again : *deadline;
    return FD_COUNT;
}

static void uart_service(host_device_t *device, const struct pollfd *fds, size_t count, bool idle) {
    host_uart_t *u = MN_CONTAINER_OF(device, host_uart_t, device);
    (void)count;
    (void)idle;
    // A client that has left is noticed before anything is sent to it.
    const int events = fds[FD_CLIENT].revents;
    u->leaving = u->leaving || (events & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
    while (u->client >= 0 && events != 0 && receive_some(u)) {
    }
    if (u->refused >= 0 && fds[FD_REFUSED].revents != 0) {
        watch_refused(u);
    }
    if (u->client < 0) {
        (void)end_cut_frame(u);
    }
    if (fds[FD_SOCKET].revents != 0) {
        accept_client(u);
    }
    transmit(u);
}

static void uart_close(host_device_t *device) {
    const host_uart_t *u = MN_CONTAINER_OF(device, host_uart_t, device);
    const int fds[] = {u->client, u->refused, u->socket};
    for (size_t i = 0; i < MN_COUNT_OF(fds); i++) {
        if (fds[i] >= 0) {
            (void)close(fds[i]);
        }
    }
}

// Send all, waiting a little.
static bool send_patiently(int fd, const void *data, size_t len) {
    const uint8_t *at = data;
    while (len > 0) {
        const ssize_t n = send(fd, at, len, MSG_NOSIGNAL);
        struct pollfd writable = {.fd = fd, .events = POLLOUT};
        if (n > 0) {
            at += n;
            len -= (size_t)n;
        } else if (errno != EAGAIN || poll(&writable, 1, PANIC_PATIENCE) <= 0) {
            return false;
        }
    }
    return true;
}

static void send_trace(void *context, const uint8_t *data, size_t len) {
    const host_uart_t *u = context;
    (void)send_patiently(u->client, data, len); // there is nobody to tell
}

// What was sent before goes out first, and what was recorded; then the report, as text between
// frames.
static void uart_panic(host_device_t *device, const char *text, size_t len) {
    host_uart_t *u = MN_CONTAINER_OF(device, host_uart_t, device);
    const uint8_t *data = NULL;
    size_t waiting = outbox_peek(&u->outbox, &data);
    bool sent = u->client >= 0;
    while (sent && waiting > 0) {
        sent = send_patiently(u->client, data, waiting);
        outbox_taken(&u->outbox, waiting);
        waiting = outbox_peek(&u->outbox, &data);
    }
    mn_span_t frames;
    while (sent && mn_ring_read(&u->to_send, &frames) == MN_OK) {
        sent = send_patiently(u->client, frames.data, frames.len);
        mn_ring_release(&u->to_send, frames.len);
    }
    if (sent) {
        mn_trace_flush(send_trace, u);
    }
    sent = sent && send_patiently(u->client, "", 1);
    while (sent && len > 0) {
        const size_t line = strcspn(text, "\n") + 1;
        const size_t shown = (line <= PANIC_LINE_MAX) ? line - 1 : PANIC_LINE_MAX;
        sent = send_patiently(u->client, text, shown) && send_patiently(u->client, "\r\n", 3);
        text += line;
        len -= line;
    }
}

static const host_device_ops_t uart_ops = {uart_prepare, uart_service, uart_close, uart_panic};

void host_uart_init(host_uart_t *u, int socket) {
    u->device.ops = &uart_ops;
    u->socket = socket;
    u->client = -1;
    u->refused = -1;
    mn_ring_init(&u->to_send, u->tx_bytes, sizeof u->tx_bytes);
    mn_ring_init(&u->received, u->rx_bytes, sizeof u->rx_bytes);
    host_loop_add(&u->device);
}

mn_status_t host_uart_start(host_uart_t *u, mn_registry_t *registry) {
    return mn_serial_port_start(&u->port, registry, &u->to_send, &u->received);
}
