// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include <mnemos/daemons.h>

typedef struct loopback {
    mn_task_t task;
    mn_registry_t *registry;
    mn_mux_open_t open;
    mn_mux_opener_t opener;
    mn_mux_port_t *port;
    mn_mux_sender_t sender;
    mn_span_t data;
} loopback_t;

static mn_status_t loopback_poll(mn_task_t *task) {
    loopback_t *self = MN_CONTAINER_OF(task, loopback_t, task);
    mn_status_t status = MN_OK;
    MN_BEGIN(task);
    MN_AWAIT(status, mn_mux_open(&self->opener, self->registry, task, &self->open, &self->port));
    while (status == MN_OK) {
        MN_AWAIT(status, mn_mux_read(self->port, task, &self->data));
        if (status != MN_OK) {
            break;
        }
        MN_AWAIT(status,
                 mn_mux_send(self->port, &self->sender, task, self->data.data, self->data.len));
        mn_mux_release(self->port, self->data.len);
    }
    return status;
    MN_END();
}

static void loopback_drop(mn_task_t *task) {
    loopback_t *self = MN_CONTAINER_OF(task, loopback_t, task);
    mn_mux_open_cancel(&self->opener);
    if (self->port != NULL) {
        mn_mux_send_cancel(self->port, &self->sender);
        mn_mux_read_cancel(self->port);
        mn_mux_close(self->port);
    }
}

static const mn_task_type_t loopback_type = {"loopback", loopback_poll, loopback_drop};

mn_status_t mn_loopback_start(mn_registry_t *registry, const mn_loopback_config_t *config,
                              mn_task_t **task) {
    mn_status_t status =
        mn_spawn_new(registry->kernel, sizeof(loopback_t), &loopback_type, NULL, task);
    if (status == MN_OK) {
        loopback_t *self = MN_CONTAINER_OF(*task, loopback_t, task);
        self->registry = registry;
        self->open = (mn_mux_open_t){.port = config->port, .capacity = config->buffer_size};
    }
    return status;
}
