/* SPDX-License-Identifier: Apache-2.0
 *
 * accept of a Mapping: differences that people have decided to live with.
 */
#include <stddef.h>
#include <string.h>

#include "api/base/strings.h"
#include "manifests/mapping_reading.h"

/* A value whose field may stand behind it: a scalar waits for it, a map or list cannot. */
struct said {
    bool given; /* and usable */
    bool parsed;
    struct text text;
    struct yaml_mark mark;
    union value value;
};

struct accept_entry {
    struct mapping_reading *reading;
    uint8_t kinds;
    struct yaml_word name, field, reason;
    struct said observed, declared;
};

/* ---- the field ---- */

static void complain_unknown_field(struct yaml_reader *reader, enum kind kind, const struct yaml_word *word)
{
    const char *names[FIELD_COUNT + 1];
    uint32_t count = 0;

    for (uint64_t rest = fields_of(kind); rest != 0; rest &= rest - 1)
        names[count++] = field_info(field_first(rest))->name;
    names[count] = NULL;
    const char *nearest = nearest_spelling(word->text, names);
    yaml_complain(reader, word->mark, "a %s has no field \"%s\"%s%s", kind_word(kind), word->text.data,
                  nearest != NULL ? ", did you mean " : "", nearest != NULL ? nearest : "");
}

/* "attributes.cleanup.policy" is one key of a MAP. False: reported, or the kind or the field is missing. */
static bool find_field(struct yaml_reader *reader, const struct accept_entry *entry, enum field *out,
                       struct text *out_attribute)
{
    enum kind kind = entry->kinds == MATCH_TOPICS ? KIND_TOPIC : KIND_GROUP;
    struct text name = entry->field.text;
    struct text attributes = TEXT("attributes.");

    if (entry->kinds == 0 || name.data == NULL)
        return false;
    *out_attribute = TEXT("");
    if (text_begins(name, attributes.data) && name.bytes > attributes.bytes) {
        *out_attribute = text_after(name, attributes.bytes);
        name.bytes = attributes.bytes - 1;
    }
    *out = field_by_name(kind, name);
    if (*out != FIELD_COUNT)
        return true;
    complain_unknown_field(reader, kind, &entry->field);
    return false;
}

/* ---- values ---- */

static void read_said(struct yaml_reader *reader, const struct yaml_field *row, const struct yaml_value *value,
                      void *target)
{
    struct accept_entry *entry = target;
    struct said *said = (struct said *)((char *)target + row->argument);
    struct spec *spec = &entry->reading->spec;
    struct text attribute;
    enum field field;

    said->mark = value->mark;
    if (value->shape == YAML_SCALAR) {
        said->given = true;
        said->text = yaml_keep(reader, value->text);
        return;
    }
    if (!find_field(reader, entry, &field, &attribute)) {
        yaml_complain(reader, value->mark, "kind and field stand before a value that is %s",
                      yaml_shape_name(value->shape));
        yaml_skip(reader, value);
        return;
    }
    if (attribute.bytes > 0) {
        yaml_complain(reader, value->mark, "the value of one attribute is a text, this is %s",
                      yaml_shape_name(value->shape));
        yaml_skip(reader, value);
        return;
    }
    spec_reset(spec);
    spec_read_value(reader, field, value, spec);
    said->given = said->parsed = (spec->draft.set & FIELD_BIT(field)) != 0;
    if (said->parsed)
        said->value = spec->draft.values[field];
}

/* What instances hold need not be a choice that we know. */
static bool parse_said(struct yaml_reader *reader, enum field field, struct text attribute, struct said *said)
{
    char room[160];

    if (!said->given || said->parsed)
        return true;
    if (attribute.bytes > 0) {
        said->value.text = said->text;
        return true;
    }
    const char *rule = value_parse(field, said->text, false, &said->value, room);
    if (rule == NULL)
        return true;
    yaml_complain(reader, said->mark, "%s, this is \"%s\"", rule, said->text.data);
    return false;
}

static union value copy_said(struct yaml_reader *reader, struct mapping_reading *reading, enum field field,
                             const struct said *said)
{
    union value value = said->value;

    if (said->given)
        mapping_copy_value(reader, reading, field, &value);
    return value;
}

/* ---- entries ---- */

enum { ROW_KIND = 0, ROW_NAME, ROW_FIELD, ROW_OBSERVED, ROW_DECLARED, ROW_REASON };

static const struct yaml_field rows[] = {
    [ROW_KIND] = {.name = YAML_FIELD_NAME("kind"),
                  .shapes = YAML_SCALAR,
                  .required = true,
                  .argument = offsetof(struct accept_entry, kinds),
                  .read = mapping_read_kind},
    [ROW_NAME] = {.name = YAML_FIELD_NAME("name"),
                  .shapes = YAML_SCALAR,
                  .required = true,
                  .any_text = true,
                  .argument = offsetof(struct accept_entry, name),
                  .read = yaml_read_word},
    [ROW_FIELD] = {.name = YAML_FIELD_NAME("field"),
                   .shapes = YAML_SCALAR,
                   .required = true,
                   .argument = offsetof(struct accept_entry, field),
                   .read = yaml_read_word},
    [ROW_OBSERVED] = {.name = YAML_FIELD_NAME("observed"),
                      .shapes = YAML_SCALAR | YAML_LIST | YAML_MAP,
                      .argument = offsetof(struct accept_entry, observed),
                      .read = read_said},
    [ROW_DECLARED] = {.name = YAML_FIELD_NAME("declared"),
                      .shapes = YAML_SCALAR | YAML_LIST | YAML_MAP,
                      .argument = offsetof(struct accept_entry, declared),
                      .read = read_said},
    [ROW_REASON] = {.name = YAML_FIELD_NAME("reason"),
                    .shapes = YAML_SCALAR,
                    .argument = offsetof(struct accept_entry, reason),
                    .read = yaml_read_word},
};

static const struct yaml_table table = {rows, sizeof rows / sizeof *rows, "an accept"};

static void add_accept(struct yaml_reader *reader, struct accept_entry *entry, enum field field, struct text attribute,
                       struct yaml_mark mark)
{
    struct mapping_reading *reading = entry->reading;
    struct mapping *mapping = reading->mapping;
    struct accept_rule *rules = mapping_one_more(reader, reading, mapping->accepts, mapping->accept_count,
                                                 &reading->room.accepts, sizeof *rules);

    if (rules == NULL)
        return;
    mapping->accepts = rules;
    rules[mapping->accept_count++] = (struct accept_rule){
        .kinds = entry->kinds,
        .glob = mapping_copy_text(reader, reading, entry->name.text),
        .field = field,
        .attribute = mapping_copy_text(reader, reading, attribute),
        .has_observed = entry->observed.given,
        .has_declared = entry->declared.given,
        .observed = copy_said(reader, reading, field, &entry->observed),
        .declared = copy_said(reader, reading, field, &entry->declared),
        .reason = mapping_copy_text(reader, reading, entry->reason.text),
        .place = {mapping_copy_text(reader, reading, text_of(reading->path)).data, mark.line, mark.column},
    };
}

static void read_accept(struct yaml_reader *reader, struct mapping_reading *reading, struct yaml_mark mark)
{
    struct accept_entry entry = {.reading = reading};
    struct text attribute;
    enum field field;
    uint64_t given = yaml_read_fields(reader, &table, mark, 0, &entry);

    if ((given & (1U << ROW_OBSERVED | 1U << ROW_DECLARED)) == 0) {
        yaml_complain(reader, mark, "an accept says the value that is accepted: observed or declared");
        return;
    }
    if (!find_field(reader, &entry, &field, &attribute) || entry.name.text.data == NULL ||
        !mapping_is_glob(reader, entry.name.text, entry.name.mark) ||
        !parse_said(reader, field, attribute, &entry.observed) ||
        !parse_said(reader, field, attribute, &entry.declared))
        return;
    add_accept(reader, &entry, field, attribute, mark);
}

void mapping_read_accepts(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                          void *target)
{
    (void)field, (void)value;
    mapping_read_maps(reader, "an accept", read_accept, target);
}
