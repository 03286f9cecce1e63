/* SPDX-License-Identifier: Apache-2.0
 *
 * libmicrohttpd driven by libuv: its epoll descriptor is watched, its timeout is a timer.
 *
 * happy path: bytes arrive → the library runs → a whole request → its answer is queued at once; or the connection is
 *             suspended, a worker finishes the answer (or the loop does, in slices), the connection goes on.
 * what can go wrong: too many connections (the rest waits in the kernel's queue), slow ones (the library ends what is
 *             idle, the tick what lasts too long), no memory (503, or the connection is closed).
 * the stall:  when the limit was met, the library listens again only in the next run after a connection has gone, and
 * its timeout does not say so (ecosystem 3). So it runs once more after each that went, and ticks while any is open. on
 * close: what waits for a worker is told 503; when no worker is at it, the library is stopped, then the handles go.
 */
#include "controller/status/server.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/base/arena.h"
#include "api/base/monotime.h"
#include "api/cause.h"
#include "controller/status/fresh.h"
#include "controller/status/listen.h"
#include "controller/status/microhttpd.h"
#include "controller/status/routes.h"
#include "controller/status/wire.h"

enum { RUNS_MAX = 8 }; /* of the library without a look at the rest of the loop */

static const char stopping[] = "mqferry is being stopped";

struct connection {
    struct connection *previous, *next;
    int fd;            /* the library's */
    uint64_t since_ms; /* it was opened, or its last request ended */
    bool asking;       /* a request is under way */
    bool working;      /* a worker has it: its time does not count */
};

struct exchange { /* a request and its answer */
    struct status_server *server;
    struct MHD_Connection *wire;
    struct connection *connection;
    char *target;
    size_t target_bytes;
    struct job job;
    struct http_answer answer;
    struct shared *wants; /* NULL: an answer of its own */
    bool answered;
    struct exchange *next; /* among those that wait for the same */
};

/* A document that many ask for. */
struct shared {
    struct fresh fresh;
    struct exchange *waiting; /* until it is written */
};

struct status_server {
    struct status_server_options options;
    struct routes routes;
    struct arena names_memory, memory;
    const char **host_names;
    char address[LISTEN_ADDRESS_BYTES];
    int fd; /* that listens; the library's */
    struct MHD_Daemon *daemon;
    uv_poll_t poll;
    uv_timer_t timer;
    uv_idle_t turn; /* while a sheet is written */
    uint32_t handles;
    struct connection *connections;
    uint32_t connection_count;
    struct exchange *working, *waiting, **waiting_end;
    struct shared metrics, status;
    bool running, went, ticked, closing, stopped;
    void (*closed)(void *context);
    void *closed_context;
};

static void run(struct status_server *server);
static void work_on_next(struct status_server *server);
static void stop_when_idle(struct status_server *server);

/* --- connections */

static void on_connection(void *context, struct MHD_Connection *wire, void **own,
                          enum MHD_ConnectionNotificationCode what)
{
    struct status_server *server = context;
    struct connection *connection = *own;

    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        connection = calloc(1, sizeof *connection);
        *own = connection;
        if (connection == NULL)
            return;
        connection->fd = MHD_get_connection_info(wire, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        connection->since_ms = monotime_ms();
        connection->next = server->connections;
        if (connection->next != NULL)
            connection->next->previous = connection;
        server->connections = connection;
        server->connection_count++;
        return;
    }
    server->went = true;
    if (connection == NULL)
        return;
    if (connection->previous != NULL)
        connection->previous->next = connection->next;
    else
        server->connections = connection->next;
    if (connection->next != NULL)
        connection->next->previous = connection->previous;
    server->connection_count--;
    free(connection);
}

/* The library ends what is idle; a byte now and then is not idle. Where all places are taken, who asks nothing makes
 * room soon. */
static void end_slow(struct status_server *server)
{
    uint64_t now_ms = monotime_ms();
    bool full = server->connection_count >= STATUS_CONNECTIONS_MAX;

    for (struct connection *one = server->connections; one != NULL; one = one->next) {
        uint64_t patience_ms = full && !one->asking ? STATUS_CROWDED_MS : STATUS_REQUEST_MS;
        if (!one->working && now_ms - one->since_ms > patience_ms)
            shutdown(one->fd, SHUT_RDWR);
    }
}

/* --- answers */

static enum MHD_Result send_answer(struct exchange *exchange)
{
    return wire_send(exchange->wire, &exchange->answer);
}

static void refuse(struct exchange *exchange, unsigned status, const char *message)
{
    struct failure why = FAILURE_INIT;

    failure_set(&why, CAUSE_USAGE, "%s", message);
    routes_refuse(status, &why, &exchange->answer);
}

static void go_on(struct exchange *exchange)
{
    exchange->answered = true;
    exchange->connection->working = false;
    exchange->connection->since_ms = monotime_ms();
    MHD_resume_connection(exchange->wire);
}

static void suspend(struct exchange *exchange)
{
    exchange->connection->working = true;
    MHD_suspend_connection(exchange->wire);
}

/* --- documents over all syncs: written between turns of the loop */

static enum MHD_Result send_shared(struct exchange *exchange)
{
    return fresh_send(&exchange->wants->fresh, exchange->wire);
}

static void release_waiting(struct shared *shared)
{
    while (shared->waiting != NULL) {
        struct exchange *exchange = shared->waiting;
        shared->waiting = exchange->next;
        go_on(exchange);
    }
}

static void on_turn(uv_idle_t *turn)
{
    struct status_server *server = turn->data;
    struct shared *shared = server->metrics.fresh.writing ? &server->metrics : &server->status;

    if (!fresh_write(&shared->fresh))
        return;
    release_waiting(shared);
    if (!server->metrics.fresh.writing && !server->status.fresh.writing)
        uv_idle_stop(turn);
    run(server);
}

/* What is new enough is sent; else it is written, at once where that is quick. */
static enum MHD_Result answer_shared(struct exchange *exchange, struct shared *shared, enum sheet_kind kind)
{
    struct status_server *server = exchange->server;

    exchange->wants = shared;
    if (!shared->fresh.writing) {
        if (fresh_is_new(&shared->fresh))
            return send_shared(exchange);
        fresh_begin(&shared->fresh, kind, server->options.board);
        if (fresh_write(&shared->fresh))
            return send_shared(exchange);
        uv_idle_start(&server->turn, on_turn);
    }
    suspend(exchange);
    exchange->next = shared->waiting;
    shared->waiting = exchange;
    return MHD_YES;
}

/* --- answers that a worker finishes: one at a time */

static void work(struct job *job)
{
    struct exchange *exchange = job->data;
    answer_finish(&exchange->answer);
}

static void on_worked(struct job *job)
{
    struct exchange *exchange = job->data;
    struct status_server *server = exchange->server;

    server->working = NULL;
    if (!job->began || exchange->answer.body.failed) {
        answer_release(&exchange->answer);
        refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "the answer could not be made: ask again");
    }
    go_on(exchange);
    work_on_next(server);
    run(server);
    stop_when_idle(server);
}

static void work_on_next(struct status_server *server)
{
    struct exchange *exchange = server->waiting;

    if (server->working != NULL || exchange == NULL)
        return;
    server->waiting = exchange->next;
    if (server->waiting == NULL)
        server->waiting_end = &server->waiting;
    server->working = exchange;
    exchange->job.work = work;
    exchange->job.done = on_worked;
    exchange->job.data = exchange;
    worker_submit(server->options.workers, &exchange->job);
}

static enum MHD_Result wait_for_worker(struct exchange *exchange)
{
    struct status_server *server = exchange->server;

    suspend(exchange);
    *server->waiting_end = exchange;
    server->waiting_end = &exchange->next;
    work_on_next(server);
    return MHD_YES;
}

/* --- requests */

/* The request line has arrived: the address as sent, before anybody decodes it. */
static void *on_target(void *context, const char *target, struct MHD_Connection *wire)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);

    if (exchange == NULL)
        return NULL;
    exchange->server = context;
    exchange->wire = wire;
    exchange->connection = MHD_get_connection_info(wire, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    if (exchange->connection != NULL)
        exchange->connection->asking = true;
    exchange->target_bytes = strlen(target);
    exchange->target = strdup(target);
    return exchange;
}

static bool has_body(struct MHD_Connection *wire)
{
    const char *length = MHD_lookup_connection_value(wire, MHD_HEADER_KIND, "Content-Length");

    return (length != NULL && strcmp(length, "0") != 0) ||
           MHD_lookup_connection_value(wire, MHD_HEADER_KIND, "Transfer-Encoding") != NULL;
}

/* false: the answer says why. */
static bool may_ask(struct exchange *exchange, const char *method)
{
    const struct status_server *server = exchange->server;
    const char *host = MHD_lookup_connection_value(exchange->wire, MHD_HEADER_KIND, "Host");

    if (has_body(exchange->wire)) {
        refuse(exchange, MHD_HTTP_BAD_REQUEST, "a request with a body is not taken: nothing is written here");
        exchange->answer.close = true;
    } else if (host == NULL) {
        refuse(exchange, MHD_HTTP_BAD_REQUEST, "there is no Host");
    } else if (!host_is_ours(text_of(host), server->options.listen, server->host_names)) {
        refuse(exchange, MHD_HTTP_MISDIRECTED_REQUEST,
               "this is not the host that was asked for; 'hostNames' of the Daemon document adds names");
    } else if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
        refuse(exchange, MHD_HTTP_METHOD_NOT_ALLOWED, "GET and HEAD only: nothing is written here");
    } else {
        return true;
    }
    return false;
}

static enum MHD_Result answer_request(struct exchange *exchange)
{
    struct status_server *server = exchange->server;
    struct status_request request;
    struct failure why = FAILURE_INIT;

    if (server->closing) {
        refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, stopping);
        return send_answer(exchange);
    }
    unsigned status = status_request_parse((struct text){exchange->target, exchange->target_bytes}, &request, &why);

    if (status != MHD_HTTP_OK) {
        routes_refuse(status, &why, &exchange->answer);
        return send_answer(exchange);
    }
    if (request.route == ROUTE_METRICS)
        return answer_shared(exchange, &server->metrics, SHEET_METRICS);
    if (request.route == ROUTE_STATUS)
        return answer_shared(exchange, &server->status, SHEET_STATUS);
    routes_answer(&server->routes, &request, &exchange->answer);
    return exchange->answer.unfinished ? wait_for_worker(exchange) : send_answer(exchange);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *wire, const char *url, const char *method,
                                  const char *version, const char *upload, size_t *upload_bytes, void **own)
{
    struct exchange *exchange = *own;

    (void)context, (void)wire, (void)url, (void)version, (void)upload, (void)upload_bytes;
    if (exchange == NULL || exchange->target == NULL || exchange->connection == NULL)
        return MHD_NO;
    if (exchange->answered && exchange->wants != NULL)
        return send_shared(exchange);
    if (exchange->answered || !may_ask(exchange, method))
        return send_answer(exchange);
    return answer_request(exchange);
}

static void on_completed(void *context, struct MHD_Connection *wire, void **own, enum MHD_RequestTerminationCode how)
{
    struct exchange *exchange = *own;

    (void)context, (void)wire, (void)how;
    if (exchange == NULL)
        return;
    *own = NULL;
    if (exchange->connection != NULL) {
        exchange->connection->asking = false;
        exchange->connection->since_ms = monotime_ms();
    }
    answer_release(&exchange->answer);
    free(exchange->target);
    free(exchange);
}

/* --- the library and the loop */

static void on_timer(uv_timer_t *timer)
{
    struct status_server *server = timer->data;

    end_slow(server);
    run(server);
}

/* Nothing is open: no timer. But for one tick after the last one went, for the stall. */
static void arm(struct status_server *server)
{
    MHD_UNSIGNED_LONG_LONG wait_ms = STATUS_TICK_MS;

    if (MHD_get_timeout(server->daemon, &wait_ms) != MHD_YES || wait_ms > STATUS_TICK_MS)
        wait_ms = STATUS_TICK_MS;
    if (server->connections == NULL && wait_ms > 0) {
        if (server->ticked) {
            uv_timer_stop(&server->timer);
            return;
        }
        server->ticked = true;
    } else {
        server->ticked = false;
    }
    uv_timer_start(&server->timer, on_timer, wait_ms, 0);
}

static void run(struct status_server *server)
{
    if (server->running || server->stopped)
        return;
    server->running = true;
    for (int i = 0; i < RUNS_MAX; i++) {
        server->went = false;
        MHD_run(server->daemon);
        if (!server->went)
            break;
    }
    server->running = false;
    uv_update_time(server->options.loop);
    arm(server);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status, (void)events;
    run(poll->data);
}

/* --- life */

static const char **copy_names(struct arena *memory, const char *const *names)
{
    uint32_t count = 0;

    while (names != NULL && names[count] != NULL)
        count++;
    const char **copies = arena_alloc(memory, (count + (size_t)1) * sizeof *copies);
    for (uint32_t i = 0; copies != NULL && i < count; i++)
        copies[i] = arena_string(memory, text_of(names[i]));
    return memory->failed ? NULL : copies;
}

void status_server_host_names(struct status_server *server, const char *const *host_names)
{
    struct arena memory = ARENA_INIT;
    const char **copies = copy_names(&memory, host_names);

    if (copies == NULL) {
        arena_release(&memory);
        return;
    }
    arena_release(&server->names_memory);
    server->names_memory = memory;
    server->host_names = copies;
}

static int start_library(struct status_server *server, int fd, struct failure *why)
{
    server->daemon =
        MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, server,
                         MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)STATUS_CONNECTIONS_MAX,
                         MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)STATUS_CONNECTION_BYTES,
                         MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)STATUS_IDLE_S, MHD_OPTION_STRICT_FOR_CLIENT, 1,
                         MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
                         server, MHD_OPTION_URI_LOG_CALLBACK, on_target, server, MHD_OPTION_END);
    if (server->daemon == NULL)
        return failure_no_memory(why, "the HTTP server");
    return 0;
}

static int watch_library(struct status_server *server, struct failure *why)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);

    if (info == NULL || uv_poll_init(server->options.loop, &server->poll, info->epoll_fd) != 0) {
        MHD_stop_daemon(server->daemon);
        return failure_set(why, CAUSE_CONFIGURATION_WRONG, "the HTTP server cannot be watched");
    }
    uv_timer_init(server->options.loop, &server->timer);
    uv_idle_init(server->options.loop, &server->turn);
    server->poll.data = server->timer.data = server->turn.data = server;
    server->handles = 3;
    uv_poll_start(&server->poll, UV_READABLE, on_poll);
    return 0;
}

static void free_server(struct status_server *server)
{
    arena_release(&server->names_memory);
    arena_release(&server->memory);
    free(server);
}

static int open_listener(struct status_server *server, const struct status_server_options *options, struct failure *why)
{
    struct addrinfo *found = NULL;
    int beside = options->before != NULL ? options->before->fd : -1;

    if (options->places == NULL && listen_find(options->listen, &found, why) < 0)
        return -1;
    server->fd = listen_open(options->listen, found != NULL ? found : options->places, beside, server->address, why);
    listen_forget(found);
    return server->fd < 0 ? -1 : 0;
}

static int begin(struct status_server *server, const struct status_server_options *options, struct failure *why)
{
    if (microhttpd_load(why) != 0 || open_listener(server, options, why) != 0)
        return -1;
    if (start_library(server, server->fd, why) != 0) {
        close(server->fd);
        return -1;
    }
    return watch_library(server, why);
}

int status_server_new(const struct status_server_options *options, struct status_server **out, struct failure *why)
{
    struct status_server *server = calloc(1, sizeof *server);

    if (server == NULL)
        return failure_no_memory(why, "the HTTP server");
    server->options = *options;
    server->options.places = NULL;
    server->options.before = NULL;
    server->waiting_end = &server->waiting;
    server->options.listen = arena_string(&server->memory, text_of(options->listen));
    server->routes.board = options->board;
    server->routes.state_dir =
        options->state_dir != NULL ? arena_string(&server->memory, text_of(options->state_dir)) : NULL;
    status_server_host_names(server, options->host_names);
    if (server->memory.failed || server->host_names == NULL)
        failure_no_memory(why, "the HTTP server");
    else if (begin(server, options, why) == 0) {
        *out = server;
        return 0;
    }
    free_server(server);
    return -1;
}

const char *status_server_address(const struct status_server *server)
{
    return server->address;
}

/* --- closing */

static void on_handle_closed(uv_handle_t *handle)
{
    struct status_server *server = handle->data;

    if (--server->handles > 0)
        return;
    void (*closed)(void *context) = server->closed;
    void *context = server->closed_context;
    free_server(server);
    closed(context);
}

static void stop_when_idle(struct status_server *server)
{
    if (!server->closing || server->stopped || server->working != NULL)
        return;
    server->stopped = true;
    for (int i = 0; i < RUNS_MAX; i++) /* the last answers leave */
        MHD_run(server->daemon);
    uv_close((uv_handle_t *)&server->poll, on_handle_closed); /* before the library closes what it watches */
    uv_close((uv_handle_t *)&server->timer, on_handle_closed);
    uv_close((uv_handle_t *)&server->turn, on_handle_closed);
    MHD_stop_daemon(server->daemon);
}

static void refuse_all(struct exchange *waiting)
{
    for (struct exchange *exchange = waiting, *next; exchange != NULL; exchange = next) {
        next = exchange->next;
        exchange->wants = NULL;
        answer_release(&exchange->answer);
        refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, stopping);
        go_on(exchange);
    }
}

void status_server_close(struct status_server *server, void (*closed)(void *context), void *context)
{
    assert(!server->closing);
    server->closing = true;
    server->closed = closed;
    server->closed_context = context;
    refuse_all(server->waiting);
    server->waiting = NULL;
    server->waiting_end = &server->waiting;
    uv_idle_stop(&server->turn);
    refuse_all(server->metrics.waiting);
    refuse_all(server->status.waiting);
    fresh_drop(&server->metrics.fresh);
    fresh_drop(&server->status.fresh);
    server->metrics.waiting = server->status.waiting = NULL;
    if (server->working != NULL)
        job_cancel(&server->working->job);
    stop_when_idle(server);
}
