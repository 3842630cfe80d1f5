// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The program of every image: board up, kernel from its configuration, services, run. What differs
// from board to board is behind board.h.

#include "board.h"
#include <mnemos/port.h>
#include <string.h>

static void require(mn_status_t status, const char *what) {
    if (status == MN_OK) {
        return;
    }
    char text[128] = "cannot start ";
    const char *const parts[] = {(what != NULL) ? what : "", ": ", mn_status_text(status)};
    for (size_t i = 0; i < MN_COUNT_OF(parts); i++) {
        strncat(text, parts[i], sizeof text - strlen(text) - 1);
    }
    mn_port_panic(&(mn_panic_t){.message = text});
}

static void run(mn_kernel_t *kernel) {
    while (mn_board_running()) {
        const mn_tick_report_t report = mn_kernel_tick(kernel);
        const uint32_t state = mn_port_irq_save();
        const bool idle = !report.has_remaining && !mn_kernel_has_work(kernel);
        mn_board_wait(idle ? report.next_deadline : 0);
        mn_port_irq_restore(state);
    }
}

int main(int argc, char **argv) {
    static mn_kernel_t kernel;
    static mn_registry_t registry;
    static mn_defaults_t services;
    const char *failed = NULL;

    mn_board_config_t config = {.max_services = 16, .services = MN_DEFAULTS};
    mn_board_init(argc, argv, &config);
    require(mn_kernel_init(&kernel, &config.kernel), "the kernel");
    (void)mn_kernel_make_current(&kernel);
    mn_registry_init(&registry, &kernel, config.max_services);
    // The services first, and the trace is the first of them: so the drivers' start is recorded.
    require(mn_defaults_start(&services, &registry, &config.services, &failed), failed);
    require(mn_board_start(&kernel, &registry, &failed), failed);
    run(&kernel);
    return mn_board_stop();
}
