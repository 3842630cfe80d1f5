// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The committed trace vectors.

#ifndef TRACE_VECTORS_H
#define TRACE_VECTORS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define VECTORS_MAX 40U
#define VECTOR_BYTES 128U

typedef struct trace_vector {
    bool from_host;
    char name[64];
    uint8_t cbor[VECTOR_BYTES];
    size_t cbor_len;
    uint8_t frame[VECTOR_BYTES];
    size_t frame_len;
} trace_vector_t;

typedef struct trace_vectors {
    size_t count;
    trace_vector_t vector[VECTORS_MAX];
} trace_vectors_t;

static inline size_t vector_bytes(const char *text, uint8_t *bytes) {
    size_t len = 0;
    char *end = NULL;
    unsigned long byte = strtoul(text, &end, 16);
    while (end != text) {
        assert_in_range(len, 0, VECTOR_BYTES - 1);
        bytes[len++] = (uint8_t)byte;
        text = end;
        byte = strtoul(text, &end, 16);
    }
    return len;
}

static inline void vector_line(trace_vectors_t *vectors, char *line) {
    line[strcspn(line, "\n")] = '\0';
    char *value = strstr(line, ": ");
    if (line[0] == '#' || value == NULL) {
        return;
    }
    value += 2;
    if (strncmp(line, "target", 6) == 0 || strncmp(line, "host", 4) == 0) {
        assert_in_range(vectors->count, 0, VECTORS_MAX - 1);
        trace_vector_t *vector = &vectors->vector[vectors->count++];
        *vector = (trace_vector_t){.from_host = line[0] == 'h'};
        (void)snprintf(vector->name, sizeof vector->name, "%s", value);
        return;
    }
    trace_vector_t *vector = &vectors->vector[vectors->count - 1];
    if (strncmp(line, "cbor", 4) == 0) {
        vector->cbor_len = vector_bytes(value, vector->cbor);
    } else if (strncmp(line, "frame", 5) == 0) {
        vector->frame_len = vector_bytes(value, vector->frame);
    }
}

static inline void vectors_read(trace_vectors_t *vectors) {
    char line[1024];
    FILE *file = fopen(MNEMOS_TEST_DIR "/trace_vectors.txt", "r");
    assert_non_null(file);
    vectors->count = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        vector_line(vectors, line);
    }
    (void)fclose(file);
    assert_in_range(vectors->count, 20, VECTORS_MAX);
}

static inline const trace_vector_t *vector_named(const trace_vectors_t *vectors, const char *name) {
    for (size_t i = 0; i < vectors->count; i++) {
        if (strcmp(vectors->vector[i].name, name) == 0) {
            return &vectors->vector[i];
        }
    }
    fail_msg("no vector is called %s", name);
    return NULL;
}

#endif
