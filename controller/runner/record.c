/* SPDX-License-Identifier: Apache-2.0
 *
 * Records of plans and of passes that have ended.
 *
 * happy path: a plan is delivered → a record of it is shown → the pass ends → its results are gathered (on a worker
 * when the plan is large, and the pass is told as ended only then) → a record with results is shown. what can go wrong:
 * no memory: nothing newer is shown, the pass is not disturbed. on close: a record keeps its runner; what it holds is
 * freed by a worker when the last reference is back.
 */
#include "controller/runner/record.h"

#include <stdlib.h>
#include <string.h>

#include "api/base/arena.h"
#include "api/base/monotime.h"
#include "api/cause.h"
#include "controller/runner/state.h"

struct told { /* the sentences of a failure; the arena's */
    const char *text, *provider_code, *provider_message, *request_id;
};

/* Rows whose outcome the plan does not tell: all but those that were there and have nothing to say. */
struct kept_row {
    uint32_t row;
    struct row_result result;
    const struct told *told; /* NULL: nothing */
};

struct runner_record {
    unsigned references;
    struct runner *runner;
    struct declared *declared; /* a reference: also what the plan's mapping lives in */
    struct plan *plan;         /* a reference */
    struct runner_result result;
    struct pass_report report;
    uint64_t number;
    int64_t unix_ms;
    bool ended, with_results;
    struct kept_row *rows;
    uint32_t row_count, capacity;
    struct arena memory;
};

/* ---- life */

static void release(void *thing)
{
    struct runner_record *record = thing;

    plan_free(record->plan);
    arena_release(&record->memory);
    free(record->rows);
    free(record);
}

struct runner_record *runner_record_ref(struct runner_record *record)
{
    record->references++;
    return record;
}

void runner_record_unref(struct runner_record *record)
{
    if (!record || --record->references > 0)
        return;
    struct runner *runner = record->runner;
    runner_reap_with(runner, release, record, record->declared);
    runner_job_ended(runner);
}

static struct runner_record *record_new(struct runner *runner, struct plan *plan)
{
    struct runner_record *record = calloc(1, sizeof *record);

    if (!record)
        return NULL;
    *record = (struct runner_record){
        .references = 1,
        .runner = runner,
        .declared = declared_ref(runner->shown),
        .plan = plan_ref(plan),
        .number = (uint64_t)runner->pass_id << 20 | (++runner->records & 0xfffff),
        .unix_ms = walltime_unix_ms(),
    };
    runner->jobs++;
    runner_fill_result(runner);
    record->result = runner->result;
    record->result.report = &record->report;
    record->result.pass = NULL;
    record->result.plan = plan;
    record->result.mistakes = record->result.notices = NULL;
    record->result.destination = NULL;
    record->result.declared_digest = record->declared->digest;
    return record;
}

static void show(struct runner *runner, struct runner_record *record)
{
    const struct runner_watcher *watcher = runner->options.watcher;

    watcher->shown(watcher->context, record);
    runner_record_unref(record);
}

static bool is_watched(const struct runner *runner)
{
    return runner->options.watcher && runner->options.watcher->shown && !runner->closing;
}

void runner_record_plan(struct runner *runner, struct plan *plan)
{
    struct runner_record *record = is_watched(runner) ? record_new(runner, plan) : NULL;

    if (record)
        show(runner, record);
}

/* ---- results */

static const char *keep(struct runner_record *record, const char *text, const char *before)
{
    if (before && strcmp(text, before) == 0)
        return before;
    const char *copy = arena_string(&record->memory, text_of(text));
    return copy ? copy : "";
}

/* Rows that are refused together say the same: what the row before said is not kept twice. */
static const struct told *keep_told(struct runner_record *record, const struct failure *failure)
{
    const struct told *last = record->row_count > 0 ? record->rows[record->row_count - 1].told : NULL;
    struct told told = {
        .text = keep(record, failure->text, last ? last->text : NULL),
        .provider_code = keep(record, failure->provider_code, last ? last->provider_code : NULL),
        .provider_message = keep(record, failure->provider_message, last ? last->provider_message : NULL),
        .request_id = keep(record, failure->request_id, last ? last->request_id : NULL),
    };
    if (last && memcmp(&told, last, sizeof told) == 0)
        return last;
    struct told *kept = arena_alloc(&record->memory, sizeof *kept);
    if (kept)
        *kept = told;
    return kept;
}

static bool add_row(struct runner_record *record, const struct kept_row *row)
{
    if (record->row_count == record->capacity) {
        uint32_t capacity = record->capacity == 0 ? 16 : record->capacity * 2;
        struct kept_row *rows = realloc(record->rows, capacity * sizeof *rows);
        if (!rows)
            return false;
        record->rows = rows;
        record->capacity = capacity;
    }
    record->rows[record->row_count++] = *row;
    return true;
}

/* Any thread: the pass has ended, nobody changes it. */
static void gather(struct runner_record *record, const struct pass *pass)
{
    struct failure failure;

    for (uint32_t row = 0; row < record->plan->row_count; row++) {
        struct kept_row kept = {.row = row, .result = pass_result(pass, row)};
        record->with_results = record->with_results || kept.result.result != RESULT_NONE;
        if (kept.result.result == RESULT_NONE ||
            (kept.result.result == RESULT_EXISTED && kept.result.cause == CAUSE_NONE && kept.result.attempts == 0))
            continue;
        if (kept.result.cause != CAUSE_NONE && record->plan->rows[row].cause == CAUSE_NONE) {
            pass_failure(pass, row, &failure);
            kept.told = keep_told(record, &failure);
        }
        if (!add_row(record, &kept))
            return;
    }
}

struct gathering {
    struct job job;
    struct runner_record *record;
    const struct pass *pass;
};

static void work(struct job *job)
{
    struct gathering *gathering = job->data;
    gather(gathering->record, gathering->pass);
}

static void on_done(struct job *job)
{
    struct gathering *gathering = job->data;
    struct runner_record *record = gathering->record;
    struct runner *runner = record->runner;

    free(gathering);
    runner->recording = false;
    show(runner, record);
    runner_pump(runner);
}

/* Gathering takes as long as there are rows. Where there is no memory for a job it is done at once. */
static bool gather_on_worker(struct runner_record *record)
{
    struct runner *runner = record->runner;
    struct gathering *gathering = record->plan->row_count > RUNNER_LARGE_ROWS ? calloc(1, sizeof *gathering) : NULL;

    if (!gathering)
        return false;
    *gathering = (struct gathering){.record = record, .pass = runner->pass};
    gathering->job.work = work;
    gathering->job.done = on_done;
    gathering->job.data = gathering;
    runner->recording = true;
    worker_submit(runner->options.workers, &gathering->job);
    return true;
}

bool runner_record_end(struct runner *runner)
{
    const struct plan *plan = pass_plan(runner->pass);

    if (runner->recorded || !is_watched(runner) || !plan || runner->lost.failure.cause != CAUSE_NONE)
        return false;
    runner->recorded = true;
    struct runner_record *record = record_new(runner, (struct plan *)plan);
    if (!record)
        return false;
    record->ended = true;
    record->report = *pass_report(runner->pass);
    if (gather_on_worker(record))
        return true;
    gather(record, runner->pass);
    show(runner, record);
    return false;
}

/* ---- looking at it */

const struct runner_result *runner_record_result(const struct runner_record *record)
{
    return &record->result;
}

const struct runner *runner_record_runner(const struct runner_record *record)
{
    return record->runner;
}

bool runner_record_ended(const struct runner_record *record)
{
    return record->ended;
}

int64_t runner_record_unix_ms(const struct runner_record *record)
{
    return record->unix_ms;
}

uint64_t runner_record_number(const struct runner_record *record)
{
    return record->number;
}

static const struct kept_row *find(const struct runner_record *record, uint32_t row)
{
    uint32_t low = 0, high = record->row_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (record->rows[middle].row < row)
            low = middle + 1;
        else
            high = middle;
    }
    return low < record->row_count && record->rows[low].row == row ? &record->rows[low] : NULL;
}

static struct row_result result_of(const struct runner_record *record, uint32_t row, const struct kept_row *kept)
{
    uint8_t state = record->plan->rows[row].state;

    if (kept)
        return kept->result;
    if (!record->with_results || state == STATE_SYSTEM || state == STATE_EXCLUDED)
        return (struct row_result){.result = RESULT_NONE};
    return (struct row_result){.result = RESULT_EXISTED};
}

struct row_result runner_record_row(const struct runner_record *record, uint32_t row)
{
    return result_of(record, row, find(record, row));
}

static void copy(char *out, size_t bytes, const char *text)
{
    size_t length = strnlen(text, bytes - 1);
    memcpy(out, text, length);
    out[length] = '\0';
}

void runner_record_outcome(const struct runner_record *record, uint32_t row, struct row_outcome *out)
{
    const struct kept_row *kept = find(record, row);

    memset(out, 0, sizeof *out);
    out->result = result_of(record, row, kept);
    out->failure.cause = out->result.cause;
    if (!kept || !kept->told)
        return;
    copy(out->failure.text, sizeof out->failure.text, kept->told->text);
    copy(out->failure.provider_code, sizeof out->failure.provider_code, kept->told->provider_code);
    copy(out->failure.provider_message, sizeof out->failure.provider_message, kept->told->provider_message);
    copy(out->failure.request_id, sizeof out->failure.request_id, kept->told->request_id);
}
