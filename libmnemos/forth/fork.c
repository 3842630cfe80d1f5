// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Forking: a child sees all definitions of its parent, and its data as of that moment.
//
// Code and names are only ever appended, so the child just remembers how far its parent's went and
// goes on from there in memory of its own. Pages of data are shared and counted; whoever writes to
// a page that another VM sees gets a copy first. A VM keeps its parent's block alive as long as it
// lives itself.

#include "vm.h"

#include <string.h>

void mn__forth_unref_frame(const mn_forth_config_t *config, uint8_t *bytes) {
    frame_t *frame = mn__forth_frame_of(bytes);
    if (--frame->references == 0 && frame->allocated != 0) {
        config->free(config->memory_context, frame, FRAME_SIZE);
    }
}

frame_t *mn__forth_new_frame(const mn_forth_config_t *config) {
    if (config->alloc == NULL || config->free == NULL) {
        return NULL;
    }
    frame_t *frame = config->alloc(config->memory_context, FRAME_SIZE);
    if (frame != NULL) {
        *frame = (frame_t){.allocated = 1};
    }
    return frame;
}

// A frame for a private copy of a page: the page's own place in this block if nobody uses it any
// more, or one from the host.
static frame_t *new_frame(mn_forth_t *vm, uint32_t page) {
    if (page - 1u < vm->frame_count) {
        frame_t *home = (frame_t *)(void *)(vm->frames + (page - 1u) * FRAME_SIZE);
        if (home->references == 0) {
            return home;
        }
    }
    return mn__forth_new_frame(&vm->config);
}

uint8_t *mn__forth_page_for_write(mn_forth_t *vm, uint32_t page) {
    if (page >= vm->page_count || vm->pages[page].read == NULL) {
        return NULL;
    }
    page_t *entry = &vm->pages[page];
    if (mn__forth_frame_of(entry->read)->frozen != 0) {
        return NULL;
    }
    if (mn__forth_frame_of(entry->read)->references > 1) {
        frame_t *frame = new_frame(vm, page);
        if (frame == NULL) {
            return NULL;
        }
        uint8_t *bytes = (uint8_t *)(frame + 1);
        frame->references = 1;
        memcpy(bytes, entry->read, PAGE_SIZE);
        mn__forth_unref_frame(&vm->config, entry->read);
        entry->read = bytes;
    }
    entry->write = entry->read;
    return entry->write;
}

// From here on the parent may not change what the child sees.
static void share(mn_forth_t *child, mn_forth_t *parent) {
    uint32_t system_end = (child->user_start - 1u) >> PAGE_BITS;
    for (uint32_t page = 1; page < parent->page_count; page++) {
        page_t *from = &parent->pages[page];
        if (page <= system_end) { // of the system's variables and input each has its own
            memcpy(child->pages[page].write, from->read, PAGE_SIZE);
        } else if (from->read != NULL) {
            mn__forth_frame_of(from->read)->references++;
            from->write = NULL;
            child->pages[page] = (page_t){from->read, NULL};
        }
    }
    parent->seg.frozen = parent->seg.here;
    parent->seg.frozen_words = parent->seg.words;
    parent->references++;
    child->parent = parent;
}

static void inherit(mn_forth_t *child, const mn_forth_t *parent) {
    uint32_t units = child->seg.limit;
    child->seg.base = parent->seg.here;
    child->seg.here = parent->seg.here;
    child->seg.limit = parent->seg.here + units;
    child->seg.words = parent->seg.words;
    child->seg.word_base = parent->seg.words;
    child->seg.parent = &parent->seg;
    memcpy(child->bucket, parent->bucket, parent->config.buckets * sizeof *child->bucket);
    child->here = parent->here;
    child->heap_start = parent->heap_start;
    child->data_end = parent->data_end;
    child->latest = parent->latest;
    memcpy(child->order, parent->order, sizeof child->order);
    child->order_count = parent->order_count;
    child->current = parent->current;
    child->next_wordlist = parent->next_wordlist;
    child->set_count = parent->set_count;
    memcpy(child->host_sets, parent->host_sets, sizeof child->host_sets);
    child->assign_float = parent->assign_float;
}

// The child's own sizes, with everything that must be the parent's.
static mn_forth_config_t child_config(const mn_forth_t *parent, const mn_forth_config_t *config) {
    mn_forth_config_t merged = *config;
    merged.data_size = parent->config.data_size;
    merged.window_size = parent->config.window_size;
    merged.input_size = parent->config.input_size;
    merged.buckets = parent->config.buckets;
    merged.words = NULL;
    merged.words_count = 0;
    return merged;
}

size_t mn_forth_fork_memory_needed(const mn_forth_t *parent, const mn_forth_config_t *config) {
    mn_forth_config_t merged = child_config(parent, config);
    return mn__forth_block_size(&merged, true);
}

mn_status_t mn_forth_fork(mn_forth_t **child, mn_forth_t *parent, const mn_forth_config_t *config,
                          void *memory, size_t size) {
    mn_forth_config_t merged = child_config(parent, config);
    if (parent->def.number != 0) {
        return MN_EBUSY;
    }
    if (config->alloc == NULL || config->free == NULL) {
        return MN_EINVAL;
    }
    mn_status_t status = mn__forth_build(child, &merged, memory, size, true);
    if (status != MN_OK) {
        return status;
    }
    inherit(*child, parent);
    share(*child, parent);
    return MN_OK;
}

mn_status_t mn_forth_start(mn_forth_t *vm, uint32_t xt) {
    if (vm->state != RUN_IDLE) {
        return MN_EBUSY;
    }
    mn_status_t status = mn_forth_push(vm, xt);
    if (status != MN_OK) {
        return status;
    }
    mn__forth_begin(vm, STUB_RUN);
    return MN_OK;
}

// The last reference is gone: so is the block's claim on its parent's.
static void unref_block(mn_forth_t *vm) {
    while (vm != NULL && --vm->references == 0) {
        mn_forth_t *parent = vm->parent;
        if (vm->config.released != NULL) {
            vm->config.released(vm->config.memory_context, vm);
        }
        vm = parent;
    }
    if (vm != NULL && vm->references == 1 && vm->state != RUN_ENDED) {
        vm->seg.frozen = 0;
        vm->seg.frozen_words = 0;
    }
}

void mn_forth_end(mn_forth_t *vm) {
    MN_ASSERT(vm->state != RUN_ENDED);
    for (uint32_t page = 1; page < vm->page_count; page++) {
        if (vm->pages[page].read != NULL) {
            mn__forth_unref_frame(&vm->config, vm->pages[page].read);
        }
    }
    vm->state = RUN_ENDED;
    unref_block(vm);
}
