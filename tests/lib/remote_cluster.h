/* SPDX-License-Identifier: Apache-2.0
 *
 * A cluster in memory behind real sockets on the test's own loop: name servers and masters that do what brokers do
 * (rocketmq-remoting 3.3, 3.7, 3.8): creates overwrite, batches stop half way, the guard refuses. Tests bend them.
 */
#ifndef MQFERRY_TESTS_LIB_REMOTE_CLUSTER_H
#define MQFERRY_TESTS_LIB_REMOTE_CLUSTER_H

#include "api/address.h"
#include "tests/lib/remoting_server.h"

enum { REMOTE_MASTERS_MAX = 3, REMOTE_NAMES_MAX = 2, REMOTE_HELD_MAX = 4096 };

struct held {
    char name[128];
    char settings[512]; /* members of its JSON object but the name, "" for groups without */
    bool has_attributes;
};

struct remote_master {
    struct remote_cluster *cluster;
    const char *name;
    struct remoting_server server;
    struct held held[2][REMOTE_HELD_MAX]; /* topics, groups */
    uint32_t count[2];
    uint64_t version[2];    /* counter of dataVersion */
    const char *own_topics; /* body of 305 */
    const char *properties; /* body of 26 */
    uint32_t writes;        /* names that were created or overwritten */
    uint32_t overwrites;
    bool absent;            /* 106 lists it without id 0 */
    bool slave;             /* 106 lists an id 1 beside */
    const char *advertised; /* instead of its address */
    /* Before anything else: true when the answer is complete. */
    bool (*bend)(struct remote_master *master, struct remote_answer *answer);
};

struct remote_cluster {
    uv_loop_t *loop;
    uint32_t master_count, name_count;
    struct remote_master masters[REMOTE_MASTERS_MAX];
    struct remoting_server names[REMOTE_NAMES_MAX];
    struct {
        char topic[128], value[256];
    } entries[1024];
    uint32_t entry_count;
    bool (*bend_names)(struct remote_cluster *cluster, struct remote_answer *answer);
    struct address address; /* rocketmq://…/test */
};

struct remote_cluster *remote_cluster_new(uv_loop_t *loop, uint32_t names, uint32_t masters, int32_t version);
/* Handles close as the loop runs; free() it afterwards. */
void remote_cluster_end(struct remote_cluster *cluster);

void remote_hold(struct remote_master *master, int kind, const char *name, const char *settings);
const struct held *remote_held(const struct remote_master *master, int kind, const char *name); /* NULL: absent */
/* Requests of that code that this master got. */
uint32_t remote_asked(const struct remote_master *master, int32_t code);
uint32_t
remote_written(const struct remote_cluster *cluster); /* creates of every kind, batches as one, sent to anybody */

#endif
