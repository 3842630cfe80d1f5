// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Snapshots of the target's status, as tables and as JSON.

#ifndef CROWTTY_STATUS_VIEW_H
#define CROWTTY_STATUS_VIEW_H

#include <mnemos/system_view.h>

#include <stdio.h>

// Tables, one line each of at most 79 columns. The shares are of the time since `before`, or since
// the start if it is NULL.
void status_print(FILE *file, const mn_system_view_t *now, const mn_system_view_t *before);

// One object in one line.
void status_print_json(FILE *file, const mn_system_view_t *now, const mn_system_view_t *before);

#endif
