// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Preemption at a chosen instruction. Where random interrupts (test_port.h) need luck to hit a
// window of one instruction, this tries every one of them:
//
//     test_irq_install(on_irq);
//     for (unsigned n = 0; test_step(n, operation, &argument); n++) {
//         … the interrupt came after n instructions: check, and set up for the next round …
//     }
//     … the last round was without interruption …
//
// It uses the processor's single-step mode and works on x86 only.

#ifndef TEST_STEP_H
#define TEST_STEP_H

#include <stdbool.h>

// Whether instructions can be counted here. If not, a test calls skip().
bool test_step_works(void);

// Call `body(arg)` and raise the interrupt after `n` instructions, some of which are in test_step()
// itself. Returns false if the body had finished before that.
bool test_step(unsigned n, void (*body)(void *arg), void *arg);

#endif
