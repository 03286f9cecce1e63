/* SPDX-License-Identifier: Apache-2.0
 *
 * What a request of the status server asks for: path, query and Host, as they stand on the wire. Pure.
 *
 * Everything that comes in is foreign: bounded, decoded once, and refused with a sentence where it is not understood.
 * Unknown members of a query are refused too: a misspelt filter must not look like an unfiltered answer.
 */
#ifndef MQFERRY_CONTROLLER_STATUS_REQUEST_H
#define MQFERRY_CONTROLLER_STATUS_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "api/base/buffer.h"
#include "api/base/failure.h"
#include "api/fields.h"
#include "controller/pass/pass.h"
#include "controller/plan/plan.h"

enum {
    REQUEST_TARGET_BYTES_MAX = 2048, /* path and query */
    REQUEST_SYNC_BYTES_MAX = 128,    /* of a name, as metadata.name */
    REQUEST_SEARCH_BYTES_MAX = 256,
    REQUEST_SIZE = 100, /* rows of a page */
    REQUEST_SIZE_MAX = 1000,
    REQUEST_PAGE_MAX = 100000000,
};

enum route {
    ROUTE_FILE, /* of the status page: which one is told by `file` */
    ROUTE_HEALTH,
    ROUTE_READY,
    ROUTE_METRICS,
    ROUTE_STATUS,
    ROUTE_SYNC,
    ROUTE_CHANGES, /* /v1/syncs/NAME/changes */
};

enum row_order { ORDER_NAME, ORDER_NAME_DOWN, ORDER_STATE, ORDER_STATE_DOWN };

/* Which rows of a sync, and which page of them. */
struct row_query {
    uint32_t kinds;                            /* a bit per kind */
    uint32_t states;                           /* a bit per state */
    uint32_t results;                          /* a bit per result; 0: whatever it is */
    char search[REQUEST_SEARCH_BYTES_MAX + 1]; /* "" : all; else part of the name, letter case does not count */
    enum row_order order;
    uint32_t page, size; /* from 1 */
};

struct status_request {
    enum route route;
    uint32_t file;
    char sync[REQUEST_SYNC_BYTES_MAX + 1];
    struct row_query rows;
};

/* What a request without `state` gets: everything but system, excluded and extra. */
uint32_t row_query_default_states(void);

/* HTTP status: 200, or 400, 404, 414 with *why (USAGE). `target` is "/path?query" as sent. */
unsigned status_request_parse(struct text target, struct status_request *out, struct failure *why);

/* The host of a listen text or of a Host header: "[::1]:9480" gives "::1". Empty: it is none. */
struct text host_without_port(struct text host);
/* May this Host header ask (contract section 8)? IP addresses, localhost, the host of `listen`, and `names`
 * (NULL-terminated or NULL). */
bool host_is_ours(struct text host, const char *listen, const char *const *names);

#endif
