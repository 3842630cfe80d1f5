// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include <mnemos/trace_view.h>
#include <string.h>

// What is answered without taking bytes.
enum { NOTHING = 0, CUT_ALL, CUT_THEN_RESET, HEARTBEAT };

// How far from its place by number a span is looked for.
enum { SPAN_TRIES = 16 };

static void keep(char *out, size_t most, mn_cspan_t text) {
    const size_t len = (text.len < most) ? text.len : most;
    if (len != 0) {
        memcpy(out, text.data, len);
    }
    out[len] = '\0';
}

// ---------------------------------------------------------------------------------------------
// Tasks and trace points

static mn_trace_view_task_t *task_of(mn_trace_view_t *view, uint64_t id) {
    if (id >= MN_TRACE_VIEW_TASKS) {
        view->lost++;
        id = MN_TRACE_OUTSIDE;
    }
    mn_trace_view_task_t *task = &view->tasks[id];
    if (task->name[0] == '\0') {
        const char *name = (id == MN_TRACE_OUTSIDE)     ? "outside"
                           : (id == MN_TRACE_INTERRUPT) ? "interrupt"
                                                        : "?";
        task->id = (uint32_t)id;
        memcpy(task->name, name, strlen(name) + 1);
    }
    return task;
}

static bool on_context(mn_trace_view_t *view, mn_trace_item_t *item) {
    const mn_trace_message_t *message = &view->message;
    view->task = task_of(view, message->id);
    if (message->count == 0 || message->id >= MN_TRACE_VIEW_TASKS || message->name.len == 0) {
        return false;
    }
    keep(view->task->name, MN_TRACE_VIEW_TEXT_MAX, message->name);
    view->task->known = true;
    item->kind = MN_TRACE_ITEM_TASK;
    item->task = view->task;
    return true;
}

static bool on_site(mn_trace_view_t *view, mn_trace_item_t *item) {
    const mn_trace_site_text_t *text = &view->message.site;
    if (view->message.id >= MN_TRACE_VIEW_SITES) {
        view->lost++;
        return false;
    }
    mn_trace_view_site_t *site = &view->sites[view->message.id];
    *site = (mn_trace_view_site_t){.known = true,
                                   .kind = text->kind,
                                   .level = text->level,
                                   .count = text->count,
                                   .line = text->line};
    keep(site->target, MN_TRACE_VIEW_TEXT_MAX, text->target);
    keep(site->name, MN_TRACE_VIEW_TEXT_MAX, text->name);
    keep(site->file, MN_TRACE_VIEW_TEXT_MAX, text->file);
    for (unsigned i = 0; i < text->count; i++) {
        keep(site->fields[i], MN_TRACE_VIEW_FIELD_MAX, text->fields[i]);
    }
    item->kind = MN_TRACE_ITEM_SITE;
    item->site = site;
    return true;
}

// ---------------------------------------------------------------------------------------------
// Spans

static mn_trace_view_span_t *find_span(mn_trace_view_t *view, uint64_t id) {
    for (unsigned i = 0; i < SPAN_TRIES; i++) {
        mn_trace_view_span_t *span = &view->spans[(id + i) % MN_TRACE_VIEW_SPANS];
        if (span->open && span->id == id) {
            return span;
        }
    }
    return NULL;
}

static mn_trace_view_span_t *free_span(mn_trace_view_t *view, uint64_t id) {
    for (unsigned i = 0; i < SPAN_TRIES; i++) {
        mn_trace_view_span_t *span = &view->spans[(id + i) % MN_TRACE_VIEW_SPANS];
        if (!span->open) {
            return span;
        }
    }
    return NULL;
}

// The values outlive the message.
static void keep_values(mn_trace_view_span_t *span, const mn_trace_scalar_t *values,
                        uint8_t count) {
    span->count = count;
    for (unsigned i = 0; i < count; i++) {
        span->values[i] = values[i];
        if (values[i].type == MN_TRACE_STRING) {
            keep(span->texts[i], MN_TRACE_VIEW_TEXT_MAX, values[i].text);
            span->values[i].text = (mn_cspan_t){.data = (const uint8_t *)span->texts[i],
                                                .len = strlen(span->texts[i])};
        }
    }
}

// A copy, because the item refers to it after it has gone.
static void copy_span(mn_trace_view_span_t *to, const mn_trace_view_span_t *from) {
    *to = *from;
    keep_values(to, from->values, from->count);
}

static bool on_enter(mn_trace_view_t *view, const mn_trace_view_site_t *site,
                     mn_trace_item_t *item) {
    const mn_trace_scalar_t *values = view->message.values;
    if (view->message.count == 0 || values[0].type != MN_TRACE_UINT) {
        view->decoder.counters.bad++;
        return false;
    }
    mn_trace_view_span_t *span = find_span(view, values[0].number);
    if (span != NULL || (span = free_span(view, values[0].number)) == NULL) {
        view->lost++;
        return false;
    }
    mn_trace_view_task_t *task = view->task;
    *span = (mn_trace_view_span_t){
        .open = true, .id = values[0].number, .begin = view->time, .site = site, .task = task};
    keep_values(span, values + 1, (uint8_t)(view->message.count - 1));
    item->kind = MN_TRACE_ITEM_ENTER;
    item->task = task;
    item->span = span;
    item->inside = task->innermost;
    item->values = span->values;
    item->count = span->count;
    if (site->kind == MN_TRACE_SPAN) {
        span->outer = task->innermost;
        task->innermost = span;
    }
    return true;
}

// Take a span out of its task's; it need not be the innermost.
static void unlink_span(mn_trace_view_span_t *span) {
    span->open = false;
    for (mn_trace_view_span_t **link = &span->task->innermost; *link != NULL;
         link = &(*link)->outer) {
        if (*link == span) {
            *link = span->outer;
            return;
        }
    }
}

static void end_span(mn_trace_view_t *view, mn_trace_view_span_t *span, mn_trace_item_kind_t kind,
                     mn_trace_item_t *item) {
    unlink_span(span);
    copy_span(&view->ended, span);
    item->kind = kind;
    item->site = span->site;
    item->task = span->task;
    item->span = &view->ended;
    item->inside = (span->site->kind == MN_TRACE_SPAN) ? span->outer : span->task->innermost;
    item->duration = (view->time > span->begin) ? view->time - span->begin : 0;
    item->values = view->ended.values;
    item->count = view->ended.count;
}

static void pass_time(mn_trace_view_t *view, uint64_t delta) {
    view->time = (delta < UINT64_MAX - view->time) ? view->time + delta : UINT64_MAX;
}

static bool on_exit(mn_trace_view_t *view, mn_trace_item_t *item) {
    pass_time(view, view->message.delta);
    mn_trace_view_span_t *span = find_span(view, view->message.id);
    if (span == NULL) { // it began before we listened, or its beginning was lost
        return false;
    }
    end_span(view, span, MN_TRACE_ITEM_EXIT, item);
    return true;
}

static bool on_record(mn_trace_view_t *view, mn_trace_item_t *item) {
    const mn_trace_message_t *message = &view->message;
    pass_time(view, message->delta);
    const bool known = message->id < MN_TRACE_VIEW_SITES && view->sites[message->id].known;
    if (!known) {
        view->unknown++;
        item->kind = MN_TRACE_ITEM_UNKNOWN;
        item->number = message->id;
        return true;
    }
    const mn_trace_view_site_t *site = &view->sites[message->id];
    item->site = site;
    const unsigned extra = (site->kind == MN_TRACE_EVENT) ? 0 : 1;
    if (message->count != site->count + extra) {
        view->decoder.counters.bad++;
        return false;
    }
    if (extra != 0) {
        return on_enter(view, site, item);
    }
    item->kind = MN_TRACE_ITEM_EVENT;
    item->task = view->task;
    item->inside = view->task->innermost;
    item->values = message->values;
    item->count = message->count;
    return true;
}

// ---------------------------------------------------------------------------------------------
// The target's state

static void forget(mn_trace_view_t *view) {
    memset(view->sites, 0, sizeof view->sites);
    memset(view->tasks, 0, sizeof view->tasks);
    memset(view->spans, 0, sizeof view->spans);
    view->dropped = (mn_trace_dropped_t){0};
    view->task = task_of(view, MN_TRACE_OUTSIDE);
    view->time = 0;
}

static void take_heartbeat(mn_trace_view_t *view, const mn_trace_heartbeat_t *heartbeat,
                           mn_trace_item_t *item) {
    if (heartbeat->version == MN_TRACE_VERSION) {
        view->session = heartbeat->session;
        view->beat_time = heartbeat->time;
        view->time = heartbeat->time;
        view->rate = heartbeat->rate;
    }
    item->kind = MN_TRACE_ITEM_HEARTBEAT;
    item->heartbeat = *heartbeat;
}

static bool on_heartbeat(mn_trace_view_t *view, mn_trace_item_t *item) {
    const mn_trace_heartbeat_t *heartbeat = &view->message.heartbeat;
    const bool other = heartbeat->version == MN_TRACE_VERSION &&
                       (heartbeat->session != view->session || heartbeat->time < view->beat_time);
    if (view->rate != 0 && other) {
        view->heartbeat = *heartbeat;
        view->stage = CUT_THEN_RESET;
        view->next_cut = 0;
        return false;
    }
    take_heartbeat(view, heartbeat, item);
    return true;
}

static bool on_dropped(mn_trace_view_t *view, mn_trace_item_t *item) {
    const mn_trace_dropped_t *now = &view->message.dropped;
    const mn_trace_dropped_t before = view->dropped;
    view->dropped = *now;
    if (memcmp(now, &before, sizeof before) == 0) {
        return false;
    }
    item->kind = MN_TRACE_ITEM_DROPPED;
    item->dropped = (mn_trace_dropped_t){.events = now->events - before.events,
                                         .spans = now->spans - before.spans,
                                         .sites = now->sites - before.sites,
                                         .requests = now->requests - before.requests};
    return true;
}

static bool on_pong(mn_trace_view_t *view, mn_trace_item_t *item) {
    item->kind = MN_TRACE_ITEM_PONG;
    item->number = view->message.id;
    return true;
}

typedef bool on_fn(mn_trace_view_t *view, mn_trace_item_t *item);

static on_fn *const handlers[] = {
    [MN_TRACE_RECORD] = on_record,   [MN_TRACE_HEARTBEAT] = on_heartbeat, [MN_TRACE_SITE] = on_site,
    [MN_TRACE_DROPPED] = on_dropped, [MN_TRACE_CONTEXT] = on_context,     [MN_TRACE_EXIT] = on_exit,
    [MN_TRACE_PONG] = on_pong,
};

// The next of what is answered by itself. False if that is all.
static bool next_by_itself(mn_trace_view_t *view, mn_trace_item_t *item) {
    if (view->stage == HEARTBEAT) {
        view->stage = NOTHING;
        take_heartbeat(view, &view->heartbeat, item);
        item->time = view->time;
        return true;
    }
    item->time = view->time;
    while (view->next_cut < MN_TRACE_VIEW_SPANS) {
        mn_trace_view_span_t *span = &view->spans[view->next_cut++];
        if (span->open) {
            end_span(view, span, MN_TRACE_ITEM_CUT, item);
            return true;
        }
    }
    if (view->stage == CUT_ALL) {
        view->stage = NOTHING;
        return false;
    }
    view->stage = HEARTBEAT;
    forget(view);
    item->kind = MN_TRACE_ITEM_RESET;
    return true;
}

mn_status_t mn_trace_view_feed(mn_trace_view_t *view, const uint8_t *data, size_t len, size_t *used,
                               mn_trace_item_t *item) {
    *used = 0;
    *item = (mn_trace_item_t){0};
    if (view->task == NULL) {
        view->task = task_of(view, MN_TRACE_OUTSIDE);
    }
    for (;;) {
        if (view->stage != NOTHING && next_by_itself(view, item)) {
            return MN_OK;
        }
        size_t taken = 0;
        const mn_status_t status = mn_trace_decoder_feed(&view->decoder, data + *used, len - *used,
                                                         &taken, &view->message);
        *used += taken;
        if (status != MN_OK) {
            return status;
        }
        if (handlers[view->message.kind](view, item)) {
            item->time = view->time;
            return MN_OK;
        }
        *item = (mn_trace_item_t){0};
    }
}

void mn_trace_view_cut(mn_trace_view_t *view) {
    if (view->stage == NOTHING) {
        view->stage = CUT_ALL;
        view->next_cut = 0;
    }
}

void mn_trace_view_reconnected(mn_trace_view_t *view) {
    mn_trace_decoder_reset(&view->decoder);
}
