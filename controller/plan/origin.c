/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/plan/origin.h"

#include <stdlib.h>
#include <string.h>

static int reserve(struct origin *origin, uint32_t more)
{
    uint32_t capacity = origin->count + more;
    if (capacity <= origin->capacity)
        return 0;
    struct catalog **parts = realloc(origin->parts, capacity * sizeof(struct catalog *));
    if (parts == NULL)
        return -1;
    origin->parts = parts;
    origin->capacity = capacity;
    return 0;
}

int origin_add_list(struct origin *origin, bool of_source, struct catalog *const *parts, uint32_t count)
{
    if (reserve(origin, count + 1) != 0)
        return -1;
    for (uint32_t i = 0; i < count; i++)
        origin->parts[origin->count++] = catalog_ref(parts[i]);
    origin->parts[origin->count++] = NULL;
    if (of_source)
        origin->of_sources = origin->count;
    return 0;
}

void origin_release(struct origin *origin)
{
    for (uint32_t i = 0; i < origin->count; i++)
        catalog_unref(origin->parts[i]);
    free(origin->parts);
    memset(origin, 0, sizeof *origin);
}

static bool same_parts(const struct origin *a, const struct origin *b, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (a->parts[i] != b->parts[i])
            return false;
    }
    return true;
}

bool origin_same_declared(const struct origin *a, const struct origin *b)
{
    return a->count > 0 && b->count > 0 && a->inputs == b->inputs && a->of_sources == b->of_sources &&
           same_parts(a, b, a->of_sources);
}

bool origin_same(const struct origin *a, const struct origin *b)
{
    return origin_same_declared(a, b) && a->count == b->count && same_parts(a, b, a->count) &&
           capabilities_equal(&a->capabilities, &b->capabilities);
}
