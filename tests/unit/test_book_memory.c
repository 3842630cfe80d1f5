// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The one figure of the book's chapter about memory that neither the benchmarks nor the compiler
// know: what a Forth machine takes.

#include <mnemos/forth.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PAGE MNEMOS_TEST_DIR "/../../docs/book/memory.md"

static size_t page_says(void) {
    static const char before[] = "Forth machine takes about ";
    char line[200];
    size_t size = 0;
    FILE *file = fopen(PAGE, "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        const char *found = strstr(line, before);
        if (found != NULL) {
            size = strtoul(found + strlen(before), NULL, 10);
        }
    }
    fclose(file);
    return size;
}

static void the_size_of_a_forth_machine(void **state) {
    (void)state;
    const mn_forth_config_t config = MN_FORTH_CONFIG_DEFAULT;
    if (sizeof(void *) == 8) {
        const size_t page = page_says();
        assert_in_range(mn_forth_memory_needed(&config), page - page / 20, page + page / 20);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_size_of_a_forth_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
