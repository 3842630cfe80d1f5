// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#define MN_TRACE_TARGET "registry"

// From hello to connection. From the handshake on until it disconnects a client refers to its task,
// and the service refers to the client, so the task may not end without disconnecting.

#include "../kernel/private.h"
#include "private.h"

// ---------------------------------------------------------------------------------------------
// Client

void mn__client_resolve(mn_client_t *client, uint8_t state) {
    client->state = state;
    mn_task_wake(client->task);
}

void *mn__connect_begin(mn_client_t *client, void *message) {
    if (client->state != MN__CLIENT_IDLE) {
        return NULL;
    }
    client->state = MN__CLIENT_LOOKUP;
    client->message = message;
    return message;
}

static void enter_handshake(mn_client_t *client, mn_task_t *task, mn_listener_t *listener) {
    mn_wait_cancel(&client->added);
    client->state = MN__CLIENT_HANDSHAKE;
    client->task = task;
    mn__task_hold(task);
    mn_list_init(&client->calls);
    mn_list_push_back(&listener->handshakes, &client->link);
    mn_wait_cell_wake(&listener->server);
}

// Look the service up, waiting for it to appear if `wait` says so.
static mn_status_t look_up(mn_client_t *client, mn_registry_t *registry, mn_task_t *task,
                           const mn_service_t *service, bool wait) {
    for (;;) {
        mn_listener_t *listener = mn__registry_lookup(registry, &service->uuid);
        if (listener != NULL && listener->service != service) {
            mn_error("service has other message types", "service", listener->service->name,
                     "wanted", service->name);
            return MN_ETYPE;
        }
        if (listener != NULL) {
            mn_debug("connecting", "service", service->name, "id", listener->service_id);
            enter_handshake(client, task, listener);
            return MN_PENDING;
        }
        if (!wait || registry->count == registry->capacity) {
            return MN_ENOTFOUND;
        }
        mn_status_t status = mn_wait_queue_wait(&registry->added, &client->added, task);
        if (status != MN_OK) {
            return status;
        }
    }
}

mn_status_t mn__connect(mn_client_t *client, mn_registry_t *registry, mn_task_t *task,
                        const mn_service_t *service, bool wait) {
    mn_status_t status = MN_OK;
    switch (client->state) {
    case MN__CLIENT_LOOKUP:
        status = look_up(client, registry, task, service, wait);
        break;
    case MN__CLIENT_HANDSHAKE:
        return MN_PENDING;
    case MN__CLIENT_CONNECTED:
        return MN_OK;
    case MN__CLIENT_REJECTED:
        mn_warn("connection rejected", "service", service->name);
        status = MN_EREJECTED;
        break;
    default:
        status = MN_EDEAD;
        break;
    }
    if (status != MN_PENDING) {
        mn_client_disconnect(client);
    }
    return status;
}

void mn_client_disconnect(mn_client_t *client) {
    const uint8_t state = client->state;
    if (state == MN__CLIENT_IDLE) {
        return;
    }
    client->state = MN__CLIENT_IDLE;
    mn_wait_cancel(&client->added);
    mn_list_remove(&client->link);
    if (state == MN__CLIENT_LOOKUP) {
        return;
    }
    if (client->handshake != NULL) {
        client->handshake->client = NULL;
        client->handshake = NULL;
    }
    mn__client_cancel_calls(client);
    if (client->requests != NULL) {
        client->requests->client_count--;
        mn_wait_cell_wake(&client->requests->server);
        client->requests = NULL;
    }
    mn__task_unhold(client->task);
}

// ---------------------------------------------------------------------------------------------
// Service

mn_status_t mn__handshake_next(mn_listener_t *listener, mn_task_t *task,
                               mn_handshake_t *handshake) {
    MN_ASSERT(handshake->client == NULL);
    if (listener->registry == NULL) {
        return MN_ECLOSED;
    }
    mn_list_t *node = mn_list_pop_front(&listener->handshakes);
    if (node == NULL) {
        mn_wait_cell_register(&listener->server, task);
        return MN_PENDING;
    }
    handshake->client = MN_CONTAINER_OF(node, mn_client_t, link);
    handshake->client->handshake = handshake;
    handshake->registry = listener->registry;
    handshake->service_id = listener->service_id;
    return MN_OK;
}

// Part handshake and client; NULL if the client has gone already.
static mn_client_t *take_client(mn_handshake_t *handshake) {
    mn_client_t *client = handshake->client;
    if (client != NULL) {
        client->handshake = NULL;
        handshake->client = NULL;
    }
    return client;
}

mn_status_t mn__handshake_accept(mn_handshake_t *handshake, mn_requests_t *requests) {
    MN_ASSERT(requests->open);
    mn_client_t *client = take_client(handshake);
    if (client == NULL) {
        return MN_ECANCELED;
    }
    client->requests = requests;
    client->service_id = handshake->service_id;
    client->client_id = handshake->registry->next_client_id++;
    client->next_request_id = 0;
    mn_list_push_back(&requests->clients, &client->link);
    requests->client_count++;
    mn_debug("client accepted", "service id", client->service_id, "client", client->client_id);
    mn__client_resolve(client, MN__CLIENT_CONNECTED);
    return MN_OK;
}

void *mn__handshake_reject(mn_handshake_t *handshake) {
    mn_client_t *client = take_client(handshake);
    if (client == NULL) {
        return NULL;
    }
    mn__client_resolve(client, MN__CLIENT_REJECTED);
    return client->message;
}

bool mn_requests_has_client(const mn_requests_t *requests, uint32_t client_id) {
    for (mn_list_t *node = mn_list_first(&requests->clients); node != NULL;
         node = mn_list_next(&requests->clients, node)) {
        if (MN_CONTAINER_OF(node, mn_client_t, link)->client_id == client_id) {
            return true;
        }
    }
    return false;
}

void mn_handshake_drop(mn_handshake_t *handshake) {
    mn_client_t *client = take_client(handshake);
    if (client != NULL) {
        mn__client_resolve(client, MN__CLIENT_DEAD);
    }
}
