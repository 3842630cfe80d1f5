// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup defaults Default services
/// @brief Everything that a board with a serial port gets, in one call.
/// @{

#ifndef MNEMOS_DEFAULTS_H
#define MNEMOS_DEFAULTS_H

#include <mnemos/daemons.h>
#include <mnemos/forth_shell.h>
#include <mnemos/system_status.h>
#include <mnemos/trace_daemon.h>

#ifdef __cplusplus
extern "C" {
#endif

/// @brief Most Forth shells that can be started.
#define MN_DEFAULT_SHELLS 4

/// @brief Which services to start, and their settings.
typedef struct mn_defaults_config {
    bool trace_enabled;                ///< record what happens, and tell a host
    mn_trace_config_t trace;           ///< its settings
    bool serial_mux_enabled;           ///< the others need it
    mn_serial_mux_config_t serial_mux; ///< its settings
    bool loopback_enabled;             ///< send back what comes in on a port
    mn_loopback_config_t loopback;     ///< its settings
    bool hello_enabled;                ///< a sign of life
    mn_hello_config_t hello;           ///< its settings
    bool status_enabled;               ///< tell a host what the system is doing
    mn_system_status_config_t status;  ///< its settings
    mn_forth_system_config_t forth;    ///< used if there are shells
    uint8_t shells;                    ///< Forth shells, 0 to ::MN_DEFAULT_SHELLS
    mn_forth_shell_config_t shell;     ///< settings of the first; the others use the next ports
} mn_defaults_config_t;

/// @brief Everything on, with the default settings.
#define MN_DEFAULTS                                               \
    ((mn_defaults_config_t){.trace_enabled = true,                \
                            .trace = MN_TRACE_DEFAULTS,           \
                            .serial_mux_enabled = true,           \
                            .serial_mux = MN_SERIAL_MUX_DEFAULTS, \
                            .loopback_enabled = true,             \
                            .loopback = MN_LOOPBACK_DEFAULTS,     \
                            .hello_enabled = true,                \
                            .hello = MN_HELLO_DEFAULTS,           \
                            .status_enabled = true,               \
                            .status = MN_SYSTEM_STATUS_DEFAULTS,  \
                            .forth = MN_FORTH_SYSTEM_DEFAULTS,    \
                            .shells = MN_DEFAULT_SHELLS,          \
                            .shell = MN_FORTH_SHELL_DEFAULTS(MN_SERMUX_FORTH0)})

/// @brief The running default services. Zero-initialise it.
typedef struct mn_defaults {
    mn_trace_daemon_t trace;              ///< read-only: all NULL if not started
    mn_serial_mux_t *serial_mux;          ///< read-only: NULL if not started
    mn_task_t *loopback;                  ///< read-only: NULL if not started
    mn_task_t *hello;                     ///< read-only: NULL if not started
    mn_task_t *status;                    ///< read-only: NULL if not started
    mn_forth_system_t *forth;             ///< read-only: NULL if not started
    mn_task_t *shells[MN_DEFAULT_SHELLS]; ///< read-only: NULL where not started
} mn_defaults_t;

/// @brief Start the services that @p config names, in dependency order. All or none.
/// @param[out] defaults what was started; all NULL on failure
/// @param[in,out] registry where they register
/// @param[in] config copied
/// @param[out] failed name of the service that could not be started, NULL on success; may be NULL
/// @retval MN_OK all are started; they wait for the serial port if it is not there yet
/// @retval MN_EINVAL a setting is out of range, or a service needs the serial mux, which is off
/// @return otherwise why the service named by @p failed could not be started
/// @task_only or before the first tick
mn_status_t mn_defaults_start(mn_defaults_t *defaults, mn_registry_t *registry,
                              const mn_defaults_config_t *config, const char **failed);

/// @brief Stop the services and give back their memory.
/// @param[in,out] defaults what ::mn_defaults_start has started; all NULL afterwards
/// @task_only
void mn_defaults_stop(mn_defaults_t *defaults);

#ifdef __cplusplus
}
#endif

#endif
/// @}
