// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup trace Trace
/// @brief Keeps what trace points record until it has been sent to a host.
///
/// A trace belongs to a kernel. From ::mn_trace_new on, the trace points (see @ref tracepoint) of
/// that kernel's tasks and interrupt handlers record into two rings, one for tasks and one for
/// interrupts; what finds no room is counted exactly, by kind. Records are kept as they are: a
/// pointer to the trace point, the time, the values. They become messages (docs/trace.cddl) only
/// when they are taken, in the order in which they happened. A trace point is explained to the host
/// before it is first used, and again whenever a host asks.
///
/// Usually ::mn_trace_start carries it all over a port of the serial mux. Another carrier uses
/// ::mn_trace_take and ::mn_trace_give.
/// @{

#ifndef MNEMOS_TRACE_H
#define MNEMOS_TRACE_H

#include <mnemos/kernel.h>
#include <mnemos/sermux.h>
#include <mnemos/trace_message.h>

#ifdef __cplusplus
extern "C" {
#endif

/// @brief A trace.
typedef struct mn_trace mn_trace_t;

/// @brief Settings of a trace.
typedef struct mn_trace_config {
    uint16_t port;          ///< mux port
    uint8_t level;          ///< what is recorded at first: ::mn_trace_level_t
    uint32_t ring_size;     ///< bytes for records of tasks; rounded down to a power of two
    uint32_t isr_ring_size; ///< bytes for records of interrupt handlers, likewise
    uint16_t max_sites;     ///< most trace points that can be told apart
    uint16_t max_tasks;     ///< most tasks that the host is told of without being told again
    uint16_t heartbeat_ms;  ///< time between signs of life in milliseconds
    uint16_t batch_ms;      ///< how long a record may wait for others to be sent with it
    uint64_t session;       ///< another number after each start; 0: the clock's time
} mn_trace_config_t;

/// @brief Port 3, level info, 4 KiB for tasks and 1 KiB for interrupts.
#define MN_TRACE_DEFAULTS                         \
    ((mn_trace_config_t){.port = MN_SERMUX_TRACE, \
                         .level = MN_TRACE_INFO,  \
                         .ring_size = 4096,       \
                         .isr_ring_size = 1024,   \
                         .max_sites = 100,        \
                         .max_tasks = 24,         \
                         .heartbeat_ms = 1000,    \
                         .batch_ms = 10})

/// @brief Make a trace for @p kernel and begin to record.
/// @param[in,out] kernel a kernel without a trace
/// @param[in] config copied
/// @param[out] trace the trace
/// @retval MN_OK made
/// @retval MN_EINVAL a ring has less than 512 bytes, a table is empty or has more than 4096
/// places, or there is no such level
/// @retval MN_EEXISTS the kernel has a trace
/// @retval MN_ENOMEM,MN_ETOOBIG no memory for it
/// @task_only or before the first tick
mn_status_t mn_trace_new(mn_kernel_t *kernel, const mn_trace_config_t *config, mn_trace_t **trace);

/// @brief Stop recording and give back the memory. Spans that are open are never exited.
/// @param[in,out] trace the trace; not to be used again
/// @task_only
void mn_trace_delete(mn_trace_t *trace);

/// @brief Set how much is recorded.
/// @param[in,out] trace the trace
/// @param[in] prefix of the targets that this is for; "" for all that no other prefix fits
/// @param[in] level ::mn_trace_level_t
/// @retval MN_OK set
/// @retval MN_EINVAL there is no such level, or the prefix is too long
/// @retval MN_EFULL ::MN_TRACE_RULES_MAX prefixes have a level
/// @task_only
mn_status_t mn_trace_set_level(mn_trace_t *trace, const char *prefix, uint8_t level);

/// @brief How much is recorded.
/// @param[in] trace the trace
/// @return a copy
/// @task_only
mn_trace_levels_t mn_trace_levels(const mn_trace_t *trace);

/// @brief What was lost so far.
/// @param[in] trace the trace
/// @return the counts so far, which a host is told as well
/// @task_only
mn_trace_dropped_t mn_trace_dropped(const mn_trace_t *trace);

/// @brief Messages for the host, as many as fit into one frame of the mux.
///
/// The same ones again until ::mn_trace_taken.
/// @param[in,out] trace the trace
/// @return empty if there is nothing to say
/// @task_only
mn_cspan_t mn_trace_take(mn_trace_t *trace);

/// @brief What ::mn_trace_take returned has been sent.
/// @param[in,out] trace the trace
/// @task_only
void mn_trace_taken(mn_trace_t *trace);

/// @brief Bytes that came from the host, cut anywhere.
/// @param[in,out] trace the trace
/// @param[in] bytes not needed afterwards
/// @task_only
void mn_trace_give(mn_trace_t *trace, mn_cspan_t bytes);

/// @brief For ::mn_port_panic: send what is left of the current kernel's trace, without waiting for
/// anybody, as frames of the mux. Nothing is recorded afterwards.
///
/// The report itself is best printed after this as plain text: then a person can read it without
/// any tool. Does nothing if there is no trace, or if it is the trace that panics.
/// @param[in] write sends bytes, busily
/// @param[in] context handed to @p write
/// @isr_ok
void mn_trace_flush(void (*write)(void *context, const uint8_t *data, size_t len), void *context);

#ifdef __cplusplus
}
#endif

#endif
/// @}
