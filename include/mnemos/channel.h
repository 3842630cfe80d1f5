// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup channel Channel
/// @brief A bounded queue of items of one type: many producers, one consumer.
///
/// ::MN_CHANNEL_TYPE declares the functions for one item type, so that the compiler checks what is
/// sent. The memory is the caller's. Items are copied in and out, each is delivered once, in the
/// order in which sending succeeded. Producers that wait for room get it in order of arrival.
///
/// **Closing.** The consumer closes when it goes; the last producer closes when it goes
/// (::mn_channel_remove_producer). After that, sending fails, and receiving gets what is left and
/// then ::MN_ECLOSED.
///
/// **Interrupts.** A channel initialised with `from_isr` also takes items from interrupt handlers,
/// without waiting; its operations then hold interrupts back while they copy one item.
///
/// @code
/// MN_CHANNEL_TYPE(key_channel, key_event_t)
///
/// static key_event_t keys[8];
/// key_channel_init(&channel, keys, MN_COUNT_OF(keys), false);
/// …
/// MN_AWAIT(status, key_channel_receive(&channel, task, &self->key));
/// @endcode
/// @{

#ifndef MNEMOS_CHANNEL_H
#define MNEMOS_CHANNEL_H

#include <mnemos/kernel.h>
#include <mnemos/util.h>
#include <mnemos/wait.h>

#ifdef __cplusplus
extern "C" {
#endif

/// @brief What all channels are underneath.
typedef struct mn_channel {
    uint8_t *items;          ///< @private
    uint32_t item_size;      ///< @private
    uint32_t mask;           ///< @private capacity - 1
    uint32_t head;           ///< @private items ever sent
    uint32_t tail;           ///< @private items ever received
    uint32_t producers;      ///< @private
    bool from_isr;           ///< @private
    bool closed;             ///< @private
    mn_wait_cell_t consumer; ///< @private
    mn_semaphore_t room;     ///< @private one unit for each free place
} mn_channel_t;

/// @brief Add a producer. A channel starts with one.
/// @param[in,out] channel the channel
/// @task_only
void mn_channel_add_producer(mn_channel_t *channel);

/// @brief A producer goes; the last one closes the channel.
/// @param[in,out] channel the channel
/// @task_only
void mn_channel_remove_producer(mn_channel_t *channel);

/// @brief Close: see the group's text. Closing again does nothing.
/// @param[in,out] channel the channel
/// @task_only
void mn_channel_close(mn_channel_t *channel);

/// @brief Withdraw the consumer's wait.
/// @param[in,out] channel the channel
/// @task_only
void mn_channel_cancel_receive(mn_channel_t *channel);

/// @brief Withdraw a producer's wait for room.
/// @param[in,out] channel the channel
/// @param[in,out] wait the producer's wait
/// @task_only
void mn_channel_cancel_send(mn_channel_t *channel, mn_wait_t *wait);

/// @brief Number of items waiting to be received.
/// @param[in] channel the channel
/// @return 0 to the capacity
/// @isr_ok
uint32_t mn_channel_count(const mn_channel_t *channel);

/// @cond INTERNAL
void mn__channel_init(mn_channel_t *channel, void *items, size_t item_size, size_t capacity,
                      bool from_isr);
mn_status_t mn__channel_try_send(mn_channel_t *channel, const void *item);
mn_status_t mn__channel_send(mn_channel_t *channel, mn_wait_t *wait, mn_task_t *task,
                             const void *item);
mn_status_t mn__channel_try_receive(mn_channel_t *channel, void *item);
mn_status_t mn__channel_receive(mn_channel_t *channel, mn_task_t *task, void *item);
/// @endcond

/// @brief Declare `name_t` and its functions for items of type @p item_type.
///
/// - `void name_init(name_t *, item_type *items, size_t capacity, bool from_isr)` —
///   @p capacity is a power of two, at least 2;
/// - `mn_status_t name_try_send(name_t *, const item_type *)` — ::MN_OK, ::MN_EFULL,
///   ::MN_ECLOSED; `isr_ok` with `from_isr`;
/// - `mn_status_t name_send(name_t *, mn_wait_t *, mn_task_t *, const item_type *)` — waits for
///   room; ::MN_OK, ::MN_ECLOSED, ::MN_PENDING; withdraw with ::mn_channel_cancel_send;
/// - `mn_status_t name_try_receive(name_t *, item_type *)` — ::MN_OK, ::MN_EEMPTY, ::MN_ECLOSED;
/// - `mn_status_t name_receive(name_t *, mn_task_t *, item_type *)` — waits for an item; ::MN_OK,
///   ::MN_ECLOSED, ::MN_PENDING.
///
/// `name_t` has the one member `channel`, an ::mn_channel_t.
#define MN_CHANNEL_TYPE(name, item_type)                                                         \
    typedef struct name {                                                                        \
        mn_channel_t channel;                                                                    \
    } name##_t;                                                                                  \
    MN__GENERATED void name##_init(name##_t *self, item_type *items, size_t capacity,            \
                                   bool from_isr) {                                              \
        mn__channel_init(&self->channel, items, sizeof(item_type), capacity, from_isr);          \
    }                                                                                            \
    MN__GENERATED mn_status_t name##_try_send(name##_t *self, const item_type *item) {           \
        return mn__channel_try_send(&self->channel, item);                                       \
    }                                                                                            \
    MN__GENERATED mn_status_t name##_send(name##_t *self, mn_wait_t *wait, mn_task_t *task,      \
                                          const item_type *item) {                               \
        return mn__channel_send(&self->channel, wait, task, item);                               \
    }                                                                                            \
    MN__GENERATED mn_status_t name##_try_receive(name##_t *self, item_type *item) {              \
        return mn__channel_try_receive(&self->channel, item);                                    \
    }                                                                                            \
    MN__GENERATED mn_status_t name##_receive(name##_t *self, mn_task_t *task, item_type *item) { \
        return mn__channel_receive(&self->channel, task, item);                                  \
    }

#ifdef __cplusplus
}
#endif

#endif
/// @}
