/* SPDX-License-Identifier: Apache-2.0
 *
 * run: the daemon in the foreground, for systemd and for people; --once makes one pass of every sync and ends.
 */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "api/cause.h"
#include "controller/commands/session.h"
#include "controller/daemon.h"
#include "controller/exit_code.h"
#include "controller/journal/journal.h"

struct run {
    struct session *session;
    struct config *config;
    struct buffer state_dir;
    struct daemon *daemon;
    uv_signal_t hangup, interrupted, terminated;
    uv_timer_t drain;
    bool signals, stopping;
    int code;
};

static void on_closed(void *context)
{
    struct run *run = context;
    run->daemon = NULL;
}

static void close_all(struct run *run)
{
    if (run->signals) {
        uv_close((uv_handle_t *)&run->hangup, NULL);
        uv_close((uv_handle_t *)&run->interrupted, NULL);
        uv_close((uv_handle_t *)&run->terminated, NULL);
        uv_close((uv_handle_t *)&run->drain, NULL);
        run->signals = false;
    }
    if (run->daemon != NULL)
        daemon_close(run->daemon, on_closed, run);
}

static void on_ended(void *context, int exit_code)
{
    struct run *run = context;
    if (options_has(run->session->options, OPTION_ONCE))
        run->code = exit_code;
    log_event(run->session->log, LOG_LEVEL_INFO, "end", "ended", NULL);
    close_all(run);
}

static void on_drain_deadline(uv_timer_t *timer)
{
    struct run *run = timer->data;
    log_event(run->session->log, LOG_LEVEL_WARN, "drain-deadline", "what is still under way is dropped", NULL);
    close_all(run);
}

/* The first one drains; a second one ends at once: journal and snapshot are whole at any moment. */
static void on_stop(uv_signal_t *handle, int number)
{
    struct run *run = handle->data;

    if (run->stopping)
        _exit(number == SIGTERM ? EXIT_DONE : EXIT_INTERRUPTED);
    run->stopping = true;
    log_event(run->session->log, LOG_LEVEL_INFO, "stop", "creates under way are finished", NULL);
    uv_timer_start(&run->drain, on_drain_deadline, DAEMON_DRAIN_MS, 0);
    daemon_stop(run->daemon);
}

static void on_hangup(uv_signal_t *handle, int number)
{
    struct run *run = handle->data;
    (void)number;
    log_event(run->session->log, LOG_LEVEL_INFO, "hangup", "every sync is looked at again", NULL);
    if (!run->stopping)
        daemon_look_again(run->daemon);
}

static void watch_signals(struct run *run)
{
    uv_loop_t *loop = &run->session->loop;

    uv_signal_init(loop, &run->hangup);
    uv_signal_init(loop, &run->interrupted);
    uv_signal_init(loop, &run->terminated);
    uv_timer_init(loop, &run->drain);
    run->hangup.data = run->interrupted.data = run->terminated.data = run->drain.data = run;
    uv_signal_start(&run->hangup, on_hangup, SIGHUP);
    uv_signal_start(&run->interrupted, on_stop, SIGINT);
    uv_signal_start(&run->terminated, on_stop, SIGTERM);
    run->signals = true;
}

static int load(struct run *run, struct failure *why)
{
    const struct options *options = run->session->options;
    struct complaints mistakes;

    complaints_init(&mistakes);
    int status = config_load(options_text(options, OPTION_CONFIG, CONFIG_PATH_DEFAULT), &run->config, &mistakes, why);
    session_mistakes(run->session, &mistakes);
    complaints_release(&mistakes);
    if (status < 0)
        return -1;
    if (run->config->sync_count == 0)
        return failure_set(why, CAUSE_CONFIGURATION_WRONG, "%s holds no Sync: there is nothing to do",
                           run->config->path);
    if (run->config->has_log_level && !options_has(options, OPTION_LOG_LEVEL))
        log_set_level(run->session->log, run->config->log_level);
    return journal_state_dir(options_text(options, OPTION_STATE_DIR, run->config->state_directory), &run->state_dir,
                             why);
}

static int begin(struct run *run, struct failure *why)
{
    if (load(run, why) < 0)
        return -1;
    const struct daemon_options options = {.loop = &run->session->loop,
                                           .workers = run->session->workers,
                                           .log = run->session->log,
                                           .run = run->session->run_id,
                                           .config = run->config,
                                           .state_dir = run->state_dir.data,
                                           .once = options_has(run->session->options, OPTION_ONCE),
                                           .ended = on_ended,
                                           .context = run};
    watch_signals(run);
    return daemon_new(&options, &run->daemon, why);
}

int command_run(struct session *session)
{
    struct run run = {.session = session};
    struct failure why = FAILURE_INIT;

    buffer_init(&run.state_dir, 64 * 1024);
    if (begin(&run, &why) < 0) {
        run.code = session_fail(session, &why);
        close_all(&run);
    }
    uv_run(&session->loop, UV_RUN_DEFAULT);
    config_free(run.config);
    buffer_release(&run.state_dir);
    return run.code;
}
