/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "api/cause.h"
#include "controller/runner/record.h"
#include "tests/lib/catalog_text.h"
#include "tests/lib/fake_instance.h"
#include "tests/lib/runner_fixture.h"
#include "tests/lib/scratch.h"

int instance_open(const struct instance_options *options, struct instance **out, struct failure *why)
{
    return fake_open(options, out, why);
}

struct seen {
    struct runner_record *newest; /* a reference */
    uint32_t shown, ended;
    uint64_t last_number;
    uint64_t noted[4][KINDS]; /* by note */
    int cause;
};

static void on_shown(void *context, struct runner_record *record)
{
    struct seen *seen = context;

    seen->shown++;
    seen->ended += runner_record_ended(record);
    assert_true(runner_record_number(record) > seen->last_number);
    seen->last_number = runner_record_number(record);
    runner_record_unref(seen->newest);
    seen->newest = runner_record_ref(record);
}

static void on_noted(void *context, enum kind kind, enum note note, int cause, uint32_t count)
{
    struct seen *seen = context;

    seen->noted[note][kind] += count;
    seen->cause = cause;
}

static const struct runner_watcher *watch(struct seen *seen)
{
    static struct runner_watcher watcher;
    *seen = (struct seen){0};
    watcher = (struct runner_watcher){.shown = on_shown, .noted = on_noted, .context = seen};
    return &watcher;
}

static void give_back(struct seen *seen)
{
    runner_record_unref(seen->newest);
    seen->newest = NULL;
}

/* The plan is shown as soon as it is made, and the pass when it has ended, with what became of each row. */
static void a_pass_is_shown_twice(void **state)
{
    (void)state;
    struct runner_fixture fixture;
    struct seen seen;
    struct row_outcome outcome;

    fixture_put_snapshot("from.json", "\"topics\": [{\"name\":\"a\",\"messageType\":\"FIFO\"},{\"name\":\"b\"}]");
    fixture_begin(&fixture, "snapshot:to.json", "snapshot:from.json");
    fixture.options.watcher = watch(&seen);
    fixture.destination.stands_for = INSTANCE_APSARAMQ;
    fixture_open(&fixture);
    fixture_pass(&fixture, PASS_APPLY);
    assert_true(seen.shown >= 2);
    assert_int_equal(seen.ended, 1);
    assert_true(runner_record_ended(seen.newest));
    assert_int_equal(seen.noted[NOTE_CREATED][KIND_TOPIC], 1);
    runner_record_outcome(seen.newest, 0, &outcome);
    assert_int_equal(outcome.result.result, RESULT_CREATED);
    runner_record_outcome(seen.newest, 1, &outcome); /* no message type: invalid, and the row says why */
    assert_int_equal(outcome.result.result, RESULT_FAILED);
    assert_int_equal(runner_record_result(seen.newest)->plan->rows[1].cause, CAUSE_MESSAGE_TYPE_UNKNOWN);
    give_back(&seen);
    fixture_end(&fixture);
}

/* What the destination said stays readable while the next pass runs, and after the ledger has forgotten it. */
static void a_record_outlives_the_next_pass(void **state)
{
    (void)state;
    struct runner_fixture fixture;
    struct fake_instance fake;
    struct seen seen;
    struct row_outcome outcome;

    fixture_put_snapshot("from.json", "\"topics\": [{\"name\":\"topic-a\",\"messageType\":\"NORMAL\"}]");
    fake_begin(&fake, "one");
    fake.create_fails_with = CAUSE_INVALID_PARAMETER;
    fixture_begin(&fixture, "ons://test/one", "snapshot:from.json");
    fixture.options.watcher = watch(&seen);
    fixture_open(&fixture);
    fixture_pass(&fixture, PASS_APPLY);
    struct runner_record *first = runner_record_ref(seen.newest);
    assert_int_equal(seen.noted[NOTE_FAILED][KIND_TOPIC], 1);
    assert_int_equal(seen.cause, CAUSE_INVALID_PARAMETER);

    fake.create_fails_with = CAUSE_NONE;
    fixture_put_snapshot("from.json", "\"topics\": [{\"name\":\"topic-a\",\"messageType\":\"FIFO\"}]");
    fixture_pass(&fixture, PASS_APPLY);
    assert_true(fixture.parity);
    runner_record_outcome(first, 0, &outcome);
    assert_int_equal(outcome.result.result, RESULT_FAILED);
    assert_int_equal(outcome.failure.cause, CAUSE_INVALID_PARAMETER);
    assert_string_not_equal(outcome.failure.text, "");
    assert_string_not_equal(runner_record_result(first)->declared_digest,
                            runner_record_result(seen.newest)->declared_digest);
    runner_record_unref(first);
    give_back(&seen);
    fixture_end(&fixture);
    fake_end(&fake);
}

/* Large results are gathered by a worker: the pass ends all the same, once. */
static void large_results_are_gathered_by_a_worker(void **state)
{
    (void)state;
    enum { MANY = 5000 };
    struct runner_fixture fixture;
    struct seen seen;
    struct catalog *topics = fixture_many_topics(MANY);

    fixture_begin(&fixture, "snapshot:to.json", NULL);
    fixture.options.fixed = topics;
    fixture.options.fixed_digest = "sha256:fixed";
    fixture.options.watcher = watch(&seen);
    fixture_open(&fixture);
    fixture_pass(&fixture, PASS_APPLY);
    assert_int_equal(fixture.passes, 1);
    assert_int_equal(seen.ended, 1);
    assert_int_equal(seen.noted[NOTE_CREATED][KIND_TOPIC], MANY);
    for (uint32_t row = 0; row < MANY; row += 7)
        assert_int_equal(runner_record_row(seen.newest, row).result, RESULT_CREATED);
    fixture_pass(&fixture, PASS_APPLY);
    assert_int_equal(runner_record_row(seen.newest, 4711).result, RESULT_EXISTED);
    give_back(&seen);
    fixture_end(&fixture);
    catalog_unref(topics);
}

/* A runner that is closed waits for what is still looked at. */
static void closing_waits_for_records(void **state)
{
    (void)state;
    struct runner_fixture fixture;
    struct seen seen;

    fixture_put_snapshot("from.json", "\"topics\": [{\"name\":\"a\",\"messageType\":\"FIFO\"}]");
    fixture_begin(&fixture, "snapshot:to.json", "snapshot:from.json");
    fixture.options.watcher = watch(&seen);
    fixture_open(&fixture);
    fixture_pass(&fixture, PASS_APPLY);
    runner_close(fixture.runner, NULL, NULL);
    fixture.runner = NULL;
    for (int i = 0; i < 5; i++)
        uv_run(&fixture.loop.loop, UV_RUN_NOWAIT);
    assert_int_equal(runner_record_result(seen.newest)->plan->row_count, 1);
    give_back(&seen);
    fixture_end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_pass_is_shown_twice, scratch_enter, scratch_leave),
        cmocka_unit_test_setup_teardown(a_record_outlives_the_next_pass, scratch_enter, scratch_leave),
        cmocka_unit_test_setup_teardown(large_results_are_gathered_by_a_worker, scratch_enter, scratch_leave),
        cmocka_unit_test_setup_teardown(closing_waits_for_records, scratch_enter, scratch_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
