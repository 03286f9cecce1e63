/* SPDX-License-Identifier: Apache-2.0
 *
 * Where credentials come from: the vendor's default chain in its order with its switches (openapi 6.1), or the one
 * place that a SPEC names (contract section 3). Everything here reads files or runs programs: workers only.
 */
#ifndef MQFERRY_API_CLOUD_SOURCES_H
#define MQFERRY_API_CLOUD_SOURCES_H

#include <stdatomic.h>
#include <stdint.h>

#include "api/base/failure.h"
#include "api/cloud/recipe.h"

struct source {
    const char *name; /* for people: "the environment" */
    /* 0; -1: it has nothing, *why says what was missing. `argument`: of the SPEC, or NULL. */
    int (*read)(const char *argument, const atomic_bool *cancelled, struct recipe *out, struct failure *why);
};

struct source_list {
    const struct source *sources; /* static; tried in order */
    uint32_t count;
    const char *argument; /* within the SPEC */
};

/* spec NULL: the default chain. CAUSE_CONFIGURATION_WRONG for one that is none of profile:NAME, file:PATH,
 * credential:NAME, env:PREFIX. Reads nothing. */
int sources_of(const char *spec, struct source_list *out, struct failure *why);

#endif
