/* SPDX-License-Identifier: Apache-2.0
 *
 * A cluster as it was found: who is in it, what its masters are and can, and the tables they last gave. Counted
 * references, on the loop thread; what jobs look at in it (topology, own topics) does not change.
 */
#ifndef MQFERRY_API_CLUSTER_ROSTER_H
#define MQFERRY_API_CLUSTER_ROSTER_H

#include "api/cluster/broker_config.h"
#include "api/cluster/own_topics.h"
#include "api/cluster/place.h"
#include "api/cluster/tables.h"

struct connection;

enum { WHO_BYTES = 544 };

/* The table that a master gave last: while its dataVersion and length are the same, it is given again. (Entries of a
 * batch that stopped half way show in the length alone.) */
struct table_kept {
    struct catalog *catalog; /* a reference; NULL: none */
    struct table_version version;
    size_t body_bytes;
};

struct master {
    struct connection *connection; /* the peers'; NULL: there is no master of that name now */
    char who[WHO_BYTES];           /* "broker-a (10.0.0.1:10911)": for sentences */
    struct broker_config config;
    uint64_t own_hash; /* of what it lists as its own topics */
    struct table_kept tables[KINDS];
};

struct roster {
    uint32_t references;
    struct topology *topology;
    struct own_topics *own;      /* sealed */
    struct place_master *places; /* per broker of the topology, as `masters` */
    struct master masters[];
};

/* Takes the topology. NULL: no memory, and the topology is still the caller's. */
struct roster *roster_new(struct topology *topology);
struct roster *roster_ref(struct roster *roster);
void roster_unref(struct roster *roster); /* NULL is fine */

/* Nothing has changed but, perhaps, what the masters hold. */
bool roster_same(const struct roster *a, const struct roster *b);

#endif
