// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#define MN_TRACE_TARGET "mux"

// The ports of the serial mux: opening, receiving, sending, closing.

#include "serial_mux_private.h"
#include <mnemos/memory.h>

// ---------------------------------------------------------------------------------------------
// The service's side

mn_mux_port_t *mn__mux_find_port(mn_serial_mux_t *mux, uint16_t number) {
    for (mn_list_t *node = mn_list_first(&mux->ports); node != NULL;
         node = mn_list_next(&mux->ports, node)) {
        mn_mux_port_t *port = MN_CONTAINER_OF(node, mn_mux_port_t, link);
        if (port->number == number) {
            return port;
        }
    }
    return NULL;
}

static mn_status_t new_port(mn_serial_mux_t *mux, uint32_t capacity, mn_mux_port_t **port) {
    mn_kernel_t *kernel = mux->registry->kernel;
    void *memory = NULL;
    mn_ring_t *ring = NULL;
    mn_status_t status = mn_ring_new(kernel, &mux->owner, capacity, &ring);
    if (status != MN_OK) {
        return status;
    }
    status = mn_alloc(kernel, &mux->owner, sizeof(mn_mux_port_t), 0, &memory);
    if (status != MN_OK) {
        mn_ring_delete(kernel, ring);
        return status;
    }
    *port = memory;
    **port = (mn_mux_port_t){.mux = mux, .rx = ring};
    return MN_OK;
}

mn_status_t mn__mux_add_port(mn_serial_mux_t *mux, const mn_mux_open_t *request,
                             mn_mux_port_t **port) {
    if (mn__mux_find_port(mux, request->port) != NULL) {
        return MN_EEXISTS;
    }
    if (mux->port_count == mux->config.max_ports) {
        return MN_EFULL;
    }
    mn_status_t status = new_port(mux, request->capacity, port);
    if (status == MN_OK) {
        mn_info("port opened", "port", request->port);
        (*port)->number = request->port;
        mn_list_push_back(&mux->ports, &(*port)->link);
        mux->port_count++;
    }
    return status;
}

void mn__mux_deliver(mn_serial_mux_t *mux, const mn_sermux_frame_t *frame) {
    mn_mux_port_t *port = mn__mux_find_port(mux, frame->port);
    if (port == NULL) {
        mn_debug("frame for a port that is not open", "port", frame->port);
        mux->no_port++;
    } else if (mn_ring_write(port->rx, frame->payload.data, frame->payload.len) == MN_OK) {
        port->frames_in++;
    } else {
        mn_warn("frame lost, its port has no room", "port", frame->port, "bytes",
                frame->payload.len);
        port->frames_lost++;
        mux->no_room++;
    }
}

// ---------------------------------------------------------------------------------------------
// Opening and closing

mn_status_t mn_mux_open(mn_mux_opener_t *opener, mn_registry_t *registry, mn_task_t *task,
                        const mn_mux_open_t *request, mn_mux_port_t **port) {
    const mn_unit_t hello = {0};
    mn_status_t status = mn_serial_mux_connect(&opener->client, registry, task, &hello);
    if (status == MN_OK) {
        status = mn_serial_mux_call(&opener->client, task, request);
    }
    if (status == MN_OK) {
        *port = mn_serial_mux_response(&opener->client)->port;
    } else if (status == MN_EFAILED) {
        status = mn_serial_mux_error(&opener->client)->status;
    }
    if (status != MN_PENDING) {
        mn_serial_mux_disconnect(&opener->client);
    }
    return status;
}

void mn_mux_open_cancel(mn_mux_opener_t *opener) {
    if (mn_call_outcome(&opener->client.call) == MN_OK) {
        mn_mux_close(mn_serial_mux_response(&opener->client)->port);
    }
    mn_serial_mux_disconnect(&opener->client);
}

void mn_mux_close(mn_mux_port_t *port) {
    if (port == NULL) {
        return;
    }
    mn_serial_mux_t *mux = port->mux;
    mn_info("port closed", "port", port->number);
    mn_list_remove(&port->link);
    mux->port_count--;
    mn_ring_delete(mux->registry->kernel, port->rx);
    mn_status_t status = mn_free(mux->registry->kernel, port);
    MN_ASSERT(status == MN_OK);
    mn__mux_release(mux);
}

// ---------------------------------------------------------------------------------------------
// Receiving and sending

mn_status_t mn_mux_read(mn_mux_port_t *port, mn_task_t *task, mn_span_t *data) {
    return mn_ring_read_wait(port->rx, task, data);
}

void mn_mux_release(mn_mux_port_t *port, size_t used) {
    mn_ring_release(port->rx, used);
}

void mn_mux_read_cancel(mn_mux_port_t *port) {
    mn_ring_cancel_reader(port->rx);
}

// Send the next frame of the message.
static mn_status_t send_chunk(mn_mux_port_t *port, mn_mux_sender_t *sender, mn_task_t *task,
                              const uint8_t *data, size_t len) {
    mn_serial_mux_t *mux = port->mux;
    mn_span_t grant = {0};
    mn_status_t status = mn_shared_ring_grant_wait(&mux->tx, &sender->writer, task,
                                                   mn_sermux_encoded_max(len), &grant);
    if (status != MN_OK) {
        return status;
    }
    size_t used = 0;
    status = mn_sermux_encode(grant.data, grant.len, port->number, data, len, &used);
    MN_ASSERT(status == MN_OK);
    mn_shared_ring_commit(&mux->tx, &sender->writer, used);
    port->frames_out++;
    mux->sent++;
    return MN_OK;
}

mn_status_t mn_mux_send(mn_mux_port_t *port, mn_mux_sender_t *sender, mn_task_t *task,
                        const void *data, size_t len) {
    const uint8_t *bytes = data;
    mn_status_t status = MN_OK;
    while (sender->done < len && status == MN_OK) {
        const size_t rest = len - sender->done;
        const size_t chunk = (rest < port->mux->chunk) ? rest : port->mux->chunk;
        status = send_chunk(port, sender, task, bytes + sender->done, chunk);
        if (status == MN_OK) {
            sender->done += chunk;
        }
    }
    if (status != MN_PENDING) {
        sender->done = 0;
    }
    return status;
}

void mn_mux_send_cancel(mn_mux_port_t *port, mn_mux_sender_t *sender) {
    mn_shared_ring_cancel(&port->mux->tx, &sender->writer);
    sender->done = 0;
}
