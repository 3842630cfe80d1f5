// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// A driver as a service: the temperature from a sensor on some bus.
//
// This header is all that a client needs: the message types, the description that ties them to a
// UUID, and how to start the driver.

#ifndef THERMOMETER_H
#define THERMOMETER_H

#include <mnemos/service.h>
#include <mnemos/timer.h>

typedef struct thermometer_reading {
    int32_t millicelsius; // thousandths of a degree
} thermometer_reading_t;

typedef enum thermometer_error {
    THERMOMETER_NO_SENSOR = 1, // nothing answers on the bus
    THERMOMETER_BAD_CHECKSUM,  // three conversions in a row arrived damaged
} thermometer_error_t;

// Name, text, UUID; then request, response, error, hello and connect error. A request carries
// nothing here, and every client is welcome.
#define THERMOMETER_SERVICE(X)                                                                 \
    X(thermometer, "thermometer", MN_UUID(0x8c1f0b5e, 0x3a77, 0x4d0c, 0x9d51, 0x6a2b7e40c913), \
      mn_unit_t, thermometer_reading_t, thermometer_error_t, mn_unit_t, mn_unit_t)
MN_SERVICE_DECLARE(THERMOMETER_SERVICE)

// What the driver needs of the hardware. A board implements it with its bus; a test with a table.
typedef struct thermometer_bus {
    mn_status_t (*start_conversion)(void *context);              // MN_OK or MN_EIO: no answer
    mn_status_t (*read_result)(void *context, int32_t *reading); // MN_OK or MN_EBADFRAME: damaged
    void *context;
} thermometer_bus_t;

enum { THERMOMETER_QUEUE = 4, THERMOMETER_CONVERSION_MS = 100, THERMOMETER_ATTEMPTS = 3 };

// The driver: a task, its service, and what lives across its waits.
typedef struct thermometer {
    mn_task_t task;
    thermometer_server_t server;
    thermometer_request_t slots[THERMOMETER_QUEUE];
    thermometer_request_t *request; // the one that is being served
    thermometer_bus_t bus;
    mn_timer_t timer;
    unsigned attempts;
} thermometer_t;

// Register the service and spawn the driver's task. MN_OK, MN_EEXISTS or MN_EFULL.
mn_status_t thermometer_start(thermometer_t *thermometer, mn_registry_t *registry,
                              const thermometer_bus_t *bus);

#endif
