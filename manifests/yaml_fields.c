/* SPDX-License-Identifier: Apache-2.0 */
#include "manifests/yaml_fields.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "api/base/strings.h"

enum {
    NAME_ROOM = 64,  /* of one field, without what it stands in */
    NAMES_SHOWN = 6, /* at most, where no name is near */
    ADVICE_BYTES_MAX = NAME_ROOM * (NAMES_SHOWN + 1),
};

/* One map: its rows are [first, end) of the table, their names begin with the same `skip` bytes ("spec."). */
struct level {
    const struct yaml_table *table;
    uint32_t first, end;
    size_t skip;
    uint32_t next; /* the row behind the last one that was read: people keep to an order */
    uint64_t maps; /* rows that begin a nested map which was given */
};

/* ---- names ---- */

/* What is left of the row's name at this level: "guard.maxCreates". */
static struct text rest_of_name(const struct level *level, uint32_t row)
{
    struct text name = level->table->fields[row].name;

    return (struct text){name.data + level->skip, name.bytes - level->skip};
}

static size_t part_bytes(struct text name)
{
    const char *dot = memchr(name.data, '.', name.bytes);
    return dot == NULL ? name.bytes : (size_t)(dot - name.data);
}

static bool names_row(const struct level *level, uint32_t row, struct text key)
{
    struct text name = rest_of_name(level, row);

    return name.bytes >= key.bytes && key.bytes > 0 && name.data[0] == key.data[0] &&
           memcmp(name.data, key.data, key.bytes) == 0 && part_bytes(name) == key.bytes;
}

/* The row that the key names, or the first of those that stand in the map which it names; `end`: none. */
static uint32_t find_row(const struct level *level, struct text key)
{
    if (level->next < level->end && names_row(level, level->next, key))
        return level->next;
    uint32_t row = level->first;
    while (row < level->end && !names_row(level, row, key))
        row++;
    return row;
}

/* The names known at this level, each once. */
static uint32_t known_names(const struct level *level, char names[YAML_FIELDS_MAX][NAME_ROOM])
{
    uint32_t count = 0;

    for (uint32_t row = level->first; row < level->end; row++) {
        struct text name = rest_of_name(level, row);
        name.bytes = part_bytes(name);
        assert(name.bytes < NAME_ROOM);
        if (count > 0 && text_is(name, names[count - 1]))
            continue;
        memcpy(names[count], name.data, name.bytes);
        names[count++][name.bytes] = '\0';
    }
    return count;
}

/* Keys are foreign: long ones are cut. */
static int shown(struct text key)
{
    return (int)(key.bytes < NAME_ROOM ? key.bytes : NAME_ROOM);
}

/* The nearest name, or all of them where there are few. */
static void append_advice(struct buffer *out, struct text key, const char *const *names, uint32_t count)
{
    const char *nearest = nearest_spelling(key, names);

    if (nearest != NULL) {
        buffer_append_format(out, ", did you mean %s", nearest);
        return;
    }
    for (uint32_t i = 0; i < count && count <= NAMES_SHOWN; i++)
        buffer_append_format(out, "%s%s", i == 0 ? ", known here: " : ", ", names[i]);
}

static void complain_unknown(struct yaml_reader *reader, const struct level *level, const struct yaml_entry *entry)
{
    char names[YAML_FIELDS_MAX][NAME_ROOM];
    const char *candidates[YAML_FIELDS_MAX + 1];
    uint32_t count = known_names(level, names);
    const char *within = level->table->fields[level->first].name.data; /* "spec.guard", then a dot */
    struct buffer advice;

    if (text_is(entry->key, "<<")) {
        yaml_complain(reader, entry->mark, "merge keys are not read here: write the fields out");
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        candidates[i] = names[i];
    candidates[count] = NULL;
    buffer_init(&advice, ADVICE_BYTES_MAX);
    append_advice(&advice, entry->key, candidates, count);
    yaml_complain(reader, entry->mark, "unknown field \"%.*s\" in %.*s%s%s%s", shown(entry->key), entry->key.data,
                  level->skip > 0 ? (int)level->skip - 1 : 0, within, level->skip > 0 ? " of " : "", level->table->what,
                  advice.length > 0 ? advice.data : "");
    buffer_release(&advice);
}

/* ---- values ---- */

static const char *shapes_name(unsigned shapes)
{
    switch (shapes) {
    case YAML_LIST | YAML_MAP:
        return "a list or a map";
    case YAML_SCALAR | YAML_LIST:
        return "a single value or a list";
    case YAML_SCALAR | YAML_MAP:
        return "a single value or a map";
    case YAML_SCALAR | YAML_LIST | YAML_MAP:
        return "a single value, a list or a map";
    default:
        return yaml_shape_name(shapes);
    }
}

/* Null is no value, whatever shape is wanted; a map or list is named for what it is. */
static bool is_wanted(struct yaml_reader *reader, struct text name, unsigned shapes, const struct yaml_value *value,
                      bool any_text)
{
    if (value->shape == YAML_BROKEN)
        return false;
    if (yaml_is_null(value) && !any_text) {
        yaml_complain(reader, value->mark, "%.*s has no value: give it one, or leave it out", (int)name.bytes,
                      name.data);
        return false;
    }
    if ((value->shape & shapes) != 0)
        return true;
    yaml_complain(reader, value->mark, "%.*s is %s, this is %s", (int)name.bytes, name.data, shapes_name(shapes),
                  yaml_shape_name(value->shape));
    yaml_skip(reader, value);
    return false;
}

bool yaml_expect(struct yaml_reader *reader, const char *name, unsigned shapes, const struct yaml_value *value)
{
    return is_wanted(reader, text_of(name), shapes, value, false);
}

bool yaml_expect_entry(struct yaml_reader *reader, const char *map, unsigned shapes, const struct yaml_entry *entry)
{
    char name[2 * NAME_ROOM];

    snprintf(name, sizeof name, "%s.%.*s", map, shown(entry->key), entry->key.data);
    return is_wanted(reader, text_of(name), shapes, &entry->value, false);
}

static void read_value(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                       void *target)
{
    if (!is_wanted(reader, field->name, field->shapes, value, field->any_text))
        return;
    if (field->read != NULL)
        field->read(reader, field, value, target);
    else
        yaml_skip(reader, value);
}

void yaml_read_word(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                    void *target)
{
    struct yaml_word *word = (struct yaml_word *)((char *)target + field->argument);

    if (value->text.bytes == 0) {
        yaml_complain(reader, value->mark, "%.*s is empty", (int)field->name.bytes, field->name.data);
        return;
    }
    word->mark = value->mark;
    word->text = yaml_keep(reader, value->text);
}

/* ---- maps ---- */

static struct level level_within(const struct level *outer, uint32_t row, size_t key_bytes)
{
    struct level level = {
        .table = outer->table, .first = row, .end = row, .next = row, .skip = outer->skip + key_bytes + 1};
    const char *start = level.table->fields[row].name.data;

    while (level.end < outer->end && level.table->fields[level.end].name.bytes > level.skip &&
           memcmp(level.table->fields[level.end].name.data, start, level.skip) == 0)
        level.end++;
    return level;
}

static uint64_t read_level(struct yaml_reader *reader, struct level *level, uint64_t given, void *target);

/* The row's own value, or the map in which it and its neighbours stand. */
static uint64_t read_entry(struct yaml_reader *reader, struct level *level, uint32_t row,
                           const struct yaml_entry *entry, uint64_t given, void *target)
{
    const struct yaml_field *field = &level->table->fields[row];
    bool is_map = level->skip + entry->key.bytes < field->name.bytes;
    uint64_t bit = UINT64_C(1) << row;
    struct text name = {field->name.data, level->skip + entry->key.bytes};

    if (((is_map ? level->maps : given) & bit) != 0) {
        yaml_complain(reader, entry->mark, "%.*s is given twice", (int)name.bytes, name.data);
        yaml_skip(reader, &entry->value);
        return given;
    }
    level->next = row + 1;
    if (!is_map) {
        read_value(reader, field, &entry->value, target);
        return given | bit;
    }
    level->maps |= bit;
    struct level within = level_within(level, row, entry->key.bytes);
    level->next = within.end;
    if (is_wanted(reader, name, YAML_MAP, &entry->value, false))
        given = read_level(reader, &within, given, target);
    return given;
}

static uint64_t read_level(struct yaml_reader *reader, struct level *level, uint64_t given, void *target)
{
    struct yaml_entry entry;

    while (yaml_next_entry(reader, &entry)) {
        uint32_t row = find_row(level, entry.key);
        if (row < level->end) {
            given = read_entry(reader, level, row, &entry, given, target);
            continue;
        }
        complain_unknown(reader, level, &entry);
        yaml_skip(reader, &entry.value);
    }
    return given;
}

uint64_t yaml_read_fields(struct yaml_reader *reader, const struct yaml_table *table, struct yaml_mark mark,
                          uint64_t given, void *target)
{
    struct level level = {.table = table, .end = table->count};

    assert(table->count <= YAML_FIELDS_MAX);
    given = read_level(reader, &level, given, target);
    for (uint32_t row = 0; row < table->count; row++) {
        const struct yaml_field *field = &table->fields[row];
        if (field->required && (given >> row & 1) == 0)
            yaml_complain(reader, mark, "%.*s is missing", (int)field->name.bytes, field->name.data);
    }
    return given;
}
