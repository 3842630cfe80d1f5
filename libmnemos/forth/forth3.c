// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The words of the forth3 dialect. Those that mean something else in the standard are in the word
// list `forth3`; the others are in the main one, too.

#include "vm.h"

#include <string.h>

static int parse_number(mn_forth_t *vm, uint32_t *value) {
    char text[NAME_MAX_LEN];
    uint32_t len;
    uint32_t hi;
    int status = mn__forth_parse_word(vm, text, &len);
    if (status != FN_OK) {
        return status;
    }
    if (len == 0) {
        return THROW_NO_NAME;
    }
    return mn__forth_number(vm, text, len, value, &hi) == 1 ? FN_OK : THROW_NUMBER;
}

// The core's word of that name, also where a program has redefined it.
static int run_core(mn_forth_t *vm, const char *name) {
    for (uint32_t set = 0; set < CORE_SETS; set++) {
        const mn_forth_words_t *words = mn__forth_set(vm, set);
        for (uint32_t i = 0; words->wordlist == 0 && i < words->count; i++) {
            if (words->words[i].fn != NULL && words->words[i].len == strlen(name) &&
                memcmp(words->words[i].name, name, words->words[i].len) == 0) {
                return words->words[i].fn(vm);
            }
        }
    }
    return THROW_UNDEFINED;
}

// A defining word of the core, which takes what is on the stack.
static int define(mn_forth_t *vm, const char *name, uint32_t operand) {
    if (vm->sp == vm->data_limit) {
        return THROW_OVERFLOW;
    }
    mn__forth_push(vm, operand);
    return run_core(vm, name);
}

// NAME VALUE: the operand comes after the name, so the name is parsed twice.
static int prefix(mn_forth_t *vm, const char *defining, uint32_t low, uint32_t high,
                  uint32_t cell) {
    uint32_t addr;
    uint32_t len;
    uint32_t value = 0;
    uint32_t before = mn__forth_to_in(vm);
    (void)mn__forth_parse_name(vm, &addr, &len);
    int status = len != 0 ? parse_number(vm, &value) : THROW_NO_NAME;
    uint32_t after = mn__forth_to_in(vm);
    if (status == FN_OK && (value < low || value > high)) {
        status = THROW_NUMBER;
    }
    if (status == FN_OK) {
        mn__forth_set_to_in(vm, before);
        status = define(vm, defining, value * cell);
        mn__forth_set_to_in(vm, after);
    }
    return status;
}

static int w_constant(mn_forth_t *vm) {
    return prefix(vm, "constant", 0, UINT32_MAX, 1);
}

static int w_array(mn_forth_t *vm) {
    return prefix(vm, "buffer:", 1, 65535, 4);
}

static int w_dot_quote(mn_forth_t *vm) {
    uint32_t at = mn__forth_to_in(vm);
    uint32_t start = at;
    while (start < vm->source.len && mn__forth_byte(vm, vm->source.addr + start) <= ' ') {
        start++;
    }
    mn__forth_set_to_in(vm, start);
    int status = run_core(vm, ".\"");
    if (status == FN_WAIT) {
        mn__forth_set_to_in(vm, at);
    }
    return status;
}

static int w_spaces(mn_forth_t *vm) {
    if (mn__forth_signed_cell(TOP) < 0) {
        return THROW_NUMBER;
    }
    return run_core(vm, "spaces");
}

static int w_w_plus(mn_forth_t *vm) {
    SECOND += TOP << 2;
    DROP_N(1);
    return FN_OK;
}

// Lists ------------------------------------------------------------------------------------------

static int print_listed(mn_forth_t *vm, uint32_t xt, const char *after) {
    char text[NAME_MAX_LEN + 4];
    uint32_t len = mn__forth_name(vm, xt, text);
    size_t tail = strlen(after);
    vm->budget--;
    if (len == 0) {
        return FN_OK;
    }
    memcpy(text + len, after, tail);
    return mn__forth_print(vm, text, len + (uint32_t)tail);
}

static int w_dict(mn_forth_t *vm) {
    uint32_t *step = &vm->scratch[0];
    if (*step == 0) {
        if (mn__forth_puts(vm, "dictionary: ") != FN_OK) {
            return FN_WAIT;
        }
        *step = 1;
    }
    for (; *step <= vm->seg.words; ++*step) {
        uint32_t number = vm->seg.words - *step;
        const uint16_t *header = mn__forth_unit(vm, mn__forth_word_at(vm, number));
        const char *after =
            number < vm->seg.word_base || number < vm->seg.frozen_words ? "*, " : ", ";
        if ((mn__forth_flags(header) & WORD_HIDDEN) == 0 &&
            print_listed(vm, XT_WORD | number, after) != FN_OK) {
            return FN_WAIT;
        }
    }
    return mn__forth_puts(vm, "\n");
}

static int w_builtins(mn_forth_t *vm) {
    if (vm->scratch[1] == 0) {
        if (mn__forth_puts(vm, "builtins: ") != FN_OK) {
            return FN_WAIT;
        }
        vm->scratch[1] = 1;
    }
    while (vm->scratch[0] >> SET_SHIFT < vm->set_count) {
        uint32_t set = vm->scratch[0] >> SET_SHIFT;
        if ((vm->scratch[0] & SET_INDEX_MASK) >= mn__forth_set(vm, set)->count) {
            vm->scratch[0] = (set + 1u) << SET_SHIFT;
            continue;
        }
        if (print_listed(vm, XT_BUILTIN | vm->scratch[0], ", ") != FN_OK) {
            return FN_WAIT;
        }
        vm->scratch[0]++;
    }
    return mn__forth_puts(vm, "\n");
}

static uint32_t put(char *text, uint32_t at, const char *what) {
    size_t len = strlen(what);
    memcpy(text + at, what, len);
    return at + (uint32_t)len;
}

static uint32_t put_unsigned(char *text, uint32_t at, uint32_t value) {
    char digits[12];
    uint32_t count = mn__forth_digits(digits + sizeof digits, value, 10);
    memcpy(text + at, digits + sizeof digits - count, count);
    return at + count;
}

static int w_free(mn_forth_t *vm) {
    char text[OUTPUT_PIECE];
    uint32_t total = vm->seg.limit - vm->seg.base;
    uint32_t left = mn__forth_free_units(vm);
    uint32_t len = put_unsigned(text, 0, left * 2u);
    len = put_unsigned(text, put(text, len, "/"), total * 2u);
    len = put_unsigned(text, put(text, len, " bytes free ("), (total - left) * 2u);
    return mn__forth_print(vm, text, put(text, len, " used)\n"));
}

// Stacks
// -------------------------------------------------------------------------------------------

// Prints and drops what is on a stack, its top first.
static int print_stack(mn_forth_t *vm, uint32_t **top, const uint32_t *bottom) {
    for (; *top != bottom; --*top) {
        char text[16];
        uint32_t count = mn__forth_signed(text + 15, mn__forth_signed_cell(**top), 10);
        text[15] = ' ';
        if (mn__forth_print(vm, text + 15 - count, count + 1u) != FN_OK) {
            return FN_WAIT;
        }
        vm->budget--;
    }
    return FN_OK;
}

static int print_frames(mn_forth_t *vm) {
    while (vm->ip >= STUB_COUNT) {
        char text[NAME_MAX_LEN + 32];
        uint32_t number;
        uint32_t xt = mn__forth_word_of_code(vm, vm->ip - 1u, &number);
        uint32_t len = mn__forth_name(vm, xt, text);
        uint32_t start = mn__forth_body(vm, xt);
        uint32_t end =
            number + 1u < vm->seg.words ? mn__forth_word_at(vm, number + 1u) : vm->seg.here;
        len = put_unsigned(text, put(text, len < 32 ? len : 32, " ("), vm->ip - start);
        len = put_unsigned(text, put(text, len, "/"), end - start);
        if (mn__forth_print(vm, text, put(text, len, ")\n")) != FN_OK) {
            return FN_WAIT;
        }
        vm->ip = vm->cp != vm->calls ? *vm->cp++ : STUB_LINE;
        vm->budget--;
    }
    return FN_OK;
}

// Shows and empties all stacks, and goes on with the line.
static int w_panic(mn_forth_t *vm) {
    static const char *const titles[] = {"cstack\npanic (0/0)\n", "\ndstack\n", "\nrstack\n"};
    for (; vm->scratch[0] < 3; vm->scratch[0]++, vm->scratch[1] = 0) {
        if (vm->scratch[1] == 0 && mn__forth_puts(vm, titles[vm->scratch[0]]) != FN_OK) {
            return FN_WAIT;
        }
        vm->scratch[1] = 1;
        int status = vm->scratch[0] == 0   ? print_frames(vm)
                     : vm->scratch[0] == 1 ? print_stack(vm, &vm->sp, vm->data)
                                           : print_stack(vm, &vm->rp, vm->ret);
        if (status != FN_OK) {
            return FN_WAIT;
        }
    }
    mn__forth_unwind(vm, 0);
    vm->cp = vm->calls;
    vm->handler = 0;
    vm->lp = 0;
    vm->ip = STUB_LINE;
    return FN_OK;
}

#define OPW(name, id, in, out, help) \
    { name, MN_FORTH_HELP(help) NULL, MN__OP_##id, 0, (uint8_t)(sizeof(name) - 1u), in, out }

static const mn_forth_word_t common[] = {
    OPW("d>r", TO_R, 1, 0, "( x -- ) ( R: -- x )"),
    OPW("r>d", R_FROM, 0, 1, "( -- x ) ( R: x -- )"),
    OPW("2d>2r", TWO_TO_R, 2, 0, "( a b -- ) ( R: -- a b )"),
    OPW("b@", CFETCH, 1, 1, "( addr -- n ) read a byte"),
    OPW("b!", CSTORE, 2, 0, "( n addr -- ) write a byte"),
    FN("w+", w_w_plus, 2, 1, "( addr n -- addr+n*4 ) step by n cells"),
    FN("array", w_array, 0, 0, "( \"name\" \"n\" -- ) n cells; name: ( -- addr )"),
    FN("dict", w_dict, 0, 0, "( -- ) list the user's words; * marks inherited ones"),
    FN("builtins", w_builtins, 0, 0, "( -- ) list the built-in words"),
    FN("panic", w_panic, 0, 0, "( -- ) show and empty all stacks, stop the running words"),
};

static const mn_forth_word_t words[] = {
    FN("constant", w_constant, 0, 0, "( \"name\" \"n\" -- ) name: ( -- n )"),
    FNF(".\"", w_dot_quote, 0, 0, IMM,
        "( \"text\" -- ) print a text; blanks before it are dropped"),
    FN("spaces", w_spaces, 1, 0, "( n -- ) print n blanks; negative n is an error"),
    FN("free", w_free, 0, 0, "( -- ) print how much of the dictionary is in use"),
};

const mn_forth_words_t mn__forth_dialect_words = {common, MN_COUNT_OF(common), 0, "dialect", NULL};
const mn_forth_words_t mn__forth_forth3_words = {words, MN_COUNT_OF(words), 1, "forth3", NULL};
