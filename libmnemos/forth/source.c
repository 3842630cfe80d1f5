// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The text interpreter: parsing the source, and one token at a time.

#include "vm.h"

#include <string.h>

uint32_t mn__forth_to_in(const mn_forth_t *vm) {
    uint32_t offset = 0;
    (void)mn__forth_load(vm, SYS_TO_IN, &offset);
    return offset < vm->source.len ? offset : vm->source.len;
}

// The page of the system variables is never shared, so this cannot fail.
void mn__forth_set_to_in(mn_forth_t *vm, uint32_t offset) {
    (void)mn__forth_store(vm, SYS_TO_IN, offset);
}

void mn__forth_set_compiling(mn_forth_t *vm, bool compiling) {
    vm->compiling = compiling;
    (void)mn__forth_store(vm, SYS_STATE, mn__forth_flag(compiling));
}

static bool at_delimiter(const mn_forth_t *vm, uint32_t offset, uint32_t delimiter) {
    int c = mn__forth_byte(vm, vm->source.addr + offset);
    return delimiter == ' ' ? c <= ' ' : (uint32_t)c == delimiter;
}

// The next token, delimited by blanks. len is 0 at the end of the source.
int mn__forth_parse_name(mn_forth_t *vm, uint32_t *addr, uint32_t *len) {
    uint32_t start = mn__forth_to_in(vm);
    while (start < vm->source.len && at_delimiter(vm, start, ' ')) {
        start++;
    }
    uint32_t end = start;
    while (end < vm->source.len && !at_delimiter(vm, end, ' ')) {
        end++;
    }
    *addr = vm->source.addr + start;
    *len = end - start;
    mn__forth_set_to_in(vm, end < vm->source.len ? end + 1u : end);
    if (*len != 0) {
        vm->token_at = start;
        vm->token_len = *len;
    }
    return FN_OK;
}

// The next token as a name; len is 0 at the end of the source.
int mn__forth_parse_word(mn_forth_t *vm, char *name, uint32_t *len) {
    uint32_t addr;
    (void)mn__forth_parse_name(vm, &addr, len);
    if (*len > NAME_MAX_LEN) {
        return THROW_NAME_LONG;
    }
    return mn__forth_copy_out(vm, addr, name, *len);
}

// Up to a delimiter, which is consumed; found is false if the source ended first.
int mn__forth_parse(mn_forth_t *vm, uint32_t delimiter, uint32_t *addr, uint32_t *len,
                    bool *found) {
    uint32_t start = mn__forth_to_in(vm);
    uint32_t end = start;
    while (end < vm->source.len && !at_delimiter(vm, end, delimiter)) {
        end++;
    }
    *found = end < vm->source.len;
    *addr = vm->source.addr + start;
    *len = end - start;
    mn__forth_set_to_in(vm, *found ? end + 1u : end);
    return FN_OK;
}

// The next token must be a word.
int mn__forth_parse_found(mn_forth_t *vm, found_t *found) {
    char name[NAME_MAX_LEN];
    uint32_t len;
    int status = mn__forth_parse_word(vm, name, &len);
    if (status != FN_OK) {
        return status;
    }
    if (len == 0) {
        return THROW_NO_NAME;
    }
    *found = mn__forth_find(vm, name, len);
    return found->xt != 0 ? FN_OK : THROW_UNDEFINED;
}

static int found_word(mn_forth_t *vm, found_t found) {
    if (vm->compiling && (found.flags & MN_FORTH_IMMEDIATE) == 0) {
        return mn__forth_compile(vm, found.xt);
    }
    if (!vm->compiling && (found.flags & MN_FORTH_COMPILE_ONLY) != 0) {
        return THROW_COMPILE_ONLY;
    }
    vm->exec = found.xt;
    return FN_EXEC;
}

static int found_number(mn_forth_t *vm, uint32_t lo, uint32_t hi, int cells) {
    if (vm->compiling) {
        int status = mn__forth_literal(vm, lo);
        return status == FN_OK && cells == 2 ? mn__forth_literal(vm, hi) : status;
    }
    if (mn_forth_push(vm, lo) != MN_OK || (cells == 2 && mn_forth_push(vm, hi) != MN_OK)) {
        return THROW_OVERFLOW;
    }
    return FN_OK;
}

static int recognize(mn_forth_t *vm, const char *name, uint32_t len) {
    for (uint32_t i = vm->set_count; i-- > 0;) {
        if (mn__forth_set(vm, i)->recognize != NULL) {
            int status = mn__forth_set(vm, i)->recognize(vm, name, len);
            if (status <= 0) {
                return status;
            }
        }
    }
    return THROW_UNDEFINED;
}

// FN_END at the end of the source, FN_EXEC with a word to execute, FN_OK, or a THROW code.
int mn__forth_interpret(mn_forth_t *vm) {
    char name[TOKEN_MAX_LEN];
    uint32_t addr;
    uint32_t len;
    uint32_t lo;
    uint32_t hi;
    (void)mn__forth_parse_name(vm, &addr, &len);
    if (len == 0) {
        return FN_END;
    }
    if (len > TOKEN_MAX_LEN) {
        return THROW_UNDEFINED;
    }
    (void)mn__forth_copy_out(vm, addr, name, len);
    if (len > NAME_MAX_LEN) {
        return recognize(vm, name, len);
    }
    if (vm->def.locals_names != 0) {
        int index = mn__forth_find_local(vm, name, len);
        if (index >= 0) {
            return mn__forth_emit_1(vm, MN__OP_LGET, (uint32_t)index);
        }
    }
    found_t found = mn__forth_find(vm, name, len);
    if (found.xt != 0) {
        return found_word(vm, found);
    }
    int cells = mn__forth_number(vm, name, len, &lo, &hi);
    return cells > 0 ? found_number(vm, lo, hi, cells) : recognize(vm, name, len);
}

// Words ----------------------------------------------------------------------------------------

static int w_source(mn_forth_t *vm) {
    mn__forth_push(vm, vm->source.addr);
    mn__forth_push(vm, vm->source.len);
    return FN_OK;
}

static int w_to_in(mn_forth_t *vm) {
    mn__forth_push(vm, SYS_TO_IN);
    return FN_OK;
}

static int w_state(mn_forth_t *vm) {
    mn__forth_push(vm, SYS_STATE);
    return FN_OK;
}

static int w_parse(mn_forth_t *vm) {
    uint32_t addr;
    uint32_t len;
    bool found;
    (void)mn__forth_parse(vm, TOP & 0xFFu, &addr, &len, &found);
    TOP = addr;
    mn__forth_push(vm, len);
    return FN_OK;
}

static int w_parse_name(mn_forth_t *vm) {
    uint32_t addr;
    uint32_t len;
    (void)mn__forth_parse_name(vm, &addr, &len);
    mn__forth_push(vm, addr);
    mn__forth_push(vm, len);
    return FN_OK;
}

// The old way to parse: a counted string above here, which is overwritten by the next one.
static int w_word(mn_forth_t *vm) {
    uint32_t delimiter = TOP & 0xFFu;
    uint32_t addr;
    uint32_t len;
    bool found;
    uint32_t start = mn__forth_to_in(vm);
    while (start < vm->source.len && at_delimiter(vm, start, delimiter)) {
        start++;
    }
    mn__forth_set_to_in(vm, start);
    (void)mn__forth_parse(vm, delimiter, &addr, &len, &found);
    if (len > 255u) {
        return THROW_RANGE;
    }
    TOP = vm->here;
    int status = mn__forth_move(vm, addr, vm->here + 1u, len);
    return status != FN_OK ? THROW_DICT_FULL : mn__forth_store_byte(vm, vm->here, len);
}

// In a file a comment may go on over several lines; at a prompt it ends with its line.
static int w_paren(mn_forth_t *vm) {
    uint32_t addr;
    uint32_t len;
    bool found;
    if (vm->line_state == LINE_HERE) {
        vm->line_state = LINE_NONE;
    }
    for (;;) {
        (void)mn__forth_parse(vm, ')', &addr, &len, &found);
        if (found || (!vm->config.quiet && !mn__forth_from_host(vm))) {
            return FN_OK;
        }
        int status = mn__forth_next_line(vm);
        if (status != FN_OK) {
            return status == FN_END ? FN_OK : status;
        }
    }
}

static int w_backslash(mn_forth_t *vm) {
    uint32_t addr;
    uint32_t len;
    bool found;
    return mn__forth_parse(vm, '\n', &addr, &len, &found);
}

static int w_char(mn_forth_t *vm) {
    uint32_t addr;
    uint32_t len;
    (void)mn__forth_parse_name(vm, &addr, &len);
    if (len == 0) {
        return THROW_NO_NAME;
    }
    mn__forth_push(vm, (uint32_t)mn__forth_byte(vm, addr));
    return FN_OK;
}

static int w_bracket_char(mn_forth_t *vm) {
    int status = w_char(vm);
    return status != FN_OK ? status : mn__forth_literal(vm, mn__forth_pop(vm));
}

static int w_tick(mn_forth_t *vm) {
    found_t found;
    int status = mn__forth_parse_found(vm, &found);
    if (status == FN_OK) {
        mn__forth_push(vm, found.xt);
    }
    return status;
}

static int w_bracket_tick(mn_forth_t *vm) {
    found_t found;
    int status = mn__forth_parse_found(vm, &found);
    return status != FN_OK ? status : mn__forth_literal(vm, found.xt);
}

static int w_find(mn_forth_t *vm) {
    char name[NAME_MAX_LEN];
    int len = mn__forth_byte(vm, TOP);
    found_t found = {0, 0};
    if (len < 0) {
        return len;
    }
    if ((uint32_t)len <= NAME_MAX_LEN) {
        int status = mn__forth_copy_out(vm, TOP + 1u, name, (uint32_t)len);
        if (status != FN_OK) {
            return status;
        }
        found = mn__forth_find(vm, name, (uint32_t)len);
    }
    if (found.xt != 0) {
        TOP = found.xt;
    }
    bool immediate = (found.flags & MN_FORTH_IMMEDIATE) != 0;
    mn__forth_push(vm, found.xt == 0 ? 0u : (immediate ? 1u : 0xFFFFFFFFu));
    return FN_OK;
}

static const mn_forth_word_t words[] = {
    FN("source", w_source, 0, 2, "( -- addr u ) the line that is being interpreted"),
    FN(">in", w_to_in, 0, 1, "( -- addr ) variable: offset of the next character"),
    FN("state", w_state, 0, 1, "( -- addr ) variable: true while compiling; read only"),
    FN("parse", w_parse, 1, 2, "( char -- addr u ) text up to char"),
    FN("parse-name", w_parse_name, 0, 2, "( \"name\" -- addr u ) the next token"),
    FN("word", w_word, 1, 1, "( char -- addr ) next token delimited by char, counted, at here"),
    FNF("(", w_paren, 0, 0, IMM, "( -- ) comment up to the next )"),
    FNF("\\", w_backslash, 0, 0, IMM, "( -- ) comment up to the end of the line"),
    FN("char", w_char, 0, 1, "( \"name\" -- char ) first character of a token"),
    FNF("[char]", w_bracket_char, 0, 0, COMP, "( \"name\" -- ) ( run: -- char )"),
    FN("'", w_tick, 0, 1, "( \"name\" -- xt ) execution token of a word"),
    FNF("[']", w_bracket_tick, 0, 0, COMP, "( \"name\" -- ) ( run: -- xt )"),
    FN("find", w_find, 1, 2, "( addr -- addr 0 | xt 1 | xt -1 ) look up a counted string"),
};

const mn_forth_words_t mn__forth_source_words = {words, MN_COUNT_OF(words), 0, "source", NULL};
