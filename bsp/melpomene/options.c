// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "options.h"

#include <mnemos/trace_message.h>
#include <mnemos/util.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BAD_OPTION 2

static const char usage[] =
    "usage: melpomene [options]\n"
    "\n"
    "A whole board on this computer: its serial line is a TCP port, and this terminal is\n"
    "connected to a Forth shell. Ctrl-C stops a running word, Ctrl-D ends the board. Where\n"
    "nobody types, lines are read to the end of input, and it ends when all are answered.\n"
    "\n"
    "  --headless               do not use the terminal\n"
    "  --serial-addr HOST:PORT  where the serial line listens (127.0.0.1:9999); port 0 for\n"
    "                           any that is free\n"
    "  --config FILE            not available in this version\n"
    "  --trace LEVEL            what is traced until a host says otherwise (info): off, error,\n"
    "                           warn, info, debug or trace\n"
    "  --display none           no display; window and FILE.png are not available in this\n"
    "                           version\n"
    "  --version                print the version\n"
    "  --help                   print this\n";

typedef struct option {
    const char *name;
    bool has_value;
    /// NULL if all is well, otherwise what is wrong with the value.
    const char *(*read)(options_t *options, const char *value);
} option_t;

static const char not_available[] = "not available in this version";

static const char *read_headless(options_t *options, const char *value) {
    (void)value;
    options->headless = true;
    return NULL;
}

static const char *read_serial_addr(options_t *options, const char *value) {
    return host_address_parse(value, &options->serial_addr)
               ? NULL
               : "expected HOST:PORT with a port from 0 to 65535";
}

static const char *read_trace(options_t *options, const char *value) {
    mn_trace_levels_t levels;
    if (mn_trace_levels_read(value, &levels) != MN_OK || levels.count != 0) {
        return "expected off, error, warn, info, debug or trace";
    }
    options->trace_level = levels.level;
    return NULL;
}

static const char *read_later(options_t *options, const char *value) {
    (void)options;
    (void)value;
    return not_available;
}

static const char *read_display(options_t *options, const char *value) {
    (void)options;
    const size_t len = strlen(value);
    if (strcmp(value, "none") == 0) {
        return NULL;
    }
    const bool file = len > 4 && strcmp(value + len - 4, ".png") == 0;
    return (file || strcmp(value, "window") == 0) ? not_available
                                                  : "expected window, none or a FILE.png";
}

static const char *read_version(options_t *options, const char *value) {
    (void)options;
    (void)value;
    (void)puts("melpomene " MNEMOS_VERSION);
    exit(EXIT_SUCCESS);
}

static const char *read_help(options_t *options, const char *value) {
    (void)options;
    (void)value;
    (void)fputs(usage, stdout);
    exit(EXIT_SUCCESS);
}

static const option_t table[] = {
    {"--headless", false, read_headless}, {"--serial-addr", true, read_serial_addr},
    {"--config", true, read_later},       {"--trace", true, read_trace},
    {"--display", true, read_display},    {"--version", false, read_version},
    {"--help", false, read_help},
};

static _Noreturn void reject(const char *option, const char *value, const char *reason) {
    (void)fprintf(stderr, "melpomene: %s%s%s: %s\n", option, (value != NULL) ? " " : "",
                  (value != NULL) ? value : "", reason);
    exit(BAD_OPTION);
}

// `--name`, or `--name=value`.
static const option_t *find(const char *argument) {
    for (size_t i = 0; i < MN_COUNT_OF(table); i++) {
        const size_t len = strlen(table[i].name);
        if (strncmp(argument, table[i].name, len) == 0 &&
            (argument[len] == '\0' || argument[len] == '=')) {
            return &table[i];
        }
    }
    reject(argument, NULL, (argument[0] == '-') ? "unknown option" : "unexpected argument");
}

void options_read(int argc, char **argv, options_t *options) {
    *options = (options_t){.serial_addr = {"127.0.0.1", "9999"}, .trace_level = MN_TRACE_INFO};
    for (int i = 1; i < argc; i++) {
        const option_t *option = find(argv[i]);
        const char *equals = strchr(argv[i], '=');
        const char *value = (equals != NULL) ? equals + 1 : NULL;
        if (option->has_value && value == NULL) {
            i++;
            value = (i < argc) ? argv[i] : NULL;
        }
        if (option->has_value != (value != NULL)) {
            reject(option->name, value, option->has_value ? "needs a value" : "takes no value");
        }
        const char *wrong = option->read(options, value);
        if (wrong != NULL) {
            reject(option->name, value, wrong);
        }
    }
}
