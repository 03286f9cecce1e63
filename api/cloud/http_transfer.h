/* SPDX-License-Identifier: Apache-2.0
 *
 * One transfer: its handle of libcurl, what libcurl calls it for, and what became of it. For http.c, which decides when
 * it begins and to whom its end is told.
 */
#ifndef MQFERRY_API_CLOUD_HTTP_TRANSFER_H
#define MQFERRY_API_CLOUD_HTTP_TRANSFER_H

#include <uv.h>

#include "api/cloud/http.h"
#include "api/cloud/http_curl.h"
#include "api/cloud/http_options.h"
#include "api/cloud/http_trust.h"

struct transfer {
    struct http *http;
    CURL *easy;
    void (*leaving)(struct transfer *transfer); /* its connection is there: the request leaves now */
    uv_timer_t backstop;
    struct http_request *request;
    struct curl_slist *headers;
    struct buffer answer;
    size_t body_given;   /* bytes of the request's body that libcurl has taken */
    struct trust *trust; /* NULL: plain */
    bool too_large, repeated, running, queued, secret;
    char host[HOST_BYTES_MAX]; /* for messages */
    char error[CURL_ERROR_SIZE];
    struct transfer *next;               /* in `idle`, `queued` or `finished` */
    struct transfer *also, **connecting; /* in `connecting`: the next one, what points to this one; NULL: not there */
};

/* Takes a request: its answer is empty, its handle set up. 0, or -1 without memory. */
int transfer_prepare(struct transfer *transfer, struct http_request *request, struct trusts *trusts);
/* It has ended: its request gets the answer, or the failure, unless it has one (cancelled). */
void transfer_conclude(struct transfer *transfer, CURLcode result);

#endif
