// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// What a VM with the default configuration takes, as a constant that a compiler for another machine
// can work out, too. On this computer it is compared with what the library says.

#ifndef FORTH_SIZE_H
#define FORTH_SIZE_H

#include "../../libmnemos/forth/vm.h"

enum {
    SIZE_DATA_STACK = 256,
    SIZE_RETURN_STACK = 256,
    SIZE_DATA = 1536,
    SIZE_DICT = 1536,
    SIZE_OUTPUT = 256,
    SIZE_BUCKETS = 8,
};

#define SIZE_PAGES ((SIZE_DATA + PAGE_SIZE - 1U) / PAGE_SIZE)
#define SIZE_UP(n, align) (((n) + (align)-1U) / (align) * (align))

// The machine, page table with page 0, name index, stacks with a cell more, dictionary, pages,
// output.
#define FORTH_SIZE                                                                           \
    SIZE_UP(SIZE_UP(sizeof(mn_forth_t) + (SIZE_PAGES + 1U) * sizeof(page_t) +                \
                        4U * (SIZE_BUCKETS + SIZE_DATA_STACK + 1U + SIZE_RETURN_STACK + 1U + \
                              SIZE_DICT / 4U),                                               \
                    _Alignof(double)) +                                                      \
                SIZE_PAGES * FRAME_SIZE + SIZE_OUTPUT,                                       \
            _Alignof(max_align_t))

#endif
