// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Melpomene: this computer as a board, with a serial port and a terminal.

#include "board.h"
#include "loop.h"
#include "options.h"
#include "terminal.h"
#include "uart.h"

#include <mnemos/forth_host.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define HEAP_SIZE (8U << 20U)
#define TRACE_RING_SIZE (256U << 10U)

static alignas(max_align_t) uint8_t heap[HEAP_SIZE];
static host_uart_t uart;
static host_terminal_t terminal;
static mn_kernel_t *running;

static _Noreturn void fail(const char *what, const char *why) {
    (void)fprintf(stderr, "melpomene: %s: %s\n", what, why);
    exit(EXIT_FAILURE);
}

static int open_serial(const host_address_t *address) {
    char bound[HOST_ADDRESS_MAX];
    const char *why = NULL;
    const int socket = host_listen(address, bound, &why);
    if (socket < 0) {
        (void)snprintf(bound, sizeof bound, "%.64s:%s", address->host, address->port);
        (void)fprintf(stderr, "melpomene: cannot listen on %s: %s\n", bound, why);
        exit(EXIT_FAILURE);
    }
    (void)printf("serial: listening on %s\n", bound);
    (void)fflush(stdout);
    return socket;
}

// There is more memory than on a small board, and a processor that computes with floats.
static void enlarge(mn_forth_config_t *vm) {
    static const mn_forth_words_t *const sets[] = {&mn_forth_float_words};
    vm->words = sets;
    vm->words_count = MN_COUNT_OF(sets);
    vm->float_stack = 32;
    vm->data_size = 32U << 10U;
    vm->dict_size = 32U << 10U;
    vm->window_size = 64U << 10U;
    vm->buckets = 64;
}

void mn_board_init(int argc, char **argv, mn_board_config_t *config) {
    options_t options;
    options_read(argc, argv, &options);
    const int error = host_loop_init();
    if (error != 0) {
        fail("cannot catch signals", strerror(error));
    }
    host_uart_init(&uart, open_serial(&options.serial_addr));
    if (!options.headless) {
        host_terminal_init(&terminal, &uart, MN_SERMUX_FORTH0);
    }
    config->kernel.heap = heap;
    config->kernel.heap_size = sizeof heap;
    config->kernel.now = host_now;
    config->kernel.tick_hz = HOST_TICK_HZ;
    config->kernel.time_polls = true;
    config->services.trace.level = options.trace_level;
    config->services.trace.ring_size = TRACE_RING_SIZE;
    config->services.trace.session = (uint64_t)time(NULL) << 20U | (uint64_t)getpid();
    enlarge(&config->services.shell.forth);
    enlarge(&config->services.forth.vm);
    config->kernel.max_polls = 32; // input is only looked for between ticks
    // There is memory for the longest frame that the line carries.
    config->services.loopback.buffer_size = 2 * config->services.serial_mux.max_frame;
}

mn_status_t mn_board_start(mn_kernel_t *kernel, mn_registry_t *registry, const char **failed) {
    running = kernel;
    *failed = "the serial port";
    return host_uart_start(&uart, registry);
}

void mn_board_wait(uint64_t deadline) {
    host_loop_wait(running, deadline);
}

bool mn_board_running(void) {
    return host_loop_running();
}

int mn_board_stop(void) {
    return host_loop_close();
}
