// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Tasks do not preempt one another, so between tasks nothing needs protection. Only where an
// interrupt may send, the places that it shares are guarded.

#include "../kernel/private.h"
#include <mnemos/channel.h>
#include <mnemos/port.h>
#include <string.h>

static uint32_t guard(const mn_channel_t *channel) {
    return channel->from_isr ? mn_port_irq_save() : 0;
}

static void unguard(const mn_channel_t *channel, uint32_t state) {
    if (channel->from_isr) {
        mn_port_irq_restore(state);
    }
}

void mn__channel_init(mn_channel_t *channel, void *items, size_t item_size, size_t capacity,
                      bool from_isr) {
    MN_ASSERT(capacity >= 2 && capacity <= UINT32_C(0x80000000));
    MN_ASSERT((capacity & (capacity - 1)) == 0);
    *channel = (mn_channel_t){.items = items,
                              .item_size = (uint32_t)item_size,
                              .mask = (uint32_t)capacity - 1,
                              .producers = 1,
                              .from_isr = from_isr};
    mn_semaphore_init(&channel->room, (uint32_t)capacity);
}

static uint8_t *place(const mn_channel_t *channel, uint32_t position) {
    return channel->items + (size_t)(position & channel->mask) * channel->item_size;
}

// Store an item for which there is a place.
static void put(mn_channel_t *channel, const void *item) {
    memcpy(place(channel, channel->head), item, channel->item_size);
    channel->head++;
    mn_wait_cell_wake(&channel->consumer);
}

mn_status_t mn__channel_try_send(mn_channel_t *channel, const void *item) {
    mn_status_t status = MN_ECLOSED;
    uint32_t state = guard(channel);
    if (!channel->closed) {
        status = MN_EFULL;
        if (mn__semaphore_take_free(&channel->room)) {
            put(channel, item);
            status = MN_OK;
        }
    }
    unguard(channel, state);
    return status;
}

// Room for an item of a producer that may have been waiting for it.
static mn_status_t get_room(mn_channel_t *channel, mn_wait_t *wait, mn_task_t *task) {
    if (wait->state == MN__WAIT_IDLE && mn__semaphore_take_free(&channel->room)) {
        return MN_OK;
    }
    return mn_semaphore_acquire(&channel->room, wait, task);
}

mn_status_t mn__channel_send(mn_channel_t *channel, mn_wait_t *wait, mn_task_t *task,
                             const void *item) {
    uint32_t state = guard(channel);
    mn_status_t status = get_room(channel, wait, task);
    if (status == MN_OK && channel->closed) {
        status = MN_ECLOSED;
    }
    if (status == MN_OK) {
        put(channel, item);
    }
    unguard(channel, state);
    return status;
}

mn_status_t mn__channel_try_receive(mn_channel_t *channel, void *item) {
    mn_status_t status = channel->closed ? MN_ECLOSED : MN_EEMPTY;
    uint32_t state = guard(channel);
    if (channel->head != channel->tail) {
        memcpy(item, place(channel, channel->tail), channel->item_size);
        channel->tail++;
        mn__semaphore_give(&channel->room);
        status = MN_OK;
    }
    unguard(channel, state);
    return status;
}

// The consumer is entered before it looks, so that what an interrupt sends in between is not lost.
mn_status_t mn__channel_receive(mn_channel_t *channel, mn_task_t *task, void *item) {
    if (mn_channel_count(channel) == 0) {
        mn_wait_cell_register(&channel->consumer, task);
    }
    mn_status_t status = mn__channel_try_receive(channel, item);
    if (status == MN_EEMPTY) {
        return MN_PENDING;
    }
    mn__wait_cell_clear(&channel->consumer);
    return status;
}

void mn_channel_cancel_receive(mn_channel_t *channel) {
    mn__wait_cell_clear(&channel->consumer);
}

void mn_channel_cancel_send(mn_channel_t *channel, mn_wait_t *wait) {
    uint32_t state = guard(channel);
    mn_wait_cancel(wait);
    unguard(channel, state);
}

void mn_channel_add_producer(mn_channel_t *channel) {
    channel->producers++;
}

void mn_channel_remove_producer(mn_channel_t *channel) {
    MN_ASSERT(channel->producers != 0);
    channel->producers--;
    if (channel->producers == 0) {
        mn_channel_close(channel);
    }
}

// Once the channel is closed no interrupt gets as far as the waiting producers, who may be many.
void mn_channel_close(mn_channel_t *channel) {
    uint32_t state = guard(channel);
    channel->closed = true;
    unguard(channel, state);
    mn_wait_queue_close(&channel->room.queue);
    mn_wait_cell_wake(&channel->consumer);
}

uint32_t mn_channel_count(const mn_channel_t *channel) {
    return channel->head - channel->tail;
}
