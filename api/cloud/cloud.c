/* SPDX-License-Identifier: Apache-2.0
 *
 * On close, when the last reference goes: the credentials (they use connections), the delivery timer (so that the rest
 * never runs inside an answer), the budgets, the connections; then the owner is told.
 */
#include "api/cloud/cloud.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "api/base/log.h"

int cloud_new(struct uv_loop_s *loop, struct log *log, struct cloud **out, struct failure *why)
{
    struct cloud *cloud = calloc(1, sizeof *cloud);

    if (cloud == NULL)
        return failure_no_memory(why, "opening the cloud");
    *cloud = (struct cloud){.loop = loop, .log = log, .references = 1, .budgets = {.loop = loop}};
    cloud->http = http_new(loop, why);
    if (cloud->http == NULL) {
        free(cloud);
        return -1;
    }
    uv_timer_init(loop, &cloud->delivery);
    cloud->delivery.data = cloud;
    cloud->answered_end = &cloud->answered;
    *out = cloud;
    return 0;
}

void cloud_ref(struct cloud *cloud)
{
    cloud->references++;
}

int cloud_shared(struct cloud **slot, struct uv_loop_s *loop, struct log *log, struct cloud **out, struct failure *why)
{
    if (slot == NULL || *slot == NULL) {
        if (cloud_new(loop, log, out, why) < 0)
            return -1;
        (*out)->slot = slot;
        if (slot != NULL)
            *slot = *out;
        return 0;
    }
    cloud_ref(*slot);
    *out = *slot;
    return 0;
}

/* --- credentials -----------------------------------------------------------------------------------------------------
 */

static bool same_spec(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void free_shared(struct shared_credentials *shared)
{
    free(shared->spec);
    free(shared);
}

static struct shared_credentials *new_shared(struct cloud *cloud, const struct client_options *options,
                                             struct failure *why)
{
    struct shared_credentials *shared = calloc(1, sizeof *shared);
    const struct credentials_options wanted = {.workers = options->workers,
                                               .spec = options->credentials,
                                               .fetch = {.http = cloud->http,
                                                         .ca_file = options->ca_file,
                                                         .metadata_url = options->metadata_url,
                                                         .sts_url = options->sts_url,
                                                         .clock_offset_ms = &cloud->clock_offset_ms}};

    if (shared == NULL || (options->credentials != NULL && (shared->spec = strdup(options->credentials)) == NULL)) {
        free(shared);
        failure_no_memory(why, "preparing credentials");
        return NULL;
    }
    if (credentials_new(&wanted, &shared->credentials, why) < 0) {
        free_shared(shared);
        return NULL;
    }
    return shared;
}

int cloud_credentials(struct cloud *cloud, const struct client_options *options, struct shared_credentials **out,
                      struct failure *why)
{
    struct shared_credentials *shared = cloud->credentials;

    while (shared != NULL && !same_spec(shared->spec, options->credentials))
        shared = shared->next;
    if (shared == NULL) {
        shared = new_shared(cloud, options, why);
        if (shared == NULL)
            return -1;
        shared->next = cloud->credentials;
        cloud->credentials = shared;
    }
    *out = shared;
    return 0;
}

/* --- signatures ------------------------------------------------------------------------------------------------------
 */

bool cloud_wants_rpc_v1(const struct cloud *cloud, const char *endpoint)
{
    const struct rpc_v1_endpoint *known = cloud->rpc_v1;

    while (known != NULL && strcmp(known->url, endpoint) != 0)
        known = known->next;
    return known != NULL;
}

bool cloud_remember_rpc_v1(struct cloud *cloud, const char *endpoint)
{
    size_t bytes = strlen(endpoint) + 1;

    if (cloud_wants_rpc_v1(cloud, endpoint))
        return true;
    struct rpc_v1_endpoint *known = malloc(sizeof *known + bytes);
    if (known == NULL)
        return false;
    known->next = cloud->rpc_v1;
    memcpy(known->url, endpoint, bytes);
    cloud->rpc_v1 = known;
    log_event(cloud->log, LOG_LEVEL_DEBUG, "cloud-signature", "the gateway knows the signature RPC 1.0 only",
              "endpoint", endpoint, (const char *)NULL);
    return true;
}

static void forget_rpc_v1(struct cloud *cloud)
{
    struct rpc_v1_endpoint *known = cloud->rpc_v1, *next;

    for (; known != NULL; known = next) {
        next = known->next;
        free(known);
    }
}

/* --- closing ---------------------------------------------------------------------------------------------------------
 */

static void on_http_closed(void *context)
{
    struct cloud *cloud = context;
    void (*closed)(void *context) = cloud->closed;
    void *closed_context = cloud->closed_context;
    forget_rpc_v1(cloud);
    free(cloud);
    closed(closed_context);
}

static void on_budgets_closed(void *context)
{
    struct cloud *cloud = context;
    http_close(cloud->http, on_http_closed, cloud);
}

static void on_delivery_closed(uv_handle_t *handle)
{
    struct cloud *cloud = handle->data;
    budgets_close(&cloud->budgets, on_budgets_closed, cloud);
}

static void on_credentials_closed(void *context)
{
    struct cloud *cloud = context;
    if (--cloud->closing == 0)
        uv_close((uv_handle_t *)&cloud->delivery, on_delivery_closed);
}

void cloud_unref(struct cloud *cloud, void (*closed)(void *context), void *context)
{
    struct shared_credentials *shared = cloud->credentials, *next;

    if (--cloud->references > 0) {
        closed(context);
        return;
    }
    assert(cloud->answered == NULL);
    if (cloud->slot != NULL)
        *cloud->slot = NULL;
    cloud->closed = closed;
    cloud->closed_context = context;
    cloud->credentials = NULL;
    cloud->closing = 1; /* this function */
    for (; shared != NULL; shared = next) {
        next = shared->next;
        cloud->closing++;
        credentials_close(shared->credentials, on_credentials_closed, cloud);
        free_shared(shared);
    }
    on_credentials_closed(cloud);
}
