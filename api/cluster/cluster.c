/* SPDX-License-Identifier: Apache-2.0
 *
 * happy path: a call makes an operation → keys and certificates are there, or are read → describe surveys the cluster;
 *             list reads one master's table; create is creating.h's → the request is answered.
 * what can go wrong: whatever those say. Rejected keys are read again before the next operation.
 * cancelling: what the operation waits for is cancelled, and answers.
 * on close: everything is cancelled; when all is answered, brokers' and name servers' connections go, then the door.
 */
#include "api/cluster/cluster.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/base/log.h"
#include "api/base/monotime.h"
#include "api/cause.h"
#include "api/cluster/creating.h"
#include "api/cluster/endpoint.h"
#include "api/cluster/reading.h"
#include "api/cluster/secrets.h"
#include "api/cluster/survey.h"

enum { SURVEY_MS = 20000 }; /* its answers are small: a master that takes longer hangs */

enum work { WORK_DESCRIBE, WORK_LIST, WORK_CREATE };

struct cluster {
    struct instance instance; /* first: a cluster is an instance */
    struct uv_loop_s *loop;
    struct worker_pool *workers;
    struct log *log;
    struct address address;
    char *spec, *address_map, *ca_file, *cert_file, *key_file;
    bool writable, unsafe_attributes;
    uint32_t window;  /* creates under way per master; 0: the usual */
    struct pace pace; /* of creates */
    bool paced;       /* by configuration */
    struct request_watch watch;
    struct secrets secrets;
    bool reading_secrets, has_secrets;
    struct name_servers *names; /* NULL before the secrets are there */
    struct peers *peers;
    struct roster *roster; /* the newest survey's; NULL: none yet */
    struct operation *open;
    uint32_t answering; /* callbacks that are running */
    bool ending;        /* connections are being closed */
    struct gate gate;   /* closed at the end, so that the end always comes later */
    void (*closed)(void *context);
    void *closed_context;
};

struct operation {
    struct cluster *cluster;
    struct request *request;
    enum work work;
    enum kind kind;            /* not of DESCRIBE */
    uint32_t part;             /* LIST */
    struct create_item *items; /* CREATE */
    uint32_t count;
    bool waiting; /* for the secrets */
    bool cancelled;
    struct survey *survey; /* NULL: not under way; so the next two */
    struct creating *creating;
    struct roster *roster; /* a reference */
    struct reading reading;
    struct answer answer;
    struct operation *next, **link;
};

static struct cluster *cluster_of(struct instance *instance)
{
    return (struct cluster *)instance; /* its first member */
}

/* --- the end of an operation -----------------------------------------------------------------------------------------
 */

static void close_if_idle(struct cluster *cluster);

static void operation_free(struct operation *operation)
{
    roster_unref(operation->roster);
    free(operation);
}

static void answer(struct operation *operation)
{
    struct request *request = operation->request;
    struct cluster *cluster = operation->cluster;

    *operation->link = operation->next;
    if (operation->next)
        operation->next->link = operation->link;
    if (operation->answer.failure.cause == CAUSE_CREDENTIALS_REJECTED)
        cluster->has_secrets = false;
    request->door = NULL;
    cluster->answering++;
    request->done(request, &operation->answer);
    cluster->answering--;
    operation_free(operation);
    close_if_idle(cluster);
}

/* Before anything was sent. */
static void answer_failed(struct operation *operation, const struct failure *why)
{
    operation->answer.failure = *why;
    for (uint32_t i = 0; i < operation->count; i++) {
        operation->items[i].outcome = OUTCOME_NOT_SENT;
        operation->items[i].failure = &operation->answer.failure;
    }
    answer(operation);
}

/* --- describe --------------------------------------------------------------------------------------------------------
 */

static void fill_identity(const struct topology *topology, struct identity *out)
{
    char count[16];

    snprintf(count, sizeof count, "%u", topology->broker_count);
    identity_set(out, "clusterName", topology->cluster);
    identity_set(out, "brokers", count);
}

/* What is not known of a broker without a master is what the others are. */
static int known_places(const struct roster *roster, struct place_master **out)
{
    uint32_t count = roster->topology->broker_count, known = 0;

    *out = calloc(count, sizeof **out);
    if (!*out)
        return -1;
    for (uint32_t i = 0; i < count; i++)
        if (roster->places[i].version != 0)
            (*out)[known++] = roster->places[i];
    return (int)known;
}

static int fill_capabilities(const struct operation *operation, struct capabilities *out, struct failure *why)
{
    struct place_master *places;
    int known = known_places(operation->roster, &places);

    if (known < 0)
        return failure_no_memory(why, "a description");
    place_capabilities(places, (uint16_t)known, operation->cluster->unsafe_attributes, out);
    free(places);
    return 0;
}

static void answer_description(struct operation *operation)
{
    struct description *description = &operation->answer.description;
    const struct roster *roster = operation->roster;
    const char *missing = NULL;
    struct failure why;

    for (uint32_t i = 0; !missing && i < roster->topology->broker_count; i++)
        if (!roster->masters[i].connection)
            missing = roster->topology->brokers[i].name;
    fill_identity(roster->topology, &description->identity);
    description->in_service = !missing;
    if (missing)
        snprintf(description->status, sizeof description->status, "%.40s has no master now", missing);
    else
        snprintf(description->status, sizeof description->status, "in service");
    for (int kind = 0; kind < KINDS; kind++)
        description->quota_free[kind] = -1;
    if (fill_capabilities(operation, &description->capabilities, &why) != 0)
        answer_failed(operation, &why);
    else
        answer(operation);
}

/* --- list ------------------------------------------------------------------------------------------------------------
 */

static void on_read(struct reading *reading)
{
    struct operation *operation = reading->data;

    if (!reading->catalog) {
        answer_failed(operation, &reading->failure);
        return;
    }
    operation->answer.part = reading->catalog;
    operation->answer.parts = operation->roster->topology->broker_count;
    operation->answer.total = UINT64_MAX;
    answer(operation);
}

static int begin_list(struct operation *operation, struct failure *why)
{
    const struct cluster *cluster = operation->cluster;
    uint32_t masters = operation->roster->topology->broker_count;

    if (operation->part >= masters)
        return failure_set(why, CAUSE_BAD_ANSWER, "the cluster has %u masters now, there is no part %u", masters,
                           operation->part);
    operation->reading = (struct reading){
        .peers = cluster->peers,
        .workers = cluster->workers,
        .roster = operation->roster,
        .master = operation->part,
        .kind = operation->kind,
        .deadline_ms = operation->request->deadline_ms,
        .done = on_read,
        .data = operation,
    };
    return reading_start(&operation->reading, why);
}

/* --- create ----------------------------------------------------------------------------------------------------------
 */

static void on_created(void *context)
{
    struct operation *operation = context;

    operation->creating = NULL;
    for (uint32_t i = 0; i < operation->count; i++)
        if (operation->items[i].failure && operation->items[i].failure->cause == CAUSE_CREDENTIALS_REJECTED)
            operation->cluster->has_secrets = false;
    answer(operation);
}

static int begin_create(struct operation *operation, struct failure *why)
{
    const struct cluster *cluster = operation->cluster;
    struct capabilities capabilities;

    if (fill_capabilities(operation, &capabilities, why) != 0)
        return -1;
    const struct creating_options options = {
        .names = cluster->names,
        .peers = cluster->peers,
        .workers = cluster->workers,
        .log = cluster->log,
        .loop = cluster->loop,
        .window = cluster->window,
        .pace = cluster->paced ? &operation->cluster->pace : NULL,
        .gate = &operation->cluster->gate,
        .roster = operation->roster,
        .cluster = cluster->address.cluster,
        .capabilities = &capabilities,
        .kind = operation->kind,
        .items = operation->items,
        .count = operation->count,
        .deadline_ms = operation->request->deadline_ms,
    };
    return creating_start(&options, on_created, operation, &operation->creating, why);
}

/* --- on the way ------------------------------------------------------------------------------------------------------
 */

static bool given_up(const struct operation *operation, struct failure *why)
{
    if (operation->cancelled)
        failure_set(why, CAUSE_CANCELLED, "the request was given up");
    return operation->cancelled;
}

/* The operation has a roster. */
static int go_on(struct operation *operation, struct failure *why)
{
    return operation->work == WORK_LIST ? begin_list(operation, why) : begin_create(operation, why);
}

static bool lists(const struct topology *topology, const char *name)
{
    for (uint32_t i = 0; i < topology->broker_count; i++)
        if (strcmp(topology->brokers[i].name, name) == 0)
            return true;
    return false;
}

/* A broker without slave that dies leaves the name servers at once (rocketmq-remoting 10.8), as one that is taken out
 * of service does: which it was, a person knows. */
static void warn_of_the_gone(const struct cluster *cluster, const struct topology *now)
{
    const struct topology *before = cluster->roster ? cluster->roster->topology : NULL;

    for (uint32_t i = 0; before && i < before->broker_count; i++)
        if (!lists(now, before->brokers[i].name))
            log_event(
                cluster->log, LOG_LEVEL_WARN, "broker-gone",
                "the name servers list this broker no more: dead, or out of service; what belongs on it is judged "
                "by the brokers that are left (expect: {brokers: N} makes that an error)",
                "broker", before->brokers[i].name, "cluster", now->cluster, (const char *)NULL);
}

static void on_survey(void *context, struct roster *roster, const struct failure *why)
{
    struct operation *operation = context;
    struct cluster *cluster = operation->cluster;
    struct failure failure;

    operation->survey = NULL;
    if (!roster) {
        answer_failed(operation, why);
        return;
    }
    warn_of_the_gone(cluster, roster->topology);
    if (cluster->roster && roster_same(cluster->roster, roster)) { /* its tables are kept */
        roster_unref(roster);
    } else {
        roster_unref(cluster->roster);
        cluster->roster = roster;
    }
    operation->roster = roster_ref(cluster->roster);
    if (operation->work == WORK_DESCRIBE)
        answer_description(operation);
    else if (given_up(operation, &failure) || go_on(operation, &failure) != 0)
        answer_failed(operation, &failure);
}

static int begin(struct operation *operation, struct failure *why)
{
    struct cluster *cluster = operation->cluster;
    uint64_t patience_ms = monotime_ms() + SURVEY_MS;
    const struct survey_options options = {
        .names = cluster->names,
        .peers = cluster->peers,
        .cluster = cluster->address.cluster,
        .deadline_ms = patience_ms < operation->request->deadline_ms ? patience_ms : operation->request->deadline_ms,
    };

    if (operation->work == WORK_DESCRIBE || !cluster->roster)
        return survey_start(&options, on_survey, operation, &operation->survey, why);
    operation->roster = roster_ref(cluster->roster);
    return go_on(operation, why);
}

/* --- secrets ---------------------------------------------------------------------------------------------------------
 */

static int make_connections(struct cluster *cluster, struct failure *why)
{
    const struct name_servers_options names = {.loop = cluster->loop,
                                               .log = cluster->log,
                                               .address = &cluster->address,
                                               .tls = cluster->secrets.tls,
                                               .watch = &cluster->watch};
    const struct peers_options peers = {.loop = cluster->loop,
                                        .log = cluster->log,
                                        .tls = cluster->secrets.tls,
                                        .watch = &cluster->watch,
                                        .address_map = cluster->address_map,
                                        .keys = &cluster->secrets.keys};

    if (!cluster->names && name_servers_new(&names, &cluster->names, why) != 0)
        return -1;
    if (!cluster->peers)
        cluster->peers = peers_new(&peers);
    return cluster->peers ? 0 : failure_no_memory(why, "connections");
}

/* The next one that waited; answering may change the list. */
static struct operation *first_waiting(const struct cluster *cluster)
{
    struct operation *operation = cluster->open;

    while (operation && !operation->waiting)
        operation = operation->next;
    return operation;
}

static void release_waiting(struct cluster *cluster, const struct failure *why)
{
    struct operation *operation;
    struct failure failure;

    while ((operation = first_waiting(cluster)) != NULL) {
        operation->waiting = false;
        failure = *why;
        if (failure.cause != CAUSE_NONE || given_up(operation, &failure) || begin(operation, &failure) != 0)
            answer_failed(operation, &failure);
    }
}

static void on_secrets(void *context, const struct failure *why)
{
    struct cluster *cluster = context;
    struct failure failure = *why;

    cluster->reading_secrets = false;
    if (failure.cause == CAUSE_NONE && make_connections(cluster, &failure) == 0)
        cluster->has_secrets = true;
    cluster->answering++;
    release_waiting(cluster, &failure);
    cluster->answering--;
    close_if_idle(cluster);
}

/* --- the instance's calls --------------------------------------------------------------------------------------------
 */

static void append(struct cluster *cluster, struct operation *operation)
{
    operation->next = cluster->open;
    operation->link = &cluster->open;
    if (cluster->open)
        cluster->open->link = &operation->next;
    cluster->open = operation;
}

static int submit(struct instance *instance, struct request *request, const struct operation *what, struct failure *why)
{
    struct cluster *cluster = cluster_of(instance);
    struct operation *operation = malloc(sizeof *operation);

    if (!operation)
        return failure_no_memory(why, "a request");
    *operation = *what;
    operation->cluster = cluster;
    operation->request = request;
    operation->waiting = !cluster->has_secrets;
    if (cluster->has_secrets && begin(operation, why) != 0) {
        operation_free(operation);
        return -1;
    }
    append(cluster, operation);
    request->door = operation;
    if (operation->waiting && !cluster->reading_secrets) {
        cluster->reading_secrets = true;
        secrets_read(&cluster->secrets, cluster->workers, on_secrets, cluster);
    }
    return 0;
}

static int describe(struct instance *instance, struct request *request, struct failure *why)
{
    return submit(instance, request, &(struct operation){.work = WORK_DESCRIBE}, why);
}

static int list(struct instance *instance, struct request *request, enum kind kind, uint32_t part, struct failure *why)
{
    return submit(instance, request, &(struct operation){.work = WORK_LIST, .kind = kind, .part = part}, why);
}

static int get(struct instance *instance, struct request *request, enum kind kind, const struct text *names,
               uint32_t count, struct failure *why)
{
    /* 351 would tell of topics, on 5.x. But it wants a permission that lists do not (4.2, 10.7), and a table that has
     * not changed costs as little. 352 is no read at all (0.1). */
    (void)instance, (void)request, (void)names, (void)count;
    return failure_set(why, CAUSE_UNSUPPORTED, "%ss of a cluster are read by whole tables", kind_word(kind));
}

static int create(struct instance *instance, struct request *request, struct create_item *items, uint32_t count,
                  struct failure *why)
{
    if (!cluster_of(instance)->writable)
        return failure_set(why, CAUSE_UNSUPPORTED, "this cluster is a source: nothing is created in it");
    return submit(instance, request,
                  &(struct operation){.work = WORK_CREATE, .kind = items->kind, .items = items, .count = count}, why);
}

static void cancel_operation(struct operation *operation)
{
    operation->cancelled = true; /* one that waits for the secrets is answered when they are there */
    if (operation->survey)
        survey_cancel(operation->survey);
    else if (operation->creating)
        creating_cancel(operation->creating);
    else
        reading_cancel(&operation->reading);
}

static void cancel(struct instance *instance, struct request *request)
{
    (void)instance;
    if (request->door)
        cancel_operation(request->door);
}

/* --- opening and closing ---------------------------------------------------------------------------------------------
 */

static void free_cluster(struct cluster *cluster)
{
    roster_unref(cluster->roster);
    secrets_release(&cluster->secrets);
    free(cluster->spec);
    free(cluster->address_map);
    free(cluster->ca_file);
    free(cluster->cert_file);
    free(cluster->key_file);
    free(cluster);
}

static void on_gate_closed(uv_handle_t *handle)
{
    struct cluster *cluster = handle->data;
    void (*closed)(void *context) = cluster->closed;
    void *closed_context = cluster->closed_context;

    free_cluster(cluster);
    closed(closed_context);
}

static void on_names_closed(void *context)
{
    struct cluster *cluster = context;
    gate_close(&cluster->gate, on_gate_closed, cluster);
}

static void on_peers_closed(void *context)
{
    struct cluster *cluster = context;

    if (cluster->names)
        name_servers_close(cluster->names, on_names_closed, cluster);
    else
        on_names_closed(cluster);
}

static void close_if_idle(struct cluster *cluster)
{
    if (!cluster->closed || cluster->ending || cluster->open || cluster->answering > 0 || cluster->reading_secrets)
        return;
    cluster->ending = true;
    if (cluster->peers)
        peers_close(cluster->peers, on_peers_closed, cluster);
    else
        on_peers_closed(cluster);
}

static void close_cluster(struct instance *instance, void (*closed)(void *context), void *context)
{
    struct cluster *cluster = cluster_of(instance);

    assert(!cluster->closed);
    cluster->closed = closed;
    cluster->closed_context = context;
    for (struct operation *operation = cluster->open; operation; operation = operation->next)
        cancel_operation(operation);
    if (cluster->reading_secrets)
        job_cancel(&cluster->secrets.job);
    close_if_idle(cluster);
}

static const struct instance_ops cluster_ops = {
    .describe = describe,
    .list = list,
    .get = get,
    .create = create,
    .cancel = cancel,
    .close = close_cluster,
};

/* A copy, or NULL for what was not given. 0, or -1: no memory. */
static int copy(const char *text, char **out)
{
    *out = text && text[0] != '\0' ? strdup(text) : NULL;
    return *out || !text || text[0] == '\0' ? 0 : -1;
}

static int copy_options(struct cluster *cluster, const struct instance_options *options, struct failure *why)
{
    if (copy(options->credentials, &cluster->spec) != 0 || copy(options->address_map, &cluster->address_map) != 0 ||
        copy(options->ca_file, &cluster->ca_file) != 0 || copy(options->cert_file, &cluster->cert_file) != 0 ||
        copy(options->key_file, &cluster->key_file) != 0)
        return failure_no_memory(why, "the cluster");
    cluster->loop = options->loop;
    cluster->workers = options->workers;
    cluster->log = options->log;
    cluster->address = *options->address;
    cluster->writable = options->writable;
    cluster->unsafe_attributes = options->unsafe_attributes;
    cluster->window = options->concurrency;
    cluster->watch = (struct request_watch){options->request_ended, options->request_context};
    cluster->paced = options->rate_per_s > 0;
    pace_init(&cluster->pace,
              &(struct pace_options){.start_rate = options->rate_per_s, .ceiling_rate = options->rate_per_s},
              monotime_ms());
    cluster->secrets.spec = cluster->spec;
    cluster->secrets.with_tls = options->address->scheme == SCHEME_ROCKETMQS;
    cluster->secrets.files = (struct tls_files){cluster->ca_file, cluster->cert_file, cluster->key_file};
    return 0;
}

int cluster_open(const struct instance_options *options, struct instance **out, struct failure *why)
{
    struct cluster *cluster = calloc(1, sizeof *cluster);

    if (!cluster)
        return failure_no_memory(why, "the cluster");
    if (keys_check_spec(options->credentials, why) != 0 || endpoint_map_check(options->address_map, why) != 0 ||
        copy_options(cluster, options, why) != 0) {
        free_cluster(cluster);
        return -1;
    }
    cluster->instance.ops = &cluster_ops;
    gate_init(&cluster->gate, cluster->loop);
    *out = &cluster->instance;
    return 0;
}
