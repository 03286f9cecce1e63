/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "api/cause.h"
#include "api/cluster/place.h"
#include "controller/export.h"
#include "tests/lib/catalog_text.h"

/* A cluster of broker-a and broker-b, both of that release. */
static struct description cluster_of(uint16_t version)
{
    static struct place_master masters[] = {{.name = "broker-a"}, {.name = "broker-b"}};
    struct description description = {.in_service = true};

    masters[0].version = masters[1].version = version;
    place_capabilities(masters, 2, false, &description.capabilities);
    identity_set(&description.identity, "clusterName", "main");
    return description;
}

static char *exported(const char *lines, enum export_format format, const struct description *from)
{
    struct catalog *catalog = catalog_text(lines);
    struct failure why = FAILURE_INIT;
    struct buffer out;
    size_t bytes;

    buffer_init(&out, EXPORT_BYTES_MAX);
    int status = export_write(&out, format, catalog, from, &why);
    assert_string_equal(why.text, "");
    assert_int_equal(status, 0);
    catalog_unref(catalog);
    char *text = buffer_take(&out, &bytes);
    return text ? text : strdup("");
}

static void assert_exported(const char *lines, enum export_format format, const struct description *from,
                            const char *expected)
{
    char *text = exported(lines, format, from);

    assert_string_equal(text, expected);
    free(text);
}

static void what_all_masters_share_is_said_once(void **state)
{
    struct description from = cluster_of(BROKER_VERSION(5, 5, 0));

    (void)state;
    assert_exported("masters broker-a broker-b\n"
                    "Topic both perm=6 messageType=FIFO @broker-a @broker-b\n"
                    "ConsumerGroup GID retryQueueNums=1 @broker-a @broker-b",
                    EXPORT_YAML, &from,
                    "apiVersion: mqferry/v1\nkind: TopicList\nitems:\n"
                    "  - name: both\n    messageType: FIFO\n    perm: 6\n"
                    "---\napiVersion: mqferry/v1\nkind: ConsumerGroupList\nitems:\n"
                    "  - name: GID\n    retryQueueNums: 1\n");
}

static void what_differs_stands_with_its_broker(void **state)
{
    struct description from = cluster_of(BROKER_VERSION(5, 5, 0));

    (void)state;
    assert_exported("masters broker-a broker-b\n"
                    "Topic part perm=6 @broker-b\n"
                    "Topic split perm=6 @broker-a readQueueNums=4 @broker-b readQueueNums=8",
                    EXPORT_YAML, &from,
                    "apiVersion: mqferry/v1\nkind: TopicList\nitems:\n"
                    "  - name: part\n    perm: 6\n    brokers:\n      broker-b: {}\n"
                    "  - name: split\n    perm: 6\n    brokers:\n"
                    "      broker-a:\n        readQueueNums: 4\n      broker-b:\n        readQueueNums: 8\n");
}

static void a_master_without_anything_counts(void **state)
{
    struct description from = cluster_of(BROKER_VERSION(5, 5, 0));

    (void)state;
    assert_exported("masters broker-a broker-b\nTopic part perm=6 @broker-a", EXPORT_YAML, &from,
                    "apiVersion: mqferry/v1\nkind: TopicList\nitems:\n"
                    "  - name: part\n    perm: 6\n    brokers:\n      broker-a: {}\n");
}

static void nothing_of_rocketmqs_own_is_exported(void **state)
{
    struct description from = cluster_of(BROKER_VERSION(5, 5, 0));
    const char *lines = "masters broker-a broker-b\n"
                        "Topic TBW102 perm=6 @broker-a @broker-b\n"
                        "Topic main perm=7 status=system @broker-a @broker-b\n"
                        "Topic logical perm=6 status=static @broker-a @broker-b\n"
                        "ConsumerGroup TOOLS_CONSUMER retryQueueNums=1 @broker-a @broker-b";

    (void)state;
    assert_exported(lines, EXPORT_YAML, &from, "");
    char *snapshot = exported(lines, EXPORT_SNAPSHOT, &from);
    assert_null(strstr(snapshot, "\"name\""));
    free(snapshot);
    char *metadata = exported(lines, EXPORT_METADATA, &from);
    assert_null(strstr(metadata, "perm"));
    free(metadata);
}

/* The guard that creates carry does not come back as a declaration. */
static void the_guard_leaves_no_trace(void **state)
{
    static const enum export_format formats[] = {EXPORT_YAML, EXPORT_SNAPSHOT, EXPORT_METADATA};
    struct description from = cluster_of(BROKER_VERSION(5, 5, 0));

    (void)state;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        char *plain = exported("masters broker-a broker-b\nTopic a perm=6 @broker-a @broker-b\n"
                               "Topic b attributes={reserve.time:9} @broker-a @broker-b",
                               formats[i], &from);
        char *guarded =
            exported("masters broker-a broker-b\n"
                     "Topic a perm=6 attributes={queue.type:SimpleCQ} @broker-a @broker-b\n"
                     "Topic b @broker-a attributes={cleanup.policy:DELETE,queue.type:SimpleCQ,reserve.time:9} "
                     "@broker-b attributes={reserve.time:9}",
                     formats[i], &from);
        assert_string_equal(plain, guarded);
        assert_null(strstr(guarded, "SimpleCQ"));
        free(plain);
        free(guarded);
    }
    char *chosen = exported("masters broker-a broker-b\nTopic c attributes={queue.type:BatchCQ} @broker-a @broker-b",
                            EXPORT_YAML, &from);
    assert_non_null(strstr(chosen, "attributes: {queue.type: BatchCQ}"));
    free(chosen);
}

static void metadata_has_the_numbers_of_one_broker(void **state)
{
    struct description from = cluster_of(BROKER_VERSION(4, 9, 7));
    const char *lines =
        "masters broker-a broker-b\nTopic t perm=6 readQueueNums=8 writeQueueNums=8 @broker-a @broker-b";

    (void)state;
    char *old = exported(lines, EXPORT_METADATA, &from);
    assert_non_null(strstr(old, "\"dataVersion\""));
    assert_non_null(strstr(old, "\"readQueueNums\": 8"));
    assert_null(strstr(old, "attributes"));
    free(old);
    from = cluster_of(BROKER_VERSION(5, 5, 0));
    char *new = exported(lines, EXPORT_METADATA, &from);
    assert_non_null(strstr(new, "\"attributes\": {}"));
    free(new);
}

static void metadata_cannot_say_that_masters_differ(void **state)
{
    struct description from = cluster_of(BROKER_VERSION(5, 5, 0));
    struct catalog *catalog = catalog_text("masters broker-a broker-b\nTopic part perm=6 @broker-a");
    struct failure why = FAILURE_INIT;
    struct buffer out;

    (void)state;
    buffer_init(&out, EXPORT_BYTES_MAX);
    assert_int_equal(export_write(&out, EXPORT_METADATA, catalog, &from, &why), -1);
    assert_int_equal(why.cause, CAUSE_UNSUPPORTED);
    assert_non_null(strstr(why.text, "topic 'part' is not the same on all masters"));
    buffer_release(&out);
    catalog_unref(catalog);
}

static void brokers_stand_in_the_order_of_their_names(void **state)
{
    struct description from = cluster_of(BROKER_VERSION(5, 5, 0));
    char *one = exported("masters broker-a broker-b\nTopic t @broker-a perm=4 @broker-b perm=2", EXPORT_YAML, &from);
    char *other = exported("masters broker-b broker-a\nTopic t @broker-a perm=4 @broker-b perm=2", EXPORT_YAML, &from);

    (void)state;
    assert_string_equal(one, other);
    assert_true(strstr(one, "broker-a") < strstr(one, "broker-b"));
    free(one);
    free(other);
}

/* A snapshot does not tell which masters there are: what it says of places stays. */
static void places_of_a_snapshot_stay(void **state)
{
    struct description from = {.capabilities = {.kind = INSTANCE_ROCKETMQ}};

    (void)state;
    assert_exported("masters broker-a\nTopic t perm=6 @broker-a", EXPORT_YAML, &from,
                    "apiVersion: mqferry/v1\nkind: TopicList\nitems:\n"
                    "  - name: t\n    perm: 6\n    brokers:\n      broker-a: {}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_all_masters_share_is_said_once),
        cmocka_unit_test(what_differs_stands_with_its_broker),
        cmocka_unit_test(a_master_without_anything_counts),
        cmocka_unit_test(nothing_of_rocketmqs_own_is_exported),
        cmocka_unit_test(the_guard_leaves_no_trace),
        cmocka_unit_test(metadata_has_the_numbers_of_one_broker),
        cmocka_unit_test(metadata_cannot_say_that_masters_differ),
        cmocka_unit_test(brokers_stand_in_the_order_of_their_names),
        cmocka_unit_test(places_of_a_snapshot_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
