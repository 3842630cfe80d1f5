// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The list keeps order, and a node always knows whether it is on a list.

#include <mnemos/list.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

typedef struct item {
    int value;
    mn_list_t link;
} item_t;

static int value_of(const mn_list_t *node) {
    return MN_CONTAINER_OF(node, const item_t, link)->value;
}

// The list's values as the digits of a number, read forwards; 0 for an empty list. Also checks that
// the backward links mirror the forward ones.
static int digits(const mn_list_t *head) {
    int number = 0;
    const mn_list_t *before = head;
    for (const mn_list_t *node = mn_list_first(head); node != NULL;
         node = mn_list_next(head, node)) {
        assert_ptr_equal(node->prev, before);
        number = number * 10 + value_of(node);
        before = node;
    }
    assert_ptr_equal(head->prev, before);
    return number;
}

static void an_empty_list_has_no_nodes(void **state) {
    (void)state;
    mn_list_t head;
    mn_list_init(&head);
    assert_true(mn_list_is_empty(&head));
    assert_null(mn_list_first(&head));
    assert_null(mn_list_pop_front(&head));
}

static void nodes_leave_in_the_order_in_which_they_came(void **state) {
    (void)state;
    item_t items[4] = {{.value = 1}, {.value = 2}, {.value = 3}, {.value = 4}};
    mn_list_t head;
    mn_list_init(&head);
    for (size_t i = 0; i < MN_COUNT_OF(items); i++) {
        mn_list_push_back(&head, &items[i].link);
    }
    assert_int_equal(digits(&head), 1234);
    for (int i = 1; i <= 4; i++) {
        assert_int_equal(value_of(mn_list_pop_front(&head)), i);
    }
    assert_true(mn_list_is_empty(&head));
}

// First, middle, last and only node: each is taken out without disturbing the others.
static void any_node_can_be_removed(void **state) {
    (void)state;
    item_t items[4] = {{.value = 1}, {.value = 2}, {.value = 3}, {.value = 4}};
    mn_list_t head;
    mn_list_init(&head);
    for (size_t i = 0; i < MN_COUNT_OF(items); i++) {
        mn_list_push_back(&head, &items[i].link);
    }
    mn_list_remove(&items[1].link);
    assert_int_equal(digits(&head), 134);
    mn_list_remove(&items[0].link);
    assert_int_equal(digits(&head), 34);
    mn_list_remove(&items[3].link);
    assert_int_equal(digits(&head), 3);
    mn_list_remove(&items[2].link);
    assert_int_equal(digits(&head), 0);
    assert_true(mn_list_is_empty(&head));
}

// Removing is for drop functions, which do not know how far a task came: it must be safe for a node
// that was never linked and for one that was already removed.
static void removing_twice_or_never_linked_does_nothing(void **state) {
    (void)state;
    item_t item = {.value = 7};
    mn_list_t head;
    mn_list_init(&head);
    assert_false(mn_list_is_linked(&item.link));
    mn_list_remove(&item.link);
    mn_list_push_back(&head, &item.link);
    assert_true(mn_list_is_linked(&item.link));
    mn_list_remove(&item.link);
    mn_list_remove(&item.link);
    assert_false(mn_list_is_linked(&item.link));
    assert_true(mn_list_is_empty(&head));
    mn_list_push_back(&head, &item.link);
    assert_int_equal(digits(&head), 7);
}

static void a_popped_node_can_move_to_another_list(void **state) {
    (void)state;
    item_t items[2] = {{.value = 1}, {.value = 2}};
    mn_list_t from;
    mn_list_t to;
    mn_list_init(&from);
    mn_list_init(&to);
    mn_list_push_back(&from, &items[0].link);
    mn_list_push_back(&from, &items[1].link);
    mn_list_push_back(&to, mn_list_pop_front(&from));
    assert_int_equal(digits(&from), 2);
    assert_int_equal(digits(&to), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_list_has_no_nodes),
        cmocka_unit_test(nodes_leave_in_the_order_in_which_they_came),
        cmocka_unit_test(any_node_can_be_removed),
        cmocka_unit_test(removing_twice_or_never_linked_does_nothing),
        cmocka_unit_test(a_popped_node_can_move_to_another_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
