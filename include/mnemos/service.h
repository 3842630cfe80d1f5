// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup service Services
/// @brief Describing a service once, and using it with types that the compiler checks.
///
/// A service is described by a list macro of one entry, X(name, text, uuid, request, response,
/// error, hello, connect error):
///
/// @code
/// // adder.h
/// typedef struct adder_request { int32_t a, b; } adder_request_body_t;
/// typedef struct adder_response { int32_t sum; } adder_response_t;
/// typedef enum adder_error { ADDER_OVERFLOW } adder_error_t;
///
/// // one line, or continued with backslashes
/// #define ADDER_SERVICE(X) X(adder, "adder", ADDER_UUID, adder_request_body_t, adder_response_t,
///                            adder_error_t, mn_unit_t, mn_unit_t)
/// MN_SERVICE_DECLARE(ADDER_SERVICE)
///
/// // adder.c
/// MN_SERVICE_DEFINE(ADDER_SERVICE)
/// @endcode
///
/// That gives, for the name `adder`, the descriptor `adder_service` and the following. All take
/// pointers; those with a `mn_task_t *task` wait and are used with ::MN_AWAIT.
///
/// Client (`adder_client_t`, zero-initialised, in the calling task's struct):
/// - `adder_connect(client, registry, task, hello)` waits until the service exists and has
///   answered. ::MN_OK; ::MN_EREJECTED, see `adder_rejection(client)`; ::MN_EDEAD, the service went
///   meanwhile; ::MN_ETYPE, other message types under this UUID; ::MN_ENOTFOUND, it is not there
///   and the registry is full.
/// - `adder_try_connect(client, registry, task, hello)` is the same, but answers ::MN_ENOTFOUND at
///   once if the service is not there.
/// - `adder_call(client, task, request)` sends, waiting for room, and waits for the answer.
///   ::MN_OK, see `adder_response(client)`; ::MN_EFAILED, see `adder_error(client)`;
///   ::MN_EDROPPED, the service discarded the request; ::MN_EDEAD, it went, or the client is not
///   connected.
/// - `adder_response(client)`, `adder_error(client)` and `adder_rejection(client)` are the last
///   answer, valid until the next call.
/// - `adder_cancel(client)` withdraws the call.
/// - `adder_disconnect(client)` works from whatever state; it is also needed after ::MN_EDEAD.
///
/// Several requests at a time from one client: `adder_call_t` objects and
/// `adder_call_with(client, call, task, request)`; the answer is in `call->reply.response` or
/// `call->reply.error`; withdraw with ::mn_call_cancel.
///
/// Service with one queue for all (`adder_server_t`, `adder_request_t slots[n]`):
/// - `adder_serve(server, registry, slots, n)` registers. ::MN_OK; ::MN_EEXISTS, this UUID is
///   registered; ::MN_EFULL, the registry is full.
/// - `adder_next(server, task, &request)` accepts clients and waits for a request. ::MN_OK, its
///   body is `request->body`.
/// - `adder_reply(request, response)` answers. ::MN_OK; ::MN_ECLOSED, nobody wants the answer any
///   more.
/// - `adder_fail(request, error)` is the same with an error.
/// - `adder_discard(request)` answers nothing: the client gets ::MN_EDROPPED.
/// - `adder_close(server)`: the service goes.
///
/// Each request that was taken must be answered, failed or discarded, once; until then it occupies
/// its slot.
///
/// Service that looks at each client (`adder_listener_t`, `adder_requests_t`, `adder_handshake_t`):
/// `adder_listen(listener, registry)`, `adder_next_handshake(listener, task, handshake)`,
/// `adder_hello(handshake)` (NULL if the client has gone), `adder_accept(handshake, requests)` and
/// `adder_reject(handshake, connect_error)` (::MN_OK, or ::MN_ECANCELED if the client has gone),
/// ::mn_handshake_drop, `adder_requests_init(requests, slots, n)`,
/// `adder_next_request(requests, task, &request)`, ::mn_requests_close, ::mn_listener_close.
/// @{

#ifndef MNEMOS_SERVICE_H
#define MNEMOS_SERVICE_H

#include <mnemos/registry.h>

/// @brief Declare a service's types and functions; in a header. See the group's text.
#define MN_SERVICE_DECLARE(list) list(MN__SERVICE_DECLARE)

/// @brief Define a service's descriptor; in one source file.
#define MN_SERVICE_DEFINE(list) list(MN__SERVICE_DEFINE)

/// @cond INTERNAL
#define MN__SERVICE_DEFINE(service, title, id, request_t, response_t, error_t, hello_t, reason_t) \
    const mn_service_t service##_service = {                                                      \
        .uuid = id,                                                                               \
        .name = title,                                                                            \
        .request_size = sizeof(request_t),                                                        \
        .response_size = sizeof(response_t),                                                      \
        .error_size = sizeof(error_t),                                                            \
        .hello_size = sizeof(hello_t),                                                            \
        .connect_error_size = sizeof(reason_t),                                                   \
        .wire = NULL,                                                                             \
    };

#define MN__SERVICE_DECLARE(name, text, id, request_t, response_t, error_t, hello_t, reason_t) \
    extern const mn_service_t name##_service;                                                  \
    MN__SERVICE_TYPES(name, request_t, response_t, error_t, hello_t, reason_t)                 \
    MN__SERVICE_CLIENT(name, request_t, response_t, error_t, hello_t, reason_t)                \
    MN__SERVICE_LISTENER(name, hello_t, reason_t)                                              \
    MN__SERVICE_REQUESTS(name, response_t, error_t)                                            \
    MN__SERVICE_SERVER(name)

#define MN__SERVICE_TYPES(name, request_t, response_t, error_t, hello_t, reason_t) \
    typedef struct name##_client {                                                 \
        mn_client_t client;                                                        \
        mn_call_t call;                                                            \
        union {                                                                    \
            hello_t hello;                                                         \
            reason_t rejection;                                                    \
            response_t response;                                                   \
            error_t error;                                                         \
        } message;                                                                 \
    } name##_client_t;                                                             \
    typedef struct name##_call {                                                   \
        mn_call_t call;                                                            \
        union {                                                                    \
            response_t response;                                                   \
            error_t error;                                                         \
        } reply;                                                                   \
    } name##_call_t;                                                               \
    typedef struct name##_listener {                                               \
        mn_listener_t listener;                                                    \
    } name##_listener_t;                                                           \
    typedef struct name##_handshake {                                              \
        mn_handshake_t handshake;                                                  \
    } name##_handshake_t;                                                          \
    typedef struct name##_requests {                                               \
        mn_requests_t requests;                                                    \
    } name##_requests_t;                                                           \
    typedef struct name##_request {                                                \
        mn_request_t request;                                                      \
        request_t body;                                                            \
    } name##_request_t;                                                            \
    typedef struct name##_server {                                                 \
        name##_listener_t listener;                                                \
        name##_requests_t requests;                                                \
    } name##_server_t;

#define MN__SERVICE_CLIENT(name, request_t, response_t, error_t, hello_t, reason_t)               \
    MN__GENERATED mn_status_t name##__connect(name##_client_t *self, mn_registry_t *registry,     \
                                              mn_task_t *task, const hello_t *hello, bool wait) { \
        hello_t *place = (hello_t *)mn__connect_begin(&self->client, &self->message);             \
        if (place != NULL) {                                                                      \
            *place = *hello;                                                                      \
        }                                                                                         \
        return mn__connect(&self->client, registry, task, &name##_service, wait);                 \
    }                                                                                             \
    MN__GENERATED mn_status_t name##_connect(name##_client_t *self, mn_registry_t *registry,      \
                                             mn_task_t *task, const hello_t *hello) {             \
        return name##__connect(self, registry, task, hello, true);                                \
    }                                                                                             \
    MN__GENERATED mn_status_t name##_try_connect(name##_client_t *self, mn_registry_t *registry,  \
                                                 mn_task_t *task, const hello_t *hello) {         \
        return name##__connect(self, registry, task, hello, false);                               \
    }                                                                                             \
    MN__GENERATED mn_status_t name##__call(mn_client_t *client, mn_call_t *call, void *reply,     \
                                           mn_task_t *task, const request_t *body) {              \
        mn_request_t *slot = NULL;                                                                \
        mn_status_t status = mn__call(call, client, task, reply, &slot);                          \
        if (slot != NULL) {                                                                       \
            ((name##_request_t *)(void *)slot)->body = *body;                                     \
            mn__call_send(call, slot);                                                            \
        }                                                                                         \
        return status;                                                                            \
    }                                                                                             \
    MN__GENERATED mn_status_t name##_call(name##_client_t *self, mn_task_t *task,                 \
                                          const request_t *body) {                                \
        return name##__call(&self->client, &self->call, &self->message, task, body);              \
    }                                                                                             \
    MN__GENERATED mn_status_t name##_call_with(name##_client_t *self, name##_call_t *call,        \
                                               mn_task_t *task, const request_t *body) {          \
        return name##__call(&self->client, &call->call, &call->reply, task, body);                \
    }                                                                                             \
    MN__GENERATED const response_t *name##_response(const name##_client_t *self) {                \
        return &self->message.response;                                                           \
    }                                                                                             \
    MN__GENERATED const error_t *name##_error(const name##_client_t *self) {                      \
        return &self->message.error;                                                              \
    }                                                                                             \
    MN__GENERATED const reason_t *name##_rejection(const name##_client_t *self) {                 \
        return &self->message.rejection;                                                          \
    }                                                                                             \
    MN__GENERATED void name##_cancel(name##_client_t *self) {                                     \
        mn_call_cancel(&self->call);                                                              \
    }                                                                                             \
    MN__GENERATED void name##_disconnect(name##_client_t *self) {                                 \
        mn_client_disconnect(&self->client);                                                      \
    }

#define MN__SERVICE_LISTENER(name, hello_t, reason_t)                                           \
    MN__GENERATED mn_status_t name##_listen(name##_listener_t *self, mn_registry_t *registry) { \
        return mn__listen(&self->listener, registry, &name##_service);                          \
    }                                                                                           \
    MN__GENERATED mn_status_t name##_next_handshake(name##_listener_t *self, mn_task_t *task,   \
                                                    name##_handshake_t *handshake) {            \
        return mn__handshake_next(&self->listener, task, &handshake->handshake);                \
    }                                                                                           \
    MN__GENERATED const hello_t *name##_hello(const name##_handshake_t *handshake) {            \
        const mn_client_t *client = handshake->handshake.client;                                \
        return (client == NULL) ? NULL : (const hello_t *)client->message;                      \
    }                                                                                           \
    MN__GENERATED mn_status_t name##_accept(name##_handshake_t *handshake,                      \
                                            name##_requests_t *requests) {                      \
        return mn__handshake_accept(&handshake->handshake, &requests->requests);                \
    }                                                                                           \
    MN__GENERATED mn_status_t name##_reject(name##_handshake_t *handshake,                      \
                                            const reason_t *reason) {                           \
        reason_t *place = (reason_t *)mn__handshake_reject(&handshake->handshake);              \
        if (place == NULL) {                                                                    \
            return MN_ECANCELED;                                                                \
        }                                                                                       \
        *place = *reason;                                                                       \
        return MN_OK;                                                                           \
    }

#define MN__SERVICE_REQUESTS(name, response_t, error_t)                                       \
    MN__GENERATED void name##_requests_init(name##_requests_t *self, name##_request_t *slots, \
                                            uint16_t count) {                                 \
        mn__requests_init(&self->requests);                                                   \
        for (uint16_t i = 0; i < count; i++) {                                                \
            mn__requests_add_slot(&self->requests, &slots[i].request);                        \
        }                                                                                     \
    }                                                                                         \
    MN__GENERATED mn_status_t name##_next_request(name##_requests_t *self, mn_task_t *task,   \
                                                  name##_request_t **request) {               \
        mn_request_t *taken = NULL;                                                           \
        mn_status_t status = mn__requests_next(&self->requests, task, &taken);                \
        *request = (name##_request_t *)(void *)taken;                                         \
        return status;                                                                        \
    }                                                                                         \
    MN__GENERATED mn_status_t name##_reply(name##_request_t *request,                         \
                                           const response_t *response) {                      \
        response_t *place = (response_t *)mn__reply_place(&request->request);                 \
        if (place != NULL) {                                                                  \
            *place = *response;                                                               \
        }                                                                                     \
        return mn__reply(&request->request, MN_OK);                                           \
    }                                                                                         \
    MN__GENERATED mn_status_t name##_fail(name##_request_t *request, const error_t *error) {  \
        error_t *place = (error_t *)mn__reply_place(&request->request);                       \
        if (place != NULL) {                                                                  \
            *place = *error;                                                                  \
        }                                                                                     \
        return mn__reply(&request->request, MN_EFAILED);                                      \
    }                                                                                         \
    MN__GENERATED void name##_discard(name##_request_t *request) {                            \
        (void)mn__reply(&request->request, MN_EDROPPED);                                      \
    }

#define MN__SERVICE_SERVER(name)                                                               \
    MN__GENERATED mn_status_t name##_serve(name##_server_t *self, mn_registry_t *registry,     \
                                           name##_request_t *slots, uint16_t count) {          \
        name##_requests_init(&self->requests, slots, count);                                   \
        mn_status_t status = name##_listen(&self->listener, registry);                         \
        if (status != MN_OK) {                                                                 \
            mn_requests_close(&self->requests.requests);                                       \
        } else {                                                                               \
            self->listener.listener.requests = &self->requests.requests;                       \
        }                                                                                      \
        return status;                                                                         \
    }                                                                                          \
    MN__GENERATED mn_status_t name##_next(name##_server_t *self, mn_task_t *task,              \
                                          name##_request_t **request) {                        \
        mn_request_t *taken = NULL;                                                            \
        mn_status_t status =                                                                   \
            mn__server_next(&self->listener.listener, &self->requests.requests, task, &taken); \
        *request = (name##_request_t *)(void *)taken;                                          \
        return status;                                                                         \
    }                                                                                          \
    MN__GENERATED void name##_close(name##_server_t *self) {                                   \
        mn_listener_close(&self->listener.listener);                                           \
        mn_requests_close(&self->requests.requests);                                           \
    }
/// @endcond

#endif
/// @}
