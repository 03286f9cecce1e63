/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "api/base/hash.h"
#include "api/catalog_store.h"
#include "api/cause.h"

enum { ROWS_MIN = 16, NAMES_MIN = 256, COLUMN_MAX = 65535 };

static const char what[] = "a catalog of topics and consumer groups";

struct catalog_builder *catalog_builder_new(void)
{
    struct catalog_builder *builder = malloc(sizeof *builder);

    if (!builder)
        return NULL;
    builder->catalog = catalog_new();
    if (!builder->catalog) {
        free(builder);
        return NULL;
    }
    return builder;
}

void catalog_builder_free(struct catalog_builder *builder)
{
    if (!builder)
        return;
    catalog_unref(builder->catalog);
    free(builder);
}

uint32_t catalog_builder_count(const struct catalog_builder *builder)
{
    return builder->catalog ? builder->catalog->count : 0;
}

/* --- interning --- */

static bool same_string(const void *item, const void *key)
{
    const struct text *text = key;
    return text_is(*text, item);
}

static int intern_string(struct catalog *catalog, struct interned *strings, struct text text, uint32_t limit,
                         uint16_t *out, struct failure *why)
{
    uint64_t hash = hash_text(0, text);
    uint32_t number = interned_find(strings, hash, same_string, &text);

    if (number == CATALOG_ABSENT) {
        if (strings->count >= limit)
            return failure_set(why, CAUSE_INPUT_WRONG, "more than %u %s", limit,
                               strings == &catalog->masters ? "masters" : "files");
        const char *copy = arena_string(&catalog->arena, text);
        if (!copy || interned_add(strings, hash, copy, &number) != 0)
            return failure_no_memory(why, what);
    }
    *out = (uint16_t)number;
    return 0;
}

int catalog_builder_master(struct catalog_builder *builder, struct text name, uint16_t *out, struct failure *why)
{
    return intern_string(builder->catalog, &builder->catalog->masters, name, CATALOG_MASTERS_MAX, out, why);
}

int catalog_builder_file(struct catalog_builder *builder, struct text path, uint16_t *out, struct failure *why)
{
    return intern_string(builder->catalog, &builder->catalog->files, path, CATALOG_FILES_MAX, out, why);
}

static bool same_settings(const void *item, const void *key)
{
    return draft_equals_settings(key, item);
}

int catalog_intern(struct catalog_builder *builder, const struct draft *draft, uint32_t *out, struct failure *why)
{
    struct catalog *catalog = builder->catalog;
    uint64_t hash = draft_hash(draft);
    uint32_t number = interned_find(&catalog->settings, hash, same_settings, draft);

    if (number == CATALOG_ABSENT) {
        void *memory = arena_alloc(&catalog->arena, draft_settings_bytes(draft));
        if (!memory)
            return failure_no_memory(why, what);
        draft_settle(draft, hash, memory);
        if (interned_add(&catalog->settings, hash, memory, &number) != 0)
            return failure_no_memory(why, what);
    }
    *out = number;
    return 0;
}

static struct text spread_bytes(const uint32_t *settings, uint16_t masters)
{
    return (struct text){(const char *)settings, masters * sizeof *settings};
}

static bool same_spread(const void *item, const void *key)
{
    const struct spread *spread = item;
    return text_equal(spread_bytes(spread->settings, spread->masters), *(const struct text *)key);
}

int catalog_intern_spread(struct catalog_builder *builder, const uint32_t *settings, uint16_t masters, uint32_t *out,
                          struct failure *why)
{
    struct catalog *catalog = builder->catalog;

    while (masters > 0 && settings[masters - 1] == CATALOG_ABSENT)
        masters--;
    if (masters == 0)
        return failure_set(why, CAUSE_INPUT_WRONG, "no master is named that has it");
    struct text key = spread_bytes(settings, masters);
    uint64_t hash = hash_text(0, key);
    uint32_t number = interned_find(&catalog->spreads, hash, same_spread, &key);
    if (number == CATALOG_ABSENT) {
        struct spread *spread = arena_alloc(&catalog->arena, sizeof *spread + key.bytes);
        if (!spread || interned_add(&catalog->spreads, hash, spread, &number) != 0)
            return failure_no_memory(why, what);
        spread->masters = masters;
        memcpy(spread->settings, settings, key.bytes);
    }
    *out = number;
    return 0;
}

/* --- adding --- */

static int rows_reserve(struct catalog *catalog, struct failure *why)
{
    if (catalog->count < catalog->row_capacity)
        return 0;
    uint32_t capacity = catalog->row_capacity == 0 ? ROWS_MIN : catalog->row_capacity * 2;
    struct resource *rows = realloc(catalog->rows, capacity * sizeof *rows);
    if (!rows)
        return failure_no_memory(why, what);
    catalog->rows = rows;
    catalog->row_capacity = capacity;
    return 0;
}

static int names_reserve(struct catalog *catalog, size_t bytes, struct failure *why)
{
    uint64_t needed = (uint64_t)catalog->names_bytes + bytes;

    if (needed <= catalog->names_capacity)
        return 0;
    uint64_t capacity = catalog->names_capacity == 0 ? NAMES_MIN : (uint64_t)catalog->names_capacity * 2;
    if (capacity < needed)
        capacity = needed;
    if (capacity >= CATALOG_ABSENT)
        capacity = CATALOG_ABSENT - 1;
    if (needed > capacity)
        return failure_set(why, CAUSE_INPUT_WRONG, "all names together have more than 4 GiB");
    char *names = realloc(catalog->names, capacity);
    if (!names)
        return failure_no_memory(why, what);
    catalog->names = names;
    catalog->names_capacity = (uint32_t)capacity;
    return 0;
}

static uint32_t names_append(struct catalog *catalog, const void *bytes, size_t count)
{
    uint32_t offset = catalog->names_bytes;

    if (count > 0)
        memcpy(catalog->names + offset, bytes, count);
    catalog->names_bytes += (uint32_t)count;
    return offset;
}

/* Its length in two bytes, then the name: names may hold any byte. */
static uint32_t append_source_name(struct catalog *catalog, const struct entry *entry)
{
    uint16_t length = (uint16_t)entry->source_name.bytes;

    if (length == 0 || text_equal(entry->source_name, entry->name))
        return CATALOG_ABSENT;
    uint32_t offset = names_append(catalog, &length, sizeof length);
    names_append(catalog, entry->source_name.data, length);
    return offset;
}

static int check_length(struct text name, struct failure *why)
{
    if (name.bytes <= NAME_BYTES_MAX)
        return 0;
    return failure_set(why, CAUSE_INPUT_WRONG, "a name of %zu bytes is too long, %d are read at most", name.bytes,
                       NAME_BYTES_MAX);
}

int catalog_add(struct catalog_builder *builder, const struct entry *entry, struct failure *why)
{
    struct catalog *catalog = builder->catalog;
    uint32_t settings = entry->settings;

    if (check_length(entry->name, why) != 0 || check_length(entry->source_name, why) != 0)
        return -1;
    if (entry->draft && catalog_intern(builder, entry->draft, &settings, why) != 0)
        return -1;
    bool spread = entry->spread && !entry->draft;
    assert(settings < (spread ? catalog->spreads.count : catalog->settings.count));
    if (rows_reserve(catalog, why) != 0 ||
        names_reserve(catalog, entry->name.bytes + entry->source_name.bytes + sizeof(uint16_t), why) != 0)
        return -1;
    struct resource *row = &catalog->rows[catalog->count];
    *row = (struct resource){
        .prefix = name_word(entry->name, 0),
        .name = names_append(catalog, entry->name.data, entry->name.bytes),
        .settings = settings,
        .source_name = append_source_name(catalog, entry),
        .line = entry->line,
        .file = entry->file,
        .column = (uint16_t)(entry->column < COLUMN_MAX ? entry->column : COLUMN_MAX),
        .name_bytes = (uint16_t)entry->name.bytes,
        .kind = entry->kind & 1U,
        .spread = spread,
        .hand = entry->hand,
        .policy = entry->policy & 3U,
        .status = (uint8_t)entry->status,
    };
    if (entry->problem_cause != CAUSE_NONE &&
        catalog_note_problem(catalog, row, entry->problem_cause, entry->problem_field, entry->problem_text) != 0)
        return failure_no_memory(why, what);
    catalog->count++;
    return 0;
}
