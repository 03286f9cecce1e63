/* SPDX-License-Identifier: Apache-2.0
 *
 * What an answer of Alibaba Cloud says: yes, no, or nothing that can be used.
 *
 * There are three ways of saying no (openapi 1.2, 4.4): an HTTP status of 400 or more; `success: false`, or a code or
 * an httpStatusCode of failure, inside of HTTP 200; and both. Yes is only what says so: an answer that contradicts
 * itself is no. Bodies are JSON, for errors also XML; HTML, empty and truncated ones say nothing.
 */
#ifndef MQFERRY_API_CLOUD_REPLY_H
#define MQFERRY_API_CLOUD_REPLY_H

#include "api/cloud/client.h"
#include "api/cloud/members.h"

enum reply_says { REPLY_YES, REPLY_NO, REPLY_NOTHING };

struct reply {
    enum reply_says says;
    /* NO: as the provider said it; empty where it did not */
    char code[FAILURE_CODE_BYTES];
    char message[FAILURE_MESSAGE_BYTES];
    char action[64]; /* the RAM action that is missing (AccessDeniedDetail) */
    /* always, if there is one: the body's, else the header's */
    char request_id[FAILURE_REQUEST_ID_BYTES];
    struct failure broken; /* NOTHING: what was expected, where it broke (BAD_ANSWER; or OUT_OF_MEMORY) */
};

/* The member that holds what was asked for ("data"); NULL: there is none, and the request id alone says yes. It is
 * handed over when it is met, before the whole is judged: what was taken counts with REPLY_YES only. */
struct payload {
    const char *name;
    int (*take)(void *context, struct json_reader *reader, const struct json_token *token, struct failure *why);
    void *context;
};

/* `call` has an answer (failure.cause is 0). `body` is the call's or a copy, followed by JSON_PADDING zero bytes. */
void reply_read(const struct call *call, struct text body, const struct payload *payload, struct reply *out);

#endif
