/* SPDX-License-Identifier: Apache-2.0
 *
 * Running out of memory while mapping, planning and digesting: each allocation fails once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/catalog_digest.h"
#include "controller/plan/plan.h"
#include "tests/lib/catalog_text.h"
#include "tests/lib/memory.h"

static const char lines[] = "masters a b\n"
                            "Topic orders|eu readQueueNums=8 attributes={k:1} at=a.yaml:1:1\n"
                            "Topic a problem=source-ambiguous/perm @a perm=6 @b perm=4\n"
                            "Topic wave_1\nTopic z problem=queue-numbers-unknown\nTopic old status=system\n"
                            "ConsumerGroup g consumeRetryPolicy.deadLetterTargetTopic=orders|eu\n"
                            "ConsumerGroup h";

static struct rename_rule renames[] = {{.kinds = MATCH_TOPICS, .from = TEXT("orders|eu"), .to = TEXT("orders-eu")},
                                       {.kinds = MATCH_GROUPS, .prefix = TEXT("GID_")}};
static struct name_rule excluded[] = {{TEXT("wave_1"), MATCH_BOTH}, {TEXT("*_test"), MATCH_BOTH}};
static struct name_rule all[] = {{TEXT("*"), MATCH_BOTH}};
static struct type_rule types[] = {{TEXT("*"), TEXT("NORMAL")}};
static struct broker_rename brokers[] = {{TEXT("a"), TEXT("broker-a")}};
static struct accept_rule accepts[] = {
    {.kinds = MATCH_TOPICS, .glob = TEXT("*"), .field = FIELD_TOPIC_PERM, .has_observed = true}};

static struct mapping mapping_of_everything(void)
{
    static struct draft attributes, perm;
    static struct broker_place places[] = {{TEXT("broker-b"), &perm}};
    static struct set_rule sets[] = {
        {.kinds = MATCH_TOPICS, .glob = TEXT("orders*"), .spec = &attributes},
        {.kinds = MATCH_TOPICS, .glob = TEXT("*"), .when = &perm, .brokers = places, .broker_count = 1}};
    static const char pairs[] = "l\0002\0";
    struct mapping mapping;

    draft_clear(&attributes);
    draft_set_text(&attributes, FIELD_TOPIC_ATTRIBUTES, (struct text){pairs, sizeof pairs - 1});
    draft_clear(&perm);
    draft_set_number(&perm, FIELD_TOPIC_PERM, 6);
    mapping_init(&mapping);
    mapping.exclude[FROM_MAPPING] = (struct name_list){excluded, 2};
    mapping.include[FROM_FLAGS] = (struct name_list){all, 1};
    mapping.renames = renames;
    mapping.rename_count = 2;
    mapping.types = types;
    mapping.type_count = 1;
    mapping.sets = sets;
    mapping.set_count = 2;
    mapping.brokers = brokers;
    mapping.broker_count = 1;
    mapping.accepts = accepts;
    mapping.accept_count = 1;
    return mapping;
}

static int run_mapping(void *context, struct failure *why)
{
    struct mapping mapping = mapping_of_everything();
    struct mapping_counts counts;
    struct catalog *mapped;

    if (mapping_apply(&mapping, context, &counts, &mapped, why) != 0)
        return -1;
    catalog_unref(mapped);
    return 0;
}

/* Mapping fails as a whole, or not at all. */
static void mapping_survives(void **state)
{
    struct catalog *from = catalog_text(lines);

    (void)state;
    memory_sweep(run_mapping, from);
    catalog_unref(from);
}

static int run_plan(void *context, struct failure *why)
{
    struct catalog *catalog = context;
    struct capabilities capabilities = {.kind = INSTANCE_ANY, .rules = rules_of(INSTANCE_ANY)};
    struct mapping mapping = mapping_of_everything();
    struct plan_input input = {catalog, catalog, &capabilities, &mapping, NULL};
    struct plan *plan;

    if (plan_build(&input, &plan, why) != 0)
        return -1;
    plan_free(plan);
    return 0;
}

static int run_vanished(void *context, struct failure *why)
{
    struct catalog **catalogs = context;
    const struct vanished_input input = {
        .before = catalogs[0], .declared = catalogs[1], .observed = catalogs[0], .vanished = catalogs[0]};
    struct catalog *vanished;

    if (plan_vanished(&input, &vanished, why) != 0)
        return -1;
    assert_int_equal(catalog_count(vanished), catalog_count(catalogs[0]) - 1); /* but for the system topic */
    catalog_unref(vanished);
    return 0;
}

/* What has vanished is told whole or not at all. */
static void vanishing_survives(void **state)
{
    struct catalog *catalogs[] = {catalog_text(lines), catalog_text("")};

    (void)state;
    memory_sweep(run_vanished, catalogs);
    catalog_unref(catalogs[0]);
    catalog_unref(catalogs[1]);
}

/* A plan that cannot be made gives its references back. */
static void planning_survives(void **state)
{
    struct catalog *catalog = catalog_text(lines);

    (void)state;
    memory_sweep(run_plan, catalog);
    catalog_unref(catalog);
}

static int run_digest(void *context, struct failure *why)
{
    char digest[DIGEST_TEXT_BYTES];
    return catalog_digest(context, digest, why);
}

/* So does a digest. */
static void digesting_survives(void **state)
{
    struct catalog *catalog = catalog_text(lines);

    (void)state;
    memory_sweep(run_digest, catalog);
    catalog_unref(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mapping_survives),
        cmocka_unit_test(vanishing_survives),
        cmocka_unit_test(planning_survives),
        cmocka_unit_test(digesting_survives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
