/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/export_view.h"

#include <stdlib.h>
#include <string.h>

#include "api/base/sort.h"
#include "api/system.h"

enum { ATTRIBUTES_BYTES_MAX = 1 << 30 };

struct viewing {
    const struct catalog *catalog;
    const struct capabilities *capabilities;
    struct catalog_builder *builder;
    struct buffer attributes; /* of one draft, until it is interned */
    struct map_pair *pairs;
    size_t pair_capacity;
    uint16_t master_count;
    uint16_t numbers[CATALOG_MASTERS_MAX];  /* of the view's masters, which are in order of their names */
    uint32_t settings[CATALOG_MASTERS_MAX]; /* of one spread, by those */
    struct failure *why;
};

/* --- attributes --- */

static bool is_guard(const struct map_pair *pair)
{
    const char *meant = attribute_default(KIND_TOPIC, pair->key);
    return (text_is(pair->key, "queue.type") || text_is(pair->key, "cleanup.policy")) && meant &&
           text_is(pair->value, meant);
}

static int keep_pair(struct viewing *viewing, size_t count, const struct map_pair *pair)
{
    if (count == viewing->pair_capacity) {
        size_t capacity = count == 0 ? 16 : 2 * count;
        struct map_pair *pairs = realloc(viewing->pairs, capacity * sizeof *pairs);
        if (!pairs)
            return failure_no_memory(viewing->why, "the export");
        viewing->pairs = pairs;
        viewing->pair_capacity = capacity;
    }
    viewing->pairs[count] = *pair;
    return 0;
}

static int leave_out_guard(struct viewing *viewing, struct draft *draft)
{
    const enum field field = FIELD_TOPIC_ATTRIBUTES;
    struct map_pair pair;
    struct text twice;
    size_t count = 0;

    for (size_t at = 0; draft->set & FIELD_BIT(field) && map_next(draft->values[field].text, &at, &pair);)
        if (!is_guard(&pair) && keep_pair(viewing, count++, &pair) != 0)
            return -1;
    if (count == 0) {
        draft_unset(draft, field);
        return 0;
    }
    if (map_finish(viewing->pairs, count, &viewing->attributes, &twice) != 0)
        return failure_no_memory(viewing->why, "the export");
    draft_set_text(draft, field, buffer_text(&viewing->attributes));
    return 0;
}

/* --- resources --- */

static int intern(struct viewing *viewing, enum kind kind, const struct settings *settings, uint32_t *out)
{
    struct draft draft;

    draft_from_settings(&draft, settings);
    if (kind == KIND_TOPIC && viewing->capabilities->kind == INSTANCE_ROCKETMQ && leave_out_guard(viewing, &draft) != 0)
        return -1;
    return catalog_intern(viewing->builder, &draft, out, viewing->why);
}

/* On every master that there is, and the same everywhere? A snapshot does not tell which masters there are. */
static bool is_everywhere(const struct viewing *viewing)
{
    if (!viewing->capabilities->masters_fixed)
        return false;
    for (uint16_t i = 0; i < viewing->master_count; i++)
        if (viewing->settings[i] == CATALOG_ABSENT || viewing->settings[i] != viewing->settings[0])
            return false;
    return true;
}

static int view_spread(struct viewing *viewing, const struct resource *resource, struct entry *entry)
{
    const struct spread *spread = catalog_spread(viewing->catalog, resource->settings);

    for (uint16_t i = 0; i < viewing->master_count; i++)
        viewing->settings[i] = CATALOG_ABSENT;
    for (uint16_t i = 0; i < spread->masters; i++)
        if (spread->settings[i] != CATALOG_ABSENT &&
            intern(viewing, entry->kind, catalog_settings(viewing->catalog, spread->settings[i]),
                   &viewing->settings[viewing->numbers[i]]) != 0)
            return -1;
    if (is_everywhere(viewing)) {
        entry->settings = viewing->settings[0];
        return 0;
    }
    entry->spread = true;
    return catalog_intern_spread(viewing->builder, viewing->settings, viewing->master_count, &entry->settings,
                                 viewing->why);
}

static int view_resource(struct viewing *viewing, const struct resource *resource)
{
    struct entry entry = {.kind = (enum kind)resource->kind, .name = catalog_name(viewing->catalog, resource)};
    int status;

    if (resource->status != STATUS_ORDINARY || system_name(entry.kind, entry.name))
        return 0;
    status = resource->spread
                 ? view_spread(viewing, resource, &entry)
                 : intern(viewing, entry.kind, catalog_settings_of(viewing->catalog, resource), &entry.settings);
    return status == 0 ? catalog_add(viewing->builder, &entry, viewing->why) : -1;
}

struct master {
    const char *name;
    uint16_t number;
};

static int compare_masters(const void *left, const void *right)
{
    const struct master *a = left, *b = right;
    return strcmp(a->name, b->name);
}

static int number_masters(struct viewing *viewing)
{
    struct master masters[CATALOG_MASTERS_MAX];
    uint16_t number;

    viewing->master_count = catalog_master_count(viewing->catalog);
    for (uint16_t i = 0; i < viewing->master_count; i++)
        masters[i] = (struct master){catalog_master(viewing->catalog, i), i};
    sort_in_place(masters, viewing->master_count, sizeof *masters, compare_masters);
    for (uint16_t i = 0; i < viewing->master_count; i++) {
        if (catalog_builder_master(viewing->builder, text_of(masters[i].name), &number, viewing->why) != 0)
            return -1;
        viewing->numbers[masters[i].number] = number;
    }
    return 0;
}

static int view_all(struct viewing *viewing)
{
    if (!viewing->builder)
        return failure_no_memory(viewing->why, "the export");
    if (number_masters(viewing) != 0)
        return -1;
    for (uint32_t row = 0; row < catalog_count(viewing->catalog); row++)
        if (view_resource(viewing, &catalog_rows(viewing->catalog)[row]) != 0)
            return -1;
    return 0;
}

int export_view(const struct catalog *catalog, const struct capabilities *capabilities, struct catalog **out,
                struct failure *why)
{
    struct viewing viewing = {
        .catalog = catalog, .capabilities = capabilities, .builder = catalog_builder_new(), .why = why};

    buffer_init(&viewing.attributes, ATTRIBUTES_BYTES_MAX);
    int status = view_all(&viewing);
    if (status == 0)
        status = catalog_seal(viewing.builder, NULL, NULL, out, why);
    catalog_builder_free(viewing.builder);
    buffer_release(&viewing.attributes);
    free(viewing.pairs);
    return status;
}
