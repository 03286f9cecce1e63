/* SPDX-License-Identifier: Apache-2.0
 *
 * A pass on the bench: a destination that shows what the test says, answers creates as the test says, and a clock that
 * jumps to the next timer. Effects are answered in order. A ledger lives as long as the bench, so the next pass of the
 * same bench shows what is remembered.
 */
#ifndef MQFERRY_TESTS_LIB_PASS_BENCH_H
#define MQFERRY_TESTS_LIB_PASS_BENCH_H

#include "controller/pass/pass.h"
#include "manifests/mapping.h"

/* What the destination answers to creates of a name. */
struct bench_answer {
    bool used;
    const char *name; /* NULL: any */
    enum outcome outcome;
    int cause;
    uint32_t times;    /* so often, then the next answer of the name counts; 0: always */
    const char *shows; /* line of catalog_text that lists show from now on; NULL: CREATED shows the declared resource */
    bool hidden;       /* CREATED, and no list shows it */
};

/* A failure that an effect meets so often; 0: always. */
struct bench_fault {
    int cause;
    uint32_t times;
};

enum { BENCH_ANSWERS_MAX = 16, BENCH_QUEUE_MAX = 4096, BENCH_TEXT_BYTES = 8192 };

struct bench {
    struct pass_options options; /* id and ledger are the bench's */
    struct description description;
    struct guard guard;
    struct ledger *ledger;
    struct mapping mapping;
    struct catalog *declared, *observed;
    struct bench_answer answers[BENCH_ANSWERS_MAX];
    struct bench_fault load, describe, list, get, plan, intend; /* cause 0: it goes well */
    bool last_good;                                             /* the load that fails leaves the last good set */
    uint32_t list_parts;                                        /* 0 or 1: one part holds all */
    bool says_no;                                               /* to EFFECT_CONFIRM */
    enum event_kind news; /* posted before the news_before-th create of a pass is answered */
    uint32_t news_before; /* from 1; 0: never */
    uint64_t now_ms;
    void (*around_step)(struct bench *bench, bool before); /* NULL: nothing is done around steps of the pass */
    uint32_t steps;                                        /* so far */

    /* what came of it; of the newest pass */
    struct pass *pass;
    const struct pass_report *report;
    char sent[BENCH_TEXT_BYTES];     /* "orders payments": names in order of their creates; batches as a+b */
    char notes[BENCH_TEXT_BYTES];    /* "created:orders failed:payments" */
    char attempts[BENCH_TEXT_BYTES]; /* of the notes: "1 1" */
    uint32_t lists, gets, plans, confirms, loads;
    uint64_t sent_ms[64];    /* when creates were sent */
    uint32_t sent_lists[64]; /* and how many parts of lists had been read by then */
    uint32_t sent_count;

    /* inner */
    struct effects effects;
    struct effect queued[BENCH_QUEUE_MAX]; /* open, in order */
    uint32_t head, tail;
    uint64_t timer_ms;
    uint32_t timer_op;
    bool ended;
    struct failure failure;
};

/* INSTANCE_ANY without settling time, singles, one at a time. */
void bench_init(struct bench *bench);
void bench_release(struct bench *bench);
void bench_declare(struct bench *bench, const char *lines);
void bench_show(struct bench *bench, const char *lines);
struct bench_answer *bench_answer(struct bench *bench, const char *name, enum outcome outcome, int cause,
                                  uint32_t times);
/* Forgets all answers: everything is created. */
void bench_mend(struct bench *bench);
/* Runs one pass to its end. It fails the test when the pass hangs. */
void bench_pass(struct bench *bench);
/* For tests that post events of their own: begins a pass, answers nothing yet. */
void bench_begin(struct bench *bench);
void bench_post(struct bench *bench, struct event event);
/* Answers what is open, without moving the clock; stops before the first effect of kind `until` (may be EFFECT_REPORT).
 */
void bench_run(struct bench *bench, enum effect_kind until);
/* How many effects of a kind are open; the first of them, which is then the test's to answer. */
uint32_t bench_open(const struct bench *bench, enum effect_kind kind);
struct effect bench_take(struct bench *bench, enum effect_kind kind);
/* The clock jumps to the timer. */
void bench_wait(struct bench *bench);
/* "created", "failed invalid-parameter": of the newest pass. Until the next call. */
const char *bench_result(const struct bench *bench, enum kind kind, const char *name);
enum state bench_state(const struct bench *bench, enum kind kind, const char *name);

#endif
