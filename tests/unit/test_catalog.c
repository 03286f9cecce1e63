/* SPDX-License-Identifier: Apache-2.0 */
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

static struct failure why;

static struct catalog_builder *builder_new(void)
{
    struct catalog_builder *builder = catalog_builder_new();

    assert_non_null(builder);
    return builder;
}

/* A topic with so many queues to write. */
static struct draft queues(int64_t count)
{
    struct draft draft;

    draft_clear(&draft);
    draft_set_number(&draft, FIELD_TOPIC_WRITE_QUEUE_NUMS, count);
    return draft;
}

static void add(struct catalog_builder *builder, enum kind kind, struct text name)
{
    struct draft draft = queues(8);
    struct entry entry = {.kind = kind, .name = name, .draft = &draft};

    assert_int_equal(catalog_add(builder, &entry, &why), 0);
}

static uint32_t intern(struct catalog_builder *builder, int64_t count)
{
    struct draft draft = queues(count);
    uint32_t index;

    assert_int_equal(catalog_intern(builder, &draft, &index, &why), 0);
    return index;
}

static uint16_t master(struct catalog_builder *builder, const char *name)
{
    uint16_t number;

    assert_int_equal(catalog_builder_master(builder, text_of(name), &number, &why), 0);
    return number;
}

static struct catalog *seal(struct catalog_builder *builder, catalog_duplicate_cb on_duplicate, void *context)
{
    struct catalog *catalog = NULL;

    assert_int_equal(catalog_seal(builder, on_duplicate, context, &catalog, &why), 0);
    assert_int_equal(catalog_builder_count(builder), 0);
    catalog_builder_free(builder);
    return catalog;
}

static void assert_row(const struct catalog *catalog, uint32_t row, const char *name)
{
    struct text there = catalog_name(catalog, &catalog_rows(catalog)[row]);

    assert_int_equal(there.bytes, strlen(name));
    assert_memory_equal(there.data, name, there.bytes);
}

/* --- order and finding --- */

/* Topics come before groups, and names in the order of their bytes, a prefix before what it begins. */
static void rows_are_sorted_by_kind_and_bytes(void **state)
{
    (void)state;
    struct catalog_builder *builder = builder_new();
    static const char *const topics[] = {"", "A", "a", "a-long-name", "a-long-name-1", "a-long-name-2", "\xe8\xae\xa2"};
    uint32_t first, count;

    add(builder, KIND_GROUP, TEXT("a"));
    for (int i = 6; i >= 0; i--)
        add(builder, KIND_TOPIC, text_of(topics[i]));
    assert_int_equal(catalog_builder_count(builder), 8);
    struct catalog *catalog = seal(builder, NULL, NULL);
    assert_int_equal(catalog_count(catalog), 8);
    for (uint32_t i = 0; i < 7; i++)
        assert_row(catalog, i, topics[i]);
    catalog_range(catalog, KIND_TOPIC, &first, &count);
    assert_int_equal(first, 0);
    assert_int_equal(count, 7);
    catalog_range(catalog, KIND_GROUP, &first, &count);
    assert_int_equal(first, 7);
    assert_int_equal(count, 1);
    catalog_unref(catalog);
}

/* Names with zero bytes are longer than those without, and have their place. */
static void zero_bytes_count(void **state)
{
    (void)state;
    struct catalog_builder *builder = builder_new();
    const struct text sorted[] = {TEXT("a"), TEXT("a\0"), TEXT("a\0\0\0\0\0\0\0"), TEXT("a\0\0\0\0\0\0\0\0"),
                                  TEXT("a\1")};

    for (int i = 4; i >= 0; i--)
        add(builder, KIND_TOPIC, sorted[i]);
    struct catalog *catalog = seal(builder, NULL, NULL);
    for (uint32_t i = 0; i < 5; i++) {
        assert_true(text_equal(catalog_name(catalog, &catalog_rows(catalog)[i]), sorted[i]));
        assert_int_equal(catalog_find(catalog, KIND_TOPIC, sorted[i]), i);
    }
    catalog_unref(catalog);
}

/* Names are found under their own kind only. */
static void names_are_found_in_their_kind(void **state)
{
    (void)state;
    struct catalog_builder *builder = builder_new();

    add(builder, KIND_TOPIC, TEXT("orders-eu"));
    add(builder, KIND_TOPIC, TEXT("orders-us"));
    add(builder, KIND_TOPIC, TEXT("pay"));
    add(builder, KIND_GROUP, TEXT("GID_pay"));
    struct catalog *catalog = seal(builder, NULL, NULL);
    assert_int_equal(catalog_find(catalog, KIND_TOPIC, TEXT("orders-us")), 1);
    assert_int_equal(catalog_find(catalog, KIND_TOPIC, TEXT("pay")), 2);
    assert_int_equal(catalog_find(catalog, KIND_GROUP, TEXT("GID_pay")), 3);
    assert_int_equal(catalog_find(catalog, KIND_GROUP, TEXT("pay")), CATALOG_ABSENT);
    assert_int_equal(catalog_find(catalog, KIND_TOPIC, TEXT("orders-cn")), CATALOG_ABSENT);
    assert_int_equal(catalog_find(catalog, KIND_TOPIC, TEXT("zzz")), CATALOG_ABSENT);
    assert_int_equal(catalog_find(catalog, KIND_TOPIC, TEXT("")), CATALOG_ABSENT);
    catalog_unref(catalog);
}

/* Nothing in, nothing out, and nothing is found. */
static void an_empty_catalog_is_fine(void **state)
{
    (void)state;
    struct catalog *catalog = seal(builder_new(), NULL, NULL);
    uint32_t first, count;

    assert_int_equal(catalog_count(catalog), 0);
    catalog_range(catalog, KIND_GROUP, &first, &count);
    assert_int_equal(count, 0);
    assert_int_equal(catalog_find(catalog, KIND_TOPIC, TEXT("a")), CATALOG_ABSENT);
    catalog_unref(catalog);
    catalog_unref(NULL);
    catalog_builder_free(NULL);
}

static uint64_t random_next(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed >> 33;
}

/* Makes name number `i` of `count`: each shape is a hard case for sorting by words. */
typedef void (*name_maker)(char *out, size_t room, uint32_t i, uint32_t count);

static void name_shuffled(char *out, size_t room, uint32_t i, uint32_t count)
{
    snprintf(out, room, "MQ_INST_1%%topic-%08u", (unsigned)(i * 7919 % count));
}

static void name_reversed(char *out, size_t room, uint32_t i, uint32_t count)
{
    snprintf(out, room, "%u", 1000000 + count - i);
}

static void name_of_any_length(char *out, size_t room, uint32_t i, uint32_t count)
{
    (void)count;
    uint64_t seed = i + 1;
    size_t length = random_next(&seed) % (room - 1);

    for (size_t at = 0; at < length; at++)
        out[at] = "ab"[random_next(&seed) % 64 == 0];
    out[length] = '\0';
}

static void name_with_long_prefix(char *out, size_t room, uint32_t i, uint32_t count)
{
    memset(out, 'p', room - 11);
    snprintf(out + room - 11, 11, "%08u", (unsigned)(i * 7919 % count));
}

static enum duplicate drop(void *context, struct duplicate_pair *pair, struct failure *said)
{
    (void)pair;
    (void)said;
    if (context)
        ++*(uint32_t *)context;
    return DUPLICATE_DROP;
}

static void assert_sorts(name_maker make, uint32_t count, size_t room)
{
    struct catalog_builder *builder = builder_new();
    char *name = malloc(room);
    uint32_t dropped = 0;

    assert_non_null(name);
    for (uint32_t i = 0; i < count; i++) {
        make(name, room, i, count);
        add(builder, i % 3 == 0 ? KIND_GROUP : KIND_TOPIC, text_of(name));
    }
    struct catalog *catalog = seal(builder, drop, &dropped);
    const struct resource *rows = catalog_rows(catalog);
    assert_int_equal(catalog_count(catalog) + dropped, count);
    for (uint32_t i = 1; i < catalog_count(catalog); i++) {
        assert_true(rows[i - 1].kind <= rows[i].kind);
        if (rows[i - 1].kind == rows[i].kind)
            assert_true(text_compare(catalog_name(catalog, &rows[i - 1]), catalog_name(catalog, &rows[i])) < 0);
    }
    for (uint32_t i = 0; i < count; i++) {
        make(name, room, i, count);
        uint32_t row = catalog_find(catalog, i % 3 == 0 ? KIND_GROUP : KIND_TOPIC, text_of(name));
        assert_int_not_equal(row, CATALOG_ABSENT);
        assert_row(catalog, row, name);
    }
    free(name);
    catalog_unref(catalog);
}

/* Shuffled, reversed, random, and names that share all but their last bytes: sorted, all there, all found. */
static void hard_cases_are_sorted(void **state)
{
    (void)state;
    assert_sorts(name_shuffled, 20000, 64);
    assert_sorts(name_reversed, 20000, 64);
    assert_sorts(name_of_any_length, 5000, 200);
    assert_sorts(name_with_long_prefix, 300, NAME_BYTES_MAX);
}

/* As many equal names as there are: of all of them one is left, the one that came first. */
static void equal_names_keep_the_order_they_came_in(void **state)
{
    (void)state;
    struct catalog_builder *builder = builder_new();
    struct draft draft = queues(8);
    uint32_t dropped = 0;

    add(builder, KIND_TOPIC, TEXT("z"));
    for (uint32_t line = 1; line <= 20000; line++) {
        struct entry entry = {.name = TEXT("the same name of them all"), .draft = &draft, .line = line};
        assert_int_equal(catalog_add(builder, &entry, &why), 0);
    }
    struct catalog *catalog = seal(builder, drop, &dropped);
    assert_int_equal(dropped, 19999);
    assert_int_equal(catalog_count(catalog), 2);
    assert_int_equal(catalog_rows(catalog)[0].line, 1);
    catalog_unref(catalog);
}

/* Resources of two catalogs compare by name alone. */
static void resources_of_two_catalogs_compare(void **state)
{
    (void)state;
    struct catalog_builder *left = builder_new(), *right = builder_new();

    add(left, KIND_TOPIC, TEXT("orders-1"));
    add(left, KIND_TOPIC, TEXT("orders-12"));
    add(right, KIND_GROUP, TEXT("orders-12"));
    add(right, KIND_GROUP, TEXT("z"));
    struct catalog *a = seal(left, NULL, NULL), *b = seal(right, NULL, NULL);
    const struct resource *rows = catalog_rows(a), *others = catalog_rows(b);
    assert_true(catalog_compare(a, &rows[0], b, &others[0]) < 0);
    assert_int_equal(catalog_compare(a, &rows[1], b, &others[0]), 0);
    assert_true(catalog_compare(b, &others[0], a, &rows[0]) > 0);
    assert_true(catalog_compare(b, &others[1], a, &rows[1]) > 0);
    catalog_unref(a);
    catalog_unref(b);
}

/* --- what a row knows --- */

/* Everything that was said of a resource comes back, and the caller's bytes are no longer needed. */
static void rows_keep_what_was_said(void **state)
{
    (void)state;
    struct catalog_builder *builder = builder_new();
    char name[] = "orders", source_name[] = "MQ_INST_1%orders", path[] = "topics.yaml",
         text[] = "16 does not divide by 3";
    struct draft draft = queues(4);
    uint16_t file;

    assert_int_equal(catalog_builder_file(builder, text_of(path), &file, &why), 0);
    struct entry entry = {.kind = KIND_TOPIC,
                          .name = text_of(name),
                          .source_name = text_of(source_name),
                          .draft = &draft,
                          .hand = true,
                          .policy = POLICY_OBSERVE,
                          .status = STATUS_CREATING,
                          .file = file,
                          .line = 7,
                          .column = 70000,
                          .problem_cause = CAUSE_QUEUE_NUMBERS_UNKNOWN,
                          .problem_field = FIELD_TOPIC_WRITE_QUEUE_NUMS,
                          .problem_text = text};
    assert_int_equal(catalog_add(builder, &entry, &why), 0);
    memset(name, 'x', sizeof name);
    memset(source_name, 'x', sizeof source_name);
    memset(path, 'x', sizeof path);
    memset(text, 'x', sizeof text);
    struct catalog *catalog = seal(builder, NULL, NULL);
    const struct resource *row = catalog_rows(catalog);
    assert_row(catalog, 0, "orders");
    assert_true(text_is(catalog_source_name(catalog, row), "MQ_INST_1%orders"));
    assert_string_equal(catalog_file(catalog, row->file), "topics.yaml");
    assert_int_equal(row->line, 7);
    assert_int_equal(row->column, 65535);
    assert_int_equal(row->hand, 1);
    assert_int_equal(row->policy, POLICY_OBSERVE);
    assert_int_equal(row->status, STATUS_CREATING);
    assert_int_equal(settings_number(catalog_settings_of(catalog, row), FIELD_TOPIC_WRITE_QUEUE_NUMS), 4);
    const struct problem *problem = catalog_problem(catalog, row);
    assert_non_null(problem);
    assert_int_equal(problem->cause, CAUSE_QUEUE_NUMBERS_UNKNOWN);
    assert_int_equal(problem->field, FIELD_TOPIC_WRITE_QUEUE_NUMS);
    assert_string_equal(problem->text, "16 does not divide by 3");
    catalog_unref(catalog);
}

/* A name that no mapping changed is its own source name; a row without a problem has none. */
static void a_row_without_more_is_plain(void **state)
{
    (void)state;
    struct catalog_builder *builder = builder_new();
    struct draft draft = queues(4);
    struct entry entry = {.name = TEXT("a"), .source_name = TEXT("a"), .draft = &draft};

    assert_int_equal(catalog_add(builder, &entry, &why), 0);
    struct catalog *catalog = seal(builder, NULL, NULL);
    assert_int_equal(catalog_rows(catalog)->source_name, CATALOG_ABSENT);
    assert_true(text_is(catalog_source_name(catalog, catalog_rows(catalog)), "a"));
    assert_null(catalog_problem(catalog, catalog_rows(catalog)));
    catalog_unref(catalog);
}

/* Each of many problems and source names is found at its own resource, in whatever order they came. */
static void problems_and_sources_stay_with_their_resources(void **state)
{
    (void)state;
    struct catalog_builder *builder = builder_new();
    struct draft draft = queues(4);
    char name[32], source[64];

    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "topic-%02d", i * 37 % 100);
        snprintf(source, sizeof source, "of-%s", name);
        struct entry entry = {.name = text_of(name),
                              .source_name = text_of(i % 3 == 0 ? source : name),
                              .draft = &draft,
                              .problem_cause = i % 2 == 0 ? CAUSE_SOURCE_AMBIGUOUS : CAUSE_NONE,
                              .problem_text = name};
        assert_int_equal(catalog_add(builder, &entry, &why), 0);
    }
    struct catalog *catalog = seal(builder, NULL, NULL);
    int found = 0, renamed = 0;
    for (uint32_t row = 0; row < 100; row++) {
        struct text own = catalog_name(catalog, &catalog_rows(catalog)[row]);
        struct text other = catalog_source_name(catalog, &catalog_rows(catalog)[row]);
        renamed += !text_equal(own, other);
        assert_true(text_equal(own, other) || text_equal(own, (struct text){other.data + 3, other.bytes - 3}));
        const struct problem *problem = catalog_problem(catalog, &catalog_rows(catalog)[row]);
        if (!problem)
            continue;
        assert_row(catalog, row, problem->text);
        found++;
    }
    assert_int_equal(found, 50);
    assert_int_equal(renamed, 34);
    catalog_unref(catalog);
}

/* Names longer than the limit are refused, and nothing of them stays. */
static void names_that_are_too_long_are_refused(void **state)
{
    (void)state;
    struct catalog_builder *builder = builder_new();
    static char name[NAME_BYTES_MAX + 1];
    struct draft draft = queues(4);
    struct entry entry = {.name = {name, sizeof name}, .draft = &draft};

    memset(name, 'a', sizeof name);
    assert_int_equal(catalog_add(builder, &entry, &why), -1);
    assert_int_equal(why.cause, CAUSE_INPUT_WRONG);
    assert_string_equal(why.text, "a name of 4097 bytes is too long, 4096 are read at most");
    entry.source_name = entry.name;
    entry.name = TEXT("short");
    assert_int_equal(catalog_add(builder, &entry, &why), -1);
    assert_int_equal(catalog_builder_count(builder), 0);
    entry.source_name.bytes--;
    assert_int_equal(catalog_add(builder, &entry, &why), 0);
    struct catalog *catalog = seal(builder, NULL, NULL);
    assert_int_equal(catalog_source_name(catalog, catalog_rows(catalog)).bytes, NAME_BYTES_MAX);
    catalog_unref(catalog);
}

/* --- interning --- */

/* Equal settings, spreads, masters and files get one number each. */
static void equal_things_get_one_number(void **state)
{
    (void)state;
    struct catalog_builder *builder = builder_new();
    uint32_t numbers[] = {intern(builder, 4), intern(builder, 8)}, first, second;
    uint32_t with_tail[] = {numbers[0], numbers[1], CATALOG_ABSENT};
    uint16_t file, again;

    assert_int_not_equal(numbers[0], numbers[1]);
    assert_int_equal(intern(builder, 4), numbers[0]);
    assert_int_equal(master(builder, "broker-a"), 0);
    assert_int_equal(master(builder, "broker-b"), 1);
    assert_int_equal(master(builder, "broker-a"), 0);
    assert_int_equal(catalog_builder_file(builder, TEXT("a.yaml"), &file, &why), 0);
    assert_int_equal(catalog_builder_file(builder, TEXT("a.yaml"), &again, &why), 0);
    assert_int_equal(file, again);
    assert_int_equal(catalog_intern_spread(builder, numbers, 2, &first, &why), 0);
    assert_int_equal(catalog_intern_spread(builder, with_tail, 3, &second, &why), 0);
    assert_int_equal(first, second);
    with_tail[0] = CATALOG_ABSENT;
    assert_int_equal(catalog_intern_spread(builder, with_tail, 3, &second, &why), 0);
    assert_int_not_equal(first, second);
    struct catalog *catalog = seal(builder, NULL, NULL);
    assert_int_equal(catalog_settings_count(catalog), 2);
    assert_int_equal(catalog_master_count(catalog), 2);
    assert_string_equal(catalog_master(catalog, 1), "broker-b");
    assert_int_equal(catalog_spread(catalog, first)->masters, 2);
    catalog_unref(catalog);
}

/* Thousands of different settings are told apart, with texts of every size. */
static void many_different_settings_are_kept(void **state)
{
    (void)state;
    enum { COUNT = 5000 };
    struct catalog_builder *builder = builder_new();
    static char remark[COUNT];
    struct draft draft;
    uint32_t index;

    memset(remark, 'r', sizeof remark);
    draft_clear(&draft);
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < COUNT; i++) {
            draft_set_text(&draft, FIELD_TOPIC_REMARK, (struct text){remark, i});
            assert_int_equal(catalog_intern(builder, &draft, &index, &why), 0);
            assert_int_equal(index, i);
        }
    }
    struct catalog *catalog = seal(builder, NULL, NULL);
    assert_int_equal(catalog_settings_count(catalog), COUNT);
    for (uint32_t i = 0; i < COUNT; i++)
        assert_int_equal(settings_text(catalog_settings(catalog, i), FIELD_TOPIC_REMARK).bytes, i);
    catalog_unref(catalog);
}

/* A text larger than any chunk has a chunk of its own. */
static void a_huge_text_is_kept(void **state)
{
    (void)state;
    struct catalog_builder *builder = builder_new();
    size_t bytes = 3U << 20;
    char *huge = malloc(bytes);
    struct draft draft;
    uint32_t index;

    assert_non_null(huge);
    memset(huge, 'h', bytes);
    draft_clear(&draft);
    draft_set_text(&draft, FIELD_GROUP_SUBSCRIPTION_DATA_SET, (struct text){huge, bytes});
    assert_int_equal(catalog_intern(builder, &draft, &index, &why), 0);
    assert_int_equal(intern(builder, 1), 1);
    struct catalog *catalog = seal(builder, NULL, NULL);
    struct text kept = settings_text(catalog_settings(catalog, index), FIELD_GROUP_SUBSCRIPTION_DATA_SET);
    assert_true(text_equal(kept, (struct text){huge, bytes}));
    free(huge);
    catalog_unref(catalog);
}

/* More masters than a spread can name are refused. */
static void too_many_masters_are_refused(void **state)
{
    (void)state;
    struct catalog_builder *builder = builder_new();
    char name[32];
    uint16_t number;

    for (int i = 0; i < CATALOG_MASTERS_MAX; i++) {
        snprintf(name, sizeof name, "broker-%d", i);
        assert_int_equal(master(builder, name), i);
    }
    assert_int_equal(catalog_builder_master(builder, TEXT("one more"), &number, &why), -1);
    assert_int_equal(why.cause, CAUSE_INPUT_WRONG);
    assert_string_equal(why.text, "more than 1024 masters");
    assert_int_equal(master(builder, "broker-7"), 7);
    catalog_builder_free(builder);
}

/* More files than rows can name are refused. */
static void too_many_files_are_refused(void **state)
{
    (void)state;
    struct catalog_builder *builder = builder_new();
    char path[32];
    uint16_t number;

    for (int i = 0; i < CATALOG_FILES_MAX; i++) {
        snprintf(path, sizeof path, "%d.yaml", i);
        assert_int_equal(catalog_builder_file(builder, text_of(path), &number, &why), 0);
    }
    assert_int_equal(catalog_builder_file(builder, TEXT("one more"), &number, &why), -1);
    assert_string_equal(why.text, "more than 65535 files");
    catalog_builder_free(builder);
}

/* A resource has settings, or a spread over masters, of which the first present one stands for all. */
static void spreads_say_where_a_resource_is(void **state)
{
    (void)state;
    struct catalog_builder *builder = builder_new();
    uint32_t settings[] = {CATALOG_ABSENT, intern(builder, 4), intern(builder, 8)}, spread;
    uint32_t nowhere[] = {CATALOG_ABSENT};

    master(builder, "broker-a");
    master(builder, "broker-b");
    master(builder, "broker-c");
    assert_int_equal(catalog_intern_spread(builder, nowhere, 1, &spread, &why), -1);
    assert_int_equal(why.cause, CAUSE_INPUT_WRONG);
    assert_int_equal(catalog_intern_spread(builder, settings, 3, &spread, &why), 0);
    struct entry entry = {.name = TEXT("a"), .settings = spread, .spread = true};
    assert_int_equal(catalog_add(builder, &entry, &why), 0);
    struct catalog *catalog = seal(builder, NULL, NULL);
    const struct resource *row = catalog_rows(catalog);
    assert_int_equal(row->spread, 1);
    assert_int_equal(catalog_spread(catalog, row->settings)->settings[0], CATALOG_ABSENT);
    assert_int_equal(settings_number(catalog_settings_of(catalog, row), FIELD_TOPIC_WRITE_QUEUE_NUMS), 4);
    catalog_unref(catalog);
}

/* --- names that stand twice --- */

/* One name as topic and as group is no duplicate. */
static void topic_and_group_may_share_a_name(void **state)
{
    (void)state;
    struct catalog_builder *builder = builder_new();

    add(builder, KIND_TOPIC, TEXT("x"));
    add(builder, KIND_GROUP, TEXT("x"));
    struct catalog *catalog = seal(builder, NULL, NULL);
    assert_int_equal(catalog_count(catalog), 2);
    catalog_unref(catalog);
}

/* Where nobody decides, a name that stands twice is a bad answer that names it. */
static void a_duplicate_without_a_judge_fails(void **state)
{
    (void)state;
    struct catalog_builder *builder = builder_new();
    struct catalog *catalog = NULL;

    add(builder, KIND_GROUP, TEXT("GID_a"));
    add(builder, KIND_GROUP, TEXT("GID_a"));
    assert_int_equal(catalog_seal(builder, NULL, NULL, &catalog, &why), -1);
    assert_null(catalog);
    assert_int_equal(why.cause, CAUSE_BAD_ANSWER);
    assert_string_equal(why.text, "consumer group 'GID_a' is listed twice");
    catalog_builder_free(builder);
}

struct verdict {
    enum duplicate answer;
    uint32_t settings;
    bool spread;
    int asked, equal;
    struct catalog_builder *builder;
};

static enum duplicate judge(void *context, struct duplicate_pair *pair, struct failure *said)
{
    struct verdict *verdict = context;

    verdict->asked++;
    verdict->equal += pair->equal;
    assert_true(text_is(pair->name, "x"));
    assert_true(pair->first->line < pair->second->line);
    pair->settings = verdict->settings;
    pair->spread = verdict->spread;
    failure_set(said, CAUSE_RENAME_COLLIDES, "declared in line %u and in line %u", pair->first->line,
                pair->second->line);
    return verdict->answer;
}

/* x in line 1 (4 queues), x in line 2 (4 queues), x in line 3 (8 queues), and y. */
static struct catalog_builder *three_times_x(void)
{
    struct catalog_builder *builder = builder_new();
    struct draft small = queues(4), large = queues(8);

    add(builder, KIND_TOPIC, TEXT("y"));
    for (uint32_t line = 1; line <= 3; line++) {
        struct entry entry = {.name = TEXT("x"), .draft = line < 3 ? &small : &large, .line = line};
        assert_int_equal(catalog_add(builder, &entry, &why), 0);
    }
    return builder;
}

/* Dropping keeps the first; the judge is told whether both declare the same. */
static void a_dropped_duplicate_leaves_the_first(void **state)
{
    (void)state;
    struct verdict verdict = {.answer = DUPLICATE_DROP};
    struct catalog *catalog = seal(three_times_x(), judge, &verdict);

    assert_int_equal(verdict.asked, 2);
    assert_int_equal(verdict.equal, 1);
    assert_int_equal(catalog_count(catalog), 2);
    assert_int_equal(catalog_rows(catalog)[0].line, 1);
    assert_row(catalog, 1, "y");
    catalog_unref(catalog);
}

/* The later one can be kept instead, each time anew. */
static void a_second_can_take_the_place_of_the_first(void **state)
{
    (void)state;
    struct verdict verdict = {.answer = DUPLICATE_SECOND};
    struct catalog *catalog = seal(three_times_x(), judge, &verdict);

    assert_int_equal(verdict.asked, 2);
    assert_int_equal(catalog_count(catalog), 2);
    assert_row(catalog, 0, "x");
    assert_int_equal(catalog_rows(catalog)[0].line, 3);
    catalog_unref(catalog);
}

/* A conflict marks the first with the cause and what was said last. */
static void a_conflict_is_noted_at_the_first(void **state)
{
    (void)state;
    struct verdict verdict = {.answer = DUPLICATE_CONFLICT};
    struct catalog *catalog = seal(three_times_x(), judge, &verdict);
    const struct problem *problem = catalog_problem(catalog, &catalog_rows(catalog)[0]);

    assert_int_equal(catalog_count(catalog), 2);
    assert_non_null(problem);
    assert_int_equal(problem->cause, CAUSE_DECLARED_TWICE);
    assert_int_equal(problem->field, FIELD_COUNT);
    assert_string_equal(problem->text, "declared in line 1 and in line 3");
    assert_null(catalog_problem(catalog, &catalog_rows(catalog)[1]));
    catalog_unref(catalog);
}

/* Kept duplicates stand next to each other, all marked; the first is the one that is found. */
static void kept_duplicates_are_all_marked(void **state)
{
    (void)state;
    struct verdict verdict = {.answer = DUPLICATE_KEEP};
    struct catalog *catalog = seal(three_times_x(), judge, &verdict);

    assert_int_equal(catalog_count(catalog), 4);
    assert_int_equal(catalog_find(catalog, KIND_TOPIC, TEXT("x")), 0);
    for (uint32_t row = 0; row < 3; row++) {
        assert_int_equal(catalog_rows(catalog)[row].line, row + 1);
        assert_int_equal(catalog_problem(catalog, &catalog_rows(catalog)[row])->cause, CAUSE_RENAME_COLLIDES);
    }
    assert_string_equal(catalog_problem(catalog, &catalog_rows(catalog)[1])->text, "declared in line 2 and in line 3");
    catalog_unref(catalog);
}

/* A failing judge fails the seal with its own words. */
static void a_refused_duplicate_fails_the_seal(void **state)
{
    (void)state;
    struct verdict verdict = {.answer = DUPLICATE_FAIL};
    struct catalog_builder *builder = three_times_x();
    struct catalog *catalog = NULL;

    assert_int_equal(catalog_seal(builder, judge, &verdict, &catalog, &why), -1);
    assert_null(catalog);
    assert_int_equal(verdict.asked, 1);
    assert_int_equal(why.cause, CAUSE_RENAME_COLLIDES);
    assert_string_equal(why.text, "declared in line 1 and in line 2");
    catalog_builder_free(builder);
}

/* One more master's part joins: the spread grows by what the second row says. */
static enum duplicate join(void *context, struct duplicate_pair *pair, struct failure *said)
{
    uint32_t settings[3] = {CATALOG_ABSENT, CATALOG_ABSENT, CATALOG_ABSENT};
    const struct spread *parts[2] = {catalog_spread(pair->catalog, pair->first->settings),
                                     catalog_spread(pair->catalog, pair->second->settings)};

    for (int part = 0; part < 2; part++) {
        for (uint16_t i = 0; i < parts[part]->masters; i++) {
            if (parts[part]->settings[i] != CATALOG_ABSENT)
                settings[i] = parts[part]->settings[i];
        }
    }
    pair->spread = true;
    return catalog_intern_spread(context, settings, 3, &pair->settings, said) == 0 ? DUPLICATE_REPLACE : DUPLICATE_FAIL;
}

/* The tables of three masters become one resource with a place on each. */
static void parts_of_masters_join(void **state)
{
    (void)state;
    struct catalog_builder *builder = builder_new();
    struct catalog *catalog = NULL;

    for (uint16_t i = 0; i < 3; i++) {
        char name[] = "broker-0";
        uint32_t settings[3] = {CATALOG_ABSENT, CATALOG_ABSENT, CATALOG_ABSENT};
        struct entry entry = {.name = TEXT("x"), .spread = true};

        name[7] = (char)('a' + i);
        settings[master(builder, name)] = intern(builder, 4 + i);
        assert_int_equal(catalog_intern_spread(builder, settings, 3, &entry.settings, &why), 0);
        assert_int_equal(catalog_add(builder, &entry, &why), 0);
    }
    assert_int_equal(catalog_seal(builder, join, builder, &catalog, &why), 0);
    catalog_builder_free(builder);
    assert_int_equal(catalog_count(catalog), 1);
    const struct spread *spread = catalog_spread(catalog, catalog_rows(catalog)->settings);
    assert_int_equal(spread->masters, 3);
    for (uint16_t i = 0; i < 3; i++)
        assert_int_equal(settings_number(catalog_settings(catalog, spread->settings[i]), FIELD_TOPIC_WRITE_QUEUE_NUMS),
                         4 + i);
    catalog_unref(catalog);
}

/* --- copies --- */

/* A catalog with a bit of everything; `turned` takes masters and settings in another order. */
static struct catalog *everything(bool turned)
{
    struct catalog_builder *builder = builder_new();
    uint32_t spread;
    uint16_t file;

    if (turned) {
        master(builder, "broker-b");
        intern(builder, 99);
    }
    uint32_t settings[] = {CATALOG_ABSENT, CATALOG_ABSENT};
    settings[master(builder, "broker-a")] = intern(builder, 4);
    settings[master(builder, "broker-b")] = intern(builder, 8);
    assert_int_equal(catalog_builder_file(builder, TEXT("a.yaml"), &file, &why), 0);
    assert_int_equal(catalog_builder_file(builder, TEXT("b.yaml"), &file, &why), 0);
    assert_int_equal(catalog_intern_spread(builder, settings, 2, &spread, &why), 0);
    struct entry spread_out = {.name = TEXT("spread"),
                               .settings = spread,
                               .spread = true,
                               .file = file,
                               .line = 3,
                               .column = 5,
                               .policy = POLICY_IGNORE};
    struct entry plain = {.name = TEXT("plain"),
                          .source_name = TEXT("plain|before"),
                          .settings = intern(builder, 4),
                          .status = STATUS_SYSTEM,
                          .problem_cause = CAUSE_SOURCE_AMBIGUOUS,
                          .problem_field = FIELD_TOPIC_PERM,
                          .problem_text = "who knows"};
    assert_int_equal(catalog_add(builder, &spread_out, &why), 0);
    assert_int_equal(catalog_add(builder, &plain, &why), 0);
    add(builder, KIND_GROUP, TEXT("group"));
    return seal(builder, NULL, NULL);
}

/* All rows of a catalog come over into another, whatever numbers the other gives to masters, files and settings. */
static void a_copy_says_the_same(void **state)
{
    (void)state;
    struct catalog *from = everything(false);
    struct catalog_builder *builder = builder_new();
    uint16_t file;

    master(builder, "broker-z");
    master(builder, "broker-b");
    intern(builder, 1000);
    assert_int_equal(catalog_builder_file(builder, TEXT("b.yaml"), &file, &why), 0);
    assert_int_equal(catalog_add_all(builder, from, NULL, NULL, &why), 0);
    struct catalog *copy = seal(builder, NULL, NULL);
    assert_int_equal(catalog_count(copy), catalog_count(from));
    for (uint32_t i = 0; i < catalog_count(copy); i++) {
        const struct resource *before = &catalog_rows(from)[i], *after = &catalog_rows(copy)[i];
        assert_true(text_equal(catalog_name(copy, after), catalog_name(from, before)));
        assert_true(text_equal(catalog_source_name(copy, after), catalog_source_name(from, before)));
        assert_true(catalog_fingerprint(copy, after) == catalog_fingerprint(from, before));
        assert_string_equal(catalog_file(copy, after->file), catalog_file(from, before->file));
        assert_int_equal(after->line, before->line);
        assert_int_equal(after->status, before->status);
        assert_int_equal(after->kind, before->kind);
        assert_true(!catalog_problem(copy, after) == !catalog_problem(from, before));
    }
    const struct problem *problem =
        catalog_problem(copy, &catalog_rows(copy)[catalog_find(copy, KIND_TOPIC, TEXT("plain"))]);
    assert_int_equal(problem->field, FIELD_TOPIC_PERM);
    assert_string_equal(problem->text, "who knows");
    assert_int_equal(catalog_master_count(copy), 3);
    catalog_unref(copy);
    catalog_unref(from);
}

static bool topics_with_sixteen(void *context, const struct catalog *from, uint32_t row, struct entry *entry)
{
    (void)from;
    (void)row;
    entry->draft = context;
    return entry->kind == KIND_TOPIC;
}

/* Whoever copies may leave rows out and change what they declare. */
static void a_copy_may_change_and_drop(void **state)
{
    (void)state;
    struct catalog *from = everything(false);
    struct catalog_builder *builder = builder_new();
    struct draft sixteen = queues(16);

    assert_int_equal(catalog_add_all(builder, from, topics_with_sixteen, &sixteen, &why), 0);
    catalog_unref(from);
    struct catalog *copy = seal(builder, NULL, NULL);
    assert_int_equal(catalog_count(copy), 2);
    for (uint32_t i = 0; i < 2; i++) {
        const struct resource *row = &catalog_rows(copy)[i];
        assert_int_equal(row->spread, 0);
        assert_int_equal(settings_number(catalog_settings_of(copy, row), FIELD_TOPIC_WRITE_QUEUE_NUMS), 16);
    }
    catalog_unref(copy);
}

/* Masters that have no room in the other catalog make the copy fail. */
static void a_copy_that_meets_a_limit_fails(void **state)
{
    (void)state;
    struct catalog *from = everything(false);
    struct catalog_builder *builder = builder_new();
    char name[32];

    for (int i = 0; i < CATALOG_MASTERS_MAX; i++) {
        snprintf(name, sizeof name, "other-%d", i);
        master(builder, name);
    }
    assert_int_equal(catalog_add_all(builder, from, NULL, NULL, &why), -1);
    assert_int_equal(why.cause, CAUSE_INPUT_WRONG);
    catalog_builder_free(builder);
    catalog_unref(from);
}

/* --- fingerprints and references --- */

/* The fingerprint is that of what is declared, not of numbers that depend on what came first. */
static void fingerprints_do_not_depend_on_numbers(void **state)
{
    (void)state;
    struct catalog *one = everything(false), *other = everything(true);

    for (uint32_t i = 0; i < catalog_count(one); i++)
        assert_true(catalog_fingerprint(one, &catalog_rows(one)[i]) ==
                    catalog_fingerprint(other, &catalog_rows(other)[i]));
    assert_true(catalog_fingerprint(one, &catalog_rows(one)[0]) != catalog_fingerprint(one, &catalog_rows(one)[1]));
    catalog_unref(one);
    catalog_unref(other);
}

/* Fingerprints are the same in every process: ledgers keep them. */
static void fingerprints_never_change(void **state)
{
    (void)state;
    struct catalog *catalog = everything(false);

    assert_true(catalog_fingerprint(catalog, &catalog_rows(catalog)[0]) == UINT64_C(0x6abd6be3243e5a7));
    assert_true(catalog_fingerprint(catalog, &catalog_rows(catalog)[1]) == UINT64_C(0x9d446a4aed41bc82));
    catalog_unref(catalog);
}

/* Settings that swap their masters, and another policy, are another declaration. */
static void fingerprints_see_masters_and_policy(void **state)
{
    (void)state;
    struct catalog_builder *builder = builder_new();
    uint32_t settings[] = {intern(builder, 4), intern(builder, 8)}, turned[] = {settings[1], settings[0]};
    struct entry a = {.name = TEXT("a"), .spread = true}, b = {.name = TEXT("b"), .spread = true};
    struct entry c = {.name = TEXT("c"), .settings = settings[0]};
    struct entry d = {.name = TEXT("d"), .settings = settings[0], .policy = POLICY_OBSERVE};

    master(builder, "broker-a");
    master(builder, "broker-b");
    assert_int_equal(catalog_intern_spread(builder, settings, 2, &a.settings, &why), 0);
    assert_int_equal(catalog_intern_spread(builder, turned, 2, &b.settings, &why), 0);
    assert_int_equal(catalog_add(builder, &a, &why), 0);
    assert_int_equal(catalog_add(builder, &b, &why), 0);
    assert_int_equal(catalog_add(builder, &c, &why), 0);
    assert_int_equal(catalog_add(builder, &d, &why), 0);
    struct catalog *catalog = seal(builder, NULL, NULL);
    const struct resource *rows = catalog_rows(catalog);
    assert_true(catalog_fingerprint(catalog, &rows[0]) != catalog_fingerprint(catalog, &rows[1]));
    assert_true(catalog_fingerprint(catalog, &rows[2]) != catalog_fingerprint(catalog, &rows[3]));
    catalog_unref(catalog);
}

/* A catalog lives as long as somebody refers to it. */
static void references_keep_a_catalog(void **state)
{
    (void)state;
    struct catalog_builder *builder = builder_new();

    add(builder, KIND_TOPIC, TEXT("a"));
    struct catalog *catalog = seal(builder, NULL, NULL);
    assert_ptr_equal(catalog_ref(catalog), catalog);
    catalog_unref(catalog);
    assert_row(catalog, 0, "a");
    catalog_unref(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_sorted_by_kind_and_bytes),
        cmocka_unit_test(zero_bytes_count),
        cmocka_unit_test(names_are_found_in_their_kind),
        cmocka_unit_test(an_empty_catalog_is_fine),
        cmocka_unit_test(hard_cases_are_sorted),
        cmocka_unit_test(equal_names_keep_the_order_they_came_in),
        cmocka_unit_test(resources_of_two_catalogs_compare),
        cmocka_unit_test(rows_keep_what_was_said),
        cmocka_unit_test(a_row_without_more_is_plain),
        cmocka_unit_test(problems_and_sources_stay_with_their_resources),
        cmocka_unit_test(names_that_are_too_long_are_refused),
        cmocka_unit_test(equal_things_get_one_number),
        cmocka_unit_test(many_different_settings_are_kept),
        cmocka_unit_test(a_huge_text_is_kept),
        cmocka_unit_test(too_many_masters_are_refused),
        cmocka_unit_test(too_many_files_are_refused),
        cmocka_unit_test(spreads_say_where_a_resource_is),
        cmocka_unit_test(topic_and_group_may_share_a_name),
        cmocka_unit_test(a_duplicate_without_a_judge_fails),
        cmocka_unit_test(a_dropped_duplicate_leaves_the_first),
        cmocka_unit_test(a_second_can_take_the_place_of_the_first),
        cmocka_unit_test(a_conflict_is_noted_at_the_first),
        cmocka_unit_test(kept_duplicates_are_all_marked),
        cmocka_unit_test(a_refused_duplicate_fails_the_seal),
        cmocka_unit_test(parts_of_masters_join),
        cmocka_unit_test(a_copy_says_the_same),
        cmocka_unit_test(a_copy_may_change_and_drop),
        cmocka_unit_test(a_copy_that_meets_a_limit_fails),
        cmocka_unit_test(fingerprints_do_not_depend_on_numbers),
        cmocka_unit_test(fingerprints_never_change),
        cmocka_unit_test(fingerprints_see_masters_and_policy),
        cmocka_unit_test(references_keep_a_catalog),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
