// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "queue.h"

#include <stdlib.h>
#include <string.h>

void queue_init(queue_t *queue, size_t limit) {
    *queue = (queue_t){.limit = limit};
}

// Makes room for len more bytes at the end. False if there is no memory.
static bool make_room(queue_t *queue, size_t len) {
    size_t needed = queue->len + len;
    if (queue->start > 0 && queue->start + needed > queue->room) {
        memmove(queue->data, queue->data + queue->start, queue->len);
        queue->start = 0;
    }
    if (needed <= queue->room) {
        return true;
    }
    size_t room = queue->room > 0 ? queue->room : 1024;
    while (room < needed) {
        room *= 2;
    }
    uint8_t *data = realloc(queue->data, room);
    if (data == NULL) {
        return false;
    }
    queue->data = data;
    queue->room = room;
    return true;
}

bool queue_put(queue_t *queue, const uint8_t *data, size_t len) {
    if (len > queue->limit - queue->len || !make_room(queue, len)) {
        return false;
    }
    if (len > 0) {
        memcpy(queue->data + queue->start + queue->len, data, len);
        queue->len += len;
    }
    return true;
}

size_t queue_put_newest(queue_t *queue, const uint8_t *data, size_t len) {
    size_t dropped = 0;
    if (len > queue->limit) {
        dropped = len - queue->limit;
        data += dropped;
        len = queue->limit;
    }
    if (len > queue->limit - queue->len) {
        size_t excess = len - (queue->limit - queue->len);
        queue_drop(queue, excess);
        dropped += excess;
    }
    return queue_put(queue, data, len) ? dropped : dropped + len;
}

const uint8_t *queue_front(const queue_t *queue) {
    return queue->data + queue->start;
}

void queue_drop(queue_t *queue, size_t len) {
    queue->start += len;
    queue->len -= len;
    if (queue->len == 0) {
        queue->start = 0;
    }
}

void queue_clear(queue_t *queue) {
    free(queue->data);
    queue_init(queue, queue->limit);
}
