// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// A long random trace of everything, against what the test itself knows of each block.

#include "heap_fixture.h"

// --- a long random trace against a model ---

enum { SLOTS = 96, OPERATIONS = 100000, OWNERS = 3 };

// What the test knows of a block.
typedef struct slot {
    uint8_t *block;
    size_t size;
    uint8_t pattern;
    unsigned owner;
} slot_t;

static uint32_t random_state;

static uint32_t random_below(uint32_t limit) {
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % limit;
}

static size_t random_size(void) {
    size_t size = 1 + random_below(64);
    for (uint32_t shift = random_below(7); shift > 0; shift--) {
        size = size * 2 - random_below(2);
    }
    return size;
}

static void check_pattern(const slot_t *slot, size_t size) {
    for (size_t i = 0; i < size; i++) {
        if (slot->block[i] != (uint8_t)(slot->pattern + i)) {
            fail_msg("byte %zu of %zu was overwritten", i, slot->size);
        }
    }
}

static void write_pattern(slot_t *slot, size_t size) {
    slot->size = size;
    slot->pattern = (uint8_t)random_below(256);
    for (size_t i = 0; i < size; i++) {
        slot->block[i] = (uint8_t)(slot->pattern + i);
    }
}

static void random_alloc(mn_heap_owner_t *owners, slot_t *slot) {
    size_t size = random_size();
    size_t align = random_below(4) == 0 ? (size_t)1 << random_below(10) : 1;
    mn_heap_stats_t before = stats();
    void *block = NULL;
    slot->owner = (unsigned)random_below(OWNERS);
    mn_status_t status = mn_heap_alloc(&heap, &owners[slot->owner], size, align, &block);
    slot->block = block;
    if (status == MN_OK) {
        assert_int_equal((uintptr_t)block % align, 0);
        assert_in_range(stats().in_use - before.in_use, cost(size), cost(size) + UNIT);
        write_pattern(slot, size);
    } else if (status == MN_EQUOTA) {
        assert_int_equal(slot->owner, 2);
        assert_true(owners[2].in_use + cost(size) + UNIT > owners[2].quota);
    } else {
        assert_true(align > 1 || size > before.largest_free);
        assert_int_equal(stats().in_use, before.in_use);
    }
}

static void random_resize(slot_t *slot) {
    size_t size = random_size();
    mn_status_t status = mn_heap_resize(&heap, slot->block, size);
    if (status != MN_OK) {
        assert_true(size > slot->size);
        return;
    }
    check_pattern(slot, size < slot->size ? size : slot->size);
    write_pattern(slot, size);
}

static void random_free(slot_t *slot) {
    check_pattern(slot, slot->size);
    release(slot->block);
    assert_int_equal(mn_heap_free(&heap, slot->block), MN_EINVAL);
    slot->block = NULL;
}

static void check_totals(const mn_heap_owner_t *owners, const slot_t *slots) {
    size_t blocks[OWNERS] = {0};
    size_t least[OWNERS] = {0};
    for (size_t i = 0; i < SLOTS; i++) {
        if (slots[i].block != NULL) {
            blocks[slots[i].owner]++;
            least[slots[i].owner] += cost(slots[i].size);
        }
    }
    for (size_t i = 0; i < OWNERS; i++) {
        assert_int_equal(owners[i].blocks, blocks[i]);
        assert_in_range(owners[i].in_use, least[i], least[i] + blocks[i] * UNIT);
    }
    assert_true(owners[2].peak <= owners[2].quota);
    assert_int_equal(mn_heap_check(&heap), MN_OK);
}

static void run_trace(void) {
    static slot_t slots[SLOTS];
    mn_heap_owner_t owners[OWNERS] = {MN_HEAP_OWNER_INIT("a", 0), MN_HEAP_OWNER_INIT("b", 0),
                                      MN_HEAP_OWNER_INIT("limited", 3000)};
    memset(slots, 0, sizeof(slots));
    random_state = 20260101;
    for (unsigned i = 0; i < OPERATIONS; i++) {
        slot_t *slot = &slots[random_below(SLOTS)];
        if (slot->block == NULL) {
            random_alloc(owners, slot);
        } else if (random_below(4) == 0) {
            random_resize(slot);
        } else {
            random_free(slot);
        }
        if (i % 16 == 0) {
            check_totals(owners, slots);
        }
    }
    // It was full often enough to mean something, and not so often that little happened.
    assert_in_range(stats().failures, OPERATIONS / 100, OPERATIONS / 2);
    for (size_t i = 0; i < SLOTS; i++) {
        if (slots[i].block != NULL) {
            random_free(&slots[i]);
        }
    }
    assert_int_equal(stats().free, stats().total);
    for (size_t i = 0; i < OWNERS; i++) {
        assert_int_equal(mn_heap_owner_remove(&heap, &owners[i]), MN_OK);
    }
}

static void a_random_trace_matches_the_model(void **state) {
    (void)state;
    run_trace();
    assert_int_equal(stats().largest_free, stats().total - UNIT);
}

static void a_random_trace_matches_with_two_regions(void **state) {
    (void)state;
    if (MN_CFG_HEAP_REGIONS < 2) {
        skip();
    }
    assert_int_equal(mn_heap_init(&heap, memory + 3, 6000), MN_OK);
    assert_int_equal(mn_heap_add_region(&heap, memory + 6003, MEMORY - 6003), MN_OK);
    run_trace();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_random_trace_matches_the_model),
        TEST(a_random_trace_matches_with_two_regions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
