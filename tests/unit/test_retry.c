// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Trying again: the lengths of the pauses, the number of attempts, and which errors end it.

#include "test_kernel.h"
#include "test_port.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

typedef struct device {
    const mn_retry_policy_t *policy;
    mn_retry_t retry;
    unsigned fail;       // attempts that fail before one works
    mn_status_t error;   // how they fail
    unsigned attempts;   // made so far
    uint64_t last;       // when the latest was
    mn_status_t outcome; // of the latest
} device_t;

static mn_status_t attempt(device_t *device, uint64_t now) {
    if (device->attempts++ != 0) {
        test_note("%u ", (unsigned)(now - device->last));
    }
    device->last = now;
    return (device->attempts > device->fail) ? MN_OK : device->error;
}

// The loop as the header shows it.
static mn_status_t persist(test_task_t *self) {
    device_t *device = self->context;
    MN_BEGIN(&self->task);
    mn_retry_init(&device->retry, device->policy);
    do {
        MN_AWAIT(device->outcome, attempt(device, mn_now(self->task.kernel)));
        MN_AWAIT(self->status, mn_retry_pause(&device->retry, &self->task, device->outcome));
    } while (self->status == MN_OK);
    return device->outcome;
    MN_END();
}

static void drop_retry(test_task_t *self) {
    device_t *device = self->context;
    mn_retry_cancel(&device->retry);
}

// Run the loop to its end; the test_notes() are the pauses between attempts in microseconds.
static mn_status_t run(test_kernel_t *tk, device_t *device, const mn_retry_policy_t *policy) {
    test_task_t task = {.on_drop = drop_retry};
    device->policy = policy;
    device->attempts = 0;
    test_task_spawn(tk, &task, "persistent", persist, device);
    return test_kernel_run_to_end(tk, &task.task);
}

// ---------------------------------------------------------------------------------------------

static void success_at_the_first_attempt_does_not_wait(void **state) {
    test_kernel_t *tk = *state;
    device_t device = {.fail = 0, .error = MN_EIO};
    assert_int_equal(run(tk, &device, &MN_RETRY_DEFAULT), MN_OK);
    assert_int_equal(device.attempts, 1);
    assert_int_equal(tk->now, 0);
}

static void the_default_pauses_5_10_20_ms(void **state) {
    test_kernel_t *tk = *state;
    device_t device = {.fail = 3, .error = MN_EIO};
    assert_int_equal(run(tk, &device, &MN_RETRY_DEFAULT), MN_OK);
    assert_int_equal(device.attempts, 4);
    assert_string_equal(test_notes(), "5000 10000 20000 ");
    // Up to 2 s, and not for ever doubling.
    device.fail = 12;
    assert_int_equal(run(tk, &device, &MN_RETRY_DEFAULT), MN_OK);
    assert_string_equal(test_notes(), "5000 10000 20000 40000 80000 160000 320000 640000 1280000 "
                                      "2000000 2000000 2000000 ");
}

// The longest pause is a limit that is kept, whether doubling meets it or jumps over it.
static void no_pause_exceeds_the_longest(void **state) {
    test_kernel_t *tk = *state;
    static const struct {
        uint32_t min_us, max_us;
        const char *pauses;
    } cases[] = {
        {5, 20, "5 10 20 20 20 "},
        {10, 15, "10 15 15 15 15 "},
        {7, 7, "7 7 7 7 7 "},
        {1000, 3999, "1000 2000 3999 3999 3999 "},
        {UINT32_MAX / 2, UINT32_MAX, "2147483647 4294967294 4294967295 4294967295 4294967295 "},
        {UINT32_MAX, UINT32_MAX, "4294967295 4294967295 4294967295 4294967295 4294967295 "},
    };
    for (size_t i = 0; i < MN_COUNT_OF(cases); i++) {
        const mn_retry_policy_t policy = {.min_us = cases[i].min_us, .max_us = cases[i].max_us};
        device_t device = {.fail = 5, .error = MN_EBUSY};
        assert_int_equal(run(tk, &device, &policy), MN_OK);
        assert_string_equal(test_notes(), cases[i].pauses);
    }
}

// n retries are n + 1 attempts, and no pause follows the last.
static void the_number_of_retries_is_exact(void **state) {
    test_kernel_t *tk = *state;
    for (unsigned retries = 1; retries < 6; retries++) {
        const mn_retry_policy_t policy = {.min_us = 10, .max_us = 10, .max_retries = retries};
        device_t device = {.fail = 100, .error = MN_EIO};
        const uint64_t begin = tk->now;
        assert_int_equal(run(tk, &device, &policy), MN_EIO);
        assert_int_equal(device.attempts, retries + 1);
        assert_int_equal(device.retry.retries, retries);
        assert_int_equal(tk->now - begin, retries * 10);
        // The last of them may still succeed.
        device.fail = retries;
        assert_int_equal(run(tk, &device, &policy), MN_OK);
        assert_int_equal(device.attempts, retries + 1);
    }
}

static void without_a_limit_it_goes_on(void **state) {
    test_kernel_t *tk = *state;
    const mn_retry_policy_t policy = {.min_us = 1, .max_us = 1};
    device_t device = {.fail = 1000, .error = MN_EIO};
    assert_int_equal(run(tk, &device, &policy), MN_OK);
    assert_int_equal(device.attempts, 1001);
}

static bool is_transient(mn_status_t error) {
    return error == MN_EBUSY || error == MN_ETIMEDOUT;
}

static void an_error_that_is_not_retryable_ends_it_at_once(void **state) {
    test_kernel_t *tk = *state;
    const mn_retry_policy_t policy = {.min_us = 10, .max_us = 10, .retryable = is_transient};
    device_t device = {.fail = 5, .error = MN_EPERM};
    assert_int_equal(run(tk, &device, &policy), MN_EPERM);
    assert_int_equal(device.attempts, 1);
    device.error = MN_EBUSY;
    assert_int_equal(run(tk, &device, &policy), MN_OK);
    assert_int_equal(device.attempts, 6);
}

// Each series begins with the shortest pause and all its retries, whatever came before.
static void a_policy_can_be_used_again(void **state) {
    test_kernel_t *tk = *state;
    const mn_retry_policy_t policy = {.min_us = 10, .max_us = 100, .max_retries = 3};
    for (int i = 0; i < 3; i++) {
        device_t device = {.fail = 3, .error = MN_EIO};
        (void)test_notes();
        assert_int_equal(run(tk, &device, &policy), MN_OK);
        assert_string_equal(test_notes(), "10 20 40 ");
    }
}

// A pause is at least one tick: a coarse clock must not make it a loop that never lets go.
static void a_pause_shorter_than_a_tick_still_lets_others_run(void **state) {
    (void)state;
    test_kernel_t tk;
    static const uint32_t shortest[] = {0, 1, 999};
    for (size_t i = 0; i < MN_COUNT_OF(shortest); i++) {
        const mn_retry_policy_t policy = {.min_us = shortest[i], .max_us = shortest[i]};
        device_t device = {.fail = 10, .error = MN_EIO};
        test_kernel_init(&tk, &(mn_kernel_config_t){.tick_hz = 1000}, 0);
        assert_int_equal(run(&tk, &device, &policy), MN_OK);
        assert_int_equal(tk.now, 10);
        test_kernel_end(&tk);
    }
}

static void a_pause_is_withdrawn_with_its_task(void **state) {
    test_kernel_t *tk = *state;
    const mn_retry_policy_t policy = {.min_us = 1000, .max_us = 1000};
    device_t device = {.policy = &policy, .fail = 5, .error = MN_EIO};
    test_task_t task = {.on_drop = drop_retry};
    test_task_spawn(tk, &task, "persistent", persist, &device);
    test_kernel_advance(tk, 1500);
    assert_int_equal(device.attempts, 2);
    test_task_cancel(tk, &task);
    assert_true(test_kernel_run(tk).next_deadline == MN_NEVER);
    mn_retry_cancel(&device.retry);
}

// A spurious poll in a pause neither ends it nor counts as another retry.
static void a_spurious_poll_does_not_count(void **state) {
    test_kernel_t *tk = *state;
    const mn_retry_policy_t policy = {.min_us = 1000, .max_us = 1000, .max_retries = 1};
    device_t device = {.policy = &policy, .fail = 1, .error = MN_EIO};
    test_task_t task = {.on_drop = drop_retry};
    test_task_spawn(tk, &task, "persistent", persist, &device);
    for (unsigned i = 0; i < 9; i++) {
        test_kernel_advance(tk, 100);
        mn_task_wake(&task.task);
    }
    assert_int_equal(test_kernel_run_to_end(tk, &task.task), MN_OK);
    assert_int_equal(device.attempts, 2);
    assert_int_equal(tk->now, 1000);
}

static void a_policy_must_make_sense(void **state) {
    (void)state;
    mn_retry_t retry;
    const mn_retry_policy_t policy = {.min_us = 11, .max_us = 10};
    EXPECT_PANIC(mn_retry_init(&retry, &policy), "min_us");
}

#define TEST(function) \
    cmocka_unit_test_setup_teardown(function, test_kernel_setup, test_kernel_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(success_at_the_first_attempt_does_not_wait),
        TEST(the_default_pauses_5_10_20_ms),
        TEST(no_pause_exceeds_the_longest),
        TEST(the_number_of_retries_is_exact),
        TEST(without_a_limit_it_goes_on),
        TEST(an_error_that_is_not_retryable_ends_it_at_once),
        TEST(a_policy_can_be_used_again),
        cmocka_unit_test(a_pause_shorter_than_a_tick_still_lets_others_run),
        TEST(a_pause_is_withdrawn_with_its_task),
        TEST(a_spurious_poll_does_not_count),
        TEST(a_policy_must_make_sense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
