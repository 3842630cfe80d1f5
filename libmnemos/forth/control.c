// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Control structures. What is open is kept on a stack of its own, where no program can touch it:
// entries are a kind and a code address. Branches to a place that is not known yet are chained
// through their operands: each holds the distance to the one before, 0 in the first.

#include "vm.h"

enum { ORIG = 1, DEST, LOOP, LEAVES, CASE };

#define KIND_SHIFT 28
#define ADDRESS_MASK 0x0FFFFFFFu

static int push_entry(mn_forth_t *vm, uint32_t kind, uint32_t at) {
    if (vm->control_depth == CONTROL_DEPTH) {
        return THROW_CONTROL_FULL;
    }
    vm->control[vm->control_depth++] = kind << KIND_SHIFT | at;
    return FN_OK;
}

static int pop_entry(mn_forth_t *vm, uint32_t kind, uint32_t *at) {
    if (vm->control_depth <= vm->def.control_base ||
        vm->control[vm->control_depth - 1] >> KIND_SHIFT != kind) {
        return THROW_CONTROL;
    }
    *at = vm->control[--vm->control_depth] & ADDRESS_MASK;
    return FN_OK;
}

static int check_room(const mn_forth_t *vm) {
    return vm->control_depth + 2u <= CONTROL_DEPTH ? FN_OK : THROW_CONTROL_FULL;
}

// Makes the branch whose operand is at `operand` go to `target`.
static int patch(mn_forth_t *vm, uint32_t operand, uint32_t target) {
    int64_t offset = (int64_t)target - (int64_t)operand - 1;
    if (offset < INT16_MIN || offset > INT16_MAX) {
        vm->def.broken = true; // even if somebody catches this
        return THROW_DICT_FULL;
    }
    *mn__forth_unit(vm, operand) = (uint16_t)(offset & 0xFFFF);
    return FN_OK;
}

static int resolve(mn_forth_t *vm, uint32_t operand) {
    mn__forth_barrier(vm);
    return patch(vm, operand, vm->seg.here);
}

static int resolve_chain(mn_forth_t *vm, uint32_t operand) {
    int status = FN_OK;
    mn__forth_barrier(vm);
    while (operand != 0 && status == FN_OK) {
        uint32_t distance = *mn__forth_unit(vm, operand);
        status = patch(vm, operand, vm->seg.here);
        operand = distance != 0 ? operand - distance : 0;
    }
    return status;
}

// A branch whose operand joins the chain that starts at *head.
static int chain(mn_forth_t *vm, uint32_t op, uint32_t *entry) {
    uint32_t head = *entry & ADDRESS_MASK;
    uint32_t operand = vm->seg.here + 1u;
    uint32_t distance = head != 0 ? operand - head : 0;
    if (distance > 0xFFFFu) {
        return THROW_DICT_FULL;
    }
    int status = mn__forth_emit_1(vm, op, distance);
    if (status == FN_OK) {
        *entry = (*entry & ~ADDRESS_MASK) | operand;
        mn__forth_barrier(vm);
    }
    return status;
}

static uint32_t *innermost(mn_forth_t *vm, uint32_t kind) {
    for (uint32_t i = vm->control_depth; i-- > vm->def.control_base;) {
        if (vm->control[i] >> KIND_SHIFT == kind) {
            return &vm->control[i];
        }
    }
    return NULL;
}

static int emit_back(mn_forth_t *vm, uint32_t op, uint32_t dest) {
    int status = mn__forth_emit_1(vm, op, 0);
    if (status != FN_OK) {
        return status;
    }
    status = patch(vm, vm->seg.here - 1u, dest);
    if (status != FN_OK) {
        vm->seg.here -= 2u;
    }
    mn__forth_barrier(vm);
    return status;
}

// Words ----------------------------------------------------------------------------------------

static int w_if(mn_forth_t *vm) {
    uint32_t operand;
    int status = check_room(vm);
    if (status == FN_OK) {
        status = mn__forth_zbranch(vm, &operand);
    }
    return status != FN_OK ? status : push_entry(vm, ORIG, operand);
}

static int w_ahead(mn_forth_t *vm) {
    int status = check_room(vm);
    if (status == FN_OK) {
        status = mn__forth_emit_1(vm, MN__OP_BRANCH, 0);
    }
    mn__forth_barrier(vm);
    return status != FN_OK ? status : push_entry(vm, ORIG, vm->seg.here - 1u);
}

static int w_then(mn_forth_t *vm) {
    uint32_t orig;
    int status = pop_entry(vm, ORIG, &orig);
    return status != FN_OK ? status : resolve(vm, orig);
}

static int w_else(mn_forth_t *vm) {
    uint32_t orig;
    int status = pop_entry(vm, ORIG, &orig);
    if (status != FN_OK) {
        return status;
    }
    status = mn__forth_emit_1(vm, MN__OP_BRANCH, 0);
    if (status != FN_OK) {
        vm->control_depth++; // the if stays open
        return status;
    }
    (void)push_entry(vm, ORIG, vm->seg.here - 1u);
    return resolve(vm, orig);
}

static int w_begin(mn_forth_t *vm) {
    mn__forth_barrier(vm);
    return vm->def.number == 0 ? THROW_COMPILE_ONLY : push_entry(vm, DEST, vm->seg.here);
}

static int w_again(mn_forth_t *vm) {
    uint32_t dest;
    int status = pop_entry(vm, DEST, &dest);
    return status != FN_OK ? status : emit_back(vm, MN__OP_BACK, dest);
}

static int w_until(mn_forth_t *vm) {
    uint32_t dest;
    int status = pop_entry(vm, DEST, &dest);
    return status != FN_OK ? status : emit_back(vm, MN__OP_ZBACK, dest);
}

static int w_while(mn_forth_t *vm) {
    uint32_t dest;
    int status = pop_entry(vm, DEST, &dest);
    if (status != FN_OK) {
        return status;
    }
    status = w_if(vm);
    if (status != FN_OK) {
        vm->control_depth++;
        return status;
    }
    uint32_t orig = vm->control[vm->control_depth - 1];
    vm->control[vm->control_depth - 1] = (uint32_t)ORIG << KIND_SHIFT | (orig & ADDRESS_MASK);
    return push_entry(vm, DEST, dest);
}

static int w_repeat(mn_forth_t *vm) {
    int status = w_again(vm);
    return status != FN_OK ? status : w_then(vm);
}

// A loop is two entries: the chain of branches out of it, and where its body begins.
static int w_do(mn_forth_t *vm) {
    int status = check_room(vm);
    if (status == FN_OK) {
        status = mn__forth_emit_op(vm, MN__OP_DO);
    }
    if (status == FN_OK) {
        (void)push_entry(vm, LEAVES, 0);
        status = push_entry(vm, LOOP, vm->seg.here);
    }
    mn__forth_barrier(vm);
    return status;
}

static int w_question_do(mn_forth_t *vm) {
    int status = check_room(vm);
    if (status == FN_OK) {
        status = mn__forth_emit_1(vm, MN__OP_QDO, 0);
    }
    if (status == FN_OK) {
        (void)push_entry(vm, LEAVES, vm->seg.here - 1u);
        status = push_entry(vm, LOOP, vm->seg.here);
    }
    mn__forth_barrier(vm);
    return status;
}

static int end_loop(mn_forth_t *vm, uint32_t op) {
    uint32_t dest;
    uint32_t leaves;
    int status = pop_entry(vm, LOOP, &dest);
    if (status == FN_OK) {
        status = emit_back(vm, op, dest);
    }
    if (status == FN_OK) {
        status = pop_entry(vm, LEAVES, &leaves);
    }
    return status != FN_OK ? status : resolve_chain(vm, leaves);
}

static int w_loop(mn_forth_t *vm) {
    return end_loop(vm, MN__OP_LOOP);
}

static int w_plus_loop(mn_forth_t *vm) {
    return end_loop(vm, MN__OP_PLUS_LOOP);
}

static int w_leave(mn_forth_t *vm) {
    uint32_t *entry = innermost(vm, LEAVES);
    return entry == NULL ? THROW_CONTROL : chain(vm, MN__OP_LEAVE, entry);
}

static int w_case(mn_forth_t *vm) {
    return vm->def.number == 0 ? THROW_COMPILE_ONLY : push_entry(vm, CASE, 0);
}

static int w_of(mn_forth_t *vm) {
    int status = check_room(vm);
    if (status == FN_OK) {
        status = mn__forth_emit_1(vm, MN__OP_OF, 0);
    }
    mn__forth_barrier(vm);
    return status != FN_OK ? status : push_entry(vm, ORIG, vm->seg.here - 1u);
}

static int w_endof(mn_forth_t *vm) {
    uint32_t orig;
    uint32_t *entry = innermost(vm, CASE);
    int status = entry == NULL ? THROW_CONTROL : pop_entry(vm, ORIG, &orig);
    if (status == FN_OK) {
        status = chain(vm, MN__OP_BRANCH, entry);
    }
    return status != FN_OK ? status : resolve(vm, orig);
}

static int w_endcase(mn_forth_t *vm) {
    uint32_t ends;
    int status = pop_entry(vm, CASE, &ends);
    if (status == FN_OK) {
        status = mn__forth_emit_op(vm, MN__OP_DROP);
    }
    return status != FN_OK ? status : resolve_chain(vm, ends);
}

// Entries that may be copied and moved: branches forward and places to branch back to.
static int w_cs_pick(mn_forth_t *vm) {
    uint32_t n = mn__forth_pop(vm);
    uint32_t open = (uint32_t)vm->control_depth - vm->def.control_base;
    if (n >= open) {
        return THROW_CONTROL;
    }
    uint32_t entry = vm->control[vm->control_depth - 1u - n];
    if (entry >> KIND_SHIFT != DEST) {
        return THROW_CONTROL;
    }
    return push_entry(vm, DEST, entry & ADDRESS_MASK);
}

static int w_cs_roll(mn_forth_t *vm) {
    uint32_t n = mn__forth_pop(vm);
    uint32_t open = (uint32_t)vm->control_depth - vm->def.control_base;
    if (n >= open) {
        return THROW_CONTROL;
    }
    uint32_t *from = &vm->control[vm->control_depth - 1u - n];
    for (uint32_t i = 0; i <= n; i++) {
        if (from[i] >> KIND_SHIFT > DEST) {
            return THROW_CONTROL;
        }
    }
    uint32_t entry = *from;
    for (; n > 0; n--, from++) {
        from[0] = from[1];
    }
    *from = entry;
    return FN_OK;
}

static const mn_forth_word_t words[] = {
    FNF("if", w_if, 0, 0, COMP, "( flag -- ) run what follows if flag is true"),
    FNF("else", w_else, 0, 0, COMP, "( -- ) run what follows if it was not"),
    FNF("then", w_then, 0, 0, COMP, "( -- ) end of if"),
    FNF("ahead", w_ahead, 0, 0, COMP, "( -- ) go on at the matching then"),
    FNF("begin", w_begin, 0, 0, COMP, "( -- ) begin of a loop"),
    FNF("again", w_again, 0, 0, COMP, "( -- ) go back to begin"),
    FNF("until", w_until, 0, 0, COMP, "( flag -- ) go back to begin unless flag is true"),
    FNF("while", w_while, 0, 0, COMP, "( flag -- ) leave the loop unless flag is true"),
    FNF("repeat", w_repeat, 0, 0, COMP, "( -- ) go back to begin; while leaves to here"),
    FNF("do", w_do, 0, 0, COMP, "( limit start -- ) begin of a counted loop"),
    FNF("?do", w_question_do, 0, 0, COMP, "( limit start -- ) the same, skipped if they are equal"),
    FNF("loop", w_loop, 0, 0, COMP, "( -- ) count up by one, go back unless at the limit"),
    FNF("+loop", w_plus_loop, 0, 0, COMP,
        "( n -- ) count by n, go back unless the limit is crossed"),
    FNF("leave", w_leave, 0, 0, COMP, "( -- ) leave the counted loop"),
    FNF("case", w_case, 0, 0, COMP, "( x -- x ) choose by the value of x"),
    FNF("of", w_of, 0, 0, COMP, "( x y -- x | ) run what follows if x = y, dropping x"),
    FNF("endof", w_endof, 0, 0, COMP, "( -- ) go on after endcase"),
    FNF("endcase", w_endcase, 0, 0, COMP, "( x -- ) end of case; drops x"),
    FN("cs-pick", w_cs_pick, 1, 0, "( n -- ) copy an open begin"),
    FN("cs-roll", w_cs_roll, 1, 0, "( n -- ) move an open if or begin to the top"),
};

const mn_forth_words_t mn__forth_control_words = {words, MN_COUNT_OF(words), 0, "control", NULL};
