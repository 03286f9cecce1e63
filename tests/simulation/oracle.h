/* SPDX-License-Identifier: Apache-2.0
 *
 * The promises of the design (section 2) as questions about the log. Each oracle has a name; the first that finds a
 * broken promise is kept with a sentence.
 */
#ifndef MQFERRY_TESTS_SIMULATION_ORACLE_H
#define MQFERRY_TESTS_SIMULATION_ORACLE_H

#include "controller/pass/pass.h"
#include "tests/simulation/store.h"

/* What the pass told about one thing. */
struct told {
    enum result result; /* NONE: nothing */
    enum state state;   /* of its row; STATES: no row */
    int cause;
};

/* Our creates of one thing on one master. */
struct sending {
    bool open;      /* sent, and neither surely refused nor settled by reads */
    bool under_way; /* the running process waits for the answer */
    bool said;      /* the answer was that it is there */
    uint64_t left_ms;
    uint32_t absent_reads; /* reads that began after it left and did not show it */
};

struct held_part {
    bool here;
    uint32_t parts, count;
    uint64_t total;
};

enum { PARTS_MAX = THINGS_MAX + 2, SIDES = 2 };

struct oracle {
    const struct world *world;
    const struct log_book *log;
    uint32_t next; /* entry to look at */

    /* of this pass */
    int8_t declared[THINGS_MAX];
    bool loaded, planned, unreadable, stopped, changed, declined, right_instance, in_service;
    uint32_t asked, sent, heard_created, heard_unknown; /* things, as bits; asked: and not answered yet */
    uint8_t tries[THINGS_MAX];                          /* that failed and count */
    struct held_part parts[SIDES][KINDS][PARTS_MAX];
    bool declares;    /* a plan was made */
    uint32_t unshown; /* things that some read of the destination did not show */

    /* of the whole story */
    int8_t there[THINGS_MAX][MASTERS_MAX];
    uint64_t serving_ms[THINGS_MAX];
    struct sending sendings[THINGS_MAX][MASTERS_MAX];
    uint32_t shown[MASTERS_MAX]; /* by the newest read that covered the thing */
    bool intent[THINGS_MAX];
    bool reborn;                        /* the process died */
    uint32_t once, last;                /* things that the live source declared since then; in the newest plan */
    uint32_t lost;                      /* that it declared, and does not now: told while the destination shows them */
    bool barred[THINGS_MAX];            /* refused for good, declared as it is */
    uint64_t not_before_ms[THINGS_MAX]; /* tried in vain: not again at once */
    uint32_t excused;                   /* things that something happened to: they may be left undone */
    bool kind_excused[KINDS];

    const char *broken; /* name of the oracle; NULL: all promises hold */
    char sentence[256];
};

void oracle_init(struct oracle *oracle, const struct world *world, const struct log_book *log);
/* Looks at all new entries of the log. */
void oracle_look(struct oracle *oracle);
/* The pass has reported; `told` by thing. */
void oracle_hear(struct oracle *oracle, const struct pass_report *report, const struct told told[THINGS_MAX]);
/* The things that it calls vanished, as bits. */
void oracle_hear_vanished(struct oracle *oracle, const struct pass_report *report, uint32_t vanished);
/* Faults are long over: is everything there that can be, and is that said? */
void oracle_conclude(struct oracle *oracle, bool parity);
void oracle_break(struct oracle *oracle, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
