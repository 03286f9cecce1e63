/* SPDX-License-Identifier: Apache-2.0
 *
 * What refusals of brokers mean: remarks as live ones wrote them (rocketmq-remoting 3.2, 3.8, 4.1, 4.2, 5.2).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "api/cause.h"
#include "api/cluster/codes.h"

static const struct {
    int32_t code;
    const char *remark;
    int read, topic, group;
} rows[] = {
    {1, "attempt to update an unchangeable attribute. key: queue.type", CAUSE_BAD_ANSWER, CAUSE_TOPIC_EXISTS,
     CAUSE_REFUSED},
    {1, "org.apache.rocketmq.acl.common.AclException: No accessKey is configured, org.apache…",
     CAUSE_CREDENTIALS_REJECTED, CAUSE_CREDENTIALS_REJECTED, CAUSE_CREDENTIALS_REJECTED},
    {1, "org.apache.rocketmq.acl.common.AclException: No acl config for nobody", CAUSE_CREDENTIALS_REJECTED,
     CAUSE_CREDENTIALS_REJECTED, CAUSE_CREDENTIALS_REJECTED},
    {1, "AclException: Check signature failed for accessKey=x", CAUSE_CREDENTIALS_REJECTED, CAUSE_CREDENTIALS_REJECTED,
     CAUSE_CREDENTIALS_REJECTED},
    {1, "AclException: Need admin permission for request code=17, but accessKey=x is not",
     CAUSE_INSTANCE_PERMISSION_MISSING, CAUSE_INSTANCE_PERMISSION_MISSING, CAUSE_INSTANCE_PERMISSION_MISSING},
    {16, "username cannot be null.", CAUSE_CREDENTIALS_REJECTED, CAUSE_CREDENTIALS_REJECTED,
     CAUSE_CREDENTIALS_REJECTED},
    {16, "User:X is not found.", CAUSE_CREDENTIALS_REJECTED, CAUSE_CREDENTIALS_REJECTED, CAUSE_CREDENTIALS_REJECTED},
    {16, "check signature failed.", CAUSE_CREDENTIALS_REJECTED, CAUSE_CREDENTIALS_REJECTED, CAUSE_CREDENTIALS_REJECTED},
    {16, "User:X has no permission to access Topic:T from 10.0.0.1, no matched policies.",
     CAUSE_INSTANCE_PERMISSION_MISSING, CAUSE_INSTANCE_PERMISSION_MISSING, CAUSE_INSTANCE_PERMISSION_MISSING},
    {1, "Can't modify topic or subscription group from slave broker, please execute it from master broker.",
     CAUSE_INSTANCE_NOT_IN_SERVICE, CAUSE_INSTANCE_NOT_IN_SERVICE, CAUSE_INSTANCE_NOT_IN_SERVICE},
    {2, "[REJECTREQUEST]system busy, start flow control for a while", CAUSE_THROTTLED, CAUSE_THROTTLED,
     CAUSE_THROTTLED},
    {2, "[OVERLOAD]system busy, start flow control for a while", CAUSE_THROTTLED, CAUSE_THROTTLED, CAUSE_THROTTLED},
    {3, " request type 18 not supported", CAUSE_UNSUPPORTED, CAUSE_UNSUPPORTED, CAUSE_UNSUPPORTED},
    {1500, "", CAUSE_INSTANCE_NOT_IN_SERVICE, CAUSE_INSTANCE_NOT_IN_SERVICE, CAUSE_INSTANCE_NOT_IN_SERVICE},
    {29, "The specified topic contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$", CAUSE_BAD_ANSWER,
     CAUSE_INVALID_PARAMETER, CAUSE_INVALID_PARAMETER},
    {1, "The specified topic is longer than topic max length.", CAUSE_BAD_ANSWER, CAUSE_INVALID_PARAMETER,
     CAUSE_INVALID_PARAMETER},
    {1, "The topic[TBW102] is conflict with system topic.", CAUSE_BAD_ANSWER, CAUSE_INVALID_PARAMETER,
     CAUSE_INVALID_PARAMETER},
    {1, "unsupported key: lite.topic.expiration", CAUSE_BAD_ANSWER, CAUSE_INVALID_PARAMETER, CAUSE_INVALID_PARAMETER},
    {1, "java.lang.NullPointerException", CAUSE_SYSTEM_ERROR, CAUSE_TOPIC_CREATE_FAILED, CAUSE_GROUP_CREATE_FAILED},
    {4711, "", CAUSE_BAD_ANSWER, CAUSE_REFUSED, CAUSE_REFUSED},
    {-1, "x", CAUSE_BAD_ANSWER, CAUSE_REFUSED, CAUSE_REFUSED},
};

static void assert_cause(int32_t code, const char *remark, enum remote_asking asking, enum kind kind, int expected)
{
    int cause = remote_cause(code, text_of(remark), asking, kind);
    if (cause != expected)
        fail_msg("%d '%s': %s, not %s", code, remark, cause_name(cause), cause_name(expected));
}

static void every_refusal_has_its_cause(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_cause(rows[i].code, rows[i].remark, REMOTE_READ, KIND_TOPIC, rows[i].read);
        assert_cause(rows[i].code, rows[i].remark, REMOTE_CREATE, KIND_TOPIC, rows[i].topic);
        assert_cause(rows[i].code, rows[i].remark, REMOTE_CREATE, KIND_GROUP, rows[i].group);
    }
}

/* Busy and leaving peers have not looked at the request. */
static void what_was_turned_away_was_not_done(void **state)
{
    (void)state;
    assert_true(remote_turned_away(2));
    assert_true(remote_turned_away(1500));
    assert_false(remote_turned_away(1));
    assert_false(remote_turned_away(0));
}

/* Who, what, why; the remark's first line, for behind it is Java's trace. */
static void a_refusal_is_a_sentence(void **state)
{
    struct frame answer = {.code = 1, .remark = TEXT("AclException: No acl config for x\n\tat org.apache…\n")};
    struct failure why = FAILURE_INIT;

    (void)state;
    assert_int_equal(remote_refusal("broker-a (10.0.0.1:10911)", 21, &answer, REMOTE_READ, KIND_TOPIC, &why), -1);
    assert_string_equal(why.text,
                        "broker-a (10.0.0.1:10911) refused GET_ALL_TOPIC_CONFIG: AclException: No acl config for x");
    assert_string_equal(why.provider_code, "1 SYSTEM_ERROR");
    assert_string_equal(why.provider_message, "AclException: No acl config for x");
    answer = (struct frame){.code = 4711};
    remote_refusal("x", 4711, &answer, REMOTE_READ, KIND_TOPIC, &why);
    assert_string_equal(why.text, "x refused a request: no reason was given");
    assert_string_equal(why.provider_code, "4711");
    assert_string_equal(why.provider_message, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_refusal_has_its_cause),
        cmocka_unit_test(what_was_turned_away_was_not_done),
        cmocka_unit_test(a_refusal_is_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
