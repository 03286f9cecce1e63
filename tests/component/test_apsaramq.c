/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "api/base/monotime.h"
#include "api/base/strings.h"
#include "api/cause.h"
#include "api/cloud/apsaramq.h"
#include "tests/lib/catalog_text.h"
#include "tests/lib/cloud/door.h"

static void begin(struct cloud_door *test)
{
    door_begin(test, apsaramq_open, API_ROA);
}

static void add_topics(struct cloud_door *test, unsigned count)
{
    char name[32];

    for (unsigned i = 0; i < count; i++) {
        snprintf(name, sizeof name, "topic%05u", i);
        fake_add(&test->cloud, KIND_TOPIC, name, "NORMAL");
    }
}

static void raise_flag(void *context)
{
    *(bool *)context = true;
}

/* The options reach the client: the regional endpoint, unless one is given. */
static void endpoints_are_regional(void **state)
{
    struct cloud_door test;

    (void)state;
    begin(&test);
    assert_string_equal(test.cloud.last_endpoint, "https://rocketmq.cn-hangzhou.aliyuncs.com");
    assert_true(test.cloud.last_options.concurrency > 0);
    door_end(&test);
}

/* A client that cannot be made fails the opening, and nothing is left behind. */
static void opening_fails_with_the_client(void **state)
{
    struct cloud_door test;
    struct instance *door = NULL;

    (void)state;
    begin(&test);
    test.cloud.refuse_client = true;
    assert_int_equal(apsaramq_open(&test.options, &door, &test.why), -1);
    assert_int_equal(test.why.cause, CAUSE_CONFIGURATION_WRONG);
    assert_null(door);
    door_end(&test);
}

/* Doors of one slot share one cloud, as long as any of them is open. */
static void doors_of_one_slot_share_a_cloud(void **state)
{
    struct cloud_door test;
    struct cloud *shared = NULL, *first = NULL;
    struct instance *doors[2];

    (void)state;
    begin(&test);
    test.options.cloud = &shared;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(apsaramq_open(&test.options, &doors[i], &test.why), 0);
        first = i == 0 ? shared : first;
        assert_ptr_equal(test.cloud.last_options.cloud, first);
    }
    for (int i = 0; i < 2; i++) {
        bool closed = false;
        assert_ptr_equal(shared, first);
        doors[i]->ops->close(doors[i], raise_flag, &closed);
        test_loop_run_until(&test.loop, &closed);
    }
    assert_null(shared);
    door_end(&test);
}

/* Description: identity, state, quotas, and what the instance can hold. */
static void describe_tells_identity_state_and_quotas(void **state)
{
    struct cloud_door test;
    const struct description *description = &test.answer.description;

    (void)state;
    begin(&test);
    test.cloud.topic_free = 12;
    assert_int_equal(door_describe(&test), CAUSE_NONE);
    assert_string_equal(test.cloud.last_path, "/instances/inst-1");
    assert_string_equal(identity_value(&description->identity, "instanceName"), "prod");
    assert_string_equal(identity_value(&description->identity, "region"), "cn-hangzhou");
    assert_string_equal(identity_value(&description->identity, "instanceId"), "inst-1");
    assert_string_equal(identity_value(&description->identity, "account"), "1234");
    assert_true(description->in_service);
    assert_string_equal(description->status, "RUNNING");
    assert_int_equal(description->quota_free[KIND_TOPIC], 12);
    assert_int_equal(description->quota_free[KIND_GROUP], -1);
    assert_int_equal(description->capabilities.batch_max[KIND_TOPIC], 1);
    assert_true(description->capabilities.absent_is_default);
    assert_false(description->capabilities.rules.serverless);
    assert_false(description->capabilities.listed[KIND_GROUP] & FIELD_BIT(FIELD_GROUP_DELIVERY_ORDER_TYPE));
    door_end(&test);
}

/* A serverless instance takes longer names; one that is being changed is not in service. */
static void series_and_status_are_judged(void **state)
{
    struct cloud_door test;

    (void)state;
    begin(&test);
    test.cloud.sub_series = "serverless";
    test.cloud.status = "CHANGING";
    test.cloud.group_free = 3;
    assert_int_equal(door_describe(&test), CAUSE_NONE);
    assert_true(test.answer.description.capabilities.rules.serverless);
    assert_false(test.answer.description.in_service);
    assert_string_equal(test.answer.description.status, "CHANGING");
    assert_int_equal(test.answer.description.quota_free[KIND_GROUP], 3);
    door_end(&test);
}

/* A list is as many parts as the server has pages; all of them together hold every name once. */
static void lists_come_by_pages(void **state)
{
    struct cloud_door test;
    uint32_t seen = 0;

    (void)state;
    begin(&test);
    add_topics(&test, 250);
    fake_add(&test.cloud, KIND_GROUP, "GID_a", "");
    for (uint32_t part = 0; part < 3; part++) {
        assert_int_equal(door_list(&test, KIND_TOPIC, part), CAUSE_NONE);
        assert_int_equal(test.answer.parts, 3);
        assert_int_equal(test.answer.total, 250);
        seen += door_count(&test, KIND_TOPIC);
    }
    assert_int_equal(seen, 250);
    assert_string_equal(test.cloud.last_query, "pageNumber=3&pageSize=100");
    assert_string_equal(door_settings(&test, KIND_TOPIC, "topic00249"), "messageType=NORMAL");
    assert_int_equal(door_list(&test, KIND_GROUP, 0), CAUSE_NONE);
    assert_string_equal(test.cloud.last_path, "/instances/inst-1/consumerGroups");
    assert_int_equal(door_count(&test, KIND_GROUP), 1);
    door_end(&test);
}

/* An empty list is one part with nothing in it; a server that clamps pages has more of them. */
static void empty_and_clamped_lists(void **state)
{
    struct cloud_door test;

    (void)state;
    begin(&test);
    assert_int_equal(door_list(&test, KIND_TOPIC, 0), CAUSE_NONE);
    assert_int_equal(test.answer.parts, 1);
    assert_int_equal(test.answer.total, 0);
    assert_int_equal(door_count(&test, KIND_TOPIC), 0);
    add_topics(&test, 101);
    test.cloud.page_size_most = 20;
    assert_int_equal(door_list(&test, KIND_TOPIC, 5), CAUSE_NONE);
    assert_int_equal(test.answer.parts, 6);
    assert_int_equal(door_count(&test, KIND_TOPIC), 1);
    door_end(&test);
}

/* Settings and states as they are told; unknown message types pass through; system names are marked. */
static void items_are_read_as_they_are(void **state)
{
    struct cloud_door test;

    (void)state;
    begin(&test);
    struct fake_item *item = fake_add(&test.cloud, KIND_TOPIC, "a", "LITE");
    snprintf(item->remark, sizeof item->remark, "caf\xC3\xA9");
    item->tps = 1500;
    snprintf(fake_add(&test.cloud, KIND_TOPIC, "b", "HOLOGRAM")->status, sizeof item->status, "CREATING");
    fake_add(&test.cloud, KIND_TOPIC, "rmq_sys_x", "NORMAL");
    assert_int_equal(door_list(&test, KIND_TOPIC, 0), CAUSE_NONE);
    assert_string_equal(door_settings(&test, KIND_TOPIC, "a"), "messageType=LITE remark=caf\xC3\xA9 maxSendTps=1500");
    assert_string_equal(door_settings(&test, KIND_TOPIC, "b"), "messageType=HOLOGRAM");
    assert_int_equal(catalog_rows(test.answer.part)[0].status, STATUS_ORDINARY);
    assert_int_equal(catalog_rows(test.answer.part)[1].status, STATUS_CREATING);
    assert_int_equal(catalog_rows(test.answer.part)[2].status, STATUS_SYSTEM);
    door_end(&test);
}

/* Pages that contradict themselves fail: a name twice, another instance's item. A larger total is told as it is. */
static void contradicting_pages_fail(void **state)
{
    struct cloud_door test;

    (void)state;
    begin(&test);
    add_topics(&test, 3);
    fake_fail(&test.cloud, (struct fake_fault){.operation = "ListTopics", .kind = FAULT_TWICE});
    assert_int_equal(door_list(&test, KIND_TOPIC, 0), CAUSE_BAD_ANSWER);
    assert_null(test.answer.part);
    fake_fail(&test.cloud, (struct fake_fault){.operation = "ListTopics", .kind = FAULT_OTHERS});
    assert_int_equal(door_list(&test, KIND_TOPIC, 0), CAUSE_BAD_ANSWER);
    assert_non_null(strstr(test.answer.failure.text, "another-instance"));
    fake_fail(&test.cloud, (struct fake_fault){.operation = "ListTopics", .kind = FAULT_TOTAL});
    assert_int_equal(door_list(&test, KIND_TOPIC, 0), CAUSE_NONE);
    assert_int_equal(test.answer.total, 4);
    assert_int_equal(door_count(&test, KIND_TOPIC), 3);
    door_end(&test);
}

/* ---- details */

/* One group is read whole; what is not there is absent, whatever the envelope. */
static void gets_read_one(void **state)
{
    struct cloud_door test;

    (void)state;
    begin(&test);
    struct fake_item *item = fake_add(&test.cloud, KIND_GROUP, "GID_a", "");
    snprintf(item->order, sizeof item->order, "Orderly");
    snprintf(item->policy, sizeof item->policy, "FixedRetryPolicy");
    snprintf(item->dead_letter, sizeof item->dead_letter, "dead");
    item->interval = 10, item->retries = 5, item->tps = 7;
    assert_int_equal(door_get(&test, KIND_GROUP, "GID_a"), CAUSE_NONE);
    assert_string_equal(test.cloud.last_path, "/instances/inst-1/consumerGroups/GID_a");
    assert_string_equal(door_settings(&test, KIND_GROUP, "GID_a"),
                        "deliveryOrderType=Orderly consumeRetryPolicy.retryPolicy=FixedRetryPolicy "
                        "consumeRetryPolicy.maxRetryTimes=5 consumeRetryPolicy.fixedIntervalRetryTime=10 "
                        "consumeRetryPolicy.deadLetterTargetTopic=dead maxReceiveTps=7");
    for (int envelope = 0; envelope < ENVELOPES; envelope++) {
        test.cloud.envelope = (enum fake_envelope)envelope;
        assert_int_equal(door_get(&test, KIND_GROUP, "GID_b"), CAUSE_NONE);
        assert_int_equal(door_count(&test, KIND_GROUP), 0);
        assert_int_equal(door_get(&test, KIND_TOPIC, "b %/c"), CAUSE_NONE);
        assert_string_equal(test.cloud.last_path, "/instances/inst-1/topics/b%20%25%2Fc");
        assert_int_equal(door_count(&test, KIND_TOPIC), 0);
    }
    door_end(&test);
}

/* What a single read told of a group comes with later lists, until its time of change moves. */
static void details_are_kept_until_the_group_changes(void **state)
{
    struct cloud_door test;
    const char *const whole = "deliveryOrderType=Concurrently consumeRetryPolicy.retryPolicy=DefaultRetryPolicy "
                              "consumeRetryPolicy.maxRetryTimes=3";

    (void)state;
    begin(&test);
    struct fake_item *item = fake_add(&test.cloud, KIND_GROUP, "GID_a", "");
    item->retries = 3;
    assert_int_equal(door_list(&test, KIND_GROUP, 0), CAUSE_NONE);
    assert_string_equal(door_settings(&test, KIND_GROUP, "GID_a"), "");
    assert_int_equal(door_get(&test, KIND_GROUP, "GID_a"), CAUSE_NONE);
    assert_int_equal(door_list(&test, KIND_GROUP, 0), CAUSE_NONE);
    assert_string_equal(door_settings(&test, KIND_GROUP, "GID_a"), whole);
    snprintf(item->updated, sizeof item->updated, "2024-05-06 07:08:10");
    assert_int_equal(door_list(&test, KIND_GROUP, 0), CAUSE_NONE);
    assert_string_equal(door_settings(&test, KIND_GROUP, "GID_a"), "");
    door_end(&test);
}

/* A group that was changed this very second may change once more without a new time: its details are not kept. */
static void details_changed_just_now_are_not_kept(void **state)
{
    struct cloud_door test;
    char now[32];

    (void)state;
    begin(&test);
    time_format(walltime_unix_ms() + INT64_C(8) * 3600 * 1000, now);
    struct fake_item *item = fake_add(&test.cloud, KIND_GROUP, "GID_a", "");
    snprintf(item->updated, sizeof item->updated, "%.10s %.8s", now, now + 11);
    assert_int_equal(door_get(&test, KIND_GROUP, "GID_a"), CAUSE_NONE);
    assert_int_equal(door_list(&test, KIND_GROUP, 0), CAUSE_NONE);
    assert_string_equal(door_settings(&test, KIND_GROUP, "GID_a"), "");
    door_end(&test);
}

/* ---- creating */

/* A create carries what was declared, in the API's own words, and only what this product holds. */
static void creates_carry_the_declared_settings(void **state)
{
    struct cloud_door test;

    (void)state;
    begin(&test);
    assert_int_equal(door_create(&test, "Topic orders messageType=FIFO remark=x maxSendTps=9 readQueueNums=4\n"),
                     OUTCOME_CREATED);
    assert_string_equal(test.cloud.last_method, "POST");
    assert_string_equal(test.cloud.last_path, "/instances/inst-1/topics/orders");
    assert_string_equal(test.cloud.last_body, "{\"messageType\":\"FIFO\",\"remark\":\"x\",\"maxSendTps\":9}");
    assert_int_equal(door_create(&test, "ConsumerGroup GID_a consumeRetryPolicy.maxRetryTimes=5\n"), OUTCOME_CREATED);
    assert_string_equal(test.cloud.last_body,
                        "{\"deliveryOrderType\":\"Concurrently\",\"consumeRetryPolicy\":{\"retryPolicy\":"
                        "\"DefaultRetryPolicy\",\"maxRetryTimes\":5}}");
    assert_int_equal(door_get(&test, KIND_TOPIC, "orders"), CAUSE_NONE);
    assert_string_equal(door_settings(&test, KIND_TOPIC, "orders"), "messageType=FIFO remark=x maxSendTps=9");
    assert_int_equal(test.cloud.accepted, 3);
    door_end(&test);
}

/* "Already exists" is its own outcome, in every envelope. */
static void existing_ones_are_said_to_exist(void **state)
{
    struct cloud_door test;

    (void)state;
    begin(&test);
    fake_add(&test.cloud, KIND_TOPIC, "orders", "NORMAL");
    fake_add(&test.cloud, KIND_GROUP, "GID_a", "");
    for (int envelope = 0; envelope < ENVELOPES; envelope++) {
        test.cloud.envelope = (enum fake_envelope)envelope;
        assert_int_equal(door_create(&test, "Topic orders messageType=FIFO\n"), OUTCOME_EXISTED);
        assert_int_equal(door_create(&test, "ConsumerGroup GID_a\n"), OUTCOME_EXISTED);
    }
    assert_string_equal(fake_find(&test.cloud, KIND_TOPIC, "orders")->type, "NORMAL");
    door_end(&test);
}

/* A refusal has its cause, the provider's words and the request id, in every envelope; unknown codes are no success. */
static void refusals_are_explained_in_every_envelope(void **state)
{
    static const struct {
        const char *code;
        int cause;
    } rows[] = {
        {"Instance.NotFound", CAUSE_INSTANCE_NOT_FOUND},
        {"NoPermission", CAUSE_INSTANCE_PERMISSION_MISSING},
        {"TopicQuotaExceeded", CAUSE_TOPIC_QUOTA_REACHED},
        {"ConsumerGroup.Existed", CAUSE_TOPIC_NAMED_LIKE_GROUP},
        {"InvalidMessageType", CAUSE_INVALID_PARAMETER},
        {"InternalError", CAUSE_TOPIC_CREATE_FAILED},
        {"Never.Seen", CAUSE_REFUSED},
    };
    struct cloud_door test;

    (void)state;
    for (int envelope = 0; envelope < ENVELOPES; envelope++) {
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            begin(&test);
            test.cloud.envelope = (enum fake_envelope)envelope;
            fake_refuse(&test.cloud, "CreateTopic", 400, rows[i].code);
            assert_int_equal(door_create(&test, "Topic a messageType=FIFO\n"), OUTCOME_REFUSED);
            assert_int_equal(test.why.cause, rows[i].cause);
            assert_string_equal(test.why.provider_code, rows[i].code);
            assert_string_equal(test.why.provider_message, "it was refused");
            assert_string_equal(test.why.request_id, "R-1");
            assert_int_equal(test.cloud.count, 0);
            door_end(&test);
        }
    }
}

/* A refused permission names the action that is missing. */
static void missing_permissions_name_the_action(void **state)
{
    struct cloud_door test;

    (void)state;
    begin(&test);
    fake_refuse(&test.cloud, "CreateTopic", 403, "Forbidden.RAM");
    assert_int_equal(door_create(&test, "Topic a messageType=FIFO\n"), OUTCOME_REFUSED);
    assert_non_null(strstr(test.why.text, "rocketmq:CreateTopic"));
    fake_refuse(&test.cloud, "GetInstance", 403, "NoPermission");
    assert_int_equal(door_describe(&test), CAUSE_INSTANCE_PERMISSION_UNVERIFIED);
    assert_non_null(strstr(test.answer.failure.text, "rocketmq:GetInstance"));
    fake_refuse(&test.cloud, "ListConsumerGroups", 403, "NoPermission");
    assert_int_equal(door_list(&test, KIND_GROUP, 0), CAUSE_INSTANCE_PERMISSION_MISSING);
    assert_non_null(strstr(test.answer.failure.text, "rocketmq:ListConsumerGroups"));
    door_end(&test);
}

/* Flow control is told to the budget, and is no answer to the question. */
static void throttling_is_told_to_the_budget(void **state)
{
    struct cloud_door test;

    (void)state;
    begin(&test);
    fake_refuse(&test.cloud, "CreateTopic", 400, "Throttling.User");
    assert_int_equal(door_create(&test, "Topic a messageType=FIFO\n"), OUTCOME_REFUSED);
    assert_int_equal(test.why.cause, CAUSE_THROTTLED);
    fake_fail(
        &test.cloud,
        (struct fake_fault){.operation = "ListTopics", .kind = FAULT_BODY, .status = 429, .body = "<html>slow</html>"});
    assert_int_equal(door_list(&test, KIND_TOPIC, 0), CAUSE_THROTTLED);
    assert_int_equal(test.cloud.throttled, 2);
    assert_int_equal(test.cloud.accepted, 0);
    door_end(&test);
}

/* ---- faults */

/* A create without a usable answer is unknown once it was sent, whatever broke; reading back tells the truth. */
static void creates_without_a_usable_answer_are_unknown(void **state)
{
    static const struct fake_fault faults[] = {
        {.kind = FAULT_LOST},
        {.kind = FAULT_CUT},
        {.kind = FAULT_CUT_BODY},
        {.kind = FAULT_BODY, .status = 500, .body = "<html><h1>500</h1></html>"},
        {.kind = FAULT_BODY, .status = 502, .body = ""},
        {.kind = FAULT_BODY, .status = 200, .body = ""},
        {.kind = FAULT_BODY, .status = 200, .body = "{\"success\":true,\"data\":false}"},
        {.kind = FAULT_BODY, .status = 200, .body = "[]"},
        {.kind = FAULT_REFUSE, .status = 400, .code = "SignatureNonceUsed", .message = "used"},
    };
    struct cloud_door test;

    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        begin(&test);
        struct fake_fault fault = faults[i];
        fault.operation = "CreateTopic";
        fake_fail(&test.cloud, fault);
        assert_int_equal(door_create(&test, "Topic a messageType=FIFO\n"), OUTCOME_UNKNOWN);
        assert_true(test.why.text[0] != '\0');
        assert_int_equal(door_get(&test, KIND_TOPIC, "a"), CAUSE_NONE);
        assert_int_equal(door_count(&test, KIND_TOPIC), fake_find(&test.cloud, KIND_TOPIC, "a") ? 1 : 0);
        assert_int_equal(fake_calls(&test.cloud, "CreateTopic"), 1);
        door_end(&test);
    }
}

/* What never left is surely not done. */
static void creates_that_never_left_are_not_sent(void **state)
{
    struct cloud_door test;

    (void)state;
    begin(&test);
    fake_fail(&test.cloud, (struct fake_fault){.operation = "CreateConsumerGroup", .kind = FAULT_UNSENT});
    assert_int_equal(door_create(&test, "ConsumerGroup a\n"), OUTCOME_NOT_SENT);
    assert_int_equal(test.why.cause, CAUSE_UNREACHABLE);
    assert_int_equal(test.cloud.count, 0);
    door_end(&test);
}

/* Reads fail as a whole: cut, HTML, empty, truncated, without what was asked for. */
static void reads_without_a_usable_answer_fail(void **state)
{
    static const struct fake_fault faults[] = {
        {.kind = FAULT_CUT_BODY},
        {.kind = FAULT_BODY, .status = 500, .body = "<html><h1>500</h1></html>"},
        {.kind = FAULT_BODY, .status = 200, .body = ""},
        {.kind = FAULT_BODY, .status = 200, .body = "{\"success\":true}"},
        {.kind = FAULT_BODY, .status = 200, .body = "{\"success\":true,\"data\":{}}"},
        {.kind = FAULT_BODY,
         .status = 200,
         .body = "{\"success\":true,\"data\":{\"list\":[{\"status\":\"RUNNING\"}],"
                 "\"consumerGroupId\":7,\"totalCount\":1}}"},
    };
    struct cloud_door test;

    (void)state;
    begin(&test);
    add_topics(&test, 4);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        const char *const operations[] = {"ListTopics", "GetInstance"};
        for (size_t j = 0; j < 2; j++) {
            test.cloud.fault_count = 0;
            struct fake_fault fault = faults[i];
            fault.operation = operations[j];
            fake_fail(&test.cloud, fault);
            assert_int_equal(j == 0 ? door_list(&test, KIND_TOPIC, 0) : door_describe(&test), CAUSE_BAD_ANSWER);
            assert_null(test.answer.part);
            assert_non_null(strstr(test.answer.failure.text, operations[j]));
        }
    }
    fake_fail(&test.cloud, (struct fake_fault){.operation = "ListTopics", .kind = FAULT_CUT});
    assert_int_equal(door_list(&test, KIND_TOPIC, 0), CAUSE_UNREACHABLE);
    door_end(&test);
}

/* ---- cancelling, closing */

/* A cancelled read answers; a cancelled create that was sent is unknown. */
static void cancelled_requests_answer(void **state)
{
    struct cloud_door test;
    struct catalog *catalog = catalog_text("Topic a messageType=FIFO\n");

    (void)state;
    begin(&test);
    door_prepare(&test);
    assert_int_equal(test.door->ops->list(test.door, &test.request, KIND_TOPIC, 0, &test.why), 0);
    test.door->ops->cancel(test.door, &test.request);
    test.door->ops->cancel(test.door, &test.request);
    door_await(&test);
    assert_int_equal(test.answer.failure.cause, CAUSE_CANCELLED);
    test.door->ops->cancel(test.door, &test.request);

    fake_fail(&test.cloud, (struct fake_fault){.operation = "CreateTopic", .kind = FAULT_HANG});
    door_prepare(&test);
    test.item = (struct create_item){
        .kind = KIND_TOPIC, .name = TEXT("a"), .catalog = catalog, .resource = catalog_rows(catalog)};
    assert_int_equal(test.door->ops->create(test.door, &test.request, &test.item, 1, &test.why), 0);
    while (fake_calls(&test.cloud, "CreateTopic") == 0)
        uv_run(&test.loop.loop, UV_RUN_ONCE);
    test.door->ops->cancel(test.door, &test.request);
    door_await(&test);
    assert_int_equal(test.item.outcome, OUTCOME_UNKNOWN);
    catalog_unref(catalog);
    door_end(&test);
}

/* Closing answers what is under way, then calls back. */
static void closing_answers_what_is_under_way(void **state)
{
    struct cloud_door test;

    (void)state;
    begin(&test);
    fake_fail(&test.cloud, (struct fake_fault){.operation = "GetInstance", .kind = FAULT_HANG});
    door_prepare(&test);
    assert_int_equal(test.door->ops->describe(test.door, &test.request, &test.why), 0);
    uv_run(&test.loop.loop, UV_RUN_ONCE);
    test.door->ops->close(test.door, raise_flag, &test.closed);
    assert_false(test.closed);
    test_loop_run_until(&test.loop, &test.closed);
    assert_true(test.answered);
    assert_int_equal(test.answer.failure.cause, CAUSE_CANCELLED);
    door_end(&test);
}

/* A source creates nothing; more than one at a time is not offered. */
static void what_is_not_offered_fails_at_once(void **state)
{
    struct cloud_door test;
    struct create_item items[2] = {{.kind = KIND_TOPIC}, {.kind = KIND_TOPIC}};
    struct text names[2] = {TEXT("a"), TEXT("b")};
    struct instance *source;
    bool closed = false;

    (void)state;
    begin(&test);
    door_prepare(&test);
    assert_int_equal(test.door->ops->create(test.door, &test.request, items, 2, &test.why), -1);
    assert_int_equal(test.door->ops->get(test.door, &test.request, KIND_TOPIC, names, 2, &test.why), -1);
    test.options.writable = false;
    test.options.endpoint = "http://127.0.0.1:1";
    assert_int_equal(apsaramq_open(&test.options, &source, &test.why), 0);
    assert_string_equal(test.cloud.last_endpoint, "http://127.0.0.1:1");
    assert_int_equal(source->ops->create(source, &test.request, items, 1, &test.why), -1);
    assert_int_equal(test.why.cause, CAUSE_UNSUPPORTED);
    source->ops->close(source, raise_flag, &closed);
    test_loop_run_until(&test.loop, &closed);
    assert_int_equal(test.cloud.count, 0);
    door_end(&test);
}

/* ---- sources */

static void begin_source(struct cloud_door *test, unsigned groups)
{
    char name[32];
    bool closed = false;

    begin(test);
    test->door->ops->close(test->door, raise_flag, &closed);
    test_loop_run_until(&test->loop, &closed);
    test->options.writable = false;
    assert_int_equal(apsaramq_open(&test->options, &test->door, &test->why), 0);
    for (unsigned i = 0; i < groups; i++) {
        snprintf(name, sizeof name, "GID_%03u", i);
        struct fake_item *item = fake_add(&test->cloud, KIND_GROUP, name, "");
        snprintf(item->order, sizeof item->order, "Orderly");
    }
}

/* Of a source everything is declared: its lists come with the details of every group, read once. */
static void lists_of_sources_come_with_details(void **state)
{
    struct cloud_door test;
    const char *const whole = "deliveryOrderType=Orderly consumeRetryPolicy.retryPolicy=DefaultRetryPolicy";

    (void)state;
    begin_source(&test, 103);
    add_topics(&test, 3);
    assert_int_equal(door_list(&test, KIND_GROUP, 1), CAUSE_NONE);
    assert_int_equal(test.answer.total, 103);
    assert_int_equal(test.answer.parts, 2);
    assert_int_equal(door_count(&test, KIND_GROUP), 3);
    assert_string_equal(door_settings(&test, KIND_GROUP, "GID_102"), whole);
    assert_int_equal(fake_calls(&test.cloud, "GetConsumerGroup"), 3);
    snprintf(fake_find(&test.cloud, KIND_GROUP, "GID_101")->updated, 24, "2024-05-06 07:08:59");
    assert_int_equal(door_list(&test, KIND_GROUP, 1), CAUSE_NONE);
    assert_string_equal(door_settings(&test, KIND_GROUP, "GID_101"), whole);
    assert_string_equal(door_settings(&test, KIND_GROUP, "GID_102"), whole);
    assert_int_equal(fake_calls(&test.cloud, "GetConsumerGroup"), 4);
    for (int again = 0; again < 2; again++) {
        assert_int_equal(door_list(&test, KIND_GROUP, 0), CAUSE_NONE);
        assert_int_equal(door_count(&test, KIND_GROUP), 100);
        assert_string_equal(door_settings(&test, KIND_GROUP, "GID_099"), whole);
        assert_int_equal(fake_calls(&test.cloud, "GetConsumerGroup"), 104);
    }
    assert_int_equal(door_list(&test, KIND_TOPIC, 0), CAUSE_NONE);
    assert_int_equal(door_count(&test, KIND_TOPIC), 3);
    door_end(&test);
}

/* A detail that cannot be read fails its part; a group that is gone by then is missing from the announced total. */
static void lists_of_sources_are_whole_or_fail(void **state)
{
    struct cloud_door test;

    (void)state;
    begin_source(&test, 3);
    fake_fail(&test.cloud, (struct fake_fault){.operation = "GetConsumerGroup", .kind = FAULT_LOST, .skip = 1});
    assert_int_equal(door_list(&test, KIND_GROUP, 0), CAUSE_UNREACHABLE);
    assert_null(test.answer.part);
    fake_fail(&test.cloud, (struct fake_fault){.operation = "ListConsumerGroups", .kind = FAULT_LOST});
    assert_int_equal(door_list(&test, KIND_GROUP, 0), CAUSE_UNREACHABLE);
    fake_refuse(&test.cloud, "GetConsumerGroup", 404, "ConsumerGroup.NotFound");
    snprintf(fake_find(&test.cloud, KIND_GROUP, "GID_000")->updated, 24, "2024-05-06 07:08:59");
    assert_int_equal(door_list(&test, KIND_GROUP, 0), CAUSE_NONE);
    assert_int_equal(test.answer.total, 3);
    assert_int_equal(door_count(&test, KIND_GROUP), 2);
    door_end(&test);
}

/* Cancelled, or closed, before the page or while details are read: the part answers, once. */
static void lists_of_sources_can_be_cancelled(void **state)
{
    struct cloud_door test;
    static const char *const hanging[] = {"ListConsumerGroups", "GetConsumerGroup"};

    (void)state;
    for (int close = 0; close < 2; close++) {
        for (size_t i = 0; i < 2; i++) {
            begin_source(&test, 3);
            fake_fail(&test.cloud, (struct fake_fault){.operation = hanging[i], .kind = FAULT_HANG});
            door_prepare(&test);
            assert_int_equal(test.door->ops->list(test.door, &test.request, KIND_GROUP, 0, &test.why), 0);
            while (fake_calls(&test.cloud, hanging[i]) == 0)
                uv_run(&test.loop.loop, UV_RUN_ONCE);
            if (close)
                test.door->ops->close(test.door, raise_flag, &test.closed);
            else
                test.door->ops->cancel(test.door, &test.request);
            test_loop_run_until(&test.loop, &test.answered);
            assert_int_equal(test.answer.failure.cause, CAUSE_CANCELLED);
            if (close)
                test_loop_run_until(&test.loop, &test.closed);
            door_end(&test);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endpoints_are_regional),
        cmocka_unit_test(opening_fails_with_the_client),
        cmocka_unit_test(doors_of_one_slot_share_a_cloud),
        cmocka_unit_test(describe_tells_identity_state_and_quotas),
        cmocka_unit_test(series_and_status_are_judged),
        cmocka_unit_test(lists_come_by_pages),
        cmocka_unit_test(empty_and_clamped_lists),
        cmocka_unit_test(items_are_read_as_they_are),
        cmocka_unit_test(contradicting_pages_fail),
        cmocka_unit_test(gets_read_one),
        cmocka_unit_test(details_are_kept_until_the_group_changes),
        cmocka_unit_test(details_changed_just_now_are_not_kept),
        cmocka_unit_test(creates_carry_the_declared_settings),
        cmocka_unit_test(existing_ones_are_said_to_exist),
        cmocka_unit_test(refusals_are_explained_in_every_envelope),
        cmocka_unit_test(missing_permissions_name_the_action),
        cmocka_unit_test(throttling_is_told_to_the_budget),
        cmocka_unit_test(creates_without_a_usable_answer_are_unknown),
        cmocka_unit_test(creates_that_never_left_are_not_sent),
        cmocka_unit_test(reads_without_a_usable_answer_fail),
        cmocka_unit_test(cancelled_requests_answer),
        cmocka_unit_test(closing_answers_what_is_under_way),
        cmocka_unit_test(what_is_not_offered_fails_at_once),
        cmocka_unit_test(lists_of_sources_come_with_details),
        cmocka_unit_test(lists_of_sources_are_whole_or_fail),
        cmocka_unit_test(lists_of_sources_can_be_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
