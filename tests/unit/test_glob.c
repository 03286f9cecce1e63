/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "api/base/glob.h"

static bool match(const char *pattern, const char *name)
{
    return glob_match(text_of(pattern), text_of(name));
}

/* Without wild cards a pattern matches exactly its own text. */
static void literals_match_whole_names(void **state)
{
    (void)state;
    assert_true(match("orders", "orders"));
    assert_false(match("orders", "orders2"));
    assert_false(match("orders", "order"));
    assert_false(match("orders", "Orders"));
    assert_true(match("", ""));
    assert_false(match("", "a"));
    assert_true(match("[a-z]\\", "[a-z]\\"));
}

/* A star stands for any run of bytes, the empty one too, wherever it stands. */
static void stars_match_any_run(void **state)
{
    (void)state;
    assert_true(match("*", ""));
    assert_true(match("**", "anything at all"));
    assert_true(match("orders*", "orders"));
    assert_true(match("*_test", "a_test_test"));
    assert_false(match("*_test", "a_test_"));
    assert_true(match("a*b*c", "aXbYbZc"));
    assert_false(match("a*b*c", "aXcYb"));
    assert_true(match("*%*%", "MQ_INST_1%orders%"));
}

/* A question mark stands for one code point, however many bytes it has, and never for a part of one. */
static void question_marks_match_one_code_point(void **state)
{
    (void)state;
    assert_true(match("a?c", "abc"));
    assert_true(match("a?c", "a中c"));
    assert_true(match("a?c", "a\xF0\x9F\x98\x80"
                             "c"));
    assert_false(match("a??c", "a中c"));
    assert_false(match("?", ""));
    assert_false(match("*??", "中"));
    assert_true(match("*??", "中é"));
    assert_true(match("?", "\x80"));
    assert_true(match("???", "\xE4\xB8"
                             "x"));
}

/* The worst pattern against the worst name ends after about pattern × name steps: this test would hang otherwise. */
static void many_stars_stay_quadratic(void **state)
{
    (void)state;
    char pattern[201], name[2001];
    for (size_t i = 0; i < 200; i++)
        pattern[i] = i % 2 ? 'a' : '*';
    pattern[199] = 'b';
    pattern[200] = '\0';
    memset(name, 'a', sizeof name - 1);
    name[2000] = '\0';
    assert_false(match(pattern, name));
    name[1999] = 'b';
    assert_true(match(pattern, name));
}

/* A literal holds neither * nor ?. */
static void literals_are_told_apart(void **state)
{
    (void)state;
    assert_true(glob_is_literal(TEXT("orders")));
    assert_true(glob_is_literal(TEXT("")));
    assert_true(glob_is_literal((struct text){NULL, 0}));
    assert_false(glob_is_literal(TEXT("orders*")));
    assert_false(glob_is_literal(TEXT("order?")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals_match_whole_names),
        cmocka_unit_test(stars_match_any_run),
        cmocka_unit_test(question_marks_match_one_code_point),
        cmocka_unit_test(many_stars_stay_quadratic),
        cmocka_unit_test(literals_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
