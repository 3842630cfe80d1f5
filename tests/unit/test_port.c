// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The port of the unit tests keeps the port contract: sections nest, what is pending runs when the
// outermost one ends, handlers do not nest, and a panic does not return.

#include "test_port.h"

#include <mnemos/util.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static volatile unsigned runs;
static volatile unsigned nested_runs;
static volatile unsigned left;
static volatile unsigned right;
static volatile unsigned torn;

static void count_run(void) {
    runs = runs + 1;
}

static void an_interrupt_runs_at_once_when_not_masked(void **state) {
    (void)state;
    runs = 0;
    test_irq_install(count_run);
    assert_false(test_irq_masked());
    test_irq_raise();
    assert_int_equal(runs, 1);
    assert_int_equal(test_irq_count(), 1);
    test_irq_remove();
}

static void masked_interrupts_run_once_when_the_outermost_section_ends(void **state) {
    (void)state;
    runs = 0;
    test_irq_install(count_run);
    uint32_t outer = mn_port_irq_save();
    uint32_t inner = mn_port_irq_save();
    assert_true(test_irq_masked());
    test_irq_raise();
    test_irq_raise();
    mn_port_irq_restore(inner);
    assert_true(test_irq_masked());
    assert_int_equal(runs, 0);
    mn_port_irq_restore(outer);
    assert_false(test_irq_masked());
    assert_int_equal(runs, 1);
    test_irq_remove();
}

// A handler with a section of its own, that raises itself the first time it runs.
static void handler_with_section(void) {
    static volatile bool inside;
    if (inside) {
        nested_runs = nested_runs + 1;
    }
    inside = true;
    runs = runs + 1;
    uint32_t state = mn_port_irq_save();
    if (runs == 1) {
        test_irq_raise();
    }
    mn_port_irq_restore(state);
    inside = false;
}

static void handlers_do_not_nest(void **state) {
    (void)state;
    runs = 0;
    nested_runs = 0;
    test_irq_install(handler_with_section);
    test_irq_raise();
    assert_int_equal(runs, 2);
    runs = 0;
    uint32_t section = mn_port_irq_save();
    test_irq_raise();
    mn_port_irq_restore(section);
    assert_int_equal(runs, 2);
    assert_int_equal(nested_runs, 0);
    test_irq_remove();
}

static void check_pair(void) {
    if (left != right) {
        torn = torn + 1;
    }
}

// Two variables that change together are never seen apart by random interrupts.
static void sections_hold_against_random_interrupts(void **state) {
    (void)state;
    left = right = torn = 0;
    test_irq_install(check_pair);
    test_irq_start_random(7, 20);
    while (test_irq_count() < 1000) {
        uint32_t section = mn_port_irq_save();
        left = left + 1;
        right = right + 1;
        mn_port_irq_restore(section);
    }
    test_irq_remove();
    assert_int_equal(torn, 0);
}

// The same without sections is seen apart sooner or later, so the test above can fail.
static void random_interrupts_cut_anywhere(void **state) {
    (void)state;
    left = right = torn = 0;
    test_irq_install(check_pair);
    test_irq_start_random(7, 20);
    while (torn == 0) {
        left = left + 1;
        right = right + 1;
    }
    test_irq_remove();
    assert_true(torn > 0);
}

static void panic_with_everything(void *arg) {
    const mn_panic_t panic = {
        .message = "out of cheese", .file = "universe.c", .line = 42, .task = arg};
    (void)mn_port_irq_save();
    mn_port_panic(&panic);
}

static void an_expected_panic_tells_what_it_was(void **state) {
    (void)state;
    static char task[] = "hex";
    EXPECT_PANIC_ALWAYS(panic_with_everything(task), "of cheese");
    assert_string_equal(test_panic()->message, "out of cheese");
    assert_string_equal(test_panic()->file, "universe.c");
    assert_string_equal(test_panic()->task, "hex");
    assert_int_equal(test_panic()->line, 42);
    EXPECT_PANIC_ALWAYS(panic_with_everything(NULL), "out");
    assert_string_equal(test_panic()->task, "");
}

static void a_caught_panic_leaves_the_process_usable(void **state) {
    (void)state;
    static char task[] = "hex";
    assert_true(test_panic_catch(panic_with_everything, task));
    assert_string_equal(test_panic()->message, "out of cheese");
    assert_false(test_irq_masked());
}

static void no_panic(void *arg) {
    (void)arg;
}

static void what_does_not_panic_is_not_caught(void **state) {
    (void)state;
    assert_false(test_panic_catch(no_panic, NULL));
    assert_true(test_panic_catch(panic_with_everything, NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_interrupt_runs_at_once_when_not_masked),
        cmocka_unit_test(masked_interrupts_run_once_when_the_outermost_section_ends),
        cmocka_unit_test(handlers_do_not_nest),
        cmocka_unit_test(sections_hold_against_random_interrupts),
        cmocka_unit_test(random_interrupts_cut_anywhere),
        cmocka_unit_test(an_expected_panic_tells_what_it_was),
        cmocka_unit_test(a_caught_panic_leaves_the_process_usable),
        cmocka_unit_test(what_does_not_panic_is_not_caught),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
