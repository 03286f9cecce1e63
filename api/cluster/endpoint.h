/* SPDX-License-Identifier: Apache-2.0
 *
 * "host:port" as brokers advertise it, and where it is reachable from here (rocketmq-remoting 3.9): inside a container
 * network the advertised address may mean nothing out here. Pure.
 */
#ifndef MQFERRY_API_CLUSTER_ENDPOINT_H
#define MQFERRY_API_CLUSTER_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "api/base/buffer.h"
#include "api/base/failure.h"

struct endpoint {
    char host[256]; /* name or address; IPv6 without brackets */
    uint16_t port;
};

/* The last colon separates the port; IPv6 may have brackets or none. false: it is none. */
bool endpoint_parse(struct text text, struct endpoint *out);

/* An address map is "advertised=reachable,…": each side is host:port, or host alone on both sides, which keeps the
 * port. NULL and "" map nothing. CONFIGURATION_WRONG names the pair that is wrong. 0 or -1. */
int endpoint_map_check(const char *map, struct failure *why);
/* Puts what the first fitting pair of a checked map says; false: none fits, *endpoint stays. */
bool endpoint_map(const char *map, struct endpoint *endpoint);

#endif
