/* SPDX-License-Identifier: Apache-2.0
 *
 * Creates as requests: UPDATE_AND_CREATE_TOPIC (17) and …_SUBSCRIPTIONGROUP (200), one each; …_TOPIC_LIST (18) and
 * …_SUBSCRIPTIONGROUP_LIST (225), many at once (rocketmq-remoting 3.3, 3.7, 10.2-10.5). Every one of them overwrites
 * what is there: what may be sent where is for place.h to say, and what is sent is what place_settings gives.
 *
 * Attributes go with a plus sign, to 5.x only. Texts of a frame are borrowed from the draft, from `memory` and from the
 * body, until it is written.
 */
#ifndef MQFERRY_API_CLUSTER_CREATES_H
#define MQFERRY_API_CLUSTER_CREATES_H

#include "api/base/json.h"
#include "api/cluster/frame.h"
#include "api/resource.h"

enum {
    REQUEST_CREATE_TOPIC = 17,
    REQUEST_CREATE_TOPICS = 18,
    REQUEST_CREATE_GROUP = 200,
    REQUEST_CREATE_GROUPS = 225,
};

/* `v5`: the master is 5.0.0 or newer. 0, or -1 with OUT_OF_MEMORY. */
int create_topic_request(struct text name, const struct draft *draft, bool v5, struct arena *memory, struct frame *out,
                         struct failure *why);
/* The body is appended to `body`, which must be empty. */
int create_group_request(struct text name, const struct draft *draft, bool v5, struct buffer *body, struct frame *out,
                         struct failure *why);

/* A batch: init, then add…, then request. `body` must be empty. Only 5.x has them. */
struct create_batch {
    struct json_writer writer;
    struct buffer *body;
    enum kind kind;
};
void create_batch_init(struct create_batch *batch, enum kind kind, struct buffer *body);
void create_batch_add(struct create_batch *batch, struct text name, const struct draft *draft);
int create_batch_request(struct create_batch *batch, struct frame *out, struct failure *why);

#endif
