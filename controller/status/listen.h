/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the daemon listens, as text: "127.0.0.1:9480", "[::1]:9480", "localhost:0" (any free port), "none".
 */
#ifndef MQFERRY_CONTROLLER_STATUS_LISTEN_H
#define MQFERRY_CONTROLLER_STATUS_LISTEN_H

#include <stdbool.h>
#include <stdint.h>

#include "api/base/failure.h"

struct addrinfo;

#define STATUS_LISTEN_DEFAULT "127.0.0.1:9480"
#define STATUS_LISTEN_NONE    "none"

enum { LISTEN_ADDRESS_BYTES = 80, LISTEN_HOST_BYTES = 256 };

/* Is it a listen text, or none? Nothing is looked up. */
bool status_listen_is_valid(const char *listen);
/* "HOST:PORT" apart. false: it is no place. */
bool listen_parse(const char *listen, char host[static LISTEN_HOST_BYTES], uint16_t *out_port);
/* Its addresses; listen_forget frees them. Blocks for as long as looking up a name takes: at start, or on a worker. 0
 * or -1 with CONFIGURATION_WRONG. */
int listen_find(const char *listen, struct addrinfo **out, struct failure *why);
void listen_forget(struct addrinfo *places); /* NULL is fine */
/* A listening descriptor (non-blocking) at the first of the places that can be had, and where it listens; -1 with
 * CONFIGURATION_WRONG. `beside`: a listener of ours that the new one is to follow; it may have the port that is wanted
 * (127.0.0.1:9480 becomes 0.0.0.0:9480); -1: none. */
int listen_open(const char *listen, const struct addrinfo *places, int beside,
                char out_address[static LISTEN_ADDRESS_BYTES], struct failure *why);

#endif
