// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Waiting for memory: first come, first served, whatever the sizes; who asks for the impossible is
// told at once and holds nobody up; nothing leaks when a waiter gives up.

#include "test_kernel.h"
#include "test_port.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { TASKS = 6 };

typedef struct fixture {
    test_kernel_t tk;
    test_task_t tasks[TASKS]; // passive: the test asks for memory in their names
    void *memory[TASKS];
    mn_heap_owner_t owner;
    mn_heap_owner_t poor; // has a quota of 1000 bytes
    void *most;           // a block that leaves less than 900 bytes free
} fixture_t;

static fixture_t f;

static int setup(void **state) {
    (void)state;
    memset(&f, 0, sizeof(f));
    test_kernel_init(&f.tk, &(mn_kernel_config_t){.heap_size = 16384}, 0);
    f.owner = (mn_heap_owner_t)MN_HEAP_OWNER_INIT("owner", 0);
    f.poor = (mn_heap_owner_t)MN_HEAP_OWNER_INIT("poor", 1000);
    for (unsigned i = 0; i < TASKS; i++) {
        test_task_spawn(&f.tk, &f.tasks[i], "t", NULL, NULL);
    }
    test_kernel_run(&f.tk);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    for (unsigned i = 0; i < TASKS; i++) {
        mn_cancel_now(&f.tasks[i].task);
        assert_int_equal(mn_free(&f.tk.kernel, f.memory[i]), MN_OK);
    }
    assert_int_equal(mn_free(&f.tk.kernel, f.most), MN_OK);
    assert_int_equal(test_kernel_heap_in_use(&f.tk), 0);
    test_kernel_end(&f.tk);
    return 0;
}

static size_t heap_free(void) {
    mn_heap_stats_t stats;
    mn_heap_stats(&f.tk.kernel.heap, &stats);
    return stats.free;
}

static size_t heap_total(void) {
    mn_heap_stats_t stats;
    mn_heap_stats(&f.tk.kernel.heap, &stats);
    return stats.total;
}

static mn_status_t allocate(unsigned i, size_t size) {
    return mn_alloc(&f.tk.kernel, &f.owner, size, 0, &f.memory[i]);
}

static mn_status_t allocate_wait(unsigned i, size_t size) {
    return mn_alloc_wait(&f.tasks[i].memory, &f.tasks[i].task, &f.owner, size, 0, &f.memory[i]);
}

static void give_back(unsigned i) {
    assert_int_equal(mn_free(&f.tk.kernel, f.memory[i]), MN_OK);
    f.memory[i] = NULL;
}

// Leave between 500 and 900 bytes free, in one piece.
static void fill(void) {
    assert_int_equal(mn_alloc(&f.tk.kernel, &f.owner, heap_free() - 900, 0, &f.most), MN_OK);
    assert_in_range(heap_free(), 500, 900);
}

static void empty(void) {
    assert_int_equal(mn_free(&f.tk.kernel, f.most), MN_OK);
    f.most = NULL;
}

// ---------------------------------------------------------------------------------------------

static void what_fits_is_had_at_once(void **state) {
    (void)state;
    assert_int_equal(allocate(0, 100), MN_OK);
    assert_int_equal(allocate_wait(1, 100), MN_OK);
    assert_int_equal(f.tasks[1].task.waits, 0);
    assert_non_null(f.memory[1]);
    memset(f.memory[0], 1, 100);
    memset(f.memory[1], 2, 100);
    assert_int_equal(((uintptr_t)f.memory[1]) % MN_HEAP_ALIGN, 0);
    void *aligned = NULL;
    assert_int_equal(mn_alloc(&f.tk.kernel, &f.owner, 10, 256, &aligned), MN_OK);
    assert_int_equal((uintptr_t)aligned % 256, 0);
    assert_int_equal(mn_free(&f.tk.kernel, aligned), MN_OK);
    assert_int_equal(mn_free(&f.tk.kernel, NULL), MN_OK);
}

static void a_waiter_is_served_when_memory_is_freed(void **state) {
    (void)state;
    fill();
    assert_int_equal(allocate_wait(0, 2000), MN_PENDING);
    assert_int_equal(allocate_wait(0, 2000), MN_PENDING);
    assert_false(test_task_woken(&f.tk, &f.tasks[0]));
    empty();
    assert_true(test_task_woken(&f.tk, &f.tasks[0]));
    assert_int_equal(allocate_wait(0, 2000), MN_OK);
    memset(f.memory[0], 3, 2000);
    assert_int_equal(f.tasks[0].task.waits, 0);
    // Waiting was no failure.
    assert_int_equal(f.owner.failures, 0);
}

// The large request came first: small ones that would fit wait behind it, in order, and those that
// do not wait are refused.
static void small_requests_do_not_overtake_a_large_one(void **state) {
    (void)state;
    fill();
    assert_int_equal(allocate(3, 100), MN_OK);
    assert_int_equal(allocate_wait(0, 4000), MN_PENDING);
    assert_int_equal(allocate_wait(1, 10), MN_PENDING);
    assert_int_equal(allocate_wait(2, 20), MN_PENDING);
    assert_int_equal(allocate(4, 8), MN_ENOMEM);
    assert_null(f.memory[4]);
    assert_int_equal(f.owner.failures, 1);
    give_back(3); // not enough for the first
    assert_int_equal(test_kernel_run(&f.tk).polled, 0);
    empty();
    assert_int_equal(test_kernel_run(&f.tk).polled, 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_non_null(f.tasks[i].memory.memory);
        assert_int_equal(allocate_wait(i, 0), MN_OK);
    }
    assert_int_equal(allocate(4, 8), MN_OK);
    assert_int_equal(f.owner.failures, 1);
}

// Served one by one as memory comes back, never the second before the first.
static void waiters_are_served_in_order_as_far_as_the_memory_goes(void **state) {
    (void)state;
    fill();
    for (unsigned i = 3; i < 6; i++) {
        assert_int_equal(allocate(i, 150), MN_OK);
    }
    while (mn_alloc(&f.tk.kernel, &f.owner, 16, 0, &(void *){NULL}) == MN_OK) {
    }
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(allocate_wait(i, 150), MN_PENDING);
    }
    for (unsigned i = 0; i < 3; i++) {
        give_back(i + 3);
        for (unsigned k = 0; k < 3; k++) {
            assert_int_equal(f.tasks[k].memory.memory != NULL, k == i);
        }
        assert_int_equal(allocate_wait(i, 150), MN_OK);
    }
    // The crumbs are found by their owner, since the test did not keep them.
    for (char *at = f.tk.heap; at < (char *)f.tk.heap + 16384; at += MN_HEAP_ALIGN) {
        if (at != f.most && at != f.memory[0] && at != f.memory[1] && at != f.memory[2]) {
            (void)mn_heap_free(&f.tk.kernel.heap, at);
        }
    }
}

// ---------------------------------------------------------------------------------------------
// The impossible

static mn_status_t ask(unsigned i, mn_heap_owner_t *owner, size_t size, size_t align) {
    mn_status_t status = mn_alloc(&f.tk.kernel, owner, size, align, &f.memory[i]);
    mn_status_t waiting =
        mn_alloc_wait(&f.tasks[i].memory, &f.tasks[i].task, owner, size, align, &f.memory[i]);
    assert_int_equal(status, waiting);
    assert_null(f.memory[i]);
    assert_int_equal(f.tasks[i].task.waits, 0);
    return status;
}

// Asked with an empty heap, with a full one, and while somebody waits: the answer is the same.
static void the_impossible_is_refused_at_once(void **state) {
    (void)state;
    for (unsigned round = 0; round < 3; round++) {
        if (round == 1) {
            fill();
        } else if (round == 2) {
            assert_int_equal(allocate_wait(0, 5000), MN_PENDING);
        }
        assert_int_equal(ask(1, &f.owner, 0, 0), MN_EINVAL);
        assert_int_equal(ask(1, &f.owner, 10, 3), MN_EINVAL);
        assert_int_equal(ask(1, &f.owner, SIZE_MAX, 0), MN_ETOOBIG);
        assert_int_equal(ask(1, &f.owner, heap_total(), 0), MN_ETOOBIG);
        assert_int_equal(ask(1, &f.owner, 16385, 0), MN_ETOOBIG);
        assert_int_equal(ask(1, &f.owner, 9000, SIZE_MAX / 2 + 1), MN_ETOOBIG);
        assert_int_equal(ask(1, &f.poor, 1001, 0), MN_EQUOTA);
    }
    empty();
    assert_int_equal(allocate_wait(0, 5000), MN_OK);
}

// The largest request that is possible at all is served once everything else is free.
static void the_largest_possible_request_is_served_in_the_end(void **state) {
    (void)state;
    fill();
    const size_t largest = heap_total() - MN_HEAP_ALIGN;
    assert_int_equal(allocate_wait(0, largest), MN_PENDING);
    empty();
    assert_int_equal(allocate_wait(0, largest), MN_OK);
}

// The quota was free when the owner's request joined the line, and is used up when its turn comes:
// it is told so, and the line moves on.
static void a_quota_used_up_meanwhile_holds_nobody_up(void **state) {
    (void)state;
    fill();
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(
            mn_alloc_wait(&f.tasks[i].memory, &f.tasks[i].task, &f.poor, 950, 0, &f.memory[i]),
            MN_PENDING);
    }
    assert_int_equal(allocate_wait(2, 2000), MN_PENDING);
    empty();
    assert_int_equal(allocate_wait(0, 950), MN_OK);
    assert_int_equal(allocate_wait(1, 950), MN_EQUOTA);
    assert_int_equal(allocate_wait(2, 2000), MN_OK);
    assert_null(f.memory[1]);
    assert_int_equal(f.poor.failures, 1);
}

// ---------------------------------------------------------------------------------------------
// Giving up

// The first in the line leaves: the second has been waiting for nothing else.
static void the_line_moves_on_when_its_head_leaves(void **state) {
    (void)state;
    fill();
    assert_int_equal(allocate_wait(0, 4000), MN_PENDING);
    assert_int_equal(allocate_wait(1, 100), MN_PENDING);
    assert_int_equal(allocate_wait(2, 3000), MN_PENDING);
    assert_int_equal(allocate_wait(3, 100), MN_PENDING);
    mn_alloc_cancel(&f.tasks[0].memory);
    assert_int_equal(test_kernel_run(&f.tk).polled, 1);
    assert_int_equal(allocate_wait(1, 100), MN_OK);
    assert_int_equal(allocate_wait(3, 100), MN_PENDING);
    test_task_cancel(&f.tk, &f.tasks[2]);
    assert_int_equal(allocate_wait(3, 100), MN_OK);
}

static void a_wait_is_withdrawn_in_every_state(void **state) {
    (void)state;
    mn_alloc_cancel(&f.tasks[0].memory); // never used
    fill();
    assert_int_equal(allocate_wait(0, 4000), MN_PENDING);
    assert_int_equal(allocate_wait(1, 4000), MN_PENDING);
    mn_alloc_cancel(&f.tasks[1].memory); // behind another
    mn_alloc_cancel(&f.tasks[1].memory);
    mn_alloc_cancel(&f.tasks[0].memory); // alone
    assert_int_equal(f.tasks[0].task.waits + f.tasks[1].task.waits, 0);
    assert_int_equal(allocate(2, 100), MN_OK);
    give_back(2);

    assert_int_equal(allocate_wait(0, 4000), MN_PENDING);
    empty();
    assert_int_not_equal(test_kernel_heap_in_use(&f.tk), 0); // granted, not taken
    mn_alloc_cancel(&f.tasks[0].memory);
    assert_int_equal(test_kernel_heap_in_use(&f.tk), 0);
    assert_int_equal(f.tasks[0].task.waits, 0);
}

// Memory granted to a waiter that gives up goes to the next one.
static void a_grant_that_was_not_taken_is_handed_on(void **state) {
    (void)state;
    fill();
    const size_t most = heap_total() - 2000;
    assert_int_equal(allocate_wait(0, most), MN_PENDING);
    assert_int_equal(allocate_wait(1, most), MN_PENDING);
    empty();
    assert_int_equal(test_kernel_run(&f.tk).polled, 1);
    test_task_cancel(&f.tk, &f.tasks[0]);
    assert_int_equal(allocate_wait(1, most), MN_OK);
}

static void a_stale_or_foreign_pointer_is_refused(void **state) {
    (void)state;
    static char foreign[64];
    assert_int_equal(allocate(0, 64), MN_OK);
    void *stale = f.memory[0];
    give_back(0);
    assert_int_equal(mn_free(&f.tk.kernel, stale), MN_EINVAL);
    assert_int_equal(mn_free(&f.tk.kernel, foreign), MN_EINVAL);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(what_fits_is_had_at_once),
        TEST(a_waiter_is_served_when_memory_is_freed),
        TEST(small_requests_do_not_overtake_a_large_one),
        TEST(waiters_are_served_in_order_as_far_as_the_memory_goes),
        TEST(the_impossible_is_refused_at_once),
        TEST(the_largest_possible_request_is_served_in_the_end),
        TEST(a_quota_used_up_meanwhile_holds_nobody_up),
        TEST(the_line_moves_on_when_its_head_leaves),
        TEST(a_wait_is_withdrawn_in_every_state),
        TEST(a_grant_that_was_not_taken_is_handed_on),
        TEST(a_stale_or_foreign_pointer_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
