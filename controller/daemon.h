/* SPDX-License-Identifier: Apache-2.0
 *
 * The daemon's loop: every Sync of a configuration, each with its own clock, runner and failures.
 *
 * A pass of a sync begins when its jittered interval is over, and nearer when files change, on SIGHUP, or when a
 * back-off or a known time says so; never sooner than DAEMON_GAP_MS after the last one began. One pass per sync at a
 * time. No failure of a sync ends the daemon. Loop thread only.
 */
#ifndef MQFERRY_CONTROLLER_DAEMON_H
#define MQFERRY_CONTROLLER_DAEMON_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "api/base/log.h"
#include "api/base/worker.h"
#include "controller/config/config.h"

enum {
    DAEMON_GAP_MS = 1000,       /* between the starts of two passes of one sync */
    DAEMON_JITTER_PERCENT = 10, /* of the interval, either way */
    DAEMON_BACKOFF_MS = 2000,   /* first; doubles */
    DAEMON_BACKOFF_MS_MAX = 300000,
    DAEMON_DRAIN_MS = 30000, /* after a stop: creates in flight are given so long */
};

struct daemon;

struct daemon_options {
    uv_loop_t *loop;
    struct worker_pool *workers;
    struct log *log;
    const char *run;             /* id of this run */
    const struct config *config; /* borrowed until daemon_close has called back */
    const char *state_dir;
    bool once;                                   /* one pass of every sync, then `ended` */
    void (*ended)(void *context, int exit_code); /* once; the worst of the syncs' codes */
    void *context;
};

/* 0 or -1: a sync's doors cannot be opened at all (CONFIGURATION_WRONG …). */
int daemon_new(const struct daemon_options *options, struct daemon **out, struct failure *why);
/* SIGHUP: every sync is looked at again now. */
void daemon_look_again(struct daemon *daemon);
/* Drains: creates in flight finish; then `ended`. */
void daemon_stop(struct daemon *daemon);
/* After `ended`: closes everything, calls back once, later; then it is gone. */
void daemon_close(struct daemon *daemon, void (*closed)(void *context), void *context);

#endif
