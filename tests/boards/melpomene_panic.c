// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Melpomene, but whatever arrives on port 99 makes a task fail an assertion.

#include "board.h"

#include <mnemos/assert.h>

typedef struct bomb {
    mn_task_t task;
    mn_mux_opener_t opener;
    mn_mux_port_t *port;
    mn_registry_t *registry;
} bomb_t;

static mn_status_t bomb_poll(mn_task_t *task) {
    bomb_t *self = MN_CONTAINER_OF(task, bomb_t, task);
    const mn_mux_open_t open = {.port = 99, .capacity = 64};
    mn_status_t status = MN_OK;
    mn_span_t bytes;
    MN_BEGIN(task);
    MN_AWAIT(status, mn_mux_open(&self->opener, self->registry, task, &open, &self->port));
    MN_AWAIT(status, mn_mux_read(self->port, task, &bytes));
    MN_ASSERT(status == MN_EIO); // it is not
    MN_END();
}

int main(int argc, char **argv) {
    static const mn_task_type_t bomb_type = {"bomb", bomb_poll, NULL};
    static mn_kernel_t kernel;
    static mn_registry_t registry;
    static mn_defaults_t services;
    static bomb_t bomb = {.registry = &registry};
    const char *failed = NULL;

    mn_board_config_t config = {.max_services = 16, .services = MN_DEFAULTS};
    mn_board_init(argc, argv, &config);
    mn_status_t status = mn_kernel_init(&kernel, &config.kernel);
    mn_registry_init(&registry, &kernel, config.max_services);
    if (status == MN_OK) {
        status = mn_board_start(&kernel, &registry, &failed);
    }
    if (status == MN_OK) {
        status = mn_defaults_start(&services, &registry, &config.services, &failed);
    }
    mn_spawn(&kernel, &bomb.task, &bomb_type, NULL);
    while (status == MN_OK && mn_board_running()) {
        const mn_tick_report_t report = mn_kernel_tick(&kernel);
        mn_board_wait(report.has_remaining ? 0 : report.next_deadline);
    }
    return mn_board_stop();
}
