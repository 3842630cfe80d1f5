// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Standard input and output. Lines and single keys come out of the same buffer, so that a program
// that is piped in may read keys from what follows it. At a terminal a key needs no Enter.

#include "host.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static char buffer[4096];
static size_t filled;
static size_t taken;
static bool at_end;
static bool failed;

bool console_interactive(void) {
    return isatty(STDIN_FILENO) == 1;
}

bool console_failed(void) {
    return failed;
}

bool console_drain(mn_forth_t *vm) {
    char text[4096];
    size_t n;
    while ((n = mn_forth_output_take(vm, text, sizeof text)) > 0) {
        if (fwrite(text, 1, n, stdout) != n) {
            return false;
        }
    }
    return true;
}

// Gets more bytes; an interrupted read is tried again, so that Ctrl-C does not end a session.
static bool fill(void) {
    while (!at_end) {
        ssize_t n = read(STDIN_FILENO, buffer, sizeof buffer);
        if (n > 0) {
            filled = (size_t)n;
            taken = 0;
            return true;
        }
        if (n == 0 || errno != EINTR) {
            at_end = true;
            failed = n < 0;
        }
    }
    return false;
}

ssize_t console_line(char **line) {
    static char *text;
    static size_t capacity;
    size_t len = 0;
    bool complete = false;
    while (!complete && (taken < filled || fill())) {
        const char *from = buffer + taken;
        const char *end = memchr(from, '\n', filled - taken);
        size_t n = end != NULL ? (size_t)(end - from) : filled - taken;
        if (text == NULL || len + n + 1 > capacity) {
            capacity = 2 * (len + n + 1);
            text = realloc(text, capacity);
            if (text == NULL) {
                abort();
            }
        }
        memcpy(text + len, from, n);
        len += n;
        complete = end != NULL;
        taken += n + (complete ? 1u : 0u);
    }
    while (len > 0 && text[len - 1] == '\r') {
        len--;
    }
    *line = text;
    return complete || len > 0 ? (ssize_t)len : -1;
}

// Words ----------------------------------------------------------------------------------------

// Waits for a byte for at most timeout milliseconds, -1: for ever; keys are not echoed meanwhile.
static bool wait_for_byte(int timeout) {
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    struct termios saved;
    bool terminal = tcgetattr(STDIN_FILENO, &saved) == 0;
    if (terminal) {
        struct termios raw = saved;
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    bool ready = poll(&input, 1, timeout) > 0 && fill();
    if (terminal) {
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &saved);
    }
    return ready;
}

// ( -- char ) -1 at the end of the input. An interrupted wait is tried again after the machine has
// had its turn, so that the interrupt ends it.
static int w_key(mn_forth_t *vm) {
    (void)console_drain(vm);
    (void)fflush(stdout);
    if (taken == filled && !at_end && !wait_for_byte(-1) && !at_end) {
        return MN_PENDING;
    }
    bool there = taken < filled;
    (void)mn_forth_push(vm, there ? (uint8_t)buffer[taken] : UINT32_MAX);
    taken += there ? 1u : 0u;
    return MN_OK;
}

static int w_key_question(mn_forth_t *vm) {
    bool there = taken < filled || (!at_end && wait_for_byte(0));
    (void)mn_forth_push(vm, there ? UINT32_MAX : 0u);
    return MN_OK;
}

static int w_ms(mn_forth_t *vm) {
    uint32_t ms = mn_forth_pop(vm);
    struct timespec time = {.tv_sec = (time_t)(ms / 1000u),
                            .tv_nsec = (long)(ms % 1000u) * 1000000L};
    (void)console_drain(vm);
    (void)fflush(stdout);
    (void)nanosleep(&time, NULL);
    return MN_OK;
}

static int w_time_and_date(mn_forth_t *vm) {
    time_t now = time(NULL);
    struct tm local = {0};
    (void)localtime_r(&now, &local);
    const int values[] = {local.tm_sec,  local.tm_min,     local.tm_hour,
                          local.tm_mday, local.tm_mon + 1, local.tm_year + 1900};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        (void)mn_forth_push(vm, (uint32_t)values[i]);
    }
    return MN_OK;
}

static int w_page(mn_forth_t *vm) {
    return mn_forth_print(vm, "\033[2J\033[H", 7);
}

static int w_at_xy(mn_forth_t *vm) {
    char text[40];
    int len = snprintf(text, sizeof text, "\033[%lu;%luH", mn_forth_peek(vm, 0) + 1ul,
                       mn_forth_peek(vm, 1) + 1ul);
    int status = mn_forth_print(vm, text, (size_t)len);
    if (status == MN_OK) {
        (void)mn_forth_pop(vm);
        (void)mn_forth_pop(vm);
    }
    return status;
}

static const mn_forth_word_t words[] = {
    MN_FORTH_WORD("key", w_key, 0, 1, "( -- char ) wait for a key; -1 at the end of the input"),
    MN_FORTH_WORD("key?", w_key_question, 0, 1, "( -- flag ) has key something to give at once?"),
    MN_FORTH_WORD("ms", w_ms, 1, 0, "( n -- ) wait n milliseconds"),
    MN_FORTH_WORD("time&date", w_time_and_date, 0, 6, "( -- sec min hour day month year ) now"),
    MN_FORTH_WORD("page", w_page, 0, 0, "( -- ) clear the screen"),
    MN_FORTH_WORD("at-xy", w_at_xy, 2, 0, "( x y -- ) move the cursor, 0 0 is the upper left"),
};

const mn_forth_words_t console_words = {words, sizeof words / sizeof words[0], 0, "console", NULL};
