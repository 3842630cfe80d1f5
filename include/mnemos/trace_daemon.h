// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup trace_daemon Trace daemon
/// @brief Carries a kernel's trace over a port of the serial mux.
/// @{

#ifndef MNEMOS_TRACE_DAEMON_H
#define MNEMOS_TRACE_DAEMON_H

#include <mnemos/registry.h>
#include <mnemos/trace.h>

#ifdef __cplusplus
extern "C" {
#endif

/// @brief A running trace daemon. Zero-initialise it.
typedef struct mn_trace_daemon {
    mn_trace_t *trace; ///< read-only: NULL if not started
    mn_task_t *task;   ///< read-only: ends only if the mux refuses the port or goes
} mn_trace_daemon_t;

/// @brief Begin to record, and spawn a task that sends what is recorded.
///
/// What is recorded before the mux is there is sent when it comes.
/// @param[out] daemon the daemon; stop it with ::mn_trace_stop
/// @param[in,out] registry where the serial mux is, or will be
/// @param[in] config copied
/// @retval MN_OK started
/// @retval MN_EINVAL,MN_EEXISTS,MN_ENOMEM,MN_ETOOBIG as ::mn_trace_new
/// @task_only or before the first tick
mn_status_t mn_trace_start(mn_trace_daemon_t *daemon, mn_registry_t *registry,
                           const mn_trace_config_t *config);

/// @brief Stop recording, and give back the memory. One that was not started is left alone.
/// @param[in,out] daemon the daemon
/// @task_only
void mn_trace_stop(mn_trace_daemon_t *daemon);

#ifdef __cplusplus
}
#endif

#endif
/// @}
