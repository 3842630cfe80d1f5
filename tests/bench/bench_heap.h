// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// What the benchmark program measures of the heap. Each function is deterministic.
//
// Each worst case is set up once; then the prepared heap is put back before every single call of
// the operation, whose argument is always 1.

#ifndef BENCH_HEAP_H
#define BENCH_HEAP_H

#include <stdint.h>

// Smallest heap that serves a long trace of mixed sizes and lifetimes, all of the heap's own data
// included, over the most bytes that were asked for at once, times 1000: the mean of several
// traces, each with its own random numbers. About a second.
uint64_t bench_heap_trace_ratio_x1000(void);

// An allocation that looks at all candidates of its class in vain, empties a row of lists, leaves a
// rest that goes far down a list, and is in the last of all regions.
void bench_heap_setup_alloc(void);
void bench_heap_worst_alloc(unsigned one);

// The same with an alignment, so that the block is found late and both of its ends become free.
void bench_heap_setup_aligned(void);
void bench_heap_worst_aligned(unsigned one);

// Freeing a block between two free ones, each the only one of its row, in the last of all regions.
void bench_heap_setup_free(void);
void bench_heap_worst_free(unsigned one);

// Put back what was set up.
void bench_heap_restore(void);

// One free and one allocation for each iteration, in a heap that is full of blocks of mixed sizes.
void bench_heap_typical(unsigned iterations);

#endif
