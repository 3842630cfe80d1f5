// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup port Port contract
/// @brief The three functions that the library calls and that a platform must define.
///
/// The library has no platform code. It is linked against three functions, found at link time:
/// two that keep interrupts out of a few instructions, and one that ends the system. Everything
/// else that depends on the board (memory, clock) is handed over in ::mn_kernel_config_t, and what
/// the run loop needs (idling) stays with the board.
///
/// Sections between ::mn_port_irq_save and ::mn_port_irq_restore are a handful of instructions
/// long and of constant length, and they nest.
/// @{

#ifndef MNEMOS_PORT_H
#define MNEMOS_PORT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// @brief Why the system ends.
typedef struct mn_panic {
    const char *message; ///< what is wrong, or the text of the failed assertion
    const char *file;    ///< source file, or NULL where unknown
    int line;            ///< source line, 0 where unknown
    const char *task;    ///< name of the task that was running, NULL outside a poll
} mn_panic_t;

/// @brief Keep interrupt handlers from running until the matching ::mn_port_irq_restore.
/// @return the previous state, to be handed back
/// @isr_ok
uint32_t mn_port_irq_save(void);

/// @brief Restore what ::mn_port_irq_save changed; pending interrupts run when the outermost
/// section ends.
/// @param[in] state the value that the matching ::mn_port_irq_save returned
/// @isr_ok
void mn_port_irq_restore(uint32_t state);

/// @brief End the system: report @p panic wherever a person can see it, and stop.
/// @param[in] panic valid during the call only
/// @isr_ok
_Noreturn void mn_port_panic(const mn_panic_t *panic);

#ifdef __cplusplus
}
#endif

#endif
/// @}
