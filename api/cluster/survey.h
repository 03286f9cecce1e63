/* SPDX-License-Identifier: Apache-2.0
 *
 * Finds out who is in the cluster and what its masters are: 106 of a name server, then 305 and 26 of every master,
 * whose answers tell its release (rocketmq-remoting 3.1, 3.3, 5.1-5.3).
 */
#ifndef MQFERRY_API_CLUSTER_SURVEY_H
#define MQFERRY_API_CLUSTER_SURVEY_H

#include "api/cluster/names.h"
#include "api/cluster/peers.h"
#include "api/cluster/roster.h"

struct survey;

struct survey_options {
    struct name_servers *names;
    struct peers *peers;
    const char *cluster; /* borrowed; empty: the only one */
    uint64_t deadline_ms;
};

/* `done` comes once, later, never inside: a reference that the receiver owns, or NULL with *why. A broker name without
 * a master is no failure: it has no connection then. */
int survey_start(const struct survey_options *options,
                 void (*done)(void *context, struct roster *roster, const struct failure *why), void *context,
                 struct survey **out, struct failure *why);
void survey_cancel(struct survey *survey);

/* A call to a master failed on its way: how far it came, for people, and what may be wrong when nobody is there. */
void survey_explain_master(const struct topology_broker *broker, const struct remote_call *call, struct failure *why);

#endif
