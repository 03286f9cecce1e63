/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/cause.h"
#include "manifests/manifests.h"
#include "tests/lib/catalog_text.h"

enum { SOURCES_MAX = 4 };

static struct catalog *joined;
static struct source_counts counts;
static struct complaints mistakes;

static int tear_down(void **state)
{
    (void)state;
    catalog_unref(joined);
    complaints_release(&mistakes);
    memset(&counts, 0, sizeof counts);
    joined = NULL;
    return 0;
}

/* Catalogs by their lines, those of live sources behind a "live" in the list. Ends with NULL. */
static int combine(const char *const *texts)
{
    struct manifests_source sources[SOURCES_MAX];
    struct failure why = FAILURE_INIT;
    uint32_t count = 0;
    bool live = false;

    tear_down(NULL);
    for (; *texts; texts++) {
        if (strcmp(*texts, "live") == 0)
            live = true;
        else
            sources[count++] = (struct manifests_source){catalog_text(*texts), live};
    }
    /* As manifests_load would have counted. */
    for (uint32_t i = 0; i < count && !sources[i].live; i++)
        counts.read[KIND_TOPIC] += catalog_count(sources[i].catalog);
    int result = manifests_combine(sources, count, &counts, &joined, &mistakes, &why);
    if (result != 0)
        assert_int_equal(why.cause, CAUSE_INPUT_WRONG);
    for (uint32_t i = 0; i < count; i++)
        catalog_unref(sources[i].catalog);
    return result;
}

#define COMBINE(...) combine((const char *const[]){__VA_ARGS__, NULL})

static const char *text_of_row(const char *name)
{
    return resource_text_of(joined, catalog_row_of(joined, KIND_TOPIC, name));
}

static void assert_problem(const char *name, int cause, const char *text)
{
    const struct problem *problem =
        catalog_problem(joined, &catalog_rows(joined)[catalog_row_of(joined, KIND_TOPIC, name)]);

    assert_non_null(problem);
    assert_int_equal(problem->cause, cause);
    assert_int_equal(problem->field, FIELD_COUNT);
    assert_string_equal(problem->text, text);
}

static void assert_counts(uint64_t read, uint64_t system, uint64_t merged, uint64_t declared)
{
    assert_int_equal(counts.read[KIND_TOPIC], read);
    assert_int_equal(counts.system[KIND_TOPIC], system);
    assert_int_equal(counts.merged[KIND_TOPIC], merged);
    assert_int_equal(catalog_count(joined), system + declared);
    assert_int_equal(read, system + merged + declared);
}

/* One source that nothing concerns is itself. */
static void test_one_source_is_itself(void **state)
{
    struct catalog *catalog = catalog_text("masters a b\nTopic x @a perm=6 at=f:1:1\n");
    const struct manifests_source source = {catalog, false};
    struct failure why = FAILURE_INIT;

    (void)state;
    assert_int_equal(manifests_combine(&source, 1, &counts, &joined, &mistakes, &why), 0);
    assert_ptr_equal(joined, catalog);
    assert_int_equal(counts.merged[KIND_TOPIC], 0);
    catalog_unref(catalog);
}

/* A live source is counted when it is combined, alone or not. */
static void test_live_rows_are_counted(void **state)
{
    (void)state;
    assert_int_equal(COMBINE("live", "Topic a\nTopic TBW102 status=system\n"), 0);
    assert_counts(2, 1, 0, 1);
    assert_int_equal(
        COMBINE("Topic f at=f:1:1\n", "live", "Topic a\nTopic TBW102 status=system\n", "Topic TBW102 status=system\n"),
        0);
    assert_counts(4, 1, 1, 2);
}

/* A snapshot that is a source twice, or as an instance and as a file, says nothing twice. */
static void test_one_file_may_be_two_sources(void **state)
{
    (void)state;
    assert_int_equal(COMBINE("Topic a at=s:2:1\n", "live", "Topic a at=s:2:1\n", "Topic a at=s:2:1\n"), 0);
    assert_counts(3, 0, 2, 1);
    assert_int_equal(mistakes.count, 0);
}

/* Equal ones merge; unequal ones are a conflict that says who declares them. */
static void test_equal_ones_merge_and_others_conflict(void **state)
{
    (void)state;
    assert_int_equal(COMBINE("Topic a perm=6 at=f.json:2:3\nTopic b perm=6 at=f.json:3:3\n", "live",
                             "Topic a perm=6\nTopic b perm=4\nTopic c\n"),
                     0);
    assert_counts(5, 0, 2, 3);
    assert_null(catalog_problem(joined, &catalog_rows(joined)[catalog_row_of(joined, KIND_TOPIC, "a")]));
    assert_problem("b", CAUSE_DECLARED_TWICE, "declared in f.json:3:3 and, with other settings, in a live source");
    assert_string_equal(text_of_row("b"), "perm=6");
}

/* What all masters of a live source hold alike needs no spread. */
static void test_masters_that_agree_are_one(void **state)
{
    (void)state;
    assert_int_equal(COMBINE("live", "masters a b\nTopic x @a perm=6 @b perm=6\nTopic y perm=4\n"), 0);
    assert_string_equal(text_of_row("x"), "perm=6");
    assert_int_equal(catalog_rows(joined)[catalog_row_of(joined, KIND_TOPIC, "x")].spread, 0);
    assert_counts(2, 0, 0, 2);
}

/* Masters that disagree, or some that lack it, are for people to decide; what each holds stays known. */
static void test_masters_that_disagree_are_told(void **state)
{
    (void)state;
    assert_int_equal(COMBINE("live", "masters a b\nTopic x @a perm=6 @b perm=4\nTopic y @b perm=6\n"
                                     "Topic TBW102 @a status=system\n"),
                     0);
    assert_problem("x", CAUSE_SOURCE_AMBIGUOUS, "the source's brokers hold it with different settings");
    assert_problem("y", CAUSE_PLACEMENT_UNKNOWN, "the source holds it on some of its brokers only");
    assert_string_equal(text_of_row("x"), "@a perm=6 @b perm=4");
    assert_null(catalog_problem(joined, &catalog_rows(joined)[catalog_row_of(joined, KIND_TOPIC, "TBW102")]));
}

/* Brokers that a file names are meant as they stand, and another source's masters do not count. */
static void test_brokers_that_a_file_names_are_meant(void **state)
{
    (void)state;
    assert_int_equal(COMBINE("masters a b\nTopic x @b perm=6 at=f:1:1\n", "live", "masters m\nTopic y @m perm=6\n"), 0);
    assert_string_equal(text_of_row("x"), "@b perm=6");
    assert_null(catalog_problem(joined, &catalog_rows(joined)[catalog_row_of(joined, KIND_TOPIC, "x")]));
    assert_string_equal(text_of_row("y"), "perm=6");
}

static struct catalog *hand_written(const char *path, uint32_t line)
{
    struct catalog_builder *builder = catalog_builder_new();
    struct failure why = FAILURE_INIT;
    struct catalog *catalog;
    struct draft draft;

    draft_clear(&draft);
    struct entry entry = {
        .kind = KIND_TOPIC, .name = TEXT("a"), .draft = &draft, .hand = true, .line = line, .column = 1};
    assert_int_equal(catalog_builder_file(builder, text_of(path), &entry.file, &why), 0);
    assert_int_equal(catalog_add(builder, &entry, &why), 0);
    assert_int_equal(catalog_seal(builder, NULL, NULL, &catalog, &why), 0);
    catalog_builder_free(builder);
    return catalog;
}

/* Hand-written twice is a mistake here as well, and nothing comes of it. */
static void test_twice_by_hand_is_a_mistake(void **state)
{
    const struct manifests_source sources[] = {{hand_written("a.yaml", 3), false}, {hand_written("b.yaml", 7), false}};
    struct failure why = FAILURE_INIT;

    (void)state;
    assert_int_equal(manifests_combine(sources, 2, &counts, &joined, &mistakes, &why), -1);
    assert_int_equal(why.cause, CAUSE_INPUT_WRONG);
    assert_null(joined);
    assert_int_equal(mistakes.count, 1);
    assert_string_equal(mistakes.items[0].path, "b.yaml");
    assert_int_equal(mistakes.items[0].line, 7);
    assert_non_null(strstr(mistakes.items[0].text, "a.yaml:3:1"));
    catalog_unref(sources[0].catalog);
    catalog_unref(sources[1].catalog);
}

#define TEST(name) cmocka_unit_test_teardown(name, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_one_source_is_itself),
        TEST(test_live_rows_are_counted),
        TEST(test_one_file_may_be_two_sources),
        TEST(test_equal_ones_merge_and_others_conflict),
        TEST(test_masters_that_agree_are_one),
        TEST(test_masters_that_disagree_are_told),
        TEST(test_brokers_that_a_file_names_are_meant),
        TEST(test_twice_by_hand_is_a_mistake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
