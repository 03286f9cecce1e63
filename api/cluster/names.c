/* SPDX-License-Identifier: Apache-2.0
 *
 * happy path: the server that answered last is asked → it answers → done.
 * what can go wrong: it is silent: after a short patience the next one is asked too. It fails: the next one at once.
 *             All have failed: done hears of each. A good answer ends the other calls.
 * cancelling: every call is cancelled.
 * on close: each connection is closed, then the owner is told. A question ends when all its calls have, and its timer.
 */
#include "api/cluster/names.h"

#include <assert.h>
#include <stdlib.h>

#include <uv.h>

#include "api/cause.h"
#include "api/cluster/codes.h"

enum { PATIENCE_MS = 1000, CONNECT_MS = 5000, ANSWER_BYTES_MAX = 64 << 20 };

struct name_servers {
    uint32_t count;
    uint32_t good; /* answered last */
    uint32_t open; /* connections that are not closed yet */
    uv_loop_t *loop;
    void (*closed)(void *context);
    void *closed_context;
    struct connection *connections[ADDRESS_HOSTS_MAX];
};

struct question {
    struct name_servers *names;
    struct frame request;
    char *body; /* of the request; ours */
    uint64_t deadline_ms;
    void (*done)(void *context, struct question_result *result);
    void *context;
    uv_timer_t patience;
    uint32_t first, asked, open; /* servers in order from `first`; calls begun; calls not ended */
    bool settled;
    char *bytes; /* behind result.body */
    struct question_result result;
    struct remote_call calls[ADDRESS_HOSTS_MAX];
};

static void ask_next(struct question *question);

/* --- the end ---------------------------------------------------------------------------------------------------------
 */

static void on_patience_closed(uv_handle_t *handle)
{
    struct question *question = handle->data;

    question->done(question->context, &question->result);
    free(question->bytes);
    free(question->body);
    free(question);
}

static void end_if_over(struct question *question)
{
    bool over = question->open == 0 && (question->settled || question->asked == question->names->count);

    if (over && !uv_is_closing((uv_handle_t *)&question->patience))
        uv_close((uv_handle_t *)&question->patience, on_patience_closed);
}

static void settle(struct question *question)
{
    question->settled = true;
    uv_timer_stop(&question->patience);
    for (uint32_t i = 0; i < question->asked; i++)
        remote_call_cancel(&question->calls[i]);
}

void question_cancel(struct question *question)
{
    if (question->settled)
        return;
    failure_set(&question->result.failure, CAUSE_CANCELLED, "the name servers were not waited for");
    settle(question);
    end_if_over(question);
}

/* --- answers ---------------------------------------------------------------------------------------------------------
 */

/* A proxy or a broker knows no 106 (3.3, 5.3). */
static void explain_stranger(struct failure *why)
{
    if (why->cause == CAUSE_UNSUPPORTED)
        failure_wrap(why, "this is no name server, perhaps a proxy or a broker; name servers mostly listen on 9876");
}

static void add_failure(struct question *question, const struct failure *why)
{
    struct failure *sum = &question->result.failure, before = *sum;

    if (before.cause == CAUSE_NONE) {
        *sum = *why;
        return;
    }
    /* What may pass by itself is the headline: trying again makes sense then. */
    if (!cause_is_retried(before.cause))
        *sum = *why;
    failure_set(sum, sum->cause, "%s; %s", before.text, why->text);
}

static uint32_t server_of(const struct question *question, const struct remote_call *call)
{
    return (question->first + (uint32_t)(call - question->calls)) % question->names->count;
}

static void take_answer(struct question *question, struct remote_call *call)
{
    struct question_result *result = &question->result;

    result->failure = (struct failure)FAILURE_INIT;
    result->who = connection_peer(question->names->connections[server_of(question, call)]);
    result->code = call->answer.code;
    result->version = call->answer.version;
    result->body = call->answer.body;
    question->bytes = remote_call_take_bytes(call);
}

static void on_call(struct remote_call *call)
{
    struct question *question = call->data;
    struct name_servers *names = question->names;
    uint32_t server = server_of(question, call);
    struct failure why = call->failure;
    int32_t code = call->answer.code;

    question->open--;
    if (question->settled) {
        end_if_over(question);
        return;
    }
    if (why.cause == CAUSE_NONE && code != ANSWER_SUCCESS && code != ANSWER_NOT_FOUND) {
        remote_refusal(connection_peer(names->connections[server]), question->request.code, &call->answer, REMOTE_READ,
                       KIND_TOPIC, &why);
        explain_stranger(&why);
    }
    if (why.cause == CAUSE_NONE) {
        names->good = server;
        take_answer(question, call);
        settle(question);
    } else {
        add_failure(question, &why);
        ask_next(question);
    }
    end_if_over(question);
}

/* --- asking ----------------------------------------------------------------------------------------------------------
 */

static void on_patience(uv_timer_t *timer)
{
    struct question *question = timer->data;

    ask_next(question);
    end_if_over(question);
}

static void ask_next(struct question *question)
{
    struct name_servers *names = question->names;

    while (question->asked < names->count) {
        struct remote_call *call = &question->calls[question->asked];
        uint32_t server = (question->first + question->asked++) % names->count;
        struct failure why = FAILURE_INIT;
        *call = (struct remote_call){
            .deadline_ms = question->deadline_ms, .reads = true, .done = on_call, .data = question};
        if (connection_call(names->connections[server], call, &question->request, &why) == 0) {
            question->open++;
            if (question->asked < names->count)
                uv_timer_start(&question->patience, on_patience, PATIENCE_MS, 0);
            return;
        }
        add_failure(question, &why);
    }
}

int name_servers_ask(struct name_servers *names, const struct frame *request, uint64_t deadline_ms,
                     void (*done)(void *context, struct question_result *result), void *context, struct question **out,
                     struct failure *why)
{
    struct question *question = calloc(1, sizeof *question);

    if (!question)
        return failure_no_memory(why, "asking the name servers");
    question->names = names;
    question->request = *request; /* its texts are static: codes and namespaces */
    question->deadline_ms = deadline_ms;
    question->done = done;
    question->context = context;
    question->first = names->good;
    uv_timer_init(names->loop, &question->patience);
    question->patience.data = question;
    ask_next(question);
    end_if_over(question); /* no call could be begun: told by the closing of the timer */
    *out = question;
    return 0;
}

/* --- life ------------------------------------------------------------------------------------------------------------
 */

uint32_t name_servers_count(const struct name_servers *names)
{
    return names->count;
}

struct connection *name_servers_connection(struct name_servers *names, uint32_t which)
{
    return names->connections[which];
}

static void on_connection_closed(void *context)
{
    struct name_servers *names = context;

    if (--names->open > 0)
        return;
    void (*closed)(void *context) = names->closed;
    void *closed_context = names->closed_context;
    free(names);
    if (closed)
        closed(closed_context);
}

void name_servers_close(struct name_servers *names, void (*closed)(void *context), void *context)
{
    uint32_t count = names->open;

    names->closed = closed;
    names->closed_context = context;
    for (uint32_t i = 0; i < count; i++)
        connection_close(names->connections[i], on_connection_closed, names);
}

int name_servers_new(const struct name_servers_options *options, struct name_servers **out, struct failure *why)
{
    struct name_servers *names = calloc(1, sizeof *names);
    const struct address *address = options->address;

    if (!names)
        return failure_no_memory(why, "the name servers");
    names->loop = options->loop;
    for (uint32_t i = 0; i < address->host_count; i++) {
        const struct connection_options connection = {
            .loop = options->loop,
            .log = options->log,
            .host = address->hosts[i].name,
            .port = address->hosts[i].port,
            .tls = options->tls,
            .watch = options->watch,
            .answer_bytes_max = ANSWER_BYTES_MAX,
            .connect_ms = CONNECT_MS,
        };
        names->connections[i] = connection_new(&connection);
        if (!names->connections[i]) {
            if (names->open > 0)
                name_servers_close(names, NULL, NULL);
            else
                free(names);
            return failure_no_memory(why, "the name servers");
        }
        names->open = names->count = i + 1;
    }
    *out = names;
    return 0;
}
