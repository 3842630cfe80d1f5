// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "dial.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

typedef struct baud_code {
    uint32_t baud;
    speed_t code;
} baud_code_t;

static const baud_code_t BAUD_CODES[] = {
    {1200, B1200},       {2400, B2400},       {4800, B4800},       {9600, B9600},
    {19200, B19200},     {38400, B38400},     {57600, B57600},     {115200, B115200},
    {230400, B230400},
#ifdef B4000000
    {460800, B460800},   {500000, B500000},   {576000, B576000},   {921600, B921600},
    {1000000, B1000000}, {1152000, B1152000}, {1500000, B1500000}, {2000000, B2000000},
    {2500000, B2500000}, {3000000, B3000000}, {3500000, B3500000}, {4000000, B4000000},
#endif
};

static const baud_code_t *find_baud(uint32_t baud) {
    for (size_t i = 0; i < sizeof BAUD_CODES / sizeof BAUD_CODES[0]; i++) {
        if (BAUD_CODES[i].baud == baud) {
            return &BAUD_CODES[i];
        }
    }
    return NULL;
}

bool dial_knows_baud(uint32_t baud) {
    return find_baud(baud) != NULL;
}

// Closes without losing the reason of a failure.
static int close_failed(int fd) {
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

int dial_tcp(const struct addrinfo *address) {
    int fd = socket(address->ai_family, address->ai_socktype, address->ai_protocol);
    if (fd < 0) {
        return -1;
    }
    if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
        return close_failed(fd);
    }
    // What is typed should leave at once. It works without, too.
    const int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, address->ai_addr, address->ai_addrlen) < 0 && errno != EINPROGRESS) {
        return close_failed(fd);
    }
    return fd;
}

int dial_tcp_outcome(int fd) {
    int error = 0;
    socklen_t len = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0) {
        return errno;
    }
    return error;
}

static void make_raw(struct termios *line, speed_t speed) {
    line->c_iflag = 0;
    line->c_oflag = 0;
    line->c_lflag = 0;
    line->c_cflag = CS8 | CREAD | CLOCAL;
    // So that reading 0 bytes can only mean that the line is gone.
    line->c_cc[VMIN] = 1;
    line->c_cc[VTIME] = 0;
    (void)cfsetispeed(line, speed);
    (void)cfsetospeed(line, speed);
}

int dial_serial(const char *path, uint32_t baud) {
    const baud_code_t *speed = find_baud(baud);
    if (speed == NULL) {
        errno = EINVAL;
        return -1;
    }
    int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    struct termios line;
    if (tcgetattr(fd, &line) < 0) {
        return close_failed(fd);
    }
    make_raw(&line, speed->code);
    if (tcsetattr(fd, TCSANOW, &line) < 0) {
        return close_failed(fd);
    }
    return fd;
}
