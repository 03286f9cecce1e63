/* SPDX-License-Identifier: Apache-2.0
 *
 * The settings of topics and groups (fields.def) as numbers, bits and names. Pure.
 */
#ifndef MQFERRY_API_FIELDS_H
#define MQFERRY_API_FIELDS_H

#include <stdint.h>

#include "api/base/buffer.h"

enum kind { KIND_TOPIC = 0, KIND_GROUP, KINDS };

/* "Topic", "ConsumerGroup": manifests, JSON output and the metrics' label say it so. */
const char *kind_name(enum kind kind);
/* "topic", "consumer group": for sentences. */
const char *kind_word(enum kind kind);

enum field {
#define FIELD(id, kind, name, type, min, max, def, held, choices, doc) FIELD_##id,
#include "api/fields.def"
#undef FIELD
    FIELD_COUNT
};

_Static_assert(FIELD_COUNT <= 64, "a set of fields is one uint64_t");

#define FIELD_BIT(field) (UINT64_C(1) << (field))

enum field_type { TYPE_BOOL = 1, TYPE_INTEGER, TYPE_CHOICE, TYPE_TEXT, TYPE_MAP, TYPE_NUMBERS, TYPE_JSON };

/* Kinds of instance, and which of them hold a field. */
enum instance_kind { INSTANCE_ANY = 0, INSTANCE_APSARAMQ, INSTANCE_ONS, INSTANCE_ROCKETMQ, INSTANCE_KINDS };
enum { HELD_A = 1, HELD_O = 2, HELD_R = 4, HELD_R5 = 8 };

struct field_info {
    const char *name; /* dotted */
    enum kind kind;
    enum field_type type;
    int64_t min, max;           /* INTEGER: value; TEXT, JSON: bytes */
    const char *default_text;   /* as it would be spelt; NULL: none */
    unsigned held;              /* HELD_… */
    const char *const *choices; /* CHOICE: ended by NULL; else NULL */
    const char *doc;
};

const struct field_info *field_info(enum field field);

/* The field of that kind and dotted name; FIELD_COUNT when there is none. */
enum field field_by_name(enum kind kind, struct text name);

/* All fields of a kind, as bits. */
uint64_t fields_of(enum kind kind);
/* Those that a kind of instance holds at best (contract section 4); INSTANCE_ANY: all. */
uint64_t fields_held(enum instance_kind instance, enum kind kind);

/* "any", "apsaramq", "ons", "rocketmq"; INSTANCE_KINDS when unknown. */
const char *instance_kind_name(enum instance_kind instance);
enum instance_kind instance_kind_by_name(struct text name);

/* Visits the set bits of a mask in order:
 *     for (uint64_t rest = mask; rest != 0; rest &= rest - 1) { enum field f = field_first(rest); … } */
static inline enum field field_first(uint64_t mask)
{
    return (enum field)__builtin_ctzll(mask);
}

#endif
