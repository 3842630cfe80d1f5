// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Numbers are not used again while the program lives (until they wrap, and then not while in use),
// so a stale number never names something else by accident.

#include "forth_task.h"

static mn__handle_t *entry(mn__forth_task_t *self, uint32_t number) {
    for (size_t i = 0; i < MN__FORTH_HANDLES; i++) {
        if (self->handles[i].kind != MN__HANDLE_NONE && self->handles[i].number == number) {
            return &self->handles[i];
        }
    }
    return NULL;
}

static uint32_t unused_number(mn__forth_task_t *self) {
    do {
        self->next_handle++;
    } while (self->next_handle == 0 || entry(self, self->next_handle) != NULL);
    return self->next_handle;
}

uint32_t mn__forth_handle_add(mn__forth_task_t *self, mn__handle_kind_t kind, void *object) {
    for (size_t i = 0; i < MN__FORTH_HANDLES; i++) {
        if (self->handles[i].kind == MN__HANDLE_NONE) {
            const uint32_t number = unused_number(self);
            self->handles[i] = (mn__handle_t){.number = number, .kind = kind, .object = object};
            return number;
        }
    }
    return 0;
}

mn__handle_t *mn__forth_handle_find(mn__forth_task_t *self, uint32_t number,
                                    mn__handle_kind_t kind) {
    mn__handle_t *found = entry(self, number);
    return (found != NULL && found->kind == kind) ? found : NULL;
}

static void close_entry(mn__handle_t *handle) {
    if (handle->kind == MN__HANDLE_PORT) {
        mn_mux_close(handle->object);
    }
    *handle = (mn__handle_t){0};
}

mn_status_t mn__forth_handle_close(mn__forth_task_t *self, uint32_t number) {
    mn__handle_t *found = entry(self, number);
    if (found == NULL) {
        return MN_ENOTFOUND;
    }
    close_entry(found);
    return MN_OK;
}

void mn__forth_handles_close(mn__forth_task_t *self) {
    for (size_t i = 0; i < MN__FORTH_HANDLES; i++) {
        close_entry(&self->handles[i]);
    }
}
