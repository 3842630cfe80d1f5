// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Either side goes away at every stage of connecting; its struct is freed at once.

#include "registry_fixture.h"

MN_SERVICE_DEFINE(NUMBER_SERVICE)

// Accept whoever says 1 into the server's queue, reject others with 666.
static mn_status_t consider(server_t *server) {
    const uint32_t reason = 666;
    return (*number_hello(&server->handshake) == 1)
               ? number_accept(&server->handshake, &server->server.requests)
               : number_reject(&server->handshake, &reason);
}

// ---------------------------------------------------------------------------------------------
// The client goes

static void a_client_leaves_while_looking_up(void **state) {
    world_t *world = *state;
    client_t *client = client_new(world, "client");
    assert_int_equal(client_connect(world, client, 1), MN_PENDING);
    client_end(world, client);
    server_t *server = server_new(world); // wakes nobody who is gone
    assert_int_equal(server_next_handshake(server), MN_PENDING);

    mn_listener_close(&server->server.listener.listener);
    client = client_new(world, "client");
    assert_int_equal(client_connect(world, client, 1), MN_PENDING);
    assert_int_equal(number_listen(&server->server.listener, &world->registry), MN_OK);
    client_end(world, client); // woken, but not polled yet
    server_end(world, server);
}

static void a_client_leaves_the_line(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    client_t *client = client_new(world, "client");
    assert_int_equal(client_connect(world, client, 1), MN_PENDING);
    client_end(world, client);
    assert_int_equal(server_next_handshake(server), MN_PENDING);
    server_end(world, server);
}

static void a_client_leaves_while_it_is_being_considered(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    for (int how = 0; how < 3; how++) {
        client_t *client = client_new(world, "client");
        assert_int_equal(client_connect(world, client, 1), MN_PENDING);
        assert_int_equal(server_next_handshake(server), MN_OK);
        client_end(world, client);
        assert_null(number_hello(&server->handshake));
        const uint32_t reason = 1;
        if (how == 0) {
            assert_int_equal(number_accept(&server->handshake, &server->server.requests),
                             MN_ECANCELED);
        } else if (how == 1) {
            assert_int_equal(number_reject(&server->handshake, &reason), MN_ECANCELED);
        } else {
            mn_handshake_drop(&server->handshake.handshake);
        }
    }
    assert_int_equal(world->registry.next_client_id, 0);
    assert_int_equal(server->server.requests.requests.client_count, 0);
    server_end(world, server);
}

static void a_client_leaves_before_it_sees_the_answer(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    for (uint32_t hello = 0; hello < 2; hello++) {
        client_t *client = client_new(world, "client");
        assert_int_equal(client_connect(world, client, hello), MN_PENDING);
        assert_int_equal(server_next_handshake(server), MN_OK);
        assert_int_equal(consider(server), MN_OK);
        client_end(world, client);
        assert_int_equal(server->server.requests.requests.client_count, 0);
    }
    server_end(world, server);
}

static void a_client_that_gives_up_can_try_again(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    client_t *client = client_new(world, "client");
    assert_int_equal(client_connect(world, client, 3), MN_PENDING);
    number_disconnect(&client->client);
    number_disconnect(&client->client); // again does nothing
    assert_int_equal(client_connect(world, client, 4), MN_PENDING);
    assert_int_equal(server_next_handshake(server), MN_OK);
    assert_int_equal(*number_hello(&server->handshake), 4);
    number_disconnect(&client->client); // now while it is being considered
    assert_int_equal(client_connect(world, client, 5), MN_PENDING);
    assert_int_equal(number_accept(&server->handshake, &server->server.requests), MN_ECANCELED);
    assert_int_equal(server_next_handshake(server), MN_OK);
    assert_int_equal(*number_hello(&server->handshake), 5);
    client_end(world, client);
    server_end(world, server);
}

// ---------------------------------------------------------------------------------------------
// The service goes

static void a_service_ends_with_clients_in_line(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    client_t *first = client_new(world, "first");
    client_t *second = client_new(world, "second");
    assert_int_equal(client_connect(world, first, 1), MN_PENDING);
    assert_int_equal(client_connect(world, second, 1), MN_PENDING);
    server_end(world, server);
    assert_int_equal(client_connect(world, first, 1), MN_EDEAD);
    client_end(world, second);                                     // has not looked
    assert_int_equal(client_connect(world, first, 1), MN_PENDING); // waits for a new service
    client_end(world, first);
}

static void a_service_ends_while_it_considers_a_client(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    client_t *client = client_new(world, "client");
    assert_int_equal(client_connect(world, client, 1), MN_PENDING);
    assert_int_equal(server_next_handshake(server), MN_OK);
    server_end(world, server);
    assert_int_equal(client_connect(world, client, 1), MN_EDEAD);
    client_end(world, client);
}

static void a_service_ends_before_its_acceptance_is_seen(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    client_t *client = client_new(world, "client");
    assert_int_equal(client_connect(world, client, 1), MN_PENDING);
    assert_int_equal(server_next_handshake(server), MN_OK);
    assert_int_equal(consider(server), MN_OK);
    server_end(world, server);
    assert_int_equal(client_connect(world, client, 1), MN_EDEAD);
    client_end(world, client);
}

// Withdrawn from the registry it keeps the clients it has, and may still answer the one in hand.
static void a_withdrawn_service_keeps_its_clients(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    client_t *old = client_connected(world, server, "old");
    client_t *held = client_new(world, "held");
    client_t *waiting = client_new(world, "waiting");
    assert_int_equal(client_connect(world, held, 1), MN_PENDING);
    assert_int_equal(server_next_handshake(server), MN_OK);
    assert_int_equal(client_connect(world, waiting, 1), MN_PENDING);
    mn_listener_close(&server->server.listener.listener);
    assert_int_equal(client_connect(world, waiting, 1), MN_EDEAD);
    assert_int_equal(consider(server), MN_OK);
    assert_int_equal(client_connect(world, held, 1), MN_OK);

    assert_int_equal(client_call(old, 1), MN_PENDING);
    assert_int_equal(answer(server_take(server), 2), MN_OK);
    assert_int_equal(client_call(old, 1), MN_OK);
    client_end(world, old);
    client_end(world, held);
    client_end(world, waiting);
    server_end(world, server);
}

// A listener may be closed by another task than the one that waits for handshakes.
static void closing_a_listener_wakes_who_waits_on_it(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    assert_int_equal(server_next_handshake(server), MN_PENDING);
    mn_listener_close(&server->server.listener.listener);
    assert_true(test_task_woken(&world->tk, &server->task));
    assert_int_equal(server_next_handshake(server), MN_ECLOSED);
    server_end(world, server);
}

static void a_handshake_still_in_hand_cannot_take_another_client(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    client_t *client = client_new(world, "client");
    assert_int_equal(client_connect(world, client, 1), MN_PENDING);
    assert_int_equal(server_next_handshake(server), MN_OK);
    EXPECT_PANIC(server_next_handshake(server), "handshake->client == NULL");
    EXPECT_PANIC((mn_requests_close(&server->server.requests.requests), consider(server)),
                 "requests");
    client_end(world, client);
    server_end(world, server);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_client_leaves_while_looking_up),
        WORLD_TEST(a_client_leaves_the_line),
        WORLD_TEST(a_client_leaves_while_it_is_being_considered),
        WORLD_TEST(a_client_leaves_before_it_sees_the_answer),
        WORLD_TEST(a_client_that_gives_up_can_try_again),
        WORLD_TEST(a_service_ends_with_clients_in_line),
        WORLD_TEST(a_service_ends_while_it_considers_a_client),
        WORLD_TEST(a_service_ends_before_its_acceptance_is_seen),
        WORLD_TEST(a_withdrawn_service_keeps_its_clients),
        WORLD_TEST(closing_a_listener_wakes_who_waits_on_it),
        WORLD_TEST(a_handshake_still_in_hand_cannot_take_another_client),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
