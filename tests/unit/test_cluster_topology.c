/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/base/file.h"
#include "api/cause.h"
#include "api/cluster/topology.h"

static struct failure why;

static struct topology *read_well(const char *body, const char *cluster)
{
    struct topology *topology = NULL;

    why = (struct failure)FAILURE_INIT;
    int status = topology_read(text_of(body), text_of(cluster), &topology, &why);
    assert_string_equal(why.text, "");
    assert_int_equal(status, 0);
    return topology;
}

static void refuse(const char *body, const char *cluster, int cause, const char *part)
{
    struct topology *topology = NULL;

    why = (struct failure)FAILURE_INIT;
    assert_int_equal(topology_read(text_of(body), text_of(cluster), &topology, &why), -1);
    assert_null(topology);
    assert_string_equal(cause_name(why.cause), cause_name(cause));
    if (!strstr(why.text, part))
        fail_msg("\"%s\" does not say \"%s\"", why.text, part);
}

static char *sample(const char *name)
{
    char path[512];
    FILE *file;
    char *text = calloc(1, 65536);

    snprintf(path, sizeof path, SOURCE_DIR "/tests/data/samples/%s", name);
    file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(text);
    assert_true(fread(text, 1, 65535, file) > 0);
    fclose(file);
    return text;
}

static void brokers_of_the_named_cluster_are_sorted(void **state)
{
    char *body = sample("cluster-info-fastjson.txt");
    struct topology *topology = read_well(body, "demo-cluster");

    (void)state;
    assert_string_equal(topology->cluster, "demo-cluster");
    assert_int_equal(topology->broker_count, 2);
    assert_string_equal(topology->brokers[0].name, "demo-broker-a");
    assert_string_equal(topology->brokers[0].master, "192.0.2.11:10911");
    assert_int_equal(topology->brokers[0].slaves, 1);
    assert_string_equal(topology->brokers[1].name, "demo-broker-b");
    assert_int_equal(topology->brokers[1].slaves, 0);
    assert_null(topology_masterless(topology));
    assert_int_equal(topology->cluster_count, 2);
    assert_string_equal(topology->clusters[1], "other-cluster");
    assert_int_equal(topology->broker_name_count, 3);
    assert_string_equal(topology->broker_names[2], "lonely-slave");
    topology_free(topology);
    free(body);
}

static void a_slave_alone_is_no_master(void **state)
{
    char *body = sample("cluster-info-fastjson.txt");
    struct topology *topology = read_well(body, "other-cluster");

    (void)state;
    assert_null(topology->brokers[0].master);
    assert_string_equal(topology->brokers[0].any, "192.0.2.31:10911");
    assert_true(topology->brokers[0].acting_master);
    assert_ptr_equal(topology_masterless(topology), &topology->brokers[0]);
    topology_free(topology);
    free(body);
}

static void the_only_cluster_needs_no_name(void **state)
{
    char *body = sample("cluster-info-fastjson-4x.txt");
    struct topology *topology = read_well(body, "");

    (void)state;
    assert_string_equal(topology->cluster, "demo-cluster");
    topology_free(topology);
    free(body);
}

static void clusters_are_listed_where_a_name_is_needed(void **state)
{
    char *body = sample("cluster-info-fastjson.txt");

    (void)state;
    refuse(body, "", CAUSE_INSTANCE_NOT_FOUND, "other-cluster, demo-cluster");
    refuse(body, "Demo", CAUSE_INSTANCE_NOT_FOUND, "no cluster 'Demo', but other-cluster, demo-cluster");
    refuse("{\"brokerAddrTable\":{},\"clusterAddrTable\":{}}", "", CAUSE_INSTANCE_NOT_FOUND, "no broker is up");
    free(body);
}

static void ids_are_signed_64_bits(void **state)
{
    struct topology *topology =
        read_well("{\"brokerAddrTable\":{\"a\":{\"brokerAddrs\":{-7:\"h:1\",9223372036854775807:\"h:2\","
                  "4294967296:\"h:3\"}}},\"clusterAddrTable\":{\"c\":[\"a\"]}}",
                  "c");

    (void)state;
    assert_null(topology->brokers[0].master); /* 2^32 is not 0 */
    assert_int_equal(topology->brokers[0].slaves, 3);
    assert_string_equal(topology->brokers[0].any, "h:1");
    topology_free(topology);
    refuse("{\"brokerAddrTable\":{\"a\":{\"brokerAddrs\":{9223372036854775808:\"h:1\"}}}}", "", CAUSE_BAD_ANSWER,
           "number");
}

static void a_strict_name_server_is_understood_too(void **state)
{
    struct topology *topology =
        read_well(" {\"clusterAddrTable\":{\"c\":[\"b\",\"a\",\"b\"]}, \"more\":[1,{}],\n"
                  "\"brokerAddrTable\":{\"b\":{\"zoneName\":null,\"brokerAddrs\":{\"0\":\"h:1\"}}}}",
                  "");

    (void)state;
    assert_int_equal(topology->broker_count, 2);
    assert_null(topology->brokers[0].master); /* a: gone from the other table */
    assert_string_equal(topology->brokers[1].master, "h:1");
    topology_free(topology);
}

static void what_is_not_a_topology_is_a_bad_answer(void **state)
{
    (void)state;
    refuse("", "", CAUSE_BAD_ANSWER, "no body");
    refuse("[]", "", CAUSE_BAD_ANSWER, "object");
    refuse("{\"clusterAddrTable\":[]}", "", CAUSE_BAD_ANSWER, "object");
    refuse("{\"clusterAddrTable\":{\"c\":[1]}}", "", CAUSE_BAD_ANSWER, "name");
    refuse("{\"clusterAddrTable\":{\"c\":{}}}", "", CAUSE_BAD_ANSWER, "list");
    refuse("{\"brokerAddrTable\":{\"a\":{\"brokerAddrs\":{x:1}}}}", "", CAUSE_BAD_ANSWER, "byte");
    refuse("{\"brokerAddrTable\":{\"a\":{\"brokerAddrs\":{0:1}}}}", "", CAUSE_BAD_ANSWER, "address");
    refuse("{\"clusterAddrTable\":{\"c\":[]}} x", "", CAUSE_BAD_ANSWER, "byte");
    refuse("{\"clusterAddrTable\":{\"c\":[]}}", "", CAUSE_INSTANCE_NOT_IN_SERVICE, "no broker");
    refuse("{\"clusterAddrTable\":{\"c\":[\"a\"]", "", CAUSE_BAD_ANSWER, "byte");
}

static void topologies_are_compared(void **state)
{
    const char *bodies[] = {
        "{\"brokerAddrTable\":{\"a\":{\"brokerAddrs\":{0:\"h:1\"}}},\"clusterAddrTable\":{\"c\":[\"a\"]}}",
        "{\"brokerAddrTable\":{\"a\":{\"brokerAddrs\":{0:\"h:2\"}}},\"clusterAddrTable\":{\"c\":[\"a\"]}}",
        "{\"brokerAddrTable\":{\"a\":{\"brokerAddrs\":{1:\"h:1\"}}},\"clusterAddrTable\":{\"c\":[\"a\"]}}",
        "{\"brokerAddrTable\":{\"a\":{\"brokerAddrs\":{0:\"h:1\",1:\"h:2\"}}},\"clusterAddrTable\":{\"c\":[\"a\"]}}",
        "{\"brokerAddrTable\":{\"a\":{\"brokerAddrs\":{0:\"h:1\"}}},\"clusterAddrTable\":{\"c\":[\"a\",\"b\"]}}",
        "{\"brokerAddrTable\":{\"a\":{\"brokerAddrs\":{0:\"h:1\"}}},\"clusterAddrTable\":{\"d\":[\"a\"]}}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct topology *first = read_well(bodies[0], ""), *other = read_well(bodies[i], "");
        assert_int_equal(topology_equal(first, other), i == 0);
        topology_free(first);
        topology_free(other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(brokers_of_the_named_cluster_are_sorted),
        cmocka_unit_test(a_slave_alone_is_no_master),
        cmocka_unit_test(the_only_cluster_needs_no_name),
        cmocka_unit_test(clusters_are_listed_where_a_name_is_needed),
        cmocka_unit_test(ids_are_signed_64_bits),
        cmocka_unit_test(a_strict_name_server_is_understood_too),
        cmocka_unit_test(what_is_not_a_topology_is_a_bad_answer),
        cmocka_unit_test(topologies_are_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
