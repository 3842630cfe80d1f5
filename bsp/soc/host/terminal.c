// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "terminal.h"

#include "tty.h"

#include <errno.h>
#include <locale.h>
#include <mnemos/util.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { CTRL_C = 0x03 };

#define CHUNK_MAX 128U          // bytes of input in one frame
#define AHEAD_MAX 128U          // bytes sent ahead of the answers; the port holds more
#define WRITE_MAX 512U          // what standard output takes without waiting once poll says so
#define OUTPUT_PATIENCE 500     // milliseconds for each part of the last output
#define READ_MAX 256U           // bytes of input looked at in one go
#define SECOND HOST_TICK_HZ     // in ticks of the clock
#define SILENCE (2U * SECOND)   // a line that nothing happens after for so long has no answer
#define PATIENCE (30U * SECOND) // the same for the last line, where there is nothing else to do

// --- answers ---

// A line is answered by one that ends with `ok.` or begins with `?`; the answer to a line that
// failed may go on after that.
static bool is_answer(const host_terminal_t *t) {
    const bool good = t->answer_len >= 3 && memcmp(t->answer_end, "ok.", 3) == 0;
    return good || (t->answer_len > 0 && t->answer_start == '?');
}

static void look_for_answer(host_terminal_t *t, char byte) {
    if (byte == '\n') {
        if (is_answer(t) && t->asked > 0) {
            t->asked--;
            t->asked_bytes = (t->asked == 0 && !t->in_line) ? 0 : t->asked_bytes;
        }
        t->answer_len = 0;
        return;
    }
    if (t->answer_len == 0) {
        t->answer_start = byte;
    }
    t->answer_len++;
    memmove(t->answer_end, t->answer_end + 1, sizeof t->answer_end - 1);
    t->answer_end[sizeof t->answer_end - 1] = byte;
}

static void show_frame(host_terminal_t *t, const mn_sermux_frame_t *frame) {
    const char *text = (const char *)frame->payload.data;
    t->last_active = host_now(NULL);
    for (size_t i = 0; i < frame->payload.len; i++) {
        look_for_answer(t, text[i]);
    }
    screen_text(&t->screen, text, frame->payload.len);
}

static size_t terminal_room(void *context) {
    const host_terminal_t *t = context;
    const size_t room = screen_room(&t->screen);
    const size_t begun = sizeof t->frame; // a frame whose beginning was heard before
    return (room > begun) ? room - begun : 0;
}

static void terminal_heard(void *context, const uint8_t *data, size_t len) {
    host_terminal_t *t = context;
    while (len > 0) {
        size_t used = 0;
        mn_sermux_frame_t frame;
        const mn_status_t status = mn_sermux_decoder_feed(&t->decoder, data, len, &used, &frame);
        if (status == MN_OK && frame.port == t->port) {
            show_frame(t, &frame);
        }
        data += used;
        len -= used;
    }
}

// --- sending ---

static bool send_frame(host_terminal_t *t, const char *data, size_t len) {
    uint8_t frame[MN_SERMUX_ENCODED_MAX(CHUNK_MAX)];
    size_t frame_len = 0;
    const mn_status_t status =
        mn_sermux_encode(frame, sizeof frame, t->port, data, len, &frame_len);
    return status == MN_OK && host_uart_inject(t->uart, frame, frame_len);
}

// The next frame's bytes: not beyond the end of a line.
static size_t next_chunk(const host_terminal_t *t) {
    const size_t most = (t->input_len < CHUNK_MAX) ? t->input_len : CHUNK_MAX;
    const char *end = memchr(t->input, '\n', most);
    return (end != NULL) ? (size_t)(end - t->input) + 1 : most;
}

// A line is kept back while there are many unanswered ones, but not for ever: there are lines
// without an answer. The rest of a long line follows as fast as it is read.
static bool may_send(const host_terminal_t *t, size_t len, bool idle) {
    return t->asked_bytes == 0 || t->asked_bytes + len <= AHEAD_MAX ||
           (idle && (t->in_line || host_now(NULL) - t->last_active >= SILENCE));
}

static void sent_chunk(host_terminal_t *t, size_t len) {
    t->in_line = t->input[len - 1] != '\n';
    t->asked += t->in_line ? 0 : 1;
    t->asked_bytes += len;
    t->last_active = host_now(NULL);
    t->input_len -= len;
    memmove(t->input, t->input + len, t->input_len);
}

static void send_input(host_terminal_t *t, bool idle) {
    if (t->interrupt) {
        const char stop = CTRL_C;
        if (!send_frame(t, &stop, 1)) {
            return;
        }
        // It stops the running line and discards those behind it.
        t->interrupt = false;
        t->in_line = false;
        t->asked = 0;
        t->asked_bytes = 0;
    }
    while (t->input_len > 0) {
        const size_t len = next_chunk(t);
        if (!may_send(t, len, idle) || !send_frame(t, t->input, len)) {
            return;
        }
        sent_chunk(t, len);
        idle = false;
    }
}

// --- the screen ---

static void measure_screen(host_terminal_t *t) {
    struct winsize size = {0};
    const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    t->screen.columns = known ? size.ws_col : 80;
}

static bool output_ready(int timeout) {
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&out, 1, timeout) > 0;
}

// Write what standard output takes without waiting, or waiting at most `timeout` ms for each part.
static void write_output(host_terminal_t *t, int timeout) {
    while (t->screen.len > 0 && output_ready(timeout)) {
        const size_t len = (t->screen.len < WRITE_MAX) ? t->screen.len : WRITE_MAX;
        const ssize_t n = write(STDOUT_FILENO, t->screen.out, len);
        if (n >= 0) {
            screen_written(&t->screen, (size_t)n);
        } else if (errno != EINTR && errno != EAGAIN) {
            const bool nobody_reads = errno == EPIPE; // as in `melpomene | head -n 1`
            if (!nobody_reads) {
                perror("melpomene: standard output");
            }
            t->screen.len = 0;
            host_loop_end(nobody_reads ? 0 : 1);
        }
    }
}

// While a line runs, nobody is asked for the next; but who types sees it.
static void show_prompt(host_terminal_t *t) {
    const bool waiting = t->asked > 0 || t->input_len > 0;
    if (t->interactive && host_loop_running()) {
        measure_screen(t);
        screen_show_typed(&t->screen, !waiting || t->editor.len > 0);
    }
}

// --- the keyboard ---

static void suspend(host_terminal_t *t) {
    screen_show_typed(&t->screen, false);
    write_output(t, OUTPUT_PATIENCE);
    host_tty_restore();
    (void)kill(0, SIGTSTP);
    (void)host_tty_raw(); // continued
}

static void interrupt(host_terminal_t *t) {
    screen_finish_typed(&t->screen, "^C");
    line_editor_reset(&t->editor);
    t->input_len = 0;
    t->interrupt = true;
}

static void key(host_terminal_t *t, uint8_t byte) {
    switch (line_editor_key(&t->editor, byte)) {
    case LINE_DONE:
        screen_finish_typed(&t->screen, "");
        t->input_len += line_editor_take(&t->editor, t->input + t->input_len);
        t->input[t->input_len++] = '\n';
        break;
    case LINE_INTERRUPT:
        interrupt(t);
        break;
    case LINE_END:
        host_loop_end(0);
        break;
    case LINE_SUSPEND:
        suspend(t);
        break;
    case LINE_CLEAR:
        screen_clear(&t->screen);
        break;
    case LINE_NOTHING:
        break;
    }
}

static size_t input_room(const host_terminal_t *t) {
    const size_t room = sizeof t->input - t->input_len;
    if (!t->interactive) {
        return (room < READ_MAX) ? room : READ_MAX;
    }
    // Whatever is read, the line that it completes must have room.
    return (room > READ_MAX + LINE_EDITOR_MAX + 1 && screen_room(&t->screen) > 0) ? READ_MAX : 0;
}

static void end_input(host_terminal_t *t) {
    t->input_ended = true;
    if (t->interactive) {
        host_loop_end(0);
    } else if (t->input_len > 0 ? t->input[t->input_len - 1] != '\n' : t->in_line) {
        t->input[t->input_len++] = '\n';
    }
}

static void read_input(host_terminal_t *t) {
    char bytes[READ_MAX];
    const ssize_t n = read(STDIN_FILENO, bytes, input_room(t));
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
        return;
    }
    if (n <= 0) {
        end_input(t);
    } else if (!t->interactive) {
        memcpy(t->input + t->input_len, bytes, (size_t)n);
        t->input_len += (size_t)n;
    } else {
        t->screen.stale = true;
        for (ssize_t i = 0; i < n && host_loop_running(); i++) {
            key(t, (uint8_t)bytes[i]);
        }
    }
}

// --- the device ---

static bool all_answered(const host_terminal_t *t, bool idle) {
    return t->input_ended && t->input_len == 0 && t->asked == 0 && idle && t->screen.len == 0 &&
           host_uart_all_heard(t->uart);
}

// Without a terminal: end after the last answer, or when there will be none.
static void end_after_input(host_terminal_t *t, bool idle) {
    if (all_answered(t, idle)) {
        host_loop_end(0);
    } else if (t->input_ended && idle && host_now(NULL) - t->last_active >= PATIENCE) {
        (void)fputs("melpomene: the last line has no answer\n", stderr);
        host_loop_end(1);
    }
}

// When to be serviced although nothing has come in: at once if there is something to do as soon as
// the kernel is at rest.
static uint64_t look_again(const host_terminal_t *t) {
    const bool sends =
        t->input_len > 0 && t->uart->turn_wanted == 0 && may_send(t, next_chunk(t), true);
    const bool ends = t->input_ended && t->input_len == 0 && t->asked == 0 && t->screen.len == 0;
    return (sends || ends) ? 0 : host_now(NULL) + SECOND;
}

// What prepare() and service() agree on; -1 is ignored by poll.
enum { FD_INPUT, FD_OUTPUT, FD_COUNT };

static size_t terminal_prepare(host_device_t *device, struct pollfd *fds, uint64_t *deadline) {
    const host_terminal_t *t = MN_CONTAINER_OF(device, host_terminal_t, device);
    const bool reads = !t->input_ended && input_room(t) > 0;
    fds[FD_INPUT] = (struct pollfd){.fd = reads ? STDIN_FILENO : -1, .events = POLLIN};
    fds[FD_OUTPUT] =
        (struct pollfd){.fd = (t->screen.len > 0) ? STDOUT_FILENO : -1, .events = POLLOUT};
    if (t->input_len > 0 || t->input_ended) {
        const uint64_t again = look_again(t);
        *deadline = (*deadline > again) ? again : *deadline;
    }
    return FD_COUNT;
}

static void terminal_service(host_device_t *device, const struct pollfd *fds, size_t count,
                             bool idle) {
    host_terminal_t *t = MN_CONTAINER_OF(device, host_terminal_t, device);
    (void)count;
    if (fds[FD_INPUT].revents != 0) {
        read_input(t);
    }
    send_input(t, idle);
    show_prompt(t);
    write_output(t, 0);
    if (!t->interactive && host_loop_running()) {
        end_after_input(t, idle);
    }
}

static void terminal_close(host_device_t *device) {
    host_terminal_t *t = MN_CONTAINER_OF(device, host_terminal_t, device);
    if (t->interactive) {
        screen_show_typed(&t->screen, false);
    }
    write_output(t, OUTPUT_PATIENCE);
    host_tty_restore();
}

static void terminal_panic(host_device_t *device, const char *text, size_t len) {
    (void)text; // goes to standard error
    (void)len;
    terminal_close(device);
}

static const host_device_ops_t terminal_ops = {terminal_prepare, terminal_service, terminal_close,
                                               terminal_panic};

static bool can_edit(void) {
    const char *kind = getenv("TERM");
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && kind != NULL &&
           strcmp(kind, "dumb") != 0 && host_tty_raw();
}

void host_terminal_init(host_terminal_t *t, host_uart_t *uart, uint16_t port) {
    (void)setlocale(LC_CTYPE, ""); // for the width of characters
    t->device.ops = &terminal_ops;
    t->uart = uart;
    t->port = port;
    (void)mn_sermux_decoder_init(&t->decoder, t->frame, sizeof t->frame);
    t->interactive = can_edit();
    t->screen.editor = t->interactive ? &t->editor : NULL;
    measure_screen(t);
    uart->listener =
        (host_uart_listener_t){.room = terminal_room, .heard = terminal_heard, .context = t};
    host_loop_add(&t->device);
}
