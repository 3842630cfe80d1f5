// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Services as they are written: tasks that serve with one queue for all or one for each client,
// clients as straight-line code, services that use services, and two kernels.

#include "registry_fixture.h"

MN_SERVICE_DEFINE(NUMBER_SERVICE)

// Answers twice the number by asking the number service twice.
#define DOUBLER_SERVICE(X)                                                                       \
    X(doubler, "doubler", MN_UUID(0x54c983fa, 0x736f, 0x4223, 0xb90d, 0xc4360a308647), uint32_t, \
      uint32_t, mn_unit_t, mn_unit_t, mn_unit_t)
MN_SERVICE_DECLARE(DOUBLER_SERVICE)
MN_SERVICE_DEFINE(DOUBLER_SERVICE)

// ---------------------------------------------------------------------------------------------
// A service with a queue and a worker for each client

typedef struct worker {
    test_task_t task;
    number_requests_t requests;
    number_request_t slots[2];
} worker_t;

static void worker_drop(test_task_t *task) {
    mn_requests_close(&MN_CONTAINER_OF(task, worker_t, task)->requests.requests);
}

static mn_status_t next_or_gone(worker_t *self, number_request_t **request) {
    return (self->requests.requests.client_count == 0)
               ? MN_ECLOSED
               : number_next_request(&self->requests, &self->task.task, request);
}

// Adds one to every number until its client has gone.
static mn_status_t worker_step(test_task_t *task) {
    worker_t *self = MN_CONTAINER_OF(task, worker_t, task);
    number_request_t *request = NULL;
    MN_BEGIN(&task->task);
    for (;;) {
        MN_AWAIT(task->status, next_or_gone(self, &request));
        if (task->status != MN_OK) {
            return MN_OK;
        }
        (void)answer(request, request->body + 1);
    }
    MN_END();
}

typedef struct office {
    test_task_t task;
    world_t *world;
    number_listener_t listener;
    number_handshake_t handshake;
    worker_t *workers[4];
    unsigned hired;
} office_t;

static void office_drop(test_task_t *task) {
    office_t *self = MN_CONTAINER_OF(task, office_t, task);
    mn_handshake_drop(&self->handshake.handshake);
    mn_listener_close(&self->listener.listener);
    for (unsigned i = 0; i < self->hired; i++) {
        mn_cancel(&self->workers[i]->task.task);
    }
}

static void hire(office_t *self) {
    worker_t *worker = calloc(1, sizeof(*worker));
    assert_non_null(worker);
    self->workers[self->hired++] = worker;
    number_requests_init(&worker->requests, worker->slots, 2);
    worker->task.on_drop = worker_drop;
    test_task_spawn(&self->world->tk, &worker->task, "worker", worker_step, NULL);
    assert_int_equal(number_accept(&self->handshake, &worker->requests), MN_OK);
}

static mn_status_t office_step(test_task_t *task) {
    office_t *self = MN_CONTAINER_OF(task, office_t, task);
    const uint32_t reason = 666;
    MN_BEGIN(&task->task);
    for (;;) {
        MN_AWAIT(task->status,
                 number_next_handshake(&self->listener, &task->task, &self->handshake));
        if (task->status != MN_OK) {
            return task->status;
        }
        if (*number_hello(&self->handshake) == 1) {
            hire(self);
        } else {
            assert_int_equal(number_reject(&self->handshake, &reason), MN_OK);
        }
    }
    MN_END();
}

static office_t *office_new(world_t *world) {
    office_t *self = calloc(1, sizeof(*self));
    assert_non_null(self);
    self->world = world;
    assert_int_equal(number_listen(&self->listener, &world->registry), MN_OK);
    self->task.on_drop = office_drop;
    test_task_spawn(&world->tk, &self->task, "office", office_step, NULL);
    return self;
}

static void office_end(office_t *self) {
    world_t *world = self->world;
    test_task_cancel(&world->tk, &self->task);
    for (unsigned i = 0; i < self->hired; i++) {
        assert_int_equal(mn_task_state(&self->workers[i]->task.task), MN_TASK_ENDED);
        free(self->workers[i]);
    }
    free(self);
}

// ---------------------------------------------------------------------------------------------
// A client that does as it is told and notes what it gets

typedef struct visitor {
    client_t client;
    world_t *world;
    const char *tag;
    uint32_t hello;
    uint32_t request; // 0 does not call
} visitor_t;

static mn_status_t visitor_step(test_task_t *task) {
    visitor_t *self = MN_CONTAINER_OF(task, visitor_t, client.task);
    MN_BEGIN(&task->task);
    MN_AWAIT(task->status, client_connect(self->world, &self->client, self->hello));
    if (task->status != MN_OK) {
        test_note("%s %s;", self->tag, mn_status_name(task->status));
        return task->status;
    }
    while (self->request != 0) {
        MN_AWAIT(task->status, client_call(&self->client, self->request));
        test_note("%s %u;", self->tag, (unsigned)client_response(&self->client));
        self->request = 0;
        MN_AWAIT(task->status, (self->request == 0) ? MN_PENDING : MN_OK);
    }
    MN_END();
}

static visitor_t *visitor_new(world_t *world, const char *tag, uint32_t hello, uint32_t request) {
    visitor_t *self = calloc(1, sizeof(*self));
    assert_non_null(self);
    *self = (visitor_t){.world = world, .tag = tag, .hello = hello, .request = request};
    self->client.task.on_drop = client_drop;
    test_task_spawn(&world->tk, &self->client.task, tag, visitor_step, NULL);
    return self;
}

static void visitor_call(visitor_t *self, uint32_t request) {
    self->request = request;
    mn_task_wake(&self->client.task.task);
    test_kernel_run(&self->world->tk);
}

// Free the struct of one that has ended, or end it.
static void visitor_end(visitor_t *self) {
    if (mn_task_state(&self->client.task.task) == MN_TASK_LIVE) {
        test_task_cancel(&self->world->tk, &self->client.task);
    }
    free(self);
}

static void clients_have_queues_of_their_own(void **state) {
    world_t *world = *state;
    office_t *office = office_new(world);
    visitor_t *first = visitor_new(world, "first", 1, 1);
    test_kernel_run(&world->tk);
    assert_string_equal(test_notes(), "first 2;");
    visitor_t *second = visitor_new(world, "second", 2, 1);
    test_kernel_run(&world->tk);
    assert_string_equal(test_notes(), "second MN_EREJECTED;");
    assert_int_equal(*number_rejection(&second->client.client), 666);
    visitor_t *third = visitor_new(world, "third", 1, 2);
    test_kernel_run(&world->tk);
    visitor_call(first, 3);
    assert_string_equal(test_notes(), "third 3;first 4;");

    visitor_end(second);
    visitor_end(first); // its worker goes home
    assert_int_equal(mn_task_state(&office->workers[0]->task.task), MN_TASK_ENDED);
    visitor_call(third, 7);
    assert_string_equal(test_notes(), "third 8;");
    office_end(office);
    visitor_call(third, 9);
    test_notes();
    visitor_end(third);
}

// The service task runs, the client already waits, and only then does the service register.
static void clients_and_services_start_in_any_order(void **state) {
    world_t *world = *state;
    visitor_t *early = visitor_new(world, "early", 1, 1);
    test_kernel_run(&world->tk);
    assert_string_equal(test_notes(), "");
    office_t *office = office_new(world);
    visitor_t *late = visitor_new(world, "late", 1, 10);
    test_kernel_run(&world->tk);
    assert_string_equal(test_notes(), "early 2;late 11;");
    visitor_end(early);
    office_end(office);
    visitor_end(late);
}

// ---------------------------------------------------------------------------------------------
// A service with one queue for all

// Answers a request in each poll, so that the client takes its answer before the next request.
static mn_status_t counter_step(test_task_t *task) {
    server_t *self = MN_CONTAINER_OF(task, server_t, task);
    number_request_t *request = NULL;
    MN_BEGIN(&task->task);
    for (;;) {
        MN_AWAIT(task->status, server_next(self, &request));
        if (task->status != MN_OK) {
            return task->status;
        }
        test_note("#%u:%u;", (unsigned)request->request.client_id, (unsigned)request->body);
        (void)answer(request, request->body + 1);
        MN_YIELD();
    }
    MN_END();
}

static server_t *counter_new(world_t *world) {
    server_t *self = calloc(1, sizeof(*self));
    assert_non_null(self);
    assert_int_equal(number_serve(&self->server, &world->registry, self->slots, SERVER_SLOTS),
                     MN_OK);
    self->task.on_drop = server_drop;
    test_task_spawn(&world->tk, &self->task, "counter", counter_step, NULL);
    return self;
}

static void one_queue_serves_all_clients_in_order(void **state) {
    world_t *world = *state;
    visitor_t *a = visitor_new(world, "a", 0, 10);
    visitor_t *b = visitor_new(world, "b", 0, 20);
    server_t *server = counter_new(world);
    test_kernel_run(&world->tk);
    assert_string_equal(test_notes(), "#0:10;a 11;#1:20;b 21;");
    visitor_call(b, 30);
    visitor_call(a, 40);
    assert_string_equal(test_notes(), "#1:30;b 31;#0:40;a 41;");
    visitor_end(a);
    visitor_end(b);
    server_end(world, server);
}

// ---------------------------------------------------------------------------------------------
// Services that use services

typedef struct doubler {
    test_task_t task;
    world_t *world;
    doubler_server_t server;
    doubler_request_t slots[2];
    doubler_request_t *request;
    number_client_t number;
    uint32_t sum;
} doubler_t;

// Connects only while it is itself being connected to, which must not block either.
static mn_status_t doubler_step(test_task_t *task) {
    doubler_t *self = MN_CONTAINER_OF(task, doubler_t, task);
    mn_task_t *me = &task->task;
    const uint32_t hello = 1;
    MN_BEGIN(me);
    MN_AWAIT(task->status, number_connect(&self->number, &self->world->registry, me, &hello));
    for (;;) {
        MN_AWAIT(task->status, doubler_next(&self->server, me, &self->request));
        self->sum = 0;
        for (task->count = 0; task->count < 2; task->count++) {
            MN_AWAIT(task->status, number_call(&self->number, me, &self->request->body));
            if (task->status != MN_OK) {
                doubler_discard(self->request);
                return task->status;
            }
            self->sum += *number_response(&self->number);
        }
        (void)doubler_reply(self->request, &self->sum);
    }
    MN_END();
}

static void doubler_drop(test_task_t *task) {
    doubler_t *self = MN_CONTAINER_OF(task, doubler_t, task);
    number_disconnect(&self->number);
    doubler_close(&self->server);
}

static doubler_t *doubler_new(world_t *world) {
    doubler_t *self = calloc(1, sizeof(*self));
    assert_non_null(self);
    self->world = world;
    assert_int_equal(doubler_serve(&self->server, &world->registry, self->slots, 2), MN_OK);
    self->task.on_drop = doubler_drop;
    test_task_spawn(&world->tk, &self->task, "doubler", doubler_step, NULL);
    return self;
}

static void a_service_uses_another_while_it_is_connected_to(void **state) {
    world_t *world = *state;
    doubler_t *doubler = doubler_new(world);
    test_task_t user = {0};
    test_task_spawn(&world->tk, &user, "user", NULL, NULL);
    doubler_client_t client = {0};
    const mn_unit_t hello = {0};
    const uint32_t body = 20;
    assert_int_equal(doubler_connect(&client, &world->registry, &user.task, &hello), MN_PENDING);
    test_kernel_run(&world->tk);
    assert_int_equal(doubler_connect(&client, &world->registry, &user.task, &hello), MN_PENDING);
    server_t *server = counter_new(world);
    test_kernel_run(&world->tk);
    assert_int_equal(doubler_connect(&client, &world->registry, &user.task, &hello), MN_OK);
    assert_int_equal(doubler_call(&client, &user.task, &body), MN_PENDING);
    test_kernel_run(&world->tk);
    assert_int_equal(doubler_call(&client, &user.task, &body), MN_OK);
    assert_int_equal(*doubler_response(&client), 42);

    // The end of the inner service ends the outer one, and its client learns why it got nothing.
    server_end(world, server);
    assert_int_equal(doubler_call(&client, &user.task, &body), MN_PENDING);
    test_kernel_run(&world->tk);
    assert_int_equal(doubler_call(&client, &user.task, &body), MN_EDROPPED);
    assert_int_equal(doubler_call(&client, &user.task, &body), MN_EDEAD);
    doubler_disconnect(&client);
    test_task_cancel(&world->tk, &user);
    test_notes();
    free(doubler);
}

// ---------------------------------------------------------------------------------------------
// Two kernels

static void two_kernels_have_services_of_their_own(void **state) {
    world_t *world = *state;
    world_t *other = NULL;
    assert_int_equal(world_setup((void **)&other), 0);
    server_t *here = counter_new(world);
    visitor_t *a = visitor_new(world, "a", 0, 1);
    visitor_t *b = visitor_new(other, "b", 0, 1);
    test_kernel_run(&world->tk);
    test_kernel_run(&other->tk);
    assert_string_equal(test_notes(), "#0:1;a 2;");
    server_t *there = counter_new(other);
    test_kernel_run(&world->tk);
    test_kernel_run(&other->tk);
    assert_string_equal(test_notes(), "#0:1;b 2;");
    server_end(world, here);
    visitor_end(b);
    visitor_end(a);
    server_end(other, there);
    assert_int_equal(world_teardown((void **)&other), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(clients_have_queues_of_their_own),
        WORLD_TEST(clients_and_services_start_in_any_order),
        WORLD_TEST(one_queue_serves_all_clients_in_order),
        WORLD_TEST(a_service_uses_another_while_it_is_connected_to),
        WORLD_TEST(two_kernels_have_services_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
