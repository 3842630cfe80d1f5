// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// What words of the host may do with a VM.

#include "vm.h"

uint32_t mn_forth_pop(mn_forth_t *vm) {
    return mn__forth_depth(vm) != 0 ? mn__forth_pop(vm) : 0u;
}

mn_status_t mn_forth_push(mn_forth_t *vm, uint32_t cell) {
    if (vm->sp == vm->data_limit) {
        return MN_EFULL;
    }
    mn__forth_push(vm, cell);
    return MN_OK;
}

uint32_t mn_forth_peek(const mn_forth_t *vm, uint32_t n) {
    return n < mn__forth_depth(vm) ? *(vm->sp - n) : 0u;
}

uint32_t *mn_forth_word_state(mn_forth_t *vm) {
    return vm->scratch;
}

void *mn_forth_context(const mn_forth_t *vm) {
    return vm->config.context;
}

mn_status_t mn_forth_print(mn_forth_t *vm, const char *text, size_t len) {
    if (len > OUTPUT_PIECE) {
        return MN_ETOOBIG;
    }
    return mn__forth_print(vm, text, (uint32_t)len) == FN_OK ? MN_OK : MN_PENDING;
}

mn_status_t mn_forth_parse_name(mn_forth_t *vm, char *text, size_t size, size_t *len) {
    uint32_t addr;
    uint32_t length;
    (void)mn__forth_parse_name(vm, &addr, &length);
    *len = length;
    return length <= size ? mn_forth_read(vm, addr, text, length) : MN_ETOOBIG;
}

mn_status_t mn_forth_read(const mn_forth_t *vm, uint32_t addr, void *to, uint32_t len) {
    return mn__forth_copy_out(vm, addr, to, len) == FN_OK ? MN_OK : MN_EINVAL;
}

mn_status_t mn_forth_write(mn_forth_t *vm, uint32_t addr, const void *from, uint32_t len) {
    int status = mn__forth_copy_in(vm, addr, from, len);
    return status == FN_OK ? MN_OK : (status == THROW_NO_MEMORY ? MN_ENOMEM : MN_EINVAL);
}

mn_status_t mn_forth_add_words(mn_forth_t *vm, const mn_forth_words_t *words) {
    if (vm->set_count == CORE_SETS + MAX_HOST_SETS) {
        return MN_EFULL;
    }
    vm->host_sets[vm->set_count++ - CORE_SETS] = words;
    return MN_OK;
}
