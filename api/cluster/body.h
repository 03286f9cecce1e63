/* SPDX-License-Identifier: Apache-2.0
 *
 * A JSON body from a name server or a broker, opened for reading: number keys may be bare (rocketmq-remoting 3.4).
 *
 * Everything here reads a copy of its own, so the body needs no padding and may go away. For files of api/cluster only.
 */
#ifndef MQFERRY_API_CLUSTER_BODY_H
#define MQFERRY_API_CLUSTER_BODY_H

#include "api/base/buffer.h"
#include "api/base/failure.h"
#include "api/base/json.h"

struct body {
    struct buffer text; /* strict and padded */
    struct json_reader *json;
    const char *what; /* for people: "the topics of broker-a" */
};

/* `bare`: keys may be bare; else the reader breaks at the first one. 0, or -1 with OUT_OF_MEMORY or BAD_ANSWER.
 * body_close belongs to every body that was opened, also in vain. */
int body_open(struct body *body, struct text text, bool bare, const char *what, struct failure *why);
void body_close(struct body *body);

/* *why for a body that broke, or that was other than expected at `offset`; -1. */
int body_broken(const struct body *body, struct failure *why);
int body_unexpected(const struct body *body, size_t offset, const char *expected, struct failure *why);

/* The first token, which must begin an object. 0 or -1. */
int body_begin(struct body *body, struct json_token *out, struct failure *why);
/* The next member of the object that `begin` opened: 1; 0 at its end; -1. */
int body_member(struct body *body, struct json_token *out, struct failure *why);
/* Skips a value. 0 or -1. */
int body_skip(struct body *body, const struct json_token *token, struct failure *why);
/* Nothing may follow the object. 0 or -1. */
int body_end(struct body *body, struct failure *why);

#endif
