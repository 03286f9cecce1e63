/* SPDX-License-Identifier: Apache-2.0
 *
 * The model cluster: what brokers of each release do with creates (rocketmq-remoting 2.3, 3.8, 5.4, 10.2-10.4), and the
 * append-only log of all that happened. The oracles read the log and the facts of the world, nothing else.
 */
#ifndef MQFERRY_TESTS_SIMULATION_PLACE_BROKERS_H
#define MQFERRY_TESTS_SIMULATION_PLACE_BROKERS_H

#include "tests/simulation/place/world.h"

enum writer { WRITER_US, WRITER_OTHER };

enum log_kind {
    LOG_CREATE,  /* a create begins */
    LOG_LOOK,    /* at a master: `values`; flag: it could be read */
    LOG_ENTRY,   /* an order entry of thing: `masters`; flag: written, and we heard so */
    LOG_SENT,    /* thing to master in request: `after` is what it would become; flag: in a batch */
    LOG_WRITE,   /* thing on master: writer, before, after */
    LOG_KEPT,    /* thing on master: it arrived and changed nothing */
    LOG_ANSWER,  /* of request, from master: answer; flag: of a batch */
    LOG_TOLD,    /* thing: outcome */
    LOG_MEMORY,  /* a create has ended: what is on master in memory only, `things` */
    LOG_RESTART, /* of master: `things` are gone */
    LOG_DEATH,
    LOG_END, /* faults are over, and all is done */
};

struct log_entry {
    enum log_kind kind;
    enum writer writer;
    uint16_t master;
    uint32_t thing, request;
    struct held before, after;
    struct held values[THINGS_MAX];
    uint32_t things, masters; /* bits */
    enum place_answer answer;
    enum outcome outcome;
    bool flag;
};

struct message {
    uint32_t number;
    uint16_t master;
    bool batch;
    uint32_t count;
    uint32_t things[THINGS_MAX + 2];
    struct held values[THINGS_MAX + 2]; /* as sent: there, queues, ordered, type, attributes */
    bool guarded;
};

struct cluster {
    struct world *world;
    struct held values[MASTERS_MAX][THINGS_MAX];
    struct held saved[MASTERS_MAX][THINGS_MAX]; /* on disk */
    bool dead[MASTERS_MAX];
    uint32_t entries[THINGS_MAX]; /* masters that the order entry names */
    bool entry[THINGS_MAX];       /* there is one */
    uint32_t requests;
    void (*hear)(void *context, const struct log_entry *entry);
    void *context;
    FILE *trace;
};

void cluster_init(struct cluster *cluster, struct world *world);
void cluster_log(struct cluster *cluster, const struct log_entry *entry);
/* Sends, with the faults of the world. */
enum place_answer cluster_send(struct cluster *cluster, struct message *request, int *out_cause);
bool cluster_put_entry(struct cluster *cluster, uint32_t thing, uint32_t masters);
void cluster_restart(struct cluster *cluster, uint16_t master);
/* Between two creates. */
void cluster_idle(struct cluster *cluster);
void cluster_tell_memory(struct cluster *cluster);

#endif
