/* SPDX-License-Identifier: Apache-2.0 */
#include "api/rules_brokers.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "api/base/strings.h"
#include "api/cause.h"

enum { ROOM = 256, SHOWN = 60, NEWEST_READ = BROKER_VERSION(5, 5, 0) };

struct judging {
    const struct rules *rules;
    enum kind kind;
    enum field field; /* of what is being judged */
    enum field *out_field;
    char *room;
};

__attribute__((format(printf, 3, 4))) static int refuse(const struct judging *judging, int cause, const char *format,
                                                        ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(judging->room, ROOM, format, arguments);
    va_end(arguments);
    *judging->out_field = judging->field;
    return cause;
}

/* "5.3.3", as releases are numbered. */
static const char *release(unsigned version, char room[static 16])
{
    unsigned number = version < BROKER_VERSION(4, 0, 0) ? 400 : 400 + (version - BROKER_VERSION(4, 0, 0) + 1) / 2;

    snprintf(room, 16, "%u.%u.%u", number / 100, number / 10 % 10, number % 10);
    return room;
}

/* --- message types --- */

static const struct message_type {
    const char *name;
    uint16_t since;
} message_types[] = {
    {"UNSPECIFIED", BROKER_VERSION(5, 0, 0)}, {"NORMAL", BROKER_VERSION(5, 0, 0)},
    {"FIFO", BROKER_VERSION(5, 0, 0)},        {"DELAY", BROKER_VERSION(5, 0, 0)},
    {"TRANSACTION", BROKER_VERSION(5, 0, 0)}, {"MIXED", BROKER_VERSION(5, 0, 0)},
    {"PRIORITY", BROKER_VERSION(5, 4, 0)},    {"LITE", BROKER_VERSION(5, 5, 0)},
};

static int check_message_type(const struct judging *judging, struct text type)
{
    unsigned version = judging->rules->broker_version;
    char number[16];

    if (judging->rules->mixed_refused && text_is(type, "MIXED"))
        return refuse(judging, CAUSE_INVALID_PARAMETER,
                      "brokers take messageType MIXED only with enableMixedMessageType=true");
    for (size_t i = 0; version != 0 && i < sizeof message_types / sizeof *message_types; i++)
        if (text_is(type, message_types[i].name) && version < message_types[i].since)
            return refuse(judging, CAUSE_INVALID_PARAMETER, "brokers know messageType %s from %s on",
                          message_types[i].name, release(message_types[i].since, number));
    return CAUSE_NONE;
}

/* --- attributes --- */

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static const struct attribute {
    enum kind kind;
    const char *key;
    uint16_t since;
    const char *const *words; /* one of them; NULL: a number in the range; both empty: any text */
    int64_t min, max;
} attributes[] = {
    {KIND_TOPIC, "queue.type", BROKER_VERSION(5, 0, 0), WORDS("BatchCQ", "SimpleCQ"), 0, 0},
    {KIND_TOPIC, "cleanup.policy", BROKER_VERSION(5, 1, 0), WORDS("DELETE", "COMPACTION"), 0, 0},
    {KIND_TOPIC, "reserve.time", BROKER_VERSION(5, 3, 0), NULL, -1, INT64_MAX},
    {KIND_TOPIC, "lite.topic.expiration", BROKER_VERSION(5, 5, 0), NULL, -1, 43200},
    {KIND_GROUP, "priority.factor", BROKER_VERSION(5, 4, 0), NULL, 0, 100},
    {KIND_GROUP, "lite.bind.topic", BROKER_VERSION(5, 5, 0), NULL, 0, 0},
    {KIND_GROUP, "lite.sub.model", BROKER_VERSION(5, 5, 0), WORDS("Shared", "Exclusive"), 0, 0},
    {KIND_GROUP, "lite.sub.client.quota", BROKER_VERSION(5, 5, 0), NULL, -1, INT64_MAX},
    {KIND_GROUP, "lite.sub.client.max.event.cnt", BROKER_VERSION(5, 5, 0), NULL, 10, INT64_MAX},
    {KIND_GROUP, "lite.sub.reset.offset.exclusive", BROKER_VERSION(5, 5, 0), WORDS("true", "false"), 0, 0},
    {KIND_GROUP, "lite.sub.reset.offset.unsubscribe", BROKER_VERSION(5, 5, 0), WORDS("true", "false"), 0, 0},
    {KIND_GROUP, "lite.sub.wildcard", BROKER_VERSION(5, 5, 0), NULL, 0, 0},
};

static const struct attribute *attribute_of(enum kind kind, struct text key)
{
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++)
        if (attributes[i].kind == kind && text_is(key, attributes[i].key))
            return &attributes[i];
    return NULL;
}

static int shown(struct text text)
{
    return (int)(text.bytes < SHOWN ? text.bytes : SHOWN);
}

/* Requests write attributes as "+key=value,+key2=value2" (3.7): what would be read as something else cannot be sent. */
static int check_signs(const struct judging *judging, const struct map_pair *pair)
{
    struct text key = pair->key, value = pair->value;

    if (key.bytes == 0 || value.bytes == 0)
        return refuse(judging, CAUSE_INVALID_PARAMETER, "attributes have a key and a value; '%.*s' lacks one",
                      shown(key), key.data);
    for (size_t i = 0; i < key.bytes; i++)
        if (strchr("+-=,", key.data[i]))
            return refuse(judging, CAUSE_INVALID_PARAMETER,
                          "keys of attributes hold none of + - = and comma; '%.*s' does", shown(key), key.data);
    for (size_t i = 0; i < value.bytes; i++)
        if (strchr("=,", value.data[i]))
            return refuse(judging, CAUSE_INVALID_PARAMETER,
                          "values of attributes hold neither = nor comma; that of %.*s does", shown(key), key.data);
    return CAUSE_NONE;
}

static int check_words(const struct judging *judging, const struct attribute *attribute, struct text value)
{
    const char *const *words = attribute->words;

    while (*words && !text_is(value, *words))
        words++;
    if (*words)
        return CAUSE_NONE;
    return refuse(judging, CAUSE_INVALID_PARAMETER, "attribute %s is %s or %s, not '%.*s'", attribute->key,
                  attribute->words[0], attribute->words[1], shown(value), value.data);
}

static int check_range(const struct judging *judging, const struct attribute *attribute, struct text value)
{
    int64_t number;

    if (attribute->min == attribute->max)
        return CAUSE_NONE;
    if (number_parse(value, &number) && number >= attribute->min && number <= attribute->max)
        return CAUSE_NONE;
    return refuse(judging, CAUSE_INVALID_PARAMETER, "attribute %s is from %" PRId64 " to %" PRId64 ", not '%.*s'",
                  attribute->key, attribute->min, attribute->max, shown(value), value.data);
}

static int check_attribute(const struct judging *judging, const struct map_pair *pair)
{
    const struct attribute *attribute = attribute_of(judging->kind, pair->key);
    unsigned version = judging->rules->broker_version;
    char number[16];
    int cause = check_signs(judging, pair);

    if (cause != CAUSE_NONE)
        return cause;
    if (!attribute && version != 0 && version <= NEWEST_READ)
        return refuse(judging, CAUSE_INVALID_PARAMETER, "brokers of release %s know no %s attribute '%.*s'",
                      release(version, number), kind_word(judging->kind), shown(pair->key), pair->key.data);
    if (!attribute)
        return CAUSE_NONE;
    if (version != 0 && version < attribute->since)
        return refuse(judging, CAUSE_INVALID_PARAMETER, "brokers know attribute %s from %s on", attribute->key,
                      release(attribute->since, number));
    return attribute->words ? check_words(judging, attribute, pair->value)
                            : check_range(judging, attribute, pair->value);
}

/* What goes without saying need not be sent, and is not. */
static int check_safety(const struct judging *judging, const union value *value)
{
    if (!judging->rules->attributes_unsafe || judging->kind != KIND_TOPIC || value_is_default(judging->field, value))
        return CAUSE_NONE;
    return refuse(
        judging, CAUSE_SETTING_NOT_REPRESENTABLE,
        "slaves of brokers 5.3.2 and 5.3.3 lose all their topics when one has an attribute, and %s is one; update "
        "the brokers, or insist with unsafeAttributes",
        judging->field == FIELD_TOPIC_MESSAGE_TYPE ? "messageType" : "this");
}

static int check_map(const struct judging *judging, const union value *value)
{
    struct map_pair pair;
    int cause = CAUSE_NONE;

    for (size_t position = 0; cause == CAUSE_NONE && map_next(value->text, &position, &pair);)
        cause = check_attribute(judging, &pair);
    return cause;
}

int rules_check_attributes(const struct rules *rules, enum kind kind, const struct settings *settings, uint64_t holds,
                           enum field *out_field, char room[static 256])
{
    const enum field fields[] = {FIELD_TOPIC_MESSAGE_TYPE, FIELD_TOPIC_ATTRIBUTES, FIELD_GROUP_ATTRIBUTES};
    struct judging judging = {.rules = rules, .kind = kind, .out_field = out_field, .room = room};
    int cause = CAUSE_NONE;

    for (size_t i = 0; cause == CAUSE_NONE && i < sizeof fields / sizeof *fields; i++) {
        judging.field = fields[i];
        if (field_info(fields[i])->kind != kind || !(settings->set & holds & FIELD_BIT(fields[i])))
            continue;
        const union value *value = settings_value(settings, fields[i]);
        cause = fields[i] == FIELD_TOPIC_MESSAGE_TYPE ? check_message_type(&judging, value->text)
                                                      : check_map(&judging, value);
        if (cause == CAUSE_NONE)
            cause = check_safety(&judging, value);
    }
    return cause;
}
