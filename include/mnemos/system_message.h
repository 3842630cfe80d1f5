// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup system_message System status messages
/// @brief What a target and a host say to each other on the status port: for both of them.
///
/// Both directions are streams of frames, each a COBS-encoded message and a zero byte; frames of
/// the serial mux may cut them anywhere. A message is one CBOR array that starts with its kind. The
/// format is in docs/status.cddl. Nothing here allocates, and no input can do worse than be
/// counted: after any disturbance the next zero byte begins afresh.
///
/// A *snapshot* is a header, rows, and a trailer that says how many rows there were, so that a
/// reader knows whether it has all of them. See @ref system_view for putting one together, and
/// @ref system_status for the target's side.
/// @{

#ifndef MNEMOS_SYSTEM_MESSAGE_H
#define MNEMOS_SYSTEM_MESSAGE_H

#include <mnemos/status.h>
#include <mnemos/util.h>
#include <mnemos/uuid.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// @brief Version of the protocol, in every header.
#define MN_SYSTEM_VERSION 1

/// @brief Longest name in bytes; a target cuts those that are longer.
#define MN_SYSTEM_NAME_MAX 31

/// @brief Longest message in bytes, before COBS.
#define MN_SYSTEM_MESSAGE_MAX 96U

/// @brief Room for a message in COBS, with its zero byte.
#define MN_SYSTEM_FRAME_MAX (MN_SYSTEM_MESSAGE_MAX + 2U)

// ---------------------------------------------------------------------------------------------
// Requests

/// @brief What a host asks for.
typedef enum mn_system_request_kind {
    MN_SYSTEM_ONCE = 1,  ///< one snapshot
    MN_SYSTEM_EVERY = 2, ///< a snapshot now, and one after each interval
    MN_SYSTEM_STOP = 3,  ///< no more snapshots
} mn_system_request_kind_t;

/// @brief A request.
typedef struct mn_system_request {
    mn_system_request_kind_t kind; ///< what is asked for
    uint32_t interval_ms;          ///< EVERY: milliseconds, at least 1
} mn_system_request_t;

/// @brief Longest request in bytes, before COBS.
#define MN_SYSTEM_REQUEST_MAX 8U

/// @brief Room for a request in COBS, with its zero byte.
#define MN_SYSTEM_REQUEST_FRAME_MAX (MN_SYSTEM_REQUEST_MAX + 2U)

/// @brief Encode a request, ready for the status port.
/// @param[in] request a valid request
/// @param[out] out room for ::MN_SYSTEM_REQUEST_FRAME_MAX bytes
/// @return bytes written
size_t mn_system_request_write(const mn_system_request_t *request, uint8_t *out);

/// @brief Read a request.
/// @param[in] bytes what a frame carried
/// @param[out] request the request
/// @retval MN_OK read
/// @retval MN_EBADFRAME it is not a request of this protocol
mn_status_t mn_system_request_read(mn_cspan_t bytes, mn_system_request_t *request);

// ---------------------------------------------------------------------------------------------
// Rows

/// @brief What a message of a snapshot tells.
typedef enum mn_system_kind {
    MN_SYSTEM_HEADER = 0,  ///< a snapshot begins
    MN_SYSTEM_HEAP = 1,    ///< the heap
    MN_SYSTEM_OWNER = 2,   ///< one who allocates
    MN_SYSTEM_TASK = 3,    ///< a task
    MN_SYSTEM_STALL = 4,   ///< the longest poll
    MN_SYSTEM_SERVICE = 5, ///< a service
    MN_SYSTEM_LINE = 6,    ///< the serial mux
    MN_SYSTEM_PORT = 7,    ///< an open port of the serial mux
    MN_SYSTEM_DROPS = 8,   ///< what the trace has lost
    MN_SYSTEM_TRAILER = 9, ///< the snapshot is complete
} mn_system_kind_t;

/// @brief The beginning of a snapshot.
typedef struct mn_system_header {
    uint64_t version;     ///< ::MN_SYSTEM_VERSION, or the rest is not there
    uint64_t sequence;    ///< number of the snapshot since the target started
    uint64_t time;        ///< clock ticks
    uint64_t rate;        ///< ticks per second, at least 1
    uint64_t uptime;      ///< ticks since the target started
    uint64_t busy;        ///< ticks of them that it was not idle
    bool timed;           ///< the target measures times; otherwise all of them are 0
    uint64_t interval_ms; ///< milliseconds from one snapshot to the next; 0 if none was asked for
} mn_system_header_t;

/// @brief The heap. Sizes in bytes.
typedef struct mn_system_heap {
    uint64_t total;        ///< what blocks can take
    uint64_t in_use;       ///< what they take
    uint64_t peak;         ///< the most that they took
    uint64_t largest_free; ///< a request of so many would be served
    uint64_t blocks;       ///< live blocks
    uint64_t failures;     ///< requests that were refused
    uint64_t bad_pointers; ///< pointers that were refused
} mn_system_heap_t;

/// @brief One who allocates.
typedef struct mn_system_owner {
    mn_cspan_t name;   ///< who
    uint64_t in_use;   ///< bytes
    uint64_t peak;     ///< bytes
    uint64_t blocks;   ///< live blocks
    uint64_t failures; ///< requests that were refused
    uint64_t quota;    ///< bytes; 0 for no limit
} mn_system_owner_t;

/// @brief What a task is doing.
typedef enum mn_system_task_state {
    MN_SYSTEM_WAITING = 0, ///< for something to wake it
    MN_SYSTEM_READY = 1,   ///< to be polled
    MN_SYSTEM_RUNNING = 2, ///< it is the one that made the snapshot
    MN_SYSTEM_ENDING = 3,  ///< it leaves with the next tick
} mn_system_task_state_t;

/// @brief A task. The counters wrap around at 2^32.
typedef struct mn_system_task {
    uint32_t id;           ///< no other task has it at the same time
    mn_cspan_t name;       ///< its name
    uint8_t state;         ///< ::mn_system_task_state_t
    uint32_t polls;        ///< number of polls
    uint32_t wakes;        ///< number of wakes
    uint32_t run_ticks;    ///< clock ticks spent in polls
    uint32_t longest_poll; ///< clock ticks
} mn_system_task_t;

/// @brief The longest poll.
typedef struct mn_system_stall {
    mn_cspan_t task;       ///< whose it was; empty before the first poll
    uint64_t longest_poll; ///< clock ticks
    uint64_t stalls;       ///< polls that took longer than they may
} mn_system_stall_t;

/// @brief A service.
typedef struct mn_system_service {
    mn_cspan_t name;   ///< for people
    mn_uuid_t uuid;    ///< how it is found
    bool has_queue;    ///< the rest is there: not so if it has a queue for each client
    uint64_t clients;  ///< clients that are connected
    uint64_t depth;    ///< requests that wait
    uint64_t capacity; ///< requests that can be under way
} mn_system_service_t;

/// @brief The serial mux. The counters wrap around at 2^32.
typedef struct mn_system_line {
    uint32_t frames;    ///< frames received
    uint32_t empty;     ///< zero bytes with nothing before them
    uint32_t bad_cobs;  ///< frames that were malformed
    uint32_t too_short; ///< frames without payload
    uint32_t overlong;  ///< frames that were too long
    uint32_t no_port;   ///< frames for a port that was not open
    uint32_t no_room;   ///< frames for a port that was full
    uint32_t sent;      ///< frames sent
} mn_system_line_t;

/// @brief An open port of the serial mux. The counters wrap around at 2^32.
typedef struct mn_system_port {
    uint16_t number;      ///< its number
    uint32_t frames_in;   ///< frames received
    uint32_t frames_out;  ///< frames sent
    uint32_t frames_lost; ///< frames for which there was no room
} mn_system_port_t;

/// @brief What the trace has lost.
typedef struct mn_system_drops {
    uint64_t events;   ///< events
    uint64_t spans;    ///< beginnings and ends of spans
    uint64_t sites;    ///< events whose trace point could not be named
    uint64_t requests; ///< requests on the trace port that made no sense
} mn_system_drops_t;

/// @brief The end of a snapshot.
typedef struct mn_system_trailer {
    uint64_t sequence; ///< as in the header
    uint64_t rows;     ///< messages between header and trailer
    uint64_t bad;      ///< requests on the status port that made no sense
} mn_system_trailer_t;

/// @brief A message of a snapshot.
typedef struct mn_system_row {
    mn_system_kind_t kind; ///< which of the others counts
    union {
        mn_system_header_t header;   ///< HEADER
        mn_system_heap_t heap;       ///< HEAP
        mn_system_owner_t owner;     ///< OWNER
        mn_system_task_t task;       ///< TASK
        mn_system_stall_t stall;     ///< STALL
        mn_system_service_t service; ///< SERVICE
        mn_system_line_t line;       ///< LINE
        mn_system_port_t port;       ///< PORT
        mn_system_drops_t drops;     ///< DROPS
        mn_system_trailer_t trailer; ///< TRAILER
    };
} mn_system_row_t;

/// @brief Encode a message, ready for the status port. Names that are too long are cut.
/// @param[in] row the message
/// @param[out] out room for ::MN_SYSTEM_FRAME_MAX bytes
/// @return bytes written
size_t mn_system_row_write(const mn_system_row_t *row, uint8_t *out);

/// @brief Read a message.
/// @param[in] bytes what a frame carried
/// @param[out] row names refer to @p bytes
/// @retval MN_OK read
/// @retval MN_EBADFRAME it is not a message of this protocol
mn_status_t mn_system_row_read(mn_cspan_t bytes, mn_system_row_t *row);

/// @brief What a decoder has seen. The counters wrap around.
typedef struct mn_system_counters {
    uint32_t rows;     ///< messages delivered
    uint32_t bad;      ///< frames that were not COBS, or not a message
    uint32_t overlong; ///< frames that were too long
} mn_system_counters_t;

/// @brief Takes the target's stream apart. Zero-initialise it.
typedef struct mn_system_decoder {
    mn_system_counters_t counters;       ///< for reading
    size_t len;                          ///< @private
    bool skipping;                       ///< @private
    uint8_t buffer[MN_SYSTEM_FRAME_MAX]; ///< @private
} mn_system_decoder_t;

/// @brief Take bytes of the stream, until a message is complete or all are used.
/// @param[in,out] decoder the decoder
/// @param[in] data the next bytes
/// @param[in] len their number, may be 0
/// @param[out] used bytes that are done with
/// @param[out] row valid until the next call
/// @retval MN_OK a message
/// @retval MN_PENDING all bytes are used
/// @retval MN_EBADFRAME,MN_ETOOBIG something that is no message was skipped; go on
mn_status_t mn_system_decoder_feed(mn_system_decoder_t *decoder, const uint8_t *data, size_t len,
                                   size_t *used, mn_system_row_t *row);

#ifdef __cplusplus
}
#endif

#endif
/// @}
