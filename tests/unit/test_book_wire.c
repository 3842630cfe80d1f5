// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The examples of the book's chapter about the wire format, sent through the codec. They are the
// rows of the tables behind the marks `<!-- check: … -->` in docs/book/wire.md.

#include <mnemos/sermux.h>

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PAGE MNEMOS_TEST_DIR "/../../docs/book/wire.md"
#define LINE_MAX_LEN 200
#define BYTES_MAX 600

typedef struct bytes {
    size_t len;
    uint8_t data[BYTES_MAX];
} bytes_t;

typedef struct row {
    char cell[3][LINE_MAX_LEN];
} row_t;

static void add(bytes_t *bytes, uint8_t byte, size_t count) {
    assert_true(count <= BYTES_MAX - bytes->len);
    memset(bytes->data + bytes->len, byte, count);
    bytes->len += count;
}

// "01 FF": pairs of hexadecimal digits with blanks between them. False if it is anything else.
static bool read_hex(const char *text, bytes_t *bytes) {
    const size_t len = strlen(text);
    if (len % 3 != 2) {
        return false;
    }
    for (size_t i = 0; i < len; i += 3) {
        const char digits[3] = {text[i], text[i + 1], '\0'};
        if (!isxdigit((unsigned char)digits[0]) || !isxdigit((unsigned char)digits[1]) ||
            (i + 2 < len && text[i + 2] != ' ')) {
            return false;
        }
        add(bytes, (uint8_t)strtoul(digits, NULL, 16), 1);
    }
    return true;
}

static void read_payload(const char *text, bytes_t *bytes) {
    bytes->len = 0;
    if (read_hex(text, bytes)) {
        return;
    }
    for (bytes->len = 0; *text != '\0'; text++) {
        if (*text == '\\') {
            text++;
            assert_true(*text == 'r' || *text == 'n');
            add(bytes, (*text == 'r') ? '\r' : '\n', 1);
        } else {
            add(bytes, (uint8_t)*text, 1);
        }
    }
}

// "01 01 FF, 254 × 41, 01 00".
static void read_frame(const char *text, bytes_t *bytes) {
    char copy[LINE_MAX_LEN];
    char *rest = copy;
    bytes->len = 0;
    memcpy(copy, text, strlen(text) + 1);
    for (char *part = strtok_r(rest, ",", &rest); part != NULL; part = strtok_r(NULL, ",", &rest)) {
        part += strspn(part, " ");
        const char *times = strstr(part, " × ");
        bytes_t piece = {0};
        assert_true(read_hex((times == NULL) ? part : times + strlen(" × "), &piece));
        const unsigned long count = (times == NULL) ? 1 : strtoul(part, NULL, 10);
        for (unsigned long i = 0; i < count; i++) {
            for (size_t k = 0; k < piece.len; k++) {
                add(bytes, piece.data[k], 1);
            }
        }
    }
}

// The cells of a table row, without marks of code and outer blanks.
static void split(const char *line, row_t *row) {
    memset(row, 0, sizeof(*row));
    for (size_t cell = 0; cell < 3 && *line == '|'; cell++) {
        size_t len = 0;
        line++;
        for (; *line != '|' && *line != '\0'; line++) {
            if (*line != '`' && (len != 0 || *line != ' ')) {
                row->cell[cell][len++] = *line;
            }
        }
        while (len != 0 && row->cell[cell][len - 1] == ' ') {
            row->cell[cell][--len] = '\0';
        }
    }
}

// Calls `check` for each row of the table behind a mark; returns how many there were.
static unsigned each_row(const char *mark, void (*check)(const row_t *row)) {
    char line[LINE_MAX_LEN];
    char wanted[LINE_MAX_LEN];
    unsigned rows = 0;
    bool found = false;
    FILE *file = fopen(PAGE, "r");
    assert_non_null(file);
    snprintf(wanted, sizeof(wanted), "<!-- check: %s -->\n", mark);
    while (fgets(line, sizeof(line), file) != NULL) {
        if (strcmp(line, wanted) == 0) {
            found = true;
        } else if (found && line[0] != '|') {
            break;
        } else if (found && ++rows > 2) { // behind the head and the line under it
            row_t row;
            print_message("%s", line);
            split(line, &row);
            check(&row);
        }
    }
    fclose(file);
    return (rows > 2) ? rows - 2 : 0;
}

static void check_both_ways(uint16_t port, const bytes_t *payload, const bytes_t *wire) {
    uint8_t out[BYTES_MAX];
    size_t len = 0;
    assert_int_equal(mn_sermux_encode(out, sizeof(out), port, payload->data, payload->len, &len),
                     MN_OK);
    assert_int_equal(len, wire->len);
    assert_memory_equal(out, wire->data, len);
    mn_sermux_frame_t frame;
    assert_int_equal(mn_sermux_decode(out, len, &frame), MN_OK);
    assert_int_equal(frame.port, port);
    assert_int_equal(frame.payload.len, payload->len);
    assert_memory_equal(frame.payload.data, payload->data, payload->len);
}

static uint16_t port_of(const row_t *row) {
    const unsigned long port = strtoul(row->cell[0], NULL, 10);
    assert_true(port <= UINT16_MAX);
    return (uint16_t)port;
}

static void check_frame(const row_t *row) {
    bytes_t payload;
    bytes_t wire;
    read_payload(row->cell[1], &payload);
    read_frame(row->cell[2], &wire);
    check_both_ways(port_of(row), &payload, &wire);
}

static void check_long_frame(const row_t *row) {
    bytes_t payload = {0};
    bytes_t wire;
    add(&payload, 0x41, strtoul(row->cell[1], NULL, 10));
    read_frame(row->cell[2], &wire);
    check_both_ways(port_of(row), &payload, &wire);
}

// Malformed, or without a payload: a decoder of a stream delivers nothing.
static void check_bad_frame(const row_t *row) {
    uint8_t buffer[BYTES_MAX];
    bytes_t wire = {0};
    mn_sermux_decoder_t decoder;
    mn_sermux_frame_t frame;
    size_t used = 0;
    assert_true(read_hex(row->cell[0], &wire));
    assert_int_equal(mn_sermux_decoder_init(&decoder, buffer, sizeof(buffer)), MN_OK);
    assert_int_not_equal(mn_sermux_decoder_feed(&decoder, wire.data, wire.len, &used, &frame),
                         MN_OK);
    assert_int_equal(used, wire.len);
    assert_int_not_equal(mn_sermux_decode(wire.data, wire.len, &frame), MN_OK);
}

static void frames(void **state) {
    (void)state;
    assert_true(each_row("frames", check_frame) >= 9);
}

static void long_frames(void **state) {
    (void)state;
    assert_true(each_row("long frames", check_long_frame) >= 3);
}

static void bad_frames(void **state) {
    (void)state;
    assert_true(each_row("bad frames", check_bad_frame) >= 5);
}

static void lengths(void **state) {
    (void)state;
    for (size_t n = 1; n < 2000; n++) {
        assert_int_equal(MN_SERMUX_ENCODED_MAX(n), n + 4 + (n + 2) / 254);
    }
    assert_int_equal(MN_SERMUX_FRAME_DEFAULT, 512);
    assert_int_equal(mn_sermux_payload_max(512), 506);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames),
        cmocka_unit_test(long_frames),
        cmocka_unit_test(bad_frames),
        cmocka_unit_test(lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
