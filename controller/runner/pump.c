/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the pass and the world.
 *
 * happy path: an answer is put into the ready line → the pump makes an event of it, steps the pass, performs the
 *             effects; some are answered at once and join the line → until the line is empty.
 * at the end: EFFECT_REPORT, and nothing open any more → the result is told, last of all.
 * what can go wrong: no memory for an operation: it is answered with that, from the runner's own storage; memory runs
 *             out in a step: the pass has ended, what is open is cancelled and its answers are dropped.
 */
#include <assert.h>
#include <stdlib.h>

#include "api/base/monotime.h"
#include "api/cause.h"
#include "controller/runner/state.h"

/* ---- performing */

/* While closing nothing new begins; what is asked for is answered as cancelled. */
static void perform_answered(struct runner *runner, const struct effect *effect)
{
    struct op *op = op_new(runner, effect);
    struct failure why = FAILURE_INIT;

    if (!op) {
        runner_lose_pass(runner);
        return;
    }
    if (!runner->closing || effect->kind == EFFECT_CONFIRM) {
        op_start(op);
        return;
    }
    failure_set(&why, CAUSE_CANCELLED, "the sync is being closed");
    op_fail(op, &why);
}

static void perform(struct runner *runner, const struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_FORGET_LIST:
        door_forget(runner, effect->side, effect->resource_kind);
        break;
    case EFFECT_NOTE:
        runner_note(runner, effect);
        break;
    case EFFECT_CANCEL:
        runner_cancel(runner, effect->target);
        break;
    case EFFECT_REPORT:
        runner->ended = true;
        break;
    case EFFECT_LOAD:
    case EFFECT_DESCRIBE:
    case EFFECT_LIST:
    case EFFECT_GET:
    case EFFECT_PLAN:
    case EFFECT_CONFIRM:
    case EFFECT_INTEND:
    case EFFECT_CREATE:
    case EFFECT_WAIT:
        perform_answered(runner, effect);
        break;
    }
}

void runner_lose_pass(struct runner *runner)
{
    if (runner->ended)
        return;
    runner->ended = true;
    failure_no_memory(&runner->lost.failure, "the pass");
    runner->lost.outcome = PASS_AGAIN_BACKOFF;
    runner_cancel_all(runner);
}

static void release_plan(void *thing)
{
    plan_free(thing);
}

void runner_performs(struct runner *runner, int status)
{
    if (status != 0)
        runner_lose_pass(runner);
    for (uint32_t i = 0; i < runner->effects.count && !runner->ended; i++)
        perform(runner, &runner->effects.items[i]);
}

/* false: it will be stepped by a worker, which has `op` until then. */
static bool step(struct runner *runner, struct op *op, struct event *event)
{
    event->pass = runner->pass_id;
    event->now_ms = monotime_ms();
    if (runner->ended) { /* the pass is not asked any more */
        runner_reap(runner, release_plan, event->plan);
        return true;
    }
    if (runner_think(runner, op, event))
        return false;
    if (event->kind == EVENT_CREATED)
        door_fill_created(op);
    runner_performs(runner, pass_step(runner->pass, event, &runner->effects));
    return true;
}

static void step_simply(struct runner *runner, enum event_kind kind)
{
    step(runner, NULL, &(struct event){.kind = kind});
}

/* ---- delivering */

static void fill_event(struct op *op, struct event *event)
{
    switch (op->effect.kind) {
    case EFFECT_LOAD:
        load_deliver(op, event);
        break;
    case EFFECT_PLAN:
        plan_deliver(op, event);
        break;
    case EFFECT_DESCRIBE:
    case EFFECT_LIST:
    case EFFECT_GET:
    case EFFECT_CREATE:
        door_deliver(op, event);
        break;
    case EFFECT_CONFIRM:
        event->kind = EVENT_CONFIRMED;
        event->yes = op->yes;
        break;
    case EFFECT_INTEND:
        event->kind = EVENT_INTENDED;
        break;
    case EFFECT_WAIT:
        event->kind = EVENT_TIMER;
        break;
    case EFFECT_FORGET_LIST:
    case EFFECT_NOTE:
    case EFFECT_CANCEL:
    case EFFECT_REPORT:
        assert(false && "not answered");
        break;
    }
}

void op_delivered(struct op *op)
{
    if (op->effect.kind == EFFECT_PLAN)
        plan_delivered(op);
    op_free(op);
}

static void deliver(struct op *op)
{
    struct runner *runner = op->runner;
    struct event event = {
        .op = op->effect.op,
        .failure = op->failure.cause != CAUSE_NONE ? &op->failure : NULL,
        .side = op->effect.side,
        .resource_kind = op->effect.resource_kind,
        .part = op->effect.part,
    };

    fill_event(op, &event);
    if (step(runner, op, &event))
        op_delivered(op);
}

/* ---- the end of a pass */

void runner_fill_result(struct runner *runner)
{
    static const struct source_counts no_counts;
    static const struct mapping_counts no_mapping_counts;
    const struct declared *shown = runner->shown;
    const struct inputs *inputs = shown ? shown->inputs : runner->inputs;
    struct runner_result *result = &runner->result;

    *result = (struct runner_result){
        .report = runner->lost.failure.cause != CAUSE_NONE ? &runner->lost : pass_report(runner->pass),
        .pass = runner->pass,
        .plan = pass_plan(runner->pass),
        .counts = shown ? &shown->counts : &no_counts,
        .mapping_counts = shown ? &shown->mapping_counts : &no_mapping_counts,
        .mistakes = &runner->mistakes,
        .notices = inputs && inputs->manifests ? &inputs->manifests->notices : NULL,
        .destination = runner->sides[SIDE_DESTINATION].described ? &runner->sides[SIDE_DESTINATION].description : NULL,
        .mapping = inputs ? &inputs->mapping : NULL,
        .declared_digest = shown ? shown->digest : "",
        .loaded = runner->loaded,
        .more_vanished = runner->more_vanished,
        .last_good = runner->last_good,
    };
    result->parity = result->report->parity && !runner->last_good;
    result->failure = result->report->failure;
    if (result->failure.cause == CAUSE_NONE && runner->last_good)
        result->failure = runner->load_failure;
}

static void remember_good_pass(struct runner *runner)
{
    const struct pass_report *report = runner->result.report;
    const uint64_t *declared = runner->result.mapping_counts->declared;

    uint64_t now = declared[KIND_TOPIC] + declared[KIND_GROUP];

    if (!report->complete || report->shrunk || now == runner->declared_before)
        return;
    runner->declared_before = now;
    runner_keep_good(runner);
}

/* The runner may be started again, or closed, in the callback. */
static void finish(struct runner *runner)
{
    if (runner_record_end(runner))
        return;
    runner->busy = false;
    runner_fill_result(runner);
    remember_good_pass(runner);
    runner_forget_parts(runner);
    runner_rest_journal(runner);
    effects_release(&runner->effects); /* may have had a note for each of half a million rows */
    runner->done(runner->done_context, &runner->result);
    if (runner->closing)
        runner_tear_down(runner);
}

/* ---- the pump */

static bool take_flag(bool *flag)
{
    bool was = *flag;
    *flag = false;
    return was;
}

/* News from outside, then one answer; false: nothing is left to do. */
static bool pump_once(struct runner *runner)
{
    if (runner->thinking)
        return false;
    if (runner->busy && !runner->begun && !runner->opening) {
        runner->begun = true;
        step_simply(runner, EVENT_START);
        return true;
    }
    if (runner->begun && take_flag(&runner->stop_wanted)) {
        step_simply(runner, EVENT_STOP);
        door_give_up_held(runner);
        if (runner->confirming)
            runner_confirm(runner, false);
        return true;
    }
    if (runner->begun && take_flag(&runner->change_wanted)) {
        step_simply(runner, EVENT_SOURCE_CHANGED);
        return true;
    }
    struct op *op = op_line_take(&runner->ready);
    if (op)
        deliver(op);
    return op != NULL;
}

void runner_pump(struct runner *runner)
{
    if (runner->pumping)
        return;
    runner->pumping = true;
    while (pump_once(runner))
        runner->beats++;
    if (runner->ended && !runner->thinking)
        wait_end(runner);
    runner->pumping = false;
    if (runner->busy && runner->ended && !runner->ops && !runner->thinking && !runner->recording)
        finish(runner);
}

static void on_tick(uv_timer_t *timer)
{
    runner_pump(timer->data);
}

void runner_soon(struct runner *runner)
{
    uv_timer_start(&runner->tick, on_tick, 0, 0);
}
