// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @brief What the UART has sent and no client has taken yet, frame by frame.
///
/// A frame is what ends with a zero byte. One of up to OUTBOX_CHUNK bytes that was cut by a
/// disconnect is sent again whole; it never happens that a client gets the end of a frame whose
/// beginning went to another.

#ifndef OUTBOX_H
#define OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OUTBOX_SIZE 65536U ///< bytes that can wait
#define OUTBOX_CHUNK 4096U ///< bytes that are on their way to a client

/// @brief An outbox. Zero-initialise it. Fields are for reading.
typedef struct outbox {
    uint8_t waiting[OUTBOX_SIZE]; ///< a ring
    size_t first;                 ///< where it begins
    size_t len;                   ///< bytes in it
    uint8_t chunk[OUTBOX_CHUNK];  ///< whole frames, if there are any
    size_t chunk_len;
    size_t chunk_sent; ///< bytes of the chunk that a client has taken
    uint32_t dropped;  ///< frames that were dropped; wraps around
} outbox_t;

/// @brief Bytes that outbox_put() can take without dropping any.
size_t outbox_room(const outbox_t *box);

/// @brief Bytes that no client has taken.
size_t outbox_pending(const outbox_t *box);

/// @brief Add bytes; if there is no room for them, the oldest waiting frames are dropped.
/// @pre @p len is at most OUTBOX_SIZE
void outbox_put(outbox_t *box, const uint8_t *data, size_t len);

/// @brief What to send next.
/// @param[in,out] box the outbox
/// @param[out] data the bytes, until the next call
/// @return their number, 0 if there are none
size_t outbox_peek(outbox_t *box, const uint8_t **data);

/// @brief A client has taken the first @p len of those bytes.
void outbox_taken(outbox_t *box, size_t len);

/// @brief The client has gone: its unfinished frame begins anew.
void outbox_rewind(outbox_t *box);

#endif
