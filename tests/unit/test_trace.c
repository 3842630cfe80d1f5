// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// A kernel's trace, from the trace points to the bytes for the host, against vectors that an
// independent CBOR encoder made.

#define MN_TRACE_TARGET "demo"

#include "test_kernel.h"
#include "test_port.h"
#include "trace_vectors.h"

#include <mnemos/trace.h>
#include <mnemos/trace_request.h>
#include <mnemos/trace_view.h>

typedef struct fixture {
    test_kernel_t tk;
    mn_trace_t *trace;
    trace_vectors_t vectors;
    mn_trace_view_t view;
} fixture_t;

static int setup_with(void **state, const mn_trace_config_t *config) {
    fixture_t *f = calloc(1, sizeof *f);
    vectors_read(&f->vectors);
    test_kernel_init(&f->tk, NULL, 1000);
    assert_int_equal(mn_trace_new(&f->tk.kernel, config, &f->trace), MN_OK);
    (void)mn_kernel_make_current(&f->tk.kernel);
    *state = f;
    return 0;
}

static int setup(void **state) {
    mn_trace_config_t config = MN_TRACE_DEFAULTS;
    config.session = 7;
    return setup_with(state, &config);
}

static int setup_small(void **state) {
    mn_trace_config_t config = MN_TRACE_DEFAULTS;
    config.ring_size = 512;
    config.isr_ring_size = 512;
    config.max_sites = 2;
    config.max_tasks = 1;
    return setup_with(state, &config);
}

static int teardown(void **state) {
    fixture_t *f = *state;
    (void)mn_kernel_make_current(NULL);
    mn_trace_delete(f->trace);
    assert_int_equal(test_kernel_heap_in_use(&f->tk), 0);
    test_kernel_end(&f->tk);
    free(f);
    return 0;
}

// Everything that is said now is exactly these vectors.
static void expect(fixture_t *f, const char *const *names, size_t count) {
    for (size_t i = 0; i < count;) {
        mn_cspan_t batch = mn_trace_take(f->trace);
        assert_int_not_equal(batch.len, 0);
        while (batch.len != 0) {
            if (i == count) {
                fail_msg("more was said than expected");
                return;
            }
            const trace_vector_t *vector = vector_named(&f->vectors, names[i++]);
            assert_in_range(batch.len, vector->frame_len, 256);
            assert_memory_equal(batch.data, vector->frame, vector->frame_len);
            batch.data += vector->frame_len;
            batch.len -= vector->frame_len;
        }
        mn_trace_taken(f->trace);
    }
    assert_int_equal(mn_trace_take(f->trace).len, 0);
}

#define EXPECT(f, ...)                                      \
    do {                                                    \
        static const char *const names[] = {__VA_ARGS__};   \
        expect((f), names, sizeof names / sizeof names[0]); \
    } while (0)

static void request(fixture_t *f, const char *name) {
    const trace_vector_t *vector = vector_named(&f->vectors, name);
    mn_trace_give(f->trace, (mn_cspan_t){.data = vector->frame, .len = vector->frame_len});
}

// What the vectors say about the places of these is said here.
static void hello(uint32_t answer) {
#line 42 "/somewhere/project/src/demo.c"
    mn_info("hello", "answer", answer);
}

static void start_work(mn_trace_span_t *span) {
#line 50 "/somewhere/project/src/demo.c"
    mn_trace_enter(MN_TRACE_DEBUG, span, "work", "step", 7);
}

static void all_types(const char *text) {
    const bool yes = true;
    const int64_t low = -5000000000;
    const uint64_t high = 4294967296;
    const signed char small = -1;
    // One line: compilers differ in which line a call on several lines is on.
#line 60 "/somewhere/project/src/demo.c"
    mn_warn("types", "a", small, "b", yes, "c", high, "d", low, "e", 1.5F, "f", text);
}
#line 112 "test_trace.c"

static void a_trace_point_is_explained_once(void **state) {
    fixture_t *f = *state;
    hello(300);
    f->tk.now += 250;
    hello(0);
    EXPECT(f, "context outside", "site of an event", "event", "event later");
}

static mn_status_t work(test_task_t *self) {
    fixture_t *f = self->context;
    static mn_trace_span_t span; // there is one such task
    MN_BEGIN(&self->task);
    hello(300);
    f->tk.now += 10;
    start_work(&span);
    MN_AWAIT(self->status, mn_sleep(&self->timer, &self->task, 500));
    mn_trace_exit(&span);
    MN_END();
}

static void a_span_follows_its_task(void **state) {
    fixture_t *f = *state;
    test_task_t task = {0};
    test_task_spawn(&f->tk, &task, "worker", work, f);
    request(f, "set level"); // after the spawn, which is an event as well
    mn_trace_taken(f->trace);
    (void)mn_trace_set_level(f->trace, "kernel", MN_TRACE_OFF);
    while (mn_trace_take(f->trace).len != 0) { // the heartbeat
        mn_trace_taken(f->trace);
    }
    test_kernel_run(&f->tk);
    EXPECT(f, "context of a task", "site of an event", "event", "site of a span", "enter");
    test_kernel_advance(&f->tk, 500);
    EXPECT(f, "exit");
}

static void values_of_all_types_arrive(void **state) {
    fixture_t *f = *state;
    mn_trace_span_t span = {0};
    hello(300);
    (void)mn_trace_set_level(f->trace, "", MN_TRACE_DEBUG);
    start_work(&span);
    mn_trace_exit(&span);
    while (mn_trace_take(f->trace).len != 0) {
        mn_trace_taken(f->trace);
    }
    f->tk.now += 1;
    all_types("text");
    EXPECT(f, "site with all types", "event of all types");
}

static void an_event_takes_six_bytes_and_its_frame_two(void **state) {
    fixture_t *f = *state;
    hello(1);
    (void)mn_trace_take(f->trace);
    mn_trace_taken(f->trace);
    f->tk.now += 1000;
    hello(200);
    // Number 1, time 19 03 e8, value 18 c8.
    const uint8_t expected[] = {0x07, 0x01, 0x19, 0x03, 0xe8, 0x18, 0xc8, 0x00};
    const mn_cspan_t batch = mn_trace_take(f->trace);
    assert_int_equal(batch.len, sizeof expected);
    assert_memory_equal(batch.data, expected, sizeof expected);
}

static void requests_are_obeyed_and_answered(void **state) {
    fixture_t *f = *state;
    hello(300);
    EXPECT(f, "context outside", "site of an event", "event");
    request(f, "resend");
    EXPECT(f, "heartbeat");
    hello(300);
    EXPECT(f, "context outside", "site of an event", "event");
    request(f, "ping");
    EXPECT(f, "pong");
    request(f, "set target");
    assert_int_equal(mn_trace_levels(f->trace).rules[0].level, MN_TRACE_TRACE);
    assert_int_equal(mn_trace_set_level(f->trace, "net", MN_TRACE_OFF), MN_OK);
    EXPECT(f, "heartbeat with rules");
    request(f, "remove target");
    request(f, "set level");
    assert_int_equal(mn_trace_levels(f->trace).level, MN_TRACE_DEBUG);
    assert_int_equal(mn_trace_levels(f->trace).count, 0);
}

static void what_is_no_request_is_counted_and_told(void **state) {
    fixture_t *f = *state;
    static const uint8_t garbage[] = {0x02, 0x09, 0x00, 0x03, 0x01, 0x06, 0x00, 0x09, 0x00};
    mn_trace_give(f->trace, (mn_cspan_t){.data = garbage, .len = sizeof garbage});
    uint8_t endless[500];
    memset(endless, 1, sizeof endless);
    mn_trace_give(f->trace, (mn_cspan_t){.data = endless, .len = sizeof endless});
    mn_trace_give(f->trace, (mn_cspan_t){.data = (const uint8_t[]){0}, .len = 1});
    assert_int_equal(mn_trace_dropped(f->trace).requests, 4);
    request(f, "ping");
    const mn_cspan_t batch = mn_trace_take(f->trace);
    const uint8_t expected[] = {0x04, 0x25, 0x18, 0x4d, 0x00, 0x02,
                                0x22, 0x01, 0x01, 0x02, 0x04, 0x00};
    assert_int_equal(batch.len, sizeof expected);
    assert_memory_equal(batch.data, expected, sizeof expected);
}

static unsigned evaluated;

static uint32_t count_evaluation(void) {
    return ++evaluated;
}

static void what_is_not_wanted_is_not_evaluated(void **state) {
    fixture_t *f = *state;
    evaluated = 0;
    mn_debug("quiet", "n", count_evaluation());
    assert_int_equal(evaluated, 0);
    assert_int_equal(mn_trace_set_level(f->trace, "", MN_TRACE_TRACE), MN_OK);
    mn_trace("loud", "n", count_evaluation());
    assert_int_equal(evaluated, 1);
    assert_int_equal(mn_trace_set_level(f->trace, "", MN_TRACE_OFF), MN_OK);
    mn_error("off", "n", count_evaluation());
    assert_int_equal(evaluated, 1);
    (void)mn_kernel_make_current(NULL);
    mn_error("no kernel", "n", count_evaluation());
    assert_int_equal(evaluated, 1);
}

static void a_level_of_a_target_decides_for_it_alone(void **state) {
    fixture_t *f = *state;
    assert_int_equal(mn_trace_set_level(f->trace, "dem", MN_TRACE_WARN), MN_OK);
    assert_int_equal(mn_trace_set_level(f->trace, "other", MN_TRACE_TRACE), MN_OK);
    hello(300);
    hello(300);
    assert_int_equal(mn_trace_take(f->trace).len, 0);
    assert_int_equal(mn_trace_set_level(f->trace, "demo", MN_TRACE_INFO), MN_OK);
    hello(300);
    EXPECT(f, "context outside", "site of an event", "event");
}

// ---------------------------------------------------------------------------------------------
// With the host's view

typedef struct tally {
    unsigned events, enters, exits, unknown, interrupts;
    uint64_t sum, events_dropped, spans_dropped, sites_dropped;
} tally_t;

static void listen(fixture_t *f, tally_t *tally) {
    for (mn_cspan_t batch = mn_trace_take(f->trace); batch.len != 0;
         batch = mn_trace_take(f->trace)) {
        mn_trace_item_t item;
        size_t used = 0;
        while (mn_trace_view_feed(&f->view, batch.data, batch.len, &used, &item) == MN_OK) {
            batch.data += used;
            batch.len -= used;
            tally->events += item.kind == MN_TRACE_ITEM_EVENT ? 1U : 0U;
            tally->enters += item.kind == MN_TRACE_ITEM_ENTER ? 1U : 0U;
            tally->exits += item.kind == MN_TRACE_ITEM_EXIT ? 1U : 0U;
            tally->unknown += item.kind == MN_TRACE_ITEM_UNKNOWN ? 1U : 0U;
            if (item.kind == MN_TRACE_ITEM_EVENT) {
                tally->sum += item.count != 0 ? item.values[0].number : 0;
                tally->interrupts += item.task->id == MN_TRACE_INTERRUPT ? 1U : 0U;
            }
            tally->events_dropped += item.dropped.events;
            tally->spans_dropped += item.dropped.spans;
            tally->sites_dropped += item.dropped.sites;
        }
        mn_trace_taken(f->trace);
    }
    assert_int_equal(f->view.decoder.counters.bad, 0);
}

static void what_finds_no_room_is_counted_exactly(void **state) {
    fixture_t *f = *state;
    tally_t tally = {0};
    for (unsigned i = 0; i < 1000; i++) {
        mn_trace_span_t span = {0};
        hello(i);
        mn_trace_enter(MN_TRACE_INFO, &span, "span");
        mn_trace_exit(&span);
        if (i % 100 == 99) {
            listen(f, &tally);
        }
    }
    listen(f, &tally);
    const mn_trace_dropped_t dropped = mn_trace_dropped(f->trace);
    assert_int_not_equal(dropped.events, 0);
    assert_int_not_equal(dropped.spans, 0);
    assert_int_equal(tally.events + dropped.events, 1000);
    // Who was not let in does not leave: such a span counts once, one that could not leave too.
    assert_in_range(tally.enters + dropped.spans, 1000, 1000 + tally.enters);
    assert_int_equal(tally.events_dropped, dropped.events);
    assert_int_equal(tally.spans_dropped, dropped.spans);
}

static void what_is_in_the_ring_survives_all_positions(void **state) {
    fixture_t *f = *state;
    tally_t tally = {0};
    uint64_t sum = 0;
    for (uint32_t i = 1; i <= 5000; i++) {
        hello(i);
        sum += i;
        if (i % 3 == 0) {
            mn_info("texts", "i", i, "text", "a text of some length", "wide", (uint64_t)i << 32U);
            sum += i;
        }
        if (i % 5 == 0) {
            listen(f, &tally);
        }
    }
    listen(f, &tally);
    assert_int_equal(mn_trace_dropped(f->trace).events, 0);
    assert_int_equal(tally.events, 5000 + 5000 / 3);
    assert_true(tally.sum == sum);
}

static void trace_points_beyond_the_table_are_counted(void **state) {
    fixture_t *f = *state;
    tally_t tally = {0};
    mn_info("one");
    mn_info("two");
    mn_info("three");
    listen(f, &tally);
    assert_int_equal(tally.events, 2);
    assert_int_equal(mn_trace_dropped(f->trace).sites, 1);
    listen(f, &tally);
    assert_int_equal(tally.sites_dropped, 1);
}

static fixture_t *interrupted;
static unsigned raised;

static void on_irq(void) {
    mn_isr_enter(&interrupted->tk.kernel);
    mn_info("interrupt", "n", 1U);
    raised++;
    mn_isr_exit(&interrupted->tk.kernel);
}

static void events_of_interrupts_are_kept_apart(void **state) {
    fixture_t *f = *state;
    tally_t tally = {0};
    interrupted = f;
    raised = 0;
    test_irq_install(on_irq);
    test_irq_raise();
    hello(1);
    test_irq_raise();
    listen(f, &tally);
    assert_int_equal(tally.events, 3);
    assert_int_equal(tally.interrupts, 2);
    // Between any two instructions, too.
    test_irq_start_random(4, 20);
    unsigned own = 0;
    while (raised < 2000) {
        hello(1);
        own++;
        if (own % 16 == 0) {
            listen(f, &tally);
        }
    }
    test_irq_remove();
    listen(f, &tally);
    assert_int_equal(tally.events + mn_trace_dropped(f->trace).events, own + raised + 1);
    assert_int_equal(tally.unknown, 0);
}

static uint8_t flushed[4096];
static size_t flushed_len;

static void take_flushed(void *context, const uint8_t *data, size_t len) {
    (void)context;
    assert_in_range(flushed_len + len, 0, sizeof flushed);
    memcpy(flushed + flushed_len, data, len);
    flushed_len += len;
}

static void a_panic_sends_what_is_left(void **state) {
    fixture_t *f = *state;
    flushed_len = 0;
    hello(300);
    mn_trace_flush(take_flushed, NULL);
    hello(1); // nothing is recorded any more
    assert_int_equal(flushed[0], 0);
    uint8_t buffer[600];
    mn_sermux_decoder_t decoder;
    mn_sermux_frame_t frame;
    size_t used = 0;
    assert_int_equal(mn_sermux_decoder_init(&decoder, buffer, sizeof buffer), MN_OK);
    assert_int_equal(mn_sermux_decoder_feed(&decoder, flushed + 1, flushed_len - 1, &used, &frame),
                     MN_OK);
    assert_int_equal(used, flushed_len - 1);
    assert_int_equal(frame.port, MN_SERMUX_TRACE);
    mn_trace_item_t item = {.kind = MN_TRACE_ITEM_PONG};
    mn_status_t status = MN_OK;
    while (status == MN_OK && item.kind != MN_TRACE_ITEM_EVENT) {
        status = mn_trace_view_feed(&f->view, frame.payload.data, frame.payload.len, &used, &item);
        frame.payload.data += used;
        frame.payload.len -= used;
    }
    assert_int_equal(item.values[0].number, 300);
    assert_int_equal(mn_trace_take(f->trace).len, 0);
}

static void bad_settings_are_refused(void **state) {
    (void)state;
    test_kernel_t tk;
    test_kernel_init(&tk, NULL, 0);
    mn_trace_t *trace = NULL;
    mn_trace_t *other = NULL;
    mn_trace_config_t config = MN_TRACE_DEFAULTS;
    config.ring_size = 511;
    assert_int_equal(mn_trace_new(&tk.kernel, &config, &trace), MN_EINVAL);
    config = MN_TRACE_DEFAULTS;
    config.max_sites = 0;
    assert_int_equal(mn_trace_new(&tk.kernel, &config, &trace), MN_EINVAL);
    config = MN_TRACE_DEFAULTS;
    config.level = 6;
    assert_int_equal(mn_trace_new(&tk.kernel, &config, &trace), MN_EINVAL);
    config = MN_TRACE_DEFAULTS;
    mn_heap_fail_nth(&tk.kernel.heap, 1);
    assert_int_equal(mn_trace_new(&tk.kernel, &config, &trace), MN_ENOMEM);
    mn_heap_fail_nth(&tk.kernel.heap, 0);
    assert_int_equal(mn_trace_new(&tk.kernel, &config, &trace), MN_OK);
    assert_int_equal(mn_trace_new(&tk.kernel, &config, &other), MN_EEXISTS);
    mn_trace_delete(trace);
    assert_int_equal(test_kernel_heap_in_use(&tk), 0);
    test_kernel_end(&tk);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TEST_SMALL(name) cmocka_unit_test_setup_teardown(name, setup_small, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_trace_point_is_explained_once),
        TEST(a_span_follows_its_task),
        TEST(values_of_all_types_arrive),
        TEST(an_event_takes_six_bytes_and_its_frame_two),
        TEST(requests_are_obeyed_and_answered),
        TEST(what_is_no_request_is_counted_and_told),
        TEST(what_is_not_wanted_is_not_evaluated),
        TEST(a_level_of_a_target_decides_for_it_alone),
        TEST_SMALL(what_finds_no_room_is_counted_exactly),
        TEST_SMALL(what_is_in_the_ring_survives_all_positions),
        TEST_SMALL(trace_points_beyond_the_table_are_counted),
        TEST(events_of_interrupts_are_kept_apart),
        TEST(a_panic_sends_what_is_left),
        cmocka_unit_test(bad_settings_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
