/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts made ready for the reader: padding, and fastjson's bare keys put in quotes.
 *
 * fastjson writes a map with number keys as {0:"a"} and one with object keys as {{"topic":"t"}:1}. Only the keys are
 * touched: whatever else is wrong stays as it is, for the reader to find.
 */
#include <stdlib.h>
#include <string.h>

#include "api/base/json.h"
#include "api/base/json_lexeme.h"

char *json_pad(struct text text)
{
    if (text.bytes > SIZE_MAX - JSON_PADDING)
        return NULL;
    char *padded = malloc(text.bytes + JSON_PADDING);
    if (!padded)
        return NULL;
    if (text.bytes > 0)
        memcpy(padded, text.data, text.bytes);
    memset(padded + text.bytes, 0, JSON_PADDING);
    return padded;
}

/* Behind the closing quote of the string that begins at `at`, or the end of the text. */
static const char *string_end(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++)
        if (*at == '\\' && end - at > 1)
            at++;
    return at < end ? at + 1 : end;
}

/* Behind the bracket that closes the object at `at`, or the end of the text. */
static const char *object_end(const char *at, const char *end)
{
    size_t open = 0;

    while (at < end) {
        if (*at == '"') {
            at = string_end(at, end);
            continue;
        }
        open += *at == '{';
        open -= *at++ == '}';
        if (open == 0)
            break;
    }
    return at;
}

static const char *integer_end(const char *at, const char *end)
{
    if (*at == '-')
        at++;
    while (at < end && json_is_digit(*at))
        at++;
    return at;
}

struct quoter {
    const char *at;
    const char *end;
    const char *copied; /* what is in front of it is in `out` */
    uint64_t objects;   /* the lowest bit: the innermost container is an object */
    size_t depth;
    bool key_next;
    struct json_writer out; /* of one value: the key */
};

static bool in_object(const struct quoter *quoter)
{
    return quoter->depth > 0 && quoter->objects & 1;
}

static void quote_key(struct quoter *quoter, const char *key_end)
{
    buffer_append(quoter->out.out, quoter->copied, (size_t)(quoter->at - quoter->copied));
    json_write_text(&quoter->out, (struct text){quoter->at, (size_t)(key_end - quoter->at)});
    quoter->copied = quoter->at = key_end;
    quoter->key_next = false;
}

static void step(struct quoter *quoter)
{
    switch (*quoter->at++) {
    case ' ':
    case '\t':
    case '\r':
    case '\n':
        return;
    case '{':
    case '[':
        quoter->depth++;
        quoter->objects = quoter->objects << 1 | (quoter->at[-1] == '{');
        quoter->key_next = in_object(quoter);
        return;
    case '}':
    case ']':
        quoter->depth -= quoter->depth > 0;
        quoter->objects >>= 1;
        break;
    case ',':
        quoter->key_next = in_object(quoter);
        return;
    case '"':
        quoter->at = string_end(quoter->at - 1, quoter->end);
        break;
    default:
        break;
    }
    quoter->key_next = false;
}

int json_quote_bare_keys(struct text text, struct buffer *out)
{
    struct quoter quoter = {.at = text.data, .end = text.data + text.bytes, .copied = text.data};

    json_writer_init(&quoter.out, out, 0);
    /* The reader refuses what is nested deeper. */
    while (quoter.at < quoter.end && quoter.depth <= JSON_DEPTH_MAX) {
        if (quoter.key_next && *quoter.at == '{')
            quote_key(&quoter, object_end(quoter.at, quoter.end));
        else if (quoter.key_next && (*quoter.at == '-' || json_is_digit(*quoter.at)))
            quote_key(&quoter, integer_end(quoter.at, quoter.end));
        else
            step(&quoter);
    }
    return buffer_append(out, quoter.copied, (size_t)(quoter.end - quoter.copied));
}
