/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cluster/topology.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/base/arena.h"
#include "api/base/sort.h"
#include "api/base/strings.h"
#include "api/catalog.h"
#include "api/cause.h"
#include "api/cluster/body.h"

enum { NAMES_MAX = 65536, LISTED_BYTES = 400 };

struct owned_topology {
    struct topology topology; /* first: the one becomes the other */
    struct arena arena;
};

/* Growing array of small things; memory that ran out is told once, at the end. */
struct row_list {
    void *items;
    uint32_t count, capacity;
    size_t size;
};

/* One element of clusterAddrTable's lists. */
struct member {
    const char *cluster, *broker;
};

struct reading {
    struct body body;
    struct arena *arena;
    struct row_list brokers;  /* struct topology_broker */
    struct row_list clusters; /* const char * */
    struct row_list members;  /* struct member */
    struct failure *why;
};

static void *grow(struct reading *reading, struct row_list *list)
{
    if (list->count == NAMES_MAX) {
        failure_set(reading->why, CAUSE_BAD_ANSWER, "the name server lists more than %d brokers", NAMES_MAX);
        return NULL;
    }
    if (list->count == list->capacity) {
        uint32_t capacity = list->capacity == 0 ? 16 : 2 * list->capacity;
        void *items = realloc(list->items, capacity * list->size);
        if (!items) {
            failure_no_memory(reading->why, "the cluster's brokers");
            return NULL;
        }
        list->items = items;
        list->capacity = capacity;
    }
    return (char *)list->items + list->count++ * list->size;
}

static const char *keep(struct reading *reading, struct text text)
{
    const char *copy = arena_string(reading->arena, text);

    if (!copy)
        failure_no_memory(reading->why, "the cluster's brokers");
    return copy;
}

static int expect(struct reading *reading, const struct json_token *token, enum json_type type, const char *expected)
{
    if (token->type == type)
        return 0;
    if (token->type == JSON_BROKEN)
        return body_broken(&reading->body, reading->why);
    return body_unexpected(&reading->body, token->offset, expected, reading->why);
}

/* --- brokerAddrTable --- */

/* {0:"192.0.2.11:10911",1:"…"} */
static int read_addresses(struct reading *reading, struct topology_broker *broker)
{
    struct json_token token;
    int64_t id, lowest = INT64_MAX;
    int more;

    while ((more = body_member(&reading->body, &token, reading->why)) > 0) {
        if (!number_parse(token.key, &id))
            return body_unexpected(&reading->body, token.offset, "a broker id is a number", reading->why);
        if (expect(reading, &token, JSON_STRING, "an address is text") != 0)
            return -1;
        const char *address = keep(reading, token.text);
        if (!address)
            return -1;
        if (id == 0) {
            broker->master = address;
            continue;
        }
        broker->slaves++;
        if (id < lowest) {
            lowest = id;
            broker->any = address;
        }
    }
    if (broker->master)
        broker->any = NULL;
    return more;
}

static int read_broker(struct reading *reading, const struct json_token *begin)
{
    struct topology_broker broker = {.name = keep(reading, begin->key)};
    struct json_token token;
    int more, status = 0;

    if (!broker.name || expect(reading, begin, JSON_BEGIN_OBJECT, "a broker is an object") != 0)
        return -1;
    while ((more = body_member(&reading->body, &token, reading->why)) > 0) {
        if (text_is(token.key, "brokerAddrs"))
            status = expect(reading, &token, JSON_BEGIN_OBJECT, "brokerAddrs is an object") ||
                     read_addresses(reading, &broker);
        else if (text_is(token.key, "enableActingMaster") && token.type == JSON_TRUE)
            broker.acting_master = true;
        else
            status = body_skip(&reading->body, &token, reading->why);
        if (status != 0)
            return -1;
    }
    struct topology_broker *kept = more == 0 ? grow(reading, &reading->brokers) : NULL;
    if (!kept)
        return -1;
    *kept = broker;
    return 0;
}

/* --- clusterAddrTable --- */

static int read_members(struct reading *reading, const char *cluster)
{
    struct json_token token;

    while (json_next(reading->body.json, &token) != JSON_END_ARRAY) {
        if (expect(reading, &token, JSON_STRING, "a broker's name is text") != 0)
            return -1;
        struct member *member = grow(reading, &reading->members);
        if (!member)
            return -1;
        *member = (struct member){cluster, keep(reading, token.text)};
        if (!member->broker)
            return -1;
    }
    return 0;
}

static int read_cluster(struct reading *reading, const struct json_token *begin)
{
    if (expect(reading, begin, JSON_BEGIN_ARRAY, "a cluster is a list of broker names") != 0)
        return -1;
    const char **cluster = grow(reading, &reading->clusters);
    if (!cluster)
        return -1;
    *cluster = keep(reading, begin->key);
    return *cluster ? read_members(reading, *cluster) : -1;
}

/* --- the body --- */

static int read_table(struct reading *reading, const struct json_token *begin,
                      int (*each)(struct reading *, const struct json_token *))
{
    struct json_token token;
    int more;

    if (begin->type == JSON_NULL)
        return 0;
    if (expect(reading, begin, JSON_BEGIN_OBJECT, "a table is an object") != 0)
        return -1;
    while ((more = body_member(&reading->body, &token, reading->why)) > 0)
        if (each(reading, &token) != 0)
            return -1;
    return more;
}

static int read_body(struct reading *reading)
{
    struct json_token token;
    int more, status = 0;

    if (body_begin(&reading->body, &token, reading->why) != 0)
        return -1;
    while ((more = body_member(&reading->body, &token, reading->why)) > 0) {
        if (text_is(token.key, "brokerAddrTable"))
            status = read_table(reading, &token, read_broker);
        else if (text_is(token.key, "clusterAddrTable"))
            status = read_table(reading, &token, read_cluster);
        else
            status = body_skip(&reading->body, &token, reading->why);
        if (status != 0)
            return -1;
    }
    return more == 0 ? body_end(&reading->body, reading->why) : -1;
}

/* --- choosing --- */

static int compare_strings(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static int compare_brokers(const void *left, const void *right)
{
    const struct topology_broker *a = left, *b = right;
    return strcmp(a->name, b->name);
}

static void list_clusters(const struct reading *reading, char room[static LISTED_BYTES])
{
    const char *const *clusters = reading->clusters.items;
    size_t used = 0;

    room[0] = '\0';
    for (uint32_t i = 0; i < reading->clusters.count && used < LISTED_BYTES - 1; i++) {
        int more = snprintf(room + used, LISTED_BYTES - used, "%s%s", i == 0 ? "" : ", ", clusters[i]);
        used += more > 0 ? (size_t)more : 0;
    }
}

static int choose(const struct reading *reading, struct text wanted, const char **out)
{
    const char *const *clusters = reading->clusters.items;
    char list[LISTED_BYTES];

    if (reading->clusters.count == 0)
        return failure_set(reading->why, CAUSE_INSTANCE_NOT_FOUND, "the name server knows no cluster: no broker is up");
    list_clusters(reading, list);
    for (uint32_t i = 0; i < reading->clusters.count; i++) {
        *out = clusters[i];
        if (wanted.bytes > 0 ? text_is(wanted, clusters[i]) : reading->clusters.count == 1)
            return 0;
    }
    if (wanted.bytes == 0)
        return failure_set(reading->why, CAUSE_INSTANCE_NOT_FOUND,
                           "the name server knows several clusters, say which in the address (…/CLUSTER): %s", list);
    return failure_set(reading->why, CAUSE_INSTANCE_NOT_FOUND, "the name server knows no cluster '%.*s', but %s",
                       (int)(wanted.bytes < 200 ? wanted.bytes : 200), wanted.data, list);
}

/* Sorted, each once: how many are left. */
static uint32_t sort_names(const char **names, uint32_t count)
{
    uint32_t kept = 0;

    sort_in_place(names, count, sizeof *names, compare_strings);
    for (uint32_t i = 0; i < count; i++)
        if (kept == 0 || strcmp(names[kept - 1], names[i]) != 0)
            names[kept++] = names[i];
    return kept;
}

/* A name that is a member without an entry in brokerAddrTable has lost its last broker just now: no master. */
static struct topology_broker broker_named(const struct reading *reading, const char *name)
{
    const struct topology_broker wanted = {.name = name}, *found = NULL;

    if (reading->brokers.count > 0) /* sorted by then */
        found = bsearch(&wanted, reading->brokers.items, reading->brokers.count, sizeof wanted, compare_brokers);
    return found ? *found : wanted;
}

/* The names of the chosen cluster's brokers, sorted, each once. NULL: *why tells. */
static const char **member_names(const struct reading *reading, const char *cluster, uint32_t *out_count)
{
    const struct member *members = reading->members.items;
    const char **names = arena_alloc(reading->arena, (reading->members.count + 1) * sizeof *names);
    uint32_t count = 0;

    if (!names) {
        failure_no_memory(reading->why, "the cluster's brokers");
        return NULL;
    }
    for (uint32_t i = 0; i < reading->members.count; i++)
        if (strcmp(members[i].cluster, cluster) == 0)
            names[count++] = members[i].broker;
    *out_count = sort_names(names, count);
    return names;
}

static int fill_brokers(const struct reading *reading, struct topology *out)
{
    uint32_t count = 0;
    const char **names = member_names(reading, out->cluster, &count);

    if (!names)
        return -1;
    if (count == 0)
        return failure_set(reading->why, CAUSE_INSTANCE_NOT_IN_SERVICE, "the cluster %s has no broker", out->cluster);
    if (count > CATALOG_MASTERS_MAX)
        return failure_set(reading->why, CAUSE_UNSUPPORTED, "the cluster %s has %u brokers, at most %d are handled",
                           out->cluster, count, CATALOG_MASTERS_MAX);
    struct topology_broker *brokers = arena_alloc(reading->arena, count * sizeof *brokers);
    if (!brokers)
        return failure_no_memory(reading->why, "the cluster's brokers");
    sort_in_place(reading->brokers.items, reading->brokers.count, sizeof *brokers, compare_brokers);
    for (uint32_t i = 0; i < count; i++)
        brokers[i] = broker_named(reading, names[i]);
    out->brokers = brokers;
    out->broker_count = count;
    return 0;
}

static int fill_names(const struct reading *reading, struct topology *out)
{
    const struct topology_broker *brokers = reading->brokers.items;
    const struct member *members = reading->members.items;
    uint32_t count = reading->brokers.count + reading->members.count;
    const char **clusters = arena_alloc(reading->arena, reading->clusters.count * sizeof *clusters);
    const char **names = arena_alloc(reading->arena, count * sizeof *names);

    if (!clusters || !names)
        return failure_no_memory(reading->why, "the cluster's brokers");
    for (uint32_t i = 0; i < reading->clusters.count; i++)
        clusters[i] = ((const char *const *)reading->clusters.items)[i];
    for (uint32_t i = 0; i < reading->brokers.count; i++)
        names[i] = brokers[i].name;
    for (uint32_t i = 0; i < reading->members.count; i++)
        names[reading->brokers.count + i] = members[i].broker;
    out->clusters = clusters;
    out->cluster_count = sort_names(clusters, reading->clusters.count);
    out->broker_names = names;
    out->broker_name_count = sort_names(names, count);
    return 0;
}

int topology_read(struct text text, struct text cluster, struct topology **out, struct failure *why)
{
    struct owned_topology *owned = calloc(1, sizeof *owned);
    struct reading reading = {.why = why,
                              .brokers.size = sizeof(struct topology_broker),
                              .clusters.size = sizeof(const char *),
                              .members.size = sizeof(struct member)};
    int status = -1;

    if (!owned)
        return failure_no_memory(why, "the cluster's brokers");
    reading.arena = &owned->arena;
    if (body_open(&reading.body, text, true, "the brokers of the cluster", why) == 0 && read_body(&reading) == 0 &&
        choose(&reading, cluster, &owned->topology.cluster) == 0 && fill_brokers(&reading, &owned->topology) == 0 &&
        fill_names(&reading, &owned->topology) == 0)
        status = 0;
    body_close(&reading.body);
    free(reading.brokers.items);
    free(reading.clusters.items);
    free(reading.members.items);
    if (status == 0)
        *out = &owned->topology;
    else
        topology_free(&owned->topology);
    return status;
}

void topology_free(struct topology *topology)
{
    struct owned_topology *owned = (struct owned_topology *)topology;

    if (!owned)
        return;
    arena_release(&owned->arena);
    free(owned);
}

/* --- questions --- */

const struct topology_broker *topology_masterless(const struct topology *topology)
{
    for (uint32_t i = 0; i < topology->broker_count; i++)
        if (!topology->brokers[i].master)
            return &topology->brokers[i];
    return NULL;
}

static bool same_string(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

bool topology_equal(const struct topology *a, const struct topology *b)
{
    if (strcmp(a->cluster, b->cluster) != 0 || a->broker_count != b->broker_count)
        return false;
    for (uint32_t i = 0; i < a->broker_count; i++) {
        const struct topology_broker *left = &a->brokers[i], *right = &b->brokers[i];
        if (strcmp(left->name, right->name) != 0 || !same_string(left->master, right->master) ||
            left->slaves != right->slaves || left->acting_master != right->acting_master)
            return false;
    }
    return true;
}
