// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "bench.h"
#include "bench_heap.h"
#include <mnemos/util.h>
#include <stddef.h>

static double ratio(void) {
    return (double)bench_heap_trace_ratio_x1000() / 1000.0;
}

static const bench_t benches[] = {
    // One free and one allocation.
    {.name = "heap_typical", .unit = "ns", .run = bench_heap_typical, .count = 2000},
    {.name = "heap_worst_alloc",
     .unit = "ns",
     .setup = bench_heap_setup_alloc,
     .before = bench_heap_restore,
     .run = bench_heap_worst_alloc,
     .count = 500},
    {.name = "heap_worst_aligned",
     .unit = "ns",
     .setup = bench_heap_setup_aligned,
     .before = bench_heap_restore,
     .run = bench_heap_worst_aligned,
     .count = 500},
    {.name = "heap_worst_free",
     .unit = "ns",
     .setup = bench_heap_setup_free,
     .before = bench_heap_restore,
     .run = bench_heap_worst_free,
     .count = 500},
    // Memory that a long trace of allocations needs over what is in use at its peak.
    {.name = "heap_needed_over_peak", .unit = "ratio", .aim = 1.25, .figure = ratio},
};

const bench_table_t bench_heap_table = {benches, MN_COUNT_OF(benches), "heap"};
