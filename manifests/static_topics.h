/* SPDX-License-Identifier: Apache-2.0
 *
 * Static (logical queue) topics look like any other topic in a broker's topics.json; topicQueueMapping.json beside it
 * tells which they are (rocketmq-remoting 5.5). They are never created as ordinary ones.
 *
 * The set of their names is a catalog of topics without settings.
 */
#ifndef MQFERRY_MANIFESTS_STATIC_TOPICS_H
#define MQFERRY_MANIFESTS_STATIC_TOPICS_H

#include "api/base/buffer.h"
#include "api/base/failure.h"
#include "api/base/json.h"
#include "api/catalog.h"
#include "manifests/complaints.h"

#define STATIC_TOPICS_FILE "topicQueueMapping.json"

/* Adds a name to the set. 0 or -1. */
int static_topics_note(struct catalog_builder *names, struct text name, struct failure *why);

/* Reads a STATIC_TOPICS_FILE: JSON with bare number keys (rocketmq-remoting 1.9). 0, with or without mistakes; -1: no
 * memory. */
int static_topics_read(struct text text, const char *path, struct catalog_builder *names, struct complaints *notices,
                       struct complaints *mistakes, struct failure *why);

/* Topics of *catalog that tools wrote and whose names are in the set get STATUS_STATIC; *catalog is another one then.
 * Consumes what `names` holds. 0 or -1. */
int static_topics_mark(struct catalog **catalog, struct catalog_builder *names, struct failure *why);

#endif
