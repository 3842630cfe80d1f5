// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "status_command.h"

#include "demux.h"
#include "log.h"
#include "signals.h"
#include "status_screen.h"
#include "status_view.h"
#include "wire.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INTERVAL_MS 1000
// With --once there is an answer within this time, or none.
#define PATIENCE (5 * NS_PER_S)
// A target that was reset, or has lost our request, is asked again after this time.
#define SILENCE (3 * NS_PER_S)

enum { SLOT_SIGNAL, SLOT_KEYS, SLOT_WIRE, SLOT_COUNT };

typedef struct self {
    const options_t *options;
    log_t log;
    wire_t wire;
    int signals;
    bool live;           // drawn in place
    uint64_t heard;      // when a snapshot was last complete, or asked for
    uint64_t give_up;    // when to stop waiting for the first one
    bool done;           // what was asked for has come
    bool failed;         // and never will
    bool has_before;     // `before` is a snapshot
    const char *trouble; // to be shown instead of a snapshot; NULL for none
    mn_system_decoder_t messages;
    mn_system_view_t now;
    mn_system_view_t before;
    mn_sermux_decoder_t frames;
    uint8_t frame[DEMUX_MAX_FRAME];
    uint8_t input[65536];
} self_t;

// ---------------------------------------------------------------------------------------------
// Asking

static void ask(self_t *self, mn_system_request_kind_t kind, uint64_t now) {
    // The zero ends whatever of a request may have come before this.
    uint8_t frame[1 + MN_SYSTEM_REQUEST_FRAME_MAX] = {0};
    const mn_system_request_t request = {.kind = kind, .interval_ms = INTERVAL_MS};
    size_t len = 1 + mn_system_request_write(&request, frame + 1);
    wire_send(&self->wire, MN_SERMUX_STATUS, frame, len);
    self->heard = now;
}

static void ask_first(self_t *self, uint64_t now) {
    ask(self, self->options->once ? MN_SYSTEM_ONCE : MN_SYSTEM_EVERY, now);
}

// ---------------------------------------------------------------------------------------------
// Showing

// The last snapshot, or why there is none, as a page in memory that the caller frees.
static char *make_page(const self_t *self, size_t *len) {
    char *page = NULL;
    FILE *file = open_memstream(&page, len);
    if (file == NULL) {
        return NULL;
    }
    fprintf(file, "%s, ", self->wire.name);
    if (self->trouble != NULL) {
        fprintf(file, "%s\n", self->trouble);
    } else {
        status_print(file, &self->now, self->has_before ? &self->before : NULL);
    }
    if (fclose(file) != 0) {
        free(page);
        return NULL;
    }
    return page;
}

static void draw(const self_t *self) {
    size_t len = 0;
    char *page = self->live ? make_page(self, &len) : NULL;
    if (page != NULL) {
        screen_draw(page, len);
        free(page);
    }
}

static void show(self_t *self) {
    const mn_system_view_t *before = self->has_before ? &self->before : NULL;
    self->trouble = NULL;
    if (self->options->json) {
        status_print_json(stdout, &self->now, before);
    } else if (self->live) {
        draw(self);
    } else {
        fprintf(stdout, "%s, ", self->wire.name);
        status_print(stdout, &self->now, before);
        fputs(self->options->once ? "" : "\n", stdout);
    }
}

static void show_trouble(self_t *self, const char *trouble) {
    self->trouble = trouble;
    draw(self);
}

// ---------------------------------------------------------------------------------------------
// Hearing

static void complete(self_t *self, uint64_t now) {
    self->heard = now;
    self->has_before = self->has_before && mn_system_view_follows(&self->now, &self->before);
    show(self);
    self->before = self->now;
    self->has_before = true;
    self->done = self->options->once;
}

static void take_row(self_t *self, const mn_system_row_t *row, uint64_t now) {
    mn_status_t status = self->done ? MN_PENDING : mn_system_view_add(&self->now, row);
    if (status == MN_OK) {
        complete(self, now);
    } else if (status == MN_ENOTSUP) {
        self->failed = true;
    }
}

static void take_payload(self_t *self, mn_cspan_t bytes, uint64_t now) {
    mn_status_t status = MN_OK;
    while (status != MN_PENDING) {
        size_t used = 0;
        mn_system_row_t row;
        status = mn_system_decoder_feed(&self->messages, bytes.data, bytes.len, &used, &row);
        bytes.data += used;
        bytes.len -= used;
        if (status == MN_OK) {
            take_row(self, &row, now);
        }
    }
}

static void take_input(self_t *self, size_t len, uint64_t now) {
    for (size_t at = 0; at < len;) {
        size_t used = 0;
        mn_sermux_frame_t frame;
        mn_status_t status =
            mn_sermux_decoder_feed(&self->frames, self->input + at, len - at, &used, &frame);
        at += used;
        if (status == MN_OK && frame.port == MN_SERMUX_STATUS) {
            take_payload(self, frame.payload, now);
        }
    }
}

// ---------------------------------------------------------------------------------------------
// The line

// What came before belongs to nothing that comes now.
static void forget(self_t *self) {
    mn_sermux_decoder_reset(&self->frames);
    self->messages = (mn_system_decoder_t){0};
    self->now = (mn_system_view_t){0};
}

static void step_wire(self_t *self, const struct pollfd *slot, uint64_t now) {
    ssize_t n = 0;
    switch (wire_step(&self->wire, slot, now)) {
    case WIRE_CAME_UP:
        forget(self);
        ask_first(self, now);
        show_trouble(self, "no answer yet");
        break;
    case WIRE_READABLE:
        n = wire_read(&self->wire, self->input, sizeof self->input, now);
        if (n > 0) {
            take_input(self, (size_t)n, now);
        }
        break;
    case WIRE_FAILED:
        self->failed = true;
        return;
    case WIRE_NOTHING:
        break;
    }
    if (n < 0 || !wire_flush(&self->wire, now)) {
        show_trouble(self, "the connection is lost");
    }
}

static void step_time(self_t *self, uint64_t now) {
    if (self->wire.state == WIRE_UP && !self->options->once && now >= self->heard + SILENCE) {
        ask_first(self, now);
        show_trouble(self, "no answer");
    }
}

static uint64_t deadline(const self_t *self) {
    uint64_t due = wire_deadline(&self->wire);
    uint64_t silence = self->heard + SILENCE;
    if (self->wire.state == WIRE_UP && !self->options->once && silence < due) {
        due = silence;
    }
    return self->give_up < due ? self->give_up : due;
}

// ---------------------------------------------------------------------------------------------
// Running

static int outcome(const self_t *self, uint64_t now) {
    if (self->failed && self->now.header.version > 0 &&
        self->now.header.version != MN_SYSTEM_VERSION) {
        complain("the target speaks another version of the protocol");
    } else if (!self->failed && !self->done && now >= self->give_up) {
        complain("the target does not answer on mux port %d", MN_SERMUX_STATUS);
        return STATUS_FAILED;
    }
    return self->failed ? STATUS_FAILED : STATUS_DONE;
}

static bool is_told_to_end(const struct pollfd *slots, self_t *self) {
    if (slots[SLOT_SIGNAL].revents != 0) {
        if (signals_take() != SIGWINCH) {
            return true;
        }
        draw(self);
    }
    return slots[SLOT_KEYS].revents != 0 && screen_wants_end();
}

static int run(self_t *self) {
    for (;;) {
        struct pollfd slots[SLOT_COUNT];
        uint64_t now = now_ns();
        slots[SLOT_SIGNAL] = (struct pollfd){.fd = self->signals, .events = POLLIN};
        slots[SLOT_KEYS] = (struct pollfd){.fd = screen_keys(), .events = POLLIN};
        wire_prepare(&self->wire, &slots[SLOT_WIRE]);
        if (poll(slots, SLOT_COUNT, ms_until(deadline(self), now)) < 0) {
            if (errno != EINTR) {
                complain("poll failed: %s", strerror(errno));
                return STATUS_FAILED;
            }
            continue;
        }
        now = now_ns();
        if (is_told_to_end(slots, self)) {
            return STATUS_DONE;
        }
        step_wire(self, &slots[SLOT_WIRE], now);
        step_time(self, now);
        if (!log_flush()) {
            return STATUS_FAILED;
        }
        if (self->done || self->failed || now >= self->give_up) {
            return outcome(self, now);
        }
    }
}

// Leaves the target in peace, if it can be told at once.
static void say_stop(self_t *self) {
    if (!self->options->once && self->wire.state == WIRE_UP) {
        ask(self, MN_SYSTEM_STOP, now_ns());
        (void)wire_flush(&self->wire, now_ns());
    }
}

int status_run(const options_t *options) {
    // Too large for the stack, and there is only one.
    static self_t self;
    self.options = options;
    self.give_up = options->once ? now_ns() + PATIENCE : NEVER;
    log_init(&self.log, "", false);
    self.log.json = true; // nothing but what was asked for
    // Cannot fail: the limit is far above the least.
    (void)mn_sermux_decoder_init(&self.frames, self.frame, sizeof self.frame);
    self.signals = signals_catch(true);
    if (self.signals < 0) {
        complain("cannot catch signals: %s", strerror(errno));
        return STATUS_FAILED;
    }
    if (!wire_init(&self.wire, &self.log, options)) {
        return STATUS_FAILED;
    }
    self.live = !options->once && !options->json && screen_open();
    show_trouble(&self, "connecting");
    int status = run(&self);
    say_stop(&self);
    wire_close(&self.wire);
    screen_close();
    return log_flush() ? status : STATUS_FAILED;
}
