// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Where the rows of a snapshot come from. A snapshot goes through stages, one for each kind of row.

#include "serial_mux_private.h"
#include "system_status_private.h"
#include <string.h>

static mn_cspan_t text(const char *name) {
    return (mn_cspan_t){.data = (const uint8_t *)name, .len = (name == NULL) ? 0 : strlen(name)};
}

// For stages of a single row.
static bool is_first(mn__status_cursor_t *cursor) {
    return cursor->next++ == 0;
}

static bool header(mn__system_status_t *self, mn_system_row_t *row) {
    const mn_kernel_t *kernel = self->registry->kernel;
    if (!is_first(&self->cursor)) {
        return false;
    }
    const uint64_t now = mn_now(kernel);
    row->header = (mn_system_header_t){.version = MN_SYSTEM_VERSION,
                                       .sequence = self->sequence,
                                       .time = now,
                                       .rate = kernel->config.tick_hz,
                                       .uptime = now - self->started,
                                       .busy = mn_kernel_busy(kernel),
                                       .timed = kernel->config.time_polls,
                                       .interval_ms = self->interval_ms};
    return true;
}

static bool heap(mn__system_status_t *self, mn_system_row_t *row) {
    mn_heap_stats_t stats;
    if (!is_first(&self->cursor)) {
        return false;
    }
    mn_heap_stats(&self->registry->kernel->heap, &stats);
    row->heap = (mn_system_heap_t){.total = stats.total,
                                   .in_use = stats.in_use,
                                   .peak = stats.peak,
                                   .largest_free = stats.largest_free,
                                   .blocks = stats.blocks,
                                   .failures = stats.failures,
                                   .bad_pointers = stats.bad_pointers};
    return true;
}

const mn_heap_owner_t *mn__owner_at(const mn_heap_t *all, uint32_t index) {
    const mn_heap_owner_t *found = mn_heap_owner_next(all, NULL);
    for (uint32_t i = 0; i < index && found != NULL; i++) {
        found = mn_heap_owner_next(all, found);
    }
    return found;
}

static bool owner(mn__system_status_t *self, mn_system_row_t *row) {
    const mn_heap_owner_t *found = mn__owner_at(&self->registry->kernel->heap, self->cursor.next);
    if (found == NULL) {
        return false;
    }
    self->cursor.next++;
    row->owner = (mn_system_owner_t){.name = text(found->name),
                                     .in_use = found->in_use,
                                     .peak = found->peak,
                                     .blocks = found->blocks,
                                     .failures = found->failures,
                                     .quota = found->quota};
    return true;
}

mn_system_task_state_t mn__task_activity(const mn_task_t *task) {
    if (mn_task_state(task) != MN_TASK_LIVE) {
        return MN_SYSTEM_ENDING;
    }
    if (task->kernel->current == task) {
        return MN_SYSTEM_RUNNING;
    }
    return (task->run_next != NULL || task->inbox_next != NULL) ? MN_SYSTEM_READY
                                                                : MN_SYSTEM_WAITING;
}

const mn_task_t *mn__task_at(const mn_kernel_t *kernel, uint32_t index) {
    const mn_task_t *found = mn_kernel_next_task(kernel, NULL);
    for (uint32_t i = 0; i < index && found != NULL; i++) {
        found = mn_kernel_next_task(kernel, found);
    }
    return found;
}

static bool task(mn__system_status_t *self, mn_system_row_t *row) {
    const mn_kernel_t *kernel = self->registry->kernel;
    const mn_task_t *found = mn__task_at(kernel, self->cursor.next);
    if (found == NULL) {
        return false;
    }
    self->cursor.next++;
    row->task = (mn_system_task_t){
        // Its place in memory, seen from the kernel's.
        .id = (uint32_t)((uintptr_t)found - (uintptr_t)kernel),
        .name = text(found->name),
        .state = (uint8_t)mn__task_activity(found),
        .polls = found->polls,
        .wakes = mn_task_wakes(found),
        .run_ticks = found->run_ticks,
        .longest_poll = found->longest_poll,
    };
    return true;
}

static bool stall(mn__system_status_t *self, mn_system_row_t *row) {
    const mn_stall_report_t report = mn_kernel_stall(self->registry->kernel);
    if (!is_first(&self->cursor)) {
        return false;
    }
    row->stall = (mn_system_stall_t){
        .task = text(report.task), .longest_poll = report.longest_poll, .stalls = report.stalls};
    return true;
}

// Services are listed in the order of their numbers.
const mn_listener_t *mn__service_from(const mn_registry_t *registry, uint32_t id) {
    const mn_listener_t *found = mn_registry_next(registry, NULL);
    while (found != NULL && found->service_id < id) {
        found = mn_registry_next(registry, found);
    }
    return found;
}

static bool service(mn__system_status_t *self, mn_system_row_t *row) {
    const mn_listener_t *found = mn__service_from(self->registry, self->cursor.next);
    if (found == NULL) {
        return false;
    }
    self->cursor.next = found->service_id + 1;
    row->service =
        (mn_system_service_t){.name = text(found->service->name), .uuid = found->service->uuid};
    if (found->requests != NULL) {
        row->service.has_queue = true;
        row->service.clients = found->requests->client_count;
        row->service.depth = found->requests->depth;
        row->service.capacity = found->requests->capacity;
    }
    return true;
}

static bool line(mn__system_status_t *self, mn_system_row_t *row) {
    if (!is_first(&self->cursor)) {
        return false;
    }
    const mn_mux_stats_t stats = mn_serial_mux_stats(self->port->mux);
    row->line = (mn_system_line_t){.frames = stats.line.frames,
                                   .empty = stats.line.empty,
                                   .bad_cobs = stats.line.bad_cobs,
                                   .too_short = stats.line.too_short,
                                   .overlong = stats.line.overlong,
                                   .no_port = stats.no_port,
                                   .no_room = stats.no_room,
                                   .sent = stats.sent};
    return true;
}

// Ports are listed in the order in which they were opened.
static bool port(mn__system_status_t *self, mn_system_row_t *row) {
    const mn_list_t *ports = &self->port->mux->ports;
    const mn_mux_port_t *best = NULL;
    for (mn_list_t *node = mn_list_first(ports); node != NULL; node = mn_list_next(ports, node)) {
        const mn_mux_port_t *found = MN_CONTAINER_OF(node, mn_mux_port_t, link);
        if (found->number >= self->cursor.next && (best == NULL || found->number < best->number)) {
            best = found;
        }
    }
    if (best == NULL) {
        return false;
    }
    self->cursor.next = best->number + 1U;
    row->port = (mn_system_port_t){.number = best->number,
                                   .frames_in = best->frames_in,
                                   .frames_out = best->frames_out,
                                   .frames_lost = best->frames_lost};
    return true;
}

static bool drops(mn__system_status_t *self, mn_system_row_t *row) {
    if (self->trace == NULL || !is_first(&self->cursor)) {
        return false;
    }
    const mn_trace_dropped_t dropped = mn_trace_dropped(self->trace);
    row->drops = (mn_system_drops_t){.events = dropped.events,
                                     .spans = dropped.spans,
                                     .sites = dropped.sites,
                                     .requests = dropped.requests};
    return true;
}

static bool trailer(mn__system_status_t *self, mn_system_row_t *row) {
    if (!is_first(&self->cursor)) {
        return false;
    }
    row->trailer =
        (mn_system_trailer_t){.sequence = self->sequence, .rows = self->rows, .bad = self->bad};
    return true;
}

static const struct {
    mn_system_kind_t kind;
    bool (*next)(mn__system_status_t *self, mn_system_row_t *row);
} stages[] = {
    {MN_SYSTEM_HEADER, header},   {MN_SYSTEM_HEAP, heap},   {MN_SYSTEM_OWNER, owner},
    {MN_SYSTEM_TASK, task},       {MN_SYSTEM_STALL, stall}, {MN_SYSTEM_SERVICE, service},
    {MN_SYSTEM_LINE, line},       {MN_SYSTEM_PORT, port},   {MN_SYSTEM_DROPS, drops},
    {MN_SYSTEM_TRAILER, trailer},
};

bool mn__system_status_next(mn__system_status_t *self, mn_system_row_t *row) {
    mn__status_cursor_t *cursor = &self->cursor;
    while (cursor->stage < MN_COUNT_OF(stages)) {
        row->kind = stages[cursor->stage].kind;
        if (stages[cursor->stage].next(self, row)) {
            self->rows += (row->kind != MN_SYSTEM_HEADER) ? 1U : 0U;
            return true;
        }
        *cursor = (mn__status_cursor_t){.stage = (uint8_t)(cursor->stage + 1U)};
    }
    return false;
}
