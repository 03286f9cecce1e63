/* SPDX-License-Identifier: Apache-2.0
 *
 * A connection against a peer that answers late, out of order, in pieces, with garbage, or never.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/base/monotime.h"
#include "api/cause.h"
#include "api/cluster/connection.h"
#include "tests/lib/loop.h"
#include "tests/lib/remoting_server.h"

enum { PATIENCE_MS = 60000, ANSWER_BYTES_MAX = 64 << 20 };

static struct test_loop loop;
static struct remoting_server server;
static struct connection *connection;
static struct failure why;

static void echo(struct remote_answer *answer, void *context)
{
    (void)context;
    buffer_append_text(&answer->body, answer->request->body);
}

static void serve(void (*handle)(struct remote_answer *answer, void *context), void *context)
{
    remoting_server_begin(&server, &loop.loop, "127.0.0.1", handle, context);
}

static void connect_to(const char *host, uint16_t port, uint32_t connect_ms)
{
    const struct connection_options options = {
        .loop = &loop.loop,
        .host = host,
        .port = port,
        .answer_bytes_max = ANSWER_BYTES_MAX,
        .connect_ms = connect_ms,
    };
    connection = connection_new(&options);
    assert_non_null(connection);
}

/* The handles are gone after two turns of the loop. */
static void end_server(void)
{
    remoting_server_end(&server);
    uv_run(&loop.loop, UV_RUN_NOWAIT);
    uv_run(&loop.loop, UV_RUN_NOWAIT);
}

static int begin(void **state)
{
    (void)state;
    test_loop_begin(&loop);
    why = (struct failure)FAILURE_INIT;
    return 0;
}

static void set_flag(void *flag)
{
    *(bool *)flag = true;
}

static void end_connection(void)
{
    bool closed = false;
    connection_close(connection, set_flag, &closed);
    assert_false(closed);
    test_loop_run_until(&loop, &closed);
}

static int end(void **state)
{
    (void)state;
    remoting_server_end(&server);
    test_loop_end(&loop);
    return 0;
}

/* --- calls */

struct asked {
    struct remote_call call;
    bool done;
    unsigned order; /* which one was answered, from 1 */
    char body[64];
    size_t body_bytes;
    int cause;
    char text[FAILURE_TEXT_BYTES];
    int32_t code;
    bool was_sent;
};

static unsigned answered;

static void on_done(struct remote_call *call)
{
    struct asked *asked = call->data;

    assert_false(asked->done);
    asked->done = true;
    asked->order = ++answered;
    asked->cause = call->failure.cause;
    asked->was_sent = call->sent;
    snprintf(asked->text, sizeof asked->text, "%s", asked->cause != 0 ? call->failure.text : "");
    if (asked->cause != 0)
        return;
    asked->code = call->answer.code;
    asked->body_bytes = call->answer.body.bytes;
    snprintf(asked->body, sizeof asked->body, "%.*s", (int)asked->body_bytes, call->answer.body.data);
}

static void ask_as(struct asked *asked, const char *body, bool reads, uint64_t patience_ms)
{
    const struct frame request = {.code = 105, .body = text_of(body)};

    *asked = (struct asked){
        .call = {.deadline_ms = monotime_ms() + patience_ms, .reads = reads, .done = on_done, .data = asked}};
    if (connection_call(connection, &asked->call, &request, &why) != 0)
        fail_msg("%s", why.text);
    assert_false(asked->done);
}

static void ask(struct asked *asked, const char *body)
{
    ask_as(asked, body, true, PATIENCE_MS);
}

static void await(struct asked *asked)
{
    test_loop_run_until(&loop, &asked->done);
}

static void await_body(struct asked *asked, const char *body)
{
    await(asked);
    if (asked->cause != 0)
        fail_msg("%s", asked->text);
    assert_string_equal(asked->body, body);
}

static void assert_failed(const struct asked *asked, int cause, const char *part)
{
    assert_int_equal(asked->cause, cause);
    if (strstr(asked->text, part) == NULL)
        fail_msg("'%s' does not say '%s'", asked->text, part);
}

/* --- tests */

static void one_connection_serves_many(void **state)
{
    struct asked first, second;

    (void)state;
    serve(echo, NULL);
    connect_to("127.0.0.1", server.port, PATIENCE_MS);
    ask(&first, "one");
    ask(&second, "two");
    await_body(&first, "one");
    await_body(&second, "two");
    assert_int_equal(server.connections, 1);
    end_connection();
}

static void last_first(struct remote_answer *answer, void *context)
{
    echo(answer, context);
    answer->delay_ms = 100 - 10 * answer->on_connection;
    answer->header = answer->on_connection % 2 ? FRAME_BINARY : FRAME_JSON;
}

/* Answers find their calls whatever their order and header. */
static void answers_come_in_any_order(void **state)
{
    struct asked asked[8];
    char body[8][16];

    (void)state;
    serve(last_first, NULL);
    connect_to("127.0.0.1", server.port, PATIENCE_MS);
    answered = 0;
    for (int i = 0; i < 8; i++) {
        snprintf(body[i], sizeof body[i], "body %d", i);
        ask(&asked[i], body[i]);
    }
    for (int i = 0; i < 8; i++)
        await_body(&asked[i], body[i]);
    assert_true(asked[7].order < asked[0].order);
    end_connection();
}

static void large(struct remote_answer *answer, void *context)
{
    size_t bytes = *(size_t *)context;
    char *body = malloc(bytes);
    memset(body, 'x', bytes);
    buffer_append(&answer->body, body, bytes);
    free(body);
}

/* Answers around the size of the intake's room, and far beyond, between small ones. */
static void answers_may_be_large(void **state)
{
    static const size_t sizes[] = {0, 1, 65000, 65300, 65400, 65500, 65536, 65600, 131072, 20 << 20};
    struct asked asked, next;
    size_t bytes;

    (void)state;
    serve(large, &bytes);
    connect_to("127.0.0.1", server.port, PATIENCE_MS);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        bytes = sizes[i];
        ask(&asked, "a");
        ask(&next, "b");
        await(&asked);
        await(&next);
        assert_int_equal(asked.cause, 0);
        assert_int_equal(asked.body_bytes, bytes);
        assert_int_equal(next.body_bytes, bytes);
    }
    end_connection();
}

/* A frame above the maximum is not waited for. */
static void an_answer_that_is_too_large_is_refused(void **state)
{
    struct asked asked;
    size_t bytes = ANSWER_BYTES_MAX;

    (void)state;
    serve(large, &bytes);
    connect_to("127.0.0.1", server.port, PATIENCE_MS);
    ask(&asked, "a");
    await(&asked);
    assert_failed(&asked, CAUSE_BAD_ANSWER, "announced");
    end_connection();
}

static void cut_at(struct remote_answer *answer, void *context)
{
    echo(answer, context);
    answer->cut = *(size_t *)context;
}

/* An answer that ends half way is none. */
static void a_cut_answer_is_none(void **state)
{
    struct asked asked;
    size_t cut;

    (void)state;
    serve(cut_at, &cut);
    for (cut = 1; cut < 100; cut += 13) {
        connect_to("127.0.0.1", server.port, PATIENCE_MS);
        ask(&asked, "whatever");
        await(&asked);
        assert_failed(&asked, CAUSE_UNREACHABLE, "the peer closed it");
        assert_true(asked.was_sent);
        end_connection();
    }
}

static void garbage(struct remote_answer *answer, void *context)
{
    answer->garbage = context;
}

static void garbage_is_refused(void **state)
{
    static char *const kinds[] = {"HTTP/1.1 400 Bad Request\r\n\r\n", "\x7f\x7f\x7f\x7f\x7f"};
    struct asked asked;

    (void)state;
    serve(garbage, NULL);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        server.context = kinds[i];
        connect_to("127.0.0.1", server.port, PATIENCE_MS);
        ask(&asked, "whatever");
        await(&asked);
        assert_failed(&asked, CAUSE_BAD_ANSWER, "127.0.0.1:");
        end_connection();
    }
}

/* A server may close what is idle: the next call does not notice. */
static void an_idle_close_is_no_event(void **state)
{
    struct asked asked;

    (void)state;
    serve(echo, NULL);
    connect_to("127.0.0.1", server.port, PATIENCE_MS);
    for (unsigned round = 0; round < 3; round++) {
        ask_as(&asked, "still there?", false, PATIENCE_MS);
        await_body(&asked, "still there?");
        remoting_server_cut(&server);
        bool turned = false;
        while (!turned)
            turned = uv_run(&loop.loop, UV_RUN_NOWAIT) >= 0 && server.peers == NULL;
    }
    assert_int_equal(server.connections, 3);
    end_connection();
}

/* We leave before the server would: what is sent after a long pause goes over a new connection. */
static void a_long_pause_makes_a_new_connection(void **state)
{
    struct connection_options options = {
        .loop = &loop.loop, .host = "127.0.0.1", .answer_bytes_max = ANSWER_BYTES_MAX, .connect_ms = PATIENCE_MS};
    struct asked asked;

    (void)state;
    serve(echo, NULL);
    options.port = server.port;
    options.idle_ms = 50;
    connection = connection_new(&options);
    ask_as(&asked, "before", false, PATIENCE_MS);
    await_body(&asked, "before");
    for (uint64_t end_ms = monotime_ms() + 100; monotime_ms() < end_ms;)
        uv_run(&loop.loop, UV_RUN_ONCE);
    ask_as(&asked, "after", false, PATIENCE_MS);
    await_body(&asked, "after");
    assert_int_equal(server.connections, 2);
    end_connection();
}

static void close_second_of_first(struct remote_answer *answer, void *context)
{
    echo(answer, context);
    answer->close = answer->connection == 0 && answer->on_connection == 1;
}

/* An idle close that crosses a request: a read goes once more, a create does not. */
static void only_reads_are_sent_twice(void **state)
{
    struct asked asked;

    (void)state;
    for (int reads = 0; reads <= 1; reads++) {
        serve(close_second_of_first, NULL);
        connect_to("127.0.0.1", server.port, PATIENCE_MS);
        ask(&asked, "first");
        await_body(&asked, "first");
        ask_as(&asked, "second", reads, PATIENCE_MS);
        await(&asked);
        if (reads) {
            assert_string_equal(asked.body, "second");
            assert_int_equal(server.requests, 3);
        } else {
            assert_failed(&asked, CAUSE_UNREACHABLE, "lost");
            assert_true(asked.was_sent);
            assert_int_equal(server.requests, 2);
        }
        end_connection();
        if (!reads)
            end_server();
    }
}

static void always_close(struct remote_answer *answer, void *context)
{
    (void)context;
    answer->close = true;
}

/* A peer that closes at every request is not asked for ever. */
static void a_peer_that_always_closes_fails_reads_too(void **state)
{
    struct asked asked;

    (void)state;
    serve(always_close, NULL);
    connect_to("127.0.0.1", server.port, PATIENCE_MS);
    ask(&asked, "x");
    await(&asked);
    assert_failed(&asked, CAUSE_UNREACHABLE, "the peer closed it");
    assert_int_equal(server.requests, 1);
    end_connection();
}

/* Nobody listens: said at once, not sent, and tried again for the next call. */
static void refused_connections_say_so(void **state)
{
    struct asked asked, next;
    uint16_t port;

    (void)state;
    serve(echo, NULL);
    port = server.port;
    end_server();
    connect_to("127.0.0.1", port, PATIENCE_MS);
    ask(&asked, "x");
    await(&asked);
    assert_failed(&asked, CAUSE_UNREACHABLE, "connection refused");
    assert_false(asked.was_sent);
    ask(&next, "y");
    await(&next);
    assert_failed(&next, CAUSE_UNREACHABLE, "could not connect");
    end_connection();
    serve(echo, NULL);
}

static void names_that_do_not_exist_say_so(void **state)
{
    struct asked asked;

    (void)state;
    serve(echo, NULL);
    connect_to("no-such-host.invalid", 9876, PATIENCE_MS);
    ask(&asked, "x");
    await(&asked);
    assert_failed(&asked, CAUSE_UNREACHABLE, "no-such-host.invalid:9876: could not connect: its name");
    end_connection();
}

/* localhost may be ::1 first: the other address is tried. */
static void every_address_of_a_name_is_tried(void **state)
{
    struct asked asked;

    (void)state;
    serve(echo, NULL);
    connect_to("localhost", server.port, PATIENCE_MS);
    ask(&asked, "x");
    await_body(&asked, "x");
    end_connection();
}

static void ipv6_is_spoken(void **state)
{
    struct asked asked;
    struct sockaddr_in6 address;
    uv_tcp_t probe;

    (void)state;
    uv_ip6_addr("::1", 0, &address);
    uv_tcp_init(&loop.loop, &probe);
    bool has_ipv6 = uv_tcp_bind(&probe, (const struct sockaddr *)&address, 0) == 0;
    uv_close((uv_handle_t *)&probe, NULL);
    if (!has_ipv6) {
        serve(echo, NULL);
        puts("SKIPPED: this machine has no IPv6 loopback");
        return;
    }
    remoting_server_begin(&server, &loop.loop, "::1", echo, NULL);
    connect_to("::1", server.port, PATIENCE_MS);
    assert_int_equal(connection_peer(connection)[0], '[');
    ask(&asked, "six");
    await_body(&asked, "six");
    end_connection();
}

static void silent_for_x(struct remote_answer *answer, void *context)
{
    echo(answer, context);
    answer->silent = text_is(answer->request->body, "x");
}

/* Each request has its own deadline; one that passes does not harm another. */
static void deadlines_are_each_calls_own(void **state)
{
    struct asked asked, good;

    (void)state;
    serve(silent_for_x, NULL);
    connect_to("127.0.0.1", server.port, PATIENCE_MS);
    ask_as(&asked, "x", true, 150);
    ask(&good, "y");
    await_body(&good, "y");
    assert_false(asked.done);
    await(&asked);
    assert_failed(&asked, CAUSE_UNREACHABLE, "no answer in time");
    assert_true(asked.was_sent);
    ask(&good, "z");
    await_body(&good, "z");
    end_connection();
}

static void late(struct remote_answer *answer, void *context)
{
    echo(answer, context);
    answer->delay_ms = text_is(answer->request->body, "x") ? 200 : 0;
}

/* An answer that comes after its deadline is nobody else's. */
static void late_answers_are_dropped(void **state)
{
    struct asked asked, other, last;

    (void)state;
    serve(late, NULL);
    connect_to("127.0.0.1", server.port, PATIENCE_MS);
    ask_as(&other, "x", true, PATIENCE_MS);
    ask_as(&asked, "x", true, 50);
    await(&asked);
    assert_int_equal(asked.cause, CAUSE_UNREACHABLE);
    await_body(&other, "x");
    ask(&last, "z");
    await_body(&last, "z");
    assert_int_equal(server.connections, 1);
    end_connection();
}

/* Cancelling answers, later, once; the connection goes on. */
static void cancelled_calls_answer(void **state)
{
    struct asked asked, good;

    (void)state;
    serve(silent_for_x, NULL);
    connect_to("127.0.0.1", server.port, PATIENCE_MS);
    ask(&asked, "x");
    ask(&good, "y");
    await_body(&good, "y");
    remote_call_cancel(&asked.call);
    remote_call_cancel(&asked.call);
    assert_false(asked.done);
    await(&asked);
    assert_int_equal(asked.cause, CAUSE_CANCELLED);
    assert_true(asked.was_sent);
    remote_call_cancel(&asked.call);
    end_connection();
}

/* Closing answers everything, wherever it stands: not connected yet, sent, waiting for a name. */
static void closing_answers_what_is_open(void **state)
{
    struct asked asked[3];

    (void)state;
    serve(silent_for_x, NULL);
    for (int turns = 0; turns < 6; turns++) {
        connect_to(turns % 2 ? "localhost" : "127.0.0.1", server.port, PATIENCE_MS);
        for (int i = 0; i < 3; i++)
            ask(&asked[i], "x");
        for (int i = 0; i < turns; i++)
            uv_run(&loop.loop, UV_RUN_NOWAIT);
        end_connection();
        for (int i = 0; i < 3; i++)
            assert_int_equal(asked[i].cause, CAUSE_CANCELLED);
    }
}

/* A peer that accepts and then reads nothing is met by the deadline. */
static void a_hanging_peer_meets_the_deadline(void **state)
{
    struct asked asked;

    (void)state;
    serve(echo, NULL);
    server.hangs = true;
    connect_to("127.0.0.1", server.port, PATIENCE_MS);
    ask_as(&asked, "x", true, 100);
    await(&asked);
    assert_failed(&asked, CAUSE_UNREACHABLE, "no answer in time");
    end_connection();
}

static void go_away_once(struct remote_answer *answer, void *context)
{
    echo(answer, context);
    answer->code = answer->connection == 0 && answer->on_connection == 1 ? 1500 : 0;
}

/* A peer that is about to leave gets nothing new on that connection; what was under way is still answered. */
static void go_away_is_obeyed(void **state)
{
    struct asked asked[3], after;

    (void)state;
    serve(go_away_once, NULL);
    connect_to("127.0.0.1", server.port, PATIENCE_MS);
    for (int i = 0; i < 3; i++)
        ask(&asked[i], "x");
    for (int i = 0; i < 3; i++)
        await_body(&asked[i], "x");
    assert_int_equal(asked[1].code, 1500);
    ask(&after, "y");
    await_body(&after, "y");
    assert_int_equal(server.connections, 2);
    end_connection();
}

static struct asked follower;

static void ask_again_inside(struct remote_call *call)
{
    on_done(call);
    ask(&follower, "inside");
}

/* A callback may ask again, with the very same struct's neighbour. */
static void callbacks_may_call(void **state)
{
    struct asked asked = {
        .call = {.deadline_ms = monotime_ms() + PATIENCE_MS, .done = ask_again_inside, .data = &asked}};
    const struct frame request = {.code = 105};

    (void)state;
    serve(echo, NULL);
    connect_to("127.0.0.1", server.port, PATIENCE_MS);
    assert_int_equal(connection_call(connection, &asked.call, &request, &why), 0);
    await(&asked);
    await_body(&follower, "inside");
    end_connection();
}

static bool closed_inside;

static void close_inside(struct remote_call *call)
{
    on_done(call);
    if (connection != NULL)
        connection_close(connection, set_flag, &closed_inside);
    connection = NULL;
}

/* A callback may close the connection: the others are answered all the same. */
static void callbacks_may_close(void **state)
{
    struct asked asked[4];
    const struct frame request = {.code = 105};

    (void)state;
    serve(echo, NULL);
    connect_to("127.0.0.1", server.port, PATIENCE_MS);
    for (int i = 0; i < 4; i++) {
        asked[i] = (struct asked){
            .call = {.deadline_ms = monotime_ms() + PATIENCE_MS, .done = close_inside, .data = &asked[i]}};
        assert_int_equal(connection_call(connection, &asked[i].call, &request, &why), 0);
    }
    closed_inside = false;
    test_loop_run_until(&loop, &closed_inside);
    for (int i = 0; i < 4; i++)
        assert_true(asked[i].done);
}

/* So many at once, and not more. */
static void calls_under_way_are_bounded(void **state)
{
    struct asked *asked = calloc(CALLS_MAX + 1, sizeof *asked);
    const struct frame request = {.code = 105};

    (void)state;
    serve(echo, NULL);
    connect_to("127.0.0.1", server.port, PATIENCE_MS);
    for (int i = 0; i < CALLS_MAX; i++)
        ask(&asked[i], "x");
    assert_int_equal(connection_call(connection, &asked[CALLS_MAX].call, &request, &why), -1);
    assert_int_equal(why.cause, CAUSE_THROTTLED);
    for (int i = 0; i < CALLS_MAX; i++)
        await_body(&asked[i], "x");
    end_connection();
    free(asked);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        CASE(one_connection_serves_many),
        CASE(answers_come_in_any_order),
        CASE(answers_may_be_large),
        CASE(an_answer_that_is_too_large_is_refused),
        CASE(a_cut_answer_is_none),
        CASE(garbage_is_refused),
        CASE(an_idle_close_is_no_event),
        CASE(a_long_pause_makes_a_new_connection),
        CASE(only_reads_are_sent_twice),
        CASE(a_peer_that_always_closes_fails_reads_too),
        CASE(refused_connections_say_so),
        CASE(names_that_do_not_exist_say_so),
        CASE(every_address_of_a_name_is_tried),
        CASE(ipv6_is_spoken),
        CASE(deadlines_are_each_calls_own),
        CASE(late_answers_are_dropped),
        CASE(cancelled_calls_answer),
        CASE(closing_answers_what_is_open),
        CASE(a_hanging_peer_meets_the_deadline),
        CASE(go_away_is_obeyed),
        CASE(callbacks_may_call),
        CASE(callbacks_may_close),
        CASE(calls_under_way_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
