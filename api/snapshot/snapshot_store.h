/* SPDX-License-Identifier: Apache-2.0
 *
 * The snapshot's file, as the worker sees it. One job at a time owns the store; everything here blocks.
 */
#ifndef MQFERRY_API_SNAPSHOT_SNAPSHOT_STORE_H
#define MQFERRY_API_SNAPSHOT_SNAPSHOT_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "api/base/failure.h"
#include "api/base/file_mark.h"
#include "api/base/lock.h"
#include "api/instance.h"
#include "api/snapshot_json.h"

struct snapshot_store {
    char *given;                   /* the path as people wrote it: for sentences */
    enum instance_kind stands_for; /* asked for; INSTANCE_KINDS: not said */
    bool writable;
    bool imagined; /* there is no file and never will be: always empty */
    char *path;    /* the one name of the file; NULL until it was looked up */
    /* What the file held when it was last read or written. */
    struct catalog *catalog; /* NULL: never read */
    struct snapshot_head head;
    bool absent;
    bool written;          /* by us, under the lock: the mark is exact */
    struct file_mark mark; /* of path */
    int64_t read_unix_ms;  /* when reading began */
};

/* Polled between steps; true: give up, with *why filled in. */
typedef bool (*snapshot_stop)(void *context, struct failure *why);

int snapshot_store_init(struct snapshot_store *store, const struct instance_options *options, struct failure *why);
void snapshot_store_release(struct snapshot_store *store);

/* Reads the file unless it is unchanged. 0 or -1; then what was known before is kept. */
int snapshot_store_refresh(struct snapshot_store *store, struct failure *why);
/* After refresh. */
void snapshot_store_describe(const struct snapshot_store *store, struct description *out);

/* One kind's resources to add. Every item gets its outcome; those that fail share the failures below. */
struct snapshot_create {
    struct create_item *items;
    uint32_t count;
    snapshot_stop stop;
    void *stop_context;
    struct failure failure; /* out: of the whole. STATE_LOCKED: nothing was tried, it may be tried again */
    struct failure taken;   /* out: of items whose name the other kind has */
};
void snapshot_store_create(struct snapshot_store *store, struct snapshot_create *create);

#endif
