/* SPDX-License-Identifier: Apache-2.0 */
#include "api/config_json.h"

#include <inttypes.h>
#include <stdlib.h>

#include "api/cause.h"
#include "api/config_json_members.h"
#include "api/config_json_reading.h"

/* Far more than any broker would take. */
enum { LIST_BYTES_MAX = 1024 * 1024 };

/* Where a member is read to. */
struct place {
    struct reading reading;
    struct config_json *config;
};

void config_json_init(struct config_json *config)
{
    *config = (struct config_json){.unknown = 0};
    buffer_init(&config->attributes, LIST_BYTES_MAX);
    buffer_init(&config->numbers, LIST_BYTES_MAX);
    buffer_init(&config->subscriptions, LIST_BYTES_MAX);
}

void config_json_release(struct config_json *config)
{
    buffer_release(&config->attributes);
    buffer_release(&config->numbers);
    buffer_release(&config->subscriptions);
    free(config->pairs);
    config->pairs = NULL;
    config->pair_count = config->pair_capacity = 0;
    json_keys_release(&config->strangers);
}

/* --- scalars --- */

/* Two spellings of one fact may agree. */
static int put_text(const struct place *place, enum field field, const struct json_token *token, struct text text)
{
    struct draft *draft = &place->config->draft;

    if ((draft->set & FIELD_BIT(field)) != 0 && !text_equal(draft->values[field].text, text))
        return reading_refuse(&place->reading, token->offset, token->key,
                              "contradicts another member that says the same in other words");
    draft_set_text(draft, field, text);
    return 0;
}

static int read_number(const struct place *place, const struct member *member, const struct json_token *token)
{
    const struct reading *reading = &place->reading;
    int64_t number = 0;
    int status = field_info(member->field)->type == TYPE_BOOL ? reading_boolean(reading, member->name, token, &number)
                                                              : reading_integer(reading, member->name, token, &number);

    if (status != 0)
        return -1;
    draft_set_number(&place->config->draft, member->field, number);
    return 0;
}

static int read_plain(const struct place *place, const struct member *member, const struct json_token *token)
{
    enum field_type type = field_info(member->field)->type;
    struct text text;

    if (type == TYPE_BOOL || type == TYPE_INTEGER)
        return read_number(place, member, token);
    if (reading_text(&place->reading, member->name, token, &text) != 0)
        return -1;
    return put_text(place, member->field, token, text);
}

static int read_orderly(const struct place *place, const struct member *member, const struct json_token *token)
{
    int64_t orderly;

    if (reading_boolean(&place->reading, member->name, token, &orderly) != 0)
        return -1;
    return put_text(place, member->field, token, orderly != 0 ? TEXT("Orderly") : TEXT("Concurrently"));
}

/* --- attributes --- */

static int add_pair(const struct place *place, struct text key, struct text value)
{
    struct config_json *config = place->config;

    if (config->pair_count == config->pair_capacity) {
        size_t capacity = config->pair_capacity == 0 ? 8 : config->pair_capacity * 2;
        struct map_pair *pairs = realloc(config->pairs, capacity * sizeof *pairs);
        if (!pairs)
            return failure_no_memory(place->reading.why, "attributes");
        config->pairs = pairs;
        config->pair_capacity = capacity;
    }
    config->pairs[config->pair_count++] = (struct map_pair){key, value};
    return 0;
}

/* Requests sign the key of an attribute: plus adds it, minus takes it away (rocketmq-remoting 3.7). */
static int unsigned_key(const struct place *place, const struct json_token *token, struct text *out)
{
    struct text key = token->key;
    char sign = key.bytes > 0 ? key.data[0] : '\0';

    *out = sign == '+' ? (struct text){key.data + 1, key.bytes - 1} : key;
    if (sign == '-')
        return reading_refuse(&place->reading, token->offset, key, "would take an attribute away");
    return 0;
}

/* Texts; whatever else is no list or object is taken as it is spelt. */
static int attribute_value(const struct place *place, const struct json_token *token, struct text *out)
{
    *out = token->text;
    if (token->type == JSON_TRUE || token->type == JSON_FALSE)
        *out = token->type == JSON_TRUE ? TEXT("true") : TEXT("false");
    else if (token->type != JSON_STRING && token->type != JSON_INTEGER && token->type != JSON_NUMBER)
        return reading_wrong_type(&place->reading, "an attribute", "a text", token);
    return 0;
}

static int read_attribute(const struct place *place, const struct member *member, const struct json_token *token)
{
    struct json_token plain = *token;
    struct text value;

    if (unsigned_key(place, token, &plain.key) != 0)
        return -1;
    json_keys_note(&place->config->strangers, &plain);
    if (token->type == JSON_NULL)
        return 0;
    if (attribute_value(place, token, &value) != 0)
        return -1;
    if (member->field == FIELD_TOPIC_ATTRIBUTES && text_is(plain.key, MESSAGE_TYPE_ATTRIBUTE))
        return put_text(place, FIELD_TOPIC_MESSAGE_TYPE, token, value);
    return add_pair(place, plain.key, value);
}

static int finish_attributes(const struct place *place, const struct member *member, const struct json_token *begin)
{
    struct config_json *config = place->config;
    struct text repeated;

    if (config->pair_count == 0)
        return 0;
    if (map_finish(config->pairs, config->pair_count, &config->attributes, &repeated) == 0) {
        draft_set_text(&config->draft, member->field, buffer_text(&config->attributes));
        return 0;
    }
    return reading_refuse(&place->reading, begin->offset, text_of(member->name), "is too large");
}

static int read_attributes(const struct place *place, const struct member *member, const struct json_token *begin)
{
    struct json_keys *keys = &place->config->strangers;
    size_t before = keys->count, offset;
    struct json_token token;

    if (begin->type != JSON_BEGIN_OBJECT)
        return reading_wrong_type(&place->reading, member->name, "an object of texts", begin);
    place->config->pair_count = 0;
    while (json_next(place->reading.reader, &token) != JSON_END_OBJECT) {
        if (token.type == JSON_BROKEN)
            return reading_broken(&place->reading);
        if (read_attribute(place, member, &token) != 0)
            return -1;
    }
    if (json_keys_end(keys, before, &offset))
        return reading_member_twice(&place->reading, offset);
    return finish_attributes(place, member, begin);
}

/* --- lists --- */

static int read_numbers(const struct place *place, const struct member *member, const struct json_token *begin)
{
    struct buffer *out = &place->config->numbers;
    struct json_token token;
    int64_t number;

    if (begin->type != JSON_BEGIN_ARRAY)
        return reading_wrong_type(&place->reading, member->name, "a list of whole numbers", begin);
    buffer_reset(out);
    while (json_next(place->reading.reader, &token) != JSON_END_ARRAY) {
        if (reading_integer(&place->reading, member->name, &token, &number) != 0)
            return -1;
        buffer_append_format(out, "%s%" PRId64, out->length > 0 ? "," : "", number);
    }
    if (out->failed)
        return reading_refuse(&place->reading, begin->offset, text_of(member->name), "is too large");
    draft_set_text(&place->config->draft, member->field, buffer_text(out));
    return 0;
}

static int read_subscriptions(const struct place *place, const struct member *member, const struct json_token *begin)
{
    const struct reading *reading = &place->reading;
    struct buffer *out = &place->config->subscriptions;

    if (begin->type != JSON_BEGIN_ARRAY)
        return reading_wrong_type(reading, member->name, "a list of objects", begin);
    buffer_reset(out);
    if (config_json_read_subscriptions(reading->reader, begin, out, reading->out_offset, reading->why) != 0)
        return -1;
    draft_set_text(&place->config->draft, member->field, buffer_text(out));
    return 0;
}

/* --- members --- */

static int read_members(const struct place *place, const struct member *members);

static int read_object(const struct place *place, const struct member *member, const struct json_token *begin)
{
    if (begin->type != JSON_BEGIN_OBJECT)
        return reading_wrong_type(&place->reading, member->name, "an object", begin);
    return read_members(place, member->inside);
}

static int read_member(const struct place *place, const struct member *member, const struct json_token *token)
{
    if (token->type == JSON_NULL)
        return 0;
    switch (member->form) {
    case MEMBER_NAME:
        place->config->name_offset = token->offset;
        return reading_text(&place->reading, member->name, token, &place->config->name);
    case MEMBER_ATTRIBUTES:
        return read_attributes(place, member, token);
    case MEMBER_ORDERLY:
        return read_orderly(place, member, token);
    case MEMBER_NUMBERS:
        return read_numbers(place, member, token);
    case MEMBER_SUBSCRIPTIONS:
        return read_subscriptions(place, member, token);
    case MEMBER_OBJECT:
        return read_object(place, member, token);
    case MEMBER_PLAIN:
    case MEMBER_SYNONYM:
        break;
    }
    return read_plain(place, member, token);
}

bool config_json_key_is(struct text key, const char *name)
{
    size_t at = 0;

    if (text_is(key, name))
        return true;
    for (; *name; name++) {
        bool capital = *name >= 'A' && *name <= 'Z';
        if (capital && (at == key.bytes || key.data[at++] != '_'))
            return false;
        if (at == key.bytes || key.data[at++] != (capital ? *name - 'A' + 'a' : *name))
            return false;
    }
    return at == key.bytes;
}

/* Brokers write members in the order of the table: the one behind the last is tried first. */
static const struct member *find_member(const struct member *members, const struct member *likely, struct text key)
{
    if (likely->name && text_is(key, likely->name))
        return likely;
    while (members->name && !config_json_key_is(key, members->name))
        members++;
    return members->name ? members : NULL;
}

static int read_members(const struct place *place, const struct member *members)
{
    const struct member *likely = members;
    struct json_token token;
    struct json_keys *strangers = &place->config->strangers;
    size_t before = strangers->count, offset;
    uint32_t seen = 0;

    while (json_next(place->reading.reader, &token) != JSON_END_OBJECT) {
        if (token.type == JSON_BROKEN)
            return reading_broken(&place->reading);
        const struct member *member = find_member(members, likely, token.key);
        if (!member) {
            if (reading_unknown(&place->reading, &token, strangers, &place->config->unknown) != 0)
                return -1;
            continue;
        }
        uint32_t bit = UINT32_C(1) << (member - members);
        if ((seen & bit) != 0)
            return reading_said_twice(&place->reading, token.key, token.offset);
        if (read_member(place, member, &token) != 0)
            return -1;
        seen |= bit;
        likely = member + 1;
    }
    return json_keys_end(strangers, before, &offset) ? reading_member_twice(&place->reading, offset) : 0;
}

int config_json_read(struct config_json *config, enum kind kind, struct json_reader *reader,
                     const struct json_token *begin, size_t *out_offset, struct failure *why)
{
    struct place place = {{reader, out_offset, why}, config};

    draft_clear(&config->draft);
    config->name = TEXT("");
    config->name_offset = begin->offset;
    config->unknown = 0;
    config->strangers.count = 0;
    config->strangers.failed = false;
    if (read_members(&place, config_json_members[kind]) != 0)
        return -1;
    return config->strangers.failed ? failure_no_memory(why, "members") : 0;
}
