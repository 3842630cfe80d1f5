// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "test_line.h"

// cmocka needs these before it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

void test_line_init(test_line_t *line, size_t heap_size) {
    memset(line, 0, sizeof(*line));
    const mn_kernel_config_t config = {.heap_size = heap_size};
    test_kernel_init(&line->tk, &config, 0);
    mn_registry_init(&line->registry, &line->tk.kernel, 16);
    mn_ring_init(&line->to_host, line->to_host_bytes, TEST_LINE_RING);
    mn_ring_init(&line->from_host, line->from_host_bytes, TEST_LINE_RING);
    assert_int_equal(
        mn_serial_port_start(&line->serial, &line->registry, &line->to_host, &line->from_host),
        MN_OK);
    assert_int_equal(
        mn_sermux_decoder_init(&line->decoder, line->decoder_bytes, sizeof(line->decoder_bytes)),
        MN_OK);
}

void test_line_end(test_line_t *line) {
    mn_cancel_now(&line->serial.task);
    test_kernel_end(&line->tk);
}

int test_line_setup(void **state) {
    test_line_t *line = malloc(sizeof(test_line_t));
    assert_non_null(line);
    test_line_init(line, TEST_KERNEL_HEAP);
    *state = line;
    return 0;
}

int test_line_teardown(void **state) {
    test_line_end(*state);
    free(*state);
    return 0;
}

void test_line_feed(test_line_t *line, const void *data, size_t len) {
    const uint8_t *bytes = data;
    while (len != 0) {
        mn_span_t grant;
        mn_status_t status = mn_ring_grant_max(&line->from_host, len, &grant);
        if (status == MN_EFULL) {
            test_kernel_run(&line->tk);
            status = mn_ring_grant_max(&line->from_host, len, &grant);
        }
        assert_int_equal(status, MN_OK);
        memcpy(grant.data, bytes, grant.len);
        mn_ring_commit(&line->from_host, grant.len);
        bytes += grant.len;
        len -= grant.len;
    }
}

void test_line_send_bytes(test_line_t *line, uint16_t port, const void *data, size_t len) {
    uint8_t frame[2048];
    size_t used = 0;
    assert_int_equal(mn_sermux_encode(frame, sizeof(frame), port, data, len, &used), MN_OK);
    test_line_feed(line, frame, used);
}

void test_line_send(test_line_t *line, uint16_t port, const char *text) {
    test_line_send_bytes(line, port, text, strlen(text));
}

bool test_line_take(test_line_t *line, mn_sermux_frame_t *frame) {
    for (;;) {
        test_kernel_run(&line->tk);
        mn_span_t bytes;
        if (mn_ring_read(&line->to_host, &bytes) != MN_OK) {
            return false;
        }
        size_t used = 0;
        mn_status_t status =
            mn_sermux_decoder_feed(&line->decoder, bytes.data, bytes.len, &used, frame);
        assert_true(status == MN_OK || status == MN_PENDING);
        mn_ring_release(&line->to_host, used);
        if (status == MN_OK) {
            return true;
        }
    }
}

const char *test_line_text(test_line_t *line, uint16_t port) {
    size_t len = 0;
    mn_sermux_frame_t frame;
    while (test_line_take(line, &frame)) {
        if (frame.port == port) {
            assert_true(len + frame.payload.len < sizeof(line->text));
            memcpy(line->text + len, frame.payload.data, frame.payload.len);
            len += frame.payload.len;
        }
    }
    line->text[len] = '\0';
    return line->text;
}
