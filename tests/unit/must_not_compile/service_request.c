// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// A service is sent what is not its request: its own response type.
// expect: incompatible.pointer.type

#include <mnemos/service.h>

typedef struct adder_terms {
    int32_t a, b;
} adder_terms_t;

typedef struct adder_sum {
    int32_t sum;
} adder_sum_t;

#define ADDER_SERVICE(X)                                                                      \
    X(adder, "adder", MN_UUID(1, 2, 3, 4, 5), adder_terms_t, adder_sum_t, int32_t, mn_unit_t, \
      mn_unit_t)
MN_SERVICE_DECLARE(ADDER_SERVICE)

mn_status_t ask(adder_client_t *client, mn_task_t *task);

mn_status_t ask(adder_client_t *client, mn_task_t *task) {
    adder_sum_t sum = {.sum = 1};
    return adder_call(client, task, &sum);
}
