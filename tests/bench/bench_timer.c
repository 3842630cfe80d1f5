// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Timers, with few and with many others pending.

#include "bench.h"
#include "bench_system.h"
#include <mnemos/util.h>

#define MANY 100000
#define TIMERS_OF_A_TASK 100
#define SLEEPERS 1000

static mn_timer_t pending[MANY];
static mn_task_t owners[MANY / TIMERS_OF_A_TASK];
static uint32_t random_state;

static uint32_t random_number(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

typedef struct sleeper {
    mn_task_t task;
    mn_timer_t timer;
} sleeper_t;

static sleeper_t sleepers[SLEEPERS];
static unsigned slept;

static mn_status_t wait_poll(mn_task_t *task) {
    (void)task;
    return MN_PENDING;
}

static const mn_task_type_t wait_type = {"waiter", wait_poll, NULL};

// Sleeps one tick again and again.
static mn_status_t short_poll(mn_task_t *task) {
    sleeper_t *self = MN_CONTAINER_OF(task, sleeper_t, task);
    mn_status_t status;
    MN_BEGIN(task);
    for (;;) {
        MN_AWAIT(status, mn_sleep(&self->timer, task, 1));
        slept += (status == MN_OK);
    }
    MN_END();
}

static const mn_task_type_t short_type = {"short sleeper", short_poll, NULL};

// Sleeps up to a thousand ticks, another time each time.
static mn_status_t random_poll(mn_task_t *task) {
    sleeper_t *self = MN_CONTAINER_OF(task, sleeper_t, task);
    mn_status_t status;
    MN_BEGIN(task);
    for (;;) {
        MN_AWAIT(status, mn_sleep(&self->timer, task, 1 + random_number() % 1000));
        slept += (status == MN_OK);
    }
    MN_END();
}

static const mn_task_type_t random_type = {"random sleeper", random_poll, NULL};

// A kernel with `count` timers pending from seconds to hours ahead, and one task.
static void start(unsigned count, const mn_task_type_t *type) {
    bench_kernel_start(false);
    random_state = 20260718;
    for (unsigned i = 0; i < count; i++) {
        mn_task_t *owner = &owners[i / TIMERS_OF_A_TASK];
        if (i % TIMERS_OF_A_TASK == 0) {
            *owner = (mn_task_t){0};
            mn_spawn(&bench_kernel, owner, &wait_type, NULL);
        }
        pending[i] = (mn_timer_t){0};
        const uint64_t far = UINT64_C(0x100000000) + ((uint64_t)random_number() << 2);
        mn_timer_start(&pending[i], owner, far);
    }
    sleepers[0] = (sleeper_t){0};
    mn_spawn(&bench_kernel, &sleepers[0].task, type, NULL);
    bench_kernel_run();
}

static void start_few(void) {
    start(10, &wait_type);
}

static void start_many(void) {
    start(MANY, &wait_type);
}

static void start_few_to_fire(void) {
    start(10, &short_type);
}

static void start_many_to_fire(void) {
    start(MANY, &short_type);
}

static void start_sleepers(void) {
    bench_kernel_start(false);
    random_state = 20260718;
    for (unsigned i = 0; i < SLEEPERS; i++) {
        sleepers[i] = (sleeper_t){0};
        mn_spawn(&bench_kernel, &sleepers[i].task, &random_type, NULL);
    }
    bench_kernel_run();
}

static void start_and_cancel(unsigned iterations) {
    sleeper_t *self = &sleepers[0];
    for (; iterations != 0; iterations--) {
        mn_timer_start(&self->timer, &self->task, bench_now + 1000 + (iterations & 0xffff));
        mn_timer_cancel(&self->timer);
    }
}

static void start_and_fire(unsigned iterations) {
    for (slept = 0; slept < iterations;) {
        bench_now++;
        (void)mn_kernel_tick(&bench_kernel);
    }
}

static void sleep_of_many(unsigned iterations) {
    for (slept = 0; slept < iterations;) {
        bench_now = mn_kernel_tick(&bench_kernel).next_deadline;
    }
}

static const bench_t benches[] = {
    {.name = "timer_cancel_10",
     .unit = "ns",
     .setup = start_few,
     .run = start_and_cancel,
     .count = 10240},
    {.name = "timer_cancel_100k",
     .unit = "ns",
     .setup = start_many,
     .run = start_and_cancel,
     .count = 10240},
    // Started, fired by a tick, and its task polled.
    {.name = "timer_fire_10",
     .unit = "ns",
     .setup = start_few_to_fire,
     .run = start_and_fire,
     .count = 10240},
    {.name = "timer_fire_100k",
     .unit = "ns",
     .setup = start_many_to_fire,
     .run = start_and_fire,
     .count = 10240},
    // A thousand tasks sleep for random times; the price of one sleep.
    {.name = "timer_sleep_of_1000",
     .unit = "ns",
     .setup = start_sleepers,
     .run = sleep_of_many,
     .count = 10000},
};

const bench_table_t bench_timer_table = {benches, MN_COUNT_OF(benches), "timer"};
