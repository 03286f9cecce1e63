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
#include "api/cluster/broker_config.h"
#include "api/cluster/creates.h"
#include "api/cluster/order_conf.h"
#include "tests/lib/catalog_text.h"

static struct failure why;

/* The settings of the first resource of a catalog text. */
static struct catalog *drafted(const char *line, struct draft *out)
{
    struct catalog *catalog = catalog_text(line);

    draft_from_settings(out, catalog_settings_of(catalog, catalog_rows(catalog)));
    return catalog;
}

/* "name=value …" */
static void assert_fields(const struct frame *frame, const char *expected)
{
    char text[1024] = "";
    size_t used = 0;

    for (uint32_t i = 0; i < frame->field_count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%.*s=%.*s", i > 0 ? " " : "",
                                 (int)frame->fields[i].name.bytes, frame->fields[i].name.data,
                                 (int)frame->fields[i].value.bytes, frame->fields[i].value.data);
    assert_string_equal(text, expected);
}

/* --- 17 --- */

static void a_topic_is_all_header(void **state)
{
    struct arena memory = ARENA_INIT;
    struct draft draft;
    struct frame frame;
    struct catalog *catalog =
        drafted("Topic orders messageType=FIFO readQueueNums=8 writeQueueNums=4 perm=6 order=true "
                "attributes={queue.type:SimpleCQ,reserve.time:7}",
                &draft);

    (void)state;
    assert_int_equal(create_topic_request(TEXT("orders"), &draft, true, &memory, &frame, &why), 0);
    assert_int_equal(frame.code, 17);
    assert_int_equal(frame.body.bytes, 0);
    assert_fields(&frame, "topic=orders defaultTopic=TBW102 readQueueNums=8 writeQueueNums=4 perm=6 "
                          "topicFilterType=SINGLE_TAG topicSysFlag=0 order=true "
                          "attributes=+queue.type=SimpleCQ,+reserve.time=7,+message.type=FIFO");
    assert_int_equal(create_topic_request(TEXT("orders"), &draft, false, &memory, &frame, &why), 0);
    assert_fields(&frame, "topic=orders defaultTopic=TBW102 readQueueNums=8 writeQueueNums=4 perm=6 "
                          "topicFilterType=SINGLE_TAG topicSysFlag=0 order=true");
    catalog_unref(catalog);
    arena_release(&memory);
}

static void what_is_not_said_goes_with_its_default(void **state)
{
    struct arena memory = ARENA_INIT;
    struct draft draft;
    struct frame frame;
    struct catalog *catalog = drafted("Topic t topicFilterType=MULTI_TAG topicSysFlag=3", &draft);

    (void)state;
    assert_int_equal(create_topic_request(TEXT("t"), &draft, true, &memory, &frame, &why), 0);
    assert_fields(&frame,
                  "topic=t defaultTopic=TBW102 readQueueNums=16 writeQueueNums=16 perm=6 topicFilterType=MULTI_TAG "
                  "topicSysFlag=3 order=false");
    catalog_unref(catalog);
    arena_release(&memory);
}

/* --- 200 --- */

static void a_group_is_all_body(void **state)
{
    struct buffer body;
    struct draft draft;
    struct frame frame;
    struct catalog *catalog = drafted("ConsumerGroup GID deliveryOrderType=Orderly consumeRetryPolicy.maxRetryTimes=16 "
                                      "retryQueueNums=2 attributes={priority.factor:50}",
                                      &draft);

    (void)state;
    buffer_init(&body, 4096);
    assert_int_equal(create_group_request(TEXT("GID"), &draft, true, &body, &frame, &why), 0);
    assert_int_equal(frame.code, 200);
    assert_int_equal(frame.field_count, 0);
    assert_string_equal(body.data, "{\"attributes\":{\"+priority.factor\":\"50\"},\"consumeMessageOrderly\":true,"
                                   "\"groupName\":\"GID\",\"retryMaxTimes\":16,\"retryQueueNums\":2}");
    assert_ptr_equal(frame.body.data, body.data);
    buffer_reset(&body);
    assert_int_equal(create_group_request(TEXT("GID"), &draft, false, &body, &frame, &why), 0);
    assert_string_equal(body.data, "{\"groupName\":\"GID\",\"retryMaxTimes\":16,\"retryQueueNums\":2}");
    buffer_release(&body);
    buffer_init(&body, 8);
    assert_int_equal(create_group_request(TEXT("GID"), &draft, true, &body, &frame, &why), -1);
    assert_int_equal(why.cause, CAUSE_OUT_OF_MEMORY);
    buffer_release(&body);
    catalog_unref(catalog);
}

/* --- 18, 225 --- */

static void batches_are_lists(void **state)
{
    struct create_batch batch;
    struct buffer body;
    struct draft draft;
    struct frame frame;
    struct catalog *catalog = drafted("Topic a messageType=FIFO readQueueNums=8", &draft);

    (void)state;
    buffer_init(&body, 4096);
    create_batch_init(&batch, KIND_TOPIC, &body);
    create_batch_add(&batch, TEXT("a"), &draft);
    create_batch_add(&batch, TEXT("b"), &draft);
    assert_int_equal(create_batch_request(&batch, &frame, &why), 0);
    assert_int_equal(frame.code, 18);
    assert_string_equal(
        body.data,
        "{\"topicConfigList\":[{\"attributes\":{\"+message.type\":\"FIFO\"},\"readQueueNums\":8,\"topicName\":\"a\"},"
        "{\"attributes\":{\"+message.type\":\"FIFO\"},\"readQueueNums\":8,\"topicName\":\"b\"}]}");
    catalog_unref(catalog);
    buffer_reset(&body);
    catalog = drafted("ConsumerGroup g consumeEnable=false", &draft);
    create_batch_init(&batch, KIND_GROUP, &body);
    create_batch_add(&batch, TEXT("g"), &draft);
    assert_int_equal(create_batch_request(&batch, &frame, &why), 0);
    assert_int_equal(frame.code, 225);
    assert_string_equal(body.data, "{\"groupConfigList\":[{\"consumeEnable\":false,\"groupName\":\"g\"}]}");
    catalog_unref(catalog);
    buffer_release(&body);
}

/* --- 100, 219 --- */

static void order_entries_are_found_and_put(void **state)
{
    struct order_conf *conf;
    struct frame frame;

    (void)state;
    assert_int_equal(
        order_conf_read(TEXT("{\"table\":{\"o2\":\"broker-a:8\",\"o1\":\"broker-b:4;broker-a:8\"}}"), &conf, &why), 0);
    assert_true(text_is(order_conf_find(conf, TEXT("o1")), "broker-b:4;broker-a:8"));
    assert_true(text_is(order_conf_find(conf, TEXT("o2")), "broker-a:8"));
    assert_int_equal(order_conf_find(conf, TEXT("o")).bytes, 0);
    assert_int_equal(order_conf_find(NULL, TEXT("o")).bytes, 0);
    order_conf_free(conf);
    assert_int_equal(order_conf_read(TEXT(""), &conf, &why), 0);
    assert_int_equal(order_conf_find(conf, TEXT("o1")).bytes, 0);
    order_conf_free(conf);
    assert_int_equal(order_conf_read(TEXT("{\"table\":{\"o\":1}}"), &conf, &why), -1);
    assert_int_equal(why.cause, CAUSE_BAD_ANSWER);
    order_conf_list(&frame);
    assert_int_equal(frame.code, 219);
    assert_fields(&frame, "namespace=ORDER_TOPIC_CONFIG");
    order_conf_put(&frame, TEXT("orders"), TEXT("broker-a:8"));
    assert_int_equal(frame.code, 100);
    assert_fields(&frame, "namespace=ORDER_TOPIC_CONFIG key=orders value=broker-a:8");
}

static void order_values_grow_by_the_brokers_they_lack(void **state)
{
    static const struct {
        const char *old, *broker, *joined;
    } cases[] = {{"", "broker-a", "broker-a:8"},
                 {"broker-b:4", "broker-a", "broker-b:4;broker-a:8"},
                 {"broker-a:4", "broker-a", "broker-a:4"},
                 {"broker-aa:4;broker-a:2", "broker-a", "broker-aa:4;broker-a:2"},
                 {"broker-aa:4", "broker-a", "broker-aa:4;broker-a:8"}};
    struct buffer value;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buffer_init(&value, 64);
        assert_int_equal(order_value_join(text_of(cases[i].old), cases[i].broker, 8, &value), 0);
        assert_string_equal(value.data, cases[i].joined);
        buffer_release(&value);
    }
    buffer_init(&value, 4);
    assert_int_equal(order_value_join(TEXT("broker-b:4"), "broker-a", 8, &value), -1);
    buffer_release(&value);
}

/* --- 26 --- */

static void a_broker_tells_its_store(void **state)
{
    struct broker_config config;

    (void)state;
    broker_config_read(TEXT("brokerName=a\nconfigManagerVersion=v2\r\nautoCreateTopicEnable = false\n"
                            "enableMixedMessageType=true\nx\n=y\nbrokerRole=ASYNC_MASTER"),
                       &config);
    assert_true(config.store_v2);
    assert_false(config.auto_create_topic);
    assert_true(config.auto_create_group);
    assert_true(config.mixed_message_type);
    assert_false(config.slave);
    broker_config_read(TEXT("configManagerVersion=v2\nconfigManagerVersion=v1\nbrokerRole=SLAVE\n"), &config);
    assert_false(config.store_v2);
    assert_true(config.slave);
    broker_config_read(TEXT(""), &config);
    assert_false(config.store_v2);
    assert_true(config.auto_create_topic);
    assert_true(text_is(broker_config_value(TEXT("a=b=c"), "a"), "b=c"));
    assert_int_equal(broker_config_value(TEXT("aa=1\nxa=2"), "a").bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_topic_is_all_header),
        cmocka_unit_test(what_is_not_said_goes_with_its_default),
        cmocka_unit_test(a_group_is_all_body),
        cmocka_unit_test(batches_are_lists),
        cmocka_unit_test(order_entries_are_found_and_put),
        cmocka_unit_test(order_values_grow_by_the_brokers_they_lack),
        cmocka_unit_test(a_broker_tells_its_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
