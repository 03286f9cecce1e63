/* SPDX-License-Identifier: Apache-2.0
 *
 * The first row that fits decides.
 */
#include "api/cluster/codes.h"

#include <stdio.h>
#include <string.h>

#include "api/base/glob.h"
#include "api/cause.h"

enum { COLUMN_READ, COLUMN_TOPIC, COLUMN_GROUP, COLUMNS };

enum { ANY_CODE = INT32_MIN };

struct row {
    int32_t code;
    const char *remark; /* glob */
    int16_t causes[COLUMNS];
};

#define ALWAYS(id)                                                                                                     \
    {                                                                                                                  \
        CAUSE_##id, CAUSE_##id, CAUSE_##id                                                                             \
    }
/* A read has nothing to do with it. */
#define CREATES(topic, group)                                                                                          \
    {                                                                                                                  \
        CAUSE_BAD_ANSWER, CAUSE_##topic, CAUSE_##group                                                                 \
    }
#define PARAMETER CREATES(INVALID_PARAMETER, INVALID_PARAMETER)

static const struct row rows[] = {
    /* The guard held (3.8, 10.2). */
    {1, "*attempt to update an unchangeable attribute*", CREATES(TOPIC_EXISTS, REFUSED)},
    /* ACL 1.0 (4.1) */
    {1, "*AclException*Need admin permission*", ALWAYS(INSTANCE_PERMISSION_MISSING)},
    {1, "*AclException*No default permission*", ALWAYS(INSTANCE_PERMISSION_MISSING)},
    {1, "*AclException*No permission*", ALWAYS(INSTANCE_PERMISSION_MISSING)},
    {1, "*AclException*", ALWAYS(CREDENTIALS_REJECTED)},
    /* ACL 2.0 (4.2) */
    {16, "*username cannot be null*", ALWAYS(CREDENTIALS_REJECTED)},
    {16, "*is not found*", ALWAYS(CREDENTIALS_REJECTED)},
    {16, "*check signature failed*", ALWAYS(CREDENTIALS_REJECTED)},
    {16, "*is disable*", ALWAYS(CREDENTIALS_REJECTED)},
    {16, "*", ALWAYS(INSTANCE_PERMISSION_MISSING)},
    /* No master any more (5.2), or soon no peer. */
    {1, "*from slave broker*", ALWAYS(INSTANCE_NOT_IN_SERVICE)},
    {14, "*", ALWAYS(INSTANCE_NOT_IN_SERVICE)},
    {1500, "*", ALWAYS(INSTANCE_NOT_IN_SERVICE)},
    /* [REJECTREQUEST], [OVERLOAD] */
    {2, "*", ALWAYS(THROTTLED)},
    {3, "*", ALWAYS(UNSUPPORTED)},
    {15, "*", ALWAYS(UNSUPPORTED)},
    /* Names and values (2.3, 3.7, 1.6); 29 from 5.3.2. */
    {29, "*", PARAMETER},
    {1, "*topic*is blank*", PARAMETER},
    {1, "*contains illegal characters*", PARAMETER},
    {1, "*longer than*", PARAMETER},
    {1, "*system topic*", PARAMETER},
    {1, "*conflict with*", PARAMETER},
    {1, "*unsupported key*", PARAMETER},
    {1, "*value is not in set*", PARAMETER},
    {1, "*value is not in range*", PARAMETER},
    {1, "*add attribute is supported while creating topic*", PARAMETER},
    {1, "*attribute format is wrong*", PARAMETER},
    {1, "*MIXED message type*", PARAMETER},
    {1, "*", {CAUSE_SYSTEM_ERROR, CAUSE_TOPIC_CREATE_FAILED, CAUSE_GROUP_CREATE_FAILED}},
    {ANY_CODE, "*", {CAUSE_BAD_ANSWER, CAUSE_REFUSED, CAUSE_REFUSED}},
};

int remote_cause(int32_t code, struct text remark, enum remote_asking asking, enum kind kind)
{
    int column = asking == REMOTE_READ ? COLUMN_READ : kind == KIND_TOPIC ? COLUMN_TOPIC : COLUMN_GROUP;
    const struct row *row = rows;

    while (row->code != ANY_CODE && (row->code != code || !glob_match(text_of(row->remark), remark)))
        row++;
    return row->causes[column];
}

bool remote_turned_away(int32_t code)
{
    return code == 2 || code == 1500;
}

/* --- names -----------------------------------------------------------------------------------------------------------
 */

struct named {
    int32_t code;
    const char *name;
};

static const char *find(const struct named *table, int32_t code)
{
    while (table->name && table->code != code)
        table++;
    return table->name;
}

const char *remote_code_name(int32_t code)
{
    static const struct named table[] = {
        {0, "SUCCESS"},
        {1, "SYSTEM_ERROR"},
        {2, "SYSTEM_BUSY"},
        {3, "REQUEST_CODE_NOT_SUPPORTED"},
        {14, "SERVICE_NOT_AVAILABLE"},
        {15, "VERSION_NOT_SUPPORTED"},
        {16, "NO_PERMISSION"},
        {17, "TOPIC_NOT_EXIST"},
        {22, "QUERY_NOT_FOUND"},
        {29, "INVALID_PARAMETER"},
        {1500, "GO_AWAY"},
        {0, NULL},
    };
    return find(table, code);
}

const char *remote_request_name(int32_t code)
{
    static const struct named table[] = {
        {17, "UPDATE_AND_CREATE_TOPIC"},
        {18, "UPDATE_AND_CREATE_TOPIC_LIST"},
        {21, "GET_ALL_TOPIC_CONFIG"},
        {26, "GET_BROKER_CONFIG"},
        {100, "PUT_KV_CONFIG"},
        {106, "GET_BROKER_CLUSTER_INFO"},
        {200, "UPDATE_AND_CREATE_SUBSCRIPTIONGROUP"},
        {201, "GET_ALL_SUBSCRIPTIONGROUP_CONFIG"},
        {219, "GET_KVLIST_BY_NAMESPACE"},
        {225, "UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST"},
        {305, "GET_SYSTEM_TOPIC_LIST_FROM_BROKER"},
        {351, "GET_TOPIC_CONFIG"},
        {0, NULL},
    };
    const char *name = find(table, code);
    return name ? name : "a request";
}

/* Java puts the trace behind the first line. */
static struct text first_line(struct text text)
{
    const char *end = text.bytes > 0 ? memchr(text.data, '\n', text.bytes) : NULL;
    return end ? (struct text){text.data, (size_t)(end - text.data)} : text;
}

int remote_refusal(const char *who, int32_t request, const struct frame *answer, enum remote_asking asking,
                   enum kind kind, struct failure *why)
{
    struct text said = first_line(answer->remark);
    const char *name = remote_code_name(answer->code);

    failure_set(why, remote_cause(answer->code, answer->remark, asking, kind), "%s refused %s: %.*s", who,
                remote_request_name(request), said.bytes > 0 ? (int)said.bytes : 19,
                said.bytes > 0 ? said.data : "no reason was given");
    snprintf(why->provider_code, sizeof why->provider_code, name ? "%d %s" : "%d", answer->code, name);
    snprintf(why->provider_message, sizeof why->provider_message, "%.*s", (int)said.bytes, said.data);
    return -1;
}
