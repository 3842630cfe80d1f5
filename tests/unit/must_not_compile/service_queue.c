// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// A client of one service is accepted into a request queue of another.
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

#define TWIN_SERVICE(X)                                                                      \
    X(twin, "twin", MN_UUID(6, 7, 8, 9, 10), adder_terms_t, adder_sum_t, int32_t, mn_unit_t, \
      mn_unit_t)
MN_SERVICE_DECLARE(TWIN_SERVICE)

mn_status_t let_in(twin_handshake_t *handshake, adder_requests_t *requests);

mn_status_t let_in(twin_handshake_t *handshake, adder_requests_t *requests) {
    return twin_accept(handshake, requests);
}
