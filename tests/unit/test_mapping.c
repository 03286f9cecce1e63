/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/cause.h"
#include "manifests/mapping.h"
#include "manifests/name_index.h"
#include "tests/lib/catalog_text.h"

/* What every test maps with, and what came of it. */
static struct mapping mapping;
static struct mapping_counts counts;
static struct catalog *mapped;
static struct failure why;

static int begin(void **state)
{
    (void)state;
    mapping_init(&mapping);
    mapped = NULL;
    return 0;
}

static int end(void **state)
{
    (void)state;
    catalog_unref(mapped);
    mapping_release(&mapping);
    return 0;
}

static void map(const char *lines)
{
    struct catalog *from = catalog_text(lines);

    catalog_unref(mapped);
    assert_int_equal(mapping_apply(&mapping, from, &counts, &mapped, &why), 0);
    catalog_unref(from);
}

/* All rows, one a line: kind, name, "(source name)" where it is another, status and problem where there is one, and the
 * settings. */
static void assert_mapped(const char *expected)
{
    static const char *const statuses[] = {"", " creating", " unread", " system", " static", " excluded"};
    struct buffer out;

    buffer_init(&out, 65536);
    for (uint32_t row = 0; row < catalog_count(mapped); row++) {
        const struct resource *resource = &catalog_rows(mapped)[row];
        struct text name = catalog_name(mapped, resource), source = catalog_source_name(mapped, resource);
        const struct problem *problem = catalog_problem(mapped, resource);
        const char *settings = resource_text_of(mapped, row);

        buffer_append_format(&out, "%s %.*s", kind_name(resource->kind), (int)name.bytes, name.data);
        if (!text_equal(name, source))
            buffer_append_format(&out, " (%.*s)", (int)source.bytes, source.data);
        buffer_append_string(&out, statuses[resource->status]);
        if (problem != NULL)
            buffer_append_format(&out, " %s", cause_name(problem->cause));
        buffer_append_format(&out, "%s%s\n", settings[0] == '\0' ? "" : " ", settings);
    }
    assert_string_equal(out.data == NULL ? "" : out.data, expected);
    buffer_release(&out);
}

static struct name_list names(uint32_t count, ...)
{
    struct name_list list = {mapping_alloc(&mapping, count * sizeof *list.rules), count};
    va_list arguments;

    va_start(arguments, count);
    for (uint32_t i = 0; i < count; i++)
        list.rules[i] = (struct name_rule){text_of(va_arg(arguments, const char *)), MATCH_BOTH};
    va_end(arguments);
    return list;
}

/* A draft with what the line of catalog_text says; its texts live as long as the mapping. */
static struct draft *spec(enum kind kind, const char *settings)
{
    char line[256];
    snprintf(line, sizeof line, "%s x %s", kind_name(kind), settings);
    struct catalog *catalog = catalog_text(line);
    struct draft *draft = mapping_alloc(&mapping, sizeof *draft);

    draft_from_settings(draft, catalog_settings_of(catalog, &catalog_rows(catalog)[0]));
    for (uint64_t rest = draft->set; rest != 0; rest &= rest - 1) {
        enum field field = field_first(rest);
        if (field_info(field)->type != TYPE_BOOL && field_info(field)->type != TYPE_INTEGER)
            draft->values[field].text = mapping_text(&mapping, draft->values[field].text);
    }
    catalog_unref(catalog);
    return draft;
}

static void set_sets(struct set_rule *rules, uint32_t count)
{
    mapping.sets = rules;
    mapping.set_count = count;
}

static void set_renames(struct rename_rule *rules, uint32_t count)
{
    mapping.renames = rules;
    mapping.rename_count = count;
}

/* ---- the empty mapping ---- */

/* A mapping that says nothing hands the same catalog on, and counts it. */
static void nothing_said_changes_nothing(void **state)
{
    struct catalog *from = catalog_text("Topic a\nTopic b status=system\nConsumerGroup g");

    (void)state;
    assert_int_equal(mapping_apply(&mapping, from, &counts, &mapped, &why), 0);
    assert_ptr_equal(mapped, from);
    assert_int_equal(counts.declared[KIND_TOPIC], 1);
    assert_int_equal(counts.declared[KIND_GROUP], 1);
    assert_int_equal(counts.excluded[KIND_TOPIC], 0);
    catalog_unref(from);
}

/* Texts of a mapping outlive what they were copied from; large and small ones find room, zeroed and aligned. */
static void memory_of_a_mapping_is_its_own(void **state)
{
    char name[] = "orders";
    struct text copy = mapping_text(&mapping, text_of(name));
    struct text empty = mapping_text(&mapping, (struct text){NULL, 0});
    unsigned char *large = mapping_alloc(&mapping, 100000);
    uint64_t *small = mapping_alloc(&mapping, sizeof *small);

    (void)state;
    name[0] = 'x';
    assert_string_equal(copy.data, "orders");
    assert_string_equal(empty.data, "");
    assert_int_equal(large[0] + large[99999], 0);
    assert_int_equal((uintptr_t)small % 16, 0);
    assert_int_equal(*small, 0);
    assert_null(mapping_alloc(&mapping, SIZE_MAX));
}

/* ---- include, exclude, --kind ---- */

/* What an include list does not name is excluded, but stays to be shown; system resources are no business of a list. */
static void include_keeps_what_it_names(void **state)
{
    (void)state;
    mapping.include[FROM_MAPPING] = names(2, "orders*", "refunds");
    map("Topic orders\nTopic orders_eu\nTopic payments\nTopic RMQ_SYS_X status=system\nConsumerGroup refunds");
    assert_mapped("Topic RMQ_SYS_X system\nTopic orders\nTopic orders_eu\nTopic payments excluded\n"
                  "ConsumerGroup refunds\n");
    assert_int_equal(counts.declared[KIND_TOPIC], 2);
    assert_int_equal(counts.excluded[KIND_TOPIC], 1);
    assert_int_equal(counts.declared[KIND_GROUP], 1);
}

/* The mapping's and the flags' include lists must both match; either exclude list excludes. */
static void both_includes_must_match_and_either_exclude_excludes(void **state)
{
    (void)state;
    mapping.include[FROM_MAPPING] = names(1, "orders*");
    mapping.include[FROM_FLAGS] = names(1, "*_eu");
    map("Topic orders\nTopic orders_eu\nTopic payments_eu");
    assert_mapped("Topic orders excluded\nTopic orders_eu\nTopic payments_eu excluded\n");

    mapping.include[FROM_MAPPING] = mapping.include[FROM_FLAGS] = (struct name_list){NULL, 0};
    mapping.exclude[FROM_MAPPING] = names(1, "*_test");
    mapping.exclude[FROM_FLAGS] = names(1, "old*");
    map("Topic a_test\nTopic old_a\nTopic orders");
    assert_mapped("Topic a_test excluded\nTopic old_a excluded\nTopic orders\n");
}

/* A rule may speak of topics or of groups only. */
static void lists_may_speak_of_one_kind(void **state)
{
    (void)state;
    mapping.exclude[FROM_MAPPING] = names(2, "a", "a");
    mapping.exclude[FROM_MAPPING].rules[0].kinds = 0;
    mapping.exclude[FROM_MAPPING].rules[1].kinds = MATCH_GROUPS;
    map("Topic a\nConsumerGroup a");
    assert_mapped("Topic a\nConsumerGroup a excluded\n");
}

/* --kind leaves the other kind out. */
static void a_kind_can_be_left_out(void **state)
{
    (void)state;
    mapping.kinds = MATCH_TOPICS;
    map("Topic a\nConsumerGroup g");
    assert_mapped("Topic a\nConsumerGroup g excluded\n");
    assert_int_equal(counts.excluded[KIND_GROUP], 1);
}

/* Globs match what is left after stripPrefix; an excluded resource keeps the name of its source. */
static void globs_see_the_stripped_name(void **state)
{
    (void)state;
    mapping.strip_prefix = TEXT("MQ_INST_1%");
    mapping.include[FROM_MAPPING] = names(1, "orders");
    map("Topic MQ_INST_1%orders\nTopic MQ_INST_1%payments");
    assert_mapped("Topic MQ_INST_1%payments excluded\nTopic orders (MQ_INST_1%orders)\n");
}

/* ---- names ---- */

/* The prefix goes where it stands; a name that is nothing else keeps it. */
static void strip_prefix_takes_the_prefix_away(void **state)
{
    (void)state;
    mapping.strip_prefix = TEXT("I%");
    map("Topic I%a\nTopic b\nTopic I%\nConsumerGroup I%g");
    assert_mapped("Topic I%\nTopic a (I%a)\nTopic b\nConsumerGroup g (I%g)\n");
}

/* The first rename that matches applies, to its kind only; a prefix is put where it is missing. */
static void the_first_rename_applies(void **state)
{
    struct rename_rule rules[] = {
        {.kinds = MATCH_TOPICS, .from = TEXT("a|b"), .to = TEXT("a-b")},
        {.kinds = MATCH_BOTH, .from = TEXT("a|b"), .to = TEXT("second")},
        {.kinds = MATCH_GROUPS, .from = TEXT("GID_c"), .to = TEXT("never")},
        {.kinds = MATCH_GROUPS, .prefix = TEXT("GID_")},
    };

    (void)state;
    rules[2].from = TEXT("other");
    set_renames(rules, 4);
    map("Topic a|b\nTopic plain\nConsumerGroup a|b\nConsumerGroup GID_c\nConsumerGroup d");
    assert_mapped("Topic a-b (a|b)\nTopic plain\nConsumerGroup GID_c\nConsumerGroup GID_d (d)\n"
                  "ConsumerGroup second (a|b)\n");
}

/* A rename looks at the whole name after stripPrefix. */
static void rename_follows_strip(void **state)
{
    struct rename_rule rules[] = {{.kinds = MATCH_TOPICS, .from = TEXT("a"), .to = TEXT("b")}};

    (void)state;
    mapping.strip_prefix = TEXT("I%");
    set_renames(rules, 1);
    map("Topic I%a\nTopic I%aa");
    assert_mapped("Topic aa (I%aa)\nTopic b (I%a)\n");
}

/* Two names that become one are both kept, under that name, and both are conflicts; so is one that was there before. */
static void renames_that_collide_are_conflicts(void **state)
{
    struct rename_rule rules[] = {{.kinds = MATCH_TOPICS, .from = TEXT("a|b"), .to = TEXT("a-b")},
                                  {.kinds = MATCH_TOPICS, .from = TEXT("a%b"), .to = TEXT("a-b")}};

    (void)state;
    set_renames(rules, 2);
    map("Topic a|b\nTopic a%b\nTopic a-b\nTopic c\nConsumerGroup a-b");
    assert_mapped("Topic a-b (a%b) rename-collides\nTopic a-b rename-collides\nTopic a-b (a|b) rename-collides\n"
                  "Topic c\nConsumerGroup a-b\n");
    assert_int_equal(counts.declared[KIND_TOPIC], 4);
}

/* A rename onto the name of something excluded or system is no collision: the declared one has the name. */
static void what_is_not_declared_gives_way(void **state)
{
    struct rename_rule rules[] = {{.kinds = MATCH_TOPICS, .from = TEXT("new"), .to = TEXT("old")},
                                  {.kinds = MATCH_TOPICS, .from = TEXT("z"), .to = TEXT("A")}};

    (void)state;
    set_renames(rules, 2);
    mapping.exclude[FROM_MAPPING] = names(1, "old");
    map("Topic A status=system\nTopic new\nTopic old\nTopic z");
    assert_mapped("Topic A (z)\nTopic old (new)\n");
    assert_int_equal(counts.excluded[KIND_TOPIC], 1);
    assert_int_equal(counts.declared[KIND_TOPIC], 2);
}

/* A group's dead-letter topic gets the name that the topic gets, declared or not. */
static void renames_follow_into_dead_letter_topics(void **state)
{
    struct rename_rule rules[] = {{.kinds = MATCH_TOPICS, .from = TEXT("dead|x"), .to = TEXT("dead-x")},
                                  {.kinds = MATCH_GROUPS, .from = TEXT("dead"), .to = TEXT("wrong")}};

    (void)state;
    mapping.strip_prefix = TEXT("I%");
    set_renames(rules, 2);
    map("ConsumerGroup a consumeRetryPolicy.deadLetterTargetTopic=I%dead|x\n"
        "ConsumerGroup b consumeRetryPolicy.deadLetterTargetTopic=dead");
    assert_mapped("ConsumerGroup a consumeRetryPolicy.deadLetterTargetTopic=dead-x\n"
                  "ConsumerGroup b consumeRetryPolicy.deadLetterTargetTopic=dead\n");
}

/* A prefix that makes a name longer than any is still a name: rules judge it later. */
static void long_prefixed_names_come_through(void **state)
{
    struct rename_rule rules[] = {{.kinds = MATCH_TOPICS, .prefix = TEXT("p_")}};
    char line[400] = "Topic ";

    (void)state;
    memset(line + 6, 'x', 300);
    set_renames(rules, 1);
    map(line);
    assert_int_equal(catalog_rows(mapped)[0].name_bytes, 302);
}

/* One that would be longer than names can be keeps what it is called, and the others go on. */
static void too_long_prefixed_names_are_a_problem(void **state)
{
    struct rename_rule rules[] = {{.kinds = MATCH_TOPICS, .prefix = TEXT("p_")}};
    struct catalog_builder *builder = catalog_builder_new();
    struct draft nothing;
    char longest[NAME_BYTES_MAX];
    struct catalog *from;

    (void)state;
    draft_clear(&nothing);
    memset(longest, 'x', sizeof longest);
    const struct text names[] = {TEXT("a"), {longest, sizeof longest}};
    for (size_t i = 0; i < 2; i++) {
        const struct entry entry = {
            .kind = KIND_TOPIC, .name = names[i], .draft = &nothing, .problem_field = FIELD_COUNT};
        assert_int_equal(catalog_add(builder, &entry, &why), 0);
    }
    assert_int_equal(catalog_seal(builder, NULL, NULL, &from, &why), 0);
    catalog_builder_free(builder);
    set_renames(rules, 1);
    assert_int_equal(mapping_apply(&mapping, from, &counts, &mapped, &why), 0);
    catalog_unref(from);
    assert_int_equal(catalog_count(mapped), 2);
    assert_int_not_equal(catalog_find(mapped, KIND_TOPIC, TEXT("p_a")), CATALOG_ABSENT);
    const struct resource *kept = &catalog_rows(mapped)[1];
    assert_int_equal(kept->name_bytes, NAME_BYTES_MAX);
    const struct problem *problem = catalog_problem(mapped, kept);
    assert_non_null(problem);
    assert_int_equal(problem->cause, CAUSE_INVALID_PARAMETER);
    assert_string_equal(problem->text, "the mapping gives it a name of 4098 bytes, 4096 are the most");
}

/* ---- types and settings ---- */

/* messageTypes fills gaps, UNSPECIFIED among them; the first match wins; groups have no type. */
static void message_types_fill_gaps(void **state)
{
    struct type_rule rules[] = {{TEXT("*_fifo"), TEXT("FIFO")}, {TEXT("*"), TEXT("NORMAL")}};

    (void)state;
    mapping.types = rules;
    mapping.type_count = 2;
    map("Topic a_fifo\nTopic b\nTopic c_fifo messageType=DELAY\nTopic d messageType=UNSPECIFIED\nConsumerGroup g");
    assert_mapped("Topic a_fifo messageType=FIFO\nTopic b messageType=NORMAL\nTopic c_fifo messageType=DELAY\n"
                  "Topic d messageType=NORMAL\nConsumerGroup g\n");
}

/* set wins over the source, leaf by leaf, and what was estimated counts as declared then. */
static void set_wins_over_the_source(void **state)
{
    struct set_rule rules[] = {
        {.kinds = MATCH_TOPICS, .glob = TEXT("a*"), .spec = spec(KIND_TOPIC, "readQueueNums=4 perm=6")},
        {.kinds = MATCH_TOPICS, .glob = TEXT("*"), .spec = spec(KIND_TOPIC, "remark=late")},
    };

    (void)state;
    set_sets(rules, 2);
    map("Topic a ^readQueueNums=8 ^writeQueueNums=8 perm=2 remark=x\nTopic b remark=x\nConsumerGroup a");
    assert_mapped("Topic a remark=x readQueueNums=4 ^writeQueueNums=8 perm=6\nTopic b remark=late\nConsumerGroup a\n");
}

/* A rule with `when` applies where all of it is equal; else the next one is asked. */
static void when_must_hold(void **state)
{
    struct set_rule rules[] = {
        {.kinds = MATCH_GROUPS,
         .glob = TEXT("*"),
         .when = spec(KIND_GROUP, "deliveryOrderType=Orderly consumeEnable=true"),
         .spec = spec(KIND_GROUP, "consumeRetryPolicy.retryPolicy=FixedRetryPolicy")},
        {.kinds = MATCH_GROUPS,
         .glob = TEXT("*"),
         .when = spec(KIND_GROUP, "attributes={a:1}"),
         .spec = spec(KIND_GROUP, "remark=attributes")},
    };

    (void)state;
    set_sets(rules, 2);
    map("ConsumerGroup a deliveryOrderType=Orderly consumeEnable=true\n"
        "ConsumerGroup b deliveryOrderType=Orderly\n"
        "ConsumerGroup c attributes={a:1,b:2}\n"
        "ConsumerGroup d attributes={a:2}\n"
        "ConsumerGroup e deliveryOrderType=Concurrently consumeEnable=true");
    assert_mapped("ConsumerGroup a deliveryOrderType=Orderly consumeRetryPolicy.retryPolicy=FixedRetryPolicy "
                  "consumeEnable=true\n"
                  "ConsumerGroup b deliveryOrderType=Orderly\n"
                  "ConsumerGroup c remark=attributes attributes={\"a\":\"1\",\"b\":\"2\"}\n"
                  "ConsumerGroup d attributes={\"a\":\"2\"}\n"
                  "ConsumerGroup e deliveryOrderType=Concurrently consumeEnable=true\n");
}

/* Attributes are leaves too: those that set names win, the others stay. */
static void attributes_are_set_one_by_one(void **state)
{
    struct set_rule rules[] = {
        {.kinds = MATCH_TOPICS, .glob = TEXT("*"), .spec = spec(KIND_TOPIC, "attributes={b:new,c:3}")}};

    (void)state;
    set_sets(rules, 1);
    map("Topic a attributes={a:1,b:old}\nTopic b");
    assert_mapped("Topic a attributes={\"a\":\"1\",\"b\":\"new\",\"c\":\"3\"}\n"
                  "Topic b attributes={\"b\":\"new\",\"c\":\"3\"}\n");
}

/* createDefaults fill what nothing else said, for creation only. */
static void create_defaults_come_last_and_only_create(void **state)
{
    struct type_rule types[] = {{TEXT("f"), TEXT("FIFO")}};

    (void)state;
    mapping.types = types;
    mapping.type_count = 1;
    mapping.create_defaults[KIND_TOPIC] = spec(KIND_TOPIC, "messageType=NORMAL readQueueNums=8");
    map("Topic a\nTopic f\nTopic q readQueueNums=4\nTopic u messageType=UNSPECIFIED\nConsumerGroup g");
    assert_mapped("Topic a ~messageType=NORMAL ~readQueueNums=8\nTopic f messageType=FIFO ~readQueueNums=8\n"
                  "Topic q ~messageType=NORMAL readQueueNums=4\nTopic u ~messageType=NORMAL ~readQueueNums=8\n"
                  "ConsumerGroup g\n");
}

/* Topics and groups without settings share none of their defaults. */
static void defaults_of_one_kind_stay_there(void **state)
{
    (void)state;
    mapping.create_defaults[KIND_TOPIC] = spec(KIND_TOPIC, "messageType=NORMAL");
    mapping.create_defaults[KIND_GROUP] = spec(KIND_GROUP, "groupType=http");
    map("Topic a\nConsumerGroup a");
    assert_mapped("Topic a ~messageType=NORMAL\nConsumerGroup a ~groupType=http\n");
}

/* ---- masters ---- */

/* Brokers get the names that they have on the other side. */
static void brokers_are_renamed(void **state)
{
    struct broker_rename renames[] = {{TEXT("old-a"), TEXT("broker-a")}};

    (void)state;
    mapping.brokers = renames;
    mapping.broker_count = 1;
    map("Topic t @old-a perm=6 @old-b perm=6\nTopic u perm=6");
    assert_mapped("Topic t @broker-a perm=6 @old-b perm=6\nTopic u perm=6\n");
}

/* Two brokers that become one must agree. */
static void brokers_that_become_one_must_agree(void **state)
{
    struct broker_rename renames[] = {{TEXT("a"), TEXT("x")}, {TEXT("b"), TEXT("x")}};

    (void)state;
    mapping.brokers = renames;
    mapping.broker_count = 2;
    map("Topic same @a perm=6 @b perm=6\nTopic other @a perm=6 @b perm=4");
    assert_mapped("Topic other source-ambiguous @x perm=6\nTopic same @x perm=6\n");
}

/* A placement says where a resource belongs, with what differs there. */
static void set_places_resources(void **state)
{
    struct broker_place places[] = {{TEXT("broker-a"), NULL}, {TEXT("broker-b"), spec(KIND_TOPIC, "readQueueNums=4")}};
    struct set_rule rules[] = {{.kinds = MATCH_TOPICS,
                                .glob = TEXT("t*"),
                                .spec = spec(KIND_TOPIC, "perm=6"),
                                .brokers = places,
                                .broker_count = 2}};

    (void)state;
    set_sets(rules, 1);
    map("Topic t readQueueNums=8\nTopic u readQueueNums=8");
    assert_mapped("Topic t @broker-a readQueueNums=8 perm=6 @broker-b readQueueNums=4 perm=6\n"
                  "Topic u readQueueNums=8\n");
}

/* On a broker that the source has too, its own settings are the ground. */
static void a_placed_broker_keeps_its_own_settings(void **state)
{
    struct broker_place places[] = {{TEXT("b"), NULL}};
    struct set_rule rules[] = {{.kinds = MATCH_TOPICS, .glob = TEXT("*"), .brokers = places, .broker_count = 1}};

    (void)state;
    set_sets(rules, 1);
    map("masters a b c\nTopic t problem=placement-unknown @a perm=6 @b perm=4");
    assert_mapped("Topic t @b perm=4\n");
}

/* A placement on a broker that the source does not know settles nothing while the source's brokers disagree. */
static void a_placement_elsewhere_needs_one_answer(void **state)
{
    struct broker_place places[] = {{TEXT("new"), NULL}};
    struct set_rule rules[] = {
        {.kinds = MATCH_TOPICS,
         .glob = TEXT("one"),
         .spec = spec(KIND_TOPIC, "perm=6"),
         .brokers = places,
         .broker_count = 1},
        {.kinds = MATCH_TOPICS, .glob = TEXT("*"), .brokers = places, .broker_count = 1},
    };

    (void)state;
    set_sets(rules, 2);
    map("Topic one problem=placement-unknown @a perm=6 @b perm=4\n"
        "Topic two problem=placement-unknown @a perm=6 @b perm=4");
    assert_mapped("Topic one @new perm=6\nTopic two placement-unknown @new perm=6\n");
}

/* `when` holds for settings per master when it holds on each of them. */
static void when_must_hold_on_every_master(void **state)
{
    struct broker_place places[] = {{TEXT("new"), NULL}};
    struct set_rule rules[] = {
        {.kinds = MATCH_TOPICS,
         .glob = TEXT("*"),
         .when = spec(KIND_TOPIC, "perm=6"),
         .brokers = places,
         .broker_count = 1},
        {.kinds = MATCH_TOPICS,
         .glob = TEXT("*"),
         .when = spec(KIND_TOPIC, "perm=6"),
         .spec = spec(KIND_TOPIC, "remark=x")},
    };

    (void)state;
    set_sets(rules, 2);
    map("Topic mixed @a perm=6 @b perm=4");
    assert_mapped("Topic mixed @a perm=6 @b perm=4\n");
    set_sets(rules + 1, 1);
    map("Topic mixed @a perm=6 @b perm=4\nTopic same @a perm=6 @c perm=6");
    assert_mapped("Topic mixed @a perm=6 @b perm=4\nTopic same @a remark=x perm=6 @c remark=x perm=6\n");
}

/* ---- problems that a mapping settles ---- */

/* Where set makes the masters agree there is one answer for all of them; where it does not, the question stays open. */
static void set_settles_an_ambiguous_source(void **state)
{
    struct set_rule rules[] = {{.kinds = MATCH_TOPICS, .glob = TEXT("*"), .spec = spec(KIND_TOPIC, "perm=6")}};

    (void)state;
    set_sets(rules, 1);
    map("masters a b\n"
        "Topic perm problem=source-ambiguous/perm @a perm=6 @b perm=4\n"
        "Topic queues problem=source-ambiguous/readQueueNums @a perm=6 readQueueNums=4 @b perm=6 readQueueNums=8\n"
        "Topic plain problem=source-ambiguous/perm perm=4\n"
        "Topic plain2 problem=source-ambiguous/readQueueNums perm=4\n"
        "Topic plain3 problem=source-ambiguous perm=4");
    assert_mapped("Topic perm perm=6\n"
                  "Topic plain perm=6\n"
                  "Topic plain2 source-ambiguous perm=6\n"
                  "Topic plain3 source-ambiguous perm=6\n"
                  "Topic queues source-ambiguous @a readQueueNums=4 perm=6 @b readQueueNums=8 perm=6\n");
}

/* Masters that agree, but are not all of them, stay named: agreeing does not say where a resource belongs. */
static void settings_alone_do_not_settle_a_placement(void **state)
{
    struct set_rule rules[] = {{.kinds = MATCH_TOPICS, .glob = TEXT("*"), .spec = spec(KIND_TOPIC, "perm=6")}};

    (void)state;
    set_sets(rules, 1);
    map("masters a b c\nTopic t problem=placement-unknown @a perm=6 @b perm=4\n"
        "Topic u problem=source-ambiguous/perm @a perm=6 @b perm=4");
    assert_mapped("Topic t placement-unknown @a perm=6 @b perm=6\n"
                  "Topic u placement-unknown @a perm=6 @b perm=6\n");
}

/* Placement by a manifest, not by an accident of the source, stays as it was written. */
static void a_declared_placement_stays(void **state)
{
    (void)state;
    mapping.create_defaults[KIND_TOPIC] = spec(KIND_TOPIC, "perm=6");
    map("masters a b\nTopic t @a @b");
    assert_mapped("Topic t @a ~perm=6 @b ~perm=6\n");
}

/* Unknown queue numbers are settled by both numbers. */
static void queue_numbers_are_settled_by_both(void **state)
{
    struct set_rule rules[] = {
        {.kinds = MATCH_TOPICS, .glob = TEXT("half"), .spec = spec(KIND_TOPIC, "readQueueNums=8")},
        {.kinds = MATCH_TOPICS, .glob = TEXT("*"), .spec = spec(KIND_TOPIC, "readQueueNums=8 writeQueueNums=8")}};

    (void)state;
    set_sets(rules, 2);
    map("Topic all problem=queue-numbers-unknown/readQueueNums\n"
        "Topic any problem=queue-numbers-unknown\n"
        "Topic half problem=queue-numbers-unknown/readQueueNums");
    assert_mapped("Topic all readQueueNums=8 writeQueueNums=8\nTopic any readQueueNums=8 writeQueueNums=8\n"
                  "Topic half queue-numbers-unknown readQueueNums=8\n");
}

/* A value that is wrong is settled by another; what stands twice stays so whatever is set. */
static void other_problems(void **state)
{
    struct set_rule rules[] = {{.kinds = MATCH_TOPICS, .glob = TEXT("*"), .spec = spec(KIND_TOPIC, "perm=6")}};

    (void)state;
    set_sets(rules, 1);
    map("Topic a problem=invalid-parameter/perm\nTopic b problem=invalid-parameter/remark\n"
        "Topic c problem=declared-twice/perm");
    assert_mapped("Topic a perm=6\nTopic b invalid-parameter perm=6\nTopic c declared-twice perm=6\n");
}

/* ---- accepted differences ---- */

static int64_t accepts(enum kind kind, const char *name, enum field field, const char *attribute,
                       const union value *declared, const union value *observed)
{
    struct accept_question question = {kind, text_of(name), field, text_of(attribute), declared, observed};
    struct name_index *index = NULL;

    assert_int_equal(mapping_index_accepts(&mapping, &index, &why), 0);
    int64_t found = mapping_accepts(&mapping, index, &question);
    name_index_free(index);
    return found;
}

static union value number(int64_t value)
{
    return (union value){.number = value};
}

/* An entry accepts the observed value that it names, of its kind, name and field, and no other. */
static void an_entry_accepts_the_value_it_names(void **state)
{
    struct accept_rule rules[] = {
        {.kinds = MATCH_TOPICS,
         .glob = TEXT("audit*"),
         .field = FIELD_TOPIC_PERM,
         .has_observed = true,
         .observed = number(4)},
        {.kinds = MATCH_TOPICS,
         .glob = TEXT("audit"),
         .field = FIELD_TOPIC_PERM,
         .has_observed = true,
         .observed = number(2),
         .has_declared = true,
         .declared = number(6)},
    };
    union value two = number(2), four = number(4), six = number(6);

    (void)state;
    assert_int_equal(accepts(KIND_TOPIC, "audit", FIELD_TOPIC_PERM, "", &six, &four), -1);
    mapping.accepts = rules;
    mapping.accept_count = 2;
    assert_int_equal(accepts(KIND_TOPIC, "audit", FIELD_TOPIC_PERM, "", &six, &four), 0);
    assert_int_equal(accepts(KIND_TOPIC, "audit", FIELD_TOPIC_PERM, "", &six, &two), 1);
    assert_int_equal(accepts(KIND_TOPIC, "audit", FIELD_TOPIC_PERM, "", &four, &two), -1);
    assert_int_equal(accepts(KIND_TOPIC, "audit", FIELD_TOPIC_PERM, "", &six, NULL), -1);
    assert_int_equal(accepts(KIND_TOPIC, "other", FIELD_TOPIC_PERM, "", &six, &four), -1);
    assert_int_equal(accepts(KIND_TOPIC, "audit", FIELD_TOPIC_READ_QUEUE_NUMS, "", &six, &four), -1);
    assert_int_equal(accepts(KIND_GROUP, "audit", FIELD_TOPIC_PERM, "", &six, &four), -1);
}

/* An entry by the declared value speaks of what the destination cannot hold, not of what it holds otherwise. */
static void an_entry_by_declared_value_accepts_what_is_not_held(void **state)
{
    struct accept_rule rules[] = {{.kinds = MATCH_TOPICS,
                                   .glob = TEXT("*"),
                                   .field = FIELD_TOPIC_PERM,
                                   .has_declared = true,
                                   .declared = number(4)}};
    union value four = number(4), six = number(6);

    (void)state;
    mapping.accepts = rules;
    mapping.accept_count = 1;
    assert_int_equal(accepts(KIND_TOPIC, "a", FIELD_TOPIC_PERM, "", &four, NULL), 0);
    assert_int_equal(accepts(KIND_TOPIC, "a", FIELD_TOPIC_PERM, "", &six, NULL), -1);
    assert_int_equal(accepts(KIND_TOPIC, "a", FIELD_TOPIC_PERM, "", &four, &six), -1);
}

/* One key of a map is accepted by name, or as part of the whole. */
static void attributes_are_accepted_by_key(void **state)
{
    const char whole[] = "cleanup.policy\0DELETE\0";
    struct accept_rule rules[] = {
        {.kinds = MATCH_TOPICS,
         .glob = TEXT("key"),
         .field = FIELD_TOPIC_ATTRIBUTES,
         .attribute = TEXT("cleanup.policy"),
         .has_observed = true,
         .observed.text = TEXT("DELETE")},
        {.kinds = MATCH_TOPICS,
         .glob = TEXT("whole"),
         .field = FIELD_TOPIC_ATTRIBUTES,
         .has_observed = true,
         .observed.text = {whole, sizeof whole - 1}},
    };
    union value compaction = {.text = TEXT("COMPACTION")}, delete = {.text = TEXT("DELETE")};

    (void)state;
    mapping.accepts = rules;
    mapping.accept_count = 2;
    assert_int_equal(accepts(KIND_TOPIC, "key", FIELD_TOPIC_ATTRIBUTES, "cleanup.policy", &compaction, &delete), 0);
    assert_int_equal(accepts(KIND_TOPIC, "key", FIELD_TOPIC_ATTRIBUTES, "queue.type", &compaction, &delete), -1);
    assert_int_equal(accepts(KIND_TOPIC, "whole", FIELD_TOPIC_ATTRIBUTES, "cleanup.policy", &compaction, &delete), 1);
    assert_int_equal(accepts(KIND_TOPIC, "whole", FIELD_TOPIC_ATTRIBUTES, "queue.type", &compaction, &delete), -1);
    assert_int_equal(accepts(KIND_TOPIC, "whole", FIELD_TOPIC_ATTRIBUTES, "cleanup.policy", &delete, &compaction), -1);
}

/* ---- order, positions ---- */

/* What a resource carries besides settings goes through: policy, place in the file, whether hands wrote it. */
static void the_rest_of_a_resource_stays(void **state)
{
    struct rename_rule rules[] = {{.kinds = MATCH_TOPICS, .from = TEXT("a"), .to = TEXT("z")}};

    (void)state;
    set_renames(rules, 1);
    map("Topic a policy=observe at=topics.yaml:3:7\nTopic b");
    const struct resource *resource = &catalog_rows(mapped)[catalog_row_of(mapped, KIND_TOPIC, "z")];
    assert_int_equal(resource->policy, POLICY_OBSERVE);
    assert_string_equal(catalog_file(mapped, resource->file), "topics.yaml");
    assert_int_equal(resource->line, 3);
    assert_int_equal(resource->column, 7);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_said_changes_nothing),
        TEST(memory_of_a_mapping_is_its_own),
        TEST(include_keeps_what_it_names),
        TEST(both_includes_must_match_and_either_exclude_excludes),
        TEST(lists_may_speak_of_one_kind),
        TEST(a_kind_can_be_left_out),
        TEST(globs_see_the_stripped_name),
        TEST(strip_prefix_takes_the_prefix_away),
        TEST(the_first_rename_applies),
        TEST(rename_follows_strip),
        TEST(renames_that_collide_are_conflicts),
        TEST(what_is_not_declared_gives_way),
        TEST(renames_follow_into_dead_letter_topics),
        TEST(long_prefixed_names_come_through),
        TEST(too_long_prefixed_names_are_a_problem),
        TEST(message_types_fill_gaps),
        TEST(set_wins_over_the_source),
        TEST(when_must_hold),
        TEST(attributes_are_set_one_by_one),
        TEST(create_defaults_come_last_and_only_create),
        TEST(defaults_of_one_kind_stay_there),
        TEST(brokers_are_renamed),
        TEST(brokers_that_become_one_must_agree),
        TEST(set_places_resources),
        TEST(a_placed_broker_keeps_its_own_settings),
        TEST(a_placement_elsewhere_needs_one_answer),
        TEST(when_must_hold_on_every_master),
        TEST(set_settles_an_ambiguous_source),
        TEST(settings_alone_do_not_settle_a_placement),
        TEST(a_declared_placement_stays),
        TEST(queue_numbers_are_settled_by_both),
        TEST(other_problems),
        TEST(an_entry_accepts_the_value_it_names),
        TEST(an_entry_by_declared_value_accepts_what_is_not_held),
        TEST(attributes_are_accepted_by_key),
        TEST(the_rest_of_a_resource_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
