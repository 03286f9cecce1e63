/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/base/file.h"
#include "api/cause.h"
#include "api/config_json.h"

/* One object being read; everything of it is released together. */
struct reading {
    char *padded;
    struct json_reader *reader;
    struct json_token begin;
    struct config_json config;
    struct failure why;
    size_t offset;
};

static int read_text(struct reading *reading, enum kind kind, struct text text)
{
    *reading = (struct reading){.padded = json_pad(text)};
    assert_non_null(reading->padded);
    reading->reader = json_reader_new((struct text){reading->padded, text.bytes}, &reading->why);
    assert_non_null(reading->reader);
    assert_int_equal(json_next(reading->reader, &reading->begin), JSON_BEGIN_OBJECT);
    config_json_init(&reading->config);
    return config_json_read(&reading->config, kind, reading->reader, &reading->begin, &reading->offset, &reading->why);
}

static void release(struct reading *reading)
{
    config_json_release(&reading->config);
    json_reader_free(reading->reader);
    free(reading->padded);
}

static void read_well(struct reading *reading, enum kind kind, const char *text)
{
    int status = read_text(reading, kind, text_of(text));

    assert_string_equal(reading->why.text, "");
    assert_int_equal(status, 0);
    struct json_token token;
    assert_int_equal(json_next(reading->reader, &token), JSON_END);
}

static void assert_number(const struct reading *reading, enum field field, int64_t number)
{
    assert_true((reading->config.draft.set & FIELD_BIT(field)) != 0);
    assert_int_equal(reading->config.draft.values[field].number, number);
}

static void assert_spelt(const struct reading *reading, enum field field, const char *spelling)
{
    struct buffer out;

    assert_true((reading->config.draft.set & FIELD_BIT(field)) != 0);
    buffer_init(&out, 10000);
    assert_int_equal(value_append(&out, field, &reading->config.draft.values[field]), 0);
    assert_string_equal(out.data, spelling);
    buffer_release(&out);
}

static void assert_refused_text(enum kind kind, struct text text, size_t offset, const char *words)
{
    struct reading reading;

    assert_int_equal(read_text(&reading, kind, text), -1);
    assert_string_equal(reading.why.text, words);
    assert_int_equal(reading.why.cause, CAUSE_INPUT_WRONG);
    assert_int_equal(reading.offset, offset);
    release(&reading);
}

/* The place is told by what stands there. */
static void assert_refused(enum kind kind, const char *text, const char *place, const char *words)
{
    const char *at = strstr(text, place);

    assert_non_null(at);
    assert_refused_text(kind, text_of(text), (size_t)(at - text), words);
}

/* --- reading --- */

/* A topic of a 5.x broker says everything that a topic can say. */
static void a_topic_is_read(void **state)
{
    (void)state;
    struct reading reading;

    read_well(&reading, KIND_TOPIC,
              "{\"attributes\":{\"message.type\":\"FIFO\",\"queue.type\":\"SimpleCQ\"},\"order\":true,\"perm\":4,"
              "\"readQueueNums\":8,\"topicFilterType\":\"MULTI_TAG\",\"topicName\":\"orders\",\"topicSysFlag\":1,"
              "\"writeQueueNums\":4}");
    assert_true(text_is(reading.config.name, "orders"));
    assert_spelt(&reading, FIELD_TOPIC_MESSAGE_TYPE, "FIFO");
    assert_spelt(&reading, FIELD_TOPIC_ATTRIBUTES, "{\"queue.type\":\"SimpleCQ\"}");
    assert_spelt(&reading, FIELD_TOPIC_ORDER, "true");
    assert_number(&reading, FIELD_TOPIC_PERM, 4);
    assert_number(&reading, FIELD_TOPIC_READ_QUEUE_NUMS, 8);
    assert_number(&reading, FIELD_TOPIC_WRITE_QUEUE_NUMS, 4);
    assert_spelt(&reading, FIELD_TOPIC_FILTER_TYPE, "MULTI_TAG");
    assert_number(&reading, FIELD_TOPIC_SYS_FLAG, 1);
    assert_int_equal(reading.config.unknown, 0);
    release(&reading);
}

/* A group of a 5.x broker, with every member that there is. */
static void a_group_is_read(void **state)
{
    (void)state;
    struct reading reading;

    read_well(&reading, KIND_GROUP,
              "{\"attributes\":{\"priority.factor\":\"50\"},\"brokerId\":1,\"consumeBroadcastEnable\":false,"
              "\"consumeEnable\":false,\"consumeFromMinEnable\":false,\"consumeMessageOrderly\":true,"
              "\"consumeTimeoutMinute\":20,\"groupName\":\"GID_a\",\"groupRetryPolicy\":{\"customizedRetryPolicy\":"
              "{\"next\":[1000,5000]},\"exponentialRetryPolicy\":{\"initial\":5,\"max\":7,\"multiplier\":2},"
              "\"type\":\"EXPONENTIAL\"},\"groupSysFlag\":3,\"notifyConsumerIdsChangedEnable\":false,"
              "\"retryMaxTimes\":7,\"retryQueueNums\":2,\"subscriptionDataSet\":[{\"topic\":\"a\"}],"
              "\"whichBrokerWhenConsumeSlowly\":9}");
    uint64_t unsaid = FIELD_BIT(FIELD_GROUP_TYPE) | FIELD_BIT(FIELD_GROUP_RETRY_POLICY) |
                      FIELD_BIT(FIELD_GROUP_FIXED_INTERVAL_RETRY_TIME) |
                      FIELD_BIT(FIELD_GROUP_DEAD_LETTER_TARGET_TOPIC) | FIELD_BIT(FIELD_GROUP_MAX_RECEIVE_TPS) |
                      FIELD_BIT(FIELD_GROUP_REMARK) | FIELD_BIT(FIELD_GROUP_MESSAGE_MODEL) |
                      FIELD_BIT(FIELD_GROUP_TOPIC_NAME);
    assert_true(reading.config.draft.set == (fields_of(KIND_GROUP) & ~unsaid));
    assert_true(text_is(reading.config.name, "GID_a"));
    assert_spelt(&reading, FIELD_GROUP_DELIVERY_ORDER_TYPE, "Orderly");
    assert_number(&reading, FIELD_GROUP_MAX_RETRY_TIMES, 7);
    assert_spelt(&reading, FIELD_GROUP_RETRY_TYPE, "EXPONENTIAL");
    assert_number(&reading, FIELD_GROUP_RETRY_EXPONENTIAL_INITIAL, 5);
    assert_number(&reading, FIELD_GROUP_RETRY_EXPONENTIAL_MAX, 7);
    assert_number(&reading, FIELD_GROUP_RETRY_EXPONENTIAL_MULTIPLIER, 2);
    assert_spelt(&reading, FIELD_GROUP_RETRY_CUSTOMIZED_NEXT, "[1000,5000]");
    assert_spelt(&reading, FIELD_GROUP_SUBSCRIPTION_DATA_SET, "[{\"topic\":\"a\"}]");
    assert_spelt(&reading, FIELD_GROUP_ATTRIBUTES, "{\"priority.factor\":\"50\"}");
    assert_number(&reading, FIELD_GROUP_WHICH_BROKER_WHEN_CONSUME_SLOWLY, 9);
    release(&reading);
}

/* Snake case, numbers and booleans as texts, plus signs, nulls, any order: it is all the same. */
static void the_spellings_of_the_wild_are_read(void **state)
{
    (void)state;
    struct reading reading;

    read_well(&reading, KIND_TOPIC,
              "{\"write_queue_nums\":\"4\",\"topic_sys_flag\":null,\"order\":\"false\",\"topic_name\":\"45\",\"perm\":"
              "\"6\",\"attributes\":{\"+message.type\":\"DELAY\",\"+reserve.time\":-1,\"a\":1.50,\"b\":true,"
              "\"c\":false,\"d\":null}}");
    assert_true(text_is(reading.config.name, "45"));
    assert_number(&reading, FIELD_TOPIC_WRITE_QUEUE_NUMS, 4);
    assert_number(&reading, FIELD_TOPIC_ORDER, 0);
    assert_number(&reading, FIELD_TOPIC_PERM, 6);
    assert_spelt(&reading, FIELD_TOPIC_MESSAGE_TYPE, "DELAY");
    assert_spelt(&reading, FIELD_TOPIC_ATTRIBUTES,
                 "{\"a\":\"1.50\",\"b\":\"true\",\"c\":\"false\",\"reserve.time\":\"-1\"}");
    assert_true((reading.config.draft.set & FIELD_BIT(FIELD_TOPIC_SYS_FLAG)) == 0);
    release(&reading);
    read_well(&reading, KIND_GROUP,
              "{\"group_name\":\"g\",\"consume_enable\":\"true\",\"retry_max_times\":\"3\",\"consume_message_orderly\":"
              "\"true\",\"which_broker_when_consume_slowly\":1,\"group_retry_policy\":{\"type\":\"CUSTOMIZED\","
              "\"exponential_retry_policy\":null,\"customizedRetryPolicy\":{\"next\":[\"1\",2]}}}");
    assert_number(&reading, FIELD_GROUP_CONSUME_ENABLE, 1);
    assert_number(&reading, FIELD_GROUP_MAX_RETRY_TIMES, 3);
    assert_spelt(&reading, FIELD_GROUP_DELIVERY_ORDER_TYPE, "Orderly");
    assert_number(&reading, FIELD_GROUP_WHICH_BROKER_WHEN_CONSUME_SLOWLY, 1);
    assert_spelt(&reading, FIELD_GROUP_RETRY_CUSTOMIZED_NEXT, "[1,2]");
    release(&reading);
}

/* What is empty or absent declares nothing. */
static void nothing_said_is_nothing_set(void **state)
{
    (void)state;
    struct reading reading;

    read_well(&reading, KIND_TOPIC, "{}");
    assert_true(reading.config.draft.set == 0);
    assert_int_equal(reading.config.name.bytes, 0);
    release(&reading);
    read_well(&reading, KIND_TOPIC, "{\"attributes\":{},\"topicName\":\"t\",\"perm\":null}");
    assert_true(reading.config.draft.set == 0);
    release(&reading);
    read_well(&reading, KIND_TOPIC, "{\"attributes\":{\"message.type\":\"NORMAL\"}}");
    assert_true(reading.config.draft.set == FIELD_BIT(FIELD_TOPIC_MESSAGE_TYPE));
    release(&reading);
}

/* Brokers store anything: values out of range are kept for the rules to judge. */
static void values_out_of_range_are_kept(void **state)
{
    (void)state;
    struct reading reading;

    read_well(&reading, KIND_TOPIC, "{\"perm\":99,\"readQueueNums\":-3,\"topicFilterType\":\"NEW_ONE\"}");
    assert_number(&reading, FIELD_TOPIC_PERM, 99);
    assert_number(&reading, FIELD_TOPIC_READ_QUEUE_NUMS, -3);
    assert_spelt(&reading, FIELD_TOPIC_FILTER_TYPE, "NEW_ONE");
    release(&reading);
}

/* What nobody knows is stepped over and counted, whatever it holds. */
static void unknown_members_are_counted(void **state)
{
    (void)state;
    struct reading reading;

    read_well(&reading, KIND_TOPIC, "{\"x\":{\"perm\":[1,{}]},\"perm\":6,\"Perm\":2,\"read_queueNums\":1,\"perm_\":2}");
    assert_int_equal(reading.config.unknown, 4);
    assert_true(reading.config.draft.set == FIELD_BIT(FIELD_TOPIC_PERM));
    assert_number(&reading, FIELD_TOPIC_PERM, 6);
    release(&reading);
}

/* One fact in two spellings is fine as long as they agree. */
static void two_spellings_may_agree(void **state)
{
    (void)state;
    struct reading reading;

    read_well(&reading, KIND_TOPIC, "{\"messageType\":\"FIFO\",\"attributes\":{\"message.type\":\"FIFO\"}}");
    assert_spelt(&reading, FIELD_TOPIC_MESSAGE_TYPE, "FIFO");
    release(&reading);
    assert_refused(KIND_TOPIC, "{\"messageType\":\"FIFO\",\"attributes\":{\"message.type\":\"DELAY\"}}",
                   "\"message.type\"", "'message.type' contradicts another member that says the same in other words");
    assert_refused(KIND_GROUP, "{\"consumeMessageOrderly\":false,\"deliveryOrderType\":\"Orderly\"}",
                   "\"deliveryOrderType\"",
                   "'deliveryOrderType' contradicts another member that says the same in other words");
}

/* For groups message.type is an attribute like any other. */
static void groups_have_no_message_type(void **state)
{
    (void)state;
    struct reading reading;

    read_well(&reading, KIND_GROUP, "{\"attributes\":{\"message.type\":\"FIFO\"}}");
    assert_spelt(&reading, FIELD_GROUP_ATTRIBUTES, "{\"message.type\":\"FIFO\"}");
    release(&reading);
}

/* The same struct reads one object after the other; nothing of the last one is left. */
static void one_reading_after_the_other(void **state)
{
    (void)state;
    static const char text[] = "[{\"topicName\":\"a\",\"attributes\":{\"k\":\"1\",\"l\":\"2\"},\"x\":1},{\"perm\":6}]";
    struct failure why = FAILURE_INIT;
    struct config_json config;
    struct json_token token;
    size_t offset;
    char *padded = json_pad(text_of(text));
    struct json_reader *reader = json_reader_new((struct text){padded, sizeof text - 1}, &why);

    config_json_init(&config);
    assert_int_equal(json_next(reader, &token), JSON_BEGIN_ARRAY);
    assert_int_equal(json_next(reader, &token), JSON_BEGIN_OBJECT);
    assert_int_equal(config_json_read(&config, KIND_TOPIC, reader, &token, &offset, &why), 0);
    assert_true(config.draft.set == FIELD_BIT(FIELD_TOPIC_ATTRIBUTES));
    assert_int_equal(config.name_offset, strstr(text, "\"topicName\"") - text);
    assert_int_equal(json_next(reader, &token), JSON_BEGIN_OBJECT);
    assert_int_equal(config_json_read(&config, KIND_TOPIC, reader, &token, &offset, &why), 0);
    assert_true(config.draft.set == FIELD_BIT(FIELD_TOPIC_PERM));
    assert_int_equal(config.name.bytes, 0);
    assert_int_equal(config.unknown, 0);
    assert_int_equal(json_next(reader, &token), JSON_END_ARRAY);
    config_json_release(&config);
    json_reader_free(reader);
    free(padded);
}

/* --- mistakes --- */

/* A member that stands twice is a mistake, also in two spellings of its name and inside of others. */
static void members_that_stand_twice_are_refused(void **state)
{
    (void)state;
    assert_refused(KIND_TOPIC, "{\"perm\":6,\"order\":true, \"perm\":6}", "\"perm\":6}", "'perm' is there twice");
    assert_refused(KIND_TOPIC, "{\"topicName\":\"a\",\"topic_name\":\"a\"}", "\"topic_name\"",
                   "'topic_name' is there twice");
    assert_refused(KIND_TOPIC, "{\"perm\":null,\"perm\":6}", "\"perm\":6", "'perm' is there twice");
    assert_refused(KIND_TOPIC, "{\"attributes\":{\"a\":\"1\",\"b\":\"2\",\"+a\":\"1\"}}", "\"+a\"",
                   "this member stands twice in one object");
    assert_refused(KIND_TOPIC, "{\"attributes\":{\"\":\"1\",\"a\":null,\"a\":\"1\"}}", "\"a\":\"1\"",
                   "this member stands twice in one object");
    assert_refused(KIND_TOPIC, "{\"attributes\":{\"message.type\":\"FIFO\",\"+message.type\":\"FIFO\"}}",
                   "\"+message.type\"", "this member stands twice in one object");
    assert_refused(KIND_GROUP, "{\"groupRetryPolicy\":{\"type\":\"CUSTOMIZED\",\"type\":\"CUSTOMIZED\"}}",
                   "\"type\":\"CUSTOMIZED\"}", "'type' is there twice");
}

/* References to other places are damage, wherever they stand. */
static void references_are_refused(void **state)
{
    (void)state;
    static const char words[] = "'$ref' refers to another place, which is not followed";

    assert_refused(KIND_TOPIC, "{\"$ref\":\"$.topicConfigTable.a\"}", "\"$ref\"", words);
    assert_refused(KIND_GROUP, "{\"groupRetryPolicy\":{\"$ref\":\"$.x\"}}", "\"$ref\"", words);
    assert_refused(KIND_GROUP, "{\"subscriptionDataSet\":[{\"$ref\":\"$.x\"}]}", "\"$ref\"", words);
}

/* A value of another type than the member's is named for what it is. */
static void wrong_types_are_refused(void **state)
{
    (void)state;
    assert_refused(KIND_TOPIC, "{\"perm\":[6]}", "\"perm\"", "perm is a whole number, not a list");
    assert_refused(KIND_GROUP, "{\"groupRetryPolicy\":false}", "\"groupRetryPolicy\"",
                   "groupRetryPolicy is an object, not false");
    assert_refused(KIND_TOPIC, "{\"perm\":true}", "\"perm\"", "perm is a whole number, not true");
    assert_refused(KIND_TOPIC, "{\"perm\":\"RW\"}", "\"perm\"", "perm is a whole number of at most 64 bits, not 'RW'");
    assert_refused(KIND_TOPIC, "{\"perm\":6.5}", "\"perm\"", "perm is a whole number of at most 64 bits, not '6.5'");
    assert_refused(KIND_TOPIC, "{\"perm\":9223372036854775808}", "\"perm\"",
                   "perm is a whole number of at most 64 bits, not '9223372036854775808'");
    assert_refused(KIND_TOPIC, "{\"order\":1}", "\"order\"", "order is true or false, not a number");
    assert_refused(KIND_TOPIC, "{\"order\":\"yes\"}", "\"order\"", "order is true or false, not 'yes'");
    assert_refused(KIND_TOPIC, "{\"topicName\":45}", "\"topicName\"", "topicName is a text, not a number");
    assert_refused(KIND_TOPIC, "{\"topicFilterType\":false}", "\"topicFilterType\"",
                   "topicFilterType is a text, not false");
    assert_refused(KIND_TOPIC, "{\"attributes\":\"a=b\"}", "\"attributes\"",
                   "attributes is an object of texts, not a text");
    assert_refused(KIND_TOPIC, "{\"attributes\":{\"a\":{}}}", "\"a\"", "an attribute is a text, not an object");
    assert_refused(KIND_GROUP, "{\"consumeMessageOrderly\":{}}", "\"consumeMessageOrderly\"",
                   "consumeMessageOrderly is true or false, not an object");
    assert_refused(KIND_GROUP, "{\"groupRetryPolicy\":\"CUSTOMIZED\"}", "\"groupRetryPolicy\"",
                   "groupRetryPolicy is an object, not a text");
    assert_refused(KIND_GROUP, "{\"groupRetryPolicy\":{\"customizedRetryPolicy\":{\"next\":5}}}", "\"next\"",
                   "next is a list of whole numbers, not a number");
    assert_refused(KIND_GROUP, "{\"groupRetryPolicy\":{\"customizedRetryPolicy\":{\"next\":[5,null]}}}", "null",
                   "next is a whole number, not null");
    assert_refused(KIND_GROUP, "{\"subscriptionDataSet\":{}}", "\"subscriptionDataSet\"",
                   "subscriptionDataSet is a list of objects, not an object");
    assert_refused(KIND_GROUP, "{\"subscriptionDataSet\":[5]}", "5",
                   "subscriptionDataSet is a list of objects, not a number");
}

/* Attributes that a request would take away are nothing to create. */
static void removals_are_refused(void **state)
{
    (void)state;
    assert_refused(KIND_TOPIC, "{\"attributes\":{\"-reserve.time\":\"\"}}", "\"-reserve.time\"",
                   "'-reserve.time' would take an attribute away");
}

/* Texts that are not JSON are refused where they break, whatever was being read. */
static void broken_texts_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"perm\":6",
        "{\"perm\":",
        "{\"x\":[1,",
        "{\"attributes\":{\"a\":\"b\"",
        "{\"groupRetryPolicy\":{\"type\":\"C\"",
        "{\"groupRetryPolicy\":{\"customizedRetryPolicy\":{\"next\":[1,",
        "{\"subscriptionDataSet\":[",
        "{\"subscriptionDataSet\":[{\"topic\":\"a\"",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        for (unsigned kind = KIND_TOPIC; kind < KINDS; kind++) {
            struct reading reading;

            assert_int_equal(read_text(&reading, kind, text_of(texts[i])), -1);
            assert_int_equal(reading.why.cause, CAUSE_INPUT_WRONG);
            assert_string_equal(reading.why.text, json_reader_error(reading.reader));
            assert_int_equal(reading.offset, json_reader_error_offset(reading.reader));
            release(&reading);
        }
    }
}

/* Maps and lists beyond all measure are refused. */
static void excess_is_refused(void **state)
{
    (void)state;
    enum { MUCH = 1100000 };
    char *long_list = malloc(MUCH);
    size_t used;

    assert_non_null(long_list);
    used = (size_t)snprintf(long_list, MUCH, "{\"groupRetryPolicy\":{\"customizedRetryPolicy\":{\"next\":[");
    memset(long_list + used, '1', MUCH - used);
    for (size_t at = used + 10; at < MUCH - 10; at += 10)
        long_list[at] = ',';
    memcpy(long_list + MUCH - 4, "]}}}", 4);
    assert_refused_text(KIND_GROUP, (struct text){long_list, MUCH}, (size_t)(strstr(long_list, "\"next\"") - long_list),
                        "'next' is too large");
    used = (size_t)snprintf(long_list, MUCH, "{\"subscriptionDataSet\":[{\"topic\":\"");
    memset(long_list + used, 'a', MUCH - used);
    memcpy(long_list + MUCH - 4, "\"}]}", 4);
    assert_refused_text(KIND_GROUP, (struct text){long_list, MUCH}, 1, "'subscriptionDataSet' is too large");
    used = (size_t)snprintf(long_list, MUCH, "{\"attributes\":{\"a\":\"");
    memset(long_list + used, 'a', MUCH - used);
    memcpy(long_list + MUCH - 3, "\"}}", 3);
    assert_refused_text(KIND_TOPIC, (struct text){long_list, MUCH}, 1, "'attributes' is too large");
    free(long_list);
}

/* After a mistake the reader goes on behind the object. */
static void reading_goes_on_behind_a_mistake(void **state)
{
    (void)state;
    struct reading reading;
    struct json_token token;

    assert_int_equal(read_text(&reading, KIND_TOPIC, TEXT("{\"perm\":[1,{\"a\":2}],\"order\":true}")), -1);
    assert_int_equal(json_skip(reading.reader, &reading.begin), 0);
    assert_int_equal(json_next(reading.reader, &token), JSON_END);
    release(&reading);
}

/* --- subscriptions --- */

/* A set has one text: members in order, elements sorted, each once, nulls and unknown members left out. */
static void subscriptions_have_one_text(void **state)
{
    (void)state;
    struct reading reading;

    read_well(&reading, KIND_GROUP,
              "{\"subscriptionDataSet\":[{\"version\":1,\"topic\":\"b\",\"x\":[1]},"
              "{\"topic\":\"a\",\"expression_type\":\"TAG\",\"expression\":\"*\",\"version\":null},"
              "{\"topic\":\"b\",\"version\":\"1\"}]}");
    assert_spelt(&reading, FIELD_GROUP_SUBSCRIPTION_DATA_SET,
                 "[{\"expression\":\"*\",\"expressionType\":\"TAG\",\"topic\":\"a\"},{\"topic\":\"b\",\"version\":1}]");
    release(&reading);
    read_well(&reading, KIND_GROUP, "{\"subscriptionDataSet\":[]}");
    assert_spelt(&reading, FIELD_GROUP_SUBSCRIPTION_DATA_SET, "[]");
    release(&reading);
    assert_refused(KIND_GROUP, "{\"subscriptionDataSet\":[{\"topic\":\"a\",\"topic\":\"b\"}]}", "\"topic\":\"b\"",
                   "'topic' is there twice");
    assert_refused(KIND_GROUP, "{\"subscriptionDataSet\":[{\"topic\":1}]}", "\"topic\"",
                   "topic is a text, not a number");
}

/* --- writing --- */

static void assert_written(enum kind kind, const char *name, const struct draft *draft,
                           const struct config_json_style *style, const char *expected)
{
    struct json_writer writer;
    struct buffer out;

    buffer_init(&out, 100000);
    json_writer_init(&writer, &out, 0);
    config_json_write_draft(&writer, kind, text_of(name), draft, style);
    assert_false(out.failed);
    assert_string_equal(out.data, expected);
    buffer_release(&out);
}

/* Only what is set, or everything as brokers have it; 4.x without what 5.0 brought. */
static void styles_differ_in_what_is_absent(void **state)
{
    (void)state;
    struct draft draft;

    draft_clear(&draft);
    draft_set_number(&draft, FIELD_TOPIC_WRITE_QUEUE_NUMS, 4);
    draft_set_text(&draft, FIELD_TOPIC_REMARK, TEXT("not held by brokers"));
    draft_set_text(&draft, FIELD_TOPIC_MESSAGE_TYPE, TEXT("FIFO"));
    assert_written(KIND_TOPIC, "a", &draft, &(struct config_json_style){.v5 = true},
                   "{\"attributes\":{\"message.type\":\"FIFO\"},\"topicName\":\"a\",\"writeQueueNums\":4}");
    assert_written(KIND_TOPIC, "a", &draft, &(struct config_json_style){.v5 = false},
                   "{\"topicName\":\"a\",\"writeQueueNums\":4}");
    assert_written(KIND_TOPIC, "a", &draft, &(struct config_json_style){.all_defaults = true},
                   "{\"order\":false,\"perm\":6,\"readQueueNums\":16,\"topicFilterType\":\"SINGLE_TAG\","
                   "\"topicName\":\"a\",\"topicSysFlag\":0,\"writeQueueNums\":4}");
    draft_clear(&draft);
    assert_written(KIND_GROUP, "g", &draft, &(struct config_json_style){.v5 = true}, "{\"groupName\":\"g\"}");
    assert_written(KIND_GROUP, "g", &draft, &(struct config_json_style){.v5 = true, .all_defaults = true},
                   "{\"attributes\":{},\"brokerId\":0,\"consumeBroadcastEnable\":true,\"consumeEnable\":true,"
                   "\"consumeFromMinEnable\":true,\"consumeMessageOrderly\":false,\"consumeTimeoutMinute\":15,"
                   "\"groupName\":\"g\",\"groupRetryPolicy\":{\"type\":\"CUSTOMIZED\"},\"groupSysFlag\":0,"
                   "\"notifyConsumerIdsChangedEnable\":true,\"retryMaxTimes\":16,\"retryQueueNums\":1,"
                   "\"whichBrokerWhenConsumeSlowly\":1}");
}

/* In requests every attribute is signed; messageType stands among the others in the order of keys. */
static void attributes_are_signed_and_sorted(void **state)
{
    (void)state;
    struct config_json_style signs = {.plus_attributes = true, .v5 = true};
    struct draft draft;

    draft_clear(&draft);
    draft_set_text(&draft, FIELD_TOPIC_MESSAGE_TYPE, TEXT("FIFO"));
    draft_set_text(&draft, FIELD_TOPIC_ATTRIBUTES, TEXT("cleanup.policy\0DELETE\0queue.type\0SimpleCQ\0"));
    assert_written(KIND_TOPIC, "a", &draft, &signs,
                   "{\"attributes\":{\"+cleanup.policy\":\"DELETE\",\"+message.type\":\"FIFO\","
                   "\"+queue.type\":\"SimpleCQ\"},\"topicName\":\"a\"}");
    draft_set_text(&draft, FIELD_TOPIC_ATTRIBUTES, TEXT("cleanup.policy\0DELETE\0"));
    assert_written(KIND_TOPIC, "a", &draft, &signs,
                   "{\"attributes\":{\"+cleanup.policy\":\"DELETE\",\"+message.type\":\"FIFO\"},\"topicName\":\"a\"}");
    draft_clear(&draft);
    draft_set_text(&draft, FIELD_GROUP_ATTRIBUTES, TEXT("priority.factor\0007\0"));
    assert_written(KIND_GROUP, "g", &draft, &signs,
                   "{\"attributes\":{\"+priority.factor\":\"7\"},\"groupName\":\"g\"}");
}

/* What was read and is written has not changed. */
static void everything_is_written_as_it_was_read(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"groupName\":\"g\",\"groupRetryPolicy\":{\"exponentialRetryPolicy\":{\"initial\":5,\"max\":7,"
        "\"multiplier\":2},\"type\":\"EXPONENTIAL\"}}",
        "{\"consumeMessageOrderly\":true,\"groupName\":\"g\",\"groupRetryPolicy\":{\"customizedRetryPolicy\":{\"next\":"
        "[1,2]}},\"subscriptionDataSet\":[{\"topic\":\"a\"}]}",
        "{\"consumeEnable\":false,\"groupName\":\"\\u0001\"}",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct reading reading;

        read_well(&reading, KIND_GROUP, texts[i]);
        assert_written(KIND_GROUP, i < 2 ? "g" : "\1", &reading.config.draft, &(struct config_json_style){.v5 = true},
                       texts[i]);
        release(&reading);
    }
}

/* Settings of a catalog are written as the draft they were. */
static void settings_are_written_like_drafts(void **state)
{
    (void)state;
    struct json_writer writer;
    struct buffer out;
    struct draft draft;

    draft_clear(&draft);
    draft_set_number(&draft, FIELD_TOPIC_PERM, 4);
    void *memory = malloc(draft_settings_bytes(&draft));
    assert_non_null(memory);
    buffer_init(&out, 1000);
    json_writer_init(&writer, &out, 0);
    config_json_write(&writer, KIND_TOPIC, TEXT("a"), draft_settle(&draft, 0, memory),
                      &(struct config_json_style){.v5 = true});
    assert_string_equal(out.data, "{\"perm\":4,\"topicName\":\"a\"}");
    buffer_release(&out);
    free(memory);
}

/* A buffer that is full fails as a whole. */
static void a_full_buffer_fails(void **state)
{
    (void)state;
    struct json_writer writer;
    struct buffer out;
    struct draft draft;

    draft_clear(&draft);
    draft_set_text(&draft, FIELD_TOPIC_MESSAGE_TYPE, TEXT("FIFO"));
    buffer_init(&out, 20);
    json_writer_init(&writer, &out, 0);
    config_json_write_draft(&writer, KIND_TOPIC, TEXT("a"), &draft, &(struct config_json_style){.v5 = true});
    assert_true(out.failed);
    buffer_release(&out);
}

/* --- files --- */

/* The bytes without line ends and tabs: what a broker's file would be, were it not printed for people. */
static char *squeezed(struct text text)
{
    char *out = malloc(text.bytes + 1);
    size_t used = 0;

    assert_non_null(out);
    for (size_t i = 0; i < text.bytes; i++) {
        if (text.data[i] != '\n' && text.data[i] != '\t')
            out[used++] = text.data[i];
    }
    out[used] = '\0';
    return out;
}

static void assert_same_bytes(const char *file, enum kind kind, const struct config_json *config, bool v5)
{
    struct config_json_style style = {.all_defaults = true, .v5 = v5};
    struct json_writer writer;
    struct buffer out;

    buffer_init(&out, 100000);
    json_writer_init(&writer, &out, 0);
    config_json_write_draft(&writer, kind, config->name, &config->draft, &style);
    assert_non_null(strstr(file, out.data));
    buffer_release(&out);
}

/* Reads the objects of one table and writes them again; returns how many there were. */
static int read_table(struct json_reader *reader, enum kind kind, const char *file, bool v5)
{
    struct failure why = FAILURE_INIT;
    struct config_json config;
    struct json_token token;
    size_t offset;
    int count = 0;

    config_json_init(&config);
    for (; json_next(reader, &token) == JSON_BEGIN_OBJECT; count++) {
        struct text key = token.key;

        assert_int_equal(config_json_read(&config, kind, reader, &token, &offset, &why), 0);
        assert_true(text_equal(config.name, key));
        assert_int_equal(config.unknown, 0);
        if (file)
            assert_same_bytes(file, kind, &config, v5);
    }
    assert_int_equal(token.type, JSON_END_OBJECT);
    config_json_release(&config);
    return count;
}

static int read_tables(struct text text, const char *file, bool v5)
{
    struct failure why = FAILURE_INIT;
    struct json_reader *reader = json_reader_new(text, &why);
    struct json_token token;
    int count = 0;

    assert_non_null(reader);
    assert_int_equal(json_next(reader, &token), JSON_BEGIN_OBJECT);
    while (json_next(reader, &token) != JSON_END_OBJECT) {
        assert_int_not_equal(token.type, JSON_BROKEN);
        if (config_json_key_is(token.key, "topicConfigTable"))
            count += read_table(reader, KIND_TOPIC, file, v5);
        else if (config_json_key_is(token.key, "subscriptionGroupTable"))
            count += read_table(reader, KIND_GROUP, file, v5);
        else
            assert_int_equal(json_skip(reader, &token), 0);
    }
    json_reader_free(reader);
    return count;
}

/* What tools and brokers of 4.x and 5.x wrote is read, and written again with the very same bytes. */
static void samples_are_written_with_the_same_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        bool v5;
        int count;
    } samples[] = {
        {"broker-topics.json", true, 20},
        {"broker-topics-4x.json", false, 11},
        {"broker-subscriptionGroup.json", true, 12},
        {"broker-subscriptionGroup-4x.json", false, 8},
        {"export-metadata-4x.json", false, 10},
        {"export-metadata-5x.json", true, 10},
        {"export-metadata-empty.json", true, 0},
        {"export-topic-broker-mode-5x.json", true, 2},
        {"export-subscriptionGroup-broker-mode-5x.json", true, 1},
    };

    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        struct failure why = FAILURE_INIT;
        struct file_text file;
        char path[512];

        snprintf(path, sizeof path, "%s/tests/data/samples/%s", SOURCE_DIR, samples[i].path);
        assert_int_equal(file_read(path, &file, &why), 0);
        char *bytes = squeezed((struct text){file.data, file.bytes});
        print_message("%s\n", samples[i].path);
        assert_int_equal(read_tables((struct text){file.data, file.bytes}, bytes, samples[i].v5), samples[i].count);
        free(bytes);
        file_text_release(&file);
    }
}

/* Tables of public repositories are read where they lie (they are not part of this project). */
static void public_files_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int count;
    } files[] = {
        {"01-326-topics-game.json", 112},
        {"04-326-groups-template.json", 4},
        {"07-440-groups-master1.json", 15},
        {"14-46-topics-broker-a.json", 13},
        {"18-46-topics-broker-b.json", 11},
        {"21-480-topics-dotted-broker.json", 9},
        {"27-5x-topics-fresh.json", 15},
        {"28-5x-groups-fresh.json", 8},
        {"33-440-topics-container-broker.json", 7},
        {"45-492-topics-no-autocreate.json", 9},
        {"47-rust-groups.json", 1},
    };
    const char *reference = getenv("MQFERRY_REFERENCE");
    char path[512];

    snprintf(path, sizeof path, "%s/public", reference ? reference : SOURCE_DIR "/../shared/reference");
    DIR *folder = opendir(path);
    if (!folder) {
        print_message("skipped: %s is not there (MQFERRY_REFERENCE names its parent)\n", path);
        skip();
    }
    closedir(folder);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct failure why = FAILURE_INIT;
        struct file_text file;

        snprintf(path, sizeof path, "%s/public/%s", reference ? reference : SOURCE_DIR "/../shared/reference",
                 files[i].name);
        assert_int_equal(file_read(path, &file, &why), 0);
        print_message("%s\n", files[i].name);
        assert_int_equal(read_tables((struct text){file.data, file.bytes}, NULL, true), files[i].count);
        file_text_release(&file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_topic_is_read),
        cmocka_unit_test(a_group_is_read),
        cmocka_unit_test(the_spellings_of_the_wild_are_read),
        cmocka_unit_test(nothing_said_is_nothing_set),
        cmocka_unit_test(values_out_of_range_are_kept),
        cmocka_unit_test(unknown_members_are_counted),
        cmocka_unit_test(two_spellings_may_agree),
        cmocka_unit_test(groups_have_no_message_type),
        cmocka_unit_test(one_reading_after_the_other),
        cmocka_unit_test(members_that_stand_twice_are_refused),
        cmocka_unit_test(references_are_refused),
        cmocka_unit_test(wrong_types_are_refused),
        cmocka_unit_test(removals_are_refused),
        cmocka_unit_test(broken_texts_are_refused),
        cmocka_unit_test(excess_is_refused),
        cmocka_unit_test(reading_goes_on_behind_a_mistake),
        cmocka_unit_test(subscriptions_have_one_text),
        cmocka_unit_test(styles_differ_in_what_is_absent),
        cmocka_unit_test(attributes_are_signed_and_sorted),
        cmocka_unit_test(everything_is_written_as_it_was_read),
        cmocka_unit_test(settings_are_written_like_drafts),
        cmocka_unit_test(a_full_buffer_fails),
        cmocka_unit_test(samples_are_written_with_the_same_bytes),
        cmocka_unit_test(public_files_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
