/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/cause.h"
#include "controller/plan/guard.h"

static struct failure why;

static const struct guard unguarded = {.max_creates = UINT32_MAX, .max_shrink_percent = 100};

static struct identity cluster(void)
{
    struct identity identity = {0};

    assert_int_equal(identity_set(&identity, "clusterName", "DefaultCluster"), 0);
    assert_int_equal(identity_set(&identity, "brokers", "2"), 0);
    return identity;
}

static int check(const char *key, const char *value)
{
    struct identity identity = cluster();
    struct expectation expect[2] = {{"clusterName", "DefaultCluster"}};

    strcpy(expect[1].key, key);
    strcpy(expect[1].value, value);
    return guard_identity(expect, 2, &identity, "destination", &why);
}

/* Every expected fact must be there and equal; brokers is a number. */
static void identity_must_be_the_expected_one(void **state)
{
    (void)state;
    assert_int_equal(check("clusterName", "DefaultCluster"), 0);
    assert_int_equal(check("brokers", "2"), 0);
    assert_int_equal(check("brokers", "3"), -1);
    assert_int_equal(why.cause, CAUSE_IDENTITY_MISMATCH);
    assert_string_equal(why.text, "brokers of the destination is \"2\", not the expected \"3\"");
    assert_int_equal(check("brokers", "two"), -1);
    assert_int_equal(check("clusterName", "Other"), -1);
}

/* A fact that the instance does not tell cannot be the expected one. */
static void an_unknown_fact_is_a_mismatch(void **state)
{
    (void)state;
    assert_int_equal(check("instanceName", "prod"), -1);
    assert_int_equal(why.cause, CAUSE_IDENTITY_MISMATCH);
    assert_string_equal(why.text, "the destination does not tell its instanceName, which should be \"prod\"");
}

/* A saved plan belongs to one destination: another fact means another instance. */
static void a_saved_plan_wants_just_its_facts(void **state)
{
    struct identity identity = cluster();
    struct expectation expect[2] = {{"clusterName", "DefaultCluster"}, {"brokers", "2"}};
    struct guard guard = unguarded;

    (void)state;
    guard.expect = expect;
    guard.expect_count = 1;
    assert_int_equal(guard_destination(&guard, &identity, &why), 0);
    guard.expect_exact = true;
    assert_int_equal(guard_destination(&guard, &identity, &why), -1);
    assert_int_equal(why.cause, CAUSE_IDENTITY_MISMATCH);
    guard.expect_count = 2;
    assert_int_equal(guard_destination(&guard, &identity, &why), 0);
    strcpy(expect[1].value, "3");
    assert_int_equal(guard_destination(&guard, &identity, &why), -1);
}

static struct plan plan_with(uint32_t topics, uint32_t groups)
{
    struct plan plan = {0};

    plan.counts[KIND_TOPIC].states[STATE_MISSING] = plan.counts[KIND_TOPIC].creates = topics;
    plan.counts[KIND_GROUP].states[STATE_MISSING] = plan.counts[KIND_GROUP].creates = groups;
    plan.counts[KIND_TOPIC].states[STATE_SYSTEM] = 3;
    plan.counts[KIND_GROUP].states[STATE_EXCLUDED] = 3;
    return plan;
}

/* An empty declared set is refused, unless it is meant; what is system or excluded declares nothing. */
static void an_empty_source_is_refused(void **state)
{
    struct plan empty = plan_with(0, 0), one = plan_with(0, 1);
    struct guard guard = unguarded;

    (void)state;
    assert_int_equal(guard_plan(&guard, &empty, 0, &why), -1);
    assert_int_equal(why.cause, CAUSE_SOURCE_EMPTY);
    assert_int_equal(guard_plan(&guard, &one, 0, &why), 0);
    guard.allow_empty_source = true;
    assert_int_equal(guard_plan(&guard, &empty, 0, &why), 0);
}

/* maxCreates counts both kinds; the refusal says how many there are. */
static void too_many_creates_are_refused(void **state)
{
    struct plan plan = plan_with(1000, 234);
    struct guard guard = unguarded;

    (void)state;
    guard.max_creates = 1234;
    assert_int_equal(guard_plan(&guard, &plan, 0, &why), 0);
    guard.max_creates = 1233;
    assert_int_equal(guard_plan(&guard, &plan, 0, &why), -1);
    assert_int_equal(why.cause, CAUSE_GUARD_REFUSED);
    assert_string_equal(why.text, "1,234 resources would be created, maxCreates allows 1,233: nothing was written");
    guard.max_creates = 0;
    assert_int_equal(guard_plan(&guard, &plan, 0, &why), -1);
}

/* An export that is too old is refused; one that does not tell its time is not judged. */
static void an_old_source_is_refused(void **state)
{
    struct plan plan = plan_with(1, 0);
    struct guard guard = unguarded;

    (void)state;
    guard.max_source_age_ms = 3600000;
    assert_int_equal(guard_plan(&guard, &plan, 3600000, &why), 0);
    assert_int_equal(guard_plan(&guard, &plan, 0, &why), 0);
    assert_int_equal(guard_plan(&guard, &plan, 7200000, &why), -1);
    assert_int_equal(why.cause, CAUSE_GUARD_REFUSED);
    assert_non_null(strstr(why.text, "2 h"));
}

/* Shrinking beyond the limit withholds parity until the digest that was shown is accepted. */
static void shrinking_is_noticed_until_accepted(void **state)
{
    struct guard guard = unguarded;

    (void)state;
    assert_false(guard_shrunk(&guard, 100, 0, "sha256:new"));
    guard.max_shrink_percent = 30;
    assert_false(guard_shrunk(&guard, 0, 0, "sha256:new"));
    assert_false(guard_shrunk(&guard, 100, 200, "sha256:new"));
    assert_false(guard_shrunk(&guard, 100, 70, "sha256:new"));
    assert_true(guard_shrunk(&guard, 100, 69, "sha256:new"));
    assert_true(guard_shrunk(&guard, 100, 69, NULL));
    strcpy(guard.accept_shrink, "sha256:new");
    assert_false(guard_shrunk(&guard, 100, 0, "sha256:new"));
    assert_true(guard_shrunk(&guard, 100, 0, "sha256:other"));
    guard.max_shrink_percent = 0;
    assert_true(guard_shrunk(&guard, 600000, 599999, "sha256:other"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identity_must_be_the_expected_one),   cmocka_unit_test(an_unknown_fact_is_a_mismatch),
        cmocka_unit_test(a_saved_plan_wants_just_its_facts),   cmocka_unit_test(an_empty_source_is_refused),
        cmocka_unit_test(too_many_creates_are_refused),        cmocka_unit_test(an_old_source_is_refused),
        cmocka_unit_test(shrinking_is_noticed_until_accepted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
