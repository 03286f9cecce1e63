/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/base/monotime.h"
#include "api/cause.h"
#include "tests/lib/catalog_text.h"
#include "tests/lib/fake_instance.h"
#include "tests/lib/faults.h"
#include "tests/lib/runner_fixture.h"
#include "tests/lib/scratch.h"

int instance_open(const struct instance_options *options, struct instance **out, struct failure *why)
{
    return fake_open(options, out, why);
}

/* ---- one pass */

/* Planning reads both sides and touches nothing: no file, no lock, no state directory. */
static void planning_touches_nothing(void **state)
{
    (void)state;
    struct runner_fixture fixture;

    fixture_put_snapshot("from.json", "\"topics\": [{\"name\":\"a\",\"messageType\":\"FIFO\"},{\"name\":\"b\"}]");
    fixture_begin(&fixture, "snapshot:to.json", "snapshot:from.json");
    fixture.options.read_only = true;
    fixture.options.state_dir = NULL;
    fixture_open(&fixture);
    fixture_pass(&fixture, PASS_PLAN);
    assert_int_equal(fixture.failure.cause, CAUSE_NONE);
    assert_true(fixture.planned);
    assert_int_equal(fixture_count(&fixture, STATE_MISSING), 2);
    assert_false(fixture.parity);
    assert_int_equal(fixture.result->counts->read[KIND_TOPIC], 2);
    fixture_end(&fixture);
    assert_false(scratch_exists("to.json"));
    assert_false(scratch_exists("to.json.lock"));
    assert_false(scratch_exists("state"));
}

/* Applying creates what is missing, journals it, and finds nothing to do the next time. */
static void applying_creates_what_is_missing_once(void **state)
{
    (void)state;
    struct runner_fixture fixture;

    fixture_put_snapshot(
        "from.json", "\"topics\": [{\"name\":\"a\",\"messageType\":\"FIFO\"}], \"consumerGroups\": [{\"name\":\"g\"}]");
    fixture_begin(&fixture, "snapshot:to.json", "snapshot:from.json");
    fixture_open(&fixture);
    fixture_pass(&fixture, PASS_APPLY);
    assert_int_equal(fixture.failure.cause, CAUSE_NONE);
    assert_int_equal(fixture.report.created[KIND_TOPIC], 1);
    assert_int_equal(fixture.report.created[KIND_GROUP], 1);
    assert_true(fixture.parity);

    char *before = scratch_get("to.json");
    fixture_pass(&fixture, PASS_APPLY);
    assert_false(fixture.report.created_any);
    assert_true(fixture.parity);
    scratch_assert_content("to.json", before);
    free(before);
    fixture_end(&fixture);
    struct journal_tally tally = fixture_journal();
    assert_int_equal(tally.events[JOURNAL_SENDING], 2);
    assert_int_equal(tally.events[JOURNAL_CREATED], 2);
}

/* A saved plan's rows are applied as they are: no source is read. */
static void a_saved_plan_reads_no_source(void **state)
{
    (void)state;
    struct runner_fixture fixture;
    struct catalog *fixed = catalog_text("Topic a messageType=FIFO\nTopic topic-b messageType=NORMAL");

    fixture_begin(&fixture, "snapshot:to.json", NULL);
    fixture.options.fixed = fixed;
    fixture.options.fixed_digest = "sha256:01";
    fixture_open(&fixture);
    fixture_pass(&fixture, PASS_APPLY);
    assert_int_equal(fixture.report.created[KIND_TOPIC], 2);
    assert_string_equal(fixture.result->declared_digest, "sha256:01");
    assert_int_equal(fixture.result->mapping_counts->declared[KIND_TOPIC], 2);
    fixture_end(&fixture);
    catalog_unref(fixed);
}

/* Two live sources are joined. */
static void live_sources_are_joined(void **state)
{
    (void)state;
    struct runner_fixture fixture;

    fixture_put_snapshot("one.json", "\"topics\": [{\"name\":\"a\"},{\"name\":\"same\"}]");
    fixture_put_snapshot("two.json", "\"topics\": [{\"name\":\"b\"},{\"name\":\"same\"}]");
    fixture_begin(&fixture, "snapshot:to.json", "snapshot:one.json");
    fixture.sources[1].address = "snapshot:two.json";
    fixture.options.source_count = 2;
    fixture_open(&fixture);
    fixture_pass(&fixture, PASS_APPLY);
    assert_int_equal(fixture.report.created[KIND_TOPIC], 3);
    assert_int_equal(fixture.result->counts->read[KIND_TOPIC], 4);
    assert_int_equal(fixture.result->counts->merged[KIND_TOPIC], 1);
    fixture_end(&fixture);
}

/* A source that is another one than expected stops the pass before anything is written. */
static void a_wrong_source_stops_the_pass(void **state)
{
    (void)state;
    struct runner_fixture fixture;
    const struct expectation expect = {.key = "instanceName", .value = "prod"};

    fixture_put_snapshot("from.json", "\"identity\": {\"instanceName\": \"test\"}, \"topics\": [{\"name\":\"a\"}]");
    fixture_begin(&fixture, "snapshot:to.json", "snapshot:from.json");
    fixture.sources[0].expect = &expect;
    fixture.sources[0].expect_count = 1;
    fixture_open(&fixture);
    fixture_pass(&fixture, PASS_APPLY);
    assert_int_equal(fixture.failure.cause, CAUSE_IDENTITY_MISMATCH);
    assert_false(scratch_exists("to.json"));
    fixture_end(&fixture);
}

/* A source that cannot be read fails the pass; nothing is planned from half. */
static void a_damaged_source_fails_the_pass(void **state)
{
    (void)state;
    struct runner_fixture fixture;

    scratch_put("from.json", "{\"apiVersion\": \"mqferry/v1\", \"kind\": \"Snap");
    fixture_begin(&fixture, "snapshot:to.json", "snapshot:from.json");
    fixture_open(&fixture);
    fixture_pass(&fixture, PASS_APPLY);
    assert_int_equal(fixture.failure.cause, CAUSE_INPUT_WRONG);
    assert_false(fixture.planned);
    assert_false(scratch_exists("to.json"));
    fixture_end(&fixture);
}

/* For an export the instance must be there: a missing file is no empty instance. */
static void what_is_exported_must_exist(void **state)
{
    (void)state;
    struct runner_fixture fixture;
    struct catalog *nothing = catalog_text("");

    fixture_begin(&fixture, "snapshot:none.json", NULL);
    fixture.options.fixed = nothing;
    fixture.options.must_exist = fixture.options.read_only = true;
    fixture.guard.allow_empty_source = true;
    fixture_open(&fixture);
    fixture_pass(&fixture, PASS_PLAN);
    assert_int_equal(fixture.failure.cause, CAUSE_INPUT_WRONG);
    fixture_end(&fixture);
    catalog_unref(nothing);
}

/* ---- asking */

struct asking {
    struct runner_fixture *fixture;
    bool yes, at_once;
    uint32_t shown;
    bool asked;
};

static void on_confirm(void *context, const struct runner_result *result)
{
    struct asking *asking = context;

    asking->asked = true;
    asking->shown = result->plan->row_count;
    assert_false(scratch_exists("to.json"));
    if (asking->at_once)
        runner_confirm(asking->fixture->runner, asking->yes);
}

static void ask(bool yes, bool at_once, uint64_t expected)
{
    struct runner_fixture fixture;
    struct asking asking = {.fixture = &fixture, .yes = yes, .at_once = at_once};

    fixture_put_snapshot("from.json", "\"topics\": [{\"name\":\"a\"}]");
    fixture_begin(&fixture, "snapshot:to.json", "snapshot:from.json");
    fixture.options.confirm = on_confirm;
    fixture.options.context = &asking;
    fixture_open(&fixture);
    fixture_start(&fixture, PASS_APPLY, 0);
    test_loop_run_until(&fixture.loop, &asking.asked);
    assert_int_equal(asking.shown, 1);
    if (!at_once)
        runner_confirm(fixture.runner, yes);
    fixture_wait(&fixture);
    assert_int_equal(fixture.report.created[KIND_TOPIC], expected);
    fixture_end(&fixture);
    assert_int_equal(scratch_exists("to.json"), expected > 0);
}

/* The plan is shown before the first write; yes goes on, from inside the question too. */
static void yes_goes_on(void **state)
{
    (void)state;
    ask(true, true, 1);
    assert_int_equal(unlink("to.json"), 0);
    ask(true, false, 1);
}

/* No ends it with nothing created. */
static void no_creates_nothing(void **state)
{
    (void)state;
    ask(false, true, 0);
    ask(false, false, 0);
}

/* Stopping, or closing, while a person is asked is a no. */
static void stopping_is_a_no(void **state)
{
    (void)state;
    for (int closing = 0; closing < 2; closing++) {
        struct runner_fixture fixture;
        struct asking asking = {.fixture = &fixture};
        fixture_put_snapshot("from.json", "\"topics\": [{\"name\":\"a\"}]");
        fixture_begin(&fixture, "snapshot:to.json", "snapshot:from.json");
        fixture.options.confirm = on_confirm;
        fixture.options.context = &asking;
        fixture_open(&fixture);
        fixture_start(&fixture, PASS_APPLY, 0);
        test_loop_run_until(&fixture.loop, &asking.asked);
        if (!closing) {
            runner_stop(fixture.runner);
            fixture_wait(&fixture);
        }
        fixture_end(&fixture);
        assert_int_equal(fixture.passes, 1);
        assert_false(scratch_exists("to.json"));
    }
}

/* ---- the journal */

static void begin_second(struct runner_fixture *second)
{
    fixture_begin(second, "snapshot:./to.json", "snapshot:from.json");
    fixture_open(second);
}

/* While another pass creates there nothing is created; what is missing is still shown; afterwards it works. */
static void a_held_journal_stops_creating(void **state)
{
    (void)state;
    struct runner_fixture first, second;
    struct asking asking = {.fixture = &first};

    fixture_put_snapshot("from.json", "\"topics\": [{\"name\":\"a\"}]");
    fixture_begin(&first, "snapshot:to.json", "snapshot:from.json");
    first.options.confirm = on_confirm;
    first.options.context = &asking;
    fixture_open(&first);
    fixture_start(&first, PASS_APPLY, 0);
    test_loop_run_until(&first.loop, &asking.asked);

    begin_second(&second);
    fixture_start(&second, PASS_APPLY, 1);
    fixture_wait(&second);
    assert_int_equal(second.failure.cause, CAUSE_STATE_LOCKED);
    assert_true(second.planned);
    assert_false(scratch_exists("to.json"));

    runner_stop(first.runner);
    fixture_wait(&first);
    fixture_pass(&second, PASS_APPLY);
    assert_int_equal(second.report.created[KIND_TOPIC], 1);
    fixture_end(&first);
    fixture_end(&second);
}

/* Each has a loop of its own here: the other one's must turn, or it does not hear that its last line is written. */
static void pass_after(struct runner_fixture *fixture, struct runner_fixture *other)
{
    int tries = 0;

    do {
        assert_true(tries++ < 1000);
        uv_run(&other->loop.loop, UV_RUN_ONCE);
        fixture_start(fixture, PASS_APPLY, 1);
        fixture_wait(fixture);
    } while (fixture->failure.cause == CAUSE_STATE_LOCKED);
}

/* Two syncs of one destination take turns, and their journal is one. */
static void passes_of_one_destination_take_turns(void **state)
{
    (void)state;
    struct runner_fixture first, second;

    fixture_put_snapshot("from.json", "\"topics\": [{\"name\":\"a\"}]");
    fixture_begin(&first, "snapshot:to.json", "snapshot:from.json");
    fixture_open(&first);
    begin_second(&second);
    for (int turn = 0; turn < 6; turn++) {
        struct runner_fixture *whose = turn % 2 == 0 ? &first : &second;
        pass_after(whose, turn % 2 == 0 ? &second : &first);
        assert_int_equal(whose->report.created[KIND_TOPIC], 1);
        assert_int_equal(unlink("to.json"), 0);
    }
    fixture_end(&first);
    fixture_end(&second);
    struct journal_tally tally = fixture_journal();
    assert_int_equal(tally.events[JOURNAL_CREATED], 6);
}

/* A journal that cannot be written stops creating; the next pass opens it anew and goes on. */
static void a_broken_journal_is_opened_anew(void **state)
{
    (void)state;
    struct runner_fixture fixture;

    fixture_put_snapshot("from.json", "\"topics\": [{\"name\":\"a\"}]");
    fixture_begin(&fixture, "snapshot:to.json", "snapshot:from.json");
    fixture_open(&fixture);
    faults_clear();
    faults_fail(FAULT_FDATASYNC, 0, EIO);
    fixture_start(&fixture, PASS_APPLY, 1);
    fixture_wait(&fixture);
    faults_clear();
    assert_int_equal(fixture.failure.cause, CAUSE_STATE_UNWRITABLE);
    assert_false(scratch_exists("to.json"));
    fixture_pass(&fixture, PASS_APPLY);
    assert_int_equal(fixture.report.created[KIND_TOPIC], 1);
    fixture_end(&fixture);
}

/* A disk that is full fails a batch of thousands as one of few: nothing was sent, and the next pass sends it all. */
static void a_large_batch_fails_as_a_whole(void **state)
{
    (void)state;
    struct runner_fixture fixture;
    struct catalog *fixed = fixture_many_topics(5000);

    fixture_begin(&fixture, "snapshot:to.json", NULL);
    fixture.options.fixed = fixed;
    fixture_open(&fixture);
    faults_clear();
    faults_fail(FAULT_RENAME, 1, ENOSPC); /* after the journal's own */
    fixture_start(&fixture, PASS_APPLY, 1);
    fixture_wait(&fixture);
    faults_clear();
    assert_int_equal(fixture.failure.cause, CAUSE_STATE_UNWRITABLE);
    assert_int_equal(fixture.report.created[KIND_TOPIC], 0);
    assert_false(scratch_exists("to.json"));
    fixture_pass(&fixture, PASS_APPLY);
    assert_int_equal(fixture.report.created[KIND_TOPIC], 5000);
    assert_true(fixture.parity);
    fixture_end(&fixture);
    struct journal_tally tally = fixture_journal();
    assert_int_equal(tally.events[JOURNAL_SENDING], 10000);
    assert_int_equal(tally.events[JOURNAL_FAILED], 5000);
    assert_int_equal(tally.events[JOURNAL_CREATED], 5000);
    catalog_unref(fixed);
}

/* Equal sides need no journal: a state directory that cannot be written is no reason to fail. */
static void nothing_to_do_needs_no_journal(void **state)
{
    (void)state;
    struct runner_fixture fixture;

    fixture_put_snapshot("from.json", "\"topics\": [{\"name\":\"a\"}]");
    fixture_put_snapshot("to.json", "\"topics\": [{\"name\":\"a\"}]");
    scratch_put("state", "in the way");
    fixture_begin(&fixture, "snapshot:to.json", "snapshot:from.json");
    fixture_open(&fixture);
    fixture_pass(&fixture, PASS_APPLY);
    assert_int_equal(fixture.failure.cause, CAUSE_NONE);
    assert_true(fixture.parity);
    fixture_end(&fixture);
}

/* What a killed process may have sent is settled by reading, not by sending again. */
static void what_was_left_unresolved_is_read_first(void **state)
{
    (void)state;
    struct runner_fixture fixture;
    struct fake_instance fake;
    struct catalog *fixed = catalog_text("Topic topic-a messageType=NORMAL\nTopic topic-b messageType=NORMAL");

    fake_begin(&fake, "to");
    fake.holds_creates = true;
    fixture_begin(&fixture, "ons://test/to", NULL);
    fixture.options.fixed = fixed;
    fixture_open(&fixture);
    fixture_start(&fixture, PASS_APPLY, monotime_ms() + 20000);
    while (fake.creates < 2)
        fixture_turn(&fixture);
    /* The process is gone here, as far as the journal knows: sent, and no results. */
    assert_int_equal(system("cp -r state state.killed"), 0);
    fake_release(&fake);
    fixture_wait(&fixture);
    fixture_end(&fixture);
    assert_int_equal(system("rm -rf state && mv state.killed state"), 0);
    assert_int_equal(fake.created_count, 2);

    uint32_t creates = fake.creates;
    fixture_begin(&fixture, "ons://test/to", NULL);
    fixture.options.fixed = fixed;
    fixture_open(&fixture);
    fixture_pass(&fixture, PASS_APPLY);
    assert_int_equal(fake.creates, creates);
    assert_true(fixture.parity);
    fixture_end(&fixture);
    struct journal_tally tally = fixture_journal();
    assert_int_equal(tally.events[JOURNAL_SETTLED], 2);
    catalog_unref(fixed);
    fake_end(&fake);
}

/* ---- doors */

/* Parts of a list become one; all of them are asked. */
static void a_list_of_parts_is_read_whole(void **state)
{
    (void)state;
    struct runner_fixture fixture;
    struct fake_instance fake;

    fake_begin(&fake, "from");
    catalog_unref(fake.content);
    fake.content = catalog_text(
        "Topic topic-a messageType=NORMAL\nTopic topic-b messageType=NORMAL\nTopic topic-c messageType=NORMAL");
    fake.parts[KIND_TOPIC] = 3;
    fixture_begin(&fixture, "snapshot:to.json", "ons://test/from");
    fixture_open(&fixture);
    fixture_pass(&fixture, PASS_APPLY);
    assert_int_equal(fixture.report.created[KIND_TOPIC], 3);
    assert_int_equal(fake.lists, 4);
    fixture_end(&fixture);
    fake_end(&fake);
}

/* A name in two parts is not believed: the list is read again, and after a few times the pass fails. */
static void a_name_in_two_parts_is_a_bad_answer(void **state)
{
    (void)state;
    struct runner_fixture fixture;
    struct fake_instance fake;

    fake_begin(&fake, "from");
    catalog_unref(fake.content);
    fake.content = catalog_text("Topic topic-a messageType=NORMAL\nTopic topic-b messageType=NORMAL");
    fake.parts[KIND_TOPIC] = 2;
    fake.repeats_names = true;
    fixture_begin(&fixture, "snapshot:to.json", "ons://test/from");
    fixture_open(&fixture);
    fixture_pass(&fixture, PASS_APPLY);
    assert_int_equal(fixture.failure.cause, CAUSE_BAD_ANSWER);
    assert_int_equal(fake.lists, 1 + (1 + PASS_READ_TRIES_MAX) * 2);
    assert_false(scratch_exists("to.json"));
    fixture_end(&fixture);
    fake_end(&fake);
}

/* A lost answer is settled by reading: created once, not twice. */
static void a_lost_answer_is_settled_by_reading(void **state)
{
    (void)state;
    struct runner_fixture fixture;
    struct fake_instance fake;
    struct catalog *fixed = catalog_text("Topic topic-a messageType=NORMAL");

    fake_begin(&fake, "to");
    fake.loses_answers = true;
    fixture_begin(&fixture, "ons://test/to", NULL);
    fixture.options.fixed = fixed;
    fixture_open(&fixture);
    fixture_pass(&fixture, PASS_APPLY);
    assert_int_equal(fake.creates, 1);
    assert_true(fixture.parity);
    fixture_end(&fixture);
    struct journal_tally tally = fixture_journal();
    assert_int_equal(tally.events[JOURNAL_SENDING], 1);
    assert_int_equal(tally.events[JOURNAL_SETTLED] + tally.events[JOURNAL_CREATED], 1);
    catalog_unref(fixed);
    fake_end(&fake);
}

/* A refusal is journaled with its cause and request id, and reported per resource. */
static void a_refusal_is_recorded(void **state)
{
    (void)state;
    struct runner_fixture fixture;
    struct fake_instance fake;
    struct catalog *fixed = catalog_text("Topic topic-a messageType=NORMAL");

    fake_begin(&fake, "to");
    fake.create_fails_with = CAUSE_INVALID_PARAMETER;
    fixture_begin(&fixture, "ons://test/to", NULL);
    fixture.options.fixed = fixed;
    fixture_open(&fixture);
    fixture_pass(&fixture, PASS_APPLY);
    assert_int_equal(fixture.report.failed[KIND_TOPIC], 1);
    struct failure failure;
    pass_failure(fixture.result->pass, 0, &failure);
    assert_string_equal(failure.request_id, "REQ-1");
    fixture_end(&fixture);
    struct journal_tally tally = fixture_journal();
    assert_int_equal(tally.events[JOURNAL_FAILED], 1);
    catalog_unref(fixed);
    fake_end(&fake);
}

/* Throttled calls slow down and go through; no resource pays for it. */
static void throttling_slows_down(void **state)
{
    (void)state;
    struct runner_fixture fixture;
    struct fake_instance fake;
    struct catalog *fixed = catalog_text("Topic topic-a messageType=NORMAL\nTopic topic-b messageType=NORMAL");

    fake_begin(&fake, "to");
    fake.throttled_calls = 2;
    fixture_begin(&fixture, "ons://test/to", NULL);
    fixture.options.fixed = fixed;
    fixture_open(&fixture);
    fixture_pass(&fixture, PASS_APPLY);
    assert_int_equal(fixture.report.created[KIND_TOPIC], 2);
    assert_true(fixture.parity);
    fixture_end(&fixture);
    catalog_unref(fixed);
    fake_end(&fake);
}

/* ---- making */

static void assert_not_opened(struct runner_fixture *fixture, int cause)
{
    assert_int_equal(runner_new(&fixture->options, &fixture->runner, &fixture->why), -1);
    assert_int_equal(fixture->why.cause, cause);
    fixture->runner = NULL;
    fixture_end(fixture);
}

/* Options that cannot work are refused with the reason, and what was made goes. */
static void options_that_cannot_work_are_refused(void **state)
{
    (void)state;
    struct runner_fixture fixture;

    fixture_begin(&fixture, "nonsense", NULL);
    assert_not_opened(&fixture, CAUSE_USAGE);
    fixture_begin(&fixture, "snapshot:to.json", "ons://test/nobody");
    assert_not_opened(&fixture, CAUSE_UNSUPPORTED);
    fixture_begin(&fixture, "snapshot:to.json", NULL);
    fixture.options.state_dir = NULL;
    assert_not_opened(&fixture, CAUSE_CONFIGURATION_WRONG);
    fixture_begin(&fixture, NULL, NULL);
    assert_not_opened(&fixture, CAUSE_USAGE);
    fixture_begin(&fixture, "snapshot:to.json", "snapshot:from.json");
    fixture.options.source_count = PASS_SIDES_MAX;
    assert_not_opened(&fixture, CAUSE_CONFIGURATION_WRONG);
}

static void never(void *context, const struct runner_result *result)
{
    (void)context, (void)result;
    fail_msg("a pass that was refused has ended");
}

/* A sync that only reads does not apply. */
static void a_reading_sync_does_not_apply(void **state)
{
    (void)state;
    struct runner_fixture fixture;

    fixture_begin(&fixture, "snapshot:to.json", NULL);
    fixture.options.read_only = true;
    fixture_open(&fixture);
    assert_int_equal(runner_start(fixture.runner, PASS_APPLY, 0, never, NULL, &fixture.why), -1);
    assert_int_equal(fixture.why.cause, CAUSE_UNSUPPORTED);
    fixture_end(&fixture);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_enter, scratch_leave)
    const struct CMUnitTest tests[] = {
        TEST(planning_touches_nothing),
        TEST(applying_creates_what_is_missing_once),
        TEST(a_saved_plan_reads_no_source),
        TEST(live_sources_are_joined),
        TEST(a_wrong_source_stops_the_pass),
        TEST(a_damaged_source_fails_the_pass),
        TEST(what_is_exported_must_exist),
        TEST(yes_goes_on),
        TEST(no_creates_nothing),
        TEST(stopping_is_a_no),
        TEST(a_held_journal_stops_creating),
        TEST(passes_of_one_destination_take_turns),
        TEST(a_broken_journal_is_opened_anew),
        TEST(a_large_batch_fails_as_a_whole),
        TEST(nothing_to_do_needs_no_journal),
        TEST(what_was_left_unresolved_is_read_first),
        TEST(a_list_of_parts_is_read_whole),
        TEST(a_name_in_two_parts_is_a_bad_answer),
        TEST(a_lost_answer_is_settled_by_reading),
        TEST(a_refusal_is_recorded),
        TEST(throttling_slows_down),
        TEST(options_that_cannot_work_are_refused),
        TEST(a_reading_sync_does_not_apply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
