/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/system.h"

/* What brokers and the proxy make for themselves is known by name. */
static void system_topics_are_known(void **state)
{
    (void)state;
    static const char *const names[] = {"TBW102",
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
                                        "rmq_sys_wheel_timer",
                                        "rmq_sys_REVIVE_LOG_c",
                                        "%RETRY%GID_a",
                                        "%DLQ%GID_a",
                                        "%LMQ%$parent$child"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_true(system_name(KIND_TOPIC, text_of(names[i])));
}

/* Groups have names of their own, and a prefix. */
static void system_groups_are_known(void **state)
{
    (void)state;
    static const char *const names[] = {"DEFAULT_CONSUMER",
                                        "DEFAULT_PRODUCER",
                                        "TOOLS_CONSUMER",
                                        "FILTERSRV_CONSUMER",
                                        "__MONITOR_CONSUMER",
                                        "CLIENT_INNER_PRODUCER",
                                        "SELF_TEST_P_GROUP",
                                        "SELF_TEST_C_GROUP",
                                        "CID_ONS-HTTP-PROXY",
                                        "CID_ONSAPI_OWNER",
                                        "CID_ONSAPI_PERMISSION",
                                        "CID_ONSAPI_PULL",
                                        "CID_RMQ_SYS_TRANS",
                                        "SCHEDULE_CONSUMER",
                                        "CID_DefaultHeartBeatSyncerTopic",
                                        "CID_RMQ_SYS_x",
                                        "%LMQ%a"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_true(system_name(KIND_GROUP, text_of(names[i])));
}

/* Names that are near a system name, or belong to the other kind, are people's own. */
static void other_names_are_peoples_own(void **state)
{
    (void)state;
    static const char *const names[] = {"orders", "45", "tbw102", "RMQ_SYS_", "CID_orders", "RETRY%a", "x%RETRY%a", ""};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_false(system_name(KIND_TOPIC, text_of(names[i])));
        assert_false(system_name(KIND_GROUP, text_of(names[i])));
    }
    assert_false(system_name(KIND_GROUP, TEXT("TBW102")));
    assert_false(system_name(KIND_TOPIC, TEXT("TOOLS_CONSUMER")));
    assert_false(system_name(KIND_GROUP, TEXT("rmq_sys_a")));
    assert_false(system_name(KIND_TOPIC, TEXT("CID_RMQ_SYS_a")));
}

/* Some topics give away what the cluster and its brokers are called. */
static void topics_give_names_away(void **state)
{
    (void)state;
    assert_true(text_is(system_cluster_hint(TEXT("demo_REPLY_TOPIC")), "demo"));
    assert_true(text_is(system_cluster_hint(TEXT("rmq_sys_REVIVE_LOG_demo")), "demo"));
    assert_int_equal(system_cluster_hint(TEXT("_REPLY_TOPIC")).bytes, 0);
    assert_int_equal(system_cluster_hint(TEXT("REPLY_TOPIC")).bytes, 0);
    assert_int_equal(system_cluster_hint(TEXT("orders")).bytes, 0);
    assert_true(text_is(system_broker_hint(TEXT("rmq_sys_SYNC_BROKER_MEMBER_broker-a")), "broker-a"));
    assert_int_equal(system_broker_hint(TEXT("rmq_sys_SYNC_BROKER_MEMBER_")).bytes, 0);
    assert_int_equal(system_broker_hint(TEXT("rmq_sys_REVIVE_LOG_demo")).bytes, 0);
}

/* The inherit bit and 1/1 or 16/16 queues: one without the other is no broker's topic. */
static void a_brokers_own_topics_show_by_their_settings(void **state)
{
    (void)state;
    assert_true(system_broker_topic(7, 1, 1));
    assert_true(system_broker_topic(7, 16, 16));
    assert_true(system_broker_topic(1, 1, 1));
    assert_false(system_broker_topic(6, 1, 1));
    assert_false(system_broker_topic(7, 8, 8));
    assert_false(system_broker_topic(7, 1, 16));
    assert_false(system_broker_topic(9, 1, 1));
    assert_false(system_broker_topic(-1, 1, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(system_topics_are_known),
        cmocka_unit_test(system_groups_are_known),
        cmocka_unit_test(other_names_are_peoples_own),
        cmocka_unit_test(topics_give_names_away),
        cmocka_unit_test(a_brokers_own_topics_show_by_their_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
