/* SPDX-License-Identifier: Apache-2.0
 *
 * What people wrote: YAML documents of kind Topic, ConsumerGroup, TopicList and ConsumerGroupList into a catalog
 * (contract section 5). Everything from here is hand-written: one mistake and nothing of it may be used.
 *
 * Every mistake of a file is found in one run: reading goes on behind each, but for broken YAML, where it ends. What a
 * file declares otherwise comes into the catalog all the same; the caller looks at `mistakes` when all files are read.
 */
#ifndef MQFERRY_MANIFESTS_DECLARE_H
#define MQFERRY_MANIFESTS_DECLARE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "api/base/buffer.h"
#include "api/base/failure.h"
#include "api/catalog.h"
#include "manifests/complaints.h"

/* Everything is borrowed during the call. */
struct declare_request {
    const char *path; /* as complaints, the catalog and outputs name it; "-": standard input */
    bool
        in_directory; /* documents of kind Mapping, Sync and Daemon are skipped with a notice; else they are mistakes */
    const atomic_bool *cancelled; /* looked at before each resource; may be NULL */
    struct complaints *notices, *mistakes;
};

/* Adds what one file declares to `builder` and to read[]. `text` needs no padding.
 *
 * 0, with or without mistakes. A file that holds no document that mqferry knows is a mistake of the file as a whole,
 * which names --exclude-file when in_directory. -1: OUT_OF_MEMORY, CANCELLED, or INPUT_WRONG where a limit of the
 * catalog is met. */
int declare_read(struct text text, const struct declare_request *request, struct catalog_builder *builder,
                 uint64_t read[static KINDS], struct failure *why);

/* For catalog_seal's callback, where both resources are hand-written: a mistake at the second that names the place of
 * the first. The answer lets sealing go on, so that every such pair is found. */
enum duplicate declare_twice(const struct duplicate_pair *pair, struct complaints *mistakes);

#endif
