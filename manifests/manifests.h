/* SPDX-License-Identifier: Apache-2.0
 *
 * CONTRACT: load paths into a catalog, or explain everything that is wrong with them.
 *
 * A path is a file, a directory (recursive: *.yaml *.yml *.json, names that start with '.' skipped) or "-". Read are
 * YAML documents (Topic, ConsumerGroup, TopicList, ConsumerGroupList; Mapping, Sync and Daemon are skipped with a
 * notice in directories) and every JSON shape that RocketMQ tools write, told apart by content (contract section 5;
 * rocketmq-remoting 1).
 *
 * All or nothing: on a hand-written mistake, damage, or an unreadable file there is no catalog, and `mistakes` holds
 * every mistake of every file. What tools wrote may hold resources that no destination accepts: those come through and
 * are judged by the plan. Blocks: worker threads only. Polls `cancelled` between files and every few thousand
 * resources.
 */
#ifndef MQFERRY_MANIFESTS_MANIFESTS_H
#define MQFERRY_MANIFESTS_MANIFESTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "api/base/file_mark.h"
#include "api/catalog.h"
#include "manifests/complaints.h"

enum {
    MANIFESTS_FILES_MAX = 20000,
    MANIFESTS_DOCUMENTS_MAX = 1000000, /* per file */
    MANIFESTS_DEPTH_MAX = 64,
    MANIFESTS_SCALAR_BYTES_MAX = 65536,
    MANIFESTS_DIRECTORY_DEPTH_MAX = 32,
};

/* Borrowed during the call. */
struct manifests_request {
    const char *const *paths;
    uint32_t path_count;
    const char *const *exclude_files; /* globs over the path below the given directory; NULL-terminated, may be NULL */
    const char *own_file;         /* the destination's snapshot: skipped in directories with a notice; may be NULL */
    uint32_t source_masters;      /* summed queue numbers: 0 unknown, 1 exact, n divides */
    const atomic_bool *cancelled; /* may be NULL */
};

/* read = system + merged + what the catalog holds as declared (the mapping excludes later). */
struct source_counts {
    uint64_t read[KINDS];
    uint64_t system[KINDS]; /* static topics too; they stay in the catalog with their status, for --show-system */
    uint64_t merged[KINDS]; /* unequal duplicates too */
};

struct manifests {
    struct catalog *catalog; /* a reference; sealed */
    struct source_counts counts;
    struct complaints
        notices; /* skipped neighbours, sums without sourceMasters, merged duplicates, dropped broker topics */
    struct file_mark *files; /* taken before each was read; directories too */
    uint32_t file_count;
    int64_t started_unix_ms;       /* before the first was looked at */
    int64_t oldest_export_unix_ms; /* exportTime of exported files; 0: none said */
};

/* 0; or -1 with cause INPUT_WRONG and `mistakes` filled (at least one), or CANCELLED, OUT_OF_MEMORY. */
int manifests_load(const struct manifests_request *request, struct manifests **out, struct complaints *mistakes,
                   struct failure *why);
void manifests_free(struct manifests *manifests); /* NULL is fine */

/* What manifests_combine joins: all files as one, each live instance as one. */
struct manifests_source {
    struct catalog *catalog;
    bool live; /* listed from an instance: its rows are counted as read here; those of files were when they were loaded
                */
};

/* Joins several sources into one declared catalog: hand-written twice is a mistake; otherwise equal ones merge
 * (counted), unequal ones become DECLARED_TWICE conflicts. A resource that a live source's masters hold with different
 * settings gets SOURCE_AMBIGUOUS, one that only some of them hold PLACEMENT_UNKNOWN, and one that all hold alike loses
 * its spread. *counts is added to, and adds up afterwards. One source that nothing of this concerns comes back as it
 * is. 0 or -1 as above. */
int manifests_combine(const struct manifests_source *sources, uint32_t count, struct source_counts *counts,
                      struct catalog **out, struct complaints *mistakes, struct failure *why);

#endif
