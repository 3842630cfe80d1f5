// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Forth: what a VM takes, and how fast it is beside other Forths on the same programs.
//
// The programs run here in a VM of this process and, for each other Forth that is installed, in a
// child process: all of them in turn, several times, and the best processor time of each counts.
// What a child needs to start, which is measured with an empty program, is subtracted.

#include "bench.h"
#include "bench_rv32.h"
#include "forth_size.h"
#include <fcntl.h>
#include <math.h>
#include <mnemos/assert.h>
#include <mnemos/forth_host.h>
#include <mnemos/util.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 5, ARGUMENT = 512, SOURCE_LINE = 256 };

// ---------------------------------------------------------------------------------------------
// Machines

static void *get_memory(void *context, size_t size) {
    (void)context;
    return malloc(size);
}

static void free_memory(void *context, void *memory, size_t size) {
    (void)context;
    (void)size;
    free(memory);
}

typedef struct machine {
    mn_forth_t *vm;
    void *memory;
} machine_t;

static const mn_forth_config_t idle = MN_FORTH_CONFIG_DEFAULT;

static mn_forth_config_t large_config(void) {
    mn_forth_config_t config = MN_FORTH_CONFIG_DEFAULT;
    config.data_stack = 1024;
    config.return_stack = 4096;
    config.data_size = 1U << 16;
    config.dict_size = 1U << 20;
    config.buckets = 1024;
    config.quiet = true;
    config.alloc = get_memory;
    config.free = free_memory;
    return config;
}

static machine_t make_machine(const mn_forth_config_t *config) {
    machine_t machine = {0};
    const size_t size = mn_forth_memory_needed(config);
    machine.memory = malloc(size);
    MN_ASSERT(machine.memory != NULL);
    const mn_status_t status = mn_forth_init(&machine.vm, config, machine.memory, size);
    MN_ASSERT(status == MN_OK);
    return machine;
}

// One line to its end. A program that prints something has found a wrong result.
static mn_status_t run_line(mn_forth_t *vm, const char *line) {
    mn_status_t status = mn_forth_feed_line(vm, line, strlen(line));
    MN_ASSERT(status == MN_OK);
    do {
        status = mn_forth_run(vm, 0);
    } while (status == MN_PENDING);
    char byte = 0;
    MN_ASSERT(mn_forth_output_take(vm, &byte, 1) == 0);
    return status;
}

// ---------------------------------------------------------------------------------------------
// Beginning, forking

static machine_t parent;
static void *child_memory;
static size_t child_size;

static void run_init(unsigned iterations) {
    const size_t size = mn_forth_memory_needed(&idle);
    void *memory = malloc(size);
    for (; iterations != 0; iterations--) {
        mn_forth_t *vm = NULL;
        const mn_status_t status = mn_forth_init(&vm, &idle, memory, size);
        MN_ASSERT(status == MN_OK);
        mn_forth_end(vm);
    }
    free(memory);
}

static void make_parent(unsigned words) {
    const mn_forth_config_t config = large_config();
    free(child_memory);
    free(parent.memory);
    parent = make_machine(&config);
    for (unsigned i = 0; i < words; i++) {
        char line[SOURCE_LINE];
        (void)snprintf(line, sizeof(line), ": word%u ( n -- n ) %u + ;", i, i);
        const mn_status_t status = run_line(parent.vm, line);
        MN_ASSERT(status == MN_OK);
    }
    child_size = mn_forth_fork_memory_needed(parent.vm, &config);
    child_memory = malloc(child_size);
}

static void setup_fork_10(void) {
    make_parent(10);
}

static void setup_fork_10000(void) {
    make_parent(10000);
}

static void run_fork(unsigned iterations) {
    mn_forth_config_t config = large_config();
    // Room for the child's own words, as at a prompt.
    config.data_stack = idle.data_stack;
    config.return_stack = idle.return_stack;
    config.dict_size = idle.dict_size;
    for (; iterations != 0; iterations--) {
        mn_forth_t *child = NULL;
        const mn_status_t status =
            mn_forth_fork(&child, parent.vm, &config, child_memory, child_size);
        MN_ASSERT(status == MN_OK);
        mn_forth_end(child);
    }
}

// ---------------------------------------------------------------------------------------------
// Sizes

static double ram(void) {
    MN_ASSERT(mn_forth_memory_needed(&idle) == FORTH_SIZE);
    const size_t size = FORTH_SIZE;
    return (double)size;
}

static double ram_rv32(void) {
    return BENCH_RV32_FORTH;
}

static double flash_rv32(void) {
    return BENCH_RV32_FORTH_FLASH;
}

static double flash_small_rv32(void) {
    return BENCH_RV32_FORTH_FLASH_SMALL;
}

// ---------------------------------------------------------------------------------------------
// Programs under the other Forths

typedef enum engine { HERE, GFORTH, GFORTH_FAST, PFORTH, ENGINES } engine_t;

static const char *const commands[ENGINES] = {"", "gforth", "gforth-fast", "pforth"};

static double seconds_of(const struct timeval *t) {
    return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

// Processor time of a program in another Forth, from its start to its end; NAN if that fails.
static double run_child(const char *command, const char *file) {
    const pid_t pid = fork();
    if (pid == 0) {
        const int nothing = open("/dev/null", O_RDWR);
        (void)dup2(nothing, STDIN_FILENO);
        (void)dup2(nothing, STDOUT_FILENO);
        (void)dup2(nothing, STDERR_FILENO);
        (void)execlp(command, command, file, (char *)NULL);
        _exit(127);
    }
    int status = 0;
    struct rusage usage;
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid || status != 0) {
        return NAN;
    }
    return seconds_of(&usage.ru_utime) + seconds_of(&usage.ru_stime);
}

// ---------------------------------------------------------------------------------------------
// Programs here

static double processor_time(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double run_here(const char *file) {
    const mn_forth_config_t config = large_config();
    const machine_t machine = make_machine(&config);
    FILE *source = fopen(file, "r");
    MN_ASSERT(source != NULL);
    char line[SOURCE_LINE];
    mn_status_t status = MN_OK;
    const double start = processor_time();
    while (status == MN_OK && fgets(line, sizeof(line), source) != NULL) {
        status = run_line(machine.vm, line);
    }
    const double end = processor_time();
    MN_ASSERT(status == MN_ECLOSED);
    (void)fclose(source);
    mn_forth_end(machine.vm);
    free(machine.memory);
    return end - start;
}

// ---------------------------------------------------------------------------------------------
// Comparing

#define PROGRAMS(X) X(fib) X(sieve) X(bubble) X(matrix) X(strings)

#define PROGRAM_ENUM(program) PROGRAM_##program,
typedef enum program { PROGRAMS(PROGRAM_ENUM) PROGRAM_COUNT, EMPTY = PROGRAM_COUNT } program_t;

#define PROGRAM_FILE(program) BENCH_FORTH_FOLDER "/" #program ".fth",
static const char *const files[] = {PROGRAMS(PROGRAM_FILE) BENCH_FORTH_FOLDER "/empty.fth"};

static double best[PROGRAM_COUNT + 1][ENGINES]; // 0: not measured

static void compare(program_t program) {
    for (int round = 0; round < ROUNDS; round++) {
        for (engine_t engine = HERE; engine < ENGINES; engine++) {
            double *result = &best[program][engine];
            const double time = (engine == HERE) ? run_here(files[program])
                                                 : run_child(commands[engine], files[program]);
            *result = (round == 0 || time < *result) ? time : *result;
        }
    }
}

// Milliseconds, without those for the start.
static double time_of(program_t program, engine_t engine) {
    if (best[EMPTY][HERE] <= 0) {
        compare(EMPTY);
    }
    if (best[program][HERE] <= 0) {
        compare(program);
    }
    return (best[program][engine] - ((engine == HERE) ? 0 : best[EMPTY][engine])) * 1e3;
}

// How many times as fast it is here.
static double ratio_to(program_t program, engine_t engine) {
    return time_of(program, engine) / time_of(program, HERE);
}

static double mean_ratio(engine_t engine) {
    double sum = 0;
    for (program_t program = 0; program < PROGRAM_COUNT; program++) {
        sum += log(ratio_to(program, engine));
    }
    return exp(sum / PROGRAM_COUNT);
}

#define FIGURE(name, call)     \
    static double name(void) { \
        return call;           \
    }
#define PROGRAM_FIGURES(program)                                               \
    FIGURE(program##_here, time_of(PROGRAM_##program, HERE))                   \
    FIGURE(program##_gforth, time_of(PROGRAM_##program, GFORTH))               \
    FIGURE(program##_gforth_fast, time_of(PROGRAM_##program, GFORTH_FAST))     \
    FIGURE(program##_pforth, time_of(PROGRAM_##program, PFORTH))               \
    FIGURE(program##_vs_gforth, ratio_to(PROGRAM_##program, GFORTH))           \
    FIGURE(program##_vs_gforth_fast, ratio_to(PROGRAM_##program, GFORTH_FAST)) \
    FIGURE(program##_vs_pforth, ratio_to(PROGRAM_##program, PFORTH))
PROGRAMS(PROGRAM_FIGURES)
FIGURE(vs_gforth, mean_ratio(GFORTH))
FIGURE(vs_gforth_fast, mean_ratio(GFORTH_FAST))
FIGURE(vs_pforth, mean_ratio(PFORTH))

#define TIME_ENTRY(what) {.name = "forth_" #what, .unit = "ms", .figure = what},
#define RATIO_ENTRY(what, goal) \
    {.name = "forth_" #what, .unit = "x", .aim = (goal), .figure = what},
#define PROGRAM_ENTRIES(program)                                             \
    {.name = "forth_" #program, .unit = "ms", .figure = program##_here},     \
        TIME_ENTRY(program##_gforth) TIME_ENTRY(program##_gforth_fast)       \
            TIME_ENTRY(program##_pforth) RATIO_ENTRY(program##_vs_gforth, 0) \
                RATIO_ENTRY(program##_vs_gforth_fast, 0) RATIO_ENTRY(program##_vs_pforth, 2)

static const bench_t benches[] = {
    {.name = "forth_init", .unit = "ns", .aim = 100000, .run = run_init},
    {.name = "forth_fork_10", .unit = "ns", .setup = setup_fork_10, .run = run_fork},
    {.name = "forth_fork_10000", .unit = "ns", .setup = setup_fork_10000, .run = run_fork},
    {.name = "ram_forth", .unit = "B", .figure = ram},
    {.name = "ram_forth_rv32",
     .unit = "B",
     .aim = 6144,
     .figure = ram_rv32,
     .missing = BENCH_RV32_MISSING},
    {.name = "flash_forth_rv32",
     .unit = "B",
     .figure = flash_rv32,
     .missing = BENCH_RV32_FLASH_MISSING},
    {.name = "flash_forth_small_rv32",
     .unit = "B",
     .aim = 40960,
     .figure = flash_small_rv32,
     .missing = BENCH_RV32_FLASH_MISSING},
    PROGRAMS(PROGRAM_ENTRIES) RATIO_ENTRY(vs_gforth, 1) RATIO_ENTRY(vs_gforth_fast, 0)
        RATIO_ENTRY(vs_pforth, 2)};

const bench_table_t bench_forth_table = {benches, MN_COUNT_OF(benches), "forth"};
