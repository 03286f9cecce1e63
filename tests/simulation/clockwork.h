/* SPDX-License-Identifier: Apache-2.0
 *
 * The virtual clock: what happens later, in order of time; of one moment, in an order that the dice chose.
 */
#ifndef MQFERRY_TESTS_SIMULATION_CLOCKWORK_H
#define MQFERRY_TESTS_SIMULATION_CLOCKWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/simulation/world.h"

/* What a read saw of one thing. */
struct seen {
    int8_t thing;
    int8_t values[MASTERS_MAX];
    bool creating, unread;
};

struct page {
    uint32_t count, parts;
    uint64_t total;
    uint64_t asked_ms;
    struct seen seen[THINGS_MAX];
};

enum what {
    WHAT_SERVE_LIST, /* the server looks at its table */
    WHAT_LISTED,
    WHAT_SERVE_GET,
    WHAT_GOT,
    WHAT_LOADED,
    WHAT_DESCRIBED,
    WHAT_PLANNED,
    WHAT_CONFIRMED,
    WHAT_DURABLE,  /* intents of `rows` are on disk */
    WHAT_INTENDED, /* and the pass hears it */
    WHAT_RESULT,   /* a result is on disk */
    WHAT_LEAVES,   /* a create leaves */
    WHAT_ARRIVES,
    WHAT_ANSWERED,
    WHAT_TIMER,
    WHAT_STOP,
    WHAT_SOURCE_CHANGED,
    WHAT_OTHER_WRITES,
    WHAT_EXTRAS,
    WHAT_DEATH,
};

struct happening {
    uint64_t ms;
    uint32_t order;
    enum what what;
    uint32_t pass, op;
    uint8_t side;
    enum kind kind;
    uint32_t part;
    uint32_t call;
    int cause; /* CAUSE_NONE: it goes well */
    bool flag;
    uint32_t things; /* bits */
    struct page page;
};

enum { HAPPENINGS_MAX = 512 };

struct clockwork {
    uint64_t now_ms;
    uint32_t count;
    struct happening *items; /* HAPPENINGS_MAX; items[heap[0]] is next */
    uint16_t heap[HAPPENINGS_MAX];
    uint16_t free[HAPPENINGS_MAX];
};

void clockwork_init(struct clockwork *clockwork, struct happening *items, uint64_t now_ms);
/* Room for something that happens at `ms`; fill in the rest at once. NULL: too much is under way. */
struct happening *clockwork_add(struct clockwork *clockwork, struct world *world, uint64_t ms, enum what what);
/* The next one, if it happens by `until_ms`; the clock moves there. false: none. */
bool clockwork_next(struct clockwork *clockwork, uint64_t until_ms, struct happening *out);

#endif
