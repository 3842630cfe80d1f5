// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Text with %names% in it. A substitution is a double constant, the text's address and length, in
// a word list that programs have no number for.

#include "vm.h"

#define SUBSTITUTIONS 255u
#define THROW_SUBSTITUTE (-78)
#define THROW_REPLACES (-79)

// The unit with the text's address, and two units further its length.
static uint16_t *operands_of(mn_forth_t *vm, uint32_t xt) {
    uint32_t code = mn__forth_body(vm, xt);
    return code != 0 ? mn__forth_unit(vm, code) : NULL;
}

static void put_u32(uint16_t *unit, uint32_t value) {
    unit[0] = (uint16_t)value;
    unit[1] = (uint16_t)(value >> 16);
}

// A substitution without a text yet.
static int make(mn_forth_t *vm, const char *name, uint32_t len) {
    uint16_t operand[2] = {0, 0};
    uint8_t current = vm->current;
    vm->current = SUBSTITUTIONS;
    int status = mn__forth_header(vm, name, len, KIND_TWO_CONSTANT);
    vm->current = current;
    if (status == FN_OK) {
        mn__forth_append(vm, MN__OP_LIT32, 2, operand);
        mn__forth_append(vm, MN__OP_LIT32, 2, operand);
        mn__forth_append(vm, MN__OP_EXIT, 0, NULL);
    }
    return status;
}

// May the substitution be changed, or does a forked VM see it, too?
static bool is_ours(const mn_forth_t *vm, uint32_t xt) {
    uint32_t number = xt & ~XT_TAG_MASK;
    return xt != 0 && number >= vm->seg.word_base && number >= vm->seg.frozen_words;
}

// ( text u name u -- ) A text that is no longer than the one before takes its place.
static int w_replaces(mn_forth_t *vm) {
    char name[NAME_MAX_LEN];
    uint32_t len = TOP;
    uint32_t text_len = THIRD;
    uint32_t text = vm->sp[-3];
    if (len == 0 || len > NAME_MAX_LEN || !mn__forth_mapped(vm, text, text_len)) {
        return THROW_REPLACES;
    }
    int status = mn__forth_copy_out(vm, SECOND, name, len);
    if (status != FN_OK) {
        return status;
    }
    uint32_t xt = mn__forth_find_in(vm, SUBSTITUTIONS, name, len).xt;
    if (!is_ours(vm, xt)) {
        status = make(vm, name, len);
        xt = XT_WORD | (vm->seg.words - 1u);
    }
    uint16_t *unit = status == FN_OK ? operands_of(vm, xt) : NULL;
    if (unit == NULL) {
        return status != FN_OK ? status : THROW_REPLACES;
    }
    uint32_t to = mn__forth_u32(unit + 1);
    if (text_len > mn__forth_u32(unit + 4)) {
        to = vm->here;
        status = mn__forth_allot(vm, (text_len + 3u) & ~3u);
    }
    status = status == FN_OK ? mn__forth_move(vm, text, to, text_len) : status;
    if (status == FN_OK) {
        put_u32(unit + 1, to);
        put_u32(unit + 4, text_len);
        DROP_N(4);
    }
    return status;
}

// Where the result goes.
typedef struct {
    uint32_t addr;
    uint32_t room;
    uint32_t len;
} result_t;

static int append(mn_forth_t *vm, result_t *result, uint32_t from, uint32_t len) {
    if (len > result->room - result->len) {
        return THROW_SUBSTITUTE;
    }
    int status = mn__forth_move(vm, from, result->addr + result->len, len);
    result->len += len;
    return status;
}

// The text at addr up to a %; its length is `len` if there is none.
static uint32_t up_to_delimiter(mn_forth_t *vm, uint32_t addr, uint32_t len) {
    uint32_t n = 0;
    while (n < len && mn__forth_byte(vm, addr + n) != '%') {
        n++;
    }
    mn__forth_charge(vm, n);
    return n;
}

// What stands between two delimiters: a substitution, nothing (one delimiter), or neither.
static int replace(mn_forth_t *vm, result_t *result, uint32_t addr, uint32_t len, uint32_t *count) {
    char name[NAME_MAX_LEN];
    if (len == 0) {
        return append(vm, result, addr - 1u, 1);
    }
    if (len <= NAME_MAX_LEN && mn__forth_copy_out(vm, addr, name, len) == FN_OK) {
        uint32_t xt = mn__forth_find_in(vm, SUBSTITUTIONS, name, len).xt;
        const uint16_t *unit = xt != 0 ? operands_of(vm, xt) : NULL;
        if (unit != NULL) {
            ++*count;
            return append(vm, result, mn__forth_u32(unit + 1), mn__forth_u32(unit + 4));
        }
    }
    return append(vm, result, addr - 1u, len + 2u);
}

static int substitute(mn_forth_t *vm, uint32_t addr, uint32_t len, result_t *result,
                      uint32_t *count) {
    int status = FN_OK;
    for (uint32_t at = 0; at < len && status == FN_OK;) {
        uint32_t n = up_to_delimiter(vm, addr + at, len - at);
        status = append(vm, result, addr + at, n);
        at += n;
        if (at == len || status != FN_OK) {
            break;
        }
        uint32_t name = up_to_delimiter(vm, addr + at + 1u, len - at - 1u);
        if (at + 1u + name == len) { // the delimiter has no partner
            return append(vm, result, addr + at, len - at);
        }
        status = replace(vm, result, addr + at + 1u, name, count);
        at += name + 2u;
    }
    return status;
}

static bool overlap(uint32_t a, uint32_t len_a, uint32_t b, uint32_t len_b) {
    return len_a != 0 && len_b != 0 && a < b + len_b && b < a + len_a;
}

// ( text u buffer u -- buffer u' n ) n < 0 is a THROW code
static int w_substitute(mn_forth_t *vm) {
    result_t result = {.addr = SECOND, .room = TOP};
    uint32_t len = THIRD;
    uint32_t addr = vm->sp[-3];
    uint32_t count = 0;
    if (!mn__forth_mapped(vm, addr, len) || !mn__forth_mapped(vm, result.addr, result.room)) {
        return THROW_ADDRESS;
    }
    int status = overlap(addr, len, result.addr, result.room)
                     ? THROW_SUBSTITUTE
                     : substitute(vm, addr, len, &result, &count);
    DROP_N(1);
    THIRD = result.addr;
    SECOND = result.len;
    TOP = status != FN_OK ? (uint32_t)status : count;
    return FN_OK;
}

// ( text u buffer -- buffer u' ) Doubles each %, from the end so that it may be done in place.
static int w_unescape(mn_forth_t *vm) {
    uint32_t to = TOP;
    uint32_t len = SECOND;
    uint32_t addr = THIRD;
    uint32_t extra = 0;
    if (!mn__forth_mapped(vm, addr, len)) {
        return THROW_ADDRESS;
    }
    for (uint32_t i = 0; i < len; i++) {
        extra += mn__forth_byte(vm, addr + i) == '%' ? 1u : 0u;
    }
    mn__forth_charge(vm, 2u * len);
    int status = mn__forth_mapped(vm, to, len + extra) ? FN_OK : THROW_ADDRESS;
    status = status == FN_OK ? mn__forth_move(vm, addr, to, len) : status;
    for (uint32_t i = len, end = len + extra; i-- > 0 && status == FN_OK;) {
        uint32_t c = (uint32_t)mn__forth_byte(vm, to + i);
        status = mn__forth_store_byte(vm, to + --end, c);
        if (c == '%' && status == FN_OK) {
            status = mn__forth_store_byte(vm, to + --end, c);
        }
    }
    DROP_N(1);
    SECOND = to;
    TOP = len + extra;
    return status;
}

static const mn_forth_word_t words[] = {
    FN("replaces", w_replaces, 4, 0, "( text u name u -- ) what substitute puts for %name%"),
    FN("substitute", w_substitute, 4, 3,
       "( text u buffer u -- buffer u' n ) replace each %name%; n: how many, or an error"),
    FN("unescape", w_unescape, 3, 2, "( text u buffer -- buffer u' ) double each %"),
};

const mn_forth_words_t mn__forth_substitute_words = {words, MN_COUNT_OF(words), 0, "substitution",
                                                     NULL};
