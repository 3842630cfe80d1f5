// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The port of the unit tests: the functions of mnemos/port.h, with interrupts and panics that a
// test can play with.
//
// Interrupts. A signal stands for an interrupt, so that code is really cut off between any two
// instructions. mn_port_irq_save() masks it the way hardware does: an interrupt that arrives while
// masked stays pending (once) and runs when the outermost section ends; handlers do not nest.
//
//     static void on_irq(void) { mn_wake(&task); }
//     test_irq_install(on_irq);
//     test_irq_start_random(1, 50);   // seed, longest pause in microseconds
//     … a million operations …
//     test_irq_remove();
//
// Panics. A panic that a test expects is caught in a child process, because the system is dead
// after it and its state means nothing:
//
//     EXPECT_PANIC(mn_free(heap, pointer), "double free");
//     assert_string_equal(test_panic()->task, "blink");
//
// A panic that is not expected is printed and ends the program.

#ifndef TEST_PORT_H
#define TEST_PORT_H

#include <mnemos/assert.h>
#include <mnemos/port.h>

#include <stdbool.h>
#include <stdint.h>

// --- interrupts ---

// Take `handler` as the interrupt handler. It may do what a handler on a board may.
void test_irq_install(void (*handler)(void));

// Stop the random interrupts, forget the handler and what is pending.
void test_irq_remove(void);

// Raise the interrupt now: runs the handler, or leaves it pending while masked.
void test_irq_raise(void);

// Raise the interrupt again and again, each time after 1 to `max_us` microseconds. The sequence of
// pauses depends on `seed` alone; the points where they hit do not repeat.
void test_irq_start_random(uint32_t seed, uint32_t max_us);

// Stop what test_irq_start_random() started.
void test_irq_stop_random(void);

// How many times the handler has run since it was installed.
uint64_t test_irq_count(void);

// Whether interrupts are masked now, and whether the handler is running now.
bool test_irq_masked(void);
bool test_irq_in_handler(void);

// --- panics ---

// What the last expected panic said. `task` is "" outside a poll, `file` is "" where unknown.
typedef struct test_panic {
    char message[240];
    char file[200];
    char task[64];
    int line;
} test_panic_t;

const test_panic_t *test_panic(void);

// Pass only if evaluating `expr` panics with a message that contains `substring`. Meant for
// assertions: where they are compiled out, `expr` is compiled but not evaluated.
#define EXPECT_PANIC(expr, substring)             \
    do {                                          \
        if (MN_CFG_ASSERT) {                      \
            EXPECT_PANIC_ALWAYS(expr, substring); \
        }                                         \
    } while (0)

// The same for a panic that does not depend on assertions being compiled in.
#define EXPECT_PANIC_ALWAYS(expr, substring)                      \
    do {                                                          \
        if (test_panic_fork()) {                                  \
            (void)(expr);                                         \
            test_panic_child_lives();                             \
        }                                                         \
        test_panic_check(#expr, (substring), __FILE__, __LINE__); \
    } while (0)

// Call `body(arg)` in this process, for what must be looked at after the panic (a panic hook, say).
// Returns true if it panicked; test_panic() then tells how. `body` is left with longjmp().
bool test_panic_catch(void (*body)(void *arg), void *arg);

// Used by the macros.
bool test_panic_fork(void);
_Noreturn void test_panic_child_lives(void);
void test_panic_check(const char *expr, const char *substring, const char *file, int line);

// Who gets a panic instead of the default; NULL for the default. Set by the functions above.
extern void (*test_panic_sink)(const mn_panic_t *panic);

// Unmask interrupts after a jump out of a section.
void test_irq_reset_mask(void);

#endif
