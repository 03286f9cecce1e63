/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "api/cause.h"
#include "api/cloud/ons.h"
#include "tests/lib/cloud/door.h"

static void begin(struct cloud_door *test)
{
    door_begin(test, ons_open, API_RPC);
}

/* The regional endpoint, and the limits that the vendor publishes. */
static void limits_and_endpoint_are_the_published_ones(void **state)
{
    struct cloud_door test;

    (void)state;
    begin(&test);
    assert_string_equal(test.cloud.last_endpoint, "https://ons.cn-hangzhou.aliyuncs.com");
    assert_int_equal(test.cloud.last_options.published_rate[CLASS_DESCRIBE], 50);
    assert_int_equal(test.cloud.last_options.published_rate[CLASS_CREATE], 10);
    assert_int_equal(test.cloud.last_options.published_rate[CLASS_LIST], 10);
    door_end(&test);
}

/* Only the states 5 and 7 are usable; the capacity counts once the topics were listed. */
static void describe_tells_state_and_capacity(void **state)
{
    static const struct {
        int64_t status;
        bool usable;
        const char *word;
    } rows[] = {{0, false, "0 (deploying)"},
                {2, false, "2 (overdue)"},
                {5, true, "5 (in service)"},
                {7, true, "7 (upgrading)"},
                {9, false, "9 (unknown)"}};
    struct cloud_door test;
    const struct description *description = &test.answer.description;

    (void)state;
    begin(&test);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        test.cloud.instance_status = rows[i].status;
        assert_int_equal(door_describe(&test), CAUSE_NONE);
        assert_int_equal(description->in_service, rows[i].usable);
        assert_string_equal(description->status, rows[i].word);
        assert_int_equal(description->quota_free[KIND_TOPIC], -1);
    }
    assert_string_equal(test.cloud.last_query, "InstanceId=inst-1");
    assert_string_equal(identity_value(&description->identity, "instanceName"), "prod");
    assert_true(description->capabilities.rules.names_shared);
    assert_int_equal(description->capabilities.listed[KIND_GROUP], description->capabilities.holds[KIND_GROUP]);

    test.cloud.capacity = 3;
    fake_add(&test.cloud, KIND_TOPIC, "orders", "0");
    assert_int_equal(door_list(&test, KIND_TOPIC, 0), CAUSE_NONE);
    assert_int_equal(door_describe(&test), CAUSE_NONE);
    assert_int_equal(description->quota_free[KIND_TOPIC], 2);
    assert_int_equal(description->quota_free[KIND_GROUP], -1);
    test.cloud.capacity = 1;
    assert_int_equal(door_describe(&test), CAUSE_NONE);
    assert_int_equal(description->quota_free[KIND_TOPIC], 0);
    door_end(&test);
}

/* Topics come in one part; numbers of message types become words, both ordered ones FIFO. */
static void topics_come_in_one_part(void **state)
{
    static const char *const types[][2] = {{"0", "NORMAL"},      {"1", "FIFO"},  {"2", "FIFO"},
                                           {"4", "TRANSACTION"}, {"5", "DELAY"}, {"9", "9"}};
    struct cloud_door test;
    char name[16], settings[64];

    (void)state;
    begin(&test);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        snprintf(name, sizeof name, "topic%zu", i);
        fake_add(&test.cloud, KIND_TOPIC, name, types[i][0]);
    }
    snprintf(test.cloud.items[1].status, sizeof test.cloud.items[1].status, "CREATING");
    assert_int_equal(door_list(&test, KIND_TOPIC, 0), CAUSE_NONE);
    assert_string_equal(test.cloud.last_query, "InstanceId=inst-1");
    assert_int_equal(test.answer.parts, 1);
    assert_true(test.answer.total == UINT64_MAX);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        snprintf(name, sizeof name, "topic%zu", i);
        snprintf(settings, sizeof settings, "messageType=%s", types[i][1]);
        assert_string_equal(door_settings(&test, KIND_TOPIC, name), settings);
    }
    assert_int_equal(catalog_rows(test.answer.part)[0].status, STATUS_ORDINARY);
    assert_int_equal(catalog_rows(test.answer.part)[1].status, STATUS_CREATING);
    door_end(&test);
}

/* Groups are asked for by type, tcp and http: two parts, in which every group stands once, filter or not. */
static void groups_come_in_two_parts(void **state)
{
    struct cloud_door test;

    (void)state;
    begin(&test);
    fake_add(&test.cloud, KIND_GROUP, "GID_tcp", "tcp");
    fake_add(&test.cloud, KIND_GROUP, "GID_http", "http");
    for (int ignore = 0; ignore < 2; ignore++) {
        if (ignore)
            fake_fail(&test.cloud,
                      (struct fake_fault){.operation = "OnsGroupList", .kind = FAULT_IGNORE_FILTER, .times = 2});
        assert_int_equal(door_list(&test, KIND_GROUP, 0), CAUSE_NONE);
        assert_string_equal(test.cloud.last_query, "InstanceId=inst-1&GroupType=tcp");
        assert_int_equal(test.answer.parts, 2);
        assert_int_equal(door_count(&test, KIND_GROUP), 1);
        assert_string_equal(door_settings(&test, KIND_GROUP, "GID_tcp"), "groupType=tcp");
        assert_int_equal(door_list(&test, KIND_GROUP, 1), CAUSE_NONE);
        assert_string_equal(test.cloud.last_query, "InstanceId=inst-1&GroupType=http");
        assert_int_equal(door_count(&test, KIND_GROUP), 1);
        assert_string_equal(door_settings(&test, KIND_GROUP, "GID_http"), "groupType=http");
    }
    door_end(&test);
}

/* A list of many thousands is read whole, off the loop. */
static void long_lists_are_read_whole(void **state)
{
    struct cloud_door test;
    char name[32];

    (void)state;
    begin(&test);
    for (unsigned i = 0; i < 5000; i++) {
        snprintf(name, sizeof name, "topic%05u", i);
        fake_add(&test.cloud, KIND_TOPIC, name, "0");
    }
    assert_int_equal(door_list(&test, KIND_TOPIC, 0), CAUSE_NONE);
    assert_int_equal(door_count(&test, KIND_TOPIC), 5000);
    assert_int_equal(test.cloud.accepted, 1);
    fake_fail(&test.cloud, (struct fake_fault){.operation = "OnsTopicList", .kind = FAULT_CUT_BODY});
    assert_int_equal(door_list(&test, KIND_TOPIC, 0), CAUSE_BAD_ANSWER);
    door_end(&test);
}

/* A filter finds substrings: only the very name counts, of either type; what is refused as another's is absent. */
static void gets_take_the_exact_name_only(void **state)
{
    struct cloud_door test;

    (void)state;
    begin(&test);
    fake_add(&test.cloud, KIND_GROUP, "GID_a_longer", "tcp");
    fake_add(&test.cloud, KIND_GROUP, "GID_b", "http");
    fake_add(&test.cloud, KIND_TOPIC, "orders", "0");
    assert_int_equal(door_get(&test, KIND_GROUP, "GID_a"), CAUSE_NONE);
    assert_int_equal(door_count(&test, KIND_GROUP), 0);
    assert_int_equal(door_get(&test, KIND_GROUP, "GID_b"), CAUSE_NONE);
    assert_string_equal(door_settings(&test, KIND_GROUP, "GID_b"), "groupType=http");
    assert_int_equal(door_get(&test, KIND_GROUP, "GID_c"), CAUSE_NONE);
    assert_int_equal(door_count(&test, KIND_GROUP), 0);
    assert_int_equal(fake_calls(&test.cloud, "OnsGroupList"), 6);
    assert_int_equal(door_get(&test, KIND_TOPIC, "orders"), CAUSE_NONE);
    assert_string_equal(test.cloud.last_query, "InstanceId=inst-1&Topic=orders");
    assert_string_equal(door_settings(&test, KIND_TOPIC, "orders"), "messageType=NORMAL");
    assert_int_equal(door_get(&test, KIND_TOPIC, "order"), CAUSE_NONE);
    assert_int_equal(door_count(&test, KIND_TOPIC), 0);
    fake_fail(&test.cloud, (struct fake_fault){.operation = "OnsTopicList", .kind = FAULT_IGNORE_FILTER});
    assert_int_equal(door_get(&test, KIND_TOPIC, "order"), CAUSE_NONE);
    assert_int_equal(door_count(&test, KIND_TOPIC), 0);
    door_end(&test);
}

/* The second question of a get may fail although the first did not. */
static void gets_fail_with_either_question(void **state)
{
    struct cloud_door test;

    (void)state;
    begin(&test);
    fake_fail(&test.cloud, (struct fake_fault){.operation = "OnsGroupList", .kind = FAULT_LOST, .skip = 1});
    assert_int_equal(door_get(&test, KIND_GROUP, "GID_a"), CAUSE_UNREACHABLE);
    assert_null(test.answer.part);
    door_end(&test);
}

/* Creates name the instance, the type by its number or protocol, and the remark if there is one. */
static void creates_send_everything_in_the_query(void **state)
{
    struct cloud_door test;

    (void)state;
    begin(&test);
    assert_int_equal(door_create(&test, "Topic orders messageType=FIFO remark=mine readQueueNums=3\n"),
                     OUTCOME_CREATED);
    assert_string_equal(test.cloud.last_query, "InstanceId=inst-1&Topic=orders&MessageType=1&Remark=mine");
    assert_string_equal(test.cloud.last_path, "/");
    assert_string_equal(test.cloud.last_body, "");
    assert_int_equal(door_create(&test, "Topic late messageType=DELAY\n"), OUTCOME_CREATED);
    assert_string_equal(test.cloud.last_query, "InstanceId=inst-1&Topic=late&MessageType=5");
    assert_int_equal(door_create(&test, "ConsumerGroup GID_a\n"), OUTCOME_CREATED);
    assert_string_equal(test.cloud.last_query, "InstanceId=inst-1&GroupId=GID_a&GroupType=tcp");
    assert_int_equal(door_create(&test, "ConsumerGroup GID_b groupType=http remark=x\n"), OUTCOME_CREATED);
    assert_string_equal(test.cloud.last_query, "InstanceId=inst-1&GroupId=GID_b&GroupType=http&Remark=x");
    assert_string_equal(fake_find(&test.cloud, KIND_TOPIC, "orders")->remark, "mine");
    door_end(&test);
}

/* Topics and groups share one name space: the other kind's "exists" is a conflict of names. */
static void names_are_unique_over_both_kinds(void **state)
{
    struct cloud_door test;

    (void)state;
    begin(&test);
    fake_add(&test.cloud, KIND_TOPIC, "one", "0");
    fake_add(&test.cloud, KIND_GROUP, "GID_two", "tcp");
    for (int envelope = 0; envelope < ENVELOPES; envelope++) {
        test.cloud.envelope = (enum fake_envelope)envelope;
        assert_int_equal(door_create(&test, "Topic one messageType=FIFO\n"), OUTCOME_EXISTED);
        assert_int_equal(door_create(&test, "ConsumerGroup GID_two\n"), OUTCOME_EXISTED);
        assert_int_equal(door_create(&test, "Topic GID_two messageType=FIFO\n"), OUTCOME_REFUSED);
        assert_int_equal(test.why.cause, CAUSE_TOPIC_NAMED_LIKE_GROUP);
        assert_int_equal(door_create(&test, "ConsumerGroup one\n"), OUTCOME_REFUSED);
        assert_int_equal(test.why.cause, CAUSE_GROUP_NAMED_LIKE_TOPIC);
    }
    assert_int_equal(test.cloud.count, 2);
    door_end(&test);
}

/* Quotas block their kind; a lost answer is unknown; no request id, no success. */
static void creates_that_fail_say_how(void **state)
{
    struct cloud_door test;

    (void)state;
    begin(&test);
    fake_refuse(&test.cloud, "OnsTopicCreate", 400, "BIZ_TOPIC_TOO_MUCH");
    assert_int_equal(door_create(&test, "Topic one messageType=FIFO\n"), OUTCOME_REFUSED);
    assert_int_equal(test.why.cause, CAUSE_TOPIC_QUOTA_REACHED);
    assert_string_equal(test.why.request_id, "R-1");
    fake_refuse(&test.cloud, "OnsGroupCreate", 400, "BIZ_CONSUMER_ID_BELONG_TO_OTHER_USER");
    assert_int_equal(door_create(&test, "ConsumerGroup GID_a\n"), OUTCOME_REFUSED);
    assert_int_equal(test.why.cause, CAUSE_GROUP_IN_OTHER_INSTANCE);
    fake_fail(&test.cloud, (struct fake_fault){.operation = "OnsTopicCreate", .kind = FAULT_LOST, .skip = 0});
    assert_int_equal(door_create(&test, "Topic two messageType=FIFO\n"), OUTCOME_UNKNOWN);
    assert_non_null(fake_find(&test.cloud, KIND_TOPIC, "two"));
    fake_fail(&test.cloud,
              (struct fake_fault){.operation = "OnsTopicCreate", .kind = FAULT_BODY, .status = 200, .body = "{}"});
    assert_int_equal(door_create(&test, "Topic three messageType=FIFO\n"), OUTCOME_UNKNOWN);
    assert_int_equal(test.why.cause, CAUSE_OUTCOME_UNKNOWN);
    door_end(&test);
}

/* What belongs to another instance fails a list: it would be taken for ours. */
static void items_of_other_instances_fail_the_list(void **state)
{
    struct cloud_door test;

    (void)state;
    begin(&test);
    fake_add(&test.cloud, KIND_TOPIC, "one", "0");
    fake_fail(&test.cloud, (struct fake_fault){.operation = "OnsTopicList", .kind = FAULT_OTHERS});
    assert_int_equal(door_list(&test, KIND_TOPIC, 0), CAUSE_BAD_ANSWER);
    fake_fail(&test.cloud,
              (struct fake_fault){.operation = "OnsInstanceBaseInfo",
                                  .kind = FAULT_BODY,
                                  .status = 200,
                                  .body = "{\"RequestId\":\"x\",\"InstanceBaseInfo\":{\"InstanceId\":\"other\","
                                          "\"InstanceStatus\":5}}"});
    assert_int_equal(door_describe(&test), CAUSE_BAD_ANSWER);
    fake_fail(&test.cloud, (struct fake_fault){.operation = "OnsInstanceBaseInfo",
                                               .kind = FAULT_BODY,
                                               .status = 200,
                                               .body = "{\"RequestId\":\"x\",\"InstanceBaseInfo\":{}}"});
    assert_int_equal(door_describe(&test), CAUSE_BAD_ANSWER);
    fake_refuse(&test.cloud, "OnsInstanceBaseInfo", 404, "INSTANCE_NOT_FOUND");
    assert_int_equal(door_describe(&test), CAUSE_INSTANCE_NOT_FOUND);
    door_end(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_and_endpoint_are_the_published_ones),
        cmocka_unit_test(describe_tells_state_and_capacity),
        cmocka_unit_test(topics_come_in_one_part),
        cmocka_unit_test(groups_come_in_two_parts),
        cmocka_unit_test(long_lists_are_read_whole),
        cmocka_unit_test(gets_take_the_exact_name_only),
        cmocka_unit_test(gets_fail_with_either_question),
        cmocka_unit_test(creates_send_everything_in_the_query),
        cmocka_unit_test(names_are_unique_over_both_kinds),
        cmocka_unit_test(creates_that_fail_say_how),
        cmocka_unit_test(items_of_other_instances_fail_the_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
