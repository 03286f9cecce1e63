/* SPDX-License-Identifier: Apache-2.0
 *
 * CONTRACT: declared × observed → plan. Pure.
 *
 * A plan has one row per resource of the declared catalog, in its order: row i speaks of declared resource i.
 * Differences and sentences are computed when they are printed (plan_differences, plan_explain). Equal sides give a
 * plan without a row to create. More than a few thousand resources: worker threads only.
 */
#ifndef MQFERRY_CONTROLLER_PLAN_PLAN_H
#define MQFERRY_CONTROLLER_PLAN_PLAN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "api/catalog.h"
#include "api/instance.h"
#include "manifests/mapping.h"

enum state {
    STATE_IN_SYNC = 0,
    STATE_ACCEPTED,
    STATE_MISSING,
    STATE_CREATING,
    STATE_DIFFERS,
    STATE_UNREAD,
    STATE_CONFLICT,
    STATE_INVALID,
    STATE_IGNORED,
    STATE_SYSTEM,
    STATE_EXCLUDED,
    STATE_EXTRA,    /* on the destination only: no row, see plan_next_extra */
    STATE_VANISHED, /* was declared by a live source earlier: no row, see plan_next_vanished */
    STATES
};
const char *state_name(enum state state);   /* "inSync", … (contract section 7) */
enum state state_by_name(struct text name); /* STATES when unknown */

enum action { ACTION_NONE = 0, ACTION_CREATE };

struct row {
    uint32_t observed; /* row of the observed catalog, or CATALOG_ABSENT */
    uint16_t cause;    /* of CONFLICT, INVALID, UNREAD */
    uint8_t state;
    uint8_t action; /* CREATE: MISSING (on all masters or on some) with policy create, and nothing against it */
};

struct plan_counts {
    uint32_t states[STATES]; /* of the rows; and VANISHED */
    uint32_t creates;
    uint32_t present; /* declared resources that are on the destination, wholly or in part */
    uint32_t extra;   /* resources of the destination that nothing declares; system and vanished ones left out */
};

struct plan {
    atomic_uint references;
    struct catalog *declared, *observed; /* references */
    struct catalog *vanished;            /* a reference; NULL: nothing has */
    const struct mapping *mapping;       /* borrowed: outlives the plan */
    struct capabilities capabilities;
    struct row *rows;
    uint32_t row_count; /* catalog_count(declared) */
    struct plan_counts counts[KINDS];
    bool *accepts_used;         /* mapping->accept_count flags: an entry that matched nothing is a warning */
    struct name_index *accepts; /* the accept entries by name; NULL: none */
    uint64_t *declared_rows;    /* a bit per observed row: something declared has this name */
    uint32_t *places;           /* per declared master: its number at the destination, or CATALOG_ABSENT */
};

struct plan_input {
    struct catalog *declared, *observed; /* sealed; the plan takes references of its own */
    const struct capabilities *capabilities;
    const struct mapping *mapping;
    struct catalog *vanished; /* from plan_vanished; NULL: none */
};

struct vanished_input {
    const struct catalog *vanished; /* what had vanished until now; NULL: nothing */
    const struct catalog *before;   /* the declared set of the last pass */
    const struct catalog *files;    /* what files declared besides, then; NULL: nothing */
    const struct catalog *sources;  /* what all sources declare now, before the mapping; NULL: as `declared` */
    const struct catalog *declared, *observed; /* now */
};
/* What live sources declared earlier and declare no more, as long as the destination has it. *out: NULL when there is
 * nothing; a reference. 0, or -1 with OUT_OF_MEMORY. */
int plan_vanished(const struct vanished_input *input, struct catalog **out, struct failure *why);

/* 0, or -1 with OUT_OF_MEMORY. */
int plan_build(const struct plan_input *input, struct plan **out, struct failure *why);
struct plan *plan_ref(struct plan *plan);
void plan_free(struct plan *plan); /* gives a reference back; NULL is fine. Any thread */

/* Something is declared, and everything declared is there as declared (contract section 2), judged by the rows alone.
 */
bool plan_is_parity(const struct plan *plan);
/* Does this state count as parity for a resource? inSync, accepted, ignored. */
bool state_is_parity(enum state state);
uint64_t plan_declared_count(const struct plan *plan); /* without system, excluded */

/* One difference of a row, for outputs. Values are borrowed from the catalogs; NULL: not set there. */
struct difference {
    enum field field;
    struct text attribute;       /* MAP: the key; else empty */
    const union value *declared; /* MAP: of that key */
    const union value *observed; /* NULL: absent, or not held */
    bool not_held;               /* the destination cannot keep the field */
    bool accepted;               /* by the mapping */
    struct text reason;          /* of the acceptance */
    const char *master;          /* observed there; NULL: everywhere. One call per master that differs */
};

/* Calls `each` for every difference of a row in state DIFFERS or ACCEPTED, in the order of fields.def, then of masters.
 */
void plan_differences(const struct plan *plan, uint32_t row,
                      void (*each)(void *context, const struct difference *difference), void *context);
/* What a row with a cause says: field (or FIELD_COUNT) and sentence. */
void plan_explain(const struct plan *plan, uint32_t row, enum field *out_field, char sentence[static 256]);
/* Declared fields that the destination does not keep: listed, never a difference. */
uint64_t plan_not_held(const struct plan *plan, uint32_t row);
/* The settings that a create carries: declared, completed by createDefaults and the rules. Also what doors use. */
void plan_create_settings(const struct plan *plan, uint32_t row, struct draft *out);
/* Fields in which what is there differs and the mapping accepts it: for rows to be created on the other masters. */
uint64_t plan_accepted_fields(const struct plan *plan, uint32_t row);
/* Masters of the destination that lack a resource of row (clusters): start with *position = 0; false at the end. */
bool plan_next_missing_master(const struct plan *plan, uint32_t row, uint16_t *position, const char **out_master);
/* Rows of plan->vanished: start with *position = 0; false at the end. */
bool plan_next_vanished(const struct plan *plan, uint32_t *position, uint32_t *out_row);
/* Rows of the observed catalog that nothing declares, or has declared: start with *position = 0; false at the end. */
bool plan_next_extra(const struct plan *plan, uint32_t *position, uint32_t *out_observed);

#endif
