/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads JSON objects by a table of their members. Members that the table does not name are skipped: answers grow.
 */
#ifndef MQFERRY_API_CLOUD_MEMBERS_H
#define MQFERRY_API_CLOUD_MEMBERS_H

#include "api/base/json.h"

enum { MEMBERS_MAX = 32 };

enum member_type {
    MEMBER_TEXT = 1, /* struct text; a number as it is spelt */
    MEMBER_INTEGER,  /* int64_t; also a number in a string */
    MEMBER_BOOL,     /* enum said */
    MEMBER_OBJECT,   /* its members go into the same struct; anything else but an object counts as absent */
    MEMBER_VALUE,    /* any value: handed to take() */
    MEMBER_EACH,     /* a list: each element is handed to take() */
};

enum said { SAID_NOTHING = 0, SAID_NO, SAID_YES };

struct member {
    const char *name; /* the case of its first letter does not matter (openapi 4.4); NULL ends a table */
    enum member_type type;
    size_t offset;                /* TEXT, INTEGER, BOOL: in the struct that is filled */
    const struct member *members; /* OBJECT */
    /* VALUE, EACH: consumes the value that `token` began. 0 or -1. */
    int (*take)(void *into, struct json_reader *reader, const struct json_token *token, struct failure *why);
};

/* Reads the object that `begin` began. What is absent or null leaves its field as it was. Texts live until the reader
 * is freed. -1: broken JSON, a value of another type, or a member given twice (BAD_ANSWER), or what take() said. */
int members_read(struct json_reader *reader, const struct json_token *begin, const struct member *members, void *into,
                 struct failure *why);

/* The reader is broken: BAD_ANSWER with what it expected, and where; -1. */
int members_broken(const struct json_reader *reader, struct failure *why);

#endif
