// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The heap's layout in memory, and how a block is recognised.
//
// A region is its bits, perhaps the lists, and blocks that tile the rest; a header of size 0 ends
// it, so that every block has a next one. A live block is its header and the caller's bytes. A free
// block has its list links in place of the owner and of the first bytes, and repeats its size in
// its last word, where the block behind finds it: only a free neighbour is ever looked for
// backwards, so a live block pays nothing for it. No two free blocks are neighbours.

#ifndef MN__HEAP_BLOCK_H
#define MN__HEAP_BLOCK_H

#include <mnemos/heap.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct mn__heap_block {
    size_t size_flags; // bytes, header included, and the flags below
    union {
        mn_heap_owner_t *owner;      // live
        struct mn__heap_block *next; // free: next of its list, or NULL
    };
    struct mn__heap_block **link; // free: what points to it; live: caller's bytes
} mn__heap_block_t;

#define MN__HEAP_FREE ((size_t)1)      // this block is free
#define MN__HEAP_PREV_FREE ((size_t)2) // the block in front is free
#define MN__HEAP_HEADER MN_HEAP_ALIGN  // bytes in front of what the caller gets
#define MN__HEAP_MIN (2 * MN_HEAP_ALIGN)
#define MN__HEAP_COLUMNS 16u // classes for each power of two
#define MN__HEAP_COLUMNS_LOG2 4u
#define MN__HEAP_ALIGN_LOG2 (sizeof(void *) == 4 ? 3u : 4u)
// Below this power of two every multiple of the alignment is a class of its own.
#define MN__HEAP_LINEAR_LOG2 (MN__HEAP_ALIGN_LOG2 + MN__HEAP_COLUMNS_LOG2)

_Static_assert(offsetof(mn__heap_block_t, link) == MN__HEAP_HEADER, "the header is two words");
_Static_assert(sizeof(size_t) == sizeof(void *), "sizes and pointers share header words");
_Static_assert(sizeof(unsigned long) == sizeof(size_t), "the bit scan below takes a long");
_Static_assert(((size_t)1 << MN__HEAP_ALIGN_LOG2) == MN_HEAP_ALIGN, "two names of one number");

static inline mn__heap_block_t *mn__heap_block_at(uintptr_t address) {
    return (mn__heap_block_t *)address;
}

static inline size_t mn__heap_block_size(const mn__heap_block_t *block) {
    return block->size_flags & ~(size_t)(MN_HEAP_ALIGN - 1);
}

static inline mn__heap_block_t *mn__heap_behind(const mn__heap_block_t *block, size_t distance) {
    return mn__heap_block_at((uintptr_t)block + distance);
}

// The last word of the block in front of a block, where it repeats its size if it is free.
static inline size_t *mn__heap_size_in_front(const mn__heap_block_t *block) {
    return (size_t *)((uintptr_t)block - sizeof(size_t));
}

// The class of free blocks of a size. Classes are numbered through from one power of two to the
// next: the top five bits of the size run from 16 to 31, so they carry by themselves.
static inline size_t mn__heap_class(size_t size) {
    if (size < (size_t)1 << MN__HEAP_LINEAR_LOG2) {
        return size >> MN__HEAP_ALIGN_LOG2;
    }
    unsigned top = (unsigned)(8 * sizeof(size_t) - 1) ^ (unsigned)__builtin_clzl(size);
    return (size >> (top - MN__HEAP_COLUMNS_LOG2)) + top * MN__HEAP_COLUMNS -
           MN__HEAP_LINEAR_LOG2 * MN__HEAP_COLUMNS;
}

// The region that a block address lies in, or NULL.
static inline const mn__heap_region_t *mn__heap_region_of(const mn_heap_t *heap,
                                                          uintptr_t address) {
    const mn__heap_region_t *region = heap->regions;
    for (int left = MN_CFG_HEAP_REGIONS; left > 0; left--) {
        if (address - region->first < region->size) {
            return region;
        }
        region++;
    }
    return NULL;
}

// The word and the bit that say whether a live block starts at an address of a region.
static inline uint32_t *mn__heap_live_word(const mn__heap_region_t *region, uintptr_t address) {
    return &region->live[(address - region->first) >> (MN__HEAP_ALIGN_LOG2 + 5)];
}

static inline uint32_t mn__heap_live_bit(const mn__heap_region_t *region, uintptr_t address) {
    return UINT32_C(1) << (((address - region->first) >> MN__HEAP_ALIGN_LOG2) & 31u);
}

static inline bool mn__heap_is_live(const mn__heap_region_t *region, uintptr_t address) {
    return (*mn__heap_live_word(region, address) & mn__heap_live_bit(region, address)) != 0;
}

// A live block and its surroundings, all known to agree with each other.
typedef struct mn__heap_place {
    mn__heap_block_t *block;
    size_t size;         // of the block
    size_t before;       // size of the free block in front, or 0
    size_t after;        // size of the free block behind, or 0
    uint32_t *live_word; // where it says that the block is live
    uint32_t live_bit;
} mn__heap_place_t;

// Find the live block whose caller's bytes start at `ptr`. The bits decide, so nothing that the
// memory contains can pass for a block; then its header has to agree with the region, with the bits
// and with both neighbours, so that it can be merged with them. Reads only inside the region.
static inline bool mn__heap_locate(const mn_heap_t *heap, const void *ptr,
                                   mn__heap_place_t *place) {
    uintptr_t address = (uintptr_t)ptr - MN__HEAP_HEADER;
    const mn__heap_region_t *region = mn__heap_region_of(heap, address);
    if (region == NULL || (address & (MN_HEAP_ALIGN - 1)) != 0) {
        return false;
    }
    mn__heap_block_t *block = mn__heap_block_at(address);
    place->block = block;
    place->live_word = mn__heap_live_word(region, address);
    place->live_bit = mn__heap_live_bit(region, address);
    if ((*place->live_word & place->live_bit) == 0) {
        return false;
    }
    size_t in_front = address - region->first;
    size_t room = region->size - in_front;
    size_t flags = block->size_flags;
    size_t size = flags & ~MN__HEAP_PREV_FREE;
    if ((size & (MN_HEAP_ALIGN - 1)) != 0 || size - 1 >= room) {
        return false;
    }
    place->size = size;
    place->before = 0;
    if ((flags & MN__HEAP_PREV_FREE) != 0) {
        size_t before = *mn__heap_size_in_front(block) & ~(size_t)(MN_HEAP_ALIGN - 1);
        if (before > in_front ||
            mn__heap_block_at(address - before)->size_flags != (before | MN__HEAP_FREE)) {
            return false;
        }
        place->before = before;
    }
    size_t next_flags = mn__heap_behind(block, size)->size_flags;
    place->after = 0;
    if ((next_flags & MN__HEAP_FREE) == 0) {
        return (next_flags & MN__HEAP_PREV_FREE) == 0 &&
               (size == room || mn__heap_is_live(region, address + size));
    }
    size_t after = next_flags & ~(size_t)(MN_HEAP_ALIGN - 1);
    place->after = after;
    return after - 1 < room - size &&
           (*mn__heap_size_in_front(mn__heap_behind(block, size + after)) | MN__HEAP_FREE) ==
               next_flags;
}

#endif
