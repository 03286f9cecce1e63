/* SPDX-License-Identifier: Apache-2.0
 *
 * TopicConfig and SubscriptionGroupConfig as JSON (rocketmq-remoting 1.5, 1.7, 1.9, 1.10) ↔ settings: for files that
 * RocketMQ tools wrote, tables of brokers, requests and exports.
 *
 * Reading is tolerant where files in the wild are: members in any order, numbers and booleans as strings, null as
 * absent, snake case (Huawei DMS), plus signs before attribute keys, retryMaxTimes → consumeRetryPolicy.maxRetryTimes,
 * consumeMessageOrderly → deliveryOrderType, attributes["message.type"] → messageType. It is strict where a mistake
 * would hide: a member twice, {"$ref"}, a value of the wrong type, one fact spelt twice with different values. Unknown
 * members are skipped (checked as JSON) and counted.
 */
#ifndef MQFERRY_API_CONFIG_JSON_H
#define MQFERRY_API_CONFIG_JSON_H

#include "api/base/buffer.h"
#include "api/base/failure.h"
#include "api/base/json_keys.h"
#include "api/resource.h"

/* What one object said, until the next config_json_read. Texts live as long as the reader; those of maps and lists as
 * long as this. */
struct config_json {
    struct draft draft;
    struct text name;   /* topicName / groupName; empty: absent */
    size_t name_offset; /* where it stands */
    uint32_t unknown;   /* members that nobody knows */
    /* The rest belongs to config_json.c. */
    struct buffer attributes, numbers, subscriptions;
    struct map_pair *pairs;
    size_t pair_count, pair_capacity;
    struct json_keys strangers; /* members that nobody knows */
};

void config_json_init(struct config_json *config);
void config_json_release(struct config_json *config);

/* Reads the object that `begin` (JSON_BEGIN_OBJECT) opened, to its end. Values out of a field's range are kept as they
 * are (brokers store anything; rules judge them later) unless they do not fit int64. An empty map says nothing and is
 * not set. On failure: *out_offset is where, cause INPUT_WRONG; json_skip(reader, begin) goes on behind the object. 0
 * or -1. */
int config_json_read(struct config_json *config, enum kind kind, struct json_reader *reader,
                     const struct json_token *begin, size_t *out_offset, struct failure *why);

/* The one canonical text of subscriptionDataSet, from the list that `begin` (JSON_BEGIN_ARRAY) opened: a set for the
 * broker, so its elements are sorted. Appends to `out`, which the caller empties. As config_json_read otherwise. */
int config_json_read_subscriptions(struct json_reader *reader, const struct json_token *begin, struct buffer *out,
                                   size_t *out_offset, struct failure *why);

/* Is `key` the member `name` (camel case), as it is or in snake case ("topic_config_table")? */
bool config_json_key_is(struct text key, const char *name);

/* How requests, exports and lists want it. */
struct config_json_style {
    bool plus_attributes; /* "+key" in attributes (requests 17, 18, 200, 225) */
    bool all_defaults;    /* write absent fields with their defaults, as brokers do */
    bool v5;              /* 5.x members: attributes, consumeMessageOrderly, groupRetryPolicy, … */
};

/* Writes one object, members in alphabetical order as fastjson does; fields that these objects cannot say are left out.
 * Errors collect in the writer's buffer. */
void config_json_write(struct json_writer *writer, enum kind kind, struct text name, const struct settings *settings,
                       const struct config_json_style *style);
void config_json_write_draft(struct json_writer *writer, enum kind kind, struct text name, const struct draft *draft,
                             const struct config_json_style *style);

#endif
