// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Name tokens. A word's name token is its execution token, except that that of a synonym is its
// own.

#include "vm.h"

static bool is_name(const mn_forth_t *vm, uint32_t nt) {
    char name[NAME_MAX_LEN];
    return mn__forth_name(vm, nt, name) != 0;
}

// ( .. xt wid -- .. ) Calls xt with each name token until it answers false. Its frame is the
// token, the word list, and how far it is; the flag for going on is on the stack.
static int w_traverse_wordlist(mn_forth_t *vm) {
    uint32_t wid = TOP;
    uint32_t frame[TRAVERSE_CELLS] = {SECOND, wid - 1u, XT_WORD | vm->seg.words};
    if (wid == 0 || wid > vm->next_wordlist) {
        return THROW_NUMBER;
    }
    int status = mn__forth_push_call(vm, TRAVERSE_CELLS, frame);
    if (status == FN_OK) {
        DROP_N(1);
        TOP = 0xFFFFFFFFu;
        vm->ip = STUB_TRAVERSE;
    }
    return status;
}

// FN_EXEC with the token to call, FN_END when done.
int mn__forth_traverse(mn_forth_t *vm) {
    if (mn__forth_depth(vm) == 0) {
        return THROW_UNDERFLOW;
    }
    uint32_t *frame = vm->cp;
    uint32_t nt = 0;
    if (mn__forth_pop(vm) != 0) {
        nt = mn__forth_next_name(vm, (uint8_t)frame[1], &frame[2]);
    }
    if (nt == 0) {
        vm->cp += TRAVERSE_CELLS;
        return FN_END;
    }
    mn__forth_push(vm, nt); // in the place of the flag
    vm->exec = frame[0];
    return FN_EXEC;
}

static int w_name_to_string(mn_forth_t *vm) {
    char name[NAME_MAX_LEN];
    uint32_t len = mn__forth_name(vm, TOP, name);
    if (len == 0) {
        return THROW_XT;
    }
    TOP = mn__forth_string_slot(vm);
    int status = mn__forth_copy_in(vm, TOP, name, len);
    mn__forth_push(vm, len);
    return status;
}

// ( nt -- xt | 0 )
static int w_name_to_interpret(mn_forth_t *vm) {
    if (!is_name(vm, TOP)) {
        return THROW_XT;
    }
    found_t found = mn__forth_meaning(vm, TOP);
    TOP = (found.flags & MN_FORTH_COMPILE_ONLY) != 0 ? 0 : found.xt;
    return FN_OK;
}

// ( nt -- xt xt' ) xt' is execute for immediate words, else compile,
static int w_name_to_compile(mn_forth_t *vm) {
    if (!is_name(vm, TOP)) {
        return THROW_XT;
    }
    found_t found = mn__forth_meaning(vm, TOP);
    bool immediate = (found.flags & MN_FORTH_IMMEDIATE) != 0;
    TOP = found.xt;
    mn__forth_push(vm, immediate ? mn__forth_find_builtin(vm, 0, "execute", 7).xt
                                 : mn__forth_find_builtin(vm, 0, "compile,", 8).xt);
    return FN_OK;
}

static const mn_forth_word_t words[] = {
    FN("traverse-wordlist", w_traverse_wordlist, 2, 0,
       "( .. xt wid -- .. ) execute xt ( .. nt -- .. flag ) for each name until it answers false"),
    FN("name>string", w_name_to_string, 1, 2, "( nt -- addr u ) the name"),
    FN("name>interpret", w_name_to_interpret, 1, 1, "( nt -- xt | 0 ) what it does, if allowed"),
    FN("name>compile", w_name_to_compile, 1, 2, "( nt -- xt xt' ) xt' compiles xt"),
};

const mn_forth_words_t mn__forth_name_words = {words, MN_COUNT_OF(words), 0, "names", NULL};
