/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/base/json.h"
#include "api/base/monotime.h"
#include "api/cause.h"
#include "api/cloud/http.h"
#include "tests/lib/http_server.h"
#include "tests/lib/loop.h"
#include "tests/lib/scratch.h"

extern char **environ;

enum { LONG_MS = 20000, ANSWER_BYTES_MAX = 1 << 16 };

struct sent {
    struct http_request request;
    char url[128];
    bool answered;
    char answer[64], header[64];
    int64_t date_ms;
};

struct scene {
    struct test_loop loop;
    struct http *http;
    struct http_server server;
    char last[1024];               /* request that came */
    unsigned answers_before_death; /* then connections are closed when a request comes on them */
};

static struct scene scene;

static void serve_huge(struct exchange *exchange)
{
    buffer_append_string(&exchange->answer, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    for (int i = 0; i < 4096; i++)
        buffer_append_string(&exchange->answer, "a line of more than sixty bytes, a line of more than sixty bytes\n");
    exchange->afterwards = CLOSE_AFTER;
}

static void serve(struct exchange *exchange, void *context)
{
    (void)context;
    snprintf(scene.last, sizeof scene.last, "%.*s", (int)exchange->request.bytes, exchange->request.data);
    if (exchange_has(exchange, " /late ")) {
        exchange->delay_ms = LONG_MS;
    } else if (exchange_has(exchange, " /cut ")) {
        buffer_append_string(&exchange->answer, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
        exchange->afterwards = CLOSE_AFTER;
    } else if (exchange_has(exchange, " /reset ")) {
        exchange->afterwards = RESET_AFTER;
    } else if (exchange_has(exchange, " /moved ")) {
        exchange_answer(exchange, 302, "Location: /elsewhere\r\n", "");
    } else if (exchange_has(exchange, " /huge ")) {
        serve_huge(exchange);
    } else if (scene.answers_before_death > 0 && exchange->on_connection >= scene.answers_before_death) {
        exchange->afterwards = CLOSE_AFTER;
    } else {
        const char *body = memmem(exchange->request.data, exchange->request.bytes, "\r\n\r\n", 4);
        char text[64];
        snprintf(text, sizeof text, "got %.*s", 40, body + 4);
        exchange_answer(exchange, 200, "x-acs-request-id: r-1\r\nDate: Tue, 24 Nov 2026 10:00:00 GMT\r\n", text);
    }
}

static int enter(void **state)
{
    struct failure why = FAILURE_INIT;
    if (scratch_enter(state) != 0)
        return -1;
    memset(&scene, 0, sizeof scene);
    unsetenv("http_proxy");
    unsetenv("no_proxy");
    unsetenv("NO_PROXY");
    test_loop_begin(&scene.loop);
    scene.http = http_new(&scene.loop.loop, &why);
    assert_non_null(scene.http);
    http_server_begin(&scene.server, &scene.loop.loop, serve, NULL);
    return 0;
}

static void on_closed(void *flag)
{
    *(bool *)flag = true;
}

static int leave(void **state)
{
    bool closed = false;
    http_close(scene.http, on_closed, &closed);
    test_loop_run_until(&scene.loop, &closed);
    http_server_end(&scene.server);
    test_loop_end(&scene.loop);
    return scratch_leave(state);
}

static void on_done(struct http_request *request)
{
    struct sent *sent = request->data;
    assert_false(sent->answered);
    sent->answered = true;
    if (request->answer.data != NULL && request->answer.bytes < sizeof sent->answer)
        memcpy(sent->answer, request->answer.data, request->answer.bytes);
    for (int i = 0; request->failure.cause == 0 && i < JSON_PADDING; i++)
        assert_int_equal(request->answer.data[request->answer.bytes + (size_t)i], 0);
    http_answer_header(request, "X-Acs-Request-Id", sent->header, sizeof sent->header);
    http_answer_date(request, &sent->date_ms);
}

static void start(struct sent *sent, const char *method, const char *path, const char *body)
{
    struct failure why = FAILURE_INIT;
    *sent = (struct sent){.answered = false};
    snprintf(sent->url, sizeof sent->url, "%s%s", path[0] == '/' ? scene.server.url : "", path);
    sent->request = (struct http_request){.method = method,
                                          .url = sent->url,
                                          .body = text_of(body),
                                          .plain = true,
                                          .writes = strcmp(method, "POST") == 0,
                                          .connect_timeout_ms = LONG_MS,
                                          .deadline_ms = monotime_ms() + LONG_MS,
                                          .answer_bytes_max = ANSWER_BYTES_MAX,
                                          .done = on_done,
                                          .data = sent};
    if (path[0] != '/')
        sent->request.plain = false;
    if (http_start(scene.http, &sent->request, &why) < 0)
        fail_msg("%s", why.text);
    assert_false(sent->answered);
}

static void ask(struct sent *sent, const char *method, const char *path, const char *body)
{
    start(sent, method, path, body);
    test_loop_run_until(&scene.loop, &sent->answered);
}

/* An answer comes with its status, body and headers; the connection is used again. */
static void answers_come_over_one_connection(void **state)
{
    struct sent sent;
    (void)state;
    for (int i = 0; i < 3; i++) {
        ask(&sent, "POST", "/x/../y", "{\"a\":1}");
        assert_int_equal(sent.request.failure.cause, 0);
        assert_int_equal(sent.request.status, 200);
        assert_string_equal(sent.answer, "got {\"a\":1}");
        assert_string_equal(sent.header, "r-1");
        assert_true(sent.date_ms == 1795514400000);
        assert_true(sent.request.sent);
    }
    assert_int_equal(scene.server.connections, 1);
}

/* A request carries the headers that were given, and no others that matter. */
static void headers_are_those_that_were_given(void **state)
{
    struct sent sent;
    const struct pair headers[] = {{TEXT("host"), TEXT("other.example")}, {TEXT("x-acs-action"), TEXT("A")}};
    struct failure why = FAILURE_INIT;
    (void)state;
    ask(&sent, "POST", "/a/../b%2Fc?d=%20", "");
    sent.answered = false;
    sent.request.headers = headers;
    sent.request.header_count = 2;
    assert_int_equal(http_start(scene.http, &sent.request, &why), 0);
    test_loop_run_until(&scene.loop, &sent.answered);
    assert_string_equal(scene.last,
                        "POST /a/../b%2Fc?d=%20 HTTP/1.1\r\nHost: other.example\r\nUser-Agent: mqferry/" MQFERRY_VERSION
                        "\r\nAccept: */*\r\nx-acs-action: A\r\n"
                        "Content-Length: 0\r\n\r\n");
}

/* A write on a connection that has died leaves once: libcurl may not send it again, with or without a body. */
static void a_write_is_never_sent_twice(void **state)
{
    static const char *const bodies[] = {"{}", ""};
    (void)state;
    scene.answers_before_death = 1;
    for (int i = 0; i < 2; i++) {
        struct sent sent;
        unsigned before = scene.server.requests;
        ask(&sent, "POST", "/", bodies[i]);
        assert_int_equal(sent.request.failure.cause, 0);
        ask(&sent, "POST", "/", bodies[i]);
        assert_int_equal(sent.request.failure.cause, CAUSE_OUTCOME_UNKNOWN);
        assert_true(sent.request.sent);
        assert_int_equal(scene.server.requests - before, 2);
    }
}

/* A read on a connection that has died may be sent again, and is answered. */
static void a_read_survives_a_dead_connection(void **state)
{
    struct sent sent;
    (void)state;
    scene.answers_before_death = 1;
    ask(&sent, "GET", "/", "");
    ask(&sent, "GET", "/", "");
    assert_int_equal(sent.request.failure.cause, 0);
    assert_int_equal(scene.server.requests, 3);
}

/* Whatever breaks an answer: a write's outcome is unknown then, a read has failed. */
static void a_broken_answer_fails_a_read_and_leaves_a_write_unknown(void **state)
{
    static const char *const paths[] = {"/cut", "/reset"};
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct sent sent;
        ask(&sent, "POST", paths[i], "{}");
        assert_int_equal(sent.request.failure.cause, CAUSE_OUTCOME_UNKNOWN);
        assert_true(sent.request.sent);
        ask(&sent, "GET", paths[i], "");
        assert_int_equal(sent.request.failure.cause, CAUSE_UNREACHABLE);
        assert_non_null(strstr(sent.request.failure.text, "no answer from 127.0.0.1:"));
    }
}

/* Nobody listens: surely nothing was sent. */
static void what_cannot_be_reached_was_not_sent(void **state)
{
    struct sent sent;
    (void)state;
    ask(&sent, "POST", "https://127.0.0.1:1/secret?token=x", "{}");
    assert_int_equal(sent.request.failure.cause, CAUSE_UNREACHABLE);
    assert_false(sent.request.sent);
    assert_non_null(strstr(sent.request.failure.text, "cannot reach 127.0.0.1:1:"));
    assert_null(strstr(sent.request.failure.text, "token"));
}

/* A deadline ends a request that is not answered. */
static void a_late_answer_is_not_waited_for(void **state)
{
    struct sent sent;
    struct failure why = FAILURE_INIT;
    (void)state;
    start(&sent, "POST", "/late", "{}");
    http_cancel(scene.http, &sent.request);
    assert_false(sent.answered);
    test_loop_run_until(&scene.loop, &sent.answered);
    assert_int_equal(sent.request.failure.cause, CAUSE_CANCELLED);
    http_cancel(scene.http, &sent.request);

    sent.answered = false;
    sent.request.deadline_ms = monotime_ms() + 150;
    assert_int_equal(http_start(scene.http, &sent.request, &why), 0);
    test_loop_run_until(&scene.loop, &sent.answered);
    assert_int_equal(sent.request.failure.cause, CAUSE_OUTCOME_UNKNOWN);
}

/* A request that was cancelled after it left may have been carried out. */
static void a_cancelled_write_that_left_is_unknown(void **state)
{
    struct sent sent;
    (void)state;
    start(&sent, "POST", "/late", "{}");
    while (scene.server.requests == 0)
        uv_run(&scene.loop.loop, UV_RUN_ONCE);
    http_cancel(scene.http, &sent.request);
    test_loop_run_until(&scene.loop, &sent.answered);
    assert_int_equal(sent.request.failure.cause, CAUSE_OUTCOME_UNKNOWN);
    assert_true(sent.request.sent);
}

/* Redirects are answers, not invitations. */
static void redirects_are_not_followed(void **state)
{
    struct sent sent;
    (void)state;
    ask(&sent, "GET", "/moved", "");
    assert_int_equal(sent.request.status, 302);
    assert_int_equal(scene.server.requests, 1);
}

/* An answer that goes on and on is cut off, whatever length it announces. */
static void a_huge_answer_is_refused(void **state)
{
    struct sent sent;
    (void)state;
    ask(&sent, "GET", "/huge", "");
    assert_int_equal(sent.request.failure.cause, CAUSE_BAD_ANSWER);
    assert_non_null(strstr(sent.request.failure.text, "more than 65536 bytes"));
}

/* Plain HTTP, and anything else, is refused where only https is allowed. */
static void other_protocols_are_refused(void **state)
{
    static const char *const urls[] = {"http://127.0.0.1:1/", "file:///etc/passwd", "ftp://127.0.0.1/"};
    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct sent sent;
        ask(&sent, "GET", urls[i], "");
        assert_int_equal(sent.request.failure.cause, CAUSE_UNREACHABLE);
        assert_false(sent.request.sent);
    }
}

/* The environment's proxy is used, but not for what is to be reached directly. */
static void a_proxy_comes_from_the_environment(void **state)
{
    static const char url[] = "http://192.0.2.1/there";
    struct sent sent;
    (void)state;
    setenv("http_proxy", scene.server.url, 1);
    for (int direct = 0; direct < 2; direct++) {
        struct failure why = FAILURE_INIT;
        sent = (struct sent){.request = {.method = "GET",
                                         .url = url,
                                         .plain = true,
                                         .direct = direct == 1,
                                         .connect_timeout_ms = LONG_MS,
                                         .deadline_ms = monotime_ms() + (direct == 0 ? LONG_MS : 200),
                                         .answer_bytes_max = ANSWER_BYTES_MAX,
                                         .done = on_done,
                                         .data = &sent}};
        assert_int_equal(http_start(scene.http, &sent.request, &why), 0);
        test_loop_run_until(&scene.loop, &sent.answered);
        assert_int_equal(sent.request.failure.cause, direct == 0 ? 0 : CAUSE_UNREACHABLE);
    }
    assert_int_equal(scene.server.requests, 1);
    assert_memory_equal(scene.last, "GET http://192.0.2.1/there HTTP/1.1", 35);
    ask(&sent, "GET", "/here", ""); /* this machine is always reached directly */
    assert_memory_equal(scene.last, "GET /here HTTP/1.1", 18);
    unsetenv("http_proxy");
}

/* Many at once: each gets its own answer. */
static void many_go_side_by_side(void **state)
{
    static struct sent sent[64];
    (void)state;
    http_allow(scene.http, 64);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 64; i++) {
            static char bodies[64][16];
            snprintf(bodies[i], sizeof bodies[i], "%d", i);
            start(&sent[i], "POST", "/", bodies[i]);
        }
        for (int i = 0; i < 64; i++) {
            char expected[32];
            test_loop_run_until(&scene.loop, &sent[i].answered);
            snprintf(expected, sizeof expected, "got %d", i);
            assert_string_equal(sent[i].answer, expected);
        }
    }
    assert_in_range(scene.server.connections, 1, 64);
}

/* --- TLS: a server in another process, with a certificate of an authority of its own ---------------------------------
 */

static const char tls_server[] = "import http.server, ssl, sys\n"
                                 "class Handler(http.server.BaseHTTPRequestHandler):\n"
                                 "    def do_GET(self):\n"
                                 "        self.send_response(200)\n"
                                 "        self.send_header('Content-Length', '2')\n"
                                 "        self.end_headers()\n"
                                 "        self.wfile.write(b'ok')\n"
                                 "    def log_message(self, *args): pass\n"
                                 "server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)\n"
                                 "context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\n"
                                 "context.load_cert_chain('server.pem', 'server.key')\n"
                                 "server.socket = context.wrap_socket(server.socket, server_side=True)\n"
                                 "open('port.part', 'w').write(str(server.server_port))\n"
                                 "import os; os.rename('port.part', 'port')\n"
                                 "server.serve_forever()\n";

static pid_t run(const char *command, bool wait)
{
    char *words[] = {"sh", "-c", (char *)command, NULL};
    pid_t pid;
    int status = 0;
    assert_int_equal(posix_spawnp(&pid, "sh", NULL, NULL, words, environ), 0);
    if (wait) {
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
    }
    return pid;
}

static void make_authority(void)
{
    run("exec 2>/dev/null; openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=test-ca "
        "-days 2 && openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=server && "
        "echo subjectAltName=IP:127.0.0.1 >san && openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key "
        "-CAcreateserial -extfile san -days 2 -out server.pem",
        true);
}

/* The server's certificate must come from the authority that is configured; its name must be the host's. */
static void tls_is_verified(void **state)
{
    struct sent sent;
    char url[64];
    (void)state;
    make_authority();
    scratch_put("server.py", tls_server);
    pid_t pid = run("exec /usr/bin/python3 server.py", false);
    for (int i = 0; i < 1000 && !scratch_exists("port"); i++)
        nanosleep(&(struct timespec){.tv_nsec = 10 * 1000 * 1000}, NULL);
    char *port = scratch_get("port");

    snprintf(url, sizeof url, "https://127.0.0.1:%s/", port);
    start(&sent, "GET", url, "");
    test_loop_run_until(&scene.loop, &sent.answered);
    assert_int_equal(sent.request.failure.cause, CAUSE_UNREACHABLE);
    assert_false(sent.request.sent);
    assert_non_null(strstr(sent.request.failure.text, "certificate"));

    const char *hosts[] = {"127.0.0.1", "localhost"};
    for (int i = 0; i < 2; i++) {
        struct failure why = FAILURE_INIT;
        snprintf(sent.url, sizeof sent.url, "https://%s:%s/", hosts[i], port);
        sent.answered = false;
        sent.request.ca_file = "ca.pem";
        assert_int_equal(http_start(scene.http, &sent.request, &why), 0);
        test_loop_run_until(&scene.loop, &sent.answered);
        assert_int_equal(sent.request.failure.cause, i == 0 ? 0 : CAUSE_UNREACHABLE);
    }
    free(port);
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
}

int main(void)
{
#define IN_SCENE(test) cmocka_unit_test_setup_teardown(test, enter, leave)
    const struct CMUnitTest tests[] = {
        IN_SCENE(answers_come_over_one_connection),
        IN_SCENE(headers_are_those_that_were_given),
        IN_SCENE(a_write_is_never_sent_twice),
        IN_SCENE(a_read_survives_a_dead_connection),
        IN_SCENE(a_broken_answer_fails_a_read_and_leaves_a_write_unknown),
        IN_SCENE(what_cannot_be_reached_was_not_sent),
        IN_SCENE(a_late_answer_is_not_waited_for),
        IN_SCENE(a_cancelled_write_that_left_is_unknown),
        IN_SCENE(redirects_are_not_followed),
        IN_SCENE(a_huge_answer_is_refused),
        IN_SCENE(other_protocols_are_refused),
        IN_SCENE(a_proxy_comes_from_the_environment),
        IN_SCENE(many_go_side_by_side),
        IN_SCENE(tls_is_verified),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
