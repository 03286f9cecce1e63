/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "api/base/json.h"
#include "api/cause.h"
#include "api/cloud/refusal.h"

static struct http_request answered(uint16_t status, const char *body, char **padded)
{
    *padded = json_pad(text_of(body));
    assert_non_null(*padded);
    return (struct http_request){.status = status, .answer = {*padded, strlen(body)}};
}

static bool wants_rpc_v1(uint16_t status, const char *body)
{
    char *padded;
    const struct http_request request = answered(status, body, &padded);
    bool wants = refusal_wants_rpc_v1(&request);
    free(padded);
    return wants;
}

static bool names(uint16_t status, const char *body, const char *code)
{
    char *padded;
    const struct http_request request = answered(status, body, &padded);
    bool found = refusal_names(&request, code);
    free(padded);
    return found;
}

/* A code stands by itself, in JSON or XML, in an answer that refuses. */
static void codes_are_found_in_every_form(void **state)
{
    (void)state;
    assert_true(names(400, "{\"Code\":\"InvalidTimeStamp.Expired\"}", "InvalidTimeStamp.Expired"));
    assert_true(names(400, "<Error><Code>InvalidTimeStamp.Expired</Code></Error>", "InvalidTimeStamp.Expired"));
    assert_false(names(200, "{\"Code\":\"InvalidTimeStamp.Expired\"}", "InvalidTimeStamp.Expired"));
    assert_false(names(400, "{\"Message\":\"not InvalidTimeStamp.Expired\"}", "InvalidTimeStamp.Expired"));
    assert_false(names(400, "InvalidTimeStamp.Expired", "InvalidTimeStamp.Expired"));
    assert_false(names(400, "", "InvalidTimeStamp.Expired"));
}

static void a_gateway_of_old_misses_what_v3_says_in_headers(void **state)
{
    static const char *const complaints[] = {
        "{\"Code\":\"MissingAccessKeyId\",\"Message\":\"AccessKeyId is mandatory for this action.\"}",
        "<Error><Code>MissingAccessKeyId</Code></Error>",
        "{\"Code\":\"MissingSignatureNonce\"}",
        "{\"Code\":\"MissingParameter\",\"Message\":\"The input parameter \\\"Version\\\" that is mandatory\"}",
        "<Error><Code>MissingParameter</Code><Message>The input parameter \"Timestamp\" that is</Message></Error>",
        "<Error><Code>MissingParameter</Code><Message>The input parameter &quot;Action&quot; that</Message></Error>",
        "{\"Code\":\"MissingParameter\",\"Message\":\"The input parameter Signature\"}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof complaints / sizeof complaints[0]; i++) {
        assert_true(wants_rpc_v1(400, complaints[i]));
        assert_false(wants_rpc_v1(200, complaints[i]));
    }
}

static void what_else_is_missing_says_nothing_about_signatures(void **state)
{
    static const char *const others[] = {
        "{\"Code\":\"MissingSecurityToken\",\"Message\":\"SecurityToken is mandatory for this action.\"}",
        "{\"Code\":\"MissingInstanceId\",\"Message\":\"InstanceId is mandatory for this action.\"}",
        "{\"Code\":\"MissingParameter\",\"Message\":\"The input parameter \\\"Key\\\" that is mandatory\"}",
        "{\"Code\":\"MissingParameter\",\"Message\":\"The input parameter \\\"SignatureX\\\" that is mandatory\"}",
        "{\"Code\":\"MissingParameter\",\"Message\":\"The input parameter \"}",
        "{\"Code\":\"MissingParameter\"}",
        "{\"Code\":\"InvalidVersion\",\"Message\":\"The input parameter \\\"Version\\\" is not valid.\"}",
        "{\"Code\":\"IncompleteSignature\"}",
        "{\"Code\":\"SignatureDoesNotMatch\"}",
        "",
    };

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(wants_rpc_v1(400, others[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_found_in_every_form),
        cmocka_unit_test(a_gateway_of_old_misses_what_v3_says_in_headers),
        cmocka_unit_test(what_else_is_missing_says_nothing_about_signatures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
