// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// What the registry's files share.

#ifndef MNEMOS_REGISTRY_PRIVATE_H
#define MNEMOS_REGISTRY_PRIVATE_H

#include <mnemos/registry.h>

// States of a client.
enum {
    MN__CLIENT_IDLE = 0,
    MN__CLIENT_LOOKUP,    // it has a hello; the service may not be there yet
    MN__CLIENT_HANDSHAKE, // in a listener's line, or being considered
    MN__CLIENT_CONNECTED,
    MN__CLIENT_REJECTED, // the answer was no; the reason is in its message
    MN__CLIENT_DEAD,     // the service has gone
};

// The listener with this UUID, or NULL.
mn_listener_t *mn__registry_lookup(const mn_registry_t *registry, const mn_uuid_t *uuid);

// Give a client that waits its new state, and let it run.
void mn__client_resolve(mn_client_t *client, uint8_t state);

// End every call of a client with `outcome`: its service has gone.
void mn__client_fail_calls(mn_client_t *client, mn_status_t outcome);

// Cancel every call of a client: the client itself goes.
void mn__client_cancel_calls(mn_client_t *client);

#endif
