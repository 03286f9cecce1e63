/* SPDX-License-Identifier: Apache-2.0
 *
 * subscriptionDataSet (rocketmq-remoting 1.7) in its one canonical form: members of an element in alphabetical order,
 * elements sorted by that text, each once.
 */
#include <stdlib.h>

#include "api/base/sort.h"
#include "api/config_json.h"
#include "api/config_json_reading.h"

enum { EXPRESSION = 0, EXPRESSION_TYPE, TOPIC, VERSION, MEMBERS };

static const char *const names[MEMBERS] = {"expression", "expressionType", "topic", "version"};

static const char list_name[] = "subscriptionDataSet";

struct subscription {
    bool seen[MEMBERS], set[MEMBERS];
    struct text texts[VERSION];
    int64_t version;
};

static unsigned member_of(struct text key)
{
    unsigned member = 0;

    while (member < MEMBERS && !config_json_key_is(key, names[member]))
        member++;
    return member;
}

static int read_member(const struct reading *reading, unsigned member, const struct json_token *token,
                       struct subscription *out)
{
    if (out->seen[member])
        return reading_said_twice(reading, token->key, token->offset);
    out->seen[member] = true;
    out->set[member] = token->type != JSON_NULL;
    if (!out->set[member])
        return 0;
    if (member == VERSION)
        return reading_integer(reading, names[member], token, &out->version);
    return reading_text(reading, names[member], token, &out->texts[member]);
}

static int read_members(const struct reading *reading, struct json_keys *strangers, struct subscription *out)
{
    struct json_token token;
    uint32_t unknown = 0;
    size_t offset;

    *out = (struct subscription){.version = 0};
    while (json_next(reading->reader, &token) != JSON_END_OBJECT) {
        if (token.type == JSON_BROKEN)
            return reading_broken(reading);
        unsigned member = member_of(token.key);
        int status = member < MEMBERS ? read_member(reading, member, &token, out)
                                      : reading_unknown(reading, &token, strangers, &unknown);
        if (status != 0)
            return -1;
    }
    return json_keys_end(strangers, 0, &offset) ? reading_member_twice(reading, offset) : 0;
}

static int read_element(const struct reading *reading, struct subscription *out)
{
    struct json_keys strangers = {.count = 0};
    int status = read_members(reading, &strangers, out);

    if (status == 0 && strangers.failed)
        status = failure_no_memory(reading->why, "members");
    json_keys_release(&strangers);
    return status;
}

/* JSON text has no NUL, so one can stand between the elements. */
static void write_element(const struct subscription *subscription, struct buffer *out)
{
    struct json_writer writer;

    json_writer_init(&writer, out, 0);
    json_write_begin_object(&writer);
    for (unsigned member = 0; member < MEMBERS; member++) {
        if (!subscription->set[member])
            continue;
        json_write_key(&writer, names[member]);
        if (member == VERSION)
            json_write_integer(&writer, subscription->version);
        else
            json_write_text(&writer, subscription->texts[member]);
    }
    json_write_end_object(&writer);
    buffer_append_char(out, '\0');
}

static int read_elements(const struct reading *reading, struct buffer *elements, size_t *out_count)
{
    struct subscription subscription;
    struct json_token token;

    while (json_next(reading->reader, &token) != JSON_END_ARRAY) {
        if (token.type != JSON_BEGIN_OBJECT)
            return reading_wrong_type(reading, list_name, "a list of objects", &token);
        if (read_element(reading, &subscription) != 0)
            return -1;
        write_element(&subscription, elements);
        ++*out_count;
    }
    return 0;
}

static int compare_texts(const void *left, const void *right)
{
    const struct text *a = left, *b = right;
    return text_compare(*a, *b);
}

static int join_sorted(const struct buffer *elements, size_t count, struct buffer *out)
{
    struct text *sorted = calloc(count + 1, sizeof *sorted);
    const char *at = elements->data;

    if (!sorted)
        return -1;
    for (size_t i = 0; i < count; i++, at += sorted[i - 1].bytes + 1)
        sorted[i] = text_of(at);
    sort_in_place(sorted, count, sizeof *sorted, compare_texts);
    buffer_append_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && text_equal(sorted[i - 1], sorted[i]))
            continue;
        buffer_append_string(out, i > 0 ? "," : "");
        buffer_append_text(out, sorted[i]);
    }
    free(sorted);
    return buffer_append_char(out, ']');
}

int config_json_read_subscriptions(struct json_reader *reader, const struct json_token *begin, struct buffer *out,
                                   size_t *out_offset, struct failure *why)
{
    struct reading reading = {reader, out_offset, why};
    struct buffer elements;
    size_t count = 0;

    buffer_init(&elements, out->ceiling);
    int status = read_elements(&reading, &elements, &count);
    if (status == 0 && (elements.failed || join_sorted(&elements, count, out) != 0))
        status = reading_refuse(&reading, begin->offset, text_of(list_name), "is too large");
    buffer_release(&elements);
    return status;
}
