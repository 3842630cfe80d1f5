// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The target's trace: asks for what the user wants to see, and hands it to those who show it.

#ifndef CROWTTY_TRACE_H
#define CROWTTY_TRACE_H

#include "chrome.h"
#include "log.h"
#include "wire.h"

#include <mnemos/trace_view.h>

#include <stdbool.h>
#include <stdint.h>

typedef struct trace {
    const log_t *log;
    bool json;
    mn_trace_levels_t wanted;
    bool synced;            // the target knows what we want, or has been told
    bool told_levels;       // the user knows what the target records
    mn_trace_levels_t told; // that
    uint64_t asked_levels;  // when
    uint64_t asked_sites;   // when
    bool anchored;
    int64_t wall;        // nanoseconds to add to the target's time for the time of day
    uint64_t shown_time; // of the item that was shown last, in the target's ticks
    chrome_t chrome;
    mn_trace_view_t view;
} trace_t;

// Opens the file for the timeline, if there is one. False if that failed, which has been told.
bool trace_init(trace_t *trace, const log_t *log, const options_t *options);

// The line was connected anew.
void trace_connected(trace_t *trace);

// Takes what came on the trace port; requests leave over the wire.
void trace_feed(trace_t *trace, const uint8_t *data, size_t len, wire_t *wire, uint64_t now);

// Writes out what can be. False if the timeline's file is gone.
bool trace_flush(trace_t *trace);

// Tells what has been counted.
void trace_report(const trace_t *trace);

void trace_close(trace_t *trace);

// Nanoseconds of so many of the target's ticks.
uint64_t trace_ns(const mn_trace_view_t *view, uint64_t ticks);

// One item on standard output: as a line for a person, or as JSON.
void trace_print(trace_t *trace, const mn_trace_item_t *item);
void trace_print_json(const trace_t *trace, const mn_trace_item_t *item);

#endif
