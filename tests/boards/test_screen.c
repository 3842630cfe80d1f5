// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The screen: text that arrives, and the typed line below it. What a terminal would show is worked
// out by a terminal of a few lines.

#include "screen.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COLUMNS 20U
#define ROWS 40U

static line_editor_t editor;
static screen_t screen;

// --- the terminal ---

static char rows[ROWS][COLUMNS + 1];
static size_t row;
static size_t column; // COLUMNS: behind the last, as terminals have it before they wrap

static void line_feed(void) {
    row++;
    assert_true(row < ROWS);
    column = 0; // the line discipline adds the return
}

static void sequence(size_t number, char command) {
    switch (command) {
    case 'A':
        row -= (row < number) ? row : number;
        break;
    case 'C':
        column += number;
        column = (column < COLUMNS) ? column : COLUMNS - 1;
        break;
    case 'K':
        memset(&rows[row][column], ' ', COLUMNS - column);
        break;
    case 'J':
        memset(rows, ' ', sizeof rows);
        break;
    case 'H':
        row = 0;
        column = 0;
        break;
    default:
        fail_msg("unknown sequence %c", command);
    }
}

static void print(char byte) {
    if (((uint8_t)byte & 0xC0U) == 0x80U) {
        return; // the rest of a character
    }
    if (column == COLUMNS) {
        line_feed();
    }
    rows[row][column++] = byte;
}

static void display(void) {
    for (size_t i = 0; i < screen.len; i++) {
        const char byte = screen.out[i];
        if (byte == '\x1b') {
            char *end = NULL;
            const size_t number = strtoul(&screen.out[i + 2], &end, 10);
            sequence((end == &screen.out[i + 2]) ? 1 : number, *end);
            i = (size_t)(end - screen.out);
        } else if (byte == '\n') {
            line_feed();
        } else if (byte == '\r') {
            column = 0;
        } else {
            print(byte);
        }
    }
    screen_written(&screen, screen.len);
}

// Check the rows up to the cursor's, given with line feeds between them.
static void expect(const char *expected) {
    char shown[ROWS * (COLUMNS + 1) + 1] = "";
    size_t len = 0;
    display();
    for (size_t i = 0; i <= row; i++) {
        size_t used = COLUMNS;
        while (used > 0 && rows[i][used - 1] == ' ') {
            used--;
        }
        memcpy(&shown[len], rows[i], used);
        len += used;
        shown[len++] = (i < row) ? '\n' : '\0';
    }
    assert_string_equal(shown, expected);
}

// --- the tests ---

static int fresh(void **state) {
    (void)state;
    memset(&editor, 0, sizeof editor);
    memset(&screen, 0, sizeof screen);
    memset(rows, ' ', sizeof rows);
    row = 0;
    column = 0;
    screen.editor = &editor;
    screen.columns = COLUMNS;
    return 0;
}

static void type(const char *text) {
    for (; *text != '\0'; text++) {
        (void)line_editor_key(&editor, (uint8_t)*text);
    }
    screen.stale = true;
    screen_show_typed(&screen, true);
}

static void text(const char *bytes) {
    screen_text(&screen, bytes, strlen(bytes));
    screen_show_typed(&screen, true);
}

static void text_goes_above_the_typed_line(void **state) {
    (void)state;
    type("1 2");
    expect("> 1 2");
    text("hello\n");
    expect("hello\n> 1 2");
    assert_int_equal(column, 5);
    text("two\nlines\n");
    expect("hello\ntwo\nlines\n> 1 2");
}

static void unfinished_text_goes_on_where_it_was(void **state) {
    (void)state;
    type("x");
    text("abc");
    expect("abc\n> x");
    text("def");
    expect("abcdef\n> x");
    type("yz");
    text("\nnew");
    expect("abcdef\nnew\n> xyz");
    text("\r12");
    expect("abcdef\n12w\n> xyz");
}

static void text_wraps_at_the_edge(void **state) {
    (void)state;
    type("x");
    text("12345678901234567890");
    expect("12345678901234567890\n> x");
    text("abc");
    expect("12345678901234567890\nabc\n> x");
    text("\n12345678901234567890");
    text("\nnext");
    expect("12345678901234567890\nabc\n12345678901234567890\nnext\n> x");
}

// However a text is cut into pieces, in the end it is there once and whole.
static void pieces_of_any_size_make_the_same_text(void **state) {
    static const char whole[] =
        "Text of some length,\nwith and without\n line ends; \xc3\xa4 is one "
        "column, and this line wraps several times.\n\nend";
    static char expected[sizeof rows];
    for (size_t size = 1; size < sizeof whole; size++) {
        (void)fresh(state);
        type("typed");
        for (size_t at = 0; at < sizeof whole - 1; at += size) {
            const size_t left = sizeof whole - 1 - at;
            screen_text(&screen, &whole[at], (left < size) ? left : size);
            screen_show_typed(&screen, true);
            display();
        }
        if (size == 1) {
            memcpy(expected, rows, sizeof rows);
        }
        assert_memory_equal(rows, expected, sizeof rows);
    }
}

static void a_finished_line_becomes_text(void **state) {
    (void)state;
    type("2 2 + .\x01"); // the cursor at its beginning
    screen_finish_typed(&screen, "");
    line_editor_reset(&editor);
    text("4 ok.\n");
    expect("> 2 2 + .\n4 ok.\n>");
    type("oops");
    screen_finish_typed(&screen, "^C");
    line_editor_reset(&editor);
    screen_show_typed(&screen, true);
    expect("> 2 2 + .\n4 ok.\n> oops^C\n>");
}

static void a_hidden_line_leaves_no_trace(void **state) {
    (void)state;
    type("abc");
    screen_show_typed(&screen, false);
    expect("");
    screen_text(&screen, "text", 4);
    screen_show_typed(&screen, false);
    expect("text");
    screen_show_typed(&screen, true);
    expect("text\n> abc");
    screen_show_typed(&screen, false);
    expect("text");
    assert_int_equal(column, 4);
}

static void an_unchanged_line_is_not_drawn_again(void **state) {
    (void)state;
    type("abc");
    display();
    screen_show_typed(&screen, true);
    assert_int_equal(screen.len, 0);
}

static void clearing_leaves_the_typed_line(void **state) {
    (void)state;
    type("abc");
    text("some\ntext");
    screen_clear(&screen);
    screen_show_typed(&screen, true);
    expect("> abc");
}

static void colours_take_no_columns(void **state) {
    (void)state;
    type("x");
    text("\x1b[31mred\x1b[0m"); // not for the little terminal
    assert_int_equal(screen.column, 3);
}

static void text_passes_unchanged_where_nobody_types(void **state) {
    (void)state;
    screen.editor = NULL;
    screen_text(&screen, "a\tb\r\x1b[31m", 9);
    screen_show_typed(&screen, true);
    assert_int_equal(screen.len, 9);
    assert_memory_equal(screen.out, "a\tb\r\x1b[31m", 9);
}

static void there_is_room_for_what_it_says(void **state) {
    (void)state;
    for (size_t len = screen_room(&screen); len > 0; len = screen_room(&screen)) {
        for (size_t i = 0; i < len; i++) {
            screen_text(&screen, "\xe4", 1);
        }
        type("x");
        screen_finish_typed(&screen, "^C");
    }
    assert_true(screen.len > SCREEN_SIZE / 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(text_goes_above_the_typed_line, fresh),
        cmocka_unit_test_setup(unfinished_text_goes_on_where_it_was, fresh),
        cmocka_unit_test_setup(text_wraps_at_the_edge, fresh),
        cmocka_unit_test_setup(pieces_of_any_size_make_the_same_text, fresh),
        cmocka_unit_test_setup(a_finished_line_becomes_text, fresh),
        cmocka_unit_test_setup(a_hidden_line_leaves_no_trace, fresh),
        cmocka_unit_test_setup(an_unchanged_line_is_not_drawn_again, fresh),
        cmocka_unit_test_setup(clearing_leaves_the_typed_line, fresh),
        cmocka_unit_test_setup(colours_take_no_columns, fresh),
        cmocka_unit_test_setup(text_passes_unchanged_where_nobody_types, fresh),
        cmocka_unit_test_setup(there_is_room_for_what_it_says, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
