// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "status_screen.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

// The other screen, without a cursor; and back.
static const char ENTER[] = "\x1b[?1049h\x1b[?25l\x1b[2J";
static const char LEAVE[] = "\x1b[?25h\x1b[?1049l";
static const char HOME[] = "\x1b[H";
static const char CLEAR_LINE[] = "\x1b[K";
static const char CLEAR_BELOW[] = "\x1b[J";

static struct termios saved;
static bool is_open;
static bool has_keys;

bool screen_open(void) {
    if (isatty(STDOUT_FILENO) != 1) {
        return false;
    }
    has_keys = tcgetattr(STDIN_FILENO, &saved) == 0;
    if (has_keys) {
        struct termios raw = saved;
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        raw.c_cc[VMIN] = 0;
        raw.c_cc[VTIME] = 0;
        raw.c_cc[VSUSP] = _POSIX_VDISABLE; // a shell would find its terminal in disorder
        has_keys = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
    }
    fputs(ENTER, stdout);
    is_open = true;
    return true;
}

void screen_close(void) {
    if (!is_open) {
        return;
    }
    is_open = false;
    fputs(LEAVE, stdout);
    fflush(stdout);
    if (has_keys) {
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &saved);
    }
}

// Bytes of the line that are in so many columns: the continuation of a character takes none.
static size_t fitting(const char *line, size_t len, size_t columns) {
    size_t at = 0;
    for (; at < len; at++) {
        if (((unsigned char)line[at] & 0xc0u) == 0x80u) {
            continue;
        }
        if (columns == 0) {
            break;
        }
        columns--;
    }
    return at;
}

void screen_draw(const char *page, size_t len) {
    struct winsize size = {.ws_row = 24, .ws_col = 80};
    struct winsize told;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &told) == 0 && told.ws_row > 0 && told.ws_col > 0) {
        size = told;
    }
    fputs(HOME, stdout);
    unsigned row = 0;
    for (; row < size.ws_row && len > 0; row++) {
        const char *end = memchr(page, '\n', len);
        size_t line = end != NULL ? (size_t)(end - page) : len;
        fputs(row > 0 ? "\r\n" : "", stdout);
        // First, because behind a line that is full the cursor is still on its last character.
        fputs(CLEAR_LINE, stdout);
        fwrite(page, 1, fitting(page, line, size.ws_col), stdout);
        page += line + (end != NULL);
        len -= line + (end != NULL);
    }
    if (row < size.ws_row) {
        fputs("\r\n", stdout);
        fputs(CLEAR_BELOW, stdout);
    }
}

int screen_keys(void) {
    return is_open && has_keys ? STDIN_FILENO : -1;
}

bool screen_wants_end(void) {
    char keys[64];
    ssize_t n = has_keys ? read(STDIN_FILENO, keys, sizeof keys) : 0;
    return n > 0 && (memchr(keys, 'q', (size_t)n) != NULL || memchr(keys, 'Q', (size_t)n) != NULL);
}
