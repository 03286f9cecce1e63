/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cluster/order_conf.h"

#include <stdlib.h>

#include "api/base/arena.h"
#include "api/base/sort.h"
#include "api/cause.h"
#include "api/cluster/body.h"

struct order_entry {
    struct text topic, value;
};

struct order_conf {
    struct arena arena;
    struct order_entry *entries;
    size_t count, capacity;
};

enum { ENTRIES_MAX = 1 << 20 };

/* --- reading --- */

static struct text keep(struct arena *arena, struct text text)
{
    const char *copy = arena_string(arena, text);
    return (struct text){copy, copy ? text.bytes : 0};
}

static int add(struct order_conf *conf, struct body *body, const struct json_token *token, struct failure *why)
{
    if (token->type != JSON_STRING)
        return body_unexpected(body, token->offset, "an order entry is text", why);
    if (conf->count == ENTRIES_MAX)
        return body_unexpected(body, token->offset, "there are too many order entries", why);
    if (conf->count == conf->capacity) {
        size_t capacity = conf->capacity == 0 ? 32 : 2 * conf->capacity;
        struct order_entry *entries = realloc(conf->entries, capacity * sizeof *entries);
        if (!entries)
            return failure_no_memory(why, body->what);
        conf->entries = entries;
        conf->capacity = capacity;
    }
    conf->entries[conf->count++] =
        (struct order_entry){keep(&conf->arena, token->key), keep(&conf->arena, token->text)};
    return conf->arena.failed ? failure_no_memory(why, body->what) : 0;
}

static int read_table(struct order_conf *conf, struct body *body, const struct json_token *begin, struct failure *why)
{
    struct json_token token;
    int more;

    if (begin->type == JSON_NULL)
        return 0;
    if (begin->type != JSON_BEGIN_OBJECT)
        return body_unexpected(body, begin->offset, "a table is an object", why);
    while ((more = body_member(body, &token, why)) > 0)
        if (add(conf, body, &token, why) != 0)
            return -1;
    return more;
}

static int read_body(struct order_conf *conf, struct body *body, struct failure *why)
{
    struct json_token token;
    int more;

    if (body_begin(body, &token, why) != 0)
        return -1;
    while ((more = body_member(body, &token, why)) > 0) {
        int status = text_is(token.key, "table") ? read_table(conf, body, &token, why) : body_skip(body, &token, why);
        if (status != 0)
            return -1;
    }
    return more == 0 ? body_end(body, why) : -1;
}

static int compare(const void *left, const void *right)
{
    const struct order_entry *a = left, *b = right;
    return text_compare(a->topic, b->topic);
}

int order_conf_read(struct text text, struct order_conf **out, struct failure *why)
{
    struct order_conf *conf = calloc(1, sizeof *conf);
    struct body body;
    int status = -1;

    if (!conf)
        return failure_no_memory(why, "the order topics");
    if (text.bytes == 0) {
        *out = conf;
        return 0;
    }
    if (body_open(&body, text, false, "the order topics of the name server", why) == 0)
        status = read_body(conf, &body, why);
    body_close(&body);
    if (status != 0) {
        order_conf_free(conf);
        return -1;
    }
    sort_in_place(conf->entries, conf->count, sizeof *conf->entries, compare);
    *out = conf;
    return 0;
}

void order_conf_free(struct order_conf *conf)
{
    if (!conf)
        return;
    arena_release(&conf->arena);
    free(conf->entries);
    free(conf);
}

struct text order_conf_find(const struct order_conf *conf, struct text topic)
{
    const struct order_entry wanted = {.topic = topic}, *found = NULL;

    if (conf && conf->count > 0)
        found = bsearch(&wanted, conf->entries, conf->count, sizeof wanted, compare);
    return found ? found->value : TEXT("");
}

/* --- requests --- */

void order_conf_list(struct frame *out)
{
    *out = (struct frame){.code = REQUEST_LIST_KV};
    frame_add(out, "namespace", TEXT(ORDER_CONF_NAMESPACE));
}

void order_conf_put(struct frame *out, struct text topic, struct text value)
{
    *out = (struct frame){.code = REQUEST_PUT_KV};
    frame_add(out, "namespace", TEXT(ORDER_CONF_NAMESPACE));
    frame_add(out, "key", topic);
    frame_add(out, "value", value);
}
