// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The simple serial port: who gets it, who does not, and when it becomes free again.

#include "test_kernel.h"

#include <mnemos/serial.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

typedef struct line {
    test_kernel_t tk;
    mn_registry_t registry;
    mn_ring_t to_send, received;
    uint8_t to_send_bytes[64], received_bytes[64];
    mn_serial_port_t port;
} line_t;

static int setup(void **state) {
    static line_t line;
    memset(&line, 0, sizeof line);
    test_kernel_init(&line.tk, NULL, 0);
    mn_registry_init(&line.registry, &line.tk.kernel, 4);
    mn_ring_init(&line.to_send, line.to_send_bytes, sizeof line.to_send_bytes);
    mn_ring_init(&line.received, line.received_bytes, sizeof line.received_bytes);
    assert_int_equal(
        mn_serial_port_start(&line.port, &line.registry, &line.to_send, &line.received), MN_OK);
    *state = &line;
    return 0;
}

static int teardown(void **state) {
    line_t *line = *state;
    mn_cancel(&line->port.task);
    test_kernel_run(&line->tk);
    assert_int_equal(line->registry.count, 0);
    test_kernel_end(&line->tk);
    return 0;
}

typedef struct user {
    test_task_t task;
    mn_serial_client_t serial;
} user_t;

static void user_drop(test_task_t *task) {
    mn_serial_disconnect(&MN_CONTAINER_OF(task, user_t, task)->serial);
}

static void user_start(line_t *line, user_t *user) {
    const mn_unit_t hello = {0};
    memset(user, 0, sizeof *user);
    user->task.on_drop = user_drop;
    test_task_spawn(&line->tk, &user->task, "user", NULL, NULL);
    mn_task_t *task = &user->task.task;
    assert_int_equal(mn_serial_connect(&user->serial, &line->registry, task, &hello), MN_PENDING);
    test_kernel_run(&line->tk);
    assert_int_equal(mn_serial_connect(&user->serial, &line->registry, task, &hello), MN_OK);
}

static mn_status_t user_call(user_t *user) {
    const mn_unit_t request = {0};
    return mn_serial_call(&user->serial, &user->task.task, &request);
}

static mn_status_t user_ask(line_t *line, user_t *user) {
    assert_int_equal(user_call(user), MN_PENDING);
    test_kernel_run(&line->tk);
    return user_call(user);
}

static void the_first_who_asks_gets_the_port(void **state) {
    line_t *line = *state;
    user_t first, second;
    user_start(line, &first);
    user_start(line, &second);
    assert_int_equal(user_ask(line, &second), MN_OK);
    const mn_duplex_t port = mn_serial_response(&second.serial)->port;
    assert_ptr_equal(port.tx, &line->to_send);
    assert_ptr_equal(port.rx, &line->received);
    assert_int_equal(user_ask(line, &first), MN_EFAILED);
    assert_int_equal(*mn_serial_error(&first.serial), MN_SERIAL_ALREADY_ASSIGNED);
    assert_int_equal(user_ask(line, &second), MN_EFAILED); // it was handed out
    test_task_cancel(&line->tk, &first.task);
    test_task_cancel(&line->tk, &second.task);
}

static void the_port_carries_bytes_both_ways(void **state) {
    line_t *line = *state;
    user_t user;
    user_start(line, &user);
    assert_int_equal(user_ask(line, &user), MN_OK);
    const mn_duplex_t port = mn_serial_response(&user.serial)->port;
    mn_span_t grant;
    assert_int_equal(mn_ring_write(port.tx, "out", 3), MN_OK);
    assert_int_equal(mn_ring_read(&line->to_send, &grant), MN_OK);
    assert_memory_equal(grant.data, "out", 3);
    assert_int_equal(mn_ring_write(&line->received, "in", 2), MN_OK);
    assert_int_equal(mn_ring_read(port.rx, &grant), MN_OK);
    assert_memory_equal(grant.data, "in", 2);
    test_task_cancel(&line->tk, &user.task);
}

// A mux that is stopped and started again must get its line back.
static void the_port_is_free_when_its_client_has_gone(void **state) {
    line_t *line = *state;
    user_t first, second;
    user_start(line, &first);
    user_start(line, &second);
    assert_int_equal(user_ask(line, &first), MN_OK);
    assert_int_equal(user_ask(line, &second), MN_EFAILED);
    test_task_cancel(&line->tk, &first.task);
    assert_int_equal(user_ask(line, &second), MN_OK);
    test_task_cancel(&line->tk, &second.task);
}

// Its request waits, or its answer has been given but not looked at.
static void the_port_is_not_lost_with_a_client_that_never_saw_it(void **state) {
    line_t *line = *state;
    user_t user;
    user_start(line, &user);
    assert_int_equal(user_call(&user), MN_PENDING);
    test_task_cancel(&line->tk, &user.task);
    user_start(line, &user);
    assert_int_equal(user_call(&user), MN_PENDING);
    test_kernel_run(&line->tk);
    test_task_cancel(&line->tk, &user.task);
    user_start(line, &user);
    assert_int_equal(user_ask(line, &user), MN_OK);
    test_task_cancel(&line->tk, &user.task);
}

static void there_is_one_serial_port(void **state) {
    line_t *line = *state;
    mn_serial_port_t second = {0};
    assert_int_equal(
        mn_serial_port_start(&second, &line->registry, &line->to_send, &line->received),
        MN_EEXISTS);
    mn_registry_t full;
    mn_registry_init(&full, &line->tk.kernel, 0);
    assert_int_equal(mn_serial_port_start(&second, &full, &line->to_send, &line->received),
                     MN_EFULL);
}

static void a_stopped_driver_tells_its_client_and_can_start_again(void **state) {
    line_t *line = *state;
    user_t user;
    user_start(line, &user);
    assert_int_equal(user_ask(line, &user), MN_OK);
    mn_cancel(&line->port.task);
    test_kernel_run(&line->tk);
    assert_int_equal(user_call(&user), MN_EDEAD);
    assert_int_equal(
        mn_serial_port_start(&line->port, &line->registry, &line->to_send, &line->received), MN_OK);
    test_task_cancel(&line->tk, &user.task);
    user_start(line, &user);
    assert_int_equal(user_ask(line, &user), MN_OK);
    test_task_cancel(&line->tk, &user.task);
}

#define SERIAL_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        SERIAL_TEST(the_first_who_asks_gets_the_port),
        SERIAL_TEST(the_port_carries_bytes_both_ways),
        SERIAL_TEST(the_port_is_free_when_its_client_has_gone),
        SERIAL_TEST(the_port_is_not_lost_with_a_client_that_never_saw_it),
        SERIAL_TEST(there_is_one_serial_port),
        SERIAL_TEST(a_stopped_driver_tells_its_client_and_can_start_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
