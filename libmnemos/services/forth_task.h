// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// A task that runs a Forth VM, and what the VM's words can reach through it. A shell is one of
// these with input (forth_shell.c); a spawned program is one without (forth_spawn.c).
//
// Output goes to a terminal, a mux port that a shell shares with the programs it spawned.

#ifndef MNEMOS_SERVICES_FORTH_TASK_H
#define MNEMOS_SERVICES_FORTH_TASK_H

#include <mnemos/forth_host.h>
#include <mnemos/forth_pages.h>
#include <mnemos/forth_system.h>
#include <mnemos/memory.h>
#include <mnemos/serial_mux.h>

enum { MN__FORTH_OUT = 256, MN__FORTH_HANDLES = 16, MN__FORTH_SETS = 8, MN__FORTH_PUBLISHED = 16 };

// ---------------------------------------------------------------------------------------------
// Terminal

typedef struct mn__terminal {
    mn_kernel_t *kernel;
    mn_mux_port_t *port;
    uint32_t users;
} mn__terminal_t;

// A terminal with one user over an open port, which it takes over. MN_OK or why there is no memory.
mn_status_t mn__terminal_new(mn_kernel_t *kernel, mn_mux_port_t *port, mn__terminal_t **terminal);

// One more user; NULL stays NULL.
mn__terminal_t *mn__terminal_share(mn__terminal_t *terminal);

// One user less; the last one closes the port. NULL is fine.
void mn__terminal_leave(mn__terminal_t *terminal);

// ---------------------------------------------------------------------------------------------
// Handles: what a program has opened, known to it by number.

typedef enum mn__handle_kind { MN__HANDLE_NONE = 0, MN__HANDLE_PORT } mn__handle_kind_t;

typedef struct mn__handle {
    uint32_t number;
    mn__handle_kind_t kind;
    void *object;
} mn__handle_t;

// ---------------------------------------------------------------------------------------------
// System

typedef struct mn__forth_exit {
    uint32_t id; // 0: none
    int32_t code;
} mn__forth_exit_t;

// Pages that a program has published; they are withdrawn when it ends.
typedef struct mn__forth_published {
    uint32_t key;   // 0: none
    uint32_t owner; // the program's number
    mn_forth_block_t *block;
} mn__forth_published_t;

struct mn_forth_system {
    mn_task_t task; // serves the spawn service
    mn_registry_t *registry;
    uint64_t started; // clock tick
    mn_forth_system_config_t config;
    mn_forth_spawn_server_t server;
    mn_heap_owner_t owner; // of the VMs
    mn_list_t programs;    // mn__forth_task_t that run
    uint32_t count;
    uint32_t last_id;
    mn__forth_exit_t exits[MN_FORTH_SYSTEM_EXITS]; // ring
    uint32_t exit_count;
    mn_wait_queue_t ended; // woken when a program ends
    mn__forth_published_t published[MN__FORTH_PUBLISHED];
    uint32_t last_key;
};

// ---------------------------------------------------------------------------------------------
// Task

typedef struct mn__forth_task {
    mn_task_t task;
    mn_list_t link; // in the system's programs
    mn_forth_system_t *system;
    mn_forth_config_t config; // of its VM
    const mn_forth_words_t *sets[MN__FORTH_SETS];
    void *user;  // the context that the configuration named
    uint32_t id; // 0 while the system does not know it

    mn_forth_t *vm; // its block is the system's, which frees it when no fork needs it any more

    mn__terminal_t *terminal; // NULL: output is discarded
    mn_mux_sender_t out_sender;
    size_t out_len;
    uint8_t out[MN__FORTH_OUT];

    // What a word that waits may be waiting with; one word at a time.
    mn_timer_t timer;
    mn_mux_opener_t opener;
    mn_mux_sender_t sender;
    mn_mux_port_t *waiting_port; // a read or send of a word is under way on it
    mn_wait_t wait;

    int32_t exit_code;
    mn__handle_t handles[MN__FORTH_HANDLES];
    uint32_t next_handle;

    // For tasks with input: the next byte typed ahead, or MN_PENDING or MN_ECLOSED. NULL: none.
    mn_status_t (*key)(struct mn__forth_task *self, bool take, uint8_t *byte);
} mn__forth_task_t;

// Make a fresh task known to `system` under a new number. MN_OK, or MN_EFULL: the most programs
// run.
mn_status_t mn__forth_task_init(mn__forth_task_t *self, mn_forth_system_t *system);

// Build its VM from `config`, with the kernel's words added.
mn_status_t mn__forth_task_new_vm(mn__forth_task_t *self, const mn_forth_config_t *config);

// Build its VM as a fork of another program's, of the same size.
mn_status_t mn__forth_task_fork_vm(mn__forth_task_t *self, mn__forth_task_t *parent);

// End its VM.
void mn__forth_task_end_vm(mn__forth_task_t *self);

// Give back everything that the task holds, and note how it ended. For drop functions; works on one
// that is only partly set up.
void mn__forth_task_drop(mn__forth_task_t *self);

// Send what the VM has printed. MN_OK: all is on its way. MN_PENDING: the line is busy.
mn_status_t mn__forth_task_send(mn__forth_task_t *self);

// Start a program that runs `xt` in a fork of `parent`. Its output goes to the open port `output`,
// which it takes over, or with NULL to the parent's terminal.
mn_status_t mn__forth_spawn_fork(mn__forth_task_t *parent, uint32_t xt, mn_mux_port_t *output,
                                 uint32_t *id);

// The words of the kernel: time and ports (forth_words.c), programs (forth_program_words.c), pages
// (forth_page_words.c), the system's status (forth_status_words.c). Their context is the
// mn__forth_task_t.
extern const mn_forth_words_t mn__forth_kernel_words;
extern const mn_forth_words_t mn__forth_program_words;
extern const mn_forth_words_t mn__forth_page_words;
extern const mn_forth_words_t mn__forth_status_words;

// Withdraw what the program has published.
void mn__forth_withdraw_all(mn__forth_task_t *self);

// Withdraw whatever a word waits for; for when its line has ended without it.
void mn__forth_words_cancel(mn__forth_task_t *self);

// Close every handle.
void mn__forth_handles_close(mn__forth_task_t *self);

// Enter an object; 0 if there is no room.
uint32_t mn__forth_handle_add(mn__forth_task_t *self, mn__handle_kind_t kind, void *object);

// The entry of that number and kind, or NULL.
mn__handle_t *mn__forth_handle_find(mn__forth_task_t *self, uint32_t number,
                                    mn__handle_kind_t kind);

// Close one. MN_OK or MN_ENOTFOUND.
mn_status_t mn__forth_handle_close(mn__forth_task_t *self, uint32_t number);

#endif
