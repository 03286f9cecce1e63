/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "controller/plan/origin.h"
#include "controller/plan/plan.h"
#include "tests/lib/catalog_text.h"

static struct failure why;

/* Names in order, "Topic a ConsumerGroup b"; until the next call. */
static const char *names_of(const struct catalog *catalog)
{
    static char text[512];

    text[0] = '\0';
    for (uint32_t row = 0; catalog != NULL && row < catalog_count(catalog); row++) {
        const struct resource *resource = &catalog_rows(catalog)[row];
        struct text name = catalog_name(catalog, resource);
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%s %.*s", used > 0 ? " " : "", kind_name(resource->kind),
                 (int)name.bytes, name.data);
    }
    return text;
}

/* A mistake in memory handling shows in the sanitizer: each catalog is given back here. */
static struct catalog *vanish_with(const char *files, const char *vanished, const char *before, const char *declared,
                                   const char *observed)
{
    struct catalog *all[] = {vanished != NULL ? catalog_text(vanished) : NULL,
                             before != NULL ? catalog_text(before) : NULL, catalog_text(declared),
                             catalog_text(observed), files != NULL ? catalog_text(files) : NULL};
    const struct vanished_input input = {
        .vanished = all[0], .before = all[1], .declared = all[2], .observed = all[3], .files = all[4]};
    struct catalog *out = NULL;

    assert_int_equal(plan_vanished(&input, &out, &why), 0);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        catalog_unref(all[i]);
    return out;
}

static struct catalog *vanish(const char *vanished, const char *before, const char *declared, const char *observed)
{
    return vanish_with(NULL, vanished, before, declared, observed);
}

static void expect(struct catalog *vanished, const char *names)
{
    assert_string_equal(names_of(vanished), names);
    catalog_unref(vanished);
}

/* What a live source had and has no more, while the destination has it; topics and groups of one name are two. */
static void what_the_source_lost_is_told_while_the_destination_has_it(void **state)
{
    (void)state;
    expect(vanish(NULL, "Topic a\nTopic b\nTopic c\nConsumerGroup a", "Topic b", "Topic a\nTopic b\nConsumerGroup a"),
           "Topic a ConsumerGroup a");
    expect(vanish(NULL, "Topic a", "Topic a", "Topic a"), "");
    expect(vanish(NULL, NULL, "Topic a", "Topic a\nTopic b"), "");
}

/* It is told pass after pass, until it is declared again or gone from the destination as well. */
static void it_is_told_until_it_is_back_or_gone(void **state)
{
    (void)state;
    expect(vanish("Topic a\nTopic b\nTopic c", "Topic d", "Topic a", "Topic a\nTopic b\nTopic d"), "Topic b Topic d");
}

/* Files are edited by people, who know; system names are nobody's; what is excluded now is still at the source. */
static void only_what_live_sources_declared_vanishes(void **state)
{
    (void)state;
    expect(vanish_with("Topic MQ%file", NULL,
                       "Topic file source=MQ%file\nTopic SYS status=system\nTopic out status=excluded\nTopic kept",
                       "Topic kept status=excluded", "Topic file\nTopic SYS\nTopic out\nTopic kept"),
           "");
}

/* A plan counts it, shows it, and does not call it extra; parity does not depend on it. */
static void a_plan_tells_it_apart_from_extra(void **state)
{
    (void)state;
    struct capabilities capabilities = {.kind = INSTANCE_ANY, .rules = rules_of(INSTANCE_ANY)};
    struct mapping mapping;
    struct plan *plan;
    uint32_t position = 0, row = CATALOG_ABSENT;

    mapping_init(&mapping);
    struct plan_input input = {.declared = catalog_text("Topic a"),
                               .observed = catalog_text("Topic a\nTopic gone\nTopic more"),
                               .vanished = catalog_text("Topic gone"),
                               .capabilities = &capabilities,
                               .mapping = &mapping};
    assert_int_equal(plan_build(&input, &plan, &why), 0);
    assert_int_equal(plan->counts[KIND_TOPIC].states[STATE_VANISHED], 1);
    assert_int_equal(plan->counts[KIND_TOPIC].extra, 1);
    assert_int_equal(plan_declared_count(plan), 1);
    assert_true(plan_is_parity(plan));
    assert_true(plan_next_vanished(plan, &position, &row));
    assert_int_equal(row, 0);
    assert_false(plan_next_vanished(plan, &position, &row));
    position = 0;
    assert_true(plan_next_extra(plan, &position, &row));
    assert_int_equal(row, catalog_row_of(input.observed, KIND_TOPIC, "more"));
    assert_false(plan_next_extra(plan, &position, &row));
    catalog_unref(input.declared);
    catalog_unref(input.observed);
    catalog_unref(input.vanished);
    plan_free(plan);
    mapping_release(&mapping);
}

/* ---- origins: may the last plan stand? */

struct sides {
    struct catalog *source[2], *destination[2];
    uint32_t source_parts, destination_parts;
};

static struct origin origin_of(const struct sides *sides, const void *inputs)
{
    struct origin origin = {.inputs = inputs, .capabilities = {.kind = INSTANCE_ANY}};

    assert_int_equal(origin_add_list(&origin, true, sides->source, sides->source_parts), 0);
    assert_int_equal(origin_add_list(&origin, false, sides->destination, sides->destination_parts), 0);
    return origin;
}

static void expect_same(const struct sides *sides, const struct origin *before, const void *inputs, bool declared,
                        bool all)
{
    struct origin now = origin_of(sides, inputs);

    assert_int_equal(origin_same_declared(&now, before), declared);
    assert_int_equal(origin_same(&now, before), all);
    origin_release(&now);
}

/* Identity counts, part by part: an equal catalog is another one, and so is the same part in another list. */
static void a_plan_stands_as_long_as_every_part_is_the_same(void **state)
{
    (void)state;
    struct catalog *a = catalog_text("Topic a"), *b = catalog_text("Topic b"), *again = catalog_text("Topic b");
    const struct sides first = {{a, b}, {b, a}, 2, 2};
    struct sides sides = first;
    struct origin before = origin_of(&first, &first);

    expect_same(&sides, &before, &first, true, true);
    sides.destination[1] = again;
    expect_same(&sides, &before, &first, true, false);
    sides = first;
    sides.source[1] = again;
    expect_same(&sides, &before, &first, false, false);
    sides = first;
    sides.destination_parts = 1;
    expect_same(&sides, &before, &first, true, false);
    sides = first;
    sides.source_parts = 1;
    expect_same(&sides, &before, &first, false, false);
    expect_same(&first, &before, &sides, false, false);
    origin_release(&before);
    catalog_unref(a);
    catalog_unref(b);
    catalog_unref(again);
}

/* What the destination can do is part of it; of what is not known nothing is the same. */
static void capabilities_count_and_the_unknown_is_never_the_same(void **state)
{
    (void)state;
    struct catalog *a = catalog_text("Topic a");
    const struct sides sides = {{a}, {a}, 1, 1};
    struct origin one = origin_of(&sides, NULL), other = origin_of(&sides, NULL), unknown = {.count = 0};

    assert_true(origin_same(&one, &other));
    other.capabilities.rules.serverless = true;
    assert_false(origin_same(&one, &other));
    assert_false(origin_same(&unknown, &unknown));
    assert_false(origin_same_declared(&unknown, &unknown));
    origin_release(&one);
    origin_release(&other);
    catalog_unref(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_source_lost_is_told_while_the_destination_has_it),
        cmocka_unit_test(it_is_told_until_it_is_back_or_gone),
        cmocka_unit_test(only_what_live_sources_declared_vanishes),
        cmocka_unit_test(a_plan_tells_it_apart_from_extra),
        cmocka_unit_test(a_plan_stands_as_long_as_every_part_is_the_same),
        cmocka_unit_test(capabilities_count_and_the_unknown_is_never_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
