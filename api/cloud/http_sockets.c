/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cloud/http_sockets.h"

#include <stdlib.h>

enum { TURN_MS = 5 };

struct watch {
    uv_poll_t poll; /* first: a poll is a watch */
    curl_socket_t socket;
};

/* ---- turns */

bool sockets_turn_is_over(struct sockets *sockets)
{
    uint64_t now_ns = uv_hrtime();

    if (sockets->turn_ns == 0)
        sockets->turn_ns = now_ns;
    return now_ns - sockets->turn_ns >= TURN_MS * 1000000ULL;
}

static void on_turn(uv_prepare_t *turn)
{
    struct sockets *sockets = turn->data;
    sockets->turn_ns = 0;
}

/* ---- sockets */

static void on_handle_gone(struct sockets *sockets)
{
    if (--sockets->handles == 0 && sockets->closed != NULL)
        sockets->closed(sockets->context);
}

static void on_watch_closed(uv_handle_t *handle)
{
    struct sockets *sockets = handle->data;
    free(handle); /* the watch */
    on_handle_gone(sockets);
}

/* What is not looked after now is still ready in the next turn. */
static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct sockets *sockets = poll->data;
    const struct watch *watch = (const struct watch *)poll;
    int flags = (events & UV_READABLE ? CURL_CSELECT_IN : 0) | (events & UV_WRITABLE ? CURL_CSELECT_OUT : 0);

    if (!sockets_turn_is_over(sockets))
        sockets->ready(sockets->context, watch->socket, status < 0 ? CURL_CSELECT_ERR : flags);
}

static struct watch *watch_new(struct sockets *sockets, curl_socket_t socket)
{
    struct watch *watch = calloc(1, sizeof *watch);

    if (watch == NULL)
        return NULL;
    watch->socket = socket;
    if (uv_poll_init_socket(sockets->loop, &watch->poll, socket) != 0) {
        free(watch);
        return NULL;
    }
    watch->poll.data = sockets;
    sockets->handles++;
    curl_multi_assign(sockets->multi, socket, watch);
    return watch;
}

/* Failing here would end all transfers: one whose socket cannot be watched is left to its deadline. */
static int on_socket(CURL *easy, curl_socket_t socket, int what, void *context, void *socket_context)
{
    struct sockets *sockets = context;
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
        watch = watch_new(sockets, socket);
    if (watch != NULL)
        uv_poll_start(&watch->poll, events, on_poll);
    return 0;
}

/* ---- life */

void sockets_start(struct sockets *sockets)
{
    uv_prepare_init(sockets->loop, &sockets->turn);
    sockets->turn.data = sockets;
    sockets->handles++;
    uv_prepare_start(&sockets->turn, on_turn);
    uv_unref((uv_handle_t *)&sockets->turn); /* it keeps no loop alive */
    sockets_use(sockets, sockets->multi);
}

void sockets_use(struct sockets *sockets, CURLM *multi)
{
    sockets->multi = multi;
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, sockets);
}

static void on_turn_closed(uv_handle_t *handle)
{
    on_handle_gone(handle->data);
}

void sockets_close(struct sockets *sockets, void (*closed)(void *context))
{
    sockets->closed = closed;
    uv_close((uv_handle_t *)&sockets->turn, on_turn_closed);
}
