// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#define _GNU_SOURCE // ppoll: poll with a timeout finer than a millisecond

#include "loop.h"

#include <errno.h>
#include <fcntl.h>
#include <mnemos/assert.h>
#include <mnemos/util.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

// If the kernel has not come to rest by then, it never will, and input is taken all the same.
#define SETTLE_TIME (HOST_TICK_HZ / 10U)

static struct {
    host_device_t *devices[HOST_DEVICES_MAX];
    size_t count;
    struct timespec start;
    int signal_pipe[2]; // a signal handler writes to it, so that no signal is lost before a poll
    bool settled;
    bool ended;
    int status;
} loop = {.signal_pipe = {-1, -1}};

// --- signals ---

static void on_signal(int number) {
    const int saved = errno;
    (void)number;
    const ssize_t written = write(loop.signal_pipe[1], "", 1);
    (void)written; // a full pipe says the same as one more byte
    errno = saved;
}

static int catch_signals(void) {
    static const int ending[] = {SIGINT, SIGTERM, SIGHUP};
    if (pipe(loop.signal_pipe) != 0) {
        return errno;
    }
    for (size_t i = 0; i < MN_COUNT_OF(loop.signal_pipe); i++) {
        (void)fcntl(loop.signal_pipe[i], F_SETFL, O_NONBLOCK);
        (void)fcntl(loop.signal_pipe[i], F_SETFD, FD_CLOEXEC);
    }
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < MN_COUNT_OF(ending); i++) {
        if (sigaction(ending[i], &action, NULL) != 0) {
            return errno;
        }
    }
    action.sa_handler = SIG_IGN; // whoever writes learns of a closed pipe from the error
    return (sigaction(SIGPIPE, &action, NULL) == 0) ? 0 : errno;
}

int host_loop_init(void) {
    (void)clock_gettime(CLOCK_MONOTONIC, &loop.start);
    return catch_signals();
}

void host_loop_add(host_device_t *device) {
    MN_ASSERT(loop.count < HOST_DEVICES_MAX);
    loop.devices[loop.count++] = device;
}

// --- time ---

uint64_t host_now(void *context) {
    (void)context;
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    const int64_t seconds = (int64_t)now.tv_sec - (int64_t)loop.start.tv_sec;
    const int64_t nanoseconds = (int64_t)now.tv_nsec - (int64_t)loop.start.tv_nsec;
    return (uint64_t)((seconds * 1000000000 + nanoseconds) / 1000);
}

static struct timespec time_until(uint64_t deadline) {
    const uint64_t now = host_now(NULL);
    const uint64_t left = (deadline > now) ? deadline - now : 0;
    return (struct timespec){.tv_sec = (time_t)(left / HOST_TICK_HZ),
                             .tv_nsec = (long)(left % HOST_TICK_HZ) * 1000};
}

// --- waiting ---

static void wait_for(struct pollfd *fds, size_t count, uint64_t deadline) {
    const struct timespec timeout = time_until(deadline);
    const int ready = ppoll(fds, (nfds_t)count, (deadline == MN_NEVER) ? NULL : &timeout, NULL);
    if (ready < 0) { // EINTR: the signal is in the pipe, and the next wait sees it
        MN_ASSERT(errno == EINTR);
        for (size_t i = 0; i < count; i++) {
            fds[i].revents = 0;
        }
    }
}

void host_loop_wait(mn_kernel_t *kernel, uint64_t deadline) {
    const uint64_t now = host_now(NULL);
    const bool idle = deadline > now;
    // Input that arrived before the services are up would be for nobody.
    loop.settled = loop.settled || idle || now > SETTLE_TIME;
    if (!loop.settled) {
        return;
    }
    struct pollfd fds[1 + HOST_DEVICES_MAX * HOST_DEVICE_FDS_MAX] = {
        {.fd = loop.signal_pipe[0], .events = POLLIN}};
    size_t counts[HOST_DEVICES_MAX] = {0};
    size_t total = 1;
    for (size_t i = 0; i < loop.count; i++) {
        counts[i] = loop.devices[i]->ops->prepare(loop.devices[i], &fds[total], &deadline);
        total += counts[i];
    }
    wait_for(fds, total, deadline);
    if (fds[0].revents != 0) {
        host_loop_end(0);
    }
    mn_isr_enter(kernel);
    total = 1;
    for (size_t i = 0; i < loop.count; i++) {
        loop.devices[i]->ops->service(loop.devices[i], &fds[total], counts[i], idle);
        total += counts[i];
    }
    mn_isr_exit(kernel);
}

// --- the end ---

bool host_loop_running(void) {
    return !loop.ended;
}

void host_loop_end(int status) {
    if (!loop.ended) {
        loop.ended = true;
        loop.status = status;
    }
}

int host_loop_close(void) {
    while (loop.count > 0) {
        host_device_t *device = loop.devices[--loop.count];
        if (device->ops->close != NULL) {
            device->ops->close(device);
        }
    }
    return loop.status;
}

void host_loop_panic(const char *text, size_t len) {
    while (loop.count > 0) { // a device that panics itself is not asked again
        host_device_t *device = loop.devices[--loop.count];
        if (device->ops->panic != NULL) {
            device->ops->panic(device, text, len);
        }
    }
}
