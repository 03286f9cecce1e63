/* SPDX-License-Identifier: Apache-2.0
 *
 * A call's way: waits for keys (usually there already) → waits in the lane of its class for a token and a connection →
 * is signed and sent → answered.
 *
 * what can go wrong: no keys; its deadline passes while it waits; it cannot be signed; the network. Each ends it with a
 *             failure. An answer that calls our clock wrong, or the keys expired, or that does not know the signature,
 *             sends it through again, once for each reason: the gateway has refused it, so nothing was carried out.
 * cancelling: where it waits it is taken out and answered by the cloud's delivery timer; on its way it is http.h's.
 * on close: every call is cancelled; when all are answered, the client's timer goes, then its reference to the cloud.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/base/log.h"
#include "api/base/monotime.h"
#include "api/base/strings.h"
#include "api/cause.h"
#include "api/cloud/cloud.h"
#include "api/cloud/refusal.h"
#include "api/cloud/signed.h"

/* A name that was looked up is remembered for a minute. Calls that start together without would each look it up, in a
 * thread of their own (ecosystem 4): so the first one goes alone. */
enum { WARM_MS = 45 * 1000 };

enum stage { STAGE_KEYS, STAGE_LANE, STAGE_SENT, STAGE_ANSWERED };

struct call_state {
    struct call *call;
    struct client *client;
    enum stage stage;
    struct call_state *previous, *next; /* in client->calls */
    struct call_state *behind;          /* in its lane, or among the answered */
    struct credentials_wait wait;
    struct http_request request;
    char key_id[ACCOUNT_BYTES]; /* it was signed with */
    bool rpc_v1;                /* it was signed so */
    bool renewed, clock_corrected;
};

struct client_lane {
    struct lane lane;
    struct client *client;
    struct call_state *first, **end;
};

struct client {
    struct cloud *cloud;
    enum api_style style;
    char *endpoint, *region, *ca_file;
    bool plain; /* http, to this machine */
    uint32_t concurrency, on_their_way;
    uint64_t warm_until_ms;
    void (*request_ended)(void *context, const char *operation, int cause, uint64_t took_ms);
    void *request_context;
    struct shared_credentials *shared;
    struct pace_options pace[CALL_CLASSES];
    struct client_lane lanes[CALL_CLASSES];
    struct call_state *calls; /* not yet answered */
    uv_timer_t expiry;        /* of the first deadline among those that wait */
    uint64_t expiry_ms;       /* UINT64_MAX: not running */
    bool closing;
    void (*closed)(void *context);
    void *closed_context;
};

static void go(struct call_state *state);
static void on_answer(struct http_request *request);

static struct client_lane *lane_of(const struct call_state *state)
{
    return &state->client->lanes[state->call->class];
}

/* --- answering -------------------------------------------------------------------------------------------------------
 */

static void on_expiry_closed(uv_handle_t *handle);

static void log_call(const struct client *client, const struct call *call)
{
    char status[16];
    if (!log_wants(client->cloud->log, LOG_LEVEL_DEBUG))
        return;
    snprintf(status, sizeof status, "%u", call->status);
    log_event(client->cloud->log, LOG_LEVEL_DEBUG, "cloud-call",
              call->failure.cause != 0 ? call->failure.text : "answered", "action", call->action, "region",
              client->region, "status", call->failure.cause == 0 ? status : NULL, "request_id",
              call->request_id[0] != '\0' ? call->request_id : NULL, (const char *)NULL);
}

/* What never left was no request. What a refusal means only the door knows. */
static void tell_ended(const struct client *client, const struct call *call)
{
    bool refused = call->failure.cause == CAUSE_NONE && call->status >= 300;

    if (client->request_ended != NULL && call->sent)
        client->request_ended(client->request_context, call->action, refused ? CAUSE_REFUSED : call->failure.cause,
                              monotime_ms() - call->sent_ms);
}

/* The last thing that is done for a call. */
static void answer(struct call_state *state)
{
    struct client *client = state->client;
    struct call *call = state->call;

    if (state->previous != NULL)
        state->previous->next = state->next;
    else
        client->calls = state->next;
    if (state->next != NULL)
        state->next->previous = state->previous;
    free(state);
    call->state = NULL;
    log_call(client, call);
    tell_ended(client, call);
    if (client->closing && client->calls == NULL)
        uv_close((uv_handle_t *)&client->expiry, on_expiry_closed);
    call->done(call);
}

static void on_delivery(uv_timer_t *timer)
{
    struct cloud *cloud = timer->data;
    struct call_state *state = cloud->answered, *next;

    cloud->answered = NULL;
    cloud->answered_end = &cloud->answered;
    for (; state != NULL; state = next) {
        next = state->behind;
        answer(state);
    }
}

/* For calls that end elsewhere than in an answer from the network; call->failure is set. */
static void answer_later(struct call_state *state)
{
    struct cloud *cloud = state->client->cloud;

    state->stage = STAGE_ANSWERED;
    state->behind = NULL;
    *cloud->answered_end = state;
    cloud->answered_end = &state->behind;
    uv_timer_start(&cloud->delivery, on_delivery, 0, 0);
}

/* --- waiting ---------------------------------------------------------------------------------------------------------
 */

static void on_expiry(uv_timer_t *timer);

static void watch_deadline(struct client *client, uint64_t deadline_ms)
{
    uint64_t now_ms = monotime_ms();

    if (deadline_ms >= client->expiry_ms)
        return;
    client->expiry_ms = deadline_ms;
    uv_update_time(client->cloud->loop);
    uv_timer_start(&client->expiry, on_expiry, deadline_ms > now_ms ? deadline_ms - now_ms : 0, 0);
}

static void leave_lane(struct call_state *state)
{
    struct client_lane *lane = lane_of(state);
    struct call_state **at = &lane->first;

    while (*at != state)
        at = &(*at)->behind;
    *at = state->behind;
    if (lane->end == &state->behind)
        lane->end = at;
}

static void stop_waiting(struct call_state *state)
{
    if (state->stage == STAGE_KEYS)
        credentials_wait_cancel(state->client->shared->credentials, &state->wait);
    else
        leave_lane(state);
}

static bool waits(const struct call_state *state)
{
    return state->stage == STAGE_KEYS || state->stage == STAGE_LANE;
}

static void on_expiry(uv_timer_t *timer)
{
    struct client *client = timer->data;
    uint64_t now_ms = monotime_ms(), first_ms = UINT64_MAX;

    client->expiry_ms = UINT64_MAX;
    for (struct call_state *state = client->calls; state != NULL; state = state->next) {
        if (!waits(state))
            continue;
        if (state->call->deadline_ms > now_ms) {
            first_ms = state->call->deadline_ms < first_ms ? state->call->deadline_ms : first_ms;
            continue;
        }
        const char *what = state->stage == STAGE_KEYS ? "credentials" : "its turn";
        stop_waiting(state);
        failure_set(&state->call->failure, state->stage == STAGE_KEYS ? CAUSE_UNREACHABLE : CAUSE_THROTTLED,
                    "%s waited for %s until its time was up", state->call->action, what);
        answer_later(state);
    }
    if (first_ms != UINT64_MAX)
        watch_deadline(client, first_ms);
}

static void on_keys(struct credentials_wait *wait, const struct failure *why)
{
    struct call_state *state = wait->data;

    if (why->cause == 0) {
        go(state);
        return;
    }
    state->call->failure = *why;
    answer_later(state);
}

/* Budgets go by the account, which the first keys tell. */
static int join_budget(struct call_state *state, const struct keys *keys, struct failure *why)
{
    struct client *client = state->client;
    uint32_t class = state->call->class;
    char *account = client->shared->account;

    if (client->lanes[class].lane.budget != NULL)
        return 0;
    if (account[0] == '\0')
        snprintf(account, ACCOUNT_BYTES, "%s", keys->id);
    return budget_join(&client->cloud->budgets, client->endpoint, account, class, &client->pace[class],
                       &client->lanes[class].lane, why);
}

static void go(struct call_state *state)
{
    struct client *client = state->client;
    struct client_lane *lane = lane_of(state);
    const struct keys *keys = credentials_now(client->shared->credentials);

    watch_deadline(client, state->call->deadline_ms);
    if (keys == NULL) {
        state->stage = STAGE_KEYS;
        state->wait = (struct credentials_wait){.done = on_keys, .data = state};
        credentials_wait(client->shared->credentials, &state->wait);
        return;
    }
    if (join_budget(state, keys, &state->call->failure) < 0) {
        answer_later(state);
        return;
    }
    state->stage = STAGE_LANE;
    state->behind = NULL;
    *lane->end = state;
    lane->end = &state->behind;
    budget_serve(&lane->lane);
}

/* --- sending ---------------------------------------------------------------------------------------------------------
 */

static bool lane_ready(struct lane *lane)
{
    const struct client_lane *own = lane->data;
    const struct client *client = own->client;
    uint32_t allowed = monotime_ms() < client->warm_until_ms ? client->concurrency : 1;
    return own->first != NULL && client->on_their_way < allowed;
}

static void http_request_of(struct call_state *state, const struct signed_request *signed_request)
{
    const struct client *client = state->client;
    const struct call *call = state->call;

    state->request = (struct http_request){.method = call->method,
                                           .url = signed_request->url.data,
                                           .headers = signed_request->headers,
                                           .header_count = signed_request->header_count,
                                           .body = call->body,
                                           .ca_file = client->ca_file,
                                           .plain = client->plain,
                                           .writes = call->writes,
                                           .secret = state->rpc_v1,
                                           .connect_timeout_ms = CLOUD_CONNECT_TIMEOUT_MS,
                                           .deadline_ms = call->deadline_ms,
                                           .answer_bytes_max = CLOUD_BODY_BYTES_MAX,
                                           .done = on_answer,
                                           .data = state};
}

static int sign_and_send(struct call_state *state, const struct keys *keys, struct failure *why)
{
    struct client *client = state->client;
    const struct call *call = state->call;
    struct pair query[CLOUD_QUERY_MAX];
    struct signed_request request;
    bool rpc = client->style == API_RPC;

    state->rpc_v1 = rpc && cloud_wants_rpc_v1(client->cloud, client->endpoint);
    for (uint32_t i = 0; i < call->query_count; i++)
        query[i] = (struct pair){text_of(call->query[i].name), call->query[i].value};
    const struct signed_call signed_call = {
        .endpoint = client->endpoint,
        .method = call->method,
        .action = call->action,
        .version = call->version,
        .path = rpc ? TEXT("/") : call->path,
        .query = query,
        .query_count = call->query_count,
        .body = call->body,
        .content_type = rpc ? "application/x-www-form-urlencoded" : "application/json; charset=utf-8",
        .rpc_v1 = state->rpc_v1,
        .keys = keys,
        .unix_ms = walltime_unix_ms() + client->cloud->clock_offset_ms,
    };
    if (signed_request_init(&request, &signed_call, why) < 0)
        return -1;
    snprintf(state->key_id, sizeof state->key_id, "%s", keys->id);
    http_request_of(state, &request);
    int status = http_start(client->cloud->http, &state->request, why);
    signed_request_release(&request);
    return status;
}

static void lane_send(struct lane *lane)
{
    struct client_lane *own = lane->data;
    struct client *client = own->client;
    struct call_state *state = own->first;
    const struct keys *keys = credentials_now(client->shared->credentials);

    own->first = state->behind;
    if (own->first == NULL)
        own->end = &own->first;
    if (keys == NULL) { /* they ended while it waited */
        go(state);
        return;
    }
    if (sign_and_send(state, keys, &state->call->failure) < 0) {
        answer_later(state);
        return;
    }
    state->stage = STAGE_SENT;
    client->on_their_way++;
}

/* A connection is free: the other classes first, so that none starves. */
static void serve_lanes(struct client *client, enum call_class last)
{
    for (uint32_t i = 1; i <= CALL_CLASSES; i++)
        budget_serve(&client->lanes[(last + i) % CALL_CLASSES].lane);
}

/* --- the answer ------------------------------------------------------------------------------------------------------
 */

static void take_answer(struct call *call, const struct http_request *request)
{
    call->failure = request->failure;
    call->sent = request->sent;
    call->sent_ms = request->sent_ms;
    if (request->failure.cause != 0)
        return;
    call->status = request->status;
    call->answer = request->answer;
    http_answer_header(request, "content-type", call->content_type, sizeof call->content_type);
    http_answer_header(request, "x-acs-request-id", call->request_id, sizeof call->request_id);
    call->retry_after_ms = refusal_retry_after_ms(request);
}

/* The server's clock counts. A second refusal means that this does not mend it. */
static bool correct_clock(struct call_state *state)
{
    struct call *call = state->call;
    int64_t server_ms = 0;

    if (!refusal_names(&state->request, "InvalidTimeStamp.Expired"))
        return false;
    if (!state->clock_corrected && http_answer_date(&state->request, &server_ms)) {
        state->clock_corrected = true;
        state->client->cloud->clock_offset_ms = server_ms - walltime_unix_ms();
        return true;
    }
    failure_set(&call->failure, CAUSE_CLOCK_SKEWED, "%s was refused: this machine's clock differs from the server's",
                call->action);
    snprintf(call->failure.provider_code, FAILURE_CODE_BYTES, "InvalidTimeStamp.Expired");
    memcpy(call->failure.request_id, call->request_id, FAILURE_REQUEST_ID_BYTES);
    return false;
}

static bool renew_keys(struct call_state *state)
{
    static const char *const codes[] = {"InvalidSecurityToken.Expired", "SecurityTokenExpired"};
    bool expired = false;

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        expired = expired || refusal_names(&state->request, codes[i]);
    if (!expired || state->renewed)
        return false;
    state->renewed = true;
    credentials_expired(state->client->shared->credentials, state->key_id);
    return true;
}

static bool sign_otherwise(struct call_state *state)
{
    struct client *client = state->client;

    return client->style == API_RPC && !state->rpc_v1 && refusal_wants_rpc_v1(&state->request) &&
           cloud_remember_rpc_v1(client->cloud, client->endpoint);
}

static void on_answer(struct http_request *request)
{
    struct call_state *state = request->data;
    struct client *client = state->client;
    enum call_class class = state->call->class;

    client->on_their_way--;
    client->warm_until_ms = monotime_ms() + WARM_MS;
    take_answer(state->call, request);
    if (!client->closing && (correct_clock(state) || renew_keys(state) || sign_otherwise(state))) {
        struct call *call = state->call;
        call->status = 0;
        call->sent = false;
        call->answer = TEXT("");
        go(state);
        serve_lanes(client, class);
        return;
    }
    state->stage = STAGE_ANSWERED;
    serve_lanes(client, class);
    answer(state);
}

/* --- what doors call -------------------------------------------------------------------------------------------------
 */

int call_start(struct client *client, struct call *call, struct failure *why)
{
    struct call_state *state = NULL;

    if (client->closing)
        return failure_set(why, CAUSE_CANCELLED, "%s was not sent: the client is closing", call->action);
    if (call->query_count <= CLOUD_QUERY_MAX)
        state = calloc(1, sizeof *state);
    if (state == NULL)
        return failure_no_memory(why, "calling the cloud");
    call->failure = (struct failure)FAILURE_INIT;
    call->sent = false;
    call->status = 0;
    call->answer = TEXT("");
    call->content_type[0] = call->request_id[0] = '\0';
    call->retry_after_ms = call->sent_ms = 0;
    call->state = state;
    *state = (struct call_state){.call = call, .client = client, .next = client->calls};
    if (client->calls != NULL)
        client->calls->previous = state;
    client->calls = state;
    go(state);
    return 0;
}

void call_cancel(struct client *client, struct call *call)
{
    struct call_state *state = call->state;

    if (state == NULL || state->stage == STAGE_ANSWERED)
        return;
    if (state->stage == STAGE_SENT) {
        http_cancel(client->cloud->http, &state->request);
        return;
    }
    stop_waiting(state);
    failure_set(&call->failure, CAUSE_CANCELLED, "%s was cancelled before it was sent", call->action);
    answer_later(state);
}

void call_was_throttled(struct client *client, const struct call *call)
{
    budget_throttled(&client->lanes[call->class].lane, call->sent_ms, call->retry_after_ms);
}

void call_was_accepted(struct client *client, const struct call *call)
{
    budget_accepted(&client->lanes[call->class].lane);
}

/* --- life ------------------------------------------------------------------------------------------------------------
 */

static int set_endpoint(struct client *client, const char *endpoint, struct failure *why)
{
    struct text text = text_of(endpoint);

    while (text_ends(text, "/"))
        text.bytes--;
    client->endpoint = strndup(endpoint, text.bytes);
    if (client->endpoint == NULL)
        return failure_no_memory(why, "opening an endpoint");
    const char *host = strstr(client->endpoint, "://");
    host = host != NULL ? host + 3 : "";
    client->plain = text_begins(text, "http://") && http_url_is_loopback(client->endpoint);
    if (host[0] == '\0' || strpbrk(host, "/?#@ ") != NULL || !(text_begins(text, "https://") || client->plain))
        return failure_set(why, CAUSE_CONFIGURATION_WRONG,
                           "the endpoint '%s' is not https://HOST (http is for loopback only)", endpoint);
    return 0;
}

static int copy_texts(struct client *client, const struct client_options *options, struct failure *why)
{
    client->region = options->region != NULL ? strdup(options->region) : NULL;
    client->ca_file = options->ca_file != NULL ? strdup(options->ca_file) : NULL;
    if ((options->region != NULL && client->region == NULL) || (options->ca_file != NULL && client->ca_file == NULL))
        return failure_no_memory(why, "opening an endpoint");
    return set_endpoint(client, options->endpoint, why);
}

static void free_client(struct client *client)
{
    free(client->endpoint);
    free(client->region);
    free(client->ca_file);
    free(client);
}

static void set_lanes(struct client *client, const struct client_options *options)
{
    for (uint32_t i = 0; i < CALL_CLASSES; i++) {
        struct client_lane *lane = &client->lanes[i];
        *lane = (struct client_lane){.lane = {.ready = lane_ready, .send = lane_send, .data = lane}, .client = client};
        lane->end = &lane->first;
        client->pace[i] = (struct pace_options){.ceiling_rate = options->rate_per_s,
                                                .published_rate = options->published_rate[i],
                                                .share_percent = options->share_percent};
    }
}

int client_new(const struct client_options *options, struct client **out, struct failure *why)
{
    struct client *client = calloc(1, sizeof *client);

    if (client == NULL)
        return failure_no_memory(why, "opening an endpoint");
    client->cloud = options->cloud;
    client->style = options->style;
    client->concurrency = options->concurrency > 0 ? options->concurrency : 1;
    client->request_ended = options->request_ended;
    client->request_context = options->request_context;
    client->expiry_ms = UINT64_MAX;
    set_lanes(client, options);
    if (copy_texts(client, options, why) < 0 || cloud_credentials(client->cloud, options, &client->shared, why) < 0) {
        free_client(client);
        return -1;
    }
    uv_timer_init(client->cloud->loop, &client->expiry);
    client->expiry.data = client;
    cloud_ref(client->cloud);
    http_allow(client->cloud->http, client->concurrency);
    *out = client;
    return 0;
}

static void on_expiry_closed(uv_handle_t *handle)
{
    struct client *client = handle->data;
    struct cloud *cloud = client->cloud;
    void (*closed)(void *context) = client->closed;
    void *context = client->closed_context;

    for (uint32_t i = 0; i < CALL_CLASSES; i++)
        budget_leave(&client->lanes[i].lane);
    free_client(client);
    cloud_unref(cloud, closed, context);
}

double client_pace_limit(const struct client *client, enum call_class class)
{
    return budget_limit(&client->lanes[class].lane);
}

void client_close(struct client *client, void (*closed)(void *context), void *context)
{
    client->closing = true;
    client->closed = closed;
    client->closed_context = context;
    if (client->calls == NULL) {
        uv_close((uv_handle_t *)&client->expiry, on_expiry_closed);
        return;
    }
    for (struct call_state *state = client->calls; state != NULL; state = state->next)
        call_cancel(client, state->call);
}
