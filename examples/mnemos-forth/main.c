// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// mnemos-forth [FILE…]: the Forth of libmnemos on a desktop. Interprets the files in order, or
// standard input; `-` is standard input too. The first uncaught error ends it with status 1 and
// FILE:LINE: message on standard error, except at a terminal, where the next line is read.

#include "host.h"

#include <mnemos/assert.h>
#include <mnemos/util.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A program that uses the library alone brings its own end of the world.
_Noreturn void mn_panic(const char *message, const char *file, int line) {
    (void)fprintf(stderr, "mnemos-forth: %s (%s:%d)\n", message, file != NULL ? file : "?", line);
    abort();
}

static mn_forth_t *machine; // for the signal handler

static void on_interrupt(int signal_number) {
    (void)signal_number;
    if (machine != NULL) {
        mn_forth_interrupt(machine);
    }
}

static mn_status_t feed_next(mn_forth_t *vm) {
    char *line;
    ssize_t len = console_line(&line);
    return len < 0 ? MN_ECLOSED : mn_forth_feed_line(vm, line, (size_t)len);
}

// From a line or file that has begun to its answer.
static mn_status_t run(mn_forth_t *vm) {
    for (;;) {
        mn_status_t status = mn_forth_run(vm, 100000);
        if (!console_drain(vm)) {
            return MN_EIO;
        }
        if (status != MN_PENDING) {
            return status;
        }
        if (mn_forth_wants(vm) == MN_FORTH_WANTS_LINE) {
            (void)fflush(stdout);
            if (feed_next(vm) == MN_ECLOSED) {
                mn_forth_feed_end(vm);
            }
        }
    }
}

static void complain(mn_forth_t *vm) {
    mn_forth_error_t error;
    mn_forth_error(vm, &error);
    (void)fflush(stdout);
    (void)fprintf(stderr, "%s:%lu: %s", error.source == 0 ? "stdin" : files_name(error.source),
                  (unsigned long)error.line, error.text);
    if (strcmp(error.text, "exception") == 0) {
        (void)fprintf(stderr, " %ld", (long)error.code);
    }
    (void)fprintf(stderr, "%s%s\n", error.word[0] != '\0' ? ": " : "", error.word);
}

// The status of the program, or -1 to go on.
static int judge(mn_forth_t *vm, mn_status_t status, bool interactive) {
    switch (status) {
    case MN_OK:
        return -1;
    case MN_ECLOSED:
        return 0;
    case MN_EIO:
        (void)fprintf(stderr, "mnemos-forth: cannot write to standard output\n");
        return 1;
    default:
        if (interactive) {
            return -1;
        }
        complain(vm);
        return 1;
    }
}

static int run_standard_input(mn_forth_t *vm) {
    bool interactive = console_interactive();
    int result = -1;
    while (result < 0 && feed_next(vm) != MN_ECLOSED) {
        result = judge(vm, run(vm), interactive);
        if (interactive) {
            (void)fflush(stdout);
        }
    }
    if (result < 0 && console_failed()) {
        (void)fprintf(stderr, "mnemos-forth: cannot read stdin\n");
        return 1;
    }
    return result;
}

static int run_file(mn_forth_t *vm, const char *name) {
    if (strcmp(name, "-") == 0) {
        return run_standard_input(vm);
    }
    if (!files_include(vm, name)) {
        (void)fprintf(stderr, "mnemos-forth: cannot open %s\n", name);
        return 1;
    }
    return judge(vm, run(vm), false);
}

// Files are programs: they are not answered line by line.
static mn_forth_t *make_machine(bool quiet, void **memory) {
    mn_forth_config_t config = MN_FORTH_CONFIG_DEFAULT;
    mn_forth_t *vm = NULL;
    static const mn_forth_words_t *const sets[] = {&mn_forth_float_words, &console_words,
                                                   &file_words};
    config.data_stack = 4096;
    config.return_stack = 16384;
    config.float_stack = 256;
    config.data_size = 4u << 20;
    config.dict_size = 2u << 20;
    config.input_size = 4096;
    config.output_size = 8192;
    config.buckets = 1024;
    config.quiet = quiet;
    config.words = sets;
    config.words_count = MN_COUNT_OF(sets);
    config.sources = &file_sources;
    size_t size = mn_forth_memory_needed(&config);
    *memory = malloc(size);
    if (*memory == NULL || mn_forth_init(&vm, &config, *memory, size) != MN_OK) {
        return NULL;
    }
    return vm;
}

int main(int argc, char **argv) {
    void *memory;
    mn_forth_t *vm = make_machine(argc > 1, &memory);
    int result = -1;
    if (vm == NULL) {
        (void)fprintf(stderr, "mnemos-forth: out of memory\n");
        free(memory);
        return 1;
    }
    machine = vm;
    (void)signal(SIGINT, on_interrupt);
    for (int i = 1; i < argc && result < 0; i++) {
        result = run_file(vm, argv[i]);
    }
    if (argc < 2) {
        result = run_standard_input(vm);
    }
    machine = NULL;
    mn_forth_end(vm);
    files_end();
    free(memory);
    if (fflush(stdout) != 0 && result < 1) {
        (void)fprintf(stderr, "mnemos-forth: cannot write to standard output\n");
        result = 1;
    }
    return result < 0 ? 0 : result;
}
