/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "api/base/file_mark.h"
#include "tests/lib/scratch.h"

/* Long before and long after any time that the tests give to files. */
static const int64_t LATE = INT64_C(4000000000000);

static void set_age(const char *path, time_t seconds)
{
    struct timespec times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static struct file_mark mark_of(const char *path)
{
    struct file_mark mark = {.path = (char *)path};
    assert_int_equal(file_mark_take(path, &mark), 0);
    return mark;
}

/* A file that nobody touches stays current; an edit, even one of the same length, does not. */
static void an_edit_is_seen(void **state)
{
    (void)state;
    scratch_put("a.yaml", "one");
    set_age("a.yaml", 1000);
    struct file_mark mark = mark_of("a.yaml");

    assert_true(file_marks_current(&mark, 1, LATE));
    scratch_put("a.yaml", "two");
    assert_false(file_marks_current(&mark, 1, LATE));
}

/* A file put in place of another with the same length and time, as some editors do, is another file. */
static void a_rename_into_place_is_seen(void **state)
{
    (void)state;
    scratch_put("a.yaml", "one");
    scratch_put("new", "two");
    set_age("a.yaml", 1000);
    set_age("new", 1000);
    struct file_mark mark = mark_of("a.yaml");

    assert_int_equal(rename("new", "a.yaml"), 0);
    assert_false(file_marks_current(&mark, 1, LATE));
}

/* A file that comes or goes changes its directory. */
static void entries_of_a_directory_are_seen(void **state)
{
    (void)state;
    assert_int_equal(mkdir("dir", 0700), 0);
    set_age("dir", 1000);
    struct file_mark mark = mark_of("dir");

    assert_true(file_marks_current(&mark, 1, LATE));
    scratch_put("dir/new.yaml", "");
    assert_false(file_marks_current(&mark, 1, LATE));
}

/* What is gone is not current, nor is standard input, which can be read once only. */
static void what_is_gone_is_not_current(void **state)
{
    (void)state;
    scratch_put("a.yaml", "one");
    struct file_mark marks[2] = {mark_of("a.yaml"), {.path = (char *)"-"}};

    assert_false(file_marks_current(&marks[1], 1, LATE));
    assert_true(file_marks_current(marks, 1, LATE));
    assert_int_equal(unlink("a.yaml"), 0);
    assert_false(file_marks_current(marks, 1, LATE));
    assert_int_equal(file_mark_take("a.yaml", &marks[0]), -1);
}

/* A file written in the very moment it was read may change again within one tick of its clock: it is read once more. */
static void a_fresh_file_is_not_trusted(void **state)
{
    (void)state;
    scratch_put("a.yaml", "one");
    set_age("a.yaml", 1000);
    struct file_mark mark = mark_of("a.yaml");

    assert_false(file_marks_current(&mark, 1, 1000 * 1000 + 1));
    assert_true(file_marks_current(&mark, 1, 1000 * 1000 + 2001));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_edit_is_seen, scratch_enter, scratch_leave),
        cmocka_unit_test_setup_teardown(a_rename_into_place_is_seen, scratch_enter, scratch_leave),
        cmocka_unit_test_setup_teardown(entries_of_a_directory_are_seen, scratch_enter, scratch_leave),
        cmocka_unit_test_setup_teardown(what_is_gone_is_not_current, scratch_enter, scratch_leave),
        cmocka_unit_test_setup_teardown(a_fresh_file_is_not_trusted, scratch_enter, scratch_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
