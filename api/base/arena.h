/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory that goes all at once: for what is built piece by piece and dropped as a whole. Pure.
 */
#ifndef MQFERRY_API_BASE_ARENA_H
#define MQFERRY_API_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "api/base/buffer.h"

struct arena {
    struct arena_block *blocks;
    bool failed; /* memory ran out: what came back since then is NULL or empty */
};

#define ARENA_INIT                                                                                                     \
    {                                                                                                                  \
        0                                                                                                              \
    }

void *arena_alloc(struct arena *arena, size_t bytes);            /* zeroed, aligned for anything; NULL: no memory */
const char *arena_string(struct arena *arena, struct text text); /* a copy with '\0' behind; NULL: no memory */
const char *arena_format(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
void arena_release(struct arena *arena);

/* For what is built and dropped many times over: what was taken since the mark is gone, one block of memory stays. */
struct arena_mark {
    struct arena_block *block;
    size_t used;
};

struct arena_mark arena_mark(const struct arena *arena);
void arena_rewind(struct arena *arena, struct arena_mark mark);

#endif
