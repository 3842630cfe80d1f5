// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Named locals. While a definition is compiled their names are kept in the free room below the
// table of words, from its end downwards: a length, then the characters below it.

#include "vm.h"

#include <string.h>

#define LOCALS_MAX 32u

static uint16_t *names_end(const mn_forth_t *vm) {
    return (uint16_t *)(void *)(vm->seg.table - (vm->seg.words - vm->seg.word_base));
}

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool same(const uint16_t *units, const char *name, uint32_t len) {
    for (uint32_t i = 0; i < len; i++) {
        uint16_t two = units[i / 2];
        if (lower((char)((i & 1u) != 0 ? two >> 8 : two & 0xFF)) != lower(name[i])) {
            return false;
        }
    }
    return true;
}

// The index of a local in its frame; -1 if there is none of that name.
int mn__forth_find_local(const mn_forth_t *vm, const char *name, uint32_t len) {
    const uint16_t *p = names_end(vm);
    for (uint32_t i = 0; i < vm->def.locals; i++) {
        uint32_t units = (p[-1] + 1u) / 2u;
        const uint16_t *text = p - 1 - units;
        if (p[-1] == len && same(text, name, len)) {
            return (int)(vm->def.locals_reversed ? vm->def.locals - 1u - i : i);
        }
        p = text;
    }
    return -1;
}

static int add_name(mn_forth_t *vm, const char *name, uint32_t len) {
    uint32_t units = (len + 1u) / 2u;
    if (len > NAME_MAX_LEN) {
        return THROW_NAME_LONG;
    }
    if (vm->def.locals == LOCALS_MAX) {
        return THROW_LOCALS;
    }
    if (mn__forth_free_units(vm) < units + 1u + 8u) {
        return THROW_DICT_FULL;
    }
    uint16_t *p = names_end(vm) - vm->def.locals_names;
    p[-1] = (uint16_t)len;
    for (uint32_t i = 0; i < len; i += 2) {
        uint32_t high = i + 1 < len ? (uint8_t)name[i + 1] : 0u;
        p[(int32_t)(i / 2) - 1 - (int32_t)units] = (uint16_t)((uint8_t)name[i] | high << 8);
    }
    vm->def.locals++;
    vm->def.locals_names += units + 1u;
    return FN_OK;
}

static int finish(mn_forth_t *vm, uint32_t from_stack) {
    uint32_t unset = vm->def.locals - from_stack;
    vm->def.locals_open = false;
    if (vm->def.locals == 0) {
        return FN_OK;
    }
    int status = mn__forth_emit_1(vm, MN__OP_LOCALS, from_stack | unset << 8);
    if (status != FN_OK) {
        vm->def.locals = 0;
        vm->def.locals_names = 0;
    }
    return status;
}

static int check_begin(const mn_forth_t *vm) {
    if (vm->def.number == 0) {
        return THROW_COMPILE_ONLY;
    }
    return vm->def.locals != 0 ? THROW_LOCALS : FN_OK;
}

static bool is(const char *name, uint32_t len, const char *what) {
    return len == strlen(what) && memcmp(name, what, len) == 0;
}

// {: in in | unset unset -- comment :}
static int w_locals(mn_forth_t *vm) {
    uint32_t from_stack = 0;
    enum { IN, UNSET, COMMENT } part = IN;
    int status = check_begin(vm);
    while (status == FN_OK) {
        char name[NAME_MAX_LEN];
        uint32_t len;
        status = mn__forth_parse_word(vm, name, &len);
        if (status == FN_OK && len == 0) {
            status = THROW_UNTERMINATED;
        }
        if (status != FN_OK || is(name, len, ":}")) {
            break;
        }
        if (part == IN && is(name, len, "|")) {
            part = UNSET;
        } else if (part != COMMENT && is(name, len, "--")) {
            part = COMMENT;
        } else if (part != COMMENT) {
            status = add_name(vm, name, len);
            from_stack += part == IN ? 1u : 0u;
        }
    }
    if (status != FN_OK) {
        vm->def.locals = 0;
        vm->def.locals_names = 0;
        return status;
    }
    return finish(vm, from_stack);
}

// locals| top next | : the other order.
static int w_locals_bar(mn_forth_t *vm) {
    int status = check_begin(vm);
    while (status == FN_OK) {
        char name[NAME_MAX_LEN];
        uint32_t len;
        status = mn__forth_parse_word(vm, name, &len);
        if (status == FN_OK && len == 0) {
            status = THROW_UNTERMINATED;
        }
        if (status == FN_OK && is(name, len, "|")) {
            vm->def.locals_reversed = true;
            return finish(vm, vm->def.locals);
        }
        if (status == FN_OK) {
            status = add_name(vm, name, len);
        }
    }
    vm->def.locals = 0;
    vm->def.locals_names = 0;
    return status;
}

// ( addr u -- ) One local a call; 0 0 ends them. The first one is the top of the stack.
static int w_local(mn_forth_t *vm) {
    char name[NAME_MAX_LEN];
    uint32_t len = mn__forth_pop(vm);
    uint32_t addr = mn__forth_pop(vm);
    if (!vm->def.locals_open) {
        int status = check_begin(vm);
        if (status != FN_OK) {
            return status;
        }
        vm->def.locals_open = true;
        vm->def.locals_reversed = true;
    }
    if (len == 0) {
        return finish(vm, vm->def.locals);
    }
    if (len > NAME_MAX_LEN) {
        return THROW_NAME_LONG;
    }
    int status = mn__forth_copy_out(vm, addr, name, len);
    return status != FN_OK ? status : add_name(vm, name, len);
}

static const mn_forth_word_t words[] = {
    FNF("{:", w_locals, 0, 0, COMP, "( \"in | unset -- out :}\" -- ) locals from the stack"),
    FNF("locals|", w_locals_bar, 0, 0, COMP, "( \"names |\" -- ) locals from the stack, top first"),
    FN("(local)", w_local, 2, 0, "( addr u -- ) make a local; 0 0 ends them"),
};

const mn_forth_words_t mn__forth_local_words = {words, MN_COUNT_OF(words), 0, "locals", NULL};
