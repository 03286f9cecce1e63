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
#include "controller/plan/plan.h"
#include "tests/lib/catalog_text.h"

/* What every test plans with, and the plan. */
static struct capabilities capabilities;
static struct mapping mapping;
static struct plan *plan;
static struct failure why;

static int begin(void **state)
{
    (void)state;
    mapping_init(&mapping);
    plan = NULL;
    return 0;
}

static int end(void **state)
{
    (void)state;
    plan_free(plan);
    mapping_release(&mapping);
    return 0;
}

/* A destination of that kind, whose answers are complete. */
static void destination(enum instance_kind kind)
{
    capabilities = (struct capabilities){
        .kind = kind, .absent_is_default = true, .masters_fixed = kind == INSTANCE_ROCKETMQ, .rules = rules_of(kind)};
    for (enum kind resource = 0; resource < KINDS; resource++)
        capabilities.holds[resource] = capabilities.listed[resource] = fields_held(kind, resource);
}

static enum duplicate keep_both(void *context, struct duplicate_pair *pair, struct failure *reason)
{
    (void)context;
    (void)pair;
    failure_set(reason, CAUSE_RENAME_COLLIDES, "said by the test");
    return DUPLICATE_KEEP;
}

static void make_plan(const char *declared, const char *observed)
{
    struct plan_input input = {.declared = catalog_text_with(declared, keep_both),
                               .observed = catalog_text(observed),
                               .capabilities = &capabilities,
                               .mapping = &mapping};

    plan_free(plan);
    assert_int_equal(plan_build(&input, &plan, &why), 0);
    catalog_unref(input.declared);
    catalog_unref(input.observed);
}

/* ---- what a plan says, as text ---- */

static void append_value(struct buffer *out, const struct difference *difference, const union value *value)
{
    if (value == NULL)
        buffer_append_string(out, difference->not_held ? "not held" : "absent");
    else if (difference->attribute.bytes > 0)
        buffer_append_text(out, value->text);
    else
        value_append(out, difference->field, value);
}

/* " perm@broker-a: 6 != 4", and " ~ " for "!=" where it is accepted. */
static void append_difference(void *context, const struct difference *difference)
{
    struct buffer *out = context;

    buffer_append_format(out, " %s", field_info(difference->field)->name);
    if (difference->attribute.bytes > 0)
        buffer_append_format(out, ".%.*s", (int)difference->attribute.bytes, difference->attribute.data);
    if (difference->master != NULL)
        buffer_append_format(out, "@%s", difference->master);
    buffer_append_string(out, ": ");
    append_value(out, difference, difference->declared);
    buffer_append_string(out, difference->accepted ? " ~ " : " != ");
    append_value(out, difference, difference->observed);
    if (difference->reason.bytes > 0)
        buffer_append_format(out, " (%.*s)", (int)difference->reason.bytes, difference->reason.data);
}

static void append_row(struct buffer *out, uint32_t number)
{
    const struct resource *declared = &catalog_rows(plan->declared)[number];
    const struct row *row = &plan->rows[number];
    struct text name = catalog_name(plan->declared, declared);
    const char *master;

    buffer_append_format(out, "%s %.*s %s", kind_name(declared->kind), (int)name.bytes, name.data,
                         state_name(row->state));
    if (row->action == ACTION_CREATE)
        buffer_append_string(out, " create");
    if (row->cause != CAUSE_NONE)
        buffer_append_format(out, " %s", cause_name(row->cause));
    plan_differences(plan, number, append_difference, out);
    for (uint16_t position = 0;
         row->state == STATE_MISSING && plan_next_missing_master(plan, number, &position, &master);)
        buffer_append_format(out, " +%s", master);
    buffer_append_char(out, '\n');
}

static void assert_plan(const char *expected)
{
    struct buffer out;

    buffer_init(&out, 65536);
    for (uint32_t number = 0; number < plan->row_count; number++)
        append_row(&out, number);
    assert_string_equal(out.data == NULL ? "" : out.data, expected);
    buffer_release(&out);
}

static void assert_explained(uint32_t number, const char *field_name, const char *expected)
{
    enum field field;
    char sentence[256];

    plan_explain(plan, number, &field, sentence);
    assert_string_equal(sentence, expected);
    assert_string_equal(field == FIELD_COUNT ? "" : field_info(field)->name, field_name);
}

/* ---- equal, missing, different ---- */

/* What is there as declared is in sync; what is not there is created; what differs is left alone. */
static void each_row_has_its_state(void **state)
{
    (void)state;
    destination(INSTANCE_APSARAMQ);
    make_plan("Topic a messageType=FIFO\nTopic b messageType=FIFO\nTopic c messageType=FIFO\nConsumerGroup g",
              "Topic a messageType=FIFO\nTopic c messageType=NORMAL\nTopic d messageType=FIFO\nConsumerGroup g2");
    assert_plan("Topic a inSync\nTopic b missing create\nTopic c differs messageType: FIFO != NORMAL\n"
                "ConsumerGroup g missing create\n");
    assert_false(plan_is_parity(plan));
    assert_int_equal(plan_declared_count(plan), 4);
}

/* Equal sides give a plan without a create, and parity. */
static void equal_sides_give_an_empty_plan(void **state)
{
    static const char lines[] = "Topic a messageType=FIFO remark=x\nConsumerGroup g deliveryOrderType=Orderly";

    (void)state;
    destination(INSTANCE_APSARAMQ);
    make_plan(lines, lines);
    assert_plan("Topic a inSync\nConsumerGroup g inSync\n");
    assert_int_equal(plan->counts[KIND_TOPIC].creates + plan->counts[KIND_GROUP].creates, 0);
    assert_true(plan_is_parity(plan));
}

/* An empty side on either hand is a plan too; nothing declared is no parity. */
static void empty_sides_are_planned(void **state)
{
    (void)state;
    destination(INSTANCE_ANY);
    make_plan("", "Topic a");
    assert_plan("");
    assert_false(plan_is_parity(plan));
    assert_int_equal(plan->counts[KIND_TOPIC].extra, 1);
    make_plan("Topic a", "");
    assert_plan("Topic a missing create\n");
    make_plan("Topic a status=system\nTopic b status=excluded", "");
    assert_false(plan_is_parity(plan));
}

/* Only what is declared is compared: not what is undeclared, not what is only for creation, not what is not held. */
static void only_declared_settings_that_are_held_are_compared(void **state)
{
    (void)state;
    destination(INSTANCE_APSARAMQ);
    make_plan("Topic a messageType=FIFO\nTopic b ~messageType=FIFO ^readQueueNums=4\nTopic c readQueueNums=4 perm=6",
              "Topic a messageType=FIFO remark=x maxSendTps=5\nTopic b messageType=NORMAL\nTopic c messageType=FIFO");
    assert_plan("Topic a inSync\nTopic b inSync\nTopic c inSync\n");
    assert_int_equal(plan_not_held(plan, 0), 0);
    assert_int_equal(plan_not_held(plan, 1), FIELD_BIT(FIELD_TOPIC_READ_QUEUE_NUMS));
    assert_int_equal(plan_not_held(plan, 2), FIELD_BIT(FIELD_TOPIC_READ_QUEUE_NUMS) | FIELD_BIT(FIELD_TOPIC_PERM));
}

/* UNSPECIFIED declares no message type. */
static void an_unspecified_type_is_not_compared(void **state)
{
    (void)state;
    destination(INSTANCE_ROCKETMQ);
    make_plan("Topic a messageType=UNSPECIFIED", "Topic a messageType=FIFO");
    assert_plan("Topic a inSync\n");
}

/* A setting that a complete answer leaves out has its default, and the difference shows it. */
static void an_absent_setting_has_its_default_at_a_provider(void **state)
{
    (void)state;
    destination(INSTANCE_ROCKETMQ);
    make_plan("Topic a perm=6 attributes={cleanup.policy:DELETE}\n"
              "Topic b perm=4 attributes={cleanup.policy:COMPACTION,x:1}\n"
              "ConsumerGroup g groupRetryPolicy.exponentialRetryPolicy.max=5",
              "Topic a\nTopic b\nConsumerGroup g");
    assert_plan(
        "Topic a inSync\n"
        "Topic b differs perm: 4 != 6 attributes.cleanup.policy: COMPACTION != DELETE attributes.x: 1 != absent\n"
        "ConsumerGroup g differs groupRetryPolicy.exponentialRetryPolicy.max: 5 != absent\n");
}

/* A setting that a snapshot leaves out is unknown, and differs. */
static void an_absent_setting_of_a_snapshot_differs(void **state)
{
    (void)state;
    destination(INSTANCE_ANY);
    capabilities.absent_is_default = false;
    make_plan("Topic a perm=6\nTopic b attributes={cleanup.policy:DELETE}\nTopic c attributes={}",
              "Topic a\nTopic b\nTopic c");
    assert_plan("Topic a differs perm: 6 != absent\nTopic b differs attributes.cleanup.policy: DELETE != absent\n"
                "Topic c differs attributes: {} != absent\n");
}

/* Maps compare per declared key. */
static void maps_compare_per_declared_key(void **state)
{
    (void)state;
    destination(INSTANCE_ROCKETMQ);
    make_plan("Topic a attributes={k:1,l:2}\nTopic b attributes={k:1,l:2}",
              "Topic a attributes={k:1,l:2,m:3}\nTopic b attributes={k:2,m:3}");
    assert_plan("Topic a inSync\nTopic b differs attributes.k: 1 != 2 attributes.l: 2 != absent\n");
}

/* Names are ordered by bytes, shorter first, whatever they share. */
static void names_are_joined_by_bytes(void **state)
{
    (void)state;
    destination(INSTANCE_ANY);
    make_plan("Topic aaaaaaaa\nTopic aaaaaaaab\nTopic aaaaaaaaa\nTopic b\nTopic \xc3\xa9\nTopic Z",
              "Topic aaaaaaaaa\nTopic aaaaaaaac\nTopic b\nTopic Z\nTopic zz");
    assert_plan(
        "Topic Z inSync\nTopic aaaaaaaa missing create\nTopic aaaaaaaaa inSync\nTopic aaaaaaaab missing create\n"
        "Topic b inSync\nTopic \xc3\xa9 missing create\n");
    assert_int_equal(plan->counts[KIND_TOPIC].extra, 2);
}

/* ---- what is read of the destination ---- */

/* What is there but not in service yet is creating, whatever its settings. */
static void what_is_not_in_service_is_creating(void **state)
{
    (void)state;
    destination(INSTANCE_APSARAMQ);
    make_plan("Topic a messageType=FIFO", "Topic a messageType=NORMAL status=creating");
    assert_plan("Topic a creating\n");
    assert_false(plan_is_parity(plan));
}

/* Settings that a list does not tell are unread, never equal; once an answer tells any of them it is complete. */
static void what_a_list_does_not_tell_is_unread(void **state)
{
    (void)state;
    destination(INSTANCE_APSARAMQ);
    capabilities.listed[KIND_GROUP] = FIELD_BIT(FIELD_GROUP_REMARK);
    make_plan("ConsumerGroup a maxReceiveTps=5\nConsumerGroup b remark=x\nConsumerGroup c maxReceiveTps=5 remark=y\n"
              "ConsumerGroup d consumeRetryPolicy.maxRetryTimes=16\nConsumerGroup e ~maxReceiveTps=5",
              "ConsumerGroup a remark=x\nConsumerGroup b remark=x\nConsumerGroup c remark=x\n"
              "ConsumerGroup d deliveryOrderType=Orderly\nConsumerGroup e");
    assert_plan("ConsumerGroup a unread\nConsumerGroup b inSync\nConsumerGroup c unread\nConsumerGroup d inSync\n"
                "ConsumerGroup e inSync\n");
    assert_explained(0, "", "it is there, but its settings have not been read");
}

/* A detail that could not be read makes its row unread, with the cause; a row that declares nothing needs none. */
static void a_failed_detail_is_unread(void **state)
{
    (void)state;
    destination(INSTANCE_APSARAMQ);
    make_plan("ConsumerGroup a maxReceiveTps=5\nConsumerGroup b",
              "ConsumerGroup a status=unread problem=throttled\nConsumerGroup b status=unread");
    assert_plan("ConsumerGroup a unread throttled\nConsumerGroup b inSync\n");
    assert_explained(0, "", "said by the test");
}

/* ---- policies, statuses ---- */

/* observe compares and never creates; ignore does not look. */
static void policies_limit_what_is_done(void **state)
{
    (void)state;
    destination(INSTANCE_APSARAMQ);
    make_plan("Topic a policy=observe\nTopic b policy=observe messageType=FIFO\nTopic c policy=ignore\n"
              "Topic d policy=ignore messageType=FIFO\nTopic e policy=observe messageType=FIFO",
              "Topic b messageType=FIFO\nTopic d messageType=NORMAL\nTopic e messageType=NORMAL");
    assert_plan("Topic a missing\nTopic b inSync\nTopic c ignored\nTopic d ignored\n"
                "Topic e differs messageType: FIFO != NORMAL\n");
    make_plan("Topic b policy=observe\nTopic c policy=ignore", "Topic b");
    assert_true(plan_is_parity(plan));
}

/* System and excluded resources keep their place, whatever the destination holds, and are no one's difference. */
static void system_and_excluded_keep_their_state(void **state)
{
    (void)state;
    destination(INSTANCE_APSARAMQ);
    make_plan("Topic a status=system\nTopic b status=excluded messageType=FIFO\nTopic c status=static\nTopic d",
              "Topic b messageType=NORMAL\nTopic d");
    assert_plan("Topic a system\nTopic b excluded\nTopic c system\nTopic d inSync\n");
    assert_true(plan_is_parity(plan));
    assert_int_equal(plan_declared_count(plan), 1);
}

/* ---- counts, extras ---- */

/* Counts of every kind add up; extras are what nothing declares, system resources left out. */
static void counts_add_up(void **state)
{
    uint32_t position = 0, observed;

    (void)state;
    destination(INSTANCE_APSARAMQ);
    make_plan("Topic a messageType=FIFO\nTopic b messageType=FIFO\nTopic c\nTopic s status=system\nConsumerGroup g",
              "Topic 0\nTopic a messageType=FIFO\nTopic s\nTopic t status=system\nTopic z status=creating\n"
              "ConsumerGroup g\nConsumerGroup h status=unread");
    const struct plan_counts *topics = &plan->counts[KIND_TOPIC], *groups = &plan->counts[KIND_GROUP];
    assert_int_equal(topics->states[STATE_IN_SYNC], 1);
    assert_int_equal(topics->states[STATE_MISSING], 1);
    assert_int_equal(topics->states[STATE_INVALID], 1);
    assert_int_equal(topics->states[STATE_SYSTEM], 1);
    assert_int_equal(topics->creates, 1);
    assert_int_equal(topics->present, 1);
    assert_int_equal(topics->extra, 2);
    assert_int_equal(groups->states[STATE_IN_SYNC], 1);
    assert_int_equal(groups->present, 1);
    assert_int_equal(groups->extra, 1);
    static const char *const expected[] = {"0", "z", "h"};
    for (size_t i = 0; i < 3; i++) {
        assert_true(plan_next_extra(plan, &position, &observed));
        assert_true(text_is(catalog_name(plan->observed, &catalog_rows(plan->observed)[observed]), expected[i]));
    }
    assert_false(plan_next_extra(plan, &position, &observed));
}

/* Every state has a name, and the name leads back. */
static void states_have_names(void **state)
{
    (void)state;
    for (enum state each = 0; each < STATES; each++)
        assert_int_equal(state_by_name(text_of(state_name(each))), each);
    assert_int_equal(state_by_name(TEXT("nonsense")), STATES);
    assert_true(state_is_parity(STATE_ACCEPTED));
    assert_false(state_is_parity(STATE_UNREAD));
}

/* ---- what cannot be created ---- */

/* Name rules, unknown message types and the like concern what is missing; what is there is there. */
static void rules_concern_missing_resources(void **state)
{
    static const char declared[] = "Topic has%percent messageType=FIFO\nTopic untyped\n"
                                   "ConsumerGroup orderly deliveryOrderType=Orderly";

    (void)state;
    destination(INSTANCE_APSARAMQ);
    make_plan(declared, "");
    assert_int_equal(plan->rows[0].state, STATE_INVALID);
    assert_int_equal(plan->rows[1].cause, CAUSE_MESSAGE_TYPE_UNKNOWN);
    assert_int_equal(plan->rows[2].state, STATE_INVALID);
    for (uint32_t row = 0; row < 3; row++) {
        enum field field;
        char sentence[256];
        plan_explain(plan, row, &field, sentence);
        assert_true(strlen(sentence) > 10);
    }
    make_plan(declared, declared);
    assert_plan("Topic has%percent inSync\nTopic untyped inSync\nConsumerGroup orderly inSync\n");
}

/* A topic and a group that want one name are both conflicts where the destination has one name space. */
static void one_name_for_both_kinds_is_a_conflict(void **state)
{
    static const char declared[] =
        "Topic a messageType=NORMAL\nTopic b messageType=NORMAL\nTopic x messageType=NORMAL\n"
        "ConsumerGroup a\nConsumerGroup c\nConsumerGroup x";

    (void)state;
    destination(INSTANCE_ROCKETMQ);
    make_plan(declared, "");
    assert_int_equal(plan->counts[KIND_TOPIC].creates + plan->counts[KIND_GROUP].creates, 6);
    capabilities.rules.names_shared = true;
    make_plan(declared, "");
    assert_plan("Topic a conflict topic-named-like-group\nTopic b missing create\n"
                "Topic x conflict topic-named-like-group\nConsumerGroup a conflict group-named-like-topic\n"
                "ConsumerGroup c missing create\nConsumerGroup x conflict group-named-like-topic\n");
    assert_explained(0, "",
                     "a consumer group of this name is declared too, and this kind of instance keeps one name "
                     "space for both");
}

/* So is a missing one whose name the other kind has at the destination; what is there keeps its state. */
static void a_name_that_is_taken_is_a_conflict(void **state)
{
    (void)state;
    destination(INSTANCE_ROCKETMQ);
    capabilities.rules.names_shared = true;
    make_plan("Topic a\nTopic b\nTopic c\nConsumerGroup b\nConsumerGroup d\nConsumerGroup e policy=ignore",
              "Topic b\nTopic d\nTopic e\nConsumerGroup a");
    assert_plan("Topic a conflict topic-named-like-group\nTopic b inSync\nTopic c missing create\n"
                "ConsumerGroup b conflict group-named-like-topic\nConsumerGroup d conflict group-named-like-topic\n"
                "ConsumerGroup e ignored\n");
    assert_explained(0, "",
                     "a consumer group of this name is there, and this kind of instance keeps one name space "
                     "for both");
}

/* Settings that change behaviour and cannot be held make a missing resource invalid and a present one different. */
static void behaviour_that_cannot_be_held_is_not_silently_lost(void **state)
{
    static const char declared[] = "Topic a messageType=NORMAL perm=4\nConsumerGroup g consumeEnable=false";

    (void)state;
    destination(INSTANCE_APSARAMQ);
    make_plan(declared, "");
    assert_plan("Topic a invalid setting-not-representable\nConsumerGroup g invalid setting-not-representable\n");
    make_plan(declared, "Topic a messageType=NORMAL\nConsumerGroup g");
    assert_plan("Topic a differs perm: 4 != not held\nConsumerGroup g differs consumeEnable: false != not held\n");
}

/* ---- accepted differences ---- */

static void accept(struct accept_rule *rules, uint32_t count)
{
    mapping.accepts = rules;
    mapping.accept_count = count;
}

/* An accepted setting that cannot be held is created without it, and is accepted once it is there. */
static void behaviour_that_is_accepted_passes(void **state)
{
    struct accept_rule rules[] = {{.kinds = MATCH_TOPICS,
                                   .glob = TEXT("a"),
                                   .field = FIELD_TOPIC_PERM,
                                   .has_declared = true,
                                   .declared.number = 4,
                                   .reason = TEXT("read-only later")}};

    (void)state;
    destination(INSTANCE_APSARAMQ);
    accept(rules, 1);
    make_plan("Topic a messageType=NORMAL perm=4\nTopic b messageType=NORMAL perm=4", "");
    assert_plan("Topic a missing create\nTopic b invalid setting-not-representable\n");
    assert_true(plan->accepts_used[0]);
    make_plan("Topic a messageType=NORMAL perm=4", "Topic a messageType=NORMAL");
    assert_plan("Topic a accepted perm: 4 ~ not held (read-only later)\n");
    assert_true(plan_is_parity(plan));
}

/* All differences must be accepted; another value differs again; an entry that matches nothing is known. */
static void every_difference_must_be_accepted(void **state)
{
    struct accept_rule rules[] = {
        {.kinds = MATCH_TOPICS,
         .glob = TEXT("*"),
         .field = FIELD_TOPIC_PERM,
         .has_observed = true,
         .observed.number = 4},
        {.kinds = MATCH_TOPICS,
         .glob = TEXT("c"),
         .field = FIELD_TOPIC_ATTRIBUTES,
         .attribute = TEXT("k"),
         .has_observed = true,
         .observed.text = TEXT("2")},
        {.kinds = MATCH_BOTH, .glob = TEXT("nobody"), .field = FIELD_TOPIC_PERM, .has_observed = true},
    };

    (void)state;
    destination(INSTANCE_ROCKETMQ);
    accept(rules, 3);
    make_plan("Topic a perm=6\nTopic b perm=6 readQueueNums=4\nTopic c perm=6 attributes={k:1}\nTopic d perm=6",
              "Topic a perm=4\nTopic b perm=4 readQueueNums=8\nTopic c perm=4 attributes={k:2}\nTopic d perm=2");
    assert_plan("Topic a accepted perm: 6 ~ 4\nTopic b differs readQueueNums: 4 != 8 perm: 6 ~ 4\n"
                "Topic c accepted perm: 6 ~ 4 attributes.k: 1 ~ 2\nTopic d differs perm: 6 != 2\n");
    assert_true(plan->accepts_used[0]);
    assert_true(plan->accepts_used[1]);
    assert_false(plan->accepts_used[2]);
}

/* A default that was left out is accepted by its value. */
static void a_default_is_accepted_by_its_value(void **state)
{
    struct accept_rule rules[] = {{.kinds = MATCH_TOPICS,
                                   .glob = TEXT("a"),
                                   .field = FIELD_TOPIC_MESSAGE_TYPE,
                                   .has_observed = true,
                                   .observed.text = TEXT("NORMAL")}};

    (void)state;
    destination(INSTANCE_APSARAMQ);
    accept(rules, 1);
    make_plan("Topic a messageType=FIFO", "Topic a");
    assert_plan("Topic a accepted messageType: FIFO ~ NORMAL\n");
}

/* ---- problems of the declared ---- */

/* What two sources declare differently is a conflict, there or not, even where it is to be ignored. */
static void declared_twice_always_counts(void **state)
{
    static const char declared[] = "Topic a problem=declared-twice/perm\nTopic b problem=declared-twice policy=ignore\n"
                                   "Topic c problem=declared-twice";

    (void)state;
    destination(INSTANCE_APSARAMQ);
    make_plan(declared, "Topic c");
    assert_plan("Topic a conflict declared-twice\nTopic b conflict declared-twice\nTopic c conflict declared-twice\n");
    assert_explained(0, "perm", "said by the test");
}

/* Renames that collide are conflicts under one name, each naming all sources. */
static void colliding_renames_are_conflicts(void **state)
{
    (void)state;
    destination(INSTANCE_APSARAMQ);
    make_plan(
        "Topic a\nTopic x source=1 messageType=FIFO\nTopic x source=2\nTopic x source=3\nTopic y messageType=FIFO",
        "Topic a\nTopic x\nTopic y messageType=FIFO");
    assert_plan("Topic a inSync\nTopic x conflict rename-collides\nTopic x conflict rename-collides\n"
                "Topic x conflict rename-collides\nTopic y inSync\n");
    assert_explained(2, "", "the mapping gives one name to \"1\", \"2\" and \"3\"");
    assert_int_equal(plan->counts[KIND_TOPIC].extra, 0);
}

/* A problem that names a setting counts where the destination keeps that setting, and where the resource is missing;
 * that no queue number is known counts where one is needed. */
static void a_problem_of_a_setting_counts_where_it_is_held(void **state)
{
    static const char declared[] = "Topic a messageType=NORMAL problem=queue-numbers-unknown/readQueueNums\n"
                                   "Topic b messageType=NORMAL problem=queue-numbers-unknown\n"
                                   "Topic c messageType=NORMAL problem=invalid-parameter/remark";

    (void)state;
    destination(INSTANCE_APSARAMQ);
    make_plan(declared, "");
    assert_plan("Topic a missing create\nTopic b missing create\nTopic c invalid invalid-parameter\n");
    assert_explained(2, "remark", "said by the test");
    destination(INSTANCE_ROCKETMQ);
    make_plan(declared, "");
    assert_plan("Topic a invalid queue-numbers-unknown\nTopic b invalid queue-numbers-unknown\n"
                "Topic c missing create\n");
    destination(INSTANCE_ANY);
    make_plan(declared, "");
    assert_plan("Topic a invalid queue-numbers-unknown\nTopic b missing create\nTopic c invalid invalid-parameter\n");
    make_plan(declared, declared);
    assert_plan("Topic a inSync\nTopic b inSync\nTopic c inSync\n");
}

/* A source whose masters disagree is a conflict where what they disagree about is kept; where resources are there per
 * master it leaves open on which, whatever is kept. */
static void an_ambiguous_source_counts_where_it_matters(void **state)
{
    static const char declared[] =
        "Topic a messageType=NORMAL problem=source-ambiguous/readQueueNums @x readQueueNums=4 @y readQueueNums=8\n"
        "Topic b problem=source-ambiguous @x messageType=NORMAL @y messageType=FIFO\n"
        "Topic c messageType=NORMAL problem=source-ambiguous/readQueueNums readQueueNums=4\n"
        "Topic d messageType=NORMAL problem=placement-unknown @x remark=r";

    (void)state;
    destination(INSTANCE_APSARAMQ);
    make_plan(declared, "Topic b messageType=NORMAL");
    assert_plan("Topic a missing create\nTopic b conflict source-ambiguous\nTopic c missing create\n"
                "Topic d missing create\n");
    destination(INSTANCE_ROCKETMQ);
    make_plan(declared, "masters x y\nTopic d");
    assert_plan(
        "Topic a conflict source-ambiguous\nTopic b conflict source-ambiguous\nTopic c conflict source-ambiguous\n"
        "Topic d conflict placement-unknown\n");
    capabilities.holds[KIND_TOPIC] &= ~FIELD_BIT(FIELD_TOPIC_READ_QUEUE_NUMS);
    make_plan(declared, "masters x y\nTopic d");
    assert_int_equal(plan->rows[0].cause, CAUSE_SOURCE_AMBIGUOUS);
    assert_int_equal(plan->rows[2].state, STATE_MISSING);
}

/* ---- masters ---- */

/* As declared on some masters and absent on others: missing there, to be created there. */
static void half_a_resource_is_missing_on_the_rest(void **state)
{
    (void)state;
    destination(INSTANCE_ROCKETMQ);
    make_plan("Topic t perm=6\nTopic u perm=6\nTopic v perm=6", "masters a b c\nTopic t @b perm=6\nTopic u perm=6");
    assert_plan("Topic t missing create +a +c\nTopic u inSync\nTopic v missing create +a +b +c\n");
    assert_int_equal(plan->counts[KIND_TOPIC].present, 2);
}

/* Different on one master: differs, and is created nowhere. */
static void different_anywhere_is_created_nowhere(void **state)
{
    (void)state;
    destination(INSTANCE_ROCKETMQ);
    make_plan("Topic t perm=6 readQueueNums=8\nTopic u perm=6",
              "masters a b c\nTopic t @a perm=4 readQueueNums=4 @b perm=6 readQueueNums=4\n"
              "Topic u @a perm=2 @b perm=6 @c perm=4");
    assert_plan("Topic t differs readQueueNums@a: 8 != 4 readQueueNums@b: 8 != 4 perm@a: 6 != 4\n"
                "Topic u differs perm@a: 6 != 2 perm@c: 6 != 4\n");
    assert_int_equal(plan->counts[KIND_TOPIC].creates, 0);
}

/* A difference that is accepted on one master lets the others be created. */
static void an_accepted_difference_lets_the_rest_be_created(void **state)
{
    struct accept_rule rules[] = {{.kinds = MATCH_TOPICS,
                                   .glob = TEXT("t"),
                                   .field = FIELD_TOPIC_PERM,
                                   .has_observed = true,
                                   .observed.number = 4}};

    (void)state;
    destination(INSTANCE_ROCKETMQ);
    accept(rules, 1);
    make_plan("Topic t perm=6", "masters a b\nTopic t @a perm=4");
    assert_plan("Topic t missing create +b\n");
    assert_true(plan_accepted_fields(plan, 0) == FIELD_BIT(FIELD_TOPIC_PERM));
}

/* A static topic, or the cluster's own: there, and never what is declared. */
static void what_is_there_and_not_ordinary_is_a_conflict(void **state)
{
    (void)state;
    destination(INSTANCE_ROCKETMQ);
    make_plan("Topic main perm=7\nTopic t perm=6\nTopic u perm=6",
              "masters a b\nTopic main status=system @a perm=7 @b perm=7\nTopic t status=static @a perm=6\nTopic u @a "
              "perm=6");
    assert_plan("Topic main conflict topic-exists\nTopic t conflict topic-exists\nTopic u missing create +b\n");
    assert_explained(0, "", "a topic of RocketMQ's own has this name at the destination");
    assert_explained(1, "", "a static topic has this name at the destination: queues of it are spread over brokers");
}

/* A declared placement is looked for on its masters only, by name. */
static void a_declared_placement_is_compared_on_its_masters(void **state)
{
    static const char declared[] = "masters b a\nTopic t @a perm=6 @b perm=4";

    (void)state;
    destination(INSTANCE_ROCKETMQ);
    make_plan(declared, "masters a b c\nTopic t @a perm=6 @b perm=4 @c perm=2");
    assert_plan("Topic t inSync\n");
    make_plan(declared, "masters a b c\nTopic t @a perm=6 @c perm=4");
    assert_plan("Topic t missing create +b\n");
    make_plan(declared, "masters a b c\nTopic t perm=6");
    assert_plan("Topic t differs perm@b: 4 != 6\n");
    make_plan(declared, "masters a b c");
    assert_plan("Topic t missing create +b +a\n");
    make_plan("masters b a\nTopic t policy=observe @b perm=6", "masters a b\nTopic t @a perm=6");
    assert_plan("Topic t missing +b\n");
}

/* A master that the cluster does not have cannot be created on; a snapshot simply notes it. */
static void a_placement_needs_its_master(void **state)
{
    static const char declared[] = "masters a z\nTopic t @z perm=6\nTopic u @a perm=6 @z perm=6";

    (void)state;
    destination(INSTANCE_ROCKETMQ);
    make_plan(declared, "masters a b\nTopic u @a perm=6");
    assert_plan("Topic t invalid invalid-parameter\nTopic u invalid invalid-parameter\n");
    assert_explained(0, "", "it is declared on broker z, which the destination does not have");
    capabilities.masters_fixed = false;
    make_plan(declared, "masters a b\nTopic u @a perm=6");
    assert_plan("Topic t missing create +z\nTopic u missing create +z\n");
    make_plan(declared, "Topic t perm=6\nTopic u perm=4");
    assert_plan("Topic t inSync\nTopic u differs perm@a: 6 != 4 perm@z: 6 != 4\n");
}

/* A cloud instance has no masters: settings per master must simply fit it. */
static void settings_per_master_are_compared_with_a_cloud_instance(void **state)
{
    (void)state;
    destination(INSTANCE_APSARAMQ);
    make_plan("Topic t messageType=FIFO @a readQueueNums=4 @b readQueueNums=8\n"
              "Topic u messageType=FIFO @b\nTopic v messageType=FIFO @a perm=6 @b perm=4\n"
              "Topic w messageType=FIFO @a @b",
              "Topic t messageType=FIFO\nTopic u messageType=NORMAL\nTopic v messageType=FIFO");
    assert_plan("Topic t inSync\nTopic u differs messageType: FIFO != NORMAL\nTopic v differs perm: 4 != not held\n"
                "Topic w missing create\n");
    assert_int_equal(plan_not_held(plan, 0), FIELD_BIT(FIELD_TOPIC_READ_QUEUE_NUMS));
}

/* ---- what a create carries ---- */

/* Declared settings that are held, what is only for creation, and what the kind of instance adds. */
static void a_create_carries_what_is_held_and_completed(void **state)
{
    struct draft draft;

    (void)state;
    destination(INSTANCE_APSARAMQ);
    make_plan("Topic a ~messageType=FIFO readQueueNums=8 ^perm=6\nConsumerGroup g", "");
    plan_create_settings(plan, 0, &draft);
    assert_int_equal(draft.set, FIELD_BIT(FIELD_TOPIC_MESSAGE_TYPE));
    assert_true(text_is(draft.values[FIELD_TOPIC_MESSAGE_TYPE].text, "FIFO"));
    plan_create_settings(plan, 1, &draft);
    assert_true(text_is(draft.values[FIELD_GROUP_DELIVERY_ORDER_TYPE].text, "Concurrently"));
    assert_true((draft.set & FIELD_BIT(FIELD_GROUP_RETRY_POLICY)) != 0);
}

/* A plan keeps its catalogs alive. */
static void a_plan_owns_references(void **state)
{
    (void)state;
    destination(INSTANCE_ANY);
    make_plan("Topic a", "Topic a");
    struct catalog *declared = catalog_ref(plan->declared);
    plan_free(plan);
    plan = NULL;
    assert_int_equal(catalog_count(declared), 1);
    catalog_unref(declared);
    plan_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_row_has_its_state),
        TEST(equal_sides_give_an_empty_plan),
        TEST(empty_sides_are_planned),
        TEST(only_declared_settings_that_are_held_are_compared),
        TEST(an_unspecified_type_is_not_compared),
        TEST(an_absent_setting_has_its_default_at_a_provider),
        TEST(an_absent_setting_of_a_snapshot_differs),
        TEST(maps_compare_per_declared_key),
        TEST(names_are_joined_by_bytes),
        TEST(what_is_not_in_service_is_creating),
        TEST(what_a_list_does_not_tell_is_unread),
        TEST(a_failed_detail_is_unread),
        TEST(policies_limit_what_is_done),
        TEST(system_and_excluded_keep_their_state),
        TEST(counts_add_up),
        TEST(states_have_names),
        TEST(rules_concern_missing_resources),
        TEST(one_name_for_both_kinds_is_a_conflict),
        TEST(a_name_that_is_taken_is_a_conflict),
        TEST(behaviour_that_cannot_be_held_is_not_silently_lost),
        TEST(behaviour_that_is_accepted_passes),
        TEST(every_difference_must_be_accepted),
        TEST(a_default_is_accepted_by_its_value),
        TEST(declared_twice_always_counts),
        TEST(colliding_renames_are_conflicts),
        TEST(a_problem_of_a_setting_counts_where_it_is_held),
        TEST(an_ambiguous_source_counts_where_it_matters),
        TEST(half_a_resource_is_missing_on_the_rest),
        TEST(different_anywhere_is_created_nowhere),
        TEST(an_accepted_difference_lets_the_rest_be_created),
        TEST(what_is_there_and_not_ordinary_is_a_conflict),
        TEST(a_declared_placement_is_compared_on_its_masters),
        TEST(a_placement_needs_its_master),
        TEST(settings_per_master_are_compared_with_a_cloud_instance),
        TEST(a_create_carries_what_is_held_and_completed),
        TEST(a_plan_owns_references),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
