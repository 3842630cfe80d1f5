// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "status_view.h"

#include "text.h"

#include <mnemos/sermux.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const STATES[] = {"waiting", "ready", "running", "ending"};

// ---------------------------------------------------------------------------------------------
// Pieces. A text is aligned to the left if its width is negative, as printf does.

// Bytes of the character at the beginning; 0 if it is none that can be shown.
static size_t character(const char *text, size_t len) {
    for (size_t n = 1; n <= 4 && n <= len; n++) {
        if (text_is_printable((const uint8_t *)text, n, false)) {
            return strchr("\a\b\t\n\v\f\r\x1b", text[0]) == NULL ? n : 0;
        }
    }
    return 0;
}

// A name of the target's, which may be anything, at the left of so many columns.
static void put_name(FILE *file, const char *name, unsigned width) {
    size_t len = strlen(name);
    unsigned column = 0;
    while (len > 0 && column < width) {
        size_t n = character(name, len);
        if (n == 0) {
            fputc('?', file);
            n = 1;
        } else {
            fwrite(name, 1, n, file);
        }
        name += n;
        len -= n;
        column++;
    }
    fprintf(file, "%*s", (int)(width - column), "");
}

static void put_size(FILE *file, uint64_t bytes, int width) {
    char text[32];
    double size = (double)bytes;
    if (size < 10000) {
        snprintf(text, sizeof text, "%" PRIu64 " B", bytes);
    } else if (size < 10000.0 * 1024) {
        snprintf(text, sizeof text, "%.1f KiB", size / 1024);
    } else {
        snprintf(text, sizeof text, "%.1f MiB", size / (1024.0 * 1024));
    }
    fprintf(file, "%*s", width, text);
}

static void put_share(FILE *file, uint32_t share, int width) {
    char text[16] = "-";
    if (share != MN_SYSTEM_UNKNOWN) {
        snprintf(text, sizeof text, "%.1f%%", share * 100.0 / MN_SYSTEM_WHOLE);
    }
    fprintf(file, "%*s", width, text);
}

// A stretch of time in ticks.
static void put_time(FILE *file, const mn_system_view_t *view, uint64_t ticks, int width) {
    char text[32] = "-";
    double us = (double)ticks * 1e6 / (double)view->header.rate;
    if (!view->header.timed) {
        // It is not known.
    } else if (us < 1000) {
        snprintf(text, sizeof text, "%.0f us", us);
    } else if (us < 1e6) {
        snprintf(text, sizeof text, "%.2f ms", us / 1e3);
    } else {
        snprintf(text, sizeof text, "%.2f s", us / 1e6);
    }
    fprintf(file, "%*s", width, text);
}

// ---------------------------------------------------------------------------------------------
// Tables

static uint32_t idle_share(const mn_system_view_t *now, const mn_system_view_t *before) {
    uint32_t busy = mn_system_busy_share(now, before);
    return busy == MN_SYSTEM_UNKNOWN ? busy : MN_SYSTEM_WHOLE - busy;
}

static void print_head(FILE *file, const mn_system_view_t *now, const mn_system_view_t *before) {
    uint64_t seconds = now->header.uptime / now->header.rate;
    fprintf(file, "up %" PRIu64 ":%02u:%02u, idle ", seconds / 3600, (unsigned)(seconds / 60 % 60),
            (unsigned)(seconds % 60));
    put_share(file, idle_share(now, before), 0);
    fputs("\nheap: ", file);
    put_size(file, now->heap.in_use, 0);
    fputs(" of ", file);
    put_size(file, now->heap.total, 0);
    fputs(" in use, peak ", file);
    put_size(file, now->heap.peak, 0);
    fputs("; largest free ", file);
    put_size(file, now->heap.largest_free, 0);
    fputc('\n', file);
    if (now->stall.longest_poll > 0) {
        fputs("longest poll: ", file);
        put_time(file, now, now->stall.longest_poll, 0);
        fputs(" by ", file);
        put_name(file, now->stall_task, (unsigned)strlen(now->stall_task));
        fprintf(file, "; %" PRIu64 " stalls\n", now->stall.stalls);
    }
}

typedef struct ranked {
    uint32_t share; // unknown ones are 0
    uint32_t index;
} ranked_t;

static int by_share(const void *a, const void *b) {
    const ranked_t *x = a;
    const ranked_t *y = b;
    if (x->share != y->share) {
        return x->share < y->share ? 1 : -1;
    }
    return x->index < y->index ? -1 : 1;
}

static void print_tasks(FILE *file, const mn_system_view_t *now, const mn_system_view_t *before) {
    ranked_t ranked[MN_SYSTEM_VIEW_TASKS] = {0};
    for (uint32_t i = 0; i < now->task_count; i++) {
        uint32_t share = mn_system_task_share(now, before, i);
        ranked[i] = (ranked_t){share == MN_SYSTEM_UNKNOWN ? 0 : share, i};
    }
    qsort(ranked, now->task_count, sizeof ranked[0], by_share);
    fprintf(file, "\n%-31s %-8s %6s %10s %10s %9s\n", "TASK", "STATE", "CPU", "POLLS", "WAKES",
            "LONGEST");
    for (uint32_t i = 0; i < now->task_count; i++) {
        uint32_t place = ranked[i].index;
        const mn_system_task_t *task = &now->tasks[place];
        put_name(file, now->task_names[place], 31);
        fprintf(file, " %-8s ", STATES[task->state]);
        put_share(file, mn_system_task_share(now, before, place), 6);
        fprintf(file, " %10" PRIu32 " %10" PRIu32 " ", task->polls, task->wakes);
        put_time(file, now, task->longest_poll, 9);
        fputc('\n', file);
    }
}

static void print_owners(FILE *file, const mn_system_view_t *now) {
    fprintf(file, "\n%-31s %10s %10s %7s %8s %8s\n", "HEAP OWNER", "IN USE", "PEAK", "BLOCKS",
            "REFUSED", "QUOTA");
    for (uint32_t i = 0; i < now->owner_count; i++) {
        const mn_system_owner_t *owner = &now->owners[i];
        put_name(file, now->owner_names[i], 31);
        put_size(file, owner->in_use, 11);
        put_size(file, owner->peak, 11);
        fprintf(file, " %7" PRIu64 " %8" PRIu64 " ", owner->blocks, owner->failures);
        if (owner->quota != 0) {
            put_size(file, owner->quota, 8);
        } else {
            fprintf(file, "%8s", "-");
        }
        fputc('\n', file);
    }
}

static void print_services(FILE *file, const mn_system_view_t *now) {
    fprintf(file, "\n%-20s %-36s %7s %6s %5s\n", "SERVICE", "UUID", "CLIENTS", "QUEUED", "SLOTS");
    for (uint32_t i = 0; i < now->service_count; i++) {
        const mn_system_service_t *service = &now->services[i];
        char uuid[MN_UUID_TEXT_LEN + 1];
        mn_uuid_format(&service->uuid, uuid);
        put_name(file, now->service_names[i], 20);
        fprintf(file, " %-36s ", uuid);
        if (service->has_queue) {
            fprintf(file, "%7" PRIu64 " %6" PRIu64 " %5" PRIu64 "\n", service->clients,
                    service->depth, service->capacity);
        } else {
            fprintf(file, "%7s %6s %5s\n", "-", "-", "-");
        }
    }
}

static const char *port_name(uint16_t number) {
    switch (number) {
#define PORT_NAME(identifier, port, name, direction, kind, meaning) \
    case (port):                                                    \
        return (name);
        MN_SERMUX_PORT_LIST(PORT_NAME)
#undef PORT_NAME
    default:
        return "";
    }
}

static void print_ports(FILE *file, const mn_system_view_t *now) {
    fprintf(file, "\n%-5s %-25s %12s %12s %12s\n", "PORT", "", "FRAMES IN", "FRAMES OUT", "LOST");
    for (uint32_t i = 0; i < now->port_count; i++) {
        const mn_system_port_t *port = &now->ports[i];
        fprintf(file, "%-5" PRIu16 " %-25s %12" PRIu32 " %12" PRIu32 " %12" PRIu32 "\n",
                port->number, port_name(port->number), port->frames_in, port->frames_out,
                port->frames_lost);
    }
    if (now->has_line) {
        const mn_system_line_t *line = &now->line;
        fprintf(file,
                "line: %" PRIu32 " frames in, %" PRIu32 " out; %" PRIu32 " malformed, %" PRIu32
                " too long,\n      %" PRIu32 " for closed ports, %" PRIu32 " for full ones\n",
                line->frames, line->sent, line->bad_cobs + line->too_short, line->overlong,
                line->no_port, line->no_room);
    }
}

static void print_losses(FILE *file, const mn_system_view_t *now) {
    const mn_system_drops_t *drops = &now->drops;
    if (now->has_drops) {
        fprintf(file,
                "trace: %" PRIu64 " events lost, %" PRIu64 " ends of spans, %" PRIu64
                " without a place\n",
                drops->events, drops->spans, drops->sites);
    }
    if (now->omitted > 0) {
        fprintf(file, "%" PRIu32 " more rows are not shown\n", now->omitted);
    }
}

void status_print(FILE *file, const mn_system_view_t *now, const mn_system_view_t *before) {
    print_head(file, now, before);
    print_tasks(file, now, before);
    print_owners(file, now);
    print_services(file, now);
    print_ports(file, now);
    print_losses(file, now);
}
