/* SPDX-License-Identifier: Apache-2.0
 *
 * What a file says about itself beside its tables. Looking ahead is a reading of its own that keeps nothing: only files
 * whose members come in an unusual order need it.
 */
#include "api/base/strings.h"
#include "manifests/exported_inside.h"

static int read_scale(struct json_reader *json, const struct json_token *scale, struct exported_facts *facts)
{
    struct json_token token;
    int64_t masters;

    if (scale->type != JSON_BEGIN_OBJECT)
        return json_skip(json, scale);
    while (json_next(json, &token) != JSON_END_OBJECT) {
        if (json_skip(json, &token) != 0 || token.type == JSON_BROKEN)
            return -1;
        if (!text_is(token.key, "masterBrokerSize"))
            continue;
        masters = token.integer;
        if (token.type == JSON_STRING && !number_parse(token.text, &masters))
            continue;
        if ((token.type == JSON_INTEGER || token.type == JSON_STRING) && masters > 0 && masters <= CATALOG_MASTERS_MAX)
            facts->masters = masters;
    }
    return 0;
}

int exported_facts_read_configs(struct json_reader *json, const struct json_token *configs,
                                struct exported_facts *facts)
{
    struct json_token token;

    if (configs->type != JSON_BEGIN_OBJECT)
        return json_skip(json, configs);
    while (json_next(json, &token) != JSON_END_OBJECT) {
        bool scale = token.key.data && text_is(token.key, "clusterScale");
        if (token.type == JSON_BROKEN || (scale ? read_scale(json, &token, facts) : json_skip(json, &token)) != 0)
            return -1;
    }
    return 0;
}

/* The members of the root, or of `metadata` in it. */
static int look_through(struct json_reader *json, struct exported_facts *facts, bool inside)
{
    struct json_token token;

    while (json_next(json, &token) != JSON_END_OBJECT) {
        int result;
        if (token.type == JSON_BROKEN)
            return -1;
        if (!inside && text_is(token.key, "configs"))
            result = exported_facts_read_configs(json, &token, facts);
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
