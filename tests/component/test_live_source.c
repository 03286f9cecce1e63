/* SPDX-License-Identifier: Apache-2.0
 *
 * Instances as sources: their masters' words become one, what they lose is told, what has not changed costs nothing.
 */
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

static struct runner_fixture fixture;
static struct fake_instance fake; /* the source */

static void source_holds(const char *lines)
{
    catalog_unref(fake.content);
    fake.content = catalog_text(lines);
}

static void begin(const char *destination)
{
    fake_begin(&fake, "from");
    fixture_begin(&fixture, destination, "ons://test/from");
}

static void end(void)
{
    fixture_end(&fixture);
    fake_end(&fake);
}

static void write_mapping(const char *spec)
{
    char text[2048];
    snprintf(text, sizeof text, "apiVersion: mqferry/v1\nkind: Mapping\nspec:\n%s", spec);
    scratch_put("mapping.yaml", text);
    fixture.options.mapping_path = "mapping.yaml";
}

/* State, cause and settings of a declared row: "missing source-ambiguous"; until the next call. */
static const char *told(enum kind kind, const char *name)
{
    static char text[256];
    const struct plan *plan = fixture.result->plan;
    uint32_t row = catalog_row_of(plan->declared, kind, name);
    int cause = plan->rows[row].cause;

    snprintf(text, sizeof text, "%s%s%s %s", state_name((enum state)plan->rows[row].state), cause != 0 ? " " : "",
             cause != 0 ? cause_name(cause) : "", resource_text_of(plan->declared, row));
    return text;
}

/* ---- masters ---- */

#define MASTERS  "masters broker-a broker-b\n"
#define ALIKE    "Topic alike messageType=NORMAL readQueueNums=8 @broker-a @broker-b\n"
#define DISAGREE "Topic disagree messageType=NORMAL @broker-a readQueueNums=8 @broker-b readQueueNums=4\n"
#define PARTIAL  "Topic partial messageType=NORMAL readQueueNums=8 @broker-b\n"

/* Masters that agree are one word; where they disagree, or only some hold it, the mapping must decide. */
static void masters_that_disagree_are_not_guessed_about(void **state)
{
    (void)state;
    begin("snapshot:to.json");
    fixture.destination.stands_for = INSTANCE_ROCKETMQ;
    source_holds(MASTERS ALIKE DISAGREE PARTIAL);
    fixture_open(&fixture);
    fixture_pass(&fixture, PASS_APPLY);
    assert_int_equal(fixture.failure.cause, CAUSE_NONE);
    assert_int_equal(fixture.report.created[KIND_TOPIC], 1);
    assert_string_equal(told(KIND_TOPIC, "alike"), "inSync messageType=NORMAL readQueueNums=8");
    assert_non_null(strstr(told(KIND_TOPIC, "disagree"), "conflict source-ambiguous"));
    assert_non_null(strstr(told(KIND_TOPIC, "partial"), "conflict placement-unknown"));
    assert_false(fixture.parity);
    end();
}

/* `set` says the settings, or the masters; brokers go by their new names. */
static void the_mapping_settles_what_masters_disagree_about(void **state)
{
    (void)state;
    begin("snapshot:to.json");
    fixture.destination.stands_for = INSTANCE_ROCKETMQ;
    write_mapping("  brokers: {broker-b: new-b}\n"
                  "  set:\n"
                  "    - {kind: Topic, match: disagree, spec: {readQueueNums: 16}}\n"
                  "    - {kind: Topic, match: partial, spec: {brokers: {new-b: {}}}}\n");
    source_holds(MASTERS ALIKE DISAGREE PARTIAL);
    fixture_open(&fixture);
    fixture_pass(&fixture, PASS_PLAN);
    assert_int_equal(fixture.mistakes, 0);
    assert_int_equal(fixture.failure.cause, CAUSE_NONE);
    assert_string_equal(told(KIND_TOPIC, "disagree"), "missing messageType=NORMAL readQueueNums=16");
    assert_string_equal(told(KIND_TOPIC, "partial"), "missing @new-b messageType=NORMAL readQueueNums=8");
    end();
}

/* ---- what vanishes ---- */

static const char *vanished(void)
{
    static char text[256];
    const struct plan *plan = fixture.result->plan;
    uint32_t position = 0, row;

    text[0] = '\0';
    while (plan_next_vanished(plan, &position, &row)) {
        struct text name = catalog_name(plan->vanished, &catalog_rows(plan->vanished)[row]);
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%.*s", used > 0 ? " " : "", (int)name.bytes, name.data);
    }
    return text;
}

/* From pass to pass, and nothing is done about it. */
static void what_the_source_loses_is_told_and_stays(void **state)
{
    (void)state;
    begin("snapshot:to.json");
    source_holds(
        "Topic topic-a messageType=NORMAL\nTopic topic-b messageType=NORMAL\nTopic topic-c messageType=NORMAL");
    fixture_open(&fixture);
    fixture_pass(&fixture, PASS_APPLY);
    assert_string_equal(vanished(), "");
    source_holds("Topic topic-b messageType=NORMAL\nTopic topic-c messageType=NORMAL");
    fixture_pass(&fixture, PASS_APPLY);
    assert_string_equal(vanished(), "topic-a");
    assert_int_equal(fixture.result->plan->counts[KIND_TOPIC].extra, 0);
    assert_true(fixture.parity);
    source_holds("Topic topic-c messageType=NORMAL");
    fixture_pass(&fixture, PASS_APPLY);
    assert_string_equal(vanished(), "topic-a topic-b");
    source_holds("Topic topic-a messageType=NORMAL\nTopic topic-c messageType=NORMAL");
    fixture_pass(&fixture, PASS_APPLY);
    assert_string_equal(vanished(), "topic-b");
    assert_false(fixture.report.created_any);
    char *there = scratch_get("to.json");
    assert_non_null(strstr(there, "topic-b"));
    free(there);
    end();
}

/* A mapping that takes less, or names otherwise, is an edit of ours: the source has lost nothing. */
static void an_edit_of_the_mapping_is_no_loss(void **state)
{
    (void)state;
    begin("snapshot:to.json");
    write_mapping("  rename: [{kind: Topic, from: topic-a, to: topic-x}]\n");
    source_holds("Topic topic-a messageType=NORMAL\nTopic topic-b messageType=NORMAL");
    fixture_open(&fixture);
    fixture_pass(&fixture, PASS_APPLY);
    assert_int_equal(fixture.report.created[KIND_TOPIC], 2);
    write_mapping("  exclude: [topic-b]\n");
    fixture_pass(&fixture, PASS_APPLY);
    assert_int_equal(fixture.report.created[KIND_TOPIC], 1);
    assert_string_equal(vanished(), "");
    end();
}

/* What the source lost between two passes is told, whatever of ours was edited meanwhile; under the name that it has
 * at the destination. What files declared and do not any more is no loss. */
static void an_edit_hides_no_loss(void **state)
{
    (void)state;
    begin("snapshot:to.json");
    scratch_put("t.yaml",
                "apiVersion: mqferry/v1\nkind: Topic\nmetadata: {name: file-a}\nspec: {messageType: NORMAL}\n"
                "---\n"
                "apiVersion: mqferry/v1\nkind: Topic\nmetadata: {name: file-b}\nspec: {messageType: NORMAL}\n");
    fixture.paths[0] = "t.yaml";
    fixture.options.paths = fixture.paths;
    fixture.options.path_count = 1;
    write_mapping("  rename: [{kind: Topic, from: topic-a, to: topic-x}]\n");
    source_holds(
        "Topic topic-a messageType=NORMAL\nTopic topic-b messageType=NORMAL\nTopic topic-c messageType=NORMAL");
    fixture_open(&fixture);
    fixture_pass(&fixture, PASS_APPLY);
    assert_int_equal(fixture.report.created[KIND_TOPIC], 5);
    write_mapping("  exclude: [topic-c]\n");
    scratch_put("t.yaml",
                "apiVersion: mqferry/v1\nkind: Topic\nmetadata: {name: file-a}\nspec: {messageType: NORMAL}\n");
    source_holds("Topic topic-b messageType=NORMAL\nTopic topic-c messageType=NORMAL");
    fixture_pass(&fixture, PASS_APPLY);
    assert_string_equal(vanished(), "topic-x");
    source_holds("Topic topic-c messageType=NORMAL");
    fixture_pass(&fixture, PASS_APPLY);
    assert_string_equal(vanished(), "topic-b topic-x");
    end();
}

/* ---- what has not changed ---- */

enum { STANDING_MS = 20000 };

/* The plan that a pass took over from the pass before. Files that were written just now are not trusted for a while. */
static const struct plan *standing_plan(void)
{
    uint64_t end_ms = monotime_ms() + STANDING_MS;
    const struct plan *plan;

    do {
        assert_true(monotime_ms() < end_ms);
        plan = fixture.result->plan;
        fixture_pass(&fixture, PASS_APPLY);
    } while (fixture.result->plan != plan);
    return plan;
}

/* The same parts from both sides: the same plan, without work; and parity is claimed of what was read now. */
static void an_unchanged_source_costs_no_plan(void **state)
{
    (void)state;
    begin("snapshot:to.json");
    fake.keeps_parts = true;
    source_holds("Topic topic-a messageType=NORMAL");
    fixture_open(&fixture);
    fixture_pass(&fixture, PASS_APPLY);
    const struct plan *plan = standing_plan();
    uint32_t lists = fake.lists;
    fixture_pass(&fixture, PASS_APPLY);
    assert_ptr_equal(fixture.result->plan, plan);
    assert_int_equal(fake.lists, lists + KINDS);
    assert_true(fixture.parity);

    fixture_put_snapshot("to.json", "\"topics\": []");
    fixture_pass(&fixture, PASS_APPLY);
    assert_ptr_not_equal(fixture.result->plan, plan);
    assert_int_equal(fixture.report.created[KIND_TOPIC], 1);

    source_holds("Topic topic-a messageType=NORMAL\nTopic topic-b messageType=NORMAL");
    fixture_pass(&fixture, PASS_APPLY);
    assert_int_equal(fixture.report.created[KIND_TOPIC], 1);
    assert_true(fixture.parity);
    end();
}

/* Parts that the door does not keep may be others at the same address: they are compared anew. */
static void a_door_that_keeps_nothing_is_planned_anew(void **state)
{
    (void)state;
    begin("snapshot:to.json");
    source_holds("Topic topic-a messageType=NORMAL");
    fixture_open(&fixture);
    fixture_pass(&fixture, PASS_APPLY);
    source_holds("Topic topic-a messageType=NORMAL\nTopic topic-b messageType=NORMAL");
    fixture_pass(&fixture, PASS_APPLY);
    assert_int_equal(fixture.report.created[KIND_TOPIC], 1);
    const struct catalog *declared = fixture.result->plan->declared;
    fixture_pass(&fixture, PASS_APPLY);
    assert_ptr_not_equal(fixture.result->plan->declared, declared);
    end();
}

/* Files alone: an edit makes a new plan, no edit none. */
static void unchanged_files_cost_no_plan(void **state)
{
    (void)state;
    scratch_put("t.yaml", "apiVersion: mqferry/v1\nkind: Topic\nmetadata: {name: a}\nspec: {messageType: NORMAL}\n");
    fake_begin(&fake, "from");
    fixture_begin(&fixture, "snapshot:to.json", NULL);
    fixture.paths[0] = "t.yaml";
    fixture.options.paths = fixture.paths;
    fixture.options.path_count = 1;
    fixture_open(&fixture);
    fixture_pass(&fixture, PASS_APPLY);
    standing_plan();
    scratch_put("t.yaml", "apiVersion: mqferry/v1\nkind: Topic\nmetadata: {name: b}\nspec: {messageType: NORMAL}\n");
    fixture_pass(&fixture, PASS_APPLY);
    assert_int_equal(fixture.report.created[KIND_TOPIC], 1);
    assert_string_equal(vanished(), "");
    end();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_enter, scratch_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(masters_that_disagree_are_not_guessed_about),
        TEST(the_mapping_settles_what_masters_disagree_about),
        TEST(what_the_source_loses_is_told_and_stays),
        TEST(an_edit_of_the_mapping_is_no_loss),
        TEST(an_edit_hides_no_loss),
        TEST(an_unchanged_source_costs_no_plan),
        TEST(a_door_that_keeps_nothing_is_planned_anew),
        TEST(unchanged_files_cost_no_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
