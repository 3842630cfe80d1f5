// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup memory Memory
/// @brief The kernel's heap, as tasks use it.
///
/// Setting up may allocate; sending, receiving and tracing never do. Each allocation names its
/// owner, so that a status display can tell who holds what, and an owner may have a quota.
///
/// A task can wait for memory. Waiting is first come, first served: while somebody waits, an
/// allocation that does not wait fails even if it would fit, so that small requests cannot starve
/// a large one. A request that could never be satisfied does not wait; it fails at once and holds
/// nobody up.
/// @{

#ifndef MNEMOS_MEMORY_H
#define MNEMOS_MEMORY_H

#include <mnemos/kernel.h>

#ifdef __cplusplus
extern "C" {
#endif

/// @brief A task's wait for memory. Zero-initialise it.
typedef struct mn_memory_wait {
    mn_list_t link;         ///< @private
    mn_task_t *task;        ///< @private
    mn_heap_owner_t *owner; ///< @private
    size_t size;            ///< @private
    size_t align;           ///< @private
    void *memory;           ///< @private granted but not taken yet
    mn_status_t outcome;    ///< @private of the attempt made on its behalf
} mn_memory_wait_t;

/// @brief Allocate without waiting.
/// @param[in,out] kernel the kernel
/// @param[in,out] owner whom to account it to
/// @param[in] size bytes, at least 1
/// @param[in] align a power of two; 0 for what any scalar needs
/// @param[out] memory the block, not zeroed; NULL on failure
/// @retval MN_OK allocated
/// @retval MN_EINVAL @p size is 0 or @p align is no power of two
/// @retval MN_ENOMEM no room now, or tasks are waiting for memory
/// @retval MN_ETOOBIG the heap could never give that much
/// @retval MN_EQUOTA the owner's quota does not allow it
/// @task_only or before the first tick
mn_status_t mn_alloc(mn_kernel_t *kernel, mn_heap_owner_t *owner, size_t size, size_t align,
                     void **memory);

/// @brief Allocate, waiting for others to free memory.
/// @param[in,out] wait idle at the first call
/// @param[in,out] task the calling task
/// @param[in,out] owner whom to account it to
/// @param[in] size bytes, at least 1
/// @param[in] align a power of two; 0 for what any scalar needs
/// @param[out] memory the block, not zeroed
/// @retval MN_OK allocated
/// @retval MN_EINVAL @p size is 0 or @p align is no power of two
/// @retval MN_ETOOBIG the heap could never give that much
/// @retval MN_EQUOTA the owner's quota does not allow it
/// @retval MN_PENDING not yet
/// @task_only @may_wait
mn_status_t mn_alloc_wait(mn_memory_wait_t *wait, mn_task_t *task, mn_heap_owner_t *owner,
                          size_t size, size_t align, void **memory);

/// @brief Withdraw a wait for memory; a block that was granted but not taken is freed.
/// @param[in,out] wait waiting, granted or idle
/// @task_only
void mn_alloc_cancel(mn_memory_wait_t *wait);

/// @brief Free a block and serve those who wait for memory.
/// @param[in,out] kernel the kernel it came from
/// @param[in] memory from ::mn_alloc or ::mn_alloc_wait, or NULL
/// @retval MN_OK freed, or NULL
/// @retval MN_EINVAL not a live block of this heap; nothing was changed
/// @task_only
mn_status_t mn_free(mn_kernel_t *kernel, void *memory);

#ifdef __cplusplus
}
#endif

#endif
/// @}
