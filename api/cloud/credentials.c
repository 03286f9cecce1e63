/* SPDX-License-Identifier: Apache-2.0
 *
 * happy path: somebody asks → a worker reads the first source's recipe → fetch makes the requests it leaves → the keys
 *             are there, those who wait are told → before they go stale the same source is asked again.
 * what can go wrong: a source has nothing, or its requests fail: the next one of the chain. All have failed: those who
 *             wait hear of each; the next one who asks begins anew.
 * on close: what is under way is cancelled; when it has come back, the owner is told.
 */
#include "api/cloud/credentials.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "api/base/monotime.h"
#include "api/base/random.h"
#include "api/base/secret.h"
#include "api/base/worker.h"
#include "api/cause.h"
#include "api/cloud/sources.h"

enum { RENEWAL_PAUSE_MIN_MS = 50 * 1000, RENEWAL_PAUSE_SPREAD_MS = 20 * 1000 }; /* openapi 6.5 */

enum { NO_SOURCE = UINT32_MAX };

struct credentials {
    struct worker_pool *workers;
    struct fetch_surroundings surroundings;
    char *spec, *ca_file, *metadata_url, *sts_url; /* ours */
    struct source_list list;
    uint32_t source; /* being asked */
    uint32_t good;   /* has given keys; NO_SOURCE: none yet */
    struct keys keys;
    uint32_t stale_before_s;
    uint64_t pause_until_ms; /* no renewal in the background before */
    uint64_t random;

    bool renewing;
    struct job job;
    struct recipe recipe;
    struct fetch fetch;
    struct failure failure; /* of the source that is being asked */
    struct failure summary; /* of all that were asked */

    struct credentials_wait *waiting, **waiting_end;
    void (*closed)(void *context);
    void *closed_context;
};

static void ask_source(struct credentials *credentials, uint32_t source);
static void on_recipe(struct job *job);
static void on_fetched(struct fetch *fetch);

/* --- being asked -----------------------------------------------------------------------------------------------------
 */

static int64_t server_time_ms(const struct credentials *credentials)
{
    return walltime_unix_ms() + *credentials->surroundings.clock_offset_ms;
}

static bool expires_within(const struct credentials *credentials, uint32_t seconds)
{
    return credentials->keys.expires_unix_ms != 0 &&
           server_time_ms(credentials) + (int64_t)seconds * 1000 >= credentials->keys.expires_unix_ms;
}

static void renew(struct credentials *credentials)
{
    if (credentials->renewing)
        return;
    credentials->renewing = true;
    credentials->summary = (struct failure)FAILURE_INIT;
    ask_source(credentials, credentials->good != NO_SOURCE ? credentials->good : 0);
}

const struct keys *credentials_now(struct credentials *credentials)
{
    if (credentials->keys.id == NULL || expires_within(credentials, 0))
        return NULL;
    if (expires_within(credentials, credentials->stale_before_s) && monotime_ms() >= credentials->pause_until_ms)
        renew(credentials);
    return &credentials->keys;
}

const char *credentials_source(const struct credentials *credentials)
{
    return credentials->good != NO_SOURCE ? credentials->list.sources[credentials->good].name : NULL;
}

void credentials_wait(struct credentials *credentials, struct credentials_wait *wait)
{
    wait->next = NULL;
    *credentials->waiting_end = wait;
    credentials->waiting_end = &wait->next;
    renew(credentials);
}

void credentials_wait_cancel(struct credentials *credentials, struct credentials_wait *wait)
{
    struct credentials_wait **at = &credentials->waiting;

    while (*at != NULL && *at != wait)
        at = &(*at)->next;
    if (*at == NULL)
        return;
    *at = wait->next;
    if (credentials->waiting_end == &wait->next)
        credentials->waiting_end = at;
}

void credentials_expired(struct credentials *credentials, const char *id)
{
    if (credentials->keys.id != NULL && strcmp(credentials->keys.id, id) == 0)
        keys_release(&credentials->keys);
}

/* --- asking ----------------------------------------------------------------------------------------------------------
 */

static void on_work(struct job *job)
{
    struct credentials *credentials = job->data;
    const struct source_list *list = &credentials->list;
    list->sources[credentials->source].read(list->argument, &job->cancelled, &credentials->recipe,
                                            &credentials->failure);
}

static void ask_source(struct credentials *credentials, uint32_t source)
{
    credentials->source = source;
    credentials->failure = (struct failure)FAILURE_INIT;
    credentials->recipe = (struct recipe){.base = BASE_KEYS};
    credentials->job = (struct job){.work = on_work, .done = on_recipe, .data = credentials};
    worker_submit(credentials->workers, &credentials->job);
}

static void tell_waiting(struct credentials *credentials)
{
    struct credentials_wait *waiting = credentials->waiting, *next;
    struct failure summary = credentials->summary;

    credentials->waiting = NULL;
    credentials->waiting_end = &credentials->waiting;
    for (; waiting != NULL; waiting = next) {
        next = waiting->next;
        waiting->done(waiting, &summary);
    }
}

static void free_credentials(struct credentials *credentials)
{
    keys_release(&credentials->keys);
    free(credentials->spec);
    free(credentials->ca_file);
    free(credentials->metadata_url);
    free(credentials->sts_url);
    free(credentials);
}

static void end_closing(struct credentials *credentials)
{
    void (*closed)(void *context) = credentials->closed;
    void *context = credentials->closed_context;
    free_credentials(credentials);
    closed(context);
}

/* What is stale afterwards, too, is not asked for again at once: it failed, or the keys are short-lived. */
static void end_renewal(struct credentials *credentials)
{
    credentials->renewing = false;
    if (expires_within(credentials, credentials->stale_before_s))
        credentials->pause_until_ms =
            monotime_ms() + RENEWAL_PAUSE_MIN_MS + random_below(&credentials->random, RENEWAL_PAUSE_SPREAD_MS);
    if (credentials->closed != NULL)
        end_closing(credentials);
    else
        tell_waiting(credentials);
}

/* The headline is what may pass by itself, if there is any such failure: trying again makes sense then. */
static void add_to_summary(struct credentials *credentials)
{
    const char *name = credentials->list.sources[credentials->source].name;
    struct failure *summary = &credentials->summary, before = *summary;

    if (before.cause == 0 || before.cause == CAUSE_CREDENTIALS_REJECTED)
        *summary = credentials->failure;
    if (before.cause == 0)
        failure_set(summary, summary->cause, "%s: %s", name, credentials->failure.text);
    else
        failure_set(summary, summary->cause, "%s; %s: %s", before.text, name, credentials->failure.text);
    memcpy(summary->provider_code, credentials->failure.provider_code, FAILURE_CODE_BYTES);
    memcpy(summary->provider_message, credentials->failure.provider_message, FAILURE_MESSAGE_BYTES);
    memcpy(summary->request_id, credentials->failure.request_id, FAILURE_REQUEST_ID_BYTES);
}

static void fail_source(struct credentials *credentials)
{
    recipe_release(&credentials->recipe);
    add_to_summary(credentials);
    bool last = credentials->good != NO_SOURCE || credentials->source + 1 == credentials->list.count;
    if (!last && credentials->closed == NULL) {
        ask_source(credentials, credentials->source + 1);
        return;
    }
    failure_wrap(&credentials->summary, "no credentials");
    end_renewal(credentials);
}

/* Keys that have expired already do not replace good ones. */
static void take_keys(struct credentials *credentials, struct keys *keys)
{
    if (keys->expires_unix_ms != 0 && keys->expires_unix_ms <= server_time_ms(credentials)) {
        keys_release(keys);
        failure_set(&credentials->failure, CAUSE_CREDENTIALS_EXPIRED, "its credentials have expired");
        fail_source(credentials);
        return;
    }
    keys_release(&credentials->keys);
    credentials->keys = *keys;
    credentials->stale_before_s = credentials->recipe.stale_before_s;
    credentials->good = credentials->source;
    credentials->summary = (struct failure)FAILURE_INIT;
    recipe_release(&credentials->recipe);
    end_renewal(credentials);
}

static void on_recipe(struct job *job)
{
    struct credentials *credentials = job->data;

    if (credentials->failure.cause == 0 && (credentials->closed != NULL || !job->began))
        failure_set(&credentials->failure, CAUSE_CANCELLED, "looking for credentials was cancelled");
    if (credentials->failure.cause != 0) {
        fail_source(credentials);
        return;
    }
    if (!fetch_is_needed(&credentials->recipe)) {
        struct keys keys = credentials->recipe.keys;
        credentials->recipe.keys = (struct keys){.id = NULL};
        take_keys(credentials, &keys);
        return;
    }
    credentials->fetch = (struct fetch){.surroundings = &credentials->surroundings,
                                        .recipe = &credentials->recipe,
                                        .done = on_fetched,
                                        .data = credentials};
    if (fetch_start(&credentials->fetch, &credentials->failure) < 0)
        fail_source(credentials);
}

static void on_fetched(struct fetch *fetch)
{
    struct credentials *credentials = fetch->data;

    credentials->failure = fetch->failure;
    if (credentials->failure.cause != 0)
        fail_source(credentials);
    else
        take_keys(credentials, &fetch->keys);
}

/* --- life ------------------------------------------------------------------------------------------------------------
 */

static int copy(char **out, const char *text, struct failure *why)
{
    *out = text != NULL ? strdup(text) : NULL;
    return text == NULL || *out != NULL ? 0 : failure_no_memory(why, "preparing credentials");
}

int credentials_new(const struct credentials_options *options, struct credentials **out, struct failure *why)
{
    const struct fetch_surroundings *given = &options->fetch;
    struct credentials *credentials = calloc(1, sizeof *credentials);

    if (credentials == NULL)
        return failure_no_memory(why, "preparing credentials");
    if (copy(&credentials->spec, options->spec, why) < 0 || copy(&credentials->ca_file, given->ca_file, why) < 0 ||
        copy(&credentials->metadata_url, given->metadata_url, why) < 0 ||
        copy(&credentials->sts_url, given->sts_url, why) < 0 ||
        sources_of(credentials->spec, &credentials->list, why) < 0) {
        free_credentials(credentials);
        return -1;
    }
    credentials->workers = options->workers;
    credentials->surroundings = (struct fetch_surroundings){.http = given->http,
                                                            .ca_file = credentials->ca_file,
                                                            .metadata_url = credentials->metadata_url,
                                                            .sts_url = credentials->sts_url,
                                                            .clock_offset_ms = given->clock_offset_ms};
    credentials->good = NO_SOURCE;
    credentials->random = (uint64_t)walltime_unix_ms();
    credentials->waiting_end = &credentials->waiting;
    *out = credentials;
    return 0;
}

void credentials_close(struct credentials *credentials, void (*closed)(void *context), void *context)
{
    assert(credentials->waiting == NULL);
    credentials->closed = closed;
    credentials->closed_context = context;
    if (!credentials->renewing) {
        end_closing(credentials);
        return;
    }
    job_cancel(&credentials->job);
    if (credentials->fetch.recipe != NULL)
        fetch_cancel(&credentials->fetch);
}
