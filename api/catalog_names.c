/* SPDX-License-Identifier: Apache-2.0
 *
 * Names in the order of their rows: exports list resources in the order of a hash table, and whoever walks a sealed
 * catalog (plan, mapping, digest, report) would miss the cache at every name.
 */
#include <stdlib.h>
#include <string.h>

#include "api/catalog_store.h"

enum { AHEAD = 16 }; /* rows between asking for a name and using it: more than a fetch takes */

static bool names_in_order(const struct catalog *catalog)
{
    for (uint32_t i = 1; i < catalog->count; i++) {
        if (catalog->rows[i].name < catalog->rows[i - 1].name)
            return false;
    }
    return true;
}

static uint32_t move_bytes(const struct catalog *catalog, uint32_t offset, uint32_t bytes, char *to, uint32_t *used)
{
    uint32_t moved = *used;

    memcpy(to + moved, catalog->names + offset, bytes);
    *used += bytes;
    return moved;
}

static uint32_t move_source_name(const struct catalog *catalog, uint32_t offset, char *to, uint32_t *used)
{
    uint16_t length;

    memcpy(&length, catalog->names + offset, sizeof length);
    return move_bytes(catalog, offset, (uint32_t)sizeof length + length, to, used);
}

/* Problems are found by the offset of a name; in the order of rows they are sorted by the new one. */
static void move_all(struct catalog *catalog, char *names, struct noted_problem *problems)
{
    uint32_t used = 0, moved = 0;

    for (uint32_t i = 0; i < catalog->count; i++) {
        struct resource *row = &catalog->rows[i];
        if (i + AHEAD < catalog->count)
            __builtin_prefetch(catalog->names + catalog->rows[i + AHEAD].name);
        uint32_t name = move_bytes(catalog, row->name, row->name_bytes, names, &used);
        if (row->source_name != CATALOG_ABSENT)
            row->source_name = move_source_name(catalog, row->source_name, names, &used);
        if (row->problem)
            problems[moved++] = (struct noted_problem){name, 0, catalog_noted(catalog, row)->problem};
        row->name = name;
    }
    catalog->names_bytes = used;
    catalog->problem_count = moved;
}

void catalog_gather_names(struct catalog *catalog)
{
    if (names_in_order(catalog))
        return;
    char *names = malloc(catalog->names_bytes + (size_t)1);
    struct noted_problem *problems = malloc((catalog->problem_count + (size_t)1) * sizeof *problems);
    if (!names || !problems) {
        free(names);
        free(problems);
        return;
    }
    move_all(catalog, names, problems);
    free(catalog->names);
    free(catalog->problems);
    catalog->names = names;
    catalog->problems = problems;
}
