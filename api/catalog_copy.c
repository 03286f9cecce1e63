/* SPDX-License-Identifier: Apache-2.0
 *
 * Everything of one catalog into the builder of another.
 */
#include <stdlib.h>

#include "api/catalog_store.h"
#include "api/cause.h"

/* The numbers of the old catalog in the new one; settings and spreads only once they are met. */
struct copy {
    struct catalog_builder *builder;
    const struct catalog *from;
    uint16_t *files, *masters;
    uint32_t *settings, *spreads; /* CATALOG_ABSENT: not met yet */
};

static int copy_strings(const struct copy *copy, const struct interned *strings, uint16_t *numbers,
                        int (*add)(struct catalog_builder *, struct text, uint16_t *, struct failure *),
                        struct failure *why)
{
    for (uint32_t i = 0; i < strings->count; i++) {
        if (add(copy->builder, text_of(strings->items[i]), &numbers[i], why) != 0)
            return -1;
    }
    return 0;
}

static int copy_settings(const struct copy *copy, uint32_t number, uint32_t *out, struct failure *why)
{
    struct draft draft;

    if (copy->settings[number] == CATALOG_ABSENT) {
        draft_from_settings(&draft, catalog_settings(copy->from, number));
        if (catalog_intern(copy->builder, &draft, &copy->settings[number], why) != 0)
            return -1;
    }
    *out = copy->settings[number];
    return 0;
}

static int make_spread(const struct copy *copy, const struct spread *spread, uint32_t *out, struct failure *why)
{
    uint32_t settings[CATALOG_MASTERS_MAX];
    uint16_t masters = 0;

    for (uint16_t i = 0; i < spread->masters; i++) {
        if (spread->settings[i] == CATALOG_ABSENT)
            continue;
        while (masters <= copy->masters[i])
            settings[masters++] = CATALOG_ABSENT;
        if (copy_settings(copy, spread->settings[i], &settings[copy->masters[i]], why) != 0)
            return -1;
    }
    return catalog_intern_spread(copy->builder, settings, masters, out, why);
}

static int copy_spread(const struct copy *copy, uint32_t number, uint32_t *out, struct failure *why)
{
    if (copy->spreads[number] == CATALOG_ABSENT &&
        make_spread(copy, catalog_spread(copy->from, number), &copy->spreads[number], why) != 0)
        return -1;
    *out = copy->spreads[number];
    return 0;
}

static int copy_row(const struct copy *copy, const struct resource *row, struct entry *entry, struct failure *why)
{
    const struct problem *problem = catalog_problem(copy->from, row);

    *entry = (struct entry){
        .kind = row->kind,
        .name = catalog_name(copy->from, row),
        .source_name = catalog_source_name(copy->from, row),
        .spread = row->spread,
        .hand = row->hand,
        .policy = row->policy,
        .status = row->status,
        .file = copy->from->files.count > 0 ? copy->files[row->file] : 0,
        .line = row->line,
        .column = row->column,
    };
    if (problem) {
        entry->problem_cause = problem->cause;
        entry->problem_field = problem->field;
        entry->problem_text = problem->text;
    }
    return (row->spread ? copy_spread : copy_settings)(copy, row->settings, &entry->settings, why);
}

static uint32_t *numbers_new(uint32_t count)
{
    uint32_t *numbers = malloc((count + (size_t)1) * sizeof *numbers);

    for (uint32_t i = 0; numbers && i < count; i++)
        numbers[i] = CATALOG_ABSENT;
    return numbers;
}

static int copy_begin(struct copy *copy, struct failure *why)
{
    const struct catalog *from = copy->from;

    copy->files = calloc(from->files.count + (size_t)1, sizeof *copy->files);
    copy->masters = calloc(from->masters.count + (size_t)1, sizeof *copy->masters);
    copy->settings = numbers_new(from->settings.count);
    copy->spreads = numbers_new(from->spreads.count);
    if (!copy->files || !copy->masters || !copy->settings || !copy->spreads)
        return failure_no_memory(why, "a copy of a catalog");
    if (copy_strings(copy, &from->files, copy->files, catalog_builder_file, why) != 0)
        return -1;
    return copy_strings(copy, &from->masters, copy->masters, catalog_builder_master, why);
}

static void copy_end(struct copy *copy)
{
    free(copy->files);
    free(copy->masters);
    free(copy->settings);
    free(copy->spreads);
}

int catalog_add_all(struct catalog_builder *builder, const struct catalog *from,
                    bool (*into)(void *context, const struct catalog *from, uint32_t row, struct entry *entry),
                    void *context, struct failure *why)
{
    struct copy copy = {.builder = builder, .from = from};
    struct entry entry;
    int status = copy_begin(&copy, why);

    for (uint32_t row = 0; status == 0 && row < from->count; row++) {
        status = copy_row(&copy, &from->rows[row], &entry, why);
        if (status == 0 && (!into || into(context, from, row, &entry)))
            status = catalog_add(builder, &entry, why);
    }
    copy_end(&copy);
    return status;
}
