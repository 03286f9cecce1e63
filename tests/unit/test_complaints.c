/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "manifests/complaints.h"

static void assert_shown(const struct complaints *complaints, const char *expected)
{
    struct buffer out;

    buffer_init(&out, 1 << 20);
    assert_int_equal(complaints_append(&out, complaints), 0);
    assert_string_equal(out.data, expected);
    buffer_release(&out);
}

/* Complaints come out in order of file, line and column, whatever order they were found in. */
static void test_shown_in_order_of_place(void **state)
{
    struct complaints complaints;

    (void)state;
    complaints_init(&complaints);
    complain(&complaints, &(struct place){"b.yaml", 1, 1}, "third");
    complain(&complaints, &(struct place){"a.yaml", 12, 3}, "%s", "second");
    complain(&complaints, &(struct place){"a.yaml", 2, 7}, "first, %d of 2", 1);
    complain(&complaints, &(struct place){"a.yaml", 2, 30}, "behind it");
    complaints_sort(&complaints);
    assert_shown(&complaints, "a.yaml:2:7: first, 1 of 2\n"
                              "a.yaml:2:30: behind it\n"
                              "a.yaml:12:3: second\n"
                              "b.yaml:1:1: third\n");
    complaints_release(&complaints);
}

/* A complaint about a whole file has no line, and what a file smuggles in cannot move the cursor. */
static void test_foreign_bytes_are_escaped(void **state)
{
    struct complaints complaints;

    (void)state;
    complaints_init(&complaints);
    complain(&complaints, &(struct place){"evil\x1b[2J.yaml", 0, 0}, "unknown kind \"a\nb\"");
    assert_shown(&complaints, "evil\\x1b[2J.yaml: unknown kind \"a\\x0ab\"\n");
    complaints_release(&complaints);
}

/* A file that is wrong everywhere costs bounded memory: what is beyond the limit is counted. */
static void test_too_many_are_counted(void **state)
{
    struct complaints complaints;

    (void)state;
    complaints_init(&complaints);
    for (int i = 0; i < COMPLAINTS_MAX + 1234; i++)
        complain(&complaints, &(struct place){"a.yaml", 1, 1}, "wrong");
    assert_int_equal(complaints.count, COMPLAINTS_MAX);
    assert_int_equal(complaints.dropped, 1234);

    struct buffer out;
    buffer_init(&out, 1 << 20);
    assert_int_equal(complaints_append(&out, &complaints), 0);
    assert_string_equal(out.data + out.length - sizeof "1,234 more, not shown\n" + 1, "1,234 more, not shown\n");
    buffer_release(&out);
    complaints_release(&complaints);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shown_in_order_of_place),
        cmocka_unit_test(test_foreign_bytes_are_escaped),
        cmocka_unit_test(test_too_many_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
