// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include <mnemos/tracepoint.h>
#include <stddef.h>

static const char *const names[] = {
#define NAME(identifier, value, name) [value] = (name),
    MN_TRACE_LEVEL_LIST(NAME)
#undef NAME
};

const char *mn_trace_level_name(uint8_t level) {
    return (level <= MN_TRACE_TRACE) ? names[level] : "?";
}

void mn__trace_enter(const mn_trace_site_t *site, const mn_trace_value_t *values,
                     mn_trace_span_t *span) {
    mn_trace_sink_t *sink = mn__ambient.trace;
    mn__trace_exit(span); // one that is still open would never end
    span->id = sink->enter(sink, site, values);
    span->sink = (span->id != 0) ? sink : NULL;
}

void mn__trace_exit(mn_trace_span_t *span) {
    mn_trace_sink_t *sink = span->sink;
    if (sink != NULL && sink == mn__ambient.trace) {
        sink->exit(sink, span->id);
    }
    span->sink = NULL;
}
