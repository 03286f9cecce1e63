/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "api/cause.h"
#include "controller/status/listen.h"
#include "controller/status/request.h"

static unsigned parse(const char *target, struct status_request *out, struct failure *why)
{
    *why = (struct failure)FAILURE_INIT;
    unsigned status = status_request_parse(text_of(target), out, why);
    assert_true((status == 200) == (why->cause == CAUSE_NONE));
    return status;
}

static enum route route_of(const char *target)
{
    struct status_request request;
    struct failure why;
    assert_int_equal(parse(target, &request, &why), 200);
    return request.route;
}

static void paths_lead_where_the_contract_says(void **state)
{
    (void)state;
    assert_int_equal(route_of("/"), ROUTE_FILE);
    assert_int_equal(route_of("/app.js"), ROUTE_FILE);
    assert_int_equal(route_of("/healthz"), ROUTE_HEALTH);
    assert_int_equal(route_of("/readyz?verbose"), ROUTE_READY);
    assert_int_equal(route_of("/metrics"), ROUTE_METRICS);
    assert_int_equal(route_of("/v1/status"), ROUTE_STATUS);
    assert_int_equal(route_of("/v1/syncs/cutover"), ROUTE_SYNC);
    assert_int_equal(route_of("/v1/syncs/cutover/changes"), ROUTE_CHANGES);
}

static void what_is_not_there_is_404(void **state)
{
    /* No path is normalised, and nothing is looked up in a file system. */
    static const char *const paths[] = {"",
                                        "/x",
                                        "/v1/",
                                        "/v1/syncs/",
                                        "//",
                                        "/v1/status/",
                                        "/../etc/passwd",
                                        "/v1/syncs/a/b",
                                        "/v1/syncs//changes",
                                        "*",
                                        "/v1/syncs/%zz",
                                        "/v1/syncs/a%00b",
                                        "/metrics/"};
    struct status_request request;
    struct failure why;
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        if (parse(paths[i], &request, &why) != 404)
            fail_msg("%s is there", paths[i]);
}

static void names_are_decoded_once(void **state)
{
    struct status_request request;
    struct failure why;
    (void)state;
    assert_int_equal(parse("/v1/syncs/a%20b%2541", &request, &why), 200);
    assert_string_equal(request.sync, "a b%41");
    assert_int_equal(parse("/v1/syncs/a+b", &request, &why), 200);
    assert_string_equal(request.sync, "a+b");
    assert_int_equal(parse("/v1/syncs/x/changes", &request, &why), 200);
    assert_string_equal(request.sync, "x");
}

static void queries_choose_rows(void **state)
{
    struct status_request request;
    struct failure why;
    (void)state;
    assert_int_equal(parse("/v1/syncs/x", &request, &why), 200);
    assert_int_equal(request.rows.kinds, 3);
    assert_int_equal(request.rows.states, row_query_default_states());
    assert_int_equal(request.rows.states >> STATE_EXTRA & 1, 0);
    assert_int_equal(request.rows.page, 1);
    assert_int_equal(request.rows.size, REQUEST_SIZE);
    assert_int_equal(
        parse("/v1/syncs/x?kind=Topic&state=missing,differs&q=a%26B+c&page=7&size=50&sort=-state&result=failed",
              &request, &why),
        200);
    assert_int_equal(request.rows.kinds, 1U << KIND_TOPIC);
    assert_int_equal(request.rows.states, 1U << STATE_MISSING | 1U << STATE_DIFFERS);
    assert_int_equal(request.rows.results, 1U << RESULT_FAILED);
    assert_string_equal(request.rows.search, "a&B c");
    assert_int_equal(request.rows.page, 7);
    assert_int_equal(request.rows.size, 50);
    assert_int_equal(request.rows.order, ORDER_STATE_DOWN);
    assert_int_equal(parse("/v1/syncs/x?kind=&&state=&q=", &request, &why), 200);
    assert_int_equal(request.rows.kinds, 3);
}

static void what_is_misspelt_is_refused(void **state)
{
    /* An unfiltered answer to a misspelt filter would be believed. */
    static const char *const queries[] = {"kind=topics",
                                          "state=missin",
                                          "state=missing,",
                                          "page=0",
                                          "page=1x",
                                          "size=1001",
                                          "size=-1",
                                          "stat=missing",
                                          "sort=size",
                                          "q=%f0%28",
                                          "q=%0",
                                          "result=unknown",
                                          "page=99999999999999999999"};
    struct status_request request;
    struct failure why;
    char target[200];
    (void)state;
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        snprintf(target, sizeof target, "/v1/syncs/x?%s", queries[i]);
        if (parse(target, &request, &why) != 400)
            fail_msg("%s is taken", queries[i]);
    }
}

static void long_addresses_are_refused(void **state)
{
    char target[REQUEST_TARGET_BYTES_MAX + 2];
    struct status_request request;
    struct failure why;
    (void)state;
    memset(target, 'a', sizeof target);
    target[0] = '/';
    target[sizeof target - 1] = '\0';
    assert_int_equal(parse(target, &request, &why), 414);
    target[sizeof target - 2] = '\0';
    assert_int_equal(parse(target, &request, &why), 404);
}

static void only_our_hosts_may_ask(void **state)
{
    /* A page elsewhere that has its name point here (DNS rebinding) gets nothing. */
    static const char *const names[] = {"status.example.com", NULL};
    static const char *const ours[] = {"127.0.0.1:9480", "localhost",       "LOCALHOST:1",       "[::1]:9480",
                                       "10.1.2.3",       "daemon.lan:9480", "Status.Example.com"};
    static const char *const foreign[] = {"",
                                          "evil.example",
                                          "localhost.evil.example",
                                          "127.0.0.1.evil.example",
                                          "[::1",
                                          "::1",
                                          "daemon.lan.",
                                          "status.example.com.evil",
                                          "[localhost]x"};
    (void)state;
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (!host_is_ours(text_of(ours[i]), "daemon.lan:9480", names))
            fail_msg("%s is refused", ours[i]);
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++)
        if (host_is_ours(text_of(foreign[i]), "daemon.lan:9480", names))
            fail_msg("%s is let in", foreign[i]);
}

static void listen_texts_are_host_and_port(void **state)
{
    char host[LISTEN_HOST_BYTES];
    uint16_t port;
    (void)state;
    assert_true(listen_parse("127.0.0.1:9480", host, &port));
    assert_string_equal(host, "127.0.0.1");
    assert_int_equal(port, 9480);
    assert_true(listen_parse("[::1]:0", host, &port));
    assert_string_equal(host, "::1");
    assert_true(status_listen_is_valid("none"));
    assert_true(status_listen_is_valid("localhost:80"));
    static const char *const wrong[] = {"",    "9480",    ":9480",     "127.0.0.1", "::1:80",
                                        "a:b", "a:70000", "[::1]x:80", "a:-1",      "[]:1"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (status_listen_is_valid(wrong[i]))
            fail_msg("'%s' is taken", wrong[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_lead_where_the_contract_says),
        cmocka_unit_test(what_is_not_there_is_404),
        cmocka_unit_test(names_are_decoded_once),
        cmocka_unit_test(queries_choose_rows),
        cmocka_unit_test(what_is_misspelt_is_refused),
        cmocka_unit_test(long_addresses_are_refused),
        cmocka_unit_test(only_our_hosts_may_ask),
        cmocka_unit_test(listen_texts_are_host_and_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
