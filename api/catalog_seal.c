/* SPDX-License-Identifier: Apache-2.0
 *
 * From a builder to a sealed catalog: sort, decide about names that stand twice, give back what was held for growing.
 */
#include <stdlib.h>

#include "api/base/sort.h"
#include "api/catalog_store.h"
#include "api/cause.h"

static const char what[] = "sorting a catalog";

/* What the pass over neighbours knows: rows before `kept` are decided. */
struct sealing {
    struct catalog *catalog;
    catalog_duplicate_cb on_duplicate;
    void *context;
    uint32_t kept;
};

static bool same_name(const struct catalog *catalog, const struct resource *a, const struct resource *b)
{
    return a->kind == b->kind && a->prefix == b->prefix && a->name_bytes == b->name_bytes &&
           catalog_compare(catalog, a, catalog, b) == 0;
}

static bool declare_the_same(const struct resource *a, const struct resource *b)
{
    return a->settings == b->settings && a->spread == b->spread && a->policy == b->policy && a->status == b->status;
}

static int refuse_duplicate(const struct duplicate_pair *pair, struct failure *why)
{
    return failure_set(why, CAUSE_BAD_ANSWER, "%s '%.*s' is listed twice", kind_word(pair->first->kind),
                       (int)pair->name.bytes, pair->name.data);
}

static int mark(struct sealing *sealing, struct resource *row, int cause, const char *text, struct failure *why)
{
    if (catalog_note_problem(sealing->catalog, row, cause, FIELD_COUNT, text) != 0)
        return failure_no_memory(why, what);
    return 0;
}

static void keep(struct sealing *sealing, const struct resource *row)
{
    sealing->catalog->rows[sealing->kept++] = *row;
}

/* `second` has the name of the row kept last. */
static int settle_duplicate(struct sealing *sealing, struct resource *second, struct failure *why)
{
    struct catalog *catalog = sealing->catalog;
    struct resource *first = &catalog->rows[sealing->kept - 1];
    struct failure said = FAILURE_INIT;
    struct duplicate_pair pair = {
        .catalog = catalog,
        .first = first,
        .second = second,
        .name = catalog_name(catalog, first),
        .equal = declare_the_same(first, second),
        .settings = first->settings,
        .spread = first->spread,
    };

    if (!sealing->on_duplicate)
        return refuse_duplicate(&pair, why);
    switch (sealing->on_duplicate(sealing->context, &pair, &said)) {
    case DUPLICATE_DROP:
        return 0;
    case DUPLICATE_SECOND:
        *first = *second;
        return 0;
    case DUPLICATE_CONFLICT:
        return mark(sealing, first, CAUSE_DECLARED_TWICE, said.text, why);
    case DUPLICATE_REPLACE:
        first->settings = pair.settings;
        first->spread = pair.spread;
        return 0;
    case DUPLICATE_KEEP:
        if (mark(sealing, first, said.cause, said.text, why) != 0 ||
            mark(sealing, second, said.cause, said.text, why) != 0)
            return -1;
        keep(sealing, second);
        return 0;
    case DUPLICATE_FAIL:
        break;
    }
    *why = said;
    return -1;
}

static int settle_duplicates(struct sealing *sealing, struct failure *why)
{
    struct catalog *catalog = sealing->catalog;

    for (uint32_t i = 0; i < catalog->count; i++) {
        struct resource *row = &catalog->rows[i];
        if (sealing->kept == 0 || !same_name(catalog, &catalog->rows[sealing->kept - 1], row))
            keep(sealing, row);
        else if (settle_duplicate(sealing, row, why) != 0)
            return -1;
    }
    catalog->count = sealing->kept;
    return 0;
}

static int compare_problems(const void *left, const void *right)
{
    const struct noted_problem *a = left, *b = right;
    return a->name != b->name ? (a->name < b->name ? -1 : 1) : (a->sequence < b->sequence ? -1 : 1);
}

static bool problems_in_order(const struct catalog *catalog)
{
    for (uint32_t i = 1; i < catalog->problem_count; i++) {
        if (compare_problems(&catalog->problems[i - 1], &catalog->problems[i]) > 0)
            return false;
    }
    return true;
}

/* By name, one each: what was noted last. They are in order but for those that sealing itself noted. */
static void problems_settle(struct catalog *catalog)
{
    uint32_t kept = 0;

    if (!problems_in_order(catalog))
        sort_in_place(catalog->problems, catalog->problem_count, sizeof *catalog->problems, compare_problems);
    for (uint32_t i = 0; i < catalog->problem_count; i++) {
        if (i + 1 == catalog->problem_count || catalog->problems[i].name != catalog->problems[i + 1].name)
            catalog->problems[kept++] = catalog->problems[i];
    }
    catalog->problem_count = kept;
}

/* Gives the unused end of an array back; where that fails it stays as it is. */
static void *shrink(void *array, size_t count, size_t size)
{
    void *smaller = array && count > 0 ? realloc(array, count * size) : NULL;
    return smaller ? smaller : array;
}

static void interned_settle(struct interned *interned)
{
    free(interned->slots);
    interned->slots = NULL;
    interned->items = shrink(interned->items, interned->count, sizeof *interned->items);
}

static void catalog_shrink(struct catalog *catalog)
{
    interned_settle(&catalog->settings);
    interned_settle(&catalog->spreads);
    interned_settle(&catalog->masters);
    interned_settle(&catalog->files);
    interned_settle(&catalog->problem_kinds);
    catalog->rows = shrink(catalog->rows, catalog->count, sizeof *catalog->rows);
    catalog->names = shrink(catalog->names, catalog->names_bytes, 1);
    catalog->problems = shrink(catalog->problems, catalog->problem_count, sizeof *catalog->problems);
}

static uint32_t count_topics(const struct catalog *catalog)
{
    uint32_t topics = 0;

    while (topics < catalog->count && catalog->rows[topics].kind == KIND_TOPIC)
        topics++;
    return topics;
}

int catalog_seal(struct catalog_builder *builder, catalog_duplicate_cb on_duplicate, void *context,
                 struct catalog **out, struct failure *why)
{
    struct catalog *catalog = builder->catalog;
    struct sealing sealing = {.catalog = catalog, .on_duplicate = on_duplicate, .context = context};

    if (catalog_sort(catalog) != 0)
        return failure_no_memory(why, what);
    if (settle_duplicates(&sealing, why) != 0)
        return -1;
    problems_settle(catalog);
    catalog_gather_names(catalog);
    catalog_shrink(catalog);
    catalog->first_group = count_topics(catalog);
    builder->catalog = NULL;
    *out = catalog;
    return 0;
}
