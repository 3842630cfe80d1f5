// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Nobody waits for ever: a flood of requests lets new clients in and the other way round, and a
// client can put a limit to its patience.

#include "registry_fixture.h"

MN_SERVICE_DEFINE(NUMBER_SERVICE)

// ---------------------------------------------------------------------------------------------
// Floods

typedef struct hammer {
    client_t client;
    world_t *world;
} hammer_t;

// A client whose every call is followed by the next at once.
static mn_status_t hammer_step(test_task_t *task) {
    hammer_t *self = MN_CONTAINER_OF(task, hammer_t, client.task);
    MN_BEGIN(&task->task);
    MN_AWAIT(task->status, client_connect(self->world, &self->client, 0));
    while (task->status == MN_OK) {
        MN_AWAIT(task->status, client_call(&self->client, 1));
        task->count++;
    }
    MN_END();
}

static hammer_t *hammer_new(world_t *world) {
    hammer_t *self = calloc(1, sizeof(*self));
    assert_non_null(self);
    self->world = world;
    self->client.task.on_drop = client_drop;
    test_task_spawn(&world->tk, &self->client.task, "hammer", hammer_step, NULL);
    return self;
}

// Ticks of a world in which somebody is always ready.
static void some_ticks(world_t *world, unsigned count) {
    while (count-- != 0) {
        (void)mn_kernel_tick(&world->tk.kernel);
    }
}

static void requests_without_end_let_new_clients_in(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    hammer_t *hammers[4];
    for (int i = 0; i < 4; i++) {
        hammers[i] = hammer_new(world);
    }
    some_ticks(world, 1);
    number_request_t *request = NULL;
    for (int i = 0; i < 100; i++) { // always two requests in the queue
        if (server_next(server, &request) == MN_OK) {
            (void)answer(request, 0);
        }
        some_ticks(world, 1);
    }
    assert_int_equal(server->server.requests.requests.depth, SERVER_SLOTS);
    client_t *newcomer = client_new(world, "newcomer");
    assert_int_equal(client_connect(world, newcomer, 0), MN_PENDING);
    assert_int_equal(server_next(server, &request), MN_OK);
    assert_int_equal(client_connect(world, newcomer, 0), MN_OK);
    (void)answer(request, 0);
    // Its request is served after at most those who came before it.
    assert_int_equal(client_call(newcomer, 77), MN_PENDING);
    for (int i = 0; i < 6 && server_free_slots(server) == 0; i++) {
        some_ticks(world, 1);
        assert_int_equal(server_next(server, &request), MN_OK);
        if (request->body == 77) {
            break;
        }
        (void)answer(request, 0);
        (void)client_call(newcomer, 77);
    }
    assert_int_equal(request->body, 77);
    (void)answer(request, 78);
    assert_int_equal(client_call(newcomer, 77), MN_OK);
    client_end(world, newcomer);
    for (int i = 0; i < 4; i++) {
        test_task_cancel(&world->tk, &hammers[i]->client.task);
        free(hammers[i]);
    }
    server_end(world, server);
}

static void connections_without_end_let_requests_through(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    client_t *client = client_connected(world, server, "client");
    client_t *flood[3];
    for (int i = 0; i < 3; i++) {
        flood[i] = client_new(world, "flood");
        assert_int_equal(client_connect(world, flood[i], 0), MN_PENDING);
    }
    for (uint32_t turn = 0; turn < 50; turn++) { // one is accepted, and comes back at once
        assert_int_equal(client_call(client, turn), MN_PENDING);
        number_request_t *request = server_take(server);
        assert_int_equal(request->body, turn);
        assert_int_equal(answer(request, turn), MN_OK);
        assert_int_equal(client_call(client, turn), MN_OK);
        client_t *accepted = flood[turn % 3];
        assert_int_equal(client_connect(world, accepted, 0), MN_OK);
        number_disconnect(&accepted->client);
        assert_int_equal(client_connect(world, accepted, 0), MN_PENDING);
    }
    for (int i = 0; i < 3; i++) {
        client_end(world, flood[i]);
    }
    client_end(world, client);
    server_end(world, server);
}

// ---------------------------------------------------------------------------------------------
// Time limits

typedef struct patient {
    client_t client;
    world_t *world;
    mn_timer_t limit;
} patient_t;

static mn_status_t patient_step(test_task_t *task) {
    patient_t *self = MN_CONTAINER_OF(task, patient_t, client.task);
    MN_BEGIN(&task->task);
    MN_AWAIT_FOR(task->status, &self->limit, 100, client_connect(self->world, &self->client, 1),
                 number_disconnect(&self->client.client));
    test_note("connect %s;", mn_status_name(task->status));
    if (task->status != MN_OK) {
        return task->status;
    }
    MN_AWAIT_FOR(task->status, &self->limit, 50, client_call(&self->client, 5),
                 number_cancel(&self->client.client));
    test_note("call %s;", mn_status_name(task->status));
    MN_AWAIT_FOR(task->status, &self->limit, 50, client_call(&self->client, 6),
                 number_cancel(&self->client.client));
    test_note("again %s %u;", mn_status_name(task->status),
              (unsigned)client_response(&self->client));
    MN_END();
}

static void patient_drop(test_task_t *task) {
    patient_t *self = MN_CONTAINER_OF(task, patient_t, client.task);
    mn_timer_cancel(&self->limit);
    number_disconnect(&self->client.client);
}

static patient_t *patient_new(world_t *world) {
    patient_t *self = calloc(1, sizeof(*self));
    assert_non_null(self);
    self->world = world;
    self->client.task.on_drop = patient_drop;
    test_task_spawn(&world->tk, &self->client.task, "patient", patient_step, NULL);
    return self;
}

static void connecting_can_time_out(void **state) {
    world_t *world = *state;
    patient_t *early = patient_new(world); // nobody is there
    test_kernel_advance(&world->tk, 100);
    assert_string_equal(test_notes(), "connect MN_ETIMEDOUT;");
    free(early);

    server_t *server = server_new(world); // is there, but does not look
    patient_t *ignored = patient_new(world);
    test_kernel_advance(&world->tk, 99);
    assert_string_equal(test_notes(), "");
    test_kernel_advance(&world->tk, 1);
    assert_string_equal(test_notes(), "connect MN_ETIMEDOUT;");
    free(ignored);

    patient_t *held = patient_new(world); // is being considered
    test_kernel_advance(&world->tk, 10);
    assert_int_equal(server_next_handshake(server), MN_OK);
    test_kernel_advance(&world->tk, 100);
    assert_string_equal(test_notes(), "connect MN_ETIMEDOUT;");
    free(held);
    assert_int_equal(number_accept(&server->handshake, &server->server.requests), MN_ECANCELED);
    server_end(world, server);
}

static void a_call_can_time_out_and_be_repeated(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    patient_t *patient = patient_new(world);
    test_kernel_run(&world->tk);
    number_request_t *request = NULL;
    assert_int_equal(server_next(server, &request), MN_PENDING);
    test_kernel_run(&world->tk);
    number_request_t *late = server_take(server);
    assert_int_equal(late->body, 5);
    test_kernel_advance(&world->tk, 60);
    assert_string_equal(test_notes(), "connect MN_OK;call MN_ETIMEDOUT;");
    number_request_t *good = server_take(server);
    assert_int_equal(good->body, 6);
    assert_int_equal(answer(late, 1), MN_ECLOSED); // too late, and not taken for the other's
    test_kernel_run(&world->tk);
    assert_string_equal(test_notes(), "");
    assert_int_equal(answer(good, 7), MN_OK);
    test_kernel_run(&world->tk);
    assert_string_equal(test_notes(), "again MN_OK 7;");
    free(patient);
    assert_int_equal(server_free_slots(server), SERVER_SLOTS);
    server_end(world, server);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(requests_without_end_let_new_clients_in),
        WORLD_TEST(connections_without_end_let_requests_through),
        WORLD_TEST(connecting_can_time_out),
        WORLD_TEST(a_call_can_time_out_and_be_repeated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
