// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup forth_shell Forth shell
/// @brief A Forth VM of its own behind a port of the serial mux.
///
/// Each shell is one task with one VM. It greets with `ok.`, takes lines from its port, and answers
/// each on the same port; see @ref forth for the form of the answers.
///
/// - A line ends with a line feed, a carriage return, or both; or after
///   ::mn_forth_shell_config_t::line_timeout_ms without a further byte, for hosts that send a line
///   in a frame without an end.
/// - Byte 03 (Ctrl-C) ends the running line with an error and discards what was typed ahead.
/// - What arrives while a line runs is kept for later, as much as the port's capacity; beyond that
///   it is discarded and counted. Ctrl-C is always seen.
/// - `bye` gives the port a fresh VM.
///
/// A shell runs its VM for one slice per poll, so a program that never ends only slows itself.
/// @{

#ifndef MNEMOS_FORTH_SHELL_H
#define MNEMOS_FORTH_SHELL_H

#include <mnemos/forth_system.h>
#include <mnemos/serial_mux.h>

#ifdef __cplusplus
extern "C" {
#endif

/// @brief Settings of a shell.
typedef struct mn_forth_shell_config {
    uint16_t port;            ///< mux port
    uint32_t capacity;        ///< bytes that can wait on the port, and as many typed ahead
    uint32_t line_timeout_ms; ///< silence that ends a line; 0 for never
    mn_forth_config_t forth;  ///< the VM
} mn_forth_shell_config_t;

/// @brief A shell on port @p number with a VM of the default size.
#define MN_FORTH_SHELL_DEFAULTS(number)                \
    ((mn_forth_shell_config_t){.port = (number),       \
                               .capacity = 256,        \
                               .line_timeout_ms = 250, \
                               .forth = MN_FORTH_CONFIG_DEFAULT})

/// @brief Spawn a shell.
/// @param[in,out] system the Forth system that it belongs to; must outlive it
/// @param[in] config copied
/// @param[in] name of the task, static text; NULL for "forth"
/// @param[out] task the task; it ends only if the mux refuses the port or goes
/// @retval MN_OK spawned
/// @retval MN_EINVAL a setting is out of range
/// @retval MN_EFULL the system has as many programs as it may
/// @retval MN_ENOMEM,MN_ETOOBIG no memory for it
/// @task_only or before the first tick
mn_status_t mn_forth_shell_start(mn_forth_system_t *system, const mn_forth_shell_config_t *config,
                                 const char *name, mn_task_t **task);

/// @brief Bytes that a shell discarded because too much was typed ahead.
/// @param[in] task from ::mn_forth_shell_start
/// @return bytes since the shell was started; wraps around
/// @task_only
uint32_t mn_forth_shell_lost(const mn_task_t *task);

#ifdef __cplusplus
}
#endif

#endif
/// @}
