// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The recording side: from trace point to ring.
//
// Nothing is encoded here: that is left to the sending side, which runs when there is nothing
// better to do, and can afford libcbor. An event with one 32-bit value takes 11 instructions at the
// trace point and 40 in event_word() on rv32imc (gcc 12.2, -Os), without the clock's own function.

#include "../base/ambient.h"
#include "private.h"
#include <mnemos/port.h>
#include <string.h>

// Tasks that no record is about. They only have to differ from every task, and from NULL.
#define TASK_UNKNOWN(self) ((const void *)&(self)->sink)  // the kernel stores this one, too
#define TASK_FILTERED(self) ((const void *)&(self)->task) // all go the slow way

// In the common cases, where each instruction counts.
#define INLINE __attribute__((always_inline))

static mn_trace_t *trace_of(mn_trace_sink_t *sink) {
    return (mn_trace_t *)(void *)sink;
}

// ---------------------------------------------------------------------------------------------
// Filter

static bool is_wanted(mn_trace_t *self, const mn_trace_site_t *site) {
    const uintptr_t key = (uintptr_t)site;
    uintptr_t volatile *place = &self->wanted[(key / 16U) % MN__WANTED_PLACES];
    const uintptr_t known = *place;
    if ((known & ~(uintptr_t)1) == key) {
        return (known & 1U) != 0;
    }
    const bool wanted = site->level <= mn_trace_level_of(&self->levels, site->target);
    *place = key | (wanted ? 1U : 0U);
    return wanted;
}

// An interrupt may use the rules while they are being changed. It then gets some answer, and what
// it remembers is forgotten here.
void mn__trace_apply_levels(mn_trace_t *self) {
    self->filtered = self->levels.count != 0;
    for (size_t i = 0; i < MN__WANTED_PLACES; i++) {
        self->wanted[i] = 0;
    }
    self->sink.task = TASK_UNKNOWN(self);
    self->sink.level = mn_trace_level_max(&self->levels);
    if (mn__ambient.trace == &self->sink) {
        mn__ambient.trace_level = self->sink.level;
    }
}

// ---------------------------------------------------------------------------------------------
// Rings

static void count(uint32_t volatile *counter) {
    const uint32_t state = mn_port_irq_save();
    (*counter)++;
    mn_port_irq_restore(state);
}

__attribute__((noinline)) static void wake_worker(mn_trace_t *self) {
    self->wake_at = UINT32_MAX;
    if (self->worker != NULL) {
        mn_task_wake(self->worker);
    }
}

// Room for a record of so many words, or NULL.
static uint32_t *reserve(mn_trace_t *self, bool isr, uint32_t words) {
    mn__trace_ring_t *ring = &self->rings[isr ? MN__RING_INTERRUPTS : MN__RING_TASKS];
    if (!isr) {
        const uint32_t at = ring->written;
        return (at - ring->sent + words <= ring->mask + 1) ? &ring->words[at & ring->mask] : NULL;
    }
    uint32_t *room = NULL;
    const uint32_t state = mn_port_irq_save();
    const uint32_t at = ring->reserved;
    if (at - ring->sent + words <= ring->mask + 1) {
        ring->reserved = at + words;
        ring->writers++;
        room = &ring->words[at & ring->mask];
    }
    mn_port_irq_restore(state);
    return room;
}

static void commit(mn_trace_t *self, bool isr, uint32_t words) {
    mn__trace_ring_t *ring = &self->rings[isr ? MN__RING_INTERRUPTS : MN__RING_TASKS];
    if (!isr) {
        ring->written += words;
    } else {
        const uint32_t state = mn_port_irq_save();
        ring->writers--;
        if (ring->writers == 0) {
            ring->written = ring->reserved;
        }
        mn_port_irq_restore(state);
    }
    if (ring->written - ring->sent >= self->wake_at) {
        wake_worker(self);
    }
}

uint32_t mn__trace_used(const mn_trace_t *self) {
    uint32_t most = 0;
    for (size_t i = 0; i < MN__RINGS; i++) {
        const uint32_t used = self->rings[i].written - self->rings[i].sent;
        most = (used > most) ? used : most;
    }
    return most;
}

// Word by word, because the compiler does not know that memcpy would find aligned words.
INLINE static inline void put_word(uint32_t *at, uint64_t word, unsigned words) {
    at[0] = (uint32_t)word;
    if (words == 2) {
        at[1] = (uint32_t)(word >> 32U);
    }
}

INLINE static inline void put_head(uint32_t *at, uintptr_t tag, uint64_t time) {
    put_word(at, tag, MN__TAG_WORDS);
    put_word(at + MN__TAG_WORDS, time, 2);
}

INLINE static inline uint64_t time_of(const mn_kernel_t *kernel) {
    return kernel->config.now(kernel->config.clock_context);
}

// ---------------------------------------------------------------------------------------------
// Values

static unsigned type_of(const mn_trace_site_t *site, unsigned i) {
    return (site->types >> (4U * i)) & 0xfU;
}

static const char *text_of(const mn_trace_value_t *value) {
    return (value->text != NULL) ? value->text : "";
}

static uint32_t text_words(size_t len) {
    return (uint32_t)(len / 4U) + 1;
}

// Words that the values will take.
static uint32_t words_for(const mn_trace_site_t *site, const mn_trace_value_t *values) {
    if ((site->shape & MN_TRACE_WIDE) == 0) {
        return site->count;
    }
    uint32_t words = 0;
    for (unsigned i = 0; i < site->count; i++) {
        const unsigned type = type_of(site, i);
        if (type == MN__TRACE_TEXT) {
            words += text_words(mn__trace_len(text_of(&values[i]), MN_TRACE_TEXT_MAX));
        } else {
            words += ((type & MN__TRACE_NOT_A_WORD) != 0) ? 2 : 1;
        }
    }
    return words;
}

uint32_t mn__trace_words(const mn_trace_site_t *site, const uint32_t *values) {
    uint32_t words = 0;
    for (unsigned i = 0; i < site->count; i++) {
        const unsigned type = type_of(site, i);
        if (type == MN__TRACE_TEXT) {
            words += text_words(*(const uint8_t *)&values[words]);
        } else {
            words += ((type & MN__TRACE_NOT_A_WORD) != 0) ? 2 : 1;
        }
    }
    return words;
}

// The text may have become shorter or longer since it was measured, if an interrupt writes to it.
static uint32_t put_text(uint32_t *at, const char *text, uint32_t room) {
    uint8_t *bytes = (uint8_t *)at;
    const size_t most = (size_t)room * 4U - 1;
    const size_t len = mn__trace_len(text, (most < MN_TRACE_TEXT_MAX) ? most : MN_TRACE_TEXT_MAX);
    bytes[0] = (uint8_t)len;
    memcpy(bytes + 1, text, len);
    return text_words(len);
}

static void put_values(uint32_t *at, const mn_trace_site_t *site, const mn_trace_value_t *values,
                       uint32_t words) {
    const uint32_t *end = at + words;
    for (unsigned i = 0; i < site->count; i++) {
        const unsigned type = type_of(site, i);
        if (type == MN__TRACE_TEXT) {
            at += put_text(at, text_of(&values[i]), (uint32_t)(end - at));
        } else if ((type & MN__TRACE_NOT_A_WORD) != 0) {
            put_word(at, values[i].wide, 2); // the bits of a floating value, too
            at += 2;
        } else {
            *at++ = values[i].word;
        }
    }
}

// ---------------------------------------------------------------------------------------------
// Records

static bool put_task(mn_trace_t *self, const mn_task_t *task) {
    const uint32_t words = MN__HEAD_WORDS + 2 * MN__TAG_WORDS;
    uint32_t *at = reserve(self, false, words);
    if (at == NULL) {
        return false;
    }
    const uintptr_t address = (uintptr_t)task;
    const uintptr_t name = (uintptr_t)((task != NULL) ? task->name : NULL);
    put_head(at, MN__TAG_TASK, time_of(self->kernel));
    put_word(at + MN__HEAD_WORDS, address, MN__TAG_WORDS);
    put_word(at + MN__HEAD_WORDS + MN__TAG_WORDS, name, MN__TAG_WORDS);
    commit(self, false, words);
    return true;
}

// Sees to it that what is recorded next is known to be of the running task.
static bool name_task(mn_trace_t *self) {
    const mn_task_t *task = self->kernel->current;
    if (self->sink.task == TASK_UNKNOWN(self)) {
        self->task = TASK_UNKNOWN(self);
    }
    if (self->task != task) {
        if (!put_task(self, task)) {
            return false;
        }
        self->task = task;
    }
    self->sink.task = self->filtered ? TASK_FILTERED(self) : task;
    return true;
}

static bool is_worker(const mn_trace_t *self, bool isr) {
    return !isr && self->worker != NULL && self->kernel->current == self->worker;
}

// Any record. `span` is NULL or points to the number of a span that is entered.
static bool put(mn_trace_t *self, bool isr, const mn_trace_site_t *site,
                const mn_trace_value_t *values, const uint32_t *span) {
    if (!isr && !name_task(self)) {
        return false;
    }
    const uint32_t extra = (span != NULL) ? 1 : 0;
    const uint32_t value_words = words_for(site, values);
    const uint32_t words = MN__HEAD_WORDS + extra + value_words;
    uint32_t *at = reserve(self, isr, words);
    if (at == NULL) {
        return false;
    }
    put_head(at, (uintptr_t)site, time_of(self->kernel));
    if (span != NULL) {
        at[MN__HEAD_WORDS] = *span;
    }
    put_values(at + MN__HEAD_WORDS + extra, site, values, value_words);
    commit(self, isr, words);
    return true;
}

__attribute__((noinline)) static void event_slowly(mn_trace_t *self, const mn_trace_site_t *site,
                                                   const mn_trace_value_t *values) {
    const bool isr = self->kernel->isr_depth != 0;
    if (is_worker(self, isr) || (self->filtered && !is_wanted(self, site))) {
        return;
    }
    if (!put(self, isr, site, values, NULL)) {
        count(&self->events_dropped);
    }
}

// The common cases: a task that was the last one, too, and values that are one word each.

static bool is_common(const mn_trace_t *self) {
    const mn_kernel_t *kernel = self->kernel;
    return kernel->isr_depth == 0 && kernel->current == self->sink.task;
}

// A record of a task that begins at `at` and ends before `end`, as the ring counts.
typedef struct common {
    uint32_t *at; // its values; NULL: there is no room
    uint32_t end;
    uint32_t used; // words in the ring, with this record
} common_t;

INLINE static inline common_t begin_common(mn_trace_t *self, const mn_trace_site_t *site,
                                           uint64_t now, uint32_t values) {
    mn__trace_ring_t *ring = &self->rings[MN__RING_TASKS];
    const uint32_t written = ring->written;
    common_t record = {.end = written + MN__HEAD_WORDS + values};
    record.used = record.end - ring->sent;
    if (record.used <= ring->mask + 1) {
        record.at = &ring->words[written & ring->mask];
        put_head(record.at, (uintptr_t)site, now);
        record.at += MN__HEAD_WORDS;
    }
    return record;
}

INLINE static inline void end_common(mn_trace_t *self, const common_t *record) {
    self->rings[MN__RING_TASKS].written = record->end;
    if (record->used >= self->wake_at) {
        wake_worker(self);
    }
}

static void event(mn_trace_sink_t *sink, const mn_trace_site_t *site,
                  const mn_trace_value_t *values) {
    mn_trace_t *self = trace_of(sink);
    if (site->shape >= MN_TRACE_WIDE || !is_common(self)) {
        event_slowly(self, site, values);
        return;
    }
    const common_t record = begin_common(self, site, time_of(self->kernel), site->shape);
    if (record.at == NULL) {
        count(&self->events_dropped);
        return;
    }
    for (unsigned i = 0; i < site->shape; i++) {
        record.at[i] = values[i].word;
    }
    end_common(self, &record);
}

__attribute__((noinline)) static void word_slowly(mn_trace_t *self, const mn_trace_site_t *site,
                                                  uint32_t word) {
    const mn_trace_value_t value = {.word = word};
    event_slowly(self, site, &value);
}

__attribute__((noinline)) static void count_event(mn_trace_t *self) {
    count(&self->events_dropped);
}

static void event_word(mn_trace_sink_t *sink, const mn_trace_site_t *site, uint32_t word) {
    mn_trace_t *self = trace_of(sink);
    if (!is_common(self)) {
        word_slowly(self, site, word);
        return;
    }
    const common_t record = begin_common(self, site, time_of(self->kernel), 1);
    if (record.at == NULL) {
        count_event(self);
        return;
    }
    *record.at = word;
    end_common(self, &record);
}

static uint32_t next_span(mn_trace_t *self) {
    const uint32_t state = mn_port_irq_save();
    uint32_t id = self->next_span++;
    if (id == 0) {
        id = self->next_span++;
    }
    mn_port_irq_restore(state);
    return id;
}

static uint32_t enter(mn_trace_sink_t *sink, const mn_trace_site_t *site,
                      const mn_trace_value_t *values) {
    mn_trace_t *self = trace_of(sink);
    const bool isr = self->kernel->isr_depth != 0;
    if (is_worker(self, isr) || (self->filtered && !is_wanted(self, site))) {
        return 0;
    }
    const uint32_t id = next_span(self);
    if (!put(self, isr, site, values, &id)) {
        count(&self->spans_dropped);
        return 0;
    }
    return id;
}

static void exit_span(mn_trace_sink_t *sink, uint32_t id) {
    mn_trace_t *self = trace_of(sink);
    const bool isr = self->kernel->isr_depth != 0;
    const uint32_t words = MN__HEAD_WORDS + 1;
    uint32_t *at = (isr || name_task(self)) ? reserve(self, isr, words) : NULL;
    if (at == NULL) {
        count(&self->spans_dropped);
        return;
    }
    put_head(at, MN__TAG_EXIT, time_of(self->kernel));
    at[MN__HEAD_WORDS] = id;
    commit(self, isr, words);
}

void mn__trace_attach(mn_trace_t *self) {
    self->sink =
        (mn_trace_sink_t){.event = event, .word = event_word, .enter = enter, .exit = exit_span};
    mn__trace_apply_levels(self);
}
