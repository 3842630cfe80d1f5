// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @brief A UART whose wire is a TCP connection.
///
/// One client at a time; a second is told so and sent away. Without a client nothing is lost: what
/// the kernel sends stays in the ring, and its senders wait.
///
/// A terminal may share the wire. It must keep running whether or not anybody is at the other end,
/// so then the kernel does not wait for a client that is not there, or that has taken nothing for a
/// second: what it would get waits in an outbox, and the oldest frames are dropped when that is
/// full. The next client is told how many.
///
/// Bytes are taken from the client only as far as the ring has room, and neither direction waits
/// for the other.

#ifndef HOST_UART_H
#define HOST_UART_H

#include "loop.h"
#include "outbox.h"

#include <mnemos/ring.h>
#include <mnemos/serial.h>

#define HOST_UART_RING 4096U

/// @brief Who listens to all that the UART sends, beside the client.
typedef struct host_uart_listener {
    /// Bytes that can be taken now; less than the UART has to send makes the kernel wait.
    size_t (*room)(void *context);
    void (*heard)(void *context, const uint8_t *data, size_t len);
    void *context;
} host_uart_listener_t;

/// @brief A UART. Set it up with host_uart_init().
typedef struct host_uart {
    host_device_t device;
    mn_serial_port_t port;
    mn_ring_t to_send;
    mn_ring_t received;
    host_uart_listener_t listener; ///< `heard` is NULL if there is none
    outbox_t outbox;
    uint32_t reported;    ///< dropped frames that a client has been told of
    uint64_t last_taken;  ///< when the client last took a byte
    int socket;           ///< where clients come in
    int client;           ///< -1: nobody is there
    int refused;          ///< a client that was sent away and has not left; -1
    bool leaving;         ///< the client will send no more; what it has sent is still there
    bool broken;          ///< the client takes no more; what it has sent is still there
    bool in_frame;        ///< the client has begun a frame in `received` and not ended it
    bool skipping;        ///< the client's frame was ended for it; drop the rest
    uint64_t turn_wanted; ///< since when host_uart_inject() waits for the frame's end; 0: it is not
    uint8_t tx_bytes[HOST_UART_RING];
    uint8_t rx_bytes[HOST_UART_RING];
} host_uart_t;

/// @brief Set up the UART on a listening socket, and add it to the loop.
void host_uart_init(host_uart_t *uart, int socket);

/// @brief Offer the UART as the board's serial port.
/// @return as ::mn_serial_port_start
mn_status_t host_uart_start(host_uart_t *uart, mn_registry_t *registry);

/// @brief Put a frame into what the UART receives, between two frames of the client's.
///
/// A client that has begun a frame is waited for, but not long: then its frame is ended.
/// @retval true it is on its way
/// @retval false not yet: call again at the next service
bool host_uart_inject(host_uart_t *uart, const uint8_t *frame, size_t len);

/// @brief Whether all that the kernel has sent has been heard by the listener.
bool host_uart_all_heard(host_uart_t *uart);

#endif
