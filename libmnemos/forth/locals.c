// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Named locals.

#include "vm.h"

int mn__forth_find_local(const mn_forth_t *vm, const char *name, uint32_t len) {
    (void)vm;
    (void)name;
    (void)len;
    return -1;
}
