// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup ring Byte ring
/// @brief A byte queue whose two ends work in place: one writer, one reader, either in an
/// interrupt.
///
/// The writer asks for a *grant*, a contiguous run of free bytes, fills it and commits what it
/// used. The reader asks for everything that is contiguous and committed, and releases what it has
/// consumed. Nothing is copied. When the free bytes at the end of the buffer do not suffice the
/// writer continues at its beginning, and the reader follows (a "bip buffer", Simon Cooke, 2003).
///
/// **Guarantees.** One writer and one reader need no lock and hold no interrupts back, also if one
/// of them is an interrupt handler or (for the forms that do not wait) another thread. At most one
/// write grant and one read grant are live. All of the capacity can be filled. An empty ring serves
/// an exact grant of any length up to its capacity, so a writer that waits for one is served at the
/// latest when the reader has released everything.
///
/// **Closing.** Either side may close. After the writer has closed, the reader gets what is left
/// and then ::MN_ECLOSED. After the reader has closed, the writer gets ::MN_ECLOSED at once. Tasks
/// that wait on either side learn of it. A grant that is live while its own side closes may still
/// be committed or released; what is committed then is discarded.
///
/// The forms with a task wait; they may be called by at most one task on each side.
/// @{

#ifndef MNEMOS_RING_H
#define MNEMOS_RING_H

#include <mnemos/kernel.h>
#include <mnemos/util.h>
#include <mnemos/wait.h>

#ifdef __cplusplus
extern "C" {
#endif

/// @brief A ring. Initialise with ::mn_ring_init or get one from ::mn_ring_new.
typedef struct mn_ring {
    uint8_t *data;           ///< @private
    size_t capacity;         ///< read-only: size of the buffer in bytes
    size_t write;            ///< @private position of the next byte to write
    size_t read;             ///< @private position of the next byte to read
    size_t last;             ///< @private the writer's: where it went back to the beginning
    size_t grant_start;      ///< @private the writer's
    size_t grant_len;        ///< @private the writer's
    size_t read_len;         ///< @private the reader's
    bool write_live;         ///< @private the writer's
    bool read_live;          ///< @private the reader's
    bool writer_closed;      ///< @private
    bool reader_closed;      ///< @private
    mn_wait_cell_t readable; ///< @private the reader waits here
    mn_wait_cell_t writable; ///< @private the writer waits here
} mn_ring_t;

/// @brief Make an empty ring over @p data.
/// @param[out] ring the ring
/// @param[in] data buffer; the ring's until it is no longer used
/// @param[in] capacity its size in bytes, 1 to `SIZE_MAX / 2`
void mn_ring_init(mn_ring_t *ring, void *data, size_t capacity);

/// @brief Allocate a ring and its buffer in one block.
/// @param[in,out] kernel whose heap to take it from
/// @param[in,out] owner whom to account it to
/// @param[in] capacity size of the buffer in bytes, at least 1
/// @param[out] ring the ring; NULL on failure
/// @retval MN_OK allocated
/// @retval MN_EINVAL @p capacity is 0
/// @retval MN_ENOMEM,MN_ETOOBIG,MN_EQUOTA as ::mn_alloc
/// @task_only
mn_status_t mn_ring_new(mn_kernel_t *kernel, mn_heap_owner_t *owner, size_t capacity,
                        mn_ring_t **ring);

/// @brief Free a ring from ::mn_ring_new that neither side uses any more.
/// @param[in,out] kernel the kernel that it was allocated from
/// @param[in] ring the ring
/// @task_only
void mn_ring_delete(mn_kernel_t *kernel, mn_ring_t *ring);

// --- the writer's side ---

/// @brief Get exactly @p len contiguous bytes to write.
/// @param[in,out] ring the ring
/// @param[in] len bytes; 0 succeeds and is good for nothing
/// @param[out] grant the bytes, with whatever they contain
/// @retval MN_OK granted; commit it with ::mn_ring_commit
/// @retval MN_EFULL not that many at the moment
/// @retval MN_ETOOBIG more than the capacity
/// @retval MN_EBUSY a write grant is live
/// @retval MN_ECLOSED either side has closed
/// @isr_ok if the writer is an interrupt handler
mn_status_t mn_ring_grant(mn_ring_t *ring, size_t len, mn_span_t *grant);

/// @brief Get at least one and at most @p len contiguous bytes to write.
///
/// Bytes at the end of the buffer are used up before the beginning is.
/// @param[in,out] ring the ring
/// @param[in] len bytes; 0 is granted 0 bytes wherever 1 would be granted 1
/// @param[out] grant the bytes, with whatever they contain
/// @retval MN_OK granted
/// @retval MN_EFULL there is no room
/// @retval MN_EBUSY,MN_ECLOSED as ::mn_ring_grant
/// @isr_ok if the writer is an interrupt handler
mn_status_t mn_ring_grant_max(mn_ring_t *ring, size_t len, mn_span_t *grant);

/// @brief Hand the first @p used bytes of the write grant to the reader; the rest is given back.
/// @param[in,out] ring the ring
/// @param[in] used bytes; more than granted means all, 0 abandons the grant
/// @pre a write grant is live
/// @isr_ok if the writer is an interrupt handler
void mn_ring_commit(mn_ring_t *ring, size_t used);

/// @brief Copy @p len bytes into the ring, all or none, on both sides of a wrap if need be.
/// @param[in,out] ring the ring
/// @param[in] data the bytes
/// @param[in] len their number
/// @retval MN_OK all are in the ring
/// @retval MN_EFULL there is not enough room; nothing was copied
/// @retval MN_ETOOBIG,MN_EBUSY,MN_ECLOSED as ::mn_ring_grant
/// @isr_ok if the writer is an interrupt handler
mn_status_t mn_ring_write(mn_ring_t *ring, const void *data, size_t len);

/// @brief ::mn_ring_grant that waits for room.
/// @param[in,out] ring the ring
/// @param[in,out] task the calling task
/// @param[in] len bytes
/// @param[out] grant the bytes, with whatever they contain
/// @retval MN_OK,MN_ETOOBIG,MN_EBUSY,MN_ECLOSED as ::mn_ring_grant
/// @retval MN_PENDING not yet
/// @task_only @may_wait
mn_status_t mn_ring_grant_wait(mn_ring_t *ring, mn_task_t *task, size_t len, mn_span_t *grant);

/// @brief ::mn_ring_grant_max that waits for room.
/// @param[in,out] ring the ring
/// @param[in,out] task the calling task
/// @param[in] len most bytes, at least 1
/// @param[out] grant the bytes, with whatever they contain
/// @retval MN_OK,MN_EBUSY,MN_ECLOSED as ::mn_ring_grant_max
/// @retval MN_PENDING not yet
/// @task_only @may_wait
mn_status_t mn_ring_grant_max_wait(mn_ring_t *ring, mn_task_t *task, size_t len, mn_span_t *grant);

/// @brief Withdraw the writer's wait and abandon its grant, if there are any.
/// @param[in,out] ring the ring
/// @task_only
void mn_ring_cancel_writer(mn_ring_t *ring);

/// @brief No more will be written.
/// @param[in,out] ring the ring
/// @isr_ok if the writer is an interrupt handler
void mn_ring_close_writer(mn_ring_t *ring);

// --- the reader's side ---

/// @brief Get everything that is committed and contiguous. The reader may change the bytes.
///
/// Bytes on both sides of a wrap take two reads.
/// @param[in,out] ring the ring
/// @param[out] grant the bytes
/// @retval MN_OK @p grant has at least one byte; release it with ::mn_ring_release
/// @retval MN_EEMPTY there is nothing
/// @retval MN_EBUSY a read grant is live
/// @retval MN_ECLOSED the writer has closed and nothing is left, or the reader has closed
/// @isr_ok if the reader is an interrupt handler
mn_status_t mn_ring_read(mn_ring_t *ring, mn_span_t *grant);

/// @brief Give back the first @p used bytes of the read grant; the others are read again.
/// @param[in,out] ring the ring
/// @param[in] used bytes; more than granted means all
/// @pre a read grant is live
/// @isr_ok if the reader is an interrupt handler
void mn_ring_release(mn_ring_t *ring, size_t used);

/// @brief ::mn_ring_read that waits for something to read.
/// @param[in,out] ring the ring
/// @param[in,out] task the calling task
/// @param[out] grant the bytes
/// @retval MN_OK,MN_EBUSY,MN_ECLOSED as ::mn_ring_read
/// @retval MN_PENDING not yet
/// @task_only @may_wait
mn_status_t mn_ring_read_wait(mn_ring_t *ring, mn_task_t *task, mn_span_t *grant);

/// @brief Withdraw the reader's wait and abandon its grant, if there are any.
/// @param[in,out] ring the ring
/// @task_only
void mn_ring_cancel_reader(mn_ring_t *ring);

/// @brief Nothing more will be read.
/// @param[in,out] ring the ring
/// @isr_ok if the reader is an interrupt handler
void mn_ring_close_reader(mn_ring_t *ring);

// ---------------------------------------------------------------------------------------------
// Both directions

/// @brief One end of a two-way byte connection: two rings, one for each direction.
typedef struct mn_duplex {
    mn_ring_t *tx; ///< this end writes
    mn_ring_t *rx; ///< this end reads
} mn_duplex_t;

/// @brief The other end.
/// @param[in] end one end
/// @return the same two rings, the other way round
static inline mn_duplex_t mn_duplex_other(mn_duplex_t end) {
    return (mn_duplex_t){.tx = end.rx, .rx = end.tx};
}

// ---------------------------------------------------------------------------------------------
// Many writers

/// @brief A ring with many writing tasks: each has the ring to itself from grant to commit, in
/// order of arrival.
typedef struct mn_shared_ring {
    mn_ring_t *ring;  ///< read-only
    mn_mutex_t mutex; ///< @private
} mn_shared_ring_t;

/// @brief One writing task's place. Zero-initialise it.
typedef struct mn_ring_writer {
    mn_wait_t wait; ///< @private
    bool owns;      ///< @private it has the ring to itself
} mn_ring_writer_t;

/// @brief Share the writing side of @p ring.
/// @param[out] shared the shared side
/// @param[in] ring the ring; nobody else writes to it any more
void mn_shared_ring_init(mn_shared_ring_t *shared, mn_ring_t *ring);

/// @brief Get exactly @p len bytes, waiting for the other writers and for room.
/// @param[in,out] shared the shared side
/// @param[in,out] writer this writer's place; idle at the first call
/// @param[in,out] task the calling task
/// @param[in] len bytes
/// @param[out] grant the bytes, with whatever they contain
/// @retval MN_OK granted; commit with ::mn_shared_ring_commit
/// @retval MN_ETOOBIG,MN_ECLOSED as ::mn_ring_grant
/// @retval MN_PENDING not yet
/// @task_only @may_wait
mn_status_t mn_shared_ring_grant_wait(mn_shared_ring_t *shared, mn_ring_writer_t *writer,
                                      mn_task_t *task, size_t len, mn_span_t *grant);

/// @brief Get exactly @p len bytes now.
/// @param[in,out] shared the shared side
/// @param[in,out] writer this writer's place, idle
/// @param[in] len bytes
/// @param[out] grant the bytes, with whatever they contain
/// @retval MN_OK granted
/// @retval MN_EBUSY another writer has the ring or is in line for it
/// @retval MN_EFULL,MN_ETOOBIG,MN_ECLOSED as ::mn_ring_grant
/// @task_only
mn_status_t mn_shared_ring_grant(mn_shared_ring_t *shared, mn_ring_writer_t *writer, size_t len,
                                 mn_span_t *grant);

/// @brief Hand the first @p used bytes to the reader and the ring to the next writer.
/// @param[in,out] shared the shared side
/// @param[in,out] writer the writer that holds the grant
/// @param[in] used bytes; more than granted means all
/// @task_only
void mn_shared_ring_commit(mn_shared_ring_t *shared, mn_ring_writer_t *writer, size_t used);

/// @brief Withdraw a writer, whether it waits or holds a grant.
/// @param[in,out] shared the shared side
/// @param[in,out] writer the writer
/// @task_only
void mn_shared_ring_cancel(mn_shared_ring_t *shared, mn_ring_writer_t *writer);

#ifdef __cplusplus
}
#endif

#endif
/// @}
