// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#define MN_TRACE_TARGET "registry"

// The table of services: who listens under which UUID.

#include "private.h"
#include <mnemos/registry.h>

void mn_registry_init(mn_registry_t *registry, mn_kernel_t *kernel, uint32_t capacity) {
    *registry = (mn_registry_t){.kernel = kernel, .capacity = capacity};
    mn_list_init(&registry->listeners);
    mn_wait_queue_init(&registry->added);
}

mn_listener_t *mn__registry_lookup(const mn_registry_t *registry, const mn_uuid_t *uuid) {
    for (mn_list_t *node = mn_list_first(&registry->listeners); node != NULL;
         node = mn_list_next(&registry->listeners, node)) {
        mn_listener_t *listener = MN_CONTAINER_OF(node, mn_listener_t, link);
        if (mn_uuid_equal(&listener->service->uuid, uuid)) {
            return listener;
        }
    }
    return NULL;
}

const mn_service_t *mn_registry_find(const mn_registry_t *registry, const mn_uuid_t *uuid) {
    const mn_listener_t *listener = mn__registry_lookup(registry, uuid);
    return (listener == NULL) ? NULL : listener->service;
}

const mn_listener_t *mn_registry_next(const mn_registry_t *registry,
                                      const mn_listener_t *previous) {
    const mn_list_t *node = (previous == NULL) ? &registry->listeners : &previous->link;
    node = mn_list_next(&registry->listeners, node);
    return (node == NULL) ? NULL : MN_CONTAINER_OF(node, mn_listener_t, link);
}

mn_status_t mn__listen(mn_listener_t *listener, mn_registry_t *registry,
                       const mn_service_t *service) {
    MN_ASSERT(listener->registry == NULL);
    if (mn__registry_lookup(registry, &service->uuid) != NULL) {
        mn_warn("service is registered already", "service", service->name);
        return MN_EEXISTS;
    }
    if (registry->count == registry->capacity) {
        mn_warn("registry is full", "service", service->name);
        return MN_EFULL;
    }
    *listener = (mn_listener_t){
        .registry = registry, .service = service, .service_id = registry->next_service_id++};
    mn_list_init(&listener->handshakes);
    mn_list_push_back(&registry->listeners, &listener->link);
    registry->count++;
    mn_info("service registered", "service", service->name, "id", listener->service_id);
    // With the last place taken this also tells those who wait for some other service that it
    // cannot come.
    mn_wait_queue_wake_all(&registry->added);
    return MN_OK;
}

void mn_listener_close(mn_listener_t *listener) {
    if (listener->registry == NULL) {
        return;
    }
    mn_info("service gone", "service", listener->service->name, "id", listener->service_id);
    mn_list_remove(&listener->link);
    listener->registry->count--;
    listener->registry = NULL;
    mn_wait_cell_wake(&listener->server); // it may be another task that closes
    mn__wait_cell_clear(&listener->server);
    for (mn_list_t *node = mn_list_pop_front(&listener->handshakes); node != NULL;
         node = mn_list_pop_front(&listener->handshakes)) {
        mn__client_resolve(MN_CONTAINER_OF(node, mn_client_t, link), MN__CLIENT_DEAD);
    }
}
