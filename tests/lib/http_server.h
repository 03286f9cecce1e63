/* SPDX-License-Identifier: Apache-2.0
 *
 * An HTTP server on loopback, on the test's own loop, that answers as the test says: late, cut, reset, or not at all.
 */
#ifndef MQFERRY_TESTS_LIB_HTTP_SERVER_H
#define MQFERRY_TESTS_LIB_HTTP_SERVER_H

#include <stdint.h>

#include <uv.h>

#include "api/base/buffer.h"

enum afterwards { STAY_OPEN, CLOSE_AFTER, RESET_AFTER };

struct exchange {
    struct text request;                /* request line, headers, body; during the handler */
    unsigned connection, on_connection; /* which connection, from 0, and which request on it */
    struct buffer answer;               /* bytes to send; none: silence */
    enum afterwards afterwards;
    uint64_t delay_ms;
};

struct http_server {
    char url[64]; /* "http://127.0.0.1:PORT" */
    unsigned requests, connections;
    void (*handle)(struct exchange *exchange, void *context);
    void *context;
    uv_tcp_t listener;
    struct served *served; /* connections that are open */
};

void http_server_begin(struct http_server *server, uv_loop_t *loop,
                       void (*handle)(struct exchange *exchange, void *context), void *context);
/* The handles are gone once the loop has run. */
void http_server_end(struct http_server *server);

/* A whole answer; `headers` are lines that end in CRLF, or "". */
void exchange_answer(struct exchange *exchange, unsigned status, const char *headers, const char *body);
/* Whether the request contains that. */
int exchange_has(const struct exchange *exchange, const char *part);

#endif
