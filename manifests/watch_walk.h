/* SPDX-License-Identifier: Apache-2.0
 *
 * Which directories must be watched, and for which names in them, so that no change of some paths goes unseen.
 *
 * A path is a chain: each symlink on its way can be swapped where it stands, its target's way likewise, and what is not
 * there yet will come in the nearest directory that is. In those directories only the names of the chain matter: what
 * else happens there (logs, our own snapshot) is none of our business. Directories that are sources matter with
 * everything in them and below.
 */
#ifndef MQFERRY_MANIFESTS_WATCH_WALK_H
#define MQFERRY_MANIFESTS_WATCH_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "api/base/worker.h"

enum { WATCH_LINKS_MAX = 40 }; /* on the way of one path, as the kernel has it */

struct watched {
    char *path;
    uint64_t inode; /* another directory under the same name must be watched anew */
    char **names;   /* that matter; unless all do */
    uint32_t name_count;
    bool all;
};

struct watched_set {
    struct watched *items; /* each directory once */
    uint32_t count, capacity;
    bool complete; /* false: there are too many, or memory ran out */
};

/* Blocks: worker threads only; ends early when the job is cancelled. `most`: directories at most. */
void watch_walk(const char *const *paths, uint32_t path_count, uint32_t most, const struct job *job,
                struct watched_set *out);
/* Does it matter that something happened to `name` in it? NULL (inotify lost count): yes. Its own name is what inotify
 * tells when the directory itself went. */
bool watched_minds(const struct watched *watched, const char *name);
void watched_release(struct watched *watched);
void watched_set_release(struct watched_set *set);

#endif
