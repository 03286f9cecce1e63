/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the runner share: its state, and which file answers which question.
 *
 *   runner.c    what callers ask: new, start, stop, close
 *   pump.c      how do answers get into the pass, and its effects out?
 *   think.c     who steps the pass when that takes long?              (a worker)
 *   ops.c       how does an operation begin and end?
 *   doors.c     what do the doors have to do?
 *   load.c      are the files as they were, and what do they say?        (worker)
 *   plan.c      what is declared, what is there, what is the difference? (worker)
 *   parts.c     how do parts of a list, and single reads, become one catalog?
 *   journal.c   is it written down?
 *   record.c    what is there to show, also while the next pass runs?
 *   reap.c      who frees large things? (a worker)
 *
 * Everything here belongs to the loop thread; a job owns its own struct while it runs, and shares catalogs only.
 */
#ifndef MQFERRY_CONTROLLER_RUNNER_STATE_H
#define MQFERRY_CONTROLLER_RUNNER_STATE_H

#include <uv.h>

#include "api/base/digest.h"
#include "api/base/pace.h"
#include "api/instance.h"
#include "controller/journal/journal.h"
#include "controller/plan/origin.h"
#include "controller/runner/parts.h"
#include "controller/runner/runner.h"

enum {
    RUNNER_REQUEST_MS = 60 * 1000, /* a call of a door is given up after this */
    RUNNER_LARGE_ROWS = 2000,      /* more in one step of the pass is a worker's */
    RUNNER_PATIENCE_MS = 1000,     /* but has at least this long, however near the end of the command is */
};

/* ---- what is declared */

/* Files and mapping as they were loaded together. References are counted on the loop. */
struct inputs {
    unsigned references;
    struct manifests *manifests; /* NULL: no paths */
    struct mapping mapping;
    struct file_mark *mapping_marks; /* of the mapping and the files it names */
    uint32_t mapping_mark_count;
    int64_t started_unix_ms;
};
struct inputs *inputs_ref(struct inputs *inputs);

/* The declared set after the mapping, with what is to be said of it. References are counted on the loop. */
struct declared {
    unsigned references;
    struct inputs *inputs;
    struct catalog *catalog;
    char digest[DIGEST_TEXT_BYTES];
    struct source_counts counts;
    struct mapping_counts mapping_counts;
    bool live; /* live sources took part: it is made anew in each pass */
};
struct declared *declared_ref(struct declared *declared);

/* A plan that stands as long as its origin is the same. */
struct standing {
    struct plan *plan; /* a reference; its mapping lives in the declared set in force */
    struct origin origin;
};

/* ---- operations: an effect that will be answered */

struct kept { /* a failure of a create's items */
    struct failure failure;
    const struct failure *from; /* what it is a copy of */
    struct kept *next;
};

/* What a create carries and what becomes of it: one of each per row. */
struct create_room {
    uint32_t op;
    struct create_item *items;
    struct created_item *created;
    struct create_room *next;
};

struct op {
    struct runner *runner;
    struct effect effect; /* a copy; rows are the pass's until the answer */
    struct failure failure;
    bool started;  /* handed to whoever answers */
    bool answered; /* in the ready line, or delivered from it */
    bool sent;     /* to a door */
    bool called;   /* and answered by it */
    bool cancelled;
    uint64_t sent_ms;
    struct request request;  /* doors */
    struct answer answer;    /* a copy */
    struct text *names;      /* GET */
    struct create_room room; /* CREATE */
    struct kept *kept;
    struct load *load;         /* LOAD */
    struct planning *planning; /* PLAN */
    bool yes;                  /* CONFIRM */
    struct op *next;           /* all that are open */
    struct op *next_ready;     /* of those, answered and not delivered; or held by the pace */
};

struct op_line {
    struct op *first, **last;
};

/* Results that differ in their rows only. */
struct note_run {
    enum note note;
    uint32_t attempt;
    int cause;
    char request_id[FAILURE_REQUEST_ID_BYTES];
    uint32_t *rows;
    uint32_t count, capacity;
};

/* ---- sides */

struct side {
    struct runner *runner;
    uint16_t number;
    struct instance *door; /* NULL: closed */
    struct description description;
    bool described; /* in this pass */
    struct pace pace;
    struct op_line held; /* by the pace */
    uv_timer_t timer;    /* of the pace */
    struct part_list lists[KINDS];
};

/* ---- the runner */

struct runner {
    struct runner_options options;
    struct side_guard *source_guards; /* side_count - 1 */
    struct side *sides;               /* side_count */
    struct cloud *cloud;              /* shared by its doors, unless options.cloud is given */
    struct address destination;

    /* what lives between passes */
    struct ledger *ledger;
    struct row_set made;       /* with source_once: what its passes created */
    struct journal *journal;   /* NULL: not open */
    struct inputs *inputs;     /* the last good ones */
    struct declared *declared; /* made from them; NULL: not yet */
    struct catalog *vanished;  /* what live sources declared in passes before the last; NULL: nothing */
    struct standing *standing; /* the last plan, and what it was made of; NULL: the doors keep nothing to know it by */
    uint64_t declared_before;  /* resources of the last good pass, perhaps of an earlier process */
    char *state_name;          /* the address by which the state directory knows the destination; NULL: not known */
    uint64_t started_ms;
    uint64_t random;
    uint64_t beats;
    uint32_t pass_id;
    uint32_t records; /* made so far */
    struct failure journal_failure;

    /* the pass: under way, or the last one, kept for its result */
    struct pass *pass;
    struct declared *shown; /* what its plans are of */
    uint64_t give_up_ms;
    struct complaints mistakes; /* of its load */
    struct pass_report lost;    /* the report of a pass that memory ran out for; failure.cause 0: it did not */
    runner_done_cb done;
    void *done_context;
    struct runner_result result;

    /* effects under way */
    struct effects effects;
    struct op *ops;
    struct op_line ready;
    struct op *waiting, *confirming;
    struct got *gots;              /* single reads of the destination in this pass, newest first */
    struct create_room *rooms;     /* of creates that are to begin, made by a worker */
    struct pass_progress progress; /* before a worker took the pass */
    uv_timer_t tick;               /* pumps, soon */
    uv_timer_t wait;

    /* closing */
    void (*closed)(void *context);
    void *closed_context;
    uint32_t jobs; /* opening, closing, reaping: what is not an answer of the pass */
    uint32_t handles;

    uint16_t side_count;
    bool opening;                    /* the journal */
    bool context_missing;            /* the journal does not know what its rows are: no memory */
    bool busy, begun, ended;         /* the pass: a caller waits for it; it had its start; it has reported */
    bool thinking;                   /* a worker has it */
    bool more_vanished;              /* in this pass */
    bool loaded;                     /* the files of the inputs were read in this pass */
    bool last_good;                  /* today's files do not load, older ones stand in */
    bool stop_wanted, change_wanted; /* news for it */
    bool pumping;
    bool recording, recorded; /* a worker gathers what became of the pass; that was done */
    bool closing, torn_down, handles_closing;
    struct failure load_failure; /* why today's files do not load */
};

/* ---- runner.c */

void runner_tear_down(struct runner *runner); /* closing, and no pass under way: again and again until all is gone */

/* ---- pump.c       */

void runner_pump(struct runner *runner);                 /* may call the runner's callbacks: the last statement */
void runner_soon(struct runner *runner);                 /* pumps from the loop */
void runner_performs(struct runner *runner, int status); /* what a step came to */
void runner_lose_pass(struct runner *runner); /* memory ran out where the pass would wait for ever: it ends here */
void op_delivered(struct op *op);
void runner_fill_result(struct runner *runner);

/* ---- think.c       */

/* Does a worker step this event? Then the pass is its until runner->thinking is down again. */
bool runner_think(struct runner *runner, struct op *op, const struct event *event);

/* ---- ops.c       */

struct op *op_new(struct runner *runner, const struct effect *effect); /* NULL: no memory */
void op_start(struct op *op);
void op_answer(struct op *op); /* ready: delivered by the pump */
void op_fail(struct op *op, const struct failure *why);
void op_free(struct op *op);
void wait_end(struct runner *runner);
void runner_cancel(struct runner *runner, uint32_t target);
void runner_cancel_all(struct runner *runner);
void op_line_init(struct op_line *line);
void op_line_append(struct op_line *line, struct op *op);
struct op *op_line_take(struct op_line *line);
bool op_line_remove(struct op_line *line, struct op *op);

/* ---- doors.c       */

int runner_open_doors(struct runner *runner, struct failure *why);
void door_start(struct op *op); /* DESCRIBE, LIST, GET, CREATE */
/* Room for a create, filled in; any thread. 0, or -1: no memory. */
int door_make_room(const struct effect *effect, struct catalog *declared, const struct plan *plan,
                   struct create_room *out);
void door_cancel(struct op *op);
void door_give_up_held(struct runner *runner);         /* what the pace holds back is not sent any more */
void door_deliver(struct op *op, struct event *event); /* fills in the event */
void door_fill_created(struct op *op);                 /* CREATE: its items; any thread */
void door_forget(struct runner *runner, uint16_t side, enum kind kind);
void runner_forget_parts(struct runner *runner);

/* ---- load.c       */

int runner_empty_inputs(struct runner *runner, struct failure *why); /* nothing to load: the flags alone */
void load_start(struct op *op);
void load_cancel(struct op *op);
void load_deliver(struct op *op, struct event *event);
void inputs_unref(struct runner *runner, struct inputs *inputs); /* NULL is fine */

/* ---- plan.c       */

void plan_start(struct op *op);
void plan_cancel(struct op *op);
void plan_deliver(struct op *op, struct event *event);
void plan_delivered(struct op *op);                                    /* after the step */
void plan_forget(struct runner *runner);                               /* the standing one */
void declared_unref(struct runner *runner, struct declared *declared); /* NULL is fine */

/* ---- journal.c       */

void runner_open_journal(struct runner *runner); /* begins the pass when it is done */
void runner_rest_journal(struct runner *runner); /* after a pass: others may have the lock */
void runner_say_context(struct runner *runner, const struct plan *plan);
void runner_intend(struct op *op);
void runner_note(struct runner *runner, const struct effect *effect);
/* The same of many rows (malloc'd, given away). */
void runner_note_rows(struct runner *runner, const struct note_run *run);
void runner_close_journal(struct runner *runner);
/* For the next process: so much was declared. On a worker; what cannot be written is logged. */
void runner_keep_good(struct runner *runner);

/* ---- record.c */

void runner_record_plan(struct runner *runner, struct plan *plan);
/* The pass has ended: shows what became of it. true: a worker is at it, and pumps when it is done. */
bool runner_record_end(struct runner *runner);

/* ---- reap.c: frees on a worker; NULL is fine */

void runner_reap(struct runner *runner, void (*release)(void *thing), void *thing);
/* `declared` is given up when the thing is gone. */
void runner_reap_with(struct runner *runner, void (*release)(void *thing), void *thing, struct declared *declared);
void runner_reap_catalog(struct runner *runner, struct catalog *catalog);
void runner_reap_pass(struct runner *runner, struct pass *pass, struct declared *declared);
void runner_job_ended(struct runner *runner); /* of those that `jobs` counts */

#endif
