/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cluster/body.h"

#include "api/cause.h"

/* Quotes around a key are all that is added: at most two bytes to each byte of a key. */
enum { GROWTH = 3 };

static int copy_text(struct body *body, struct text text, bool bare)
{
    static const char padding[JSON_PADDING];

    if (text.bytes > (SIZE_MAX - JSON_PADDING) / GROWTH)
        return -1;
    buffer_init(&body->text, GROWTH * text.bytes + JSON_PADDING);
    if (bare ? json_quote_bare_keys(text, &body->text) : buffer_append_text(&body->text, text))
        return -1;
    return buffer_append(&body->text, padding, sizeof padding);
}

int body_open(struct body *body, struct text text, bool bare, const char *what, struct failure *why)
{
    *body = (struct body){.what = what};
    if (text.bytes == 0)
        return failure_set(why, CAUSE_BAD_ANSWER, "%s: the answer has no body", what);
    if (copy_text(body, text, bare) != 0)
        return failure_no_memory(why, what);
    body->json = json_reader_new((struct text){body->text.data, body->text.length - JSON_PADDING}, why);
    return body->json ? 0 : -1;
}

void body_close(struct body *body)
{
    json_reader_free(body->json);
    buffer_release(&body->text);
}

int body_broken(const struct body *body, struct failure *why)
{
    return body_unexpected(body, json_reader_error_offset(body->json), json_reader_error(body->json), why);
}

int body_unexpected(const struct body *body, size_t offset, const char *expected, struct failure *why)
{
    return failure_set(why, CAUSE_BAD_ANSWER, "%s: at byte %zu of the answer, %s", body->what, offset, expected);
}

int body_begin(struct body *body, struct json_token *out, struct failure *why)
{
    switch (json_next(body->json, out)) {
    case JSON_BEGIN_OBJECT:
        return 0;
    case JSON_BROKEN:
        return body_broken(body, why);
    default:
        return body_unexpected(body, out->offset, "an object was expected", why);
    }
}

int body_member(struct body *body, struct json_token *out, struct failure *why)
{
    switch (json_next(body->json, out)) {
    case JSON_BROKEN:
        return body_broken(body, why);
    case JSON_END_OBJECT:
        return 0;
    default:
        return 1;
    }
}

int body_skip(struct body *body, const struct json_token *token, struct failure *why)
{
    return json_skip(body->json, token) == 0 ? 0 : body_broken(body, why);
}

int body_end(struct body *body, struct failure *why)
{
    struct json_token token;

    return json_next(body->json, &token) == JSON_END ? 0 : body_broken(body, why);
}
