// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// What the target sends: frames go to the ports, text to the terminal, and what is neither is
// told and counted.

#ifndef CROWTTY_DEMUX_H
#define CROWTTY_DEMUX_H

#include "log.h"
#include "ports.h"
#include "text.h"
#include "trace.h"

#include <mnemos/sermux.h>

#include <stddef.h>
#include <stdint.h>

// Far above what targets are configured for.
#define DEMUX_MAX_FRAME 65536

typedef struct demux {
    const log_t *log;
    ports_t *ports;
    trace_t *trace;
    wire_t *wire; // for what the trace has to ask
    mn_sermux_decoder_t decoder;
    text_t text;
    uint64_t last_input;     // when bytes last came
    uint64_t pending_since;  // when the decoder's unfinished frame began
    uint64_t dropped;        // payload bytes for ports that are not mapped
    uint8_t told[65536 / 8]; // a bit for each such port that the user knows of
    uint8_t buffer[DEMUX_MAX_FRAME];
    uint8_t raw[MN_SERMUX_ENCODED_MAX(DEMUX_MAX_FRAME)];
} demux_t;

void demux_init(demux_t *demux, const log_t *log, ports_t *ports, trace_t *trace, wire_t *wire);

// Takes what was read from the line.
void demux_feed(demux_t *demux, const uint8_t *data, size_t len, uint64_t now);

// When demux_on_time wants to be called; NEVER if not before the next input.
uint64_t demux_deadline(const demux_t *demux);

// Shows text that has waited long enough for its end.
void demux_on_time(demux_t *demux, uint64_t now);

// The line was cut: nothing that comes later belongs to what came before.
void demux_cut(demux_t *demux);

// Tells what has been counted.
void demux_report(const demux_t *demux);

#endif
