/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "api/cause.h"
#include "tests/lib/catalog_text.h"
#include "tests/lib/runner_fixture.h"
#include "tests/lib/scratch.h"

/* ---- files */

static const char TOPIC_A[] =
    "apiVersion: mqferry/v1\nkind: Topic\nmetadata: {name: topic-a}\nspec: {messageType: FIFO}\n";
static const char TOPIC_B[] =
    "apiVersion: mqferry/v1\nkind: Topic\nmetadata: {name: topic-b}\nspec: {messageType: NORMAL}\n";

/* So old that a later change cannot be missed, and never as old as another. */
static void age(const char *path)
{
    static time_t seconds = 1000;
    struct timespec times[2] = {{.tv_sec = ++seconds}, {.tv_sec = seconds}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void put_old(const char *path, const char *content)
{
    scratch_put(path, content);
    age(path);
}

static void begin_with_files(struct runner_fixture *fixture, const char *path)
{
    fixture_begin(fixture, "snapshot:dir/to.json", NULL);
    fixture->paths[0] = path;
    fixture->options.path_count = 1;
    fixture->options.keep_last_good = true;
}

/* A directory is declared as it stands; the destination's own file in it is not a source. */
static void a_directory_is_declared(void **state)
{
    (void)state;
    struct runner_fixture fixture;

    assert_int_equal(mkdir("dir", 0700), 0);
    scratch_put("dir/a.yaml", TOPIC_A);
    scratch_put("dir/b.yaml", TOPIC_B);
    begin_with_files(&fixture, "dir");
    fixture_open(&fixture);
    fixture_pass(&fixture, PASS_APPLY);
    assert_int_equal(fixture.failure.cause, CAUSE_NONE);
    assert_int_equal(fixture.report.created[KIND_TOPIC], 2);
    fixture_pass(&fixture, PASS_APPLY);
    assert_int_equal(fixture.failure.cause, CAUSE_NONE);
    assert_true(fixture.parity);
    assert_int_equal(fixture.result->counts->read[KIND_TOPIC], 2);
    fixture_end(&fixture);
}

/* Files that did not change are not loaded again, and what was made of them stays in force; changed ones are. */
static void unchanged_files_are_not_loaded_again(void **state)
{
    (void)state;
    struct runner_fixture fixture;

    assert_int_equal(mkdir("dir", 0700), 0);
    put_old("a.yaml", TOPIC_A);
    begin_with_files(&fixture, "a.yaml");
    fixture_open(&fixture);
    fixture_pass(&fixture, PASS_PLAN);
    struct catalog *declared = catalog_ref(fixture.result->plan->declared);
    fixture_pass(&fixture, PASS_PLAN);
    assert_ptr_equal(fixture.result->plan->declared, declared);
    put_old("a.yaml", TOPIC_B);
    fixture_pass(&fixture, PASS_PLAN);
    assert_ptr_not_equal(fixture.result->plan->declared, declared);
    catalog_row_of(fixture.result->plan->declared, KIND_TOPIC, "topic-b");
    catalog_unref(declared);
    fixture_end(&fixture);
}

/* A changed mapping is a changed declaration. */
static void a_changed_mapping_is_loaded(void **state)
{
    (void)state;
    struct runner_fixture fixture;

    assert_int_equal(mkdir("dir", 0700), 0);
    put_old("a.yaml", TOPIC_A);
    put_old("map.yaml", "apiVersion: mqferry/v1\nkind: Mapping\nspec: {rename: [{from: topic-a, to: other-a}]}\n");
    begin_with_files(&fixture, "a.yaml");
    fixture.options.mapping_path = "map.yaml";
    fixture_open(&fixture);
    fixture_pass(&fixture, PASS_PLAN);
    assert_int_equal(fixture.failure.cause, CAUSE_NONE);
    catalog_row_of(fixture.result->plan->declared, KIND_TOPIC, "other-a");
    put_old("map.yaml", "apiVersion: mqferry/v1\nkind: Mapping\nspec: {rename: [{from: topic-a, to: third-a}]}\n");
    fixture_pass(&fixture, PASS_PLAN);
    catalog_row_of(fixture.result->plan->declared, KIND_TOPIC, "third-a");
    fixture_end(&fixture);
}

/* Flags come on top of the mapping: both include lists must match, the flag's default wins. */
static void flags_come_on_top_of_the_mapping(void **state)
{
    (void)state;
    struct runner_fixture fixture;
    struct name_rule rule = {.glob = TEXT("topic-*"), .kinds = MATCH_BOTH};
    struct draft defaults;

    assert_int_equal(mkdir("dir", 0700), 0);
    scratch_put("a.yaml", "apiVersion: mqferry/v1\nkind: TopicList\nitems: [{name: topic-a}, {name: topic-b}, "
                          "{name: other-a}]\n");
    scratch_put("map.yaml", "apiVersion: mqferry/v1\nkind: Mapping\nspec:\n  include: ['*-a']\n"
                            "  createDefaults: {topic: {messageType: FIFO, remark: both}}\n");
    draft_clear(&defaults);
    draft_set_text(&defaults, FIELD_TOPIC_MESSAGE_TYPE, TEXT("DELAY"));
    begin_with_files(&fixture, "a.yaml");
    fixture.options.mapping_path = "map.yaml";
    fixture.flags.include[FROM_FLAGS] = (struct name_list){&rule, 1};
    fixture.flags.create_defaults[KIND_TOPIC] = &defaults;
    fixture_open(&fixture);
    fixture_pass(&fixture, PASS_APPLY);
    assert_int_equal(fixture.report.created[KIND_TOPIC], 1);
    fixture_end(&fixture);
    char *text = scratch_get("dir/to.json");
    assert_non_null(strstr(text, "{\"name\": \"topic-a\", \"messageType\": \"DELAY\", \"remark\": \"both\"}"));
    free(text);
}

/* A bad edit does no harm: every mistake is told, the last good set stays in force, and parity is not claimed. */
static void a_bad_edit_leaves_the_last_good_set(void **state)
{
    (void)state;
    struct runner_fixture fixture;

    assert_int_equal(mkdir("dir", 0700), 0);
    put_old("a.yaml", TOPIC_A);
    begin_with_files(&fixture, "a.yaml");
    fixture_open(&fixture);
    fixture_pass(&fixture, PASS_APPLY);
    assert_true(fixture.parity);
    put_old("a.yaml", "apiVersion: mqferry/v1\nkind: Topic\nmetadata: {name: topic-b}\nspec: {perm: 99, colour: 1}\n");
    assert_int_equal(unlink("dir/to.json"), 0);
    fixture_pass(&fixture, PASS_APPLY);
    assert_true(fixture.last_good);
    assert_int_equal(fixture.mistakes, 2);
    assert_int_equal(fixture.failure.cause, CAUSE_INPUT_WRONG);
    assert_false(fixture.parity);
    assert_int_equal(fixture.report.created[KIND_TOPIC], 1);
    put_old("a.yaml", TOPIC_B);
    fixture_pass(&fixture, PASS_APPLY);
    assert_false(fixture.last_good);
    assert_int_equal(fixture.mistakes, 0);
    assert_true(fixture.parity);
    fixture_end(&fixture);
}

/* A command does not go on with an older set; mistakes in mapping and manifests are all told at once. */
static void a_command_ends_with_every_mistake(void **state)
{
    (void)state;
    struct runner_fixture fixture;

    assert_int_equal(mkdir("dir", 0700), 0);
    put_old("a.yaml", TOPIC_A);
    put_old("map.yaml", "apiVersion: mqferry/v1\nkind: Mapping\nspec: {}\n");
    begin_with_files(&fixture, "a.yaml");
    fixture.options.keep_last_good = false;
    fixture.options.mapping_path = "map.yaml";
    fixture_open(&fixture);
    fixture_pass(&fixture, PASS_PLAN);
    assert_int_equal(fixture.failure.cause, CAUSE_NONE);
    put_old("a.yaml", "apiVersion: mqferry/v1\nkind: Topic\nmetadata: {name: topic-b}\nspec: {perm: 99}\n");
    put_old("map.yaml", "apiVersion: mqferry/v1\nkind: Mapping\nspec: {renames: []}\n");
    fixture_pass(&fixture, PASS_PLAN);
    assert_int_equal(fixture.failure.cause, CAUSE_INPUT_WRONG);
    assert_int_equal(fixture.mistakes, 2);
    assert_false(fixture.planned);
    fixture_end(&fixture);
}

/* apply reads its source once: what changes afterwards is for the next command. */
static void a_source_that_is_read_once_stays(void **state)
{
    (void)state;
    struct runner_fixture fixture;

    assert_int_equal(mkdir("dir", 0700), 0);
    put_old("a.yaml", TOPIC_A);
    begin_with_files(&fixture, "a.yaml");
    fixture.options.source_once = true;
    fixture_open(&fixture);
    fixture_pass(&fixture, PASS_APPLY);
    put_old("a.yaml", TOPIC_B);
    fixture_pass(&fixture, PASS_APPLY);
    assert_int_equal(fixture.result->plan->row_count, 1);
    catalog_row_of(fixture.result->plan->declared, KIND_TOPIC, "topic-a");
    assert_false(fixture.report.created_any);
    fixture_end(&fixture);
}

/* Files and a live source are declared together. */
static void files_and_a_live_source_are_joined(void **state)
{
    (void)state;
    struct runner_fixture fixture;

    assert_int_equal(mkdir("dir", 0700), 0);
    put_old("a.yaml", TOPIC_A);
    fixture_put_snapshot("from.json", "\"topics\": [{\"name\":\"topic-c\"}]");
    begin_with_files(&fixture, "a.yaml");
    fixture.sources[0].address = "snapshot:from.json";
    fixture.options.source_count = 1;
    fixture_open(&fixture);
    fixture_pass(&fixture, PASS_APPLY);
    assert_int_equal(fixture.report.created[KIND_TOPIC], 2);
    assert_int_equal(fixture.result->counts->read[KIND_TOPIC], 2);
    fixture_put_snapshot("from.json", "\"topics\": [{\"name\":\"topic-c\"},{\"name\":\"topic-d\"}]");
    fixture_pass(&fixture, PASS_APPLY);
    assert_int_equal(fixture.report.created[KIND_TOPIC], 1);
    fixture_end(&fixture);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_enter, scratch_leave)
    const struct CMUnitTest tests[] = {
        TEST(a_directory_is_declared),
        TEST(unchanged_files_are_not_loaded_again),
        TEST(a_changed_mapping_is_loaded),
        TEST(flags_come_on_top_of_the_mapping),
        TEST(a_bad_edit_leaves_the_last_good_set),
        TEST(a_command_ends_with_every_mistake),
        TEST(a_source_that_is_read_once_stays),
        TEST(files_and_a_live_source_are_joined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
