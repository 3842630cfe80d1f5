// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Yielding, which is what running a ready task costs.

#include "bench.h"
#include "bench_system.h"
#include <mnemos/util.h>

static mn_task_t spinner;

static mn_status_t spinner_poll(mn_task_t *task) {
    MN_BEGIN(task);
    for (;;) {
        MN_YIELD();
    }
    MN_END();
}

static const mn_task_type_t spinner_type = {"spinner", spinner_poll, NULL};

static void start(bool time_polls) {
    bench_kernel_start(time_polls);
    spinner = (mn_task_t){0};
    mn_spawn(&bench_kernel, &spinner, &spinner_type, NULL);
}

static void start_plain(void) {
    start(false);
}

static void start_timed(void) {
    start(true);
}

static void yield(unsigned iterations) {
    for (const uint32_t before = spinner.polls; spinner.polls - before < iterations;) {
        (void)mn_kernel_tick(&bench_kernel);
    }
}

static const bench_t benches[] = {
    {.name = "yield", .unit = "ns", .aim = 5, .setup = start_plain, .run = yield, .count = 2560},
    // With the kernel looking for the longest poll. What the board's clock takes comes on top.
    {.name = "yield_timed", .unit = "ns", .setup = start_timed, .run = yield, .count = 2560},
};

const bench_table_t bench_kernel_table = {benches, MN_COUNT_OF(benches), "kernel"};
