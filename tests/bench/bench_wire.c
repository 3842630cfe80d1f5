// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// COBS and mux frames.

#include "bench.h"
#include <mnemos/assert.h>
#include <mnemos/cobs.h>
#include <mnemos/sermux.h>
#include <mnemos/util.h>
#include <string.h>

#define BLOCK 4096
#define PAYLOAD 256

static uint8_t data[BLOCK];
static uint8_t encoded[MN_COBS_ENCODED_MAX(BLOCK)];
static uint8_t decoded[MN_COBS_ENCODED_MAX(BLOCK)];
static size_t encoded_len;

static uint8_t frame[MN_SERMUX_ENCODED_MAX(PAYLOAD)];
static uint8_t gathered[MN_SERMUX_FRAME_DEFAULT];
static size_t frame_len;
static mn_sermux_decoder_t decoder;

// Random bytes: one in 256 is a zero.
static void fill(void) {
    uint32_t random = 20260718;
    for (size_t i = 0; i < sizeof(data); i++) {
        random = random * 1664525U + 1013904223U;
        data[i] = (uint8_t)(random >> 24);
    }
}

static void start_cobs(void) {
    fill();
    encoded_len = mn_cobs_encode(encoded, data, sizeof(data));
}

static void cobs_encode(unsigned iterations) {
    for (; iterations != 0; iterations--) {
        encoded_len = mn_cobs_encode(encoded, data, sizeof(data));
    }
}

static void cobs_decode(unsigned iterations) {
    size_t len = 0;
    for (; iterations != 0; iterations--) {
        const mn_status_t status =
            mn_cobs_decode(decoded, sizeof(decoded), encoded, encoded_len, &len);
        MN_ASSERT(status == MN_OK && len == sizeof(data));
    }
}

static void start_mux(void) {
    fill();
    mn_status_t status = mn_sermux_encode(frame, sizeof(frame), 10, data, PAYLOAD, &frame_len);
    MN_ASSERT(status == MN_OK);
    status = mn_sermux_decoder_init(&decoder, gathered, sizeof(gathered));
    MN_ASSERT(status == MN_OK);
}

static void mux_encode(unsigned iterations) {
    for (; iterations != 0; iterations--) {
        const mn_status_t status =
            mn_sermux_encode(frame, sizeof(frame), 10, data, PAYLOAD, &frame_len);
        MN_ASSERT(status == MN_OK);
    }
}

static void mux_decode(unsigned iterations) {
    mn_sermux_frame_t found;
    size_t used = 0;
    for (; iterations != 0; iterations--) {
        const mn_status_t status =
            mn_sermux_decoder_feed(&decoder, frame, frame_len, &used, &found);
        MN_ASSERT(status == MN_OK && used == frame_len && found.payload.len == PAYLOAD);
    }
}

static const bench_t benches[] = {
    {.name = "mux_encode",
     .unit = "MB/s",
     .setup = start_mux,
     .run = mux_encode,
     .bytes = PAYLOAD,
     .count = 1000},
    {.name = "mux_decode",
     .unit = "MB/s",
     .setup = start_mux,
     .run = mux_decode,
     .bytes = PAYLOAD,
     .count = 1000},
    {.name = "cobs_encode",
     .unit = "GB/s",
     .aim = 2.5,
     .setup = start_cobs,
     .run = cobs_encode,
     .bytes = BLOCK,
     .count = 200},
    {.name = "cobs_decode",
     .unit = "GB/s",
     .aim = 2.5,
     .setup = start_cobs,
     .run = cobs_decode,
     .bytes = BLOCK,
     .count = 200},
};

const bench_table_t bench_wire_table = {benches, MN_COUNT_OF(benches), "wire"};
