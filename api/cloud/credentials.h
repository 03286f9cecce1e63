/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys of the cloud that are always fresh: found along the vendor's chain or where a SPEC says (sources.h), renewed in
 * the background before they go stale, so that no call waits for that (openapi 6.1, 6.5).
 *
 * The source that gave keys once is asked again from then on: a chain does not wander to another account. A renewal
 * that fails keeps what is there until it really expires.
 *
 * Files, variables and programs are read on workers, requests go through http.h; everything else here is on the loop.
 */
#ifndef MQFERRY_API_CLOUD_CREDENTIALS_H
#define MQFERRY_API_CLOUD_CREDENTIALS_H

#include "api/cloud/fetch.h"

struct worker_pool;
struct credentials;

struct credentials_options {
    struct worker_pool *workers;
    const char *spec;                /* copied; NULL: the default chain */
    struct fetch_surroundings fetch; /* its texts are copied; the rest outlives the credentials */
};

struct credentials_wait {
    /* once, later, never inside credentials_wait. On failure why->cause says more; keys are credentials_now's. */
    void (*done)(struct credentials_wait *wait, const struct failure *why);
    void *data;
    struct credentials_wait *next; /* credentials.c's */
};

/* CONFIGURATION_WRONG for a SPEC that is none. Nothing is read yet. */
int credentials_new(const struct credentials_options *options, struct credentials **out, struct failure *why);

/* Keys that may be used now, valid until the loop goes on; NULL: wait for them. Renews them when they are stale. */
const struct keys *credentials_now(struct credentials *credentials);
/* Which source of the chain gave them: "the environment"; NULL before. */
const char *credentials_source(const struct credentials *credentials);

void credentials_wait(struct credentials *credentials, struct credentials_wait *wait);
void credentials_wait_cancel(struct credentials *credentials, struct credentials_wait *wait);

/* The server refused keys of this id as expired: they are not given out any more. Others are there already, or will
 * be. */
void credentials_expired(struct credentials *credentials, const char *id);

/* Nobody waits any more. `closed` comes once, maybe inside the call, after which the struct is gone. */
void credentials_close(struct credentials *credentials, void (*closed)(void *context), void *context);

#endif
