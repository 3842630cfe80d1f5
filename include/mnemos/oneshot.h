// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup oneshot One-shot
/// @brief A single answer, from one sender to one receiver; the receiver can be used again.
///
/// The receiver arms itself and a sender; the sender sends once, from a task or an interrupt, or is
/// dropped. The two point at each other, so either may go first: a receiver that is canceled
/// leaves a sender whose answer goes nowhere, and can be armed again at once.
///
/// Both structs stay where they are while armed; a sender moves with ::mn_oneshot_move.
/// @{

#ifndef MNEMOS_ONESHOT_H
#define MNEMOS_ONESHOT_H

#include <mnemos/wait.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// @brief The sending half. Zero-initialise it.
typedef struct mn_oneshot_sender {
    struct mn_oneshot *volatile receiver; ///< @private NULL: nobody wants the answer
} mn_oneshot_sender_t;

/// @brief The receiving half. Initialise with ::mn_oneshot_init.
typedef struct mn_oneshot {
    void *value;                 ///< where the answer goes
    size_t size;                 ///< its size in bytes
    mn_oneshot_sender_t *sender; ///< @private
    volatile uint8_t state;      ///< @private
    mn_wait_cell_t cell;         ///< @private
} mn_oneshot_t;

/// @brief Make an idle receiver whose answers of @p size bytes go to @p value.
///
/// With a size of 0 the answer is that there was one; then @p value may be NULL.
/// @param[out] oneshot the receiver
/// @param[in] value where answers go; stays as long as the receiver is used
/// @param[in] size bytes of an answer
void mn_oneshot_init(mn_oneshot_t *oneshot, void *value, size_t size);

/// @brief Expect an answer from @p sender. An unread answer is discarded.
/// @pre @p sender is not armed
/// @param[in,out] oneshot the receiver
/// @param[in,out] sender unarmed
/// @retval MN_OK armed
/// @retval MN_EBUSY another sender is armed and has not answered
/// @task_only
mn_status_t mn_oneshot_arm(mn_oneshot_t *oneshot, mn_oneshot_sender_t *sender);

/// @brief Wait for the answer.
/// @param[in,out] oneshot the receiver
/// @param[in,out] task the calling task
/// @retval MN_OK it is in the receiver's value
/// @retval MN_EDROPPED no sender is armed, or it was dropped without an answer
/// @retval MN_PENDING not yet
/// @task_only @may_wait
mn_status_t mn_oneshot_receive(mn_oneshot_t *oneshot, mn_task_t *task);

/// @brief Give up: no wait, no answer, no sender. The receiver is idle again.
/// @param[in,out] oneshot the receiver
/// @task_only
void mn_oneshot_cancel(mn_oneshot_t *oneshot);

/// @brief Send the answer. The sender is used up.
///
/// If a task drops or moves a sender while an interrupt sends with it, one of them comes first;
/// what was answered with ::MN_OK arrives.
/// @param[in,out] sender an armed sender
/// @param[in] value as many bytes as the receiver's size
/// @retval MN_OK delivered
/// @retval MN_ECLOSED the receiver has given up, or the sender was not armed
/// @isr_ok
mn_status_t mn_oneshot_send(mn_oneshot_sender_t *sender, const void *value);

/// @brief Go without an answer: the receiver gets ::MN_EDROPPED. Does nothing on a used sender.
/// @param[in,out] sender armed, used, or never armed
/// @isr_ok
void mn_oneshot_drop(mn_oneshot_sender_t *sender);

/// @brief Move an armed sender to another place.
/// @param[out] to an unarmed sender
/// @param[in,out] from unarmed afterwards
/// @task_only
void mn_oneshot_move(mn_oneshot_sender_t *to, mn_oneshot_sender_t *from);

#ifdef __cplusplus
}
#endif

#endif
/// @}
