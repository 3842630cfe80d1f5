// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Reading CBOR one item at a time. A message is a sequence of items (RFC 8742).

#ifndef MNEMOS_TRACE_ITEM_H
#define MNEMOS_TRACE_ITEM_H

#include <mnemos/status.h>
#include <mnemos/util.h>
#include <stdbool.h>

typedef enum mn__item_type {
    MN__ITEM_OTHER = 0, // well-formed, but of no use here
    MN__ITEM_UINT,      // number
    MN__ITEM_NINT,      // -1 - number
    MN__ITEM_REAL,
    MN__ITEM_BOOL, // number
    MN__ITEM_NULL,
    MN__ITEM_TEXT,
    MN__ITEM_BYTES, // text
    MN__ITEM_ARRAY, // number of items that follow
    MN__ITEM_MAP,   // number of pairs that follow
} mn__item_type_t;

typedef struct mn__item {
    mn__item_type_t type;
    uint64_t number;
    double real;
    mn_cspan_t text;
} mn__item_t;

// Takes the next item off the front of *bytes. MN_EEMPTY: there is none. MN_EBADFRAME: what is
// there is not CBOR, or is cut off.
mn_status_t mn__item_next(mn_cspan_t *bytes, mn__item_t *item);

// The same, if it is of that type; otherwise MN_EBADFRAME.
mn_status_t mn__item_expect(mn_cspan_t *bytes, mn__item_type_t type, mn__item_t *item);

// The same for an unsigned number up to `most`.
mn_status_t mn__item_number(mn_cspan_t *bytes, uint64_t most, uint64_t *number);

#endif
