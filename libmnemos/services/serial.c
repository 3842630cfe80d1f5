// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include <mnemos/serial.h>

MN_SERVICE_DEFINE(MN_SERIAL_SERVICE)

static bool is_taken(const mn_serial_port_t *self) {
    return self->assigned && mn_requests_has_client(&self->server.requests.requests, self->owner);
}

static void answer(mn_serial_port_t *self, mn_serial_request_t *request) {
    if (is_taken(self)) {
        const mn_serial_error_t error = MN_SERIAL_ALREADY_ASSIGNED;
        (void)mn_serial_fail(request, &error); // a client that has gone needs no answer
        return;
    }
    const mn_serial_response_t response = {.port = self->port};
    self->owner = request->request.client_id;
    self->assigned = (mn_serial_reply(request, &response) == MN_OK);
}

static mn_status_t serial_poll(mn_task_t *task) {
    mn_serial_port_t *self = MN_CONTAINER_OF(task, mn_serial_port_t, task);
    mn_serial_request_t *request = NULL;
    mn_status_t status = MN_OK;
    MN_BEGIN(task);
    for (;;) {
        MN_AWAIT(status, mn_serial_next(&self->server, task, &request));
        if (status != MN_OK) {
            return status;
        }
        answer(self, request);
    }
    MN_END();
}

static void serial_drop(mn_task_t *task) {
    mn_serial_close(&MN_CONTAINER_OF(task, mn_serial_port_t, task)->server);
}

static const mn_task_type_t serial_type = {"serial port", serial_poll, serial_drop};

mn_status_t mn_serial_port_start(mn_serial_port_t *port, mn_registry_t *registry,
                                 mn_ring_t *to_send, mn_ring_t *received) {
    port->port = (mn_duplex_t){.tx = to_send, .rx = received};
    port->assigned = false;
    mn_status_t status = mn_serial_serve(&port->server, registry, port->slots, MN_SERIAL_REQUESTS);
    if (status == MN_OK) {
        mn_spawn(registry->kernel, &port->task, &serial_type, NULL);
    }
    return status;
}
