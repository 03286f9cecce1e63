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
#include "controller/runner_state.h"

/* ---- lines */

void op_line_init(struct op_line *line)
{
    *line = (struct op_line){NULL, &line->first};
}

void op_line_append(struct op_line *line, struct op *op)
{
    op->next_ready = NULL;
    *line->last = op;
    line->last = &op->next_ready;
}

struct op *op_line_take(struct op_line *line)
{
    struct op *op = line->first;

    if (!op)
        return NULL;
    line->first = op->next_ready;
    if (!line->first)
        line->last = &line->first;
    return op;
}

bool op_line_remove(struct op_line *line, struct op *op)
{
    struct op **link = &line->first;

    while (*link && *link != op)
        link = &(*link)->next_ready;
    if (!*link)
        return false;
    *link = op->next_ready;
    if (!*link)
        line->last = link;
    return true;
}

/* ---- operations */

static struct op *op_new(struct runner *runner, const struct effect *effect)
{
    struct op *op = calloc(1, sizeof *op);

    if (!op)
        return NULL;
    op->runner = runner;
    op->effect = *effect;
    op->next = runner->ops;
    runner->ops = op;
    return op;
}

static void op_free(struct op *op)
{
    struct op **link = &op->runner->ops;

    while (*link != op)
        link = &(*link)->next;
    *link = op->next;
    free(op->names);
    free(op->items);
    free(op->created);
    free(op);
}

void op_answer(struct op *op)
{
    assert(!op->answered);
    op->answered = true;
    op_line_append(&op->runner->ready, op);
}

void op_fail(struct op *op, const struct failure *why)
{
    op->failure = *why;
    op_answer(op);
}

/* ---- performing */

static void confirm_start(struct op *op)
{
    struct runner *runner = op->runner;

    runner->confirming = op;
    if (!runner->options.confirm) {
        runner_confirm(runner, true);
        return;
    }
    runner_fill_result(runner);
    runner->options.confirm(runner->options.context, &runner->result);
}

static void on_wait(uv_timer_t *timer)
{
    struct runner *runner = timer->data;
    struct op *op = runner->waiting;

    runner->waiting = NULL;
    op_answer(op);
    runner_pump(runner);
}

/* One at a time: the older one is answered to nobody. */
static void wait_start(struct op *op)
{
    struct runner *runner = op->runner;
    uint64_t now_ms = monotime_ms();

    if (runner->waiting)
        op_free(runner->waiting);
    runner->waiting = op;
    uv_update_time(runner->options.loop);
    uv_timer_start(&runner->wait, on_wait, op->effect.until_ms > now_ms ? op->effect.until_ms - now_ms : 0, 0);
}

static void wait_end(struct runner *runner)
{
    uv_timer_stop(&runner->wait);
    if (runner->waiting)
        op_free(runner->waiting);
    runner->waiting = NULL;
}

static void op_cancel(struct op *op)
{
    if (op->answered || op->cancelled)
        return;
    op->cancelled = true;
    switch (op->effect.kind) {
    case EFFECT_LOAD:
        load_cancel(op);
        break;
    case EFFECT_PLAN:
        plan_cancel(op);
        break;
    case EFFECT_DESCRIBE:
    case EFFECT_LIST:
    case EFFECT_GET:
    case EFFECT_CREATE:
        door_cancel(op);
        break;
    case EFFECT_CONFIRM:
        runner_confirm(op->runner, false);
        break;
    case EFFECT_INTEND: /* is on its way to the disk, and answers soon */
    case EFFECT_FORGET_LIST:
    case EFFECT_NOTE:
    case EFFECT_WAIT:
    case EFFECT_CANCEL:
    case EFFECT_REPORT:
        break;
    }
}

static void cancel_target(struct runner *runner, uint32_t target)
{
    for (struct op *op = runner->ops; op; op = op->next) {
        if (op->effect.op == target) {
            op_cancel(op);
            return;
        }
    }
}

static void op_start(struct op *op)
{
    switch (op->effect.kind) {
    case EFFECT_LOAD:
        load_start(op);
        break;
    case EFFECT_PLAN:
        plan_start(op);
        break;
    case EFFECT_CONFIRM:
        confirm_start(op);
        break;
    case EFFECT_INTEND:
        runner_intend(op);
        break;
    case EFFECT_WAIT:
        wait_start(op);
        break;
    case EFFECT_DESCRIBE:
    case EFFECT_LIST:
    case EFFECT_GET:
    case EFFECT_CREATE:
        door_start(op);
        break;
    case EFFECT_FORGET_LIST:
    case EFFECT_NOTE:
    case EFFECT_CANCEL:
    case EFFECT_REPORT:
        assert(!"not answered");
        break;
    }
}

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
        cancel_target(runner, effect->target);
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

void runner_cancel_all(struct runner *runner)
{
    for (struct op *op = runner->ops; op; op = op->next)
        op_cancel(op);
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

static void step(struct runner *runner, struct event *event)
{
    event->pass = runner->pass_id;
    event->now_ms = monotime_ms();
    if (runner->ended) { /* the pass is not asked any more */
        runner_reap(runner, release_plan, event->plan);
        return;
    }
    if (pass_step(runner->pass, event, &runner->effects) != 0) {
        runner_lose_pass(runner);
        return;
    }
    for (uint32_t i = 0; i < runner->effects.count && !runner->ended; i++)
        perform(runner, &runner->effects.items[i]);
}

static void step_simply(struct runner *runner, enum event_kind kind)
{
    step(runner, &(struct event){.kind = kind});
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
        assert(!"not answered");
        break;
    }
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
    step(runner, &event);
    if (op->effect.kind == EFFECT_PLAN)
        plan_delivered(op);
    op_free(op);
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

    if (report->complete && !report->shrunk)
        runner->declared_before = declared[KIND_TOPIC] + declared[KIND_GROUP];
}

/* The runner may be started again, or closed, in the callback. */
static void finish(struct runner *runner)
{
    runner->busy = false;
    runner_fill_result(runner);
    remember_good_pass(runner);
    runner_forget_parts(runner);
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
        continue;
    if (runner->ended)
        wait_end(runner);
    runner->pumping = false;
    if (runner->busy && runner->ended && !runner->ops)
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
