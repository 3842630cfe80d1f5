// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @brief Terminal settings that are given back however the program ends.

#ifndef HOST_TTY_H
#define HOST_TTY_H

#include <stdbool.h>

/// @brief Change the terminal on standard input so that every key is read as it is pressed.
/// @return whether that worked
bool host_tty_raw(void);

/// @brief Undo host_tty_raw(), if it has worked. Also done by a signal that means a crash.
void host_tty_restore(void);

#endif
