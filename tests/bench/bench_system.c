// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "bench_system.h"
#include <mnemos/assert.h>

mn_kernel_t bench_kernel;
uint64_t bench_now;

static _Alignas(max_align_t) uint8_t heap[BENCH_HEAP];

static uint64_t read_clock(void *context) {
    (void)context;
    return bench_now;
}

void bench_kernel_start(bool time_polls) {
    const mn_kernel_config_t config = {
        .heap = heap,
        .heap_size = sizeof(heap),
        .now = read_clock,
        .tick_hz = 1000000,
        .time_polls = time_polls,
    };
    bench_now = 0;
    const mn_status_t status = mn_kernel_init(&bench_kernel, &config);
    MN_ASSERT(status == MN_OK);
}

void bench_kernel_run(void) {
    while (mn_kernel_tick(&bench_kernel).has_remaining) {
    }
}
