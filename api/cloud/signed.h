/* SPDX-License-Identifier: Apache-2.0
 *
 * A call of OpenAPI as an HTTP request: URL and headers, signed with a date and a nonce of its own: V3 (openapi 4.1),
 * or RPC 1.0 for gateways of old (openapi 4.2), where all that V3 says in headers are parameters of the query.
 */
#ifndef MQFERRY_API_CLOUD_SIGNED_H
#define MQFERRY_API_CLOUD_SIGNED_H

#include <stdbool.h>
#include <stdint.h>

#include "api/cloud/recipe.h"
#include "api/cloud/signature.h"

enum { SIGNED_HEADERS_MAX = 16 };

struct signed_call {
    const char *endpoint; /* "https://rocketmq.cn-hangzhou.aliyuncs.com", without a path */
    const char *method, *action, *version;
    struct text path; /* encoded */
    const struct pair *query;
    uint32_t query_count;
    struct text body;
    const char *content_type; /* sent with a body */
    bool rpc_v1;              /* such a call has no body */
    const struct keys *keys;
    int64_t unix_ms; /* the server's time */
};

struct signed_request {
    struct buffer url;                       /* wiped: in RPC 1.0 it carries token and signature */
    struct pair headers[SIGNED_HEADERS_MAX]; /* into this struct, and into the call */
    uint32_t header_count;
    struct buffer authorization;
    char date[32], nonce[33], hash[SIGNATURE_HASH_TEXT_BYTES];
};

/* 0, or -1 and nothing is left to release. */
int signed_request_init(struct signed_request *request, const struct signed_call *call, struct failure *why);
void signed_request_release(struct signed_request *request);

/* "yyyy-MM-ddTHH:mm:ssZ" */
void openapi_time(int64_t unix_ms, char out[static 32]);

#endif
