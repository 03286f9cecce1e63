/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/base/json.h"
#include "api/cause.h"
#include "api/snapshot_json.h"

#define HEAD "{\"apiVersion\": \"mqferry/v1\", \"kind\": \"Snapshot\", \"standsFor\": \"any\""

static int read_text(const char *text, struct catalog **out, struct snapshot_head *head, struct failure *why)
{
    char *padded = json_pad(text_of(text));

    assert_non_null(padded);
    int result = snapshot_json_read((struct text){padded, strlen(text)}, "state.json", out, head, why);
    free(padded);
    return result;
}

/* Reads what must be right. */
static struct catalog *catalog_of(const char *text, struct snapshot_head *head)
{
    struct failure why = FAILURE_INIT;
    struct catalog *catalog = NULL;
    struct snapshot_head unused;

    if (read_text(text, &catalog, head ? head : &unused, &why) != 0)
        fail_msg("%s", why.text);
    return catalog;
}

static void assert_refused(const char *text, const char *sentence)
{
    struct failure why = FAILURE_INIT;
    struct catalog *catalog = NULL;
    struct snapshot_head head;

    assert_int_equal(read_text(text, &catalog, &head, &why), -1);
    assert_int_equal(why.cause, CAUSE_INPUT_WRONG);
    assert_string_equal(why.text, sentence);
    assert_null(catalog);
}

static const struct resource *find(const struct catalog *catalog, enum kind kind, const char *name)
{
    uint32_t row = catalog_find(catalog, kind, text_of(name));

    assert_int_not_equal(row, CATALOG_ABSENT);
    return &catalog_rows(catalog)[row];
}

static void assert_text(struct text text, const char *wanted)
{
    if (!text_is(text, wanted))
        fail_msg("\"%.*s\" is not \"%s\"", (int)text.bytes, text.data, wanted);
}

static void assert_writes(const struct catalog *catalog, const struct snapshot_head *head, const char *wanted)
{
    struct buffer out;

    buffer_init(&out, 1 << 20);
    assert_int_equal(snapshot_json_write(&out, catalog, head), 0);
    assert_string_equal(out.data, wanted);
    buffer_release(&out);
}

static const char every_setting[] =
    "{\n"
    "  \"apiVersion\": \"mqferry/v1\",\n"
    "  \"kind\": \"Snapshot\",\n"
    "  \"standsFor\": \"rocketmq\",\n"
    "  \"identity\": {\n"
    "    \"brokers\": \"2\",\n"
    "    \"clusterName\": \"demo\"\n"
    "  },\n"
    "  \"topics\": [\n"
    "    {\"name\": \"audit\", \"perm\": 4},\n"
    "    {\"name\": \"orders\", \"messageType\": \"FIFO\", \"remark\": \"订单 \\\"1\\\"\", \"maxSendTps\": 1500, "
    "\"readQueueNums\": 8, \"writeQueueNums\": 8, \"perm\": 6, \"order\": true, \"topicFilterType\": \"SINGLE_TAG\", "
    "\"topicSysFlag\": 0, \"attributes\": {\"cleanup.policy\": \"DELETE\", \"queue.type\": \"BatchCQ\"}},\n"
    "    {\"name\": \"plain\"}\n"
    "  ],\n"
    "  \"consumerGroups\": [\n"
    "    {\"name\": \"GID_a\", \"groupType\": \"tcp\", \"deliveryOrderType\": \"Orderly\", \"consumeRetryPolicy\": "
    "{\"retryPolicy\": \"FixedRetryPolicy\", \"maxRetryTimes\": 16, \"fixedIntervalRetryTime\": 10, "
    "\"deadLetterTargetTopic\": \"dead\"}, \"maxReceiveTps\": 9, \"remark\": \"\", \"consumeEnable\": false, "
    "\"consumeFromMinEnable\": true, \"consumeBroadcastEnable\": true, \"retryQueueNums\": 1, \"brokerId\": 0, "
    "\"whichBrokerWhenConsumeSlowly\": 1, \"notifyConsumerIdsChangedEnable\": true, \"groupSysFlag\": 0, "
    "\"consumeTimeoutMinute\": 15, \"groupRetryPolicy\": {\"type\": \"CUSTOMIZED\", \"exponentialRetryPolicy\": "
    "{\"initial\": 5000, \"max\": 7200000, \"multiplier\": 2}, \"customizedRetryPolicy\": {\"next\": [1000, 5000]}}, "
    "\"subscriptionDataSet\": [{\"expression\":\"*\",\"topic\":\"orders\"}], \"messageModel\": \"CLUSTERING\", "
    "\"topicName\": \"lite\", \"attributes\": {\"priority.factor\": \"100\"}}\n"
    "  ]\n"
    "}\n";

/* Every setting of both kinds comes back as it was written, byte by byte. */
static void test_every_setting_comes_back(void **state)
{
    struct snapshot_head head;
    struct catalog *catalog = catalog_of(every_setting, &head);

    (void)state;
    const struct settings *topic = catalog_settings_of(catalog, find(catalog, KIND_TOPIC, "orders"));
    const struct settings *group = catalog_settings_of(catalog, find(catalog, KIND_GROUP, "GID_a"));
    assert_true(topic->set == fields_of(KIND_TOPIC));
    assert_true(group->set == fields_of(KIND_GROUP));
    assert_text(settings_text(topic, FIELD_TOPIC_REMARK), "订单 \"1\"");
    assert_int_equal(settings_number(topic, FIELD_TOPIC_ORDER), 1);
    assert_int_equal(settings_number(group, FIELD_GROUP_RETRY_EXPONENTIAL_MAX), 7200000);
    assert_text(settings_text(group, FIELD_GROUP_RETRY_CUSTOMIZED_NEXT), "1000,5000");
    assert_int_equal(head.stands_for, INSTANCE_ROCKETMQ);
    assert_string_equal(identity_value(&head.identity, "clusterName"), "demo");
    assert_writes(catalog, &head, every_setting);
    catalog_unref(catalog);
}

/* A snapshot of nothing is a whole document too. */
static void test_an_empty_snapshot_has_all_its_members(void **state)
{
    struct snapshot_head head;
    struct catalog *catalog = catalog_of(HEAD "}", &head);

    (void)state;
    assert_int_equal(catalog_count(catalog), 0);
    assert_writes(catalog, &head,
                  "{\n  \"apiVersion\": \"mqferry/v1\",\n  \"kind\": \"Snapshot\",\n  \"standsFor\": \"any\",\n"
                  "  \"identity\": {},\n  \"topics\": [],\n  \"consumerGroups\": []\n}\n");
    catalog_unref(catalog);
}

/* Members may come in any order, however the text is laid out; what is written then is in order. */
static void test_order_and_layout_do_not_matter(void **state)
{
    struct snapshot_head head;
    struct catalog *catalog =
        catalog_of("{\"consumerGroups\":[{\"groupRetryPolicy\":{\"customizedRetryPolicy\":{\"next\":["
                   "]},\"type\":\"EXPONENTIAL\"},\"subscriptionDataSet\":[{\"topic\":\"t\"},{\"topic\":\"o\","
                   "\"expression\":\"*\"}],"
                   "\"consumeRetryPolicy\":{\"maxRetryTimes\":3},\"name\":\"g\"}],\n"
                   "\"topics\":[{\"name\":\"b\"},{\"order\":false,\"messageType\":\"NORMAL\","
                   "\"name\":\"a\"}],"
                   "\"identity\":{},\"kind\":\"Snapshot\",\"standsFor\":\"any\","
                   "\"apiVersion\":\"mqferry/v1\"}",
                   &head);

    (void)state;
    assert_writes(
        catalog, &head,
        "{\n  \"apiVersion\": \"mqferry/v1\",\n  \"kind\": \"Snapshot\",\n  \"standsFor\": \"any\",\n"
        "  \"identity\": {},\n  \"topics\": [\n"
        "    {\"name\": \"a\", \"messageType\": \"NORMAL\", \"order\": false},\n"
        "    {\"name\": \"b\"}\n  ],\n  \"consumerGroups\": [\n"
        "    {\"name\": \"g\", \"consumeRetryPolicy\": {\"maxRetryTimes\": 3}, \"groupRetryPolicy\": {\"type\": "
        "\"EXPONENTIAL\", \"customizedRetryPolicy\": {\"next\": []}}, \"subscriptionDataSet\": "
        "[{\"expression\":\"*\",\"topic\":\"o\"},{\"topic\":\"t\"}]}\n  ]\n}\n");
    catalog_unref(catalog);
}

/* Where each name stands is known. */
static void test_resources_know_their_place(void **state)
{
    struct catalog *catalog = catalog_of(HEAD ",\n\"topics\": [\n  {\"perm\": 6, \"name\": \"a\"}]}", NULL);
    const struct resource *topic = find(catalog, KIND_TOPIC, "a");

    (void)state;
    assert_int_equal(topic->line, 3);
    assert_int_equal(topic->column, 15);
    assert_string_equal(catalog_file(catalog, topic->file), "state.json");
    assert_int_equal(topic->hand, 0);
    catalog_unref(catalog);
}

static const char on_brokers[] =
    "{\n  \"apiVersion\": \"mqferry/v1\",\n  \"kind\": \"Snapshot\",\n  \"standsFor\": \"rocketmq\",\n"
    "  \"identity\": {},\n  \"topics\": [\n"
    "    {\"name\": \"a\", \"perm\": 6, \"brokers\": {\"broker-a\": {\"readQueueNums\": 8}, "
    "\"broker-b\": {\"readQueueNums\": 4, \"attributes\": {\"x\": \"y\"}}}},\n"
    "    {\"name\": \"b\", \"readQueueNums\": 8, \"brokers\": {\"broker-b\": {}}},\n"
    "    {\"name\": \"c\", \"brokers\": {\"broker-a\": {}, \"broker-b\": {}, \"broker-c\": {}}}\n"
    "  ],\n  \"consumerGroups\": []\n}\n";

/* Settings that differ per broker, and places on some brokers only, come back as they were written. */
static void test_brokers_come_back(void **state)
{
    struct snapshot_head head;
    struct catalog *catalog = catalog_of(on_brokers, &head);
    const struct resource *topic = find(catalog, KIND_TOPIC, "a");

    (void)state;
    assert_int_equal(catalog_master_count(catalog), 3);
    assert_int_equal(topic->spread, 1);
    const struct spread *spread = catalog_spread(catalog, topic->settings);
    assert_int_equal(spread->masters, 2);
    const struct settings *second = catalog_settings(catalog, spread->settings[1]);
    assert_string_equal(catalog_master(catalog, 1), "broker-b");
    assert_int_equal(settings_number(second, FIELD_TOPIC_READ_QUEUE_NUMS), 4);
    assert_int_equal(settings_number(second, FIELD_TOPIC_PERM), 6);
    assert_writes(catalog, &head, on_brokers);
    catalog_unref(catalog);
}

/* Brokers are written by name, whatever order they were met in; a broker's own setting wins over the item's. */
static void test_brokers_are_sorted_and_win(void **state)
{
    struct snapshot_head head;
    struct catalog *catalog =
        catalog_of(HEAD ",\"topics\":[{\"name\":\"a\",\"perm\":6,\"brokers\":{\"z\":{\"perm\":4},\"k\":{}}}]}", &head);

    (void)state;
    assert_writes(catalog, &head,
                  "{\n  \"apiVersion\": \"mqferry/v1\",\n  \"kind\": \"Snapshot\",\n  \"standsFor\": \"any\",\n"
                  "  \"identity\": {},\n  \"topics\": [\n"
                  "    {\"name\": \"a\", \"brokers\": {\"k\": {\"perm\": 6}, \"z\": {\"perm\": 4}}}\n"
                  "  ],\n  \"consumerGroups\": []\n}\n");
    catalog_unref(catalog);
}

/* Only ordinary resources are kept in a snapshot; how a value came about is forgotten. */
static void test_only_ordinary_resources_are_written(void **state)
{
    struct catalog_builder *builder = catalog_builder_new();
    struct snapshot_head head = {.stands_for = INSTANCE_ANY};
    struct failure why = FAILURE_INIT;
    struct catalog *catalog;
    struct draft draft;

    (void)state;
    draft_clear(&draft);
    draft_set_number(&draft, FIELD_TOPIC_READ_QUEUE_NUMS, 4);
    draft.create_only = draft.estimated = draft.set;
    struct entry entry = {.kind = KIND_TOPIC, .name = TEXT("a"), .draft = &draft, .policy = POLICY_OBSERVE};
    assert_int_equal(catalog_add(builder, &entry, &why), 0);
    entry.name = TEXT("TBW102");
    entry.status = STATUS_SYSTEM;
    assert_int_equal(catalog_add(builder, &entry, &why), 0);
    assert_int_equal(catalog_seal(builder, NULL, NULL, &catalog, &why), 0);
    assert_writes(catalog, &head,
                  "{\n  \"apiVersion\": \"mqferry/v1\",\n  \"kind\": \"Snapshot\",\n  \"standsFor\": \"any\",\n"
                  "  \"identity\": {},\n  \"topics\": [\n    {\"name\": \"a\", \"readQueueNums\": 4}\n"
                  "  ],\n  \"consumerGroups\": []\n}\n");
    catalog_unref(catalog);
    catalog_builder_free(builder);
}

/* A document that does not fit is no document. */
static void test_a_ceiling_is_a_failure(void **state)
{
    struct snapshot_head head;
    struct catalog *catalog = catalog_of(every_setting, &head);
    struct buffer out;

    (void)state;
    buffer_init(&out, 200);
    assert_int_equal(snapshot_json_write(&out, catalog, &head), -1);
    buffer_release(&out);
    catalog_unref(catalog);
}

/* What a broker would store comes through: the plan judges it. */
static void test_values_out_of_range_come_through(void **state)
{
    struct catalog *catalog = catalog_of(
        HEAD ",\"topics\":[{\"name\":\"\",\"perm\":99,\"readQueueNums\":-3,\"messageType\":\"NEW\"}]}", NULL);
    const struct settings *settings = catalog_settings_of(catalog, find(catalog, KIND_TOPIC, ""));

    (void)state;
    assert_int_equal(settings_number(settings, FIELD_TOPIC_PERM), 99);
    assert_int_equal(settings_number(settings, FIELD_TOPIC_READ_QUEUE_NUMS), -3);
    assert_text(settings_text(settings, FIELD_TOPIC_MESSAGE_TYPE), "NEW");
    catalog_unref(catalog);
}

/* Whatever writing would not do is refused, with its place. */
static void test_mistakes_are_named_with_their_place(void **state)
{
    static const struct {
        const char *text, *sentence;
    } cases[] = {
        {"[]", "state.json:1:1: a Snapshot is an object"},
        {"{\"kind\": \"Snapshot\", \"standsFor\": \"any\"}",
         "state.json:1:1: this is no whole Snapshot, apiVersion is missing"},
        {"{\"apiVersion\": \"mqferry/v1\", \"standsFor\": \"any\"}",
         "state.json:1:1: this is no whole Snapshot, kind is missing"},
        {"{\"apiVersion\": \"mqferry/v1\", \"kind\": \"Snapshot\"}",
         "state.json:1:1: this is no whole Snapshot, standsFor is missing"},
        {"{\"apiVersion\": \"mqferry/v2\"}",
         "state.json:1:2: apiVersion \"mqferry/v2\" is not known, this program reads mqferry/v1"},
        {"{\"apiVersion\": 1}", "state.json:1:2: apiVersion must be text"},
        {"{\"kind\": \"Plan\"}", "state.json:1:2: kind \"Plan\" is not known, this program reads Snapshot"},
        {"{\"standsFor\": \"kafka\"}", "state.json:1:2: standsFor \"kafka\" is not any, apsaramq, ons or rocketmq"},
        {"{\"standsFor\": null}", "state.json:1:2: standsFor must be text"},
        {HEAD ",\n \"kind\": \"Snapshot\"}", "state.json:2:2: kind stands twice in one object"},
        {HEAD ",\n \"topic\": []}", "state.json:2:2: \"topic\" is no member of a Snapshot"},
        {HEAD ",\n\"topics\": {}}", "state.json:2:1: topics must be a list"},
        {HEAD ",\n\"topics\": [1]}", "state.json:2:12: this must be an object"},
        {HEAD ",\n\"topics\": [{}]}", "state.json:2:12: this topic has no name"},
        {HEAD ",\n\"topics\": [{\"name\": 45}]}", "state.json:2:13: name must be text"},
        {HEAD ",\n\"topics\": [{\"name\": \"a\", \"name\": \"b\"}]}",
         "state.json:2:26: name stands twice in one object"},
        {HEAD ",\n\"topics\": [{\"perm\": 6, \"perm\": 6}]}", "state.json:2:24: perm stands twice in one object"},
        {HEAD ",\n\"topics\": [{\"prem\": 6}]}", "state.json:2:13: \"prem\" is no setting of a topic"},
        {HEAD ",\n\"topics\": [{\"$ref\": \"$.topics[0]\"}]}", "state.json:2:13: \"$ref\" is no setting of a topic"},
        {HEAD ",\n\"topics\": [{\"\": 6}]}", "state.json:2:13: \"\" is no setting of a topic"},
        {HEAD ",\n\"topics\": [{\"perm\": \"6\"}]}", "state.json:2:13: perm must be an integer"},
        {HEAD ",\n\"topics\": [{\"perm\": 6.5}]}", "state.json:2:13: perm must be an integer"},
        {HEAD ",\n\"topics\": [{\"perm\": null}]}", "state.json:2:13: perm must be an integer"},
        {HEAD ",\n\"topics\": [{\"order\": 1}]}", "state.json:2:13: order must be true or false"},
        {HEAD ",\n\"topics\": [{\"remark\": false}]}", "state.json:2:13: remark must be text"},
        {HEAD ",\n\"topics\": [{\"attributes\": []}]}", "state.json:2:13: attributes must be an object"},
        {HEAD ",\n\"topics\": [{\"attributes\": {\"a\": 1}}]}", "state.json:2:28: a must be text"},
        {HEAD ",\n\"topics\": [{\"attributes\": {\"a\": \"1\", \"a\": \"1\"}}]}",
         "state.json:2:13: the attribute a stands twice"},
        {HEAD ",\n\"topics\": [{\"attributes\": {\"message.type\": \"FIFO\"}}]}",
         "state.json:2:28: message.type is the setting messageType, not an attribute"},
        {HEAD ",\n\"topics\": [{\"brokers\": {}}]}", "state.json:2:13: brokers names at least one broker"},
        {HEAD ",\n\"topics\": [{\"brokers\": []}]}", "state.json:2:13: brokers must be an object"},
        {HEAD ",\n\"topics\": [{\"brokers\": {\"\": {}}}]}", "state.json:2:25: a broker has a name"},
        {HEAD ",\n\"topics\": [{\"brokers\": {\"b\": 1}}]}", "state.json:2:25: b must be an object"},
        {HEAD ",\n\"topics\": [{\"brokers\": {\"b\": {}, \"b\": {}}}]}",
         "state.json:2:34: b stands twice in one object"},
        {HEAD ",\n\"topics\": [{\"brokers\": {\"b\": {\"name\": \"c\"}}}]}",
         "state.json:2:31: \"name\" is no setting of a topic"},
        {HEAD ",\n\"topics\": [{\"brokers\": {\"b\": {}}, \"perm\": 6}]}",
         "state.json:2:35: brokers is the last member of an item, perm stands behind it"},
        {HEAD ",\n\"topics\": [{\"name\": \"a\"},\n{\"name\": \"a\"}]}",
         "state.json:3:2: the topic \"a\" stands twice, first in line 2"},
        {HEAD ",\n\"consumerGroups\": [{\"consumeRetryPolicy.maxRetryTimes\": 1}]}",
         "state.json:2:21: \"consumeRetryPolicy.maxRetryTimes\" is no setting of a consumer group"},
        {HEAD ",\n\"consumerGroups\": [{\"consumeRetryPolicy\": {\"times\": 1}}]}",
         "state.json:2:44: \"consumeRetryPolicy.times\" is no setting of a consumer group"},
        {HEAD ",\n\"consumerGroups\": [{\"consumeRetryPolicy\": {}, \"consumeRetryPolicy\": {}}]}",
         "state.json:2:47: consumeRetryPolicy stands twice in one object"},
        {HEAD ",\n\"consumerGroups\": [{\"consumeRetryPolicy\": 16}]}",
         "state.json:2:21: consumeRetryPolicy must be an object"},
        {HEAD ",\n\"consumerGroups\": [{\"groupRetryPolicy\": {\"customizedRetryPolicy\": {\"next\": [\"1\"]}}}]}",
         "state.json:2:77: this must be an integer"},
        {HEAD ",\n\"consumerGroups\": [{\"subscriptionDataSet\": {}}]}",
         "state.json:2:21: subscriptionDataSet must be a list of subscriptions"},
        {HEAD ",\n\"identity\": {\"a\": 1}}", "state.json:2:14: a must be text"},
        {HEAD ",\n\"identity\": {\"a\": \"1\", \"a\": \"1\"}}", "state.json:2:24: a stands twice in one object"},
        {HEAD ",\n\"identity\": {\"12345678901234567890123456789012345678901234567890\": \"1\"}}",
         "state.json:2:14: this part of the identity is too long"},
        {HEAD
         ",\n\"identity\": {\"a\":\"\",\"b\":\"\",\"c\":\"\",\"d\":\"\",\"e\":\"\",\"f\":\"\",\"g\":\"\",\"h\":\"\","
         "\"i\":\"\",\"j\":\"\",\"k\":\"\",\"l\":\"\",\"m\":\"\",\"n\":\"\",\"o\":\"\",\"p\":\"\",\"q\":\"\"}}",
         "state.json:2:126: an identity has at most 16 parts"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_refused(cases[i].text, cases[i].sentence);
}

/* A text that ends early, at whatever byte, is never taken for a smaller snapshot. */
static void test_a_cut_text_is_refused_wherever_it_is_cut(void **state)
{
    (void)state;
    for (size_t bytes = 0; bytes < sizeof every_setting - 3; bytes++) {
        struct failure why = FAILURE_INIT;
        struct snapshot_head head;
        struct catalog *catalog;
        char cut[sizeof every_setting] = {0};
        memcpy(cut, every_setting, bytes);
        assert_int_equal(read_text(cut, &catalog, &head, &why), -1);
        assert_int_equal(why.cause, CAUSE_INPUT_WRONG);
        assert_non_null(strstr(why.text, "state.json:"));
    }
}

/* Text behind the document is damage. */
static void test_text_behind_the_document_is_refused(void **state)
{
    struct failure why = FAILURE_INIT;
    struct snapshot_head head;
    struct catalog *catalog;

    (void)state;
    assert_int_equal(read_text(HEAD "} {}", &catalog, &head, &why), -1);
    assert_int_equal(why.cause, CAUSE_INPUT_WRONG);
}

/* A name longer than anything reads is refused before it is kept. */
static void test_a_name_beyond_all_bounds_is_refused(void **state)
{
    char text[NAME_BYTES_MAX + 200];
    int bytes = snprintf(text, sizeof text, HEAD ",\"topics\":[\n{\"name\":\"%0*d\"}]}", NAME_BYTES_MAX + 1, 7);

    (void)state;
    assert_in_range(bytes, NAME_BYTES_MAX, sizeof text - 1);
    assert_refused(text, "state.json:2:2: the name has 4097 bytes, 4096 are read at most");
}

/* Members that tell a Snapshot from everything else: its own, not those that all documents have. */
static void test_its_own_members_are_known(void **state)
{
    (void)state;
    assert_true(snapshot_member(TEXT("topics")));
    assert_true(snapshot_member(TEXT("consumerGroups")));
    assert_true(snapshot_member(TEXT("standsFor")));
    assert_true(snapshot_member(TEXT("identity")));
    assert_false(snapshot_member(TEXT("kind")));
    assert_false(snapshot_member(TEXT("apiVersion")));
    assert_false(snapshot_member(TEXT("topicConfigTable")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_setting_comes_back),
        cmocka_unit_test(test_an_empty_snapshot_has_all_its_members),
        cmocka_unit_test(test_order_and_layout_do_not_matter),
        cmocka_unit_test(test_resources_know_their_place),
        cmocka_unit_test(test_brokers_come_back),
        cmocka_unit_test(test_brokers_are_sorted_and_win),
        cmocka_unit_test(test_only_ordinary_resources_are_written),
        cmocka_unit_test(test_a_ceiling_is_a_failure),
        cmocka_unit_test(test_values_out_of_range_come_through),
        cmocka_unit_test(test_mistakes_are_named_with_their_place),
        cmocka_unit_test(test_a_cut_text_is_refused_wherever_it_is_cut),
        cmocka_unit_test(test_text_behind_the_document_is_refused),
        cmocka_unit_test(test_a_name_beyond_all_bounds_is_refused),
        cmocka_unit_test(test_its_own_members_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
