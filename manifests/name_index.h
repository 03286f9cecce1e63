/* SPDX-License-Identifier: Apache-2.0
 *
 * Which rules of a list match a name? Pure.
 *
 * A rule's pattern is a glob. Those that are literal (the lists of a migration wave hold a hundred thousand) are found
 * by hash; only real globs are tried one by one. Rules come back in the order in which they were added, so that the
 * first that matches can win and the next can be asked for when a condition of the first does not hold.
 */
#ifndef MQFERRY_MANIFESTS_NAME_INDEX_H
#define MQFERRY_MANIFESTS_NAME_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "api/base/buffer.h"
#include "api/base/failure.h"

struct name_index;

/* Room for `rules` patterns; NULL: no memory. */
struct name_index *name_index_new(uint32_t rules);
void name_index_free(struct name_index *index); /* NULL is fine */

/* Of an array of `count` structs of `stride` bytes, whose pattern (struct text) stands at `offset`. None gives NULL,
 * which matches nothing. 0 or -1. */
int name_index_of(const void *rules, size_t stride, size_t offset, uint32_t count, struct name_index **out,
                  struct failure *why);

/* Adds the next rule: its number is how many were added before. The pattern is borrowed as long as the index lives. */
void name_index_add(struct name_index *index, struct text pattern);

/* How far a search has come; starts zeroed. */
struct name_cursor {
    uint32_t literal, glob;
    bool begun;
};

/* The next rule that matches, in order; false: no further one. A NULL index has none. */
bool name_index_next(const struct name_index *index, struct text name, struct name_cursor *cursor, uint32_t *out_rule);

#endif
