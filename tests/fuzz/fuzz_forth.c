// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Fuzzes the Forth VM. The first byte chooses how the rest is read: as lines of text, or as choices
// of a generator that writes programs out of the words the VM knows, numbers at the edges and
// structures that are mostly balanced, so that it gets past the parser. Everything is small, so
// that every limit is met, and the VM's block is exactly as large as it asks for, so that the
// address sanitizer sees a step outside.

#include "forth/vm.h"

#include <stdlib.h>
#include <string.h>

#define LINES_MAX 24
#define RUNS_PER_LINE 40

typedef struct {
    const uint8_t *data;
    size_t left;
} choices_t;

static uint32_t choose(choices_t *c, uint32_t count) {
    if (c->left == 0 || count == 0) {
        return 0;
    }
    uint32_t value = *c->data;
    c->data++;
    c->left--;
    if (count > 256 && c->left > 0) {
        value = value << 8 | *c->data;
        c->data++;
        c->left--;
    }
    return value % count;
}

static void drain(mn_forth_t *vm) {
    uint8_t sink[48];
    while (mn_forth_output_take(vm, sink, sizeof sink) != 0) {
    }
}

static void run_line(mn_forth_t *vm, const char *text, size_t len, choices_t *c) {
    (void)mn_forth_feed_line(vm, text, len);
    for (int i = 0; i < RUNS_PER_LINE; i++) {
        mn_status_t status = mn_forth_run(vm, 1u + choose(c, 64));
        MN_ASSERT(vm->sp >= vm->data && vm->sp <= vm->data_limit);
        MN_ASSERT(vm->rp >= vm->ret && vm->rp < vm->cp && vm->cp <= vm->calls);
        MN_ASSERT(vm->seg.here <= vm->seg.limit);
        if (status != MN_PENDING) {
            break;
        }
        if (mn_forth_wants(vm) == MN_FORTH_WANTS_LINE) {
            mn_forth_feed_end(vm);
        }
        if (i % 3 != 0) {
            drain(vm);
        }
    }
    mn_forth_interrupt(vm);
    for (int i = 0; i < 100 && mn_forth_wants(vm) != MN_FORTH_WANTS_NOTHING; i++) {
        (void)mn_forth_run(vm, 1);
        drain(vm);
    }
    drain(vm);
}

static size_t add(char *line, size_t at, size_t size, const char *text, size_t len) {
    if (at + len + 1 >= size) {
        return at;
    }
    memcpy(line + at, text, len);
    line[at + len] = ' ';
    return at + len + 1;
}

static size_t add_text(char *line, size_t at, size_t size, const char *text) {
    return add(line, at, size, text, strlen(text));
}

static size_t add_word(mn_forth_t *vm, choices_t *c, char *line, size_t at, size_t size) {
    const mn_forth_words_t *set = mn__forth_set(vm, choose(c, vm->set_count));
    const mn_forth_word_t *word = &set->words[choose(c, set->count)];
    return word->len == 0 ? at : add(line, at, size, word->name, word->len);
}

// Whole structures, so that definitions are completed often enough.
static const char *const pieces[] = {
    ": w0",
    ": w1",
    ": w2",
    ";",
    "w0",
    "w1",
    "w2",
    "begin",
    "1 while",
    "repeat",
    "until",
    "if",
    "else",
    "then",
    "10 0 do",
    "loop",
    "2 +loop",
    "?do",
    "leave",
    "recurse",
    "exit",
    "create c0",
    "does>",
    "c0",
    "var",
    "variable v",
    "v",
    "v @",
    "1 v !",
    "5 value x",
    "to x",
    "x",
    "defer d",
    "is d",
    "d",
    "' w0",
    "' w1",
    "execute",
    "catch",
    "throw",
    "['] w2",
    "immediate",
    "s\" 1 2 +\"",
    "evaluate",
    ".\" text\"",
    "abort\" no\"",
    "[",
    "]",
    "postpone w1",
    "postpone if",
    "literal",
    ":noname",
    "marker m",
    "m",
    "forget w1",
    "forget w0",
    ">r",
    "r>",
    "r@",
    "here",
    "allot",
    "pad",
    "fill",
    "move",
    "case",
    "1 of",
    "endof",
    "endcase",
    "-1",
    "$7fffffff",
    "$80000000",
    "65536",
    "256",
    "300",
    "4000",
    "$5A000000",
    "$5A000001",
    "$5B000105",
    "$5B000805",
    "hex",
    "decimal",
    "base",
    "1.",
    "<# #s #>",
    "dup",
    "drop",
    "swap",
    "over",
    "quit",
    "abort",
    "refill",
    "word",
    "32",
    "parse",
    "( x )",
    "\\ c",
    "{: a b | c :}",
    "a",
    "b to c",
    "cs-pick",
    "cs-roll",
    "ahead",
    "state",
    ">in",
    "source",
    "2dup",
    ".s",
    "words",
    "[if]",
    "[else]",
    "[then]",
    "see w0",
    "see w1",
    "dump",
    "n>r",
    "nr>",
    "synonym s0 w0",
    "s0",
    "get-order",
    "set-order",
    "wordlist",
    "set-current",
    "also",
    "definitions",
    "previous",
    "only forth",
};

// Balanced structures around words that are allowed anywhere.
static const char *const shapes[][3] = {
    {"if", "else", "then"},
    {"begin", "while", "repeat"},
    {"begin", "", "until"},
    {"3 0 do", "i", "loop"},
    {"0 9 do", "j", "-3 +loop"},
    {"?do", "leave", "loop"},
    {"case 1 of", "endof", "endcase"},
    {"ahead", "", "then"},
    {"{: a b | c :}", "a to c", "b"},
    {">r", "r@", "r>"},
    {"dup if", "exit", "then"},
    {"5 for", "", "next"},
};

static size_t body(mn_forth_t *vm, choices_t *c, char *line, size_t at, size_t size, int depth) {
    uint32_t count = 1u + choose(c, 5);
    for (uint32_t i = 0; i < count && c->left > 0; i++) {
        uint32_t kind = choose(c, 8);
        if (kind == 0 && depth > 0) {
            const char *const *shape = shapes[choose(c, MN_COUNT_OF(shapes))];
            at = add_text(line, at, size, shape[0]);
            at = body(vm, c, line, at, size, depth - 1);
            at = add_text(line, at, size, shape[1]);
            at = body(vm, c, line, at, size, depth - 1);
            at = add_text(line, at, size, shape[2]);
        } else if (kind < 4) {
            static const uint8_t plain[] = {0, 1, 2, 3}; // sets without words that read the source
            const mn_forth_words_t *set = mn__forth_set(vm, plain[choose(c, sizeof plain)]);
            const mn_forth_word_t *word = &set->words[choose(c, set->count)];
            at = word->len != 0 ? add(line, at, size, word->name, word->len) : at;
        } else if (kind < 6) {
            static const char *const values[] = {"0",   "1",    "-1", "2",  "256", "300",  "1000",
                                                 "pad", "here", "v",  "c0", "x",   "' w0", "65536"};
            at = add_text(line, at, size, values[choose(c, MN_COUNT_OF(values))]);
        } else {
            at = add_word(vm, c, line, at, size);
        }
    }
    return at;
}

static void definitions(mn_forth_t *vm, choices_t *c) {
    char line[160];
    static const char *const names[] = {": w0", ": w1", ": w2", ":noname", ": d0 create"};
    run_line(vm, "variable v create c0 20 allot 5 value x : w0 ; : w1 ; : w2 ;", 60, c);
    for (int n = 0; n < LINES_MAX && c->left > 0; n++) {
        uint32_t name = choose(c, MN_COUNT_OF(names));
        size_t at = add_text(line, 0, sizeof line, names[name]);
        at = body(vm, c, line, at, sizeof line - 12, 3);
        if (name == 4) {
            at = add_text(line, at, sizeof line - 10, "does>");
            at = body(vm, c, line, at, sizeof line - 10, 1);
        }
        at = add_text(line, at, sizeof line, ";");
        run_line(vm, line, at, c);
        at = body(vm, c, line, 0, sizeof line, 0);
        at = add_text(line, at, sizeof line, name < 3 ? names[name] + 2 : "execute");
        run_line(vm, line, at, c);
    }
}

static void generated(mn_forth_t *vm, choices_t *c) {
    char line[160];
    for (int n = 0; n < LINES_MAX && c->left > 0; n++) {
        size_t at = 0;
        uint32_t count = 1u + choose(c, 24);
        for (uint32_t i = 0; i < count && c->left > 0; i++) {
            uint32_t kind = choose(c, 8);
            if (kind < 3) {
                at = add_word(vm, c, line, at, sizeof line);
            } else {
                at = add_text(line, at, sizeof line, pieces[choose(c, MN_COUNT_OF(pieces))]);
            }
        }
        run_line(vm, line, at, c);
    }
}

static void lines(mn_forth_t *vm, choices_t *c) {
    for (int n = 0; n < LINES_MAX && c->left > 0; n++) {
        const uint8_t *end = memchr(c->data, '\n', c->left);
        size_t len = end != NULL ? (size_t)(end - c->data) : c->left;
        const char *text = (const char *)c->data;
        choices_t budgets = {c->data, len};
        c->data += len;
        c->left -= len;
        if (end != NULL) {
            c->data++;
            c->left--;
        }
        run_line(vm, text, len, &budgets);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void *take_memory(void *context, size_t size) {
    (void)context;
    return malloc(size);
}

static void give_memory(void *context, void *memory, size_t size) {
    (void)context;
    (void)size;
    free(memory);
}

static void released(void *context, void *memory) {
    (void)context;
    free(memory);
}

static mn_forth_t *make(const mn_forth_config_t *config, mn_forth_t *parent) {
    mn_forth_t *vm = NULL;
    size_t size = parent != NULL ? mn_forth_fork_memory_needed(parent, config)
                                 : mn_forth_memory_needed(config);
    void *memory = malloc(size);
    if (memory == NULL) {
        abort();
    }
    mn_status_t status = parent != NULL ? mn_forth_fork(&vm, parent, config, memory, size)
                                        : mn_forth_init(&vm, config, memory, size);
    if (status != MN_OK) {
        MN_ASSERT(status == MN_EBUSY); // in the middle of a definition
        free(memory);
        return NULL;
    }
    return vm;
}

static void some_program(mn_forth_t *vm, choices_t *c, uint32_t mode) {
    if (mode == 0) {
        lines(vm, c);
    } else if (mode % 2 == 0) {
        generated(vm, c);
    } else {
        definitions(vm, c);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    mn_forth_config_t config = MN_FORTH_CONFIG_DEFAULT;
    choices_t c = {data, size};
    uint32_t mode = choose(&c, 8);
    config.data_stack = 24;
    config.return_stack = 48;
    config.float_stack = 6;
    config.data_size = 1024;
    config.dict_size = 1024;
    config.input_size = 160;
    config.output_size = 64;
    config.buckets = 4;
    config.alloc = take_memory;
    config.free = give_memory;
    config.released = released;
    mn_forth_t *vm = make(&config, NULL);
    mn_forth_t *child = NULL;
    if (mode >= 5) { // a part of it in a parent, the rest in turns
        choices_t first = {c.data, c.left / 3};
        c.data += first.left;
        c.left -= first.left;
        some_program(vm, &first, mode);
        child = make(&config, vm);
    }
    choices_t half = {c.data, child != NULL ? c.left / 2 : 0};
    c.data += half.left;
    c.left -= half.left;
    if (child != NULL) {
        some_program(child, &half, mode - 1u);
    }
    some_program(vm, &c, mode);
    if (mode == 7) {
        mn_forth_end(vm);
    }
    if (child != NULL) {
        run_line(child, "w0 w1 v @ . words", 17, &half);
        mn_forth_end(child);
    }
    if (mode != 7) {
        mn_forth_end(vm);
    }
    return 0;
}
