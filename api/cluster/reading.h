/* SPDX-License-Identifier: Apache-2.0
 *
 * One master's table of one kind: asked for, parsed by a worker, kept. An unchanged table is the same catalog again.
 */
#ifndef MQFERRY_API_CLUSTER_READING_H
#define MQFERRY_API_CLUSTER_READING_H

#include "api/base/worker.h"
#include "api/cluster/peers.h"
#include "api/cluster/roster.h"

struct reading {
    /* in */
    struct peers *peers;
    struct worker_pool *workers;
    struct roster *roster; /* outlives the reading */
    uint32_t master;
    enum kind kind;
    uint64_t deadline_ms;
    void (*done)(struct reading *reading); /* once, later, never inside */
    void *data;
    /* out */
    struct catalog *catalog; /* a reference, the receiver's; NULL: failure tells why */
    struct failure failure;
    uint64_t asked_ms; /* the table is not older than this */
    /* reading.c's */
    bool busy;
    struct remote_call call;
    struct job job;
    char *bytes;
    struct text body;
    struct table_facts facts;
};

/* The in-members are set, the rest is zeroed. 0 or -1. */
int reading_start(struct reading *reading, struct failure *why);
void reading_cancel(struct reading *reading); /* nothing happens to one that is not under way */

#endif
