/* SPDX-License-Identifier: Apache-2.0
 *
 * CONTRACT: the pass as a state machine (design section 5). Pure: no clock, no I/O, no callbacks.
 *
 *     pass_step(pass, event) → effects
 *
 * The runner performs effects and posts their answers as events; it decides nothing. The same code runs in the daemon,
 * in one-shot commands, and in the simulator under a virtual clock.
 *
 * Every effect that is answered carries an op, unique in the pass, and its answer the same; answers with another pass
 * id or an op that is not open are dropped. Exactly one answer an op. The runner may hold an effect back to keep the
 * pace; the time it does so is not the pass's business.
 *
 *   READING ──► PLANNING ──► JUDGING ──► (CONFIRMING) ──► APPLYING ──► SETTLING ──► READING … ──► ENDING ──► ENDED
 *
 *   READING     load (files), describe and list every side. Parts of one list must agree on the total and add up; the
 *               runner says when a name stands in two parts (EVENT_PLANNED with BAD_ANSWER). Else the list is read
 *               again, PASS_READ_TRIES_MAX times. A part that fails for a cause that passes is asked again as often;
 *               a list that cannot be read whole fails the pass. Details are asked by get for rows in STATE_UNREAD,
 *               when the door has get.
 *   PLANNING    plan_build on a worker; then the guard. A refusal ends the pass before the next write.
 *   JUDGING     jobs are made of the first plan, and judged by every later one.
 *   APPLYING    each kind is a lane. Topics before groups; a group waits for its own missing deadLetterTargetTopic.
 *               Intents run ahead of the slots; a create leaves only when its intent is durable (EVENT_INTENDED).
 *   SETTLING    what was created or is in doubt is read back: one list settles a round, get when fewer names are in
 *               doubt than the list has parts. Absence counts only when seen twice, the second time by a read that
 *               began a settling time after sending.
 *   ENDING      nothing new; reads are cancelled, creates under way finish; then EFFECT_REPORT.
 *
 * What is sent stands in the ledger as a doubt before it leaves, and until a read shows it or proves it absent.
 * Within a pass at most PASS_TRIES_MAX tries or PASS_TRY_WINDOW_MS per resource; then the ledger carries it.
 * A step works on PASS_ROWS_A_STEP rows at most; where more is to be done it asks for a timer that is due at once.
 * Every plan of a pass is of one declared catalog (plan->declared is the same pointer): sides other than the
 * destination are read once, mapped once; rows keep their numbers.
 */
#ifndef MQFERRY_CONTROLLER_PASS_PASS_H
#define MQFERRY_CONTROLLER_PASS_PASS_H

#include <stdbool.h>
#include <stdint.h>

#include "api/base/failure.h"
#include "api/instance.h"
#include "controller/pass/ledger.h"
#include "controller/plan/guard.h"
#include "controller/plan/plan.h"

enum {
    PASS_SIDES_MAX = 17, /* the destination and up to 16 live sources */
    PASS_TRIES_MAX = 3,
    PASS_TRY_WINDOW_MS = 30000,
    PASS_READ_TRIES_MAX = 3,
    PASS_CREATING_POLL_MS = 2000,
    PASS_ROWS_A_STEP = 8192,    /* rows that one step works on */
    PASS_CONCURRENCY_MAX = 256, /* more is taken as this */
};

enum pass_mode {
    PASS_PLAN,  /* read, plan, end: plan, verify, evaluate, mode observe */
    PASS_APPLY, /* and create what is missing */
};

enum { SIDE_DESTINATION = 0 }; /* sides 1 … are live sources */

/* Rows of one declared catalog, a bit each. */
struct row_set {
    uint64_t *bits; /* malloc'd by the first pass that has a plan; the owner frees it */
};

/* What the identity of a side must say. Borrowed. */
struct side_guard {
    const struct expectation *expect;
    uint32_t expect_count;
};

struct pass_options {
    uint32_t id;
    enum pass_mode mode;
    bool files;                             /* there are manifests to load (EFFECT_LOAD) */
    uint16_t sources;                       /* live sources: sides 1 … sources */
    bool alone;                             /* an export: the destination is what is read; for sentences */
    bool confirm;                           /* ask before the first write (EFFECT_CONFIRM) */
    uint32_t concurrency;                   /* creates under way at once, at least 1 */
    const struct guard *guard;              /* borrowed; of the destination and of the plan; NULL: no guard */
    const struct side_guard *source_guards; /* borrowed; one a live source, side 1 first; NULL: none */
    struct ledger *ledger;                  /* borrowed; changed by the pass */
    struct row_set *made; /* borrowed, changed by the pass: rows that this pass or an earlier one of the same
                           * declared catalog created, whose result stays CREATED; NULL: nobody keeps them */
    uint64_t give_up_ms;  /* monotonic: no wait of this pass goes beyond (what is left stays pending), and CREATING
                           * is polled until here; 0: waits as the causes say, and CREATING is left to a later pass */
    const uint64_t *declared_before; /* borrowed, looked at when there is a plan: resources of the last good pass, for
                                      * guard_shrunk; NULL: 0, not known */
    uint64_t random;                 /* seed of the jitter */
    uint32_t rows_a_step;            /* 0: PASS_ROWS_A_STEP */
};

/* ---- events: answers and news
 * ---------------------------------------------------------------------------------------- */

enum event_kind {
    EVENT_START,
    EVENT_LOADED,    /* failure: INPUT_WRONG …; with last_good the pass goes on, but never claims parity */
    EVENT_DESCRIBED, /* side, description | failure */
    EVENT_LISTED,    /* side, resource_kind, part, parts, total, count | failure */
    EVENT_GOT,       /* count | failure */
    EVENT_PLANNED,   /* plan | failure (BAD_ANSWER: a list repeats a name; side and resource_kind tell which,
                      * PASS_SIDES_MAX: no list) */
    EVENT_CONFIRMED, /* yes */
    EVENT_INTENDED,  /* durable | failure (STATE_UNWRITABLE) */
    EVENT_CREATED,   /* items: one per row of the effect */
    EVENT_TIMER,     /* of EFFECT_WAIT */
    EVENT_SOURCE_CHANGED,
    EVENT_STOP, /* no new creates; drain; end */
};

struct created_item {
    uint32_t row;
    enum outcome outcome;
    const struct failure *failure; /* REFUSED, NOT_SENT, UNKNOWN, perhaps EXISTED; borrowed during the step */
};

struct event {
    enum event_kind kind;
    uint32_t pass, op;
    uint64_t now_ms;               /* monotonic */
    const struct failure *failure; /* NULL: it went well; borrowed during the step */
    uint16_t side;
    enum kind resource_kind;
    uint32_t part, parts;
    uint64_t total, count;                 /* LISTED: announced over all parts (UINT64_MAX: not), and in this part */
    const struct description *description; /* DESCRIBED; copied */
    bool last_good;                        /* LOADED: today's files do not load, the last good set stands in */
    struct plan *plan;                     /* PLANNED: ownership moves to the pass, even when the event is dropped */
    uint64_t source_age_ms;                /* PLANNED: of an exported file; 0 unknown */
    const char *declared_digest;           /* PLANNED */
    bool yes;                              /* CONFIRMED */
    const struct created_item *items;      /* CREATED */
    uint32_t item_count;
    bool more; /* CREATED: an event with further items of this op follows. Answers of many rows come in slices of
                * PASS_ROWS_A_STEP at most, so that no step takes long */
};

/* ---- effects: what the runner must do
 * -------------------------------------------------------------------------------- */

enum effect_kind {
    EFFECT_LOAD,     /* → LOADED. Files only; the declared catalog stays with the runner */
    EFFECT_DESCRIBE, /* → DESCRIBED. side */
    EFFECT_LIST, /* → LISTED. side, resource_kind, part; the runner keeps the parts, a newer one replaces an older */
    /* not answered: the parts of (side, resource_kind) are void, the list is read again; none is under way then */
    EFFECT_FORGET_LIST,
    /* → GOT. Destination; rows of one kind of the newest plan: the runner puts what it learns over the listed parts,
     * and keeps it there when the list is read again in this pass */
    EFFECT_GET,
    EFFECT_PLAN,    /* → PLANNED. Combine, map and plan what is held, on a worker */
    EFFECT_CONFIRM, /* → CONFIRMED. Show pass_plan, ask */
    EFFECT_INTEND,  /* → INTENDED. rows, journal "sending" durably */
    EFFECT_CREATE,  /* → CREATED. rows, one kind, at most the door's batch */
    EFFECT_NOTE,    /* not answered: journal the result of `row` (note) */
    EFFECT_WAIT,    /* → TIMER at until_ms. One at a time: a newer one replaces an older; void when the pass ends */
    EFFECT_CANCEL,  /* not answered itself: cancel op `target`, which is answered all the same */
    EFFECT_REPORT,  /* not answered: the pass has ended, pass_report tells; nothing is open, no effect follows */
};

enum note { NOTE_CREATED, NOTE_EXISTED, NOTE_FAILED, NOTE_SETTLED };

struct effect {
    enum effect_kind kind;
    uint32_t pass, op;
    uint16_t side;
    enum kind resource_kind;
    uint32_t part;
    const uint32_t *rows; /* GET, INTEND, CREATE: the pass's, valid until the effect is answered */
    uint32_t row_count;
    uint32_t attempt;              /* INTEND, CREATE, NOTE: 1 …; NOTE of what an earlier process sent: 0 */
    uint64_t until_ms;             /* WAIT */
    uint32_t target;               /* CANCEL */
    enum note note;                /* NOTE */
    uint32_t row;                  /* NOTE */
    const struct failure *failure; /* NOTE_FAILED: borrowed until the step's event goes */
};

struct effects {
    struct effect *items; /* the caller releases with effects_release; reused between steps */
    uint32_t count, capacity;
};
void effects_release(struct effects *effects);

/* ---- the machine
 * ----------------------------------------------------------------------------------------------------- */

struct pass;

struct pass *pass_new(const struct pass_options *options); /* NULL: no memory */
void pass_free(struct pass *pass);
/* Replaces effects->items by what is to be done now. 0; -1 only when memory ran out: then the pass has ended with
 * OUT_OF_MEMORY, pass_report is valid, there are no effects, and what was open is answered to nobody. Steps after the
 * end are ignored (no effects). */
int pass_step(struct pass *pass, const struct event *event, struct effects *effects);

/* ---- what came of it
 * --------------------------------------------------------------------------------------------------- */

enum pass_outcome {
    PASS_SETTLED,       /* nothing left to do before something changes or the interval ends */
    PASS_AGAIN_AT,      /* at again_ms: a known time (ledger, CREATING) */
    PASS_AGAIN_BACKOFF, /* the sync's back-off decides */
    PASS_STUCK,         /* until the input changes */
};

enum result { RESULT_NONE, RESULT_CREATED, RESULT_EXISTED, RESULT_FAILED, RESULT_PENDING, RESULT_SKIPPED };
const char *result_name(enum result result);

struct row_result {
    enum result result;
    int cause;         /* of FAILED, PENDING, SKIPPED; CAUSE_NONE where the row's state says it all */
    uint32_t attempts; /* creates that were answered, over all passes; throttled ones do not count */
};

struct pass_report {
    enum pass_outcome outcome;
    uint64_t again_ms;
    struct failure failure; /* the headline: why the pass as a whole failed; cause 0: it did not */
    bool complete;          /* both sides were read completely in this pass, and no guard tripped */
    bool parity;            /* contract section 2; false unless complete */
    bool shrunk;            /* parity is withheld: guard_shrunk */
    bool created_any;       /* a create was sent in this pass: any that did not surely stay here */
    uint64_t created[KINDS], existed[KINDS], failed[KINDS], pending[KINDS], skipped[KINDS];
    uint32_t rounds;
    uint64_t started_ms, ended_ms;
};

/* A row's result with what is to be said of it; failure.cause 0: nothing. */
struct row_outcome {
    struct row_result result;
    struct failure failure;
};

const struct pass_report *pass_report(const struct pass *pass);
const struct plan *pass_plan(const struct pass *pass); /* the newest; NULL before the first */
/* After the end: what became of a row of the plan. */
struct row_result pass_result(const struct pass *pass, uint32_t row);
/* Sentence, provider code, message and request id of a result that has a cause; `out` is always filled in. */
void pass_failure(const struct pass *pass, uint32_t row, struct failure *out);

/* For progress: how far the creates are. */
struct pass_progress {
    uint64_t to_create, done, under_way, in_doubt;
    const char *phase; /* "reading", "planning", "creating", "settling" */
};
void pass_progress(const struct pass *pass, struct pass_progress *out);

#endif
