// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Words for living with other programs: starting one, waiting for one, stopping one.

#include "forth_task.h"

static mn__forth_task_t *self_of(mn_forth_t *vm) {
    return mn_forth_context(vm);
}

static int w_task_id(mn_forth_t *vm) {
    (void)mn_forth_push(vm, self_of(vm)->id);
    return MN_OK;
}

// Whatever ends wakes everybody who waits; each looks whether it was the one.
static int w_join(mn_forth_t *vm) {
    mn__forth_task_t *self = self_of(vm);
    const uint32_t id = mn_forth_peek(vm, 0);
    for (;;) {
        int32_t code = 0;
        mn_status_t status = mn_forth_exit_code(self->system, id, &code);
        if (status == MN_EBUSY && id == self->id) {
            return MN_EINVAL; // it would wait for itself
        }
        if (status == MN_OK) {
            mn_wait_cancel(&self->wait);
            (void)mn_forth_pop(vm);
            (void)mn_forth_push(vm, (uint32_t)code);
        }
        if (status != MN_EBUSY) {
            return status;
        }
        status = mn_wait_queue_wait(&self->system->ended, &self->wait, &self->task);
        if (status != MN_OK) {
            return status;
        }
    }
}

static int w_spawn(mn_forth_t *vm) {
    uint32_t id = 0;
    mn_status_t status = mn__forth_spawn_fork(self_of(vm), mn_forth_peek(vm, 0), NULL, &id);
    if (status == MN_OK) {
        (void)mn_forth_pop(vm);
        (void)mn_forth_push(vm, id);
    }
    return status;
}

// The handle's port becomes the program's terminal, and the handle is closed.
static int w_spawn_to(mn_forth_t *vm) {
    mn__forth_task_t *self = self_of(vm);
    mn__handle_t *handle = mn__forth_handle_find(self, mn_forth_peek(vm, 0), MN__HANDLE_PORT);
    if (handle == NULL) {
        return MN_ENOTFOUND;
    }
    uint32_t id = 0;
    mn_status_t status = mn__forth_spawn_fork(self, mn_forth_peek(vm, 1), handle->object, &id);
    if (status == MN_OK) {
        *handle = (mn__handle_t){0};
        (void)mn_forth_pop(vm);
        (void)mn_forth_pop(vm);
        (void)mn_forth_push(vm, id);
    }
    return status;
}

static int w_stop(mn_forth_t *vm) {
    mn__forth_task_t *self = self_of(vm);
    const uint32_t id = mn_forth_pop(vm);
    return (id == self->id) ? MN_EINVAL : mn_forth_stop(self->system, id);
}

static const mn_forth_word_t words[] = {
    MN_FORTH_WORD("spawn", w_spawn, 1, 1,
                  "( xt -- id ) run xt in a program of its own, with a copy of all data"),
    MN_FORTH_WORD("spawn-to", w_spawn_to, 2, 1,
                  "( xt handle -- id ) the same with its output to a port, which it takes over"),
    MN_FORTH_WORD("task-id", w_task_id, 0, 1, "( -- id ) the number of this program"),
    MN_FORTH_WORD("join", w_join, 1, 1, "( id -- code ) wait until a program ends; how it ended"),
    MN_FORTH_WORD("stop", w_stop, 1, 0, "( id -- ) end a program that was spawned"),
};

const mn_forth_words_t mn__forth_program_words = {words, MN_COUNT_OF(words), 0, "programs", NULL};
