// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "heap_lists.h"
#include <mnemos/assert.h>

// Kept out of the way of the common case.
#define RARE __attribute__((noinline))

// What has to stay in front of a block so that its caller's bytes are aligned. It becomes a free
// block of its own and must be large enough for that. The sum may wrap for absurd alignments; the
// result is then larger than any region.
static inline size_t gap_for(uintptr_t address, size_t align) {
    uintptr_t payload = address + MN__HEAP_HEADER;
    size_t gap = ((payload + (align - 1)) & ~(align - 1)) - payload;
    return gap != 0 && gap < MN__HEAP_MIN ? gap + align : gap;
}

// How far to look where the first try fails. No less than the regions: in a heap that is all free
// there are no more blocks than that, and then whatever can ever be served must be.
enum { TRIES = MN_CFG_HEAP_REGIONS + 2 };

// When there is nothing in higher classes: not the first of the request's own class, perhaps
// another.
RARE static mn__heap_block_t *find_later(mn__heap_block_t *block, size_t need) {
    for (int left = TRIES; block != NULL && left > 0; left--) {
        if (block->size_flags >= need) {
            return block;
        }
        block = block->next;
    }
    return NULL;
}

static inline mn__heap_block_t *find(const mn_heap_t *heap, size_t need) {
    size_t class = mn__heap_class(need);
    mn__heap_block_t *first = heap->lists[class];
    // The flags of a size are less than any difference of sizes.
    if (first != NULL && first->size_flags >= need) {
        return first;
    }
    mn__heap_block_t *larger = mn__heap_list_from(heap, class + 1);
    return larger != NULL ? larger : find_later(first, need);
}

// With more than ordinary alignment a block of a higher class need not do. After some tries, only
// a class is left where any block does.
RARE static mn__heap_block_t *find_aligned(const mn_heap_t *heap, size_t need, size_t align) {
    mn__heap_block_t *block = mn__heap_list_from(heap, mn__heap_class(need));
    for (int left = TRIES; block != NULL && left > 0; left--) {
        size_t size = mn__heap_block_size(block);
        size_t gap = gap_for((uintptr_t)block, align);
        if (gap <= size && need <= size - gap) {
            return block;
        }
        block =
            block->next != NULL ? block->next : mn__heap_list_from(heap, mn__heap_class(size) + 1);
    }
    if (block == NULL || align > heap->largest_request) {
        return NULL;
    }
    size_t enough = need + align + MN_HEAP_ALIGN;
    return enough > heap->largest_request ? NULL
                                          : mn__heap_list_from(heap, mn__heap_class(enough) + 1);
}

// Why no block was found. It could never be if no region, all of it free, would do.
RARE static mn_status_t why_none(const mn_heap_t *heap, const mn_heap_owner_t *owner, size_t need,
                                 size_t align) {
    if (mn__heap_over_quota(owner, need)) {
        return MN_EQUOTA;
    }
    for (unsigned i = 0; i < heap->region_count; i++) {
        const mn__heap_region_t *region = &heap->regions[i];
        size_t gap = align > MN_HEAP_ALIGN ? gap_for(region->first, align) : 0;
        if (gap <= region->size && need <= region->size - gap) {
            return MN_ENOMEM;
        }
    }
    return MN_ETOOBIG;
}

RARE static void owner_add(mn_heap_t *heap, mn_heap_owner_t *owner) {
    MN_ASSERT(owner->heap == NULL);
    owner->heap = heap;
    owner->next = NULL;
    owner->prev = heap->last_owner;
    *(heap->last_owner != NULL ? &heap->last_owner->next : &heap->first_owner) = owner;
    heap->last_owner = owner;
}

RARE mn_status_t mn__heap_refuse(mn_heap_t *heap, mn_heap_owner_t *owner, mn_status_t why) {
    heap->failures++;
    owner->failures++;
    return why;
}

// Give back what is in front of an aligned place in a block that is on no list.
RARE static mn__heap_block_t *cut_front(mn_heap_t *heap, mn__heap_block_t *front, size_t gap) {
    mn__heap_block_t *block = mn__heap_behind(front, gap);
    mn__heap_make_free(heap, front, gap);
    return block;
}

// Take the block that was found, after a gap, and give back what is behind.
static inline mn__heap_block_t *take(mn_heap_t *heap, mn__heap_block_t *block, size_t gap,
                                     size_t room, size_t cost) {
    size_t flags = 0;
    mn__heap_list_remove(heap, block);
    if (gap != 0) {
        block = cut_front(heap, block, gap);
        flags = MN__HEAP_PREV_FREE;
    }
    block->size_flags = cost | flags;
    mn__heap_block_t *behind = mn__heap_behind(block, cost);
    if (room != cost) {
        mn__heap_make_free(heap, behind, room - cost);
    } else {
        behind->size_flags &= ~MN__HEAP_PREV_FREE;
    }
    const mn__heap_region_t *region = mn__heap_region_of(heap, (uintptr_t)block);
    *mn__heap_live_word(region, (uintptr_t)block) |= mn__heap_live_bit(region, (uintptr_t)block);
    return block;
}

static inline mn_status_t allocate(mn_heap_t *heap, mn_heap_owner_t *owner, size_t size,
                                   size_t align, void **out) {
    if (mn__heap_is_ordered_to_fail(heap)) {
        return MN_ENOMEM;
    }
    if (size > heap->largest_request) {
        return MN_ETOOBIG;
    }
    size_t need = mn__heap_block_bytes(size);
    size_t gap = 0;
    mn__heap_block_t *block;
    if (align <= MN_HEAP_ALIGN) {
        block = find(heap, need);
    } else {
        block = find_aligned(heap, need, align);
        gap = gap_for((uintptr_t)block, align);
    }
    if (block == NULL) {
        return why_none(heap, owner, need, align);
    }
    size_t room = block->size_flags - MN__HEAP_FREE - gap;
    size_t cost = mn__heap_block_cost(room, need);
    if (mn__heap_over_quota(owner, cost)) {
        return MN_EQUOTA;
    }
    block = take(heap, block, gap, room, cost);
    block->owner = owner;
    mn__heap_charge(heap, owner, cost);
    owner->blocks++;
    heap->allocations++;
    *out = (void *)((uintptr_t)block + MN__HEAP_HEADER);
    return MN_OK;
}

mn_status_t mn_heap_alloc(mn_heap_t *heap, mn_heap_owner_t *owner, size_t size, size_t align,
                          void **out) {
    MN_ASSERT(heap != NULL);
    MN_ASSERT(owner != NULL);
    MN_ASSERT(out != NULL);
    *out = NULL;
    if (size == 0 || (align & (align - 1)) != 0) {
        return MN_EINVAL;
    }
    if (owner->heap != heap) {
        owner_add(heap, owner);
    }
    mn_status_t status = allocate(heap, owner, size, align, out);
    return status == MN_OK ? MN_OK : mn__heap_refuse(heap, owner, status);
}

mn_status_t mn__heap_prospect(const mn_heap_t *heap, const mn_heap_owner_t *owner, size_t size,
                              size_t align) {
    if (size == 0 || (align & (align - 1)) != 0) {
        return MN_EINVAL;
    }
    if (size > heap->largest_request) {
        return MN_ETOOBIG;
    }
    return why_none(heap, owner, mn__heap_block_bytes(size), align);
}

mn_status_t mn_heap_free(mn_heap_t *heap, void *ptr) {
    MN_ASSERT(heap != NULL);
    mn__heap_place_t place;
    if (!mn__heap_locate(heap, ptr, &place)) {
        if (ptr == NULL) {
            return MN_OK;
        }
        heap->bad_pointers++;
        return MN_EINVAL;
    }
    uintptr_t address = (uintptr_t)place.block;
    *place.live_word ^= place.live_bit;
    mn__heap_refund(heap, place.block->owner, place.size);
    place.block->owner->blocks--;
    heap->frees++;
    if (place.after != 0) {
        mn__heap_list_remove(heap, mn__heap_behind(place.block, place.size));
    }
    if (place.before != 0) {
        address -= place.before;
        mn__heap_list_remove(heap, mn__heap_block_at(address));
    }
    mn__heap_make_free(heap, mn__heap_block_at(address), place.before + place.size + place.after);
    return MN_OK;
}
