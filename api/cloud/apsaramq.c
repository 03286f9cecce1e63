/* SPDX-License-Identifier: Apache-2.0
 *
 * What calls of the 5.x product look like, and what its answers hold.
 */
#include "api/cloud/apsaramq.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/base/monotime.h"
#include "api/cause.h"
#include "api/cloud/details.h"
#include "api/cloud/door.h"
#include "api/cloud/group_details.h"
#include "api/cloud/signature.h"
#include "api/settings_json.h"

enum {
    PAGE_SIZE = 100, /* openapi 1.1: seen to work for topics, the documented most for groups */
    /* openapi 1.6: the vendor's Terraform provider looks for a new topic after 50 s first. */
    SETTLE_MS = 50000,
    ABSENT_NUMBER = -1,
};

/* Of groups, what a list tells (openapi 1.5); the rest are details. */
#define LISTED_OF_GROUPS                                                                                               \
    (FIELD_BIT(FIELD_GROUP_REMARK) | FIELD_BIT(FIELD_GROUP_MAX_RECEIVE_TPS) | FIELD_BIT(FIELD_GROUP_MESSAGE_MODEL) |   \
     FIELD_BIT(FIELD_GROUP_TOPIC_NAME))

/* ---- calls */

static void write_path(struct operation *operation)
{
    struct buffer *path = &operation->path;

    buffer_reset(path);
    buffer_append_string(path, "/instances/");
    percent_append(path, door_instance(operation));
    if (operation->asking == ASKING_DESCRIBE)
        return;
    buffer_append_string(path, operation->kind == KIND_TOPIC ? "/topics" : "/consumerGroups");
    if (operation->asking == ASKING_LIST)
        return;
    buffer_append_char(path, '/');
    percent_append(path, operation->name);
}

/* Members are named and nested like our settings (openapi 1.3, 1.4). */
static void write_body(struct operation *operation)
{
    struct json_writer json;
    struct draft settings;

    door_create_settings(operation, &settings);
    json_writer_init(&json, &operation->body, 0);
    settings_json_object(&json, &settings);
}

static int prepare(struct operation *operation, struct call *call, struct failure *why)
{
    (void)why;
    write_path(operation);
    call->path = buffer_text(&operation->path);
    if (operation->asking == ASKING_LIST) {
        snprintf(operation->room, sizeof operation->room, "%" PRIu64, (uint64_t)operation->part + 1);
        door_query(call, "pageNumber", text_of(operation->room));
        door_query(call, "pageSize", TEXT("100"));
    }
    if (operation->asking == ASKING_CREATE) {
        write_body(operation);
        call->method = "POST";
        call->body = buffer_text(&operation->body);
    }
    return 0;
}

/* ---- GetInstance */

struct quota {
    struct text name;
    int64_t free;
};

struct instance_facts {
    struct operation *operation;
    struct text id, name, region, status, sub_series, account;
};

/* Only TOPIC_COUNT is documented, as an example (openapi 1.5); the others are told by their names. */
static int take_quota(void *into, struct json_reader *reader, const struct json_token *token, struct failure *why)
{
    static const struct member members[] = {
        {"quotaName", MEMBER_TEXT, offsetof(struct quota, name), NULL, NULL},
        {"freeCount", MEMBER_INTEGER, offsetof(struct quota, free), NULL, NULL},
        {0},
    };
    struct instance_facts *facts = into;
    int64_t *quotas = facts->operation->answer.description.quota_free;
    struct quota quota = {.free = ABSENT_NUMBER};

    if (members_read(reader, token, members, &quota, why) != 0)
        return -1;
    if (text_is(quota.name, "TOPIC_COUNT"))
        quotas[KIND_TOPIC] = quota.free;
    else if (text_is(quota.name, "GROUP_COUNT") || text_is(quota.name, "CONSUMER_GROUP_COUNT"))
        quotas[KIND_GROUP] = quota.free;
    return 0;
}

static void describe_instance(const struct instance_facts *facts)
{
    const struct door *door = facts->operation->door;
    struct description *description = &facts->operation->answer.description;

    door_fact(facts->operation, "instanceId", text_of(door->instance_id));
    door_fact(facts->operation, "region", text_of(door->region));
    door_fact(facts->operation, "instanceName", facts->name);
    door_fact(facts->operation, "account", facts->account);
    description->capabilities = door->capabilities;
    description->capabilities.rules.serverless = text_is(facts->sub_series, "serverless");
    description->in_service = text_is(facts->status, "RUNNING");
    snprintf(description->status, sizeof description->status, "%.*s", (int)facts->status.bytes, facts->status.data);
}

static int take_instance(void *context, struct json_reader *reader, const struct json_token *token, struct failure *why)
{
    static const struct member members[] = {
        {"instanceId", MEMBER_TEXT, offsetof(struct instance_facts, id), NULL, NULL},
        {"instanceName", MEMBER_TEXT, offsetof(struct instance_facts, name), NULL, NULL},
        {"status", MEMBER_TEXT, offsetof(struct instance_facts, status), NULL, NULL},
        {"subSeriesCode", MEMBER_TEXT, offsetof(struct instance_facts, sub_series), NULL, NULL},
        {"userId", MEMBER_TEXT, offsetof(struct instance_facts, account), NULL, NULL},
        {"instanceQuotas", MEMBER_EACH, 0, NULL, take_quota},
        {0},
    };
    struct instance_facts facts = {.operation = context, .status = TEXT("")};
    struct description *description = &facts.operation->answer.description;

    description->quota_free[KIND_TOPIC] = description->quota_free[KIND_GROUP] = ABSENT_NUMBER;
    if (members_read(reader, token, members, &facts, why) != 0)
        return -1;
    if (facts.status.bytes == 0)
        return failure_set(why, CAUSE_BAD_ANSWER, "the instance has no status");
    if (facts.id.bytes > 0 && !text_is(facts.id, facts.operation->door->instance_id))
        return failure_set(why, CAUSE_BAD_ANSWER, "it describes the instance %.*s", (int)facts.id.bytes, facts.id.data);
    describe_instance(&facts);
    return 0;
}

/* ---- topics and groups */

struct item {
    struct text name, instance, status, updated, remark;
    struct text message_type;                                                      /* topics */
    struct text order, retry_policy, dead_letter_topic, message_model, lite_topic; /* groups */
    int64_t max_send_tps, max_receive_tps, max_retry_times, fixed_interval;
};

#define ITEM(name, type, field)                                                                                        \
    {                                                                                                                  \
        name, MEMBER_##type, offsetof(struct item, field), NULL, NULL                                                  \
    }

static const struct member topic_members[] = {
    ITEM("topicName", TEXT, name),
    ITEM("instanceId", TEXT, instance),
    ITEM("status", TEXT, status),
    ITEM("messageType", TEXT, message_type),
    ITEM("remark", TEXT, remark),
    ITEM("maxSendTps", INTEGER, max_send_tps),
    {0},
};

static const struct member retry_members[] = {
    ITEM("retryPolicy", TEXT, retry_policy),
    ITEM("maxRetryTimes", INTEGER, max_retry_times),
    ITEM("fixedIntervalRetryTime", INTEGER, fixed_interval),
    ITEM("deadLetterTargetTopic", TEXT, dead_letter_topic),
    {0},
};

static const struct member group_members[] = {
    ITEM("consumerGroupId", TEXT, name),
    ITEM("instanceId", TEXT, instance),
    ITEM("status", TEXT, status),
    ITEM("updateTime", TEXT, updated),
    ITEM("remark", TEXT, remark),
    ITEM("maxReceiveTps", INTEGER, max_receive_tps),
    ITEM("messageModel", TEXT, message_model),
    ITEM("topicName", TEXT, lite_topic),
    ITEM("deliveryOrderType", TEXT, order),
    {"consumeRetryPolicy", MEMBER_OBJECT, 0, retry_members, NULL},
    {0},
};

static void set_number(struct draft *draft, enum field field, int64_t number)
{
    if (number != ABSENT_NUMBER)
        draft_set_number(draft, field, number);
}

static void draft_topic(const struct item *item, struct draft *draft)
{
    draft_clear(draft);
    door_setting(draft, FIELD_TOPIC_MESSAGE_TYPE, item->message_type);
    door_setting(draft, FIELD_TOPIC_REMARK, item->remark);
    set_number(draft, FIELD_TOPIC_MAX_SEND_TPS, item->max_send_tps);
}

static void draft_group(const struct item *item, struct draft *draft)
{
    draft_clear(draft);
    door_setting(draft, FIELD_GROUP_REMARK, item->remark);
    set_number(draft, FIELD_GROUP_MAX_RECEIVE_TPS, item->max_receive_tps);
    door_setting(draft, FIELD_GROUP_MESSAGE_MODEL, item->message_model);
    door_setting(draft, FIELD_GROUP_TOPIC_NAME, item->lite_topic);
    door_setting(draft, FIELD_GROUP_DELIVERY_ORDER_TYPE, item->order);
    door_setting(draft, FIELD_GROUP_RETRY_POLICY, item->retry_policy);
    set_number(draft, FIELD_GROUP_MAX_RETRY_TIMES, item->max_retry_times);
    set_number(draft, FIELD_GROUP_FIXED_INTERVAL_RETRY_TIME, item->fixed_interval);
    door_setting(draft, FIELD_GROUP_DEAD_LETTER_TARGET_TOPIC, item->dead_letter_topic);
}

/* Details are told by single reads: kept then, and looked up when a list shows the same time of change. An answer that
 * tells any of them is known to be complete: the delivery order is never left out. */
static void complete_group(struct operation *operation, const struct item *item, struct draft *draft)
{
    const struct settings *details;

    if (operation->asking == ASKING_GET) {
        if (item->order.bytes == 0)
            draft_set_text(draft, FIELD_GROUP_DELIVERY_ORDER_TYPE, TEXT("Concurrently"));
        snprintf(operation->room, sizeof operation->room, "%.*s", (int)item->updated.bytes, item->updated.data);
        return;
    }
    details = group_details_find(operation->door->memory, item->name, item->updated);
    for (uint64_t rest = details ? details->set & ~LISTED_OF_GROUPS : 0; rest != 0; rest &= rest - 1) {
        draft->values[field_first(rest)] = *settings_value(details, field_first(rest));
        draft->set |= FIELD_BIT(field_first(rest));
    }
}

/* RUNNING is in service; whatever else it may be called, it is not yet. */
static enum status status_of(struct text status)
{
    return status.bytes == 0 || text_is(status, "RUNNING") ? STATUS_ORDINARY : STATUS_CREATING;
}

static int take_item(struct operation *operation, struct json_reader *reader, const struct json_token *token,
                     struct failure *why)
{
    const struct member *members = operation->kind == KIND_TOPIC ? topic_members : group_members;
    struct item item = {.max_send_tps = ABSENT_NUMBER,
                        .max_receive_tps = ABSENT_NUMBER,
                        .max_retry_times = ABSENT_NUMBER,
                        .fixed_interval = ABSENT_NUMBER};
    struct draft draft;

    if (members_read(reader, token, members, &item, why) != 0)
        return -1;
    if (operation->kind == KIND_TOPIC) {
        draft_topic(&item, &draft);
    } else {
        draft_group(&item, &draft);
        complete_group(operation, &item, &draft);
    }
    return door_add(operation, item.name, item.instance, status_of(item.status), &draft, why);
}

static int take_one(void *context, struct json_reader *reader, const struct json_token *token, struct failure *why)
{
    return take_item(context, reader, token, why);
}

/* ---- pages */

struct page {
    struct operation *operation;
    int64_t total, size;
};

static int take_listed(void *into, struct json_reader *reader, const struct json_token *token, struct failure *why)
{
    return take_item(((struct page *)into)->operation, reader, token, why);
}

/* The size is the server's word: it may clamp what was asked for. */
static int take_page(void *context, struct json_reader *reader, const struct json_token *token, struct failure *why)
{
    static const struct member members[] = {
        {"list", MEMBER_EACH, 0, NULL, take_listed},
        {"totalCount", MEMBER_INTEGER, offsetof(struct page, total), NULL, NULL},
        {"pageSize", MEMBER_INTEGER, offsetof(struct page, size), NULL, NULL},
        {0},
    };
    struct page page = {.operation = context, .total = ABSENT_NUMBER, .size = PAGE_SIZE};
    struct answer *answer = &page.operation->answer;

    if (members_read(reader, token, members, &page, why) != 0)
        return -1;
    if (page.total < 0 || page.size <= 0 || page.total / page.size >= UINT32_MAX)
        return failure_set(why, CAUSE_BAD_ANSWER, "a page without a total, or of no size");
    answer->total = (uint64_t)page.total;
    answer->parts = page.total == 0 ? 1 : (uint32_t)((page.total + page.size - 1) / page.size);
    return 0;
}

/* ---- the door */

static struct payload payload(const struct operation *operation)
{
    static int (*const takes[])(void *, struct json_reader *, const struct json_token *, struct failure *) = {
        [ASKING_DESCRIBE] = take_instance,
        [ASKING_LIST] = take_page,
        [ASKING_GET] = take_one,
        [ASKING_CREATE] = NULL,
    };
    return (struct payload){"data", takes[operation->asking], (void *)operation};
}

static uint32_t steps(const struct operation *operation)
{
    (void)operation;
    return 1;
}

static void keep_details(struct operation *operation)
{
    const struct catalog *part = operation->answer.part;
    struct text updated = text_of(operation->room);
    struct draft draft;

    if (catalog_count(part) == 0 || !group_details_lasting(updated, walltime_unix_ms()))
        return;
    draft_from_settings(&draft, catalog_settings_of(part, catalog_rows(part)));
    group_details_keep(operation->door->memory, operation->name, updated, &draft);
}

static void learn(struct operation *operation)
{
    if (operation->asking == ASKING_DESCRIBE)
        operation->door->capabilities = operation->answer.description.capabilities;
    else if (operation->asking == ASKING_GET && operation->kind == KIND_GROUP)
        keep_details(operation);
}

static void release(struct door *door)
{
    group_details_free(door->memory);
}

static const struct face FACE = {
    .product = PRODUCT_ROCKETMQ,
    .style = API_ROA,
    .version = "2022-08-01",
    .prepare = prepare,
    .payload = payload,
    .steps = steps,
    .learn = learn,
    .release = release,
};

static struct capabilities at_best(void)
{
    struct capabilities capabilities = {
        .kind = INSTANCE_APSARAMQ,
        .absent_is_default = true,
        .batch_max = {1, 1},
        .get_max = {1, 1},
        .settle_ms = SETTLE_MS,
        .rules = rules_of(INSTANCE_APSARAMQ),
    };

    for (int kind = 0; kind < KINDS; kind++)
        capabilities.holds[kind] = fields_held(INSTANCE_APSARAMQ, (enum kind)kind);
    capabilities.listed[KIND_TOPIC] = capabilities.holds[KIND_TOPIC];
    capabilities.listed[KIND_GROUP] = LISTED_OF_GROUPS;
    return capabilities;
}

int apsaramq_open(const struct instance_options *options, struct instance **out, struct failure *why)
{
    struct door *door = calloc(1, sizeof *door);
    struct group_details *details = group_details_new();

    if (!door || !details) {
        free(door);
        group_details_free(details);
        return failure_no_memory(why, "the door to an instance");
    }
    door->capabilities = at_best();
    door->memory = details;
    if (door_open(door, &FACE, "rocketmq", options, out, why) != 0)
        return -1;
    if (!options->writable)
        details_attach(door);
    return 0;
}
