// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Floating point: 64-bit numbers on a stack of their own. In data space a float is two cells, low
// one first. A set of its own, because it needs the C library's mathematics.

#include "vm.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int need(const mn_forth_t *vm, uint32_t in, uint32_t out) {
    if (vm->float_depth < in) {
        return THROW_FLOAT_UNDERFLOW;
    }
    return vm->float_depth - in + out > vm->config.float_stack ? THROW_FLOAT_OVERFLOW : FN_OK;
}

#define FTOP (vm->floats[vm->float_depth - 1u])
#define FSECOND (vm->floats[vm->float_depth - 2u])
#define FTHIRD (vm->floats[vm->float_depth - 3u])

// A word that takes `in` floats and leaves `out`; the statements see the stack before it moves.
#define FLOAT_WORD(name, in, out, statements) \
    static int name(mn_forth_t *vm) {         \
        int status = need(vm, in, out);       \
        if (status != FN_OK) {                \
            return status;                    \
        }                                     \
        statements;                           \
        vm->float_depth += (out);             \
        vm->float_depth -= (in);              \
        return FN_OK;                         \
    }

FLOAT_WORD(w_plus, 2, 1, FSECOND += FTOP)
FLOAT_WORD(w_minus, 2, 1, FSECOND -= FTOP)
FLOAT_WORD(w_times, 2, 1, FSECOND *= FTOP)
FLOAT_WORD(w_divide, 2, 1, FSECOND /= FTOP) // by zero: infinite, or not a number
FLOAT_WORD(w_max, 2, 1, FSECOND = fmax(FSECOND, FTOP))
FLOAT_WORD(w_min, 2, 1, FSECOND = fmin(FSECOND, FTOP))
FLOAT_WORD(w_power, 2, 1, FSECOND = pow(FSECOND, FTOP))
FLOAT_WORD(w_atan2, 2, 1, FSECOND = atan2(FSECOND, FTOP))
FLOAT_WORD(w_negate, 1, 1, FTOP = -FTOP)
FLOAT_WORD(w_abs, 1, 1, FTOP = fabs(FTOP))
FLOAT_WORD(w_sqrt, 1, 1, FTOP = sqrt(FTOP))
FLOAT_WORD(w_floor, 1, 1, FTOP = floor(FTOP))
FLOAT_WORD(w_trunc, 1, 1, FTOP = trunc(FTOP))
FLOAT_WORD(w_round, 1, 1, FTOP = rint(FTOP))
FLOAT_WORD(w_exp, 1, 1, FTOP = exp(FTOP))
FLOAT_WORD(w_expm1, 1, 1, FTOP = expm1(FTOP))
FLOAT_WORD(w_alog, 1, 1, FTOP = pow(10.0, FTOP))
FLOAT_WORD(w_ln, 1, 1, FTOP = log(FTOP))
FLOAT_WORD(w_lnp1, 1, 1, FTOP = log1p(FTOP))
FLOAT_WORD(w_log, 1, 1, FTOP = log10(FTOP))
FLOAT_WORD(w_sin, 1, 1, FTOP = sin(FTOP))
FLOAT_WORD(w_cos, 1, 1, FTOP = cos(FTOP))
FLOAT_WORD(w_tan, 1, 1, FTOP = tan(FTOP))
FLOAT_WORD(w_asin, 1, 1, FTOP = asin(FTOP))
FLOAT_WORD(w_acos, 1, 1, FTOP = acos(FTOP))
FLOAT_WORD(w_atan, 1, 1, FTOP = atan(FTOP))
FLOAT_WORD(w_sinh, 1, 1, FTOP = sinh(FTOP))
FLOAT_WORD(w_cosh, 1, 1, FTOP = cosh(FTOP))
FLOAT_WORD(w_tanh, 1, 1, FTOP = tanh(FTOP))
FLOAT_WORD(w_asinh, 1, 1, FTOP = asinh(FTOP))
FLOAT_WORD(w_acosh, 1, 1, FTOP = acosh(FTOP))
FLOAT_WORD(w_atanh, 1, 1, FTOP = atanh(FTOP))
FLOAT_WORD(w_drop, 1, 0, (void)0)
FLOAT_WORD(w_dup, 1, 2, vm->floats[vm->float_depth] = FTOP)
FLOAT_WORD(w_over, 2, 3, vm->floats[vm->float_depth] = FSECOND)
FLOAT_WORD(w_swap, 2, 2, double x = FTOP; FTOP = FSECOND; FSECOND = x)
FLOAT_WORD(w_rot, 3, 3, double x = FTHIRD; FTHIRD = FSECOND; FSECOND = FTOP; FTOP = x)
FLOAT_WORD(w_nip, 2, 1, FSECOND = FTOP)
FLOAT_WORD(w_sincos, 1, 2, double x = FTOP; FTOP = sin(x); vm->floats[vm->float_depth] = cos(x))
FLOAT_WORD(w_less, 2, 0, mn__forth_push(vm, mn__forth_flag(FSECOND < FTOP)))
FLOAT_WORD(w_greater, 2, 0, mn__forth_push(vm, mn__forth_flag(FSECOND > FTOP)))
FLOAT_WORD(w_zero_less, 1, 0, mn__forth_push(vm, mn__forth_flag(FTOP < 0.0)))
FLOAT_WORD(w_zero_equal, 1, 0, mn__forth_push(vm, mn__forth_flag(FTOP == 0.0)))

static int push_float(mn_forth_t *vm, double value) {
    int status = need(vm, 0, 1);
    if (status == FN_OK) {
        vm->floats[vm->float_depth++] = value;
    }
    return status;
}

// ( -- flag ) ( F: a b tolerance -- )
static int w_close(mn_forth_t *vm) {
    int status = need(vm, 3, 0);
    if (status != FN_OK) {
        return status;
    }
    double distance = fabs(FTHIRD - FSECOND);
    bool same = false;
    if (FTOP > 0.0) {
        same = distance < FTOP;
    } else if (FTOP < 0.0) {
        same = distance < -FTOP * (fabs(FTHIRD) + fabs(FSECOND));
    } else if (FTOP == 0.0) { // the same bits
        uint64_t a;
        uint64_t b;
        memcpy(&a, &FTHIRD, sizeof a);
        memcpy(&b, &FSECOND, sizeof b);
        same = a == b;
    }
    vm->float_depth -= 3u;
    mn__forth_push(vm, mn__forth_flag(same));
    return FN_OK;
}

static int w_depth(mn_forth_t *vm) {
    mn__forth_push(vm, vm->float_depth);
    return FN_OK;
}

// Memory -----------------------------------------------------------------------------------------

static int fetch(mn_forth_t *vm, uint32_t addr, double *value) {
    uint32_t cells[2];
    int status = mn__forth_load(vm, addr, &cells[0]);
    if (status == FN_OK) {
        status = mn__forth_load(vm, addr + 4u, &cells[1]);
    }
    if (status == FN_OK) {
        memcpy(value, cells, sizeof *value);
    }
    return status;
}

static int store(mn_forth_t *vm, uint32_t addr, double value) {
    uint32_t cells[2];
    memcpy(cells, &value, sizeof cells);
    int status = mn__forth_store(vm, addr, cells[0]);
    return status != FN_OK ? status : mn__forth_store(vm, addr + 4u, cells[1]);
}

static int w_fetch(mn_forth_t *vm) {
    double value;
    int status = fetch(vm, mn__forth_pop(vm), &value);
    return status != FN_OK ? status : push_float(vm, value);
}

static int w_store(mn_forth_t *vm) {
    int status = need(vm, 1, 0);
    return status != FN_OK ? status : store(vm, mn__forth_pop(vm), vm->floats[--vm->float_depth]);
}

static int w_short_fetch(mn_forth_t *vm) {
    uint32_t cell;
    float value;
    int status = mn__forth_load(vm, mn__forth_pop(vm), &cell);
    memcpy(&value, &cell, sizeof value);
    return status != FN_OK ? status : push_float(vm, (double)value);
}

static int w_short_store(mn_forth_t *vm) {
    int status = need(vm, 1, 0);
    if (status != FN_OK) {
        return status;
    }
    double wide = vm->floats[--vm->float_depth];
    float value = fabs(wide) <= (double)FLT_MAX || !isfinite(wide)
                      ? (float)wide
                      : (wide < 0 ? -INFINITY : INFINITY);
    uint32_t cell;
    memcpy(&cell, &value, sizeof cell);
    return mn__forth_store(vm, mn__forth_pop(vm), cell);
}

static int w_float_plus(mn_forth_t *vm) {
    TOP += 8u;
    return FN_OK;
}

static int w_floats(mn_forth_t *vm) {
    TOP *= 8u;
    return FN_OK;
}

static int w_short_plus(mn_forth_t *vm) {
    TOP += 4u;
    return FN_OK;
}

static int w_shorts(mn_forth_t *vm) {
    TOP *= 4u;
    return FN_OK;
}

static int w_align(mn_forth_t *vm) {
    return mn__forth_allot(vm, (0u - vm->here) & 7u);
}

static int w_short_align(mn_forth_t *vm) {
    return mn__forth_allot(vm, (0u - vm->here) & 3u);
}

static int w_aligned(mn_forth_t *vm) {
    TOP = (TOP + 7u) & ~7u;
    return FN_OK;
}

static int w_short_aligned(mn_forth_t *vm) {
    TOP = (TOP + 3u) & ~3u;
    return FN_OK;
}

static int w_comma(mn_forth_t *vm) {
    uint32_t at = vm->here;
    int status = need(vm, 1, 0);
    if (status == FN_OK) {
        status = mn__forth_allot(vm, 8);
    }
    return status != FN_OK ? status : store(vm, at, vm->floats[--vm->float_depth]);
}

// Conversion -------------------------------------------------------------------------------------

static int w_d_to_f(mn_forth_t *vm) {
    uint64_t value = (uint64_t)TOP << 32 | SECOND;
    bool minus = (TOP & 0x80000000u) != 0;
    double magnitude = (double)(minus ? 0u - value : value);
    DROP_N(2);
    return push_float(vm, minus ? -magnitude : magnitude);
}

static int w_s_to_f(mn_forth_t *vm) {
    return push_float(vm, (double)mn__forth_signed_cell(mn__forth_pop(vm)));
}

static int w_f_to_d(mn_forth_t *vm) {
    int status = need(vm, 1, 0);
    if (status != FN_OK) {
        return status;
    }
    double value = trunc(vm->floats[--vm->float_depth]);
    if (!(fabs(value) < 9223372036854775808.0)) {
        return THROW_FLOAT_RANGE;
    }
    uint64_t magnitude = (uint64_t)fabs(value);
    uint64_t result = value < 0.0 ? 0u - magnitude : magnitude;
    mn__forth_push(vm, (uint32_t)result);
    mn__forth_push(vm, (uint32_t)(result >> 32));
    return FN_OK;
}

static int w_f_to_s(mn_forth_t *vm) {
    int status = need(vm, 1, 0);
    if (status != FN_OK) {
        return status;
    }
    double value = trunc(vm->floats[--vm->float_depth]);
    if (!(value >= -2147483648.0 && value <= 4294967295.0)) {
        return THROW_FLOAT_RANGE;
    }
    mn__forth_push(vm, value < 0.0 ? 0u - (uint32_t)-value : (uint32_t)value);
    return FN_OK;
}

// [sign] digits [. digits] [E [sign] [digits]]; with_e: the E must be there.
static bool scan(const char *text, uint32_t len, bool with_e, double *value) {
    char copy[TOKEN_MAX_LEN + 4];
    uint32_t i = 0;
    uint32_t digits = 0;
    if (len == 0 || len > TOKEN_MAX_LEN) {
        return false;
    }
    i += text[i] == '-' || text[i] == '+' ? 1u : 0u;
    for (bool point = false; i < len; i++) {
        if (text[i] == '.' && !point) {
            point = true;
        } else if (text[i] >= '0' && text[i] <= '9') {
            digits++;
        } else {
            break;
        }
    }
    uint32_t mantissa = i;
    bool e = i < len &&
             (text[i] == 'e' || text[i] == 'E' || (!with_e && (text[i] == 'd' || text[i] == 'D')));
    i += e ? 1u : 0u;
    uint32_t sign = i < len && (text[i] == '-' || text[i] == '+') ? 1u : 0u;
    if (digits == 0 || (with_e && !e) || (sign != 0 && !e && with_e)) {
        return false;
    }
    uint32_t exponent = i;
    for (i += sign; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
    }
    memcpy(copy, text, mantissa);
    copy[mantissa] = 'e';
    memcpy(copy + mantissa + 1, text + exponent, len - exponent);
    uint32_t end = mantissa + 1u + (len - exponent);
    if (len - exponent <= sign) {
        copy[end++] = '0';
    }
    copy[end] = '\0';
    *value = strtod(copy, NULL);
    return true;
}

static int compile_fn(mn_forth_t *vm, const char *name) {
    return mn__forth_compile(vm, mn__forth_find_in(vm, 0, name, (uint32_t)strlen(name)).xt);
}

static int float_literal(mn_forth_t *vm, double value) {
    uint32_t cells[2];
    memcpy(cells, &value, sizeof cells);
    int status = mn__forth_literal(vm, cells[0]);
    if (status == FN_OK) {
        status = mn__forth_literal(vm, cells[1]);
    }
    return status != FN_OK ? status : compile_fn(vm, "(fliteral)");
}

static int recognize(mn_forth_t *vm, const char *token, uint32_t len) {
    double value;
    if (mn__forth_base(vm) != 10 || !scan(token, len, true, &value)) {
        return 1;
    }
    return vm->compiling ? float_literal(vm, value) : push_float(vm, value);
}

// ( lo hi -- ) ( F: -- r )
static int w_run_literal(mn_forth_t *vm) {
    double value;
    uint32_t cells[2] = {SECOND, TOP};
    DROP_N(2);
    memcpy(&value, cells, sizeof value);
    return push_float(vm, value);
}

static int w_literal(mn_forth_t *vm) {
    int status = need(vm, 1, 0);
    return status != FN_OK ? status : float_literal(vm, vm->floats[--vm->float_depth]);
}

static int w_to_float(mn_forth_t *vm) {
    char text[TOKEN_MAX_LEN];
    uint32_t len = mn__forth_pop(vm);
    uint32_t addr = TOP;
    double value = 0.0;
    if (!mn__forth_mapped(vm, addr, len)) {
        return THROW_ADDRESS;
    }
    bool blank = true;
    for (uint32_t i = 0; i < len && blank; i++) {
        blank = mn__forth_byte(vm, addr + i) == ' ';
    }
    bool good = blank;
    if (!blank && len <= TOKEN_MAX_LEN) {
        (void)mn__forth_copy_out(vm, addr, text, len);
        good = scan(text, len, false, &value);
    }
    TOP = mn__forth_flag(good);
    return good ? push_float(vm, value) : FN_OK;
}

// Printing ---------------------------------------------------------------------------------------

static uint32_t precision(const mn_forth_t *vm) {
    return vm->float_precision != 0 ? vm->float_precision : 15u;
}

// The decimal digits of |value| in text, which has room for 24; the point is before the first,
// times 10 to the power of the result.
static int digits_of(double value, uint32_t count, char *text) {
    char printed[40];
    (void)snprintf(printed, sizeof printed, "%.*e", (int)(count - 1u), fabs(value));
    uint32_t n = 0;
    const char *p = printed;
    for (; *p != 'e' && *p != '\0'; p++) {
        if (*p != '.') {
            text[n++] = *p;
        }
    }
    return value == 0.0 ? 0 : (int)strtol(p + 1, NULL, 10) + 1;
}

static uint32_t significant(const char *digits, uint32_t count) {
    while (count > 1 && digits[count - 1u] == '0') {
        count--;
    }
    return count;
}

static int print_special(mn_forth_t *vm, double value) {
    int status = mn__forth_puts(vm, isnan(value) ? "nan " : value < 0 ? "-inf " : "inf ");
    vm->float_depth -= status == FN_OK ? 1u : 0u;
    return status;
}

// With `before` digits in front of the point, and an exponent if wanted.
static int print_scientific(mn_forth_t *vm, double value, bool engineering) {
    char digits[24];
    char text[OUTPUT_PIECE];
    uint32_t count = precision(vm);
    int exponent = digits_of(value, count, digits) - 1;
    exponent = value == 0.0 ? 0 : exponent;
    int before = engineering ? ((exponent % 3) + 3) % 3 + 1 : 1;
    uint32_t at = 0;
    uint32_t len = significant(digits, count);
    if (value < 0.0) {
        text[at++] = '-';
    }
    for (int i = 0; i < before || (uint32_t)i < len; i++) {
        if (i == before) {
            text[at++] = '.';
        }
        text[at++] = (uint32_t)i < len ? digits[i] : '0';
    }
    if (len <= (uint32_t)before) {
        text[at++] = '.';
    }
    at += (uint32_t)snprintf(text + at, sizeof text - at, "E%d ", exponent - (before - 1));
    int status = mn__forth_print(vm, text, at);
    vm->float_depth -= status == FN_OK ? 1u : 0u;
    return status;
}

static int print_fixed(mn_forth_t *vm, double value) {
    char digits[24];
    char text[OUTPUT_PIECE];
    uint32_t count = precision(vm);
    int point = digits_of(value, count, digits);
    point = value == 0.0 ? 1 : point;
    int len = (int)significant(digits, count);
    uint32_t at = 0;
    if (point > 21 || point < -20) {
        return print_scientific(vm, value, false);
    }
    if (value < 0.0) {
        text[at++] = '-';
    }
    for (int i = point < 1 ? point - 1 : 0; i < point || i < len; i++) {
        if (i == point) {
            text[at++] = '.';
        }
        text[at++] = i >= 0 && i < len ? digits[i] : '0';
    }
    if (len <= point) {
        text[at++] = '.';
    }
    text[at++] = ' ';
    int status = mn__forth_print(vm, text, at);
    vm->float_depth -= status == FN_OK ? 1u : 0u;
    return status;
}

static int w_dot(mn_forth_t *vm) {
    int status = need(vm, 1, 0);
    if (status != FN_OK) {
        return status;
    }
    return isfinite(FTOP) ? print_fixed(vm, FTOP) : print_special(vm, FTOP);
}

static int w_s_dot(mn_forth_t *vm) {
    int status = need(vm, 1, 0);
    if (status != FN_OK) {
        return status;
    }
    return isfinite(FTOP) ? print_scientific(vm, FTOP, false) : print_special(vm, FTOP);
}

static int w_e_dot(mn_forth_t *vm) {
    int status = need(vm, 1, 0);
    if (status != FN_OK) {
        return status;
    }
    return isfinite(FTOP) ? print_scientific(vm, FTOP, true) : print_special(vm, FTOP);
}

// ( addr u -- exponent negative valid ) ( F: r -- )
static int w_represent(mn_forth_t *vm) {
    char digits[24];
    int status = need(vm, 1, 0);
    uint32_t len = TOP;
    uint32_t addr = SECOND;
    if (status != FN_OK) {
        return status;
    }
    double value = vm->floats[--vm->float_depth];
    bool valid = isfinite(value);
    uint32_t count = len == 0 ? 1u : (len < 17 ? len : 17u);
    int exponent = valid ? digits_of(value, count, digits) : 0;
    status = mn__forth_fill(vm, addr, len, valid ? '0' : ' ');
    if (status == FN_OK && valid) {
        status = mn__forth_copy_in(vm, addr, digits, len < count ? len : count);
    }
    SECOND = (uint32_t)exponent;
    TOP = mn__forth_flag(signbit(value) != 0);
    mn__forth_push(vm, mn__forth_flag(valid));
    return status;
}

static int w_precision(mn_forth_t *vm) {
    mn__forth_push(vm, precision(vm));
    return FN_OK;
}

static int w_set_precision(mn_forth_t *vm) {
    uint32_t count = mn__forth_pop(vm);
    vm->float_precision = count == 0 ? 1u : (uint8_t)(count < 17 ? count : 17u);
    return FN_OK;
}

// Defining ---------------------------------------------------------------------------------------

// NAME for `create`, then the bytes of a float.
static int define(mn_forth_t *vm, kind_t kind, double value, bool fetched) {
    uint32_t before = vm->here;
    uint32_t addr = (vm->here + 7u) & ~7u;
    uint16_t operand[2] = {(uint16_t)addr, (uint16_t)(addr >> 16)};
    uint16_t fn[1] = {(uint16_t)(mn__forth_find_in(vm, 0, "f@", 2).xt & 0xFFFFu)};
    int status = mn__forth_allot(vm, addr - before + 8u);
    if (status == FN_OK) {
        status = store(vm, addr, value);
    }
    if (status == FN_OK) {
        status = mn__forth_header_parsed(vm, kind);
    }
    if (status != FN_OK) {
        vm->here = before;
        return status;
    }
    mn__forth_append(vm, MN__OP_LIT32, 2, operand);
    if (fetched) {
        mn__forth_append(vm, MN__OP_FN, 1, fn);
    }
    mn__forth_append(vm, MN__OP_EXIT, 0, NULL);
    return FN_OK;
}

static int w_variable(mn_forth_t *vm) {
    return define(vm, KIND_VARIABLE, 0.0, false);
}

static int define_taking(mn_forth_t *vm, kind_t kind) {
    int status = need(vm, 1, 0);
    return status != FN_OK ? status : define(vm, kind, vm->floats[--vm->float_depth], true);
}

static int w_constant(mn_forth_t *vm) {
    return define_taking(vm, KIND_COLON);
}

static int assign(mn_forth_t *vm, uint32_t addr) {
    if (vm->compiling) {
        int status = mn__forth_literal(vm, addr);
        return status != FN_OK ? status : compile_fn(vm, "f!");
    }
    int status = need(vm, 1, 0);
    return status != FN_OK ? status : store(vm, addr, vm->floats[--vm->float_depth]);
}

static int w_value(mn_forth_t *vm) {
    vm->assign_float = assign;
    return define_taking(vm, KIND_FVALUE);
}

static int w_field(mn_forth_t *vm) {
    TOP = (TOP + 7u) & ~7u;
    return mn__forth_field(vm, 8);
}

static const mn_forth_word_t words[] = {
    FN("f+", w_plus, 0, 0, "( F: a b -- a+b )"),
    FN("f-", w_minus, 0, 0, "( F: a b -- a-b )"),
    FN("f*", w_times, 0, 0, "( F: a b -- a*b )"),
    FN("f/", w_divide, 0, 0, "( F: a b -- a/b )"),
    FN("fmax", w_max, 0, 0, "( F: a b -- r ) the greater"),
    FN("fmin", w_min, 0, 0, "( F: a b -- r ) the lesser"),
    FN("f**", w_power, 0, 0, "( F: a b -- r ) a to the power of b"),
    FN("fatan2", w_atan2, 0, 0, "( F: y x -- r ) angle of a point"),
    FN("fnegate", w_negate, 0, 0, "( F: r -- -r )"),
    FN("fabs", w_abs, 0, 0, "( F: r -- |r| )"),
    FN("fsqrt", w_sqrt, 0, 0, "( F: r -- r' ) square root"),
    FN("floor", w_floor, 0, 0, "( F: r -- r' ) round down"),
    FN("ftrunc", w_trunc, 0, 0, "( F: r -- r' ) round towards zero"),
    FN("fround", w_round, 0, 0, "( F: r -- r' ) round to the nearest, half to even"),
    FN("fexp", w_exp, 0, 0, "( F: r -- r' ) e to the power of r"),
    FN("fexpm1", w_expm1, 0, 0, "( F: r -- r' ) the same, less one"),
    FN("falog", w_alog, 0, 0, "( F: r -- r' ) 10 to the power of r"),
    FN("fln", w_ln, 0, 0, "( F: r -- r' ) natural logarithm"),
    FN("flnp1", w_lnp1, 0, 0, "( F: r -- r' ) natural logarithm of r+1"),
    FN("flog", w_log, 0, 0, "( F: r -- r' ) decimal logarithm"),
    FN("fsin", w_sin, 0, 0, "( F: r -- r' )"),
    FN("fcos", w_cos, 0, 0, "( F: r -- r' )"),
    FN("ftan", w_tan, 0, 0, "( F: r -- r' )"),
    FN("fasin", w_asin, 0, 0, "( F: r -- r' )"),
    FN("facos", w_acos, 0, 0, "( F: r -- r' )"),
    FN("fatan", w_atan, 0, 0, "( F: r -- r' )"),
    FN("fsinh", w_sinh, 0, 0, "( F: r -- r' )"),
    FN("fcosh", w_cosh, 0, 0, "( F: r -- r' )"),
    FN("ftanh", w_tanh, 0, 0, "( F: r -- r' )"),
    FN("fasinh", w_asinh, 0, 0, "( F: r -- r' )"),
    FN("facosh", w_acosh, 0, 0, "( F: r -- r' )"),
    FN("fatanh", w_atanh, 0, 0, "( F: r -- r' )"),
    FN("fsincos", w_sincos, 0, 0, "( F: r -- sin cos )"),
    FN("fdrop", w_drop, 0, 0, "( F: r -- )"),
    FN("fdup", w_dup, 0, 0, "( F: r -- r r )"),
    FN("fover", w_over, 0, 0, "( F: a b -- a b a )"),
    FN("fswap", w_swap, 0, 0, "( F: a b -- b a )"),
    FN("frot", w_rot, 0, 0, "( F: a b c -- b c a )"),
    FN("fnip", w_nip, 0, 0, "( F: a b -- b )"),
    FN("f>", w_greater, 0, 1, "( -- flag ) ( F: a b -- )"),
    FN("f<", w_less, 0, 1, "( -- flag ) ( F: a b -- )"),
    FN("f0<", w_zero_less, 0, 1, "( -- flag ) ( F: r -- )"),
    FN("f0=", w_zero_equal, 0, 1, "( -- flag ) ( F: r -- )"),
    FN("f~", w_close, 0, 1, "( -- flag ) ( F: a b tolerance -- ) about equal"),
    FN("fdepth", w_depth, 0, 1, "( -- n ) floats on their stack"),
    FN("f@", w_fetch, 1, 0, "( addr -- ) ( F: -- r )"),
    FN("f!", w_store, 1, 0, "( addr -- ) ( F: r -- )"),
    FN("df@", w_fetch, 1, 0, "( addr -- ) ( F: -- r ) a 64-bit float"),
    FN("df!", w_store, 1, 0, "( addr -- ) ( F: r -- ) a 64-bit float"),
    FN("sf@", w_short_fetch, 1, 0, "( addr -- ) ( F: -- r ) a 32-bit float"),
    FN("sf!", w_short_store, 1, 0, "( addr -- ) ( F: r -- ) a 32-bit float"),
    FN("f,", w_comma, 0, 0, "( F: r -- ) append a float to data space"),
    FN("float+", w_float_plus, 1, 1, "( addr -- addr+8 )"),
    FN("floats", w_floats, 1, 1, "( n -- n*8 )"),
    FN("dfloat+", w_float_plus, 1, 1, "( addr -- addr+8 )"),
    FN("dfloats", w_floats, 1, 1, "( n -- n*8 )"),
    FN("sfloat+", w_short_plus, 1, 1, "( addr -- addr+4 )"),
    FN("sfloats", w_shorts, 1, 1, "( n -- n*4 )"),
    FN("falign", w_align, 0, 0, "( -- ) make here a multiple of 8"),
    FN("faligned", w_aligned, 1, 1, "( addr -- addr' ) next multiple of 8"),
    FN("dfalign", w_align, 0, 0, "( -- ) make here a multiple of 8"),
    FN("dfaligned", w_aligned, 1, 1, "( addr -- addr' ) next multiple of 8"),
    FN("sfalign", w_short_align, 0, 0, "( -- ) make here a multiple of 4"),
    FN("sfaligned", w_short_aligned, 1, 1, "( addr -- addr' ) next multiple of 4"),
    FN("d>f", w_d_to_f, 2, 0, "( d -- ) ( F: -- r )"),
    FN("s>f", w_s_to_f, 1, 0, "( n -- ) ( F: -- r )"),
    FN("f>d", w_f_to_d, 0, 2, "( -- d ) ( F: r -- ) rounded towards zero"),
    FN("f>s", w_f_to_s, 0, 1, "( -- n ) ( F: r -- ) rounded towards zero"),
    FN(">float", w_to_float, 2, 1, "( addr u -- flag ) ( F: -- r | ) text to float"),
    FN("represent", w_represent, 2, 3, "( addr u -- n flag flag ) ( F: r -- ) digits of r"),
    FN("f.", w_dot, 0, 0, "( F: r -- ) print with a point"),
    FN("fs.", w_s_dot, 0, 0, "( F: r -- ) print with an exponent"),
    FN("fe.", w_e_dot, 0, 0, "( F: r -- ) print with an exponent that is a multiple of 3"),
    FN("precision", w_precision, 0, 1, "( -- u ) digits that f. prints"),
    FN("set-precision", w_set_precision, 1, 0, "( u -- ) digits that f. prints, up to 17"),
    FN("fvariable", w_variable, 0, 0, "( \"name\" -- ) name: ( -- addr )"),
    FN("fconstant", w_constant, 0, 0, "( \"name\" -- ) ( F: r -- ) name: ( F: -- r )"),
    FN("fvalue", w_value, 0, 0, "( \"name\" -- ) ( F: r -- ) name: ( F: -- r ), changed with to"),
    FN("ffield:", w_field, 1, 1, "( n \"name\" -- n' ) name: ( addr -- addr' )"),
    FN("dffield:", w_field, 1, 1, "( n \"name\" -- n' ) name: ( addr -- addr' )"),
    FNF("fliteral", w_literal, 0, 0, COMP, "( F: r -- ) ( run: F: -- r ) compile a float"),
    FN("(fliteral)", w_run_literal, 2, 0, "( lo hi -- ) ( F: -- r )"),
};

const mn_forth_words_t mn_forth_float_words = {words, MN_COUNT_OF(words), 0, "floating point",
                                               recognize};
