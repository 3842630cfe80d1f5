// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// A position is an index into the buffer and, in the highest bit, a lap that changes whenever the
// side goes back to the beginning. On the same lap [read, write) is readable. When the writer is a
// lap ahead, [read, last) and then [0, write) are. With laps write == read is never ambiguous, so
// no byte has to be left free.
//
// Everything has one owner: the writer alone stores `write` and `last`, the reader alone stores
// `read`. Positions are published with release order and loaded with acquire order. `last` needs
// none: the writer changes it only while both are on one lap, the reader looks at it only while
// they are not.

#include <mnemos/memory.h>
#include <mnemos/ring.h>
#include <string.h>

#define LOAD(place) __atomic_load_n((place), __ATOMIC_ACQUIRE)
#define STORE(place, value) __atomic_store_n((place), (value), __ATOMIC_RELEASE)

#define LAP (SIZE_MAX / 2 + 1)

static size_t index_of(size_t position) {
    return position & ~LAP;
}

static bool on_one_lap(size_t a, size_t b) {
    return ((a ^ b) & LAP) == 0;
}

void mn_ring_init(mn_ring_t *ring, void *data, size_t capacity) {
    MN_ASSERT(capacity != 0 && capacity < LAP);
    *ring = (mn_ring_t){.data = data, .capacity = capacity};
}

mn_status_t mn_ring_new(mn_kernel_t *kernel, mn_heap_owner_t *owner, size_t capacity,
                        mn_ring_t **ring) {
    *ring = NULL;
    if (capacity == 0) {
        return MN_EINVAL;
    }
    if (capacity >= LAP) {
        return MN_ETOOBIG;
    }
    void *memory = NULL;
    mn_status_t status = mn_alloc(kernel, owner, sizeof(mn_ring_t) + capacity, 0, &memory);
    if (status == MN_OK) {
        *ring = memory;
        mn_ring_init(*ring, (uint8_t *)memory + sizeof(mn_ring_t), capacity);
    }
    return status;
}

void mn_ring_delete(mn_kernel_t *kernel, mn_ring_t *ring) {
    mn_status_t status = mn_free(kernel, ring);
    MN_ASSERT(status == MN_OK);
}

// ---------------------------------------------------------------------------------------------
// Writer

static mn_status_t writer_state(const mn_ring_t *ring) {
    if (LOAD(&ring->reader_closed) || ring->writer_closed) {
        return MN_ECLOSED;
    }
    return ring->write_live ? MN_EBUSY : MN_OK;
}

static mn_status_t grant_at(mn_ring_t *ring, size_t start, size_t len, mn_span_t *grant) {
    ring->write_live = true;
    ring->grant_start = start;
    ring->grant_len = len;
    *grant = (mn_span_t){.data = ring->data + start, .len = len};
    return MN_OK;
}

// Where the reader is for the writer's purposes. A reader that has used up all before the wrap goes
// on at the beginning with its next read.
static size_t reader_position(const mn_ring_t *ring) {
    const size_t read = LOAD(&ring->read);
    if (!on_one_lap(read, ring->write) && index_of(read) == ring->last) {
        return ring->write & LAP;
    }
    return read;
}

// Where there is room.
typedef struct room {
    size_t here;  // bytes from the writer's position on
    size_t front; // bytes at the beginning of the buffer, if the writer goes back there
} room_t;

// In an empty ring the room at the beginning is all of it: the reader has nothing left before.
static room_t find_room(const mn_ring_t *ring) {
    const size_t write = index_of(ring->write);
    const size_t position = reader_position(ring);
    const size_t read = index_of(position);
    if (!on_one_lap(position, ring->write)) {
        return (room_t){.here = read - write, .front = 0};
    }
    return (room_t){.here = ring->capacity - write,
                    .front = (read == write) ? ring->capacity : read};
}

mn_status_t mn_ring_grant(mn_ring_t *ring, size_t len, mn_span_t *grant) {
    const mn_status_t status = writer_state(ring);
    if (status != MN_OK) {
        return status;
    }
    if (len > ring->capacity) {
        return MN_ETOOBIG;
    }
    const room_t room = find_room(ring);
    if (len <= room.here) {
        return grant_at(ring, index_of(ring->write), len, grant);
    }
    return (len <= room.front) ? grant_at(ring, 0, len, grant) : MN_EFULL;
}

static size_t smaller(size_t a, size_t b) {
    return (a < b) ? a : b;
}

mn_status_t mn_ring_grant_max(mn_ring_t *ring, size_t len, mn_span_t *grant) {
    const mn_status_t status = writer_state(ring);
    if (status != MN_OK) {
        return status;
    }
    const room_t room = find_room(ring);
    if (room.here != 0) {
        return grant_at(ring, index_of(ring->write), smaller(len, room.here), grant);
    }
    return (room.front != 0) ? grant_at(ring, 0, smaller(len, room.front), grant) : MN_EFULL;
}

void mn_ring_commit(mn_ring_t *ring, size_t used) {
    MN_ASSERT(ring->write_live);
    ring->write_live = false;
    if (used == 0 || ring->writer_closed) {
        return;
    }
    size_t lap = ring->write & LAP;
    if (ring->grant_start != index_of(ring->write)) {
        ring->last = index_of(ring->write); // from here to the end nothing was written
        lap ^= LAP;
    }
    STORE(&ring->write, lap | (ring->grant_start + smaller(used, ring->grant_len)));
    mn_wait_cell_wake(&ring->readable);
}

// Bytes that fit in all, on both sides of a wrap.
static size_t total_room(const mn_ring_t *ring) {
    const room_t room = find_room(ring);
    return smaller(room.here + room.front, ring->capacity);
}

mn_status_t mn_ring_write(mn_ring_t *ring, const void *data, size_t len) {
    const uint8_t *from = data;
    mn_status_t status = writer_state(ring);
    if (status == MN_OK && len > total_room(ring)) {
        status = (len > ring->capacity) ? MN_ETOOBIG : MN_EFULL;
    }
    while (status == MN_OK && len != 0) {
        mn_span_t grant;
        status = mn_ring_grant_max(ring, len, &grant);
        if (status == MN_OK) {
            memcpy(grant.data, from, grant.len);
            from += grant.len;
            len -= grant.len;
            mn_ring_commit(ring, grant.len);
        }
    }
    return status;
}

mn_status_t mn_ring_grant_wait(mn_ring_t *ring, mn_task_t *task, size_t len, mn_span_t *grant) {
    mn_status_t status = mn_ring_grant(ring, len, grant);
    if (status == MN_EFULL) {
        mn_wait_cell_register(&ring->writable, task);
        status = mn_ring_grant(ring, len, grant);
        if (status == MN_EFULL) {
            return MN_PENDING;
        }
    }
    mn__wait_cell_clear(&ring->writable);
    return status;
}

mn_status_t mn_ring_grant_max_wait(mn_ring_t *ring, mn_task_t *task, size_t len, mn_span_t *grant) {
    mn_status_t status = mn_ring_grant_max(ring, len, grant);
    if (status == MN_EFULL) {
        mn_wait_cell_register(&ring->writable, task);
        status = mn_ring_grant_max(ring, len, grant);
        if (status == MN_EFULL) {
            return MN_PENDING;
        }
    }
    mn__wait_cell_clear(&ring->writable);
    return status;
}

void mn_ring_cancel_writer(mn_ring_t *ring) {
    mn__wait_cell_clear(&ring->writable);
    ring->write_live = false;
}

void mn_ring_close_writer(mn_ring_t *ring) {
    STORE(&ring->writer_closed, true);
    mn_wait_cell_wake(&ring->readable);
    mn_wait_cell_wake(&ring->writable); // a task that waits for room
}

// ---------------------------------------------------------------------------------------------
// Reader

mn_status_t mn_ring_read(mn_ring_t *ring, mn_span_t *grant) {
    if (ring->reader_closed) {
        return MN_ECLOSED;
    }
    if (ring->read_live) {
        return MN_EBUSY;
    }
    const bool closed = LOAD(&ring->writer_closed); // before the indices: what came first counts
    const size_t write = LOAD(&ring->write);
    size_t read = ring->read;
    if (!on_one_lap(read, write) && index_of(read) == ring->last) {
        read = write & LAP;
        STORE(&ring->read, read);
    }
    const size_t end = on_one_lap(read, write) ? index_of(write) : ring->last;
    read = index_of(read);
    if (read == end) {
        return closed ? MN_ECLOSED : MN_EEMPTY;
    }
    ring->read_live = true;
    ring->read_len = end - read;
    *grant = (mn_span_t){.data = ring->data + read, .len = ring->read_len};
    return MN_OK;
}

void mn_ring_release(mn_ring_t *ring, size_t used) {
    MN_ASSERT(ring->read_live);
    ring->read_live = false;
    if (used != 0) {
        STORE(&ring->read, ring->read + smaller(used, ring->read_len));
        mn_wait_cell_wake(&ring->writable);
    }
}

mn_status_t mn_ring_read_wait(mn_ring_t *ring, mn_task_t *task, mn_span_t *grant) {
    mn_status_t status = mn_ring_read(ring, grant);
    if (status == MN_EEMPTY) {
        mn_wait_cell_register(&ring->readable, task);
        status = mn_ring_read(ring, grant);
        if (status == MN_EEMPTY) {
            return MN_PENDING;
        }
    }
    mn__wait_cell_clear(&ring->readable);
    return status;
}

void mn_ring_cancel_reader(mn_ring_t *ring) {
    mn__wait_cell_clear(&ring->readable);
    ring->read_live = false;
}

void mn_ring_close_reader(mn_ring_t *ring) {
    STORE(&ring->reader_closed, true);
    mn_wait_cell_wake(&ring->writable);
    mn_wait_cell_wake(&ring->readable); // a task that waits for data
}
