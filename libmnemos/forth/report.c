// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// What is printed about an uncaught error: its meaning and the word, the line with a mark, and the
// words that were running. Printed piece by piece, so that it can wait for room in the buffer; the
// stacks and sources stay as they are until it is done.

#include "vm.h"

#include <string.h>

static const struct {
    int16_t code;
    const char *text;
} texts[] = {
    {THROW_ABORT, "aborted"},
    {THROW_ABORTQ, "aborted"},
    {THROW_OVERFLOW, "stack overflow"},
    {THROW_UNDERFLOW, "stack underflow"},
    {THROW_R_OVERFLOW, "return stack overflow"},
    {THROW_R_UNDERFLOW, "return stack underflow"},
    {THROW_DICT_FULL, "dictionary full"},
    {THROW_ADDRESS, "invalid memory address"},
    {THROW_DIV_ZERO, "division by zero"},
    {THROW_RANGE, "result out of range"},
    {THROW_TYPE, "argument type mismatch"},
    {THROW_UNDEFINED, "undefined word"},
    {THROW_COMPILE_ONLY, "only usable in a definition"},
    {THROW_FORGET, "cannot be forgotten"},
    {THROW_NO_NAME, "name missing"},
    {THROW_HOLD, "pictured number too long"},
    {THROW_NAME_LONG, "name too long"},
    {THROW_READ_ONLY, "write to a read-only location"},
    {THROW_UNSUPPORTED, "not supported"},
    {THROW_CONTROL, "control structure mismatch"},
    {THROW_ALIGN, "address not aligned"},
    {THROW_NUMBER, "invalid numeric argument"},
    {THROW_R_IMBALANCE, "return stack imbalance"},
    {THROW_LOOP_PARAMS, "loop parameters unavailable"},
    {THROW_INTERRUPT, "interrupted"},
    {THROW_NESTING, "a definition is already open"},
    {THROW_BODY, "not a created word"},
    {THROW_NAME_ARG, "wrong kind of word"},
    {THROW_FLOAT_DIV, "floating-point division by zero"},
    {THROW_FLOAT_RANGE, "floating-point result out of range"},
    {THROW_FLOAT_OVERFLOW, "floating-point stack overflow"},
    {THROW_FLOAT_UNDERFLOW, "floating-point stack underflow"},
    {THROW_FLOAT_INVALID, "invalid floating-point argument"},
    {THROW_ORDER_OVERFLOW, "search order overflow"},
    {THROW_ORDER_UNDERFLOW, "search order underflow"},
    {THROW_CONTROL_FULL, "control structures nested too deeply"},
    {THROW_QUIT, "quit"},
    {THROW_NO_MEMORY, "out of memory"},
    {THROW_LINE_LONG, "line too long"},
    {THROW_TEXT, "line is not valid text"},
    {THROW_XT, "invalid execution token"},
    {THROW_UNTERMINATED, "text without end"},
    {THROW_IN_USE, "still running"},
    {THROW_SHARED, "shared with another task"},
    {THROW_LOCALS, "invalid locals"},
#if MN_CFG_FORTH_EXTRAS // that nothing in the core throws
    {-7, "do-loops nested too deeply"},
    {-18, "string too long"},
    {-27, "invalid recursion"},
    {-30, "obsolescent feature"},
    {-33, "block read failed"},
    {-34, "block write failed"},
    {-35, "invalid block number"},
    {-36, "invalid file position"},
    {-37, "file input or output failed"},
    {-38, "no such file"},
    {-39, "unexpected end of file"},
    {-40, "invalid base for floating point"},
    {-41, "loss of precision"},
    {-47, "word list deleted"},
    {-48, "invalid postpone"},
    {-51, "word list changed"},
    {-53, "exception stack overflow"},
    {-54, "floating-point underflow"},
    {-55, "unidentified floating-point fault"},
    {-57, "character input or output failed"},
    {-58, "unbalanced [if]"},
    {-60, "free failed"},
    {-61, "resize failed"},
    {-62, "close-file failed"},
    {-63, "create-file failed"},
    {-64, "delete-file failed"},
    {-65, "file-position failed"},
    {-66, "file-size failed"},
    {-67, "file-status failed"},
    {-68, "flush-file failed"},
    {-69, "open-file failed"},
    {-70, "read-file failed"},
    {-71, "read-line failed"},
    {-72, "rename-file failed"},
    {-73, "reposition-file failed"},
    {-74, "resize-file failed"},
    {-75, "write-file failed"},
    {-76, "write-line failed"},
    {-77, "malformed character"},
    {-78, "substitute failed"},
    {-79, "replaces failed"},
#endif
};

const char *mn_forth_throw_text(int32_t code) {
    for (uint32_t i = 0; i < MN_COUNT_OF(texts); i++) {
        if (texts[i].code == code) {
            return texts[i].text;
        }
    }
    if (code < THROW_HOST && code > THROW_HOST - 128) {
        return mn_status_text((mn_status_t)(code - THROW_HOST));
    }
    return "exception";
}

bool mn__forth_about_line(int32_t code) {
    return code == THROW_LINE_LONG || code == THROW_TEXT;
}

// The innermost source that is no string.
static void locate(const mn_forth_t *vm, mn_forth_error_t *error) {
    uint32_t at = vm->ip;
    const uint32_t *p = vm->cp;
    error->source = vm->source.id;
    error->line = vm->source.line;
    while (error->source == SOURCE_STRING && p < vm->calls) {
        if (at == STUB_EVAL || at == STUB_EVAL_DONE) {
            error->source = p[2];
            error->line = p[3];
        }
        p += mn__forth_frame_extra(at);
        at = p < vm->calls ? *p++ : 0u;
    }
}

void mn__forth_begin_report(mn_forth_t *vm, int32_t code) {
    mn_forth_error_t *error = &vm->error_details;
    uint32_t len = mn__forth_about_line(code) ? 0u : vm->token_len;
    vm->error = code;
    vm->state = RUN_REPORT;
    vm->report = 0;
    vm->report_at = 0;
    memset(error, 0, sizeof *error);
    error->code = code;
    error->text = mn_forth_throw_text(code);
    error->column = vm->token_at;
    locate(vm, error);
    if (len >= sizeof error->word) {
        len = sizeof error->word - 1u;
        while (len > 0 &&
               (mn__forth_byte(vm, vm->source.addr + vm->token_at + len) & 0xC0) == 0x80) {
            len--; // do not cut a character
        }
    }
    if (mn__forth_copy_out(vm, vm->source.addr + vm->token_at, error->word, len) != FN_OK) {
        error->word[0] = '\0';
    }
}

static int print_number(mn_forth_t *vm, const char *before, int32_t number, const char *after) {
    char text[OUTPUT_PIECE];
    char digits[12];
    uint32_t count = mn__forth_signed(digits + sizeof digits, number, 10);
    size_t head = strlen(before);
    size_t tail = strlen(after);
    memcpy(text, before, head);
    memcpy(text + head, digits + sizeof digits - count, count);
    memcpy(text + head + count, after, tail);
    return mn__forth_print(vm, text, (uint32_t)(head + count + tail));
}

static int print_meaning(mn_forth_t *vm) {
    const char *text = vm->error_details.text;
    if (strcmp(text, "exception") == 0) {
        return print_number(vm, "? exception ", vm->error, "");
    }
    char piece[OUTPUT_PIECE];
    size_t len = strlen(text);
    memcpy(piece, "? ", 2);
    memcpy(piece + 2, text, len);
    return mn__forth_print(vm, piece, (uint32_t)len + 2u);
}

static int print_word(mn_forth_t *vm) {
    char piece[OUTPUT_PIECE];
    size_t len = strlen(vm->error_details.word);
    if (mn__forth_about_line(vm->error)) {
        return vm->error == THROW_TEXT
                   ? mn__forth_puts(vm, "\n")
                   : print_number(vm, ": more than ", (int32_t)vm->config.input_size, " bytes\n");
    }
    if (len == 0) {
        return mn__forth_puts(vm, "\n");
    }
    memcpy(piece, ": ", 2);
    memcpy(piece + 2, vm->error_details.word, len);
    piece[2 + len] = '\n';
    return mn__forth_print(vm, piece, (uint32_t)len + 3u);
}

// abort" has a text of its own: `? text`, and `: word` as for any other error.
static int print_abort_text(mn_forth_t *vm) {
    uint32_t ip = vm->ip;
    vm->ip = vm->abort_text;
    int status = mn__forth_print_code(vm);
    vm->ip = ip;
    return status;
}

// The line, with everything that would move the mark replaced by a blank.
static int print_line(mn_forth_t *vm) {
    while (vm->report_at < vm->source.len) {
        char piece[32];
        uint32_t n = 0;
        for (; n < sizeof piece && vm->report_at + n < vm->source.len; n++) {
            int c = mn__forth_byte(vm, vm->source.addr + vm->report_at + n);
            piece[n] = (char)(c < ' ' ? ' ' : c);
        }
        if (mn__forth_print(vm, piece, n) != FN_OK) {
            return FN_WAIT;
        }
        vm->report_at += n;
    }
    return mn__forth_puts(vm, "\n");
}

static bool continuation(const mn_forth_t *vm, uint32_t at) {
    return (mn__forth_byte(vm, vm->source.addr + at) & 0xC0) == 0x80;
}

static int print_mark(mn_forth_t *vm) {
    uint32_t end = vm->token_at + vm->token_len;
    while (vm->report_at < end) {
        char piece[32];
        uint32_t n = 0;
        uint32_t at = vm->report_at;
        for (; n < sizeof piece && at < end; at++) {
            if (!continuation(vm, at)) {
                piece[n++] = at < vm->token_at ? ' ' : '^';
            }
        }
        if (mn__forth_print(vm, piece, n) != FN_OK) {
            return FN_WAIT;
        }
        vm->report_at = at;
    }
    return mn__forth_puts(vm, "\n");
}

#define BACKTRACE_MAX 8u

// The n-th running word from the inside, as a code address; 0 if there are fewer.
static uint32_t running(const mn_forth_t *vm, uint32_t n) {
    uint32_t at = vm->ip;
    const uint32_t *p = vm->cp;
    for (;;) {
        if (at >= STUB_COUNT && n-- == 0) {
            return at - 1u;
        }
        p += mn__forth_frame_extra(at);
        if (p >= vm->calls) {
            return 0;
        }
        at = *p++;
    }
}

static int print_backtrace(mn_forth_t *vm) {
    for (;;) {
        uint32_t number;
        uint32_t at = running(vm, vm->report_at);
        char text[NAME_MAX_LEN + 8];
        if (at == 0) {
            return vm->report_at == 0 ? FN_OK : mn__forth_puts(vm, "\n");
        }
        if (vm->report_at == BACKTRACE_MAX) {
            return mn__forth_puts(vm, " ...\n");
        }
        const char *lead = vm->report_at == 0 ? "in " : " < ";
        uint32_t xt = mn__forth_word_of_code(vm, at, &number);
        memcpy(text, lead, 3);
        uint32_t len = mn__forth_name(vm, xt, text + 3);
        if (len == 0) {
            memcpy(text + 3, ":noname", 7);
            len = 7;
        }
        if (mn__forth_print(vm, text, len + 3u < OUTPUT_PIECE ? len + 3u : OUTPUT_PIECE) != FN_OK) {
            return FN_WAIT;
        }
        vm->report_at++;
    }
}

int mn__forth_report(mn_forth_t *vm) {
    typedef int (*step_t)(mn_forth_t *);
    static const step_t steps[] = {print_meaning, print_word, print_line, print_mark,
                                   print_backtrace};
    if (vm->config.quiet) {
        return FN_OK;
    }
    if (vm->report == 0 && !vm->fresh_line && mn__forth_puts(vm, "\n") != FN_OK) {
        return FN_WAIT;
    }
    while (vm->report < MN_COUNT_OF(steps)) {
        bool context =
            vm->token_len != 0 && !mn__forth_about_line(vm->error) && vm->error != THROW_ABORT;
        step_t step = steps[vm->report];
        if (step == print_meaning && vm->error == THROW_ABORTQ && vm->abort_text != 0) {
            step = print_abort_text;
            if (vm->report_at == 0 && mn__forth_puts(vm, "? ") != FN_OK) {
                return FN_WAIT;
            }
            vm->report_at = 1;
        }
        if ((step == print_line || step == print_mark || step == print_backtrace) && !context) {
            vm->report++;
            continue;
        }
        if (step(vm) != FN_OK) {
            return FN_WAIT;
        }
        vm->report++;
        vm->report_at = 0;
    }
    vm->report = 0;
    return FN_OK;
}
