/* SPDX-License-Identifier: Apache-2.0
 *
 * libcurl's multi interface driven by libuv: which transfers are under way, and when. One of them: http_transfer.h.
 *
 * happy path: http_start queues a transfer → it begins: libcurl gets it → libcurl tells which sockets to watch and when
 *             to wake it → each event goes to curl_multi_socket_action, after which the messages are drained, whatever
 *             it says about running transfers → the finished list is delivered, outside of libcurl.
 * what can go wrong: the transfer fails (say how, and whether anything left); libcurl forgets it (the transfer's own
 *             timer ends it shortly after its deadline; that also covers a socket that could not be watched); too much
 *             at once: 64 TLS connections made together are 50 ms of work. So nothing more is begun, and no more
 *             sockets are looked after, once a turn of the loop has taken TURN_MS: sockets that are ready will be so in
 *             the next turn, after all else that waits.
 * cancelling: the transfer is taken from libcurl at once and delivered by a timer.
 * on close: no transfer is left; easy handles, then the multi handle while sockets can still be unwatched, then the
 *             timers; when the last handle has gone, the owner is told.
 *
 * Nothing that runs inside a callback of libcurl calls libcurl.
 */
#include "api/cloud/http.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "api/base/monotime.h"
#include "api/cause.h"
#include "api/cloud/http_curl.h"
#include "api/cloud/http_sockets.h"
#include "api/cloud/http_transfer.h"
#include "api/cloud/http_trust.h"

enum { BACKSTOP_MS = 250, CONNECTING_MAX = 12, IDLE_MAX = 4, CONNECTIONS_MIN = 4, REST_MS = 10000 };

struct http {
    uv_loop_t *loop;
    CURLM *multi;
    uv_timer_t timer;    /* libcurl's */
    uv_timer_t delivery; /* of what ended outside of an event */
    uv_timer_t rest;     /* nothing was asked for so long */
    uv_timer_t begin;    /* of what is queued */
    struct sockets sockets;
    struct trusts trusts;
    struct transfer *idle;
    struct transfer *queued, **queued_end; /* not yet given to libcurl */
    struct transfer *finished, **finished_end;
    uint32_t kept; /* connections */
    uint32_t idle_count;
    uint32_t active;             /* requests not yet answered */
    struct transfer *connecting; /* begun and not yet leaving */
    uint32_t handles;            /* of libuv, not yet closed */
    bool delivering;
    void (*closed)(void *context);
    void *closed_context;
};

/* --- sockets and time ------------------------------------------------------------------------------------------------
 */

static void deliver(struct http *http);
static void finish(struct transfer *transfer, CURLcode result);
static void on_begin(uv_timer_t *timer);

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

static void act(void *context, curl_socket_t socket, int events)
{
    struct http *http = context;
    int running = 0;
    curl_multi_socket_action(http->multi, socket, events, &running);
    drain(http);
    deliver(http);
}

static void on_timer(uv_timer_t *timer)
{
    act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static void on_delivery(uv_timer_t *timer)
{
    deliver(timer->data);
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

/* --- what may begin --------------------------------------------------------------------------------------------------
 */

static void begin_connecting(struct transfer *transfer)
{
    struct http *http = transfer->http;

    transfer->also = http->connecting;
    transfer->connecting = &http->connecting;
    if (transfer->also != NULL)
        transfer->also->connecting = &transfer->also;
    http->connecting = transfer;
}

static void end_connecting(struct transfer *transfer)
{
    if (transfer->connecting == NULL)
        return;
    *transfer->connecting = transfer->also;
    if (transfer->also != NULL)
        transfer->also->connecting = transfer->connecting;
    transfer->connecting = NULL;
    if (transfer->http->queued != NULL)
        uv_timer_start(&transfer->http->begin, on_begin, 0, 0);
}

static bool host_is_busy(const struct http *http, const char *host)
{
    int count = 0;

    for (const struct transfer *transfer = http->connecting; transfer != NULL; transfer = transfer->also)
        count += strcmp(transfer->host, host) == 0;
    return count >= CONNECTING_MAX;
}

/* --- starting --------------------------------------------------------------------------------------------------------
 */

static void queue(struct transfer *transfer)
{
    struct http *http = transfer->http;

    transfer->queued = true;
    transfer->next = NULL;
    *http->queued_end = transfer;
    http->queued_end = &transfer->next;
    uv_timer_start(&http->begin, on_begin, 0, 0);
}

static void unqueue(struct transfer *transfer)
{
    struct http *http = transfer->http;
    struct transfer **at = &http->queued;

    while (*at != transfer)
        at = &(*at)->next;
    *at = transfer->next;
    if (http->queued_end == &transfer->next)
        http->queued_end = at;
    transfer->queued = false;
}

/* Each transfer does its first work at once, so that the time it takes is seen. */
static void begin(struct transfer *transfer)
{
    struct http *http = transfer->http;
    int running = 0;

    begin_connecting(transfer);
    if (transfer->trust != NULL)
        trust_apply(transfer->trust, transfer->easy);
    if (curl_multi_add_handle(http->multi, transfer->easy) != CURLM_OK)
        finish(transfer, CURLE_OUT_OF_MEMORY);
    else
        curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
}

static void on_begin(uv_timer_t *timer)
{
    struct http *http = timer->data;
    struct transfer *transfer = http->queued, *next;

    for (; transfer != NULL; transfer = next) {
        next = transfer->next;
        if (host_is_busy(http, transfer->host))
            continue; /* end_connecting */
        if (sockets_turn_is_over(&http->sockets)) {
            uv_timer_start(&http->begin, on_begin, 1, 0); /* 0 would be due in this very turn */
            break;
        }
        int state = transfer->trust != NULL ? trust_state(transfer->trust, &transfer->request->failure) : 1;
        if (state == 0)
            continue; /* on_trust */
        unqueue(transfer);
        if (state > 0)
            begin(transfer);
        else
            finish(transfer, CURLE_SSL_CACERT_BADFILE);
    }
    drain(http);
    deliver(http);
}

static void on_trust(void *context)
{
    struct http *http = context;
    uv_timer_start(&http->begin, on_begin, 0, 0);
}

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
        http->idle_count--;
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
    transfer->leaving = end_connecting;
    transfer->backstop.data = transfer;
    http->handles++;
    return transfer;
}

static void on_transfer_closed(uv_handle_t *handle)
{
    struct transfer *transfer = handle->data;
    struct http *http = transfer->http;
    free(transfer);
    on_handle_gone(http);
}

static void transfer_close(struct transfer *transfer)
{
    curl_easy_cleanup(transfer->easy);
    uv_close((uv_handle_t *)&transfer->backstop, on_transfer_closed);
}

/* A few stay for the next requests: each holds some 30 KB, and parts of its last URL. */
static void transfer_put_back(struct transfer *transfer)
{
    curl_easy_reset(transfer->easy);
    options_release_headers(transfer->headers);
    transfer->headers = NULL;
    buffer_release(&transfer->answer);
    transfer->request = NULL;
    if (transfer->secret || transfer->http->idle_count >= IDLE_MAX) {
        transfer_close(transfer);
        return;
    }
    transfer->next = transfer->http->idle;
    transfer->http->idle = transfer;
    transfer->http->idle_count++;
}

int http_start(struct http *http, struct http_request *request, struct failure *why)
{
    struct transfer *transfer = transfer_take(http);

    if (transfer == NULL)
        return failure_no_memory(why, "sending a request");
    if (transfer_prepare(transfer, request, &http->trusts) < 0) {
        transfer_put_back(transfer);
        return failure_no_memory(why, "sending a request");
    }
    transfer->running = true;
    http->active++;
    queue(transfer);
    uint64_t now_ms = monotime_ms();
    uv_timer_start(&transfer->backstop, on_backstop,
                   (request->deadline_ms > now_ms ? request->deadline_ms - now_ms : 0) + BACKSTOP_MS, 0);
    return 0;
}

/* --- ending ----------------------------------------------------------------------------------------------------------
 */

static void finish(struct transfer *transfer, CURLcode result)
{
    struct http *http = transfer->http;

    transfer->running = false;
    if (transfer->queued)
        unqueue(transfer);
    end_connecting(transfer);
    uv_timer_stop(&transfer->backstop);
    curl_multi_remove_handle(http->multi, transfer->easy);
    transfer_conclude(transfer, result);
    transfer->next = NULL;
    *http->finished_end = transfer;
    http->finished_end = &transfer->next;
}

static CURLM *multi_new(struct http *http)
{
    CURLM *multi = curl_multi_init();

    if (multi == NULL)
        return NULL;
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timeout_wanted);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, http);
    curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)http->kept);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)http->kept);
    return multi;
}

/* Connections to clouds hold some 40 KB each. libcurl closes all of them with their pool, and in no other way. */
static void on_rest(uv_timer_t *timer)
{
    struct http *http = timer->data;
    CURLM *before = http->multi, *fresh = http->active == 0 ? multi_new(http) : NULL;

    if (fresh == NULL)
        return;
    curl_multi_cleanup(before);
    uv_timer_stop(&http->timer);
    http->multi = fresh;
    sockets_use(&http->sockets, fresh);
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
        if (--http->active == 0)
            uv_timer_start(&http->rest, on_rest, REST_MS, 0);
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
    if (curl_begin() != 0)
        goto fail;
    http = calloc(1, sizeof *http);
    if (http == NULL)
        goto fail_global;
    *http = (struct http){.loop = loop, .handles = 6, .kept = CONNECTIONS_MIN};
    http->multi = multi_new(http);
    http->trusts = (struct trusts){.loop = loop, .changed = on_trust, .context = http};
    if (http->multi == NULL)
        goto fail_http;
    http->finished_end = &http->finished;
    http->queued_end = &http->queued;
    uv_timer_init(loop, &http->timer);
    uv_timer_init(loop, &http->delivery);
    uv_timer_init(loop, &http->begin);
    uv_timer_init(loop, &http->rest);
    uv_unref((uv_handle_t *)&http->rest); /* it keeps no loop alive */
    http->timer.data = http->delivery.data = http->begin.data = http->rest.data = http;
    http->sockets = (struct sockets){.loop = loop, .multi = http->multi, .ready = act, .context = http};
    sockets_start(&http->sockets);
    return http;
fail_http:
    free(http);
fail_global:
    curl_global_cleanup();
fail:
    failure_no_memory(why, "starting libcurl");
    return NULL;
}

void http_allow(struct http *http, uint32_t connections)
{
    if (connections <= http->kept)
        return;
    http->kept = connections;
    curl_multi_setopt(http->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)connections);
    curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)connections);
}

static void on_timer_closed(uv_handle_t *handle)
{
    on_handle_gone(handle->data);
}

static void on_part_closed(void *context)
{
    on_handle_gone(context);
}

void http_close(struct http *http, void (*closed)(void *context), void *context)
{
    struct transfer *next;

    assert(http->active == 0 && !http->delivering);
    http->closed = closed;
    http->closed_context = context;
    for (struct transfer *transfer = http->idle; transfer != NULL; transfer = next) {
        next = transfer->next;
        transfer_close(transfer);
    }
    curl_multi_cleanup(http->multi);
    uv_close((uv_handle_t *)&http->timer, on_timer_closed);
    uv_close((uv_handle_t *)&http->delivery, on_timer_closed);
    uv_close((uv_handle_t *)&http->begin, on_timer_closed);
    uv_close((uv_handle_t *)&http->rest, on_timer_closed);
    sockets_close(&http->sockets, on_part_closed);
    trusts_close(&http->trusts, on_part_closed);
}
