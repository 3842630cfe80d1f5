// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "test_port.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

// How the child process ends.
#define CHILD_PANICKED 0
#define CHILD_LIVES 111
#define CHILD_LIMIT_SECONDS 20

static test_panic_t last_panic;
static int report_pipe = -1;
static pid_t child = -1;
static jmp_buf catch_point;

const test_panic_t *test_panic(void) {
    return &last_panic;
}

static void copy_text(char *to, size_t size, const char *from) {
    snprintf(to, size, "%s", from != NULL ? from : "");
}

static void record(const mn_panic_t *panic) {
    memset(&last_panic, 0, sizeof last_panic);
    copy_text(last_panic.message, sizeof last_panic.message, panic->message);
    copy_text(last_panic.file, sizeof last_panic.file, panic->file);
    copy_text(last_panic.task, sizeof last_panic.task, panic->task);
    last_panic.line = panic->line;
}

// In the child: tell the parent and end.
static void report_to_parent(const mn_panic_t *panic) {
    record(panic);
    ssize_t written = write(report_pipe, &last_panic, sizeof last_panic);
    _exit(written == (ssize_t)sizeof last_panic ? CHILD_PANICKED : EXIT_FAILURE);
}

bool test_panic_fork(void) {
    int ends[2];
    fflush(NULL);
    if (pipe(ends) != 0 || (child = fork()) < 0) {
        perror("test port: pipe or fork");
        abort();
    }
    if (child == 0) {
        close(ends[0]);
        report_pipe = ends[1];
        test_irq_remove();
        alarm(CHILD_LIMIT_SECONDS);
        test_panic_sink = report_to_parent;
        return true;
    }
    close(ends[1]);
    report_pipe = ends[0];
    return false;
}

_Noreturn void test_panic_child_lives(void) {
    _exit(CHILD_LIVES);
}

void test_panic_check(const char *expr, const char *substring, const char *file, int line) {
    int status = 0;
    memset(&last_panic, 0, sizeof last_panic);
    // The record is smaller than what a pipe takes at once, so it comes whole or not at all.
    ssize_t got = read(report_pipe, &last_panic, sizeof last_panic);
    close(report_pipe);
    report_pipe = -1;
    if (waitpid(child, &status, 0) != child) {
        perror("test port: waitpid");
        abort();
    }
    const char *problem = NULL;
    if (WIFEXITED(status) && WEXITSTATUS(status) == CHILD_LIVES) {
        problem = "no panic";
    } else if (!WIFEXITED(status) || WEXITSTATUS(status) != CHILD_PANICKED ||
               got != (ssize_t)sizeof last_panic) {
        problem = "crashed instead of a panic";
    } else if (strstr(last_panic.message, substring) == NULL) {
        problem = "another panic";
    }
    if (problem != NULL) {
        print_error("%s: %s\n  expected: %s\n  got: %s\n", expr, problem, substring,
                    last_panic.message);
        _fail(file, line);
    }
}

static void jump_back(const mn_panic_t *panic) {
    record(panic);
    longjmp(catch_point, 1);
}

bool test_panic_catch(void (*body)(void *arg), void *arg) {
    void (*outer)(const mn_panic_t *panic) = test_panic_sink;
    // What setjmp() returns may only be compared, and the values below do not change in between.
    if (setjmp(catch_point) == 0) {
        test_panic_sink = jump_back;
        body(arg);
        test_panic_sink = outer;
        return false;
    }
    test_panic_sink = NULL;
    test_irq_reset_mask();
    return true;
}
