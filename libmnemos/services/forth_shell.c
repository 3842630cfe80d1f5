// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#define MN_TRACE_TARGET "forth"

// Bytes flow one way: port → typed ahead → line → VM → out → port. Every step moves what it can and
// none waits for another, so a blocked output never keeps a Ctrl-C from being seen.

#include "forth_task.h"
#include <mnemos/forth_shell.h>

enum { CTRL_C = 0x03 };

typedef struct shell {
    mn__forth_task_t forth; // first, so that the storage is the task's
    mn_forth_shell_config_t config;
    mn_mux_opener_t opener;
    mn_mux_port_t *port;
    mn_timer_t silence;
    bool busy;            // the VM has a line that it has not answered
    mn_trace_span_t span; // of that line

    uint8_t *ahead; // a ring of config.capacity bytes
    uint32_t ahead_first;
    uint32_t ahead_count;
    uint32_t lost;

    char *line; // one byte longer than the VM takes, so that it can refuse what is too long
    size_t line_len;
    bool after_cr;
} shell_t;

static shell_t *shell_of(mn_task_t *task) {
    return (shell_t *)(void *)MN_CONTAINER_OF(task, mn__forth_task_t, task);
}

// ---------------------------------------------------------------------------------------------
// Input

static void type_ahead(shell_t *self, uint8_t byte) {
    if (self->ahead_count == self->config.capacity) {
        self->lost++;
        return;
    }
    const uint32_t at = (self->ahead_first + self->ahead_count) % self->config.capacity;
    self->ahead[at] = byte;
    self->ahead_count++;
}

static void interrupt(shell_t *self) {
    self->ahead_count = 0;
    self->line_len = 0;
    mn_timer_cancel(&self->silence);
    if (self->busy) {
        mn_forth_interrupt(self->forth.vm);
    }
}

// Take everything from the port, so that a Ctrl-C is found however much is in front of it.
static mn_status_t drain_port(shell_t *self) {
    mn_span_t bytes = {0};
    mn_status_t status = mn_mux_read(self->port, &self->forth.task, &bytes);
    while (status == MN_OK) {
        for (size_t i = 0; i < bytes.len; i++) {
            if (bytes.data[i] == CTRL_C) {
                interrupt(self);
            } else {
                type_ahead(self, bytes.data[i]);
            }
        }
        mn_mux_release(self->port, bytes.len);
        status = mn_mux_read(self->port, &self->forth.task, &bytes);
    }
    return status;
}

static uint8_t take_ahead(shell_t *self) {
    const uint8_t byte = self->ahead[self->ahead_first];
    self->ahead_first = (self->ahead_first + 1) % self->config.capacity;
    self->ahead_count--;
    return byte;
}

// The next byte for the words that read the terminal by bytes.
static mn_status_t key(mn__forth_task_t *forth, bool take, uint8_t *byte) {
    shell_t *self = (shell_t *)(void *)forth;
    if (self->ahead_count == 0) {
        return MN_PENDING; // the task is woken by whatever comes in
    }
    if (take) {
        *byte = take_ahead(self);
    }
    return MN_OK;
}

// Add a byte to the line; true if it ended the line.
static bool add_to_line(shell_t *self, uint8_t byte) {
    const bool pair = self->after_cr && byte == '\n';
    self->after_cr = (byte == '\r');
    if (pair) {
        return false;
    }
    if (byte == '\r' || byte == '\n') {
        return true;
    }
    if (self->line_len <= self->config.forth.input_size) {
        self->line[self->line_len++] = (char)byte;
    }
    return false;
}

// Whether a line is complete, by its end or by silence after it.
static bool collect_line(shell_t *self) {
    const uint32_t count = self->ahead_count;
    while (self->ahead_count != 0) {
        if (add_to_line(self, take_ahead(self))) {
            mn_timer_cancel(&self->silence);
            return true;
        }
    }
    if (mn_timer_fired(&self->silence)) {
        mn_timer_cancel(&self->silence);
        return true;
    }
    if (count != 0 && self->line_len != 0 && self->config.line_timeout_ms != 0) {
        mn_kernel_t *kernel = self->forth.task.kernel;
        mn_timer_start(&self->silence, &self->forth.task,
                       mn_now(kernel) + mn_ms(kernel, self->config.line_timeout_ms));
    }
    return false;
}

// ---------------------------------------------------------------------------------------------
// The VM

static void feed(shell_t *self, const char *text, size_t len) {
    (void)mn_forth_feed_line(self->forth.vm, text, len); // a line that is refused gets its answer
    self->busy = true;
}

static mn_status_t fresh_vm(shell_t *self) {
    mn_status_t status = mn__forth_task_new_vm(&self->forth, &self->config.forth);
    if (status == MN_OK) {
        feed(self, "", 0); // answers `ok.`, the greeting
    }
    return status;
}

// After `bye`: a VM with nothing in it and nothing open.
static mn_status_t replace_vm(shell_t *self) {
    mn__forth_handles_close(&self->forth);
    mn__forth_task_end_vm(&self->forth);
    return fresh_vm(self);
}

// One slice of the VM's work. MN_PENDING: nothing to do before the next wake.
static mn_status_t run_vm(shell_t *self) {
    mn_forth_t *vm = self->forth.vm;
    if (!self->busy || mn_forth_wants(vm) == MN_FORTH_WANTS_LINE) {
        if (!collect_line(self)) {
            return MN_PENDING;
        }
        mn_trace_enter(MN_TRACE_DEBUG, &self->span, "line", "bytes", self->line_len);
        feed(self, self->line, self->line_len);
        self->line_len = 0;
    }
    mn_status_t status = mn_forth_run(vm, 0);
    if (status == MN_PENDING) {
        return (mn_forth_wants(vm) == MN_FORTH_WANTS_HOST) ? MN_PENDING : MN_OK;
    }
    if (status != MN_OK && status != MN_ECLOSED) {
        mn_info("line failed", "reason", mn_status_name(status));
    }
    mn_trace_exit(&self->span);
    self->busy = false;
    mn__forth_words_cancel(&self->forth); // of a line that was interrupted
    return (status == MN_ECLOSED) ? replace_vm(self) : MN_OK;
}

// ---------------------------------------------------------------------------------------------
// The task

// What to do at each poll: at most one slice of the VM, then the others' turn.
static mn_status_t serve(shell_t *self) {
    mn_status_t status = drain_port(self);
    if (status != MN_PENDING) {
        return status;
    }
    status = mn__forth_task_send(&self->forth);
    if (status == MN_OK) {
        status = run_vm(self);
        if (status == MN_OK) {
            mn_task_wake(&self->forth.task);
        }
        if (status >= MN_OK) {
            const mn_status_t sent = mn__forth_task_send(&self->forth);
            status = (sent < MN_OK) ? sent : MN_PENDING;
        }
    }
    return status;
}

static mn_status_t open_terminal(shell_t *self) {
    mn_task_t *task = &self->forth.task;
    const mn_mux_open_t open = {.port = self->config.port, .capacity = self->config.capacity};
    mn_mux_port_t *port = NULL;
    mn_status_t status =
        mn_mux_open(&self->opener, self->forth.system->registry, task, &open, &port);
    if (status == MN_OK) {
        status = mn__terminal_new(task->kernel, port, &self->forth.terminal);
        if (status != MN_OK) {
            mn_mux_close(port);
        }
    }
    self->port = (status == MN_OK) ? port : NULL;
    return status;
}

static mn_status_t shell_poll(mn_task_t *task) {
    shell_t *self = shell_of(task);
    mn_status_t status = MN_OK;
    MN_BEGIN(task);
    MN_AWAIT(status, open_terminal(self));
    if (status != MN_OK) {
        return status;
    }
    MN_AWAIT(status, serve(self));
    return status;
    MN_END();
}

static void shell_drop(mn_task_t *task) {
    shell_t *self = shell_of(task);
    mn_trace_exit(&self->span);
    mn_timer_cancel(&self->silence);
    mn_mux_open_cancel(&self->opener);
    if (self->port != NULL) {
        mn_mux_read_cancel(self->port);
    }
    mn__forth_task_drop(&self->forth);
}

static const mn_task_type_t shell_type = {"forth", shell_poll, shell_drop};

mn_status_t mn_forth_shell_start(mn_forth_system_t *system, const mn_forth_shell_config_t *config,
                                 const char *name, mn_task_t **task) {
    *task = NULL;
    if (config->capacity == 0) {
        return MN_EINVAL;
    }
    // The task, what is typed ahead and the line are one block.
    const size_t size = sizeof(shell_t) + config->capacity + config->forth.input_size + 1U;
    mn_status_t status = mn_spawn_new(system->registry->kernel, size, &shell_type, name, task);
    if (status != MN_OK) {
        return status;
    }
    shell_t *self = shell_of(*task);
    self->config = *config;
    self->ahead = (uint8_t *)(self + 1);
    self->line = (char *)(self->ahead + config->capacity);
    self->forth.key = key;
    status = mn__forth_task_init(&self->forth, system);
    if (status == MN_OK) {
        status = fresh_vm(self);
    }
    if (status != MN_OK) {
        mn_cancel_now(*task);
        mn_task_release(*task);
        *task = NULL;
    }
    return status;
}

uint32_t mn_forth_shell_lost(const mn_task_t *task) {
    MN_ASSERT(task->type == &shell_type);
    return ((const shell_t *)(const void *)task)->lost;
}
