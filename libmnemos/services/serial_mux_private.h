// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The serial mux service's insides, shared by its tasks (serial_mux.c) and its ports (mux_port.c).

#ifndef MNEMOS_SERIAL_MUX_PRIVATE_H
#define MNEMOS_SERIAL_MUX_PRIVATE_H

#include <mnemos/serial_mux.h>

struct mn_serial_mux {
    mn_task_t input;   // takes the line's bytes apart and hands them to the ports
    mn_task_t command; // opens ports
    mn_registry_t *registry;
    mn_serial_mux_config_t config;
    mn_heap_owner_t owner;
    mn_serial_mux_server_t server;
    mn_serial_client_t serial;
    mn_duplex_t line; // both NULL until the serial port is there
    mn_shared_ring_t tx;
    size_t chunk; // longest payload in one frame
    mn_sermux_decoder_t decoder;
    mn_list_t ports;
    uint16_t port_count;
    bool stopped;
    uint32_t no_port;
    uint32_t no_room;
    uint32_t sent;
};

// The open port of that number, or NULL.
mn_mux_port_t *mn__mux_find_port(mn_serial_mux_t *mux, uint16_t number);

// Open a port; the statuses are those of mn_mux_error_t.
mn_status_t mn__mux_add_port(mn_serial_mux_t *mux, const mn_mux_open_t *request,
                             mn_mux_port_t **port);

// Hand a frame's payload to the port that it is for.
void mn__mux_deliver(mn_serial_mux_t *mux, const mn_sermux_frame_t *frame);

// One who uses the service less; the last one gives back its memory. The service itself counts as
// one until it is stopped, and so does each open port.
void mn__mux_release(mn_serial_mux_t *mux);

#endif
