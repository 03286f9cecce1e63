/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of place share. For place*.c only.
 */
#ifndef MQFERRY_API_CLUSTER_PLACE_INSIDE_H
#define MQFERRY_API_CLUSTER_PLACE_INSIDE_H

#include "api/base/arena.h"
#include "api/cluster/place.h"

/* What the newest look showed of an item on a master. */
enum seen {
    SEEN_NOTHING, /* the table could not be read */
    SEEN_ABSENT,
    SEEN_EQUAL,     /* as declared */
    SEEN_DIFFERENT, /* or never ours: static, the broker's own */
};

enum sent { SENT_NOT, SENT_SINGLE, SENT_BATCH };

/* An item on a master. */
struct cell {
    bool wanted; /* it belongs there */
    uint8_t seen;
    uint8_t sent;    /* enum sent, the latest time */
    bool answered;   /* `answer` counts */
    uint8_t answer;  /* enum place_answer */
    uint32_t reason; /* of the answer: index of reasons, or NO_REASON */
};

struct item {
    uint32_t reason; /* why nothing of it is sent: index of reasons, or NO_REASON */
    bool may_leave;  /* in this round */
    bool refused;    /* for good; else only now */
    bool order_due;  /* an entry of the name servers is to be written first, and has not been */
    uint8_t outcome;
    uint32_t outcome_reason;
};

enum { NO_REASON = UINT32_MAX, ROUNDS = 2 };

struct place {
    struct place_request request;
    struct cell *cells; /* item by item, master by master */
    struct item *entries;
    const struct catalog *numbered; /* the catalog whose masters `numbers` are, per master of the cluster */
    uint16_t *numbers;
    struct catalog **tables; /* per master: of this round; references */
    uint32_t *unread;        /* per master: reason of a table that cannot be read, or NO_REASON */
    struct failure *reasons;
    uint32_t reason_count, reason_capacity;
    bool no_memory; /* somewhere in between: told by the next call that can */
    uint32_t round;
    /* of this round */
    struct place_step *steps;
    uint32_t step_count, step_capacity;
    uint32_t *sequence;
    uint32_t sequence_count, sequence_capacity;
    struct arena values; /* of order entries */
};

static inline struct cell *place_cell(const struct place *place, uint32_t item, uint16_t master)
{
    return &place->cells[(size_t)item * place->request.master_count + master];
}

/* Keeps a reason; NO_REASON: no memory, and `no_memory` is set. */
uint32_t place_reason(struct place *place, const struct failure *why);
uint32_t place_reason_text(struct place *place, int cause, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* place_declared.c */

/* The settings declared for that master; NULL: it does not belong there. */
const struct settings *place_declared(const struct place *place, uint32_t item, uint16_t master);
/* Marks where items belong, and those that are never to be sent. */
void place_judge(struct place *place);

/* place_steps.c: what is to be sent in this round, from the cells. 0, or -1: no memory. */
int place_compose(struct place *place);

/* place_outcome.c */
void place_conclude(struct place *place);

#endif
