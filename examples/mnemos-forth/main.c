// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// mnemos-forth [FILE…]: the Forth of libmnemos on a desktop. Interprets the files in order, or
// standard input; `-` is standard input too. The first uncaught error ends it with status 1 and
// FILE:LINE: message on standard error, except at a terminal, where the next line is read.

#include <mnemos/assert.h>
#include <mnemos/forth_host.h>
#include <mnemos/util.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// A program that uses the library alone brings its own end of the world.
_Noreturn void mn_panic(const char *message, const char *file, int line) {
    (void)fprintf(stderr, "mnemos-forth: %s (%s:%d)\n", message, file != NULL ? file : "?", line);
    abort();
}

typedef struct {
    FILE *file;
    const char *name;
    unsigned long line_number;
    char *line;
    size_t capacity;
    bool interactive;
} input_t;

static mn_forth_t *machine; // for the signal handler

static void on_interrupt(int signal_number) {
    (void)signal_number;
    if (machine != NULL) {
        mn_forth_interrupt(machine);
    }
}

static bool drain(mn_forth_t *vm, FILE *to) {
    char buffer[4096];
    size_t n;
    while ((n = mn_forth_output_take(vm, buffer, sizeof buffer)) > 0) {
        if (fwrite(buffer, 1, n, to) != n) {
            return false;
        }
    }
    return true;
}

// The next line without its line end; -1 at the end of the input.
static ssize_t next_line(input_t *in) {
    ssize_t len = getline(&in->line, &in->capacity, in->file);
    if (len < 0) {
        return -1;
    }
    in->line_number++;
    while (len > 0 && (in->line[len - 1] == '\n' || in->line[len - 1] == '\r')) {
        len--;
    }
    return len;
}

static void feed_more(mn_forth_t *vm, input_t *in) {
    ssize_t len = next_line(in);
    if (len < 0) {
        mn_forth_feed_end(vm);
    } else {
        (void)mn_forth_feed_line(vm, in->line, (size_t)len);
    }
}

// One line from feeding to its answer.
static mn_status_t run_line(mn_forth_t *vm, input_t *in, size_t len) {
    mn_status_t status = mn_forth_feed_line(vm, in->line, len);
    if (status != MN_OK && status != MN_ETOOBIG && status != MN_EINVAL) {
        return status;
    }
    for (;;) {
        status = mn_forth_run(vm, 100000);
        if (status != MN_PENDING) {
            return status;
        }
        switch (mn_forth_wants(vm)) {
        case MN_FORTH_WANTS_LINE:
            (void)drain(vm, stdout);
            (void)fflush(stdout);
            feed_more(vm, in);
            break;
        default:
            if (!drain(vm, stdout)) {
                return MN_EIO;
            }
        }
    }
}

static void complain(mn_forth_t *vm, const input_t *in) {
    mn_forth_error_t error;
    mn_forth_error(vm, &error);
    (void)fflush(stdout);
    (void)fprintf(stderr, "%s:%lu: %s%s%s\n", in->name, in->line_number, error.text,
                  error.word[0] != '\0' ? ": " : "", error.word);
}

// Interprets one file; the status of the program, or -1 to go on with the next file.
static int run_input(mn_forth_t *vm, input_t *in) {
    ssize_t len;
    while ((len = next_line(in)) >= 0) {
        mn_status_t status = run_line(vm, in, (size_t)len);
        if (!drain(vm, stdout) || status == MN_EIO) {
            (void)fprintf(stderr, "mnemos-forth: cannot write to standard output\n");
            return 1;
        }
        if (in->interactive) {
            (void)fflush(stdout);
        }
        if (status == MN_ECLOSED) {
            return 0;
        }
        if (status != MN_OK && !in->interactive) {
            complain(vm, in);
            return 1;
        }
    }
    if (ferror(in->file)) {
        (void)fprintf(stderr, "mnemos-forth: cannot read %s\n", in->name);
        return 1;
    }
    return -1;
}

static int run_file(mn_forth_t *vm, const char *name) {
    bool standard = strcmp(name, "-") == 0;
    input_t in = {
        .file = standard ? stdin : fopen(name, "r"),
        .name = standard ? "stdin" : name,
        .interactive = standard && isatty(STDIN_FILENO) == 1,
    };
    if (in.file == NULL) {
        (void)fprintf(stderr, "mnemos-forth: cannot open %s\n", name);
        return 1;
    }
    int result = run_input(vm, &in);
    free(in.line);
    if (!standard) {
        (void)fclose(in.file);
    }
    return result;
}

// Files are programs: they are not answered line by line.
static mn_forth_t *make_machine(bool quiet, void **memory) {
    mn_forth_config_t config = MN_FORTH_CONFIG_DEFAULT;
    mn_forth_t *vm = NULL;
    static const mn_forth_words_t *const sets[] = {&mn_forth_float_words};
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
        result = run_file(vm, "-");
    }
    machine = NULL;
    mn_forth_end(vm);
    free(memory);
    if (fflush(stdout) != 0 && result < 1) {
        (void)fprintf(stderr, "mnemos-forth: cannot write to standard output\n");
        result = 1;
    }
    return result < 0 ? 0 : result;
}
