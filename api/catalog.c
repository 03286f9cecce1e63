/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading a catalog; the builder's can be read as well, but for finding and ranges.
 */
#include "api/catalog.h"

#include <string.h>

#include "api/base/hash.h"
#include "api/catalog_store.h"

uint32_t catalog_count(const struct catalog *catalog)
{
    return catalog->count;
}

void catalog_range(const struct catalog *catalog, enum kind kind, uint32_t *out_first, uint32_t *out_count)
{
    *out_first = kind == KIND_TOPIC ? 0 : catalog->first_group;
    *out_count = kind == KIND_TOPIC ? catalog->first_group : catalog->count - catalog->first_group;
}

const struct resource *catalog_rows(const struct catalog *catalog)
{
    return catalog->rows;
}

/* --- names --- */

struct text catalog_name(const struct catalog *catalog, const struct resource *resource)
{
    return (struct text){catalog->names + resource->name, resource->name_bytes};
}

struct text catalog_source_name(const struct catalog *catalog, const struct resource *resource)
{
    uint16_t length;

    if (resource->source_name == CATALOG_ABSENT)
        return catalog_name(catalog, resource);
    const char *stored = catalog->names + resource->source_name;
    memcpy(&length, stored, sizeof length);
    return (struct text){stored + sizeof length, length};
}

int catalog_compare(const struct catalog *a, const struct resource *left, const struct catalog *b,
                    const struct resource *right)
{
    if (left->prefix != right->prefix)
        return left->prefix < right->prefix ? -1 : 1;
    return text_compare(catalog_name(a, left), catalog_name(b, right));
}

/* The first row of the range whose name is not smaller. */
static uint32_t lower_bound(const struct catalog *catalog, uint32_t first, uint32_t count, struct text name)
{
    uint64_t prefix = name_word(name, 0);

    while (count > 0) {
        uint32_t half = count / 2;
        const struct resource *row = &catalog->rows[first + half];
        bool smaller =
            row->prefix != prefix ? row->prefix < prefix : text_compare(catalog_name(catalog, row), name) < 0;
        first = smaller ? first + half + 1 : first;
        count = smaller ? count - half - 1 : half;
    }
    return first;
}

uint32_t catalog_find(const struct catalog *catalog, enum kind kind, struct text name)
{
    uint32_t first, count;

    catalog_range(catalog, kind, &first, &count);
    uint32_t row = lower_bound(catalog, first, count, name);
    bool found = row < first + count && text_equal(catalog_name(catalog, &catalog->rows[row]), name);
    return found ? row : CATALOG_ABSENT;
}

/* --- what is interned --- */

const struct settings *catalog_settings(const struct catalog *catalog, uint32_t index)
{
    return catalog->settings.items[index];
}

uint32_t catalog_settings_count(const struct catalog *catalog)
{
    return catalog->settings.count;
}

const struct spread *catalog_spread(const struct catalog *catalog, uint32_t index)
{
    return catalog->spreads.items[index];
}

const struct settings *catalog_settings_of(const struct catalog *catalog, const struct resource *resource)
{
    uint32_t index = resource->settings;

    if (resource->spread) {
        const struct spread *spread = catalog_spread(catalog, resource->settings);
        uint16_t master = 0;
        while (spread->settings[master] == CATALOG_ABSENT)
            master++;
        index = spread->settings[master];
    }
    return catalog_settings(catalog, index);
}

static bool same_value(const struct settings *a, const struct settings *b, enum field field)
{
    enum field_type type = field_info(field)->type;

    if (!settings_has(a, field) || !settings_has(b, field))
        return false;
    if (type == TYPE_BOOL || type == TYPE_INTEGER)
        return settings_number(a, field) == settings_number(b, field);
    return text_equal(settings_text(a, field), settings_text(b, field));
}

uint64_t catalog_common_fields(const struct catalog *catalog, const struct spread *spread)
{
    const struct settings *first = NULL;
    uint64_t common = 0;

    for (uint16_t number = 0; number < spread->masters; number++) {
        if (spread->settings[number] == CATALOG_ABSENT)
            continue;
        const struct settings *other = catalog_settings(catalog, spread->settings[number]);
        if (!first) {
            first = other;
            common = first->set;
        }
        for (uint64_t rest = other != first ? common : 0; rest != 0; rest &= rest - 1)
            if (!same_value(first, other, field_first(rest)))
                common &= ~FIELD_BIT(field_first(rest));
    }
    return common;
}

uint16_t catalog_master_count(const struct catalog *catalog)
{
    return (uint16_t)catalog->masters.count;
}

const char *catalog_master(const struct catalog *catalog, uint16_t master)
{
    return catalog->masters.items[master];
}

const char *catalog_file(const struct catalog *catalog, uint16_t file)
{
    return catalog->files.items[file];
}

const struct noted_problem *catalog_noted(const struct catalog *catalog, const struct resource *row)
{
    const struct noted_problem *noted = catalog->problems;
    uint32_t count = row->problem ? catalog->problem_count : 0;

    while (count > 0) {
        uint32_t half = count / 2;
        if (noted[half].name == row->name)
            return &noted[half];
        bool smaller = noted[half].name < row->name;
        noted = smaller ? noted + half + 1 : noted;
        count = smaller ? count - half - 1 : half;
    }
    return NULL;
}

const struct problem *catalog_problem(const struct catalog *catalog, const struct resource *resource)
{
    const struct noted_problem *noted = catalog_noted(catalog, resource);
    return noted ? catalog->problem_kinds.items[noted->problem] : NULL;
}

/* --- fingerprints --- */

/* A sum, so that the order in which the masters came does not matter. */
static uint64_t spread_fingerprint(const struct catalog *catalog, const struct spread *spread)
{
    uint64_t sum = 0;

    for (uint16_t i = 0; i < spread->masters; i++) {
        if (spread->settings[i] == CATALOG_ABSENT)
            continue;
        uint64_t settings = catalog_settings(catalog, spread->settings[i])->hash;
        sum += hash_text(settings, text_of(catalog_master(catalog, i)));
    }
    return sum;
}

uint64_t catalog_fingerprint(const struct catalog *catalog, const struct resource *resource)
{
    uint64_t declared = resource->spread ? spread_fingerprint(catalog, catalog_spread(catalog, resource->settings))
                                         : catalog_settings(catalog, resource->settings)->hash;

    return hash_word(hash_word(resource->policy, resource->spread), declared);
}
