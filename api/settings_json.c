/* SPDX-License-Identifier: Apache-2.0 */
#include "api/settings_json.h"

#include <string.h>

static void write_map(struct json_writer *json, struct text map)
{
    struct map_pair pair;

    json_write_begin_object_inline(json);
    for (size_t position = 0; map_next(map, &position, &pair);) {
        json_write_key_text(json, pair.key);
        json_write_text(json, pair.value);
    }
    json_write_end_object(json);
}

static void write_numbers(struct json_writer *json, struct text numbers)
{
    json_write_begin_array_inline(json);
    while (numbers.bytes > 0) {
        const char *comma = memchr(numbers.data, ',', numbers.bytes);
        size_t bytes = comma ? (size_t)(comma - numbers.data) : numbers.bytes;
        json_write_raw(json, (struct text){numbers.data, bytes});
        numbers.data += bytes + (comma != NULL);
        numbers.bytes -= bytes + (comma != NULL);
    }
    json_write_end_array(json);
}

void settings_json_value(struct json_writer *json, enum field field, const union value *value)
{
    switch (field_info(field)->type) {
    case TYPE_BOOL:
        json_write_bool(json, value->number != 0);
        break;
    case TYPE_INTEGER:
        json_write_integer(json, value->number);
        break;
    case TYPE_CHOICE:
    case TYPE_TEXT:
        json_write_text(json, value->text);
        break;
    case TYPE_MAP:
        write_map(json, value->text);
        break;
    case TYPE_NUMBERS:
        write_numbers(json, value->text);
        break;
    case TYPE_JSON:
        json_write_raw(json, value->text);
        break;
    }
}

/* The objects that are open for a nested field: the first bytes of its dotted name, the last dot included. */
struct path {
    const char *name;
    size_t bytes;
};

/* Closes objects until the open ones lead to `name`. */
static void close_path(struct json_writer *json, struct path *path, const char *name)
{
    while (path->bytes > 0 && strncmp(path->name, name, path->bytes) != 0) {
        json_write_end_object(json);
        do
            path->bytes--;
        while (path->bytes > 0 && path->name[path->bytes - 1] != '.');
    }
    path->name = name;
}

static void open_path(struct json_writer *json, struct path *path)
{
    for (const char *dot; (dot = strchr(path->name + path->bytes, '.')) != NULL;) {
        const char *key = path->name + path->bytes;
        json_write_key_text(json, (struct text){key, (size_t)(dot - key)});
        json_write_begin_object_inline(json);
        path->bytes = (size_t)(dot + 1 - path->name);
    }
}

/* Fields of one nested object are neighbours in fields.def. */
void settings_json_members(struct json_writer *json, const struct draft *settings, uint64_t mask)
{
    struct path path = {"", 0};

    for (uint64_t rest = settings->set & mask; rest != 0; rest &= rest - 1) {
        enum field field = field_first(rest);
        close_path(json, &path, field_info(field)->name);
        open_path(json, &path);
        json_write_key(json, path.name + path.bytes);
        settings_json_value(json, field, &settings->values[field]);
    }
    close_path(json, &path, "");
}

void settings_json_object(struct json_writer *json, const struct draft *settings)
{
    json_write_begin_object_inline(json);
    settings_json_members(json, settings, ~UINT64_C(0));
    json_write_end_object(json);
}
