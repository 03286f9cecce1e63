/* SPDX-License-Identifier: Apache-2.0
 *
 * What the readers of Mapping documents share. For mapping_yaml*.c only.
 */
#ifndef MQFERRY_MANIFESTS_MAPPING_READING_H
#define MQFERRY_MANIFESTS_MAPPING_READING_H

#include "api/base/file.h"
#include "api/base/file_mark.h"
#include "manifests/mapping.h"
#include "manifests/spec.h"

/* Room of the growing arrays, in entries. */
struct mapping_room {
    uint32_t include, exclude, brokers, renames, types, sets, accepts;
};

struct mapping_reading {
    struct mapping *mapping;
    const char *path;
    struct complaints *mistakes;
    struct file_mark *marks; /* of the files that were read; malloc'd */
    uint32_t mark_count;
    struct spec spec; /* what is being read; its texts are copied into the mapping */
    struct mapping_room room;
};

/* Marks a file and reads it. 0 or -1. */
int mapping_read_file(struct mapping_reading *reading, const char *path, struct file_text *out, struct failure *why);

/* Zeroed memory of the mapping; NULL: reading has ended. */
void *mapping_take(struct yaml_reader *reader, struct mapping_reading *reading, size_t bytes);
/* Zeroed room for one more entry at the end of an array in the mapping's memory; NULL: a limit or memory, and reading
 * has ended. */
void *mapping_one_more(struct yaml_reader *reader, struct mapping_reading *reading, void *items, uint32_t count,
                       uint32_t *capacity, size_t item_bytes);
/* Copies into the mapping's memory; without it reading ends, and the answer is empty or NULL. */
struct text mapping_copy_text(struct yaml_reader *reader, struct mapping_reading *reading, struct text text);
void mapping_copy_value(struct yaml_reader *reader, struct mapping_reading *reading, enum field field,
                        union value *value);
/* NULL for an empty draft, too. */
struct draft *mapping_copy_draft(struct yaml_reader *reader, struct mapping_reading *reading,
                                 const struct draft *draft);

/* Neither empty nor longer than names are; if not, that is reported. */
bool mapping_is_glob(struct yaml_reader *reader, struct text glob, struct yaml_mark mark);

/* Every item of a list, each a map: `read` is called in it, and what it kept of the text is forgotten afterwards.
 * `what` it is goes into mistakes: "a rename". */
typedef void mapping_read_map(struct yaml_reader *reader, struct mapping_reading *reading, struct yaml_mark mark);
void mapping_read_maps(struct yaml_reader *reader, const char *what, mapping_read_map *read,
                       struct mapping_reading *reading);

/* A row's reader: Topic or ConsumerGroup, as MATCH_… into the uint8_t at `argument` in the target. */
void mapping_read_kind(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                       void *target);

/* Readers of the rows under spec; the target is the struct mapping_reading. */
enum mapping_names { MAPPING_INCLUDE, MAPPING_EXCLUDE };
void mapping_read_names(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                        void *target); /* `argument`: enum mapping_names */
void mapping_read_renames(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                          void *target);
void mapping_read_types(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                        void *target);
void mapping_read_sets(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                       void *target);
void mapping_read_create_defaults(struct yaml_reader *reader, const struct yaml_field *field,
                                  const struct yaml_value *value, void *target); /* `argument`: the kind */
void mapping_read_accepts(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                          void *target);

#endif
