// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Clients and services of two registries do, and are ended, in random order, next to a simple model
// of what each of them must see. Every call ends exactly once and as the model says, requests and
// clients are served in order, and after every step each slot is where it belongs.

#include "kernel/private.h"
#include "registry_fixture.h"

#include <string.h>

MN_SERVICE_DEFINE(NUMBER_SERVICE)

#define STEPS 50000
#define HOMES 2
#define CLIENTS 12
#define MOST_CALLS 65536

// What became of a call, known by its body.
enum { NEVER = 0, ACTIVE, WITHDRAWN, ANSWERED, FAILED, DROPPED, DEAD, TAKEN };

typedef enum stage { IDLE = 0, LOOKUP, LINE, HELD, ACCEPTED, REJECTED, GONE } stage_t;

typedef struct guest {
    client_t c;
    stage_t stage;
    unsigned home;
    uint32_t bodies[CLIENT_CALLS]; // of the calls that are not idle, else 0
} guest_t;

// One registry and its service.
typedef struct home {
    world_t *world;
    server_t *server;
    guest_t *line[CLIENTS]; // clients whose handshake the service has not taken
    unsigned line_len;
    guest_t *considered;
    uint32_t sent[SERVER_SLOTS]; // requests that the service has not taken
    unsigned sent_len;
    number_request_t *in_hand[SERVER_SLOTS];
    uint32_t in_hand_body[SERVER_SLOTS];
    unsigned in_hand_len;
} home_t;

typedef struct model {
    world_t worlds[HOMES]; // the second registry is on the first one's kernel
    home_t homes[HOMES];
    guest_t *guests[CLIENTS];
    uint8_t calls[MOST_CALLS];
    uint32_t next_body;
    uint32_t random;
    unsigned ended[TAKEN + 1]; // how often each end was seen
} model_t;

static uint32_t roll(model_t *m, uint32_t sides) {
    m->random ^= m->random << 13;
    m->random ^= m->random >> 17;
    m->random ^= m->random << 5;
    return m->random % sides;
}

static void assert_awake(const guest_t *guest) {
    assert_non_null(guest->c.task.task.run_next);
}

static void take_out(guest_t **list, unsigned *len, const guest_t *guest) {
    for (unsigned i = 0; i < *len; i++) {
        if (list[i] == guest) {
            memmove(&list[i], &list[i + 1], (*len - i - 1) * sizeof(list[0]));
            (*len)--;
            return;
        }
    }
}

// ---------------------------------------------------------------------------------------------
// Clients

static void withdraw_calls(model_t *m, guest_t *guest) {
    for (unsigned i = 0; i < CLIENT_CALLS; i++) {
        if (guest->bodies[i] != 0 && m->calls[guest->bodies[i]] == ACTIVE) {
            m->calls[guest->bodies[i]] = WITHDRAWN;
        }
        guest->bodies[i] = 0;
    }
}

static void leave(model_t *m, guest_t *guest) {
    home_t *home = &m->homes[guest->home];
    take_out(home->line, &home->line_len, guest);
    if (home->considered == guest) {
        home->considered = NULL;
    }
    withdraw_calls(m, guest);
    guest->stage = IDLE;
}

static void poll_connect(model_t *m, guest_t *guest) {
    home_t *home = &m->homes[guest->home];
    mn_status_t expected = MN_PENDING;
    switch (guest->stage) {
    case IDLE:
    case LOOKUP:
        guest->stage = LOOKUP;
        if (home->server != NULL) {
            guest->stage = LINE;
            home->line[home->line_len++] = guest;
        }
        break;
    case ACCEPTED:
        expected = MN_OK;
        break;
    case REJECTED:
        expected = MN_EREJECTED;
        break;
    case GONE:
        expected = MN_EDEAD;
        break;
    default:
        break;
    }
    assert_int_equal(client_connect(home->world, &guest->c, 1), expected);
    if (expected < 0) {
        if (expected == MN_EREJECTED) {
            assert_int_equal(*number_rejection(&guest->c.client), 666);
        }
        leave(m, guest);
    }
}

static void check_outcome(model_t *m, const guest_t *guest, unsigned i, mn_status_t status) {
    const uint32_t body = guest->bodies[i];
    const uint8_t outcome = m->calls[body];
    m->ended[outcome]++;
    m->calls[body] = TAKEN;
    switch (outcome) {
    case ANSWERED:
        assert_int_equal(status, MN_OK);
        assert_int_equal(guest->c.calls[i].reply.response, body * 2);
        break;
    case FAILED:
        assert_int_equal(status, MN_EFAILED);
        assert_int_equal(guest->c.calls[i].reply.error, body * 3);
        break;
    case DROPPED:
        assert_int_equal(status, MN_EDROPPED);
        break;
    default:
        assert_int_equal(outcome, DEAD);
        assert_int_equal(status, MN_EDEAD);
        break;
    }
}

static void poll_call(model_t *m, guest_t *guest, unsigned i) {
    home_t *home = &m->homes[guest->home];
    const bool fresh = (guest->bodies[i] == 0);
    if (fresh && guest->stage != ACCEPTED) {
        assert_int_equal(client_call_with(&guest->c, i, 1), MN_EDEAD);
        return;
    }
    if (fresh) {
        guest->bodies[i] = m->next_body++;
        assert_true(m->next_body < MOST_CALLS);
        m->calls[guest->bodies[i]] = ACTIVE;
    }
    const bool active = (m->calls[guest->bodies[i]] == ACTIVE);
    const unsigned depth = active ? home->server->server.requests.requests.depth : 0;
    mn_status_t status = client_call_with(&guest->c, i, guest->bodies[i]);
    if (!active) {
        check_outcome(m, guest, i, status);
        guest->bodies[i] = 0;
        return;
    }
    assert_int_equal(status, MN_PENDING);
    if (home->server->server.requests.requests.depth != depth) {
        home->sent[home->sent_len++] = guest->bodies[i];
    }
}

static void cancel_call(model_t *m, guest_t *guest, unsigned i) {
    mn_call_cancel(&guest->c.calls[i].call);
    if (guest->bodies[i] != 0 && m->calls[guest->bodies[i]] == ACTIVE) {
        m->calls[guest->bodies[i]] = WITHDRAWN;
    }
    guest->bodies[i] = 0;
}

static void create_guest(model_t *m, unsigned place) {
    guest_t *guest = calloc(1, sizeof(*guest));
    assert_non_null(guest);
    guest->home = roll(m, HOMES);
    guest->c.task.on_drop = client_drop;
    test_task_spawn(&m->worlds[0].tk, &guest->c.task, "guest", NULL, NULL);
    m->guests[place] = guest;
}

static void end_guest(model_t *m, unsigned place) {
    guest_t *guest = m->guests[place];
    leave(m, guest);
    test_task_cancel(&m->worlds[0].tk, &guest->c.task);
    free(guest);
    m->guests[place] = NULL;
}

static void guest_acts(model_t *m) {
    const unsigned place = roll(m, CLIENTS);
    guest_t *guest = m->guests[place];
    if (guest == NULL) {
        create_guest(m, place);
        return;
    }
    const uint32_t what = roll(m, 200);
    if (what < 1) {
        end_guest(m, place);
    } else if (what < 2) {
        number_disconnect(&guest->c.client);
        leave(m, guest);
    } else if (what < 10) {
        cancel_call(m, guest, roll(m, CLIENT_CALLS));
    } else if (guest->stage != ACCEPTED && (guest->stage != GONE || what < 50)) {
        poll_connect(m, guest);
    } else {
        poll_call(m, guest, roll(m, CLIENT_CALLS));
    }
}

// ---------------------------------------------------------------------------------------------
// Services

static void accepted(guest_t *guest) {
    guest->stage = ACCEPTED;
    assert_awake(guest);
}

static guest_t *first_in_line(home_t *home) {
    guest_t *guest = home->line[0];
    take_out(home->line, &home->line_len, guest);
    return guest;
}

static void serve_next(home_t *home) {
    number_request_t *request = NULL;
    const mn_status_t status = server_next(home->server, &request);
    bool may_accept = (home->line_len != 0);
    while (may_accept) {
        accepted(first_in_line(home));
        may_accept = (home->sent_len == 0 && home->line_len != 0);
    }
    if (home->sent_len == 0) {
        assert_int_equal(status, MN_PENDING);
        return;
    }
    assert_int_equal(status, MN_OK);
    assert_int_equal(request->body, home->sent[0]);
    memmove(&home->sent[0], &home->sent[1], (home->sent_len - 1) * sizeof(home->sent[0]));
    home->sent_len--;
    home->in_hand[home->in_hand_len] = request;
    home->in_hand_body[home->in_hand_len++] = request->body;
}

static void serve_answer(model_t *m, home_t *home) {
    const unsigned i = roll(m, home->in_hand_len);
    number_request_t *request = home->in_hand[i];
    const uint32_t body = home->in_hand_body[i];
    home->in_hand_len--;
    home->in_hand[i] = home->in_hand[home->in_hand_len];
    home->in_hand_body[i] = home->in_hand_body[home->in_hand_len];

    const bool wanted = (m->calls[body] == ACTIVE);
    const mn_status_t expected = wanted ? MN_OK : MN_ECLOSED;
    const uint32_t response = body * 2, error = body * 3;
    uint8_t outcome = ANSWERED;
    const uint32_t how = roll(m, 4);
    assert_int_equal(request->body, body); // untouched since it was taken
    if (how == 0) {
        outcome = FAILED;
        assert_int_equal(number_fail(request, &error), expected);
    } else if (how == 1) {
        outcome = DROPPED;
        number_discard(request);
    } else {
        assert_int_equal(number_reply(request, &response), expected);
    }
    if (wanted) {
        m->calls[body] = outcome;
    }
}

static void serve_handshake(model_t *m, home_t *home) {
    number_handshake_t *handshake = &home->server->handshake;
    guest_t *guest = home->considered;
    const uint32_t reason = 666;
    if (handshake->handshake.client == NULL) {
        assert_null(guest);
        const bool any = (home->line_len != 0);
        assert_int_equal(server_next_handshake(home->server), any ? MN_OK : MN_PENDING);
        if (any) {
            home->considered = first_in_line(home);
            home->considered->stage = HELD;
        }
        return;
    }
    home->considered = NULL;
    switch (roll(m, 4)) {
    case 0:
        assert_int_equal(number_reject(handshake, &reason), MN_OK);
        guest->stage = REJECTED;
        break;
    case 1:
        mn_handshake_drop(&handshake->handshake);
        guest->stage = GONE;
        break;
    default:
        assert_int_equal(number_accept(handshake, &home->server->server.requests), MN_OK);
        guest->stage = ACCEPTED;
        break;
    }
    assert_awake(guest);
}

static void end_server(model_t *m, home_t *home) {
    mn_cancel(&home->server->task.task);
    for (unsigned i = 0; i < CLIENTS; i++) {
        guest_t *guest = m->guests[i];
        if (guest == NULL || &m->homes[guest->home] != home || guest->stage < LINE ||
            guest->stage == REJECTED || guest->stage == GONE) {
            continue;
        }
        guest->stage = GONE;
        assert_awake(guest);
        for (unsigned k = 0; k < CLIENT_CALLS; k++) {
            if (guest->bodies[k] != 0 && m->calls[guest->bodies[k]] == ACTIVE) {
                m->calls[guest->bodies[k]] = DEAD;
            }
        }
    }
    test_kernel_run(&m->worlds[0].tk);
    free(home->server);
    world_t *world = home->world;
    *home = (home_t){.world = world};
}

static void server_acts(model_t *m) {
    home_t *home = &m->homes[roll(m, HOMES)];
    if (home->server == NULL) {
        server_t *server = calloc(1, sizeof(*server));
        assert_non_null(server);
        server->task.on_drop = server_drop;
        test_task_spawn(&m->worlds[0].tk, &server->task, "server", NULL, NULL);
        assert_int_equal(
            number_serve(&server->server, &home->world->registry, server->slots, SERVER_SLOTS),
            MN_OK);
        home->server = server;
        return;
    }
    const uint32_t what = roll(m, 300);
    if (what == 0 && roll(m, 4) == 0) {
        end_server(m, home);
    } else if (what < 40) {
        serve_handshake(m, home);
    } else if (home->in_hand_len != 0 && (what < 170 || home->in_hand_len == SERVER_SLOTS)) {
        serve_answer(m, home);
    } else if (home->considered == NULL) {
        serve_next(home);
    }
}

// ---------------------------------------------------------------------------------------------
// Invariants

static unsigned length(const mn_list_t *list) {
    unsigned count = 0;
    for (const mn_list_t *node = mn_list_first(list); node != NULL;
         node = mn_list_next(list, node)) {
        count++;
    }
    return count;
}

static void check_home(const model_t *m, const home_t *home) {
    if (home->server == NULL) {
        assert_int_equal(home->world->registry.count, 0);
        return;
    }
    const mn_requests_t *requests = &home->server->server.requests.requests;
    unsigned clients = 0, granted = 0;
    for (unsigned i = 0; i < CLIENTS; i++) {
        const guest_t *guest = m->guests[i];
        if (guest == NULL || &m->homes[guest->home] != home || guest->stage != ACCEPTED) {
            continue;
        }
        clients++;
        for (unsigned k = 0; k < CLIENT_CALLS; k++) {
            const mn_wait_t *room = &guest->c.calls[k].call.room;
            granted += (room->on == &requests->room && room->state == MN__WAIT_GRANTED);
        }
    }
    assert_int_equal(requests->client_count, clients);
    assert_int_equal(length(&requests->clients), clients);
    assert_int_equal(length(&home->server->server.listener.listener.handshakes), home->line_len);
    assert_int_equal(requests->depth, home->sent_len);
    assert_int_equal(length(&requests->pending), home->sent_len);
    const unsigned free_now = length(&requests->free);
    assert_int_equal(free_now + home->sent_len + home->in_hand_len, SERVER_SLOTS);
    assert_int_equal(free_now, free_slots(requests) + granted);
}

static void clients_and_services_at_random(void **state) {
    (void)state;
    model_t *m = calloc(1, sizeof(*m));
    assert_non_null(m);
    m->random = 20260718;
    m->next_body = 1;
    test_kernel_t *tk = &m->worlds[0].tk;
    test_kernel_init(tk, NULL, 0);
    for (unsigned i = 0; i < HOMES; i++) {
        mn_registry_init(&m->worlds[i].registry, &tk->kernel, 2);
        m->homes[i].world = &m->worlds[i];
    }
    for (unsigned step = 0; step < STEPS; step++) {
        if (roll(m, 2) == 0) {
            guest_acts(m);
        } else {
            server_acts(m);
        }
        if (roll(m, 8) == 0) {
            test_kernel_run(tk);
        }
        check_home(m, &m->homes[0]);
        check_home(m, &m->homes[1]);
    }
    for (unsigned i = 0; i < CLIENTS; i++) {
        if (m->guests[i] != NULL) {
            end_guest(m, i);
        }
    }
    for (unsigned i = 0; i < HOMES; i++) {
        if (m->homes[i].server != NULL) {
            end_server(m, &m->homes[i]);
        }
    }
    print_message("%u calls: %u answered, %u failed, %u dropped, %u dead\n",
                  (unsigned)(m->next_body - 1), m->ended[ANSWERED], m->ended[FAILED],
                  m->ended[DROPPED], m->ended[DEAD]);
    assert_true(m->ended[ANSWERED] > 500 && m->ended[FAILED] > 200); // the roads were all taken
    assert_true(m->ended[DROPPED] > 200 && m->ended[DEAD] > 50);
    assert_null(mn_kernel_next_task(&tk->kernel, NULL));
    test_kernel_end(tk);
    free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clients_and_services_at_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
