// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The serial driver that the book shows, on a simulated UART, with the serial mux and the loopback
// daemon on top of it.

#include "test_kernel.h"
#include "test_port.h"

#include <mnemos/daemons.h>
#include <mnemos/serial_mux.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

// --- the simulated UART: one received byte, and room for three to be sent ---

enum { FIFO = 3 };

static struct {
    bool has_received;
    uint8_t received;
    unsigned waiting; // bytes in the transmitter
    uint8_t line[64]; // what has left it
    size_t line_len;
} hw;

static bool uart_has_received(void) {
    return hw.has_received;
}

static uint8_t uart_receive(void) {
    hw.has_received = false;
    return hw.received;
}

static bool uart_can_send(void) {
    return hw.waiting < FIFO;
}

static void uart_send(uint8_t byte) {
    assert_true(uart_can_send());
    assert_true(hw.line_len < sizeof(hw.line));
    hw.waiting++;
    hw.line[hw.line_len++] = byte;
}

// --- the driver ---

//! [driver]
typedef struct uart {
    mn_task_t task; // sends
    mn_serial_port_t port;
    mn_ring_t received;
    mn_ring_t to_send;
    uint8_t received_bytes[1024];
    uint8_t to_send_bytes[1024];
    mn_wait_cell_t interrupted;
    mn_span_t sending;
    size_t sent;
    uint32_t lost; // received while there was no room
} uart_t;

static void uart_interrupt(mn_kernel_t *kernel, uart_t *uart) {
    mn_isr_enter(kernel);
    while (uart_has_received()) {
        const uint8_t byte = uart_receive();
        if (mn_ring_write(&uart->received, &byte, 1) != MN_OK) {
            uart->lost++;
        }
    }
    mn_wait_cell_wake(&uart->interrupted); // there may be room in the transmitter
    mn_isr_exit(kernel);
}

static mn_status_t uart_poll(mn_task_t *task) {
    uart_t *self = MN_CONTAINER_OF(task, uart_t, task);
    mn_status_t status = MN_OK;
    MN_BEGIN(task);
    for (;;) {
        MN_AWAIT(status, mn_ring_read_wait(&self->to_send, task, &self->sending));
        if (status != MN_OK) {
            return status;
        }
        for (self->sent = 0; self->sent < self->sending.len; self->sent++) {
            while (!uart_can_send()) {
                MN_AWAIT(status, mn_wait_cell_wait(&self->interrupted, task));
            }
            uart_send(self->sending.data[self->sent]);
        }
        mn_ring_release(&self->to_send, self->sending.len);
    }
    MN_END();
}

static void uart_drop(mn_task_t *task) {
    uart_t *self = MN_CONTAINER_OF(task, uart_t, task);
    mn_ring_cancel_reader(&self->to_send);
    mn_wait_cell_cancel(&self->interrupted, task);
}

static const mn_task_type_t uart_type = {"uart", uart_poll, uart_drop};

static mn_status_t uart_start(uart_t *uart, mn_registry_t *registry) {
    mn_ring_init(&uart->received, uart->received_bytes, sizeof(uart->received_bytes));
    mn_ring_init(&uart->to_send, uart->to_send_bytes, sizeof(uart->to_send_bytes));
    mn_status_t status =
        mn_serial_port_start(&uart->port, registry, &uart->to_send, &uart->received);
    if (status == MN_OK) {
        mn_spawn(registry->kernel, &uart->task, &uart_type, NULL);
    }
    return status;
}
//! [driver]

// --- the test ---

static mn_kernel_t *irq_kernel;
static uart_t uart;

static void on_irq(void) {
    uart_interrupt(irq_kernel, &uart);
}

static void receive(test_kernel_t *tk, const uint8_t *bytes, size_t len) {
    for (size_t i = 0; i < len; i++) {
        hw.received = bytes[i];
        hw.has_received = true;
        test_irq_raise();
        test_kernel_run(tk);
    }
}

// The transmitter sends all it has, and says so.
static void transmit(test_kernel_t *tk) {
    while (hw.waiting != 0) {
        hw.waiting = 0;
        test_irq_raise();
        test_kernel_run(tk);
    }
}

static void the_serial_mux_runs_on_the_driver(void **state) {
    static const uint8_t frames[] = {0x01, 0x01, 0x02, '!', 0x00,               // port 0: "!"
                                     0x01, 0x01, 0x05, 'e', 'c',  'h', 'o', 0}; // port 0: "echo"
    test_kernel_t *tk = *state;
    mn_registry_t registry;
    mn_serial_mux_t *mux = NULL;
    mn_task_t *loopback = NULL;
    irq_kernel = &tk->kernel;
    mn_registry_init(&registry, &tk->kernel, 4);
    assert_int_equal(uart_start(&uart, &registry), MN_OK);
    test_irq_install(on_irq);
    assert_int_equal(mn_serial_mux_start(&registry, &MN_SERIAL_MUX_DEFAULTS, &mux), MN_OK);
    assert_int_equal(mn_loopback_start(&registry, &MN_LOOPBACK_DEFAULTS, &loopback), MN_OK);
    test_kernel_run(tk);

    receive(tk, frames, sizeof(frames));
    assert_int_equal(hw.line_len, FIFO); // more does not fit at a time
    transmit(tk);
    assert_int_equal(hw.line_len, sizeof(frames));
    assert_memory_equal(hw.line, frames, sizeof(frames));
    assert_int_equal(uart.lost, 0);

    test_irq_remove();
    mn_cancel_now(loopback);
    mn_task_release(loopback);
    mn_serial_mux_stop(mux);
    mn_cancel_now(&uart.task);
    mn_cancel_now(&uart.port.task);
    assert_int_equal(test_kernel_heap_in_use(tk), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_serial_mux_runs_on_the_driver, test_kernel_setup,
                                        test_kernel_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
