/* SPDX-License-Identifier: Apache-2.0
 *
 * The first row that fits decides: the product's own codes, the gateway's, the documented sentences, shapes, at last
 * the HTTP status.
 */
#include "api/cloud/codes.h"

#include <stddef.h>

#include "api/base/glob.h"
#include "api/cause.h"

/* The kinds of questions that one code may answer differently. */
enum column { COLUMN_DESCRIBE, COLUMN_LIST, COLUMN_GET, COLUMN_TOPIC, COLUMN_GROUP, COLUMNS };

struct row {
    const char *pattern; /* glob; NULL ends the table */
    int16_t causes[COLUMNS];
};

/* A read says that our request, or what answers it, is not what the reference knows. */
#define BAD    CAUSE_BAD_ANSWER
#define ABSENT CODE_SAYS_ABSENT

#define ALWAYS(id)                                                                                                     \
    {                                                                                                                  \
        CAUSE_##id, CAUSE_##id, CAUSE_##id, CAUSE_##id, CAUSE_##id                                                     \
    }
/* Of creates only. */
#define CREATES(topic, group)                                                                                          \
    {                                                                                                                  \
        BAD, BAD, BAD, CAUSE_##topic, CAUSE_##group                                                                    \
    }
#define READS_CREATES(read, topic, group)                                                                              \
    {                                                                                                                  \
        CAUSE_##read, CAUSE_##read, CAUSE_##read, CAUSE_##topic, CAUSE_##group                                         \
    }
#define CREATE_FAILED  READS_CREATES(SYSTEM_ERROR, TOPIC_CREATE_FAILED, GROUP_CREATE_FAILED)
#define TOPIC_IS_THERE CREATES(TOPIC_EXISTS, GROUP_NAMED_LIKE_TOPIC)
#define GROUP_IS_THERE CREATES(TOPIC_NAMED_LIKE_GROUP, GROUP_EXISTS)
#define QUOTA          CREATES(TOPIC_QUOTA_REACHED, GROUP_QUOTA_REACHED)
#define PARAMETER      CREATES(INVALID_PARAMETER, INVALID_PARAMETER)
#define NOT_THERE                                                                                                      \
    {                                                                                                                  \
        BAD, BAD, ABSENT, CAUSE_TOPIC_CREATE_FAILED, CAUSE_GROUP_CREATE_FAILED                                         \
    }
/* Describing comes first: refused there, nothing is known of what else is allowed. */
#define PERMISSION                                                                                                     \
    {                                                                                                                  \
        CAUSE_INSTANCE_PERMISSION_UNVERIFIED, CAUSE_INSTANCE_PERMISSION_MISSING, CAUSE_INSTANCE_PERMISSION_MISSING,    \
            CAUSE_INSTANCE_PERMISSION_MISSING, CAUSE_INSTANCE_PERMISSION_MISSING                                       \
    }

/* openapi 1.8, 3. */
static const struct row rocketmq[] = {
    {"Topic.Existed", TOPIC_IS_THERE},
    {"ConsumerGroup.Existed", GROUP_IS_THERE},
    {"Topic.NotFound", NOT_THERE},
    {"ConsumerGroup.NotFound", NOT_THERE},
    {"Instance.NotFound", ALWAYS(INSTANCE_NOT_FOUND)},
    {"InvalidInstanceId*", ALWAYS(INSTANCE_NOT_FOUND)},
    {"NoPermission", PERMISSION},
    {"RemoteCallError", CREATE_FAILED},
    {"InternalError", CREATE_FAILED},
    {NULL, {0}},
};

/* openapi 2.5 (a) to (d), 3. A filtered list that is refused with AUTH_RESOURCE_OWNER_ERROR means absent. */
static const struct row ons[] = {
    {"BIZ_TOPIC_EXISTED", TOPIC_IS_THERE},
    {"BIZ_TOPIC_ALREADY_EXISTS", TOPIC_IS_THERE},
    {"BIZ_SUBSCRIPTION_EXISTED", GROUP_IS_THERE},
    {"BIZ_SUBSCRIPTION_ALREADY_EXISTS", GROUP_IS_THERE},
    {"BIZ_PUBLISHER_EXISTED", GROUP_IS_THERE},
    {"BIZ_TOPIC_NOT_FOUND", NOT_THERE},
    {"BIZ_SUBSCRIPTION_NOT_FOUND", NOT_THERE},
    {"BIZ_PUBLISH_INFO_NOT_FOUND", NOT_THERE},
    {"INSTANCE_NOT_FOUND", ALWAYS(INSTANCE_NOT_FOUND)},
    {"BIZ_INSTANCE_NOT_FOUND", ALWAYS(INSTANCE_NOT_FOUND)},
    {"BIZ_INSTANCE_STATUS_ERROR", ALWAYS(INSTANCE_NOT_IN_SERVICE)},
    {"Instance.StatusNotRunning", ALWAYS(INSTANCE_NOT_IN_SERVICE)},
    {"AUTH_RESOURCE_OWNER_ERROR",
     {CAUSE_INSTANCE_PERMISSION_UNVERIFIED, CAUSE_INSTANCE_PERMISSION_MISSING, ABSENT,
      CAUSE_INSTANCE_PERMISSION_MISSING, CAUSE_INSTANCE_PERMISSION_MISSING}},
    {"BIZ_INSTANCE_PERMISSION_CHECK_ERROR", PERMISSION},
    {"AUTH_PERMISSION_CHECK_ERROR", PERMISSION},
    {"BIZ_INSTANCE_OWNER_ERROR", ALWAYS(INSTANCE_PERMISSION_MISSING)},
    {"AUTH_SYSTEM_PERMISSION_CHECK_ERROR", ALWAYS(INSTANCE_PERMISSION_MISSING)},
    {"BIZ_TOPIC_TOO_MUCH", CREATES(TOPIC_QUOTA_REACHED, REFUSED)},
    {"BIZ_SUBSCRIPTION_TOO_MUCH", CREATES(REFUSED, GROUP_QUOTA_REACHED)},
    {"DataExceedMaxLimit", QUOTA},
    {"BIZ_CONSUMER_ID_BELONG_TO_OTHER_USER", CREATES(TOPIC_NAMED_LIKE_GROUP, GROUP_IN_OTHER_INSTANCE)},
    {"BIZ_PRODUCER_ID_BELONG_TO_OTHER_USER", CREATES(TOPIC_NAMED_LIKE_GROUP, GROUP_IN_OTHER_INSTANCE)},
    {"BIZ_CREATE_TOPIC_ERROR", CREATE_FAILED},
    {"BIZ_TOPIC_CREATE_ERROR", CREATE_FAILED},
    {"BIZ_TOPIC_CREATE_INTERNAL_ERROR", CREATE_FAILED},
    {"AUTH_TOPIC_CREATE_ERROR", CREATE_FAILED},
    {"BIZ_TOPIC_STATUS_ERROR", CREATE_FAILED},
    {"BIZ_CREATE_SUBSCRIPTION_ERROR", CREATE_FAILED},
    {"BIZ_SUBSCRIPTION_CREATE_ERROR", CREATE_FAILED},
    {"RemoteCallError", CREATE_FAILED},
    {"ONS_INVOKE_ERROR", CREATE_FAILED},
    {"ApiCallFailed", CREATE_FAILED},
    {"ONS_SYSTEM_FLOW_CONTROL", ALWAYS(THROTTLED)},
    {"ONS_SYSTEM_ERROR", ALWAYS(SYSTEM_ERROR)},
    {"ONS_INTERNAL_ERROR", ALWAYS(SYSTEM_ERROR)},
    {"ONS_INIT_ENV_ERROR", ALWAYS(SYSTEM_ERROR)},
    {"ONS_LOGIN_CHECK_ERROR", ALWAYS(SYSTEM_ERROR)},
    {"InternalError", ALWAYS(SYSTEM_ERROR)},
    {"INTERNAL.ERROR", ALWAYS(SYSTEM_ERROR)},
    {"ONS.INTERNAL.ERROR", ALWAYS(SYSTEM_ERROR)},
    {"BIZ_FIELD_CHECK_INVALID", PARAMETER},
    {"ONS_SERVICE_UNSUPPORTED", ALWAYS(UNSUPPORTED)},
    {"BIZ_REGION_NOT_FOUND", ALWAYS(CONFIGURATION_WRONG)},
    {NULL, {0}},
};

/* openapi 4.5. A nonce that was used: an earlier copy of this very request arrived. */
static const struct row gateway[] = {
    {"*Throttling*", ALWAYS(THROTTLED)},
    {"FlowControl", ALWAYS(THROTTLED)},
    {"ServiceUnavailable", ALWAYS(SYSTEM_ERROR)},
    {"SignatureNonceUsed", READS_CREATES(SYSTEM_ERROR, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN)},
    {"InvalidTimeStamp*", ALWAYS(CLOCK_SKEWED)},
    {"SignatureDoesNotMatch", ALWAYS(CREDENTIALS_REJECTED)},
    {"IncompleteSignature", ALWAYS(CREDENTIALS_REJECTED)},
    {"InvalidAccessKey*", ALWAYS(CREDENTIALS_REJECTED)},
    {"InvalidSecurityToken.Expired", ALWAYS(CREDENTIALS_EXPIRED)},
    {"SecurityTokenExpired", ALWAYS(CREDENTIALS_EXPIRED)},
    {"InvalidSecurityToken*", ALWAYS(CREDENTIALS_REJECTED)},
    {"MissingSecurityToken", ALWAYS(CREDENTIALS_REJECTED)},
    {"Forbidden*", PERMISSION},
    {"InvalidApi.NotFound", ALWAYS(CONFIGURATION_WRONG)},
    {"InvalidAction.NotFound", ALWAYS(CONFIGURATION_WRONG)},
    {"InvalidVersion*", ALWAYS(CONFIGURATION_WRONG)},
    {"InvalidProduct.NotFound", ALWAYS(CONFIGURATION_WRONG)},
    {"InvalidProtocol.NeedSsl", ALWAYS(CONFIGURATION_WRONG)},
    {"InvalidDomainName.NoExist", ALWAYS(CONFIGURATION_WRONG)},
    {"UnsupportedHTTPMethod", ALWAYS(CONFIGURATION_WRONG)},
    {NULL, {0}},
};

/* The documented failures of the metadata migration (openapi 3): no source tells their codes in the 5.x product. */
static const struct row sentences[] = {
    {"*specified topic already exists*", TOPIC_IS_THERE},
    {"*group ID that you want to create already exists*", GROUP_IS_THERE},
    {"*specified instance does not exist*", ALWAYS(INSTANCE_NOT_FOUND)},
    {"*ailed to verify permissions on the instance*", ALWAYS(INSTANCE_PERMISSION_UNVERIFIED)},
    {"*specified instance is not in service*", ALWAYS(INSTANCE_NOT_IN_SERVICE)},
    {"*maximum number of topics on this instance is reached*", CREATES(TOPIC_QUOTA_REACHED, REFUSED)},
    {"*instance does not have required permissions*", ALWAYS(INSTANCE_PERMISSION_MISSING)},
    {"*topic name cannot be the same as a group ID*", CREATES(TOPIC_NAMED_LIKE_GROUP, REFUSED)},
    {"*group ID cannot be the same as a topic name*", CREATES(REFUSED, GROUP_NAMED_LIKE_TOPIC)},
    {"*specified group ID belongs to another instance*", CREATES(REFUSED, GROUP_IN_OTHER_INSTANCE)},
    {"*ailed to create the group ID*", CREATE_FAILED},
    {"*ailed to create the topic*", CREATE_FAILED},
    {"*system processing error occurred*", ALWAYS(SYSTEM_ERROR)},
    {"*ailed to verify the parameters*", PARAMETER},
    {NULL, {0}},
};

/* openapi 3, "robust classification". */
static const struct row shapes[] = {
    {"Instance*NotFound", ALWAYS(INSTANCE_NOT_FOUND)},
    {"Instance*NotExist*", ALWAYS(INSTANCE_NOT_FOUND)},
    {"*INSTANCE_NOT_FOUND", ALWAYS(INSTANCE_NOT_FOUND)},
    {"*Topic*NotFound", NOT_THERE},
    {"*Topic*NotExist*", NOT_THERE},
    {"*Group*NotFound", NOT_THERE},
    {"*Group*NotExist*", NOT_THERE},
    {"*NotFound", CREATES(REFUSED, REFUSED)},
    {"*NotExist*", CREATES(REFUSED, REFUSED)},
    {"*_NOT_FOUND", CREATES(REFUSED, REFUSED)},
    {"*Group*.Exist*", GROUP_IS_THERE},
    {"*Group*AlreadyExist*", GROUP_IS_THERE},
    {"*SUBSCRIPTION*_EXIST*", GROUP_IS_THERE},
    {"*Topic*.Exist*", TOPIC_IS_THERE},
    {"*Topic*AlreadyExist*", TOPIC_IS_THERE},
    {"*TOPIC*_EXIST*", TOPIC_IS_THERE},
    {"*.Existed", CREATES(TOPIC_EXISTS, GROUP_EXISTS)},
    {"*.Exist", CREATES(TOPIC_EXISTS, GROUP_EXISTS)},
    {"*AlreadyExist*", CREATES(TOPIC_EXISTS, GROUP_EXISTS)},
    {"*_EXISTED", CREATES(TOPIC_EXISTS, GROUP_EXISTS)},
    {"*_ALREADY_EXISTS", CREATES(TOPIC_EXISTS, GROUP_EXISTS)},
    {"Missing*", PARAMETER},
    {"Invalid*", PARAMETER},
    {"*Quota*", QUOTA},
    {"*QUOTA*", QUOTA},
    {"*TooMany*", QUOTA},
    {"*TooMuch*", QUOTA},
    {"*TOO_MANY*", QUOTA},
    {"*TOO_MUCH*", QUOTA},
    {"*MaxLimit*", QUOTA},
    {"*CountLimit*", QUOTA},
    {"*CountExceed*", QUOTA},
    {"*OverLimit*", QUOTA},
    {"*ExceedLimit*", QUOTA},
    {"*LimitExceed*", QUOTA},
    {"Instance*Status*", ALWAYS(INSTANCE_NOT_IN_SERVICE)},
    {"Instance*NotRunning*", ALWAYS(INSTANCE_NOT_IN_SERVICE)},
    {"Instance*NotInService*", ALWAYS(INSTANCE_NOT_IN_SERVICE)},
    {"*INSTANCE*STATUS*", ALWAYS(INSTANCE_NOT_IN_SERVICE)},
    {"*BelongToOther*", CREATES(REFUSED, GROUP_IN_OTHER_INSTANCE)},
    {"*BELONG_TO_OTHER*", CREATES(REFUSED, GROUP_IN_OTHER_INSTANCE)},
    {"NoPermission*", PERMISSION},
    {"*Permission*", PERMISSION},
    {"*PERMISSION*", PERMISSION},
    {"AUTH_*", PERMISSION},
    {"*Unauthorized*", PERMISSION},
    {"AccessDenied*", PERMISSION},
    {"*INVALID", PARAMETER},
    {"*FormatError", PARAMETER},
    {NULL, {0}},
};

static const struct row *find(const struct row *table, struct text text)
{
    for (; table->pattern; table++) {
        if (glob_match(text_of(table->pattern), text))
            return table;
    }
    return NULL;
}

static const struct row *find_code(enum product product, struct text code)
{
    const struct row *row = find(product == PRODUCT_ONS ? ons : rocketmq, code);
    return row ? row : find(gateway, code);
}

/* 4xx are for good as far as anybody knows, 5xx may pass. */
static const struct row *of_status(uint16_t status)
{
    static const struct row budget = {"", ALWAYS(THROTTLED)}, permission = {"", PERMISSION},
                            passes = {"", CREATE_FAILED}, unknown = {"", CREATES(REFUSED, REFUSED)};

    if (status == 429)
        return &budget;
    if (status == 403)
        return &permission;
    return status >= 500 ? &passes : &unknown;
}

static enum column column_of(enum asking asking, enum kind kind)
{
    switch (asking) {
    case ASKING_DESCRIBE:
        return COLUMN_DESCRIBE;
    case ASKING_LIST:
        return COLUMN_LIST;
    case ASKING_GET:
        return COLUMN_GET;
    case ASKING_CREATE:
    case ASKINGS:
        break;
    }
    return kind == KIND_TOPIC ? COLUMN_TOPIC : COLUMN_GROUP;
}

int codes_cause(enum product product, enum asking asking, enum kind kind, struct text code, struct text message,
                uint16_t status)
{
    const struct row *row = find_code(product, code);

    if (!row)
        row = find(sentences, message);
    if (!row)
        row = find(shapes, code);
    if (!row)
        row = of_status(status);
    return row->causes[column_of(asking, kind)];
}

/* ---- names */

/* openapi 1.1, 2.1. ONS has no operation that reads one: its lists take a filter. */
const char *codes_operation(enum product product, enum asking asking, enum kind kind)
{
    static const char *const operations[PRODUCTS][ASKINGS][KINDS] = {
        {{"GetInstance", "GetInstance"},
         {"ListTopics", "ListConsumerGroups"},
         {"GetTopic", "GetConsumerGroup"},
         {"CreateTopic", "CreateConsumerGroup"}},
        {{"OnsInstanceBaseInfo", "OnsInstanceBaseInfo"},
         {"OnsTopicList", "OnsGroupList"},
         {"OnsTopicList", "OnsGroupList"},
         {"OnsTopicCreate", "OnsGroupCreate"}},
    };
    return operations[product][asking][kind];
}

/* openapi 1.9, 2.4. */
const char *codes_ram_action(enum product product, enum asking asking, enum kind kind)
{
    static const char *const actions[PRODUCTS][ASKINGS][KINDS] = {
        {{"rocketmq:GetInstance", "rocketmq:GetInstance"},
         {"rocketmq:ListTopics", "rocketmq:ListConsumerGroups"},
         {"rocketmq:GetTopic", "rocketmq:GetConsumerGroup"},
         {"rocketmq:CreateTopic", "rocketmq:CreateConsumerGroup"}},
        {{"mq:QueryInstanceBaseInfo", "mq:QueryInstanceBaseInfo"},
         {"mq:ListTopic", "mq:ListGroup"},
         {"mq:ListTopic", "mq:ListGroup"},
         {"mq:CreateTopic", "mq:CreateGroup"}},
    };
    return actions[product][asking][kind];
}
