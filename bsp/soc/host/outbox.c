// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "outbox.h"

#include <mnemos/assert.h>
#include <string.h>

size_t outbox_room(const outbox_t *box) {
    return OUTBOX_SIZE - box->len;
}

size_t outbox_pending(const outbox_t *box) {
    return box->len + box->chunk_len - box->chunk_sent;
}

static uint8_t waiting_at(const outbox_t *box, size_t at) {
    return box->waiting[(box->first + at) % OUTBOX_SIZE];
}

static void remove_first(outbox_t *box, size_t len) {
    box->first = (box->first + len) % OUTBOX_SIZE;
    box->len -= len;
}

static void drop_frame(outbox_t *box) {
    size_t len = 0;
    bool ended = false;
    while (len < box->len && !ended) {
        ended = waiting_at(box, len) == 0;
        len++;
    }
    remove_first(box, len);
    box->dropped++;
}

void outbox_put(outbox_t *box, const uint8_t *data, size_t len) {
    MN_ASSERT(len <= OUTBOX_SIZE);
    while (outbox_room(box) < len) {
        drop_frame(box);
    }
    const size_t at = (box->first + box->len) % OUTBOX_SIZE;
    const size_t to_end = (len < OUTBOX_SIZE - at) ? len : OUTBOX_SIZE - at;
    memcpy(&box->waiting[at], data, to_end);
    memcpy(box->waiting, data + to_end, len - to_end);
    box->len += len;
}

// As many whole frames as fit; something that is no frame goes as it is.
static void load(outbox_t *box) {
    const size_t most = (box->len < OUTBOX_CHUNK) ? box->len : OUTBOX_CHUNK;
    size_t whole = 0;
    for (size_t i = 0; i < most; i++) {
        box->chunk[i] = waiting_at(box, i);
        if (box->chunk[i] == 0) {
            whole = i + 1;
        }
    }
    box->chunk_len = (whole != 0) ? whole : most;
    box->chunk_sent = 0;
    remove_first(box, box->chunk_len);
}

size_t outbox_peek(outbox_t *box, const uint8_t **data) {
    if (box->chunk_sent == box->chunk_len) {
        load(box);
    }
    *data = &box->chunk[box->chunk_sent];
    return box->chunk_len - box->chunk_sent;
}

void outbox_taken(outbox_t *box, size_t len) {
    MN_ASSERT(len <= box->chunk_len - box->chunk_sent);
    box->chunk_sent += len;
}

void outbox_rewind(outbox_t *box) {
    if (box->chunk_sent == box->chunk_len) {
        return; // nothing was cut
    }
    while (box->chunk_sent > 0 && box->chunk[box->chunk_sent - 1] != 0) {
        box->chunk_sent--;
    }
}
