// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// A ring with an interrupt on one end that comes after every instruction of what a waiting
// task does on the other end, from every state of a small ring: every byte arrives once and in
// order, no wake is lost. (To save time, from most states only after some of the instructions,
// from each after others.)

#include "test_kernel.h"
#include "test_port.h"
#include "test_step.h"

#include <mnemos/ring.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define CAPACITY 2U
#define STEPS_WANTED 2500U // to all points from one state

// A round: the ring is brought to where its indices stand at `start` and `filled` bytes are in it;
// then the task does one operation and the interrupt another.
typedef struct round {
    size_t start;
    size_t filled;
    size_t asked;    // by the writer
    size_t written;  // by the writer
    size_t released; // by the reader, at most
} round_t;

static uint8_t buffer[CAPACITY];
static mn_ring_t ring;
static mn_kernel_t *kernel;
static test_task_t task;
static round_t now;
static uint8_t sent;
static uint8_t received;
static mn_status_t outcome; // of the task's operation
static const char *problem; // in the interrupt nothing can be asserted

static void require(bool ok, const char *what) {
    if (!ok && problem == NULL) {
        problem = what;
    }
}

static void fill(mn_span_t span, size_t len) {
    for (size_t i = 0; i < len; i++) {
        span.data[i] = (uint8_t)(sent + i);
    }
    mn_ring_commit(&ring, len);
    sent = (uint8_t)(sent + len);
}

static void use(mn_span_t span, size_t len) {
    require(span.len >= 1 && span.len <= CAPACITY, "a read grant of the wrong size");
    for (size_t i = 0; i < span.len; i++) {
        require(span.data[i] == (uint8_t)(received + i), "a wrong byte");
    }
    len = (len < span.len) ? len : span.len;
    mn_ring_release(&ring, len);
    received = (uint8_t)(received + len);
}

static void write_now(size_t asked, size_t len) {
    mn_span_t span = {0};
    mn_status_t status = mn_ring_grant(&ring, asked, &span);
    if (status == MN_OK) {
        require(span.len == asked, "a write grant of the wrong size");
        fill(span, len);
    } else {
        require(status == MN_EFULL, "a write grant failed for a strange reason");
    }
}

static void read_now(size_t len) {
    mn_span_t span = {0};
    mn_status_t status = mn_ring_read(&ring, &span);
    if (status == MN_OK) {
        use(span, len);
    } else {
        require(status == MN_EEMPTY || status == MN_ECLOSED, "a read failed for a strange reason");
    }
}

static void task_writes(void *arg) {
    (void)arg;
    mn_span_t span = {0};
    outcome = mn_ring_grant_wait(&ring, &task.task, now.asked, &span);
    if (outcome == MN_OK) {
        fill(span, now.written);
    }
}

static void task_reads(void *arg) {
    (void)arg;
    mn_span_t span = {0};
    outcome = mn_ring_read_wait(&ring, &task.task, &span);
    if (outcome == MN_OK) {
        use(span, now.released);
    }
}

static void interrupt_writes(void) {
    mn_isr_enter(kernel);
    write_now(now.asked, now.written);
    mn_isr_exit(kernel);
}

static void interrupt_writes_and_closes(void) {
    mn_isr_enter(kernel);
    write_now(now.asked, now.written);
    mn_ring_close_writer(&ring);
    mn_isr_exit(kernel);
}

// Twice, so that both sides of a wrap can be used up.
static void interrupt_reads(void) {
    mn_isr_enter(kernel);
    read_now(now.released);
    read_now(now.released);
    mn_isr_exit(kernel);
}

static void set_up(void) {
    mn_ring_init(&ring, buffer, CAPACITY);
    problem = NULL;
    if (now.start != 0) {
        write_now(now.start, now.start);
        read_now(now.start);
    }
    for (size_t i = 0; i < now.filled; i++) {
        write_now(1, 1);
    }
}

static bool task_could_go_on(bool reads) {
    mn_span_t span = {0};
    return (reads ? mn_ring_read(&ring, &span) : mn_ring_grant(&ring, now.asked, &span)) == MN_OK;
}

static void check(bool reads) {
    if (outcome == MN_PENDING && !mn_kernel_has_work(kernel)) {
        require(!task_could_go_on(reads), "a wake was lost");
    } else {
        require(outcome == MN_PENDING || outcome == MN_OK, "waiting failed for a strange reason");
    }
    mn_ring_cancel_reader(&ring);
    mn_ring_cancel_writer(&ring);
    for (unsigned i = 0; i < CAPACITY && sent != received; i++) {
        read_now(CAPACITY);
    }
    require(sent == received, "bytes were lost");
}

static unsigned step_through(test_kernel_t *tk, bool reads, unsigned first, unsigned stride) {
    bool interrupted = true;
    unsigned n = first;
    while (interrupted) {
        set_up();
        interrupted = test_step(n, reads ? task_reads : task_writes, NULL);
        check(reads);
        if (problem != NULL) {
            fail_msg("%s: start %zu, filled %zu, asked %zu, written %zu, released %zu, point %u",
                     problem, now.start, now.filled, now.asked, now.written, now.released, n);
        }
        test_kernel_run(tk);
        n += stride;
    }
    return n;
}

// More closely where the ring is empty: there the two ends meet.
static unsigned from_every_state(test_kernel_t *tk, bool reads, unsigned turn, unsigned stride) {
    unsigned points = 0;
    for (now.start = 0; now.start <= CAPACITY; now.start++) {
        for (now.filled = 0; now.filled <= CAPACITY; now.filled++) {
            const unsigned here = (now.filled == 0) ? (stride + 6) / 7 : stride;
            points += step_through(tk, reads, turn % here, here);
            turn++;
        }
    }
    return points;
}

static void begin(test_kernel_t *tk, void (*on_interrupt)(void)) {
    if (!test_step_works()) {
        skip();
    }
    kernel = &tk->kernel;
    sent = 0;
    received = 0;
    test_task_spawn(tk, &task, "end", NULL, NULL);
    test_kernel_run(tk);
    test_irq_install(on_interrupt);
}

static void end(test_kernel_t *tk) {
    test_irq_remove();
    test_task_cancel(tk, &task);
}

// How many instructions to go on each time.
static unsigned find_stride(test_kernel_t *tk, bool reads) {
    now = (round_t){.asked = 1, .written = 1, .released = 1};
    const unsigned last = step_through(tk, reads, 0, 20);
    return 1 + last * last / 2 / STEPS_WANTED;
}

static void an_interrupt_writes_after_any_instruction_of_the_reader(void **state) {
    begin(*state, interrupt_writes);
    const unsigned stride = find_stride(*state, true);
    now.released = CAPACITY;
    unsigned points = 0;
    for (now.asked = 1; now.asked <= CAPACITY; now.asked++) {
        for (now.written = 1; now.written <= now.asked; now.written++) {
            points += from_every_state(*state, true, points, stride);
        }
    }
    end(*state);
    assert_true(points > 1000);
}

static void an_interrupt_reads_after_any_instruction_of_the_writer(void **state) {
    begin(*state, interrupt_reads);
    const unsigned stride = find_stride(*state, false);
    unsigned points = 0;
    for (now.asked = 1; now.asked <= CAPACITY; now.asked++) {
        now.written = now.asked;
        for (now.released = 0; now.released <= CAPACITY; now.released += CAPACITY) {
            points += from_every_state(*state, false, points, stride);
        }
    }
    end(*state);
    assert_true(points > 1000);
}

// What was written before the close is read before the reader learns of the close.
static void an_interrupt_writes_and_closes_after_any_instruction_of_the_reader(void **state) {
    begin(*state, interrupt_writes_and_closes);
    now = (round_t){.asked = 1, .written = 1, .released = 1};
    bool interrupted = true;
    for (unsigned n = 0; interrupted; n++) {
        set_up();
        interrupted = test_step(n, task_reads, NULL);
        if (outcome == MN_PENDING && interrupted) {
            assert_true(mn_kernel_has_work(kernel));
        }
        if (outcome == MN_ECLOSED) {
            fail_msg("closed before the end, point %u", n);
        }
        mn_ring_cancel_reader(&ring);
        read_now(1);
        assert_int_equal(sent, received);
        test_kernel_run(*state);
    }
    end(*state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_interrupt_writes_after_any_instruction_of_the_reader,
                                        test_kernel_setup, test_kernel_teardown),
        cmocka_unit_test_setup_teardown(
            an_interrupt_writes_and_closes_after_any_instruction_of_the_reader, test_kernel_setup,
            test_kernel_teardown),
        cmocka_unit_test_setup_teardown(an_interrupt_reads_after_any_instruction_of_the_writer,
                                        test_kernel_setup, test_kernel_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
