// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "trace.h"

#include <mnemos/sermux.h>
#include <mnemos/trace_request.h>

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

// Between two times of asking for the same.
#define PATIENCE (NS_PER_S / 2)

// How much later than the earliest a heartbeat may have been for its time to be taken: clocks
// drift, and a message can be late, but never early.
#define DRIFT 100000

bool trace_init(trace_t *trace, const log_t *log, const options_t *options) {
    trace->log = log;
    trace->json = options->json;
    trace->wanted = options->levels;
    if (options->chrome_path != NULL && !chrome_open(&trace->chrome, options->chrome_path)) {
        complain("--chrome: cannot write %s: %s", options->chrome_path, strerror(errno));
        return false;
    }
    return true;
}

void trace_connected(trace_t *trace) {
    mn_trace_view_reconnected(&trace->view);
    trace->synced = false;
    trace->told_levels = false;
}

uint64_t trace_ns(const mn_trace_view_t *view, uint64_t ticks) {
    if (view->rate == 0) {
        return 0;
    }
    double rest = (double)(ticks % view->rate) * 1e9 / (double)view->rate;
    return ticks / view->rate * NS_PER_S + (uint64_t)rest;
}

static int64_t time_of_day(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * (int64_t)NS_PER_S + now.tv_nsec;
}

static void set_clock(trace_t *trace) {
    int64_t wall = time_of_day() - (int64_t)trace_ns(&trace->view, trace->view.time);
    if (!trace->anchored || wall < trace->wall + DRIFT) {
        trace->wall = wall;
    } else {
        trace->wall += DRIFT;
    }
    trace->anchored = true;
}

// ---------------------------------------------------------------------------------------------
// Requests

static void ask(wire_t *wire, const mn_trace_request_t *request) {
    uint8_t frame[MN_TRACE_REQUEST_FRAME_MAX];
    wire_send(wire, MN_SERMUX_TRACE, frame, mn_trace_request_write(request, frame));
}

static void ask_for_sites(trace_t *trace, wire_t *wire, uint64_t now) {
    trace->asked_sites = now;
    ask(wire, &(mn_trace_request_t){.kind = MN_TRACE_RESEND});
}

static void ask_for_levels(trace_t *trace, wire_t *wire, uint64_t now) {
    const mn_trace_levels_t *wanted = &trace->wanted;
    trace->asked_levels = now;
    ask(wire, &(mn_trace_request_t){.kind = MN_TRACE_SET_LEVEL, .level = wanted->level});
    for (unsigned i = 0; i < wanted->count; i++) {
        mn_trace_request_t request = {.kind = MN_TRACE_SET_TARGET, .level = wanted->rules[i].level};
        memcpy(request.prefix, wanted->rules[i].prefix, sizeof request.prefix);
        ask(wire, &request);
    }
}

// Whether each rule of one is in the other.
static bool includes(const mn_trace_levels_t *all, const mn_trace_levels_t *some) {
    for (unsigned i = 0; i < some->count; i++) {
        const mn_trace_rule_t *rule = &some->rules[i];
        unsigned at = 0;
        while (at < all->count && (all->rules[at].level != rule->level ||
                                   strcmp(all->rules[at].prefix, rule->prefix) != 0)) {
            at++;
        }
        if (at == all->count) {
            return false;
        }
    }
    return true;
}

static bool same_levels(const mn_trace_levels_t *a, const mn_trace_levels_t *b) {
    return a->level == b->level && a->count == b->count && includes(a, b);
}

// A target that was connected anew may have explained its trace points to somebody else, and
// everybody may have set its levels.
static void on_heartbeat(trace_t *trace, const mn_trace_heartbeat_t *heartbeat, wire_t *wire,
                         uint64_t now) {
    if (heartbeat->version != MN_TRACE_VERSION) {
        return;
    }
    set_clock(trace);
    if (!trace->synced) {
        trace->synced = true;
        ask_for_sites(trace, wire, now);
    }
    if (!same_levels(&heartbeat->levels, &trace->wanted) &&
        (trace->asked_levels == 0 || now >= trace->asked_levels + PATIENCE)) {
        ask_for_levels(trace, wire, now);
    }
}

// ---------------------------------------------------------------------------------------------
// Items

static bool is_hidden(const trace_t *trace, const mn_trace_item_t *item) {
    return item->site != NULL &&
           item->site->level > mn_trace_level_of(&trace->wanted, item->site->target);
}

static bool is_news(trace_t *trace, const mn_trace_heartbeat_t *heartbeat) {
    if (trace->log->verbose) {
        return true;
    }
    if (trace->told_levels && same_levels(&trace->told, &heartbeat->levels)) {
        return false;
    }
    trace->told_levels = true;
    trace->told = heartbeat->levels;
    return same_levels(&heartbeat->levels, &trace->wanted);
}

static void on_item(trace_t *trace, const mn_trace_item_t *item, uint64_t now) {
    chrome_add(&trace->chrome, item, trace_ns(&trace->view, item->time), now - trace->log->start);
    if (is_hidden(trace, item) ||
        (item->kind == MN_TRACE_ITEM_HEARTBEAT && !is_news(trace, &item->heartbeat))) {
        return;
    }
    if (trace->json) {
        trace_print_json(trace, item);
    } else {
        trace_print(trace, item);
    }
}

void trace_feed(trace_t *trace, const uint8_t *data, size_t len, wire_t *wire, uint64_t now) {
    mn_status_t status = MN_OK;
    while (status != MN_PENDING) {
        size_t used = 0;
        mn_trace_item_t item;
        status = mn_trace_view_feed(&trace->view, data, len, &used, &item);
        data += used;
        len -= used;
        if (status != MN_OK) {
            continue;
        }
        if (item.kind == MN_TRACE_ITEM_HEARTBEAT) {
            on_heartbeat(trace, &item.heartbeat, wire, now);
        } else if (item.kind == MN_TRACE_ITEM_UNKNOWN && now >= trace->asked_sites + PATIENCE) {
            ask_for_sites(trace, wire, now);
        } else if (item.kind == MN_TRACE_ITEM_RESET) {
            trace->anchored = false;
            trace->asked_levels = 0;
        }
        on_item(trace, &item, now);
    }
}

bool trace_flush(trace_t *trace) {
    if (chrome_flush(&trace->chrome)) {
        return true;
    }
    complain("--chrome: %s", strerror(errno));
    return false;
}

void trace_report(const trace_t *trace) {
    const mn_trace_view_t *view = &trace->view;
    log_line(trace->log, MN_SERMUX_TRACE, "META",
             "%" PRIu32 " messages; skipped: %" PRIu32 " malformed, %" PRIu32 " too long; %" PRIu64
             " of unknown trace points, %" PRIu64 " without room",
             view->decoder.counters.messages, view->decoder.counters.bad,
             view->decoder.counters.overlong, view->unknown, view->lost);
}

void trace_close(trace_t *trace) {
    const uint8_t nothing = 0;
    size_t used = 0;
    mn_trace_item_t item;
    mn_trace_view_cut(&trace->view);
    while (mn_trace_view_feed(&trace->view, &nothing, 0, &used, &item) == MN_OK) {
        chrome_add(&trace->chrome, &item, trace_ns(&trace->view, item.time),
                   now_ns() - trace->log->start);
    }
    if (!chrome_close(&trace->chrome)) {
        complain("--chrome: the file is not complete: %s", strerror(errno));
    }
}
