/* SPDX-License-Identifier: Apache-2.0
 *
 * A sealed, sorted set of resources, from either side. Pure.
 *
 * A builder takes resources in any order; sealing sorts them (topics first, then by name bytes), finds names that stand
 * twice and lets the caller decide about them. A sealed catalog never changes; any thread may read it; references are
 * counted atomically. A catalog of n resources costs 32 n bytes, the bytes of the names, and the distinct settings.
 *
 * Masters: settings that differ per master, or a placement on some masters, are a spread: for each master of the
 * catalog's list the index of settings, or ABSENT. A resource has either settings or a spread, told by `spread`.
 */
#ifndef MQFERRY_API_CATALOG_H
#define MQFERRY_API_CATALOG_H

#include <stdbool.h>
#include <stdint.h>

#include "api/base/buffer.h"
#include "api/base/failure.h"
#include "api/resource.h"

#define CATALOG_ABSENT UINT32_MAX

enum { CATALOG_MASTERS_MAX = 1024, CATALOG_FILES_MAX = 65535 };

struct resource {
    uint64_t prefix;      /* first eight bytes of the name, big endian: makes comparing cheap */
    uint32_t name;        /* offset in the names */
    uint32_t settings;    /* index of settings, or of a spread */
    uint32_t source_name; /* where the name before the mapping is kept; CATALOG_ABSENT: the same */
    uint32_t line;        /* where the name stands; 0: nowhere (a live instance) */
    uint16_t file;        /* index of a file */
    uint16_t column;      /* bytes from 1; 65535: that or more */
    uint16_t name_bytes;
    uint8_t kind : 1;    /* enum kind */
    uint8_t spread : 1;  /* settings is the index of a spread */
    uint8_t problem : 1; /* catalog_problem tells which */
    uint8_t hand : 1;    /* hand-written: mistakes in it stop everything */
    uint8_t policy : 2;  /* enum policy */
    uint8_t status;      /* enum status */
};

_Static_assert(sizeof(struct resource) <= 40, "half a million of these are kept");

struct spread {
    uint16_t masters;    /* length of settings[]: up to the last master that has it; absent on those behind */
    uint32_t settings[]; /* per master of the catalog: index of settings, or CATALOG_ABSENT */
};

/* Why a declared resource cannot be created as it stands, found while it was read or mapped. */
struct problem {
    int cause;
    enum field field; /* FIELD_COUNT: not one setting */
    const char *text; /* for people; the catalog's */
};

struct catalog;
struct catalog_builder;

/* What goes in. Texts are borrowed during the call only. */
struct entry {
    enum kind kind;
    struct text name;
    struct text source_name; /* empty: the same as name */
    const struct draft
        *draft; /* NULL: `settings` is an index from catalog_intern or, with `spread`, catalog_intern_spread */
    uint32_t settings;
    bool spread;
    bool hand;
    enum policy policy;
    enum status status;
    uint16_t file; /* from catalog_builder_file */
    uint32_t line, column;
    int problem_cause; /* CAUSE_NONE: no problem */
    enum field problem_field;
    const char *problem_text;
};

struct catalog_builder *catalog_builder_new(void);          /* NULL: no memory */
void catalog_builder_free(struct catalog_builder *builder); /* NULL is fine */

/* Each returns 0 or -1 with CAUSE_OUT_OF_MEMORY (or INPUT_WRONG when a limit is met). Equal masters and files get one
 * number. A spread wants at least one master that has it. */
int catalog_builder_master(struct catalog_builder *builder, struct text name, uint16_t *out, struct failure *why);
int catalog_builder_file(struct catalog_builder *builder, struct text path, uint16_t *out, struct failure *why);
int catalog_intern(struct catalog_builder *builder, const struct draft *draft, uint32_t *out, struct failure *why);
int catalog_intern_spread(struct catalog_builder *builder, const uint32_t *settings, uint16_t masters, uint32_t *out,
                          struct failure *why);
int catalog_add(struct catalog_builder *builder, const struct entry *entry, struct failure *why);
/* Adds every resource of a sealed catalog, with all its masters and files. `into` (may be NULL) may change or drop each
 * entry first: false drops it. The entry's numbers (settings, file) are the builder's own by then. */
int catalog_add_all(struct catalog_builder *builder, const struct catalog *from,
                    bool (*into)(void *context, const struct catalog *from, uint32_t row, struct entry *entry),
                    void *context, struct failure *why);
uint32_t catalog_builder_count(const struct catalog_builder *builder);

/* Two resources of one kind and name meet at sealing. The answer decides; DUPLICATE_FAIL wants *why filled in. `first`
 * came in earlier. DUPLICATE_DROP keeps the first as it is, DUPLICATE_SECOND the second.
 * DUPLICATE_CONFLICT keeps the first, marked with CAUSE_DECLARED_TWICE and the text in `why`.
 * DUPLICATE_REPLACE keeps the first with *settings (index of settings; `spread` as said) put in: a master's part joins.
 * DUPLICATE_KEEP keeps both, next to each other, each marked with the cause and the text in `why` (renames that
 * collide): only then may a sealed catalog hold a name twice. Of more than two, neighbours are asked about.
 */
enum duplicate {
    DUPLICATE_DROP,
    DUPLICATE_SECOND,
    DUPLICATE_CONFLICT,
    DUPLICATE_FAIL,
    DUPLICATE_REPLACE,
    DUPLICATE_KEEP
};

struct duplicate_pair {
    const struct catalog
        *catalog; /* of the builder: names, settings, spreads, files, masters; its rows are in motion */
    const struct resource *first, *second;
    struct text name;
    bool equal;        /* same settings (or spread), policy and status */
    uint32_t settings; /* DUPLICATE_REPLACE: out */
    bool spread;
};

typedef enum duplicate (*catalog_duplicate_cb)(void *context, struct duplicate_pair *pair, struct failure *why);

/* Consumes the builder's contents; only freeing it is left to do, also after a failure. The callback may intern. 0, or
 * -1 with what the callback or memory said; a NULL callback fails with BAD_ANSWER on any duplicate. Takes time: worker
 * threads only for more than a few thousand. */
int catalog_seal(struct catalog_builder *builder, catalog_duplicate_cb on_duplicate, void *context,
                 struct catalog **out, struct failure *why);

struct catalog *catalog_ref(struct catalog *catalog);
void catalog_unref(struct catalog *catalog); /* NULL is fine */
/* Does anybody else have a reference too? Of a catalog that a door has just given: the door keeps it. */
bool catalog_is_shared(const struct catalog *catalog);

uint32_t catalog_count(const struct catalog *catalog);
/* Rows [first, first + count) of a kind; the rows of catalog_rows are in order. */
void catalog_range(const struct catalog *catalog, enum kind kind, uint32_t *out_first, uint32_t *out_count);
const struct resource *catalog_rows(const struct catalog *catalog);
struct text catalog_name(const struct catalog *catalog, const struct resource *resource);
struct text catalog_source_name(const struct catalog *catalog, const struct resource *resource);
/* The row of that name (of two, the first), or CATALOG_ABSENT. */
uint32_t catalog_find(const struct catalog *catalog, enum kind kind, struct text name);
/* Order of names by bytes: <0, 0, >0. The resources may be of two catalogs. */
int catalog_compare(const struct catalog *a, const struct resource *left, const struct catalog *b,
                    const struct resource *right);

/* By index; and of a resource without spread. For a spread: the settings of its first present master. */
const struct settings *catalog_settings(const struct catalog *catalog, uint32_t index);
const struct settings *catalog_settings_of(const struct catalog *catalog, const struct resource *resource);
uint32_t catalog_settings_count(const struct catalog *catalog);
const struct spread *catalog_spread(const struct catalog *catalog, uint32_t index);
/* Fields that are set and alike on all masters that have it. */
uint64_t catalog_common_fields(const struct catalog *catalog, const struct spread *spread);
uint16_t catalog_master_count(const struct catalog *catalog);
const char *catalog_master(const struct catalog *catalog, uint16_t master);
const char *catalog_file(const struct catalog *catalog, uint16_t file);
const struct problem *catalog_problem(const struct catalog *catalog, const struct resource *resource); /* or NULL */

/* 64 bits over what a resource declares (settings or spread with master names, policy), the same in every process: the
 * ledger's "digest of what was declared". */
uint64_t catalog_fingerprint(const struct catalog *catalog, const struct resource *resource);

#endif
