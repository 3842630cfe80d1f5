// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// A channel that interrupts send to, while tasks send, wait for room and receive: interrupts at
// random points over many operations, and after each instruction of every operation. Each item
// that was accepted arrives once, each sender's items in order, and no wake is lost.

#include "test_kernel.h"
#include "test_port.h"
#include "test_step.h"

#include <mnemos/channel.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define CAPACITY 4U
#define BURST 4U
#define MIN_OPERATIONS 1000000U
#define MIN_INTERRUPTS 10000U
#define MAX_PAUSE_US 40U
#define REAL_WAIT_IN 100U // how often a task that has nothing to do really waits

// Who sent it, and its number among those.
typedef struct item {
    uint32_t from;
    uint32_t number;
    uint32_t check;
} item_t;

MN_CHANNEL_TYPE(items, item_t)

enum { INTERRUPT, TASK, SENDERS };

static item_t places[CAPACITY];
static items_t channel;
static test_task_t producer;
static test_task_t consumer;
static mn_kernel_t *kernel;
static uint32_t sent[SENDERS];
static uint32_t received[SENDERS];
static volatile uint64_t operations;
static const char *problem; // in the interrupt nothing can be asserted
static uint32_t random_states[2];

static void require(bool ok, const char *what) {
    if (!ok && problem == NULL) {
        problem = what;
    }
}

static uint32_t next_random(unsigned stream, uint32_t below) {
    uint32_t *state = &random_states[stream];
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state % below;
}

static item_t next_item(uint32_t from) {
    return (item_t){.from = from, .number = sent[from], .check = ~sent[from] ^ from};
}

static void try_send(uint32_t from) {
    const item_t item = next_item(from);
    mn_status_t status = items_try_send(&channel, &item);
    if (status == MN_OK) {
        sent[from]++;
    } else {
        require(status == MN_EFULL || status == MN_ECLOSED, "sending failed for a strange reason");
    }
}

static void take_in(const item_t *item) {
    require(item->from < SENDERS && item->check == (~item->number ^ item->from), "a torn item");
    require(item->from < SENDERS && item->number == received[item->from], "an item out of order");
    if (problem == NULL) {
        received[item->from]++;
    }
}

static void try_receive(void) {
    item_t item = {0};
    if (items_try_receive(&channel, &item) == MN_OK) {
        take_in(&item);
    }
}

static void begin(test_kernel_t *tk) {
    kernel = &tk->kernel;
    problem = NULL;
    operations = 0;
    for (unsigned i = 0; i < SENDERS; i++) {
        sent[i] = 0;
        received[i] = 0;
        random_states[i] = 77 + i;
    }
    items_init(&channel, places, CAPACITY, true);
}

static void check_all_received(void) {
    for (unsigned i = 0; i < CAPACITY; i++) {
        try_receive();
    }
    require(sent[INTERRUPT] == received[INTERRUPT], "an item of the interrupt was lost");
    require(sent[TASK] == received[TASK], "an item of the task was lost");
}

// ---------------------------------------------------------------------------------------------
// At random points

static void burst(void) {
    mn_isr_enter(kernel);
    for (uint32_t i = next_random(INTERRUPT, BURST + 1); i != 0; i--) {
        try_send(INTERRUPT);
    }
    mn_isr_exit(kernel);
}

static void poll_again_mostly(test_task_t *self) {
    if (next_random(TASK, REAL_WAIT_IN) != 0) {
        mn_task_wake(&self->task);
    }
}

static bool resting; // the producer wants nothing until it is woken by the test

static mn_status_t producing_step(test_task_t *self) {
    const item_t item = next_item(TASK);
    mn_status_t status = items_send(&channel, &self->wait, &self->task, &item);
    operations++;
    if (status == MN_OK) {
        sent[TASK]++;
        resting = (next_random(TASK, REAL_WAIT_IN) == 0);
        if (!resting) {
            mn_task_wake(&self->task);
        }
        return MN_PENDING;
    }
    require(status == MN_PENDING, "waiting to send failed");
    // At times it changes its mind, with or without room that it was given.
    if (next_random(TASK, 20) == 0) {
        mn_channel_cancel_send(&channel.channel, &self->wait);
        mn_task_wake(&self->task);
    }
    poll_again_mostly(self);
    return MN_PENDING;
}

static mn_status_t consuming_step(test_task_t *self) {
    item_t item = {0};
    mn_status_t status = items_receive(&channel, &self->task, &item);
    operations++;
    if (status == MN_OK) {
        take_in(&item);
        mn_task_wake(&self->task);
    } else {
        require(status == MN_PENDING, "waiting to receive failed");
        poll_again_mostly(self);
    }
    return MN_PENDING;
}

static void cancel_consumer(test_task_t *self) {
    (void)self;
    mn_channel_cancel_receive(&channel.channel);
}

// Where a board would sleep, the channel must be empty and the producer at rest: else somebody was
// not woken.
static void check_idle(void) {
    uint32_t state = mn_port_irq_save();
    if (!mn_kernel_has_work(kernel)) {
        require(mn_channel_count(&channel.channel) == 0, "the consumer was not woken");
        require(resting, "the producer was not woken");
    }
    mn_port_irq_restore(state);
}

static void run_until_done(void) {
    while (problem == NULL && (operations < MIN_OPERATIONS || test_irq_count() < MIN_INTERRUPTS)) {
        mn_tick_report_t report = mn_kernel_tick(kernel);
        if (!report.has_remaining) {
            check_idle();
            const uint64_t interrupts = test_irq_count();
            while (!mn_kernel_has_work(kernel) && test_irq_count() == interrupts) {
            }
            mn_task_wake(&producer.task);
        }
    }
}

static void interrupts_and_tasks_send_at_random(void **state) {
    test_kernel_t *tk = *state;
    consumer.on_drop = cancel_consumer;
    begin(tk);
    test_irq_install(burst);
    test_irq_start_random(5, MAX_PAUSE_US);
    test_task_spawn(tk, &producer, "producer", producing_step, NULL);
    test_task_spawn(tk, &consumer, "consumer", consuming_step, NULL);
    run_until_done();
    test_irq_remove();
    test_task_cancel(tk, &producer);
    test_task_cancel(tk, &consumer);
    check_all_received();
    assert_string_equal(problem != NULL ? problem : "none", "none");
    assert_true(sent[INTERRUPT] > 1000);
    assert_true(sent[TASK] > 1000);
}

// ---------------------------------------------------------------------------------------------
// After each instruction

#define STEPS_WANTED 4000U // to all points of one operation

static mn_status_t outcome;

static void send_one(void) {
    mn_isr_enter(kernel);
    try_send(INTERRUPT);
    mn_isr_exit(kernel);
}

static void op_try_send(void *arg) {
    (void)arg;
    try_send(TASK);
}

static void op_send(void *arg) {
    (void)arg;
    const item_t item = next_item(TASK);
    outcome = items_send(&channel, &producer.wait, &producer.task, &item);
    if (outcome == MN_OK) {
        sent[TASK]++;
    }
}

static void op_try_receive(void *arg) {
    (void)arg;
    try_receive();
}

static void op_receive(void *arg) {
    (void)arg;
    item_t item = {0};
    outcome = items_receive(&channel, &consumer.task, &item);
    if (outcome == MN_OK) {
        take_in(&item);
    }
}

static void op_cancel_receive(void *arg) {
    (void)arg;
    mn_channel_cancel_receive(&channel.channel);
}

static void op_cancel_send(void *arg) {
    (void)arg;
    mn_channel_cancel_send(&channel.channel, &producer.wait);
}

static void op_close(void *arg) {
    (void)arg;
    mn_channel_close(&channel.channel);
}

static const struct {
    const char *name;
    void (*operation)(void *arg);
} cut_off[] = {
    {"try_send", op_try_send},
    {"send", op_send},
    {"try_receive", op_try_receive},
    {"receive", op_receive},
    {"cancel_send", op_cancel_send},
    {"cancel_receive", op_cancel_receive},
    {"close", op_close},
};

// Fill a new channel with `filled` items, one more than fit meaning a producer that waits; with
// none the consumer waits.
static void prepare(test_kernel_t *tk, unsigned filled) {
    begin(tk);
    for (unsigned i = 0; i < filled; i++) {
        op_send(NULL);
    }
    if (filled == 0) {
        op_receive(NULL);
    }
    test_kernel_run(tk);
}

// Everybody who waits, and could go on, has been woken; and the channel still works as a whole.
static void check(test_kernel_t *tk, bool closed) {
    const uint32_t polls = consumer.task.polls;
    const bool waits = channel.channel.consumer.task != NULL;
    test_kernel_run(tk);
    if (waits && mn_channel_count(&channel.channel) != 0) {
        require(consumer.task.polls != polls, "a wake was lost");
    }
    mn_channel_cancel_receive(&channel.channel);
    mn_channel_cancel_send(&channel.channel, &producer.wait);
    check_all_received();
    for (unsigned i = 0; i < CAPACITY && !closed; i++) {
        try_send(TASK);
    }
    require(mn_channel_count(&channel.channel) == (closed ? 0 : CAPACITY), "room was lost");
    try_send(TASK);
    check_all_received();
}

static unsigned step_through(test_kernel_t *tk, size_t which, unsigned filled, unsigned first,
                             unsigned stride) {
    bool interrupted = true;
    unsigned n = first;
    while (interrupted) {
        prepare(tk, filled);
        interrupted = test_step(n, cut_off[which].operation, NULL);
        check(tk, cut_off[which].operation == op_close);
        if (problem != NULL) {
            fail_msg("%s: %s with %u items, point %u", problem, cut_off[which].name, filled, n);
        }
        n += stride;
    }
    return n;
}

static void an_interrupt_sends_after_any_instruction(void **state) {
    test_kernel_t *tk = *state;
    if (!test_step_works()) {
        skip();
    }
    test_task_spawn(tk, &producer, "producer", NULL, NULL);
    consumer.on_drop = cancel_consumer;
    test_task_spawn(tk, &consumer, "consumer", NULL, NULL);
    test_kernel_run(tk);
    test_irq_install(send_one);
    unsigned turn = 0;
    for (size_t which = 0; which < MN_COUNT_OF(cut_off); which++) {
        const unsigned last = step_through(tk, which, 1, 0, 20);
        const unsigned stride = 1 + last * last / 2 / STEPS_WANTED;
        for (unsigned filled = 0; filled <= CAPACITY + 1; filled++) {
            step_through(tk, which, filled, turn % stride, stride);
            turn++;
        }
    }
    test_irq_remove();
    test_task_cancel(tk, &producer);
    test_task_cancel(tk, &consumer);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(interrupts_and_tasks_send_at_random, test_kernel_setup,
                                        test_kernel_teardown),
        cmocka_unit_test_setup_teardown(an_interrupt_sends_after_any_instruction, test_kernel_setup,
                                        test_kernel_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
