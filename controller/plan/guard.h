/* SPDX-License-Identifier: Apache-2.0
 *
 * May this plan be applied? Identity of both sides, size, emptiness, age, shrinkage. Pure.
 */
#ifndef MQFERRY_CONTROLLER_PLAN_GUARD_H
#define MQFERRY_CONTROLLER_PLAN_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "api/base/digest.h"
#include "api/base/failure.h"
#include "api/instance.h"
#include "controller/plan/plan.h"

struct expectation { /* --expect, expect:; "brokers" compares as a number */
    char key[48];
    char value[208];
};

struct guard {
    uint32_t max_creates; /* per pass; UINT32_MAX: no limit */
    bool allow_empty_source;
    uint32_t max_shrink_percent; /* 100: not guarded */
    char accept_shrink[DIGEST_TEXT_BYTES];
    uint64_t max_source_age_ms;       /* 0: not guarded */
    const struct expectation *expect; /* of the destination */
    uint32_t expect_count;
    bool expect_exact; /* a saved plan: the destination tells these facts and no others */
};

/* Identity facts against expectations: IDENTITY_MISMATCH with what was found. `side` names it in the sentence. 0 or -1.
 */
int guard_identity(const struct expectation *expect, uint32_t count, const struct identity *identity, const char *side,
                   struct failure *why);
/* The destination's, as the guard wants it. 0 or -1. */
int guard_destination(const struct guard *guard, const struct identity *identity, struct failure *why);
/* SOURCE_EMPTY, GUARD_REFUSED (maxCreates; age of the source). `source_age_ms` 0: unknown. 0 or -1. */
int guard_plan(const struct guard *guard, const struct plan *plan, uint64_t source_age_ms, struct failure *why);
/* Has the source shrunk more than allowed since the last good pass? Then parity is not claimed, creates go on. */
bool guard_shrunk(const struct guard *guard, uint64_t declared_before, uint64_t declared_now, const char *digest_now);

#endif
