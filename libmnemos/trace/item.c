// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "item.h"
#include <cbor.h>

// libcbor calls one function for each kind of item. Those that are of no use leave the item as it
// is.

static void take_number(void *context, uint64_t number, mn__item_type_t type) {
    mn__item_t *item = context;
    item->type = type;
    item->number = number;
}

static void on_uint8(void *context, uint8_t value) {
    take_number(context, value, MN__ITEM_UINT);
}

static void on_uint16(void *context, uint16_t value) {
    take_number(context, value, MN__ITEM_UINT);
}

static void on_uint32(void *context, uint32_t value) {
    take_number(context, value, MN__ITEM_UINT);
}

static void on_uint64(void *context, uint64_t value) {
    take_number(context, value, MN__ITEM_UINT);
}

static void on_negint8(void *context, uint8_t value) {
    take_number(context, value, MN__ITEM_NINT);
}

static void on_negint16(void *context, uint16_t value) {
    take_number(context, value, MN__ITEM_NINT);
}

static void on_negint32(void *context, uint32_t value) {
    take_number(context, value, MN__ITEM_NINT);
}

static void on_negint64(void *context, uint64_t value) {
    take_number(context, value, MN__ITEM_NINT);
}

static void on_bool(void *context, bool value) {
    take_number(context, value, MN__ITEM_BOOL);
}

static void on_null(void *context) {
    take_number(context, 0, MN__ITEM_NULL);
}

static void on_array(void *context, size_t count) {
    take_number(context, count, MN__ITEM_ARRAY);
}

static void on_map(void *context, size_t count) {
    take_number(context, count, MN__ITEM_MAP);
}

static void on_real(void *context, double value) {
    mn__item_t *item = context;
    item->type = MN__ITEM_REAL;
    item->real = value;
}

static void on_float(void *context, float value) {
    on_real(context, (double)value);
}

static void take_text(void *context, mn_cspan_t text, mn__item_type_t type) {
    mn__item_t *item = context;
    item->type = type;
    item->text = text;
}

static void on_text(void *context, cbor_data data, size_t len) {
    take_text(context, (mn_cspan_t){.data = data, .len = len}, MN__ITEM_TEXT);
}

static void on_bytes(void *context, cbor_data data, size_t len) {
    take_text(context, (mn_cspan_t){.data = data, .len = len}, MN__ITEM_BYTES);
}

static const struct cbor_callbacks callbacks = {
    .uint8 = on_uint8,
    .uint16 = on_uint16,
    .uint32 = on_uint32,
    .uint64 = on_uint64,
    .negint64 = on_negint64,
    .negint32 = on_negint32,
    .negint16 = on_negint16,
    .negint8 = on_negint8,
    .byte_string_start = cbor_null_byte_string_start_callback,
    .byte_string = on_bytes,
    .string = on_text,
    .string_start = cbor_null_string_start_callback,
    .indef_array_start = cbor_null_indef_array_start_callback,
    .array_start = on_array,
    .indef_map_start = cbor_null_indef_map_start_callback,
    .map_start = on_map,
    .tag = cbor_null_tag_callback,
    .float2 = on_float,
    .float4 = on_float,
    .float8 = on_real,
    .undefined = cbor_null_undefined_callback,
    .null = on_null,
    .boolean = on_bool,
    .indef_break = cbor_null_indef_break_callback,
};

mn_status_t mn__item_next(mn_cspan_t *bytes, mn__item_t *item) {
    if (bytes->len == 0) {
        return MN_EEMPTY;
    }
    *item = (mn__item_t){0};
    const struct cbor_decoder_result result =
        cbor_stream_decode(bytes->data, bytes->len, &callbacks, item);
    if (result.status != CBOR_DECODER_FINISHED || result.read > bytes->len) {
        return MN_EBADFRAME;
    }
    bytes->data += result.read;
    bytes->len -= result.read;
    return MN_OK;
}

mn_status_t mn__item_expect(mn_cspan_t *bytes, mn__item_type_t type, mn__item_t *item) {
    const mn_status_t status = mn__item_next(bytes, item);
    return (status == MN_OK && item->type == type) ? MN_OK : MN_EBADFRAME;
}

mn_status_t mn__item_number(mn_cspan_t *bytes, uint64_t most, uint64_t *number) {
    mn__item_t item;
    if (mn__item_expect(bytes, MN__ITEM_UINT, &item) != MN_OK || item.number > most) {
        return MN_EBADFRAME;
    }
    *number = item.number;
    return MN_OK;
}
