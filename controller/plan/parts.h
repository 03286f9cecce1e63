/* SPDX-License-Identifier: Apache-2.0
 *
 * How a plan is made, for plan*.c only: where a declared resource belongs and what is there, what differs, what state
 * follows. For most resources there is one place, the whole destination; for those whose settings or placement are told
 * per master, one place a master. Pure.
 */
#ifndef MQFERRY_CONTROLLER_PLAN_PARTS_H
#define MQFERRY_CONTROLLER_PLAN_PARTS_H

#include "controller/plan/plan.h"

struct place_pair {
    const struct settings *declared;
    const struct settings *observed; /* NULL: it is not there */
    const char *master;              /* NULL: everywhere */
    bool impossible;                 /* the destination has no such master, and gets none */
};

/* Is a resource there per master? A cloud instance has none: what is declared per master must simply fit it. */
bool plan_keeps_masters(const struct plan *plan);

/* The places of a row, in order of masters; start with *position = 0; false at the end. */
bool plan_next_place(const struct plan *plan, uint32_t row, uint32_t *position, struct place_pair *out);

/* The master of that name, or CATALOG_ABSENT: for plan->places. */
uint32_t plan_find_master(const struct catalog *catalog, const char *name);

/* Fields in which the two differ; fields that change what clients may do and are not held. */
struct comparison {
    uint64_t different;
    uint64_t not_held;
    bool unread; /* this call did not tell what would have to be compared */
};

/* Of a place where it is. `read` false: none of its settings could be read. */
struct comparison plan_compare(const struct plan *plan, enum kind kind, const struct place_pair *place, bool read);

/* Visits every difference of a row that is there; false from `each` ends the visit. */
void plan_visit_differences(const struct plan *plan, uint32_t row,
                            bool (*each)(void *context, const struct difference *difference), void *context);

/* Judges one row by itself: state and cause, given the observed row of its name or CATALOG_ABSENT. Names that both
 * kinds want, actions and counts come afterwards, when all rows are judged. */
void plan_judge(struct plan *plan, uint32_t row, uint32_t observed);
void plan_settle(struct row *row, enum state state, int cause);

/* Why a missing resource cannot be created as it stands: the cause, with field (or FIELD_COUNT) and sentence; or
 * CAUSE_NONE. Names that both kinds want are not asked here. */
int plan_check_create(const struct plan *plan, uint32_t row, enum field *out_field, char sentence[static 256]);

#endif
