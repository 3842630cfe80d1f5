// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include <mnemos/system_view.h>
#include <string.h>

// Takes a row's name out of the decoder's buffer.
static void keep_name(mn_system_name_t name, mn_cspan_t *text) {
    const size_t len = (text->len < MN_SYSTEM_NAME_MAX) ? text->len : MN_SYSTEM_NAME_MAX;
    if (len != 0) {
        memcpy(name, text->data, len);
    }
    name[len] = '\0';
    *text = (mn_cspan_t){0};
}

// A place among `most`, or -1.
static int32_t take_place(mn_system_view_t *view, uint32_t *count, uint32_t most) {
    if (*count == most) {
        view->omitted++;
        return -1;
    }
    return (int32_t)(*count)++;
}

static void add_owner(mn_system_view_t *view, const mn_system_owner_t *owner) {
    const int32_t i = take_place(view, &view->owner_count, MN_SYSTEM_VIEW_OWNERS);
    if (i >= 0) {
        view->owners[i] = *owner;
        keep_name(view->owner_names[i], &view->owners[i].name);
    }
}

static void add_task(mn_system_view_t *view, const mn_system_task_t *task) {
    const int32_t i = take_place(view, &view->task_count, MN_SYSTEM_VIEW_TASKS);
    if (i >= 0) {
        view->tasks[i] = *task;
        keep_name(view->task_names[i], &view->tasks[i].name);
    }
}

static void add_service(mn_system_view_t *view, const mn_system_service_t *service) {
    const int32_t i = take_place(view, &view->service_count, MN_SYSTEM_VIEW_SERVICES);
    if (i >= 0) {
        view->services[i] = *service;
        keep_name(view->service_names[i], &view->services[i].name);
    }
}

static void add_port(mn_system_view_t *view, const mn_system_port_t *port) {
    const int32_t i = take_place(view, &view->port_count, MN_SYSTEM_VIEW_PORTS);
    if (i >= 0) {
        view->ports[i] = *port;
    }
}

static void add_row(mn_system_view_t *view, const mn_system_row_t *row) {
    switch (row->kind) {
    case MN_SYSTEM_HEAP:
        view->heap = row->heap;
        break;
    case MN_SYSTEM_OWNER:
        add_owner(view, &row->owner);
        break;
    case MN_SYSTEM_TASK:
        add_task(view, &row->task);
        break;
    case MN_SYSTEM_STALL:
        view->stall = row->stall;
        keep_name(view->stall_task, &view->stall.task);
        break;
    case MN_SYSTEM_SERVICE:
        add_service(view, &row->service);
        break;
    case MN_SYSTEM_LINE:
        view->line = row->line;
        view->has_line = true;
        break;
    case MN_SYSTEM_PORT:
        add_port(view, &row->port);
        break;
    case MN_SYSTEM_DROPS:
        view->drops = row->drops;
        view->has_drops = true;
        break;
    case MN_SYSTEM_HEADER:
    case MN_SYSTEM_TRAILER:
        break;
    }
}

static mn_status_t begin(mn_system_view_t *view, const mn_system_header_t *header) {
    memset(view, 0, sizeof *view);
    view->header = *header;
    view->open = header->version == MN_SYSTEM_VERSION;
    return view->open ? MN_PENDING : MN_ENOTSUP;
}

static mn_status_t end(mn_system_view_t *view, const mn_system_trailer_t *trailer) {
    view->open = false;
    view->trailer = *trailer;
    const bool whole = trailer->sequence == view->header.sequence && trailer->rows == view->rows;
    return whole ? MN_OK : MN_EDROPPED;
}

mn_status_t mn_system_view_add(mn_system_view_t *view, const mn_system_row_t *row) {
    if (row->kind == MN_SYSTEM_HEADER) {
        return begin(view, &row->header);
    }
    if (!view->open) {
        return MN_PENDING;
    }
    if (row->kind == MN_SYSTEM_TRAILER) {
        return end(view, &row->trailer);
    }
    add_row(view, row);
    view->rows++;
    return MN_PENDING;
}

// ---------------------------------------------------------------------------------------------
// Shares

bool mn_system_view_follows(const mn_system_view_t *now, const mn_system_view_t *before) {
    const mn_system_header_t *a = &before->header;
    const mn_system_header_t *b = &now->header;
    return a->version == b->version && a->rate == b->rate && a->sequence < b->sequence &&
           a->time < b->time && a->uptime < b->uptime && a->busy <= b->busy;
}

static uint32_t share(uint64_t part, uint64_t whole) {
    if (whole == 0) {
        return MN_SYSTEM_UNKNOWN;
    }
    if (part >= whole) {
        return MN_SYSTEM_WHOLE;
    }
    while (part > UINT64_MAX / MN_SYSTEM_WHOLE) { // so that the product fits
        part /= 2;
        whole /= 2;
    }
    return (uint32_t)(part * MN_SYSTEM_WHOLE / whole);
}

uint32_t mn_system_busy_share(const mn_system_view_t *now, const mn_system_view_t *before) {
    const mn_system_header_t *header = &now->header;
    if (!header->timed) {
        return MN_SYSTEM_UNKNOWN;
    }
    if (before == NULL) {
        return share(header->busy, header->uptime);
    }
    return share(header->busy - before->header.busy, header->time - before->header.time);
}

// The same task in an earlier snapshot. A number can have passed to another task; then its count of
// polls has gone back.
static const mn_system_task_t *find_task(const mn_system_view_t *before,
                                         const mn_system_task_t *task) {
    for (uint32_t i = 0; i < before->task_count; i++) {
        const mn_system_task_t *earlier = &before->tasks[i];
        if (earlier->id == task->id) {
            return ((uint32_t)(task->polls - earlier->polls) <= INT32_MAX) ? earlier : NULL;
        }
    }
    return NULL;
}

uint32_t mn_system_task_share(const mn_system_view_t *now, const mn_system_view_t *before,
                              uint32_t task) {
    const mn_system_header_t *header = &now->header;
    const mn_system_task_t *row = &now->tasks[task];
    if (!header->timed) {
        return MN_SYSTEM_UNKNOWN;
    }
    if (before == NULL) {
        // No task has run longer than all of them.
        return (header->busy <= UINT32_MAX) ? share(row->run_ticks, header->uptime)
                                            : MN_SYSTEM_UNKNOWN;
    }
    if (header->busy - before->header.busy > UINT32_MAX) {
        return MN_SYSTEM_UNKNOWN;
    }
    const mn_system_task_t *earlier = find_task(before, row);
    const uint32_t ran = row->run_ticks - ((earlier != NULL) ? earlier->run_ticks : 0);
    return share(ran, header->time - before->header.time);
}
