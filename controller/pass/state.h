/* SPDX-License-Identifier: Apache-2.0
 *
 * What the parts of a pass share; nobody else includes it. pass.c is the machine, read.c reads the sides,
 * jobs.c makes jobs of the plan, apply.c sends them, answer.c takes the answers in, reread.c reads
 * the destination again, settle.c judges jobs by what was read, report.c tells what came of it.
 */
#ifndef MQFERRY_CONTROLLER_PASS_STATE_H
#define MQFERRY_CONTROLLER_PASS_STATE_H

#include "controller/pass/inquiry.h"
#include "controller/pass/lane.h"
#include "controller/pass/list.h"

enum phase {
    PHASE_NEW,
    PHASE_READING,
    PHASE_PLANNING,
    PHASE_JUDGING,
    PHASE_CONFIRMING,
    PHASE_APPLYING,
    PHASE_SETTLING,
    PHASE_ENDING,
    PHASE_ENDED,
    PHASES
};

struct side {
    bool described;
    uint32_t describe_op; /* 0: not asked now */
    struct retry describe_retry;
    uint64_t describe_at_ms;
    struct list lists[KINDS];
};

/* Rows that go together: journalled as one intent, sent as one create.
 *
 *   FREE ──► FILLING ──► INTENDING ──► READY ──► SENT ──► FREE
 *               └────────────┴───────────┴──► RETURNING ──► FREE      not sent after all
 */
enum parcel_state { PARCEL_FREE, PARCEL_FILLING, PARCEL_INTENDING, PARCEL_READY, PARCEL_SENT, PARCEL_RETURNING };

struct parcel {
    enum parcel_state state;
    enum kind kind;
    uint32_t op;
    uint32_t serial; /* READY ones go in this order */
    uint32_t attempt;
    uint32_t *rows;
    uint32_t count, capacity;
    uint32_t unanswered; /* SENT: rows */
    size_t bytes;        /* about, in a request; counted where the door limits them */
    bool alone;          /* its one row was refused in company */
    bool noted;          /* RETURNING: its intent is in the journal */
};

struct pass {
    struct pass_options options;
    struct emitter emitter;
    enum phase phase;
    bool source_changed, last_good;
    uint32_t budget; /* rows that this step may still work on */
    bool unfinished; /* it had to stop: the next one comes at once */

    /* reading and planning */
    uint32_t load_op, plan_op, confirm_op, wait_op; /* 0: not open */
    uint64_t wait_until_ms;                         /* of wait_op */
    uint16_t side_count;
    struct side *sides;
    struct inquiry inquiries[KINDS];
    bool settling[KINDS];      /* the inquiry settles jobs; else it asks for details */
    bool details_known[KINDS]; /* asked since the list was read */
    uint64_t read_ms[KINDS];   /* when the newest read of the destination that covers the lane's open jobs began */
    struct description destination;
    struct plan *plan;

    /* applying and settling */
    bool judged;     /* the first plan is, or is being */
    bool made;       /* the lanes hold its jobs */
    int cursor_kind; /* JUDGING, ENDING: where it goes on */
    uint32_t cursor;
    bool may_confirm; /* the first write needs a yes that was not given yet */
    struct lane lanes[KINDS];
    struct parcel *parcels;
    uint32_t parcel_count, parcel_serial;
    bool topping_up;    /* intents are running ahead again */
    uint32_t unknowns;  /* creates in a row whose outcome is unknown */
    uint32_t throttled; /* creates in a row that were throttled, and since when */
    uint64_t throttled_since_ms;
    uint32_t polls;      /* rereads so far */
    uint64_t poll_at_ms; /* when resources that are CREATING are looked at again */

    /* what the pass itself has to say: intents taken back, absence proven, refusals without a reason */
    struct failure not_sent, not_there, unexplained;
    struct pass_report report;
    bool counting;
    uint64_t counts[KINDS][RESULT_SKIPPED + 1];
};

/* ---- pass.c */

/* The pass as a whole cannot go on: the first such failure is the headline. Nothing new is begun. */
void pass_fail(struct pass *pass, const struct failure *failure);
void pass_fail_no_memory(struct pass *pass, const char *what);
/* May this step work on one more row? Otherwise it ends, and the next one comes at once: no step takes long. */
bool pass_spends(struct pass *pass);
/* No wait of this pass goes beyond give_up_ms. */
bool pass_may_wait(const struct pass *pass, uint64_t until_ms);
struct text pass_row_name(const struct pass *pass, uint32_t row);
/* `attempt` is the number of the try that the journal is told of. */
void pass_note(struct pass *pass, enum note note, uint32_t row, uint32_t attempt, const struct failure *failure);

/* Is this the answer to the op that is open there? Then it is closed. */
bool pass_closes(struct pass *pass, uint32_t *op, const struct event *event);

/* ---- read.c */

void read_begin(struct pass *pass);
/* Asks for what is due. true: everything is read. */
bool read_pump(struct pass *pass);
uint64_t read_wake_ms(const struct pass *pass);
void read_cancel(struct pass *pass);
void read_loaded(struct pass *pass, const struct event *event);
void read_described(struct pass *pass, const struct event *event);
void read_listed(struct pass *pass, const struct event *event);
void read_got(struct pass *pass, const struct event *event);
/* A name stands in two parts of the list that the event tells: it is read again. 0, or -1: too often. */
int read_contradicted(struct pass *pass, const struct event *event, struct failure *why);

/* ---- apply.c */

int apply_begin(struct pass *pass); /* reserves the parcels; 0 or -1: no memory */
void apply_release(struct pass *pass);
/* Intends and sends what is due. */
void apply_pump(struct pass *pass);
bool apply_is_idle(const struct pass *pass);
/* So many outcomes are unknown that a read must come before the next create. */
bool apply_must_settle(const struct pass *pass);
/* Nothing more is sent before the next read: intents that are durable but not sent are taken back. */
void apply_halt(struct pass *pass);
void apply_halt_kind(struct pass *pass, enum kind kind);
/* Lets rows that were taken back wait again, as many as this step may. */
void apply_return_some(struct pass *pass);
/* Nobody will hear the answers: whatever may have left is in doubt. */
void apply_doubt_everything(struct pass *pass);
void apply_intended(struct pass *pass, const struct event *event);
struct parcel *apply_parcel(struct pass *pass, enum parcel_state state, uint32_t op); /* NULL: none */

/* ---- answer.c */

void apply_created(struct pass *pass, const struct event *event);

/* ---- jobs.c */

/* A new plan is to be judged: the first one makes the jobs, from its rows and from what the ledger remembers. 0 or -1:
 * no memory. */
int jobs_begin(struct pass *pass);
/* Judges as many as this step may. true: all are. */
bool jobs_go_on(struct pass *pass);
/* A group waits for its own missing dead-letter topic, and is not tried without it. true: it was parked, or is done. */
bool job_waits_for_topic(struct pass *pass, struct lane *lane, struct job *group);
/* The job of its dead-letter topic; NULL: none. */
const struct job *job_topic(const struct pass *pass, const struct job *group);

/* ---- reread.c */

/* When the destination is to be read for the sake of open jobs; UINT64_MAX: not in this pass. */
uint64_t reread_at_ms(const struct pass *pass);
void reread_begin(struct pass *pass);
/* The same for one kind whose list must be read, whatever get could do. */
void reread_list(struct pass *pass, enum kind kind);
/* Asks for the details of rows that the list leaves open. false: there are none to ask for. */
bool reread_details(struct pass *pass);

/* ---- settle.c */

/* Judges a job by its row of the newest plan. */
void settle_judge(struct pass *pass, struct lane *lane, struct job *job);
extern const struct backoff slow_look; /* for what no retry mends: permissions, quotas */

/* What a job comes to; used by apply and settle alike. */
void job_end(struct pass *pass, struct lane *lane, struct job *job, enum result result, int cause);
/* A try failed: once more in this pass, or from now on the ledger's. */
void job_retry(struct pass *pass, struct lane *lane, struct job *job, const struct failure *failure);
/* The create of a job surely did not arrive. */
void job_clear_doubt(struct job *job);
/* Groups that waited for this topic: it is there. */
void job_release_waiters(struct pass *pass, struct job *topic);
/* The kind takes no more creates: nothing goes from its lane any more. Or: it took one again. */
void lane_block(struct pass *pass, struct lane *lane, const struct failure *failure);
void lane_unblock(struct pass *pass, enum kind kind);

/* ---- report.c */

bool row_is_there(const struct row *row); /* present, whatever its settings; CREATING is not */
/* Counts what came of all rows, of as many as this step may. report_go_on: true, all are counted. */
void report_begin(struct pass *pass);
bool report_go_on(struct pass *pass);
/* Parity and outcome: the pass has ended. */
void report_finish(struct pass *pass);

#endif
