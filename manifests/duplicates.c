/* SPDX-License-Identifier: Apache-2.0 */
#include "manifests/duplicates.h"

#include <stdio.h>

#include "api/cause.h"
#include "manifests/declare.h"

enum { PLACE_BYTES = 300 };

static void place_text(const struct duplicate_pair *pair, const struct resource *resource, char out[static PLACE_BYTES])
{
    if (resource->line == 0)
        snprintf(out, PLACE_BYTES, "a live source");
    else
        snprintf(out, PLACE_BYTES, "%s:%u:%u", catalog_file(pair->catalog, resource->file), resource->line,
                 resource->column);
}

static bool stands_before(const struct resource *a, const struct resource *b)
{
    return a->line < b->line || (a->line == b->line && a->column < b->column);
}

/* The order of arrival is nearly that of the file: some topics are decided about at its end. */
enum duplicate duplicates_in_one_file(const struct duplicate_pair *pair, struct complaints *mistakes)
{
    bool swapped = stands_before(pair->second, pair->first);
    const struct resource *first = swapped ? pair->second : pair->first;
    const struct resource *again = swapped ? pair->first : pair->second;
    const struct place place = {catalog_file(pair->catalog, again->file), again->line, again->column};

    complain(mistakes, &place, "the %s \"%.*s\" stands twice in this file, first at %u:%u", kind_word(again->kind),
             (int)pair->name.bytes, pair->name.data, first->line, first->column);
    return DUPLICATE_DROP;
}

static enum duplicate conflict(const struct duplicate_pair *pair, struct failure *why)
{
    char first[PLACE_BYTES], second[PLACE_BYTES];

    place_text(pair, pair->first, first);
    place_text(pair, pair->second, second);
    failure_set(why, CAUSE_DECLARED_TWICE, "declared in %s and, with other settings, in %s", first, second);
    return DUPLICATE_CONFLICT;
}

static bool is_system(const struct resource *resource)
{
    return resource->status == STATUS_SYSTEM || resource->status == STATUS_STATIC;
}

enum duplicate duplicates_settle(const struct duplicate_pair *pair, struct complaints *mistakes, struct failure *why)
{
    const struct resource *first = pair->first, *second = pair->second;

    if (first->hand && second->hand)
        return declare_twice(pair, mistakes);
    if (is_system(first) && is_system(second))
        return DUPLICATE_DROP;
    if (is_system(first) || is_system(second)) {
        bool second_counts = second->hand || (is_system(second) && !first->hand);
        return second_counts ? DUPLICATE_SECOND : DUPLICATE_DROP;
    }
    if (!pair->equal)
        return conflict(pair, why);
    return second->hand ? DUPLICATE_SECOND : DUPLICATE_DROP;
}
