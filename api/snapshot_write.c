/* SPDX-License-Identifier: Apache-2.0
 *
 * A catalog as a Snapshot document.
 */
#include "api/snapshot_json.h"

#include <string.h>

#include "api/base/sort.h"
#include "api/settings_json.h"

struct master {
    const char *name;
    uint16_t number;
};

struct output {
    struct json_writer *json;
    const struct catalog *catalog;
    void (*extra)(void *context, struct json_writer *json, uint32_t row);
    void *context;
    uint16_t master_count;
    struct master masters[CATALOG_MASTERS_MAX]; /* by name */
};

static void write_settings(struct json_writer *json, const struct settings *settings, uint64_t mask)
{
    struct draft draft;

    draft_from_settings(&draft, settings);
    settings_json_members(json, &draft, mask);
}

/* --- brokers --- */

/* NULL: the master does not have it. */
static const struct settings *on_master(const struct output *out, const struct spread *spread, uint16_t number)
{
    if (number >= spread->masters || spread->settings[number] == CATALOG_ABSENT)
        return NULL;
    return catalog_settings(out->catalog, spread->settings[number]);
}

static void write_spread(struct output *out, const struct resource *resource)
{
    const struct spread *spread = catalog_spread(out->catalog, resource->settings);
    const struct settings *first = catalog_settings_of(out->catalog, resource);
    uint64_t common = catalog_common_fields(out->catalog, spread);

    write_settings(out->json, first, common);
    json_write_key(out->json, "brokers");
    json_write_begin_object(out->json);
    for (uint16_t i = 0; i < out->master_count; i++) {
        const struct settings *settings = on_master(out, spread, out->masters[i].number);
        if (!settings)
            continue;
        json_write_key(out->json, out->masters[i].name);
        json_write_begin_object(out->json);
        write_settings(out->json, settings, settings->set & ~common);
        json_write_end_object(out->json);
    }
    json_write_end_object(out->json);
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

static void write_item(struct output *out, uint32_t row)
{
    const struct resource *resource = &catalog_rows(out->catalog)[row];

    json_write_begin_object_inline(out->json);
    json_write_key(out->json, "name");
    json_write_text(out->json, catalog_name(out->catalog, resource));
    if (out->extra)
        out->extra(out->context, out->json, row);
    if (resource->spread) {
        write_spread(out, resource);
    } else {
        const struct settings *settings = catalog_settings_of(out->catalog, resource);
        write_settings(out->json, settings, settings->set);
    }
    json_write_end_object(out->json);
}

static void write_items(struct output *out, enum kind kind, const char *key)
{
    const struct resource *rows = catalog_rows(out->catalog);
    uint32_t first, count;

    catalog_range(out->catalog, kind, &first, &count);
    json_write_key(out->json, key);
    json_write_begin_array(out->json);
    for (uint32_t row = first; row < first + count && !out->json->out->failed; row++)
        if (rows[row].status == STATUS_ORDINARY)
            write_item(out, row);
    json_write_end_array(out->json);
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

void snapshot_write_members(struct json_writer *json, const struct catalog *catalog, const struct snapshot_head *head,
                            void (*extra)(void *context, struct json_writer *json, uint32_t row), void *context)
{
    struct output out = {.json = json, .catalog = catalog, .extra = extra, .context = context};

    sort_masters(&out);
    json_write_key(json, "standsFor");
    json_write_string(json, instance_kind_name(head->stands_for));
    write_identity(json, &head->identity);
    write_items(&out, KIND_TOPIC, "topics");
    write_items(&out, KIND_GROUP, "consumerGroups");
}

int snapshot_json_write(struct buffer *buffer, const struct catalog *catalog, const struct snapshot_head *head)
{
    struct json_writer json;

    json_writer_init(&json, buffer, 2);
    json_write_begin_object(&json);
    json_write_key(&json, "apiVersion");
    json_write_string(&json, SNAPSHOT_API_VERSION);
    json_write_key(&json, "kind");
    json_write_string(&json, SNAPSHOT_KIND);
    snapshot_write_members(&json, catalog, head, NULL, NULL);
    json_write_end_object(&json);
    json_write_newline(&json);
    return buffer->failed ? -1 : 0;
}
