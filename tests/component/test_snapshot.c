/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "api/base/file.h"
#include "api/base/lock.h"
#include "api/base/monotime.h"
#include "api/cause.h"
#include "api/instance.h"
#include "api/snapshot_json.h"
#include "tests/lib/catalog_text.h"
#include "tests/lib/faults.h"
#include "tests/lib/loop.h"
#include "tests/lib/scratch.h"

enum { ITEMS_MAX = 20000, PATIENCE_MS = 60000 };

/* One door, and what it answered last. */
struct fixture {
    struct test_loop loop;
    struct address address;
    struct instance *door;
    struct request request;
    struct failure why; /* of calls that fail at once */
    bool answered, closed;
    struct answer answer; /* failures of items do not outlive the callback: copied below */
    struct create_item *items;
    uint32_t count;
    struct failure item_failure; /* the last item's that had one */
    uint32_t created, existed, refused, not_sent, unknown;
};

static struct instance *open_door(struct fixture *fixture, const char *path, enum instance_kind stands_for,
                                  bool writable)
{
    struct instance *door = NULL;
    struct instance_options options = {.loop = &fixture->loop.loop,
                                       .workers = fixture->loop.workers,
                                       .address = &fixture->address,
                                       .stands_for = stands_for,
                                       .writable = writable};

    fixture->address = (struct address){.scheme = SCHEME_SNAPSHOT};
    snprintf(fixture->address.path, sizeof fixture->address.path, "%s", path);
    assert_int_equal(instance_open(&options, &door, &fixture->why), 0);
    return door;
}

static void begin_as(struct fixture *fixture, const char *path, enum instance_kind stands_for, bool writable)
{
    *fixture = (struct fixture){0};
    test_loop_begin(&fixture->loop);
    fixture->door = open_door(fixture, path, stands_for, writable);
}

static void begin(struct fixture *fixture, const char *path)
{
    begin_as(fixture, path, INSTANCE_KINDS, true);
}

static void raise_flag(void *context)
{
    *(bool *)context = true;
}

static void close_door(struct fixture *fixture, struct instance *door)
{
    fixture->closed = false;
    door->ops->close(door, raise_flag, &fixture->closed);
    test_loop_run_until(&fixture->loop, &fixture->closed);
}

static void end(struct fixture *fixture)
{
    close_door(fixture, fixture->door);
    catalog_unref(fixture->answer.part);
    test_loop_end(&fixture->loop);
}

/* ---- asking */

static void tally(struct fixture *fixture)
{
    uint32_t *const counts[] = {[OUTCOME_CREATED] = &fixture->created,
                                [OUTCOME_EXISTED] = &fixture->existed,
                                [OUTCOME_REFUSED] = &fixture->refused,
                                [OUTCOME_NOT_SENT] = &fixture->not_sent,
                                [OUTCOME_UNKNOWN] = &fixture->unknown};

    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        *counts[i] = 0;
    fixture->item_failure = (struct failure){0};
    for (uint32_t i = 0; i < fixture->count; i++) {
        ++*counts[fixture->items[i].outcome];
        if (fixture->items[i].failure)
            fixture->item_failure = *fixture->items[i].failure;
        assert_true((fixture->items[i].failure == NULL) == (fixture->items[i].outcome <= OUTCOME_EXISTED));
    }
}

static void on_answer(struct request *request, struct answer *answer)
{
    struct fixture *fixture = request->data;

    assert_false(fixture->answered);
    fixture->answered = true;
    catalog_unref(fixture->answer.part);
    fixture->answer = *answer;
    tally(fixture);
}

static void prepare(struct fixture *fixture)
{
    fixture->answered = false;
    fixture->request = (struct request){
        .done = on_answer,
        .data = fixture,
        .deadline_ms = monotime_ms() + PATIENCE_MS,
    };
}

static void await_answer(struct fixture *fixture)
{
    assert_false(fixture->answered); /* never inside the call */
    test_loop_run_until(&fixture->loop, &fixture->answered);
}

static int describe(struct fixture *fixture)
{
    prepare(fixture);
    assert_int_equal(fixture->door->ops->describe(fixture->door, &fixture->request, &fixture->why), 0);
    await_answer(fixture);
    return fixture->answer.failure.cause;
}

static int list(struct fixture *fixture, enum kind kind)
{
    prepare(fixture);
    assert_int_equal(fixture->door->ops->list(fixture->door, &fixture->request, kind, 0, &fixture->why), 0);
    await_answer(fixture);
    return fixture->answer.failure.cause;
}

/* Starts creating the resources of one kind of a catalog. */
static void start_create(struct fixture *fixture, struct catalog *catalog, enum kind kind)
{
    uint32_t first, count;

    catalog_range(catalog, kind, &first, &count);
    fixture->items = calloc(count, sizeof *fixture->items);
    fixture->count = count;
    for (uint32_t i = 0; i < count; i++) {
        const struct resource *resource = &catalog_rows(catalog)[first + i];
        fixture->items[i] = (struct create_item){
            .kind = kind, .name = catalog_name(catalog, resource), .catalog = catalog, .resource = resource};
    }
    assert_int_equal(fixture->door->ops->create(fixture->door, &fixture->request, fixture->items, count, &fixture->why),
                     0);
}

static void end_create(struct fixture *fixture)
{
    free(fixture->items);
    fixture->items = NULL;
    fixture->count = 0;
}

static void create_catalog(struct fixture *fixture, struct catalog *catalog, enum kind kind)
{
    prepare(fixture);
    start_create(fixture, catalog, kind);
    await_answer(fixture);
    end_create(fixture);
}

static void create(struct fixture *fixture, enum kind kind, const char *lines)
{
    struct catalog *catalog = catalog_text(lines);
    create_catalog(fixture, catalog, kind);
    catalog_unref(catalog);
}

static struct catalog *many_topics(unsigned count)
{
    struct buffer lines;

    buffer_init(&lines, 1 << 24);
    for (unsigned i = 0; i < count; i++)
        buffer_append_format(&lines, "Topic topic%06u messageType=NORMAL\n", i);
    struct catalog *catalog = catalog_text(lines.data);
    buffer_release(&lines);
    return catalog;
}

/* ---- reading */

static const char HEAD[] =
    "{\n  \"apiVersion\": \"mqferry/v1\",\n  \"kind\": \"Snapshot\",\n  \"standsFor\": \"%s\",\n";

static void put_snapshot(const char *path, const char *stands_for, const char *rest)
{
    char text[4000];
    int used = snprintf(text, sizeof text, HEAD, stands_for);
    snprintf(text + used, sizeof text - (size_t)used, "%s\n}\n", rest);
    scratch_put(path, text);
}

/* A file that is not there yet is an empty instance of the kind that was asked for; asking does not make it. */
static void an_absent_file_is_an_empty_instance(void **state)
{
    (void)state;
    struct fixture fixture;

    begin_as(&fixture, "a.json", INSTANCE_ONS, true);
    assert_int_equal(describe(&fixture), CAUSE_NONE);
    assert_int_equal(fixture.answer.description.capabilities.kind, INSTANCE_ONS);
    assert_true(fixture.answer.description.in_service);
    assert_int_equal(fixture.answer.description.identity.count, 0);
    assert_int_equal(list(&fixture, KIND_TOPIC), CAUSE_NONE);
    assert_int_equal(fixture.answer.parts, 1);
    assert_int_equal(fixture.answer.total, 0);
    assert_int_equal(catalog_count(fixture.answer.part), 0);
    end(&fixture);
    assert_false(scratch_exists("a.json"));
    assert_false(scratch_exists("a.json.lock"));
}

/* Nobody said what a new file stands for: for anything. */
static void a_new_file_stands_for_any(void **state)
{
    (void)state;
    struct fixture fixture;

    begin(&fixture, "a.json");
    assert_int_equal(describe(&fixture), CAUSE_NONE);
    assert_int_equal(fixture.answer.description.capabilities.kind, INSTANCE_ANY);
    end(&fixture);
}

/* As a source, a file that is not there is a mistake, and nothing is ever created in one. */
static void a_source_must_be_there(void **state)
{
    (void)state;
    struct fixture fixture;
    struct create_item item = {0};

    begin_as(&fixture, "a.json", INSTANCE_KINDS, false);
    assert_int_equal(describe(&fixture), CAUSE_INPUT_WRONG);
    assert_string_equal(fixture.answer.failure.text, "could not read a.json: it does not exist");
    prepare(&fixture);
    assert_int_equal(fixture.door->ops->create(fixture.door, &fixture.request, &item, 1, &fixture.why), -1);
    assert_int_equal(fixture.why.cause, CAUSE_UNSUPPORTED);
    end(&fixture);
}

/* What the file stands for decides what it can hold; identity is the file's. */
static void the_file_says_what_it_is(void **state)
{
    (void)state;
    struct fixture fixture;

    put_snapshot("a.json", "apsaramq",
                 "  \"identity\": {\"instanceName\": \"prod\"}, \"topics\": [{\"name\":\"orders\"}]");
    begin(&fixture, "a.json");
    assert_int_equal(describe(&fixture), CAUSE_NONE);
    const struct capabilities *capabilities = &fixture.answer.description.capabilities;
    assert_int_equal(capabilities->kind, INSTANCE_APSARAMQ);
    assert_int_equal(capabilities->holds[KIND_TOPIC], fields_held(INSTANCE_APSARAMQ, KIND_TOPIC));
    assert_false(capabilities->absent_is_default);
    assert_int_equal(capabilities->batch_max[KIND_GROUP], UINT32_MAX);
    assert_int_equal(capabilities->get_max[KIND_TOPIC], 0);
    assert_string_equal(identity_value(&fixture.answer.description.identity, "instanceName"), "prod");
    end(&fixture);
}

/* A file that stands for another kind of instance than the one asked for is refused, and stays. */
static void another_kind_is_refused(void **state)
{
    (void)state;
    struct fixture fixture;

    put_snapshot("a.json", "ons", "  \"topics\": []");
    char *before = scratch_get("a.json");
    begin_as(&fixture, "a.json", INSTANCE_APSARAMQ, true);
    assert_int_equal(describe(&fixture), CAUSE_CONFIGURATION_WRONG);
    assert_string_equal(fixture.answer.failure.text, "the snapshot a.json stands for ons, not for apsaramq");
    create(&fixture, KIND_TOPIC, "Topic a messageType=NORMAL");
    assert_int_equal(fixture.not_sent, 1);
    assert_int_equal(fixture.item_failure.cause, CAUSE_CONFIGURATION_WRONG);
    end(&fixture);
    scratch_assert_content("a.json", before);
    free(before);
}

/* Both kinds come from one reading; each list counts its own. */
static void a_list_is_one_part(void **state)
{
    (void)state;
    struct fixture fixture;

    put_snapshot("a.json", "any",
                 "  \"topics\": [{\"name\":\"a\"},{\"name\":\"b\"}], \"consumerGroups\": [{\"name\":\"g\"}]");
    begin(&fixture, "a.json");
    assert_int_equal(list(&fixture, KIND_TOPIC), CAUSE_NONE);
    assert_int_equal(fixture.answer.total, 2);
    assert_int_equal(list(&fixture, KIND_GROUP), CAUSE_NONE);
    assert_int_equal(fixture.answer.total, 1);
    assert_int_not_equal(catalog_find(fixture.answer.part, KIND_GROUP, TEXT("g")), CATALOG_ABSENT);
    assert_int_equal(fixture.door->ops->list(fixture.door, &fixture.request, KIND_TOPIC, 1, &fixture.why), -1);
    assert_int_equal(fixture.door->ops->get(fixture.door, &fixture.request, KIND_TOPIC, &TEXT("a"), 1, &fixture.why),
                     -1);
    assert_int_equal(fixture.why.cause, CAUSE_UNSUPPORTED);
    end(&fixture);
}

/* An unchanged file is not read again; a changed one is. */
static void only_a_changed_file_is_read_again(void **state)
{
    (void)state;
    struct fixture fixture;
    struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};

    put_snapshot("a.json", "any", "  \"topics\": [{\"name\":\"a\"}]");
    assert_int_equal(utimensat(AT_FDCWD, "a.json", times, 0), 0);
    begin(&fixture, "a.json");
    assert_int_equal(list(&fixture, KIND_TOPIC), CAUSE_NONE);
    struct catalog *first = catalog_ref(fixture.answer.part);
    assert_int_equal(list(&fixture, KIND_TOPIC), CAUSE_NONE);
    assert_ptr_equal(fixture.answer.part, first);
    put_snapshot("a.json", "any", "  \"topics\": [{\"name\":\"b\"}]");
    assert_int_equal(list(&fixture, KIND_TOPIC), CAUSE_NONE);
    assert_int_not_equal(catalog_find(fixture.answer.part, KIND_TOPIC, TEXT("b")), CATALOG_ABSENT);
    catalog_unref(first);
    end(&fixture);
}

/* A damaged file is said to be damaged, by reads and by creates, and keeps its bytes. */
static void a_damaged_file_is_not_touched(void **state)
{
    (void)state;
    const char *damages[] = {"", "{\"apiVersion\": \"mqferry/v1\", \"kind\": \"Snap", "[]", "not json",
                             "{\"apiVersion\":\"mqferry/v1\",\"kind\":\"Snapshot\",\"standsFor\":\"any\",\"more\":1}"};

    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        struct fixture fixture;
        scratch_put("a.json", damages[i]);
        begin(&fixture, "a.json");
        assert_int_equal(describe(&fixture), CAUSE_INPUT_WRONG);
        assert_int_equal(list(&fixture, KIND_GROUP), CAUSE_INPUT_WRONG);
        assert_non_null(strstr(fixture.answer.failure.text, "a.json"));
        create(&fixture, KIND_TOPIC, "Topic a");
        assert_int_equal(fixture.not_sent, 1);
        assert_int_equal(fixture.item_failure.cause, CAUSE_INPUT_WRONG);
        end(&fixture);
        scratch_assert_content("a.json", damages[i]);
    }
}

/* A directory or a FIFO in its place is refused without waiting. */
static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    struct fixture fixture;

    assert_int_equal(mkdir("dir", 0700), 0);
    begin(&fixture, "dir");
    assert_int_equal(describe(&fixture), CAUSE_INPUT_WRONG);
    end(&fixture);
    assert_int_equal(mkfifo("fifo", 0600), 0);
    begin(&fixture, "fifo");
    assert_int_equal(describe(&fixture), CAUSE_INPUT_WRONG);
    end(&fixture);
}

/* ---- creating */

/* The first create makes the file: these bytes, whatever the order of creation. */
static void the_first_create_makes_the_file(void **state)
{
    (void)state;
    struct fixture fixture;

    begin(&fixture, "a.json");
    create(&fixture, KIND_TOPIC, "Topic zebra messageType=FIFO\nTopic ant readQueueNums=4");
    assert_int_equal(fixture.created, 2);
    create(&fixture, KIND_GROUP, "ConsumerGroup GID_a consumeRetryPolicy.maxRetryTimes=3");
    assert_int_equal(fixture.created, 1);
    end(&fixture);
    scratch_assert_content(
        "a.json", "{\n  \"apiVersion\": \"mqferry/v1\",\n  \"kind\": \"Snapshot\",\n  \"standsFor\": \"any\",\n"
                  "  \"identity\": {},\n  \"topics\": [\n    {\"name\": \"ant\", \"readQueueNums\": 4},\n"
                  "    {\"name\": \"zebra\", \"messageType\": \"FIFO\"}\n  ],\n  \"consumerGroups\": [\n"
                  "    {\"name\": \"GID_a\", \"consumeRetryPolicy\": {\"maxRetryTimes\": 3}}\n  ]\n}\n");

    begin(&fixture, "b.json");
    create(&fixture, KIND_GROUP, "ConsumerGroup GID_a consumeRetryPolicy.maxRetryTimes=3");
    create(&fixture, KIND_TOPIC, "Topic zebra messageType=FIFO");
    create(&fixture, KIND_TOPIC, "Topic ant readQueueNums=4");
    end(&fixture);
    char *other = scratch_get("b.json");
    scratch_assert_content("a.json", other);
    free(other);
}

/* What the kind of instance cannot hold is not written, and what it completes is. */
static void only_held_settings_are_written(void **state)
{
    (void)state;
    struct fixture fixture;

    begin_as(&fixture, "a.json", INSTANCE_APSARAMQ, true);
    create(&fixture, KIND_TOPIC, "Topic orders messageType=FIFO ~remark=x readQueueNums=4");
    create(&fixture, KIND_GROUP, "ConsumerGroup GID_a");
    assert_int_equal(list(&fixture, KIND_TOPIC), CAUSE_NONE);
    struct catalog *there = fixture.answer.part;
    assert_string_equal(resource_text_of(there, catalog_row_of(there, KIND_TOPIC, "orders")),
                        "messageType=FIFO remark=x");
    assert_string_equal(resource_text_of(there, catalog_row_of(there, KIND_GROUP, "GID_a")),
                        "deliveryOrderType=Concurrently consumeRetryPolicy.retryPolicy=DefaultRetryPolicy");
    end(&fixture);
}

/* Where masters count, a resource is kept per master; elsewhere it is in one place. */
static void masters_are_kept_where_they_count(void **state)
{
    (void)state;
    const char *lines = "masters broker-a broker-b broker-c\n"
                        "Topic split messageType=NORMAL readQueueNums=8 @broker-c @broker-b readQueueNums=4";
    struct fixture fixture;

    begin_as(&fixture, "a.json", INSTANCE_ROCKETMQ, true);
    create(&fixture, KIND_TOPIC, "masters broker-c\nTopic other readQueueNums=1 @broker-c");
    create(&fixture, KIND_TOPIC, lines);
    end(&fixture);
    begin(&fixture, "a.json");
    assert_int_equal(list(&fixture, KIND_TOPIC), CAUSE_NONE);
    char *text = scratch_get("a.json");
    assert_non_null(
        strstr(text, "\"brokers\": {\"broker-b\": {\"readQueueNums\": 4}, \"broker-c\": {\"readQueueNums\": 8}}"));
    free(text);
    end(&fixture);

    begin_as(&fixture, "b.json", INSTANCE_ONS, true);
    create(&fixture, KIND_TOPIC, lines);
    end(&fixture);
    text = scratch_get("b.json");
    assert_null(strstr(text, "brokers"));
    assert_non_null(strstr(text, "\"messageType\": \"NORMAL\""));
    free(text);
}

/* A name that another process added meanwhile exists: it is not overwritten, and the others are created. */
static void what_another_process_added_stays(void **state)
{
    (void)state;
    struct fixture fixture;

    begin(&fixture, "a.json");
    assert_int_equal(list(&fixture, KIND_TOPIC), CAUSE_NONE);
    put_snapshot("a.json", "any", "  \"topics\": [{\"name\":\"a\",\"remark\":\"theirs\"}]");
    create(&fixture, KIND_TOPIC, "Topic a remark=ours\nTopic b remark=ours");
    assert_int_equal(fixture.existed, 1);
    assert_int_equal(fixture.created, 1);
    assert_int_equal(list(&fixture, KIND_TOPIC), CAUSE_NONE);
    struct catalog *there = fixture.answer.part;
    assert_string_equal(resource_text_of(there, catalog_row_of(there, KIND_TOPIC, "a")), "remark=theirs");
    assert_string_equal(resource_text_of(there, catalog_row_of(there, KIND_TOPIC, "b")), "remark=ours");
    end(&fixture);
}

/* When everything is there already, nothing is written. */
static void nothing_new_writes_nothing(void **state)
{
    (void)state;
    struct fixture fixture;

    begin(&fixture, "a.json");
    create(&fixture, KIND_TOPIC, "Topic a\nTopic b");
    faults_clear();
    create(&fixture, KIND_TOPIC, "Topic a\nTopic b");
    assert_int_equal(fixture.existed, 2);
    assert_int_equal(faults_calls(FAULT_RENAME), 0);
    end(&fixture);
}

/* Any number of resources goes with one rewrite. */
static void a_batch_is_one_rewrite(void **state)
{
    (void)state;
    struct fixture fixture;
    struct catalog *catalog = many_topics(ITEMS_MAX);

    begin(&fixture, "a.json");
    faults_clear();
    create_catalog(&fixture, catalog, KIND_TOPIC);
    assert_int_equal(fixture.created, ITEMS_MAX);
    assert_int_equal(faults_calls(FAULT_RENAME), 1);
    catalog_unref(catalog);
    end(&fixture);
}

/* On the cloud a topic and a group cannot share a name; elsewhere they can. */
static void shared_names_are_refused_where_the_kind_refuses_them(void **state)
{
    (void)state;
    struct fixture fixture;

    begin_as(&fixture, "a.json", INSTANCE_ONS, true);
    create(&fixture, KIND_TOPIC, "Topic same messageType=NORMAL");
    create(&fixture, KIND_GROUP, "ConsumerGroup same\nConsumerGroup other");
    assert_int_equal(fixture.refused, 1);
    assert_int_equal(fixture.created, 1);
    assert_int_equal(fixture.item_failure.cause, CAUSE_GROUP_NAMED_LIKE_TOPIC);
    create(&fixture, KIND_TOPIC, "Topic other messageType=NORMAL");
    assert_int_equal(fixture.item_failure.cause, CAUSE_TOPIC_NAMED_LIKE_GROUP);
    end(&fixture);

    begin_as(&fixture, "b.json", INSTANCE_ROCKETMQ, true);
    create(&fixture, KIND_TOPIC, "Topic same");
    create(&fixture, KIND_GROUP, "ConsumerGroup same");
    assert_int_equal(fixture.created, 1);
    end(&fixture);
}

/* A symbolic link stays one: what it leads to is written, and locked under its own name. */
static void a_link_stays_a_link(void **state)
{
    (void)state;
    struct fixture fixture;
    struct stat what;

    put_snapshot("real.json", "any", "  \"topics\": []");
    assert_int_equal(symlink("real.json", "link.json"), 0);
    begin(&fixture, "link.json");
    create(&fixture, KIND_TOPIC, "Topic a");
    assert_int_equal(fixture.created, 1);
    end(&fixture);
    assert_int_equal(lstat("link.json", &what), 0);
    assert_true(S_ISLNK(what.st_mode));
    assert_true(scratch_exists("real.json.lock"));
    assert_false(scratch_exists("link.json.lock"));
}

/* ---- two writers */

/* Two doors of one file create in turns, and each finds what the other one wrote. */
static void writers_take_turns(void **state)
{
    (void)state;
    struct fixture fixture;

    begin(&fixture, "a.json");
    create(&fixture, KIND_TOPIC, "Topic a");
    struct instance *first = fixture.door;
    fixture.door = open_door(&fixture, "a.json", INSTANCE_KINDS, true);
    create(&fixture, KIND_TOPIC, "Topic a\nTopic b");
    assert_int_equal(fixture.created, 1);
    assert_int_equal(fixture.existed, 1);
    struct instance *second = fixture.door;
    fixture.door = first;
    create(&fixture, KIND_TOPIC, "Topic b\nTopic c");
    assert_int_equal(fixture.created, 1);
    assert_int_equal(fixture.existed, 1);
    assert_int_equal(list(&fixture, KIND_TOPIC), CAUSE_NONE);
    assert_int_equal(fixture.answer.total, 3);
    close_door(&fixture, second);
    end(&fixture);
}

/* A writer that finds the lock held waits, and goes on when it is free. */
static void a_second_writer_waits(void **state)
{
    (void)state;
    struct fixture fixture;
    struct catalog *catalog = catalog_text("Topic b");
    struct lock lock = LOCK_INIT;

    begin(&fixture, "a.json");
    assert_int_equal(lock_take(&lock, "a.json.lock", &fixture.why), 0);
    prepare(&fixture);
    start_create(&fixture, catalog, KIND_TOPIC);
    for (int turn = 0; turn < 20; turn++)
        uv_run(&fixture.loop.loop, UV_RUN_ONCE);
    assert_false(fixture.answered);
    lock_release(&lock);
    test_loop_run_until(&fixture.loop, &fixture.answered);
    assert_int_equal(fixture.created, 1);
    end_create(&fixture);
    catalog_unref(catalog);
    end(&fixture);
}

/* It waits no longer than its deadline, and says who holds the lock; readers need none. */
static void a_second_writer_gives_up_at_its_deadline(void **state)
{
    (void)state;
    struct fixture fixture;
    struct catalog *catalog = catalog_text("Topic b");
    struct lock lock = LOCK_INIT;

    begin(&fixture, "a.json");
    assert_int_equal(lock_take(&lock, "a.json.lock", &fixture.why), 0);
    assert_int_equal(list(&fixture, KIND_TOPIC), CAUSE_NONE);
    prepare(&fixture);
    fixture.request.deadline_ms = monotime_ms() + 250;
    start_create(&fixture, catalog, KIND_TOPIC);
    await_answer(&fixture);
    assert_int_equal(fixture.not_sent, 1);
    assert_int_equal(fixture.item_failure.cause, CAUSE_STATE_LOCKED);
    assert_non_null(strstr(fixture.item_failure.text, "a.json.lock is locked by"));
    end_create(&fixture);
    lock_release(&lock);
    catalog_unref(catalog);
    end(&fixture);
}

/* ---- disks that fail */

static void assert_refused_and_untouched(struct fixture *fixture, const char *before)
{
    create(fixture, KIND_TOPIC, "Topic b\nTopic c");
    faults_clear();
    assert_int_equal(fixture->not_sent, 2);
    assert_int_equal(fixture->item_failure.cause, CAUSE_STATE_UNWRITABLE);
    assert_non_null(strstr(fixture->item_failure.text, "a.json"));
    scratch_assert_content("a.json", before);
    assert_false(scratch_exists("a.json.part"));
}

/* Whichever step of writing fails, the old bytes stay, nothing was created, and the next try works. */
static void a_failing_step_leaves_the_old_bytes(void **state)
{
    (void)state;
    struct fixture fixture;

    begin(&fixture, "a.json");
    create(&fixture, KIND_TOPIC, "Topic a");
    char *before = scratch_get("a.json");
    faults_clear();
    for (int64_t room = 0; room < 200; room += 50) {
        faults_disk_full_after(room);
        assert_refused_and_untouched(&fixture, before);
    }
    faults_fail(FAULT_FSYNC, 0, EIO);
    assert_refused_and_untouched(&fixture, before);
    faults_fail(FAULT_RENAME, 0, EROFS);
    assert_refused_and_untouched(&fixture, before);
    create(&fixture, KIND_TOPIC, "Topic b\nTopic c");
    assert_int_equal(fixture.created, 2);
    free(before);
    end(&fixture);
}

/* A directory that cannot be synced after the rename: the new file is there, and nobody claims more than that. */
static void an_unsynced_rename_is_unknown(void **state)
{
    (void)state;
    struct fixture fixture;

    begin(&fixture, "a.json");
    create(&fixture, KIND_TOPIC, "Topic a");
    faults_clear();
    faults_fail(FAULT_FSYNC, 1, EIO);
    create(&fixture, KIND_TOPIC, "Topic b");
    faults_clear();
    assert_int_equal(fixture.unknown, 1);
    assert_int_equal(fixture.item_failure.cause, CAUSE_STATE_UNWRITABLE);
    assert_int_equal(list(&fixture, KIND_TOPIC), CAUSE_NONE);
    assert_int_equal(fixture.answer.total, 2);
    end(&fixture);
}

/* A directory that is not there is named. */
static void an_absent_directory_is_named(void **state)
{
    (void)state;
    struct fixture fixture;

    begin(&fixture, "no/such/a.json");
    assert_int_equal(describe(&fixture), CAUSE_NONE);
    create(&fixture, KIND_TOPIC, "Topic a");
    assert_int_equal(fixture.not_sent, 1);
    assert_int_equal(fixture.item_failure.cause, CAUSE_STATE_UNWRITABLE);
    assert_non_null(strstr(fixture.item_failure.text, "no/such/a.json"));
    end(&fixture);
}

/* In a directory where nothing may be written, a create fails with the reason; checked as somebody who is not root. */
static void a_read_only_directory_is_respected(void **state)
{
    (void)state;
    int status;

    put_snapshot("a.json", "any", "  \"topics\": []");
    char *before = scratch_get("a.json");
    assert_int_equal(chmod(".", 0555), 0);
    pid_t child = fork();
    if (child == 0) {
        struct fixture fixture;
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(2);
        begin(&fixture, "a.json");
        create(&fixture, KIND_TOPIC, "Topic a");
        _exit(fixture.not_sent == 1 && fixture.item_failure.cause == CAUSE_STATE_UNWRITABLE ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(chmod(".", 0755), 0);
    assert_int_equal(status, 0);
    scratch_assert_content("a.json", before);
    free(before);
}

/* ---- killed */

/* Adds one topic after the other, telling of each, until it is killed. */
static void create_until_killed(int told)
{
    struct fixture fixture;
    char line[200];

    begin(&fixture, "a.json");
    for (unsigned i = 0;; i++) {
        snprintf(line, sizeof line, "Topic topic%06u messageType=NORMAL remark=%064u", i, i);
        create(&fixture, KIND_TOPIC, line);
        if (write(told, "x", 1) != 1)
            _exit(1);
    }
}

/* The number of topics, which are the first so many; fails the test when the file is not whole. */
static uint32_t count_whole_file(void)
{
    struct file_text file;
    struct catalog *catalog = NULL;
    struct snapshot_head head;
    struct failure why = FAILURE_INIT;
    char name[20];

    if (!scratch_exists("a.json"))
        return 0;
    if (file_read("a.json", &file, &why) != 0 ||
        snapshot_json_read((struct text){file.data, file.bytes}, "a.json", &catalog, &head, &why) != 0)
        fail_msg("%s", why.text);
    uint32_t count = catalog_count(catalog);
    for (uint32_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "topic%06u", i);
        assert_true(text_is(catalog_name(catalog, &catalog_rows(catalog)[i]), name));
    }
    catalog_unref(catalog);
    file_text_release(&file);
    return count;
}

/* Killed at any moment, the file is whole, old or new, and loses nothing; the next writer goes on. */
static void a_killed_writer_leaves_a_whole_file(void **state)
{
    (void)state;
    uint32_t before = 0;
    char byte;

    srandom(20261123);
    for (int round = 0; round < 60; round++) {
        int told[2];
        assert_int_equal(pipe(told), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            create_until_killed(told[1]);
        close(told[1]);
        if (round % 3 != 0)
            assert_int_equal(read(told[0], &byte, 1), 1);
        usleep((useconds_t)(random() % 20000));
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
        close(told[0]);
        uint32_t now = count_whole_file();
        assert_true(now >= before);
        before = now;
    }
    assert_true(before > 0);
    struct fixture fixture;
    begin(&fixture, "a.json");
    create(&fixture, KIND_TOPIC, "Topic last");
    assert_int_equal(fixture.created, 1);
    assert_false(scratch_exists("a.json.part"));
    end(&fixture);
}

/* ---- cancelling, closing */

/* A request that is cancelled before it began answers so, later and once; a create was surely not sent. */
static void a_cancelled_request_answers(void **state)
{
    (void)state;
    struct fixture fixture;
    struct catalog *catalog = catalog_text("Topic a");
    struct request first = {.done = on_answer, .data = &fixture, .deadline_ms = monotime_ms() + PATIENCE_MS};

    begin(&fixture, "a.json");
    first.data = &(struct fixture){0};
    assert_int_equal(fixture.door->ops->describe(fixture.door, &first, &fixture.why), 0);
    prepare(&fixture);
    start_create(&fixture, catalog, KIND_TOPIC);
    fixture.door->ops->cancel(fixture.door, &fixture.request);
    fixture.door->ops->cancel(fixture.door, &fixture.request);
    await_answer(&fixture);
    assert_int_equal(fixture.not_sent, 1);
    assert_int_equal(fixture.item_failure.cause, CAUSE_CANCELLED);
    end_create(&fixture);
    assert_int_equal(list(&fixture, KIND_TOPIC), CAUSE_NONE);
    assert_int_equal(fixture.answer.total, 0);
    assert_false(scratch_exists("a.json"));
    fixture.door->ops->cancel(fixture.door, &fixture.request); /* answered already: nothing happens */
    catalog_unref(catalog);
    end(&fixture);
}

/* Closing answers everything first. */
static void closing_answers_everything(void **state)
{
    (void)state;
    struct fixture fixture;
    struct catalog *catalog = catalog_text("Topic a");

    begin(&fixture, "a.json");
    struct fixture others[3];
    for (int i = 0; i < 3; i++) {
        others[i] = (struct fixture){.door = fixture.door};
        prepare(&others[i]);
        others[i].request.data = &others[i];
        assert_int_equal(fixture.door->ops->list(fixture.door, &others[i].request, KIND_TOPIC, 0, &fixture.why), 0);
    }
    prepare(&fixture);
    start_create(&fixture, catalog, KIND_TOPIC);
    close_door(&fixture, fixture.door);
    assert_true(fixture.answered);
    assert_int_equal(fixture.not_sent, 1);
    for (int i = 0; i < 3; i++) {
        assert_true(others[i].answered);
        catalog_unref(others[i].answer.part);
    }
    end_create(&fixture);
    catalog_unref(catalog);
    test_loop_end(&fixture.loop);
}

/* A door waiting for the lock can be closed while it waits. */
static void a_waiting_door_can_be_closed(void **state)
{
    (void)state;
    struct fixture fixture;
    struct lock lock = LOCK_INIT;
    struct catalog *catalog = catalog_text("Topic b");

    begin(&fixture, "a.json");
    assert_int_equal(lock_take(&lock, "a.json.lock", &fixture.why), 0);
    prepare(&fixture);
    start_create(&fixture, catalog, KIND_TOPIC);
    for (int i = 0; i < 3; i++)
        uv_run(&fixture.loop.loop, UV_RUN_ONCE);
    close_door(&fixture, fixture.door);
    assert_int_equal(fixture.not_sent, 1);
    end_create(&fixture);
    lock_release(&lock);
    catalog_unref(catalog);
    test_loop_end(&fixture.loop);
}

/* What is not done by its deadline fails instead of going on unseen. */
static void a_deadline_is_kept(void **state)
{
    (void)state;
    struct fixture fixture;
    struct catalog *catalog = catalog_text("Topic a");

    begin(&fixture, "a.json");
    prepare(&fixture);
    fixture.request.deadline_ms = monotime_ms();
    start_create(&fixture, catalog, KIND_TOPIC);
    await_answer(&fixture);
    assert_int_equal(fixture.not_sent, 1);
    assert_int_equal(fixture.item_failure.cause, CAUSE_UNREACHABLE);
    end_create(&fixture);
    assert_false(scratch_exists("a.json"));
    catalog_unref(catalog);
    end(&fixture);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_enter, scratch_leave)
    const struct CMUnitTest tests[] = {
        TEST(an_absent_file_is_an_empty_instance),
        TEST(a_new_file_stands_for_any),
        TEST(a_source_must_be_there),
        TEST(the_file_says_what_it_is),
        TEST(another_kind_is_refused),
        TEST(a_list_is_one_part),
        TEST(only_a_changed_file_is_read_again),
        TEST(a_damaged_file_is_not_touched),
        TEST(what_is_no_file_is_refused),
        TEST(the_first_create_makes_the_file),
        TEST(only_held_settings_are_written),
        TEST(masters_are_kept_where_they_count),
        TEST(what_another_process_added_stays),
        TEST(nothing_new_writes_nothing),
        TEST(a_batch_is_one_rewrite),
        TEST(shared_names_are_refused_where_the_kind_refuses_them),
        TEST(a_link_stays_a_link),
        TEST(writers_take_turns),
        TEST(a_second_writer_waits),
        TEST(a_second_writer_gives_up_at_its_deadline),
        TEST(a_failing_step_leaves_the_old_bytes),
        TEST(an_unsynced_rename_is_unknown),
        TEST(an_absent_directory_is_named),
        TEST(a_read_only_directory_is_respected),
        TEST(a_killed_writer_leaves_a_whole_file),
        TEST(a_cancelled_request_answers),
        TEST(closing_answers_everything),
        TEST(a_waiting_door_can_be_closed),
        TEST(a_deadline_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
