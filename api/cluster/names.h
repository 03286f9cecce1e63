/* SPDX-License-Identifier: Apache-2.0
 *
 * The name servers of a cluster: independent of each other, any of them will do (rocketmq-remoting 5.3). A question
 * goes to the one that answered last; when it says nothing for a short while, or fails, the next one is asked as well,
 * and the first good answer counts. So one that hangs costs that while once, not every time.
 */
#ifndef MQFERRY_API_CLUSTER_NAMES_H
#define MQFERRY_API_CLUSTER_NAMES_H

#include "api/address.h"
#include "api/cluster/connection.h"

struct name_servers;
struct question;

struct name_servers_options {
    struct uv_loop_s *loop;
    struct log *log;
    const struct address *address;     /* its hosts are copied */
    struct tls *tls;                   /* borrowed; NULL: plain */
    const struct request_watch *watch; /* borrowed; NULL: none */
};

int name_servers_new(const struct name_servers_options *options, struct name_servers **out, struct failure *why);
uint32_t name_servers_count(const struct name_servers *names);
struct connection *name_servers_connection(struct name_servers *names, uint32_t which);

struct question_result {
    struct failure failure; /* cause 0: there is an answer */
    const char *who;        /* "host:port" that answered */
    int32_t code;           /* SUCCESS or QUERY_NOT_FOUND; others are failures */
    int32_t version;
    struct text body; /* until done returns */
};

/* Asks; `request` is read here. done is called once, later, never inside; `context` with it. *out may be cancelled
 * until then. 0 or -1. */
int name_servers_ask(struct name_servers *names, const struct frame *request, uint64_t deadline_ms,
                     void (*done)(void *context, struct question_result *result), void *context, struct question **out,
                     struct failure *why);
void question_cancel(struct question *question);

/* No question is open. `closed` comes later, or inside when there is nothing to close. */
void name_servers_close(struct name_servers *names, void (*closed)(void *context), void *context);

#endif
