/* SPDX-License-Identifier: Apache-2.0
 *
 * One profile of credentials as name and value, whatever it was written in: a profile of the vendor's command line tool
 * (JSON), a section of the ini file, variables of the environment, an answer of STS. Names are those of the command
 * line tool's file (openapi 6.2); the ini file's own ones are translated. Wiped on release.
 */
#ifndef MQFERRY_API_CLOUD_PROFILE_H
#define MQFERRY_API_CLOUD_PROFILE_H

#include <stdint.h>

#include "api/base/buffer.h"
#include "api/base/failure.h"
#include "api/base/json.h"

enum { PROFILE_FIELDS_MAX = 48 };

struct profile {
    struct profile_field {
        char *name, *value;
    } fields[PROFILE_FIELDS_MAX];
    uint32_t count;
};

void profile_release(struct profile *profile); /* zeroed or released ones are fine */

/* NULL when the field is absent or empty. */
const char *profile_get(const struct profile *profile, const char *name);
/* Replaces what is there. */
int profile_set(struct profile *profile, const char *name, struct text value, struct failure *why);

/* Strings, integers and what is true in the object whose beginning was just read, up to its end; the rest is skipped.
 */
int profile_take_object(struct profile *profile, struct json_reader *reader, struct failure *why);

/* A whole JSON object (padded, json.h), or the object that is its member `inside` (NULL: none). `what` names the text
 * in messages; nothing of the text gets into them. */
int profile_of_json(struct text json, const char *inside, const char *what, struct profile *out, struct failure *why);

/* The profile `name` of the command line tool's file; NULL: the one that the file calls current. */
int profile_of_cli_file(struct text json, const char *name, const char *path, struct profile *out, struct failure *why);

/* A section of an ini text; lines before the first section belong to a section called "default". */
int profile_of_ini(struct text ini, const char *section, const char *path, struct profile *out, struct failure *why);

#endif
