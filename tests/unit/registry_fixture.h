// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// What the tests of the registry share: a service whose messages are all numbers, and tasks that
// are its clients and servers. Their structs come from malloc() and are freed as soon as their task
// has ended, so that a sanitizer sees whoever still refers to them.
//
// The tasks do nothing but wait; the tests call the operations in their names.

#ifndef REGISTRY_FIXTURE_H
#define REGISTRY_FIXTURE_H

#include "test_kernel.h"
#include "test_port.h"

#include <mnemos/registry.h>
#include <mnemos/service.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define NUMBER_SERVICE(X)                                                                      \
    X(number, "number", MN_UUID(0x05bcd4b7, 0xdd81, 0x434a, 0xa958, 0xf18ee84f8635), uint32_t, \
      uint32_t, uint32_t, uint32_t, uint32_t)
MN_SERVICE_DECLARE(NUMBER_SERVICE)

// --- a kernel and a registry ---

typedef struct world {
    test_kernel_t tk;
    mn_registry_t registry;
} world_t;

static inline int world_setup(void **state) {
    world_t *world = malloc(sizeof(*world));
    assert_non_null(world);
    test_kernel_init(&world->tk, NULL, 0);
    mn_registry_init(&world->registry, &world->tk.kernel, 16);
    *state = world;
    return 0;
}

static inline int world_teardown(void **state) {
    world_t *world = *state;
    assert_int_equal(world->registry.count, 0); // every test ends its services
    test_kernel_end(&world->tk);
    free(world);
    return 0;
}

#define WORLD_TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)

// --- clients ---

#define CLIENT_CALLS 4

typedef struct client {
    test_task_t task;
    number_client_t client;
    number_call_t calls[CLIENT_CALLS];
} client_t;

static inline void client_drop(test_task_t *task) {
    number_disconnect(&MN_CONTAINER_OF(task, client_t, task)->client);
}

static inline client_t *client_new(world_t *world, const char *name) {
    client_t *self = calloc(1, sizeof(*self));
    assert_non_null(self);
    self->task.on_drop = client_drop;
    test_task_spawn(&world->tk, &self->task, name, NULL, NULL);
    test_kernel_run(&world->tk);
    return self;
}

// Cancel the client's task and free its struct.
static inline void client_end(world_t *world, client_t *self) {
    test_task_cancel(&world->tk, &self->task);
    free(self);
}

static inline mn_status_t client_connect(world_t *world, client_t *self, uint32_t hello) {
    return number_connect(&self->client, &world->registry, &self->task.task, &hello);
}

static inline mn_status_t client_try_connect(world_t *world, client_t *self, uint32_t hello) {
    return number_try_connect(&self->client, &world->registry, &self->task.task, &hello);
}

static inline mn_status_t client_call(client_t *self, uint32_t request) {
    return number_call(&self->client, &self->task.task, &request);
}

static inline mn_status_t client_call_with(client_t *self, unsigned call, uint32_t request) {
    return number_call_with(&self->client, &self->calls[call], &self->task.task, &request);
}

static inline uint32_t client_response(const client_t *self) {
    return *number_response(&self->client);
}

// --- servers ---

#define SERVER_SLOTS 2

typedef struct server {
    test_task_t task;
    number_server_t server;
    number_request_t slots[SERVER_SLOTS];
    number_handshake_t handshake;
} server_t;

static inline void server_drop(test_task_t *task) {
    server_t *self = MN_CONTAINER_OF(task, server_t, task);
    mn_handshake_drop(&self->handshake.handshake);
    number_close(&self->server);
}

// A task that can become a service.
static inline server_t *server_idle(world_t *world, const char *name) {
    server_t *self = calloc(1, sizeof(*self));
    assert_non_null(self);
    self->task.on_drop = server_drop;
    test_task_spawn(&world->tk, &self->task, name, NULL, NULL);
    test_kernel_run(&world->tk);
    return self;
}

static inline server_t *server_new(world_t *world) {
    server_t *self = server_idle(world, "server");
    assert_int_equal(number_serve(&self->server, &world->registry, self->slots, SERVER_SLOTS),
                     MN_OK);
    return self;
}

static inline void server_end(world_t *world, server_t *self) {
    test_task_cancel(&world->tk, &self->task);
    free(self);
}

static inline mn_status_t server_next(server_t *self, number_request_t **request) {
    return number_next(&self->server, &self->task.task, request);
}

static inline mn_status_t server_next_handshake(server_t *self) {
    return number_next_handshake(&self->server.listener, &self->task.task, &self->handshake);
}

// Take the request that must be there.
static inline number_request_t *server_take(server_t *self) {
    number_request_t *request = NULL;
    assert_int_equal(server_next(self, &request), MN_OK);
    assert_non_null(request);
    return request;
}

static inline mn_status_t answer(number_request_t *request, uint32_t response) {
    return number_reply(request, &response);
}

// A new client, connected to `server` with nothing else happening.
static inline client_t *client_connected(world_t *world, server_t *server, const char *name) {
    client_t *client = client_new(world, name);
    assert_int_equal(client_connect(world, client, 1), MN_PENDING);
    number_request_t *request = NULL;
    assert_int_equal(server_next(server, &request), MN_PENDING);
    assert_int_equal(client_connect(world, client, 1), MN_OK);
    test_kernel_run(&world->tk); // take the wakes
    return client;
}

// Number of slots of a queue that could take a request now.
static inline unsigned free_slots(const mn_requests_t *requests) {
    return requests->room.queue.units;
}

static inline unsigned server_free_slots(const server_t *server) {
    return free_slots(&server->server.requests.requests);
}

#endif
