/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/base/monotime.h"
#include "api/base/strings.h"
#include "api/cause.h"
#include "api/cloud/client.h"
#include "tests/lib/http_server.h"
#include "tests/lib/loop.h"
#include "tests/lib/scratch.h"

enum { LONG_MS = 20000, CALLS = 16 };

struct asked {
    struct call call;
    unsigned answers;
    char answer[128];
};

static struct scene {
    struct test_loop loop;
    struct http_server server;
    struct cloud *cloud;
    struct client *client;
    struct asked asked[CALLS];
    unsigned answered;
    bool closed, cloud_closed;
    /* the server's */
    char last[2048];
    unsigned keys_given;
    unsigned calls_seen, before_first_answer;
    unsigned skewed, expired; /* so many calls are refused for it */
    bool late, silent_keys;
    const char *headers; /* of each answer */
} scene;

static void give_keys(struct exchange *exchange)
{
    char body[256];
    if (scene.silent_keys) {
        exchange->delay_ms = LONG_MS;
        return;
    }
    snprintf(
        body, sizeof body,
        "{\"Code\":\"Success\",\"AccessKeyId\":\"id-%u\",\"AccessKeySecret\":\"s\",\"SecurityToken\":\"token-%u\"}",
        scene.keys_given, scene.keys_given);
    scene.keys_given++;
    exchange_answer(exchange, 200, "", body);
}

static void serve(struct exchange *exchange, void *context)
{
    (void)context;
    if (exchange_has(exchange, "GET /keys ")) {
        give_keys(exchange);
        return;
    }
    scene.calls_seen++;
    scene.before_first_answer += scene.answered == 0;
    snprintf(scene.last, sizeof scene.last, "%.*s", (int)exchange->request.bytes, exchange->request.data);
    if (scene.late) {
        exchange->delay_ms = LONG_MS;
    } else if (scene.skewed > 0) {
        scene.skewed--;
        exchange_answer(exchange, 400, "Date: Sun, 24 Nov 2069 10:00:00 GMT\r\n",
                        "<Error><Code>InvalidTimeStamp.Expired</Code></Error>");
    } else if (scene.expired > 0) {
        scene.expired--;
        exchange_answer(exchange, 403, "", "{\"Code\":\"InvalidSecurityToken.Expired\"}");
    } else {
        exchange_answer(exchange, 200, scene.headers, "{\"data\":1}");
        exchange->delay_ms = 1;
    }
}

static int enter(void **state)
{
    struct failure why = FAILURE_INIT;
    char uri[128];
    if (scratch_enter(state) != 0)
        return -1;
    memset(&scene, 0, sizeof scene);
    scene.headers = "x-acs-request-id: r-1\r\nContent-Type: application/json\r\n";
    test_loop_begin(&scene.loop);
    http_server_begin(&scene.server, &scene.loop.loop, serve, NULL);
    assert_int_equal(cloud_new(&scene.loop.loop, NULL, &scene.cloud, &why), 0);
    setenv("HOME", ".", 1);
    setenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true", 1);
    unsetenv("ALIBABA_CLOUD_ACCESS_KEY_ID");
    snprintf(uri, sizeof uri, "%s/keys", scene.server.url);
    return setenv("ALIBABA_CLOUD_CREDENTIALS_URI", uri, 1);
}

static void on_closed(void *flag)
{
    *(bool *)flag = true;
}

static void close_client(void)
{
    client_close(scene.client, on_closed, &scene.closed);
    assert_false(scene.closed);
    test_loop_run_until(&scene.loop, &scene.closed);
}

static int leave(void **state)
{
    if (!scene.closed)
        close_client();
    cloud_unref(scene.cloud, on_closed, &scene.cloud_closed);
    test_loop_run_until(&scene.loop, &scene.cloud_closed);
    http_server_end(&scene.server);
    test_loop_end(&scene.loop);
    return scratch_leave(state);
}

static struct client_options options_with(uint32_t concurrency)
{
    return (struct client_options){.cloud = scene.cloud,
                                   .workers = scene.loop.workers,
                                   .style = API_ROA,
                                   .endpoint = scene.server.url,
                                   .region = "cn-hangzhou",
                                   .concurrency = concurrency};
}

static void begin(const struct client_options *options)
{
    struct failure why = FAILURE_INIT;
    if (client_new(options, &scene.client, &why) < 0)
        fail_msg("%s", why.text);
}

static void begin_with(uint32_t concurrency)
{
    struct client_options options = options_with(concurrency);
    begin(&options);
}

static void on_done(struct call *call)
{
    struct asked *asked = call->data;
    asked->answers++;
    scene.answered++;
    snprintf(asked->answer, sizeof asked->answer, "%.*s", (int)call->answer.bytes, call->answer.data);
}

static struct call *start(unsigned which, bool writes)
{
    struct failure why = FAILURE_INIT;
    struct asked *asked = &scene.asked[which];
    *asked = (struct asked){.call = {.class = writes ? CLASS_CREATE : CLASS_LIST,
                                     .method = writes ? "POST" : "GET",
                                     .action = writes ? "CreateTopic" : "ListTopics",
                                     .version = "2022-08-01",
                                     .path = TEXT("/instances/rmq/topics"),
                                     .query = {{"pageNumber", TEXT("1")}, {"filter", TEXT("a b")}},
                                     .query_count = 2,
                                     .body = writes ? TEXT("{\"remark\":\"x\"}") : TEXT(""),
                                     .writes = writes,
                                     .deadline_ms = monotime_ms() + LONG_MS,
                                     .done = on_done,
                                     .data = asked}};
    if (call_start(scene.client, &asked->call, &why) < 0)
        fail_msg("%s", why.text);
    assert_int_equal(asked->answers, 0);
    return &asked->call;
}

static void wait_for(unsigned answers)
{
    while (scene.answered < answers)
        uv_run(&scene.loop.loop, UV_RUN_ONCE);
    assert_int_equal(scene.answered, answers);
}

static struct call *ask(bool writes)
{
    unsigned before = scene.answered;
    struct call *call = start(0, writes);
    wait_for(before + 1);
    return call;
}

static void assert_sent(const char *part)
{
    if (strstr(scene.last, part) == NULL)
        fail_msg("'%s' is not in:\n%s", part, scene.last);
}

/* A call is signed with what the gateway wants to see, and its answer comes with the request id. */
static void a_call_is_signed_and_answered(void **state)
{
    (void)state;
    begin_with(4);
    struct call *call = ask(true);
    assert_int_equal(call->failure.cause, 0);
    assert_int_equal(call->status, 200);
    assert_string_equal(scene.asked[0].answer, "{\"data\":1}");
    assert_string_equal(call->request_id, "r-1");
    assert_string_equal(call->content_type, "application/json");
    assert_true(call->sent && call->sent_ms > 0);
    assert_int_equal(call->retry_after_ms, 0);
    assert_sent("POST /instances/rmq/topics?filter=a%20b&pageNumber=1 HTTP/1.1\r\n");
    assert_sent("x-acs-action: CreateTopic\r\nx-acs-version: 2022-08-01\r\nx-acs-date: 20");
    assert_sent("x-acs-accesskey-id: id-0\r\nx-acs-security-token: token-0\r\n");
    assert_sent("content-type: application/json; charset=utf-8\r\naccept: application/json\r\n");
    assert_sent("authorization: ACS3-HMAC-SHA256 Credential=id-0,SignedHeaders=content-type;host;x-acs-accesskey-id;"
                "x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-security-token;x-acs-signature-nonce;"
                "x-acs-version,Signature=");
    assert_sent("\r\n\r\n{\"remark\":\"x\"}");
}

/* Each try has a nonce of its own, and connections are kept. */
static void nonces_are_not_repeated(void **state)
{
    char first[2048];
    (void)state;
    begin_with(1);
    ask(false);
    memcpy(first, scene.last, sizeof first);
    ask(false);
    char *a = strstr(first, "x-acs-signature-nonce: "), *b = strstr(scene.last, "x-acs-signature-nonce: ");
    assert_memory_not_equal(a, b, 23 + 32);
    assert_int_equal(scene.server.connections, 1);
}

/* RPC goes to "/", its body is a form. */
static void rpc_calls_have_no_path(void **state)
{
    struct client_options options = options_with(1);
    (void)state;
    options.style = API_RPC;
    begin(&options);
    ask(true);
    assert_sent("POST /?filter=a%20b&pageNumber=1 HTTP/1.1\r\n");
    assert_sent("content-type: application/x-www-form-urlencoded\r\n");
}

/* A clock that the gateway calls wrong is corrected from its Date, once, for all that follow. */
static void a_skewed_clock_is_corrected_once(void **state)
{
    (void)state;
    begin_with(1);
    scene.skewed = 1;
    struct call *call = ask(true);
    assert_int_equal(call->failure.cause, 0);
    assert_int_equal(call->status, 200);
    assert_sent("x-acs-date: 2069-11-24T10:0");
    ask(false);
    assert_sent("x-acs-date: 2069-11-24T10:0");
    assert_int_equal(scene.server.requests, 1 + 3);

    scene.skewed = 2;
    call = ask(false);
    assert_int_equal(call->failure.cause, CAUSE_CLOCK_SKEWED);
    assert_string_equal(call->failure.provider_code, "InvalidTimeStamp.Expired");
}

/* Keys that have expired are renewed and the call is repeated, once. */
static void expired_keys_are_renewed_once(void **state)
{
    (void)state;
    begin_with(1);
    ask(false);
    scene.expired = 1;
    struct call *call = ask(true);
    assert_int_equal(call->status, 200);
    assert_sent("Credential=id-1,");
    assert_int_equal(scene.keys_given, 2);

    scene.expired = 9;
    call = ask(true);
    assert_int_equal(call->status, 403);
    assert_int_equal(call->failure.cause, 0);
    assert_non_null(strstr(scene.asked[0].answer, "InvalidSecurityToken.Expired"));
    assert_int_equal(scene.keys_given, 3);
}

/* How long the server wants us to wait is told in three ways. */
static void hints_to_wait_are_read(void **state)
{
    static const struct {
        const char *headers;
        uint64_t expected_ms;
    } cases[] = {
        {"x-acs-retry-after: 1500\r\n", 1500},
        {"x-ratelimit-user-api: Limit:10,Remain:0,TimeLeft:800\r\n", 800},
        {"x-ratelimit-user: TimeLeft:900,Limit:1\r\nx-ratelimit-user-api: TimeLeft:10\r\n", 900},
        {"x-acs-retry-after: soon\r\nx-ratelimit-user: Limit:1\r\n", 0},
        {"x-acs-retry-after: -5\r\nx-ratelimit-user: TimeLeft:99999999999999999999\r\n", 0},
    };
    (void)state;
    begin_with(1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        scene.headers = cases[i].headers;
        assert_int_equal(ask(false)->retry_after_ms, cases[i].expected_ms);
    }
}

/* Without credentials a call fails with what each source lacked, and nothing is sent. */
static void without_credentials_nothing_is_sent(void **state)
{
    struct client_options options = options_with(1);
    (void)state;
    options.credentials = "file:absent";
    begin(&options);
    struct call *call = ask(true);
    assert_int_equal(call->failure.cause, CAUSE_CREDENTIALS_REJECTED);
    assert_non_null(strstr(call->failure.text, "absent"));
    assert_false(call->sent);
    assert_int_equal(scene.server.requests, 0);
}

/* No more connections are used than allowed, the first one alone, and every call has its turn. */
static void concurrency_is_bounded(void **state)
{
    (void)state;
    struct client_options options = options_with(3);
    begin(&options);
    for (unsigned i = 0; i < CALLS; i++)
        start(i, i % 2 == 0);
    wait_for(CALLS);
    for (unsigned i = 0; i < CALLS; i++) {
        assert_int_equal(scene.asked[i].answers, 1);
        assert_int_equal(scene.asked[i].call.status, 200);
    }
    assert_in_range(scene.server.connections, 1, 3 + 1); /* one was for the keys */
    assert_int_equal(scene.keys_given, 1);
    assert_int_equal(scene.calls_seen, CALLS);
    assert_int_equal(scene.before_first_answer, 1); /* it goes alone, to look up the name for all */
}

/* After a refusal nothing of that class leaves before the server's time, through no client of the account. */
static void a_refusal_holds_back_all_clients_of_the_account(void **state)
{
    struct client_options options = options_with(2);
    struct client *first;
    struct failure why = FAILURE_INIT;
    bool closed = false;
    (void)state;
    begin(&options);
    first = scene.client;
    struct call *refused = ask(false);
    refused->retry_after_ms = 5 * 60 * 1000;
    begin(&options);
    ask(false); /* the second client knows its account now */
    call_was_throttled(first, refused);
    unsigned before = scene.server.requests;

    scene.asked[1] = scene.asked[0];
    scene.asked[1].call.deadline_ms = monotime_ms() + 100;
    scene.asked[1].call.data = &scene.asked[1];
    assert_int_equal(call_start(scene.client, &scene.asked[1].call, &why), 0);
    wait_for(3);
    assert_int_equal(scene.asked[1].call.failure.cause, CAUSE_THROTTLED);
    assert_false(scene.asked[1].call.sent);
    assert_int_equal(scene.server.requests, before);

    assert_int_equal(ask(true)->status, 200); /* another class has a budget of its own */
    call_was_accepted(scene.client, &scene.asked[0].call);
    client_close(first, on_closed, &closed);
    test_loop_run_until(&scene.loop, &closed);
}

/* Wherever a call is when it is cancelled, it is answered once. */
static void a_cancelled_call_is_answered_wherever_it_was(void **state)
{
    (void)state;
    begin_with(1);
    call_cancel(scene.client, start(0, true)); /* waits for keys */
    assert_int_equal(scene.answered, 0);
    wait_for(1);
    assert_int_equal(scene.asked[0].call.failure.cause, CAUSE_CANCELLED);
    ask(false);

    scene.late = true;
    unsigned before = scene.server.requests;
    struct call *sent = start(1, true), *waiting = start(2, true);
    while (scene.server.requests == before)
        uv_run(&scene.loop.loop, UV_RUN_ONCE);
    call_cancel(scene.client, waiting);
    call_cancel(scene.client, waiting);
    call_cancel(scene.client, sent);
    wait_for(4);
    assert_int_equal(waiting->failure.cause, CAUSE_CANCELLED);
    assert_false(waiting->sent);
    assert_int_equal(sent->failure.cause, CAUSE_OUTCOME_UNKNOWN);
    assert_true(sent->sent);
    call_cancel(scene.client, sent);
    scene.late = false;
    assert_int_equal(ask(true)->status, 200);
}

/* A deadline passes while keys are waited for: the call ends, unsent. */
static void waiting_for_keys_has_an_end(void **state)
{
    struct failure why = FAILURE_INIT;
    (void)state;
    begin_with(1);
    scene.silent_keys = true;
    struct call *call = start(0, true);
    call_cancel(scene.client, call);
    wait_for(1);
    call->deadline_ms = monotime_ms() + 80;
    assert_int_equal(call_start(scene.client, call, &why), 0);
    wait_for(2);
    assert_int_equal(call->failure.cause, CAUSE_UNREACHABLE);
    assert_non_null(strstr(call->failure.text, "waited for credentials"));
    assert_false(call->sent);
}

/* Closing answers every call first; afterwards none is taken. */
static void closing_answers_everything(void **state)
{
    struct failure why = FAILURE_INIT;
    (void)state;
    begin_with(2);
    ask(false);
    scene.late = true;
    for (unsigned i = 1; i < 6; i++)
        start(i, true);
    uv_run(&scene.loop.loop, UV_RUN_NOWAIT);
    scene.closed = false;
    client_close(scene.client, on_closed, &scene.closed);
    assert_int_equal(call_start(scene.client, &scene.asked[7].call, &why), -1);
    test_loop_run_until(&scene.loop, &scene.closed);
    for (unsigned i = 1; i < 6; i++)
        assert_int_equal(scene.asked[i].answers, 1);
}

/* Endpoints are https, or this machine. */
static void other_endpoints_are_refused(void **state)
{
    static const char *const wrong[] = {"http://rocketmq.cn-hangzhou.aliyuncs.com",
                                        "rocketmq.aliyuncs.com",
                                        "https://",
                                        "ftp://127.0.0.1",
                                        "https://a/b",
                                        "http://127.0.0.1.evil.example",
                                        "https://u@h"};
    struct client_options options = options_with(1);
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct failure why = FAILURE_INIT;
        options.endpoint = wrong[i];
        assert_int_equal(client_new(&options, &scene.client, &why), -1);
        assert_int_equal(why.cause, CAUSE_CONFIGURATION_WRONG);
    }
    options.endpoint = "https://rocketmq.cn-hangzhou.aliyuncs.com/";
    begin(&options);
}

/* Whoever asks in the same place gets the same cloud, until the last reference goes: then the place is empty at
 * once. */
static void a_place_holds_one_cloud(void **state)
{
    struct failure why = FAILURE_INIT;
    struct cloud *place = NULL, *first = NULL, *second = NULL;
    bool closed[2] = {false, false};

    (void)state;
    begin_with(1);
    assert_int_equal(cloud_shared(&place, &scene.loop.loop, NULL, &first, &why), 0);
    assert_int_equal(cloud_shared(&place, &scene.loop.loop, NULL, &second, &why), 0);
    assert_ptr_equal(first, second);
    assert_ptr_not_equal(first, scene.cloud);
    cloud_unref(first, on_closed, &closed[0]);
    assert_ptr_equal(place, second);
    cloud_unref(second, on_closed, &closed[1]);
    assert_null(place);
    test_loop_run_until(&scene.loop, &closed[1]);
    assert_true(closed[0]);
}

struct ended {
    unsigned count;
    const char *operation;
    int cause;
};

static void on_request_ended(void *context, const char *operation, int cause, uint64_t took_ms)
{
    struct ended *ended = context;
    assert_true(took_ms < LONG_MS);
    *ended = (struct ended){ended->count + 1, operation, cause};
}

/* What left is told, with the provider's name of it; what never left was no request. */
static void whoever_counts_is_told_of_requests(void **state)
{
    (void)state;
    struct ended ended = {0};
    struct client_options options = options_with(1);
    options.request_ended = on_request_ended;
    options.request_context = &ended;
    begin(&options);
    ask(false);
    assert_int_equal(ended.count, 1);
    assert_string_equal(ended.operation, "ListTopics");
    assert_int_equal(ended.cause, CAUSE_NONE);
    start(1, true);
    call_cancel(scene.client, &scene.asked[1].call);
    wait_for(2);
    assert_int_equal(ended.count, 1);
}

int main(void)
{
#define IN_SCENE(test) cmocka_unit_test_setup_teardown(test, enter, leave)
    const struct CMUnitTest tests[] = {
        IN_SCENE(a_call_is_signed_and_answered),
        IN_SCENE(nonces_are_not_repeated),
        IN_SCENE(rpc_calls_have_no_path),
        IN_SCENE(a_skewed_clock_is_corrected_once),
        IN_SCENE(expired_keys_are_renewed_once),
        IN_SCENE(hints_to_wait_are_read),
        IN_SCENE(without_credentials_nothing_is_sent),
        IN_SCENE(concurrency_is_bounded),
        IN_SCENE(a_refusal_holds_back_all_clients_of_the_account),
        IN_SCENE(a_cancelled_call_is_answered_wherever_it_was),
        IN_SCENE(waiting_for_keys_has_an_end),
        IN_SCENE(closing_answers_everything),
        IN_SCENE(other_endpoints_are_refused),
        IN_SCENE(a_place_holds_one_cloud),
        IN_SCENE(whoever_counts_is_told_of_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
