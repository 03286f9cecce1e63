/* SPDX-License-Identifier: Apache-2.0 */
#include "manifests/mapping_yaml.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "api/base/file.h"
#include "api/base/strings.h"
#include "api/cause.h"
#include "manifests/document.h"
#include "manifests/mapping_reading.h"

/* ---- the mapping's memory ---- */

static void stop_without_memory(struct yaml_reader *reader)
{
    struct failure failure = FAILURE_INIT;

    failure_no_memory(&failure, "the mapping");
    yaml_stop(reader, &failure);
}

void *mapping_take(struct yaml_reader *reader, struct mapping_reading *reading, size_t bytes)
{
    void *memory = mapping_alloc(reading->mapping, bytes);

    if (memory == NULL)
        stop_without_memory(reader);
    return memory;
}

void *mapping_one_more(struct yaml_reader *reader, struct mapping_reading *reading, void *items, uint32_t count,
                       uint32_t *capacity, size_t item_bytes)
{
    struct failure failure = FAILURE_INIT;

    if (count < *capacity)
        return items;
    if (count >= MAPPING_RULES_MAX) {
        failure_set(&failure, CAUSE_INPUT_WRONG, "%s holds a list of more than %d entries", reading->path,
                    MAPPING_RULES_MAX);
        yaml_stop(reader, &failure);
        return NULL;
    }
    uint32_t wanted = count == 0 ? 8 : count * 2;
    void *grown = mapping_take(reader, reading, wanted * item_bytes);
    if (grown == NULL)
        return NULL;
    if (count > 0)
        memcpy(grown, items, count * item_bytes);
    *capacity = wanted;
    return grown;
}

struct text mapping_copy_text(struct yaml_reader *reader, struct mapping_reading *reading, struct text text)
{
    struct text copy = mapping_text(reading->mapping, text);

    if (copy.data == NULL)
        stop_without_memory(reader);
    return copy;
}

void mapping_copy_value(struct yaml_reader *reader, struct mapping_reading *reading, enum field field,
                        union value *value)
{
    enum field_type type = field_info(field)->type;

    if (type != TYPE_BOOL && type != TYPE_INTEGER)
        value->text = mapping_copy_text(reader, reading, value->text);
}

struct draft *mapping_copy_draft(struct yaml_reader *reader, struct mapping_reading *reading, const struct draft *draft)
{
    if (draft->set == 0)
        return NULL;
    struct draft *copy = mapping_take(reader, reading, sizeof *copy);
    if (copy == NULL)
        return NULL;
    copy->set = draft->set;
    for (uint64_t rest = draft->set; rest != 0; rest &= rest - 1) {
        enum field field = field_first(rest);
        copy->values[field] = draft->values[field];
        mapping_copy_value(reader, reading, field, &copy->values[field]);
    }
    return copy;
}

/* ---- words ---- */

bool mapping_is_glob(struct yaml_reader *reader, struct text glob, struct yaml_mark mark)
{
    if (glob.bytes > 0 && glob.bytes <= NAME_BYTES_MAX)
        return true;
    yaml_complain(reader, mark, "a name or glob has 1 to %d bytes, this has %zu", NAME_BYTES_MAX, glob.bytes);
    return false;
}

void mapping_read_maps(struct yaml_reader *reader, const char *what, mapping_read_map *read,
                       struct mapping_reading *reading)
{
    struct yaml_kept kept = yaml_kept(reader);
    struct yaml_value item;

    while (yaml_next_item(reader, &item)) {
        if (!yaml_expect(reader, what, YAML_MAP, &item))
            continue;
        read(reader, reading, item.mark);
        yaml_forget(reader, kept);
    }
}

void mapping_read_kind(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                       void *target)
{
    uint8_t *kinds = (uint8_t *)target + field->argument;

    for (enum kind kind = 0; kind < KINDS; kind++) {
        if (!text_is(value->text, kind_name(kind)))
            continue;
        *kinds = (uint8_t)(1U << kind);
        return;
    }
    yaml_complain(reader, value->mark, "kind is Topic or ConsumerGroup");
}

static void read_strip_prefix(struct yaml_reader *reader, const struct yaml_field *field,
                              const struct yaml_value *value, void *target)
{
    struct mapping_reading *reading = target;

    (void)field;
    reading->mapping->strip_prefix = mapping_copy_text(reader, reading, value->text);
}

static void read_source_masters(struct yaml_reader *reader, const struct yaml_field *field,
                                const struct yaml_value *value, void *target)
{
    struct mapping_reading *reading = target;
    int64_t number;

    (void)field;
    if (value->plain && number_parse(value->text, &number) && number >= 1 && number <= CATALOG_MASTERS_MAX)
        reading->mapping->source_masters = (uint32_t)number;
    else
        yaml_complain(reader, value->mark, "sourceMasters is a whole number from 1 to %d", CATALOG_MASTERS_MAX);
}

static bool is_renamed(const struct mapping *mapping, struct text broker)
{
    for (uint32_t i = 0; i < mapping->broker_count; i++) {
        if (text_equal(mapping->brokers[i].from, broker))
            return true;
    }
    return false;
}

static void add_broker(struct yaml_reader *reader, struct mapping_reading *reading, const struct yaml_entry *entry)
{
    struct mapping *mapping = reading->mapping;

    if (is_renamed(mapping, entry->key)) {
        yaml_complain(reader, entry->mark, "brokers names this one twice");
        return;
    }
    if (mapping->broker_count == CATALOG_MASTERS_MAX) {
        yaml_complain(reader, entry->mark, "more than %d brokers", CATALOG_MASTERS_MAX);
        return;
    }
    struct broker_rename *renames = mapping_one_more(reader, reading, mapping->brokers, mapping->broker_count,
                                                     &reading->room.brokers, sizeof *renames);
    if (renames == NULL)
        return;
    mapping->brokers = renames;
    renames[mapping->broker_count++] = (struct broker_rename){
        .from = mapping_copy_text(reader, reading, entry->key),
        .to = mapping_copy_text(reader, reading, entry->value.text),
    };
}

static void read_brokers(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                         void *target)
{
    struct yaml_entry entry;

    (void)field;
    (void)value;
    while (yaml_next_entry(reader, &entry)) {
        if (yaml_expect_entry(reader, "brokers", YAML_SCALAR, &entry) &&
            spec_is_name(reader, entry.key, "a broker", entry.mark) &&
            spec_is_name(reader, entry.value.text, "a broker", entry.value.mark))
            add_broker(reader, target, &entry);
    }
}

/* ---- files ---- */

int mapping_read_file(struct mapping_reading *reading, const char *path, struct file_text *out, struct failure *why)
{
    struct file_mark *marks = realloc(reading->marks, (reading->mark_count + (size_t)1) * sizeof *marks);
    char *copy = strdup(path);

    if (marks != NULL)
        reading->marks = marks;
    if (marks == NULL || copy == NULL) {
        free(copy);
        return failure_no_memory(why, "the mapping");
    }
    struct file_mark *mark = &marks[reading->mark_count++];
    *mark = (struct file_mark){.path = copy};
    /* Where there is nothing, reading says so. */
    (void)file_mark_take(path, mark);
    return file_read(path, out, why);
}

/* ---- the document ---- */

static const struct yaml_field rows[] = {
    DOCUMENT_HEADER,
    {.name = YAML_FIELD_NAME("metadata.name"), .shapes = YAML_SCALAR, .any_text = true},
    {.name = YAML_FIELD_NAME("spec.include"),
     .shapes = YAML_LIST | YAML_MAP,
     .argument = MAPPING_INCLUDE,
     .read = mapping_read_names},
    {.name = YAML_FIELD_NAME("spec.exclude"),
     .shapes = YAML_LIST | YAML_MAP,
     .argument = MAPPING_EXCLUDE,
     .read = mapping_read_names},
    {.name = YAML_FIELD_NAME("spec.stripPrefix"), .shapes = YAML_SCALAR, .any_text = true, .read = read_strip_prefix},
    {.name = YAML_FIELD_NAME("spec.sourceMasters"), .shapes = YAML_SCALAR, .read = read_source_masters},
    {.name = YAML_FIELD_NAME("spec.brokers"), .shapes = YAML_MAP, .read = read_brokers},
    {.name = YAML_FIELD_NAME("spec.rename"), .shapes = YAML_LIST, .read = mapping_read_renames},
    {.name = YAML_FIELD_NAME("spec.messageTypes"), .shapes = YAML_LIST, .read = mapping_read_types},
    {.name = YAML_FIELD_NAME("spec.set"), .shapes = YAML_LIST, .read = mapping_read_sets},
    {.name = YAML_FIELD_NAME("spec.createDefaults.topic"),
     .shapes = YAML_MAP,
     .argument = KIND_TOPIC,
     .read = mapping_read_create_defaults},
    {.name = YAML_FIELD_NAME("spec.createDefaults.group"),
     .shapes = YAML_MAP,
     .argument = KIND_GROUP,
     .read = mapping_read_create_defaults},
    {.name = YAML_FIELD_NAME("spec.accept"), .shapes = YAML_LIST, .read = mapping_read_accepts},
};

static const struct yaml_table table = {rows, sizeof rows / sizeof *rows, "a Mapping"};

static void read_documents(struct yaml_reader *reader, struct mapping_reading *reading)
{
    struct document document;
    bool found = false, any = false;

    while (document_next(reader, &document)) {
        any = true;
        if (document.kind == DOCUMENT_MAPPING && !found) {
            found = true;
            document_read(reader, &document, &table, reading);
        } else if (document.kind == DOCUMENT_MAPPING) {
            yaml_complain(reader, document.mark, "a second Mapping: the file of a mapping holds one");
        } else {
            yaml_complain(reader, document.mark,
                          "the file of a mapping holds one document of kind Mapping, this is a %s",
                          document_kind_name(document.kind));
        }
    }
    if (!any && reading->mistakes->count == 0)
        complain(reading->mistakes, &(struct place){reading->path, 0, 0}, "holds no document of kind Mapping");
}

static int read_text(struct text text, struct mapping_reading *reading, struct failure *why)
{
    struct yaml_reader *reader = yaml_reader_new(text, reading->path, reading->mistakes, why);

    if (reader == NULL)
        return -1;
    spec_init(&reading->spec);
    read_documents(reader, reading);
    int status = yaml_status(reader, why);
    spec_release(&reading->spec);
    yaml_reader_free(reader);
    return status;
}

static int read_mapping(struct mapping_reading *reading, struct failure *why)
{
    uint64_t mistakes = reading->mistakes->count + reading->mistakes->dropped;
    struct file_text file = {0};

    if (mapping_read_file(reading, reading->path, &file, why) != 0) {
        if (why->cause == CAUSE_INPUT_WRONG)
            complain(reading->mistakes, &(struct place){reading->path, 0, 0}, "%s", why->text);
        return -1;
    }
    int status = read_text((struct text){file.data, file.bytes}, reading, why);
    file_text_release(&file);
    mistakes = reading->mistakes->count + reading->mistakes->dropped - mistakes;
    if (status == 0 && mistakes > 0)
        status = failure_set(why, CAUSE_INPUT_WRONG, "the mapping %s is wrong", reading->path);
    return status;
}

int mapping_load(const char *path, struct mapping *mapping, struct file_mark **out_marks, uint32_t *out_mark_count,
                 struct complaints *mistakes, struct failure *why)
{
    struct mapping_reading reading = {.mapping = mapping, .path = path, .mistakes = mistakes};

    if (read_mapping(&reading, why) != 0) {
        file_marks_free(reading.marks, reading.mark_count);
        return -1;
    }
    *out_marks = reading.marks;
    *out_mark_count = reading.mark_count;
    return 0;
}
