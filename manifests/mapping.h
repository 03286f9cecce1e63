/* SPDX-License-Identifier: Apache-2.0
 *
 * From what a source holds to what is declared for the destination: include, exclude, rename, types, settings that
 * people decide, defaults for creation, accepted differences (contract section 5, Mapping). Pure.
 *
 * Order: stripPrefix, include and exclude, rename, messageTypes and set, createDefaults. The struct is filled by
 * mapping_yaml.c (documents) and by flags; what its pointers lead to comes from mapping_alloc and mapping_text.
 */
#ifndef MQFERRY_MANIFESTS_MAPPING_H
#define MQFERRY_MANIFESTS_MAPPING_H

#include <stdbool.h>
#include <stdint.h>

#include "api/base/arena.h"
#include "api/catalog.h"
#include "manifests/complaints.h"

struct name_index;

enum { MAPPING_RULES_MAX = 100000 };

enum { MATCH_TOPICS = 1 << KIND_TOPIC, MATCH_GROUPS = 1 << KIND_GROUP, MATCH_BOTH = MATCH_TOPICS | MATCH_GROUPS };

struct name_rule { /* include, exclude */
    struct text glob;
    uint8_t kinds; /* MATCH_… */
};

struct name_list {
    struct name_rule *rules;
    uint32_t count;
};

struct rename_rule {
    uint8_t kinds;
    struct text from, to; /* one name becomes another */
    struct text prefix;   /* or: put in front where it is missing */
};

struct type_rule { /* messageTypes: fills gaps */
    struct text glob;
    struct text type;
};

struct broker_place { /* brokers: {broker-a: {}, broker-b: {readQueueNums: 4}} */
    struct text broker;
    struct draft *spec; /* on top of the rest; NULL: nothing of its own */
};

struct set_rule { /* wins over the source, leaf by leaf */
    uint8_t kinds;
    struct text glob;
    struct draft *when; /* all must be equal; NULL: always */
    struct draft *spec; /* what is set; NULL: only brokers */
    struct broker_place *brokers;
    uint16_t broker_count; /* 0: not said */
};

struct accept_rule {
    uint8_t kinds;
    struct text glob; /* over the destination's name */
    enum field field;
    struct text attribute;           /* MAP fields: one key of it ("attributes.cleanup.policy"); empty: the whole */
    bool has_observed, has_declared; /* declared: for settings that the destination cannot hold */
    union value observed, declared;
    struct text reason;
    struct place place; /* of the entry, for warnings */
};

struct broker_rename {
    struct text from, to;
};

enum { FROM_MAPPING = 0, FROM_FLAGS, NAME_LISTS };

struct mapping {
    struct text strip_prefix;
    struct name_list include[NAME_LISTS]; /* both must match; an empty list matches all */
    struct name_list exclude[NAME_LISTS]; /* either excludes */
    uint8_t kinds;                        /* --kind: the others are excluded */
    uint32_t source_masters;              /* 0: not said */
    struct broker_rename *brokers;
    uint32_t broker_count;
    struct rename_rule *renames; /* the first that matches applies */
    uint32_t rename_count;
    struct type_rule *types; /* the first that matches */
    uint32_t type_count;
    struct set_rule *sets; /* the first that matches */
    uint32_t set_count;
    struct draft *create_defaults[KINDS]; /* used to create, not compared; NULL: none */
    struct accept_rule *accepts;
    uint32_t accept_count;
    struct arena memory; /* of mapping_alloc and mapping_text */
};

void mapping_init(struct mapping *mapping); /* the empty mapping: everything passes unchanged */
void mapping_release(struct mapping *mapping);
/* Zeroed memory, and copies of texts (NUL-terminated), that live as long as the mapping; NULL / NULL data: no memory.
 */
void *mapping_alloc(struct mapping *mapping, size_t bytes);
struct text mapping_text(struct mapping *mapping, struct text text);

struct mapping_counts {
    uint64_t excluded[KINDS];
    uint64_t declared[KINDS];
};

/* `from` is untouched. System resources pass unchanged; excluded ones stay, with STATUS_EXCLUDED, under their source
 * name. Renames follow into deadLetterTargetTopic. Names that become one carry RENAME_COLLIDES. `set` settles
 * SOURCE_AMBIGUOUS, PLACEMENT_UNKNOWN and QUEUE_NUMBERS_UNKNOWN where it says what was unknown. A mapping that changes
 * nothing gives a reference to `from` itself. 0 or -1. */
int mapping_apply(const struct mapping *mapping, struct catalog *from, struct mapping_counts *counts,
                  struct catalog **out, struct failure *why);

/* The accept entries by name, for mapping_accepts; NULL when there is none. The mapping must outlive it. 0 or -1. */
int mapping_index_accepts(const struct mapping *mapping, struct name_index **out, struct failure *why);

/* One difference that may be accepted. */
struct accept_question {
    enum kind kind;
    struct text name; /* the destination's */
    enum field field;
    struct text attribute;       /* the key of a MAP, else empty */
    const union value *declared; /* never NULL */
    const union value *observed; /* NULL: absent, or the destination cannot hold the field */
};

/* The accept entry that lets it through, or -1. An entry that names no observed value accepts only its absence. A MAP's
 * entry without a key speaks of each key that its value holds. */
int64_t mapping_accepts(const struct mapping *mapping, const struct name_index *accepts,
                        const struct accept_question *question);

#endif
