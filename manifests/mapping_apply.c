/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/cause.h"
#include "manifests/mapping.h"
#include "manifests/mapping_settings.h"
#include "manifests/name_index.h"

/* Which resources a round over the source takes. */
enum round { ROUND_ALL, ROUND_DECLARED, ROUND_REST };

struct mapper {
    const struct mapping *mapping;
    struct catalog_builder *builder;
    struct name_index *include[NAME_LISTS], *exclude[NAME_LISTS];
    struct name_index *renames, *types, *sets;
    struct settings_mapper *settings; /* NULL: settings stay */
    bool renaming;                    /* names may change */
    enum round round;
    struct buffer name;  /* new name of the resource under way */
    struct buffer topic; /* and of its dead-letter topic */
    char too_long[80];   /* what is wrong with the new name */
    struct mapping_counts counts;
    struct failure *why;
    bool failed;
};

/* ---- names ---- */

/* Without the prefix; a name that is nothing but the prefix keeps it. */
static struct text strip(const struct mapping *mapping, struct text name)
{
    struct text prefix = mapping->strip_prefix;

    if (prefix.bytes == 0 || name.bytes <= prefix.bytes || memcmp(name.data, prefix.data, prefix.bytes) != 0)
        return name;
    return (struct text){name.data + prefix.bytes, name.bytes - prefix.bytes};
}

static bool on_list(const struct name_list *list, const struct name_index *index, enum kind kind, struct text name)
{
    struct name_cursor cursor = {0};
    uint32_t rule;

    while (name_index_next(index, name, &cursor, &rule)) {
        if ((list->rules[rule].kinds & (1U << kind)) != 0)
            return true;
    }
    return false;
}

static bool is_excluded(const struct mapper *mapper, enum kind kind, struct text name)
{
    const struct mapping *mapping = mapper->mapping;

    if ((mapping->kinds & (1U << kind)) == 0)
        return true;
    for (int i = 0; i < NAME_LISTS; i++) {
        if (mapping->include[i].count > 0 && !on_list(&mapping->include[i], mapper->include[i], kind, name))
            return true;
        if (on_list(&mapping->exclude[i], mapper->exclude[i], kind, name))
            return true;
    }
    return false;
}

static bool begins_with(struct text name, struct text prefix)
{
    return name.bytes >= prefix.bytes && memcmp(name.data, prefix.data, prefix.bytes) == 0;
}

/* Does the rule speak of this name? A prefix only where it is missing. */
static bool renames(const struct rename_rule *rule, enum kind kind, struct text name)
{
    if ((rule->kinds & (1U << kind)) == 0)
        return false;
    return rule->prefix.bytes > 0 ? !begins_with(name, rule->prefix) : text_equal(rule->from, name);
}

/* The destination's name of a source's stripped one; `room` holds it where it is a new text. 0, or -1 without memory.
 */
static int rename_to(const struct mapper *mapper, enum kind kind, struct text name, struct buffer *room,
                     struct text *out)
{
    struct name_cursor cursor = {0};
    uint32_t number;

    *out = name;
    while (name_index_next(mapper->renames, name, &cursor, &number)) {
        const struct rename_rule *rule = &mapper->mapping->renames[number];
        if (!renames(rule, kind, name))
            continue;
        if (rule->prefix.bytes == 0) {
            *out = rule->to;
            return 0;
        }
        buffer_reset(room);
        buffer_append_text(room, rule->prefix);
        if (buffer_append_text(room, name) != 0)
            return -1;
        *out = buffer_text(room);
        return 0;
    }
    return 0;
}

static int rename_topic(void *context, struct text name, struct text *out)
{
    struct mapper *mapper = context;
    return rename_to(mapper, KIND_TOPIC, strip(mapper->mapping, name), &mapper->topic, out);
}

/* ---- settings ---- */

static uint32_t type_rule_of(const struct mapper *mapper, enum kind kind, struct text name)
{
    struct name_cursor cursor = {0};
    uint32_t rule;
    return kind == KIND_TOPIC && name_index_next(mapper->types, name, &cursor, &rule) ? rule : RULE_NONE;
}

/* With the first set rule that matches the name and whose `when` holds. */
static int map_settings(struct mapper *mapper, const struct entry *entry, struct text name, struct settings_task *task,
                        struct settings_result *out)
{
    struct name_cursor cursor = {0};
    uint32_t rule;

    task->ambiguous = entry->problem_cause == CAUSE_SOURCE_AMBIGUOUS;
    task->type_rule = type_rule_of(mapper, entry->kind, name);
    while (name_index_next(mapper->sets, name, &cursor, &rule)) {
        if ((mapper->mapping->sets[rule].kinds & (1U << entry->kind)) == 0)
            continue;
        task->set_rule = rule;
        if (settings_mapper_map(mapper->settings, task, out, mapper->why) != 0)
            return -1;
        if (out->applies)
            return 0;
    }
    task->set_rule = RULE_NONE;
    return settings_mapper_map(mapper->settings, task, out, mapper->why);
}

/* Has the mapping said what was unknown? */
static bool is_settled(const struct entry *entry, const struct settings_result *result)
{
    const uint64_t queues = FIELD_BIT(FIELD_TOPIC_READ_QUEUE_NUMS) | FIELD_BIT(FIELD_TOPIC_WRITE_QUEUE_NUMS);
    uint64_t unknown = entry->problem_field == FIELD_COUNT ? 0 : FIELD_BIT(entry->problem_field);

    switch (entry->problem_cause) {
    case CAUSE_SOURCE_AMBIGUOUS:
        return entry->spread || result->placed ? result->agreed : unknown != 0 && (unknown & ~result->told) == 0;
    case CAUSE_PLACEMENT_UNKNOWN:
        return result->placed && result->agreed;
    case CAUSE_QUEUE_NUMBERS_UNKNOWN:
        unknown = unknown == 0 ? queues : unknown;
        return (unknown & ~result->told) == 0 && (queues & ~result->known) == 0;
    case CAUSE_DECLARED_TWICE:
        return false;
    default:
        return unknown != 0 && (unknown & ~result->told) == 0;
    }
}

static void set_problem(struct entry *entry, int cause, const char *text)
{
    entry->problem_cause = cause;
    entry->problem_field = FIELD_COUNT;
    entry->problem_text = text;
}

static int change_settings(struct mapper *mapper, const struct resource *resource, struct text name,
                           struct entry *entry)
{
    struct settings_task task = {.kind = entry->kind, .settings = resource->settings, .spread = resource->spread};
    struct settings_result result;

    if (map_settings(mapper, entry, name, &task, &result) != 0)
        return -1;
    bool settled = entry->problem_cause != CAUSE_NONE && is_settled(entry, &result);
    entry->settings = result.settings;
    entry->spread = result.spread;
    if (result.clashed)
        set_problem(entry, CAUSE_SOURCE_AMBIGUOUS,
                    "two of its brokers get one name by the mapping, and their settings differ");
    else if (settled && task.ambiguous && result.spread && !result.placed)
        set_problem(entry, CAUSE_PLACEMENT_UNKNOWN, "the source holds it on some of its brokers only");
    else if (settled)
        set_problem(entry, CAUSE_NONE, NULL);
    return 0;
}

/* ---- rows ---- */

static bool takes(const struct mapper *mapper, bool declared)
{
    return mapper->round == ROUND_ALL || (mapper->round == ROUND_DECLARED) == declared;
}

/* A name that does not fit any more is left as it is, and is never created so. 0, or -1 without memory. */
static int change_name(struct mapper *mapper, const struct catalog *from, uint32_t row, struct text name,
                       struct entry *entry)
{
    struct text renamed;

    if (rename_to(mapper, entry->kind, name, &mapper->name, &renamed) != 0)
        return failure_no_memory(mapper->why, "the name of a resource");
    if (renamed.bytes > NAME_BYTES_MAX) {
        snprintf(mapper->too_long, sizeof mapper->too_long, "the mapping gives it a name of %zu bytes, %d are the most",
                 renamed.bytes, NAME_BYTES_MAX);
        set_problem(entry, CAUSE_INVALID_PARAMETER, mapper->too_long);
        renamed = name;
    }
    entry->source_name = catalog_source_name(from, &catalog_rows(from)[row]);
    entry->name = renamed;
    return 0;
}

static bool fail(struct mapper *mapper)
{
    mapper->failed = true;
    return false;
}

static bool map_row(void *context, const struct catalog *from, uint32_t row, struct entry *entry)
{
    struct mapper *mapper = context;
    struct text name = strip(mapper->mapping, entry->name);

    if (mapper->failed)
        return false;
    if (entry->status != STATUS_ORDINARY)
        return takes(mapper, false);
    if (is_excluded(mapper, entry->kind, name)) {
        if (!takes(mapper, false))
            return false;
        mapper->counts.excluded[entry->kind]++;
        entry->status = STATUS_EXCLUDED;
        return true;
    }
    if (!takes(mapper, true))
        return false;
    mapper->counts.declared[entry->kind]++;
    if (mapper->settings != NULL && change_settings(mapper, &catalog_rows(from)[row], name, entry) != 0)
        return fail(mapper);
    if (mapper->renaming && change_name(mapper, from, row, name, entry) != 0)
        return fail(mapper);
    return true;
}

/* Two declared ones collide; what is not declared gives way to what is, which came in first. */
static enum duplicate collide(void *context, struct duplicate_pair *pair, struct failure *why)
{
    (void)context;
    if (pair->second->status != STATUS_ORDINARY)
        return DUPLICATE_DROP;
    failure_set(why, CAUSE_RENAME_COLLIDES, "the mapping gives several resources this name");
    return DUPLICATE_KEEP;
}

static int map_rows(struct mapper *mapper, struct catalog *from, struct catalog **out, struct failure *why)
{
    static const enum round renaming[] = {ROUND_DECLARED, ROUND_REST}, staying[] = {ROUND_ALL};
    const enum round *rounds = mapper->renaming ? renaming : staying;
    size_t count = mapper->renaming ? 2 : 1;

    for (size_t i = 0; i < count; i++) {
        mapper->round = rounds[i];
        if (catalog_add_all(mapper->builder, from, map_row, mapper, why) != 0 || mapper->failed)
            return -1;
    }
    return catalog_seal(mapper->builder, collide, mapper, out, why);
}

/* ---- the whole ---- */

static bool changes_names(const struct mapping *mapping)
{
    return mapping->strip_prefix.bytes > 0 || mapping->rename_count > 0;
}

static bool changes_settings(const struct mapping *mapping)
{
    return changes_names(mapping) || mapping->type_count > 0 || mapping->set_count > 0 || mapping->broker_count > 0 ||
           mapping->create_defaults[KIND_TOPIC] != NULL || mapping->create_defaults[KIND_GROUP] != NULL;
}

static bool changes_anything(const struct mapping *mapping)
{
    bool filters = mapping->kinds != MATCH_BOTH;
    for (int i = 0; i < NAME_LISTS; i++)
        filters = filters || mapping->include[i].count > 0 || mapping->exclude[i].count > 0;
    return filters || changes_settings(mapping);
}

static int index_names(const struct name_list *list, struct name_index **out, struct failure *why)
{
    return name_index_of(list->rules, sizeof *list->rules, offsetof(struct name_rule, glob), list->count, out, why);
}

/* A rule with a prefix looks at every name. */
static int index_renames(const struct mapping *mapping, struct name_index **out, struct failure *why)
{
    if (mapping->rename_count == 0)
        return 0;
    *out = name_index_new(mapping->rename_count);
    if (*out == NULL)
        return failure_no_memory(why, "the names of the mapping");
    for (uint32_t i = 0; i < mapping->rename_count; i++)
        name_index_add(*out, mapping->renames[i].prefix.bytes > 0 ? TEXT("*") : mapping->renames[i].from);
    return 0;
}

static int mapper_open(struct mapper *mapper, const struct catalog *from, struct failure *why)
{
    const struct mapping *mapping = mapper->mapping;

    mapper->builder = catalog_builder_new();
    if (mapper->builder == NULL)
        return failure_no_memory(why, "the declared set");
    for (int i = 0; i < NAME_LISTS; i++) {
        if (index_names(&mapping->include[i], &mapper->include[i], why) != 0 ||
            index_names(&mapping->exclude[i], &mapper->exclude[i], why) != 0)
            return -1;
    }
    if (index_renames(mapping, &mapper->renames, why) != 0 ||
        name_index_of(mapping->types, sizeof *mapping->types, offsetof(struct type_rule, glob), mapping->type_count,
                      &mapper->types, why) != 0 ||
        name_index_of(mapping->sets, sizeof *mapping->sets, offsetof(struct set_rule, glob), mapping->set_count,
                      &mapper->sets, why) != 0)
        return -1;
    if (!changes_settings(mapping))
        return 0;
    mapper->settings = settings_mapper_new(mapping, from, mapper->builder, rename_topic, mapper, why);
    return mapper->settings == NULL ? -1 : 0;
}

static void mapper_close(struct mapper *mapper)
{
    settings_mapper_free(mapper->settings);
    catalog_builder_free(mapper->builder);
    for (int i = 0; i < NAME_LISTS; i++) {
        name_index_free(mapper->include[i]);
        name_index_free(mapper->exclude[i]);
    }
    name_index_free(mapper->renames);
    name_index_free(mapper->types);
    name_index_free(mapper->sets);
    buffer_release(&mapper->name);
    buffer_release(&mapper->topic);
}

static void count_declared(const struct catalog *catalog, struct mapping_counts *counts)
{
    for (uint32_t i = 0; i < catalog_count(catalog); i++) {
        const struct resource *resource = &catalog_rows(catalog)[i];
        if (resource->status == STATUS_ORDINARY)
            counts->declared[resource->kind]++;
    }
}

int mapping_apply(const struct mapping *mapping, struct catalog *from, struct mapping_counts *counts,
                  struct catalog **out, struct failure *why)
{
    struct mapper mapper = {.mapping = mapping, .renaming = changes_names(mapping), .why = why};

    *counts = (struct mapping_counts){{0}, {0}};
    if (!changes_anything(mapping)) {
        count_declared(from, counts);
        *out = catalog_ref(from);
        return 0;
    }
    buffer_init(&mapper.name, 2 * NAME_BYTES_MAX); /* a prefix is as long as a name at most */
    buffer_init(&mapper.topic, 2 * NAME_BYTES_MAX);
    int status = mapper_open(&mapper, from, why);
    if (status == 0)
        status = map_rows(&mapper, from, out, why);
    if (status == 0)
        *counts = mapper.counts;
    mapper_close(&mapper);
    return status;
}
