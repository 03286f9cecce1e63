/* SPDX-License-Identifier: Apache-2.0
 *
 * A lane: one kind's creates of a pass, in which state each is, and which may go next. Pure.
 *
 *   QUEUED ──► SENDING ──► SAID ──► DONE        said to be created, or to exist: a list must show it
 *    ▲  ▲        │  ▲ └──► DOUBT ─► DONE        outcome unknown: read back
 *    │  └────────┘  │        └────► QUEUED, PARKED   surely absent: once more
 *   PARKED          └── SAID, DOUBT ─► CREATING ─► DONE    listed, not in service yet
 *   (a group whose dead-letter topic is missing)
 *
 * Jobs stand in the order of their rows and never move once the lane is complete. QUEUED jobs that were tried before
 * wait in a heap until their moment; the others go in order. Memory is reserved before the first job goes in.
 */
#ifndef MQFERRY_CONTROLLER_PASS_LANE_H
#define MQFERRY_CONTROLLER_PASS_LANE_H

#include <stdbool.h>
#include <stdint.h>

#include "api/fields.h"
#include "controller/pass/ledger.h"

enum job_state { JOB_QUEUED, JOB_PARKED, JOB_SENDING, JOB_SAID, JOB_DOUBT, JOB_CREATING, JOB_DONE, JOB_STATES };

#define JOB_NONE UINT32_MAX

struct job {
    struct ledger_entry *entry; /* the ledger's; NULL: nothing is known of it */
    uint64_t not_before_ms;     /* QUEUED, tried before */
    uint64_t first_ms;          /* of the first try in this pass */
    uint32_t row;
    uint32_t first_waiter; /* topics: groups PARKED for this one; JOB_NONE ends the chain */
    uint32_t next_waiter;
    uint32_t attempts; /* kept when the entry goes */
    uint16_t cause;    /* DONE */
    uint8_t state;
    uint8_t result; /* DONE: enum result */
    uint8_t tries;  /* that failed in this pass */
    bool created;   /* the provider said so in this pass */
    bool waiting;   /* stands in the heap */
    bool alone;     /* was refused in company: goes alone from now on */
};

struct lane {
    enum kind kind;
    struct job *jobs;
    uint32_t count, capacity;
    uint32_t fresh; /* the next that was never tried */
    uint32_t *heap; /* of jobs, by not_before_ms */
    uint32_t heap_count;
    uint32_t batch_max;
    uint16_t blocked; /* cause: nobody goes any more; 0: it runs */
    uint32_t counts[JOB_STATES];
};

/* Room for `capacity` jobs. 0, or -1: no memory. */
int lane_init(struct lane *lane, enum kind kind, uint32_t capacity, uint32_t batch_max);
void lane_release(struct lane *lane); /* a zeroed lane is fine */

/* Rows come in ascending order, at most `capacity`. */
struct job *lane_add(struct lane *lane, uint32_t row, enum job_state state);
struct job *lane_find(const struct lane *lane, uint32_t row); /* NULL: that row has no job */
uint32_t lane_index(const struct lane *lane, const struct job *job);
/* Moves a job; the move must be one of the picture above. */
void lane_move(struct lane *lane, struct job *job, enum job_state state);
/* Moves a job to QUEUED, to go not before that moment. */
void lane_queue(struct lane *lane, struct job *job, uint64_t not_before_ms);
/* The job that goes next, or NULL: none is due. It stays QUEUED until it is taken (to SENDING). */
struct job *lane_next(struct lane *lane, uint64_t now_ms);
void lane_take(struct lane *lane, struct job *job);
/* When the next one is due; UINT64_MAX: none waits. */
uint64_t lane_wake_ms(struct lane *lane);

#endif
