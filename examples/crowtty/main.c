// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// crowtty: the host side of the serial mux. One thread waits for the line to the target, for those
// who follow its ports, and for the keyboard, and moves bytes between them.

#include "demux.h"
#include "keyboard.h"
#include "log.h"
#include "options.h"
#include "ports.h"
#include "signals.h"
#include "status_command.h"
#include "trace.h"
#include "wire.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define READ_SIZE 65536

// Where each thing to wait for has its place.
enum { SLOT_SIGNAL, SLOT_KEYBOARD, SLOT_WIRE, SLOT_PORTS, SLOT_COUNT = SLOT_PORTS + PORTS_SLOTS };

typedef struct crowtty {
    options_t options;
    log_t log;
    wire_t wire;
    ports_t ports;
    keyboard_t keyboard;
    demux_t demux;
    trace_t trace;
    int signals;
    bool listening;
    uint8_t input[READ_SIZE];
} crowtty_t;

static uint64_t earlier(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

// Milliseconds until the next thing that is due, for poll.
static int poll_timeout(const crowtty_t *self, uint64_t now) {
    uint64_t deadline = earlier(wire_deadline(&self->wire), demux_deadline(&self->demux));
    deadline = earlier(deadline, ports_deadline(&self->ports));
    return ms_until(deadline, now);
}

static void prepare(const crowtty_t *self, struct pollfd *slots, uint64_t now) {
    bool may_send = wire_wants_more(&self->wire);
    slots[SLOT_SIGNAL] = (struct pollfd){.fd = self->signals, .events = POLLIN};
    keyboard_prepare(&self->keyboard, &slots[SLOT_KEYBOARD], may_send);
    wire_prepare(&self->wire, &slots[SLOT_WIRE]);
    ports_prepare(&self->ports, &slots[SLOT_PORTS], may_send, now);
}

// What waited for the first connection. False if nothing could be bound.
static bool start_serving(crowtty_t *self) {
    if (self->listening) {
        return true;
    }
    self->listening = true;
    if (ports_listen(&self->ports) == 0) {
        return false;
    }
    if (self->options.keyboard) {
        keyboard_start(&self->keyboard);
    }
    return true;
}

// False if crowtty cannot go on.
static bool step_wire(crowtty_t *self, const struct pollfd *slot, uint64_t now) {
    ssize_t n;
    switch (wire_step(&self->wire, slot, now)) {
    case WIRE_CAME_UP:
        trace_connected(&self->trace);
        return start_serving(self);
    case WIRE_READABLE:
        n = wire_read(&self->wire, self->input, sizeof self->input, now);
        if (n > 0) {
            demux_feed(&self->demux, self->input, (size_t)n, now);
        } else if (n < 0) {
            demux_cut(&self->demux);
        }
        return true;
    case WIRE_FAILED:
        return false;
    case WIRE_NOTHING:
        break;
    }
    return true;
}

static int run(crowtty_t *self) {
    struct pollfd slots[SLOT_COUNT];
    for (;;) {
        uint64_t now = now_ns();
        prepare(self, slots, now);
        if (poll(slots, SLOT_COUNT, poll_timeout(self, now)) < 0) {
            if (errno != EINTR) {
                complain("poll failed: %s", strerror(errno));
                return STATUS_FAILED;
            }
            continue;
        }
        now = now_ns();
        if (slots[SLOT_SIGNAL].revents != 0) {
            return STATUS_DONE;
        }
        if (!step_wire(self, &slots[SLOT_WIRE], now)) {
            return STATUS_FAILED;
        }
        keyboard_step(&self->keyboard, &slots[SLOT_KEYBOARD], &self->wire);
        ports_step(&self->ports, &slots[SLOT_PORTS], &self->wire, now);
        demux_on_time(&self->demux, now);
        if (!wire_flush(&self->wire, now)) {
            demux_cut(&self->demux);
        }
        ports_flush(&self->ports);
        if (!log_flush() || !trace_flush(&self->trace)) {
            return STATUS_FAILED;
        }
    }
}

static int start(crowtty_t *self) {
    const char *line_name = self->options.serial_path != NULL ? "UART" : " TCP";
    log_init(&self->log, line_name, self->options.verbose);
    self->log.json = self->options.json;
    ports_init(&self->ports, &self->log, self->options.tcp_port_base);
    keyboard_init(&self->keyboard, &self->log, self->options.keyboard_port);
    demux_init(&self->demux, &self->log, &self->ports, &self->trace, &self->wire);
    self->signals = signals_catch(false);
    if (self->signals < 0) {
        complain("cannot catch signals: %s", strerror(errno));
        return STATUS_FAILED;
    }
    if (!trace_init(&self->trace, &self->log, &self->options)) {
        return STATUS_FAILED;
    }
    if (!wire_init(&self->wire, &self->log, &self->options)) {
        return STATUS_FAILED;
    }
    int status = run(self);
    demux_cut(&self->demux);
    if (self->options.verbose && status == STATUS_DONE) {
        demux_report(&self->demux);
        trace_report(&self->trace);
    }
    trace_close(&self->trace);
    wire_close(&self->wire);
    ports_close(&self->ports);
    return log_flush() ? status : STATUS_FAILED;
}

int main(int argc, char *argv[]) {
    // Too large for the stack, and there is only one.
    static crowtty_t self;
    if (!options_parse(&self.options, argc, argv)) {
        return STATUS_USAGE;
    }
    if (self.options.help) {
        options_print_help();
        return log_flush() ? STATUS_DONE : STATUS_FAILED;
    }
    if (self.options.version) {
        puts("crowtty " CROWTTY_VERSION);
        return log_flush() ? STATUS_DONE : STATUS_FAILED;
    }
    return self.options.command == COMMAND_STATUS ? status_run(&self.options) : start(&self);
}
