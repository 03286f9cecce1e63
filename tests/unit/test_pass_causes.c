/* SPDX-License-Identifier: Apache-2.0
 *
 * Every cause of the table: what this pass does about it, and what the next one does. One test a cause; a cause without
 * a test fails the last one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "api/cause.h"
#include "tests/lib/catalog_text.h"
#include "tests/lib/pass_bench.h"

enum { MINUTE_MS = 60000, HOUR_MS = 3600000 };

#define TWO_TOPICS "Topic orders messageType=NORMAL\nTopic payments messageType=NORMAL\n"
#define TWO_GROUPS "ConsumerGroup orders remark=a\nConsumerGroup payments remark=a\n"
#define ALL        TWO_TOPICS TWO_GROUPS

struct story {
    int cause;
    enum kind kind;
};

static struct bench bench;

static int open_bench(void **state)
{
    (void)state;
    bench_init(&bench);
    return 0;
}

static int close_bench(void **state)
{
    (void)state;
    bench_release(&bench);
    return 0;
}

static const char *two_of(enum kind kind)
{
    return kind == KIND_TOPIC ? TWO_TOPICS : TWO_GROUPS;
}

static void expect_result(enum kind kind, const char *name, enum result result, int cause)
{
    struct row_result found = pass_result(bench.pass, catalog_row_of(bench.declared, kind, name));
    assert_string_equal(result_name(found.result), result_name(result));
    assert_string_equal(cause_name(found.cause), cause_name(cause));
}

/* ---- one resource: stuck until its declaration changes --------------------------------------------------------- */

static void stuck_until_the_input_changes(void **state)
{
    /* Refused for good: the others go on, no pass tries it again, a changed declaration is tried at once. */
    const struct story *story = *state;
    bench_declare(&bench, two_of(story->kind));
    bench_answer(&bench, "orders", OUTCOME_REFUSED, story->cause, 0);
    bench_pass(&bench);
    assert_string_equal(bench.sent, "orders payments");
    assert_string_equal(bench.notes, "failed:orders created:payments");
    expect_result(story->kind, "orders", RESULT_FAILED, story->cause);
    expect_result(story->kind, "payments", RESULT_CREATED, CAUSE_NONE);
    assert_int_equal(bench.report->outcome, PASS_STUCK);
    assert_int_equal(bench.report->failure.cause, CAUSE_NONE);

    bench.now_ms += HOUR_MS;
    bench_pass(&bench);
    assert_string_equal(bench.sent, "");
    expect_result(story->kind, "orders", RESULT_FAILED, story->cause);

    bench_declare(&bench,
                  story->kind == KIND_TOPIC ? "Topic orders messageType=FIFO\n" : "ConsumerGroup orders remark=b\n");
    bench_mend(&bench);
    bench_pass(&bench);
    assert_string_equal(bench.sent, "orders");
    assert_true(bench.report->parity);
}

static void stuck_until_the_mapping_decides(void **state)
{
    /* What the source or the mapping leaves open is never sent; once it is decided the resource is created. */
    const struct story *story = *state;
    char lines[256];
    snprintf(lines, sizeof lines, "Topic orders messageType=NORMAL problem=%s\nTopic payments messageType=NORMAL\n",
             cause_name(story->cause));
    bench.description.capabilities.kind = INSTANCE_ROCKETMQ;
    bench.description.capabilities.rules = rules_of(INSTANCE_ROCKETMQ);
    bench_declare(&bench, lines);
    bench_pass(&bench);
    assert_string_equal(bench.sent, "payments");
    expect_result(KIND_TOPIC, "orders", RESULT_FAILED, story->cause);
    assert_false(bench.report->parity);

    bench.now_ms += HOUR_MS;
    bench_pass(&bench);
    assert_string_equal(bench.sent, "");
    expect_result(KIND_TOPIC, "orders", RESULT_FAILED, story->cause);

    bench_declare(&bench, TWO_TOPICS);
    bench_pass(&bench);
    assert_string_equal(bench.sent, "orders");
    assert_true(bench.report->parity);
}

static void stuck_until_it_can_be_held(void **state)
{
    /* The destination's rules refuse it before anything is sent; what they accept is created. */
    const struct story *story = *state;
    bool type = story->cause == CAUSE_MESSAGE_TYPE_UNKNOWN;
    bench.description.capabilities.kind = INSTANCE_APSARAMQ;
    bench.description.capabilities.rules = rules_of(INSTANCE_APSARAMQ);
    for (int kind = 0; kind < KINDS; kind++)
        bench.description.capabilities.holds[kind] = bench.description.capabilities.listed[kind] =
            fields_held(INSTANCE_APSARAMQ, kind);
    bench_declare(&bench, type ? "Topic orders remark=a\nTopic payments messageType=NORMAL\n"
                               : "Topic orders messageType=NORMAL perm=4\nTopic payments messageType=NORMAL\n");
    bench_pass(&bench);
    assert_string_equal(bench.sent, "payments");
    expect_result(KIND_TOPIC, "orders", RESULT_FAILED, story->cause);
    assert_int_equal(bench_state(&bench, KIND_TOPIC, "orders"), STATE_INVALID);
    assert_int_equal(bench.report->outcome, PASS_STUCK);

    bench_pass(&bench);
    assert_string_equal(bench.sent, "");
    bench_declare(&bench, TWO_TOPICS);
    bench_pass(&bench);
    assert_string_equal(bench.sent, "orders");
}

/* ---- one resource: again with back-off ------------------------------------------------------------------------- */

static void retried_with_backoff(void **state)
{
    /* Three tries with growing waits, then the ledger holds it back; the next pass but one tries again. */
    const struct story *story = *state;
    struct failure why;
    bench_declare(&bench, two_of(story->kind));
    bench_answer(&bench, "orders", OUTCOME_REFUSED, story->cause, 0);
    bench_pass(&bench);
    assert_string_equal(bench.sent, "orders payments orders orders");
    assert_in_range(bench.sent_ms[2] - bench.sent_ms[0], 500, 1000);
    assert_in_range(bench.sent_ms[3] - bench.sent_ms[2], 1000, 2000);
    expect_result(story->kind, "orders", RESULT_PENDING, story->cause);
    assert_int_equal(pass_result(bench.pass, 0).attempts, 3);
    pass_failure(bench.pass, 0, &why);
    assert_string_equal(why.request_id, "request-1");
    assert_int_equal(bench.report->outcome, PASS_AGAIN_AT);
    uint64_t again_ms = bench.report->again_ms;
    assert_true(again_ms >= bench.now_ms + 15000);

    bench_pass(&bench);
    assert_string_equal(bench.sent, "");
    expect_result(story->kind, "orders", RESULT_PENDING, story->cause);
    assert_int_equal(bench.report->again_ms, again_ms);

    bench.now_ms = again_ms;
    bench_mend(&bench);
    bench_pass(&bench);
    assert_string_equal(bench.sent, "orders");
    assert_true(bench.report->parity);
}

static void refused_and_looked_at_again_slowly(void **state)
{
    /* It speaks of that resource only: the others go on; it is looked at again slowly. */
    const struct story *story = *state;
    bench_declare(&bench, TWO_TOPICS);
    bench_answer(&bench, "orders", OUTCOME_REFUSED, story->cause, 0);
    bench_pass(&bench);
    assert_string_equal(bench.sent, "orders payments");
    expect_result(KIND_TOPIC, "orders", RESULT_FAILED, story->cause);
    assert_int_equal(bench.report->failure.cause, CAUSE_NONE);
    assert_true(bench.report->again_ms >= bench.now_ms + 30000);

    bench_pass(&bench);
    assert_string_equal(bench.sent, "");
    bench.now_ms = bench.report->again_ms;
    bench_pass(&bench);
    assert_string_equal(bench.sent, "orders");
}

/* ---- one kind -------------------------------------------------------------------------------------------------- */

static void a_quota_blocks_its_kind_only(void **state)
{
    /* The rest of the kind is skipped and looked at again slowly; the other kind goes on. */
    const struct story *story = *state;
    enum kind other = story->kind == KIND_TOPIC ? KIND_GROUP : KIND_TOPIC;
    struct failure why;
    bench_declare(&bench, "Topic orders messageType=NORMAL\nTopic payments messageType=NORMAL\nTopic refunds "
                          "messageType=NORMAL\nConsumerGroup a remark=a\nConsumerGroup b remark=a\nConsumerGroup c "
                          "remark=a\n");
    const char *second = story->kind == KIND_TOPIC ? "payments" : "b",
               *third = story->kind == KIND_TOPIC ? "refunds" : "c";
    bench_answer(&bench, second, OUTCOME_REFUSED, story->cause, 0);
    bench_pass(&bench);
    assert_string_equal(bench.sent,
                        story->kind == KIND_TOPIC ? "orders payments a b c" : "orders payments refunds a b");
    expect_result(story->kind, second, RESULT_FAILED, story->cause);
    expect_result(story->kind, third, RESULT_SKIPPED, story->cause);
    pass_failure(bench.pass, catalog_row_of(bench.declared, story->kind, third), &why);
    assert_string_equal(why.request_id, "request-1");
    assert_int_equal(bench.report->created[other], 3);
    assert_int_equal(bench.report->created[story->kind], 1);
    assert_int_equal(bench.report->outcome, PASS_AGAIN_AT);

    bench_pass(&bench);
    assert_string_equal(bench.sent, "");
    expect_result(story->kind, second, RESULT_SKIPPED, story->cause);
    assert_int_equal(bench.report->skipped[story->kind], 2);

    bench.description.quota_free[story->kind] = 10; /* room again, and it says so */
    bench_mend(&bench);
    bench_pass(&bench);
    assert_int_equal(bench.report->created[story->kind], 2);
    assert_true(bench.report->parity);
}

static void a_quota_is_looked_at_again_when_time_has_passed(void **state)
{
    /* A destination that does not tell its quota is tried, not before its moment. */
    const struct story *story = *state;
    bench_declare(&bench, two_of(story->kind));
    bench_answer(&bench, NULL, OUTCOME_REFUSED, story->cause, 1);
    bench_pass(&bench);
    assert_string_equal(bench.sent, "orders");
    uint64_t again_ms = bench.report->again_ms;
    assert_true(again_ms >= bench.now_ms + 30000);
    bench.now_ms = again_ms - 1;
    bench_pass(&bench);
    assert_string_equal(bench.sent, "");
    bench.now_ms = again_ms;
    bench_pass(&bench);
    assert_string_equal(bench.sent, "orders payments");
    assert_true(bench.report->parity);
    assert_int_equal(bench.report->outcome, PASS_SETTLED);
}

static void a_quota_is_remembered_while_nothing_of_its_kind_is_missing(void **state)
{
    /* A pass in between that has nothing to create neither waits for the quota nor forgets it. */
    const struct story *story = *state;
    bench_declare(&bench, two_of(story->kind));
    bench_answer(&bench, NULL, OUTCOME_REFUSED, story->cause, 1);
    bench_pass(&bench);
    uint64_t again_ms = bench.report->again_ms;

    bench_show(&bench, ALL);
    bench.now_ms = again_ms - 3;
    bench_pass(&bench);
    assert_true(bench.report->parity);
    assert_int_equal(bench.report->outcome, PASS_SETTLED);

    bench_show(&bench, "");
    bench.now_ms = again_ms - 2;
    bench_pass(&bench);
    assert_string_equal(bench.sent, "");
    expect_result(story->kind, "orders", RESULT_SKIPPED, story->cause);
    assert_int_equal(bench.report->again_ms, again_ms);
}

/* ---- there already --------------------------------------------------------------------------------------------- */

static void what_exists_is_compared(void **state)
{
    /* Equal: it existed, and is in sync. Different: reported and left alone. Either way nothing is sent again. */
    const struct story *story = *state;
    bool topic = story->kind == KIND_TOPIC;
    bench_declare(&bench, two_of(story->kind));
    struct bench_answer *equal = bench_answer(&bench, "orders", OUTCOME_REFUSED, story->cause, 1);
    equal->shows = topic ? "Topic orders messageType=NORMAL\n" : "ConsumerGroup orders remark=a\n";
    struct bench_answer *different = bench_answer(&bench, "payments", OUTCOME_EXISTED, CAUSE_NONE, 1);
    different->shows = topic ? "Topic payments messageType=FIFO\n" : "ConsumerGroup payments remark=b\n";
    bench_pass(&bench);
    assert_string_equal(bench.sent, "orders payments");
    assert_string_equal(bench.notes, "existed:orders existed:payments");
    assert_int_equal(bench_state(&bench, story->kind, "orders"), STATE_IN_SYNC);
    assert_int_equal(bench_state(&bench, story->kind, "payments"), STATE_DIFFERS);
    assert_int_equal(bench.report->existed[story->kind], 2);
    assert_false(bench.report->parity);

    bench_pass(&bench);
    assert_string_equal(bench.sent, "");
    assert_int_equal(bench.report->existed[story->kind], 2);
    assert_int_equal(bench.report->outcome, PASS_SETTLED);
}

static void what_exists_but_is_never_listed_waits(void **state)
{
    /* The provider says that it exists and shows it to nobody: failed, and not asked every minute. */
    const struct story *story = *state;
    bench_declare(&bench, two_of(story->kind));
    bench_answer(&bench, "orders", OUTCOME_EXISTED, CAUSE_NONE, 0);
    bench_pass(&bench);
    assert_string_equal(bench.sent, "orders payments");
    expect_result(story->kind, "orders", RESULT_FAILED, story->cause);
    assert_int_equal(bench.report->outcome, PASS_AGAIN_AT);
    uint64_t again_ms = bench.report->again_ms;

    bench_pass(&bench);
    assert_string_equal(bench.sent, "");
    expect_result(story->kind, "orders", RESULT_FAILED, story->cause);

    bench.now_ms = again_ms;
    bench_pass(&bench);
    assert_string_equal(bench.sent, "orders");
}

/* ---- nobody knows ---------------------------------------------------------------------------------------------- */

static void an_unknown_outcome_is_read_back(void **state)
{
    /* There after all: ours. Not there, seen twice: once more. */
    const struct story *story = *state;
    bench_declare(&bench, TWO_TOPICS);
    bench.description.capabilities.settle_ms = 4000;
    bench_answer(&bench, "orders", OUTCOME_UNKNOWN, story->cause, 1)->shows = "Topic orders messageType=NORMAL\n";
    bench_answer(&bench, "payments", OUTCOME_UNKNOWN, story->cause, 1);
    bench_pass(&bench);
    assert_string_equal(bench.sent, "orders payments payments");
    assert_string_equal(bench.notes, "settled:orders failed:payments created:payments");
    assert_true(bench.sent_ms[2] - bench.sent_ms[1] >= 4000);
    expect_result(KIND_TOPIC, "orders", RESULT_CREATED, CAUSE_NONE);
    expect_result(KIND_TOPIC, "payments", RESULT_CREATED, CAUSE_NONE);
    assert_true(bench.report->parity);

    bench_pass(&bench);
    assert_string_equal(bench.sent, "");
}

/* ---- the account's budget -------------------------------------------------------------------------------------- */

static void throttled_creates_come_again_uncounted(void **state)
{
    /* More refusals than a resource has tries: no attempt is counted; a budget that never frees ends the pass. */
    const struct story *story = *state;
    bench_declare(&bench, TWO_TOPICS);
    bench_answer(&bench, "orders", OUTCOME_REFUSED, story->cause, 5);
    bench_pass(&bench);
    assert_int_equal(bench.sent_count, 7);
    expect_result(KIND_TOPIC, "orders", RESULT_CREATED, CAUSE_NONE);
    assert_int_equal(pass_result(bench.pass, 0).attempts, 1);
    assert_true(bench.report->parity);

    bench_declare(&bench, ALL);
    bench_answer(&bench, NULL, OUTCOME_NOT_SENT, story->cause, 0);
    bench_pass(&bench);
    assert_int_equal(bench.report->failure.cause, story->cause);
    assert_int_equal(bench.report->outcome, PASS_AGAIN_BACKOFF);
    assert_in_range(bench.report->ended_ms - bench.report->started_ms, 30000, 60000);
    expect_result(KIND_GROUP, "orders", RESULT_PENDING, story->cause);
    assert_false(bench.report->created_any);

    bench.now_ms += MINUTE_MS;
    bench_mend(&bench);
    bench_pass(&bench);
    assert_string_equal(bench.sent, "orders payments");
}

static void throttled_reads_come_again(void **state)
{
    /* A list that is throttled is asked again, for half a minute. */
    const struct story *story = *state;
    bench_declare(&bench, TWO_TOPICS);
    bench.list = (struct bench_fault){story->cause, 4};
    bench_pass(&bench);
    assert_true(bench.report->parity);
    bench.list = (struct bench_fault){story->cause, 0};
    bench_pass(&bench);
    assert_int_equal(bench.report->failure.cause, story->cause);
    assert_false(bench.report->complete);
}

/* ---- everything ------------------------------------------------------------------------------------------------ */

static enum pass_outcome outcome_of(int cause)
{
    enum cause_remedy remedy = cause_remedy(cause);
    return remedy == REMEDY_STUCK || remedy == REMEDY_DECIDE ? PASS_STUCK : PASS_AGAIN_BACKOFF;
}

static void an_instance_that_cannot_be_described_is_not_written(void **state)
{
    /* No write, no claim; the next pass begins from the start. */
    const struct story *story = *state;
    bench_declare(&bench, TWO_TOPICS);
    bench.describe = (struct bench_fault){story->cause, 1};
    bench_pass(&bench);
    assert_string_equal(bench.sent, "");
    assert_int_equal(bench.report->failure.cause, story->cause);
    assert_int_equal(bench.report->outcome, outcome_of(story->cause));
    assert_false(bench.report->created_any);
    assert_false(bench.report->parity);
    assert_null(pass_plan(bench.pass));

    bench_pass(&bench);
    assert_string_equal(bench.sent, "orders payments");
    assert_true(bench.report->parity);
}

static void a_create_that_meets_it_ends_the_pass(void **state)
{
    /* What was sent before is settled by the next pass, the rest is created by it. */
    const struct story *story = *state;
    bench_declare(&bench, ALL);
    bench_answer(&bench, "payments", story->cause == CAUSE_UNREACHABLE ? OUTCOME_NOT_SENT : OUTCOME_REFUSED,
                 story->cause, 1);
    bench_pass(&bench);
    assert_string_equal(bench.sent, "orders payments");
    assert_int_equal(bench.report->failure.cause, story->cause);
    assert_int_equal(bench.report->outcome, outcome_of(story->cause));
    assert_true(bench.report->created_any);
    assert_false(bench.report->parity);
    expect_result(KIND_TOPIC, "orders", RESULT_CREATED, CAUSE_NONE);
    expect_result(KIND_TOPIC, "payments", cause_is_retried(story->cause) ? RESULT_PENDING : RESULT_SKIPPED,
                  story->cause);
    expect_result(KIND_GROUP, "orders", cause_is_retried(story->cause) ? RESULT_PENDING : RESULT_SKIPPED, story->cause);

    bench_pass(&bench);
    assert_string_equal(bench.sent, "payments orders payments");
    assert_true(bench.report->parity);
}

static void a_list_that_meets_it_fails_the_pass(void **state)
{
    /* Half a list is no list: nothing is planned, nothing is sent. */
    const struct story *story = *state;
    bench_declare(&bench, TWO_TOPICS);
    bench.list = (struct bench_fault){story->cause, 0};
    bench_pass(&bench);
    assert_string_equal(bench.sent, "");
    assert_int_equal(bench.report->failure.cause, story->cause);
    assert_int_equal(bench.plans, 0);
    assert_false(bench.report->complete);

    bench.list.cause = CAUSE_NONE;
    bench_pass(&bench);
    assert_true(bench.report->parity);
}

static void not_in_service_reads_but_does_not_write(void **state)
{
    /* What is there is told, what is missing waits until the instance runs. */
    const struct story *story = *state;
    bench_declare(&bench, TWO_TOPICS);
    bench_show(&bench, "Topic orders messageType=NORMAL\n");
    bench.description.in_service = false;
    bench_pass(&bench);
    assert_string_equal(bench.sent, "");
    assert_int_equal(bench.report->failure.cause, story->cause);
    assert_int_equal(bench.report->outcome, PASS_AGAIN_BACKOFF);
    expect_result(KIND_TOPIC, "orders", RESULT_EXISTED, CAUSE_NONE);
    expect_result(KIND_TOPIC, "payments", RESULT_PENDING, story->cause);

    bench.description.in_service = true;
    bench_pass(&bench);
    assert_string_equal(bench.sent, "payments");
}

static void files_that_do_not_load_stop_the_pass(void **state)
{
    /* Nothing is sent; where a last good set stands in it goes on, without ever claiming parity. */
    const struct story *story = *state;
    bench_declare(&bench, TWO_TOPICS);
    bench.load = (struct bench_fault){story->cause, 0};
    bench_pass(&bench);
    assert_string_equal(bench.sent, "");
    assert_int_equal(bench.report->failure.cause, story->cause);
    assert_int_equal(bench.report->outcome, outcome_of(story->cause));

    bench.last_good = true;
    bench_pass(&bench);
    assert_string_equal(bench.sent, "orders payments");
    assert_int_equal(bench.report->created[KIND_TOPIC], 2);
    assert_false(bench.report->complete);
    assert_false(bench.report->parity);

    bench.load.cause = CAUSE_NONE;
    bench_pass(&bench);
    assert_true(bench.report->parity);
}

static void a_mapping_or_plan_that_fails_stops_the_pass(void **state)
{
    /* Also memory that runs out while planning: no write, and the next pass begins anew. */
    const struct story *story = *state;
    bench_declare(&bench, TWO_TOPICS);
    bench.plan = (struct bench_fault){story->cause, 1};
    bench_pass(&bench);
    assert_string_equal(bench.sent, "");
    assert_int_equal(bench.report->failure.cause, story->cause);
    assert_int_equal(bench.report->outcome, outcome_of(story->cause));
    bench_pass(&bench);
    assert_true(bench.report->parity);
}

static void a_journal_that_cannot_be_written_stops_all_creates(void **state)
{
    /* No intent, no create. The next pass tries again. */
    const struct story *story = *state;
    bench_declare(&bench, TWO_TOPICS);
    bench.intend = (struct bench_fault){story->cause, 0};
    bench_pass(&bench);
    assert_string_equal(bench.sent, "");
    assert_string_equal(bench.notes, "");
    assert_int_equal(bench.report->failure.cause, story->cause);
    assert_int_equal(bench.report->outcome, PASS_AGAIN_BACKOFF);
    assert_false(bench.report->created_any);
    expect_result(KIND_TOPIC, "orders", RESULT_SKIPPED, story->cause);

    bench.intend.cause = CAUSE_NONE;
    bench_pass(&bench);
    assert_string_equal(bench.sent, "orders payments");
    assert_true(bench.report->parity);
}

/* ---- guards ---------------------------------------------------------------------------------------------------- */

static void too_many_creates_are_refused_before_the_first(void **state)
{
    /* The plan is there to be looked at; nothing is sent, by this pass or the next. */
    const struct story *story = *state;
    bench_declare(&bench, ALL);
    bench.guard.max_creates = 3;
    for (int pass = 0; pass < 2; pass++) {
        bench_pass(&bench);
        assert_string_equal(bench.sent, "");
        assert_int_equal(bench.report->failure.cause, story->cause);
        assert_int_equal(bench.report->outcome, PASS_STUCK);
        assert_false(bench.report->complete);
        assert_non_null(pass_plan(bench.pass));
        expect_result(KIND_TOPIC, "orders", RESULT_SKIPPED, story->cause);
    }
    bench.guard.max_creates = 4;
    bench_pass(&bench);
    assert_int_equal(bench.sent_count, 4);
}

static void another_instance_is_not_read_any_further(void **state)
{
    /* The destination says who it is before anything else is asked. */
    const struct story *story = *state;
    static const struct expectation expect = {.key = "instanceName", .value = "prod"};
    bench_declare(&bench, TWO_TOPICS);
    bench.guard.expect = &expect;
    bench.guard.expect_count = 1;
    assert_int_equal(identity_set(&bench.description.identity, "instanceName", "test"), 0);
    bench_pass(&bench);
    assert_string_equal(bench.sent, "");
    assert_int_equal(bench.lists, 0);
    assert_int_equal(bench.report->failure.cause, story->cause);
    assert_int_equal(bench.report->outcome, PASS_STUCK);

    assert_int_equal(identity_set(&bench.description.identity, "instanceName", "prod"), 0);
    bench_pass(&bench);
    assert_true(bench.report->parity);
}

static void an_empty_source_is_an_error(void **state)
{
    /* Nothing declared is hardly meant; and it is never parity, even when it is allowed. */
    const struct story *story = *state;
    bench_show(&bench, TWO_TOPICS);
    bench_pass(&bench);
    assert_int_equal(bench.report->failure.cause, story->cause);
    assert_int_equal(bench.report->outcome, PASS_STUCK);
    bench.guard.allow_empty_source = true;
    bench_pass(&bench);
    assert_int_equal(bench.report->failure.cause, CAUSE_NONE);
    assert_false(bench.report->parity);
}

static void a_stop_is_an_end(void **state)
{
    /* What is under way finishes, intents that come to nothing are noted so; the next pass goes on from there. */
    const struct story *story = *state;
    bench_declare(&bench, ALL);
    bench.news = EVENT_STOP;
    bench.news_before = 2;
    bench_pass(&bench);
    assert_string_equal(bench.sent, "orders payments");
    assert_string_equal(bench.notes, "created:orders failed:orders created:payments failed:payments");
    assert_int_equal(bench.report->failure.cause, story->cause);
    expect_result(KIND_GROUP, "payments", RESULT_PENDING, story->cause);
    bench_pass(&bench);
    assert_string_equal(bench.sent, "orders payments");
    assert_true(bench.report->parity);
}

/* ---- the table ------------------------------------------------------------------------------------------------- */

#define STORY(name, cause, kind, test)                                                                                 \
    {                                                                                                                  \
        name, test, open_bench, close_bench, &(struct story)                                                           \
        {                                                                                                              \
            cause, kind                                                                                                \
        }                                                                                                              \
    }
#define OF_TOPICS(cause, test) STORY(#cause ": " #test, CAUSE_##cause, KIND_TOPIC, test)
#define OF_GROUPS(cause, test) STORY(#cause ": " #test, CAUSE_##cause, KIND_GROUP, test)

static void no_cause_is_left_out(void **state);

static const struct CMUnitTest tests[] = {
    /* the fourteen documented failures of the metadata migration */
    OF_TOPICS(TOPIC_EXISTS, what_exists_is_compared),
    OF_TOPICS(TOPIC_EXISTS, what_exists_but_is_never_listed_waits),
    OF_GROUPS(GROUP_EXISTS, what_exists_is_compared),
    OF_GROUPS(GROUP_EXISTS, what_exists_but_is_never_listed_waits),
    OF_TOPICS(INSTANCE_NOT_FOUND, an_instance_that_cannot_be_described_is_not_written),
    OF_TOPICS(INSTANCE_NOT_FOUND, a_create_that_meets_it_ends_the_pass),
    OF_TOPICS(INSTANCE_PERMISSION_UNVERIFIED, an_instance_that_cannot_be_described_is_not_written),
    OF_TOPICS(INSTANCE_PERMISSION_UNVERIFIED, a_create_that_meets_it_ends_the_pass),
    OF_TOPICS(INSTANCE_NOT_IN_SERVICE, not_in_service_reads_but_does_not_write),
    OF_TOPICS(INSTANCE_NOT_IN_SERVICE, an_instance_that_cannot_be_described_is_not_written),
    OF_TOPICS(INSTANCE_NOT_IN_SERVICE, a_create_that_meets_it_ends_the_pass),
    OF_TOPICS(TOPIC_QUOTA_REACHED, a_quota_blocks_its_kind_only),
    OF_TOPICS(TOPIC_QUOTA_REACHED, a_quota_is_looked_at_again_when_time_has_passed),
    OF_TOPICS(TOPIC_QUOTA_REACHED, a_quota_is_remembered_while_nothing_of_its_kind_is_missing),
    OF_TOPICS(INSTANCE_PERMISSION_MISSING, an_instance_that_cannot_be_described_is_not_written),
    OF_TOPICS(INSTANCE_PERMISSION_MISSING, a_list_that_meets_it_fails_the_pass),
    OF_TOPICS(INSTANCE_PERMISSION_MISSING, refused_and_looked_at_again_slowly),
    OF_TOPICS(TOPIC_NAMED_LIKE_GROUP, stuck_until_the_input_changes),
    OF_GROUPS(GROUP_NAMED_LIKE_TOPIC, stuck_until_the_input_changes),
    OF_GROUPS(GROUP_IN_OTHER_INSTANCE, stuck_until_the_input_changes),
    OF_GROUPS(GROUP_CREATE_FAILED, retried_with_backoff),
    OF_TOPICS(TOPIC_CREATE_FAILED, retried_with_backoff),
    OF_TOPICS(SYSTEM_ERROR, retried_with_backoff),
    OF_TOPICS(SYSTEM_ERROR, a_list_that_meets_it_fails_the_pass),
    OF_TOPICS(INVALID_PARAMETER, stuck_until_the_input_changes),
    OF_GROUPS(GROUP_QUOTA_REACHED, a_quota_blocks_its_kind_only),
    OF_GROUPS(GROUP_QUOTA_REACHED, a_quota_is_looked_at_again_when_time_has_passed),
    OF_GROUPS(GROUP_QUOTA_REACHED, a_quota_is_remembered_while_nothing_of_its_kind_is_missing),
    /* the rest */
    OF_TOPICS(THROTTLED, throttled_creates_come_again_uncounted),
    OF_TOPICS(THROTTLED, throttled_reads_come_again),
    OF_TOPICS(UNREACHABLE, an_instance_that_cannot_be_described_is_not_written),
    OF_TOPICS(UNREACHABLE, a_list_that_meets_it_fails_the_pass),
    OF_TOPICS(UNREACHABLE, a_create_that_meets_it_ends_the_pass),
    OF_TOPICS(OUTCOME_UNKNOWN, an_unknown_outcome_is_read_back),
    OF_TOPICS(CREDENTIALS_REJECTED, an_instance_that_cannot_be_described_is_not_written),
    OF_TOPICS(CREDENTIALS_REJECTED, a_create_that_meets_it_ends_the_pass),
    OF_TOPICS(CREDENTIALS_EXPIRED, an_instance_that_cannot_be_described_is_not_written),
    OF_TOPICS(CREDENTIALS_EXPIRED, a_create_that_meets_it_ends_the_pass),
    OF_TOPICS(CLOCK_SKEWED, an_instance_that_cannot_be_described_is_not_written),
    OF_TOPICS(CLOCK_SKEWED, a_create_that_meets_it_ends_the_pass),
    OF_TOPICS(BAD_ANSWER, an_instance_that_cannot_be_described_is_not_written),
    OF_TOPICS(BAD_ANSWER, a_list_that_meets_it_fails_the_pass),
    OF_TOPICS(BAD_ANSWER, a_create_that_meets_it_ends_the_pass),
    OF_TOPICS(SOURCE_AMBIGUOUS, stuck_until_the_mapping_decides),
    OF_TOPICS(PLACEMENT_UNKNOWN, stuck_until_the_mapping_decides),
    OF_TOPICS(DECLARED_TWICE, stuck_until_the_mapping_decides),
    OF_TOPICS(RENAME_COLLIDES, stuck_until_the_mapping_decides),
    OF_TOPICS(QUEUE_NUMBERS_UNKNOWN, stuck_until_the_mapping_decides),
    OF_TOPICS(MESSAGE_TYPE_UNKNOWN, stuck_until_it_can_be_held),
    OF_TOPICS(SETTING_NOT_REPRESENTABLE, stuck_until_it_can_be_held),
    OF_TOPICS(STATE_UNWRITABLE, a_journal_that_cannot_be_written_stops_all_creates),
    OF_TOPICS(STATE_UNWRITABLE, a_create_that_meets_it_ends_the_pass),
    OF_TOPICS(INPUT_WRONG, files_that_do_not_load_stop_the_pass),
    OF_TOPICS(CONFIGURATION_WRONG, a_mapping_or_plan_that_fails_stops_the_pass),
    OF_TOPICS(STATE_LOCKED, an_instance_that_cannot_be_described_is_not_written),
    OF_TOPICS(GUARD_REFUSED, too_many_creates_are_refused_before_the_first),
    OF_TOPICS(IDENTITY_MISMATCH, another_instance_is_not_read_any_further),
    OF_TOPICS(SOURCE_EMPTY, an_empty_source_is_an_error),
    OF_TOPICS(UNSUPPORTED, stuck_until_the_input_changes),
    OF_TOPICS(REFUSED, refused_and_looked_at_again_slowly),
    OF_TOPICS(CANCELLED, a_stop_is_an_end),
    OF_TOPICS(OUT_OF_MEMORY, a_mapping_or_plan_that_fails_stops_the_pass),
    OF_TOPICS(USAGE, an_instance_that_cannot_be_described_is_not_written),
    cmocka_unit_test(no_cause_is_left_out),
};

static void no_cause_is_left_out(void **state)
{
    /* A new row of the cause table needs a story here. */
    (void)state;
    bool told[CAUSE_COUNT] = {false};
    for (size_t i = 0; i + 1 < sizeof tests / sizeof *tests; i++)
        told[((const struct story *)tests[i].initial_state)->cause] = true;
    for (int cause = CAUSE_NONE + 1; cause < CAUSE_COUNT; cause++) {
        if (!told[cause])
            fail_msg("nobody shows what passes do about %s", cause_name(cause));
    }
}

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
