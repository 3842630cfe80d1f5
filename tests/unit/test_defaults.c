// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Starting the default services, all of them or none, whichever allocation fails.

#include "test_line.h"

// cmocka needs these before it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <mnemos/defaults.h>
#include <stdlib.h>
#include <string.h>

enum { HEAP = 256 * 1024 };

static int setup(void **state) {
    test_line_t *line = calloc(1, sizeof(*line));
    test_line_init(line, HEAP);
    *state = line;
    return 0;
}

static int teardown(void **state) {
    test_line_t *line = *state;
    assert_int_equal(test_kernel_heap_in_use(&line->tk), 0);
    test_line_end(line);
    free(line);
    return 0;
}

static void all_services_answer(void **state) {
    test_line_t *line = *state;
    mn_defaults_t defaults;
    const char *failed = "?";
    assert_int_equal(mn_defaults_start(&defaults, &line->registry, &MN_DEFAULTS, &failed), MN_OK);
    assert_null(failed);
    for (uint16_t port = 10; port < 14; port++) {
        (void)test_line_text(line, port);
        test_line_send(line, port, "2 2 + .\n");
        assert_string_equal(test_line_text(line, port), "4 ok.\n");
    }
    test_line_send(line, 0, "echo");
    assert_string_equal(test_line_text(line, 0), "echo");
    test_kernel_advance(&line->tk, 1000000);
    assert_string_equal(test_line_text(line, 1), "hello\r\n");
    test_line_send_bytes(line, 4, "\x03\x81\x01\x00", 4); // a snapshot, please
    assert_true(test_line_text(line, 4)[0] != '\0');
    mn_defaults_stop(&defaults);
}

// Every allocation of the start is made to fail in turn. What fails at once is reported by name and
// leaves nothing behind; what fails later, in a task, ends that task alone.
static void each_failing_allocation_is_reported_and_clean(void **state) {
    test_line_t *line = *state;
    uint32_t nth = 1;
    unsigned reported = 0;
    unsigned ended = 0;
    for (;; nth++) {
        mn_defaults_t defaults;
        const char *failed = NULL;
        mn_heap_stats_t before;
        mn_heap_stats_t after;
        mn_heap_stats(&line->tk.kernel.heap, &before);
        mn_heap_fail_nth(&line->tk.kernel.heap, nth);
        mn_status_t status = mn_defaults_start(&defaults, &line->registry, &MN_DEFAULTS, &failed);
        if (status != MN_OK) {
            assert_int_equal(status, MN_ENOMEM);
            assert_non_null(failed);
            assert_int_equal(test_kernel_heap_in_use(&line->tk), 0);
            reported++;
            continue;
        }
        (void)test_line_text(line, 0);
        for (size_t i = 0; i < MN_DEFAULT_SHELLS; i++) {
            ended += (mn_task_result(defaults.shells[i]) == MN_ENOMEM) ? 1 : 0;
        }
        ended += (mn_task_result(defaults.loopback) == MN_ENOMEM) ? 1 : 0;
        ended += (mn_task_result(defaults.hello) == MN_ENOMEM) ? 1 : 0;
        ended += (mn_task_result(defaults.status) == MN_ENOMEM) ? 1 : 0;
        mn_defaults_stop(&defaults);
        // The serial port can be assigned only once; give the next round a new one.
        mn_cancel_now(&line->serial.task);
        assert_int_equal(
            mn_serial_port_start(&line->serial, &line->registry, &line->to_host, &line->from_host),
            MN_OK);
        mn_ring_init(&line->to_host, line->to_host_bytes, TEST_LINE_RING);
        mn_ring_init(&line->from_host, line->from_host_bytes, TEST_LINE_RING);
        mn_heap_stats(&line->tk.kernel.heap, &after);
        if (after.failures == before.failures) {
            break; // no allocation was left to fail
        }
    }
    mn_heap_fail_nth(&line->tk.kernel.heap, 0);
    assert_true(reported >=
                13);         // mux, loopback, hello, status, system, two for each of four shells
    assert_true(ended >= 7); // each of the seven opens a port
}

static void services_without_their_mux_are_refused(void **state) {
    test_line_t *line = *state;
    mn_defaults_t defaults;
    const char *failed = NULL;
    mn_defaults_config_t config = MN_DEFAULTS;
    config.serial_mux_enabled = false;
    assert_int_equal(mn_defaults_start(&defaults, &line->registry, &config, &failed), MN_EINVAL);
    assert_string_equal(failed, "configuration");
    config.trace_enabled = false;
    config.loopback_enabled = false;
    config.hello_enabled = false;
    config.status_enabled = false;
    config.shells = 0;
    assert_int_equal(mn_defaults_start(&defaults, &line->registry, &config, &failed), MN_OK);
    mn_defaults_stop(&defaults);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(all_services_answer),
        TEST(each_failing_allocation_is_reported_and_clean),
        TEST(services_without_their_mux_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
