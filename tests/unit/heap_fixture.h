// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// A heap of 16 KiB and one owner, set up anew for each test and checked after it, and what the
// tests of the heap say often.

#ifndef HEAP_FIXTURE_H
#define HEAP_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mnemos/heap.h>
#include <mnemos/util.h>

enum { MEMORY = 16 * 1024, UNIT = MN_HEAP_ALIGN };

static _Alignas(MEMORY) uint8_t memory[MEMORY];
static mn_heap_t heap;
static mn_heap_owner_t owner;

static inline int set_up(void **state) {
    (void)state;
    // Old contents must not matter.
    memset(memory, 0xa5, sizeof(memory));
    memset(&heap, 0xa5, sizeof(heap));
    owner = (mn_heap_owner_t)MN_HEAP_OWNER_INIT("test", 0);
    assert_int_equal(mn_heap_init(&heap, memory, sizeof(memory)), MN_OK);
    return 0;
}

static inline int tear_down(void **state) {
    (void)state;
    assert_int_equal(mn_heap_check(&heap), MN_OK);
    return 0;
}

static inline mn_heap_stats_t stats(void) {
    mn_heap_stats_t result;
    mn_heap_stats(&heap, &result);
    assert_int_equal(result.in_use + result.free, result.total);
    assert_int_equal(result.allocations - result.frees, result.blocks);
    return result;
}

static inline void *alloc(size_t size) {
    void *block = NULL;
    assert_int_equal(mn_heap_alloc(&heap, &owner, size, 1, &block), MN_OK);
    assert_non_null(block);
    return block;
}

static inline mn_status_t try_alloc(size_t size, size_t align) {
    void *block = memory;
    mn_status_t status = mn_heap_alloc(&heap, &owner, size, align, &block);
    assert_true((status == MN_OK) == (block != NULL));
    return status;
}

static inline void release(void *block) {
    assert_int_equal(mn_heap_free(&heap, block), MN_OK);
}

static inline bool inside(const void *block, size_t size) {
    uintptr_t start = (uintptr_t)block;
    return start >= (uintptr_t)memory && start + size <= (uintptr_t)memory + sizeof(memory);
}

// What a request costs: a header and rounding to units.
static inline size_t cost(size_t size) {
    return (size + UNIT + UNIT - 1) / UNIT * UNIT;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
