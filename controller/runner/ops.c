/* SPDX-License-Identifier: Apache-2.0
 *
 * The life of an operation: an effect that will be answered.
 *
 * happy path: new → start (handed to whoever answers it) → answer (in the ready line) → delivered by the pump → free.
 * on cancel: whoever has it is told; it is answered all the same.
 */
#include <assert.h>
#include <stdlib.h>

#include "api/base/monotime.h"
#include "api/cause.h"
#include "controller/runner/state.h"

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

struct op *op_new(struct runner *runner, const struct effect *effect)
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

void op_free(struct op *op)
{
    struct op **link = &op->runner->ops;

    while (*link != op)
        link = &(*link)->next;
    *link = op->next;
    for (struct kept *kept = op->kept, *next; kept; kept = next) {
        next = kept->next;
        free(kept);
    }
    free(op->names);
    free(op->room.items);
    free(op->room.created);
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

/* ---- those that the runner answers itself */

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

void wait_end(struct runner *runner)
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

void runner_cancel(struct runner *runner, uint32_t target)
{
    for (struct op *op = runner->ops; op; op = op->next) {
        if (op->effect.op == target) {
            op_cancel(op);
            return;
        }
    }
}

void op_start(struct op *op)
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
        assert(false && "not answered");
        break;
    }
}

void runner_cancel_all(struct runner *runner)
{
    for (struct op *op = runner->ops; op; op = op->next)
        op_cancel(op);
}
