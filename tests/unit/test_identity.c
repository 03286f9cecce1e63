/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "api/instance.h"

/* Facts are sorted by key, so that equal identities are equal whatever order they were told in. */
static void facts_are_sorted(void **state)
{
    (void)state;
    struct identity a = {0}, b = {0};

    assert_int_equal(identity_set(&a, "region", "cn-hangzhou"), 0);
    assert_int_equal(identity_set(&a, "account", "42"), 0);
    assert_int_equal(identity_set(&b, "account", "42"), 0);
    assert_int_equal(identity_set(&b, "region", "cn-hangzhou"), 0);
    assert_string_equal(a.facts[0].key, "account");
    assert_true(identity_equal(&a, &b));
}

/* A fact told again replaces the earlier one. */
static void a_fact_is_replaced(void **state)
{
    (void)state;
    struct identity identity = {0};

    assert_int_equal(identity_set(&identity, "brokers", "2"), 0);
    assert_int_equal(identity_set(&identity, "brokers", "3"), 0);
    assert_int_equal(identity.count, 1);
    assert_string_equal(identity_value(&identity, "brokers"), "3");
    assert_null(identity_value(&identity, "broker"));
}

/* Another value, another key or one fact more makes another identity. */
static void other_facts_differ(void **state)
{
    (void)state;
    struct identity a = {0}, value = {0}, key = {0}, none = {0};

    identity_set(&a, "region", "one");
    identity_set(&value, "region", "two");
    identity_set(&key, "realm", "one");
    assert_false(identity_equal(&a, &value));
    assert_false(identity_equal(&a, &key));
    assert_false(identity_equal(&a, &none));
}

/* What does not fit is refused and changes nothing: a cut fact would compare as equal to another. */
static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    struct identity identity = {0};
    char text[300];

    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    assert_int_equal(identity_set(&identity, "key", text), -1);
    assert_int_equal(identity_set(&identity, text, "value"), -1);
    assert_int_equal(identity.count, 0);
    for (int i = 0; i < IDENTITY_MAX; i++) {
        snprintf(text, sizeof text, "key%02d", i);
        assert_int_equal(identity_set(&identity, text, "value"), 0);
    }
    assert_int_equal(identity_set(&identity, "one more", "value"), -1);
    assert_int_equal(identity_set(&identity, "key00", "replaced"), 0);
    assert_int_equal(identity.count, IDENTITY_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts_are_sorted),
        cmocka_unit_test(a_fact_is_replaced),
        cmocka_unit_test(other_facts_differ),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
