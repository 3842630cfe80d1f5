// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "tty.h"

#include <mnemos/util.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

static const int crashes[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGQUIT, SIGSEGV};

static struct {
    struct termios before;
    struct sigaction old[MN_COUNT_OF(crashes)]; // a sanitizer may have handlers of its own
    volatile sig_atomic_t raw;
    bool watched;
} tty;

void host_tty_restore(void) {
    if (tty.raw) {
        tty.raw = 0;
        (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &tty.before);
    }
}

static void on_crash(int number) {
    host_tty_restore();
    for (size_t i = 0; i < MN_COUNT_OF(crashes); i++) {
        if (crashes[i] == number) {
            (void)sigaction(number, &tty.old[i], NULL);
        }
    }
    (void)raise(number); // taken when this handler has returned
}

static void watch_crashes(void) {
    struct sigaction action = {.sa_handler = on_crash};
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < MN_COUNT_OF(crashes); i++) {
        (void)sigaction(crashes[i], &action, &tty.old[i]);
    }
}

bool host_tty_raw(void) {
    if (!tty.raw && tcgetattr(STDIN_FILENO, &tty.before) != 0) {
        return false;
    }
    if (!tty.watched) {
        tty.watched = true;
        watch_crashes();
    }
    struct termios raw = tty.before;
    raw.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IGNCR | IXON | ISTRIP);
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    tty.raw = 1;
    if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) != 0) {
        tty.raw = 0;
    }
    return tty.raw != 0;
}
