// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The dispatch loop. Registers live in locals: `tos` caches the top of the data stack, whose cell
// *sp is stale meanwhile. SPILL writes them back before a call out, RELOAD fetches them after it.
// Every instruction checks what it takes and leaves; a failed check jumps to a shared exit, so the
// straight path is short. Calls and backward branches count against the budget.

#include "vm.h"

#include <string.h>

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

#ifndef MN_CFG_FORTH_GOTO
/// @brief 1: fast, with one indirect jump per instruction (gcc and clang); 0: small, with a switch,
/// in standard C.
#if (defined(__GNUC__) || defined(__clang__)) && !defined(__OPTIMIZE_SIZE__)
#define MN_CFG_FORTH_GOTO 1
#else
#define MN_CFG_FORTH_GOTO 0
#endif
#endif

#if MN_CFG_FORTH_GOTO
#define OP(name) do_##name:
#define DISPATCH(op) __extension__({ goto *labels[op]; })
#else
#define OP(name) case MN__OP_##name:
#define DISPATCH(o) \
    do {            \
        op = (o);   \
        goto again; \
    } while (0)
#endif
#define NEXT DISPATCH(*ip++)

#define SPILL                                       \
    do {                                            \
        *sp = tos;                                  \
        vm->sp = sp;                                \
        vm->rp = rp;                                \
        vm->cp = cp;                                \
        vm->budget = budget;                        \
        vm->ip = (uint32_t)(ip - code) + code_base; \
    } while (0)
#define RELOAD               \
    do {                     \
        sp = vm->sp;         \
        rp = vm->rp;         \
        cp = vm->cp;         \
        budget = vm->budget; \
        tos = *sp;           \
        ENTER(vm->ip);       \
    } while (0)

// Go on at a code address, which may be an ancestor's.
#define ENTER(target)                                  \
    do {                                               \
        uint32_t to_ = (target);                       \
        if (UNLIKELY(to_ - code_base >= code_size)) {  \
            const segment_t *s_ = segment_of(vm, to_); \
            code = s_->units;                          \
            code_base = s_->base;                      \
            code_size = segment_size(vm, s_);          \
        }                                              \
        ip = code + (to_ - code_base);                 \
    } while (0)

#define THROW(c)       \
    do {               \
        thrown = (c);  \
        goto throwing; \
    } while (0)
#define NEED(n)                          \
    do {                                 \
        if (UNLIKELY(sp < base + (n))) { \
            goto underflow;              \
        }                                \
    } while (0)
#define ROOM(n)                           \
    do {                                  \
        if (UNLIKELY(sp > limit - (n))) { \
            goto overflow;                \
        }                                 \
    } while (0)
#define R_NEED(n)                          \
    do {                                   \
        if (UNLIKELY(rp < r_base + (n))) { \
            goto r_underflow;              \
        }                                  \
    } while (0)
#define R_ROOM(n)                       \
    do {                                \
        if (UNLIKELY(cp - rp <= (n))) { \
            goto r_overflow;            \
        }                               \
    } while (0)
#define PUSH(x)            \
    do {                   \
        uint32_t x_ = (x); \
        ROOM(1);           \
        *sp++ = tos;       \
        tos = x_;          \
    } while (0)
#define POP (tos = *--sp)
#define SPEND                         \
    do {                              \
        if (UNLIKELY(--budget < 0)) { \
            goto spent;               \
        }                             \
    } while (0)
#define S32(x) ((int32_t)(x))
#define FLAG(c) ((c) ? 0xFFFFFFFFu : 0u)
#define OPERAND (ip[0])
#define OFFSET(at) ((int16_t)ip[at])
#define IMMEDIATE(at) extend(ip[at])
#define OPERAND32(at) ((uint32_t)ip[at] | (uint32_t)ip[(at) + 1] << 16)

#define BINARY(expression)  \
    do {                    \
        NEED(2);            \
        uint32_t a = *--sp; \
        uint32_t b = tos;   \
        tos = (expression); \
        NEXT;               \
    } while (0)
#define UNARY(expression)   \
    do {                    \
        NEED(1);            \
        uint32_t a = tos;   \
        tos = (expression); \
        NEXT;               \
    } while (0)
#define BRANCH_UNLESS(condition, at)     \
    do {                                 \
        if (condition) {                 \
            ip += (at) + 1;              \
        } else {                         \
            ip += (at) + 1 + OFFSET(at); \
        }                                \
        NEXT;                            \
    } while (0)

// A cell or a byte of data space, or on to the exit that says why not.
#if !MN_CFG_FORTH_GOTO
#define CELL_AT(address, p, field)                                                  \
    do {                                                                            \
        fault = (address);                                                          \
        (p) = (uint32_t *)(void *)place_of(vm, fault, offsetof(page_t, field), 3u); \
        if ((p) == NULL) {                                                          \
            goto bad_cell;                                                          \
        }                                                                           \
    } while (0)
#define BYTE_AT(address, p, field)                              \
    do {                                                        \
        fault = (address);                                      \
        (p) = place_of(vm, fault, offsetof(page_t, field), 0u); \
        if ((p) == NULL) {                                      \
            goto bad_byte;                                      \
        }                                                       \
    } while (0)
#else
#define CELL_AT(address, p, field)                                        \
    do {                                                                  \
        uint32_t a_ = (address);                                          \
        uint32_t page_ = a_ >> PAGE_BITS;                                 \
        if (UNLIKELY(page_ >= page_count || (a_ & 3u) != 0)) {            \
            fault = a_;                                                   \
            goto bad_cell;                                                \
        }                                                                 \
        uint8_t *frame_ = pages[page_].field;                             \
        if (UNLIKELY(frame_ == NULL)) {                                   \
            frame_ = mn__forth_frame(vm, page_, offsetof(page_t, field)); \
            if (frame_ == NULL) {                                         \
                fault = a_;                                               \
                goto bad_cell;                                            \
            }                                                             \
        }                                                                 \
        (p) = (uint32_t *)(void *)(frame_ + (a_ & PAGE_MASK));            \
    } while (0)
#define BYTE_AT(address, p, field)                                        \
    do {                                                                  \
        uint32_t a_ = (address);                                          \
        uint32_t page_ = a_ >> PAGE_BITS;                                 \
        uint8_t *frame_ = page_ < page_count ? pages[page_].field : NULL; \
        if (UNLIKELY(frame_ == NULL)) {                                   \
            frame_ = mn__forth_frame(vm, page_, offsetof(page_t, field)); \
            if (frame_ == NULL) {                                         \
                fault = a_;                                               \
                goto bad_byte;                                            \
            }                                                             \
        }                                                                 \
        (p) = frame_ + (a_ & PAGE_MASK);                                  \
    } while (0)
#endif

static const segment_t *segment_of(const mn_forth_t *vm, uint32_t index) {
    const segment_t *seg = &vm->seg;
    while (index < seg->base) {
        seg = seg->parent;
    }
    return seg;
}

// How many of a segment's units this VM sees: up to where its own or a nearer ancestor's begin.
static uint32_t segment_size(const mn_forth_t *vm, const segment_t *wanted) {
    const segment_t *seg = &vm->seg;
    uint32_t end = seg->limit;
    while (seg != wanted) {
        end = seg->base;
        seg = seg->parent;
    }
    return end - wanted->base;
}

#if MN_CFG_FORTH_GOTO
// A page that the quick check refused: shared, or not there at all.
static uint8_t *mn__forth_frame(mn_forth_t *vm, uint32_t page, size_t field) {
    return field == offsetof(page_t, write) ? mn__forth_page_for_write(vm, page) : NULL;
}
#else
// The bytes at an address, NULL if they are not there or not aligned.
static uint8_t *place_of(mn_forth_t *vm, uint32_t addr, size_t field, uint32_t alignment) {
    uint32_t page = addr >> PAGE_BITS;
    if (page >= vm->page_count || (addr & alignment) != 0) {
        return NULL;
    }
    uint8_t *frame = vm->pages[page].read;
    if (field == offsetof(page_t, write)) {
        frame = vm->pages[page].write;
        frame = frame != NULL ? frame : mn__forth_page_for_write(vm, page);
    }
    return frame != NULL ? frame + (addr & PAGE_MASK) : NULL;
}
#endif

static int32_t cell_fault(const mn_forth_t *vm, uint32_t addr) {
    uint32_t run;
    if ((addr & 3u) != 0 && mn__forth_at(vm, addr, &run) != NULL) {
        return THROW_ALIGN;
    }
    return mn__forth_write_fault(vm, addr);
}

static inline uint32_t extend(uint16_t unit) {
    return (unit ^ 0x8000u) - 0x8000u;
}

static uint32_t divide(uint32_t a, uint32_t b) {
    return b == 0xFFFFFFFFu ? 0u - a : (uint32_t)((int32_t)a / (int32_t)b);
}

static uint32_t modulo(uint32_t a, uint32_t b) {
    return b == 0xFFFFFFFFu ? 0u : (uint32_t)((int32_t)a % (int32_t)b);
}

static uint32_t shift_right_signed(uint32_t a, uint32_t n) {
    uint32_t sign = (a >> 31) != 0 ? 0xFFFFFFFFu : 0u;
    return n == 0 ? a : n >= 32 ? sign : (a >> n) | (sign << (32u - n));
}

// Runs until something ends or pauses it: FN_OK the budget is used up, FN_WAIT a word waits, FN_END
// the line is done, or the THROW code that nobody caught. Long because it is flat: one entry per
// instruction.
int mn__forth_engine(mn_forth_t *vm) {
#if MN_CFG_FORTH_GOTO
    static const void *const labels[] = {
#define LABEL(id, name, in, out, operands, flags, help) __extension__ &&do_##id,
        MN__FORTH_OPS(LABEL)
#undef LABEL
    };
#else
    uint32_t op;
#endif
    uint32_t *sp;
    uint32_t *rp;
    uint32_t *cp;
    uint32_t *const base = vm->data;
    uint32_t *const limit = vm->data_limit;
    uint32_t *const r_base = vm->ret;
#if MN_CFG_FORTH_GOTO
    const page_t *const pages = vm->pages;
    const uint32_t page_count = vm->page_count;
#endif
    const uint16_t *code = vm->seg.units;
    uint32_t code_base = vm->seg.base;
    uint32_t code_size = vm->seg.limit - code_base;
    const uint16_t *ip;
    uint32_t tos;
    int32_t budget;
    int32_t thrown = 0;
    uint32_t fault = 0;
    uint32_t target = 0;
    int result = 0;

    RELOAD;
    if (vm->pending != 0) {
        target = vm->pending - 1;
        vm->pending = 0;
        goto call_function;
    }
#if MN_CFG_FORTH_GOTO
    NEXT;
#else
    op = *ip++;
again:
    switch (op) {
#endif

    OP(HALT) {
        ip--;
        SPILL;
        return FN_END;
    }
    OP(INTERPRET) {
        SPEND;
        SPILL;
        result = mn__forth_interpret(vm);
        RELOAD;
        if (result == FN_END) {
            NEXT; // whatever ends this source
        }
        ip--;
        if (result == FN_EXEC) {
            target = vm->exec;
            goto execute;
        }
        if (UNLIKELY(result != FN_OK)) {
            THROW(result);
        }
        NEXT;
    }
    OP(LINE_DONE) {
        SPILL;
        if (!vm->config.quiet && mn__forth_puts(vm, "ok.\n") != FN_OK) {
            vm->ip--;
            return FN_WAIT;
        }
        vm->ip = STUB_HALT;
        return FN_END;
    }
    OP(EVAL_DONE) {
        SPILL;
        result = mn__forth_source_done(vm);
        RELOAD;
        if (result == FN_END) {
            goto do_exit;
        }
        if (UNLIKELY(result != FN_OK)) {
            THROW(result);
        }
        NEXT;
    }
    OP(TRAVERSE) {
#if MN_CFG_FORTH_EXTRAS
        SPEND;
        SPILL;
        vm->ip--; // where the token returns to
        result = mn__forth_traverse(vm);
        RELOAD;
        if (result == FN_END) {
            goto do_exit;
        }
        if (UNLIKELY(result != FN_EXEC)) {
            THROW(result);
        }
        target = vm->exec;
        goto execute;
#else
            THROW(THROW_XT);
#endif
    }
    OP(CATCH_DONE) {
        vm->handler = cp[0];
        cp += CATCH_CELLS;
        PUSH(0);
        goto do_exit;
    }
    OP(FN) {
        target = *ip++;
        goto call_function;
    }
    OP(LIT) {
        PUSH(IMMEDIATE(0));
        ip++;
        NEXT;
    }
    OP(LIT32) {
        PUSH(OPERAND32(0));
        ip += 2;
        NEXT;
    }
    OP(CALL) {
        SPEND;
        R_ROOM(1);
        target = OPERAND32(0);
        *--cp = (uint32_t)(ip + 2 - code) + code_base;
        ENTER(target);
        NEXT;
    }
    OP(JUMP) {
        SPEND;
        target = OPERAND32(0);
        ENTER(target);
        NEXT;
    }
    OP(CREATED) {
        PUSH(OPERAND32(0));
        target = OPERAND32(2);
        if (target == 0) {
            goto do_exit;
        }
        ENTER(target);
        NEXT;
    }
    OP(CREATED_REF) {
        target = OPERAND32(0);
        const uint16_t *body = mn__forth_unit(vm, target);
        PUSH(mn__forth_u32(body + 1));
        uint32_t does = mn__forth_u32(body + 3);
        ip += 2;
        if (does != 0) {
            budget--;
            R_ROOM(1);
            *--cp = (uint32_t)(ip - code) + code_base;
            ENTER(does);
        }
        NEXT;
    }
    OP(DEFERRED) {
        uint32_t *p;
        CELL_AT(OPERAND32(0), p, read);
        target = *p;
        ip += 2;
        goto execute;
    }
    OP(DOES) {
        SPILL;
        result = mn__forth_does(vm);
        if (result != FN_OK) {
            THROW(result);
        }
        goto do_exit;
    }
    OP(BRANCH) {
        ip += 1 + OFFSET(0);
        NEXT;
    }
    OP(BACK) {
        SPEND;
        ip += 1 + OFFSET(0);
        NEXT;
    }
    OP(ZBRANCH) {
        NEED(1);
        uint32_t flag = tos;
        POP;
        BRANCH_UNLESS(flag != 0, 0);
    }
    OP(ZBACK) {
        NEED(1);
        SPEND;
        uint32_t flag = tos;
        POP;
        BRANCH_UNLESS(flag != 0, 0);
    }
    OP(DO) {
        NEED(2);
        R_ROOM(2);
        rp += 2;
        rp[-1] = sp[-1];
        rp[0] = tos;
        sp -= 2;
        tos = *sp;
        NEXT;
    }
    OP(QDO) {
        NEED(2);
        R_ROOM(2);
        uint32_t start = tos;
        uint32_t end = sp[-1];
        sp -= 2;
        tos = *sp;
        if (start == end) {
            ip += 1 + OFFSET(0);
        } else {
            rp += 2;
            rp[-1] = end;
            rp[0] = start;
            ip++;
        }
        NEXT;
    }
    OP(LOOP) {
        R_NEED(2);
        SPEND;
        uint32_t next = *rp + 1u;
        if (LIKELY(next != rp[-1])) {
            *rp = next;
            ip += 1 + OFFSET(0);
        } else {
            rp -= 2;
            ip++;
        }
        NEXT;
    }
    OP(PLUS_LOOP) {
        NEED(1);
        R_NEED(2);
        SPEND;
        // The loop ends when the counter crosses from limit-1 to limit or back.
        uint32_t before = *rp - rp[-1];
        uint32_t after = before + tos;
        if (S32((before ^ after) & (before ^ tos)) < 0) {
            rp -= 2;
            ip++;
        } else {
            *rp += tos;
            ip += 1 + OFFSET(0);
        }
        POP;
        NEXT;
    }
    OP(LEAVE) {
        R_NEED(2);
        rp -= 2;
        ip += 1 + OFFSET(0);
        NEXT;
    }
    OP(OF) {
        NEED(2);
        bool equal = sp[-1] == tos;
        POP;
        if (equal) {
            POP;
            ip++;
        } else {
            ip += 1 + OFFSET(0);
        }
        NEXT;
    }
    OP(PRINT) {
        SPILL;
        result = mn__forth_print_code(vm);
        if (result != FN_OK) {
            vm->ip--;
            return FN_WAIT;
        }
        RELOAD;
        NEXT;
    }
    OP(ABORTQ) {
        NEED(1);
        uint32_t flag = tos;
        POP;
        if (flag != 0) {
            vm->abort_text = (uint32_t)(ip - code) + code_base;
            THROW(THROW_ABORTQ);
        }
        ip += 1 + (OPERAND + 1u) / 2u;
        NEXT;
    }
    OP(FETCH_AT) {
        uint32_t *p;
        CELL_AT(OPERAND32(0), p, read);
        PUSH(*p);
        ip += 2;
        NEXT;
    }
    OP(STORE_AT) {
        NEED(1);
        uint32_t *p;
        CELL_AT(OPERAND32(0), p, write);
        *p = tos;
        POP;
        ip += 2;
        NEXT;
    }
    OP(ADD_AT) {
        NEED(1);
        uint32_t *p;
        CELL_AT(OPERAND32(0), p, write);
        *p += tos;
        POP;
        ip += 2;
        NEXT;
    }
    OP(LOCALS) {
        uint32_t from_stack = OPERAND & 0xFFu;
        uint32_t unset = OPERAND >> 8;
        NEED(from_stack);
        R_ROOM((int32_t)(from_stack + unset + 1u));
        *++rp = vm->lp;
        vm->lp = (uint32_t)(rp - r_base) + 1u;
        *sp = tos;
        for (uint32_t i = 0; i < from_stack; i++) {
            *++rp = sp[(int32_t)(i + 1u) - (int32_t)from_stack];
        }
        sp -= from_stack;
        tos = *sp;
        for (uint32_t i = 0; i < unset; i++) {
            *++rp = 0;
        }
        ip++;
        NEXT;
    }
    OP(LOCALS_END) {
        // lp is a plain number that came off the return stack at some time: check before use.
        if (vm->lp == 0 || vm->lp > (uint32_t)(rp - r_base) + 1u) {
            goto r_imbalance;
        }
        rp = r_base + vm->lp - 1u;
        vm->lp = *rp--;
        NEXT;
    }
    OP(LGET) {
        uint32_t at = vm->lp + OPERAND;
        if (UNLIKELY(at > (uint32_t)(rp - r_base))) {
            goto r_imbalance;
        }
        PUSH(r_base[at]);
        ip++;
        NEXT;
    }
    OP(LSET) {
        NEED(1);
        uint32_t at = vm->lp + OPERAND;
        if (UNLIKELY(at > (uint32_t)(rp - r_base))) {
            goto r_imbalance;
        }
        r_base[at] = tos;
        POP;
        ip++;
        NEXT;
    }
    OP(ADD_I) {
        NEED(1);
        tos += IMMEDIATE(0);
        ip++;
        NEXT;
    }
    OP(MUL_I) {
        NEED(1);
        tos *= IMMEDIATE(0);
        ip++;
        NEXT;
    }
    OP(AND_I) {
        NEED(1);
        tos &= IMMEDIATE(0);
        ip++;
        NEXT;
    }
    OP(EQ_I) {
        NEED(1);
        tos = FLAG(tos == IMMEDIATE(0));
        ip++;
        NEXT;
    }
    OP(LT_I) {
        NEED(1);
        tos = FLAG(S32(tos) < OFFSET(0));
        ip++;
        NEXT;
    }
    OP(GT_I) {
        NEED(1);
        tos = FLAG(S32(tos) > OFFSET(0));
        ip++;
        NEXT;
    }
    OP(EQ_Z) {
        NEED(2);
        bool yes = sp[-1] == tos;
        sp -= 2;
        tos = *sp;
        BRANCH_UNLESS(yes, 0);
    }
    OP(NE_Z) {
        NEED(2);
        bool yes = sp[-1] != tos;
        sp -= 2;
        tos = *sp;
        BRANCH_UNLESS(yes, 0);
    }
    OP(LT_Z) {
        NEED(2);
        bool yes = S32(sp[-1]) < S32(tos);
        sp -= 2;
        tos = *sp;
        BRANCH_UNLESS(yes, 0);
    }
    OP(GT_Z) {
        NEED(2);
        bool yes = S32(sp[-1]) > S32(tos);
        sp -= 2;
        tos = *sp;
        BRANCH_UNLESS(yes, 0);
    }
    OP(ZEQ_Z) {
        NEED(1);
        bool yes = tos == 0;
        POP;
        BRANCH_UNLESS(yes, 0);
    }
    OP(EQ_I_Z) {
        NEED(1);
        bool yes = tos == IMMEDIATE(0);
        POP;
        BRANCH_UNLESS(yes, 1);
    }
    OP(LT_I_Z) {
        NEED(1);
        bool yes = S32(tos) < OFFSET(0);
        POP;
        BRANCH_UNLESS(yes, 1);
    }
    OP(GT_I_Z) {
        NEED(1);
        bool yes = S32(tos) > OFFSET(0);
        POP;
        BRANCH_UNLESS(yes, 1);
    }
    OP(DUP_Z) {
        NEED(1);
        BRANCH_UNLESS(tos != 0, 0);
    }
    OP(DUP_LT_I_Z) {
        NEED(1);
        BRANCH_UNLESS(S32(tos) < OFFSET(0), 1);
    }
    OP(DUP_EQ_I_Z) {
        NEED(1);
        BRANCH_UNLESS(tos == IMMEDIATE(0), 1);
    }
    OP(OVER_ADD) {
        NEED(2);
        tos += sp[-1];
        NEXT;
    }
    OP(ADD_FETCH) {
        NEED(2);
        uint32_t *p;
        CELL_AT(tos + sp[-1], p, read);
        sp--;
        tos = *p;
        NEXT;
    }
    OP(ADD_CFETCH) {
        NEED(2);
        const uint8_t *p;
        BYTE_AT(tos + sp[-1], p, read);
        sp--;
        tos = *p;
        NEXT;
    }
    OP(I_ADD) {
        NEED(1);
        R_NEED(1);
        tos += *rp;
        NEXT;
    }
    OP(I_FETCH) {
        R_NEED(1);
        uint32_t *p;
        CELL_AT(*rp, p, read);
        PUSH(*p);
        NEXT;
    }
    OP(I_CFETCH) {
        R_NEED(1);
        const uint8_t *p;
        BYTE_AT(*rp, p, read);
        PUSH(*p);
        NEXT;
    }
    OP(CELLS_ADD)
    BINARY(a + (b << 2));
    OP(DUP_FETCH) {
        NEED(1);
        uint32_t *p;
        CELL_AT(tos, p, read);
        PUSH(*p);
        NEXT;
    }
    OP(SWAP_SUB)
    BINARY(b - a);
    OP(DUP_ADD_I) {
        NEED(1);
        PUSH(tos + IMMEDIATE(0));
        ip++;
        NEXT;
    }
    OP(ADD_I_FETCH) {
        NEED(1);
        uint32_t *p;
        CELL_AT(tos + IMMEDIATE(0), p, read);
        tos = *p;
        ip++;
        NEXT;
    }

    OP(EXIT)
do_exit : {
    if (UNLIKELY(cp == vm->calls)) {
        goto r_underflow;
    }
    target = *cp++;
    ENTER(target);
    NEXT;
}
    OP(EXECUTE) {
        NEED(1);
        target = tos;
        POP;
        goto execute;
    }
    OP(DUP) {
        NEED(1);
        PUSH(tos);
        NEXT;
    }
    OP(DROP) {
        NEED(1);
        POP;
        NEXT;
    }
    OP(SWAP) {
        NEED(2);
        uint32_t x = tos;
        tos = sp[-1];
        sp[-1] = x;
        NEXT;
    }
    OP(OVER) {
        NEED(2);
        PUSH(sp[-1]);
        NEXT;
    }
    OP(ROT) {
        NEED(3);
        uint32_t x = sp[-2];
        sp[-2] = sp[-1];
        sp[-1] = tos;
        tos = x;
        NEXT;
    }
    OP(NROT) {
        NEED(3);
        uint32_t x = tos;
        tos = sp[-1];
        sp[-1] = sp[-2];
        sp[-2] = x;
        NEXT;
    }
    OP(NIP) {
        NEED(2);
        sp--;
        NEXT;
    }
    OP(TUCK) {
        NEED(2);
        ROOM(1);
        uint32_t x = sp[-1];
        sp[-1] = tos;
        *sp++ = x;
        NEXT;
    }
    OP(QDUP) {
        NEED(1);
        if (tos != 0) {
            PUSH(tos);
        }
        NEXT;
    }
    OP(TWO_DUP) {
        NEED(2);
        ROOM(2);
        *sp = tos;
        sp[1] = sp[-1];
        sp += 2;
        NEXT;
    }
    OP(TWO_DROP) {
        NEED(2);
        sp -= 2;
        tos = *sp;
        NEXT;
    }
    OP(TWO_SWAP) {
        NEED(4);
        uint32_t x = sp[-2];
        sp[-2] = tos;
        tos = x;
        x = sp[-3];
        sp[-3] = sp[-1];
        sp[-1] = x;
        NEXT;
    }
    OP(TWO_OVER) {
        NEED(4);
        ROOM(2);
        *sp = tos;
        sp[1] = sp[-3];
        tos = sp[-2];
        sp += 2;
        NEXT;
    }
    OP(PICK) {
        NEED(1);
        if (tos >= (uint32_t)(sp - base) - 1u) {
            goto underflow;
        }
        tos = *(sp - 1 - tos);
        NEXT;
    }
    OP(DEPTH) {
        PUSH((uint32_t)(sp - base));
        NEXT;
    }
    OP(TO_R) {
        NEED(1);
        R_ROOM(1);
        *++rp = tos;
        POP;
        NEXT;
    }
    OP(R_FROM) {
        R_NEED(1);
        PUSH(*rp);
        rp--;
        NEXT;
    }
    OP(R_FETCH) {
        R_NEED(1);
        PUSH(*rp);
        NEXT;
    }
    OP(TWO_TO_R) {
        NEED(2);
        R_ROOM(2);
        rp += 2;
        rp[-1] = sp[-1];
        rp[0] = tos;
        sp -= 2;
        tos = *sp;
        NEXT;
    }
    OP(TWO_R_FROM) {
        R_NEED(2);
        ROOM(2);
        *sp = tos;
        sp[1] = rp[-1];
        tos = rp[0];
        sp += 2;
        rp -= 2;
        NEXT;
    }
    OP(TWO_R_FETCH) {
        R_NEED(2);
        ROOM(2);
        *sp = tos;
        sp[1] = rp[-1];
        tos = rp[0];
        sp += 2;
        NEXT;
    }
    OP(RDROP) {
        R_NEED(1);
        rp--;
        NEXT;
    }
    OP(I) {
        R_NEED(1);
        PUSH(*rp);
        NEXT;
    }
    OP(I_LIMIT) {
        R_NEED(2);
        PUSH(rp[-1]);
        NEXT;
    }
    OP(J) {
        R_NEED(4);
        PUSH(rp[-2]);
        NEXT;
    }
    OP(UNLOOP) {
        R_NEED(2);
        rp -= 2;
        NEXT;
    }
    OP(ADD)
    BINARY(a + b);
    OP(SUB)
    BINARY(a - b);
    OP(MUL)
    BINARY(a * b);
    OP(DIV) {
        NEED(2);
        if (tos == 0) {
            THROW(THROW_DIV_ZERO);
        }
        BINARY(divide(a, b));
    }
    OP(MOD) {
        NEED(2);
        if (tos == 0) {
            THROW(THROW_DIV_ZERO);
        }
        BINARY(modulo(a, b));
    }
    OP(DIVMOD) {
        NEED(2);
        if (tos == 0) {
            THROW(THROW_DIV_ZERO);
        }
        uint32_t a = sp[-1];
        sp[-1] = modulo(a, tos);
        tos = divide(a, tos);
        NEXT;
    }
    OP(INC)
    UNARY(a + 1u);
    OP(DEC)
    UNARY(a - 1u);
    OP(TWO_MUL)
    UNARY(a << 1);
    OP(TWO_DIV)
    UNARY((a >> 1) | (a & 0x80000000u));
    OP(CELLS)
    UNARY(a << 2);
    OP(CELL_INC)
    UNARY(a + 4u);
    OP(NEGATE)
    UNARY(0u - a);
    OP(ABS)
    UNARY(S32(a) < 0 ? 0u - a : a);
    OP(MIN)
    BINARY(S32(a) < S32(b) ? a : b);
    OP(MAX)
    BINARY(S32(a) > S32(b) ? a : b);
    OP(AND)
    BINARY(a & b);
    OP(OR)
    BINARY(a | b);
    OP(XOR)
    BINARY(a ^ b);
    OP(INVERT)
    UNARY(~a);
    OP(LSHIFT)
    BINARY(b < 32u ? a << b : 0u);
    OP(RSHIFT)
    BINARY(b < 32u ? a >> b : 0u);
    OP(ARSHIFT)
    BINARY(shift_right_signed(a, b));
    OP(EQ)
    BINARY(FLAG(a == b));
    OP(NE)
    BINARY(FLAG(a != b));
    OP(LT)
    BINARY(FLAG(S32(a) < S32(b)));
    OP(GT)
    BINARY(FLAG(S32(a) > S32(b)));
    OP(LE)
    BINARY(FLAG(S32(a) <= S32(b)));
    OP(GE)
    BINARY(FLAG(S32(a) >= S32(b)));
    OP(ULT)
    BINARY(FLAG(a < b));
    OP(UGT)
    BINARY(FLAG(a > b));
    OP(ZEQ)
    UNARY(FLAG(a == 0));
    OP(ZNE)
    UNARY(FLAG(a != 0));
    OP(ZLT)
    UNARY(FLAG(S32(a) < 0));
    OP(ZGT)
    UNARY(FLAG(S32(a) > 0));
    OP(NOT)
    UNARY(FLAG(a == 0));
    OP(WITHIN) {
        NEED(3);
        tos = FLAG(sp[-2] - sp[-1] < tos - sp[-1]);
        sp -= 2;
        NEXT;
    }
    OP(FETCH) {
        NEED(1);
        uint32_t *p;
        CELL_AT(tos, p, read);
        tos = *p;
        NEXT;
    }
    OP(STORE) {
        NEED(2);
        uint32_t *p;
        CELL_AT(tos, p, write);
        *p = sp[-1];
        sp -= 2;
        tos = *sp;
        NEXT;
    }
    OP(CFETCH) {
        NEED(1);
        const uint8_t *p;
        BYTE_AT(tos, p, read);
        tos = *p;
        NEXT;
    }
    OP(CSTORE) {
        NEED(2);
        uint8_t *p;
        BYTE_AT(tos, p, write);
        *p = (uint8_t)sp[-1];
        sp -= 2;
        tos = *sp;
        NEXT;
    }
    OP(ADD_STORE) {
        NEED(2);
        uint32_t *p;
        CELL_AT(tos, p, write);
        *p += sp[-1];
        sp -= 2;
        tos = *sp;
        NEXT;
    }
    OP(TWO_FETCH) {
        NEED(1);
        uint32_t *p;
        uint32_t *q;
        CELL_AT(tos, p, read);
        CELL_AT(tos + 4u, q, read);
        ROOM(1);
        *sp++ = *q;
        tos = *p;
        NEXT;
    }
    OP(TWO_STORE) {
        NEED(3);
        uint32_t *p;
        uint32_t *q;
        CELL_AT(tos, p, write);
        CELL_AT(tos + 4u, q, write);
        *p = sp[-1];
        *q = sp[-2];
        sp -= 3;
        tos = *sp;
        NEXT;
    }
    OP(COUNT) {
        NEED(1);
        const uint8_t *p;
        BYTE_AT(tos, p, read);
        uint32_t next = tos + 1u;
        ROOM(1);
        *sp++ = next;
        tos = *p;
        NEXT;
    }
    OP(CHAR_INC)
    UNARY(a + 1u);
    OP(CHARS)
    UNARY(a);
    OP(ALIGNED)
    UNARY((a + 3u) & ~3u);
    OP(S_TO_D) {
        NEED(1);
        PUSH(FLAG(S32(tos) < 0));
        NEXT;
    }
    OP(TRUE) {
        PUSH(0xFFFFFFFFu);
        NEXT;
    }
    OP(FALSE) {
        PUSH(0);
        NEXT;
    }
    OP(BL) {
        PUSH(' ');
        NEXT;
    }
#if !MN_CFG_FORTH_GOTO
default:
    THROW(THROW_UNSUPPORTED);
}
#endif

execute : // target is an execution token
          budget--;
if ((target & XT_TAG_MASK) == XT_WORD) {
    target = mn__forth_body(vm, target);
    if (UNLIKELY(target == 0)) {
        THROW(THROW_XT);
    }
    R_ROOM(1);
    *--cp = (uint32_t)(ip - code) + code_base;
    ENTER(target);
    NEXT;
} else {
    const mn_forth_word_t *word = mn__forth_builtin(vm, target);
    if (word == NULL || word->len == 0) {
        THROW(THROW_XT);
    }
    if (word->fn == NULL) {
        if (UNLIKELY(word->flags != 0)) { // exit would take the frame of whoever executes it
            THROW(THROW_COMPILE_ONLY);
        }
        DISPATCH(word->op);
    }
    target &= 0xFFFFu;
}
call_function : { // target is a set and an index
    const mn_forth_word_t *word =
        &mn__forth_set(vm, target >> SET_SHIFT)->words[target & SET_INDEX_MASK];
    uint32_t depth = (uint32_t)(sp - base);
    if (UNLIKELY(depth < word->in)) {
        goto underflow;
    }
    if (UNLIKELY(depth - word->in + word->out > (uint32_t)(limit - base))) {
        goto overflow;
    }
    SPILL;
    vm->wants = MN_FORTH_WANTS_HOST;
    result = word->fn(vm);
    if (result == FN_WAIT) {
        vm->pending = target + 1u;
        return FN_WAIT;
    }
    vm->scratch[0] = 0;
    vm->scratch[1] = 0;
    RELOAD;
    if (result == FN_EXEC) {
        target = vm->exec;
        goto execute;
    }
    if (UNLIKELY(result < 0)) {
        THROW((word->flags & WORD_THROWS) != 0 ? result : THROW_HOST + result);
    }
    if (UNLIKELY(budget < 0)) {
        SPILL;
        return FN_OK;
    }
    NEXT;
}

bad_cell : THROW(cell_fault(vm, fault));
bad_byte : THROW(mn__forth_write_fault(vm, fault));
underflow : THROW(THROW_UNDERFLOW);
overflow : THROW(THROW_OVERFLOW);
r_underflow : THROW(THROW_R_UNDERFLOW);
r_overflow : THROW(THROW_R_OVERFLOW);
r_imbalance : THROW(THROW_R_IMBALANCE);
throwing : SPILL;
vm->pending = 0;
vm->scratch[0] = 0;
vm->scratch[1] = 0;
result = mn__forth_throw(vm, thrown);
if (result != FN_OK) {
    return result;
}
RELOAD;
NEXT;

spent : // again from the instruction that was about to run
        ip--;
SPILL;
return FN_OK;
}
