// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Words that show the system at the prompt: tasks, services, heap. Each prints a table line by
// line. The word's first cell says which line is next, so that it can go on after the output has
// been taken, whatever came and went meanwhile; it holds no pointer.

#include "forth_task.h"
#include "system_status_private.h"
#include "text.h"
#include <string.h>

enum {
    LINE_BYTES = 64, // what the VM prints in one piece
    WHOLE = 10000,   // of a share
};

// ---------------------------------------------------------------------------------------------
// Lines

typedef struct line {
    char bytes[LINE_BYTES];
    mn__text_t text;
} line_t;

static void begin(line_t *line) {
    line->text = (mn__text_t){.start = line->bytes, .size = LINE_BYTES - 1};
}

// Go to a column. What is there already is cut, so that there is a blank before what follows.
static void go_to(line_t *line, size_t column) {
    if (line->text.len >= column) {
        line->text.len = column - 1;
    }
    while (line->text.len < column) {
        mn__text_add(&line->text, " ");
    }
}

static void put_name(line_t *line, const char *name, size_t column) {
    mn__text_add(&line->text, name);
    go_to(line, column);
}

// Right-aligned, so that it ends before the column.
static void put_text(line_t *line, const char *text, size_t column) {
    const size_t len = strlen(text);
    while (line->text.len + len < column) {
        mn__text_add(&line->text, " ");
    }
    mn__text_add(&line->text, text);
}

static void put_number(line_t *line, uint64_t number, size_t column) {
    char digits[21];
    mn__text_t text = {.start = digits, .size = sizeof(digits) - 1};
    mn__text_add_number(&text, (number < UINT32_MAX) ? (uint32_t)number : UINT32_MAX);
    digits[text.len] = '\0';
    put_text(line, digits, column);
}

// Ten-thousandths, in percent with one decimal.
static void put_share(line_t *line, uint32_t share, size_t column) {
    char digits[24];
    mn__text_t text = {.start = digits, .size = sizeof(digits) - 1};
    mn__text_add_number(&text, share / 100U);
    mn__text_add(&text, ".");
    mn__text_add_number(&text, share / 10U % 10U);
    mn__text_add(&text, "%");
    digits[text.len] = '\0';
    put_text(line, digits, column);
}

static mn_status_t print(mn_forth_t *vm, line_t *line) {
    line->text.size++; // the line's end always fits
    mn__text_add(&line->text, "\n");
    return mn_forth_print(vm, line->bytes, line->text.len);
}

// Writes the line after `*next` and moves on; false when there is none.
typedef bool line_fn(const mn__forth_task_t *self, uint32_t *next, line_t *line);

// Prints a title and then every line.
static int print_table(mn_forth_t *vm, const char *title, line_fn *next_line) {
    uint32_t *state = mn_forth_word_state(vm); // whether the title is out, and the next line
    line_t line;
    mn_status_t status = MN_OK;
    while (status == MN_OK) {
        uint32_t next = state[1];
        begin(&line);
        if (state[0] == 0) {
            mn__text_add(&line.text, title);
        } else if (!next_line(mn_forth_context(vm), &next, &line)) {
            return MN_OK;
        }
        status = print(vm, &line);
        if (status == MN_OK) {
            state[0] = 1;
            state[1] = next;
        }
    }
    return status;
}

// ---------------------------------------------------------------------------------------------
// tasks

static const mn__forth_task_t *program_of(const mn_forth_system_t *system, const mn_task_t *task) {
    for (mn_list_t *node = mn_list_first(&system->programs); node != NULL;
         node = mn_list_next(&system->programs, node)) {
        const mn__forth_task_t *program = MN_CONTAINER_OF(node, mn__forth_task_t, link);
        if (&program->task == task) {
            return program;
        }
    }
    return NULL;
}

// Since the system was started, if the kernel measures and the counter cannot have wrapped around.
static void put_cpu(const mn__forth_task_t *self, const mn_task_t *task, line_t *line,
                    size_t column) {
    const mn_kernel_t *kernel = task->kernel;
    const uint64_t elapsed = mn_now(kernel) - self->system->started;
    if (!kernel->config.time_polls || mn_kernel_busy(kernel) > UINT32_MAX || elapsed == 0) {
        put_text(line, "-", column);
        return;
    }
    const uint64_t share = (uint64_t)task->run_ticks * WHOLE / elapsed;
    put_share(line, (share < WHOLE) ? (uint32_t)share : WHOLE, column);
}

static bool task_line(const mn__forth_task_t *self, uint32_t *next, line_t *line) {
    static const char *const activities[] = {
        [MN_SYSTEM_WAITING] = "waiting",
        [MN_SYSTEM_READY] = "ready",
        [MN_SYSTEM_RUNNING] = "running",
        [MN_SYSTEM_ENDING] = "ending",
    };
    const mn_task_t *task = mn__task_at(self->task.kernel, (*next)++);
    if (task == NULL) {
        return false;
    }
    const mn__forth_task_t *program = program_of(self->system, task);
    if (program != NULL) {
        put_number(line, program->id, 4);
    }
    go_to(line, 6);
    put_name(line, task->name, 30);
    put_name(line, activities[mn__task_activity(task)], 38);
    put_number(line, task->polls, 48);
    put_cpu(self, task, line, 56);
    return true;
}

static int w_tasks(mn_forth_t *vm) {
    return print_table(vm, "  id  name                    state        polls     cpu", task_line);
}

// ---------------------------------------------------------------------------------------------
// services

static bool service_line(const mn__forth_task_t *self, uint32_t *next, line_t *line) {
    const mn_listener_t *found = mn__service_from(self->system->registry, *next);
    if (found == NULL) {
        return false;
    }
    *next = found->service_id + 1;
    put_name(line, found->service->name, 32);
    if (found->requests == NULL) {
        put_text(line, "-", 39);
        return true;
    }
    put_number(line, found->requests->client_count, 39);
    put_number(line, found->requests->depth, 48);
    put_number(line, found->requests->capacity, 56);
    return true;
}

static int w_services(mn_forth_t *vm) {
    return print_table(vm, "service                         clients  waiting   slots",
                       service_line);
}

// ---------------------------------------------------------------------------------------------
// heap

// After the owners come a line for all of them, and one for what is free.
enum { NEXT_IS_FREE = 0xFFFE, NEXT_IS_END };

static void put_use(line_t *line, const char *name, size_t in_use, size_t peak, uint32_t blocks,
                    uint32_t failures) {
    put_name(line, name, 20);
    put_number(line, in_use, 30);
    put_number(line, peak, 40);
    put_number(line, blocks, 48);
    put_number(line, failures, 56);
}

static bool heap_line(const mn__forth_task_t *self, uint32_t *next, line_t *line) {
    const mn_heap_t *heap = &self->task.kernel->heap;
    mn_heap_stats_t stats;
    mn_heap_stats(heap, &stats);
    if (*next == NEXT_IS_END) {
        return false;
    }
    if (*next == NEXT_IS_FREE) {
        put_name(line, "free", 20);
        put_number(line, stats.free, 30);
        mn__text_add(&line->text, ", the largest piece");
        put_number(line, stats.largest_free, 60);
        *next = NEXT_IS_END;
        return true;
    }
    const mn_heap_owner_t *owner = mn__owner_at(heap, *next);
    if (owner != NULL) {
        put_use(line, owner->name, owner->in_use, owner->peak, owner->blocks, owner->failures);
        (*next)++;
    } else {
        put_use(line, "all", stats.in_use, stats.peak, stats.blocks, stats.failures);
        *next = NEXT_IS_FREE;
    }
    return true;
}

static int w_heap(mn_forth_t *vm) {
    return print_table(vm, "owner                   in use      peak  blocks refused", heap_line);
}

static const mn_forth_word_t words[] = {
    MN_FORTH_WORD("tasks", w_tasks, 0, 0, "( -- ) list the tasks; Forth programs have an id"),
    MN_FORTH_WORD("services", w_services, 0, 0, "( -- ) list the services and their clients"),
    MN_FORTH_WORD("heap", w_heap, 0, 0, "( -- ) list who has how many bytes of the heap"),
};

const mn_forth_words_t mn__forth_status_words = {words, MN_COUNT_OF(words), 0, "status", NULL};
