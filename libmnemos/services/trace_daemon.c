// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Waits for something to say, gives it a moment to gather, and sends it. Without that pause each
// record would wake this task, whose frame may wake a driver's task, which may be recorded: a trace
// would feed itself.

#include "../trace/private.h"
#include <mnemos/serial_mux.h>
#include <mnemos/trace_daemon.h>

// Room for all the requests of a host that sets every level that can be set.
enum { RECEIVED = 512 };

typedef struct sender {
    mn_task_t task;
    mn_registry_t *registry;
    mn_trace_t *trace;
    mn_mux_opener_t opener;
    mn_mux_port_t *port;
    mn_mux_sender_t sender;
    mn_timer_t timer;
    uint64_t beat_at;  // when to say that we are here
    uint64_t batch_at; // when to send what has gathered; 0: nothing has
    mn_cspan_t batch;
} sender_t;

// Take what the host sends. MN_PENDING: all there was, and more will wake the task.
static mn_status_t take_requests(sender_t *self, bool *any) {
    mn_span_t bytes = {0};
    mn_status_t status = mn_mux_read(self->port, &self->task, &bytes);
    while (status == MN_OK) {
        *any = true;
        mn_trace_give(self->trace, (mn_cspan_t){.data = bytes.data, .len = bytes.len});
        mn_mux_release(self->port, bytes.len);
        status = mn_mux_read(self->port, &self->task, &bytes);
    }
    return status;
}

// Whether enough has gathered, or long enough.
static bool batch_is_due(sender_t *self, uint64_t now) {
    mn_trace_t *trace = self->trace;
    trace->wake_at = 1; // before looking, for an interrupt that comes in between
    const uint32_t used = mn__trace_used(trace);
    if (used == 0) {
        self->batch_at = 0;
        return false;
    }
    const uint32_t half = (trace->rings[MN__RING_INTERRUPTS].mask + 1) / 2;
    trace->wake_at = half;
    if (self->batch_at == 0) {
        self->batch_at = now + mn_ms(self->task.kernel, trace->config.batch_ms);
    }
    return now >= self->batch_at || mn__trace_used(trace) >= half;
}

// Wait until there is something to say.
static mn_status_t wait_for_more(sender_t *self) {
    bool any = false;
    const mn_status_t status = take_requests(self, &any);
    if (status != MN_PENDING || any) {
        return (status != MN_PENDING) ? status : MN_OK;
    }
    const uint64_t now = mn_now(self->task.kernel);
    if (batch_is_due(self, now) || now >= self->beat_at) {
        self->batch_at = 0;
        return MN_OK;
    }
    const bool batch_first = self->batch_at != 0 && self->batch_at < self->beat_at;
    mn_timer_start(&self->timer, &self->task, batch_first ? self->batch_at : self->beat_at);
    return MN_PENDING;
}

static void beat_if_due(sender_t *self) {
    const uint64_t now = mn_now(self->task.kernel);
    if (now >= self->beat_at) {
        self->beat_at = now + mn_ms(self->task.kernel, self->trace->config.heartbeat_ms);
        mn__trace_beat(self->trace);
    }
}

static mn_status_t sender_poll(mn_task_t *task) {
    sender_t *self = MN_CONTAINER_OF(task, sender_t, task);
    const mn_mux_open_t open = {.port = self->trace->config.port, .capacity = RECEIVED};
    mn_status_t status = MN_OK;
    bool any = false;
    MN_BEGIN(task);
    MN_AWAIT(status, mn_mux_open(&self->opener, self->registry, task, &open, &self->port));
    if (status != MN_OK) {
        return status;
    }
    for (;;) {
        // Requests are looked at between any two frames, so that no flood of records starves them.
        status = take_requests(self, &any);
        if (status != MN_PENDING) {
            return status;
        }
        beat_if_due(self);
        self->trace->wake_at = UINT32_MAX;
        self->batch = mn_trace_take(self->trace);
        if (self->batch.len == 0) {
            MN_AWAIT(status, wait_for_more(self));
        } else {
            MN_AWAIT(status, mn_mux_send(self->port, &self->sender, task, self->batch.data,
                                         self->batch.len));
            mn_trace_taken(self->trace);
        }
        if (status != MN_OK) {
            return status;
        }
        MN_YIELD();
    }
    MN_END();
}

static void sender_drop(mn_task_t *task) {
    sender_t *self = MN_CONTAINER_OF(task, sender_t, task);
    self->trace->worker = NULL;
    mn_timer_cancel(&self->timer);
    mn_mux_open_cancel(&self->opener);
    if (self->port != NULL) {
        mn_mux_send_cancel(self->port, &self->sender);
        mn_mux_read_cancel(self->port);
        mn_mux_close(self->port);
    }
}

static const mn_task_type_t sender_type = {"trace", sender_poll, sender_drop};

mn_status_t mn_trace_start(mn_trace_daemon_t *daemon, mn_registry_t *registry,
                           const mn_trace_config_t *config) {
    mn_kernel_t *kernel = registry->kernel;
    *daemon = (mn_trace_daemon_t){0};
    mn_status_t status = mn_trace_new(kernel, config, &daemon->trace);
    if (status != MN_OK) {
        return status;
    }
    status = mn_spawn_new(kernel, sizeof(sender_t), &sender_type, NULL, &daemon->task);
    if (status != MN_OK) {
        mn_trace_stop(daemon);
        return status;
    }
    sender_t *self = MN_CONTAINER_OF(daemon->task, sender_t, task);
    self->registry = registry;
    self->trace = daemon->trace;
    self->trace->worker = &self->task;
    return MN_OK;
}

void mn_trace_stop(mn_trace_daemon_t *daemon) {
    if (daemon->task != NULL) {
        mn_cancel_now(daemon->task);
        mn_task_release(daemon->task);
    }
    if (daemon->trace != NULL) {
        mn_trace_delete(daemon->trace);
    }
    *daemon = (mn_trace_daemon_t){0};
}
