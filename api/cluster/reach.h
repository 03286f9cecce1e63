/* SPDX-License-Identifier: Apache-2.0
 *
 * How far an attempt to connect came, and what that means for a broker that a name server lists: one that is dead is
 * something else than one whose advertised address means nothing from here (rocketmq-remoting 3.9). Pure.
 */
#ifndef MQFERRY_API_CLUSTER_REACH_H
#define MQFERRY_API_CLUSTER_REACH_H

#include <stddef.h>

enum reach {
    REACH_UNKNOWN,  /* no attempt; or it connected, and TLS came to nothing */
    REACH_REFUSED,  /* a machine is there, and nobody listens */
    REACH_SILENT,   /* nothing came back in time */
    REACH_NO_ROUTE, /* no way leads there */
    REACH_NO_NAME,  /* its name has no address here */
};

/* `status`: of libuv, negative. */
enum reach reach_of_status(int status);

/* A sentence about the broker listed at host:port, which could not be reached; empty for REACH_UNKNOWN. */
void reach_explain(enum reach reach, const char *listed, char *out, size_t size);

#endif
