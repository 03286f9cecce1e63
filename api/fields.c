/* SPDX-License-Identifier: Apache-2.0 */
#include "api/fields.h"

#include <stddef.h>
#include <string.h>

#define CHOICES(...) ((const char *const[]){__VA_ARGS__, NULL})

static const struct field_info infos[FIELD_COUNT] = {
#define FIELD(id, kind, name, type, min, max, def, held, choices, doc)                                                 \
    [FIELD_##id] = {name, KIND_##kind, TYPE_##type, min, max, def, held, choices, doc},
#include "api/fields.def"
#undef FIELD
};

static const char *const instance_names[INSTANCE_KINDS] = {"any", "apsaramq", "ons", "rocketmq"};

/* What each kind of instance holds, in the terms of fields.def. */
static const unsigned held_by[INSTANCE_KINDS] = {
    [INSTANCE_ANY] = ~0U,
    [INSTANCE_APSARAMQ] = HELD_A,
    [INSTANCE_ONS] = HELD_O,
    [INSTANCE_ROCKETMQ] = HELD_R | HELD_R5,
};

const char *kind_name(enum kind kind)
{
    return kind == KIND_TOPIC ? "Topic" : "ConsumerGroup";
}

const char *kind_word(enum kind kind)
{
    return kind == KIND_TOPIC ? "topic" : "consumer group";
}

const struct field_info *field_info(enum field field)
{
    return &infos[field];
}

enum field field_by_name(enum kind kind, struct text name)
{
    for (enum field field = 0; field < FIELD_COUNT; field++) {
        if (infos[field].kind == kind && text_is(name, infos[field].name))
            return field;
    }
    return FIELD_COUNT;
}

uint64_t fields_of(enum kind kind)
{
    return fields_held(INSTANCE_ANY, kind);
}

uint64_t fields_held(enum instance_kind instance, enum kind kind)
{
    uint64_t bits = 0;
    for (enum field field = 0; field < FIELD_COUNT; field++) {
        if (infos[field].kind == kind && (infos[field].held & held_by[instance]) != 0)
            bits |= FIELD_BIT(field);
    }
    return bits;
}

const char *instance_kind_name(enum instance_kind instance)
{
    return instance_names[instance];
}

enum instance_kind instance_kind_by_name(struct text name)
{
    enum instance_kind instance = INSTANCE_ANY;
    while (instance < INSTANCE_KINDS && !text_is(name, instance_names[instance]))
        instance++;
    return instance;
}
