// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Signals arrive as bytes in a pipe, where poll sees them.

#ifndef CROWTTY_SIGNALS_H
#define CROWTTY_SIGNALS_H

#include <stdbool.h>

// Catches SIGINT and SIGTERM, and SIGWINCH if it is wanted. Returns what becomes readable, or -1
// with errno.
int signals_catch(bool winch);

// Takes what has come: the last of SIGINT and SIGTERM, else SIGWINCH, 0 for nothing.
int signals_take(void);

#endif
