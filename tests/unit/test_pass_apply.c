/* SPDX-License-Identifier: Apache-2.0
 *
 * The pass: creating and settling. Causes are test_pass_causes.c's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/cause.h"
#include "tests/lib/catalog_text.h"
#include "tests/lib/pass_bench.h"

#define ORDERS   "Topic orders messageType=NORMAL\n"
#define PAYMENTS "Topic payments messageType=NORMAL\n"
#define REFUNDS  "Topic refunds messageType=NORMAL\n"

enum { MINUTE_MS = 60000 };

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

static void declare_many(uint32_t count)
{
    static char lines[200 * 64];
    size_t used = 0;
    for (uint32_t i = 0; i < count; i++)
        used += (size_t)snprintf(lines + used, sizeof lines - used, "Topic topic-%03u messageType=NORMAL\n", i);
    bench_declare(&bench, lines);
}

/* ---- order ----------------------------------------------------------------------------------------------------- */

static void topics_go_before_groups(void **state)
{
    /* Each in the order of their names. */
    (void)state;
    bench_declare(&bench, "ConsumerGroup a remark=x\nTopic z messageType=NORMAL\nConsumerGroup b remark=x\n"
                          "Topic y messageType=NORMAL\n");
    bench_pass(&bench);
    assert_string_equal(bench.sent, "y z a b");
}

#define READERS "ConsumerGroup readers consumeRetryPolicy.deadLetterTargetTopic=orders\n"

static void a_group_waits_for_its_dead_letter_topic(void **state)
{
    /* While the topic waits for its next try other groups go on. */
    (void)state;
    bench_declare(&bench, ORDERS READERS "ConsumerGroup writers remark=x\n");
    bench_answer(&bench, "orders", OUTCOME_REFUSED, CAUSE_SYSTEM_ERROR, 1);
    bench_pass(&bench);
    assert_string_equal(bench.sent, "orders writers orders readers");
    assert_true(bench.report->parity);
}

static void a_group_is_not_tried_without_its_dead_letter_topic(void **state)
{
    /* It is no failure of its own: skipped while the topic cannot be, pending while it may come. */
    (void)state;
    bench_declare(&bench, ORDERS READERS);
    bench_answer(&bench, "orders", OUTCOME_REFUSED, CAUSE_INVALID_PARAMETER, 0);
    bench_pass(&bench);
    assert_string_equal(bench.sent, "orders");
    assert_string_equal(bench_result(&bench, KIND_GROUP, "readers"), "skipped invalid-parameter");
    bench_pass(&bench);
    assert_string_equal(bench_result(&bench, KIND_GROUP, "readers"), "skipped invalid-parameter");

    bench_mend(&bench);
    bench_declare(&bench, "Topic orders messageType=FIFO\n" READERS);
    bench_answer(&bench, "orders", OUTCOME_REFUSED, CAUSE_SYSTEM_ERROR, 0);
    bench_pass(&bench);
    assert_string_equal(bench.sent, "orders orders orders");
    assert_string_equal(bench_result(&bench, KIND_GROUP, "readers"), "pending system-error");
}

static void a_group_goes_when_its_topic_is_not_ours_to_create(void **state)
{
    /* A topic that is there, is not declared, or is only observed: the provider decides. */
    (void)state;
    bench_declare(&bench, "Topic orders messageType=NORMAL policy=observe\n" READERS
                          "ConsumerGroup other consumeRetryPolicy.deadLetterTargetTopic=elsewhere\n");
    bench_pass(&bench);
    assert_string_equal(bench.sent, "other readers");
}

static void a_group_is_skipped_when_its_topic_cannot_be_created(void **state)
{
    /* The topic is in its own way; the group depends on it. */
    (void)state;
    bench_declare(&bench, "Topic orders messageType=NORMAL problem=declared-twice\n" READERS);
    bench_pass(&bench);
    assert_string_equal(bench.sent, "");
    assert_string_equal(bench_result(&bench, KIND_GROUP, "readers"), "skipped declared-twice");
}

static void a_group_shares_the_fate_of_a_blocked_lane(void **state)
{
    /* No room for topics: what waits for one of them is skipped for the same reason. */
    (void)state;
    bench_declare(&bench, ORDERS PAYMENTS "ConsumerGroup readers consumeRetryPolicy.deadLetterTargetTopic=payments\n");
    bench_answer(&bench, NULL, OUTCOME_REFUSED, CAUSE_TOPIC_QUOTA_REACHED, 0);
    bench_pass(&bench);
    assert_string_equal(bench.sent, "orders");
    assert_string_equal(bench_result(&bench, KIND_GROUP, "readers"), "skipped topic-quota-reached");
    assert_int_equal(bench.report->skipped[KIND_GROUP], 1);
}

/* ---- over several passes --------------------------------------------------------------------------------------- */

static void what_an_earlier_pass_of_the_command_created_stays_created(void **state)
{
    /* A later pass finds it there, but it was this command that made it. What was there before, existed. */
    struct row_set made = {NULL};
    (void)state;
    bench.options.made = &made;
    bench_declare(&bench, ORDERS PAYMENTS "Topic there messageType=NORMAL\n");
    bench_show(&bench, "Topic there messageType=NORMAL\n");
    bench_answer(&bench, "payments", OUTCOME_REFUSED, CAUSE_SYSTEM_ERROR, 0);
    bench_pass(&bench);
    assert_string_equal(bench_result(&bench, KIND_TOPIC, "orders"), "created");
    assert_int_equal(bench.report->pending[KIND_TOPIC], 1);

    bench_mend(&bench);
    bench.now_ms = bench.report->again_ms;
    bench_pass(&bench);
    assert_string_equal(bench.sent, "payments");
    assert_string_equal(bench_result(&bench, KIND_TOPIC, "orders"), "created");
    assert_string_equal(bench_result(&bench, KIND_TOPIC, "payments"), "created");
    assert_string_equal(bench_result(&bench, KIND_TOPIC, "there"), "existed");
    assert_int_equal(bench.report->created[KIND_TOPIC], 2);
    assert_int_equal(bench.report->existed[KIND_TOPIC], 1);
    free(made.bits);
}

static void notes_tell_the_attempt_they_speak_of(void **state)
{
    /* Refused, refused, created: the journal's lines count like its intents do. */
    (void)state;
    bench_declare(&bench, ORDERS);
    bench_answer(&bench, "orders", OUTCOME_REFUSED, CAUSE_SYSTEM_ERROR, 2);
    bench_pass(&bench);
    assert_string_equal(bench.notes, "failed:orders failed:orders created:orders");
    assert_string_equal(bench.attempts, "1 2 3");
}

/* ---- intents and slots ----------------------------------------------------------------------------------------- */

static void intents_run_ahead_of_the_slots(void **state)
{
    /* By twice the concurrency; a create leaves only when its own intent is durable. */
    (void)state;
    bench.options.concurrency = 4;
    declare_many(40);
    bench_begin(&bench);
    bench_run(&bench, EFFECT_INTEND);
    assert_int_equal(bench_open(&bench, EFFECT_INTEND), 8);
    assert_int_equal(bench_open(&bench, EFFECT_CREATE), 0);
    struct effect second = bench_take(&bench, EFFECT_INTEND);
    second = bench_take(&bench, EFFECT_INTEND);
    bench_post(&bench, (struct event){.kind = EVENT_INTENDED, .op = second.op});
    assert_int_equal(bench_open(&bench, EFFECT_CREATE), 1);
    assert_int_equal(bench_take(&bench, EFFECT_CREATE).rows[0], second.rows[0]);
    while (bench_open(&bench, EFFECT_INTEND) > 0) {
        struct effect next = bench_take(&bench, EFFECT_INTEND);
        bench_post(&bench, (struct event){.kind = EVENT_INTENDED, .op = next.op});
        assert_true(bench_open(&bench, EFFECT_CREATE) <= 3); /* with the one above: four */
    }
}

static void concurrency_has_a_floor_and_a_ceiling(void **state)
{
    /* Zero is taken as one, far too many as what the pass can watch. */
    (void)state;
    for (int i = 0; i < 2; i++) {
        bench.options.concurrency = i == 0 ? 0 : 100000;
        declare_many(3);
        bench_show(&bench, "");
        bench_pass(&bench);
        assert_true(bench.report->parity);
    }
}

static void batches_hold_what_the_door_takes(void **state)
{
    /* One kind, so many, so large. */
    (void)state;
    bench.description.capabilities.batch_max[KIND_TOPIC] = 3;
    bench.description.capabilities.batch_max[KIND_GROUP] = UINT32_MAX;
    bench_declare(&bench, "Topic a messageType=NORMAL\nTopic b messageType=NORMAL\nTopic c messageType=NORMAL\n"
                          "Topic d messageType=NORMAL\nConsumerGroup e remark=x\nConsumerGroup f remark=x\n");
    bench_pass(&bench);
    assert_string_equal(bench.sent, "a+b+c d e+f");
    assert_true(bench.report->parity);
}

static void batches_are_cut_at_their_bytes(void **state)
{
    /* A resource that is too large alone goes alone: the door says what it thinks of it. */
    (void)state;
    bench.description.capabilities.batch_max[KIND_TOPIC] = 100;
    bench.description.capabilities.batch_bytes = 100;
    char lines[600];
    char remark[201];
    memset(remark, 'x', 200);
    remark[200] = '\0';
    snprintf(lines, sizeof lines,
             "Topic a messageType=NORMAL\nTopic b messageType=NORMAL\nTopic c remark=%s\n"
             "Topic d perm=6 messageType=NORMAL\n",
             remark);
    bench_declare(&bench, lines);
    bench_pass(&bench);
    assert_string_equal(bench.sent, "a+b c d");
}

static void a_batch_that_is_refused_is_tried_one_by_one(void **state)
{
    /* One bad object never stops the others, though the door does not say which it is. */
    (void)state;
    bench.description.capabilities.batch_max[KIND_TOPIC] = 10;
    bench_declare(&bench, ORDERS PAYMENTS REFUNDS);
    bench_answer(&bench, "orders", OUTCOME_REFUSED, CAUSE_INVALID_PARAMETER, 1);
    bench_answer(&bench, "payments", OUTCOME_REFUSED, CAUSE_INVALID_PARAMETER, 0);
    bench_answer(&bench, "refunds", OUTCOME_REFUSED, CAUSE_INVALID_PARAMETER, 1);
    bench_pass(&bench);
    assert_string_equal(bench.sent, "orders+payments+refunds orders payments refunds");
    assert_string_equal(bench_result(&bench, KIND_TOPIC, "orders"), "created");
    assert_string_equal(bench_result(&bench, KIND_TOPIC, "payments"), "failed invalid-parameter");
    assert_string_equal(bench_result(&bench, KIND_TOPIC, "refunds"), "created");
}

static void a_door_without_batches_gets_singles(void **state)
{
    /* "Unsupported" to a batch is no verdict on its resources: from then on they go alone. */
    (void)state;
    bench.description.capabilities.batch_max[KIND_TOPIC] = 2;
    bench_declare(&bench, ORDERS PAYMENTS REFUNDS);
    bench_answer(&bench, "orders", OUTCOME_REFUSED, CAUSE_UNSUPPORTED, 1);
    bench_answer(&bench, "payments", OUTCOME_REFUSED, CAUSE_UNSUPPORTED, 1);
    bench_pass(&bench);
    assert_string_equal(bench.sent, "orders+payments refunds orders payments");
    assert_true(bench.report->parity);
}

static void answers_may_come_in_slices(void **state)
{
    /* What a batch came to is heard bit by bit; rows that nobody speaks of are in doubt. */
    (void)state;
    bench.description.capabilities.batch_max[KIND_TOPIC] = 10;
    bench_declare(&bench, ORDERS PAYMENTS REFUNDS);
    bench_begin(&bench);
    bench_run(&bench, EFFECT_CREATE);
    struct effect create = bench_take(&bench, EFFECT_CREATE);
    struct created_item first = {.row = create.rows[0], .outcome = OUTCOME_CREATED};
    struct created_item second = {.row = create.rows[1], .outcome = OUTCOME_REFUSED}; /* no failure: no reason given */
    bench_post(&bench,
               (struct event){.kind = EVENT_CREATED, .op = create.op, .items = &first, .item_count = 1, .more = true});
    assert_string_equal(bench.notes, "created:orders");
    assert_int_equal(bench_open(&bench, EFFECT_LIST), 0);
    bench_post(&bench, (struct event){.kind = EVENT_CREATED, .op = create.op, .items = &second, .item_count = 1});
    assert_string_equal(bench.notes, "created:orders failed:payments");
    bench_show(&bench, ORDERS REFUNDS);
    while (!bench.ended) {
        if (bench.head != bench.tail)
            bench_run(&bench, EFFECT_REPORT);
        else
            bench_wait(&bench);
    }
    assert_string_equal(bench_result(&bench, KIND_TOPIC, "refunds"), "created");
    assert_string_equal(bench_result(&bench, KIND_TOPIC, "payments"), "created");
    assert_string_equal(bench.notes, "created:orders failed:payments created:payments settled:refunds");
}

static void long_work_is_cut_into_steps(void **state)
{
    /* Two rows a step: the pass asks for timers that are due at once, and comes to the same end. */
    (void)state;
    bench.options.rows_a_step = 2;
    bench.description.capabilities.batch_max[KIND_TOPIC] = 100;
    declare_many(21);
    uint64_t begun_ms = bench.now_ms;
    bench_pass(&bench);
    assert_int_equal(bench.sent_count, 1);
    assert_int_equal(bench.report->created[KIND_TOPIC], 21);
    assert_true(bench.report->parity);
    assert_true(bench.now_ms - begun_ms <= 1);
}

static void a_stop_in_the_middle_of_a_step_takes_everything_back(void **state)
{
    /* What was gathered, intended or ready but not sent is pending, in no doubt, and noted where the journal knew. */
    (void)state;
    bench.options.rows_a_step = 2;
    bench.options.concurrency = 2;
    declare_many(20);
    bench.news = EVENT_STOP;
    bench.news_before = 1;
    bench_pass(&bench);
    assert_int_equal(bench.report->failure.cause, CAUSE_CANCELLED);
    assert_int_equal(bench.report->created[KIND_TOPIC] + bench.report->pending[KIND_TOPIC], 20);
    assert_int_equal(bench.report->created[KIND_TOPIC], bench.sent_count);
    bench_pass(&bench);
    assert_true(bench.report->parity);
}

/* ---- settling -------------------------------------------------------------------------------------------------- */

static void what_is_created_but_not_listed_yet_is_waited_for(void **state)
{
    /* For a settling time; then it is there. */
    (void)state;
    bench.description.capabilities.settle_ms = 5000;
    bench_declare(&bench, ORDERS);
    bench_answer(&bench, "orders", OUTCOME_CREATED, CAUSE_NONE, 1)->hidden = true;
    bench_begin(&bench);
    bench_run(&bench, EFFECT_REPORT);
    assert_false(bench.ended);
    assert_int_equal(bench.plans, 2);
    assert_int_equal(bench.timer_ms, bench.now_ms + 5000);
    bench_show(&bench, ORDERS);
    bench_wait(&bench);
    bench_run(&bench, EFFECT_REPORT);
    assert_true(bench.ended);
    assert_true(bench.report->parity);
    assert_string_equal(bench.sent, "orders");
}

static void what_is_created_but_never_listed_is_not_sent_every_minute(void **state)
{
    /* Said to exist, never listed: the ledger remembers it; no second create before its moment. */
    (void)state;
    struct failure why;
    bench_declare(&bench, ORDERS);
    bench_answer(&bench, "orders", OUTCOME_CREATED, CAUSE_NONE, 0)->hidden = true;
    bench_pass(&bench);
    assert_string_equal(bench.sent, "orders");
    assert_string_equal(bench_result(&bench, KIND_TOPIC, "orders"), "pending outcome-unknown");
    pass_failure(bench.pass, 0, &why);
    assert_string_equal(why.text, "the destination said that it was created, but does not list it");
    uint64_t again_ms = bench.report->again_ms;
    bench_pass(&bench);
    assert_string_equal(bench.sent, "");
    bench.now_ms = again_ms;
    bench_pass(&bench);
    assert_string_equal(bench.sent, "orders");
}

static void doubts_of_an_earlier_process_are_settled_first(void **state)
{
    /* A crash between intent and answer: nothing is sent before its absence is proven; what is there counts as there.
     */
    (void)state;
    bench.description.capabilities.settle_ms = 3000;
    bench_declare(&bench, ORDERS PAYMENTS REFUNDS);
    bench_show(&bench, ORDERS);
    assert_int_equal(ledger_doubt(bench.ledger, KIND_TOPIC, TEXT("orders"), bench.now_ms), 0);
    assert_int_equal(ledger_doubt(bench.ledger, KIND_TOPIC, TEXT("payments"), bench.now_ms), 0);
    assert_int_equal(ledger_doubt(bench.ledger, KIND_GROUP, TEXT("gone"), bench.now_ms - 5000), 0);
    uint64_t begun_ms = bench.now_ms;
    bench_pass(&bench);
    assert_string_equal(bench.sent, "refunds payments");
    assert_string_equal(bench.notes, "settled:orders created:refunds failed:payments created:payments");
    assert_true(bench.sent_ms[1] >= begun_ms + 3000);
    assert_int_equal(ledger_count(bench.ledger), 0);
    assert_true(bench.report->parity);
}

static void a_doubt_outlives_an_undeclared_moment(void **state)
{
    /* Taken out of the manifest and put back within the settling time: still not sent. */
    (void)state;
    bench.description.capabilities.settle_ms = 3000;
    bench.guard.allow_empty_source = true;
    assert_int_equal(ledger_doubt(bench.ledger, KIND_TOPIC, TEXT("orders"), bench.now_ms), 0);
    bench_pass(&bench);
    assert_int_equal(ledger_count(bench.ledger), 1);
    bench_declare(&bench, ORDERS);
    bench_pass(&bench);
    assert_true(bench.sent_ms[0] >= bench.report->started_ms + 3000);
    bench_declare(&bench, "");
    assert_int_equal(ledger_doubt(bench.ledger, KIND_TOPIC, TEXT("late"), bench.now_ms - 3000), 0);
    bench_pass(&bench);
    assert_int_equal(ledger_count(bench.ledger), 0);
}

static void a_doubtful_group_waits_for_its_topic_too(void **state)
{
    /* Proven absent it still is not sent before its dead-letter topic is there. */
    (void)state;
    bench_declare(&bench, ORDERS READERS);
    assert_int_equal(ledger_doubt(bench.ledger, KIND_GROUP, TEXT("readers"), bench.now_ms), 0);
    bench_answer(&bench, "orders", OUTCOME_UNKNOWN, CAUSE_OUTCOME_UNKNOWN, 1);
    bench_pass(&bench);
    assert_string_equal(bench.sent, "orders orders readers");
    assert_true(bench.report->parity);
}

static void few_doubts_are_settled_by_get(void **state)
{
    /* When that takes fewer calls than the list has parts. A get that fails leaves it to the list. */
    (void)state;
    bench.description.capabilities.get_max[KIND_TOPIC] = 1;
    bench.list_parts = 3;
    bench_declare(&bench, ORDERS PAYMENTS);
    bench_pass(&bench);
    assert_int_equal(bench.gets, 2);
    assert_int_equal(bench.lists, 6);
    assert_true(bench.report->parity);

    bench_show(&bench, "");
    bench.get = (struct bench_fault){CAUSE_INSTANCE_PERMISSION_MISSING, 0};
    bench_pass(&bench);
    assert_int_equal(bench.lists, 9);
    assert_true(bench.report->parity);
}

static void many_unknown_outcomes_stop_the_sending(void **state)
{
    /* Three in a row: the destination is looked at before anything else is sent. */
    (void)state;
    declare_many(10);
    bench_answer(&bench, NULL, OUTCOME_UNKNOWN, CAUSE_OUTCOME_UNKNOWN, 3);
    bench_pass(&bench);
    assert_int_equal(bench.sent_count, 13);
    assert_int_equal(bench.sent_lists[2], 2); /* those of the beginning */
    assert_true(bench.sent_lists[3] > 2);
    assert_true(bench.report->parity);
}

static void what_others_create_meanwhile_is_not_sent(void **state)
{
    /* A read between two creates shows it: the plan of the beginning is not followed blindly. */
    (void)state;
    declare_many(6);
    bench_answer(&bench, "topic-000", OUTCOME_UNKNOWN, CAUSE_OUTCOME_UNKNOWN, 1);
    bench_answer(&bench, "topic-001", OUTCOME_UNKNOWN, CAUSE_OUTCOME_UNKNOWN, 1);
    bench_answer(&bench, "topic-002", OUTCOME_UNKNOWN, CAUSE_OUTCOME_UNKNOWN, 1)->shows =
        "Topic topic-005 messageType=FIFO\n";
    bench_pass(&bench);
    assert_null(strstr(bench.sent, "topic-005"));
    assert_string_equal(bench_result(&bench, KIND_TOPIC, "topic-005"), "existed");
    assert_int_equal(bench.report->created[KIND_TOPIC], 5);
}

static void an_unknown_outcome_that_differs_is_not_ours(void **state)
{
    /* Somebody else was faster: reported, left alone. */
    (void)state;
    bench_declare(&bench, ORDERS);
    bench_answer(&bench, "orders", OUTCOME_UNKNOWN, CAUSE_OUTCOME_UNKNOWN, 1)->shows =
        "Topic orders messageType=FIFO\n";
    bench_pass(&bench);
    assert_string_equal(bench_result(&bench, KIND_TOPIC, "orders"), "existed");
    assert_int_equal(bench_state(&bench, KIND_TOPIC, "orders"), STATE_DIFFERS);
}

static void what_meets_an_obstacle_meanwhile_fails(void **state)
{
    /* Lost on the way, and by now a group has its name: it cannot be created as it stands. */
    (void)state;
    bench.description.capabilities.rules.names_shared = true;
    bench_declare(&bench, ORDERS PAYMENTS);
    bench_answer(&bench, "orders", OUTCOME_UNKNOWN, CAUSE_OUTCOME_UNKNOWN, 1)->shows =
        "ConsumerGroup orders remark=x\n";
    bench_pass(&bench);
    assert_string_equal(bench_result(&bench, KIND_TOPIC, "orders"), "failed topic-named-like-group");
    assert_string_equal(bench_result(&bench, KIND_TOPIC, "payments"), "created");
}

static void what_waits_and_meets_an_obstacle_fails(void **state)
{
    /* Not even sent yet: a newer read shows that a group has the name. */
    (void)state;
    bench.description.capabilities.rules.names_shared = true;
    declare_many(6);
    bench_answer(&bench, "topic-000", OUTCOME_UNKNOWN, CAUSE_OUTCOME_UNKNOWN, 1);
    bench_answer(&bench, "topic-001", OUTCOME_UNKNOWN, CAUSE_OUTCOME_UNKNOWN, 1);
    bench_answer(&bench, "topic-002", OUTCOME_UNKNOWN, CAUSE_OUTCOME_UNKNOWN, 1)->shows =
        "ConsumerGroup topic-005 remark=x\n";
    bench_pass(&bench);
    assert_null(strstr(bench.sent, "topic-005"));
    assert_string_equal(bench_result(&bench, KIND_TOPIC, "topic-005"), "failed topic-named-like-group");
    assert_int_equal(bench.report->created[KIND_TOPIC], 5);
}

/* ---- CREATING -------------------------------------------------------------------------------------------------- */

static void creating_is_polled_until_there_is_no_time_left(void **state)
{
    /* It is there, so nothing is sent; without a moment to give up at a later pass looks again. */
    (void)state;
    bench_declare(&bench, ORDERS);
    bench_answer(&bench, "orders", OUTCOME_CREATED, CAUSE_NONE, 1)->shows =
        "Topic orders messageType=NORMAL status=creating\n";
    bench.options.give_up_ms = bench.now_ms + 20000;
    bench_pass(&bench);
    assert_string_equal(bench.sent, "orders");
    assert_string_equal(bench_result(&bench, KIND_TOPIC, "orders"), "pending");
    assert_in_range(bench.report->rounds, 3, 12);
    assert_true(bench.report->ended_ms <= bench.options.give_up_ms);
    assert_false(bench.report->parity);
    assert_int_equal(bench.report->outcome, PASS_AGAIN_AT);
    assert_int_equal(ledger_count(bench.ledger), 0);

    bench.options.give_up_ms = 0;
    uint64_t begun_ms = bench.now_ms;
    bench_pass(&bench);
    assert_int_equal(bench.now_ms, begun_ms);
    assert_string_equal(bench_result(&bench, KIND_TOPIC, "orders"), "pending");
    bench_show(&bench, ORDERS);
    bench_pass(&bench);
    assert_true(bench.report->parity);
}

static void creating_that_comes_into_service_is_created(void **state)
{
    /* Also when the answer to its create was lost. */
    (void)state;
    bench_declare(&bench, ORDERS READERS);
    bench.options.give_up_ms = bench.now_ms + MINUTE_MS;
    bench_answer(&bench, "orders", OUTCOME_UNKNOWN, CAUSE_OUTCOME_UNKNOWN, 1)->shows =
        "Topic orders messageType=NORMAL status=creating\n";
    bench_begin(&bench);
    bench_run(&bench, EFFECT_REPORT);
    assert_string_equal(bench.sent, "orders readers"); /* a topic that is being made takes dead letters */
    bench_show(&bench, ORDERS READERS);
    bench_wait(&bench);
    bench_run(&bench, EFFECT_REPORT);
    assert_true(bench.ended);
    assert_string_equal(bench_result(&bench, KIND_TOPIC, "orders"), "created");
    assert_true(bench.report->parity);
}

static void creating_that_vanishes_is_left_to_a_later_pass(void **state)
{
    /* Whatever the provider did, this pass does not create it again. */
    (void)state;
    bench_declare(&bench, ORDERS);
    bench.options.give_up_ms = bench.now_ms + MINUTE_MS;
    bench_answer(&bench, "orders", OUTCOME_CREATED, CAUSE_NONE, 1)->shows =
        "Topic orders messageType=NORMAL status=creating\n";
    bench_begin(&bench);
    bench_run(&bench, EFFECT_REPORT);
    bench_show(&bench, "");
    bench_wait(&bench);
    bench_run(&bench, EFFECT_REPORT);
    assert_true(bench.ended);
    assert_string_equal(bench.sent, "orders");
    assert_string_equal(bench_result(&bench, KIND_TOPIC, "orders"), "pending");
}

static void no_wait_goes_beyond_the_moment_to_give_up(void **state)
{
    /* Retries and settling are left to the next pass; what is in doubt stays in doubt. */
    (void)state;
    bench.description.capabilities.settle_ms = 30000;
    bench_declare(&bench, ORDERS PAYMENTS);
    bench.options.give_up_ms = bench.now_ms + 100;
    bench_answer(&bench, "orders", OUTCOME_REFUSED, CAUSE_SYSTEM_ERROR, 1);
    bench_answer(&bench, "payments", OUTCOME_UNKNOWN, CAUSE_OUTCOME_UNKNOWN, 1);
    bench_pass(&bench);
    assert_true(bench.now_ms <= bench.options.give_up_ms);
    assert_string_equal(bench_result(&bench, KIND_TOPIC, "orders"), "pending system-error");
    assert_string_equal(bench_result(&bench, KIND_TOPIC, "payments"), "pending outcome-unknown");
    assert_int_equal(bench.report->outcome, PASS_AGAIN_AT);
    bench.options.give_up_ms = 0;
    bench.now_ms = bench.report->again_ms;
    bench_pass(&bench);
    assert_string_equal(bench.sent, "orders payments");
    assert_true(bench.report->parity);
}

/* ---- masters --------------------------------------------------------------------------------------------------- */

static void a_half_created_resource_is_completed(void **state)
{
    /* As declared on one of two masters: missing, to be created on the other; different anywhere: left alone. */
    (void)state;
    struct capabilities *able = &bench.description.capabilities;
    able->kind = INSTANCE_ROCKETMQ;
    able->rules = rules_of(INSTANCE_ROCKETMQ);
    able->masters_fixed = true;
    for (int kind = 0; kind < KINDS; kind++)
        able->holds[kind] = able->listed[kind] = fields_held(INSTANCE_ROCKETMQ, kind);
    bench_declare(&bench, "Topic orders readQueueNums=4\nTopic payments readQueueNums=4\n");
    bench_show(&bench, "masters broker-a broker-b\nTopic orders @broker-a readQueueNums=4\n"
                       "Topic payments @broker-a readQueueNums=5\n");
    bench_begin(&bench);
    bench_run(&bench, EFFECT_CREATE);
    assert_string_equal(bench.sent, "orders");
    const char *master;
    uint16_t position = 0;
    assert_true(plan_next_missing_master(pass_plan(bench.pass), 0, &position, &master));
    assert_string_equal(master, "broker-b");
    assert_false(plan_next_missing_master(pass_plan(bench.pass), 0, &position, &master));
    bench_answer(&bench, "orders", OUTCOME_CREATED, CAUSE_NONE, 1)->hidden = true;
    struct effect create = bench_take(&bench, EFFECT_CREATE);
    struct created_item item = {.row = create.rows[0], .outcome = OUTCOME_CREATED};
    bench_post(&bench, (struct event){.kind = EVENT_CREATED, .op = create.op, .items = &item, .item_count = 1});
    bench_show(&bench, "masters broker-a broker-b\nTopic orders readQueueNums=4\nTopic payments @broker-a "
                       "readQueueNums=5\n");
    bench_run(&bench, EFFECT_REPORT);
    assert_string_equal(bench_result(&bench, KIND_TOPIC, "orders"), "created");
    assert_int_equal(bench_state(&bench, KIND_TOPIC, "payments"), STATE_DIFFERS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(topics_go_before_groups),
        TEST(a_group_waits_for_its_dead_letter_topic),
        TEST(a_group_is_not_tried_without_its_dead_letter_topic),
        TEST(a_group_goes_when_its_topic_is_not_ours_to_create),
        TEST(a_group_is_skipped_when_its_topic_cannot_be_created),
        TEST(a_group_shares_the_fate_of_a_blocked_lane),
        TEST(what_an_earlier_pass_of_the_command_created_stays_created),
        TEST(notes_tell_the_attempt_they_speak_of),
        TEST(intents_run_ahead_of_the_slots),
        TEST(concurrency_has_a_floor_and_a_ceiling),
        TEST(batches_hold_what_the_door_takes),
        TEST(batches_are_cut_at_their_bytes),
        TEST(a_batch_that_is_refused_is_tried_one_by_one),
        TEST(a_door_without_batches_gets_singles),
        TEST(answers_may_come_in_slices),
        TEST(long_work_is_cut_into_steps),
        TEST(a_stop_in_the_middle_of_a_step_takes_everything_back),
        TEST(what_is_created_but_not_listed_yet_is_waited_for),
        TEST(what_is_created_but_never_listed_is_not_sent_every_minute),
        TEST(doubts_of_an_earlier_process_are_settled_first),
        TEST(a_doubt_outlives_an_undeclared_moment),
        TEST(a_doubtful_group_waits_for_its_topic_too),
        TEST(few_doubts_are_settled_by_get),
        TEST(many_unknown_outcomes_stop_the_sending),
        TEST(what_others_create_meanwhile_is_not_sent),
        TEST(an_unknown_outcome_that_differs_is_not_ours),
        TEST(what_meets_an_obstacle_meanwhile_fails),
        TEST(what_waits_and_meets_an_obstacle_fails),
        TEST(creating_is_polled_until_there_is_no_time_left),
        TEST(creating_that_comes_into_service_is_created),
        TEST(creating_that_vanishes_is_left_to_a_later_pass),
        TEST(no_wait_goes_beyond_the_moment_to_give_up),
        TEST(a_half_created_resource_is_completed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
