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
#include "api/cloud/credentials.h"
#include "tests/lib/http_server.h"
#include "tests/lib/loop.h"
#include "tests/lib/scratch.h"

struct scene {
    struct test_loop loop;
    struct http *http;
    struct http_server server;
    struct credentials *credentials;
    int64_t clock_offset_ms;
    struct credentials_wait wait;
    struct failure failure;
    bool answered, closed;
    /* the server's */
    int64_t valid_ms; /* how long the keys last that it gives */
    unsigned given;   /* how many keys it has given */
    bool refuses, no_token, skewed;
    unsigned put, form; /* requests of a kind */
};

static struct scene scene;

static void answer_keys(struct exchange *exchange, const char *before, const char *after)
{
    char body[512], expires[32];
    time_format(walltime_unix_ms() + scene.valid_ms, expires);
    snprintf(body, sizeof body,
             "{%s\"AccessKeyId\":\"id-%u\",\"AccessKeySecret\":\"secret\",\"SecurityToken\":\"token-%u\","
             "\"Expiration\":\"%s\",\"Code\":\"Success\"}%s",
             before, scene.given, scene.given, expires, after);
    scene.given++;
    exchange_answer(exchange, 200, "", body);
}

static void serve_metadata(struct exchange *exchange)
{
    if (exchange_has(exchange, "PUT /latest/api/token ")) {
        scene.put++;
        assert_true(exchange_has(exchange, "x-aliyun-ecs-metadata-token-ttl-seconds: 21600\r\n"));
        exchange_answer(exchange, scene.no_token ? 404 : 200, "", scene.no_token ? "" : "t0ken");
        return;
    }
    assert_int_equal(exchange_has(exchange, "x-aliyun-ecs-metadata-token: t0ken\r\n"), !scene.no_token);
    if (exchange_has(exchange, "GET /latest/meta-data/ram/security-credentials/worker "))
        answer_keys(exchange, "", "");
    else if (exchange_has(exchange, "GET /latest/meta-data/ram/security-credentials/ "))
        exchange_answer(exchange, 200, "", "worker");
    else
        exchange_answer(exchange, 404, "", "");
}

static void serve_sts(struct exchange *exchange)
{
    scene.form++;
    if (scene.skewed) {
        scene.skewed = false;
        exchange_answer(exchange, 400, "Date: Tue, 24 Nov 2099 10:00:00 GMT\r\n",
                        "{\"Code\":\"InvalidTimeStamp.Expired\"}");
    } else {
        answer_keys(exchange, "\"RequestId\":\"r\",\"Credentials\":{", "}");
    }
}

static void serve(struct exchange *exchange, void *context)
{
    (void)context;
    if (scene.refuses)
        exchange_answer(exchange, 403, "", "{\"Code\":\"NoPermission\",\"Message\":\"no\",\"RequestId\":\"r-1\"}");
    else if (exchange_has(exchange, "GET /uri "))
        answer_keys(exchange, "", "");
    else if (exchange_has(exchange, "POST /"))
        serve_sts(exchange);
    else
        serve_metadata(exchange);
}

static int enter(void **state)
{
    struct failure why = FAILURE_INIT;
    if (scratch_enter(state) != 0)
        return -1;
    memset(&scene, 0, sizeof scene);
    scene.valid_ms = 6 * 3600 * 1000;
    test_loop_begin(&scene.loop);
    scene.http = http_new(&scene.loop.loop, &why);
    assert_non_null(scene.http);
    http_server_begin(&scene.server, &scene.loop.loop, serve, NULL);
    setenv("HOME", ".", 1);
    unsetenv("ALIBABA_CLOUD_CREDENTIALS_URI");
    unsetenv("ALIBABA_CLOUD_IMDSV1_DISABLED");
    setenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true", 1);
    return 0;
}

static void on_closed(void *flag)
{
    *(bool *)flag = true;
}

static int leave(void **state)
{
    bool http_closed = false;
    if (!scene.closed) {
        credentials_close(scene.credentials, on_closed, &scene.closed);
        test_loop_run_until(&scene.loop, &scene.closed);
    }
    http_server_end(&scene.server);
    /* Within an answer the connections cannot be closed. */
    uv_run(&scene.loop.loop, UV_RUN_NOWAIT);
    http_close(scene.http, on_closed, &http_closed);
    test_loop_run_until(&scene.loop, &http_closed);
    test_loop_end(&scene.loop);
    return scratch_leave(state);
}

static void begin(const char *spec)
{
    struct failure why = FAILURE_INIT;
    struct credentials_options options = {.workers = scene.loop.workers,
                                          .spec = spec,
                                          .fetch = {.http = scene.http,
                                                    .metadata_url = scene.server.url,
                                                    .sts_url = scene.server.url,
                                                    .clock_offset_ms = &scene.clock_offset_ms}};
    if (credentials_new(&options, &scene.credentials, &why) < 0)
        fail_msg("%s", why.text);
}

static void on_keys(struct credentials_wait *wait, const struct failure *why)
{
    (void)wait;
    scene.failure = *why;
    scene.answered = true;
}

static void wait_for_keys(void)
{
    scene.answered = false;
    scene.wait = (struct credentials_wait){.done = on_keys};
    credentials_wait(scene.credentials, &scene.wait);
    assert_false(scene.answered);
    test_loop_run_until(&scene.loop, &scene.answered);
}

static void assert_id(const char *id)
{
    if (scene.failure.cause != 0)
        fail_msg("%s", scene.failure.text);
    const struct keys *keys = credentials_now(scene.credentials);
    assert_non_null(keys);
    assert_string_equal(keys->id, id);
}

/* The metadata server is asked with a token, for the role's name and for its keys. */
static void an_ecs_role_gives_keys(void **state)
{
    (void)state;
    unsetenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED");
    begin(NULL);
    assert_null(credentials_now(scene.credentials));
    wait_for_keys();
    assert_id("id-0");
    assert_string_equal(credentials_source(scene.credentials), "the ECS RAM role");
    assert_int_equal(scene.server.requests, 3);
    assert_int_equal(scene.put, 1);
}

/* Without a token it goes on in version 1, unless that is forbidden: then the chain goes on. */
static void the_metadata_server_may_have_no_tokens(void **state)
{
    (void)state;
    scene.no_token = true;
    unsetenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED");
    begin(NULL);
    wait_for_keys();
    assert_id("id-0");

    bool closed = false;
    credentials_close(scene.credentials, on_closed, &closed);
    assert_true(closed);
    setenv("ALIBABA_CLOUD_IMDSV1_DISABLED", "true", 1);
    begin(NULL);
    wait_for_keys();
    assert_int_equal(scene.failure.cause, CAUSE_CREDENTIALS_REJECTED);
    assert_non_null(strstr(scene.failure.text, "no token"));
    assert_non_null(strstr(scene.failure.text, "the environment: the variable ALIBABA_CLOUD_ACCESS_KEY_ID"));
}

static void begin_with_uri(void)
{
    char uri[128];
    snprintf(uri, sizeof uri, "%s/uri", scene.server.url);
    setenv("ALIBABA_CLOUD_CREDENTIALS_URI", uri, 1);
    begin(NULL);
}

/* Stale keys are still given out while new ones are fetched from the same place in the background. */
static void stale_keys_are_renewed_without_waiting(void **state)
{
    (void)state;
    begin_with_uri();
    wait_for_keys();
    assert_id("id-0");
    scene.clock_offset_ms = scene.valid_ms - 10 * 60 * 1000;
    scene.valid_ms *= 2;
    assert_id("id-0");
    while (scene.given < 2)
        uv_run(&scene.loop.loop, UV_RUN_ONCE);
    for (int i = 0; i < 100 && strcmp(credentials_now(scene.credentials)->id, "id-1") != 0; i++)
        uv_run(&scene.loop.loop, UV_RUN_ONCE);
    assert_id("id-1");
    assert_int_equal(scene.given, 2);
}

/* Keys that are stale from the beginning are used all the same, and not asked for again at once. */
static void short_lived_keys_are_used(void **state)
{
    (void)state;
    scene.valid_ms = 10 * 60 * 1000;
    begin_with_uri();
    wait_for_keys();
    for (int i = 0; i < 3; i++) {
        assert_id("id-0");
        uv_run(&scene.loop.loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(scene.given, 1);
}

/* Keys are not used beyond their end: whoever asks then waits for new ones. */
static void nobody_gets_keys_that_have_ended(void **state)
{
    (void)state;
    begin_with_uri();
    wait_for_keys();
    scene.clock_offset_ms = scene.valid_ms + 1;
    assert_null(credentials_now(scene.credentials));
    wait_for_keys();
    assert_int_equal(scene.failure.cause, CAUSE_CREDENTIALS_EXPIRED);
    scene.valid_ms *= 2;
    wait_for_keys();
    assert_id("id-2");
}

/* Keys that the server calls expired are not given out again. */
static void expired_keys_are_replaced(void **state)
{
    (void)state;
    begin_with_uri();
    wait_for_keys();
    credentials_expired(scene.credentials, "another");
    assert_id("id-0");
    credentials_expired(scene.credentials, "id-0");
    assert_null(credentials_now(scene.credentials));
    wait_for_keys();
    assert_id("id-1");
}

/* A role is assumed with the pair of the profile: a signed request to STS, whose view of the time counts. */
static void a_role_is_assumed(void **state)
{
    (void)state;
    scratch_put("keys",
                "mode = RamRoleArn\naccess_key_id = id\naccess_key_secret = s\nram_role_arn = acs:ram::1:role/a\n");
    scene.skewed = true;
    begin("file:keys");
    scene.valid_ms += 80LL * 365 * 24 * 3600 * 1000;
    wait_for_keys();
    assert_id("id-0");
    assert_int_equal(scene.form, 2);
    assert_true(scene.clock_offset_ms > 70LL * 365 * 24 * 3600 * 1000);
}

/* An OIDC token is changed for keys. */
static void an_oidc_role_is_assumed(void **state)
{
    (void)state;
    scratch_put("token", "ey.J");
    scratch_put("keys", "mode=OIDC\nram_role_arn=r\noidc_provider_arn=p\noidc_token_file=token\n");
    begin("file:keys");
    wait_for_keys();
    assert_id("id-0");
    assert_int_equal(scene.form, 1);
}

/* What STS refuses is told with its code and request id. */
static void a_refusal_is_told(void **state)
{
    (void)state;
    scratch_put("keys", "mode=RamRoleArn\naccess_key_id=id\naccess_key_secret=secret-7\nram_role_arn=r\n");
    scene.refuses = true;
    begin("file:keys");
    wait_for_keys();
    assert_int_equal(scene.failure.cause, CAUSE_CREDENTIALS_REJECTED);
    assert_string_equal(scene.failure.provider_code, "NoPermission");
    assert_string_equal(scene.failure.request_id, "r-1");
    assert_null(strstr(scene.failure.text, "secret-7"));
    scene.refuses = false;
    wait_for_keys();
    assert_id("id-0");
}

/* Closing while keys are looked for ends that. */
static void closing_ends_what_is_under_way(void **state)
{
    (void)state;
    scratch_put("keys", "mode=RamRoleArn\naccess_key_id=id\naccess_key_secret=s\nram_role_arn=r\n");
    begin("file:keys");
    scene.wait = (struct credentials_wait){.done = on_keys};
    credentials_wait(scene.credentials, &scene.wait);
    for (int i = 0; i < 20 && scene.server.connections == 0; i++)
        uv_run(&scene.loop.loop, UV_RUN_ONCE);
    credentials_wait_cancel(scene.credentials, &scene.wait);
    credentials_close(scene.credentials, on_closed, &scene.closed);
    test_loop_run_until(&scene.loop, &scene.closed);
    assert_false(scene.answered);
}

int main(void)
{
#define IN_SCENE(test) cmocka_unit_test_setup_teardown(test, enter, leave)
    const struct CMUnitTest tests[] = {
        IN_SCENE(an_ecs_role_gives_keys),
        IN_SCENE(the_metadata_server_may_have_no_tokens),
        IN_SCENE(stale_keys_are_renewed_without_waiting),
        IN_SCENE(short_lived_keys_are_used),
        IN_SCENE(nobody_gets_keys_that_have_ended),
        IN_SCENE(expired_keys_are_replaced),
        IN_SCENE(a_role_is_assumed),
        IN_SCENE(an_oidc_role_is_assumed),
        IN_SCENE(a_refusal_is_told),
        IN_SCENE(closing_ends_what_is_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
