/* SPDX-License-Identifier: Apache-2.0 */
#include "api/config_json_members.h"

#include <stddef.h>

static const struct member topic_members[] = {
    {"attributes", MEMBER_ATTRIBUTES, FIELD_TOPIC_ATTRIBUTES, NULL},
    {"messageType", MEMBER_SYNONYM, FIELD_TOPIC_MESSAGE_TYPE, NULL},
    {"order", MEMBER_PLAIN, FIELD_TOPIC_ORDER, NULL},
    {"perm", MEMBER_PLAIN, FIELD_TOPIC_PERM, NULL},
    {"readQueueNums", MEMBER_PLAIN, FIELD_TOPIC_READ_QUEUE_NUMS, NULL},
    {"topicFilterType", MEMBER_PLAIN, FIELD_TOPIC_FILTER_TYPE, NULL},
    {"topicName", MEMBER_NAME, FIELD_COUNT, NULL},
    {"topicSysFlag", MEMBER_PLAIN, FIELD_TOPIC_SYS_FLAG, NULL},
    {"writeQueueNums", MEMBER_PLAIN, FIELD_TOPIC_WRITE_QUEUE_NUMS, NULL},
    {NULL, 0, 0, NULL},
};

static const struct member customized_members[] = {
    {"next", MEMBER_NUMBERS, FIELD_GROUP_RETRY_CUSTOMIZED_NEXT, NULL},
    {NULL, 0, 0, NULL},
};

static const struct member exponential_members[] = {
    {"initial", MEMBER_PLAIN, FIELD_GROUP_RETRY_EXPONENTIAL_INITIAL, NULL},
    {"max", MEMBER_PLAIN, FIELD_GROUP_RETRY_EXPONENTIAL_MAX, NULL},
    {"multiplier", MEMBER_PLAIN, FIELD_GROUP_RETRY_EXPONENTIAL_MULTIPLIER, NULL},
    {NULL, 0, 0, NULL},
};

static const struct member retry_members[] = {
    {"customizedRetryPolicy", MEMBER_OBJECT, FIELD_COUNT, customized_members},
    {"exponentialRetryPolicy", MEMBER_OBJECT, FIELD_COUNT, exponential_members},
    {"type", MEMBER_PLAIN, FIELD_GROUP_RETRY_TYPE, NULL},
    {NULL, 0, 0, NULL},
};

static const struct member group_members[] = {
    {"attributes", MEMBER_ATTRIBUTES, FIELD_GROUP_ATTRIBUTES, NULL},
    {"brokerId", MEMBER_PLAIN, FIELD_GROUP_BROKER_ID, NULL},
    {"consumeBroadcastEnable", MEMBER_PLAIN, FIELD_GROUP_CONSUME_BROADCAST_ENABLE, NULL},
    {"consumeEnable", MEMBER_PLAIN, FIELD_GROUP_CONSUME_ENABLE, NULL},
    {"consumeFromMinEnable", MEMBER_PLAIN, FIELD_GROUP_CONSUME_FROM_MIN_ENABLE, NULL},
    {"consumeMessageOrderly", MEMBER_ORDERLY, FIELD_GROUP_DELIVERY_ORDER_TYPE, NULL},
    {"consumeTimeoutMinute", MEMBER_PLAIN, FIELD_GROUP_CONSUME_TIMEOUT_MINUTE, NULL},
    {"deliveryOrderType", MEMBER_SYNONYM, FIELD_GROUP_DELIVERY_ORDER_TYPE, NULL},
    {"groupName", MEMBER_NAME, FIELD_COUNT, NULL},
    {"groupRetryPolicy", MEMBER_OBJECT, FIELD_COUNT, retry_members},
    {"groupSysFlag", MEMBER_PLAIN, FIELD_GROUP_SYS_FLAG, NULL},
    {"notifyConsumerIdsChangedEnable", MEMBER_PLAIN, FIELD_GROUP_NOTIFY_CONSUMER_IDS_CHANGED_ENABLE, NULL},
    {"retryMaxTimes", MEMBER_PLAIN, FIELD_GROUP_MAX_RETRY_TIMES, NULL},
    {"retryQueueNums", MEMBER_PLAIN, FIELD_GROUP_RETRY_QUEUE_NUMS, NULL},
    {"subscriptionDataSet", MEMBER_SUBSCRIPTIONS, FIELD_GROUP_SUBSCRIPTION_DATA_SET, NULL},
    {"whichBrokerWhenConsumeSlowly", MEMBER_PLAIN, FIELD_GROUP_WHICH_BROKER_WHEN_CONSUME_SLOWLY, NULL},
    {NULL, 0, 0, NULL},
};

const struct member *const config_json_members[KINDS] = {topic_members, group_members};
