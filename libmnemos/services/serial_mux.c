// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#define MN_TRACE_TARGET "mux"

// The serial mux's two tasks. The input task first gets the serial port; only then is there a line
// for ports to send on, so it is what starts the command task.

#include "serial_mux_private.h"
#include <mnemos/memory.h>
#include <string.h>

MN_SERVICE_DEFINE(MN_SERIAL_MUX_SERVICE)

enum { FRAME_MIN = 16 };

// ---------------------------------------------------------------------------------------------
// Commands

static void answer(mn_serial_mux_t *self, mn_serial_mux_request_t *request) {
    mn_mux_opened_t opened = {0};
    const mn_mux_error_t error = {.status = mn__mux_add_port(self, &request->body, &opened.port)};
    if (error.status != MN_OK) {
        (void)mn_serial_mux_fail(request, &error); // nobody there to be told is fine
    } else if (mn_serial_mux_reply(request, &opened) != MN_OK) {
        mn_mux_close(opened.port);
    }
}

static mn_status_t command_poll(mn_task_t *task) {
    mn_serial_mux_t *self = MN_CONTAINER_OF(task, mn_serial_mux_t, command);
    mn_serial_mux_request_t *request = NULL;
    mn_status_t status = MN_OK;
    MN_BEGIN(task);
    for (;;) {
        MN_AWAIT(status, mn_serial_mux_next(&self->server, task, &request));
        if (status != MN_OK) {
            return status;
        }
        answer(self, request);
    }
    MN_END();
}

static void command_drop(mn_task_t *task) {
    mn_serial_mux_close(&MN_CONTAINER_OF(task, mn_serial_mux_t, command)->server);
}

static const mn_task_type_t command_type = {"mux commands", command_poll, command_drop};

// ---------------------------------------------------------------------------------------------
// Input

static void use_line(mn_serial_mux_t *self, mn_duplex_t line) {
    self->line = line;
    mn_shared_ring_init(&self->tx, line.tx);
    const size_t fits = mn_sermux_payload_max(line.tx->capacity);
    const size_t half = self->config.max_frame / 2;
    self->chunk = (fits < half) ? fits : half;
}

static mn_status_t get_line(mn_serial_mux_t *self, mn_task_t *task) {
    const mn_unit_t nothing = {0};
    mn_status_t status = mn_serial_connect(&self->serial, self->registry, task, &nothing);
    if (status == MN_OK) {
        status = mn_serial_call(&self->serial, task, &nothing);
    }
    if (status == MN_OK) {
        use_line(self, mn_serial_response(&self->serial)->port);
    }
    return (status == MN_OK && self->chunk == 0) ? MN_ETOOBIG : status;
}

// Everything that came in one piece; at most the line's ring, so the work is bounded.
static void take_apart(mn_serial_mux_t *self, mn_span_t bytes) {
    size_t at = 0;
    mn_status_t status = MN_OK;
    while (status != MN_PENDING) {
        mn_sermux_frame_t frame;
        size_t used = 0;
        status =
            mn_sermux_decoder_feed(&self->decoder, bytes.data + at, bytes.len - at, &used, &frame);
        at += used;
        if (status == MN_OK) {
            mn__mux_deliver(self, &frame);
        } else if (status == MN_EBADFRAME || status == MN_ETOOBIG) {
            mn_warn("not a frame", "reason", mn_status_name(status));
        }
    }
}

static mn_status_t input_poll(mn_task_t *task) {
    mn_serial_mux_t *self = MN_CONTAINER_OF(task, mn_serial_mux_t, input);
    mn_status_t status = MN_OK;
    mn_span_t bytes = {0};
    MN_BEGIN(task);
    MN_AWAIT(status, get_line(self, task));
    if (status != MN_OK) {
        return status;
    }
    mn_spawn(task->kernel, &self->command, &command_type, NULL);
    for (;;) {
        MN_AWAIT(status, mn_ring_read_wait(self->line.rx, task, &bytes));
        if (status != MN_OK) {
            return status;
        }
        take_apart(self, bytes);
        mn_ring_release(self->line.rx, bytes.len);
        MN_YIELD();
    }
    MN_END();
}

static void input_drop(mn_task_t *task) {
    mn_serial_mux_t *self = MN_CONTAINER_OF(task, mn_serial_mux_t, input);
    mn_serial_disconnect(&self->serial);
    if (self->line.rx != NULL) {
        mn_ring_cancel_reader(self->line.rx);
    }
}

static const mn_task_type_t input_type = {"mux input", input_poll, input_drop};

// ---------------------------------------------------------------------------------------------
// Starting and stopping

// The struct, the request slots and the decoder's buffer are one block.
static mn_status_t allocate(mn_registry_t *registry, const mn_serial_mux_config_t *config,
                            mn_serial_mux_t **mux) {
    const size_t slots = config->queue * sizeof(mn_serial_mux_request_t);
    void *memory = NULL;
    mn_status_t status = mn_alloc(registry->kernel, &registry->kernel->task_owner,
                                  sizeof(mn_serial_mux_t) + slots + config->max_frame, 0, &memory);
    if (status != MN_OK) {
        return status;
    }
    mn_serial_mux_t *self = memory;
    memset(self, 0, sizeof(*self));
    self->registry = registry;
    self->config = *config;
    self->owner = (mn_heap_owner_t)MN_HEAP_OWNER_INIT("mux ports", 0);
    mn_list_init(&self->ports);
    *mux = self;
    return MN_OK;
}

mn_status_t mn_serial_mux_start(mn_registry_t *registry, const mn_serial_mux_config_t *config,
                                mn_serial_mux_t **mux) {
    *mux = NULL;
    if (config->max_frame < FRAME_MIN || config->max_ports == 0 || config->queue == 0) {
        return MN_EINVAL;
    }
    mn_serial_mux_t *self = NULL;
    mn_status_t status = allocate(registry, config, &self);
    if (status != MN_OK) {
        return status;
    }
    mn_serial_mux_request_t *slots = (mn_serial_mux_request_t *)(void *)(self + 1);
    uint8_t *buffer = (uint8_t *)(slots + config->queue);
    status = mn_sermux_decoder_init(&self->decoder, buffer, config->max_frame);
    MN_ASSERT(status == MN_OK);
    status = mn_serial_mux_serve(&self->server, registry, slots, config->queue);
    if (status != MN_OK) {
        (void)mn_free(registry->kernel, self); // it was just allocated there
        return status;
    }
    mn_spawn(registry->kernel, &self->input, &input_type, NULL);
    *mux = self;
    return MN_OK;
}

void mn_serial_mux_stop(mn_serial_mux_t *mux) {
    mux->stopped = true;
    for (mn_list_t *node = mn_list_first(&mux->ports); node != NULL;
         node = mn_list_next(&mux->ports, node)) {
        mn_ring_close_writer(MN_CONTAINER_OF(node, mn_mux_port_t, link)->rx);
    }
    if (mux->line.tx != NULL) {
        mn_ring_close_writer(mux->line.tx);
        mn_wait_queue_close(&mux->tx.mutex.semaphore.queue);
    }
    mn_serial_mux_close(&mux->server);
    mn_cancel_now(&mux->command);
    mn_cancel_now(&mux->input);
    mn__mux_release(mux);
}

void mn__mux_release(mn_serial_mux_t *mux) {
    if (!mux->stopped || mux->port_count != 0) {
        return;
    }
    mn_kernel_t *kernel = mux->registry->kernel;
    mn_status_t status = mn_heap_owner_remove(&kernel->heap, &mux->owner);
    MN_ASSERT(status == MN_OK);
    status = mn_free(kernel, mux);
    MN_ASSERT(status == MN_OK);
}

mn_mux_stats_t mn_serial_mux_stats(const mn_serial_mux_t *mux) {
    return (mn_mux_stats_t){.line = mux->decoder.counters,
                            .no_port = mux->no_port,
                            .no_room = mux->no_room,
                            .sent = mux->sent,
                            .open_ports = mux->port_count};
}
