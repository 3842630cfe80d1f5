// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "heap_lists.h"
#include <mnemos/assert.h>
#include <string.h>

// How a region's memory is divided: bits, lists (if it brings any), blocks, end.
typedef struct layout {
    uintptr_t start;    // of the bits
    size_t bits_bytes;  // of the bits
    size_t lists;       // how many it brings, or 0
    size_t block_bytes; // of all blocks
} layout_t;

static bool plan(const mn_heap_t *heap, const void *mem, size_t size, layout_t *layout) {
    const uintptr_t unit = MN_HEAP_ALIGN;
    uintptr_t start = ((uintptr_t)mem + unit - 1) & ~(unit - 1);
    uintptr_t end = ((uintptr_t)mem + size) & ~(unit - 1);
    if (mem == NULL || start < (uintptr_t)mem || start >= end) { // also where either sum wraps
        return false;
    }
    size_t room = end - start;
    if (room < 2 * unit + MN__HEAP_MIN) {
        return false;
    }
    // The end's header and at least one unit of bits are no part of any block.
    size_t lists = (mn__heap_class(room - 2 * unit) | (MN__HEAP_COLUMNS - 1)) + 1;
    if (lists >= MN__HEAP_WORDS * 32) {
        return false;
    }
    layout->lists = lists > heap->list_count ? lists : 0;
    size_t lists_bytes = layout->lists * sizeof(void *);
    if (room < lists_bytes) {
        return false;
    }
    layout->start = start;
    layout->bits_bytes =
        (((room - lists_bytes) >> (MN__HEAP_ALIGN_LOG2 + 3)) + unit) & ~(size_t)(unit - 1);
    size_t taken = layout->bits_bytes + lists_bytes + MN__HEAP_HEADER;
    if (room < taken + MN__HEAP_MIN) {
        return false;
    }
    layout->block_bytes = room - taken;
    return true;
}

static bool overlaps(const mn_heap_t *heap, const void *mem, size_t size) {
    for (unsigned i = 0; i < heap->region_count; i++) {
        const mn__heap_region_t *region = &heap->regions[i];
        uintptr_t end = region->first + region->size + MN__HEAP_HEADER;
        if ((uintptr_t)mem < end && (uintptr_t)mem + size > (uintptr_t)region->live) {
            return true;
        }
    }
    return false;
}

static void move_lists(mn_heap_t *heap, uintptr_t address, size_t count) {
    mn__heap_block_t **lists = (mn__heap_block_t **)address;
    for (size_t i = 0; i < count; i++) {
        lists[i] = i < heap->list_count ? heap->lists[i] : NULL;
        if (lists[i] != NULL) {
            lists[i]->link = &lists[i];
        }
    }
    heap->lists = lists;
    heap->list_count = (uint32_t)count;
}

mn_status_t mn_heap_init(mn_heap_t *heap, void *mem, size_t size) {
    MN_ASSERT(heap != NULL);
    *heap = (mn_heap_t){0};
    return mn_heap_add_region(heap, mem, size);
}

mn_status_t mn_heap_add_region(mn_heap_t *heap, void *mem, size_t size) {
    MN_ASSERT(heap != NULL);
    layout_t layout;
    if (!plan(heap, mem, size, &layout) || overlaps(heap, mem, size)) {
        return MN_EINVAL;
    }
    if (heap->region_count == MN_CFG_HEAP_REGIONS) {
        return MN_EFULL;
    }
    uintptr_t address = layout.start;
    mn__heap_region_t *region = &heap->regions[heap->region_count++];
    region->live = (uint32_t *)address;
    memset(region->live, 0, layout.bits_bytes);
    address += layout.bits_bytes;
    if (layout.lists != 0) {
        move_lists(heap, address, layout.lists);
        address += layout.lists * sizeof(void *);
    }
    region->first = address;
    region->size = layout.block_bytes;
    heap->total += region->size;
    if (region->size - MN__HEAP_HEADER > heap->largest_request) {
        heap->largest_request = region->size - MN__HEAP_HEADER;
    }
    mn__heap_block_at(address + region->size)->size_flags = 0;
    mn__heap_make_free(heap, mn__heap_block_at(address), region->size);
    return MN_OK;
}

// The block that the search for its own size finds first, in the highest class that has any.
static size_t largest_free(const mn_heap_t *heap) {
    if (heap->words_used == 0) {
        return 0;
    }
    unsigned word = 31u ^ (unsigned)__builtin_clz(heap->words_used);
    unsigned bit = 31u ^ (unsigned)__builtin_clz(heap->lists_used[word]);
    return mn__heap_block_size(heap->lists[word * 32u + bit]) - MN__HEAP_HEADER;
}

void mn_heap_stats(const mn_heap_t *heap, mn_heap_stats_t *stats) {
    MN_ASSERT(heap != NULL && stats != NULL);
    *stats = (mn_heap_stats_t){
        .total = heap->total,
        .in_use = heap->in_use,
        .peak = heap->peak,
        .free = heap->total - heap->in_use,
        .largest_free = largest_free(heap),
        .blocks = heap->allocations - heap->frees,
        .allocations = heap->allocations,
        .frees = heap->frees,
        .failures = heap->failures,
        .bad_pointers = heap->bad_pointers,
    };
}

const mn_heap_owner_t *mn_heap_owner_next(const mn_heap_t *heap, const mn_heap_owner_t *owner) {
    MN_ASSERT(heap != NULL && (owner == NULL || owner->heap == heap));
    return owner == NULL ? heap->first_owner : owner->next;
}

mn_status_t mn_heap_owner_remove(mn_heap_t *heap, mn_heap_owner_t *owner) {
    MN_ASSERT(heap != NULL && owner != NULL);
    if (owner->heap == NULL) {
        return MN_OK;
    }
    if (owner->heap != heap) {
        return MN_EINVAL;
    }
    if (owner->blocks != 0) {
        return MN_EBUSY;
    }
    *(owner->prev != NULL ? &owner->prev->next : &heap->first_owner) = owner->next;
    *(owner->next != NULL ? &owner->next->prev : &heap->last_owner) = owner->prev;
    owner->heap = NULL;
    owner->next = NULL;
    owner->prev = NULL;
    return MN_OK;
}

void mn_heap_fail_nth(mn_heap_t *heap, uint32_t nth) {
    MN_ASSERT(heap != NULL);
    heap->fail_in = nth;
}
