// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include <mnemos/retry.h>

void mn_retry_init(mn_retry_t *retry, const mn_retry_policy_t *policy) {
    MN_ASSERT(policy->min_us <= policy->max_us);
    *retry = (mn_retry_t){.policy = *policy, .pause_us = policy->min_us};
}

static bool worth_another(const mn_retry_t *retry, mn_status_t outcome) {
    const mn_retry_policy_t *policy = &retry->policy;
    if (outcome >= MN_OK || (policy->max_retries != 0 && retry->retries == policy->max_retries)) {
        return false;
    }
    return policy->retryable == NULL || policy->retryable(outcome);
}

static uint32_t longer(const mn_retry_policy_t *policy, uint32_t pause_us) {
    return (pause_us > policy->max_us / 2) ? policy->max_us : pause_us * 2;
}

// At least one tick: with pauses that are shorter, a loop of attempts that never wait themselves
// would not let go of the kernel.
static uint64_t pause_ticks(const mn_retry_t *retry, const mn_task_t *task) {
    const uint64_t ticks = mn_us(task->kernel, retry->pause_us);
    return (ticks == 0) ? 1 : ticks;
}

mn_status_t mn_retry_pause(mn_retry_t *retry, mn_task_t *task, mn_status_t outcome) {
    if (!retry->pausing) {
        if (!worth_another(retry, outcome)) {
            return MN_ECANCELED;
        }
        retry->retries++;
        retry->pausing = true;
    }
    mn_status_t status = mn_sleep(&retry->timer, task, pause_ticks(retry, task));
    if (status == MN_OK) {
        retry->pausing = false;
        retry->pause_us = longer(&retry->policy, retry->pause_us);
    }
    return status;
}

void mn_retry_cancel(mn_retry_t *retry) {
    mn_timer_cancel(&retry->timer);
    retry->pausing = false;
}
