// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Appending instructions. Frequent pairs become one instruction on the way, as long as no branch
// can come in between.

#include "vm.h"

#include <string.h>

static const mn_forth_word_t op_words[] = {
#define OP_WORD(id, name, in, out, operands, flags, help) \
    {name, MN_FORTH_HELP(help) NULL, MN__OP_##id, flags, (uint8_t)(sizeof(name) - 1u), in, out},
    MN__FORTH_NAMED_OPS(OP_WORD)
#undef OP_WORD
};

static const uint8_t op_operands[] = {
#define OP_OPERANDS(id, name, in, out, operands, flags, help) operands,
    MN__FORTH_OPS(OP_OPERANDS)
#undef OP_OPERANDS
};

const mn_forth_words_t mn__forth_ops = {op_words, MN_COUNT_OF(op_words), 0, "basic", NULL};

uint32_t mn__forth_length(const uint16_t *unit) {
    uint32_t operands = op_operands[unit[0]];
    return operands != 255u ? 1u + operands : 2u + (unit[1] + 1u) / 2u;
}

void mn__forth_barrier(mn_forth_t *vm) {
    vm->def.last = 0;
    vm->def.before = 0;
}

int mn__forth_emit(mn_forth_t *vm, uint32_t op, uint32_t count, const uint16_t *operands) {
    if (vm->def.number == 0) {
        return THROW_COMPILE_ONLY;
    }
    // Room always remains for the end of a definition.
    if (mn__forth_free_units(vm) < count + 4u) {
        return THROW_DICT_FULL;
    }
    mn__forth_append(vm, op, count, operands);
    return FN_OK;
}

// Without a check: the caller has made sure of the room.
void mn__forth_append(mn_forth_t *vm, uint32_t op, uint32_t count, const uint16_t *operands) {
    uint16_t *unit = mn__forth_unit(vm, vm->seg.here);
    unit[0] = (uint16_t)op;
    if (count != 0) {
        memcpy(unit + 1, operands, count * sizeof *operands);
    }
    vm->def.before = vm->def.last;
    vm->def.last = vm->seg.here;
    vm->seg.here += count + 1u;
}

int mn__forth_emit_1(mn_forth_t *vm, uint32_t op, uint32_t operand) {
    uint16_t units[1] = {(uint16_t)operand};
    return mn__forth_emit(vm, op, 1, units);
}

int mn__forth_emit_32(mn_forth_t *vm, uint32_t op, uint32_t operand) {
    uint16_t units[2] = {(uint16_t)operand, (uint16_t)(operand >> 16)};
    return mn__forth_emit(vm, op, 2, units);
}

int mn__forth_literal(mn_forth_t *vm, uint32_t cell) {
    if (cell + 0x8000u <= 0xFFFFu) {
        return mn__forth_emit_1(vm, MN__OP_LIT, cell);
    }
    return mn__forth_emit_32(vm, MN__OP_LIT32, cell);
}

typedef struct {
    uint8_t first;
    uint8_t second;
    uint8_t both;
} pair_t;

// Second replaces first; operands of the first stay.
static const pair_t pairs[] = {
    {MN__OP_LIT, MN__OP_ADD, MN__OP_ADD_I},
    {MN__OP_LIT, MN__OP_MUL, MN__OP_MUL_I},
    {MN__OP_LIT, MN__OP_AND, MN__OP_AND_I},
    {MN__OP_LIT, MN__OP_EQ, MN__OP_EQ_I},
    {MN__OP_LIT, MN__OP_LT, MN__OP_LT_I},
    {MN__OP_LIT, MN__OP_GT, MN__OP_GT_I},
    {MN__OP_LIT32, MN__OP_FETCH, MN__OP_FETCH_AT},
    {MN__OP_LIT32, MN__OP_STORE, MN__OP_STORE_AT},
    {MN__OP_LIT32, MN__OP_ADD_STORE, MN__OP_ADD_AT},
    {MN__OP_OVER, MN__OP_ADD, MN__OP_OVER_ADD},
    {MN__OP_ADD, MN__OP_FETCH, MN__OP_ADD_FETCH},
    {MN__OP_ADD, MN__OP_CFETCH, MN__OP_ADD_CFETCH},
    {MN__OP_ADD_I, MN__OP_FETCH, MN__OP_ADD_I_FETCH},
    {MN__OP_I, MN__OP_ADD, MN__OP_I_ADD},
    {MN__OP_I, MN__OP_FETCH, MN__OP_I_FETCH},
    {MN__OP_I, MN__OP_CFETCH, MN__OP_I_CFETCH},
    {MN__OP_CELLS, MN__OP_ADD, MN__OP_CELLS_ADD},
    {MN__OP_DUP, MN__OP_FETCH, MN__OP_DUP_FETCH},
    {MN__OP_SWAP, MN__OP_SUB, MN__OP_SWAP_SUB},
    {MN__OP_SWAP, MN__OP_DROP, MN__OP_NIP},
    {MN__OP_SWAP, MN__OP_OVER, MN__OP_TUCK},
    {MN__OP_OVER, MN__OP_OVER, MN__OP_TWO_DUP},
    {MN__OP_DROP, MN__OP_DROP, MN__OP_TWO_DROP},
    {MN__OP_R_FROM, MN__OP_DROP, MN__OP_RDROP},
    {MN__OP_ZEQ, MN__OP_ZEQ, MN__OP_ZNE},
    {MN__OP_EQ, MN__OP_ZEQ, MN__OP_NE},
};

// Tests that can be part of the branch after them.
static const pair_t branches[] = {
    {MN__OP_EQ, 0, MN__OP_EQ_Z},     {MN__OP_NE, 0, MN__OP_NE_Z},
    {MN__OP_LT, 0, MN__OP_LT_Z},     {MN__OP_GT, 0, MN__OP_GT_Z},
    {MN__OP_ZEQ, 0, MN__OP_ZEQ_Z},   {MN__OP_EQ_I, 0, MN__OP_EQ_I_Z},
    {MN__OP_LT_I, 0, MN__OP_LT_I_Z}, {MN__OP_GT_I, 0, MN__OP_GT_I_Z},
    {MN__OP_DUP, 0, MN__OP_DUP_Z},
};

// lit - becomes the addition of the opposite; 1+ and 1- are additions, too, where that helps.
static bool combine_special(mn_forth_t *vm, uint16_t *unit, uint32_t op) {
    if (unit[0] == MN__OP_LIT && op == MN__OP_SUB && unit[1] != 0x8000u) {
        unit[0] = MN__OP_ADD_I;
        unit[1] = (uint16_t)(0u - unit[1]);
        return true;
    }
    if (unit[0] == MN__OP_LIT &&
        (op == MN__OP_FETCH || op == MN__OP_STORE || op == MN__OP_ADD_STORE)) {
        if (mn__forth_free_units(vm) < 5u) {
            return false;
        }
        unit[0] = op == MN__OP_FETCH ? MN__OP_FETCH_AT
                                     : (op == MN__OP_STORE ? MN__OP_STORE_AT : MN__OP_ADD_AT);
        unit[2] = (unit[1] & 0x8000u) != 0 ? 0xFFFFu : 0u;
        vm->seg.here++;
        return true;
    }
    if (unit[0] == MN__OP_DUP && (op == MN__OP_INC || op == MN__OP_DEC)) {
        if (mn__forth_free_units(vm) < 5u) {
            return false;
        }
        unit[0] = MN__OP_DUP_ADD_I;
        unit[1] = op == MN__OP_INC ? 1u : 0xFFFFu;
        vm->seg.here++;
        return true;
    }
    return false;
}

static bool combine(mn_forth_t *vm, uint32_t op) {
    if (vm->def.last == 0) {
        return false;
    }
    uint16_t *unit = mn__forth_unit(vm, vm->def.last);
    for (uint32_t i = 0; i < MN_COUNT_OF(pairs); i++) {
        if (pairs[i].second == op && pairs[i].first == unit[0]) {
            unit[0] = pairs[i].both;
            return true;
        }
    }
    return combine_special(vm, unit, op);
}

int mn__forth_emit_op(mn_forth_t *vm, uint32_t op) {
    return combine(vm, op) ? FN_OK : mn__forth_emit(vm, op, 0, NULL);
}

// dup followed by a comparison with a number: the comparison need not take the number.
static uint32_t keep_tested(mn_forth_t *vm, uint32_t op) {
    if (vm->def.before == 0 || *mn__forth_unit(vm, vm->def.before) != MN__OP_DUP) {
        return op;
    }
    return op == MN__OP_LT_I_Z ? MN__OP_DUP_LT_I_Z : op == MN__OP_EQ_I_Z ? MN__OP_DUP_EQ_I_Z : op;
}

// A forward branch taken if the top is zero; its offset is filled in later.
int mn__forth_zbranch(mn_forth_t *vm, uint32_t *operand_at) {
    uint16_t *unit = vm->def.last != 0 ? mn__forth_unit(vm, vm->def.last) : NULL;
    for (uint32_t i = 0; unit != NULL && i < MN_COUNT_OF(branches); i++) {
        if (branches[i].first == unit[0] && mn__forth_free_units(vm) >= 5u) {
            uint32_t op = keep_tested(vm, branches[i].both);
            unit[0] = (uint16_t)op;
            if (op != branches[i].both) { // the dup before it goes
                uint16_t *before = mn__forth_unit(vm, vm->def.before);
                memmove(before, unit, (vm->seg.here - vm->def.last) * sizeof *unit);
                vm->seg.here--;
            }
            *operand_at = vm->seg.here++;
            *mn__forth_unit(vm, *operand_at) = 0;
            mn__forth_barrier(vm);
            return FN_OK;
        }
    }
    int status = mn__forth_emit_1(vm, MN__OP_ZBRANCH, 0);
    *operand_at = vm->seg.here - 1u;
    mn__forth_barrier(vm);
    return status;
}

static int compile_field(mn_forth_t *vm, uint32_t offset) {
    int status = mn__forth_literal(vm, offset);
    return status != FN_OK ? status : mn__forth_emit_op(vm, MN__OP_ADD);
}

static int compile_word(mn_forth_t *vm, uint32_t xt) {
    uint32_t at = mn__forth_word_at(vm, xt & ~XT_TAG_MASK);
    const uint16_t *header = mn__forth_unit(vm, at);
    uint32_t code = mn__forth_code(at, header);
    uint32_t operand = mn__forth_u32(mn__forth_unit(vm, code) + 1);
    switch (mn__forth_kind(header)) {
    case KIND_CONSTANT:
    case KIND_VARIABLE:
        return mn__forth_literal(vm, operand);
    case KIND_VALUE:
        return mn__forth_emit_32(vm, MN__OP_FETCH_AT, operand);
    case KIND_DEFER:
        return mn__forth_emit_32(vm, MN__OP_DEFERRED, operand);
    case KIND_FIELD:
        return compile_field(vm, operand);
    case KIND_CREATE:
        return mn__forth_emit_32(vm, MN__OP_CREATED_REF, code);
    default:
        return mn__forth_emit_32(vm, MN__OP_CALL, code);
    }
}

// Appends the action of a word to the current definition.
int mn__forth_compile(mn_forth_t *vm, uint32_t xt) {
    if (mn__forth_is_word(vm, xt)) {
        return mn__forth_body(vm, xt) != 0 ? compile_word(vm, xt) : THROW_XT;
    }
    const mn_forth_word_t *word = mn__forth_builtin(vm, xt);
    if (word == NULL || word->len == 0) {
        return THROW_XT;
    }
    if (word->fn == NULL) {
        return word->op == MN__OP_EXIT ? mn__forth_exit(vm) : mn__forth_emit_op(vm, word->op);
    }
    return mn__forth_emit_1(vm, MN__OP_FN, xt & 0xFFFFu);
}

// A word returns: its locals go first.
int mn__forth_exit(mn_forth_t *vm) {
    int status = vm->def.locals != 0 ? mn__forth_emit_op(vm, MN__OP_LOCALS_END) : FN_OK;
    return status != FN_OK ? status : mn__forth_emit_op(vm, MN__OP_EXIT);
}

// An instruction with a text inside it.
int mn__forth_string(mn_forth_t *vm, uint32_t op, uint32_t addr, uint32_t len) {
    uint32_t units = (len + 1u) / 2u;
    uint16_t count[1] = {(uint16_t)len};
    if (len > 0xFFFFu || mn__forth_free_units(vm) < units + 6u) {
        return THROW_DICT_FULL;
    }
    if (!mn__forth_mapped(vm, addr, len)) {
        return THROW_ADDRESS;
    }
    int status = mn__forth_emit(vm, op, 1, count);
    for (uint32_t i = 0; status == FN_OK && i < len; i += 2) {
        uint32_t low = (uint32_t)mn__forth_byte(vm, addr + i);
        uint32_t high = i + 1 < len ? (uint32_t)mn__forth_byte(vm, addr + i + 1) : 0u;
        *mn__forth_unit(vm, vm->seg.here++) = (uint16_t)(low | high << 8);
    }
    return status;
}
