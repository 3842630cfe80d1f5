// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup registry Registry
/// @brief Where services are found by UUID, and what a connection is made of.
///
/// A *service* is a task that answers typed requests. It is described once, with
/// ::MN_SERVICE_DECLARE (see @ref service), which yields typed functions; the structs and functions
/// here are what those are built on, and what a status display looks at.
///
/// A *listener* makes a service known under its UUID and receives *handshakes*: a client says
/// hello, and the service accepts it into one of its *request queues*, or rejects it with a reason.
/// A service may use one queue for all clients, or one for each. A request stays in its slot of the
/// queue until it is answered; answers go straight to the client that asked, in any order.
///
/// **Type safety.** The compiler checks requests and answers. A client that was compiled against
/// another definition of the service under the same UUID gets ::MN_ETYPE when it connects.
///
/// **Lifetime.** Every object is the caller's. A client that goes disconnects first (a drop
/// function calls `…_disconnect`, from whatever state); what the service still holds of it then
/// answers ::MN_ECLOSED or ::MN_ECANCELED. A service that goes drops the handshakes it holds and
/// closes its listener and its queues; its clients then get ::MN_EDEAD. Neither ever leaves a
/// pointer behind with the other.
///
/// Everything here belongs to task context. One task at a time waits on a listener or a queue.
/// @{

#ifndef MNEMOS_REGISTRY_H
#define MNEMOS_REGISTRY_H

#include <mnemos/kernel.h>
#include <mnemos/util.h>
#include <mnemos/uuid.h>
#include <mnemos/wait.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mn_service_wire;

/// @brief What a service is; one constant for each, made by ::MN_SERVICE_DEFINE. Its address is the
/// identity of its message types.
typedef struct mn_service {
    mn_uuid_t uuid;              ///< how it is found
    const char *name;            ///< for people
    uint16_t request_size;       ///< size of the request type in bytes
    uint16_t response_size;      ///< size of the response type in bytes
    uint16_t error_size;         ///< size of the error type in bytes
    uint16_t hello_size;         ///< size of the hello type in bytes
    uint16_t connect_error_size; ///< size of the connect error type in bytes
    /// How its messages are encoded for userspace; NULL for a service that only the kernel reaches.
    const struct mn_service_wire *wire;
} mn_service_t;

/// @brief A message type with nothing in it.
typedef struct mn_unit {
    uint8_t unused; ///< C has no empty struct
} mn_unit_t;

/// @brief The known services. Initialise with ::mn_registry_init.
typedef struct mn_registry {
    mn_kernel_t *kernel;      ///< read-only
    uint32_t capacity;        ///< read-only: most services at a time
    uint32_t count;           ///< read-only: services now
    mn_list_t listeners;      ///< @private
    uint32_t next_service_id; ///< @private
    uint32_t next_client_id;  ///< @private
    mn_wait_queue_t added;    ///< @private clients that wait for a service to appear
} mn_registry_t;

/// @brief A service's entry in the registry. Zero-initialise it.
typedef struct mn_listener {
    mn_list_t link;              ///< @private
    mn_registry_t *registry;     ///< @private NULL while closed
    const mn_service_t *service; ///< read-only
    uint32_t service_id;         ///< read-only
    mn_list_t handshakes;        ///< @private clients that wait for an answer, oldest first
    mn_wait_cell_t server;       ///< @private
    /// read-only: the queue of a service that has one for all clients; NULL if that is not known
    const struct mn_requests *requests;
} mn_listener_t;

/// @brief A bounded queue of requests and those who send them. Initialised by a typed function.
typedef struct mn_requests {
    mn_list_t free;        ///< @private slots without a request
    mn_list_t pending;     ///< @private requests that the service has not taken, oldest first
    mn_list_t clients;     ///< @private
    mn_semaphore_t room;   ///< @private one unit for each free slot
    mn_wait_cell_t server; ///< @private
    uint16_t capacity;     ///< read-only: number of slots
    uint16_t depth;        ///< read-only: requests that the service has not taken
    uint16_t client_count; ///< read-only: the service's task is woken when it falls
    bool open;             ///< @private
} mn_requests_t;

/// @brief The kernel's part of a client. Zero-initialise it.
typedef struct mn_client {
    mn_list_t link;                 ///< @private in a listener's handshakes or a queue's clients
    mn_task_t *task;                ///< @private
    mn_requests_t *requests;        ///< @private not NULL while connected
    struct mn_handshake *handshake; ///< @private while the service considers it
    void *message;                  ///< @private its hello, then the answer to it
    mn_wait_t added;                ///< @private
    mn_list_t calls;                ///< @private calls that are not idle
    uint32_t service_id;            ///< read-only: of the service it is connected to
    uint32_t client_id;             ///< read-only: its own, unique in the registry
    uint32_t next_request_id;       ///< @private
    uint8_t state;                  ///< @private
} mn_client_t;

/// @brief A client that a service is about to accept or reject. Zero-initialise it.
typedef struct mn_handshake {
    mn_client_t *client;     ///< @private NULL once answered, or when the client has gone
    mn_registry_t *registry; ///< @private
    uint32_t service_id;     ///< @private
} mn_handshake_t;

/// @brief One request of a client's and its answer. Zero-initialise it.
typedef struct mn_call {
    mn_list_t link;          ///< @private in its client's calls
    mn_client_t *client;     ///< @private
    mn_task_t *task;         ///< @private
    struct mn_request *slot; ///< @private while sent and not answered
    void *reply;             ///< @private
    mn_wait_t room;          ///< @private
    uint8_t state;           ///< @private
    mn_status_t outcome;     ///< @private
} mn_call_t;

/// @brief A slot of a request queue, and the envelope of the request in it.
typedef struct mn_request {
    mn_list_t link;       ///< @private
    mn_requests_t *queue; ///< @private
    mn_call_t *call;      ///< @private NULL if nobody wants the answer any more
    uint32_t service_id;  ///< read-only: the service that it is for
    uint32_t client_id;   ///< read-only: the client that asks
    uint32_t request_id;  ///< read-only: 0, 1, 2 … for each client, wrapping
} mn_request_t;

/// @brief Make an empty registry.
/// @param[out] registry storage
/// @param[in] kernel the kernel whose tasks use it
/// @param[in] capacity most services at a time
void mn_registry_init(mn_registry_t *registry, mn_kernel_t *kernel, uint32_t capacity);

/// @brief Whether a service with this UUID is there now.
/// @param[in] registry the registry
/// @param[in] uuid the service's
/// @return its description, or NULL if it is not there
const mn_service_t *mn_registry_find(const mn_registry_t *registry, const mn_uuid_t *uuid);

/// @brief The listener after @p previous, in order of registration.
/// @param[in] registry the registry
/// @param[in] previous NULL for the first
/// @return NULL at the end
const mn_listener_t *mn_registry_next(const mn_registry_t *registry, const mn_listener_t *previous);

/// @cond INTERNAL
// What the typed functions of service.h are made of.
mn_status_t mn__listen(mn_listener_t *listener, mn_registry_t *registry,
                       const mn_service_t *service);
mn_status_t mn__handshake_next(mn_listener_t *listener, mn_task_t *task, mn_handshake_t *handshake);
mn_status_t mn__handshake_accept(mn_handshake_t *handshake, mn_requests_t *requests);
void *mn__handshake_reject(mn_handshake_t *handshake);

void mn__requests_init(mn_requests_t *requests);
void mn__requests_add_slot(mn_requests_t *requests, mn_request_t *slot);
mn_status_t mn__requests_next(mn_requests_t *requests, mn_task_t *task, mn_request_t **request);
mn_status_t mn__server_next(mn_listener_t *listener, mn_requests_t *requests, mn_task_t *task,
                            mn_request_t **request);
static inline void *mn__reply_place(const mn_request_t *request) {
    return (request->call == NULL) ? NULL : request->call->reply;
}
mn_status_t mn__reply(mn_request_t *request, mn_status_t outcome);

void *mn__connect_begin(mn_client_t *client, void *message);
mn_status_t mn__connect(mn_client_t *client, mn_registry_t *registry, mn_task_t *task,
                        const mn_service_t *service, bool wait);
mn_status_t mn__call(mn_call_t *call, mn_client_t *client, mn_task_t *task, void *reply,
                     mn_request_t **slot);
void mn__call_send(mn_call_t *call, mn_request_t *slot);
/// @endcond

/// @brief Withdraw a service: it is no longer found, and clients that wait for its answer to their
/// hello get ::MN_EDEAD. Clients that are connected stay. Does nothing if it is closed.
/// @param[in,out] listener open or closed
void mn_listener_close(mn_listener_t *listener);

/// @brief Close a queue: every client of it and every request in it gets ::MN_EDEAD. Does nothing
/// if it is closed. Slots that the service holds may still be answered, to nobody.
/// @param[in,out] requests open or closed
void mn_requests_close(mn_requests_t *requests);

/// @brief Whether a client is connected to a queue, for a service that keeps something for it.
///
/// Takes time proportional to the number of clients.
/// @param[in] requests the queue
/// @param[in] client_id as in the client's requests
/// @return true if so
bool mn_requests_has_client(const mn_requests_t *requests, uint32_t client_id);

/// @brief Answer nothing: the client that was being considered gets ::MN_EDEAD.
/// @param[in,out] handshake answered or not
void mn_handshake_drop(mn_handshake_t *handshake);

/// @brief Disconnect from whatever state, also while connecting; calls under way are canceled.
/// @param[in,out] client the client
void mn_client_disconnect(mn_client_t *client);

/// @brief The answer that a call has received but not yet handed over.
/// @param[in] call the call
/// @retval MN_PENDING it has none
/// @return otherwise what the call will answer
mn_status_t mn_call_outcome(const mn_call_t *call);

/// @brief Withdraw a call from whatever state. The service is not told; its answer goes nowhere.
/// @param[in,out] call the call
void mn_call_cancel(mn_call_t *call);

#ifdef __cplusplus
}
#endif

#endif
/// @}
