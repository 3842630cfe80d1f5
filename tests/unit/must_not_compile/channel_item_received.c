// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// A channel gives items of its own type only.
// expect: incompatible pointer type

#include <mnemos/channel.h>

MN_CHANNEL_TYPE(numbers, int)

mn_status_t receive_something_else(numbers_t *channel, mn_task_t *task, float *item);

mn_status_t receive_something_else(numbers_t *channel, mn_task_t *task, float *item) {
    return numbers_receive(channel, task, item);
}
