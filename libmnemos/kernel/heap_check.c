// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "heap_block.h"
#include <mnemos/assert.h>
#include <string.h>

// What a walk over all blocks finds.
typedef struct census {
    size_t live_bytes;
    size_t free_blocks;
    uint32_t live_blocks;
} census_t;

static bool bits_are_clear(const mn__heap_region_t *region, uintptr_t from, uintptr_t to) {
    for (; from < to; from += MN_HEAP_ALIGN) {
        if (mn__heap_is_live(region, from)) {
            return false;
        }
    }
    return true;
}

// A block's header against what came before it, and its bits.
static bool block_is_sound(const mn__heap_region_t *region, const mn__heap_block_t *block,
                           size_t free_in_front) {
    uintptr_t address = (uintptr_t)block;
    size_t room = region->first + region->size - address;
    size_t size = mn__heap_block_size(block);
    size_t flags = block->size_flags - size;
    if (size < MN__HEAP_MIN || size > room) {
        return false;
    }
    bool is_free = (flags & MN__HEAP_FREE) != 0;
    if (is_free ? free_in_front != 0 || flags != MN__HEAP_FREE ||
                      *mn__heap_size_in_front(mn__heap_behind(block, size)) != size
                : flags != (free_in_front != 0 ? MN__HEAP_PREV_FREE : 0)) {
        return false;
    }
    return mn__heap_is_live(region, address) == !is_free &&
           bits_are_clear(region, address + MN_HEAP_ALIGN, address + size);
}

static bool walk_region(const mn__heap_region_t *region, census_t *census) {
    uintptr_t end = region->first + region->size;
    size_t free_in_front = 0;
    for (uintptr_t address = region->first; address != end;) {
        const mn__heap_block_t *block = mn__heap_block_at(address);
        if (!block_is_sound(region, block, free_in_front)) {
            return false;
        }
        size_t size = mn__heap_block_size(block);
        if ((block->size_flags & MN__HEAP_FREE) != 0) {
            free_in_front = size;
            census->free_blocks++;
        } else {
            free_in_front = 0;
            census->live_bytes += size;
            census->live_blocks++;
        }
        address += size;
    }
    return mn__heap_block_at(end)->size_flags == (free_in_front != 0 ? MN__HEAP_PREV_FREE : 0);
}

// One list: members are free blocks of its class, linked both ways. Takes them off `unseen`, which
// also ends a walk round a loop.
static bool list_is_sound(const mn_heap_t *heap, unsigned class, size_t *unseen) {
    mn__heap_block_t **link = &heap->lists[class];
    for (mn__heap_block_t *block; (block = *link) != NULL; link = &block->next) {
        uintptr_t address = (uintptr_t)block;
        if (*unseen == 0 || (address & (MN_HEAP_ALIGN - 1)) != 0 ||
            mn__heap_region_of(heap, address) == NULL || (block->size_flags & MN__HEAP_FREE) == 0 ||
            block->link != link || mn__heap_class(mn__heap_block_size(block)) != class) {
            return false;
        }
        (*unseen)--;
    }
    return true;
}

static bool lists_are_sound(const mn_heap_t *heap, size_t free_blocks) {
    uint32_t words_used = 0;
    uint32_t lists_used[MN__HEAP_WORDS] = {0};
    for (unsigned class = 0; class < heap->list_count; class ++) {
        if (!list_is_sound(heap, class, &free_blocks)) {
            return false;
        }
        if (heap->lists[class] != NULL) {
            lists_used[class / 32u] |= UINT32_C(1) << (class % 32u);
            words_used |= UINT32_C(1) << (class / 32u);
        }
    }
    return free_blocks == 0 && words_used == heap->words_used &&
           memcmp(lists_used, heap->lists_used, sizeof(lists_used)) == 0;
}

// The bytes and blocks of one owner against its counters. All regions are known to be sound.
static bool owner_is_sound(const mn_heap_t *heap, const mn_heap_owner_t *owner) {
    size_t bytes = 0;
    uint32_t blocks = 0;
    for (unsigned i = 0; i < heap->region_count; i++) {
        uintptr_t end = heap->regions[i].first + heap->regions[i].size;
        for (uintptr_t address = heap->regions[i].first; address != end;) {
            const mn__heap_block_t *block = mn__heap_block_at(address);
            size_t size = mn__heap_block_size(block);
            if ((block->size_flags & MN__HEAP_FREE) == 0 && block->owner == owner) {
                bytes += size;
                blocks++;
            }
            address += size;
        }
    }
    return owner->heap == heap && bytes == owner->in_use && blocks == owner->blocks &&
           owner->peak >= bytes;
}

mn_status_t mn_heap_check(const mn_heap_t *heap) {
    MN_ASSERT(heap != NULL);
    census_t census = {0};
    for (unsigned i = 0; i < heap->region_count; i++) {
        if (!walk_region(&heap->regions[i], &census)) {
            return MN_EINVAL;
        }
    }
    if (census.live_bytes != heap->in_use ||
        census.live_blocks != heap->allocations - heap->frees || heap->peak < heap->in_use ||
        !lists_are_sound(heap, census.free_blocks)) {
        return MN_EINVAL;
    }
    // Each owner's own sum is right, so together they are short if some block's owner is unknown.
    size_t owned = 0;
    for (const mn_heap_owner_t *owner = heap->first_owner; owner != NULL; owner = owner->next) {
        if (!owner_is_sound(heap, owner)) {
            return MN_EINVAL;
        }
        owned += owner->in_use;
    }
    return owned == heap->in_use ? MN_OK : MN_EINVAL;
}
