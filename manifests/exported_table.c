/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables and lists of TopicConfig and SubscriptionGroupConfig into entries. A mistake in one of them does not hide the
 * mistakes in those behind it.
 */
#include "api/cause.h"
#include "api/system.h"
#include "manifests/exported_inside.h"

enum { POLL_EVERY = 4096 };

static const char *name_member(enum kind kind)
{
    return kind == KIND_TOPIC ? "topicName" : "groupName";
}

/* One object into file->config. Where it is wrong, that is told and *out_taken is false. 0, STEP_STOP or -1. */
static int read_config(struct exported *file, enum kind kind, const struct json_token *token, bool *out_taken)
{
    struct failure why = FAILURE_INIT;
    size_t offset = token->offset;

    *out_taken = false;
    if (token->type != JSON_BEGIN_OBJECT) {
        exported_complain(file, offset, "a %s is an object here, not something else", kind_word(kind));
        return exported_skip(file, token);
    }
    if (config_json_read(&file->config, kind, file->json, token, &offset, &why) == 0) {
        *out_taken = true;
        return 0;
    }
    if (why.cause != CAUSE_INPUT_WRONG) {
        *file->why = why;
        return -1;
    }
    exported_complain(file, offset, "%s", why.text);
    return json_skip(file->json, token) == 0 ? 0 : STEP_STOP;
}

static bool check_length(struct exported *file, struct text name, size_t offset)
{
    if (name.bytes <= NAME_BYTES_MAX)
        return true;
    exported_complain(file, offset, "the name has %zu bytes, %d are read at most", name.bytes, NAME_BYTES_MAX);
    return false;
}

static bool is_cancelled(struct exported *file, enum kind kind)
{
    const atomic_bool *cancelled = file->request->cancelled;

    if (!cancelled || file->out->read[kind] % POLL_EVERY != 0 || !atomic_load(cancelled))
        return false;
    failure_set(file->why, CAUSE_CANCELLED, "reading %s was cancelled", file->request->path);
    return true;
}

/* A topic of a table that is a broker's, or may be. 0, or -1; *out_postponed: nothing is left to do. */
static int judge_topic(struct exported *file, struct entry *entry, bool *out_postponed)
{
    enum own own;

    *out_postponed = false;
    if (exported_own_judge(file, entry->name, &file->config.draft, &own) != 0)
        return -1;
    if (own == OWN_NO || entry->status == STATUS_SYSTEM)
        return 0;
    if (own == OWN_PERHAPS) {
        *out_postponed = true;
        return exported_own_postpone(file, entry);
    }
    entry->status = STATUS_SYSTEM;
    exported_own_notice(file, entry);
    return 0;
}

static int64_t masters_of(const struct exported *file)
{
    return file->request->source_masters != 0 ? file->request->source_masters : file->facts.masters;
}

/* What file->config holds, under a name that stands at `offset`. */
static int add_config(struct exported *file, enum kind kind, struct text name, size_t offset, bool in_table)
{
    struct config_json *config = &file->config;
    struct entry entry = {.kind = kind, .name = name, .draft = &config->draft, .file = file->file};
    char room[160];
    bool postponed = false;

    if (is_cancelled(file, kind))
        return -1;
    file->out->read[kind]++;
    file->unknown += config->unknown;
    exported_place(file, offset, &entry.line, &entry.column);
    entry.status = system_name(kind, name) ? STATUS_SYSTEM : STATUS_ORDINARY;
    entry.problem_field = FIELD_COUNT;
    if (in_table && file->facts.cluster) {
        file->sums = true;
        entry.problem_cause = exported_sums_settle(&config->draft, kind, masters_of(file), &entry.problem_field, room);
        entry.problem_text = room;
    } else if (in_table && kind == KIND_TOPIC && judge_topic(file, &entry, &postponed) != 0) {
        return -1;
    }
    return postponed ? 0 : catalog_add(file->builder, &entry, file->why);
}

/* --- tables --- */

static int table_entry(struct exported *file, enum kind kind, const struct json_token *token)
{
    const struct config_json *config = &file->config;
    bool taken;

    if (token->type == JSON_BROKEN)
        return exported_broken(file);
    if (token->type == JSON_NULL) {
        file->nulls = true;
        return 0;
    }
    int step = read_config(file, kind, token, &taken);
    if (step != 0 || !taken)
        return step;
    if (config->name.bytes > 0 && !text_equal(config->name, token->key)) {
        exported_complain(file, config->name_offset, "the entry \"%.*s\" of the table calls itself \"%.*s\"",
                          (int)token->key.bytes, token->key.data, (int)config->name.bytes, config->name.data);
        return 0;
    }
    if (!check_length(file, token->key, token->offset))
        return 0;
    return add_config(file, kind, token->key, token->offset, true);
}

int exported_table(struct exported *file, enum kind kind, const struct json_token *begin)
{
    struct json_token token;
    int step = 0;

    if (begin->type != JSON_BEGIN_OBJECT) {
        exported_complain(file, begin->offset, "%.*s is an object: one %s by its name each", (int)begin->key.bytes,
                          begin->key.data, kind_word(kind));
        return exported_skip(file, begin);
    }
    while (step == 0 && json_next(file->json, &token) != JSON_END_OBJECT)
        step = table_entry(file, kind, &token);
    return step;
}

/* --- lists --- */

static int list_element(struct exported *file, enum kind kind, const struct json_token *token)
{
    const struct config_json *config = &file->config;
    bool taken;

    if (token->type == JSON_BROKEN)
        return exported_broken(file);
    int step = read_config(file, kind, token, &taken);
    if (step != 0 || !taken)
        return step;
    if (config->name.bytes == 0) {
        exported_complain(file, token->offset, "this %s has no %s", kind_word(kind), name_member(kind));
        return 0;
    }
    if (!check_length(file, config->name, config->name_offset))
        return 0;
    return add_config(file, kind, config->name, config->name_offset, false);
}

int exported_list(struct exported *file, enum kind kind, const struct json_token *begin)
{
    struct json_token token;
    int step = 0;

    if (begin->type != JSON_BEGIN_ARRAY) {
        exported_complain(file, begin->offset, "%.*s is a list", (int)begin->key.bytes, begin->key.data);
        return exported_skip(file, begin);
    }
    while (step == 0 && json_next(file->json, &token) != JSON_END_ARRAY)
        step = list_element(file, kind, &token);
    return step;
}
