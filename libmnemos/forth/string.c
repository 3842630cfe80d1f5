// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Strings: comparing, searching, cutting, and the literal with escapes.

#include "vm.h"

// ( addr u n -- addr' u' )
static int w_slash_string(mn_forth_t *vm) {
    uint32_t n = mn__forth_pop(vm);
    SECOND += n;
    TOP -= n;
    return FN_OK;
}

static int w_minus_trailing(mn_forth_t *vm) {
    while (TOP > 0) {
        int c = mn__forth_byte(vm, SECOND + TOP - 1u);
        if (c < 0) {
            return c;
        }
        if (c != ' ') {
            break;
        }
        TOP--;
    }
    return FN_OK;
}

static int w_compare(mn_forth_t *vm) {
    uint32_t len_b = TOP;
    uint32_t b = SECOND;
    uint32_t len_a = THIRD;
    uint32_t a = vm->sp[-3];
    uint32_t shorter = len_a < len_b ? len_a : len_b;
    int difference = 0;
    DROP_N(3);
    if (!mn__forth_mapped(vm, a, len_a) || !mn__forth_mapped(vm, b, len_b)) {
        return THROW_ADDRESS;
    }
    mn__forth_charge(vm, shorter);
    for (uint32_t i = 0; i < shorter && difference == 0; i++) {
        difference = mn__forth_byte(vm, a + i) - mn__forth_byte(vm, b + i);
    }
    if (difference == 0 && len_a != len_b) {
        difference = len_a < len_b ? -1 : 1;
    }
    TOP = difference < 0 ? 0xFFFFFFFFu : (difference > 0 ? 1u : 0u);
    return FN_OK;
}

static bool equal_at(const mn_forth_t *vm, uint32_t a, uint32_t b, uint32_t len) {
    for (uint32_t i = 0; i < len; i++) {
        if (mn__forth_byte(vm, a + i) != mn__forth_byte(vm, b + i)) {
            return false;
        }
    }
    return true;
}

// ( text u pattern u -- text' u' flag ) scratch[0] is how far the text has been searched.
static int w_search(mn_forth_t *vm) {
    uint32_t len_b = TOP;
    uint32_t b = SECOND;
    uint32_t len_a = THIRD;
    uint32_t a = vm->sp[-3];
    bool found = false;
    if (!mn__forth_mapped(vm, a, len_a) || !mn__forth_mapped(vm, b, len_b)) {
        return THROW_ADDRESS;
    }
    uint32_t at = vm->scratch[0];
    for (; !found && len_b <= len_a && at <= len_a - len_b; at++) {
        found = equal_at(vm, a + at, b, len_b);
        vm->budget -= 1 + (int32_t)(len_b / 64u);
        if (!found && vm->budget < 0) {
            vm->scratch[0] = at + 1u;
            vm->wants = MN_FORTH_WANTS_TIME;
            return FN_WAIT;
        }
    }
    DROP_N(1);
    TOP = mn__forth_flag(found);
    if (found) {
        THIRD = a + at - 1u;
        SECOND = len_a - (at - 1u);
    } else {
        SECOND = len_a;
    }
    return FN_OK;
}

static int hex_digit(int c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int source_byte(const mn_forth_t *vm, uint32_t offset) {
    return offset < vm->source.len ? mn__forth_byte(vm, vm->source.addr + offset) : -1;
}

// One character after a backslash at *offset: its value, 256 + value if a second one follows it,
// or a THROW code.
static int escaped(const mn_forth_t *vm, uint32_t *offset) {
    static const char names[] = "abeflnqrtvz\"\\";
    static const uint8_t values[] = {7, 8, 27, 12, 10, 10, '"', 13, 9, 11, 0, '"', '\\'};
    int c = source_byte(vm, (*offset)++);
    if (c == 'm') {
        return 256 + '\r';
    }
    if (c == 'x') {
        int high = hex_digit(source_byte(vm, *offset));
        int low = hex_digit(source_byte(vm, *offset + 1u));
        *offset += 2;
        return high < 0 || low < 0 ? THROW_UNTERMINATED : high * 16 + low;
    }
    for (uint32_t i = 0; i < sizeof values; i++) {
        if (c == names[i]) {
            return values[i];
        }
    }
    return c < 0 ? THROW_UNTERMINATED : c;
}

// Translates up to the closing quote into `room` bytes at addr.
static int translate(mn_forth_t *vm, uint32_t addr, uint32_t room, uint32_t *len) {
    uint32_t offset = mn__forth_to_in(vm);
    *len = 0;
    for (;;) {
        int c = source_byte(vm, offset++);
        if (c < 0) {
            return THROW_UNTERMINATED;
        }
        if (c == '"') {
            mn__forth_set_to_in(vm, offset);
            return FN_OK;
        }
        c = c == '\\' ? escaped(vm, &offset) : c;
        for (int again = c >= 256 ? 2 : 1; c >= 0 && again > 0; again--) {
            if (*len == room) {
                return -18;
            }
            int status = mn__forth_store_byte(vm, addr + *len, c >= 256 ? '\r' : (uint32_t)c);
            if (status != FN_OK) {
                return status;
            }
            c = c >= 256 ? '\n' : c;
            ++*len;
        }
        if (c < 0) {
            return c;
        }
    }
}

static int w_s_backslash_quote(mn_forth_t *vm) {
    uint32_t len;
    uint32_t end = vm->heap_start;
    if (!vm->compiling) {
        uint32_t slot = mn__forth_string_slot(vm);
        int status = translate(vm, slot, STRING_SLOT, &len);
        if (status == FN_OK &&
            (mn_forth_push(vm, slot) != MN_OK || mn_forth_push(vm, len) != MN_OK)) {
            status = THROW_OVERFLOW;
        }
        return status;
    }
    int status = translate(vm, vm->here, end - vm->here, &len);
    return status != FN_OK ? status : mn__forth_string_literal(vm, vm->here, len);
}

static const mn_forth_word_t words[] = {
    FN("/string", w_slash_string, 3, 2, "( addr u n -- addr+n u-n ) cut off n characters"),
    FN("-trailing", w_minus_trailing, 2, 2, "( addr u -- addr u' ) cut off trailing blanks"),
    FN("compare", w_compare, 4, 1, "( addr u addr u -- n ) -1 less, 0 equal, 1 greater"),
    FN("search", w_search, 4, 3, "( addr u addr2 u2 -- addr' u' flag ) find the second string"),
    FNF("s\\\"", w_s_backslash_quote, 0, 0, IMM, "( \"text\" -- addr u ) a string with escapes"),
};

const mn_forth_words_t mn__forth_string_words = {words, MN_COUNT_OF(words), 0, "strings", NULL};
