/* SPDX-License-Identifier: Apache-2.0
 *
 * happy path: a call is written as bytes → sent at once, or when the stream is ready → its answer comes → done.
 * what can go wrong: no stream can be made: everything that waits fails, and the next try waits its back-off. The
 *             stream is lost: what was sent fails (reads are sent once more if the stream had served before), what was
 *             not sent waits for the next one. A deadline passes: the call fails; with nothing else under way the
 *             stream is given up, for it may lead nowhere.
 * cancelling: the call goes among the ended, as one whose deadline passed.
 * on close: all calls end with CANCELLED; when they were told, timer and stream go; then `closed`.
 */
#include "api/cluster/connection.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "api/base/backoff.h"
#include "api/base/log.h"
#include "api/base/monotime.h"
#include "api/cause.h"
#include "api/cluster/codes.h"
#include "api/cluster/stream.h"

enum {
    IDLE_MS = 100 * 1000, /* the server closes after 120 s (3.1) */
    GO_AWAY = 1500,       /* the peer is shutting down and takes nothing new (3.2) */
};

static const struct backoff reconnecting = {.first_ms = 200, .cap_ms = 10000};

struct call_list {
    struct remote_call *first, *last;
};

struct connection {
    uv_loop_t *loop;
    struct log *log;
    struct tls *tls;
    const struct request_watch *watch;
    size_t answer_bytes_max;
    uint32_t connect_ms, idle_ms;
    char host[256];
    uint16_t port;
    char peer[272];
    struct stream *stream; /* NULL: none, or given up */
    uint32_t streams;      /* not yet closed, this one among them */
    bool served;           /* the stream has answered something */
    bool leaving;          /* the peer said GO_AWAY: nothing new on this stream */
    uint32_t sent;         /* calls of this stream that wait for their answers */
    uint64_t used_ms;      /* when it was last used */
    enum reach reach;      /* of the last stream that was not made; UNKNOWN: none since one was */
    uint32_t tries;        /* streams that came to nothing, one after the other */
    uint64_t not_before_ms;
    uint64_t random;
    struct call_list open, ended; /* ended: to be told */
    struct remote_call *by_opaque[CALLS_MAX];
    uint32_t opaque;
    uv_timer_t timer; /* the first of: deadlines, back-off, calls to be told */
    uint64_t timer_ms;
    bool timer_open, closing;
    void (*closed)(void *context);
    void *closed_context;
};

static void on_timer(uv_timer_t *timer);
static void pump(struct connection *connection);

/* --- lists -----------------------------------------------------------------------------------------------------------
 */

static void append(struct call_list *calls, struct remote_call *call)
{
    call->previous = calls->last;
    call->next = NULL;
    if (calls->last)
        calls->last->next = call;
    else
        calls->first = call;
    calls->last = call;
}

static void unlink_call(struct call_list *calls, struct remote_call *call)
{
    if (call->previous)
        call->previous->next = call->next;
    else
        calls->first = call->next;
    if (call->next)
        call->next->previous = call->previous;
    else
        calls->last = call->previous;
}

static struct remote_call **slot_of(struct connection *connection, int32_t opaque)
{
    return &connection->by_opaque[(uint32_t)opaque % CALLS_MAX];
}

/* --- time ------------------------------------------------------------------------------------------------------------
 */

static void wake_at(struct connection *connection, uint64_t at_ms)
{
    uint64_t now_ms = monotime_ms();

    if (!connection->timer_open || at_ms >= connection->timer_ms)
        return;
    connection->timer_ms = at_ms;
    uv_update_time(connection->loop);
    uv_timer_start(&connection->timer, on_timer, at_ms > now_ms ? at_ms - now_ms : 0, 0);
}

/* --- the end of a call -----------------------------------------------------------------------------------------------
 */

/* Told by the timer, for this may run inside a call of ours. */
static void end_call(struct remote_call *call, const struct failure *why)
{
    struct connection *connection = call->connection;

    unlink_call(&connection->open, call);
    *slot_of(connection, call->opaque) = NULL;
    if (call->sent && connection->sent > 0)
        connection->sent--;
    if (why)
        call->failure = *why;
    append(&connection->ended, call);
    wake_at(connection, 0);
}

static void fail_call(struct remote_call *call, const struct failure *why)
{
    struct failure failure = *why;

    failure_wrap(&failure, "%s", call->connection->peer);
    end_call(call, &failure);
}

static void tell_watch(const struct remote_call *call)
{
    const struct request_watch *watch = call->connection->watch;
    int32_t code = call->answer.code;
    bool refused = call->failure.cause == CAUSE_NONE && code != ANSWER_SUCCESS && code != ANSWER_NOT_FOUND;

    if (watch && watch->ended && call->sent)
        watch->ended(watch->context, remote_request_name(call->code), refused ? CAUSE_REFUSED : call->failure.cause,
                     monotime_ms() - call->began_ms);
}

static void tell(struct remote_call *call)
{
    /* The storage is the receiver's from here on: what is to be released is held here. */
    struct arena memory = call->memory;
    char *bytes = call->bytes;

    unlink_call(&call->connection->ended, call);
    tell_watch(call);
    call->connection = NULL;
    free(call->request);
    call->request = NULL;
    call->taken_from = &bytes; /* cppcheck-suppress autoVariables; looked at during done only */
    call->done(call);
    free(bytes);
    arena_release(&memory);
}

char *remote_call_take_bytes(struct remote_call *call)
{
    char *bytes = *call->taken_from;
    *call->taken_from = NULL;
    return bytes;
}

void remote_call_cancel(struct remote_call *call)
{
    struct failure why;

    if (!call->connection || call->cancelled || *slot_of(call->connection, call->opaque) != call)
        return;
    call->cancelled = true;
    failure_set(&why, CAUSE_CANCELLED, "the request was given up");
    fail_call(call, &why);
}

/* --- streams ---------------------------------------------------------------------------------------------------------
 */

static void close_if_gone(struct connection *connection)
{
    if (!connection->closing || connection->timer_open || connection->streams > 0)
        return;
    void (*closed)(void *context) = connection->closed;
    void *context = connection->closed_context;
    free(connection);
    closed(context);
}

static void on_stream_closed(void *data)
{
    struct connection *connection = data;
    connection->streams--;
    close_if_gone(connection);
}

static void give_stream_up(struct connection *connection)
{
    struct stream *stream = connection->stream;

    connection->stream = NULL;
    connection->served = connection->leaving = false;
    connection->sent = 0;
    if (stream)
        stream_close(stream);
}

static void note(const struct connection *connection, const char *event, const char *message)
{
    log_event(connection->log, LOG_LEVEL_DEBUG, event, message, "peer", connection->peer, (const char *)NULL);
}

static void wait_before_next(struct connection *connection)
{
    connection->tries++;
    connection->not_before_ms = monotime_ms() + backoff_ms(&reconnecting, connection->tries, &connection->random);
}

/* A read that met the end of a stream that had served before goes once more: that end may be an idle close that crossed
 * it. What was never sent waits anyway. */
static bool goes_again(const struct remote_call *call, bool served)
{
    return !call->sent || (call->reads && served && !call->again);
}

static void on_lost(struct connection *connection, const struct failure *why)
{
    bool served = connection->served && why->cause != CAUSE_BAD_ANSWER;
    struct remote_call *call = connection->open.first, *next;

    note(connection, "connection-lost", why->text);
    give_stream_up(connection);
    if (!served)
        wait_before_next(connection);
    for (; call; call = next) {
        next = call->next;
        if (goes_again(call, served)) {
            call->again = call->again || call->sent;
            call->sent = false;
        } else {
            fail_call(call, why);
        }
    }
    pump(connection);
}

static void on_not_made(struct connection *connection, const struct failure *why)
{
    struct remote_call *call = connection->open.first, *next;

    connection->reach = connection->stream ? stream_reach(connection->stream) : REACH_UNKNOWN;
    note(connection, "connection-failed", why->text);
    give_stream_up(connection);
    wait_before_next(connection);
    for (; call; call = next) {
        next = call->next;
        call->reach = connection->reach;
        fail_call(call, why);
    }
}

static void on_ended(void *data, const struct failure *why)
{
    struct connection *connection = data;
    bool was_ready = connection->used_ms != 0;

    if (was_ready)
        on_lost(connection, why);
    else
        on_not_made(connection, why);
}

static void on_ready(void *data)
{
    struct connection *connection = data;

    connection->used_ms = monotime_ms();
    connection->reach = REACH_UNKNOWN;
    note(connection, "connected", NULL);
    pump(connection);
}

/* The call that waits for this answer; NULL: none does (any more). */
static struct remote_call *call_of(struct connection *connection, const struct frame *answer)
{
    struct remote_call *call = *slot_of(connection, answer->opaque);
    bool waits = call && call->opaque == answer->opaque && call->sent && (answer->flag & FRAME_IS_ANSWER);
    return waits ? call : NULL;
}

static void on_frame(void *data, char *bytes, size_t count)
{
    struct connection *connection = data;
    struct failure why = FAILURE_INIT;
    struct arena memory = ARENA_INIT;
    struct frame answer;
    int status = frame_read((struct text){bytes, count}, &memory, &answer, &why);
    struct remote_call *call = status == 0 ? call_of(connection, &answer) : NULL;

    connection->used_ms = monotime_ms();
    if (call) {
        connection->served = true;
        connection->tries = 0;
        connection->leaving = connection->leaving || answer.code == GO_AWAY;
        call->answer = answer;
        call->memory = memory;
        call->bytes = bytes;
        end_call(call, NULL);
        return;
    }
    arena_release(&memory);
    free(bytes);
    if (status == 0)
        note(connection, "answer-unclaimed", "nobody waits for it any more");
    else /* whose it was cannot be known */
        on_lost(connection, &why);
}

static int open_stream(struct connection *connection)
{
    static const struct stream_events events = {
        .ready = on_ready, .frame = on_frame, .ended = on_ended, .closed = on_stream_closed};
    const struct stream_options options = {
        .loop = connection->loop,
        .host = connection->host,
        .port = connection->port,
        .tls = connection->tls,
        .connect_ms = connection->connect_ms,
        .frame_bytes_max = connection->answer_bytes_max,
        .events = &events,
        .data = connection,
    };
    struct failure why = FAILURE_INIT;

    connection->used_ms = 0;
    if (stream_open(&options, &connection->stream, &why) != 0) {
        connection->stream = NULL;
        on_not_made(connection, &why);
        return -1;
    }
    connection->streams++;
    return 0;
}

/* --- sending ---------------------------------------------------------------------------------------------------------
 */

/* A stream that is near its idle close, or whose peer goes, is replaced while nothing is under way on it. */
static void leave_if_due(struct connection *connection)
{
    bool idle = connection->used_ms != 0 && monotime_ms() - connection->used_ms > connection->idle_ms;

    if (connection->stream && connection->sent == 0 && (idle || connection->leaving))
        give_stream_up(connection);
}

static int send_call(struct connection *connection, struct remote_call *call)
{
    struct failure why = FAILURE_INIT;

    call->sent = true;
    connection->sent++;
    connection->used_ms = monotime_ms();
    if (stream_write(connection->stream, (struct text){call->request, call->request_bytes}, &why) != 0) {
        on_lost(connection, &why);
        return -1;
    }
    if (!call->reads) { /* it does not go again */
        free(call->request);
        call->request = NULL;
    }
    return 0;
}

static void send_waiting(struct connection *connection)
{
    for (struct remote_call *call = connection->open.first; call; call = call->next)
        if (!call->sent && send_call(connection, call) != 0)
            return;
}

/* Brings what waits on its way. */
static void pump(struct connection *connection)
{
    bool waits = false;

    if (connection->closing)
        return;
    for (struct remote_call *call = connection->open.first; call && !waits; call = call->next)
        waits = !call->sent;
    if (!waits)
        return;
    leave_if_due(connection);
    if (!connection->stream && monotime_ms() < connection->not_before_ms)
        wake_at(connection, connection->not_before_ms);
    else if (!connection->stream)
        open_stream(connection);
    else if (stream_is_ready(connection->stream) && !connection->leaving)
        send_waiting(connection);
}

/* A call's time ends before the attempt's does. */
static enum reach expired_reach(const struct connection *connection)
{
    return connection->stream && stream_is_connecting(connection->stream) ? REACH_SILENT : REACH_UNKNOWN;
}

static void expire(struct connection *connection, uint64_t now_ms)
{
    struct remote_call *call = connection->open.first, *next;
    struct failure why;
    bool sent = false;

    for (; call; call = next) {
        next = call->next;
        if (call->deadline_ms > now_ms)
            continue;
        sent = sent || call->sent;
        call->reach = connection->reach != REACH_UNKNOWN ? connection->reach : expired_reach(connection);
        failure_set(&why, CAUSE_UNREACHABLE, call->sent ? "no answer in time" : "could not connect in time");
        fail_call(call, &why);
    }
    if (sent && connection->sent == 0)
        give_stream_up(connection);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct connection *connection = handle->data;
    connection->timer_open = false;
    close_if_gone(connection);
}

static void rearm(struct connection *connection)
{
    for (const struct remote_call *call = connection->open.first; call; call = call->next)
        wake_at(connection, call->deadline_ms);
    if (connection->ended.first)
        wake_at(connection, 0);
}

static void on_timer(uv_timer_t *timer)
{
    struct connection *connection = timer->data;

    connection->timer_ms = UINT64_MAX;
    expire(connection, monotime_ms());
    while (connection->ended.first)
        tell(connection->ended.first);
    if (connection->closing) {
        give_stream_up(connection);
        uv_close((uv_handle_t *)&connection->timer, on_timer_closed);
        return;
    }
    pump(connection);
    rearm(connection);
}

static int write_request(struct remote_call *call, const struct frame *request, struct failure *why)
{
    struct frame numbered = *request;
    struct buffer out;

    numbered.opaque = call->opaque;
    buffer_init(&out, REQUEST_BYTES_MAX);
    if (frame_write(&numbered, FRAME_JSON, &out) != 0) {
        bool too_long = request->body.bytes >= REQUEST_BYTES_MAX / 2;
        buffer_release(&out);
        return too_long ? failure_set(why, CAUSE_UNSUPPORTED, "a request is too long")
                        : failure_no_memory(why, "a request");
    }
    call->request = buffer_take(&out, &call->request_bytes);
    return 0;
}

int connection_call(struct connection *connection, struct remote_call *call, const struct frame *request,
                    struct failure *why)
{
    uint32_t tries = 0;

    assert(!connection->closing && !call->connection);
    while (*slot_of(connection, (int32_t)(++connection->opaque & INT32_MAX)) && ++tries < CALLS_MAX)
        ;
    if (tries == CALLS_MAX)
        return failure_set(why, CAUSE_THROTTLED, "%s: too many requests are under way", connection->peer);
    call->opaque = (int32_t)(connection->opaque & INT32_MAX);
    call->request = call->bytes = NULL;
    call->memory = (struct arena)ARENA_INIT;
    call->sent = call->again = call->cancelled = false;
    call->failure.cause = CAUSE_NONE;
    call->reach = REACH_UNKNOWN;
    call->code = request->code;
    call->began_ms = monotime_ms();
    if (write_request(call, request, why) != 0)
        return -1;
    call->connection = connection;
    *slot_of(connection, call->opaque) = call;
    append(&connection->open, call);
    wake_at(connection, call->deadline_ms);
    pump(connection);
    return 0;
}

/* --- life ------------------------------------------------------------------------------------------------------------
 */

const char *connection_peer(const struct connection *connection)
{
    return connection->peer;
}

struct connection *connection_new(const struct connection_options *options)
{
    struct connection *connection = calloc(1, sizeof *connection);
    bool bare = strchr(options->host, ':') == NULL;

    if (!connection)
        return NULL;
    connection->loop = options->loop;
    connection->log = options->log;
    connection->tls = options->tls;
    connection->watch = options->watch;
    connection->answer_bytes_max = options->answer_bytes_max;
    connection->connect_ms = options->connect_ms;
    connection->idle_ms = options->idle_ms != 0 ? options->idle_ms : IDLE_MS;
    connection->port = options->port;
    connection->random = monotime_ms() ^ options->port;
    snprintf(connection->host, sizeof connection->host, "%s", options->host);
    snprintf(connection->peer, sizeof connection->peer, bare ? "%s:%u" : "[%s]:%u", connection->host, options->port);
    uv_timer_init(options->loop, &connection->timer);
    connection->timer.data = connection;
    connection->timer_open = true;
    connection->timer_ms = UINT64_MAX;
    return connection;
}

void connection_close(struct connection *connection, void (*closed)(void *context), void *context)
{
    struct remote_call *call = connection->open.first, *next;

    assert(!connection->closing);
    connection->closing = true;
    connection->closed = closed;
    connection->closed_context = context;
    for (; call; call = next) {
        next = call->next;
        remote_call_cancel(call);
    }
    wake_at(connection, 0);
}
