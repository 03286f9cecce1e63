/* SPDX-License-Identifier: Apache-2.0
 *
 * A name server or broker on loopback, on the test's own loop, that answers as the test says: late, in any order, in
 * either header, cut, with garbage, never; plain or over TLS.
 */
#ifndef MQFERRY_TESTS_LIB_REMOTING_SERVER_H
#define MQFERRY_TESTS_LIB_REMOTING_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "api/cluster/frame.h"

struct remote_answer {
    unsigned connection, on_connection; /* which connection, from 0, and which request on it */
    const struct frame *request;        /* during the handler */
    /* out; texts must live until the server ends, or stand in `body` */
    int32_t code;
    const char *remark;
    struct frame_field field; /* one, if it has a name */
    struct buffer body;       /* appended to by the handler */
    enum frame_header header;
    int32_t version; /* 0: the server's */
    uint64_t delay_ms;
    bool silent;         /* no answer */
    bool close;          /* at once, without an answer */
    bool close_after;    /* when the answer has left */
    size_t cut;          /* only so many bytes of the answer, then the end; 0: all */
    const char *garbage; /* instead of the answer */
};

struct remoting_server {
    char host[64];
    uint16_t port;
    int32_t version; /* in answers: 407, 479, 513 … */
    unsigned requests, connections;
    uint32_t sent[65536]; /* requests by their code */
    void (*handle)(struct remote_answer *answer, void *context);
    void *context;
    bool hangs; /* accepts, and reads nothing */
    struct ssl_ctx_st *tls;
    uv_tcp_t listener;
    struct remote_peer *peers; /* connections that are open */
};

/* `host` is "127.0.0.1" or "::1"; the port is free. */
void remoting_server_begin(struct remoting_server *server, uv_loop_t *loop, const char *host,
                           void (*handle)(struct remote_answer *answer, void *context), void *context);
/* PEM files; from now on each connection speaks TLS. ca_file: clients must show a certificate of it. NULL: need not. */
void remoting_server_use_tls(struct remoting_server *server, const char *cert_file, const char *key_file,
                             const char *ca_file);
/* Closes every connection, as a server does with idle ones. */
void remoting_server_cut(struct remoting_server *server);
/* Nobody listens any more; the handles are gone once the loop has run. Once more does nothing. */
void remoting_server_end(struct remoting_server *server);

#endif
