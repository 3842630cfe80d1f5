// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// A hierarchical timing wheel. Level n has 32 slots of 32^n ticks. A timer sits on the level of
// the highest base-32 digit in which its deadline differs from `elapsed`, in the slot of that
// digit; so every slot in use on a level lies ahead of the current one, and everything on a lower
// level is due before anything on a higher one. When `elapsed` reaches a slot, its timers become
// the `due` list, from which they fire or move to a lower level one by one.
//
// While `due` is not empty new timers are appended to it: they must not overtake a timer with an
// equal deadline that is still on its way down.

#include "private.h"

enum {
    LEVEL_BITS = 5,
    WINDOW_BITS = LEVEL_BITS * MN__WHEEL_LEVELS,
    LIST_FAR = MN__WHEEL_LEVELS * MN__WHEEL_SLOTS,
    LIST_DUE,
};

enum { TIMER_IDLE = 0, TIMER_STARTED, TIMER_FIRED };

_Static_assert(MN__WHEEL_SLOTS == 1 << LEVEL_BITS, "a slot index is one base-32 digit");
_Static_assert(LIST_DUE <= UINT8_MAX, "mn_timer_t.slot holds every list");

// ---------------------------------------------------------------------------------------------
// Lists

static mn_timer_t **list_head(mn__wheel_t *wheel, unsigned list) {
    if (list == LIST_DUE) {
        return &wheel->due;
    }
    return (list == LIST_FAR) ? &wheel->far : &wheel->slots[list];
}

static void append(mn__wheel_t *wheel, mn_timer_t *timer, unsigned list) {
    mn_timer_t **head = list_head(wheel, list);
    timer->slot = (uint8_t)list;
    if (*head == NULL) {
        timer->next = timer;
        timer->prev = timer;
        *head = timer;
        if (list < LIST_FAR) {
            wheel->occupied[list / MN__WHEEL_SLOTS] |= UINT32_C(1) << (list % MN__WHEEL_SLOTS);
        }
        return;
    }
    timer->next = *head;
    timer->prev = (*head)->prev;
    timer->prev->next = timer;
    (*head)->prev = timer;
}

// A timer on the due list may still carry the number of the list it came from (see begin_event),
// so the head is asked whether it is `due` first; for a timer that is no head the number is unused.
static void unlink(mn__wheel_t *wheel, mn_timer_t *timer) {
    const unsigned list = (timer == wheel->due) ? (unsigned)LIST_DUE : timer->slot;
    mn_timer_t **head = list_head(wheel, list);
    if (timer->next == timer) {
        *head = NULL;
        if (list < LIST_FAR) {
            wheel->occupied[list / MN__WHEEL_SLOTS] &= ~(UINT32_C(1) << (list % MN__WHEEL_SLOTS));
        }
        return;
    }
    timer->next->prev = timer->prev;
    timer->prev->next = timer->next;
    if (*head == timer) {
        *head = timer->next;
    }
}

// Where a timer belongs, seen from `elapsed`.
static unsigned list_for(const mn__wheel_t *wheel, uint64_t deadline) {
    if (deadline <= wheel->elapsed) {
        return (unsigned)(wheel->elapsed % MN__WHEEL_SLOTS);
    }
    const uint64_t difference = deadline ^ wheel->elapsed;
    if ((difference >> WINDOW_BITS) != 0) {
        return LIST_FAR;
    }
    unsigned level = 0;
    while ((difference >> (LEVEL_BITS * (level + 1))) != 0) {
        level++;
    }
    const unsigned digit = (unsigned)(deadline >> (LEVEL_BITS * level)) % MN__WHEEL_SLOTS;
    return level * MN__WHEEL_SLOTS + digit;
}

// ---------------------------------------------------------------------------------------------
// Turning

typedef struct event {
    uint64_t when;
    unsigned list;
} event_t;

// The first list whose time comes; `when` is MN_NEVER if there is none.
static event_t next_event(const mn__wheel_t *wheel) {
    for (unsigned level = 0; level < MN__WHEEL_LEVELS; level++) {
        if (wheel->occupied[level] != 0) {
            const unsigned slot = (unsigned)__builtin_ctzl(wheel->occupied[level]);
            const unsigned shift = LEVEL_BITS * level;
            const uint64_t window = wheel->elapsed >> (shift + LEVEL_BITS) << (shift + LEVEL_BITS);
            return (event_t){.when = window + ((uint64_t)slot << shift),
                             .list = level * MN__WHEEL_SLOTS + slot};
        }
    }
    if (wheel->far != NULL) {
        return (event_t){.when = ((wheel->elapsed >> WINDOW_BITS) + 1) << WINDOW_BITS,
                         .list = LIST_FAR};
    }
    return (event_t){.when = MN_NEVER, .list = LIST_FAR};
}

// Make the timers of `event` the due list. Their ring is taken over as a whole, in constant time.
static void begin_event(mn__wheel_t *wheel, event_t event) {
    mn_timer_t **head = list_head(wheel, event.list);
    wheel->due = *head;
    *head = NULL;
    if (event.list < LIST_FAR) {
        wheel->occupied[event.list / MN__WHEEL_SLOTS] &=
            ~(UINT32_C(1) << (event.list % MN__WHEEL_SLOTS));
    }
    wheel->elapsed = event.when;
}

static void fire(mn__wheel_t *wheel, mn_timer_t *timer) {
    timer->state = TIMER_FIRED;
    wheel->fired++;
    mn__task_unhold(timer->task);
    mn_task_wake(timer->task);
}

// The first timer of the due list fires or moves to a lower level.
static void settle_one(mn__wheel_t *wheel) {
    mn_timer_t *timer = wheel->due;
    unlink(wheel, timer);
    if (timer->deadline <= wheel->elapsed) {
        fire(wheel, timer);
    } else {
        append(wheel, timer, list_for(wheel, timer->deadline));
    }
}

void mn__wheel_turn(mn__wheel_t *wheel, uint64_t now, uint32_t budget) {
    for (; budget != 0; budget--) {
        if (wheel->due == NULL) {
            const event_t event = next_event(wheel);
            // Nothing at all is there even at the end of time.
            if (event.when > now || event.when == MN_NEVER) {
                wheel->elapsed = (now > wheel->elapsed) ? now : wheel->elapsed;
                return;
            }
            begin_event(wheel, event);
            MN_ASSERT(wheel->due != NULL);
        }
        settle_one(wheel);
    }
}

uint64_t mn__wheel_next(const mn__wheel_t *wheel) {
    return (wheel->due != NULL) ? wheel->elapsed : next_event(wheel).when;
}

// ---------------------------------------------------------------------------------------------
// Timers

void mn_timer_start(mn_timer_t *timer, mn_task_t *task, uint64_t deadline) {
    mn__wheel_t *wheel = &task->kernel->wheel;
    mn_timer_cancel(timer);
    timer->task = task;
    timer->deadline = deadline;
    timer->state = TIMER_STARTED;
    mn__task_hold(task);
    if (wheel->due != NULL) {
        // Were each start only to lengthen the due list, tasks that start timers faster than a tick
        // settles them would stop time for everybody.
        settle_one(wheel);
    }
    append(wheel, timer, (wheel->due != NULL) ? (unsigned)LIST_DUE : list_for(wheel, deadline));
}

bool mn_timer_fired(const mn_timer_t *timer) {
    return timer->state == TIMER_FIRED;
}

void mn_timer_cancel(mn_timer_t *timer) {
    if (timer->state == TIMER_STARTED) {
        mn__wheel_t *wheel = &timer->task->kernel->wheel;
        unlink(wheel, timer);
        mn__task_unhold(timer->task);
    }
    timer->state = TIMER_IDLE;
}

mn_status_t mn_sleep_until(mn_timer_t *timer, mn_task_t *task, uint64_t deadline) {
    if (timer->state == TIMER_IDLE && deadline > mn_now(task->kernel)) {
        mn_timer_start(timer, task, deadline);
    }
    if (timer->state == TIMER_STARTED) {
        return MN_PENDING;
    }
    timer->state = TIMER_IDLE;
    return MN_OK;
}

mn_status_t mn_sleep(mn_timer_t *timer, mn_task_t *task, uint64_t ticks) {
    uint64_t deadline = 0;
    if (timer->state == TIMER_IDLE) {
        deadline = mn__ticks_from_now(task->kernel, ticks);
    }
    return mn_sleep_until(timer, task, deadline);
}

// ---------------------------------------------------------------------------------------------
// Units

uint64_t mn_now(const mn_kernel_t *kernel) {
    return kernel->config.now(kernel->config.clock_context);
}

uint64_t mn__ticks_from_now(const mn_kernel_t *kernel, uint64_t ticks) {
    const uint64_t now = mn_now(kernel);
    return (ticks < MN_NEVER - now) ? now + ticks : MN_NEVER;
}

uint64_t mn_ms(const mn_kernel_t *kernel, uint32_t milliseconds) {
    return (uint64_t)milliseconds * kernel->config.tick_hz / 1000U;
}

uint64_t mn_us(const mn_kernel_t *kernel, uint32_t microseconds) {
    return (uint64_t)microseconds * kernel->config.tick_hz / 1000000U;
}

uint64_t mn_seconds(const mn_kernel_t *kernel, uint32_t seconds) {
    return (uint64_t)seconds * kernel->config.tick_hz;
}
