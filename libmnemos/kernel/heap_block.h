// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The heap's layout in memory, shared by its source files.
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
    struct mn__heap_block *prev; // free: previous of its list, or NULL; live: caller's bytes
} mn__heap_block_t;

#define MN__HEAP_FREE ((size_t)1)      // this block is free
#define MN__HEAP_PREV_FREE ((size_t)2) // the block in front is free
#define MN__HEAP_HEADER MN_HEAP_ALIGN  // bytes in front of what the caller gets
#define MN__HEAP_MIN (2 * MN_HEAP_ALIGN)
#define MN__HEAP_COLUMNS 16u // classes for each power of two
#define MN__HEAP_COLUMNS_LOG2 4u
#define MN__HEAP_ALIGN_LOG2 (sizeof(void *) == 4 ? 3u : 4u)
// Below this power of two every multiple of the alignment is a class of its own: row 0.
#define MN__HEAP_LINEAR_LOG2 (MN__HEAP_ALIGN_LOG2 + MN__HEAP_COLUMNS_LOG2)

_Static_assert(offsetof(mn__heap_block_t, prev) == MN__HEAP_HEADER, "the header is two words");
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

// The class of free blocks of a size. Classes are numbered through, row by row: from row 1 on, the
// top five bits of the size run from 16 to 31, so they carry into the row by themselves.
static inline unsigned mn__heap_class(size_t size) {
    if (size < (size_t)1 << MN__HEAP_LINEAR_LOG2) {
        return (unsigned)(size >> MN__HEAP_ALIGN_LOG2);
    }
    unsigned top = (unsigned)(8 * sizeof(size_t) - 1) ^ (unsigned)__builtin_clzl(size);
    return (top - MN__HEAP_LINEAR_LOG2) * MN__HEAP_COLUMNS +
           (unsigned)(size >> (top - MN__HEAP_COLUMNS_LOG2));
}

// The region that a block address lies in, or NULL.
static inline const mn__heap_region_t *mn__heap_region_of(const mn_heap_t *heap,
                                                          uintptr_t address) {
    const mn__heap_region_t *end = heap->regions + heap->region_count;
    for (const mn__heap_region_t *region = heap->regions; region != end; region++) {
        if (address - region->first < region->size) {
            return region;
        }
    }
    return NULL;
}

static inline uint8_t *mn__heap_live_byte(const mn__heap_region_t *region, uintptr_t address) {
    return &region->live[(address - region->first) >> (MN__HEAP_ALIGN_LOG2 + 3)];
}

static inline uint8_t mn__heap_live_bit(const mn__heap_region_t *region, uintptr_t address) {
    return (uint8_t)(1u << (((address - region->first) >> MN__HEAP_ALIGN_LOG2) & 7u));
}

static inline bool mn__heap_is_live(const mn__heap_region_t *region, uintptr_t address) {
    return (*mn__heap_live_byte(region, address) & mn__heap_live_bit(region, address)) != 0;
}

// Whether a block's header agrees with the region, with the bits and with both neighbours, so that
// it can be merged with them. `block` is aligned and in the region. Reads only inside the region.
static inline bool mn__heap_is_sound(const mn__heap_region_t *region,
                                     const mn__heap_block_t *block) {
    uintptr_t address = (uintptr_t)block;
    size_t flags = block->size_flags & (MN_HEAP_ALIGN - 1);
    size_t size = block->size_flags - flags;
    size_t in_front = address - region->first;
    size_t room = region->size - in_front;
    if ((flags & ~MN__HEAP_PREV_FREE) != 0 || size < MN__HEAP_MIN || size > room) {
        return false;
    }
    if (flags != 0) {
        size_t before = *mn__heap_size_in_front(block);
        if (before > in_front || (before & (MN_HEAP_ALIGN - 1)) != 0 ||
            mn__heap_block_at(address - before)->size_flags != (before | MN__HEAP_FREE)) {
            return false;
        }
    }
    const mn__heap_block_t *next = mn__heap_behind(block, size);
    if (size == room) {
        return next->size_flags == 0;
    }
    if ((next->size_flags & MN__HEAP_FREE) == 0) {
        return (next->size_flags & MN__HEAP_PREV_FREE) == 0 &&
               mn__heap_is_live(region, address + size);
    }
    size_t after = next->size_flags - MN__HEAP_FREE;
    return after <= room - size && (after & (MN_HEAP_ALIGN - 1)) == 0 && after != 0 &&
           *mn__heap_size_in_front(mn__heap_behind(next, after)) == after;
}

// Make a free block of bytes that are nobody's, between two blocks that are not free.
void mn__heap_make_free(mn_heap_t *heap, mn__heap_block_t *block, size_t size);

#endif
