// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// One table says of what fields each message is made, for writing and for reading.

#include "frames.h"
#include "item.h"
#include <cbor.h>
#include <mnemos/cobs.h>
#include <mnemos/system_message.h>
#include <string.h>

typedef enum field_type { NUMBER, FLAG, NAME, UUID } field_type_t;

typedef struct field {
    field_type_t type;
    uint8_t offset; // in a row
    uint8_t size;
} field_t;

#define FIELD(field_type, member)                                 \
    {                                                             \
        (field_type), (uint8_t)offsetof(mn_system_row_t, member), \
            (uint8_t)sizeof(((const mn_system_row_t *)0)->member) \
    }

_Static_assert(sizeof(mn_system_row_t) <= UINT8_MAX, "an offset is a byte");

enum { MOST_FIELDS = 8, QUEUE_FIELDS = 3 };

static const struct layout {
    uint8_t count;
    field_t fields[MOST_FIELDS];
} layouts[] = {
    [MN_SYSTEM_HEADER] = {8,
                          {FIELD(NUMBER, header.version), FIELD(NUMBER, header.sequence),
                           FIELD(NUMBER, header.time), FIELD(NUMBER, header.rate),
                           FIELD(NUMBER, header.uptime), FIELD(NUMBER, header.busy),
                           FIELD(FLAG, header.timed), FIELD(NUMBER, header.interval_ms)}},
    [MN_SYSTEM_HEAP] = {7,
                        {FIELD(NUMBER, heap.total), FIELD(NUMBER, heap.in_use),
                         FIELD(NUMBER, heap.peak), FIELD(NUMBER, heap.largest_free),
                         FIELD(NUMBER, heap.blocks), FIELD(NUMBER, heap.failures),
                         FIELD(NUMBER, heap.bad_pointers)}},
    [MN_SYSTEM_OWNER] = {6,
                         {FIELD(NAME, owner.name), FIELD(NUMBER, owner.in_use),
                          FIELD(NUMBER, owner.peak), FIELD(NUMBER, owner.blocks),
                          FIELD(NUMBER, owner.failures), FIELD(NUMBER, owner.quota)}},
    [MN_SYSTEM_TASK] = {7,
                        {FIELD(NUMBER, task.id), FIELD(NAME, task.name), FIELD(NUMBER, task.state),
                         FIELD(NUMBER, task.polls), FIELD(NUMBER, task.wakes),
                         FIELD(NUMBER, task.run_ticks), FIELD(NUMBER, task.longest_poll)}},
    [MN_SYSTEM_STALL] = {3,
                         {FIELD(NAME, stall.task), FIELD(NUMBER, stall.longest_poll),
                          FIELD(NUMBER, stall.stalls)}},
    [MN_SYSTEM_SERVICE] = {5,
                           {FIELD(NAME, service.name), FIELD(UUID, service.uuid),
                            FIELD(NUMBER, service.clients), FIELD(NUMBER, service.depth),
                            FIELD(NUMBER, service.capacity)}},
    [MN_SYSTEM_LINE] = {8,
                        {FIELD(NUMBER, line.frames), FIELD(NUMBER, line.empty),
                         FIELD(NUMBER, line.bad_cobs), FIELD(NUMBER, line.too_short),
                         FIELD(NUMBER, line.overlong), FIELD(NUMBER, line.no_port),
                         FIELD(NUMBER, line.no_room), FIELD(NUMBER, line.sent)}},
    [MN_SYSTEM_PORT] = {4,
                        {FIELD(NUMBER, port.number), FIELD(NUMBER, port.frames_in),
                         FIELD(NUMBER, port.frames_out), FIELD(NUMBER, port.frames_lost)}},
    [MN_SYSTEM_DROPS] = {4,
                         {FIELD(NUMBER, drops.events), FIELD(NUMBER, drops.spans),
                          FIELD(NUMBER, drops.sites), FIELD(NUMBER, drops.requests)}},
    [MN_SYSTEM_TRAILER] = {3,
                           {FIELD(NUMBER, trailer.sequence), FIELD(NUMBER, trailer.rows),
                            FIELD(NUMBER, trailer.bad)}},
};

// ---------------------------------------------------------------------------------------------
// Numbers of every size, at a place in a row

static uint64_t load(const uint8_t *at, size_t size) {
    uint16_t half = 0;
    uint32_t word = 0;
    uint64_t number = 0;
    switch (size) {
    case sizeof half:
        memcpy(&half, at, sizeof half);
        return half;
    case sizeof word:
        memcpy(&word, at, sizeof word);
        return word;
    case sizeof number:
        memcpy(&number, at, sizeof number);
        return number;
    default:
        return *at;
    }
}

static void store(uint8_t *at, size_t size, uint64_t number) {
    const uint16_t half = (uint16_t)number;
    const uint32_t word = (uint32_t)number;
    switch (size) {
    case sizeof half:
        memcpy(at, &half, sizeof half);
        break;
    case sizeof word:
        memcpy(at, &word, sizeof word);
        break;
    case sizeof number:
        memcpy(at, &number, sizeof number);
        break;
    default:
        *at = (uint8_t)number;
        break;
    }
}

// ---------------------------------------------------------------------------------------------
// Writing

typedef struct writer {
    uint8_t bytes[MN_SYSTEM_MESSAGE_MAX]; // the longest message fits
    size_t len;
} writer_t;

#define ROOM(writer) (writer)->bytes + (writer)->len, sizeof(writer)->bytes - (writer)->len

static void put_bytes(writer_t *writer, const uint8_t *data, size_t len) {
    if (len != 0) {
        memcpy(writer->bytes + writer->len, data, len);
        writer->len += len;
    }
}

// A name that is cut is not cut within a character.
static void put_name(writer_t *writer, mn_cspan_t name) {
    size_t len = name.len;
    if (len > MN_SYSTEM_NAME_MAX) {
        len = MN_SYSTEM_NAME_MAX;
        while (len != 0 && (name.data[len] & 0xC0U) == 0x80U) {
            len--;
        }
    }
    writer->len += cbor_encode_string_start(len, ROOM(writer));
    put_bytes(writer, name.data, len);
}

static void put_field(writer_t *writer, const field_t *field, const uint8_t *at) {
    mn_cspan_t name;
    bool flag = false;
    switch (field->type) {
    case NUMBER:
        writer->len += cbor_encode_uint(load(at, field->size), ROOM(writer));
        break;
    case FLAG:
        memcpy(&flag, at, sizeof flag);
        writer->len += cbor_encode_bool(flag, ROOM(writer));
        break;
    case NAME:
        memcpy(&name, at, sizeof name);
        put_name(writer, name);
        break;
    case UUID:
        writer->len += cbor_encode_bytestring_start(field->size, ROOM(writer));
        put_bytes(writer, at, field->size);
        break;
    }
}

static size_t finish(const writer_t *writer, uint8_t *out) {
    const size_t len = mn_cobs_encode(out, writer->bytes, writer->len);
    out[len] = 0;
    return len + 1;
}

size_t mn_system_row_write(const mn_system_row_t *row, uint8_t *out) {
    const struct layout *layout = &layouts[row->kind];
    size_t count = layout->count;
    if (row->kind == MN_SYSTEM_SERVICE && !row->service.has_queue) {
        count -= QUEUE_FIELDS;
    }
    writer_t writer = {.len = 0};
    writer.len += cbor_encode_array_start(count + 1, ROOM(&writer));
    writer.len += cbor_encode_uint(row->kind, ROOM(&writer));
    for (size_t i = 0; i < count; i++) {
        put_field(&writer, &layout->fields[i], (const uint8_t *)row + layout->fields[i].offset);
    }
    return finish(&writer, out);
}

size_t mn_system_request_write(const mn_system_request_t *request, uint8_t *out) {
    const bool every = request->kind == MN_SYSTEM_EVERY;
    writer_t writer = {.len = 0};
    writer.len += cbor_encode_array_start(every ? 2 : 1, ROOM(&writer));
    writer.len += cbor_encode_uint(request->kind, ROOM(&writer));
    if (every) {
        writer.len += cbor_encode_uint(request->interval_ms, ROOM(&writer));
    }
    return finish(&writer, out);
}

// ---------------------------------------------------------------------------------------------
// Reading

// The largest number that a field of this size holds.
static uint64_t most(size_t size) {
    return UINT64_MAX >> (8U * (sizeof(uint64_t) - size));
}

static mn_status_t read_field(mn_cspan_t *bytes, const field_t *field, uint8_t *at) {
    mn__item_t item = {0};
    mn_status_t status = MN_EBADFRAME;
    switch (field->type) {
    case NUMBER:
        status = mn__item_number(bytes, most(field->size), &item.number);
        store(at, field->size, item.number);
        return status;
    case FLAG: {
        status = mn__item_expect(bytes, MN__ITEM_BOOL, &item);
        const bool flag = item.number != 0;
        memcpy(at, &flag, sizeof flag);
        return status;
    }
    case NAME:
        status = mn__item_expect(bytes, MN__ITEM_TEXT, &item);
        memcpy(at, &item.text, sizeof item.text);
        return (item.text.len <= MN_SYSTEM_NAME_MAX) ? status : MN_EBADFRAME;
    case UUID:
        status = mn__item_expect(bytes, MN__ITEM_BYTES, &item);
        if (status != MN_OK || item.text.len != field->size) {
            return MN_EBADFRAME;
        }
        memcpy(at, item.text.data, field->size);
        return MN_OK;
    }
    return status;
}

// How many fields there are, if there can be so many.
static mn_status_t read_count(uint64_t items, mn_system_row_t *row, size_t *count) {
    *count = layouts[row->kind].count;
    if (row->kind == MN_SYSTEM_SERVICE) {
        row->service.has_queue = items == *count + 1;
        *count -= row->service.has_queue ? 0 : QUEUE_FIELDS;
    }
    return (items == *count + 1) ? MN_OK : MN_EBADFRAME;
}

static bool is_other_version(const mn_system_row_t *row) {
    return row->kind == MN_SYSTEM_HEADER && row->header.version != MN_SYSTEM_VERSION;
}

static bool makes_sense(const mn_system_row_t *row) {
    switch (row->kind) {
    case MN_SYSTEM_HEADER:
        return is_other_version(row) || row->header.rate != 0;
    case MN_SYSTEM_TASK:
        return row->task.state <= MN_SYSTEM_ENDING;
    default:
        return true;
    }
}

static mn_status_t read_fields(mn_cspan_t *bytes, uint64_t items, mn_system_row_t *row) {
    const field_t *fields = layouts[row->kind].fields;
    uint8_t *base = (uint8_t *)row;
    size_t at = 0;
    if (row->kind == MN_SYSTEM_HEADER) {
        if (read_field(bytes, &fields[at], base + fields[at].offset) != MN_OK) {
            return MN_EBADFRAME;
        }
        at++;
        if (is_other_version(row)) {
            bytes->len = 0; // whatever it is
            return MN_OK;
        }
    }
    size_t count = 0;
    mn_status_t status = read_count(items, row, &count);
    for (; at < count && status == MN_OK; at++) {
        status = read_field(bytes, &fields[at], base + fields[at].offset);
    }
    return status;
}

mn_status_t mn_system_row_read(mn_cspan_t bytes, mn_system_row_t *row) {
    mn__item_t array;
    uint64_t kind = 0;
    memset(row, 0, sizeof *row);
    if (mn__item_expect(&bytes, MN__ITEM_ARRAY, &array) != MN_OK ||
        mn__item_number(&bytes, MN_SYSTEM_TRAILER, &kind) != MN_OK) {
        return MN_EBADFRAME;
    }
    row->kind = (mn_system_kind_t)kind;
    const mn_status_t status = read_fields(&bytes, array.number, row);
    return (status == MN_OK && bytes.len == 0 && makes_sense(row)) ? MN_OK : MN_EBADFRAME;
}

mn_status_t mn_system_request_read(mn_cspan_t bytes, mn_system_request_t *request) {
    mn__item_t array;
    uint64_t kind = 0;
    uint64_t interval = 0;
    if (mn__item_expect(&bytes, MN__ITEM_ARRAY, &array) != MN_OK ||
        mn__item_number(&bytes, MN_SYSTEM_STOP, &kind) != MN_OK || kind == 0) {
        return MN_EBADFRAME;
    }
    const bool every = kind == MN_SYSTEM_EVERY;
    if (every && (mn__item_number(&bytes, UINT32_MAX, &interval) != MN_OK || interval == 0)) {
        return MN_EBADFRAME;
    }
    *request = (mn_system_request_t){.kind = (mn_system_request_kind_t)kind,
                                     .interval_ms = (uint32_t)interval};
    return (array.number == (every ? 2U : 1U) && bytes.len == 0) ? MN_OK : MN_EBADFRAME;
}

mn_status_t mn_system_decoder_feed(mn_system_decoder_t *decoder, const uint8_t *data, size_t len,
                                   size_t *used, mn_system_row_t *row) {
    mn__frames_t frames = {.buffer = decoder->buffer,
                           .size = sizeof decoder->buffer,
                           .len = decoder->len,
                           .skipping = decoder->skipping};
    mn_cspan_t frame = {0};
    mn_status_t status = mn__frames_feed(&frames, data, len, used, &frame);
    decoder->len = frames.len;
    decoder->skipping = frames.skipping;
    if (status == MN_OK) {
        status = mn_system_row_read(frame, row);
    }
    decoder->counters.rows += (status == MN_OK) ? 1U : 0U;
    decoder->counters.bad += (status == MN_EBADFRAME) ? 1U : 0U;
    decoder->counters.overlong += (status == MN_ETOOBIG) ? 1U : 0U;
    return status;
}
