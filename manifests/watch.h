/* SPDX-License-Identifier: Apache-2.0
 *
 * "Something may have changed" about files and directories, debounced.
 *
 * Level, not edge: the callback only says that it is worth looking again. Directories are watched with all below them
 * (inotify through libuv, which is not recursive: a worker walks the tree and one watch per directory is kept). A file
 * is watched through its directory, so that editors' rename-into-place, symlink swaps (Kubernetes, git-sync) and files
 * that vanish and return are seen: watch_walk.h tells which directories, and which names in them.
 *
 * When more than WATCH_DIRECTORIES_MAX directories would be needed, or inotify has no room, the rest is not watched:
 * watch_complete says so, and the caller's interval still finds every change.
 */
#ifndef MQFERRY_MANIFESTS_WATCH_H
#define MQFERRY_MANIFESTS_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "api/base/failure.h"
#include "api/base/worker.h"

enum {
    WATCH_DIRECTORIES_MAX = 4096,
    WATCH_QUIET_MS = 100,     /* bursts coalesce: this long nothing more */
    WATCH_PATIENCE_MS = 1000, /* but told at the latest after so long */
};

struct watch;

struct watch_options {
    uv_loop_t *loop;
    struct worker_pool *workers;
    const char *const *paths; /* borrowed until watch_close has called back */
    uint32_t path_count;
    /* On the loop, later; as often as something may have changed. The first time when everything is watched: whoever
     * looks at the files then, and not before, misses nothing. */
    void (*changed)(void *context);
    void *context;
};

/* 0 or -1. Nothing has been watched yet when it returns: the first walk is a job. */
int watch_new(const struct watch_options *options, struct watch **out, struct failure *why);
/* What is to be watched besides, in place of what was said here before; copied. Told once when it is watched, for it
 * may have changed before. Nothing where it is the same; keeps the old where memory is short. */
void watch_also(struct watch *watch, const char *const *paths, uint32_t count);
bool watch_complete(const struct watch *watch);
/* Calls back once, later; `changed` is not called any more. */
void watch_close(struct watch *watch, void (*closed)(void *context), void *context);

#endif
