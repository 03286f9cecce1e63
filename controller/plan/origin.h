/* SPDX-License-Identifier: Apache-2.0
 *
 * What a plan was made of, by identity. A door gives the same catalog again for a part that has not changed; when that
 * is so for all parts of all sides, and files, mapping and destination are what they were, the plan stands as it is:
 * nothing has to be joined, mapped or compared. Pure.
 */
#ifndef MQFERRY_CONTROLLER_PLAN_ORIGIN_H
#define MQFERRY_CONTROLLER_PLAN_ORIGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "api/catalog.h"
#include "api/instance.h"

struct origin {
    const void *inputs;               /* files and mapping, as they were loaded; the owner keeps them */
    struct capabilities capabilities; /* of the destination */
    struct catalog **parts;           /* references; NULL ends each list */
    uint32_t count, capacity;
    uint32_t of_sources; /* so many of them are of live sources, whose lists come first */
};

/* Takes references. Lists come in the same order each time: sources (`of_source`), then the destination. 0, or -1: no
 * memory. */
int origin_add_list(struct origin *origin, bool of_source, struct catalog *const *parts, uint32_t count);
void origin_release(struct origin *origin); /* a zeroed one is fine; it is zeroed again */

/* What is declared is the same. And so is all that a plan depends on. An origin without a list equals no other. */
bool origin_same_declared(const struct origin *a, const struct origin *b);
bool origin_same(const struct origin *a, const struct origin *b);

#endif
