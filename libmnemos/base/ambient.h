// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Changing which kernel is the current one. It is while it ticks, while it handles an interrupt,
// and while a board has made it so.
//
// An interrupt may come between any two stores. It looks at the kernel first, and replaces
// everything if that is not its own, so the kernel is the last to be set and the first to go.

#ifndef MNEMOS_BASE_AMBIENT_H
#define MNEMOS_BASE_AMBIENT_H

#include <mnemos/tracepoint.h>

static inline void mn__ambient_set(void *kernel, const char *(*task_name)(const void *kernel),
                                   mn_trace_sink_t *trace) {
    mn__ambient.kernel = NULL;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    mn__ambient.task_name = task_name;
    mn__ambient.trace = trace;
    mn__ambient.trace_level = (trace != NULL) ? trace->level : 0;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    mn__ambient.kernel = kernel;
}

#endif
