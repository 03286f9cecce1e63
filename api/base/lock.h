/* SPDX-License-Identifier: Apache-2.0
 *
 * One writer at a time: a lock on a file that is never removed, held by an open file description, gone with the process
 * that holds it, however it ends. The file holds the holder's process id for people.
 */
#ifndef MQFERRY_API_BASE_LOCK_H
#define MQFERRY_API_BASE_LOCK_H

#include "api/base/failure.h"

struct lock {
    int fd; /* -1: not held */
};

#define LOCK_INIT                                                                                                      \
    {                                                                                                                  \
        -1                                                                                                             \
    }

/* Takes the lock at once or says why not: STATE_LOCKED naming the process that holds it, STATE_UNWRITABLE. `path` is
 * the lock file itself, made with mode 0644 where it is missing. Blocks: workers only. 0 or -1. */
int lock_take(struct lock *lock, const char *path, struct failure *why);
void lock_release(struct lock *lock); /* not held: nothing */

#endif
