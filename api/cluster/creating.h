/* SPDX-License-Identifier: Apache-2.0
 *
 * A create of an open-source cluster: looks at every master's table, asks place what to send where, sends it, looks
 * again (place.h; rocketmq-remoting 3.8). From the look to the last create there is no other wait; how long it was
 * until that was answered is logged as create-window, and that another client wrote in it as another-writer.
 */
#ifndef MQFERRY_API_CLUSTER_CREATING_H
#define MQFERRY_API_CLUSTER_CREATING_H

#include "api/base/pace.h"
#include "api/base/worker.h"
#include "api/cluster/gate.h"
#include "api/cluster/names.h"
#include "api/cluster/peers.h"
#include "api/cluster/roster.h"

struct creating;

struct creating_options {
    struct name_servers *names;
    struct peers *peers;
    struct worker_pool *workers;
    struct log *log;
    struct uv_loop_s *loop;
    uint32_t window;                         /* creates under way per master; 0: the usual */
    struct pace *pace;                       /* of the door's creates; NULL: none */
    struct gate *gate;                       /* of the door; held from look to last create */
    struct roster *roster;                   /* a reference is taken */
    const char *cluster;                     /* borrowed; empty: the only one */
    const struct capabilities *capabilities; /* copied */
    enum kind kind;
    struct create_item *items; /* borrowed until done */
    uint32_t count;
    uint64_t deadline_ms;
};

/* `done` comes once, later, never inside: every item has its outcome; their failures live until it returns. 0 or -1. */
int creating_start(const struct creating_options *options, void (*done)(void *context), void *context,
                   struct creating **out, struct failure *why);
/* Nothing more is sent, and what is under way is not waited for. */
void creating_cancel(struct creating *creating);

#endif
