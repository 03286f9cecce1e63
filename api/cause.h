/* SPDX-License-Identifier: Apache-2.0
 *
 * The cause table (cause.def): why something could not be done, what mqferry does about it, what a person should do.
 * Pure; everything returned points to static storage.
 */
#ifndef MQFERRY_API_CAUSE_H
#define MQFERRY_API_CAUSE_H

#include <stddef.h>

enum cause {
    CAUSE_NONE = 0, /* nothing is wrong */
#define CAUSE(id, name, scope, remedy, exit, hint) CAUSE_##id,
#include "api/cause.def"
#undef CAUSE
    CAUSE_COUNT
};

enum cause_scope { SCOPE_RESOURCE = 1, SCOPE_KIND, SCOPE_SYNC, SCOPE_ACCOUNT };

enum cause_remedy {
    REMEDY_SETTLE = 1,
    REMEDY_STUCK,
    REMEDY_RETRY,
    REMEDY_SLOWLY,
    REMEDY_PACE,
    REMEDY_READ,
    REMEDY_DECIDE,
};

const char *cause_name(int cause); /* "topic-exists"; "none" for CAUSE_NONE and for numbers outside the table */
int cause_by_name(const char *name, size_t bytes); /* CAUSE_NONE when unknown */
enum cause_scope cause_scope(int cause);
enum cause_remedy cause_remedy(int cause);
int cause_exit_code(int cause); /* contract section 2; 0 where the row alone decides */
const char *cause_hint(int cause);

/* Does trying again without any change of input make sense (remedies RETRY, PACE and READ)? */
int cause_is_retried(int cause);

#endif
