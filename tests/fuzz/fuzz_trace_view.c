// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Any bytes from a target: the view neither reads nor writes where it should not, every item refers
// to something, and cutting the input in pieces makes no difference to what is counted.

#include <mnemos/assert.h>
#include <mnemos/trace_view.h>
#include <stdint.h>
#include <string.h>

static void look(const mn_trace_item_t *item) {
    const bool of_site = item->kind <= MN_TRACE_ITEM_CUT;
    MN_ASSERT(!of_site || (item->site != NULL && item->task != NULL));
    MN_ASSERT(item->count <= MN_TRACE_FIELDS_MAX);
    unsigned depth = 0;
    for (const mn_trace_view_span_t *span = item->inside; span != NULL; span = span->outer) {
        MN_ASSERT(strlen(span->site->name) <= MN_TRACE_VIEW_TEXT_MAX);
        MN_ASSERT(depth++ < MN_TRACE_VIEW_SPANS);
    }
    uint8_t sum = 0;
    for (unsigned i = 0; i < item->count; i++) {
        if (item->values[i].type == MN_TRACE_STRING) {
            for (size_t at = 0; at < item->values[i].text.len; at++) {
                sum = (uint8_t)(sum + item->values[i].text.data[at]);
            }
        }
    }
    (void)sum;
}

static void feed(mn_trace_view_t *view, const uint8_t *data, size_t len) {
    mn_status_t status = MN_OK;
    while (status != MN_PENDING) {
        mn_trace_item_t item;
        size_t used = 0;
        status = mn_trace_view_feed(view, data, len, &used, &item);
        MN_ASSERT(used <= len);
        data += used;
        len -= used;
        if (status == MN_OK) {
            look(&item);
        }
    }
    MN_ASSERT(len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static mn_trace_view_t whole;
    static mn_trace_view_t pieces;
    memset(&whole, 0, sizeof whole);
    memset(&pieces, 0, sizeof pieces);
    feed(&whole, data, size);
    for (size_t at = 0; at < size; at += 7) {
        feed(&pieces, data + at, (size - at < 7) ? size - at : 7);
    }
    MN_ASSERT(memcmp(&whole.decoder.counters, &pieces.decoder.counters,
                     sizeof whole.decoder.counters) == 0);
    MN_ASSERT(whole.unknown == pieces.unknown && whole.lost == pieces.lost);
    mn_trace_view_cut(&whole);
    feed(&whole, data, 0);
    return 0;
}
