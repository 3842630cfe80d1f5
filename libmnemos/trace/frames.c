// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "frames.h"
#include <mnemos/cobs.h>
#include <string.h>

// The zero has come.
static mn_status_t complete(mn__frames_t *frames, mn_cspan_t *frame) {
    const size_t len = frames->len;
    const bool skipped = frames->skipping;
    frames->len = 0;
    frames->skipping = false;
    if (skipped) {
        return MN_ETOOBIG;
    }
    frame->data = frames->buffer;
    return mn_cobs_decode(frames->buffer, frames->size, frames->buffer, len, &frame->len);
}

static void gather(mn__frames_t *frames, const uint8_t *data, size_t len) {
    if (len > frames->size - frames->len) {
        frames->skipping = true;
        frames->len = frames->size;
        return;
    }
    memcpy(frames->buffer + frames->len, data, len);
    frames->len += len;
}

mn_status_t mn__frames_feed(mn__frames_t *frames, const uint8_t *data, size_t len, size_t *used,
                            mn_cspan_t *frame) {
    size_t at = 0;
    while (at < len) {
        const uint8_t *zero = memchr(data + at, 0, len - at);
        const size_t run = (zero == NULL) ? len - at : (size_t)(zero - (data + at));
        if (run != 0) {
            gather(frames, data + at, run);
        }
        at += run;
        if (zero != NULL) {
            at++;
            if (frames->len != 0) {
                *used = at;
                return complete(frames, frame);
            }
        }
    }
    *used = len;
    return MN_PENDING;
}
