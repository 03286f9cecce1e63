/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/base/lock.h"
#include "api/base/path.h"
#include "api/cause.h"
#include "tests/lib/scratch.h"

/* A child that takes the lock, says so, and holds it until it is killed. */
static pid_t start_holder(const char *path)
{
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct lock lock = LOCK_INIT;
        struct failure why = FAILURE_INIT;
        if (lock_take(&lock, path, &why) != 0 || write(ready[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return child;
}

static void kill_holder(pid_t child)
{
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

/* While another process holds the lock, taking it fails at once and names that process. */
static void the_holder_is_named(void **state)
{
    (void)state;
    struct lock lock = LOCK_INIT;
    struct failure why = FAILURE_INIT;
    char expected[100];

    pid_t child = start_holder("a.lock");
    assert_int_equal(lock_take(&lock, "a.lock", &why), -1);
    assert_int_equal(why.cause, CAUSE_STATE_LOCKED);
    snprintf(expected, sizeof expected, "a.lock is locked by process %ld", (long)child);
    assert_string_equal(why.text, expected);
    kill_holder(child);
}

/* A holder that is killed leaves no lock behind; the file stays. */
static void a_killed_holder_leaves_no_lock(void **state)
{
    (void)state;
    struct lock lock = LOCK_INIT;
    struct failure why = FAILURE_INIT;

    kill_holder(start_holder("a.lock"));
    assert_int_equal(lock_take(&lock, "a.lock", &why), 0);
    lock_release(&lock);
    lock_release(&lock);
    assert_true(scratch_exists("a.lock"));
}

/* The same process cannot take it twice either: two syncs must not write one file at a time. */
static void one_process_takes_it_once(void **state)
{
    (void)state;
    struct lock first = LOCK_INIT, second = LOCK_INIT;
    struct failure why = FAILURE_INIT;

    assert_int_equal(lock_take(&first, "a.lock", &why), 0);
    assert_int_equal(lock_take(&second, "a.lock", &why), -1);
    assert_int_equal(why.cause, CAUSE_STATE_LOCKED);
    lock_release(&first);
    assert_int_equal(lock_take(&second, "a.lock", &why), 0);
    lock_release(&second);
}

/* Text that is no process id is not shown as one. */
static void foreign_text_is_not_named(void **state)
{
    (void)state;
    struct lock first = LOCK_INIT, second = LOCK_INIT;
    struct failure why = FAILURE_INIT;

    assert_int_equal(lock_take(&first, "a.lock", &why), 0);
    scratch_put("a.lock", "somebody\n");
    assert_int_equal(lock_take(&second, "a.lock", &why), -1);
    assert_string_equal(why.text, "a.lock is locked by somebody else");
    lock_release(&first);
}

/* A missing directory, a directory, a symbolic link and a FIFO are refused: there is nothing to lock. */
static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    struct lock lock = LOCK_INIT;
    struct failure why = FAILURE_INIT;

    assert_int_equal(lock_take(&lock, "absent/a.lock", &why), -1);
    assert_int_equal(why.cause, CAUSE_STATE_UNWRITABLE);
    assert_non_null(strstr(why.text, "its directory does not exist"));
    assert_int_equal(mkdir("dir", 0700), 0);
    assert_int_equal(lock_take(&lock, "dir", &why), -1);
    assert_int_equal(why.cause, CAUSE_STATE_UNWRITABLE);
    assert_int_equal(symlink("elsewhere", "link"), 0);
    assert_int_equal(lock_take(&lock, "link", &why), -1);
    assert_false(scratch_exists("elsewhere"));
    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_int_equal(lock_take(&lock, "fifo", &why), -1);
    assert_int_equal(why.cause, CAUSE_STATE_UNWRITABLE);
}

/* Every spelling of a file's name leads to one, whether the file is there or not. */
static void spellings_lead_to_one_name(void **state)
{
    const char *spellings[] = {"dir/file", "./dir//file", "dir/../dir/file", "link/file"};
    char expected[200];

    snprintf(expected, sizeof expected, "%s/dir/file", (char *)*state);
    assert_int_equal(mkdir("dir", 0700), 0);
    assert_int_equal(symlink("dir", "link"), 0);
    for (int there = 0; there < 2; there++) {
        for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
            char *real = path_real(spellings[i]);
            assert_string_equal(real, expected);
            free(real);
        }
        scratch_put("dir/file", "");
    }
}

/* Absent directories stay as they are spelt behind what exists. */
static void absent_directories_stay(void **state)
{
    char expected[200];

    snprintf(expected, sizeof expected, "%s/no/such/file", (char *)*state);
    char *real = path_real("no/such/file/");
    assert_string_equal(real, expected);
    free(real);
    real = path_real("/no-such-file");
    assert_string_equal(real, "/no-such-file");
    free(real);
    assert_null(path_real(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_holder_is_named, scratch_enter, scratch_leave),
        cmocka_unit_test_setup_teardown(a_killed_holder_leaves_no_lock, scratch_enter, scratch_leave),
        cmocka_unit_test_setup_teardown(one_process_takes_it_once, scratch_enter, scratch_leave),
        cmocka_unit_test_setup_teardown(foreign_text_is_not_named, scratch_enter, scratch_leave),
        cmocka_unit_test_setup_teardown(what_is_no_file_is_refused, scratch_enter, scratch_leave),
        cmocka_unit_test_setup_teardown(spellings_lead_to_one_name, scratch_enter, scratch_leave),
        cmocka_unit_test_setup_teardown(absent_directories_stay, scratch_enter, scratch_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
