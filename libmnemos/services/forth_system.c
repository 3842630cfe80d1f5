// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The system's task serves the spawn service. A program's task runs its VM to the end of the line
// that it was given; its storage goes by itself.

#include "forth_task.h"
#include "text.h"
#include <string.h>

MN_SERVICE_DEFINE(MN_FORTH_SPAWN_SERVICE)

enum { THROW_INTERRUPT = -28 };

// ---------------------------------------------------------------------------------------------
// Programs

typedef struct program {
    mn__forth_task_t forth; // first, so that the storage is the task's
    uint16_t port;          // to open for its output, or MN_FORTH_NO_PORT
    mn_mux_opener_t opener;
    bool ended;
    bool reported; // what went wrong, if anything did, is in the output
} program_t;

static program_t *program_of(mn_task_t *task) {
    return (program_t *)(void *)MN_CONTAINER_OF(task, mn__forth_task_t, task);
}

static mn_status_t open_output(program_t *self) {
    mn_task_t *task = &self->forth.task;
    const mn_mux_open_t open = {.port = self->port, .capacity = 1};
    mn_mux_port_t *port = NULL;
    mn_status_t status =
        mn_mux_open(&self->opener, self->forth.system->registry, task, &open, &port);
    if (status == MN_OK) {
        status = mn__terminal_new(task->kernel, port, &self->forth.terminal);
        if (status != MN_OK) {
            mn_mux_close(port);
        }
    }
    return status;
}

// Say on the terminal why the program failed; it has nobody else to say so.
static void report(program_t *self) {
    mn__forth_task_t *forth = &self->forth;
    mn_forth_error_t error;
    mn_forth_error(forth->vm, &error);
    forth->exit_code = error.code;
    self->reported = true;
    if (error.code != 0) {
        mn__text_t text = {.start = (char *)forth->out, .size = MN__FORTH_OUT - 1};
        mn__text_add(&text, "? program ");
        mn__text_add_number(&text, forth->id);
        mn__text_add(&text, ": ");
        mn__text_add(&text, error.text);
        mn__text_add(&text, (error.word[0] == '\0') ? "" : ": ");
        mn__text_add(&text, error.word);
        text.size++; // the line's end always fits
        mn__text_add(&text, "\n");
        forth->out_len = text.len;
    }
}

// One slice of the VM. Without a wake of its own afterwards it waits for what a word has arranged.
static void run_slice(program_t *self) {
    mn_forth_t *vm = self->forth.vm;
    if (mn_forth_run(vm, 0) != MN_PENDING) {
        self->ended = true;
    } else if (mn_forth_wants(vm) == MN_FORTH_WANTS_LINE) {
        mn_forth_feed_end(vm); // it has no input
    } else if (mn_forth_wants(vm) == MN_FORTH_WANTS_HOST) {
        return;
    }
    mn_task_wake(&self->forth.task);
}

// At most one slice, and the output on its way. MN_OK once the program has ended.
static mn_status_t advance(program_t *self) {
    mn_status_t status = mn__forth_task_send(&self->forth);
    if (status != MN_OK || self->reported) {
        return status;
    }
    if (self->ended) {
        report(self);
        return mn__forth_task_send(&self->forth);
    }
    run_slice(self);
    status = mn__forth_task_send(&self->forth);
    return (status < MN_OK) ? status : MN_PENDING;
}

static mn_status_t program_poll(mn_task_t *task) {
    program_t *self = program_of(task);
    mn_status_t status = MN_OK;
    MN_BEGIN(task);
    if (self->port != MN_FORTH_NO_PORT) {
        MN_AWAIT(status, open_output(self));
    }
    // Without its port it still runs; there is just nobody to read it.
    MN_AWAIT(status, advance(self));
    return status;
    MN_END();
}

static void program_drop(mn_task_t *task) {
    program_t *self = program_of(task);
    mn_mux_open_cancel(&self->opener);
    if (!self->reported && self->forth.exit_code == 0) {
        self->forth.exit_code = THROW_INTERRUPT;
    }
    mn__forth_task_drop(&self->forth);
}

static const mn_task_type_t program_type = {"program", program_poll, program_drop};

// A task for a program, known to the system, with nothing to run yet.
static mn_status_t new_task(mn_forth_system_t *system, const char *name, program_t **program) {
    mn_task_t *task = NULL;
    mn_status_t status =
        mn_spawn_new(system->registry->kernel, sizeof(program_t), &program_type, name, &task);
    if (status != MN_OK) {
        return status;
    }
    *program = program_of(task);
    (*program)->port = MN_FORTH_NO_PORT;
    status = mn__forth_task_init(&(*program)->forth, system);
    if (status != MN_OK) {
        mn_cancel_now(task);
        mn_task_release(task);
    }
    return status;
}

// Let the program go its way, or if it could not be set up, take it back.
static mn_status_t launch(program_t *program, mn_status_t status) {
    mn_task_t *task = &program->forth.task;
    if (status == MN_OK) {
        mn_task_detach(task);
    } else {
        mn_cancel_now(task);
        mn_task_release(task);
    }
    return status;
}

static mn_status_t spawn_source(mn_forth_system_t *system, const mn_forth_program_t *order,
                                uint32_t *id) {
    program_t *program = NULL;
    mn_status_t status = new_task(system, order->name, &program);
    if (status != MN_OK) {
        return status;
    }
    program->port = order->port;
    *id = program->forth.id;
    mn_forth_config_t config = system->config.vm;
    config.quiet = true;
    status = mn__forth_task_new_vm(&program->forth, &config);
    if (status == MN_OK) {
        status = mn_forth_feed_line(program->forth.vm, order->source, order->len);
    }
    return launch(program, status);
}

mn_status_t mn__forth_spawn_fork(mn__forth_task_t *parent, uint32_t xt, mn_mux_port_t *output,
                                 uint32_t *id) {
    program_t *program = NULL;
    mn_kernel_t *kernel = parent->task.kernel;
    mn_status_t status = new_task(parent->system, NULL, &program);
    if (status != MN_OK) {
        return status;
    }
    *id = program->forth.id;
    status = mn__forth_task_fork_vm(&program->forth, parent);
    if (status == MN_OK) {
        status = mn_forth_start(program->forth.vm, xt);
    }
    if (status == MN_OK && output != NULL) {
        status = mn__terminal_new(kernel, output, &program->forth.terminal);
    } else if (status == MN_OK) {
        program->forth.terminal = mn__terminal_share(parent->terminal);
    }
    return launch(program, status);
}

// ---------------------------------------------------------------------------------------------
// The service

static void answer(mn_forth_system_t *self, mn_forth_spawn_request_t *request) {
    mn_forth_spawned_t spawned = {0};
    const mn_forth_spawn_error_t error = {.status =
                                              spawn_source(self, &request->body, &spawned.id)};
    if (error.status != MN_OK) {
        (void)mn_forth_spawn_fail(request, &error); // nobody there to be told is fine
    } else {
        (void)mn_forth_spawn_reply(request, &spawned);
    }
}

static mn_status_t system_poll(mn_task_t *task) {
    mn_forth_system_t *self = MN_CONTAINER_OF(task, mn_forth_system_t, task);
    mn_forth_spawn_request_t *request = NULL;
    mn_status_t status = MN_OK;
    MN_BEGIN(task);
    for (;;) {
        MN_AWAIT(status, mn_forth_spawn_next(&self->server, task, &request));
        if (status != MN_OK) {
            return status;
        }
        answer(self, request);
    }
    MN_END();
}

static void system_drop(mn_task_t *task) {
    mn_forth_spawn_close(&MN_CONTAINER_OF(task, mn_forth_system_t, task)->server);
}

static const mn_task_type_t system_type = {"forth system", system_poll, system_drop};

mn_status_t mn_forth_system_start(mn_registry_t *registry, const mn_forth_system_config_t *config,
                                  mn_forth_system_t **system) {
    *system = NULL;
    if (config->max_tasks == 0 || config->queue == 0 || mn_forth_memory_needed(&config->vm) == 0) {
        return MN_EINVAL;
    }
    mn_kernel_t *kernel = registry->kernel;
    const size_t slots = config->queue * sizeof(mn_forth_spawn_request_t);
    void *memory = NULL;
    mn_status_t status =
        mn_alloc(kernel, &kernel->task_owner, sizeof(mn_forth_system_t) + slots, 0, &memory);
    if (status != MN_OK) {
        return status;
    }
    mn_forth_system_t *self = memory;
    *self = (mn_forth_system_t){.registry = registry,
                                .started = mn_now(kernel),
                                .config = *config,
                                .owner = MN_HEAP_OWNER_INIT("forth", 0)};
    mn_list_init(&self->programs);
    mn_wait_queue_init(&self->ended);
    status = mn_forth_spawn_serve(&self->server, registry,
                                  (mn_forth_spawn_request_t *)(void *)(self + 1), config->queue);
    if (status != MN_OK) {
        (void)mn_free(kernel, self); // it was just allocated there
        return status;
    }
    mn_spawn(kernel, &self->task, &system_type, NULL);
    *system = self;
    return MN_OK;
}

// Stop a program for good: its storage goes with its task.
static void stop_program(mn__forth_task_t *program) {
    program->exit_code = THROW_INTERRUPT;
    mn_cancel(&program->task);
}

void mn_forth_system_stop(mn_forth_system_t *system) {
    mn_kernel_t *kernel = system->registry->kernel;
    for (mn_list_t *node = mn_list_first(&system->programs); node != NULL;
         node = mn_list_first(&system->programs)) {
        stop_program(MN_CONTAINER_OF(node, mn__forth_task_t, link));
    }
    mn_cancel_now(&system->task);
    mn_status_t status = mn_heap_owner_remove(&kernel->heap, &system->owner);
    MN_ASSERT(status == MN_OK);
    status = mn_free(kernel, system);
    MN_ASSERT(status == MN_OK);
}

// ---------------------------------------------------------------------------------------------
// Looking and stopping

static mn__forth_task_t *find(const mn_forth_system_t *system, uint32_t id) {
    for (mn_list_t *node = mn_list_first(&system->programs); node != NULL;
         node = mn_list_next(&system->programs, node)) {
        mn__forth_task_t *program = MN_CONTAINER_OF(node, mn__forth_task_t, link);
        if (program->id == id) {
            return program;
        }
    }
    return NULL;
}

mn_status_t mn_forth_exit_code(const mn_forth_system_t *system, uint32_t id, int32_t *code) {
    if (find(system, id) != NULL) {
        return MN_EBUSY;
    }
    for (size_t i = 0; i < MN_FORTH_SYSTEM_EXITS; i++) {
        if (id != 0 && system->exits[i].id == id) {
            *code = system->exits[i].code;
            return MN_OK;
        }
    }
    return MN_ENOTFOUND;
}

mn_status_t mn_forth_stop(mn_forth_system_t *system, uint32_t id) {
    mn__forth_task_t *program = find(system, id);
    if (program == NULL) {
        return MN_ENOTFOUND;
    }
    if (program->task.type != &program_type) {
        return MN_EPERM;
    }
    stop_program(program);
    return MN_OK;
}

uint32_t mn_forth_count(const mn_forth_system_t *system) {
    return system->count;
}
