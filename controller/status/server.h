/* SPDX-License-Identifier: Apache-2.0
 *
 * The daemon's HTTP server (contract section 8): libmicrohttpd inside the loop. GET and HEAD, never a secret, never a
 * write.
 *
 * It stays small whatever comes in: so many connections, so much memory and time each; what takes longer than the loop
 * may be held is rendered by a worker, one answer at a time, so that passes wait for one such job at most. Loop thread.
 */
#ifndef MQFERRY_CONTROLLER_STATUS_SERVER_H
#define MQFERRY_CONTROLLER_STATUS_SERVER_H

#include "api/base/failure.h"
#include "api/base/log.h"
#include "api/base/worker.h"
#include "controller/status/board.h"

enum {
    STATUS_CONNECTIONS_MAX = 64,
    STATUS_CONNECTION_BYTES = 16 * 1024, /* of a connection: head of the request and of the answer */
    STATUS_IDLE_S = 10,                  /* nothing moves: closed */
    STATUS_REQUEST_MS = 30 * 1000,       /* a request, or the wait for the next one, takes longer: closed */
    STATUS_CROWDED_MS = 1000,            /* all places are taken: who asks nothing for so long is closed */
    STATUS_TICK_MS = 500,                /* while there are connections */
    STATUS_FRESH_MS = 200,               /* /metrics and /v1/status are rendered at most so often */
    STATUS_SLICE_NS = 2 * 1000 * 1000,   /* … and hold the loop about so long at a time */
};

struct addrinfo;
struct status_server;

struct status_server_options {
    uv_loop_t *loop;
    struct worker_pool *workers;
    struct log *log;
    const char *listen;                 /* "ADDRESS:PORT", "[IPV6]:PORT", "NAME:PORT"; port 0: any; copied */
    const struct addrinfo *places;      /* of it (listen_find); borrowed for the call; NULL: looked up here */
    const struct status_server *before; /* which this one is to follow: it may have the same port; NULL: none */
    const char *const *host_names;      /* NULL-terminated or NULL; copied */
    struct board *board;                /* borrowed until closed */
    const char *state_dir;              /* NULL: no journals to show; copied */
};

/* Listens. CONFIGURATION_WRONG: the text is none, or the port is taken. 0 or -1. */
int status_server_new(const struct status_server_options *options, struct status_server **out, struct failure *why);
/* "127.0.0.1:9480": where it listens, the port that the kernel gave. */
const char *status_server_address(const struct status_server *server);
/* After a reload. Keeps the old ones where memory is short. */
void status_server_host_names(struct status_server *server, const char *const *host_names);
/* Ends every connection; calls back once, later; then it is gone, and records are back. */
void status_server_close(struct status_server *server, void (*closed)(void *context), void *context);

#endif
