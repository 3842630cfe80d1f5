// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "chrome.h"

#include "json.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define PROCESSOR MN_TRACE_VIEW_TASKS // thread number of what is no task
#define END "\n]\n"

static void begin_event(chrome_t *chrome, char phase, unsigned thread) {
    if (chrome->ended && !chrome->fixed) {
        chrome->fixed = fseek(chrome->file, -(long)strlen(END), SEEK_CUR) != 0;
        chrome->ended = false;
    }
    fprintf(chrome->file, "%s{\"ph\":\"%c\",\"pid\":1,\"tid\":%u,\"ts\":%" PRIu64 ".%03u",
            chrome->any ? ",\n" : "[\n", phase, thread, chrome->last / 1000,
            (unsigned)(chrome->last % 1000));
    chrome->any = true;
}

static void put_name(chrome_t *chrome, const char *name, const char *category) {
    fputs(",\"name\":", chrome->file);
    json_text(chrome->file, name[0] != '\0' ? name : "?");
    fputs(",\"cat\":", chrome->file);
    json_text(chrome->file, category);
}

static void name_thread(chrome_t *chrome, const char *what, const char *name, unsigned thread) {
    begin_event(chrome, 'M', thread);
    fprintf(chrome->file, ",\"name\":\"%s\",\"args\":{\"name\":", what);
    json_text(chrome->file, name);
    fputs("}}", chrome->file);
}

bool chrome_open(chrome_t *chrome, const char *path) {
    *chrome = (chrome_t){.file = fopen(path, "w")};
    if (chrome->file == NULL) {
        return false;
    }
    name_thread(chrome, "process_name", "target", 0);
    name_thread(chrome, "thread_name", "processor", PROCESSOR);
    return chrome_flush(chrome);
}

static void put_args(chrome_t *chrome, const mn_trace_item_t *item) {
    const mn_trace_view_site_t *site = item->site;
    fprintf(chrome->file,
            ",\"args\":{\"level\":\"%s\",\"source\":", mn_trace_level_name(site->level));
    char source[MN_TRACE_VIEW_TEXT_MAX + 16];
    snprintf(source, sizeof source, "%s:%" PRIu32, site->file, site->line);
    json_text(chrome->file, source);
    fputs(item->count > 0 ? "," : "", chrome->file);
    json_fields(chrome->file, site, item->values, item->count);
    fputs("}", chrome->file);
}

static void begin_span(chrome_t *chrome, const mn_trace_view_span_t *span, bool again) {
    begin_event(chrome, 'B', span->task->id);
    put_name(chrome, span->site->name, span->site->target);
    const mn_trace_item_t item = {.site = span->site, .count = span->count, .values = span->values};
    if (again) {
        fputs(",\"args\":{\"continued\":true}", chrome->file);
    } else {
        put_args(chrome, &item);
    }
    fputs("}", chrome->file);
}

static void end_span(chrome_t *chrome, const mn_trace_view_span_t *span, bool cut) {
    begin_event(chrome, 'E', span->task->id);
    put_name(chrome, span->site->name, span->site->target);
    fputs(cut ? ",\"args\":{\"cut\":true}}" : "}", chrome->file);
}

// In a timeline spans of a thread are nested. If one ends before those inside of it, these are cut
// in two.
static void end_from_within(chrome_t *chrome, const mn_trace_item_t *item) {
    const mn_trace_view_span_t *inner[MN_TRACE_VIEW_SPANS];
    size_t count = 0;
    for (const mn_trace_view_span_t *span = item->task->innermost; span != item->inside;
         span = span->outer) {
        inner[count++] = span;
        end_span(chrome, span, false);
    }
    end_span(chrome, item->span, item->kind == MN_TRACE_ITEM_CUT);
    while (count > 0) {
        begin_span(chrome, inner[--count], true);
    }
}

static void end_poll(chrome_t *chrome) {
    if (chrome->polling) {
        begin_event(chrome, 'E', PROCESSOR);
        fputs("}", chrome->file);
        chrome->polling = false;
    }
}

static void add_slice(chrome_t *chrome, const mn_trace_item_t *item) {
    end_poll(chrome);
    if (item->kind == MN_TRACE_ITEM_ENTER) {
        begin_event(chrome, 'B', PROCESSOR);
        put_name(chrome, item->task->name, item->site->target);
        fputs("}", chrome->file);
        chrome->polling = true;
    }
}

static void add_event(chrome_t *chrome, const mn_trace_item_t *item) {
    begin_event(chrome, 'i', item->task->id);
    put_name(chrome, item->site->name, item->site->target);
    fputs(",\"s\":\"t\"", chrome->file);
    put_args(chrome, item);
    fputs("}", chrome->file);
}

static void add_note(chrome_t *chrome, const char *name) {
    begin_event(chrome, 'i', 0);
    put_name(chrome, name, "trace");
    fputs(",\"s\":\"g\"}", chrome->file);
}

static void set_time(chrome_t *chrome, const mn_trace_item_t *item, uint64_t ns, uint64_t now) {
    if (item->kind == MN_TRACE_ITEM_HEARTBEAT && !chrome->anchored) {
        chrome->anchor = now > ns ? now - ns : 0;
        chrome->anchored = true;
    }
    const uint64_t time = chrome->anchor + ns;
    chrome->last = time > chrome->last ? time : chrome->last;
}

static void add_of_task(chrome_t *chrome, const mn_trace_item_t *item) {
    const mn_trace_view_task_t *task = item->task;
    if (!chrome->named[task->id] || item->kind == MN_TRACE_ITEM_TASK) {
        chrome->named[task->id] = true;
        name_thread(chrome, "thread_name", task->name, task->id);
    }
    if (item->kind == MN_TRACE_ITEM_EVENT) {
        add_event(chrome, item);
    } else if (item->site == NULL) {
        return;
    } else if (item->site->kind == MN_TRACE_SLICE) {
        add_slice(chrome, item);
    } else if (item->kind == MN_TRACE_ITEM_ENTER) {
        begin_span(chrome, item->span, false);
    } else {
        end_from_within(chrome, item);
    }
}

void chrome_add(chrome_t *chrome, const mn_trace_item_t *item, uint64_t ns, uint64_t now) {
    if (chrome->file == NULL) {
        return;
    }
    if (item->kind == MN_TRACE_ITEM_RESET) {
        end_poll(chrome);
        add_note(chrome, "target reset");
        chrome->anchored = false;
        memset(chrome->named, 0, sizeof chrome->named);
        return;
    }
    set_time(chrome, item, ns, now);
    if (item->task != NULL) {
        add_of_task(chrome, item);
    } else if (item->kind == MN_TRACE_ITEM_DROPPED) {
        add_note(chrome, "dropped");
    }
}

bool chrome_flush(chrome_t *chrome) {
    if (chrome->file == NULL) {
        return true;
    }
    if (!chrome->ended && !chrome->fixed) {
        fputs(END, chrome->file);
        chrome->ended = true;
    }
    return fflush(chrome->file) == 0;
}

bool chrome_close(chrome_t *chrome) {
    if (chrome->file == NULL) {
        return true;
    }
    end_poll(chrome);
    if (!chrome->ended) {
        fputs(END, chrome->file);
    }
    bool good = ferror(chrome->file) == 0;
    good = fclose(chrome->file) == 0 && good;
    chrome->file = NULL;
    return good;
}
