// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The status service's insides: its task (system_status.c) and where its rows come from
// (system_status_rows.c).

#ifndef MNEMOS_SYSTEM_STATUS_PRIVATE_H
#define MNEMOS_SYSTEM_STATUS_PRIVATE_H

#include "../trace/frames.h"
#include <mnemos/system_status.h>

// Where a snapshot is. No pointers: whatever is told about may go between two rows.
typedef struct mn__status_cursor {
    uint8_t stage;
    uint32_t next; // of the rows of this stage: an index, or the least number that is still to come
} mn__status_cursor_t;

typedef struct mn__system_status {
    mn_task_t task;
    mn_registry_t *registry;
    mn_system_status_config_t config;
    const mn_trace_t *trace; // may be NULL
    uint64_t started;        // clock tick
    mn_mux_opener_t opener;
    mn_mux_port_t *port;

    // Requests.
    mn__frames_t requests;
    uint8_t request[MN_SYSTEM_REQUEST_FRAME_MAX];
    uint32_t bad;
    bool once;            // a snapshot is wanted as soon as possible
    uint32_t interval_ms; // 0: none after that
    uint64_t due;         // when the next one begins
    mn_timer_t timer;

    // The snapshot that is being sent.
    bool telling;
    uint32_t sequence;
    uint32_t rows;
    mn__status_cursor_t cursor;
    mn_mux_sender_t sender;
    size_t frame_len; // 0: there is none to send
    uint8_t frame[MN_SYSTEM_FRAME_MAX];
} mn__system_status_t;

// The next row of the snapshot, at most one walk through one list away; false after the last.
bool mn__system_status_next(mn__system_status_t *self, mn_system_row_t *row);

// The following are also for the words at the prompt. Each walks through one list.

// The index-th owner of the heap, or NULL.
const mn_heap_owner_t *mn__owner_at(const mn_heap_t *all, uint32_t index);

// The index-th task, or NULL.
const mn_task_t *mn__task_at(const mn_kernel_t *kernel, uint32_t index);

// The first service whose number is `id` or higher, or NULL.
const mn_listener_t *mn__service_from(const mn_registry_t *registry, uint32_t id);

// What a task is doing.
mn_system_task_state_t mn__task_activity(const mn_task_t *task);

#endif
