/* SPDX-License-Identifier: Apache-2.0
 *
 * System topics and groups: what is never migrated. Pure.
 * Sources: rocketmq-remoting 1.10, 2.1, 2.2, 10.5; openapi 1.7. Everything here is dropped before names are judged.
 */
#ifndef MQFERRY_API_SYSTEM_H
#define MQFERRY_API_SYSTEM_H

#include <stdbool.h>
#include <stdint.h>

#include "api/base/buffer.h"
#include "api/fields.h"

/* By name alone: the static sets, the prefixes (rmq_sys_, %RETRY%, %DLQ%, %LMQ%, CID_RMQ_SYS_), the proxy's heartbeat
 * topic and its group. */
bool system_name(enum kind kind, struct text name);

/* <name>_REPLY_TOPIC, rmq_sys_REVIVE_LOG_<name>, rmq_sys_SYNC_BROKER_MEMBER_<name>: the cluster or broker that such a
 * topic gives away, or the empty text. */
struct text system_cluster_hint(struct text topic);
struct text system_broker_hint(struct text topic);

/* In a broker's own table (file with dataVersion): a topic named like the broker or the cluster, told by perm with the
 * inherit bit and queues 1/1 or 16/16 (1.10). Such topics are dropped, and listed as dropped by this rule. */
bool system_broker_topic(int64_t perm, int64_t read_queues, int64_t write_queues);

#endif
