// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The channel: order, capacity, who gets the room, what closing does to each side, and cancellation
// at every moment.

#include "test_kernel.h"
#include "test_port.h"

#include <mnemos/channel.h>
#include <mnemos/util.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define CAPACITY 4U
#define PRODUCERS 3U

MN_CHANNEL_TYPE(numbers, unsigned)

// An item with padding and a size that is no power of two.
typedef struct parcel {
    uint8_t kind;
    uint32_t content[4];
} parcel_t;

MN_CHANNEL_TYPE(parcels, parcel_t)

// A program need not use all that the macro declares.
MN_CHANNEL_TYPE(unused, uint8_t)

static unsigned places[256];
static numbers_t channel;
static test_task_t consumer; // tasks that only wait
static test_task_t producers[PRODUCERS];

static void cancel_consumer(test_task_t *self) {
    (void)self;
    mn_channel_cancel_receive(&channel.channel);
}

static void cancel_producer(test_task_t *self) {
    mn_channel_cancel_send(&channel.channel, &self->wait);
}

static int setup(void **state) {
    test_kernel_setup(state);
    numbers_init(&channel, places, CAPACITY, false);
    consumer = (test_task_t){.on_drop = cancel_consumer};
    test_task_spawn(*state, &consumer, "consumer", NULL, NULL);
    for (size_t i = 0; i < PRODUCERS; i++) {
        producers[i] = (test_task_t){.on_drop = cancel_producer};
        test_task_spawn(*state, &producers[i], "producer", NULL, NULL);
    }
    test_kernel_run(*state);
    return 0;
}

static int setup_for_interrupts(void **state) {
    setup(state);
    numbers_init(&channel, places, CAPACITY, true);
    return 0;
}

static int teardown(void **state) {
    if (mn_task_state(&consumer.task) == MN_TASK_LIVE) {
        test_task_cancel(*state, &consumer);
    }
    for (size_t i = 0; i < PRODUCERS; i++) {
        if (mn_task_state(&producers[i].task) == MN_TASK_LIVE) {
            test_task_cancel(*state, &producers[i]);
        }
    }
    return test_kernel_teardown(state);
}

static mn_status_t try_send(unsigned number) {
    return numbers_try_send(&channel, &number);
}

// In the name of producer `who`. The item need not stay: it is copied when there is room.
static mn_status_t send(size_t who, unsigned number) {
    return numbers_send(&channel, &producers[who].wait, &producers[who].task, &number);
}

// What is received, or the status, as a negative number or 1000 for pending.
static int answer(mn_status_t status, unsigned number) {
    if (status == MN_PENDING) {
        return 1000;
    }
    return (status == MN_OK) ? (int)number : (int)status;
}

static int try_receive(void) {
    unsigned number = 0;
    mn_status_t status = numbers_try_receive(&channel, &number);
    return answer(status, number);
}

static int receive(void) {
    unsigned number = 0;
    mn_status_t status = numbers_receive(&channel, &consumer.task, &number);
    return answer(status, number);
}

#define PENDING 1000

static void fill(unsigned first) {
    for (unsigned i = 0; i < CAPACITY; i++) {
        assert_int_equal(try_send(first + i), MN_OK);
    }
}

// --- order and capacity ---

static void items_come_in_order_up_to_the_capacity(void **state) {
    (void)state;
    assert_int_equal(try_receive(), MN_EEMPTY);
    fill(1);
    assert_int_equal(mn_channel_count(&channel.channel), CAPACITY);
    assert_int_equal(try_send(5), MN_EFULL);
    assert_int_equal(try_receive(), 1);
    assert_int_equal(mn_channel_count(&channel.channel), CAPACITY - 1);
    assert_int_equal(try_send(5), MN_OK);
    assert_int_equal(try_send(6), MN_EFULL);
    for (int i = 2; i <= 5; i++) {
        assert_int_equal(try_receive(), i);
    }
    assert_int_equal(try_receive(), MN_EEMPTY);
    assert_int_equal(mn_channel_count(&channel.channel), 0);
}

static void every_capacity_is_usable_as_a_whole(void **state) {
    (void)state;
    for (unsigned capacity = 2; capacity <= MN_COUNT_OF(places); capacity *= 2) {
        numbers_init(&channel, places, capacity, false);
        for (unsigned round = 0; round < 3; round++) {
            for (unsigned i = 0; i < capacity; i++) {
                assert_int_equal(try_send(i), MN_OK);
            }
            assert_int_equal(try_send(0), MN_EFULL);
            for (unsigned i = 0; i < capacity; i++) {
                assert_int_equal(try_receive(), i);
            }
            assert_int_equal(try_receive(), MN_EEMPTY);
        }
    }
}

static void a_capacity_that_does_not_do_is_a_bug(void **state) {
    (void)state;
    EXPECT_PANIC(numbers_init(&channel, places, 0, false), "capacity");
    EXPECT_PANIC(numbers_init(&channel, places, 1, false), "capacity");
    EXPECT_PANIC(numbers_init(&channel, places, 3, false), "capacity");
    EXPECT_PANIC(numbers_init(&channel, places, 12, false), "capacity");
    EXPECT_PANIC(numbers_init(&channel, places, SIZE_MAX, false), "capacity");
}

// The counters run over after 2^32 items.
static void the_counters_may_run_over(void **state) {
    (void)state;
    channel.channel.head = UINT32_MAX - 1;
    channel.channel.tail = UINT32_MAX - 1;
    for (unsigned round = 0; round < 3; round++) {
        fill(10 * round);
        assert_int_equal(mn_channel_count(&channel.channel), CAPACITY);
        assert_int_equal(try_send(0), MN_EFULL);
        for (unsigned i = 0; i < CAPACITY; i++) {
            assert_int_equal(try_receive(), 10 * round + i);
        }
        assert_int_equal(try_receive(), MN_EEMPTY);
    }
}

static void whole_items_are_copied(void **state) {
    (void)state;
    static parcel_t store[2];
    parcels_t parcels;
    parcels_init(&parcels, store, 2, false);
    parcel_t in = {.kind = 1, .content = {2, 3, 4, 5}};
    assert_int_equal(parcels_try_send(&parcels, &in), MN_OK);
    in = (parcel_t){.kind = 6, .content = {7, 8, 9, 10}};
    assert_int_equal(parcels_try_send(&parcels, &in), MN_OK);
    in = (parcel_t){0};
    parcel_t out = {0};
    assert_int_equal(parcels_try_receive(&parcels, &out), MN_OK);
    assert_int_equal(out.kind, 1);
    assert_int_equal(out.content[3], 5);
    assert_int_equal(parcels_try_receive(&parcels, &out), MN_OK);
    assert_int_equal(out.kind, 6);
    assert_int_equal(out.content[3], 10);
    assert_int_equal(parcels_try_receive(&parcels, &out), MN_EEMPTY);
    assert_int_equal(out.kind, 6);
}

// --- waiting ---

static void the_consumer_waits_for_an_item(void **state) {
    test_kernel_t *tk = *state;
    assert_int_equal(receive(), PENDING);
    assert_int_equal(receive(), PENDING);
    assert_false(test_task_woken(tk, &consumer));
    assert_int_equal(try_send(7), MN_OK);
    assert_true(test_task_woken(tk, &consumer));
    assert_int_equal(receive(), 7);
    assert_int_equal(try_send(8), MN_OK); // nobody waits now
    assert_false(test_task_woken(tk, &consumer));
    assert_int_equal(receive(), 8);
}

static test_kernel_t *interrupted;

static void send_nine(void) {
    mn_isr_enter(&interrupted->kernel);
    if (try_send(9) != MN_OK) {
        mn_panic("the interrupt cannot send", NULL, 0);
    }
    mn_isr_exit(&interrupted->kernel);
}

static void the_consumer_is_woken_by_an_interrupt(void **state) {
    interrupted = *state;
    assert_int_equal(receive(), PENDING);
    test_irq_install(send_nine);
    test_irq_raise();
    test_irq_remove();
    assert_true(test_task_woken(interrupted, &consumer));
    assert_int_equal(receive(), 9);
}

static void a_producer_waits_for_room(void **state) {
    test_kernel_t *tk = *state;
    assert_int_equal(send(0, 1), MN_OK);
    assert_int_equal(send(0, 2), MN_OK);
    assert_int_equal(send(0, 3), MN_OK);
    assert_int_equal(send(0, 4), MN_OK);
    assert_int_equal(send(0, 5), MN_PENDING);
    assert_int_equal(send(0, 5), MN_PENDING);
    assert_false(test_task_woken(tk, &producers[0]));
    assert_int_equal(try_receive(), 1);
    assert_true(test_task_woken(tk, &producers[0]));
    assert_int_equal(send(0, 5), MN_OK);
    assert_int_equal(send(0, 6), MN_PENDING);
    for (int i = 2; i <= 5; i++) {
        assert_int_equal(try_receive(), i);
    }
    assert_int_equal(send(0, 6), MN_OK);
    assert_int_equal(try_receive(), 6);
}

static void room_goes_to_producers_in_order_of_arrival(void **state) {
    test_kernel_t *tk = *state;
    fill(1);
    assert_int_equal(send(2, 12), MN_PENDING);
    assert_int_equal(send(0, 10), MN_PENDING);
    assert_int_equal(send(1, 11), MN_PENDING);
    assert_int_equal(try_receive(), 1);
    // Exactly one can go on, and who did not wait cannot overtake.
    assert_int_equal(try_send(99), MN_EFULL);
    assert_int_equal(send(0, 10), MN_PENDING);
    assert_false(test_task_woken(tk, &producers[0]));
    assert_int_equal(send(1, 11), MN_PENDING);
    assert_int_equal(send(2, 12), MN_OK);
    assert_int_equal(try_receive(), 2);
    assert_int_equal(try_receive(), 3);
    assert_int_equal(try_send(99), MN_EFULL);
    assert_int_equal(send(2, 13), MN_PENDING); // comes after the others
    // Both have room; the order of delivery is that of sending.
    assert_int_equal(send(1, 11), MN_OK);
    assert_int_equal(send(0, 10), MN_OK);
    static const int expected[] = {4, 12, 11, 10};
    for (size_t i = 0; i < MN_COUNT_OF(expected); i++) {
        assert_int_equal(try_receive(), expected[i]);
    }
    assert_int_equal(try_receive(), MN_EEMPTY);
    assert_int_equal(send(2, 13), MN_OK);
    assert_int_equal(try_receive(), 13);
}

static void producers_keep_their_own_order(void **state) {
    (void)state;
    mn_channel_add_producer(&channel.channel);
    unsigned next[2] = {0};
    unsigned seen[2] = {0};
    for (unsigned i = 0; i < 1000; i++) {
        const unsigned who = (i / 3) & 1;
        if (try_send(who * 10000 + next[who]) == MN_OK) {
            next[who]++;
        }
        const int got = (i % 5 < 3) ? try_receive() : MN_EEMPTY;
        if (got >= 0) {
            const unsigned from = (unsigned)got / 10000;
            assert_int_equal((unsigned)got % 10000, seen[from]);
            seen[from]++;
        }
    }
    assert_true(seen[0] > 200 && seen[1] > 200);
}

// --- closing ---

static void what_was_sent_before_the_close_is_received(void **state) {
    (void)state;
    assert_int_equal(try_send(1), MN_OK);
    assert_int_equal(try_send(2), MN_OK);
    assert_int_equal(try_send(3), MN_OK);
    mn_channel_close(&channel.channel);
    mn_channel_close(&channel.channel);
    assert_int_equal(try_send(4), MN_ECLOSED);
    assert_int_equal(send(0, 4), MN_ECLOSED);
    assert_int_equal(mn_channel_count(&channel.channel), 3);
    assert_int_equal(receive(), 1);
    assert_int_equal(try_receive(), 2);
    assert_int_equal(receive(), 3);
    assert_int_equal(receive(), MN_ECLOSED);
    assert_int_equal(try_receive(), MN_ECLOSED);
    assert_int_equal(try_send(4), MN_ECLOSED);
}

static void a_waiting_consumer_learns_of_the_close(void **state) {
    assert_int_equal(receive(), PENDING);
    mn_channel_close(&channel.channel);
    assert_true(test_task_woken(*state, &consumer));
    assert_int_equal(receive(), MN_ECLOSED);
}

static void waiting_producers_learn_of_the_close(void **state) {
    test_kernel_t *tk = *state;
    fill(1);
    assert_int_equal(send(0, 5), MN_PENDING);
    assert_int_equal(send(1, 6), MN_PENDING);
    assert_int_equal(send(2, 7), MN_PENDING);
    assert_int_equal(try_receive(), 1); // producer 0 has room, and does not know yet
    mn_channel_close(&channel.channel);
    test_kernel_run(tk);
    for (size_t i = 0; i < PRODUCERS; i++) {
        assert_int_equal(producers[i].task.polls, 2); // the first one when it was spawned
        assert_int_equal(send(i, 5), MN_ECLOSED);
        assert_int_equal(send(i, 5), MN_ECLOSED);
    }
    for (int i = 2; i <= 4; i++) {
        assert_int_equal(receive(), i);
    }
    assert_int_equal(receive(), MN_ECLOSED);
}

static void the_last_producer_closes(void **state) {
    mn_channel_add_producer(&channel.channel);
    mn_channel_add_producer(&channel.channel);
    assert_int_equal(receive(), PENDING);
    mn_channel_remove_producer(&channel.channel);
    mn_channel_remove_producer(&channel.channel);
    assert_false(test_task_woken(*state, &consumer));
    assert_int_equal(try_send(1), MN_OK);
    mn_channel_remove_producer(&channel.channel);
    assert_true(test_task_woken(*state, &consumer));
    assert_int_equal(receive(), 1);
    assert_int_equal(receive(), MN_ECLOSED);
    EXPECT_PANIC(mn_channel_remove_producer(&channel.channel), "producers");
}

// --- canceling ---

static void a_canceled_consumer_is_not_woken(void **state) {
    mn_channel_cancel_receive(&channel.channel);
    assert_int_equal(receive(), PENDING);
    mn_channel_cancel_receive(&channel.channel);
    assert_int_equal(try_send(1), MN_OK);
    assert_false(test_task_woken(*state, &consumer));
    assert_int_equal(receive(), 1);
}

static void a_canceled_producer_leaves_the_line(void **state) {
    test_kernel_t *tk = *state;
    mn_channel_cancel_send(&channel.channel, &producers[0].wait);
    fill(1);
    assert_int_equal(send(0, 10), MN_PENDING);
    assert_int_equal(send(1, 11), MN_PENDING);
    mn_channel_cancel_send(&channel.channel, &producers[0].wait);
    assert_int_equal(try_receive(), 1);
    assert_false(test_task_woken(tk, &producers[0]));
    assert_int_equal(send(1, 11), MN_OK);
}

static void room_that_a_canceled_producer_had_goes_on(void **state) {
    test_kernel_t *tk = *state;
    fill(1);
    assert_int_equal(send(0, 10), MN_PENDING);
    assert_int_equal(send(1, 11), MN_PENDING);
    assert_int_equal(try_receive(), 1);
    mn_channel_cancel_send(&channel.channel, &producers[0].wait);
    assert_true(test_task_woken(tk, &producers[1]));
    assert_int_equal(send(1, 11), MN_OK);
    // With nobody behind, it is free for whoever comes.
    assert_int_equal(send(0, 10), MN_PENDING);
    assert_int_equal(try_receive(), 2);
    mn_channel_cancel_send(&channel.channel, &producers[0].wait);
    assert_int_equal(try_send(12), MN_OK);
    assert_int_equal(try_send(13), MN_EFULL);
}

static void a_producer_goes_at_any_moment(void **state) {
    test_kernel_t *tk = *state;
    for (unsigned moment = 0; moment < 3; moment++) {
        numbers_init(&channel, places, CAPACITY, false);
        fill(1);
        assert_int_equal(send(0, 10), MN_PENDING);
        assert_int_equal(send(1, 11), MN_PENDING);
        if (moment >= 1) {
            assert_int_equal(try_receive(), 1);
        }
        if (moment >= 2) {
            assert_int_equal(send(0, 10), MN_OK);
            assert_int_equal(try_receive(), 2);
        }
        test_task_cancel(tk, &producers[0]);
        assert_int_equal(send(1, 11), (moment == 0) ? MN_PENDING : MN_OK);
        mn_channel_cancel_send(&channel.channel, &producers[1].wait);
        test_task_spawn(tk, &producers[0], "producer", NULL, NULL);
        test_kernel_run(tk);
    }
}

// As a program does it: the consumer closes when it goes, with items still there.
static void a_consumer_that_goes_lets_nobody_hang(void **state) {
    test_kernel_t *tk = *state;
    fill(1);
    assert_int_equal(send(0, 10), MN_PENDING);
    test_task_cancel(tk, &consumer);
    mn_channel_close(&channel.channel);
    assert_true(test_task_woken(tk, &producers[0]));
    assert_int_equal(send(0, 10), MN_ECLOSED);
}

// --- tasks at work ---

#define ITEMS 3000U

static mn_status_t produce_items(test_task_t *self) {
    const unsigned *base = self->context;
    unsigned item = *base + self->count;
    MN_BEGIN(&self->task);
    for (; self->count < ITEMS; self->count++) {
        item = *base + self->count;
        MN_AWAIT(self->status, numbers_send(&channel, &self->wait, &self->task, &item));
        assert_int_equal(self->status, MN_OK);
    }
    mn_channel_remove_producer(&channel.channel);
    MN_END();
}

static mn_status_t consume_items(test_task_t *self) {
    unsigned *seen = self->context;
    unsigned item = 0;
    MN_BEGIN(&self->task);
    for (;;) {
        MN_AWAIT(self->status, numbers_receive(&channel, &self->task, &item));
        if (self->status != MN_OK) {
            break;
        }
        assert_int_equal(item % 10000, seen[item / 10000]);
        seen[item / 10000]++;
        self->count++;
    }
    assert_int_equal(self->status, MN_ECLOSED);
    MN_END();
}

static void many_producers_feed_one_consumer_until_all_have_gone(void **state) {
    test_kernel_t *tk = *state;
    static test_task_t at_work[PRODUCERS];
    static unsigned bases[PRODUCERS] = {0, 10000, 20000};
    static test_task_t sink;
    unsigned seen[PRODUCERS] = {0};
    test_task_spawn(tk, &sink, "sink", consume_items, seen);
    for (size_t i = 0; i < PRODUCERS; i++) {
        if (i != 0) {
            mn_channel_add_producer(&channel.channel);
        }
        test_task_spawn(tk, &at_work[i], "at work", produce_items, &bases[i]);
    }
    assert_int_equal(test_kernel_run_to_end(tk, &sink.task), MN_OK);
    for (size_t i = 0; i < PRODUCERS; i++) {
        assert_int_equal(seen[i], ITEMS);
    }
}

#define CHANNEL_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CHANNEL_TEST(items_come_in_order_up_to_the_capacity),
        CHANNEL_TEST(every_capacity_is_usable_as_a_whole),
        CHANNEL_TEST(a_capacity_that_does_not_do_is_a_bug),
        CHANNEL_TEST(the_counters_may_run_over),
        CHANNEL_TEST(whole_items_are_copied),
        CHANNEL_TEST(the_consumer_waits_for_an_item),
        cmocka_unit_test_setup_teardown(the_consumer_is_woken_by_an_interrupt, setup_for_interrupts,
                                        teardown),
        CHANNEL_TEST(a_producer_waits_for_room),
        CHANNEL_TEST(room_goes_to_producers_in_order_of_arrival),
        CHANNEL_TEST(producers_keep_their_own_order),
        CHANNEL_TEST(what_was_sent_before_the_close_is_received),
        CHANNEL_TEST(a_waiting_consumer_learns_of_the_close),
        CHANNEL_TEST(waiting_producers_learn_of_the_close),
        CHANNEL_TEST(the_last_producer_closes),
        CHANNEL_TEST(a_canceled_consumer_is_not_woken),
        CHANNEL_TEST(a_canceled_producer_leaves_the_line),
        CHANNEL_TEST(room_that_a_canceled_producer_had_goes_on),
        CHANNEL_TEST(a_producer_goes_at_any_moment),
        CHANNEL_TEST(a_consumer_that_goes_lets_nobody_hang),
        CHANNEL_TEST(many_producers_feed_one_consumer_until_all_have_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
