/* SPDX-License-Identifier: Apache-2.0
 *
 * What reads clusters' answers, places creates and writes exports, with every allocation failing once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/cluster/creates.h"
#include "api/cluster/order_conf.h"
#include "api/cluster/place.h"
#include "api/cluster/tables.h"
#include "controller/export.h"
#include "tests/lib/catalog_text.h"
#include "tests/lib/memory.h"

static const char info[] = "{\"brokerAddrTable\":{\"a\":{\"brokerAddrs\":{0:\"h:1\",1:\"h:2\"}}},"
                           "\"clusterAddrTable\":{\"main\":[\"a\"]}}";
static const char table[] =
    "{\"topicConfigTable\":{\"x\":{\"perm\":6},\"y\":{\"attributes\":{\"message.type\":\"FIFO\"}}},"
    "\"topicQueueMappingDetailMap\":{\"x\":{\"hostedQueues\":{0:[]}}}}";

static int read_topology(void *context, struct failure *why)
{
    struct topology *topology = NULL;
    int status = topology_read(text_of(info), text_of(context), &topology, why);

    topology_free(topology);
    return status;
}

static int read_own(void *context, struct failure *why)
{
    struct own_topics *own = own_topics_new();
    int status = own ? own_topics_add_topology(own, context, why) : failure_no_memory(why, "own topics");

    if (status == 0)
        status = own_topics_add_list(own, TEXT("{\"topicList\":[\"a\",\"b\"]}"), why);
    own_topics_free(own);
    return status;
}

static int read_table(void *context, struct failure *why)
{
    struct table_request request = {.kind = KIND_TOPIC, .body = text_of(table), .broker = "a"};
    struct catalog *catalog = NULL;
    int status = table_read(&request, &catalog, NULL, why);

    (void)context;
    if (status == 0)
        assert_int_equal(catalog_rows(catalog)[0].status, STATUS_STATIC);
    catalog_unref(catalog);
    return status;
}

static int read_order(void *context, struct failure *why)
{
    struct order_conf *conf = NULL;
    int status = order_conf_read(TEXT("{\"table\":{\"a\":\"b:8\",\"c\":\"d:8\"}}"), &conf, why);

    (void)context;
    order_conf_free(conf);
    return status;
}

static int request_topic(void *context, struct failure *why)
{
    struct arena memory = ARENA_INIT;
    struct draft draft;
    struct frame frame;

    draft_from_settings(&draft, catalog_settings_of(context, catalog_rows(context)));
    int status = create_topic_request(TEXT("x"), &draft, true, &memory, &frame, why);
    arena_release(&memory);
    return status;
}

/* Two masters: one answers as it should, the other loses the answer. */
static int place_rounds(struct place *place, struct catalog *tables[2], struct failure *why)
{
    const struct place_step *steps;
    const struct failure *reason, lost = {.cause = 1};
    uint32_t count = 1;

    while (count > 0) {
        place_look(place, 0, tables[0], NULL);
        place_look(place, 1, tables[1], &lost);
        if (place_next(place, &steps, &count, why) != 0)
            return -1;
        for (uint32_t i = 0; i < count; i++)
            place_answered(place, i, i % 2 ? PLACE_LOST : PLACE_ACCEPTED, &lost);
    }
    place_outcome(place, 0, &reason);
    return 0;
}

static int place_all(void *context, struct failure *why)
{
    struct place_master masters[] = {{.name = "a", .version = BROKER_VERSION(4, 9, 7)},
                                     {.name = "b", .version = BROKER_VERSION(5, 5, 0)}};
    struct create_item items[4];
    struct capabilities capabilities;
    struct catalog **catalogs = context;
    struct place *place = NULL;

    place_capabilities(masters, 2, false, &capabilities);
    for (uint32_t i = 0; i < 4; i++) {
        const struct resource *resource = &catalog_rows(catalogs[0])[i];
        items[i] = (struct create_item){
            .name = catalog_name(catalogs[0], resource), .catalog = catalogs[0], .resource = resource};
    }
    struct place_request request = {
        .masters = masters, .master_count = 2, .items = items, .count = 4, .capabilities = &capabilities};
    int status = place_new(&request, &place, why);
    if (status == 0)
        status = place_rounds(place, catalogs + 1, why);
    place_free(place);
    return status;
}

static int write_export(void *context, struct failure *why)
{
    const struct description from = {.capabilities = {.kind = INSTANCE_ROCKETMQ, .masters_fixed = true}};
    struct buffer out;

    buffer_init(&out, EXPORT_BYTES_MAX);
    int status = export_write(&out, EXPORT_YAML, context, &from, why);
    buffer_release(&out);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    struct topology *topology;
    struct failure why;
    struct catalog *catalogs[] = {
        catalog_text("Topic TBW102 perm=6\nTopic o order=true\nTopic p perm=6\nTopic q perm=6"),
        catalog_text("masters a\nTopic z perm=6 @a"), catalog_text("masters b\nTopic z perm=6 @b")};
    struct catalog *attributes =
        catalog_text("Topic x messageType=FIFO attributes={queue.type:SimpleCQ} readQueueNums=3");

    struct catalog *held = catalog_text("masters b a\nTopic x perm=6 attributes={queue.type:SimpleCQ} @a @b\n"
                                        "Topic y attributes={queue.type:BatchCQ,reserve.time:1} @a perm=4 @b perm=6");

    (void)state;
    assert_int_equal(topology_read(text_of(info), TEXT(""), &topology, &why), 0);
    memory_sweep(read_topology, "main");
    memory_sweep(read_own, topology);
    memory_sweep(read_table, NULL);
    memory_sweep(read_order, NULL);
    memory_sweep(request_topic, attributes);
    memory_sweep(place_all, catalogs);
    memory_sweep(write_export, held);
    topology_free(topology);
    for (int i = 0; i < 3; i++)
        catalog_unref(catalogs[i]);
    catalog_unref(attributes);
    catalog_unref(held);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_may_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
