/* SPDX-License-Identifier: Apache-2.0
 *
 * Whom TLS connections trust: the certificates of a file, parsed once on a worker thread and shared by all connections.
 * libcurl would parse them on the loop: the system's bundle takes 25 ms, and again for each connection in the worst
 * case (ecosystem 4). A file is read anew after a day, as libcurl does. For http.c.
 */
#ifndef MQFERRY_API_CLOUD_HTTP_TRUST_H
#define MQFERRY_API_CLOUD_HTTP_TRUST_H

#include <uv.h>

#include "api/base/failure.h"
#include "api/cloud/http_curl.h"

struct trust;

struct trusts { /* the caller's storage; zeroed but for the first three */
    uv_loop_t *loop;
    void (*changed)(void *context); /* a file was read, or could not be; on the loop */
    void *context;
    struct trust *first;
    uint32_t loading;
    void (*closed)(void *context);
};

/* The trust in a file; NULL: the system's. Begins to read it when nobody has. NULL: no memory. */
struct trust *trust_of(struct trusts *trusts, const char *path, struct failure *why);

/* 0: not yet, `changed` tells; 1: ready; -1: *why, UNREACHABLE. */
int trust_state(const struct trust *trust, struct failure *why);

/* A handle's connections trust what was read; it lives as long as `trusts`. */
void trust_apply(struct trust *trust, CURL *easy);

/* No connection is left. `closed` gets the context; maybe inside the call. */
void trusts_close(struct trusts *trusts, void (*closed)(void *context));

#endif
