/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing down what is done.
 *
 * happy path: before the first pass that may create begins, a worker opens the journal and puts what an earlier process
 *             left unresolved into the ledger as doubts; then intents are answered when they are durable.
 * between:    passes let the lock go, and take it again; what others wrote meanwhile is read.
 * what can go wrong: it cannot be opened, somebody else has the lock, or a write failed: the pass goes on reading and
 *             planning, its first intent says why; the next pass tries again.
 */
#include <stdlib.h>
#include <string.h>

#include "api/base/monotime.h"
#include "api/cause.h"
#include "controller/journal/good.h"
#include "controller/runner/state.h"

struct opening {
    struct job job;
    struct runner *runner;
    struct journal *journal;  /* out */
    char *state_name;         /* out */
    uint64_t declared_before; /* out */
    struct failure failure;
};

/* ---- opening: on a worker; no pass is under way, so the ledger is ours */

static int append_address(const struct runner *runner, struct buffer *out, struct failure *why)
{
    struct address address = runner->destination;

    if (address_real(&address, why) != 0) /* one journal for all spellings of a path */
        return -1;
    return address_append(out, &address) == 0 ? 0 : failure_no_memory(why, "the journal");
}

static int take_doubts(struct opening *opening)
{
    struct runner *runner = opening->runner;
    uint32_t count;
    const struct unresolved *unresolved = journal_unresolved(opening->journal, &count);

    for (uint32_t i = 0; i < count; i++)
        if (ledger_doubt(runner->ledger, unresolved[i].kind, unresolved[i].name, monotime_ms()) != 0)
            return failure_no_memory(&opening->failure, "the ledger");
    return 0;
}

static void read_good(struct opening *opening, struct text address)
{
    const struct runner_options *options = &opening->runner->options;

    opening->state_name = strndup(address.data, address.bytes);
    opening->declared_before = good_read(options->state_dir, address, options->sync);
}

static void work(struct job *job)
{
    struct opening *opening = job->data;
    struct runner *runner = opening->runner;
    struct buffer address;

    buffer_init(&address, 2 * ADDRESS_BYTES_MAX);
    if (append_address(runner, &address, &opening->failure) == 0 &&
        journal_open(runner->options.state_dir, buffer_text(&address), &opening->journal, &opening->failure) == 0) {
        read_good(opening, buffer_text(&address));
        if (take_doubts(opening) != 0) {
            journal_free(opening->journal);
            opening->journal = NULL;
        }
    }
    buffer_release(&address);
}

static void on_opened(struct job *job)
{
    struct opening *opening = job->data;
    struct runner *runner = opening->runner;

    runner->opening = false;
    runner->journal = opening->journal;
    runner->journal_failure = opening->failure;
    free(runner->state_name);
    runner->state_name = opening->state_name;
    if (runner->declared_before == 0)
        runner->declared_before = opening->declared_before;
    if (runner->journal)
        journal_use(runner->journal, runner->options.workers);
    free(opening);
    runner_job_ended(runner);
    runner_pump(runner);
}

static void open_now(struct runner *runner)
{
    struct opening *opening = calloc(1, sizeof *opening);

    if (!opening) {
        failure_no_memory(&runner->journal_failure, "the journal");
        runner_soon(runner);
        return;
    }
    opening->runner = runner;
    opening->job.work = work;
    opening->job.done = on_opened;
    opening->job.data = opening;
    runner->opening = true;
    runner->jobs++;
    worker_submit(runner->options.workers, &opening->job);
}

static void on_old_closed(void *data)
{
    struct runner *runner = data;

    runner->opening = false;
    runner_job_ended(runner);
    if (runner->closing)
        runner_soon(runner);
    else
        open_now(runner);
}

static void open_anew(struct runner *runner)
{
    struct journal *old = runner->journal;

    runner->journal = NULL;
    runner->opening = true;
    runner->jobs++;
    journal_close(old, on_old_closed, runner);
}

/* ---- taking the lock again */

struct taking {
    struct job job;
    struct runner *runner;
    int status;
    struct failure failure;
};

static void take(struct job *job)
{
    struct taking *taking = job->data;
    taking->status = journal_take_again(taking->runner->journal, &taking->failure);
}

static void on_taken(struct job *job)
{
    struct taking *taking = job->data;
    struct runner *runner = taking->runner;
    bool changed = job->began && taking->status != 0 && taking->failure.cause == CAUSE_INPUT_WRONG;

    runner->opening = false;
    runner->journal_failure = taking->failure;
    if (!job->began)
        failure_set(&runner->journal_failure, CAUSE_CANCELLED, "the journal was not opened any more");
    free(taking);
    if (changed && !runner->closing)
        open_anew(runner);
    runner_job_ended(runner);
    runner_pump(runner);
}

static void take_again(struct runner *runner)
{
    struct taking *taking = calloc(1, sizeof *taking);

    if (!taking) {
        failure_no_memory(&runner->journal_failure, "the journal");
        runner_soon(runner);
        return;
    }
    taking->runner = runner;
    taking->job.work = take;
    taking->job.done = on_taken;
    taking->job.data = taking;
    runner->opening = true;
    runner->jobs++;
    worker_submit(runner->options.workers, &taking->job);
}

void runner_open_journal(struct runner *runner)
{
    if (!runner->journal)
        open_now(runner);
    else if (journal_broken(runner->journal))
        open_anew(runner);
    else if (journal_keep(runner->journal))
        runner_soon(runner);
    else
        take_again(runner);
}

void runner_rest_journal(struct runner *runner)
{
    if (runner->journal)
        journal_let_go(runner->journal);
}

/* ---- writing */

static bool may_write(const struct runner *runner)
{
    return runner->journal && journal_is_held(runner->journal) && !runner->context_missing;
}

void runner_say_context(struct runner *runner, const struct plan *plan)
{
    const struct journal_context context = {
        .run = runner->options.run,
        .sync = runner->options.sync,
        .declared_digest = runner->shown->digest,
        .identity = &runner->sides[SIDE_DESTINATION].description.identity,
        .catalog = plan->declared,
        .capabilities = &plan->capabilities,
    };

    if (runner->journal && journal_context(runner->journal, &context, &runner->journal_failure) != 0)
        runner->context_missing = true;
    else
        runner->context_missing = false;
}

static void on_durable(void *data, const struct failure *failure)
{
    struct op *op = data;

    if (failure)
        op->failure = *failure;
    op_answer(op);
    runner_pump(op->runner);
}

void runner_intend(struct op *op)
{
    struct runner *runner = op->runner;
    const struct effect *effect = &op->effect;
    struct failure why = FAILURE_INIT;

    if (!may_write(runner)) {
        op_fail(op, &runner->journal_failure);
        return;
    }
    if (journal_intend(runner->journal, effect->rows, effect->row_count, effect->attempt, on_durable, op, &why) != 0)
        op_fail(op, &why);
}

static const enum journal_event events[] = {
    [NOTE_CREATED] = JOURNAL_CREATED,
    [NOTE_EXISTED] = JOURNAL_EXISTED,
    [NOTE_FAILED] = JOURNAL_FAILED,
    [NOTE_SETTLED] = JOURNAL_SETTLED,
};

static void tell_noted(const struct runner *runner, enum note note, int cause, const uint32_t *rows, uint32_t count)
{
    const struct runner_watcher *watcher = runner->options.watcher;
    uint32_t counts[KINDS] = {0};

    if (!watcher || !watcher->noted)
        return;
    for (uint32_t i = 0; i < count; i++)
        counts[catalog_rows(runner->shown->catalog)[rows[i]].kind]++;
    for (enum kind kind = 0; kind < KINDS; kind++)
        if (counts[kind] > 0)
            watcher->noted(watcher->context, kind, note, cause, counts[kind]);
}

/* Results are never waited for: a lost one leaves an intent unresolved, which the next process settles by reading. */
void runner_note(struct runner *runner, const struct effect *effect)
{
    const struct journal_note note = {
        .event = events[effect->note],
        .attempt = effect->attempt,
        .cause = effect->failure ? effect->failure->cause : CAUSE_NONE,
        .request_id = effect->failure ? effect->failure->request_id : NULL,
    };
    struct failure ignored;

    tell_noted(runner, effect->note, note.cause, &effect->row, 1);
    if (may_write(runner))
        journal_note_row(runner->journal, effect->row, &note, &ignored);
}

void runner_note_rows(struct runner *runner, const struct note_run *run)
{
    const struct journal_note note = {
        .event = events[run->note],
        .attempt = run->attempt,
        .cause = run->cause,
        .request_id = run->request_id,
    };
    struct failure ignored;

    tell_noted(runner, run->note, run->cause, run->rows, run->count);
    if (may_write(runner))
        journal_note_rows(runner->journal, run->rows, run->count, &note, &ignored);
    else
        free(run->rows);
}

/* ---- how much was declared */

struct keeping {
    struct log *log;
    const char *state_dir, *sync;
    char *state_name;
    uint64_t declared;
    char digest[DIGEST_TEXT_BYTES];
};

static void keep_good(void *thing)
{
    struct keeping *keeping = thing;
    struct failure why = FAILURE_INIT;

    if (good_write(keeping->state_dir, text_of(keeping->state_name), keeping->sync, keeping->declared, keeping->digest,
                   &why) != 0)
        log_event(keeping->log, LOG_LEVEL_WARN, "state-unwritable", why.text, "sync", keeping->sync, NULL);
    free(keeping->state_name);
    free(keeping);
}

void runner_keep_good(struct runner *runner)
{
    const struct runner_options *options = &runner->options;
    struct keeping *keeping = NULL;

    if (runner->journal && runner->state_name && options->guard && options->guard->max_shrink_percent < 100)
        keeping = calloc(1, sizeof *keeping);
    if (!keeping)
        return;
    *keeping = (struct keeping){.log = options->log,
                                .state_dir = options->state_dir,
                                .sync = options->sync,
                                .state_name = strdup(runner->state_name),
                                .declared = runner->declared_before};
    memcpy(keeping->digest, runner->shown->digest, sizeof keeping->digest);
    if (keeping->state_name)
        runner_reap(runner, keep_good, keeping);
    else
        free(keeping);
}

/* ---- closing */

static void on_closed(void *data)
{
    runner_job_ended(data);
}

void runner_close_journal(struct runner *runner)
{
    if (!runner->journal)
        return;
    runner->jobs++;
    journal_close(runner->journal, on_closed, runner);
    runner->journal = NULL;
}
