// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Looking around: stacks, words, memory.

#include "vm.h"

#include <string.h>

static int print_cell(mn_forth_t *vm, const char *before, uint32_t cell, const char *after) {
    char text[OUTPUT_PIECE];
    char *end = text + 48;
    uint32_t count = mn__forth_signed(end, mn__forth_signed_cell(cell), mn__forth_base(vm));
    size_t head = strlen(before);
    size_t tail = strlen(after);
    memcpy(end - count - head, before, head);
    memcpy(end, after, tail);
    return mn__forth_print(vm, end - count - head, (uint32_t)(count + head + tail));
}

static int w_dot_s(mn_forth_t *vm) {
    uint32_t depth = mn__forth_depth(vm);
    uint32_t *step = &vm->scratch[0];
    if (*step == 0) {
        if (print_cell(vm, "<", depth, "> ") != FN_OK) {
            return FN_WAIT;
        }
        *step = 1;
    }
    for (; *step <= depth; ++*step) {
        if (print_cell(vm, "", vm->data[*step], " ") != FN_OK) {
            return FN_WAIT;
        }
        vm->budget--;
    }
    return mn__forth_print(vm, "\n", 1);
}

static int print_name(mn_forth_t *vm, uint32_t xt) {
    char text[NAME_MAX_LEN + 1];
    uint32_t len = mn__forth_name(vm, xt, text);
    text[len] = ' ';
    vm->budget--;
    return len == 0 ? FN_OK : mn__forth_print(vm, text, len + 1u);
}

// scratch[0] is the name that was printed last.
static int w_words(mn_forth_t *vm) {
    uint8_t list = vm->order_count != 0 ? vm->order[vm->order_count - 1u] : 0;
    uint32_t cursor = vm->scratch[0] != 0 ? vm->scratch[0] : XT_WORD | vm->seg.words;
    for (uint32_t nt; (nt = mn__forth_next_name(vm, list, &cursor)) != 0;) {
        if (print_name(vm, nt) != FN_OK) {
            return FN_WAIT;
        }
        vm->scratch[0] = cursor;
    }
    return mn__forth_print(vm, "\n", 1);
}

static const mn_forth_word_t words[] = {
    FN(".s", w_dot_s, 0, 0, "( -- ) print the stack, its top last"),
    FN("words", w_words, 0, 0, "( -- ) print the words of the first word list"),
};

const mn_forth_words_t mn__forth_tool_words = {words, MN_COUNT_OF(words), 0, "tools", NULL};
