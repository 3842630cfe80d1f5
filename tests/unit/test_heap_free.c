// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Giving blocks back and changing their size, and the mistakes that are caught when that is done.

#include "heap_fixture.h"

// --- freeing ---

// Four neighbours freed in each of the 24 orders always leave one free block.
static void neighbours_merge_in_every_order(void **state) {
    (void)state;
    size_t most = stats().largest_free;
    for (unsigned order = 0; order < 256; order++) {
        unsigned pick[4] = {order & 3u, order >> 2 & 3u, order >> 4 & 3u, order >> 6};
        if (((1u << pick[0]) | (1u << pick[1]) | (1u << pick[2]) | (1u << pick[3])) != 15u) {
            continue;
        }
        void *block[4];
        for (size_t i = 0; i < 4; i++) {
            block[i] = alloc(100 * (i + 1));
        }
        size_t left = stats().in_use;
        for (size_t i = 0; i < 4; i++) {
            release(block[pick[i]]);
            left -= cost(100 * (pick[i] + 1));
            assert_int_equal(stats().in_use, left);
            assert_int_equal(mn_heap_check(&heap), MN_OK);
        }
        assert_int_equal(stats().largest_free, most);
    }
}

static void freeing_null_does_nothing(void **state) {
    (void)state;
    assert_int_equal(mn_heap_free(&heap, NULL), MN_OK);
    assert_int_equal(stats().bad_pointers, 0);
    assert_int_equal(stats().frees, 0);
}

static void freeing_twice_is_refused(void **state) {
    (void)state;
    void *before = alloc(40);
    void *block = alloc(40);
    void *after = alloc(40);
    release(block);
    assert_int_equal(mn_heap_free(&heap, block), MN_EINVAL);
    release(before); // merges: the block's header is now inside a free block
    assert_int_equal(mn_heap_free(&heap, block), MN_EINVAL);
    assert_int_equal(mn_heap_free(&heap, before), MN_EINVAL);
    release(after);
    assert_int_equal(mn_heap_free(&heap, after), MN_EINVAL);
    void *whole = alloc(stats().largest_free);
    assert_int_equal(mn_heap_free(&heap, block), MN_EINVAL); // inside a live block
    assert_int_equal(stats().bad_pointers, 5);
    assert_int_equal(stats().blocks, 1);
    release(whole);
}

// Every address in and around the memory is refused, except those of live blocks, even though the
// blocks' contents look like headers of live blocks.
static void only_live_blocks_can_be_freed(void **state) {
    (void)state;
    uintptr_t *forged = alloc(1000);
    uint8_t *live[] = {(uint8_t *)forged, alloc(24), alloc(200)};
    release(alloc(500));
    for (size_t i = 0; i < 1000 / sizeof(uintptr_t); i += 2) {
        forged[i] = 2 * UNIT;
        forged[i + 1] = (uintptr_t)&owner;
    }
    uint32_t refused = 0;
    for (uint8_t *at = memory; at < memory + sizeof(memory); at++) {
        if (at != live[0] && at != live[1] && at != live[2]) {
            assert_int_equal(mn_heap_free(&heap, at), MN_EINVAL);
            assert_int_equal(mn_heap_resize(&heap, at, 10), MN_EINVAL);
            refused += 2;
        }
    }
    assert_int_equal(stats().bad_pointers, refused);
    int outside;
    assert_int_equal(mn_heap_free(&heap, &outside), MN_EINVAL);
    assert_int_equal(mn_heap_free(&heap, &heap), MN_EINVAL);
    assert_int_equal(mn_heap_free(&heap, memory + sizeof(memory)), MN_EINVAL);
    assert_int_equal(mn_heap_free(&heap, (void *)UINTPTR_MAX), MN_EINVAL);
    assert_int_equal(mn_heap_free(&heap, (void *)1), MN_EINVAL);
    assert_int_equal(stats().bad_pointers, refused + 5);
    assert_int_equal(stats().blocks, 3);
    for (size_t i = 0; i < MN_COUNT_OF(live); i++) {
        release(live[i]);
    }
}

// A header overwritten with anything that changes its size is noticed when its block is freed, and
// putting it back makes all well.
static void an_overrun_is_noticed(void **state) {
    (void)state;
    size_t *first = alloc(48);
    size_t *second = alloc(48);
    release(alloc(48));
    size_t *header = second - 2;
    size_t size = *header;
    const size_t wrong[] = {0,
                            1,
                            2,
                            UNIT,
                            size - UNIT,
                            size + UNIT,
                            size | 1u,
                            size | 2u,
                            size + 4,
                            SIZE_MAX,
                            SIZE_MAX / 2 + 1 + size,
                            MEMORY,
                            2 * MEMORY,
                            0x20202020};
    for (size_t i = 0; i < MN_COUNT_OF(wrong); i++) {
        *header = wrong[i];
        assert_int_equal(mn_heap_free(&heap, second), MN_EINVAL);
        assert_int_equal(mn_heap_resize(&heap, second, 1), MN_EINVAL);
        assert_int_equal(mn_heap_check(&heap), MN_EINVAL);
    }
    // The block in front would be merged with nothing, but its next header is broken too.
    *header = size | 1u;
    assert_int_equal(mn_heap_free(&heap, first), MN_EINVAL);
    *header = size | 2u; // would have a block in front that is free
    assert_int_equal(mn_heap_free(&heap, first), MN_EINVAL);
    *header = size;
    assert_int_equal(mn_heap_check(&heap), MN_OK);
    release(second);
    release(first);
    assert_int_equal(stats().in_use, 0);
}

// The same for the header and for the last word of a free block that would be merged with.
static void a_broken_free_neighbour_is_noticed(void **state) {
    (void)state;
    size_t *front = alloc(64);
    size_t *middle = alloc(64);
    size_t *back = alloc(64);
    (void)alloc(64);
    release(front);
    release(back);
    size_t *words[] = {front - 2, middle - 3, back - 2,
                       back + (cost(64) - UNIT) / sizeof(size_t) - 1};
    for (size_t i = 0; i < MN_COUNT_OF(words); i++) {
        size_t right = *words[i];
        const size_t wrong[] = {0, 1, right + UNIT, right - UNIT, SIZE_MAX, MEMORY, right ^ 4};
        for (size_t k = 0; k < MN_COUNT_OF(wrong); k++) {
            *words[i] = wrong[k];
            // Harmless in the low bits of a repeated size, which are not used.
            if (mn_heap_check(&heap) != MN_OK && wrong[k] != (right ^ 4)) {
                assert_int_equal(mn_heap_free(&heap, middle), MN_EINVAL);
            }
        }
        *words[i] = right;
        assert_int_equal(mn_heap_check(&heap), MN_OK);
    }
    release(middle);
}

// --- resizing ---

static void shrinking_gives_back_in_place(void **state) {
    (void)state;
    uint8_t *block = alloc(1000);
    void *wall = alloc(1);
    memset(block, 0x5a, 1000);
    const size_t sizes[] = {999, 992, 500, 100, 17, 1};
    for (size_t i = 0; i < MN_COUNT_OF(sizes); i++) {
        assert_int_equal(mn_heap_resize(&heap, block, sizes[i]), MN_OK);
        for (size_t k = 0; k < sizes[i]; k++) {
            assert_int_equal(block[k], 0x5a);
        }
        // What is left may be too small to be a block of its own.
        assert_in_range(stats().in_use, cost(sizes[i]) + cost(1), cost(sizes[i]) + cost(1) + UNIT);
        assert_int_equal(owner.in_use, stats().in_use);
        assert_int_equal(mn_heap_check(&heap), MN_OK);
    }
    assert_int_equal(stats().in_use, cost(1) + cost(1));
    release(wall);
    release(block);
}

static void growing_takes_the_free_block_behind(void **state) {
    (void)state;
    uint8_t *block = alloc(100);
    void *behind = alloc(200);
    void *wall = alloc(1);
    size_t room = cost(100) + cost(200) - UNIT;
    memset(block, 0x5a, 100);
    assert_int_equal(mn_heap_resize(&heap, block, cost(100) - UNIT + 1), MN_ENOMEM);
    release(behind);
    assert_int_equal(mn_heap_resize(&heap, block, room + 1), MN_ENOMEM);
    assert_int_equal(mn_heap_resize(&heap, block, 150), MN_OK);
    assert_int_equal(stats().in_use, cost(150) + cost(1));
    assert_int_equal(mn_heap_resize(&heap, block, room), MN_OK);
    assert_int_equal(stats().in_use, room + UNIT + cost(1));
    assert_int_equal(mn_heap_check(&heap), MN_OK);
    assert_int_equal(mn_heap_resize(&heap, block, stats().total), MN_ETOOBIG);
    assert_int_equal(mn_heap_resize(&heap, block, SIZE_MAX), MN_ETOOBIG);
    assert_int_equal(stats().failures, 4);
    assert_int_equal(owner.failures, 4);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(block[i], 0x5a);
    }
    release(wall);
    release(block);
}

static void resizing_checks_its_arguments(void **state) {
    (void)state;
    void *block = alloc(100);
    assert_int_equal(mn_heap_resize(&heap, block, 0), MN_EINVAL);
    assert_int_equal(mn_heap_resize(&heap, NULL, 8), MN_EINVAL);
    assert_int_equal(stats().in_use, cost(100));
    assert_int_equal(stats().failures, 0);
    release(block);
    assert_int_equal(mn_heap_resize(&heap, block, 8), MN_EINVAL);
    assert_int_equal(stats().bad_pointers, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(neighbours_merge_in_every_order), TEST(freeing_null_does_nothing),
        TEST(freeing_twice_is_refused),        TEST(only_live_blocks_can_be_freed),
        TEST(an_overrun_is_noticed),           TEST(a_broken_free_neighbour_is_noticed),
        TEST(shrinking_gives_back_in_place),   TEST(growing_takes_the_free_block_behind),
        TEST(resizing_checks_its_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
