// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Bytes waiting to be written, first in first out, up to a limit. Memory is taken as needed.

#ifndef CROWTTY_QUEUE_H
#define CROWTTY_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct queue {
    uint8_t *data;
    size_t start; // the first byte still waiting
    size_t len;   // bytes waiting
    size_t room;  // bytes of memory at data
    size_t limit; // the most bytes that may wait
} queue_t;

void queue_init(queue_t *queue, size_t limit);

// Takes all bytes or none: false if they would exceed the limit.
bool queue_put(queue_t *queue, const uint8_t *data, size_t len);

// Takes the bytes and forgets the oldest ones that exceed the limit; returns how many.
size_t queue_put_newest(queue_t *queue, const uint8_t *data, size_t len);

// The bytes waiting are data[start] and the len - 1 after it.
const uint8_t *queue_front(const queue_t *queue);

void queue_drop(queue_t *queue, size_t len);

// Forgets all bytes and gives the memory back.
void queue_clear(queue_t *queue);

#endif
