/* SPDX-License-Identifier: Apache-2.0
 *
 * Documents of mqferry's own that stand in JSON files: snapshots are read here, hand-written ones and others told
 * apart.
 */
#include "api/base/strings.h"
#include "api/cause.h"
#include "api/system.h"
#include "manifests/exported_inside.h"

static int snapshot_step(struct exported *file, int result)
{
    if (result == 0)
        return 0;
    if (file->document.failure.cause != CAUSE_INPUT_WRONG) {
        *file->why = file->document.failure;
        return -1;
    }
    exported_complain(file, file->document.snapshot.offset, "%s", file->document.failure.text);
    return STEP_STOP;
}

static int add_snapshot_item(void *context, struct entry *entry, size_t name_offset, struct failure *why)
{
    struct exported *file = context;

    file->out->read[entry->kind]++;
    entry->file = file->file;
    exported_place(file, name_offset, &entry->line, &entry->column);
    entry->status = system_name(entry->kind, entry->name) ? STATUS_SYSTEM : STATUS_ORDINARY;
    return catalog_add(file->builder, entry, why);
}

static int begin_snapshot(struct exported *file)
{
    struct document *document = &file->document;

    document->begun = true;
    file->known = true;
    document->snapshot.json = file->json;
    document->snapshot.builder = file->builder;
    document->snapshot.item = add_snapshot_item;
    document->snapshot.context = file;
    if (document->api_version.type == JSON_END)
        return 0;
    return snapshot_step(file,
                         snapshot_reader_member(&document->snapshot, &document->api_version, &file->document.failure));
}

static int read_snapshot_member(struct exported *file, const struct json_token *token)
{
    int step = file->document.begun ? 0 : begin_snapshot(file);

    if (step != 0)
        return step;
    return snapshot_step(file, snapshot_reader_member(&file->document.snapshot, token, &file->document.failure));
}

static int pass_over(struct exported *file, const struct json_token *token)
{
    file->passed_over = true;
    if (file->request->in_directory)
        exported_notice(file, 0, 0, "skipped: it is a %.*s, which declares nothing", (int)token->text.bytes,
                        token->text.data);
    else
        exported_complain(file, token->offset, "this is a %.*s, which declares no topics or consumer groups",
                          (int)token->text.bytes, token->text.data);
    return STEP_STOP;
}

/* Which document it is. What is hand-written is read by those who read YAML. */
static int read_kind(struct exported *file, const struct json_token *token)
{
    static const char *const kinds[] = {"Topic", "ConsumerGroup", "TopicList", "ConsumerGroupList", "Mapping",
                                        "Sync",  "Daemon",        "Plan",      SNAPSHOT_KIND,       NULL};
    enum { FIRST_OTHER = 4, FIRST_SNAPSHOT = 8 };

    for (int i = 0; token->type == JSON_STRING && kinds[i]; i++) {
        if (!text_is(token->text, kinds[i]))
            continue;
        if (i >= FIRST_SNAPSHOT)
            return read_snapshot_member(file, token);
        if (i >= FIRST_OTHER)
            return pass_over(file, token);
        file->passed_over = file->out->hand_written = true;
        return STEP_STOP;
    }
    const char *near = token->type == JSON_STRING ? nearest_spelling(token->text, kinds) : NULL;
    exported_complain(file, token->offset, "kind \"%.*s\" is not known%s%s", (int)token->text.bytes,
                      token->text.data ? token->text.data : "", near ? ", perhaps " : "", near ? near : "");
    return STEP_STOP;
}

/* Members that only documents of mqferry have. */
bool exported_document_has(const struct exported *file, struct text key)
{
    if (file->document.begun)
        return true;
    return !file->known && (text_is(key, "apiVersion") || text_is(key, "kind") || snapshot_member(key));
}

int exported_document_read(struct exported *file, const struct json_token *token)
{
    if (file->document.begun || snapshot_member(token->key))
        return read_snapshot_member(file, token);
    if (text_is(token->key, "kind"))
        return read_kind(file, token);
    json_keys_note(&file->keys, token);
    file->document.api_version = *token;
    return exported_skip(file, token);
}

int exported_document_finish(struct exported *file)
{
    if (!file->document.begun)
        return 0;
    return snapshot_step(file, snapshot_reader_finish(&file->document.snapshot, &file->document.failure));
}
