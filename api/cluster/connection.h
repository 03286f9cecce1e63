/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests to one peer, name server or broker, over one connection that is made when it is needed and made again when
 * it was lost. Many may be under way; answers come in any order and are matched by opaque (rocketmq-remoting 3.1).
 *
 * A call fails at once (-1, done is never called) or is accepted and answers exactly once, later, never inside a
 * function of this header. Its own failure outranks a cancellation.
 *
 * A peer that closes an idle connection (120 s) is no event: we leave before it does, and a read that met the end of a
 * connection that had served before is sent once more. A create never is: `sent` tells that it may have arrived.
 */
#ifndef MQFERRY_API_CLUSTER_CONNECTION_H
#define MQFERRY_API_CLUSTER_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/cluster/frame.h"
#include "api/cluster/reach.h"

struct uv_loop_s;
struct log;
struct tls;
struct connection;

enum {
    CALLS_MAX = 1024,             /* under way at once, per peer */
    REQUEST_BYTES_MAX = 16 << 20, /* what the Java side takes (3.1) */
};

struct remote_call {
    /* in; the caller's storage, until done */
    uint64_t deadline_ms;
    bool reads; /* may be sent twice */
    void (*done)(struct remote_call *call);
    void *data;
    /* out */
    bool sent;              /* it may have arrived */
    enum reach reach;       /* not sent, UNREACHABLE: how far the connection came */
    struct failure failure; /* UNREACHABLE, BAD_ANSWER, CANCELLED, OUT_OF_MEMORY; cause 0: the answer counts */
    struct frame answer;    /* whatever its code says. Its texts live until done returns, the body longer if taken */
    /* connection.c's */
    struct connection *connection;
    struct remote_call *previous, *next;
    int32_t opaque, code;
    uint64_t began_ms;
    bool again, cancelled;
    char *request;
    size_t request_bytes;
    char *bytes, **taken_from;
    struct arena memory;
};

/* Told of every request that was sent and has ended (instance.h, request_ended). */
struct request_watch {
    void (*ended)(void *context, const char *operation, int cause, uint64_t took_ms);
    void *context;
};

struct connection_options {
    struct uv_loop_s *loop;
    struct log *log;
    const char *host; /* copied */
    uint16_t port;
    struct tls *tls; /* borrowed; NULL: plain */
    size_t answer_bytes_max;
    uint32_t connect_ms;
    const struct request_watch *watch; /* borrowed; NULL: nobody wants to know */
    uint32_t idle_ms;                  /* after so long without use it is left; 0: before brokers would close it */
};

struct connection *connection_new(const struct connection_options *options); /* NULL: no memory */
/* "host:port" */
const char *connection_peer(const struct connection *connection);

/* Sends the request, whose opaque is set here and whose texts are read here. */
int connection_call(struct connection *connection, struct remote_call *call, const struct frame *request,
                    struct failure *why);
/* Answers with CANCELLED, later. Nothing happens to a call that is not under way. */
void remote_call_cancel(struct remote_call *call);
/* In done: the bytes behind answer.body leave with their owner-to-be, who free()s them. JSON_PADDING zero bytes are
 * behind the body. */
char *remote_call_take_bytes(struct remote_call *call);

/* Cancels what is under way. `closed` comes later, when all calls have answered and no handle is left. */
void connection_close(struct connection *connection, void (*closed)(void *context), void *context);

#endif
