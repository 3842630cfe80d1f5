// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The pieces of code that the book shows in its chapters about tasks, lifetimes and memory. What
// stands between two marks of the same name appears there as it is here; the tests see to it that
// it does what the book says.

#include "test_kernel.h"
#include "test_port.h"

#include <mnemos/channel.h>
#include <mnemos/memory.h>
#include <mnemos/ring.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static unsigned led_changes;

static void led_toggle(void) {
    led_changes++;
}

// --- a whole task ---

//! [blinker]
typedef struct blinker {
    mn_task_t task;
    mn_timer_t timer;
    unsigned count;
} blinker_t;

static mn_status_t blinker_poll(mn_task_t *task) {
    blinker_t *self = MN_CONTAINER_OF(task, blinker_t, task);
    mn_status_t status = MN_OK;
    MN_BEGIN(task);
    for (self->count = 0; self->count < 3; self->count++) {
        led_toggle();
        MN_AWAIT(status, mn_sleep(&self->timer, task, mn_ms(task->kernel, 250)));
    }
    return status;
    MN_END();
}

static void blinker_drop(mn_task_t *task) {
    mn_timer_cancel(&MN_CONTAINER_OF(task, blinker_t, task)->timer);
}

static const mn_task_type_t blinker_type = {"blinker", blinker_poll, blinker_drop};
//! [blinker]

static void a_task_runs_and_ends(void **state) {
    test_kernel_t *tk = *state;
    mn_kernel_t *kernel = &tk->kernel;
    led_changes = 0;
    //! [spawn]
    static blinker_t blinker;
    mn_spawn(kernel, &blinker.task, &blinker_type, NULL);
    //! [spawn]
    assert_int_equal(led_changes, 0); // not before the next tick
    assert_int_equal(test_kernel_run_to_end(tk, &blinker.task), MN_OK);
    assert_int_equal(led_changes, 3);
    assert_int_equal(tk->now, 750000);
}

static void a_task_is_canceled(void **state) {
    test_kernel_t *tk = *state;
    static blinker_t blinker;
    mn_spawn(&tk->kernel, &blinker.task, &blinker_type, NULL);
    test_kernel_run(tk);
    mn_cancel_now(&blinker.task);
    assert_int_equal(mn_task_result(&blinker.task), MN_ECANCELED);
    assert_int_equal(test_kernel_run(tk).next_deadline, MN_NEVER);
}

// --- a task from the heap, and its end ---

static mn_status_t parent(test_task_t *self) {
    mn_task_t *task = &self->task;
    mn_task_t **child = self->context;
    MN_BEGIN(task);
    //! [join]
    self->status = mn_spawn_new(task->kernel, sizeof(blinker_t), &blinker_type, "child", child);
    if (self->status != MN_OK) {
        return self->status; // no memory for it
    }
    mn_status_t result = MN_PENDING;
    MN_AWAIT(self->status, mn_join(*child, &self->wait, task, &result));
    test_note("child: %s;", mn_status_name(result)); // the child no longer exists
    //! [join]
    MN_END();
}

static void a_child_is_joined(void **state) {
    test_kernel_t *tk = *state;
    test_task_t task = {0};
    mn_task_t *child = NULL;
    test_task_spawn(tk, &task, "parent", parent, &child);
    assert_int_equal(test_kernel_run_to_end(tk, &task.task), MN_OK);
    assert_string_equal(test_notes(), "child: MN_OK;");
    assert_int_equal(test_kernel_heap_in_use(tk), 0);
}

// --- limits, and the first of several ---

static mn_status_t read_with_limit(test_task_t *self) {
    mn_task_t *task = &self->task;
    mn_ring_t *ring = self->context;
    mn_span_t bytes = {0};
    mn_status_t status = MN_OK;
    MN_BEGIN(task);
    //! [limit]
    MN_AWAIT_FOR(status, &self->timer, mn_ms(task->kernel, 100),
                 mn_ring_read_wait(ring, task, &bytes), // what is waited for
                 mn_ring_cancel_reader(ring));          // how it is withdrawn
    if (status == MN_ETIMEDOUT) {
        test_note("nothing came;");
    } else if (status == MN_OK) {
        test_note("%zu bytes;", bytes.len);
        mn_ring_release(ring, bytes.len);
    }
    //! [limit]
    MN_END();
}

static void a_wait_has_a_limit(void **state) {
    test_kernel_t *tk = *state;
    uint8_t memory[16];
    mn_ring_t ring;
    test_task_t task = {0};
    mn_ring_init(&ring, memory, sizeof(memory));

    test_task_spawn(tk, &task, "reader", read_with_limit, &ring);
    assert_int_equal(test_kernel_run_to_end(tk, &task.task), MN_OK);
    assert_int_equal(tk->now, 100000);
    assert_string_equal(test_notes(), "nothing came;");

    test_task_spawn(tk, &task, "reader", read_with_limit, &ring);
    test_kernel_advance(tk, 99999);
    assert_int_equal(mn_ring_write(&ring, "abc", 3), MN_OK);
    assert_int_equal(test_kernel_run_to_end(tk, &task.task), MN_OK);
    assert_string_equal(test_notes(), "3 bytes;");
}

//! [first]
typedef struct shell {
    mn_task_t task;
    mn_ring_t *input;
    mn_wait_queue_t *stop;
    mn_wait_t stop_wait;
    mn_span_t line;
    bool stopped;
} shell_t;

static mn_status_t line_or_stop(shell_t *self) {
    mn_status_t status = mn_wait_queue_wait(self->stop, &self->stop_wait, &self->task);
    self->stopped = (status != MN_PENDING);
    if (!self->stopped) {
        status = mn_ring_read_wait(self->input, &self->task, &self->line);
    }
    return status;
}

static mn_status_t shell_poll(mn_task_t *task) {
    shell_t *self = MN_CONTAINER_OF(task, shell_t, task);
    mn_status_t status = MN_OK;
    MN_BEGIN(task);
    for (;;) {
        MN_AWAIT(status, line_or_stop(self));
        if (self->stopped || status != MN_OK) {
            return status; // the drop function withdraws both waits
        }
        test_note("%.*s;", (int)self->line.len, (const char *)self->line.data);
        mn_ring_release(self->input, self->line.len);
    }
    MN_END();
}

static void shell_drop(mn_task_t *task) {
    shell_t *self = MN_CONTAINER_OF(task, shell_t, task);
    mn_wait_cancel(&self->stop_wait);
    mn_ring_cancel_reader(self->input);
}
//! [first]

static void the_first_of_two_waits_wins(void **state) {
    static const mn_task_type_t shell_type = {"shell", shell_poll, shell_drop};
    test_kernel_t *tk = *state;
    uint8_t memory[16];
    mn_ring_t ring;
    mn_wait_queue_t stop;
    mn_ring_init(&ring, memory, sizeof(memory));
    mn_wait_queue_init(&stop);
    shell_t shell = {.input = &ring, .stop = &stop};
    mn_spawn(&tk->kernel, &shell.task, &shell_type, NULL);
    test_kernel_run(tk);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(mn_ring_write(&ring, "line", 4), MN_OK);
        test_kernel_run(tk);
        assert_string_equal(test_notes(), "line;");
    }
    mn_wait_queue_wake_one(&stop);
    test_kernel_run(tk);
    assert_int_equal(mn_task_result(&shell.task), MN_OK);
}

// --- an operation that waits, made of another ---

//! [compose]
typedef struct read_all {
    size_t done;
} read_all_t;

// Waits until `size` bytes have come. `read` is zero-initialised, and so again afterwards.
static mn_status_t read_all(read_all_t *read, mn_ring_t *ring, mn_task_t *task, uint8_t *buffer,
                            size_t size) {
    while (read->done < size) {
        mn_span_t bytes;
        mn_status_t status = mn_ring_read_wait(ring, task, &bytes);
        if (status != MN_OK) {
            read->done = (status == MN_PENDING) ? read->done : 0;
            return status; // MN_PENDING: the ring has arranged the wake
        }
        const size_t rest = size - read->done;
        const size_t take = (bytes.len < rest) ? bytes.len : rest;
        memcpy(buffer + read->done, bytes.data, take);
        mn_ring_release(ring, take);
        read->done += take;
    }
    read->done = 0;
    return MN_OK;
}
//! [compose]

typedef struct all_context {
    mn_ring_t ring;
    read_all_t read;
    uint8_t buffer[7];
} all_context_t;

static mn_status_t read_seven(test_task_t *self) {
    all_context_t *all = self->context;
    mn_status_t status = MN_OK;
    MN_BEGIN(&self->task);
    MN_AWAIT(status,
             read_all(&all->read, &all->ring, &self->task, all->buffer, sizeof(all->buffer)));
    return status;
    MN_END();
}

static void an_operation_is_made_of_another(void **state) {
    test_kernel_t *tk = *state;
    uint8_t memory[4];
    all_context_t all = {0};
    test_task_t task = {0};
    mn_ring_init(&all.ring, memory, sizeof(memory));
    test_task_spawn(tk, &task, "reader", read_seven, &all);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(mn_task_result(&task.task), MN_PENDING);
        assert_int_equal(mn_ring_write(&all.ring, &"abcdefghi"[3 * (size_t)i], 3), MN_OK);
        test_kernel_run(tk);
    }
    assert_int_equal(mn_task_result(&task.task), MN_OK);
    assert_memory_equal(all.buffer, "abcdefg", 7);
    assert_int_equal(all.read.done, 0);
}

// --- locals, and a break where there is no loop ---

static mn_status_t forgets(test_task_t *self) {
    mn_task_t *task = &self->task;
    mn_status_t status = MN_OK;
    //! [locals]
    int local = 0; // set at every poll, also at the one that resumes
    MN_BEGIN(task);
    local = 1;
    self->count = 1; // in the task's struct
    MN_AWAIT(status, mn_sleep(&self->timer, task, 1));
    test_note("local %d, count %u;", local, self->count);
    //! [locals]
    return status;
    MN_END();
}

static void locals_do_not_survive(void **state) {
    test_kernel_t *tk = *state;
    test_task_t task = {0};
    test_task_spawn(tk, &task, "forgets", forgets, NULL);
    assert_int_equal(test_kernel_run_to_end(tk, &task.task), MN_OK);
    assert_string_equal(test_notes(), "local 0, count 1;");
}

static mn_status_t breaks_out(test_task_t *self) {
    MN_BEGIN(&self->task);
    if (self->context == NULL) {
        break;
    }
    MN_AWAIT(self->status, mn_sleep(&self->timer, &self->task, 1));
    test_note("not reached;");
    MN_END();
}

static void a_break_outside_a_loop_ends_the_task(void **state) {
    test_kernel_t *tk = *state;
    test_task_t task = {0};
    test_task_spawn(tk, &task, "breaks", breaks_out, NULL);
    test_kernel_run(tk);
    assert_int_equal(mn_task_result(&task.task), MN_OK);
    assert_string_equal(test_notes(), "");
}

// --- an interrupt ---

//! [button]
typedef struct button {
    mn_task_t task;
    mn_wait_cell_t pressed;
    unsigned presses;
} button_t;

static mn_status_t button_poll(mn_task_t *task) {
    button_t *self = MN_CONTAINER_OF(task, button_t, task);
    mn_status_t status = MN_OK;
    MN_BEGIN(task);
    for (;;) {
        MN_AWAIT(status, mn_wait_cell_wait(&self->pressed, task));
        if (status != MN_OK) {
            return status;
        }
        self->presses++;
    }
    MN_END();
}

static void button_drop(mn_task_t *task) {
    // On a board: first keep the interrupt from coming again.
    mn_wait_cell_cancel(&MN_CONTAINER_OF(task, button_t, task)->pressed, task);
}

static void button_interrupt(mn_kernel_t *kernel, button_t *button) {
    mn_isr_enter(kernel);
    mn_wait_cell_wake(&button->pressed);
    mn_isr_exit(kernel);
}
//! [button]

static mn_kernel_t *irq_kernel;
static button_t *irq_button;

static void on_irq(void) {
    button_interrupt(irq_kernel, irq_button);
}

static void an_interrupt_wakes_a_task(void **state) {
    static const mn_task_type_t button_type = {"button", button_poll, button_drop};
    test_kernel_t *tk = *state;
    button_t button = {0};
    irq_kernel = &tk->kernel;
    irq_button = &button;
    mn_spawn(&tk->kernel, &button.task, &button_type, NULL);
    test_irq_install(on_irq);
    test_irq_raise(); // before the first poll: remembered
    test_kernel_run(tk);
    assert_int_equal(button.presses, 1);
    test_irq_raise();
    test_irq_raise(); // coalesced
    test_kernel_run(tk);
    assert_int_equal(button.presses, 2);
    test_irq_remove();
    mn_cancel_now(&button.task);
}

//! [key channel]
MN_CHANNEL_TYPE(key_channel, uint8_t)

typedef struct keyboard {
    key_channel_t keys;
    uint8_t places[8]; // a power of two
    unsigned lost;
} keyboard_t;

static void keyboard_interrupt(mn_kernel_t *kernel, keyboard_t *keyboard, uint8_t code) {
    mn_isr_enter(kernel);
    if (key_channel_try_send(&keyboard->keys, &code) == MN_EFULL) {
        keyboard->lost++; // an interrupt cannot wait
    }
    mn_isr_exit(kernel);
}
//! [key channel]

static void an_interrupt_sends_to_a_channel(void **state) {
    test_kernel_t *tk = *state;
    keyboard_t keyboard = {0};
    uint8_t code = 0;
    key_channel_init(&keyboard.keys, keyboard.places, MN_COUNT_OF(keyboard.places), true);
    for (uint8_t i = 0; i < 10; i++) {
        keyboard_interrupt(&tk->kernel, &keyboard, i);
    }
    assert_int_equal(keyboard.lost, 2);
    for (uint8_t i = 0; i < 8; i++) {
        assert_int_equal(key_channel_try_receive(&keyboard.keys, &code), MN_OK);
        assert_int_equal(code, i);
    }
}

// --- memory ---

static mn_status_t waits_for_memory(test_task_t *self) {
    mn_task_t *task = &self->task;
    mn_memory_wait_t *wait = &self->memory;
    mn_heap_owner_t *owner = self->context;
    mn_status_t status = MN_OK;
    void *frame = NULL;
    MN_BEGIN(task);
    //! [memory]
    MN_AWAIT(status, mn_alloc_wait(wait, task, owner, 40000, 0, &frame));
    if (status == MN_OK) {
        memset(frame, 0, 40000);
        status = mn_free(task->kernel, frame);
    }
    //! [memory]
    return status;
    MN_END();
}

static void a_task_waits_for_memory(void **state) {
    test_kernel_t *tk = *state;
    //! [owner]
    static mn_heap_owner_t display = MN_HEAP_OWNER_INIT("display", 48 * 1024);
    //! [owner]
    static mn_heap_owner_t others = MN_HEAP_OWNER_INIT("others", 0);
    test_task_t task = {0};
    void *block = NULL;
    assert_int_equal(mn_alloc(&tk->kernel, &others, 40000, 0, &block), MN_OK);
    test_task_spawn(tk, &task, "frames", waits_for_memory, &display);
    test_kernel_run(tk);
    assert_int_equal(mn_task_result(&task.task), MN_PENDING);

    void *small = NULL; // while somebody waits, who does not wait gets nothing
    assert_int_equal(mn_alloc(&tk->kernel, &others, 1, 0, &small), MN_ENOMEM);
    assert_int_equal(mn_free(&tk->kernel, block), MN_OK);
    assert_int_equal(test_kernel_run_to_end(tk, &task.task), MN_OK);

    assert_int_equal(mn_alloc(&tk->kernel, &display, 50000, 0, &block), MN_EQUOTA);
    assert_int_equal(mn_alloc(&tk->kernel, &display, TEST_KERNEL_HEAP, 0, &block), MN_ETOOBIG);
    assert_int_equal(mn_heap_owner_remove(&tk->kernel.heap, &display), MN_OK);
    assert_int_equal(mn_heap_owner_remove(&tk->kernel.heap, &others), MN_OK);
}

// --- what the kernel catches ---

static mn_status_t forgets_its_wait(mn_task_t *task) {
    blinker_t *self = MN_CONTAINER_OF(task, blinker_t, task);
    mn_status_t status = MN_OK;
    MN_BEGIN(task);
    MN_AWAIT(status, mn_sleep(&self->timer, task, 10));
    return status;
    MN_END();
}

static void a_forgotten_wait_stops_the_system(void **state) {
    static const mn_task_type_t type = {"forgetful", forgets_its_wait, NULL};
    test_kernel_t *tk = *state;
    static blinker_t task;
    mn_spawn(&tk->kernel, &task.task, &type, NULL);
    test_kernel_run(tk);
    EXPECT_PANIC_ALWAYS(mn_cancel(&task.task), "its drop function must cancel it");
    assert_int_equal(test_kernel_run_to_end(tk, &task.task), MN_OK);
}

static void spawning_a_live_task_stops_the_system(void **state) {
    test_kernel_t *tk = *state;
    static blinker_t task;
    mn_spawn(&tk->kernel, &task.task, &blinker_type, NULL);
    EXPECT_PANIC(mn_spawn(&tk->kernel, &task.task, &blinker_type, NULL), "assertion failed");
    mn_cancel_now(&task.task);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_kernel_setup, test_kernel_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_task_runs_and_ends),
        TEST(a_task_is_canceled),
        TEST(a_child_is_joined),
        TEST(a_wait_has_a_limit),
        TEST(the_first_of_two_waits_wins),
        TEST(an_operation_is_made_of_another),
        TEST(locals_do_not_survive),
        TEST(a_break_outside_a_loop_ends_the_task),
        TEST(an_interrupt_wakes_a_task),
        TEST(an_interrupt_sends_to_a_channel),
        TEST(a_task_waits_for_memory),
        TEST(a_forgotten_wait_stops_the_system),
        TEST(spawning_a_live_task_stops_the_system),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
