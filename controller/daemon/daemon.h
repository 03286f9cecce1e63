/* SPDX-License-Identifier: Apache-2.0
 *
 * The daemon's loop: every Sync of a configuration, each with its own clock, runner and failures (sync.h).
 *
 * No failure of a sync ends the daemon. A reload reads the configuration anew on a worker; all of it takes effect, or
 * nothing does. Syncs that say the same as before are not disturbed; one that was changed or removed first finishes its
 * creates under way. Loop thread only.
 */
#ifndef MQFERRY_CONTROLLER_DAEMON_DAEMON_H
#define MQFERRY_CONTROLLER_DAEMON_DAEMON_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "api/base/log.h"
#include "api/base/worker.h"
#include "controller/config/config.h"
#include "controller/daemon/sync.h"

enum { DAEMON_DRAIN_MS = 30000 }; /* after a stop: creates in flight are given so long */

struct daemon;

/* How the configuration in force stands to what the file says. */
struct daemon_configuration {
    const struct config *config; /* in force */
    int64_t loaded_unix_ms;      /* that one */
    uint64_t generation;         /* from 1; grows with each reload that took effect */
    bool reloading;
    struct failure failure;     /* why the last reload did not take effect; cause 0: it did */
    struct complaints mistakes; /* of that reload */
};

struct daemon_options {
    uv_loop_t *loop;
    struct worker_pool *workers;
    struct log *log;
    const char *run;       /* id of this run */
    struct config *config; /* a reference is taken */
    const char *state_dir;
    struct cloud **cloud;                        /* as in runner_options; must outlive the loop's last turn */
    struct board *board;                         /* where what happens is shown; NULL: nowhere */
    bool once;                                   /* one pass of every sync, then `ended` */
    void (*ended)(void *context, int exit_code); /* once; the worst of the syncs' codes */
    /* What a reload changes besides the syncs. `prepare`, on the worker that loads the file: what waits. `admit`, on
     * the loop, when nothing else can fail any more: takes effect with the rest. -1 of either: nothing does, the old
     * configuration stays. One reload at a time; not every prepared one is admitted. NULL is fine. */
    int (*prepare)(void *context, const struct config *config, struct failure *why);
    int (*admit)(void *context, struct config *config, struct failure *why);
    /* A reload is over, well or not: daemon_configuration tells. NULL is fine. */
    void (*reloaded)(void *context);
    /* A pass of a sync is over. NULL is fine. */
    void (*passed)(void *context, const struct sync_view *sync);
    void *context;
};

/* 0 or -1: a sync's doors cannot be opened at all (CONFIGURATION_WRONG …). */
int daemon_new(const struct daemon_options *options, struct daemon **out, struct failure *why);
/* SIGHUP: reads the configuration anew, and looks at every sync again. */
void daemon_reload(struct daemon *daemon);
/* Drains: creates in flight finish; then `ended`. */
void daemon_stop(struct daemon *daemon);
/* After `ended`, or to give up at once: closes everything, calls back once, later; then it is gone. */
void daemon_close(struct daemon *daemon, void (*closed)(void *context), void *context);

/* In the order of the configuration. */
uint32_t daemon_sync_count(const struct daemon *daemon);
void daemon_look(const struct daemon *daemon, uint32_t number, struct sync_view *out);
const struct daemon_configuration *daemon_configuration(const struct daemon *daemon);
/* Is a pass of some sync stuck? Asked regularly: what feeds systemd's watchdog. */
bool daemon_is_stuck(struct daemon *daemon);

#endif
