/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "api/cause.h"
#include "controller/plan/evaluate.h"
#include "tests/lib/catalog_text.h"

static struct description destination;
static struct evaluate_options options;
static struct mapping mapping;
static struct plan *plan;
static struct evaluation evaluation;

static int begin(void **state)
{
    (void)state;
    mapping_init(&mapping);
    options = (struct evaluate_options){0};
    return 0;
}

static int end(void **state)
{
    (void)state;
    evaluation_release(&evaluation);
    plan_free(plan);
    mapping_release(&mapping);
    plan = NULL;
    return 0;
}

/* An instance of that kind, without a word about quotas. */
static void give(enum instance_kind kind)
{
    destination = (struct description){
        .capabilities = {.kind = kind, .absent_is_default = true, .rules = rules_of(kind)}, .quota_free = {-1, -1}};
    for (enum kind each = 0; each < KINDS; each++)
        destination.capabilities.holds[each] = destination.capabilities.listed[each] = fields_held(kind, each);
}

static void judge(const char *declared, const char *observed)
{
    struct failure why = FAILURE_INIT;
    struct plan_input input = {.declared = catalog_text(declared),
                               .observed = catalog_text(observed),
                               .capabilities = &destination.capabilities,
                               .mapping = &mapping};

    assert_int_equal(plan_build(&input, &plan, &why), 0);
    catalog_unref(input.declared);
    catalog_unref(input.observed);
    assert_int_equal(evaluate(plan, &destination, &options, &evaluation, &why), 0);
}

static const char *verdict_of(enum kind kind, const char *name)
{
    return verdict_name(evaluation.verdicts[catalog_row_of(plan->declared, kind, name)]);
}

/* Each way to fit or not to fit has a word of its own. */
static void every_row_gets_a_verdict(void **state)
{
    (void)state;
    give(INSTANCE_APSARAMQ);
    judge("Topic new messageType=FIFO\n"
          "Topic there messageType=FIFO\n"
          "Topic other messageType=FIFO\n"
          "Topic untyped\n"
          "Topic a.dot messageType=FIFO\n"
          "Topic many messageType=FIFO readQueueNums=32\n"
          "Topic usual messageType=FIFO perm=6\n"
          "ConsumerGroup left policy=ignore\n",
          "Topic there messageType=FIFO\n"
          "Topic other messageType=NORMAL\n");
    assert_string_equal(verdict_of(KIND_TOPIC, "new"), "fits");
    assert_string_equal(verdict_of(KIND_TOPIC, "there"), "present");
    assert_string_equal(verdict_of(KIND_TOPIC, "other"), "differs");
    assert_string_equal(verdict_of(KIND_TOPIC, "untyped"), "decide");
    assert_string_equal(verdict_of(KIND_TOPIC, "a.dot"), "refused");
    assert_string_equal(verdict_of(KIND_TOPIC, "many"), "fitsPartly");
    assert_string_equal(verdict_of(KIND_TOPIC, "usual"), "fits"); /* what is lost says nothing: it is the default */
    assert_string_equal(verdict_of(KIND_GROUP, "left"), "ignored");
    assert_false(evaluation.fits);
    assert_int_equal(evaluation.counts[KIND_TOPIC][VERDICT_FITS], 2);
    assert_int_equal(evaluation.counts[KIND_GROUP][VERDICT_IGNORED], 1);
    assert_int_equal(evaluation.forecast.creates[KIND_TOPIC], 3);
    assert_int_equal(evaluation.forecast.creates[KIND_GROUP], 0);
}

static void all_that_fits_fits(void **state)
{
    (void)state;
    give(INSTANCE_APSARAMQ);
    judge("Topic new messageType=FIFO\nTopic there messageType=FIFO\n", "Topic there messageType=FIFO\n");
    assert_true(evaluation.fits);
}

/* The quota ends before the last topic by name; groups have a quota of their own. */
static void a_quota_leaves_no_room(void **state)
{
    (void)state;
    give(INSTANCE_APSARAMQ);
    destination.quota_free[KIND_TOPIC] = 2;
    judge("Topic a messageType=FIFO\nTopic b messageType=FIFO\nTopic c messageType=FIFO\nConsumerGroup g\n", "");
    assert_string_equal(verdict_of(KIND_TOPIC, "a"), "fits");
    assert_string_equal(verdict_of(KIND_TOPIC, "b"), "fits");
    assert_string_equal(verdict_of(KIND_TOPIC, "c"), "noRoom");
    assert_string_equal(verdict_of(KIND_GROUP, "g"), "fits");
    assert_false(evaluation.fits);
    assert_int_equal(evaluation.forecast.creates[KIND_TOPIC], 2);
}

/* What policy observe declares is judged, and never created. */
static void observed_only_costs_nothing(void **state)
{
    (void)state;
    give(INSTANCE_ONS);
    judge("Topic watched messageType=FIFO policy=observe\n", "");
    assert_string_equal(verdict_of(KIND_TOPIC, "watched"), "fits");
    assert_int_equal(evaluation.forecast.creates[KIND_TOPIC], 0);
    assert_int_equal(evaluation.forecast.basis, FORECAST_NOTHING);
    assert_int_equal(evaluation.forecast.seconds, 0);
}

/* 21 topics. */
static void many(char out[static 1024])
{
    size_t length = 0;
    for (int i = 0; i < 21; i++)
        length += (size_t)snprintf(out + length, 1024 - length, "Topic orders-%d messageType=NORMAL\n", i);
}

static void expect_time(enum instance_kind kind, enum forecast_basis basis, double calls_per_s, uint64_t seconds)
{
    char declared[1024];

    many(declared);
    give(kind);
    judge(declared, "");
    assert_int_equal(evaluation.forecast.creates[KIND_TOPIC], 21);
    assert_int_equal(evaluation.forecast.basis, basis);
    assert_true(evaluation.forecast.calls_per_s == calls_per_s);
    assert_int_equal(evaluation.forecast.seconds, seconds);
    assert_true(strlen(forecast_basis_text(basis)) > 0);
    evaluation_release(&evaluation);
    plan_free(plan);
    plan = NULL;
}

/* 21 creates: two seconds and a bit at ten a second. */
static void time_follows_from_what_is_known_of_the_pace(void **state)
{
    (void)state;
    expect_time(INSTANCE_ONS, FORECAST_PUBLISHED, 10, 3);
    expect_time(INSTANCE_APSARAMQ, FORECAST_LEARNT, 10, 3);
    expect_time(INSTANCE_ROCKETMQ, FORECAST_UNKNOWN, 0, 0);
    expect_time(INSTANCE_ANY, FORECAST_AT_ONCE, 0, 0);
    options.share_percent = 50;
    expect_time(INSTANCE_ONS, FORECAST_PUBLISHED, 5, 5);
    options = (struct evaluate_options){.rate_per_s = 3};
    expect_time(INSTANCE_ONS, FORECAST_CEILING, 3, 7);
    expect_time(INSTANCE_APSARAMQ, FORECAST_CEILING, 3, 7);
    expect_time(INSTANCE_ROCKETMQ, FORECAST_CEILING, 3, 7);
    options.rate_per_s = 100; /* more than the provider allows is not to be had */
    expect_time(INSTANCE_ONS, FORECAST_PUBLISHED, 10, 3);
}

static void only_the_cloud_bills_topics(void **state)
{
    (void)state;
    static const struct {
        enum instance_kind kind;
        bool billed;
        const char *says;
    } cases[] = {{INSTANCE_ONS, true, "every topic per day"},
                 {INSTANCE_APSARAMQ, true, "serverless"},
                 {INSTANCE_ROCKETMQ, false, "nobody"}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        give(cases[i].kind);
        judge("Topic orders messageType=FIFO\n", "");
        assert_int_equal(evaluation.forecast.topics_cost, cases[i].billed);
        assert_non_null(strstr(forecast_cost_text(&evaluation.forecast, cases[i].kind), cases[i].says));
        evaluation_release(&evaluation);
        plan_free(plan);
        plan = NULL;
    }
    give(INSTANCE_ONS);
    judge("Topic orders messageType=FIFO\n", "Topic orders messageType=FIFO\n");
    assert_non_null(strstr(forecast_cost_text(&evaluation.forecast, INSTANCE_ONS), "no topic is added"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_row_gets_a_verdict, begin, end),
        cmocka_unit_test_setup_teardown(all_that_fits_fits, begin, end),
        cmocka_unit_test_setup_teardown(a_quota_leaves_no_room, begin, end),
        cmocka_unit_test_setup_teardown(observed_only_costs_nothing, begin, end),
        cmocka_unit_test_setup_teardown(time_follows_from_what_is_known_of_the_pace, begin, end),
        cmocka_unit_test_setup_teardown(only_the_cloud_bills_topics, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
