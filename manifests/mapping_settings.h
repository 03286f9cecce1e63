/* SPDX-License-Identifier: Apache-2.0
 *
 * What a mapping makes of settings: renames followed into deadLetterTargetTopic, messageTypes, set, createDefaults, and
 * the broker names of the other side. Names are mapping_apply.c's. Pure.
 *
 * Settings are interned and few, so what became of the latest few thousand combinations is remembered.
 */
#ifndef MQFERRY_MANIFESTS_MAPPING_SETTINGS_H
#define MQFERRY_MANIFESTS_MAPPING_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "manifests/mapping.h"

#define RULE_NONE UINT32_MAX

/* The topic that `name` becomes at the destination; the text lives until the next call. -1: it grew too long. */
typedef int (*topic_name_cb)(void *context, struct text name, struct text *out);

/* What is done to one resource's settings. */
struct settings_task {
    enum kind kind;
    uint32_t settings; /* index in the source's catalog */
    bool spread;
    bool ambiguous;     /* the source's masters disagree: equal results become one */
    uint32_t type_rule; /* of messageTypes, or RULE_NONE */
    uint32_t set_rule;  /* of set, or RULE_NONE */
};

struct settings_result {
    bool applies; /* the set rule's `when` holds; else nothing was done */
    uint32_t settings;
    bool spread;
    bool agreed;    /* one answer for every master, or for each that the set rule names */
    bool placed;    /* the set rule says on which masters it belongs */
    bool clashed;   /* two masters of the source have one name at the destination, and disagree */
    uint64_t told;  /* fields that set or createDefaults give a value */
    uint64_t known; /* fields that have a value, on every master */
};

struct settings_mapper;

/* Everything is borrowed. NULL: no memory. */
struct settings_mapper *settings_mapper_new(const struct mapping *mapping, const struct catalog *from,
                                            struct catalog_builder *builder, topic_name_cb topic_name, void *context,
                                            struct failure *why);
void settings_mapper_free(struct settings_mapper *mapper); /* NULL is fine */
int settings_mapper_map(struct settings_mapper *mapper, const struct settings_task *task, struct settings_result *out,
                        struct failure *why);

#endif
