// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Compiled for rv32 to see how large things are there: the size of each object is read from the
// symbol table.

#include "forth_size.h"
#include <mnemos/kernel.h>
#include <stddef.h>

char rv32_TASK[sizeof(mn_task_t)];
char rv32_TASK_HEADER[offsetof(mn_task_t, name)];
char rv32_KERNEL[sizeof(mn_kernel_t)];
char rv32_WHEEL[sizeof(mn__wheel_t)];
char rv32_FORTH[FORTH_SIZE];
