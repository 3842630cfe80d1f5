// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Numbers: from text, to text, and the arithmetic that is too rare for the dispatch loop.

#include "vm.h"

#include <string.h>

uint32_t mn__forth_base(const mn_forth_t *vm) {
    uint32_t base = 10;
    (void)mn__forth_load(vm, SYS_BASE, &base);
    return base >= 2 && base <= 36 ? base : 10u;
}

static uint32_t digit_of(char c) {
    if (c >= '0' && c <= '9') {
        return (uint32_t)(c - '0');
    }
    char l = (char)(c | 0x20);
    return l >= 'a' && l <= 'z' ? (uint32_t)(l - 'a') + 10u : 99u;
}

// 'c' is the number of a character.
static bool quoted_char(const char *text, uint32_t len, uint32_t *lo) {
    if (len != 3 || text[0] != '\'' || text[2] != '\'') {
        return false;
    }
    *lo = (uint8_t)text[1];
    return true;
}

static uint32_t prefix_base(char c) {
    return c == '$' ? 16u : (c == '#' ? 10u : (c == '%' ? 2u : 0u));
}

// Number of cells of the number in text: 0 none, 1, or 2 (it ends with a point).
int mn__forth_number(mn_forth_t *vm, const char *text, uint32_t len, uint32_t *lo, uint32_t *hi) {
    uint32_t base = mn__forth_base(vm);
    uint64_t value = 0;
    bool negative = false;
    bool wide = false;
    uint32_t i = 0;
    *hi = 0;
    if (quoted_char(text, len, lo)) {
        return 1;
    }
    if (len > 1 && prefix_base(text[0]) != 0) {
        base = prefix_base(text[0]);
        i++;
    }
    if (len > i + 1 && (text[i] == '-' || text[i] == '+')) {
        negative = text[i] == '-';
        i++;
    }
    if (len > i + 1 && text[len - 1] == '.') {
        wide = true;
        len--;
    }
    if (i == len) {
        return 0;
    }
    for (; i < len; i++) {
        uint32_t digit = digit_of(text[i]);
        if (digit >= base || (!wide && value > UINT32_MAX)) {
            return 0;
        }
        value = value * base + digit;
    }
    if (!wide && value > (negative ? 0x80000000u : 0xFFFFFFFFu)) {
        return 0;
    }
    value = negative ? 0u - value : value;
    *lo = (uint32_t)value;
    *hi = (uint32_t)(value >> 32);
    return wide ? 2 : 1;
}

// Writes digits backwards from end; returns how many.
uint32_t mn__forth_digits(char *end, uint64_t value, uint32_t base) {
    uint32_t count = 0;
    do {
        *--end = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[mn__forth_divide(&value, base)];
        count++;
    } while (value != 0);
    return count;
}

uint32_t mn__forth_signed(char *end, int64_t value, uint32_t base) {
    uint64_t magnitude = value < 0 ? 0u - (uint64_t)value : (uint64_t)value;
    uint32_t count = mn__forth_digits(end, magnitude, base);
    if (value < 0) {
        end[-1 - (int32_t)count] = '-';
        count++;
    }
    return count;
}

// Printing -------------------------------------------------------------------------------------

#define NUMBER_ROOM 72u

// Prints the digits before end, right-justified in width (0: followed by a blank instead).
// scratch[0] counts the padding that is already printed.
static int print_digits(mn_forth_t *vm, char *end, uint32_t count, uint32_t width, bool justify) {
    if (!justify) {
        *end = ' ';
        return mn__forth_print(vm, end - count, count + 1u);
    }
    uint32_t padding =
        mn__forth_signed_cell(width) > mn__forth_signed_cell(count) ? width - count : 0u;
    while (vm->scratch[0] < padding) {
        uint32_t left = padding - vm->scratch[0];
        uint32_t n = left < 16u ? left : 16u;
        if (mn__forth_print(vm, "                ", n) != FN_OK) {
            return FN_WAIT;
        }
        vm->scratch[0] += n;
        vm->budget--;
    }
    return mn__forth_print(vm, end - count, count);
}

static uint64_t double_at(const uint32_t *top) {
    return (uint64_t)top[0] << 32 | top[-1];
}

static int64_t as_signed(uint64_t value) {
    return value <= INT64_MAX ? (int64_t)value : (int64_t)(value - INT64_MAX - 1u) + INT64_MIN;
}

// Prints the number and drops `cells` once that has succeeded.
static int dot(mn_forth_t *vm, bool is_signed, uint64_t value, uint32_t cells, uint32_t width,
               bool justify) {
    char text[NUMBER_ROOM];
    char *end = text + sizeof text - 1;
    uint32_t base = mn__forth_base(vm);
    uint32_t count = is_signed ? mn__forth_signed(end, as_signed(value), base)
                               : mn__forth_digits(end, value, base);
    int status = print_digits(vm, end, count, width, justify);
    if (status == FN_OK) {
        DROP_N(cells);
    }
    return status;
}

static uint64_t extend(uint32_t cell) {
    return (uint64_t)(int64_t)mn__forth_signed_cell(cell);
}

static int w_dot(mn_forth_t *vm) {
    return dot(vm, true, extend(TOP), 1, 0, false);
}

static int w_u_dot(mn_forth_t *vm) {
    return dot(vm, false, TOP, 1, 0, false);
}

static int w_dot_r(mn_forth_t *vm) {
    return dot(vm, true, extend(SECOND), 2, TOP, true);
}

static int w_u_dot_r(mn_forth_t *vm) {
    return dot(vm, false, SECOND, 2, TOP, true);
}

static int w_d_dot(mn_forth_t *vm) {
    return dot(vm, true, double_at(vm->sp), 2, 0, false);
}

static int w_ud_dot(mn_forth_t *vm) {
    return dot(vm, false, double_at(vm->sp), 2, 0, false);
}

static int w_d_dot_r(mn_forth_t *vm) {
    return dot(vm, true, double_at(vm->sp - 1), 3, TOP, true);
}

static int w_question(mn_forth_t *vm) {
    uint32_t cell;
    int status = mn__forth_load(vm, TOP, &cell);
    return status != FN_OK ? status : dot(vm, true, extend(cell), 1, 0, false);
}

// Pictured numbers grow down from the pad.
static int w_less_number(mn_forth_t *vm) {
    vm->hold_end = vm->here + PAD_OFFSET;
    vm->hold = vm->hold_end;
    return FN_OK;
}

static int hold(mn_forth_t *vm, uint32_t byte) {
    if (vm->hold <= vm->hold_end - (PAD_OFFSET - WORD_ROOM) || vm->hold > vm->hold_end) {
        return THROW_HOLD;
    }
    int status = mn__forth_store_byte(vm, vm->hold - 1u, byte);
    if (status != FN_OK) {
        return THROW_HOLD;
    }
    vm->hold--;
    return FN_OK;
}

static int w_hold(mn_forth_t *vm) {
    return hold(vm, mn__forth_pop(vm));
}

static int w_holds(mn_forth_t *vm) {
    uint32_t len = mn__forth_pop(vm);
    uint32_t addr = mn__forth_pop(vm);
    while (len-- > 0) {
        int c = mn__forth_byte(vm, addr + len);
        int status = c < 0 ? c : hold(vm, (uint32_t)c);
        if (status != FN_OK) {
            return status;
        }
    }
    return FN_OK;
}

static void set_double(uint32_t *top, uint64_t value) {
    top[-1] = (uint32_t)value;
    top[0] = (uint32_t)(value >> 32);
}

static int w_number(mn_forth_t *vm) {
    uint64_t value = double_at(vm->sp);
    uint32_t base = mn__forth_base(vm);
    uint32_t digit = mn__forth_divide(&value, base);
    set_double(vm->sp, value);
    return hold(vm, digit < 10u ? '0' + digit : 'A' + digit - 10u);
}

static int w_number_s(mn_forth_t *vm) {
    int status;
    do {
        status = w_number(vm);
    } while (status == FN_OK && double_at(vm->sp) != 0);
    return status;
}

static int w_number_greater(mn_forth_t *vm) {
    SECOND = vm->hold;
    TOP = vm->hold_end - vm->hold;
    return FN_OK;
}

static int w_sign(mn_forth_t *vm) {
    return (mn__forth_pop(vm) & 0x80000000u) != 0 ? hold(vm, '-') : FN_OK;
}

static int w_base(mn_forth_t *vm) {
    mn__forth_push(vm, SYS_BASE);
    return FN_OK;
}

static int w_decimal(mn_forth_t *vm) {
    return mn__forth_store(vm, SYS_BASE, 10);
}

static int w_hex(mn_forth_t *vm) {
    return mn__forth_store(vm, SYS_BASE, 16);
}

// ( ud addr u -- ud' addr' u' )
static int w_to_number(mn_forth_t *vm) {
    uint64_t value = double_at(vm->sp - 2);
    uint32_t base = mn__forth_base(vm);
    while (TOP != 0) {
        int c = mn__forth_byte(vm, SECOND);
        if (c < 0) {
            return c;
        }
        uint32_t digit = digit_of((char)c);
        if (digit >= base) {
            break;
        }
        value = value * base + digit;
        SECOND++;
        TOP--;
        vm->budget--;
    }
    set_double(vm->sp - 2, value);
    return FN_OK;
}

static const mn_forth_word_t words[] = {
    FN(".", w_dot, 1, 0, "( n -- ) print a signed number and a blank"),
    FN("u.", w_u_dot, 1, 0, "( u -- ) print an unsigned number and a blank"),
    FN(".r", w_dot_r, 2, 0, "( n width -- ) print right-justified"),
    FN("u.r", w_u_dot_r, 2, 0, "( u width -- ) print unsigned, right-justified"),
    FN("d.", w_d_dot, 2, 0, "( d -- ) print a double number and a blank"),
    FN("ud.", w_ud_dot, 2, 0, "( ud -- ) print an unsigned double number and a blank"),
    FN("d.r", w_d_dot_r, 3, 0, "( d width -- ) print a double, right-justified"),
    FN("?", w_question, 1, 0, "( addr -- ) print the cell at addr"),
    FN("<#", w_less_number, 0, 0, "( -- ) begin a pictured number"),
    FN("#", w_number, 2, 2, "( ud -- ud' ) add a digit in front"),
    FN("#s", w_number_s, 2, 2, "( ud -- 0 0 ) add all digits"),
    FN("#>", w_number_greater, 2, 2, "( ud -- addr u ) the text"),
    FN("hold", w_hold, 1, 0, "( char -- ) add a character in front"),
    FN("holds", w_holds, 2, 0, "( addr u -- ) add a string in front"),
    FN("sign", w_sign, 1, 0, "( n -- ) add a minus in front if n is negative"),
    FN("base", w_base, 0, 1, "( -- addr ) variable: number base, 2 to 36"),
    FN("decimal", w_decimal, 0, 0, "( -- ) base 10"),
    FN("hex", w_hex, 0, 0, "( -- ) base 16"),
    FN(">number", w_to_number, 4, 4, "( ud addr u -- ud' addr' u' ) convert digits"),
};

const mn_forth_words_t mn__forth_number_words = {words, MN_COUNT_OF(words), 0, "numbers", NULL};
