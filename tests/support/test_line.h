// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// A board with a serial line whose other end is the test: a kernel, a registry, and a simple serial
// port over two rings. The test plays the host at the end of the cable.

#ifndef TEST_LINE_H
#define TEST_LINE_H

#include "test_kernel.h"

#include <mnemos/serial.h>
#include <mnemos/sermux.h>

#define TEST_LINE_RING 4096U

typedef struct test_line {
    test_kernel_t tk;
    mn_registry_t registry;
    mn_serial_port_t serial;
    mn_ring_t to_host;   // what the board sends
    mn_ring_t from_host; // what the board receives
    uint8_t to_host_bytes[TEST_LINE_RING];
    uint8_t from_host_bytes[TEST_LINE_RING];
    mn_sermux_decoder_t decoder;
    uint8_t decoder_bytes[2048];
    char text[8192]; // what test_line_text() returns
} test_line_t;

// cmocka's setup and teardown; `*state` is a test_line_t. The heap has 64 KiB.
int test_line_setup(void **state);
int test_line_teardown(void **state);

// The same by hand, with a heap of so many bytes.
void test_line_init(test_line_t *line, size_t heap_size);
void test_line_end(test_line_t *line);

// Bytes go into the board; it runs as often as its ring needs room.
void test_line_feed(test_line_t *line, const void *data, size_t len);

// One frame goes into the board.
void test_line_send(test_line_t *line, uint16_t port, const char *text);
void test_line_send_bytes(test_line_t *line, uint16_t port, const void *data, size_t len);

// Run the board until it waits, and take the next frame that it has sent. False if there is none;
// fails the test on anything that is not a frame. The payload is valid until the next call.
bool test_line_take(test_line_t *line, mn_sermux_frame_t *frame);

// Run, take every frame that was sent, and return what those for `port` carried, as a string.
const char *test_line_text(test_line_t *line, uint16_t port);

#endif
