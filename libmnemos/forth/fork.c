// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Sharing data with forked VMs.

#include "vm.h"

uint8_t *mn__forth_page_for_write(mn_forth_t *vm, uint32_t page) {
    return page < vm->page_count ? vm->pages[page].write : NULL;
}

void mn_forth_end(mn_forth_t *vm) {
    vm->state = RUN_BYE;
}
