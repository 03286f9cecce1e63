/* SPDX-License-Identifier: Apache-2.0
 *
 * Is what the pass tells what the log knows?
 */
#include <string.h>

#include "api/cause.h"
#include "tests/simulation/oracle.h"

#define BIT(thing) (1u << (thing))

/* There, as declared, in service, on every master. */
static bool is_as_declared(const struct oracle *oracle, uint32_t thing, uint64_t now_ms)
{
    for (uint32_t master = 0; master < oracle->world->masters; master++) {
        if (oracle->there[thing][master] != oracle->declared[thing])
            return false;
    }
    return oracle->serving_ms[thing] <= now_ms;
}

/* There on every master, or with another value somewhere: nothing is to be created. */
static bool is_nothing_to_do(const struct oracle *oracle, uint32_t thing)
{
    bool everywhere = true;
    for (uint32_t master = 0; master < oracle->world->masters; master++) {
        int8_t value = oracle->there[thing][master];
        if (value != ABSENT && value != oracle->declared[thing])
            return true;
        everywhere &= value != ABSENT;
    }
    return everywhere;
}

/* ---- parity ---------------------------------------------------------------------------------------------------- */

static void check_parity(struct oracle *oracle, const struct pass_report *report)
{
    uint32_t declared = 0;
    if (!report->parity)
        return;
    if (!oracle->planned || !oracle->loaded || !oracle->right_instance || oracle->changed)
        oracle_break(oracle, "never-falsely-green", "parity is claimed, and not everything was read in this pass");
    for (uint32_t thing = 0; thing < oracle->world->count; thing++) {
        if (oracle->declared[thing] == ABSENT)
            continue;
        declared++;
        if (!is_as_declared(oracle, thing, report->ended_ms))
            oracle_break(oracle, "never-falsely-green", "parity is claimed, and n%02u is not there as declared", thing);
    }
    if (declared == 0)
        oracle_break(oracle, "never-falsely-green", "parity is claimed, and nothing is declared");
}

/* ---- results --------------------------------------------------------------------------------------------------- */

static void check_counts(struct oracle *oracle, const struct pass_report *report, const struct told told[THINGS_MAX])
{
    uint64_t counted[KINDS][RESULT_SKIPPED + 1] = {{0}};
    for (uint32_t thing = 0; thing < oracle->world->count; thing++)
        counted[oracle->world->things[thing].kind][told[thing].result]++;
    for (int kind = 0; kind < KINDS; kind++) {
        const uint64_t *sum = counted[kind];
        if (sum[RESULT_CREATED] != report->created[kind] || sum[RESULT_EXISTED] != report->existed[kind] ||
            sum[RESULT_FAILED] != report->failed[kind] || sum[RESULT_PENDING] != report->pending[kind] ||
            sum[RESULT_SKIPPED] != report->skipped[kind])
            oracle_break(oracle, "honest-reports", "the counts of %ss are not those of the rows", kind_word(kind));
    }
    if (oracle->sent != 0 && !report->created_any)
        oracle_break(oracle, "honest-reports", "creates left, and the report denies it");
}

static bool is_shown(const struct oracle *oracle, uint32_t thing)
{
    for (uint32_t master = 0; master < oracle->world->masters; master++) {
        if ((oracle->shown[master] & BIT(thing)) != 0)
            return true;
    }
    return false;
}

static bool is_there(const struct oracle *oracle, uint32_t thing)
{
    for (uint32_t master = 0; master < oracle->world->masters; master++) {
        if (oracle->there[thing][master] != ABSENT)
            return true;
    }
    return false;
}

static void check_result(struct oracle *oracle, uint32_t thing, const struct told *told)
{
    bool heard = (oracle->heard_created & BIT(thing)) != 0;
    bool settled = (oracle->heard_unknown & BIT(thing)) != 0 && is_shown(oracle, thing);
    switch (told->result) {
    case RESULT_CREATED:
        if (!is_there(oracle, thing) || (!heard && !settled))
            oracle_break(oracle, "honest-reports", "n%02u is said to be created, and the log does not know", thing);
        return;
    case RESULT_EXISTED:
        if (heard || !is_shown(oracle, thing))
            oracle_break(oracle, "honest-reports", "n%02u is said to have existed, and no read showed it before ours",
                         thing);
        return;
    case RESULT_FAILED:
    case RESULT_SKIPPED:
        if (heard)
            oracle_break(oracle, "honest-reports", "n%02u was created and is told otherwise", thing);
        return;
    case RESULT_PENDING:
    case RESULT_NONE:
        return;
    }
}

/* ---- losses of the source -------------------------------------------------------------------------------------- */

/* A plan that came after the end was already decided is not the report's. */
static bool has_its_plan(const struct oracle *oracle, const struct pass_report *report)
{
    return oracle->declares && !oracle->stopped && report->failure.cause != CAUSE_OUT_OF_MEMORY;
}

void oracle_hear_vanished(struct oracle *oracle, const struct pass_report *report, uint32_t vanished)
{
    oracle->lost &= ~oracle->unshown;
    for (uint32_t thing = 0; thing < oracle->world->count; thing++) {
        bool told = (vanished & BIT(thing)) != 0, lost = (oracle->lost & BIT(thing)) != 0;
        if (told && (!oracle->world->live_source || (oracle->once & BIT(thing)) == 0 ||
                     oracle->declared[thing] != ABSENT || !is_shown(oracle, thing)))
            oracle_break(oracle, "honest-losses", "n%02u is said to have vanished from the source, and has not", thing);
        if (lost && !told && oracle->world->live_source && has_its_plan(oracle, report))
            oracle_break(oracle, "honest-losses", "n%02u vanished from the source, and nobody says so", thing);
    }
}

/* ---- one never stops the others -------------------------------------------------------------------------------- */

/* Did something happen to this thing that leaves it undone? */
static bool is_excused(const struct oracle *oracle, uint32_t thing, const struct told *told)
{
    const struct thing *what = &oracle->world->things[thing];
    bool unsettled = false;
    for (uint32_t master = 0; master < oracle->world->masters; master++)
        unsettled |= oracle->sendings[thing][master].open;
    return (oracle->excused & BIT(thing)) != 0 || unsettled || oracle->kind_excused[what->kind] ||
           what->observed_only || what->unlisted || told->state == STATE_CREATING || told->state == STATE_CONFLICT ||
           told->state == STATE_INVALID;
}

static bool is_excused_by_topic(const struct oracle *oracle, uint32_t thing, const struct told told[THINGS_MAX])
{
    int topic = oracle->world->things[thing].dead_letter;
    return topic != NOBODY && is_excused(oracle, (uint32_t)topic, &told[topic]);
}

/* A pass that ended by itself leaves nothing undone without a reason of its own. */
static void check_others(struct oracle *oracle, const struct told told[THINGS_MAX])
{
    for (uint32_t thing = 0; thing < oracle->world->count; thing++) {
        enum result result = told[thing].result;
        if (result != RESULT_PENDING && result != RESULT_FAILED && result != RESULT_SKIPPED)
            continue;
        if (!is_excused(oracle, thing, &told[thing]) && !is_excused_by_topic(oracle, thing, told))
            oracle_break(oracle, "others-go-on", "n%02u is left undone (%s), and nothing happened to it", thing,
                         cause_name(told[thing].cause));
    }
}

static bool ended_by_itself(const struct oracle *oracle, const struct pass_report *report)
{
    return report->failure.cause == CAUSE_NONE && !oracle->stopped && !oracle->changed;
}

/* A cause that speaks of one resource fails a pass only when it is a read that met it. */
static bool one_object_ended_it(const struct oracle *oracle, const struct pass_report *report)
{
    int cause = report->failure.cause;
    return cause != CAUSE_NONE && !oracle->unreadable && cause_scope(cause) != SCOPE_SYNC &&
           cause_scope(cause) != SCOPE_ACCOUNT;
}

void oracle_hear(struct oracle *oracle, const struct pass_report *report, const struct told told[THINGS_MAX])
{
    check_parity(oracle, report);
    check_counts(oracle, report, told);
    for (uint32_t thing = 0; thing < oracle->world->count; thing++)
        check_result(oracle, thing, &told[thing]);
    if (ended_by_itself(oracle, report))
        check_others(oracle, told);
    if (report->failure.cause == CAUSE_OUT_OF_MEMORY)
        oracle->excused = UINT32_MAX; /* it may have lost what it was about to do, and doubts it from now on */
    if (one_object_ended_it(oracle, report))
        oracle_break(oracle, "others-go-on", "the pass ended because of one object: %s",
                     cause_name(report->failure.cause));
}

/* ---- convergence ----------------------------------------------------------------------------------------------- */

static bool can_be_created(const struct oracle *oracle, uint32_t thing)
{
    const struct thing *what = &oracle->world->things[thing];
    int topic = what->dead_letter;
    bool alone = oracle->declared[thing] != ABSENT && !what->observed_only && what->refusal.cause == CAUSE_NONE &&
                 !oracle->barred[thing];
    if (!alone || topic == NOBODY || oracle->declared[topic] == ABSENT)
        return alone;
    return is_nothing_to_do(oracle, (uint32_t)topic) || oracle->world->things[topic].observed_only ||
           can_be_created(oracle, (uint32_t)topic);
}

static bool everything_can_be_read(const struct world *world)
{
    for (int kind = 0; kind < KINDS; kind++) {
        if (world->terse[kind] && world->get_max[kind] == 0)
            return false;
    }
    return true;
}

void oracle_conclude(struct oracle *oracle, bool parity)
{
    bool equal = true;
    uint32_t declared = 0;
    for (uint32_t thing = 0; thing < oracle->world->count; thing++) {
        if (oracle->declared[thing] == ABSENT)
            continue;
        declared++;
        equal &= is_as_declared(oracle, thing, UINT64_MAX);
        if (can_be_created(oracle, thing) && !is_nothing_to_do(oracle, thing))
            oracle_break(oracle, "convergence", "faults are long over, and n%02u is still missing", thing);
    }
    if (equal && declared > 0 && !parity && everything_can_be_read(oracle->world))
        oracle_break(oracle, "convergence", "everything is there as declared, and no pass says so");
}
