// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "frames.h"
#include "item.h"
#include <mnemos/trace_message.h>
#include <string.h>

static mn_status_t read_scalar(mn_cspan_t *bytes, mn_trace_scalar_t *value) {
    mn__item_t item;
    const mn_status_t status = mn__item_next(bytes, &item);
    if (status != MN_OK) {
        return status;
    }
    *value = (mn_trace_scalar_t){.number = item.number, .real = item.real, .text = item.text};
    switch (item.type) {
    case MN__ITEM_UINT:
        value->type = MN_TRACE_UINT;
        return MN_OK;
    case MN__ITEM_NINT:
        value->type = MN_TRACE_INT;
        value->integer = -1 - (int64_t)(item.number & INT64_MAX);
        return (item.number <= INT64_MAX) ? MN_OK : MN_EBADFRAME;
    case MN__ITEM_BOOL:
        value->type = MN_TRACE_BOOL;
        return MN_OK;
    case MN__ITEM_REAL:
        value->type = MN_TRACE_REAL;
        return MN_OK;
    case MN__ITEM_TEXT:
        value->type = MN_TRACE_STRING;
        return MN_OK;
    default:
        return MN_EBADFRAME;
    }
}

static mn_status_t read_record(mn_cspan_t *bytes, mn_trace_message_t *message) {
    mn_status_t status = mn__item_number(bytes, UINT64_MAX, &message->delta);
    while (status == MN_OK && bytes->len != 0) {
        if (message->count == MN_COUNT_OF(message->values)) {
            return MN_EBADFRAME;
        }
        status = read_scalar(bytes, &message->values[message->count++]);
    }
    return status;
}

static mn_status_t read_rule(mn_cspan_t *bytes, mn_trace_levels_t *levels) {
    mn__item_t prefix;
    uint64_t level = 0;
    char text[MN_TRACE_PREFIX_MAX + 1] = "";
    if (mn__item_expect(bytes, MN__ITEM_TEXT, &prefix) != MN_OK ||
        mn__item_number(bytes, MN_TRACE_TRACE, &level) != MN_OK || prefix.text.len == 0 ||
        prefix.text.len > MN_TRACE_PREFIX_MAX) {
        return MN_EBADFRAME;
    }
    memcpy(text, prefix.text.data, prefix.text.len);
    return (mn_trace_levels_set(levels, text, (uint8_t)level) == MN_OK) ? MN_OK : MN_EBADFRAME;
}

static mn_status_t read_heartbeat(mn_cspan_t *bytes, mn_trace_message_t *message) {
    mn_trace_heartbeat_t *heartbeat = &message->heartbeat;
    uint64_t level = 0;
    mn__item_t map;
    if (mn__item_number(bytes, UINT64_MAX, &heartbeat->version) != MN_OK) {
        return MN_EBADFRAME;
    }
    if (heartbeat->version != MN_TRACE_VERSION) {
        bytes->len = 0; // whatever it is
        return MN_OK;
    }
    if (mn__item_number(bytes, UINT64_MAX, &heartbeat->session) != MN_OK ||
        mn__item_number(bytes, UINT64_MAX, &heartbeat->time) != MN_OK ||
        mn__item_number(bytes, UINT64_MAX, &heartbeat->rate) != MN_OK || heartbeat->rate == 0 ||
        mn__item_number(bytes, MN_TRACE_TRACE, &level) != MN_OK ||
        mn__item_expect(bytes, MN__ITEM_MAP, &map) != MN_OK || map.number > MN_TRACE_RULES_MAX) {
        return MN_EBADFRAME;
    }
    heartbeat->levels.level = (uint8_t)level;
    mn_status_t status = MN_OK;
    for (uint64_t i = 0; i < map.number && status == MN_OK; i++) {
        status = read_rule(bytes, &heartbeat->levels);
    }
    return status;
}

static mn_status_t read_text(mn_cspan_t *bytes, mn_cspan_t *text) {
    mn__item_t item;
    const mn_status_t status = mn__item_expect(bytes, MN__ITEM_TEXT, &item);
    *text = item.text;
    return status;
}

static mn_status_t read_site(mn_cspan_t *bytes, mn_trace_message_t *message) {
    mn_trace_site_text_t *site = &message->site;
    uint64_t kind = 0;
    uint64_t level = 0;
    uint64_t line = 0;
    mn__item_t fields;
    if (mn__item_number(bytes, UINT64_MAX, &message->id) != MN_OK || message->id == 0 ||
        mn__item_number(bytes, MN_TRACE_SLICE, &kind) != MN_OK ||
        mn__item_number(bytes, MN_TRACE_TRACE, &level) != MN_OK || level == MN_TRACE_OFF ||
        read_text(bytes, &site->target) != MN_OK || read_text(bytes, &site->name) != MN_OK ||
        read_text(bytes, &site->file) != MN_OK ||
        mn__item_number(bytes, UINT32_MAX, &line) != MN_OK ||
        mn__item_expect(bytes, MN__ITEM_ARRAY, &fields) != MN_OK ||
        fields.number > MN_TRACE_FIELDS_MAX) {
        return MN_EBADFRAME;
    }
    site->kind = (uint8_t)kind;
    site->level = (uint8_t)level;
    site->line = (uint32_t)line;
    mn_status_t status = MN_OK;
    while (site->count < fields.number && status == MN_OK) {
        status = read_text(bytes, &site->fields[site->count++]);
    }
    return status;
}

static mn_status_t read_dropped(mn_cspan_t *bytes, mn_trace_message_t *message) {
    mn_trace_dropped_t *dropped = &message->dropped;
    uint64_t *const counters[] = {&dropped->events, &dropped->spans, &dropped->sites,
                                  &dropped->requests};
    mn_status_t status = MN_OK;
    for (size_t i = 0; i < MN_COUNT_OF(counters) && status == MN_OK; i++) {
        status = mn__item_number(bytes, UINT64_MAX, counters[i]);
    }
    return status;
}

static mn_status_t read_context(mn_cspan_t *bytes, mn_trace_message_t *message) {
    const mn_status_t status = mn__item_number(bytes, UINT64_MAX, &message->id);
    if (status != MN_OK || bytes->len == 0) {
        return status;
    }
    message->count = 1;
    return read_text(bytes, &message->name);
}

static mn_status_t read_exit(mn_cspan_t *bytes, mn_trace_message_t *message) {
    const mn_status_t status = mn__item_number(bytes, UINT64_MAX, &message->delta);
    return (status == MN_OK) ? mn__item_number(bytes, UINT64_MAX, &message->id) : status;
}

static mn_status_t read_pong(mn_cspan_t *bytes, mn_trace_message_t *message) {
    return mn__item_number(bytes, UINT64_MAX, &message->id);
}

typedef mn_status_t read_fn(mn_cspan_t *bytes, mn_trace_message_t *message);

static read_fn *const readers[] = {
    [MN_TRACE_RECORD] = read_record,   [MN_TRACE_HEARTBEAT] = read_heartbeat,
    [MN_TRACE_SITE] = read_site,       [MN_TRACE_DROPPED] = read_dropped,
    [MN_TRACE_CONTEXT] = read_context, [MN_TRACE_EXIT] = read_exit,
    [MN_TRACE_PONG] = read_pong,
};

mn_status_t mn_trace_message_read(mn_cspan_t bytes, mn_trace_message_t *message) {
    mn__item_t first;
    *message = (mn_trace_message_t){0};
    if (mn__item_next(&bytes, &first) != MN_OK) {
        return MN_EBADFRAME;
    }
    if (first.type == MN__ITEM_UINT && first.number != 0) {
        message->id = first.number;
    } else if (first.type == MN__ITEM_NINT && first.number < MN_COUNT_OF(readers) - 1) {
        message->kind = (mn_trace_message_kind_t)(first.number + 1);
    } else {
        return MN_EBADFRAME;
    }
    const mn_status_t status = readers[message->kind](&bytes, message);
    return (status == MN_OK && bytes.len == 0) ? MN_OK : MN_EBADFRAME;
}

mn_status_t mn_trace_decoder_feed(mn_trace_decoder_t *decoder, const uint8_t *data, size_t len,
                                  size_t *used, mn_trace_message_t *message) {
    mn__frames_t frames = {.buffer = decoder->buffer,
                           .size = sizeof decoder->buffer,
                           .len = decoder->len,
                           .skipping = decoder->skipping};
    mn_cspan_t frame = {0};
    mn_status_t status = mn__frames_feed(&frames, data, len, used, &frame);
    decoder->len = frames.len;
    decoder->skipping = frames.skipping;
    if (status == MN_OK) {
        status = mn_trace_message_read(frame, message);
    }
    decoder->counters.messages += (status == MN_OK) ? 1U : 0U;
    decoder->counters.bad += (status == MN_EBADFRAME) ? 1U : 0U;
    decoder->counters.overlong += (status == MN_ETOOBIG) ? 1U : 0U;
    return status;
}

void mn_trace_decoder_reset(mn_trace_decoder_t *decoder) {
    decoder->len = 0;
    decoder->skipping = false;
}
