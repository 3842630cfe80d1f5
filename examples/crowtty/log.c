// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "log.h"

#include "json.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef struct category_colour {
    const char *category;
    const char *code;
} category_colour_t;

static const category_colour_t COLOURS[] = {
    {"CONN", "\x1b[32m"}, {"MUX", "\x1b[36m"},   {"DMUX", "\x1b[35m"},   {"KEYB", "\x1b[33m"},
    {"TEXT", "\x1b[34m"}, {"ERR", "\x1b[31;1m"}, {"WARN", "\x1b[33;1m"}, {"INFO", "\x1b[32m"},
    {"DBUG", "\x1b[34m"}, {"TRCE", "\x1b[35m"},  {"DROP", "\x1b[31m"},   {"BEAT", "\x1b[36m"},
    {"META", "\x1b[2m"},
};
static const char PLAIN[] = "\x1b[0m";
static const char DIM[] = "\x1b[2m";

uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

int ms_until(uint64_t deadline, uint64_t now) {
    if (deadline == NEVER) {
        return -1;
    }
    if (deadline <= now) {
        return 0;
    }
    uint64_t wait = (deadline - now + NS_PER_MS - 1) / NS_PER_MS;
    return wait < INT_MAX ? (int)wait : INT_MAX;
}

static bool colour_wanted(void) {
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    return isatty(STDOUT_FILENO) == 1 && (no_color == NULL || no_color[0] == '\0') &&
           term != NULL && strcmp(term, "dumb") != 0;
}

void log_init(log_t *log, const char *line_name, bool verbose) {
    *log = (log_t){
        .line_name = line_name,
        .verbose = verbose,
        .colour = colour_wanted(),
        .start = now_ns(),
    };
    // Written out by log_flush, once for all that happened at the same time.
    setvbuf(stdout, NULL, _IOFBF, BUFSIZ);
}

static const char *colour_of(const char *category) {
    for (size_t i = 0; i < sizeof COLOURS / sizeof COLOURS[0]; i++) {
        if (strcmp(COLOURS[i].category, category) == 0) {
            return COLOURS[i].code;
        }
    }
    return "";
}

static void print_tag(const log_t *log, int port, const char *category) {
    uint64_t elapsed = now_ns() - log->start;
    char number[8] = " ";
    if (port != NO_PORT) {
        snprintf(number, sizeof number, "%d", port);
    }
    printf("%s[%s +%04" PRIu64 ".%09" PRIu64 "s] %s%s %s%4s%s ", log->colour ? DIM : "", number,
           elapsed / NS_PER_S, elapsed % NS_PER_S, log->line_name, log->colour ? PLAIN : "",
           log->colour ? colour_of(category) : "", category, log->colour ? PLAIN : "");
}

void log_line(const log_t *log, int port, const char *category, const char *format, ...) {
    if (log->json) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    print_tag(log, port, category);
    vprintf(format, arguments);
    putchar('\n');
    va_end(arguments);
}

void log_text(const log_t *log, const uint8_t *text, size_t len) {
    if (log->json) {
        fputs("{\"type\":\"text\",\"text\":", stdout);
        json_string(stdout, (const char *)text, len);
        puts("}");
        return;
    }
    print_tag(log, NO_PORT, "TEXT");
    for (size_t i = 0; i < len; i++) {
        if ((text[i] < 0x20 && text[i] != '\t') || text[i] == 0x7f) {
            printf("\\x%02x", text[i]);
        } else {
            putchar(text[i]);
        }
    }
    putchar('\n');
}

bool log_flush(void) {
    return fflush(stdout) == 0 && !ferror(stdout);
}

void complain(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("crowtty: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}
