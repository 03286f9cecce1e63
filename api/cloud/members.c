/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cloud/members.h"

#include "api/base/strings.h"
#include "api/cause.h"

int members_broken(const struct json_reader *reader, struct failure *why)
{
    return failure_set(why, CAUSE_BAD_ANSWER, "%s (byte %zu)", json_reader_error(reader),
                       json_reader_error_offset(reader) + 1);
}

static int fail_type(const struct member *member, const char *expected, struct failure *why)
{
    return failure_set(why, CAUSE_BAD_ANSWER, "'%s' is not %s", member->name, expected);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_named(const struct member *member, struct text key)
{
    return key.bytes > 0 && lower(key.data[0]) == lower(member->name[0]) &&
           text_is(text_after(key, 1), member->name + 1);
}

static int read_text(const struct json_token *token, const struct member *member, void *into, struct failure *why)
{
    if (token->type != JSON_STRING && token->type != JSON_INTEGER && token->type != JSON_NUMBER)
        return fail_type(member, "a text", why);
    *(struct text *)((char *)into + member->offset) = token->text;
    return 0;
}

static int read_integer(const struct json_token *token, const struct member *member, void *into, struct failure *why)
{
    int64_t number = token->integer;

    if (token->type != JSON_INTEGER && (token->type != JSON_STRING || !number_parse(token->text, &number)))
        return fail_type(member, "an integer", why);
    *(int64_t *)((char *)into + member->offset) = number;
    return 0;
}

static int read_bool(const struct json_token *token, const struct member *member, void *into, struct failure *why)
{
    bool yes = token->type == JSON_TRUE || (token->type == JSON_STRING && text_is(token->text, "true"));
    bool no = token->type == JSON_FALSE || (token->type == JSON_STRING && text_is(token->text, "false"));

    if (!yes && !no)
        return fail_type(member, "true or false", why);
    *(enum said *)((char *)into + member->offset) = yes ? SAID_YES : SAID_NO;
    return 0;
}

static int read_each(struct json_reader *reader, const struct json_token *begin, const struct member *member,
                     void *into, struct failure *why)
{
    struct json_token token;

    if (begin->type != JSON_BEGIN_ARRAY)
        return fail_type(member, "a list", why);
    while (json_next(reader, &token) != JSON_BROKEN && token.type != JSON_END_ARRAY) {
        if (member->take(into, reader, &token, why) != 0)
            return -1;
    }
    return token.type == JSON_BROKEN ? members_broken(reader, why) : 0;
}

static int skip(struct json_reader *reader, const struct json_token *token, struct failure *why)
{
    return json_skip(reader, token) == 0 ? 0 : members_broken(reader, why);
}

static int read_member(struct json_reader *reader, const struct json_token *token, const struct member *member,
                       void *into, struct failure *why)
{
    if (token->type == JSON_NULL)
        return 0;
    switch (member->type) {
    case MEMBER_TEXT:
        return read_text(token, member, into, why);
    case MEMBER_INTEGER:
        return read_integer(token, member, into, why);
    case MEMBER_BOOL:
        return read_bool(token, member, into, why);
    case MEMBER_OBJECT:
        if (token->type != JSON_BEGIN_OBJECT)
            break;
        return members_read(reader, token, member->members, into, why);
    case MEMBER_VALUE:
        return member->take(into, reader, token, why);
    case MEMBER_EACH:
        return read_each(reader, token, member, into, why);
    }
    return skip(reader, token, why);
}

int members_read(struct json_reader *reader, const struct json_token *begin, const struct member *members, void *into,
                 struct failure *why)
{
    struct json_token token;
    uint32_t seen = 0;

    if (begin->type != JSON_BEGIN_OBJECT)
        return failure_set(why, CAUSE_BAD_ANSWER, "there is something else where an object belongs");
    while (json_next(reader, &token) != JSON_BROKEN && token.type != JSON_END_OBJECT) {
        const struct member *member = members;
        while (member->name && !is_named(member, token.key))
            member++;
        if (!member->name) {
            if (skip(reader, &token, why) != 0)
                return -1;
            continue;
        }
        uint32_t bit = UINT32_C(1) << (member - members);
        if ((seen & bit) != 0)
            return failure_set(why, CAUSE_BAD_ANSWER, "'%s' stands there twice", member->name);
        seen |= bit;
        if (read_member(reader, &token, member, into, why) != 0)
            return -1;
    }
    return token.type == JSON_BROKEN ? members_broken(reader, why) : 0;
}
