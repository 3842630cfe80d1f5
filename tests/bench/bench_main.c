// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// mnemos-bench: prints what operations cost, each beside its aim.
//
//     mnemos-bench [--json] [NAME…]        name, value, unit, aim; NAME may be "forth", …
//     mnemos-bench --list                  the compiler; operations with iterations for --count
//     mnemos-bench --count NAME ITERATIONS run one operation, for a tool that counts instructions

#include "bench.h"
#include <math.h>
#include <mnemos/port.h>
#include <mnemos/util.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define REPETITIONS 7
#define REPETITION_NS 20e6
#define SINGLES 20000

static const bench_table_t *const tables[] = {
    &bench_kernel_table, &bench_timer_table,  &bench_message_table, &bench_wire_table,
    &bench_heap_table,   &bench_memory_table, &bench_forth_table,   &bench_trace_table,
};

// ---------------------------------------------------------------------------------------------
// The port: nothing interrupts a benchmark

uint32_t mn_port_irq_save(void) {
    return 0;
}

void mn_port_irq_restore(uint32_t state) {
    (void)state;
}

_Noreturn void mn_port_panic(const mn_panic_t *panic) {
    fprintf(stderr, "mnemos-bench: %s (%s:%d)\n", panic->message,
            (panic->file != NULL) ? panic->file : "?", panic->line);
    abort();
}

// ---------------------------------------------------------------------------------------------
// Measuring

static double now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double time_of(void (*run)(unsigned), unsigned iterations) {
    const double start = now_ns();
    run(iterations);
    return now_ns() - start;
}

// Nanoseconds of one iteration: the best of several repetitions that are each long enough.
static double best_of(void (*run)(unsigned)) {
    unsigned iterations = 16;
    double elapsed = time_of(run, iterations);
    while (elapsed < REPETITION_NS && iterations < (1U << 30)) {
        iterations *= (elapsed < REPETITION_NS / 16) ? 8 : 2;
        elapsed = time_of(run, iterations);
    }
    double best = elapsed;
    for (int i = 1; i < REPETITIONS; i++) {
        elapsed = time_of(run, iterations);
        best = (elapsed < best) ? elapsed : best;
    }
    return best / iterations;
}

// Nanoseconds of an operation that needs something done before each time: the best of single ones,
// without what looking at the clock takes.
static double best_single(const bench_t *bench) {
    double best = 1e9;
    double clock = 1e9;
    for (int i = 0; i < SINGLES; i++) {
        const double empty = now_ns();
        const double start = now_ns();
        clock = (start - empty < clock) ? start - empty : clock;
        bench->before();
        const double elapsed = time_of(bench->run, 1);
        best = (elapsed < best) ? elapsed : best;
    }
    return best - clock;
}

static double measure(const bench_t *bench) {
    if (bench->run == NULL) {
        return bench->figure();
    }
    if (bench->setup != NULL) {
        bench->setup();
    }
    const double ns = (bench->before != NULL) ? best_single(bench) : best_of(bench->run);
    if (bench->bytes == 0) {
        return ns;
    }
    return ((strcmp(bench->unit, "MB/s") == 0) ? 1000.0 : 1.0) * bench->bytes / ns;
}

// ---------------------------------------------------------------------------------------------
// Printing

static void print_text(const bench_t *bench, double value, const char *missing) {
    if (missing != NULL) {
        printf("%-28s %10s %-5s (%s)\n", bench->name, "-", bench->unit, missing);
        return;
    }
    printf("%-28s %10.*f %-5s", bench->name, (value < 1000) ? 2 : 0, value, bench->unit);
    if (bench->aim > 0) {
        printf(" aim %g", bench->aim);
    }
    printf("\n");
}

static void print_json(const bench_t *bench, double value, const char *missing) {
    printf("{\"name\":\"%s\",\"value\":", bench->name);
    if (missing != NULL) {
        printf("null,\"missing\":\"%s\"", missing);
    } else {
        printf("%.3f", value);
    }
    printf(",\"unit\":\"%s\"", bench->unit);
    if (bench->aim > 0) {
        printf(",\"aim\":%g", bench->aim);
    }
    printf("}\n");
}

static void report(const bench_t *bench, bool json) {
    const char *missing = bench->missing;
    const double value = (missing != NULL) ? 0 : measure(bench);
    if (isnan(value)) {
        missing = "not installed";
    }
    if (json) {
        print_json(bench, value, missing);
    } else {
        print_text(bench, value, missing);
    }
    fflush(stdout);
}

// ---------------------------------------------------------------------------------------------
// The command line

static const bench_t *find(const char *name) {
    for (size_t t = 0; t < MN_COUNT_OF(tables); t++) {
        for (unsigned i = 0; i < tables[t]->count; i++) {
            if (strcmp(tables[t]->benches[i].name, name) == 0) {
                return &tables[t]->benches[i];
            }
        }
    }
    fprintf(stderr, "mnemos-bench: no benchmark \"%s\"\n", name);
    return NULL;
}

static const bench_table_t *find_table(const char *name) {
    for (size_t t = 0; t < MN_COUNT_OF(tables); t++) {
        if (strcmp(tables[t]->name, name) == 0) {
            return tables[t];
        }
    }
    return NULL;
}

static void report_table(const bench_table_t *table, bool json) {
    for (unsigned i = 0; i < table->count; i++) {
        report(&table->benches[i], json);
    }
}

static int report_all(bool json) {
    for (size_t t = 0; t < MN_COUNT_OF(tables); t++) {
        report_table(tables[t], json);
    }
    return 0;
}

static int report_some(char **names, int count, bool json) {
    for (int i = 0; i < count; i++) {
        if (find_table(names[i]) == NULL && find(names[i]) == NULL) {
            return 2;
        }
    }
    for (int i = 0; i < count; i++) {
        const bench_table_t *table = find_table(names[i]);
        if (table != NULL) {
            report_table(table, json);
        } else {
            report(find(names[i]), json);
        }
    }
    return 0;
}

static int list(void) {
#ifdef __clang__
    printf("compiler %s\n", __VERSION__);
#else
    printf("compiler gcc %s\n", __VERSION__);
#endif
    for (size_t t = 0; t < MN_COUNT_OF(tables); t++) {
        for (unsigned i = 0; i < tables[t]->count; i++) {
            const bench_t *bench = &tables[t]->benches[i];
            if (bench->run != NULL && bench->count != 0) {
                printf("%s %u %s\n", bench->name, bench->count,
                       (bench->before != NULL) ? "before" : "");
            }
        }
    }
    return 0;
}

static void run_before_each(const bench_t *bench, unsigned iterations, bool alone) {
    for (; iterations != 0; iterations--) {
        bench->before();
        if (!alone) {
            bench->run(1);
        }
    }
}

// "NAME" runs the operation, "NAME-" only what is done before it.
static int count(const char *name, const char *iterations) {
    char plain[64] = "";
    const size_t len = strlen(name);
    const bool alone = (len != 0 && len < sizeof(plain) && name[len - 1] == '-');
    memcpy(plain, name, (len < sizeof(plain)) ? len - (alone ? 1 : 0) : 0);
    const bench_t *bench = find(plain);
    char *end = NULL;
    const unsigned long n = strtoul(iterations, &end, 10);
    if (bench == NULL || bench->run == NULL || *end != '\0' || n > 1000000000UL ||
        (alone && bench->before == NULL)) {
        fprintf(stderr, "mnemos-bench: cannot count %s %s\n", name, iterations);
        return 2;
    }
    if (bench->setup != NULL) {
        bench->setup();
    }
    if (bench->before != NULL) {
        run_before_each(bench, (unsigned)n, alone);
    } else {
        bench->run((unsigned)n);
    }
    return 0;
}

int main(int argc, char **argv) {
    int next = 1;
    const bool json = (argc > 1 && strcmp(argv[1], "--json") == 0);
    if (json) {
        next++;
    }
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        return list();
    }
    if (argc == 4 && strcmp(argv[1], "--count") == 0) {
        return count(argv[2], argv[3]);
    }
    if (next < argc && argv[next][0] == '-') {
        fprintf(stderr, "usage: mnemos-bench [--json] [NAME...] | --list | --count NAME N\n");
        return 2;
    }
    return (next == argc) ? report_all(json) : report_some(&argv[next], argc - next, json);
}
