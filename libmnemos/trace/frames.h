// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// A stream of COBS frames, each ended by a zero byte, taken apart. Used for both directions.

#ifndef MNEMOS_TRACE_FRAMES_H
#define MNEMOS_TRACE_FRAMES_H

#include <mnemos/status.h>
#include <mnemos/util.h>
#include <stdbool.h>

typedef struct mn__frames {
    uint8_t *buffer;
    size_t size; // longest frame, without its zero
    size_t len;
    bool skipping; // after an overlong frame, up to its end
} mn__frames_t;

// Takes bytes until a frame is complete or all are used; *used says how many. MN_OK: *frame is
// what it carries, valid until the next call. MN_EBADFRAME: it was not COBS. MN_ETOOBIG: it was too
// long. MN_PENDING: all bytes are used. Empty frames are passed over.
mn_status_t mn__frames_feed(mn__frames_t *frames, const uint8_t *data, size_t len, size_t *used,
                            mn_cspan_t *frame);

#endif
