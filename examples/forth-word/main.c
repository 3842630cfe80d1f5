// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Two Forth words of one's own, one that answers at once and one that waits, used from a shell.
//
// The program is both ends of a serial line: a kernel with the serial mux and a Forth shell, and
// the person who types at it. Time is simulated, so it prints the same every time.

#include <mnemos/forth_host.h>
#include <mnemos/forth_shell.h>
#include <mnemos/kernel.h>
#include <mnemos/port.h>
#include <mnemos/sermux.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// --- the words ---

typedef struct lamp {
    bool on;
    unsigned switched; // how often
} lamp_t;

// lamp ( flag -- ) Switch the lamp. The VM has checked that there is a flag.
static int w_lamp(mn_forth_t *vm) {
    lamp_t *lamp = mn_forth_user(vm);
    lamp->on = mn_forth_pop(vm) != 0;
    lamp->switched++;
    return MN_OK;
}

// pause ( ms -- ) Wait. It is called again, with the same stack, until it does not answer
// MN_PENDING; so it looks at its input first and takes it off at the end.
static int w_pause(mn_forth_t *vm) {
    mn_task_t *task = mn_forth_task(vm);
    const uint64_t ticks = mn_ms(task->kernel, mn_forth_peek(vm, 0));
    mn_status_t status = mn_sleep(mn_forth_timer(vm), task, ticks);
    if (status == MN_OK) {
        (void)mn_forth_pop(vm);
    }
    return status;
}

static const mn_forth_word_t lamp_table[] = {
    MN_FORTH_WORD("lamp", w_lamp, 1, 0, "( flag -- ) switch the lamp on or off"),
    MN_FORTH_WORD("pause", w_pause, 1, 0, "( ms -- ) wait for some milliseconds"),
};
static const mn_forth_words_t lamp_words = {lamp_table, MN_COUNT_OF(lamp_table), 0, "lamp", NULL};

// --- the port ---

uint32_t mn_port_irq_save(void) {
    return 0; // this program has no interrupts
}

void mn_port_irq_restore(uint32_t state) {
    (void)state;
}

_Noreturn void mn_port_panic(const mn_panic_t *panic) {
    fprintf(stderr, "panic: %s (%s:%d)\n", panic->message, panic->file ? panic->file : "?",
            panic->line);
    exit(EXIT_FAILURE);
}

// --- the board: a clock, memory, and a serial line ---

enum { RING = 1024 };

typedef struct board {
    uint64_t now; // microseconds
    mn_kernel_t kernel;
    mn_registry_t registry;
    mn_serial_port_t serial;
    mn_ring_t to_host;
    mn_ring_t from_host;
    uint8_t to_host_bytes[RING];
    uint8_t from_host_bytes[RING];
    _Alignas(16) uint8_t heap[32 * 1024];
} board_t;

static uint64_t clock_now(void *context) {
    return *(const uint64_t *)context;
}

static void require(mn_status_t status, const char *what) {
    if (status != MN_OK) {
        fprintf(stderr, "%s: %s\n", what, mn_status_text(status));
        exit(EXIT_FAILURE);
    }
}

static void start(board_t *board, lamp_t *lamp) {
    static const mn_forth_words_t *const sets[] = {&lamp_words};
    const mn_kernel_config_t kernel = {.heap = board->heap,
                                       .heap_size = sizeof(board->heap),
                                       .now = clock_now,
                                       .clock_context = &board->now,
                                       .tick_hz = 1000000};
    const mn_serial_mux_config_t mux_config = MN_SERIAL_MUX_DEFAULTS;
    mn_forth_shell_config_t shell_config = MN_FORTH_SHELL_DEFAULTS(MN_SERMUX_FORTH0);
    mn_serial_mux_t *mux = NULL;
    mn_forth_system_t *forth = NULL;
    mn_task_t *shell = NULL;

    shell_config.forth.words = sets;
    shell_config.forth.words_count = MN_COUNT_OF(sets);
    shell_config.forth.context = lamp;

    require(mn_kernel_init(&board->kernel, &kernel), "kernel");
    mn_registry_init(&board->registry, &board->kernel, 8);
    mn_ring_init(&board->to_host, board->to_host_bytes, RING);
    mn_ring_init(&board->from_host, board->from_host_bytes, RING);
    require(
        mn_serial_port_start(&board->serial, &board->registry, &board->to_host, &board->from_host),
        "serial port");
    require(mn_serial_mux_start(&board->registry, &mux_config, &mux), "serial mux");
    require(mn_forth_system_start(&board->registry, &MN_FORTH_SYSTEM_DEFAULTS, &forth), "forth");
    require(mn_forth_shell_start(forth, &shell_config, NULL, &shell), "shell");
}

// --- the person at the other end of the line ---

static void print_answers(board_t *board) {
    static uint8_t buffer[MN_SERMUX_FRAME_DEFAULT];
    mn_sermux_decoder_t decoder;
    mn_span_t bytes;
    require(mn_sermux_decoder_init(&decoder, buffer, sizeof(buffer)), "decoder");
    while (mn_ring_read(&board->to_host, &bytes) == MN_OK) {
        size_t used = 0;
        mn_sermux_frame_t frame;
        if (mn_sermux_decoder_feed(&decoder, bytes.data, bytes.len, &used, &frame) == MN_OK) {
            printf("%.*s", (int)frame.payload.len, (const char *)frame.payload.data);
        }
        mn_ring_release(&board->to_host, used);
    }
}

// Let the board run, jumping over the time in which it has nothing to do, until it waits for input.
static void run(board_t *board) {
    for (;;) {
        const mn_tick_report_t report = mn_kernel_tick(&board->kernel);
        print_answers(board);
        if (!report.has_remaining && report.next_deadline == MN_NEVER) {
            return;
        }
        if (!report.has_remaining) {
            board->now = report.next_deadline;
        }
    }
}

static void type_line(board_t *board, const char *line) {
    uint8_t frame[256];
    size_t len = 0;
    printf("> %s", line);
    require(mn_sermux_encode(frame, sizeof(frame), MN_SERMUX_FORTH0, line, strlen(line), &len),
            "frame");
    require(mn_ring_write(&board->from_host, frame, len), "line");
    run(board);
}

int main(void) {
    static board_t board;
    lamp_t lamp = {0};
    start(&board, &lamp);
    run(&board);
    type_line(&board, "help lamp\n");
    type_line(&board, "-1 lamp\n");
    type_line(&board, ": blink 0 do -1 lamp 250 pause 0 lamp 250 pause loop ;\n");
    type_line(&board, "utime 3 blink utime 2swap d- d. .\" microseconds \"\n");
    type_line(&board, "lamp\n");
    printf("The lamp is %s and was switched %u times.\n", lamp.on ? "on" : "off", lamp.switched);
    return EXIT_SUCCESS;
}
