/* SPDX-License-Identifier: Apache-2.0
 *
 * What the clients of one loop share: connections, credentials by where they come from, budgets by account, the view
 * of the server's clock, and which gateways are of old. For client.c; doors see client.h.
 */
#ifndef MQFERRY_API_CLOUD_CLOUD_H
#define MQFERRY_API_CLOUD_CLOUD_H

#include <uv.h>

#include "api/cloud/budget.h"
#include "api/cloud/client.h"
#include "api/cloud/credentials.h"

enum { ACCOUNT_BYTES = 160 };

/* Clients with the same SPEC have the same session with STS, and so the same account. */
struct shared_credentials {
    struct credentials *credentials;
    char *spec;                  /* NULL: the default chain */
    char account[ACCOUNT_BYTES]; /* the id of the first keys: what the budgets go by; renewed keys have other ids */
    struct shared_credentials *next;
};

/* An endpoint whose gateway knows RPC 1.0 only (refusal.h). */
struct rpc_v1_endpoint {
    struct rpc_v1_endpoint *next;
    char url[];
};

struct call_state;

struct cloud {
    uv_loop_t *loop;
    struct log *log;
    struct http *http;
    uint32_t references;
    struct cloud **slot; /* where others find it; NULL: nowhere */
    struct budgets budgets;
    struct shared_credentials *credentials;
    struct rpc_v1_endpoint *rpc_v1;
    int64_t clock_offset_ms; /* the server's time less ours, once it called ours wrong */
    uv_timer_t delivery;     /* of answers that did not come over the network */
    struct call_state *answered, **answered_end;
    uint32_t closing; /* credentials that have not closed yet */
    void (*closed)(void *context);
    void *closed_context;
};

void cloud_ref(struct cloud *cloud);
/* The credentials of that SPEC, made when nobody had them yet. They live as long as the cloud. */
int cloud_credentials(struct cloud *cloud, const struct client_options *options, struct shared_credentials **out,
                      struct failure *why);

bool cloud_wants_rpc_v1(const struct cloud *cloud, const char *endpoint);
/* For all clients, until the cloud is gone; false: there is no memory for it. */
bool cloud_remember_rpc_v1(struct cloud *cloud, const char *endpoint);

#endif
