/* SPDX-License-Identifier: Apache-2.0
 *
 * What one seed is about: a few things that may be declared, a destination of some shape, and the faults of its life.
 *
 * Settings are one small number here, a value; a thing that is not there has the value ABSENT. Faults come
 * by dice, each kind at a rate of its own that is zero in most worlds, until they are over.
 */
#ifndef MQFERRY_TESTS_SIMULATION_WORLD_H
#define MQFERRY_TESTS_SIMULATION_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "api/base/random.h"
#include "api/instance.h"

enum { THINGS_MAX = 16, MASTERS_MAX = 3, VALUES = 3, ABSENT = -1, NOBODY = -1 };

enum shape {
    SHAPE_CLOUD,   /* pages, single creates, CREATING, get */
    SHAPE_PLAIN,   /* one part, no get, absent at first */
    SHAPE_CLUSTER, /* a part is a master's table, batches, a value per master */
    SHAPE_FILE,    /* one part, any number in a batch, seen at once */
    SHAPES
};

enum fault {
    FAULT_LIST_FAILS,  /* a part of a list fails for a cause that passes */
    FAULT_LIST_BREAKS, /* … or for one that does not */
    FAULT_DESCRIBE_FAILS,
    FAULT_GET_FAILS,
    FAULT_READ_THROTTLED,
    FAULT_EXTRAS,       /* foreign things come and go: pages shift, totals change */
    FAULT_LISTED_SHORT, /* a part holds less than it should */
    FAULT_LISTED_TWICE, /* a name stands in two parts, and the total agrees */
    FAULT_REQUEST_LOST, /* a create never arrives, nobody says so */
    FAULT_REPLY_LOST,   /* it arrives, nobody says so */
    FAULT_ARRIVES_LATE, /* … after the caller gave up */
    FAULT_SEEN_LATE,    /* lists show it only after a while */
    FAULT_CREATING,     /* it is there, not in service */
    FAULT_CREATE_THROTTLED,
    FAULT_NOT_SENT,       /* the connection fails before anything left */
    FAULT_REFUSED_ONCE,   /* create failed, system error */
    FAULT_REFUSED_ALL,    /* a cause that ends the pass */
    FAULT_HALF,           /* it arrives on some masters only */
    FAULT_OTHER_WRITER,   /* somebody else creates a declared name, equal or not */
    FAULT_DEATH,          /* the process dies */
    FAULT_STOP,           /* it is asked to stop */
    FAULT_SOURCE_CHANGED, /* while the pass runs */
    FAULT_EDIT,           /* declarations change between passes */
    FAULT_LOAD_FAILS,     /* the files do not load; or the last good set stands in */
    FAULT_JOURNAL,        /* the journal cannot be written */
    FAULT_MEMORY,         /* an allocation of the pass fails */
    FAULT_STALE,          /* an answer comes again, or to the wrong pass */
    FAULT_OUT_OF_SERVICE,
    FAULT_IDENTITY, /* the destination is another one */
    FAULT_DECLINED, /* asked, and the answer is no */
    FAULTS
};

/* What the destination says of a thing whenever it is created, until faults are over. */
struct refusal {
    int cause;     /* CAUSE_NONE: nothing */
    bool for_good; /* even when faults are over */
};

struct thing {
    enum kind kind;
    bool extra;                /* never declared */
    bool unlisted;             /* exists, and no list shows it until faults are over */
    int8_t declared;           /* value, or ABSENT */
    bool observed_only;        /* policy observe */
    int8_t dead_letter;        /* groups: the topic they need; NOBODY */
    int8_t first[MASTERS_MAX]; /* value there when the story begins */
    struct refusal refusal;
};

struct world {
    uint64_t seed;
    uint64_t dice;
    enum shape shape;
    uint32_t masters;
    uint32_t page;      /* resources a part holds (clouds) */
    uint32_t settle_ms; /* whatever was sent shows by then, or never */
    uint32_t batch_max, batch_bytes;
    uint32_t get_max[KINDS];
    bool terse[KINDS]; /* lists do not tell values */
    bool overwrites;   /* a create of what exists puts its value over it */
    bool live_source;  /* the declared set is listed too; else it is loaded */
    bool keeps_parts;  /* doors give the same catalog again for a part that has not changed */
    bool asks;         /* EFFECT_CONFIRM */
    bool gives_up;     /* passes have a moment to give up at */
    uint32_t concurrency;
    uint32_t rows_a_step; /* of the pass; 0: many */
    uint32_t max_creates;
    int32_t quota[KINDS]; /* things of that kind that fit until faults are over; -1: any number */
    uint32_t passes;      /* with faults */
    uint8_t rate[FAULTS]; /* percent */
    bool faults_over;
    uint32_t count;
    struct thing things[THINGS_MAX];
};

void world_make(struct world *world, uint64_t seed);
/* "topic-03", "GID_03", and back. */
struct text world_name(const struct world *world, uint32_t thing);
uint32_t world_thing(struct text name);
/* From 0 to below - 1. */
uint32_t world_dice(struct world *world, uint32_t below);
bool world_chance(struct world *world, uint32_t percent);
/* Does this fault strike now? */
bool world_strikes(struct world *world, enum fault fault);
/* Declarations change. */
void world_edit(struct world *world);
void world_end_faults(struct world *world);

#endif
