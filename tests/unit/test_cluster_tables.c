/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/cause.h"
#include "api/cluster/tables.h"
#include "controller/runner/parts.h"
#include "tests/lib/catalog_text.h"

static struct failure why;

static struct text sample(const char *name)
{
    char path[512];
    char *text = calloc(1, 65536);

    snprintf(path, sizeof path, SOURCE_DIR "/tests/data/samples/%s", name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(text);
    size_t bytes = fread(text, 1, 65535, file);
    fclose(file);
    return (struct text){text, bytes};
}

static struct own_topics *own_of(const char *info, const char *list)
{
    struct own_topics *own = own_topics_new();
    struct topology *topology;

    assert_non_null(own);
    assert_int_equal(topology_read(text_of(info), text_of(""), &topology, &why), 0);
    assert_int_equal(own_topics_add_topology(own, topology, &why), 0);
    topology_free(topology);
    if (list)
        assert_int_equal(own_topics_add_list(own, text_of(list), &why), 0);
    own_topics_seal(own);
    return own;
}

static struct catalog *read_as(enum kind kind, struct text body, const char *broker, const struct own_topics *own,
                               struct table_facts *facts)
{
    struct table_request request = {.kind = kind, .body = body, .broker = broker, .own = own};
    struct catalog *catalog = NULL;

    why = (struct failure)FAILURE_INIT;
    int status = table_read(&request, &catalog, facts, &why);
    assert_string_equal(why.text, "");
    assert_int_equal(status, 0);
    return catalog;
}

static void refuse(enum kind kind, const char *body, const char *part)
{
    struct table_request request = {.kind = kind, .body = text_of(body), .broker = "broker-a"};
    struct catalog *catalog = NULL;

    why = (struct failure)FAILURE_INIT;
    assert_int_equal(table_read(&request, &catalog, NULL, &why), -1);
    assert_null(catalog);
    assert_string_equal(cause_name(why.cause), "bad-answer");
    if (!strstr(why.text, part))
        fail_msg("\"%s\" does not say \"%s\"", why.text, part);
}

static enum status status_of(const struct catalog *catalog, enum kind kind, const char *name)
{
    return catalog_rows(catalog)[catalog_row_of(catalog, kind, name)].status;
}

static const char info[] = "{\"brokerAddrTable\":{\"broker-a\":{\"brokerAddrs\":{0:\"h:1\"}}},"
                           "\"clusterAddrTable\":{\"main\":[\"broker-a\"]}}";

/* --- topics --- */

static void a_table_is_what_one_master_has(void **state)
{
    struct text body = sample("broker-topics.json");
    struct table_facts facts;
    struct catalog *catalog = read_as(KIND_TOPIC, body, "demo-broker-a", NULL, &facts);

    (void)state;
    assert_int_equal(catalog_master_count(catalog), 1);
    assert_string_equal(catalog_master(catalog, 0), "demo-broker-a");
    assert_int_equal(facts.read, catalog_count(catalog));
    assert_true(facts.has_version);
    uint32_t row = catalog_row_of(catalog, KIND_TOPIC, "trade_order_created");
    assert_string_equal(resource_text_of(catalog, row),
                        "@demo-broker-a messageType=FIFO readQueueNums=8 writeQueueNums=8 perm=6 order=true "
                        "topicFilterType=SINGLE_TAG topicSysFlag=0");
    assert_int_equal(status_of(catalog, KIND_TOPIC, "TBW102"), STATUS_SYSTEM);
    catalog_unref(catalog);
    free((char *)body.data);
}

static void the_clusters_own_topics_are_system(void **state)
{
    static const char body[] =
        "{\"dataVersion\":{\"counter\":1,\"timestamp\":2},\"topicConfigTable\":{"
        "\"main\":{\"perm\":7},\"broker-a\":{\"perm\":7},\"main_REPLY_TOPIC\":{},\"my-trace\":{},\"orders\":{},"
        "\"other_REPLY_TOPIC\":{},\"%RETRY%GID\":{},\"rmq_sys_wheel_timer\":{}}}";
    struct own_topics *own = own_of(info, "{\"topicList\":[\"my-trace\",\"TBW102\"],\"more\":null}");
    struct catalog *catalog = read_as(KIND_TOPIC, text_of(body), "broker-a", own, NULL);

    (void)state;
    assert_int_equal(status_of(catalog, KIND_TOPIC, "main"), STATUS_SYSTEM);
    assert_int_equal(status_of(catalog, KIND_TOPIC, "broker-a"), STATUS_SYSTEM);
    assert_int_equal(status_of(catalog, KIND_TOPIC, "main_REPLY_TOPIC"), STATUS_SYSTEM);
    assert_int_equal(status_of(catalog, KIND_TOPIC, "my-trace"), STATUS_SYSTEM);
    assert_int_equal(status_of(catalog, KIND_TOPIC, "%RETRY%GID"), STATUS_SYSTEM);
    assert_int_equal(status_of(catalog, KIND_TOPIC, "rmq_sys_wheel_timer"), STATUS_SYSTEM);
    assert_int_equal(status_of(catalog, KIND_TOPIC, "orders"), STATUS_ORDINARY);
    assert_int_equal(status_of(catalog, KIND_TOPIC, "other_REPLY_TOPIC"), STATUS_ORDINARY);
    assert_true(own_topics_has(own, TEXT("TBW102")));
    assert_false(own_topics_has(own, TEXT("maine")));
    catalog_unref(catalog);
    own_topics_free(own);
}

static void static_topics_are_told_apart(void **state)
{
    struct text body = sample("all-topic-config-static-topic-fastjson.txt");
    struct table_facts facts;
    struct catalog *catalog = read_as(KIND_TOPIC, body, "demo-broker-a", NULL, &facts);

    (void)state;
    assert_int_equal(status_of(catalog, KIND_TOPIC, "static_t"), STATUS_STATIC);
    assert_string_equal(resource_text_of(catalog, 0),
                        "@demo-broker-a readQueueNums=2 writeQueueNums=2 perm=6 order=false "
                        "topicFilterType=SINGLE_TAG topicSysFlag=0");
    assert_int_equal(facts.version.counter, 3);
    assert_int_equal(facts.version.mapping_timestamp_ms, INT64_C(1767225598000));
    catalog_unref(catalog);
    free((char *)body.data);
}

static void one_topic_is_read_alone(void **state)
{
    static const char body[] =
        "{\"attributes\":{\"message.type\":\"DELAY\"},\"mappingDetail\":{\"hostedQueues\":{0:[]}},"
        "\"perm\":6,\"topicName\":\"timer\",\"readQueueNums\":4}";
    struct table_request request = {.kind = KIND_TOPIC, .body = text_of(body), .broker = "broker-b"};
    struct catalog *catalog;

    (void)state;
    assert_int_equal(table_read_topic(&request, &catalog, &why), 0);
    assert_string_equal(resource_text_of(catalog, catalog_row_of(catalog, KIND_TOPIC, "timer")),
                        "@broker-b messageType=DELAY readQueueNums=4 perm=6");
    catalog_unref(catalog);
    request.body = TEXT("{\"perm\":6}");
    assert_int_equal(table_read_topic(&request, &catalog, &why), -1);
    assert_int_equal(why.cause, CAUSE_BAD_ANSWER);
}

static void an_empty_part_names_its_master(void **state)
{
    struct catalog *catalog;

    (void)state;
    assert_int_equal(table_empty("broker-b", &catalog, &why), 0);
    assert_int_equal(catalog_count(catalog), 0);
    assert_string_equal(catalog_master(catalog, 0), "broker-b");
    catalog_unref(catalog);
}

/* --- groups --- */

static void groups_of_4_and_5_are_read(void **state)
{
    struct text body = sample("broker-subscriptionGroup.json");
    struct table_facts facts;
    struct catalog *catalog = read_as(KIND_GROUP, body, "demo-broker-a", NULL, &facts);

    (void)state;
    assert_int_equal(status_of(catalog, KIND_GROUP, "CID_RMQ_SYS_TRANS"), STATUS_SYSTEM);
    assert_int_equal(status_of(catalog, KIND_GROUP, "GID_order_worker"), STATUS_ORDINARY);
    catalog_unref(catalog);
    free((char *)body.data);
    body = sample("broker-subscriptionGroup-4x.json");
    catalog = read_as(KIND_GROUP, body, "demo-broker-a", NULL, &facts);
    assert_int_equal(facts.read, catalog_count(catalog));
    catalog_unref(catalog);
    free((char *)body.data);
}

static void what_brokers_store_is_kept_as_it_is(void **state)
{
    static const char body[] =
        "{\"dataVersion\":{},\"forbiddenTable\":{\"g\":{\"t\":4,\"u\":4},\"h\":{}},\"subscriptionGroupTable\":{"
        "\"\":{\"groupName\":\"\"},\"with blank\":{\"retryQueueNums\":-3},\"odd\":{\"novel\":{\"a\":[1]}}}}";
    struct table_facts facts;
    struct catalog *catalog = read_as(KIND_GROUP, text_of(body), "broker-a", NULL, &facts);

    (void)state;
    assert_int_equal(facts.read, 3);
    assert_int_equal(facts.forbidden, 2);
    assert_int_equal(facts.unknown, 1);
    assert_string_equal(resource_text_of(catalog, catalog_row_of(catalog, KIND_GROUP, "with blank")),
                        "@broker-a retryQueueNums=-3");
    assert_int_not_equal(catalog_find(catalog, KIND_GROUP, TEXT("")), CATALOG_ABSENT);
    catalog_unref(catalog);
}

static void a_name_that_nobody_can_declare_is_left_out(void **state)
{
    char *body = malloc(8192);
    struct table_facts facts;

    (void)state;
    assert_non_null(body);
    int used = snprintf(body, 8192, "{\"subscriptionGroupTable\":{\"g\":{},\"");
    memset(body + used, 'x', 5000);
    snprintf(body + used + 5000, 8192 - (size_t)used - 5000, "\":{}}}");
    struct catalog *catalog = read_as(KIND_GROUP, text_of(body), "broker-a", NULL, &facts);
    assert_int_equal(catalog_count(catalog), 1);
    assert_int_equal(facts.read, 2);
    assert_int_equal(facts.unnameable, 1);
    catalog_unref(catalog);
    free(body);
}

/* --- joining --- */

static void parts_of_masters_join(void **state)
{
    static const char here[] = "{\"topicConfigTable\":{\"both\":{\"perm\":6},\"split\":{\"perm\":4},\"only-a\":{}}}";
    static const char there[] = "{\"topicConfigTable\":{\"both\":{\"perm\":6},\"split\":{\"perm\":6}}}";
    struct catalog *parts[] = {read_as(KIND_TOPIC, text_of(here), "broker-a", NULL, NULL),
                               read_as(KIND_TOPIC, text_of(there), "broker-b", NULL, NULL), NULL};
    struct parts_input input = {.lists = {[KIND_TOPIC] = {.parts = parts, .count = 3}}};
    struct catalog *joined;
    enum kind kind;

    (void)state;
    assert_int_equal(table_empty("broker-c", &parts[2], &why), 0);
    assert_int_equal(parts_combine(&input, &joined, &kind, &why), 0);
    assert_int_equal(catalog_master_count(joined), 3);
    assert_string_equal(resource_text_of(joined, catalog_row_of(joined, KIND_TOPIC, "both")),
                        "@broker-a perm=6 @broker-b perm=6");
    assert_string_equal(resource_text_of(joined, catalog_row_of(joined, KIND_TOPIC, "split")),
                        "@broker-a perm=4 @broker-b perm=6");
    catalog_unref(joined);
    for (int i = 0; i < 3; i++)
        catalog_unref(parts[i]);
}

/* --- versions --- */

/* A guarded topic is what an unguarded one is; any other attribute counts, and so does another value. */
static void a_guard_is_no_difference(void **state)
{
    struct catalog *guarded, *plain, *other;

    (void)state;
    guarded = read_as(KIND_TOPIC,
                      TEXT("{\"topicConfigTable\":{\"a\":{\"topicName\":\"a\",\"perm\":6,\"attributes\":{"
                           "\"queue.type\":\"SimpleCQ\",\"cleanup.policy\":\"DELETE\"}}}}"),
                      "broker-a", NULL, NULL);
    plain = read_as(KIND_TOPIC, TEXT("{\"topicConfigTable\":{\"a\":{\"topicName\":\"a\",\"perm\":6}}}"), "broker-a",
                    NULL, NULL);
    other = read_as(KIND_TOPIC,
                    TEXT("{\"topicConfigTable\":{\"a\":{\"topicName\":\"a\",\"perm\":6,\"attributes\":{"
                         "\"queue.type\":\"BatchCQ\"}}}}"),
                    "broker-a", NULL, NULL);
    assert_true(catalog_fingerprint(guarded, catalog_rows(guarded)) == catalog_fingerprint(plain, catalog_rows(plain)));
    assert_false(catalog_fingerprint(other, catalog_rows(other)) == catalog_fingerprint(plain, catalog_rows(plain)));
    catalog_unref(guarded);
    catalog_unref(plain);
    catalog_unref(other);
}

static void versions_are_read_from_the_beginning(void **state)
{
    static const char rest[] = ",\"topicConfigTable\":{this is never looked at";
    struct table_version first, second;
    char body[512];

    (void)state;
    snprintf(body, sizeof body,
             "{\"dataVersion\":{\"counter\":3,\"stateVersion\":1,\"timestamp\":1767225599000},"
             "\"mappingDataVersion\":{\"counter\":9,\"stateVersion\":0,\"timestamp\":7}%s",
             rest);
    assert_true(table_version_peek(text_of(body), &first));
    assert_int_equal(first.counter, 3);
    assert_int_equal(first.state, 1);
    assert_int_equal(first.timestamp_ms, INT64_C(1767225599000));
    assert_int_equal(first.mapping_counter, 9);
    snprintf(body, sizeof body, " { \"dataVersion\" : {\n\t\"counter\":3,\"timestamp\":1767225599000 }%s", rest);
    assert_true(table_version_peek(text_of(body), &second));
    assert_false(table_version_equal(&first, &second));
    second = first;
    assert_true(table_version_equal(&first, &second));
    second.mapping_counter++;
    assert_false(table_version_equal(&first, &second));
}

static void a_version_elsewhere_is_not_guessed(void **state)
{
    static const char *const bodies[] = {"",
                                         "{",
                                         "[1]",
                                         "{\"topicConfigTable\":{},\"dataVersion\":{\"counter\":1}}",
                                         "{\"dataVersion\":{}}",
                                         "{\"dataVersion\":null}",
                                         "{\"dataVersion\":{\"counter\":\"1\"}}",
                                         "{\"dataVersion\":{\"counter\":1",
                                         "{\"dataVersion\":{\"counter\":1,\"mappingDataVersion\":2}}",
                                         "{\"dataVersion\":{\"counter\":1},\"mappingDataVersion\":{\"counter\":"};
    struct table_version version;

    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        assert_false(table_version_peek(text_of(bodies[i]), &version));
}

/* --- what is no table --- */

static void half_a_table_is_none(void **state)
{
    (void)state;
    refuse(KIND_TOPIC, "", "no body");
    refuse(KIND_TOPIC, "[]", "object");
    refuse(KIND_TOPIC, "{}", "no table");
    refuse(KIND_TOPIC, "{\"subscriptionGroupTable\":{}}", "no table");
    refuse(KIND_TOPIC, "{\"topicConfigTable\":[]}", "object");
    refuse(KIND_TOPIC, "{\"topicConfigTable\":{\"a\":1}}", "object");
    refuse(KIND_TOPIC, "{\"topicConfigTable\":{\"a\":{}", "byte");
    refuse(KIND_TOPIC, "{\"topicConfigTable\":{\"a\":{},\"a\":{}}}", "twice");
    refuse(KIND_TOPIC, "{\"topicConfigTable\":{},\"topicConfigTable\":{}}", "twice");
    refuse(KIND_TOPIC, "{\"topicConfigTable\":{\"a\":{\"perm\":\"x\"}}}", "perm");
    refuse(KIND_TOPIC, "{\"topicConfigTable\":{\"a\":{\"$ref\":\"$.b\"}}}", "$ref");
    refuse(KIND_TOPIC, "{\"topicConfigTable\":{}} and more", "byte");
}

static void a_reading_can_be_given_up(void **state)
{
    atomic_bool cancelled = true;
    struct table_request request = {.kind = KIND_TOPIC,
                                    .body = TEXT("{\"topicConfigTable\":{\"a\":{}}}"),
                                    .broker = "broker-a",
                                    .cancelled = &cancelled};
    struct catalog *catalog;

    (void)state;
    assert_int_equal(table_read(&request, &catalog, NULL, &why), -1);
    assert_int_equal(why.cause, CAUSE_CANCELLED);
}

static void a_list_of_system_topics_is_checked(void **state)
{
    static const char *const bodies[] = {"", "[]", "{\"topicList\":{}}", "{\"topicList\":[1]}",
                                         "{\"topicList\":[\"a\""};
    struct own_topics *own = own_topics_new();

    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        assert_int_equal(own_topics_add_list(own, text_of(bodies[i]), &why), -1);
        assert_int_equal(why.cause, CAUSE_BAD_ANSWER);
    }
    own_topics_seal(own);
    own_topics_free(own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_is_what_one_master_has),
        cmocka_unit_test(the_clusters_own_topics_are_system),
        cmocka_unit_test(static_topics_are_told_apart),
        cmocka_unit_test(one_topic_is_read_alone),
        cmocka_unit_test(an_empty_part_names_its_master),
        cmocka_unit_test(groups_of_4_and_5_are_read),
        cmocka_unit_test(what_brokers_store_is_kept_as_it_is),
        cmocka_unit_test(a_name_that_nobody_can_declare_is_left_out),
        cmocka_unit_test(parts_of_masters_join),
        cmocka_unit_test(a_guard_is_no_difference),
        cmocka_unit_test(versions_are_read_from_the_beginning),
        cmocka_unit_test(a_version_elsewhere_is_not_guessed),
        cmocka_unit_test(half_a_table_is_none),
        cmocka_unit_test(a_reading_can_be_given_up),
        cmocka_unit_test(a_list_of_system_topics_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
