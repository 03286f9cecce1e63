/* SPDX-License-Identifier: Apache-2.0
 *
 * The signature vectors of frame-vectors.txt, accepted by a live broker.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/cluster/acl.h"

static const struct acl_keys keys = {"ferryAdminKey", "ferryAdminSecret", NULL};

static void assert_signed(struct frame *request, const struct acl_keys *with, const char *signature)
{
    struct failure why = FAILURE_INIT;
    char room[ACL_SIGNATURE_BYTES];

    assert_int_equal(acl_sign(request, with, room, &why), 0);
    assert_string_equal(room, signature);
    assert_true(text_is(frame_field(request, "Signature"), signature));
    assert_true(text_is(frame_field(request, "AccessKey"), "ferryAdminKey"));
}

/* Values in the order of their keys' bytes: capitals come first, whatever the order in the request. */
static void fields_are_signed_in_the_order_of_their_keys(void **state)
{
    struct frame request = {.code = 17};

    (void)state;
    frame_add(&request, "writeQueueNums", TEXT("8"));
    frame_add(&request, "topic", TEXT("orders"));
    frame_add(&request, "defaultTopic", TEXT("TBW102"));
    frame_add(&request, "readQueueNums", TEXT("8"));
    frame_add(&request, "perm", TEXT("6"));
    frame_add(&request, "topicFilterType", TEXT("SINGLE_TAG"));
    frame_add(&request, "topicSysFlag", TEXT("0"));
    frame_add(&request, "order", TEXT("false"));
    frame_add(&request, "attributes", TEXT("+message.type=FIFO"));
    assert_signed(&request, &keys, "jiPq5M9ZYruGSGNXrJrYkyT1Fek=");
}

static void the_body_is_signed(void **state)
{
    struct frame request = {.code = 200, .body = TEXT("{\"groupName\":\"GID_orders\",\"retryMaxTimes\":16}")};

    (void)state;
    assert_signed(&request, &keys, "MiWih2DuMvc6Aev98MXTwD49iSA=");
}

static void a_token_is_sent_and_signed(void **state)
{
    const struct acl_keys with_token = {"ferryAdminKey", "ferryAdminSecret", "tok123"};
    struct frame request = {.code = 21}, bare = {.code = 21};

    (void)state;
    assert_signed(&request, &with_token, "dr1Zy+JJnMRbv5HVewEc4jH1TQ4=");
    assert_true(text_is(frame_field(&request, "SecurityToken"), "tok123"));
    assert_signed(&bare, &keys, "Vj4ZlE3csVL0FKw9/4c2xRjbFBw=");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_signed_in_the_order_of_their_keys),
        cmocka_unit_test(the_body_is_signed),
        cmocka_unit_test(a_token_is_sent_and_signed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
