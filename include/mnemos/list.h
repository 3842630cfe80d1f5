// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

/// @file
/// @defgroup list Intrusive lists
/// @brief A circular doubly linked list whose nodes live inside the caller's structs.
///
/// A zero-initialised node is not on any list. The head must be initialised with ::mn_list_init.
/// Every operation takes constant time. Nothing here is safe against interrupts: a list belongs to
/// one context.
/// @{

#ifndef MNEMOS_LIST_H
#define MNEMOS_LIST_H

#include <mnemos/util.h>
#include <stdbool.h>
#include <stddef.h>

/// @brief A list head or a node.
typedef struct mn_list {
    struct mn_list *next; ///< @private
    struct mn_list *prev; ///< @private
} mn_list_t;

/// @brief Make @p head an empty list.
/// @param[out] head a head
static inline void mn_list_init(mn_list_t *head) {
    head->next = head;
    head->prev = head;
}

/// @brief Whether the list has no nodes.
/// @param[in] head a head
/// @return true if it has none
static inline bool mn_list_is_empty(const mn_list_t *head) {
    return head->next == head;
}

/// @brief Whether @p node is on some list.
/// @param[in] node a node
/// @return true if it is
static inline bool mn_list_is_linked(const mn_list_t *node) {
    return node->next != NULL;
}

/// @brief Append @p node, which is on no list, at the tail.
/// @param[in,out] head a head
/// @param[in,out] node a node
static inline void mn_list_push_back(mn_list_t *head, mn_list_t *node) {
    node->next = head;
    node->prev = head->prev;
    head->prev->next = node;
    head->prev = node;
}

/// @brief Take @p node off its list; does nothing if it is on none.
/// @param[in,out] node a node
static inline void mn_list_remove(mn_list_t *node) {
    if (node->next != NULL) {
        node->prev->next = node->next;
        node->next->prev = node->prev;
        node->next = NULL;
        node->prev = NULL;
    }
}

/// @brief Take the first node off the list.
/// @param[in,out] head a head
/// @return the node, or NULL if the list is empty
static inline mn_list_t *mn_list_pop_front(mn_list_t *head) {
    mn_list_t *node = head->next;
    if (node == head) {
        return NULL;
    }
    head->next = node->next;
    node->next->prev = head;
    node->next = NULL;
    node->prev = NULL;
    return node;
}

/// @brief The first node, or NULL if the list is empty.
/// @param[in] head a head
/// @return NULL if the list is empty
static inline mn_list_t *mn_list_first(const mn_list_t *head) {
    return (head->next == head) ? NULL : head->next;
}

/// @brief The node after @p node, or NULL at the end.
/// @param[in] head the list's head
/// @param[in] node on that list
/// @return NULL at the end
static inline mn_list_t *mn_list_next(const mn_list_t *head, const mn_list_t *node) {
    return (node->next == head) ? NULL : node->next;
}

#endif
/// @}
