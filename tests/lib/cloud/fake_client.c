/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cloud/fake_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "api/base/json.h"
#include "api/cause.h"

static struct fake_cloud *fake; /* of the test that runs */

struct cloud {
    uv_loop_t *loop;
    uint32_t references;
    struct cloud **slot;
};

struct call_state {
    struct call *call;
    struct call_state *next;
    bool hangs, cancelled;
};

struct client {
    uv_timer_t timer;
    struct call_state *first;
    void (*closed)(void *context);
    void *context;
};

/* ---- for tests */

void fake_cloud_begin(struct fake_cloud *cloud, enum api_style style)
{
    *cloud = (struct fake_cloud){.style = style,
                                 .status = "RUNNING",
                                 .sub_series = "cluster_ha",
                                 .instance_status = 5,
                                 .topic_free = -1,
                                 .group_free = -1};
    cloud->items = calloc(FAKE_ITEMS_MAX, sizeof *cloud->items);
    assert_non_null(cloud->items);
    fake = cloud;
}

void fake_cloud_end(struct fake_cloud *cloud)
{
    assert_int_equal(cloud->clients, 0);
    free(cloud->items);
    fake = NULL;
}

struct fake_item *fake_add(struct fake_cloud *cloud, enum kind kind, const char *name, const char *type)
{
    struct fake_item *item = &cloud->items[cloud->count++];

    assert_true(cloud->count <= FAKE_ITEMS_MAX);
    *item = (struct fake_item){.kind = kind, .tps = -1, .retries = -1, .interval = -1};
    snprintf(item->name, sizeof item->name, "%s", name);
    snprintf(item->type, sizeof item->type, "%s", type);
    snprintf(item->status, sizeof item->status, "RUNNING");
    snprintf(item->order, sizeof item->order, "Concurrently");
    snprintf(item->policy, sizeof item->policy, "DefaultRetryPolicy");
    snprintf(item->updated, sizeof item->updated, "2024-05-06 07:08:09");
    return item;
}

void fake_fail(struct fake_cloud *cloud, struct fake_fault fault)
{
    if (fault.times == 0)
        fault.times = 1;
    assert_true(cloud->fault_count < FAKE_FAULTS_MAX);
    cloud->faults[cloud->fault_count++] = fault;
}

void fake_refuse(struct fake_cloud *cloud, const char *operation, uint16_t status, const char *code)
{
    fake_fail(
        cloud,
        (struct fake_fault){
            .operation = operation, .kind = FAULT_REFUSE, .status = status, .code = code, .message = "it was refused"});
}

uint32_t fake_calls(const struct fake_cloud *cloud, const char *operation)
{
    for (uint32_t i = 0; i < FAKE_OPERATIONS_MAX && cloud->seen[i].operation; i++) {
        if (strcmp(cloud->seen[i].operation, operation) == 0)
            return cloud->seen[i].calls;
    }
    return 0;
}

struct fake_item *fake_find(struct fake_cloud *cloud, enum kind kind, const char *name)
{
    for (uint32_t i = 0; i < cloud->count; i++) {
        if (cloud->items[i].kind == kind && strcmp(cloud->items[i].name, name) == 0)
            return &cloud->items[i];
    }
    return NULL;
}

static void count_call(const char *operation)
{
    uint32_t i = 0;

    while (i < FAKE_OPERATIONS_MAX && fake->seen[i].operation && strcmp(fake->seen[i].operation, operation) != 0)
        i++;
    assert_true(i < FAKE_OPERATIONS_MAX);
    fake->seen[i].operation = operation;
    fake->seen[i].calls++;
}

static struct fake_fault *fault_of(const char *operation)
{
    for (uint32_t i = 0; i < fake->fault_count; i++) {
        struct fake_fault *fault = &fake->faults[i];
        if (strcmp(fault->operation, operation) != 0 || fault->times == 0)
            continue;
        if (fault->skip > 0) {
            fault->skip--;
            continue;
        }
        fault->times--;
        return fault;
    }
    return NULL;
}

/* ---- requests */

static const char *query_of(const struct call *call, const char *name, char room[static 256])
{
    room[0] = '\0';
    for (uint32_t i = 0; i < call->query_count; i++) {
        if (strcmp(call->query[i].name, name) == 0)
            snprintf(room, 256, "%.*s", (int)call->query[i].value.bytes, call->query[i].value.data);
    }
    return room;
}

/* A member of the request's body, wherever it is nested. */
static void body_of(const struct call *call, const char *name, char *out, size_t size)
{
    struct failure why;
    struct json_token token;
    char *padded = json_pad(call->body);
    struct json_reader *reader = json_reader_new((struct text){padded, call->body.bytes}, &why);

    while (json_next(reader, &token) > JSON_END) {
        if (token.key.data && text_is(token.key, name))
            snprintf(out, size, "%.*s", (int)token.text.bytes, token.text.data);
    }
    assert_int_equal(token.type, JSON_END);
    json_reader_free(reader);
    free(padded);
}

static int64_t body_number(const struct call *call, const char *name)
{
    char room[32] = "-1";

    body_of(call, name, room, sizeof room);
    return strtoll(room, NULL, 10);
}

static void remember(const struct call *call)
{
    size_t used = 0;

    count_call(call->action);
    snprintf(fake->last_method, sizeof fake->last_method, "%s", call->method);
    snprintf(fake->last_path, sizeof fake->last_path, "%.*s", (int)call->path.bytes, call->path.data);
    snprintf(fake->last_body, sizeof fake->last_body, "%.*s", (int)call->body.bytes,
             call->body.bytes ? call->body.data : "");
    fake->last_query[0] = '\0';
    for (uint32_t i = 0; i < call->query_count; i++)
        used += (size_t)snprintf(fake->last_query + used, sizeof fake->last_query - used, "%s%s=%.*s", i ? "&" : "",
                                 call->query[i].name, (int)call->query[i].value.bytes, call->query[i].value.data);
}

/* ---- answers */

struct reply_text {
    struct buffer body;
    uint16_t status;
};

static void refuse(struct reply_text *out, uint16_t status, const char *code, const char *message)
{
    static const struct {
        const char *before, *between, *after;
    } forms[] = {
        [ENVELOPE_STATUS] = {"{\"requestId\":\"R-1\",\"success\":false,\"code\":\"", "\",\"message\":\"",
                             "\",\"data\":null}"},
        [ENVELOPE_SUCCESS_FALSE] = {"{\"requestId\":\"R-1\",\"success\":false,\"code\":\"", "\",\"message\":\"", "\"}"},
        [ENVELOPE_CODE] = {"{\"RequestId\":\"R-1\",\"Code\":\"", "\",\"Message\":\"", "\"}"},
        [ENVELOPE_GATEWAY] = {"{\"RequestId\":\"R-1\",\"HostId\":\"h\",\"Code\":\"", "\",\"Message\":\"", "\"}"},
        [ENVELOPE_XML] = {"<?xml version=\"1.0\"?><Error><RequestId>R-1</RequestId><Code>", "</Code><Message>",
                          "</Message></Error>"},
    };
    bool in_200 = fake->envelope == ENVELOPE_SUCCESS_FALSE || fake->envelope == ENVELOPE_CODE;

    buffer_reset(&out->body);
    buffer_append_format(&out->body, "%s%s%s%s%s", forms[fake->envelope].before, code, forms[fake->envelope].between,
                         message ? message : "", forms[fake->envelope].after);
    out->status = in_200 ? 200 : status;
}

static void append_item(struct buffer *body, const struct fake_item *item, bool details, const char *instance)
{
    bool topic = item->kind == KIND_TOPIC;

    if (fake->style == API_RPC && topic)
        buffer_append_format(
            body,
            "{\"Topic\":\"%s\",\"MessageType\":%s,\"InstanceId\":\"%s\",\"Remark\":\"%s\",\"ServiceStatus\""
            ":%d,\"Relation\":6,\"Tags\":{\"Tag\":[]}}",
            item->name, item->type, instance, item->remark, strcmp(item->status, "CREATING") != 0);
    else if (fake->style == API_RPC)
        buffer_append_format(
            body,
            "{\"GroupId\":\"%s\",\"GroupType\":\"%s\",\"InstanceId\":\"%s\",\"Remark\":\"%s\",\"UpdateTime\":"
            "1570700979000,\"Tags\":{\"Tag\":[]}}",
            item->name, item->type, instance, item->remark);
    if (fake->style == API_RPC)
        return;
    buffer_append_format(body, "{\"%s\":\"%s\",\"instanceId\":\"%s\",\"status\":\"%s\",\"remark\":\"%s\"",
                         topic ? "topicName" : "consumerGroupId", item->name, instance, item->status, item->remark);
    buffer_append_format(body, ",\"updateTime\":\"%s\",\"future\":{\"a\":[1,{}]}", item->updated);
    if (topic)
        buffer_append_format(body, ",\"messageType\":\"%s\"", item->type);
    if (item->tps >= 0)
        buffer_append_format(body, ",\"%s\":%" PRId64, topic ? "maxSendTps" : "maxReceiveTps", item->tps);
    if (!topic && details) {
        buffer_append_format(body, ",\"deliveryOrderType\":\"%s\",\"consumeRetryPolicy\":{\"retryPolicy\":\"%s\"",
                             item->order, item->policy);
        if (item->retries >= 0)
            buffer_append_format(body, ",\"maxRetryTimes\":%" PRId64, item->retries);
        if (item->interval >= 0)
            buffer_append_format(body, ",\"fixedIntervalRetryTime\":%" PRId64, item->interval);
        if (item->dead_letter[0] != '\0')
            buffer_append_format(body, ",\"deadLetterTargetTopic\":\"%s\"", item->dead_letter);
        buffer_append_string(body, "}");
    }
    buffer_append_string(body, "}");
}

static bool is(const struct fake_fault *fault, enum fake_fault_kind kind)
{
    return fault && fault->kind == kind;
}

static const char *instance_of(const struct fake_fault *fault, uint32_t position)
{
    return is(fault, FAULT_OTHERS) && position == 0 ? "another-instance" : "inst-1";
}

static void list_5(const struct call *call, enum kind kind, const struct fake_fault *fault, struct reply_text *out)
{
    char room[256];
    uint32_t page = (uint32_t)atoi(query_of(call, "pageNumber", room));
    uint32_t size = (uint32_t)atoi(query_of(call, "pageSize", room)), total = 0, given = 0;

    if (fake->page_size_most > 0 && size > fake->page_size_most)
        size = fake->page_size_most;
    buffer_append_string(&out->body, "{\"requestId\":\"R-2\",\"data\":{\"list\":[");
    for (uint32_t i = 0; i < fake->count; i++) {
        const struct fake_item *item = &fake->items[i];
        if (item->kind != kind || item->unseen)
            continue;
        uint32_t position = total++;
        uint32_t copies = is(fault, FAULT_TWICE) && given == 0 ? 2 : 1;
        for (; position / size + 1 == page && copies > 0; copies--) {
            buffer_append_string(&out->body, given > 0 ? "," : "");
            append_item(&out->body, item, false, instance_of(fault, given));
            given++;
        }
    }
    buffer_append_format(&out->body, "],\"pageNumber\":%u,\"pageSize\":%u,\"totalCount\":%u}", page, size,
                         total + is(fault, FAULT_TOTAL));
    buffer_append_string(&out->body, ",\"success\":true,\"code\":\"200\",\"httpStatusCode\":200}");
}

static void list_4(const struct call *call, enum kind kind, const struct fake_fault *fault, struct reply_text *out)
{
    char filter[256], type[256];
    uint32_t given = 0;

    query_of(call, kind == KIND_TOPIC ? "Topic" : "GroupId", filter);
    query_of(call, "GroupType", type);
    buffer_append_format(&out->body, "{\"RequestId\":\"R-4\",\"Data\":{\"%s\":[",
                         kind == KIND_TOPIC ? "PublishInfoDo" : "SubscribeInfoDo");
    for (uint32_t i = 0; i < fake->count; i++) {
        const struct fake_item *item = &fake->items[i];
        bool wanted = kind == KIND_TOPIC
                          ? filter[0] == '\0' || strcmp(item->name, filter) == 0
                          : strstr(item->name, filter) && strcmp(item->type, type[0] ? type : "tcp") == 0;
        if (item->kind != kind || item->unseen || (!wanted && !is(fault, FAULT_IGNORE_FILTER)))
            continue;
        buffer_append_string(&out->body, given > 0 ? "," : "");
        append_item(&out->body, item, false, instance_of(fault, given));
        given++;
    }
    buffer_append_string(&out->body, "]}}");
    if (given == 0 && filter[0] != '\0')
        refuse(out, 400, "AUTH_RESOURCE_OWNER_ERROR", "The resource is not yours.");
}

static void describe(struct reply_text *out)
{
    if (fake->style == API_RPC) {
        buffer_append_format(
            &out->body,
            "{\"RequestId\":\"R-3\",\"InstanceBaseInfo\":{\"InstanceId\":\"inst-1\",\"InstanceName\":\"prod\""
            ",\"InstanceStatus\":%" PRId64 ",\"TopicCapacity\":%" PRId64 ",\"CreateTime\":\"1\"}}",
            fake->instance_status, fake->capacity);
        return;
    }
    buffer_append_format(
        &out->body,
        "{\"requestId\":\"R-3\",\"success\":true,\"data\":{\"instanceId\":\"inst-1\",\"instanceName\":\"prod\","
        "\"status\":\"%s\",\"subSeriesCode\":\"%s\",\"userId\":\"1234\",\"instanceQuotas\":[{\"quotaName\":"
        "\"QUEUE_COUNT\",\"freeCount\":7}",
        fake->status, fake->sub_series);
    if (fake->topic_free >= 0)
        buffer_append_format(&out->body, ",{\"quotaName\":\"TOPIC_COUNT\",\"freeCount\":%" PRId64 "}",
                             fake->topic_free);
    if (fake->group_free >= 0)
        buffer_append_format(&out->body, ",{\"quotaName\":\"GROUP_COUNT\",\"freeCount\":%" PRId64 "}",
                             fake->group_free);
    buffer_append_string(&out->body, "]}}");
}

static void get_5(enum kind kind, const char *name, struct reply_text *out)
{
    const struct fake_item *item = fake_find(fake, kind, name);

    if (!item || item->unseen) {
        refuse(out, 404, kind == KIND_TOPIC ? "Topic.NotFound" : "ConsumerGroup.NotFound", "It cannot be found.");
        return;
    }
    buffer_append_string(&out->body, "{\"requestId\":\"R-5\",\"success\":true,\"data\":");
    append_item(&out->body, item, true, "inst-1");
    buffer_append_string(&out->body, "}");
}

static void store_created(const struct call *call, enum kind kind, const char *name)
{
    struct fake_item *item = fake_add(fake, kind, name, "");

    item->unseen = fake->created_are_unseen;
    if (fake->created_are_creating)
        snprintf(item->status, sizeof item->status, "CREATING");
    if (fake->style == API_RPC) {
        char room[256];
        snprintf(item->type, sizeof item->type, "%.15s",
                 query_of(call, kind == KIND_TOPIC ? "MessageType" : "GroupType", room));
        snprintf(item->remark, sizeof item->remark, "%.63s", query_of(call, "Remark", room));
        return;
    }
    body_of(call, "messageType", item->type, sizeof item->type);
    body_of(call, "remark", item->remark, sizeof item->remark);
    body_of(call, "deliveryOrderType", item->order, sizeof item->order);
    body_of(call, "retryPolicy", item->policy, sizeof item->policy);
    body_of(call, "deadLetterTargetTopic", item->dead_letter, sizeof item->dead_letter);
    item->tps = body_number(call, kind == KIND_TOPIC ? "maxSendTps" : "maxReceiveTps");
    item->retries = body_number(call, "maxRetryTimes");
    item->interval = body_number(call, "fixedIntervalRetryTime");
}

/* ONS has one name space for both kinds (openapi 2.3). */
static const char *existing_code(enum kind kind, const char *name)
{
    bool rpc = fake->style == API_RPC;

    if (fake_find(fake, KIND_TOPIC, name) && (rpc || kind == KIND_TOPIC))
        return rpc ? "BIZ_TOPIC_EXISTED" : "Topic.Existed";
    if (fake_find(fake, KIND_GROUP, name) && (rpc || kind == KIND_GROUP))
        return rpc ? "BIZ_SUBSCRIPTION_EXISTED" : "ConsumerGroup.Existed";
    return NULL;
}

static void create(const struct call *call, enum kind kind, const char *name, struct reply_text *out)
{
    const char *existing = existing_code(kind, name);

    assert_true(call->writes);
    assert_string_equal(call->method, "POST");
    if (existing) {
        refuse(out, 400, existing, "It exists.");
        return;
    }
    store_created(call, kind, name);
    buffer_append_string(&out->body, fake->style == API_RPC ? "{\"RequestId\":\"R-6\",\"HelpUrl\":\"\"}"
                                                            : "{\"requestId\":\"R-6\",\"success\":true,\"data\":true}");
}

/* What the product would do, without the script. */
static void serve(const struct call *call, const struct fake_fault *fault, struct reply_text *out)
{
    enum kind kind = strstr(call->action, "Group") ? KIND_GROUP : KIND_TOPIC;
    char room[256];
    const char *name = strrchr(fake->last_path, '/') + 1;

    out->status = 200;
    if (fake->style == API_RPC)
        name = query_of(call, kind == KIND_TOPIC ? "Topic" : "GroupId", room);
    if (strstr(call->action, "Instance"))
        describe(out);
    else if (strstr(call->action, "List"))
        (fake->style == API_RPC ? list_4 : list_5)(call, kind, fault, out);
    else if (strstr(call->action, "Create"))
        create(call, kind, name, out);
    else
        get_5(kind, name, out);
}

static void fail_call(struct call *call, int cause, bool sent)
{
    call->sent = sent;
    failure_set(&call->failure, cause, "the connection was cut");
}

/* true: it is answered. */
static bool answer(struct call_state *state, struct reply_text *out)
{
    struct call *call = state->call;
    const struct fake_fault *fault = fault_of(call->action);

    remember(call);
    if (is(fault, FAULT_UNSENT) || is(fault, FAULT_CUT)) {
        fail_call(call, CAUSE_UNREACHABLE, fault->kind == FAULT_CUT);
        return true;
    }
    if (is(fault, FAULT_REFUSE))
        refuse(out, fault->status, fault->code, fault->message);
    else
        serve(call, fault, out);
    call->sent = true;
    if (is(fault, FAULT_LOST))
        fail_call(call, CAUSE_UNREACHABLE, true);
    if (is(fault, FAULT_BODY)) {
        buffer_reset(&out->body);
        buffer_append_string(&out->body, fault->body);
        out->status = fault->status;
    }
    if (is(fault, FAULT_CUT_BODY))
        out->body.length /= 2;
    state->hangs = is(fault, FAULT_HANG);
    return !state->hangs;
}

static void finish(struct call_state *state, struct reply_text *out)
{
    struct call *call = state->call;
    char *padded = json_pad(buffer_text(&out->body));

    call->status = out->status;
    call->answer = (struct text){padded, out->body.length};
    snprintf(call->request_id, sizeof call->request_id, "R-header");
    call->state = NULL;
    free(state);
    call->done(call);
    free(padded);
}

static void on_timer(uv_timer_t *timer)
{
    struct client *client = timer->data;
    struct call_state *state, **link = &client->first;

    while ((state = *link) != NULL) {
        struct reply_text out = {.status = 0};
        buffer_init(&out.body, 64 << 20);
        if (state->cancelled)
            fail_call(state->call, CAUSE_CANCELLED, state->hangs);
        if (!state->cancelled && (state->hangs || !answer(state, &out))) {
            link = &state->next;
        } else {
            *link = state->next;
            finish(state, &out);
            link = &client->first; /* anything may have happened meanwhile */
        }
        buffer_release(&out.body);
    }
}

/* ---- client.h */

int cloud_shared(struct cloud **slot, struct uv_loop_s *loop, struct log *log, struct cloud **out, struct failure *why)
{
    (void)log, (void)why;
    *out = slot && *slot ? *slot : calloc(1, sizeof **out);
    assert_non_null(*out);
    (*out)->loop = loop;
    (*out)->references++;
    (*out)->slot = slot;
    if (slot)
        *slot = *out;
    return 0;
}

void cloud_unref(struct cloud *cloud, void (*closed)(void *context), void *context)
{
    if (--cloud->references == 0) {
        if (cloud->slot)
            *cloud->slot = NULL;
        free(cloud);
    }
    closed(context);
}

int client_new(const struct client_options *options, struct client **out, struct failure *why)
{
    if (fake->refuse_client)
        return failure_set(why, CAUSE_CONFIGURATION_WRONG, "this endpoint is no good");
    *out = calloc(1, sizeof **out);
    assert_non_null(*out);
    uv_timer_init(options->cloud->loop, &(*out)->timer);
    (*out)->timer.data = *out;
    assert_int_equal(options->style, fake->style);
    fake->last_options = *options;
    snprintf(fake->last_endpoint, sizeof fake->last_endpoint, "%s", options->endpoint);
    fake->clients++;
    return 0;
}

int call_start(struct client *client, struct call *call, struct failure *why)
{
    struct call_state **link = &client->first;

    (void)why;
    while (*link)
        link = &(*link)->next;
    *link = calloc(1, sizeof **link);
    assert_non_null(*link);
    (*link)->call = call;
    call->state = *link;
    return uv_timer_start(&client->timer, on_timer, 0, 0);
}

void call_cancel(struct client *client, struct call *call)
{
    if (!call->state)
        return;
    call->state->cancelled = true;
    uv_timer_start(&client->timer, on_timer, 0, 0);
}

double client_pace_limit(const struct client *client, enum call_class class)
{
    (void)client;
    (void)class;
    return INFINITY;
}

void call_was_throttled(struct client *client, const struct call *call)
{
    (void)client, (void)call;
    fake->throttled++;
}

void call_was_accepted(struct client *client, const struct call *call)
{
    (void)client, (void)call;
    fake->accepted++;
}

static void on_closed(uv_handle_t *handle)
{
    struct client *client = handle->data;
    void (*closed)(void *context) = client->closed;
    void *context = client->context;

    fake->clients--;
    free(client);
    closed(context);
}

void client_close(struct client *client, void (*closed)(void *context), void *context)
{
    assert_null(client->first);
    client->closed = closed;
    client->context = context;
    uv_close((uv_handle_t *)&client->timer, on_closed);
}
