/* SPDX-License-Identifier: Apache-2.0
 *
 * The members of an exported file: of its root, and of `metadata` in it.
 */
#include <string.h>

#include "api/base/strings.h"
#include "manifests/exported_inside.h"
#include "manifests/static_topics.h"

static int read_export_time(struct exported *file, const struct json_token *token)
{
    int64_t time = token->integer;

    if (token->type == JSON_NULL)
        return 0;
    file->facts.cluster = true;
    if (token->type == JSON_INTEGER || (token->type == JSON_STRING && number_parse(token->text, &time))) {
        file->out->export_unix_ms = time;
        return 0;
    }
    exported_complain(file, token->offset, "%.*s is a number of milliseconds", (int)token->key.bytes, token->key.data);
    return exported_skip(file, token);
}

static int read_data_version(struct exported *file, const struct json_token *token)
{
    file->facts.store |= token->type != JSON_NULL;
    return exported_skip(file, token);
}

static int skip_member(struct exported *file, const struct json_token *token)
{
    return exported_skip(file, token);
}

/* A table means something only together with what stands beside it, which may come behind it. */
static bool is_told(const struct exported *file)
{
    const struct exported_facts *facts = &file->facts;
    bool masters_told = !file->nested || file->merged_file || file->request->source_masters != 0;

    return file->looked_ahead || ((facts->cluster || facts->store) && masters_told);
}

static int look_ahead(struct exported *file)
{
    if (is_told(file))
        return 0;
    file->looked_ahead = true;
    return exported_facts_look_ahead(file->text, &file->facts, file->why);
}

static int read_table(struct exported *file, enum kind kind, const struct json_token *token)
{
    file->known = true;
    if (token->type == JSON_NULL)
        return 0;
    file->snake |= token->key.bytes > 0 && memchr(token->key.data, '_', token->key.bytes) != NULL;
    return look_ahead(file) != 0 ? -1 : exported_table(file, kind, token);
}

static int read_topic_table(struct exported *file, const struct json_token *token)
{
    return read_table(file, KIND_TOPIC, token);
}

static int read_group_table(struct exported *file, const struct json_token *token)
{
    return read_table(file, KIND_GROUP, token);
}

static int read_list(struct exported *file, enum kind kind, const struct json_token *token)
{
    file->known = true;
    return token->type == JSON_NULL ? 0 : exported_list(file, kind, token);
}

static int read_topic_list(struct exported *file, const struct json_token *token)
{
    return read_list(file, KIND_TOPIC, token);
}

static int read_group_list(struct exported *file, const struct json_token *token)
{
    return read_list(file, KIND_GROUP, token);
}

/* Every member of an object; one that stands twice is a mistake. What is no object is skipped. */
static int read_each(struct exported *file, const struct json_token *begin,
                     int (*read)(struct exported *, const struct json_token *))
{
    size_t before = file->keys.count, offset;
    struct json_token token;
    int step = 0;

    if (begin->type != JSON_BEGIN_OBJECT)
        return exported_skip(file, begin);
    while (step == 0 && json_next(file->json, &token) != JSON_END_OBJECT) {
        if (token.type == JSON_BROKEN)
            return exported_broken(file);
        json_keys_note(&file->keys, &token);
        step = read(file, &token);
    }
    if (step == 0 && json_keys_end(&file->keys, before, &offset))
        exported_twice(file, offset);
    return step;
}

static int count_forbidden(struct exported *file, const struct json_token *token)
{
    file->forbidden++;
    return exported_skip(file, token);
}

static int read_forbidden_group(struct exported *file, const struct json_token *token)
{
    return read_each(file, token, count_forbidden);
}

/* {group: {topic: mask}} */
static int read_forbidden(struct exported *file, const struct json_token *token)
{
    return read_each(file, token, read_forbidden_group);
}

static int note_static_topic(struct exported *file, const struct json_token *token)
{
    if (static_topics_note(file->request->static_topics, token->key, file->why) != 0)
        return -1;
    return exported_skip(file, token);
}

static int read_static_topics(struct exported *file, const struct json_token *token)
{
    file->known = true;
    return read_each(file, token, note_static_topic);
}

static int read_configs(struct exported *file, const struct json_token *token)
{
    size_t offset;
    int status = exported_facts_read_configs(file->json, token, &file->facts, &offset);

    file->merged_file = true;
    if (status < 0)
        return exported_broken(file);
    if (status > 0)
        exported_twice(file, offset);
    return 0;
}

static int read_metadata(struct exported *file, const struct json_token *token)
{
    if (token->type != JSON_BEGIN_OBJECT)
        return exported_skip(file, token);
    bool known = file->known;
    file->known = false;
    file->nested = true;
    int step = exported_members_read(file, true);
    file->nested = false;
    file->empty_metadata = !file->known;
    file->known |= known;
    return step;
}

/* Names in camel case; snake case is meant too. Those that are `inside` may stand in metadata. */
static const struct root_member {
    const char *name;
    bool inside;
    int (*read)(struct exported *, const struct json_token *);
} root_members[] = {
    {"exportTime", true, read_export_time},
    {"dataVersion", true, read_data_version},
    {"rocketmqVersion", true, skip_member},
    {"topicConfigTable", true, read_topic_table},
    {"subscriptionGroupTable", true, read_group_table},
    {"forbiddenTable", true, read_forbidden},
    {"topicConfigList", false, read_topic_list},
    {"groupConfigList", false, read_group_list},
    {"topicQueueMappingInfoMap", false, read_static_topics},
    {"topicQueueMappingDetailMap", false, read_static_topics},
    {"mappingDataVersion", false, skip_member},
    {"configs", false, read_configs},
    {"metadata", false, read_metadata},
    {"metrics", false, skip_member},
};

static const struct root_member *find_member(struct text key)
{
    for (size_t i = 0; i < sizeof root_members / sizeof *root_members; i++)
        if (config_json_key_is(key, root_members[i].name))
            return &root_members[i];
    return NULL;
}

static int read_member(struct exported *file, const struct root_member *member, const struct json_token *token)
{
    unsigned bit = 1U << (member - root_members);

    if (file->seen & bit) {
        exported_complain(file, token->offset, "%s stands twice in one object", member->name);
        return exported_skip(file, token);
    }
    file->seen |= bit;
    return member->read(file, token);
}

int exported_members_read(struct exported *file, bool inside)
{
    size_t before = file->keys.count, offset;
    struct json_token token;
    int step = 0;

    while (step == 0 && json_next(file->json, &token) != JSON_END_OBJECT) {
        if (token.type == JSON_BROKEN)
            return exported_broken(file);
        const struct root_member *member = file->document.begun ? NULL : find_member(token.key);
        if (member && (member->inside || !inside)) {
            step = read_member(file, member, &token);
        } else if (!inside && exported_document_has(file, token.key)) {
            step = exported_document_read(file, &token);
        } else {
            if (!file->stranger.data)
                file->stranger = token.key;
            json_keys_note(&file->keys, &token);
            step = exported_skip(file, &token);
        }
    }
    if (step == 0 && json_keys_end(&file->keys, before, &offset))
        exported_twice(file, offset);
    return step;
}
