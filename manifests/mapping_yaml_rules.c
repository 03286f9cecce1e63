/* SPDX-License-Identifier: Apache-2.0
 *
 * rename, messageTypes, set and createDefaults of a Mapping.
 */
#include <stddef.h>
#include <string.h>

#include "manifests/mapping_reading.h"

/* ---- rename ---- */

struct rename_entry {
    uint8_t kinds;
    struct yaml_word from, to, prefix;
};

static const struct yaml_field rename_rows[] = {
    {.name = YAML_FIELD_NAME("kind"),
     .shapes = YAML_SCALAR,
     .argument = offsetof(struct rename_entry, kinds),
     .read = mapping_read_kind},
    {.name = YAML_FIELD_NAME("from"),
     .shapes = YAML_SCALAR,
     .any_text = true,
     .argument = offsetof(struct rename_entry, from),
     .read = yaml_read_word},
    {.name = YAML_FIELD_NAME("to"),
     .shapes = YAML_SCALAR,
     .any_text = true,
     .argument = offsetof(struct rename_entry, to),
     .read = yaml_read_word},
    {.name = YAML_FIELD_NAME("prefix"),
     .shapes = YAML_SCALAR,
     .any_text = true,
     .argument = offsetof(struct rename_entry, prefix),
     .read = yaml_read_word},
};

static const struct yaml_table rename_table = {rename_rows, sizeof rename_rows / sizeof *rename_rows, "a rename"};

static bool is_rename(struct yaml_reader *reader, const struct rename_entry *entry, struct yaml_mark mark)
{
    bool has_from = entry->from.text.data != NULL, has_to = entry->to.text.data != NULL;
    bool has_prefix = entry->prefix.text.data != NULL;

    if (has_from != has_to || has_from == has_prefix) {
        yaml_complain(reader, mark, "a rename has from and to, or a prefix");
        return false;
    }
    if (has_from && memchr(entry->from.text.data, '*', entry->from.text.bytes) != NULL) {
        yaml_complain(reader, entry->from.mark, "from is one name, not a glob");
        return false;
    }
    if (has_prefix)
        return spec_is_name(reader, entry->prefix.text, "a prefix", entry->prefix.mark);
    return spec_is_name(reader, entry->from.text, "a resource", entry->from.mark) &&
           spec_is_name(reader, entry->to.text, "a resource", entry->to.mark);
}

static void add_rename(struct yaml_reader *reader, struct mapping_reading *reading, const struct rename_entry *entry)
{
    struct mapping *mapping = reading->mapping;
    struct rename_rule *rules = mapping_one_more(reader, reading, mapping->renames, mapping->rename_count,
                                                 &reading->room.renames, sizeof *rules);

    if (rules == NULL)
        return;
    mapping->renames = rules;
    rules[mapping->rename_count++] = (struct rename_rule){
        .kinds = entry->kinds,
        .from = mapping_copy_text(reader, reading, entry->from.text),
        .to = mapping_copy_text(reader, reading, entry->to.text),
        .prefix = mapping_copy_text(reader, reading, entry->prefix.text),
    };
}

static void read_rename(struct yaml_reader *reader, struct mapping_reading *reading, struct yaml_mark mark)
{
    struct rename_entry entry = {.kinds = MATCH_BOTH};

    yaml_read_fields(reader, &rename_table, mark, 0, &entry);
    if (is_rename(reader, &entry, mark))
        add_rename(reader, reading, &entry);
}

void mapping_read_renames(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                          void *target)
{
    (void)field, (void)value;
    mapping_read_maps(reader, "a rename", read_rename, target);
}

/* ---- messageTypes ---- */

struct type_entry {
    struct yaml_word match, type;
};

static const struct yaml_field type_rows[] = {
    {.name = YAML_FIELD_NAME("match"),
     .shapes = YAML_SCALAR,
     .required = true,
     .any_text = true,
     .argument = offsetof(struct type_entry, match),
     .read = yaml_read_word},
    {.name = YAML_FIELD_NAME("type"),
     .shapes = YAML_SCALAR,
     .required = true,
     .argument = offsetof(struct type_entry, type),
     .read = yaml_read_word},
};

static const struct yaml_table type_table = {type_rows, sizeof type_rows / sizeof *type_rows, "a message type"};

static void add_type(struct yaml_reader *reader, struct mapping_reading *reading, const struct type_entry *entry)
{
    struct mapping *mapping = reading->mapping;
    union value type;
    char room[160];

    if (entry->match.text.data == NULL || entry->type.text.data == NULL ||
        !mapping_is_glob(reader, entry->match.text, entry->match.mark))
        return;
    const char *rule = value_parse(FIELD_TOPIC_MESSAGE_TYPE, entry->type.text, true, &type, room);
    if (rule != NULL) {
        yaml_complain(reader, entry->type.mark, "%s, this is \"%s\"", rule, entry->type.text.data);
        return;
    }
    struct type_rule *rules =
        mapping_one_more(reader, reading, mapping->types, mapping->type_count, &reading->room.types, sizeof *rules);
    if (rules == NULL)
        return;
    mapping->types = rules;
    rules[mapping->type_count++] = (struct type_rule){
        .glob = mapping_copy_text(reader, reading, entry->match.text),
        .type = mapping_copy_text(reader, reading, entry->type.text),
    };
}

static void read_type(struct yaml_reader *reader, struct mapping_reading *reading, struct yaml_mark mark)
{
    struct type_entry entry = {.match = {.text = {NULL, 0}}};

    yaml_read_fields(reader, &type_table, mark, 0, &entry);
    add_type(reader, reading, &entry);
}

void mapping_read_types(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                        void *target)
{
    (void)field, (void)value;
    mapping_read_maps(reader, "a message type", read_type, target);
}

/* ---- set ---- */

struct set_entry {
    struct mapping_reading *reading;
    struct set_rule rule;
    struct yaml_word match;
};

static bool is_kind_known(struct yaml_reader *reader, const struct set_entry *entry, const struct yaml_value *value)
{
    if (entry->rule.kinds != 0)
        return true;
    yaml_complain(reader, value->mark, "kind stands before when and spec: it says which settings there are");
    yaml_skip(reader, value);
    return false;
}

static enum kind only_kind(uint8_t kinds)
{
    return kinds == MATCH_TOPICS ? KIND_TOPIC : KIND_GROUP;
}

static void read_when(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                      void *target)
{
    struct set_entry *entry = target;
    struct spec *spec = &entry->reading->spec;

    (void)field;
    if (!is_kind_known(reader, entry, value))
        return;
    spec_reset(spec);
    spec_read(reader, only_kind(entry->rule.kinds), SPEC_SETTINGS, value->mark, spec);
    entry->rule.when = mapping_copy_draft(reader, entry->reading, &spec->draft);
}

static void copy_brokers(struct yaml_reader *reader, struct mapping_reading *reading, struct set_rule *rule)
{
    const struct spec *spec = &reading->spec;

    if (spec->broker_count == 0)
        return;
    rule->brokers = mapping_take(reader, reading, spec->broker_count * sizeof *rule->brokers);
    if (rule->brokers == NULL)
        return;
    for (uint32_t i = 0; i < spec->broker_count; i++) {
        rule->brokers[i].broker = mapping_copy_text(reader, reading, spec->brokers[i].broker);
        rule->brokers[i].spec = mapping_copy_draft(reader, reading, &spec->brokers[i].own);
    }
    rule->broker_count = (uint16_t)spec->broker_count;
}

static void read_set_spec(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                          void *target)
{
    struct set_entry *entry = target;
    struct spec *spec = &entry->reading->spec;

    (void)field;
    if (!is_kind_known(reader, entry, value))
        return;
    spec_reset(spec);
    spec_read(reader, only_kind(entry->rule.kinds), SPEC_PLACED, value->mark, spec);
    entry->rule.spec = mapping_copy_draft(reader, entry->reading, &spec->draft);
    copy_brokers(reader, entry->reading, &entry->rule);
}

static const struct yaml_field set_rows[] = {
    {.name = YAML_FIELD_NAME("kind"),
     .shapes = YAML_SCALAR,
     .required = true,
     .argument = offsetof(struct set_entry, rule.kinds),
     .read = mapping_read_kind},
    {.name = YAML_FIELD_NAME("match"),
     .shapes = YAML_SCALAR,
     .required = true,
     .any_text = true,
     .argument = offsetof(struct set_entry, match),
     .read = yaml_read_word},
    {.name = YAML_FIELD_NAME("when"), .shapes = YAML_MAP, .read = read_when},
    {.name = YAML_FIELD_NAME("spec"), .shapes = YAML_MAP, .required = true, .read = read_set_spec},
};

static const struct yaml_table set_table = {set_rows, sizeof set_rows / sizeof *set_rows, "a set"};

static void add_set(struct yaml_reader *reader, struct mapping_reading *reading, struct set_entry *entry)
{
    struct mapping *mapping = reading->mapping;

    if (entry->match.text.data == NULL || !mapping_is_glob(reader, entry->match.text, entry->match.mark))
        return;
    struct set_rule *rules =
        mapping_one_more(reader, reading, mapping->sets, mapping->set_count, &reading->room.sets, sizeof *rules);
    if (rules == NULL)
        return;
    mapping->sets = rules;
    entry->rule.glob = mapping_copy_text(reader, reading, entry->match.text);
    rules[mapping->set_count++] = entry->rule;
}

static void read_set(struct yaml_reader *reader, struct mapping_reading *reading, struct yaml_mark mark)
{
    struct set_entry entry = {.reading = reading};

    yaml_read_fields(reader, &set_table, mark, 0, &entry);
    add_set(reader, reading, &entry);
}

void mapping_read_sets(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                       void *target)
{
    (void)field, (void)value;
    mapping_read_maps(reader, "a set", read_set, target);
}

void mapping_read_create_defaults(struct yaml_reader *reader, const struct yaml_field *field,
                                  const struct yaml_value *value, void *target)
{
    struct mapping_reading *reading = target;
    struct spec *spec = &reading->spec;

    spec_reset(spec);
    spec_read(reader, field->argument, SPEC_SETTINGS, value->mark, spec);
    reading->mapping->create_defaults[field->argument] = mapping_copy_draft(reader, reading, &spec->draft);
}
