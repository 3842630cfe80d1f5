// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include "forth_task.h"
#include <string.h>

// ---------------------------------------------------------------------------------------------
// Terminal

mn_status_t mn__terminal_new(mn_kernel_t *kernel, mn_mux_port_t *port, mn__terminal_t **terminal) {
    void *memory = NULL;
    mn_status_t status = mn_alloc(kernel, &kernel->task_owner, sizeof(mn__terminal_t), 0, &memory);
    if (status == MN_OK) {
        *terminal = memory;
        **terminal = (mn__terminal_t){.kernel = kernel, .port = port, .users = 1};
    }
    return status;
}

mn__terminal_t *mn__terminal_share(mn__terminal_t *terminal) {
    if (terminal != NULL) {
        terminal->users++;
    }
    return terminal;
}

void mn__terminal_leave(mn__terminal_t *terminal) {
    if (terminal == NULL || --terminal->users != 0) {
        return;
    }
    mn_mux_close(terminal->port);
    mn_status_t status = mn_free(terminal->kernel, terminal);
    MN_ASSERT(status == MN_OK);
}

mn_status_t mn__forth_task_send(mn__forth_task_t *self) {
    for (;;) {
        if (self->out_len == 0) {
            self->out_len = mn_forth_output_take(self->vm, self->out, MN__FORTH_OUT);
        }
        if (self->out_len == 0) {
            return MN_OK;
        }
        if (self->terminal != NULL) {
            mn_status_t status = mn_mux_send(self->terminal->port, &self->out_sender, &self->task,
                                             self->out, self->out_len);
            if (status != MN_OK) {
                return status;
            }
        }
        self->out_len = 0;
    }
}

// ---------------------------------------------------------------------------------------------
// Life

mn_status_t mn__forth_task_init(mn__forth_task_t *self, mn_forth_system_t *system) {
    if (system->count == system->config.max_tasks) {
        return MN_EFULL;
    }
    self->system = system;
    self->id = ++system->last_id;
    mn_list_push_back(&system->programs, &self->link);
    system->count++;
    return MN_OK;
}

// The memory of VMs. A block stays until the last fork of its VM has gone, whichever task ends
// first, so it is the system's.

static void *get_memory(void *context, size_t size) {
    mn_forth_system_t *system = context;
    void *memory = NULL;
    (void)mn_alloc(system->registry->kernel, &system->owner, size, 0, &memory); // NULL says it all
    return memory;
}

static void release_block(void *context, void *memory) {
    mn_forth_system_t *system = context;
    mn_status_t status = mn_free(system->registry->kernel, memory);
    MN_ASSERT(status == MN_OK);
}

static void free_memory(void *context, void *memory, size_t size) {
    (void)size;
    release_block(context, memory);
}

// The configuration's VM, with the kernel's words in front of its own.
static mn_status_t use_system(mn__forth_task_t *self, const mn_forth_config_t *config) {
    static const mn_forth_words_t *const kernel_sets[] = {
        &mn__forth_kernel_words, &mn__forth_program_words, &mn__forth_page_words,
        &mn__forth_status_words};
    const uint32_t ours = MN_COUNT_OF(kernel_sets);
    if (config->words_count > MN__FORTH_SETS - ours) {
        return MN_EINVAL;
    }
    memcpy(self->sets, kernel_sets, sizeof(kernel_sets));
    for (uint32_t i = 0; i < config->words_count; i++) {
        self->sets[ours + i] = config->words[i];
    }
    self->user = config->context;
    self->config = *config;
    self->config.words = self->sets;
    self->config.words_count = ours + config->words_count;
    self->config.context = self;
    self->config.memory_context = self->system;
    self->config.alloc = get_memory;
    self->config.free = free_memory;
    self->config.released = release_block;
    return MN_OK;
}

// A fork has its parent's words already.
static void use_parent(mn__forth_task_t *self, const mn__forth_task_t *parent) {
    self->user = parent->user;
    self->config = parent->config;
    self->config.context = self;
    self->config.quiet = true;
}

mn_status_t mn__forth_task_new_vm(mn__forth_task_t *self, const mn_forth_config_t *config) {
    mn_status_t status = use_system(self, config);
    const size_t size = mn_forth_memory_needed(&self->config);
    if (status != MN_OK || size == 0) {
        return MN_EINVAL;
    }
    void *memory = NULL;
    status = mn_alloc(self->task.kernel, &self->system->owner, size, 0, &memory);
    if (status != MN_OK) {
        return status;
    }
    status = mn_forth_init(&self->vm, &self->config, memory, size);
    if (status != MN_OK) {
        self->vm = NULL;
        release_block(self->system, memory);
    }
    return status;
}

mn_status_t mn__forth_task_fork_vm(mn__forth_task_t *self, mn__forth_task_t *parent) {
    use_parent(self, parent);
    const size_t size = mn_forth_fork_memory_needed(parent->vm, &self->config);
    void *memory = NULL;
    mn_status_t status = mn_alloc(self->task.kernel, &self->system->owner, size, 0, &memory);
    if (status != MN_OK) {
        return status;
    }
    status = mn_forth_fork(&self->vm, parent->vm, &self->config, memory, size);
    if (status != MN_OK) {
        self->vm = NULL;
        release_block(self->system, memory);
    }
    return status;
}

void mn__forth_task_end_vm(mn__forth_task_t *self) {
    if (self->vm != NULL) {
        mn_forth_end(self->vm);
        self->vm = NULL;
    }
}

static void note_exit(mn__forth_task_t *self) {
    mn_forth_system_t *system = self->system;
    mn__forth_exit_t *place = &system->exits[system->exit_count % MN_FORTH_SYSTEM_EXITS];
    *place = (mn__forth_exit_t){.id = self->id, .code = self->exit_code};
    system->exit_count++;
    mn_list_remove(&self->link);
    system->count--;
    mn_wait_queue_wake_all(&system->ended);
}

void mn__forth_task_drop(mn__forth_task_t *self) {
    mn__forth_words_cancel(self);
    mn__forth_handles_close(self);
    mn__forth_withdraw_all(self);
    if (self->terminal != NULL) {
        mn_mux_send_cancel(self->terminal->port, &self->out_sender);
        mn__terminal_leave(self->terminal);
        self->terminal = NULL;
    }
    mn__forth_task_end_vm(self);
    if (self->id != 0) {
        note_exit(self);
    }
}

// ---------------------------------------------------------------------------------------------
// For words of others

static mn__forth_task_t *self_of(const mn_forth_t *vm) {
    return mn_forth_context(vm);
}

mn_task_t *mn_forth_task(const mn_forth_t *vm) {
    return &self_of(vm)->task;
}

mn_timer_t *mn_forth_timer(const mn_forth_t *vm) {
    return &self_of(vm)->timer;
}

mn_wait_t *mn_forth_wait(const mn_forth_t *vm) {
    return &self_of(vm)->wait;
}

mn_registry_t *mn_forth_registry(const mn_forth_t *vm) {
    return self_of(vm)->system->registry;
}

void *mn_forth_user(const mn_forth_t *vm) {
    return self_of(vm)->user;
}
