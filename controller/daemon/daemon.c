/* SPDX-License-Identifier: Apache-2.0
 *
 * Happy path: all syncs begin; a stop drains them; when all are at rest, and those that a reload sent away are gone, it
 * ends. On close: every sync and a reload under way; the memory goes when the last one has reported.
 */
#include "controller/daemon/daemon.h"

#include <stdlib.h>

#include "api/base/monotime.h"
#include "api/cause.h"
#include "controller/daemon/calm.h"
#include "controller/daemon/state.h"
#include "controller/exit_code.h"

/* --- syncs
 * --------------------------------------------------------------------------------------------------------------------
 */

static void on_passed(void *context, struct sync *sync, const struct runner_result *result)
{
    struct daemon *daemon = context;
    struct sync_view view;

    (void)result;
    calm_stir(daemon->calm);
    if (daemon->options.passed == NULL)
        return;
    sync_look(sync, &view);
    daemon->options.passed(daemon->options.context, &view);
}

static void on_stopped(void *context, struct sync *sync)
{
    struct daemon *daemon = context;

    daemon_see_off(daemon, sync);
    daemon_check_end(daemon);
}

int daemon_open_sync(struct daemon *daemon, struct config *config, uint32_t number, struct sync **out,
                     struct failure *why)
{
    const struct sync_options options = {.loop = daemon->options.loop,
                                         .workers = daemon->options.workers,
                                         .log = daemon->options.log,
                                         .run = daemon->options.run,
                                         .state_dir = daemon->options.state_dir,
                                         .cloud = daemon->options.cloud,
                                         .board = daemon->options.board,
                                         .once = daemon->options.once,
                                         .config = config,
                                         .number = number,
                                         .passed = on_passed,
                                         .stopped = on_stopped,
                                         .context = daemon};
    return sync_new(&options, out, why);
}

/* --- the end
 * ---------------------------------------------------------------------------------------------------------------- */

void daemon_check_end(struct daemon *daemon)
{
    int code = EXIT_DONE;

    if (daemon->ended || daemon->closing || daemon->leaving != NULL || !(daemon->stopping || daemon->options.once))
        return;
    for (uint32_t i = 0; i < daemon->count; i++) {
        if (!sync_is_stopped(daemon->syncs[i]))
            return;
        if (daemon->options.once)
            code = exit_code_worse(code, sync_exit_code(daemon->syncs[i]));
    }
    daemon->ended = true;
    daemon->options.ended(daemon->options.context, code);
}

void daemon_stop(struct daemon *daemon)
{
    if (daemon->stopping)
        return;
    daemon->stopping = true;
    for (uint32_t i = 0; i < daemon->count; i++)
        sync_stop(daemon->syncs[i]);
    daemon_check_end(daemon);
}

/* --- what others want to know
 * ---------------------------------------------------------------------------------------------------------------- */

uint32_t daemon_sync_count(const struct daemon *daemon)
{
    return daemon->count;
}

void daemon_look(const struct daemon *daemon, uint32_t number, struct sync_view *out)
{
    sync_look(daemon->syncs[number], out);
}

const struct daemon_configuration *daemon_configuration(const struct daemon *daemon)
{
    return &daemon->configuration;
}

bool daemon_is_stuck(struct daemon *daemon)
{
    uint64_t now_ms = monotime_ms();
    bool stuck = false;

    for (uint32_t i = 0; i < daemon->count; i++)
        stuck |= sync_is_stuck(daemon->syncs[i], now_ms);
    return stuck;
}

/* --- life
 * ---------------------------------------------------------------------------------------------------------------- */

static bool is_calm(void *context)
{
    const struct daemon *daemon = context;

    for (uint32_t i = 0; i < daemon->count; i++) {
        struct sync_view view;
        sync_look(daemon->syncs[i], &view);
        if (view.state == SYNC_PASSING)
            return false; /* its end stirs */
    }
    return true;
}

int daemon_new(const struct daemon_options *options, struct daemon **out, struct failure *why)
{
    struct daemon *daemon = calloc(1, sizeof *daemon);

    if (daemon == NULL)
        return failure_no_memory(why, "the daemon");
    daemon->options = *options;
    daemon->syncs = calloc(options->config->sync_count + 1, sizeof *daemon->syncs);
    daemon->calm = daemon->syncs == NULL ? NULL : calm_new(options->loop, options->workers, is_calm, daemon);
    if (daemon->calm == NULL) {
        free(daemon->syncs);
        free(daemon);
        return failure_no_memory(why, "the syncs");
    }
    daemon->config = config_ref(options->config);
    daemon->configuration =
        (struct daemon_configuration){.config = daemon->config, .loaded_unix_ms = walltime_unix_ms(), .generation = 1};
    complaints_init(&daemon->configuration.mistakes);
    *out = daemon;
    for (; daemon->count < options->config->sync_count; daemon->count++) {
        if (daemon_open_sync(daemon, daemon->config, daemon->count, &daemon->syncs[daemon->count], why) < 0)
            return -1;
    }
    for (uint32_t i = 0; i < daemon->count; i++)
        sync_begin(daemon->syncs[i]);
    return 0;
}

void daemon_part_closed(void *context)
{
    struct daemon *daemon = context;
    void (*closed)(void *) = daemon->closed;
    void *closed_context = daemon->closed_context;

    if (--daemon->open > 0)
        return;
    config_unref(daemon->config);
    complaints_release(&daemon->configuration.mistakes);
    free(daemon->syncs);
    free(daemon);
    closed(closed_context);
}

void daemon_close(struct daemon *daemon, void (*closed)(void *context), void *context)
{
    daemon->closed = closed;
    daemon->closed_context = context;
    daemon->stopping = daemon->closing = true;
    daemon->open = 2 + daemon->count;
    calm_close(daemon->calm, daemon_part_closed, daemon);
    for (uint32_t i = 0; i < daemon->count; i++)
        sync_close(daemon->syncs[i], daemon_part_closed, daemon);
    for (struct leaving *leaving = daemon->leaving; leaving != NULL; leaving = leaving->next) {
        daemon->open++;
        daemon_send_away(leaving);
    }
    if (daemon->reload != NULL) {
        daemon->open++;
        daemon_cancel_reload(daemon);
    }
    daemon_part_closed(daemon);
}
