// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Word lists and the search order. A word list is a number from 1; order[] holds it less one, the
// first to be searched last.

#include "vm.h"

#include <string.h>

static int list_of(const mn_forth_t *vm, uint32_t id, uint8_t *list) {
    if (id == 0 || id > vm->next_wordlist) {
        return THROW_NUMBER;
    }
    *list = (uint8_t)(id - 1u);
    return FN_OK;
}

static int w_forth_wordlist(mn_forth_t *vm) {
    mn__forth_push(vm, 1);
    return FN_OK;
}

static int w_wordlist(mn_forth_t *vm) {
    if (vm->next_wordlist == 255) {
        return THROW_ORDER_OVERFLOW;
    }
    mn__forth_push(vm, ++vm->next_wordlist);
    return FN_OK;
}

static int w_get_current(mn_forth_t *vm) {
    mn__forth_push(vm, vm->current + 1u);
    return FN_OK;
}

static int w_set_current(mn_forth_t *vm) {
    return list_of(vm, mn__forth_pop(vm), &vm->current);
}

static int w_get_order(mn_forth_t *vm) {
    if (mn__forth_depth(vm) + vm->order_count + 1u > vm->config.data_stack) {
        return THROW_OVERFLOW;
    }
    for (uint32_t i = 0; i < vm->order_count; i++) {
        mn__forth_push(vm, vm->order[i] + 1u);
    }
    mn__forth_push(vm, vm->order_count);
    return FN_OK;
}

static int only(mn_forth_t *vm) {
    vm->order_count = 1;
    vm->order[0] = 0;
    return FN_OK;
}

static int w_set_order(mn_forth_t *vm) {
    uint32_t n = mn__forth_pop(vm);
    uint8_t order[ORDER_DEPTH];
    if (n == 0xFFFFFFFFu) {
        return only(vm);
    }
    if (n > ORDER_DEPTH) {
        return THROW_ORDER_OVERFLOW;
    }
    if (n > mn__forth_depth(vm)) {
        return THROW_UNDERFLOW;
    }
    for (uint32_t i = 0; i < n; i++) {
        int status = list_of(vm, vm->sp[(int32_t)i + 1 - (int32_t)n], &order[i]);
        if (status != FN_OK) {
            return status;
        }
    }
    memcpy(vm->order, order, n);
    vm->order_count = (uint8_t)n;
    DROP_N(n);
    return FN_OK;
}

static int w_also(mn_forth_t *vm) {
    if (vm->order_count == 0) {
        return THROW_ORDER_UNDERFLOW;
    }
    if (vm->order_count == ORDER_DEPTH) {
        return THROW_ORDER_OVERFLOW;
    }
    vm->order[vm->order_count] = vm->order[vm->order_count - 1u];
    vm->order_count++;
    return FN_OK;
}

static int w_previous(mn_forth_t *vm) {
    if (vm->order_count == 0) {
        return THROW_ORDER_UNDERFLOW;
    }
    vm->order_count--;
    return FN_OK;
}

static int first(mn_forth_t *vm, uint8_t list) {
    if (vm->order_count == 0) {
        vm->order_count = 1;
    }
    vm->order[vm->order_count - 1u] = list;
    return FN_OK;
}

static int w_forth(mn_forth_t *vm) {
    return first(vm, 0);
}

// The dialect before the standard words; what is defined goes to it, so that it comes first.
static int w_forth3(mn_forth_t *vm) {
    (void)only(vm);
    vm->order[vm->order_count++] = 1;
    vm->current = 1;
    return FN_OK;
}

static int w_definitions(mn_forth_t *vm) {
    if (vm->order_count == 0) {
        return THROW_ORDER_UNDERFLOW;
    }
    vm->current = vm->order[vm->order_count - 1u];
    return FN_OK;
}

static int w_search_wordlist(mn_forth_t *vm) {
    char name[NAME_MAX_LEN];
    uint8_t list;
    uint32_t len = SECOND;
    found_t found = {0, 0};
    int status = list_of(vm, TOP, &list);
    if (status == FN_OK && len <= NAME_MAX_LEN) {
        status = mn__forth_copy_out(vm, THIRD, name, len);
        found = mn__forth_find_in(vm, list, name, status == FN_OK ? len : 0);
    }
    DROP_N(2);
    TOP = 0;
    if (found.xt != 0) {
        TOP = found.xt;
        mn__forth_push(vm, (found.flags & MN_FORTH_IMMEDIATE) != 0 ? 1u : 0xFFFFFFFFu);
    }
    return status;
}

static int w_order(mn_forth_t *vm) {
    char text[OUTPUT_PIECE];
    uint32_t len = 0;
    for (uint32_t i = vm->order_count + 1u; i-- > 0;) {
        uint32_t list = i == 0 ? vm->current : vm->order[i - 1u];
        char digits[12];
        uint32_t count = mn__forth_digits(digits + sizeof digits, list + 1u, 10);
        if (i == 0) {
            memcpy(text + len, "| ", 2);
            len += 2;
        }
        memcpy(text + len, digits + sizeof digits - count, count);
        len += count;
        text[len++] = ' ';
    }
    text[len++] = '\n';
    return mn__forth_print(vm, text, len);
}

static const mn_forth_word_t words[] = {
    FN("forth-wordlist", w_forth_wordlist, 0, 1, "( -- wid ) the main word list"),
    FN("wordlist", w_wordlist, 0, 1, "( -- wid ) make a word list"),
    FN("get-current", w_get_current, 0, 1, "( -- wid ) where new words go"),
    FN("set-current", w_set_current, 1, 0, "( wid -- ) where new words go"),
    FN("get-order", w_get_order, 0, 0, "( -- widn .. wid1 n ) the search order, first on top"),
    FN("set-order", w_set_order, 1, 0, "( widn .. wid1 n -- ) the search order; -1: the default"),
    FN("also", w_also, 0, 0, "( -- ) double the first word list of the search order"),
    FN("previous", w_previous, 0, 0, "( -- ) drop the first word list of the search order"),
    FN("only", only, 0, 0, "( -- ) search the main word list only"),
    FN("forth", w_forth, 0, 0, "( -- ) search the main word list first"),
    FN("forth3", w_forth3, 0, 0,
       "( -- ) search the forth3 dialect, then the main word list, and define there"),
    FN("definitions", w_definitions, 0, 0, "( -- ) new words go to the first word list"),
    FN("search-wordlist", w_search_wordlist, 3, 2, "( addr u wid -- 0 | xt 1 | xt -1 ) look up"),
    FN("order", w_order, 0, 0, "( -- ) print the search order, and where new words go"),
};

const mn_forth_words_t mn__forth_order_words = {words, MN_COUNT_OF(words), 0, "search order", NULL};
