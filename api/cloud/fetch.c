/* SPDX-License-Identifier: Apache-2.0
 *
 * happy path: the base's requests (ECS: token, role's name, keys; URI or OIDC: one) → one AssumeRole for each role →
 *             done. A pair of keys as base begins at the roles.
 * what can go wrong: any request, any answer: the fetch ends with what it was. Two exceptions: without a metadata token
 *             it goes on in version 1 unless that is forbidden; a clock that STS calls wrong is corrected once.
 * cancelling: the request under way is cancelled, and the fetch ends with its failure.
 */
#include "api/cloud/fetch.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/base/monotime.h"
#include "api/base/secret.h"
#include "api/cause.h"
#include "api/cloud/profile.h"

#define METADATA_URL     "http://100.100.100.200"
#define CREDENTIALS_PATH "/latest/meta-data/ram/security-credentials/"
#define FORM_TYPE        "application/x-www-form-urlencoded"
#define STS_VERSION      "2015-04-01"

enum {
    METADATA_CONNECT_MS = 1000, /* openapi 6.4 */
    METADATA_TOTAL_MS = 2000,
    STS_CONNECT_MS = 5000, /* openapi 6.6 */
    STS_TOTAL_MS = 15000,
    ANSWER_BYTES_MAX = 1 << 16,
    URL_BYTES_MAX = 4096,
    FORM_BYTES_MAX = 1 << 16,
};

static int start_step(struct fetch *fetch, struct failure *why);
static void on_answer(struct http_request *request);

bool fetch_is_needed(const struct recipe *recipe)
{
    return recipe->base != BASE_KEYS || recipe->role_count > 0;
}

/* --- asking ----------------------------------------------------------------------------------------------------------
 */

static int send_request(struct fetch *fetch, const char *method, const struct pair *headers, uint32_t header_count,
                        struct failure *why)
{
    bool sts = fetch->step == FETCH_OIDC || fetch->step == FETCH_ROLE;
    bool metadata = fetch->step <= FETCH_ECS_KEYS;

    if (fetch->url.failed || fetch->body.failed)
        return failure_no_memory(why, "asking for credentials");
    fetch->request = (struct http_request){
        .method = method,
        .url = fetch->step == FETCH_ROLE ? fetch->signed_request.url.data : fetch->url.data,
        .headers = headers,
        .header_count = header_count,
        .body = buffer_text(&fetch->body),
        .ca_file = fetch->surroundings->ca_file,
        .plain = !sts || fetch->surroundings->sts_url != NULL,
        .direct = metadata,
        .secret = true,
        .connect_timeout_ms = metadata ? METADATA_CONNECT_MS : STS_CONNECT_MS,
        .deadline_ms = monotime_ms() + (metadata ? METADATA_TOTAL_MS : STS_TOTAL_MS),
        .answer_bytes_max = ANSWER_BYTES_MAX,
        .done = on_answer,
        .data = fetch,
    };
    return http_start(fetch->surroundings->http, &fetch->request, why);
}

static int ask_metadata(struct fetch *fetch, struct failure *why)
{
    const char *url = fetch->surroundings->metadata_url;
    struct pair header = {TEXT("x-aliyun-ecs-metadata-token"), text_of(fetch->ecs_token)};
    bool put = fetch->step == FETCH_ECS_TOKEN;

    buffer_append_string(&fetch->url, url != NULL ? url : METADATA_URL);
    buffer_append_string(&fetch->url, put ? "/latest/api/token" : CREDENTIALS_PATH);
    if (fetch->step == FETCH_ECS_KEYS)
        percent_append(&fetch->url, text_of(fetch->ecs_role));
    if (put)
        header = (struct pair){TEXT("x-aliyun-ecs-metadata-token-ttl-seconds"), TEXT("21600")};
    return send_request(fetch, put ? "PUT" : "GET", &header, put || fetch->ecs_token != NULL ? 1 : 0, why);
}

static int ask_uri(struct fetch *fetch, struct failure *why)
{
    buffer_append_string(&fetch->url, fetch->recipe->uri);
    return send_request(fetch, "GET", NULL, 0, why);
}

static void append_sts_url(struct buffer *out, const struct fetch *fetch, const struct role *role)
{
    if (fetch->surroundings->sts_url != NULL)
        buffer_append_string(out, fetch->surroundings->sts_url);
    else
        buffer_append_format(out, "https://%s", role->endpoint);
}

/* What both ways of assuming a role have in their forms; more is the caller's. */
static uint32_t fill_form(struct pair *form, const struct role *role, char *duration, size_t duration_bytes)
{
    uint32_t count = 0;

    snprintf(duration, duration_bytes, "%" PRId64, role->duration_s);
    form[count++] = (struct pair){TEXT("RoleArn"), text_of(role->arn)};
    form[count++] = (struct pair){TEXT("RoleSessionName"), text_of(role->session_name)};
    form[count++] = (struct pair){TEXT("DurationSeconds"), text_of(duration)};
    if (role->policy != NULL)
        form[count++] = (struct pair){TEXT("Policy"), text_of(role->policy)};
    if (role->external_id != NULL)
        form[count++] = (struct pair){TEXT("ExternalId"), text_of(role->external_id)};
    return count;
}

/* Not signed: the token speaks for us. */
static int ask_oidc(struct fetch *fetch, struct failure *why)
{
    const struct role *role = &fetch->recipe->oidc;
    struct pair form[8],
        headers[] = {{TEXT("content-type"), TEXT(FORM_TYPE)}, {TEXT("accept"), TEXT("application/json")}};
    char date[32], duration[24];
    uint32_t count = fill_form(form, role, duration, sizeof duration);

    form[count++] = (struct pair){TEXT("OIDCProviderArn"), text_of(fetch->recipe->oidc_provider_arn)};
    form[count++] = (struct pair){TEXT("OIDCToken"), text_of(fetch->recipe->oidc_token)};
    openapi_time(walltime_unix_ms() + *fetch->surroundings->clock_offset_ms, date);
    const struct pair query[] = {{TEXT("Action"), TEXT("AssumeRoleWithOIDC")},
                                 {TEXT("Format"), TEXT("JSON")},
                                 {TEXT("Timestamp"), text_of(date)},
                                 {TEXT("Version"), TEXT(STS_VERSION)}};
    append_sts_url(&fetch->url, fetch, role);
    buffer_append_string(&fetch->url, "/?");
    if (canonical_query(&fetch->url, query, 4, why) < 0 || canonical_query(&fetch->body, form, count, why) < 0)
        return -1;
    return send_request(fetch, "POST", headers, 2, why);
}

static int ask_role(struct fetch *fetch, struct failure *why)
{
    const struct role *role = &fetch->recipe->roles[fetch->role];
    const struct keys *keys = fetch->keys.id != NULL ? &fetch->keys : &fetch->recipe->keys;
    struct pair form[8];
    char duration[24];
    uint32_t count = fill_form(form, role, duration, sizeof duration);

    append_sts_url(&fetch->url, fetch, role);
    if (canonical_query(&fetch->body, form, count, why) < 0)
        return -1;
    const struct signed_call call = {.endpoint = fetch->url.data,
                                     .method = "POST",
                                     .action = "AssumeRole",
                                     .version = STS_VERSION,
                                     .path = TEXT("/"),
                                     .body = buffer_text(&fetch->body),
                                     .content_type = FORM_TYPE,
                                     .keys = keys,
                                     .unix_ms = walltime_unix_ms() + *fetch->surroundings->clock_offset_ms};
    if (signed_request_init(&fetch->signed_request, &call, why) < 0)
        return -1;
    int status = send_request(fetch, "POST", fetch->signed_request.headers, fetch->signed_request.header_count, why);
    signed_request_release(&fetch->signed_request);
    return status;
}

static int start_step(struct fetch *fetch, struct failure *why)
{
    buffer_release(&fetch->body);
    buffer_init_secret(&fetch->body, FORM_BYTES_MAX);
    buffer_reset(&fetch->url);
    switch (fetch->step) {
    case FETCH_ECS_TOKEN:
    case FETCH_ECS_ROLE:
    case FETCH_ECS_KEYS:
        return ask_metadata(fetch, why);
    case FETCH_URI:
        return ask_uri(fetch, why);
    case FETCH_OIDC:
        return ask_oidc(fetch, why);
    case FETCH_ROLE:
        return ask_role(fetch, why);
    }
    return -1;
}

int fetch_start(struct fetch *fetch, struct failure *why)
{
    static const enum fetch_step first[] = {
        [BASE_KEYS] = FETCH_ROLE, [BASE_OIDC] = FETCH_OIDC, [BASE_ECS_ROLE] = FETCH_ECS_TOKEN, [BASE_URI] = FETCH_URI};

    fetch->failure = (struct failure)FAILURE_INIT;
    fetch->keys = (struct keys){.id = NULL};
    fetch->step = first[fetch->recipe->base];
    fetch->role = 0;
    fetch->clock_corrected = fetch->cancelled = false;
    fetch->ecs_token = fetch->ecs_role = NULL;
    buffer_init_secret(&fetch->url, URL_BYTES_MAX);
    buffer_init_secret(&fetch->body, FORM_BYTES_MAX);
    if (start_step(fetch, why) == 0)
        return 0;
    buffer_release(&fetch->body);
    buffer_release(&fetch->url);
    return -1;
}

void fetch_cancel(struct fetch *fetch)
{
    fetch->cancelled = true;
    http_cancel(fetch->surroundings->http, &fetch->request);
}

/* --- answers ---------------------------------------------------------------------------------------------------------
 */

static void end(struct fetch *fetch)
{
    if (fetch->failure.cause != 0)
        keys_release(&fetch->keys);
    secret_free(fetch->ecs_token);
    secret_free(fetch->ecs_role);
    fetch->ecs_token = fetch->ecs_role = NULL;
    buffer_release(&fetch->body);
    buffer_release(&fetch->url);
    fetch->done(fetch);
}

static const char *asked(const struct fetch *fetch)
{
    switch (fetch->step) {
    case FETCH_ECS_TOKEN:
    case FETCH_ECS_ROLE:
    case FETCH_ECS_KEYS:
        return "the ECS metadata server";
    case FETCH_URI:
        return "the credentials URI";
    case FETCH_OIDC:
    case FETCH_ROLE:
        break;
    }
    return "STS";
}

static void copy_text(char *out, size_t bytes, const char *text)
{
    snprintf(out, bytes, "%s", text != NULL ? text : "");
}

/* An answer that refuses. Throttling and failures of the server pass; the rest does not. */
static int refuse(struct fetch *fetch, const struct profile *answer)
{
    const char *code = profile_get(answer, "Code"), *message = profile_get(answer, "Message");
    uint16_t status = fetch->request.status;
    bool passes = status >= 500 || (code != NULL && strstr(code, "Throttling") != NULL);

    failure_set(&fetch->failure, passes ? CAUSE_UNREACHABLE : CAUSE_CREDENTIALS_REJECTED,
                "%s gave no credentials: HTTP status %u%s%s", asked(fetch), status, code != NULL ? ", " : "",
                code != NULL ? code : "");
    copy_text(fetch->failure.provider_code, FAILURE_CODE_BYTES, code);
    copy_text(fetch->failure.provider_message, FAILURE_MESSAGE_BYTES, message);
    copy_text(fetch->failure.request_id, FAILURE_REQUEST_ID_BYTES, profile_get(answer, "RequestId"));
    return -1;
}

static int take_members(struct fetch *fetch, const struct profile *answer)
{
    struct keys keys = {.id = NULL};

    if (keys_set(&keys, profile_get(answer, "AccessKeyId"), profile_get(answer, "AccessKeySecret"),
                 profile_get(answer, "SecurityToken"), profile_get(answer, "Expiration"), &fetch->failure) < 0) {
        keys_release(&keys);
        return failure_wrap(&fetch->failure, "the answer of %s", asked(fetch));
    }
    keys_release(&fetch->keys);
    fetch->keys = keys;
    return 0;
}

/* Metadata server and URI: members at the top, Code says Success. STS: inside Credentials. */
static int take_keys(struct fetch *fetch)
{
    bool sts = fetch->step == FETCH_OIDC || fetch->step == FETCH_ROLE;
    struct profile answer = {.count = 0};
    struct failure ignored = FAILURE_INIT;
    int status;

    if (fetch->request.status != 200) {
        profile_of_json(fetch->request.answer, NULL, asked(fetch), &answer, &ignored);
        status = refuse(fetch, &answer);
    } else if (profile_of_json(fetch->request.answer, sts ? "Credentials" : NULL, asked(fetch), &answer,
                               &fetch->failure) < 0) {
        status = -1;
    } else {
        const char *code = profile_get(&answer, "Code");
        status = !sts && code != NULL && strcmp(code, "Success") != 0 ? refuse(fetch, &answer)
                                                                      : take_members(fetch, &answer);
    }
    profile_release(&answer);
    return status;
}

/* A word in plain text: the role's name, or the metadata token. NULL: it is none. */
static char *take_word(const struct http_request *request)
{
    struct text text = request->answer;

    while (text.bytes > 0 && (text.data[text.bytes - 1] == '\n' || text.data[text.bytes - 1] == '\r'))
        text.bytes--;
    for (size_t i = 0; i < text.bytes; i++)
        if (text.data[i] <= ' ' || text.data[i] > '~')
            return NULL;
    return request->status == 200 && text.bytes > 0 ? secret_copy(text) : NULL;
}

/* The server's time from the header Date, once, when it called ours wrong. */
static bool correct_clock(struct fetch *fetch)
{
    int64_t server_ms = 0;

    if (fetch->clock_corrected || fetch->request.status != 400 ||
        memmem(fetch->request.answer.data, fetch->request.answer.bytes, "InvalidTimeStamp.Expired", 24) == NULL ||
        !http_answer_date(&fetch->request, &server_ms))
        return false;
    fetch->clock_corrected = true;
    *fetch->surroundings->clock_offset_ms = server_ms - walltime_unix_ms();
    return true;
}

/* 0: go on with fetch->step; 1: all is there; -1: fetch->failure. */
static int after_keys(struct fetch *fetch)
{
    if (correct_clock(fetch))
        return 0;
    if (take_keys(fetch) < 0)
        return -1;
    if (fetch->step == FETCH_ROLE)
        fetch->role++;
    fetch->step = FETCH_ROLE;
    return fetch->role == fetch->recipe->role_count ? 1 : 0;
}

static int after_ecs_token(struct fetch *fetch)
{
    fetch->ecs_token = fetch->failure.cause == 0 ? take_word(&fetch->request) : NULL;
    if (fetch->ecs_token == NULL && fetch->recipe->ecs_token_required)
        return failure_set(&fetch->failure, CAUSE_CREDENTIALS_REJECTED, "the ECS metadata server gave no token");
    if (fetch->failure.cause != 0 && !fetch->request.sent) /* there is nobody to be asked in version 1 either */
        return failure_set(&fetch->failure, CAUSE_CREDENTIALS_REJECTED, "there is no ECS metadata server");
    fetch->failure = (struct failure)FAILURE_INIT;
    fetch->step = FETCH_ECS_ROLE;
    if (fetch->recipe->ecs_role == NULL)
        return 0;
    fetch->ecs_role = secret_copy(text_of(fetch->recipe->ecs_role));
    fetch->step = FETCH_ECS_KEYS;
    return fetch->ecs_role != NULL ? 0 : failure_no_memory(&fetch->failure, "asking for credentials");
}

static int after_ecs_role(struct fetch *fetch)
{
    fetch->ecs_role = take_word(&fetch->request);
    if (fetch->ecs_role == NULL)
        return failure_set(&fetch->failure, CAUSE_CREDENTIALS_REJECTED, "the ECS instance has no RAM role");
    fetch->step = FETCH_ECS_KEYS;
    return 0;
}

static int judge(struct fetch *fetch)
{
    if (fetch->cancelled)
        return failure_set(&fetch->failure, CAUSE_CANCELLED, "asking for credentials was cancelled");
    fetch->failure = fetch->request.failure;
    if (fetch->step == FETCH_ECS_TOKEN)
        return after_ecs_token(fetch);
    if (fetch->failure.cause != 0)
        return failure_wrap(&fetch->failure, "%s gave no credentials", asked(fetch));
    return fetch->step == FETCH_ECS_ROLE ? after_ecs_role(fetch) : after_keys(fetch);
}

static void on_answer(struct http_request *request)
{
    struct fetch *fetch = request->data;
    int next = judge(fetch);

    if (next == 0)
        next = start_step(fetch, &fetch->failure);
    if (next != 0)
        end(fetch);
}
