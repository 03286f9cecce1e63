/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/lib/runner_fixture.h"

#include <stdio.h>
#include <string.h>

#include "api/base/monotime.h"
#include "controller/journal/read.h"
#include "tests/lib/catalog_text.h"
#include "tests/lib/scratch.h"

enum { PATIENCE_MS = 20000 };

void fixture_begin(struct runner_fixture *fixture, const char *destination, const char *source)
{
    *fixture = (struct runner_fixture){
        .destination = {.address = destination, .stands_for = INSTANCE_KINDS},
        .guard = {.max_creates = UINT32_MAX, .max_shrink_percent = 100},
    };
    for (size_t i = 0; i < sizeof fixture->sources / sizeof *fixture->sources; i++)
        fixture->sources[i] = (struct side_options){.address = source, .stands_for = INSTANCE_KINDS};
    test_loop_begin(&fixture->loop);
    mapping_init(&fixture->flags);
    fixture->options = (struct runner_options){
        .loop = &fixture->loop.loop,
        .workers = fixture->loop.workers,
        .sync = "test",
        .run = "run-1",
        .destination = &fixture->destination,
        .sources = fixture->sources,
        .source_count = source ? 1 : 0,
        .paths = fixture->paths,
        .flags = &fixture->flags,
        .guard = &fixture->guard,
        .state_dir = "state",
        .concurrency = 4,
    };
}

void fixture_open(struct runner_fixture *fixture)
{
    if (runner_new(&fixture->options, &fixture->runner, &fixture->why) != 0)
        fail_msg("%s", fixture->why.text);
}

static void on_done(void *context, const struct runner_result *result)
{
    struct runner_fixture *fixture = context;

    assert_false(fixture->done);
    fixture->done = true;
    fixture->passes++;
    fixture->report = *result->report;
    fixture->failure = result->failure;
    fixture->parity = result->parity;
    fixture->last_good = result->last_good;
    fixture->planned = result->plan != NULL;
    fixture->mistakes = result->mistakes->count;
    fixture->result = result;
}

bool fixture_try(struct runner_fixture *fixture, enum pass_mode mode, uint64_t give_up_ms)
{
    fixture->done = false;
    int status = runner_start(fixture->runner, mode, give_up_ms, on_done, fixture, &fixture->why);
    assert_false(fixture->done); /* never inside the call */
    return status == 0;
}

void fixture_start(struct runner_fixture *fixture, enum pass_mode mode, uint64_t give_up_ms)
{
    if (!fixture_try(fixture, mode, give_up_ms))
        fail_msg("%s", fixture->why.text);
}

void fixture_wait(struct runner_fixture *fixture)
{
    test_loop_run_until(&fixture->loop, &fixture->done);
}

void fixture_pass(struct runner_fixture *fixture, enum pass_mode mode)
{
    fixture_start(fixture, mode, monotime_ms() + PATIENCE_MS);
    fixture_wait(fixture);
}

static void on_closed(void *context)
{
    ((struct runner_fixture *)context)->closed = true;
}

void fixture_end(struct runner_fixture *fixture)
{
    if (fixture->runner) {
        runner_close(fixture->runner, on_closed, fixture);
        test_loop_run_until(&fixture->loop, &fixture->closed);
    }
    test_loop_end(&fixture->loop);
    mapping_release(&fixture->flags);
}

uint32_t fixture_count(const struct runner_fixture *fixture, enum state state)
{
    const struct plan *plan = fixture->result->plan;
    return plan->counts[KIND_TOPIC].states[state] + plan->counts[KIND_GROUP].states[state];
}

void fixture_turn(struct runner_fixture *fixture)
{
    uv_run(&fixture->loop.loop, UV_RUN_ONCE);
    if (fixture->done)
        fail_msg("the pass has ended too early: %s", fixture->failure.text);
}

void fixture_put_snapshot(const char *path, const char *members)
{
    static const char head[] = "{\"apiVersion\": \"mqferry/v1\", \"kind\": \"Snapshot\", \"standsFor\": \"any\", ";
    char text[4000];

    snprintf(text, sizeof text, "%s%s}\n", head, members);
    scratch_put(path, text);
}

struct catalog *fixture_many_topics(unsigned count)
{
    struct buffer lines;

    buffer_init(&lines, 1 << 24);
    for (unsigned i = 0; i < count; i++)
        buffer_append_format(&lines, "Topic topic-%05u messageType=NORMAL\n", i);
    struct catalog *catalog = catalog_text(lines.data);
    buffer_release(&lines);
    return catalog;
}

static bool take_record(void *data, const struct journal_record *record)
{
    struct journal_tally *tally = data;
    size_t used = strlen(tally->lines);

    tally->events[record->event]++;
    if (used + 100 > sizeof tally->lines)
        return true;
    snprintf(tally->lines + used, sizeof tally->lines - used, "%.*s %s\n", (int)record->name.bytes, record->name.data,
             journal_event_name(record->event));
    return true;
}

struct journal_tally fixture_journal(void)
{
    struct journal_tally tally = {0};
    struct failure why = FAILURE_INIT;
    uint64_t damaged;

    if (journal_read("state", &(struct journal_filter){0}, take_record, &tally, &damaged, &why) != 0)
        fail_msg("%s", why.text);
    assert_int_equal(damaged, 0);
    return tally;
}
