// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Trace points: where nobody wants them, where they are recorded, and what is sent of them.

#define MN_TRACE_TARGET "bench"

#include "bench.h"
#include "bench_system.h"
#include <mnemos/assert.h>
#include <mnemos/trace.h>
#include <mnemos/util.h>

enum { RING = 131072, FIT = 4096 };

static mn_trace_t *trace;

static void restart(void) {
    mn_trace_config_t config = MN_TRACE_DEFAULTS;
    config.ring_size = RING;
    if (trace != NULL) {
        mn_trace_delete(trace);
    }
    mn_status_t status = mn_trace_new(&bench_kernel, &config, &trace);
    MN_ASSERT(status == MN_OK);
    mn_info("first", "value", 0U); // the task is known from here on
}

static void start(void) {
    trace = NULL; // it was the former kernel's
    bench_kernel_start(false);
    (void)mn_kernel_make_current(&bench_kernel);
    restart();
}

static void unwanted(unsigned iterations) {
    for (; iterations != 0; iterations--) {
        mn_debug("value", "value", iterations);
        __asm__ volatile("" ::: "memory"); // the level is looked at each time
    }
}

// The same loop without the event.
static void nothing(unsigned iterations) {
    for (; iterations != 0; iterations--) {
        __asm__ volatile("" ::: "memory");
    }
}

static void record(unsigned iterations) {
    for (; iterations != 0; iterations--) {
        if (iterations % FIT == 0) {
            restart();
        }
        mn_info("value", "value", iterations);
    }
    restart();
}

static size_t drain(void) {
    size_t bytes = 0;
    for (mn_cspan_t batch = mn_trace_take(trace); batch.len != 0; batch = mn_trace_take(trace)) {
        bytes += batch.len;
        mn_trace_taken(trace);
    }
    return bytes;
}

static void record_and_send(unsigned iterations) {
    for (; iterations != 0; iterations--) {
        bench_now += 1000;
        mn_info("value", "value", iterations);
        if (iterations % 64 == 0) {
            (void)drain();
        }
    }
    (void)drain();
}

// An event with a time stamp and a value of two bytes, of the first few trace points, COBS and its
// zero included.
static double bytes_of_an_event(void) {
    start();
    size_t before = 0;
    size_t bytes = 0;
    for (unsigned i = 0; i < 2; i++) {
        before = bytes;
        bench_now += 1000;
        mn_info("value", "value", 200U);
        bytes += drain();
    }
    return (double)(bytes - before);
}

static const bench_t benches[] = {
    {.name = "trace_disabled",
     .unit = "ns",
     .aim = 1,
     .setup = start,
     .run = unwanted,
     .count = 10000},
    {.name = "trace_disabled_loop", .unit = "ns", .setup = start, .run = nothing, .count = 10000},
    {.name = "trace_event", .unit = "ns", .setup = start, .run = record, .count = 4000},
    {.name = "trace_event_sent",
     .unit = "ns",
     .setup = start,
     .run = record_and_send,
     .count = 6400},
    {.name = "trace_event_bytes", .unit = "bytes", .aim = 8, .figure = bytes_of_an_event},
};

const bench_table_t bench_trace_table = {benches, MN_COUNT_OF(benches), "trace"};
