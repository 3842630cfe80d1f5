// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Bytes flow one way: port → typed ahead → line → VM → out → port. Every step moves what it can and
// none waits for another, so a blocked output never keeps a Ctrl-C from being seen.

#include <mnemos/forth_shell.h>
#include <mnemos/memory.h>
#include <string.h>

enum { CTRL_C = 0x03, OUT_SIZE = 256 };

typedef struct shell {
    mn_task_t task;
    mn_registry_t *registry;
    mn_forth_shell_config_t config;
    mn_heap_owner_t owner;
    mn_mux_opener_t opener;
    mn_mux_port_t *port;
    mn_mux_sender_t sender;
    mn_timer_t silence;

    mn_forth_t *vm;
    void *vm_memory;
    size_t vm_size;
    bool busy; // the VM has a line that it has not answered

    uint8_t *ahead; // a ring of config.capacity bytes
    uint32_t ahead_first;
    uint32_t ahead_count;
    uint32_t lost;

    char *line; // one byte longer than the VM takes, so that it can refuse what is too long
    size_t line_len;
    bool after_cr;

    size_t out_len;
    uint8_t out[OUT_SIZE];
} shell_t;

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
        mn_forth_interrupt(self->vm);
    }
}

// Take everything from the port, so that a Ctrl-C is found however much is in front of it.
static mn_status_t drain_port(shell_t *self) {
    mn_span_t bytes = {0};
    mn_status_t status = mn_mux_read(self->port, &self->task, &bytes);
    while (status == MN_OK) {
        for (size_t i = 0; i < bytes.len; i++) {
            if (bytes.data[i] == CTRL_C) {
                interrupt(self);
            } else {
                type_ahead(self, bytes.data[i]);
            }
        }
        mn_mux_release(self->port, bytes.len);
        status = mn_mux_read(self->port, &self->task, &bytes);
    }
    return status;
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
        const uint8_t byte = self->ahead[self->ahead_first];
        self->ahead_first = (self->ahead_first + 1) % self->config.capacity;
        self->ahead_count--;
        if (add_to_line(self, byte)) {
            mn_timer_cancel(&self->silence);
            return true;
        }
    }
    if (mn_timer_fired(&self->silence)) {
        mn_timer_cancel(&self->silence);
        return true;
    }
    if (count != 0 && self->line_len != 0 && self->config.line_timeout_ms != 0) {
        mn_kernel_t *kernel = self->task.kernel;
        mn_timer_start(&self->silence, &self->task,
                       mn_now(kernel) + mn_ms(kernel, self->config.line_timeout_ms));
    }
    return false;
}

// ---------------------------------------------------------------------------------------------
// The VM

static void feed(shell_t *self, const char *text, size_t len) {
    (void)mn_forth_feed_line(self->vm, text, len); // a line that is refused gets its own answer
    self->busy = true;
}

static mn_status_t fresh_vm(shell_t *self) {
    mn_status_t status =
        mn_forth_init(&self->vm, &self->config.forth, self->vm_memory, self->vm_size);
    if (status == MN_OK) {
        feed(self, "", 0); // answers `ok.`, the greeting
    }
    return status;
}

// One slice of the VM's work. MN_PENDING: nothing to do before the next wake.
static mn_status_t run_vm(shell_t *self) {
    if (!self->busy || mn_forth_wants(self->vm) == MN_FORTH_WANTS_LINE) {
        if (!collect_line(self)) {
            return MN_PENDING;
        }
        feed(self, self->line, self->line_len);
        self->line_len = 0;
    }
    mn_status_t status = mn_forth_run(self->vm, 0);
    if (status == MN_ECLOSED) {
        mn_forth_end(self->vm);
        return fresh_vm(self);
    }
    if (status != MN_PENDING) {
        self->busy = false;
    } else if (mn_forth_wants(self->vm) == MN_FORTH_WANTS_HOST) {
        return MN_PENDING;
    }
    return MN_OK;
}

// ---------------------------------------------------------------------------------------------
// The task

// Send what the VM has printed. MN_PENDING: the line is busy.
static mn_status_t send_output(shell_t *self) {
    mn_status_t status = MN_OK;
    while (status == MN_OK) {
        if (self->out_len == 0) {
            self->out_len = mn_forth_output_take(self->vm, self->out, OUT_SIZE);
        }
        if (self->out_len == 0) {
            return MN_OK;
        }
        status = mn_mux_send(self->port, &self->sender, &self->task, self->out, self->out_len);
        if (status == MN_OK) {
            self->out_len = 0;
        }
    }
    return status;
}

// What to do at each poll: at most one slice of the VM, then the others' turn.
static mn_status_t serve(shell_t *self) {
    mn_status_t status = drain_port(self);
    if (status != MN_PENDING) {
        return status;
    }
    status = send_output(self);
    if (status == MN_OK) {
        status = run_vm(self);
        if (status == MN_OK) {
            mn_task_wake(&self->task);
            status = send_output(self);
        }
    }
    return (status == MN_OK) ? MN_PENDING : status;
}

static mn_status_t shell_poll(mn_task_t *task) {
    shell_t *self = MN_CONTAINER_OF(task, shell_t, task);
    const mn_mux_open_t open = {.port = self->config.port, .capacity = self->config.capacity};
    mn_status_t status = MN_OK;
    MN_BEGIN(task);
    MN_AWAIT(status, mn_mux_open(&self->opener, self->registry, task, &open, &self->port));
    if (status != MN_OK) {
        return status;
    }
    MN_AWAIT(status, serve(self));
    return status;
    MN_END();
}

static void shell_drop(mn_task_t *task) {
    shell_t *self = MN_CONTAINER_OF(task, shell_t, task);
    mn_timer_cancel(&self->silence);
    mn_mux_open_cancel(&self->opener);
    if (self->port != NULL) {
        mn_mux_send_cancel(self->port, &self->sender);
        mn_mux_read_cancel(self->port);
        mn_mux_close(self->port);
    }
    if (self->vm != NULL) {
        mn_forth_end(self->vm);
    }
    mn_status_t status = mn_free(task->kernel, self->vm_memory);
    MN_ASSERT(status == MN_OK);
    status = mn_heap_owner_remove(&task->kernel->heap, &self->owner);
    MN_ASSERT(status == MN_OK);
}

static const mn_task_type_t shell_type = {"forth", shell_poll, shell_drop};

// The VM, what is typed ahead and the line share one block.
static mn_status_t allocate_vm(mn_kernel_t *kernel, mn_heap_owner_t *owner,
                               const mn_forth_shell_config_t *config, void **memory) {
    const size_t vm_size = mn_forth_memory_needed(&config->forth);
    if (vm_size == 0 || config->capacity == 0) {
        return MN_EINVAL;
    }
    const size_t buffers = config->capacity + config->forth.input_size + 1U;
    return mn_alloc(kernel, owner, vm_size + buffers, 0, memory);
}

static mn_status_t set_up(shell_t *self, mn_registry_t *registry,
                          const mn_forth_shell_config_t *config) {
    self->registry = registry;
    self->config = *config;
    self->owner = (mn_heap_owner_t)MN_HEAP_OWNER_INIT(self->task.name, 0);
    self->vm_size = mn_forth_memory_needed(&config->forth);
    mn_status_t status = allocate_vm(registry->kernel, &self->owner, config, &self->vm_memory);
    if (status == MN_OK) {
        self->ahead = (uint8_t *)self->vm_memory + self->vm_size;
        self->line = (char *)self->ahead + config->capacity;
        status = fresh_vm(self);
    }
    return status;
}

mn_status_t mn_forth_shell_start(mn_registry_t *registry, const mn_forth_shell_config_t *config,
                                 const char *name, mn_task_t **task) {
    mn_status_t status = mn_spawn_new(registry->kernel, sizeof(shell_t), &shell_type, name, task);
    if (status != MN_OK) {
        return status;
    }
    status = set_up(MN_CONTAINER_OF(*task, shell_t, task), registry, config);
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
