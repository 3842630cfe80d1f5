// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Semaphore and mutex: units are never lost or made up, they go to whoever came first, and nobody
// takes what was granted to another.

#include "test_kernel.h"
#include "test_port.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { TASKS = 12 };

typedef struct fixture {
    test_kernel_t tk;
    test_task_t tasks[TASKS]; // passive: the test calls the operations in their names
    mn_semaphore_t semaphore;
    mn_mutex_t mutex;
} fixture_t;

static fixture_t f;

static int setup(void **state) {
    (void)state;
    memset(&f, 0, sizeof(f));
    test_kernel_init(&f.tk, NULL, 0);
    for (unsigned i = 0; i < TASKS; i++) {
        test_task_spawn(&f.tk, &f.tasks[i], "t", NULL, NULL);
    }
    mn_mutex_init(&f.mutex);
    test_kernel_run(&f.tk);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    for (unsigned i = 0; i < TASKS; i++) {
        mn_cancel_now(&f.tasks[i].task);
    }
    test_kernel_end(&f.tk);
    return 0;
}

static mn_status_t acquire(unsigned i) {
    return mn_semaphore_acquire(&f.semaphore, &f.tasks[i].wait, &f.tasks[i].task);
}

static mn_status_t lock(unsigned i) {
    return mn_mutex_lock(&f.mutex, &f.tasks[i].wait, &f.tasks[i].task);
}

// ---------------------------------------------------------------------------------------------
// Semaphore

static void a_semaphore_has_as_many_units_as_it_was_given(void **state) {
    (void)state;
    mn_semaphore_init(&f.semaphore, 3);
    assert_int_equal(acquire(0), MN_OK);
    assert_int_equal(mn_semaphore_try_acquire(&f.semaphore), MN_OK);
    assert_int_equal(acquire(1), MN_OK);
    assert_int_equal(acquire(2), MN_PENDING);
    assert_int_equal(mn_semaphore_try_acquire(&f.semaphore), MN_EBUSY);
    mn_semaphore_release(&f.semaphore);
    // It is the waiter's already, although that has not run yet.
    assert_int_equal(mn_semaphore_try_acquire(&f.semaphore), MN_EBUSY);
    assert_int_equal(acquire(3), MN_PENDING);
    assert_true(test_task_woken(&f.tk, &f.tasks[2]));
    assert_int_equal(acquire(2), MN_OK);
}

// More releases than acquisitions make more units: a semaphore may count events.
static void a_semaphore_counts(void **state) {
    (void)state;
    mn_semaphore_init(&f.semaphore, 0);
    for (unsigned i = 0; i < 1000; i++) {
        mn_semaphore_release(&f.semaphore);
    }
    for (unsigned i = 0; i < 1000; i++) {
        assert_int_equal(acquire(0), MN_OK);
    }
    assert_int_equal(acquire(0), MN_PENDING);
    mn_semaphore_t full;
    mn_semaphore_init(&full, UINT32_MAX);
    EXPECT_PANIC(mn_semaphore_release(&full), "UINT32_MAX");
    assert_int_equal(mn_semaphore_try_acquire(&full), MN_OK);
    mn_semaphore_release(&full);
}

// What the model knows of each task.
typedef enum { IDLE, WAITING, HOLDING } role_t;

typedef struct model {
    role_t roles[TASKS];
    unsigned line[TASKS]; // who waits, first come first
    unsigned waiting;
    unsigned free;
} model_t;

static void leave_line(model_t *model, unsigned place) {
    model->waiting--;
    memmove(&model->line[place], &model->line[place + 1],
            (model->waiting - place) * sizeof(model->line[0]));
}

static unsigned place_of(const model_t *model, unsigned task) {
    unsigned place = 0;
    while (model->line[place] != task) {
        place++;
    }
    return place;
}

// The units that are free go to the first of the line, whether they have run or not.
static bool is_served(const model_t *model, unsigned task) {
    return place_of(model, task) < model->free;
}

static void poll_model(model_t *model, unsigned task) {
    const mn_status_t status = acquire(task);
    if (model->roles[task] == IDLE) {
        model->line[model->waiting++] = task;
        model->roles[task] = WAITING;
    }
    assert_int_equal(status, is_served(model, task) ? MN_OK : MN_PENDING);
    if (status == MN_OK) {
        leave_line(model, place_of(model, task));
        model->free--;
        model->roles[task] = HOLDING;
    }
}

static void step_model(model_t *model, unsigned task, unsigned dice) {
    if (model->roles[task] == HOLDING) {
        mn_semaphore_release(&f.semaphore);
        model->free++;
        model->roles[task] = IDLE;
    } else if (model->roles[task] == WAITING && dice == 0) {
        mn_wait_cancel(&f.tasks[task].wait);
        leave_line(model, place_of(model, task));
        model->roles[task] = IDLE;
    } else {
        poll_model(model, task);
    }
}

// Random tasks acquire, release and give up, granted or not; each answer must be the one that a
// plain line of people would get.
static void units_are_handed_out_as_in_a_line(void **state) {
    (void)state;
    for (unsigned units = 1; units <= 4; units++) {
        model_t model = {.free = units};
        uint32_t random = units;
        mn_semaphore_init(&f.semaphore, units);
        for (unsigned i = 0; i < 50000; i++) {
            random = random * 1664525U + 1013904223U;
            step_model(&model, (random >> 16) % TASKS, (random >> 28) % 4);
        }
        for (unsigned i = 0; i < TASKS; i++) {
            if (model.roles[i] != IDLE) {
                step_model(&model, i, 0);
            }
            assert_int_equal(f.tasks[i].task.waits, 0);
        }
        assert_int_equal(model.free, units);
    }
}

// ---------------------------------------------------------------------------------------------
// Mutex

static void a_mutex_is_handed_on_in_order(void **state) {
    (void)state;
    assert_int_equal(lock(0), MN_OK);
    assert_int_equal(mn_mutex_try_lock(&f.mutex), MN_EBUSY);
    for (unsigned i = 1; i < 4; i++) {
        assert_int_equal(lock(i), MN_PENDING);
    }
    for (unsigned i = 1; i < 4; i++) {
        mn_mutex_unlock(&f.mutex);
        assert_int_equal(mn_mutex_try_lock(&f.mutex), MN_EBUSY);
        assert_true(test_task_woken(&f.tk, &f.tasks[i]));
        for (unsigned k = i + 1; k < 4; k++) {
            assert_int_equal(lock(k), MN_PENDING);
        }
        assert_int_equal(lock(i), MN_OK);
    }
    mn_mutex_unlock(&f.mutex);
    assert_int_equal(mn_mutex_try_lock(&f.mutex), MN_OK);
    mn_mutex_unlock(&f.mutex);
}

static void a_mutex_that_is_not_locked_is_not_unlocked(void **state) {
    (void)state;
    EXPECT_PANIC(mn_mutex_unlock(&f.mutex), "KIND_MUTEX");
    assert_int_equal(lock(0), MN_OK);
    mn_mutex_unlock(&f.mutex);
    EXPECT_PANIC(mn_mutex_unlock(&f.mutex), "KIND_MUTEX");
}

// The lock was given to a task that is canceled before it runs: the next in line has it, and
// without one it is free.
static void a_lock_granted_to_a_canceled_task_is_handed_on(void **state) {
    (void)state;
    assert_int_equal(lock(0), MN_OK);
    assert_int_equal(lock(1), MN_PENDING);
    assert_int_equal(lock(2), MN_PENDING);
    mn_mutex_unlock(&f.mutex);
    test_task_cancel(&f.tk, &f.tasks[1]);
    assert_int_equal(mn_mutex_try_lock(&f.mutex), MN_EBUSY);
    test_task_cancel(&f.tk, &f.tasks[2]);
    assert_int_equal(mn_mutex_try_lock(&f.mutex), MN_OK);
}

static mn_status_t count_under_lock(test_task_t *self) {
    unsigned *inside = self->context;
    MN_BEGIN(&self->task);
    for (self->count = 0; self->count < 20; self->count++) {
        MN_AWAIT(self->status, mn_mutex_lock(&f.mutex, &self->wait, &self->task));
        assert_int_equal(++*inside, 1);
        MN_YIELD();
        MN_AWAIT(self->status, mn_sleep(&self->timer, &self->task, self->count % 3));
        assert_int_equal((*inside)--, 1);
        mn_mutex_unlock(&f.mutex);
    }
    MN_END();
}

// Real tasks, holding the lock across waits: never two inside, and all get through.
static void tasks_exclude_each_other(void **state) {
    (void)state;
    unsigned inside = 0;
    test_task_t tasks[4] = {0};
    for (unsigned i = 0; i < 4; i++) {
        test_task_spawn(&f.tk, &tasks[i], "worker", count_under_lock, &inside);
    }
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(test_kernel_run_to_end(&f.tk, &tasks[i].task), MN_OK);
        assert_int_equal(tasks[i].count, 20);
    }
    assert_int_equal(mn_mutex_try_lock(&f.mutex), MN_OK);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_semaphore_has_as_many_units_as_it_was_given),
        TEST(a_semaphore_counts),
        TEST(units_are_handed_out_as_in_a_line),
        TEST(a_mutex_is_handed_on_in_order),
        TEST(a_mutex_that_is_not_locked_is_not_unlocked),
        TEST(a_lock_granted_to_a_canceled_task_is_handed_on),
        TEST(tasks_exclude_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
