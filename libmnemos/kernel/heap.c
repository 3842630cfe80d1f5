// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "heap_block.h"
#include <mnemos/assert.h>

// Lists of free blocks ---------------------------------------------------------------------------

// Among its first few, a list is in the order of addresses: preferring low ones keeps the high end
// of the heap whole, which a trace of mixed sizes rewards with a few per cent of memory.
static inline void list_insert(mn_heap_t *heap, mn__heap_block_t *block, size_t size) {
    unsigned class = mn__heap_class(size);
    mn__heap_block_t *next = heap->lists[class];
    mn__heap_block_t *prev = NULL;
    if (next == NULL) {
        unsigned row = class / MN__HEAP_COLUMNS;
        heap->lists_used[row] |= (uint16_t)(1u << (class % MN__HEAP_COLUMNS));
        heap->rows_used |= (uint32_t)1 << row;
    }
    for (int left = MN_HEAP_CANDIDATES; next != NULL && next < block && left > 0; left--) {
        prev = next;
        next = next->next;
    }
    block->next = next;
    block->prev = prev;
    if (next != NULL) {
        next->prev = block;
    }
    if (prev != NULL) {
        prev->next = block;
    } else {
        heap->lists[class] = block;
    }
}

static inline void list_remove(mn_heap_t *heap, const mn__heap_block_t *block) {
    mn__heap_block_t *next = block->next;
    if (next != NULL) {
        next->prev = block->prev;
    }
    if (block->prev != NULL) {
        block->prev->next = next;
        return;
    }
    unsigned class = mn__heap_class(mn__heap_block_size(block));
    heap->lists[class] = next;
    if (next == NULL) {
        unsigned row = class / MN__HEAP_COLUMNS;
        heap->lists_used[row] &= (uint16_t) ~(1u << (class % MN__HEAP_COLUMNS));
        if (heap->lists_used[row] == 0) {
            heap->rows_used &= ~((uint32_t)1 << row);
        }
    }
}

// The first block of the first list that has one, from a class upwards; the class may be one past
// the last.
static inline mn__heap_block_t *list_from(const mn_heap_t *heap, unsigned class) {
    unsigned row = class / MN__HEAP_COLUMNS;
    unsigned columns = heap->lists_used[row] & (0xffffu << (class % MN__HEAP_COLUMNS));
    if (columns == 0) {
        uint32_t rows = heap->rows_used & (UINT32_C(0xfffffffe) << row);
        if (rows == 0) {
            return NULL;
        }
        row = (unsigned)__builtin_ctz(rows);
        columns = heap->lists_used[row];
    }
    return heap->lists[row * MN__HEAP_COLUMNS + (unsigned)__builtin_ctz(columns)];
}

void mn__heap_make_free(mn_heap_t *heap, mn__heap_block_t *block, size_t size) {
    mn__heap_block_t *behind = mn__heap_behind(block, size);
    block->size_flags = size | MN__HEAP_FREE;
    *mn__heap_size_in_front(behind) = size;
    behind->size_flags |= MN__HEAP_PREV_FREE;
    list_insert(heap, block, size);
}

// Finding room -----------------------------------------------------------------------------------

// What has to stay in front of a block so that its caller's bytes are aligned. It becomes a free
// block of its own and must be large enough for that. The sum may wrap for absurd alignments; the
// result is then larger than any region.
static inline size_t gap_for(uintptr_t address, size_t align) {
    uintptr_t payload = address + MN__HEAP_HEADER;
    size_t gap = ((payload + (align - 1)) & ~(align - 1)) - payload;
    return gap != 0 && gap < MN__HEAP_MIN ? gap + align : gap;
}

static inline mn__heap_block_t *find(const mn_heap_t *heap, size_t need) {
    unsigned class = mn__heap_class(need);
    mn__heap_block_t *block = heap->lists[class];
    for (int left = MN_HEAP_CANDIDATES; block != NULL && left > 0; left--) {
        if (mn__heap_block_size(block) >= need) {
            return block;
        }
        block = block->next;
    }
    return list_from(heap, class + 1);
}

// With more than ordinary alignment a block of a higher class need not do; after a few that do not,
// only a class where any does is left.
static mn__heap_block_t *find_aligned(const mn_heap_t *heap, size_t need, size_t align) {
    unsigned class = mn__heap_class(need);
    mn__heap_block_t *block = list_from(heap, class);
    for (int left = MN_HEAP_CANDIDATES; block != NULL && left > 0; left--) {
        size_t size = mn__heap_block_size(block);
        size_t gap = gap_for((uintptr_t)block, align);
        if (gap <= size && need <= size - gap) {
            return block;
        }
        block = block->next != NULL ? block->next : list_from(heap, mn__heap_class(size) + 1);
    }
    if (block == NULL || align > heap->largest_region) {
        return NULL;
    }
    size_t enough = need + align + MN_HEAP_ALIGN;
    return enough > heap->largest_region ? NULL : list_from(heap, mn__heap_class(enough) + 1);
}

// Whether some region, all of it free, would do.
static bool could_fit(const mn_heap_t *heap, size_t need, size_t align) {
    for (unsigned i = 0; i < heap->region_count; i++) {
        const mn__heap_region_t *region = &heap->regions[i];
        size_t gap = gap_for(region->first, align);
        if (gap <= region->size && need <= region->size - gap) {
            return true;
        }
    }
    return false;
}

// Bytes that a block takes, for a request that has passed the check against the largest region.
static inline size_t block_bytes(size_t size) {
    size_t bytes = (size + MN__HEAP_HEADER + MN_HEAP_ALIGN - 1) & ~(size_t)(MN_HEAP_ALIGN - 1);
    return bytes < MN__HEAP_MIN ? MN__HEAP_MIN : bytes;
}

// Of the room found, what the block gets: a rest too small to be a block stays with it.
static inline size_t block_cost(size_t room, size_t need) {
    return room - need < MN__HEAP_MIN ? room : need;
}

// Accounting -------------------------------------------------------------------------------------

static void owner_add(mn_heap_t *heap, mn_heap_owner_t *owner) {
    owner->heap = heap;
    owner->next = NULL;
    owner->prev = heap->last_owner;
    if (heap->last_owner != NULL) {
        heap->last_owner->next = owner;
    } else {
        heap->first_owner = owner;
    }
    heap->last_owner = owner;
}

static inline bool over_quota(const mn_heap_owner_t *owner, size_t more) {
    return owner->quota != 0 && (more > owner->quota || owner->in_use > owner->quota - more);
}

static inline void charge(mn_heap_t *heap, mn_heap_owner_t *owner, size_t bytes) {
    heap->in_use += bytes;
    if (heap->in_use > heap->peak) {
        heap->peak = heap->in_use;
    }
    owner->in_use += bytes;
    if (owner->in_use > owner->peak) {
        owner->peak = owner->in_use;
    }
}

static inline void refund(mn_heap_t *heap, mn_heap_owner_t *owner, size_t bytes) {
    heap->in_use -= bytes;
    owner->in_use -= bytes;
}

static mn_status_t refuse(mn_heap_t *heap, mn_heap_owner_t *owner, mn_status_t why) {
    heap->failures++;
    owner->failures++;
    return why;
}

static inline bool is_ordered_to_fail(mn_heap_t *heap) {
    return heap->fail_in != 0 && --heap->fail_in == 0;
}

// Allocating -------------------------------------------------------------------------------------

static inline mn__heap_block_t *carve(mn_heap_t *heap, mn__heap_block_t *block, size_t gap,
                                      size_t cost) {
    size_t rest = mn__heap_block_size(block) - gap - cost;
    size_t flags = 0;
    list_remove(heap, block);
    if (gap != 0) {
        mn__heap_block_t *front = block;
        block = mn__heap_behind(front, gap);
        mn__heap_make_free(heap, front, gap);
        flags = MN__HEAP_PREV_FREE;
    }
    block->size_flags = cost | flags;
    if (rest != 0) {
        mn__heap_make_free(heap, mn__heap_behind(block, cost), rest);
    } else {
        mn__heap_behind(block, cost)->size_flags &= ~MN__HEAP_PREV_FREE;
    }
    return block;
}

static inline mn_status_t allocate(mn_heap_t *heap, mn_heap_owner_t *owner, size_t size,
                                   size_t align, void **out) {
    if (size > heap->largest_region) {
        return MN_ETOOBIG;
    }
    size_t need = block_bytes(size);
    if (need > heap->largest_region) {
        return MN_ETOOBIG;
    }
    if (over_quota(owner, need)) {
        return MN_EQUOTA;
    }
    bool ordinary = align <= MN_HEAP_ALIGN;
    mn__heap_block_t *block = ordinary ? find(heap, need) : find_aligned(heap, need, align);
    if (block == NULL) {
        return ordinary || could_fit(heap, need, align) ? MN_ENOMEM : MN_ETOOBIG;
    }
    size_t gap = ordinary ? 0 : gap_for((uintptr_t)block, align);
    size_t cost = block_cost(mn__heap_block_size(block) - gap, need);
    if (over_quota(owner, cost)) {
        return MN_EQUOTA;
    }
    block = carve(heap, block, gap, cost);
    block->owner = owner;
    const mn__heap_region_t *region = mn__heap_region_of(heap, (uintptr_t)block);
    *mn__heap_live_byte(region, (uintptr_t)block) |= mn__heap_live_bit(region, (uintptr_t)block);
    charge(heap, owner, cost);
    *out = (void *)((uintptr_t)block + MN__HEAP_HEADER);
    return MN_OK;
}

mn_status_t mn_heap_alloc(mn_heap_t *heap, mn_heap_owner_t *owner, size_t size, size_t align,
                          void **out) {
    MN_ASSERT(heap != NULL && owner != NULL && out != NULL);
    MN_ASSERT(owner->heap == NULL || owner->heap == heap);
    *out = NULL;
    if (size == 0 || align == 0 || (align & (align - 1)) != 0) {
        return MN_EINVAL;
    }
    if (owner->heap == NULL) {
        owner_add(heap, owner);
    }
    mn_status_t status =
        is_ordered_to_fail(heap) ? MN_ENOMEM : allocate(heap, owner, size, align, out);
    if (status != MN_OK) {
        return refuse(heap, owner, status);
    }
    owner->blocks++;
    heap->blocks++;
    heap->allocations++;
    return MN_OK;
}

// Freeing and resizing ---------------------------------------------------------------------------

// The live block whose caller's bytes start at `ptr`, or NULL. The bits decide, so nothing that the
// memory contains can pass for a block.
static inline mn__heap_block_t *live_block(const mn_heap_t *heap, const void *ptr,
                                           const mn__heap_region_t **region) {
    uintptr_t address = (uintptr_t)ptr - MN__HEAP_HEADER;
    *region = mn__heap_region_of(heap, address);
    if (*region == NULL || (address & (MN_HEAP_ALIGN - 1)) != 0 ||
        !mn__heap_is_live(*region, address)) {
        return NULL;
    }
    mn__heap_block_t *block = mn__heap_block_at(address);
    return mn__heap_is_sound(*region, block) ? block : NULL;
}

mn_status_t mn_heap_free(mn_heap_t *heap, void *ptr) {
    MN_ASSERT(heap != NULL);
    if (ptr == NULL) {
        return MN_OK;
    }
    const mn__heap_region_t *region;
    mn__heap_block_t *block = live_block(heap, ptr, &region);
    if (block == NULL) {
        heap->bad_pointers++;
        return MN_EINVAL;
    }
    size_t size = mn__heap_block_size(block);
    *mn__heap_live_byte(region, (uintptr_t)block) ^= mn__heap_live_bit(region, (uintptr_t)block);
    refund(heap, block->owner, size);
    block->owner->blocks--;
    heap->blocks--;
    mn__heap_block_t *next = mn__heap_behind(block, size);
    if ((next->size_flags & MN__HEAP_FREE) != 0) {
        size += mn__heap_block_size(next);
        list_remove(heap, next);
    }
    if ((block->size_flags & MN__HEAP_PREV_FREE) != 0) {
        size_t before = *mn__heap_size_in_front(block);
        block = mn__heap_block_at((uintptr_t)block - before);
        size += before;
        list_remove(heap, block);
    }
    mn__heap_make_free(heap, block, size);
    return MN_OK;
}

static mn_status_t resize(mn_heap_t *heap, mn__heap_block_t *block, size_t size) {
    size_t old = mn__heap_block_size(block);
    mn__heap_block_t *next = mn__heap_behind(block, old);
    bool next_free = (next->size_flags & MN__HEAP_FREE) != 0;
    size_t room = next_free ? old + mn__heap_block_size(next) : old;
    if (size > old - MN__HEAP_HEADER && is_ordered_to_fail(heap)) {
        return MN_ENOMEM;
    }
    if (size > heap->largest_region || block_bytes(size) > heap->largest_region) {
        return MN_ETOOBIG;
    }
    size_t need = block_bytes(size);
    size_t cost = need > room ? need : block_cost(room, need);
    if (cost > old && over_quota(block->owner, cost - old)) {
        return MN_EQUOTA;
    }
    if (cost > room) {
        return MN_ENOMEM;
    }
    if (cost == old) {
        return MN_OK;
    }
    if (next_free) {
        list_remove(heap, next);
    }
    block->size_flags = cost | (block->size_flags & MN__HEAP_PREV_FREE);
    if (cost < room) {
        mn__heap_make_free(heap, mn__heap_behind(block, cost), room - cost);
    } else {
        mn__heap_behind(block, cost)->size_flags &= ~MN__HEAP_PREV_FREE;
    }
    refund(heap, block->owner, old);
    charge(heap, block->owner, cost);
    return MN_OK;
}

mn_status_t mn_heap_resize(mn_heap_t *heap, void *ptr, size_t size) {
    MN_ASSERT(heap != NULL);
    const mn__heap_region_t *region;
    mn__heap_block_t *block = live_block(heap, ptr, &region);
    if (block == NULL) {
        heap->bad_pointers++;
        return MN_EINVAL;
    }
    if (size == 0) {
        return MN_EINVAL;
    }
    mn_status_t status = resize(heap, block, size);
    return status == MN_OK ? MN_OK : refuse(heap, block->owner, status);
}
