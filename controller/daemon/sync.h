/* SPDX-License-Identifier: Apache-2.0
 *
 * One Sync: its clock, its runner, the watch on its files.
 *
 * A pass begins when the jittered interval is over, and nearer when files change, when it is told to look again, or
 * when a back-off or a known time says so; never sooner than SYNC_GAP_MS after the last one began. One pass at a time.
 * Loop thread only.
 */
#ifndef MQFERRY_CONTROLLER_DAEMON_SYNC_H
#define MQFERRY_CONTROLLER_DAEMON_SYNC_H

#include <stdbool.h>
#include <stdint.h>

#include "controller/config/config.h"
#include "controller/runner/runner.h"

enum {
    SYNC_GAP_MS = 1000,       /* between the starts of two passes */
    SYNC_JITTER_PERCENT = 10, /* of the interval, either way */
    SYNC_BACKOFF_MS = 2000,   /* first; doubles */
    SYNC_BACKOFF_MS_MAX = 300000,
    SYNC_LOCK_TRIES = 20,   /* of --once, about SYNC_BACKOFF_MS apart */
    SYNC_STUCK_MS = 300000, /* a pass that does nothing for so long will do nothing any more: every wait has an end */
};

struct board;
struct sync;

struct sync_options {
    uv_loop_t *loop;
    struct worker_pool *workers;
    struct log *log;
    const char *run;
    const char *state_dir;
    struct cloud **cloud; /* what the doors of all syncs share: an account has one budget */
    struct board *board;  /* where what happens is shown; outlives the sync. NULL: nowhere */
    bool once;            /* one pass, then stopped; files are not watched */
    struct config *config;
    uint32_t number; /* in config->syncs */
    /* On the loop. After `stopped`, which may come inside sync_stop, no pass begins any more. */
    void (*passed)(void *context, struct sync *sync, const struct runner_result *result);
    void (*stopped)(void *context, struct sync *sync);
    void *context;
};

/* Opens doors and watch; no pass begins before sync_begin. Takes a reference to the config. 0, or -1: the doors cannot
 * be opened at all, and what was made goes while the loop runs on. */
int sync_new(const struct sync_options *options, struct sync **out, struct failure *why);
/* Before sync_begin: what the sync that it replaces knew of the last good pass, and when its last pass began. */
void sync_inherit(struct sync *sync, const struct sync *from);
void sync_begin(struct sync *sync); /* the first pass is due now */
void sync_look_again(struct sync *sync);
void sync_stop(struct sync *sync);         /* creates under way finish; then `stopped`, which may be at once */
bool sync_is_new(const struct sync *sync); /* no pass has begun, and sync_begin was not called */
bool sync_is_stopped(const struct sync *sync);
/* Cancels what is under way, frees everything, calls back once, later; then it is gone. */
void sync_close(struct sync *sync, void (*closed)(void *context), void *context);

/* What a status page, metrics and systemd want to know. Borrowed until the loop runs on. */
struct sync_view {
    const struct sync_config *config;
    const struct runner_result *last; /* of the last pass; NULL: none yet, or a new one has begun */
    struct pass_progress progress;    /* of the pass under way */
    enum { SYNC_NEW = 0, SYNC_WAITING, SYNC_PASSING, SYNC_STOPPED } state;
    bool parity;             /* of the last pass that ended */
    struct failure failure;  /* of the last pass that ended; cause 0: none */
    uint64_t passes;         /* that ended */
    uint64_t created;        /* by all of them */
    uint32_t failures;       /* passes in a row that wanted a back-off */
    uint64_t next_ms;        /* WAITING: when the next one is due, on the monotonic clock */
    int64_t changed_unix_ms; /* files may have changed then; 0: not since the start */
    int64_t passed_unix_ms;  /* the last pass ended; 0: none */
    int64_t parity_unix_ms;  /* the last one at parity ended; 0: none */
    bool watch_complete;     /* false: some directories are not watched, the interval finds their changes */
};
void sync_look(const struct sync *sync, struct sync_view *out);
const struct sync_config *sync_config_of(const struct sync *sync); /* also of one that is closing */
int sync_exit_code(const struct sync *sync);                       /* of the last pass, for --once */
/* Has the pass under way done nothing for SYNC_STUCK_MS? Asked regularly. */
bool sync_is_stuck(struct sync *sync, uint64_t now_ms);

#endif
