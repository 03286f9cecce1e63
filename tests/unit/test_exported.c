/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/base/json.h"
#include "api/cause.h"
#include "manifests/exported.h"
#include "tests/lib/catalog_text.h"

/* What one text gave. */
struct result {
    struct catalog *catalog;
    struct catalog *static_topics;
    struct exported_outcome outcome;
    struct complaints notices, mistakes;
    struct failure why;
    int status;
};

static struct result reading;

static enum duplicate keep_first(void *context, struct duplicate_pair *pair, struct failure *why)
{
    (void)context;
    (void)pair;
    (void)why;
    return DUPLICATE_DROP;
}

static int set_up(void **state)
{
    (void)state;
    memset(&reading, 0, sizeof reading);
    return 0;
}

static void forget(void)
{
    catalog_unref(reading.catalog);
    catalog_unref(reading.static_topics);
    complaints_release(&reading.notices);
    complaints_release(&reading.mistakes);
    memset(&reading, 0, sizeof reading);
}

static int tear_down(void **state)
{
    (void)state;
    forget();
    return 0;
}

static void read_as(struct text text, struct exported_request request)
{
    struct catalog_builder *builder = catalog_builder_new(), *names = catalog_builder_new();
    struct failure why = FAILURE_INIT;
    char *padded = json_pad(text);

    forget();
    request.text = (struct text){padded, text.bytes};
    request.path = "f.json";
    request.static_topics = names;
    request.notices = &reading.notices;
    request.mistakes = &reading.mistakes;
    reading.status = exported_read(&request, builder, &reading.outcome, &reading.why);
    free(padded);
    assert_int_equal(catalog_seal(builder, keep_first, NULL, &reading.catalog, &why), 0);
    assert_int_equal(catalog_seal(names, keep_first, NULL, &reading.static_topics, &why), 0);
    catalog_builder_free(builder);
    catalog_builder_free(names);
}

static void read_text(const char *text)
{
    read_as(text_of(text), (struct exported_request){.in_directory = true});
}

static void read_with_masters(const char *text, uint32_t masters)
{
    read_as(text_of(text), (struct exported_request){.source_masters = masters});
}

/* --- what came of it --- */

static void assert_read(uint64_t topics, uint64_t groups)
{
    for (uint32_t i = 0; i < reading.mistakes.count; i++)
        print_message("%u:%u: %s\n", reading.mistakes.items[i].line, reading.mistakes.items[i].column,
                      reading.mistakes.items[i].text);
    assert_int_equal(reading.status, 0);
    assert_int_equal(reading.mistakes.count, 0);
    assert_int_equal(reading.outcome.read[KIND_TOPIC], topics);
    assert_int_equal(reading.outcome.read[KIND_GROUP], groups);
}

static const struct resource *row_of(enum kind kind, const char *name)
{
    return &catalog_rows(reading.catalog)[catalog_row_of(reading.catalog, kind, name)];
}

static void assert_settings(enum kind kind, const char *name, const char *wanted)
{
    assert_string_equal(settings_text_of(catalog_settings_of(reading.catalog, row_of(kind, name))), wanted);
}

static void assert_status(enum kind kind, const char *name, enum status status)
{
    assert_int_equal(row_of(kind, name)->status, status);
}

static void assert_problem(enum kind kind, const char *name, int cause, enum field field, const char *text)
{
    const struct problem *problem = catalog_problem(reading.catalog, row_of(kind, name));

    if (cause == CAUSE_NONE) {
        assert_null(problem);
        return;
    }
    assert_non_null(problem);
    assert_int_equal(problem->cause, cause);
    assert_int_equal(problem->field, field);
    assert_string_equal(problem->text, text);
}

static void assert_told(const struct complaints *complaints, uint32_t line, uint32_t column, const char *text)
{
    for (uint32_t i = 0; i < complaints->count; i++) {
        const struct complaint *one = &complaints->items[i];
        if (strcmp(one->text, text) == 0 && one->line == line && one->column == column)
            return;
    }
    for (uint32_t i = 0; i < complaints->count; i++)
        print_message("%u:%u: %s\n", complaints->items[i].line, complaints->items[i].column, complaints->items[i].text);
    fail_msg("nobody said %u:%u: %s", line, column, text);
}

/* One mistake, and no other. */
static void assert_refused(const char *text, uint32_t line, uint32_t column, const char *sentence)
{
    read_text(text);
    assert_int_equal(reading.status, 0);
    assert_told(&reading.mistakes, line, column, sentence);
    assert_int_equal(reading.mistakes.count, 1);
}

static void read_sample(const char *name, uint32_t masters)
{
    char path[512];
    static char content[256 * 1024];

    snprintf(path, sizeof path, "%s/tests/data/%s", SOURCE_DIR, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t bytes = fread(content, 1, sizeof content, file);
    assert_in_range(bytes, 1, sizeof content - 1);
    fclose(file);
    read_as((struct text){content, bytes}, (struct exported_request){.source_masters = masters});
}

#define CONFIG(name, rest) "\"" name "\":{\"topicName\":\"" name "\"" rest "}"
#define GROUP(name, rest)  "\"" name "\":{\"groupName\":\"" name "\"" rest "}"
#define STORE              "\"dataVersion\":{\"counter\":3,\"timestamp\":1767225580000}"

/* --- cluster-mode exports --- */

static const char cluster_export[] = "{\"exportTime\":1767225600123,\"topicConfigTable\":{" CONFIG(
    "a",
    ",\"readQueueNums\":16,\"writeQueueNums\":8,"
    "\"perm\":6") "," CONFIG("odd",
                             ",\"readQueueNums\":9,\"writeQueueNums\":8") "," CONFIG("bare",
                                                                                     ",\"perm\":4") "},"
                                                                                                    "\"subscriptionGrou"
                                                                                                    "pTable\":"
                                                                                                    "{" GROUP(
                                                                                                        "g",
                                                                                                        ",\"retryQueueN"
                                                                                                        "ums\":"
                                                                                                        "2,"
                                                                                                        "\"retryMaxTime"
                                                                                                        "s\":"
                                                                                                        "5") "," GROUP("h",
                                                                                                                       ",\"re"
                                                                                                                       "tryQu"
                                                                                                                       "eueNu"
                                                                                                                       "ms\":"
                                                                                                                       "3") "}}";

/* Sums over masters that nobody counted are not declared; topics know why they cannot be created. */
static void test_sums_over_unknown_masters_are_undeclared(void **state)
{
    static const char why[] = "the export adds up queue numbers over an unknown number of masters";

    (void)state;
    read_text(cluster_export);
    assert_read(3, 2);
    assert_settings(KIND_TOPIC, "a", "perm=6");
    assert_problem(KIND_TOPIC, "a", CAUSE_QUEUE_NUMBERS_UNKNOWN, FIELD_COUNT, why);
    assert_problem(KIND_TOPIC, "bare", CAUSE_NONE, FIELD_COUNT, NULL);
    assert_settings(KIND_GROUP, "g", "consumeRetryPolicy.maxRetryTimes=5");
    assert_problem(KIND_GROUP, "g", CAUSE_NONE, FIELD_COUNT, NULL);
    assert_told(
        &reading.notices, 0, 0,
        "queue numbers are sums over an unknown number of masters and count as undeclared: give sourceMasters in "
        "the mapping, or --source-masters");
    assert_int_equal(reading.notices.count, 1);
    assert_int_equal(reading.outcome.export_unix_ms, 1767225600123);
}

/* One master: its numbers are exact. */
static void test_one_master_makes_sums_exact(void **state)
{
    (void)state;
    read_with_masters(cluster_export, 1);
    assert_read(3, 2);
    assert_settings(KIND_TOPIC, "odd", "readQueueNums=9 writeQueueNums=8");
    assert_settings(KIND_GROUP, "h", "retryQueueNums=3");
    assert_int_equal(reading.notices.count, 0);
}

/* Several masters divide; what does not divide evenly is undeclared and knows why. */
static void test_several_masters_divide_sums(void **state)
{
    (void)state;
    read_with_masters(cluster_export, 2);
    assert_read(3, 2);
    assert_settings(KIND_TOPIC, "a", "^readQueueNums=8 ^writeQueueNums=4 perm=6");
    assert_problem(KIND_TOPIC, "a", CAUSE_NONE, FIELD_COUNT, NULL);
    assert_settings(KIND_TOPIC, "odd", "^writeQueueNums=4");
    assert_problem(KIND_TOPIC, "odd", CAUSE_QUEUE_NUMBERS_UNKNOWN, FIELD_TOPIC_READ_QUEUE_NUMS,
                   "readQueueNums 9 is a sum over 2 masters, which does not divide evenly");
    assert_settings(KIND_GROUP, "g", "consumeRetryPolicy.maxRetryTimes=5 ^retryQueueNums=1");
    assert_problem(KIND_GROUP, "h", CAUSE_QUEUE_NUMBERS_UNKNOWN, FIELD_GROUP_RETRY_QUEUE_NUMS,
                   "retryQueueNums 3 is a sum over 2 masters, which does not divide evenly");
    assert_told(&reading.notices, 0, 0,
                "queue numbers are sums over 2 masters: they are divided, used to create and not compared");
}

/* The member that tells what the numbers mean may come behind the table. */
static void test_the_time_of_an_export_counts_wherever_it_stands(void **state)
{
    (void)state;
    read_with_masters(
        "{\"topicConfigTable\":{" CONFIG("a", ",\"readQueueNums\":16") "},\"exportTime\":\"1767225600123\","
                                                                       "\"rocketmqVersion\":\"V4_9_2\"}",
        2);
    assert_read(1, 0);
    assert_settings(KIND_TOPIC, "a", "^readQueueNums=8");
    assert_int_equal(reading.outcome.export_unix_ms, 1767225600123);
}

static const char merged_export[] =
    "{\"configs\":{\"brokerConfigs\":{},\"clusterScale\":{\"namesrvSize\":1,\"masterBrokerSize\":4}},\"metadata\":{"
    "\"exportTime\":1,\"topicConfigTable\":{" CONFIG("a", ",\"readQueueNums\":16") "}},\"metrics\":{}}";

/* The file of bin/export.sh tells the number of masters itself. */
static void test_the_merged_export_divides_by_its_own_masters(void **state)
{
    (void)state;
    read_text(merged_export);
    assert_read(1, 0);
    assert_settings(KIND_TOPIC, "a", "^readQueueNums=4");
    assert_told(
        &reading.notices, 0, 0,
        "queue numbers are sums over 4 masters (configs.clusterScale.masterBrokerSize): they are divided, used to "
        "create and not compared");
}

/* What people say about the masters wins over the file, and the difference is told. */
static void test_said_masters_win_over_the_merged_export(void **state)
{
    (void)state;
    read_with_masters(merged_export, 2);
    assert_read(1, 0);
    assert_settings(KIND_TOPIC, "a", "^readQueueNums=8");
    assert_told(&reading.notices, 0, 0, "the file itself tells of 4 masters, sourceMasters says 2");
}

/* The parts of the merged file may come in another order, and the number as a text. */
static void test_the_merged_export_in_another_order(void **state)
{
    (void)state;
    read_text("{\"metrics\":{},\"metadata\":{\"topicConfigTable\":{" CONFIG(
        "a",
        ",\"readQueueNums\":16") "},\"exportTime\":1},\"configs\":{\"clusterScale\":{\"masterBrokerSize\":\"2\"}}}");
    assert_read(1, 0);
    assert_settings(KIND_TOPIC, "a", "^readQueueNums=8");
}

/* Parts that export.sh could not make are {}. */
static void test_the_merged_export_without_parts(void **state)
{
    (void)state;
    read_text("{\"configs\":{},\"metadata\":{},\"metrics\":{}}");
    assert_read(0, 0);
    assert_told(&reading.notices, 0, 0, "metadata is empty: exportMetadata wrote nothing when this file was made");
    read_text("{\"configs\":{},\"metadata\":{\"exportTime\":1,\"topicConfigTable\":{" CONFIG(
        "a", ",\"readQueueNums\":16") "}},\"metrics\":{}}");
    assert_read(1, 0);
    assert_settings(KIND_TOPIC, "a", "");
}

/* --- broker-mode exports and store files --- */

/* Numbers of one broker are exact. */
static void test_a_brokers_numbers_are_exact(void **state)
{
    (void)state;
    read_text("{" STORE
              ",\"topicConfigTable\":{" CONFIG("a", ",\"readQueueNums\":16,\"writeQueueNums\":16,\"perm\":6") "}}");
    assert_read(1, 0);
    assert_settings(KIND_TOPIC, "a", "readQueueNums=16 writeQueueNums=16 perm=6");
    assert_problem(KIND_TOPIC, "a", CAUSE_NONE, FIELD_COUNT, NULL);
    assert_int_equal(reading.notices.count, 0);
    assert_int_equal(reading.outcome.export_unix_ms, 0);
}

/* RocketMQ 3.x misspelt a key; its files are read as others are. */
static void test_store_files_of_the_third_generation(void **state)
{
    (void)state;
    read_text("{\"dataVersion\":{\"counter\":1,\"timestatmp\":1453114491043},\"topicConfigTable\":{" CONFIG(
        "a", ",\"perm\":6") "," CONFIG("%DLQ%g", ",\"perm\":2") "}}");
    assert_read(2, 0);
    assert_status(KIND_TOPIC, "a", STATUS_ORDINARY);
    assert_status(KIND_TOPIC, "%DLQ%g", STATUS_SYSTEM);
}

/* System names are known in every shape; what is left out of a broker's table beyond them is told. */
static void test_a_brokers_own_topics_are_system(void **state)
{
    (void)state;
    read_text("{" STORE ",\"topicConfigTable\":{\n"
              "\"demo_REPLY_TOPIC\":{\"perm\":6},\n"
              "\"user_REPLY_TOPIC\":{\"perm\":6},\n"
              "\"TBW102\":{\"perm\":7},\n"
              "\"demo\":{\"perm\":7},\n"
              "\"host.local\":{\"perm\":1,\"readQueueNums\":1,\"writeQueueNums\":1},\n"
              "\"user\":{\"perm\":7,\"readQueueNums\":8,\"writeQueueNums\":8}}}");
    assert_read(6, 0);
    assert_status(KIND_TOPIC, "TBW102", STATUS_SYSTEM);
    assert_status(KIND_TOPIC, "demo", STATUS_SYSTEM);
    assert_status(KIND_TOPIC, "host.local", STATUS_SYSTEM);
    assert_status(KIND_TOPIC, "demo_REPLY_TOPIC", STATUS_SYSTEM);
    assert_status(KIND_TOPIC, "user_REPLY_TOPIC", STATUS_ORDINARY);
    assert_status(KIND_TOPIC, "user", STATUS_ORDINARY);
    assert_int_equal(reading.notices.count, 3);
    assert_told(&reading.notices, 5, 1,
                "the topic \"demo\" is left out: it is the broker's or the cluster's own, by its permission and queue "
                "numbers or by other topics; declare it in YAML if it is yours");
}

/* Other system topics give the names of broker and cluster away, whatever became of the numbers. */
static void test_names_given_away_are_system(void **state)
{
    (void)state;
    read_text("{" STORE ",\"topicConfigTable\":{" CONFIG("b1", ",\"perm\":3,\"readQueueNums\":5") "," CONFIG(
        "rmq_sys_SYNC_BROKER_MEMBER_b1", ",\"perm\":1") "," CONFIG("c1_REPLY_TOPIC",
                                                                   "") "," CONFIG("rmq_sys_REVIVE_LOG_c1", "") "}}");
    assert_read(4, 0);
    assert_status(KIND_TOPIC, "b1", STATUS_SYSTEM);
    assert_status(KIND_TOPIC, "c1_REPLY_TOPIC", STATUS_SYSTEM);
}

/* Without a dataVersion nothing says that the table is a broker's: only what other topics confirm is left out. */
static void test_a_table_alone_needs_confirmation(void **state)
{
    (void)state;
    read_text("{\"topicConfigTable\":{" CONFIG("mine", ",\"perm\":7") "," CONFIG("c1", ",\"perm\":7") "," CONFIG(
        "rmq_sys_REVIVE_LOG_c1", "") "}}");
    assert_read(3, 0);
    assert_status(KIND_TOPIC, "mine", STATUS_ORDINARY);
    assert_status(KIND_TOPIC, "c1", STATUS_SYSTEM);
}

/* An export of a cluster holds no topics of brokers: permission 7 means nothing there. */
static void test_exports_of_clusters_keep_topics_that_inherit(void **state)
{
    (void)state;
    read_with_masters("{\"exportTime\":1,\"topicConfigTable\":{" CONFIG("mine", ",\"perm\":7") "}}", 1);
    assert_read(1, 0);
    assert_status(KIND_TOPIC, "mine", STATUS_ORDINARY);
}

/* Forbidden entries are counted and told. */
static void test_forbidden_entries_are_counted(void **state)
{
    (void)state;
    read_text(
        "{" STORE
        ",\"forbiddenTable\":{\"g\":{\"a\":4,\"b\":4},\"h\":{\"c\":4},\"i\":{}},\"subscriptionGroupTable\":{" GROUP(
            "g", "") "}}");
    assert_read(0, 1);
    assert_told(&reading.notices, 0, 0, "3 entries of forbiddenTable are not moved");
    read_text("{" STORE ",\"forbiddenTable\":{},\"subscriptionGroupTable\":{}}");
    assert_read(0, 0);
    assert_int_equal(reading.notices.count, 0);
}

/* Captured output of rocksDBConfigToJson begins with a line about itself; places count from the first line. */
static void test_captured_output_begins_with_a_line(void **state)
{
    (void)state;
    read_text("Use [local mode] load rocksdb to print or export file \n{\"topicConfigTable\":{\n" CONFIG(
        "a", ",\"readQueueNums\":4") "}," STORE "}\n");
    assert_read(1, 0);
    assert_settings(KIND_TOPIC, "a", "readQueueNums=4");
    assert_int_equal(row_of(KIND_TOPIC, "a")->line, 3);
    assert_int_equal(row_of(KIND_TOPIC, "a")->column, 1);
}

/* --- lists, dialects --- */

/* Arrays for updateTopicList and updateSubGroupList, bare and wrapped. */
static void test_lists_are_read_bare_and_wrapped(void **state)
{
    (void)state;
    read_text("[{\"perm\":6,\"attributes\":{\"+message.type\":\"FIFO\"},\"topicName\":\"a\"},{\"topicName\":\"b\"}]");
    assert_read(2, 0);
    assert_settings(KIND_TOPIC, "a", "messageType=FIFO perm=6");
    read_text("[{\"retryMaxTimes\":3,\"groupName\":\"g\"}]");
    assert_read(0, 1);
    read_text("{\"topicConfigList\":[{\"topicName\":\"a\"},{\"topicName\":\"TBW102\"}]}");
    assert_read(2, 0);
    assert_status(KIND_TOPIC, "TBW102", STATUS_SYSTEM);
    read_text("{\"groupConfigList\":[{\"groupName\":\"g\"}]}");
    assert_read(0, 1);
    read_text("[]");
    assert_read(0, 0);
}

/* Huawei DMS spells members in snake case; what is known of its permissions is told. */
static void test_snake_case_is_read(void **state)
{
    (void)state;
    read_with_masters("{\"export_time\":1767225600123,\"topic_config_table\":{\"a\":{\"topic_name\":\"a\","
                      "\"read_queue_nums\":\"8\",\"write_queue_nums\":8,\"perm\":2,\"order\":\"true\"}},"
                      "\"subscription_group_table\":{\"g\":{\"group_name\":\"g\",\"retry_max_times\":16}}}",
                      1);
    assert_read(1, 1);
    assert_settings(KIND_TOPIC, "a", "readQueueNums=8 writeQueueNums=8 perm=2 order=true");
    assert_told(&reading.notices, 0, 0, "perm is taken as RocketMQ means it: 2 write, 4 read, 6 both");
}

/* null means absent, for members, tables, entries. */
static void test_null_means_absent(void **state)
{
    (void)state;
    read_text(
        "{\"exportTime\":null,\"dataVersion\":null,\"topicConfigTable\":{\"a\":{\"topicName\":null,\"perm\":null},"
        "\"gone\":null},\"subscriptionGroupTable\":null,\"forbiddenTable\":null}");
    assert_read(1, 0);
    assert_settings(KIND_TOPIC, "a", "");
}

/* What nobody knows is skipped and told, beside what is known. */
static void test_unknown_members_are_told(void **state)
{
    (void)state;
    read_text("{" STORE
              ",\"topicConfigTable\":{" CONFIG("a", ",\"newest\":1,\"other\":[{}]") "},\"later\":{\"x\":[1]}}");
    assert_read(1, 0);
    assert_told(&reading.notices, 0, 0, "2 members that nobody knows were skipped");
    assert_told(&reading.notices, 0, 0, "\"later\" is not known and was skipped");
}

/* A mapping table with standard keys tells of static topics too. */
static void test_static_topics_are_collected(void **state)
{
    (void)state;
    read_text("{" STORE ",\"topicConfigTable\":{" CONFIG(
        "s", "") "},\"topicQueueMappingDetailMap\":{\"s\":{\"hostedQueues\":{\"0\":[]}}},\"mappingDataVersion\":{}}");
    assert_read(1, 0);
    assert_int_equal(catalog_count(reading.static_topics), 1);
    assert_int_not_equal(catalog_find(reading.static_topics, KIND_TOPIC, TEXT("s")), CATALOG_ABSENT);
}

/* Where each name stands is known, in tables and in lists. */
static void test_names_know_their_place(void **state)
{
    (void)state;
    read_text("{" STORE ",\n\"topicConfigTable\":{\n\t\"a\":{\n\t\t\"topicName\":\"a\"}, \"b\":{}}}");
    assert_read(2, 0);
    assert_int_equal(row_of(KIND_TOPIC, "a")->line, 3);
    assert_int_equal(row_of(KIND_TOPIC, "a")->column, 2);
    assert_int_equal(row_of(KIND_TOPIC, "b")->line, 4);
    assert_string_equal(catalog_file(reading.catalog, row_of(KIND_TOPIC, "b")->file), "f.json");
    read_text("[\n {\"perm\":6,\n  \"topicName\":\"a\"}]");
    assert_int_equal(row_of(KIND_TOPIC, "a")->line, 3);
    assert_int_equal(row_of(KIND_TOPIC, "a")->column, 3);
    assert_int_equal(row_of(KIND_TOPIC, "a")->hand, 0);
}

/* --- documents of our own --- */

/* A snapshot is a source as well; system names in it are known. */
static void test_snapshots_are_read(void **state)
{
    static const char *const texts[] = {
        "{\"apiVersion\":\"mqferry/"
        "v1\",\"kind\":\"Snapshot\",\"standsFor\":\"any\",\"identity\":{},\"topics\":[{\"name\":"
        "\"a\",\"perm\":6},{\"name\":\"TBW102\"}],\"consumerGroups\":[{\"name\":\"g\"}]}",
        "{\"topics\":[{\"name\":\"a\",\"perm\":6},{\"name\":\"TBW102\"}],\"consumerGroups\":[{\"name\":\"g\"}],"
        "\"standsFor\":\"any\",\"kind\":\"Snapshot\",\"apiVersion\":\"mqferry/v1\"}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        read_text(texts[i]);
        assert_read(2, 1);
        assert_settings(KIND_TOPIC, "a", "perm=6");
        assert_status(KIND_TOPIC, "TBW102", STATUS_SYSTEM);
        assert_string_equal(catalog_file(reading.catalog, row_of(KIND_GROUP, "g")->file), "f.json");
    }
}

/* A damaged snapshot is told as such. */
static void test_damaged_snapshots_are_refused(void **state)
{
    (void)state;
    assert_refused("{\"apiVersion\":\"mqferry/v2\",\n\"kind\":\"Snapshot\"}", 1, 2,
                   "apiVersion \"mqferry/v2\" is not known, this program reads mqferry/v1");
    assert_refused("{\"apiVersion\":\"mqferry/v1\",\"kind\":\"Snapshot\",\n\"standsFor\":\"any\",\"items\":[]}", 2, 19,
                   "\"items\" is no member of a Snapshot");
    assert_refused("{\"topics\":[]}", 1, 1, "this is no whole Snapshot, apiVersion is missing");
    assert_refused(
        "{\"apiVersion\":\"mqferry/v1\",\"kind\":\"Snapshot\",\"standsFor\":\"any\",\"topics\":[{\"name\":\"a\",\n"
        "\"perm\":\"6\"}]}",
        2, 1, "perm must be an integer");
}

/* What people write in the spelling of JSON is for the reader of YAML. */
static void test_hand_written_documents_are_handed_on(void **state)
{
    (void)state;
    read_text("{\"apiVersion\":\"mqferry/v1\",\"kind\":\"Topic\",\"metadata\":{\"name\":\"a\"}}");
    assert_read(0, 0);
    assert_true(reading.outcome.hand_written);
    read_text("{\"metadata\":{\"name\":\"a\"},\"items\":[],\"kind\":\"ConsumerGroupList\"}");
    assert_read(0, 0);
    assert_true(reading.outcome.hand_written);
}

/* Other documents declare nothing: passed over in a directory, a mistake where they are named. */
static void test_other_documents_declare_nothing(void **state)
{
    static const char *const kinds[] = {"Mapping", "Sync", "Daemon", "Plan"};
    char text[100], sentence[100];

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        snprintf(text, sizeof text, "{\"version\":1,\"kind\":\"%s\",\"spec\":{}}", kinds[i]);
        read_text(text);
        assert_read(0, 0);
        snprintf(sentence, sizeof sentence, "skipped: it is a %s, which declares nothing", kinds[i]);
        assert_told(&reading.notices, 0, 0, sentence);
        read_with_masters(text, 0);
        snprintf(sentence, sizeof sentence, "this is a %s, which declares no topics or consumer groups", kinds[i]);
        assert_told(&reading.mistakes, 1, 14, sentence);
    }
}

/* --- what is refused --- */

/* What declares nothing that is known is a mistake that says how to leave it out. */
static void test_what_declares_nothing_known_is_a_mistake(void **state)
{
    static const char *const texts[] = {"{}",
                                        "{\"topicList\":[\"a\",\"b\"]}",
                                        "{" STORE ",\"transactionCount\":{}}",
                                        "{\"brokerConfigs\":{},\"clusterScale\":{\"masterBrokerSize\":2}}",
                                        "[1,2]",
                                        "[{\"name\":\"a\"}]",
                                        "[[]]",
                                        "\"text\"",
                                        "42",
                                        "null"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_refused(texts[i], 0, 0, "it declares nothing that mqferry knows; leave it out with --exclude-file");
    read_with_masters("{}", 0);
    assert_told(&reading.mistakes, 0, 0, "it declares nothing that mqferry knows");
}

/* Damage is named for what it is, where it is. */
static void test_damage_is_named_with_its_place(void **state)
{
    static const struct {
        const char *text;
        uint32_t line, column;
        const char *sentence;
    } cases[] = {
        {"", 1, 1, "the text is empty"},
        {"{" STORE ",\n\"topicConfigTable\":{\n", 3, 1, "the text ends inside an object"},
        {"{" STORE ",\n\"topicConfigTable\":{}} {}", 2, 24, "text follows the value"},
        {"{" STORE ",\n\"topicConfigTable\":{}}}", 2, 23, "text follows the value"},
        {"{" STORE ",\n\"topicConfigTable\":{ // mine\n}}", 2, 22, "comments are not JSON"},
        {"{" STORE ",\n\"topicConfigTable\":{0:1}}", 2, 21, "a key stands without quotes"},
        {"{" STORE ",\n\"topicConfigTable\":{" CONFIG("a", ",\"perm\":06") "}}", 2, 49, "a number begins with 0"},
        {"{\"exportTime\":\"yesterday\",\"topicConfigTable\":{}}", 1, 2, "exportTime is a number of milliseconds"},
        {"{\"exportTime\":[1],\"topicConfigTable\":{}}", 1, 2, "exportTime is a number of milliseconds"},
        {"{\"topicConfigTable\":{},\n\"topicConfigTable\":{}}", 2, 1, "topicConfigTable stands twice in one object"},
        {"{\"topicConfigTable\":{},\"x\":1,\n \"y\":2,\n\"x\":3}", 3, 1, "this member stands twice in one object"},
        {"{\"topicConfigTable\":{},\"metrics\":{\"a\":[{\"b\":1,\n\"b\":1}]}}", 2, 1,
         "this member stands twice in one object"},
        {"{\"topicConfigTable\":{\"t\":{\"new\":1,\n\"new\":1}}}", 2, 1, "this member stands twice in one object"},
        {"{\"topicConfigTable\":{\"t\":{\"new\":{\"a\":{},\n\"a\":0}}}}", 2, 1,
         "this member stands twice in one object"},
        {"{\"configs\":{\"clusterScale\":{\"a\":1,\n\"a\":2}},\"metadata\":{\"topicConfigTable\":{}}}", 2, 1,
         "this member stands twice in one object"},
        {"{" STORE ",\"forbiddenTable\":{\"g\":{\"a\":4,\n\"a\":4}},\"subscriptionGroupTable\":{}}", 2, 1,
         "this member stands twice in one object"},
        {"{" STORE ",\"forbiddenTable\":{\"g\":{},\n\"g\":{}},\"subscriptionGroupTable\":{}}", 2, 1,
         "this member stands twice in one object"},
        {"{" STORE ",\"topicConfigTable\":{},\"topicQueueMappingDetailMap\":{\"s\":{},\n\"s\":{}}}", 2, 1,
         "this member stands twice in one object"},
        {"{\"topicConfigTable\":{\"a\":null,\n\"a\":{}}}", 2, 1, "this member stands twice in one object"},
        {"{\"apiVersion\":\"mqferry/v1\",\n\"apiVersion\":\"mqferry/v1\",\"kind\":\"Snapshot\",\"standsFor\":\"any\"}",
         2, 1, "this member stands twice in one object"},
        {"{\"topicConfigTable\":[]}", 1, 2, "topicConfigTable is an object: one topic by its name each"},
        {"{\"subscriptionGroupTable\":7}", 1, 2,
         "subscriptionGroupTable is an object: one consumer group by its name each"},
        {"{\"topicConfigList\":{}}", 1, 2, "topicConfigList is a list"},
        {"{\"topicConfigList\":[{\"perm\":6}]}", 1, 21, "this topic has no topicName"},
        {"[{\"groupName\":\"g\"},\n{\"topicName\":\"a\"}]", 2, 1, "this consumer group has no groupName"},
        {"[{\"topicName\":\"a\"},\n7]", 2, 1, "a topic is an object here, not something else"},
        {"{\"topicConfigTable\":{\n\"a\":[1]}}", 2, 1, "a topic is an object here, not something else"},
        {"{\"topicConfigTable\":{\"%RETRY% g\":{\n\"topicName\":\"%RETRY%g\"}}}", 2, 1,
         "the entry \"%RETRY% g\" of the table calls itself \"%RETRY%g\""},
        {"{\"kind\":\"TopicLists\"}", 1, 2, "kind \"TopicLists\" is not known, perhaps TopicList"},
        {"{\"kind\":\"Deployment\"}", 1, 2, "kind \"Deployment\" is not known"},
        {"{\"kind\":7}", 1, 2, "kind \"7\" is not known"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_refused(cases[i].text, cases[i].line, cases[i].column, cases[i].sentence);
}

/* A file that a crash left full of NUL bytes is named for that. */
static void test_nul_bytes_are_named(void **state)
{
    static const char nul[27];

    (void)state;
    read_as((struct text){nul, sizeof nul}, (struct exported_request){0});
    assert_told(&reading.mistakes, 1, 1, "the file is full of NUL bytes");
}

/* One mistake does not hide the next. */
static void test_every_mistake_of_a_table_is_told(void **state)
{
    (void)state;
    read_text("{" STORE
              ",\"topicConfigTable\":{\n\"a\":{\"topicName\":\"a\",\"perm\":[6]},\n\"b\":{\"topicName\":\"c\"},\n"
              "\"d\":{\"topicName\":\"d\"},\n\"e\":{\"$ref\":\"$.topicConfigTable.d\"},\n"
              "\"f\":{\"perm\":6,\"perm\":6,\"order\":{\"x\":[1,{}]}},\n\"g\":null}}");
    assert_int_equal(reading.status, 0);
    assert_int_equal(reading.mistakes.count, 4);
    assert_told(&reading.mistakes, 2, 22, "perm is a whole number, not a list");
    assert_told(&reading.mistakes, 3, 6, "the entry \"b\" of the table calls itself \"c\"");
    assert_told(&reading.mistakes, 5, 6, "'$ref' refers to another place, which is not followed");
    assert_told(&reading.mistakes, 6, 15, "'perm' is there twice");
    assert_int_equal(reading.outcome.read[KIND_TOPIC], 1);
}

/* A name longer than anything reads is refused before it is kept. */
static void test_a_name_beyond_all_bounds_is_refused(void **state)
{
    char text[2 * NAME_BYTES_MAX];

    (void)state;
    snprintf(text, sizeof text, "{\"topicConfigTable\":{\"%0*d\":{}}}", NAME_BYTES_MAX + 1, 7);
    assert_refused(text, 1, 22, "the name has 4097 bytes, 4096 are read at most");
    snprintf(text, sizeof text, "[{\"topicName\":\"%0*d\"}]", NAME_BYTES_MAX + 1, 7);
    assert_refused(text, 1, 3, "the name has 4097 bytes, 4096 are read at most");
}

/* A text that ends early, at whatever byte, is never taken for a smaller export. */
static void test_a_cut_text_is_refused_wherever_it_is_cut(void **state)
{
    (void)state;
    for (size_t bytes = 0; bytes + 1 < sizeof merged_export; bytes++) {
        read_as((struct text){merged_export, bytes}, (struct exported_request){0});
        assert_int_equal(reading.status, 0);
        assert_int_not_equal(reading.mistakes.count, 0);
    }
    for (size_t bytes = 0; bytes + 1 < sizeof cluster_export; bytes++) {
        read_as((struct text){cluster_export, bytes}, (struct exported_request){0});
        assert_int_not_equal(reading.mistakes.count, 0);
    }
}

/* A load that is called off ends. */
static void test_cancelling_ends_the_reading(void **state)
{
    atomic_bool cancelled = true;

    (void)state;
    read_as(text_of(cluster_export), (struct exported_request){.cancelled = &cancelled});
    assert_int_equal(reading.status, -1);
    assert_int_equal(reading.why.cause, CAUSE_CANCELLED);
}

/* --- samples --- */

/* Samples of what tools write, with made-up values in exact shapes: how many entries, how many of them system ones. */
static void test_samples_are_read(void **state)
{
    static const struct {
        const char *name;
        uint64_t topics, groups, system_topics, system_groups;
    } samples[] = {
        {"samples/export-metadata-4x.json", 6, 4, 0, 0},
        {"samples/export-metadata-5x.json", 6, 4, 0, 0},
        {"samples/export-metadata-empty.json", 0, 0, 0, 0},
        {"samples/export-topic-broker-mode-5x.json", 2, 0, 0, 0},
        {"samples/export-subscriptionGroup-broker-mode-5x.json", 0, 1, 0, 0},
        {"samples/broker-topics-4x.json", 11, 0, 10, 0},
        {"samples/broker-topics.json", 20, 0, 18, 0},
        {"samples/broker-subscriptionGroup-4x.json", 0, 8, 0, 7},
        {"samples/broker-subscriptionGroup.json", 0, 12, 0, 9},
        {"samples/batch-topic-body.json", 2, 0, 0, 0},
        {"samples/batch-group-body.json", 0, 2, 0, 0},
        {"exported/3x-topics.json", 10, 0, 8, 0},
        {"exported/3x-groups.json", 0, 2, 0, 1},
        {"exported/4x-topics-broker-a.json", 10, 0, 8, 0},
        {"exported/4x-topics-broker-b.json", 10, 0, 8, 0},
        {"exported/4x-topics-dotted-broker.json", 8, 0, 8, 0},
        {"exported/4x-topics-container.json", 4, 0, 4, 0},
        {"exported/4x-topics-no-template.json", 3, 0, 2, 0},
        {"exported/492-metadata.json", 4, 2, 0, 0},
        {"exported/5x-topics.json", 12, 0, 10, 0},
        {"exported/5x-groups.json", 0, 5, 0, 3},
        {"exported/55-groups-attributes.json", 0, 1, 0, 0},
        {"exported/rust-groups.json", 0, 1, 0, 0},
        {"exported/export-sh.json", 2, 1, 0, 0},
        {"exported/export-sh-without-metadata.json", 0, 0, 0, 0},
        {"exported/huawei-dms.json", 1, 1, 0, 0},
        {"exported/rocksdb-to-json-captured.json", 3, 0, 2, 0},
        {"exported/rocksdb-export-metadata.json", 4, 0, 2, 0},
        {"exported/update-topic-list.json", 2, 0, 0, 0},
        {"exported/update-sub-group-list.json", 0, 1, 0, 0},
        {"exported/topic-config-list.json", 1, 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        uint64_t system[KINDS] = {0};
        print_message("%s\n", samples[i].name);
        read_sample(samples[i].name, 1);
        assert_read(samples[i].topics, samples[i].groups);
        for (uint32_t row = 0; row < catalog_count(reading.catalog); row++)
            system[catalog_rows(reading.catalog)[row].kind] +=
                catalog_rows(reading.catalog)[row].status == STATUS_SYSTEM;
        assert_int_equal(system[KIND_TOPIC], samples[i].system_topics);
        assert_int_equal(system[KIND_GROUP], samples[i].system_groups);
    }
}

/* Settings come through from every dialect. */
static void test_settings_of_samples(void **state)
{
    (void)state;
    read_sample("exported/5x-topics.json", 0);
    assert_settings(KIND_TOPIC, "compact",
                    "messageType=NORMAL readQueueNums=8 writeQueueNums=8 perm=6 order=false topicFilterType=SINGLE_TAG "
                    "topicSysFlag=0 attributes={\"cleanup.policy\":\"COMPACTION\",\"queue.type\":\"BatchCQ\"}");
    read_sample("exported/5x-groups.json", 0);
    assert_told(&reading.notices, 0, 0, "2 entries of forbiddenTable are not moved");
    const struct settings *slow = catalog_settings_of(reading.catalog, row_of(KIND_GROUP, "GID_slow"));
    assert_int_equal(settings_number(slow, FIELD_GROUP_RETRY_EXPONENTIAL_MULTIPLIER), 2);
    read_sample("exported/export-sh.json", 0);
    assert_settings(KIND_TOPIC, "uneven",
                    "^writeQueueNums=4 perm=6 order=false topicFilterType=SINGLE_TAG topicSysFlag=0");
    read_sample("exported/update-topic-list.json", 0);
    assert_settings(KIND_TOPIC, "refunds", "readQueueNums=4 writeQueueNums=4 order=true");
    read_sample("exported/492-metadata.json", 0);
    assert_settings(KIND_TOPIC, "45", "perm=6 order=false topicFilterType=SINGLE_TAG topicSysFlag=0");
}

/* Damaged and foreign files, as people have them, are named for what they are. */
static void test_damaged_samples_are_refused(void **state)
{
    static const struct {
        const char *name;
        uint32_t line, column;
        const char *sentence;
    } samples[] = {
        {"exported/damaged-nul.json", 1, 1, "the file is full of NUL bytes"},
        {"exported/damaged-cut.json", 18, 12, "the text ends inside a string"},
        {"exported/damaged-stale-end.json", 14, 2, "text follows the value"},
        {"exported/damaged-comment.json", 4, 5, "comments are not JSON"},
        {"exported/damaged-blank.json", 3, 1,
         "a blank that JSON does not know (such as U+00A0 or U+3000) stands outside of a string"},
        {"exported/damaged-key.json", 4, 7, "the entry \"%RETRY% g\" of the table calls itself \"%RETRY%g\""},
        {"exported/damaged-ref.json", 4, 8, "'$ref' refers to another place, which is not followed"},
        {"exported/damaged-twice.json", 4, 4, "'perm' is there twice"},
        {"exported/stranger-topic-names.json", 0, 0, "it declares nothing that mqferry knows"},
        {"exported/stranger-configs.json", 0, 0, "it declares nothing that mqferry knows"},
        {"exported/stranger-transaction-metrics.json", 0, 0, "it declares nothing that mqferry knows"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        print_message("%s\n", samples[i].name);
        read_sample(samples[i].name, 0);
        assert_int_equal(reading.status, 0);
        assert_told(&reading.mistakes, samples[i].line, samples[i].column, samples[i].sentence);
        assert_int_equal(reading.mistakes.count, 1);
    }
}

/* The text form that the RocksDB commands print without -j true is named for that. */
static void test_the_text_form_of_rocksdb_is_named(void **state)
{
    static const char sentence[] =
        "this is the text form of rocksDBConfigToJson or exportMetadataInRocksDB: give them -j true";

    (void)state;
    assert_refused("1, Key: orders, Value: {\"perm\":6}\n2, Key: b, Value: {}\n", 1, 1, sentence);
    assert_refused(
        "Use [local mode] load rocksdb to print or export file \ntype: dataVersion1, Key: counter, Value: 32\n", 2, 1,
        sentence);
    assert_true(exported_likely(TEXT("1, Key: orders, Value: {}")));
}

/* Which texts without a telling name are taken for these shapes. */
static void test_likely_texts(void **state)
{
    (void)state;
    assert_true(exported_likely(TEXT("{\"a\":1}")));
    assert_true(exported_likely(TEXT("\xEF\xBB\xBF \n{\n\t\"exportTime\":1}")));
    assert_true(exported_likely(TEXT("[]")));
    assert_true(exported_likely(TEXT("{}")));
    assert_true(exported_likely(TEXT("{")));
    assert_true(exported_likely(TEXT("Use [local mode] load rocksdb to print or export file \n{}")));
    assert_false(exported_likely(TEXT("Use [local mode]")));
    assert_false(exported_likely(TEXT("")));
    assert_false(exported_likely(TEXT("apiVersion: mqferry/v1\n")));
    assert_false(exported_likely(TEXT("{apiVersion: mqferry/v1}")));
    assert_false(exported_likely(TEXT("# {\"a\":1}")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_sums_over_unknown_masters_are_undeclared),
        TEST(test_one_master_makes_sums_exact),
        TEST(test_several_masters_divide_sums),
        TEST(test_the_time_of_an_export_counts_wherever_it_stands),
        TEST(test_the_merged_export_divides_by_its_own_masters),
        TEST(test_said_masters_win_over_the_merged_export),
        TEST(test_the_merged_export_in_another_order),
        TEST(test_the_merged_export_without_parts),
        TEST(test_a_brokers_numbers_are_exact),
        TEST(test_store_files_of_the_third_generation),
        TEST(test_a_brokers_own_topics_are_system),
        TEST(test_names_given_away_are_system),
        TEST(test_a_table_alone_needs_confirmation),
        TEST(test_exports_of_clusters_keep_topics_that_inherit),
        TEST(test_forbidden_entries_are_counted),
        TEST(test_captured_output_begins_with_a_line),
        TEST(test_lists_are_read_bare_and_wrapped),
        TEST(test_snake_case_is_read),
        TEST(test_null_means_absent),
        TEST(test_unknown_members_are_told),
        TEST(test_static_topics_are_collected),
        TEST(test_names_know_their_place),
        TEST(test_snapshots_are_read),
        TEST(test_damaged_snapshots_are_refused),
        TEST(test_hand_written_documents_are_handed_on),
        TEST(test_other_documents_declare_nothing),
        TEST(test_what_declares_nothing_known_is_a_mistake),
        TEST(test_damage_is_named_with_its_place),
        TEST(test_nul_bytes_are_named),
        TEST(test_every_mistake_of_a_table_is_told),
        TEST(test_a_name_beyond_all_bounds_is_refused),
        TEST(test_a_cut_text_is_refused_wherever_it_is_cut),
        TEST(test_cancelling_ends_the_reading),
        TEST(test_samples_are_read),
        TEST(test_settings_of_samples),
        TEST(test_damaged_samples_are_refused),
        TEST(test_the_text_form_of_rocksdb_is_named),
        TEST(test_likely_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
