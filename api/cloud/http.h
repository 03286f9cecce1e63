/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTP requests on the loop: the one place that knows libcurl. Keep-alive, TLS 1.2 or later with verification, proxies
 * by environment, no redirects, no netrc, a deadline on everything, a bound on the answer.
 *
 * A request that writes leaves at most once: libcurl's own repetition of a request whose reused connection died is
 * refused (ecosystem 4). So `sent` without an answer means that the outcome is unknown, never more than one of them.
 *
 * Life: http_new → http_start … each answered → http_close. A request's struct is the caller's until its answer.
 */
#ifndef MQFERRY_API_CLOUD_HTTP_H
#define MQFERRY_API_CLOUD_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "api/base/buffer.h"
#include "api/base/failure.h"
#include "api/cloud/signature.h"

struct uv_loop_s;
struct http;

struct http_request {
    /* in; borrowed until the answer, but url and headers only during http_start */
    const char *method, *url;
    const struct pair *headers;
    uint32_t header_count;
    struct text body;
    const char *ca_file;         /* NULL: the system's bundle */
    bool plain;                  /* http:// is allowed */
    bool direct;                 /* past any proxy; always so for a host that is this machine */
    bool writes;                 /* never repeated */
    bool secret;                 /* URL or answer: their memory is wiped */
    uint64_t connect_timeout_ms; /* name, connection and TLS */
    uint64_t deadline_ms;        /* monotonic */
    size_t answer_bytes_max;
    void (*done)(struct http_request *request); /* once, later, never inside http_start or http_cancel */
    void *data;
    /* out; valid during the callback */
    struct failure failure; /* UNREACHABLE, BAD_ANSWER (too large), CANCELLED; cause 0: an answer came, any status. For
                               what writes and was sent: OUTCOME_UNKNOWN instead */
    bool sent;              /* bytes of it may have left */
    uint64_t sent_ms;       /* when, monotonic */
    uint16_t status;
    struct text answer; /* followed by JSON_PADDING zero bytes */
    /* the rest is http.c's */
    struct transfer *transfer;
};

/* NULL: *why; CONFIGURATION_WRONG when libcurl is not installed. The loop is borrowed. */
struct http *http_new(struct uv_loop_s *loop, struct failure *why);

/* Whether the host of a URL is this machine. */
bool http_url_is_loopback(const char *url);

/* So many connections may be open at once, all in all: the most that anybody wants. More requests wait for one, within
 * their deadlines. Those that nobody uses for a while are closed. */
void http_allow(struct http *http, uint32_t connections);

/* 0, or -1 and `done` never comes. */
int http_start(struct http *http, struct http_request *request, struct failure *why);
/* Ends it with CANCELLED; nothing happens when its end is known already. */
void http_cancel(struct http *http, struct http_request *request);

/* During `done`: the value of a header of the answer, cut at the size; empty when absent. true: it is there. */
bool http_answer_header(const struct http_request *request, const char *name, char *out, size_t bytes);

/* During `done`: the header Date. */
bool http_answer_date(const struct http_request *request, int64_t *out_unix_ms);

/* Every request has been answered, and this is not inside a `done`. */
void http_close(struct http *http, void (*closed)(void *context), void *context);

#endif
