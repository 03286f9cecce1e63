/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/base/json.h"
#include "api/base/sort.h"
#include "api/base/strings.h"
#include "api/resource.h"

/* --- maps --- */

static int compare_keys(const void *left, const void *right)
{
    const struct map_pair *a = left, *b = right;
    return text_compare(a->key, b->key);
}

static bool has_nul(struct text text)
{
    return text.bytes > 0 && memchr(text.data, '\0', text.bytes) != NULL;
}

static void append_terminated(struct buffer *out, struct text text)
{
    buffer_append_text(out, text);
    buffer_append_char(out, '\0');
}

static void append_pair(struct buffer *out, const struct map_pair *pair)
{
    append_terminated(out, pair->key);
    append_terminated(out, pair->value);
}

int map_finish(struct map_pair *pairs, size_t count, struct buffer *out, struct text *out_repeated_key)
{
    *out_repeated_key = TEXT("");
    buffer_reset(out);
    sort_in_place(pairs, count, sizeof *pairs, compare_keys);
    for (size_t i = 0; i < count; i++) {
        if (has_nul(pairs[i].key) || has_nul(pairs[i].value))
            return -1;
        if (i > 0 && text_equal(pairs[i - 1].key, pairs[i].key)) {
            *out_repeated_key = pairs[i].key;
            return -1;
        }
        append_pair(out, &pairs[i]);
    }
    return out->failed ? -1 : 0;
}

/* The text up to the next NUL, which is stepped over. */
static struct text next_part(struct text map, size_t *position)
{
    const char *from = map.data + *position;
    struct text part = {from, strnlen(from, map.bytes - *position)};

    *position += part.bytes + 1;
    return part;
}

bool map_next(struct text map, size_t *position, struct map_pair *out)
{
    if (*position >= map.bytes)
        return false;
    out->key = next_part(map, position);
    out->value = next_part(map, position);
    return true;
}

bool map_find(struct text map, struct text key, struct text *out_value)
{
    struct map_pair pair;

    for (size_t position = 0; map_next(map, &position, &pair);) {
        int order = text_compare(pair.key, key);
        if (order > 0)
            return false;
        if (order == 0) {
            *out_value = pair.value;
            return true;
        }
    }
    return false;
}

int map_merge(struct text under, struct text over, struct buffer *out)
{
    size_t under_at = 0, over_at = 0;
    struct map_pair below, above;
    bool has_below = map_next(under, &under_at, &below), has_above = map_next(over, &over_at, &above);

    buffer_reset(out);
    while (has_below || has_above) {
        int order = !has_below ? 1 : !has_above ? -1 : text_compare(below.key, above.key);
        append_pair(out, order < 0 ? &below : &above);
        if (order <= 0)
            has_below = map_next(under, &under_at, &below);
        if (order >= 0)
            has_above = map_next(over, &over_at, &above);
    }
    return out->failed ? -1 : 0;
}

/* --- defaults --- */

const char *attribute_default(enum kind kind, struct text key)
{
    /* rocketmq-remoting 1.6, 10.5; what they leave open: TopicAttributes and SubscriptionGroupAttributes of 5.5.0.
     * Keys that are not here have no default. */
    static const struct {
        enum kind kind;
        const char *key, *value;
    } defaults[] = {
        {KIND_TOPIC, "cleanup.policy", "DELETE"},
        {KIND_TOPIC, "lite.topic.expiration", "-1"},
        {KIND_TOPIC, "queue.type", "SimpleCQ"},
        {KIND_TOPIC, "reserve.time", "-1"},
        {KIND_GROUP, "lite.sub.client.max.event.cnt", "400"},
        {KIND_GROUP, "lite.sub.client.quota", "2000"},
        {KIND_GROUP, "lite.sub.model", "Shared"},
        {KIND_GROUP, "lite.sub.reset.offset.exclusive", "false"},
        {KIND_GROUP, "lite.sub.reset.offset.unsubscribe", "false"},
        {KIND_GROUP, "priority.factor", "100"},
    };

    for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++) {
        if (defaults[i].kind == kind && text_is(key, defaults[i].key))
            return defaults[i].value;
    }
    return NULL;
}

static bool map_is_default(enum kind kind, struct text map)
{
    struct map_pair pair;

    for (size_t position = 0; map_next(map, &position, &pair);) {
        const char *meant = attribute_default(kind, pair.key);
        if (!meant || !text_is(pair.value, meant))
            return false;
    }
    return true;
}

bool value_is_default(enum field field, const union value *value)
{
    const struct field_info *info = field_info(field);
    union value meant;
    char room[160];

    if (info->type == TYPE_MAP)
        return map_is_default(info->kind, value->text);
    if (!info->default_text)
        return false;
    if (info->type != TYPE_BOOL && info->type != TYPE_INTEGER)
        return text_is(value->text, info->default_text);
    return value_parse(field, text_of(info->default_text), true, &meant, room) == NULL && meant.number == value->number;
}

/* --- spelling --- */

static int append_map(struct buffer *out, struct text map)
{
    struct json_writer writer;
    struct map_pair pair;

    json_writer_init(&writer, out, 0);
    json_write_begin_object(&writer);
    for (size_t position = 0; map_next(map, &position, &pair);) {
        json_write_key_text(&writer, pair.key);
        json_write_text(&writer, pair.value);
    }
    json_write_end_object(&writer);
    return out->failed ? -1 : 0;
}

int value_append(struct buffer *out, enum field field, const union value *value)
{
    switch (field_info(field)->type) {
    case TYPE_BOOL:
        return buffer_append_string(out, value->number != 0 ? "true" : "false");
    case TYPE_INTEGER:
        return buffer_append_format(out, "%" PRId64, value->number);
    case TYPE_MAP:
        return append_map(out, value->text);
    case TYPE_NUMBERS:
        return buffer_append_format(out, "[%.*s]", (int)value->text.bytes, value->text.data);
    case TYPE_CHOICE:
    case TYPE_TEXT:
    case TYPE_JSON:
        break;
    }
    return buffer_append_text(out, value->text);
}

/* --- parsing --- */

static const char *parse_bool(const struct field_info *info, struct text spelling, union value *out,
                              char room[static 160])
{
    if (text_is(spelling, "true") || text_is(spelling, "false")) {
        out->number = spelling.bytes == sizeof "true" - 1;
        return NULL;
    }
    snprintf(room, 160, "%s is true or false", info->name);
    return room;
}

/* mqadmin and the brokers' own logs spell permissions by letters. */
static bool perm_by_letters(struct text spelling, union value *out)
{
    out->number = text_is(spelling, "W") ? 2 : text_is(spelling, "R") ? 4 : text_is(spelling, "RW") ? 6 : 0;
    return out->number != 0;
}

static const char *parse_integer(enum field field, struct text spelling, union value *out, char room[static 160])
{
    const struct field_info *info = field_info(field);

    if (field == FIELD_TOPIC_PERM && perm_by_letters(spelling, out))
        return NULL;
    if (number_parse(spelling, &out->number) && out->number >= info->min && out->number <= info->max)
        return NULL;
    if (info->max == INT64_MAX)
        snprintf(room, 160, "%s is a whole number, %" PRId64 " or more", info->name, info->min);
    else
        snprintf(room, 160, "%s is a whole number from %" PRId64 " to %" PRId64 "%s", info->name, info->min, info->max,
                 field == FIELD_TOPIC_PERM ? ", or W, R, RW" : "");
    return room;
}

static const char *parse_choice(const struct field_info *info, struct text spelling, bool known_only, union value *out,
                                char room[static 160])
{
    const char *const *choice = info->choices;

    out->text = spelling;
    while (known_only && *choice && !text_is(spelling, *choice))
        choice++;
    if (*choice)
        return NULL;
    int used = snprintf(room, 160, "%s is ", info->name);
    for (choice = info->choices; *choice && used < 160; choice++) {
        const char *between = choice == info->choices ? "" : choice[1] ? ", " : " or ";
        used += snprintf(room + used, 160 - (size_t)used, "%s%s", between, *choice);
    }
    return room;
}

static const char *parse_text(const struct field_info *info, struct text spelling, union value *out,
                              char room[static 160])
{
    out->text = spelling;
    if (spelling.bytes >= (uint64_t)info->min && spelling.bytes <= (uint64_t)info->max)
        return NULL;
    snprintf(room, 160, "%s has %" PRId64 " to %" PRId64 " bytes, this has %zu", info->name, info->min, info->max,
             spelling.bytes);
    return room;
}

const char *value_parse(enum field field, struct text spelling, bool known_only, union value *out,
                        char room[static 160])
{
    const struct field_info *info = field_info(field);

    switch (info->type) {
    case TYPE_BOOL:
        return parse_bool(info, spelling, out, room);
    case TYPE_INTEGER:
        return parse_integer(field, spelling, out, room);
    case TYPE_CHOICE:
        return parse_choice(info, spelling, known_only, out, room);
    case TYPE_TEXT:
        return parse_text(info, spelling, out, room);
    case TYPE_MAP:
        return "a map of keys and texts is wanted here";
    case TYPE_NUMBERS:
    case TYPE_JSON:
        break;
    }
    return "a list is wanted here";
}
