/* SPDX-License-Identifier: Apache-2.0
 *
 * Every JSON shape that RocketMQ tools write, told apart by content, into a catalog (contract section 5;
 * rocketmq-remoting 1):
 *
 *     {exportTime, topicConfigTable?, subscriptionGroupTable?}        exportMetadata -c: queue numbers are sums
 *     {dataVersion, one of the tables, forbiddenTable?}               exportMetadata -b, broker store files, RocksDB
 *     {one of the tables}                                             exportMetadataInRocksDB
 *     {configs, metadata: {as the first}, metrics}                    bin/export.sh
 *     [{topicName, …}] or [{groupName, …}]                            updateTopicList, updateSubGroupList
 *     {topicConfigList: […]} or {groupConfigList: […]}                bodies of requests 18 and 225
 *     {apiVersion, kind: Snapshot, …}                                 mqferry's own snapshots
 *
 * Members in any order; export_time, topic_config_table, … (Huawei DMS) as well; null means absent. The text is read
 * once; twice only where a table comes before the member that tells what its numbers mean.
 */
#ifndef MQFERRY_MANIFESTS_EXPORTED_H
#define MQFERRY_MANIFESTS_EXPORTED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "api/base/buffer.h"
#include "api/base/failure.h"
#include "api/catalog.h"
#include "manifests/complaints.h"

/* Borrowed during the call. */
struct exported_request {
    struct text text; /* padded with JSON_PADDING bytes */
    const char *path; /* as complaints, the catalog and outputs name it */
    bool in_directory;
    uint32_t source_masters; /* summed queue numbers: 0 unknown, 1 exact, n divides */
    const atomic_bool *cancelled;
    struct catalog_builder *static_topics; /* topics are added here by name where the file tells of static ones */
    struct complaints *notices, *mistakes;
};

struct exported_outcome {
    uint64_t read[KINDS];   /* added to */
    int64_t export_unix_ms; /* exportTime; 0: not said */
    bool hand_written;      /* nothing was read: it is a Topic, ConsumerGroup, TopicList or ConsumerGroupList */
};

/* Adds what the file holds, system resources with their status. 0, with or without mistakes (every one that can be
 * found is told; what was added then is of no use); -1: OUT_OF_MEMORY, CANCELLED, or a limit of the catalog. */
int exported_read(const struct exported_request *request, struct catalog_builder *builder, struct exported_outcome *out,
                  struct failure *why);

/* Does a text whose name does not tell (standard input) begin like one of the shapes? Blanks and a byte order mark in
 * front do not matter, nor the line that rocksDBConfigToJson prints in front of its object. */
bool exported_likely(struct text text);

#endif
