/* SPDX-License-Identifier: Apache-2.0
 *
 * Topics that a cluster has for itself, beside those that every cluster has (api/system.h): what its masters list
 * (GET_SYSTEM_TOPIC_LIST_FROM_BROKER, 305), what is named like one of its clusters or brokers, and
 * <cluster>_REPLY_TOPIC: the safe rule of rocketmq-remoting 2.1.
 *
 * Life: own_topics_new → own_topics_add… → own_topics_seal → asked, from any thread.
 */
#ifndef MQFERRY_API_CLUSTER_OWN_TOPICS_H
#define MQFERRY_API_CLUSTER_OWN_TOPICS_H

#include "api/cluster/topology.h"

struct own_topics;

struct own_topics *own_topics_new(void);      /* NULL: no memory */
void own_topics_free(struct own_topics *own); /* NULL is fine */

/* Each 0, or -1: BAD_ANSWER or OUT_OF_MEMORY. */
int own_topics_add_topology(struct own_topics *own, const struct topology *topology, struct failure *why);
int own_topics_add_list(struct own_topics *own, struct text body, struct failure *why); /* of 305 */
void own_topics_seal(struct own_topics *own);                                           /* after the last one */

/* By the static set too. */
bool own_topics_has(const struct own_topics *own, struct text topic);

#endif
