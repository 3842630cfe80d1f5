// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The thermometer driver on a desktop: a kernel on a clock of our own, a simulated sensor, and a
// client that asks five times. Nothing here waits in real time; the clock jumps to the next
// deadline, so the program prints the same every time.

#include "thermometer.h"

#include <mnemos/kernel.h>
#include <mnemos/port.h>
#include <stdio.h>
#include <stdlib.h>

// --- the port: three functions that every platform defines ---

uint32_t mn_port_irq_save(void) {
    return 0; // this program has no interrupts
}

void mn_port_irq_restore(uint32_t state) {
    (void)state;
}

_Noreturn void mn_port_panic(const mn_panic_t *panic) {
    fprintf(stderr, "panic: %s (%s:%d)\n", panic->message, panic->file ? panic->file : "?",
            panic->line);
    exit(EXIT_FAILURE);
}

// --- the simulated sensor ---

// What each conversion gives; the damaged ones are read again by the driver.
typedef struct conversion {
    mn_status_t start;
    mn_status_t read;
    int32_t millicelsius;
} conversion_t;

typedef struct sensor {
    const conversion_t *next;
} sensor_t;

static const conversion_t conversions[] = {
    {MN_OK, MN_OK, 21500},    {MN_OK, MN_EBADFRAME, 0}, {MN_OK, MN_OK, -3250},
    {MN_EIO, MN_OK, 0},       {MN_OK, MN_EBADFRAME, 0}, {MN_OK, MN_EBADFRAME, 0},
    {MN_OK, MN_EBADFRAME, 0}, {MN_OK, MN_OK, 85125},
};

static mn_status_t sensor_start(void *context) {
    sensor_t *sensor = context;
    if (sensor->next->start != MN_OK) {
        sensor->next++;
        return MN_EIO;
    }
    return MN_OK;
}

static mn_status_t sensor_read(void *context, int32_t *millicelsius) {
    sensor_t *sensor = context;
    *millicelsius = sensor->next->millicelsius;
    return (sensor->next++)->read;
}

// --- a client ---

typedef struct reader {
    mn_task_t task;
    mn_registry_t *registry;
    thermometer_client_t client;
    unsigned count;
} reader_t;

static void print_answer(reader_t *self, mn_status_t status) {
    const unsigned long long ms = mn_now(self->task.kernel) / 1000;
    if (status == MN_OK) {
        printf("%4llu ms: %d m°C\n", ms, (int)thermometer_response(&self->client)->millicelsius);
    } else if (status == MN_EFAILED) {
        printf("%4llu ms: error %d\n", ms, (int)*thermometer_error(&self->client));
    } else {
        printf("%4llu ms: %s\n", ms, mn_status_text(status));
    }
}

static mn_status_t reader_poll(mn_task_t *task) {
    reader_t *self = MN_CONTAINER_OF(task, reader_t, task);
    const mn_unit_t nothing = {0};
    mn_status_t status = MN_OK;
    MN_BEGIN(task);
    MN_AWAIT(status, thermometer_connect(&self->client, self->registry, task, &nothing));
    for (self->count = 0; status == MN_OK && self->count < 5; self->count++) {
        MN_AWAIT(status, thermometer_call(&self->client, task, &nothing));
        print_answer(self, status);
        if (status == MN_EFAILED) {
            status = MN_OK; // the driver is there; only this reading failed
        }
    }
    return status;
    MN_END();
}

static void reader_drop(mn_task_t *task) {
    thermometer_disconnect(&MN_CONTAINER_OF(task, reader_t, task)->client);
}

static const mn_task_type_t reader_type = {"reader", reader_poll, reader_drop};

// --- the program ---

static uint64_t clock_now(void *context) {
    return *(const uint64_t *)context;
}

int main(void) {
    static uint64_t now; // microseconds
    static uint8_t heap[4096];
    static mn_kernel_t kernel;
    static mn_registry_t registry;
    static thermometer_t thermometer;
    static reader_t reader;

    const mn_kernel_config_t config = {.heap = heap,
                                       .heap_size = sizeof(heap),
                                       .now = clock_now,
                                       .clock_context = &now,
                                       .tick_hz = 1000000};
    sensor_t sensor = {.next = conversions};
    const thermometer_bus_t bus = {sensor_start, sensor_read, &sensor};

    if (mn_kernel_init(&kernel, &config) != MN_OK) {
        return EXIT_FAILURE;
    }
    mn_registry_init(&registry, &kernel, 4);
    reader.registry = &registry;
    mn_spawn(&kernel, &reader.task, &reader_type, NULL); // it waits until the service is there
    if (thermometer_start(&thermometer, &registry, &bus) != MN_OK) {
        return EXIT_FAILURE;
    }
    while (mn_task_state(&reader.task) != MN_TASK_ENDED) {
        const mn_tick_report_t report = mn_kernel_tick(&kernel);
        if (!report.has_remaining && report.next_deadline != MN_NEVER) {
            now = report.next_deadline;
        }
    }
    mn_cancel_now(&thermometer.task);
    return (mn_task_result(&reader.task) == MN_OK) ? EXIT_SUCCESS : EXIT_FAILURE;
}
