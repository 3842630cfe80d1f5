// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// A trace's insides, shared by its recording side (record.c), its sending side (send.c), and the
// daemon that carries it.

#ifndef MNEMOS_TRACE_PRIVATE_H
#define MNEMOS_TRACE_PRIVATE_H

#include "frames.h"
#include <mnemos/trace.h>
#include <mnemos/trace_request.h>
#include <string.h>

// A record is a run of 32-bit words: a tag, the time, and what it says. The tag is the address of
// the trace point, so that recording has nothing to look up; the table that gives trace points
// their small numbers is searched when a record is sent.
enum {
    MN__TAG_WORDS = sizeof(uintptr_t) / 4,
    MN__HEAD_WORDS = MN__TAG_WORDS + 2,
    MN__TEXT_WORDS = (MN_TRACE_TEXT_MAX + 1) / 4,
    // With the number of a span.
    MN__RECORD_MAX = MN__HEAD_WORDS + 1 + MN_TRACE_FIELDS_MAX * MN__TEXT_WORDS,
};

// Tags that are no trace points.
#define MN__TAG_EXIT ((uintptr_t)1) // the number of the span
#define MN__TAG_TASK ((uintptr_t)2) // the task that the following is about, and its name

// Words in [sent, written) are records for the reader. Both count on and on; the place of a word is
// its count modulo the capacity. A record is never cut: the buffer goes on for MN__RECORD_MAX words
// behind its end, and then the same number of words at its beginning is not used.
//
// An interrupt handler that interrupts another one writes behind what the first has reserved, and
// is done before the first goes on. So what is reserved is complete as soon as nobody is writing.
typedef struct mn__trace_ring {
    uint32_t *words;
    uint32_t mask; // capacity - 1
    uint32_t volatile written;
    uint32_t volatile sent;
    uint32_t reserved; // interrupts only
    uint32_t writers;  // interrupts only
} mn__trace_ring_t;

enum { MN__RING_TASKS = 0, MN__RING_INTERRUPTS = 1, MN__RINGS = 2 };

// What the filter thought of a trace point, by a hash of its address: the address, and in its
// lowest bit the answer, so that a place can be replaced in one store whoever interrupts whom.
enum { MN__WANTED_PLACES = 64 };

typedef struct mn__trace_site {
    const mn_trace_site_t *site;
    uint16_t id;
    bool told;
} mn__trace_site_t;

typedef struct mn__trace_task {
    const void *task;
    const char *name;
    bool told;
} mn__trace_task_t;

enum {
    MN__MESSAGE_MAX = 248, // nothing that a target says is longer
    MN__BATCH_MAX = 256,   // a frame of the mux takes as much, with the default settings
};

struct mn_trace {
    mn_trace_sink_t sink; // first
    mn_kernel_t *kernel;

    // Recording.
    mn__trace_ring_t rings[MN__RINGS];
    uint32_t volatile wake_at; // words in a ring at which the worker is woken
    mn_task_t *worker;         // is not recorded itself
    const void *task;          // whose the last record in the tasks' ring is
    bool filtered;             // not all targets have the same level
    uint32_t volatile next_span;
    uint32_t volatile events_dropped;
    uint32_t volatile spans_dropped;
    uintptr_t volatile wanted[MN__WANTED_PLACES];
    mn_trace_levels_t levels;

    // Sending.
    mn_trace_config_t config;
    mn__trace_site_t *sites; // a hash table of site_places, a power of two
    mn__trace_task_t *tasks;
    uint32_t site_places;
    uint32_t site_count;
    uint16_t next_task; // whose place is used when there is none left
    uint32_t ring_task; // context of the next record in the tasks' ring
    uint32_t context;   // what the host thinks the context is
    uint64_t last_time; // what the host thinks the time is
    uint32_t sites_dropped;
    uint32_t bad_requests;
    uint32_t told[4]; // the counters as the host knows them
    bool beat;
    bool pong;
    bool sending;
    uint64_t token;
    mn__frames_t requests;
    uint8_t request[MN_TRACE_REQUEST_FRAME_MAX];
    size_t message_len; // a message that is ready but did not fit
    size_t batch_len;
    uint8_t message[MN__MESSAGE_MAX];
    uint8_t batch[MN__BATCH_MAX];
};

// Makes the trace the kernel's sink, and sets its levels to work.
void mn__trace_apply_levels(mn_trace_t *self);
void mn__trace_attach(mn_trace_t *self);

// Length of a text, at most `most`.
static inline size_t mn__trace_len(const char *text, size_t most) {
    const char *end = memchr(text, 0, most);
    return (end != NULL) ? (size_t)(end - text) : most;
}

// Words of a record's values, as they are in the ring.
uint32_t mn__trace_words(const mn_trace_site_t *site, const uint32_t *values);

// Words in the fuller of the rings.
uint32_t mn__trace_used(const mn_trace_t *self);

// Says that the target is there, with the next messages.
void mn__trace_beat(mn_trace_t *self);

#endif
