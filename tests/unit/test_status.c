// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Status codes: each has its own value, name and text, and an unknown one is named as such.

#include <mnemos/status.h>
#include <mnemos/util.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const mn_status_t all[] = {
#define LISTED(name, value, text) name,
    MN_STATUS_LIST(LISTED)
#undef LISTED
};

static void every_value_is_unique(void **state) {
    (void)state;
    for (size_t i = 0; i < MN_COUNT_OF(all); i++) {
        for (size_t j = i + 1; j < MN_COUNT_OF(all); j++) {
            assert_int_not_equal(all[i], all[j]);
        }
    }
}

static void every_name_is_the_identifier(void **state) {
    (void)state;
#define CHECK_NAME(name, value, text) assert_string_equal(mn_status_name(name), #name);
    MN_STATUS_LIST(CHECK_NAME)
#undef CHECK_NAME
}

static void every_text_is_its_own_and_not_empty(void **state) {
    (void)state;
    for (size_t i = 0; i < MN_COUNT_OF(all); i++) {
        assert_true(strlen(mn_status_text(all[i])) > 0);
        for (size_t j = i + 1; j < MN_COUNT_OF(all); j++) {
            assert_string_not_equal(mn_status_text(all[i]), mn_status_text(all[j]));
        }
    }
}

// Callers test for success with == MN_OK and for errors with < 0, so the signs are part of the API.
static void only_pending_is_positive_and_only_ok_is_zero(void **state) {
    (void)state;
    assert_int_equal(MN_OK, 0);
    assert_int_equal(MN_PENDING, 1);
    for (size_t i = 0; i < MN_COUNT_OF(all); i++) {
        assert_true(all[i] == MN_OK || all[i] == MN_PENDING || all[i] < 0);
    }
}

static void unknown_values_are_named_as_such(void **state) {
    (void)state;
    static const int unknown[] = {2, 100, -100, -1000};
    for (size_t i = 0; i < MN_COUNT_OF(unknown); i++) {
        assert_string_equal(mn_status_name((mn_status_t)unknown[i]), "MN_E?");
        assert_string_equal(mn_status_text((mn_status_t)unknown[i]), "unknown status");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_is_unique),
        cmocka_unit_test(every_name_is_the_identifier),
        cmocka_unit_test(every_text_is_its_own_and_not_empty),
        cmocka_unit_test(only_pending_is_positive_and_only_ok_is_zero),
        cmocka_unit_test(unknown_values_are_named_as_such),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
