// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// What the heap counts, for itself and for each owner; quotas; failures on order; several heaps and
// several regions.

#include "heap_fixture.h"
#include "test_port.h"

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

static void a_request_without_its_parts_is_a_bug(void **state) {
    (void)state;
    void *block;
    EXPECT_PANIC(mn_heap_alloc(&heap, NULL, 8, 1, &block), "owner");
    EXPECT_PANIC(mn_heap_alloc(&heap, &owner, 8, 1, NULL), "out");
    EXPECT_PANIC(mn_heap_alloc(NULL, &owner, 8, 1, &block), "heap");
    EXPECT_PANIC(mn_heap_free(NULL, NULL), "heap");
}

static void an_owner_belongs_to_one_heap(void **state) {
    (void)state;
    static _Alignas(16) uint8_t more[2048];
    mn_heap_t second;
    void *block;
    assert_int_equal(mn_heap_init(&second, more, sizeof(more)), MN_OK);
    release(alloc(8));
    EXPECT_PANIC(mn_heap_alloc(&second, &owner, 8, 1, &block), "owner");
    assert_int_equal(mn_heap_owner_remove(&heap, &owner), MN_OK);
    assert_int_equal(mn_heap_alloc(&second, &owner, 8, 1, &block), MN_OK);
    assert_int_equal(mn_heap_check(&second), MN_OK);
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
    if (MN_CFG_HEAP_REGIONS < 2) {
        skip();
    }
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
    if (MN_CFG_HEAP_REGIONS < 2) {
        skip();
    }
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

// Two regions whose blocks are of one class; the lower one, which is tried first, does not do.
static void a_free_heap_serves_what_it_can_ever_serve(void **state) {
    (void)state;
    if (MN_CFG_HEAP_REGIONS < 2) {
        skip();
    }
    for (size_t more = 0; more < 600; more += UNIT) {
        assert_int_equal(mn_heap_init(&heap, memory, 7168), MN_OK);
        assert_int_equal(mn_heap_add_region(&heap, memory + 7168, 6144 + more), MN_OK);
        owner = (mn_heap_owner_t)MN_HEAP_OWNER_INIT("test", 0);
        for (size_t align = 1; align <= 4096; align *= 8) {
            for (size_t size = 5000; size < 7168; size += UNIT) {
                void *block = NULL;
                mn_status_t status = mn_heap_alloc(&heap, &owner, size, align, &block);
                assert_true(status == MN_OK || status == MN_ETOOBIG);
                release(block);
            }
        }
    }
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

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(statistics_are_exact),
        TEST(owners_are_counted_apart),
        TEST(owners_are_listed_and_removed),
        TEST(a_quota_is_never_exceeded),
        TEST(an_odd_unit_counts_against_the_quota),
        TEST(a_request_without_its_parts_is_a_bug),
        TEST(an_owner_belongs_to_one_heap),
        TEST(the_nth_request_fails),
        TEST(growing_fails_on_order_and_shrinking_does_not),
        TEST(heaps_do_not_know_each_other),
        TEST(a_region_adds_its_memory),
        TEST(regions_that_touch_stay_apart),
        TEST(a_free_heap_serves_what_it_can_ever_serve),
        TEST(regions_are_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
