// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// What things take in memory, here and on a 32-bit RISC-V.

#include "bench.h"
#include "bench_rv32.h" // made when this is built
#include "bench_system.h"
#include <mnemos/defaults.h>
#include <mnemos/serial.h>
#include <mnemos/util.h>

static mn_registry_t registry;
static mn_serial_port_t serial;
static mn_ring_t to_send, received;
static uint8_t to_send_bytes[4096], received_bytes[4096];

// Heap in use once all default services run and wait.
static double services_heap(void) {
    mn_defaults_t defaults;
    mn_heap_stats_t stats;
    bench_kernel_start(false);
    mn_registry_init(&registry, &bench_kernel, 16);
    mn_ring_init(&to_send, to_send_bytes, sizeof(to_send_bytes));
    mn_ring_init(&received, received_bytes, sizeof(received_bytes));
    serial = (mn_serial_port_t){0};
    mn_status_t status = mn_serial_port_start(&serial, &registry, &to_send, &received);
    if (status == MN_OK) {
        status = mn_defaults_start(&defaults, &registry, &MN_DEFAULTS, NULL);
    }
    MN_ASSERT(status == MN_OK);
    bench_kernel_run();
    mn_heap_stats(&bench_kernel.heap, &stats);
    return (double)stats.in_use;
}

// The same and all that is not on the heap, but for the serial driver's rings.
static double whole(void) {
    return services_heap() +
           (double)(sizeof(mn_kernel_t) + sizeof(mn_registry_t) + sizeof(mn_serial_port_t));
}

static double task(void) {
    return sizeof(mn_task_t);
}

static double kernel(void) {
    return sizeof(mn_kernel_t);
}

static double task_rv32(void) {
    return BENCH_RV32_TASK;
}

static double task_header_rv32(void) {
    return BENCH_RV32_TASK_HEADER;
}

static double kernel_rv32(void) {
    return BENCH_RV32_KERNEL;
}

static double wheel_rv32(void) {
    return BENCH_RV32_WHEEL;
}

static const bench_t benches[] = {
    {.name = "ram_task", .unit = "B", .figure = task},
    {.name = "ram_kernel", .unit = "B", .figure = kernel},
    {.name = "ram_services_heap", .unit = "B", .figure = services_heap},
    {.name = "ram_whole", .unit = "B", .figure = whole},
    // What a task cannot do without; name and counters may double it.
    {.name = "ram_task_header_rv32",
     .unit = "B",
     .aim = 24,
     .figure = task_header_rv32,
     .missing = BENCH_RV32_MISSING},
    {.name = "ram_task_rv32",
     .unit = "B",
     .aim = 48,
     .figure = task_rv32,
     .missing = BENCH_RV32_MISSING},
    {.name = "ram_timers_rv32",
     .unit = "B",
     .aim = 1024,
     .figure = wheel_rv32,
     .missing = BENCH_RV32_MISSING},
    {.name = "ram_kernel_rv32", .unit = "B", .figure = kernel_rv32, .missing = BENCH_RV32_MISSING},
};

const bench_table_t bench_memory_table = {benches, MN_COUNT_OF(benches), "memory"};
