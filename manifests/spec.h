/* SPDX-License-Identifier: Apache-2.0
 *
 * One topic or consumer group as people write it: the settings of fields.def, and around them name, policy and brokers.
 * Manifests and mappings read them alike.
 *
 * Texts live in the reader (yaml_keep) until it forgets them.
 */
#ifndef MQFERRY_MANIFESTS_SPEC_H
#define MQFERRY_MANIFESTS_SPEC_H

#include "api/resource.h"
#include "manifests/yaml_fields.h"

/* What the settings of one broker add. */
struct broker_spec {
    struct text broker;
    struct yaml_mark mark;
    struct draft own;
};

struct spec {
    struct text name; /* data is NULL: not given, or a mistake */
    struct yaml_mark name_mark;
    bool has_policy;
    enum policy policy;
    struct draft draft;
    struct yaml_mark marks[FIELD_COUNT]; /* of what is set */
    struct broker_spec *brokers;         /* broker_count; 0: not said */
    uint32_t broker_count, broker_capacity;
    /* For spec.c: room that is used again. */
    struct map_pair *pairs;
    size_t pair_count, pair_capacity;
    struct buffer room;
};

void spec_init(struct spec *spec);
void spec_release(struct spec *spec);
void spec_reset(struct spec *spec); /* empty; memory kept */

/* What may stand in the map: each has all that the next one has. */
enum spec_view {
    SPEC_ITEM = 0, /* name, policy, brokers, settings: of a list */
    SPEC_DEFAULTS, /* policy, brokers, settings: of a list */
    SPEC_PLACED,   /* brokers, settings: of a document */
    SPEC_SETTINGS, /* settings */
    SPEC_VIEWS
};

/* Reads the map that began at `mark` to its end. What is wrong is reported and not set. */
void spec_read(struct yaml_reader *reader, enum kind kind, enum spec_view view, struct yaml_mark mark,
               struct spec *spec);

/* For rows of tables (target: struct spec *): metadata.name, metadata.policy, spec; `argument` is the kind. */
void spec_read_name(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                    void *target);
void spec_read_policy(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                      void *target);
void spec_read_placed(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                      void *target);

/* One value, as it would stand in the settings: what is wrong with it is reported and not set. */
void spec_read_value(struct yaml_reader *reader, enum field field, const struct yaml_value *value, struct spec *spec);

/* Can this be the name of a resource or a broker? If not, that is reported; `whose` is for the sentence: "a topic". */
bool spec_is_name(struct yaml_reader *reader, struct text name, const char *whose, struct yaml_mark mark);

/* For the rows of spec.c; `argument` is the field. */
void spec_read_subscriptions(struct yaml_reader *reader, const struct yaml_field *field, const struct yaml_value *value,
                             void *target);
/* Takes over the value, unless another spelling of the field said something else, which is reported. */
void spec_set(struct yaml_reader *reader, struct spec *spec, enum field field, const union value *value,
              struct yaml_mark mark);
void spec_stop_without_memory(struct yaml_reader *reader);

#endif
