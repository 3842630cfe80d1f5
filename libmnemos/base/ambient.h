// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The one thing that is not reached through a parameter: which kernel is ticking. It lets a panic
// name the running task and traces find their kernel. The kernel sets it for the time of a tick.

#ifndef MNEMOS_BASE_AMBIENT_H
#define MNEMOS_BASE_AMBIENT_H

typedef struct mn__ambient {
    void *kernel;                                 // the kernel whose tick is running, or NULL
    const char *(*task_name)(const void *kernel); // name of its running task, or NULL
} mn__ambient_t;

extern mn__ambient_t mn__ambient;

#endif
