/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/base/monotime.h"
#include "api/cause.h"
#include "tests/lib/catalog_text.h"
#include "tests/lib/fake_instance.h"
#include "tests/lib/runner_fixture.h"
#include "tests/lib/scratch.h"

int instance_open(const struct instance_options *options, struct instance **out, struct failure *why)
{
    return fake_open(options, out, why);
}

/* ---- stopping and closing */

/* Stopping lets creates under way finish and records them, and begins no new ones. */
static void stopping_finishes_what_is_under_way(void **state)
{
    (void)state;
    struct runner_fixture fixture;
    struct fake_instance fake;
    struct catalog *fixed = catalog_text("Topic topic-a messageType=NORMAL\nTopic topic-b messageType=NORMAL\n"
                                         "Topic topic-c messageType=NORMAL\nTopic topic-d messageType=NORMAL");

    fake_begin(&fake, "to");
    fixture_begin(&fixture, "ons://test/to", NULL);
    fixture.options.fixed = fixed;
    fixture.options.concurrency = 2;
    fake.holds_creates = true;
    fixture_open(&fixture);
    fixture_start(&fixture, PASS_APPLY, 0);
    while (fake.creates == 0)
        fixture_turn(&fixture);
    runner_stop(fixture.runner);
    for (int i = 0; i < 5; i++)
        uv_run(&fixture.loop.loop, UV_RUN_NOWAIT);
    uint32_t creates = fake.creates;
    fake_release(&fake);
    fixture_wait(&fixture);
    assert_int_equal(fake.creates, creates);
    assert_true(creates < 4);
    fixture_end(&fixture);
    struct journal_tally tally = fixture_journal();
    assert_int_equal(tally.events[JOURNAL_CREATED], creates);
    catalog_unref(fixed);
    fake_end(&fake);
}

/* Closed at any moment of a pass, it calls back once, leaves nothing behind, and every create has its intent. */
static void it_can_be_closed_at_any_moment(void **state)
{
    (void)state;
    bool finished = false;

    for (unsigned turns = 0; !finished; turns += 1 + turns / 8) {
        struct runner_fixture fixture;
        struct fake_instance fake;
        struct catalog *fixed =
            catalog_text("Topic topic-a messageType=NORMAL\nTopic topic-b messageType=NORMAL\nConsumerGroup GID_group");
        fake_begin(&fake, "to");
        fixture_begin(&fixture, "ons://test/to", NULL);
        fixture.options.fixed = fixed;
        fixture_open(&fixture);
        fixture_start(&fixture, PASS_APPLY, monotime_ms() + 20000);
        for (unsigned i = 0; i < turns; i++)
            uv_run(&fixture.loop.loop, UV_RUN_ONCE);
        finished = fixture.done;
        fixture_end(&fixture);
        assert_int_equal(fixture.passes, 1);
        struct journal_tally tally = fixture_journal();
        for (uint32_t i = 0; i < fake.created_count; i++) {
            char line[64];
            snprintf(line, sizeof line, "%s sending\n", fake.created[i]);
            assert_non_null(strstr(tally.lines, line));
        }
        assert_int_equal(system("rm -rf state"), 0);
        catalog_unref(fixed);
        fake_end(&fake);
    }
}

/* The same with so many resources that a worker does the thinking. */
static void it_can_be_closed_while_a_worker_thinks(void **state)
{
    (void)state;
    struct catalog *fixed = fixture_many_topics(3000);
    bool finished = false;

    for (unsigned turns = 0; !finished; turns += 1 + turns / 8) {
        struct runner_fixture fixture;
        fixture_begin(&fixture, "snapshot:to.json", NULL);
        fixture.options.fixed = fixed;
        fixture_open(&fixture);
        fixture_start(&fixture, PASS_APPLY, monotime_ms() + 20000);
        for (unsigned i = 0; i < turns; i++) {
            struct pass_progress progress;
            uv_run(&fixture.loop.loop, UV_RUN_ONCE);
            runner_progress(fixture.runner, &progress);
            assert_true(progress.done <= progress.to_create && progress.to_create <= 3000);
            assert_non_null(progress.phase);
        }
        finished = fixture.done;
        fixture_end(&fixture);
        assert_int_equal(fixture.passes, 1);
        bool created = scratch_exists("to.json");
        struct journal_tally tally = fixture_journal();
        if (created)
            assert_int_equal(tally.events[JOURNAL_SENDING], 3000);
        assert_int_equal(system("rm -rf state to.json to.json.lock"), 0);
    }
    catalog_unref(fixed);
}

/* Closing a door that answers nothing does not hang. */
static void closing_cancels_what_hangs(void **state)
{
    (void)state;
    struct runner_fixture fixture;
    struct fake_instance fake;

    fake_begin(&fake, "from");
    fake.holds_answers = true;
    fixture_begin(&fixture, "snapshot:to.json", "ons://test/from");
    fixture_open(&fixture);
    fixture_start(&fixture, PASS_APPLY, 0);
    while (fake.describes == 0)
        fixture_turn(&fixture);
    fixture_end(&fixture);
    assert_int_equal(fixture.passes, 1);
    assert_int_equal(fixture.failure.cause, CAUSE_CANCELLED);
    assert_int_equal(fake.cancels, 1);
    fake_end(&fake);
}

/* What the pace holds back is given up at once. */
static void what_the_pace_holds_is_given_up_at_once(void **state)
{
    (void)state;
    struct runner_fixture fixture;
    struct fake_instance fake;
    struct catalog *fixed = catalog_text("Topic topic-a messageType=NORMAL\nTopic topic-b messageType=NORMAL\n"
                                         "Topic topic-c messageType=NORMAL\nTopic topic-d messageType=NORMAL");

    fake_begin(&fake, "to");
    fixture_begin(&fixture, "rocketmq://127.0.0.1:9876/to", NULL);
    fixture.options.fixed = fixed;
    fixture.destination.rate_per_s = 1;
    fixture_open(&fixture);
    fixture_start(&fixture, PASS_APPLY, 0);
    while (fake.describes == 0 || fake.lists == 0)
        fixture_turn(&fixture);
    assert_true(fake.lists < 2); /* two may leave at once, the third waits */
    fixture_end(&fixture);
    assert_int_equal(fixture.passes, 1);
    assert_int_equal(fake.created_count, 0);
    catalog_unref(fixed);
    fake_end(&fake);
}

struct restart {
    struct runner_fixture *fixture;
    unsigned left;
    bool all_done;
};

static void start_again(void *context, const struct runner_result *result)
{
    struct restart *restart = context;
    struct failure why = FAILURE_INIT;

    assert_non_null(result->plan);
    if (restart->left-- == 0)
        restart->all_done = true;
    else
        assert_int_equal(runner_start(restart->fixture->runner, PASS_PLAN, 0, start_again, restart, &why), 0);
}

/* The next pass may be started from the callback of the last; a second one at a time may not. */
static void a_pass_can_start_the_next(void **state)
{
    (void)state;
    struct runner_fixture fixture;
    struct restart restart = {.fixture = &fixture, .left = 3};

    fixture_put_snapshot("from.json", "\"topics\": [{\"name\":\"a\"}]");
    fixture_begin(&fixture, "snapshot:to.json", "snapshot:from.json");
    fixture_open(&fixture);
    assert_int_equal(runner_start(fixture.runner, PASS_PLAN, 0, start_again, &restart, &fixture.why), 0);
    assert_true(runner_busy(fixture.runner));
    assert_int_equal(runner_start(fixture.runner, PASS_PLAN, 0, start_again, &restart, &fixture.why), -1);
    test_loop_run_until(&fixture.loop, &restart.all_done);
    assert_false(runner_busy(fixture.runner));
    fixture_end(&fixture);
}

static void close_in_callback(void *context, const struct runner_result *result)
{
    struct runner_fixture *fixture = context;
    struct runner *runner = fixture->runner;

    assert_non_null(result->report);
    fixture->runner = NULL;
    fixture->done = true;
    runner_close(runner, NULL, NULL);
}

/* It may be closed from the callback of a pass. */
static void a_pass_can_close_the_runner(void **state)
{
    (void)state;
    struct runner_fixture fixture;

    fixture_put_snapshot("from.json", "\"topics\": [{\"name\":\"a\"}]");
    fixture_begin(&fixture, "snapshot:to.json", "snapshot:from.json");
    fixture_open(&fixture);
    assert_int_equal(runner_start(fixture.runner, PASS_APPLY, 0, close_in_callback, &fixture, &fixture.why), 0);
    fixture_wait(&fixture);
    fixture_end(&fixture);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_enter, scratch_leave)
    const struct CMUnitTest tests[] = {
        TEST(stopping_finishes_what_is_under_way),
        TEST(it_can_be_closed_at_any_moment),
        TEST(it_can_be_closed_while_a_worker_thinks),
        TEST(closing_cancels_what_hangs),
        TEST(what_the_pace_holds_is_given_up_at_once),
        TEST(a_pass_can_start_the_next),
        TEST(a_pass_can_close_the_runner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
