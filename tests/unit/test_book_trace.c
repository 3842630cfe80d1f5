// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The fragment that the book's chapter on traces shows, compiled and run.

//! [target]
#define MN_TRACE_TARGET "thermometer"

#include <mnemos/tracepoint.h>
//! [target]

#include "test_kernel.h"

// cmocka needs these before it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

typedef struct thermometer {
    test_task_t base;
    mn_trace_span_t span;
    int channel;
} thermometer_t;

static mn_status_t measure(thermometer_t *self, mn_task_t *task) {
    return mn_sleep(&self->base.timer, task, 100);
}

static mn_status_t read_sensor(test_task_t *base) {
    thermometer_t *self = MN_CONTAINER_OF(base, thermometer_t, base);
    mn_task_t *task = &base->task;
    const unsigned address = 0x48;
    const unsigned tries = 3;
    MN_BEGIN(task);
    //! [trace]
    mn_warn("sensor did not answer", "address", address, "tries", tries);

    mn_trace_enter(MN_TRACE_DEBUG, &self->span, "measuring", "channel", self->channel);
    MN_AWAIT(base->status, measure(self, task));
    mn_trace_exit(&self->span);
    //! [trace]
    MN_END();
}

static void trace_points_change_nothing_about_a_task(void **state) {
    test_kernel_t *tk = *state;
    thermometer_t thermometer = {.channel = 1};
    test_task_spawn(tk, &thermometer.base, "thermometer", read_sensor, NULL);
    assert_int_equal(test_kernel_run_to_end(tk, &thermometer.base.task), MN_OK);
    assert_int_equal(tk->now, 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(trace_points_change_nothing_about_a_task, test_kernel_setup,
                                        test_kernel_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
