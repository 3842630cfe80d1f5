// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Words for more data memory, and for memory that programs share read-only.

#include "forth_task.h"

static mn__forth_task_t *self_of(mn_forth_t *vm) {
    return mn_forth_context(vm);
}

// ---------------------------------------------------------------------------------------------
// What is published

static mn__forth_published_t *find(mn_forth_system_t *system, uint32_t key) {
    for (size_t i = 0; i < MN__FORTH_PUBLISHED; i++) {
        if (key != 0 && system->published[i].key == key) {
            return &system->published[i];
        }
    }
    return NULL;
}

static mn__forth_published_t *free_entry(mn_forth_system_t *system) {
    for (size_t i = 0; i < MN__FORTH_PUBLISHED; i++) {
        if (system->published[i].key == 0) {
            return &system->published[i];
        }
    }
    return NULL;
}

static void withdraw(mn__forth_published_t *entry) {
    mn_forth_block_release(entry->block);
    *entry = (mn__forth_published_t){0};
}

void mn__forth_withdraw_all(mn__forth_task_t *self) {
    for (size_t i = 0; self->system != NULL && i < MN__FORTH_PUBLISHED; i++) {
        mn__forth_published_t *entry = &self->system->published[i];
        if (entry->key != 0 && entry->owner == self->id) {
            withdraw(entry);
        }
    }
}

// ---------------------------------------------------------------------------------------------
// Words

static int w_pages(mn_forth_t *vm) {
    uint32_t addr = 0;
    mn_status_t status = mn_forth_map(vm, mn_forth_peek(vm, 0), &addr);
    if (status == MN_OK) {
        (void)mn_forth_pop(vm);
        (void)mn_forth_push(vm, addr);
    }
    return status;
}

static int w_free_pages(mn_forth_t *vm) {
    const uint32_t count = mn_forth_pop(vm);
    return mn_forth_unmap(vm, mn_forth_pop(vm), count);
}

static int w_publish(mn_forth_t *vm) {
    mn__forth_task_t *self = self_of(vm);
    mn__forth_published_t *entry = free_entry(self->system);
    if (entry == NULL) {
        return MN_EFULL;
    }
    mn_forth_block_t *block = NULL;
    mn_status_t status = mn_forth_freeze(vm, mn_forth_peek(vm, 1), mn_forth_peek(vm, 0), &block);
    if (status != MN_OK) {
        return status;
    }
    *entry =
        (mn__forth_published_t){.key = ++self->system->last_key, .owner = self->id, .block = block};
    (void)mn_forth_pop(vm);
    (void)mn_forth_pop(vm);
    (void)mn_forth_push(vm, entry->key);
    return MN_OK;
}

static int w_shared_pages(mn_forth_t *vm) {
    const mn__forth_published_t *entry = find(self_of(vm)->system, mn_forth_peek(vm, 0));
    if (entry == NULL) {
        return MN_ENOTFOUND;
    }
    uint32_t addr = 0;
    mn_status_t status = mn_forth_map_block(vm, entry->block, &addr);
    if (status == MN_OK) {
        (void)mn_forth_pop(vm);
        (void)mn_forth_push(vm, addr);
        (void)mn_forth_push(vm, mn_forth_block_pages(entry->block));
    }
    return status;
}

static int w_withdraw(mn_forth_t *vm) {
    mn__forth_published_t *entry = find(self_of(vm)->system, mn_forth_pop(vm));
    if (entry == NULL) {
        return MN_ENOTFOUND;
    }
    if (entry->owner != self_of(vm)->id) {
        return MN_EPERM;
    }
    withdraw(entry);
    return MN_OK;
}

static const mn_forth_word_t words[] = {
    MN_FORTH_WORD("pages", w_pages, 1, 1, "( n -- addr ) add n pages of 256 bytes to data space"),
    MN_FORTH_WORD("free-pages", w_free_pages, 2, 0, "( addr n -- ) give such pages back"),
    MN_FORTH_WORD("publish", w_publish, 2, 1,
                  "( addr n -- key ) make pages read-only and share them under a number"),
    MN_FORTH_WORD("shared-pages", w_shared_pages, 1, 2,
                  "( key -- addr n ) add what another program has published, for reading"),
    MN_FORTH_WORD("withdraw", w_withdraw, 1, 0, "( key -- ) publish it no longer"),
};

const mn_forth_words_t mn__forth_page_words = {words, MN_COUNT_OF(words), 0, "pages", NULL};
