/* SPDX-License-Identifier: Apache-2.0
 *
 * Large steps of the pass, on a worker.
 *
 * happy path: an event that concerns thousands of rows is stepped by a worker; of the effects it leaves the notes are
 *             gathered into runs, and the creates made ready → back on the loop the effects are performed as always.
 * meanwhile: nothing else is delivered, and the loop does not look at the pass.
 * what can go wrong: no memory for the job: the loop does the step itself. None for notes: they are left out, and an
 *             intent without a result is settled by reading.
 */
#include <stdlib.h>
#include <string.h>

#include "api/cause.h"
#include "controller/runner/state.h"

struct thinking {
    struct job job;
    struct runner *runner;
    struct op *op; /* NULL: news from outside */
    struct event event;
    int status;
    struct note_run *runs;
    uint32_t run_count;
    struct create_room *rooms;
};

/* ---- the job */

static bool continues(const struct note_run *run, const struct effect *effect)
{
    const struct failure *failure = effect->failure;

    return run->note == effect->note && run->attempt == effect->attempt &&
           run->cause == (failure ? failure->cause : CAUSE_NONE) &&
           strcmp(run->request_id, failure ? failure->request_id : "") == 0;
}

static struct note_run *add_run(struct thinking *thinking, const struct effect *effect)
{
    struct note_run *runs = realloc(thinking->runs, (thinking->run_count + 1) * sizeof *runs);

    if (!runs)
        return NULL;
    thinking->runs = runs;
    struct note_run *run = &runs[thinking->run_count++];
    *run = (struct note_run){.note = effect->note, .attempt = effect->attempt};
    if (effect->failure) {
        run->cause = effect->failure->cause;
        memcpy(run->request_id, effect->failure->request_id, sizeof run->request_id);
    }
    return run;
}

static void add_row(struct note_run *run, uint32_t row)
{
    if (run->count == run->capacity) {
        uint32_t capacity = run->capacity == 0 ? 16 : run->capacity * 2;
        uint32_t *rows = realloc(run->rows, capacity * sizeof *rows);
        if (!rows)
            return;
        run->rows = rows;
        run->capacity = capacity;
    }
    run->rows[run->count++] = row;
}

/* Takes the notes out of the effects. */
static void gather_notes(struct thinking *thinking)
{
    struct effects *effects = &thinking->runner->effects;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < effects->count; i++) {
        const struct effect *effect = &effects->items[i];
        if (effect->kind != EFFECT_NOTE) {
            effects->items[kept++] = *effect;
            continue;
        }
        struct note_run *run = thinking->run_count > 0 ? &thinking->runs[thinking->run_count - 1] : NULL;
        if (!run || !continues(run, effect))
            run = add_run(thinking, effect);
        if (run)
            add_row(run, effect->row);
    }
    effects->count = kept;
}

/* Where memory is short the loop does it, and says so. */
static void make_rooms(struct thinking *thinking)
{
    const struct runner *runner = thinking->runner;

    for (uint32_t i = 0; i < runner->effects.count; i++) {
        const struct effect *effect = &runner->effects.items[i];
        struct create_room *room = effect->kind == EFFECT_CREATE ? malloc(sizeof *room) : NULL;
        if (!room)
            continue;
        if (door_make_room(effect, runner->shown->catalog, pass_plan(runner->pass), room) != 0) {
            free(room);
            continue;
        }
        room->next = thinking->rooms;
        thinking->rooms = room;
    }
}

static void work(struct job *job)
{
    struct thinking *thinking = job->data;
    struct runner *runner = thinking->runner;

    if (thinking->op && thinking->op->effect.kind == EFFECT_CREATE)
        door_fill_created(thinking->op);
    thinking->status = pass_step(runner->pass, &thinking->event, &runner->effects);
    if (thinking->status != 0)
        return;
    gather_notes(thinking);
    make_rooms(thinking);
}

/* ---- back on the loop */

static void note_runs(struct thinking *thinking)
{
    for (uint32_t i = 0; i < thinking->run_count; i++)
        runner_note_rows(thinking->runner, &thinking->runs[i]);
    free(thinking->runs);
}

/* Of creates that were not begun after all. */
static void release_rooms(struct runner *runner)
{
    while (runner->rooms) {
        struct create_room *room = runner->rooms;
        runner->rooms = room->next;
        free(room->items);
        free(room->created);
        free(room);
    }
}

static void on_done(struct job *job)
{
    struct thinking *thinking = job->data;
    struct runner *runner = thinking->runner;
    struct op *op = thinking->op;
    int status = thinking->status;

    runner->thinking = false;
    runner->rooms = thinking->rooms;
    note_runs(thinking);
    free(thinking);
    runner_performs(runner, status);
    release_rooms(runner);
    if (op)
        op_delivered(op);
    runner_pump(runner);
}

/* ---- starting */

static bool is_large(const struct runner *runner, const struct op *op, const struct event *event)
{
    const struct plan *plan = event->plan ? event->plan : pass_plan(runner->pass);

    switch (event->kind) {
    case EVENT_INTENDED:
    case EVENT_CREATED:
        return op->effect.row_count > RUNNER_LARGE_ROWS;
    case EVENT_PLANNED:
    case EVENT_CONFIRMED:
    case EVENT_TIMER:
    case EVENT_SOURCE_CHANGED:
    case EVENT_STOP:
        return plan && plan->row_count > RUNNER_LARGE_ROWS;
    case EVENT_START:
    case EVENT_LOADED:
    case EVENT_DESCRIBED:
    case EVENT_LISTED:
    case EVENT_GOT:
        return false;
    }
    return false;
}

bool runner_think(struct runner *runner, struct op *op, const struct event *event)
{
    if (!is_large(runner, op, event))
        return false;
    struct thinking *thinking = calloc(1, sizeof *thinking);
    if (!thinking)
        return false;
    *thinking = (struct thinking){.runner = runner, .op = op, .event = *event};
    pass_progress(runner->pass, &runner->progress);
    runner->thinking = true;
    thinking->job.work = work;
    thinking->job.done = on_done;
    thinking->job.data = thinking;
    worker_submit(runner->options.workers, &thinking->job);
    return true;
}
