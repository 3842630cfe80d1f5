// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "test_port.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define IRQ_SIGNAL SIGUSR1

static volatile sig_atomic_t mask_depth;
static volatile sig_atomic_t irq_pending;
static volatile sig_atomic_t irq_in_handler;
static volatile uint64_t irq_count;
static void (*irq_handler)(void);

static timer_t random_timer;
static volatile sig_atomic_t random_running;
static uint32_t random_state;
static uint32_t random_max_us;

void (*test_panic_sink)(const mn_panic_t *panic);

static void run_handler(void) {
    irq_in_handler = 1;
    irq_count = irq_count + 1;
    irq_handler();
    irq_in_handler = 0;
}

// The port contract.

uint32_t mn_port_irq_save(void) {
    sig_atomic_t depth = mask_depth;
    mask_depth = depth + 1;
    atomic_signal_fence(memory_order_seq_cst);
    return (uint32_t)depth;
}

void mn_port_irq_restore(uint32_t state) {
    atomic_signal_fence(memory_order_seq_cst);
    if (state != 0) {
        mask_depth = (sig_atomic_t)state;
        return;
    }
    // What is pending runs still masked, so that a signal cannot nest in it. A signal between the
    // last look and the unmasking leaves a mark that is seen by looking again.
    do {
        mask_depth = 1;
        while (irq_pending) {
            irq_pending = 0;
            run_handler();
        }
        mask_depth = 0;
    } while (irq_pending);
}

_Noreturn void mn_port_panic(const mn_panic_t *panic) {
    if (test_panic_sink != NULL) {
        test_panic_sink(panic);
    }
    fprintf(stderr, "panic: %s (%s:%d, task %s)\n", panic->message,
            panic->file != NULL ? panic->file : "?", panic->line,
            panic->task != NULL ? panic->task : "none");
    abort();
}

// Interrupts.

static void arm_random_timer(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    long pause_us = 1 + (long)(random_state % random_max_us);
    struct itimerspec when = {
        .it_value = {.tv_sec = pause_us / 1000000, .tv_nsec = pause_us % 1000000 * 1000}};
    timer_settime(random_timer, 0, &when, NULL);
}

static void on_signal(int signal_number) {
    (void)signal_number;
    int saved_errno = errno;
    if (irq_handler == NULL) {
        // A signal that was already on its way when the handler was removed.
    } else if (mask_depth > 0) {
        irq_pending = 1;
    } else {
        // Masked while it runs: the sections inside the handler must not run what is pending.
        mask_depth = 1;
        run_handler();
        mask_depth = 0;
    }
    if (random_running) {
        arm_random_timer();
    }
    errno = saved_errno;
}

static void require(bool ok, const char *what) {
    if (!ok) {
        fprintf(stderr, "test port: %s: %s\n", what, strerror(errno));
        abort();
    }
}

void test_irq_install(void (*handler)(void)) {
    irq_pending = 0;
    irq_count = 0;
    irq_handler = handler;
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    require(sigaction(IRQ_SIGNAL, &action, NULL) == 0, "sigaction");
}

void test_irq_remove(void) {
    test_irq_stop_random();
    irq_handler = NULL;
    irq_pending = 0;
}

void test_irq_raise(void) {
    require(raise(IRQ_SIGNAL) == 0, "raise");
}

void test_irq_start_random(uint32_t seed, uint32_t max_us) {
    random_state = seed != 0 ? seed : 1;
    random_max_us = max_us != 0 ? max_us : 1;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = IRQ_SIGNAL};
    require(timer_create(CLOCK_MONOTONIC, &event, &random_timer) == 0, "timer_create");
    random_running = 1;
    arm_random_timer();
}

void test_irq_stop_random(void) {
    if (random_running) {
        random_running = 0;
        timer_delete(random_timer);
    }
}

uint64_t test_irq_count(void) {
    return irq_count;
}

bool test_irq_masked(void) {
    return mask_depth > 0;
}

bool test_irq_in_handler(void) {
    return irq_in_handler != 0;
}

void test_irq_reset_mask(void) {
    mn_port_irq_restore(0);
}
