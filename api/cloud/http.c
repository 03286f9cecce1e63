/* SPDX-License-Identifier: Apache-2.0
 *
 * libcurl's multi interface driven by libuv.
 *
 * happy path: http_start gives libcurl a transfer → libcurl tells which sockets to watch and when to wake it → each
 *             event goes to curl_multi_socket_action, after which the messages are drained, whatever it says about
 *             running transfers → the finished list is delivered, outside of libcurl.
 * what can go wrong: the transfer fails (say how, and whether anything left); libcurl forgets it (the transfer's own
 *             timer ends it shortly after its deadline; that also covers a socket that could not be watched).
 * cancelling: the transfer is taken from libcurl at once and delivered by a timer.
 * on close: no transfer is left; easy handles, then the multi handle while sockets can still be unwatched, then the
 *           timers; when the last handle has gone, the owner is told.
 *
 * Nothing that runs inside a callback of libcurl calls libcurl.
 */
#include "api/cloud/http.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "api/base/json.h"
#include "api/base/monotime.h"
#include "api/base/secret.h"
#include "api/cause.h"
#include "api/cloud/http_curl.h"

enum { BACKSTOP_MS = 250, HOST_BYTES_MAX = 256 };

struct transfer {
    struct http *http;
    CURL *easy;
    uv_timer_t backstop;
    struct http_request *request;
    struct curl_slist *headers;
    struct buffer answer;
    size_t body_given; /* bytes of the request's body that libcurl has taken */
    bool secret, too_large, repeated, running;
    char host[HOST_BYTES_MAX]; /* for messages */
    char error[CURL_ERROR_SIZE];
    struct transfer *next; /* in `idle` or `finished` */
};

struct watch {
    uv_poll_t poll;
    curl_socket_t socket;
};

struct http {
    uv_loop_t *loop;
    CURLM *multi;
    uv_timer_t timer;    /* libcurl's */
    uv_timer_t delivery; /* of what ended outside of an event */
    struct transfer *idle;
    struct transfer *finished, **finished_end;
    uint32_t kept;    /* connections */
    uint32_t active;  /* requests not yet answered */
    uint32_t handles; /* of libuv, not yet closed */
    bool delivering;
    void (*closed)(void *context);
    void *closed_context;
};

/* --- sockets and time ------------------------------------------------------------------------------------------------
 */

static void deliver(struct http *http);
static void finish(struct transfer *transfer, CURLcode result);

static void on_handle_gone(struct http *http)
{
    if (--http->handles > 0)
        return;
    void (*closed)(void *context) = http->closed;
    void *context = http->closed_context;
    free(http);
    curl_global_cleanup();
    closed(context);
}

static void on_watch_closed(uv_handle_t *handle)
{
    struct http *http = handle->data;
    free(handle); /* the watch: its first member */
    on_handle_gone(http);
}

static void drain(struct http *http)
{
    int left = 0;
    CURLMsg *message;

    while ((message = curl_multi_info_read(http->multi, &left)) != NULL) {
        struct transfer *transfer = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode result = message->data.result; /* the message goes with its handle */
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
        finish(transfer, result);
    }
}

static void act(struct http *http, curl_socket_t socket, int events)
{
    int running = 0;
    curl_multi_socket_action(http->multi, socket, events, &running);
    drain(http);
    deliver(http);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    const struct watch *watch = (const struct watch *)poll;
    int flags = (events & UV_READABLE ? CURL_CSELECT_IN : 0) | (events & UV_WRITABLE ? CURL_CSELECT_OUT : 0);
    act(poll->data, watch->socket, status < 0 ? CURL_CSELECT_ERR : flags);
}

static void on_timer(uv_timer_t *timer)
{
    act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static void on_delivery(uv_timer_t *timer)
{
    deliver(timer->data);
}

static struct watch *watch_new(struct http *http, curl_socket_t socket)
{
    struct watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL)
        return NULL;
    watch->socket = socket;
    if (uv_poll_init_socket(http->loop, &watch->poll, socket) != 0) {
        free(watch);
        return NULL;
    }
    watch->poll.data = http;
    http->handles++;
    curl_multi_assign(http->multi, socket, watch);
    return watch;
}

/* Failing here would end all transfers: one whose socket cannot be watched is left to its deadline. */
static int on_socket(CURL *easy, curl_socket_t socket, int what, void *context, void *socket_context)
{
    struct http *http = context;
    struct watch *watch = socket_context;
    int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (watch == NULL)
            return 0;
        uv_poll_stop(&watch->poll); /* before libcurl closes the socket */
        uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
        return 0;
    }
    if (watch == NULL)
        watch = watch_new(http, socket);
    if (watch != NULL)
        uv_poll_start(&watch->poll, events, on_poll);
    return 0;
}

static int on_timeout_wanted(CURLM *multi, long timeout_ms, void *context)
{
    struct http *http = context;
    (void)multi;
    if (timeout_ms < 0)
        uv_timer_stop(&http->timer);
    else
        uv_timer_start(&http->timer, on_timer, (uint64_t)timeout_ms, 0);
    return 0;
}

/* --- one transfer's callbacks from libcurl ---------------------------------------------------------------------------
 */

/* Called when a connection is there, right before the request leaves, and again when libcurl wants to send it anew. */
static int on_leaving(void *context, char *remote, char *local, int remote_port, int local_port)
{
    struct transfer *transfer = context;
    struct http_request *request = transfer->request;

    (void)remote, (void)local, (void)remote_port, (void)local_port;
    if (request->sent && request->writes) {
        transfer->repeated = true;
        return CURL_PREREQFUNC_ABORT;
    }
    if (!request->sent)
        request->sent_ms = monotime_ms();
    request->sent = true;
    return CURL_PREREQFUNC_OK;
}

/* Without a function to go back, libcurl cannot send a body twice. */
static size_t on_body_wanted(char *out, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    struct text rest = text_after(transfer->request->body, transfer->body_given);
    size_t bytes = rest.bytes < size * count ? rest.bytes : size * count;

    if (bytes > 0)
        memcpy(out, rest.data, bytes);
    transfer->body_given += bytes;
    return bytes;
}

static size_t on_answer(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;

    transfer->too_large = size * count > transfer->request->answer_bytes_max - transfer->answer.length;
    if (transfer->too_large || buffer_append(&transfer->answer, bytes, size * count) < 0)
        return CURL_WRITEFUNC_ERROR;
    return size * count;
}

/* --- starting --------------------------------------------------------------------------------------------------------
 */

static void on_backstop(uv_timer_t *timer)
{
    struct transfer *transfer = timer->data;
    struct http *http = transfer->http;
    finish(transfer, CURLE_OPERATION_TIMEDOUT);
    deliver(http);
}

static struct transfer *transfer_take(struct http *http)
{
    struct transfer *transfer = http->idle;

    if (transfer != NULL) {
        http->idle = transfer->next;
        transfer->next = NULL;
        return transfer;
    }
    transfer = calloc(1, sizeof *transfer);
    if (transfer == NULL)
        return NULL;
    transfer->easy = curl_easy_init();
    if (transfer->easy == NULL || uv_timer_init(http->loop, &transfer->backstop) != 0) {
        if (transfer->easy != NULL)
            curl_easy_cleanup(transfer->easy);
        free(transfer);
        return NULL;
    }
    transfer->http = http;
    transfer->backstop.data = transfer;
    http->handles++;
    return transfer;
}

static void release_headers(struct curl_slist *headers)
{
    for (struct curl_slist *header = headers; header != NULL; header = header->next)
        secret_wipe(header->data, strlen(header->data));
    curl_slist_free_all(headers);
}

static void transfer_put_back(struct transfer *transfer)
{
    curl_easy_reset(transfer->easy);
    release_headers(transfer->headers);
    transfer->headers = NULL;
    if (transfer->secret)
        secret_buffer_release(&transfer->answer);
    else
        buffer_release(&transfer->answer);
    transfer->request = NULL;
    transfer->next = transfer->http->idle;
    transfer->http->idle = transfer;
}

static int add_header(struct curl_slist **headers, struct text name, struct text value)
{
    struct buffer line;
    struct curl_slist *longer = NULL;

    buffer_init(&line, 1 << 16);
    buffer_append_text(&line, name);
    buffer_append_string(&line, value.bytes > 0 ? ": " : ":");
    if (buffer_append_text(&line, value) == 0)
        longer = curl_slist_append(*headers, line.data);
    secret_buffer_release(&line);
    if (longer == NULL)
        return -1;
    *headers = longer;
    return 0;
}

/* A name without value takes away what libcurl would send by itself. */
static int set_headers(struct transfer *transfer, const struct http_request *request)
{
    bool typed = false;

    if (add_header(&transfer->headers, TEXT("Expect"), TEXT("")) < 0)
        return -1;
    for (uint32_t i = 0; i < request->header_count; i++) {
        typed = typed || text_is(request->headers[i].name, "content-type");
        if (add_header(&transfer->headers, request->headers[i].name, request->headers[i].value) < 0)
            return -1;
    }
    return typed ? 0 : add_header(&transfer->headers, TEXT("Content-Type"), TEXT(""));
}

/* Host and port of a URL: what messages may show of it. */
static void note_host(char out[static HOST_BYTES_MAX], const char *url)
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

    note_host(host, url);
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
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL); /* else the bundle is parsed for every connection */
    if (request->ca_file != NULL)
        curl_easy_setopt(easy, CURLOPT_CAINFO, request->ca_file);
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

static void set_callbacks(CURL *easy, struct transfer *transfer)
{
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_leaving);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_body_wanted);
    curl_easy_setopt(easy, CURLOPT_READDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_answer);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
}

static int set_up(struct transfer *transfer, const struct http_request *request)
{
    CURL *easy = transfer->easy;
    bool get = strcmp(request->method, "GET") == 0;

    if (set_headers(transfer, request) < 0)
        return -1;
    set_callbacks(easy, transfer);
    set_security(easy, request);
    set_time(easy, request);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L); /* the path is signed as it stands */
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "mqferry/" MQFERRY_VERSION);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
    if (!get) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.bytes);
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
    }
    return curl_easy_setopt(easy, CURLOPT_URL, request->url) == CURLE_OK ? 0 : -1;
}

/* Memory for a secret does not move while it grows: what it leaves behind would not be wiped. */
static int reserve_secret(struct buffer *buffer)
{
    for (size_t i = 0; i < buffer->ceiling; i++)
        buffer_append_char(buffer, '\0');
    if (buffer->failed)
        return -1;
    buffer_reset(buffer);
    return 0;
}

static int attach(struct transfer *transfer, struct http_request *request)
{
    request->failure = (struct failure)FAILURE_INIT;
    request->sent = false;
    request->sent_ms = 0;
    request->status = 0;
    request->answer = TEXT("");
    request->transfer = transfer;
    transfer->request = request;
    transfer->body_given = 0;
    transfer->too_large = transfer->repeated = false;
    transfer->secret = request->secret;
    transfer->error[0] = '\0';
    note_host(transfer->host, request->url);
    buffer_init(&transfer->answer, request->answer_bytes_max + JSON_PADDING);
    return request->secret ? reserve_secret(&transfer->answer) : 0;
}

int http_start(struct http *http, struct http_request *request, struct failure *why)
{
    struct transfer *transfer = transfer_take(http);

    if (transfer == NULL)
        return failure_no_memory(why, "sending a request");
    if (attach(transfer, request) < 0 || set_up(transfer, request) < 0 ||
        curl_multi_add_handle(http->multi, transfer->easy) != CURLM_OK) {
        transfer_put_back(transfer);
        return failure_no_memory(why, "sending a request");
    }
    transfer->running = true;
    http->active++;
    uint64_t now_ms = monotime_ms();
    uv_timer_start(&transfer->backstop, on_backstop,
                   (request->deadline_ms > now_ms ? request->deadline_ms - now_ms : 0) + BACKSTOP_MS, 0);
    return 0;
}

/* --- ending ----------------------------------------------------------------------------------------------------------
 */

/* libcurl begins its messages with a capital. */
static int fail(struct transfer *transfer, int cause, CURLcode result)
{
    struct http_request *request = transfer->request;
    char *reason = transfer->error;

    if (reason[0] == '\0') {
        const char *general = curl_easy_strerror(result);
        size_t bytes = strnlen(general, CURL_ERROR_SIZE - 1);
        memcpy(reason, general, bytes);
        reason[bytes] = '\0';
    }
    if (isupper((unsigned char)reason[0]) && islower((unsigned char)reason[1]))
        reason[0] = (char)tolower((unsigned char)reason[0]);
    return failure_set(&request->failure, cause, "%s %s: %s", request->sent ? "no answer from" : "cannot reach",
                       transfer->host, reason);
}

static void explain(struct transfer *transfer, CURLcode result)
{
    struct http_request *request = transfer->request;

    if (transfer->repeated || result == CURLE_SEND_FAIL_REWIND) {
        request->sent = true;
        failure_set(&request->failure, CAUSE_UNREACHABLE, "no answer from %s: the connection was closed",
                    transfer->host);
    } else if (transfer->too_large) {
        failure_set(&request->failure, CAUSE_BAD_ANSWER, "the answer of %s has more than %zu bytes", transfer->host,
                    request->answer_bytes_max);
    } else if (result == CURLE_WRITE_ERROR) {
        failure_no_memory(&request->failure, "receiving an answer");
    } else {
        fail(transfer, CAUSE_UNREACHABLE, result);
    }
    if (request->writes && request->sent)
        request->failure.cause = CAUSE_OUTCOME_UNKNOWN;
}

static void take_answer(struct transfer *transfer)
{
    static const char padding[JSON_PADDING];
    struct http_request *request = transfer->request;
    size_t bytes = transfer->answer.length;
    long status = 0;

    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    if (buffer_append(&transfer->answer, padding, sizeof padding) < 0) {
        explain(transfer, CURLE_WRITE_ERROR);
        return;
    }
    request->status = (uint16_t)status;
    request->answer = (struct text){transfer->answer.data, bytes};
}

static void finish(struct transfer *transfer, CURLcode result)
{
    struct http *http = transfer->http;

    transfer->running = false;
    uv_timer_stop(&transfer->backstop);
    curl_multi_remove_handle(http->multi, transfer->easy);
    if (result == CURLE_OK)
        take_answer(transfer);
    else if (transfer->request->failure.cause == 0) /* not cancelled */
        explain(transfer, result);
    transfer->next = NULL;
    *http->finished_end = transfer;
    http->finished_end = &transfer->next;
}

static void deliver(struct http *http)
{
    struct transfer *transfer;

    http->delivering = true;
    while ((transfer = http->finished) != NULL) {
        struct http_request *request = transfer->request;
        http->finished = transfer->next;
        if (http->finished == NULL)
            http->finished_end = &http->finished;
        http->active--;
        request->done(request); /* which may have freed it */
        transfer_put_back(transfer);
    }
    http->delivering = false;
}

void http_cancel(struct http *http, struct http_request *request)
{
    struct transfer *transfer = request->transfer;

    if (transfer == NULL || transfer->request != request || !transfer->running)
        return;
    failure_set(&request->failure, request->writes && request->sent ? CAUSE_OUTCOME_UNKNOWN : CAUSE_CANCELLED,
                "the request to %s was cancelled", transfer->host);
    finish(transfer, CURLE_ABORTED_BY_CALLBACK);
    uv_timer_start(&http->delivery, on_delivery, 0, 0);
}

bool http_answer_header(const struct http_request *request, const char *name, char *out, size_t bytes)
{
    struct curl_header *header = NULL;

    out[0] = '\0';
    if (curl_easy_header(request->transfer->easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
        return false;
    size_t length = strnlen(header->value, bytes - 1);
    memcpy(out, header->value, length);
    out[length] = '\0';
    return true;
}

bool http_answer_date(const struct http_request *request, int64_t *out_unix_ms)
{
    char date[64];
    if (!http_answer_header(request, "date", date, sizeof date))
        return false;
    time_t seconds = curl_getdate(date, NULL);
    *out_unix_ms = (int64_t)seconds * 1000;
    return seconds >= 0;
}

/* --- life ------------------------------------------------------------------------------------------------------------
 */

struct http *http_new(struct uv_loop_s *loop, struct failure *why)
{
    struct http *http = NULL;

    if (curl_load(why) < 0)
        return NULL;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        goto fail;
    http = calloc(1, sizeof *http);
    if (http == NULL)
        goto fail_global;
    *http = (struct http){.loop = loop, .multi = curl_multi_init(), .handles = 2};
    if (http->multi == NULL)
        goto fail_http;
    http->finished_end = &http->finished;
    uv_timer_init(loop, &http->timer);
    uv_timer_init(loop, &http->delivery);
    http->timer.data = http->delivery.data = http;
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_timeout_wanted);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
    http_keep(http, 4);
    return http;
fail_http:
    free(http);
fail_global:
    curl_global_cleanup();
fail:
    failure_no_memory(why, "starting libcurl");
    return NULL;
}

void http_keep(struct http *http, uint32_t connections)
{
    http->kept += connections;
    curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)http->kept);
}

static void on_timer_closed(uv_handle_t *handle)
{
    on_handle_gone(handle->data);
}

static void on_transfer_closed(uv_handle_t *handle)
{
    struct transfer *transfer = handle->data;
    struct http *http = transfer->http;
    free(transfer);
    on_handle_gone(http);
}

void http_close(struct http *http, void (*closed)(void *context), void *context)
{
    struct transfer *next;

    assert(http->active == 0 && !http->delivering);
    http->closed = closed;
    http->closed_context = context;
    for (struct transfer *transfer = http->idle; transfer != NULL; transfer = next) {
        next = transfer->next;
        curl_easy_cleanup(transfer->easy);
        uv_close((uv_handle_t *)&transfer->backstop, on_transfer_closed);
    }
    curl_multi_cleanup(http->multi);
    uv_close((uv_handle_t *)&http->timer, on_timer_closed);
    uv_close((uv_handle_t *)&http->delivery, on_timer_closed);
}
