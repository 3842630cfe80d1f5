// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The line editor: every key, UTF-8, history, and what is drawn.

#include "line_editor.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LEFT "\x1b[D"
#define RIGHT "\x1b[C"
#define UP "\x1b[A"
#define DOWN "\x1b[B"

static line_editor_t editor;

static int fresh(void **state) {
    (void)state;
    memset(&editor, 0, sizeof editor);
    return 0;
}

// Type, and return the last event that was not LINE_NOTHING.
static line_event_t type(const char *keys) {
    line_event_t last = LINE_NOTHING;
    for (; *keys != '\0'; keys++) {
        const line_event_t event = line_editor_key(&editor, (uint8_t)*keys);
        last = (event != LINE_NOTHING) ? event : last;
    }
    return last;
}

// The line with a bar where the cursor is.
static const char *shown(void) {
    static char text[LINE_EDITOR_MAX + 8];
    (void)snprintf(text, sizeof text, "%.*s|%.*s", (int)editor.cursor, editor.text,
                   (int)(editor.len - editor.cursor), editor.text + editor.cursor);
    return text;
}

static void enter(const char *line) {
    char taken[LINE_EDITOR_MAX];
    assert_int_equal(type(line), LINE_NOTHING);
    assert_int_equal(type("\r"), LINE_DONE);
    assert_int_equal(line_editor_take(&editor, taken), strlen(line));
    assert_memory_equal(taken, line, strlen(line));
}

static void every_key_does_what_it_should(void **state) {
    static const struct {
        const char *keys;
        const char *result;
    } cases[] = {
        {"", "|"},
        {"abc", "abc|"},
        {"abc" LEFT LEFT, "a|bc"},
        {"abc\x02\x02", "a|bc"},
        {"abc" LEFT LEFT LEFT LEFT, "|abc"},
        {"abc\x01" RIGHT, "a|bc"},
        {"abc\x01\x06\x06\x06\x06", "abc|"},
        {"abc\x1b[H", "|abc"},
        {"abc\x1bOH", "|abc"},
        {"abc\x1b[1~", "|abc"},
        {"abc\x1b[7~", "|abc"},
        {"abc\x01\x05", "abc|"},
        {"abc\x01\x1b[F", "abc|"},
        {"abc\x01\x1b[4~", "abc|"},
        {"abc\x01\x1b[8~", "abc|"},
        {"abc\x7f", "ab|"},
        {"abc\x08", "ab|"},
        {"\x7f", "|"},
        {"abc\x01\x1b[3~", "|bc"},
        {"abc\x1b[3~", "abc|"},
        {"abc\x01\x04", "|bc"},
        {"abc" LEFT "X", "abX|c"},
        {"one two  three\x17", "one two  |"},
        {"one two  \x17", "one |"},
        {"\x17", "|"},
        {"abcdef" LEFT LEFT "\x0b", "abcd|"},
        {"abcdef" LEFT LEFT "\x15", "|ef"},
        {"abc\x14", "acb|"},
        {"abc" LEFT "\x14", "acb|"},
        {"abc\x01\x14", "|abc"},
        {"a\x14", "a|"},
        {"\x14", "|"},
        {"a\tb", "a b|"},
        // keys without a meaning, in full, leave nothing behind
        {"a\x1b[15~b\x1b[1;5Zc\x1bOPd\x1bxe\x07", "abcde|"},
        // with Shift or Control an arrow is an arrow
        {"abc\x1b[1;5D", "ab|c"},
        {"abc\x1b\x1b[D", "ab|c"},
        // characters of two, three and four bytes are one
        {"a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80" LEFT LEFT,
         "a\xc3\xa4|\xe2\x82\xac\xf0\x9f\x98\x80"},
        {"a\xc3\xa4\x7f", "a|"},
        {"\xe2\x82\xac\xc3\xa4\x14", "\xc3\xa4\xe2\x82\xac|"},
        {"\xe2\x82\xac\x01\x1b[3~", "|"},
        // bytes that are no characters can be typed and taken back
        {"\x80\x80\xff\x7f\x7f\x7f", "|"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)fresh(state);
        assert_int_equal(type(cases[i].keys), LINE_NOTHING);
        assert_string_equal(shown(), cases[i].result);
    }
}

static void events_are_reported(void **state) {
    (void)state;
    assert_int_equal(type("\x04"), LINE_END);
    assert_int_equal(type("a\x04"), LINE_NOTHING);
    assert_int_equal(type("\x03"), LINE_INTERRUPT);
    assert_int_equal(type("\x0c"), LINE_CLEAR);
    assert_int_equal(type("\x1a"), LINE_SUSPEND);
    assert_int_equal(type("\n"), LINE_DONE);
    // A lone Escape, or half a key, does not swallow them.
    assert_int_equal(type("\x1b\x03"), LINE_INTERRUPT);
    assert_int_equal(type("\x1b[\x03"), LINE_INTERRUPT);
    assert_int_equal(type("\x1b[1\r"), LINE_DONE);
    assert_string_equal(shown(), "a|");
}

static void return_and_line_feed_are_one_end(void **state) {
    (void)state;
    assert_int_equal(line_editor_key(&editor, '\r'), LINE_DONE);
    assert_int_equal(line_editor_key(&editor, '\n'), LINE_NOTHING);
    assert_int_equal(line_editor_key(&editor, '\n'), LINE_DONE);
    assert_int_equal(line_editor_key(&editor, '\r'), LINE_DONE);
    assert_int_equal(line_editor_key(&editor, '\r'), LINE_DONE);
}

static void a_full_line_takes_no_more(void **state) {
    (void)state;
    for (int i = 0; i < LINE_EDITOR_MAX + 10; i++) {
        (void)type("x");
    }
    assert_int_equal(editor.len, LINE_EDITOR_MAX);
    char taken[LINE_EDITOR_MAX];
    assert_int_equal(line_editor_take(&editor, taken), LINE_EDITOR_MAX);
    (void)type(UP);
    assert_int_equal(editor.len, LINE_EDITOR_MAX);
}

static void history_goes_back_and_forth(void **state) {
    (void)state;
    (void)type(UP DOWN);
    assert_string_equal(shown(), "|");
    enter("one");
    enter("two");
    enter("two"); // again: kept once
    enter("  ");  // blank: not kept
    enter("");
    (void)type("dra" UP);
    assert_string_equal(shown(), "two|");
    (void)type(UP UP UP "\x10");
    assert_string_equal(shown(), "one|");
    (void)type("!" DOWN);
    assert_string_equal(shown(), "two|");
    (void)type(DOWN "\x0e" DOWN);
    assert_string_equal(shown(), "dra|");
    (void)type("ft" UP UP);
    assert_string_equal(shown(), "one|"); // as it was entered
    (void)type(DOWN DOWN);
    assert_string_equal(shown(), "draft|");
}

static void history_forgets_the_oldest(void **state) {
    (void)state;
    char line[24];
    for (int i = 0; i < LINE_EDITOR_HISTORY + 5; i++) {
        (void)snprintf(line, sizeof line, "line %d", i);
        enter(line);
    }
    for (int i = 0; i < LINE_EDITOR_HISTORY + 20; i++) {
        (void)type(UP);
    }
    assert_string_equal(shown(), "line 5|");
}

static const char *drawn(size_t columns) {
    static char text[LINE_EDITOR_DRAWN_MAX + 1];
    const size_t len = line_editor_draw(&editor, "> ", columns, text);
    assert_true(len <= LINE_EDITOR_DRAWN_MAX);
    text[len] = '\0';
    return text;
}

static void a_row_shows_the_part_around_the_cursor(void **state) {
    (void)state;
    assert_string_equal(drawn(10), "\r> \x1b[K\r\x1b[2C");
    (void)type("abc");
    assert_string_equal(drawn(10), "\r> abc\x1b[K\r\x1b[5C");
    (void)type("defgh");
    assert_string_equal(drawn(10), "\r> bcdefgh\x1b[K\r\x1b[9C");
    (void)type("\x01");
    assert_string_equal(drawn(10), "\r> abcdefg\x1b[K\r\x1b[2C");
    // A screen too narrow for anything still gets one column.
    assert_string_equal(drawn(0), "\r> a\x1b[K\r\x1b[2C");
}

static void wide_characters_take_two_columns(void **state) {
    (void)state;
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL) {
        skip();
    }
    (void)type("\xe6\x97\xa5\xe6\x9c\xac"
               "a");
    assert_string_equal(drawn(20), "\r> \xe6\x97\xa5\xe6\x9c\xac"
                                   "a\x1b[K\r\x1b[7C");
    // Half a character is not shown.
    assert_string_equal(drawn(6), "\r> \xe6\x9c\xac"
                                  "a\x1b[K\r\x1b[5C");
    (void)type("\x15\xff"
               "b");
    assert_string_equal(drawn(20), "\r> ?b\x1b[K\r\x1b[4C");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_key_does_what_it_should, fresh),
        cmocka_unit_test_setup(events_are_reported, fresh),
        cmocka_unit_test_setup(return_and_line_feed_are_one_end, fresh),
        cmocka_unit_test_setup(a_full_line_takes_no_more, fresh),
        cmocka_unit_test_setup(history_goes_back_and_forth, fresh),
        cmocka_unit_test_setup(history_forgets_the_oldest, fresh),
        cmocka_unit_test_setup(a_row_shows_the_part_around_the_cursor, fresh),
        cmocka_unit_test_setup(wide_characters_take_two_columns, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
