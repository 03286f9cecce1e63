/* SPDX-License-Identifier: Apache-2.0
 *
 * Stands in for the runner, its doors and its journal: performs what the pass asks for under the virtual clock, with
 * the faults of the world. It keeps what a runner keeps: the parts of lists, the declared set, the journal.
 */
#ifndef MQFERRY_TESTS_SIMULATION_RUN_H
#define MQFERRY_TESTS_SIMULATION_RUN_H

#include "api/base/pace.h"
#include "controller/pass/pass.h"
#include "controller/plan/origin.h"
#include "tests/simulation/clockwork.h"
#include "tests/simulation/oracle.h"

enum { CALLS_MAX = 256, RECENT_MAX = 16 };

/* A create on its way. */
struct call {
    uint32_t pending; /* happenings that speak of it; 0: free */
    bool abandoned;   /* nobody waits for the answer */
    uint32_t op, pass;
    enum kind kind;
    uint32_t count;
    uint32_t rows[THINGS_MAX];
    int8_t things[THINGS_MAX];
    int8_t values[THINGS_MAX];
    uint32_t masters[THINGS_MAX]; /* where each goes, as bits */
    uint8_t outcomes[THINGS_MAX];
    int causes[THINGS_MAX];
    uint64_t left_ms;
};

/* What get told of one thing. */
struct detail {
    bool known;
    uint64_t asked_ms;
    struct seen seen;
};

struct held_list {
    bool here[PARTS_MAX];
    bool fresh; /* not logged as a read yet */
    struct page parts[PARTS_MAX];
};

/* An effect that is or was open: stale answers speak of it. */
struct recent {
    struct effect effect;
    uint32_t rows[THINGS_MAX];
    uint32_t count;
    bool open;
};

/* What a door gave for a part, and gives again while the part is the same. */
struct kept_part {
    struct page page;
    struct catalog *catalog; /* stands for it; NULL: nothing was given yet */
};

/* What a process keeps from pass to pass. */
struct kept {
    struct kept_part parts[SIDES][KINDS][PARTS_MAX];
    int8_t inputs[THINGS_MAX]; /* what files declared, and how often that has changed */
    uintptr_t inputs_version;
    struct origin origin; /* of the plan that stands; empty: not known */
    struct plan *plan;
    struct catalog *declared; /* of the newest plan; NULL: none yet */
    struct catalog *vanished;
};

struct run {
    struct world *world;
    struct store store;
    struct log_book log;
    struct oracle oracle;
    struct clockwork clockwork;
    struct pace pace;
    struct call calls[CALLS_MAX];

    /* the process */
    struct ledger *ledger;
    struct kept kept;
    bool journal_broken;
    uint64_t journal_ms;    /* when all that was written so far is on disk */
    bool noted[THINGS_MAX]; /* on disk: an intent without result */

    /* the pass */
    struct pass *pass;
    struct effects effects;
    uint32_t pass_id, last_op, open, under_way; /* open: effects; under_way: creates */
    struct guard guard;
    bool ended, died;
    struct held_list lists[SIDES][KINDS];
    struct detail details[THINGS_MAX];
    struct catalog *declared; /* of this pass; NULL: not combined yet */
    int8_t declared_now[THINGS_MAX];
    bool right_instance, in_service;
    uint32_t allocation_fails; /* of the pass's next; 0: none */
    uint32_t wait_op;
    struct recent recent[RECENT_MAX];
    uint32_t recent_count;
    uint32_t steps;
    struct pass_report report; /* of the latest pass that ended */
    struct failure failure;    /* scratch: what an event says */
    struct mapping *mapping;   /* the empty one */
};

/* One fault of the allocator: the n-th allocation of the next steps of passes fails; 0: none. */
void memory_fail_at(uint32_t allocation);
uint32_t memory_left(void); /* how many were left to go; 0: none fails any more */

/* ---- run.c */

void run_post(struct run *run, struct event *event);
struct happening *run_later(struct run *run, uint64_t delay_ms, enum what what, uint32_t op);
const struct failure *run_failure(struct run *run, int cause); /* NULL for CAUSE_NONE; until the next call */
void run_log(struct run *run, struct log_entry entry);         /* at the present time */
uint64_t run_latency_ms(struct run *run);
/* One pass, to its end or to the process's death. */
void run_pass(struct run *run, enum pass_mode mode, uint64_t give_up_ms);
void run_happens(struct run *run, struct happening *happening);
/* What may happen while nothing runs. */
void run_idle(struct run *run, uint64_t until_ms);
void run_die(struct run *run);

/* ---- run_read.c */

void read_list(struct run *run, const struct effect *effect);
void read_forget(struct run *run, const struct effect *effect);
void read_get(struct run *run, const struct effect *effect);
void read_plan(struct run *run, const struct effect *effect);
void read_served(struct run *run, struct happening *happening);   /* SERVE_LIST, SERVE_GET */
void read_answered(struct run *run, struct happening *happening); /* LISTED, GOT */
void read_planned(struct run *run, struct happening *happening);
void read_release(struct run *run); /* a pass ends */
int read_describe(const struct run *run, struct description *out);

/* ---- run_kept.c */

void kept_part(struct run *run, const struct happening *happening);
/* What the plan will be made of; empty: not known. */
void kept_origin(struct run *run, const struct capabilities *capabilities, struct origin *out);
/* The declared set of the last plan again, or NULL. */
struct catalog *kept_declared(const struct run *run, const struct origin *origin);
/* The plan that stands, or a new one. Takes over the origin. */
struct plan *kept_plan(struct run *run, struct origin *origin, const struct capabilities *capabilities,
                       struct catalog *observed);
void kept_release(struct run *run); /* the process is gone */

/* ---- run_create.c */

void create_intend(struct run *run, const struct effect *effect);
void create_note(struct run *run, const struct effect *effect);
void create_send(struct run *run, const struct effect *effect);
void create_happens(struct run *run, struct happening *happening); /* DURABLE … ANSWERED */
void create_abandon(struct run *run);                              /* the process, or the pass, is gone */

#endif
