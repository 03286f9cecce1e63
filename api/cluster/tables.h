/* SPDX-License-Identifier: Apache-2.0
 *
 * What one master holds: bodies of GET_ALL_TOPIC_CONFIG (21), GET_ALL_SUBSCRIPTIONGROUP_CONFIG (201) and
 * GET_TOPIC_CONFIG (351) become sealed catalogs (rocketmq-remoting 3.3-3.6, 1.5-1.7). Each is one part of a list: its
 * resources stand as a spread on that master alone, so that the parts of all masters join into one catalog.
 *
 * Everything the broker holds is kept: what is never migrated as STATUS_SYSTEM, static topics (5.5) as STATUS_STATIC.
 * Brokers store anything, so values stay as they are (rules judge them later). A body that is not what brokers write is
 * BAD_ANSWER: half a table is none.
 *
 * A table of 100 MB takes a second or two: worker threads only.
 */
#ifndef MQFERRY_API_CLUSTER_TABLES_H
#define MQFERRY_API_CLUSTER_TABLES_H

#include <stdatomic.h>

#include "api/catalog.h"
#include "api/cluster/own_topics.h"

/* dataVersion of a table: while it is the same, so is the table. mapping: of static topics; zeros where there is none.
 */
struct table_version {
    int64_t counter, state, timestamp_ms;
    int64_t mapping_counter, mapping_state, mapping_timestamp_ms;
};

/* Reads it from the beginning of a body of 21 or 201 without looking at the rest. false: it does not stand there; then
 * only reading everything tells. */
bool table_version_peek(struct text body, struct table_version *out);
bool table_version_equal(const struct table_version *a, const struct table_version *b);

struct table_request {
    enum kind kind;               /* topics: a body of 21; groups: of 201 */
    struct text body;             /* borrowed */
    const char *broker;           /* the master's broker name */
    const struct own_topics *own; /* sealed; NULL: by the static set alone */
    const atomic_bool *cancelled; /* polled; may be NULL: CANCELLED */
};

struct table_facts {
    struct table_version version;
    bool has_version;
    uint32_t read;       /* entries */
    uint32_t unnameable; /* of these: names longer than NAME_BYTES_MAX, which nobody can declare: left out */
    uint32_t unknown;    /* members of entries that nobody knows */
    uint64_t forbidden;  /* entries of forbiddenTable, which is not moved */
};

/* 0 with a reference that the caller owns, or -1. *facts may be NULL. */
int table_read(const struct table_request *request, struct catalog **out, struct table_facts *facts,
               struct failure *why);

/* One topic, from a body of 351 (with lo=true or without): a part with that topic only. request->kind must be
 * KIND_TOPIC. 0 or -1. */
int table_read_topic(const struct table_request *request, struct catalog **out, struct failure *why);

/* A part of that master without any resource: "not there" of 351. 0 or -1. */
int table_empty(const char *broker, struct catalog **out, struct failure *why);

#endif
