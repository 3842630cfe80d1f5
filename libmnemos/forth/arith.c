// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Mixed and double-cell arithmetic. A double is two cells, the high one on top.

#include "vm.h"

static uint64_t double_at(const uint32_t *top) {
    return (uint64_t)top[0] << 32 | top[-1];
}

static void set_double(uint32_t *top, uint64_t value) {
    top[-1] = (uint32_t)value;
    top[0] = (uint32_t)(value >> 32);
}

static uint64_t negate_if(uint64_t value, bool yes) {
    return yes ? 0u - value : value;
}

static bool negative(uint64_t value) {
    return (value >> 63) != 0;
}

static uint64_t extend(uint32_t cell) {
    return (uint64_t)(int64_t)mn__forth_signed_cell(cell);
}

// Replaces value by its quotient and returns the remainder. A machine of 32 bits would call the
// compiler's division of 64 by 64 bits, which is 2 KB long.
uint32_t mn__forth_divide(uint64_t *value, uint32_t divisor) {
#if UINTPTR_MAX > UINT32_MAX
    uint32_t remainder = (uint32_t)(*value % divisor);
    *value /= divisor;
    return remainder;
#else
    uint32_t high = (uint32_t)(*value >> 32);
    uint32_t low = (uint32_t)*value;
    uint32_t remainder = high % divisor;
    uint32_t quotient = high / divisor;
    if (remainder == 0) {
        *value = (uint64_t)quotient << 32 | low / divisor;
        return low % divisor;
    }
    for (int i = 0; i < 32; i++) { // low becomes the quotient's low half
        bool over = (remainder >> 31) != 0;
        remainder = remainder << 1 | low >> 31;
        low <<= 1;
        if (over || remainder >= divisor) {
            remainder -= divisor;
            low |= 1u;
        }
    }
    *value = (uint64_t)quotient << 32 | low;
    return remainder;
#endif
}

static int w_um_star(mn_forth_t *vm) {
    set_double(vm->sp, (uint64_t)SECOND * TOP);
    return FN_OK;
}

static int w_m_star(mn_forth_t *vm) {
    set_double(vm->sp, extend(SECOND) * extend(TOP));
    return FN_OK;
}

// ( ud u -- r q )
static int w_um_mod(mn_forth_t *vm) {
    uint32_t divisor = TOP;
    uint64_t dividend = double_at(vm->sp - 1);
    if (divisor == 0) {
        return THROW_DIV_ZERO;
    }
    if (dividend >> 32 >= divisor) {
        return THROW_RANGE;
    }
    DROP_N(1);
    SECOND = mn__forth_divide(&dividend, divisor);
    TOP = (uint32_t)dividend;
    return FN_OK;
}

// Divides towards zero; floored: the remainder gets the sign of the divisor.
static int divide(uint64_t dividend, uint32_t divisor, bool floored, uint32_t *r, uint64_t *q) {
    uint64_t by = extend(divisor);
    bool minus = negative(dividend) != negative(by);
    if (divisor == 0) {
        return THROW_DIV_ZERO;
    }
    uint64_t quotient = negate_if(dividend, negative(dividend));
    uint64_t remainder = mn__forth_divide(&quotient, (uint32_t)negate_if(by, negative(by)));
    quotient = negate_if(quotient, minus);
    remainder = negate_if(remainder, negative(dividend));
    if (floored && minus && remainder != 0) {
        quotient--;
        remainder += by;
    }
    *r = (uint32_t)remainder;
    *q = quotient;
    return FN_OK;
}

static int single_quotient(mn_forth_t *vm, bool floored) {
    uint32_t r;
    uint64_t q;
    int status = divide(double_at(vm->sp - 1), TOP, floored, &r, &q);
    if (status != FN_OK) {
        return status;
    }
    if (q + 0x80000000u > 0xFFFFFFFFu) {
        return THROW_RANGE;
    }
    DROP_N(1);
    SECOND = r;
    TOP = (uint32_t)q;
    return FN_OK;
}

static int w_fm_mod(mn_forth_t *vm) {
    return single_quotient(vm, true);
}

static int w_sm_rem(mn_forth_t *vm) {
    return single_quotient(vm, false);
}

// ( a b c -- r q ), the quotient cut to a cell
static int star_slash_mod(mn_forth_t *vm, uint32_t *r, uint32_t *q) {
    uint64_t quotient = 0;
    int status = divide(extend(THIRD) * extend(SECOND), TOP, false, r, &quotient);
    *q = (uint32_t)quotient;
    return status;
}

static int w_star_slash(mn_forth_t *vm) {
    uint32_t r = 0;
    uint32_t q = 0;
    int status = star_slash_mod(vm, &r, &q);
    DROP_N(2);
    TOP = q;
    return status;
}

static int w_star_slash_mod(mn_forth_t *vm) {
    uint32_t r = 0;
    uint32_t q = 0;
    int status = star_slash_mod(vm, &r, &q);
    DROP_N(1);
    SECOND = r;
    TOP = q;
    return status;
}

static int binary(mn_forth_t *vm, uint64_t value) {
    DROP_N(2);
    set_double(vm->sp, value);
    return FN_OK;
}

static int compare(mn_forth_t *vm, uint32_t drop, bool result) {
    DROP_N(drop);
    TOP = mn__forth_flag(result);
    return FN_OK;
}

static bool less(uint64_t a, uint64_t b) { // signed
    return (a ^ 1ull << 63) < (b ^ 1ull << 63);
}

#define A double_at(vm->sp - 2)
#define B double_at(vm->sp)

static int w_d_plus(mn_forth_t *vm) {
    return binary(vm, A + B);
}

static int w_d_minus(mn_forth_t *vm) {
    return binary(vm, A - B);
}

static int w_d_negate(mn_forth_t *vm) {
    set_double(vm->sp, 0u - B);
    return FN_OK;
}

static int w_d_abs(mn_forth_t *vm) {
    set_double(vm->sp, negate_if(B, negative(B)));
    return FN_OK;
}

static int w_d_two_star(mn_forth_t *vm) {
    set_double(vm->sp, B << 1);
    return FN_OK;
}

static int w_d_two_slash(mn_forth_t *vm) {
    set_double(vm->sp, B >> 1 | (B & 1ull << 63));
    return FN_OK;
}

static int w_d_equal(mn_forth_t *vm) {
    return compare(vm, 3, A == B);
}

static int w_d_less(mn_forth_t *vm) {
    return compare(vm, 3, less(A, B));
}

static int w_du_less(mn_forth_t *vm) {
    return compare(vm, 3, A < B);
}

static int w_d_zero_equal(mn_forth_t *vm) {
    return compare(vm, 1, B == 0);
}

static int w_d_zero_less(mn_forth_t *vm) {
    return compare(vm, 1, negative(B));
}

static int w_d_max(mn_forth_t *vm) {
    return binary(vm, less(A, B) ? B : A);
}

static int w_d_min(mn_forth_t *vm) {
    return binary(vm, less(A, B) ? A : B);
}

static int w_d_to_s(mn_forth_t *vm) {
    DROP_N(1);
    return FN_OK;
}

static int w_m_plus(mn_forth_t *vm) {
    uint64_t sum = double_at(vm->sp - 1) + extend(TOP);
    DROP_N(1);
    set_double(vm->sp, sum);
    return FN_OK;
}

// ( d n1 +n2 -- d*n1/n2 ), through three cells
static int w_m_star_slash(mn_forth_t *vm) {
    uint64_t d = double_at(vm->sp - 2);
    uint64_t n = extend(SECOND);
    uint32_t by = TOP;
    bool minus = negative(d) != negative(n);
    if (by == 0) {
        return THROW_DIV_ZERO;
    }
    d = negate_if(d, negative(d));
    n = negate_if(n, negative(n));
    uint64_t low = (d & 0xFFFFFFFFu) * n;
    uint64_t high = (d >> 32) * n + (low >> 32);
    uint64_t rest = (uint64_t)mn__forth_divide(&high, by) << 32 | (low & 0xFFFFFFFFu);
    (void)mn__forth_divide(&rest, by);
    uint64_t q = (high << 32) + rest;
    DROP_N(2);
    set_double(vm->sp, negate_if(q, minus));
    return FN_OK;
}

static int w_two_rot(mn_forth_t *vm) {
    uint32_t lo = vm->sp[-5];
    uint32_t hi = vm->sp[-4];
    for (int i = -5; i < -1; i++) {
        vm->sp[i] = vm->sp[i + 2];
    }
    SECOND = lo;
    TOP = hi;
    return FN_OK;
}

static int w_roll(mn_forth_t *vm) {
    uint32_t n = TOP;
    if (n >= mn__forth_depth(vm) - 1u) {
        return THROW_UNDERFLOW;
    }
    DROP_N(1);
    uint32_t *from = vm->sp - n;
    uint32_t cell = *from;
    for (; from != vm->sp; from++) {
        from[0] = from[1];
    }
    TOP = cell;
    mn__forth_charge(vm, n * 4u);
    return FN_OK;
}

static const mn_forth_word_t words[] = {
    FN("um*", w_um_star, 2, 2, "( u u -- ud ) unsigned product"),
    FN("m*", w_m_star, 2, 2, "( n n -- d ) signed product"),
    FN("um/mod", w_um_mod, 3, 2, "( ud u -- r q ) unsigned division"),
    FN("fm/mod", w_fm_mod, 3, 2, "( d n -- r q ) division, rounded down"),
    FN("sm/rem", w_sm_rem, 3, 2, "( d n -- r q ) division, rounded towards zero"),
    FN("*/", w_star_slash, 3, 1, "( a b c -- a*b/c ) with a double product"),
    FN("*/mod", w_star_slash_mod, 3, 2, "( a b c -- r q ) a*b/c with remainder"),
    FN("d+", w_d_plus, 4, 2, "( d d -- d )"),
    FN("d-", w_d_minus, 4, 2, "( d d -- d )"),
    FN("dnegate", w_d_negate, 2, 2, "( d -- -d )"),
    FN("dabs", w_d_abs, 2, 2, "( d -- ud )"),
    FN("d2*", w_d_two_star, 2, 2, "( d -- d*2 )"),
    FN("d2/", w_d_two_slash, 2, 2, "( d -- d/2 )"),
    FN("d=", w_d_equal, 4, 1, "( d d -- flag )"),
    FN("d<", w_d_less, 4, 1, "( d d -- flag ) signed"),
    FN("du<", w_du_less, 4, 1, "( ud ud -- flag ) unsigned"),
    FN("d0=", w_d_zero_equal, 2, 1, "( d -- flag )"),
    FN("d0<", w_d_zero_less, 2, 1, "( d -- flag )"),
    FN("dmax", w_d_max, 4, 2, "( d d -- d )"),
    FN("dmin", w_d_min, 4, 2, "( d d -- d )"),
    FN("d>s", w_d_to_s, 2, 1, "( d -- n )"),
    FN("m+", w_m_plus, 3, 2, "( d n -- d )"),
    FN("m*/", w_m_star_slash, 4, 2, "( d n u -- d*n/u ) with a triple product"),
    FN("2rot", w_two_rot, 6, 6, "( a b c -- b c a ) of doubles"),
    FN("roll", w_roll, 1, 0, "( ... n -- ... x ) move the n-th cell to the top"),
};

const mn_forth_words_t mn__forth_arith_words = {words, MN_COUNT_OF(words), 0, "arithmetic", NULL};
