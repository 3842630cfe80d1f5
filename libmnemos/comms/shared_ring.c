// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include <mnemos/ring.h>

void mn_shared_ring_init(mn_shared_ring_t *shared, mn_ring_t *ring) {
    shared->ring = ring;
    mn_mutex_init(&shared->mutex);
}

static void give_up(mn_shared_ring_t *shared, mn_ring_writer_t *writer) {
    writer->owns = false;
    mn_mutex_unlock(&shared->mutex);
}

mn_status_t mn_shared_ring_grant_wait(mn_shared_ring_t *shared, mn_ring_writer_t *writer,
                                      mn_task_t *task, size_t len, mn_span_t *grant) {
    if (!writer->owns) {
        mn_status_t status = mn_mutex_lock(&shared->mutex, &writer->wait, task);
        if (status != MN_OK) {
            return status;
        }
        writer->owns = true;
    }
    MN_ASSERT(!shared->ring->write_live); // else this writer has not committed yet
    mn_status_t status = mn_ring_grant_wait(shared->ring, task, len, grant);
    if (status < MN_OK) {
        give_up(shared, writer);
    }
    return status;
}

mn_status_t mn_shared_ring_grant(mn_shared_ring_t *shared, mn_ring_writer_t *writer, size_t len,
                                 mn_span_t *grant) {
    mn_status_t status = mn_mutex_try_lock(&shared->mutex);
    if (status != MN_OK) {
        return status;
    }
    writer->owns = true;
    status = mn_ring_grant(shared->ring, len, grant);
    if (status != MN_OK) {
        give_up(shared, writer);
    }
    return status;
}

void mn_shared_ring_commit(mn_shared_ring_t *shared, mn_ring_writer_t *writer, size_t used) {
    MN_ASSERT(writer->owns);
    mn_ring_commit(shared->ring, used);
    give_up(shared, writer);
}

void mn_shared_ring_cancel(mn_shared_ring_t *shared, mn_ring_writer_t *writer) {
    mn_wait_cancel(&writer->wait);
    if (writer->owns) {
        mn_ring_cancel_writer(shared->ring);
        give_up(shared, writer);
    }
}
