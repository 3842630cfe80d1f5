// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "thermometer.h"

MN_SERVICE_DEFINE(THERMOMETER_SERVICE)

// Answer the request in hand. Whether the client is still there does not matter to a driver.
static void succeed(thermometer_t *self, int32_t millicelsius) {
    const thermometer_reading_t reading = {.millicelsius = millicelsius};
    (void)thermometer_reply(self->request, &reading);
    self->request = NULL;
}

static void fail(thermometer_t *self, thermometer_error_t error) {
    (void)thermometer_fail(self->request, &error);
    self->request = NULL;
}

// Look at the result of a conversion. True if the request is answered.
static bool finish_attempt(thermometer_t *self) {
    int32_t millicelsius = 0;
    if (self->bus.read_result(self->bus.context, &millicelsius) == MN_OK) {
        succeed(self, millicelsius);
        return true;
    }
    self->attempts++;
    if (self->attempts == THERMOMETER_ATTEMPTS) {
        fail(self, THERMOMETER_BAD_CHECKSUM);
        return true;
    }
    return false;
}

static mn_status_t thermometer_poll(mn_task_t *task) {
    thermometer_t *self = MN_CONTAINER_OF(task, thermometer_t, task);
    mn_status_t status = MN_OK;
    MN_BEGIN(task);
    for (;;) {
        MN_AWAIT(status, thermometer_next(&self->server, task, &self->request));
        if (status != MN_OK) {
            return status;
        }
        self->attempts = 0;
        do {
            if (self->bus.start_conversion(self->bus.context) != MN_OK) {
                fail(self, THERMOMETER_NO_SENSOR);
                break;
            }
            MN_AWAIT(status,
                     mn_sleep(&self->timer, task, mn_ms(task->kernel, THERMOMETER_CONVERSION_MS)));
        } while (!finish_attempt(self));
    }
    MN_END();
}

// However the task ends: cancel its wait, and let go of its clients, who learn that it is gone.
static void thermometer_drop(mn_task_t *task) {
    thermometer_t *self = MN_CONTAINER_OF(task, thermometer_t, task);
    mn_timer_cancel(&self->timer);
    thermometer_close(&self->server);
}

static const mn_task_type_t thermometer_type = {"thermometer", thermometer_poll, thermometer_drop};

mn_status_t thermometer_start(thermometer_t *thermometer, mn_registry_t *registry,
                              const thermometer_bus_t *bus) {
    *thermometer = (thermometer_t){.bus = *bus};
    mn_status_t status =
        thermometer_serve(&thermometer->server, registry, thermometer->slots, THERMOMETER_QUEUE);
    if (status == MN_OK) {
        mn_spawn(registry->kernel, &thermometer->task, &thermometer_type, NULL);
    }
    return status;
}
