/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "api/base/file.h"
#include "api/base/strings.h"
#include "api/cause.h"
#include "api/snapshot_json.h"
#include "controller/plan/file.h"

struct broker_marks {
    struct text name;
    uint64_t create_only, estimated;
};

struct reading {
    struct plan_file *file;
    struct snapshot_reader snapshot;
    struct json_reader *json;
    uint64_t create_only, estimated; /* of the item under way */
    struct broker_marks *brokers;    /* of the item under way, where it has settings per broker */
    size_t broker_count, broker_capacity;
    struct text source_name, declared_at;
    struct draft draft;
    unsigned seen;
};

enum { SEEN_ADDRESS = 1, SEEN_DIGEST = 2, SEEN_TIME = 4, SEEN_ALL = 7 };

static int not_ours(struct failure *why, struct text key)
{
    return failure_set(why, CAUSE_INPUT_WRONG, "\"%.*s\" is not as this version writes it: make the plan again",
                       (int)key.bytes, key.data);
}

static struct broker_marks *find_broker(const struct reading *reading, struct text name)
{
    for (size_t i = 0; i < reading->broker_count; i++)
        if (text_equal(reading->brokers[i].name, name))
            return &reading->brokers[i];
    return NULL;
}

static struct broker_marks *broker_of(struct reading *reading, struct text name, struct failure *why)
{
    struct broker_marks *found = find_broker(reading, name);

    if (found != NULL)
        return found;
    if (reading->broker_count == reading->broker_capacity) {
        size_t capacity = reading->broker_capacity == 0 ? 8 : reading->broker_capacity * 2;
        struct broker_marks *brokers = realloc(reading->brokers, capacity * sizeof *brokers);
        if (brokers == NULL) {
            failure_no_memory(why, "the plan");
            return NULL;
        }
        reading->brokers = brokers;
        reading->broker_capacity = capacity;
    }
    reading->brokers[reading->broker_count] = (struct broker_marks){.name = name};
    return &reading->brokers[reading->broker_count++];
}

static int read_fields(struct reading *reading, enum kind kind, const struct json_token *member, uint64_t *out,
                       struct failure *why)
{
    struct json_token token;

    if (member->type != JSON_BEGIN_ARRAY)
        return not_ours(why, member->key);
    *out = 0;
    while (json_next(reading->json, &token) == JSON_STRING) {
        enum field field = field_by_name(kind, token.text);
        if (field == FIELD_COUNT)
            return not_ours(why, member->key);
        *out |= FIELD_BIT(field);
    }
    return token.type == JSON_END_ARRAY ? 0 : not_ours(why, member->key);
}

/* {"broker-a": ["perm"], …}; `offset`: of the mask in broker_marks. */
static int read_fields_of_brokers(struct reading *reading, enum kind kind, size_t offset, struct failure *why)
{
    struct json_token token;

    while (json_next(reading->json, &token) != JSON_END_OBJECT) {
        if (token.type == JSON_BROKEN)
            return failure_set(why, CAUSE_INPUT_WRONG, "%s", json_reader_error(reading->json));
        struct broker_marks *broker = broker_of(reading, token.key, why);
        if (broker == NULL || read_fields(reading, kind, &token, (uint64_t *)((char *)broker + offset), why) != 0)
            return -1;
    }
    return 0;
}

static void mark_broker(void *context, struct text name, struct draft *settings)
{
    const struct broker_marks *broker = find_broker(context, name);

    if (broker == NULL)
        return;
    settings->create_only = broker->create_only & settings->set;
    settings->estimated = broker->estimated & settings->set;
}

static int read_origin(void *context, enum kind kind, const struct json_token *member, struct failure *why)
{
    struct reading *reading = context;
    struct text *text = text_is(member->key, "sourceName")   ? &reading->source_name
                        : text_is(member->key, "declaredAt") ? &reading->declared_at
                                                             : NULL;
    uint64_t *fields = text_is(member->key, "createOnly")  ? &reading->create_only
                       : text_is(member->key, "estimated") ? &reading->estimated
                                                           : NULL;

    if (fields != NULL && member->type == JSON_BEGIN_OBJECT) {
        size_t offset = fields == &reading->estimated ? offsetof(struct broker_marks, estimated)
                                                      : offsetof(struct broker_marks, create_only);
        return read_fields_of_brokers(reading, kind, offset, why) == 0 ? 1 : -1;
    }
    if (fields != NULL)
        return read_fields(reading, kind, member, fields, why) == 0 ? 1 : -1;
    if (text == NULL)
        return 0;
    if (member->type != JSON_STRING)
        return not_ours(why, member->key);
    *text = member->text;
    return 1;
}

/* Takes ":NUMBER" from the end. */
static bool take_number(struct text *text, uint32_t *out)
{
    const char *colon = memrchr(text->data, ':', text->bytes);
    int64_t number;

    if (colon == NULL)
        return false;
    size_t before = (size_t)(colon - text->data);
    if (!number_parse((struct text){colon + 1, text->bytes - before - 1}, &number) || number < 0 || number > UINT32_MAX)
        return false;
    *out = (uint32_t)number;
    text->bytes = before;
    return true;
}

static int add_row(void *context, struct entry *entry, size_t name_offset, struct failure *why)
{
    struct reading *reading = context;
    struct text at = reading->declared_at;

    (void)name_offset;
    entry->source_name = reading->source_name;
    if (at.bytes > 0) {
        if (!take_number(&at, &entry->column) || !take_number(&at, &entry->line))
            return not_ours(why, TEXT("declaredAt"));
        if (catalog_builder_file(reading->snapshot.builder, at, &entry->file, why) != 0)
            return -1;
    }
    if (entry->draft != NULL) {
        reading->draft = *entry->draft;
        reading->draft.create_only = reading->create_only & reading->draft.set;
        reading->draft.estimated = reading->estimated & reading->draft.set;
        entry->draft = &reading->draft;
    }
    reading->create_only = reading->estimated = 0;
    reading->broker_count = 0;
    reading->source_name = reading->declared_at = (struct text){NULL, 0};
    return catalog_add(reading->snapshot.builder, entry, why);
}

static int take_address(struct reading *reading, struct text address, struct failure *why)
{
    free(reading->file->address);
    reading->file->address = strndup(address.data, address.bytes);
    reading->seen |= SEEN_ADDRESS;
    return reading->file->address == NULL ? failure_no_memory(why, "the plan") : 0;
}

static bool take_digest(struct reading *reading, struct text digest)
{
    char *out = reading->file->declared_digest;

    if (digest.bytes >= sizeof reading->file->declared_digest)
        return false;
    memcpy(out, digest.data, digest.bytes);
    out[digest.bytes] = '\0';
    reading->seen |= SEEN_DIGEST;
    return true;
}

static bool take_time(struct reading *reading, struct text time)
{
    reading->seen |= SEEN_TIME;
    return time_parse(time, &reading->file->time_unix_ms);
}

static int read_head(struct reading *reading, const struct json_token *member, struct failure *why)
{
    bool known = false, text = member->type == JSON_STRING;

    if (text_is(member->key, "version"))
        known = member->type == JSON_INTEGER && member->integer == PLAN_FILE_VERSION;
    else if (text_is(member->key, "kind") || text_is(member->key, "digest"))
        known = text;
    else if (text_is(member->key, "time"))
        known = text && take_time(reading, member->text);
    else if (text_is(member->key, "declaredDigest"))
        known = text && take_digest(reading, member->text);
    else if (text_is(member->key, "address") && text)
        return take_address(reading, member->text, why);
    return known ? 0 : not_ours(why, member->key);
}

static int read_members(struct reading *reading, struct failure *why)
{
    struct json_token token;

    json_next(reading->json, &token); /* the object: is_plan has seen it */
    while (json_next(reading->json, &token) != JSON_END_OBJECT) {
        if (token.type == JSON_BROKEN)
            return failure_set(why, CAUSE_INPUT_WRONG, "%s", json_reader_error(reading->json));
        if (snapshot_member(token.key)) {
            if (snapshot_reader_member(&reading->snapshot, &token, why) != 0)
                return -1;
        } else if (read_head(reading, &token, why) != 0) {
            return -1;
        }
    }
    if (json_next(reading->json, &token) != JSON_END || reading->seen != SEEN_ALL)
        return failure_set(why, CAUSE_INPUT_WRONG, "parts of it are missing: make the plan again");
    return 0;
}

static void take_identity(struct plan_file *file, const struct snapshot_head *head)
{
    file->kind = head->stands_for;
    file->expect_count = head->identity.count;
    for (uint32_t i = 0; i < file->expect_count; i++) {
        memcpy(file->expect[i].key, head->identity.facts[i].key, sizeof file->expect[i].key);
        memcpy(file->expect[i].value, head->identity.facts[i].value, sizeof file->expect[i].value);
    }
}

static int read_content(struct text text, struct plan_file *file, struct failure *why)
{
    struct reading reading = {.file = file};
    int status = -1;

    snapshot_reader_init(&reading.snapshot);
    reading.json = json_reader_new(text, why);
    reading.snapshot.json = reading.json;
    reading.snapshot.builder = catalog_builder_new();
    reading.snapshot.item = add_row;
    reading.snapshot.extra = read_origin;
    reading.snapshot.broker = mark_broker;
    reading.snapshot.context = &reading;
    if (reading.snapshot.builder == NULL)
        failure_no_memory(why, "the plan");
    else if (reading.json != NULL && read_members(&reading, why) == 0)
        status = catalog_seal(reading.snapshot.builder, NULL, NULL, &file->catalog, why);
    if (status == 0)
        take_identity(file, &reading.snapshot.head);
    catalog_builder_free(reading.snapshot.builder);
    json_reader_free(reading.json);
    snapshot_reader_release(&reading.snapshot);
    free(reading.brokers);
    return status;
}

/* Is there a member "kind": "Plan" at the root? An edit may have broken the text: then its beginning tells. */
static bool is_plan(struct text text, struct failure *why)
{
    static const char begin[] = "{\n  \"version\": 1,\n  \"kind\": \"Plan\"";

    if (text.bytes >= sizeof begin - 1 && memcmp(text.data, begin, sizeof begin - 1) == 0)
        return true;
    struct json_reader *json = json_reader_new(text, why);
    struct json_token token;
    bool found = false;

    if (json == NULL)
        return false;
    json_next(json, &token);
    bool reads = token.type == JSON_BEGIN_OBJECT;
    while (reads && !found && json_next(json, &token) > JSON_END && token.type != JSON_END_OBJECT) {
        found = token.type == JSON_STRING && text_is(token.key, "kind") && text_is(token.text, "Plan");
        reads = json_skip(json, &token) == 0;
    }
    json_reader_free(json);
    return found;
}

static bool ends_as_written(struct text text)
{
    const size_t before = sizeof PLAN_FILE_BEFORE_DIGEST - 1, after = sizeof PLAN_FILE_AFTER_DIGEST - 1,
                 digest = DIGEST_TEXT_BYTES - 1;
    char computed[DIGEST_TEXT_BYTES];

    if (text.bytes < before + digest + after)
        return false;
    struct text covered = {text.data, text.bytes - before - digest - after};
    const char *tail = text.data + covered.bytes;
    return memcmp(tail, PLAN_FILE_BEFORE_DIGEST, before) == 0 &&
           memcmp(tail + before + digest, PLAN_FILE_AFTER_DIGEST, after) == 0 && digest_of(covered, computed) == 0 &&
           memcmp(tail + before, computed, digest) == 0;
}

int plan_file_parse(struct text text, struct plan_file *out, struct failure *why)
{
    struct plan_file file = {0};

    failure_set(why, CAUSE_INPUT_WRONG, "it is no saved plan (mqferry plan --out writes one)");
    if (!is_plan(text, why))
        return -1;
    if (!ends_as_written(text))
        return failure_set(why, CAUSE_GUARD_REFUSED,
                           "it was altered after it was written: make the plan again, or change what is declared");
    if (read_content(text, &file, why) != 0) {
        plan_file_release(&file);
        return -1;
    }
    *out = file;
    return 0;
}

int plan_file_read(const char *path, struct plan_file *out, struct failure *why)
{
    struct file_text text;

    if (file_read(path, &text, why) != 0)
        return -1;
    int status = plan_file_parse((struct text){text.data, text.bytes}, out, why);
    file_text_release(&text);
    return status == 0 ? 0 : failure_wrap(why, "cannot read the plan %s", path);
}

void plan_file_release(struct plan_file *file)
{
    free(file->address);
    catalog_unref(file->catalog);
    file->address = NULL;
    file->catalog = NULL;
}

/* ---- age ---- */

int plan_file_check_age(const struct plan_file *file, int64_t now_unix_ms, uint64_t max_age_ms, struct failure *why)
{
    uint64_t age_ms = now_unix_ms > file->time_unix_ms ? (uint64_t)(now_unix_ms - file->time_unix_ms) : 0;
    char age[32], limit[32];

    if (max_age_ms == 0 || age_ms <= max_age_ms)
        return 0;
    duration_format(age_ms, age);
    duration_format(max_age_ms, limit);
    return failure_set(why, CAUSE_GUARD_REFUSED, "the plan is %s old, --max-plan-age is %s: make it again", age, limit);
}
