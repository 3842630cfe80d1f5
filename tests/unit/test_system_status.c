// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The status service, from the far end of the line: what it tells, when, and what disturbs it.

#define MN_TRACE_TARGET "test"

#include "test_line.h"

// cmocka needs these before it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <mnemos/system_status.h>
#include <mnemos/system_view.h>
#include <stdlib.h>
#include <string.h>

enum { PORT = 4, MS = TEST_KERNEL_HZ / 1000 };

typedef struct fixture {
    test_line_t line;
    mn_serial_mux_t *mux;
    mn_task_t *status;
    mn_system_decoder_t decoder;
    mn_system_view_t view; // being put together, or the last one
    unsigned snapshots;    // complete ones
    unsigned broken;       // with rows missing
} fixture_t;

static fixture_t *new_fixture(void) {
    fixture_t *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    test_line_init(&f->line, TEST_KERNEL_HEAP);
    mn_serial_mux_config_t mux = MN_SERIAL_MUX_DEFAULTS;
    mux.max_ports = 40;
    assert_int_equal(mn_serial_mux_start(&f->line.registry, &mux, &f->mux), MN_OK);
    return f;
}

static int setup(void **state) {
    fixture_t *f = new_fixture();
    assert_int_equal(
        mn_system_status_start(&f->line.registry, &MN_SYSTEM_STATUS_DEFAULTS, NULL, &f->status),
        MN_OK);
    test_kernel_run(&f->line.tk);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    fixture_t *f = *state;
    if (f->status != NULL) {
        mn_cancel_now(f->status);
        mn_task_release(f->status);
    }
    if (f->mux != NULL) {
        mn_serial_mux_stop(f->mux);
    }
    assert_int_equal(test_kernel_heap_in_use(&f->line.tk), 0);
    assert_int_equal(f->decoder.counters.bad, 0);
    assert_int_equal(f->decoder.counters.overlong, 0);
    test_line_end(&f->line);
    free(f);
    return 0;
}

static void take_row(fixture_t *f, const mn_system_row_t *row) {
    const mn_status_t status = mn_system_view_add(&f->view, row);
    f->snapshots += (status == MN_OK) ? 1 : 0;
    f->broken += (status != MN_OK && status != MN_PENDING) ? 1 : 0;
}

static void take_bytes(fixture_t *f, mn_cspan_t bytes) {
    mn_status_t status = MN_OK;
    while (status != MN_PENDING) {
        size_t used = 0;
        mn_system_row_t row;
        status = mn_system_decoder_feed(&f->decoder, bytes.data, bytes.len, &used, &row);
        bytes.data += used;
        bytes.len -= used;
        if (status == MN_OK) {
            take_row(f, &row);
        }
    }
}

// Takes everything from the line; how many snapshots have become complete.
static unsigned receive(fixture_t *f) {
    const unsigned before = f->snapshots;
    mn_sermux_frame_t frame;
    while (test_line_take(&f->line, &frame)) {
        if (frame.port == PORT) {
            take_bytes(f, frame.payload);
        }
    }
    return f->snapshots - before;
}

static void request(fixture_t *f, mn_system_request_kind_t kind, uint32_t interval_ms) {
    uint8_t bytes[MN_SYSTEM_REQUEST_FRAME_MAX];
    const mn_system_request_t what = {.kind = kind, .interval_ms = interval_ms};
    test_line_send_bytes(&f->line, PORT, bytes, mn_system_request_write(&what, bytes));
}

static void ask_once(fixture_t *f) {
    request(f, MN_SYSTEM_ONCE, 0);
    assert_int_equal(receive(f), 1);
}

static unsigned advance(fixture_t *f, uint64_t ticks) {
    unsigned count = 0;
    for (uint64_t i = 0; i < ticks; i += MS) {
        test_kernel_advance(&f->line.tk, MS);
        count += receive(f);
    }
    return count;
}

static const mn_system_task_t *task_named(const fixture_t *f, const char *name) {
    for (uint32_t i = 0; i < f->view.task_count; i++) {
        if (strcmp(f->view.task_names[i], name) == 0) {
            return &f->view.tasks[i];
        }
    }
    return NULL;
}

static const mn_system_service_t *service_named(const fixture_t *f, const char *name) {
    for (uint32_t i = 0; i < f->view.service_count; i++) {
        if (strcmp(f->view.service_names[i], name) == 0) {
            return &f->view.services[i];
        }
    }
    return NULL;
}

// ---------------------------------------------------------------------------------------------
// What it tells

static void nothing_is_said_unasked(void **state) {
    fixture_t *f = *state;
    assert_int_equal(advance(f, 100 * MS), 0);
    assert_int_equal(f->decoder.counters.rows, 0);
}

static void a_snapshot_names_every_task(void **state) {
    fixture_t *f = *state;
    test_task_t idle = {0};
    test_task_spawn(&f->line.tk, &idle, "idle", NULL, NULL);
    ask_once(f);
    assert_int_equal(f->view.task_count, 5);
    assert_non_null(task_named(f, "serial port"));
    assert_non_null(task_named(f, "mux input"));
    assert_non_null(task_named(f, "mux commands"));
    assert_int_equal(task_named(f, "status")->state, MN_SYSTEM_RUNNING);
    assert_int_equal(task_named(f, "idle")->state, MN_SYSTEM_WAITING);
    assert_int_equal(task_named(f, "idle")->polls, 1);
    for (int i = 0; i < 3; i++) {
        mn_task_wake(&idle.task);
        test_kernel_run(&f->line.tk);
    }
    ask_once(f);
    assert_int_equal(task_named(f, "idle")->polls, 4);
    assert_int_equal(task_named(f, "idle")->wakes, 3);
    mn_cancel_now(&idle.task);
    ask_once(f);
    assert_null(task_named(f, "idle"));
    assert_int_equal(f->view.header.sequence, 3);
}

static void the_heap_adds_up(void **state) {
    fixture_t *f = *state;
    mn_heap_owner_t owner = MN_HEAP_OWNER_INIT("somebody", 1000);
    void *block = NULL;
    assert_int_equal(mn_heap_alloc(&f->line.tk.kernel.heap, &owner, 600, 0, &block), MN_OK);
    void *more = NULL;
    assert_int_equal(mn_heap_alloc(&f->line.tk.kernel.heap, &owner, 600, 0, &more), MN_EQUOTA);
    ask_once(f);
    mn_heap_stats_t stats;
    mn_heap_stats(&f->line.tk.kernel.heap, &stats);
    assert_int_equal(f->view.heap.total, stats.total);
    assert_int_equal(f->view.heap.in_use, stats.in_use);
    assert_int_equal(f->view.heap.peak, stats.peak);
    assert_int_equal(f->view.heap.largest_free, stats.largest_free);
    assert_int_equal(f->view.heap.blocks, stats.blocks);
    assert_int_equal(f->view.heap.failures, 1);
    uint64_t in_use = 0;
    uint64_t blocks = 0;
    for (uint32_t i = 0; i < f->view.owner_count; i++) {
        in_use += f->view.owners[i].in_use;
        blocks += f->view.owners[i].blocks;
    }
    assert_int_equal(in_use, f->view.heap.in_use);
    assert_int_equal(blocks, f->view.heap.blocks);
    const mn_system_owner_t *last = &f->view.owners[f->view.owner_count - 1];
    assert_string_equal(f->view.owner_names[f->view.owner_count - 1], "somebody");
    assert_int_equal(last->in_use, owner.in_use);
    assert_int_equal(last->failures, 1);
    assert_int_equal(last->quota, 1000);
    assert_int_equal(mn_heap_free(&f->line.tk.kernel.heap, block), MN_OK);
    assert_int_equal(mn_heap_owner_remove(&f->line.tk.kernel.heap, &owner), MN_OK);
}

static void services_and_ports_are_listed(void **state) {
    fixture_t *f = *state;
    test_task_t user = {0};
    test_task_spawn(&f->line.tk, &user, "user", NULL, NULL);
    mn_mux_port_t *ports[2] = {0};
    for (uint16_t i = 0; i < 2; i++) {
        mn_mux_opener_t opener = {0};
        const mn_mux_open_t open = {.port = (uint16_t)(90 - i), .capacity = 4};
        while (mn_mux_open(&opener, &f->line.registry, &user.task, &open, &ports[i]) ==
               MN_PENDING) {
            test_kernel_run(&f->line.tk);
        }
    }
    test_line_send(&f->line, 90, "in");
    test_line_send(&f->line, 90, "too much");
    test_line_send(&f->line, 91, "nobody");
    ask_once(f);
    assert_int_equal(f->view.service_count, 2);
    const mn_system_service_t *serial = service_named(f, "simple serial port");
    const mn_system_service_t *mux = service_named(f, "serial mux");
    assert_true(mn_uuid_equal(&serial->uuid, &mn_serial_service.uuid));
    assert_true(mn_uuid_equal(&mux->uuid, &mn_serial_mux_service.uuid));
    assert_true(serial->has_queue && mux->has_queue);
    assert_int_equal(serial->clients, 1); // the mux
    assert_int_equal(mux->clients, 0);    // those who opened ports have gone
    assert_int_equal(serial->capacity, MN_SERIAL_REQUESTS);
    assert_int_equal(mux->depth, 0);

    assert_int_equal(f->view.port_count, 3); // by number
    assert_int_equal(f->view.ports[0].number, PORT);
    assert_int_equal(f->view.ports[0].frames_in, 1);
    assert_int_equal(f->view.ports[1].number, 89);
    assert_int_equal(f->view.ports[2].number, 90);
    assert_int_equal(f->view.ports[2].frames_in, 1);
    assert_int_equal(f->view.ports[2].frames_lost, 1);
    assert_true(f->view.has_line);
    assert_int_equal(f->view.line.frames, 4);
    assert_int_equal(f->view.line.no_port, 1);
    assert_int_equal(f->view.line.no_room, 1);
    mn_mux_close(ports[0]);
    mn_mux_close(ports[1]);
    mn_cancel_now(&user.task);
}

static mn_status_t take_30_ticks(test_task_t *self) {
    test_kernel_t *tk = self->context;
    tk->now += 30;
    return MN_PENDING;
}

static void times_are_measured_where_the_kernel_does(void **state) {
    fixture_t *f = *state;
    ask_once(f);
    assert_false(f->view.header.timed);
    assert_int_equal(mn_system_busy_share(&f->view, NULL), MN_SYSTEM_UNKNOWN);
    f->line.tk.kernel.config.time_polls = true;
    test_task_t worker = {0};
    ask_once(f);
    const mn_system_view_t before = f->view;
    test_task_spawn(&f->line.tk, &worker, "worker", take_30_ticks, &f->line.tk);
    for (int i = 0; i < 10; i++) {
        test_kernel_advance(&f->line.tk, 100);
        mn_task_wake(&worker.task);
    }
    ask_once(f);
    assert_true(f->view.header.timed);
    assert_int_equal(f->view.header.rate, TEST_KERNEL_HZ);
    // 11 polls of 30 ticks, in 1010 ticks or a little more.
    const uint64_t elapsed = f->view.header.time - before.header.time;
    assert_int_equal(f->view.header.busy - before.header.busy, 330);
    assert_int_equal(task_named(f, "worker")->run_ticks, 330);
    assert_int_equal(task_named(f, "worker")->longest_poll, 30);
    assert_int_equal(mn_system_busy_share(&f->view, &before), 330 * 10000 / elapsed);
    assert_int_equal(mn_system_task_share(&f->view, &before, f->view.task_count - 1),
                     330 * 10000 / elapsed);
    assert_string_equal(f->view.stall_task, "worker");
    assert_int_equal(f->view.stall.longest_poll, 30);
    mn_cancel_now(&worker.task);
}

static void losses_of_a_trace_are_told(void **state) {
    fixture_t *f = *state;
    ask_once(f);
    assert_false(f->view.has_drops);
    mn_cancel_now(f->status);
    mn_task_release(f->status);
    mn_trace_t *trace = NULL;
    mn_trace_config_t small = MN_TRACE_DEFAULTS;
    small.ring_size = 512;
    assert_int_equal(mn_trace_new(&f->line.tk.kernel, &small, &trace), MN_OK);
    assert_int_equal(
        mn_system_status_start(&f->line.registry, &MN_SYSTEM_STATUS_DEFAULTS, trace, &f->status),
        MN_OK);
    test_kernel_run(&f->line.tk);
    mn_kernel_t *before = mn_kernel_make_current(&f->line.tk.kernel);
    for (int i = 0; i < 1000; i++) {
        mn_info("one of many");
    }
    (void)mn_kernel_make_current(before);
    ask_once(f);
    assert_true(f->view.has_drops);
    assert_in_range(f->view.drops.events, 900, 999);
    assert_int_equal(f->view.drops.events, mn_trace_dropped(trace).events);
    mn_cancel_now(f->status);
    mn_task_release(f->status);
    f->status = NULL;
    mn_trace_delete(trace);
}

// ---------------------------------------------------------------------------------------------
// When it tells

static void snapshots_come_at_an_interval_until_stop(void **state) {
    fixture_t *f = *state;
    request(f, MN_SYSTEM_EVERY, 100);
    assert_int_equal(receive(f), 1);
    assert_int_equal(f->view.header.interval_ms, 100);
    assert_int_equal(advance(f, 99 * MS), 0);
    assert_int_equal(advance(f, 1 * MS), 1);
    assert_int_equal(advance(f, 1000 * MS), 10);
    ask_once(f); // in between
    assert_int_equal(advance(f, 1000 * MS), 10);
    request(f, MN_SYSTEM_EVERY, 1000);
    assert_int_equal(receive(f), 1);
    assert_int_equal(advance(f, 3000 * MS), 3);
    request(f, MN_SYSTEM_STOP, 0);
    assert_int_equal(advance(f, 3000 * MS), 0);
    ask_once(f);
    assert_int_equal(f->view.header.interval_ms, 0);
    assert_int_equal(f->broken, 0);
}

static void an_interval_is_not_too_short(void **state) {
    fixture_t *f = *state;
    request(f, MN_SYSTEM_EVERY, 1);
    assert_int_equal(receive(f), 1);
    assert_int_equal(f->view.header.interval_ms, 50);
    assert_int_equal(advance(f, 1000 * MS), 20);
}

// Intervals that nobody could use are not made up for.
static void missed_intervals_are_gone(void **state) {
    fixture_t *f = *state;
    request(f, MN_SYSTEM_EVERY, 100);
    assert_int_equal(receive(f), 1);
    f->line.tk.now += 1050 * MS;
    assert_int_equal(receive(f), 1);
    assert_int_equal(advance(f, 99 * MS), 0);
    assert_int_equal(advance(f, 1 * MS), 1);
}

// ---------------------------------------------------------------------------------------------
// Disturbances

static void requests_that_make_no_sense_are_counted(void **state) {
    fixture_t *f = *state;
    static const struct {
        const char *bytes;
        size_t len;
    } bad[] = {
        {"\x02\x01\x00", 3},                             // no array
        {"\x01\x01\x00", 3},                             // zeros
        {"\x03\x81\x04\x00", 4},                         // an unknown kind
        {"\x02\x81\x01\x00", 4},                         // kind 0
        {"\x03\x81\x02\x00", 4},                         // every, but how often?
        {"\x03\x82\x02\x01\x00", 5},                     // every 0 ms
        {"\x04\x82\x01\x05\x00", 5},                     // too much
        {"\x04\x81\x01\x01\x00", 5},                     // too much behind the array
        {"\x03\x82\x02\x00", 4},                         // cut off
        {"\xFF\x01\x00", 3},                             // no COBS
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\x00", 37} // too long
    };
    for (size_t i = 0; i < MN_COUNT_OF(bad); i++) {
        test_line_send_bytes(&f->line, PORT, bad[i].bytes, bad[i].len);
        assert_int_equal(receive(f), 0);
        ask_once(f);
        assert_int_equal(f->view.trailer.bad, i + 1);
    }
}

static void requests_may_be_cut_and_joined(void **state) {
    fixture_t *f = *state;
    test_line_send_bytes(&f->line, PORT, "\x00\x03", 2);
    test_line_send_bytes(&f->line, PORT, "\x81", 1);
    assert_int_equal(receive(f), 0);
    test_line_send_bytes(&f->line, PORT, "\x01", 1);
    assert_int_equal(receive(f), 0);
    test_line_send_bytes(&f->line, PORT, "\x00", 1);
    assert_int_equal(receive(f), 1);
    // Two at once are answered by one snapshot, which is later than both.
    test_line_send_bytes(&f->line, PORT, "\x03\x81\x01\x00\x03\x81\x01\x00", 8);
    assert_int_equal(receive(f), 1);
    assert_int_equal(f->view.trailer.bad, 0);
}

static void names_of_every_length_are_told(void **state) {
    fixture_t *f = *state;
    test_task_t task = {0};
    const char *longest = "a name of thirty-one characters";
    test_task_spawn(&f->line.tk, &task, longest, NULL, NULL);
    ask_once(f);
    assert_non_null(task_named(f, longest));
    mn_cancel_now(&task.task);
    // Cut before the character that does not fit, not within it.
    test_task_spawn(&f->line.tk, &task, "a name of thirty-one charact\xE2\x82\xAC\xE2\x82\xAC",
                    NULL, NULL);
    ask_once(f);
    assert_non_null(task_named(f, "a name of thirty-one charact\xE2\x82\xAC"));
    mn_cancel_now(&task.task);
    test_task_spawn(&f->line.tk, &task, "a name of thirty-one characte\xE2\x82\xAC", NULL, NULL);
    ask_once(f);
    assert_non_null(task_named(f, "a name of thirty-one characte"));
    mn_cancel_now(&task.task);
}

static void hundreds_of_tasks_do_not_matter(void **state) {
    fixture_t *f = *state;
    enum { TASKS = 600 };
    test_task_t *tasks = calloc(TASKS, sizeof(test_task_t));
    assert_non_null(tasks);
    for (int i = 0; i < TASKS; i++) {
        test_task_spawn(&f->line.tk, &tasks[i], "one of many", NULL, NULL);
    }
    test_kernel_run(&f->line.tk);
    mn_heap_stats_t before;
    mn_heap_stats_t after;
    mn_heap_stats(&f->line.tk.kernel.heap, &before);
    ask_once(f);
    mn_heap_stats(&f->line.tk.kernel.heap, &after);
    assert_int_equal(after.allocations, before.allocations);
    assert_int_equal(f->view.task_count, MN_SYSTEM_VIEW_TASKS);
    assert_int_equal(f->view.omitted, TASKS + 4 - MN_SYSTEM_VIEW_TASKS);
    // Each row was a poll of its own.
    assert_in_range(f->status->polls, TASKS, 2 * TASKS + 50); // some waited for room on the line
    for (int i = 0; i < TASKS; i++) {
        mn_cancel_now(&tasks[i].task);
    }
    free(tasks);
}

#define FLEETING_SERVICE(X)                                                              \
    X(fleeting, "fleeting", MN_UUID(0x11111111, 0x2222, 0x3333, 0x4444, 0x555555555555), \
      mn_unit_t, mn_unit_t, mn_unit_t, mn_unit_t, mn_unit_t)
MN_SERVICE_DECLARE(FLEETING_SERVICE)
MN_SERVICE_DEFINE(FLEETING_SERVICE)

// Tasks, a service, ports and owners come and go after every row. Every snapshot is whole, and what
// is there all the time is in it.
static void what_comes_and_goes_between_rows_does_no_harm(void **state) {
    fixture_t *f = *state;
    enum { TASKS = 8 };
    mn_kernel_t *kernel = &f->line.tk.kernel;
    mn_task_t *tasks[TASKS] = {0};
    fleeting_server_t server = {0};
    fleeting_request_t slot[1];
    mn_heap_owner_t owner = MN_HEAP_OWNER_INIT("fleeting", 0);
    void *block = NULL;
    bool serving = false;
    kernel->config.max_polls = 1;
    srand(1);
    request(f, MN_SYSTEM_EVERY, 50);
    for (unsigned step = 0; step < 20000; step++) {
        (void)mn_kernel_tick(kernel);
        f->line.tk.now += MS / 10;
        const int i = rand() % TASKS;
        if (tasks[i] != NULL) {
            mn_cancel_now(tasks[i]);
            mn_task_release(tasks[i]);
            tasks[i] = NULL;
        } else {
            assert_int_equal(
                mn_spawn_new(kernel, sizeof(test_task_t), &test_task_type, "fleeting", &tasks[i]),
                MN_OK);
        }
        if (serving) {
            fleeting_close(&server);
        } else {
            assert_int_equal(fleeting_serve(&server, &f->line.registry, slot, 1), MN_OK);
        }
        serving = !serving;
        if (block != NULL) {
            assert_int_equal(mn_heap_free(&kernel->heap, block), MN_OK);
            assert_int_equal(mn_heap_owner_remove(&kernel->heap, &owner), MN_OK);
            block = NULL;
        } else {
            assert_int_equal(mn_heap_alloc(&kernel->heap, &owner, 10, 0, &block), MN_OK);
        }
        mn_span_t bytes;
        const unsigned before = f->snapshots;
        if (mn_ring_read(&f->line.to_host, &bytes) == MN_OK) {
            size_t used = 0;
            mn_sermux_frame_t frame;
            mn_status_t status =
                mn_sermux_decoder_feed(&f->line.decoder, bytes.data, bytes.len, &used, &frame);
            mn_ring_release(&f->line.to_host, used);
            if (status == MN_OK) {
                take_bytes(f, frame.payload);
            }
        }
        if (f->snapshots != before) {
            assert_non_null(task_named(f, "serial port"));
            assert_non_null(task_named(f, "mux input"));
            assert_non_null(task_named(f, "status"));
            assert_non_null(service_named(f, "serial mux"));
        }
    }
    assert_true(f->snapshots > 30);
    assert_int_equal(f->broken, 0);
    for (int i = 0; i < TASKS; i++) {
        if (tasks[i] != NULL) {
            mn_cancel_now(tasks[i]);
            mn_task_release(tasks[i]);
        }
    }
    if (serving) {
        fleeting_close(&server);
    }
    if (block != NULL) {
        assert_int_equal(mn_heap_free(&kernel->heap, block), MN_OK);
        assert_int_equal(mn_heap_owner_remove(&kernel->heap, &owner), MN_OK);
    }
}

// Nobody reads the line: the service waits where it is, still hears what is asked, and goes on.
static void a_line_that_stands_still_costs_nothing(void **state) {
    fixture_t *f = *state;
    mn_span_t grant;
    const size_t room = TEST_LINE_RING - 100;
    assert_int_equal(mn_ring_grant(&f->line.to_host, room, &grant), MN_OK);
    memset(grant.data, 0, room);
    mn_ring_commit(&f->line.to_host, room);
    request(f, MN_SYSTEM_EVERY, 50);
    test_kernel_advance(&f->line.tk, 10 * MS);
    const uint32_t polls = f->status->polls;
    test_kernel_advance(&f->line.tk, 10000 * MS);
    assert_in_range(f->status->polls, polls, polls + 1);
    assert_true(mn_ring_read(&f->line.to_host, &grant) == MN_OK);
    mn_ring_release(&f->line.to_host, 0);
    // The one that has begun, and one for all that were due meanwhile.
    assert_int_equal(receive(f), 2);
    assert_int_equal(f->broken, 0);

    mn_ring_t *ring = &f->line.to_host;
    assert_int_equal(mn_ring_grant_max(ring, TEST_LINE_RING, &grant), MN_OK);
    memset(grant.data, 0, grant.len);
    mn_ring_commit(ring, grant.len - 60);
    request(f, MN_SYSTEM_ONCE, 0);
    test_kernel_run(&f->line.tk);
    request(f, MN_SYSTEM_STOP, 0);
    test_kernel_run(&f->line.tk);
    assert_int_equal(receive(f), 1); // what has begun is told to the end
    assert_int_equal(advance(f, 1000 * MS), 0);
}

static void the_mux_may_go_at_any_time(void **state) {
    (void)state;
    for (unsigned ticks = 0; ticks < 40; ticks++) {
        void *fresh = NULL;
        assert_int_equal(setup(&fresh), 0);
        fixture_t *f = fresh;
        f->line.tk.kernel.config.max_polls = 1;
        request(f, MN_SYSTEM_EVERY, 50);
        for (unsigned i = 0; i < ticks; i++) {
            (void)mn_kernel_tick(&f->line.tk.kernel);
        }
        mn_serial_mux_stop(f->mux);
        f->mux = NULL;
        test_kernel_run(&f->line.tk);
        assert_int_equal(mn_task_result(f->status), MN_ECLOSED);
        assert_int_equal(teardown(&fresh), 0);
    }
}

static void each_failing_allocation_is_reported_and_clean(void **state) {
    (void)state;
    fixture_t *f = new_fixture();
    test_kernel_run(&f->line.tk);
    const mn_system_status_config_t config = MN_SYSTEM_STATUS_DEFAULTS;
    const size_t in_use = test_kernel_heap_in_use(&f->line.tk);
    mn_heap_fail_nth(&f->line.tk.kernel.heap, 1);
    assert_int_equal(mn_system_status_start(&f->line.registry, &config, NULL, &f->status),
                     MN_ENOMEM);
    assert_int_equal(test_kernel_heap_in_use(&f->line.tk), in_use);
    for (uint32_t nth = 2; nth <= 3; nth++) { // the ring of its port, and the port
        mn_heap_fail_nth(&f->line.tk.kernel.heap, nth);
        assert_int_equal(mn_system_status_start(&f->line.registry, &config, NULL, &f->status),
                         MN_OK);
        test_kernel_run(&f->line.tk);
        assert_int_equal(mn_task_result(f->status), MN_ENOMEM);
        mn_task_release(f->status);
        assert_int_equal(test_kernel_heap_in_use(&f->line.tk), in_use);
    }
    mn_system_status_config_t bad = config;
    bad.min_interval_ms = 0;
    assert_int_equal(mn_system_status_start(&f->line.registry, &bad, NULL, &f->status), MN_EINVAL);
    f->status = NULL;
    void *all = f;
    assert_int_equal(teardown(&all), 0);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_said_unasked),
        TEST(a_snapshot_names_every_task),
        TEST(the_heap_adds_up),
        TEST(services_and_ports_are_listed),
        TEST(times_are_measured_where_the_kernel_does),
        TEST(losses_of_a_trace_are_told),
        TEST(snapshots_come_at_an_interval_until_stop),
        TEST(an_interval_is_not_too_short),
        TEST(missed_intervals_are_gone),
        TEST(requests_that_make_no_sense_are_counted),
        TEST(requests_may_be_cut_and_joined),
        TEST(names_of_every_length_are_told),
        TEST(hundreds_of_tasks_do_not_matter),
        TEST(what_comes_and_goes_between_rows_does_no_harm),
        TEST(a_line_that_stands_still_costs_nothing),
        cmocka_unit_test(the_mux_may_go_at_any_time),
        cmocka_unit_test(each_failing_allocation_is_reported_and_clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
