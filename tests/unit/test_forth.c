// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The Forth VM as its host sees it: configuration, lines, budgets, output that does not fit,
// interrupts, host words, several VMs, forks. What the words do is tested by the cases in
// tests/forth.

#include <mnemos/forth_host.h>
#include <mnemos/util.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct {
    mn_forth_t *vm;
    void *memory;
    char text[4096];
    size_t len;
} machine_t;

static machine_t *make(const mn_forth_config_t *config) {
    machine_t *m = calloc(1, sizeof *m);
    assert_non_null(m);
    size_t size = mn_forth_memory_needed(config);
    assert_int_not_equal(size, 0);
    m->memory = malloc(size);
    assert_int_equal(mn_forth_init(&m->vm, config, m->memory, size), MN_OK);
    return m;
}

static machine_t *make_default(void) {
    mn_forth_config_t config = MN_FORTH_CONFIG_DEFAULT;
    return make(&config);
}

static void destroy(machine_t *m) {
    mn_forth_end(m->vm);
    free(m->memory);
    free(m);
}

static void drain(machine_t *m) {
    m->len += mn_forth_output_take(m->vm, m->text + m->len, sizeof m->text - 1 - m->len);
    m->text[m->len] = '\0';
}

static mn_status_t finish(machine_t *m) {
    mn_status_t status;
    do {
        status = mn_forth_run(m->vm, 0);
        drain(m);
    } while (status == MN_PENDING && mn_forth_wants(m->vm) != MN_FORTH_WANTS_LINE);
    return status;
}

// Feeds a line, runs it to its end, and returns what was printed.
static const char *say(machine_t *m, const char *line) {
    m->len = 0;
    m->text[0] = '\0';
    (void)mn_forth_feed_line(m->vm, line, strlen(line));
    (void)finish(m);
    return m->text;
}

static void test_peeking_at_output(void **state) {
    (void)state;
    machine_t *m = make_default();
    char text[16] = "";
    assert_int_equal(mn_forth_output_peek(m->vm, text, sizeof text), 0);
    assert_int_equal(mn_forth_feed_line(m->vm, "12 .", 4), MN_OK);
    assert_int_equal(mn_forth_run(m->vm, 0), MN_OK);
    assert_int_equal(mn_forth_output_peek(m->vm, text, 2), 2);
    assert_memory_equal(text, "12", 2);
    assert_int_equal(mn_forth_output_take(m->vm, text, 1), 1);
    assert_int_equal(mn_forth_output_peek(m->vm, text, sizeof text), 6);
    assert_memory_equal(text, "2 ok.\n", 6);
    assert_int_equal(mn_forth_output_take(m->vm, text, sizeof text), 6);
    assert_int_equal(mn_forth_output_peek(m->vm, text, sizeof text), 0);
    destroy(m);
}

static void test_config(void **state) {
    (void)state;
    mn_forth_config_t good = MN_FORTH_CONFIG_DEFAULT;
    mn_forth_config_t bad[8] = {good, good, good, good, good, good, good, good};
    bad[0].data_stack = 7;
    bad[1].return_stack = 15;
    bad[2].output_size = 63;
    bad[3].input_size = 15;
    bad[4].data_size = 300;
    bad[5].dict_size = 255;
    bad[6].buckets = 3;
    bad[7].words_count = 1;
    for (unsigned i = 0; i < MN_COUNT_OF(bad); i++) {
        mn_forth_t *vm = NULL;
        assert_int_equal(mn_forth_memory_needed(&bad[i]), 0);
        assert_int_equal(mn_forth_init(&vm, &bad[i], NULL, 0), MN_EINVAL);
    }
    size_t size = mn_forth_memory_needed(&good);
    void *memory = malloc(size);
    mn_forth_t *vm = NULL;
    assert_int_equal(mn_forth_init(&vm, &good, memory, size - 1), MN_ENOMEM);
    assert_int_equal(mn_forth_init(&vm, &good, memory, size), MN_OK);
    mn_forth_end(vm);
    free(memory);
}

static void test_answers(void **state) {
    (void)state;
    machine_t *m = make_default();
    assert_string_equal(say(m, "2 2 + ."), "4 ok.\n");
    assert_string_equal(say(m, ""), "ok.\n");
    assert_string_equal(say(m, "2 2 + .\r\n"), "4 ok.\n");
    assert_string_equal(say(m, "1 . frobnicate 2"), "1 \n? undefined word: frobnicate\n"
                                                    "1 . frobnicate 2\n    ^^^^^^^^^^\n");
    assert_string_equal(say(m, "."), "? stack underflow: .\n.\n^\n");
    assert_string_equal(say(m, ": in 1 0 / ; : out in ; out"),
                        "? division by zero: out\n: in 1 0 / ; : out in ; out\n"
                        "                        ^^^\nin in < out\n");
    assert_string_equal(say(m, ": a abort\" no way\" ; 1 a"),
                        "? no way: a\n: a abort\" no way\" ; 1 a\n"
                        "                       ^\nin a\n");
    assert_string_equal(say(m, "77 throw"), "? exception 77: throw\n77 throw\n   ^^^^^\n");
    destroy(m);
}

static void test_error_details(void **state) {
    (void)state;
    machine_t *m = make_default();
    mn_forth_error_t error;
    (void)say(m, "1 2 nothing-like-this");
    mn_forth_error(m->vm, &error);
    assert_int_equal(error.code, -13);
    assert_string_equal(error.text, "undefined word");
    assert_string_equal(error.word, "nothing-like-this");
    assert_int_equal(error.column, 4);
    (void)say(m, "1 2");
    mn_forth_error(m->vm, &error);
    assert_int_equal(error.code, 0);
    destroy(m);
}

static void test_refused_lines(void **state) {
    (void)state;
    machine_t *m = make_default();
    char line[300];
    memset(line, ' ', sizeof line);
    assert_int_equal(mn_forth_feed_line(m->vm, line, 256), MN_OK);
    assert_int_equal(finish(m), MN_OK);
    m->len = 0;
    assert_int_equal(mn_forth_feed_line(m->vm, line, 257), MN_ETOOBIG);
    assert_int_equal(finish(m), MN_EFAILED);
    assert_string_equal(m->text, "? line too long: more than 256 bytes\n");
    assert_string_equal(say(m, "1 ."), "1 ok.\n");
    // The answer to a refused line need not be fetched.
    assert_int_equal(mn_forth_feed_line(m->vm, line, 257), MN_ETOOBIG);
    assert_string_equal(say(m, "1 ."), "1 ok.\n");
    static const char *const bad[] = {
        "\x80", "a\xC3", "\xC0\x80", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\xE0\x80\x80", "\xFF"};
    for (unsigned i = 0; i < MN_COUNT_OF(bad); i++) {
        assert_int_equal(mn_forth_feed_line(m->vm, bad[i], strlen(bad[i])), MN_EINVAL);
        m->len = 0;
        assert_int_equal(finish(m), MN_EFAILED);
        assert_string_equal(m->text, "? line is not valid text\n");
    }
    assert_int_equal(mn_forth_feed_line(m->vm, "1\0 .", 4), MN_EINVAL);
    (void)finish(m);
    assert_string_equal(say(m, ".\" \xE2\x82\xAC\""), "\xE2\x82\xACok.\n");
    destroy(m);
}

static void test_busy(void **state) {
    (void)state;
    machine_t *m = make_default();
    assert_int_equal(mn_forth_run(m->vm, 10), MN_OK);
    assert_int_equal(mn_forth_wants(m->vm), MN_FORTH_WANTS_NOTHING);
    assert_int_equal(mn_forth_feed_line(m->vm, "1 .", 3), MN_OK);
    assert_int_equal(mn_forth_feed_line(m->vm, "2 .", 3), MN_EBUSY);
    assert_int_equal(finish(m), MN_OK);
    assert_string_equal(m->text, "1 ok.\n");
    destroy(m);
}

static void test_runaway(void **state) {
    (void)state;
    static const char *const loops[] = {
        ": f begin again ; f",
        ": f begin 0 until ; f",
        ": f 0 0 do loop ; f",
        ": f begin s\" 1 drop\" evaluate again ; f",
        ": f begin ['] abort catch drop again ; f",
        ": f begin 0 >in ! again ; f",
        "0 >in !",
    };
    for (unsigned i = 0; i < MN_COUNT_OF(loops); i++) {
        machine_t *m = make_default();
        assert_int_equal(mn_forth_feed_line(m->vm, loops[i], strlen(loops[i])), MN_OK);
        for (unsigned n = 0; n < 1000; n++) {
            assert_int_equal(mn_forth_run(m->vm, 100), MN_PENDING);
            assert_int_equal(mn_forth_wants(m->vm), MN_FORTH_WANTS_TIME);
        }
        mn_forth_interrupt(m->vm);
        assert_int_equal(finish(m), MN_EINTERRUPTED);
        assert_non_null(strstr(m->text, "? interrupted"));
        assert_string_equal(say(m, "1 ."), "1 ok.\n");
        destroy(m);
    }
}

// An interrupt of an idle VM does not hit the next line.
static void test_idle_interrupt(void **state) {
    (void)state;
    machine_t *m = make_default();
    mn_forth_interrupt(m->vm);
    assert_string_equal(say(m, "1 ."), "1 ok.\n");
    destroy(m);
}

static void test_back_pressure(void **state) {
    (void)state;
    mn_forth_config_t config = MN_FORTH_CONFIG_DEFAULT;
    config.output_size = 64;
    machine_t *m = make(&config);
    (void)say(m, ": many 0 do i . loop ;");
    m->len = 0;
    assert_int_equal(mn_forth_feed_line(m->vm, "100 many", 8), MN_OK);
    mn_status_t status = mn_forth_run(m->vm, 100000);
    assert_int_equal(status, MN_PENDING);
    assert_int_equal(mn_forth_wants(m->vm), MN_FORTH_WANTS_OUTPUT);
    assert_int_equal(mn_forth_run(m->vm, 100000), MN_PENDING); // still full
    while (status == MN_PENDING) {                             // one byte at a time
        m->len += mn_forth_output_take(m->vm, m->text + m->len, 1);
        status = mn_forth_run(m->vm, 100000);
    }
    assert_int_equal(status, MN_OK);
    drain(m);
    char expected[1024] = "";
    for (unsigned i = 0; i < 100; i++) {
        (void)snprintf(expected + strlen(expected), 8, "%u ", i);
    }
    (void)strcat(expected, "ok.\n");
    assert_string_equal(m->text, expected);
    destroy(m);
}

static void test_two_machines(void **state) {
    (void)state;
    machine_t *a = make_default();
    machine_t *b = make_default();
    assert_string_equal(say(a, ": x 1 . ; variable v 5 v !"), "ok.\n");
    assert_string_equal(say(b, ": x 2 . ; variable v 6 v !"), "ok.\n");
    assert_string_equal(say(a, "x v @ ."), "1 5 ok.\n");
    assert_string_equal(say(b, "x v @ ."), "2 6 ok.\n");
    destroy(a);
    assert_string_equal(say(b, "x v @ ."), "2 6 ok.\n");
    destroy(b);
}

static void test_lines_on_demand(void **state) {
    (void)state;
    machine_t *m = make_default();
    (void)say(m, "refill . 1 .");
    assert_int_equal(mn_forth_wants(m->vm), MN_FORTH_WANTS_LINE);
    assert_int_equal(mn_forth_feed_line(m->vm, "3 .", 3), MN_OK);
    assert_int_equal(finish(m), MN_OK);
    assert_string_equal(m->text, "3 ok.\n"); // the new line replaces the rest of the old one
    (void)say(m, "0 [if] no");
    assert_int_equal(mn_forth_feed_line(m->vm, "no [else] 7 . [then]", 20), MN_OK);
    assert_int_equal(finish(m), MN_OK);
    assert_string_equal(m->text, "7 ok.\n");
    (void)say(m, "pad 10 accept pad swap type");
    assert_int_equal(mn_forth_feed_line(m->vm, "hello", 5), MN_OK);
    assert_int_equal(finish(m), MN_OK);
    assert_string_equal(m->text, "hellook.\n");
    (void)say(m, "refill .");
    mn_forth_feed_end(m->vm);
    assert_int_equal(finish(m), MN_OK);
    assert_string_equal(m->text, "0 ok.\n");
    destroy(m);
}

static int w_square(mn_forth_t *vm) {
    uint32_t x = mn_forth_pop(vm);
    return mn_forth_push(vm, x * x);
}

static int w_wait(mn_forth_t *vm) {
    unsigned *left = mn_forth_context(vm);
    uint32_t *calls = mn_forth_word_state(vm);
    calls[0]++;
    if (*left > 0) {
        return MN_PENDING;
    }
    (void)mn_forth_pop(vm);
    return mn_forth_push(vm, calls[0]);
}

static int w_fail(mn_forth_t *vm) {
    (void)vm;
    return MN_ENOTFOUND;
}

static const mn_forth_word_t table[] = {
    MN_FORTH_WORD("squared", w_square, 1, 1, "( n -- n^2 )"),
    MN_FORTH_WORD("wait", w_wait, 1, 1, "( x -- calls )"),
    MN_FORTH_WORD("fail", w_fail, 0, 0, "( -- )"),
};
static const mn_forth_words_t set = {table, MN_COUNT_OF(table), 0, "test", NULL};

static void test_host_words(void **state) {
    (void)state;
    unsigned left = 3;
    const mn_forth_words_t *sets[] = {&set};
    mn_forth_config_t config = MN_FORTH_CONFIG_DEFAULT;
    config.words = sets;
    config.words_count = 1;
    config.context = &left;
    machine_t *m = make(&config);
    assert_string_equal(say(m, ": f squared 1+ ; 3 f . 4 squared ."), "10 16 ok.\n");
    assert_string_equal(say(m, "squared"), "? stack underflow: squared\nsquared\n^^^^^^^\n");
    assert_string_equal(say(m, "help squared"), "squared ( n -- n^2 )\nok.\n");
    (void)say(m, "fail");
    assert_non_null(strstr(m->text, "? not found: fail"));
    assert_string_equal(say(m, "' fail catch ."), "-2058 ok.\n");
    for (unsigned twice = 0; twice < 2; twice++) {
        left = 3;
        m->len = 0;
        assert_int_equal(mn_forth_feed_line(m->vm, ": w wait ; 1 w .", 16), MN_OK);
        for (; left > 0; left--) {
            assert_int_equal(mn_forth_run(m->vm, 1000), MN_PENDING);
            assert_int_equal(mn_forth_wants(m->vm), MN_FORTH_WANTS_HOST);
        }
        assert_int_equal(finish(m), MN_OK);
        assert_string_equal(m->text, "4 ok.\n");
    }
    left = 1;
    assert_int_equal(mn_forth_feed_line(m->vm, "1 wait", 6), MN_OK);
    assert_int_equal(mn_forth_run(m->vm, 1000), MN_PENDING);
    mn_forth_interrupt(m->vm);
    assert_int_equal(finish(m), MN_EINTERRUPTED);
    destroy(m);
}

static void test_words_at_run_time(void **state) {
    (void)state;
    machine_t *m = make_default();
    assert_non_null(strstr(say(m, "3 squared"), "undefined word"));
    assert_int_equal(mn_forth_add_words(m->vm, &set), MN_OK);
    assert_string_equal(say(m, "3 squared ."), "9 ok.\n");
    mn_status_t status = MN_OK;
    for (unsigned i = 0; i < 64 && status == MN_OK; i++) {
        status = mn_forth_add_words(m->vm, &set);
    }
    assert_int_equal(status, MN_EFULL);
    destroy(m);
}

static void test_bye(void **state) {
    (void)state;
    machine_t *m = make_default();
    assert_int_equal(mn_forth_feed_line(m->vm, "1 . bye 2 .", 11), MN_OK);
    assert_int_equal(finish(m), MN_ECLOSED);
    assert_string_equal(m->text, "1 ");
    assert_int_equal(mn_forth_feed_line(m->vm, "1", 1), MN_ECLOSED);
    assert_int_equal(mn_forth_run(m->vm, 0), MN_ECLOSED);
    destroy(m);
}

// Forks ----------------------------------------------------------------------------------------

typedef struct {
    size_t frames;
    size_t blocks;
    bool fail;
} pool_t;

static void *pool_alloc(void *context, size_t size) {
    pool_t *pool = context;
    if (pool->fail) {
        return NULL;
    }
    pool->frames++;
    return malloc(size);
}

static void pool_free(void *context, void *memory, size_t size) {
    pool_t *pool = context;
    (void)size;
    pool->frames--;
    free(memory);
}

static void pool_released(void *context, void *memory) {
    pool_t *pool = context;
    pool->blocks--;
    free(memory);
}

static mn_forth_config_t pool_config(pool_t *pool) {
    mn_forth_config_t config = MN_FORTH_CONFIG_DEFAULT;
    config.memory_context = pool;
    config.alloc = pool_alloc;
    config.free = pool_free;
    config.released = pool_released;
    return config;
}

static mn_forth_t *fork_of(mn_forth_t *parent, pool_t *pool) {
    mn_forth_config_t config = pool_config(pool);
    size_t size = mn_forth_fork_memory_needed(parent, &config);
    void *memory = malloc(size);
    mn_forth_t *child = NULL;
    pool->blocks++;
    assert_int_equal(mn_forth_fork(&child, parent, &config, memory, size), MN_OK);
    return child;
}

// Ten thousand children come and go, in any order, and nothing is left.
static void test_fork_leaves_nothing(void **state) {
    (void)state;
    pool_t pool = {.blocks = 1};
    mn_forth_config_t config = pool_config(&pool);
    machine_t *m = make(&config);
    assert_string_equal(say(m, "variable v : inc 1 v +! ; inc"), "ok.\n");
    mn_forth_t *older = fork_of(m->vm, &pool);
    for (unsigned i = 0; i < 10000; i++) {
        mn_forth_t *child = fork_of(older, &pool);
        machine_t c = {.vm = child};
        assert_string_equal(say(&c, "inc v @ ."), "2 ok.\n");
        if (i % 2 == 0) {
            mn_forth_end(child);
        } else {
            mn_forth_end(older);
            older = fork_of(m->vm, &pool);
            mn_forth_end(child);
        }
    }
    mn_forth_end(older);
    assert_int_equal(pool.frames, 0);
    assert_int_equal(pool.blocks, 1);
    assert_string_equal(say(m, "v @ . forget v"), "1 ok.\n");
    mn_forth_end(m->vm);
    assert_int_equal(pool.blocks, 0);
    free(m);
}

static void test_fork_outlives_parent(void **state) {
    (void)state;
    pool_t pool = {.blocks = 1};
    mn_forth_config_t config = pool_config(&pool);
    machine_t *m = make(&config);
    assert_string_equal(say(m, "variable v 3 v ! : get v @ ; create t 1000 allot"), "ok.\n");
    mn_forth_t *child = fork_of(m->vm, &pool);
    mn_forth_end(m->vm);
    assert_int_equal(pool.blocks, 2);
    m->vm = child;
    assert_string_equal(say(m, "get . 4 v ! get . t 1000 1 fill : own get ; own ."), "3 4 4 ok.\n");
    mn_forth_end(child);
    assert_int_equal(pool.blocks, 0);
    assert_int_equal(pool.frames, 0);
    free(m);
}

static void test_fork_without_memory(void **state) {
    (void)state;
    pool_t pool = {.blocks = 1};
    mn_forth_config_t config = pool_config(&pool);
    machine_t *m = make(&config);
    assert_string_equal(say(m, "create t 1000 allot t 1000 7 fill"), "ok.\n");
    mn_forth_t *child = fork_of(m->vm, &pool);
    machine_t c = {.vm = child};
    pool.fail = true;
    assert_non_null(strstr(say(&c, "5 t 500 + c!"), "? out of memory: c!"));
    assert_non_null(strstr(say(m, "5 t 500 + c!"), "? out of memory: c!"));
    assert_string_equal(say(&c, "t 500 + c@ ."), "7 ok.\n");
    pool.fail = false;
    assert_string_equal(say(&c, "5 t 500 + c! t 500 + c@ ."), "5 ok.\n");
    assert_string_equal(say(m, "t 500 + c@ ."), "7 ok.\n");
    mn_forth_end(child);
    mn_forth_end(m->vm);
    assert_int_equal(pool.blocks, 0);
    assert_int_equal(pool.frames, 0);
    free(m);
}

static void test_start_a_word(void **state) {
    (void)state;
    pool_t pool = {.blocks = 1};
    mn_forth_config_t config = pool_config(&pool);
    machine_t *m = make(&config);
    (void)say(m, ": job 10 0 do i . loop ; ' job");
    uint32_t xt = mn_forth_pop(m->vm);
    mn_forth_t *child = fork_of(m->vm, &pool);
    machine_t c = {.vm = child};
    assert_int_equal(mn_forth_start(child, xt), MN_OK);
    assert_int_equal(mn_forth_start(child, xt), MN_EBUSY);
    assert_int_equal(finish(&c), MN_OK);
    assert_string_equal(c.text, "0 1 2 3 4 5 6 7 8 9 ");
    c.len = 0;
    assert_int_equal(mn_forth_start(child, 12345), MN_OK);
    assert_int_equal(finish(&c), MN_EFAILED);
    mn_forth_end(child);
    mn_forth_end(m->vm);
    free(m);
}

static void test_fork_in_a_definition(void **state) {
    (void)state;
    pool_t pool = {.blocks = 1};
    mn_forth_config_t config = pool_config(&pool);
    machine_t *m = make(&config);
    mn_forth_t *child = NULL;
    (void)say(m, ": unfinished 1");
    assert_int_equal(mn_forth_fork(&child, m->vm, &config, NULL, 0), MN_EBUSY);
    (void)say(m, ";");
    assert_int_equal(mn_forth_fork(&child, m->vm, &config, NULL, 0), MN_ENOMEM);
    config.alloc = NULL;
    assert_int_equal(mn_forth_fork(&child, m->vm, &config, NULL, 0), MN_EINVAL);
    mn_forth_end(m->vm);
    free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config),
        cmocka_unit_test(test_peeking_at_output),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_error_details),
        cmocka_unit_test(test_refused_lines),
        cmocka_unit_test(test_busy),
        cmocka_unit_test(test_runaway),
        cmocka_unit_test(test_idle_interrupt),
        cmocka_unit_test(test_back_pressure),
        cmocka_unit_test(test_two_machines),
        cmocka_unit_test(test_lines_on_demand),
        cmocka_unit_test(test_host_words),
        cmocka_unit_test(test_words_at_run_time),
        cmocka_unit_test(test_bye),
        cmocka_unit_test(test_fork_leaves_nothing),
        cmocka_unit_test(test_fork_outlives_parent),
        cmocka_unit_test(test_fork_without_memory),
        cmocka_unit_test(test_start_a_word),
        cmocka_unit_test(test_fork_in_a_definition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
