// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup forth_system Forth system
/// @brief The Forth programs of a kernel: starting, listing, waiting for and stopping them.
///
/// Every Forth program, be it a shell or one that was spawned, runs in a VM and a task of its own
/// and has a number. The system keeps the list of those that run and, for a while, how the last
/// ones ended. It also offers the spawn service, through which any task can start a program from
/// its source text.
/// @{

#ifndef MNEMOS_FORTH_SYSTEM_H
#define MNEMOS_FORTH_SYSTEM_H

#include <mnemos/forth.h>
#include <mnemos/serial_mux.h>
#include <mnemos/service.h>

#ifdef __cplusplus
extern "C" {
#endif

/// @brief Exits that are remembered; older ones are forgotten.
#define MN_FORTH_SYSTEM_EXITS 16

/// @brief Settings of the system.
typedef struct mn_forth_system_config {
    uint16_t max_tasks;   ///< most programs at a time, shells included, at least 1
    uint16_t queue;       ///< requests to the spawn service that can be under way, at least 1
    mn_forth_config_t vm; ///< the VM of a program that is started from its source
} mn_forth_system_config_t;

/// @brief 16 programs, 4 requests, VMs of the default size.
#define MN_FORTH_SYSTEM_DEFAULTS \
    ((mn_forth_system_config_t){.max_tasks = 16, .queue = 4, .vm = MN_FORTH_CONFIG_DEFAULT})

/// @brief Value of ::mn_forth_program_t::port for output that nobody wants.
#define MN_FORTH_NO_PORT UINT16_MAX

/// @brief Request to the spawn service: start a program.
typedef struct mn_forth_program {
    const char *source; ///< one line of Forth; must stay until the answer
    size_t len;         ///< its length in bytes
    const char *name;   ///< of the task, static text; NULL for "program"
    uint16_t port;      ///< mux port that is opened for its output, or ::MN_FORTH_NO_PORT
} mn_forth_program_t;

/// @brief Answer: the program runs.
typedef struct mn_forth_spawned {
    uint32_t id; ///< its number
} mn_forth_spawned_t;

/// @brief Why nothing was started.
typedef struct mn_forth_spawn_error {
    /// ::MN_EFULL the most programs run; ::MN_ENOMEM, ::MN_ETOOBIG no memory, or a line that is too
    /// long; ::MN_EINVAL a line that is not text.
    mn_status_t status;
} mn_forth_spawn_error_t;

/// @brief The spawn service's description.
#define MN_FORTH_SPAWN_SERVICE(X)                                                                 \
    X(mn_forth_spawn, "forth spawn", MN_UUID(0x4ae4a406, 0x005a, 0x4bde, 0xbe91, 0xafc1900f76fa), \
      mn_forth_program_t, mn_forth_spawned_t, mn_forth_spawn_error_t, mn_unit_t, mn_unit_t)
MN_SERVICE_DECLARE(MN_FORTH_SPAWN_SERVICE)

/// @brief A Forth system; made by ::mn_forth_system_start.
typedef struct mn_forth_system mn_forth_system_t;

/// @brief Start the system and its spawn service.
/// @param[in,out] registry where the service registers, and where programs find services
/// @param[in] config copied
/// @param[out] system the system; stop it with ::mn_forth_system_stop
/// @retval MN_OK started
/// @retval MN_EINVAL a setting is out of range
/// @retval MN_EEXISTS the service is registered already
/// @retval MN_EFULL the registry is full
/// @retval MN_ENOMEM,MN_ETOOBIG no memory for it
/// @task_only or before the first tick
mn_status_t mn_forth_system_start(mn_registry_t *registry, const mn_forth_system_config_t *config,
                                  mn_forth_system_t **system);

/// @brief Stop every program that was spawned, and the service, and give back the memory.
/// @param[in,out] system the system; not to be used again
/// @pre the shells have been stopped
/// @task_only
void mn_forth_system_stop(mn_forth_system_t *system);

/// @brief How a program ended.
/// @param[in] system the system
/// @param[in] id the program's number
/// @param[out] code 0, or the THROW code that ended it
/// @retval MN_OK it has ended
/// @retval MN_EBUSY it runs
/// @retval MN_ENOTFOUND there was none of that number, or it ended too long ago
/// @task_only
mn_status_t mn_forth_exit_code(const mn_forth_system_t *system, uint32_t id, int32_t *code);

/// @brief Stop a program that was spawned; its exit code is -28.
/// @param[in,out] system the system
/// @param[in] id the program's number
/// @retval MN_OK it is stopped
/// @retval MN_ENOTFOUND no program of that number runs
/// @retval MN_EPERM it is a shell
/// @pre not called from the program's own task
/// @task_only
mn_status_t mn_forth_stop(mn_forth_system_t *system, uint32_t id);

/// @brief Programs that run now, shells included.
/// @param[in] system the system
/// @return 0 to the configuration's most
/// @task_only
uint32_t mn_forth_count(const mn_forth_system_t *system);

// ---------------------------------------------------------------------------------------------
// Words of your own

/// @name For words that a firmware adds
///
/// Sets of words are added with `words` and `words_count` of a shell's or the system's VM
/// configuration, at most 4 of them; see @ref forth_host for how a word is written. In a VM that
/// belongs to the Forth system its functions find their surroundings with these. A word that waits
/// uses ::mn_forth_timer or ::mn_forth_wait, which are withdrawn for it when a person interrupts
/// the line.
///
/// @code
/// static int w_pause(mn_forth_t *vm) {
///     const mn_kernel_t *kernel = mn_forth_task(vm)->kernel;
///     mn_status_t status = mn_sleep(mn_forth_timer(vm), mn_forth_task(vm),
///                                   mn_ms(kernel, mn_forth_peek(vm, 0)));
///     if (status == MN_OK) {
///         (void)mn_forth_pop(vm);
///     }
///     return status;
/// }
/// @endcode
/// @{

/// @brief The task that runs the VM, for operations that wait.
/// @param[in] vm a machine of the Forth system
/// @return the task
mn_task_t *mn_forth_task(const mn_forth_t *vm);

/// @brief A timer for the word that is running; idle when it is called for the first time.
/// @param[in] vm a machine of the Forth system
/// @return valid until the word is done
mn_timer_t *mn_forth_timer(const mn_forth_t *vm);

/// @brief A place in a queue for the word that is running; idle when it is called for the first
/// time.
/// @param[in] vm a machine of the Forth system
/// @return valid until the word is done
mn_wait_t *mn_forth_wait(const mn_forth_t *vm);

/// @brief Where services are found.
/// @param[in] vm a machine of the Forth system
/// @return the registry
mn_registry_t *mn_forth_registry(const mn_forth_t *vm);

/// @brief The `context` of the configuration that the VM, or the one it was forked from, was made
/// with.
/// @param[in] vm a machine of the Forth system
/// @return the pointer, as it was given
void *mn_forth_user(const mn_forth_t *vm);

/// @}

#ifdef __cplusplus
}
#endif

#endif
/// @}
