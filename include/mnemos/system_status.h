// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup system_status System status
/// @brief A task that tells a host what the system is doing: heap, tasks, services, mux ports.
///
/// It listens on a port of the serial mux. A host asks for one snapshot, or for one after each
/// interval until it says stop; the messages are in @ref system_message and docs/status.cddl.
///
/// A snapshot is made row by row, each with a poll of its own, and each is sent before the next one
/// is looked up. So it needs little memory, allocates nothing and delays nobody, whatever the
/// number of tasks; and its rows are not all from the same moment. What comes or goes meanwhile may
/// be in it or not; a task that ends may hide the one after it from this one snapshot. A line that
/// is slower than the interval gets fewer snapshots, each of them whole.
/// @{

#ifndef MNEMOS_SYSTEM_STATUS_H
#define MNEMOS_SYSTEM_STATUS_H

#include <mnemos/serial_mux.h>
#include <mnemos/system_message.h>
#include <mnemos/trace.h>

#ifdef __cplusplus
extern "C" {
#endif

/// @brief Settings of the service.
typedef struct mn_system_status_config {
    uint16_t port;            ///< mux port
    uint32_t buffer_size;     ///< bytes of requests that it can hold
    uint32_t min_interval_ms; ///< shorter intervals become this one, in milliseconds; at least 1
} mn_system_status_config_t;

/// @brief Port 4, at most 20 snapshots a second.
#define MN_SYSTEM_STATUS_DEFAULTS \
    ((mn_system_status_config_t){ \
        .port = MN_SERMUX_STATUS, .buffer_size = 64, .min_interval_ms = 50})

/// @brief Spawn the task.
/// @param[in,out] registry where the serial mux is, or will be; what is told of services is what
/// is registered there
/// @param[in] config copied
/// @param[in] trace whose losses are told, and which must not go before the task; NULL for none
/// @param[out] task the task; it ends only if the mux refuses the port or goes
/// @retval MN_OK spawned
/// @retval MN_EINVAL `min_interval_ms` is 0
/// @retval MN_ENOMEM,MN_ETOOBIG no memory for it
/// @task_only or before the first tick
mn_status_t mn_system_status_start(mn_registry_t *registry, const mn_system_status_config_t *config,
                                   const mn_trace_t *trace, mn_task_t **task);

#ifdef __cplusplus
}
#endif

#endif
/// @}
