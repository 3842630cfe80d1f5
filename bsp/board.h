// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup board Board contract
/// @brief What a board offers to the program that every image is made of, firmware/main.c.
///
/// An image contains exactly one board. Its functions are found at link time; together with the
/// three of the @ref port they are all that a new board has to provide. Most of them come from the
/// code of the board's chip in `bsp/soc/`; a board adds which drivers there are.
///
/// They are called in this order:
/// 1. ::mn_board_init: the hardware is brought up as far as the kernel needs it,
/// 2. ::mn_board_start, once there is a kernel and a registry: the drivers register their services,
/// 3. ::mn_board_wait after every tick, as long as ::mn_board_running,
/// 4. ::mn_board_stop.
/// @{

#ifndef MNEMOS_BOARD_H
#define MNEMOS_BOARD_H

#include <mnemos/defaults.h>
#include <mnemos/kernel.h>
#include <mnemos/registry.h>

#ifdef __cplusplus
extern "C" {
#endif

/// @brief What the program is made from.
typedef struct mn_board_config {
    mn_kernel_config_t kernel;     ///< memory and clock
    uint32_t max_services;         ///< most services in the registry at a time
    mn_defaults_config_t services; ///< the services that do not depend on the board
} mn_board_config_t;

/// @brief The board's name, as in `bsp/` and as the image is called.
/// @return static text
const char *mn_board_name(void);

/// @brief Bring up the hardware and say what the kernel gets. Called once, first.
///
/// A board that is run with options (the simulator) reads them here, and ends the program if they
/// do not make sense.
/// @param[in] argc number of arguments, 0 where there are none
/// @param[in] argv the arguments
/// @param[in,out] config on entry the settings that suit any board; the memory and the clock, at
/// least, are for the board to fill in
void mn_board_init(int argc, char **argv, mn_board_config_t *config);

/// @brief Start the board's drivers.
/// @param[in,out] kernel set up
/// @param[in,out] registry empty
/// @param[out] failed on failure, what could not be started; static text
/// @retval MN_OK started
/// @return otherwise why not
mn_status_t mn_board_start(mn_kernel_t *kernel, mn_registry_t *registry, const char **failed);

/// @brief Sleep until an interrupt is pending or the clock has reached @p deadline.
///
/// Called after every tick, with interrupts held back, so that nothing can happen between the
/// question whether there is work and the sleep. A deadline that has passed means that there is
/// work and no time to sleep: a board with interrupts returns at once; one that has to look for
/// them (the simulator) looks.
/// @param[in] deadline clock tick, 0 when there is work, ::MN_NEVER when only an interrupt can wake
void mn_board_wait(uint64_t deadline);

/// @brief Whether to go on. Always true where nothing but a loss of power ends the program.
/// @return false to end the program
bool mn_board_running(void);

/// @brief Take leave.
/// @return the status that the program ends with
int mn_board_stop(void);

#ifdef __cplusplus
}
#endif

#endif
/// @}
