// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Tasks from the kernel's heap give their storage back exactly once, whoever learns of their end
// and in whatever order; and the kernel's list of tasks tells the truth about all of them.

#include "test_kernel.h"
#include "test_port.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static test_task_t *spawn_from_heap(test_kernel_t *tk, mn_status_t (*step)(test_task_t *self)) {
    mn_task_t *task = NULL;
    assert_int_equal(mn_spawn_new(&tk->kernel, sizeof(test_task_t), &test_task_type, NULL, &task),
                     MN_OK);
    test_task_t *self = MN_CONTAINER_OF(task, test_task_t, task);
    self->step = step;
    return self;
}

static mn_status_t finish(test_task_t *self) {
    (void)self;
    return MN_OK;
}

static mn_status_t yield_and_finish(test_task_t *self) {
    MN_BEGIN(&self->task);
    MN_AWAIT(self->status, mn_sleep(&self->timer, &self->task, 1));
    MN_END();
}

static mn_status_t join_context(test_task_t *self) {
    mn_status_t result = MN_PENDING;
    mn_status_t status = mn_join(self->context, &self->wait, &self->task, &result);
    self->status = (status == MN_OK) ? result : status;
    return status;
}

// ---------------------------------------------------------------------------------------------
// Storage

static void a_new_task_is_zeroed_and_waits_for_its_owner(void **state) {
    test_kernel_t *tk = *state;
    void *junk = NULL;
    mn_heap_owner_t owner = MN_HEAP_OWNER_INIT("junk", 0);
    assert_int_equal(mn_alloc(&tk->kernel, &owner, 2000, 0, &junk), MN_OK);
    memset(junk, 0xA5, 2000);
    assert_int_equal(mn_free(&tk->kernel, junk), MN_OK);
    assert_int_equal(mn_heap_owner_remove(&tk->kernel.heap, &owner), MN_OK);
    test_task_t *task = spawn_from_heap(tk, NULL);
    const test_task_t zero = {0};
    const size_t rest = offsetof(test_task_t, step);
    assert_memory_equal((const char *)task + rest, (const char *)&zero + rest, sizeof(zero) - rest);
    assert_string_equal(task->task.name, "test");
    assert_int_equal(task->task.polls, 0);
    test_kernel_run(tk);
    assert_int_equal(task->task.polls, 1);
    mn_cancel_now(&task->task);
    mn_task_release(&task->task);
    assert_int_equal(test_kernel_heap_in_use(tk), 0);
}

static void end_a_task(test_kernel_t *tk, unsigned way) {
    test_task_t *task = spawn_from_heap(tk, (way % 2 == 0) ? finish : yield_and_finish);
    test_task_t joiner = {0};
    switch (way / 2) {
    case 0: // detached before it runs
        mn_task_detach(&task->task);
        break;
    case 1: // released after the end
        test_kernel_run_to_end(tk, &task->task);
        mn_task_release(&task->task);
        break;
    case 2: // detached after the end
        test_kernel_run_to_end(tk, &task->task);
        mn_task_detach(&task->task);
        break;
    case 3: // joined before the end
        test_task_spawn(tk, &joiner, "joiner", join_context, &task->task);
        assert_int_equal(test_kernel_run_to_end(tk, &joiner.task), MN_OK);
        break;
    case 4: // joined after the end
        test_kernel_run_to_end(tk, &task->task);
        test_task_spawn(tk, &joiner, "joiner", join_context, &task->task);
        assert_int_equal(test_kernel_run_to_end(tk, &joiner.task), MN_OK);
        break;
    case 5: // detached and canceled
        mn_task_detach(&task->task);
        mn_cancel(&task->task);
        break;
    case 6: // detached while being joined
        task->step = yield_and_finish;
        test_task_spawn(tk, &joiner, "joiner", join_context, &task->task);
        test_kernel_run(tk);
        mn_task_detach(&task->task);
        assert_int_equal(test_kernel_run_to_end(tk, &joiner.task), MN_OK);
        assert_int_equal(joiner.status, MN_OK);
        break;
    default: // canceled and released at once
        mn_cancel_now(&task->task);
        mn_task_release(&task->task);
        break;
    }
    test_kernel_advance(tk, 1);
}

// Ten thousand tasks through every door leave nothing behind.
static void storage_comes_back_whichever_way_a_task_ends(void **state) {
    test_kernel_t *tk = *state;
    const size_t in_use = test_kernel_heap_in_use(tk);
    for (unsigned i = 0; i < 10000; i++) {
        end_a_task(tk, i % 16);
        if (test_kernel_heap_in_use(tk) != in_use) {
            fail_msg("way %u leaks", i % 16);
        }
    }
    assert_null(mn_kernel_next_task(&tk->kernel, NULL));
}

// The end is known to the joiner, but it did not run yet; meanwhile somebody detaches the task. The
// storage must stay until the joiner has looked, or has been canceled.
static void a_task_detached_after_its_end_waits_for_its_joiner(void **state) {
    test_kernel_t *tk = *state;
    for (int canceled = 0; canceled < 2; canceled++) {
        test_task_t joiner = {0};
        test_task_t *task = spawn_from_heap(tk, NULL);
        test_task_spawn(tk, &joiner, "joiner", join_context, &task->task);
        test_kernel_run(tk);
        mn_cancel_now(&task->task);
        mn_task_detach(&task->task);
        assert_int_not_equal(test_kernel_heap_in_use(tk), 0);
        if (canceled != 0) {
            mn_cancel_now(&joiner.task);
        } else {
            test_kernel_run(tk);
            assert_int_equal(joiner.status, MN_ECANCELED);
        }
        assert_int_equal(test_kernel_heap_in_use(tk), 0);
    }
}

// Also with every poll timed, which looks at the task after its poll.
static void timed_tasks_give_their_storage_back_too(void **state) {
    (void)state;
    test_kernel_t tk;
    test_kernel_init(&tk, &(mn_kernel_config_t){.time_polls = true}, 0);
    for (unsigned i = 0; i < 160; i++) {
        end_a_task(&tk, i % 16);
        assert_int_equal(test_kernel_heap_in_use(&tk), 0);
    }
    test_kernel_end(&tk);
}

static void a_full_heap_refuses_to_spawn(void **state) {
    test_kernel_t *tk = *state;
    mn_task_t *task = NULL;
    assert_int_equal(mn_spawn_new(&tk->kernel, 2 * TEST_KERNEL_HEAP, &test_task_type, NULL, &task),
                     MN_ETOOBIG);
    unsigned count = 0;
    mn_status_t status;
    while ((status = mn_spawn_new(&tk->kernel, 4096, &test_task_type, NULL, &task)) == MN_OK) {
        mn_task_detach(task);
        count++;
    }
    assert_int_equal(status, MN_ENOMEM);
    assert_in_range(count, 8, 16);
    // Nothing was spawned by the calls that failed.
    assert_int_equal(test_kernel_run(tk).polled, count);
    assert_int_equal(tk->kernel.task_owner.blocks, count);
    while ((task = (mn_task_t *)(uintptr_t)mn_kernel_next_task(&tk->kernel, NULL)) != NULL) {
        mn_cancel(task);
        test_kernel_run(tk);
    }
    assert_int_equal(test_kernel_heap_in_use(tk), 0);
}

static void only_ended_heap_tasks_are_released(void **state) {
    test_kernel_t *tk = *state;
    test_task_t local = {0};
    test_task_t *task = spawn_from_heap(tk, NULL);
    EXPECT_PANIC(mn_task_release(&task->task), "MN_TASK_ENDED");
    test_task_spawn(tk, &local, "local", finish, NULL);
    EXPECT_PANIC(mn_task_detach(&local.task), "MN__TASK_HEAP");
    test_kernel_run(tk);
    EXPECT_PANIC(mn_task_release(&local.task), "MN__TASK_HEAP");
    mn_cancel_now(&task->task);
    mn_task_release(&task->task);
}

// ---------------------------------------------------------------------------------------------
// The list of tasks

static unsigned count_tasks(const test_kernel_t *tk) {
    unsigned count = 0;
    for (const mn_task_t *task = mn_kernel_next_task(&tk->kernel, NULL); task != NULL;
         task = mn_kernel_next_task(&tk->kernel, task)) {
        test_note("%s", task->name);
        count++;
    }
    return count;
}

static void the_list_shows_every_task_that_has_not_ended(void **state) {
    test_kernel_t *tk = *state;
    test_task_t tasks[3] = {0};
    assert_int_equal(count_tasks(tk), 0);
    test_task_spawn(tk, &tasks[0], "a", NULL, NULL);
    test_task_spawn(tk, &tasks[1], NULL, finish, NULL);
    test_task_spawn(tk, &tasks[2], "c", NULL, NULL);
    assert_int_equal(count_tasks(tk), 3);
    assert_string_equal(test_notes(), "atestc");
    test_kernel_run(tk);
    assert_int_equal(count_tasks(tk), 2);
    mn_cancel(&tasks[0].task);
    assert_int_equal(count_tasks(tk), 2);
    test_kernel_run(tk);
    assert_int_equal(count_tasks(tk), 1);
    assert_string_equal(test_notes(), "acacc");
    mn_cancel_now(&tasks[2].task);
    assert_int_equal(count_tasks(tk), 0);
}

static void counters_start_again_with_each_life(void **state) {
    test_kernel_t *tk = *state;
    test_task_t task = {0};
    for (unsigned life = 0; life < 2; life++) {
        mn_spawn(&tk->kernel, &task.task, &test_task_type, "t");
        test_kernel_run(tk);
        for (unsigned i = 0; i < 3; i++) {
            mn_task_wake(&task.task);
            mn_task_wake(&task.task);
            test_kernel_run(tk);
        }
        assert_int_equal(task.task.polls, 4);
        assert_int_equal(mn_task_wakes(&task.task), 3);
        mn_cancel_now(&task.task);
        // They can still be read after the end.
        assert_int_equal(task.task.polls, 4);
    }
}

#define TEST(function) \
    cmocka_unit_test_setup_teardown(function, test_kernel_setup, test_kernel_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_new_task_is_zeroed_and_waits_for_its_owner),
        TEST(storage_comes_back_whichever_way_a_task_ends),
        TEST(a_task_detached_after_its_end_waits_for_its_joiner),
        cmocka_unit_test(timed_tasks_give_their_storage_back_too),
        TEST(a_full_heap_refuses_to_spawn),
        TEST(only_ended_heap_tasks_are_released),
        TEST(the_list_shows_every_task_that_has_not_ended),
        TEST(counters_start_again_with_each_life),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
