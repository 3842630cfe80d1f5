// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup retry Retry
/// @brief Trying again with growing pauses.
///
/// @code
/// mn_retry_init(&self->retry, &policy);
/// do {
///     MN_AWAIT(status, read_register(self, task));
///     MN_AWAIT(again, mn_retry_pause(&self->retry, task, status));
/// } while (again == MN_OK);
/// @endcode
/// @{

#ifndef MNEMOS_RETRY_H
#define MNEMOS_RETRY_H

#include <mnemos/timer.h>

#ifdef __cplusplus
extern "C" {
#endif

/// @brief How to retry; usually `static const`.
typedef struct mn_retry_policy {
    uint32_t min_us;      ///< first pause in microseconds
    uint32_t max_us;      ///< longest pause in microseconds, at least @ref min_us
    uint32_t max_retries; ///< attempts after the first; 0 for no limit
    /// Whether an error is worth another attempt; NULL retries every error.
    bool (*retryable)(mn_status_t error);
} mn_retry_policy_t;

/// @brief Pauses of 5, 10, 20 … ms up to 2 s, without end.
#define MN_RETRY_DEFAULT ((mn_retry_policy_t){.min_us = 5000, .max_us = 2000000})

/// @brief One series of attempts.
typedef struct mn_retry {
    mn_retry_policy_t policy; ///< read-only
    uint32_t pause_us;        ///< read-only: length of the next pause
    uint32_t retries;         ///< read-only: pauses begun so far
    mn_timer_t timer;         ///< @private
    bool pausing;             ///< @private
} mn_retry_t;

/// @brief Begin a series: the first pause is the shortest, no retries are used up.
/// @param[out] retry the series
/// @param[in] policy copied
void mn_retry_init(mn_retry_t *retry, const mn_retry_policy_t *policy);

/// @brief After an attempt: decide whether there is another one, and pause before it.
///
/// Each pause is twice the one before, up to the policy's longest, and lasts for one clock tick at
/// the least.
/// @param[in,out] retry the series
/// @param[in,out] task the calling task
/// @param[in] outcome what the attempt answered
/// @retval MN_OK try again
/// @retval MN_ECANCELED no further attempt: @p outcome was success, is not retryable, or the
/// retries are used up
/// @retval MN_PENDING pausing
/// @task_only @may_wait
mn_status_t mn_retry_pause(mn_retry_t *retry, mn_task_t *task, mn_status_t outcome);

/// @brief Withdraw a pause.
/// @param[in,out] retry the series
/// @task_only
void mn_retry_cancel(mn_retry_t *retry);

#ifdef __cplusplus
}
#endif

#endif
/// @}
