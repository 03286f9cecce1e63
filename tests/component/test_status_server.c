/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "api/base/monotime.h"
#include "api/cause.h"
#include "controller/status/server.h"
#include "controller/status/state.h"
#include "tests/lib/catalog_text.h"
#include "tests/lib/fake_instance.h"
#include "tests/lib/runner_fixture.h"
#include "tests/lib/scratch.h"

int instance_open(const struct instance_options *options, struct instance **out, struct failure *why)
{
    return fake_open(options, out, why);
}

enum { REPLY_BYTES = 8 << 20, PATIENCE_S = 60, FLOOD = 200, MANY = 2000, TURN_US_MAX = 10000 };

static struct scene {
    struct runner_fixture fixture;
    struct board *board;
    struct board_sync *sync;
    struct status_server *server;
    uint16_t port;
    bool closed;
    uint64_t longest_turn_us; /* of the last ask, processor time */
} scene;

/* --- the daemon's part */

static void begin(const char *const *host_names)
{
    struct failure why = FAILURE_INIT;
    const char *const sources[] = {"manifests/"};
    const struct board_facts facts = {.name = "one",
                                      .mode = "apply",
                                      .sources = sources,
                                      .source_count = 1,
                                      .destination = "snapshot:to.json",
                                      .interval_ms = 60000};

    memset(&scene, 0, sizeof scene);
    fixture_begin(&scene.fixture, "snapshot:to.json", "snapshot:from.json");
    scene.board = board_new();
    scene.sync = board_put_up(scene.board, &facts);
    assert_non_null(scene.sync);
    scene.fixture.options.watcher = board_watcher(scene.sync);
    const struct status_server_options options = {.loop = &scene.fixture.loop.loop,
                                                  .workers = scene.fixture.loop.workers,
                                                  .listen = "127.0.0.1:0",
                                                  .host_names = host_names,
                                                  .board = scene.board,
                                                  .state_dir = "state"};
    if (status_server_new(&options, &scene.server, &why) != 0)
        fail_msg("%s", why.text);
    scene.port = (uint16_t)atoi(strrchr(status_server_address(scene.server), ':') + 1);
    assert_int_not_equal(scene.port, 0);
}

static void pass(void)
{
    board_pass_begins(scene.sync, scene.fixture.runner);
    fixture_pass(&scene.fixture, PASS_APPLY);
    board_pass_ended(scene.sync, scene.fixture.result);
}

static void on_closed(void *context)
{
    *(bool *)context = true;
}

static void end(void)
{
    status_server_close(scene.server, on_closed, &scene.closed);
    test_loop_run_until(&scene.fixture.loop, &scene.closed);
    board_free(scene.board);
    fixture_end(&scene.fixture);
}

/* --- a client: in a thread of its own, for the server is in ours */

struct client {
    pthread_t thread;
    const char *request;
    char *reply; /* malloc'd */
    size_t bytes;
    atomic_bool done;
};

static int connect_to_server(void)
{
    struct sockaddr_in name = {
        .sin_family = AF_INET, .sin_port = htons(scene.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = PATIENCE_S};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&name, sizeof name) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static void *ask_and_read(void *context)
{
    struct client *client = context;
    int fd = connect_to_server();
    ssize_t got = 0;

    if (fd >= 0 && send(fd, client->request, strlen(client->request), MSG_NOSIGNAL) > 0) {
        while (client->bytes < REPLY_BYTES - 1 &&
               (got = recv(fd, client->reply + client->bytes, REPLY_BYTES - 1 - client->bytes, 0)) > 0)
            client->bytes += (size_t)got;
    }
    if (fd >= 0)
        close(fd);
    atomic_store(&client->done, true);
    return NULL;
}

/* Of this thread: others on the machine do not count. */
static uint64_t processor_us(void)
{
    struct timespec spent;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
    return (uint64_t)spent.tv_sec * 1000000 + (uint64_t)spent.tv_nsec / 1000;
}

/* The whole reply, until the server closes. Valid until the next call. */
static const char *ask(const char *request)
{
    static char reply[REPLY_BYTES];
    struct client client = {.request = request, .reply = reply};

    memset(reply, 0, sizeof reply);
    scene.longest_turn_us = 0;
    assert_int_equal(pthread_create(&client.thread, NULL, ask_and_read, &client), 0);
    while (!atomic_load(&client.done)) {
        uint64_t begun_us = processor_us();
        uv_run(&scene.fixture.loop.loop, UV_RUN_ONCE);
        uint64_t took_us = processor_us() - begun_us;
        scene.longest_turn_us = took_us > scene.longest_turn_us ? took_us : scene.longest_turn_us;
    }
    pthread_join(client.thread, NULL);
    return reply;
}

static const char *get(const char *target)
{
    char request[4000];
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", target);
    return ask(request);
}

static void assert_status(const char *reply, int status)
{
    char line[32];
    snprintf(line, sizeof line, "HTTP/1.1 %d ", status);
    if (strncmp(reply, line, strlen(line)) != 0)
        fail_msg("not %d: %.300s", status, reply);
}

static void assert_has(const char *reply, const char *part)
{
    if (strstr(reply, part) == NULL)
        fail_msg("no '%s' in:\n%.3000s", part, reply);
}

/* --- tests */

static void it_is_ready_when_every_sync_has_ended_a_pass(void **state)
{
    (void)state;
    begin(NULL);
    fixture_put_snapshot("from.json", "\"topics\": [{\"name\":\"a\",\"messageType\":\"FIFO\"}]");
    fixture_open(&scene.fixture);
    assert_status(get("/healthz"), 200);
    const char *reply = get("/readyz");
    assert_status(reply, 503);
    assert_has(reply, "not yet: one has not finished a pass");
    assert_has(get("/metrics"), "\nmqferry_parity{sync=\"one\"} 0\n");
    pass();
    assert_status(get("/readyz"), 200);
    uv_sleep(STATUS_FRESH_MS + 10);
    reply = get("/metrics");
    assert_has(reply, "Content-Type: text/plain; version=0.0.4");
    assert_has(reply, "\nmqferry_parity{sync=\"one\"} 1\n");
    assert_has(reply, "\nmqferry_creates_total{sync=\"one\",kind=\"Topic\",result=\"created\"} 1\n");
    assert_has(reply, "\nmqferry_pass_duration_seconds_count{sync=\"one\"} 1\n");
    end();
}

static void a_pass_that_fails_sets_parity_to_0_and_says_why(void **state)
{
    (void)state;
    begin(NULL);
    fixture_put_snapshot("from.json", "\"topics\": [{\"name\":\"a\",\"messageType\":\"FIFO\"}]");
    fixture_open(&scene.fixture);
    pass();
    scratch_put("from.json", "{ damaged");
    pass();
    const char *reply = get("/metrics");
    assert_has(reply, "\nmqferry_parity{sync=\"one\"} 0\n");
    assert_has(reply, "\nmqferry_failures_total{sync=\"one\",cause=\"input-wrong\"} 1\n");
    assert_has(reply, "mqferry_resources{sync=\"one\",kind=\"Topic\",state=\"inSync\"} 1\n");
    reply = get("/v1/status");
    assert_has(reply, "\"cause\":\"input-wrong\"");
    assert_has(reply, "\"hint\":");
    assert_has(reply, "\"parity\":false");
    end();
}

static void rows_come_filtered_and_in_pages(void **state)
{
    (void)state;
    begin(NULL);
    fixture_put_snapshot(
        "from.json", "\"topics\": [{\"name\":\"Apple\",\"messageType\":\"FIFO\"}, {\"name\":\"banana\"}, "
                     "{\"name\":\"cherry\",\"messageType\":\"NORMAL\"}], \"consumerGroups\": [{\"name\":\"apples\"}]");
    scene.fixture.destination.stands_for = INSTANCE_APSARAMQ;
    fixture_open(&scene.fixture);
    pass();
    const char *reply = get("/v1/syncs/one?size=2&page=2");
    assert_status(reply, 200);
    assert_has(reply, "\"total\":4");
    assert_has(reply, "\"name\":\"cherry\"");
    assert_null(strstr(reply, "\"name\":\"banana\""));
    reply = get("/v1/syncs/one?q=APPLE");
    assert_has(reply, "\"total\":2");
    assert_has(reply, "\"name\":\"apples\"");
    assert_has(reply, "\"name\":\"Apple\"");
    reply = get("/v1/syncs/one?state=invalid");
    assert_has(reply, "\"total\":1");
    assert_has(reply, "\"cause\":\"message-type-unknown\"");
    assert_has(reply, "\"result\":\"failed\"");
    reply = get("/v1/syncs/one?kind=ConsumerGroup&result=created");
    assert_has(reply, "\"total\":1");
    reply = get("/v1/syncs/one?sort=state&size=1");
    assert_has(reply, "\"name\":\"banana\"");
    reply = get("/v1/syncs/one?sort=-name&size=1&kind=Topic");
    assert_has(reply, "\"name\":\"cherry\"");
    reply = get("/v1/syncs/one/changes");
    assert_has(reply, "\"event\":\"created\"");
    assert_has(reply, "\"name\":\"cherry\"");
    end();
}

static void what_is_not_there_has_an_error_object(void **state)
{
    (void)state;
    begin(NULL);
    const char *reply = get("/v1/syncs/nobody");
    assert_status(reply, 404);
    assert_has(reply, "{\"version\":1,\"error\":{\"cause\":");
    assert_status(get("/nothing"), 404);
    assert_status(get("/v1/syncs/one?page=x"), 400);
    end();
}

static void only_get_and_head_are_answered(void **state)
{
    (void)state;
    begin(NULL);
    const char *reply = ask("DELETE /v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert_status(reply, 405);
    assert_has(reply, "Allow: GET, HEAD");
    reply = ask("HEAD /v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert_status(reply, 200);
    assert_has(reply, "Content-Length: ");
    assert_null(strstr(reply, "\"version\""));
    /* No Connection: close here: what has a body is closed by the server. */
    reply = ask("POST /v1/status HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello");
    assert_status(reply, 400);
    reply =
        ask("GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n");
    assert_status(reply, 400);
    end();
}

static void foreign_hosts_are_refused(void **state)
{
    static const char *const names[] = {"status.example.com", NULL};
    (void)state;
    begin(names);
    assert_status(ask("GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"), 421);
    assert_status(ask("GET / HTTP/1.1\r\nHost: status.example.com\r\nConnection: close\r\n\r\n"), 200);
    assert_status(ask("GET / HTTP/1.1\r\nConnection: close\r\n\r\n"), 400);
    status_server_host_names(scene.server, NULL);
    assert_status(ask("GET / HTTP/1.1\r\nHost: status.example.com\r\nConnection: close\r\n\r\n"), 421);
    end();
}

static void what_is_known_is_not_sent_again(void **state)
{
    char request[300], etag[64];
    (void)state;
    begin(NULL);
    const char *reply = get("/v1/syncs/one");
    const char *begin_of = strstr(reply, "ETag: ");
    assert_non_null(begin_of);
    snprintf(etag, sizeof etag, "%.*s", (int)strcspn(begin_of + 6, "\r"), begin_of + 6);
    snprintf(request, sizeof request,
             "GET /v1/syncs/one HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: %s\r\nConnection: close\r\n\r\n", etag);
    assert_status(ask(request), 304);
    end();
}

static void answers_are_strict_about_what_a_page_may_do(void **state)
{
    (void)state;
    begin(NULL);
    const char *reply = get("/");
    assert_status(reply, 200);
    assert_has(reply, "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'");
    assert_null(strstr(reply, "unsafe-inline"));
    assert_has(reply, "X-Content-Type-Options: nosniff");
    end();
}

static void a_port_that_is_taken_is_a_wrong_configuration(void **state)
{
    char listen[64];
    struct failure why = FAILURE_INIT;
    struct status_server *second = NULL;
    (void)state;
    begin(NULL);
    snprintf(listen, sizeof listen, "127.0.0.1:%u", scene.port);
    const struct status_server_options options = {.loop = &scene.fixture.loop.loop,
                                                  .workers = scene.fixture.loop.workers,
                                                  .listen = listen,
                                                  .board = scene.board};
    assert_int_equal(status_server_new(&options, &second, &why), -1);
    assert_int_equal(why.cause, CAUSE_CONFIGURATION_WRONG);
    assert_int_equal(cause_exit_code(why.cause), 78);
    assert_has(why.text, listen);
    end();
}

static void large_heads_are_refused(void **state)
{
    char *request = malloc(70000);
    (void)state;
    begin(NULL);
    int length = snprintf(request, 70000, "GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ");
    memset(request + length, 'a', 60000);
    memcpy(request + length + 60000, "\r\n\r\n", 5);
    const char *reply = ask(request);
    if (reply[0] != '\0')
        assert_status(reply, 431);
    char target[3100] = "/";
    memset(target + 1, 'a', sizeof target - 2);
    assert_status(get(target), 414);
    free(request);
    end();
}

/* The stall of ecosystem 3: more connections than there may be, none asks anything; when they are closed, it listens
 * again. */
static void a_flood_that_times_out_leaves_it_answering(void **state)
{
    int flood[FLOOD];
    (void)state;
    begin(NULL);
    for (int i = 0; i < FLOOD; i++) {
        flood[i] = connect_to_server();
        uv_run(&scene.fixture.loop.loop, UV_RUN_NOWAIT);
    }
    uint64_t begun_ms = monotime_ms();
    assert_status(get("/healthz"), 200); /* waits in the kernel's queue until the idle ones have gone */
    assert_true(monotime_ms() - begun_ms < STATUS_IDLE_S * 1000 * 4);
    for (int i = 0; i < FLOOD; i++)
        close(flood[i]);
    begun_ms = monotime_ms();
    assert_status(get("/healthz"), 200);
    assert_true(monotime_ms() - begun_ms < STATUS_IDLE_S * 1000 * 4);
    end();
}

/* Readers that take nothing of large answers hold no worker and no pass. */
static void slow_readers_do_not_hold_a_pass_up(void **state)
{
    enum { SLOW = 100 };
    static const char request[] = "GET /v1/syncs/one?size=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n";
    int slow[SLOW];
    (void)state;
    begin(NULL);
    struct catalog *topics = fixture_many_topics(5000);
    scene.fixture.options.fixed = topics;
    scene.fixture.options.source_count = 0;
    fixture_open(&scene.fixture);
    pass();
    for (int i = 0; i < SLOW; i++) {
        slow[i] = connect_to_server();
        if (slow[i] >= 0)
            (void)!send(slow[i], request, sizeof request - 1, MSG_NOSIGNAL);
        uv_run(&scene.fixture.loop.loop, UV_RUN_NOWAIT);
    }
    unlink("to.json");
    pass();
    assert_int_equal(scene.fixture.report.created[KIND_TOPIC], 5000);
    for (int i = 0; i < SLOW; i++)
        close(slow[i]);
    end();
    catalog_unref(topics);
}

static void put_up_many(void)
{
    char name[32];
    const char *const sources[] = {"manifests/"};

    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "sync-%d", i);
        const struct board_facts facts = {.name = name,
                                          .mode = "apply",
                                          .sources = sources,
                                          .source_count = 1,
                                          .destination = "snapshot:to.json",
                                          .interval_ms = 60000};
        assert_non_null(board_put_up(scene.board, &facts));
    }
}

static uint32_t count(const char *text, const char *part)
{
    uint32_t found = 0;

    while ((text = strstr(text, part)) != NULL) {
        found++;
        text++;
    }
    return found;
}

static void many_syncs_do_not_hold_the_loop(void **state)
{
    (void)state;
    begin(NULL);
    put_up_many();
    const char *reply = get("/v1/status");
    assert_status(reply, 200);
    assert_int_equal(count(reply, "\"name\":\"sync-"), MANY);
    assert_true(scene.longest_turn_us < TURN_US_MAX);
    reply = get("/metrics");
    assert_status(reply, 200);
    assert_int_equal(count(reply, "\nmqferry_parity{"), MANY + 1);
    assert_int_equal(count(reply, "\nmqferry_pass_duration_seconds_count{"), MANY + 1);
    assert_true(scene.longest_turn_us < TURN_US_MAX);
    end();
}

/* Asked for by several while it is being written, and never finished. */
static void closing_answers_what_is_being_written(void **state)
{
    static const char *const requests[] = {"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n",
                                           "GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n"};
    char reply[64] = "";
    int fds[4];
    (void)state;
    begin(NULL);
    put_up_many();
    for (int i = 0; i < 4; i++) {
        fds[i] = connect_to_server();
        (void)!send(fds[i], requests[i % 2], strlen(requests[i % 2]), MSG_NOSIGNAL);
    }
    for (int turn = 0; turn < 3; turn++)
        uv_run(&scene.fixture.loop.loop, UV_RUN_NOWAIT);
    end();
    for (int i = 0; i < 4; i++) {
        (void)!recv(fds[i], reply, sizeof reply - 1, 0);
        assert_status(reply, 503);
        close(fds[i]);
    }
}

static void closing_answers_what_a_worker_has(void **state)
{
    int fd;
    static const char request[] = "GET /v1/syncs/one HTTP/1.1\r\nHost: localhost\r\n\r\n";
    (void)state;
    begin(NULL);
    for (int i = 0; i < 5; i++) {
        fd = connect_to_server();
        (void)!send(fd, request, sizeof request - 1, MSG_NOSIGNAL);
        if (i < 4)
            uv_run(&scene.fixture.loop.loop, UV_RUN_NOWAIT);
        close(fd);
    }
    end();
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, scratch_enter, scratch_leave)
    const struct CMUnitTest tests[] = {
        TEST(it_is_ready_when_every_sync_has_ended_a_pass),
        TEST(a_pass_that_fails_sets_parity_to_0_and_says_why),
        TEST(rows_come_filtered_and_in_pages),
        TEST(what_is_not_there_has_an_error_object),
        TEST(only_get_and_head_are_answered),
        TEST(foreign_hosts_are_refused),
        TEST(what_is_known_is_not_sent_again),
        TEST(answers_are_strict_about_what_a_page_may_do),
        TEST(a_port_that_is_taken_is_a_wrong_configuration),
        TEST(large_heads_are_refused),
        TEST(slow_readers_do_not_hold_a_pass_up),
        TEST(closing_answers_what_a_worker_has),
        TEST(many_syncs_do_not_hold_the_loop),
        TEST(closing_answers_what_is_being_written),
        TEST(a_flood_that_times_out_leaves_it_answering),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
