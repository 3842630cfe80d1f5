// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The status service's task: it takes requests, also in the middle of a snapshot, and sends rows.

#include "system_status_private.h"
#include <mnemos/memory.h>

typedef mn__system_status_t status_t;

// ---------------------------------------------------------------------------------------------
// Requests

static void obey(status_t *self, const mn_system_request_t *request) {
    switch (request->kind) {
    case MN_SYSTEM_ONCE:
        self->once = true;
        break;
    case MN_SYSTEM_EVERY:
        self->interval_ms = (request->interval_ms > self->config.min_interval_ms)
                                ? request->interval_ms
                                : self->config.min_interval_ms;
        self->due = mn_now(self->task.kernel);
        mn_timer_cancel(&self->timer);
        break;
    case MN_SYSTEM_STOP:
        self->once = false;
        self->interval_ms = 0;
        mn_timer_cancel(&self->timer);
        break;
    }
}

static void take_apart(status_t *self, mn_cspan_t bytes) {
    mn_status_t status = MN_OK;
    while (status != MN_PENDING) {
        size_t used = 0;
        mn_cspan_t frame = {0};
        mn_system_request_t request;
        status = mn__frames_feed(&self->requests, bytes.data, bytes.len, &used, &frame);
        bytes.data += used;
        bytes.len -= used;
        if (status == MN_OK && mn_system_request_read(frame, &request) == MN_OK) {
            obey(self, &request);
        } else if (status != MN_PENDING) {
            self->bad++;
        }
    }
}

// Everything that has come in one piece; at most the port's ring, so the work is bounded.
static mn_status_t take_requests(status_t *self) {
    mn_span_t bytes = {0};
    mn_status_t status = mn_mux_read(self->port, &self->task, &bytes);
    if (status == MN_OK) {
        take_apart(self, (mn_cspan_t){.data = bytes.data, .len = bytes.len});
        mn_mux_release(self->port, bytes.len);
        mn_task_wake(&self->task); // there may be more
    }
    return status;
}

// ---------------------------------------------------------------------------------------------
// Snapshots

// The next one is an interval after this one was due, unless that has gone by already.
static void plan_next(status_t *self, uint64_t now) {
    const uint64_t ticks = mn_ms(self->task.kernel, self->interval_ms);
    self->due += (ticks == 0) ? 1 : ticks;
    if (self->due <= now) {
        self->due = now + ((ticks == 0) ? 1 : ticks);
    }
}

// MN_OK: a snapshot is wanted now. MN_PENDING: not now.
static mn_status_t wait_for_turn(status_t *self) {
    if (self->once) {
        return MN_OK;
    }
    return (self->interval_ms == 0) ? MN_PENDING
                                    : mn_sleep_until(&self->timer, &self->task, self->due);
}

static void begin_snapshot(status_t *self) {
    const uint64_t now = mn_now(self->task.kernel);
    self->once = false;
    if (self->interval_ms != 0 && self->due <= now) {
        plan_next(self, now);
        mn_timer_cancel(&self->timer);
    }
    self->telling = true;
    self->sequence++;
    self->rows = 0;
    self->cursor = (mn__status_cursor_t){0};
}

static void make_row(status_t *self) {
    mn_system_row_t row;
    if (mn__system_status_next(self, &row)) {
        self->frame_len = mn_system_row_write(&row, self->frame);
    } else {
        self->telling = false;
    }
}

// Send the row that there is, make the next. MN_PENDING: the line is busy, or others first.
static mn_status_t tell(status_t *self) {
    if (self->frame_len == 0) {
        make_row(self);
    }
    if (self->frame_len != 0) {
        mn_status_t status =
            mn_mux_send(self->port, &self->sender, &self->task, self->frame, self->frame_len);
        if (status != MN_OK) {
            return status;
        }
        self->frame_len = 0;
    }
    mn_task_wake(&self->task);
    return MN_PENDING;
}

// One poll's work; never MN_OK.
static mn_status_t step(status_t *self) {
    mn_status_t status = take_requests(self);
    if (status != MN_OK && status != MN_PENDING) {
        return status;
    }
    if (!self->telling) {
        status = wait_for_turn(self);
        if (status != MN_OK) {
            return status;
        }
        begin_snapshot(self);
    }
    return tell(self);
}

// ---------------------------------------------------------------------------------------------
// Task

static mn_status_t status_poll(mn_task_t *task) {
    status_t *self = MN_CONTAINER_OF(task, status_t, task);
    const mn_mux_open_t open = {.port = self->config.port, .capacity = self->config.buffer_size};
    mn_status_t status = MN_OK;
    MN_BEGIN(task);
    MN_AWAIT(status, mn_mux_open(&self->opener, self->registry, task, &open, &self->port));
    if (status == MN_OK) {
        MN_AWAIT(status, step(self));
    }
    return status;
    MN_END();
}

static void status_drop(mn_task_t *task) {
    status_t *self = MN_CONTAINER_OF(task, status_t, task);
    mn_timer_cancel(&self->timer);
    mn_mux_open_cancel(&self->opener);
    if (self->port != NULL) {
        mn_mux_send_cancel(self->port, &self->sender);
        mn_mux_read_cancel(self->port);
        mn_mux_close(self->port);
    }
}

static const mn_task_type_t status_type = {"status", status_poll, status_drop};

mn_status_t mn_system_status_start(mn_registry_t *registry, const mn_system_status_config_t *config,
                                   const mn_trace_t *trace, mn_task_t **task) {
    if (config->min_interval_ms == 0) {
        return MN_EINVAL;
    }
    mn_status_t status = mn_spawn_new(registry->kernel, sizeof(status_t), &status_type, NULL, task);
    if (status == MN_OK) {
        status_t *self = MN_CONTAINER_OF(*task, status_t, task);
        self->registry = registry;
        self->config = *config;
        self->trace = trace;
        self->started = mn_now(registry->kernel);
        self->requests = (mn__frames_t){.buffer = self->request, .size = sizeof self->request};
    }
    return status;
}
