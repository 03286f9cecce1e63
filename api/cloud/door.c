/* SPDX-License-Identifier: Apache-2.0
 *
 * happy path: a call of the door makes an operation → its call is prepared and started → the answer is read, on the
 *             loop or (long lists) by a job → the request is answered.
 * what can go wrong: the call has no answer, the answer says no, or it says nothing. Reads fail with what that means; a
 *             create that was sent and has no usable answer is UNKNOWN.
 * cancelling: the call is cancelled, and answers; a job that has begun goes on to its end.
 * on close: everything is cancelled; when all is answered, the client is closed, then the cloud let go.
 */
#include "api/cloud/door.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/cause.h"
#include "api/cloud/endpoints.h"
#include "api/system.h"

enum { PATH_BYTES_MAX = 16384, READ_ON_LOOP_BYTES = 256 << 10, CONNECTIONS = 64 };

static struct door *door_of(struct instance *instance)
{
    return (struct door *)instance; /* its first member */
}

static const char *operation_name(const struct operation *operation)
{
    return codes_operation(operation->door->face->product, operation->asking, operation->kind);
}

static struct call *current_call(struct operation *operation)
{
    return &operation->calls[operation->step];
}

/* ---- the end of an operation */

static void operation_free(struct operation *operation)
{
    buffer_release(&operation->path);
    buffer_release(&operation->body);
    catalog_builder_free(operation->builder);
    free(operation->copy);
    free(operation);
}

static void close_if_idle(struct door *door);

static void answer(struct operation *operation)
{
    struct request *request = operation->request;
    struct door *door = operation->door;

    *operation->link = operation->next;
    if (operation->next)
        operation->next->link = operation->link;
    request->door = NULL;
    door->answering++;
    request->done(request, &operation->answer);
    door->answering--;
    operation_free(operation);
    close_if_idle(door);
}

static void answer_created(struct operation *operation, enum outcome outcome)
{
    operation->item->outcome = outcome;
    operation->item->failure = outcome == OUTCOME_CREATED ? NULL : &operation->answer.failure;
    answer(operation);
}

/* Failed without an answer that says so: what was sent may have been done. */
static void answer_failed(struct operation *operation, bool sent)
{
    failure_wrap(&operation->answer.failure, "%s", operation_name(operation));
    if (operation->asking == ASKING_CREATE)
        answer_created(operation, sent ? OUTCOME_UNKNOWN : OUTCOME_NOT_SENT);
    else
        answer(operation);
}

/* ---- no */

static void explain(struct operation *operation, int cause)
{
    const struct reply *reply = &operation->reply;
    const struct face *face = operation->door->face;
    struct failure *why = &operation->answer.failure;
    bool permission = cause == CAUSE_INSTANCE_PERMISSION_MISSING || cause == CAUSE_INSTANCE_PERMISSION_UNVERIFIED;
    const char *action =
        reply->action[0] != '\0' ? reply->action : codes_ram_action(face->product, operation->asking, operation->kind);
    const char *said = reply->message[0] != '\0' ? reply->message : reply->code;

    failure_set(why, cause, "%s of %s was refused: %s%s%s", operation_name(operation), operation->door->instance_id,
                said[0] != '\0' ? said : "no reason was given", permission ? "; it needs the RAM action " : "",
                permission ? action : "");
    memcpy(why->provider_code, reply->code, sizeof why->provider_code);
    memcpy(why->provider_message, reply->message, sizeof why->provider_message);
    memcpy(why->request_id, reply->request_id, sizeof why->request_id);
}

static enum outcome outcome_of(enum kind kind, int cause)
{
    if (cause == (kind == KIND_TOPIC ? CAUSE_TOPIC_EXISTS : CAUSE_GROUP_EXISTS))
        return OUTCOME_EXISTED;
    return cause == CAUSE_OUTCOME_UNKNOWN ? OUTCOME_UNKNOWN : OUTCOME_REFUSED;
}

static void answer_read(struct operation *operation);

static int refusal_cause(struct operation *operation)
{
    const struct reply *reply = &operation->reply;

    return codes_cause(operation->door->face->product, operation->asking, operation->kind, text_of(reply->code),
                       text_of(reply->message), current_call(operation)->status);
}

static void refused(struct operation *operation)
{
    int cause = refusal_cause(operation);

    if (cause == CODE_SAYS_ABSENT) {
        answer_read(operation);
        return;
    }
    explain(operation, cause);
    if (operation->asking != ASKING_CREATE)
        answer(operation);
    else
        answer_created(operation, outcome_of(operation->kind, cause));
}

/* ---- neither yes nor no */

static void unusable(struct operation *operation)
{
    struct failure *why = &operation->answer.failure;

    *why = operation->reply.broken;
    memcpy(why->request_id, operation->reply.request_id, sizeof why->request_id);
    if (operation->asking == ASKING_CREATE)
        why->cause = CAUSE_OUTCOME_UNKNOWN;
    answer_failed(operation, true);
}

/* ---- yes */

static int seal(struct operation *operation)
{
    struct failure *why = &operation->answer.failure;

    return catalog_seal(operation->builder, NULL, NULL, &operation->answer.part, why);
}

static int start_call(struct operation *operation, struct failure *why);

/* What was read is handed over; a GET that found nothing goes on to its next step. */
static void answer_read(struct operation *operation)
{
    const struct face *face = operation->door->face;
    bool reads_catalog = operation->asking == ASKING_LIST || operation->asking == ASKING_GET;

    if (operation->asking == ASKING_GET && catalog_builder_count(operation->builder) == 0 &&
        operation->step + 1 < face->steps(operation)) {
        operation->step++;
        if (start_call(operation, &operation->answer.failure) != 0)
            answer_failed(operation, false);
        return;
    }
    if (reads_catalog && seal(operation) != 0) {
        answer_failed(operation, false);
        return;
    }
    if (face->learn)
        face->learn(operation);
    answer(operation);
}

/* The account's budget hears how it went: what was accepted counts, whatever it answered. */
static void tell_pace(struct operation *operation)
{
    struct client *client = operation->door->client;
    const struct call *call = current_call(operation);

    if (operation->reply.says == REPLY_NO && refusal_cause(operation) == CAUSE_THROTTLED)
        call_was_throttled(client, call);
    else if (operation->reply.says != REPLY_NOTHING)
        call_was_accepted(client, call);
}

static void settle(struct operation *operation)
{
    switch (operation->reply.says) {
    case REPLY_YES:
        if (operation->asking == ASKING_CREATE)
            answer_created(operation, OUTCOME_CREATED);
        else
            answer_read(operation);
        return;
    case REPLY_NO:
        refused(operation);
        return;
    case REPLY_NOTHING:
        unusable(operation);
        return;
    }
}

static void read_answer(struct operation *operation, struct text body)
{
    const struct payload payload = operation->door->face->payload(operation);
    struct reply *reply = &operation->reply;

    reply_read(current_call(operation), body, &payload, reply);
    if (reply->says == REPLY_NOTHING && current_call(operation)->status == 429)
        reply->says = REPLY_NO; /* too many requests: no body is needed to understand it */
}

/* ---- long lists */

static void work(struct job *job)
{
    struct operation *operation = job->data;
    read_answer(operation, (struct text){operation->copy, operation->copy_bytes});
}

static void on_worked(struct job *job)
{
    struct operation *operation = job->data;

    if (job->began) {
        settle(operation);
        return;
    }
    failure_set(&operation->answer.failure, CAUSE_CANCELLED, "reading its answer was given up");
    answer_failed(operation, false);
}

static void read_elsewhere(struct operation *operation)
{
    const struct call *call = current_call(operation);

    operation->copy = json_pad(call->answer);
    operation->copy_bytes = call->answer.bytes;
    if (!operation->copy) {
        failure_no_memory(&operation->answer.failure, "its answer");
        answer_failed(operation, false);
        return;
    }
    operation->job.work = work;
    operation->job.done = on_worked;
    operation->job.data = operation;
    worker_submit(operation->door->workers, &operation->job);
}

/* ---- calls */

static void on_call(struct call *call)
{
    struct operation *operation = call->data;
    bool is_long = call->status == 200 && call->answer.bytes > READ_ON_LOOP_BYTES;

    if (call->failure.cause != CAUSE_NONE) {
        operation->answer.failure = call->failure;
        answer_failed(operation, call->sent);
    } else if (is_long && operation->asking == ASKING_LIST && operation->door->face->long_lists) {
        call_was_accepted(operation->door->client, call);
        read_elsewhere(operation);
    } else {
        read_answer(operation, call->answer);
        tell_pace(operation);
        settle(operation);
    }
}

static enum call_class class_of(enum asking asking)
{
    static const enum call_class classes[] = {
        [ASKING_DESCRIBE] = CLASS_DESCRIBE,
        [ASKING_LIST] = CLASS_LIST,
        [ASKING_GET] = CLASS_GET,
        [ASKING_CREATE] = CLASS_CREATE,
    };
    return classes[asking];
}

static int start_call(struct operation *operation, struct failure *why)
{
    struct call *call = current_call(operation);

    *call = (struct call){
        .class = class_of(operation->asking),
        .method = "GET",
        .action = operation_name(operation),
        .version = operation->door->face->version,
        .writes = operation->asking == ASKING_CREATE,
        .deadline_ms = operation->request->deadline_ms,
        .done = on_call,
        .data = operation,
    };
    if (operation->door->face->prepare(operation, call, why) != 0)
        return -1;
    if (operation->path.failed || operation->body.failed)
        return failure_no_memory(why, "a request");
    return call_start(operation->door->client, call, why);
}

static int begin(struct operation *operation, struct failure *why)
{
    bool reads_catalog = operation->asking == ASKING_LIST || operation->asking == ASKING_GET;

    if (reads_catalog && !(operation->builder = catalog_builder_new()))
        return failure_no_memory(why, "a list");
    return start_call(operation, why);
}

static int submit(struct instance *instance, struct request *request, const struct operation *what, struct failure *why)
{
    struct door *door = door_of(instance);
    struct operation *operation = malloc(sizeof *operation);

    if (!operation)
        return failure_no_memory(why, "a request");
    *operation = *what;
    operation->door = door;
    operation->request = request;
    buffer_init(&operation->path, PATH_BYTES_MAX);
    buffer_init(&operation->body, CLOUD_BODY_BYTES_MAX);
    if (begin(operation, why) != 0) {
        operation_free(operation);
        return -1;
    }
    request->door = operation;
    operation->next = door->open;
    operation->link = &door->open;
    if (door->open)
        door->open->link = &operation->next;
    door->open = operation;
    return 0;
}

/* ---- the instance's calls */

static int describe(struct instance *instance, struct request *request, struct failure *why)
{
    return submit(instance, request, &(struct operation){.asking = ASKING_DESCRIBE}, why);
}

static int list(struct instance *instance, struct request *request, enum kind kind, uint32_t part, struct failure *why)
{
    return submit(instance, request, &(struct operation){.asking = ASKING_LIST, .kind = kind, .part = part}, why);
}

static int get(struct instance *instance, struct request *request, enum kind kind, const struct text *names,
               uint32_t count, struct failure *why)
{
    if (count != 1)
        return failure_set(why, CAUSE_UNSUPPORTED, "%ss are read one by one here", kind_word(kind));
    return submit(instance, request, &(struct operation){.asking = ASKING_GET, .kind = kind, .name = names[0]}, why);
}

static int create(struct instance *instance, struct request *request, struct create_item *items, uint32_t count,
                  struct failure *why)
{
    const struct door *door = door_of(instance);

    if (!door->writable)
        return failure_set(why, CAUSE_UNSUPPORTED, "the instance %s is a source: nothing is created in it",
                           door->instance_id);
    if (count != 1)
        return failure_set(why, CAUSE_UNSUPPORTED, "%ss are created one by one here", kind_word(items->kind));
    return submit(instance, request,
                  &(struct operation){.asking = ASKING_CREATE, .kind = items->kind, .name = items->name, .item = items},
                  why);
}

static void cancel_operation(struct operation *operation)
{
    if (operation->copy)
        job_cancel(&operation->job);
    else
        call_cancel(operation->door->client, current_call(operation));
}

static void cancel(struct instance *instance, struct request *request)
{
    (void)instance;
    if (request->door)
        cancel_operation(request->door);
}

/* ---- opening and closing */

static void free_door(struct door *door)
{
    if (door->face->release)
        door->face->release(door);
    free(door);
}

static void on_cloud_gone(void *context)
{
    struct door *door = context;
    void (*closed)(void *context) = door->closed;
    void *closed_context = door->closed_context;

    free_door(door);
    if (closed)
        closed(closed_context);
}

static void on_client_gone(void *context)
{
    struct door *door = context;
    cloud_unref(door->cloud, on_cloud_gone, door);
}

static void close_if_idle(struct door *door)
{
    if (!door->closed || door->closing || door->open || door->answering > 0)
        return;
    door->closing = true;
    client_close(door->client, on_client_gone, door);
}

static void close_door(struct instance *instance, void (*closed)(void *context), void *context)
{
    struct door *door = door_of(instance);
    struct operation *operation = door->open, *next;

    assert(!door->closed);
    door->closed = closed;
    door->closed_context = context;
    door->answering++; /* should a cancelled call answer at once */
    for (; operation; operation = next) {
        next = operation->next;
        cancel_operation(operation);
    }
    door->answering--;
    close_if_idle(door);
}

static double limit_of(const struct instance *instance)
{
    return client_pace_limit(((const struct door *)instance)->client, CLASS_CREATE);
}

const struct instance_ops door_ops = {
    .describe = describe,
    .list = list,
    .get = get,
    .create = create,
    .cancel = cancel,
    .pace_limit = limit_of,
    .close = close_door,
};

static int open_client(struct door *door, const char *host, const struct instance_options *options, struct failure *why)
{
    char endpoint[ENDPOINT_BYTES];
    struct client_options client = {
        .cloud = door->cloud,
        .workers = options->workers,
        .style = door->face->style,
        .endpoint = options->endpoint && options->endpoint[0] != '\0' ? options->endpoint : endpoint,
        .region = door->region,
        .ca_file = options->ca_file,
        .credentials = options->credentials,
        .concurrency = options->concurrency > 0 ? options->concurrency : CONNECTIONS,
        .rate_per_s = options->rate_per_s,
        .share_percent = options->share_percent,
        .request_ended = options->request_ended,
        .request_context = options->request_context,
    };

    memcpy(client.published_rate, door->face->published_rate, sizeof client.published_rate);
    endpoint_of(host, door->region, endpoint);
    return client_new(&client, &door->client, why);
}

int door_open(struct door *door, const struct face *face, const char *host, const struct instance_options *options,
              struct instance **out, struct failure *why)
{
    door->instance.ops = &door_ops;
    door->face = face;
    door->workers = options->workers;
    door->writable = options->writable;
    memcpy(door->region, options->address->region, sizeof door->region);
    memcpy(door->instance_id, options->address->instance_id, sizeof door->instance_id);
    if (cloud_shared(options->cloud, options->loop, options->log, &door->cloud, why) != 0) {
        free_door(door);
        return -1;
    }
    if (open_client(door, host, options, why) != 0) {
        cloud_unref(door->cloud, on_cloud_gone, door);
        return -1;
    }
    *out = &door->instance;
    return 0;
}

/* ---- for faces */

struct text door_instance(const struct operation *operation)
{
    return text_of(operation->door->instance_id);
}

void door_query(struct call *call, const char *name, struct text value)
{
    assert(call->query_count < CLOUD_QUERY_MAX);
    call->query[call->query_count++] = (struct query_pair){name, value};
}

int door_add(struct operation *operation, struct text name, struct text instance, enum status status,
             const struct draft *draft, struct failure *why)
{
    struct entry entry = {.kind = operation->kind, .name = name, .draft = draft, .status = status};

    if (name.bytes == 0 || name.bytes > NAME_BYTES_MAX)
        return failure_set(why, CAUSE_BAD_ANSWER, "a %s without a name, or with a very long one",
                           kind_word(operation->kind));
    if (instance.bytes > 0 && !text_is(instance, operation->door->instance_id))
        return failure_set(why, CAUSE_BAD_ANSWER, "the %s %.*s of another instance (%.*s)", kind_word(operation->kind),
                           (int)name.bytes, name.data, (int)instance.bytes, instance.data);
    if (operation->asking == ASKING_GET && !text_equal(name, operation->name))
        return 0;
    if (system_name(operation->kind, name))
        entry.status = STATUS_SYSTEM;
    return catalog_add(operation->builder, &entry, why);
}

void door_fact(struct operation *operation, const char *key, struct text value)
{
    struct identity *identity = &operation->answer.description.identity;
    char room[sizeof identity->facts[0].value];

    if (value.bytes == 0)
        return;
    snprintf(room, sizeof room, "%.*s", (int)value.bytes, value.data);
    identity_set(identity, key, room);
}

void door_setting(struct draft *draft, enum field field, struct text value)
{
    if (value.bytes > 0)
        draft_set_text(draft, field, value);
}

void door_create_settings(const struct operation *operation, struct draft *out)
{
    const struct create_item *item = operation->item;

    create_settings(&operation->door->capabilities, operation->kind, catalog_settings_of(item->catalog, item->resource),
                    out);
}
