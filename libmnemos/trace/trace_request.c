// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "item.h"
#include <cbor.h>
#include <mnemos/cobs.h>
#include <mnemos/trace_request.h>
#include <string.h>

size_t mn_trace_request_write(const mn_trace_request_t *request, uint8_t *out) {
    uint8_t bytes[MN_TRACE_REQUEST_MAX];
    size_t len = cbor_encode_uint((uint64_t)request->kind, bytes, sizeof bytes);
    if (request->kind == MN_TRACE_SET_TARGET) {
        const size_t prefix = strlen(request->prefix);
        len += cbor_encode_string_start(prefix, bytes + len, sizeof bytes - len);
        memcpy(bytes + len, request->prefix, prefix);
        len += prefix;
    }
    if (request->kind == MN_TRACE_SET_TARGET && request->remove) {
        len += cbor_encode_null(bytes + len, sizeof bytes - len);
    } else if (request->kind == MN_TRACE_SET_LEVEL || request->kind == MN_TRACE_SET_TARGET) {
        len += cbor_encode_uint(request->level, bytes + len, sizeof bytes - len);
    } else if (request->kind == MN_TRACE_PING) {
        len += cbor_encode_uint(request->token, bytes + len, sizeof bytes - len);
    }
    len = mn_cobs_encode(out, bytes, len);
    out[len] = 0;
    return len + 1;
}

static mn_status_t read_level(mn_cspan_t *bytes, mn_trace_request_t *request) {
    uint64_t level = 0;
    const mn_status_t status = mn__item_number(bytes, MN_TRACE_TRACE, &level);
    request->level = (uint8_t)level;
    return status;
}

static mn_status_t read_target(mn_cspan_t *bytes, mn_trace_request_t *request) {
    mn__item_t prefix;
    if (mn__item_expect(bytes, MN__ITEM_TEXT, &prefix) != MN_OK || prefix.text.len == 0 ||
        prefix.text.len > MN_TRACE_PREFIX_MAX || memchr(prefix.text.data, 0, prefix.text.len)) {
        return MN_EBADFRAME;
    }
    memcpy(request->prefix, prefix.text.data, prefix.text.len);
    mn_cspan_t rest = *bytes;
    mn__item_t item;
    if (mn__item_expect(&rest, MN__ITEM_NULL, &item) == MN_OK) {
        *bytes = rest;
        request->remove = true;
        return MN_OK;
    }
    return read_level(bytes, request);
}

mn_status_t mn_trace_request_read(mn_cspan_t bytes, mn_trace_request_t *request) {
    uint64_t kind = 0;
    *request = (mn_trace_request_t){0};
    mn_status_t status = mn__item_number(&bytes, MN_TRACE_PING, &kind);
    if (status != MN_OK || kind == 0) {
        return MN_EBADFRAME;
    }
    request->kind = (mn_trace_request_kind_t)kind;
    if (request->kind == MN_TRACE_SET_LEVEL) {
        status = read_level(&bytes, request);
    } else if (request->kind == MN_TRACE_SET_TARGET) {
        status = read_target(&bytes, request);
    } else if (request->kind == MN_TRACE_PING) {
        status = mn__item_number(&bytes, UINT64_MAX, &request->token);
    }
    return (status == MN_OK && bytes.len == 0) ? MN_OK : MN_EBADFRAME;
}
