// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// A kernel for benchmarks, on a clock that they set. There is one at a time.

#ifndef BENCH_SYSTEM_H
#define BENCH_SYSTEM_H

#include <mnemos/kernel.h>
#include <stddef.h>

#define BENCH_HEAP 262144U

extern mn_kernel_t bench_kernel;
extern uint64_t bench_now; // what the clock shows

// Start again with an empty kernel, reading the clock around every poll or not.
void bench_kernel_start(bool time_polls);

// Tick until nothing is ready.
void bench_kernel_run(void);

#endif
