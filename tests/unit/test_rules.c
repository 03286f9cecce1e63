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
#include "api/rules.h"

/* --- names --- */

static const char *broken_by(enum instance_kind instance, enum kind kind, struct text name)
{
    static char room[256];
    struct rules rules = rules_of(instance);

    return rules_check_name(&rules, kind, name, room);
}

static void assert_accepted(enum instance_kind instance, enum kind kind, const char *name)
{
    const char *rule = broken_by(instance, kind, text_of(name));

    assert_string_equal(rule ? rule : "", "");
}

static void assert_broken(enum instance_kind instance, enum kind kind, const char *name, const char *expected)
{
    const char *rule = broken_by(instance, kind, text_of(name));

    assert_non_null(rule);
    assert_string_equal(rule, expected);
}

/* A name of so many letters, behind a beginning. */
static struct text long_name(const char *beginning, size_t bytes)
{
    static char name[1000];

    memset(name, 'a', sizeof name);
    memcpy(name, beginning, strlen(beginning));
    return (struct text){name, bytes};
}

/* ApsaraMQ 5.x: letters, digits, _ and -, the offending character and its place are told. */
static void names_of_5x_have_their_alphabet(void **state)
{
    (void)state;
    assert_accepted(INSTANCE_APSARAMQ, KIND_TOPIC, "orders_EU-1");
    assert_accepted(INSTANCE_APSARAMQ, KIND_TOPIC, "45");
    assert_accepted(INSTANCE_APSARAMQ, KIND_GROUP, "GID_orders");
    assert_broken(INSTANCE_APSARAMQ, KIND_TOPIC, "two words",
                  "topic names of ApsaraMQ 5.x have letters, digits, _ and -; this has ' ' at byte 4");
    assert_broken(INSTANCE_APSARAMQ, KIND_GROUP, "a%b",
                  "consumer group names of ApsaraMQ 5.x have letters, digits, _ and -; this has '%' at byte 2");
    assert_broken(INSTANCE_APSARAMQ, KIND_TOPIC, "\xe8\xae\xa2\xe5\x8d\x95",
                  "topic names of ApsaraMQ 5.x have letters, digits, _ and -; this has '\xe8\xae\xa2' at byte 1");
    assert_broken(INSTANCE_APSARAMQ, KIND_TOPIC, "a\tb",
                  "topic names of ApsaraMQ 5.x have letters, digits, _ and -; this has byte 0x09 at byte 2");
    assert_broken(INSTANCE_APSARAMQ, KIND_TOPIC, "a\xff",
                  "topic names of ApsaraMQ 5.x have letters, digits, _ and -; this has byte 0xFF at byte 2");
    assert_non_null(broken_by(INSTANCE_APSARAMQ, KIND_TOPIC, TEXT("a\0b")));
}

/* ApsaraMQ 5.x: 1 to 60, serverless instances 128. */
static void names_of_5x_have_their_length(void **state)
{
    (void)state;
    struct rules rules = rules_of(INSTANCE_APSARAMQ);
    char room[256];

    assert_broken(INSTANCE_APSARAMQ, KIND_TOPIC, "", "topic names of ApsaraMQ 5.x have 1 to 60 characters, this has 0");
    assert_null(rules_check_name(&rules, KIND_TOPIC, long_name("", 60), room));
    assert_string_equal(rules_check_name(&rules, KIND_GROUP, long_name("", 61), room),
                        "consumer group names of ApsaraMQ 5.x have 1 to 60 characters, this has 61");
    rules.serverless = true;
    assert_null(rules_check_name(&rules, KIND_GROUP, long_name("", 128), room));
    assert_string_equal(rules_check_name(&rules, KIND_TOPIC, long_name("", 129), room),
                        "topic names of ApsaraMQ 5.x have 1 to 128 characters, this has 129");
}

/* ApsaraMQ 5.x: some names, beginnings and ends are its own. */
static void names_of_5x_may_be_reserved(void **state)
{
    (void)state;
    assert_broken(INSTANCE_APSARAMQ, KIND_TOPIC, "TBW102",
                  "topic names of ApsaraMQ 5.x must not be 'TBW102': it is reserved");
    assert_broken(INSTANCE_APSARAMQ, KIND_GROUP, "TOOLS_CONSUMER",
                  "consumer group names of ApsaraMQ 5.x must not be 'TOOLS_CONSUMER': it is reserved");
    assert_broken(INSTANCE_APSARAMQ, KIND_TOPIC, "rocketmq-proxy-1",
                  "topic names of ApsaraMQ 5.x must not begin with 'rocketmq-proxy-'");
    assert_broken(INSTANCE_APSARAMQ, KIND_GROUP, "CID_HOUSEKEEPING_1",
                  "consumer group names of ApsaraMQ 5.x must not begin with 'CID_HOUSEKEEPING'");
    assert_broken(INSTANCE_APSARAMQ, KIND_TOPIC, "c_REPLY_TOPIC",
                  "topic names of ApsaraMQ 5.x must not end with '_REPLY_TOPIC'");
    assert_accepted(INSTANCE_APSARAMQ, KIND_GROUP, "TBW102");
    assert_accepted(INSTANCE_APSARAMQ, KIND_GROUP, "c_REPLY_TOPIC");
}

/* ApsaraMQ 4.x: groups begin with GID_ or GID-, topics must not. */
static void names_of_4x_begin_by_kind(void **state)
{
    (void)state;
    assert_accepted(INSTANCE_ONS, KIND_TOPIC, "orders");
    assert_accepted(INSTANCE_ONS, KIND_GROUP, "GID_orders");
    assert_accepted(INSTANCE_ONS, KIND_GROUP, "GID-orders");
    assert_broken(INSTANCE_ONS, KIND_TOPIC, "GID_orders", "topic names of ApsaraMQ 4.x must not begin with 'GID'");
    assert_broken(INSTANCE_ONS, KIND_TOPIC, "CIDer", "topic names of ApsaraMQ 4.x must not begin with 'CID'");
    assert_broken(INSTANCE_ONS, KIND_GROUP, "orders",
                  "consumer group names of ApsaraMQ 4.x begin with 'GID_' or 'GID-'");
    assert_broken(INSTANCE_ONS, KIND_TOPIC, "a.b",
                  "topic names of ApsaraMQ 4.x have letters, digits, - and _; this has '.' at byte 2");
}

/* ApsaraMQ 4.x: topics 3 to 64, groups 2 to 64. */
static void names_of_4x_have_their_length(void **state)
{
    (void)state;
    assert_broken(INSTANCE_ONS, KIND_TOPIC, "ab", "topic names of ApsaraMQ 4.x have 3 to 64 characters, this has 2");
    assert_accepted(INSTANCE_ONS, KIND_TOPIC, "abc");
    assert_null(broken_by(INSTANCE_ONS, KIND_GROUP, long_name("GID_", 64)));
    assert_string_equal(broken_by(INSTANCE_ONS, KIND_GROUP, long_name("GID_", 65)),
                        "consumer group names of ApsaraMQ 4.x have 2 to 64 characters, this has 65");
    assert_true(rules_of(INSTANCE_ONS).names_shared);
}

/* Open source: percent sign and bar too; topics up to 127, groups up to 120. */
static void names_of_open_source_follow_the_newest_broker(void **state)
{
    (void)state;
    assert_accepted(INSTANCE_ROCKETMQ, KIND_TOPIC, "MQ_INST_1%orders|eu-1");
    assert_accepted(INSTANCE_ROCKETMQ, KIND_GROUP, "g");
    assert_broken(INSTANCE_ROCKETMQ, KIND_TOPIC, "a.b",
                  "topic names of open-source RocketMQ have letters, digits, %, |, _ and -; this has '.' at byte 2");
    assert_null(broken_by(INSTANCE_ROCKETMQ, KIND_TOPIC, long_name("", 127)));
    assert_string_equal(broken_by(INSTANCE_ROCKETMQ, KIND_TOPIC, long_name("", 128)),
                        "topic names of open-source RocketMQ have 1 to 127 characters, this has 128");
    assert_null(broken_by(INSTANCE_ROCKETMQ, KIND_GROUP, long_name("", 120)));
    assert_string_equal(broken_by(INSTANCE_ROCKETMQ, KIND_GROUP, long_name("", 121)),
                        "consumer group names of open-source RocketMQ have 1 to 120 characters, this has 121");
    assert_false(rules_of(INSTANCE_ROCKETMQ).names_shared);
}

/* A snapshot for anything takes what a program can handle: 1 to 255 bytes of UTF-8 without control characters. */
static void names_of_any_are_nearly_free(void **state)
{
    (void)state;
    assert_accepted(INSTANCE_ANY, KIND_TOPIC, "two words, \xe8\xae\xa2\xe5\x8d\x95/.");
    assert_accepted(INSTANCE_ANY, KIND_TOPIC, "\xc2\xa0");
    assert_null(broken_by(INSTANCE_ANY, KIND_GROUP, long_name("", 255)));
    assert_string_equal(broken_by(INSTANCE_ANY, KIND_GROUP, long_name("", 256)),
                        "consumer group names have 1 to 255 bytes, this has 256");
    assert_broken(INSTANCE_ANY, KIND_TOPIC, "a\n",
                  "topic names have no control characters; this has byte 0x0A at byte 2");
    assert_broken(INSTANCE_ANY, KIND_TOPIC, "\x7f",
                  "topic names have no control characters; this has byte 0x7F at byte 1");
    assert_broken(INSTANCE_ANY, KIND_TOPIC, "a\xc2\x85",
                  "topic names have no control characters; this has byte 0xC2 at byte 2");
    assert_broken(INSTANCE_ANY, KIND_TOPIC, "a\xe8\xae", "topic names are UTF-8; this has byte 0xE8 at byte 2");
    assert_non_null(broken_by(INSTANCE_ANY, KIND_TOPIC, TEXT("\0")));
}

/* --- settings --- */

struct judgement {
    int cause;
    enum field field;
    char sentence[256];
};

static struct judgement judge_holding(enum instance_kind instance, enum kind kind, const struct draft *draft,
                                      uint64_t holds, uint64_t accepted)
{
    struct judgement judgement = {.field = FIELD_COUNT, .sentence = ""};
    struct rules rules = rules_of(instance);
    void *memory = malloc(draft_settings_bytes(draft));

    assert_non_null(memory);
    judgement.cause = rules_check_settings(&rules, kind, draft_settle(draft, 0, memory), holds, accepted,
                                           &judgement.field, judgement.sentence);
    free(memory);
    return judgement;
}

static struct judgement judge(enum instance_kind instance, enum kind kind, const struct draft *draft)
{
    return judge_holding(instance, kind, draft, fields_held(instance, kind), 0);
}

static void assert_fine(enum instance_kind instance, enum kind kind, const struct draft *draft)
{
    struct judgement judgement = judge(instance, kind, draft);

    assert_string_equal(judgement.sentence, "");
    assert_int_equal(judgement.cause, CAUSE_NONE);
}

static void assert_judged(struct judgement judgement, int cause, enum field field, const char *sentence)
{
    assert_string_equal(judgement.sentence, sentence);
    assert_int_equal(judgement.cause, cause);
    assert_int_equal(judgement.field, field);
}

static struct draft nothing(void)
{
    struct draft draft;

    draft_clear(&draft);
    return draft;
}

static struct draft topic_of(const char *type)
{
    struct draft draft = nothing();

    draft_set_text(&draft, FIELD_TOPIC_MESSAGE_TYPE, text_of(type));
    return draft;
}

/* What the cloud cannot hold and clients would feel stops a create, until it is accepted. */
static void lost_behaviour_is_refused(void **state)
{
    (void)state;
    struct draft topic = topic_of("NORMAL"), group = nothing();

    draft_set_number(&topic, FIELD_TOPIC_PERM, 4);
    assert_judged(judge(INSTANCE_APSARAMQ, KIND_TOPIC, &topic), CAUSE_SETTING_NOT_REPRESENTABLE, FIELD_TOPIC_PERM,
                  "perm 4 is declared; here every topic can be read and written (6)");
    assert_int_equal(judge_holding(INSTANCE_APSARAMQ, KIND_TOPIC, &topic, fields_held(INSTANCE_APSARAMQ, KIND_TOPIC),
                                   FIELD_BIT(FIELD_TOPIC_PERM))
                         .cause,
                     CAUSE_NONE);
    assert_fine(INSTANCE_ROCKETMQ, KIND_TOPIC, &topic);
    draft_set_number(&topic, FIELD_TOPIC_PERM, 6);
    assert_fine(INSTANCE_APSARAMQ, KIND_TOPIC, &topic);
    draft_set_number(&group, FIELD_GROUP_CONSUME_ENABLE, 1);
    assert_fine(INSTANCE_ONS, KIND_GROUP, &group);
    draft_set_number(&group, FIELD_GROUP_CONSUME_ENABLE, 0);
    assert_judged(judge(INSTANCE_ONS, KIND_GROUP, &group), CAUSE_SETTING_NOT_REPRESENTABLE, FIELD_GROUP_CONSUME_ENABLE,
                  "consumeEnable false is declared; here consuming cannot be switched off");
    assert_fine(INSTANCE_ANY, KIND_GROUP, &group);
}

/* An ordered topic is one of messageType FIFO in the cloud; another type would lose the order. */
static void order_needs_fifo_in_the_cloud(void **state)
{
    (void)state;
    struct draft topic = topic_of("NORMAL");

    draft_set_number(&topic, FIELD_TOPIC_ORDER, 1);
    assert_judged(judge(INSTANCE_ONS, KIND_TOPIC, &topic), CAUSE_SETTING_NOT_REPRESENTABLE, FIELD_TOPIC_ORDER,
                  "order true is declared; here only messageType FIFO keeps an order");
    draft_set_text(&topic, FIELD_TOPIC_MESSAGE_TYPE, TEXT("FIFO"));
    assert_fine(INSTANCE_ONS, KIND_TOPIC, &topic);
    topic = nothing();
    draft_set_number(&topic, FIELD_TOPIC_ORDER, 0);
    draft_set_text(&topic, FIELD_TOPIC_MESSAGE_TYPE, TEXT("NORMAL"));
    assert_fine(INSTANCE_ONS, KIND_TOPIC, &topic);
}

/* What behaviour a present resource lacks: only what is compared counts. */
static void behaviour_not_held_leaves_create_defaults_out(void **state)
{
    (void)state;
    struct draft topic = topic_of("NORMAL");
    uint64_t holds = fields_held(INSTANCE_APSARAMQ, KIND_TOPIC);
    draft_set_number(&topic, FIELD_TOPIC_PERM, 2);
    void *memory = malloc(draft_settings_bytes(&topic));
    assert_non_null(memory);

    assert_true(rules_behaviour_not_held(KIND_TOPIC, draft_settle(&topic, 0, memory), holds) ==
                FIELD_BIT(FIELD_TOPIC_PERM));
    assert_true(rules_behaviour_not_held(KIND_TOPIC, draft_settle(&topic, 0, memory), ~UINT64_C(0)) == 0);
    topic.create_only = FIELD_BIT(FIELD_TOPIC_PERM);
    assert_true(rules_behaviour_not_held(KIND_TOPIC, draft_settle(&topic, 0, memory), holds) == 0);
    assert_int_equal(judge(INSTANCE_APSARAMQ, KIND_TOPIC, &topic).cause, CAUSE_SETTING_NOT_REPRESENTABLE);
    free(memory);
}

/* A message type is never guessed; the order flag is told as evidence. */
static void a_needed_message_type_must_be_declared(void **state)
{
    (void)state;
    struct draft topic = nothing();

    assert_judged(judge(INSTANCE_APSARAMQ, KIND_TOPIC, &topic), CAUSE_MESSAGE_TYPE_UNKNOWN, FIELD_TOPIC_MESSAGE_TYPE,
                  "no message type is declared");
    assert_int_equal(judge(INSTANCE_ONS, KIND_TOPIC, &topic).cause, CAUSE_MESSAGE_TYPE_UNKNOWN);
    assert_fine(INSTANCE_ROCKETMQ, KIND_TOPIC, &topic);
    assert_fine(INSTANCE_ANY, KIND_TOPIC, &topic);
    topic = topic_of("UNSPECIFIED");
    draft_set_number(&topic, FIELD_TOPIC_ORDER, 1);
    assert_judged(judge_holding(INSTANCE_ONS, KIND_TOPIC, &topic, ~UINT64_C(0), 0), CAUSE_MESSAGE_TYPE_UNKNOWN,
                  FIELD_TOPIC_MESSAGE_TYPE, "no message type is declared; order true speaks for FIFO");
}

/* What a door says it needs must be declared: queue numbers have a cause of their own. */
static void other_needs_must_be_declared(void **state)
{
    (void)state;
    struct rules rules = rules_of(INSTANCE_ROCKETMQ);
    struct draft topic = nothing();
    char sentence[256];
    enum field field;
    void *memory = malloc(draft_settings_bytes(&topic));
    assert_non_null(memory);
    const struct settings *settings = draft_settle(&topic, 0, memory);

    rules.needs[KIND_TOPIC] = FIELD_BIT(FIELD_TOPIC_WRITE_QUEUE_NUMS);
    assert_int_equal(rules_check_settings(&rules, KIND_TOPIC, settings, ~UINT64_C(0), 0, &field, sentence),
                     CAUSE_QUEUE_NUMBERS_UNKNOWN);
    assert_int_equal(field, FIELD_TOPIC_WRITE_QUEUE_NUMS);
    assert_string_equal(sentence, "no writeQueueNums are declared");
    rules.needs[KIND_TOPIC] = FIELD_BIT(FIELD_TOPIC_READ_QUEUE_NUMS);
    assert_int_equal(rules_check_settings(&rules, KIND_TOPIC, settings, ~UINT64_C(0), 0, &field, sentence),
                     CAUSE_QUEUE_NUMBERS_UNKNOWN);
    rules.needs[KIND_TOPIC] = FIELD_BIT(FIELD_TOPIC_REMARK);
    assert_int_equal(rules_check_settings(&rules, KIND_TOPIC, settings, ~UINT64_C(0), 0, &field, sentence),
                     CAUSE_INVALID_PARAMETER);
    assert_string_equal(sentence, "no remark is declared");
    free(memory);
}

/* Brokers store anything; a create is held to the ranges. */
static void values_out_of_range_are_refused(void **state)
{
    (void)state;
    struct draft topic = topic_of("NORMAL");

    draft_set_number(&topic, FIELD_TOPIC_PERM, 99);
    assert_judged(judge(INSTANCE_ROCKETMQ, KIND_TOPIC, &topic), CAUSE_INVALID_PARAMETER, FIELD_TOPIC_PERM,
                  "perm is from 0 to 7, not 99");
    draft_set_number(&topic, FIELD_TOPIC_PERM, 6);
    draft_set_number(&topic, FIELD_TOPIC_READ_QUEUE_NUMS, -3);
    assert_judged(judge(INSTANCE_ANY, KIND_TOPIC, &topic), CAUSE_INVALID_PARAMETER, FIELD_TOPIC_READ_QUEUE_NUMS,
                  "readQueueNums is from 0 to 65535, not -3");
    assert_fine(INSTANCE_APSARAMQ, KIND_TOPIC, &topic);
    topic = topic_of("NEWEST");
    assert_judged(judge(INSTANCE_ROCKETMQ, KIND_TOPIC, &topic), CAUSE_INVALID_PARAMETER, FIELD_TOPIC_MESSAGE_TYPE,
                  "messageType is NORMAL, FIFO, DELAY, TRANSACTION, MIXED, PRIORITY, LITE or UNSPECIFIED");
    struct draft group = nothing();
    draft_set_number(&group, FIELD_GROUP_CONSUME_ENABLE, 0);
    draft_set_text(&group, FIELD_GROUP_ATTRIBUTES, TEXT("a\0b\0"));
    draft_set_text(&group, FIELD_GROUP_RETRY_CUSTOMIZED_NEXT, TEXT("1,2"));
    draft_set_text(&group, FIELD_GROUP_SUBSCRIPTION_DATA_SET, TEXT("[]"));
    assert_fine(INSTANCE_ROCKETMQ, KIND_GROUP, &group);
}

/* Remarks are as long as each product lets them be, counted in characters. */
static void remarks_keep_to_the_products_length(void **state)
{
    (void)state;
    struct draft group = nothing(), topic = topic_of("NORMAL");
    char sixty[180];

    for (size_t i = 0; i < 60; i++)
        memcpy(sixty + 3 * i, "\xe8\xae\xa2", 3);
    draft_set_text(&group, FIELD_GROUP_REMARK, (struct text){sixty, sizeof sixty});
    assert_fine(INSTANCE_APSARAMQ, KIND_GROUP, &group);
    draft_set_text(&group, FIELD_GROUP_REMARK, long_name("", 61));
    assert_judged(judge(INSTANCE_APSARAMQ, KIND_GROUP, &group), CAUSE_INVALID_PARAMETER, FIELD_GROUP_REMARK,
                  "remark has at most 60 characters, this has 61");
    draft_set_text(&group, FIELD_GROUP_REMARK, long_name("", 256));
    assert_fine(INSTANCE_ONS, KIND_GROUP, &group);
    draft_set_text(&topic, FIELD_TOPIC_REMARK, long_name("", 129));
    assert_judged(judge(INSTANCE_ONS, KIND_TOPIC, &topic), CAUSE_INVALID_PARAMETER, FIELD_TOPIC_REMARK,
                  "remark has at most 128 characters, this has 129");
    assert_fine(INSTANCE_APSARAMQ, KIND_TOPIC, &topic);
    char long_remark[1025];
    memset(long_remark, 'r', sizeof long_remark);
    draft_set_text(&topic, FIELD_TOPIC_REMARK, (struct text){long_remark, sizeof long_remark});
    assert_judged(judge(INSTANCE_ANY, KIND_TOPIC, &topic), CAUSE_INVALID_PARAMETER, FIELD_TOPIC_REMARK,
                  "remark has 0 to 1024 bytes, this has 1025");
}

/* ONS knows four message types, ApsaraMQ 5.x one more, clusters what the table has. */
static void message_types_depend_on_the_product(void **state)
{
    (void)state;
    static const char *const common[] = {"NORMAL", "FIFO", "DELAY", "TRANSACTION"};

    for (size_t i = 0; i < 4; i++) {
        struct draft topic = topic_of(common[i]);
        for (enum instance_kind instance = INSTANCE_ANY; instance < INSTANCE_KINDS; instance++)
            assert_fine(instance, KIND_TOPIC, &topic);
    }
    struct draft mixed = topic_of("MIXED"), lite = topic_of("LITE");
    assert_judged(judge(INSTANCE_ONS, KIND_TOPIC, &mixed), CAUSE_INVALID_PARAMETER, FIELD_TOPIC_MESSAGE_TYPE,
                  "message types here are NORMAL, FIFO, DELAY, TRANSACTION, not MIXED");
    assert_judged(judge(INSTANCE_APSARAMQ, KIND_TOPIC, &mixed), CAUSE_INVALID_PARAMETER, FIELD_TOPIC_MESSAGE_TYPE,
                  "message types here are NORMAL, FIFO, DELAY, TRANSACTION, LITE, not MIXED");
    assert_int_equal(judge(INSTANCE_ONS, KIND_TOPIC, &lite).cause, CAUSE_INVALID_PARAMETER);
    assert_fine(INSTANCE_APSARAMQ, KIND_TOPIC, &lite);
    assert_fine(INSTANCE_ROCKETMQ, KIND_TOPIC, &mixed);
}

/* Ordered delivery on ApsaraMQ 5.x wants one interval, within its range. */
static void ordered_delivery_needs_an_interval(void **state)
{
    (void)state;
    struct draft group = nothing();

    draft_set_text(&group, FIELD_GROUP_DELIVERY_ORDER_TYPE, TEXT("Orderly"));
    assert_fine(INSTANCE_ROCKETMQ, KIND_GROUP, &group);
    assert_judged(judge(INSTANCE_APSARAMQ, KIND_GROUP, &group), CAUSE_INVALID_PARAMETER, FIELD_GROUP_RETRY_POLICY,
                  "deliveryOrderType Orderly needs consumeRetryPolicy.retryPolicy FixedRetryPolicy");
    draft_set_text(&group, FIELD_GROUP_RETRY_POLICY, TEXT("FixedRetryPolicy"));
    assert_judged(judge(INSTANCE_APSARAMQ, KIND_GROUP, &group), CAUSE_INVALID_PARAMETER,
                  FIELD_GROUP_FIXED_INTERVAL_RETRY_TIME,
                  "deliveryOrderType Orderly needs consumeRetryPolicy.fixedIntervalRetryTime (1 to 600 seconds)");
    draft_set_number(&group, FIELD_GROUP_FIXED_INTERVAL_RETRY_TIME, 600);
    assert_fine(INSTANCE_APSARAMQ, KIND_GROUP, &group);
    draft_set_number(&group, FIELD_GROUP_FIXED_INTERVAL_RETRY_TIME, 601);
    assert_judged(
        judge(INSTANCE_APSARAMQ, KIND_GROUP, &group), CAUSE_INVALID_PARAMETER, FIELD_GROUP_FIXED_INTERVAL_RETRY_TIME,
        "consumeRetryPolicy.fixedIntervalRetryTime is from 1 to 600 seconds where delivery is Orderly, not 601");
    draft_unset(&group, FIELD_GROUP_DELIVERY_ORDER_TYPE);
    assert_fine(INSTANCE_APSARAMQ, KIND_GROUP, &group);
    draft_set_number(&group, FIELD_GROUP_FIXED_INTERVAL_RETRY_TIME, 9);
    assert_judged(
        judge(INSTANCE_APSARAMQ, KIND_GROUP, &group), CAUSE_INVALID_PARAMETER, FIELD_GROUP_FIXED_INTERVAL_RETRY_TIME,
        "consumeRetryPolicy.fixedIntervalRetryTime is from 10 to 1800 seconds where delivery is Concurrently, not 9");
}

/* Clusters take any number of tries; ApsaraMQ 5.x up to a thousand. */
static void tries_depend_on_the_product(void **state)
{
    (void)state;
    struct draft group = nothing();

    draft_set_number(&group, FIELD_GROUP_MAX_RETRY_TIMES, 1000);
    assert_fine(INSTANCE_APSARAMQ, KIND_GROUP, &group);
    draft_set_number(&group, FIELD_GROUP_MAX_RETRY_TIMES, 1001);
    assert_fine(INSTANCE_ROCKETMQ, KIND_GROUP, &group);
    assert_judged(judge(INSTANCE_APSARAMQ, KIND_GROUP, &group), CAUSE_INVALID_PARAMETER, FIELD_GROUP_MAX_RETRY_TIMES,
                  "consumeRetryPolicy.maxRetryTimes is from 0 to 1000, not 1001");
}

/* --- completion --- */

static struct draft completed(enum instance_kind instance, enum kind kind, struct draft draft, uint64_t holds)
{
    struct rules rules = rules_of(instance);

    rules_complete(&rules, kind, &draft, holds);
    return draft;
}

/* Where nothing is said, a create says what the contract promises, and no more. */
static void nothing_said_is_completed(void **state)
{
    (void)state;
    struct draft group = completed(INSTANCE_APSARAMQ, KIND_GROUP, nothing(), ~UINT64_C(0));
    assert_true(group.set == (FIELD_BIT(FIELD_GROUP_DELIVERY_ORDER_TYPE) | FIELD_BIT(FIELD_GROUP_RETRY_POLICY)));
    assert_true(text_is(group.values[FIELD_GROUP_DELIVERY_ORDER_TYPE].text, "Concurrently"));
    assert_true(text_is(group.values[FIELD_GROUP_RETRY_POLICY].text, "DefaultRetryPolicy"));
    group = completed(INSTANCE_ONS, KIND_GROUP, nothing(), ~UINT64_C(0));
    assert_true(group.set == FIELD_BIT(FIELD_GROUP_TYPE));
    assert_true(text_is(group.values[FIELD_GROUP_TYPE].text, "tcp"));
    struct draft topic = completed(INSTANCE_ROCKETMQ, KIND_TOPIC, nothing(), ~UINT64_C(0));
    assert_int_equal(topic.values[FIELD_TOPIC_READ_QUEUE_NUMS].number, 8);
    assert_int_equal(topic.values[FIELD_TOPIC_WRITE_QUEUE_NUMS].number, 8);
    assert_int_equal(topic.values[FIELD_TOPIC_PERM].number, 6);
    assert_int_equal(__builtin_popcountll(topic.set), 3);
    assert_true(completed(INSTANCE_APSARAMQ, KIND_TOPIC, nothing(), ~UINT64_C(0)).set == 0);
    assert_true(completed(INSTANCE_ROCKETMQ, KIND_GROUP, nothing(), ~UINT64_C(0)).set == 0);
    assert_true(completed(INSTANCE_ANY, KIND_TOPIC, nothing(), ~UINT64_C(0)).set == 0);
}

/* What is said stays, and what the destination does not hold is not added. */
static void completion_keeps_what_is_said(void **state)
{
    (void)state;
    struct draft topic = nothing(), group = nothing();

    draft_set_number(&topic, FIELD_TOPIC_WRITE_QUEUE_NUMS, 4);
    topic = completed(INSTANCE_ROCKETMQ, KIND_TOPIC, topic,
                      FIELD_BIT(FIELD_TOPIC_WRITE_QUEUE_NUMS) | FIELD_BIT(FIELD_TOPIC_READ_QUEUE_NUMS));
    assert_int_equal(topic.values[FIELD_TOPIC_WRITE_QUEUE_NUMS].number, 4);
    assert_int_equal(topic.values[FIELD_TOPIC_READ_QUEUE_NUMS].number, 8);
    assert_true((topic.set & FIELD_BIT(FIELD_TOPIC_PERM)) == 0);
    draft_set_text(&group, FIELD_GROUP_TYPE, TEXT("http"));
    group = completed(INSTANCE_ONS, KIND_GROUP, group, ~UINT64_C(0));
    assert_true(text_is(group.values[FIELD_GROUP_TYPE].text, "http"));
    assert_true(completed(INSTANCE_APSARAMQ, KIND_GROUP, nothing(), 0).set == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_5x_have_their_alphabet),
        cmocka_unit_test(names_of_5x_have_their_length),
        cmocka_unit_test(names_of_5x_may_be_reserved),
        cmocka_unit_test(names_of_4x_begin_by_kind),
        cmocka_unit_test(names_of_4x_have_their_length),
        cmocka_unit_test(names_of_open_source_follow_the_newest_broker),
        cmocka_unit_test(names_of_any_are_nearly_free),
        cmocka_unit_test(lost_behaviour_is_refused),
        cmocka_unit_test(order_needs_fifo_in_the_cloud),
        cmocka_unit_test(behaviour_not_held_leaves_create_defaults_out),
        cmocka_unit_test(a_needed_message_type_must_be_declared),
        cmocka_unit_test(other_needs_must_be_declared),
        cmocka_unit_test(values_out_of_range_are_refused),
        cmocka_unit_test(remarks_keep_to_the_products_length),
        cmocka_unit_test(message_types_depend_on_the_product),
        cmocka_unit_test(ordered_delivery_needs_an_interval),
        cmocka_unit_test(tries_depend_on_the_product),
        cmocka_unit_test(nothing_said_is_completed),
        cmocka_unit_test(completion_keeps_what_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
