/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/cause.h"
#include "api/cloud/codes.h"

static int of(enum product product, enum asking asking, enum kind kind, const char *code, uint16_t status)
{
    return codes_cause(product, asking, kind, text_of(code), TEXT(""), status);
}

static int rocketmq_create(enum kind kind, const char *code, uint16_t status)
{
    return of(PRODUCT_ROCKETMQ, ASKING_CREATE, kind, code, status);
}

static int ons_create(enum kind kind, const char *code)
{
    return of(PRODUCT_ONS, ASKING_CREATE, kind, code, 400);
}

/* The documented sentences of the migration's failure table lead to the fourteen causes, whatever their code is. */
static void documented_sentences_have_their_causes(void **state)
{
    static const struct {
        const char *sentence;
        enum asking asking;
        enum kind kind;
        int cause;
    } rows[] = {
        {"The specified topic already exists.", ASKING_CREATE, KIND_TOPIC, CAUSE_TOPIC_EXISTS},
        {"The group ID that you want to create already exists.", ASKING_CREATE, KIND_GROUP, CAUSE_GROUP_EXISTS},
        {"The specified instance does not exist.", ASKING_LIST, KIND_TOPIC, CAUSE_INSTANCE_NOT_FOUND},
        {"Failed to verify permissions on the instance.", ASKING_DESCRIBE, KIND_TOPIC,
         CAUSE_INSTANCE_PERMISSION_UNVERIFIED},
        {"The specified instance is not in service.", ASKING_CREATE, KIND_TOPIC, CAUSE_INSTANCE_NOT_IN_SERVICE},
        {"The maximum number of topics on this instance is reached.", ASKING_CREATE, KIND_TOPIC,
         CAUSE_TOPIC_QUOTA_REACHED},
        {"The instance does not have required permissions.", ASKING_CREATE, KIND_TOPIC,
         CAUSE_INSTANCE_PERMISSION_MISSING},
        {"A topic name cannot be the same as a group ID.", ASKING_CREATE, KIND_TOPIC, CAUSE_TOPIC_NAMED_LIKE_GROUP},
        {"A group ID cannot be the same as a topic name.", ASKING_CREATE, KIND_GROUP, CAUSE_GROUP_NAMED_LIKE_TOPIC},
        {"The specified group ID belongs to another instance.", ASKING_CREATE, KIND_GROUP,
         CAUSE_GROUP_IN_OTHER_INSTANCE},
        {"Failed to create the group ID. Please try again later.", ASKING_CREATE, KIND_GROUP,
         CAUSE_GROUP_CREATE_FAILED},
        {"Failed to create the topic.", ASKING_CREATE, KIND_TOPIC, CAUSE_TOPIC_CREATE_FAILED},
        {"A system processing error occurred.", ASKING_CREATE, KIND_TOPIC, CAUSE_SYSTEM_ERROR},
        {"Failed to verify the parameters.", ASKING_CREATE, KIND_TOPIC, CAUSE_INVALID_PARAMETER},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int product = 0; product < PRODUCTS; product++)
            assert_int_equal(codes_cause((enum product)product, rows[i].asking, rows[i].kind, TEXT("Never.Seen"),
                                         text_of(rows[i].sentence), 400),
                             rows[i].cause);
}

/* What exists under the other kind's code is a conflict of names, not the resource itself. */
static void existing_ones_of_the_other_kind_are_conflicts_of_names(void **state)
{
    (void)state;
    assert_int_equal(rocketmq_create(KIND_TOPIC, "Topic.Existed", 400), CAUSE_TOPIC_EXISTS);
    assert_int_equal(rocketmq_create(KIND_GROUP, "ConsumerGroup.Existed", 400), CAUSE_GROUP_EXISTS);
    assert_int_equal(rocketmq_create(KIND_TOPIC, "ConsumerGroup.Existed", 400), CAUSE_TOPIC_NAMED_LIKE_GROUP);
    assert_int_equal(rocketmq_create(KIND_GROUP, "Topic.Existed", 400), CAUSE_GROUP_NAMED_LIKE_TOPIC);
    assert_int_equal(ons_create(KIND_TOPIC, "BIZ_TOPIC_EXISTED"), CAUSE_TOPIC_EXISTS);
    assert_int_equal(ons_create(KIND_GROUP, "BIZ_SUBSCRIPTION_EXISTED"), CAUSE_GROUP_EXISTS);
    assert_int_equal(ons_create(KIND_TOPIC, "BIZ_SUBSCRIPTION_EXISTED"), CAUSE_TOPIC_NAMED_LIKE_GROUP);
    assert_int_equal(ons_create(KIND_GROUP, "BIZ_TOPIC_EXISTED"), CAUSE_GROUP_NAMED_LIKE_TOPIC);
    assert_int_equal(ons_create(KIND_GROUP, "BIZ_CONSUMER_ID_BELONG_TO_OTHER_USER"), CAUSE_GROUP_IN_OTHER_INSTANCE);
}

/* Codes that stand for two causes: what was asked decides. */
static void the_operation_decides_between_two_causes(void **state)
{
    (void)state;
    for (const char **code = (const char *[]){"InternalError", "RemoteCallError", NULL}; *code; code++) {
        assert_int_equal(rocketmq_create(KIND_TOPIC, *code, 500), CAUSE_TOPIC_CREATE_FAILED);
        assert_int_equal(rocketmq_create(KIND_GROUP, *code, 500), CAUSE_GROUP_CREATE_FAILED);
        assert_int_equal(of(PRODUCT_ROCKETMQ, ASKING_LIST, KIND_TOPIC, *code, 500), CAUSE_SYSTEM_ERROR);
    }
    for (const char **code = (const char *[]){"NoPermission", "Forbidden.RAM", NULL}; *code; code++) {
        assert_int_equal(of(PRODUCT_ROCKETMQ, ASKING_DESCRIBE, KIND_TOPIC, *code, 403),
                         CAUSE_INSTANCE_PERMISSION_UNVERIFIED);
        assert_int_equal(of(PRODUCT_ROCKETMQ, ASKING_LIST, KIND_TOPIC, *code, 403), CAUSE_INSTANCE_PERMISSION_MISSING);
        assert_int_equal(rocketmq_create(KIND_TOPIC, *code, 403), CAUSE_INSTANCE_PERMISSION_MISSING);
    }
}

/* A filtered list that ONS refuses for the owner's sake means absent; elsewhere it is a missing permission. */
static void owner_errors_of_filtered_lists_mean_absent(void **state)
{
    (void)state;
    assert_int_equal(of(PRODUCT_ONS, ASKING_GET, KIND_TOPIC, "AUTH_RESOURCE_OWNER_ERROR", 400), CODE_SAYS_ABSENT);
    assert_int_equal(of(PRODUCT_ONS, ASKING_LIST, KIND_TOPIC, "AUTH_RESOURCE_OWNER_ERROR", 400),
                     CAUSE_INSTANCE_PERMISSION_MISSING);
    assert_int_equal(of(PRODUCT_ONS, ASKING_DESCRIBE, KIND_TOPIC, "AUTH_RESOURCE_OWNER_ERROR", 400),
                     CAUSE_INSTANCE_PERMISSION_UNVERIFIED);
}

/* Only reading one resource may say that it is not there: a list never is empty because of a code. */
static void only_gets_may_say_absent(void **state)
{
    (void)state;
    assert_int_equal(of(PRODUCT_ROCKETMQ, ASKING_GET, KIND_TOPIC, "Topic.NotFound", 404), CODE_SAYS_ABSENT);
    assert_int_equal(of(PRODUCT_ROCKETMQ, ASKING_GET, KIND_GROUP, "ConsumerGroup.NotFound", 200), CODE_SAYS_ABSENT);
    assert_int_equal(of(PRODUCT_ROCKETMQ, ASKING_LIST, KIND_TOPIC, "Topic.NotFound", 404), CAUSE_BAD_ANSWER);
    assert_int_equal(of(PRODUCT_ROCKETMQ, ASKING_GET, KIND_TOPIC, "Order.NotFound", 404), CAUSE_BAD_ANSWER);
    assert_int_equal(of(PRODUCT_ROCKETMQ, ASKING_GET, KIND_TOPIC, "Instance.NotFound", 404), CAUSE_INSTANCE_NOT_FOUND);
}

/* The gateway's codes mean the same for both products. */
static void codes_of_the_gateway(void **state)
{
    static const struct {
        const char *code;
        int cause;
    } rows[] = {
        {"Throttling", CAUSE_THROTTLED},
        {"Throttling.User", CAUSE_THROTTLED},
        {"Rejected.Throttling", CAUSE_THROTTLED},
        {"FlowControl", CAUSE_THROTTLED},
        {"ServiceUnavailable", CAUSE_SYSTEM_ERROR},
        {"SignatureNonceUsed", CAUSE_OUTCOME_UNKNOWN},
        {"InvalidTimeStamp.Expired", CAUSE_CLOCK_SKEWED},
        {"SignatureDoesNotMatch", CAUSE_CREDENTIALS_REJECTED},
        {"InvalidAccessKeyId.NotFound", CAUSE_CREDENTIALS_REJECTED},
        {"InvalidSecurityToken.Expired", CAUSE_CREDENTIALS_EXPIRED},
        {"SecurityTokenExpired", CAUSE_CREDENTIALS_EXPIRED},
        {"InvalidSecurityToken.Malformed", CAUSE_CREDENTIALS_REJECTED},
        {"InvalidApi.NotFound", CAUSE_CONFIGURATION_WRONG},
        {"MissingMessageType", CAUSE_INVALID_PARAMETER},
        {"InvalidDeliveryOrderType", CAUSE_INVALID_PARAMETER},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int product = 0; product < PRODUCTS; product++)
            assert_int_equal(of((enum product)product, ASKING_CREATE, KIND_TOPIC, rows[i].code, 400), rows[i].cause);
    assert_int_equal(of(PRODUCT_ROCKETMQ, ASKING_LIST, KIND_TOPIC, "SignatureNonceUsed", 400), CAUSE_SYSTEM_ERROR);
}

/* What no source tells is told by its shape; a create's unknown 4xx is refused for good, 5xx may pass. */
static void unknown_codes_go_by_their_shape(void **state)
{
    (void)state;
    assert_int_equal(rocketmq_create(KIND_TOPIC, "Topic.Exist", 400), CAUSE_TOPIC_EXISTS);
    assert_int_equal(rocketmq_create(KIND_GROUP, "Group.AlreadyExists", 400), CAUSE_GROUP_EXISTS);
    assert_int_equal(rocketmq_create(KIND_TOPIC, "TopicQuotaExceeded", 400), CAUSE_TOPIC_QUOTA_REACHED);
    assert_int_equal(rocketmq_create(KIND_GROUP, "Quota.Group", 400), CAUSE_GROUP_QUOTA_REACHED);
    assert_int_equal(rocketmq_create(KIND_TOPIC, "Instance.NotRunning", 400), CAUSE_INSTANCE_NOT_IN_SERVICE);
    assert_int_equal(rocketmq_create(KIND_TOPIC, "InstanceAcl.NotExisted", 400), CAUSE_INSTANCE_NOT_FOUND);
    assert_int_equal(ons_create(KIND_TOPIC, "AUTH_USER_IN_BLACK_LIST"), CAUSE_INSTANCE_PERMISSION_MISSING);
    assert_int_equal(rocketmq_create(KIND_TOPIC, "Some.Thing", 429), CAUSE_THROTTLED);
    assert_int_equal(rocketmq_create(KIND_TOPIC, "Some.Thing", 403), CAUSE_INSTANCE_PERMISSION_MISSING);
    assert_int_equal(rocketmq_create(KIND_TOPIC, "Some.Thing", 500), CAUSE_TOPIC_CREATE_FAILED);
    assert_int_equal(rocketmq_create(KIND_TOPIC, "Some.Thing", 400), CAUSE_REFUSED);
    assert_int_equal(rocketmq_create(KIND_GROUP, "Some.Thing", 200), CAUSE_REFUSED);
    assert_int_equal(of(PRODUCT_ROCKETMQ, ASKING_LIST, KIND_TOPIC, "Some.Thing", 400), CAUSE_BAD_ANSWER);
    assert_int_equal(of(PRODUCT_ROCKETMQ, ASKING_LIST, KIND_TOPIC, "Some.Thing", 500), CAUSE_SYSTEM_ERROR);
}

/* A person who must grant something reads the action by its name. */
static void operations_name_their_ram_actions(void **state)
{
    (void)state;
    assert_string_equal(codes_ram_action(PRODUCT_ROCKETMQ, ASKING_CREATE, KIND_GROUP), "rocketmq:CreateConsumerGroup");
    assert_string_equal(codes_ram_action(PRODUCT_ONS, ASKING_DESCRIBE, KIND_TOPIC), "mq:QueryInstanceBaseInfo");
    assert_string_equal(codes_operation(PRODUCT_ONS, ASKING_GET, KIND_GROUP), "OnsGroupList");
    assert_string_equal(codes_operation(PRODUCT_ROCKETMQ, ASKING_LIST, KIND_TOPIC), "ListTopics");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documented_sentences_have_their_causes),
        cmocka_unit_test(existing_ones_of_the_other_kind_are_conflicts_of_names),
        cmocka_unit_test(the_operation_decides_between_two_causes),
        cmocka_unit_test(owner_errors_of_filtered_lists_mean_absent),
        cmocka_unit_test(only_gets_may_say_absent),
        cmocka_unit_test(codes_of_the_gateway),
        cmocka_unit_test(unknown_codes_go_by_their_shape),
        cmocka_unit_test(operations_name_their_ram_actions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
