// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup forth_pages Forth pages
/// @brief More data memory for a VM while it runs, and read-only memory that VMs share.
///
/// A VM whose configuration has a `window_size` can be given pages of ::MN_FORTH_PAGE bytes above
/// its data space. They are ordinary data, which a fork inherits as it does the rest. Pages can be
/// frozen: from then on nobody writes to them any more, and other VMs can map them, too, without a
/// copy. The memory comes from the configuration's `alloc` and is given back when the last VM and
/// the last block that refer to it have gone.
/// @{

#ifndef MNEMOS_FORTH_PAGES_H
#define MNEMOS_FORTH_PAGES_H

#include <mnemos/forth.h>

#ifdef __cplusplus
extern "C" {
#endif

/// @brief Bytes of a page.
#define MN_FORTH_PAGE 256U

/// @brief Frozen pages, kept so that further VMs can map them.
typedef struct mn_forth_block mn_forth_block_t;

/// @brief Add zeroed pages to a VM's data space.
/// @param[in,out] vm the VM
/// @param[in] count pages, at least 1
/// @param[out] addr their address in its data space
/// @retval MN_OK added
/// @retval MN_EINVAL @p count is 0
/// @retval MN_EFULL no @p count pages in a row are left of the window
/// @retval MN_ENOMEM no memory; nothing was added
mn_status_t mn_forth_map(mn_forth_t *vm, uint32_t count, uint32_t *addr);

/// @brief Take pages that were added out of a VM's data space again.
/// @param[in,out] vm the VM
/// @param[in] addr address of the first one
/// @param[in] count pages
/// @retval MN_OK gone; the addresses are errors now
/// @retval MN_EINVAL they are not all pages that were added
mn_status_t mn_forth_unmap(mn_forth_t *vm, uint32_t addr, uint32_t count);

/// @brief Freeze pages that were added, and keep them for other VMs.
/// @param[in,out] vm the VM; a store to these pages is an error from now on
/// @param[in] addr address of the first one
/// @param[in] count pages
/// @param[out] block give it back with ::mn_forth_block_release
/// @retval MN_OK frozen
/// @retval MN_EINVAL they are not all pages that were added
/// @retval MN_ENOMEM no memory for the block, or for a copy of what a fork shares; nothing was
/// frozen
mn_status_t mn_forth_freeze(mn_forth_t *vm, uint32_t addr, uint32_t count,
                            mn_forth_block_t **block);

/// @brief Add the pages of a block to a VM's data space, for reading.
/// @param[in,out] vm the VM; its memory comes from where the block's does
/// @param[in] block frozen pages
/// @param[out] addr their address in its data space
/// @retval MN_OK added
/// @retval MN_EFULL so many pages in a row are not left of the window
mn_status_t mn_forth_map_block(mn_forth_t *vm, const mn_forth_block_t *block, uint32_t *addr);

/// @brief Pages of a block.
/// @param[in] block frozen pages
/// @return their number, at least 1
uint32_t mn_forth_block_pages(const mn_forth_block_t *block);

/// @brief Give a block back. VMs that have mapped its pages keep them.
/// @param[in] block not to be used again
void mn_forth_block_release(mn_forth_block_t *block);

#ifdef __cplusplus
}
#endif

#endif
/// @}
