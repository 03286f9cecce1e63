/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/base/json.h"
#include "tests/lib/remote_cluster.h"

#define ORDINARY_TOPIC                                                                                                 \
    "\"order\":false,\"perm\":6,\"readQueueNums\":8,\"topicFilterType\":\"SINGLE_TAG\",\"topicSysFlag\":0,"            \
    "\"writeQueueNums\":8"

enum { TOPICS, GROUPS };

/* --- what is held */

const struct held *remote_held(const struct remote_master *master, int kind, const char *name)
{
    for (uint32_t i = 0; i < master->count[kind]; i++)
        if (strcmp(master->held[kind][i].name, name) == 0)
            return &master->held[kind][i];
    return NULL;
}

/* Creates or overwrites, as brokers do. */
static struct held *put(struct remote_master *master, int kind, struct text name)
{
    struct held *held;
    char room[128];

    snprintf(room, sizeof room, "%.*s", (int)name.bytes, name.data);
    held = (struct held *)remote_held(master, kind, room);
    if (held != NULL) {
        master->overwrites++;
    } else {
        assert_true(master->count[kind] < REMOTE_HELD_MAX);
        held = &master->held[kind][master->count[kind]++];
        *held = (struct held){.has_attributes = false};
        memcpy(held->name, room, sizeof held->name);
    }
    master->writes++;
    master->version[kind]++;
    return held;
}

void remote_hold(struct remote_master *master, int kind, const char *name, const char *settings)
{
    struct held *held = put(master, kind, text_of(name));
    snprintf(held->settings, sizeof held->settings, "%s",
             settings != NULL ? settings
             : kind == TOPICS ? ORDINARY_TOPIC
                              : "\"retryQueueNums\":1");
    master->writes--;
}

uint32_t remote_asked(const struct remote_master *master, int32_t code)
{
    return master->server.sent[code];
}

uint32_t remote_written(const struct remote_cluster *cluster)
{
    static const int32_t codes[] = {17, 18, 200, 225};
    uint32_t count = 0;
    for (uint32_t i = 0; i < cluster->master_count; i++)
        for (int j = 0; j < 4; j++)
            count += remote_asked(&cluster->masters[i], codes[j]);
    return count;
}

/* --- a master */

static void answer_table(struct remote_master *master, int kind, struct buffer *out)
{
    const char *table = kind == TOPICS ? "topicConfigTable" : "subscriptionGroupTable";
    buffer_append_format(out,
                         "{\"dataVersion\":{\"counter\":%llu,\"stateVersion\":0,\"timestamp\":1700000000000},\"%s\":{",
                         (unsigned long long)master->version[kind], table);
    for (uint32_t i = 0; i < master->count[kind]; i++) {
        const struct held *held = &master->held[kind][i];
        buffer_append_format(out, "%s\"%s\":{\"%s\":\"%s\"%s%s}", i > 0 ? "," : "", held->name,
                             kind == TOPICS ? "topicName" : "groupName", held->name,
                             held->settings[0] != '\0' ? "," : "", held->settings);
    }
    buffer_append_string(out, "}}");
}

static void append_member(struct buffer *out, const char *name, struct text value, bool quoted)
{
    buffer_append_format(out, "%s\"%s\":%s%.*s%s", out->length > 0 ? "," : "", name, quoted ? "\"" : "",
                         (int)value.bytes, value.data, quoted ? "\"" : "");
}

/* "+a=b,+c=d" becomes "a":"b","c":"d". */
static void append_attributes(struct buffer *out, struct text attributes)
{
    buffer_append_string(out, ",\"attributes\":{");
    for (const char *at = attributes.data, *end = at + attributes.bytes; at < end;) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        const char *stop = comma != NULL ? comma : end, *equals = memchr(at, '=', (size_t)(stop - at));
        assert_true(*at == '+' && equals != NULL);
        buffer_append_format(out, "%s\"%.*s\":\"%.*s\"", at > attributes.data ? "," : "", (int)(equals - at - 1),
                             at + 1, (int)(stop - equals - 1), equals + 1);
        at = stop + 1;
    }
    buffer_append_char(out, '}');
}

static void keep_settings(struct held *held, struct buffer *settings)
{
    assert_true(settings->length < sizeof held->settings);
    snprintf(held->settings, sizeof held->settings, "%s", settings->length > 0 ? settings->data : "");
    buffer_release(settings);
}

static bool refuse_guarded(const struct remote_master *master, const char *name, bool guards,
                           struct remote_answer *answer)
{
    if (!guards || remote_held(master, TOPICS, name) == NULL)
        return false;
    answer->code = 1;
    answer->remark = "attempt to update an unchangeable attribute. key: queue.type";
    return true;
}

static void create_topic(struct remote_master *master, const struct frame *request, struct remote_answer *answer)
{
    static const char *const members[] = {"order",          "perm", "readQueueNums", "topicFilterType", "topicSysFlag",
                                          "writeQueueNums", NULL};
    struct text topic = frame_field(request, "topic"), attributes = frame_field(request, "attributes");
    bool guards = attributes.bytes > 0 && memmem(attributes.data, attributes.bytes, "queue.type", 10) != NULL;
    struct buffer settings;
    char name[128];

    snprintf(name, sizeof name, "%.*s", (int)topic.bytes, topic.data);
    if (refuse_guarded(master, name, guards, answer))
        return;
    buffer_init(&settings, 4096);
    for (int i = 0; members[i] != NULL; i++)
        if (frame_field(request, members[i]).bytes > 0)
            append_member(&settings, members[i], frame_field(request, members[i]), i == 3);
    if (attributes.bytes > 0)
        append_attributes(&settings, attributes);
    struct held *held = put(master, TOPICS, topic);
    held->has_attributes = attributes.bytes > 0;
    keep_settings(held, &settings);
    answer->remark = "not set any response code";
}

/* The members of one object but its name, written again; attributes lose their plus signs. */
static void read_object(struct json_reader *reader, const char *name_key, char *name, struct buffer *settings)
{
    struct json_token token;
    struct json_writer writer;

    json_writer_init(&writer, settings, 0);
    json_write_begin_object(&writer);
    for (int depth = 1; depth > 0 && json_next(reader, &token) > JSON_END;) {
        if (depth == 1 && token.type == JSON_STRING && text_is(token.key, name_key)) {
            snprintf(name, 128, "%.*s", (int)token.text.bytes, token.text.data);
            continue;
        }
        if (token.key.data != NULL)
            json_write_key_text(&writer, text_after(token.key, depth == 2 && token.key.data[0] == '+'));
        switch (token.type) {
        case JSON_BEGIN_OBJECT:
            json_write_begin_object(&writer);
            depth++;
            break;
        case JSON_END_OBJECT:
            json_write_end_object(&writer);
            depth--;
            break;
        case JSON_BEGIN_ARRAY:
            json_write_begin_array(&writer);
            break;
        case JSON_END_ARRAY:
            json_write_end_array(&writer);
            break;
        case JSON_STRING:
            json_write_text(&writer, token.text);
            break;
        case JSON_INTEGER:
            json_write_integer(&writer, token.integer);
            break;
        default:
            json_write_bool(&writer, token.type == JSON_TRUE);
        }
    }
    settings->data[--settings->length] = '\0'; /* its braces go */
    memmove(settings->data, settings->data + 1, settings->length--);
}

/* false: it is refused, and with it what follows. */
static bool put_object(struct remote_master *master, int kind, struct json_reader *reader, struct remote_answer *answer)
{
    struct buffer settings;
    char name[128] = "";

    buffer_init(&settings, 1 << 16);
    read_object(reader, kind == TOPICS ? "topicName" : "groupName", name, &settings);
    assert_true(name[0] != '\0');
    if (refuse_guarded(master, name, strstr(settings.data, "queue.type") != NULL, answer)) {
        buffer_release(&settings);
        return false;
    }
    struct held *held = put(master, kind, text_of(name));
    held->has_attributes = strstr(settings.data, "attributes") != NULL;
    keep_settings(held, &settings);
    return true;
}

/* A group, or a list of either kind. An equal topic in a list makes it do nothing: tests bend that themselves. */
static void create_objects(struct remote_master *master, int kind, bool list, const struct frame *request,
                           struct remote_answer *answer)
{
    struct failure why = FAILURE_INIT;
    char *padded = json_pad(request->body);
    struct json_reader *reader = json_reader_new((struct text){padded, request->body.bytes}, &why);
    struct json_token token;

    assert_non_null(reader);
    assert_int_equal(json_next(reader, &token), JSON_BEGIN_OBJECT);
    if (!list) {
        put_object(master, kind, reader, answer);
    } else {
        assert_int_equal(json_next(reader, &token), JSON_BEGIN_ARRAY);
        while (json_next(reader, &token) == JSON_BEGIN_OBJECT && put_object(master, kind, reader, answer))
            ;
    }
    json_reader_free(reader);
    free(padded);
}

static void serve_master(struct remote_answer *answer, void *context)
{
    struct remote_master *master = context;
    bool is_5 = master->server.version >= 413;

    if (master->bend != NULL && master->bend(master, answer))
        return;
    switch (answer->request->code) {
    case 305:
        buffer_append_string(&answer->body, master->own_topics);
        break;
    case 26:
        buffer_append_string(&answer->body, master->properties);
        break;
    case 21:
        answer_table(master, TOPICS, &answer->body);
        break;
    case 201:
        answer_table(master, GROUPS, &answer->body);
        break;
    case 17:
        create_topic(master, answer->request, answer);
        break;
    case 200:
        create_objects(master, GROUPS, false, answer->request, answer);
        break;
    case 18:
    case 225:
        if (is_5) {
            create_objects(master, answer->request->code == 18 ? TOPICS : GROUPS, true, answer->request, answer);
            break;
        } /* fall through */
    default:
        answer->code = 3;
        answer->remark = " request type not supported";
    }
}

/* --- a name server */

static void answer_cluster(const struct remote_cluster *cluster, struct buffer *out)
{
    buffer_append_string(out, "{\"brokerAddrTable\":{");
    for (uint32_t i = 0; i < cluster->master_count; i++) {
        const struct remote_master *master = &cluster->masters[i];
        char address[128];
        snprintf(address, sizeof address, "%s:%u", master->server.host, master->server.port);
        buffer_append_format(out, "%s\"%s\":{\"brokerAddrs\":{", i > 0 ? "," : "", master->name);
        if (!master->absent)
            buffer_append_format(out, "0:\"%s\"", master->advertised != NULL ? master->advertised : address);
        if (master->slave)
            buffer_append_format(out, "%s1:\"127.0.0.1:1\"", master->absent ? "" : ",");
        buffer_append_format(out, "},\"brokerName\":\"%s\",\"cluster\":\"test\"}", master->name);
    }
    buffer_append_string(out, "},\"clusterAddrTable\":{\"test\":[");
    for (uint32_t i = 0; i < cluster->master_count; i++)
        buffer_append_format(out, "%s\"%s\"", i > 0 ? "," : "", cluster->masters[i].name);
    buffer_append_string(out, "]}}");
}

static void answer_entries(const struct remote_cluster *cluster, struct remote_answer *answer)
{
    if (cluster->entry_count == 0) {
        answer->code = 22;
        answer->remark = "No config item";
        return;
    }
    buffer_append_string(&answer->body, "{\"table\":{");
    for (uint32_t i = 0; i < cluster->entry_count; i++)
        buffer_append_format(&answer->body, "%s\"%s\":\"%s\"", i > 0 ? "," : "", cluster->entries[i].topic,
                             cluster->entries[i].value);
    buffer_append_string(&answer->body, "}}");
}

static void put_entry(struct remote_cluster *cluster, const struct frame *request)
{
    struct text key = frame_field(request, "key"), value = frame_field(request, "value");
    uint32_t at = 0;
    while (at < cluster->entry_count && !text_is(key, cluster->entries[at].topic))
        at++;
    assert_true(at < sizeof cluster->entries / sizeof cluster->entries[0]);
    snprintf(cluster->entries[at].topic, 128, "%.*s", (int)key.bytes, key.data);
    snprintf(cluster->entries[at].value, 256, "%.*s", (int)value.bytes, value.data);
    cluster->entry_count = at < cluster->entry_count ? cluster->entry_count : at + 1;
}

static void serve_names(struct remote_answer *answer, void *context)
{
    struct remote_cluster *cluster = context;

    if (cluster->bend_names != NULL && cluster->bend_names(cluster, answer))
        return;
    if (answer->request->code == 106)
        answer_cluster(cluster, &answer->body);
    else if (answer->request->code == 219)
        answer_entries(cluster, answer);
    else if (answer->request->code == 100)
        put_entry(cluster, answer->request);
    else
        answer->silent = true; /* as 4.x does with what it does not know */
}

/* --- life */

struct remote_cluster *remote_cluster_new(uv_loop_t *loop, uint32_t names, uint32_t masters, int32_t version)
{
    static const char *const broker_names[] = {"broker-a", "broker-b", "broker-c"};
    struct remote_cluster *cluster = calloc(1, sizeof *cluster);

    assert_non_null(cluster);
    cluster->loop = loop;
    cluster->master_count = masters;
    cluster->name_count = names;
    cluster->address.scheme = SCHEME_ROCKETMQ;
    snprintf(cluster->address.cluster, sizeof cluster->address.cluster, "test");
    for (uint32_t i = 0; i < masters; i++) {
        struct remote_master *master = &cluster->masters[i];
        master->cluster = cluster;
        master->name = broker_names[i];
        master->own_topics = "{\"topicList\":[\"TBW102\",\"test\"]}";
        master->properties = "brokerRole=ASYNC_MASTER\n";
        remoting_server_begin(&master->server, loop, "127.0.0.1", serve_master, master);
        master->server.version = version;
    }
    for (uint32_t i = 0; i < names; i++) {
        remoting_server_begin(&cluster->names[i], loop, "127.0.0.1", serve_names, cluster);
        cluster->names[i].version = version;
        cluster->address.hosts[i].port = cluster->names[i].port;
        snprintf(cluster->address.hosts[i].name, sizeof cluster->address.hosts[i].name, "127.0.0.1");
    }
    cluster->address.host_count = (uint16_t)names;
    return cluster;
}

void remote_cluster_end(struct remote_cluster *cluster)
{
    for (uint32_t i = 0; i < cluster->master_count; i++)
        remoting_server_end(&cluster->masters[i].server);
    for (uint32_t i = 0; i < cluster->name_count; i++)
        remoting_server_end(&cluster->names[i]);
}
