// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// How tasks begin and end: dropped exactly once whichever way they end, joined by one task, their
// storage given back when it should be and not before.

#include "test_kernel.h"
#include "test_port.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static mn_status_t end_with_context(test_task_t *self) {
    const mn_status_t *result = self->context;
    return *result;
}

static mn_status_t join_context(test_task_t *self) {
    test_task_t *other = self->context;
    mn_status_t result = MN_PENDING;
    mn_status_t status = mn_join(&other->task, &self->wait, &self->task, &result);
    if (status == MN_OK) {
        test_note("%s:%s;", self->task.name, mn_status_name(result));
    } else if (status != MN_PENDING) {
        test_note("%s!%s;", self->task.name, mn_status_name(status));
    }
    return status;
}

static test_task_t *spawn_from_heap(test_kernel_t *tk, mn_status_t (*step)(test_task_t *self),
                                    void *context) {
    mn_task_t *task = NULL;
    assert_int_equal(mn_spawn_new(&tk->kernel, sizeof(test_task_t), &test_task_type, NULL, &task),
                     MN_OK);
    test_task_t *self = MN_CONTAINER_OF(task, test_task_t, task);
    self->step = step;
    self->context = context;
    return self;
}

// ---------------------------------------------------------------------------------------------
// Ending

// Every result that can be given is kept, and the task is dropped once.
static void a_task_ends_with_what_its_poll_answered(void **state) {
    test_kernel_t *tk = *state;
    static const mn_status_t results[] = {
#define VALUE(name, value, text) (name),
        MN_STATUS_LIST(VALUE)
#undef VALUE
    };
    for (size_t i = 0; i < MN_COUNT_OF(results); i++) {
        if (results[i] == MN_PENDING) {
            continue;
        }
        test_task_t task = {0};
        mn_status_t result = results[i];
        assert_int_equal(mn_task_state(&task.task), MN_TASK_NEW);
        test_task_spawn(tk, &task, "t", end_with_context, &result);
        assert_int_equal(mn_task_state(&task.task), MN_TASK_LIVE);
        assert_int_equal(mn_task_result(&task.task), MN_PENDING);
        test_kernel_run(tk);
        assert_int_equal(mn_task_state(&task.task), MN_TASK_ENDED);
        assert_int_equal(mn_task_result(&task.task), result);
        assert_int_equal(task.drops, 1);
    }
}

static void check_canceled_now(test_kernel_t *tk, test_task_t *task, unsigned polls) {
    mn_cancel_now(&task->task);
    assert_int_equal(mn_task_state(&task->task), MN_TASK_ENDED);
    assert_int_equal(mn_task_result(&task->task), MN_ECANCELED);
    mn_cancel_now(&task->task);
    test_kernel_run(tk);
    assert_int_equal(task->drops, 1);
    assert_int_equal(task->task.polls, polls);
}

// Never polled, waiting, ready: canceled at once or with the next tick, without another poll.
static void a_task_can_be_canceled_in_every_state(void **state) {
    test_kernel_t *tk = *state;
    for (int now = 0; now < 2; now++) {
        for (unsigned how = 0; how < 3; how++) {
            test_task_t task = {0};
            test_task_t others[2] = {0};
            test_task_spawn(tk, &others[0], "before", NULL, NULL);
            test_task_spawn(tk, &task, "t", NULL, NULL);
            test_task_spawn(tk, &others[1], "after", NULL, NULL);
            if (how != 0) {
                test_kernel_run(tk);
            }
            if (how == 2) {
                mn_task_wake(&others[0].task);
                mn_task_wake(&task.task);
                mn_task_wake(&others[1].task);
            }
            if (now != 0) {
                check_canceled_now(tk, &task, how != 0);
            } else {
                test_task_cancel(tk, &task);
                assert_int_equal(task.task.polls, how != 0);
            }
            assert_int_equal(others[0].task.polls, (how == 2) ? 2 : 1);
            assert_int_equal(others[1].task.polls, (how == 2) ? 2 : 1);
            mn_cancel_now(&others[0].task);
            mn_cancel_now(&others[1].task);
        }
    }
}

// The only ready task, the first and the last one: the queue stays whole.
static void canceling_now_leaves_the_queue_whole(void **state) {
    test_kernel_t *tk = *state;
    for (unsigned count = 1; count <= 4; count++) {
        for (unsigned victim = 0; victim < count; victim++) {
            test_task_t tasks[5] = {0};
            for (unsigned i = 0; i < count; i++) {
                test_task_spawn(tk, &tasks[i], "t", NULL, NULL);
            }
            mn_cancel_now(&tasks[victim].task);
            test_task_spawn(tk, &tasks[count], "late", NULL, NULL);
            assert_int_equal(test_kernel_run(tk).polled, count);
            for (unsigned i = 0; i <= count; i++) {
                assert_int_equal(tasks[i].task.polls, i != victim);
                mn_cancel_now(&tasks[i].task);
            }
        }
    }
}

static void canceling_twice_or_after_the_end_does_nothing(void **state) {
    test_kernel_t *tk = *state;
    test_task_t task = {0};
    mn_status_t result = MN_EIO;
    mn_cancel_now(&task.task);
    test_task_spawn(tk, &task, "t", NULL, NULL);
    mn_cancel(&task.task);
    mn_cancel(&task.task);
    mn_task_wake(&task.task);
    assert_int_equal(mn_task_result(&task.task), MN_PENDING);
    assert_int_equal(test_kernel_run(tk).completed, 1);
    assert_int_equal(task.drops, 1);
    test_task_spawn(tk, &task, "t", end_with_context, &result);
    test_kernel_run(tk);
    mn_cancel(&task.task);
    mn_cancel_now(&task.task);
    test_kernel_run(tk);
    assert_int_equal(mn_task_result(&task.task), MN_EIO);
    assert_int_equal(task.drops, 1);
}

static mn_status_t cancel_context(test_task_t *self) {
    test_task_t *other = self->context;
    mn_cancel(&other->task);
    assert_int_equal(other->drops, 1);
    return MN_OK;
}

static void tasks_cancel_each_other_but_not_themselves(void **state) {
    test_kernel_t *tk = *state;
    test_task_t first = {0};
    test_task_t second = {0};
    test_task_spawn(tk, &first, "first", cancel_context, &second);
    test_task_spawn(tk, &second, "second", cancel_context, &first);
    test_kernel_run(tk);
    assert_int_equal(mn_task_result(&first.task), MN_OK);
    assert_int_equal(mn_task_result(&second.task), MN_ECANCELED);
    assert_int_equal(second.task.polls, 0);
    test_task_spawn(tk, &first, "first", cancel_context, &first);
    EXPECT_PANIC(test_kernel_run(tk), "current != task");
    mn_cancel_now(&first.task);
}

static void spawn_again(test_kernel_t *tk, test_task_t *task) {
    mn_spawn(&tk->kernel, &task->task, &test_task_type, "again");
}

// A live or ending task is still the kernel's: spawning it again would tear the queue.
static void only_a_new_or_ended_task_is_spawned(void **state) {
    test_kernel_t *tk = *state;
    test_task_t task = {0};
    test_task_spawn(tk, &task, "t", NULL, NULL);
    EXPECT_PANIC(spawn_again(tk, &task), "MN_TASK_NEW");
    test_kernel_run(tk);
    EXPECT_PANIC(spawn_again(tk, &task), "MN_TASK_NEW");
    mn_cancel(&task.task);
    EXPECT_PANIC(spawn_again(tk, &task), "MN_TASK_NEW");
    test_kernel_run(tk);
    spawn_again(tk, &task);
    assert_int_equal(task.task.polls, 0);
    assert_int_equal(test_kernel_run(tk).polled, 1);
    assert_string_equal(task.task.name, "again");
    test_kernel_run(tk);
    mn_cancel_now(&task.task);
}

static mn_status_t leak_timer(test_task_t *self) {
    mn_timer_start(&self->timer, &self->task, 1000);
    return MN_OK;
}

static mn_status_t leak_wait(test_task_t *self) {
    (void)mn_wait_queue_wait(self->context, &self->wait, &self->task);
    return MN_EIO;
}

static const mn_task_type_t careless = {"careless", NULL, NULL};

static mn_status_t poll_step(mn_task_t *task) {
    test_task_t *self = MN_CONTAINER_OF(task, test_task_t, task);
    return self->step(self);
}

static void run_careless(test_kernel_t *tk, mn_status_t (*step)(test_task_t *self), void *context) {
    mn_task_type_t type = careless;
    type.poll = poll_step;
    test_task_t task = {.step = step, .context = context};
    mn_spawn(&tk->kernel, &task.task, &type, NULL);
    test_kernel_run(tk);
}

// What would be a dangling pointer later stops the system now, whether assertions are on or off.
static void a_wait_that_outlives_its_task_stops_the_system(void **state) {
    test_kernel_t *tk = *state;
    mn_wait_queue_t queue;
    test_task_t other = {0};
    mn_wait_queue_init(&queue);
    test_task_spawn(tk, &other, "other", NULL, NULL);
    EXPECT_PANIC_ALWAYS(run_careless(tk, leak_timer, NULL), "wait still linked");
    assert_string_equal(test_panic()->task, "careless");
    EXPECT_PANIC_ALWAYS(run_careless(tk, leak_wait, &queue), "wait still linked");
    mn_cancel_now(&other.task);
}

// ---------------------------------------------------------------------------------------------
// Joining

static void a_joiner_gets_the_result(void **state) {
    test_kernel_t *tk = *state;
    static const mn_status_t result = MN_EFAILED;
    test_task_t worker = {0};
    test_task_t joiner = {0};
    test_task_spawn(tk, &worker, "worker", NULL, NULL);
    test_task_spawn(tk, &joiner, "j", join_context, &worker);
    test_kernel_run(tk);
    assert_string_equal(test_notes(), "");
    worker.step = end_with_context;
    worker.context = (void *)(uintptr_t)&result;
    mn_task_wake(&worker.task);
    test_kernel_run(tk);
    assert_string_equal(test_notes(), "j:MN_EFAILED;");
    // After the end anybody may join, without waiting.
    test_task_spawn(tk, &joiner, "late", join_context, &worker);
    assert_int_equal(test_kernel_run(tk).polled, 1);
    assert_string_equal(test_notes(), "late:MN_EFAILED;");
}

static void a_joiner_learns_of_a_cancellation(void **state) {
    test_kernel_t *tk = *state;
    test_task_t worker = {0};
    test_task_t joiner = {0};
    test_task_spawn(tk, &worker, "worker", NULL, NULL);
    test_task_spawn(tk, &joiner, "j", join_context, &worker);
    test_kernel_run(tk);
    mn_cancel(&worker.task);
    mn_kernel_tick(&tk->kernel);
    assert_string_equal(test_notes(), "j:MN_ECANCELED;");
}

static void one_joiner_at_a_time(void **state) {
    test_kernel_t *tk = *state;
    test_task_t worker = {0};
    test_task_t joiners[3] = {0};
    test_task_spawn(tk, &worker, "worker", NULL, NULL);
    test_task_spawn(tk, &joiners[0], "a", join_context, &worker);
    test_task_spawn(tk, &joiners[1], "b", join_context, &worker);
    test_kernel_run(tk);
    assert_string_equal(test_notes(), "b!MN_EBUSY;");
    // Withdrawn before the end: the next one can join.
    test_task_cancel(tk, &joiners[0]);
    test_task_spawn(tk, &joiners[2], "c", join_context, &worker);
    test_kernel_run(tk);
    mn_cancel(&worker.task);
    test_kernel_run(tk);
    assert_string_equal(test_notes(), "c:MN_ECANCELED;");
}

// The joiner has been woken by the end but did not run yet. Until it has, the result is its own:
// nobody else may take it and give the storage back. If it is canceled the next one can.
static void the_result_waits_for_the_joiner(void **state) {
    test_kernel_t *tk = *state;
    test_task_t joiners[2] = {0};
    for (int canceled = 0; canceled < 2; canceled++) {
        test_task_t *worker = spawn_from_heap(tk, NULL, NULL);
        test_task_spawn(tk, &joiners[0], "a", join_context, worker);
        test_kernel_run(tk);
        mn_cancel_now(&worker->task);
        mn_status_t result = MN_PENDING;
        mn_wait_t wait = {0};
        test_task_spawn(tk, &joiners[1], "b", NULL, NULL);
        assert_int_equal(mn_join(&worker->task, &wait, &joiners[1].task, &result), MN_EBUSY);
        if (canceled != 0) {
            mn_cancel_now(&joiners[0].task);
            assert_int_equal(mn_join(&worker->task, &wait, &joiners[1].task, &result), MN_OK);
            assert_int_equal(result, MN_ECANCELED);
        } else {
            test_kernel_run(tk);
            assert_string_equal(test_notes(), "a:MN_ECANCELED;");
        }
        assert_int_equal(test_kernel_heap_in_use(tk), 0);
        mn_cancel_now(&joiners[1].task);
    }
}

#define TEST(function) \
    cmocka_unit_test_setup_teardown(function, test_kernel_setup, test_kernel_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_task_ends_with_what_its_poll_answered),
        TEST(a_task_can_be_canceled_in_every_state),
        TEST(canceling_now_leaves_the_queue_whole),
        TEST(canceling_twice_or_after_the_end_does_nothing),
        TEST(tasks_cancel_each_other_but_not_themselves),
        TEST(only_a_new_or_ended_task_is_spawned),
        TEST(a_wait_that_outlives_its_task_stops_the_system),
        TEST(a_joiner_gets_the_result),
        TEST(a_joiner_learns_of_a_cancellation),
        TEST(one_joiner_at_a_time),
        TEST(the_result_waits_for_the_joiner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
