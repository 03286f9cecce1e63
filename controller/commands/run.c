/* SPDX-License-Identifier: Apache-2.0
 *
 * run: the daemon in the foreground, for systemd and for people; --once makes one pass of every sync and ends.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/cause.h"
#include "controller/commands/session.h"
#include "controller/daemon/daemon.h"
#include "controller/exit_code.h"
#include "controller/journal/journal.h"
#include "controller/service/service.h"
#include "controller/status/listen.h"
#include "controller/status/server.h"

struct run {
    struct session *session;
    struct config *config; /* its `listen` is in force */
    struct buffer state_dir;
    struct cloud *cloud; /* what the doors of all syncs share */
    struct board *board; /* what the status server shows */
    struct daemon *daemon;
    struct service *service;
    struct status_server *server; /* NULL: it listens nowhere */
    struct addrinfo *places;      /* where a reload is to listen; its worker's until it is admitted */
    uv_signal_t hangup, interrupted, terminated;
    uv_timer_t drain;
    bool signals, stopping, closing;
    int code;
};

static void on_closed(void *context)
{
    struct run *run = context;
    run->daemon = NULL;
}

static void on_server_closed(void *context)
{
    (void)context;
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
    service_close(run->service);
    run->service = NULL;
    if (run->server != NULL)
        status_server_close(run->server, on_server_closed, run);
    run->server = NULL;
    if (run->daemon != NULL && !run->closing)
        daemon_close(run->daemon, on_closed, run);
    run->closing = true;
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
    service_say(run->service, NOTIFY_STOPPING);
    daemon_stop(run->daemon);
}

static void on_hangup(uv_signal_t *handle, int number)
{
    struct run *run = handle->data;
    (void)number;
    if (run->stopping || options_has(run->session->options, OPTION_ONCE))
        return;
    log_event(run->session->log, LOG_LEVEL_INFO, "hangup", "configuration and manifests are read anew", NULL);
    service_say(run->service, NOTIFY_RELOADING);
    daemon_reload(run->daemon);
}

static void use_log_settings(struct run *run, const struct config *config)
{
    const struct options *options = run->session->options;

    if (config->has_log_level && !options_has(options, OPTION_LOG_LEVEL))
        log_set_level(run->session->log, config->log_level);
    if (config->has_log_format && !options_has(options, OPTION_LOG_FORMAT))
        log_set_format(run->session->log, config->log_format);
}

static void on_reloaded(void *context)
{
    struct run *run = context;
    const struct daemon_configuration *configuration = daemon_configuration(run->daemon);

    use_log_settings(run, configuration->config);
    board_configuration(run->board, &configuration->failure, &configuration->mistakes);
    if (run->server != NULL)
        status_server_host_names(run->server, configuration->config->host_names);
    service_say(run->service, run->stopping ? NOTIFY_STOPPING : NOTIFY_READY);
}

static void on_passed(void *context, const struct sync_view *sync)
{
    struct run *run = context;
    (void)sync;
    service_look(run->service);
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
    use_log_settings(run, run->config);
    return journal_state_dir(options_text(options, OPTION_STATE_DIR, run->config->state_directory), &run->state_dir,
                             why);
}

/* --- where it listens */

static const char *listen_of(const struct run *run, const struct config *config)
{
    return options_text(run->session->options, OPTION_LISTEN,
                        config->listen != NULL ? config->listen : STATUS_LISTEN_DEFAULT);
}

/* Besides the server that there is, which may have the same port. *out: NULL where it is to listen nowhere. */
static int open_server(struct run *run, const struct config *config, struct status_server **out, struct failure *why)
{
    const struct status_server_options options = {
        .loop = &run->session->loop,
        .workers = run->session->workers,
        .listen = listen_of(run, config),
        .places = run->places,
        .before = run->server,
        .host_names = config->host_names,
        .board = run->board,
        .state_dir = run->state_dir.data,
    };

    *out = NULL;
    if (strcmp(options.listen, STATUS_LISTEN_NONE) == 0)
        return 0;
    if (status_server_new(&options, out, why) < 0)
        return -1;
    log_event(run->session->log, LOG_LEVEL_INFO, "listening", "status page, /metrics and /v1 are here", "address",
              status_server_address(*out), NULL);
    return 0;
}

/* On a worker. A name may take long to look up. */
static int prepare_listen(void *context, const struct config *config, struct failure *why)
{
    struct run *run = context;
    const char *wanted = listen_of(run, config);

    listen_forget(run->places);
    run->places = NULL;
    if (strcmp(wanted, STATUS_LISTEN_NONE) == 0 || strcmp(wanted, listen_of(run, run->config)) == 0)
        return 0;
    return listen_find(wanted, &run->places, why);
}

/* The new one is open before the old one closes: who asks is answered by either. */
static int admit_listen(void *context, struct config *config, struct failure *why)
{
    struct run *run = context;
    struct status_server *before = run->server;

    if (strcmp(listen_of(run, config), listen_of(run, run->config)) != 0) {
        if (open_server(run, config, &run->server, why) < 0) {
            run->server = before;
            return -1;
        }
        if (before != NULL)
            status_server_close(before, on_server_closed, run);
    }
    config_unref(run->config);
    run->config = config_ref(config);
    return 0;
}

static struct service *make_service(uv_loop_t *loop)
{
    return service_new(
        loop, notify_new(getenv("NOTIFY_SOCKET"), getenv("WATCHDOG_USEC"), getenv("WATCHDOG_PID"), (int64_t)getpid()));
}

static int begin(struct run *run, struct failure *why)
{
    if (load(run, why) < 0)
        return -1;
    run->board = board_new();
    if (run->board == NULL)
        return failure_no_memory(why, "the status");
    const struct daemon_options options = {.loop = &run->session->loop,
                                           .workers = run->session->workers,
                                           .log = run->session->log,
                                           .run = run->session->run_id,
                                           .config = run->config,
                                           .state_dir = run->state_dir.data,
                                           .cloud = &run->cloud,
                                           .board = run->board,
                                           .once = options_has(run->session->options, OPTION_ONCE),
                                           .ended = on_ended,
                                           .prepare = prepare_listen,
                                           .admit = admit_listen,
                                           .reloaded = on_reloaded,
                                           .passed = on_passed,
                                           .context = run};
    watch_signals(run);
    run->service = make_service(&run->session->loop);
    if (run->service == NULL)
        return failure_no_memory(why, "the service");
    /* Listeners are up before READY (contract section 6). */
    if ((!options.once && open_server(run, run->config, &run->server, why) < 0) ||
        daemon_new(&options, &run->daemon, why) < 0)
        return -1;
    service_watch(run->service, run->daemon);
    service_say(run->service, NOTIFY_READY);
    return 0;
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
    board_free(run.board);
    config_unref(run.config);
    listen_forget(run.places);
    buffer_release(&run.state_dir);
    return run.code;
}
