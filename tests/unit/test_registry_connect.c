// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// From hello to connection: waiting for a service, and being accepted, rejected or left without an
// answer. Who goes away in the middle of it is in test_registry_handshake.c.

#include "registry_fixture.h"

MN_SERVICE_DEFINE(NUMBER_SERVICE)

#define OTHER_SERVICE(X)                                                                    \
    X(other, "other", MN_UUID(0x54c983fa, 0x736f, 0x4223, 0xb90d, 0xc4360a308647), uint8_t, \
      uint8_t, uint8_t, mn_unit_t, mn_unit_t)
MN_SERVICE_DECLARE(OTHER_SERVICE)
MN_SERVICE_DEFINE(OTHER_SERVICE)

#define IMPOSTOR_SERVICE(X)                                                                        \
    X(impostor, "impostor", MN_UUID(0x05bcd4b7, 0xdd81, 0x434a, 0xa958, 0xf18ee84f8635), uint64_t, \
      uint64_t, uint32_t, uint32_t, uint32_t)
MN_SERVICE_DECLARE(IMPOSTOR_SERVICE)
MN_SERVICE_DEFINE(IMPOSTOR_SERVICE)

// Accept whoever says 1 into the server's queue, reject others with 666.
static mn_status_t consider(server_t *server) {
    const uint32_t reason = 666;
    return (*number_hello(&server->handshake) == 1)
               ? number_accept(&server->handshake, &server->server.requests)
               : number_reject(&server->handshake, &reason);
}

// ---------------------------------------------------------------------------------------------
// Finding the service

static void try_connect_does_not_wait_for_a_service(void **state) {
    world_t *world = *state;
    client_t *client = client_new(world, "client");
    uint32_t hello = 42;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            number_try_connect(&client->client, &world->registry, &client->task.task, &hello),
            MN_ENOTFOUND);
        assert_int_equal(hello, 42);
    }
    server_t *server = server_new(world);
    assert_int_equal(client_try_connect(world, client, 1), MN_PENDING); // for the answer it does
    assert_int_equal(server_next_handshake(server), MN_OK);
    assert_int_equal(consider(server), MN_OK);
    assert_int_equal(client_try_connect(world, client, 1), MN_OK);
    client_end(world, client);
    server_end(world, server);
}

static void connect_waits_and_is_woken_once_for_each_registration(void **state) {
    world_t *world = *state;
    client_t *client = client_new(world, "client");
    assert_int_equal(client_connect(world, client, 1), MN_PENDING);
    assert_false(test_task_woken(&world->tk, &client->task));

    other_listener_t other = {0};
    const uint32_t polls = client->task.task.polls;
    assert_int_equal(other_listen(&other, &world->registry), MN_OK);
    assert_true(test_task_woken(&world->tk, &client->task));
    assert_int_equal(client->task.task.polls, polls + 1);
    assert_int_equal(client_connect(world, client, 1), MN_PENDING); // it was another service
    assert_false(test_task_woken(&world->tk, &client->task));

    server_t *server = server_new(world);
    assert_true(test_task_woken(&world->tk, &client->task));
    assert_int_equal(client->task.task.polls, polls + 2);
    assert_int_equal(client_connect(world, client, 1), MN_PENDING); // now for the answer
    assert_int_equal(server_next_handshake(server), MN_OK);
    assert_int_equal(consider(server), MN_OK);
    assert_true(test_task_woken(&world->tk, &client->task));
    assert_int_equal(client_connect(world, client, 1), MN_OK);
    assert_int_equal(client->task.task.polls, polls + 3);
    client_end(world, client);
    mn_listener_close(&other.listener);
    server_end(world, server);
}

// A service that fails to register wakes nobody.
static void a_failed_registration_wakes_nobody(void **state) {
    world_t *world = *state;
    other_listener_t other = {0}, again = {0};
    assert_int_equal(other_listen(&other, &world->registry), MN_OK);
    client_t *client = client_new(world, "client");
    assert_int_equal(client_connect(world, client, 1), MN_PENDING);
    assert_int_equal(other_listen(&again, &world->registry), MN_EEXISTS);
    assert_false(test_task_woken(&world->tk, &client->task));
    client_end(world, client);
    mn_listener_close(&other.listener);
}

// The last place being taken is what tells those who wait that their service cannot come.
static void a_registry_that_becomes_full_ends_the_waiting(void **state) {
    world_t *world = *state;
    mn_registry_init(&world->registry, &world->tk.kernel, 1);
    client_t *early = client_new(world, "early");
    assert_int_equal(client_connect(world, early, 1), MN_PENDING);
    other_listener_t other = {0};
    assert_int_equal(other_listen(&other, &world->registry), MN_OK);
    assert_true(test_task_woken(&world->tk, &early->task));
    assert_int_equal(client_connect(world, early, 1), MN_ENOTFOUND);

    client_t *late = client_new(world, "late");
    assert_int_equal(client_connect(world, late, 1), MN_ENOTFOUND);
    mn_listener_close(&other.listener); // now there is room again
    assert_int_equal(client_connect(world, late, 1), MN_PENDING);
    client_end(world, early);
    client_end(world, late);
}

static void the_service_that_takes_the_last_place_is_still_found(void **state) {
    world_t *world = *state;
    mn_registry_init(&world->registry, &world->tk.kernel, 1);
    client_t *client = client_new(world, "client");
    assert_int_equal(client_connect(world, client, 1), MN_PENDING);
    server_t *server = server_new(world);
    assert_int_equal(client_connect(world, client, 1), MN_PENDING);
    assert_int_equal(server_next_handshake(server), MN_OK);
    client_end(world, client);
    server_end(world, server);
}

static void other_message_types_under_the_same_uuid_are_told_apart(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    impostor_client_t client = {0};
    test_task_t task = {0};
    test_task_spawn(&world->tk, &task, "impostor", NULL, NULL);
    const uint32_t hello = 1;
    assert_int_equal(impostor_connect(&client, &world->registry, &task.task, &hello), MN_ETYPE);
    assert_int_equal(impostor_try_connect(&client, &world->registry, &task.task, &hello), MN_ETYPE);
    assert_int_equal(server_next_handshake(server), MN_PENDING);
    test_task_cancel(&world->tk, &task);

    // The same for a client that was waiting when the wrong one came.
    test_task_spawn(&world->tk, &task, "impostor", NULL, NULL);
    mn_listener_close(&server->server.listener.listener);
    assert_int_equal(impostor_connect(&client, &world->registry, &task.task, &hello), MN_PENDING);
    assert_int_equal(number_listen(&server->server.listener, &world->registry), MN_OK);
    assert_true(test_task_woken(&world->tk, &task));
    assert_int_equal(impostor_connect(&client, &world->registry, &task.task, &hello), MN_ETYPE);
    test_task_cancel(&world->tk, &task);
    server_end(world, server);
}

// ---------------------------------------------------------------------------------------------
// The answer

static void a_hello_arrives_and_a_rejection_gives_its_reason(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    client_t *client = client_new(world, "client");
    assert_int_equal(client_connect(world, client, 2), MN_PENDING);
    assert_int_equal(server_next_handshake(server), MN_OK);
    assert_int_equal(*number_hello(&server->handshake), 2);
    assert_int_equal(consider(server), MN_OK);
    assert_null(number_hello(&server->handshake));
    assert_true(test_task_woken(&world->tk, &client->task));
    assert_int_equal(client_connect(world, client, 2), MN_EREJECTED);
    assert_int_equal(*number_rejection(&client->client), 666);
    assert_int_equal(client_call(client, 1), MN_EDEAD); // it is not connected

    // The next attempt with the same object may succeed.
    assert_int_equal(client_connect(world, client, 1), MN_PENDING);
    assert_int_equal(server_next_handshake(server), MN_OK);
    assert_int_equal(consider(server), MN_OK);
    assert_int_equal(client_connect(world, client, 1), MN_OK);
    assert_int_equal(client_connect(world, client, 1), MN_OK); // it is connected already
    client_end(world, client);
    server_end(world, server);
}

static void a_handshake_without_an_answer_means_dead(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    client_t *client = client_new(world, "client");
    assert_int_equal(client_connect(world, client, 1), MN_PENDING);
    assert_int_equal(server_next_handshake(server), MN_OK);
    mn_handshake_drop(&server->handshake.handshake);
    mn_handshake_drop(&server->handshake.handshake); // again does nothing
    assert_true(test_task_woken(&world->tk, &client->task));
    assert_int_equal(client_connect(world, client, 1), MN_EDEAD);
    assert_int_equal(client_connect(world, client, 1), MN_PENDING); // a new attempt
    client_end(world, client);
    server_end(world, server);
}

static void handshakes_come_in_order_and_any_number_wait(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    client_t *clients[40];
    for (uint32_t i = 0; i < MN_COUNT_OF(clients); i++) {
        clients[i] = client_new(world, "client");
        assert_int_equal(client_connect(world, clients[i], 100 + i), MN_PENDING);
    }
    client_end(world, clients[0]); // first, last and one in between leave the line
    client_end(world, clients[20]);
    client_end(world, clients[39]);
    for (uint32_t i = 1; i < 39; i++) {
        if (i == 20) {
            continue;
        }
        assert_int_equal(server_next_handshake(server), MN_OK);
        assert_int_equal(*number_hello(&server->handshake), 100 + i);
        assert_int_equal(consider(server), MN_OK); // rejected
        assert_int_equal(client_connect(world, clients[i], 0), MN_EREJECTED);
        client_end(world, clients[i]);
    }
    assert_int_equal(server_next_handshake(server), MN_PENDING);
    server_end(world, server);
}

static void a_waiting_service_is_woken_by_a_hello(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    assert_int_equal(server_next_handshake(server), MN_PENDING);
    assert_false(test_task_woken(&world->tk, &server->task));
    client_t *client = client_new(world, "client");
    assert_int_equal(client_connect(world, client, 1), MN_PENDING);
    assert_true(test_task_woken(&world->tk, &server->task));
    assert_int_equal(server_next_handshake(server), MN_OK);
    client_end(world, client);
    server_end(world, server);
}

// A service may think about several clients at a time, and answer them in any order.
static void several_handshakes_are_held_at_once(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    client_t *clients[3];
    number_handshake_t held[3] = {0};
    for (uint32_t i = 0; i < 3; i++) {
        clients[i] = client_new(world, "client");
        assert_int_equal(client_connect(world, clients[i], i), MN_PENDING);
        assert_int_equal(
            number_next_handshake(&server->server.listener, &server->task.task, &held[i]), MN_OK);
    }
    assert_int_equal(number_accept(&held[2], &server->server.requests), MN_OK);
    assert_int_equal(client_connect(world, clients[2], 2), MN_OK);
    client_end(world, clients[1]);
    assert_int_equal(number_accept(&held[1], &server->server.requests), MN_ECANCELED);
    mn_handshake_drop(&held[0].handshake);
    assert_int_equal(client_connect(world, clients[0], 0), MN_EDEAD);
    assert_int_equal(server->server.requests.requests.client_count, 1);
    client_end(world, clients[0]);
    client_end(world, clients[2]);
    server_end(world, server);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(try_connect_does_not_wait_for_a_service),
        WORLD_TEST(connect_waits_and_is_woken_once_for_each_registration),
        WORLD_TEST(a_failed_registration_wakes_nobody),
        WORLD_TEST(a_registry_that_becomes_full_ends_the_waiting),
        WORLD_TEST(the_service_that_takes_the_last_place_is_still_found),
        WORLD_TEST(other_message_types_under_the_same_uuid_are_told_apart),
        WORLD_TEST(a_hello_arrives_and_a_rejection_gives_its_reason),
        WORLD_TEST(a_handshake_without_an_answer_means_dead),
        WORLD_TEST(handshakes_come_in_order_and_any_number_wait),
        WORLD_TEST(a_waiting_service_is_woken_by_a_hello),
        WORLD_TEST(several_handshakes_are_held_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
