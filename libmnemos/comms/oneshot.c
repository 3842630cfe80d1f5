// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// An interrupt may use a sender while a task does something else with it, so taking the receiver
// from a sender is done in one piece: whoever gets it has the only right to change its state.

#include <mnemos/oneshot.h>
#include <mnemos/port.h>
#include <string.h>

enum { IDLE = 0, ARMED, READY };

void mn_oneshot_init(mn_oneshot_t *oneshot, void *value, size_t size) {
    *oneshot = (mn_oneshot_t){.value = value, .size = size};
}

mn_status_t mn_oneshot_arm(mn_oneshot_t *oneshot, mn_oneshot_sender_t *sender) {
    MN_ASSERT(sender->receiver == NULL);
    if (oneshot->state == ARMED) {
        return MN_EBUSY;
    }
    oneshot->sender = sender;
    oneshot->state = ARMED;
    sender->receiver = oneshot;
    return MN_OK;
}

mn_status_t mn_oneshot_receive(mn_oneshot_t *oneshot, mn_task_t *task) {
    mn_wait_cell_register(&oneshot->cell, task);
    const uint8_t state = oneshot->state;
    if (state == ARMED) {
        return MN_PENDING;
    }
    mn__wait_cell_clear(&oneshot->cell);
    oneshot->state = IDLE;
    return (state == READY) ? MN_OK : MN_EDROPPED;
}

void mn_oneshot_cancel(mn_oneshot_t *oneshot) {
    if (oneshot->state == ARMED) {
        oneshot->sender->receiver = NULL; // from here on no interrupt sends to it
    }
    oneshot->sender = NULL;
    oneshot->state = IDLE;
    mn__wait_cell_clear(&oneshot->cell);
}

// Part the two; the receiver learns of it by its new state.
static mn_oneshot_t *disarm(mn_oneshot_sender_t *sender) {
    const uint32_t state = mn_port_irq_save();
    mn_oneshot_t *oneshot = sender->receiver;
    sender->receiver = NULL;
    mn_port_irq_restore(state);
    return oneshot;
}

mn_status_t mn_oneshot_send(mn_oneshot_sender_t *sender, const void *value) {
    mn_oneshot_t *oneshot = disarm(sender);
    if (oneshot == NULL) {
        return MN_ECLOSED;
    }
    if (oneshot->size != 0) { // else there need not be a place for it
        memcpy(oneshot->value, value, oneshot->size);
    }
    oneshot->state = READY;
    mn_wait_cell_wake(&oneshot->cell);
    return MN_OK;
}

void mn_oneshot_drop(mn_oneshot_sender_t *sender) {
    mn_oneshot_t *oneshot = disarm(sender);
    if (oneshot != NULL) {
        oneshot->state = IDLE;
        mn_wait_cell_wake(&oneshot->cell);
    }
}

void mn_oneshot_move(mn_oneshot_sender_t *to, mn_oneshot_sender_t *from) {
    MN_ASSERT(to->receiver == NULL);
    const uint32_t state = mn_port_irq_save();
    mn_oneshot_t *oneshot = from->receiver;
    from->receiver = NULL;
    to->receiver = oneshot;
    if (oneshot != NULL) {
        oneshot->sender = to;
    }
    mn_port_irq_restore(state);
}
