/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "api/base/monotime.h"
#include "api/cause.h"
#include "manifests/manifests.h"
#include "tests/lib/catalog_text.h"
#include "tests/lib/scratch.h"

static struct manifests *loaded;
static struct complaints mistakes;
static struct failure failure;

static void forget(void)
{
    manifests_free(loaded);
    complaints_release(&mistakes);
    loaded = NULL;
    failure = (struct failure)FAILURE_INIT;
}

static int leave(void **state)
{
    forget();
    return scratch_leave(state);
}

static int load_request(const struct manifests_request *request)
{
    forget();
    return manifests_load(request, &loaded, &mistakes, &failure);
}

static int load_paths(const char *const *paths, uint32_t count)
{
    return load_request(&(struct manifests_request){.paths = paths, .path_count = count});
}

static int load(const char *path)
{
    return load_paths(&path, 1);
}

static void assert_loaded(int result)
{
    for (uint32_t i = 0; i < mistakes.count; i++)
        print_message("%s:%u:%u: %s\n", mistakes.items[i].path, mistakes.items[i].line, mistakes.items[i].column,
                      mistakes.items[i].text);
    assert_int_equal(result, 0);
    assert_non_null(loaded);
    assert_int_equal(mistakes.count, 0);
}

static void assert_said(const struct complaints *complaints, const char *path, uint32_t line, uint32_t column,
                        const char *text)
{
    for (uint32_t i = 0; i < complaints->count; i++) {
        const struct complaint *one = &complaints->items[i];
        if (strcmp(one->path, path) == 0 && one->line == line && one->column == column && strcmp(one->text, text) == 0)
            return;
    }
    for (uint32_t i = 0; i < complaints->count; i++)
        print_message("%s:%u:%u: %s\n", complaints->items[i].path, complaints->items[i].line,
                      complaints->items[i].column, complaints->items[i].text);
    fail_msg("nobody said %s:%u:%u: %s", path, line, column, text);
}

static void assert_noticed(const char *path, const char *text)
{
    assert_said(&loaded->notices, path, 0, 0, text);
}

static void assert_refused(int result, const char *path, uint32_t line, uint32_t column, const char *text)
{
    assert_int_equal(result, -1);
    assert_null(loaded);
    assert_int_equal(failure.cause, CAUSE_INPUT_WRONG);
    assert_said(&mistakes, path, line, column, text);
}

static void assert_counts(enum kind kind, uint64_t read, uint64_t system, uint64_t merged, uint64_t declared)
{
    uint32_t first, rows;

    catalog_range(loaded->catalog, kind, &first, &rows);
    assert_int_equal(loaded->counts.read[kind], read);
    assert_int_equal(loaded->counts.system[kind], system);
    assert_int_equal(loaded->counts.merged[kind], merged);
    assert_int_equal(rows, system + declared);
    assert_int_equal(read, system + merged + declared);
}

static const struct resource *row_of(enum kind kind, const char *name)
{
    return &catalog_rows(loaded->catalog)[catalog_row_of(loaded->catalog, kind, name)];
}

static bool has(enum kind kind, const char *name)
{
    return catalog_find(loaded->catalog, kind, text_of(name)) != CATALOG_ABSENT;
}

#define TOPIC(name)    "apiVersion: mqferry/v1\nkind: Topic\nmetadata: {name: " name "}\nspec: {messageType: NORMAL}\n"
#define STORE(entries) "{\"dataVersion\":{},\"topicConfigTable\":{" entries "}}"

/* --- one file --- */

/* YAML, JSON of tools and snapshots load side by side; the sum of the counts is what was read. */
static void test_files_of_every_kind_load_together(void **state)
{
    static const char *const paths[] = {"hand.yaml", "topics.json", "state.json", "groups"};

    (void)state;
    scratch_put("hand.yaml", TOPIC("a"));
    scratch_put("topics.json", STORE("\"b\":{\"perm\":6},\n\"TBW102\":{}"));
    scratch_put("state.json", "{\"apiVersion\":\"mqferry/v1\",\"kind\":\"Snapshot\",\"standsFor\":\"any\",\"topics\":["
                              "{\"name\":\"c\"}]}");
    scratch_put("groups", "{\"subscriptionGroupTable\":{\"g\":{},\"TOOLS_CONSUMER\":{}}}");
    assert_loaded(load_paths(paths, 4));
    assert_counts(KIND_TOPIC, 4, 1, 0, 3);
    assert_counts(KIND_GROUP, 2, 1, 0, 1);
    assert_int_equal(row_of(KIND_TOPIC, "a")->hand, 1);
    assert_int_equal(row_of(KIND_TOPIC, "b")->hand, 0);
    assert_int_equal(row_of(KIND_TOPIC, "TBW102")->status, STATUS_SYSTEM);
    assert_string_equal(catalog_file(loaded->catalog, row_of(KIND_TOPIC, "b")->file), "topics.json");
}

/* A document in the spelling of JSON is as hand-written as one in YAML. */
static void test_hand_written_json_is_hand_written(void **state)
{
    (void)state;
    scratch_put("a.json", "{\"apiVersion\": \"mqferry/v1\", \"kind\": \"TopicList\", \"items\": [{\"name\": \"a\"}]}");
    assert_loaded(load("a.json"));
    assert_counts(KIND_TOPIC, 1, 0, 0, 1);
    assert_int_equal(row_of(KIND_TOPIC, "a")->hand, 1);
}

/* What cannot be read is a mistake of its own, and each is told. */
static void test_what_cannot_be_read_is_told(void **state)
{
    static const char *const paths[] = {"absent.yaml", "pipe.json", "/dev/null", "empty.json"};

    (void)state;
    assert_int_equal(mkfifo("pipe.json", 0600), 0);
    scratch_put("empty.json", "");
    assert_refused(load_paths(paths, 4), "absent.yaml", 0, 0, "cannot read it: it does not exist");
    assert_said(&mistakes, "pipe.json", 0, 0,
                "cannot read it: it is a pipe, not a regular file; use - and give it as standard input");
    assert_said(&mistakes, "/dev/null", 0, 0, "cannot read it: it is a device, not a regular file");
    assert_said(&mistakes, "empty.json", 1, 1, "the text is empty");
    assert_string_equal(failure.text, "4 mistakes in what was to be read");
}

/* Mistakes of all files are told in one run, in order. */
static void test_mistakes_of_all_files_are_told(void **state)
{
    (void)state;
    assert_int_equal(mkdir("in", 0700), 0);
    scratch_put("in/b.json", STORE("\"a\":{\"perm\":[]}"));
    scratch_put("in/a.json", "{");
    scratch_put("in/c.yaml", TOPIC("x") "---\nkind: Nonsense\n");
    assert_int_equal(load("in"), -1);
    assert_true(mistakes.count >= 3);
    assert_string_equal(mistakes.items[0].path, "in/a.json");
    assert_string_equal(mistakes.items[1].path, "in/b.json");
    assert_string_equal(mistakes.items[mistakes.count - 1].path, "in/c.yaml");
}

/* The oldest time of several exports is what counts for their age. */
static void test_the_oldest_export_counts(void **state)
{
    static const char *const paths[] = {"b.json", "a.json", "c.json"};

    (void)state;
    scratch_put("a.json", "{\"exportTime\":1000,\"topicConfigTable\":{}}");
    scratch_put("b.json", "{\"exportTime\":2000,\"topicConfigTable\":{}}");
    scratch_put("c.json", STORE(""));
    assert_loaded(load_paths(paths, 3));
    assert_int_equal(loaded->oldest_export_unix_ms, 1000);
}

/* --- directories --- */

/* Directories are read wholly: below, through links, in order of paths; other names and hidden ones are left out. */
static void test_directories_are_read_wholly(void **state)
{
    (void)state;
    assert_int_equal(mkdir("in", 0700), 0);
    assert_int_equal(mkdir("in/sub", 0700), 0);
    assert_int_equal(mkdir("in/.git", 0700), 0);
    assert_int_equal(mkdir("elsewhere", 0700), 0);
    scratch_put("in/a.yaml", TOPIC("a"));
    scratch_put("in/sub/b.yml", TOPIC("b"));
    scratch_put("in/sub/c.json", STORE("\"c\":{}"));
    scratch_put("in/.hidden.yaml", "nonsense: [");
    scratch_put("in/.git/d.yaml", "nonsense: [");
    scratch_put("in/readme.txt", "nonsense");
    scratch_put("elsewhere/e.yaml", TOPIC("e"));
    assert_int_equal(symlink("../elsewhere", "in/linked"), 0);
    assert_loaded(load("in"));
    assert_counts(KIND_TOPIC, 4, 0, 0, 4);
    assert_true(has(KIND_TOPIC, "e"));
    assert_int_equal(loaded->file_count, 7);
    assert_string_equal(loaded->files[0].path, "in/a.yaml");
    assert_string_equal(loaded->files[1].path, "in/linked/e.yaml");
    assert_string_equal(loaded->files[2].path, "in/sub/b.yml");
    assert_string_equal(loaded->files[3].path, "in/sub/c.json");
    assert_true(loaded->files[0].bytes == strlen(TOPIC("a")));
    assert_true(loaded->started_unix_ms <= walltime_unix_ms());
}

/* Files come in order of their path bytes, which is not the order of directories. */
static void test_files_come_in_order_of_path_bytes(void **state)
{
    (void)state;
    assert_int_equal(mkdir("in", 0700), 0);
    assert_int_equal(mkdir("in/a", 0700), 0);
    scratch_put("in/a/z.yaml", TOPIC("one"));
    scratch_put("in/a-b.yaml", TOPIC("two"));
    scratch_put("in/a.yaml", TOPIC("three"));
    assert_loaded(load("in/"));
    assert_string_equal(loaded->files[0].path, "in/a-b.yaml");
    assert_string_equal(loaded->files[1].path, "in/a.yaml");
    assert_string_equal(loaded->files[2].path, "in/a/z.yaml");
}

/* Links that lead back end; a link to nothing is a mistake; the same file is read once. */
static void test_links_are_followed_to_their_end(void **state)
{
    (void)state;
    assert_int_equal(mkdir("in", 0700), 0);
    assert_int_equal(mkdir("in/sub", 0700), 0);
    scratch_put("in/sub/a.yaml", TOPIC("a"));
    assert_int_equal(symlink("..", "in/sub/up"), 0);
    assert_int_equal(symlink("sub/a.yaml", "in/again.yaml"), 0);
    assert_loaded(load("in"));
    assert_counts(KIND_TOPIC, 1, 0, 0, 1);
    assert_noticed("in/sub/up", "skipped: it leads back to a directory above it");
    assert_noticed("in/sub/a.yaml", "skipped: it is the same file as in/again.yaml");
    assert_int_equal(symlink("nowhere", "in/broken"), 0);
    assert_refused(load("in"), "in/broken", 0, 0, "it is a symbolic link that leads nowhere");
    assert_int_equal(symlink("itself", "itself"), 0);
    assert_refused(load("itself"), "itself", 0, 0, "cannot read it: its symbolic links lead in a circle");
}

/* Directories that go deeper than anyone means are a mistake, not a walk without end. */
static void test_deep_directories_are_a_mistake(void **state)
{
    char path[200] = "in";

    (void)state;
    assert_int_equal(mkdir(path, 0700), 0);
    for (int depth = 1; depth <= MANIFESTS_DIRECTORY_DEPTH_MAX; depth++) {
        strcat(path, "/d");
        assert_int_equal(mkdir(path, 0700), 0);
    }
    assert_refused(load("in"), path, 0, 0, "more than 32 directories inside one another");
}

/* A directory that may not be listed is a mistake: half of it would be taken for all of it. */
static void test_an_unreadable_directory_is_a_mistake(void **state)
{
    (void)state;
    if (geteuid() == 0) {
        print_message("skipped: root may read everything\n");
        skip();
    }
    assert_int_equal(mkdir("in", 0700), 0);
    assert_int_equal(mkdir("in/closed", 0), 0);
    assert_refused(load("in"), "in/closed", 0, 0, "cannot read it: permission denied");
}

/* A directory without any file to read declares nothing, and says so. */
static void test_an_empty_directory_declares_nothing(void **state)
{
    (void)state;
    assert_int_equal(mkdir("in", 0700), 0);
    scratch_put("in/readme.txt", "");
    assert_loaded(load("in"));
    assert_int_equal(catalog_count(loaded->catalog), 0);
    assert_noticed("in", "it holds no *.yaml, *.yml or *.json file to read");
}

/* Globs see the path below the source, whatever stands in front. */
static void test_files_can_be_excluded(void **state)
{
    static const char *const path = "in", *const globs[] = {"*.tmpl.yaml", "sub/*", NULL};

    (void)state;
    assert_int_equal(mkdir("in", 0700), 0);
    assert_int_equal(mkdir("in/sub", 0700), 0);
    scratch_put("in/a.yaml", TOPIC("a"));
    scratch_put("in/b.tmpl.yaml", "{{ nonsense");
    scratch_put("in/sub/c.json", "nonsense");
    assert_int_equal(symlink("nowhere", "in/sub/broken"), 0);
    assert_loaded(load_request(&(struct manifests_request){.paths = &path, .path_count = 1, .exclude_files = globs}));
    assert_counts(KIND_TOPIC, 1, 0, 0, 1);
}

/* What lies beside topics.json in a broker's folder is skipped by its name, damaged or not. */
static void test_neighbours_are_skipped(void **state)
{
    (void)state;
    assert_int_equal(mkdir("config", 0700), 0);
    scratch_put("config/topics.json", STORE("\"a\":{},\"s\":{}"));
    scratch_put("config/topics.json.bak", "nonsense");
    scratch_put("config/consumerOffset.json", "{\"offsetTable\":{\"a@g\":{0:1}}}");
    scratch_put("config/delayOffset.json", "nonsense");
    scratch_put("config/consumerFilter.json", "");
    scratch_put("config/consumerOrderInfo.json", "nonsense");
    scratch_put("config/messageRequestMode.json", "nonsense");
    scratch_put("config/lmqConsumerOffset.json", "nonsense");
    scratch_put("config/plan.json", "{\"version\":1,\"kind\":\"Plan\",\"rows\":[]}");
    scratch_put("config/own.json", "nonsense");
    const char *path = "config";
    assert_loaded(
        load_request(&(struct manifests_request){.paths = &path, .path_count = 1, .own_file = "./config/own.json"}));
    assert_counts(KIND_TOPIC, 2, 0, 0, 2);
    assert_noticed("config/consumerOffset.json", "skipped: it holds consumer offsets, no topics or groups");
    assert_noticed("config/plan.json", "skipped: it is a Plan, which declares nothing");
    assert_noticed("config/own.json", "skipped: it is the destination's own file");
    assert_int_equal(loaded->notices.count, 8);
}

/* Static topics are known by the file beside theirs, bare number keys and all, and count as system. */
static void test_static_topics_are_system(void **state)
{
    (void)state;
    assert_int_equal(mkdir("config", 0700), 0);
    scratch_put("config/topics.json", STORE("\"a\":{},\"s\":{}"));
    scratch_put(
        "config/topicQueueMapping.json",
        "{\"dataVersion\":{\"counter\":1},\"topicQueueMappingInfoMap\":{\"s\":{\"bname\":\"b\",\"hostedQueues\":"
        "{0:[{\"gen\":0}],1:[]}},\"gone\":{}}}");
    assert_loaded(load("config"));
    assert_counts(KIND_TOPIC, 2, 1, 0, 1);
    assert_int_equal(row_of(KIND_TOPIC, "s")->status, STATUS_STATIC);
    assert_string_equal(catalog_file(loaded->catalog, row_of(KIND_TOPIC, "s")->file), "config/topics.json");
    assert_noticed("config/topicQueueMapping.json", "it tells of 2 static topics, which are not moved");
    scratch_put("config/topicQueueMapping.json", "{\"topicQueueMappingInfoMap\":{\"s\":{}}}");
    assert_loaded(load("config"));
    assert_noticed("config/topicQueueMapping.json", "it tells of 1 static topic, which is not moved");
    scratch_put("config/topicQueueMapping.json", "{\"topicQueueMappingInfoMap\":{}}"); /* as most brokers have it */
    assert_loaded(load("config"));
    assert_noticed("config/topicQueueMapping.json", "skipped: it tells of no static topics");
    scratch_put("config/topicQueueMapping.json", "{\"topicQueueMappingInfoMap\":{\n\"s\":{0:[}}}");
    assert_refused(load("config"), "config/topicQueueMapping.json", 0, 0, "line 2: a value was expected");
    scratch_put("config/topicQueueMapping.json",
                "{\"topicQueueMappingInfoMap\":{\"s\":{0:[{\"gen\":0,\n\"gen\":0}]}}}");
    assert_refused(load("config"), "config/topicQueueMapping.json", 0, 0,
                   "line 2: this member stands twice in one object");
}

/* A file that declares nothing known is a mistake that tells how to leave it out. */
static void test_strangers_are_mistakes(void **state)
{
    (void)state;
    assert_int_equal(mkdir("in", 0700), 0);
    scratch_put("in/package.json", "{\"name\":\"x\",\"dependencies\":{}}");
    assert_refused(load("in"), "in/package.json", 0, 0,
                   "it declares nothing that mqferry knows; leave it out with --exclude-file");
}

/* --- the same name twice --- */

/* Two brokers of one cluster: what they hold alike merges, what differs is a conflict that names both places. */
static void test_files_of_two_brokers_merge(void **state)
{
    static const char *const paths[] = {"a.json", "b.json"};

    (void)state;
    scratch_put("a.json", STORE("\n\"same\":{\"perm\":6},\n\"other\":{\"perm\":6},\n\"TBW102\":{\"perm\":7}"));
    scratch_put("b.json", STORE("\n\"TBW102\":{\"perm\":6},\n\"other\":{\"perm\":4},\n\"same\":{\"perm\":6}"));
    assert_loaded(load_paths(paths, 2));
    assert_counts(KIND_TOPIC, 6, 1, 3, 2);
    assert_null(catalog_problem(loaded->catalog, row_of(KIND_TOPIC, "same")));
    const struct problem *problem = catalog_problem(loaded->catalog, row_of(KIND_TOPIC, "other"));
    assert_non_null(problem);
    assert_int_equal(problem->cause, CAUSE_DECLARED_TWICE);
    assert_string_equal(problem->text, "declared in a.json:3:1 and, with other settings, in b.json:3:1");
    assert_noticed("b.json", "2 of its topics and groups are declared alike elsewhere and were merged");
}

/* Hand-written twice is a mistake; twice in one table of a tool is damage. */
static void test_twice_is_a_mistake_where_people_can_mend_it(void **state)
{
    static const char *const paths[] = {"a.yaml", "b.yaml"};

    (void)state;
    scratch_put("a.yaml", TOPIC("a"));
    scratch_put("b.yaml", TOPIC("b") "---\n" TOPIC("a"));
    assert_int_equal(load_paths(paths, 2), -1);
    assert_int_equal(mistakes.count, 1);
    assert_string_equal(mistakes.items[0].path, "b.yaml");
    assert_non_null(strstr(mistakes.items[0].text, "a.yaml:3:"));
    scratch_put("t.json", STORE("\"a\":{},\n\"b\":{},\n\"a\":{}"));
    assert_refused(load("t.json"), "t.json", 3, 1, "the topic \"a\" stands twice in this file, first at 1:39");
    scratch_put("t.json", STORE("\"a_REPLY_TOPIC\":{},\n\"a_REPLY_TOPIC\":{\"perm\":6}"));
    assert_refused(load("t.json"), "t.json", 2, 1,
                   "the topic \"a_REPLY_TOPIC\" stands twice in this file, first at 1:39");
    scratch_put("t.json", STORE("\"a\":{\"perm\":7},\n\"a\":{\"perm\":6}"));
    assert_refused(load("t.json"), "t.json", 2, 1, "the topic \"a\" stands twice in this file, first at 1:39");
    scratch_put("t.json", STORE("\"a\":{\"perm\":7,\"readQueueNums\":3},\n\"a\":{\"perm\":6}"));
    assert_refused(load("t.json"), "t.json", 2, 1, "the topic \"a\" stands twice in this file, first at 1:39");
}

/* Another file that has the name as well hides nothing. */
static void test_twice_in_one_file_is_damage_beside_others(void **state)
{
    static const char *const paths[] = {"a.json", "b.json", "c.json"};

    (void)state;
    scratch_put("a.json", STORE("\"a\":{}"));
    scratch_put("b.json", STORE("\"a\":{},\n\"a\":{}"));
    scratch_put("c.json", STORE("\"a\":{\"perm\":4},\n\"b\":{},\n\"a\":{}"));
    assert_int_equal(load_paths(paths, 3), -1);
    assert_int_equal(mistakes.count, 2);
    assert_string_equal(mistakes.items[0].path, "b.json");
    assert_int_equal(mistakes.items[0].line, 2);
    assert_string_equal(mistakes.items[0].text, "the topic \"a\" stands twice in this file, first at 1:39");
    assert_string_equal(mistakes.items[1].path, "c.json");
    assert_int_equal(mistakes.items[1].line, 3);
}

/* What people write by hand is kept before what tools wrote of the same. */
static void test_hand_written_ones_are_kept(void **state)
{
    static const char *const paths[] = {"t.json", "a.yaml"};

    (void)state;
    scratch_put("t.json",
                "{\"dataVersion\":{},\"topicConfigTable\":{\"a\":{\"attributes\":{\"message.type\":\"NORMAL\"}},"
                "\"mine\":{\"perm\":7}}}");
    scratch_put("a.yaml", TOPIC("a") "---\n" TOPIC("mine"));
    assert_loaded(load_paths(paths, 2));
    assert_counts(KIND_TOPIC, 4, 0, 2, 2);
    assert_int_equal(row_of(KIND_TOPIC, "a")->hand, 1);
    assert_int_equal(row_of(KIND_TOPIC, "mine")->hand, 1);
    assert_int_equal(row_of(KIND_TOPIC, "mine")->status, STATUS_ORDINARY);
    assert_null(catalog_problem(loaded->catalog, row_of(KIND_TOPIC, "mine")));
}

/* A topic that one broker's file knows as its own is no conflict with another file. */
static void test_a_brokers_own_topic_is_no_conflict(void **state)
{
    static const char *const paths[] = {"export.json", "store.json"};

    (void)state;
    scratch_put("export.json", "{\"exportTime\":1,\"topicConfigTable\":{\"b1\":{\"perm\":7,\"readQueueNums\":1}}}");
    scratch_put("store.json", STORE("\"b1\":{\"perm\":7,\"readQueueNums\":1,\"writeQueueNums\":1}"));
    assert_loaded(load_paths(paths, 2));
    assert_counts(KIND_TOPIC, 2, 1, 1, 0);
    assert_int_equal(row_of(KIND_TOPIC, "b1")->status, STATUS_SYSTEM);
}

/* A path given twice is read once; standard input cannot be. */
static void test_a_path_given_twice_is_read_once(void **state)
{
    static const char *const paths[] = {"a.yaml", "./a.yaml"}, *const twice[] = {"-", "-"};

    (void)state;
    scratch_put("a.yaml", TOPIC("a"));
    assert_loaded(load_paths(paths, 2));
    assert_counts(KIND_TOPIC, 1, 0, 0, 1);
    assert_noticed("./a.yaml", "skipped: it is the same file as a.yaml");
    assert_int_equal(load_paths(twice, 2), -1);
    assert_said(&mistakes, "-", 0, 0, "standard input can be read only once");
}

/* --- standard input --- */

static void give_input(const char *content)
{
    scratch_put("input", content);
    assert_non_null(freopen("input", "r", stdin));
}

/* Standard input is told apart by what it holds. */
static void test_standard_input_is_told_by_its_content(void **state)
{
    (void)state;
    give_input(TOPIC("a"));
    assert_loaded(load("-"));
    assert_int_equal(row_of(KIND_TOPIC, "a")->hand, 1);
    give_input("Use [local mode] load rocksdb to print or export file \n" STORE("\"a\":{}"));
    assert_loaded(load("-"));
    assert_int_equal(row_of(KIND_TOPIC, "a")->hand, 0);
    assert_int_equal(row_of(KIND_TOPIC, "a")->line, 2);
    assert_string_equal(catalog_file(loaded->catalog, row_of(KIND_TOPIC, "a")->file), "-");
}

/* --- ends --- */

/* A load that is called off ends, with nothing left over. */
static void test_cancelling_ends_the_load(void **state)
{
    atomic_bool cancelled = true;
    const char *path = "a.yaml", *directory = ".";

    (void)state;
    scratch_put("a.yaml", TOPIC("a"));
    assert_int_equal(
        load_request(&(struct manifests_request){.paths = &path, .path_count = 1, .cancelled = &cancelled}), -1);
    assert_int_equal(failure.cause, CAUSE_CANCELLED);
    assert_int_equal(
        load_request(&(struct manifests_request){.paths = &directory, .path_count = 1, .cancelled = &cancelled}), -1);
    assert_int_equal(failure.cause, CAUSE_CANCELLED);
}

/* Real files of public repositories, where they lie: how many entries, and how many of them are not system ones. */
static void test_real_files_are_read(void **state)
{
    static const struct {
        const char *name;
        enum kind kind;
        uint64_t read, declared;
    } files[] = {
        {"01-326-topics-game.json", KIND_TOPIC, 112, 23},
        {"04-326-groups-template.json", KIND_GROUP, 4, 1},
        {"07-440-groups-master1.json", KIND_GROUP, 15, 8},
        {"14-46-topics-broker-a.json", KIND_TOPIC, 13, 2},
        {"18-46-topics-broker-b.json", KIND_TOPIC, 11, 1},
        {"21-480-topics-dotted-broker.json", KIND_TOPIC, 9, 0},
        {"27-5x-topics-fresh.json", KIND_TOPIC, 15, 0},
        {"28-5x-groups-fresh.json", KIND_GROUP, 8, 0},
        {"33-440-topics-container-broker.json", KIND_TOPIC, 7, 0},
        {"45-492-topics-no-autocreate.json", KIND_TOPIC, 9, 1},
        {"47-rust-groups.json", KIND_GROUP, 1, 1},
    };
    static const char *const refused[] = {"48-3x-topics-commented.json", "54-neighbour-consumerOffset.json",
                                          "56-neighbour-transactionMetrics.json", "60-nul-consumerFilter.json",
                                          "65-wire-all_topic_list.json"};
    const char *reference = getenv("MQFERRY_REFERENCE");
    char path[512];

    (void)state;
    snprintf(path, sizeof path, "%s/public", reference ? reference : SOURCE_DIR "/../shared/reference");
    if (access(path, R_OK) != 0) {
        print_message("skipped: %s is not there (MQFERRY_REFERENCE names its parent)\n", path);
        skip();
    }
    size_t folder = strlen(path);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path + folder, sizeof path - folder, "/%s", files[i].name);
        print_message("%s\n", files[i].name);
        assert_loaded(load(path));
        assert_counts(files[i].kind, files[i].read, files[i].read - files[i].declared, 0, files[i].declared);
    }
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        snprintf(path + folder, sizeof path - folder, "/%s", refused[i]);
        assert_int_equal(load(path), -1);
        assert_int_equal(failure.cause, CAUSE_INPUT_WRONG);
        print_message("%s:%u:%u: %s\n", refused[i], mistakes.items[0].line, mistakes.items[0].column,
                      mistakes.items[0].text);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_files_of_every_kind_load_together),
        TEST(test_hand_written_json_is_hand_written),
        TEST(test_what_cannot_be_read_is_told),
        TEST(test_mistakes_of_all_files_are_told),
        TEST(test_the_oldest_export_counts),
        TEST(test_directories_are_read_wholly),
        TEST(test_files_come_in_order_of_path_bytes),
        TEST(test_links_are_followed_to_their_end),
        TEST(test_deep_directories_are_a_mistake),
        TEST(test_an_unreadable_directory_is_a_mistake),
        TEST(test_an_empty_directory_declares_nothing),
        TEST(test_files_can_be_excluded),
        TEST(test_neighbours_are_skipped),
        TEST(test_static_topics_are_system),
        TEST(test_strangers_are_mistakes),
        TEST(test_files_of_two_brokers_merge),
        TEST(test_twice_is_a_mistake_where_people_can_mend_it),
        TEST(test_twice_in_one_file_is_damage_beside_others),
        TEST(test_hand_written_ones_are_kept),
        TEST(test_a_brokers_own_topic_is_no_conflict),
        TEST(test_a_path_given_twice_is_read_once),
        TEST(test_standard_input_is_told_by_its_content),
        TEST(test_cancelling_ends_the_load),
        TEST(test_real_files_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
