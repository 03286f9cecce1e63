/* SPDX-License-Identifier: Apache-2.0 */
#include "api/base/file.h"
#include "api/base/monotime.h"
#include "api/base/strings.h"
#include "api/cause.h"
#include "api/snapshot_json.h"
#include "controller/plan/file.h"

enum { FILE_MODE = 0644 };

/* ---- the rows to create, as a catalog of their own ---- */

struct selection {
    const struct plan *plan;
    struct catalog_builder *builder;
    struct draft draft; /* of the row under way */
    struct failure *why;
    bool failed;
};

/* What a create carries; what nobody declared is not compared later on. */
static void complete(struct selection *selection, enum kind kind, const struct settings *declared)
{
    create_settings(&selection->plan->capabilities, kind, declared, &selection->draft);
    selection->draft.create_only = selection->draft.set & ~(declared->set & ~declared->create_only);
    selection->draft.estimated = selection->draft.set & declared->estimated;
}

static int intern_place(struct selection *selection, enum kind kind, const struct settings *declared, uint32_t *out)
{
    complete(selection, kind, declared);
    return catalog_intern(selection->builder, &selection->draft, out, selection->why);
}

static int select_spread(struct selection *selection, const struct resource *declared, struct entry *entry)
{
    const struct catalog *catalog = selection->plan->declared;
    const struct spread *spread = catalog_spread(catalog, declared->settings);
    uint32_t settings[CATALOG_MASTERS_MAX];
    uint16_t count = 0, master;

    for (uint16_t i = 0; i < spread->masters; i++) {
        if (spread->settings[i] == CATALOG_ABSENT)
            continue;
        struct text name = text_of(catalog_master(catalog, i));
        if (catalog_builder_master(selection->builder, name, &master, selection->why) != 0)
            return -1;
        while (count <= master)
            settings[count++] = CATALOG_ABSENT;
        if (intern_place(selection, declared->kind, catalog_settings(catalog, spread->settings[i]),
                         &settings[master]) != 0)
            return -1;
    }
    return catalog_intern_spread(selection->builder, settings, count, &entry->settings, selection->why);
}

static bool select_row(void *context, const struct catalog *from, uint32_t row, struct entry *entry)
{
    struct selection *selection = context;
    const struct resource *declared = &catalog_rows(from)[row];

    if (selection->failed || selection->plan->rows[row].action != ACTION_CREATE)
        return false;
    entry->problem_cause = CAUSE_NONE;
    if (declared->spread) {
        selection->failed = select_spread(selection, declared, entry) != 0;
        return !selection->failed;
    }
    complete(selection, declared->kind, catalog_settings_of(from, declared));
    entry->draft = &selection->draft;
    return true;
}

static int select_rows(const struct plan *plan, struct catalog **out, struct failure *why)
{
    struct selection selection = {.plan = plan, .builder = catalog_builder_new(), .why = why};

    if (selection.builder == NULL)
        return failure_no_memory(why, "the plan");
    int status = catalog_add_all(selection.builder, plan->declared, select_row, &selection, why);
    if (status == 0 && selection.failed)
        status = -1;
    if (status == 0)
        status = catalog_seal(selection.builder, NULL, NULL, out, why);
    catalog_builder_free(selection.builder);
    return status;
}

/* ---- the document ---- */

static void write_fields(struct json_writer *json, const char *key, uint64_t fields)
{
    if (fields == 0)
        return;
    json_write_key(json, key);
    json_write_begin_array(json);
    for (; fields != 0; fields &= fields - 1)
        json_write_string(json, field_info(field_first(fields))->name);
    json_write_end_array(json);
}

static void write_position(struct json_writer *json, const char *file, const struct resource *resource)
{
    struct buffer text;

    if (resource->line == 0)
        return;
    buffer_init(&text, FILE_BYTES_MAX);
    buffer_append_format(&text, "%s:%u:%u", file, resource->line, resource->column);
    json_write_key(json, "declaredAt");
    json_write_text(json, buffer_text(&text));
    json->out->failed = json->out->failed || text.failed;
    buffer_release(&text);
}

/* Of settings that are told per master the marks are, too: {"broker-a": ["perm"]}. */
static void write_marks_of_masters(struct json_writer *json, const char *key, const struct catalog *catalog,
                                   const struct spread *spread, uint64_t (*marks)(const struct settings *))
{
    bool any = false;

    for (uint16_t master = 0; master < spread->masters; master++) {
        uint32_t index = spread->settings[master];
        uint64_t fields = index == CATALOG_ABSENT ? 0 : marks(catalog_settings(catalog, index));
        if (fields == 0)
            continue;
        if (!any) {
            json_write_key(json, key);
            json_write_begin_object_inline(json);
        }
        any = true;
        write_fields(json, catalog_master(catalog, master), fields);
    }
    if (any)
        json_write_end_object(json);
}

static void write_marks(struct json_writer *json, const char *key, const struct catalog *catalog,
                        const struct resource *resource, uint64_t (*marks)(const struct settings *))
{
    if (resource->spread)
        write_marks_of_masters(json, key, catalog, catalog_spread(catalog, resource->settings), marks);
    else
        write_fields(json, key, marks(catalog_settings_of(catalog, resource)));
}

static uint64_t create_only_of(const struct settings *settings)
{
    return settings->create_only;
}

static uint64_t estimated_of(const struct settings *settings)
{
    return settings->estimated;
}

/* What an item says besides its settings. */
static void write_origin(void *context, struct json_writer *json, uint32_t row)
{
    const struct catalog *catalog = context;
    const struct resource *resource = &catalog_rows(catalog)[row];

    if (resource->source_name != CATALOG_ABSENT) {
        json_write_key(json, "sourceName");
        json_write_text(json, catalog_source_name(catalog, resource));
    }
    if (resource->line > 0)
        write_position(json, catalog_file(catalog, resource->file), resource);
    write_marks(json, "createOnly", catalog, resource, create_only_of);
    write_marks(json, "estimated", catalog, resource, estimated_of);
}

static void write_head(struct json_writer *json, const struct plan_file_head *head)
{
    char time[32];

    time_format(head->time_unix_ms != 0 ? head->time_unix_ms : walltime_unix_ms(), time);
    json_write_key(json, "version");
    json_write_integer(json, PLAN_FILE_VERSION);
    json_write_key(json, "kind");
    json_write_string(json, "Plan");
    json_write_key(json, "time");
    json_write_string(json, time);
    json_write_key(json, "address");
    json_write_string(json, head->address);
    json_write_key(json, "declaredDigest");
    json_write_string(json, head->declared_digest);
}

static int write_document(struct buffer *out, const struct plan_file_head *head, const struct catalog *rows)
{
    const struct snapshot_head destination = {.stands_for = head->kind, .identity = *head->identity};
    char digest[DIGEST_TEXT_BYTES];
    struct json_writer json;

    json_writer_init(&json, out, 2);
    json_write_begin_object(&json);
    write_head(&json, head);
    snapshot_write_members(&json, rows, &destination, write_origin, (void *)rows);
    if (out->failed || digest_of(buffer_text(out), digest) != 0)
        return -1;
    return buffer_append_format(out, "%s%s%s", PLAN_FILE_BEFORE_DIGEST, digest, PLAN_FILE_AFTER_DIGEST);
}

int plan_file_write(const char *path, const struct plan_file_head *head, const struct plan *plan, struct failure *why)
{
    struct catalog *rows = NULL;
    struct buffer document;

    buffer_init(&document, FILE_BYTES_MAX);
    int status = select_rows(plan, &rows, why);
    if (status == 0 && write_document(&document, head, rows) != 0)
        status = failure_no_memory(why, "the plan");
    if (status == 0)
        status = file_replace(path, buffer_text(&document), FILE_MODE, why);
    buffer_release(&document);
    catalog_unref(rows);
    return status == 0 ? 0 : failure_wrap(why, "could not save the plan %s", path);
}
