// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Requests and answers. A slot is on the free list, on the pending list, or with the service; a
// call that was sent and its slot point at each other until one of them is done.

#include "../kernel/private.h"
#include "private.h"

// States of a call. Only an idle one is not in its client's list.
enum {
    CALL_IDLE = 0,
    CALL_WAITING, // for a slot
    CALL_SENT,
    CALL_DONE, // the outcome is there
};

// The service looks at the queue itself whenever it runs, so its cell has nothing to remember.
static void wake_server(mn_wait_cell_t *cell) {
    mn_task_t *server = cell->task;
    if (server != NULL) {
        mn_task_wake(server);
    }
}

static void enter_server(mn_wait_cell_t *cell, mn_task_t *server) {
    if (cell->task != server) {
        mn_wait_cell_register(cell, server);
    }
}

// ---------------------------------------------------------------------------------------------
// Client

static void become_idle(mn_call_t *call) {
    if (call->state != CALL_WAITING) {
        mn__task_unhold(call->task);
    }
    call->state = CALL_IDLE;
    mn_list_remove(&call->link);
}

// There is a free slot for this call.
static mn_request_t *fill_slot(mn_call_t *call, mn_client_t *client) {
    mn_list_t *node = mn_list_pop_front(&client->requests->free);
    mn_request_t *slot = MN_CONTAINER_OF(node, mn_request_t, link);
    slot->call = call;
    slot->service_id = client->service_id;
    slot->client_id = client->client_id;
    slot->request_id = client->next_request_id++;
    call->slot = slot;
    call->state = CALL_SENT;
    mn__task_hold(call->task);
    return slot;
}

static void begin(mn_call_t *call, mn_client_t *client, mn_task_t *task, void *reply) {
    call->client = client;
    call->task = task;
    call->reply = reply;
    call->state = CALL_WAITING;
    mn_list_push_back(&client->calls, &call->link);
}

static mn_request_t *wait_for_slot(mn_call_t *call, mn_client_t *client, mn_task_t *task) {
    const mn_status_t status = mn_semaphore_acquire(&client->requests->room, &call->room, task);
    return (status == MN_OK) ? fill_slot(call, client) : NULL;
}

mn_status_t mn__call(mn_call_t *call, mn_client_t *client, mn_task_t *task, void *reply,
                     mn_request_t **slot) {
    switch (call->state) {
    case CALL_IDLE:
        if (client->state != MN__CLIENT_CONNECTED) {
            return MN_EDEAD;
        }
        begin(call, client, task, reply);
        *slot = mn__semaphore_take_free(&client->requests->room)
                    ? fill_slot(call, client)
                    : wait_for_slot(call, client, task);
        return MN_PENDING;
    case CALL_WAITING:
        *slot = wait_for_slot(call, client, task);
        return MN_PENDING;
    case CALL_SENT:
        return MN_PENDING;
    default:
        become_idle(call);
        return call->outcome;
    }
}

void mn__call_send(mn_call_t *call, mn_request_t *slot) {
    mn_requests_t *requests = call->client->requests;
    mn_list_push_back(&requests->pending, &slot->link);
    requests->depth++;
    wake_server(&requests->server);
}

mn_status_t mn_call_outcome(const mn_call_t *call) {
    return (call->state == CALL_DONE) ? call->outcome : MN_PENDING;
}

void mn_call_cancel(mn_call_t *call) {
    if (call->state == CALL_IDLE) {
        return;
    }
    mn_wait_cancel(&call->room);
    if (call->state == CALL_SENT) {
        call->slot->call = NULL;
    }
    become_idle(call);
}

void mn__client_cancel_calls(mn_client_t *client) {
    for (mn_list_t *node = mn_list_first(&client->calls); node != NULL;
         node = mn_list_first(&client->calls)) {
        mn_call_t *call = MN_CONTAINER_OF(node, mn_call_t, link);
        mn_call_cancel(call);
        if (call->task != client->task) {
            mn_task_wake(call->task); // it would wait for ever
        }
    }
}

static void finish(mn_call_t *call, mn_status_t outcome) {
    call->outcome = outcome;
    call->state = CALL_DONE;
    mn_task_wake(call->task);
}

void mn__client_fail_calls(mn_client_t *client, mn_status_t outcome) {
    for (mn_list_t *node = mn_list_first(&client->calls); node != NULL;
         node = mn_list_next(&client->calls, node)) {
        mn_call_t *call = MN_CONTAINER_OF(node, mn_call_t, link);
        if (call->state == CALL_WAITING) {
            mn__wait_forget(&call->room);
            mn__task_hold(call->task);
        } else if (call->state == CALL_SENT) {
            call->slot->call = NULL;
        }
        if (call->state != CALL_DONE) {
            finish(call, outcome);
        }
    }
}

// ---------------------------------------------------------------------------------------------
// Service

void mn__requests_init(mn_requests_t *requests) {
    *requests = (mn_requests_t){.open = true};
    mn_list_init(&requests->free);
    mn_list_init(&requests->pending);
    mn_list_init(&requests->clients);
    mn_semaphore_init(&requests->room, 0);
}

void mn__requests_add_slot(mn_requests_t *requests, mn_request_t *slot) {
    *slot = (mn_request_t){.queue = requests};
    mn_list_push_back(&requests->free, &slot->link);
    requests->capacity++;
    mn_semaphore_release(&requests->room);
}

static mn_request_t *take_pending(mn_requests_t *requests) {
    mn_list_t *node = mn_list_pop_front(&requests->pending);
    if (node == NULL) {
        return NULL;
    }
    requests->depth--;
    return MN_CONTAINER_OF(node, mn_request_t, link);
}

mn_status_t mn__requests_next(mn_requests_t *requests, mn_task_t *task, mn_request_t **request) {
    if (!requests->open) {
        return MN_ECLOSED;
    }
    *request = take_pending(requests);
    if (*request != NULL) {
        return MN_OK;
    }
    enter_server(&requests->server, task);
    return MN_PENDING;
}

static bool accept_first(mn_listener_t *listener, mn_requests_t *requests, mn_task_t *task) {
    if (listener->registry == NULL || mn_list_is_empty(&listener->handshakes)) {
        return false;
    }
    mn_handshake_t handshake = {0};
    (void)mn__handshake_next(listener, task, &handshake);
    (void)mn__handshake_accept(&handshake, requests); // it cannot have gone meanwhile
    return true;
}

// A connection at most goes before a request, so neither kind can starve the other.
mn_status_t mn__server_next(mn_listener_t *listener, mn_requests_t *requests, mn_task_t *task,
                            mn_request_t **request) {
    while (requests->open) {
        const bool accepted = accept_first(listener, requests, task);
        *request = take_pending(requests);
        if (*request != NULL) {
            return MN_OK;
        }
        if (!accepted) {
            if (listener->registry != NULL) {
                enter_server(&listener->server, task);
            }
            enter_server(&requests->server, task);
            return MN_PENDING;
        }
    }
    return MN_ECLOSED;
}

mn_status_t mn__reply(mn_request_t *request, mn_status_t outcome) {
    mn_requests_t *requests = request->queue;
    mn_call_t *call = request->call;
    MN_ASSERT(!mn_list_is_linked(&request->link));
    request->call = NULL;
    mn_list_push_back(&requests->free, &request->link);
    mn__semaphore_give(&requests->room);
    if (call == NULL) {
        return MN_ECLOSED;
    }
    finish(call, outcome);
    return MN_OK;
}

void mn_requests_close(mn_requests_t *requests) {
    if (!requests->open) {
        return;
    }
    requests->open = false;
    mn_wait_cell_wake(&requests->server); // it may be another task that closes
    mn__wait_cell_clear(&requests->server);
    for (mn_list_t *node = mn_list_pop_front(&requests->clients); node != NULL;
         node = mn_list_pop_front(&requests->clients)) {
        mn_client_t *client = MN_CONTAINER_OF(node, mn_client_t, link);
        mn__client_fail_calls(client, MN_EDEAD);
        client->requests = NULL;
        mn__client_resolve(client, MN__CLIENT_DEAD);
    }
    requests->client_count = 0;
}
