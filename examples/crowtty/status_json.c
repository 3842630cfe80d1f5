// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "json.h"
#include "status_view.h"

#include <inttypes.h>

typedef struct object {
    FILE *file;
    bool begun; // a comma goes before the next member
} object_t;

static void member(object_t *object, const char *name) {
    fputs(object->begun ? "," : "", object->file);
    object->begun = true;
    json_text(object->file, name);
    fputc(':', object->file);
}

static void number(object_t *object, const char *name, uint64_t value) {
    member(object, name);
    fprintf(object->file, "%" PRIu64, value);
}

static void text(object_t *object, const char *name, const char *value) {
    member(object, name);
    json_text(object->file, value);
}

// As a fraction, or null.
static void share(object_t *object, const char *name, uint32_t value) {
    member(object, name);
    if (value == MN_SYSTEM_UNKNOWN) {
        fputs("null", object->file);
    } else {
        fprintf(object->file, "%.4f", (double)value / MN_SYSTEM_WHOLE);
    }
}

static void begin(object_t *object, char bracket) {
    fputc(bracket, object->file);
    object->begun = false;
}

static void end(object_t *object, char bracket) {
    fputc(bracket, object->file);
    object->begun = true;
}

// An element of an array, an object.
static void element(object_t *object) {
    fputs(object->begun ? "," : "", object->file);
    begin(object, '{');
}

static void heap(object_t *object, const mn_system_heap_t *heap) {
    member(object, "heap");
    begin(object, '{');
    number(object, "total", heap->total);
    number(object, "in_use", heap->in_use);
    number(object, "peak", heap->peak);
    number(object, "largest_free", heap->largest_free);
    number(object, "blocks", heap->blocks);
    number(object, "failures", heap->failures);
    number(object, "bad_pointers", heap->bad_pointers);
    end(object, '}');
}

static void owners(object_t *object, const mn_system_view_t *now) {
    member(object, "owners");
    begin(object, '[');
    for (uint32_t i = 0; i < now->owner_count; i++) {
        const mn_system_owner_t *owner = &now->owners[i];
        element(object);
        text(object, "name", now->owner_names[i]);
        number(object, "in_use", owner->in_use);
        number(object, "peak", owner->peak);
        number(object, "blocks", owner->blocks);
        number(object, "failures", owner->failures);
        number(object, "quota", owner->quota);
        end(object, '}');
    }
    end(object, ']');
}

static void tasks(object_t *object, const mn_system_view_t *now, const mn_system_view_t *before) {
    static const char *const STATES[] = {"waiting", "ready", "running", "ending"};
    member(object, "tasks");
    begin(object, '[');
    for (uint32_t i = 0; i < now->task_count; i++) {
        const mn_system_task_t *task = &now->tasks[i];
        element(object);
        number(object, "id", task->id);
        text(object, "name", now->task_names[i]);
        text(object, "state", STATES[task->state]);
        share(object, "cpu", mn_system_task_share(now, before, i));
        number(object, "polls", task->polls);
        number(object, "wakes", task->wakes);
        number(object, "run_ticks", task->run_ticks);
        number(object, "longest_poll_ticks", task->longest_poll);
        end(object, '}');
    }
    end(object, ']');
}

static void stall(object_t *object, const mn_system_view_t *now) {
    member(object, "longest_poll");
    begin(object, '{');
    text(object, "task", now->stall_task);
    number(object, "ticks", now->stall.longest_poll);
    number(object, "stalls", now->stall.stalls);
    end(object, '}');
}

static void services(object_t *object, const mn_system_view_t *now) {
    member(object, "services");
    begin(object, '[');
    for (uint32_t i = 0; i < now->service_count; i++) {
        const mn_system_service_t *service = &now->services[i];
        char uuid[MN_UUID_TEXT_LEN + 1];
        mn_uuid_format(&service->uuid, uuid);
        element(object);
        text(object, "name", now->service_names[i]);
        text(object, "uuid", uuid);
        if (service->has_queue) {
            number(object, "clients", service->clients);
            number(object, "queued", service->depth);
            number(object, "slots", service->capacity);
        }
        end(object, '}');
    }
    end(object, ']');
}

static void line(object_t *object, const mn_system_line_t *line) {
    member(object, "line");
    begin(object, '{');
    number(object, "frames_in", line->frames);
    number(object, "frames_out", line->sent);
    number(object, "empty", line->empty);
    number(object, "malformed", (uint64_t)line->bad_cobs + line->too_short);
    number(object, "overlong", line->overlong);
    number(object, "no_port", line->no_port);
    number(object, "no_room", line->no_room);
    end(object, '}');
}

static void ports(object_t *object, const mn_system_view_t *now) {
    member(object, "ports");
    begin(object, '[');
    for (uint32_t i = 0; i < now->port_count; i++) {
        const mn_system_port_t *port = &now->ports[i];
        element(object);
        number(object, "port", port->number);
        number(object, "frames_in", port->frames_in);
        number(object, "frames_out", port->frames_out);
        number(object, "frames_lost", port->frames_lost);
        end(object, '}');
    }
    end(object, ']');
}

static void drops(object_t *object, const mn_system_drops_t *drops) {
    member(object, "trace_lost");
    begin(object, '{');
    number(object, "events", drops->events);
    number(object, "spans", drops->spans);
    number(object, "sites", drops->sites);
    number(object, "requests", drops->requests);
    end(object, '}');
}

static void header(object_t *object, const mn_system_view_t *now, const mn_system_view_t *before) {
    const mn_system_header_t *header = &now->header;
    uint32_t busy = mn_system_busy_share(now, before);
    number(object, "sequence", header->sequence);
    number(object, "time_ticks", header->time);
    number(object, "tick_hz", header->rate);
    number(object, "uptime_ticks", header->uptime);
    member(object, "uptime_s");
    fprintf(object->file, "%.3f", (double)header->uptime / (double)header->rate);
    number(object, "busy_ticks", header->busy);
    member(object, "timed");
    fputs(header->timed ? "true" : "false", object->file);
    share(object, "idle", busy == MN_SYSTEM_UNKNOWN ? busy : MN_SYSTEM_WHOLE - busy);
}

void status_print_json(FILE *file, const mn_system_view_t *now, const mn_system_view_t *before) {
    object_t object = {.file = file};
    begin(&object, '{');
    text(&object, "type", "status");
    header(&object, now, before);
    heap(&object, &now->heap);
    owners(&object, now);
    tasks(&object, now, before);
    stall(&object, now);
    services(&object, now);
    if (now->has_line) {
        line(&object, &now->line);
    }
    ports(&object, now);
    if (now->has_drops) {
        drops(&object, &now->drops);
    }
    number(&object, "bad_requests", now->trailer.bad);
    number(&object, "omitted", now->omitted);
    end(&object, '}');
    fputc('\n', file);
}
