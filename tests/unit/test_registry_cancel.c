// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Either side of a connection is canceled at every stage of a request; its struct is freed at once.
// The other side learns of it, and every slot comes back.

#include "registry_fixture.h"

MN_SERVICE_DEFINE(NUMBER_SERVICE)

// ---------------------------------------------------------------------------------------------
// The client goes

static void a_client_goes_while_it_is_idle(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    client_t *client = client_connected(world, server, "client");
    assert_int_equal(server->server.requests.requests.client_count, 1);
    client_end(world, client);
    assert_int_equal(server->server.requests.requests.client_count, 0);
    server_end(world, server);
}

// A service that gave the client a queue of its own has nothing else that would tell it.
static void a_service_is_woken_when_a_client_goes(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    client_t *client = client_connected(world, server, "client");
    number_request_t *request = NULL;
    assert_int_equal(server_next(server, &request), MN_PENDING);
    number_disconnect(&client->client);
    assert_true(test_task_woken(&world->tk, &server->task));
    client_end(world, client);
    assert_int_equal(server->server.requests.requests.client_count, 0);
    server_end(world, server);
}

static void a_client_goes_while_it_waits_for_a_slot(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    client_t *busy = client_connected(world, server, "busy");
    client_t *waiting = client_connected(world, server, "waiting");
    client_t *next = client_connected(world, server, "next");
    assert_int_equal(client_call_with(busy, 0, 0), MN_PENDING);
    assert_int_equal(client_call_with(busy, 1, 1), MN_PENDING);
    assert_int_equal(client_call(waiting, 2), MN_PENDING);
    assert_int_equal(client_call(next, 3), MN_PENDING);
    client_end(world, waiting);
    assert_int_equal(answer(server_take(server), 0), MN_OK);
    assert_true(test_task_woken(&world->tk, &next->task));
    assert_int_equal(client_call(next, 3), MN_PENDING);
    assert_int_equal(answer(server_take(server), 1), MN_OK);
    assert_int_equal(server_take(server)->body, 3);
    client_end(world, busy);
    client_end(world, next);
    server_end(world, server);
}

// It had been given the slot that came back, but had not run since.
static void a_client_goes_with_a_slot_that_it_did_not_use_yet(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    client_t *busy = client_connected(world, server, "busy");
    client_t *given = client_connected(world, server, "given");
    client_t *next = client_connected(world, server, "next");
    assert_int_equal(client_call_with(busy, 0, 0), MN_PENDING);
    assert_int_equal(client_call_with(busy, 1, 1), MN_PENDING);
    assert_int_equal(client_call(given, 2), MN_PENDING);
    assert_int_equal(client_call(next, 3), MN_PENDING);
    assert_int_equal(answer(server_take(server), 0), MN_OK);
    number_disconnect(&given->client);
    assert_true(test_task_woken(&world->tk, &next->task));
    client_end(world, given);
    assert_int_equal(client_call(next, 3), MN_PENDING);
    number_discard(server_take(server));
    number_discard(server_take(server));
    assert_int_equal(server_free_slots(server), SERVER_SLOTS);
    client_end(world, busy);
    client_end(world, next);
    server_end(world, server);
}

static void a_client_goes_with_a_request_in_line(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    client_t *client = client_connected(world, server, "client");
    assert_int_equal(client_call(client, 5), MN_PENDING);
    client_end(world, client);
    number_request_t *request = server_take(server);
    assert_int_equal(request->body, 5);
    assert_int_equal(request->request.client_id, 0);
    assert_int_equal(answer(request, 6), MN_ECLOSED);
    assert_int_equal(server_free_slots(server), SERVER_SLOTS);
    server_end(world, server);
}

static void a_client_goes_with_requests_in_hand(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    client_t *client = client_connected(world, server, "client");
    const uint32_t error = 1;
    for (int how = 0; how < 3; how++) {
        assert_int_equal(client_call(client, 5), MN_PENDING);
        number_request_t *request = server_take(server);
        client_end(world, client);
        if (how == 0) {
            assert_int_equal(answer(request, 6), MN_ECLOSED);
        } else if (how == 1) {
            assert_int_equal(number_fail(request, &error), MN_ECLOSED);
        } else {
            number_discard(request);
        }
        assert_int_equal(server_free_slots(server), SERVER_SLOTS);
        client = client_connected(world, server, "client");
    }
    client_end(world, client);
    server_end(world, server);
}

static void a_client_goes_before_it_takes_its_answer(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    client_t *client = client_connected(world, server, "client");
    assert_int_equal(client_call(client, 5), MN_PENDING);
    assert_int_equal(answer(server_take(server), 6), MN_OK);
    client_end(world, client);
    assert_int_equal(server_free_slots(server), SERVER_SLOTS);
    server_end(world, server);
}

// All stages at once: one call done, one in hand, one in line would need three slots, so two and
// one that waits.
static void a_client_goes_with_calls_in_every_stage(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    client_t *client = client_connected(world, server, "client");
    assert_int_equal(client_call_with(client, 0, 0), MN_PENDING);
    assert_int_equal(answer(server_take(server), 0), MN_OK); // done, not taken
    assert_int_equal(client_call_with(client, 1, 1), MN_PENDING);
    number_request_t *held = server_take(server);
    assert_int_equal(client_call_with(client, 2, 2), MN_PENDING); // in line
    assert_int_equal(client_call_with(client, 3, 3), MN_PENDING); // waits for a slot
    client_end(world, client);
    assert_int_equal(answer(held, 1), MN_ECLOSED);
    assert_int_equal(answer(server_take(server), 2), MN_ECLOSED);
    number_request_t *request = NULL;
    assert_int_equal(server_next(server, &request), MN_PENDING);
    assert_int_equal(server_free_slots(server), SERVER_SLOTS);
    server_end(world, server);
}

// A call may be made by another task than the one that connected; it must not wait for ever when
// that one disconnects.
static void a_call_of_another_task_ends_with_the_client(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    client_t *client = client_connected(world, server, "client");
    client_t *helper = client_new(world, "helper");
    const uint32_t body = 1;
    number_call_t *call = &helper->calls[0];
    assert_int_equal(number_call_with(&client->client, call, &helper->task.task, &body),
                     MN_PENDING);
    number_disconnect(&client->client);
    assert_true(test_task_woken(&world->tk, &helper->task));
    assert_int_equal(number_call_with(&client->client, call, &helper->task.task, &body), MN_EDEAD);
    client_end(world, client);
    client_end(world, helper);
    server_end(world, server);
}

// ---------------------------------------------------------------------------------------------
// The service goes

static void a_service_goes_while_its_client_is_idle(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    client_t *client = client_connected(world, server, "client");
    server_end(world, server);
    assert_int_equal(client_call(client, 1), MN_EDEAD);
    assert_int_equal(client_call(client, 1), MN_EDEAD); // until it disconnects
    assert_int_equal(client_connect(world, client, 1), MN_EDEAD);
    assert_int_equal(client_connect(world, client, 1), MN_PENDING); // waits for the next one
    server = server_new(world);
    assert_true(test_task_woken(&world->tk, &client->task));
    client_end(world, client);
    server_end(world, server);
}

static void a_service_goes_with_requests_in_every_stage(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    client_t *client = client_connected(world, server, "client");
    client_t *other = client_connected(world, server, "other");
    assert_int_equal(client_call_with(client, 0, 0), MN_PENDING);
    assert_int_equal(answer(server_take(server), 10), MN_OK); // done, not taken
    assert_int_equal(client_call_with(client, 1, 1), MN_PENDING);
    (void)server_take(server);                                    // in hand
    assert_int_equal(client_call_with(client, 2, 2), MN_PENDING); // in line
    assert_int_equal(client_call_with(client, 3, 3), MN_PENDING); // waits for a slot
    assert_int_equal(client_call(other, 4), MN_PENDING);          // the same
    server_end(world, server);
    // An answer that was given counts; the rest is dead.
    assert_int_equal(client_call_with(client, 0, 0), MN_OK);
    assert_int_equal(client->calls[0].reply.response, 10);
    for (unsigned i = 1; i < CLIENT_CALLS; i++) {
        assert_int_equal(client_call_with(client, i, i), MN_EDEAD);
    }
    assert_int_equal(client_call(other, 4), MN_EDEAD);
    client_end(world, client);
    client_end(world, other);
}

static void a_client_is_woken_by_the_end_of_its_service(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    client_t *client = client_connected(world, server, "client");
    assert_int_equal(client_call(client, 1), MN_PENDING);
    test_kernel_run(&world->tk);
    number_close(&server->server);
    assert_true(test_task_woken(&world->tk, &client->task));
    assert_int_equal(client_call(client, 1), MN_EDEAD);
    server_end(world, server);
    client_end(world, client);
}

// It was given the slot that came back when the queue was closed.
static void a_service_goes_after_giving_a_slot(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    client_t *client = client_connected(world, server, "client");
    for (unsigned i = 0; i <= SERVER_SLOTS; i++) {
        assert_int_equal(client_call_with(client, i, i), MN_PENDING);
    }
    assert_int_equal(answer(server_take(server), 10), MN_OK);
    server_end(world, server);
    assert_int_equal(client_call_with(client, 0, 0), MN_OK);
    assert_int_equal(client_call_with(client, 1, 1), MN_EDEAD);
    assert_int_equal(client_call_with(client, 2, 2), MN_EDEAD);
    client_end(world, client);
}

// Both go, in either order, with everything between them still open.
static void both_sides_go(void **state) {
    world_t *world = *state;
    for (int order = 0; order < 2; order++) {
        server_t *server = server_new(world);
        client_t *client = client_connected(world, server, "client");
        for (unsigned i = 0; i < CLIENT_CALLS; i++) {
            assert_int_equal(client_call_with(client, i, i), MN_PENDING);
        }
        (void)server_take(server);
        if (order == 0) {
            server_end(world, server);
            client_end(world, client);
        } else {
            client_end(world, client);
            server_end(world, server);
        }
    }
}

// A request in hand outlives the queue's closing: it may still be answered, to nobody.
static void a_request_in_hand_is_answered_after_the_end(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    client_t *client = client_connected(world, server, "client");
    assert_int_equal(client_call(client, 1), MN_PENDING);
    number_request_t *request = server_take(server);
    number_close(&server->server);
    assert_int_equal(client_call(client, 1), MN_EDEAD);
    client_end(world, client);
    assert_int_equal(answer(request, 2), MN_ECLOSED);
    server_end(world, server);
}

static void closing_a_queue_wakes_who_waits_on_it(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    mn_requests_t *requests = &server->server.requests.requests;
    number_request_t *request = NULL;
    assert_int_equal(number_next_request(&server->server.requests, &server->task.task, &request),
                     MN_PENDING);
    mn_requests_close(requests);
    assert_true(test_task_woken(&world->tk, &server->task));
    assert_int_equal(number_next_request(&server->server.requests, &server->task.task, &request),
                     MN_ECLOSED);
    // With the queue gone there is nothing to accept a client into.
    client_t *client = client_new(world, "client");
    assert_int_equal(client_connect(world, client, 1), MN_PENDING);
    assert_int_equal(server_next(server, &request), MN_ECLOSED);
    server_end(world, server);
    assert_int_equal(client_connect(world, client, 1), MN_EDEAD);
    client_end(world, client);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_client_goes_while_it_is_idle),
        WORLD_TEST(a_service_is_woken_when_a_client_goes),
        WORLD_TEST(a_client_goes_while_it_waits_for_a_slot),
        WORLD_TEST(a_client_goes_with_a_slot_that_it_did_not_use_yet),
        WORLD_TEST(a_client_goes_with_a_request_in_line),
        WORLD_TEST(a_client_goes_with_requests_in_hand),
        WORLD_TEST(a_client_goes_before_it_takes_its_answer),
        WORLD_TEST(a_client_goes_with_calls_in_every_stage),
        WORLD_TEST(a_call_of_another_task_ends_with_the_client),
        WORLD_TEST(a_service_goes_while_its_client_is_idle),
        WORLD_TEST(a_service_goes_with_requests_in_every_stage),
        WORLD_TEST(a_client_is_woken_by_the_end_of_its_service),
        WORLD_TEST(a_service_goes_after_giving_a_slot),
        WORLD_TEST(both_sides_go),
        WORLD_TEST(a_request_in_hand_is_answered_after_the_end),
        WORLD_TEST(closing_a_queue_wakes_who_waits_on_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
