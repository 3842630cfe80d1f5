// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @brief Standard input and output as a client of one port of the serial mux.
///
/// What is typed goes as frames into the UART, like from any other client, and the port's frames
/// are shown. On a real terminal there is line editing (see line_editor.h), Ctrl-C is sent to the
/// port, and Ctrl-D on an empty line ends the program. Otherwise lines are read as they come, and
/// at the end of input the program ends when all lines have been answered.
///
/// There is no flow control on the wire, so lines go out only as fast as they are answered.

#ifndef HOST_TERMINAL_H
#define HOST_TERMINAL_H

#include "line_editor.h"
#include "loop.h"
#include "screen.h"
#include "uart.h"

#include <mnemos/sermux.h>

#define HOST_TERMINAL_INPUT 4096U

/// @brief A terminal. Set it up with host_terminal_init().
typedef struct host_terminal {
    host_device_t device;
    host_uart_t *uart;
    uint16_t port;
    bool interactive; ///< somebody types

    char input[HOST_TERMINAL_INPUT]; ///< what is to be sent, first
    size_t input_len;
    bool input_ended;
    bool interrupt;       ///< a Ctrl-C is to be sent before anything else
    bool in_line;         ///< a part of a line has been sent, but not its end
    size_t asked;         ///< lines sent that have not been answered
    size_t asked_bytes;   ///< an upper bound of their bytes
    uint64_t last_active; ///< when something was last sent or answered

    mn_sermux_decoder_t decoder;
    uint8_t frame[MN_SERMUX_FRAME_DEFAULT];
    char answer_start;  ///< first byte of the answer's current line
    char answer_end[3]; ///< its last bytes
    size_t answer_len;  ///< its length

    line_editor_t editor;
    screen_t screen;
} host_terminal_t;

/// @brief Set up the terminal and add it to the loop, after its UART.
/// @param[out] terminal zero-initialised
/// @param[in,out] uart the wire to be shared
/// @param[in] port whose client the terminal is
void host_terminal_init(host_terminal_t *terminal, host_uart_t *uart, uint16_t port);

#endif
