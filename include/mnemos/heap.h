// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup heap Heap
/// @brief A constant-time allocator over memory that the caller gives, with accounting per owner.
///
/// A heap hands out blocks from one or more regions of memory. It keeps nothing outside its
/// ::mn_heap_t and those regions, so any number of heaps exist side by side.
///
/// **Time.** Allocating, freeing and resizing take a bounded number of instructions whatever the
/// size of the heap and the number of blocks: free blocks are kept in lists by size class, and two
/// levels of bitmaps find the list (M. Masmano, I. Ripoll, A. Crespo, J. Real: "TLSF: a new dynamic
/// memory allocator for real-time systems", ECRTS 2004). ::mn_heap_init and ::mn_heap_add_region
/// clear one byte in 64 (32-bit) or 128 (64-bit) of the region; only ::mn_heap_check walks blocks.
///
/// **Fit.** There are 16 classes to each power of two. The first free block of the request's own
/// class is tried, and if it is too small, the first of the next class that has one, which never
/// is; if no higher class has one, a few more of its own. So a request with ordinary alignment is
/// refused for want of room only if it is larger than the largest free block, or less than 1/16
/// smaller. With larger alignment it may also be refused while a block is free that is larger by
/// less than the alignment. A request that is not ::MN_ETOOBIG is always served when the whole heap
/// is free, so waiting for memory to be freed makes sense. Lists are kept roughly in the order of
/// addresses.
///
/// **Cost.** A block has a header of two words (size, owner). Sizes are rounded up to a multiple of
/// ::MN_HEAP_ALIGN, header included, and a block is at least twice that. All byte counts that this
/// module reports and all quotas are in these terms: what a block really takes. The region also
/// holds one bit for each ::MN_HEAP_ALIGN bytes and, in the first region, 16 pointers for each
/// power of two up to its size (32 KiB on a 32-bit machine: 576 bytes of lists and 504 bytes of
/// bits).
///
/// **Mistakes.** One bit for each place where a block can start says whether a live block starts
/// there. So freeing or resizing anything else (a block already freed, a pointer into the middle of
/// a block, a misaligned or foreign one) is always refused, whatever the memory contains, without
/// reading outside the heap; what no allocator can see is a stale pointer to a place where a new
/// block has been allocated since. The header and its two neighbours are also checked for
/// consistency, so an overrun into a header is noticed when either block is freed; such a block
/// stays allocated. Refusals answer ::MN_EINVAL and are counted in mn_heap_stats_t::bad_pointers.
///
/// **Lifetime.** The heap, its regions and its owners belong to the caller and must stay in place
/// while any block is allocated. Nothing here may be called from an interrupt handler.
///
/// @code
/// static uint8_t memory[32 * 1024];
/// static mn_heap_t heap;
/// static mn_heap_owner_t display = MN_HEAP_OWNER_INIT("display", 8 * 1024);
///
/// void *frame = NULL;
/// mn_status_t status = mn_heap_init(&heap, memory, sizeof(memory));
/// if (status == MN_OK) {
///     status = mn_heap_alloc(&heap, &display, 1024, 64, &frame);
/// }
/// @endcode
/// @{

#ifndef MNEMOS_HEAP_H
#define MNEMOS_HEAP_H

#include <mnemos/status.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef MN_CFG_HEAP_REGIONS
/// @brief How many regions of memory one heap can have. Each makes allocating and freeing a few
/// instructions longer.
#define MN_CFG_HEAP_REGIONS 2
#endif

/// @brief The alignment of every block, in bytes: 8 on 32-bit machines, 16 on 64-bit ones.
/// Also the size of a block's header, and the unit in which sizes are rounded up.
#define MN_HEAP_ALIGN (2 * sizeof(void *))

/// @brief Private: words with a bit for each size class, of which there are 16 for each power of
/// two that a block's size can have: up to 4 GiB on 32-bit machines, 256 GiB on 64-bit ones.
#define MN__HEAP_WORDS (sizeof(void *) == 4 ? 14 : 16)

struct mn_heap;
struct mn__heap_block;

/// @brief Somebody who allocates: a service, a task, a driver.
///
/// Caller-owned; set up with ::MN_HEAP_OWNER_INIT. It belongs to the first heap that it is used
/// with and is listed there until ::mn_heap_owner_remove.
typedef struct mn_heap_owner {
    const char *name;           ///< public: who, for the status display; static text
    size_t quota;               ///< public: most bytes in use at once; 0 for no limit
    size_t in_use;              ///< read-only: bytes in use
    size_t peak;                ///< read-only: most bytes ever in use at once
    uint32_t blocks;            ///< read-only: live blocks
    uint32_t failures;          ///< read-only: requests that were refused
    struct mn_heap *heap;       ///< private
    struct mn_heap_owner *next; ///< private
    struct mn_heap_owner *prev; ///< private
} mn_heap_owner_t;

/// @brief Initialiser of a ::mn_heap_owner_t.
/// @param owner_name static text
/// @param owner_quota bytes, or 0 for no limit
#define MN_HEAP_OWNER_INIT(owner_name, owner_quota) \
    { .name = (owner_name), .quota = (owner_quota) }

/// @brief Private: a stretch of memory that blocks tile completely.
typedef struct mn__heap_region {
    uintptr_t first; ///< address of the first block
    size_t size;     ///< bytes of blocks; a header of size 0 follows them
    uint32_t *live;  ///< one bit for each place where a block can start: does a live one?
} mn__heap_region_t;

/// @brief A heap. Caller-owned; all fields are private.
typedef struct mn_heap {
    struct mn__heap_block **lists;                  ///< first free block of each class, or NULL
    uint32_t words_used;                            ///< bit w: lists_used[w] is not 0
    uint32_t lists_used[MN__HEAP_WORDS];            ///< bit c % 32 of c / 32: lists[c] is not empty
    uint32_t region_count;                          ///< regions in use
    mn__heap_region_t regions[MN_CFG_HEAP_REGIONS]; ///< where the blocks are
    mn_heap_owner_t *first_owner;                   ///< owners in the order of first use
    mn_heap_owner_t *last_owner;                    ///< the latest of them
    size_t largest_request;                         ///< bytes that a caller can get at most, ever
    size_t total;                                   ///< bytes of all regions' blocks
    size_t in_use;                                  ///< bytes of live blocks
    size_t peak;                                    ///< highest in_use
    uint32_t list_count;                            ///< classes that `lists` has
    uint32_t allocations;                           ///< successful allocations
    uint32_t frees;                                 ///< successful frees
    uint32_t failures;                              ///< refused requests
    uint32_t bad_pointers;                          ///< refused pointers
    uint32_t fail_in;                               ///< fault injection: requests until one fails
} mn_heap_t;

/// @brief What a heap has done and has left. `in_use + free == total` holds always.
typedef struct mn_heap_stats {
    size_t total;          ///< bytes that blocks can take
    size_t in_use;         ///< bytes that live blocks take
    size_t peak;           ///< highest @ref in_use so far
    size_t free;           ///< bytes that free blocks take
    size_t largest_free;   ///< a request of so many bytes with ordinary alignment would be served;
                           ///< at least 15/16 of the largest that could be
    uint32_t blocks;       ///< live blocks
    uint32_t allocations;  ///< successful allocations so far; wraps
    uint32_t frees;        ///< successful frees so far; wraps
    uint32_t failures;     ///< requests refused with ENOMEM, ETOOBIG or EQUOTA so far; wraps
    uint32_t bad_pointers; ///< pointers refused by free and resize so far; wraps
} mn_heap_stats_t;

/// @brief Start a heap in a region of memory.
/// @param[out] heap the heap; whatever it was before is forgotten, its owners included
/// @param[in] mem the memory, of any alignment; the heap's until the heap is no longer used
/// @param[in] size bytes of @p mem
/// @retval MN_OK the heap is ready
/// @retval MN_EINVAL @p mem is NULL, or @p size is too small for a single block with its lists, or
///         wraps the address space; @p heap is then empty: every request answers ::MN_ETOOBIG
/// @task_only
mn_status_t mn_heap_init(mn_heap_t *heap, void *mem, size_t size);

/// @brief Give a heap another region. Blocks never span regions.
///
/// Start with the largest region: a larger one later brings its own, longer lists, and the memory
/// of the old ones is not used again.
/// @param[in,out] heap the heap
/// @param[in] mem the memory, of any alignment
/// @param[in] size bytes of @p mem
/// @retval MN_OK the region's memory can be allocated
/// @retval MN_EINVAL as for ::mn_heap_init, or @p mem overlaps a region; nothing has changed
/// @retval MN_EFULL the heap has ::MN_CFG_HEAP_REGIONS regions already
/// @task_only
mn_status_t mn_heap_add_region(mn_heap_t *heap, void *mem, size_t size);

/// @brief Allocate a block. Its contents are whatever was there.
/// @param[in,out] heap the heap
/// @param[in,out] owner who pays; not one that another heap lists (asserted)
/// @param[in] size bytes, at least 1
/// @param[in] align 0 or a power of two, in bytes; less than ::MN_HEAP_ALIGN gives ::MN_HEAP_ALIGN
/// @param[out] out the block, or NULL on any error
/// @retval MN_OK allocated
/// @retval MN_EINVAL @p size is 0, or @p align neither 0 nor a power of two
/// @retval MN_ETOOBIG it would not fit even if the whole heap were free
/// @retval MN_EQUOTA it would take @p owner over its quota
/// @retval MN_ENOMEM no room for it at the moment
/// @task_only
mn_status_t mn_heap_alloc(mn_heap_t *heap, mn_heap_owner_t *owner, size_t size, size_t align,
                          void **out);

/// @brief Give a block back.
/// @param[in,out] heap the heap that it came from
/// @param[in] ptr the block; NULL is fine and does nothing
/// @retval MN_OK freed, or @p ptr was NULL
/// @retval MN_EINVAL no live block of this heap starts at @p ptr, or its header has been
///         overwritten; nothing was done except to count it
/// @task_only
mn_status_t mn_heap_free(mn_heap_t *heap, void *ptr);

/// @brief Shrink or grow a block where it is.
///
/// Shrinking always succeeds. Growing needs a free block right behind.
/// @param[in,out] heap the heap that it came from
/// @param[in] ptr the block
/// @param[in] size new size in bytes, at least 1
/// @retval MN_OK the block now has room for @p size bytes; the lesser of both sizes is unchanged
/// @retval MN_EINVAL @p size is 0, or @p ptr as for ::mn_heap_free (NULL included)
/// @retval MN_ETOOBIG it would not fit even if the whole heap were free
/// @retval MN_EQUOTA it would take the owner over its quota
/// @retval MN_ENOMEM there is no room behind the block
/// @task_only
mn_status_t mn_heap_resize(mn_heap_t *heap, void *ptr, size_t size);

/// @brief What the heap has done and has left, in constant time.
/// @param[in] heap the heap
/// @param[out] stats filled in
/// @task_only
void mn_heap_stats(const mn_heap_t *heap, mn_heap_stats_t *stats);

/// @brief List the owners, in the order in which they first allocated.
/// @param[in] heap the heap
/// @param[in] owner the one before, or NULL to begin
/// @return the next owner, or NULL after the last
/// @task_only
const mn_heap_owner_t *mn_heap_owner_next(const mn_heap_t *heap, const mn_heap_owner_t *owner);

/// @brief Take an owner off the list, so that its struct can go. Its counters stay as they are.
/// @param[in,out] heap the heap
/// @param[in,out] owner an owner; one that no heap lists is fine
/// @retval MN_OK @p owner is not listed (any more)
/// @retval MN_EBUSY it still has blocks
/// @retval MN_EINVAL another heap lists it
/// @task_only
mn_status_t mn_heap_owner_remove(mn_heap_t *heap, mn_heap_owner_t *owner);

/// @brief For tests: make one coming request fail with ::MN_ENOMEM, whatever room there is.
///
/// Allocations and growing resizes count, once their arguments are valid.
/// @param[in,out] heap the heap
/// @param[in] nth 1 for the next request, 2 for the one after it, …; 0 takes the order back
/// @task_only
void mn_heap_fail_nth(mn_heap_t *heap, uint32_t nth);

/// @brief For tests: check the heap's every block, list, bit and count against each other.
///
/// Takes time in proportion to the blocks times the owners. Reads nothing outside the heap and its
/// owners even when blocks have been overwritten.
/// @param[in] heap the heap
/// @retval MN_OK all is consistent
/// @retval MN_EINVAL something is not
/// @task_only
mn_status_t mn_heap_check(const mn_heap_t *heap);

#ifdef __cplusplus
}
#endif

#endif
/// @}
