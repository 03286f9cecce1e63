/* SPDX-License-Identifier: Apache-2.0 */
#include "api/base/json_keys.h"

#include <stdlib.h>

#include "api/base/hash.h"
#include "api/base/sort.h"

void json_keys_release(struct json_keys *keys)
{
    free(keys->items);
    *keys = (struct json_keys){.count = 0};
}

void json_keys_note(struct json_keys *keys, const struct json_token *member)
{
    if (keys->count == keys->capacity) {
        size_t capacity = keys->capacity == 0 ? 16 : keys->capacity * 2;
        struct json_key *items = realloc(keys->items, capacity * sizeof *items);
        keys->failed = keys->failed || items == NULL;
        if (items == NULL)
            return;
        keys->items = items;
        keys->capacity = capacity;
    }
    keys->items[keys->count++] = (struct json_key){hash_text(0, member->key), member->offset};
}

static int compare(const void *left, const void *right)
{
    const struct json_key *a = left, *b = right;
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    return a->offset < b->offset ? -1 : a->offset > b->offset;
}

bool json_keys_end(struct json_keys *keys, size_t from, size_t *out_offset)
{
    struct json_key *items = keys->items + from;
    size_t count = keys->count - from;
    bool found = false;

    keys->count = from;
    if (count < 2)
        return false;
    sort_in_place(items, count, sizeof *items, compare);
    for (size_t i = 1; i < count && !found; i++) {
        found = items[i].hash == items[i - 1].hash;
        *out_offset = items[i].offset;
    }
    return found;
}

/* Up to the end of the value, or to the first object that names a member twice. 0, -1 or 1. */
static int look_into(struct json_keys *keys, struct json_reader *reader, uint8_t depth, size_t *out_offset)
{
    size_t begins[JSON_DEPTH_MAX + 2] = {[0] = keys->count};
    struct json_token token;

    begins[depth] = keys->count;
    do {
        if (json_next(reader, &token) == JSON_BROKEN)
            return -1;
        bool ends = token.type == JSON_END_OBJECT || token.type == JSON_END_ARRAY;
        if (token.key.data != NULL && !ends)
            json_keys_note(keys, &token);
        if (token.type == JSON_BEGIN_OBJECT)
            begins[token.depth] = keys->count;
        if (token.type == JSON_END_OBJECT && json_keys_end(keys, begins[token.depth], out_offset))
            return 1;
    } while (token.depth > depth);
    return 0;
}

int json_keys_skip(struct json_keys *keys, struct json_reader *reader, const struct json_token *token,
                   size_t *out_offset)
{
    size_t before = keys->count;

    if (token->type != JSON_BEGIN_OBJECT && token->type != JSON_BEGIN_ARRAY)
        return json_skip(reader, token);
    int status = look_into(keys, reader, token->depth, out_offset);
    keys->count = before;
    return status > 0 && json_skip(reader, token) != 0 ? -1 : status;
}

int json_keys_check(struct json_keys *keys, struct text text, size_t *out_offset, struct failure *why)
{
    struct json_reader *reader = json_reader_new(text, why);
    struct json_token root;

    if (!reader)
        return -1;
    int status = json_next(reader, &root) != JSON_BROKEN ? json_keys_skip(keys, reader, &root, out_offset) : -1;
    json_reader_free(reader);
    return status;
}
