/* SPDX-License-Identifier: Apache-2.0
 *
 * Happy path: for every sync runner and watch → pass → wait → pass …
 * What can go wrong: a pass fails (back-off, logged, the next one comes), the journal is held by another process (the
 * same). On close: timers, watches, runners; the memory goes when the last one has reported.
 *
 *   sync:  WAITING ──timer, change──► PASSING ──► WAITING          stop: PASSING ──drained──► STOPPED
 */
#include "controller/daemon.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/base/backoff.h"
#include "api/base/monotime.h"
#include "api/cause.h"
#include "controller/exit_code.h"
#include "manifests/watch.h"

struct sync {
    struct daemon *daemon;
    const struct sync_config *config;
    struct runner *runner;
    struct watch *watch;
    uv_timer_t timer;
    const char **watched; /* paths and the mapping */
    struct mapping no_flags;
    uint64_t started_ms; /* of the last pass; 0: none yet */
    uint32_t failures;   /* passes in a row that want a back-off */
    bool passing, dirty, stopped;
    int code; /* of the last pass, for --once */
};

struct daemon {
    struct daemon_options options;
    struct cloud *cloud; /* what the doors of all syncs share: accounts have one budget */
    struct sync *syncs;
    uint32_t count;
    uint32_t open;    /* timers, watches, runners that have not reported closed */
    uint32_t running; /* syncs that are not stopped */
    uint64_t random;
    bool stopping, closing;
    void (*closed)(void *context);
    void *closed_context;
};

static void schedule(struct sync *sync, uint64_t wait_ms);

/* --- one pass
 * ------------------------------------------------------------------------------------------------------------ */

static void log_pass(const struct sync *sync, const struct runner_result *result)
{
    const struct pass_report *report = result->report;
    char created[32], failed[32], pending[32], took[32];

    snprintf(created, sizeof created, "%" PRIu64, report->created[KIND_TOPIC] + report->created[KIND_GROUP]);
    snprintf(failed, sizeof failed, "%" PRIu64, report->failed[KIND_TOPIC] + report->failed[KIND_GROUP]);
    snprintf(pending, sizeof pending, "%" PRIu64, report->pending[KIND_TOPIC] + report->pending[KIND_GROUP]);
    snprintf(took, sizeof took, "%" PRIu64, report->ended_ms - report->started_ms);
    if (result->failure.cause != CAUSE_NONE)
        log_event(sync->daemon->options.log, LOG_LEVEL_WARN, "pass-failed", result->failure.text, "sync",
                  sync->config->name, "cause", cause_name(result->failure.cause), "code",
                  result->failure.provider_code[0] != '\0' ? result->failure.provider_code : NULL, "request_id",
                  result->failure.request_id[0] != '\0' ? result->failure.request_id : NULL, "hint",
                  cause_hint(result->failure.cause), NULL);
    if (report->shrunk)
        log_event(
            sync->daemon->options.log, LOG_LEVEL_WARN, "source-shrunk",
            "the source lost more than maxShrinkPercent allows since the last good pass: no parity is claimed until "
            "guard.acceptShrink names this digest",
            "sync", sync->config->name, "digest", result->declared_digest, NULL);
    log_event(sync->daemon->options.log, LOG_LEVEL_INFO, "pass-end", result->parity ? "at parity" : "not at parity",
              "sync", sync->config->name, "created", created, "failed", failed, "pending", pending, "took_ms", took,
              "digest", result->declared_digest[0] != '\0' ? result->declared_digest : NULL, NULL);
}

static void log_complaints(const struct sync *sync, const struct complaints *complaints, enum log_level level,
                           const char *event)
{
    for (uint32_t i = 0; complaints != NULL && i < complaints->count; i++) {
        const struct complaint *complaint = &complaints->items[i];
        char place[64];
        snprintf(place, sizeof place, "%" PRIu32 ":%" PRIu32, complaint->line, complaint->column);
        log_event(sync->daemon->options.log, level, event, complaint->text, "sync", sync->config->name, "path",
                  complaint->path, "place", complaint->line > 0 ? place : NULL, NULL);
    }
}

/* Why it was not created: what the destination said, or what the plan found. */
static void explain_row(const struct runner_result *result, uint32_t row, struct failure *out)
{
    enum field field;
    char sentence[256] = "";

    pass_failure(result->pass, row, out);
    if (out->text[0] != '\0')
        return;
    plan_explain(result->plan, row, &field, sentence);
    snprintf(out->text, sizeof out->text, "%s", sentence);
}

static void log_rows(const struct sync *sync, const struct runner_result *result)
{
    for (uint32_t row = 0; result->plan != NULL && row < result->plan->row_count; row++) {
        struct row_result one = pass_result(result->pass, row);
        const struct resource *resource = &catalog_rows(result->plan->declared)[row];
        struct text name = catalog_name(result->plan->declared, resource);
        struct failure failure = FAILURE_INIT;
        char quoted[NAME_BYTES_MAX + 1];

        if (one.result != RESULT_CREATED && one.result != RESULT_FAILED && one.result != RESULT_PENDING)
            continue;
        snprintf(quoted, sizeof quoted, "%.*s", (int)name.bytes, name.data);
        if (one.cause != CAUSE_NONE)
            explain_row(result, row, &failure);
        log_event(sync->daemon->options.log, one.result == RESULT_CREATED ? LOG_LEVEL_INFO : LOG_LEVEL_WARN,
                  one.result == RESULT_CREATED ? "created" : "not-created",
                  one.result == RESULT_CREATED ? "created" : failure.text, "sync", sync->config->name, "kind",
                  kind_name(resource->kind), "name", quoted, "result", result_name(one.result), "cause",
                  one.cause != CAUSE_NONE ? cause_name(one.cause) : NULL, NULL);
    }
}

/* When the next pass of this sync is due, from now. */
static uint64_t next_wait(struct sync *sync, const struct runner_result *result)
{
    static const struct backoff backoff = {.first_ms = DAEMON_BACKOFF_MS, .cap_ms = DAEMON_BACKOFF_MS_MAX};
    uint64_t interval_ms = sync->config->interval_ms;
    uint64_t jitter_ms = interval_ms * DAEMON_JITTER_PERCENT / 100;
    uint64_t now_ms = monotime_ms();
    uint64_t wait_ms = interval_ms - jitter_ms + random_next(&sync->daemon->random) % (2 * jitter_ms + 1);

    if (result->report->outcome == PASS_AGAIN_BACKOFF) {
        uint64_t again_ms = backoff_ms(&backoff, ++sync->failures, &sync->daemon->random);
        return again_ms;
    }
    sync->failures = 0;
    if (result->report->outcome == PASS_AGAIN_AT) {
        uint64_t again_ms = result->report->again_ms > now_ms ? result->report->again_ms - now_ms : 0;
        if (again_ms < wait_ms)
            return again_ms;
    }
    return wait_ms;
}

static void sync_stopped(struct sync *sync)
{
    struct daemon *daemon = sync->daemon;

    if (sync->stopped)
        return;
    sync->stopped = true;
    uv_timer_stop(&sync->timer);
    if (--daemon->running > 0)
        return;
    int code = EXIT_DONE;
    for (uint32_t i = 0; daemon->options.once && i < daemon->count; i++)
        code = exit_code_worse(code, daemon->syncs[i].code);
    daemon->options.ended(daemon->options.context, code);
}

static void on_pass(void *context, const struct runner_result *result)
{
    struct sync *sync = context;

    sync->passing = false;
    log_complaints(sync, result->mistakes, LOG_LEVEL_ERROR, "manifest-wrong");
    if (result->loaded)
        log_complaints(sync, result->notices, LOG_LEVEL_INFO, "manifest-notice");
    log_rows(sync, result);
    log_pass(sync, result);
    sync->code = sync->config->mode == SYNC_APPLY ? exit_code_apply(result, result->report->created_any)
                                                  : exit_code_judge(result);
    if (sync->daemon->stopping || sync->daemon->options.once) {
        sync_stopped(sync);
        return;
    }
    uint64_t wait_ms = next_wait(sync, result);
    schedule(sync, sync->dirty ? 0 : wait_ms);
}

static void start_pass(struct sync *sync)
{
    struct failure why = FAILURE_INIT;
    enum pass_mode mode = sync->config->mode == SYNC_APPLY ? PASS_APPLY : PASS_PLAN;

    sync->dirty = false;
    sync->started_ms = monotime_ms();
    if (runner_start(sync->runner, mode, 0, on_pass, sync, &why) == 0) {
        sync->passing = true;
        return;
    }
    log_event(sync->daemon->options.log, LOG_LEVEL_ERROR, "pass-not-started", why.text, "sync", sync->config->name,
              NULL);
    schedule(sync, sync->config->interval_ms);
}

/* --- when
 * ---------------------------------------------------------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer)
{
    struct sync *sync = timer->data;
    if (!sync->passing && !sync->daemon->stopping)
        start_pass(sync);
}

static void schedule(struct sync *sync, uint64_t wait_ms)
{
    uint64_t now_ms = monotime_ms();
    uint64_t earliest_ms = sync->started_ms == 0 ? now_ms : sync->started_ms + DAEMON_GAP_MS;

    if (now_ms + wait_ms < earliest_ms)
        wait_ms = earliest_ms - now_ms;
    uv_update_time(sync->daemon->options.loop);
    uv_timer_start(&sync->timer, on_timer, wait_ms, 0);
}

static void look_again(struct sync *sync)
{
    if (sync->daemon->stopping || sync->stopped)
        return;
    sync->dirty = true;
    if (sync->passing)
        runner_source_changed(sync->runner);
    else
        schedule(sync, 0);
}

static void on_change(void *context)
{
    struct sync *sync = context;
    log_event(sync->daemon->options.log, LOG_LEVEL_DEBUG, "source-changed", "files may have changed", "sync",
              sync->config->name, NULL);
    look_again(sync);
}

void daemon_look_again(struct daemon *daemon)
{
    for (uint32_t i = 0; i < daemon->count; i++)
        look_again(&daemon->syncs[i]);
}

void daemon_stop(struct daemon *daemon)
{
    if (daemon->stopping)
        return;
    daemon->stopping = true;
    for (uint32_t i = 0; i < daemon->count; i++) {
        if (daemon->syncs[i].passing)
            runner_stop(daemon->syncs[i].runner);
        else
            sync_stopped(&daemon->syncs[i]);
    }
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
    const struct watch_options options = {.loop = sync->daemon->options.loop,
                                          .workers = sync->daemon->options.workers,
                                          .paths = sync->watched,
                                          .path_count = count,
                                          .changed = on_change,
                                          .context = sync};
    if (sync->daemon->options.once)
        return 0;
    return watch_new(&options, &sync->watch, why);
}

static int open_sync(struct sync *sync, struct failure *why)
{
    const struct sync_config *config = sync->config;
    const struct daemon_options *daemon = &sync->daemon->options;

    mapping_init(&sync->no_flags);
    const struct runner_options options = {
        .loop = daemon->loop,
        .workers = daemon->workers,
        .cloud = &sync->daemon->cloud,
        .log = daemon->log,
        .sync = config->name,
        .run = daemon->run,
        .destination = &config->destination,
        .sources = config->sources,
        .source_count = config->source_count,
        .paths = config->paths,
        .path_count = config->path_count,
        .exclude_files = config->exclude_files,
        .mapping_path = config->mapping,
        .flags = &sync->no_flags,
        .guard = &config->guard,
        .state_dir = daemon->state_dir,
        .read_only = config->mode == SYNC_OBSERVE,
        .keep_last_good = !daemon->once,
        .concurrency = config->concurrency,
    };
    if (runner_new(&options, &sync->runner, why) < 0)
        return failure_wrap(why, "sync %s", config->name);
    return open_watch(sync, why);
}

int daemon_new(const struct daemon_options *options, struct daemon **out, struct failure *why)
{
    struct daemon *daemon = calloc(1, sizeof *daemon);

    if (daemon == NULL)
        return failure_no_memory(why, "the daemon");
    daemon->options = *options;
    daemon->random = monotime_ms() ^ (uint64_t)walltime_unix_ms() << 20;
    daemon->syncs = calloc(options->config->sync_count, sizeof *daemon->syncs);
    if (daemon->syncs == NULL && options->config->sync_count > 0) {
        free(daemon);
        return failure_no_memory(why, "the syncs");
    }
    *out = daemon;
    for (; daemon->count < options->config->sync_count; daemon->count++) {
        struct sync *sync = &daemon->syncs[daemon->count];
        sync->daemon = daemon;
        sync->config = &options->config->syncs[daemon->count];
        uv_timer_init(options->loop, &sync->timer);
        sync->timer.data = sync;
        if (open_sync(sync, why) < 0) {
            daemon->count++;
            return -1;
        }
        daemon->running++;
        schedule(sync, 0);
    }
    return 0;
}

static void finish_close(struct daemon *daemon)
{
    if (daemon->open > 0)
        return;
    void (*closed)(void *) = daemon->closed;
    void *context = daemon->closed_context;
    for (uint32_t i = 0; i < daemon->count; i++) {
        mapping_release(&daemon->syncs[i].no_flags);
        free(daemon->syncs[i].watched);
    }
    free(daemon->syncs);
    free(daemon);
    closed(context);
}

static void part_closed(void *context)
{
    struct daemon *daemon = context;
    daemon->open--;
    finish_close(daemon);
}

static void timer_closed(uv_handle_t *handle)
{
    struct sync *sync = handle->data;
    part_closed(sync->daemon);
}

void daemon_close(struct daemon *daemon, void (*closed)(void *context), void *context)
{
    daemon->closed = closed;
    daemon->closed_context = context;
    daemon->stopping = daemon->closing = true;
    daemon->open = 1;
    for (uint32_t i = 0; i < daemon->count; i++) {
        struct sync *sync = &daemon->syncs[i];
        sync->stopped = true;
        daemon->open += 1U + (sync->watch != NULL) + (sync->runner != NULL);
        uv_close((uv_handle_t *)&sync->timer, timer_closed);
        if (sync->watch != NULL)
            watch_close(sync->watch, part_closed, daemon);
        if (sync->runner != NULL)
            runner_close(sync->runner, part_closed, daemon);
    }
    part_closed(daemon);
}
