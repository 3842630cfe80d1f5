// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Runs the case files (*.txt) of this folder: every line of every case with plenty of budget, then
// again one unit at a time, then with an output buffer that is always nearly full. All must give
// the same. The format is described at the top of forth3.txt.

#include <mnemos/forth_host.h>
#include <mnemos/util.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef enum { PLENTY, SINGLE_STEP, NARROW, WAYS } way_t;

typedef struct {
    mn_forth_t *vm;
    void *memory;
} machine_t;

typedef struct {
    const char *file;
    way_t way;
    bool forth3;
    unsigned line;
    char name[64];
    mn_forth_config_t config;
    machine_t machines[4];
    unsigned current;
    char output[8192];
    size_t output_len;
    mn_status_t status;
    int32_t code;
    unsigned failures;
    unsigned checks;
    char squirrels[256];
} run_t;

static void *frame_alloc(void *context, size_t size) {
    (void)context;
    return malloc(size);
}

static void frame_free(void *context, void *memory, size_t size) {
    (void)context;
    (void)size;
    free(memory);
}

static void block_released(void *context, void *memory) {
    (void)context;
    free(memory);
}

static int w_squirrel(mn_forth_t *vm) {
    run_t *run = mn_forth_context(vm);
    size_t len = strlen(run->squirrels);
    (void)snprintf(run->squirrels + len, sizeof run->squirrels - len, "%s%d", len > 0 ? ", " : "",
                   (int)mn_forth_pop(vm));
    return MN_OK;
}

// Waits as often as the number on the stack says, which stays there.
static int w_counter(mn_forth_t *vm) {
    uint32_t *state = mn_forth_word_state(vm);
    return state[0]++ < mn_forth_peek(vm, 0) ? MN_PENDING : MN_OK;
}

static const mn_forth_word_t host_table[] = {
    MN_FORTH_WORD("squirrel", w_squirrel, 1, 0, "( n -- ) append n to a list of the host"),
    MN_FORTH_WORD("counter", w_counter, 1, 1, "( n -- n ) wait n times"),
};
static const mn_forth_words_t host_words = {host_table, MN_COUNT_OF(host_table), 0, "test", NULL};

static void end_case(run_t *run) {
    for (unsigned i = 0; i < MN_COUNT_OF(run->machines); i++) {
        if (run->machines[i].vm != NULL) {
            mn_forth_end(run->machines[i].vm);
        }
        run->machines[i] = (machine_t){0};
    }
}

static void feed(run_t *run, const char *text, size_t len) {
    mn_forth_t *vm = run->machines[run->current].vm;
    size_t piece = run->way == NARROW ? 1 : sizeof run->output;
    run->output_len = 0;
    (void)mn_forth_feed_line(vm, text, len);
    for (int turns = 0; turns < 2000000; turns++) {
        run->status = mn_forth_run(vm, run->way == SINGLE_STEP ? 1 : 1000);
        if (run->way != NARROW || mn_forth_wants(vm) == MN_FORTH_WANTS_OUTPUT) {
            size_t room = sizeof run->output - 1 - run->output_len;
            run->output_len += mn_forth_output_take(vm, run->output + run->output_len,
                                                    piece < room ? piece : room);
        }
        if (run->status != MN_PENDING) {
            break;
        }
        if (mn_forth_wants(vm) == MN_FORTH_WANTS_LINE) {
            mn_forth_feed_end(vm);
        }
    }
    size_t n;
    while ((n = mn_forth_output_take(vm, run->output + run->output_len,
                                     sizeof run->output - 1 - run->output_len)) > 0) {
        run->output_len += n;
    }
    run->output[run->output_len] = '\0';
    mn_forth_error_t error;
    mn_forth_error(vm, &error);
    run->code = error.code;
}

static void new_machine(run_t *run, machine_t *machine) {
    static const mn_forth_words_t *const sets[] = {&host_words};
    run->config.words = sets;
    run->config.words_count = 1;
    run->config.context = run;
    run->config.memory_context = run;
    run->config.alloc = frame_alloc;
    run->config.free = frame_free;
    run->config.released = block_released;
    size_t size = mn_forth_memory_needed(&run->config);
    assert_int_not_equal(size, 0);
    machine->memory = malloc(size);
    assert_int_equal(mn_forth_init(&machine->vm, &run->config, machine->memory, size), MN_OK);
}

static void begin_case(run_t *run, const char *text) {
    char key[32];
    unsigned long value;
    int used = 0;
    end_case(run);
    run->config = (mn_forth_config_t)MN_FORTH_CONFIG_DEFAULT;
    run->config.dict_size = 4096;
    run->config.data_size = 4096;
    run->config.output_size = 64;
    run->current = 0;
    run->squirrels[0] = '\0';
    assert_int_equal(sscanf(text, "%63s%n", run->name, &used), 1);
    while (sscanf(text += used, " %31[a-z_]=%lu%n", key, &value, &used) == 2) {
        uint32_t n = (uint32_t)value;
        if (strcmp(key, "data_stack") == 0) {
            run->config.data_stack = n;
        } else if (strcmp(key, "return_stack") == 0) {
            run->config.return_stack = n;
        } else if (strcmp(key, "input") == 0) {
            run->config.input_size = n;
        } else if (strcmp(key, "dict") == 0) {
            run->config.dict_size = n;
        } else if (strcmp(key, "data") == 0) {
            run->config.data_size = n;
        } else {
            fail_msg("%s:%u: unknown key %s", run->file, run->line, key);
        }
    }
    new_machine(run, &run->machines[0]);
    if (run->forth3) {
        feed(run, "forth3", 6);
    }
}

static void fork_machine(run_t *run, const char *text) {
    unsigned from = (unsigned)(text[0] - 'A');
    unsigned to = (unsigned)(text[2] - 'A');
    machine_t *parent = &run->machines[from];
    machine_t *child = &run->machines[to];
    size_t size = mn_forth_fork_memory_needed(parent->vm, &run->config);
    child->memory = malloc(size);
    assert_int_equal(mn_forth_fork(&child->vm, parent->vm, &run->config, child->memory, size),
                     MN_OK);
}

// \n \t \r \\ \0, \u (a two-byte character), \b (a byte that is not valid text), \R (repeat the
// last character 300 times).
static size_t unescape(const char *text, char *out) {
    size_t len = 0;
    for (; *text != '\0'; text++) {
        if (*text != '\\') {
            out[len++] = *text;
            continue;
        }
        text++;
        switch (*text) {
        case 'u':
            out[len++] = (char)0xC3;
            out[len++] = (char)0xA9;
            break;
        case 'b':
            out[len++] = (char)0xFF;
            break;
        case 'R':
            memset(out + len, (len != 0) ? out[len - 1] : 0, 300);
            len += 300;
            break;
        default:
            out[len++] = *text == 'n'   ? '\n'
                         : *text == 't' ? '\t'
                         : *text == 'r' ? '\r'
                         : *text == '0' ? '\0'
                                        : *text;
        }
    }
    return len;
}

static void complain(run_t *run, const char *expected) {
    static const char *const ways[] = {"plenty", "single step", "narrow"};
    run->failures++;
    print_error("%s:%u: %s (%s): expected %s\n  got status %d code %d output <%s>\n", run->file,
                run->line, run->name, ways[run->way], expected, (int)run->status, (int)run->code,
                run->output);
}

static void expect_ok(run_t *run, const char *text) {
    char expected[1024];
    size_t len = unescape(text, expected);
    run->checks++;
    if (run->status != MN_OK || len != run->output_len || memcmp(expected, run->output, len) != 0) {
        complain(run, text);
    }
}

// CODE | OUTPUT: the output up to the report, which must come next.
static void expect_error(run_t *run, const char *text) {
    char expected[1024];
    char *end;
    long code = strtol(text, &end, 10);
    size_t len = strncmp(end, " | ", 3) == 0 ? unescape(end + 3, expected) : 0;
    run->checks++;
    bool fresh = len == 0 || expected[len - 1] == '\n';
    if (!fresh) {
        expected[len++] = '\n';
    }
    expected[len++] = '?';
    if (run->status != (code == -28 ? MN_EINTERRUPTED : MN_EFAILED) || run->code != code ||
        run->output_len < len || memcmp(expected, run->output, len) != 0) {
        complain(run, text);
    }
}

static void do_line(run_t *run, char *line) {
    char input[2048];
    if (strncmp(line, "case ", 5) == 0) {
        begin_case(run, line + 5);
    } else if (strncmp(line, "vm ", 3) == 0) {
        run->current = (unsigned)(line[3] - 'A');
    } else if (strncmp(line, "fork ", 5) == 0) {
        fork_machine(run, line + 5);
    } else if (strncmp(line, "end ", 4) == 0) {
        mn_forth_end(run->machines[line[4] - 'A'].vm);
        run->machines[line[4] - 'A'] = (machine_t){0};
    } else if (strcmp(line, "dialect forth3") == 0) {
        run->forth3 = true;
    } else if (strncmp(line, "hostdump [", 10) == 0) {
        line[strlen(line) - 1] = '\0';
        assert_string_equal(run->squirrels, line + 10);
    } else if (line[0] == '>') {
        feed(run, input, unescape(line[1] == ' ' ? line + 2 : line + 1, input));
    } else if (line[0] == '=') {
        expect_ok(run, line[1] == ' ' ? line + 2 : line + 1);
    } else if (line[0] == '!') {
        expect_error(run, line + 2);
    } else if (line[0] != '#' && line[0] != '\0' && strncmp(line, "source ", 7) != 0) {
        fail_msg("%s:%u: what is this? %s", run->file, run->line, line);
    }
}

static unsigned run_file(const char *name, way_t way) {
    char path[512];
    char line[2048];
    run_t run = {.file = name, .way = way};
    (void)snprintf(path, sizeof path, "%s/%s", MNEMOS_TEST_DIR, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        run.line++;
        line[strcspn(line, "\n")] = '\0';
        do_line(&run, line);
    }
    (void)fclose(file);
    end_case(&run);
    print_message("%s: %u checks\n", name, run.checks);
    assert_int_not_equal(run.checks, 0);
    return run.failures;
}

static const char *const files[] = {"forth3.txt", "core.txt", "words.txt", "errors.txt"};

static void run_all(way_t way) {
    unsigned failures = 0;
    for (unsigned i = 0; i < MN_COUNT_OF(files); i++) {
        failures += run_file(files[i], way);
    }
    assert_int_equal(failures, 0);
}

static void test_plenty(void **state) {
    (void)state;
    run_all(PLENTY);
}

static void test_single_step(void **state) {
    (void)state;
    run_all(SINGLE_STEP);
}

static void test_narrow_output(void **state) {
    (void)state;
    run_all(NARROW);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plenty),
        cmocka_unit_test(test_single_step),
        cmocka_unit_test(test_narrow_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
