/* SPDX-License-Identifier: Apache-2.0
 *
 * What the gateway itself says when it refuses a call, as far as the client acts on it before any door sees the answer
 * (what the products' codes mean: codes.h). The gateway refuses before anything is carried out.
 */
#ifndef MQFERRY_API_CLOUD_REFUSAL_H
#define MQFERRY_API_CLOUD_REFUSAL_H

#include <stdbool.h>
#include <stdint.h>

#include "api/cloud/http.h"

/* Whether an answer that refuses names this code, in whatever form its body has. */
bool refusal_names(const struct http_request *request, const char *code);

/* Whether it misses a parameter that RPC 1.0 carries and V3 does not: the gateway does not know V3. Seen of real ones:
 * `MissingAccessKeyId`, "AccessKeyId is mandatory for this action." (aliyun/alibabacloud-csharp-sdk issue 40,
 * cooperlyt/keycloak-phone-provider issue 118), and of older ones `MissingParameter`, "The input parameter "Version"
 * that is mandatory for processing this request is not supplied." (qjpcpu/aliyun-api pull request 6). */
bool refusal_wants_rpc_v1(const struct http_request *request);

/* When to come again, from the headers of an answer: x-acs-retry-after, else the longer TimeLeft of
 * x-ratelimit-user-api and x-ratelimit-user (openapi 4.4). Milliseconds; 0: not told. */
uint64_t refusal_retry_after_ms(const struct http_request *request);

#endif
