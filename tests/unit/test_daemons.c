// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The loopback and hello daemons, seen from the far end of the line.

#include "test_line.h"

// cmocka needs these before it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <mnemos/daemons.h>
#include <stdlib.h>
#include <string.h>

typedef struct fixture {
    test_line_t line;
    mn_serial_mux_t *mux;
    mn_task_t *daemon;
} fixture_t;

static int setup(void **state) {
    fixture_t *f = calloc(1, sizeof(*f));
    test_line_init(&f->line, TEST_KERNEL_HEAP);
    const mn_serial_mux_config_t config = MN_SERIAL_MUX_DEFAULTS;
    assert_int_equal(mn_serial_mux_start(&f->line.registry, &config, &f->mux), MN_OK);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    fixture_t *f = *state;
    if (f->daemon != NULL) {
        mn_cancel_now(f->daemon);
        mn_task_release(f->daemon);
    }
    mn_serial_mux_stop(f->mux);
    assert_int_equal(test_kernel_heap_in_use(&f->line.tk), 0);
    test_line_end(&f->line);
    free(f);
    return 0;
}

static void loopback_sends_back_what_it_gets(void **state) {
    fixture_t *f = *state;
    const mn_loopback_config_t config = MN_LOOPBACK_DEFAULTS;
    assert_int_equal(mn_loopback_start(&f->line.registry, &config, &f->daemon), MN_OK);
    test_kernel_run(&f->line.tk);
    static const uint8_t bytes[] = {0x00, 0xFF, 0x01, 0x00};
    test_line_send_bytes(&f->line, 0, bytes, sizeof(bytes));
    mn_sermux_frame_t frame;
    assert_true(test_line_take(&f->line, &frame));
    assert_int_equal(frame.port, 0);
    assert_int_equal(frame.payload.len, sizeof(bytes));
    assert_memory_equal(frame.payload.data, bytes, sizeof(bytes));
    assert_false(test_line_take(&f->line, &frame));
}

// Canceled while it waits for a full line, it gives everything back (the teardown looks).
static void loopback_can_be_stopped_while_it_waits_for_the_line(void **state) {
    fixture_t *f = *state;
    const mn_loopback_config_t config = MN_LOOPBACK_DEFAULTS;
    assert_int_equal(mn_loopback_start(&f->line.registry, &config, &f->daemon), MN_OK);
    test_kernel_run(&f->line.tk);
    for (int i = 0; i < 100; i++) {
        uint8_t bytes[100] = {0};
        test_line_send_bytes(&f->line, 0, bytes, sizeof(bytes));
        test_kernel_run(&f->line.tk);
    }
    assert_true(mn_serial_mux_stats(f->mux).no_room > 0); // the line is full, so is the port
}

static void hello_comes_once_each_interval_and_not_before(void **state) {
    fixture_t *f = *state;
    const mn_hello_config_t config = MN_HELLO_DEFAULTS;
    assert_int_equal(mn_hello_start(&f->line.registry, &config, &f->daemon), MN_OK);
    test_kernel_advance(&f->line.tk, 999999);
    mn_span_t bytes;
    assert_int_equal(mn_ring_read(&f->line.to_host, &bytes), MN_EEMPTY);
    test_kernel_advance(&f->line.tk, 1);
    // The bytes that hosts know: port 1, "hello\r\n".
    static const uint8_t wire[] = {0x02, 0x01, 0x08, 0x68, 0x65, 0x6c,
                                   0x6c, 0x6f, 0x0d, 0x0a, 0x00};
    assert_int_equal(mn_ring_read(&f->line.to_host, &bytes), MN_OK);
    assert_int_equal(bytes.len, sizeof(wire));
    assert_memory_equal(bytes.data, wire, sizeof(wire));
    mn_ring_release(&f->line.to_host, bytes.len);
    test_kernel_advance(&f->line.tk, 5000000);
    assert_string_equal(test_line_text(&f->line, 1),
                        "hello\r\nhello\r\nhello\r\nhello\r\nhello\r\n");
}

static void a_hello_that_is_too_long_is_refused(void **state) {
    fixture_t *f = *state;
    mn_hello_config_t config = MN_HELLO_DEFAULTS;
    config.message = "123456789012345678901234567890123";
    assert_int_equal(mn_hello_start(&f->line.registry, &config, &f->daemon), MN_EINVAL);
    assert_null(f->daemon);
    config.message++; // 32 bytes
    assert_int_equal(mn_hello_start(&f->line.registry, &config, &f->daemon), MN_OK);
}

// A port that is taken ends the daemon with the reason, and disturbs nobody.
static void a_daemon_whose_port_is_taken_ends_with_the_reason(void **state) {
    fixture_t *f = *state;
    const mn_loopback_config_t loopback = {.port = 1, .buffer_size = 64};
    const mn_hello_config_t hello = MN_HELLO_DEFAULTS;
    mn_task_t *late = NULL;
    assert_int_equal(mn_loopback_start(&f->line.registry, &loopback, &f->daemon), MN_OK);
    assert_int_equal(mn_hello_start(&f->line.registry, &hello, &late), MN_OK);
    assert_int_equal(test_kernel_run_to_end(&f->line.tk, late), MN_EEXISTS);
    mn_task_release(late);
    test_line_send(&f->line, 1, "fine");
    assert_string_equal(test_line_text(&f->line, 1), "fine");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(loopback_sends_back_what_it_gets),
        TEST(loopback_can_be_stopped_while_it_waits_for_the_line),
        TEST(hello_comes_once_each_interval_and_not_before),
        TEST(a_hello_that_is_too_long_is_refused),
        TEST(a_daemon_whose_port_is_taken_ends_with_the_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
