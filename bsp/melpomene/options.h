// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @brief Melpomene's command line.

#ifndef MELPOMENE_OPTIONS_H
#define MELPOMENE_OPTIONS_H

#include "listen.h"

#include <stdbool.h>
#include <stdint.h>

/// @brief What was asked for.
typedef struct options {
    bool headless;              ///< no terminal, no window
    host_address_t serial_addr; ///< where the UART listens
    uint8_t trace_level;        ///< what is traced at first: ::mn_trace_level_t
} options_t;

/// @brief Read the command line. Ends the program after `--help` and `--version`, and with a line
/// on standard error and status 2 if something is wrong.
void options_read(int argc, char **argv, options_t *options);

#endif
