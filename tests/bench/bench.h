// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// What a benchmark is. Each source file has a table of them.
//
// An operation is set up once and then run for any number of iterations, again and again. It does
// the same work each time, so that its instructions can be counted.

#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stdint.h>

typedef struct bench {
    const char *name;
    const char *unit; // "ns", "GB/s" or "MB/s" for an operation; anything for a figure
    double aim;       // in that unit; 0 for none
    // An operation:
    void (*setup)(void);              // may be NULL
    void (*run)(unsigned iterations); // NULL for a figure
    void (*before)(void); // if not NULL it is called before every iteration and does not count
    unsigned bytes;       // that one iteration handles, for a rate
    unsigned count;       // iterations that are enough to count instructions; 0: not counted
    // A figure:
    double (*figure)(void); // NAN if what it measures is not installed
    const char *missing;    // why there is no figure, or NULL
} bench_t;

typedef struct bench_table {
    const bench_t *benches;
    unsigned count;
    const char *name; // to ask for all of them
} bench_table_t;

extern const bench_table_t bench_kernel_table;
extern const bench_table_t bench_timer_table;
extern const bench_table_t bench_message_table;
extern const bench_table_t bench_wire_table;
extern const bench_table_t bench_heap_table;
extern const bench_table_t bench_memory_table;
extern const bench_table_t bench_forth_table;
extern const bench_table_t bench_trace_table;

#endif
