/* SPDX-License-Identifier: Apache-2.0 */
#include "api/config_json_reading.h"

#include "api/base/strings.h"
#include "api/cause.h"

enum { QUOTED_BYTES_MAX = 100 };

/* --- what can be wrong --- */

int reading_broken(const struct reading *reading)
{
    *reading->out_offset = json_reader_error_offset(reading->reader);
    return failure_set(reading->why, CAUSE_INPUT_WRONG, "%s", json_reader_error(reading->reader));
}

static const char *found(enum json_type type)
{
    switch (type) {
    case JSON_BEGIN_OBJECT:
        return "an object";
    case JSON_BEGIN_ARRAY:
        return "a list";
    case JSON_STRING:
        return "a text";
    case JSON_INTEGER:
    case JSON_NUMBER:
        return "a number";
    case JSON_TRUE:
        return "true";
    case JSON_FALSE:
        return "false";
    case JSON_NULL:
        return "null";
    case JSON_BROKEN:
    case JSON_END:
    case JSON_END_OBJECT:
    case JSON_END_ARRAY:
        break;
    }
    return "nothing";
}

int reading_wrong_type(const struct reading *reading, const char *name, const char *wanted,
                       const struct json_token *token)
{
    if (token->type == JSON_BROKEN)
        return reading_broken(reading);
    *reading->out_offset = token->offset;
    return failure_set(reading->why, CAUSE_INPUT_WRONG, "%s is %s, not %s", name, wanted, found(token->type));
}

static int quoted_bytes(struct text text)
{
    return (int)(text.bytes < QUOTED_BYTES_MAX ? text.bytes : QUOTED_BYTES_MAX);
}

/* The type is right, the value is not. */
static int not_a(const struct reading *reading, const char *name, const char *wanted, const struct json_token *token)
{
    *reading->out_offset = token->offset;
    return failure_set(reading->why, CAUSE_INPUT_WRONG, "%s is %s, not '%.*s'", name, wanted, quoted_bytes(token->text),
                       token->text.data);
}

int reading_refuse(const struct reading *reading, size_t offset, struct text name, const char *what)
{
    *reading->out_offset = offset;
    return failure_set(reading->why, CAUSE_INPUT_WRONG, "'%.*s' %s", quoted_bytes(name), name.data, what);
}

int reading_said_twice(const struct reading *reading, struct text name, size_t offset)
{
    return reading_refuse(reading, offset, name, "is there twice");
}

int reading_member_twice(const struct reading *reading, size_t offset)
{
    *reading->out_offset = offset;
    return failure_set(reading->why, CAUSE_INPUT_WRONG, "this member stands twice in one object");
}

/* fastjson 1 writes a second occurrence of one object as a reference (rocketmq-remoting 1.9). */
int reading_unknown(const struct reading *reading, const struct json_token *token, struct json_keys *strangers,
                    uint32_t *counter)
{
    size_t offset;

    if (text_is(token->key, "$ref"))
        return reading_refuse(reading, token->offset, token->key, "refers to another place, which is not followed");
    ++*counter;
    json_keys_note(strangers, token);
    int status = json_keys_skip(strangers, reading->reader, token, &offset);
    if (status < 0)
        return reading_broken(reading);
    return status > 0 ? reading_member_twice(reading, offset) : 0;
}

/* --- scalars --- */

int reading_boolean(const struct reading *reading, const char *name, const struct json_token *token, int64_t *out)
{
    static const char wanted[] = "true or false";
    bool is_text = token->type == JSON_STRING;

    *out = token->type == JSON_TRUE || (is_text && text_is(token->text, "true"));
    if (*out != 0 || token->type == JSON_FALSE || (is_text && text_is(token->text, "false")))
        return 0;
    return is_text ? not_a(reading, name, wanted, token) : reading_wrong_type(reading, name, wanted, token);
}

int reading_integer(const struct reading *reading, const char *name, const struct json_token *token, int64_t *out)
{
    *out = token->integer;
    if (token->type == JSON_INTEGER || (token->type == JSON_STRING && number_parse(token->text, out)))
        return 0;
    if (token->type == JSON_STRING || token->type == JSON_NUMBER)
        return not_a(reading, name, "a whole number of at most 64 bits", token);
    return reading_wrong_type(reading, name, "a whole number", token);
}

int reading_text(const struct reading *reading, const char *name, const struct json_token *token, struct text *out)
{
    *out = token->text;
    return token->type == JSON_STRING ? 0 : reading_wrong_type(reading, name, "a text", token);
}
