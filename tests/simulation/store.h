/* SPDX-License-Identifier: Apache-2.0
 *
 * The model destination: who has which value where, and the append-only log of all that happened to it and around it.
 * The oracles read the log, and what the pass reports, nothing else.
 */
#ifndef MQFERRY_TESTS_SIMULATION_STORE_H
#define MQFERRY_TESTS_SIMULATION_STORE_H

#include <stdio.h>

#include "tests/simulation/world.h"

enum writer { WRITER_US, WRITER_OTHER };

enum log_kind {
    LOG_BEGIN,      /* a pass begins; `values` are what is declared */
    LOG_LOADED,     /* flag: what is declared today; else the last good set stands in */
    LOG_DESCRIBED,  /* flag: in service; after: 1 when it is the expected instance */
    LOG_FORGET,     /* the parts of (side, of_kind) are void */
    LOG_PART,       /* a part of (side, of_kind) came: part, parts, total, count */
    LOG_PLAN,       /* a plan is made of the parts that came */
    LOG_DECLARED,   /* and it was made; `values` are its declared set */
    LOG_READ,       /* a read that began at since_ms showed `shown` of the things in `covers` */
    LOG_UNREADABLE, /* a part of a list, or a description, failed */
    LOG_DECLINED,   /* the answer to "shall I?" was no */
    LOG_INTENT,     /* of thing, durable */
    LOG_RESULT,     /* a result of thing, durable */
    LOG_ASKED,      /* the pass asks to create thing; it may be held back to keep the pace */
    LOG_SENT,       /* our create of thing leaves for master; call tells which */
    LOG_WRITE,      /* the destination changes: writer, thing, master, before, after; in service from since_ms on */
    LOG_KEPT,       /* a create arrived, and changed nothing: thing, master, before */
    LOG_ANSWER,     /* the pass hears of thing: outcome, cause, call; flag: alone in its call */
    LOG_STOP,
    LOG_CHANGED, /* of the source */
    LOG_DEATH,   /* of the process; since_ms: when the next one starts */
    LOG_END,     /* the pass reported, or ran out of memory */
};

struct log_entry {
    enum log_kind kind;
    uint64_t ms, since_ms;
    enum writer writer;
    enum kind of_kind;
    int8_t thing, before, after;
    uint8_t side, outcome;
    bool flag;
    uint32_t master, call, part, parts, count, covers;
    uint64_t total;
    int cause;
    uint32_t shown[MASTERS_MAX]; /* bits of things */
    int8_t values[THINGS_MAX];
};

enum { LOG_MAX = 20000 };

struct log_book {
    struct log_entry *entries;
    uint32_t count;
    FILE *trace; /* NULL: none */
};

struct store {
    int8_t values[THINGS_MAX][MASTERS_MAX];
    uint64_t seen_ms[THINGS_MAX];    /* lists show it from here on */
    uint64_t serving_ms[THINGS_MAX]; /* CREATING until here */
};

/* Appends; the entry's ms must be set. NULL: the log is full. */
struct log_entry *log_append(struct log_book *log, const struct log_entry *entry);
void log_entry_print(FILE *out, const struct log_entry *entry);

void store_init(struct store *store, const struct world *world);
/* Puts the value there and logs it. What was absent on all masters becomes CREATING until serving_ms. */
void store_write(struct store *store, struct log_book *log, uint64_t now_ms, enum writer writer, uint32_t thing,
                 uint32_t master, int8_t value, uint64_t serving_ms);
bool store_has(const struct store *store, const struct world *world, uint32_t thing); /* on any master */

#endif
