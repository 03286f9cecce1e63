/* SPDX-License-Identifier: Apache-2.0
 *
 * What a request asks for, in the options of a libcurl handle; whom it trusts is http_trust.h's. For http.c.
 */
#ifndef MQFERRY_API_CLOUD_HTTP_OPTIONS_H
#define MQFERRY_API_CLOUD_HTTP_OPTIONS_H

#include "api/cloud/http.h"
#include "api/cloud/http_curl.h"

enum { HOST_BYTES_MAX = 256 };

/* *headers is the caller's, filled in before a failure too. -1: no memory, or no URL. */
int options_set(CURL *easy, const struct http_request *request, struct curl_slist **headers);
void options_release_headers(struct curl_slist *headers);

/* Host and port of a URL: what messages may show of it. */
void options_note_host(char out[static HOST_BYTES_MAX], const char *url);

#endif
