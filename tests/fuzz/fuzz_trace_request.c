// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Any bytes from a host: the target obeys or counts, and what it answers is understood.

#include <mnemos/cobs.h>
#include <mnemos/trace.h>
#include <mnemos/trace_request.h>
#include <mnemos/trace_view.h>
#include <string.h>

// What is understood can be said again, and means the same.
static void say_again(const uint8_t *data, size_t size) {
    mn_trace_request_t request;
    mn_trace_request_t again;
    if (mn_trace_request_read((mn_cspan_t){.data = data, .len = size}, &request) != MN_OK) {
        return;
    }
    uint8_t frame[MN_TRACE_REQUEST_FRAME_MAX];
    const size_t len = mn_trace_request_write(&request, frame);
    uint8_t bytes[MN_TRACE_REQUEST_FRAME_MAX];
    size_t used = 0;
    mn_status_t status = mn_cobs_decode(bytes, sizeof bytes, frame, len - 1, &used);
    MN_ASSERT(status == MN_OK);
    status = mn_trace_request_read((mn_cspan_t){.data = bytes, .len = used}, &again);
    MN_ASSERT(status == MN_OK);
    uint8_t same[MN_TRACE_REQUEST_FRAME_MAX];
    MN_ASSERT(mn_trace_request_write(&again, same) == len && memcmp(frame, same, len) == 0);
}

static uint64_t no_time(void *context) {
    (void)context;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static mn_trace_view_t view;
    static mn_kernel_t kernel;
    static _Alignas(max_align_t) uint8_t heap[32768];
    mn_trace_t *trace = NULL;
    say_again(data, size);
    const mn_kernel_config_t config = {
        .heap = heap, .heap_size = sizeof heap, .now = no_time, .tick_hz = 1000};
    mn_status_t status = mn_kernel_init(&kernel, &config);
    MN_ASSERT(status == MN_OK);
    status = mn_trace_new(&kernel, &MN_TRACE_DEFAULTS, &trace);
    MN_ASSERT(status == MN_OK);
    mn_trace_give(trace, (mn_cspan_t){.data = data, .len = size});
    memset(&view, 0, sizeof view);
    for (mn_cspan_t batch = mn_trace_take(trace); batch.len != 0; batch = mn_trace_take(trace)) {
        mn_trace_item_t item;
        size_t used = 0;
        while (mn_trace_view_feed(&view, batch.data, batch.len, &used, &item) == MN_OK) {
            batch.data += used;
            batch.len -= used;
        }
        mn_trace_taken(trace);
    }
    MN_ASSERT(view.decoder.counters.bad == 0 && view.decoder.counters.overlong == 0);
    mn_trace_delete(trace);
    return 0;
}
