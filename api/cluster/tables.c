/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cluster/tables.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/cause.h"
#include "api/cluster/body.h"
#include "api/config_json.h"
#include "api/system.h"

enum { POLL_EVERY = 4096, WHAT_BYTES = 320 };

struct reading {
    const struct table_request *request;
    struct body body;
    struct config_json config;
    struct catalog_builder *builder;
    struct catalog_builder *statics; /* names of static topics */
    uint16_t master;
    struct table_facts facts;
    bool known; /* the table was there */
    struct failure *why;
};

/* --- entries --- */

static bool is_system(const struct reading *reading, struct text name)
{
    const struct own_topics *own = reading->request->own;

    if (reading->request->kind == KIND_TOPIC && own)
        return own_topics_has(own, name);
    return system_name(reading->request->kind, name);
}

static bool is_cancelled(struct reading *reading)
{
    const atomic_bool *cancelled = reading->request->cancelled;

    if (!cancelled || reading->facts.read % POLL_EVERY != 0 || !atomic_load(cancelled))
        return false;
    failure_set(reading->why, CAUSE_CANCELLED, "reading %s was cancelled", reading->body.what);
    return true;
}

/* Attributes that only say what absent ones mean say nothing: a master on which topics are guarded (3.8) and one on
 * which they are not hold the same. */
static void leave_out_defaults(struct draft *draft)
{
    const enum field attributes = FIELD_TOPIC_ATTRIBUTES;

    if (draft->set & FIELD_BIT(attributes) && value_is_default(attributes, &draft->values[attributes]))
        draft_unset(draft, attributes);
}

/* What reading->config holds, as what this master alone has. */
static int add(struct reading *reading, struct text name)
{
    uint32_t here[CATALOG_MASTERS_MAX];
    struct entry entry = {.kind = reading->request->kind, .name = name, .spread = true};

    if (is_cancelled(reading))
        return -1;
    reading->facts.read++;
    if (name.bytes > NAME_BYTES_MAX) {
        reading->facts.unnameable++;
        return 0;
    }
    reading->facts.unknown += reading->config.unknown;
    if (is_system(reading, name))
        entry.status = STATUS_SYSTEM;
    for (uint16_t i = 0; i < reading->master; i++)
        here[i] = CATALOG_ABSENT;
    leave_out_defaults(&reading->config.draft);
    if (catalog_intern(reading->builder, &reading->config.draft, &here[reading->master], reading->why) != 0 ||
        catalog_intern_spread(reading->builder, here, (uint16_t)(reading->master + 1), &entry.settings, reading->why) !=
            0)
        return -1;
    return catalog_add(reading->builder, &entry, reading->why);
}

static int read_config(struct reading *reading, const struct json_token *token)
{
    struct failure why = FAILURE_INIT;
    size_t offset = token->offset;

    if (token->type != JSON_BEGIN_OBJECT)
        return body_unexpected(&reading->body, offset, "an object was expected", reading->why);
    if (config_json_read(&reading->config, reading->request->kind, reading->body.json, token, &offset, &why) == 0)
        return 0;
    if (why.cause == CAUSE_INPUT_WRONG)
        return body_unexpected(&reading->body, offset, why.text, reading->why);
    *reading->why = why;
    return -1;
}

/* The key is what the broker looks up by. */
static int read_entry(struct reading *reading, const struct json_token *token)
{
    if (token->type == JSON_NULL)
        return 0;
    return read_config(reading, token) == 0 ? add(reading, token->key) : -1;
}

/* --- members of the body --- */

static int each_member(struct reading *reading, const struct json_token *begin,
                       int (*each)(struct reading *, const struct json_token *))
{
    struct json_token token;
    int more;

    if (begin->type == JSON_NULL)
        return 0;
    if (begin->type != JSON_BEGIN_OBJECT)
        return body_unexpected(&reading->body, begin->offset, "a table is an object", reading->why);
    while ((more = body_member(&reading->body, &token, reading->why)) > 0)
        if (each(reading, &token) != 0)
            return -1;
    return more;
}

static int read_table(struct reading *reading, const struct json_token *begin)
{
    reading->known = true;
    return each_member(reading, begin, read_entry);
}

static int note_static(struct reading *reading, const struct json_token *token)
{
    struct draft nothing;
    struct entry entry = {.kind = KIND_TOPIC, .name = token->key, .draft = &nothing};

    draft_clear(&nothing);
    if (catalog_add(reading->statics, &entry, reading->why) != 0)
        return -1;
    return body_skip(&reading->body, token, reading->why);
}

static int read_statics(struct reading *reading, const struct json_token *begin)
{
    return each_member(reading, begin, note_static);
}

static int count_inside(struct reading *reading, const struct json_token *token)
{
    struct json_token inside;
    int more = 0;

    if (token->type != JSON_BEGIN_OBJECT)
        return body_skip(&reading->body, token, reading->why);
    while ((more = body_member(&reading->body, &inside, reading->why)) > 0) {
        reading->facts.forbidden++;
        if (body_skip(&reading->body, &inside, reading->why) != 0)
            return -1;
    }
    return more;
}

static int read_forbidden(struct reading *reading, const struct json_token *begin)
{
    return each_member(reading, begin, count_inside);
}

static int read_version(struct reading *reading, const struct json_token *begin, int64_t *counter, int64_t *state,
                        int64_t *timestamp)
{
    struct json_token token;
    int more;

    if (begin->type != JSON_BEGIN_OBJECT)
        return body_skip(&reading->body, begin, reading->why);
    while ((more = body_member(&reading->body, &token, reading->why)) > 0) {
        int64_t *number = text_is(token.key, "counter")        ? counter
                          : text_is(token.key, "stateVersion") ? state
                          : text_is(token.key, "timestamp")    ? timestamp
                                                               : NULL;
        if (number && token.type == JSON_INTEGER)
            *number = token.integer;
        else if (body_skip(&reading->body, &token, reading->why) != 0)
            return -1;
    }
    return more;
}

static int read_data_version(struct reading *reading, const struct json_token *begin)
{
    struct table_version *version = &reading->facts.version;

    reading->facts.has_version = begin->type == JSON_BEGIN_OBJECT;
    return read_version(reading, begin, &version->counter, &version->state, &version->timestamp_ms);
}

static int read_mapping_version(struct reading *reading, const struct json_token *begin)
{
    struct table_version *version = &reading->facts.version;

    return read_version(reading, begin, &version->mapping_counter, &version->mapping_state,
                        &version->mapping_timestamp_ms);
}

static const struct member {
    const char *name;
    bool of[KINDS];
    int (*read)(struct reading *, const struct json_token *);
} members[] = {
    {"dataVersion", {true, true}, read_data_version},
    {"mappingDataVersion", {true, false}, read_mapping_version},
    {"topicConfigTable", {true, false}, read_table},
    {"topicQueueMappingDetailMap", {true, false}, read_statics},
    {"topicQueueMappingInfoMap", {true, false}, read_statics},
    {"forbiddenTable", {false, true}, read_forbidden},
    {"subscriptionGroupTable", {false, true}, read_table},
};

static int read_member(struct reading *reading, const struct json_token *token, unsigned *seen)
{
    for (unsigned i = 0; i < sizeof members / sizeof *members; i++) {
        if (!members[i].of[reading->request->kind] || !text_is(token->key, members[i].name))
            continue;
        if (*seen & 1U << i)
            return body_unexpected(&reading->body, token->offset, "a member stands twice", reading->why);
        *seen |= 1U << i;
        return members[i].read(reading, token);
    }
    return body_skip(&reading->body, token, reading->why);
}

static int read_body(struct reading *reading)
{
    struct json_token token;
    unsigned seen = 0;
    int more;

    if (body_begin(&reading->body, &token, reading->why) != 0)
        return -1;
    while ((more = body_member(&reading->body, &token, reading->why)) > 0)
        if (read_member(reading, &token, &seen) != 0)
            return -1;
    if (more != 0 || body_end(&reading->body, reading->why) != 0)
        return -1;
    return reading->known ? 0 : body_unexpected(&reading->body, 0, "there is no table in it", reading->why);
}

/* One TopicConfig; with lo=true its mapping stands beside its members. */
static int read_topic_body(struct reading *reading)
{
    struct json_token token;

    if (body_begin(&reading->body, &token, reading->why) != 0 || read_config(reading, &token) != 0 ||
        body_end(&reading->body, reading->why) != 0)
        return -1;
    if (reading->config.name.bytes == 0)
        return body_unexpected(&reading->body, 0, "the topic has no name", reading->why);
    return add(reading, reading->config.name);
}

/* --- static topics: known when the table has been read --- */

static enum duplicate drop(void *context, struct duplicate_pair *pair, struct failure *why)
{
    (void)context, (void)pair, (void)why;
    return DUPLICATE_DROP;
}

static bool mark(void *context, const struct catalog *from, uint32_t row, struct entry *entry)
{
    (void)from, (void)row;
    if (catalog_find(context, KIND_TOPIC, entry->name) != CATALOG_ABSENT)
        entry->status = STATUS_STATIC;
    return true;
}

static int mark_statics(struct reading *reading, struct catalog **catalog)
{
    struct catalog *statics = NULL, *marked = NULL;
    struct catalog_builder *builder;
    int status = -1;

    if (catalog_builder_count(reading->statics) == 0)
        return 0;
    if (catalog_seal(reading->statics, drop, NULL, &statics, reading->why) != 0)
        return -1;
    builder = catalog_builder_new();
    if (!builder)
        failure_no_memory(reading->why, reading->body.what);
    else if (catalog_add_all(builder, *catalog, mark, statics, reading->why) == 0)
        status = catalog_seal(builder, NULL, NULL, &marked, reading->why);
    if (status == 0) {
        catalog_unref(*catalog);
        *catalog = marked;
    }
    catalog_builder_free(builder);
    catalog_unref(statics);
    return status;
}

/* --- one reading --- */

static int begin(struct reading *reading, bool bare, const char *what)
{
    if (body_open(&reading->body, reading->request->body, bare, what, reading->why) != 0)
        return -1;
    config_json_init(&reading->config);
    reading->builder = catalog_builder_new();
    reading->statics = catalog_builder_new();
    if (!reading->builder || !reading->statics)
        return failure_no_memory(reading->why, what);
    return catalog_builder_master(reading->builder, text_of(reading->request->broker), &reading->master, reading->why);
}

static void end(struct reading *reading)
{
    catalog_builder_free(reading->builder);
    catalog_builder_free(reading->statics);
    if (reading->body.json)
        config_json_release(&reading->config);
    body_close(&reading->body);
}

/* `bare`: keys may be bare, which costs another look at every byte. */
static int read_as(struct reading *reading, bool bare, int (*read)(struct reading *), struct catalog **out)
{
    const struct table_request *request = reading->request;
    struct catalog *catalog = NULL;
    char what[WHAT_BYTES];
    int status = -1;

    snprintf(what, sizeof what, "%ss of broker %s", kind_word(request->kind), request->broker);
    if (begin(reading, bare, what) == 0 && read(reading) == 0)
        status = catalog_seal(reading->builder, NULL, NULL, &catalog, reading->why);
    if (status == 0)
        status = mark_statics(reading, &catalog);
    if (status == 0)
        *out = catalog;
    else
        catalog_unref(catalog);
    end(reading);
    return status;
}

/* Only brokers with static topics write bare keys: what does not read as strict JSON is read again, with a kinder eye.
 */
static int read_any(const struct table_request *request, int (*read)(struct reading *), struct catalog **out,
                    struct table_facts *facts, struct failure *why)
{
    struct failure strict = FAILURE_INIT;
    struct reading reading = {.request = request, .why = &strict};
    int status = read_as(&reading, false, read, out);

    if (status != 0 && strict.cause == CAUSE_BAD_ANSWER && request->body.bytes > 0) {
        reading = (struct reading){.request = request, .why = why};
        status = read_as(&reading, true, read, out);
    } else if (status != 0) {
        *why = strict;
    }
    if (facts)
        *facts = reading.facts;
    return status;
}

int table_read(const struct table_request *request, struct catalog **out, struct table_facts *facts,
               struct failure *why)
{
    return read_any(request, read_body, out, facts, why);
}

int table_read_topic(const struct table_request *request, struct catalog **out, struct failure *why)
{
    return read_any(request, read_topic_body, out, NULL, why);
}

int table_empty(const char *broker, struct catalog **out, struct failure *why)
{
    struct catalog_builder *builder = catalog_builder_new();
    uint16_t master;
    int status = -1;

    if (!builder)
        return failure_no_memory(why, "an empty table");
    if (catalog_builder_master(builder, text_of(broker), &master, why) == 0)
        status = catalog_seal(builder, NULL, NULL, out, why);
    catalog_builder_free(builder);
    return status;
}
