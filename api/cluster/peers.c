/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cluster/peers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/cause.h"
#include "api/cluster/endpoint.h"

enum { CONNECT_MS = 5000, ANSWER_BYTES_MAX = 512 << 20, ADDRESS_BYTES = 272 };

struct peer {
    struct connection *connection;
    struct peer *next;
    char advertised[ADDRESS_BYTES];
};

struct peers {
    struct peers_options options;
    struct peer *first;
    uint32_t open; /* connections that are not closed yet */
    void (*closed)(void *context);
    void *closed_context;
};

struct peers *peers_new(const struct peers_options *options)
{
    struct peers *peers = calloc(1, sizeof *peers);

    if (peers)
        peers->options = *options;
    return peers;
}

static struct connection *connect_to(const struct peers *peers, const char *advertised, struct failure *why)
{
    struct endpoint endpoint;

    if (!endpoint_parse(text_of(advertised), &endpoint) || strlen(advertised) >= ADDRESS_BYTES) {
        failure_set(why, CAUSE_BAD_ANSWER, "the name server lists a broker at '%.200s', which is no address",
                    advertised);
        return NULL;
    }
    endpoint_map(peers->options.address_map, &endpoint);
    const struct connection_options options = {
        .loop = peers->options.loop,
        .log = peers->options.log,
        .host = endpoint.host,
        .port = endpoint.port,
        .tls = peers->options.tls,
        .watch = peers->options.watch,
        .answer_bytes_max = ANSWER_BYTES_MAX,
        .connect_ms = CONNECT_MS,
    };
    struct connection *connection = connection_new(&options);
    if (!connection)
        failure_no_memory(why, "a connection");
    return connection;
}

struct connection *peers_find(struct peers *peers, const char *advertised, struct failure *why)
{
    struct peer *peer = peers->first;

    while (peer && strcmp(peer->advertised, advertised) != 0)
        peer = peer->next;
    if (peer)
        return peer->connection;
    peer = calloc(1, sizeof *peer);
    if (!peer) {
        failure_no_memory(why, "a connection");
        return NULL;
    }
    peer->connection = connect_to(peers, advertised, why);
    if (!peer->connection) {
        free(peer);
        return NULL;
    }
    snprintf(peer->advertised, sizeof peer->advertised, "%s", advertised);
    peer->next = peers->first;
    peers->first = peer;
    peers->open++;
    return peer->connection;
}

int peers_call(struct peers *peers, struct connection *connection, struct remote_call *call,
               const struct frame *request, struct failure *why)
{
    const struct acl_keys *keys = peers->options.keys;
    char signature[ACL_SIGNATURE_BYTES];
    struct frame signed_request = *request;

    if (keys->access_key && acl_sign(&signed_request, keys, signature, why) != 0)
        return -1;
    return connection_call(connection, call, &signed_request, why);
}

static void end_closing(struct peers *peers)
{
    void (*closed)(void *context) = peers->closed;
    void *context = peers->closed_context;
    struct peer *peer = peers->first, *next;

    for (; peer; peer = next) {
        next = peer->next;
        free(peer);
    }
    free(peers);
    closed(context);
}

static void on_connection_closed(void *context)
{
    struct peers *peers = context;

    if (--peers->open == 0)
        end_closing(peers);
}

void peers_close(struct peers *peers, void (*closed)(void *context), void *context)
{
    peers->closed = closed;
    peers->closed_context = context;
    if (peers->open == 0) {
        end_closing(peers);
        return;
    }
    for (struct peer *peer = peers->first; peer; peer = peer->next)
        connection_close(peer->connection, on_connection_closed, peers);
}
