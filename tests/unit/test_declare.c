/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "api/cause.h"
#include "manifests/declare.h"
#include "tests/lib/memory.h"

/* ---- what came into the catalog, as text ---- */

static void show_settings(struct buffer *out, const struct settings *settings)
{
    for (uint64_t rest = settings->set; rest != 0; rest &= rest - 1) {
        enum field field = field_first(rest);
        buffer_append_format(out, " %s=", field_info(field)->name);
        value_append(out, field, settings_value(settings, field));
    }
}

static void show_spread(struct buffer *out, const struct catalog *catalog, const struct spread *spread)
{
    for (uint16_t master = 0; master < spread->masters; master++) {
        if (spread->settings[master] == CATALOG_ABSENT)
            continue;
        buffer_append_format(out, " on %s:", catalog_master(catalog, master));
        show_settings(out, catalog_settings(catalog, spread->settings[master]));
    }
}

static void show_catalog(struct buffer *out, const struct catalog *catalog)
{
    static const char *const policies[] = {"", " (observe)", " (ignore)"};
    const struct resource *rows = catalog_rows(catalog);

    for (uint32_t row = 0; row < catalog_count(catalog); row++) {
        struct text name = catalog_name(catalog, &rows[row]);
        assert_true(rows[row].hand);
        buffer_append_format(out, "%s %.*s@%u:%u%s", kind_name(rows[row].kind), (int)name.bytes, name.data,
                             rows[row].line, rows[row].column, policies[rows[row].policy]);
        if (rows[row].spread)
            show_spread(out, catalog, catalog_spread(catalog, rows[row].settings));
        else
            show_settings(out, catalog_settings_of(catalog, &rows[row]));
        buffer_append_char(out, '\n');
    }
}

static enum duplicate on_duplicate(void *context, struct duplicate_pair *pair, struct failure *why)
{
    (void)why;
    return declare_twice(pair, context);
}

/* Reads `text` as the file "t": resources, then mistakes, then notices. */
static void assert_declares_in(bool in_directory, const char *text, const char *expected)
{
    struct catalog_builder *builder = catalog_builder_new();
    struct complaints mistakes, notices;
    struct declare_request request = {
        .path = "t", .in_directory = in_directory, .mistakes = &mistakes, .notices = &notices};
    struct failure why = FAILURE_INIT;
    struct catalog *catalog = NULL;
    uint64_t read[KINDS] = {0};
    struct buffer out;

    complaints_init(&mistakes);
    complaints_init(&notices);
    buffer_init(&out, 1 << 20);
    buffer_append_string(&out, "");
    assert_int_equal(declare_read(text_of(text), &request, builder, read, &why), 0);
    assert_int_equal(read[KIND_TOPIC] + read[KIND_GROUP], catalog_builder_count(builder));
    assert_int_equal(catalog_seal(builder, on_duplicate, &mistakes, &catalog, &why), 0);
    show_catalog(&out, catalog);
    complaints_append(&out, &mistakes);
    complaints_append(&out, &notices);
    assert_string_equal(out.data, expected);
    catalog_unref(catalog);
    catalog_builder_free(builder);
    complaints_release(&mistakes);
    complaints_release(&notices);
    buffer_release(&out);
}

static void assert_declares(const char *text, const char *expected)
{
    assert_declares_in(false, text, expected);
}

#define TOPIC(name, spec) "apiVersion: mqferry/v1\nkind: Topic\nmetadata: {name: " name "}\nspec: " spec "\n"
#define GROUP(name, spec) "apiVersion: mqferry/v1\nkind: ConsumerGroup\nmetadata: {name: " name "}\nspec: " spec "\n"

/* ---- what is right ---- */

/* Every kind of setting of a topic goes into the catalog, with the place of the name. */
static void topics_are_read(void **state)
{
    (void)state;
    assert_declares(
        "apiVersion: mqferry/v1\nkind: Topic\nmetadata:\n  name: orders\n  policy: observe\nspec:\n"
        "  messageType: FIFO\n  remark: order events\n  maxSendTps: 1500\n  readQueueNums: 8\n"
        "  writeQueueNums: 4\n  perm: RW\n  order: false\n  attributes: {queue.type: x, cleanup.policy: DELETE}\n",
        "Topic orders@4:9 (observe) messageType=FIFO remark=order events maxSendTps=1500 readQueueNums=8 "
        "writeQueueNums=4 perm=6 order=false "
        "attributes={\"cleanup.policy\":\"DELETE\",\"queue.type\":\"x\"}\n");
}

/* Nested maps and lists of a group become its dotted settings. */
static void groups_are_read(void **state)
{
    (void)state;
    assert_declares(
        GROUP("GID_a", "\n  deliveryOrderType: Orderly\n"
                       "  consumeRetryPolicy: {retryPolicy: FixedRetryPolicy, maxRetryTimes: 16, "
                       "fixedIntervalRetryTime: 10, deadLetterTargetTopic: dead}\n"
                       "  consumeEnable: True\n"
                       "  groupRetryPolicy: {type: EXPONENTIAL, exponentialRetryPolicy: {initial: 1, max: 2}, "
                       "customizedRetryPolicy: {next: [10, 20, 30]}}\n"
                       "  subscriptionDataSet:\n  - {topic: b, expression: '*'}\n"
                       "  - {version: 3, topic: a, expressionType: TAG}\n"),
        "ConsumerGroup GID_a@3:18 deliveryOrderType=Orderly consumeRetryPolicy.retryPolicy=FixedRetryPolicy "
        "consumeRetryPolicy.maxRetryTimes=16 consumeRetryPolicy.fixedIntervalRetryTime=10 "
        "consumeRetryPolicy.deadLetterTargetTopic=dead consumeEnable=true groupRetryPolicy.type=EXPONENTIAL "
        "groupRetryPolicy.exponentialRetryPolicy.initial=1 groupRetryPolicy.exponentialRetryPolicy.max=2 "
        "groupRetryPolicy.customizedRetryPolicy.next=[10,20,30] "
        "subscriptionDataSet=[{\"expression\":\"*\",\"topic\":\"b\"},"
        "{\"expressionType\":\"TAG\",\"topic\":\"a\",\"version\":3}]\n");
}

/* Names and other texts are text whatever they look like. */
static void names_are_text(void **state)
{
    (void)state;
    assert_declares(
        "apiVersion: mqferry/v1\nkind: TopicList\nitems:\n- name: on\n- name: null\n- name: ~\n- name: 0123\n"
        "- {name: 1.5, remark: 2026-01-01}\n- {name: true, remark: no}\n- {name: a b/c}\n",
        "Topic 0123@7:9\nTopic 1.5@8:10 remark=2026-01-01\nTopic a b/c@10:10\nTopic null@5:9\nTopic on@4:9\n"
        "Topic true@9:10 remark=no\nTopic ~@6:9\n");
}

/* Defaults of a list declare for every item, leaf by leaf; what the item says wins. */
static void defaults_declare_for_every_item(void **state)
{
    (void)state;
    assert_declares("apiVersion: mqferry/v1\nkind: TopicList\n"
                    "defaults: {messageType: NORMAL, attributes: {a: 1, b: 2}, policy: ignore}\n"
                    "items:\n- {name: x}\n- {name: y, messageType: FIFO, policy: create, attributes: {b: 3, c: 4}}\n",
                    "Topic x@5:10 (ignore) messageType=NORMAL attributes={\"a\":\"1\",\"b\":\"2\"}\n"
                    "Topic y@6:10 messageType=FIFO attributes={\"a\":\"1\",\"b\":\"3\",\"c\":\"4\"}\n");
    assert_declares("apiVersion: mqferry/v1\nkind: ConsumerGroupList\n"
                    "defaults: {consumeRetryPolicy: {maxRetryTimes: 3, retryPolicy: DefaultRetryPolicy}}\n"
                    "items: [{name: g, retryMaxTimes: 5}]\n",
                    "ConsumerGroup g@4:16 consumeRetryPolicy.retryPolicy=DefaultRetryPolicy "
                    "consumeRetryPolicy.maxRetryTimes=5\n");
}

/* Brokers say where a resource belongs, and what is different there. */
static void brokers_say_where_it_belongs(void **state)
{
    (void)state;
    assert_declares(TOPIC("t", "{brokers: {broker-a: {}, broker-b: {readQueueNums: 4, attributes: {k: w}}}, "
                               "readQueueNums: 8, attributes: {k: v, l: m}}"),
                    "Topic t@3:18 on broker-a: readQueueNums=8 attributes={\"k\":\"v\",\"l\":\"m\"} "
                    "on broker-b: readQueueNums=4 attributes={\"k\":\"w\",\"l\":\"m\"}\n");
    assert_declares("apiVersion: mqferry/v1\nkind: TopicList\ndefaults: {brokers: {a: {perm: 2}, b: {}}, perm: 4}\n"
                    "items: [{name: x}, {name: y, brokers: {b: {}}}]\n",
                    "Topic x@4:16 on a: perm=2 on b: perm=4\nTopic y@4:27 on b: perm=4\n");
}

/* Open-source spellings are accepted; two spellings of one fact may agree. */
static void open_source_spellings_are_accepted(void **state)
{
    (void)state;
    assert_declares(TOPIC("t", "{messageType: FIFO, attributes: {message.type: FIFO}}"),
                    "Topic t@3:18 messageType=FIFO\n");
    assert_declares(
        GROUP("g", "{retryMaxTimes: 3, consumeMessageOrderly: true, consumeRetryPolicy: {maxRetryTimes: 3}}"),
        "ConsumerGroup g@3:18 deliveryOrderType=Orderly consumeRetryPolicy.maxRetryTimes=3\n");
    assert_declares(GROUP("g", "{consumeMessageOrderly: FALSE}"),
                    "ConsumerGroup g@3:18 deliveryOrderType=Concurrently\n");
}

/* Documents of all kinds stand in one file; apiVersion and kind may stand last, as sorting programs write them. */
static void keys_may_stand_in_any_order(void **state)
{
    (void)state;
    assert_declares(
        "apiVersion: mqferry/v1\ndefaults: {perm: 6}\nitems:\n- {name: x}\nkind: TopicList\n---\n"
        "spec: {perm: 4}\nmetadata: {name: y}\nkind: Topic\napiVersion: mqferry/v1\n---\n\n---\n" GROUP("z", "{}"),
        "Topic x@4:10 perm=6\nTopic y@8:18 perm=4\nConsumerGroup z@16:18\n");
}

/* An empty list declares nothing, and is a document all the same. */
static void an_empty_list_is_no_mistake(void **state)
{
    (void)state;
    assert_declares("apiVersion: mqferry/v1\nkind: TopicList\nitems: []\n", "");
}

/* ---- what is wrong ---- */

/* Each mistake is reported with its place and the rule, all of them in one run, and the rest is read. */
static void every_mistake_is_reported(void **state)
{
    (void)state;
    assert_declares(
        "apiVersion: mqferry/v1\nkind: Topic\nmetadata: {name: a, polcy: observe}\nspec:\n  messageType: fifo\n"
        "  perm: 99\n  readQueueNums: -1\n  writeQueueNums: 70000\n  order: yes\n  topicSysFlag: \"0\"\n"
        "  maxSendTps: 1e3\n  remark: [x]\n---\n" TOPIC("b", "{perm: 4}"),
        "Topic a@3:18\nTopic b@16:18 perm=4\n"
        "t:3:21: unknown field \"polcy\" in metadata of a Topic, did you mean policy\n"
        "t:5:16: messageType is NORMAL, FIFO, DELAY, TRANSACTION, MIXED, PRIORITY, LITE or UNSPECIFIED, this "
        "is \"fifo\"\n"
        "t:6:9: perm is a whole number from 0 to 7, or W, R, RW, this is \"99\"\n"
        "t:7:18: readQueueNums is a whole number from 0 to 65535, this is \"-1\"\n"
        "t:8:19: writeQueueNums is a whole number from 0 to 65535, this is \"70000\"\n"
        "t:9:10: order is true or false, this is \"yes\"\n"
        "t:10:17: topicSysFlag stands without quotes, between them it is a text\n"
        "t:11:15: maxSendTps is a whole number, 0 or more, this is \"1e3\"\n"
        "t:12:11: remark is a single value, this is a list\n");
}

/* One fact said twice with different values is a mistake that names the other line. */
static void spellings_that_disagree_are_mistakes(void **state)
{
    (void)state;
    assert_declares(TOPIC("t", "\n  messageType: FIFO\n  attributes: {message.type: NORMAL}"),
                    "Topic t@3:18 messageType=FIFO\n"
                    "t:6:30: messageType is given twice with different values, in line 5 by another name\n");
    assert_declares(
        GROUP("g", "{retryMaxTimes: 3, consumeRetryPolicy: {maxRetryTimes: 4}}"),
        "ConsumerGroup g@3:18 consumeRetryPolicy.maxRetryTimes=3\n"
        "t:4:62: consumeRetryPolicy.maxRetryTimes is given twice with different values, in line 4 by another "
        "name\n");
    assert_declares(GROUP("g", "{deliveryOrderType: Orderly, consumeMessageOrderly: false}"),
                    "ConsumerGroup g@3:18 deliveryOrderType=Orderly\n"
                    "t:4:59: deliveryOrderType is given twice with different values, in line 4 by another name\n");
}

/* Names that no list of an instance can hold, and names of RocketMQ itself, are mistakes. */
static void unusable_names_are_mistakes(void **state)
{
    (void)state;
    assert_declares("apiVersion: mqferry/v1\nkind: TopicList\nitems:\n- {name: ''}\n- {name: \"a\\tb\"}\n"
                    "- {name: TBW102}\n- {name: '%RETRY%GID_a'}\n- {perm: 6}\n- plain\n- {name: [x]}\n",
                    "t:4:10: the name of a topic is empty\n"
                    "t:5:10: the name of a topic holds a control character\n"
                    "t:6:10: \"TBW102\" is a topic of RocketMQ itself: it is never migrated\n"
                    "t:7:10: \"%RETRY%GID_a\" is a topic of RocketMQ itself: it is never migrated\n"
                    "t:8:3: name is missing\n"
                    "t:9:3: an item is a map, this is a single value\n"
                    "t:10:10: name is a single value, this is a list\n");
    assert_declares("apiVersion: mqferry/v1\nkind: Topic\nspec: {}\n", "t:1:1: metadata.name is missing\n");
}

/* Names of up to 4096 bytes are read, whatever instances say later. */
static void names_have_a_limit(void **state)
{
    char name[NAME_BYTES_MAX + 2] = {0};
    struct buffer text, expected;

    (void)state;
    memset(name, 'n', NAME_BYTES_MAX + 1);
    buffer_init(&text, 10000);
    buffer_append_format(&text, GROUP("%s", "{}"), name);
    assert_declares(text.data, "t:3:18: the name of a consumer group has 4097 bytes, at most 4096 are read\n");
    name[NAME_BYTES_MAX] = '\0';
    buffer_reset(&text);
    buffer_append_format(&text, GROUP("%s", "{}"), name);
    buffer_init(&expected, 10000);
    buffer_append_format(&expected, "ConsumerGroup %s@3:18\n", name);
    assert_declares(text.data, expected.data);
    buffer_release(&text);
    buffer_release(&expected);
}

/* Attributes have plain names, each once, and texts as values. */
static void attributes_are_checked(void **state)
{
    (void)state;
    assert_declares(TOPIC("t", "{attributes: {+a: 1, -b: 2, '': 3, c: [4], d: ~, e: 5}}"),
                    "Topic t@3:18 attributes={\"e\":\"5\"}\n"
                    "t:4:21: attributes are declared without signs: a\n"
                    "t:4:28: attributes are declared without signs: b\n"
                    "t:4:35: the name of an attribute is empty\n"
                    "t:4:45: attributes.c is a single value, this is a list\n"
                    "t:4:53: attributes.d has no value: give it one, or leave it out\n");
    assert_declares(TOPIC("t", "{attributes: {a: 1, b: 2, a: 3}}"), "Topic t@3:18\nt:4:20: attributes names a twice\n");
}

/* Lists of numbers and of subscriptions say which element is wrong. */
static void lists_are_checked(void **state)
{
    (void)state;
    assert_declares(
        GROUP("g", "{groupRetryPolicy: {customizedRetryPolicy: {next: [1, x, -2, \"3\", [4]]}}}"),
        "ConsumerGroup g@3:18 groupRetryPolicy.customizedRetryPolicy.next=[1]\n"
        "t:4:61: groupRetryPolicy.customizedRetryPolicy.next holds whole numbers, 0 or more, this is \"x\"\n"
        "t:4:64: groupRetryPolicy.customizedRetryPolicy.next holds whole numbers, 0 or more, this is \"-2\"\n"
        "t:4:68: groupRetryPolicy.customizedRetryPolicy.next holds whole numbers, 0 or more, this is \"3\"\n"
        "t:4:73: groupRetryPolicy.customizedRetryPolicy.next is a single value, this is a list\n");
    assert_declares(GROUP("g", "{subscriptionDataSet: [x, {topik: a}, {topic: b, version: one}]}"),
                    "ConsumerGroup g@3:18 subscriptionDataSet=[{\"topic\":\"b\",\"version\":0},{}]\n"
                    "t:4:30: a subscription is a map, this is a single value\n"
                    "t:4:34: unknown field \"topik\" in a subscription, did you mean topic\n"
                    "t:4:33: topic is missing\n"
                    "t:4:65: version is a whole number, without quotes\n");
}

/* Lists end somewhere: the first number, or the first subscription, too many is told, and the rest passed over. */
static void lists_have_limits(void **state)
{
    struct buffer text;

    (void)state;
    buffer_init(&text, 1 << 20);
    buffer_append_string(&text, "apiVersion: mqferry/v1\nkind: ConsumerGroup\nmetadata: {name: g}\nspec:\n"
                                "  groupRetryPolicy: {customizedRetryPolicy: {next: [");
    for (int i = 0; i < 1002; i++)
        buffer_append_string(&text, "\n1,");
    buffer_append_string(&text, "]}}\n  subscriptionDataSet:\n");
    for (int i = 0; i < 5000; i++)
        buffer_append_format(&text, "  - topic: topic_%d\n", i);
    buffer_append_string(&text, "---\n" TOPIC("after", "{}"));

    struct catalog_builder *builder = catalog_builder_new();
    struct complaints mistakes, notices;
    struct declare_request request = {.path = "t", .mistakes = &mistakes, .notices = &notices};
    struct failure why = FAILURE_INIT;
    uint64_t read[KINDS] = {0};
    complaints_init(&mistakes);
    complaints_init(&notices);
    assert_int_equal(declare_read(buffer_text(&text), &request, builder, read, &why), 0);
    assert_int_equal(mistakes.count, 2);
    assert_string_equal(mistakes.items[0].text,
                        "groupRetryPolicy.customizedRetryPolicy.next holds at most 1000 numbers");
    assert_int_equal(mistakes.items[0].line, 1006);
    assert_string_equal(mistakes.items[1].text, "subscriptionDataSet has more than 65535 bytes");
    assert_int_equal(read[KIND_TOPIC], 1);
    catalog_builder_free(builder);
    complaints_release(&mistakes);
    complaints_release(&notices);
    buffer_release(&text);
}

/* Brokers are named once each, at least one, and what stands under them is checked. */
static void brokers_are_checked(void **state)
{
    (void)state;
    assert_declares(TOPIC("t", "{brokers: {}}"),
                    "Topic t@3:18\nt:4:17: brokers names at least one broker; left out, it means every master\n");
    assert_declares(TOPIC("t", "{brokers: {a: {perm: 8}, a: {}, '': {}, b: , c: {brokers: {}}}}"),
                    "Topic t@3:18 on a: on b: on c:\n"
                    "t:4:28: perm is a whole number from 0 to 7, or W, R, RW, this is \"8\"\n"
                    "t:4:32: brokers names a twice\n"
                    "t:4:39: the name of a broker is empty\n"
                    "t:4:50: brokers.b has no value: give it one, or leave it out\n"
                    "t:4:56: unknown field \"brokers\" in a topic\n");
}

/* Policies, defaults behind their items, and lists without items. */
static void lists_and_policies_are_checked(void **state)
{
    (void)state;
    assert_declares(
        "apiVersion: mqferry/v1\nkind: TopicList\nitems: [{name: x, policy: delete}]\ndefaults: {name: y}\n",
        "Topic x@3:16\n"
        "t:3:27: policy is create, observe or ignore, this is \"delete\"\n"
        "t:4:11: defaults stand before the items that they complete\n"
        "t:4:12: unknown field \"name\" in a topic\n");
    assert_declares("apiVersion: mqferry/v1\nkind: TopicList\nitem: []\n",
                    "t:3:1: unknown field \"item\" in a TopicList, did you mean items\nt:1:1: items is missing\n");
}

/* Documents that are not mqferry's, or of no known kind, are named for what they are. */
static void foreign_documents_are_mistakes(void **state)
{
    (void)state;
    assert_declares("apiVersion: apps/v1\nkind: Deployment\n", "t:1:13: apiVersion is mqferry/v1, this is \"apps/v1\" "
                                                               "(--exclude-file leaves foreign files out)\n");
    assert_declares("foo: 1\nbar: [2]\n", "t:1:1: apiVersion and kind are missing: this is no document of mqferry "
                                          "(--exclude-file leaves foreign files out)\n");
    assert_declares("- a\n",
                    "t:1:1: a document is a map with apiVersion and kind, this is a list (--exclude-file leaves "
                    "foreign files out)\n");
    assert_declares("apiVersion: mqferry/v1\nkind: Topics\n---\napiVersion: mqferry/v1\nkind: Secret\n---\n"
                    "apiVersion: mqferry/v1\n---\nkind: Topic\nmetadata: {name: x}\n",
                    "Topic x@10:18\n"
                    "t:2:7: unknown kind \"Topics\", did you mean Topic\n"
                    "t:5:7: unknown kind \"Secret\": known are Topic, ConsumerGroup, TopicList, ConsumerGroupList, "
                    "Mapping, Sync and Daemon\n"
                    "t:7:1: kind is missing: Topic, ConsumerGroup, TopicList, ConsumerGroupList, Mapping, Sync or "
                    "Daemon\n"
                    "t:9:1: apiVersion is missing: mqferry/v1\n");
    assert_declares("apiVersion: mqferry/v1\napiVersion: mqferry/v1\nkind: Topic\nkind: Topic\nmetadata: {name: x}\n",
                    "Topic x@5:18\nt:2:1: apiVersion is given twice\nt:4:1: kind is given twice\n");
}

/* Mapping, Sync and Daemon are passed over with a notice in a directory; given as the source they are mistakes. */
static void documents_that_declare_nothing_are_told(void **state)
{
    static const char text[] = "apiVersion: mqferry/v1\nkind: Mapping\nspec: {anything: 1}\n---\n"
                               "apiVersion: mqferry/v1\nkind: Sync\n";

    (void)state;
    assert_declares(text, "t:1:1: a document of kind Mapping declares no topics or groups: a mapping is given by "
                          "--mapping, or named by a Sync\n"
                          "t:5:1: a document of kind Sync declares no topics or groups: it belongs into the "
                          "configuration, given by --config\n");
    assert_declares_in(true, text,
                       "t:1:1: skipped: a document of kind Mapping declares no topics or groups\n"
                       "t:5:1: skipped: a document of kind Sync declares no topics or groups\n");
}

/* A file without documents declares nothing, which is a mistake of the whole file. */
static void an_empty_file_is_a_mistake(void **state)
{
    (void)state;
    assert_declares("", "t: declares nothing: there is no document in it\n");
    assert_declares_in(true, "# only a comment\n---\n",
                       "t: declares nothing: there is no document in it (--exclude-file leaves it out)\n");
    assert_declares("apiVersion: [\n",
                    "t:2:1: broken YAML: did not find expected node content while parsing a flow node "
                    "that begins in line 2\n");
}

/* Equal or not, a name that two hand-written documents declare is a mistake that names both places. */
static void declared_twice_names_both_places(void **state)
{
    (void)state;
    assert_declares(TOPIC("x", "{perm: 6}") "---\n" TOPIC("x", "{perm: 6}") "---\n" GROUP("x", "{}") "---\n" TOPIC(
                        "x", "{perm: 4}"),
                    "Topic x@3:18 perm=6\nConsumerGroup x@13:18\n"
                    "t:8:18: topic \"x\" is declared twice, first at t:3:18\n"
                    "t:18:18: topic \"x\" is declared twice, first at t:3:18\n");
}

/* Cancelling ends reading before the next resource. */
static void cancelling_ends_reading(void **state)
{
    struct catalog_builder *builder = catalog_builder_new();
    struct complaints mistakes, notices;
    atomic_bool cancelled = true;
    struct declare_request request = {.path = "t", .cancelled = &cancelled, .mistakes = &mistakes, .notices = &notices};
    struct failure why = FAILURE_INIT;
    uint64_t read[KINDS] = {0};

    (void)state;
    complaints_init(&mistakes);
    complaints_init(&notices);
    assert_int_equal(declare_read(TEXT(TOPIC("x", "{}")), &request, builder, read, &why), -1);
    assert_int_equal(why.cause, CAUSE_CANCELLED);
    assert_int_equal(catalog_builder_count(builder), 0);
    assert_int_equal(mistakes.count, 0);
    catalog_builder_free(builder);
    complaints_release(&mistakes);
    complaints_release(&notices);
}

/* Memory may run out anywhere: that is said, and nothing leaks. */
static void memory_may_run_out_anywhere(void **state)
{
    static const char text[] =
        "apiVersion: mqferry/v1\nkind: TopicList\ndefaults: {attributes: {a: b}, brokers: {x: {}, y: {perm: 4}}}\n"
        "items: [{name: t, attributes: {c: d}}, {name: u}]\n---\n"
        "items: [{name: g, groupRetryPolicy: {customizedRetryPolicy: {next: [1, 2]}}, subscriptionDataSet: [{topic: "
        "t}]}]\nkind: ConsumerGroupList\napiVersion: mqferry/v1\n";
    bool failed = true;

    (void)state;
    for (unsigned n = 0; failed; n++) {
        struct catalog_builder *builder = catalog_builder_new();
        struct complaints mistakes, notices;
        struct declare_request request = {.path = "t", .mistakes = &mistakes, .notices = &notices};
        struct failure why = FAILURE_INIT;
        uint64_t read[KINDS] = {0};

        complaints_init(&mistakes);
        complaints_init(&notices);
        memory_fail_after(n);
        int status = declare_read(text_of(text), &request, builder, read, &why);
        failed = memory_restore();
        /* What is written canonically cannot tell large from out of memory: a mistake will do. */
        assert_true(failed ? status == -1 || mistakes.count > 0 : status == 0 && mistakes.count == 0);
        if (status == -1)
            assert_int_equal(why.cause, CAUSE_OUT_OF_MEMORY);
        if (!failed)
            assert_int_equal(read[KIND_TOPIC], 2);
        catalog_builder_free(builder);
        complaints_release(&mistakes);
        complaints_release(&notices);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(topics_are_read),
        cmocka_unit_test(groups_are_read),
        cmocka_unit_test(names_are_text),
        cmocka_unit_test(defaults_declare_for_every_item),
        cmocka_unit_test(brokers_say_where_it_belongs),
        cmocka_unit_test(open_source_spellings_are_accepted),
        cmocka_unit_test(keys_may_stand_in_any_order),
        cmocka_unit_test(an_empty_list_is_no_mistake),
        cmocka_unit_test(every_mistake_is_reported),
        cmocka_unit_test(spellings_that_disagree_are_mistakes),
        cmocka_unit_test(unusable_names_are_mistakes),
        cmocka_unit_test(names_have_a_limit),
        cmocka_unit_test(attributes_are_checked),
        cmocka_unit_test(lists_are_checked),
        cmocka_unit_test(lists_have_limits),
        cmocka_unit_test(brokers_are_checked),
        cmocka_unit_test(lists_and_policies_are_checked),
        cmocka_unit_test(foreign_documents_are_mistakes),
        cmocka_unit_test(documents_that_declare_nothing_are_told),
        cmocka_unit_test(an_empty_file_is_a_mistake),
        cmocka_unit_test(declared_twice_names_both_places),
        cmocka_unit_test(cancelling_ends_reading),
        cmocka_unit_test(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
