/* SPDX-License-Identifier: Apache-2.0
 *
 * How calls to Alibaba Cloud are signed: V3 (ACS3-HMAC-SHA256) and, for endpoints that still need it, RPC 1.0
 * (HMAC-SHA1). Sources: openapi 4.1, 4.2; every vector of signature-vectors.json is a test. Blocks for microseconds; no
 * state.
 *
 * Secrets are borrowed, used, and not kept; what is derived from them is wiped.
 */
#ifndef MQFERRY_API_CLOUD_SIGNATURE_H
#define MQFERRY_API_CLOUD_SIGNATURE_H

#include <stdint.h>

#include "api/base/buffer.h"
#include "api/base/failure.h"

enum { SIGNATURE_PAIRS_MAX = 64, SIGNATURE_HASH_TEXT_BYTES = 64 + 1 };

struct pair {
    struct text name, value; /* not encoded */
};

/* Keeps A-Z a-z 0-9 - _ . ~, everything else becomes %XX in upper case over the bytes. */
int percent_append(struct buffer *out, struct text text);

/* name=value joined by '&', both encoded, sorted by the bytes of the encoded names (Tag.10 comes before Tag.2). An
 * empty value keeps its '='. CAUSE_UNSUPPORTED for more than SIGNATURE_PAIRS_MAX. 0 or -1. */
int canonical_query(struct buffer *out, const struct pair *pairs, uint32_t count, struct failure *why);

/* Lower-case hexadecimal SHA-256 of a body, for x-acs-content-sha256. */
int payload_hash(struct text body, char out[static SIGNATURE_HASH_TEXT_BYTES], struct failure *why);

struct signing {
    const char *method; /* "GET" */
    struct text path;   /* each segment encoded once; "/" for RPC */
    const struct pair *query;
    uint32_t query_count;
    const struct pair
        *headers; /* those that are signed; lower-case names, any order: host, content-type, every x-acs-… */
    uint32_t header_count;
    const char *payload_hash;
    struct text access_key_id, secret;
};

/* The value of the header Authorization. `canonical` (may be NULL) receives the canonical request, for debugging
 * against "server string to sign is"; it holds no secret. 0 or -1. */
int signature_v3(const struct signing *signing, struct buffer *authorization, struct buffer *canonical,
                 struct failure *why);

/* The value of the parameter Signature: over all parameters of query and form. 0 or -1. */
int signature_rpc_v1(const char *method, const struct pair *pairs, uint32_t count, struct text secret,
                     struct buffer *out, struct failure *why);

#endif
