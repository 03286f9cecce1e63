/* SPDX-License-Identifier: Apache-2.0
 *
 * What calls of the 4.x product look like, and what its answers hold.
 *
 * Traps (openapi 2.2): a list of groups without GroupType shows tcp only; GroupId filters by substring; a RAM user sees
 * only what it was granted, so what a list does not show may be there all the same: then creating it says so.
 */
#include "api/cloud/ons.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/cause.h"
#include "api/cloud/door.h"

enum {
    /* No source tells a time for this product. Creation is asynchronous (openapi 7): the vendor's Terraform provider
     * waits for ServiceStatus 1, for minutes at most; before the first look at its successor's topics it waits so long
     * (openapi 1.6). Too short does no harm: creating what is there is refused, and then settled by comparing. */
    SETTLE_MS = 50000,
    GROUP_TYPES = 2,
    ABSENT_NUMBER = -1,
};

static const char *const group_types[GROUP_TYPES] = {"tcp", "http"};

/* What the door remembers: how many topics still fit is told by two answers. */
struct memory {
    int64_t topics; /* as last listed */
};

/* openapi 2.2; the first row of a word is the one that is sent. */
static const struct message_type {
    const char *number, *word;
} message_types[] = {
    {"0", "NORMAL"}, {"1", "FIFO"}, {"2", "FIFO"}, {"4", "TRANSACTION"}, {"5", "DELAY"},
};

enum { MESSAGE_TYPES = sizeof message_types / sizeof *message_types };

static struct text word_of(struct text number)
{
    for (size_t i = 0; i < MESSAGE_TYPES; i++) {
        if (text_is(number, message_types[i].number))
            return text_of(message_types[i].word);
    }
    return number;
}

static const char *number_of(struct text word)
{
    for (size_t i = 0; i < MESSAGE_TYPES; i++) {
        if (text_is(word, message_types[i].word))
            return message_types[i].number;
    }
    return NULL;
}

/* ---- calls */

/* The part of a list, or the step of a single read. */
static const char *group_type(const struct operation *operation)
{
    return group_types[(operation->asking == ASKING_LIST ? operation->part : operation->step) % GROUP_TYPES];
}

/* The texts of the settings are the catalog's: they live until the answer. */
static int prepare_create(struct operation *operation, struct call *call, struct failure *why)
{
    bool topic = operation->kind == KIND_TOPIC;
    enum field remark = topic ? FIELD_TOPIC_REMARK : FIELD_GROUP_REMARK;
    enum field type = topic ? FIELD_TOPIC_MESSAGE_TYPE : FIELD_GROUP_TYPE;
    struct draft settings;

    door_create_settings(operation, &settings);
    struct text value = (settings.set & FIELD_BIT(type)) != 0 ? settings.values[type].text : TEXT("");
    const char *number = number_of(value);
    if (topic && !number)
        return failure_set(why, CAUSE_MESSAGE_TYPE_UNKNOWN, "the topic %.*s has no message type of this product",
                           (int)operation->name.bytes, operation->name.data);
    door_query(call, topic ? "MessageType" : "GroupType", topic ? text_of(number) : value);
    if ((settings.set & FIELD_BIT(remark)) != 0 && settings.values[remark].text.bytes > 0)
        door_query(call, "Remark", settings.values[remark].text);
    return 0;
}

/* openapi 2: POST, everything in the query. */
static int prepare(struct operation *operation, struct call *call, struct failure *why)
{
    bool topic = operation->kind == KIND_TOPIC;

    call->method = "POST";
    call->path = TEXT("/");
    door_query(call, "InstanceId", door_instance(operation));
    if (operation->asking == ASKING_DESCRIBE)
        return 0;
    if (operation->asking != ASKING_LIST)
        door_query(call, topic ? "Topic" : "GroupId", operation->name);
    if (operation->asking == ASKING_CREATE)
        return prepare_create(operation, call, why);
    call->class = CLASS_LIST; /* reading one is a list with a filter */
    if (!topic)
        door_query(call, "GroupType", text_of(group_type(operation)));
    return 0;
}

/* ---- OnsInstanceBaseInfo */

struct instance_facts {
    struct text id, name;
    int64_t status, capacity;
};

static const char *status_word(int64_t status)
{
    switch (status) {
    case 0:
        return "deploying";
    case 2:
        return "overdue";
    case 5:
        return "in service";
    case 7:
        return "upgrading";
    default:
        return "unknown";
    }
}

static void describe_instance(struct operation *operation, const struct instance_facts *facts)
{
    const struct door *door = operation->door;
    const struct memory *memory = door->memory;
    struct description *description = &operation->answer.description;
    int64_t room = facts->capacity - memory->topics;

    door_fact(operation, "instanceId", text_of(door->instance_id));
    door_fact(operation, "region", text_of(door->region));
    door_fact(operation, "instanceName", facts->name);
    description->capabilities = door->capabilities;
    description->in_service = facts->status == 5 || facts->status == 7;
    snprintf(description->status, sizeof description->status, "%" PRId64 " (%s)", facts->status,
             status_word(facts->status));
    description->quota_free[KIND_GROUP] = ABSENT_NUMBER; /* 1,000, unless the vendor raised it */
    description->quota_free[KIND_TOPIC] = ABSENT_NUMBER;
    if (facts->capacity > 0 && memory->topics != ABSENT_NUMBER)
        description->quota_free[KIND_TOPIC] = room > 0 ? room : 0;
}

static int take_instance(void *context, struct json_reader *reader, const struct json_token *token, struct failure *why)
{
    static const struct member members[] = {
        {"instanceId", MEMBER_TEXT, offsetof(struct instance_facts, id), NULL, NULL},
        {"instanceName", MEMBER_TEXT, offsetof(struct instance_facts, name), NULL, NULL},
        {"instanceStatus", MEMBER_INTEGER, offsetof(struct instance_facts, status), NULL, NULL},
        {"topicCapacity", MEMBER_INTEGER, offsetof(struct instance_facts, capacity), NULL, NULL},
        {0},
    };
    struct operation *operation = context;
    struct instance_facts facts = {.status = ABSENT_NUMBER};

    if (members_read(reader, token, members, &facts, why) != 0)
        return -1;
    if (facts.status == ABSENT_NUMBER)
        return failure_set(why, CAUSE_BAD_ANSWER, "the instance has no status");
    if (facts.id.bytes > 0 && !text_is(facts.id, operation->door->instance_id))
        return failure_set(why, CAUSE_BAD_ANSWER, "it describes the instance %.*s", (int)facts.id.bytes, facts.id.data);
    describe_instance(operation, &facts);
    return 0;
}

/* ---- lists */

struct item {
    struct text name, instance, type, remark;
    int64_t service_status;
};

#define ITEM(name, type, field)                                                                                        \
    {                                                                                                                  \
        name, MEMBER_##type, offsetof(struct item, field), NULL, NULL                                                  \
    }

static int take_topic(void *into, struct json_reader *reader, const struct json_token *token, struct failure *why)
{
    static const struct member members[] = {
        ITEM("topic", TEXT, name),
        ITEM("instanceId", TEXT, instance),
        ITEM("messageType", TEXT, type),
        ITEM("remark", TEXT, remark),
        ITEM("serviceStatus", INTEGER, service_status),
        {0},
    };
    struct item item = {.service_status = 1};
    struct draft draft;

    if (members_read(reader, token, members, &item, why) != 0)
        return -1;
    draft_clear(&draft);
    door_setting(&draft, FIELD_TOPIC_MESSAGE_TYPE, word_of(item.type));
    door_setting(&draft, FIELD_TOPIC_REMARK, item.remark);
    enum status status = item.service_status == 0 ? STATUS_CREATING : STATUS_ORDINARY;
    return door_add(into, item.name, item.instance, status, &draft, why);
}

/* What is of the other type is told by the other part, should the answer hold both. */
static bool is_of_other_type(const struct operation *operation, struct text type)
{
    for (int i = 0; i < GROUP_TYPES; i++) {
        if (text_is(type, group_types[i]))
            return !text_is(type, group_type(operation));
    }
    return false;
}

static int take_group(void *into, struct json_reader *reader, const struct json_token *token, struct failure *why)
{
    static const struct member members[] = {
        ITEM("groupId", TEXT, name),
        ITEM("instanceId", TEXT, instance),
        ITEM("groupType", TEXT, type),
        ITEM("remark", TEXT, remark),
        {0},
    };
    const struct operation *operation = into;
    struct item item = {0};
    struct draft draft;

    if (members_read(reader, token, members, &item, why) != 0)
        return -1;
    if (is_of_other_type(operation, item.type))
        return 0;
    draft_clear(&draft);
    draft_set_text(&draft, FIELD_GROUP_TYPE, item.type.bytes > 0 ? item.type : text_of(group_type(operation)));
    door_setting(&draft, FIELD_GROUP_REMARK, item.remark);
    return door_add(into, item.name, item.instance, STATUS_ORDINARY, &draft, why);
}

/* {"PublishInfoDo": […]}, {"SubscribeInfoDo": […]}. How many there are over both types nobody announces. */
static int take_list(void *context, struct json_reader *reader, const struct json_token *token, struct failure *why)
{
    static const struct member members[] = {
        {"publishInfoDo", MEMBER_EACH, 0, NULL, take_topic},
        {"subscribeInfoDo", MEMBER_EACH, 0, NULL, take_group},
        {0},
    };
    struct operation *operation = context;

    operation->answer.parts = operation->kind == KIND_TOPIC ? 1 : GROUP_TYPES;
    operation->answer.total = UINT64_MAX;
    return members_read(reader, token, members, context, why);
}

/* ---- the door */

static struct payload payload(const struct operation *operation)
{
    switch (operation->asking) {
    case ASKING_DESCRIBE:
        return (struct payload){"instanceBaseInfo", take_instance, (void *)operation};
    case ASKING_LIST:
    case ASKING_GET:
        return (struct payload){"data", take_list, (void *)operation};
    case ASKING_CREATE:
    case ASKINGS:
        break;
    }
    return (struct payload){0};
}

static uint32_t steps(const struct operation *operation)
{
    return operation->kind == KIND_TOPIC ? 1 : GROUP_TYPES;
}

static void learn(struct operation *operation)
{
    struct memory *memory = operation->door->memory;
    uint32_t first, count;

    if (operation->asking != ASKING_LIST || operation->kind != KIND_TOPIC)
        return;
    catalog_range(operation->answer.part, KIND_TOPIC, &first, &count);
    memory->topics = count;
}

static void release(struct door *door)
{
    free(door->memory);
}

/* openapi 2.3 (P-qps4). */
static const struct face FACE = {
    .product = PRODUCT_ONS,
    .style = API_RPC,
    .version = "2019-02-14",
    .published_rate = {[CLASS_DESCRIBE] = 50, [CLASS_LIST] = 10, [CLASS_GET] = 10, [CLASS_CREATE] = 10},
    .long_lists = true,
    .prepare = prepare,
    .payload = payload,
    .steps = steps,
    .learn = learn,
    .release = release,
};

static struct capabilities at_best(void)
{
    struct capabilities capabilities = {
        .kind = INSTANCE_ONS,
        .absent_is_default = true,
        .batch_max = {1, 1},
        .get_max = {1, 1},
        .settle_ms = SETTLE_MS,
        .rules = rules_of(INSTANCE_ONS),
    };

    for (int kind = 0; kind < KINDS; kind++)
        capabilities.listed[kind] = capabilities.holds[kind] = fields_held(INSTANCE_ONS, (enum kind)kind);
    return capabilities;
}

int ons_open(const struct instance_options *options, struct instance **out, struct failure *why)
{
    struct door *door = calloc(1, sizeof *door);
    struct memory *memory = malloc(sizeof *memory);

    if (!door || !memory) {
        free(door);
        free(memory);
        return failure_no_memory(why, "the door to an instance");
    }
    memory->topics = ABSENT_NUMBER;
    door->capabilities = at_best();
    door->memory = memory;
    return door_open(door, &FACE, "ons", options, out, why);
}
