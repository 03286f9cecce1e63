/* SPDX-License-Identifier: Apache-2.0
 *
 * One signed call to an Alibaba Cloud OpenAPI, start to answer: what the doors of this folder stand on.
 *
 * A client belongs to one endpoint and one source of credentials, on one loop. It keeps connections alive, signs (V3,
 * ACS3-HMAC-SHA256, openapi 4.1; RPC 1.0, openapi 4.2, from when a gateway says that it knows nothing else), gives
 * every try a nonce of its own, follows no redirect, bounds body and time, keeps the request id, corrects a skewed
 * clock from the Date header once, and repeats a call once after refreshed credentials (openapi 4.5). It retries
 * nothing else: retrying belongs to the pass. Pacing belongs to it: every call takes a token of its operation class
 * (api/base/pace.h) from the bucket of (endpoint, access key, class), which is shared by all clients of the process
 * through `struct cloud`.
 *
 * A call with `writes` is never sent twice by anybody: libcurl's silent re-send of a POST on a reused connection that
 * died is prevented (design section 9), SignatureNonceUsed on it means that an earlier copy arrived.
 */
#ifndef MQFERRY_API_CLOUD_CLIENT_H
#define MQFERRY_API_CLOUD_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "api/base/buffer.h"
#include "api/base/failure.h"
#include "api/instance.h"

struct cloud;  /* the process's: curl's multi handle on the loop, budgets by account */
struct client; /* one endpoint with its credentials */

enum api_style { API_ROA, API_RPC }; /* openapi 1, 2 */

enum {
    CLOUD_BODY_BYTES_MAX = 64 << 20, /* of one answer */
    CLOUD_QUERY_MAX = 16,
    CLOUD_CONNECT_TIMEOUT_MS = 5000,
};

/* Classes that have a budget of their own (openapi 2.3: ONS publishes one per operation). */
enum call_class { CLASS_DESCRIBE, CLASS_LIST, CLASS_GET, CLASS_CREATE, CALL_CLASSES };

struct query_pair {
    const char *name;
    struct text value; /* not encoded */
};

/* In: the caller's, borrowed until the answer. Out: valid during the callback. */
struct call {
    /* in */
    enum call_class class;
    const char *method;           /* "GET", "POST" */
    const char *action, *version; /* "CreateTopic", "2022-08-01" */
    struct text path;             /* ROA: each segment percent-encoded once; RPC: not looked at, it is "/" */
    struct query_pair query[CLOUD_QUERY_MAX];
    uint32_t query_count;
    struct text body; /* ROA: JSON; RPC: a form; empty: none */
    bool writes;
    uint64_t deadline_ms;            /* monotonic; queueing for a token included */
    void (*done)(struct call *call); /* once, later, never inside call_start */
    void *data;
    /* out */
    struct failure failure; /* transport, credentials, clock, cancelled, no token in time (THROTTLED); for what writes
                               and was sent: OUTCOME_UNKNOWN. Cause 0: an answer came, any status */
    bool sent;              /* bytes of the request may have left: without an answer the outcome is unknown */
    uint16_t status;        /* HTTP */
    struct text answer;     /* body; followed by JSON_PADDING zero bytes */
    char content_type[64];
    char request_id[FAILURE_REQUEST_ID_BYTES]; /* header x-acs-request-id; the body's is the door's to read */
    uint64_t retry_after_ms; /* x-acs-retry-after, x-ratelimit-user(-api) TimeLeft; 0: none (openapi 4.4) */
    uint64_t sent_ms;        /* when it left */
    /* the rest is client.c's */
    struct call_state *state;
};

/* One per loop; shared by every door. Reference counted: the maker holds one, each client another. `closed` comes once
 * the caller's share is over: inside the call while others hold the cloud, later when it goes with this reference. All
 * clients have the same workers. */
int cloud_new(struct uv_loop_s *loop, struct log *log, struct cloud **out, struct failure *why);
/* One more reference to the cloud in *slot; when there is none, a new one, which stays there until its last reference
 * goes. NULL instead of a slot: a new one. */
int cloud_shared(struct cloud **slot, struct uv_loop_s *loop, struct log *log, struct cloud **out, struct failure *why);
void cloud_unref(struct cloud *cloud, void (*closed)(void *context), void *context);

struct client_options {
    struct cloud *cloud;
    struct worker_pool *workers; /* for credentials that read files or run programs */
    enum api_style style;
    const char *endpoint;                  /* "https://rocketmq.cn-hangzhou.aliyuncs.com"; http only for loopback */
    const char *region;                    /* for the log */
    const char *ca_file;                   /* NULL: the system's; for STS too */
    const char *credentials;               /* SPEC of contract section 3; NULL: the vendor's default chain */
    uint32_t concurrency;                  /* connections at most */
    uint32_t rate_per_s;                   /* ceiling of configuration; 0: none */
    uint32_t share_percent;                /* of the account's budget; 0: all */
    uint32_t published_rate[CALL_CLASSES]; /* per second, per account; 0: not published, learnt */
    void (*request_ended)(void *context, const char *operation, int cause, uint64_t took_ms); /* as in instance.h */
    void *request_context;
    const char *metadata_url, *sts_url; /* NULL: the real ones (fetch.h); tests have their own */
};

int client_new(const struct client_options *options, struct client **out, struct failure *why);
/* 0: `done` comes once, later; -1: it never does. The call's struct is the caller's again in `done`. */
int call_start(struct client *client, struct call *call, struct failure *why);
/* Answered all the same, later, with CANCELLED, or OUTCOME_UNKNOWN for a write that may have left. Nothing happens when
 * its end is known already. */
void call_cancel(struct client *client, struct call *call);
/* The budget of the call's class heard that a call was refused for flow control (the door knows the codes), or went
 * through. */
void call_was_throttled(struct client *client, const struct call *call);
void call_was_accepted(struct client *client, const struct call *call);
/* Calls of the class a second that may leave now; INFINITY: not known yet, or not limited. */
double client_pace_limit(const struct client *client, enum call_class class);
/* Cancels what is under way, answers it, then calls back once, later, and is gone. */
void client_close(struct client *client, void (*closed)(void *context), void *context);

#endif
