// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Words that change or remove what is defined: values, deferred words, forgetting.

#include "vm.h"

// The operand of a word of one of the kinds that keep an address.
static int body_of(const mn_forth_t *vm, uint32_t xt, kind_t *kind, uint32_t *addr) {
    uint32_t code = mn__forth_body(vm, xt);
    if (code == 0) {
        return THROW_BODY;
    }
    const uint16_t *header = mn__forth_unit(vm, mn__forth_word_at(vm, xt & ~XT_TAG_MASK));
    *kind = mn__forth_kind(header);
    if (*kind == KIND_COLON || *kind == KIND_CONSTANT || *kind == KIND_TWO_CONSTANT ||
        *kind == KIND_FIELD || *kind == KIND_MARKER || *kind == KIND_SYNONYM) {
        return THROW_BODY;
    }
    *addr = mn__forth_u32(mn__forth_unit(vm, code) + 1);
    return FN_OK;
}

static int w_to_body(mn_forth_t *vm) {
    kind_t kind;
    int status = body_of(vm, TOP, &kind, &TOP);
    return status != FN_OK || kind == KIND_CREATE || kind == KIND_VARIABLE ? status : THROW_BODY;
}

static int assign_local(mn_forth_t *vm, const char *name, uint32_t len) {
    int index = vm->def.locals_names != 0 ? mn__forth_find_local(vm, name, len) : -1;
    return index < 0 ? FN_END : mn__forth_emit_1(vm, MN__OP_LSET, (uint32_t)index);
}

static int assign_two(mn_forth_t *vm, uint32_t addr) {
    if (vm->compiling) {
        int status = mn__forth_literal(vm, addr);
        return status != FN_OK ? status : mn__forth_emit_op(vm, MN__OP_TWO_STORE);
    }
    if (mn__forth_depth(vm) < 2u) {
        return THROW_UNDERFLOW;
    }
    DROP_N(2);
    int status = mn__forth_store(vm, addr, vm->sp[2]);
    return status != FN_OK ? status : mn__forth_store(vm, addr + 4u, vm->sp[1]);
}

static int assign(mn_forth_t *vm, uint32_t addr) {
    if (vm->compiling) {
        return mn__forth_emit_32(vm, MN__OP_STORE_AT, addr);
    }
    if (mn__forth_depth(vm) < 1u) {
        return THROW_UNDERFLOW;
    }
    return mn__forth_store(vm, addr, mn__forth_pop(vm));
}

static int w_to(mn_forth_t *vm) {
    char name[NAME_MAX_LEN];
    uint32_t len;
    kind_t kind;
    uint32_t addr;
    int status = mn__forth_parse_word(vm, name, &len);
    if (status == FN_OK && len == 0) {
        status = THROW_NO_NAME;
    }
    if (status == FN_OK && vm->compiling) {
        status = assign_local(vm, name, len);
        if (status != FN_END) {
            return status;
        }
        status = FN_OK;
    }
    if (status != FN_OK) {
        return status;
    }
    found_t found = mn__forth_find(vm, name, len);
    if (found.xt == 0) {
        return THROW_UNDEFINED;
    }
    if (body_of(vm, found.xt, &kind, &addr) != FN_OK) {
        return THROW_NAME_ARG;
    }
    if (kind == KIND_FVALUE && vm->assign_float != NULL) {
        return vm->assign_float(vm, addr);
    }
    if (kind == KIND_TWO_VALUE) {
        return assign_two(vm, addr);
    }
    return kind == KIND_VALUE ? assign(vm, addr) : THROW_NAME_ARG;
}

static int parse_deferred(mn_forth_t *vm, uint32_t *addr) {
    found_t found;
    kind_t kind;
    int status = mn__forth_parse_found(vm, &found);
    if (status != FN_OK) {
        return status;
    }
    status = body_of(vm, found.xt, &kind, addr);
    return status == FN_OK && kind == KIND_DEFER ? FN_OK : THROW_NAME_ARG;
}

static int w_is(mn_forth_t *vm) {
    uint32_t addr;
    int status = parse_deferred(vm, &addr);
    return status != FN_OK ? status : assign(vm, addr);
}

static int w_action_of(mn_forth_t *vm) {
    uint32_t addr;
    uint32_t cell;
    int status = parse_deferred(vm, &addr);
    if (status != FN_OK) {
        return status;
    }
    if (vm->compiling) {
        return mn__forth_emit_32(vm, MN__OP_FETCH_AT, addr);
    }
    status = mn__forth_load(vm, addr, &cell);
    if (status == FN_OK && mn_forth_push(vm, cell) != MN_OK) {
        status = THROW_OVERFLOW;
    }
    return status;
}

static int w_defer_fetch(mn_forth_t *vm) {
    kind_t kind;
    uint32_t addr;
    int status = body_of(vm, TOP, &kind, &addr);
    return status != FN_OK ? status : mn__forth_load(vm, addr, &TOP);
}

static int w_defer_store(mn_forth_t *vm) {
    kind_t kind;
    uint32_t addr;
    int status = body_of(vm, mn__forth_pop(vm), &kind, &addr);
    if (status == FN_OK && kind != KIND_DEFER) {
        status = THROW_BODY;
    }
    return status != FN_OK ? status : mn__forth_store(vm, addr, mn__forth_pop(vm));
}

// The lowest data address that words from `number` on own: where here was, or a bit above.
static uint32_t data_before(const mn_forth_t *vm, uint32_t number) {
    for (; number < vm->seg.words; number++) {
        kind_t kind;
        uint32_t addr;
        if (body_of(vm, XT_WORD | number, &kind, &addr) == FN_OK) {
            return addr < vm->here ? addr : vm->here;
        }
    }
    return vm->here;
}

static int w_forget(mn_forth_t *vm) {
    found_t found;
    if (vm->def.number != 0) {
        return THROW_NESTING;
    }
    int status = mn__forth_parse_found(vm, &found);
    if (status != FN_OK) {
        return status;
    }
    if (!mn__forth_is_word(vm, found.xt)) {
        return THROW_FORGET;
    }
    uint32_t number = found.xt & ~XT_TAG_MASK;
    return mn__forth_cut(vm, number, data_before(vm, number));
}

static int w_marker(mn_forth_t *vm) {
    uint32_t here = vm->here;
    found_t run = mn__forth_find_in(vm, 0, "(marker)", 8);
    int status = mn__forth_header_parsed(vm, KIND_MARKER);
    if (status == FN_OK) {
        uint16_t operand[1] = {(uint16_t)(run.xt & 0xFFFFu)};
        uint32_t number = vm->seg.words - 1u;
        uint16_t units[2] = {(uint16_t)here, (uint16_t)(here >> 16)};
        mn__forth_append(vm, MN__OP_LIT32, 2, units);
        units[0] = (uint16_t)number;
        units[1] = (uint16_t)(number >> 16);
        mn__forth_append(vm, MN__OP_LIT32, 2, units);
        mn__forth_append(vm, MN__OP_FN, 1, operand);
    }
    return status;
}

// ( here number -- ) Called by the body of a marker, which it leaves before it removes it.
static int w_run_marker(mn_forth_t *vm) {
    uint32_t number = mn__forth_pop(vm);
    uint32_t here = mn__forth_pop(vm);
    if (vm->def.number != 0) {
        return THROW_NESTING;
    }
    if (number >= vm->seg.words || here < vm->user_start || here > vm->heap_start) {
        return THROW_RANGE;
    }
    if (vm->cp == vm->calls || vm->ip < STUB_COUNT) {
        return THROW_R_UNDERFLOW;
    }
    vm->ip = *vm->cp++;
    return mn__forth_cut(vm, number, here);
}

static const mn_forth_word_t words[] = {
    FNF("to", w_to, 0, 0, IMM, "( x \"name\" -- ) change a value or a local"),
    FNF("is", w_is, 0, 0, IMM, "( xt \"name\" -- ) set the action of a deferred word"),
    FNF("action-of", w_action_of, 0, 0, IMM, "( \"name\" -- xt ) action of a deferred word"),
    FN("defer@", w_defer_fetch, 1, 1, "( xt -- xt' ) action of a deferred word"),
    FN("defer!", w_defer_store, 2, 0, "( xt' xt -- ) set the action of a deferred word"),
    FN(">body", w_to_body, 1, 1, "( xt -- addr ) data of a created word"),
    FN("forget", w_forget, 0, 0, "( \"name\" -- ) remove a word and all newer ones"),
    FN("marker", w_marker, 0, 0, "( \"name\" -- ) name: remove itself and all newer words"),
    FN("(marker)", w_run_marker, 2, 0, "( addr n -- ) action of a marker"),
};

const mn_forth_words_t mn__forth_change_words = {words, MN_COUNT_OF(words), 0, "changing", NULL};
