// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Interpreting by condition, what the system can say about itself, and input from the user.

#include "vm.h"

#include <string.h>

static bool is(const char *name, uint32_t len, const char *what) {
    if (len != strlen(what)) {
        return false;
    }
    for (uint32_t i = 0; i < len; i++) {
        char c = name[i];
        if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != what[i]) {
            return false;
        }
    }
    return true;
}

// Skips to the matching [then], or [else] if wanted, over as many lines as it takes. scratch[0]
// is the depth while it waits for a line.
static int skip(mn_forth_t *vm, bool stop_at_else) {
    if (vm->scratch[0] == 0) {
        vm->scratch[0] = 1;
    } else if (vm->line_state == LINE_HERE) {
        vm->line_state = LINE_NONE; // the line that it waited for
    }
    for (;;) {
        char name[NAME_MAX_LEN];
        uint32_t len;
        if (mn__forth_parse_word(vm, name, &len) != FN_OK) {
            continue; // too long to be one of ours
        }
        vm->budget--;
        if (len == 0) {
            int status = mn__forth_next_line(vm);
            if (status != FN_OK) {
                return status == FN_END ? -58 : status;
            }
        } else if (is(name, len, "[if]")) {
            vm->scratch[0]++;
        } else if (is(name, len, "[then]") ||
                   (stop_at_else && vm->scratch[0] == 1 && is(name, len, "[else]"))) {
            if (--vm->scratch[0] == 0) {
                return FN_OK;
            }
        }
    }
}

static int w_bracket_if(mn_forth_t *vm) {
    if (vm->scratch[0] == 0) {
        if (TOP != 0) {
            DROP_N(1);
            return FN_OK;
        }
    }
    int status = skip(vm, true);
    if (status != FN_WAIT) {
        DROP_N(1); // kept until now, because a word that waits is called with its inputs
    }
    return status;
}

static int w_bracket_else(mn_forth_t *vm) {
    return skip(vm, false);
}

static int w_bracket_then(mn_forth_t *vm) {
    (void)vm;
    return FN_OK;
}

static int defined(mn_forth_t *vm, bool wanted) {
    found_t found;
    int status = mn__forth_parse_found(vm, &found);
    if (status == FN_OK || status == THROW_UNDEFINED) {
        mn__forth_push(vm, mn__forth_flag((status == FN_OK) == wanted));
        return FN_OK;
    }
    return status;
}

static int w_bracket_defined(mn_forth_t *vm) {
    return defined(vm, true);
}

static int w_bracket_undefined(mn_forth_t *vm) {
    return defined(vm, false);
}

static int w_synonym(mn_forth_t *vm) {
    char name[NAME_MAX_LEN];
    uint32_t len;
    found_t found;
    int status = mn__forth_parse_word(vm, name, &len);
    if (status == FN_OK && len == 0) {
        status = THROW_NO_NAME;
    }
    if (status == FN_OK) {
        status = mn__forth_parse_found(vm, &found);
    }
    if (status == FN_OK) {
        status = mn__forth_header(vm, name, len, KIND_SYNONYM);
    }
    if (status == FN_OK) {
        uint16_t operand[2] = {(uint16_t)found.xt, (uint16_t)(found.xt >> 16)};
        mn__forth_append(vm, MN__OP_LIT32, 2, operand);
        mn__forth_append(vm, MN__OP_EXECUTE, 0, NULL);
        mn__forth_append(vm, MN__OP_EXIT, 0, NULL);
    }
    return status;
}

// ( xn .. x1 n -- ) ( R: -- xn .. x1 n )
static int w_n_to_r(mn_forth_t *vm) {
    uint32_t n = TOP;
    if (n >= mn__forth_depth(vm)) {
        return THROW_UNDERFLOW;
    }
    if (vm->cp - vm->rp <= (int32_t)n + 1) {
        return THROW_R_OVERFLOW;
    }
    memcpy(vm->rp + 1, vm->sp - n, (n + 1u) * sizeof *vm->sp);
    vm->rp += n + 1u;
    vm->sp -= n + 1u;
    mn__forth_charge(vm, n * 4u);
    return FN_OK;
}

static int w_n_r_from(mn_forth_t *vm) {
    if (vm->rp == vm->ret) {
        return THROW_R_UNDERFLOW;
    }
    uint32_t n = *vm->rp;
    if (n >= (uint32_t)(vm->rp - vm->ret)) {
        return THROW_R_UNDERFLOW;
    }
    if (vm->data_limit - vm->sp <= (int32_t)n) {
        return THROW_OVERFLOW;
    }
    memcpy(vm->sp + 1, vm->rp - n, (n + 1u) * sizeof *vm->sp);
    vm->rp -= n + 1u;
    vm->sp += n + 1u;
    mn__forth_charge(vm, n * 4u);
    return FN_OK;
}

typedef struct {
    const char *name;
    uint32_t value;
} query_t;

static uint32_t query_number(mn_forth_t *vm, const char *name, uint32_t len) {
    const query_t queries[] = {
        {"/counted-string", 255},
        {"/hold", PAD_OFFSET - WORD_ROOM},
        {"/pad", 84},
        {"address-unit-bits", 8},
        {"floored", 0},
        {"max-char", 255},
        {"max-n", INT32_MAX},
        {"max-u", UINT32_MAX},
        {"return-stack-cells", vm->config.return_stack},
        {"stack-cells", vm->config.data_stack},
        {"wordlists", ORDER_DEPTH},
        {"floating-stack", vm->config.float_stack},
        {"#locals", 32},
    };
    for (uint32_t i = 0; i < MN_COUNT_OF(queries); i++) {
        if (is(name, len, queries[i].name)) {
            return queries[i].value;
        }
    }
    static const char *const sets[] = {
        "core",   "core-ext",     "double",       "double-ext",       "exception", "exception-ext",
        "locals", "memory-alloc", "search-order", "search-order-ext", "string",    "tools",
    };
    for (uint32_t i = 0; i < MN_COUNT_OF(sets); i++) {
        if (is(name, len, sets[i])) {
            return UINT32_MAX;
        }
    }
    if (is(name, len, "floating") || is(name, len, "floating-ext")) {
        return mn__forth_find_in(vm, 0, "f+", 2).xt != 0 ? UINT32_MAX : 1u;
    }
    return 1; // not known, and no answer of ours is 1
}

static int w_environment(mn_forth_t *vm) {
    char name[NAME_MAX_LEN];
    uint32_t len = mn__forth_pop(vm);
    uint32_t value = 1;
    bool max_d = false;
    if (len <= NAME_MAX_LEN) {
        int status = mn__forth_copy_out(vm, TOP, name, len);
        if (status != FN_OK) {
            return status;
        }
        value = query_number(vm, name, len);
        max_d = is(name, len, "max-d") || is(name, len, "max-ud");
    }
    if (max_d) {
        TOP = 0xFFFFFFFFu;
        mn__forth_push(vm, is(name, len, "max-d") ? 0x7FFFFFFFu : 0xFFFFFFFFu);
        mn__forth_push(vm, 0xFFFFFFFFu);
    } else if (value == 1) {
        TOP = 0;
    } else {
        TOP = value;
        mn__forth_push(vm, 0xFFFFFFFFu);
    }
    return FN_OK;
}

// ( addr n -- n' ) A line of input goes to addr; the source stays what it is.
static int w_accept(mn_forth_t *vm) {
    if (!mn__forth_mapped(vm, SECOND, TOP)) {
        return THROW_ADDRESS;
    }
    if (vm->line_state != LINE_HERE && vm->line_state != LINE_NEVER) {
        vm->accept_addr = SECOND;
        vm->accept_len = mn__forth_signed_cell(TOP) > 0 ? TOP : 0;
        vm->line_state = LINE_ACCEPT;
        vm->wants = MN_FORTH_WANTS_LINE;
        return FN_WAIT;
    }
    DROP_N(1);
    TOP = vm->line_state == LINE_HERE ? vm->accept_len : 0u;
    vm->line_state = LINE_NONE;
    return FN_OK;
}

static const mn_forth_word_t words[] = {
    FNF("[if]", w_bracket_if, 1, 0, IMM, "( flag -- ) interpret what follows if flag is true"),
    FNF("[else]", w_bracket_else, 0, 0, IMM, "( -- ) interpret what follows if it was not"),
    FNF("[then]", w_bracket_then, 0, 0, IMM, "( -- ) end of [if]"),
    FNF("[defined]", w_bracket_defined, 0, 1, IMM, "( \"name\" -- flag ) is there such a word?"),
    FNF("[undefined]", w_bracket_undefined, 0, 1, IMM, "( \"name\" -- flag ) is there none?"),
    FN("synonym", w_synonym, 0, 0, "( \"new\" \"old\" -- ) another name for a word"),
    FN("n>r", w_n_to_r, 1, 0, "( xn .. x1 n -- ) ( R: -- xn .. x1 n )"),
    FN("nr>", w_n_r_from, 0, 0, "( -- xn .. x1 n ) ( R: xn .. x1 n -- )"),
    FN("environment?", w_environment, 2, 3, "( addr u -- false | x true ) ask for a limit"),
    FN("accept", w_accept, 2, 1, "( addr n -- n' ) read a line of at most n characters"),
};

const mn_forth_words_t mn__forth_condition_words = {words, MN_COUNT_OF(words), 0, "conditions",
                                                    NULL};
