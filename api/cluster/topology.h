/* SPDX-License-Identifier: Apache-2.0
 *
 * Who is in a cluster: the body of GET_BROKER_CLUSTER_INFO (106) of a name server
 * (rocketmq-remoting 3.3, 3.4, 5.1-5.3).
 *
 * Only id 0 of a broker name is read and written. A broker name without id 0 is having an election, or has lost its
 * master: wait for it. Slaves are never asked, and an acting master is one of them: 106 does not show it as 0.
 */
#ifndef MQFERRY_API_CLUSTER_TOPOLOGY_H
#define MQFERRY_API_CLUSTER_TOPOLOGY_H

#include <stdbool.h>
#include <stdint.h>

#include "api/base/buffer.h"
#include "api/base/failure.h"

struct topology_broker {
    const char *name;
    const char *master; /* "host:port" of id 0, as the broker advertises it; NULL: there is none now */
    const char *any;    /* the lowest id's, when there is no master; else NULL: for messages only */
    uint32_t slaves;    /* other ids */
    bool acting_master; /* enableActingMaster: clients may see its lowest slave as 0; we do not */
};

struct topology {
    const char *cluster;
    const struct topology_broker *brokers; /* of that cluster, sorted by name */
    uint32_t broker_count;                 /* at least 1, at most CATALOG_MASTERS_MAX */
    /* All clusters and all broker names that the name server knows, sorted each: topics named so are their own. */
    const char *const *clusters;
    uint32_t cluster_count;
    const char *const *broker_names;
    uint32_t broker_name_count;
};

/* `cluster` empty: the only one. Failures: INSTANCE_NOT_FOUND lists the clusters there are; BAD_ANSWER; OUT_OF_MEMORY.
 * The result owns all its texts. 0 or -1. */
int topology_read(struct text body, struct text cluster, struct topology **out, struct failure *why);
void topology_free(struct topology *topology); /* NULL is fine */

/* The first broker name without a master, or NULL. */
const struct topology_broker *topology_masterless(const struct topology *topology);
/* Same cluster, brokers, addresses and slaves? */
bool topology_equal(const struct topology *a, const struct topology *b);

#endif
