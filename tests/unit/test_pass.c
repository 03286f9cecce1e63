/* SPDX-License-Identifier: Apache-2.0
 *
 * The pass: reading, planning, asking, ending. Creates are test_pass_apply.c's, causes test_pass_causes.c's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/cause.h"
#include "tests/lib/catalog_text.h"
#include "tests/lib/pass_bench.h"

#define TWO "Topic orders messageType=NORMAL\nTopic payments messageType=NORMAL\n"

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

/* ---- equal sides ----------------------------------------------------------------------------------------------- */

static void equal_sides_send_nothing(void **state)
{
    /* An empty plan: no intent, no create, no note; parity, and nothing to do before something changes. */
    (void)state;
    bench_declare(&bench, TWO);
    bench_show(&bench, TWO "Topic extra messageType=FIFO\n");
    bench_pass(&bench);
    assert_string_equal(bench.sent, "");
    assert_string_equal(bench.notes, "");
    assert_int_equal(bench.lists, 2);
    assert_int_equal(bench.plans, 1);
    assert_true(bench.report->complete);
    assert_true(bench.report->parity);
    assert_false(bench.report->created_any);
    assert_int_equal(bench.report->outcome, PASS_SETTLED);
    assert_int_equal(bench.report->existed[KIND_TOPIC], 2);
}

static void what_is_missing_is_created_once(void **state)
{
    /* The second pass finds nothing to do: running it twice sends nothing twice. */
    (void)state;
    bench_declare(&bench, TWO "ConsumerGroup readers remark=a\n");
    bench_show(&bench, "Topic orders messageType=NORMAL\n");
    bench_pass(&bench);
    assert_string_equal(bench.sent, "payments readers");
    assert_string_equal(bench.notes, "created:payments created:readers");
    assert_true(bench.report->parity);
    assert_int_equal(bench.report->created[KIND_TOPIC], 1);
    assert_int_equal(bench.report->existed[KIND_TOPIC], 1);
    assert_int_equal(bench.report->created[KIND_GROUP], 1);
    assert_int_equal(bench.report->rounds, 1);
    bench_pass(&bench);
    assert_string_equal(bench.sent, "");
    assert_int_equal(ledger_count(bench.ledger), 0);
}

static void a_pass_that_only_plans_creates_nothing(void **state)
{
    /* plan, verify, evaluate and mode observe look and tell. */
    (void)state;
    bench_declare(&bench, TWO);
    bench_show(&bench, "Topic orders messageType=NORMAL\n");
    bench.options.mode = PASS_PLAN;
    bench_pass(&bench);
    assert_string_equal(bench.sent, "");
    assert_true(bench.report->complete);
    assert_false(bench.report->parity);
    assert_int_equal(bench.report->outcome, PASS_SETTLED);
    assert_int_equal(pass_result(bench.pass, 0).result, RESULT_NONE);
    assert_int_equal(bench_state(&bench, KIND_TOPIC, "payments"), STATE_MISSING);
    bench_show(&bench, TWO);
    bench_pass(&bench);
    assert_true(bench.report->parity);
}

static void policies_decide_who_is_created(void **state)
{
    /* observe is compared and told, ignore is not even compared; neither is created, conflicts of theirs are no
     * failures. */
    (void)state;
    bench_declare(&bench, "Topic a messageType=NORMAL policy=observe\nTopic b messageType=NORMAL policy=ignore\n"
                          "Topic c messageType=NORMAL policy=observe problem=declared-twice\n");
    bench_pass(&bench);
    assert_string_equal(bench.sent, "");
    assert_string_equal(bench_result(&bench, KIND_TOPIC, "a"), "skipped");
    assert_string_equal(bench_result(&bench, KIND_TOPIC, "b"), "skipped");
    assert_string_equal(bench_result(&bench, KIND_TOPIC, "c"), "skipped declared-twice");
    assert_int_equal(bench.report->skipped[KIND_TOPIC], 3);
    assert_int_equal(bench.report->failed[KIND_TOPIC], 0);
    assert_false(bench.report->parity);
}

/* ---- lists ----------------------------------------------------------------------------------------------------- */

static void answer_part(uint32_t parts, uint64_t total, uint64_t count)
{
    struct effect effect = bench_take(&bench, EFFECT_LIST);
    bench_post(&bench, (struct event){.kind = EVENT_LISTED,
                                      .op = effect.op,
                                      .side = effect.side,
                                      .resource_kind = effect.resource_kind,
                                      .part = effect.part,
                                      .parts = parts,
                                      .total = total,
                                      .count = count});
}

static void begin_listing(void)
{
    bench_begin(&bench);
    bench_run(&bench, EFFECT_LIST);
}

static void the_first_part_tells_how_many_there_are(void **state)
{
    /* The others are asked side by side, a few at a time. */
    (void)state;
    begin_listing();
    assert_int_equal(bench_open(&bench, EFFECT_LIST), 2); /* part 0 of topics, of groups */
    answer_part(40, 4000, 100);
    assert_int_equal(bench_open(&bench, EFFECT_LIST), 1 + 16);
    bench_take(&bench, EFFECT_LIST); /* groups */
    for (uint32_t part = 1; part < 40; part++)
        answer_part(40, 4000, 100);
    assert_int_equal(bench_open(&bench, EFFECT_LIST), 0);
}

/* The second part of the list tells this: it is read three more times, then the answer is bad. */
static void expect_reread(uint32_t parts, uint64_t total, uint64_t count)
{
    begin_listing();
    answer_part(2, 10, 5);
    bench_take(&bench, EFFECT_LIST); /* groups */
    answer_part(parts, total, count);
    for (int reread = 0; reread < 3; reread++) {
        assert_int_equal(bench_open(&bench, EFFECT_LIST), 1);
        answer_part(2, 10, 5);
        answer_part(parts, total, count);
    }
    assert_int_equal(bench_open(&bench, EFFECT_LIST), 0);
    assert_int_equal(bench.plans, 0);
    assert_int_equal(pass_report(bench.pass)->failure.cause, CAUSE_BAD_ANSWER);
}

static void parts_that_announce_different_totals_are_read_again(void **state)
{
    /* Three more times, then the answer is bad: a plan is never made from half a list. */
    (void)state;
    expect_reread(2, 11, 5);
}

static void parts_that_announce_different_numbers_of_parts_are_read_again(void **state)
{
    /* The list grew a page while it was read. */
    (void)state;
    expect_reread(3, 10, 5);
}

static void parts_that_do_not_add_up_are_read_again(void **state)
{
    /* Something slipped from one page to another. */
    (void)state;
    expect_reread(2, 10, 4);
}

static void older_parts_never_come_in_between_newer_ones(void **state)
{
    /* A list that contradicts itself is read again only when nothing of it is under way. */
    (void)state;
    begin_listing();
    answer_part(4, 8, 2);
    bench_take(&bench, EFFECT_LIST); /* groups */
    assert_int_equal(bench_open(&bench, EFFECT_LIST), 3);
    answer_part(4, 9, 2);
    assert_int_equal(bench_open(&bench, EFFECT_LIST), 2);
    answer_part(4, 8, 2);
    assert_int_equal(bench_open(&bench, EFFECT_LIST), 1);
    answer_part(4, 8, 2);
    struct effect first = bench_take(&bench, EFFECT_LIST);
    assert_int_equal(first.part, 0);
}

static void a_list_of_nonsense_length_is_refused(void **state)
{
    /* No parts, or more than anybody has. */
    (void)state;
    for (int i = 0; i < 2; i++) {
        begin_listing();
        bench_take(&bench, EFFECT_LIST);
        for (int read = 0; read < 4; read++)
            answer_part(i == 0 ? 0 : 1000001, UINT64_MAX, 0);
        assert_int_equal(pass_report(bench.pass)->failure.cause, CAUSE_BAD_ANSWER);
    }
}

static void a_part_that_fails_for_a_while_is_asked_again(void **state)
{
    /* One lost page of five hundred does not cost the whole pass. */
    (void)state;
    bench_declare(&bench, TWO);
    bench.list_parts = 2;
    bench.list = (struct bench_fault){CAUSE_SYSTEM_ERROR, 2};
    bench_pass(&bench);
    assert_true(bench.report->parity);
    assert_true(bench.report->ended_ms > bench.report->started_ms);
}

static void a_name_in_two_parts_is_a_bad_answer(void **state)
{
    /* The runner sees it when it combines the parts: that list is read again, three times at most. */
    (void)state;
    bench_declare(&bench, TWO);
    bench_begin(&bench);
    for (int read = 0; read < 4; read++) {
        bench_run(&bench, EFFECT_PLAN);
        struct effect plan = bench_take(&bench, EFFECT_PLAN);
        struct failure why;
        failure_set(&why, CAUSE_BAD_ANSWER, "orders stands in two parts");
        bench_post(&bench, (struct event){.kind = EVENT_PLANNED,
                                          .op = plan.op,
                                          .side = SIDE_DESTINATION,
                                          .resource_kind = KIND_TOPIC,
                                          .failure = &why});
    }
    assert_int_equal(bench.lists, 5); /* topics four times, groups once */
    assert_true(bench.ended);
    assert_int_equal(bench.report->failure.cause, CAUSE_BAD_ANSWER);
}

/* ---- details --------------------------------------------------------------------------------------------------- */

static void details_are_asked_where_the_list_is_terse(void **state)
{
    /* Only for what is declared; then the plan is made again. */
    (void)state;
    struct capabilities *able = &bench.description.capabilities;
    able->get_max[KIND_GROUP] = 2;
    bench_declare(&bench, "ConsumerGroup a remark=x\nConsumerGroup b remark=x\nConsumerGroup c remark=x\n");
    bench_show(&bench, "ConsumerGroup a status=unread\nConsumerGroup b status=unread\nConsumerGroup c status=unread\n"
                       "ConsumerGroup d status=unread\n");
    bench_begin(&bench);
    bench_run(&bench, EFFECT_GET);
    assert_int_equal(bench.plans, 1);
    assert_int_equal(bench_open(&bench, EFFECT_GET), 2);
    bench_show(&bench, "ConsumerGroup a remark=x\nConsumerGroup b remark=x\nConsumerGroup c remark=x\n");
    bench_run(&bench, EFFECT_REPORT);
    assert_int_equal(bench.gets, 2);
    assert_int_equal(bench.plans, 2);
    assert_true(bench.ended);
    assert_true(bench.report->parity);
}

static void a_detail_that_cannot_be_read_leaves_its_row_unread(void **state)
{
    /* The pass goes on, and does not claim parity. */
    (void)state;
    bench.description.capabilities.get_max[KIND_GROUP] = 1;
    bench_declare(&bench, "ConsumerGroup a remark=x\nTopic orders messageType=NORMAL\n");
    bench_show(&bench, "ConsumerGroup a status=unread\n");
    bench.get = (struct bench_fault){CAUSE_INSTANCE_PERMISSION_MISSING, 0};
    bench_pass(&bench);
    assert_string_equal(bench.sent, "orders");
    assert_int_equal(bench_state(&bench, KIND_GROUP, "a"), STATE_UNREAD);
    assert_string_equal(bench_result(&bench, KIND_GROUP, "a"), "existed");
    assert_int_equal(bench.report->failure.cause, CAUSE_NONE);
    assert_false(bench.report->parity);
}

static void a_get_that_fails_for_a_while_is_asked_again(void **state)
{
    /* Twice, with back-off. */
    (void)state;
    bench.description.capabilities.get_max[KIND_GROUP] = 1;
    bench_declare(&bench, "ConsumerGroup a remark=x\n");
    bench_show(&bench, "ConsumerGroup a status=unread\n");
    bench.get = (struct bench_fault){CAUSE_UNREACHABLE, 2};
    bench_pass(&bench);
    assert_int_equal(bench.gets, 3);
    assert_true(bench.report->ended_ms > bench.report->started_ms);
}

/* ---- sources --------------------------------------------------------------------------------------------------- */

static void live_sources_are_described_and_listed_too(void **state)
{
    /* A plan needs every side whole. */
    (void)state;
    bench.options.sources = 2;
    bench.options.files = false;
    bench_declare(&bench, TWO);
    bench_show(&bench, TWO);
    bench_pass(&bench);
    assert_int_equal(bench.loads, 0);
    assert_int_equal(bench.lists, 6);
    assert_true(bench.report->parity);
}

static void another_source_is_not_read(void **state)
{
    /* The identity of live sources is guarded as the destination's is. */
    (void)state;
    static const struct expectation expect = {.key = "clusterName", .value = "old"};
    static const struct side_guard guards[] = {{NULL, 0}, {&expect, 1}};
    bench.options.sources = 2;
    bench.options.source_guards = guards;
    bench_declare(&bench, TWO);
    assert_int_equal(identity_set(&bench.description.identity, "clusterName", "new"), 0);
    bench_pass(&bench);
    assert_int_equal(bench.report->failure.cause, CAUSE_IDENTITY_MISMATCH);
    assert_int_equal(bench.plans, 0);
    assert_int_equal(identity_set(&bench.description.identity, "clusterName", "old"), 0);
    bench_pass(&bench);
    assert_true(bench.report->parity);
}

static void a_source_that_shrank_withholds_parity(void **state)
{
    /* Creates go on; the claim waits for a person. */
    (void)state;
    bench.guard.max_shrink_percent = 30;
    const uint64_t before = 10;
    bench.options.declared_before = &before;
    bench_declare(&bench, TWO);
    bench_pass(&bench);
    assert_string_equal(bench.sent, "orders payments");
    assert_true(bench.report->shrunk);
    assert_true(bench.report->complete);
    assert_false(bench.report->parity);
}

/* ---- news ------------------------------------------------------------------------------------------------------ */

static void a_source_that_changes_early_is_planned_but_not_applied(void **state)
{
    /* The plan is shown; what it would create may not be wanted any more. */
    (void)state;
    bench_declare(&bench, TWO);
    bench_begin(&bench);
    bench_post(&bench, (struct event){.kind = EVENT_SOURCE_CHANGED});
    bench_run(&bench, EFFECT_REPORT);
    assert_true(bench.ended);
    assert_non_null(pass_plan(bench.pass));
    assert_string_equal(bench.sent, "");
    assert_false(bench.report->parity);
    assert_int_equal(bench.report->failure.cause, CAUSE_NONE);
    assert_int_equal(bench.report->outcome, PASS_AGAIN_AT);
    assert_int_equal(bench.report->again_ms, bench.now_ms);
}

static void a_source_that_changes_late_drains_the_pass(void **state)
{
    /* What is under way finishes and is noted; a new pass comes at once and settles it. */
    (void)state;
    bench_declare(&bench, TWO "Topic refunds messageType=NORMAL\n");
    bench.news = EVENT_SOURCE_CHANGED;
    bench.news_before = 1;
    bench_pass(&bench);
    assert_string_equal(bench.sent, "orders");
    assert_string_equal(bench_result(&bench, KIND_TOPIC, "orders"), "created");
    assert_string_equal(bench_result(&bench, KIND_TOPIC, "refunds"), "pending");
    assert_int_equal(bench.report->outcome, PASS_AGAIN_AT);
    assert_int_equal(bench.report->again_ms, bench.now_ms);
    bench_pass(&bench);
    assert_string_equal(bench.sent, "payments refunds");
    assert_true(bench.report->parity);
}

static void a_stop_while_reading_waits_for_what_is_open(void **state)
{
    /* Reads are cancelled; the report comes when the last of them has answered. */
    (void)state;
    bench_declare(&bench, TWO);
    bench_begin(&bench);
    bench_run(&bench, EFFECT_LIST);
    bench_post(&bench, (struct event){.kind = EVENT_STOP});
    assert_false(bench.ended);
    bench_run(&bench, EFFECT_REPORT);
    assert_true(bench.ended);
    assert_int_equal(bench.plans, 0);
    assert_int_equal(bench.report->failure.cause, CAUSE_CANCELLED);
}

static void a_stop_before_the_start_ends_at_once(void **state)
{
    /* Nothing is open, nothing was read. */
    (void)state;
    bench_declare(&bench, TWO);
    bench_begin(&bench);
    pass_free(bench.pass);
    bench.pass = pass_new(&bench.options);
    bench_post(&bench, (struct event){.kind = EVENT_STOP});
    assert_true(bench.ended);
    assert_null(pass_plan(bench.pass));
}

static void a_stop_while_it_is_planned_frees_the_plan(void **state)
{
    /* The worker may finish all the same; what it made goes nowhere. */
    (void)state;
    bench_declare(&bench, TWO);
    bench_begin(&bench);
    bench_run(&bench, EFFECT_PLAN);
    bench_post(&bench, (struct event){.kind = EVENT_STOP});
    bench_run(&bench, EFFECT_REPORT);
    assert_true(bench.ended);
    assert_null(pass_plan(bench.pass));
}

/* ---- asking ---------------------------------------------------------------------------------------------------- */

static void the_first_write_is_asked_for(void **state)
{
    /* Once, and only when there is something to write. */
    (void)state;
    bench.options.confirm = true;
    bench_declare(&bench, TWO);
    bench_pass(&bench);
    assert_int_equal(bench.confirms, 1);
    assert_string_equal(bench.sent, "orders payments");
    bench_pass(&bench);
    assert_int_equal(bench.confirms, 0);
}

static void no_means_no(void **state)
{
    /* Nothing is sent, and the report says that nobody wanted it. */
    (void)state;
    bench.options.confirm = true;
    bench.says_no = true;
    bench_declare(&bench, TWO);
    bench_pass(&bench);
    assert_string_equal(bench.sent, "");
    assert_int_equal(bench.report->failure.cause, CAUSE_CANCELLED);
    assert_false(bench.report->created_any);
}

static void a_stop_while_it_is_asked_ends_it(void **state)
{
    /* A late yes creates nothing. */
    (void)state;
    bench.options.confirm = true;
    bench_declare(&bench, TWO);
    bench_begin(&bench);
    bench_run(&bench, EFFECT_CONFIRM);
    bench_post(&bench, (struct event){.kind = EVENT_STOP});
    bench_run(&bench, EFFECT_REPORT);
    assert_true(bench.ended);
    assert_string_equal(bench.sent, "");
}

/* ---- answers that are nobody's --------------------------------------------------------------------------------- */

static void answers_of_others_are_dropped(void **state)
{
    /* Another pass's, an op that is closed, an op that never was: nothing comes of them, and a plan is freed. */
    (void)state;
    bench_declare(&bench, TWO);
    bench_begin(&bench);
    bench_run(&bench, EFFECT_PLAN);
    struct effect plan_effect = bench_take(&bench, EFFECT_PLAN);
    struct plan_input input = {.declared = bench.declared,
                               .observed = bench.observed,
                               .capabilities = &bench.description.capabilities,
                               .mapping = &bench.mapping};
    struct failure why;
    struct event event = {.kind = EVENT_PLANNED, .op = plan_effect.op, .pass = 99, .now_ms = bench.now_ms};
    assert_int_equal(plan_build(&input, &event.plan, &why), 0);
    assert_int_equal(pass_step(bench.pass, &event, &bench.effects), 0);
    assert_int_equal(bench.effects.count, 0);

    event = (struct event){.kind = EVENT_PLANNED, .op = plan_effect.op + 1000};
    assert_int_equal(plan_build(&input, &event.plan, &why), 0);
    bench_post(&bench, event);
    enum event_kind kinds[] = {EVENT_LOADED,   EVENT_DESCRIBED, EVENT_LISTED, EVENT_GOT,  EVENT_CONFIRMED,
                               EVENT_INTENDED, EVENT_CREATED,   EVENT_TIMER,  EVENT_START};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        bench_post(&bench, (struct event){.kind = kinds[i], .op = 1, .yes = true});
    assert_int_equal(bench_open(&bench, EFFECT_PLAN) + bench_open(&bench, EFFECT_CREATE), 0);
    assert_null(pass_plan(bench.pass));
}

static void after_the_end_nothing_follows(void **state)
{
    /* Late answers and news reach a pass that has reported. */
    (void)state;
    bench_declare(&bench, TWO);
    bench_pass(&bench);
    bench_post(&bench, (struct event){.kind = EVENT_STOP});
    bench_post(&bench, (struct event){.kind = EVENT_START});
    assert_int_equal(bench.effects.count, 0);
    assert_true(bench.report->parity);
}

/* ---- looking at it --------------------------------------------------------------------------------------------- */

static void progress_tells_how_far_it_is(void **state)
{
    /* For bars and lines of progress. */
    (void)state;
    struct pass_progress progress;
    bench_declare(&bench, TWO);
    bench_begin(&bench);
    pass_progress(bench.pass, &progress);
    assert_string_equal(progress.phase, "reading");
    bench_run(&bench, EFFECT_PLAN);
    pass_progress(bench.pass, &progress);
    assert_string_equal(progress.phase, "planning");
    bench_run(&bench, EFFECT_CREATE);
    pass_progress(bench.pass, &progress);
    assert_string_equal(progress.phase, "creating");
    assert_int_equal(progress.to_create, 2);
    assert_int_equal(progress.under_way, 2);
    bench_run(&bench, EFFECT_REPORT);
    pass_progress(bench.pass, &progress);
    assert_string_equal(progress.phase, "settling");
    assert_int_equal(progress.done, 2);
}

static void results_have_names(void **state)
{
    /* As outputs spell them. */
    (void)state;
    assert_string_equal(result_name(RESULT_NONE), "none");
    assert_string_equal(result_name(RESULT_CREATED), "created");
    assert_string_equal(result_name(RESULT_EXISTED), "existed");
    assert_string_equal(result_name(RESULT_FAILED), "failed");
    assert_string_equal(result_name(RESULT_PENDING), "pending");
    assert_string_equal(result_name(RESULT_SKIPPED), "skipped");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(equal_sides_send_nothing),
        TEST(what_is_missing_is_created_once),
        TEST(a_pass_that_only_plans_creates_nothing),
        TEST(policies_decide_who_is_created),
        TEST(the_first_part_tells_how_many_there_are),
        TEST(parts_that_announce_different_totals_are_read_again),
        TEST(parts_that_announce_different_numbers_of_parts_are_read_again),
        TEST(parts_that_do_not_add_up_are_read_again),
        TEST(older_parts_never_come_in_between_newer_ones),
        TEST(a_list_of_nonsense_length_is_refused),
        TEST(a_part_that_fails_for_a_while_is_asked_again),
        TEST(a_name_in_two_parts_is_a_bad_answer),
        TEST(details_are_asked_where_the_list_is_terse),
        TEST(a_detail_that_cannot_be_read_leaves_its_row_unread),
        TEST(a_get_that_fails_for_a_while_is_asked_again),
        TEST(live_sources_are_described_and_listed_too),
        TEST(another_source_is_not_read),
        TEST(a_source_that_shrank_withholds_parity),
        TEST(a_source_that_changes_early_is_planned_but_not_applied),
        TEST(a_source_that_changes_late_drains_the_pass),
        TEST(a_stop_while_reading_waits_for_what_is_open),
        TEST(a_stop_before_the_start_ends_at_once),
        TEST(a_stop_while_it_is_planned_frees_the_plan),
        TEST(the_first_write_is_asked_for),
        TEST(no_means_no),
        TEST(a_stop_while_it_is_asked_ends_it),
        TEST(answers_of_others_are_dropped),
        TEST(after_the_end_nothing_follows),
        TEST(progress_tells_how_far_it_is),
        TEST(results_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
