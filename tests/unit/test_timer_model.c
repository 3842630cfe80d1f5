// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The timer wheel against its definition: hundreds of timers are started, moved and canceled at
// random, near and far, and the clock creeps and jumps. At every firing the whole set is looked
// through for one that should have come first.

#include "test_kernel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TIMERS 300U
#define STEPS 100000U

typedef struct node {
    mn_task_t task;
    mn_timer_t timer;
    uint64_t sequence; // of its latest start
    bool active;       // started, and its firing was not seen yet
    bool ahead;        // its deadline was in the future when it was started
} node_t;

typedef struct model {
    test_kernel_t tk;
    node_t nodes[TIMERS];
    uint64_t random;
    uint64_t sequence;
    uint64_t fired;
} model_t;

static model_t *model; // for the tasks

static uint64_t next_random(void) {
    model->random ^= model->random << 13;
    model->random ^= model->random >> 7;
    model->random ^= model->random << 17;
    return model->random;
}

// ---------------------------------------------------------------------------------------------
// What must hold

static void check_firing(const node_t *node) {
    assert_true(node->timer.deadline <= model->tk.now);
    for (unsigned i = 0; i < TIMERS; i++) {
        const node_t *other = &model->nodes[i];
        if (!other->active || other == node) {
            continue;
        }
        if (other->timer.deadline == node->timer.deadline) {
            assert_true(other->sequence > node->sequence);
        } else if (other->ahead && node->ahead) {
            assert_true(other->timer.deadline > node->timer.deadline);
        }
    }
}

static mn_status_t node_poll(mn_task_t *task) {
    node_t *node = MN_CONTAINER_OF(task, node_t, task);
    if (mn_timer_fired(&node->timer) && node->active) {
        check_firing(node);
        node->active = false;
        model->fired++;
    }
    return MN_PENDING;
}

static void node_drop(mn_task_t *task) {
    mn_timer_cancel(&MN_CONTAINER_OF(task, node_t, task)->timer);
}

static const mn_task_type_t node_type = {"node", node_poll, node_drop};

static uint64_t earliest(void) {
    uint64_t first = MN_NEVER;
    for (unsigned i = 0; i < TIMERS; i++) {
        const node_t *node = &model->nodes[i];
        if (node->active && !mn_timer_fired(&node->timer) && node->timer.deadline < first) {
            first = node->timer.deadline;
        }
    }
    return first;
}

static mn_tick_report_t checked_tick(void) {
    mn_tick_report_t report = mn_kernel_tick(&model->tk.kernel);
    const uint64_t first = earliest();
    assert_true(report.next_deadline <= first || report.next_deadline <= model->tk.now);
    if (!report.has_remaining) {
        assert_true(first > model->tk.now);
        assert_true(report.next_deadline > model->tk.now);
        assert_int_equal(report.next_deadline == MN_NEVER, first == MN_NEVER);
    }
    return report;
}

// ---------------------------------------------------------------------------------------------
// What happens

// A distance of up to 2^40 ticks; each order of magnitude is as likely as any other.
static uint64_t random_distance(void) {
    const unsigned bits = (unsigned)(next_random() % 41);
    return next_random() & ((UINT64_C(1) << bits) - 1);
}

static void start_random(node_t *node) {
    uint64_t deadline = model->tk.now + random_distance();
    switch (next_random() % 4) {
    case 0: // many that are equal although they were started at different times
        deadline += (next_random() % 2 == 0) ? 63 : 4095;
        deadline &= ~(uint64_t)31;
        break;
    case 1: // some in the past
        deadline -= (next_random() % 2 == 0 && model->tk.now > 1000) ? next_random() % 1000 : 0;
        break;
    default:
        break;
    }
    mn_timer_start(&node->timer, &node->task, deadline);
    node->sequence = ++model->sequence;
    node->active = true;
    node->ahead = deadline > model->tk.now;
}

static void change_random(void) {
    node_t *node = &model->nodes[next_random() % TIMERS];
    if (node->active && mn_timer_fired(&node->timer)) {
        return; // it is about to be seen
    }
    if (next_random() % 4 != 0) {
        start_random(node);
    } else {
        mn_timer_cancel(&node->timer);
        node->active = false;
    }
}

static void pass_time(mn_tick_report_t report) {
    switch (next_random() % 16) {
    case 0:
        model->tk.now += random_distance() >> 4;
        break;
    case 1:
    case 2:
    case 3:
    case 4:
        if (report.next_deadline > model->tk.now && report.next_deadline != MN_NEVER) {
            model->tk.now = report.next_deadline;
        }
        break;
    default:
        model->tk.now += next_random() % 40;
        break;
    }
}

// Going from one announced deadline to the next reaches every timer after a bounded number of
// steps: seven levels, and once for each 2^35 ticks.
static void drain(void) {
    for (uint64_t first = earliest(); first != MN_NEVER; first = earliest()) {
        uint64_t left = 8 + (first >> 35) - (model->tk.now >> 35);
        const uint64_t fired = model->fired;
        while (model->fired == fired) {
            mn_tick_report_t report = checked_tick();
            if (!report.has_remaining && model->fired == fired) {
                assert_true(left-- != 0);
                assert_true(report.next_deadline <= first);
                model->tk.now = report.next_deadline;
            }
        }
    }
    test_kernel_run(&model->tk);
}

static void run_model(uint64_t start, uint32_t max_polls, uint64_t seed) {
    model = calloc(1, sizeof(*model));
    assert_non_null(model);
    model->random = seed;
    test_kernel_init(&model->tk, &(mn_kernel_config_t){.max_polls = max_polls}, start);
    for (unsigned i = 0; i < TIMERS; i++) {
        mn_spawn(&model->tk.kernel, &model->nodes[i].task, &node_type, NULL);
    }
    test_kernel_run(&model->tk);
    mn_tick_report_t report = {.next_deadline = MN_NEVER};
    for (unsigned step = 0; step < STEPS; step++) {
        if (next_random() % 3 != 0) {
            change_random();
        } else {
            pass_time(report);
            report = checked_tick();
        }
    }
    // Also where more is started than one tick can settle, time goes on.
    assert_true(model->fired > STEPS / 50);
    drain();
    assert_int_equal(mn_kernel_tick(&model->tk.kernel).next_deadline, MN_NEVER);
    for (unsigned i = 0; i < TIMERS; i++) {
        mn_cancel(&model->nodes[i].task);
    }
    test_kernel_run(&model->tk);
    test_kernel_end(&model->tk);
    free(model);
}

static void timers_fire_as_defined(void **state) {
    (void)state;
    run_model(0, 0, 1);
}

static void timers_fire_as_defined_at_huge_times(void **state) {
    (void)state;
    run_model(UINT64_MAX / 2 - 12345, 0, 2);
}

// So few timers are handled in one tick that moving them between levels is always interrupted.
static void timers_fire_as_defined_with_tiny_ticks(void **state) {
    (void)state;
    run_model((UINT64_C(1) << 35) - 100, 1, 3);
    run_model(UINT64_MAX / 2 - 100, 3, 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_fire_as_defined),
        cmocka_unit_test(timers_fire_as_defined_at_huge_times),
        cmocka_unit_test(timers_fire_as_defined_with_tiny_ticks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
