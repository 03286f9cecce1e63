/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cloud/http_options.h"

#include <string.h>

#include "api/base/monotime.h"
#include "api/base/secret.h"

/* A TLS connection holds some 60 KB: those that nobody used for so long are closed when the next request comes. */
enum { CONNECTION_IDLE_S = 20 };

void options_release_headers(struct curl_slist *headers)
{
    for (struct curl_slist *header = headers; header != NULL; header = header->next)
        secret_wipe(header->data, strlen(header->data));
    curl_slist_free_all(headers);
}

static int add_header(struct curl_slist **headers, struct text name, struct text value)
{
    struct buffer line;
    struct curl_slist *longer = NULL;

    buffer_init_secret(&line, 1 << 16);
    buffer_append_text(&line, name);
    buffer_append_string(&line, value.bytes > 0 ? ": " : ":");
    if (buffer_append_text(&line, value) == 0)
        longer = curl_slist_append(*headers, line.data);
    buffer_release(&line);
    if (longer == NULL)
        return -1;
    *headers = longer;
    return 0;
}

/* A name without value takes away what libcurl would send by itself. */
static int set_headers(struct curl_slist **headers, const struct http_request *request)
{
    bool typed = false;

    if (add_header(headers, TEXT("Expect"), TEXT("")) < 0)
        return -1;
    for (uint32_t i = 0; i < request->header_count; i++) {
        typed = typed || text_is(request->headers[i].name, "content-type");
        if (add_header(headers, request->headers[i].name, request->headers[i].value) < 0)
            return -1;
    }
    return typed ? 0 : add_header(headers, TEXT("Content-Type"), TEXT(""));
}

void options_note_host(char out[static HOST_BYTES_MAX], const char *url)
{
    const char *begin = strstr(url, "://");
    begin = begin != NULL ? begin + 3 : url;
    size_t bytes = strcspn(begin, "/?#");
    const char *at = memchr(begin, '@', bytes);
    if (at != NULL) {
        bytes -= (size_t)(at + 1 - begin);
        begin = at + 1;
    }
    if (bytes >= HOST_BYTES_MAX)
        bytes = HOST_BYTES_MAX - 1;
    memcpy(out, begin, bytes);
    out[bytes] = '\0';
}

bool http_url_is_loopback(const char *url)
{
    static const char *const names[] = {"127.0.0.1", "localhost", "[::1]"};
    char host[HOST_BYTES_MAX];

    options_note_host(host, url);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t bytes = strlen(names[i]);
        if (strncmp(host, names[i], bytes) == 0 && (host[bytes] == '\0' || host[bytes] == ':'))
            return true;
    }
    return false;
}

static void set_security(CURL *easy, const struct http_request *request)
{
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, request->plain ? "http,https" : "https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    if (request->direct || http_url_is_loopback(request->url))
        curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
}

static void set_time(CURL *easy, const struct http_request *request)
{
    uint64_t now_ms = monotime_ms();
    uint64_t left_ms = request->deadline_ms > now_ms ? request->deadline_ms - now_ms : 1;

    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)left_ms);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)(request->connect_timeout_ms < left_ms ? request->connect_timeout_ms : left_ms));
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* else a name that does not resolve in time blocks the loop */
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
}

int options_set(CURL *easy, const struct http_request *request, struct curl_slist **headers)
{
    bool get = strcmp(request->method, "GET") == 0;

    if (set_headers(headers, request) < 0)
        return -1;
    set_security(easy, request);
    set_time(easy, request);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)CONNECTION_IDLE_S);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L); /* the path is signed as it stands */
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "mqferry/" MQFERRY_VERSION);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, *headers);
    if (!get) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.bytes);
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
    }
    return curl_easy_setopt(easy, CURLOPT_URL, request->url) == CURLE_OK ? 0 : -1;
}
