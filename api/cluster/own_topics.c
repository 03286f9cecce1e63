/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cluster/own_topics.h"

#include <stdlib.h>

#include "api/base/arena.h"
#include "api/base/sort.h"
#include "api/cause.h"
#include "api/cluster/body.h"
#include "api/system.h"

enum { OWN_TOPICS_MAX = 1 << 20 };

struct own_topics {
    struct arena arena;
    struct text *names; /* sorted when sealed */
    size_t count, capacity;
};

struct own_topics *own_topics_new(void)
{
    return calloc(1, sizeof(struct own_topics));
}

void own_topics_free(struct own_topics *own)
{
    if (!own)
        return;
    arena_release(&own->arena);
    free(own->names);
    free(own);
}

/* A name of two pieces. */
static int add(struct own_topics *own, struct text name, const char *suffix, struct failure *why)
{
    if (own->count == OWN_TOPICS_MAX)
        return failure_set(why, CAUSE_BAD_ANSWER, "the brokers list more than %d system topics", OWN_TOPICS_MAX);
    if (own->count == own->capacity) {
        size_t capacity = own->capacity == 0 ? 32 : 2 * own->capacity;
        struct text *names = realloc(own->names, capacity * sizeof *names);
        if (!names)
            return failure_no_memory(why, "the system topics");
        own->names = names;
        own->capacity = capacity;
    }
    const char *copy = arena_format(&own->arena, "%.*s%s", (int)name.bytes, name.data, suffix);
    if (!copy)
        return failure_no_memory(why, "the system topics");
    own->names[own->count++] = text_of(copy);
    return 0;
}

int own_topics_add_topology(struct own_topics *own, const struct topology *topology, struct failure *why)
{
    int status = 0;

    for (uint32_t i = 0; status == 0 && i < topology->cluster_count; i++) {
        struct text cluster = text_of(topology->clusters[i]);
        status = add(own, cluster, "", why) != 0 || add(own, cluster, "_REPLY_TOPIC", why) != 0 ? -1 : 0;
    }
    for (uint32_t i = 0; status == 0 && i < topology->broker_name_count; i++)
        status = add(own, text_of(topology->broker_names[i]), "", why);
    return status;
}

static int add_names(struct own_topics *own, struct body *body, const struct json_token *begin, struct failure *why)
{
    struct json_token token;

    if (begin->type != JSON_BEGIN_ARRAY)
        return body_unexpected(body, begin->offset, "topicList is a list", why);
    while (json_next(body->json, &token) != JSON_END_ARRAY) {
        if (token.type == JSON_BROKEN)
            return body_broken(body, why);
        if (token.type != JSON_STRING)
            return body_unexpected(body, token.offset, "a topic's name is text", why);
        if (add(own, token.text, "", why) != 0)
            return -1;
    }
    return 0;
}

int own_topics_add_list(struct own_topics *own, struct text text, struct failure *why)
{
    struct body body;
    struct json_token token;
    int status = body_open(&body, text, false, "the broker's system topics", why), more = -1;

    if (status == 0)
        status = body_begin(&body, &token, why);
    while (status == 0 && (more = body_member(&body, &token, why)) > 0) {
        if (text_is(token.key, "topicList"))
            status = add_names(own, &body, &token, why);
        else
            status = body_skip(&body, &token, why);
    }
    if (status == 0 && more == 0)
        status = body_end(&body, why);
    body_close(&body);
    return status == 0 ? more : -1;
}

static int compare(const void *left, const void *right)
{
    return text_compare(*(const struct text *)left, *(const struct text *)right);
}

void own_topics_seal(struct own_topics *own)
{
    sort_in_place(own->names, own->count, sizeof *own->names, compare);
}

bool own_topics_has(const struct own_topics *own, struct text topic)
{
    return system_name(KIND_TOPIC, topic) ||
           (own->count > 0 && bsearch(&topic, own->names, own->count, sizeof topic, compare) != NULL);
}
