// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "options.h"

#include "dial.h"
#include "log.h"
#include "ports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_HOST "127.0.0.1"
#define DEFAULT_PORT "9999"
#define DEFAULT_BAUD 115200
#define DEFAULT_KEYBOARD_PORT 2
#define DEFAULT_PORT_BASE 10000
// A command with two arguments, and its target.
#define MAX_WORDS 5

// What is on the command line, before it is put together.
typedef struct command_line {
    options_t *options;
    const char *words[MAX_WORDS]; // what is not an option
    int word_count;
    bool baud_given;
} command_line_t;

// Takes an option and its value, NULL if it has none. False if it has complained.
typedef bool take_t(command_line_t *line, const char *name, const char *value);

static bool parse_number(const char *text, unsigned long max, unsigned long *number) {
    char *end;
    size_t len = strlen(text);
    if (len == 0 || len > 9 || strspn(text, "0123456789") != len) {
        return false;
    }
    *number = strtoul(text, &end, 10);
    return *number <= max;
}

static bool take_help(command_line_t *line, const char *name, const char *value) {
    (void)name;
    (void)value;
    line->options->help = true;
    return true;
}

static bool take_version(command_line_t *line, const char *name, const char *value) {
    (void)name;
    (void)value;
    line->options->version = true;
    return true;
}

static bool take_verbose(command_line_t *line, const char *name, const char *value) {
    (void)name;
    (void)value;
    line->options->verbose = true;
    return true;
}

static bool take_no_keyboard(command_line_t *line, const char *name, const char *value) {
    (void)name;
    (void)value;
    line->options->keyboard = false;
    return true;
}

static bool take_once(command_line_t *line, const char *name, const char *value) {
    (void)name;
    (void)value;
    line->options->once = true;
    return true;
}

static bool take_keyboard_port(command_line_t *line, const char *name, const char *value) {
    unsigned long number;
    if (!parse_number(value, UINT16_MAX, &number)) {
        complain("%s: '%s' is not a mux port from 0 to 65535", name, value);
        return false;
    }
    line->options->keyboard_port = (uint16_t)number;
    return true;
}

static bool take_port_base(command_line_t *line, const char *name, const char *value) {
    unsigned long number;
    if (!parse_number(value, UINT16_MAX, &number) || number == 0) {
        complain("%s: '%s' is not a TCP port from 1 to 65535", name, value);
        return false;
    }
    unsigned last = ports_highest();
    if (number + last > UINT16_MAX) {
        complain("%s: %lu is too high: mux port %u would be TCP port %lu", name, number, last,
                 number + last);
        return false;
    }
    line->options->tcp_port_base = (uint16_t)number;
    return true;
}

static bool take_baud(command_line_t *line, const char *name, const char *value) {
    unsigned long number;
    if (!parse_number(value, 999999999, &number) || !dial_knows_baud((uint32_t)number)) {
        complain("%s: '%s' is not a speed that serial lines here can have", name, value);
        return false;
    }
    line->options->baud = (uint32_t)number;
    line->baud_given = true;
    return true;
}

static bool take_trace(command_line_t *line, const char *name, const char *value) {
    mn_status_t status = mn_trace_levels_read(value, &line->options->levels);
    if (status == MN_EFULL) {
        complain("%s: at most %d targets can have a level of their own", name, MN_TRACE_RULES_MAX);
    } else if (status != MN_OK) {
        complain("%s: '%s' is not a filter such as 'info,kernel=debug'; levels are off, error, "
                 "warn, info, debug, trace",
                 name, value);
    }
    return status == MN_OK;
}

static bool take_json(command_line_t *line, const char *name, const char *value) {
    (void)name;
    (void)value;
    line->options->json = true;
    return true;
}

static bool take_chrome(command_line_t *line, const char *name, const char *value) {
    if (value[0] == '\0') {
        complain("%s: say which file", name);
        return false;
    }
    line->options->chrome_path = value;
    return true;
}

typedef struct option {
    const char *name;
    bool has_value;
    take_t *take;
} option_t;

static const option_t OPTIONS[] = {
    {"-h", false, take_help},
    {"--help", false, take_help},
    {"--version", false, take_version},
    {"-v", false, take_verbose},
    {"--verbose", false, take_verbose},
    {"-k", true, take_keyboard_port},
    {"--keyboard-port", true, take_keyboard_port},
    {"--no-keyboard", false, take_no_keyboard},
    {"--tcp-port-base", true, take_port_base},
    {"--baud", true, take_baud},
    {"--once", false, take_once},
    {"-t", true, take_trace},
    {"--trace", true, take_trace},
    {"--json", false, take_json},
    {"--chrome", true, take_chrome},
};

void options_print_help(void) {
    printf(
        "usage: crowtty [OPTION]… tcp [[HOST:]PORT]\n"
        "       crowtty [OPTION]… serial PATH\n"
        "       crowtty [OPTION]… status [--once] tcp [[HOST:]PORT] | serial PATH\n"
        "\n"
        "Talks the serial mux with a mnemOS target: each mux port n becomes the local TCP port\n"
        "127.0.0.1:(BASE+n), which any number of programs may follow, standard input goes to\n"
        "the target's keyboard, and what the target traces, and text that it sends outside the\n"
        "mux, is shown.\n"
        "\n"
        "With 'status' it shows instead what the target is doing: its heap, tasks, services and\n"
        "mux ports, every second until q is typed.\n"
        "\n"
        "  tcp [[HOST:]PORT]      connect to a UART that is a TCP port, by default " DEFAULT_HOST
        ":" DEFAULT_PORT "\n"
        "  serial PATH            open a serial line\n"
        "  --baud N               speed of the serial line, by default %d\n"
        "  -k, --keyboard-port N  mux port for what is typed, by default %d\n"
        "  --no-keyboard          do not read standard input\n"
        "  --tcp-port-base N      BASE, by default %d\n"
        "  -t, --trace FILTER     what to show of the trace, by default info: levels off, error,\n"
        "                         warn, info, debug, trace; also for each target, as in\n"
        "                         info,kernel=debug,registry=trace\n"
        "      --json             print nothing but the trace, or with 'status' snapshots, one "
        "JSON\n"
        "                         object per line\n"
        "      --once             with 'status', show it once, with the shares since the start\n"
        "      --chrome FILE      write the trace as a timeline for Perfetto or chrome://tracing\n"
        "  -v, --verbose          tell about every frame, and count\n"
        "  -h, --help             print this\n"
        "      --version          print the version\n",
        DEFAULT_BAUD, DEFAULT_KEYBOARD_PORT, DEFAULT_PORT_BASE);
}

// Whether the argument is this option. A long option may carry its value after '=', a short one
// directly; then *value points to it, otherwise it is NULL.
static bool matches(const option_t *option, const char *argument, const char **value) {
    size_t len = strlen(option->name);
    *value = NULL;
    if (strncmp(argument, option->name, len) != 0) {
        return false;
    }
    if (argument[len] == '\0') {
        return true;
    }
    bool is_long = option->name[1] == '-';
    if (!option->has_value || (is_long && argument[len] != '=')) {
        return false;
    }
    *value = argument + len + (is_long ? 1 : 0);
    return true;
}

// Takes the option at argv[*at], and moves on over its value.
static bool take_option(command_line_t *line, int argc, char *argv[], int *at) {
    for (size_t i = 0; i < sizeof OPTIONS / sizeof OPTIONS[0]; i++) {
        const char *value;
        if (!matches(&OPTIONS[i], argv[*at], &value)) {
            continue;
        }
        if (OPTIONS[i].has_value && value == NULL) {
            if (*at + 1 >= argc) {
                complain("%s needs a value", OPTIONS[i].name);
                return false;
            }
            value = argv[++*at];
        }
        return OPTIONS[i].take(line, OPTIONS[i].name, value);
    }
    complain("unknown option '%s' (--help lists them)", argv[*at]);
    return false;
}

static bool split(command_line_t *line, int argc, char *argv[]) {
    bool only_words = false;
    for (int at = 1; at < argc; at++) {
        if (!only_words && strcmp(argv[at], "--") == 0) {
            only_words = true;
        } else if (!only_words && argv[at][0] == '-') {
            if (!take_option(line, argc, argv, &at)) {
                return false;
            }
        } else if (line->word_count == MAX_WORDS) {
            complain("unexpected argument '%s'", argv[at]);
            return false;
        } else {
            line->words[line->word_count++] = argv[at];
        }
    }
    return true;
}

// [HOST:]PORT, and [HOST] in brackets if it has colons itself.
static bool parse_address(options_t *options, const char *text) {
    const char *colon = strrchr(text, ':');
    const char *port = colon != NULL ? colon + 1 : text;
    const char *host = colon != NULL ? text : DEFAULT_HOST;
    size_t len = colon != NULL ? (size_t)(colon - text) : strlen(DEFAULT_HOST);
    if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
        host++;
        len -= 2;
    } else if (memchr(host, ':', len) != NULL) {
        len = 0;
    }
    unsigned long number;
    if (len == 0 || len >= sizeof options->host || !parse_number(port, UINT16_MAX, &number) ||
        number == 0) {
        complain("tcp: '%s' is not an address: HOST:PORT or PORT", text);
        return false;
    }
    memcpy(options->host, host, len);
    options->host[len] = '\0';
    snprintf(options->port, sizeof options->port, "%u", (unsigned)(uint16_t)number);
    return true;
}

// The words that say where the target is: tcp [ADDR], or serial PATH.
static bool parse_target(command_line_t *line, const char *const *words, int count) {
    options_t *options = line->options;
    if (count == 0) {
        complain("say where the target is: 'tcp ADDR' or 'serial PATH'");
        return false;
    }
    bool serial = strcmp(words[0], "serial") == 0;
    if (!serial && strcmp(words[0], "tcp") != 0) {
        complain("unknown command '%s' (--help lists what there is)", words[0]);
        return false;
    }
    if (count > 2) {
        complain("unexpected argument '%s'", words[2]);
        return false;
    }
    if (serial) {
        if (count < 2 || words[1][0] == '\0') {
            complain("serial: say which device, as in 'serial /dev/ttyUSB0'");
            return false;
        }
        options->serial_path = words[1];
        return true;
    }
    if (line->baud_given) {
        complain("--baud is for serial lines, not for tcp");
        return false;
    }
    return count == 2 ? parse_address(options, words[1]) : true;
}

// Takes the words of a command, which come before those of the target. False if it has complained.
static bool take_command(command_line_t *line, int *taken) {
    const char *first = line->word_count > 0 ? line->words[0] : "";
    *taken = 0;
    if (strcmp(first, "services") == 0 || strcmp(first, "call") == 0) {
        complain("the command '%s' is not available in this version", first);
        return false;
    }
    if (strcmp(first, "status") == 0) {
        line->options->command = COMMAND_STATUS;
        *taken = 1;
    }
    if (line->options->once && line->options->command != COMMAND_STATUS) {
        complain("--once is for the command 'status'");
        return false;
    }
    if (line->options->chrome_path != NULL && line->options->command == COMMAND_STATUS) {
        complain("--chrome is for traces, not for the command 'status'");
        return false;
    }
    return true;
}

bool options_parse(options_t *options, int argc, char *argv[]) {
    *options = (options_t){
        .keyboard = true,
        .keyboard_port = DEFAULT_KEYBOARD_PORT,
        .tcp_port_base = DEFAULT_PORT_BASE,
        .baud = DEFAULT_BAUD,
        .levels = {.level = MN_TRACE_INFO},
        .host = DEFAULT_HOST,
        .port = DEFAULT_PORT,
    };
    command_line_t line = {.options = options};
    if (!split(&line, argc, argv)) {
        return false;
    }
    if (options->help || options->version) {
        return true;
    }
    int taken;
    return take_command(&line, &taken) &&
           parse_target(&line, line.words + taken, line.word_count - taken);
}
