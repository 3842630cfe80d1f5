// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// An interrupt after every single instruction. Random interrupts nearly never hit the gap between
// two neighbouring instructions, so this test does not leave it to chance: the processor's trap
// flag stops each short scenario after every instruction in turn, and there the interrupt comes.
// Each time the kernel must come to rest with every wake answered, and with no answer too many.
//
// Needs Linux on x86-64; elsewhere the test is skipped.

#if defined(__linux__) && defined(__x86_64__)
#define CAN_STEP 1
#define _GNU_SOURCE // for the names of the registers
#else
#define CAN_STEP 0
#endif

#include "test_kernel.h"
#include "test_port.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

// More places than this (with a sanitizer, say) are visited with gaps.
enum { MOST_CHILDREN = 1000 };

// ---------------------------------------------------------------------------------------------
// Stepping

static volatile sig_atomic_t stepping;
static volatile sig_atomic_t in_child;
static volatile unsigned places;    // instructions so far
static volatile unsigned stride;    // a child at every so manieth place; 0 for none
static volatile unsigned children;  // so far
static volatile unsigned unhappy;   // of them
static volatile unsigned first_bad; // place

#if CAN_STEP
static void visit_place(void) {
    const pid_t child = fork();
    if (child == 0) {
        in_child = 1;
        stepping = 0;
        test_irq_raise();
        return;
    }
    int status = -1;
    children = children + 1;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
        first_bad = (unhappy == 0) ? places : first_bad;
        unhappy = unhappy + 1;
    }
}

static void on_trap(int signal_number, siginfo_t *info, void *context) {
    (void)signal_number;
    (void)info;
    const greg_t trap_flag = 0x100;
    greg_t *flags = &((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL];
    if (stepping) {
        places = places + 1;
        if (stride != 0 && places % stride == 0) {
            visit_place();
        }
    }
    *flags = stepping ? (*flags | trap_flag) : (*flags & ~trap_flag);
}

static void prepare_to_step(void) {
    struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
    sigemptyset(&action.sa_mask);
    assert_int_equal(sigaction(SIGTRAP, &action, NULL), 0);
}
#else
static void prepare_to_step(void) {
    skip();
}
#endif

static void step_through(void (*scenario)(void)) {
    places = 0;
    stepping = 1;
    raise(SIGTRAP);
    scenario();
    stepping = 0; // seen by the trap after the next instruction
}

// ---------------------------------------------------------------------------------------------
// The stage: a listener at a cell, two workers that are woken directly, one that ends at once

typedef struct actor {
    test_task_t base;
    volatile unsigned sent; // wakes, counted before each
    unsigned seen;          // `sent` as it was in the latest poll or answer
    unsigned answers;
} actor_t;

static struct {
    test_kernel_t tk;
    mn_wait_cell_t cell;
    actor_t listener;
    actor_t workers[2];
    actor_t phoenix;
} s;

static void wake_worker(actor_t *worker) {
    worker->sent = worker->sent + 1;
    mn_task_wake(&worker->base.task);
}

static void on_interrupt(void) {
    mn_isr_enter(&s.tk.kernel);
    s.listener.sent = s.listener.sent + 1;
    mn_wait_cell_wake(&s.cell);
    wake_worker(&s.workers[0]);
    mn_task_wake(&s.phoenix.base.task);
    mn_isr_exit(&s.tk.kernel);
}

// As if an interrupt had come here that woke somebody else than the real one will.
static void interrupt_here(void) {
    const uint32_t section = mn_port_irq_save();
    mn_isr_enter(&s.tk.kernel);
    wake_worker(&s.workers[1]);
    mn_isr_exit(&s.tk.kernel);
    mn_port_irq_restore(section);
}

static mn_status_t listen(test_task_t *base) {
    actor_t *self = MN_CONTAINER_OF(base, actor_t, base);
    while ((base->status = mn_wait_cell_wait(&s.cell, &base->task)) == MN_OK) {
        self->answers++;
        self->seen = self->sent;
    }
    return MN_PENDING;
}

static mn_status_t listen_for_3_ticks(test_task_t *base) {
    actor_t *self = MN_CONTAINER_OF(base, actor_t, base);
    MN_BEGIN(&base->task);
    for (;;) {
        MN_AWAIT_FOR(base->status, &base->timer, 3, mn_wait_cell_wait(&s.cell, &base->task),
                     mn_wait_cell_cancel(&s.cell, &base->task));
        if (base->status == MN_OK) {
            self->answers++;
            self->seen = self->sent;
        }
    }
    MN_END();
}

static void stop_listening(test_task_t *base) {
    mn_wait_cell_cancel(&s.cell, &base->task);
}

static mn_status_t work(test_task_t *base) {
    actor_t *self = MN_CONTAINER_OF(base, actor_t, base);
    self->answers++;
    self->seen = self->sent;
    return MN_PENDING;
}

static mn_status_t end_at_once(test_task_t *base) {
    (void)base;
    return MN_OK;
}

static void set_stage(mn_status_t (*listener)(test_task_t *base)) {
    memset(&s, 0, sizeof(s));
    test_kernel_init(&s.tk, NULL, 0);
    s.listener.base.on_drop = stop_listening;
    test_task_spawn(&s.tk, &s.listener.base, "listener", listener, NULL);
    test_task_spawn(&s.tk, &s.workers[0].base, "worker 0", work, NULL);
    test_task_spawn(&s.tk, &s.workers[1].base, "worker 1", work, NULL);
    test_task_spawn(&s.tk, &s.phoenix.base, "phoenix", end_at_once, NULL);
}

static bool is_served(const actor_t *actor, unsigned spare_answers) {
    return mn_task_result(&actor->base.task) == MN_ECANCELED ||
           (actor->seen == actor->sent && actor->answers <= actor->sent + spare_answers);
}

// Run on to the end and look whether the books balance. A worker's first poll is the spawning's.
static bool comes_to_rest(void) {
    unsigned left = 100;
    if (mn_kernel_current() != NULL || mn_in_isr(&s.tk.kernel)) {
        return false;
    }
    while (mn_kernel_tick(&s.tk.kernel).has_remaining) {
        if (left-- == 0) {
            return false;
        }
    }
    return is_served(&s.listener, 0) && is_served(&s.workers[0], 1) &&
           is_served(&s.workers[1], 1) && s.tk.kernel.inbox == NULL &&
           s.workers[0].base.task.inbox_next == NULL && s.phoenix.base.task.inbox_next == NULL &&
           mn_task_state(&s.phoenix.base.task) == MN_TASK_ENDED;
}

static void strike_stage(void) {
    mn_cancel_now(&s.listener.base.task);
    mn_cancel_now(&s.workers[0].base.task);
    mn_cancel_now(&s.workers[1].base.task);
    assert_null(mn_kernel_next_task(&s.tk.kernel, NULL));
    test_kernel_end(&s.tk);
}

// ---------------------------------------------------------------------------------------------
// Scenarios

static void first_polls(void) {
    mn_kernel_tick(&s.tk.kernel);
}

static void after_an_interrupt(void) {
    interrupt_here();
    mn_kernel_tick(&s.tk.kernel);
}

static void at_the_limit(void) {
    s.tk.now += 3;
    mn_kernel_tick(&s.tk.kernel);
}

static void spawned_again(void) {
    mn_spawn(&s.tk.kernel, &s.phoenix.base.task, &test_task_type, "phoenix");
    wake_worker(&s.workers[0]);
    mn_kernel_tick(&s.tk.kernel);
}

// Another handler of the same kernel, which lets interrupts in, outside a tick: what was current
// before it must be current after it.
static void nested(void) {
    mn_isr_enter(&s.tk.kernel);
    wake_worker(&s.workers[1]);
    mn_isr_exit(&s.tk.kernel);
}

static void canceled(void) {
    interrupt_here();
    mn_cancel(&s.listener.base.task);
    mn_cancel_now(&s.phoenix.base.task);
    mn_kernel_tick(&s.tk.kernel);
}

static void step_through_stage(mn_status_t (*listener)(test_task_t *base), bool from_rest,
                               void (*scenario)(void)) {
    set_stage(listener);
    if (from_rest) {
        test_kernel_run(&s.tk);
    }
    step_through(scenario);
    const bool balanced = comes_to_rest();
    if (in_child) {
        _exit(balanced ? 0 : 1);
    }
    assert_true(balanced);
    strike_stage();
}

static void visit_every_place(mn_status_t (*listener)(test_task_t *base), bool from_rest,
                              void (*scenario)(void)) {
    prepare_to_step();
    test_irq_install(on_interrupt);
    children = 0;
    unhappy = 0;
    stride = 0;
    step_through_stage(listener, from_rest, scenario);
    assert_true(places > 100);
    stride = 1 + places / MOST_CHILDREN;
    step_through_stage(listener, from_rest, scenario);
    test_irq_remove();
    print_message("interrupts at %u of %u places\n", children, places);
    assert_true(children > 100);
    if (unhappy != 0) {
        fail_msg("%u places lose a wake, the first is number %u", unhappy, first_bad);
    }
}

static void during_first_polls(void **state) {
    (void)state;
    visit_every_place(listen, false, first_polls);
    visit_every_place(listen_for_3_ticks, false, first_polls);
}

static void while_an_interrupts_wakes_are_taken_over(void **state) {
    (void)state;
    visit_every_place(listen, true, after_an_interrupt);
    visit_every_place(listen_for_3_ticks, true, after_an_interrupt);
}

static void while_a_limit_strikes(void **state) {
    (void)state;
    visit_every_place(listen_for_3_ticks, true, at_the_limit);
}

static void while_a_task_ends_and_is_spawned_again(void **state) {
    (void)state;
    visit_every_place(listen, true, spawned_again);
}

static void while_a_handler_comes_and_goes(void **state) {
    (void)state;
    visit_every_place(listen, true, nested);
}

static void while_tasks_are_canceled(void **state) {
    (void)state;
    visit_every_place(listen, true, canceled);
    visit_every_place(listen_for_3_ticks, false, canceled);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(during_first_polls),
        cmocka_unit_test(while_an_interrupts_wakes_are_taken_over),
        cmocka_unit_test(while_a_limit_strikes),
        cmocka_unit_test(while_a_task_ends_and_is_spawned_again),
        cmocka_unit_test(while_a_handler_comes_and_goes),
        cmocka_unit_test(while_tasks_are_canceled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
