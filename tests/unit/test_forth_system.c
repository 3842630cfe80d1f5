// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// Forth programs beside the shells: the spawn service, and the words for time, ports and programs.

#include "test_line.h"

// cmocka needs these before it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <mnemos/forth_shell.h>
#include <stdlib.h>
#include <string.h>

enum { HEAP = 128 * 1024, PORT = 10 };

typedef struct fixture {
    test_line_t line;
    mn_serial_mux_t *mux;
    mn_forth_system_t *forth;
    mn_task_t *shell;
    test_task_t user; // in whose name the test calls the spawn service
    mn_forth_spawn_client_t client;
} fixture_t;

static int setup(void **state) {
    fixture_t *f = calloc(1, sizeof(*f));
    test_line_init(&f->line, HEAP);
    mn_serial_mux_config_t mux = MN_SERIAL_MUX_DEFAULTS;
    mux.max_ports = 40;
    mn_forth_system_config_t system = MN_FORTH_SYSTEM_DEFAULTS;
    system.max_tasks = 4;
    mn_forth_shell_config_t shell = MN_FORTH_SHELL_DEFAULTS(PORT);
    shell.forth.window_size = 16 * 256;
    assert_int_equal(mn_serial_mux_start(&f->line.registry, &mux, &f->mux), MN_OK);
    assert_int_equal(mn_forth_system_start(&f->line.registry, &system, &f->forth), MN_OK);
    assert_int_equal(mn_forth_shell_start(f->forth, &shell, "shell", &f->shell), MN_OK);
    test_task_spawn(&f->line.tk, &f->user, "user", NULL, NULL);
    const mn_unit_t hello = {0};
    while (mn_forth_spawn_connect(&f->client, &f->line.registry, &f->user.task, &hello) ==
           MN_PENDING) {
        test_kernel_run(&f->line.tk);
    }
    assert_string_equal(test_line_text(&f->line, PORT), "ok.\n");
    *state = f;
    return 0;
}

static int teardown(void **state) {
    fixture_t *f = *state;
    mn_forth_spawn_disconnect(&f->client);
    mn_cancel_now(&f->user.task);
    mn_cancel_now(f->shell);
    mn_task_release(f->shell);
    mn_forth_system_stop(f->forth);
    mn_serial_mux_stop(f->mux);
    test_kernel_run(&f->line.tk); // programs that were stopped give their storage back
    assert_int_equal(test_kernel_heap_in_use(&f->line.tk), 0);
    test_line_end(&f->line);
    free(f);
    return 0;
}

static const char *ask(fixture_t *f, const char *line) {
    test_line_send(&f->line, PORT, line);
    return test_line_text(&f->line, PORT);
}

// The first line of an answer; its further lines are for people.
static const char *first_line(const char *answer) {
    static char line[300];
    size_t len = strcspn(answer, "\n");
    memcpy(line, answer, len);
    line[len] = '\0';
    return line;
}

// Start a program; its number, or 0 and the reason in `*why`.
static uint32_t spawn(fixture_t *f, const char *source, uint16_t port, mn_status_t *why) {
    const mn_forth_program_t program = {.source = source, .len = strlen(source), .port = port};
    mn_status_t status = MN_PENDING;
    for (int i = 0; i < 4 && status == MN_PENDING; i++) {
        status = mn_forth_spawn_call(&f->client, &f->user.task, &program);
        if (status == MN_PENDING) {
            (void)mn_kernel_tick(&f->line.tk.kernel);
        }
    }
    *why = (status == MN_EFAILED) ? mn_forth_spawn_error(&f->client)->status : status;
    return (status == MN_OK) ? mn_forth_spawn_response(&f->client)->id : 0;
}

static void a_program_runs_and_its_exit_code_is_kept(void **state) {
    fixture_t *f = *state;
    mn_status_t why = MN_OK;
    int32_t code = 99;
    const uint32_t good = spawn(f, "1 2 + drop", MN_FORTH_NO_PORT, &why);
    const uint32_t bad = spawn(f, "1 0 /", MN_FORTH_NO_PORT, &why);
    assert_true(good != 0 && bad != 0 && good != bad);
    test_kernel_run(&f->line.tk);
    assert_int_equal(mn_forth_exit_code(f->forth, good, &code), MN_OK);
    assert_int_equal(code, 0);
    assert_int_equal(mn_forth_exit_code(f->forth, bad, &code), MN_OK);
    assert_int_equal(code, -10); // division by zero, as the standard numbers it
    assert_int_equal(mn_forth_exit_code(f->forth, 12345, &code), MN_ENOTFOUND);
    assert_int_equal(mn_forth_count(f->forth), 1);
}

static void a_programs_output_goes_to_its_port(void **state) {
    fixture_t *f = *state;
    mn_status_t why = MN_OK;
    assert_true(spawn(f, ": greet .\" from afar\" ; greet", 77, &why) != 0);
    assert_non_null(strstr(test_line_text(&f->line, 77), "from afar"));
    // The port is closed with the program, so the next one can have it.
    assert_true(spawn(f, ".\" again\"", 77, &why) != 0);
    assert_non_null(strstr(test_line_text(&f->line, 77), "again"));
}

static void too_many_programs_and_bad_lines_are_refused(void **state) {
    fixture_t *f = *state;
    mn_status_t why = MN_OK;
    char line[300];
    memset(line, '1', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\0';
    assert_int_equal(spawn(f, line, MN_FORTH_NO_PORT, &why), 0);
    assert_int_equal(why, MN_ETOOBIG);
    assert_int_equal(spawn(f, "\xFF", MN_FORTH_NO_PORT, &why), 0);
    assert_int_equal(why, MN_EINVAL);
    for (int i = 0; i < 3; i++) {
        assert_true(spawn(f, "100 sleep::s", MN_FORTH_NO_PORT, &why) != 0);
    }
    assert_int_equal(spawn(f, "1", MN_FORTH_NO_PORT, &why), 0);
    assert_int_equal(why, MN_EFULL);
}

static void programs_are_listed_joined_and_stopped(void **state) {
    fixture_t *f = *state;
    mn_status_t why = MN_OK;
    const uint32_t id = spawn(f, "5 sleep::ms 7 throw", MN_FORTH_NO_PORT, &why);
    assert_int_equal(id, 2); // the shell is 1
    const char *list = ask(f, "tasks\n");
    assert_non_null(strstr(list, "\n   1  shell "));
    assert_non_null(strstr(list, "\n   2  program "));
    assert_string_equal(ask(f, "2 join .\n"), "");
    test_kernel_advance(&f->line.tk, 5000);
    assert_string_equal(test_line_text(&f->line, PORT), "7 ok.\n");
    assert_string_equal(ask(f, "2 join .\n"), "7 ok.\n"); // also when it has ended before

    assert_int_equal(spawn(f, ": spin begin again ; spin", MN_FORTH_NO_PORT, &why), 3);
    test_line_send(&f->line, PORT, "3 stop 3 join . task-id .\n");
    for (int i = 0; i < 10; i++) {
        (void)mn_kernel_tick(&f->line.tk.kernel);
    }
    assert_string_equal(test_line_text(&f->line, PORT), "-28 1 ok.\n");
    assert_int_equal(ask(f, "99 stop\n")[0], '?');
    assert_int_equal(ask(f, "1 stop\n")[0], '?');
    assert_int_equal(ask(f, "1 join\n")[0], '?');
}

// The line of a table that starts with a name, which may have a number before it; NULL if there is
// none.
static const char *line_of(const char *table, const char *name) {
    for (const char *line = table; line != NULL; line = strchr(line, '\n')) {
        line += (*line == '\n') ? 1 : 0;
        const char *start = line + strspn(line, " 0123456789");
        if (strncmp(start, name, strlen(name)) == 0) {
            return start + strlen(name);
        }
        if (strchr(line, '\n') == NULL) {
            break;
        }
    }
    return NULL;
}

// The n-th number on a line.
static unsigned long number_in(const char *line, unsigned n) {
    assert_non_null(line);
    unsigned long number = 0;
    for (unsigned i = 0; i <= n; i++) {
        line += strcspn(line, "0123456789\n");
        assert_true(*line != '\n');
        number = strtoul(line, (char **)(uintptr_t)&line, 10);
    }
    return number;
}

// Each table is longer than what a VM can print at once.
static void tables_show_the_system(void **state) {
    fixture_t *f = *state;
    const char *tasks = ask(f, "tasks\n");
    assert_non_null(line_of(tasks, "shell                   running "));
    assert_non_null(line_of(tasks, "user                    waiting "));
    assert_non_null(line_of(tasks, "mux input"));
    assert_non_null(line_of(tasks, "forth system"));
    assert_non_null(strstr(tasks, "-\nok.\n")); // times are not measured here
    const char *services = ask(f, "services\n");
    assert_int_equal(number_in(line_of(services, "forth spawn"), 0), 1);
    assert_int_equal(number_in(line_of(services, "forth spawn"), 1), 0);
    assert_int_equal(number_in(line_of(services, "forth spawn"), 2), 4);
    assert_int_equal(number_in(line_of(services, "simple serial port"), 0), 1);

    const char *heap = ask(f, "heap\n");
    const unsigned long sum = number_in(line_of(heap, "tasks"), 0) +
                              number_in(line_of(heap, "forth"), 0) +
                              number_in(line_of(heap, "mux ports"), 0);
    assert_int_equal(sum, test_kernel_heap_in_use(&f->line.tk));
    assert_int_equal(number_in(line_of(heap, "all"), 0), sum);
    mn_heap_stats_t stats;
    mn_heap_stats(&f->line.tk.kernel.heap, &stats);
    assert_int_equal(number_in(line_of(heap, "free"), 0), stats.free);
}

static void shares_are_shown_where_time_is_measured(void **state) {
    fixture_t *f = *state;
    f->line.tk.kernel.config.time_polls = true;
    test_kernel_advance(&f->line.tk, 1000);
    mn_task_t *user = &f->user.task;
    user->run_ticks = 255;
    assert_non_null(strstr(line_of(ask(f, "tasks\n"), "user"), " 25.5%\n"));
    user->run_ticks = 1000;
    assert_non_null(strstr(line_of(ask(f, "tasks\n"), "user"), "100.0%\n"));
}

// The longest names and numbers leave their columns in place.
static void long_names_are_cut(void **state) {
    fixture_t *f = *state;
    test_task_t task = {0};
    test_task_spawn(&f->line.tk, &task,
                    "a task that has a name that is far too long for its column", NULL, NULL);
    task.task.polls = 4294967294U; // and one more
    const char *tasks = ask(f, "tasks\n");
    assert_non_null(line_of(tasks, "a task that has a name  waiting 4294967295 "));
    mn_cancel_now(&task.task);
}

static void ten_thousand_programs_leave_the_heap_as_it_was(void **state) {
    fixture_t *f = *state;
    mn_status_t why = MN_OK;
    (void)spawn(f, "1 drop", MN_FORTH_NO_PORT, &why);
    test_kernel_run(&f->line.tk);
    const size_t in_use = test_kernel_heap_in_use(&f->line.tk);
    for (int i = 0; i < 10000; i++) {
        assert_true(spawn(f, "variable x 5 x !", MN_FORTH_NO_PORT, &why) != 0);
        test_kernel_run(&f->line.tk);
    }
    assert_int_equal(test_kernel_heap_in_use(&f->line.tk), in_use);
}

static void sleeping_takes_the_time_it_says(void **state) {
    fixture_t *f = *state;
    assert_string_equal(ask(f, "utime drop 3 sleep::ms utime drop swap - .\n"), "");
    test_kernel_advance(&f->line.tk, 2999);
    assert_string_equal(test_line_text(&f->line, PORT), "");
    test_kernel_advance(&f->line.tk, 1);
    assert_string_equal(test_line_text(&f->line, PORT), "3000 ok.\n");
    assert_int_equal(ask(f, "-1 sleep::ms\n")[0], '?');
}

// Ctrl-C in the middle of a wait ends the line, and the next wait starts anew.
static void a_wait_can_be_interrupted(void **state) {
    fixture_t *f = *state;
    assert_string_equal(ask(f, "100 sleep::s\n"), "");
    assert_int_equal(ask(f, "\x03")[0], '?');
    assert_string_equal(ask(f, "1 sleep::ms\n"), "");
    test_kernel_advance(&f->line.tk, 1000);
    assert_string_equal(test_line_text(&f->line, PORT), "ok.\n");
}

static void a_program_talks_through_a_port_of_its_own(void **state) {
    fixture_t *f = *state;
    assert_string_equal(ask(f, "77 32 sermux::open_port constant p\n"), "ok.\n");
    test_line_send(&f->line, PORT, "s\" over there\" p sermux::write\n");
    assert_string_equal(test_line_text(&f->line, 77), "over there");
    assert_string_equal(ask(f, "create buf 32 allot : get buf 32 p sermux::read buf swap type ;\n"),
                        "ok.\n");
    test_line_send(&f->line, PORT, "get\n");
    test_kernel_run(&f->line.tk);
    test_line_send(&f->line, 77, "and back");
    assert_string_equal(test_line_text(&f->line, PORT), "and backok.\n");
    assert_string_equal(ask(f, "p close\n"), "ok.\n");
    assert_int_equal(ask(f, "p close\n")[0], '?');
    assert_int_equal(ask(f, "buf 1 p sermux::write\n")[0], '?');
}

static void ports_that_cannot_be_opened_are_an_error(void **state) {
    fixture_t *f = *state;
    static const char *const lines[] = {"10 32 sermux::open_port\n", "70000 32 sermux::open_port\n",
                                        "77 0 sermux::open_port\n", "77 -1 sermux::open_port\n",
                                        "1 2 3 sermux::read\n"};
    for (size_t i = 0; i < MN_COUNT_OF(lines); i++) {
        assert_int_equal(ask(f, lines[i])[0], '?');
        assert_string_equal(ask(f, "1 .\n"), "1 ok.\n");
    }
}

// Handles end with the VM: what was open can be opened again.
static void bye_closes_what_was_open(void **state) {
    fixture_t *f = *state;
    assert_string_equal(ask(f, "77 32 sermux::open_port drop\n"), "ok.\n");
    assert_int_equal(ask(f, "77 32 sermux::open_port\n")[0], '?');
    (void)ask(f, "bye\n");
    assert_string_equal(ask(f, "77 32 sermux::open_port drop\n"), "ok.\n");
}

static void sixteen_handles_are_the_most(void **state) {
    fixture_t *f = *state;
    const char *answer = ask(f, ": many 17 0 do 100 i + 8 sermux::open_port drop loop ; many\n");
    assert_int_equal(answer[0], '?');
    assert_int_equal(mn_serial_mux_stats(f->mux).open_ports, 1 + 16); // the shell's and these
    assert_string_equal(ask(f, "7 close 300 8 sermux::open_port drop\n"), "ok.\n");
}

static void keys_are_read_one_by_one(void **state) {
    fixture_t *f = *state;
    assert_string_equal(ask(f, "key? . key . key .\n"), "0 ");
    test_line_send(&f->line, PORT, "A");
    test_line_send(&f->line, PORT, "B");
    assert_string_equal(test_line_text(&f->line, PORT), "65 66 ok.\n");
}

// What a child sees is the parent's data as of the spawn; what either writes later, the other never
// sees. Both words were compiled before, so they use the same addresses.
static void a_child_has_a_copy_of_all_data(void **state) {
    fixture_t *f = *state;
    (void)ask(f, "variable v 5 v ! : child v @ . 2 sleep::ms v @ . 7 v ! v @ . ;\n");
    assert_string_equal(ask(f, "' child spawn 6 v ! .\n"), "2 ok.\n5 ");
    test_kernel_advance(&f->line.tk, 2000);
    assert_string_equal(test_line_text(&f->line, PORT), "5 7 ");
    assert_string_equal(ask(f, "v @ .\n"), "6 ok.\n");
}

static void a_childs_new_words_are_its_own(void **state) {
    fixture_t *f = *state;
    (void)ask(f, ": child s\" : fresh 8 ; fresh .\" evaluate ;\n");
    assert_non_null(strstr(ask(f, "' child spawn drop\n"), "8 "));
    assert_string_equal(first_line(ask(f, "fresh\n")), "? undefined word: fresh");
}

static void a_failing_child_says_so_on_its_parents_terminal(void **state) {
    fixture_t *f = *state;
    (void)ask(f, ": child 1 0 / ;\n");
    const char *answer = ask(f, "' child spawn join .\n");
    assert_non_null(strstr(answer, "? program 2: division by zero"));
    assert_non_null(strstr(answer, "-10 ok.\n"));
}

static void spawning_what_is_no_word_is_an_error_of_the_child(void **state) {
    fixture_t *f = *state;
    const char *answer = ask(f, "12345678 spawn join 0= .\n");
    assert_non_null(strstr(answer, "0 ok.\n")); // its exit code is not 0
    assert_string_equal(ask(f, "1 .\n"), "1 ok.\n");
}

static void a_childs_output_can_go_to_a_port(void **state) {
    fixture_t *f = *state;
    (void)ask(f, ": child .\" elsewhere\" ;\n");
    test_line_send(&f->line, PORT, "' child 77 8 sermux::open_port spawn-to drop\n");
    assert_string_equal(test_line_text(&f->line, 77), "elsewhere");
    assert_string_equal(ask(f, "' child 77 8 sermux::open_port spawn-to join .\n"), "0 ok.\n");
}

static void ten_thousand_children_leave_the_heap_as_it_was(void **state) {
    fixture_t *f = *state;
    (void)ask(f, "variable v : child 1 v +! ; : go 0 do ['] child spawn join drop loop ;\n");
    (void)ask(f, "1 go\n");
    const size_t in_use = test_kernel_heap_in_use(&f->line.tk);
    assert_string_equal(ask(f, "10000 go v @ .\n"), "0 ok.\n");
    assert_int_equal(test_kernel_heap_in_use(&f->line.tk), in_use);
}

// The parent's VM goes with `bye`, but its memory stays until the child, which shares it, has gone.
static void a_child_outlives_its_parents_vm(void **state) {
    fixture_t *f = *state;
    (void)ask(f, "variable v 5 v ! : child 2 sleep::ms v @ . ;\n");
    const size_t alone = test_kernel_heap_in_use(&f->line.tk);
    (void)ask(f, "' child spawn drop\n");
    assert_non_null(strstr(ask(f, "bye\n"), "ok.\n"));
    assert_true(test_kernel_heap_in_use(&f->line.tk) > alone);
    test_kernel_advance(&f->line.tk, 2000);
    assert_string_equal(test_line_text(&f->line, PORT), "5 ");
    assert_int_equal(test_kernel_heap_in_use(&f->line.tk), alone);
}

static void a_spawn_that_finds_no_memory_is_an_error(void **state) {
    fixture_t *f = *state;
    (void)ask(f, ": child ;\n");
    const size_t in_use = test_kernel_heap_in_use(&f->line.tk);
    for (uint32_t nth = 1; nth <= 2; nth++) {
        mn_heap_fail_nth(&f->line.tk.kernel.heap, nth);
        assert_int_equal(ask(f, "' child spawn\n")[0], '?');
        assert_int_equal(test_kernel_heap_in_use(&f->line.tk), in_use);
    }
    assert_int_equal(ask(f, "' child spawn spawn spawn spawn spawn\n")[0], '?'); // too many
}

static void pages_are_added_published_and_read_by_others(void **state) {
    fixture_t *f = *state;
    const size_t in_use = test_kernel_heap_in_use(&f->line.tk);
    assert_string_equal(ask(f, "2 pages constant p 77 p 300 + !\n"), "ok.\n");
    assert_string_equal(ask(f, "variable key# p 2 publish key# !\n"), "ok.\n");
    assert_non_null(strstr(ask(f, "1 p !\n"), "read-only"));
    (void)ask(f, ": child key# @ shared-pages drop dup 300 + @ . dup p = . 1 swap ! ;\n");
    // The child has the parent's pages already; what it maps is in another place, and read-only
    // too.
    const char *answer = ask(f, "' child spawn join drop\n");
    assert_non_null(strstr(answer, "77 0 "));
    assert_non_null(strstr(answer, "read-only"));
    assert_string_equal(ask(f, "key# @ withdraw p 2 free-pages\n"), "ok.\n");
    assert_int_equal(test_kernel_heap_in_use(&f->line.tk), in_use);
    assert_int_equal(ask(f, "key# @ shared-pages\n")[0], '?');
    assert_int_equal(ask(f, "key# @ withdraw\n")[0], '?');
    assert_int_equal(ask(f, "1000 pages\n")[0], '?');
}

// A program that ends takes back what it published; who has mapped it keeps it.
static void what_is_published_goes_with_its_program(void **state) {
    fixture_t *f = *state;
    (void)ask(f, ": child 1 pages 88 over ! 1 publish . 5 sleep::ms ;\n");
    assert_non_null(strstr(ask(f, "' child spawn drop\n"), "1 "));
    assert_string_equal(ask(f, "1 shared-pages drop constant q\n"), "ok.\n");
    test_kernel_advance(&f->line.tk, 5000);
    assert_int_equal(ask(f, "1 shared-pages\n")[0], '?');
    assert_string_equal(ask(f, "q @ .\n"), "88 ok.\n");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_program_runs_and_its_exit_code_is_kept),
        TEST(a_programs_output_goes_to_its_port),
        TEST(too_many_programs_and_bad_lines_are_refused),
        TEST(programs_are_listed_joined_and_stopped),
        TEST(tables_show_the_system),
        TEST(shares_are_shown_where_time_is_measured),
        TEST(long_names_are_cut),
        TEST(ten_thousand_programs_leave_the_heap_as_it_was),
        TEST(sleeping_takes_the_time_it_says),
        TEST(a_wait_can_be_interrupted),
        TEST(a_program_talks_through_a_port_of_its_own),
        TEST(ports_that_cannot_be_opened_are_an_error),
        TEST(bye_closes_what_was_open),
        TEST(sixteen_handles_are_the_most),
        TEST(keys_are_read_one_by_one),
        TEST(a_child_has_a_copy_of_all_data),
        TEST(a_childs_new_words_are_its_own),
        TEST(a_failing_child_says_so_on_its_parents_terminal),
        TEST(spawning_what_is_no_word_is_an_error_of_the_child),
        TEST(a_childs_output_can_go_to_a_port),
        TEST(ten_thousand_children_leave_the_heap_as_it_was),
        TEST(a_child_outlives_its_parents_vm),
        TEST(pages_are_added_published_and_read_by_others),
        TEST(what_is_published_goes_with_its_program),
        TEST(a_spawn_that_finds_no_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
