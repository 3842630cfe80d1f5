// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup serial Simple serial port
/// @brief The service that a board's serial driver offers: one raw byte stream, both ways.
///
/// A driver that moves bytes between its hardware and two rings is all that the serial mux, and
/// with it the prompt, the traces and the status display, need from a board. The driver writes
/// received bytes to one ring and sends what it reads from the other, usually in its interrupt
/// handler; ::mn_serial_port_t does the rest:
///
/// @code
/// static uint8_t rx_bytes[4096], tx_bytes[4096];
/// mn_ring_init(&uart.received, rx_bytes, sizeof(rx_bytes));
/// mn_ring_init(&uart.to_send, tx_bytes, sizeof(tx_bytes));
/// mn_serial_port_start(&uart.port, registry, &uart.to_send, &uart.received);
/// @endcode
///
/// The first client that asks gets the port and keeps it until it disconnects; others are told so.
/// @{

#ifndef MNEMOS_SERIAL_H
#define MNEMOS_SERIAL_H

#include <mnemos/ring.h>
#include <mnemos/service.h>

#ifdef __cplusplus
extern "C" {
#endif

/// @brief Answer to a request for the port.
typedef struct mn_serial_response {
    mn_duplex_t port; ///< the client writes to `tx` what is to be sent and reads `rx`
} mn_serial_response_t;

/// @brief Why a request for the port failed.
typedef enum mn_serial_error {
    MN_SERIAL_ALREADY_ASSIGNED = 1, ///< another client has it
} mn_serial_error_t;

/// @brief The service's description. A request has no content: it asks for the port.
#define MN_SERIAL_SERVICE(X)                                                  \
    X(mn_serial, "simple serial port",                                        \
      MN_UUID(0xf06aac01, 0x2773, 0x4266, 0x8681, 0x583ffe756554), mn_unit_t, \
      mn_serial_response_t, mn_serial_error_t, mn_unit_t, mn_unit_t)
MN_SERVICE_DECLARE(MN_SERIAL_SERVICE)

/// @brief Requests that can be under way at a time.
#define MN_SERIAL_REQUESTS 4

/// @brief A serial port's service task. Zero-initialise it.
typedef struct mn_serial_port {
    mn_task_t task;                                ///< @private
    mn_serial_server_t server;                     ///< @private
    mn_serial_request_t slots[MN_SERIAL_REQUESTS]; ///< @private
    mn_duplex_t port;                              ///< @private
    bool assigned;                                 ///< @private
    uint32_t owner;                                ///< @private client that it was assigned to
} mn_serial_port_t;

/// @brief Register the service and spawn the task that answers for it.
/// @param[in,out] port storage of the service
/// @param[in,out] registry where to register
/// @param[in] to_send what the driver sends: the client writes it
/// @param[in] received what the driver has received: the client reads it
/// @retval MN_OK registered
/// @retval MN_EEXISTS there is a serial port already
/// @retval MN_EFULL the registry is full
/// @task_only or before the first tick
mn_status_t mn_serial_port_start(mn_serial_port_t *port, mn_registry_t *registry,
                                 mn_ring_t *to_send, mn_ring_t *received);

#ifdef __cplusplus
}
#endif

#endif
/// @}
