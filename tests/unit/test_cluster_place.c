/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/cause.h"
#include "api/cluster/place.h"
#include "tests/lib/catalog_text.h"

enum { ITEMS_MAX = 32, BENCH_MASTERS = 3 };

/* A create under way: everything of it is released together. */
struct bench {
    struct place_master masters[BENCH_MASTERS];
    uint16_t master_count;
    struct capabilities capabilities;
    struct catalog *declared;
    struct create_item items[ITEMS_MAX];
    struct text orders[ITEMS_MAX];
    struct place_request request;
    struct place *place;
    const struct place_step *steps;
    uint32_t step_count;
    struct failure why;
};

#define V(major, minor, patch) BROKER_VERSION(major, minor, patch)

/* broker-a, broker-b …, all of one release. */
static void begin_on(struct bench *bench, uint16_t masters, uint16_t version)
{
    static const char *const names[] = {"broker-a", "broker-b", "broker-c"};

    *bench = (struct bench){.master_count = masters};
    for (uint16_t i = 0; i < masters; i++)
        bench->masters[i] = (struct place_master){.name = names[i], .version = version};
}

static void declare(struct bench *bench, enum kind kind, const char *lines)
{
    place_capabilities(bench->masters, bench->master_count, false, &bench->capabilities);
    bench->declared = catalog_text(lines);
    uint32_t first, count;
    catalog_range(bench->declared, kind, &first, &count);
    assert_true(count <= ITEMS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        const struct resource *resource = &catalog_rows(bench->declared)[first + i];
        bench->items[i] = (struct create_item){.kind = kind,
                                               .name = catalog_name(bench->declared, resource),
                                               .catalog = bench->declared,
                                               .resource = resource};
    }
    bench->request = (struct place_request){.kind = kind,
                                            .masters = bench->masters,
                                            .master_count = bench->master_count,
                                            .items = bench->items,
                                            .count = count,
                                            .capabilities = &bench->capabilities,
                                            .order_values = bench->orders,
                                            .batch_items = bench->request.batch_items,
                                            .batch_bytes = bench->request.batch_bytes};
    assert_int_equal(place_new(&bench->request, &bench->place, &bench->why), 0);
}

static void end(struct bench *bench)
{
    place_free(bench->place);
    catalog_unref(bench->declared);
}

/* A master's table from a few lines; NULL: it cannot be read. */
static void look(struct bench *bench, uint16_t master, const char *lines)
{
    struct failure why = {.cause = CAUSE_UNREACHABLE, .text = "broker does not answer"};
    char text[2048];

    if (!lines) {
        place_look(bench->place, master, NULL, &why);
        return;
    }
    /* Each resource stands on that master: as table_read has it. */
    size_t used = (size_t)snprintf(text, sizeof text, "masters %s\n", bench->masters[master].name);
    for (const char *line = lines; *line;) {
        const char *line_end = strchr(line, '\n');
        int bytes = (int)(line_end ? line_end - line : (long)strlen(line));
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "%.*s @%s\n", bytes, line, bench->masters[master].name);
        line += bytes + (line_end != NULL);
    }
    struct catalog *table = catalog_text(text);
    place_look(bench->place, master, table, NULL);
    catalog_unref(table);
}

static void look_everywhere(struct bench *bench, const char *lines)
{
    for (uint16_t i = 0; i < bench->master_count; i++)
        look(bench, i, lines);
}

static void append_items(const struct bench *bench, const struct place_step *step, char *text, size_t *used)
{
    for (uint32_t i = step->first; i < step->first + step->count; i++)
        *used += (size_t)sprintf(text + *used, " %.*s", (int)bench->items[place_items(bench->place)[i]].name.bytes,
                                 bench->items[place_items(bench->place)[i]].name.data);
}

/* "order o=broker-a:8, a: batch+ x y, a: … single+ z": + guarded, … waits. */
static void expect(struct bench *bench, const char *expected)
{
    static char text[4096];
    size_t used = 0;

    text[0] = '\0';
    assert_int_equal(place_next(bench->place, &bench->steps, &bench->step_count, &bench->why), 0);
    for (uint32_t i = 0; i < bench->step_count; i++) {
        const struct place_step *step = &bench->steps[i];
        used += (size_t)sprintf(text + used, "%s", i > 0 ? ", " : "");
        if (step->master == PLACE_NAME_SERVERS)
            used += (size_t)sprintf(text + used, "order");
        else
            used +=
                (size_t)sprintf(text + used, "%c: %s%s%s", bench->masters[step->master].name[7],
                                step->waits ? "… " : "", step->batch ? "batch" : "single", step->guarded ? "+" : "");
        append_items(bench, step, text, &used);
        if (step->value.bytes > 0)
            used += (size_t)sprintf(text + used, "=%.*s", (int)step->value.bytes, step->value.data);
    }
    assert_string_equal(text, expected);
}

static void answer(struct bench *bench, uint32_t step, enum place_answer said, int cause)
{
    struct failure why = {.cause = cause, .text = "the broker said no"};

    place_answered(bench->place, step, said, cause == CAUSE_NONE ? NULL : &why);
}

static void accept_all(struct bench *bench)
{
    for (uint32_t i = 0; i < bench->step_count; i++)
        answer(bench, i, PLACE_ACCEPTED, CAUSE_NONE);
}

static const char *outcome_word(enum outcome outcome)
{
    static const char *const words[] = {"created", "existed", "refused", "not sent", "unknown"};
    return words[outcome];
}

static void assert_outcome(struct bench *bench, const char *name, enum outcome expected, const char *part)
{
    const struct failure *why;
    uint32_t item = 0;

    while (item < bench->request.count && !text_is(bench->items[item].name, name))
        item++;
    assert_true(item < bench->request.count);
    enum outcome outcome = place_outcome(bench->place, item, &why);
    assert_string_equal(outcome_word(outcome), outcome_word(expected));
    if (!part) {
        assert_null(why);
        return;
    }
    assert_non_null(why);
    if (!strstr(why->text, part))
        fail_msg("\"%s\" does not say \"%s\"", why->text, part);
}

/* --- what is there --- */

static void a_new_topic_goes_to_every_master_guarded(void **state)
{
    struct bench bench;

    (void)state;
    begin_on(&bench, 2, V(5, 5, 0));
    declare(&bench, KIND_TOPIC, "Topic x perm=6");
    look_everywhere(&bench, "");
    expect(&bench, "a: single+ x, b: single+ x");
    accept_all(&bench);
    look_everywhere(&bench, "Topic x perm=6 readQueueNums=8 writeQueueNums=8");
    expect(&bench, "");
    assert_outcome(&bench, "x", OUTCOME_CREATED, NULL);
    end(&bench);
}

static void what_is_everywhere_is_not_sent(void **state)
{
    struct bench bench;

    (void)state;
    begin_on(&bench, 2, V(5, 5, 0));
    declare(&bench, KIND_TOPIC, "Topic x perm=6");
    look_everywhere(&bench, "Topic x perm=6");
    expect(&bench, "");
    assert_outcome(&bench, "x", OUTCOME_EXISTED, NULL);
    end(&bench);
}

static void half_created_is_completed_on_the_others_only(void **state)
{
    struct bench bench;

    (void)state;
    begin_on(&bench, 3, V(4, 9, 7));
    declare(&bench, KIND_TOPIC, "Topic x perm=6 readQueueNums=4");
    look(&bench, 0, "Topic x perm=6 readQueueNums=4 writeQueueNums=99");
    look(&bench, 1, "");
    look(&bench, 2, "Topic x readQueueNums=4");
    expect(&bench, "b: single x");
    accept_all(&bench);
    look_everywhere(&bench, "Topic x perm=6 readQueueNums=4");
    expect(&bench, "");
    assert_outcome(&bench, "x", OUTCOME_CREATED, NULL);
    end(&bench);
}

static void different_anywhere_is_created_nowhere(void **state)
{
    struct bench bench;

    (void)state;
    begin_on(&bench, 2, V(5, 5, 0));
    declare(&bench, KIND_TOPIC, "Topic x perm=6\nTopic y perm=6");
    look(&bench, 0, "Topic x perm=4");
    look(&bench, 1, "");
    expect(&bench, "a: single+ y, b: single+ y");
    accept_all(&bench);
    look(&bench, 0, "Topic x perm=4\nTopic y perm=6");
    look(&bench, 1, "Topic y perm=6");
    expect(&bench, "");
    assert_outcome(&bench, "x", OUTCOME_EXISTED, NULL);
    assert_outcome(&bench, "y", OUTCOME_CREATED, NULL);
    end(&bench);
}

/* People live with a difference on one master: the others get what is declared. */
static void what_is_accepted_is_completed_elsewhere(void **state)
{
    struct bench bench;

    (void)state;
    begin_on(&bench, 2, V(5, 5, 0));
    declare(&bench, KIND_TOPIC, "Topic x perm=6 readQueueNums=8");
    bench.items[0].accepted = FIELD_BIT(FIELD_TOPIC_PERM);
    look(&bench, 0, "Topic x perm=4 readQueueNums=8");
    look(&bench, 1, "");
    expect(&bench, "b: single+ x");
    accept_all(&bench);
    look(&bench, 0, "Topic x perm=4 readQueueNums=8");
    look(&bench, 1, "Topic x perm=6 readQueueNums=8");
    expect(&bench, "");
    assert_outcome(&bench, "x", OUTCOME_CREATED, NULL);
    end(&bench);
}

static void static_topics_and_the_brokers_own_are_left_alone(void **state)
{
    struct bench bench;

    (void)state;
    begin_on(&bench, 2, V(5, 5, 0));
    declare(&bench, KIND_TOPIC,
            "masters broker-a broker-b\nTopic there perm=6 @broker-a\nTopic own perm=6\nTopic stat perm=6");
    look(&bench, 0, "Topic own perm=6 status=system");
    look(&bench, 1, "Topic stat perm=6 status=static\nTopic there perm=6 status=static");
    expect(&bench, "");
    assert_outcome(&bench, "own", OUTCOME_EXISTED, NULL);
    assert_outcome(&bench, "stat", OUTCOME_EXISTED, NULL);
    assert_outcome(&bench, "there", OUTCOME_EXISTED, NULL); /* not even on the other master */
    end(&bench);
}

static void nothing_leaves_while_a_master_cannot_be_seen(void **state)
{
    struct bench bench;

    (void)state;
    begin_on(&bench, 2, V(5, 5, 0));
    declare(&bench, KIND_TOPIC, "masters broker-a broker-b\nTopic both perm=6\nTopic one perm=6 @broker-a");
    look(&bench, 0, "");
    look(&bench, 1, NULL);
    expect(&bench, "a: single+ one");
    accept_all(&bench);
    look(&bench, 0, "Topic one perm=6");
    look(&bench, 1, NULL);
    expect(&bench, "");
    assert_outcome(&bench, "both", OUTCOME_NOT_SENT, "broker does not answer");
    assert_outcome(&bench, "one", OUTCOME_CREATED, NULL);
    end(&bench);
}

/* --- per master --- */

static void each_master_gets_what_is_declared_for_it(void **state)
{
    struct bench bench;
    struct draft draft;
    struct buffer room;

    (void)state;
    begin_on(&bench, 3, V(5, 2, 0));
    declare(&bench, KIND_TOPIC, "masters broker-c broker-a\nTopic x perm=6 @broker-a readQueueNums=4 @broker-c");
    look_everywhere(&bench, "");
    expect(&bench, "a: single+ x, c: single+ x");
    buffer_init(&room, 4096);
    assert_int_equal(place_settings(bench.place, &bench.steps[0], 0, &draft, &room), 0);
    assert_int_equal(draft.values[FIELD_TOPIC_READ_QUEUE_NUMS].number, 4);
    assert_int_equal(draft.values[FIELD_TOPIC_WRITE_QUEUE_NUMS].number, 8);
    assert_int_equal(place_settings(bench.place, &bench.steps[1], 0, &draft, &room), 0);
    assert_int_equal(draft.values[FIELD_TOPIC_READ_QUEUE_NUMS].number, 8);
    buffer_release(&room);
    end(&bench);
}

static void an_unknown_broker_is_refused(void **state)
{
    struct bench bench;

    (void)state;
    begin_on(&bench, 2, V(5, 5, 0));
    declare(&bench, KIND_TOPIC, "masters broker-a broker-z\nTopic x perm=6 @broker-a @broker-z");
    look_everywhere(&bench, "");
    expect(&bench, "");
    assert_outcome(&bench, "x", OUTCOME_REFUSED, "broker broker-z, which the cluster does not have");
    end(&bench);
}

/* --- guard --- */

static const char *attributes_sent(struct bench *bench, uint32_t step, uint32_t item)
{
    static char text[256];
    struct draft draft;
    struct buffer room;
    struct map_pair pair;
    size_t used = 0;

    text[0] = '\0';
    buffer_init(&room, 4096);
    assert_int_equal(place_settings(bench->place, &bench->steps[step], item, &draft, &room), 0);
    for (size_t at = 0; draft.set & FIELD_BIT(FIELD_TOPIC_ATTRIBUTES) &&
                        map_next(draft.values[FIELD_TOPIC_ATTRIBUTES].text, &at, &pair);)
        used += (size_t)sprintf(text + used, "%.*s=%.*s ", (int)pair.key.bytes, pair.key.data, (int)pair.value.bytes,
                                pair.value.data);
    if (draft.set & FIELD_BIT(FIELD_TOPIC_MESSAGE_TYPE))
        sprintf(text + used, "%.*s", (int)draft.values[FIELD_TOPIC_MESSAGE_TYPE].text.bytes,
                draft.values[FIELD_TOPIC_MESSAGE_TYPE].text.data);
    buffer_release(&room);
    return text;
}

static void the_guard_stands_beside_what_is_declared(void **state)
{
    struct bench bench;

    (void)state;
    begin_on(&bench, 1, V(5, 2, 0));
    declare(&bench, KIND_TOPIC,
            "Topic a perm=6\nTopic b messageType=FIFO attributes={cleanup.policy:DELETE}\nTopic c "
            "attributes={queue.type:BatchCQ}");
    look_everywhere(&bench, "");
    expect(&bench, "a: single+ a, a: single+ b, a: single+ c");
    assert_string_equal(attributes_sent(&bench, 0, 0), "queue.type=SimpleCQ ");
    assert_string_equal(attributes_sent(&bench, 1, 1), "cleanup.policy=DELETE queue.type=SimpleCQ FIFO");
    assert_string_equal(attributes_sent(&bench, 2, 2), "queue.type=BatchCQ ");
    end(&bench);
}

static void the_guard_is_where_it_is_safe(void **state)
{
    static const struct {
        uint16_t version;
        bool slaves, guarded;
    } cases[] = {{V(4, 9, 7), false, false}, {V(4, 9, 7), true, false}, {V(5, 0, 0), true, true},
                 {V(5, 3, 1), true, true},   {V(5, 3, 2), true, false}, {V(5, 3, 3), true, false},
                 {V(5, 3, 3), false, true},  {V(5, 3, 4), true, true},  {V(5, 5, 0), true, true}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct place_master master = {.name = "a", .version = cases[i].version, .slaves = cases[i].slaves};
        assert_int_equal(place_guards(&master), cases[i].guarded);
    }
}

static void a_held_guard_says_that_another_was_first(void **state)
{
    struct bench bench;

    (void)state;
    begin_on(&bench, 1, V(5, 2, 0));
    declare(&bench, KIND_TOPIC, "Topic x perm=6\nTopic y perm=6");
    look_everywhere(&bench, "");
    expect(&bench, "a: single+ x, a: single+ y");
    answer(&bench, 0, PLACE_EXISTS, CAUSE_NONE);
    answer(&bench, 1, PLACE_EXISTS, CAUSE_NONE);
    look_everywhere(&bench, "Topic x perm=6\nTopic y perm=4");
    expect(&bench, "");
    assert_outcome(&bench, "x", OUTCOME_EXISTED, NULL);
    assert_outcome(&bench, "y", OUTCOME_EXISTED, NULL);
    end(&bench);
}

/* --- attributes where they harm --- */

static void attributes_stay_away_from_slaves_that_they_harm(void **state)
{
    struct bench bench;

    (void)state;
    begin_on(&bench, 2, V(5, 3, 3));
    bench.masters[1].slaves = true;
    declare(&bench, KIND_TOPIC,
            "masters broker-a broker-b\nTopic fifo messageType=FIFO\nTopic normal messageType=NORMAL "
            "attributes={queue.type:SimpleCQ}\nTopic plain perm=6\nTopic safe messageType=DELAY @broker-a");
    look_everywhere(&bench, "");
    expect(&bench, "a: single+ normal, a: single+ plain, b: single normal, b: single plain");
    assert_string_equal(attributes_sent(&bench, 2, 1), "");
    end(&bench);
}

static void people_may_insist_on_attributes(void **state)
{
    struct bench bench;

    (void)state;
    begin_on(&bench, 1, V(5, 3, 3));
    bench.masters[0].slaves = true;
    declare(&bench, KIND_TOPIC, "Topic fifo messageType=FIFO\nTopic plain perm=6");
    place_free(bench.place);
    place_capabilities(bench.masters, 1, true, &bench.capabilities);
    assert_int_equal(place_new(&bench.request, &bench.place, &bench.why), 0);
    look_everywhere(&bench, "");
    expect(&bench, "a: single fifo, a: single plain"); /* the guard would be one more attribute */
    assert_string_equal(attributes_sent(&bench, 0, 0), "FIFO");
    assert_string_equal(attributes_sent(&bench, 1, 1), "");
    end(&bench);
}

/* --- batches --- */

static void batches_are_closed_by_a_single(void **state)
{
    struct bench bench;

    (void)state;
    begin_on(&bench, 2, V(5, 5, 0));
    declare(&bench, KIND_TOPIC, "Topic a perm=6\nTopic b perm=6\nTopic c perm=6\nTopic d perm=6");
    look(&bench, 0, "");
    look(&bench, 1, "Topic b perm=6"); /* never in a batch: it would undo it, or be changed by it */
    expect(&bench, "a: batch+ a b c, a: … single+ d, b: batch+ a c, b: … single+ d");
    accept_all(&bench);
    look_everywhere(&bench, "Topic a perm=6\nTopic b perm=6\nTopic c perm=6\nTopic d perm=6");
    expect(&bench, "");
    assert_outcome(&bench, "b", OUTCOME_CREATED, NULL);
    assert_outcome(&bench, "d", OUTCOME_CREATED, NULL);
    end(&bench);
}

static void batches_keep_to_their_size(void **state)
{
    struct bench bench;

    (void)state;
    begin_on(&bench, 1, V(5, 5, 0));
    bench.request.batch_items = 2;
    declare(&bench, KIND_GROUP, "ConsumerGroup a\nConsumerGroup b\nConsumerGroup c\nConsumerGroup d\nConsumerGroup e");
    look_everywhere(&bench, "");
    expect(&bench, "a: batch a b, a: … batch c d, a: … single e");
    end(&bench);
    begin_on(&bench, 1, V(5, 5, 0));
    bench.request.batch_bytes = 2500;
    declare(&bench, KIND_GROUP, "ConsumerGroup a\nConsumerGroup b\nConsumerGroup c\nConsumerGroup d");
    look_everywhere(&bench, "");
    expect(&bench, "a: batch a b, a: … single c, a: … single d");
    end(&bench);
}

static void batches_are_where_they_are_kept(void **state)
{
    static const struct {
        uint16_t version;
        bool v2, topics, groups;
    } cases[] = {{V(4, 9, 7), false, false, false}, {V(5, 2, 0), false, false, false},
                 {V(5, 3, 0), false, true, false},  {V(5, 3, 1), false, true, true},
                 {V(5, 5, 0), false, true, true},   {V(5, 5, 0), true, false, false}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct place_master master = {.name = "a", .version = cases[i].version, .store_v2 = cases[i].v2};
        assert_int_equal(place_batches(&master, KIND_TOPIC), cases[i].topics);
        assert_int_equal(place_batches(&master, KIND_GROUP), cases[i].groups);
    }
}

static void a_stopped_batch_is_continued_one_by_one(void **state)
{
    struct bench bench;

    (void)state;
    begin_on(&bench, 1, V(5, 5, 0));
    declare(&bench, KIND_TOPIC, "Topic a perm=6\nTopic b perm=6\nTopic c perm=6\nTopic d perm=6");
    look_everywhere(&bench, "");
    expect(&bench, "a: batch+ a b c, a: … single+ d");
    answer(&bench, 0, PLACE_EXISTS, CAUSE_NONE); /* another made b in between */
    answer(&bench, 1, PLACE_ACCEPTED, CAUSE_NONE);
    look_everywhere(&bench, "Topic a perm=6\nTopic b perm=4\nTopic d perm=6");
    expect(&bench, "a: single+ c");
    accept_all(&bench);
    look_everywhere(&bench, "Topic a perm=6\nTopic b perm=4\nTopic c perm=6\nTopic d perm=6");
    expect(&bench, "");
    assert_outcome(&bench, "a", OUTCOME_UNKNOWN, "open"); /* ours in all likelihood: reading settles it */
    assert_outcome(&bench, "b", OUTCOME_EXISTED, NULL);
    assert_outcome(&bench, "c", OUTCOME_CREATED, NULL);
    assert_outcome(&bench, "d", OUTCOME_CREATED, NULL);
    end(&bench);
}

static void a_batch_that_did_nothing_is_sent_again_one_by_one(void **state)
{
    struct bench bench;

    (void)state;
    begin_on(&bench, 1, V(5, 3, 3));
    bench.masters[0].slaves = true; /* no guard, so an equal entry makes it do nothing */
    declare(&bench, KIND_TOPIC, "Topic a perm=6\nTopic b perm=6\nTopic c perm=6");
    look_everywhere(&bench, "");
    expect(&bench, "a: batch a b, a: … single c");
    accept_all(&bench);
    look_everywhere(&bench, "Topic b perm=6\nTopic c perm=6");
    expect(&bench, "a: single a");
    accept_all(&bench);
    look_everywhere(&bench, "Topic a perm=6\nTopic b perm=6\nTopic c perm=6");
    expect(&bench, "");
    assert_outcome(&bench, "a", OUTCOME_CREATED, NULL);
    assert_outcome(&bench, "b", OUTCOME_EXISTED, NULL); /* another made it: the batch had done nothing */
    end(&bench);
}

/* Another wrote on top of ours: the batch may well have made the rest. */
static void a_batch_that_was_overwritten_in_part_leaves_the_rest_open(void **state)
{
    struct bench bench;

    (void)state;
    begin_on(&bench, 1, V(5, 3, 3));
    bench.masters[0].slaves = true;
    declare(&bench, KIND_TOPIC, "Topic a perm=6\nTopic b perm=6\nTopic c perm=6");
    look_everywhere(&bench, "");
    expect(&bench, "a: batch a b, a: … single c");
    accept_all(&bench);
    look_everywhere(&bench, "Topic a perm=6\nTopic b perm=4\nTopic c perm=6");
    expect(&bench, "");
    assert_outcome(&bench, "a", OUTCOME_UNKNOWN, "open");
    assert_outcome(&bench, "b", OUTCOME_EXISTED, NULL);
    end(&bench);
}

/* What the answers may have moved: nothing before they come, all that was accepted or lost, no refusal of the guard. */
static void how_far_a_counter_may_move_is_told(void **state)
{
    struct bench bench;

    (void)state;
    begin_on(&bench, 2, V(5, 5, 0));
    bench.masters[1].store_v2 = true;
    declare(&bench, KIND_GROUP, "ConsumerGroup a\nConsumerGroup b\nConsumerGroup c");
    look_everywhere(&bench, "");
    assert_int_equal(place_moved(bench.place, 0), 0);
    expect(&bench, "a: batch a b, a: … single c, b: single a, b: single b, b: single c");
    assert_int_equal(place_moved(bench.place, 0), 0);
    answer(&bench, 0, PLACE_ACCEPTED, CAUSE_NONE);
    answer(&bench, 1, PLACE_LOST, CAUSE_OUTCOME_UNKNOWN);
    answer(&bench, 2, PLACE_ACCEPTED, CAUSE_NONE);
    answer(&bench, 3, PLACE_NOT_SENT, CAUSE_THROTTLED);
    answer(&bench, 4, PLACE_EXISTS, CAUSE_NONE);
    assert_int_equal(place_moved(bench.place, 0), 3);
    assert_int_equal(place_moved(bench.place, 1), 2);
    end(&bench);
}

static void a_no_to_all_is_not_asked_again(void **state)
{
    struct bench bench;

    (void)state;
    begin_on(&bench, 1, V(5, 5, 0));
    declare(&bench, KIND_GROUP, "ConsumerGroup a\nConsumerGroup b\nConsumerGroup c");
    look_everywhere(&bench, "");
    expect(&bench, "a: batch a b, a: … single c");
    answer(&bench, 0, PLACE_REFUSED, CAUSE_INSTANCE_PERMISSION_MISSING);
    answer(&bench, 1, PLACE_REFUSED, CAUSE_INSTANCE_PERMISSION_MISSING);
    look_everywhere(&bench, "");
    expect(&bench, "");
    assert_outcome(&bench, "a", OUTCOME_REFUSED, "said no");
    end(&bench);
}

static void a_batch_that_the_broker_does_not_know_falls_back(void **state)
{
    struct bench bench;

    (void)state;
    begin_on(&bench, 1, V(5, 5, 0));
    declare(&bench, KIND_GROUP, "ConsumerGroup a\nConsumerGroup b\nConsumerGroup c");
    look_everywhere(&bench, "");
    expect(&bench, "a: batch a b, a: … single c");
    answer(&bench, 0, PLACE_REFUSED, CAUSE_UNSUPPORTED);
    answer(&bench, 1, PLACE_ACCEPTED, CAUSE_NONE);
    look_everywhere(&bench, "ConsumerGroup c");
    expect(&bench, "a: single a, a: single b");
    answer(&bench, 0, PLACE_ACCEPTED, CAUSE_NONE);
    answer(&bench, 1, PLACE_REFUSED, CAUSE_INVALID_PARAMETER);
    look_everywhere(&bench, "ConsumerGroup a");
    expect(&bench, "");
    assert_outcome(&bench, "a", OUTCOME_CREATED, NULL);
    assert_outcome(&bench, "b", OUTCOME_REFUSED, "said no");
    end(&bench);
}

/* --- answers --- */

static void a_lost_answer_is_unknown_and_not_sent_again(void **state)
{
    struct bench bench;

    (void)state;
    begin_on(&bench, 1, V(5, 5, 0));
    declare(&bench, KIND_GROUP, "ConsumerGroup a\nConsumerGroup b\nConsumerGroup c");
    look_everywhere(&bench, "");
    expect(&bench, "a: batch a b, a: … single c");
    answer(&bench, 0, PLACE_LOST, CAUSE_OUTCOME_UNKNOWN);
    look_everywhere(&bench, "ConsumerGroup a");
    expect(&bench, "");
    assert_outcome(&bench, "a", OUTCOME_UNKNOWN, "said no");
    assert_outcome(&bench, "b", OUTCOME_UNKNOWN, "said no");
    end(&bench);
}

static void success_without_a_trace_is_unknown(void **state)
{
    struct bench bench;

    (void)state;
    begin_on(&bench, 1, V(4, 6, 1));
    declare(&bench, KIND_TOPIC, "Topic a perm=6");
    look_everywhere(&bench, "");
    expect(&bench, "a: single a");
    accept_all(&bench);
    look_everywhere(&bench, "");
    expect(&bench, "");
    assert_outcome(&bench, "a", OUTCOME_UNKNOWN, "took it, and does not show it");
    end(&bench);
}

static void the_worst_master_speaks_for_all(void **state)
{
    static const struct {
        enum place_answer first, second;
        bool shown[2];
        enum outcome outcome;
    } cases[] = {
        {PLACE_ACCEPTED, PLACE_NOT_SENT, {true, false}, OUTCOME_NOT_SENT},
        {PLACE_ACCEPTED, PLACE_REFUSED, {true, false}, OUTCOME_REFUSED},
        {PLACE_NOT_SENT, PLACE_REFUSED, {false, false}, OUTCOME_REFUSED},
        {PLACE_LOST, PLACE_REFUSED, {true, false}, OUTCOME_UNKNOWN},
        {PLACE_ACCEPTED, PLACE_EXISTS, {true, true}, OUTCOME_CREATED},
        {PLACE_EXISTS, PLACE_EXISTS, {true, true}, OUTCOME_EXISTED},
        {PLACE_NOT_SENT, PLACE_EXISTS, {true, true}, OUTCOME_EXISTED},
        {PLACE_ACCEPTED, PLACE_ACCEPTED, {true, true}, OUTCOME_CREATED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench bench;
        begin_on(&bench, 2, V(5, 5, 0));
        declare(&bench, KIND_TOPIC, "Topic x perm=6");
        look_everywhere(&bench, "");
        expect(&bench, "a: single+ x, b: single+ x");
        answer(&bench, 0, cases[i].first, cases[i].first == PLACE_ACCEPTED ? CAUSE_NONE : CAUSE_SYSTEM_ERROR);
        answer(&bench, 1, cases[i].second, cases[i].second == PLACE_ACCEPTED ? CAUSE_NONE : CAUSE_SYSTEM_ERROR);
        look(&bench, 0, cases[i].shown[0] ? "Topic x perm=6" : "");
        look(&bench, 1, cases[i].shown[1] ? "Topic x perm=6" : "");
        expect(&bench, "");
        const struct failure *why;
        assert_string_equal(outcome_word(place_outcome(bench.place, 0, &why)), outcome_word(cases[i].outcome));
        end(&bench);
    }
}

static void what_is_half_done_is_told(void **state)
{
    struct bench bench;

    (void)state;
    begin_on(&bench, 2, V(5, 5, 0));
    declare(&bench, KIND_TOPIC, "Topic x perm=6");
    look_everywhere(&bench, "");
    expect(&bench, "a: single+ x, b: single+ x");
    answer(&bench, 0, PLACE_ACCEPTED, CAUSE_NONE);
    answer(&bench, 1, PLACE_REFUSED, CAUSE_SYSTEM_ERROR);
    look(&bench, 0, "Topic x perm=6");
    look(&bench, 1, "");
    expect(&bench, "");
    assert_outcome(&bench, "x", OUTCOME_REFUSED, "it is on broker-a, and not everywhere: the broker said no");
    end(&bench);
}

static void a_master_that_dies_leaves_the_rest_unsent(void **state)
{
    struct bench bench;

    (void)state;
    begin_on(&bench, 2, V(5, 5, 0));
    declare(&bench, KIND_GROUP, "ConsumerGroup x\nConsumerGroup y\nConsumerGroup z");
    look_everywhere(&bench, "");
    expect(&bench, "a: batch x y, a: … single z, b: batch x y, b: … single z");
    answer(&bench, 0, PLACE_REFUSED, CAUSE_INVALID_PARAMETER);
    answer(&bench, 2, PLACE_LOST, CAUSE_OUTCOME_UNKNOWN);
    look(&bench, 0, "");
    look(&bench, 1, NULL);
    expect(&bench, ""); /* what is different on the other cannot be seen: nothing more on this one */
    assert_outcome(&bench, "x", OUTCOME_UNKNOWN, "");
    end(&bench);
}

/* --- order --- */

static void order_entries_come_first_on_old_brokers(void **state)
{
    struct bench bench;

    (void)state;
    begin_on(&bench, 2, V(4, 9, 7));
    declare(&bench, KIND_TOPIC, "Topic o order=true writeQueueNums=4\nTopic p perm=6");
    look_everywhere(&bench, "");
    expect(&bench, "order o=broker-a:4;broker-b:4, a: single o, a: single p, b: single o, b: single p");
    assert_true(place_is_due(bench.place, 0));
    assert_false(place_is_due(bench.place, 1)); /* not before the entry stands */
    assert_true(place_is_due(bench.place, 2));
    answer(&bench, 0, PLACE_ACCEPTED, CAUSE_NONE);
    assert_true(place_is_due(bench.place, 1));
    for (uint32_t i = 1; i < bench.step_count; i++)
        answer(&bench, i, PLACE_ACCEPTED, CAUSE_NONE);
    look_everywhere(&bench, "Topic o order=true writeQueueNums=4\nTopic p perm=6");
    expect(&bench, "");
    assert_outcome(&bench, "o", OUTCOME_CREATED, NULL);
    end(&bench);
}

static void without_its_entry_an_ordered_topic_waits(void **state)
{
    struct bench bench;

    (void)state;
    begin_on(&bench, 2, V(5, 0, 0));
    declare(&bench, KIND_TOPIC, "Topic o order=true");
    look_everywhere(&bench, "");
    expect(&bench, "order o=broker-a:8;broker-b:8, a: single+ o, b: single+ o");
    answer(&bench, 0, PLACE_LOST, CAUSE_UNREACHABLE);
    assert_false(place_is_due(bench.place, 1));
    assert_false(place_is_due(bench.place, 2));
    look_everywhere(&bench, "");
    expect(&bench, "");
    assert_outcome(&bench, "o", OUTCOME_NOT_SENT, "said no");
    end(&bench);
}

static void an_entry_grows_by_the_masters_it_lacks(void **state)
{
    struct bench bench;

    (void)state;
    begin_on(&bench, 2, V(4, 9, 7));
    bench.orders[0] = TEXT("broker-a:4;elsewhere:2");
    bench.orders[1] = TEXT("broker-a:8;broker-b:8");
    declare(&bench, KIND_TOPIC, "Topic o order=true\nTopic p order=true");
    look_everywhere(&bench, "");
    expect(&bench, "order o=broker-a:4;elsewhere:2;broker-b:8, a: single o, a: single p, b: single o, b: single p");
    assert_false(place_is_due(bench.place, 1));
    assert_true(place_is_due(bench.place, 2)); /* the entry of p is there */
    end(&bench);
}

static void newer_brokers_need_no_entry(void **state)
{
    struct bench bench;

    (void)state;
    begin_on(&bench, 2, V(5, 1, 0));
    bench.masters[1].version = V(4, 9, 7);
    declare(&bench, KIND_TOPIC, "masters broker-a broker-b\nTopic a order=true @broker-a\nTopic b order=true");
    look_everywhere(&bench, "");
    expect(&bench, "order b=broker-a:8;broker-b:8, a: single+ a, a: single+ b, b: single b");
    assert_true(place_is_due(bench.place, 2));
    assert_false(place_is_due(bench.place, 3));
    end(&bench);
}

static void a_left_over_entry_would_make_it_ordered(void **state)
{
    struct bench bench;

    (void)state;
    begin_on(&bench, 1, V(5, 5, 0));
    bench.orders[0] = TEXT("broker-a:8");
    bench.orders[1] = TEXT("broker-a:8");
    declare(&bench, KIND_TOPIC, "Topic not order=false\nTopic open perm=6");
    look_everywhere(&bench, "");
    expect(&bench, "a: single+ open");
    accept_all(&bench);
    look_everywhere(&bench, "Topic open perm=6 order=true");
    expect(&bench, "");
    assert_outcome(&bench, "not", OUTCOME_REFUSED, "order entry");
    end(&bench);
}

/* --- what brokers would store without a question --- */

static void what_brokers_would_store_is_refused_here(void **state)
{
    char lines[2048];
    struct bench bench;

    (void)state;
    begin_on(&bench, 1, V(5, 2, 0));
    snprintf(lines, sizeof lines,
             "ConsumerGroup CID_RMQ_SYS_x\nConsumerGroup %0300d\nConsumerGroup dot.ted\nConsumerGroup attr "
             "attributes={a:b}\nConsumerGroup fine",
             1);
    declare(&bench, KIND_GROUP, lines);
    look_everywhere(&bench, "");
    expect(&bench, "a: single fine");
    assert_int_equal(place_next(bench.place, &bench.steps, &bench.step_count, &bench.why), 0);
    assert_outcome(&bench, "CID_RMQ_SYS_x", OUTCOME_REFUSED, "own");
    assert_outcome(&bench, "dot.ted", OUTCOME_REFUSED, "'.'");
    assert_outcome(&bench, "attr", OUTCOME_REFUSED, "no consumer group attribute 'a'");
    assert_outcome(&bench, "fine", OUTCOME_NOT_SENT, "was not sent there");
    const struct failure *why;
    assert_int_equal(bench.items[0].name.bytes, 300);
    assert_int_equal(place_outcome(bench.place, 0, &why), OUTCOME_REFUSED);
    assert_non_null(strstr(why->text, "1 to 255 characters, this has 300"));
    end(&bench);
}

static void a_name_twice_is_sent_once(void **state)
{
    struct bench bench;

    (void)state;
    begin_on(&bench, 1, V(5, 5, 0));
    declare(&bench, KIND_GROUP, "ConsumerGroup a\nConsumerGroup b");
    place_free(bench.place);
    bench.items[1] = bench.items[0];
    assert_int_equal(place_new(&bench.request, &bench.place, &bench.why), 0);
    look_everywhere(&bench, "");
    expect(&bench, "a: single a");
    accept_all(&bench);
    look_everywhere(&bench, "ConsumerGroup a");
    expect(&bench, "");
    const struct failure *why;
    assert_int_equal(place_outcome(bench.place, 0, &why), OUTCOME_CREATED);
    assert_int_equal(place_outcome(bench.place, 1, &why), OUTCOME_REFUSED);
    assert_int_equal(why->cause, CAUSE_DECLARED_TWICE);
    end(&bench);
}

/* --- capabilities --- */

static bool can_hold(const struct capabilities *capabilities, enum kind kind, enum field field)
{
    return (capabilities->holds[kind] & FIELD_BIT(field)) != 0;
}

static void an_instance_holds_what_its_oldest_master_holds(void **state)
{
    struct place_master masters[] = {{.name = "a", .version = V(5, 5, 0)}, {.name = "b", .version = V(4, 9, 7)}};
    struct capabilities both, newer;

    (void)state;
    place_capabilities(masters, 2, false, &both);
    place_capabilities(masters, 1, false, &newer);
    assert_int_equal(both.kind, INSTANCE_ROCKETMQ);
    assert_true(both.masters_fixed && both.absent_is_default);
    assert_false(can_hold(&both, KIND_TOPIC, FIELD_TOPIC_MESSAGE_TYPE));
    assert_false(can_hold(&both, KIND_TOPIC, FIELD_TOPIC_ATTRIBUTES));
    assert_false(can_hold(&both, KIND_GROUP, FIELD_GROUP_DELIVERY_ORDER_TYPE));
    assert_true(can_hold(&both, KIND_TOPIC, FIELD_TOPIC_ORDER));
    assert_true(can_hold(&both, KIND_GROUP, FIELD_GROUP_MAX_RETRY_TIMES));
    assert_true(can_hold(&newer, KIND_TOPIC, FIELD_TOPIC_MESSAGE_TYPE));
    assert_true(can_hold(&newer, KIND_GROUP, FIELD_GROUP_ATTRIBUTES));
    assert_false(can_hold(&newer, KIND_TOPIC, FIELD_TOPIC_REMARK));
    assert_int_equal(both.rules.broker_version, V(4, 9, 7));
    masters[0].version = V(5, 1, 0);
    place_capabilities(masters, 1, false, &newer);
    assert_false(can_hold(&newer, KIND_GROUP, FIELD_GROUP_SUBSCRIPTION_DATA_SET));
    assert_false(can_hold(&newer, KIND_GROUP, FIELD_GROUP_ATTRIBUTES));
    assert_true(can_hold(&newer, KIND_GROUP, FIELD_GROUP_RETRY_TYPE));
}

static void group_names_have_the_length_of_their_release(void **state)
{
    struct place_master masters[] = {{.name = "a", .version = V(4, 9, 7)}, {.name = "b", .version = V(5, 5, 0)}};
    struct capabilities capabilities;

    (void)state;
    place_capabilities(masters, 1, false, &capabilities);
    assert_int_equal(capabilities.rules.name_bytes_max[KIND_GROUP], 255);
    place_capabilities(masters, 2, false, &capabilities);
    assert_int_equal(capabilities.rules.name_bytes_max[KIND_GROUP], 120);
    assert_int_equal(capabilities.rules.name_bytes_max[KIND_TOPIC], 127);
}

static void creates_are_small_where_nothing_guards_them(void **state)
{
    struct place_master master = {.name = "a", .version = V(4, 9, 7)};
    struct capabilities capabilities;

    (void)state;
    place_capabilities(&master, 1, false, &capabilities);
    assert_true(capabilities.batch_max[KIND_TOPIC] <= 100);
    assert_true(capabilities.batch_max[KIND_GROUP] <= 100);
    master.version = V(5, 5, 0);
    place_capabilities(&master, 1, false, &capabilities);
    assert_int_equal(capabilities.batch_max[KIND_TOPIC], PLACE_BATCH_ITEMS);
    assert_int_equal(capabilities.batch_max[KIND_GROUP], PLACE_BATCH_ITEMS);
    assert_true(capabilities.rules.mixed_refused);
    master.mixed_message_type = true;
    master.store_v2 = true;
    place_capabilities(&master, 1, false, &capabilities);
    assert_false(capabilities.rules.mixed_refused);
    assert_true(capabilities.batch_max[KIND_TOPIC] < PLACE_BATCH_ITEMS);
    assert_true(capabilities.batch_max[KIND_GROUP] <= 100);
    master = (struct place_master){.name = "a", .version = V(5, 3, 3), .slaves = true};
    place_capabilities(&master, 1, false, &capabilities);
    assert_true(capabilities.rules.attributes_unsafe);
    place_capabilities(&master, 1, true, &capabilities);
    assert_false(capabilities.rules.attributes_unsafe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_topic_goes_to_every_master_guarded),
        cmocka_unit_test(what_is_everywhere_is_not_sent),
        cmocka_unit_test(half_created_is_completed_on_the_others_only),
        cmocka_unit_test(different_anywhere_is_created_nowhere),
        cmocka_unit_test(what_is_accepted_is_completed_elsewhere),
        cmocka_unit_test(static_topics_and_the_brokers_own_are_left_alone),
        cmocka_unit_test(nothing_leaves_while_a_master_cannot_be_seen),
        cmocka_unit_test(each_master_gets_what_is_declared_for_it),
        cmocka_unit_test(an_unknown_broker_is_refused),
        cmocka_unit_test(the_guard_stands_beside_what_is_declared),
        cmocka_unit_test(the_guard_is_where_it_is_safe),
        cmocka_unit_test(a_held_guard_says_that_another_was_first),
        cmocka_unit_test(attributes_stay_away_from_slaves_that_they_harm),
        cmocka_unit_test(people_may_insist_on_attributes),
        cmocka_unit_test(batches_are_closed_by_a_single),
        cmocka_unit_test(batches_keep_to_their_size),
        cmocka_unit_test(batches_are_where_they_are_kept),
        cmocka_unit_test(a_stopped_batch_is_continued_one_by_one),
        cmocka_unit_test(a_batch_that_did_nothing_is_sent_again_one_by_one),
        cmocka_unit_test(a_batch_that_was_overwritten_in_part_leaves_the_rest_open),
        cmocka_unit_test(how_far_a_counter_may_move_is_told),
        cmocka_unit_test(a_no_to_all_is_not_asked_again),
        cmocka_unit_test(a_batch_that_the_broker_does_not_know_falls_back),
        cmocka_unit_test(a_lost_answer_is_unknown_and_not_sent_again),
        cmocka_unit_test(success_without_a_trace_is_unknown),
        cmocka_unit_test(the_worst_master_speaks_for_all),
        cmocka_unit_test(what_is_half_done_is_told),
        cmocka_unit_test(a_master_that_dies_leaves_the_rest_unsent),
        cmocka_unit_test(order_entries_come_first_on_old_brokers),
        cmocka_unit_test(without_its_entry_an_ordered_topic_waits),
        cmocka_unit_test(an_entry_grows_by_the_masters_it_lacks),
        cmocka_unit_test(newer_brokers_need_no_entry),
        cmocka_unit_test(a_left_over_entry_would_make_it_ordered),
        cmocka_unit_test(what_brokers_would_store_is_refused_here),
        cmocka_unit_test(a_name_twice_is_sent_once),
        cmocka_unit_test(an_instance_holds_what_its_oldest_master_holds),
        cmocka_unit_test(group_names_have_the_length_of_their_release),
        cmocka_unit_test(creates_are_small_where_nothing_guards_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
