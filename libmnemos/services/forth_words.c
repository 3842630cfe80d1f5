// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Words for what lies outside the VM: time, the terminal, mux ports and other handles. A word that
// waits is called again with the same stack until it is done, so it looks at its inputs first and
// takes them off at the end.

#include "forth_task.h"
#include <string.h>

enum { CHUNK = 64 };

static mn__forth_task_t *self_of(mn_forth_t *vm) {
    return mn_forth_context(vm);
}

static void drop(mn_forth_t *vm, unsigned cells) {
    while (cells-- > 0) {
        (void)mn_forth_pop(vm);
    }
}

void mn__forth_words_cancel(mn__forth_task_t *self) {
    mn_timer_cancel(&self->timer);
    mn_wait_cancel(&self->wait);
    mn_mux_open_cancel(&self->opener);
    if (self->waiting_port != NULL) {
        mn_mux_send_cancel(self->waiting_port, &self->sender);
        mn_mux_read_cancel(self->waiting_port);
        self->waiting_port = NULL;
    }
}

// ---------------------------------------------------------------------------------------------
// Time

// Sleep for the number of units on the stack, of which `hz` make a second.
static int sleep_units(mn_forth_t *vm, uint32_t units_per_second) {
    mn__forth_task_t *self = self_of(vm);
    const uint32_t n = mn_forth_peek(vm, 0);
    if (n > INT32_MAX) {
        return MN_EINVAL;
    }
    const uint64_t ticks = mn_seconds(self->task.kernel, n) / units_per_second;
    mn_status_t status = mn_sleep(&self->timer, &self->task, ticks);
    if (status == MN_OK) {
        drop(vm, 1);
    }
    return status;
}

static int w_sleep_us(mn_forth_t *vm) {
    return sleep_units(vm, 1000000);
}

static int w_sleep_ms(mn_forth_t *vm) {
    return sleep_units(vm, 1000);
}

static int w_sleep_s(mn_forth_t *vm) {
    return sleep_units(vm, 1);
}

static int w_utime(mn_forth_t *vm) {
    const mn_kernel_t *kernel = self_of(vm)->task.kernel;
    const uint64_t now = mn_now(kernel);
    const uint32_t hz = kernel->config.tick_hz;
    const uint64_t us = now / hz * 1000000U + now % hz * 1000000U / hz;
    (void)mn_forth_push(vm, (uint32_t)us);
    (void)mn_forth_push(vm, (uint32_t)(us >> 32));
    return MN_OK;
}

// ---------------------------------------------------------------------------------------------
// Terminal

static int w_key(mn_forth_t *vm) {
    mn__forth_task_t *self = self_of(vm);
    uint8_t byte = 0;
    mn_status_t status = (self->key == NULL) ? MN_ECLOSED : self->key(self, true, &byte);
    if (status == MN_OK) {
        (void)mn_forth_push(vm, byte);
    }
    return status;
}

static int w_key_question(mn_forth_t *vm) {
    mn__forth_task_t *self = self_of(vm);
    uint8_t byte = 0;
    const bool there = self->key != NULL && self->key(self, false, &byte) == MN_OK;
    (void)mn_forth_push(vm, there ? UINT32_MAX : 0);
    return MN_OK;
}

// ---------------------------------------------------------------------------------------------
// Ports

static int w_open_port(mn_forth_t *vm) {
    mn__forth_task_t *self = self_of(vm);
    const uint32_t size = mn_forth_peek(vm, 0);
    const uint32_t number = mn_forth_peek(vm, 1);
    if (number > UINT16_MAX || size > INT32_MAX) {
        return MN_EINVAL;
    }
    const mn_mux_open_t open = {.port = (uint16_t)number, .capacity = size};
    mn_mux_port_t *port = NULL;
    mn_status_t status =
        mn_mux_open(&self->opener, self->system->registry, &self->task, &open, &port);
    if (status != MN_OK) {
        return status;
    }
    const uint32_t handle = mn__forth_handle_add(self, MN__HANDLE_PORT, port);
    if (handle == 0) {
        mn_mux_close(port);
        return MN_EFULL;
    }
    drop(vm, 2);
    (void)mn_forth_push(vm, handle);
    return MN_OK;
}

static mn_mux_port_t *port_of(mn__forth_task_t *self, uint32_t handle) {
    const mn__handle_t *found = mn__forth_handle_find(self, handle, MN__HANDLE_PORT);
    return (found == NULL) ? NULL : found->object;
}

// Send a piece at a time; the first of the word's cells counts the bytes that are on their way, and
// a piece is fetched again from data space whenever the line was busy, so nothing need be kept.
static int w_write(mn_forth_t *vm) {
    mn__forth_task_t *self = self_of(vm);
    uint32_t *sent = mn_forth_word_state(vm);
    const uint32_t len = mn_forth_peek(vm, 1);
    const uint32_t from = mn_forth_peek(vm, 2);
    mn_mux_port_t *port = port_of(self, mn_forth_peek(vm, 0));
    mn_status_t status = (port == NULL) ? MN_ENOTFOUND : MN_OK;
    self->waiting_port = port;
    while (status == MN_OK && *sent < len) {
        uint8_t piece[CHUNK];
        const uint32_t count = (len - *sent < CHUNK) ? len - *sent : CHUNK;
        status = mn_forth_read(vm, from + *sent, piece, count);
        if (status == MN_OK) {
            status = mn_mux_send(port, &self->sender, &self->task, piece, count);
        }
        if (status == MN_OK) {
            *sent += count;
        }
    }
    if (status == MN_PENDING) {
        return status;
    }
    self->waiting_port = NULL;
    if (status == MN_OK) {
        drop(vm, 3);
    }
    return status;
}

static int w_read(mn_forth_t *vm) {
    mn__forth_task_t *self = self_of(vm);
    const uint32_t room = mn_forth_peek(vm, 1);
    mn_mux_port_t *port = port_of(self, mn_forth_peek(vm, 0));
    if (port == NULL || room == 0) {
        return (port == NULL) ? MN_ENOTFOUND : MN_EINVAL;
    }
    mn_span_t data = {0};
    self->waiting_port = port;
    mn_status_t status = mn_mux_read(port, &self->task, &data);
    if (status == MN_PENDING) {
        return status;
    }
    self->waiting_port = NULL;
    if (status != MN_OK) {
        return status;
    }
    const uint32_t count = (data.len < room) ? (uint32_t)data.len : room;
    status = mn_forth_write(vm, mn_forth_peek(vm, 2), data.data, count);
    mn_mux_release(port, (status == MN_OK) ? count : 0);
    if (status == MN_OK) {
        drop(vm, 3);
        (void)mn_forth_push(vm, count);
    }
    return status;
}

static int w_close(mn_forth_t *vm) {
    return mn__forth_handle_close(self_of(vm), mn_forth_pop(vm));
}

static const mn_forth_word_t words[] = {
    MN_FORTH_WORD("sleep::us", w_sleep_us, 1, 0, "( n -- ) wait for n microseconds"),
    MN_FORTH_WORD("sleep::ms", w_sleep_ms, 1, 0, "( n -- ) wait for n milliseconds"),
    MN_FORTH_WORD("sleep::s", w_sleep_s, 1, 0, "( n -- ) wait for n seconds"),
    MN_FORTH_WORD("ms", w_sleep_ms, 1, 0, "( n -- ) wait for n milliseconds"),
    MN_FORTH_WORD("utime", w_utime, 0, 2, "( -- ud ) microseconds since the clock started"),
    MN_FORTH_WORD("key", w_key, 0, 1, "( -- char ) wait for a byte of input"),
    MN_FORTH_WORD("key?", w_key_question, 0, 1, "( -- flag ) is there a byte of input?"),
    MN_FORTH_WORD("sermux::open_port", w_open_port, 2, 1,
                  "( port size -- handle ) open a mux port that holds size bytes"),
    MN_FORTH_WORD("sermux::write", w_write, 3, 0, "( addr u handle -- ) send bytes through a port"),
    MN_FORTH_WORD("sermux::read", w_read, 3, 1,
                  "( addr u handle -- u' ) wait for bytes from a port, at most u"),
    MN_FORTH_WORD("close", w_close, 1, 0, "( handle -- ) close what was opened"),
};

const mn_forth_words_t mn__forth_kernel_words = {words, MN_COUNT_OF(words), 0, "kernel", NULL};
