// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The indices. [read, write) is readable while read <= write. After a wrap write < read; then
// [read, last) and [0, write) are readable, in this order. The writer alone stores `write` and
// `last`, the reader alone stores `read`, and each publishes with release order what the other
// loads with acquire order. The writer leaves one byte free behind `read` after a wrap, so that
// write == read always means empty.

#include <mnemos/memory.h>
#include <mnemos/port.h>
#include <mnemos/ring.h>
#include <string.h>

#define LOAD(place) __atomic_load_n((place), __ATOMIC_ACQUIRE)
#define STORE(place, value) __atomic_store_n((place), (value), __ATOMIC_RELEASE)

void mn_ring_init(mn_ring_t *ring, void *data, size_t capacity) {
    MN_ASSERT(capacity != 0);
    *ring = (mn_ring_t){.data = data, .capacity = capacity};
}

mn_status_t mn_ring_new(mn_kernel_t *kernel, mn_heap_owner_t *owner, size_t capacity,
                        mn_ring_t **ring) {
    *ring = NULL;
    if (capacity == 0) {
        return MN_EINVAL;
    }
    if (capacity > SIZE_MAX - sizeof(mn_ring_t)) {
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

// An empty ring whose indices stand somewhere in the middle has less contiguous room than it could
// have; start again at the beginning. The reader's index is stored here, so an interrupt that
// reads must be kept out.
static bool rewind_if_empty(mn_ring_t *ring) {
    uint32_t state = mn_port_irq_save();
    const bool empty = (LOAD(&ring->read) == ring->write) && !ring->read_live;
    if (empty) {
        ring->last = 0;
        STORE(&ring->write, 0);
        STORE(&ring->read, 0);
    }
    mn_port_irq_restore(state);
    return empty;
}

static mn_status_t find_exact(mn_ring_t *ring, size_t len, mn_span_t *grant) {
    const size_t write = ring->write;
    const size_t read = LOAD(&ring->read);
    if (write < read) {
        return (len < read - write) ? grant_at(ring, write, len, grant) : MN_EFULL;
    }
    if (len <= ring->capacity - write) {
        return grant_at(ring, write, len, grant);
    }
    return (len < read) ? grant_at(ring, 0, len, grant) : MN_EFULL;
}

mn_status_t mn_ring_grant(mn_ring_t *ring, size_t len, mn_span_t *grant) {
    mn_status_t status = writer_state(ring);
    if (status != MN_OK) {
        return status;
    }
    if (len > ring->capacity) {
        return MN_ETOOBIG;
    }
    status = find_exact(ring, len, grant);
    if (status == MN_EFULL && rewind_if_empty(ring)) {
        status = find_exact(ring, len, grant);
    }
    return status;
}

mn_status_t mn_ring_grant_max(mn_ring_t *ring, size_t len, mn_span_t *grant) {
    mn_status_t status = writer_state(ring);
    if (status != MN_OK) {
        return status;
    }
    const size_t write = ring->write;
    const size_t read = LOAD(&ring->read);
    size_t start = write;
    size_t room = 0;
    if (write < read) {
        room = read - write - 1;
    } else if (write != ring->capacity) {
        room = ring->capacity - write;
    } else if (read > 1) {
        start = 0;
        room = read - 1;
    } else if (rewind_if_empty(ring)) { // capacity 1, read to the end
        start = 0;
        room = ring->capacity;
    }
    if (room == 0) {
        return MN_EFULL;
    }
    return grant_at(ring, start, (len < room) ? len : room, grant);
}

void mn_ring_commit(mn_ring_t *ring, size_t used) {
    MN_ASSERT(ring->write_live);
    used = (used < ring->grant_len) ? used : ring->grant_len;
    ring->write_live = false;
    if (used == 0) {
        return;
    }
    const size_t write = ring->write;
    const size_t end = ring->grant_start + used;
    if (end < write && write != ring->capacity) {
        STORE(&ring->last, write); // wrapped; the bytes from here to the end were skipped
    } else if (end > ring->last) {
        STORE(&ring->last, ring->capacity);
    }
    STORE(&ring->write, end);
    mn_wait_cell_wake(&ring->readable);
}

// Bytes that the writer can still put in, on both sides of a wrap.
static size_t writer_room(const mn_ring_t *ring) {
    const size_t write = ring->write;
    const size_t read = LOAD(&ring->read);
    if (write < read) {
        return read - write - 1;
    }
    return ring->capacity - write + ((read > 0) ? read - 1 : 0);
}

mn_status_t mn_ring_write(mn_ring_t *ring, const void *data, size_t len) {
    const uint8_t *from = data;
    mn_status_t status = writer_state(ring);
    if (status == MN_OK && writer_room(ring) < len &&
        !(rewind_if_empty(ring) && len <= ring->capacity)) {
        status = MN_EFULL;
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
    mn_wait_cell_cancel(&ring->writable);
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
    mn_wait_cell_cancel(&ring->writable);
    return status;
}

void mn_ring_cancel_writer(mn_ring_t *ring) {
    mn_wait_cell_cancel(&ring->writable);
    ring->write_live = false;
}

void mn_ring_close_writer(mn_ring_t *ring) {
    ring->write_live = false;
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
    size_t end = write;
    if (write < read) {
        end = LOAD(&ring->last);
        if (read == end) {
            read = 0;
            STORE(&ring->read, 0);
            end = write;
        }
    }
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
    used = (used < ring->read_len) ? used : ring->read_len;
    ring->read_live = false;
    if (used != 0) {
        STORE(&ring->read, ring->read + used);
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
    mn_wait_cell_cancel(&ring->readable);
    return status;
}

void mn_ring_cancel_reader(mn_ring_t *ring) {
    mn_wait_cell_cancel(&ring->readable);
    ring->read_live = false;
}

void mn_ring_close_reader(mn_ring_t *ring) {
    ring->read_live = false;
    STORE(&ring->reader_closed, true);
    mn_wait_cell_wake(&ring->writable);
    mn_wait_cell_wake(&ring->readable); // a task that waits for data
}
