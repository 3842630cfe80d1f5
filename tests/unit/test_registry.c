// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The table of services: registering, finding, closing, the identifiers that it gives out, and
// closing what was never opened. Connections are in test_registry_connect.c.

#include "registry_fixture.h"

MN_SERVICE_DEFINE(NUMBER_SERVICE)

#define OTHER_SERVICE(X)                                                                    \
    X(other, "other", MN_UUID(0x54c983fa, 0x736f, 0x4223, 0xb90d, 0xc4360a308647), uint8_t, \
      uint8_t, uint8_t, mn_unit_t, mn_unit_t)
MN_SERVICE_DECLARE(OTHER_SERVICE)
MN_SERVICE_DEFINE(OTHER_SERVICE)

// The same UUID as the number service, but other messages.
#define IMPOSTOR_SERVICE(X)                                                                        \
    X(impostor, "impostor", MN_UUID(0x05bcd4b7, 0xdd81, 0x434a, 0xa958, 0xf18ee84f8635), uint64_t, \
      uint64_t, uint32_t, uint32_t, uint32_t)
MN_SERVICE_DECLARE(IMPOSTOR_SERVICE)
MN_SERVICE_DEFINE(IMPOSTOR_SERVICE)

static void a_description_holds_what_it_was_given(void **state) {
    (void)state;
    static const mn_uuid_t uuid = MN_UUID(0x05bcd4b7, 0xdd81, 0x434a, 0xa958, 0xf18ee84f8635);
    assert_true(mn_uuid_equal(&number_service.uuid, &uuid));
    assert_string_equal(other_service.name, "other");
    assert_int_equal(impostor_service.request_size, 8);
    assert_int_equal(impostor_service.response_size, 8);
    assert_int_equal(impostor_service.error_size, 4);
    assert_int_equal(impostor_service.hello_size, 4);
    assert_int_equal(impostor_service.connect_error_size, 4);
    assert_null(number_service.wire); // only the kernel reaches it
}

static void services_are_found_by_uuid_in_order_of_registration(void **state) {
    world_t *world = *state;
    mn_registry_t *registry = &world->registry;
    assert_null(mn_registry_find(registry, &number_service.uuid));
    assert_null(mn_registry_next(registry, NULL));

    number_listener_t number = {0};
    other_listener_t other = {0};
    assert_int_equal(number_listen(&number, registry), MN_OK);
    assert_int_equal(other_listen(&other, registry), MN_OK);
    assert_int_equal(registry->count, 2);
    assert_ptr_equal(mn_registry_find(registry, &number_service.uuid), &number_service);
    assert_ptr_equal(mn_registry_find(registry, &other_service.uuid), &other_service);

    const mn_listener_t *first = mn_registry_next(registry, NULL);
    assert_ptr_equal(first, &number.listener);
    assert_ptr_equal(mn_registry_next(registry, first), &other.listener);
    assert_null(mn_registry_next(registry, &other.listener));

    mn_listener_close(&number.listener);
    assert_null(mn_registry_find(registry, &number_service.uuid));
    assert_ptr_equal(mn_registry_next(registry, NULL), &other.listener);
    mn_listener_close(&other.listener);
    assert_int_equal(registry->count, 0);
}

static void one_uuid_is_registered_once(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    number_listener_t second = {0};
    impostor_listener_t impostor = {0};
    assert_int_equal(number_listen(&second, &world->registry), MN_EEXISTS);
    assert_int_equal(impostor_listen(&impostor, &world->registry), MN_EEXISTS);
    assert_int_equal(world->registry.count, 1);
    mn_listener_close(&second.listener); // was not opened

    client_t *client = client_connected(world, server, "client"); // the first still works
    client_end(world, client);
    server_end(world, server);

    assert_int_equal(number_listen(&second, &world->registry), MN_OK); // the place is free again
    mn_listener_close(&second.listener);
}

static void a_uuid_that_is_there_goes_before_a_full_registry(void **state) {
    world_t *world = *state;
    mn_registry_init(&world->registry, &world->tk.kernel, 1);
    number_listener_t number = {0}, again = {0};
    other_listener_t other = {0};
    assert_int_equal(number_listen(&number, &world->registry), MN_OK);
    assert_int_equal(number_listen(&again, &world->registry), MN_EEXISTS);
    assert_int_equal(other_listen(&other, &world->registry), MN_EFULL);
    mn_listener_close(&number.listener);
    assert_int_equal(other_listen(&other, &world->registry), MN_OK);
    mn_listener_close(&other.listener);
}

static void a_registry_may_have_room_for_nothing(void **state) {
    world_t *world = *state;
    mn_registry_init(&world->registry, &world->tk.kernel, 0);
    number_listener_t number = {0};
    assert_int_equal(number_listen(&number, &world->registry), MN_EFULL);
    client_t *client = client_new(world, "client");
    assert_int_equal(client_connect(world, client, 1), MN_ENOTFOUND);
    client_end(world, client);
}

// Services and clients are numbered apart, and what fails uses up no number.
static void only_what_succeeds_is_numbered(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    assert_int_equal(server->server.listener.listener.service_id, 0);
    number_listener_t again = {0};
    other_listener_t other = {0};
    assert_int_equal(number_listen(&again, &world->registry), MN_EEXISTS);
    assert_int_equal(other_listen(&other, &world->registry), MN_OK);
    assert_int_equal(other.listener.service_id, 1);

    client_t *first = client_connected(world, server, "first");
    client_t *second = client_new(world, "second");
    assert_int_equal(client_connect(world, second, 1), MN_PENDING);
    assert_int_equal(server_next_handshake(server), MN_OK);
    const uint32_t reason = 666;
    assert_int_equal(number_reject(&server->handshake, &reason), MN_OK);
    assert_int_equal(client_connect(world, second, 1), MN_EREJECTED);
    client_t *third = client_connected(world, server, "third");
    assert_int_equal(first->client.client.client_id, 0);
    assert_int_equal(third->client.client.client_id, 1);
    assert_int_equal(third->client.client.service_id, 0);

    client_end(world, first);
    client_end(world, second);
    client_end(world, third);
    mn_listener_close(&other.listener);
    server_end(world, server);
}

static void a_closed_service_is_registered_again_under_a_new_number(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    number_close(&server->server);
    number_close(&server->server); // again does nothing
    assert_int_equal(world->registry.count, 0);
    assert_int_equal(number_serve(&server->server, &world->registry, server->slots, SERVER_SLOTS),
                     MN_OK);
    assert_int_equal(server->server.listener.listener.service_id, 1);
    assert_int_equal(server_free_slots(server), SERVER_SLOTS);
    client_t *client = client_connected(world, server, "client");
    assert_int_equal(client_call(client, 5), MN_PENDING);
    assert_int_equal(answer(server_take(server), 6), MN_OK);
    assert_int_equal(client_call(client, 5), MN_OK);
    assert_int_equal(client->client.client.service_id, 1);
    client_end(world, client);
    server_end(world, server);
}

// A drop function closes everything, however far the task had got.
static void what_was_never_opened_can_be_closed(void **state) {
    world_t *world = *state;
    server_t *server = server_idle(world, "idle");
    number_request_t *request = NULL;
    assert_int_equal(server_next(server, &request), MN_ECLOSED);
    assert_int_equal(server_next_handshake(server), MN_ECLOSED);
    server_end(world, server);
    client_t *client = client_new(world, "client");
    number_cancel(&client->client);
    mn_call_cancel(&client->calls[0].call);
    client_end(world, client);
}

// A service that could not register itself must not wait for requests that nobody can send.
static void a_service_that_was_refused_is_closed(void **state) {
    world_t *world = *state;
    server_t *server = server_new(world);
    server_t *second = server_idle(world, "second");
    assert_int_equal(number_serve(&second->server, &world->registry, second->slots, SERVER_SLOTS),
                     MN_EEXISTS);
    number_request_t *request = NULL;
    assert_int_equal(server_next(second, &request), MN_ECLOSED);
    server_end(world, second);
    server_end(world, server);
}

static void a_listener_that_is_open_cannot_listen_again(void **state) {
    world_t *world = *state;
    number_listener_t number = {0};
    assert_int_equal(number_listen(&number, &world->registry), MN_OK);
    EXPECT_PANIC(number_listen(&number, &world->registry), "listener->registry == NULL");
    mn_listener_close(&number.listener);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_description_holds_what_it_was_given),
        WORLD_TEST(services_are_found_by_uuid_in_order_of_registration),
        WORLD_TEST(one_uuid_is_registered_once),
        WORLD_TEST(a_uuid_that_is_there_goes_before_a_full_registry),
        WORLD_TEST(a_registry_may_have_room_for_nothing),
        WORLD_TEST(only_what_succeeds_is_numbered),
        WORLD_TEST(a_closed_service_is_registered_again_under_a_new_number),
        WORLD_TEST(what_was_never_opened_can_be_closed),
        WORLD_TEST(a_service_that_was_refused_is_closed),
        WORLD_TEST(a_listener_that_is_open_cannot_listen_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
