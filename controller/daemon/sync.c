/* SPDX-License-Identifier: Apache-2.0
 *
 * Happy path: begin → pass → wait → pass …
 * What can go wrong: a pass fails (back-off, logged, the next one comes), the journal is held by another process (the
 * same). On close: timer, watch, runner; the memory goes when the last one has reported.
 *
 *   NEW ──begin──► WAITING ──timer, change──► PASSING ──► WAITING      stop: PASSING ──drained──► STOPPED
 */
#include "controller/daemon/sync.h"

#include <stdlib.h>

#include "api/base/backoff.h"
#include "api/base/file_mark.h"
#include "api/base/monotime.h"
#include "api/cause.h"
#include "controller/daemon/telling.h"
#include "controller/exit_code.h"
#include "controller/status/board.h"
#include "manifests/watch.h"

struct sync {
    struct sync_options options; /* config: a reference */
    const struct sync_config *config;
    struct runner *runner;
    struct watch *watch;
    struct board_sync *place; /* on the board; NULL: there is none */
    uv_timer_t timer;
    const char **watched; /* paths and the mapping */
    struct mapping no_flags;
    uint64_t started_ms; /* of the last pass; 0: none yet */
    uint32_t lock_tries; /* passes that found their destination locked */
    uint64_t trouble;    /* what the last pass could not create (tell_pass) */
    uint64_t random;
    uint64_t beats, beat_ms; /* of the runner, and when they last grew */
    struct sync_view view;
    bool begun, watching, dirty, stopping, closing, watch_told;
    int code; /* of the last pass */
    uint32_t open;
    void (*closed)(void *context);
    void *closed_context;
};

static void schedule(struct sync *sync, uint64_t wait_ms);
static void tell_watch(struct sync *sync);

/* --- one pass
 * ------------------------------------------------------------------------------------------------------------ */

/* When the next pass is due, from now. */
static uint64_t next_wait(struct sync *sync, const struct pass_report *report)
{
    static const struct backoff backoff = {.first_ms = SYNC_BACKOFF_MS, .cap_ms = SYNC_BACKOFF_MS_MAX};
    uint64_t interval_ms = sync->config->interval_ms;
    uint64_t jitter_ms = interval_ms * SYNC_JITTER_PERCENT / 100;
    uint64_t now_ms = monotime_ms();
    uint64_t wait_ms = interval_ms - jitter_ms + random_below(&sync->random, 2 * jitter_ms + 1);

    if (report->failure.cause == CAUSE_STATE_LOCKED) /* others are quick, or take long: no reason to fall behind */
        return backoff_ms(&backoff, 1, &sync->random);
    if (report->outcome == PASS_AGAIN_BACKOFF)
        return backoff_ms(&backoff, ++sync->view.failures, &sync->random);
    sync->view.failures = 0;
    if (report->outcome == PASS_AGAIN_AT) {
        uint64_t again_ms = report->again_ms > now_ms ? report->again_ms - now_ms : 0;
        if (again_ms < wait_ms)
            return again_ms;
    }
    return wait_ms;
}

static void stopped(struct sync *sync)
{
    if (sync->view.state == SYNC_STOPPED)
        return;
    sync->view.state = SYNC_STOPPED;
    uv_timer_stop(&sync->timer);
    sync->options.stopped(sync->options.context, sync);
}

static void remember(struct sync *sync, const struct runner_result *result)
{
    struct sync_view *view = &sync->view;

    view->last = result;
    view->parity = result->parity;
    view->failure = result->failure;
    view->passes++;
    view->created += result->report->created[KIND_TOPIC] + result->report->created[KIND_GROUP];
    view->passed_unix_ms = walltime_unix_ms();
    if (result->parity)
        view->parity_unix_ms = view->passed_unix_ms;
    sync->code = sync->config->mode == SYNC_APPLY ? exit_code_apply(result, result->report->created_any)
                                                  : exit_code_judge(result);
}

/* The lists of names that the mapping refers to may lie anywhere. */
static void watch_lists(struct sync *sync)
{
    uint32_t count;
    const struct file_mark *files = runner_mapping_files(sync->runner, &count);

    if (sync->watch == NULL || sync->config->mapping == NULL || count == 0)
        return;
    const char **paths = calloc(count, sizeof *paths);
    for (uint32_t i = 0; paths != NULL && i < count; i++)
        paths[i] = files[i].path;
    if (paths != NULL)
        watch_also(sync->watch, paths + 1, count - 1); /* the first is the mapping itself, watched from the beginning */
    free(paths);
}

/* --once: a destination at which another sync or process creates is waited for, within limits. */
static bool waits_for_lock(struct sync *sync, const struct runner_result *result)
{
    return sync->options.once && result->failure.cause == CAUSE_STATE_LOCKED && sync->lock_tries++ < SYNC_LOCK_TRIES;
}

static void on_pass(void *context, const struct runner_result *result)
{
    struct sync *sync = context;

    tell_pass(sync->options.log, sync->config->name, result, &sync->trouble);
    if (sync->closing)
        return;
    tell_watch(sync);
    watch_lists(sync);
    remember(sync, result);
    if (sync->place != NULL)
        board_pass_ended(sync->place, result);
    uint64_t wait_ms = next_wait(sync, result->report);
    sync->view.state = SYNC_WAITING;
    sync->options.passed(sync->options.context, sync, result);
    if (sync->stopping || (sync->options.once && !waits_for_lock(sync, result)))
        stopped(sync);
    else
        schedule(sync, sync->dirty ? 0 : wait_ms);
}

static void start_pass(struct sync *sync)
{
    struct failure why = FAILURE_INIT;
    enum pass_mode mode = sync->config->mode == SYNC_APPLY ? PASS_APPLY : PASS_PLAN;

    sync->dirty = false;
    sync->started_ms = sync->beat_ms = monotime_ms();
    sync->view.last = NULL;
    if (runner_start(sync->runner, mode, 0, on_pass, sync, &why) == 0) {
        sync->view.state = SYNC_PASSING;
        if (sync->place != NULL)
            board_pass_begins(sync->place, sync->runner);
        return;
    }
    if (sync->place != NULL)
        board_pass_failed(sync->place, &why);
    log_event(sync->options.log, LOG_LEVEL_ERROR, "pass-not-started", why.text, "sync", sync->config->name, NULL);
    schedule(sync, sync->config->interval_ms);
}

/* --- when
 * ---------------------------------------------------------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer)
{
    struct sync *sync = timer->data;

    if (sync->view.state == SYNC_WAITING && !sync->stopping)
        start_pass(sync);
}

static void schedule(struct sync *sync, uint64_t wait_ms)
{
    uint64_t now_ms = monotime_ms();
    uint64_t earliest_ms = sync->started_ms == 0 ? now_ms : sync->started_ms + SYNC_GAP_MS;

    if (now_ms + wait_ms < earliest_ms)
        wait_ms = earliest_ms - now_ms;
    sync->view.next_ms = now_ms + wait_ms;
    if (sync->place != NULL)
        board_waits(sync->place, wait_ms);
    uv_update_time(sync->options.loop);
    uv_timer_start(&sync->timer, on_timer, wait_ms, 0);
}

static const char *source_text(const struct sync_config *config, uint32_t number)
{
    return number < config->path_count ? config->paths[number] : config->sources[number - config->path_count].address;
}

static void show(struct sync *sync)
{
    const struct sync_config *config = sync->config;
    uint32_t count = config->path_count + config->source_count;
    const char **sources = sync->place != NULL ? calloc(count + (size_t)1, sizeof *sources) : NULL;

    if (sources == NULL)
        return;
    for (uint32_t i = 0; i < count; i++)
        sources[i] = source_text(config, i);
    const struct board_facts facts = {.name = config->name,
                                      .mode = config->mode == SYNC_APPLY ? "apply" : "observe",
                                      .sources = sources,
                                      .source_count = count,
                                      .destination = config->destination.address,
                                      .interval_ms = config->interval_ms};
    board_describe(sync->place, &facts);
    free(sources);
}

void sync_begin(struct sync *sync)
{
    sync->begun = true;
    show(sync);
    sync->view.state = SYNC_WAITING;
    if (sync->watching)
        schedule(sync, 0);
}

void sync_look_again(struct sync *sync)
{
    if (sync->stopping || !sync->begun || !sync->watching)
        return;
    sync->dirty = true;
    if (sync->view.state == SYNC_PASSING)
        runner_source_changed(sync->runner);
    else
        schedule(sync, 0);
}

static void on_change(void *context)
{
    struct sync *sync = context;

    if (!sync->watching) { /* what changes from now on is seen: the first pass may begin */
        sync->watching = true;
        if (sync->begun && !sync->stopping)
            schedule(sync, 0);
        return;
    }
    sync->view.changed_unix_ms = walltime_unix_ms();
    log_event(sync->options.log, LOG_LEVEL_DEBUG, "source-changed", "files may have changed", "sync",
              sync->config->name, NULL);
    sync_look_again(sync);
}

void sync_stop(struct sync *sync)
{
    if (sync->stopping)
        return;
    sync->stopping = true;
    if (sync->view.state == SYNC_PASSING)
        runner_stop(sync->runner);
    else
        stopped(sync);
}

bool sync_is_new(const struct sync *sync)
{
    return !sync->begun;
}

bool sync_is_stopped(const struct sync *sync)
{
    return sync->view.state == SYNC_STOPPED;
}

/* --- what others want to know
 * ---------------------------------------------------------------------------------------------------------------- */

void sync_look(const struct sync *sync, struct sync_view *out)
{
    *out = sync->view;
    out->config = sync->config;
    out->watch_complete = sync->watch == NULL || watch_complete(sync->watch);
    if (out->state == SYNC_PASSING)
        runner_progress(sync->runner, &out->progress);
}

const struct sync_config *sync_config_of(const struct sync *sync)
{
    return sync->config;
}

int sync_exit_code(const struct sync *sync)
{
    return sync->code;
}

bool sync_is_stuck(struct sync *sync, uint64_t now_ms)
{
    uint64_t beats = runner_beats(sync->runner);

    if (sync->view.state != SYNC_PASSING || beats != sync->beats) {
        sync->beats = beats;
        sync->beat_ms = now_ms;
    }
    return now_ms - sync->beat_ms >= SYNC_STUCK_MS;
}

static void tell_watch(struct sync *sync)
{
    if (sync->watch_told || sync->watch == NULL || watch_complete(sync->watch))
        return;
    sync->watch_told = true;
    log_event(
        sync->options.log, LOG_LEVEL_WARN, "watch-incomplete",
        "not every directory can be watched (fs.inotify.max_user_watches): changes there are found by the interval",
        "sync", sync->config->name, NULL);
}

/* --- life
 * ---------------------------------------------------------------------------------------------------------------- */

static int open_watch(struct sync *sync, struct failure *why)
{
    const struct sync_config *config = sync->config;
    uint32_t count = 0;

    sync->watched = calloc(config->path_count + 1, sizeof *sync->watched);
    if (sync->watched == NULL)
        return failure_no_memory(why, "watching files");
    for (uint32_t i = 0; i < config->path_count; i++)
        sync->watched[count++] = config->paths[i];
    if (config->mapping != NULL)
        sync->watched[count++] = config->mapping;
    const struct watch_options options = {.loop = sync->options.loop,
                                          .workers = sync->options.workers,
                                          .paths = sync->watched,
                                          .path_count = count,
                                          .changed = on_change,
                                          .context = sync};
    sync->watching = sync->options.once;
    return sync->options.once ? 0 : watch_new(&options, &sync->watch, why);
}

/* Its place on the board; what that says is put right when the sync begins. */
static int take_place(struct sync *sync, struct failure *why)
{
    const struct board_facts facts = {.name = sync->config->name, .mode = "", .destination = ""};

    if (sync->options.board == NULL)
        return 0;
    sync->place = board_put_up(sync->options.board, &facts);
    return sync->place != NULL ? 0 : failure_no_memory(why, "the status");
}

static int open_runner(struct sync *sync, struct failure *why)
{
    const struct sync_config *config = sync->config;
    const struct runner_options options = {
        .loop = sync->options.loop,
        .workers = sync->options.workers,
        .cloud = sync->options.cloud,
        .log = sync->options.log,
        .sync = config->name,
        .run = sync->options.run,
        .destination = &config->destination,
        .sources = config->sources,
        .source_count = config->source_count,
        .paths = config->paths,
        .path_count = config->path_count,
        .exclude_files = config->exclude_files,
        .mapping_path = config->mapping,
        .flags = &sync->no_flags,
        .guard = &config->guard,
        .state_dir = sync->options.state_dir,
        .read_only = config->mode == SYNC_OBSERVE,
        .keep_last_good = !sync->options.once,
        .concurrency = config->concurrency,
        .watcher = sync->place != NULL ? board_watcher(sync->place) : NULL,
    };
    return runner_new(&options, &sync->runner, why);
}

int sync_new(const struct sync_options *options, struct sync **out, struct failure *why)
{
    struct sync *sync = calloc(1, sizeof *sync);

    if (sync == NULL)
        return failure_no_memory(why, "a sync");
    sync->options = *options;
    config_ref(options->config);
    sync->config = &options->config->syncs[options->number];
    sync->random = monotime_ms() ^ (uint64_t)walltime_unix_ms() << 20 ^ options->number;
    mapping_init(&sync->no_flags);
    uv_timer_init(options->loop, &sync->timer);
    sync->timer.data = sync;
    if (take_place(sync, why) == 0 && open_runner(sync, why) == 0 && open_watch(sync, why) == 0) {
        *out = sync;
        return 0;
    }
    failure_wrap(why, "sync %s", sync->config->name);
    sync_close(sync, NULL, NULL);
    return -1;
}

void sync_inherit(struct sync *sync, const struct sync *from)
{
    runner_inherit(sync->runner, from->runner);
    sync->started_ms = from->started_ms;
}

static void part_closed(void *context)
{
    struct sync *sync = context;
    void (*closed)(void *) = sync->closed;
    void *closed_context = sync->closed_context;

    if (--sync->open > 0)
        return;
    board_take_down(sync->place);
    config_unref(sync->options.config);
    mapping_release(&sync->no_flags);
    free(sync->watched);
    free(sync);
    if (closed != NULL)
        closed(closed_context);
}

static void timer_closed(uv_handle_t *handle)
{
    part_closed(handle->data);
}

void sync_close(struct sync *sync, void (*closed)(void *context), void *context)
{
    sync->closed = closed;
    sync->closed_context = context;
    sync->stopping = sync->closing = true;
    sync->open = 1U + (sync->watch != NULL) + (sync->runner != NULL);
    uv_close((uv_handle_t *)&sync->timer, timer_closed);
    if (sync->watch != NULL)
        watch_close(sync->watch, part_closed, sync);
    board_let_go(sync->place, sync->runner);
    if (sync->runner != NULL)
        runner_close(sync->runner, part_closed, sync);
}
