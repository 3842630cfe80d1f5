// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The command 'status': asks the target what it is doing, and shows it once, again and again in
// place, or as JSON.

#ifndef CROWTTY_STATUS_COMMAND_H
#define CROWTTY_STATUS_COMMAND_H

#include "options.h"

// Runs until it is done, or told to end. Returns the exit status.
int status_run(const options_t *options);

#endif
