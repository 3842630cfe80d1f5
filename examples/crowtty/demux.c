// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "demux.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

// A target may print text without ever sending a zero byte, so text is also shown when the line
// has been quiet, and complete lines of it when the first has waited for long.
#define QUIET (100 * NS_PER_MS)
#define PATIENCE (250 * NS_PER_MS)

// The most bytes of a malformed frame that are shown.
#define SHOWN_BYTES 32

void demux_init(demux_t *demux, const log_t *log, ports_t *ports, trace_t *trace, wire_t *wire) {
    memset(demux, 0, sizeof *demux);
    demux->log = log;
    demux->ports = ports;
    demux->trace = trace;
    demux->wire = wire;
    text_init(&demux->text, log);
    // Cannot fail: the limit is far above the least.
    (void)mn_sermux_decoder_init(&demux->decoder, demux->buffer, sizeof demux->buffer);
}

// By chance, text can be a well-formed frame. Its port number is then made of two of its
// characters, and never one that is mapped: encoding again brings the text back.
static bool frame_is_text(demux_t *demux, const mn_sermux_frame_t *frame) {
    size_t len;
    if (mn_sermux_encode(demux->raw, sizeof demux->raw, frame->port, frame->payload.data,
                         frame->payload.len, &len) != MN_OK) {
        return false;
    }
    if (!text_is_printable(demux->raw, len - 1, false)) {
        return false;
    }
    text_add(&demux->text, demux->raw, len - 1);
    text_end_line(&demux->text);
    return true;
}

static void drop_frame(demux_t *demux, const mn_sermux_frame_t *frame) {
    uint8_t *told = &demux->told[frame->port / 8];
    uint8_t bit = (uint8_t)(1u << (frame->port % 8));
    demux->dropped += frame->payload.len;
    if ((*told & bit) == 0) {
        *told |= bit;
        log_line(demux->log, frame->port, "DMUX",
                 "the port is not mapped; what comes for it is dropped");
    }
}

static void on_frame(demux_t *demux, const mn_sermux_frame_t *frame) {
    bool mapped = ports_has(demux->ports, frame->port);
    if (!mapped && frame_is_text(demux, frame)) {
        return;
    }
    text_end_line(&demux->text);
    if (demux->log->verbose) {
        log_line(demux->log, frame->port, "DMUX", "%zu bytes", frame->payload.len);
    }
    if (frame->port == MN_SERMUX_TRACE) {
        trace_feed(demux->trace, frame->payload.data, frame->payload.len, demux->wire,
                   demux->last_input);
    } else if (mapped) {
        ports_deliver(demux->ports, frame->port, frame->payload.data, frame->payload.len);
    } else {
        drop_frame(demux, frame);
    }
}

static void tell_malformed(const demux_t *demux, const uint8_t *raw, size_t len) {
    size_t size;
    if (mn_cobs_decoded_size(raw, len, &size) != MN_OK) {
        log_line(demux->log, NO_PORT, "DMUX", "ERR! Bad decode! (%zu bytes)", len);
        return;
    }
    char shown[SHOWN_BYTES * 6 + 1] = "";
    size_t at = 0;
    for (size_t i = 0; i < len && i < SHOWN_BYTES; i++) {
        at += (size_t)snprintf(shown + at, sizeof shown - at, "0x%02x, ", raw[i]);
    }
    log_line(demux->log, NO_PORT, "DMUX", "ERR! bonus data? [%s0x00]", shown);
}

static void on_malformed(demux_t *demux, const mn_sermux_frame_t *frame) {
    const uint8_t *raw = frame->payload.data;
    size_t len = frame->payload.len;
    bool is_text = text_is_printable(raw, len, false);
    if (is_text) {
        text_add(&demux->text, raw, len);
    }
    text_end_line(&demux->text);
    if (!is_text) {
        tell_malformed(demux, raw, len);
    }
}

static void on_overlong(demux_t *demux, const mn_sermux_frame_t *frame) {
    if (text_is_printable(frame->payload.data, frame->payload.len, true)) {
        // More text may follow at once, so that there is nothing to skip.
        text_add(&demux->text, frame->payload.data, frame->payload.len);
        mn_sermux_decoder_reset(&demux->decoder);
        return;
    }
    text_end_line(&demux->text);
    log_line(demux->log, NO_PORT, "DMUX", "ERR! more than %zu bytes without an end are skipped",
             frame->payload.len);
}

void demux_feed(demux_t *demux, const uint8_t *data, size_t len, uint64_t now) {
    demux->last_input = now;
    while (len > 0) {
        size_t used;
        mn_sermux_frame_t frame;
        size_t pending = mn_sermux_decoder_pending(&demux->decoder).len;
        mn_status_t status = mn_sermux_decoder_feed(&demux->decoder, data, len, &used, &frame);
        if (status == MN_OK) {
            on_frame(demux, &frame);
        } else if (status == MN_EBADFRAME) {
            on_malformed(demux, &frame);
        } else if (status == MN_ETOOBIG) {
            on_overlong(demux, &frame);
        } else if (pending == 0) {
            demux->pending_since = now;
        }
        data += used;
        len -= used;
    }
}

// Whether the unfinished frame in the decoder is text so far.
static bool text_is_pending(const demux_t *demux) {
    mn_cspan_t pending = mn_sermux_decoder_pending(&demux->decoder);
    return pending.len > 0 && text_is_printable(pending.data, pending.len, true);
}

uint64_t demux_deadline(const demux_t *demux) {
    uint64_t quiet = demux->last_input + QUIET;
    if (text_is_pending(demux)) {
        uint64_t enough = demux->pending_since + PATIENCE;
        return quiet < enough ? quiet : enough;
    }
    return demux->text.len > 0 ? quiet : NEVER;
}

static void show_pending(demux_t *demux) {
    if (text_is_pending(demux)) {
        mn_cspan_t pending = mn_sermux_decoder_pending(&demux->decoder);
        text_add(&demux->text, pending.data, pending.len);
        mn_sermux_decoder_reset(&demux->decoder);
    }
}

void demux_on_time(demux_t *demux, uint64_t now) {
    if (now < demux_deadline(demux)) {
        return;
    }
    show_pending(demux);
    if (now >= demux->last_input + QUIET) {
        text_end_line(&demux->text);
    }
}

void demux_cut(demux_t *demux) {
    show_pending(demux);
    text_end_line(&demux->text);
    mn_sermux_decoder_reset(&demux->decoder);
}

void demux_report(const demux_t *demux) {
    const mn_sermux_counters_t *counters = &demux->decoder.counters;
    log_line(demux->log, NO_PORT, "DMUX",
             "%" PRIu32 " frames, %" PRIu32 " flushes; not frames: %" PRIu32 " malformed, %" PRIu32
             " without payload, %" PRIu32 " too long; %" PRIu64 " bytes for ports not mapped",
             counters->frames, counters->empty, counters->bad_cobs, counters->too_short,
             counters->overlong, demux->dropped);
}
