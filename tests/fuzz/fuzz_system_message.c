// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Fuzzer: bytes from a stranger on the status port, in both directions. The first byte of an input
// says how the rest is cut. Checked: nothing is read or written outside (the sanitizer sees to
// that, pieces have exact sizes); a cut stream yields what the whole one yields; what was read is
// written as something that reads the same; and shares are shares.

#include <mnemos/cobs.h>
#include <mnemos/system_view.h>

#include <stdlib.h>
#include <string.h>

#define CHECK(cond)    \
    do {               \
        if (!(cond)) { \
            abort();   \
        }              \
    } while (0)

typedef struct tally {
    mn_system_counters_t counters;
    uint32_t digest;
} tally_t;

static uint32_t mix(uint32_t digest, const uint8_t *data, size_t len) {
    for (size_t i = 0; i < len; i++) {
        digest = digest * 31U + data[i];
    }
    return digest;
}

// What a row is written as, without COBS.
static size_t written(const mn_system_row_t *row, uint8_t *bytes) {
    uint8_t frame[MN_SYSTEM_FRAME_MAX];
    size_t len = 0;
    const size_t size = mn_system_row_write(row, frame);
    CHECK(size <= sizeof frame && memchr(frame, 0, size) == frame + size - 1);
    CHECK(mn_cobs_decode(bytes, MN_SYSTEM_MESSAGE_MAX, frame, size - 1, &len) == MN_OK);
    return len;
}

static bool is_ours(const mn_system_row_t *row) {
    return row->kind != MN_SYSTEM_HEADER || row->header.version == MN_SYSTEM_VERSION;
}

static uint32_t check_row(const mn_system_row_t *row) {
    uint8_t first[MN_SYSTEM_MESSAGE_MAX];
    uint8_t again[MN_SYSTEM_MESSAGE_MAX];
    mn_system_row_t read;
    if (!is_ours(row)) {
        return 1;
    }
    const size_t len = written(row, first);
    CHECK(mn_system_row_read((mn_cspan_t){first, len}, &read) == MN_OK);
    CHECK(written(&read, again) == len && memcmp(first, again, len) == 0);
    return mix(1, first, len);
}

static void check_view(const mn_system_view_t *now, const mn_system_view_t *before) {
    CHECK(now->task_count <= MN_SYSTEM_VIEW_TASKS && now->owner_count <= MN_SYSTEM_VIEW_OWNERS);
    for (unsigned since = 0; since < 2; since++) {
        const mn_system_view_t *start =
            (since == 1 && mn_system_view_follows(now, before)) ? before : NULL;
        const uint32_t busy = mn_system_busy_share(now, start);
        CHECK(busy <= MN_SYSTEM_WHOLE || busy == MN_SYSTEM_UNKNOWN);
        for (uint32_t i = 0; i < now->task_count; i++) {
            const uint32_t share = mn_system_task_share(now, start, i);
            CHECK(share <= MN_SYSTEM_WHOLE || share == MN_SYSTEM_UNKNOWN);
            CHECK(memchr(now->task_names[i], 0, sizeof(mn_system_name_t)) != NULL);
        }
    }
}

static tally_t run_stream(const uint8_t *data, size_t len, size_t step) {
    static mn_system_view_t now;
    static mn_system_view_t before;
    mn_system_decoder_t decoder = {0};
    uint32_t digest = 0;
    memset(&now, 0, sizeof now);
    memset(&before, 0, sizeof before);
    for (size_t at = 0; at < len;) {
        const size_t piece_len = (step < len - at) ? step : len - at;
        uint8_t *piece = malloc(piece_len);
        CHECK(piece != NULL);
        memcpy(piece, data + at, piece_len);
        size_t used = 0;
        mn_system_row_t row;
        const mn_status_t status = mn_system_decoder_feed(&decoder, piece, piece_len, &used, &row);
        CHECK(used <= piece_len && (status != MN_PENDING || used == piece_len));
        if (status == MN_OK) {
            digest = digest * 31U + check_row(&row);
            if (mn_system_view_add(&now, &row) == MN_OK) {
                check_view(&now, &before);
                before = now;
            }
        }
        free(piece);
        at += used;
    }
    return (tally_t){decoder.counters, digest};
}

// The same bytes as one message each way, without COBS.
static void check_one(const uint8_t *data, size_t len) {
    uint8_t *copy = malloc(len + (len == 0));
    CHECK(copy != NULL);
    memcpy(copy, data, len);
    mn_system_row_t row;
    mn_system_request_t request;
    if (mn_system_row_read((mn_cspan_t){copy, len}, &row) == MN_OK) {
        (void)check_row(&row);
    }
    if (mn_system_request_read((mn_cspan_t){copy, len}, &request) == MN_OK) {
        uint8_t frame[MN_SYSTEM_REQUEST_FRAME_MAX];
        uint8_t bytes[MN_SYSTEM_REQUEST_MAX];
        size_t again_len = 0;
        mn_system_request_t again;
        const size_t size = mn_system_request_write(&request, frame);
        CHECK(size <= sizeof frame);
        CHECK(mn_cobs_decode(bytes, sizeof bytes, frame, size - 1, &again_len) == MN_OK);
        CHECK(mn_system_request_read((mn_cspan_t){bytes, again_len}, &again) == MN_OK);
        CHECK(again.kind == request.kind && again.interval_ms == request.interval_ms);
    }
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) {
        return 0;
    }
    const size_t step = 1U + data[0];
    data++;
    size--;
    check_one(data, size);
    const tally_t whole = run_stream(data, size, size + 1);
    const tally_t cut = run_stream(data, size, step);
    CHECK(memcmp(&whole, &cut, sizeof whole) == 0);
    return 0;
}
