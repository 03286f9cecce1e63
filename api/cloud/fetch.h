/* SPDX-License-Identifier: Apache-2.0
 *
 * The requests that a recipe leaves to be made: keys from the ECS metadata server, from a URI, from STS (openapi 6.4,
 * 6.6, 6.7). One after the other, on the loop.
 */
#ifndef MQFERRY_API_CLOUD_FETCH_H
#define MQFERRY_API_CLOUD_FETCH_H

#include "api/cloud/http.h"
#include "api/cloud/recipe.h"
#include "api/cloud/signed.h"

enum fetch_step { FETCH_ECS_TOKEN, FETCH_ECS_ROLE, FETCH_ECS_KEYS, FETCH_URI, FETCH_OIDC, FETCH_ROLE };

struct fetch_surroundings {
    struct http *http;
    const char *ca_file;
    const char *metadata_url; /* NULL: the real one; tests have their own */
    const char *sts_url;      /* NULL: https and the role's endpoint */
    int64_t *clock_offset_ms; /* server's time less ours; corrected when STS says so */
};

struct fetch {
    /* in; borrowed until the answer */
    const struct fetch_surroundings *surroundings;
    const struct recipe *recipe;
    void (*done)(struct fetch *fetch); /* once, later, never inside fetch_start or fetch_cancel */
    void *data;
    /* out */
    struct failure failure; /* cause 0: */
    struct keys keys;       /* the receiver's */
    /* the rest is fetch.c's */
    enum fetch_step step;
    uint32_t role; /* the next one to be assumed */
    bool clock_corrected, cancelled;
    char *ecs_token, *ecs_role;
    struct buffer url, body;
    struct signed_request signed_request;
    struct http_request request;
};

/* Whether a recipe leaves anything to be asked. */
bool fetch_is_needed(const struct recipe *recipe);
/* 0, or -1 and `done` never comes. */
int fetch_start(struct fetch *fetch, struct failure *why);
void fetch_cancel(struct fetch *fetch);

#endif
