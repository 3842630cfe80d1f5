// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// A kernel for unit tests: a clock that stands still until the test moves it, a heap of its own,
// and tasks that are one function.
//
//     static mn_status_t read_line(test_task_t *self) {
//         MN_BEGIN(&self->task);
//         MN_AWAIT(self->status, mn_ring_read_wait(self->context, &self->task, &line));
//         test_note("%s;", line);
//         MN_END();
//     }
//
//     static void a_line_is_read(void **state) {
//         test_kernel_t *tk = *state;
//         test_task_t reader = {0};
//         test_task_spawn(tk, &reader, "reader", read_line, &ring);
//         test_kernel_run(tk);                   // tick until everybody waits
//         …
//         test_kernel_advance(tk, 1000);         // 1 ms passes; timers fire on the way
//         assert_string_equal(test_notes(), "hello;");
//     }
//
//     cmocka_unit_test_setup_teardown(a_line_is_read, test_kernel_setup, test_kernel_teardown)
//
// An operation can also be called from the test itself, in the name of a task that does nothing
// but wait:
//
//     test_task_spawn(tk, &reader, "reader", NULL, NULL);
//     assert_int_equal(mn_ring_read(&ring, &reader.task, &line), MN_PENDING);
//     … write …
//     assert_true(test_task_woken(tk, &reader));
//     assert_int_equal(mn_ring_read(&ring, &reader.task, &line), MN_OK);

#ifndef TEST_KERNEL_H
#define TEST_KERNEL_H

#include <mnemos/kernel.h>
#include <mnemos/memory.h>
#include <mnemos/retry.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEST_KERNEL_HZ 1000000U // one tick is a microsecond
#define TEST_KERNEL_HEAP 65536U

typedef struct test_kernel {
    mn_kernel_t kernel;
    uint64_t now;        // what the clock shows; the test may set it
    uint64_t clock_step; // how much it goes on each time it is read; 0 from the start
    void *heap;          // from malloc(), so that sanitizers watch its ends
} test_kernel_t;

// --- setting up ---

// cmocka's setup and teardown: `*state` is a test_kernel_t with TEST_KERNEL_HEAP bytes of heap and
// its clock at 0. The teardown checks that the heap is consistent.
int test_kernel_setup(void **state);
int test_kernel_teardown(void **state);

// The same by hand. `config` gives what the fixture does not (it may be NULL): heap_size,
// tick_hz (0 for TEST_KERNEL_HZ), max_polls, time_polls …. The clock starts at `now`.
void test_kernel_init(test_kernel_t *tk, const mn_kernel_config_t *config, uint64_t now);
void test_kernel_end(test_kernel_t *tk);

// Bytes of heap in use.
size_t test_kernel_heap_in_use(const test_kernel_t *tk);

// --- running ---

// Tick until nothing is ready and no timer is due; the clock stands still. Returns the sums of the
// reports (has_remaining is false, next_deadline the last one's). Fails the test after a million
// polls: some task never stops waking itself.
mn_tick_report_t test_kernel_run(test_kernel_t *tk);

// Let `ticks` of time pass, stopping at every deadline on the way to run.
mn_tick_report_t test_kernel_advance(test_kernel_t *tk, uint64_t ticks);

// Run, going from deadline to deadline, until `task` has ended. Returns its result. Fails the test
// if everybody waits and no deadline is left.
mn_status_t test_kernel_run_to_end(test_kernel_t *tk, const mn_task_t *task);

// --- tasks ---

typedef struct test_task test_task_t;

struct test_task {
    mn_task_t task;
    mn_status_t (*step)(test_task_t *self); // one poll
    void (*on_drop)(test_task_t *self);     // called by the drop function first; may be NULL
    void *context;                          // the test's
    mn_status_t status;                     // the rest is for the step function; what is still
    unsigned count;                         // waiting at the end is canceled
    mn_wait_t wait;
    mn_timer_t timer;
    mn_memory_wait_t memory;
    unsigned drops; // calls of the drop function
};

extern const mn_task_type_t test_task_type;

// Spawn a task whose every poll calls `step`; NULL for one that only waits. The object is cleared,
// except for on_drop.
void test_task_spawn(test_kernel_t *tk, test_task_t *task, const char *name,
                     mn_status_t (*step)(test_task_t *self), void *context);

// Run, and tell whether the task was polled.
bool test_task_woken(test_kernel_t *tk, const test_task_t *task);

// Cancel, run, and check that the task was dropped once and ended as canceled.
void test_task_cancel(test_kernel_t *tk, test_task_t *task);

// --- notes: what happened in which order ---

// Append a text. (A step function may also call it from an interrupt handler's wake, never inside
// the handler itself.)
__attribute__((format(printf, 1, 2))) void test_note(const char *format, ...);

// Everything noted since the last call, or since the kernel was set up.
const char *test_notes(void);

#endif
