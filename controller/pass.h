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
 *   READING ──► PLANNING ──► (CONFIRMING) ──► APPLYING ──► SETTLING ──► READING (again) … ──► ENDED
 *
 *   READING     load (files), describe and list every side. Parts of one list must agree on the total and add up; the
 *               runner says when a name stands in two parts (EVENT_PLANNED with BAD_ANSWER). Else the list is read
 * again, READ_TRIES_MAX times. A list that fails part way fails the pass. Details are asked by get for rows in
 *               STATE_UNREAD, when the door has get.
 *   PLANNING    plan_build on a worker; then the guard. A refusal ends the pass before the first write.
 *   APPLYING    each kind is a lane. Topics before groups; a group waits for its own missing deadLetterTargetTopic.
 * Intents run ahead of the slots; a create leaves only when its intent is durable (EVENT_INTENDED). SETTLING    what
 * was created or is in doubt is read back: one list settles a round, get when fewer names are in doubt than the list
 * has parts. Absence counts only when seen twice, a settling time after sending.
 *
 * Within a pass at most TRIES_MAX tries or TRY_WINDOW_MS per resource; then the ledger carries it.
 * Memory for results and queues is reserved when the plan arrives; running out fails the pass.
 */
#ifndef MQFERRY_CONTROLLER_PASS_H
#define MQFERRY_CONTROLLER_PASS_H

#include <stdbool.h>
#include <stdint.h>

#include "api/base/failure.h"
#include "api/instance.h"
#include "controller/guard.h"
#include "controller/ledger.h"
#include "controller/plan.h"

enum {
    PASS_SIDES_MAX = 17, /* the destination and up to 16 live sources */
    PASS_TRIES_MAX = 3,
    PASS_TRY_WINDOW_MS = 30000,
    PASS_READ_TRIES_MAX = 3,
    PASS_CREATING_POLL_MS = 2000,
};

enum pass_mode {
    PASS_PLAN,  /* read, plan, end: plan, verify, evaluate, mode observe */
    PASS_APPLY, /* and create what is missing */
};

enum { SIDE_DESTINATION = 0 }; /* sides 1 … are live sources */

struct pass_options {
    uint32_t id;
    enum pass_mode mode;
    bool files;                /* there are manifests to load (EFFECT_LOAD) */
    uint16_t sources;          /* live sources: sides 1 … sources */
    bool confirm;              /* ask before the first write (EFFECT_CONFIRM) */
    uint32_t concurrency;      /* creates under way at once, at least 1 */
    const struct guard *guard; /* borrowed; NULL: no guard */
    struct ledger *ledger;     /* borrowed; changed by the pass */
    uint64_t give_up_ms;       /* CREATING and retries are waited for until here (monotonic); 0: not within this pass */
    uint64_t declared_before;  /* resources of the last good pass, for guard_shrunk */
    uint64_t random;           /* seed of the jitter */
};

/* ---- events: answers and news
 * ---------------------------------------------------------------------------------------- */

enum event_kind {
    EVENT_START,
    EVENT_LOADED,    /* failure: INPUT_WRONG … */
    EVENT_DESCRIBED, /* side, description | failure */
    EVENT_LISTED,    /* side, resource_kind, part, parts, total, count | failure */
    EVENT_GOT,       /* count | failure */
    EVENT_PLANNED,   /* plan | failure (BAD_ANSWER: a list repeats a name; side and resource_kind tell which) */
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
    const struct failure *failure; /* REFUSED, NOT_SENT, UNKNOWN; borrowed during the step */
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
    const struct description *description; /* DESCRIBED */
    struct plan *plan;                     /* PLANNED: ownership moves to the pass */
    uint64_t source_age_ms;                /* PLANNED: of an exported file; 0 unknown */
    const char *declared_digest;           /* PLANNED */
    bool yes;                              /* CONFIRMED */
    const struct created_item *items;      /* CREATED */
    uint32_t item_count;
};

/* ---- effects: what the runner must do
 * -------------------------------------------------------------------------------- */

enum effect_kind {
    EFFECT_LOAD,     /* → LOADED. Files only; the declared catalog stays with the runner */
    EFFECT_DESCRIBE, /* → DESCRIBED. side */
    EFFECT_LIST, /* → LISTED. side, resource_kind, part; the runner keeps the parts, a newer one replaces an older */
    EFFECT_FORGET_LIST, /* not answered: the parts of (side, resource_kind) are void, the list is read again */
    EFFECT_GET,     /* → GOT. Destination; rows of the plan: the runner puts what it learns over the listed parts */
    EFFECT_PLAN,    /* → PLANNED. Combine, map and plan what is held, on a worker */
    EFFECT_CONFIRM, /* → CONFIRMED. Show pass_plan, ask */
    EFFECT_INTEND,  /* → INTENDED. rows, journal "sending" durably */
    EFFECT_CREATE,  /* → CREATED. rows, one kind, at most the door's batch */
    EFFECT_NOTE,    /* not answered: journal the result of row (note) */
    EFFECT_WAIT,    /* → TIMER at until_ms. One at a time: a newer one replaces an older */
    EFFECT_CANCEL,  /* not answered itself: cancel op `target`, which is answered all the same */
    EFFECT_REPORT,  /* not answered: the pass has ended, pass_report tells; no effect follows */
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
    uint32_t attempt;              /* INTEND, CREATE: 1 … */
    uint64_t until_ms;             /* WAIT */
    uint32_t target;               /* CANCEL */
    enum note note;                /* NOTE: rows[0] */
    const struct failure *failure; /* NOTE_FAILED: borrowed during the step's return */
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
 * OUT_OF_MEMORY and pass_report is valid. Steps after the end are ignored (no effects). */
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
    uint8_t result; /* enum result */
    uint8_t attempts;
    uint16_t cause;
    uint32_t failure; /* index + 1 for pass_failure; 0: none */
};

struct pass_report {
    enum pass_outcome outcome;
    uint64_t again_ms;
    struct failure failure; /* the headline: why the pass as a whole failed; cause 0: it did not */
    bool complete;          /* both sides were read completely in this pass, and no guard tripped */
    bool parity;            /* contract section 2; false unless complete */
    bool shrunk;            /* parity is withheld: guard_shrunk */
    bool created_any;       /* a create left in this pass */
    uint64_t created[KINDS], existed[KINDS], failed[KINDS], pending[KINDS], skipped[KINDS];
    uint32_t rounds;
    uint64_t started_ms, ended_ms;
};

const struct pass_report *pass_report(const struct pass *pass);
const struct plan *pass_plan(const struct pass *pass);          /* the newest; NULL before the first */
const struct row_result *pass_results(const struct pass *pass); /* per row of the plan; NULL when nothing was to do */
/* Provider code, message, request id and sentence of a result; index from row_result.failure - 1. */
const struct failure *pass_failure(const struct pass *pass, uint32_t index);

/* For progress: how far the creates are. */
struct pass_progress {
    uint64_t to_create, done, under_way, in_doubt;
    const char *phase; /* "reading", "planning", "creating", "settling" */
};
void pass_progress(const struct pass *pass, struct pass_progress *out);

#endif
