// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// A ring between two threads, on two processors if there are, with the operations that do not wait.
// What holds here holds for an interrupt and for a second processor too. The same program is also
// built with the thread sanitizer, which sees whether the order of the accesses is only luck.

#include <mnemos/ring.h>

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define OPERATIONS 100000U // of each end, for each capacity
#define MAX_CAPACITY 64U
#define TURNS_BEFORE_YIELD 100U // of finding nothing to do, so that one processor is enough

static uint8_t buffer[MAX_CAPACITY];
static mn_ring_t ring;

// What a thread found wrong, or NULL; and how many bytes went through it.
typedef struct end {
    uint32_t random;
    unsigned idle;
    uint64_t bytes;
    const char *problem;
} end_t;

static uint8_t byte_at(uint64_t n) {
    return (uint8_t)(n * 167U + (n >> 8) * 13U);
}

static uint32_t next_random(end_t *self, uint32_t below) {
    self->random ^= self->random << 13;
    self->random ^= self->random >> 17;
    self->random ^= self->random << 5;
    return self->random % below;
}

static void nothing_to_do(end_t *self) {
    self->idle++;
    if (self->idle % TURNS_BEFORE_YIELD == 0) {
        sched_yield();
    }
}

static size_t part_of(end_t *self, size_t len) {
    return (next_random(self, 4) == 0) ? next_random(self, (uint32_t)len + 1) : len;
}

static void fill(end_t *self, mn_span_t span) {
    const size_t used = part_of(self, span.len);
    for (size_t i = 0; i < used; i++) {
        span.data[i] = byte_at(self->bytes + i);
    }
    mn_ring_commit(&ring, used);
    self->bytes += used;
}

// Exact grants are repeated until they are served: of any length, since an empty ring serves all.
static void *produce(void *arg) {
    end_t *self = arg;
    for (unsigned i = 0; i < OPERATIONS && self->problem == NULL; i++) {
        mn_span_t span = {0};
        const size_t len = 1 + next_random(self, (uint32_t)ring.capacity);
        const bool exact = next_random(self, 2) == 0;
        mn_status_t status = MN_EFULL;
        while (status == MN_EFULL) {
            status =
                exact ? mn_ring_grant(&ring, len, &span) : mn_ring_grant_max(&ring, len, &span);
            if (status == MN_EFULL) {
                nothing_to_do(self);
            }
        }
        if (status == MN_OK) {
            fill(self, span);
        } else {
            self->problem = "a grant failed for a strange reason";
        }
    }
    mn_ring_close_writer(&ring);
    return NULL;
}

static void use(end_t *self, mn_span_t span) {
    for (size_t i = 0; i < span.len; i++) {
        if (span.data[i] != byte_at(self->bytes + i)) {
            self->problem = "a wrong byte";
        }
        span.data[i] = 0; // the reader may change what it reads
    }
    // What is not released is read again, so it must be as it was.
    const size_t used = part_of(self, span.len);
    for (size_t i = used; i < span.len; i++) {
        span.data[i] = byte_at(self->bytes + i);
    }
    mn_ring_release(&ring, used);
    self->bytes += used;
}

static void *consume(void *arg) {
    end_t *self = arg;
    mn_status_t status = MN_OK;
    while (status != MN_ECLOSED && self->problem == NULL) {
        mn_span_t span = {0};
        status = mn_ring_read(&ring, &span);
        if (status == MN_OK) {
            use(self, span);
        } else if (status == MN_EEMPTY) {
            nothing_to_do(self);
        } else if (status != MN_ECLOSED) {
            self->problem = "a read failed for a strange reason";
        }
    }
    mn_ring_close_reader(&ring);
    return NULL;
}

static void two_threads_pass_a_stream(void **state) {
    (void)state;
    static const size_t capacities[] = {1, 2, 7, MAX_CAPACITY};
    for (size_t i = 0; i < MN_COUNT_OF(capacities); i++) {
        mn_ring_init(&ring, buffer, capacities[i]);
        end_t producer = {.random = 11};
        end_t consumer = {.random = 12};
        pthread_t threads[2];
        assert_int_equal(pthread_create(&threads[0], NULL, produce, &producer), 0);
        assert_int_equal(pthread_create(&threads[1], NULL, consume, &consumer), 0);
        assert_int_equal(pthread_join(threads[0], NULL), 0);
        assert_int_equal(pthread_join(threads[1], NULL), 0);
        assert_string_equal(producer.problem != NULL ? producer.problem : "none", "none");
        assert_string_equal(consumer.problem != NULL ? consumer.problem : "none", "none");
        assert_int_equal(producer.bytes, consumer.bytes);
    }
}

// The other way round: the reader closes, in the middle of whatever the writer does.
static void *produce_until_closed(void *arg) {
    end_t *self = arg;
    mn_status_t status = MN_OK;
    while (status != MN_ECLOSED) {
        mn_span_t span = {0};
        status = mn_ring_grant_max(&ring, 1 + next_random(self, 3), &span);
        if (status == MN_OK) {
            fill(self, span);
        } else {
            nothing_to_do(self);
        }
    }
    return NULL;
}

static void a_reader_closes_while_the_writer_is_at_work(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 200; i++) {
        mn_ring_init(&ring, buffer, 3);
        end_t producer = {.random = 1 + i};
        end_t consumer = {.random = 1 + i};
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, produce_until_closed, &producer), 0);
        while (consumer.bytes < i) {
            mn_span_t span = {0};
            if (mn_ring_read(&ring, &span) == MN_OK) {
                use(&consumer, span);
            } else {
                nothing_to_do(&consumer);
            }
        }
        mn_ring_close_reader(&ring);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_string_equal(consumer.problem != NULL ? consumer.problem : "none", "none");
        assert_true(producer.bytes >= consumer.bytes);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_threads_pass_a_stream),
        cmocka_unit_test(a_reader_closes_while_the_writer_is_at_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
