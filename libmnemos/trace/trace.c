// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Making a trace, and what can be set and seen.

#include "../base/ambient.h"
#include "private.h"
#include <mnemos/memory.h>
#include <string.h>

enum { RING_MIN = 512, TABLE_MAX = 4096 };

// The largest power of two that is not larger.
static uint32_t power_of_two(uint32_t number) {
    uint32_t power = 1;
    while (power <= number / 2) {
        power *= 2;
    }
    return power;
}

static bool is_valid(const mn_trace_config_t *config) {
    return config->ring_size >= RING_MIN && config->isr_ring_size >= RING_MIN &&
           config->ring_size <= UINT32_MAX / 8 && config->isr_ring_size <= UINT32_MAX / 8 &&
           config->max_sites != 0 && config->max_sites <= TABLE_MAX && config->max_tasks != 0 &&
           config->max_tasks <= TABLE_MAX && config->level <= MN_TRACE_TRACE;
}

// The struct, its tables and its rings are one block.
static mn_status_t allocate(mn_kernel_t *kernel, const mn_trace_config_t *config,
                            mn_trace_t **trace) {
    const uint32_t sizes[MN__RINGS] = {power_of_two(config->ring_size),
                                       power_of_two(config->isr_ring_size)};
    const uint32_t places = 2 * power_of_two(config->max_sites); // never full, so searching ends
    const size_t tables =
        places * sizeof(mn__trace_site_t) + config->max_tasks * sizeof(mn__trace_task_t);
    const size_t rings = sizes[0] + sizes[1] + MN__RINGS * MN__RECORD_MAX * sizeof(uint32_t);
    void *memory = NULL;
    mn_status_t status =
        mn_alloc(kernel, &kernel->task_owner, sizeof(mn_trace_t) + tables + rings, 0, &memory);
    if (status != MN_OK) {
        return status;
    }
    mn_trace_t *self = memory;
    memset(self, 0, sizeof *self + tables);
    self->sites = (mn__trace_site_t *)(void *)(self + 1);
    self->site_places = places;
    self->tasks = (mn__trace_task_t *)(void *)(self->sites + places);
    uint32_t *words = (uint32_t *)(void *)(self->tasks + config->max_tasks);
    for (size_t i = 0; i < MN__RINGS; i++) {
        const uint32_t capacity = sizes[i] / (uint32_t)sizeof(uint32_t);
        self->rings[i] = (mn__trace_ring_t){.words = words, .mask = capacity - 1};
        words += capacity + MN__RECORD_MAX;
    }
    *trace = self;
    return MN_OK;
}

static void set_sink(mn_kernel_t *kernel, mn_trace_sink_t *sink) {
    kernel->trace = sink;
    if (mn__ambient.kernel == kernel) {
        mn__ambient.trace_level = 0; // first, for an interrupt that comes in between
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
        mn__ambient.trace = sink;
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
        mn__ambient.trace_level = (sink != NULL) ? sink->level : 0;
    }
}

mn_status_t mn_trace_new(mn_kernel_t *kernel, const mn_trace_config_t *config, mn_trace_t **trace) {
    *trace = NULL;
    if (!is_valid(config)) {
        return MN_EINVAL;
    }
    if (kernel->trace != NULL) {
        return MN_EEXISTS;
    }
    mn_trace_t *self = NULL;
    mn_status_t status = allocate(kernel, config, &self);
    if (status != MN_OK) {
        return status;
    }
    self->kernel = kernel;
    self->config = *config;
    self->last_time = mn_now(kernel);
    self->config.session = (config->session != 0) ? config->session : self->last_time;
    self->levels.level = config->level;
    self->next_span = 1;
    self->context = UINT32_MAX;
    self->wake_at = UINT32_MAX;
    self->requests = (mn__frames_t){.buffer = self->request, .size = sizeof self->request};
    mn__trace_attach(self);
    set_sink(kernel, &self->sink);
    *trace = self;
    return MN_OK;
}

void mn_trace_delete(mn_trace_t *trace) {
    mn_kernel_t *kernel = trace->kernel;
    set_sink(kernel, NULL);
    mn_status_t status = mn_free(kernel, trace);
    MN_ASSERT(status == MN_OK);
}

mn_status_t mn_trace_set_level(mn_trace_t *trace, const char *prefix, uint8_t level) {
    const mn_status_t status = mn_trace_levels_set(&trace->levels, prefix, level);
    if (status == MN_OK) {
        mn__trace_apply_levels(trace);
    }
    return status;
}

mn_trace_levels_t mn_trace_levels(const mn_trace_t *trace) {
    return trace->levels;
}

mn_trace_dropped_t mn_trace_dropped(const mn_trace_t *trace) {
    return (mn_trace_dropped_t){.events = trace->events_dropped,
                                .spans = trace->spans_dropped,
                                .sites = trace->sites_dropped,
                                .requests = trace->bad_requests};
}
