/* SPDX-License-Identifier: Apache-2.0
 *
 * What a broker says about itself: the body of GET_BROKER_CONFIG (26), Java properties as text (rocketmq-remoting 3.3,
 * 10.4). Pure.
 */
#ifndef MQFERRY_API_CLUSTER_BROKER_CONFIG_H
#define MQFERRY_API_CLUSTER_BROKER_CONFIG_H

#include <stdbool.h>

#include "api/base/buffer.h"

struct broker_config {
    bool store_v2;           /* configManagerVersion=v2: batches are forgotten at a restart (10.4) */
    bool auto_create_topic;  /* autoCreateTopicEnable; Java's default is true */
    bool auto_create_group;  /* autoCreateSubscriptionGroup; same */
    bool mixed_message_type; /* enableMixedMessageType: message.type MIXED is accepted (1.6) */
    bool slave;              /* brokerRole=SLAVE: the address is no master's after all (5.2) */
};

void broker_config_read(struct text properties, struct broker_config *out);

/* The value of one property; the empty text where it is absent. Of two, the last counts, as in Java. */
struct text broker_config_value(struct text properties, const char *key);

#endif
