// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// A ring with an interrupt on one end, at random points of what the other end does: every byte
// arrives once and in order, no wake is lost.
//
// The interrupt is a signal (see test_port.h). In a handler nothing can be asserted, so both ends
// only note the first thing that is wrong.

#include "test_kernel.h"
#include "test_port.h"

#include <mnemos/ring.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MAX_CAPACITY 64U
#define BURST 8U               // operations in one interrupt, at most
#define MIN_OPERATIONS 250000U // of the end that is preempted, for each capacity
#define MIN_INTERRUPTS 4000U   // for each capacity
#define MAX_PAUSE_US 40U
#define REAL_WAIT_IN 200U

static const size_t capacities[] = {1, 2, 7, MAX_CAPACITY};

// One end of the stream. Byte number n of the stream is byte_at(n).
typedef struct stream_end {
    uint64_t bytes;      // that went through this end
    uint64_t operations; // that went through or found nothing to do
    uint32_t random;
    const char *problem; // the first one
} stream_end_t;

static uint8_t buffer[MAX_CAPACITY];
static mn_ring_t ring;
static mn_kernel_t *kernel; // NULL while no task is involved
static stream_end_t producer;
static stream_end_t consumer;

static uint8_t byte_at(uint64_t n) {
    return (uint8_t)(n * 167U + (n >> 8) * 13U);
}

static uint32_t next_random(stream_end_t *self, uint32_t below) {
    self->random ^= self->random << 13;
    self->random ^= self->random >> 17;
    self->random ^= self->random << 5;
    return self->random % below;
}

static void require(stream_end_t *self, bool ok, const char *what) {
    if (!ok && self->problem == NULL) {
        self->problem = what;
    }
}

static void check_span(stream_end_t *self, mn_span_t span) {
    const bool inside = span.data >= buffer && span.len <= ring.capacity &&
                        (size_t)(span.data - buffer) <= ring.capacity - span.len;
    require(self, inside, "a grant reaches out of the buffer");
}

// How much of a grant to use: mostly all, at times a part or nothing.
static size_t part_of(stream_end_t *self, size_t len) {
    const uint32_t kind = next_random(self, 8);
    if (kind == 0) {
        return 0;
    }
    return (kind < 3) ? next_random(self, (uint32_t)len + 1) : len;
}

// What the producer asks for next. A refused request is repeated, so that the large ones, which
// need an empty ring, get their turn.
static size_t wanted;
static bool wanted_exactly;

static void want(void) {
    wanted = 1 + next_random(&producer, (uint32_t)ring.capacity);
    wanted_exactly = next_random(&producer, 4) != 0;
}

static void fill(mn_span_t span) {
    check_span(&producer, span);
    const bool right_size = wanted_exactly ? (span.len == wanted) : (span.len <= wanted);
    require(&producer, span.len != 0 && right_size, "a write grant of the wrong size");
    const size_t used = part_of(&producer, span.len);
    for (size_t i = 0; i < used; i++) {
        span.data[i] = byte_at(producer.bytes + i);
    }
    producer.bytes += used;
    mn_ring_commit(&ring, used);
    want();
}

static void produce(void) {
    mn_span_t span = {0};
    mn_status_t status = wanted_exactly ? mn_ring_grant(&ring, wanted, &span)
                                        : mn_ring_grant_max(&ring, wanted, &span);
    producer.operations++;
    if (status == MN_OK) {
        fill(span);
    } else {
        require(&producer, status == MN_EFULL, "a write grant failed for a strange reason");
    }
}

static void use(mn_span_t span) {
    check_span(&consumer, span);
    require(&consumer, span.len != 0, "an empty read grant");
    const size_t used = part_of(&consumer, span.len);
    for (size_t i = 0; i < span.len; i++) {
        require(&consumer, span.data[i] == byte_at(consumer.bytes + i), "a wrong byte");
    }
    consumer.bytes += used;
    mn_ring_release(&ring, used);
}

static void consume(void) {
    mn_span_t span = {0};
    mn_status_t status = mn_ring_read(&ring, &span);
    consumer.operations++;
    if (status == MN_OK) {
        use(span);
    } else {
        require(&consumer, status == MN_EEMPTY, "a read failed for a strange reason");
    }
}

static void interrupt(stream_end_t *self, void (*operation)(void)) {
    if (kernel != NULL) {
        mn_isr_enter(kernel);
    }
    for (uint32_t i = next_random(self, BURST); i != 0; i--) {
        operation();
    }
    if (kernel != NULL) {
        mn_isr_exit(kernel);
    }
}

static void interrupt_produces(void) {
    interrupt(&producer, produce);
}

static void interrupt_consumes(void) {
    interrupt(&consumer, consume);
}

// ---------------------------------------------------------------------------------------------

static void begin(size_t capacity, void (*on_interrupt)(void)) {
    mn_ring_init(&ring, buffer, capacity);
    producer = (stream_end_t){.random = 1 + (uint32_t)capacity};
    consumer = (stream_end_t){.random = 2 + (uint32_t)capacity};
    want();
    test_irq_install(on_interrupt);
    test_irq_start_random((uint32_t)capacity, MAX_PAUSE_US);
}

static bool goes_on(const stream_end_t *preempted) {
    return producer.problem == NULL && consumer.problem == NULL &&
           (preempted->operations < MIN_OPERATIONS || test_irq_count() < MIN_INTERRUPTS);
}

static void end(void) {
    test_irq_remove();
    for (unsigned i = 0; i < 2 * MAX_CAPACITY && producer.bytes != consumer.bytes; i++) {
        consume();
    }
    assert_string_equal(producer.problem != NULL ? producer.problem : "none", "none");
    assert_string_equal(consumer.problem != NULL ? consumer.problem : "none", "none");
    assert_int_equal(producer.bytes, consumer.bytes);
    assert_true(producer.bytes > MIN_INTERRUPTS / 4);
}

static void an_interrupt_produces(void **state) {
    (void)state;
    for (size_t i = 0; i < MN_COUNT_OF(capacities); i++) {
        begin(capacities[i], interrupt_produces);
        while (goes_on(&consumer)) {
            consume();
        }
        end();
    }
}

static void an_interrupt_consumes(void **state) {
    (void)state;
    for (size_t i = 0; i < MN_COUNT_OF(capacities); i++) {
        begin(capacities[i], interrupt_consumes);
        while (goes_on(&producer)) {
            produce();
        }
        end();
    }
}

// ---------------------------------------------------------------------------------------------
// Waiting tasks

// A task that waits is polled now and then without a reason, and so is this one, so that interrupts
// hit it and not the idle loop. Once in a while it really waits.
static void poll_again_mostly(test_task_t *self, stream_end_t *waiting) {
    if (next_random(waiting, REAL_WAIT_IN) != 0) {
        mn_task_wake(&self->task);
    }
}

static mn_status_t consuming_step(test_task_t *self) {
    mn_span_t span = {0};
    mn_status_t status = mn_ring_read_wait(&ring, &self->task, &span);
    consumer.operations++;
    if (status == MN_OK) {
        use(span);
        mn_task_wake(&self->task);
    } else {
        require(&consumer, status == MN_PENDING, "a read failed for a strange reason");
        poll_again_mostly(self, &consumer);
    }
    return MN_PENDING;
}

static mn_status_t producing_step(test_task_t *self) {
    mn_span_t span = {0};
    mn_status_t status = wanted_exactly ? mn_ring_grant_wait(&ring, &self->task, wanted, &span)
                                        : mn_ring_grant_max_wait(&ring, &self->task, wanted, &span);
    producer.operations++;
    if (status == MN_OK) {
        fill(span);
        mn_task_wake(&self->task);
    } else {
        require(&producer, status == MN_PENDING, "a write grant failed for a strange reason");
        poll_again_mostly(self, &producer);
    }
    return MN_PENDING;
}

static bool reader_has_work(void) {
    mn_span_t span = {0};
    if (mn_ring_read(&ring, &span) != MN_OK) {
        return false;
    }
    mn_ring_release(&ring, 0);
    return true;
}

static bool writer_has_work(void) {
    mn_span_t span = {0};
    mn_status_t status = wanted_exactly ? mn_ring_grant(&ring, wanted, &span)
                                        : mn_ring_grant_max(&ring, wanted, &span);
    if (status != MN_OK) {
        return false;
    }
    mn_ring_commit(&ring, 0);
    return true;
}

// As a board does it, and where the board would sleep: is there really nothing to do?
static void run_until_done(stream_end_t *waiting, bool (*has_work)(void)) {
    while (goes_on(waiting)) {
        mn_tick_report_t report = mn_kernel_tick(kernel);
        if (!report.has_remaining) {
            uint32_t state = mn_port_irq_save();
            if (!mn_kernel_has_work(kernel)) {
                require(waiting, !has_work(), "a wake was lost");
            }
            mn_port_irq_restore(state);
        }
    }
}

static void cancel_waits(test_task_t *self) {
    (void)self;
    mn_ring_cancel_reader(&ring);
    mn_ring_cancel_writer(&ring);
}

static void with_a_waiting_task(test_kernel_t *tk, mn_status_t (*step)(test_task_t *self),
                                stream_end_t *waiting, bool (*has_work)(void),
                                void (*on_interrupt)(void)) {
    for (size_t i = 0; i < MN_COUNT_OF(capacities); i++) {
        kernel = &tk->kernel;
        test_task_t task = {.on_drop = cancel_waits};
        begin(capacities[i], on_interrupt);
        test_task_spawn(tk, &task, "end", step, NULL);
        run_until_done(waiting, has_work);
        test_irq_remove();
        test_task_cancel(tk, &task);
        kernel = NULL;
        end();
    }
}

static void an_interrupt_produces_for_a_waiting_task(void **state) {
    with_a_waiting_task(*state, consuming_step, &consumer, reader_has_work, interrupt_produces);
}

static void an_interrupt_consumes_from_a_waiting_task(void **state) {
    with_a_waiting_task(*state, producing_step, &producer, writer_has_work, interrupt_consumes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_interrupt_produces),
        cmocka_unit_test(an_interrupt_consumes),
        cmocka_unit_test_setup_teardown(an_interrupt_produces_for_a_waiting_task, test_kernel_setup,
                                        test_kernel_teardown),
        cmocka_unit_test_setup_teardown(an_interrupt_consumes_from_a_waiting_task,
                                        test_kernel_setup, test_kernel_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
