/* SPDX-License-Identifier: Apache-2.0
 *
 * What live sources declared earlier and declare no more. Nothing follows from it but that it is told.
 */
#include "api/cause.h"
#include "controller/plan/plan.h"

struct vanishing {
    const struct catalog *files, *sources, *declared, *observed;
};

/* By the name that it has at its source, which an edit of the mapping does not change. */
static bool stands_in(const struct catalog *catalog, const struct entry *entry)
{
    struct text name = entry->source_name.bytes > 0 ? entry->source_name : entry->name;

    return catalog != NULL && catalog_find(catalog, entry->kind, name) != CATALOG_ABSENT;
}

/* Files did not declare it: a live source did. And no source does now. */
static bool is_lost(const struct vanishing *vanishing, const struct entry *entry)
{
    return entry->status == STATUS_ORDINARY && !stands_in(vanishing->files, entry) &&
           !stands_in(vanishing->sources, entry);
}

/* What is excluded now still stands among the declared, under its source's name: it has not vanished there. */
static bool take_vanished(void *context, const struct catalog *from, uint32_t row, struct entry *entry)
{
    const struct vanishing *vanishing = context;

    (void)from, (void)row;
    entry->problem_cause = CAUSE_NONE;
    return is_lost(vanishing, entry) && catalog_find(vanishing->declared, entry->kind, entry->name) == CATALOG_ABSENT &&
           catalog_find(vanishing->observed, entry->kind, entry->name) != CATALOG_ABSENT;
}

/* Renames that collide leave a name twice. */
static enum duplicate keep_first(void *context, struct duplicate_pair *pair, struct failure *why)
{
    (void)context, (void)pair, (void)why;
    return DUPLICATE_DROP;
}

int plan_vanished(const struct vanished_input *input, struct catalog **out, struct failure *why)
{
    struct vanishing vanishing = {
        .files = input->files, .sources = input->sources, .declared = input->declared, .observed = input->observed};
    struct catalog_builder *builder = catalog_builder_new();
    int status = 0;

    *out = NULL;
    if (builder == NULL)
        return failure_no_memory(why, "what has vanished");
    if (input->vanished != NULL)
        status = catalog_add_all(builder, input->vanished, take_vanished, &vanishing, why);
    if (status == 0 && input->before != NULL && input->before != input->declared)
        status = catalog_add_all(builder, input->before, take_vanished, &vanishing, why);
    if (status == 0 && catalog_builder_count(builder) > 0)
        status = catalog_seal(builder, keep_first, NULL, out, why);
    catalog_builder_free(builder);
    return status;
}

bool plan_next_vanished(const struct plan *plan, uint32_t *position, uint32_t *out_row)
{
    if (plan->vanished == NULL || *position >= catalog_count(plan->vanished))
        return false;
    *out_row = (*position)++;
    return true;
}
