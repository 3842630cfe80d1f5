// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @brief Time, signals, and waiting for file descriptors: this computer as a chip.
///
/// There is one thread. What would be an interrupt is looked for in host_loop_wait(), which the
/// kernel's run loop calls after every tick; the devices' service functions run there, as interrupt
/// handlers.

#ifndef HOST_LOOP_H
#define HOST_LOOP_H

#include <mnemos/kernel.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOST_TICK_HZ 1000000U  ///< the clock counts microseconds
#define HOST_DEVICES_MAX 4U    ///< most devices
#define HOST_DEVICE_FDS_MAX 4U ///< most descriptors of one device

typedef struct host_device host_device_t;

/// @brief What a device does.
typedef struct host_device_ops {
    /// Say what to wait for.
    /// @param[out] fds descriptors and events
    /// @param[in,out] deadline to be lowered if the device wants to be serviced by then
    /// @return number of descriptors
    size_t (*prepare)(host_device_t *device, struct pollfd *fds, uint64_t *deadline);
    /// Do what can be done without waiting. Called after every wait, in the order of adding.
    /// @param[in] fds as prepared, with the events that have come
    /// @param[in] count their number
    /// @param[in] idle the kernel had nothing left to do
    void (*service)(host_device_t *device, const struct pollfd *fds, size_t count, bool idle);
    /// Give back what must not stay, when the program ends; NULL if there is nothing.
    void (*close)(host_device_t *device);
    /// The system is about to stop with this report, lines that each end with a line feed: show
    /// it, or make room for it. NULL if there is nothing to do.
    void (*panic)(host_device_t *device, const char *text, size_t len);
} host_device_ops_t;

/// @brief A device. Initialise it with its operations.
struct host_device {
    const host_device_ops_t *ops;
};

/// @brief Begin: the clock starts, and SIGINT, SIGTERM and SIGHUP end the loop with status 0.
/// @return 0, or an errno value
int host_loop_init(void);

/// @brief Add a device, before the first wait.
void host_loop_add(host_device_t *device);

/// @brief The clock, in microseconds since host_loop_init(); for ::mn_kernel_config_t.
uint64_t host_now(void *context);

/// @brief Wait for a descriptor, a signal or the deadline, then service the devices.
/// @param[in,out] kernel the kernel that the devices' handlers wake; not ticking
/// @param[in] deadline microsecond at which the kernel has work; one that has passed means now
void host_loop_wait(mn_kernel_t *kernel, uint64_t deadline);

/// @brief Whether nothing has ended the loop.
bool host_loop_running(void);

/// @brief End the loop. The first status counts.
void host_loop_end(int status);

/// @brief Close the devices, latest first.
/// @return the status that the loop was ended with
int host_loop_close(void);

/// @brief Hand a report to the devices, latest first.
void host_loop_panic(const char *text, size_t len);

#endif
