/* SPDX-License-Identifier: Apache-2.0
 *
 * What one seed is about: a cluster of a few masters, a few things to create in it, and the faults of its life.
 */
#ifndef MQFERRY_TESTS_SIMULATION_PLACE_WORLD_H
#define MQFERRY_TESTS_SIMULATION_PLACE_WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "api/cluster/place.h"

enum { THINGS_MAX = 10, MASTERS_MAX = 3, NOBODY = -1 };

/* What a thing is like on a master: a few numbers, by which the model and its oracles compare. */
struct held {
    bool there;
    uint8_t queues;
    bool ordered;
    uint8_t type;    /* topics: 0 none, else FIFO or DELAY */
    bool attributes; /* it has some: type, or the guard */
    bool is_static;
};

enum order { ORDER_UNSAID, ORDER_TRUE, ORDER_FALSE };

struct thing {
    char name[16];
    bool wanted[MASTERS_MAX];
    bool spread; /* declared per master */
    uint8_t queues[MASTERS_MAX];
    enum order order;
    uint8_t type;
    bool refused; /* brokers refuse it for a reason that nobody knows beforehand */
    bool twice;   /* asked for twice in one create */
    struct held first[MASTERS_MAX];
    bool stale_entry; /* the name servers have an order entry of that name */
};

enum fault {
    FAULT_REQUEST_LOST,
    FAULT_REPLY_LOST,
    FAULT_BUSY,
    FAULT_DEATH,   /* of a master, until the next create or the one after */
    FAULT_RACE,    /* another writes a name between two of our requests */
    FAULT_RESTART, /* of a master, between two creates */
    FAULT_ENTRY,   /* an order entry cannot be written */
    FAULTS
};

struct world {
    uint64_t seed, dice;
    enum kind kind;
    struct place_master masters[MASTERS_MAX];
    uint16_t master_count;
    bool insists; /* on attributes that harm */
    bool knows_entries;
    uint32_t batch_items, batch_bytes;
    struct thing things[THINGS_MAX];
    uint32_t count;
    uint32_t creates; /* with faults */
    uint8_t rate[FAULTS];
    bool faults_over;
};

void world_make(struct world *world, uint64_t seed);
uint32_t world_dice(struct world *world, uint32_t below);
bool world_chance(struct world *world, uint32_t percent);
bool world_strikes(struct world *world, enum fault fault);

/* Facts of the reference, told again by other means than the code under test. */
bool world_is_5(const struct world *world, uint16_t master);
bool world_harms(const struct world *world, uint16_t master); /* attributes destroy its slaves' tables */
bool world_guardable(const struct world *world, uint16_t master);
bool world_has_batches(const struct world *world, uint16_t master);
bool world_types_held(const struct world *world); /* every master keeps message types */
/* Is `value` what is declared for that master? */
bool world_as_declared(const struct world *world, uint32_t thing, uint16_t master, const struct held *value);

#endif
