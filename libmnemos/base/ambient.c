// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// In a file of its own, so that host tools with trace levels need no port.

#include "ambient.h"

mn__ambient_t mn__ambient;
