/* SPDX-License-Identifier: Apache-2.0
 *
 * The value of an order topic's entry: "broker-a:8;broker-b:8", write queues by broker (rocketmq-remoting 5.4). Pure.
 */
#ifndef MQFERRY_API_CLUSTER_ORDER_VALUE_H
#define MQFERRY_API_CLUSTER_ORDER_VALUE_H

#include <stdbool.h>

#include "api/base/buffer.h"

enum { ORDER_VALUE_BYTES_MAX = 1 << 18 };

bool order_value_names(struct text value, const char *broker);
/* Appends `old`, and the broker with its queues where it is not in it. 0, or -1: `out` failed. */
int order_value_join(struct text old, const char *broker, int64_t queues, struct buffer *out);

#endif
