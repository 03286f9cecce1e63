/* SPDX-License-Identifier: Apache-2.0
 *
 * The machine: takes an event in, then ticks from phase to phase until nothing more can be done now.
 *
 * Happy path: READING every side, PLANNING, APPLYING what is missing, SETTLING it by READING the destination again,
 * until nothing is open; ENDING, ENDED.
 * What can go wrong: any failure of the pass as a whole, a stop, or a source that changed leads to ENDING.
 * On the end: nothing new is begun, reads are cancelled, whatever is open is awaited; only then the pass reports.
 */
#include "controller/pass/pass.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "api/cause.h"
#include "controller/pass/state.h"

#define MAY(phase) (1u << PHASE_##phase)

static const unsigned moves[PHASES] = {
    [PHASE_NEW] = MAY(READING) | MAY(ENDING),
    [PHASE_READING] = MAY(PLANNING) | MAY(ENDING),
    [PHASE_PLANNING] = MAY(READING) | MAY(JUDGING) | MAY(ENDING),
    [PHASE_JUDGING] = MAY(CONFIRMING) | MAY(APPLYING) | MAY(ENDING),
    [PHASE_CONFIRMING] = MAY(APPLYING) | MAY(ENDING),
    [PHASE_APPLYING] = MAY(SETTLING) | MAY(ENDING),
    [PHASE_SETTLING] = MAY(READING) | MAY(ENDING),
    [PHASE_ENDING] = MAY(ENDED),
    [PHASE_ENDED] = 0,
};

static void enter(struct pass *pass, enum phase phase)
{
    assert((moves[pass->phase] & (1u << phase)) != 0);
    pass->phase = phase;
}

/* ---- birth and death ------------------------------------------------------------------------------------------- */

struct pass *pass_new(const struct pass_options *options)
{
    struct pass *pass = calloc(1, sizeof *pass);
    if (pass == NULL)
        return NULL;
    pass->options = *options;
    if (pass->options.concurrency == 0)
        pass->options.concurrency = 1;
    if (pass->options.concurrency > PASS_CONCURRENCY_MAX)
        pass->options.concurrency = PASS_CONCURRENCY_MAX;
    pass->emitter.pass = options->id;
    pass->emitter.random = options->random;
    pass->side_count = (uint16_t)(options->sources + 1);
    pass->sides = calloc(pass->side_count, sizeof *pass->sides);
    if (pass->sides == NULL) {
        pass_free(pass);
        return NULL;
    }
    for (uint16_t side = 0; side < pass->side_count; side++) {
        for (int kind = 0; kind < KINDS; kind++)
            list_init(&pass->sides[side].lists[kind], side, options->alone, kind);
    }
    failure_set(&pass->not_sent, CAUSE_CANCELLED, "it was not sent");
    failure_set(&pass->not_there, CAUSE_OUTCOME_UNKNOWN, "the answer was lost, and it did not come to be there");
    failure_set(&pass->unexplained, CAUSE_SYSTEM_ERROR, "the destination gave no reason");
    return pass;
}

void pass_free(struct pass *pass)
{
    if (pass == NULL)
        return;
    for (int kind = 0; kind < KINDS; kind++)
        lane_release(&pass->lanes[kind]);
    apply_release(pass);
    plan_free(pass->plan);
    free(pass->sides);
    free(pass);
}

/* ---- what the parts ask for ------------------------------------------------------------------------------------ */

bool pass_spends(struct pass *pass)
{
    pass->unfinished = pass->budget == 0;
    if (pass->unfinished)
        return false;
    pass->budget--;
    return true;
}

bool pass_may_wait(const struct pass *pass, uint64_t until_ms)
{
    return pass->options.give_up_ms == 0 || until_ms <= pass->options.give_up_ms;
}

struct text pass_row_name(const struct pass *pass, uint32_t row)
{
    const struct catalog *declared = pass->plan->declared;
    return catalog_name(declared, &catalog_rows(declared)[row]);
}

void pass_note(struct pass *pass, enum note note, uint32_t row, uint32_t attempt, const struct failure *failure)
{
    struct effect *effect = emit(&pass->emitter, EFFECT_NOTE);
    effect->resource_kind = catalog_rows(pass->plan->declared)[row].kind;
    effect->note = note;
    effect->row = row;
    effect->attempt = attempt;
    effect->failure = failure;
}

bool pass_closes(struct pass *pass, uint32_t *op, const struct event *event)
{
    if (*op == 0 || *op != event->op)
        return false;
    *op = 0;
    emitter_answered(&pass->emitter);
    return true;
}

/* ---- the end --------------------------------------------------------------------------------------------------- */

/* Nothing new is begun; reads are cancelled; what was sent is awaited. */
static void begin_end(struct pass *pass)
{
    if (pass->phase == PHASE_ENDING || pass->phase == PHASE_ENDED)
        return;
    enter(pass, PHASE_ENDING);
    if (pass->plan_op != 0)
        emit_cancel(&pass->emitter, pass->plan_op);
    if (pass->confirm_op != 0)
        emit_cancel(&pass->emitter, pass->confirm_op);
    read_cancel(pass);
    apply_halt(pass);
}

void pass_fail(struct pass *pass, const struct failure *failure)
{
    if (pass->report.failure.cause == CAUSE_NONE)
        pass->report.failure = *failure;
    begin_end(pass);
}

void pass_fail_no_memory(struct pass *pass, const char *what)
{
    struct failure why;
    failure_no_memory(&why, what);
    pass_fail(pass, &why);
}

static void fail_with(struct pass *pass, int cause, const char *text)
{
    struct failure why;
    failure_set(&why, cause, "%s", text);
    pass_fail(pass, &why);
}

static void begin(struct pass *pass)
{
    pass->report.started_ms = pass->emitter.now_ms;
    pass->may_confirm = pass->options.confirm;
    enter(pass, PHASE_READING);
    read_begin(pass);
}

/* ---- planning -------------------------------------------------------------------------------------------------- */

static int check_plan(struct pass *pass, const struct event *event, struct failure *why)
{
    const struct guard *guard = pass->options.guard;
    if (guard == NULL)
        return 0;
    if (guard_plan(guard, pass->plan, event->source_age_ms, why) != 0)
        return -1;
    uint64_t before = pass->options.declared_before != NULL ? *pass->options.declared_before : 0;
    pass->report.shrunk = guard_shrunk(guard, before, plan_declared_count(pass->plan), event->declared_digest);
    return 0;
}

static bool wants_to_create(const struct pass *pass)
{
    for (int kind = 0; kind < KINDS; kind++) {
        const uint32_t *counts = pass->lanes[kind].counts;
        if (pass->lanes[kind].blocked == CAUSE_NONE && counts[JOB_QUEUED] + counts[JOB_PARKED] + counts[JOB_DOUBT] > 0)
            return true;
    }
    return false;
}

static void begin_judging(struct pass *pass)
{
    enter(pass, PHASE_JUDGING);
    if (jobs_begin(pass) != 0)
        pass_fail_no_memory(pass, "what is to be created");
}

static void take_plan(struct pass *pass, const struct event *event)
{
    struct failure why;
    assert(pass->plan == NULL || pass->plan->declared == event->plan->declared);
    plan_free(pass->plan);
    pass->plan = event->plan;
    pass->unknowns = 0;
    if (reread_details(pass)) {
        enter(pass, PHASE_READING);
        return;
    }
    if (check_plan(pass, event, &why) != 0) {
        pass_fail(pass, &why);
        return;
    }
    pass->report.complete = true;
    if (pass->options.mode == PASS_PLAN)
        begin_end(pass);
    else
        begin_judging(pass);
}

/* A name that stands in two parts: the list moved while it was read. */
static void plan_failed(struct pass *pass, const struct event *event)
{
    struct failure why;
    bool of_a_list = event->failure->cause == CAUSE_BAD_ANSWER && event->side < pass->side_count;
    if (!of_a_list) {
        pass_fail(pass, event->failure);
        return;
    }
    if (read_contradicted(pass, event, &why) != 0)
        pass_fail(pass, &why);
    else
        enter(pass, PHASE_READING);
}

static void planned(struct pass *pass, const struct event *event)
{
    if (pass->phase == PHASE_ENDING)
        plan_free(event->plan);
    else if (event->failure != NULL)
        plan_failed(pass, event);
    else
        take_plan(pass, event);
}

static void confirmed(struct pass *pass, const struct event *event)
{
    if (pass->phase == PHASE_ENDING)
        return;
    pass->may_confirm = false;
    if (event->yes)
        enter(pass, PHASE_APPLYING);
    else
        fail_with(pass, CAUSE_CANCELLED, "it was not confirmed, nothing was created");
}

/* ---- taking events in ------------------------------------------------------------------------------------------ */

static void source_changed(struct pass *pass)
{
    pass->source_changed = true;
    if (pass->judged)
        begin_end(pass);
}

static void take(struct pass *pass, const struct event *event)
{
    switch (event->kind) {
    case EVENT_START:
        if (pass->phase == PHASE_NEW)
            begin(pass);
        return;
    case EVENT_LOADED:
        read_loaded(pass, event);
        return;
    case EVENT_DESCRIBED:
        read_described(pass, event);
        return;
    case EVENT_LISTED:
        read_listed(pass, event);
        return;
    case EVENT_GOT:
        read_got(pass, event);
        return;
    case EVENT_PLANNED:
        if (pass_closes(pass, &pass->plan_op, event))
            planned(pass, event);
        else
            plan_free(event->plan);
        return;
    case EVENT_CONFIRMED:
        if (pass_closes(pass, &pass->confirm_op, event))
            confirmed(pass, event);
        return;
    case EVENT_INTENDED:
        apply_intended(pass, event);
        return;
    case EVENT_CREATED:
        apply_created(pass, event);
        return;
    case EVENT_TIMER:
        if (event->op == pass->wait_op)
            pass->wait_op = 0; /* looked at again when this step ends */
        return;
    case EVENT_SOURCE_CHANGED:
        source_changed(pass);
        return;
    case EVENT_STOP: /* what is under way finishes */
        fail_with(pass, CAUSE_CANCELLED, "it was stopped");
        return;
    }
}

/* ---- ticking --------------------------------------------------------------------------------------------------- */

static bool tick_reading(struct pass *pass)
{
    if (!read_pump(pass))
        return false;
    enter(pass, PHASE_PLANNING);
    pass->report.complete = false;
    pass->plan_op = emit(&pass->emitter, EFFECT_PLAN)->op;
    return true;
}

/* Everything is judged: go on to apply, unless something is against it. */
static bool tick_judging(struct pass *pass)
{
    if (!jobs_go_on(pass))
        return false;
    if (pass->source_changed)
        begin_end(pass);
    else if (wants_to_create(pass) && !pass->destination.in_service)
        fail_with(pass, CAUSE_INSTANCE_NOT_IN_SERVICE, "the destination is not in service");
    else if (wants_to_create(pass) && pass->may_confirm) {
        enter(pass, PHASE_CONFIRMING);
        pass->confirm_op = emit(&pass->emitter, EFFECT_CONFIRM)->op;
    } else
        enter(pass, PHASE_APPLYING);
    return true;
}

static uint64_t apply_wake_ms(struct pass *pass)
{
    uint64_t topics_ms = lane_wake_ms(&pass->lanes[KIND_TOPIC]), groups_ms = lane_wake_ms(&pass->lanes[KIND_GROUP]);
    return topics_ms < groups_ms ? topics_ms : groups_ms;
}

static bool tick_applying(struct pass *pass)
{
    apply_pump(pass);
    if (pass->phase != PHASE_APPLYING)
        return true;
    if (!apply_is_idle(pass) || pass->unfinished)
        return false;
    uint64_t wake_ms = apply_wake_ms(pass);
    bool more = wake_ms != UINT64_MAX && pass_may_wait(pass, wake_ms);
    if (more && !apply_must_settle(pass))
        return false;
    enter(pass, PHASE_SETTLING);
    return true;
}

static bool tick_settling(struct pass *pass)
{
    uint64_t at_ms = reread_at_ms(pass);
    if (at_ms == UINT64_MAX) {
        begin_end(pass);
        return true;
    }
    if (at_ms > pass->emitter.now_ms)
        return false;
    enter(pass, PHASE_READING);
    reread_begin(pass);
    return true;
}

static bool tick_ending(struct pass *pass)
{
    apply_return_some(pass);
    if (pass->emitter.open > 0 || !apply_is_idle(pass))
        return false;
    if (!pass->counting)
        report_begin(pass);
    pass->counting = true;
    if (!report_go_on(pass))
        return false;
    enter(pass, PHASE_ENDED);
    report_finish(pass);
    emit(&pass->emitter, EFFECT_REPORT);
    return true;
}

/* One step onwards. false: nothing more can be done before the next event. */
static bool tick(struct pass *pass)
{
    switch (pass->phase) {
    case PHASE_READING:
        return tick_reading(pass);
    case PHASE_JUDGING:
        return tick_judging(pass);
    case PHASE_APPLYING:
        return tick_applying(pass);
    case PHASE_SETTLING:
        return tick_settling(pass);
    case PHASE_ENDING:
        return tick_ending(pass);
    case PHASE_NEW:
    case PHASE_PLANNING:
    case PHASE_CONFIRMING:
    case PHASE_ENDED:
    case PHASES:
        return false;
    }
    return false;
}

/* ---- waiting --------------------------------------------------------------------------------------------------- */

static uint64_t wake_ms(struct pass *pass)
{
    if (pass->unfinished)
        return pass->emitter.now_ms;
    switch (pass->phase) {
    case PHASE_READING:
        return read_wake_ms(pass);
    case PHASE_APPLYING:
        return apply_wake_ms(pass);
    case PHASE_SETTLING:
        return reread_at_ms(pass);
    case PHASE_NEW:
    case PHASE_PLANNING:
    case PHASE_JUDGING:
    case PHASE_CONFIRMING:
    case PHASE_ENDING:
    case PHASE_ENDED:
    case PHASES:
        return UINT64_MAX;
    }
    return UINT64_MAX;
}

/* What is due already waits for an answer, not for the clock, unless this step could not finish. */
static void arm_timer(struct pass *pass)
{
    uint64_t until_ms = wake_ms(pass);
    if (until_ms == UINT64_MAX || (until_ms <= pass->emitter.now_ms && !pass->unfinished))
        return;
    if (pass->wait_op != 0 && pass->wait_until_ms == until_ms)
        return;
    struct effect *effect = emit(&pass->emitter, EFFECT_WAIT);
    effect->until_ms = until_ms;
    pass->wait_op = effect->op;
    pass->wait_until_ms = until_ms;
}

/* ---- one step -------------------------------------------------------------------------------------------------- */

/* The effects of this step are lost: the pass is over at once. What was sent stays in doubt in the ledger. */
static int end_without_memory(struct pass *pass, struct effects *effects)
{
    effects->count = 0;
    apply_doubt_everything(pass);
    failure_no_memory(&pass->report.failure, "what is to be done next");
    pass->phase = PHASE_ENDED;
    pass->budget = UINT32_MAX;
    report_begin(pass);
    report_go_on(pass);
    report_finish(pass);
    return -1;
}

int pass_step(struct pass *pass, const struct event *event, struct effects *effects)
{
    effects->count = 0;
    if (pass->phase == PHASE_ENDED || event->pass != pass->options.id) {
        plan_free(event->plan);
        return 0;
    }
    pass->emitter.effects = effects;
    pass->emitter.now_ms = event->now_ms;
    pass->budget = pass->options.rows_a_step != 0 ? pass->options.rows_a_step : PASS_ROWS_A_STEP;
    pass->unfinished = false;
    take(pass, event);
    while (!pass->emitter.failed && tick(pass))
        continue;
    arm_timer(pass);
    return pass->emitter.failed ? end_without_memory(pass, effects) : 0;
}
