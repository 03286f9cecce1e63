/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the daemon listens, as text: "127.0.0.1:9480", "[::1]:9480", "localhost:0" (any free port), "none".
 */
#ifndef MQFERRY_CONTROLLER_STATUS_LISTEN_H
#define MQFERRY_CONTROLLER_STATUS_LISTEN_H

#include <stdbool.h>
#include <stdint.h>

#include "api/base/failure.h"

#define STATUS_LISTEN_DEFAULT "127.0.0.1:9480"
#define STATUS_LISTEN_NONE    "none"

enum { LISTEN_ADDRESS_BYTES = 80, LISTEN_HOST_BYTES = 256 };

/* Is it a listen text, or none? Nothing is looked up. */
bool status_listen_is_valid(const char *listen);
/* "HOST:PORT" apart. false: it is no place. */
bool listen_parse(const char *listen, char host[static LISTEN_HOST_BYTES], uint16_t *out_port);
/* A listening descriptor (non-blocking), and where it listens; -1 with CONFIGURATION_WRONG. Blocks for as long as
 * looking up a name takes: at start only. */
int listen_open(const char *listen, char out_address[static LISTEN_ADDRESS_BYTES], struct failure *why);

#endif
