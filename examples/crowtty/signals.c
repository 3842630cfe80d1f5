// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static int signal_pipe[2];

static void on_signal(int number) {
    int error = errno;
    unsigned char byte = (unsigned char)number;
    (void)!write(signal_pipe[1], &byte, 1);
    errno = error;
}

static bool catch_one(int number, void (*handler)(int)) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    return sigaction(number, &action, NULL) == 0;
}

int signals_catch(bool winch) {
    if (pipe(signal_pipe) < 0) {
        return -1;
    }
    for (int i = 0; i < 2; i++) {
        if (fcntl(signal_pipe[i], F_SETFL, O_NONBLOCK) < 0 ||
            fcntl(signal_pipe[i], F_SETFD, FD_CLOEXEC) < 0) {
            return -1;
        }
    }
    // Somebody who goes away shows as an error when writing to them, so SIGPIPE is of no use.
    bool caught = catch_one(SIGINT, on_signal) && catch_one(SIGTERM, on_signal) &&
                  catch_one(SIGPIPE, SIG_IGN) && (!winch || catch_one(SIGWINCH, on_signal));
    return caught ? signal_pipe[0] : -1;
}

int signals_take(void) {
    unsigned char byte;
    int taken = 0;
    while (read(signal_pipe[0], &byte, 1) == 1) {
        taken = (taken == 0 || byte != SIGWINCH) ? byte : taken;
    }
    return taken;
}
