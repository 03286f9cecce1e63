/* SPDX-License-Identifier: Apache-2.0
 *
 * Connections to brokers, one per advertised address, and the signing of what goes to them.
 */
#ifndef MQFERRY_API_CLUSTER_PEERS_H
#define MQFERRY_API_CLUSTER_PEERS_H

#include "api/cluster/acl.h"
#include "api/cluster/connection.h"

struct peers;

struct peers_options {
    struct uv_loop_s *loop;
    struct log *log;
    struct tls *tls;                   /* borrowed; NULL: plain */
    const struct request_watch *watch; /* borrowed; NULL: none */
    const char *address_map;           /* borrowed; checked; NULL: none */
    const struct acl_keys *keys;       /* borrowed; read at each call; without an access key nothing is signed */
};

struct peers *peers_new(const struct peers_options *options); /* NULL: no memory */
/* The connection to "host:port", made when there is none yet. Lives until peers_close. NULL with *why: BAD_ANSWER for
 * what is no address. */
struct connection *peers_find(struct peers *peers, const char *advertised, struct failure *why);
/* connection_call, signed. */
int peers_call(struct peers *peers, struct connection *connection, struct remote_call *call,
               const struct frame *request, struct failure *why);
/* Calls that are open end with CANCELLED. `closed` comes once, maybe inside when there is no connection. */
void peers_close(struct peers *peers, void (*closed)(void *context), void *context);

#endif
