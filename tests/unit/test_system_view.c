// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Putting snapshots together on the host, and what their differences say.

#include <mnemos/system_view.h>

// cmocka needs these before it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static mn_system_view_t view;
static mn_system_view_t before;

static mn_status_t add_header(uint64_t sequence, uint64_t time, uint64_t busy) {
    const mn_system_row_t row = {.kind = MN_SYSTEM_HEADER,
                                 .header = {.version = MN_SYSTEM_VERSION,
                                            .sequence = sequence,
                                            .time = time,
                                            .rate = 1000,
                                            .uptime = time - 500,
                                            .busy = busy,
                                            .timed = true}};
    return mn_system_view_add(&view, &row);
}

static mn_status_t add_task(uint32_t id, uint32_t polls, uint32_t run) {
    static const char name[] = "task";
    const mn_system_row_t row = {
        .kind = MN_SYSTEM_TASK,
        .task = {.id = id, .name = {(const uint8_t *)name, 4}, .polls = polls, .run_ticks = run}};
    return mn_system_view_add(&view, &row);
}

static mn_status_t add_trailer(uint64_t sequence, uint64_t rows) {
    const mn_system_row_t row = {.kind = MN_SYSTEM_TRAILER,
                                 .trailer = {.sequence = sequence, .rows = rows}};
    return mn_system_view_add(&view, &row);
}

// A snapshot with one task.
static void take(uint64_t sequence, uint64_t time, uint64_t busy, uint32_t polls, uint32_t run) {
    assert_int_equal(add_header(sequence, time, busy), MN_PENDING);
    assert_int_equal(add_task(1, polls, run), MN_PENDING);
    assert_int_equal(add_trailer(sequence, 1), MN_OK);
}

static int reset(void **state) {
    (void)state;
    memset(&view, 0, sizeof view);
    memset(&before, 0, sizeof before);
    return 0;
}

static void rows_before_a_header_are_passed_over(void **state) {
    (void)state;
    assert_int_equal(add_task(1, 1, 1), MN_PENDING);
    assert_int_equal(add_trailer(1, 1), MN_PENDING);
    take(2, 1000, 0, 0, 0);
    assert_int_equal(view.task_count, 1);
    assert_string_equal(view.task_names[0], "task");
    assert_int_equal(add_trailer(2, 1), MN_PENDING); // once is enough
}

static void a_snapshot_that_lacks_a_row_is_told(void **state) {
    (void)state;
    assert_int_equal(add_header(1, 1000, 0), MN_PENDING);
    assert_int_equal(add_task(1, 1, 1), MN_PENDING);
    assert_int_equal(add_trailer(1, 2), MN_EDROPPED);
    assert_int_equal(add_header(1, 1000, 0), MN_PENDING);
    assert_int_equal(add_trailer(2, 0), MN_EDROPPED); // a header and a trailer between were lost
    assert_int_equal(add_header(3, 1000, 0), MN_PENDING);
    assert_int_equal(add_task(1, 1, 1), MN_PENDING);
    assert_int_equal(add_header(4, 1000, 0), MN_PENDING); // begins anew
    assert_int_equal(add_trailer(4, 0), MN_OK);
    assert_int_equal(view.task_count, 0);
}

static void another_version_is_not_understood(void **state) {
    (void)state;
    const mn_system_row_t row = {.kind = MN_SYSTEM_HEADER, .header = {.version = 2}};
    assert_int_equal(mn_system_view_add(&view, &row), MN_ENOTSUP);
    assert_int_equal(add_trailer(0, 0), MN_PENDING);
}

static void what_has_no_place_is_counted(void **state) {
    (void)state;
    mn_system_row_t row = {.kind = MN_SYSTEM_HEADER};
    assert_int_equal(add_header(1, 1000, 0), MN_PENDING);
    for (unsigned i = 0; i < 1000; i++) {
        (void)add_task(i, 1, 1);
        static const mn_system_kind_t kinds[] = {MN_SYSTEM_OWNER, MN_SYSTEM_SERVICE,
                                                 MN_SYSTEM_PORT};
        for (unsigned kind = 0; kind < 3; kind++) {
            memset(&row, 0, sizeof row);
            row.kind = kinds[kind];
            (void)mn_system_view_add(&view, &row);
        }
    }
    assert_int_equal(add_trailer(1, 4000), MN_OK);
    assert_int_equal(view.task_count, MN_SYSTEM_VIEW_TASKS);
    assert_int_equal(view.omitted, 4000 - MN_SYSTEM_VIEW_TASKS - MN_SYSTEM_VIEW_OWNERS -
                                       MN_SYSTEM_VIEW_SERVICES - MN_SYSTEM_VIEW_PORTS);
}

static void shares_are_differences(void **state) {
    (void)state;
    take(1, 1000, 100, 5, 50);
    assert_int_equal(mn_system_busy_share(&view, NULL), 2000); // of 500 ticks since the start
    assert_int_equal(mn_system_task_share(&view, NULL, 0), 1000);
    before = view;
    take(2, 2000, 350, 6, 250);
    assert_true(mn_system_view_follows(&view, &before));
    assert_int_equal(mn_system_busy_share(&view, &before), 2500);
    assert_int_equal(mn_system_task_share(&view, &before, 0), 2000);
    // All of it, or a little more because rows are later than the header.
    before = view;
    take(3, 3000, 1350, 7, 1251);
    assert_int_equal(mn_system_busy_share(&view, &before), MN_SYSTEM_WHOLE);
    assert_int_equal(mn_system_task_share(&view, &before, 0), MN_SYSTEM_WHOLE);
}

static void counters_may_wrap(void **state) {
    (void)state;
    take(1, UINT64_C(0x100000000), 0xFFFFFF00U, UINT32_MAX, 0xFFFFFF00U);
    before = view;
    take(2, UINT64_C(0x100001000), UINT64_C(0x100000100), 3, 0x100);
    assert_int_equal(mn_system_task_share(&view, &before, 0), 0x200 * 10000 / 0x1000);
    // Since the start it may have wrapped more than once.
    assert_int_equal(mn_system_task_share(&view, NULL, 0), MN_SYSTEM_UNKNOWN);
    before = view;
    take(3, UINT64_C(0x900001000), UINT64_C(0x800000200), 3, 0x100);
    assert_int_equal(mn_system_task_share(&view, &before, 0), MN_SYSTEM_UNKNOWN);
    assert_int_not_equal(mn_system_busy_share(&view, &before), MN_SYSTEM_UNKNOWN);
}

static void a_new_task_under_an_old_number_begins_at_nothing(void **state) {
    (void)state;
    take(1, 1000, 100, 500, 4000);
    before = view;
    take(2, 2000, 200, 3, 70);
    assert_int_equal(mn_system_task_share(&view, &before, 0), 700);
    assert_int_equal(add_header(3, 3000, 300), MN_PENDING);
    assert_int_equal(add_task(99, 3, 80), MN_PENDING);
    assert_int_equal(add_trailer(3, 1), MN_OK);
    assert_int_equal(mn_system_task_share(&view, &before, 0), 400);
}

static void a_target_that_was_reset_does_not_follow(void **state) {
    (void)state;
    take(5, 5000, 100, 1, 1);
    before = view;
    assert_false(mn_system_view_follows(&view, &before));
    take(1, 900, 10, 1, 1);
    assert_false(mn_system_view_follows(&view, &before));
    take(6, 900, 10, 1, 1);
    assert_false(mn_system_view_follows(&view, &before));
}

static void nothing_measured_is_nothing_known(void **state) {
    (void)state;
    take(1, 1000, 100, 5, 50);
    view.header.timed = false;
    assert_int_equal(mn_system_busy_share(&view, NULL), MN_SYSTEM_UNKNOWN);
    assert_int_equal(mn_system_task_share(&view, NULL, 0), MN_SYSTEM_UNKNOWN);
    view.header.timed = true;
    view.header.uptime = 0;
    assert_int_equal(mn_system_busy_share(&view, NULL), MN_SYSTEM_UNKNOWN);
    view.header.uptime = UINT64_MAX;
    view.header.busy = UINT64_MAX / 2;
    assert_in_range(mn_system_busy_share(&view, NULL), 4999, 5000);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup(name, reset)
    const struct CMUnitTest tests[] = {
        TEST(rows_before_a_header_are_passed_over),
        TEST(a_snapshot_that_lacks_a_row_is_told),
        TEST(another_version_is_not_understood),
        TEST(what_has_no_place_is_counted),
        TEST(shares_are_differences),
        TEST(counters_may_wrap),
        TEST(a_new_task_under_an_old_number_begins_at_nothing),
        TEST(a_target_that_was_reset_does_not_follow),
        TEST(nothing_measured_is_nothing_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
