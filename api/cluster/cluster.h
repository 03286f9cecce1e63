/* SPDX-License-Identifier: Apache-2.0
 *
 * The door to an open-source RocketMQ cluster, 4.x or 5.x: name servers and brokers by the remoting protocol (reference
 * rocketmq-remoting). Each master's table is a part of a list; a table that has not changed since the last list is the
 * same catalog again.
 */
#ifndef MQFERRY_API_CLUSTER_CLUSTER_H
#define MQFERRY_API_CLUSTER_CLUSTER_H

#include "api/instance.h"

/* rocketmq://, rocketmqs://. Opens nothing yet but checks credentials' SPEC and addressMap. */
int cluster_open(const struct instance_options *options, struct instance **out, struct failure *why);

#endif
