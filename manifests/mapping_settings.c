/* SPDX-License-Identifier: Apache-2.0 */
#include "manifests/mapping_settings.h"

#include <stdlib.h>
#include <string.h>

enum {
    REMEMBERED = 4096,              /* latest answers kept; a power of two */
    MERGED_BYTES_MAX = 1024 * 1024, /* of one MAP */
};

struct memory {
    bool used;
    struct settings_task task;
    struct settings_result result;
};

struct settings_mapper {
    const struct mapping *mapping;
    const struct catalog *from;
    struct catalog_builder *builder;
    topic_name_cb topic_name;
    void *context;
    uint16_t master_count;
    uint16_t *masters;       /* per master of the source: its number in the builder */
    uint32_t *spread;        /* the one that is being made: per master of the builder */
    uint16_t spread_masters; /* its length so far */
    struct buffer merged[2]; /* texts of MAPs, by turns: a kind has one MAP field, so one text is read, one written */
    unsigned turn;
    struct memory *memory;
};

/* One set of settings under way. */
struct single {
    bool applies;
    uint32_t settings;
    uint64_t known;
};

static struct text renamed_master(const struct mapping *mapping, const char *name)
{
    for (uint32_t i = 0; i < mapping->broker_count; i++) {
        if (text_is(mapping->brokers[i].from, name))
            return mapping->brokers[i].to;
    }
    return text_of(name);
}

static int rename_masters(struct settings_mapper *mapper, struct failure *why)
{
    for (uint16_t i = 0; i < mapper->master_count; i++) {
        struct text name = renamed_master(mapper->mapping, catalog_master(mapper->from, i));
        if (catalog_builder_master(mapper->builder, name, &mapper->masters[i], why) != 0)
            return -1;
    }
    return 0;
}

struct settings_mapper *settings_mapper_new(const struct mapping *mapping, const struct catalog *from,
                                            struct catalog_builder *builder, topic_name_cb topic_name, void *context,
                                            struct failure *why)
{
    struct settings_mapper *mapper = calloc(1, sizeof *mapper);
    if (mapper == NULL) {
        failure_no_memory(why, "the mapping of settings");
        return NULL;
    }
    *mapper = (struct settings_mapper){.mapping = mapping,
                                       .from = from,
                                       .builder = builder,
                                       .topic_name = topic_name,
                                       .context = context,
                                       .master_count = catalog_master_count(from)};
    buffer_init(&mapper->merged[0], MERGED_BYTES_MAX);
    buffer_init(&mapper->merged[1], MERGED_BYTES_MAX);
    mapper->masters = calloc(mapper->master_count + (size_t)1, sizeof *mapper->masters);
    mapper->spread = calloc(CATALOG_MASTERS_MAX, sizeof *mapper->spread);
    mapper->memory = calloc(REMEMBERED, sizeof *mapper->memory);
    if (mapper->masters == NULL || mapper->spread == NULL || mapper->memory == NULL)
        failure_no_memory(why, "the mapping of settings");
    else if (rename_masters(mapper, why) == 0)
        return mapper;
    settings_mapper_free(mapper);
    return NULL;
}

void settings_mapper_free(struct settings_mapper *mapper)
{
    if (mapper == NULL)
        return;
    buffer_release(&mapper->merged[0]);
    buffer_release(&mapper->merged[1]);
    free(mapper->masters);
    free(mapper->spread);
    free(mapper->memory);
    free(mapper);
}

/* ---- one set of settings ---- */

static const struct set_rule *set_rule_of(const struct settings_mapper *mapper, const struct settings_task *task)
{
    return task->set_rule == RULE_NONE ? NULL : &mapper->mapping->sets[task->set_rule];
}

static bool is_unsaid(const struct draft *draft, enum field field)
{
    if ((draft->set & FIELD_BIT(field)) == 0)
        return true;
    return field == FIELD_TOPIC_MESSAGE_TYPE && text_is(draft->values[field].text, "UNSPECIFIED");
}

/* Every pair of `wanted` stands in `map`. */
static bool map_holds(struct text map, struct text wanted)
{
    struct map_pair pair;
    struct text found;

    for (size_t position = 0; map_next(wanted, &position, &pair);) {
        if (!map_find(map, pair.key, &found) || !text_equal(found, pair.value))
            return false;
    }
    return true;
}

static bool when_holds(const struct draft *when, const struct draft *draft)
{
    if (when == NULL)
        return true;
    if ((when->set & ~draft->set) != 0)
        return false;
    for (uint64_t rest = when->set; rest != 0; rest &= rest - 1) {
        enum field field = field_first(rest);
        const union value *wanted = &when->values[field], *found = &draft->values[field];
        bool equal = field_info(field)->type == TYPE_MAP ? map_holds(found->text, wanted->text)
                                                         : value_equal(field, wanted, found);
        if (!equal)
            return false;
    }
    return true;
}

/* Leaf by leaf: what `spec` says counts as declared. */
static int lay_over(struct settings_mapper *mapper, struct draft *draft, const struct draft *spec, struct failure *why)
{
    if (spec == NULL || draft_lay_over(draft, spec, &mapper->merged[mapper->turn ^= 1]) == 0)
        return 0;
    return failure_no_memory(why, "the attributes that the mapping sets");
}

static void fill_defaults(struct draft *draft, const struct draft *defaults)
{
    for (uint64_t rest = defaults == NULL ? 0 : defaults->set; rest != 0; rest &= rest - 1) {
        enum field field = field_first(rest);
        if (!is_unsaid(draft, field))
            continue;
        draft->values[field] = defaults->values[field];
        draft->set |= FIELD_BIT(field);
        draft->create_only |= FIELD_BIT(field);
    }
}

static int follow_rename(struct settings_mapper *mapper, struct draft *draft, struct failure *why)
{
    struct text *target = &draft->values[FIELD_GROUP_DEAD_LETTER_TARGET_TOPIC].text;

    if ((draft->set & FIELD_BIT(FIELD_GROUP_DEAD_LETTER_TARGET_TOPIC)) == 0)
        return 0;
    if (mapper->topic_name(mapper->context, *target, target) != 0)
        return failure_no_memory(why, "the name of a dead-letter topic");
    return 0;
}

static int map_single(struct settings_mapper *mapper, const struct settings_task *task, uint32_t settings,
                      const struct broker_place *place, struct single *out, struct failure *why)
{
    const struct set_rule *rule = set_rule_of(mapper, task);
    struct draft draft;

    draft_from_settings(&draft, catalog_settings(mapper->from, settings));
    if (follow_rename(mapper, &draft, why) != 0)
        return -1;
    if (task->type_rule != RULE_NONE && is_unsaid(&draft, FIELD_TOPIC_MESSAGE_TYPE)) {
        draft_unset(&draft, FIELD_TOPIC_MESSAGE_TYPE);
        draft_set_text(&draft, FIELD_TOPIC_MESSAGE_TYPE, mapper->mapping->types[task->type_rule].type);
    }
    *out = (struct single){.applies = rule == NULL || when_holds(rule->when, &draft)};
    if (!out->applies)
        return 0;
    if (rule != NULL && lay_over(mapper, &draft, rule->spec, why) != 0)
        return -1;
    if (place != NULL && lay_over(mapper, &draft, place->spec, why) != 0)
        return -1;
    fill_defaults(&draft, mapper->mapping->create_defaults[task->kind]);
    out->known = draft.set;
    return catalog_intern(mapper->builder, &draft, &out->settings, why);
}

/* ---- masters ---- */

static void begin_spread(struct settings_mapper *mapper)
{
    mapper->spread_masters = 0;
}

static uint32_t *spread_slot(struct settings_mapper *mapper, uint16_t master)
{
    for (; mapper->spread_masters <= master; mapper->spread_masters++)
        mapper->spread[mapper->spread_masters] = CATALOG_ABSENT;
    return &mapper->spread[master];
}

static int end_spread(struct settings_mapper *mapper, struct settings_result *result, struct failure *why)
{
    result->spread = true;
    return catalog_intern_spread(mapper->builder, mapper->spread, mapper->spread_masters, &result->settings, why);
}

/* Settings `number` of the resource: of a plain one there is one. False: no more. Absent masters give CATALOG_ABSENT.
 */
static bool part_of(const struct settings_mapper *mapper, const struct settings_task *task, uint16_t number,
                    uint32_t *out)
{
    if (!task->spread) {
        *out = task->settings;
        return number == 0;
    }
    const struct spread *spread = catalog_spread(mapper->from, task->settings);
    if (number >= spread->masters)
        return false;
    *out = spread->settings[number];
    return true;
}

/* What the source's master of that name holds; CATALOG_ABSENT: nothing, or it has no such master. */
static uint32_t part_on(const struct settings_mapper *mapper, const struct settings_task *task, uint16_t master)
{
    uint32_t part;

    for (uint16_t i = 0; task->spread && part_of(mapper, task, i, &part); i++) {
        if (mapper->masters[i] == master && part != CATALOG_ABSENT)
            return part;
    }
    return CATALOG_ABSENT;
}

/* The settings on one master that the set rule names: its own of the source, else what all of the source's masters
 * would give; where they would give different ones nothing is settled. */
static int map_place(struct settings_mapper *mapper, const struct settings_task *task, const struct broker_place *place,
                     struct settings_result *result, struct failure *why)
{
    struct single single;
    uint16_t master;
    uint32_t part;

    if (catalog_builder_master(mapper->builder, place->broker, &master, why) != 0)
        return -1;
    uint32_t own = part_on(mapper, task, master);
    uint32_t *slot = spread_slot(mapper, master);
    for (uint16_t i = 0; part_of(mapper, task, i, &part); i++) {
        if (part == CATALOG_ABSENT || (own != CATALOG_ABSENT && part != own))
            continue;
        if (map_single(mapper, task, part, place, &single, why) != 0)
            return -1;
        result->applies = result->applies && single.applies;
        if (!single.applies)
            return 0;
        if (*slot == CATALOG_ABSENT)
            *slot = single.settings;
        result->agreed = result->agreed && *slot == single.settings;
        result->known &= single.known;
    }
    return 0;
}

static int map_places(struct settings_mapper *mapper, const struct settings_task *task, const struct set_rule *rule,
                      struct settings_result *result, struct failure *why)
{
    begin_spread(mapper);
    for (uint16_t i = 0; i < rule->broker_count && result->applies; i++) {
        if (map_place(mapper, task, &rule->brokers[i], result, why) != 0)
            return -1;
    }
    result->placed = true;
    return result->applies ? end_spread(mapper, result, why) : 0;
}

/* Every master keeps its own, under its new name. */
static int map_spread(struct settings_mapper *mapper, const struct settings_task *task, struct settings_result *result,
                      struct failure *why)
{
    uint32_t part, first = CATALOG_ABSENT;
    uint16_t present = 0;
    struct single single;

    begin_spread(mapper);
    for (uint16_t i = 0; part_of(mapper, task, i, &part); i++) {
        if (part == CATALOG_ABSENT)
            continue;
        if (map_single(mapper, task, part, NULL, &single, why) != 0)
            return -1;
        result->applies = result->applies && single.applies;
        if (!single.applies)
            return 0;
        uint32_t *slot = spread_slot(mapper, mapper->masters[i]);
        result->clashed = result->clashed || (*slot != CATALOG_ABSENT && *slot != single.settings);
        if (*slot == CATALOG_ABSENT)
            *slot = single.settings;
        if (first == CATALOG_ABSENT)
            first = single.settings;
        result->agreed = result->agreed && single.settings == first;
        result->known &= single.known;
        present++;
    }
    if (task->ambiguous && result->agreed && present == mapper->master_count) {
        result->settings = first;
        return 0;
    }
    return end_spread(mapper, result, why);
}

static int map_plain(struct settings_mapper *mapper, const struct settings_task *task, struct settings_result *result,
                     struct failure *why)
{
    struct single single;

    if (map_single(mapper, task, task->settings, NULL, &single, why) != 0)
        return -1;
    result->applies = single.applies;
    result->settings = single.settings;
    result->known = single.known;
    return 0;
}

static uint64_t fields_told(const struct settings_mapper *mapper, const struct settings_task *task,
                            const struct set_rule *rule)
{
    const struct draft *defaults = mapper->mapping->create_defaults[task->kind];
    uint64_t told = defaults == NULL ? 0 : defaults->set;
    uint64_t everywhere = ~UINT64_C(0);

    if (rule == NULL)
        return told;
    told |= rule->spec == NULL ? 0 : rule->spec->set;
    for (uint16_t i = 0; i < rule->broker_count; i++)
        everywhere &= rule->brokers[i].spec == NULL ? 0 : rule->brokers[i].spec->set;
    return rule->broker_count == 0 ? told : told | everywhere;
}

static int map_task(struct settings_mapper *mapper, const struct settings_task *task, struct settings_result *result,
                    struct failure *why)
{
    const struct set_rule *rule = set_rule_of(mapper, task);

    *result = (struct settings_result){.applies = true, .agreed = true, .known = ~UINT64_C(0)};
    result->told = fields_told(mapper, task, rule);
    if (rule != NULL && rule->broker_count > 0)
        return map_places(mapper, task, rule, result, why);
    return task->spread ? map_spread(mapper, task, result, why) : map_plain(mapper, task, result, why);
}

/* ---- memory of answers ---- */

static bool task_equal(const struct settings_task *a, const struct settings_task *b)
{
    return a->kind == b->kind && a->settings == b->settings && a->spread == b->spread && a->ambiguous == b->ambiguous &&
           a->type_rule == b->type_rule && a->set_rule == b->set_rule;
}

static struct memory *memory_of(const struct settings_mapper *mapper, const struct settings_task *task)
{
    uint64_t mixed = task->settings * UINT64_C(0x9e3779b97f4a7c15) ^ task->set_rule * UINT64_C(0xc2b2ae3d27d4eb4f) ^
                     task->type_rule * UINT64_C(0x165667b19e3779f9);
    return &mapper->memory[(mixed >> 40) & (REMEMBERED - 1)];
}

int settings_mapper_map(struct settings_mapper *mapper, const struct settings_task *task, struct settings_result *out,
                        struct failure *why)
{
    struct memory *memory = memory_of(mapper, task);

    if (!memory->used || !task_equal(&memory->task, task)) {
        memory->used = false;
        memory->task = *task;
        if (map_task(mapper, task, &memory->result, why) != 0)
            return -1;
        memory->used = true;
    }
    *out = memory->result;
    return 0;
}
