/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cloud/reply.h"

#include <stdio.h>

#include "api/base/strings.h"
#include "api/cause.h"

struct envelope {
    struct text request_id, code, message, description, action;
    int64_t status;
    enum said success;
    enum said given; /* is there a payload? NO: it says false */
    const struct payload *payload;
};

/* ---- the envelope */

static int take_payload(void *into, struct json_reader *reader, const struct json_token *token, struct failure *why)
{
    struct envelope *envelope = into;

    envelope->given = token->type == JSON_FALSE ? SAID_NO : SAID_YES;
    if (envelope->payload->take)
        return envelope->payload->take(envelope->payload->context, reader, token, why);
    return json_skip(reader, token) == 0 ? 0
                                         : failure_set(why, CAUSE_BAD_ANSWER, "%s (byte %zu)",
                                                       json_reader_error(reader), json_reader_error_offset(reader) + 1);
}

static const struct member denial[] = {
    {"authAction", MEMBER_TEXT, offsetof(struct envelope, action), NULL, NULL},
    {0},
};

/* openapi 1.2, 4.4. The SDKs read `description` where there is no message. */
static int read_envelope(struct json_reader *reader, struct envelope *envelope, struct failure *why)
{
    const struct member members[] = {
        {"requestId", MEMBER_TEXT, offsetof(struct envelope, request_id), NULL, NULL},
        {"success", MEMBER_BOOL, offsetof(struct envelope, success), NULL, NULL},
        {"code", MEMBER_TEXT, offsetof(struct envelope, code), NULL, NULL},
        {"message", MEMBER_TEXT, offsetof(struct envelope, message), NULL, NULL},
        {"description", MEMBER_TEXT, offsetof(struct envelope, description), NULL, NULL},
        {"httpStatusCode", MEMBER_INTEGER, offsetof(struct envelope, status), NULL, NULL},
        {"accessDeniedDetail", MEMBER_OBJECT, 0, denial, NULL},
        {envelope->payload->name, MEMBER_VALUE, 0, NULL, take_payload}, /* without a name: the end */
        {0},
    };
    struct json_token token;

    json_next(reader, &token);
    if (token.type == JSON_BROKEN)
        return members_broken(reader, why);
    if (members_read(reader, &token, members, envelope, why) != 0)
        return -1;
    if (json_next(reader, &token) != JSON_END)
        return members_broken(reader, why);
    return 0;
}

/* ---- judging */

static void copy(char *out, size_t size, struct text text)
{
    size_t bytes = text.bytes < size ? text.bytes : size - 1;

    while (bytes > 0 && bytes < text.bytes && ((unsigned char)text.data[bytes] & 0xC0) == 0x80)
        bytes--; /* whole characters only */
    if (bytes > 0)
        memcpy(out, text.data, bytes);
    out[bytes] = '\0';
}

/* Codes that are no failure (openapi 1.2, 4.4). */
static bool is_success_code(struct text code)
{
    return code.bytes == 0 || text_is(code, "200") || text_is(code, "OK") || text_is(code, "Success") ||
           text_is(code, "success");
}

static enum reply_says judge(const struct call *call, const struct envelope *envelope)
{
    bool says_no = call->status >= 400 || envelope->success == SAID_NO || envelope->status >= 400 ||
                   !is_success_code(envelope->code);
    /* A gateway that failed may say so in JSON of its own: without a code nobody vouches for anything. */
    bool explained = envelope->code.bytes > 0 || (envelope->message.bytes > 0 && call->status < 500);

    if (says_no)
        return envelope->success == SAID_NO || explained ? REPLY_NO : REPLY_NOTHING;
    if (call->status < 200 || call->status >= 300)
        return REPLY_NOTHING;
    if (envelope->payload->name)
        return envelope->given == SAID_YES ? REPLY_YES : REPLY_NOTHING;
    return envelope->request_id.bytes > 0 ? REPLY_YES : REPLY_NOTHING;
}

static void say_nothing(struct reply *out, const struct call *call, const char *what)
{
    out->says = REPLY_NOTHING;
    failure_set(&out->broken, CAUSE_BAD_ANSWER, "HTTP status %u, and %s", call->status, what);
}

static void take_envelope(struct reply *out, const struct call *call, const struct envelope *envelope)
{
    struct text message = envelope->message.bytes > 0 ? envelope->message : envelope->description;

    copy(out->code, sizeof out->code, envelope->code);
    copy(out->message, sizeof out->message, message);
    copy(out->action, sizeof out->action, envelope->action);
    if (envelope->request_id.bytes > 0)
        copy(out->request_id, sizeof out->request_id, envelope->request_id);
    out->says = judge(call, envelope);
    if (out->says == REPLY_NOTHING)
        say_nothing(out, call, "the body says neither yes nor no");
}

static void read_json(const struct call *call, struct text body, const struct payload *payload, struct reply *out)
{
    static const struct payload none = {.name = NULL};
    struct envelope envelope = {.payload = payload ? payload : &none};
    struct json_reader *reader = json_reader_new(body, &out->broken);

    out->says = REPLY_NOTHING;
    if (!reader)
        return;
    if (read_envelope(reader, &envelope, &out->broken) == 0)
        take_envelope(out, call, &envelope);
    else
        failure_wrap(&out->broken, "HTTP status %u, and a body that is not as expected", call->status);
    json_reader_free(reader);
}

/* ---- XML: <Error><Code>…</Code>…</Error> */

static struct text between(struct text body, const char *from, const char *to)
{
    const char *begin = body.bytes > 0 ? memmem(body.data, body.bytes, from, strlen(from)) : NULL;

    if (!begin)
        return (struct text){0};
    begin += strlen(from);
    size_t left = body.bytes - (size_t)(begin - body.data);
    const char *end = memmem(begin, left, to, strlen(to));
    return end ? (struct text){begin, (size_t)(end - begin)} : (struct text){0};
}

static void read_xml(const struct call *call, struct text body, struct reply *out)
{
    struct text error = between(body, "<Error>", "</Error>");
    struct text code = between(error, "<Code>", "</Code>"), id = between(error, "<RequestId>", "</RequestId>");

    if (code.bytes == 0) {
        say_nothing(out, call, "an XML body without an error code");
        return;
    }
    out->says = REPLY_NO;
    copy(out->code, sizeof out->code, code);
    copy(out->message, sizeof out->message, between(error, "<Message>", "</Message>"));
    if (id.bytes > 0)
        copy(out->request_id, sizeof out->request_id, id);
}

/* ---- any body */

static struct text trimmed(struct text body)
{
    while (body.bytes > 0 && strchr(" \t\r\n", body.data[0]))
        body = text_after(body, 1);
    return body;
}

void reply_read(const struct call *call, struct text body, const struct payload *payload, struct reply *out)
{
    struct text begin = trimmed(body);

    *out = (struct reply){0};
    copy(out->request_id, sizeof out->request_id, text_of(call->request_id));
    if (begin.bytes == 0)
        say_nothing(out, call, "an empty body");
    else if (text_begins(begin, "{") || text_begins(begin, "\xEF\xBB\xBF"))
        read_json(call, body, payload, out);
    else if (text_begins(begin, "<?xml") || text_begins(begin, "<Error>"))
        read_xml(call, begin, out);
    else
        say_nothing(out, call, text_begins(begin, "<") ? "HTML where JSON belongs" : "a body that is no JSON");
}
