// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup daemons Daemons
/// @brief Small tasks that use the serial mux and offer no service of their own: loopback and
/// hello.
/// @{

#ifndef MNEMOS_DAEMONS_H
#define MNEMOS_DAEMONS_H

#include <mnemos/serial_mux.h>

#ifdef __cplusplus
extern "C" {
#endif

/// @brief Settings of the loopback daemon.
typedef struct mn_loopback_config {
    uint16_t port;        ///< mux port
    uint32_t buffer_size; ///< bytes that it can hold
} mn_loopback_config_t;

/// @brief Port 0, 128 bytes.
#define MN_LOOPBACK_DEFAULTS \
    ((mn_loopback_config_t){.port = MN_SERMUX_LOOPBACK, .buffer_size = 128})

/// @brief Longest message of the hello daemon in bytes.
#define MN_HELLO_MESSAGE_MAX 32

/// @brief Settings of the hello daemon.
typedef struct mn_hello_config {
    uint16_t port;        ///< mux port
    uint32_t buffer_size; ///< bytes received and ignored
    const char *message;  ///< what it says, at most ::MN_HELLO_MESSAGE_MAX bytes; static text
    uint32_t interval_ms; ///< pause before each message in milliseconds
} mn_hello_config_t;

/// @brief "hello" once a second on port 1.
#define MN_HELLO_DEFAULTS \
    ((mn_hello_config_t){ \
        .port = MN_SERMUX_HELLO, .buffer_size = 32, .message = "hello\r\n", .interval_ms = 1000})

/// @brief Spawn a task that sends back what it receives.
/// @param[in,out] registry where the serial mux is, or will be
/// @param[in] config copied
/// @param[out] task the task; it ends only if the mux refuses the port or goes
/// @retval MN_OK spawned
/// @retval MN_ENOMEM,MN_ETOOBIG no memory for it
/// @task_only or before the first tick
mn_status_t mn_loopback_start(mn_registry_t *registry, const mn_loopback_config_t *config,
                              mn_task_t **task);

/// @brief Spawn a task that says hello again and again; the first time one interval from now.
/// @param[in,out] registry where the serial mux is, or will be
/// @param[in] config copied
/// @param[out] task the task; it ends only if the mux refuses the port or goes
/// @retval MN_OK spawned
/// @retval MN_EINVAL the message is too long
/// @retval MN_ENOMEM,MN_ETOOBIG no memory for it
/// @task_only or before the first tick
mn_status_t mn_hello_start(mn_registry_t *registry, const mn_hello_config_t *config,
                           mn_task_t **task);

#ifdef __cplusplus
}
#endif

#endif
/// @}
