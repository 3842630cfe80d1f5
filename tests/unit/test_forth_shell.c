// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The Forth shells: one VM for each port, lines in, answers out.

#include "test_line.h"

// cmocka needs these before it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <mnemos/forth_shell.h>
#include <stdlib.h>
#include <string.h>

enum { SHELLS = 2, HEAP = 128 * 1024 };

typedef struct fixture {
    test_line_t line;
    mn_serial_mux_t *mux;
    mn_forth_system_t *forth;
    mn_task_t *shells[SHELLS];
} fixture_t;

static int setup(void **state) {
    fixture_t *f = calloc(1, sizeof(*f));
    test_line_init(&f->line, HEAP);
    const mn_serial_mux_config_t config = MN_SERIAL_MUX_DEFAULTS;
    assert_int_equal(mn_serial_mux_start(&f->line.registry, &config, &f->mux), MN_OK);
    assert_int_equal(mn_forth_system_start(&f->line.registry, &MN_FORTH_SYSTEM_DEFAULTS, &f->forth),
                     MN_OK);
    for (int i = 0; i < SHELLS; i++) {
        const mn_forth_shell_config_t shell = MN_FORTH_SHELL_DEFAULTS((uint16_t)(10 + i));
        assert_int_equal(mn_forth_shell_start(f->forth, &shell, NULL, &f->shells[i]), MN_OK);
    }
    assert_string_equal(test_line_text(&f->line, 10), "ok.\n"); // the greeting
    *state = f;
    return 0;
}

static int teardown(void **state) {
    fixture_t *f = *state;
    for (size_t i = 0; i < SHELLS; i++) {
        mn_cancel_now(f->shells[i]);
        mn_task_release(f->shells[i]);
    }
    mn_forth_system_stop(f->forth);
    mn_serial_mux_stop(f->mux);
    assert_int_equal(test_kernel_heap_in_use(&f->line.tk), 0);
    test_line_end(&f->line);
    free(f);
    return 0;
}

static const char *ask(fixture_t *f, uint16_t port, const char *line) {
    test_line_send(&f->line, port, line);
    return test_line_text(&f->line, port);
}

// Tick a bounded number of times: for lines that never end.
static void tick(fixture_t *f, unsigned times) {
    for (unsigned i = 0; i < times; i++) {
        (void)mn_kernel_tick(&f->line.tk.kernel);
    }
}

// The first line of an answer; its further lines are for people.
static const char *first_line(const char *answer) {
    static char line[300];
    size_t len = strcspn(answer, "\n");
    memcpy(line, answer, len);
    line[len] = '\0';
    return line;
}

static void lines_are_answered(void **state) {
    fixture_t *f = *state;
    assert_string_equal(ask(f, 10, "2 2 + .\n"), "4 ok.\n");
    assert_string_equal(ask(f, 10, "\n"), "ok.\n");
    assert_string_equal(ask(f, 10, ": sq dup * ;\r\n"), "ok.\n");
    assert_string_equal(ask(f, 10, "7 sq .\r"), "49 ok.\n");
}

static void an_unknown_word_is_named(void **state) {
    fixture_t *f = *state;
    assert_string_equal(first_line(ask(f, 10, "1 frobnicate 2\n")), "? undefined word: frobnicate");
    assert_string_equal(ask(f, 10, "1 .\n"), "1 ok.\n");
}

static void every_shell_has_a_vm_of_its_own(void **state) {
    fixture_t *f = *state;
    assert_string_equal(ask(f, 10, ": mine 1 ; 5\n"), "ok.\n");
    assert_string_equal(first_line(ask(f, 11, "mine\n")), "? undefined word: mine");
    assert_string_equal(ask(f, 11, "depth .\n"), "0 ok.\n");
    assert_string_equal(ask(f, 10, "depth .\n"), "1 ok.\n");
}

static void several_lines_at_once_are_answered_in_order(void **state) {
    fixture_t *f = *state;
    assert_string_equal(ask(f, 10, "1 .\n2 .\r\n3 .\n"), "1 ok.\n2 ok.\n3 ok.\n");
}

// Hosts that send a line in a frame without an end get their answer after a short silence; a line
// whose bytes come one by one, with pauses shorter than that, is one line.
static void silence_ends_a_line(void **state) {
    fixture_t *f = *state;
    test_line_send(&f->line, 10, "6 7 * .");
    assert_string_equal(test_line_text(&f->line, 10), "");
    test_kernel_advance(&f->line.tk, 249999);
    assert_string_equal(test_line_text(&f->line, 10), "");
    test_kernel_advance(&f->line.tk, 1);
    assert_string_equal(test_line_text(&f->line, 10), "42 ok.\n");
    static const char *const bytes[] = {"1", "2", " ", ".", "\n"};
    for (size_t i = 0; i < 5; i++) {
        test_line_send(&f->line, 10, bytes[i]);
        test_kernel_advance(&f->line.tk, 200000);
    }
    assert_string_equal(test_line_text(&f->line, 10), "12 ok.\n");
}

static void a_line_that_is_too_long_is_refused_and_the_next_one_works(void **state) {
    fixture_t *f = *state;
    char line[400];
    memset(line, '1', sizeof(line));
    test_line_send_bytes(&f->line, 10, line, 200);
    test_kernel_run(&f->line.tk); // the port holds 256 bytes
    test_line_send_bytes(&f->line, 10, line, 200);
    assert_string_equal(test_line_text(&f->line, 10), "");
    assert_int_equal(ask(f, 10, "\n")[0], '?');
    assert_string_equal(ask(f, 10, "1 .\n"), "1 ok.\n");
}

static void bytes_that_are_no_text_are_refused_and_the_next_line_works(void **state) {
    fixture_t *f = *state;
    static const char *const lines[] = {"\xC3\x28\n", "\xFF\xFE\n", "1 \x80 .\n"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(ask(f, 10, lines[i])[0], '?');
        assert_string_equal(ask(f, 10, "1 .\n"), "1 ok.\n");
    }
}

static void an_endless_word_delays_nobody_and_ctrl_c_ends_it(void **state) {
    fixture_t *f = *state;
    assert_string_equal(ask(f, 10, ": spin begin again ;\n"), "ok.\n");
    test_line_send(&f->line, 10, "spin\n");
    test_line_send(&f->line, 11, "3 4 + .\n");
    tick(f, 20);
    assert_true(mn_kernel_has_work(&f->line.tk.kernel));
    test_line_send(&f->line, 10, "\x03");
    tick(f, 20);
    assert_false(mn_kernel_has_work(&f->line.tk.kernel));
    char answers[2][200] = {{0}};
    mn_sermux_frame_t frame;
    while (test_line_take(&f->line, &frame)) {
        char *text = answers[frame.port - 10];
        strncat(text, (const char *)frame.payload.data, frame.payload.len);
    }
    assert_int_equal(answers[0][0], '?');
    assert_string_equal(answers[1], "7 ok.\n");
    assert_string_equal(ask(f, 10, "1 .\n"), "1 ok.\n");
}

// Also with more typed ahead than fits, the Ctrl-C behind it is seen.
static void ctrl_c_is_seen_behind_what_was_typed_ahead(void **state) {
    fixture_t *f = *state;
    char ahead[200];
    memset(ahead, 'x', sizeof(ahead));
    test_line_send(&f->line, 10, ": spin begin again ; spin\n");
    for (int i = 0; i < 10; i++) {
        test_line_send_bytes(&f->line, 10, ahead, sizeof(ahead));
        tick(f, 2);
    }
    assert_true(mn_forth_shell_lost(f->shells[0]) > 0);
    test_line_send(&f->line, 10, "\x03");
    tick(f, 20);
    assert_int_equal(test_line_text(&f->line, 10)[0], '?');
    assert_string_equal(ask(f, 10, "1 .\n"), "1 ok.\n");
}

// A word that prints without end fills the line; it waits there, and Ctrl-C still ends it.
static void endless_output_waits_for_the_line_and_loses_nothing(void **state) {
    fixture_t *f = *state;
    const char *text = ask(f, 10, ": count 1500 0 do i . loop ; count\n");
    // 10, 90, 900 and 500 numbers of 1 to 4 digits, a blank after each, and the "ok.".
    assert_int_equal(strlen(text), 10 * 2 + 90 * 3 + 900 * 4 + 500 * 5 + 4);
    assert_non_null(strstr(text, "998 999 1000 1001 "));
    test_line_send(&f->line, 10, ": noise begin 1 . again ; noise\n");
    tick(f, 1000);
    test_line_send(&f->line, 10, "\x03");
    tick(f, 10);
    text = test_line_text(&f->line, 10);
    assert_non_null(strstr(text, "1 1 1 1 "));
    assert_non_null(strstr(text, "? "));
    assert_string_equal(ask(f, 10, "1 .\n"), "1 ok.\n");
}

static void bye_gives_a_fresh_vm(void **state) {
    fixture_t *f = *state;
    assert_string_equal(ask(f, 10, ": mine 1 ;\n"), "ok.\n");
    const char *answer = ask(f, 10, "bye\n");
    assert_non_null(strstr(answer, "ok.\n"));
    assert_string_equal(first_line(ask(f, 10, "mine\n")), "? undefined word: mine");
}

static void a_shell_without_memory_is_refused_and_leaves_nothing(void **state) {
    fixture_t *f = *state;
    const size_t in_use = test_kernel_heap_in_use(&f->line.tk);
    const mn_forth_shell_config_t shell = MN_FORTH_SHELL_DEFAULTS(12);
    for (uint32_t nth = 1; nth <= 2; nth++) {
        mn_task_t *task = NULL;
        mn_heap_fail_nth(&f->line.tk.kernel.heap, nth);
        assert_int_equal(mn_forth_shell_start(f->forth, &shell, NULL, &task), MN_ENOMEM);
        assert_null(task);
        assert_int_equal(test_kernel_heap_in_use(&f->line.tk), in_use);
    }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(lines_are_answered),
        TEST(an_unknown_word_is_named),
        TEST(every_shell_has_a_vm_of_its_own),
        TEST(several_lines_at_once_are_answered_in_order),
        TEST(silence_ends_a_line),
        TEST(a_line_that_is_too_long_is_refused_and_the_next_one_works),
        TEST(bytes_that_are_no_text_are_refused_and_the_next_line_works),
        TEST(an_endless_word_delays_nobody_and_ctrl_c_ends_it),
        TEST(ctrl_c_is_seen_behind_what_was_typed_ahead),
        TEST(endless_output_waits_for_the_line_and_loses_nothing),
        TEST(bye_gives_a_fresh_vm),
        TEST(a_shell_without_memory_is_refused_and_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
