/* SPDX-License-Identifier: Apache-2.0
 *
 * What an answer of a name server or broker means: one table from code and remark to causes (rocketmq-remoting 3.2,
 * 3.8, 4.1, 4.2, 5.2, 10.2-10.5). Brokers put most of their refusals into code 1, so the remark decides. What nothing
 * knows is refused, never a success. Pure.
 */
#ifndef MQFERRY_API_CLUSTER_CODES_H
#define MQFERRY_API_CLUSTER_CODES_H

#include "api/cluster/frame.h"
#include "api/fields.h"

enum { ANSWER_SUCCESS = 0, ANSWER_UNSUPPORTED = 3, ANSWER_TOPIC_ABSENT = 17, ANSWER_NOT_FOUND = 22 };

enum remote_asking { REMOTE_READ, REMOTE_CREATE };

/* Why an answer other than SUCCESS refused; `kind` is what a create was about. TOPIC_EXISTS: the guard held. */
int remote_cause(int32_t code, struct text remark, enum remote_asking asking, enum kind kind);
/* Did the peer turn it away before it looked at it (busy, shutting down)? */
bool remote_turned_away(int32_t code);

/* "SYSTEM_ERROR"; NULL: not known. */
const char *remote_code_name(int32_t code);
/* "UPDATE_AND_CREATE_TOPIC" */
const char *remote_request_name(int32_t code);

/* *why says that `who` refused the request, with code and remark; returns -1. */
int remote_refusal(const char *who, int32_t request, const struct frame *answer, enum remote_asking asking,
                   enum kind kind, struct failure *why);

#endif
