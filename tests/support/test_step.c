// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#define _GNU_SOURCE // for the names of the saved registers

#include "test_step.h"
#include "test_port.h"

#include <signal.h>
#include <stdlib.h>
#include <ucontext.h>

#define STEPS_OFF (-1L)

static volatile long steps_left = STEPS_OFF;
static volatile bool raised;

#if defined(__x86_64__) || defined(__i386__)

#define TRAP_FLAG 0x100 // of the processor: a trap after each instruction

static void keep_stepping(void *context, bool on) {
    ucontext_t *cut_off = context;
    if (on) {
        cut_off->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
    } else {
        cut_off->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)TRAP_FLAG;
    }
}

#else

static void keep_stepping(void *context, bool on) {
    (void)context;
    (void)on;
}

#endif

static void on_trap(int signal_number, siginfo_t *info, void *context) {
    (void)signal_number;
    (void)info;
    if (steps_left > 0) {
        steps_left = steps_left - 1;
        keep_stepping(context, true);
        return;
    }
    keep_stepping(context, false);
    if (steps_left == 0) {
        steps_left = STEPS_OFF;
        raised = true;
        test_irq_raise();
    }
}

bool test_step(unsigned n, void (*body)(void *arg), void *arg) {
    struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO | SA_RESTART};
    struct sigaction before;
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGTRAP, &action, &before) != 0) {
        abort();
    }
    raised = false;
    steps_left = (long)n + 1;
    if (raise(SIGTRAP) != 0) {
        abort();
    }
    body(arg);
    steps_left = STEPS_OFF; // the next trap, which comes at once, is the last
    const bool result = raised;
    if (sigaction(SIGTRAP, &before, NULL) != 0) {
        abort();
    }
    return result;
}

static void on_irq(void) {
}

static void count_to_hundred(void *arg) {
    volatile unsigned *number = arg;
    while (*number < 100) {
        *number = *number + 1;
    }
}

bool test_step_works(void) {
    unsigned number = 0;
    test_irq_install(on_irq);
    const bool works = test_step(100, count_to_hundred, &number);
    test_irq_remove();
    return works;
}
