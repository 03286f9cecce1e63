/* SPDX-License-Identifier: Apache-2.0
 *
 * The members of TopicConfig and SubscriptionGroupConfig (rocketmq-remoting 1.5, 1.7), in the alphabetical order in
 * which brokers write them: what config_json.c reads and config_json_write.c writes.
 */
#ifndef MQFERRY_API_CONFIG_JSON_MEMBERS_H
#define MQFERRY_API_CONFIG_JSON_MEMBERS_H

#include "api/fields.h"

enum member_form {
    MEMBER_PLAIN = 1,     /* a scalar: the field as it is */
    MEMBER_SYNONYM,       /* the same, but read only: brokers do not write it */
    MEMBER_NAME,          /* of the resource */
    MEMBER_ATTRIBUTES,    /* a map; message.type in it is a field of its own */
    MEMBER_ORDERLY,       /* a boolean for deliveryOrderType */
    MEMBER_NUMBERS,       /* a list of integers */
    MEMBER_SUBSCRIPTIONS, /* a list of objects, kept as JSON */
    MEMBER_OBJECT,        /* members of its own */
};

struct member {
    const char *name; /* NULL ends a table */
    enum member_form form;
    enum field field;            /* but for names and objects */
    const struct member *inside; /* of an object */
};

extern const struct member *const config_json_members[KINDS];

#define MESSAGE_TYPE_ATTRIBUTE "message.type" /* rocketmq-remoting 1.6 */

#endif
