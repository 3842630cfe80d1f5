// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The heap: what memory it takes, what it hands out, what it refuses and why.

#include "heap_fixture.h"

// --- setting up ---

// Every size and alignment of memory gives either a heap that works within its bounds, or an error
// and a heap that refuses everything.
static void any_memory_is_used_or_refused(void **state) {
    (void)state;
    size_t smallest = 0;
    for (size_t offset = 0; offset < 2 * UNIT; offset++) {
        for (size_t size = 0; size < 1200; size++) {
            uint8_t *mem = memory + 64 + offset;
            memset(memory, 0xa5, 2048);
            owner = (mn_heap_owner_t)MN_HEAP_OWNER_INIT("test", 0);
            mn_status_t status = mn_heap_init(&heap, mem, size);
            assert_int_equal(mn_heap_check(&heap), MN_OK);
            mn_heap_stats_t now = stats();
            if (status != MN_OK) {
                assert_int_equal(status, MN_EINVAL);
                assert_int_equal(now.total, 0);
                assert_int_equal(try_alloc(1, 1), MN_ETOOBIG);
                assert_int_equal(memory[64 + offset], 0xa5);
            } else {
                smallest = smallest == 0 || size < smallest ? size : smallest;
                assert_true(now.total >= 2 * UNIT);
                assert_int_equal(now.largest_free, now.total - UNIT);
                memset(alloc(now.largest_free), 0xff, now.largest_free);
                assert_int_equal(stats().free, 0);
                assert_int_equal(mn_heap_check(&heap), MN_OK);
            }
            assert_int_equal(memory[64 + offset - 1], 0xa5);
            assert_int_equal(memory[64 + offset + size], 0xa5);
        }
    }
    // 16 list heads, one unit of bits, one block of two units, the end.
    assert_int_equal(smallest, 16 * sizeof(void *) + 4 * UNIT);
}

static void impossible_memory_is_refused(void **state) {
    (void)state;
    assert_int_equal(mn_heap_init(&heap, NULL, 4096), MN_EINVAL);
    assert_int_equal(mn_heap_init(&heap, memory, 0), MN_EINVAL);
    assert_int_equal(mn_heap_init(&heap, memory, SIZE_MAX), MN_EINVAL);
    assert_int_equal(mn_heap_init(&heap, (void *)(UINTPTR_MAX - 4), 2), MN_EINVAL);
    assert_int_equal(try_alloc(1, 1), MN_ETOOBIG);
}

static void the_heap_is_compact(void **state) {
    (void)state;
    // Of 16 KiB: lists, 1 bit in 64 or 128, an end. That is less than 8 % on either word size.
    assert_true(stats().total >= MEMORY - MEMORY * 8 / 100);
    assert_true(sizeof(mn_heap_t) <= 256);
}

// --- allocating ---

static void a_fresh_heap_is_all_free(void **state) {
    (void)state;
    mn_heap_stats_t now = stats();
    assert_int_equal(now.free, now.total);
    assert_int_equal(now.peak, 0);
    assert_int_equal(now.blocks, 0);
    assert_int_equal(now.failures, 0);
    assert_int_equal(now.largest_free, now.total - UNIT);
}

static void blocks_are_aligned_disjoint_and_inside(void **state) {
    (void)state;
    uint8_t *blocks[100];
    for (size_t i = 0; i < MN_COUNT_OF(blocks); i++) {
        blocks[i] = alloc(i + 1);
        assert_int_equal((uintptr_t)blocks[i] % UNIT, 0);
        assert_true(inside(blocks[i], i + 1));
        memset(blocks[i], (int)i, i + 1);
    }
    for (size_t i = 0; i < MN_COUNT_OF(blocks); i++) {
        for (size_t k = 0; k <= i; k++) {
            assert_int_equal(blocks[i][k], i);
        }
    }
    assert_int_equal(mn_heap_check(&heap), MN_OK);
}

static void bad_requests_are_refused_and_not_counted(void **state) {
    (void)state;
    assert_int_equal(try_alloc(0, 1), MN_EINVAL);
    assert_int_equal(try_alloc(8, 3), MN_EINVAL);
    assert_int_equal(try_alloc(8, 12), MN_EINVAL);
    assert_int_equal(try_alloc(8, SIZE_MAX), MN_EINVAL);
    assert_int_equal(stats().failures, 0);
    assert_int_equal(try_alloc(8, 0), MN_OK);
}

static void the_whole_heap_can_be_one_block(void **state) {
    (void)state;
    size_t most = stats().largest_free;
    assert_int_equal(try_alloc(most + 1, 1), MN_ETOOBIG);
    uint8_t *block = alloc(most);
    memset(block, 0xff, most);
    assert_int_equal(mn_heap_check(&heap), MN_OK);
    assert_int_equal(stats().free, 0);
    assert_int_equal(stats().largest_free, 0);
    assert_int_equal(try_alloc(1, 1), MN_ENOMEM);
    release(block);
    assert_int_equal(stats().largest_free, most);
}

static void too_big_differs_from_no_room(void **state) {
    (void)state;
    size_t most = stats().largest_free;
    void *block = alloc(1);
    assert_int_equal(try_alloc(most, 1), MN_ENOMEM);
    assert_int_equal(try_alloc(most + 1, 1), MN_ETOOBIG);
    assert_int_equal(try_alloc(SIZE_MAX, 1), MN_ETOOBIG);
    assert_int_equal(try_alloc(SIZE_MAX - UNIT, 1), MN_ETOOBIG);
    assert_int_equal(stats().failures, 4);
    assert_int_equal(owner.failures, 4);
    release(block);
    assert_int_equal(try_alloc(most, 1), MN_OK);
}

static void exhausted_memory_comes_back(void **state) {
    (void)state;
    static void *blocks[MEMORY / UNIT];
    size_t most = stats().largest_free;
    for (int round = 0; round < 3; round++) {
        size_t count = 0;
        while (mn_heap_alloc(&heap, &owner, 1, 1, &blocks[count]) == MN_OK) {
            count++;
        }
        // A block of two units each, and at most one unit that cannot be one.
        assert_int_equal(count, stats().total / (2 * UNIT));
        assert_int_equal(stats().free, 0);
        assert_int_equal(stats().blocks, count);
        assert_int_equal(mn_heap_check(&heap), MN_OK);
        for (size_t i = 0; i < count; i++) {
            release(blocks[(i * 7919) % count]); // prime to the count, so every block once
        }
        assert_int_equal(stats().largest_free, most);
    }
}

// Any request is served that is 1/16 smaller than the largest free block.
static void a_request_within_reach_is_served(void **state) {
    (void)state;
    for (size_t size = 64; size < 8000; size += 40) {
        void *block = alloc(size);
        (void)alloc(1); // keeps the block from growing when it is freed
        (void)alloc(stats().largest_free);
        while (try_alloc(1, 1) == MN_OK) {
        }
        release(block);
        size_t reported = stats().largest_free;
        assert_true(reported >= size);
        void *again = alloc(reported);
        release(again);
        assert_non_null(alloc(size - size / 16));
        assert_int_equal(set_up(NULL), 0);
    }
}

// --- alignment ---

static void alignments_are_kept(void **state) {
    (void)state;
    for (size_t align = 1; align <= 2048; align *= 2) {
        for (size_t size = 1; size < 400; size += 37) {
            void *before = alloc(size);
            void *block = NULL;
            assert_int_equal(mn_heap_alloc(&heap, &owner, size, align, &block), MN_OK);
            assert_int_equal((uintptr_t)block % align, 0);
            assert_true(inside(block, size));
            memset(block, 0xff, size);
            assert_int_equal(mn_heap_check(&heap), MN_OK);
            release(before);
            release(block);
        }
    }
    assert_int_equal(stats().in_use, 0);
    assert_int_equal(stats().free, stats().largest_free + UNIT);
}

static void an_alignment_that_cannot_be_is_too_big(void **state) {
    (void)state;
    // The only multiple of 16 KiB in the memory is its start, where the heap keeps its own data.
    assert_int_equal(try_alloc(8, MEMORY), MN_ETOOBIG);
    assert_int_equal(try_alloc(8, 64 * 1024), MN_ETOOBIG);
    assert_int_equal(try_alloc(8, SIZE_MAX / 2 + 1), MN_ETOOBIG);
    assert_int_equal(try_alloc(8 * 1024, 4096), MN_OK);
    assert_int_equal(try_alloc(12 * 1024, 4096), MN_ETOOBIG);
}

// The only place is found even though a block that is certain to have one does not exist.
static void the_only_aligned_place_is_found(void **state) {
    (void)state;
    size_t size = 3 * 4096 - 2 * UNIT;
    void *block = NULL;
    assert_int_equal(mn_heap_alloc(&heap, &owner, size, 4096, &block), MN_OK);
    assert_ptr_equal(block, memory + 4096);
    assert_int_equal(try_alloc(8, 4096), MN_ENOMEM);
    release(block);
    assert_int_equal(try_alloc(size, 4096), MN_OK);
}

// Low candidates that are not aligned are passed over for a later block that is sure to do.
static void alignment_looks_past_blocks_that_do_not_fit(void **state) {
    (void)state;
    void *small[8];
    for (size_t i = 0; i < MN_COUNT_OF(small); i++) {
        small[i] = alloc(300 + 16 * i);
        (void)alloc(1);
    }
    for (size_t i = 0; i < MN_COUNT_OF(small); i++) {
        release(small[i]);
    }
    void *block = NULL;
    assert_int_equal(mn_heap_alloc(&heap, &owner, 280, 512, &block), MN_OK);
    assert_int_equal((uintptr_t)block % 512, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(any_memory_is_used_or_refused),
        TEST(impossible_memory_is_refused),
        TEST(the_heap_is_compact),
        TEST(a_fresh_heap_is_all_free),
        TEST(blocks_are_aligned_disjoint_and_inside),
        TEST(bad_requests_are_refused_and_not_counted),
        TEST(the_whole_heap_can_be_one_block),
        TEST(too_big_differs_from_no_room),
        TEST(exhausted_memory_comes_back),
        TEST(a_request_within_reach_is_served),
        TEST(alignments_are_kept),
        TEST(an_alignment_that_cannot_be_is_too_big),
        TEST(the_only_aligned_place_is_found),
        TEST(alignment_looks_past_blocks_that_do_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
