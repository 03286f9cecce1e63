/* SPDX-License-Identifier: Apache-2.0
 *
 * What daemon.c (life) and reload.c (another configuration) share.
 */
#ifndef MQFERRY_CONTROLLER_DAEMON_STATE_H
#define MQFERRY_CONTROLLER_DAEMON_STATE_H

#include "controller/daemon/daemon.h"

/* A sync that was changed or removed, until it is gone. */
struct leaving {
    struct daemon *daemon;
    struct sync *sync;
    struct sync *successor; /* begins then; NULL: none. It is one of daemon->syncs */
    bool closing;
    struct leaving *next;
};

struct reload; /* a configuration being loaded */
struct calm;   /* calm.h */

struct daemon {
    struct daemon_options options;
    struct config *config; /* in force; a reference */
    struct sync **syncs;   /* count; in its order */
    uint32_t count;
    struct leaving *leaving;
    struct reload *reload; /* NULL: none is under way */
    struct calm *calm;
    struct daemon_configuration configuration;
    uint32_t open; /* closing: syncs, and a reload, that have not reported */
    bool reload_again, stopping, ended, closing;
    void (*closed)(void *context);
    void *closed_context;
};

/* ---- daemon.c */

int daemon_open_sync(struct daemon *daemon, struct config *config, uint32_t number, struct sync **out,
                     struct failure *why);
void daemon_part_closed(void *daemon);
void daemon_check_end(struct daemon *daemon); /* stopping: is everything at rest? */

/* ---- reload.c */

/* A sync is at rest. One that is leaving is closed, and its successor begins when it is gone. */
void daemon_see_off(struct daemon *daemon, struct sync *sync);
void daemon_send_away(struct leaving *leaving); /* at once: closes what is not closing yet */
void daemon_cancel_reload(struct daemon *daemon);

#endif
