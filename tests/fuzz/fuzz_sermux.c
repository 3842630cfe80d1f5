// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Fuzzer: bytes from a stranger against the mux decoder. The first two bytes of an input choose
// the limit on frames and how the rest is cut. Checked: nothing is read or written outside (the
// sanitizer sees to that, all buffers have exact sizes), a cut stream yields what the whole one
// yields, and what was decoded encodes to a frame that decodes to the same.

#include <mnemos/sermux.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(cond)    \
    do {               \
        if (!(cond)) { \
            abort();   \
        }              \
    } while (0)

typedef struct tally {
    mn_sermux_counters_t counters;
    uint32_t digest;
} tally_t;

static void *copy_of(const void *data, size_t len) {
    uint8_t *copy = malloc(len > 0 ? len : 1);
    CHECK(copy != NULL);
    if (len > 0) {
        memcpy(copy, data, len);
    }
    return copy;
}

static void check_reencoding(const mn_sermux_frame_t *frame) {
    size_t size = mn_sermux_encoded_max(frame->payload.len);
    uint8_t *wire = malloc(size);
    CHECK(wire != NULL);
    size_t n;
    CHECK(mn_sermux_encode(wire, size, frame->port, frame->payload.data, frame->payload.len, &n) ==
          MN_OK);
    CHECK(n <= size && n >= frame->payload.len + 4 && memchr(wire, 0, n) == wire + n - 1);
    mn_sermux_frame_t again;
    CHECK(mn_sermux_decode(wire, n, &again) == MN_OK);
    CHECK(again.port == frame->port && again.payload.len == frame->payload.len);
    CHECK(memcmp(again.payload.data, frame->payload.data, again.payload.len) == 0);
    free(wire);
}

static tally_t run_stream(const uint8_t *data, size_t len, size_t max_frame, size_t step) {
    uint8_t *buffer = malloc(max_frame);
    CHECK(buffer != NULL);
    mn_sermux_decoder_t decoder;
    CHECK(mn_sermux_decoder_init(&decoder, buffer, max_frame) == MN_OK);
    uint32_t digest = 0;
    size_t at = 0;
    while (at < len) {
        size_t piece_len = step < len - at ? step : len - at;
        uint8_t *piece = copy_of(data + at, piece_len);
        size_t done = 0;
        while (done < piece_len) {
            size_t used = 0;
            mn_sermux_frame_t frame;
            mn_status_t status =
                mn_sermux_decoder_feed(&decoder, piece + done, piece_len - done, &used, &frame);
            CHECK(used <= piece_len - done);
            done += used;
            if (status == MN_PENDING) {
                CHECK(done == piece_len);
                break;
            }
            if (status == MN_OK) {
                CHECK(frame.payload.len > 0);
                check_reencoding(&frame);
            }
            digest = digest * 31 + (uint32_t)status * 7 + frame.port;
            for (size_t i = 0; i < frame.payload.len; i++) {
                digest = digest * 31 + frame.payload.data[i];
            }
        }
        free(piece);
        at += piece_len;
    }
    CHECK(mn_sermux_decoder_pending(&decoder).len < max_frame);
    free(buffer);
    return (tally_t){decoder.counters, digest};
}

static void check_one_shot(const uint8_t *data, size_t len) {
    uint8_t *copy = copy_of(data, len);
    mn_sermux_frame_t frame;
    if (mn_sermux_decode(copy, len, &frame) == MN_OK) {
        check_reencoding(&frame);
    } else {
        CHECK(len == 0 || memcmp(copy, data, len) == 0);
    }
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) {
        return 0;
    }
    size_t max_frame = MN_SERMUX_FRAME_MIN + 2u * data[0];
    size_t step = 1u + data[1];
    data += 2;
    size -= 2;
    check_one_shot(data, size);
    tally_t whole = run_stream(data, size, max_frame, size + 1);
    tally_t cut = run_stream(data, size, max_frame, step);
    CHECK(memcmp(&whole, &cut, sizeof whole) == 0);
    return 0;
}
