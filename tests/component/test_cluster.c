/* SPDX-License-Identifier: Apache-2.0
 *
 * The door to an open-source cluster against one in memory behind real sockets: what it reads, what it sends to whom,
 * and what it says of everything that goes wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/base/log.h"
#include "api/base/monotime.h"
#include "api/cause.h"
#include "api/cluster/cluster.h"
#include "tests/lib/catalog_text.h"
#include "tests/lib/loop.h"
#include "tests/lib/remote_cluster.h"
#include "tests/lib/scratch.h"

enum { PATIENCE_MS = 60000, V4 = 407, V533 = 479, V55 = 513, ITEMS_MAX = 2048 };

static struct test_loop loop;
static struct remote_cluster *cluster;
static struct instance *door;
static struct instance_options options;
static struct catalog *declared;
static struct create_item items[ITEMS_MAX];
static uint32_t item_count;

static struct {
    struct request request;
    struct failure why;
    bool done;
    struct failure failure;
    struct description description;
    struct catalog *part;
    uint32_t parts;
    int causes[ITEMS_MAX]; /* of creates */
    char text[FAILURE_TEXT_BYTES], provider_message[FAILURE_MESSAGE_BYTES];
} asked;

/* --- life */

static int begin(void **state)
{
    if (scratch_enter(state) != 0)
        return -1;
    unsetenv("MQFERRY_ACCESS_KEY");
    unsetenv("MQFERRY_SECRET_KEY");
    unsetenv("MQFERRY_SECURITY_TOKEN");
    test_loop_begin(&loop);
    memset(&asked, 0, sizeof asked);
    cluster = NULL;
    door = NULL;
    declared = NULL;
    return 0;
}

static void set_flag(void *flag)
{
    *(bool *)flag = true;
}

static void close_door(void)
{
    bool closed = false;
    door->ops->close(door, set_flag, &closed);
    assert_false(closed);
    test_loop_run_until(&loop, &closed);
    door = NULL;
}

static int end(void **state)
{
    catalog_unref(asked.part);
    catalog_unref(declared);
    if (door != NULL)
        close_door();
    remote_cluster_end(cluster);
    test_loop_end(&loop);
    free(cluster);
    return scratch_leave(state);
}

static void build(uint32_t names, uint32_t masters, int32_t version)
{
    cluster = remote_cluster_new(&loop.loop, names, masters, version);
    options = (struct instance_options){
        .loop = &loop.loop, .workers = loop.workers, .address = &cluster->address, .writable = true};
}

static void open_door(void)
{
    struct failure why = FAILURE_INIT;
    if (cluster_open(&options, &door, &why) != 0)
        fail_msg("%s", why.text);
}

static void build_and_open(uint32_t names, uint32_t masters, int32_t version)
{
    build(names, masters, version);
    open_door();
}

/* --- calls */

static void on_answer(struct request *request, struct answer *answer)
{
    assert_false(asked.done);
    asked.done = true;
    asked.failure = answer->failure;
    asked.description = answer->description;
    catalog_unref(asked.part);
    asked.part = answer->part;
    asked.parts = answer->parts;
    for (uint32_t i = 0; i < item_count; i++) {
        const struct failure *failure = items[i].failure;
        asked.causes[i] = failure != NULL ? failure->cause : CAUSE_NONE;
        if (failure != NULL) {
            snprintf(asked.text, sizeof asked.text, "%s", failure->text);
            snprintf(asked.provider_message, sizeof asked.provider_message, "%s", failure->provider_message);
        }
        items[i].failure = NULL;
    }
    (void)request;
}

static void prepare(uint64_t patience_ms)
{
    asked.done = false;
    asked.failure = asked.why = (struct failure)FAILURE_INIT;
    asked.text[0] = '\0';
    asked.request = (struct request){.done = on_answer, .deadline_ms = monotime_ms() + patience_ms};
}

static void await(int status)
{
    if (status != 0) {
        asked.failure = asked.why;
        return;
    }
    assert_false(asked.done);
    test_loop_run_until(&loop, &asked.done);
}

static int describe(void)
{
    item_count = 0;
    prepare(PATIENCE_MS);
    await(door->ops->describe(door, &asked.request, &asked.why));
    return asked.failure.cause;
}

static int list(enum kind kind, uint32_t part)
{
    item_count = 0;
    prepare(PATIENCE_MS);
    await(door->ops->list(door, &asked.request, kind, part, &asked.why));
    return asked.failure.cause;
}

/* All of a declared catalog's kind. */
static int start_create_within(enum kind kind, const char *lines, uint64_t patience_ms)
{
    uint32_t first;

    catalog_unref(declared);
    declared = catalog_text(lines);
    catalog_range(declared, kind, &first, &item_count);
    assert_true(item_count <= ITEMS_MAX);
    for (uint32_t i = 0; i < item_count; i++) {
        const struct resource *row = &catalog_rows(declared)[first + i];
        items[i] = (struct create_item){
            .kind = kind, .name = catalog_name(declared, row), .catalog = declared, .resource = row};
    }
    prepare(patience_ms);
    return door->ops->create(door, &asked.request, items, item_count, &asked.why);
}

static int start_create(enum kind kind, const char *lines)
{
    return start_create_within(kind, lines, PATIENCE_MS);
}

static void create(enum kind kind, const char *lines)
{
    await(start_create(kind, lines));
}

static void assert_outcomes(enum outcome outcome)
{
    for (uint32_t i = 0; i < item_count; i++)
        if (items[i].outcome != outcome)
            fail_msg("%.*s: outcome %d, cause %s: %s", (int)items[i].name.bytes, items[i].name.data, items[i].outcome,
                     cause_name(asked.causes[i]), asked.text);
}

static void assert_failed(int cause, const char *part)
{
    assert_string_equal(cause_name(asked.failure.cause), cause_name(cause));
    if (strstr(asked.failure.text, part) == NULL)
        fail_msg("'%s' does not say '%s'", asked.failure.text, part);
}

static void assert_describes(void)
{
    if (describe() != CAUSE_NONE)
        fail_msg("%s", asked.failure.text);
}

/* --- reading */

static void describe_tells_who_it_is(void **state)
{
    (void)state;
    build_and_open(1, 2, V533);
    assert_describes();
    assert_string_equal(identity_value(&asked.description.identity, "clusterName"), "test");
    assert_string_equal(identity_value(&asked.description.identity, "brokers"), "2");
    assert_true(asked.description.in_service);
    assert_true(asked.description.capabilities.masters_fixed);
    assert_int_equal(asked.description.capabilities.rules.broker_version, V533);
    assert_int_equal(asked.description.quota_free[KIND_TOPIC], -1);
}

/* An election: reads of the others work, nothing is written meanwhile. */
static void a_broker_without_master_is_not_in_service(void **state)
{
    (void)state;
    build_and_open(1, 2, V533);
    cluster->masters[1].absent = cluster->masters[1].slave = true;
    assert_describes();
    assert_false(asked.description.in_service);
    assert_string_equal(asked.description.status, "broker-b has no master now");
    assert_int_equal(list(KIND_TOPIC, 0), CAUSE_NONE);
    assert_int_equal(list(KIND_TOPIC, 1), CAUSE_INSTANCE_NOT_IN_SERVICE);
    create(KIND_TOPIC, "Topic orders readQueueNums=8 writeQueueNums=8");
    assert_int_equal(remote_written(cluster), 0);
    assert_outcomes(OUTCOME_NOT_SENT);
}

static void each_masters_table_is_a_part(void **state)
{
    (void)state;
    build_and_open(1, 2, V533);
    remote_hold(&cluster->masters[0], KIND_TOPIC, "orders", NULL);
    remote_hold(&cluster->masters[0], KIND_TOPIC, "test", NULL);
    remote_hold(&cluster->masters[1], KIND_TOPIC, "refunds", NULL);
    assert_int_equal(list(KIND_TOPIC, 0), CAUSE_NONE);
    assert_int_equal(asked.parts, 2);
    assert_int_not_equal(catalog_find(asked.part, KIND_TOPIC, TEXT("orders")), CATALOG_ABSENT);
    assert_int_equal(catalog_rows(asked.part)[catalog_row_of(asked.part, KIND_TOPIC, "test")].status, STATUS_SYSTEM);
    assert_int_equal(catalog_find(asked.part, KIND_TOPIC, TEXT("refunds")), CATALOG_ABSENT);
    assert_int_equal(list(KIND_TOPIC, 1), CAUSE_NONE);
    assert_int_not_equal(catalog_find(asked.part, KIND_TOPIC, TEXT("refunds")), CATALOG_ABSENT);
    assert_int_equal(list(KIND_TOPIC, 2), CAUSE_BAD_ANSWER);
    assert_int_equal(remote_written(cluster), 0);
    assert_int_equal(remote_asked(&cluster->masters[0], 352), 0);
}

/* The runner sees by the pointer that nothing changed. */
static void an_unchanged_table_is_the_same_catalog(void **state)
{
    struct catalog *first;

    (void)state;
    build_and_open(1, 1, V533);
    remote_hold(&cluster->masters[0], KIND_GROUP, "GID_a", NULL);
    assert_int_equal(list(KIND_GROUP, 0), CAUSE_NONE);
    first = catalog_ref(asked.part);
    assert_describes();
    assert_int_equal(list(KIND_GROUP, 0), CAUSE_NONE);
    assert_ptr_equal(asked.part, first);
    remote_hold(&cluster->masters[0], KIND_GROUP, "GID_b", NULL);
    assert_int_equal(list(KIND_GROUP, 0), CAUSE_NONE);
    assert_ptr_not_equal(asked.part, first);
    assert_int_equal(catalog_count(asked.part), 2);
    /* Entries of a batch that stopped half way leave dataVersion as it is (3.8). */
    cluster->masters[0].version[KIND_GROUP] -= 1;
    catalog_unref(first);
    first = catalog_ref(asked.part);
    remote_hold(&cluster->masters[0], KIND_GROUP, "GID_c", NULL);
    cluster->masters[0].version[KIND_GROUP] = 2;
    assert_int_equal(list(KIND_GROUP, 0), CAUSE_NONE);
    assert_int_equal(catalog_count(asked.part), 3);
    catalog_unref(first);
}

static bool hang(struct remote_cluster *which, struct remote_answer *answer)
{
    (void)which;
    answer->silent = true;
    return true;
}

/* --- name servers */

/* One that hangs costs a short while once; then the other one is asked first. */
static void a_name_server_that_hangs_does_not_stall(void **state)
{
    uint64_t before_ms;

    (void)state;
    build(2, 1, V533);
    cluster->names[0].hangs = true;
    open_door();
    before_ms = monotime_ms();
    assert_describes();
    assert_true(monotime_ms() - before_ms < PATIENCE_MS / 2);
    assert_describes();
    assert_describes();
    assert_int_equal(cluster->names[0].requests, 0);
    assert_int_equal(cluster->names[1].requests, 3);
    assert_int_equal(cluster->names[0].connections, 1);
}

/* Two addresses, nobody behind the first; then behind none. */
static void the_next_name_server_takes_over(void **state)
{
    (void)state;
    build(2, 1, V533);
    remoting_server_end(&cluster->names[0]);
    open_door();
    assert_describes();
    remoting_server_end(&cluster->names[1]);
    describe();
    assert_failed(CAUSE_UNREACHABLE, "connection refused");
}

static void silence_ends_at_the_deadline(void **state)
{
    (void)state;
    build_and_open(1, 1, V533);
    cluster->bend_names = hang;
    item_count = 0;
    prepare(200);
    await(door->ops->describe(door, &asked.request, &asked.why));
    assert_failed(CAUSE_UNREACHABLE, "no answer in time");
}

static bool no_such_request(struct remote_cluster *which, struct remote_answer *answer)
{
    (void)which;
    answer->code = 3;
    answer->remark = " request type 106 not supported";
    return true;
}

/* A proxy, or a broker. */
static void what_is_no_name_server_is_told(void **state)
{
    (void)state;
    build_and_open(1, 1, V533);
    cluster->bend_names = no_such_request;
    describe();
    assert_failed(CAUSE_UNSUPPORTED, "this is no name server, perhaps a proxy or a broker");
}

static void an_unknown_cluster_is_told(void **state)
{
    (void)state;
    build(1, 1, V533);
    snprintf(cluster->address.cluster, sizeof cluster->address.cluster, "other");
    open_door();
    describe();
    assert_failed(CAUSE_INSTANCE_NOT_FOUND, "test");
}

/* --- masters that cannot be reached */

/* It looks like a smaller cluster: said once, with its name. */
static void a_broker_that_leaves_is_told_once(void **state)
{
    char told[4096] = "";
    FILE *file = tmpfile();
    struct log *log = log_new(&(struct log_options){.fd = fileno(file), .level = LOG_LEVEL_WARN});

    (void)state;
    build(1, 2, V533);
    options.log = log;
    open_door();
    assert_describes();
    cluster->master_count = 1;
    assert_describes();
    off_t once = lseek(fileno(file), 0, SEEK_CUR);
    assert_true(once > 0);
    assert_describes();
    assert_int_equal(lseek(fileno(file), 0, SEEK_CUR), once);
    cluster->master_count = 2;
    assert_describes();
    close_door();
    log_free(log);
    rewind(file);
    told[fread(told, 1, sizeof told - 1, file)] = '\0';
    fclose(file);
    assert_non_null(strstr(told, cluster->masters[1].name));
    assert_non_null(strstr(told, "expect: {brokers: N}"));
}

/* The address that a broker advertises may mean nothing here: said, with what mends it; and mended by the map. */
static void advertised_addresses_are_mapped(void **state)
{
    char map[128];

    (void)state;
    build_and_open(1, 1, V533);
    cluster->masters[0].advertised = "127.0.0.1:1";
    describe();
    assert_failed(CAUSE_UNREACHABLE, "addressMap");
    assert_failed(CAUSE_UNREACHABLE, "no broker listens");
    cluster->masters[0].advertised = "no-such-broker.invalid:10911";
    describe();
    assert_failed(CAUSE_UNREACHABLE, "that name is not known here");
    cluster->masters[0].advertised = "127.0.0.1:1";
    close_door();
    snprintf(map, sizeof map, "10.0.0.1:2=10.0.0.2:3,127.0.0.1:1=127.0.0.1:%u", cluster->masters[0].server.port);
    options.address_map = map;
    open_door();
    assert_describes();
}

/* A listener whose queue is full: what else is sent to it is dropped. */
static int silent_port(int *fillers, int count, char *out, size_t size)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 0), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &bytes), 0);
    for (int i = 0; i < count; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(fillers[i], (struct sockaddr *)&address, sizeof address);
    }
    snprintf(out, size, "127.0.0.1:%d", ntohs(address.sin_port));
    return listener;
}

/* Nothing comes back: that is something else than a machine that refuses. */
static void a_silent_address_is_no_dead_broker(void **state)
{
    int fillers[4];
    char advertised[64];

    (void)state;
    int listener = silent_port(fillers, 4, advertised, sizeof advertised);
    build_and_open(1, 1, V533);
    cluster->masters[0].advertised = advertised;
    item_count = 0;
    prepare(1500);
    await(door->ops->describe(door, &asked.request, &asked.why));
    assert_failed(CAUSE_UNREACHABLE, "nothing comes back from there");
    for (int i = 0; i < 4; i++)
        close(fillers[i]);
    close(listener);
}

static void wrong_options_are_refused(void **state)
{
    struct failure why = FAILURE_INIT;

    (void)state;
    build(1, 1, V533);
    options.address_map = "10.0.0.1:2";
    assert_int_equal(cluster_open(&options, &door, &why), -1);
    assert_int_equal(why.cause, CAUSE_CONFIGURATION_WRONG);
    options.address_map = NULL;
    options.credentials = "profile:default";
    assert_int_equal(cluster_open(&options, &door, &why), -1);
    assert_int_equal(why.cause, CAUSE_CONFIGURATION_WRONG);
    door = NULL;
}

/* --- credentials */

static bool wants_key(struct remote_master *master, struct remote_answer *answer)
{
    (void)master;
    if (text_is(frame_field(answer->request, "AccessKey"), "ferryAdminKey") &&
        frame_field(answer->request, "Signature").bytes == 28)
        return false;
    answer->code = 16;
    answer->remark = "User:nobody is not found.";
    return true;
}

/* Keys come from a file; rejected ones are read again, since somebody may have mended the file. */
static void keys_sign_and_are_read_again(void **state)
{
    (void)state;
    build(1, 1, V533);
    cluster->masters[0].bend = wants_key;
    options.credentials = "file:keys.yml";
    open_door();
    describe();
    assert_failed(CAUSE_CREDENTIALS_REJECTED, "keys.yml");
    scratch_put("keys.yml", "accessKey: wrong\nsecretKey: nonsense\n");
    describe();
    assert_failed(CAUSE_CREDENTIALS_REJECTED, "is not found");
    assert_string_equal(asked.failure.provider_code, "16 NO_PERMISSION");
    assert_null(strstr(asked.failure.text, "nonsense"));
    scratch_put("keys.yml", "{\"accessKey\": \"ferryAdminKey\", \"secretKey\": \"ferryAdminSecret\"}");
    assert_describes();
}

static void keys_come_from_the_environment(void **state)
{
    (void)state;
    setenv("MQFERRY_ACCESS_KEY", "ferryAdminKey", 1);
    build(1, 1, V533);
    cluster->masters[0].bend = wants_key;
    open_door();
    describe();
    assert_failed(CAUSE_CREDENTIALS_REJECTED, "MQFERRY_SECRET_KEY is not set");
    setenv("MQFERRY_SECRET_KEY", "ferryAdminSecret", 1);
    assert_describes();
}

/* --- creating */

static const char TWO_TOPICS[] = "Topic orders readQueueNums=8 writeQueueNums=8 perm=6\n"
                                 "Topic refunds readQueueNums=4 writeQueueNums=4 perm=6\n";

static void assert_on_both(int kind, const char *name)
{
    for (uint32_t i = 0; i < 2; i++)
        if (remote_held(&cluster->masters[i], kind, name) == NULL)
            fail_msg("%s is not on %s", name, cluster->masters[i].name);
}

/* 4.x: one by one to every master; a second time nothing is sent. */
static void old_brokers_get_singles(void **state)
{
    (void)state;
    build_and_open(1, 2, V4);
    create(KIND_TOPIC, TWO_TOPICS);
    assert_outcomes(OUTCOME_CREATED);
    assert_on_both(KIND_TOPIC, "orders");
    assert_on_both(KIND_TOPIC, "refunds");
    assert_int_equal(remote_asked(&cluster->masters[0], 17), 2);
    assert_int_equal(remote_asked(&cluster->masters[0], 18), 0);
    assert_false(remote_held(&cluster->masters[0], KIND_TOPIC, "orders")->has_attributes);
    create(KIND_TOPIC, TWO_TOPICS);
    assert_outcomes(OUTCOME_EXISTED);
    assert_int_equal(remote_written(cluster), 4);
}

static const char FOUR_TOPICS[] = "Topic a readQueueNums=8 writeQueueNums=8 perm=6\n"
                                  "Topic b readQueueNums=8 writeQueueNums=8 perm=6\n"
                                  "Topic c readQueueNums=8 writeQueueNums=8 perm=6\n"
                                  "Topic d readQueueNums=8 writeQueueNums=8 perm=6\n";

/* 5.x: batches to every master, topics guarded. */
static void new_brokers_get_batches(void **state)
{
    (void)state;
    build_and_open(1, 2, V55);
    create(KIND_TOPIC, FOUR_TOPICS);
    assert_outcomes(OUTCOME_CREATED);
    for (int i = 0; i < 2; i++) {
        assert_true(remote_asked(&cluster->masters[i], 18) > 0);
        assert_true(remote_asked(&cluster->masters[i], 17) + remote_asked(&cluster->masters[i], 18) < 4);
        assert_int_equal(cluster->masters[i].count[KIND_TOPIC], 4);
        assert_true(remote_held(&cluster->masters[i], KIND_TOPIC, "d")->has_attributes);
    }
    create(KIND_GROUP, "ConsumerGroup GID_a\nConsumerGroup GID_b\nConsumerGroup GID_c\n");
    assert_outcomes(OUTCOME_CREATED);
    assert_true(remote_asked(&cluster->masters[1], 225) > 0);
    assert_on_both(KIND_GROUP, "GID_c");
}

/* With the v2 store batches are forgotten at a restart. */
static void the_v2_store_gets_singles(void **state)
{
    (void)state;
    build(1, 2, V55);
    for (int i = 0; i < 2; i++)
        cluster->masters[i].properties = "configManagerVersion=v2\nbrokerRole=ASYNC_MASTER\n";
    open_door();
    create(KIND_TOPIC, TWO_TOPICS);
    assert_outcomes(OUTCOME_CREATED);
    assert_int_equal(remote_asked(&cluster->masters[0], 18), 0);
    assert_int_equal(remote_asked(&cluster->masters[0], 17), 2);
}

/* 5.3.3 with a slave: attributes would empty the slave's table. */
static void no_attributes_where_slaves_suffer(void **state)
{
    (void)state;
    build(1, 2, V533);
    cluster->masters[0].slave = true;
    open_door();
    create(KIND_TOPIC, TWO_TOPICS);
    assert_outcomes(OUTCOME_CREATED);
    assert_false(remote_held(&cluster->masters[0], KIND_TOPIC, "orders")->has_attributes);
    assert_true(remote_held(&cluster->masters[1], KIND_TOPIC, "orders")->has_attributes);
}

/* On one master of two: completed on the other, and only there. */
static void a_half_created_topic_is_completed(void **state)
{
    (void)state;
    build_and_open(1, 2, V4);
    remote_hold(&cluster->masters[1], KIND_TOPIC, "orders", NULL);
    create(KIND_TOPIC, "Topic orders readQueueNums=8 writeQueueNums=8 perm=6");
    assert_outcomes(OUTCOME_CREATED);
    assert_on_both(KIND_TOPIC, "orders");
    assert_int_equal(cluster->masters[1].writes, 0);
    assert_int_equal(remote_written(cluster), 1);
}

static bool somebody_else(struct remote_master *master, struct remote_answer *answer)
{
    if (answer->request->code == 18 || answer->request->code == 17) {
        if (remote_held(master, KIND_TOPIC, "refunds") == NULL)
            remote_hold(master, KIND_TOPIC, "refunds", "\"perm\":4,\"readQueueNums\":1,\"writeQueueNums\":1");
    }
    return false;
}

/* Between our look and our create somebody makes one of the topics: theirs stands as it is, the others are created. */
static void the_guard_keeps_what_came_in_between(void **state)
{
    (void)state;
    build_and_open(1, 2, V55);
    cluster->masters[0].bend = somebody_else;
    create(KIND_TOPIC, "Topic orders readQueueNums=8 writeQueueNums=8 perm=6\n"
                       "Topic refunds readQueueNums=4 writeQueueNums=4 perm=6\n"
                       "Topic zeta readQueueNums=4 writeQueueNums=4 perm=6\n");
    assert_int_equal(cluster->masters[0].overwrites, 0);
    assert_non_null(strstr(remote_held(&cluster->masters[0], KIND_TOPIC, "refunds")->settings, "\"perm\":4"));
    assert_on_both(KIND_TOPIC, "orders");
    assert_on_both(KIND_TOPIC, "zeta");
    assert_int_not_equal(items[1].outcome, OUTCOME_CREATED);
    for (uint32_t i = 0; i < item_count; i++) /* in memory it is there: nobody may call it refused */
        assert_true(items[i].outcome != OUTCOME_REFUSED && items[i].outcome != OUTCOME_NOT_SENT);
}

static bool another_group(struct remote_master *master, struct remote_answer *answer)
{
    if (answer->request->code == 200 || answer->request->code == 225) {
        remote_hold(master, KIND_GROUP, "GID_a", "\"retryMaxTimes\":3");
        master->bend = NULL;
    }
    return false;
}

/* Where nothing guards a create, the table's own counter tells that somebody else wrote in the window. */
static void another_writer_is_seen(void **state)
{
    const int32_t versions[] = {V4, V55};

    (void)state;
    for (int i = 0; i < 2; i++) {
        char told[4096] = "";
        FILE *file = tmpfile();
        struct log *log = log_new(&(struct log_options){.fd = fileno(file), .level = LOG_LEVEL_WARN});
        build(1, 2, versions[i]);
        options.log = log;
        open_door();
        create(KIND_GROUP, "ConsumerGroup GID_before\nConsumerGroup GID_b");
        rewind(file);
        assert_int_equal(fread(told, 1, sizeof told - 1, file), 0);
        cluster->masters[1].bend = another_group;
        create(KIND_GROUP, "ConsumerGroup GID_a\nConsumerGroup GID_c\nConsumerGroup GID_d\nConsumerGroup GID_e");
        assert_int_equal(cluster->masters[1].overwrites, 1);
        close_door();
        log_free(log);
        rewind(file);
        told[fread(told, 1, sizeof told - 1, file)] = '\0';
        fclose(file);
        assert_non_null(strstr(told, "another client wrote"));
        assert_non_null(strstr(told, cluster->masters[1].name));
        assert_null(strstr(told, cluster->masters[0].name));
        remote_cluster_end(cluster);
        if (i == 0) {
            uv_run(&loop.loop, UV_RUN_NOWAIT);
            free(cluster);
        }
    }
}

static bool refuse_creates(struct remote_master *master, struct remote_answer *answer)
{
    (void)master;
    if (answer->request->code != 200)
        return false;
    answer->code = 16;
    answer->remark = "User:bob has no permission to access Group:GID_a from 127.0.0.1, no matched policies.";
    return true;
}

/* A refusal keeps its remark, and has a cause. */
static void refusals_are_explained(void **state)
{
    (void)state;
    build_and_open(1, 1, V4);
    cluster->masters[0].bend = refuse_creates;
    create(KIND_GROUP, "ConsumerGroup GID_a");
    assert_outcomes(OUTCOME_REFUSED);
    assert_int_equal(asked.causes[0], CAUSE_INSTANCE_PERMISSION_MISSING);
    assert_non_null(strstr(asked.provider_message, "no matched policies"));
}

static bool cut_after_create(struct remote_master *master, struct remote_answer *answer)
{
    (void)master;
    if (answer->request->code == 200)
        answer->cut = 3;
    return false;
}

/* The answer is lost, the group is there: the look after it says so, and it is sent once. */
static void a_lost_answer_is_looked_up(void **state)
{
    (void)state;
    build_and_open(1, 1, V4);
    cluster->masters[0].bend = cut_after_create;
    create(KIND_GROUP, "ConsumerGroup GID_a");
    assert_int_equal(remote_asked(&cluster->masters[0], 200), 1);
    assert_true(items[0].outcome == OUTCOME_CREATED || items[0].outcome == OUTCOME_UNKNOWN);
}

static bool lose_request(struct remote_master *master, struct remote_answer *answer)
{
    (void)master;
    answer->silent = answer->request->code == 200;
    return answer->silent;
}

/* No answer until the deadline, nothing there: unknown, and said by then. */
static void silence_of_a_master_is_unknown(void **state)
{
    (void)state;
    build_and_open(1, 1, V4);
    assert_describes();
    cluster->masters[0].bend = lose_request;
    await(start_create_within(KIND_GROUP, "ConsumerGroup GID_a", 4000));
    assert_outcomes(OUTCOME_UNKNOWN);
    assert_int_equal(remote_asked(&cluster->masters[0], 200), 1);
}

static bool answer_slowly(struct remote_master *master, struct remote_answer *answer)
{
    (void)master;
    answer->delay_ms = answer->request->code == 200 ? 700 : 0;
    return false;
}

/* A broker that takes long over each create (a name server hangs): what was not sent by the deadline says so, and may
 * be tried again; nothing is called refused. */
static void what_has_no_time_left_is_not_sent(void **state)
{
    uint32_t created = 0, not_sent = 0;

    (void)state;
    build(1, 1, V4);
    options.concurrency = 1;
    open_door();
    assert_describes();
    cluster->masters[0].bend = answer_slowly;
    await(start_create_within(KIND_GROUP,
                              "ConsumerGroup a\nConsumerGroup b\nConsumerGroup c\nConsumerGroup d\nConsumerGroup e\n"
                              "ConsumerGroup f\nConsumerGroup g\nConsumerGroup h\n",
                              4000));
    for (uint32_t i = 0; i < item_count; i++) {
        created += items[i].outcome == OUTCOME_CREATED;
        not_sent += items[i].outcome == OUTCOME_NOT_SENT && asked.causes[i] == CAUSE_THROTTLED;
        assert_int_not_equal(items[i].outcome, OUTCOME_REFUSED);
    }
    assert_true(created > 0 && not_sent > 0);
    assert_true(created + not_sent >= item_count - 1);
}

/* The entry of an order topic is in every name server before the topic is on any master (4.x). */
static bool entry_first(struct remote_master *master, struct remote_answer *answer)
{
    if (answer->request->code == 17) {
        assert_int_equal(master->cluster->entry_count, 1);
        assert_int_equal(master->cluster->names[0].sent[100], 1);
        assert_int_equal(master->cluster->names[1].sent[100], 1);
    }
    return false;
}

static void order_entries_come_first(void **state)
{
    (void)state;
    build_and_open(2, 2, V4);
    cluster->masters[0].bend = cluster->masters[1].bend = entry_first;
    create(KIND_TOPIC, "Topic seq readQueueNums=8 writeQueueNums=8 perm=6 order=true");
    assert_on_both(KIND_TOPIC, "seq");
    assert_string_equal(cluster->entries[0].topic, "seq");
    assert_string_equal(cluster->entries[0].value, "broker-a:8;broker-b:8");
}

/* The cluster is another one than was described: nothing is sent. */
static void a_changed_cluster_is_described_again_first(void **state)
{
    (void)state;
    build_and_open(1, 2, V4);
    assert_describes();
    cluster->masters[1].absent = true;
    create(KIND_TOPIC, TWO_TOPICS);
    assert_outcomes(OUTCOME_NOT_SENT);
    assert_int_equal(asked.causes[0], CAUSE_INSTANCE_NOT_IN_SERVICE);
    assert_int_equal(remote_written(cluster), 0);
}

static void a_source_is_never_written(void **state)
{
    struct failure why = FAILURE_INIT;

    (void)state;
    build(1, 1, V4);
    options.writable = false;
    open_door();
    assert_int_equal(start_create(KIND_TOPIC, TWO_TOPICS), -1);
    assert_int_equal(asked.why.cause, CAUSE_UNSUPPORTED);
    assert_int_equal(door->ops->get(door, &asked.request, KIND_GROUP, &items[0].name, 1, &why), -1);
}

/* Several creates at once: each of them looks when the one in front of it has been answered. */
static void creates_take_turns(void **state)
{
    static struct request requests[3];
    static struct create_item one[3];
    static bool done[3];
    uint32_t first, count;

    (void)state;
    build_and_open(1, 1, V4);
    assert_describes();
    declared = catalog_text("ConsumerGroup GID_a\nConsumerGroup GID_b\nConsumerGroup GID_c\n");
    catalog_range(declared, KIND_GROUP, &first, &count);
    for (uint32_t i = 0; i < 3; i++) {
        const struct resource *row = &catalog_rows(declared)[first + i];
        one[i] = (struct create_item){.kind = KIND_GROUP, .name = catalog_name(declared, row), .catalog = declared};
        one[i].resource = row;
        done[i] = false;
    }
    memset(requests, 0, sizeof requests);
    item_count = 0;
    for (uint32_t i = 0; i < 3; i++) {
        prepare(PATIENCE_MS);
        requests[i] = asked.request;
        assert_int_equal(door->ops->create(door, &requests[i], &one[i], 1, &asked.why), 0);
    }
    while (!done[0] || !done[1] || !done[2]) {
        uv_run(&loop.loop, UV_RUN_ONCE);
        asked.done = false;
        for (int i = 0; i < 3; i++)
            done[i] = requests[i].door == NULL;
    }
    for (int i = 0; i < 3; i++)
        assert_int_equal(one[i].outcome, OUTCOME_CREATED);
    assert_int_equal(cluster->masters[0].overwrites, 0);
}

static struct {
    uint32_t creates, others;
    int cause;
} watched;

static void on_request_ended(void *context, const char *operation, int cause, uint64_t took_ms)
{
    assert_ptr_equal(context, &watched);
    assert_true(took_ms < PATIENCE_MS);
    if (strcmp(operation, "UPDATE_AND_CREATE_SUBSCRIPTIONGROUP") == 0)
        watched.creates++;
    else
        watched.others++;
    watched.cause = cause != CAUSE_NONE ? cause : watched.cause;
}

/* Every request on the network is counted, with what became of it. */
static void requests_are_told(void **state)
{
    (void)state;
    memset(&watched, 0, sizeof watched);
    build(1, 1, V4);
    options.request_ended = on_request_ended;
    options.request_context = &watched;
    open_door();
    assert_describes();
    assert_int_equal(watched.others, 3); /* 106, 305, 26 */
    cluster->masters[0].bend = refuse_creates;
    create(KIND_GROUP, "ConsumerGroup GID_a");
    assert_int_equal(watched.creates, 1);
    assert_int_equal(watched.cause, CAUSE_REFUSED);
}

/* A rate of the configuration holds for every create, however many one call has. */
static void a_rate_is_kept(void **state)
{
    uint64_t before_ms;

    (void)state;
    build(1, 1, V4);
    options.rate_per_s = 20;
    options.concurrency = 3;
    open_door();
    assert_describes();
    before_ms = monotime_ms();
    create(KIND_GROUP, "ConsumerGroup a\nConsumerGroup b\nConsumerGroup c\nConsumerGroup d\nConsumerGroup e\n"
                       "ConsumerGroup f\nConsumerGroup g\nConsumerGroup h\n");
    assert_outcomes(OUTCOME_CREATED);
    assert_true(monotime_ms() - before_ms >= 250); /* 8 less the burst, 20 a second */
    assert_int_equal(start_create(KIND_GROUP, "ConsumerGroup i\nConsumerGroup j\nConsumerGroup k\nConsumerGroup l\n"),
                     0);
    for (int i = 0; i < 30; i++)
        uv_run(&loop.loop, UV_RUN_NOWAIT);
    door->ops->cancel(door, &asked.request); /* while the pace is waited for, perhaps */
    test_loop_run_until(&loop, &asked.done);
}

/* --- cancelling and closing */

/* Wherever a create stands: it answers once; what was sent is not called unsent. */
static void creates_can_be_cancelled_anywhere(void **state)
{
    (void)state;
    build_and_open(2, 2, V4);
    for (int turns = 0; turns < 40; turns++) {
        char lines[128];
        uint32_t before = remote_written(cluster);
        snprintf(lines, sizeof lines, "Topic t%d readQueueNums=8 writeQueueNums=8 perm=6 order=true", turns);
        assert_int_equal(start_create(KIND_TOPIC, lines), 0);
        for (int i = 0; i < turns && !asked.done; i++)
            uv_run(&loop.loop, UV_RUN_NOWAIT);
        if (!asked.done)
            door->ops->cancel(door, &asked.request);
        if (!asked.done)
            test_loop_run_until(&loop, &asked.done);
        if (items[0].outcome == OUTCOME_NOT_SENT)
            assert_int_equal(remote_written(cluster), before);
    }
}

static void closing_answers_everything(void **state)
{
    (void)state;
    build(2, 2, V55);
    for (int turns = 0; turns < 30; turns++) {
        open_door();
        item_count = 0;
        prepare(PATIENCE_MS);
        if (turns % 3 == 0)
            assert_int_equal(door->ops->describe(door, &asked.request, &asked.why), 0);
        else if (turns % 3 == 1)
            assert_int_equal(door->ops->list(door, &asked.request, KIND_TOPIC, 1, &asked.why), 0);
        else
            assert_int_equal(start_create(KIND_TOPIC, TWO_TOPICS), 0);
        for (int i = 0; i < turns; i++)
            uv_run(&loop.loop, UV_RUN_NOWAIT);
        close_door();
        assert_true(asked.done);
    }
    open_door();
    close_door(); /* that did nothing at all */
}

/* --- size */

static void large_tables_are_read(void **state)
{
    (void)state;
    build_and_open(1, 1, V55);
    for (int i = 0; i < 4000; i++) {
        char name[32];
        snprintf(name, sizeof name, "topic-%d", i);
        cluster->masters[0].held[KIND_TOPIC][i] = (struct held){.settings = "\"perm\":6"};
        memcpy(cluster->masters[0].held[KIND_TOPIC][i].name, name, sizeof name);
    }
    cluster->masters[0].count[KIND_TOPIC] = 4000;
    assert_int_equal(list(KIND_TOPIC, 0), CAUSE_NONE);
    assert_int_equal(catalog_count(asked.part), 4000);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        CASE(describe_tells_who_it_is),
        CASE(a_broker_without_master_is_not_in_service),
        CASE(each_masters_table_is_a_part),
        CASE(an_unchanged_table_is_the_same_catalog),
        CASE(a_name_server_that_hangs_does_not_stall),
        CASE(the_next_name_server_takes_over),
        CASE(silence_ends_at_the_deadline),
        CASE(what_is_no_name_server_is_told),
        CASE(an_unknown_cluster_is_told),
        CASE(advertised_addresses_are_mapped),
        CASE(a_broker_that_leaves_is_told_once),
        CASE(a_silent_address_is_no_dead_broker),
        CASE(wrong_options_are_refused),
        CASE(keys_sign_and_are_read_again),
        CASE(keys_come_from_the_environment),
        CASE(old_brokers_get_singles),
        CASE(new_brokers_get_batches),
        CASE(the_v2_store_gets_singles),
        CASE(no_attributes_where_slaves_suffer),
        CASE(a_half_created_topic_is_completed),
        CASE(the_guard_keeps_what_came_in_between),
        CASE(another_writer_is_seen),
        CASE(refusals_are_explained),
        CASE(a_lost_answer_is_looked_up),
        CASE(silence_of_a_master_is_unknown),
        CASE(what_has_no_time_left_is_not_sent),
        CASE(order_entries_come_first),
        CASE(a_changed_cluster_is_described_again_first),
        CASE(a_source_is_never_written),
        CASE(creates_take_turns),
        CASE(requests_are_told),
        CASE(a_rate_is_kept),
        CASE(creates_can_be_cancelled_anywhere),
        CASE(closing_answers_everything),
        CASE(large_tables_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
