/* SPDX-License-Identifier: Apache-2.0
 *
 * What place promises (api/cluster/place.h, design sections 2 and 7) as questions about the log.
 */
#ifndef MQFERRY_TESTS_SIMULATION_PLACE_ORACLE_H
#define MQFERRY_TESTS_SIMULATION_PLACE_ORACLE_H

#include "tests/simulation/place/brokers.h"

enum { REQUESTS_MAX = 256 };

/* Our creates of one thing on one master, in this create. */
struct sending {
    uint32_t request; /* the latest; 0: none */
    bool batch;
    bool wrote; /* one of them made it */
};

struct oracle {
    const struct world *world;
    struct held looks[MASTERS_MAX][THINGS_MAX];
    bool readable[MASTERS_MAX];
    struct sending sendings[THINGS_MAX][MASTERS_MAX];
    enum place_answer answers[REQUESTS_MAX];
    bool answered[REQUESTS_MAX];
    bool excused[MASTERS_MAX];             /* an answer was lost, or the master is busy or dead */
    bool last_refused[MASTERS_MAX];        /* so what came before may be in memory only */
    bool entry_there[THINGS_MAX];          /* the name servers have one */
    bool claimed[THINGS_MAX][MASTERS_MAX]; /* told as created by us, and made there */
    uint32_t sent;                         /* things, as bits, in this create */
    const char *broken;
    char sentence[200];
};

void oracle_init(struct oracle *oracle, const struct world *world);
void oracle_hear(void *context, const struct log_entry *entry);
void oracle_break(struct oracle *oracle, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
