/* SPDX-License-Identifier: Apache-2.0
 *
 * A catalog as a Snapshot document.
 */
#include "api/snapshot_json.h"

#include <string.h>

#include "api/base/sort.h"

/* The objects that are open for a nested field: the first bytes of its dotted name, the last dot included. */
struct path {
    const char *name;
    size_t bytes;
};

struct master {
    const char *name;
    uint16_t number;
};

struct output {
    struct json_writer json;
    const struct catalog *catalog;
    uint16_t master_count;
    struct master masters[CATALOG_MASTERS_MAX]; /* by name */
};

/* --- settings --- */

static void write_map(struct json_writer *json, struct text map)
{
    struct map_pair pair;

    json_write_begin_object(json);
    for (size_t position = 0; map_next(map, &position, &pair);) {
        json_write_key_text(json, pair.key);
        json_write_text(json, pair.value);
    }
    json_write_end_object(json);
}

static void write_numbers(struct json_writer *json, struct text numbers)
{
    json_write_begin_array(json);
    while (numbers.bytes > 0) {
        const char *comma = memchr(numbers.data, ',', numbers.bytes);
        size_t bytes = comma ? (size_t)(comma - numbers.data) : numbers.bytes;
        json_write_raw(json, (struct text){numbers.data, bytes});
        numbers.data += bytes + (comma != NULL);
        numbers.bytes -= bytes + (comma != NULL);
    }
    json_write_end_array(json);
}

static void write_value(struct json_writer *json, enum field field, const struct settings *settings)
{
    switch (field_info(field)->type) {
    case TYPE_BOOL:
        json_write_bool(json, settings_number(settings, field) != 0);
        break;
    case TYPE_INTEGER:
        json_write_integer(json, settings_number(settings, field));
        break;
    case TYPE_CHOICE:
    case TYPE_TEXT:
        json_write_text(json, settings_text(settings, field));
        break;
    case TYPE_MAP:
        write_map(json, settings_text(settings, field));
        break;
    case TYPE_NUMBERS:
        write_numbers(json, settings_text(settings, field));
        break;
    case TYPE_JSON:
        json_write_raw(json, settings_text(settings, field));
        break;
    }
}

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
        json_write_begin_object(json);
        path->bytes = (size_t)(dot + 1 - path->name);
    }
}

/* The fields of `mask`, in the order of their bits: fields of one nested object are neighbours. */
static void write_settings(struct json_writer *json, const struct settings *settings, uint64_t mask)
{
    struct path path = {"", 0};

    for (uint64_t rest = mask; rest != 0; rest &= rest - 1) {
        enum field field = field_first(rest);
        close_path(json, &path, field_info(field)->name);
        open_path(json, &path);
        json_write_key(json, path.name + path.bytes);
        write_value(json, field, settings);
    }
    close_path(json, &path, "");
}

/* --- brokers --- */

static bool same_value(const struct settings *a, const struct settings *b, enum field field)
{
    enum field_type type = field_info(field)->type;

    if (!settings_has(a, field) || !settings_has(b, field))
        return false;
    if (type == TYPE_BOOL || type == TYPE_INTEGER)
        return settings_number(a, field) == settings_number(b, field);
    return text_equal(settings_text(a, field), settings_text(b, field));
}

/* NULL: the master does not have it. */
static const struct settings *on_master(const struct output *out, const struct spread *spread, uint16_t number)
{
    if (number >= spread->masters || spread->settings[number] == CATALOG_ABSENT)
        return NULL;
    return catalog_settings(out->catalog, spread->settings[number]);
}

/* What is alike on all masters that have it, which `first` is one of. */
static uint64_t common_fields(const struct output *out, const struct spread *spread, const struct settings *first)
{
    uint64_t common = first->set;

    for (uint16_t number = 0; number < spread->masters; number++) {
        const struct settings *other = on_master(out, spread, number);
        for (uint64_t rest = other && other != first ? common : 0; rest != 0; rest &= rest - 1)
            if (!same_value(first, other, field_first(rest)))
                common &= ~FIELD_BIT(field_first(rest));
    }
    return common;
}

static void write_spread(struct output *out, const struct resource *resource)
{
    const struct spread *spread = catalog_spread(out->catalog, resource->settings);
    const struct settings *first = catalog_settings_of(out->catalog, resource);
    uint64_t common = common_fields(out, spread, first);

    write_settings(&out->json, first, common);
    json_write_key(&out->json, "brokers");
    json_write_begin_object(&out->json);
    for (uint16_t i = 0; i < out->master_count; i++) {
        const struct settings *settings = on_master(out, spread, out->masters[i].number);
        if (!settings)
            continue;
        json_write_key(&out->json, out->masters[i].name);
        json_write_begin_object(&out->json);
        write_settings(&out->json, settings, settings->set & ~common);
        json_write_end_object(&out->json);
    }
    json_write_end_object(&out->json);
}

static int compare_masters(const void *left, const void *right)
{
    const struct master *a = left, *b = right;
    return strcmp(a->name, b->name);
}

static void sort_masters(struct output *out)
{
    out->master_count = catalog_master_count(out->catalog);
    for (uint16_t i = 0; i < out->master_count; i++)
        out->masters[i] = (struct master){catalog_master(out->catalog, i), i};
    sort_in_place(out->masters, out->master_count, sizeof *out->masters, compare_masters);
}

/* --- the document --- */

static void write_item(struct output *out, const struct resource *resource)
{
    json_write_begin_object_inline(&out->json);
    json_write_key(&out->json, "name");
    json_write_text(&out->json, catalog_name(out->catalog, resource));
    if (resource->spread) {
        write_spread(out, resource);
    } else {
        const struct settings *settings = catalog_settings_of(out->catalog, resource);
        write_settings(&out->json, settings, settings->set);
    }
    json_write_end_object(&out->json);
}

static void write_items(struct output *out, enum kind kind, const char *key)
{
    const struct resource *rows = catalog_rows(out->catalog);
    uint32_t first, count;

    catalog_range(out->catalog, kind, &first, &count);
    json_write_key(&out->json, key);
    json_write_begin_array(&out->json);
    for (uint32_t row = first; row < first + count && !out->json.out->failed; row++)
        if (rows[row].status == STATUS_ORDINARY)
            write_item(out, &rows[row]);
    json_write_end_array(&out->json);
}

static void write_identity(struct json_writer *json, const struct identity *identity)
{
    json_write_key(json, "identity");
    json_write_begin_object(json);
    for (uint16_t i = 0; i < identity->count; i++) {
        json_write_key(json, identity->facts[i].key);
        json_write_string(json, identity->facts[i].value);
    }
    json_write_end_object(json);
}

int snapshot_json_write(struct buffer *buffer, const struct catalog *catalog, const struct snapshot_head *head)
{
    struct output out = {.catalog = catalog};

    json_writer_init(&out.json, buffer, 2);
    sort_masters(&out);
    json_write_begin_object(&out.json);
    json_write_key(&out.json, "apiVersion");
    json_write_string(&out.json, SNAPSHOT_API_VERSION);
    json_write_key(&out.json, "kind");
    json_write_string(&out.json, SNAPSHOT_KIND);
    json_write_key(&out.json, "standsFor");
    json_write_string(&out.json, instance_kind_name(head->stands_for));
    write_identity(&out.json, &head->identity);
    write_items(&out, KIND_TOPIC, "topics");
    write_items(&out, KIND_GROUP, "consumerGroups");
    json_write_end_object(&out.json);
    json_write_newline(&out.json);
    return buffer->failed ? -1 : 0;
}
