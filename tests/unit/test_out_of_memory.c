/* SPDX-License-Identifier: Apache-2.0
 *
 * The vocabulary when memory runs out: at every single allocation of a scenario in turn. Each run must fail with words,
 * leave nothing behind (the leak check watches) and spare the process.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/catalog.h"
#include "api/cause.h"
#include "api/config_json.h"
#include "tests/lib/memory.h"

enum { ALLOCATIONS_MAX = 2000 };

/* Runs the scenario with one allocation more each time, until it has all that it wants. */
static void sweep(int (*scenario)(struct failure *why), int cause)
{
    for (unsigned count = 0; count < ALLOCATIONS_MAX; count++) {
        struct failure why = FAILURE_INIT;

        memory_fail_after(count);
        int status = scenario(&why);
        bool ran_out = memory_restore();
        if (status == 0 && !ran_out)
            return;
        if (status == 0)
            continue; /* it could do without: giving unused memory back */
        assert_true(ran_out);
        assert_int_equal(status, -1);
        assert_true(cause == CAUSE_NONE || why.cause == cause);
        assert_true(strlen(why.text) > 0);
    }
    fail_msg("the scenario wants more than %d allocations", ALLOCATIONS_MAX);
}

/* --- catalogs --- */

static enum duplicate keep(void *context, struct duplicate_pair *pair, struct failure *said)
{
    (void)context;
    failure_set(said, CAUSE_RENAME_COLLIDES, "%u", pair->second->line);
    return pair->first->line == 0 ? DUPLICATE_CONFLICT : DUPLICATE_KEEP;
}

static int add_topics(struct catalog_builder *builder, struct failure *why)
{
    char name[32];
    struct draft draft;

    draft_clear(&draft);
    for (int i = 0; i < 60; i++) {
        uint16_t file;

        snprintf(name, sizeof name, "topic-with-a-name-%02d", i % 40);
        draft_set_number(&draft, FIELD_TOPIC_PERM, i % 20);
        struct entry entry = {.name = text_of(name), .draft = &draft, .line = (uint32_t)i, .source_name = TEXT("x")};
        if (i % 2 == 0) {
            entry.problem_cause = CAUSE_SOURCE_AMBIGUOUS;
            entry.problem_text = name;
        }
        if (catalog_builder_file(builder, text_of(name), &file, why) != 0 || catalog_add(builder, &entry, why) != 0)
            return -1;
    }
    return 0;
}

static int add_spread(struct catalog_builder *builder, struct failure *why)
{
    uint32_t settings[] = {0, CATALOG_ABSENT, 1};
    struct entry entry = {.kind = KIND_GROUP, .name = TEXT("group"), .spread = true};
    uint16_t number;

    for (int i = 0; i < 3; i++) {
        char name[] = "broker-0";
        name[7] = (char)('a' + i);
        if (catalog_builder_master(builder, text_of(name), &number, why) != 0)
            return -1;
    }
    if (catalog_intern_spread(builder, settings, 3, &entry.settings, why) != 0)
        return -1;
    return catalog_add(builder, &entry, why);
}

static int build_catalog(struct catalog **out, struct failure *why)
{
    struct catalog_builder *builder = catalog_builder_new();
    int status = builder ? 0 : failure_no_memory(why, "the test");

    if (status == 0)
        status = add_topics(builder, why);
    if (status == 0)
        status = add_spread(builder, why);
    if (status == 0)
        status = catalog_seal(builder, keep, NULL, out, why);
    catalog_builder_free(builder);
    return status;
}

static int catalog_scenario(struct failure *why)
{
    struct catalog *catalog = NULL;
    int status = build_catalog(&catalog, why);

    if (status == 0)
        assert_int_equal(catalog_count(catalog), 61 - 1);
    catalog_unref(catalog);
    return status;
}

/* A catalog is built whole, or not at all. */
static void catalogs_are_built_whole(void **state)
{
    (void)state;
    sweep(catalog_scenario, CAUSE_OUT_OF_MEMORY);
}

static struct catalog *original;

static int copy_scenario(struct failure *why)
{
    struct catalog_builder *builder = catalog_builder_new();
    struct catalog *copy = NULL;
    int status = builder ? 0 : failure_no_memory(why, "the test");

    if (status == 0)
        status = catalog_add_all(builder, original, NULL, NULL, why);
    if (status == 0)
        status = catalog_seal(builder, keep, NULL, &copy, why);
    catalog_builder_free(builder);
    catalog_unref(copy);
    return status;
}

/* A copy is made whole, or not at all; the original does not mind. */
static void catalogs_are_copied_whole(void **state)
{
    (void)state;
    struct failure why = FAILURE_INIT;

    assert_int_equal(build_catalog(&original, &why), 0);
    sweep(copy_scenario, CAUSE_OUT_OF_MEMORY);
    assert_int_equal(catalog_count(original), 60);
    catalog_unref(original);
}

/* --- JSON --- */

static const char group[] =
    "{\"attributes\":{\"a\":\"1\",\"b\":\"2\"},\"groupName\":\"g\",\"groupRetryPolicy\":{\"customizedRetryPolicy\":"
    "{\"next\":[1,2,3]},\"type\":\"CUSTOMIZED\"},\"subscriptionDataSet\":[{\"topic\":\"a\"},{\"topic\":\"b\"}]}";

static int write_scenario(const struct config_json *config, struct failure *why)
{
    struct config_json_style style = {.v5 = true};
    struct json_writer writer;
    struct buffer out;

    buffer_init(&out, 10000);
    json_writer_init(&writer, &out, 0);
    config_json_write_draft(&writer, KIND_GROUP, config->name, &config->draft, &style);
    int status = out.failed ? failure_no_memory(why, "the test") : 0;
    if (status == 0)
        assert_string_equal(out.data, group);
    buffer_release(&out);
    return status;
}

static int json_scenario(struct failure *why)
{
    char padded[sizeof group + JSON_PADDING] = {0};
    struct config_json config;
    struct json_token begin;
    size_t offset;

    memcpy(padded, group, sizeof group);
    struct json_reader *reader = json_reader_new((struct text){padded, sizeof group - 1}, why);
    if (!reader)
        return -1;
    config_json_init(&config);
    int status = -1;
    if (json_next(reader, &begin) == JSON_BEGIN_OBJECT)
        status = config_json_read(&config, KIND_GROUP, reader, &begin, &offset, why);
    else
        failure_set(why, CAUSE_INPUT_WRONG, "%s", json_reader_error(reader));
    if (status == 0)
        status = write_scenario(&config, why);
    config_json_release(&config);
    json_reader_free(reader);
    return status;
}

/* An object is read and written whole, or not at all. */
static void objects_are_read_and_written_whole(void **state)
{
    (void)state;
    sweep(json_scenario, CAUSE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(catalogs_are_built_whole),
        cmocka_unit_test(catalogs_are_copied_whole),
        cmocka_unit_test(objects_are_read_and_written_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
