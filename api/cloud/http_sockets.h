/* SPDX-License-Identifier: Apache-2.0
 *
 * The sockets that libcurl wants to be watched, on the loop, and how much of a turn of the loop they may take: once
 * that is used up, sockets that are ready wait for the next turn, after all else that waits. For http.c.
 */
#ifndef MQFERRY_API_CLOUD_HTTP_SOCKETS_H
#define MQFERRY_API_CLOUD_HTTP_SOCKETS_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "api/cloud/http_curl.h"

struct sockets { /* the caller's storage; zeroed but for the first four */
    uv_loop_t *loop;
    CURLM *multi;
    void (*ready)(void *context, curl_socket_t socket, int flags); /* CURL_CSELECT_… */
    void *context;
    uv_prepare_t turn; /* of the loop has ended */
    uint64_t turn_ns;  /* when it began to work for us; 0: not yet */
    uint32_t handles;  /* of libuv */
    void (*closed)(void *context);
};

/* From now on libcurl tells its sockets here. */
void sockets_start(struct sockets *sockets);
void sockets_use(struct sockets *sockets, CURLM *multi); /* another one, from now on */

/* Has this turn of the loop worked for us as long as it may? */
bool sockets_turn_is_over(struct sockets *sockets);

/* The multi handle has been cleaned up. `closed` comes later. */
void sockets_close(struct sockets *sockets, void (*closed)(void *context));

#endif
