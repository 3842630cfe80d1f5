// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The sending side: from ring to message.
//
// One message is made at a time. What a record needs to be understood (its task, its trace point)
// goes before it, as messages of their own; the record stays in its ring until its turn.

#include "../base/ambient.h"
#include "private.h"
#include <cbor.h>
#include <mnemos/cobs.h>
#include <string.h>

// ---------------------------------------------------------------------------------------------
// Writing CBOR. Texts are cut so that no message exceeds MN__MESSAGE_MAX.

enum { TARGET_MAX = 31, NAME_MAX = 60, FILE_MAX = 36, FIELD_MAX = 14 };

static void add(mn_trace_t *self, size_t written) {
    MN_ASSERT(written != 0);
    self->message_len += written;
}

#define ROOM(self) (self)->message + (self)->message_len, MN__MESSAGE_MAX - (self)->message_len

static void put_uint(mn_trace_t *self, uint64_t number) {
    add(self, cbor_encode_uint(number, ROOM(self)));
}

static void put_int(mn_trace_t *self, int64_t number) {
    if (number >= 0) {
        put_uint(self, (uint64_t)number);
    } else {
        add(self, cbor_encode_negint((uint64_t)(-1 - number), ROOM(self)));
    }
}

static void put_real(mn_trace_t *self, double number) {
    const float small = (float)number;
    if ((double)small == number) {
        add(self, cbor_encode_single(small, ROOM(self)));
    } else {
        add(self, cbor_encode_double(number, ROOM(self)));
    }
}

static void put_bytes(mn_trace_t *self, const char *text, size_t len) {
    add(self, cbor_encode_string_start(len, ROOM(self)));
    MN_ASSERT(len <= MN__MESSAGE_MAX - self->message_len);
    memcpy(self->message + self->message_len, text, len);
    self->message_len += len;
}

static void put_text(mn_trace_t *self, const char *text, size_t most) {
    put_bytes(self, text, mn__trace_len(text, most));
}

static void begin(mn_trace_t *self, mn_trace_message_kind_t kind) {
    put_int(self, -(int64_t)kind);
}

// ---------------------------------------------------------------------------------------------
// Records as they are in the rings

typedef struct record {
    mn__trace_ring_t *ring; // NULL: there is none
    uintptr_t tag;
    uint64_t time;
    const uint32_t *values;
    uint32_t words; // all of it
} record_t;

static uint64_t wide_at(const uint32_t *at) {
    return at[0] | (uint64_t)at[1] << 32U;
}

static uintptr_t word_at(const uint32_t *at) {
    return (MN__TAG_WORDS == 2) ? (uintptr_t)wide_at(at) : at[0];
}

static const mn_trace_site_t *site_of(const record_t *record) {
    return (const mn_trace_site_t *)record->tag;
}

static bool has_span(const record_t *record) {
    return record->tag > MN__TAG_TASK && site_of(record)->kind != MN_TRACE_EVENT;
}

static record_t peek(mn__trace_ring_t *ring) {
    record_t record = {0};
    if (ring->sent == ring->written) {
        return record;
    }
    __atomic_signal_fence(__ATOMIC_ACQUIRE);
    const uint32_t *at = &ring->words[ring->sent & ring->mask];
    record.ring = ring;
    record.tag = word_at(at);
    record.time = wide_at(at + MN__TAG_WORDS);
    record.values = at + MN__HEAD_WORDS;
    record.words = MN__HEAD_WORDS;
    if (record.tag == MN__TAG_EXIT) {
        record.words += 1;
    } else if (record.tag == MN__TAG_TASK) {
        record.words += 2 * MN__TAG_WORDS;
    } else {
        const uint32_t extra = has_span(&record) ? 1 : 0;
        record.words += extra + mn__trace_words(site_of(&record), record.values + extra);
    }
    return record;
}

// The older of the first ones in both rings.
static record_t next_record(mn_trace_t *self) {
    const record_t task = peek(&self->rings[MN__RING_TASKS]);
    const record_t isr = peek(&self->rings[MN__RING_INTERRUPTS]);
    if (task.ring == NULL || (isr.ring != NULL && isr.time < task.time)) {
        return isr;
    }
    return task;
}

static void drop_record(const record_t *record) {
    __atomic_signal_fence(__ATOMIC_RELEASE);
    record->ring->sent += record->words;
}

// ---------------------------------------------------------------------------------------------
// Tables

static uint32_t hash_of(const void *address) {
    const uint32_t bits = (uint32_t)((uintptr_t)address / 4U);
    return (bits * UINT32_C(2654435761)) >> 16U;
}

// The place of a trace point; a new one if there is room, otherwise NULL.
static mn__trace_site_t *find_site(mn_trace_t *self, const mn_trace_site_t *site) {
    uint32_t at = hash_of(site) & (self->site_places - 1);
    while (self->sites[at].site != NULL && self->sites[at].site != site) {
        at = (at + 1) & (self->site_places - 1);
    }
    mn__trace_site_t *place = &self->sites[at];
    if (place->site == NULL) {
        if (self->site_count == self->config.max_sites) {
            return NULL;
        }
        self->site_count++;
        *place = (mn__trace_site_t){.site = site, .id = (uint16_t)self->site_count};
    }
    return place;
}

// The context of a task. Where there is no place for a new one, the one that was given a place
// first loses it: the number then stands for another task, and the host is told so.
static uint32_t find_task(mn_trace_t *self, const void *task, const char *name) {
    if (task == NULL) {
        return MN_TRACE_OUTSIDE;
    }
    uint32_t i = 0;
    while (i < self->config.max_tasks && self->tasks[i].task != task) {
        i++;
    }
    if (i == self->config.max_tasks) {
        i = self->next_task;
        self->next_task = (uint16_t)((i + 1U < self->config.max_tasks) ? i + 1U : 0U);
    }
    if (self->tasks[i].task != task || self->tasks[i].name != name) {
        self->tasks[i] = (mn__trace_task_t){.task = task, .name = name};
        self->context = UINT32_MAX;
    }
    return MN_TRACE_FIRST_TASK + i;
}

static void forget_told(mn_trace_t *self) {
    for (uint32_t i = 0; i < self->site_places; i++) {
        self->sites[i].told = false;
    }
    for (uint32_t i = 0; i < self->config.max_tasks; i++) {
        self->tasks[i].told = false;
    }
    self->context = UINT32_MAX;
    memset(self->told, 0, sizeof self->told);
}

// ---------------------------------------------------------------------------------------------
// Messages

// Records that are waiting are older than this, so time stays where they begin.
static void say_heartbeat(mn_trace_t *self) {
    const mn_trace_levels_t *levels = &self->levels;
    if (mn__trace_used(self) == 0) {
        self->last_time = mn_now(self->kernel);
    }
    begin(self, MN_TRACE_HEARTBEAT);
    put_uint(self, MN_TRACE_VERSION);
    put_uint(self, self->config.session);
    put_uint(self, self->last_time);
    put_uint(self, self->kernel->config.tick_hz);
    put_uint(self, levels->level);
    add(self, cbor_encode_map_start(levels->count, ROOM(self)));
    for (unsigned i = 0; i < levels->count; i++) {
        put_text(self, levels->rules[i].prefix, MN_TRACE_PREFIX_MAX);
        put_uint(self, levels->rules[i].level);
    }
    self->beat = false;
}

static void say_pong(mn_trace_t *self) {
    begin(self, MN_TRACE_PONG);
    put_uint(self, self->token);
    self->pong = false;
}

static bool say_dropped(mn_trace_t *self) {
    const uint32_t now[] = {self->events_dropped, self->spans_dropped, self->sites_dropped,
                            self->bad_requests};
    if (memcmp(now, self->told, sizeof now) == 0) {
        return false;
    }
    begin(self, MN_TRACE_DROPPED);
    for (size_t i = 0; i < MN_COUNT_OF(now); i++) {
        put_uint(self, now[i]);
        self->told[i] = now[i];
    }
    return true;
}

static bool say_context(mn_trace_t *self, uint32_t context) {
    if (context == self->context) {
        return false;
    }
    self->context = context;
    begin(self, MN_TRACE_CONTEXT);
    put_uint(self, context);
    if (context >= MN_TRACE_FIRST_TASK) {
        mn__trace_task_t *task = &self->tasks[context - MN_TRACE_FIRST_TASK];
        if (!task->told) {
            task->told = true;
            put_text(self, (task->name != NULL) ? task->name : "", NAME_MAX);
        }
    }
    return true;
}

// The end of a path, because a person knows where the project is.
static const char *short_path(const char *file) {
    const char *start = file;
    const char *previous = file;
    for (const char *at = file; *at != '\0'; at++) {
        if (*at == '/') {
            start = previous;
            previous = at + 1;
        }
    }
    return (strlen(start) <= FILE_MAX) ? start : start + strlen(start) - FILE_MAX;
}

static void put_fields(mn_trace_t *self, const mn_trace_site_t *site) {
    const char *at = site->fields;
    add(self, cbor_encode_array_start(site->count, ROOM(self)));
    for (unsigned i = 0; i < site->count; i++) {
        const size_t len = strcspn(at, ",");
        put_bytes(self, at, (len < FIELD_MAX) ? len : FIELD_MAX);
        at += len + ((at[len] == ',') ? 1U : 0U);
    }
}

static bool say_site(mn_trace_t *self, mn__trace_site_t *place) {
    const mn_trace_site_t *site = place->site;
    if (place->told) {
        return false;
    }
    place->told = true;
    begin(self, MN_TRACE_SITE);
    put_uint(self, place->id);
    put_uint(self, site->kind);
    put_uint(self, site->level);
    put_text(self, site->target, TARGET_MAX);
    put_text(self, site->name, NAME_MAX);
    put_text(self, short_path(site->file), FILE_MAX);
    put_uint(self, site->line);
    put_fields(self, site);
    return true;
}

static void put_time(mn_trace_t *self, uint64_t time) {
    put_uint(self, (time > self->last_time) ? time - self->last_time : 0);
    self->last_time = (time > self->last_time) ? time : self->last_time;
}

// One value; returns the words that it took.
static uint32_t put_value(mn_trace_t *self, unsigned type, const uint32_t *at) {
    const uint8_t *text = (const uint8_t *)at;
    uint64_t wide = 0;
    double real = 0;
    switch (type) {
    case MN__TRACE_U32:
        put_uint(self, *at);
        return 1;
    case MN__TRACE_I32:
        put_int(self, (int32_t)*at);
        return 1;
    case MN__TRACE_BOOL:
        add(self, cbor_encode_bool(*at != 0, ROOM(self)));
        return 1;
    case MN__TRACE_U64:
        put_uint(self, wide_at(at));
        return 2;
    case MN__TRACE_I64:
        put_int(self, (int64_t)wide_at(at));
        return 2;
    case MN__TRACE_F64:
        wide = wide_at(at);
        memcpy(&real, &wide, sizeof real);
        put_real(self, real);
        return 2;
    default:
        put_bytes(self, (const char *)text + 1, text[0]);
        return text[0] / 4U + 1;
    }
}

static void say_record(mn_trace_t *self, const record_t *record, const mn__trace_site_t *place) {
    const mn_trace_site_t *site = place->site;
    const uint32_t *at = record->values;
    put_uint(self, place->id);
    put_time(self, record->time);
    if (has_span(record)) {
        put_uint(self, *at++);
    }
    for (unsigned i = 0; i < site->count; i++) {
        at += put_value(self, (site->types >> (4U * i)) & 0xfU, at);
    }
}

static void say_exit(mn_trace_t *self, const record_t *record) {
    begin(self, MN_TRACE_EXIT);
    put_time(self, record->time);
    put_uint(self, *record->values);
}

// What goes before a record, or the record. False if it needs no message.
static bool say_for_record(mn_trace_t *self, const record_t *record) {
    if (record->tag == MN__TAG_TASK) {
        const void *task = (const void *)word_at(record->values);
        const char *name = (const char *)word_at(record->values + MN__TAG_WORDS);
        self->ring_task = find_task(self, task, name);
        drop_record(record);
        return false;
    }
    const bool isr = record->ring == &self->rings[MN__RING_INTERRUPTS];
    if (record->tag == MN__TAG_EXIT) {
        if (!say_context(self, isr ? MN_TRACE_INTERRUPT : self->ring_task)) {
            say_exit(self, record);
            drop_record(record);
        }
        return true;
    }
    mn__trace_site_t *place = find_site(self, site_of(record));
    if (place == NULL) {
        self->sites_dropped++;
        drop_record(record);
        return false;
    }
    if (!say_context(self, isr ? MN_TRACE_INTERRUPT : self->ring_task) && !say_site(self, place)) {
        say_record(self, record, place);
        drop_record(record);
    }
    return true;
}

// Makes the next message. False if there is nothing to say.
static bool next_message(mn_trace_t *self) {
    if (self->beat) {
        say_heartbeat(self);
        return true;
    }
    if (self->pong) {
        say_pong(self);
        return true;
    }
    if (say_dropped(self)) {
        return true;
    }
    for (;;) {
        const record_t record = next_record(self);
        if (record.ring == NULL) {
            return false;
        }
        if (say_for_record(self, &record)) {
            return true;
        }
    }
}

mn_cspan_t mn_trace_take(mn_trace_t *trace) {
    trace->sending = true;
    while (trace->batch_len == 0 || trace->message_len == 0) {
        if (trace->message_len == 0 && !next_message(trace)) {
            break;
        }
        if (MN_COBS_ENCODED_MAX(trace->message_len) + 1 > MN__BATCH_MAX - trace->batch_len) {
            break;
        }
        uint8_t *out = trace->batch + trace->batch_len;
        const size_t len = mn_cobs_encode(out, trace->message, trace->message_len);
        out[len] = 0;
        trace->batch_len += len + 1;
        trace->message_len = 0;
    }
    trace->sending = false;
    return (mn_cspan_t){.data = trace->batch, .len = trace->batch_len};
}

void mn_trace_taken(mn_trace_t *trace) {
    trace->batch_len = 0;
}

void mn__trace_beat(mn_trace_t *self) {
    self->beat = true;
}

// ---------------------------------------------------------------------------------------------
// Requests

static mn_status_t obey(mn_trace_t *self, const mn_trace_request_t *request) {
    mn_status_t status = MN_OK;
    switch (request->kind) {
    case MN_TRACE_SET_LEVEL:
        self->levels.count = 0;
        self->levels.level = request->level;
        mn__trace_apply_levels(self);
        break;
    case MN_TRACE_SET_TARGET:
        status = request->remove
                     ? mn_trace_levels_remove(&self->levels, request->prefix)
                     : mn_trace_levels_set(&self->levels, request->prefix, request->level);
        mn__trace_apply_levels(self);
        break;
    case MN_TRACE_RESEND:
        forget_told(self);
        break;
    case MN_TRACE_PING:
        self->pong = true;
        self->token = request->token;
        return MN_OK;
    }
    self->beat = true;
    return status;
}

void mn_trace_give(mn_trace_t *trace, mn_cspan_t bytes) {
    mn_status_t status = MN_OK;
    while (status != MN_PENDING) {
        mn_cspan_t frame = {0};
        mn_trace_request_t request;
        size_t used = 0;
        status = mn__frames_feed(&trace->requests, bytes.data, bytes.len, &used, &frame);
        bytes.data += used;
        bytes.len -= used;
        if (status == MN_PENDING) {
            return;
        }
        if (status == MN_OK) {
            status = mn_trace_request_read(frame, &request);
        }
        if (status != MN_OK || obey(trace, &request) != MN_OK) {
            trace->bad_requests++;
        }
    }
}

// ---------------------------------------------------------------------------------------------
// The end

void mn_trace_flush(void (*write)(void *context, const uint8_t *data, size_t len), void *context) {
    const mn_kernel_t *kernel = mn_kernel_current();
    if (kernel == NULL || kernel->trace == NULL) {
        return;
    }
    mn_trace_t *self = (mn_trace_t *)(void *)kernel->trace;
    mn__ambient.trace_level = 0;
    if (self->sending) {
        return;
    }
    // The zero ends whatever was under way.
    write(context, (const uint8_t[]){0}, 1);
    for (mn_cspan_t batch = mn_trace_take(self); batch.len != 0; batch = mn_trace_take(self)) {
        uint8_t frame[MN_SERMUX_ENCODED_MAX(MN__BATCH_MAX)];
        size_t len = 0;
        if (mn_sermux_encode(frame, sizeof frame, self->config.port, batch.data, batch.len, &len) ==
            MN_OK) {
            write(context, frame, len);
        }
        mn_trace_taken(self);
    }
}
