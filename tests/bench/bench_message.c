// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Sixteen bytes from one task to another and back: by channels, by the registry; and through a byte
// ring, beside a plain copy of the same bytes.

#include "bench.h"
#include "bench_system.h"
#include <mnemos/channel.h>
#include <mnemos/ring.h>
#include <mnemos/service.h>
#include <mnemos/util.h>
#include <stdatomic.h>
#include <string.h>

typedef struct message {
    uint64_t value, unused;
} message_t;

// ---------------------------------------------------------------------------------------------
// Two tasks and two channels

MN_CHANNEL_TYPE(pipe, message_t)

typedef struct partner {
    mn_task_t task;
    mn_wait_t room;
    message_t message;
    unsigned left;
} partner_t;

static pipe_t there, back;
static message_t there_items[2], back_items[2];
static partner_t asker, answerer;

static mn_status_t asker_poll(mn_task_t *task) {
    partner_t *self = MN_CONTAINER_OF(task, partner_t, task);
    mn_status_t status;
    MN_BEGIN(task);
    for (;;) {
        MN_AWAIT(status, (self->left == 0) ? MN_PENDING : MN_OK);
        MN_AWAIT(status, pipe_send(&there, &self->room, task, &self->message));
        MN_AWAIT(status, pipe_receive(&back, task, &self->message));
        self->left--;
    }
    MN_END();
}

static mn_status_t answerer_poll(mn_task_t *task) {
    partner_t *self = MN_CONTAINER_OF(task, partner_t, task);
    mn_status_t status;
    MN_BEGIN(task);
    for (;;) {
        MN_AWAIT(status, pipe_receive(&there, task, &self->message));
        self->message.value++;
        MN_AWAIT(status, pipe_send(&back, &self->room, task, &self->message));
    }
    MN_END();
}

static const mn_task_type_t asker_type = {"asker", asker_poll, NULL};
static const mn_task_type_t answerer_type = {"answerer", answerer_poll, NULL};

static void start_channels(void) {
    bench_kernel_start(false);
    pipe_init(&there, there_items, 2, false);
    pipe_init(&back, back_items, 2, false);
    asker = (partner_t){0};
    answerer = (partner_t){0};
    mn_spawn(&bench_kernel, &asker.task, &asker_type, NULL);
    mn_spawn(&bench_kernel, &answerer.task, &answerer_type, NULL);
    bench_kernel_run();
}

static void round_trip(unsigned iterations) {
    asker.left = iterations;
    mn_task_wake(&asker.task);
    bench_kernel_run();
}

// ---------------------------------------------------------------------------------------------
// A service and its client

#define ECHO_SERVICE(X)                                                                     \
    X(echo, "echo", MN_UUID(0x0e5b2c1a, 0x6d2f, 0x4b8e, 0x9a77, 0x3c1f0d2b4a68), message_t, \
      message_t, mn_unit_t, mn_unit_t, mn_unit_t)
MN_SERVICE_DECLARE(ECHO_SERVICE)
MN_SERVICE_DEFINE(ECHO_SERVICE)

typedef struct caller {
    mn_task_t task;
    echo_client_t client;
    message_t message;
    unsigned left;
} caller_t;

typedef struct server {
    mn_task_t task;
    echo_server_t server;
    echo_request_t slots[4];
} server_t;

static mn_registry_t registry;
static caller_t caller;
static server_t server;

static mn_status_t caller_poll(mn_task_t *task) {
    static const mn_unit_t hello = {0};
    caller_t *self = MN_CONTAINER_OF(task, caller_t, task);
    mn_status_t status;
    MN_BEGIN(task);
    MN_AWAIT(status, echo_connect(&self->client, &registry, task, &hello));
    for (;;) {
        MN_AWAIT(status, (self->left == 0) ? MN_PENDING : MN_OK);
        MN_AWAIT(status, echo_call(&self->client, task, &self->message));
        self->message = *echo_response(&self->client);
        self->left--;
    }
    MN_END();
}

static mn_status_t server_poll(mn_task_t *task) {
    server_t *self = MN_CONTAINER_OF(task, server_t, task);
    echo_request_t *request = NULL;
    mn_status_t status;
    MN_BEGIN(task);
    for (;;) {
        MN_AWAIT(status, echo_next(&self->server, task, &request));
        request->body.value++;
        (void)echo_reply(request, &request->body);
    }
    MN_END();
}

static const mn_task_type_t caller_type = {"caller", caller_poll, NULL};
static const mn_task_type_t server_type = {"server", server_poll, NULL};

static void start_service(void) {
    bench_kernel_start(false);
    mn_registry_init(&registry, &bench_kernel, 16);
    caller = (caller_t){0};
    server = (server_t){0};
    const mn_status_t status = echo_serve(&server.server, &registry, server.slots, 4);
    MN_ASSERT(status == MN_OK);
    mn_spawn(&bench_kernel, &server.task, &server_type, NULL);
    mn_spawn(&bench_kernel, &caller.task, &caller_type, NULL);
    bench_kernel_run();
}

static void request_and_reply(unsigned iterations) {
    caller.left = iterations;
    mn_task_wake(&caller.task);
    bench_kernel_run();
}

// ---------------------------------------------------------------------------------------------
// A ring

#define CHUNK 16

uint8_t bench_source[CHUNK], bench_middle[4096], bench_sink[CHUNK]; // not static: they are used

static mn_ring_t ring;

static void start_ring(void) {
    mn_ring_init(&ring, bench_middle, sizeof(bench_middle));
}

static void by_grants(unsigned iterations) {
    mn_span_t grant;
    for (; iterations != 0; iterations--) {
        if (mn_ring_grant(&ring, CHUNK, &grant) == MN_OK) {
            memcpy(grant.data, bench_source, CHUNK);
            mn_ring_commit(&ring, CHUNK);
        }
        if (mn_ring_read(&ring, &grant) == MN_OK) {
            memcpy(bench_sink, grant.data, CHUNK);
            mn_ring_release(&ring, CHUNK);
        }
    }
}

static void by_copy(unsigned iterations) {
    mn_span_t grant;
    for (; iterations != 0; iterations--) {
        (void)mn_ring_write(&ring, bench_source, CHUNK);
        if (mn_ring_read(&ring, &grant) == MN_OK) {
            memcpy(bench_sink, grant.data, CHUNK);
            mn_ring_release(&ring, CHUNK);
        }
    }
}

// The same bytes into the same buffer and out again, without a ring.
static void plain_copy(unsigned iterations) {
    size_t at = 0;
    for (; iterations != 0; iterations--) {
        memcpy(&bench_middle[at], bench_source, CHUNK);
        atomic_signal_fence(memory_order_seq_cst);
        memcpy(bench_sink, &bench_middle[at], CHUNK);
        atomic_signal_fence(memory_order_seq_cst);
        at = (at + CHUNK) % sizeof(bench_middle);
    }
}

static const bench_t benches[] = {
    {.name = "task_round_trip",
     .unit = "ns",
     .setup = start_channels,
     .run = round_trip,
     .count = 2560},
    {.name = "registry_round_trip",
     .unit = "ns",
     .aim = 25,
     .setup = start_service,
     .run = request_and_reply,
     .count = 2560},
    {.name = "ring_grant_16",
     .unit = "ns",
     .aim = 10,
     .setup = start_ring,
     .run = by_grants,
     .count = 5120},
    {.name = "ring_write_16", .unit = "ns", .setup = start_ring, .run = by_copy, .count = 5120},
    {.name = "memcpy_16_twice", .unit = "ns", .run = plain_copy, .count = 5120},
};

const bench_table_t bench_message_table = {benches, MN_COUNT_OF(benches), "message"};
