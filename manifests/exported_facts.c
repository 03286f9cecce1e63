/* SPDX-License-Identifier: Apache-2.0
 *
 * What a file says about itself beside its tables. Looking ahead is a reading of its own that keeps nothing: only files
 * whose members come in an unusual order need it.
 */
#include "api/base/strings.h"
#include "manifests/exported_inside.h"

struct configs_reading {
    struct json_reader *json;
    struct exported_facts *facts;
    struct json_keys keys;
    size_t offset; /* of what stands twice */
};

static void read_masters(const struct json_token *token, struct exported_facts *facts)
{
    int64_t masters = token->integer;

    if (token->type == JSON_STRING && !number_parse(token->text, &masters))
        return;
    if ((token->type == JSON_INTEGER || token->type == JSON_STRING) && masters > 0 && masters <= CATALOG_MASTERS_MAX)
        facts->masters = masters;
}

/* `configs`, or clusterScale in it. */
static int read_inside(struct configs_reading *reading, const struct json_token *begin, bool scale)
{
    struct json_keys *keys = &reading->keys;
    size_t before = keys->count;
    struct json_token token;

    if (begin->type != JSON_BEGIN_OBJECT)
        return json_keys_skip(keys, reading->json, begin, &reading->offset);
    while (json_next(reading->json, &token) != JSON_END_OBJECT) {
        if (token.type == JSON_BROKEN)
            return -1;
        json_keys_note(keys, &token);
        if (scale && text_is(token.key, "masterBrokerSize"))
            read_masters(&token, reading->facts);
        bool deeper = !scale && text_is(token.key, "clusterScale");
        int status =
            deeper ? read_inside(reading, &token, true) : json_keys_skip(keys, reading->json, &token, &reading->offset);
        if (status != 0)
            return status;
    }
    return json_keys_end(keys, before, &reading->offset) ? 1 : 0;
}

int exported_facts_read_configs(struct json_reader *json, const struct json_token *configs,
                                struct exported_facts *facts, size_t *out_offset)
{
    struct configs_reading reading = {.json = json, .facts = facts};
    int status = read_inside(&reading, configs, false);

    *out_offset = reading.offset;
    json_keys_release(&reading.keys);
    return status > 0 && json_skip(json, configs) != 0 ? -1 : status;
}

/* The members of the root, or of `metadata` in it. */
static int look_through(struct json_reader *json, struct exported_facts *facts, bool inside)
{
    struct json_token token;

    while (json_next(json, &token) != JSON_END_OBJECT) {
        size_t ignored;
        int result;
        if (token.type == JSON_BROKEN)
            return -1;
        if (!inside && text_is(token.key, "configs"))
            result = exported_facts_read_configs(json, &token, facts, &ignored);
        else if (!inside && text_is(token.key, "metadata") && token.type == JSON_BEGIN_OBJECT)
            result = look_through(json, facts, true);
        else
            result = json_skip(json, &token);
        if (result != 0)
            return -1;
        if (token.type == JSON_NULL)
            continue;
        facts->cluster |= config_json_key_is(token.key, "exportTime");
        facts->store |= config_json_key_is(token.key, "dataVersion");
    }
    return 0;
}

int exported_facts_look_ahead(struct text text, struct exported_facts *facts, struct failure *why)
{
    struct json_reader *json = json_reader_new(text, why);
    struct json_token token;

    if (!json)
        return -1;
    if (json_next(json, &token) == JSON_BEGIN_OBJECT)
        look_through(json, facts, false);
    json_reader_free(json);
    return 0;
}

static enum kind kind_of_element(struct json_reader *json)
{
    struct json_token token;

    while (json_next(json, &token) != JSON_END_OBJECT && token.type != JSON_BROKEN) {
        if (config_json_key_is(token.key, "topicName"))
            return KIND_TOPIC;
        if (config_json_key_is(token.key, "groupName"))
            return KIND_GROUP;
        if (json_skip(json, &token) != 0)
            break;
    }
    return KINDS;
}

int exported_facts_list_kind(struct text text, enum kind *out, struct failure *why)
{
    struct json_reader *json = json_reader_new(text, why);
    struct json_token list, element;

    if (!json)
        return -1;
    *out = KINDS;
    if (json_next(json, &list) == JSON_BEGIN_ARRAY && json_next(json, &element) == JSON_BEGIN_OBJECT)
        *out = kind_of_element(json);
    json_reader_free(json);
    return 0;
}
