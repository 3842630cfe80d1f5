// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The command line.

#ifndef CROWTTY_OPTIONS_H
#define CROWTTY_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include <mnemos/trace_message.h>

// Exit statuses.
enum { STATUS_DONE = 0, STATUS_FAILED = 1, STATUS_USAGE = 2 };

typedef enum command { COMMAND_NONE, COMMAND_STATUS } command_t;

typedef struct options {
    command_t command;
    bool once; // one snapshot of the status
    bool help;
    bool version;
    bool verbose;
    bool keyboard;          // read standard input
    uint16_t keyboard_port; // and send it to this mux port
    uint16_t tcp_port_base;
    mn_trace_levels_t levels; // of what is shown from the trace
    bool json;                // as JSON
    const char *chrome_path;  // where the timeline goes; NULL for none
    const char *serial_path;  // NULL for TCP
    uint32_t baud;
    char host[256]; // of the target's UART, for TCP
    char port[8];
} options_t;

// Reads the command line. If something is wrong with it, one line on standard error says what, and
// the result is false.
bool options_parse(options_t *options, int argc, char *argv[]);

void options_print_help(void);

#endif
