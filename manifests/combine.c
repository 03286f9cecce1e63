/* SPDX-License-Identifier: Apache-2.0
 *
 * Several sources into one declared catalog.
 */
#include "api/cause.h"
#include "api/system.h"
#include "manifests/duplicates.h"
#include "manifests/manifests.h"

/* One source while its rows are copied. */
struct joining {
    bool live;
    struct draft draft; /* of a resource that all masters hold alike */
};

/* What the masters of a live source say of one resource. */
enum agreement { ALIKE = 1, ON_SOME_ONLY, DIFFERENT };

static bool is_system(enum status status)
{
    return status == STATUS_SYSTEM || status == STATUS_STATIC;
}

/* Readers of files have marked what is never migrated; what an instance lists is known by its name here. */
static bool is_system_row(const struct catalog *catalog, const struct resource *row, bool live)
{
    return is_system((enum status)row->status) ||
           (live && system_name((enum kind)row->kind, catalog_name(catalog, row)));
}

static enum agreement agreement_of(const struct catalog *catalog, const struct spread *spread, uint32_t *out_settings)
{
    uint16_t present = 0;

    for (uint16_t master = 0; master < spread->masters; master++) {
        uint32_t settings = spread->settings[master];
        if (settings == CATALOG_ABSENT)
            continue;
        if (present++ == 0)
            *out_settings = settings;
        else if (settings != *out_settings)
            return DIFFERENT;
    }
    return present == catalog_master_count(catalog) ? ALIKE : ON_SOME_ONLY;
}

static void set_problem(struct entry *entry, int cause, const char *text)
{
    entry->problem_cause = cause;
    entry->problem_field = FIELD_COUNT;
    entry->problem_text = text;
}

static void settle_masters(struct joining *joining, const struct catalog *from, const struct resource *row,
                           struct entry *entry)
{
    uint32_t settings = CATALOG_ABSENT;

    switch (agreement_of(from, catalog_spread(from, row->settings), &settings)) {
    case ALIKE:
        draft_from_settings(&joining->draft, catalog_settings(from, settings));
        entry->draft = &joining->draft;
        entry->spread = false;
        break;
    case ON_SOME_ONLY:
        set_problem(entry, CAUSE_PLACEMENT_UNKNOWN, "the source holds it on some of its brokers only");
        break;
    case DIFFERENT:
        set_problem(entry, CAUSE_SOURCE_AMBIGUOUS, "the source's brokers hold it with different settings");
        break;
    }
}

static bool join_row(void *context, const struct catalog *from, uint32_t number, struct entry *entry)
{
    struct joining *joining = context;
    const struct resource *row = &catalog_rows(from)[number];

    if (joining->live && system_name(entry->kind, entry->name))
        entry->status = STATUS_SYSTEM;
    if (joining->live && row->spread && !is_system(entry->status))
        settle_masters(joining, from, row, entry);
    return true;
}

static void count_rows(const struct catalog *catalog, bool live, uint64_t rows[static KINDS],
                       uint64_t system[static KINDS])
{
    const struct resource *all = catalog_rows(catalog);

    for (uint32_t i = 0; i < catalog_count(catalog); i++) {
        rows[all[i].kind]++;
        system[all[i].kind] += is_system_row(catalog, &all[i], live);
    }
}

/* Does a live source's catalog say anything that is told otherwise in a declared one? */
static bool must_be_settled(const struct catalog *catalog)
{
    const struct resource *all = catalog_rows(catalog);

    for (uint32_t i = 0; i < catalog_count(catalog); i++)
        if (all[i].spread || (all[i].status == STATUS_ORDINARY && is_system_row(catalog, &all[i], true)))
            return true;
    return false;
}

static enum duplicate settle(void *context, struct duplicate_pair *pair, struct failure *why)
{
    return duplicates_settle(pair, context, why);
}

static int join(const struct manifests_source *sources, uint32_t count, struct catalog_builder *builder,
                struct catalog **out, struct complaints *mistakes, struct failure *why)
{
    struct joining joining;

    for (uint32_t i = 0; i < count; i++) {
        joining.live = sources[i].live;
        if (catalog_add_all(builder, sources[i].catalog, join_row, &joining, why) != 0)
            return -1;
    }
    return catalog_seal(builder, settle, mistakes, out, why);
}

/* Rows that came in and are gone were merged; what was system among them counts as merged now. */
static void adjust_counts(const struct manifests_source *sources, uint32_t count, const struct catalog *joined,
                          struct source_counts *counts)
{
    uint64_t rows_before[KINDS] = {0}, system_before[KINDS] = {0}, rows[KINDS] = {0}, system[KINDS] = {0};

    for (uint32_t i = 0; i < count; i++) {
        count_rows(sources[i].catalog, sources[i].live, rows_before, system_before);
        if (sources[i].live)
            count_rows(sources[i].catalog, true, counts->read, counts->system);
    }
    count_rows(joined, false, rows, system);
    for (int kind = 0; kind < KINDS; kind++) {
        counts->merged[kind] += rows_before[kind] - rows[kind];
        counts->system[kind] -= system_before[kind] - system[kind];
    }
}

int manifests_combine(const struct manifests_source *sources, uint32_t count, struct source_counts *counts,
                      struct catalog **out, struct complaints *mistakes, struct failure *why)
{
    uint32_t before = mistakes->count;

    if (count == 1 && !(sources->live && must_be_settled(sources->catalog))) {
        adjust_counts(sources, count, sources->catalog, counts);
        *out = catalog_ref(sources->catalog);
        return 0;
    }
    struct catalog_builder *builder = catalog_builder_new();
    struct catalog *joined = NULL;
    int result = builder ? join(sources, count, builder, &joined, mistakes, why) : failure_no_memory(why, "sources");
    if (result == 0 && mistakes->count > before)
        result = failure_set(why, CAUSE_INPUT_WRONG, "a name is declared twice by hand");
    if (result == 0) {
        adjust_counts(sources, count, joined, counts);
        *out = joined;
    } else {
        catalog_unref(joined);
    }
    catalog_builder_free(builder);
    return result;
}
