// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "json.h"
#include "trace.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

static void put_time(const trace_t *trace, const char *type, uint64_t ticks) {
    const uint64_t ns = trace_ns(&trace->view, ticks);
    printf("{\"type\":\"%s\",\"time\":%" PRIu64 ".%09" PRIu64, type, ns / NS_PER_S, ns % NS_PER_S);
    if (trace->anchored) {
        const int64_t wall = trace->wall + (int64_t)ns;
        const time_t seconds = (time_t)(wall / (int64_t)NS_PER_S);
        struct tm utc;
        char text[32];
        gmtime_r(&seconds, &utc);
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
        printf(",\"wall\":\"%s.%06dZ\"", text, (int)(wall % (int64_t)NS_PER_S / 1000));
    }
}

static void put_object(const char *member, const mn_trace_view_site_t *site,
                       const mn_trace_scalar_t *values, unsigned count) {
    printf(",\"%s\":{", member);
    json_fields(stdout, site, values, count);
    putchar('}');
}

// The spans around it, outermost first.
static void put_spans(const mn_trace_view_span_t *inside) {
    const mn_trace_view_span_t *spans[MN_TRACE_VIEW_SPANS];
    size_t count = 0;
    for (; inside != NULL; inside = inside->outer) {
        spans[count++] = inside;
    }
    printf(",\"spans\":[");
    for (size_t i = count; i-- > 0;) {
        printf("{\"span\":%" PRIu64 ",\"name\":", spans[i]->id);
        json_text(stdout, spans[i]->site->name);
        put_object("fields", spans[i]->site, spans[i]->values, spans[i]->count);
        printf("}%s", i > 0 ? "," : "");
    }
    putchar(']');
}

static void put_member(const char *member, const char *text) {
    printf(",\"%s\":", member);
    json_text(stdout, text);
}

static void put_site(const mn_trace_view_site_t *site) {
    printf(",\"level\":\"%s\"", mn_trace_level_name(site->level));
    put_member("target", site->target);
    put_member(site->kind == MN_TRACE_EVENT ? "message" : "name", site->name);
    put_member("file", site->file);
    printf(",\"line\":%" PRIu32, site->line);
}

static void put_of_site(const trace_t *trace, const char *type, const mn_trace_item_t *item) {
    put_time(trace, type, item->time);
    put_site(item->site);
    put_member("task", item->task->name);
    if (item->span != NULL) {
        printf(",\"span\":%" PRIu64, item->span->id);
    }
    if (item->kind == MN_TRACE_ITEM_EXIT || item->kind == MN_TRACE_ITEM_CUT) {
        const uint64_t ns = trace_ns(&trace->view, item->duration);
        printf(",\"duration\":%" PRIu64 ".%09" PRIu64, ns / NS_PER_S, ns % NS_PER_S);
    }
    put_spans(item->inside);
    put_object("fields", item->site, item->values, item->count);
}

static void put_heartbeat(const mn_trace_heartbeat_t *heartbeat) {
    const mn_trace_levels_t *levels = &heartbeat->levels;
    printf(",\"version\":%" PRIu64 ",\"session\":%" PRIu64 ",\"rate\":%" PRIu64, heartbeat->version,
           heartbeat->session, heartbeat->rate);
    printf(",\"level\":\"%s\",\"targets\":{", mn_trace_level_name(levels->level));
    for (unsigned i = 0; i < levels->count; i++) {
        fputs(i > 0 ? "," : "", stdout);
        json_text(stdout, levels->rules[i].prefix);
        printf(":\"%s\"", mn_trace_level_name(levels->rules[i].level));
    }
    putchar('}');
}

void trace_print_json(const trace_t *trace, const mn_trace_item_t *item) {
    switch (item->kind) {
    case MN_TRACE_ITEM_EVENT:
        put_of_site(trace, "event", item);
        break;
    case MN_TRACE_ITEM_ENTER:
        put_of_site(trace, "enter", item);
        break;
    case MN_TRACE_ITEM_EXIT:
        put_of_site(trace, "exit", item);
        break;
    case MN_TRACE_ITEM_CUT:
        put_of_site(trace, "cut", item);
        break;
    case MN_TRACE_ITEM_RESET:
        put_time(trace, "reset", item->time);
        break;
    case MN_TRACE_ITEM_HEARTBEAT:
        put_time(trace, "heartbeat", item->time);
        put_heartbeat(&item->heartbeat);
        break;
    case MN_TRACE_ITEM_DROPPED:
        put_time(trace, "dropped", item->time);
        printf(",\"events\":%" PRIu64 ",\"spans\":%" PRIu64 ",\"sites\":%" PRIu64
               ",\"requests\":%" PRIu64,
               item->dropped.events, item->dropped.spans, item->dropped.sites,
               item->dropped.requests);
        break;
    case MN_TRACE_ITEM_UNKNOWN:
        put_time(trace, "unknown", item->time);
        printf(",\"site\":%" PRIu64, item->number);
        break;
    default:
        return;
    }
    puts("}");
}
