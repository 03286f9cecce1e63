/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/status/board.h"

#include <stdlib.h>
#include <string.h>

#include "api/base/monotime.h"
#include "controller/status/state.h"

/* --- histograms */

const uint64_t request_bounds_ms[HISTOGRAM_BOUNDS] = {5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000};
const uint64_t pass_bounds_ms[HISTOGRAM_BOUNDS] = {10,    50,    250,    1000,   2500,   10000,
                                                   30000, 60000, 300000, 900000, 3600000};

void histogram_add(struct histogram *histogram, const uint64_t bounds_ms[], uint64_t ms)
{
    uint32_t bucket = 0;

    while (bucket < HISTOGRAM_BOUNDS && ms > bounds_ms[bucket])
        bucket++;
    histogram->counts[bucket]++;
    histogram->sum_ms += ms;
}

/* --- mistakes */

static void release_mistakes(struct mistakes *mistakes)
{
    arena_release(&mistakes->memory);
    *mistakes = (struct mistakes){0};
}

static void keep_mistakes(struct mistakes *kept, const struct complaints *mistakes)
{
    release_mistakes(kept);
    if (mistakes == NULL)
        return;
    kept->total = mistakes->count + mistakes->dropped;
    for (uint32_t i = 0; i < mistakes->count && i < SHOWN_MISTAKES; i++) {
        const struct complaint *one = &mistakes->items[i];
        const char *path = arena_string(&kept->memory, text_of(one->path));
        const char *text = arena_string(&kept->memory, text_of(one->text));
        if (path == NULL || text == NULL)
            return;
        kept->items[kept->count++] =
            (struct mistake){.path = path, .text = text, .line = one->line, .column = one->column};
    }
}

/* --- what runners tell */

static void on_shown(void *context, struct runner_record *record)
{
    struct board_sync *sync = context;
    const struct runner_result *result = runner_record_result(record);

    runner_record_unref(sync->record);
    sync->record = runner_record_ref(record);
    if (strcmp(sync->digest, result->declared_digest) == 0)
        return;
    memcpy(sync->digest, result->declared_digest, strnlen(result->declared_digest, sizeof sync->digest - 1) + 1);
    sync->source_changed_unix_ms = walltime_unix_ms();
}

static void on_noted(void *context, enum kind kind, enum note note, int cause, uint32_t count)
{
    struct board_sync *sync = context;

    sync->noted[note][kind] += count;
    if (note == NOTE_CREATED)
        sync->created_unix_ms = walltime_unix_ms();
    if (note == NOTE_FAILED && cause > CAUSE_NONE && cause < CAUSE_COUNT)
        sync->failures[cause] += count;
}

/* The names of operations live as long as the program: their addresses are compared first. */
static bool same_name(const char *a, const char *b)
{
    return a == b || strcmp(a, b) == 0;
}

static void count_request(struct board_sync *sync, const char *operation, int cause)
{
    for (uint32_t i = 0; i < sync->series_count; i++) {
        struct series *series = &sync->series[i];
        if (series->cause == cause && same_name(series->operation, operation)) {
            series->count++;
            return;
        }
    }
    if (sync->series_count == SERIES_MAX)
        return;
    struct series *grown = realloc(sync->series, (sync->series_count + 1) * sizeof *grown);
    if (grown == NULL)
        return;
    sync->series = grown;
    grown[sync->series_count++] = (struct series){.operation = operation, .cause = cause, .count = 1};
}

static struct operation *operation_of(struct board_sync *sync, const char *name)
{
    for (uint32_t i = 0; i < sync->operation_count; i++)
        if (same_name(sync->operations[i].name, name))
            return &sync->operations[i];
    struct operation *grown = realloc(sync->operations, (sync->operation_count + 1) * sizeof *grown);
    if (grown == NULL)
        return NULL;
    sync->operations = grown;
    grown[sync->operation_count] = (struct operation){.name = name};
    return &grown[sync->operation_count++];
}

static void on_request_ended(void *context, const char *operation, int cause, uint64_t took_ms)
{
    struct board_sync *sync = context;
    const char *name = operation != NULL ? operation : "other"; /* a request that the door has no name for */
    struct operation *one = operation_of(sync, name);

    count_request(sync, name, cause);
    if (one != NULL)
        histogram_add(&one->durations, request_bounds_ms, took_ms);
}

const struct runner_watcher *board_watcher(struct board_sync *sync)
{
    return &sync->watcher;
}

/* --- passes */

void board_look_at_pace(struct board_sync *sync)
{
    if (sync->runner != NULL)
        sync->pace_limit = runner_pace_limit(sync->runner);
}

void board_pass_begins(struct board_sync *sync, const struct runner *runner)
{
    sync->runner = runner;
    sync->begun_unix_ms = walltime_unix_ms();
    sync->next_unix_ms = 0;
    sync->sample_count = 0;
}

static void count_failure(struct board_sync *sync, const struct failure *failure)
{
    if (failure->cause > CAUSE_NONE && failure->cause < CAUSE_COUNT)
        sync->failures[failure->cause]++;
}

static void take_destination(struct board_sync *sync, const struct description *destination)
{
    if (destination == NULL)
        return;
    sync->identity = destination->identity;
    sync->in_service = destination->in_service;
    memcpy(sync->status, destination->status, sizeof sync->status);
}

void board_pass_ended(struct board_sync *sync, const struct runner_result *result)
{
    const struct pass_report *report = result->report;
    struct last_pass *last = &sync->last;

    board_look_at_pace(sync);
    sync->runner = NULL;
    last->any = true;
    last->parity = result->parity;
    last->complete = report->complete;
    last->shrunk = report->shrunk;
    last->last_good = result->last_good;
    last->outcome = report->outcome;
    last->failure = result->failure;
    last->ended_unix_ms = walltime_unix_ms();
    last->took_ms = report->ended_ms > report->started_ms ? report->ended_ms - report->started_ms : 0;
    memcpy(last->created, report->created, sizeof last->created);
    keep_mistakes(&last->mistakes, result->mistakes);
    take_destination(sync, result->destination);
    if (last->parity)
        sync->parity_unix_ms = last->ended_unix_ms;
    count_failure(sync, &last->failure);
    histogram_add(&sync->passes, pass_bounds_ms, last->took_ms);
}

void board_pass_failed(struct board_sync *sync, const struct failure *why)
{
    struct last_pass *last = &sync->last;

    sync->runner = NULL;
    release_mistakes(&last->mistakes);
    *last = (struct last_pass){
        .any = true, .outcome = PASS_AGAIN_BACKOFF, .failure = *why, .ended_unix_ms = walltime_unix_ms()};
    count_failure(sync, why);
}

void board_waits(struct board_sync *sync, uint64_t wait_ms)
{
    sync->next_unix_ms = walltime_unix_ms() + (int64_t)wait_ms;
}

/* --- progress */

static void take_sample(struct board_sync *sync, uint64_t now_ms, uint64_t answered)
{
    struct sample *last = sync->sample_count > 0 ? &sync->samples[sync->sample_count - 1] : NULL;

    if (last != NULL && now_ms - last->ms < SAMPLE_MS)
        return;
    if (sync->sample_count == SAMPLES) {
        memmove(sync->samples, sync->samples + 1, (SAMPLES - 1) * sizeof *sync->samples);
        sync->sample_count--;
    }
    sync->samples[sync->sample_count++] = (struct sample){now_ms, answered};
}

bool board_speed(struct board_sync *sync, struct speed *out)
{
    uint64_t now_ms = monotime_ms();

    if (sync->runner == NULL)
        return false;
    *out = (struct speed){.seconds_left = UINT64_MAX};
    runner_progress(sync->runner, &out->progress);
    out->answered = out->progress.done + out->progress.in_doubt;
    take_sample(sync, now_ms, out->answered);
    const struct sample *first = &sync->samples[0];
    if (now_ms > first->ms && out->answered > first->answered)
        out->per_second = (double)(out->answered - first->answered) * 1000 / (double)(now_ms - first->ms);
    if (out->per_second > 0 && out->progress.to_create >= out->answered)
        out->seconds_left = (uint64_t)((double)(out->progress.to_create - out->answered) / out->per_second) + 1;
    return true;
}

/* --- places */

void board_describe(struct board_sync *sync, const struct board_facts *facts)
{
    struct arena memory = ARENA_INIT;
    const char **sources = arena_alloc(&memory, (facts->source_count + (size_t)1) * sizeof *sources);

    for (uint32_t i = 0; sources != NULL && i < facts->source_count; i++)
        sources[i] = arena_string(&memory, text_of(facts->sources[i]));
    const struct board_facts copy = {
        .name = arena_string(&memory, text_of(facts->name)),
        .mode = arena_string(&memory, text_of(facts->mode)),
        .sources = sources,
        .source_count = facts->source_count,
        .destination = arena_string(&memory, text_of(facts->destination)),
        .interval_ms = facts->interval_ms,
    };
    if (memory.failed) {
        arena_release(&memory);
        return;
    }
    arena_release(&sync->memory);
    sync->memory = memory;
    sync->facts = copy;
}

static void free_sync(struct board_sync *sync)
{
    runner_record_unref(sync->record);
    release_mistakes(&sync->last.mistakes);
    arena_release(&sync->memory);
    free(sync->series);
    free(sync->operations);
    free(sync);
}

static struct board_sync *new_sync(struct board *board)
{
    struct board_sync *sync = calloc(1, sizeof *sync);

    if (sync == NULL)
        return NULL;
    sync->board = board;
    sync->pace_limit = -1;
    sync->watcher = (struct runner_watcher){
        .shown = on_shown, .noted = on_noted, .request_ended = on_request_ended, .context = sync};
    return sync;
}

struct board_sync *board_find(const struct board *board, const char *name)
{
    struct board_sync *sync = board->first;

    while (sync != NULL && strcmp(sync->facts.name, name) != 0)
        sync = sync->next;
    return sync;
}

struct board_sync *board_put_up(struct board *board, const struct board_facts *facts)
{
    struct board_sync *sync = board_find(board, facts->name);

    if (sync != NULL) {
        sync->references++;
        return sync;
    }
    sync = new_sync(board);
    if (sync == NULL)
        return NULL;
    board_describe(sync, facts);
    if (sync->facts.name == NULL) {
        free_sync(sync);
        return NULL;
    }
    sync->references = 1;
    board->edition++;
    *board->last = sync;
    board->last = &sync->next;
    return sync;
}

static void unlink_sync(struct board *board, struct board_sync *sync)
{
    struct board_sync **link = &board->first;

    while (*link != sync)
        link = &(*link)->next;
    *link = sync->next;
    board->edition++;
    if (*link == NULL)
        board->last = link;
}

void board_let_go(struct board_sync *sync, const struct runner *runner)
{
    if (sync == NULL)
        return;
    if (sync->runner == runner)
        sync->runner = NULL;
    if (sync->record != NULL && runner_record_runner(sync->record) == runner) {
        runner_record_unref(sync->record);
        sync->record = NULL;
    }
}

void board_take_down(struct board_sync *sync)
{
    if (sync == NULL || --sync->references > 0)
        return;
    unlink_sync(sync->board, sync);
    free_sync(sync);
}

/* --- the whole */

struct board *board_new(void)
{
    struct board *board = calloc(1, sizeof *board);

    if (board == NULL)
        return NULL;
    board->last = &board->first;
    board->started_unix_ms = board->configuration_unix_ms = walltime_unix_ms();
    return board;
}

void board_free(struct board *board)
{
    if (board == NULL)
        return;
    while (board->first != NULL) {
        struct board_sync *sync = board->first;
        board->first = sync->next;
        free_sync(sync);
    }
    release_mistakes(&board->mistakes);
    free(board);
}

void board_configuration(struct board *board, const struct failure *failure, const struct complaints *mistakes)
{
    board->configuration = *failure;
    board->configuration_unix_ms = walltime_unix_ms();
    keep_mistakes(&board->mistakes, mistakes);
}

bool board_is_ready(const struct board *board)
{
    for (const struct board_sync *sync = board->first; sync != NULL; sync = sync->next)
        if (!sync->last.any)
            return false;
    return true;
}
