// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Defining words.

#include "vm.h"

static void append_32(mn_forth_t *vm, uint32_t op, uint32_t operand) {
    uint16_t units[2] = {(uint16_t)operand, (uint16_t)(operand >> 16)};
    mn__forth_append(vm, op, 2, units);
}

static uint16_t *own_header(mn_forth_t *vm, uint32_t number_1) {
    if (number_1 == 0 || number_1 <= vm->seg.word_base || number_1 <= vm->seg.frozen_words) {
        return NULL;
    }
    return mn__forth_unit(vm, mn__forth_word_at(vm, number_1 - 1u));
}

// A word whose body is one instruction with an operand, and exit.
static int define_simple(mn_forth_t *vm, kind_t kind, uint32_t op, uint32_t operand) {
    int status = mn__forth_header_parsed(vm, kind);
    if (status == FN_OK) {
        append_32(vm, op, operand);
        mn__forth_append(vm, MN__OP_EXIT, 0, NULL);
    }
    return status;
}

// The same for a word that owns `bytes` of data space, which are cleared.
static int define_data(mn_forth_t *vm, kind_t kind, uint32_t op, uint32_t bytes, uint32_t *addr) {
    uint32_t before = vm->here;
    int status = mn__forth_allot(vm, (0u - vm->here) & 3u);
    *addr = vm->here;
    if (status == FN_OK) {
        status = mn__forth_allot(vm, bytes);
    }
    if (status == FN_OK) {
        status = mn__forth_fill(vm, *addr, bytes, 0);
    }
    if (status == FN_OK) {
        status = define_simple(vm, kind, op, *addr);
    }
    if (status != FN_OK) {
        vm->here = before;
    }
    return status;
}

static int begin(mn_forth_t *vm, uint32_t start, uint32_t data) {
    vm->def = (definition_t){
        .number = vm->seg.words,
        .start = start,
        .data = data,
        .body = vm->seg.here,
        .control_base = vm->control_depth,
    };
    mn__forth_unit(vm, start)[2] |= (WORD_HIDDEN | WORD_SMUDGED) << 8;
    mn__forth_set_compiling(vm, true);
    return FN_OK;
}

static int w_colon(mn_forth_t *vm) {
    uint32_t start = vm->seg.here;
    int status = mn__forth_header_parsed(vm, KIND_COLON);
    return status != FN_OK ? status : begin(vm, start, vm->here);
}

static int w_noname(mn_forth_t *vm) {
    uint32_t start = vm->seg.here;
    int status = mn__forth_header(vm, NULL, 0, KIND_COLON);
    if (status != FN_OK) {
        return status;
    }
    mn__forth_push(vm, XT_WORD | (vm->seg.words - 1u));
    return begin(vm, start, vm->here);
}

int mn__forth_end_definition(mn_forth_t *vm) {
    if (vm->def.number == 0) {
        return THROW_COMPILE_ONLY;
    }
    if (vm->control_depth != vm->def.control_base || vm->def.broken) {
        return THROW_CONTROL;
    }
    if (vm->def.locals != 0) {
        mn__forth_append(vm, MN__OP_LOCALS_END, 0, NULL);
    }
    mn__forth_append(vm, MN__OP_EXIT, 0, NULL);
    mn__forth_unit(vm, vm->def.start)[2] &= (uint16_t) ~((WORD_HIDDEN | WORD_SMUDGED) << 8);
    vm->def = (definition_t){0};
    mn__forth_set_compiling(vm, false);
    return FN_OK;
}

static int w_exit_definition(mn_forth_t *vm) {
    return mn__forth_end_definition(vm);
}

static int w_immediate(mn_forth_t *vm) {
    uint16_t *header = own_header(vm, vm->latest);
    if (header == NULL) {
        return THROW_SHARED;
    }
    header[2] |= MN_FORTH_IMMEDIATE << 8;
    return FN_OK;
}

static int w_left_bracket(mn_forth_t *vm) {
    mn__forth_set_compiling(vm, false);
    return FN_OK;
}

static int w_right_bracket(mn_forth_t *vm) {
    mn__forth_set_compiling(vm, true);
    return FN_OK;
}

static int w_literal(mn_forth_t *vm) {
    return mn__forth_literal(vm, mn__forth_pop(vm));
}

static int w_two_literal(mn_forth_t *vm) {
    uint32_t hi = mn__forth_pop(vm);
    int status = mn__forth_literal(vm, mn__forth_pop(vm));
    return status != FN_OK ? status : mn__forth_literal(vm, hi);
}

static int w_s_literal(mn_forth_t *vm) {
    uint32_t len = mn__forth_pop(vm);
    uint32_t addr = mn__forth_pop(vm);
    if (!mn__forth_mapped(vm, addr, len)) {
        return THROW_ADDRESS;
    }
    return mn__forth_string_literal(vm, addr, len);
}

static int w_compile_comma(mn_forth_t *vm) {
    return mn__forth_compile(vm, mn__forth_pop(vm));
}

// Compile what compiles the word.
static int w_postpone(mn_forth_t *vm) {
    found_t found;
    found_t comma = mn__forth_find_in(vm, 0, "compile,", 8);
    int status = mn__forth_parse_found(vm, &found);
    if (status != FN_OK) {
        return status;
    }
    if ((found.flags & MN_FORTH_IMMEDIATE) != 0) {
        return mn__forth_compile(vm, found.xt);
    }
    status = mn__forth_literal(vm, found.xt);
    return status != FN_OK ? status : mn__forth_compile(vm, comma.xt);
}

static int w_bracket_compile(mn_forth_t *vm) {
    found_t found;
    int status = mn__forth_parse_found(vm, &found);
    return status != FN_OK ? status : mn__forth_compile(vm, found.xt);
}

static int w_recurse(mn_forth_t *vm) {
    return mn__forth_emit_32(vm, MN__OP_CALL, vm->def.body);
}

static int w_variable(mn_forth_t *vm) {
    uint32_t addr;
    return define_data(vm, KIND_VARIABLE, MN__OP_LIT32, 4, &addr);
}

static int w_two_variable(mn_forth_t *vm) {
    uint32_t addr;
    return define_data(vm, KIND_VARIABLE, MN__OP_LIT32, 8, &addr);
}

static int w_buffer(mn_forth_t *vm) {
    uint32_t addr;
    return define_data(vm, KIND_VARIABLE, MN__OP_LIT32, mn__forth_pop(vm), &addr);
}

static int w_constant(mn_forth_t *vm) {
    return define_simple(vm, KIND_CONSTANT, MN__OP_LIT32, mn__forth_pop(vm));
}

static int w_two_constant(mn_forth_t *vm) {
    int status = mn__forth_header_parsed(vm, KIND_TWO_CONSTANT);
    if (status == FN_OK) {
        append_32(vm, MN__OP_LIT32, SECOND);
        append_32(vm, MN__OP_LIT32, TOP);
        mn__forth_append(vm, MN__OP_EXIT, 0, NULL);
    }
    DROP_N(2);
    return status;
}

static int w_value(mn_forth_t *vm) {
    uint32_t addr;
    int status = define_data(vm, KIND_VALUE, MN__OP_FETCH_AT, 4, &addr);
    return status != FN_OK ? status : mn__forth_store(vm, addr, mn__forth_pop(vm));
}

static int w_two_value(mn_forth_t *vm) {
    uint32_t addr;
    uint32_t before = vm->here;
    int status = mn__forth_header_parsed(vm, KIND_TWO_VALUE);
    if (status == FN_OK) {
        addr = (vm->here + 3u) & ~3u;
        append_32(vm, MN__OP_LIT32, addr);
        mn__forth_append(vm, MN__OP_TWO_FETCH, 0, NULL);
        mn__forth_append(vm, MN__OP_EXIT, 0, NULL);
        status = mn__forth_allot(vm, addr - before + 8u);
        if (status != FN_OK) {
            (void)mn__forth_cut(vm, vm->seg.words - 1u, before);
            return status;
        }
        (void)mn__forth_store(vm, addr, TOP);
        (void)mn__forth_store(vm, addr + 4u, SECOND);
        DROP_N(2);
    }
    return status;
}

static int w_defer(mn_forth_t *vm) {
    uint32_t addr;
    return define_data(vm, KIND_DEFER, MN__OP_DEFERRED, 4, &addr);
}

static int w_create(mn_forth_t *vm) {
    uint32_t before = vm->here;
    int status = mn__forth_allot(vm, (0u - vm->here) & 3u);
    if (status == FN_OK) {
        status = mn__forth_header_parsed(vm, KIND_CREATE);
    }
    if (status != FN_OK) {
        vm->here = before;
        return status;
    }
    uint16_t operands[4] = {(uint16_t)vm->here, (uint16_t)(vm->here >> 16), 0, 0};
    mn__forth_append(vm, MN__OP_CREATED, 4, operands);
    return FN_OK;
}

// ( offset "name" -- offset+size )
int mn__forth_field(mn_forth_t *vm, uint32_t size) {
    int status = define_simple(vm, KIND_FIELD, MN__OP_LIT32, TOP);
    if (status == FN_OK) {
        *mn__forth_unit(vm, vm->seg.here - 1u) = MN__OP_ADD;
        mn__forth_append(vm, MN__OP_EXIT, 0, NULL);
        TOP += size;
    }
    return status;
}

static int w_plus_field(mn_forth_t *vm) {
    uint32_t size = mn__forth_pop(vm);
    return mn__forth_field(vm, size);
}

static int w_does(mn_forth_t *vm) {
    if (vm->def.number == 0 || vm->control_depth != vm->def.control_base) {
        return THROW_CONTROL;
    }
    int status = vm->def.locals != 0 ? mn__forth_emit_op(vm, MN__OP_LOCALS_END) : FN_OK;
    if (status == FN_OK) {
        status = mn__forth_emit_op(vm, MN__OP_DOES);
    }
    vm->def.locals = 0;
    vm->def.locals_names = 0;
    vm->def.locals_reversed = false;
    mn__forth_barrier(vm);
    return status;
}

// The code at ip becomes the action of the newest created word.
int mn__forth_does(mn_forth_t *vm) {
    uint16_t *header = own_header(vm, vm->latest);
    if (header == NULL) {
        return THROW_SHARED;
    }
    if (mn__forth_kind(header) != KIND_CREATE) {
        return THROW_BODY;
    }
    uint32_t at = mn__forth_word_at(vm, vm->latest - 1u);
    uint16_t *body = mn__forth_unit(vm, mn__forth_code(at, header));
    body[3] = (uint16_t)vm->ip;
    body[4] = (uint16_t)(vm->ip >> 16);
    return FN_OK;
}

static const mn_forth_word_t words[] = {
    FN(":", w_colon, 0, 0, "( \"name\" -- ) begin a definition"),
    FN(":noname", w_noname, 0, 1, "( -- xt ) begin a definition without a name"),
    FNF(";", w_exit_definition, 0, 0, COMP, "( -- ) end a definition"),
    FN("immediate", w_immediate, 0, 0, "( -- ) the newest word is executed while compiling"),
    FNF("[", w_left_bracket, 0, 0, IMM, "( -- ) interpret"),
    FN("]", w_right_bracket, 0, 0, "( -- ) compile"),
    FNF("literal", w_literal, 1, 0, COMP, "( x -- ) ( run: -- x ) compile a number"),
    FNF("2literal", w_two_literal, 2, 0, COMP, "( d -- ) ( run: -- d ) compile a double"),
    FNF("sliteral", w_s_literal, 2, 0, COMP, "( addr u -- ) ( run: -- addr u ) compile a string"),
    FN("compile,", w_compile_comma, 1, 0, "( xt -- ) compile a word"),
    FNF("postpone", w_postpone, 0, 0, COMP, "( \"name\" -- ) compile the compiling of a word"),
    FNF("[compile]", w_bracket_compile, 0, 0, COMP, "( \"name\" -- ) compile an immediate word"),
    FNF("recurse", w_recurse, 0, 0, COMP, "( -- ) call the word that is being defined"),
    FN("variable", w_variable, 0, 0, "( \"name\" -- ) a cell; name: ( -- addr )"),
    FN("2variable", w_two_variable, 0, 0, "( \"name\" -- ) two cells; name: ( -- addr )"),
    FN("buffer:", w_buffer, 1, 0, "( u \"name\" -- ) u bytes; name: ( -- addr )"),
    FN("constant", w_constant, 1, 0, "( x \"name\" -- ) name: ( -- x )"),
    FN("2constant", w_two_constant, 2, 0, "( d \"name\" -- ) name: ( -- d )"),
    FN("value", w_value, 1, 0, "( x \"name\" -- ) name: ( -- x ), changed with to"),
    FN("2value", w_two_value, 2, 0, "( d \"name\" -- ) name: ( -- d ), changed with to"),
    FN("defer", w_defer, 0, 0, "( \"name\" -- ) a word whose action is set with is"),
    FN("create", w_create, 0, 0, "( \"name\" -- ) name: ( -- addr ) of here"),
    FNF("does>", w_does, 0, 0, COMP, "( -- ) what follows is done by the created word"),
    FN("+field", w_plus_field, 2, 1, "( n size \"name\" -- n+size ) name: ( addr -- addr+n )"),
};

const mn_forth_words_t mn__forth_define_words = {words, MN_COUNT_OF(words), 0, "defining", NULL};
