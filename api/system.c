/* SPDX-License-Identifier: Apache-2.0 */
#include "api/system.h"

#include <stddef.h>

/* rocketmq-remoting 2.1; the last but one row 1.10 and 10.5; the proxy's topic is in no set of the broker's. */
static const char *const topic_names[] = {
    "TBW102",
    "SCHEDULE_TOPIC_XXXX",
    "BenchmarkTest",
    "RMQ_SYS_TRANS_HALF_TOPIC",
    "RMQ_SYS_TRACE_TOPIC",
    "RMQ_SYS_TRANS_OP_HALF_TOPIC",
    "TRANS_CHECK_MAX_TIME_TOPIC",
    "SELF_TEST_TOPIC",
    "OFFSET_MOVED_EVENT",
    "CHECKPOINT_TOPIC",
    "RMQ_SYS_ROCKSDB_TRANS_HALF_TOPIC",
    "RMQ_SYS_ROCKSDB_TRANS_OP_HALF_TOPIC",
    "DefaultHeartBeatSyncerTopic",
    NULL,
};

static const char *const topic_prefixes[] = {"rmq_sys_", "%RETRY%", "%DLQ%", "%LMQ%", NULL};

/* rocketmq-remoting 2.2. */
static const char *const group_names[] = {
    "DEFAULT_CONSUMER",
    "DEFAULT_PRODUCER",
    "TOOLS_CONSUMER",
    "FILTERSRV_CONSUMER",
    "__MONITOR_CONSUMER",
    "CLIENT_INNER_PRODUCER",
    "SELF_TEST_P_GROUP",
    "SELF_TEST_C_GROUP",
    "CID_ONS-HTTP-PROXY",
    "CID_ONSAPI_PERMISSION",
    "CID_ONSAPI_OWNER",
    "CID_ONSAPI_PULL",
    "CID_RMQ_SYS_TRANS",
    "SCHEDULE_CONSUMER",
    "CID_DefaultHeartBeatSyncerTopic",
    NULL,
};

static const char *const group_prefixes[] = {"CID_RMQ_SYS_", "%LMQ%", NULL};

bool system_name(enum kind kind, struct text name)
{
    const char *const *names = kind == KIND_TOPIC ? topic_names : group_names;
    const char *const *prefixes = kind == KIND_TOPIC ? topic_prefixes : group_prefixes;

    while (*names && !text_is(name, *names))
        names++;
    while (*prefixes && !text_begins(name, *prefixes))
        prefixes++;
    return *names || *prefixes;
}

/* What is left of the name without its prefix; the empty text where it does not begin so. */
static struct text behind(struct text name, const char *prefix)
{
    return text_begins(name, prefix) ? text_after(name, text_of(prefix).bytes) : TEXT("");
}

struct text system_cluster_hint(struct text topic)
{
    const char *reply = "_REPLY_TOPIC";

    if (text_ends(topic, reply))
        return (struct text){topic.data, topic.bytes - text_of(reply).bytes};
    return behind(topic, "rmq_sys_REVIVE_LOG_");
}

struct text system_broker_hint(struct text topic)
{
    return behind(topic, "rmq_sys_SYNC_BROKER_MEMBER_");
}

bool system_broker_topic(int64_t perm, int64_t read_queues, int64_t write_queues)
{
    bool inherits = perm >= 0 && perm <= 7 && (perm & 1) != 0;
    return inherits && read_queues == write_queues && (read_queues == 1 || read_queues == 16);
}
