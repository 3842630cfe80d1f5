// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "heap_lists.h"
#include <mnemos/assert.h>

static void move_end(mn_heap_t *heap, const mn__heap_place_t *place, size_t cost) {
    mn__heap_block_t *block = place->block;
    mn__heap_block_t *end = mn__heap_behind(block, cost);
    size_t room = place->size + place->after;
    if (place->after != 0) {
        mn__heap_list_remove(heap, mn__heap_behind(block, place->size));
    }
    block->size_flags += cost - place->size;
    if (cost != room) {
        mn__heap_make_free(heap, end, room - cost);
    } else {
        end->size_flags &= ~MN__HEAP_PREV_FREE;
    }
    mn__heap_refund(heap, block->owner, place->size);
    mn__heap_charge(heap, block->owner, cost);
}

static mn_status_t resize(mn_heap_t *heap, const mn__heap_place_t *place, size_t size) {
    size_t old = place->size;
    if (size > old - MN__HEAP_HEADER && mn__heap_is_ordered_to_fail(heap)) {
        return MN_ENOMEM;
    }
    if (size > heap->largest_request) {
        return MN_ETOOBIG;
    }
    size_t room = old + place->after;
    size_t need = mn__heap_block_bytes(size);
    size_t cost = need > room ? need : mn__heap_block_cost(room, need);
    if (cost > old && mn__heap_over_quota(place->block->owner, cost - old)) {
        return MN_EQUOTA;
    }
    if (cost > room) {
        return MN_ENOMEM;
    }
    if (cost != old) {
        move_end(heap, place, cost);
    }
    return MN_OK;
}

mn_status_t mn_heap_resize(mn_heap_t *heap, void *ptr, size_t size) {
    MN_ASSERT(heap != NULL);
    mn__heap_place_t place;
    if (!mn__heap_locate(heap, ptr, &place)) {
        heap->bad_pointers++;
        return MN_EINVAL;
    }
    if (size == 0) {
        return MN_EINVAL;
    }
    mn_status_t status = resize(heap, &place, size);
    return status == MN_OK ? MN_OK : mn__heap_refuse(heap, place.block->owner, status);
}
