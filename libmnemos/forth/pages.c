// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Pages in the window above data space. Every one is a frame of the host's memory, counted like the
// pages that forks share.

#include "vm.h"

#include <mnemos/forth_pages.h>
#include <string.h>

_Static_assert(MN_FORTH_PAGE == PAGE_SIZE, "the public size of a page");

struct mn_forth_block {
    void *memory_context;
    void (*free)(void *memory_context, void *memory, size_t size);
    uint32_t count;
    uint8_t *pages[];
};

static size_t block_size(uint32_t count) {
    return sizeof(mn_forth_block_t) + count * sizeof(uint8_t *);
}

// The first of `count` unused entries in a row; 0 if there are none.
static uint32_t find_room(const mn_forth_t *vm, uint32_t count) {
    uint32_t run = 0;
    for (uint32_t page = vm->data_end >> PAGE_BITS; page < vm->page_count; page++) {
        run = (vm->pages[page].read == NULL) ? run + 1 : 0;
        if (run == count) {
            return page + 1 - count;
        }
    }
    return 0;
}

// Whether all of these are pages of the window that are there; the first one's number.
static bool are_mapped(const mn_forth_t *vm, uint32_t addr, uint32_t count, uint32_t *first) {
    *first = addr >> PAGE_BITS;
    if ((addr & PAGE_MASK) != 0 || addr < vm->data_end || count == 0 || *first >= vm->page_count ||
        count > vm->page_count - *first) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (vm->pages[*first + i].read == NULL) {
            return false;
        }
    }
    return true;
}

static void remove_pages(mn_forth_t *vm, uint32_t first, uint32_t count) {
    for (uint32_t page = first; page < first + count; page++) {
        mn__forth_unref_frame(&vm->config, vm->pages[page].read);
        vm->pages[page] = (page_t){NULL, NULL};
    }
}

mn_status_t mn_forth_map(mn_forth_t *vm, uint32_t count, uint32_t *addr) {
    if (count == 0) {
        return MN_EINVAL;
    }
    const uint32_t first = find_room(vm, count);
    if (first == 0) {
        return MN_EFULL;
    }
    for (uint32_t i = 0; i < count; i++) {
        frame_t *frame = mn__forth_new_frame(&vm->config);
        if (frame == NULL) {
            remove_pages(vm, first, i);
            return MN_ENOMEM;
        }
        uint8_t *bytes = (uint8_t *)(frame + 1);
        memset(bytes, 0, PAGE_SIZE);
        frame->references = 1;
        vm->pages[first + i] = (page_t){bytes, bytes};
    }
    *addr = first << PAGE_BITS;
    return MN_OK;
}

mn_status_t mn_forth_unmap(mn_forth_t *vm, uint32_t addr, uint32_t count) {
    uint32_t first = 0;
    if (!are_mapped(vm, addr, count, &first)) {
        return MN_EINVAL;
    }
    remove_pages(vm, first, count);
    return MN_OK;
}

// Make each page the VM's own, so that freezing it is nobody else's business.
static bool unshare(mn_forth_t *vm, uint32_t first, uint32_t count) {
    for (uint32_t page = first; page < first + count; page++) {
        const bool frozen = mn__forth_frame_of(vm->pages[page].read)->frozen != 0;
        if (!frozen && mn__forth_page_for_write(vm, page) == NULL) {
            return false;
        }
    }
    return true;
}

mn_status_t mn_forth_freeze(mn_forth_t *vm, uint32_t addr, uint32_t count,
                            mn_forth_block_t **block) {
    uint32_t first = 0;
    if (!are_mapped(vm, addr, count, &first)) {
        return MN_EINVAL;
    }
    mn_forth_block_t *made = vm->config.alloc(vm->config.memory_context, block_size(count));
    if (made == NULL) {
        return MN_ENOMEM;
    }
    if (!unshare(vm, first, count)) {
        vm->config.free(vm->config.memory_context, made, block_size(count));
        return MN_ENOMEM;
    }
    *made = (mn_forth_block_t){
        .memory_context = vm->config.memory_context, .free = vm->config.free, .count = count};
    for (uint32_t i = 0; i < count; i++) {
        page_t *page = &vm->pages[first + i];
        frame_t *frame = mn__forth_frame_of(page->read);
        frame->frozen = 1;
        frame->references++;
        page->write = NULL;
        made->pages[i] = page->read;
    }
    *block = made;
    return MN_OK;
}

mn_status_t mn_forth_map_block(mn_forth_t *vm, const mn_forth_block_t *block, uint32_t *addr) {
    const uint32_t first = find_room(vm, block->count);
    if (first == 0) {
        return MN_EFULL;
    }
    for (uint32_t i = 0; i < block->count; i++) {
        mn__forth_frame_of(block->pages[i])->references++;
        vm->pages[first + i] = (page_t){block->pages[i], NULL};
    }
    *addr = first << PAGE_BITS;
    return MN_OK;
}

uint32_t mn_forth_block_pages(const mn_forth_block_t *block) {
    return block->count;
}

void mn_forth_block_release(mn_forth_block_t *block) {
    const mn_forth_config_t config = {.memory_context = block->memory_context, .free = block->free};
    for (uint32_t i = 0; i < block->count; i++) {
        mn__forth_unref_frame(&config, block->pages[i]);
    }
    block->free(block->memory_context, block, block_size(block->count));
}
