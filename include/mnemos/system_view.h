// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup system_view System view
/// @brief A target's status as its snapshots tell it: for tools on a host.
///
/// Messages (see @ref system_message) are put together until a snapshot is complete. What a task
/// and the whole target did in a stretch of time is the difference of two snapshots:
///
/// @code
/// while (mn_system_decoder_feed(&decoder, data, len, &used, &row) != MN_PENDING) { … }
///     if (mn_system_view_add(&now, &row) == MN_OK) {
///         show(&now, mn_system_view_follows(&now, &before) ? &before : NULL);
///         before = now;
///     }
/// @endcode
///
/// Nothing here allocates or trusts the target: there are places for so many of each kind, and what
/// is beyond them is counted.
/// @{

#ifndef MNEMOS_SYSTEM_VIEW_H
#define MNEMOS_SYSTEM_VIEW_H

#include <mnemos/system_message.h>

#ifdef __cplusplus
extern "C" {
#endif

/// @brief How many of each kind a view has places for.
enum {
    MN_SYSTEM_VIEW_TASKS = 256,
    MN_SYSTEM_VIEW_OWNERS = 64,
    MN_SYSTEM_VIEW_SERVICES = 64,
    MN_SYSTEM_VIEW_PORTS = 64,
};

/// @brief A share that is not known.
#define MN_SYSTEM_UNKNOWN UINT32_MAX

/// @brief All of a share.
#define MN_SYSTEM_WHOLE 10000U

/// @brief A name, zero-terminated. UTF-8, if the target kept to it.
typedef char mn_system_name_t[MN_SYSTEM_NAME_MAX + 1];

/// @brief A snapshot. Zero-initialise it. The names in the rows are empty: each has its text beside
/// it.
typedef struct mn_system_view {
    mn_system_header_t header;                               ///< the header
    mn_system_heap_t heap;                                   ///< the heap
    mn_system_stall_t stall;                                 ///< the longest poll
    mn_system_line_t line;                                   ///< the serial mux
    mn_system_drops_t drops;                                 ///< the trace's losses
    mn_system_trailer_t trailer;                             ///< the trailer
    bool has_line;                                           ///< @ref line was told
    bool has_drops;                                          ///< @ref drops was told
    bool open;                                               ///< @private
    uint32_t rows;                                           ///< @private since the header
    uint32_t omitted;                                        ///< rows beyond what has a place
    uint32_t owner_count;                                    ///< number of owners
    uint32_t task_count;                                     ///< number of tasks
    uint32_t service_count;                                  ///< number of services
    uint32_t port_count;                                     ///< number of ports
    mn_system_name_t stall_task;                             ///< name in @ref stall
    mn_system_owner_t owners[MN_SYSTEM_VIEW_OWNERS];         ///< who allocates
    mn_system_name_t owner_names[MN_SYSTEM_VIEW_OWNERS];     ///< their names
    mn_system_task_t tasks[MN_SYSTEM_VIEW_TASKS];            ///< tasks
    mn_system_name_t task_names[MN_SYSTEM_VIEW_TASKS];       ///< their names
    mn_system_service_t services[MN_SYSTEM_VIEW_SERVICES];   ///< services
    mn_system_name_t service_names[MN_SYSTEM_VIEW_SERVICES]; ///< their names
    mn_system_port_t ports[MN_SYSTEM_VIEW_PORTS];            ///< open mux ports
} mn_system_view_t;

/// @brief Add a message. A header begins anew; what comes without a header is passed over.
/// @param[in,out] view the view
/// @param[in] row the message
/// @retval MN_OK it was the trailer, and nothing is missing
/// @retval MN_PENDING the snapshot is not complete yet
/// @retval MN_EDROPPED it was a trailer, but rows before it were lost
/// @retval MN_ENOTSUP it was the header of another version of the protocol
mn_status_t mn_system_view_add(mn_system_view_t *view, const mn_system_row_t *row);

/// @brief Whether @p now is a later snapshot of the same run of the target, so that differences
/// make sense.
/// @param[in] now a complete snapshot
/// @param[in] before a complete snapshot
/// @return true if so
bool mn_system_view_follows(const mn_system_view_t *now, const mn_system_view_t *before);

/// @brief How much of the time the target was busy.
/// @param[in] now a snapshot
/// @param[in] before one that it follows, or NULL: since the target started
/// @return parts of ::MN_SYSTEM_WHOLE, or ::MN_SYSTEM_UNKNOWN
uint32_t mn_system_busy_share(const mn_system_view_t *now, const mn_system_view_t *before);

/// @brief How much of the time a task ran.
/// @param[in] now a snapshot
/// @param[in] before one that it follows, or NULL: since the target started
/// @param[in] task index into the tasks of @p now
/// @return parts of ::MN_SYSTEM_WHOLE, or ::MN_SYSTEM_UNKNOWN: also when so much time has passed
/// that the counter may have wrapped around more than once
uint32_t mn_system_task_share(const mn_system_view_t *now, const mn_system_view_t *before,
                              uint32_t task);

#ifdef __cplusplus
}
#endif

#endif
/// @}
