/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/plan/guard.h"

#include <inttypes.h>
#include <string.h>

#include "api/base/strings.h"
#include "api/cause.h"

/* ---- identity ---- */

static bool fact_equal(const struct expectation *expect, const char *found)
{
    int64_t wanted_number, found_number;

    if (strcmp(expect->key, "brokers") == 0 && number_parse(text_of(expect->value), &wanted_number) &&
        number_parse(text_of(found), &found_number))
        return wanted_number == found_number;
    return strcmp(expect->value, found) == 0;
}

int guard_identity(const struct expectation *expect, uint32_t count, const struct identity *identity, const char *side,
                   struct failure *why)
{
    for (uint32_t i = 0; i < count; i++) {
        const char *found = identity_value(identity, expect[i].key);
        if (found == NULL)
            return failure_set(why, CAUSE_IDENTITY_MISMATCH, "the %s does not tell its %s, which should be \"%s\"",
                               side, expect[i].key, expect[i].value);
        if (!fact_equal(&expect[i], found))
            return failure_set(why, CAUSE_IDENTITY_MISMATCH, "%s of the %s is \"%s\", not the expected \"%s\"",
                               expect[i].key, side, found, expect[i].value);
    }
    return 0;
}

static bool is_expected(const struct guard *guard, const char *key)
{
    for (uint32_t i = 0; i < guard->expect_count; i++) {
        if (strcmp(guard->expect[i].key, key) == 0)
            return true;
    }
    return false;
}

int guard_destination(const struct guard *guard, const struct identity *identity, struct failure *why)
{
    if (guard_identity(guard->expect, guard->expect_count, identity, "destination", why) != 0)
        return -1;
    for (uint16_t i = 0; guard->expect_exact && i < identity->count; i++) {
        if (!is_expected(guard, identity->facts[i].key))
            return failure_set(why, CAUSE_IDENTITY_MISMATCH,
                               "the destination has %s \"%s\", which it had not when the plan was made",
                               identity->facts[i].key, identity->facts[i].value);
    }
    return 0;
}

/* ---- the plan ---- */

static uint64_t creates_of(const struct plan *plan)
{
    uint64_t creates = 0;

    for (enum kind kind = 0; kind < KINDS; kind++)
        creates += plan->counts[kind].creates;
    return creates;
}

int guard_plan(const struct guard *guard, const struct plan *plan, uint64_t source_age_ms, struct failure *why)
{
    uint64_t creates = creates_of(plan);
    char age[32], limit[32], count[32];

    if (plan_declared_count(plan) == 0 && !guard->allow_empty_source)
        return failure_set(why, CAUSE_SOURCE_EMPTY,
                           "nothing is declared: the source is empty, or everything in it is "
                           "excluded");
    if (guard->max_source_age_ms != 0 && source_age_ms > guard->max_source_age_ms) {
        duration_format(source_age_ms, age);
        duration_format(guard->max_source_age_ms, limit);
        return failure_set(why, CAUSE_GUARD_REFUSED, "the exported source is %s old, maxSourceAge is %s: export again",
                           age, limit);
    }
    if (guard->max_creates != UINT32_MAX && creates > guard->max_creates) {
        count_format(creates, count);
        count_format(guard->max_creates, limit);
        return failure_set(why, CAUSE_GUARD_REFUSED,
                           "%s resources would be created, maxCreates allows %s: nothing was "
                           "written",
                           count, limit);
    }
    return 0;
}

/* ---- shrinkage ---- */

bool guard_shrunk(const struct guard *guard, uint64_t declared_before, uint64_t declared_now, const char *digest_now)
{
    if (guard->max_shrink_percent >= 100 || declared_now >= declared_before)
        return false;
    if (digest_now != NULL && strcmp(guard->accept_shrink, digest_now) == 0)
        return false;
    return (declared_before - declared_now) * 100 > declared_before * guard->max_shrink_percent;
}
