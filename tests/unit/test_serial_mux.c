// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The serial mux service: opening ports, delivery, sending, and what becomes of bad input.

#include "test_line.h"
#include "test_port.h"

// cmocka needs these before it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <mnemos/serial_mux.h>
#include <stdlib.h>
#include <string.h>

typedef struct fixture {
    test_line_t line;
    mn_serial_mux_t *mux;
    test_task_t user; // in whose name the test calls
} fixture_t;

static int setup(void **state) {
    fixture_t *f = calloc(1, sizeof(*f));
    test_line_init(&f->line, TEST_KERNEL_HEAP);
    const mn_serial_mux_config_t config = MN_SERIAL_MUX_DEFAULTS;
    assert_int_equal(mn_serial_mux_start(&f->line.registry, &config, &f->mux), MN_OK);
    test_task_spawn(&f->line.tk, &f->user, "user", NULL, NULL);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    fixture_t *f = *state;
    mn_cancel_now(&f->user.task);
    if (f->mux != NULL) {
        mn_serial_mux_stop(f->mux);
    }
    assert_int_equal(test_kernel_heap_in_use(&f->line.tk), 0);
    test_line_end(&f->line);
    free(f);
    return 0;
}

static mn_status_t try_open(fixture_t *f, uint16_t number, uint32_t capacity,
                            mn_mux_port_t **port) {
    mn_mux_opener_t opener = {0};
    const mn_mux_open_t request = {.port = number, .capacity = capacity};
    mn_status_t status = MN_PENDING;
    for (int i = 0; i < 4 && status == MN_PENDING; i++) {
        status = mn_mux_open(&opener, &f->line.registry, &f->user.task, &request, port);
        test_kernel_run(&f->line.tk);
    }
    mn_mux_open_cancel(&opener);
    return status;
}

static mn_mux_port_t *open_port(fixture_t *f, uint16_t number, uint32_t capacity) {
    mn_mux_port_t *port = NULL;
    assert_int_equal(try_open(f, number, capacity, &port), MN_OK);
    return port;
}

// What has come in for the port, as a string.
static const char *received(fixture_t *f, mn_mux_port_t *port) {
    static char text[2048];
    size_t len = 0;
    mn_span_t data;
    test_kernel_run(&f->line.tk);
    while (mn_mux_read(port, &f->user.task, &data) == MN_OK) {
        assert_true(len + data.len < sizeof(text));
        memcpy(text + len, data.data, data.len);
        len += data.len;
        mn_mux_release(port, data.len);
    }
    mn_mux_read_cancel(port);
    text[len] = '\0';
    return text;
}

static void opening_a_port_twice_or_too_many_is_refused(void **state) {
    fixture_t *f = *state;
    mn_mux_port_t *ports[16];
    mn_mux_port_t *extra = NULL;
    for (uint16_t i = 0; i < 15; i++) {
        ports[i] = open_port(f, i, 16);
    }
    assert_int_equal(try_open(f, 3, 16, &extra), MN_EEXISTS);
    ports[15] = open_port(f, 15, 16);
    assert_int_equal(try_open(f, 16, 16, &extra), MN_EFULL);
    assert_int_equal(try_open(f, 3, 16, &extra), MN_EEXISTS);
    mn_mux_close(ports[3]);
    ports[3] = open_port(f, 99, 16); // a closed port makes room
    for (size_t i = 0; i < 16; i++) {
        mn_mux_close(ports[i]);
    }
}

static void a_port_without_room_or_memory_is_refused(void **state) {
    fixture_t *f = *state;
    mn_mux_port_t *port = NULL;
    assert_int_equal(try_open(f, 5, 0, &port), MN_EINVAL);
    assert_int_equal(try_open(f, 5, 1U << 30, &port), MN_ETOOBIG);
    assert_int_equal(try_open(f, 5, 63000, &port), MN_ENOMEM);
    mn_mux_close(open_port(f, 5, 16));
}

static void frames_reach_the_port_that_they_are_for(void **state) {
    fixture_t *f = *state;
    mn_mux_port_t *one = open_port(f, 1, 64);
    mn_mux_port_t *big = open_port(f, 0xFFFF, 64);
    test_line_send(&f->line, 1, "for one");
    test_line_send(&f->line, 0xFFFF, "for the last");
    test_line_send(&f->line, 1, ", again");
    assert_string_equal(received(f, one), "for one, again");
    assert_string_equal(received(f, big), "for the last");
    mn_mux_close(one);
    mn_mux_close(big);
}

static void a_frame_that_comes_byte_by_byte_is_delivered_once(void **state) {
    fixture_t *f = *state;
    mn_mux_port_t *port = open_port(f, 0, 64);
    static const uint8_t frame[] = {0x01, 0x01, 0x02, 0x21, 0x00}; // port 0, "!"
    for (size_t i = 0; i < sizeof(frame); i++) {
        test_line_feed(&f->line, &frame[i], 1);
        test_kernel_run(&f->line.tk);
    }
    assert_string_equal(received(f, port), "!");
    mn_mux_close(port);
}

static void frames_for_closed_or_full_ports_are_counted_and_dropped_whole(void **state) {
    fixture_t *f = *state;
    mn_mux_port_t *port = open_port(f, 7, 16);
    test_line_send(&f->line, 8, "nobody");
    test_line_send(&f->line, 7, "0123456789");
    test_line_send(&f->line, 7, "abcdefghij"); // six bytes of room: none of it
    test_line_send(&f->line, 7, "ABCDEF");
    assert_string_equal(received(f, port), "0123456789ABCDEF");
    test_line_send(&f->line, 7, "abcdefghij");
    assert_string_equal(received(f, port), "abcdefghij");
    const mn_mux_stats_t stats = mn_serial_mux_stats(f->mux);
    assert_int_equal(stats.no_port, 1);
    assert_int_equal(stats.no_room, 1);
    assert_int_equal(port->frames_lost, 1);
    assert_int_equal(port->frames_in, 3);
    mn_mux_close(port);
}

static void what_follows_garbage_is_delivered(void **state) {
    fixture_t *f = *state;
    mn_mux_port_t *port = open_port(f, 1, 64);
    uint8_t overlong[1000];
    memset(overlong, 0x55, sizeof(overlong));
    test_line_feed(&f->line, overlong, sizeof(overlong));
    test_line_feed(&f->line, "\x02\x01\x03hi\0", 6); // the rest of the overlong frame
    test_line_feed(&f->line, "\x64\x02\x03\0", 4);   // not COBS
    test_line_feed(&f->line, "\x01\x01\0", 3);       // too short
    test_line_feed(&f->line, "\0\0", 2);             // flush marks
    test_line_send(&f->line, 1, "still here");
    assert_string_equal(received(f, port), "still here");
    const mn_mux_stats_t stats = mn_serial_mux_stats(f->mux);
    assert_int_equal(stats.line.frames, 1);
    assert_int_equal(stats.line.overlong, 1);
    assert_int_equal(stats.line.bad_cobs, 1);
    assert_int_equal(stats.line.too_short, 1);
    mn_mux_close(port);
}

// The longest frame that is accepted has 512 bytes on the line, of which 506 are certain to be
// payload.
static void the_longest_frame_is_accepted_and_one_byte_more_is_not(void **state) {
    fixture_t *f = *state;
    mn_mux_port_t *port = open_port(f, 0x4141, 1024);
    uint8_t payload[600];
    memset(payload, 'A', sizeof(payload));
    test_line_send_bytes(&f->line, 0x4141, payload, 506);
    assert_int_equal(strlen(received(f, port)), 506);
    test_line_send_bytes(&f->line, 0x4141, payload, 507);
    assert_int_equal(strlen(received(f, port)), 0);
    assert_int_equal(mn_serial_mux_stats(f->mux).line.overlong, 1);
    mn_mux_close(port);
}

static void a_long_message_is_sent_in_frames_of_half_the_limit(void **state) {
    fixture_t *f = *state;
    mn_mux_port_t *port = open_port(f, 5, 16);
    uint8_t message[600];
    for (size_t i = 0; i < sizeof(message); i++) {
        message[i] = (uint8_t)i;
    }
    mn_mux_sender_t sender = {0};
    assert_int_equal(mn_mux_send(port, &sender, &f->user.task, message, sizeof(message)), MN_OK);
    static const size_t lengths[] = {256, 256, 88};
    size_t at = 0;
    for (size_t i = 0; i < 3; i++) {
        mn_sermux_frame_t frame;
        assert_true(test_line_take(&f->line, &frame));
        assert_int_equal(frame.port, 5);
        assert_int_equal(frame.payload.len, lengths[i]);
        assert_memory_equal(frame.payload.data, message + at, lengths[i]);
        at += lengths[i];
    }
    assert_int_equal(mn_mux_send(port, &sender, &f->user.task, message, 0), MN_OK);
    mn_sermux_frame_t none;
    assert_false(test_line_take(&f->line, &none));
    mn_mux_close(port);
}

// A full line makes senders wait; they go on, whole frame by whole frame, in order of arrival.
static void senders_wait_for_the_line_and_lose_nothing(void **state) {
    fixture_t *f = *state;
    mn_mux_port_t *port = open_port(f, 5, 16);
    uint8_t message[5000];
    memset(message, 'x', sizeof(message));
    mn_mux_sender_t first = {0};
    mn_mux_sender_t second = {0};
    test_task_t other = {0};
    test_task_spawn(&f->line.tk, &other, "other", NULL, NULL);
    assert_int_equal(mn_mux_send(port, &first, &f->user.task, message, 5000), MN_PENDING);
    assert_int_equal(mn_mux_send(port, &second, &other.task, "second", 6), MN_PENDING);
    size_t total = 0;
    bool sent = false;
    bool second_sent = false;
    mn_sermux_frame_t frame = {0};
    while (test_line_take(&f->line, &frame)) {
        total += frame.payload.len;
        if (!sent) {
            sent = mn_mux_send(port, &first, &f->user.task, message, 5000) == MN_OK;
        }
        if (!second_sent) {
            second_sent = mn_mux_send(port, &second, &other.task, "second", 6) == MN_OK;
        }
    }
    assert_true(sent && second_sent);
    assert_int_equal(total, 5006);
    mn_cancel_now(&other.task);
    mn_mux_close(port);
}

static void a_canceled_sender_lets_the_next_one_send(void **state) {
    fixture_t *f = *state;
    mn_mux_port_t *port = open_port(f, 5, 16);
    uint8_t message[5000] = {0};
    mn_mux_sender_t first = {0};
    mn_mux_sender_t second = {0};
    assert_int_equal(mn_mux_send(port, &first, &f->user.task, message, 5000), MN_PENDING);
    mn_mux_send_cancel(port, &first);
    mn_sermux_frame_t frame;
    while (test_line_take(&f->line, &frame)) {
        assert_int_equal(frame.payload.len, 256); // no frame was cut
    }
    assert_int_equal(mn_mux_send(port, &second, &f->user.task, "ok", 2), MN_OK);
    mn_mux_close(port);
}

static void a_second_mux_and_bad_settings_are_refused(void **state) {
    fixture_t *f = *state;
    mn_serial_mux_t *mux = NULL;
    mn_serial_mux_config_t config = MN_SERIAL_MUX_DEFAULTS;
    const size_t in_use = test_kernel_heap_in_use(&f->line.tk);
    assert_int_equal(mn_serial_mux_start(&f->line.registry, &config, &mux), MN_EEXISTS);
    config.max_frame = 15;
    assert_int_equal(mn_serial_mux_start(&f->line.registry, &config, &mux), MN_EINVAL);
    config = MN_SERIAL_MUX_DEFAULTS;
    config.max_ports = 0;
    assert_int_equal(mn_serial_mux_start(&f->line.registry, &config, &mux), MN_EINVAL);
    assert_null(mux);
    assert_int_equal(test_kernel_heap_in_use(&f->line.tk), in_use);
}

// An opener that goes away between asking and being answered leaves no open port behind.
static void a_canceled_opening_leaves_no_port(void **state) {
    fixture_t *f = *state;
    const mn_mux_open_t request = {.port = 9, .capacity = 16};
    for (int polls = 1; polls < 4; polls++) {
        mn_mux_opener_t opener = {0};
        mn_mux_port_t *port = NULL;
        for (int i = 0; i < polls; i++) {
            if (mn_mux_open(&opener, &f->line.registry, &f->user.task, &request, &port) == MN_OK) {
                mn_mux_close(port);
                break;
            }
            if (i + 1 < polls) {
                test_kernel_run(&f->line.tk);
            }
        }
        mn_mux_open_cancel(&opener);
        test_kernel_run(&f->line.tk);
        assert_int_equal(mn_serial_mux_stats(f->mux).open_ports, 0);
    }
}

static void an_answered_but_untaken_opening_is_closed_by_cancel(void **state) {
    fixture_t *f = *state;
    const mn_mux_open_t request = {.port = 9, .capacity = 16};
    mn_mux_opener_t opener = {0};
    mn_mux_port_t *port = NULL;
    assert_int_equal(mn_mux_open(&opener, &f->line.registry, &f->user.task, &request, &port),
                     MN_PENDING);
    test_kernel_run(&f->line.tk); // connected
    assert_int_equal(mn_mux_open(&opener, &f->line.registry, &f->user.task, &request, &port),
                     MN_PENDING);
    test_kernel_run(&f->line.tk); // answered
    assert_int_equal(mn_serial_mux_stats(f->mux).open_ports, 1);
    mn_mux_open_cancel(&opener);
    assert_int_equal(mn_serial_mux_stats(f->mux).open_ports, 0);
}

// Stopping the service ends the waits of its ports' owners; the ports are still theirs to close.
static void ports_outlive_the_service(void **state) {
    fixture_t *f = *state;
    mn_mux_port_t *port = open_port(f, 5, 16);
    mn_span_t data;
    uint8_t message[5000] = {0};
    mn_mux_sender_t sender = {0};
    assert_int_equal(mn_mux_send(port, &sender, &f->user.task, message, 5000), MN_PENDING);
    assert_int_equal(mn_mux_read(port, &f->user.task, &data), MN_PENDING);
    mn_serial_mux_stop(f->mux);
    f->mux = NULL;
    assert_true(test_task_woken(&f->line.tk, &f->user));
    assert_int_equal(mn_mux_read(port, &f->user.task, &data), MN_ECLOSED);
    assert_int_equal(mn_mux_send(port, &sender, &f->user.task, message, 5000), MN_ECLOSED);
    mn_mux_send_cancel(port, &sender);
    mn_mux_close(port);
}

// Megabytes of random bytes are counted and survived, and the mux is in step again after the next
// zero byte.
static void random_bytes_are_survived(void **state) {
    fixture_t *f = *state;
    mn_mux_port_t *port = open_port(f, 0x1234, 64);
    uint32_t seed = 12345;
    uint8_t noise[256];
    for (size_t block = 0; block < 4096; block++) {
        for (size_t i = 0; i < sizeof(noise); i++) {
            seed = seed * 1664525U + 1013904223U;
            noise[i] = (uint8_t)(seed >> 24);
        }
        test_line_feed(&f->line, noise, sizeof(noise));
        (void)received(f, port);
    }
    test_line_feed(&f->line, "\0", 1);
    test_line_send(&f->line, 0x1234, "in step");
    assert_string_equal(received(f, port), "in step");
    const mn_sermux_counters_t line = mn_serial_mux_stats(f->mux).line;
    assert_true(line.bad_cobs > 1000);
    mn_mux_close(port);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(opening_a_port_twice_or_too_many_is_refused),
        TEST(a_port_without_room_or_memory_is_refused),
        TEST(frames_reach_the_port_that_they_are_for),
        TEST(a_frame_that_comes_byte_by_byte_is_delivered_once),
        TEST(frames_for_closed_or_full_ports_are_counted_and_dropped_whole),
        TEST(what_follows_garbage_is_delivered),
        TEST(the_longest_frame_is_accepted_and_one_byte_more_is_not),
        TEST(a_long_message_is_sent_in_frames_of_half_the_limit),
        TEST(senders_wait_for_the_line_and_lose_nothing),
        TEST(a_canceled_sender_lets_the_next_one_send),
        TEST(a_second_mux_and_bad_settings_are_refused),
        TEST(a_canceled_opening_leaves_no_port),
        TEST(an_answered_but_untaken_opening_is_closed_by_cancel),
        TEST(ports_outlive_the_service),
        TEST(random_bytes_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
