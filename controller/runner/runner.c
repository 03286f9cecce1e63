/* SPDX-License-Identifier: Apache-2.0
 *
 * A runner's life.
 *
 * happy path: new → start → (pump) → done → start → … → close → gone.
 * on close: the pass under way is stopped and everything it waits for cancelled; it ends and calls back. Then the last
 *           pass and what is declared are freed by workers, doors and journal are closed; when no job and no door is
 *           left, the timers; then the runner.
 */
#include "controller/runner/runner.h"

#include <assert.h>
#include <stdlib.h>

#include "api/base/monotime.h"
#include "api/base/random.h"
#include "api/cause.h"
#include "controller/runner/state.h"

/* ---- making */

static int check_options(const struct runner_options *options, struct failure *why)
{
    if (!options->destination || !options->destination->address)
        return failure_set(why, CAUSE_USAGE, "there is no destination");
    if (options->source_count > PASS_SIDES_MAX - 1)
        return failure_set(why, CAUSE_CONFIGURATION_WRONG, "there are %u live sources, at most %d are allowed",
                           options->source_count, PASS_SIDES_MAX - 1);
    if (!options->read_only && !options->state_dir)
        return failure_set(why, CAUSE_CONFIGURATION_WRONG, "there is no state directory to write the journal to");
    return 0;
}

static void init_timer(struct runner *runner, uv_timer_t *timer, void *data)
{
    uv_timer_init(runner->options.loop, timer);
    timer->data = data;
    runner->handles++;
}

static void init_sides(struct runner *runner)
{
    for (uint16_t i = 0; i < runner->side_count; i++) {
        struct side *side = &runner->sides[i];
        side->runner = runner;
        side->number = i;
        op_line_init(&side->held);
        init_timer(runner, &side->timer, side);
        if (i == SIDE_DESTINATION)
            continue;
        runner->source_guards[i - 1] = (struct side_guard){
            .expect = runner->options.sources[i - 1].expect,
            .expect_count = runner->options.sources[i - 1].expect_count,
        };
    }
}

static bool reads_files(const struct runner_options *options)
{
    return !options->fixed && (options->path_count > 0 || options->mapping_path);
}

static void runner_free(struct runner *runner)
{
    free(runner->source_guards);
    free(runner->sides);
    free(runner);
}

/* With room for its sides. NULL: no memory. */
static struct runner *make_room(uint16_t side_count)
{
    struct runner *runner = calloc(1, sizeof *runner);

    if (!runner)
        return NULL;
    runner->side_count = side_count;
    runner->sides = calloc(side_count, sizeof *runner->sides);
    runner->source_guards = calloc(side_count, sizeof *runner->source_guards);
    if (runner->sides && runner->source_guards)
        return runner;
    runner_free(runner);
    return NULL;
}

int runner_new(const struct runner_options *options, struct runner **out, struct failure *why)
{
    if (check_options(options, why) != 0)
        return -1;
    struct runner *runner = make_room((uint16_t)(1 + options->source_count));
    if (!runner)
        return failure_no_memory(why, "a sync");
    runner->options = *options;
    runner->declared_before = options->declared_before;
    runner->started_ms = monotime_ms();
    runner->random = runner->started_ms ^ (uint64_t)walltime_unix_ms() << 20;
    complaints_init(&runner->mistakes);
    op_line_init(&runner->ready);
    runner->ledger = ledger_new();
    init_sides(runner);
    init_timer(runner, &runner->tick, runner);
    init_timer(runner, &runner->wait, runner);
    if (!runner->ledger)
        failure_no_memory(why, "the ledger");
    else if ((reads_files(options) || runner_empty_inputs(runner, why) == 0) && runner_open_doors(runner, why) == 0) {
        *out = runner;
        return 0;
    }
    runner_close(runner, NULL, NULL);
    return -1;
}

/* ---- a pass */

/* Sources that were read once are not read again where the caller wants that; a saved plan reads none. */
static bool reads_sources(const struct runner *runner)
{
    return !runner->options.fixed && !(runner->options.source_once && runner->declared);
}

static struct pass *make_pass(struct runner *runner, enum pass_mode mode, uint64_t give_up_ms)
{
    const struct runner_options *options = &runner->options;
    bool reads = reads_sources(runner);
    const struct pass_options pass = {
        .id = ++runner->pass_id,
        .mode = mode,
        .files = reads && reads_files(options),
        .sources = reads ? options->source_count : 0,
        .alone = options->must_exist,
        .confirm = mode == PASS_APPLY && options->confirm,
        .concurrency = options->concurrency > 0 ? options->concurrency : 1,
        .guard = options->guard,
        .source_guards = runner->source_guards,
        .ledger = runner->ledger,
        .made = options->source_once ? &runner->made : NULL,
        .give_up_ms = give_up_ms,
        .declared_before = &runner->declared_before,
        .random = random_next(&runner->random),
    };
    return pass_new(&pass);
}

static void forget_last_pass(struct runner *runner)
{
    runner_reap_pass(runner, runner->pass, runner->shown);
    runner->pass = NULL;
    runner->shown = NULL;
    for (uint16_t i = 0; i < runner->side_count; i++)
        runner->sides[i].described = false;
}

int runner_start(struct runner *runner, enum pass_mode mode, uint64_t give_up_ms, runner_done_cb done, void *context,
                 struct failure *why)
{
    if (runner->busy || runner->closing)
        return failure_set(why, CAUSE_STATE_LOCKED, "a pass is under way");
    if (mode == PASS_APPLY && (runner->options.read_only || runner->options.must_exist))
        return failure_set(why, CAUSE_UNSUPPORTED, "this sync only reads");
    struct pass *pass = make_pass(runner, mode, give_up_ms);
    if (!pass)
        return failure_no_memory(why, "the pass");
    forget_last_pass(runner);
    complaints_release(&runner->mistakes);
    runner->pass = pass;
    runner->give_up_ms = give_up_ms;
    runner->done = done;
    runner->done_context = context;
    runner->busy = true;
    runner->recorded = false;
    runner->begun = runner->ended = runner->stop_wanted = runner->change_wanted = false;
    runner->loaded = runner->more_vanished = false;
    runner->lost = (struct pass_report){0};
    if (runner->options.fixed || reads_sources(runner)) {
        runner->last_good = false;
        runner->load_failure = (struct failure){0};
    }
    if (mode == PASS_APPLY)
        runner_open_journal(runner);
    else
        runner_soon(runner);
    return 0;
}

void runner_confirm(struct runner *runner, bool yes)
{
    struct op *op = runner->confirming;

    if (!op)
        return;
    runner->confirming = NULL;
    op->yes = yes;
    op_answer(op);
    if (!runner->pumping)
        runner_soon(runner);
}

void runner_source_changed(struct runner *runner)
{
    if (!runner->busy)
        return;
    runner->change_wanted = true;
    runner_soon(runner);
}

void runner_stop(struct runner *runner)
{
    if (!runner->busy)
        return;
    runner->stop_wanted = true;
    runner_soon(runner);
}

bool runner_busy(const struct runner *runner)
{
    return runner->busy;
}

const struct file_mark *runner_mapping_files(const struct runner *runner, uint32_t *out_count)
{
    *out_count = runner->inputs != NULL ? runner->inputs->mapping_mark_count : 0;
    return *out_count > 0 ? runner->inputs->mapping_marks : NULL;
}

uint64_t runner_beats(const struct runner *runner)
{
    return runner->beats;
}

void runner_inherit(struct runner *runner, const struct runner *from)
{
    runner->declared_before = from->declared_before;
}

void runner_progress(const struct runner *runner, struct pass_progress *out)
{
    *out = (struct pass_progress){.phase = "reading"};
    if (runner->thinking)
        *out = runner->progress;
    else if (runner->busy && runner->begun)
        pass_progress(runner->pass, out);
}

/* ---- closing */

static void release(struct runner *runner)
{
    void (*closed)(void *context) = runner->closed;
    void *context = runner->closed_context;

    effects_release(&runner->effects);
    complaints_release(&runner->mistakes);
    ledger_free(runner->ledger);
    free(runner->made.bits);
    free(runner->state_name);
    runner_free(runner);
    if (closed)
        closed(context);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct runner *runner = handle->data;

    if (--runner->handles == 0)
        release(runner);
}

static void close_timer(struct runner *runner, uv_timer_t *timer)
{
    timer->data = runner;
    uv_close((uv_handle_t *)timer, on_handle_closed);
}

static void on_door_closed(void *context)
{
    runner_job_ended(context);
}

/* What lives between passes, and what shows the last one. */
static void let_go(struct runner *runner)
{
    forget_last_pass(runner);
    plan_forget(runner);
    runner_reap_catalog(runner, runner->vanished);
    declared_unref(runner, runner->declared);
    inputs_unref(runner, runner->inputs);
    for (uint16_t i = 0; i < runner->side_count; i++) {
        struct instance *door = runner->sides[i].door;
        if (!door)
            continue;
        runner->jobs++;
        door->ops->close(door, on_door_closed, runner);
    }
}

void runner_tear_down(struct runner *runner)
{
    if (!runner->torn_down) {
        runner->torn_down = true;
        let_go(runner);
    }
    runner_close_journal(runner);
    if (runner->jobs > 0 || runner->handles_closing)
        return;
    runner->handles_closing = true;
    close_timer(runner, &runner->tick);
    close_timer(runner, &runner->wait);
    for (uint16_t i = 0; i < runner->side_count; i++)
        close_timer(runner, &runner->sides[i].timer);
}

void runner_job_ended(struct runner *runner)
{
    runner->jobs--;
    if (runner->closing && !runner->busy)
        runner_tear_down(runner);
}

void runner_close(struct runner *runner, void (*closed)(void *context), void *context)
{
    assert(!runner->closing);
    runner->closing = true;
    runner->closed = closed;
    runner->closed_context = context;
    if (!runner->busy) {
        runner_tear_down(runner);
        return;
    }
    runner->stop_wanted = true;
    runner_cancel_all(runner);
    runner_soon(runner);
}
