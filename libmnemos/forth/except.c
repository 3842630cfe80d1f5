// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// THROW: frames of the call stack, unwinding, and the words around it.

#include "vm.h"

uint32_t mn__forth_call_depth(const mn_forth_t *vm) {
    return (uint32_t)(vm->calls - vm->cp);
}

// A call that returns to ip, with cells of its own on top.
int mn__forth_push_call(mn_forth_t *vm, uint32_t count, const uint32_t *cells) {
    if (vm->cp - vm->rp <= (int32_t)count + 1) {
        return THROW_R_OVERFLOW;
    }
    *--vm->cp = vm->ip;
    vm->cp -= count;
    for (uint32_t i = 0; i < count; i++) {
        vm->cp[i] = cells[i];
    }
    return FN_OK;
}

// How many cells of its own the frame has whose code is at `at`.
uint32_t mn__forth_frame_extra(uint32_t at) {
    if (at == STUB_EVAL || at == STUB_EVAL_DONE) {
        return EVAL_CELLS;
    }
    if (at == STUB_TRAVERSE) {
        return TRAVERSE_CELLS;
    }
    return at == STUB_CATCH ? CATCH_CELLS : 0u;
}

// Is code from `from` on running, or going to be returned to?
bool mn__forth_in_use(const mn_forth_t *vm, uint32_t from) {
    uint32_t at = vm->ip;
    const uint32_t *p = vm->cp;
    for (;;) {
        if (at >= from) {
            return true;
        }
        p += mn__forth_frame_extra(at);
        if (p >= vm->calls) {
            return false;
        }
        at = *p++;
    }
}

// Drops call frames down to a depth, going back to the sources that were active there.
void mn__forth_unwind(mn_forth_t *vm, uint32_t depth) {
    uint32_t at = vm->ip;
    while (mn__forth_call_depth(vm) > depth) {
        uint32_t extra = mn__forth_frame_extra(at);
        if (at == STUB_EVAL || at == STUB_EVAL_DONE) {
            mn__forth_pop_source(vm);
        } else {
            vm->cp += extra;
        }
        if (vm->cp == vm->calls) {
            break;
        }
        at = *vm->cp++;
    }
    vm->ip = at;
}

int mn__forth_throw(mn_forth_t *vm, int32_t code) {
    if (code == THROW_USER) {
        code = vm->user_throw;
    }
    if (vm->handler == 0 || code == THROW_QUIT || code == THROW_BYE) {
        vm->error = code;
        return FN_THROWN;
    }
    mn__forth_unwind(vm, vm->handler);
    const uint32_t *frame = vm->cp;
    vm->handler = frame[0];
    vm->sp = vm->data + frame[1];
    vm->rp = vm->ret + frame[2];
    vm->lp = frame[3];
    mn__forth_set_to_in(vm, frame[4]);
    vm->float_depth = frame[5];
    vm->cp += CATCH_CELLS;
    vm->ip = *vm->cp++;
    *++vm->sp = (uint32_t)code; // in the place of the token that catch took
    return FN_OK;
}

// Words ----------------------------------------------------------------------------------------

static int w_catch(mn_forth_t *vm) {
    uint32_t xt = mn__forth_pop(vm);
    uint32_t frame[CATCH_CELLS] = {
        vm->handler, mn__forth_depth(vm), (uint32_t)(vm->rp - vm->ret),
        vm->lp,      mn__forth_to_in(vm), vm->float_depth,
    };
    int status = mn__forth_push_call(vm, CATCH_CELLS, frame);
    if (status != FN_OK) {
        return status;
    }
    vm->handler = mn__forth_call_depth(vm);
    vm->ip = STUB_CATCH;
    vm->exec = xt;
    return FN_EXEC;
}

// Codes of programs may be positive; inside the VM a thrown code is negative or a status.
static int w_throw(mn_forth_t *vm) {
    int32_t code = mn__forth_signed_cell(mn__forth_pop(vm));
    if (code == 0) {
        return FN_OK;
    }
    vm->user_throw = code;
    vm->abort_text = 0;
    return THROW_USER;
}

static int w_abort(mn_forth_t *vm) {
    (void)vm;
    return THROW_ABORT;
}

static int w_quit(mn_forth_t *vm) {
    (void)vm;
    return THROW_QUIT;
}

static int w_bye(mn_forth_t *vm) {
    (void)vm;
    return THROW_BYE;
}

static int w_abort_quote(mn_forth_t *vm) {
    uint32_t addr;
    uint32_t len;
    bool found;
    (void)mn__forth_parse(vm, '"', &addr, &len, &found);
    return found ? mn__forth_string(vm, MN__OP_ABORTQ, addr, len) : THROW_UNTERMINATED;
}

static const mn_forth_word_t words[] = {
    FN("catch", w_catch, 1, 1, "( xt -- ... 0 | code ) execute xt, and stop what it throws"),
    FN("throw", w_throw, 1, 0, "( code -- ) unless 0, go back to the innermost catch"),
    FN("abort", w_abort, 0, 0, "( -- ) end the line, empty the stacks"),
    FNF("abort\"", w_abort_quote, 0, 0, COMP, "( flag \"text\" -- ) if true, print text and abort"),
    FN("quit", w_quit, 0, 0, "( -- ) end the line, keep the data stack"),
    FN("bye", w_bye, 0, 0, "( -- ) end the program"),
};

const mn_forth_words_t mn__forth_except_words = {words, MN_COUNT_OF(words), 0, "exceptions", NULL};
