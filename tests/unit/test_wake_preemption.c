// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The run queue, the wake path, wait cells and timers with real interrupts: a signal cuts in
// between any two instructions and wakes tasks directly, through cells, and tasks that end and are
// spawned again at that very moment. Whenever the kernel is at rest the books must balance: every
// wake was answered, and there were no more answers than wakes.

#include "test_kernel.h"
#include "test_port.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { KINDS = 4, OPERATIONS = 1500000, LEAST_INTERRUPTS = 30000 };

// Waits on a cell that the interrupt wakes; every second one with a limit that often strikes first.
typedef struct listener {
    mn_task_t task;
    mn_wait_cell_t cell;
    mn_timer_t timer;
    mn_status_t status;
    bool limited;
    volatile uint32_t sent; // by the interrupt, before each wake
    uint32_t seen;          // latest value of `sent` after an answer
    uint32_t answers;
} listener_t;

// Woken directly, by interrupts and by the test.
typedef struct worker {
    mn_task_t task;
    volatile bool pending; // set before a wake, cleared in a poll
    volatile uint32_t interrupts;
    uint32_t wakes;
    mn_task_t *next; // woken in turn, so that tasks wake tasks in between
} worker_t;

typedef struct sleeper {
    mn_task_t task;
    mn_timer_t timer;
    mn_status_t status;
    uint64_t deadline;
} sleeper_t;

// Ends as soon as it can, and is spawned again; interrupts never stop waking it.
typedef struct phoenix {
    mn_task_t task;
    uint32_t lives;
} phoenix_t;

typedef struct stage {
    test_kernel_t tk;
    listener_t listeners[KINDS];
    worker_t workers[KINDS];
    sleeper_t sleepers[KINDS];
    phoenix_t phoenix;
    uint32_t random;
    uint32_t irq_random;
    uint64_t polls;
    uint64_t rests; // how often the kernel was at rest and the books were checked
} stage_t;

static stage_t s;

static uint32_t xorshift(uint32_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

// ---------------------------------------------------------------------------------------------
// The interrupt

static void on_interrupt(void) {
    mn_isr_enter(&s.tk.kernel);
    const uint32_t dice = xorshift(&s.irq_random);
    listener_t *listener = &s.listeners[dice % KINDS];
    worker_t *worker = &s.workers[(dice >> 8) % KINDS];
    if ((dice & 0x10000) != 0) {
        listener->sent = listener->sent + 1;
        mn_wait_cell_wake(&listener->cell);
    }
    if ((dice & 0x20000) != 0) {
        worker->interrupts = worker->interrupts + 1;
        worker->pending = true;
        mn_task_wake(&worker->task);
    }
    mn_task_wake(&s.phoenix.task);
    mn_isr_exit(&s.tk.kernel);
}

// The same as if it had come here, so that what follows an interrupt (taking the woken tasks over,
// looking at the cell again) is going on nearly all the time, and is what the real ones cut into.
static void interrupt_here(void) {
    const uint32_t section = mn_port_irq_save();
    on_interrupt();
    mn_port_irq_restore(section);
}

// ---------------------------------------------------------------------------------------------
// The tasks

static mn_status_t listener_poll(mn_task_t *task) {
    listener_t *self = MN_CONTAINER_OF(task, listener_t, task);
    MN_BEGIN(task);
    for (;;) {
        if (self->limited) {
            MN_AWAIT_FOR(self->status, &self->timer, 3, mn_wait_cell_wait(&self->cell, task),
                         mn_wait_cell_cancel(&self->cell, task));
        } else {
            MN_AWAIT(self->status, mn_wait_cell_wait(&self->cell, task));
        }
        if (self->status == MN_OK) {
            self->answers++;
            self->seen = self->sent;
        }
    }
    MN_END();
}

static void listener_drop(mn_task_t *task) {
    listener_t *self = MN_CONTAINER_OF(task, listener_t, task);
    mn_wait_cell_cancel(&self->cell, task);
    mn_timer_cancel(&self->timer);
}

static mn_status_t worker_poll(mn_task_t *task) {
    worker_t *self = MN_CONTAINER_OF(task, worker_t, task);
    self->pending = false;
    if (xorshift(&s.random) % 8 == 0) {
        interrupt_here();
    }
    if (self->next != NULL) {
        worker_t *next = MN_CONTAINER_OF(self->next, worker_t, task);
        next->wakes++;
        next->pending = true;
        mn_task_wake(self->next);
    }
    return MN_PENDING;
}

static mn_status_t sleeper_poll(mn_task_t *task) {
    sleeper_t *self = MN_CONTAINER_OF(task, sleeper_t, task);
    MN_BEGIN(task);
    for (;;) {
        self->deadline = mn_now(task->kernel) + 1 + xorshift(&s.random) % 40;
        MN_AWAIT(self->status, mn_sleep_until(&self->timer, task, self->deadline));
        assert_true(mn_now(task->kernel) >= self->deadline);
        MN_YIELD();
    }
    MN_END();
}

static void sleeper_drop(mn_task_t *task) {
    mn_timer_cancel(&MN_CONTAINER_OF(task, sleeper_t, task)->timer);
}

static mn_status_t phoenix_poll(mn_task_t *task) {
    phoenix_t *self = MN_CONTAINER_OF(task, phoenix_t, task);
    self->lives++;
    return MN_OK;
}

static const mn_task_type_t listener_type = {"listener", listener_poll, listener_drop};
static const mn_task_type_t worker_type = {"worker", worker_poll, NULL};
static const mn_task_type_t sleeper_type = {"sleeper", sleeper_poll, sleeper_drop};
static const mn_task_type_t phoenix_type = {"phoenix", phoenix_poll, NULL};

// ---------------------------------------------------------------------------------------------
// The books

static void check_listener(const listener_t *listener) {
    assert_int_equal(listener->seen, listener->sent);
    assert_true(listener->answers <= listener->sent);
    assert_false(listener->cell.notified);
    assert_ptr_equal(listener->cell.task, &listener->task);
}

static void check_worker(const worker_t *worker) {
    assert_false(worker->pending);
    // One poll is the spawning's.
    assert_true(worker->task.polls <= 1 + worker->wakes + worker->interrupts);
}

// Interrupts are held back while the books are looked at, or they would change.
static void check_at_rest(const mn_tick_report_t *report) {
    const uint32_t section = mn_port_irq_save();
    if (!report->has_remaining && !mn_kernel_has_work(&s.tk.kernel)) {
        s.rests++;
        for (unsigned i = 0; i < KINDS; i++) {
            check_listener(&s.listeners[i]);
            check_worker(&s.workers[i]);
            assert_true(s.sleepers[i].deadline > s.tk.now);
        }
        assert_int_equal(mn_task_state(&s.phoenix.task), MN_TASK_ENDED);
    }
    mn_port_irq_restore(section);
}

// ---------------------------------------------------------------------------------------------

static void set_stage(const mn_kernel_config_t *config) {
    memset(&s, 0, sizeof(s));
    s.random = 1;
    s.irq_random = 2;
    test_kernel_init(&s.tk, config, 0);
    for (unsigned i = 0; i < KINDS; i++) {
        s.listeners[i].limited = (i % 2 != 0);
        s.workers[i].next = (i + 1 < KINDS) ? &s.workers[i + 1].task : NULL;
        mn_spawn(&s.tk.kernel, &s.listeners[i].task, &listener_type, NULL);
        mn_spawn(&s.tk.kernel, &s.workers[i].task, &worker_type, NULL);
        mn_spawn(&s.tk.kernel, &s.sleepers[i].task, &sleeper_type, NULL);
    }
    mn_spawn(&s.tk.kernel, &s.phoenix.task, &phoenix_type, NULL);
}

// What the main program does between ticks: time passes, a task is woken, the phoenix rises.
static void stir(void) {
    const uint32_t dice = xorshift(&s.random);
    s.tk.now += dice % 8;
    worker_t *worker = &s.workers[(dice >> 8) % KINDS];
    worker->wakes++;
    worker->pending = true;
    mn_task_wake(&worker->task);
    interrupt_here();
    interrupt_here();
    if (mn_task_state(&s.phoenix.task) == MN_TASK_ENDED) {
        mn_spawn(&s.tk.kernel, &s.phoenix.task, &phoenix_type, NULL);
    }
}

static void strike_stage(void) {
    for (unsigned i = 0; i < KINDS; i++) {
        mn_cancel_now(&s.listeners[i].task);
        mn_cancel_now(&s.workers[i].task);
        mn_cancel_now(&s.sleepers[i].task);
    }
    assert_null(mn_kernel_next_task(&s.tk.kernel, NULL));
    assert_true(mn_kernel_tick(&s.tk.kernel).next_deadline == MN_NEVER);
    test_kernel_end(&s.tk);
}

static void play(const mn_kernel_config_t *config, uint32_t seed, uint32_t longest_pause_us) {
    set_stage(config);
    test_irq_install(on_interrupt);
    test_irq_start_random(seed, longest_pause_us);
    mn_tick_report_t report = {0};
    while (s.polls < OPERATIONS || test_irq_count() < LEAST_INTERRUPTS) {
        if (!report.has_remaining || xorshift(&s.random) % 16 == 0) {
            stir();
        }
        report = mn_kernel_tick(&s.tk.kernel);
        s.polls += report.polled;
        check_at_rest(&report);
    }
    const uint64_t interrupts = test_irq_count();
    test_irq_remove();
    report = test_kernel_run(&s.tk);
    const uint64_t before = s.rests;
    check_at_rest(&report);
    assert_true(s.rests == before + 1);
    assert_true(s.rests > 1000);
    print_message("%u polls, %u interrupts, %u times at rest, %u lives\n", (unsigned)s.polls,
                  (unsigned)interrupts, (unsigned)s.rests, (unsigned)s.phoenix.lives);
    strike_stage();
}

static void no_wake_is_lost_or_made_up(void **state) {
    (void)state;
    play(NULL, 1, 20);
}

// With one poll in a tick the queue is never empty for long, and polls are timed as well.
static void no_wake_is_lost_or_made_up_in_small_ticks(void **state) {
    (void)state;
    play(&(mn_kernel_config_t){.max_polls = 3, .time_polls = true}, 2, 60);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_wake_is_lost_or_made_up),
        cmocka_unit_test(no_wake_is_lost_or_made_up_in_small_ticks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
