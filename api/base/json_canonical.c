/* SPDX-License-Identifier: Apache-2.0 */
#include "api/base/json_canonical.h"

#include <stdlib.h>

#include "api/base/sort.h"
#include "api/cause.h"

struct member {
    struct text key;
    size_t offset;       /* in the text that is read */
    size_t begin, bytes; /* of its value in the body */
};

struct members {
    struct member *items;
    size_t count, capacity;
    struct buffer body;
};

/* What every step needs. */
struct walk {
    struct json_reader *reader;
    size_t *out_offset;
    struct failure *why;
};

static int append_value(const struct walk *walk, const struct json_token *token, struct buffer *out);

static int broken(const struct walk *walk)
{
    *walk->out_offset = json_reader_error_offset(walk->reader);
    return failure_set(walk->why, CAUSE_INPUT_WRONG, "%s", json_reader_error(walk->reader));
}

static int add_member(const struct walk *walk, const struct json_token *token, struct members *members)
{
    if (members->count == members->capacity) {
        size_t capacity = members->capacity == 0 ? 8 : members->capacity * 2;
        struct member *items = realloc(members->items, capacity * sizeof *items);
        if (!items)
            return failure_no_memory(walk->why, "reading JSON");
        members->items = items;
        members->capacity = capacity;
    }
    size_t begin = members->body.length;
    if (append_value(walk, token, &members->body) != 0)
        return -1;
    members->items[members->count++] = (struct member){token->key, token->offset, begin, members->body.length - begin};
    return 0;
}

static int compare_members(const void *left, const void *right)
{
    const struct member *a = left, *b = right;
    int order = text_compare(a->key, b->key);

    if (order != 0)
        return order;
    return a->offset < b->offset ? -1 : a->offset > b->offset;
}

static int append_sorted(const struct walk *walk, struct members *members, struct buffer *out)
{
    struct json_writer writer;

    sort_in_place(members->items, members->count, sizeof *members->items, compare_members);
    json_writer_init(&writer, out, 0);
    json_write_begin_object(&writer);
    for (size_t i = 0; i < members->count; i++) {
        const struct member *member = &members->items[i];
        if (i > 0 && text_equal(member->key, member[-1].key)) {
            *walk->out_offset = member->offset;
            return failure_set(walk->why, CAUSE_INPUT_WRONG, "\"%.*s\" stands twice in one object",
                               (int)member->key.bytes, member->key.data);
        }
        json_write_key_text(&writer, member->key);
        json_write_raw(&writer, (struct text){members->body.data + member->begin, member->bytes});
    }
    json_write_end_object(&writer);
    return 0;
}

static int append_object(const struct walk *walk, struct buffer *out)
{
    struct members members = {0};
    struct json_token token;
    int result = 0;

    buffer_init(&members.body, out->ceiling);
    while (result == 0 && json_next(walk->reader, &token) != JSON_END_OBJECT)
        result = token.type == JSON_BROKEN ? broken(walk) : add_member(walk, &token, &members);
    if (result == 0)
        result = append_sorted(walk, &members, out);
    buffer_release(&members.body);
    free(members.items);
    return result;
}

static int append_array(const struct walk *walk, struct buffer *out)
{
    struct json_token token;
    const char *separator = "[";

    while (json_next(walk->reader, &token) != JSON_END_ARRAY) {
        buffer_append_string(out, separator);
        if (append_value(walk, &token, out) != 0)
            return -1;
        separator = ",";
    }
    buffer_append_string(out, *separator == '[' ? "[]" : "]");
    return 0;
}

static int append_scalar(const struct walk *walk, const struct json_token *token, struct buffer *out)
{
    struct json_writer writer;

    json_writer_init(&writer, out, 0);
    switch (token->type) {
    case JSON_STRING:
        json_write_text(&writer, token->text);
        return 0;
    case JSON_INTEGER:
    case JSON_NUMBER:
        json_write_raw(&writer, token->text);
        return 0;
    case JSON_TRUE:
    case JSON_FALSE:
        json_write_bool(&writer, token->type == JSON_TRUE);
        return 0;
    case JSON_NULL:
        json_write_null(&writer);
        return 0;
    default:
        return broken(walk);
    }
}

static int append_value(const struct walk *walk, const struct json_token *token, struct buffer *out)
{
    int result;

    if (token->type == JSON_BEGIN_OBJECT)
        result = append_object(walk, out);
    else if (token->type == JSON_BEGIN_ARRAY)
        result = append_array(walk, out);
    else
        result = append_scalar(walk, token, out);
    if (result != 0 || !out->failed)
        return result;
    *walk->out_offset = token->offset;
    return failure_set(walk->why, CAUSE_INPUT_WRONG, "the value is too long, %zu bytes are read at most", out->ceiling);
}

int json_canonical_read(struct json_reader *reader, const struct json_token *token, struct buffer *out,
                        size_t *out_offset, struct failure *why)
{
    const struct walk walk = {reader, out_offset, why};

    return append_value(&walk, token, out);
}
