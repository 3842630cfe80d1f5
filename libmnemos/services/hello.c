// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include <mnemos/daemons.h>
#include <string.h>

typedef struct hello {
    mn_task_t task;
    mn_registry_t *registry;
    mn_hello_config_t config;
    mn_mux_open_t open;
    mn_mux_opener_t opener;
    mn_mux_port_t *port;
    mn_mux_sender_t sender;
    mn_timer_t timer;
} hello_t;

static mn_status_t hello_poll(mn_task_t *task) {
    hello_t *self = MN_CONTAINER_OF(task, hello_t, task);
    mn_status_t status = MN_OK;
    MN_BEGIN(task);
    MN_AWAIT(status, mn_mux_open(&self->opener, self->registry, task, &self->open, &self->port));
    while (status == MN_OK) {
        MN_AWAIT(status,
                 mn_sleep(&self->timer, task, mn_ms(task->kernel, self->config.interval_ms)));
        MN_AWAIT(status, mn_mux_send(self->port, &self->sender, task, self->config.message,
                                     strlen(self->config.message)));
    }
    return status;
    MN_END();
}

static void hello_drop(mn_task_t *task) {
    hello_t *self = MN_CONTAINER_OF(task, hello_t, task);
    mn_timer_cancel(&self->timer);
    mn_mux_open_cancel(&self->opener);
    if (self->port != NULL) {
        mn_mux_send_cancel(self->port, &self->sender);
        mn_mux_close(self->port);
    }
}

static const mn_task_type_t hello_type = {"hello", hello_poll, hello_drop};

mn_status_t mn_hello_start(mn_registry_t *registry, const mn_hello_config_t *config,
                           mn_task_t **task) {
    if (strlen(config->message) > MN_HELLO_MESSAGE_MAX) {
        return MN_EINVAL;
    }
    mn_status_t status = mn_spawn_new(registry->kernel, sizeof(hello_t), &hello_type, NULL, task);
    if (status == MN_OK) {
        hello_t *self = MN_CONTAINER_OF(*task, hello_t, task);
        self->registry = registry;
        self->config = *config;
        self->open = (mn_mux_open_t){.port = config->port, .capacity = config->buffer_size};
    }
    return status;
}
