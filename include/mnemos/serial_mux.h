// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup serial_mux Serial mux
/// @brief Many byte streams, the *ports*, over one serial line.
///
/// The service takes the board's simple serial port and carries frames over it in both directions;
/// the format is that of @ref sermux. A client opens a port by its number and gets an
/// ::mn_mux_port_t, from which it reads what comes in for the port and through which it sends.
/// Sending waits for room on the line; senders take turns frame by frame. A port belongs to the
/// task that opened it, until it closes the port; then the number can be opened again.
///
/// **Loss.** Nothing is lost between a sender and the serial driver. There is no flow control
/// towards the other end of the line: a frame that arrives for a port that is not open, or whose
/// ring has no room for all of it, is discarded whole, as is everything that is not a valid frame.
/// Each kind is counted, see ::mn_mux_stats_t, and does not disturb what follows.
/// @{

#ifndef MNEMOS_SERIAL_MUX_H
#define MNEMOS_SERIAL_MUX_H

#include <mnemos/ring.h>
#include <mnemos/serial.h>
#include <mnemos/sermux.h>
#include <mnemos/service.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mn_mux_port mn_mux_port_t;
/// @brief The running service.
typedef struct mn_serial_mux mn_serial_mux_t;

/// @brief Request: open a port.
typedef struct mn_mux_open {
    uint16_t port;     ///< its number
    uint32_t capacity; ///< bytes of received data that it can hold
} mn_mux_open_t;

/// @brief Answer: the open port.
typedef struct mn_mux_opened {
    mn_mux_port_t *port; ///< close it with ::mn_mux_close
} mn_mux_opened_t;

/// @brief Why a port was not opened.
typedef struct mn_mux_error {
    /// ::MN_EEXISTS the number is in use; ::MN_EFULL the most ports are open; ::MN_EINVAL the
    /// capacity is 0; ::MN_ENOMEM, ::MN_ETOOBIG, ::MN_EQUOTA no memory for it.
    mn_status_t status;
} mn_mux_error_t;

/// @brief The service's description.
#define MN_SERIAL_MUX_SERVICE(X)                                                                \
    X(mn_serial_mux, "serial mux", MN_UUID(0x54c983fa, 0x736f, 0x4223, 0xb90d, 0xc4360a308647), \
      mn_mux_open_t, mn_mux_opened_t, mn_mux_error_t, mn_unit_t, mn_unit_t)
MN_SERVICE_DECLARE(MN_SERIAL_MUX_SERVICE)

/// @brief Settings of the service.
typedef struct mn_serial_mux_config {
    uint16_t max_ports; ///< most ports open at a time, at least 1
    uint32_t max_frame; ///< longest frame on the line in bytes; at least 16
    uint16_t queue;     ///< requests that can be under way at a time, at least 1
} mn_serial_mux_config_t;

/// @brief 16 ports, frames of 512 bytes.
#define MN_SERIAL_MUX_DEFAULTS \
    ((mn_serial_mux_config_t){.max_ports = 16, .max_frame = MN_SERMUX_FRAME_DEFAULT, .queue = 4})

/// @brief What the service has seen. All counters wrap around.
typedef struct mn_mux_stats {
    mn_sermux_counters_t line; ///< frames received, and what was not a frame
    uint32_t no_port;          ///< frames for a port that is not open
    uint32_t no_room;          ///< frames for a port whose ring was too full
    uint32_t sent;             ///< frames sent
    uint16_t open_ports;       ///< ports open now
} mn_mux_stats_t;

/// @brief An open port. The fields are read-only.
struct mn_mux_port {
    mn_list_t link;       ///< @private
    mn_serial_mux_t *mux; ///< @private kept as long as there are ports
    mn_ring_t *rx;        ///< @private what came in
    uint16_t number;      ///< the port's number
    uint32_t frames_in;   ///< frames received
    uint32_t frames_lost; ///< frames discarded because there was no room
    uint32_t frames_out;  ///< frames sent
};

/// @brief One task's sending through a port. Zero-initialise it.
typedef struct mn_mux_sender {
    mn_ring_writer_t writer; ///< @private
    size_t done;             ///< @private bytes of the current call that are on their way
} mn_mux_sender_t;

/// @brief Start the service. It waits for a serial port to appear.
/// @param[in,out] registry where to register, and where the serial port is looked for
/// @param[in] config copied
/// @param[out] mux the service; stop it with ::mn_serial_mux_stop
/// @retval MN_OK started
/// @retval MN_EINVAL a setting is out of range
/// @retval MN_EEXISTS there is a serial mux already
/// @retval MN_EFULL the registry is full
/// @retval MN_ENOMEM,MN_ETOOBIG no memory for it
/// @task_only or before the first tick
mn_status_t mn_serial_mux_start(mn_registry_t *registry, const mn_serial_mux_config_t *config,
                                mn_serial_mux_t **mux);

/// @brief Stop the service and give back its memory. Open ports stay their owners', closed.
/// @param[in,out] mux the service; not to be used again
/// @task_only
void mn_serial_mux_stop(mn_serial_mux_t *mux);

/// @brief What the service has seen so far.
/// @param[in] mux the service
/// @return the counters now
/// @task_only
mn_mux_stats_t mn_serial_mux_stats(const mn_serial_mux_t *mux);

// ---------------------------------------------------------------------------------------------
// Ports

/// @brief Opening a port. Zero-initialise it.
typedef struct mn_mux_opener {
    mn_serial_mux_client_t client; ///< @private
} mn_mux_opener_t;

/// @brief Connect to the serial mux, waiting for it to appear, and open a port.
/// @param[in,out] opener idle at the first call
/// @param[in,out] registry where the mux is registered
/// @param[in,out] task the calling task
/// @param[in] request which port
/// @param[out] port the open port
/// @retval MN_OK opened
/// @retval MN_PENDING not yet
/// @return otherwise what ::mn_mux_error_t::status names, or why there is no connection
/// @task_only @may_wait
mn_status_t mn_mux_open(mn_mux_opener_t *opener, mn_registry_t *registry, mn_task_t *task,
                        const mn_mux_open_t *request, mn_mux_port_t **port);

/// @brief Withdraw the opening; a port that was opened but not handed over is closed.
/// @param[in,out] opener opening or idle
/// @task_only
void mn_mux_open_cancel(mn_mux_opener_t *opener);

/// @brief Wait for data.
/// @param[in,out] port the port
/// @param[in,out] task the calling task
/// @param[out] data what came in, at least one byte
/// @retval MN_OK there is data; give it back with ::mn_mux_release
/// @retval MN_EBUSY the data of the read before has not been given back
/// @retval MN_ECLOSED the service has gone, and nothing is left
/// @retval MN_PENDING not yet
/// @task_only @may_wait
mn_status_t mn_mux_read(mn_mux_port_t *port, mn_task_t *task, mn_span_t *data);

/// @brief Give back what was read; see ::mn_ring_release.
/// @param[in,out] port the port
/// @param[in] used bytes; the others are read again
/// @task_only
void mn_mux_release(mn_mux_port_t *port, size_t used);

/// @brief Withdraw a wait for data, and a read grant.
/// @param[in,out] port the port
/// @task_only
void mn_mux_read_cancel(mn_mux_port_t *port);

/// @brief Send bytes through the port, in as many frames as it takes.
/// @param[in,out] port the port
/// @param[in,out] sender idle at the first call
/// @param[in,out] task the calling task
/// @param[in] data the bytes; they must stay until this is done
/// @param[in] len their number; 0 sends nothing
/// @retval MN_OK all are on their way
/// @retval MN_ECLOSED the service or the serial port has gone
/// @retval MN_PENDING not yet
/// @task_only @may_wait
mn_status_t mn_mux_send(mn_mux_port_t *port, mn_mux_sender_t *sender, mn_task_t *task,
                        const void *data, size_t len);

/// @brief Withdraw a sending; frames that are complete still go out.
/// @param[in,out] port the port
/// @param[in,out] sender sending or idle
/// @task_only
void mn_mux_send_cancel(mn_mux_port_t *port, mn_mux_sender_t *sender);

/// @brief Close the port and give back its memory. NULL is fine.
/// @param[in] port the port
/// @pre nobody waits for data from it, or sends through it
/// @task_only
void mn_mux_close(mn_mux_port_t *port);

#ifdef __cplusplus
}
#endif

#endif
/// @}
