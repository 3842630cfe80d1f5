// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// A channel takes items of its own type only.
// expect: incompatible pointer type

#include <mnemos/channel.h>

MN_CHANNEL_TYPE(numbers, int)

mn_status_t send_something_else(numbers_t *channel, const float *item);

mn_status_t send_something_else(numbers_t *channel, const float *item) {
    return numbers_try_send(channel, item);
}
