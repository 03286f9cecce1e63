/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/plan/plan.h"

#include <stdlib.h>

#include "api/cause.h"
#include "api/system.h"
#include "controller/plan/parts.h"
#include "manifests/name_index.h"

/* ---- names of states ---- */

static const char *const state_names[STATES] = {
    [STATE_IN_SYNC] = "inSync",    [STATE_ACCEPTED] = "accepted", [STATE_MISSING] = "missing",
    [STATE_CREATING] = "creating", [STATE_DIFFERS] = "differs",   [STATE_UNREAD] = "unread",
    [STATE_CONFLICT] = "conflict", [STATE_INVALID] = "invalid",   [STATE_IGNORED] = "ignored",
    [STATE_SYSTEM] = "system",     [STATE_EXCLUDED] = "excluded", [STATE_EXTRA] = "extra",
    [STATE_VANISHED] = "vanished",
};

const char *state_name(enum state state)
{
    return state_names[state];
}

enum state state_by_name(struct text name)
{
    enum state state = 0;
    while (state < STATES && !text_is(name, state_names[state]))
        state++;
    return state;
}

bool state_is_parity(enum state state)
{
    return state == STATE_IN_SYNC || state == STATE_ACCEPTED || state == STATE_IGNORED;
}

/* ---- all rows ---- */

static void mark_declared(struct plan *plan, uint32_t observed)
{
    plan->declared_rows[observed / 64] |= UINT64_C(1) << observed % 64;
}

static bool is_declared(const struct plan *plan, uint32_t observed)
{
    return (plan->declared_rows[observed / 64] >> observed % 64 & 1) != 0;
}

/* Both catalogs are sorted by name. A name may stand twice among the declared (renames that collide). */
static void join_kind(struct plan *plan, enum kind kind)
{
    const struct resource *declared = catalog_rows(plan->declared), *observed = catalog_rows(plan->observed);
    uint32_t row, row_count, other, other_count;

    catalog_range(plan->declared, kind, &row, &row_count);
    catalog_range(plan->observed, kind, &other, &other_count);
    uint32_t end = row + row_count, other_end = other + other_count;
    for (; row < end; row++) {
        int order = 1;
        while (other < other_end &&
               (order = catalog_compare(plan->observed, &observed[other], plan->declared, &declared[row])) < 0)
            other++;
        bool found = other < other_end && order == 0;
        if (found)
            mark_declared(plan, other);
        plan_judge(plan, row, found ? other : CATALOG_ABSENT);
    }
}

/* Would it be created, if names did not matter? */
static bool wants_name(const struct plan *plan, uint32_t number)
{
    const struct row *row = &plan->rows[number];
    return row->observed == CATALOG_ABSENT && (row->state == STATE_MISSING || row->state == STATE_INVALID) &&
           catalog_rows(plan->declared)[number].policy == POLICY_CREATE;
}

/* Calls `meet` for each name that `left` holds in one kind and `right` in the other. */
static void join_names(struct plan *plan, const struct catalog *left, enum kind left_kind, const struct catalog *right,
                       void (*meet)(struct plan *plan, uint32_t left_row, uint32_t right_row))
{
    enum kind right_kind = left_kind == KIND_TOPIC ? KIND_GROUP : KIND_TOPIC;
    uint32_t row, row_count, other, other_count;

    catalog_range(left, left_kind, &row, &row_count);
    catalog_range(right, right_kind, &other, &other_count);
    uint32_t end = row + row_count, other_end = other + other_count;
    while (row < end && other < other_end) {
        int order = catalog_compare(left, &catalog_rows(left)[row], right, &catalog_rows(right)[other]);
        if (order == 0)
            meet(plan, row, other);
        row += order <= 0;
        other += order > 0;
    }
}

static void both_wanted(struct plan *plan, uint32_t topic, uint32_t group)
{
    if (!wants_name(plan, topic) || !wants_name(plan, group))
        return;
    plan_settle(&plan->rows[topic], STATE_CONFLICT, CAUSE_TOPIC_NAMED_LIKE_GROUP);
    plan_settle(&plan->rows[group], STATE_CONFLICT, CAUSE_GROUP_NAMED_LIKE_TOPIC);
}

static void taken(struct plan *plan, uint32_t number, uint32_t observed)
{
    enum kind kind = catalog_rows(plan->declared)[number].kind;

    (void)observed;
    if (wants_name(plan, number))
        plan_settle(&plan->rows[number], STATE_CONFLICT,
                    kind == KIND_TOPIC ? CAUSE_TOPIC_NAMED_LIKE_GROUP : CAUSE_GROUP_NAMED_LIKE_TOPIC);
}

static void count_row(struct plan *plan, uint32_t number)
{
    struct row *row = &plan->rows[number];
    const struct resource *declared = &catalog_rows(plan->declared)[number];
    struct plan_counts *counts = &plan->counts[declared->kind];

    counts->states[row->state]++;
    counts->present += declared->status == STATUS_ORDINARY && row->observed != CATALOG_ABSENT;
    if (row->state == STATE_MISSING && declared->policy == POLICY_CREATE) {
        row->action = ACTION_CREATE;
        counts->creates++;
    }
}

/* They are not told as extra as well. */
static void mark_vanished(struct plan *plan)
{
    uint32_t row;

    for (uint32_t position = 0; plan_next_vanished(plan, &position, &row);) {
        const struct resource *resource = &catalog_rows(plan->vanished)[row];
        uint32_t observed =
            catalog_find(plan->observed, (enum kind)resource->kind, catalog_name(plan->vanished, resource));
        if (observed != CATALOG_ABSENT)
            mark_declared(plan, observed);
        plan->counts[resource->kind].states[STATE_VANISHED]++;
    }
}

static void judge_all(struct plan *plan)
{
    uint32_t observed;

    for (enum kind kind = 0; kind < KINDS; kind++)
        join_kind(plan, kind);
    if (plan->capabilities.rules.names_shared) {
        join_names(plan, plan->declared, KIND_TOPIC, plan->declared, both_wanted);
        join_names(plan, plan->declared, KIND_TOPIC, plan->observed, taken);
        join_names(plan, plan->declared, KIND_GROUP, plan->observed, taken);
    }
    for (uint32_t number = 0; number < plan->row_count; number++)
        count_row(plan, number);
    mark_vanished(plan);
    for (uint32_t position = 0; plan_next_extra(plan, &position, &observed);)
        plan->counts[catalog_rows(plan->observed)[observed].kind].extra++;
}

/* ---- life ---- */

static int reserve(struct plan *plan, struct failure *why)
{
    uint16_t masters = catalog_master_count(plan->declared);

    plan->rows = calloc(plan->row_count + (size_t)1, sizeof *plan->rows);
    plan->declared_rows = calloc(catalog_count(plan->observed) / 64 + 1, sizeof *plan->declared_rows);
    plan->places = calloc(masters + (size_t)1, sizeof *plan->places);
    plan->accepts_used = calloc(plan->mapping->accept_count + (size_t)1, sizeof *plan->accepts_used);
    if (!plan->rows || !plan->declared_rows || !plan->places || !plan->accepts_used)
        return failure_no_memory(why, "the plan");
    for (uint16_t i = 0; i < masters; i++)
        plan->places[i] = plan_find_master(plan->observed, catalog_master(plan->declared, i));
    return mapping_index_accepts(plan->mapping, &plan->accepts, why);
}

int plan_build(const struct plan_input *input, struct plan **out, struct failure *why)
{
    struct plan *plan = calloc(1, sizeof *plan);
    if (plan == NULL)
        return failure_no_memory(why, "the plan");
    atomic_init(&plan->references, 1);
    plan->declared = catalog_ref(input->declared);
    plan->observed = catalog_ref(input->observed);
    plan->vanished = input->vanished != NULL ? catalog_ref(input->vanished) : NULL;
    plan->mapping = input->mapping;
    plan->capabilities = *input->capabilities;
    plan->row_count = catalog_count(input->declared);
    if (reserve(plan, why) != 0) {
        plan_free(plan);
        return -1;
    }
    judge_all(plan);
    *out = plan;
    return 0;
}

struct plan *plan_ref(struct plan *plan)
{
    atomic_fetch_add_explicit(&plan->references, 1, memory_order_relaxed);
    return plan;
}

void plan_free(struct plan *plan)
{
    if (plan == NULL || atomic_fetch_sub_explicit(&plan->references, 1, memory_order_acq_rel) > 1)
        return;
    catalog_unref(plan->declared);
    catalog_unref(plan->observed);
    catalog_unref(plan->vanished);
    free(plan->rows);
    free(plan->declared_rows);
    free(plan->places);
    free(plan->accepts_used);
    name_index_free(plan->accepts);
    free(plan);
}

/* ---- questions ---- */

uint64_t plan_declared_count(const struct plan *plan)
{
    uint64_t count = 0;

    for (enum kind kind = 0; kind < KINDS; kind++) {
        for (enum state state = 0; state < STATE_SYSTEM; state++)
            count += plan->counts[kind].states[state];
    }
    return count;
}

bool plan_is_parity(const struct plan *plan)
{
    uint64_t fine = 0;

    for (enum kind kind = 0; kind < KINDS; kind++) {
        for (enum state state = 0; state < STATES; state++)
            fine += state_is_parity(state) ? plan->counts[kind].states[state] : 0;
    }
    return fine > 0 && fine == plan_declared_count(plan);
}

bool plan_next_extra(const struct plan *plan, uint32_t *position, uint32_t *out_observed)
{
    while (*position < catalog_count(plan->observed)) {
        uint32_t observed = (*position)++;
        const struct resource *row = &catalog_rows(plan->observed)[observed];
        bool ordinary =
            row->status == STATUS_ORDINARY || row->status == STATUS_CREATING || row->status == STATUS_UNREAD;
        if (!ordinary || is_declared(plan, observed) ||
            system_name((enum kind)row->kind, catalog_name(plan->observed, row)))
            continue;
        *out_observed = observed;
        return true;
    }
    return false;
}
