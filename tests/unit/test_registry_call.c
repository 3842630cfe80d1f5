// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Requests and answers: slots, order, identity, several calls at a time, and how each ends. Who
// goes away in the middle of it is in test_registry_cancel.c.

#include "registry_fixture.h"

MN_SERVICE_DEFINE(NUMBER_SERVICE)

static void a_request_is_answered(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    client_t *client = client_connected(world, server, "client");
    assert_int_equal(client_call(client, 41), MN_PENDING);
    assert_int_equal(client_call(client, 41), MN_PENDING); // a spurious poll sends nothing more
    assert_int_equal(server->server.requests.requests.depth, 1);
    assert_true(test_task_woken(&world->tk, &server->task));
    number_request_t *request = server_take(server);
    assert_int_equal(request->body, 41);
    assert_int_equal(server->server.requests.requests.depth, 0);
    assert_int_equal(answer(request, 42), MN_OK);
    assert_true(test_task_woken(&world->tk, &client->task));
    assert_int_equal(client_call(client, 41), MN_OK);
    assert_int_equal(client_response(client), 42);
    assert_int_equal(server_next(server, &request), MN_PENDING);
    assert_null(request);
    client_end(world, client);
    server_end(world, server);
}

static void an_error_and_no_answer_are_told_apart(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    client_t *client = client_connected(world, server, "client");
    const uint32_t error = 7;
    assert_int_equal(client_call(client, 1), MN_PENDING);
    assert_int_equal(number_fail(server_take(server), &error), MN_OK);
    assert_true(test_task_woken(&world->tk, &client->task));
    assert_int_equal(client_call(client, 1), MN_EFAILED);
    assert_int_equal(*number_error(&client->client), 7);

    assert_int_equal(client_call(client, 2), MN_PENDING);
    number_discard(server_take(server));
    assert_true(test_task_woken(&world->tk, &client->task));
    assert_int_equal(client_call(client, 2), MN_EDROPPED);

    assert_int_equal(client_call(client, 3), MN_PENDING); // and the connection still works
    assert_int_equal(answer(server_take(server), 4), MN_OK);
    assert_int_equal(client_call(client, 3), MN_OK);
    assert_int_equal(server_free_slots(server), SERVER_SLOTS);
    client_end(world, client);
    server_end(world, server);
}

static void a_call_without_a_connection_is_refused(void **state) {
    world_t *world = *state;
    client_t *client = client_new(world, "client");
    assert_int_equal(client_call(client, 1), MN_EDEAD);
    assert_int_equal(client_call_with(client, 0, 1), MN_EDEAD);
    server_t *server = server_new(world);
    assert_int_equal(client_connect(world, client, 1), MN_PENDING);
    assert_int_equal(client_call(client, 1), MN_EDEAD); // not yet
    client_end(world, client);
    server_end(world, server);
}

// Service and client are named in each request; requests of one client are numbered.
static void requests_tell_who_asks(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    client_t *clients[2] = {client_connected(world, server, "a"),
                            client_connected(world, server, "b")};
    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < 2; i++) {
            assert_int_equal(client_call(clients[i], 1), MN_PENDING);
            number_request_t *request = server_take(server);
            assert_int_equal(request->request.service_id, 0);
            assert_int_equal(request->request.client_id, i);
            assert_int_equal(request->request.request_id, round);
            assert_int_equal(answer(request, 1), MN_OK);
            assert_int_equal(client_call(clients[i], 1), MN_OK);
        }
    }
    client_end(world, clients[0]);
    client_end(world, clients[1]);
    server_end(world, server);
}

static void request_numbers_keep_all_their_bits_and_wrap(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    client_t *client = client_connected(world, server, "client");
    client->client.client.next_request_id = 0x80000001U;
    static const uint32_t ids[] = {0x80000001U, UINT32_MAX, 0};
    for (size_t i = 0; i < MN_COUNT_OF(ids); i++) {
        assert_int_equal(client_call(client, 1), MN_PENDING);
        number_request_t *request = server_take(server);
        assert_int_equal(request->request.request_id, ids[i]);
        assert_int_equal(answer(request, 1), MN_OK);
        assert_int_equal(client_call(client, 1), MN_OK);
        if (i == 0) {
            client->client.client.next_request_id = UINT32_MAX;
        }
    }
    client_end(world, client);
    server_end(world, server);
}

// A new connection of the same object is another client, and counts from 0.
static void reconnecting_makes_a_new_client(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    client_t *client = client_connected(world, server, "client");
    assert_int_equal(client_call(client, 1), MN_PENDING);
    number_disconnect(&client->client);
    number_discard(server_take(server));
    assert_int_equal(client_connect(world, client, 1), MN_PENDING);
    number_request_t *request = NULL;
    assert_int_equal(server_next(server, &request), MN_PENDING);
    assert_int_equal(client_connect(world, client, 1), MN_OK);
    assert_int_equal(client_call(client, 1), MN_PENDING);
    request = server_take(server);
    assert_int_equal(request->request.client_id, 1);
    assert_int_equal(request->request.request_id, 0);
    assert_int_equal(answer(request, 1), MN_OK);
    client_end(world, client);
    server_end(world, server);
}

// ---------------------------------------------------------------------------------------------
// Several at a time

static void calls_are_answered_in_any_order(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    client_t *client = client_connected(world, server, "client");
    assert_int_equal(client_call_with(client, 0, 10), MN_PENDING);
    assert_int_equal(client_call_with(client, 1, 20), MN_PENDING);
    number_request_t *first = server_take(server);
    number_request_t *second = server_take(server);
    assert_int_equal(first->body, 10);
    assert_int_equal(second->body, 20);
    assert_int_equal(answer(second, 21), MN_OK);
    assert_int_equal(client_call_with(client, 0, 10), MN_PENDING);
    assert_int_equal(client_call_with(client, 1, 20), MN_OK);
    assert_int_equal(client->calls[1].reply.response, 21);
    assert_int_equal(client_call_with(client, 1, 30), MN_PENDING); // into the slot that came back
    assert_ptr_equal(server_take(server), second);
    assert_int_equal(answer(first, 11), MN_OK);
    assert_int_equal(client_call_with(client, 0, 10), MN_OK);
    assert_int_equal(client->calls[0].reply.response, 11);
    client_end(world, client);
    assert_int_equal(answer(second, 31), MN_ECLOSED);
    server_end(world, server);
}

// Between sending and answering a call can be withdrawn alone; the others go on.
static void one_of_several_calls_is_withdrawn(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    client_t *client = client_connected(world, server, "client");
    assert_int_equal(client_call_with(client, 0, 10), MN_PENDING);
    assert_int_equal(client_call_with(client, 1, 20), MN_PENDING);
    assert_int_equal(client_call_with(client, 2, 30), MN_PENDING); // waits for a slot
    mn_call_cancel(&client->calls[0].call);
    mn_call_cancel(&client->calls[0].call); // again does nothing
    number_request_t *first = server_take(server);
    assert_int_equal(first->body, 10); // the service is not told
    assert_int_equal(answer(first, 11), MN_ECLOSED);
    assert_int_equal(client_call_with(client, 2, 30), MN_PENDING);
    assert_int_equal(answer(server_take(server), 21), MN_OK);
    assert_int_equal(answer(server_take(server), 31), MN_OK);
    assert_int_equal(client_call_with(client, 1, 20), MN_OK);
    assert_int_equal(client_call_with(client, 2, 30), MN_OK);
    assert_int_equal(client->calls[2].reply.response, 31);
    assert_int_equal(server_free_slots(server), SERVER_SLOTS);
    client_end(world, client);
    server_end(world, server);
}

// What is sent is copied: the caller's request may change while it waits for its answer.
static void a_request_is_copied_when_it_is_sent(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    client_t *client = client_connected(world, server, "client");
    uint32_t request_body = 5;
    assert_int_equal(number_call(&client->client, &client->task.task, &request_body), MN_PENDING);
    request_body = 99;
    number_request_t *request = server_take(server);
    assert_int_equal(request->body, 5);
    number_cancel(&client->client);
    assert_int_equal(client_call(client, 6), MN_PENDING);
    assert_int_equal(request->body, 5);
    assert_int_equal(answer(request, 0), MN_ECLOSED);
    assert_int_equal(answer(server_take(server), 7), MN_OK);
    assert_int_equal(client_call(client, 6), MN_OK);
    assert_int_equal(client_response(client), 7); // its own answer, not that of the one before
    client_end(world, client);
    server_end(world, server);
}

// ---------------------------------------------------------------------------------------------
// A full queue

static void a_full_queue_serves_in_order_of_arrival(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    client_t *clients[6];
    for (uint32_t i = 0; i < 6; i++) {
        clients[i] = client_connected(world, server, "client");
    }
    for (uint32_t i = 0; i < 6; i++) {
        assert_int_equal(client_call(clients[i], i), MN_PENDING);
    }
    test_kernel_run(&world->tk);
    assert_int_equal(server->server.requests.requests.depth, SERVER_SLOTS);
    for (uint32_t i = 0; i < 6; i++) {
        number_request_t *request = server_take(server);
        assert_int_equal(request->body, i);
        assert_int_equal(answer(request, i), MN_OK);
        // The slot that came back belongs to the one who waits longest, whoever asks first.
        assert_int_equal(client_call(clients[5], 5), (i == 5) ? MN_OK : MN_PENDING);
        if (i + SERVER_SLOTS < 6) {
            assert_true(test_task_woken(&world->tk, &clients[i + SERVER_SLOTS]->task));
            assert_int_equal(client_call(clients[i + SERVER_SLOTS], i + SERVER_SLOTS), MN_PENDING);
        }
    }
    for (uint32_t i = 0; i < 6; i++) {
        if (i != 5) {
            assert_int_equal(client_call(clients[i], i), MN_OK);
        }
        client_end(world, clients[i]);
    }
    assert_int_equal(server_free_slots(server), SERVER_SLOTS);
    server_end(world, server);
}

// A request occupies its slot until it is answered, not only until it is taken.
static void a_request_in_hand_keeps_its_slot(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    client_t *client = client_connected(world, server, "client");
    number_request_t *held[SERVER_SLOTS];
    for (unsigned i = 0; i < SERVER_SLOTS; i++) {
        assert_int_equal(client_call_with(client, i, i), MN_PENDING);
        held[i] = server_take(server);
    }
    assert_int_equal(client_call_with(client, 2, 2), MN_PENDING);
    assert_int_equal(client_call_with(client, 3, 3), MN_PENDING);
    number_request_t *request = NULL;
    assert_int_equal(server_next(server, &request), MN_PENDING);
    assert_int_equal(answer(held[1], 0), MN_OK);
    assert_int_equal(client_call_with(client, 3, 3), MN_PENDING); // not its turn
    assert_int_equal(server_next(server, &request), MN_PENDING);
    assert_int_equal(client_call_with(client, 2, 2), MN_PENDING);
    assert_int_equal(server_take(server)->body, 2);
    assert_int_equal(answer(held[0], 0), MN_OK);
    assert_int_equal(client_call_with(client, 3, 3), MN_PENDING);
    assert_int_equal(server_take(server)->body, 3);
    client_end(world, client);
    server_end(world, server);
}

// ---------------------------------------------------------------------------------------------
// A caller's bugs

static void answering_twice_stops_the_system(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    client_t *client = client_connected(world, server, "client");
    assert_int_equal(client_call(client, 1), MN_PENDING);
    number_request_t *request = server_take(server);
    assert_int_equal(answer(request, 2), MN_OK);
    EXPECT_PANIC(answer(request, 3), "is_linked");
    EXPECT_PANIC(number_discard(request), "is_linked");
    assert_int_equal(client_call(client, 1), MN_OK);
    assert_int_equal(client_response(client), 2);
    client_end(world, client);
    server_end(world, server);
}

static void a_task_that_forgets_its_connection_stops_the_system(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    client_t *client = client_connected(world, server, "forgetful");
    client->task.on_drop = NULL;
    EXPECT_PANIC_ALWAYS(mn_cancel(&client->task.task), "a wait still linked");
    client->task.on_drop = client_drop;
    client_end(world, client);
    server_end(world, server);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_request_is_answered),
        WORLD_TEST(an_error_and_no_answer_are_told_apart),
        WORLD_TEST(a_call_without_a_connection_is_refused),
        WORLD_TEST(requests_tell_who_asks),
        WORLD_TEST(request_numbers_keep_all_their_bits_and_wrap),
        WORLD_TEST(reconnecting_makes_a_new_client),
        WORLD_TEST(calls_are_answered_in_any_order),
        WORLD_TEST(one_of_several_calls_is_withdrawn),
        WORLD_TEST(a_request_is_copied_when_it_is_sent),
        WORLD_TEST(a_full_queue_serves_in_order_of_arrival),
        WORLD_TEST(a_request_in_hand_keeps_its_slot),
        WORLD_TEST(answering_twice_stops_the_system),
        WORLD_TEST(a_task_that_forgets_its_connection_stops_the_system),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
