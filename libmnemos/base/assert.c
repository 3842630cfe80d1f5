// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "ambient.h"
#include <mnemos/assert.h>
#include <mnemos/port.h>
#include <stddef.h>

_Noreturn void mn_panic(const char *message, const char *file, int line) {
    mn_panic_t panic = {.message = message, .file = file, .line = line, .task = NULL};
    if (mn__ambient.kernel != NULL && mn__ambient.task_name != NULL) {
        panic.task = mn__ambient.task_name(mn__ambient.kernel);
    }
    mn_port_panic(&panic);
}
