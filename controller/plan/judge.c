/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cause.h"
#include "controller/plan/parts.h"

void plan_settle(struct row *row, enum state state, int cause)
{
    row->state = (uint8_t)state;
    row->cause = (uint16_t)cause;
}

static bool holds(const struct plan *plan, enum kind kind, enum field field)
{
    return (plan->capabilities.holds[kind] & FIELD_BIT(field)) != 0;
}

/* Does the problem matter at this destination? One that names a setting only where that setting is kept; that all queue
 * numbers are unknown only where they are needed: a snapshot that stands for any instance needs nothing. */
static bool concerns(const struct plan *plan, enum kind kind, const struct problem *problem)
{
    if (problem->field != FIELD_COUNT)
        return holds(plan, kind, problem->field);
    if (problem->cause == CAUSE_QUEUE_NUMBERS_UNKNOWN)
        return plan->capabilities.rules.kind != INSTANCE_ANY && holds(plan, kind, FIELD_TOPIC_READ_QUEUE_NUMS);
    return true;
}

/* Settings that are told per master: do those differ that the destination keeps? */
static bool masters_disagree(const struct plan *plan, const struct resource *declared)
{
    const struct spread *spread = catalog_spread(plan->declared, declared->settings);
    const struct settings *first = catalog_settings_of(plan->declared, declared);
    uint64_t kept = plan->capabilities.holds[declared->kind];

    for (uint16_t i = 0; i < spread->masters; i++) {
        if (spread->settings[i] == CATALOG_ABSENT)
            continue;
        const struct settings *other = catalog_settings(plan->declared, spread->settings[i]);
        if ((first->set & kept) != (other->set & kept) || settings_difference(first, other, kept, false) != 0)
            return true;
    }
    return false;
}

/* Problems that leave open what is declared: they count whether the resource is there or not. */
static int open_question(const struct plan *plan, const struct resource *declared)
{
    const struct problem *problem = catalog_problem(plan->declared, declared);

    switch (problem == NULL ? CAUSE_NONE : problem->cause) {
    case CAUSE_DECLARED_TWICE:
    case CAUSE_RENAME_COLLIDES:
        return problem->cause;
    case CAUSE_SOURCE_AMBIGUOUS:
        if (declared->spread ? plan_keeps_masters(plan) || masters_disagree(plan, declared)
                             : concerns(plan, declared->kind, problem))
            return problem->cause;
        return CAUSE_NONE;
    case CAUSE_PLACEMENT_UNKNOWN:
        return plan_keeps_masters(plan) ? problem->cause : CAUSE_NONE;
    default:
        return CAUSE_NONE;
    }
}

/* Problems that only creating would meet. */
static int obstacle(const struct plan *plan, uint32_t number)
{
    const struct resource *declared = &catalog_rows(plan->declared)[number];
    const struct problem *problem = catalog_problem(plan->declared, declared);
    char sentence[256];
    enum field field;

    if (problem != NULL && problem->cause != CAUSE_SOURCE_AMBIGUOUS && problem->cause != CAUSE_PLACEMENT_UNKNOWN &&
        concerns(plan, declared->kind, problem))
        return problem->cause;
    return plan_check_create(plan, number, &field, sentence);
}

/* Nothing of it is there, or it is there as declared on some masters. */
static void judge_missing(struct plan *plan, uint32_t number)
{
    struct row *row = &plan->rows[number];
    int cause;

    if (catalog_rows(plan->declared)[number].policy != POLICY_CREATE) {
        plan_settle(row, STATE_MISSING, CAUSE_NONE);
        return;
    }
    cause = obstacle(plan, number);
    plan_settle(row, cause == CAUSE_NONE ? STATE_MISSING : STATE_INVALID, cause);
}

static bool note_unaccepted(void *context, const struct difference *difference)
{
    bool *all = context;
    *all = *all && difference->accepted;
    return true;
}

/* Every accept entry that matches must be heard of, so all differences are visited. */
static bool all_accepted(const struct plan *plan, uint32_t number)
{
    bool all = plan->accepts != NULL;

    if (all)
        plan_visit_differences(plan, number, note_unaccepted, &all);
    return all;
}

static int unread_cause(const struct plan *plan, const struct resource *observed)
{
    const struct problem *problem = catalog_problem(plan->observed, observed);
    return problem == NULL ? CAUSE_NONE : problem->cause;
}

static void judge_present(struct plan *plan, uint32_t number, const struct resource *observed)
{
    struct row *row = &plan->rows[number];
    enum kind kind = observed->kind;
    bool missing = false, unread = false, different = false;
    struct place_pair place;

    for (uint32_t position = 0; plan_next_place(plan, number, &position, &place);) {
        missing = missing || place.observed == NULL;
        if (place.observed == NULL)
            continue;
        struct comparison found = plan_compare(plan, kind, &place, observed->status != STATUS_UNREAD);
        unread = unread || found.unread;
        different = different || (found.different | found.not_held) != 0;
    }
    if (observed->status == STATUS_CREATING)
        plan_settle(row, STATE_CREATING, CAUSE_NONE);
    else if (unread)
        plan_settle(row, STATE_UNREAD, unread_cause(plan, observed));
    else if (different && !all_accepted(plan, number))
        plan_settle(row, STATE_DIFFERS, CAUSE_NONE);
    else if (missing)
        judge_missing(plan, number);
    else
        plan_settle(row, different ? STATE_ACCEPTED : STATE_IN_SYNC, CAUSE_NONE);
}

/* A static topic, or RocketMQ's own: it is there, and it is never what is declared (rocketmq-remoting 2.1, 5.5). */
static bool is_taken(const struct plan *plan, uint32_t found)
{
    if (found == CATALOG_ABSENT)
        return false;
    uint8_t status = catalog_rows(plan->observed)[found].status;
    return status == STATUS_STATIC || status == STATUS_SYSTEM;
}

void plan_judge(struct plan *plan, uint32_t number, uint32_t found)
{
    const struct resource *declared = &catalog_rows(plan->declared)[number];
    struct row *row = &plan->rows[number];
    int cause = open_question(plan, declared);

    row->observed = found;
    if (declared->status == STATUS_EXCLUDED)
        plan_settle(row, STATE_EXCLUDED, CAUSE_NONE);
    else if (declared->status != STATUS_ORDINARY)
        plan_settle(row, STATE_SYSTEM, CAUSE_NONE);
    else if (declared->policy == POLICY_IGNORE && cause != CAUSE_DECLARED_TWICE)
        plan_settle(row, STATE_IGNORED, CAUSE_NONE);
    else if (cause != CAUSE_NONE)
        plan_settle(row, STATE_CONFLICT, cause);
    else if (is_taken(plan, found))
        plan_settle(row, STATE_CONFLICT, declared->kind == KIND_TOPIC ? CAUSE_TOPIC_EXISTS : CAUSE_GROUP_EXISTS);
    else if (found == CATALOG_ABSENT)
        judge_missing(plan, number);
    else
        judge_present(plan, number, &catalog_rows(plan->observed)[found]);
}
