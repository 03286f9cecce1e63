/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "manifests/name_index.h"

/* The numbers of the rules that match, in the order in which they come, as "0 2 5 ". */
static void assert_matches(const char *const *patterns, uint32_t count, const char *name, const char *expected)
{
    struct name_index *index = name_index_new(count);
    struct name_cursor cursor = {0};
    char found[256] = "";
    size_t used = 0;
    uint32_t rule;

    assert_non_null(index);
    for (uint32_t i = 0; i < count; i++)
        name_index_add(index, text_of(patterns[i]));
    while (name_index_next(index, text_of(name), &cursor, &rule))
        used += (size_t)snprintf(found + used, sizeof found - used, "%u ", rule);
    assert_string_equal(found, expected);
    assert_false(name_index_next(index, text_of(name), &cursor, &rule));
    name_index_free(index);
}

#define ASSERT_MATCHES(name, expected, ...)                                                                            \
    assert_matches((const char *const[]){__VA_ARGS__},                                                                 \
                   (uint32_t)(sizeof(const char *const[]){__VA_ARGS__} / sizeof(const char *)), name, expected)

/* Rules come back in the order in which they were added, whether they are literal or globs. */
static void rules_come_in_order(void **state)
{
    (void)state;
    ASSERT_MATCHES("orders", "0 1 3 4 ", "orders", "o*", "payments", "orders", "*", "p*");
    ASSERT_MATCHES("orders", "0 1 2 ", "*", "orders", "or?ers");
    ASSERT_MATCHES("orders", "0 1 2 ", "orders", "orders", "orders");
}

/* A name that no rule speaks of matches nothing, and neither does anything in an empty list. */
static void what_is_not_listed_does_not_match(void **state)
{
    struct name_index *index = NULL;
    struct name_cursor cursor = {0};
    struct failure why = FAILURE_INIT;
    uint32_t rule;

    (void)state;
    ASSERT_MATCHES("orders", "", "order", "orders2", "x*");
    ASSERT_MATCHES("", "", "order", "?*");
    assert_int_equal(name_index_of(NULL, 0, 0, 0, &index, &why), 0);
    assert_null(index);
    assert_false(name_index_next(index, TEXT("orders"), &cursor, &rule));
    name_index_free(index);
}

/* A list of a hundred thousand names finds each of them under its own number. */
static void long_lists_of_names_are_found(void **state)
{
    enum { COUNT = 100000 };
    static char names[COUNT][16];
    static struct text patterns[COUNT];
    struct name_index *index = NULL;
    struct failure why = FAILURE_INIT;
    uint32_t rule;

    (void)state;
    for (uint32_t i = 0; i < COUNT; i++) {
        snprintf(names[i], sizeof names[i], "topic_%u", i);
        patterns[i] = text_of(names[i]);
    }
    assert_int_equal(name_index_of(patterns, sizeof *patterns, 0, COUNT, &index, &why), 0);
    for (uint32_t i = 0; i < COUNT; i++) {
        struct name_cursor cursor = {0};
        assert_true(name_index_next(index, patterns[i], &cursor, &rule));
        assert_int_equal(rule, i);
        assert_false(name_index_next(index, patterns[i], &cursor, &rule));
    }
    name_index_free(index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_come_in_order),
        cmocka_unit_test(what_is_not_listed_does_not_match),
        cmocka_unit_test(long_lists_of_names_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
