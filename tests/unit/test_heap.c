// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The heap: what it hands out, what it refuses and why, what it counts, and that its own data stays
// consistent through everything (mn_heap_check after each step that matters).

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

static int set_up(void **state) {
    (void)state;
    // Old contents must not matter.
    memset(memory, 0xa5, sizeof(memory));
    memset(&heap, 0xa5, sizeof(heap));
    owner = (mn_heap_owner_t)MN_HEAP_OWNER_INIT("test", 0);
    assert_int_equal(mn_heap_init(&heap, memory, sizeof(memory)), MN_OK);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    assert_int_equal(mn_heap_check(&heap), MN_OK);
    return 0;
}

static mn_heap_stats_t stats(void) {
    mn_heap_stats_t result;
    mn_heap_stats(&heap, &result);
    assert_int_equal(result.in_use + result.free, result.total);
    assert_int_equal(result.allocations - result.frees, result.blocks);
    return result;
}

static void *alloc(size_t size) {
    void *block = NULL;
    assert_int_equal(mn_heap_alloc(&heap, &owner, size, 1, &block), MN_OK);
    assert_non_null(block);
    return block;
}

static mn_status_t try_alloc(size_t size, size_t align) {
    void *block = memory;
    mn_status_t status = mn_heap_alloc(&heap, &owner, size, align, &block);
    assert_true((status == MN_OK) == (block != NULL));
    return status;
}

static void release(void *block) {
    assert_int_equal(mn_heap_free(&heap, block), MN_OK);
}

static bool inside(const void *block, size_t size) {
    uintptr_t start = (uintptr_t)block;
    return start >= (uintptr_t)memory && start + size <= (uintptr_t)memory + sizeof(memory);
}

// What a request costs: a header and rounding to units.
static size_t cost(size_t size) {
    return (size + UNIT + UNIT - 1) / UNIT * UNIT;
}

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

// --- accounting ---

static void statistics_are_exact(void **state) {
    (void)state;
    void *a = alloc(100);
    void *b = alloc(1);
    void *c = alloc(UNIT);
    assert_int_equal(stats().in_use, cost(100) + 2 * UNIT + 2 * UNIT);
    assert_int_equal(stats().blocks, 3);
    release(b);
    assert_int_equal(stats().in_use, cost(100) + 2 * UNIT);
    assert_int_equal(stats().peak, cost(100) + 4 * UNIT);
    assert_int_equal(stats().allocations, 3);
    assert_int_equal(stats().frees, 1);
    release(a);
    release(c);
    assert_int_equal(stats().in_use, 0);
    assert_int_equal(stats().free, stats().total);
    assert_int_equal(stats().peak, cost(100) + 4 * UNIT);
    assert_int_equal(stats().frees, 3);
    assert_int_equal(owner.in_use, 0);
    assert_int_equal(owner.blocks, 0);
    assert_int_equal(owner.peak, cost(100) + 4 * UNIT);
}

static void owners_are_counted_apart(void **state) {
    (void)state;
    mn_heap_owner_t other = MN_HEAP_OWNER_INIT("other", 0);
    void *mine = alloc(100);
    void *theirs = NULL;
    assert_int_equal(mn_heap_alloc(&heap, &other, 300, 1, &theirs), MN_OK);
    assert_int_equal(owner.in_use, cost(100));
    assert_int_equal(other.in_use, cost(300));
    assert_int_equal(other.blocks, 1);
    assert_int_equal(mn_heap_resize(&heap, theirs, 30), MN_OK);
    assert_int_equal(other.in_use, cost(30));
    assert_int_equal(other.peak, cost(300));
    release(theirs);
    assert_int_equal(other.in_use, 0);
    assert_int_equal(other.blocks, 0);
    assert_int_equal(owner.in_use, cost(100));
    release(mine);
    assert_int_equal(mn_heap_owner_remove(&heap, &other), MN_OK);
}

static void owners_are_listed_and_removed(void **state) {
    (void)state;
    mn_heap_owner_t owners[] = {MN_HEAP_OWNER_INIT("a", 0), MN_HEAP_OWNER_INIT("b", 0),
                                MN_HEAP_OWNER_INIT("c", 0)};
    void *blocks[3];
    assert_null(mn_heap_owner_next(&heap, NULL));
    assert_int_equal(mn_heap_owner_remove(&heap, &owners[0]), MN_OK); // not listed yet
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(mn_heap_alloc(&heap, &owners[i], 8, 1, &blocks[i]), MN_OK);
    }
    const mn_heap_owner_t *at = NULL;
    for (size_t i = 0; i < 3; i++) {
        at = mn_heap_owner_next(&heap, at);
        assert_ptr_equal(at, &owners[i]);
    }
    assert_null(mn_heap_owner_next(&heap, at));
    assert_int_equal(mn_heap_owner_remove(&heap, &owners[1]), MN_EBUSY);
    for (size_t i = 0; i < 3; i++) {
        release(blocks[i]);
    }
    assert_int_equal(mn_heap_owner_remove(&heap, &owners[1]), MN_OK);
    assert_ptr_equal(mn_heap_owner_next(&heap, &owners[0]), &owners[2]);
    assert_int_equal(mn_heap_owner_remove(&heap, &owners[2]), MN_OK);
    assert_null(mn_heap_owner_next(&heap, &owners[0]));
    assert_int_equal(mn_heap_owner_remove(&heap, &owners[0]), MN_OK);
    assert_null(mn_heap_owner_next(&heap, NULL));
    // It can come back.
    release(alloc(8));
    assert_ptr_equal(mn_heap_owner_next(&heap, NULL), &owner);
}

static void a_quota_is_never_exceeded(void **state) {
    (void)state;
    mn_heap_owner_t small = MN_HEAP_OWNER_INIT("small", 10 * UNIT);
    void *blocks[3];
    void *none = memory;
    assert_int_equal(mn_heap_alloc(&heap, &small, 10 * UNIT, 1, &none), MN_EQUOTA);
    assert_null(none);
    assert_int_equal(mn_heap_alloc(&heap, &small, 3 * UNIT, 1, &blocks[0]), MN_OK);
    assert_int_equal(mn_heap_alloc(&heap, &small, 5 * UNIT, 1, &blocks[1]), MN_OK);
    assert_int_equal(small.in_use, small.quota);
    assert_int_equal(mn_heap_alloc(&heap, &small, 1, 1, &blocks[2]), MN_EQUOTA);
    assert_int_equal(mn_heap_alloc(&heap, &small, 1, 64, &blocks[2]), MN_EQUOTA);
    assert_int_equal(mn_heap_resize(&heap, blocks[1], 6 * UNIT), MN_EQUOTA);
    assert_int_equal(small.failures, 4);
    assert_int_equal(try_alloc(1, 1), MN_OK); // others are not concerned
    assert_int_equal(mn_heap_resize(&heap, blocks[1], UNIT), MN_OK);
    assert_int_equal(mn_heap_alloc(&heap, &small, UNIT, 1, &blocks[2]), MN_OK);
    for (size_t i = 0; i < 3; i++) {
        release(blocks[i]);
    }
    // The reason given is the owner's own, also when there is no room either.
    (void)alloc(stats().largest_free);
    while (try_alloc(1, 1) == MN_OK) {
    }
    assert_int_equal(mn_heap_alloc(&heap, &small, 20 * UNIT, 1, &none), MN_EQUOTA);
    assert_int_equal(mn_heap_alloc(&heap, &small, 2 * UNIT, 1, &none), MN_ENOMEM);
    assert_int_equal(mn_heap_owner_remove(&heap, &small), MN_OK);
}

// A block that gets an odd unit with it, because that could not be a block, counts it too.
static void an_odd_unit_counts_against_the_quota(void **state) {
    (void)state;
    mn_heap_owner_t small = MN_HEAP_OWNER_INIT("small", 4 * UNIT);
    void *hole = alloc(4 * UNIT);
    (void)alloc(stats().largest_free);
    release(hole);
    void *block = NULL;
    assert_int_equal(mn_heap_alloc(&heap, &small, 3 * UNIT, 1, &block), MN_EQUOTA);
    assert_int_equal(small.in_use, 0);
    small.quota = 5 * UNIT;
    assert_int_equal(mn_heap_alloc(&heap, &small, 3 * UNIT, 1, &block), MN_OK);
    assert_int_equal(small.in_use, 5 * UNIT);
    release(block);
    assert_int_equal(mn_heap_owner_remove(&heap, &small), MN_OK);
}

// --- faults on order ---

static void the_nth_request_fails(void **state) {
    (void)state;
    for (uint32_t nth = 1; nth <= 5; nth++) {
        mn_heap_fail_nth(&heap, nth);
        for (uint32_t i = 1; i <= 6; i++) {
            assert_int_equal(try_alloc(8, 1), i == nth ? MN_ENOMEM : MN_OK);
        }
        assert_int_equal(owner.failures, nth);
        assert_int_equal(stats().failures, nth);
    }
    mn_heap_fail_nth(&heap, 1);
    assert_int_equal(try_alloc(0, 1), MN_EINVAL); // does not count
    mn_heap_fail_nth(&heap, 0);
    assert_int_equal(try_alloc(8, 1), MN_OK);
}

static void growing_fails_on_order_and_shrinking_does_not(void **state) {
    (void)state;
    void *block = alloc(100);
    mn_heap_fail_nth(&heap, 1);
    assert_int_equal(mn_heap_resize(&heap, block, 50), MN_OK);
    assert_int_equal(mn_heap_resize(&heap, block, 100), MN_ENOMEM);
    assert_int_equal(stats().in_use, cost(50));
    assert_int_equal(mn_heap_resize(&heap, block, 100), MN_OK);
    release(block);
}

// --- several heaps, several regions ---

static void heaps_do_not_know_each_other(void **state) {
    (void)state;
    static _Alignas(16) uint8_t more[2048];
    mn_heap_t second;
    mn_heap_owner_t guest = MN_HEAP_OWNER_INIT("guest", 0);
    assert_int_equal(mn_heap_init(&second, more, sizeof(more)), MN_OK);
    void *here = alloc(64);
    void *there = NULL;
    assert_int_equal(mn_heap_alloc(&second, &guest, 64, 1, &there), MN_OK);
    assert_int_equal(mn_heap_free(&heap, there), MN_EINVAL);
    assert_int_equal(mn_heap_free(&second, here), MN_EINVAL);
    assert_int_equal(mn_heap_owner_remove(&heap, &guest), MN_EINVAL);
    assert_int_equal(mn_heap_check(&second), MN_OK);
    assert_int_equal(mn_heap_free(&second, there), MN_OK);
    release(here);
}

static void a_region_adds_its_memory(void **state) {
    (void)state;
    static _Alignas(16) uint8_t more[64 * 1024];
    size_t before = stats().total;
    void *low = alloc(stats().largest_free);
    assert_int_equal(mn_heap_add_region(&heap, memory + 100, 8192), MN_EINVAL);
    assert_int_equal(mn_heap_add_region(&heap, more, 0), MN_EINVAL);
    assert_int_equal(mn_heap_add_region(&heap, more, sizeof(more)), MN_OK);
    assert_int_equal(mn_heap_check(&heap), MN_OK);
    assert_int_equal(mn_heap_add_region(&heap, more + 1000, 8192), MN_EINVAL);
    // Larger than the first region, so its lists had to move; what it has is one block.
    size_t most = stats().largest_free;
    assert_int_equal(stats().total, before + most + UNIT);
    assert_int_equal(try_alloc(most + 1, 1), MN_ETOOBIG);
    uint8_t *high = alloc(most);
    memset(high, 0xff, most);
    assert_true(high >= more && high + most <= more + sizeof(more));
    release(low);
    assert_int_equal(mn_heap_check(&heap), MN_OK);
    assert_int_equal(try_alloc(most, 1), MN_ENOMEM);
    release(high);
    assert_int_equal(stats().free, stats().total);
    assert_int_equal(stats().largest_free, most);
}

static void regions_that_touch_stay_apart(void **state) {
    (void)state;
    assert_int_equal(mn_heap_init(&heap, memory, MEMORY / 2), MN_OK);
    size_t each = stats().largest_free;
    assert_int_equal(mn_heap_add_region(&heap, memory + MEMORY / 2, MEMORY / 2), MN_OK);
    size_t total = stats().total;
    assert_true(stats().largest_free < 2 * each);
    static void *blocks[MEMORY / UNIT];
    size_t count = 0;
    while (mn_heap_alloc(&heap, &owner, 40, 1, &blocks[count]) == MN_OK) {
        count++;
    }
    assert_int_equal(mn_heap_check(&heap), MN_OK);
    while (count > 0) {
        release(blocks[--count]);
    }
    assert_int_equal(stats().free, total);
    assert_int_equal(mn_heap_check(&heap), MN_OK);
}

static void regions_are_limited(void **state) {
    (void)state;
    size_t piece = MEMORY / (MN_CFG_HEAP_REGIONS + 1);
    assert_int_equal(mn_heap_init(&heap, memory, piece), MN_OK);
    for (size_t i = 1; i < MN_CFG_HEAP_REGIONS; i++) {
        assert_int_equal(mn_heap_add_region(&heap, memory + i * piece, piece), MN_OK);
    }
    assert_int_equal(mn_heap_add_region(&heap, memory + MN_CFG_HEAP_REGIONS * piece, piece),
                     MN_EFULL);
}

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
    assert_int_equal(mn_heap_init(&heap, memory + 3, 6000), MN_OK);
    assert_int_equal(mn_heap_add_region(&heap, memory + 6003, MEMORY - 6003), MN_OK);
    run_trace();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

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
        TEST(neighbours_merge_in_every_order),
        TEST(freeing_null_does_nothing),
        TEST(freeing_twice_is_refused),
        TEST(only_live_blocks_can_be_freed),
        TEST(an_overrun_is_noticed),
        TEST(a_broken_free_neighbour_is_noticed),
        TEST(shrinking_gives_back_in_place),
        TEST(growing_takes_the_free_block_behind),
        TEST(resizing_checks_its_arguments),
        TEST(statistics_are_exact),
        TEST(owners_are_counted_apart),
        TEST(owners_are_listed_and_removed),
        TEST(a_quota_is_never_exceeded),
        TEST(an_odd_unit_counts_against_the_quota),
        TEST(the_nth_request_fails),
        TEST(growing_fails_on_order_and_shrinking_does_not),
        TEST(heaps_do_not_know_each_other),
        TEST(a_region_adds_its_memory),
        TEST(regions_that_touch_stay_apart),
        TEST(regions_are_limited),
        TEST(a_random_trace_matches_the_model),
        TEST(a_random_trace_matches_with_two_regions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
