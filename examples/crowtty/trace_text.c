// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "text.h"
#include "trace.h"

#include <mnemos/sermux.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

// A line that grows up to a limit.
typedef struct line {
    size_t len;
    char text[4096];
} line_t;

static void add(line_t *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(line_t *line, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(line->text + line->len, sizeof line->text - line->len, format, arguments);
    va_end(arguments);
    if (n > 0) {
        size_t room = sizeof line->text - line->len - 1;
        line->len += (size_t)n < room ? (size_t)n : room;
    }
}

// Text from the target. What could play with the terminal is shown as \xNN.
static void add_foreign(line_t *line, const char *text, size_t len) {
    bool good = text_is_printable((const uint8_t *)text, len, false);
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !good)) {
            add(line, "\\x%02x", byte);
        } else {
            add(line, "%c", byte);
        }
    }
}

static void add_text(line_t *line, const char *text) {
    add_foreign(line, text, strlen(text));
}

static void add_value(line_t *line, const mn_trace_scalar_t *value) {
    switch (value->type) {
    case MN_TRACE_UINT:
        add(line, "%" PRIu64, value->number);
        break;
    case MN_TRACE_INT:
        add(line, "%" PRId64, value->integer);
        break;
    case MN_TRACE_BOOL:
        add(line, "%s", value->number != 0 ? "true" : "false");
        break;
    case MN_TRACE_REAL:
        add(line, "%g", value->real);
        break;
    case MN_TRACE_STRING:
        add(line, "\"");
        add_foreign(line, (const char *)value->text.data, value->text.len);
        add(line, "\"");
        break;
    }
}

static void add_fields(line_t *line, const mn_trace_view_site_t *site,
                       const mn_trace_scalar_t *values, unsigned count, const char *before) {
    for (unsigned i = 0; i < count; i++) {
        add(line, "%s", before);
        add_text(line, site->fields[i]);
        add(line, "=");
        add_value(line, &values[i]);
        before = ", ";
    }
}

static void add_span(line_t *line, const mn_trace_view_span_t *span) {
    add_text(line, span->site->name);
    if (span->count > 0) {
        add_fields(line, span->site, span->values, span->count, "{");
        add(line, "}");
    }
    add(line, ":");
}

static void add_spans(line_t *line, const mn_trace_view_span_t *span, unsigned depth) {
    if (span != NULL && depth < 16) {
        add_spans(line, span->outer, depth + 1);
        add_span(line, span);
    }
}

static void add_duration(line_t *line, uint64_t ns) {
    if (ns < 1000) {
        add(line, "%" PRIu64 "ns", ns);
    } else if (ns < 1000000) {
        add(line, "%.3gus", (double)ns / 1e3);
    } else if (ns < NS_PER_S) {
        add(line, "%.3gms", (double)ns / 1e6);
    } else {
        add(line, "%.3fs", (double)ns / 1e9);
    }
}

// Time of day, and how long after the line before.
static void add_time(trace_t *trace, line_t *line, uint64_t ticks) {
    const uint64_t since = ticks > trace->shown_time ? ticks - trace->shown_time : 0;
    trace->shown_time = ticks;
    if (!trace->anchored) {
        add(line, "--:--:--.------ ");
        return;
    }
    const int64_t wall = trace->wall + (int64_t)trace_ns(&trace->view, ticks);
    const time_t seconds = (time_t)(wall / (int64_t)NS_PER_S);
    struct tm local;
    char text[16];
    localtime_r(&seconds, &local);
    strftime(text, sizeof text, "%H:%M:%S", &local);
    add(line, "%s.%06d +", text, (int)(wall % (int64_t)NS_PER_S / 1000));
    add_duration(line, trace_ns(&trace->view, since));
    add(line, " ");
}

static const char *category_of(const mn_trace_item_t *item) {
    static const char *const names[] = {"OFF", "ERR", "WARN", "INFO", "DBUG", "TRCE"};
    return names[item->site->level];
}

static void add_levels(line_t *line, const mn_trace_levels_t *levels) {
    add(line, "%s", mn_trace_level_name(levels->level));
    for (unsigned i = 0; i < levels->count; i++) {
        add(line, ",");
        add_text(line, levels->rules[i].prefix);
        add(line, "=%s", mn_trace_level_name(levels->rules[i].level));
    }
}

static void print_of_site(trace_t *trace, const mn_trace_item_t *item) {
    line_t line = {0};
    const mn_trace_view_site_t *site = item->site;
    const bool slice = site->kind == MN_TRACE_SLICE;
    if (slice && item->kind == MN_TRACE_ITEM_ENTER) {
        return; // its end says all
    }
    add_time(trace, &line, item->time);
    add(&line, "[");
    add_text(&line, item->task->name);
    add(&line, "] ");
    add_spans(&line, item->inside, 0);
    if (item->span != NULL && !slice) {
        add_span(&line, item->span);
    }
    add(&line, "%s", line.text[line.len - 1] == ':' ? " " : "");
    add_text(&line, site->target);
    add(&line, ": ");
    if (slice) {
        add_text(&line, site->name);
        add(&line, " took ");
    } else if (item->kind == MN_TRACE_ITEM_EVENT) {
        add_text(&line, site->name);
        add_fields(&line, site, item->values, item->count, ", ");
    } else if (item->span != NULL && item->kind == MN_TRACE_ITEM_ENTER) {
        add(&line, "SPAN (%04" PRIu64 ")", item->span->id);
    } else if (item->span != NULL) {
        add(&line, "%s (%04" PRIu64 "): ", item->kind == MN_TRACE_ITEM_CUT ? " CUT" : " END",
            item->span->id);
    }
    if (item->kind == MN_TRACE_ITEM_EXIT || item->kind == MN_TRACE_ITEM_CUT) {
        add_duration(&line, trace_ns(&trace->view, item->duration));
    }
    log_line(trace->log, MN_SERMUX_TRACE, category_of(item), "%s", line.text);
}

static void print_meta(const trace_t *trace, const mn_trace_view_site_t *site) {
    static const char *const kinds[] = {"EVNT", "SPAN", "POLL"};
    line_t line = {0};
    add(&line, "%s %s ", mn_trace_level_name(site->level), kinds[site->kind]);
    add_text(&line, site->target);
    add(&line, " ");
    add_text(&line, site->name);
    add(&line, " [");
    add_text(&line, site->file);
    add(&line, ":%" PRIu32 "]", site->line);
    log_line(trace->log, MN_SERMUX_TRACE, "META", "%s", line.text);
}

static void print_heartbeat(const trace_t *trace, const mn_trace_heartbeat_t *heartbeat) {
    line_t line = {0};
    if (heartbeat->version != MN_TRACE_VERSION) {
        add(&line, "the target speaks version %" PRIu64 " of the trace protocol, not %d",
            heartbeat->version, MN_TRACE_VERSION);
    } else {
        add(&line, "the target records ");
        add_levels(&line, &heartbeat->levels);
    }
    log_line(trace->log, MN_SERMUX_TRACE, "BEAT", "%s", line.text);
}

void trace_print(trace_t *trace, const mn_trace_item_t *item) {
    const mn_trace_dropped_t *dropped = &item->dropped;
    if (item->kind <= MN_TRACE_ITEM_CUT) {
        print_of_site(trace, item);
    } else if (item->kind == MN_TRACE_ITEM_HEARTBEAT) {
        print_heartbeat(trace, &item->heartbeat);
    } else if (item->kind == MN_TRACE_ITEM_RESET) {
        trace->shown_time = 0;
        log_line(trace->log, MN_SERMUX_TRACE, "BEAT", "the target was reset");
    } else if (item->kind == MN_TRACE_ITEM_DROPPED) {
        log_line(trace->log, MN_SERMUX_TRACE, "DROP",
                 "the target has lost %" PRIu64 " events, %" PRIu64 " span records, %" PRIu64
                 " of too many trace points; refused %" PRIu64 " requests",
                 dropped->events, dropped->spans, dropped->sites, dropped->requests);
    } else if (item->kind == MN_TRACE_ITEM_UNKNOWN) {
        log_line(trace->log, MN_SERMUX_TRACE, "META", "unknown trace point %" PRIu64, item->number);
    } else if (item->kind == MN_TRACE_ITEM_SITE && trace->log->verbose) {
        print_meta(trace, item->site);
    }
}
