/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside a catalog: where its bytes are. For catalog*.c only. Pure.
 *
 * Rows and names are one growing array each (rows name offsets, so they may move until the seal). What is interned lies
 * in an arena: it never moves, and goes with the catalog.
 */
#ifndef MQFERRY_API_CATALOG_STORE_H
#define MQFERRY_API_CATALOG_STORE_H

#include <stdatomic.h>

#include "api/base/arena.h"
#include "api/catalog.h"

/* Distinct things by number, in order of arrival. The table (open addressing, by hash) is gone once sealed. */
struct interned {
    const void **items; /* in the arena */
    uint32_t count, capacity;
    uint32_t mask;   /* slots less one; slots are a power of two */
    uint64_t *slots; /* upper half of the hash, number + 1; 0: free */
};

struct noted_problem {
    uint32_t name;     /* of the resource: the offset of its name is like no other's */
    uint32_t sequence; /* the latest counts */
    uint32_t problem;  /* what is wrong, as interned: half a million resources may have it in common */
};

struct catalog {
    atomic_uint references;
    struct resource *rows;
    uint32_t count, row_capacity;
    uint32_t first_group; /* sealed: rows before it are topics */
    char *names;
    uint32_t names_bytes, names_capacity;
    struct interned settings, spreads, masters, files, problem_kinds;
    struct noted_problem *problems; /* sealed: sorted by name */
    uint32_t problem_count, problem_capacity;
    struct arena arena;
};

struct catalog_builder {
    struct catalog *catalog; /* NULL once sealed */
};

struct catalog *catalog_new(void); /* empty, one reference; NULL: no memory */

/* The number of the item that has this hash and is the same as `key`, or CATALOG_ABSENT. */
uint32_t interned_find(const struct interned *interned, uint64_t hash, bool (*same)(const void *item, const void *key),
                       const void *key);
/* Adds what interned_find did not find. 0, or -1: no memory. */
int interned_add(struct interned *interned, uint64_t hash, const void *item, uint32_t *out);

/* 0, or -1: no memory. */
int catalog_note_problem(struct catalog *catalog, struct resource *row, int cause, enum field field, const char *text);

/* What was noted of a row of a sealed catalog, or NULL. */
const struct noted_problem *catalog_noted(const struct catalog *catalog, const struct resource *row);

/* Puts the rows in order: topics first, then by name bytes; equal ones stay as they came. Temporary memory is 32 bytes
 * a row, none where they are in order already. 0, or -1: no memory. */
int catalog_sort(struct catalog *catalog);

/* Puts the names of sorted rows, whose problems are settled, in the order of the rows; leaves them as they are where
 * memory does not suffice. */
void catalog_gather_names(struct catalog *catalog);

/* Eight bytes of a name from `offset` on, big endian, zeros behind its end: numbers that compare as the bytes do. */
static inline uint64_t name_word(struct text name, size_t offset)
{
    uint64_t word = 0;
    size_t end = name.bytes < offset + 8 ? name.bytes : offset + 8;

    for (size_t i = offset; i < end; i++)
        word |= (uint64_t)(unsigned char)name.data[i] << (56 - 8 * (i - offset));
    return word;
}

#endif
