/* SPDX-License-Identifier: Apache-2.0
 *
 * Parts of lists, and single reads put over them, become the catalog of one side.
 */
#ifndef MQFERRY_CONTROLLER_RUNNER_PARTS_H
#define MQFERRY_CONTROLLER_RUNNER_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "api/catalog.h"

/* The parts of one kind's list of one side. */
struct part_list {
    struct catalog **parts; /* references; NULL: not read yet. Rows of the other kind in them do not count */
    uint32_t count;
    uint32_t round; /* how often the list was begun */
    bool kept;      /* the door holds all parts as well: it gives them again as long as they are unchanged */
};

/* What a single read told: of these names, those that are there. */
struct got {
    enum kind kind;
    uint32_t round;           /* of the list when it was asked */
    struct catalog *declared; /* names are rows of it; a reference */
    uint32_t *rows;
    uint32_t row_count;
    struct catalog *catalog; /* a reference */
    struct got *next;        /* older */
};
void got_free(struct got *got); /* this one; NULL is fine */

struct parts_input {
    struct part_list lists[KINDS];
    const struct got *gots; /* newest first */
};

/* A name in two parts is BAD_ANSWER with the kind in *out_kind, unless they are parts of two masters: then it becomes
 * one resource. A single read that is newer than its list replaces what the list said, one that is older fills in what
 * the list left unread. Both lists from one catalog: that catalog. Worker threads. 0 or -1. */
int parts_combine(const struct parts_input *input, struct catalog **out, enum kind *out_kind, struct failure *why);

/* Copies references into `out`; 0, or -1: no memory. part_list_release frees what `out` then has. */
int part_list_copy(const struct part_list *from, struct part_list *out);
void part_list_release(struct part_list *list);

#endif
