/* SPDX-License-Identifier: Apache-2.0
 *
 * Which files a source is: paths given by the user into a list of files to read, directories walked through.
 *
 * Directories: recursive, *.yaml *.yml *.json, in order of path bytes, names that start with '.' left out, symbolic
 * links followed. What cannot be looked at is a mistake: half a directory is never taken for a whole one.
 */
#ifndef MQFERRY_MANIFESTS_SOURCE_FILES_H
#define MQFERRY_MANIFESTS_SOURCE_FILES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "api/base/failure.h"
#include "api/base/file_mark.h"
#include "manifests/complaints.h"
#include "manifests/manifests.h"

struct source_file {
    char *path;        /* as messages name it; "-": standard input */
    bool in_directory; /* found there, not named by the user */
    dev_t device;
    ino_t inode; /* 0: standard input, or nothing there: reading will tell */
};

struct source_files {
    struct source_file *items; /* in order of reading */
    uint32_t count, capacity;
    struct file_mark *directories; /* that were walked through */
    uint32_t directory_count, directory_capacity;
};

/* Fills *out (zeroed by the caller). Left out with a notice: the neighbours in a broker's config folder
 * (rocketmq-remoting 1.10), request->own_file in directories, a file that is there twice, a directory without any file
 * to read. 0, with or without mistakes; -1: OUT_OF_MEMORY, CANCELLED. */
int source_files_find(const struct manifests_request *request, struct source_files *out, struct complaints *notices,
                      struct complaints *mistakes, struct failure *why);
void source_files_release(struct source_files *files);

/* "topics.json" of "a/b/topics.json". */
const char *file_name_of(const char *path);
/* Does the path end with ".<extension>"? */
bool path_has_extension(const char *path, const char *extension);

#endif
