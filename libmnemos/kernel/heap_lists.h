// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The heap's lists of free blocks and its accounts.

#ifndef MN__HEAP_LISTS_H
#define MN__HEAP_LISTS_H

#include "heap_block.h"

// A new block goes behind up to two that are lower. Such rough order of addresses keeps the high
// end of the heap whole, which a trace of mixed sizes rewards with some per cent of memory.
static inline void mn__heap_list_insert(mn_heap_t *heap, mn__heap_block_t *block, size_t size) {
    size_t class = mn__heap_class(size);
    mn__heap_block_t **link = &heap->lists[class];
    mn__heap_block_t *next = *link;
    if (next == NULL) {
        heap->lists_used[class / 32u] |= UINT32_C(1) << (class % 32u);
        heap->words_used |= UINT32_C(1) << (class / 32u);
    } else {
        if ((uintptr_t)next < (uintptr_t)block) {
            link = &next->next;
            next = *link;
            if (next != NULL && (uintptr_t)next < (uintptr_t)block) {
                link = &next->next;
                next = *link;
            }
        }
        if (next != NULL) {
            next->link = &block->next;
        }
    }
    block->next = next;
    block->link = link;
    *link = block;
}

static inline void mn__heap_list_remove(mn_heap_t *heap, const mn__heap_block_t *block) {
    mn__heap_block_t *next = block->next;
    mn__heap_block_t **link = block->link;
    *link = next;
    if (next != NULL) {
        next->link = link;
        return;
    }
    // The last of its list; if it was also the first, what pointed to it is the list itself.
    size_t class = ((uintptr_t)link - (uintptr_t)heap->lists) / sizeof(*heap->lists);
    if (class < heap->list_count) {
        heap->lists_used[class / 32u] &= ~(UINT32_C(1) << (class % 32u));
        if (heap->lists_used[class / 32u] == 0) {
            heap->words_used &= ~(UINT32_C(1) << (class / 32u));
        }
    }
}

// The first block of the first list that has one, from a class upwards; the class may be one past
// the last.
static inline mn__heap_block_t *mn__heap_list_from(const mn_heap_t *heap, size_t class) {
    size_t word = class / 32u;
    uint32_t used = heap->lists_used[word] & (UINT32_MAX << (class % 32u));
    if (used == 0) {
        uint32_t words = heap->words_used & (UINT32_C(0xfffffffe) << word);
        if (words == 0) {
            return NULL;
        }
        word = (size_t)__builtin_ctz(words);
        used = heap->lists_used[word];
    }
    return heap->lists[word * 32u + (size_t)__builtin_ctz(used)];
}

// Make a free block of bytes that are nobody's, between two blocks that are not free.
static inline void mn__heap_make_free(mn_heap_t *heap, mn__heap_block_t *block, size_t size) {
    mn__heap_block_t *behind = mn__heap_behind(block, size);
    block->size_flags = size | MN__HEAP_FREE;
    *mn__heap_size_in_front(behind) = size;
    behind->size_flags |= MN__HEAP_PREV_FREE;
    mn__heap_list_insert(heap, block, size);
}

// Bytes that a block takes, for a request of at least 1 and at most the largest possible.
static inline size_t mn__heap_block_bytes(size_t size) {
    return (size + MN__HEAP_HEADER + MN_HEAP_ALIGN - 1) & ~(size_t)(MN_HEAP_ALIGN - 1);
}

// Of the room found, what the block gets: a rest too small to be a block stays with it.
static inline size_t mn__heap_block_cost(size_t room, size_t need) {
    return room - need < MN__HEAP_MIN ? room : need;
}

static inline bool mn__heap_over_quota(const mn_heap_owner_t *owner, size_t more) {
    return owner->quota != 0 && (more > owner->quota || owner->in_use > owner->quota - more);
}

static inline void mn__heap_charge(mn_heap_t *heap, mn_heap_owner_t *owner, size_t bytes) {
    heap->in_use += bytes;
    if (heap->in_use > heap->peak) {
        heap->peak = heap->in_use;
    }
    owner->in_use += bytes;
    if (owner->in_use > owner->peak) {
        owner->peak = owner->in_use;
    }
}

static inline void mn__heap_refund(mn_heap_t *heap, mn_heap_owner_t *owner, size_t bytes) {
    heap->in_use -= bytes;
    owner->in_use -= bytes;
}

// Count a refusal, and answer it.
mn_status_t mn__heap_refuse(mn_heap_t *heap, mn_heap_owner_t *owner, mn_status_t why);

// Why a request would be refused if there were no room now: MN_ENOMEM if it could be served later.
mn_status_t mn__heap_prospect(const mn_heap_t *heap, const mn_heap_owner_t *owner, size_t size,
                              size_t align);

static inline bool mn__heap_is_ordered_to_fail(mn_heap_t *heap) {
    return heap->fail_in != 0 && --heap->fail_in == 0;
}

#endif
