// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Where the source comes from: lines that are fed, strings, and sources of the host, one inside
// the other. The frame of the outer one is on the call stack. A source of the host keeps its line
// in a buffer of the heap; a program that frees or overwrites it harms only itself.

#include "vm.h"

bool mn__forth_from_host(const mn_forth_t *vm) {
    return vm->source.id != 0 && vm->source.id != SOURCE_STRING;
}

static int push_source(mn_forth_t *vm, source_t source) {
    uint32_t frame[EVAL_CELLS] = {
        vm->source.addr,     vm->source.len, vm->source.id, vm->source.line,
        mn__forth_to_in(vm), vm->token_at,   vm->token_len,
    };
    int status = mn__forth_push_call(vm, EVAL_CELLS, frame);
    if (status == FN_OK) {
        vm->source = source;
        mn__forth_set_to_in(vm, 0);
        vm->ip = STUB_EVAL;
    }
    return status;
}

// Back to the source of the frame at cp.
void mn__forth_pop_source(mn_forth_t *vm) {
#if MN_CFG_FORTH_EXTRAS
    if (mn__forth_from_host(vm)) {
        (void)mn__forth_free(vm, vm->source.addr);
        vm->config.sources->close(vm, vm->source.id);
    }
#endif
    vm->source = (source_t){vm->cp[0], vm->cp[1], vm->cp[2], vm->cp[3]};
    mn__forth_set_to_in(vm, vm->cp[4]);
    vm->token_at = vm->cp[5];
    vm->token_len = vm->cp[6];
    vm->cp += EVAL_CELLS;
}

#if MN_CFG_FORTH_EXTRAS
static int next_of_host(mn_forth_t *vm) {
    const char *text;
    size_t len;
    mn_status_t status = vm->config.sources->next(vm, vm->source.id, &text, &len);
    if (status != MN_OK) {
        return status == MN_ECLOSED ? FN_END : THROW_HOST + (int)status;
    }
    vm->source.line++;
    if (len > vm->config.input_size) {
        return THROW_LINE_LONG;
    }
    int copied = mn__forth_copy_in(vm, vm->source.addr, text, (uint32_t)len);
    vm->source.len = copied == FN_OK ? (uint32_t)len : 0u;
    mn__forth_set_to_in(vm, 0);
    vm->token_at = 0;
    vm->token_len = 0;
    return copied;
}

mn_status_t mn_forth_include(mn_forth_t *vm, uint32_t id) {
    bool idle = vm->state == RUN_IDLE;
    if (vm->config.sources == NULL) {
        return MN_ENOTSUP;
    }
    uint32_t addr = mn__forth_allocate(vm, vm->config.input_size);
    if (addr == 0) {
        return MN_ENOMEM;
    }
    if (idle) {
        mn__forth_begin(vm, STUB_RUN_DONE);
    }
    if (push_source(vm, (source_t){addr, 0, id, 0}) != FN_OK) {
        (void)mn__forth_free(vm, addr);
        return MN_EFULL;
    }
    return MN_OK;
}
#endif

// Asks the host for a line, and waits until it has come; FN_END if there is none.
int mn__forth_next_line(mn_forth_t *vm) {
    uint8_t state = vm->line_state;
    if (vm->source.id == SOURCE_STRING) {
        return FN_END;
    }
#if MN_CFG_FORTH_EXTRAS
    if (vm->source.id != 0) {
        return next_of_host(vm);
    }
#endif
    if (state != LINE_HERE && state != LINE_NEVER) {
        vm->line_state = LINE_WANTED;
        vm->wants = MN_FORTH_WANTS_LINE;
        return FN_WAIT;
    }
    vm->line_state = LINE_NONE;
    return state == LINE_HERE ? FN_OK : FN_END;
}

// At the end of a line or string: FN_OK if there is another line, FN_END back in the outer source.
int mn__forth_source_done(mn_forth_t *vm) {
    vm->ip = STUB_EVAL;
    int status = mn__forth_from_host(vm) ? mn__forth_next_line(vm) : FN_END;
    if (status == FN_END) {
        mn__forth_pop_source(vm);
    }
    return status;
}

int mn__forth_refill(mn_forth_t *vm) {
    int status = mn__forth_next_line(vm);
    if (status == FN_OK || status == FN_END) {
        mn__forth_push(vm, mn__forth_flag(status == FN_OK));
        status = FN_OK;
    }
    return status;
}

// Words ----------------------------------------------------------------------------------------

static int w_source_id(mn_forth_t *vm) {
    mn__forth_push(vm, vm->source.id);
    return FN_OK;
}

static int w_evaluate(mn_forth_t *vm) {
    uint32_t len = mn__forth_pop(vm);
    uint32_t addr = mn__forth_pop(vm);
    if (!mn__forth_mapped(vm, addr, len)) {
        return THROW_ADDRESS;
    }
    return push_source(vm, (source_t){addr, len, SOURCE_STRING, 0});
}

static int w_save_input(mn_forth_t *vm) {
    mn__forth_push(vm, vm->source.addr);
    mn__forth_push(vm, vm->source.len);
    mn__forth_push(vm, vm->source.id);
    mn__forth_push(vm, mn__forth_to_in(vm));
    mn__forth_push(vm, vm->source.line);
    mn__forth_push(vm, 5);
    return FN_OK;
}

// Is the source at this line, or can it go back there?
static bool to_line(mn_forth_t *vm, uint32_t line) {
    if (line == vm->source.line) {
        return true;
    }
#if MN_CFG_FORTH_EXTRAS
    if (mn__forth_from_host(vm) && line != 0 &&
        vm->config.sources->seek(vm, vm->source.id, line) == MN_OK) {
        vm->source.line = line - 1u;
        return next_of_host(vm) == FN_OK;
    }
#endif
    return false;
}

// Only a source of the host can go back to another line, and only within one source.
static int w_restore_input(mn_forth_t *vm) {
    if (TOP >= mn__forth_depth(vm)) {
        return THROW_UNDERFLOW;
    }
    bool same = TOP == 5u && vm->sp[-5] == vm->source.addr && vm->sp[-3] == vm->source.id &&
                to_line(vm, vm->sp[-1]) && vm->sp[-4] == vm->source.len;
    if (same) {
        mn__forth_set_to_in(vm, vm->sp[-2]);
    }
    vm->sp -= TOP;
    TOP = mn__forth_flag(!same);
    return FN_OK;
}

static const mn_forth_word_t words[] = {
    FN("source-id", w_source_id, 0, 1, "( -- n ) 0: a line, -1: a string, else a file"),
    FN("evaluate", w_evaluate, 2, 0, "( addr u -- ) interpret a string"),
    FN("refill", mn__forth_refill, 0, 1, "( -- flag ) get the next line of the source"),
    FN("save-input", w_save_input, 0, 6, "( -- x1 .. xn n ) position in the source"),
    FN("restore-input", w_restore_input, 1, 1, "( x1 .. xn n -- flag ) go back to it if possible"),
};

const mn_forth_words_t mn__forth_input_words = {words, MN_COUNT_OF(words), 0, "input", NULL};
