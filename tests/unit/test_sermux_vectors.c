// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Serial mux frames, byte for byte: sermux_vectors.txt beside this file holds what the codec of
// the original mnemOS emits and accepts.

#include <mnemos/sermux.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAX_BYTES 1024

typedef struct bytes {
    size_t len;
    uint8_t data[MAX_BYTES];
} bytes_t;

typedef struct vector {
    char title[200];
    char result[80]; // of "decode:" or "result:"
    unsigned long port;
    unsigned long required;
    bytes_t payload;
    bytes_t frame;
    bytes_t host_frame;
} vector_t;

static void parse_hex(const char *text, bytes_t *out) {
    out->len = 0;
    while (text[0] != '\0') {
        char digits[3] = {text[0], text[1], '\0'};
        char *end;
        assert_true(out->len < MAX_BYTES);
        out->data[out->len++] = (uint8_t)strtoul(digits, &end, 16);
        assert_ptr_equal(end, digits + 2);
        text += 2;
    }
}

static void parse_field(vector_t *vector, const char *key, const char *value) {
    if (strcmp(key, "port") == 0) {
        vector->port = strtoul(value, NULL, 10);
    } else if (strcmp(key, "buffer_required") == 0) {
        vector->required = strtoul(value, NULL, 10);
    } else if (strcmp(key, "payload") == 0) {
        parse_hex(value, &vector->payload);
    } else if (strcmp(key, "frame") == 0) {
        parse_hex(value, &vector->frame);
    } else if (strcmp(key, "host_frame") == 0) {
        parse_hex(value, &vector->host_frame);
    } else if (strcmp(key, "decode") == 0 || strcmp(key, "result") == 0) {
        snprintf(vector->result, sizeof vector->result, "%s", value);
    } else {
        fail_msg("unknown key %s", key);
    }
}

// Reads one block; returns false at the end of the file.
static bool read_vector(FILE *file, vector_t *vector) {
    char line[2 * MAX_BYTES + 100];
    memset(vector, 0, sizeof *vector);
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#') {
            continue;
        }
        if (line[0] == '\0') {
            if (vector->title[0] != '\0') {
                return true;
            }
            continue;
        }
        if (vector->title[0] == '\0') {
            snprintf(vector->title, sizeof vector->title, "%.199s", line);
            continue;
        }
        char *colon = strchr(line, ':');
        assert_non_null(colon);
        *colon = '\0';
        parse_field(vector, line, colon[1] == ' ' ? colon + 2 : colon + 1);
    }
    return vector->title[0] != '\0';
}

static void check_decode(const vector_t *vector, const bytes_t *wire) {
    bytes_t copy = *wire;
    mn_sermux_frame_t frame;
    mn_status_t status = mn_sermux_decode(copy.data, copy.len, &frame);
    if (strcmp(vector->result, "MalformedFrame") == 0) {
        assert_int_equal(status, MN_EEMPTY);
    } else if (strcmp(vector->result, "CobsDecodeFailed") == 0) {
        assert_int_equal(status, MN_EBADFRAME);
    } else {
        assert_int_equal(status, MN_OK);
        assert_int_equal(frame.port, vector->port);
        assert_int_equal(frame.payload.len, vector->payload.len);
        assert_memory_equal(frame.payload.data, vector->payload.data, frame.payload.len);
    }
}

static void check_encode(const vector_t *vector) {
    uint8_t out[MAX_BYTES];
    size_t n = 0;
    size_t len = vector->payload.len;
    uint16_t port = (uint16_t)vector->port;
    assert_int_equal(mn_sermux_encoded_max(len), vector->required);
    mn_status_t status =
        mn_sermux_encode(out, vector->required, port, vector->payload.data, len, &n);
    assert_int_equal(status, MN_OK);
    assert_int_equal(n, vector->frame.len);
    assert_memory_equal(out, vector->frame.data, n);
}

static void vectors(void **state) {
    (void)state;
    FILE *file = fopen(MNEMOS_TEST_DIR "/sermux_vectors.txt", "r");
    assert_non_null(file);
    static vector_t vector;
    int encoded = 0;
    int decoded = 0;
    while (read_vector(file, &vector)) {
        print_message("%s\n", vector.title);
        if (strncmp(vector.title, "encode ", 7) == 0) {
            check_encode(&vector);
            if (vector.host_frame.len > 0) {
                check_decode(&vector, &vector.host_frame);
            }
            encoded++;
        } else {
            char payload[sizeof vector.result] = "";
            if (sscanf(vector.result, "ok port=%lu payload=%79s", &vector.port, payload) == 2) {
                parse_hex(payload, &vector.payload);
            }
            decoded++;
        }
        check_decode(&vector, &vector.frame);
    }
    fclose(file);
    // So that a file that cannot be understood does not pass.
    assert_int_equal(encoded, 42);
    assert_int_equal(decoded, 16);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
