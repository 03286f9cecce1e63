/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "api/cause.h"
#include "api/cluster/endpoint.h"
#include "api/cluster/reach.h"

static void assert_parsed(const char *text, const char *host, uint16_t port)
{
    struct endpoint endpoint;

    if (!endpoint_parse(text_of(text), &endpoint))
        fail_msg("%s was not parsed", text);
    assert_string_equal(endpoint.host, host);
    assert_int_equal(endpoint.port, port);
}

/* As brokers advertise themselves. */
static void addresses_are_host_and_port(void **state)
{
    static const char *const wrong[] = {"", "host", ":1", "host:", "host:0", "host:65536", "host:1x", "[]:1"};
    struct endpoint endpoint;

    (void)state;
    assert_parsed("10.0.0.1:10911", "10.0.0.1", 10911);
    assert_parsed("broker.example:1", "broker.example", 1);
    assert_parsed("[::1]:10911", "::1", 10911);
    assert_parsed("fe80::1:10911", "fe80::1", 10911);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (endpoint_parse(text_of(wrong[i]), &endpoint))
            fail_msg("'%s' was parsed", wrong[i]);
}

static void assert_mapped(const char *map, const char *from, const char *to)
{
    struct endpoint endpoint, expected;
    struct failure why = FAILURE_INIT;

    if (endpoint_map_check(map, &why) != 0)
        fail_msg("%s", why.text);
    assert_true(endpoint_parse(text_of(from), &endpoint));
    assert_true(endpoint_parse(text_of(to), &expected));
    assert_int_equal(endpoint_map(map, &endpoint), strcmp(from, to) != 0);
    assert_string_equal(endpoint.host, expected.host);
    assert_int_equal(endpoint.port, expected.port);
}

static void the_first_fitting_pair_counts(void **state)
{
    static const char map[] =
        "10.0.0.1:10911=127.0.0.1:20911,10.0.0.1=192.0.2.1,[fe80::1]:1=[::1]:2,broker-a=localhost";

    (void)state;
    assert_mapped(map, "10.0.0.1:10911", "127.0.0.1:20911");
    assert_mapped(map, "10.0.0.1:10912", "192.0.2.1:10912");
    assert_mapped(map, "[fe80::1]:1", "[::1]:2");
    assert_mapped(map, "broker-a:7", "localhost:7");
    assert_mapped(map, "broker-b:7", "broker-b:7");
    assert_mapped(NULL, "broker-b:7", "broker-b:7");
    assert_mapped("", "broker-b:7", "broker-b:7");
}

static void wrong_maps_are_told(void **state)
{
    static const char *const wrong[] = {"a", "a=", "=b", "a:1=b", "a=b:1", "a:1=b:2,", "a:1=b:2,c", ",", "a:1=b:99999"};
    struct failure why = FAILURE_INIT;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        bool comma_at_the_end = strcmp(wrong[i], "a:1=b:2,") == 0; /* a list may end so */
        if ((endpoint_map_check(wrong[i], &why) == 0) != comma_at_the_end)
            fail_msg("'%s'", wrong[i]);
        assert_true(comma_at_the_end || why.cause == CAUSE_CONFIGURATION_WRONG);
    }
}

static void assert_explained(int status, const char *listed, const char *part, const char *whose)
{
    char text[512];

    reach_explain(reach_of_status(-status), listed, text, sizeof text);
    if (!strstr(text, part) || !strstr(text, whose) || !strstr(text, listed) || !strstr(text, "addressMap"))
        fail_msg("'%s' does not say '%s' and '%s'", text, part, whose);
    if (whose[0] == '\0' && strstr(text, "private"))
        fail_msg("'%s'", text);
}

/* A dead broker, a silent one, an address that is not for here: three things. */
static void who_cannot_be_reached_is_explained(void **state)
{
    char text[512];

    (void)state;
    assert_explained(ECONNREFUSED, "192.0.2.1:10911", "no broker listens", "");
    assert_explained(ETIMEDOUT, "172.31.0.2:10911", "nothing comes back", "a private network's");
    assert_explained(ETIMEDOUT, "172.32.0.2:10911", "nothing comes back", "");
    assert_explained(EHOSTUNREACH, "10.1.2.3:10911", "no way leads there", "a private network's");
    assert_explained(ENETUNREACH, "[fd00::1]:10911", "no way leads there", "a private network's");
    assert_explained(ENETUNREACH, "192.168.0.1:1", "no way leads there", "a private network's");
    assert_explained(ECONNREFUSED, "100.64.0.1:1", "no broker listens", "a private network's");
    assert_explained(ECONNREFUSED, "127.0.0.1:10911", "no broker listens", "this very machine");
    assert_explained(ECONNREFUSED, "[::1]:10911", "no broker listens", "this very machine");
    reach_explain(REACH_NO_NAME, "broker-0:10911", text, sizeof text);
    assert_non_null(strstr(text, "that name is not known here"));
    reach_explain(reach_of_status(-EPIPE), "broker-0:10911", text, sizeof text);
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_host_and_port),
        cmocka_unit_test(the_first_fitting_pair_counts),
        cmocka_unit_test(wrong_maps_are_told),
        cmocka_unit_test(who_cannot_be_reached_is_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
