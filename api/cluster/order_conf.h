/* SPDX-License-Identifier: Apache-2.0
 *
 * Order topics in the name servers' key-value store: namespace ORDER_TOPIC_CONFIG, topic → "broker-a:8;broker-b:8"
 * (write queues). On 4.x and 5.0.0 such an entry, there before the topic, is the only way to an ordered topic; and on
 * every version it makes a topic ordered that is created under its name (rocketmq-remoting 5.4, 10.8). Requests
 * PUT_KV_CONFIG (100), GET_KV_CONFIG (101), GET_KVLIST_BY_NAMESPACE (219).
 */
#ifndef MQFERRY_API_CLUSTER_ORDER_CONF_H
#define MQFERRY_API_CLUSTER_ORDER_CONF_H

#include "api/base/buffer.h"
#include "api/base/failure.h"
#include "api/cluster/frame.h"
#include "api/cluster/order_value.h"

#define ORDER_CONF_NAMESPACE "ORDER_TOPIC_CONFIG"

enum { REQUEST_PUT_KV = 100, REQUEST_GET_KV = 101, REQUEST_LIST_KV = 219 };

/* The entries of one name server, sorted. */
struct order_conf;

/* A body of 219. An empty one: no entries (code 22 has none, too). 0, or -1: BAD_ANSWER or OUT_OF_MEMORY. */
int order_conf_read(struct text body, struct order_conf **out, struct failure *why);
void order_conf_free(struct order_conf *conf); /* NULL is fine */
/* The value of a topic's entry, valid as long as `conf`; the empty text: there is none. NULL conf has none. */
struct text order_conf_find(const struct order_conf *conf, struct text topic);

/* Requests: texts are borrowed by the frame. */
void order_conf_list(struct frame *out);
void order_conf_put(struct frame *out, struct text topic, struct text value);

#endif
