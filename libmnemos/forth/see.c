// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// see, dump and help.

#include "vm.h"

#include <string.h>

// How see shows an instruction that has no name: % is a number, & an address or a word, ~ the text.
static const char *shown(uint32_t op) {
    switch (op) {
#define SHOWN(id, name, in, out, operands, flags, help) \
    case MN__OP_##id:                                   \
        return (name)[0] != '\0' ? (name) : (help);
        MN__FORTH_OPS(SHOWN)
#undef SHOWN
    default:
        return "?";
    }
}

static uint32_t put_number(char *text, uint32_t at, int64_t value, uint32_t base) {
    char digits[40];
    uint32_t count = mn__forth_signed(digits + sizeof digits, value, base);
    memcpy(text + at, digits + sizeof digits - count, count);
    return at + count;
}

static uint32_t put_name(const mn_forth_t *vm, char *text, uint32_t at, uint32_t xt) {
    uint32_t len = mn__forth_name(vm, xt, text + at);
    if (len == 0) {
        memcpy(text + at, ":noname", 7);
        len = 7;
    }
    return at + len;
}

// The number of the instruction: its first operand, or two of them.
static int32_t number_of(const uint16_t *unit) {
    bool wide = unit[0] == MN__OP_LIT32;
    uint32_t value = wide ? mn__forth_u32(unit + 1) : (unit[1] ^ 0x8000u) - 0x8000u;
    return mn__forth_signed_cell(value);
}

// Writes one instruction as text of at most OUTPUT_PIECE bytes; a text inside it is cut.
static uint32_t show(const mn_forth_t *vm, const uint16_t *unit, char *text) {
    const char *format = shown(unit[0]);
    uint32_t at = 0;
    uint32_t number;
    if (unit[0] == MN__OP_FN) {
        at = put_name(vm, text, 0, XT_BUILTIN | unit[1]);
        text[at++] = ' ';
        return at;
    }
    for (; *format != '\0' && at < 24; format++) {
        if (*format == '%') {
            at = put_number(text, at, number_of(unit), mn__forth_base(vm));
        } else if (*format == '&') {
            at = put_name(vm, text, at,
                          mn__forth_word_of_code(vm, mn__forth_u32(unit + 1), &number));
        } else if (*format == '^') {
            at = put_number(text, at, mn__forth_u32(unit + 1), mn__forth_base(vm));
        } else if (*format == '~') {
            for (uint32_t i = 0; i < unit[1] && i < 30; i++) {
                uint16_t two = unit[2 + i / 2];
                text[at++] = (char)((i & 1u) != 0 ? two >> 8 : two & 0xFF);
            }
        } else {
            text[at++] = *format;
        }
    }
    text[at++] = ' ';
    return at;
}

static uint32_t code_end(const mn_forth_t *vm, uint32_t number) {
    return number + 1u < vm->seg.words ? mn__forth_word_at(vm, number + 1u) : vm->seg.here;
}

// scratch[0] is the unit to go on at, scratch[1] the token of the word.
static int see_body(mn_forth_t *vm) {
    uint32_t number = vm->scratch[1] & ~XT_TAG_MASK;
    uint32_t end = code_end(vm, number);
    while (vm->scratch[0] < end) {
        char text[NAME_MAX_LEN * 2];
        const uint16_t *unit = mn__forth_unit(vm, vm->scratch[0]);
        uint32_t next = vm->scratch[0] + mn__forth_length(unit);
        bool last = next >= end && unit[0] == MN__OP_EXIT;
        uint32_t len = show(vm, unit, text);
        if (!last && mn__forth_print(vm, text, len < OUTPUT_PIECE ? len : OUTPUT_PIECE) != FN_OK) {
            return FN_WAIT;
        }
        vm->scratch[0] = next;
        vm->budget--;
    }
    const uint16_t *header = mn__forth_unit(vm, mn__forth_word_at(vm, number));
    bool immediate = (mn__forth_flags(header) & MN_FORTH_IMMEDIATE) != 0;
    return mn__forth_puts(vm, immediate ? "; immediate\n" : ";\n");
}

static const char *kind_text(kind_t kind) {
    static const char *const texts[] = {
        ": ",      "create ", "constant ", "2constant ", "variable ", "value ",
        "2value ", "fvalue ", "defer ",    "field ",     "marker ",   "synonym ",
    };
    return texts[kind];
}

static int see_builtin(mn_forth_t *vm, uint32_t xt) {
    char text[NAME_MAX_LEN + 16];
    uint32_t len = mn__forth_name(vm, xt, text);
    memcpy(text + len, " is built in\n", 13);
    return mn__forth_print(vm, text, len + 13u);
}

static int w_see(mn_forth_t *vm) {
    found_t found;
    uint32_t at = mn__forth_to_in(vm);
    if (vm->scratch[1] != 0) {
        return see_body(vm);
    }
    int status = mn__forth_parse_found(vm, &found);
    if (status != FN_OK) {
        return status;
    }
    if (!mn__forth_is_word(vm, found.xt)) {
        status = see_builtin(vm, found.xt);
    } else {
        char text[NAME_MAX_LEN + 16];
        uint32_t header_at = mn__forth_word_at(vm, found.xt & ~XT_TAG_MASK);
        const uint16_t *header = mn__forth_unit(vm, header_at);
        const char *kind = kind_text(mn__forth_kind(header));
        uint32_t head = (uint32_t)strlen(kind);
        memcpy(text, kind, head);
        uint32_t len = put_name(vm, text, head, found.xt);
        text[len++] = ' ';
        status = mn__forth_print(vm, text, len < OUTPUT_PIECE ? len : OUTPUT_PIECE);
        if (status == FN_OK) {
            vm->scratch[0] = mn__forth_code(header_at, header);
            vm->scratch[1] = found.xt;
            return see_body(vm);
        }
    }
    if (status == FN_WAIT) {
        mn__forth_set_to_in(vm, at);
    }
    return status;
}

static uint32_t put_hex(char *text, uint32_t value, uint32_t digits) {
    for (uint32_t i = 0; i < digits; i++) {
        text[i] = "0123456789ABCDEF"[value >> (4u * (digits - 1u - i)) & 0xFu];
    }
    return digits;
}

// Eight bytes a line. scratch[0] is how many are done.
static int w_dump(mn_forth_t *vm) {
    if (!mn__forth_mapped(vm, SECOND, TOP)) {
        return THROW_ADDRESS;
    }
    while (vm->scratch[0] < TOP) {
        char text[OUTPUT_PIECE];
        uint32_t addr = SECOND + vm->scratch[0];
        uint32_t left = TOP - vm->scratch[0];
        uint32_t len = put_hex(text, addr, 8);
        memset(text + len, ' ', 28);
        text[len] = ':';
        for (uint32_t i = 0; i < 8 && i < left; i++) {
            uint32_t byte = (uint32_t)mn__forth_byte(vm, addr + i);
            (void)put_hex(text + 10 + i * 3, byte, 2);
            text[36 + i] = byte >= ' ' && byte < 127 ? (char)byte : '.';
        }
        uint32_t shown_bytes = left < 8 ? left : 8u;
        text[36 + shown_bytes] = '\n';
        if (mn__forth_print(vm, text, 37u + shown_bytes) != FN_OK) {
            return FN_WAIT;
        }
        vm->scratch[0] += shown_bytes;
        vm->budget--;
    }
    DROP_N(2);
    return FN_OK;
}

// Prints a C string piece by piece; scratch[1] counts what is done.
static int print_long(mn_forth_t *vm, const char *text) {
    uint32_t len = (uint32_t)strlen(text);
    while (vm->scratch[1] < len) {
        uint32_t n = len - vm->scratch[1];
        n = n < OUTPUT_PIECE ? n : OUTPUT_PIECE;
        if (mn__forth_print(vm, text + vm->scratch[1], n) != FN_OK) {
            return FN_WAIT;
        }
        vm->scratch[1] += n;
    }
    return FN_OK;
}

// scratch[0] is the token of the word whose help is being printed.
static int w_help(mn_forth_t *vm) {
    if (vm->scratch[0] == 0) {
        found_t found;
        uint32_t at = mn__forth_to_in(vm);
        int status = mn__forth_parse_found(vm, &found);
        if (status == THROW_NO_NAME) {
            return mn__forth_puts(vm, "help NAME explains a word, words lists them\n");
        }
        if (status != FN_OK) {
            return status;
        }
        char text[NAME_MAX_LEN + 1];
        uint32_t len = put_name(vm, text, 0, found.xt);
        text[len++] = ' ';
        if (mn__forth_print(vm, text, len) != FN_OK) {
            mn__forth_set_to_in(vm, at);
            return FN_WAIT;
        }
        vm->scratch[0] = found.xt;
    }
    const mn_forth_word_t *word = mn__forth_builtin(vm, vm->scratch[0]);
    const char *help = "is not built in: try see";
#if MN_CFG_FORTH_HELP
    help = word != NULL && word->help != NULL ? word->help : help;
#else
    help = word != NULL ? "is built in; help is not" : help;
#endif
    if (print_long(vm, help) != FN_OK) {
        return FN_WAIT;
    }
    return mn__forth_puts(vm, "\n");
}

static const mn_forth_word_t words[] = {
    FN("see", w_see, 0, 0, "( \"name\" -- ) print what a word is made of"),
    FN("dump", w_dump, 2, 0, "( addr u -- ) print u bytes in hexadecimal"),
    FN("help", w_help, 0, 0, "( \"name\" -- ) print what a word does"),
};

const mn_forth_words_t mn__forth_see_words = {words, MN_COUNT_OF(words), 0, "see", NULL};
