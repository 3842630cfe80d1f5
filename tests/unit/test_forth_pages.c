// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Pages that are added to a VM while it runs, frozen, and shared.

#include <mnemos/forth_pages.h>

// cmocka needs these before it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

typedef struct fixture {
    mn_forth_config_t config;
    mn_forth_t *vm;
    mn_forth_t *other;
    size_t held;         // bytes that are allocated now
    unsigned fail_after; // allocations until one fails; 0: none does
    char output[512];
} fixture_t;

static void *get(void *context, size_t size) {
    fixture_t *f = context;
    if (f->fail_after != 0 && --f->fail_after == 0) {
        return NULL;
    }
    f->held += size;
    return malloc(size);
}

static void give_back(void *context, void *memory, size_t size) {
    fixture_t *f = context;
    f->held -= size;
    free(memory);
}

static void released(void *context, void *memory) {
    (void)context;
    free(memory);
}

static mn_forth_t *new_vm(const mn_forth_config_t *config) {
    const size_t size = mn_forth_memory_needed(config);
    mn_forth_t *vm = NULL;
    assert_int_equal(mn_forth_init(&vm, config, malloc(size), size), MN_OK);
    return vm;
}

static int setup(void **state) {
    fixture_t *f = calloc(1, sizeof(*f));
    f->config = (mn_forth_config_t)MN_FORTH_CONFIG_DEFAULT;
    f->config.window_size = 8 * MN_FORTH_PAGE;
    f->config.memory_context = f;
    f->config.alloc = get;
    f->config.free = give_back;
    f->config.released = released;
    f->vm = new_vm(&f->config);
    f->other = new_vm(&f->config);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    fixture_t *f = *state;
    mn_forth_end(f->vm);
    mn_forth_end(f->other);
    assert_int_equal(f->held, 0);
    free(f);
    return 0;
}

// What a line with a number in it answers.
static const char *ask(fixture_t *f, mn_forth_t *vm, const char *before, uint32_t number,
                       const char *after) {
    char digits[12];
    char line[200] = "";
    size_t at = sizeof(digits) - 1;
    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    strcat(strcat(strcat(strcat(line, before), " "), &digits[at]), " ");
    strcat(line, after);
    assert_int_equal(mn_forth_feed_line(vm, line, strlen(line)), MN_OK);
    size_t len = 0;
    while (mn_forth_run(vm, 0) == MN_PENDING) {
        len += mn_forth_output_take(vm, f->output + len, sizeof(f->output) - 1 - len);
    }
    len += mn_forth_output_take(vm, f->output + len, sizeof(f->output) - 1 - len);
    f->output[len] = '\0';
    return f->output;
}

static void added_pages_are_data_like_any_other(void **state) {
    fixture_t *f = *state;
    uint32_t addr = 0;
    assert_int_equal(mn_forth_map(f->vm, 3, &addr), MN_OK);
    assert_string_equal(ask(f, f->vm, "", addr, "@ ."), "0 ok.\n");
    assert_string_equal(ask(f, f->vm, "77", addr + 764, "!"), "ok.\n");
    assert_string_equal(ask(f, f->vm, "", addr + 764, "@ ."), "77 ok.\n");
    assert_int_equal(ask(f, f->vm, "", addr + 768, "@ .")[0], '?'); // behind the last one
    assert_int_equal(mn_forth_unmap(f->vm, addr, 3), MN_OK);
    assert_int_equal(ask(f, f->vm, "", addr, "@ .")[0], '?');
    assert_int_equal(f->held, 0);
}

static void the_window_is_the_limit(void **state) {
    fixture_t *f = *state;
    uint32_t first = 0;
    uint32_t second = 0;
    uint32_t third = 0;
    assert_int_equal(mn_forth_map(f->vm, 0, &first), MN_EINVAL);
    assert_int_equal(mn_forth_map(f->vm, 9, &first), MN_EFULL);
    assert_int_equal(mn_forth_map(f->vm, 3, &first), MN_OK);
    assert_int_equal(mn_forth_map(f->vm, 5, &second), MN_OK);
    assert_int_equal(mn_forth_map(f->vm, 1, &third), MN_EFULL);
    assert_int_equal(mn_forth_unmap(f->vm, first, 3), MN_OK);
    assert_int_equal(mn_forth_map(f->vm, 4, &third), MN_EFULL); // not so many in a row
    assert_int_equal(mn_forth_map(f->vm, 3, &third), MN_OK);
    assert_int_equal(third, first);
}

static void without_memory_nothing_is_added(void **state) {
    fixture_t *f = *state;
    uint32_t addr = 0;
    f->fail_after = 3;
    assert_int_equal(mn_forth_map(f->vm, 5, &addr), MN_ENOMEM);
    assert_int_equal(f->held, 0);
    assert_int_equal(mn_forth_map(f->vm, 8, &addr), MN_OK);
}

// Data space itself, pages that are not there, and odd addresses cannot be unmapped or frozen.
static void only_added_pages_can_be_taken_away_or_frozen(void **state) {
    fixture_t *f = *state;
    mn_forth_block_t *block = NULL;
    uint32_t addr = 0;
    assert_int_equal(mn_forth_map(f->vm, 2, &addr), MN_OK);
    const uint32_t bad[] = {0,
                            MN_FORTH_PAGE,
                            addr - MN_FORTH_PAGE,
                            addr + 4,
                            addr + MN_FORTH_PAGE,
                            addr + 64 * MN_FORTH_PAGE,
                            UINT32_MAX - 255};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(mn_forth_unmap(f->vm, bad[i], 2), MN_EINVAL);
        assert_int_equal(mn_forth_freeze(f->vm, bad[i], 2, &block), MN_EINVAL);
    }
    assert_int_equal(mn_forth_unmap(f->vm, addr, UINT32_MAX), MN_EINVAL);
    assert_int_equal(mn_forth_unmap(f->vm, addr, 0), MN_EINVAL);
}

static void frozen_pages_are_shared_and_never_written(void **state) {
    fixture_t *f = *state;
    mn_forth_block_t *block = NULL;
    uint32_t addr = 0;
    uint32_t there = 0;
    assert_int_equal(mn_forth_map(f->vm, 2, &addr), MN_OK);
    (void)ask(f, f->vm, "123", addr + 256, "!");
    assert_int_equal(mn_forth_freeze(f->vm, addr, 2, &block), MN_OK);
    assert_int_equal(mn_forth_block_pages(block), 2);
    const size_t held = f->held;
    assert_int_equal(mn_forth_map_block(f->other, block, &there), MN_OK);
    assert_int_equal(f->held, held); // nothing was copied
    assert_string_equal(ask(f, f->other, "", there + 256, "@ ."), "123 ok.\n");
    assert_non_null(strstr(ask(f, f->other, "5", there, "!"), "read-only"));
    assert_non_null(strstr(ask(f, f->vm, "5", addr, "!"), "read-only"));
    assert_non_null(strstr(ask(f, f->vm, "5", addr, "c!"), "read-only"));
    assert_non_null(strstr(ask(f, f->vm, "", addr, "16 erase"), "read-only"));
    // They stay as long as somebody has them, whoever goes first.
    assert_int_equal(mn_forth_unmap(f->vm, addr, 2), MN_OK);
    mn_forth_block_release(block);
    assert_string_equal(ask(f, f->other, "", there + 256, "@ ."), "123 ok.\n");
}

// A fork has the parent's pages as of that moment; freezing on one side is nothing to the other.
static void a_fork_inherits_added_pages(void **state) {
    fixture_t *f = *state;
    mn_forth_block_t *block = NULL;
    mn_forth_t *child = NULL;
    uint32_t addr = 0;
    assert_int_equal(mn_forth_map(f->vm, 1, &addr), MN_OK);
    (void)ask(f, f->vm, "1", addr, "!");
    const size_t size = mn_forth_fork_memory_needed(f->vm, &f->config);
    assert_int_equal(mn_forth_fork(&child, f->vm, &f->config, malloc(size), size), MN_OK);
    assert_int_equal(mn_forth_freeze(f->vm, addr, 1, &block), MN_OK);
    assert_string_equal(ask(f, child, "2", addr, "!"), "ok.\n");
    assert_string_equal(ask(f, child, "", addr, "@ ."), "2 ok.\n");
    assert_string_equal(ask(f, f->vm, "", addr, "@ ."), "1 ok.\n");
    mn_forth_block_release(block);
    mn_forth_end(child);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(added_pages_are_data_like_any_other),
        TEST(the_window_is_the_limit),
        TEST(without_memory_nothing_is_added),
        TEST(only_added_pages_can_be_taken_away_or_frozen),
        TEST(frozen_pages_are_shared_and_never_written),
        TEST(a_fork_inherits_added_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
