/* SPDX-License-Identifier: Apache-2.0
 *
 * Maps with known fields, read by tables: one row a field says its name, what may stand there and who reads it.
 *
 * Reported here, once for all: unknown fields (the nearest known one is named), fields given twice, values of the wrong
 * shape, fields without a value, required fields that are missing.
 */
#ifndef MQFERRY_MANIFESTS_YAML_FIELDS_H
#define MQFERRY_MANIFESTS_YAML_FIELDS_H

#include "manifests/yaml.h"

struct yaml_field;

/* Reads the value (of an allowed shape) to its end. */
typedef void (*yaml_field_read)(struct yaml_reader *reader, const struct yaml_field *field,
                                const struct yaml_value *value, void *target);

struct yaml_field {
    struct text name;     /* dots lead into nested maps; fields of one map stand together */
    uint8_t shapes;       /* bits of enum yaml_shape */
    bool required;        /* missing is a mistake */
    bool any_text;        /* null, ~ and the like are ordinary text here (names) */
    uint16_t argument;    /* for read */
    yaml_field_read read; /* NULL: the value was looked at before; passed over */
};

#define YAML_FIELD_NAME(literal)                                                                                       \
    {                                                                                                                  \
        (literal), sizeof(literal) - 1                                                                                 \
    }

enum { YAML_FIELDS_MAX = 64 };

struct yaml_table {
    const struct yaml_field *fields;
    uint32_t count;   /* at most YAML_FIELDS_MAX */
    const char *what; /* whose fields these are, for sentences: "a Topic" */
};

/* Reads the rest of the innermost map, which began at `mark`. `given`: bits of rows that were read already. Returns the
 * bits of all rows that were given. */
uint64_t yaml_read_fields(struct yaml_reader *reader, const struct yaml_table *table, struct yaml_mark mark,
                          uint64_t given, void *target);

/* Checks one value against the shapes it may have and against null; false: reported, and passed over. `name` is for
 * sentences. */
bool yaml_expect(struct yaml_reader *reader, const char *name, unsigned shapes, const struct yaml_value *value);

/* The same for an entry of the map `map`, whose keys are free. */
bool yaml_expect_entry(struct yaml_reader *reader, const char *map, unsigned shapes, const struct yaml_entry *entry);

/* A row's reader for a text that is needed later: kept, into the struct yaml_word at `argument` (its offset) in the
 * target. An empty one is reported. */
struct yaml_word {
    struct text text; /* data is NULL: not given */
    struct yaml_mark mark;
};
void yaml_read_word(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                    void *target);

#endif
