// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "loop.h"

#include <mnemos/port.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Nothing interrupts: there is one thread, signal handlers only write to a pipe, and the devices'
// handlers run between ticks. So there is nothing to hold back.

uint32_t mn_port_irq_save(void) {
    return 0;
}

void mn_port_irq_restore(uint32_t state) {
    (void)state;
}

_Noreturn void mn_port_panic(const mn_panic_t *panic) {
    char place[256] = "";
    char task[128] = "";
    char text[640];
    if (panic->file != NULL) {
        (void)snprintf(place, sizeof place, "panic: at %s:%d\n", panic->file, panic->line);
    }
    if (panic->task != NULL) {
        (void)snprintf(task, sizeof task, "panic: in task %s\n", panic->task);
    }
    (void)snprintf(text, sizeof text, "panic: %.200s\n%s%s", panic->message, place, task);
    host_loop_panic(text, strlen(text));
    // Last, because by now the terminal is as it was before.
    (void)fputs(text, stderr);
    abort();
}
