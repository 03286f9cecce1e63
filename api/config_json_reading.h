/* SPDX-License-Identifier: Apache-2.0
 *
 * What the readers of config_json*.c share: scalars in the spellings of the wild, and what can be wrong with them.
 * `name` is the member's; everything that fails sets *out_offset and *why and returns -1.
 */
#ifndef MQFERRY_API_CONFIG_JSON_READING_H
#define MQFERRY_API_CONFIG_JSON_READING_H

#include "api/base/failure.h"
#include "api/base/json_keys.h"

/* One call: from where, and where to say what is wrong. */
struct reading {
    struct json_reader *reader;
    size_t *out_offset;
    struct failure *why;
};

/* true and false, also as texts; whole numbers, also as texts; texts. */
int reading_boolean(const struct reading *reading, const char *name, const struct json_token *token, int64_t *out);
int reading_integer(const struct reading *reading, const char *name, const struct json_token *token, int64_t *out);
int reading_text(const struct reading *reading, const char *name, const struct json_token *token, struct text *out);

/* The text is not JSON, or memory ran out. */
int reading_broken(const struct reading *reading);
/* "perm is a whole number, not a list"; broken where the token is. */
int reading_wrong_type(const struct reading *reading, const char *name, const char *wanted,
                       const struct json_token *token);
int reading_said_twice(const struct reading *reading, struct text name, size_t offset);
/* The member where it stands is `what`. */
int reading_refuse(const struct reading *reading, size_t offset, struct text name, const char *what);
/* A member that nobody knows is checked, noted among the strangers and counted; a reference is refused, and so is one
 * that stands twice inside of it. */
int reading_unknown(const struct reading *reading, const struct json_token *token, struct json_keys *strangers,
                    uint32_t *counter);
/* At the end of an object: two of its members, the second one there, have one name. */
int reading_member_twice(const struct reading *reading, size_t offset);

#endif
