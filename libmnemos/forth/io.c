// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Output and strings in the source. A piece of output goes into the buffer as a whole; if it does
// not fit, the word waits and is called again, so it must not have changed anything before.

#include "vm.h"

#include <string.h>

// At most OUTPUT_PIECE bytes.
int mn__forth_print(mn_forth_t *vm, const char *text, uint32_t len) {
    if (len > vm->config.output_size - vm->output_used) {
        if (len > vm->config.output_size - (vm->output_used - vm->output_read)) {
            vm->wants = MN_FORTH_WANTS_OUTPUT;
            return FN_WAIT;
        }
        memmove(vm->output, vm->output + vm->output_read, vm->output_used - vm->output_read);
        vm->output_used -= vm->output_read;
        vm->output_read = 0;
    }
    if (len != 0) {
        memcpy(vm->output + vm->output_used, text, len);
        vm->output_used += len;
        vm->fresh_line = text[len - 1] == '\n';
    }
    return FN_OK;
}

int mn__forth_puts(mn_forth_t *vm, const char *text) {
    return mn__forth_print(vm, text, (uint32_t)strlen(text));
}

// Prints len bytes of data space from scratch[0] on.
static int print_data(mn_forth_t *vm, uint32_t addr, uint32_t len) {
    char piece[32];
    while (vm->scratch[0] < len) {
        uint32_t n = len - vm->scratch[0];
        n = n < sizeof piece ? n : (uint32_t)sizeof piece;
        int status = mn__forth_copy_out(vm, addr + vm->scratch[0], piece, n);
        if (status == FN_OK) {
            status = mn__forth_print(vm, piece, n);
        }
        if (status != FN_OK) {
            return status;
        }
        vm->scratch[0] += n;
        vm->budget -= 2;
    }
    return FN_OK;
}

// Prints the text inside the code at ip and moves ip behind it.
int mn__forth_print_code(mn_forth_t *vm) {
    const uint16_t *unit = mn__forth_unit(vm, vm->ip);
    uint32_t len = unit[0];
    while (vm->scratch[0] < len) {
        char piece[32];
        uint32_t n = 0;
        for (uint32_t i = vm->scratch[0]; i < len && n < sizeof piece; i++, n++) {
            uint32_t two = unit[1 + i / 2];
            piece[n] = (char)((i & 1u) != 0 ? two >> 8 : two & 0xFFu);
        }
        if (mn__forth_print(vm, piece, n) != FN_OK) {
            return FN_WAIT;
        }
        vm->scratch[0] += n;
        vm->budget -= 2;
    }
    vm->scratch[0] = 0;
    vm->ip += 1u + (len + 1u) / 2u;
    return FN_OK;
}

static int w_emit(mn_forth_t *vm) {
    char c = (char)(TOP & 0xFFu);
    int status = mn__forth_print(vm, &c, 1);
    if (status == FN_OK) {
        DROP_N(1);
    }
    return status;
}

static int w_type(mn_forth_t *vm) {
    if (vm->scratch[0] == 0 && !mn__forth_mapped(vm, SECOND, TOP)) {
        return THROW_ADDRESS;
    }
    int status = print_data(vm, SECOND, TOP);
    if (status == FN_OK) {
        DROP_N(2);
    }
    return status;
}

static int w_cr(mn_forth_t *vm) {
    return mn__forth_print(vm, "\n", 1);
}

static int w_space(mn_forth_t *vm) {
    return mn__forth_print(vm, " ", 1);
}

static int w_spaces(mn_forth_t *vm) {
    while (mn__forth_signed_cell(TOP) > 0) {
        uint32_t n = TOP < 16u ? TOP : 16u;
        if (mn__forth_print(vm, "                ", n) != FN_OK) {
            return FN_WAIT;
        }
        TOP -= n;
        vm->budget--;
    }
    DROP_N(1);
    return FN_OK;
}

// The string up to a quote. Interpreted strings move to a small ring so that the next line does
// not overwrite them; longer ones than its slots stay in the input buffer.
static int parse_quoted(mn_forth_t *vm, uint32_t *addr, uint32_t *len) {
    bool found;
    (void)mn__forth_parse(vm, '"', addr, len, &found);
    return found ? FN_OK : THROW_UNTERMINATED;
}

uint32_t mn__forth_string_slot(mn_forth_t *vm) {
    uint32_t slot = vm->user_start - STRING_SLOT * (1u + vm->string_next);
    vm->string_next = (vm->string_next + 1u) % STRING_SLOTS;
    return slot;
}

static int keep_string(mn_forth_t *vm, uint32_t *addr, uint32_t len) {
    if (len > STRING_SLOT) {
        return FN_OK;
    }
    uint32_t slot = mn__forth_string_slot(vm);
    int status = mn__forth_move(vm, *addr, slot, len);
    *addr = slot;
    return status;
}

// A string literal of a definition lives in data space.
int mn__forth_string_literal(mn_forth_t *vm, uint32_t addr, uint32_t len) {
    uint32_t at = vm->here;
    int status = mn__forth_allot(vm, len);
    if (status == FN_OK) {
        status = mn__forth_move(vm, addr, at, len);
    }
    if (status == FN_OK && (vm->here & 3u) != 0) {
        status = mn__forth_allot(vm, (0u - vm->here) & 3u);
    }
    if (status == FN_OK) {
        status = mn__forth_literal(vm, at);
    }
    return status != FN_OK ? status : mn__forth_literal(vm, len);
}

static int w_s_quote(mn_forth_t *vm) {
    uint32_t addr;
    uint32_t len;
    int status = parse_quoted(vm, &addr, &len);
    if (status != FN_OK) {
        return status;
    }
    if (vm->compiling) {
        return mn__forth_string_literal(vm, addr, len);
    }
    if (mn__forth_depth(vm) + 2u > vm->config.data_stack) {
        return THROW_OVERFLOW;
    }
    status = keep_string(vm, &addr, len);
    mn__forth_push(vm, addr);
    mn__forth_push(vm, len);
    return status;
}

// Prints the text that was parsed; it is parsed again when the word has to wait.
static int print_parsed(mn_forth_t *vm, char delimiter) {
    uint32_t addr;
    uint32_t len;
    bool found;
    uint32_t start = mn__forth_to_in(vm);
    (void)mn__forth_parse(vm, (uint8_t)delimiter, &addr, &len, &found);
    if (!found) {
        return THROW_UNTERMINATED;
    }
    int status = print_data(vm, addr, len);
    if (status == FN_WAIT) {
        mn__forth_set_to_in(vm, start);
    }
    return status;
}

static int w_dot_quote(mn_forth_t *vm) {
    uint32_t addr;
    uint32_t len;
    if (!vm->compiling) {
        return print_parsed(vm, '"');
    }
    int status = parse_quoted(vm, &addr, &len);
    return status != FN_OK ? status : mn__forth_string(vm, MN__OP_PRINT, addr, len);
}

static int w_dot_paren(mn_forth_t *vm) {
    return print_parsed(vm, ')');
}

static int w_c_quote(mn_forth_t *vm) {
    uint32_t addr;
    uint32_t len;
    uint32_t at = vm->here;
    int status = parse_quoted(vm, &addr, &len);
    if (status == FN_OK && len > 255u) {
        status = THROW_RANGE;
    }
    if (status == FN_OK) {
        status = mn__forth_allot(vm, (len + 4u) & ~3u);
    }
    if (status == FN_OK) {
        status = mn__forth_move(vm, addr, at + 1u, len);
    }
    if (status == FN_OK) {
        status = mn__forth_store_byte(vm, at, len);
    }
    return status != FN_OK ? status : mn__forth_literal(vm, at);
}

static const mn_forth_word_t words[] = {
    FN("emit", w_emit, 1, 0, "( char -- ) print a character"),
    FN("type", w_type, 2, 0, "( addr u -- ) print a string"),
    FN("cr", w_cr, 0, 0, "( -- ) print a line end"),
    FN("space", w_space, 0, 0, "( -- ) print a blank"),
    FN("spaces", w_spaces, 1, 0, "( n -- ) print n blanks"),
    FNF("s\"", w_s_quote, 0, 0, IMM, "( \"text\" -- addr u ) a string"),
    FNF("c\"", w_c_quote, 0, 0, COMP, "( \"text\" -- ) ( run: -- addr ) a counted string"),
    FNF(".\"", w_dot_quote, 0, 0, IMM, "( \"text\" -- ) print a text"),
    FNF(".(", w_dot_paren, 0, 0, IMM, "( \"text)\" -- ) print a text now"),
};

const mn_forth_words_t mn__forth_io_words = {words, MN_COUNT_OF(words), 0, "output", NULL};
